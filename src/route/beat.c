// SPDX-License-Identifier: MIT
//
// beat.c - what a node does because time has passed: one alarm for all of it.
//
//   beat   Twice in its own heartbeat a node that has a connection looks whether it has written anything since the last
//          look, and if not writes an ACK. So it is never silent for longer than a heartbeat.
//   tick   Twice in the heartbeat of its peer it looks whether anything has come since the last tick. When nothing has
//          come in five ticks in a row the session is over. A tick is counted when it is handled, and the next one
//          begins then: a process that was stopped, or a machine that was asleep, has one late tick and not many, and
//          does not blame its peer for the time that it has slept itself.
//   look   While there is no connection and the peer is a process of this machine, it is looked at every few
//          milliseconds: the kernel says whether there still is one.
//
// A process that was made for an actor, and its maker, do not judge each other by silence while there is a connection:
// the kernel says when the other has ended, and until then it may compute, as an actor may in any other placement.
//
// Who says nothing while all is well (a heartbeat of ACTA_FOREVER) is not watched while there is a connection, and has
// five ticks of a second to come back when it is lost.
//
// In a world in which time leaps, silence means nothing while anything is on its way (acti_link_moving).

#include <acta/error.h>

#include "core/system.h"
#include "route/connection.h"
#include "route/router.h"

#define PATIENCE 10 // parts of the time in which a node is to be OPEN, each of which is judged by itself

// ---- the alarm ----------------------------------------------------------------------------

void acti_node_fire(acti_alarm *alarm)
{
    acti_node *node = ACTI_CONTAINER_OF(alarm, acti_node, alarm);
    (void)acti_actor_push(node->actor, &node->due_event); // refused: it has ended
    acti_actor_unref(node->actor);
}

void acti_node_init_dues(acti_node *node)
{
    for (int i = 0; i < ACTI_DUES; i++)
        node->due_ns[i] = UINT64_MAX;
}

void acti_node_due(acti_node *node, acti_due what, uint64_t delay_ns)
{
    node->due_ns[what] = acti_deadline_ns(delay_ns);
}

void acti_node_unarm(acti_node *node)
{
    if (!node->alarm_set || !acti_clock_unset(node->actor->sys, &node->alarm))
        return; // not set, or on its way to us
    node->alarm_set = false;
    acti_actor_unref(node->actor);
}

// An alarm that is set for an earlier time is left to fire: it is then set for the right one.
void acti_node_arm(acti_node *node)
{
    uint64_t first_ns = UINT64_MAX;
    for (int i = 0; i < ACTI_DUES; i++)
        if (node->due_ns[i] < first_ns)
            first_ns = node->due_ns[i];
    if (node->alarm_set && node->alarm_ns <= first_ns && first_ns != UINT64_MAX)
        return;
    acti_node_unarm(node);
    if (node->alarm_set || first_ns == UINT64_MAX)
        return; // it has fired, and its event is on its way; or there is nothing to wait for
    acti_actor_ref(node->actor);
    node->alarm_set = true;
    node->alarm_ns = first_ns;
    acti_clock_set(node->actor->sys, &node->alarm, first_ns);
}

// ---- beats --------------------------------------------------------------------------------

static uint64_t half_ns(uint32_t heartbeat_ms)
{
    return heartbeat_ms == UINT32_MAX ? ACTA_FOREVER : (uint64_t)heartbeat_ms * ACTA_MS / 2;
}

static void on_beat(acti_node *node)
{
    if (!node->wrote)
        acti_session_ack(&node->session, true);
    node->wrote = false;
    acti_node_due(node, ACTI_DUE_BEAT, half_ns(node->session.us.heartbeat_ms));
}

void acti_node_beat(acti_node *node)
{
    node->wrote = true;
    node->silence = 0;
    node->heard = node->session.heard;
    acti_node_due(node, ACTI_DUE_LOOK, ACTA_FOREVER);
    acti_node_due(node, ACTI_DUE_BEAT, half_ns(node->session.us.heartbeat_ms));
    acti_node_due(node, ACTI_DUE_TICK, half_ns(node->session.peer.heartbeat_ms));
}

// ---- ticks --------------------------------------------------------------------------------

uint64_t acti_node_tick_ns(const acti_node *node)
{
    uint64_t tick_ns = half_ns(node->session.peer.heartbeat_ms);
    bool known = node->session.peer.heartbeat_ms != 0 && tick_ns != ACTA_FOREVER;
    return known ? tick_ns : ACTI_NODE_TICK_NS;
}

// is_moving: whether something may still come from somewhere, in a world in which that takes no time.
static bool is_moving(const acti_node *node)
{
    return acti_link_moving(node->router->links);
}

// is_silent: whether there is neither a sound nor, where none can be heard yet, a connection.
static bool is_silent(const acti_node *node)
{
    if (node->agreed && node->up)
        return false;
    bool heard = node->open ? node->session.heard != node->heard : node->line != ACTI_LINE_NONE;
    return !heard && !is_moving(node);
}

static void on_tick(acti_node *node)
{
    node->silence = is_silent(node) ? node->silence + 1 : 0;
    node->heard = node->session.heard;
    acti_node_due(node, ACTI_DUE_TICK, acti_node_tick_ns(node));
    if (node->silence < ACTI_NODE_TICKS)
        return;
    if (!node->open) {
        acti_node_due(node, ACTI_DUE_TICK, ACTA_FOREVER);
        acti_node_call_instead(node);
        return;
    }
    acti_node_break(node, ACTA_ECRASHED,
                    node->up ? "nothing was heard for more than two heartbeats: the peer hangs, or the network does"
                             : "the connection was lost, and has not come back in time");
}

// ---- looks --------------------------------------------------------------------------------

static void on_look(acti_node *node)
{
    node->looks++;
    if (acti_process_is_gone(node->session.peer.pid)) {
        acti_node_break(node, ACTA_ECRASHED, "its process has ended without a goodbye");
        return;
    }
    acti_node_due(node, ACTI_DUE_LOOK, ACTI_NODE_LOOK_NS);
}

void acti_node_watch(acti_node *node)
{
    const acti_hello *us = &node->session.us, *peer = &node->session.peer;
    if (node->due_ns[ACTI_DUE_TICK] == UINT64_MAX) {
        node->silence = 0;
        acti_node_due(node, ACTI_DUE_TICK, acti_node_tick_ns(node));
    }
    bool visible = peer->host != 0 && peer->host == us->host && peer->pid != 0;
    if (!visible || node->kept || node->due_ns[ACTI_DUE_LOOK] != UINT64_MAX)
        return;
    node->looks = 0;
    on_look(node);
}

// ---- whatever is due ----------------------------------------------------------------------

void acti_node_limit(acti_node *node, uint64_t limit_ns)
{
    node->patience = 0;
    node->patience_ns = limit_ns / PATIENCE;
    acti_node_due(node, ACTI_DUE_LIMIT, node->patience_ns);
}

static void on_limit(acti_node *node)
{
    if (node->open)
        return;
    node->patience = is_moving(node) ? 0 : node->patience + 1;
    if (node->patience < PATIENCE) {
        acti_node_due(node, ACTI_DUE_LIMIT, node->patience_ns);
        return;
    }
    int trouble = -(int)acti_au32_load_relaxed(&node->trouble); // our own
    acti_report(node->actor->sys, "node %s at %s: no session came to be in time: %s", acti_node_shown(node),
                node->url[0] != '\0' ? node->url : "(it was to connect)",
                acta_strerror(trouble != ACTA_OK ? trouble : ACTA_ETIMEOUT));
    acti_node_end(node, trouble != ACTA_OK ? trouble : ACTA_ETIMEOUT);
}

static void on_late(acti_node *node)
{
    if (node->line != ACTI_LINE_LINKED && node->line != ACTI_LINE_DIALLING)
        return;
    if (!node->up && is_moving(node)) {
        acti_node_due(node, ACTI_DUE_LATE, ACTI_NODE_TICK_NS);
        return;
    }
    if (node->line == ACTI_LINE_DIALLING)
        acti_node_drop_dial(node); // another URL is to be tried
    else if (node->open || node->caller || node->session.us.session != 0)
        acti_node_missed_it(node, ACTA_ETIMEOUT);
    else
        acti_node_break(node, ACTA_ETIMEOUT, "the peer did not introduce itself in time: is it an acta node?");
}

static void serve(acti_node *node, acti_due what)
{
    switch (what) {
    case ACTI_DUE_REST:
        if (node->line == ACTI_LINE_NONE && node->caller)
            acti_node_call(node);
        break;
    case ACTI_DUE_LATE:
        on_late(node);
        break;
    case ACTI_DUE_LIMIT:
        on_limit(node);
        break;
    case ACTI_DUE_BEAT:
        on_beat(node);
        break;
    case ACTI_DUE_TICK:
        on_tick(node);
        break;
    case ACTI_DUE_LOOK:
        on_look(node);
        break;
    case ACTI_DUE_LINGER:
        node->hurry = !is_moving(node);
        if (!node->hurry)
            acti_node_due(node, ACTI_DUE_LINGER, ACTI_NODE_LINGER_NS);
        break;
    case ACTI_DUE_AGAIN: // by fill_out
    case ACTI_DUES:
        break;
    }
}

void acti_node_on_due(acti_node *node)
{
    node->alarm_set = false;
    uint64_t now_ns = acti_clock_ns();
    for (int i = 0; i < ACTI_DUES; i++) {
        if (node->due_ns[i] > now_ns)
            continue;
        node->due_ns[i] = UINT64_MAX;
        serve(node, (acti_due)i);
    }
}
