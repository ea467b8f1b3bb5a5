// SPDX-License-Identifier: MIT
//
// poll.c - while a peer talks, its next bytes are looked for instead of waited for.
//
// To be told of bytes takes a poller's thread, a task's thread and a worker, one woken by the other, and a wake-up of
// another processor takes longer than most answers. So when a node has read something it expects more, and does not ask
// the link yet. Everybody else who is ready on its worker has a turn first. Then the node looks whether something is
// there, again and again while its worker has nothing else to do, for as long as being told would take or a little
// more; when nothing has come it asks, and waits.
//
//     waits -- something was read --> expects         (unless it rests)
//     expects -- something was found --> expects
//     expects -- nothing came in time, or the connection is no more --> waits
//
// Looking costs at most about as much again as being told does. A peer that says something now and then is not looked
// for each time: with each time in vain, the reads behind which nothing is expected are twice as many.

#include "core/system.h"
#include "core/turn.h"
#include "route/connection.h"

static void queue(acti_node *node)
{
    if (node->poll_told)
        return;
    node->poll_told = true;
    (void)acti_actor_push(node->actor, &node->poll_event); // taken: it ends in turns only
}

// look_again looks behind all others that are ready.
static void look_again(acti_node *node)
{
    queue(node);
    acti_turn_pass();
}

void acti_node_poll(acti_node *node)
{
    bool talks = node->up && node->why == ACTA_OK && node->line == ACTI_LINE_LINKED && acti_link_reads_now(node->link);
    if (!talks || node->poll_rest > 0) {
        node->poll_rest -= node->poll_rest > 0;
        acti_node_read_more(node);
        return;
    }
    node->polling = true;
    node->poll_until_ns = acti_clock_ns() + ACTI_NODE_POLL_NS;
    look_again(node);
}

// in_vain: nothing came.
static void in_vain(acti_node *node)
{
    if (node->poll_vain < ACTI_NODE_POLL_VAIN_MAX)
        node->poll_vain++;
    node->poll_rest = (1u << node->poll_vain) - 1;
    acti_node_read_more(node);
}

static bool came(void *arg)
{
    acti_node *node = arg;
    size_t room;
    uint8_t *space = acti_session_space(&node->session, &room);
    node->read_size = space != NULL ? acti_link_read_now(node->link, space, room) : 0;
    return node->read_size > 0;
}

void acti_node_on_poll(acti_node *node)
{
    node->poll_told = false;
    if (!node->polling)
        return;
    bool follows = node->actor->batch != NULL || acti_inbox_has_mail(&node->actor->inbox);
    node->poll_late = follows && !node->poll_late;
    if (node->poll_late) {
        queue(node);
        return;
    }
    acti_node_flush(node); // the peer may wait for just that
    if (node->line != ACTI_LINE_LINKED || node->why != ACTA_OK) {
        node->polling = false;
        acti_node_read_more(node);
        return;
    }
    if (acti_sched_spin(came, node, node->poll_until_ns)) {
        node->poll_vain = 0;
        acti_node_heard(node, node->read_size);
    } else if (acti_clock_ns() < node->poll_until_ns) {
        look_again(node);
    } else {
        node->polling = false;
        in_vain(node);
    }
}
