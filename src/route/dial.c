// SPDX-License-Identifier: MIT
//
// dial.c - calling the peer: the first time, and whenever a connection is lost.
//
// The first try is at once. After one that failed the node rests, for 10 ms and then twice as long each time, up to a
// second; each rest is between half of that and all of it, so that many who have lost the same peer do not come back in
// step. A connection that was of use, because frames went over it, begins the count anew.
//
// A peer of which another node has told us may have several URLs. Until there is a session they are tried in turn, and
// the rest comes behind the last of them. From where we are some may lead to nobody, some to a place that hangs, and
// some to another node: so each gets a share of the time in which the peer is to be reached, and what is found at one
// says nothing of the next.

#include <acta/error.h>
#include <stdio.h>
#include <string.h>

#include "core/system.h"
#include "route/connection.h"
#include "route/router.h"

// acti_node_may_cure: whether another try may do better.
bool acti_node_may_cure(int status)
{
    switch (status) {
    case ACTA_EUNREACH:
    case ACTA_ETIMEOUT:
    case ACTA_ENOMEM:
    case ACTA_EIO:
    case ACTA_EFULL:
        return true;
    default:
        return false;
    }
}

// ---- which URL ------------------------------------------------------------------------------

void acti_node_aim(acti_node *node, const char *urls)
{
    node->urls[0] = '\0';
    node->url[0] = '\0';
    node->urls_at = acti_urls_next(urls, 0, node->url);
    if (node->urls_at != 0)
        snprintf(node->urls, sizeof(node->urls), "%s", urls);
}

bool acti_node_has_others(const acti_node *node)
{
    return acti_urls_count(node->urls) > 1;
}

// looks_round: whether the peer is looked for at one URL after the other. Once there is a session, it is taken up where
// it was made: another node, found on the way round, would say that it does not know it, and so end it.
static bool looks_round(const acti_node *node)
{
    return !node->open && acti_node_has_others(node);
}

// turn_on goes to the next URL. False: it is the first again, and a round is over.
static bool turn_on(acti_node *node)
{
    size_t next = acti_urls_next(node->urls, node->urls_at, node->url);
    bool on = next != 0;
    node->urls_at = on ? next : acti_urls_next(node->urls, 0, node->url);
    return on;
}

uint64_t acti_node_handshake_ns(const acti_node *node)
{
    size_t count = acti_urls_count(node->urls);
    return count > 1 ? ACTI_NODE_REACH_NS / 2 / count : ACTI_NODE_HANDSHAKE_NS;
}

// ---- a dial -------------------------------------------------------------------------------

// dialed runs on the link's control thread. As in connection.c, the system is kept until the push has returned.
static void dialed(void *arg, int status, acti_link *link, const char *why)
{
    acti_node *node = arg;
    acta_system *sys = node->actor->sys;
    node->dial_status = status; // published by the push
    node->dialed = link;
    snprintf(node->dial_why, sizeof(node->dial_why), "%s", why != NULL ? why : "");
    acti_system_threads(sys, 1);
    (void)acti_actor_push(node->actor, &node->dialed_event); // taken: the node ends only when the dial has ended
    acti_system_threads(sys, -1);
}

void acti_node_call(acti_node *node)
{
    acti_assert(node->line == ACTI_LINE_NONE);
    acti_node_due(node, ACTI_DUE_REST, ACTA_FOREVER);
    acti_node_due(node, ACTI_DUE_LATE, looks_round(node) ? acti_node_handshake_ns(node) : ACTA_FOREVER);
    node->line = ACTI_LINE_DIALLING;
    node->dropping = false;
    node->dialer = acti_link_dial(node->router->links, node->url, dialed, node);
}

void acti_node_drop_dial(acti_node *node)
{
    if (node->line != ACTI_LINE_DIALLING)
        return;
    node->dropping = true;
    acti_link_dialer_close(&node->dialer);
}

void acti_node_on_dialed(acti_node *node)
{
    acti_link *link = node->dialed;
    node->dialed = NULL;
    node->line = ACTI_LINE_NONE;
    acti_node_due(node, ACTI_DUE_LATE, ACTA_FOREVER);
    acti_link_dialer_close(&node->dialer);
    if (node->dropping || node->why != ACTA_OK) {
        if (link != NULL)
            acti_link_close(link);
        if (node->why == ACTA_OK && node->parked == NULL)
            acti_node_missed(node, ACTA_EUNREACH); // what it was dropped for has gone
        return;
    }
    if (link == NULL) {
        snprintf(node->excuse, sizeof(node->excuse), "%s", node->dial_why);
        acti_node_missed(node, node->dial_status);
        return;
    }
    node->excuse[0] = '\0';
    acti_node_own(node, link);
    if (acti_session_call(&node->session) != ACTA_OK) {
        acti_node_missed_it(node, ACTA_ENOMEM);
        return;
    }
    acti_node_due(node, ACTI_DUE_LATE, acti_node_handshake_ns(node));
    acti_node_read_more(node);
}

// ---- trying again ----------------------------------------------------------------------------

static uint64_t rest_ns(acti_node *node)
{
    uint64_t most_ns = ACTI_NODE_REST_NS_MAX;
    if (node->tries < 7 && ACTI_NODE_REST_NS_MIN << node->tries < most_ns)
        most_ns = ACTI_NODE_REST_NS_MIN << node->tries;
    node->tries++;
    return most_ns / 2 + acti_random_next(&node->chance) % (most_ns / 2 + 1);
}

void acti_node_missed(acti_node *node, int status)
{
    acti_au32_store_relaxed(&node->trouble, (uint32_t)-status); // a number for whoever stops waiting
    node->may_cure |= acti_node_may_cure(status);
    if (looks_round(node) && turn_on(node)) {
        acti_node_call(node);
        return;
    }
    bool may_cure = node->may_cure;
    node->may_cure = false;
    if (!node->open && (node->once || !may_cure)) {
        acti_node_end(node, status);
        return;
    }
    acti_node_due(node, ACTI_DUE_REST, rest_ns(node));
}

void acti_node_missed_it(acti_node *node, int status)
{
    acti_au32_store_relaxed(&node->trouble, (uint32_t)-status); // as above
    acti_node_close_link(node);
}

void acti_node_call_instead(acti_node *node)
{
    if (acti_router_give_up(node->router, node)) {
        acti_node_end(node, ACTA_EUNREACH);
        return;
    }
    acti_router_number(node->router, node, 0);
    acti_node_renew(node, 0);
    if (node->due_ns[ACTI_DUE_LIMIT] == UINT64_MAX)
        acti_node_limit(node, ACTI_NODE_REACH_NS);
    acti_node_aim(node, node->peer_urls);
    node->caller = node->url[0] != '\0';
    if (node->caller)
        acti_node_call(node);
}

// lost_new: the connection of a node that is not OPEN.
static void lost_new(acti_node *node)
{
    uint64_t number = node->session.us.session;
    if (node->session.state >= ACTI_SESSION_LEFT)
        acti_node_renew(node, node->agreed || !node->caller ? number : 0);
    int trouble = -(int)acti_au32_load_relaxed(&node->trouble); // our own
    if (node->parked != NULL || node->gift != NULL)
        return; // for which it was given up; or it was to be given away
    if (node->caller)
        acti_node_missed(node, trouble != ACTA_OK ? trouble : ACTA_EUNREACH);
    else if (node->agreed)
        return; // who has called knows the number, and has as much time as before
    else if (number == 0)
        acti_node_call_instead(node); // it has not said who it is
    else
        acti_node_watch(node); // who has called may have confirmed, and then calls again
}

void acti_node_lost(acti_node *node)
{
    acti_node_due(node, ACTI_DUE_LATE, ACTA_FOREVER);
    acti_node_due(node, ACTI_DUE_BEAT, ACTA_FOREVER);
    if (node->death != ACTA_OK) {
        acti_node_end(node, node->death);
        return;
    }
    if (!node->open) {
        lost_new(node);
        return;
    }
    acti_node_watch(node);
    if (!node->caller || node->parked != NULL)
        return;
    uint64_t progress = node->session.acked + node->session.received;
    if (progress != node->progress)
        node->tries = 0;
    node->progress = progress;
    if (node->tries == 0)
        acti_node_call(node);
    else
        acti_node_due(node, ACTI_DUE_REST, rest_ns(node));
}
