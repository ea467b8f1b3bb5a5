// SPDX-License-Identifier: MIT
//
// meet.c - who is at the other end: what becomes of a connection when HELLO or WELCOME has said it. The cases are in
// the heading of node.h.
//
//   a connection   found its node            adopted: HALF, or WELCOMED and confirmed
//                  found another's           gift, until nothing is being written; then on its way in an acti_given
//   at that node   not wanted                closed
//                  wanted                    parked, until the line is NONE; then adopted
//
// A node that gives its connection away ends. Who waits for it goes along, and is answered by the other.
//
// Why two that call each other at once end up with one session. Of the two nodes, s has the smaller number and t the
// larger, and each side decides only about the connections that it has called, by what its node of the other is at that
// moment. Whoever gets a plain WELCOME knows that the other's node was not OPEN when it was written, and is HALF on
// this connection; and one that is HALF or OPEN answers no second HELLO but with KNOWN. If t gets WELCOME while its
// node of s is HALF, it gives its own call up: s, having seen its node of t HALF when it gets WELCOME, keeps its own.
// Both would keep their own only if each had decided before the other's HELLO came, and each of these HELLOs was
// answered before.

#include "route/meet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system.h"
#include "route/connection.h"
#include "route/router.h"

// ---- who waits ---------------------------------------------------------------------------

acti_opening *acti_opening_new(acti_actor *caller)
{
    acti_opening *opening = calloc(1, sizeof(*opening));
    if (opening == NULL)
        return NULL;
    opening->event = acti_node_event_msg(ACTI_NODE_START);
    opening->caller = caller;
    acti_actor_ref(caller);
    acti_au32_store_relaxed(&opening->refs, 2); // nobody else knows it yet
    return opening;
}

void acti_opening_unref(acti_opening *opening)
{
    // Acquires what the other did with it: the memory is freed.
    if (acti_au32_sub_acq_rel(&opening->refs, 1) != 1)
        return;
    if (opening->node != NULL)
        acti_actor_unref(opening->node->actor);
    acti_actor_unref(opening->caller);
    free(opening);
}

static void answer(acti_opening *opening, acti_node *node, int status, bool again)
{
    opening->status = status;
    opening->again = again;
    if (status == ACTA_OK) {
        acti_actor_ref(node->actor);
        opening->node = node;
    }
    (void)acti_actor_push(opening->caller, &opening->event); // refused: it has stopped waiting
    acti_opening_unref(opening);
}

static const char *advice(int status)
{
    switch (status) {
    case ACTA_EUNREACH:
        return "it took the connection and ended it: is it an acta node that is just closing?";
    case ACTA_ETIMEOUT:
        return "no welcome in time: is it an acta node, does it run, and may it be reached?";
    default:
        return acta_strerror(status);
    }
}

// excuse reports why the node whose caller waits for it will not be OPEN.
static void excuse(acti_node *node)
{
    if (node->excuse[0] != '\0')
        acti_report(node->actor->sys, "%s", node->excuse);
    else
        acti_report(node->actor->sys, "cannot connect to %s: %s", acti_url_show(node->url).text, advice(node->why));
}

void acti_node_answer(acti_node *node)
{
    if (node->own_opening && node->why != ACTA_OK)
        excuse(node);
    acti_list *link;
    while ((link = acti_list_pop(&node->openings)) != NULL) {
        bool own = node->own_opening;
        node->own_opening = false; // it was the first
        answer(ACTI_CONTAINER_OF(link, acti_opening, link), node, node->why, node->why != ACTA_OK && !own);
    }
}

void acti_node_unwanted(acti_node *node)
{
    if (node->open || !node->own_opening)
        return;
    int trouble = -(int)acti_au32_load_relaxed(&node->trouble); // our own
    acti_node_end(node, trouble != ACTA_OK ? trouble : ACTA_ETIMEOUT);
}

// ---- giving a connection away ------------------------------------------------------------

static void drop_listener(acta_listener **listener)
{
    if (*listener != NULL)
        acti_listener_unref(*listener);
    *listener = NULL;
}

void acti_given_drop(acti_given *given)
{
    if (given->link != NULL)
        acti_link_close(given->link);
    if (given->opening != NULL)
        answer(given->opening, NULL, ACTA_EUNREACH, true);
    drop_listener(&given->listener);
    free(given);
}

static void push(acti_node *to, acti_given *given)
{
    if (acti_actor_push(to->actor, &given->event) != ACTA_OK)
        acti_given_drop(given); // it has ended
    acti_actor_unref(to->actor);
}

// send_gift passes the connection on as soon as nothing of it is pending, and ends the node.
static void send_gift(acti_node *node)
{
    acti_given *given = node->gift;
    acti_node *to = node->gift_to;
    given->link = node->line == ACTI_LINE_LINKED ? acti_node_disown(node) : NULL;
    if (given->link == NULL && node->line == ACTI_LINE_LINKED)
        return; // it is told when what is being written is written, or cannot be
    node->gift = NULL;
    node->gift_to = NULL;
    push(to, given);
    acti_node_end(node, ACTA_ESTOPPED);
}

// give passes the node's connection on, or with `whole` not set only who waits for it. Takes the reference to `to`.
static void give(acti_node *node, acti_node *to, const acti_hello *hello, bool welcomed, bool whole)
{
    acti_given *given = calloc(1, sizeof(*given));
    if (given == NULL) {
        acti_actor_unref(to->actor);
        acti_node_end(node, ACTA_ENOMEM);
        return;
    }
    given->event = acti_node_event_msg(ACTI_NODE_GIVEN);
    given->hello = *hello;
    given->welcomed = welcomed;
    given->listener = node->listener;
    node->listener = NULL;
    memcpy(given->url, node->url, sizeof(given->url));
    if (node->own_opening)
        given->opening = ACTI_CONTAINER_OF(acti_list_pop(&node->openings), acti_opening, link);
    node->own_opening = false;
    if (whole) {
        node->gift = given;
        node->gift_to = to;
        send_gift(node);
        return;
    }
    push(to, given);
    acti_node_end(node, ACTA_ESTOPPED);
}

// ---- what HELLO decides --------------------------------------------------------------------

// number draws one for a new session; never 0.
static uint64_t draw_number(void)
{
    uint64_t number = acti_random_seed();
    return number != 0 ? number : 1;
}

static const char itself[] = "a system cannot be a node to itself: use its actors directly";

void acti_node_greeted(acti_node *node, const acti_hello *hello)
{
    acti_router *router = node->router;
    acti_node *other = NULL;
    if (hello->node == node->session.us.node) {
        acti_session_refuse(&node->session, ACTA_EINVAL, itself);
        acti_node_end(node, ACTA_EINVAL);
        return;
    }
    if (hello->session != 0) {
        other = acti_router_of_session(router, hello->session, hello->node);
        if (other != NULL) {
            give(node, other, hello, false, true);
            return;
        }
        acti_session_refuse(&node->session, ACTA_ECRASHED, "the session is not known here: it has ended, or was with a "
                                                           "node that is no more");
        acti_node_end(node, ACTA_ECRASHED);
        return;
    }
    if (node->leaving) { // who is to take a session up again has said which
        acti_node_end(node, ACTA_ESTOPPED);
        return;
    }
    switch (acti_router_meet(router, node, hello, &other)) {
    case ACTI_MET_OPEN:
        acti_actor_unref(other->actor);
        acti_session_known(&node->session);
        acti_node_end(node, ACTA_ESTOPPED);
        return;
    case ACTI_MET_NEW:
        give(node, other, hello, false, true);
        return;
    case ACTI_MET_ITSELF:
        break;
    }
    uint64_t number = draw_number();
    int status = acti_session_adopt(&node->session, hello, number);
    acti_assert(status == ACTA_OK); // its own HELLO was found right, and the memory is there
    acti_router_number(router, node, number);
}

// ---- what WELCOME decides --------------------------------------------------------------------

static void confirm(acti_node *node)
{
    acti_session_confirm(&node->session);
    acti_node_rise(node);
}

// known: the peer says that there is a session already. It is another of our nodes that has it, or will have it in a
// moment; or the peer has not seen yet that it is over.
static void known(acti_node *node, const acti_hello *hello)
{
    acti_node *other = acti_router_find(node->router, hello->node);
    if (other != NULL && other != node) {
        give(node, other, hello, true, false);
        return;
    }
    if (other != NULL)
        acti_actor_unref(other->actor);
    acti_node_missed_it(node, ACTA_EUNREACH);
}

void acti_node_welcomed(acti_node *node, const acti_hello *hello)
{
    if (node->open || node->session.us.session != 0) { // it was taken up again, or agreed on before
        if (!node->open)
            (void)acti_router_meet(node->router, node, hello, NULL);
        confirm(node);
        return;
    }
    if (hello->node == node->session.us.node && !acti_node_has_others(node)) {
        acti_node_break(node, ACTA_EINVAL, itself);
        return;
    }
    uint64_t wanted = acti_au64_load_relaxed(&node->peer); // its own
    if (wanted != 0 && wanted != hello->node) {
        if (acti_node_has_others(node))
            acti_node_missed_it(node, ACTA_ECRASHED);
        else
            acti_node_break(node, ACTA_ECRASHED, "another node answers there now");
        return;
    }
    if ((hello->flags & ACTI_WELCOME_KNOWN) != 0) {
        known(node, hello);
        return;
    }
    acti_node *other = NULL;
    switch (acti_router_meet(node->router, node, hello, &other)) {
    case ACTI_MET_OPEN:
        give(node, other, hello, true, false);
        return;
    case ACTI_MET_NEW:
        give(node, other, hello, true, true);
        return;
    case ACTI_MET_ITSELF:
        confirm(node);
        return;
    }
}

// ---- at the node of the peer -------------------------------------------------------------------

// wants: whether a connection is to be this node's, now or once it has none.
static bool wants(const acti_node *node, const acti_given *given)
{
    const acti_session *session = &node->session;
    if (node->why != ACTA_OK)
        return false;
    // A HELLO that was held up on a connection that its caller has given up since may know less than one before it.
    if (!given->welcomed && given->hello.session != 0)
        return !node->caller && given->hello.session == session->us.session && given->hello.received >= session->acked;
    if (node->open)
        return false;
    // A WELCOME that came to a call of ours, while the peer has called, too, and was answered.
    bool called = !node->caller && session->us.session != 0;
    return !given->welcomed || !called || session->us.node < given->hello.node;
}

// gives_way: whether the connection that the node has is to be dropped for the one that waits.
static bool gives_way(const acti_node *node, const acti_given *given)
{
    if (given->welcomed || given->hello.session != 0)
        return true;
    bool calls = node->session.phase == ACTI_PHASE_CALLING || node->session.phase == ACTI_PHASE_WELCOMED;
    return calls && given->hello.node < node->session.us.node;
}

static int adopt_hello(acti_node *node, const acti_given *given)
{
    node->caller = false;
    int status = acti_session_adopt(&node->session, &given->hello, draw_number());
    if (status == ACTA_OK && !node->open) {
        (void)acti_router_meet(node->router, node, &given->hello, NULL); // one that was agreed on did not know it
        acti_router_number(node->router, node, node->session.us.session);
    }
    return status;
}

static int adopt_welcome(acti_node *node, const acti_given *given)
{
    node->caller = true;
    memcpy(node->url, given->url, sizeof(node->url));
    acti_router_number(node->router, node, 0);
    return acti_session_welcome(&node->session, &given->hello);
}

static void adopt(acti_node *node, acti_given *given)
{
    node->parked = NULL;
    acti_node_due(node, ACTI_DUE_REST, ACTA_FOREVER);
    acti_node_due(node, ACTI_DUE_LATE, acti_node_handshake_ns(node));
    acti_node_own(node, given->link);
    given->link = NULL;
    if (given->listener != NULL) {
        drop_listener(&node->listener);
        node->listener = given->listener;
        given->listener = NULL;
    }
    int status = given->welcomed ? adopt_welcome(node, given) : adopt_hello(node, given);
    if (status == ACTA_ENOMEM)
        acti_node_close_link(node); // the peer, or we, will call again
    else if (status != ACTA_OK)
        acti_node_end(node, status);
    else if (given->welcomed)
        confirm(node);
    acti_given_drop(given);
    acti_node_read_more(node);
}

void acti_node_given(acti_node *node, acti_given *given)
{
    if (given->opening != NULL) {
        acti_list_push(&node->openings, &given->opening->link);
        given->opening = NULL;
        if (node->open || node->why != ACTA_OK)
            acti_node_answer(node);
    }
    if (given->link == NULL || !wants(node, given)) {
        acti_given_drop(given);
        return;
    }
    if (node->parked != NULL)
        acti_given_drop(node->parked);
    node->parked = given;
}

void acti_node_consider(acti_node *node)
{
    if (node->gift != NULL)
        send_gift(node);
    acti_given *given = node->parked;
    if (given == NULL)
        return;
    if (!wants(node, given)) {
        node->parked = NULL;
        acti_given_drop(given);
    } else if (node->line == ACTI_LINE_NONE) {
        adopt(node, given);
    } else if (node->line == ACTI_LINE_DIALLING) {
        acti_node_drop_dial(node);
    } else if (node->line == ACTI_LINE_LINKED && gives_way(node, given)) {
        acti_node_close_link(node);
    }
}

// ---- being connected ---------------------------------------------------------------------------

// open is called once: the peer is known, and what waited for it goes on.
static void open_node(acti_node *node)
{
    const acti_hello *peer = &node->session.peer;
    node->open = true;
    memcpy(node->peer_name, peer->name, sizeof(node->peer_name));
    snprintf(node->name, sizeof(node->name), "node %.*s", ACTI_NAME_BYTES - 6, peer->name);
    acti_node_due(node, ACTI_DUE_LIMIT, ACTA_FOREVER);
    acti_router_opened(node->router, node);
    acti_proxies_open(node);
    acti_finds_open(node);
    acti_node_answer(node);
    if (node->listener != NULL)
        acti_listener_welcomed(node->listener, node);
    drop_listener(&node->listener);
}

void acti_node_rise(acti_node *node)
{
    node->up = true;
    acti_node_due(node, ACTI_DUE_LATE, ACTA_FOREVER);
    if (!node->open)
        open_node(node);
    acti_node_beat(node);
}
