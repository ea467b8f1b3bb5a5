// SPDX-License-Identifier: MIT
//
// connection.c - the bytes of a node's connection: what is read goes to the session, what it has to say is written.

#include "route/connection.h"

#include "core/system.h"
#include "route/leave.h"
#include "route/meet.h"
#include "route/router.h"

// A write has failed; what the peer had sent before may still be read for this long.
#define DRAIN_NS (250 * ACTA_MS)

static void on_link_read(void *arg, int status, size_t size);
static void on_link_write(void *arg, int status);
static void on_link_closed(void *arg);

static const acti_link_owner link_owner = {on_link_read, on_link_write, on_link_closed};

// ---- what the link says, on its threads ----------------------------------------------------

static void on_link_read(void *arg, int status, size_t size)
{
    acti_node *node = arg;
    node->read_status = status; // published by the push
    node->read_size = size;
    (void)acti_actor_push(node->actor, &node->read_event); // taken: the node ends only when the link is closed
}

static void on_link_write(void *arg, int status)
{
    acti_node *node = arg;
    // Releases the bytes to the node, which acquires the state before it lets go of them. The node is woken only if it
    // waits for that: between a request and its reply it does not.
    uint32_t after = status == ACTA_OK ? ACTI_WRITE_NONE : ACTI_WRITE_FAILED;
    uint32_t before = acti_au32_swap_acq_rel(&node->write_state, after);
    if (status == ACTA_OK && before != ACTI_WRITE_WANTED)
        return;
    // The node may have seen the state and started another write, and that one may have ended, before this line: one
    // event serves both. The flag is lowered when the event is taken, before anything is looked at.
    if (acti_au32_swap_acq_rel(&node->write_told, 1) == 0)
        (void)acti_actor_push(node->actor, &node->write_event);
}

// The node may end as soon as it has the event, and with it the system: which is kept until the push has returned.
static void on_link_closed(void *arg)
{
    acti_node *node = arg;
    acta_system *sys = node->actor->sys;
    acti_system_threads(sys, 1);
    (void)acti_actor_push(node->actor, &node->closed_event);
    acti_system_threads(sys, -1);
}

// ---- having one ---------------------------------------------------------------------------

void acti_node_own(acti_node *node, acti_link *link)
{
    node->line = ACTI_LINE_LINKED;
    node->link = link;
    node->polling = false;
    node->poll_rest = 0;
    acti_au32_store_relaxed(&node->write_state, ACTI_WRITE_NONE); // nothing of it is pending
    acti_link_own(link, &link_owner, node);
}

// writable: whether the last write has ended; if not, the node will be told when it has.
static bool writable(acti_node *node)
{
    uint32_t state = acti_au32_load_acquire(&node->write_state); // pairs with the swap in on_link_write
    while (state == ACTI_WRITING)
        if (acti_au32_cas_acquire(&node->write_state, &state, ACTI_WRITE_WANTED))
            return false;
    if (acti_au32_load_acquire(&node->write_state) != ACTI_WRITE_NONE)
        return false;
    if (node->taken)
        acti_session_wrote(&node->session);
    node->taken = false;
    return true;
}

acti_link *acti_node_disown(acti_node *node)
{
    acti_assert(node->line == ACTI_LINE_LINKED && !node->read_pending);
    if (!writable(node))
        return NULL;
    acti_link *link = node->link;
    acti_link_own(link, &(acti_link_owner){NULL, NULL, NULL}, NULL);
    node->link = NULL;
    node->line = ACTI_LINE_NONE;
    acti_session_cut(&node->session);
    return link;
}

void acti_node_close_link(acti_node *node)
{
    if (node->line != ACTI_LINE_LINKED)
        return;
    node->line = ACTI_LINE_CLOSING;
    acti_link_close(node->link);
}

void acti_node_on_closed(acti_node *node)
{
    node->line = ACTI_LINE_NONE;
    node->link = NULL;
    node->up = false;
    node->taken = false;
    acti_session_cut(&node->session);
    if (node->why == ACTA_OK)
        acti_node_lost(node);
}

// ---- reading --------------------------------------------------------------------------------

// undecided: whether it is to be decided what becomes of the connection. A peer says nothing until then.
static bool undecided(const acti_node *node)
{
    return node->session.phase == ACTI_PHASE_GREETED || node->session.phase == ACTI_PHASE_WELCOMED;
}

void acti_node_read_more(acti_node *node)
{
    if (node->read_pending || node->line != ACTI_LINE_LINKED || undecided(node))
        return;
    if (node->why != ACTA_OK && node->session.state != ACTI_SESSION_LEFT) // who has left is waited for
        return;
    size_t room;
    uint8_t *space = acti_session_space(&node->session, &room);
    if (space == NULL) {
        acti_node_break(node, ACTA_ENOMEM, "no memory to read into: free some, then connect again");
        return;
    }
    node->polling = false;
    node->read_pending = true;
    acti_link_read(node->link, space, room);
}

// may_go_on: whether a node that is NEW has more to expect than this connection. Who has called and does not want it
// any more may have confirmed the session on another.
static bool may_go_on(const acti_node *node, int status)
{
    if (node->caller)
        return acti_node_has_others(node) || (!node->once && acti_node_may_cure(status));
    return status != ACTA_EMALFORMED && status != ACTA_EREFUSED && status != ACTA_EVERSION;
}

// on_broken: the session is, by what has come.
static void on_broken(acti_node *node, int status)
{
    // Who has said goodbye, and is not known any more, had been heard to the end.
    const acti_session *session = &node->session;
    if (status == ACTA_ECRASHED && session->goodbye != 0 && session->acked + 1 >= session->goodbye) {
        acti_node_end(node, ACTA_ESTOPPED);
        return;
    }
    if (!node->open && may_go_on(node, status)) {
        acti_node_missed_it(node, status);
        return;
    }
    if (node->open || status != ACTA_ESTOPPED)
        acti_node_complain(node, node->session.cause);
    acti_node_end(node, status);
}

// on_unheard: the session gives no more frames.
static void on_unheard(acti_node *node, int status)
{
    if (node->session.state == ACTI_SESSION_BROKEN)
        on_broken(node, status);
    else
        acti_node_break(node, status, "no memory for a message in parts: free some, then connect again");
}

static void hear_frame(acti_node *node, const acti_frame *frame)
{
    if (frame->kind == ACTI_FRAME_HELLO) {
        acti_node_greeted(node, &frame->hello);
    } else if (frame->kind == ACTI_FRAME_WELCOME) {
        acti_node_welcomed(node, &frame->hello);
    } else if (frame->kind == ACTI_FRAME_GOODBYE || frame->kind == ACTI_FRAME_FAREWELL) {
        if (node->session.state == ACTI_SESSION_LEFT)
            acti_node_end(node, ACTA_ESTOPPED);
    } else {
        int status = acti_node_receive(node, frame);
        if (status != ACTA_OK)
            acti_node_break(node, status,
                            status == ACTA_EMALFORMED ? "the peer sent what makes no sense: update or fix it"
                                                      : "no memory for what the peer sent");
    }
}

// hear takes the frames that have come, until there are no more or the connection is not ours any more.
static void hear(acti_node *node)
{
    acti_frame frame;
    while (node->why == ACTA_OK && node->line == ACTI_LINE_LINKED) {
        int got = acti_session_next(&node->session, &frame);
        if (got < 0) {
            on_unheard(node, got);
            break;
        }
        if (node->session.phase == ACTI_PHASE_UP && !node->up)
            acti_node_rise(node); // before what has come over it
        if (got == 0)
            break;
        hear_frame(node, &frame);
    }
}

void acti_node_heard(acti_node *node, size_t size)
{
    acti_session_feed(&node->session, size);
    hear(node);
    acti_node_poll(node);
}

void acti_node_on_read(acti_node *node)
{
    node->read_pending = false;
    if (node->line != ACTI_LINE_LINKED)
        return;
    if (node->read_status == ACTA_OK) {
        acti_node_heard(node, node->read_size);
        return;
    }
    acti_node_close_link(node);
    if (node->open && node->why == ACTA_OK)
        acti_node_watch(node);
}

// ---- writing --------------------------------------------------------------------------------

// leave says goodbye when all is said.
static void leave(acti_node *node)
{
    if (!node->leaving)
        return;
    if (node->why != ACTA_OK)
        acti_leave_rests(node, true);
    if (node->why != ACTA_OK || !acti_leave_may(node))
        return;
    if (acti_node_is_stranger(node))
        return; // it may have come to take a session up again
    if (!node->open)
        acti_node_end(node, ACTA_ESTOPPED); // nothing to say goodbye to
    else if (node->session.state == ACTI_SESSION_OPEN)
        (void)acti_session_leave(&node->session); // without memory it is tried again after the next event
}

// may_say: whether proxies that wait may speak.
static bool may_say(const acti_node *node)
{
    bool starved = node->due_ns[ACTI_DUE_AGAIN] != UINT64_MAX;
    return !acti_node_is_crowded(node) && !starved && node->why == ACTA_OK;
}

// fill_out lets waiting proxies speak as far as there is room, and says goodbye when all is said.
static void fill_out(acti_node *node)
{
    while (may_say(node)) {
        acti_list *first = acti_list_pop(&node->waiting);
        if (first == NULL)
            break;
        acti_proxy_run(ACTI_CONTAINER_OF(first, acti_proxy, waiting));
    }
    leave(node);
}

// waits_for_close: whether the peer is to close first. It has said goodbye, or was told that there is a session
// already, and what it is told last is lost if we close while something of it is unread.
static bool waits_for_close(const acti_node *node)
{
    const acti_session *session = &node->session;
    if (session->state != ACTI_SESSION_LEFT || !node->read_pending)
        return false;
    return session->us.session == 0 ? !node->caller : session->goodbye == 0;
}

// write_out starts to write what there is, or closes when all is done. True: a write was started.
static bool write_out(acti_node *node)
{
    acti_session *session = &node->session;
    if (node->line != ACTI_LINE_LINKED)
        return false;
    if (node->hurry) {
        acti_node_close_link(node);
        return false;
    }
    if (acti_session_owes_ack(session))
        acti_session_ack(session, false);
    bool unsaid = acti_session_unsaid(session);
    if (!unsaid && node->why == ACTA_OK)
        return false;
    if (!writable(node)) {
        if (node->why != ACTA_OK && acti_au32_load_acquire(&node->write_state) == ACTI_WRITE_FAILED)
            acti_node_close_link(node);
        return false;
    }
    if (!unsaid) {
        acti_node_read_more(node);
        if (!waits_for_close(node))
            acti_node_close_link(node);
        return false;
    }
    const uint8_t *bytes;
    size_t size;
    if (!acti_session_take(session, &bytes, &size))
        return false;
    node->taken = true;
    node->wrote = true;
    acti_au32_store_relaxed(&node->write_state, ACTI_WRITING); // the link is asked next, and hands it on
    acti_link_write(node->link, bytes, size);
    return true;
}

// While one chunk is being written the next is filled.
void acti_node_flush(acti_node *node)
{
    node->unflushed = 0;
    do
        fill_out(node);
    while (write_out(node));
}

// acti_node_on_wrote comes when there was more to write, which flush will see to, or when the peer is gone.
void acti_node_on_wrote(acti_node *node)
{
    (void)acti_au32_swap_acq_rel(&node->write_told, 0);
    if (acti_au32_load_acquire(&node->write_state) != ACTI_WRITE_FAILED)
        return;
    // What the peer has sent before may still be there to be read, and the read will say that it is gone. It may also
    // be that only writing fails, and then no read ever ends.
    acti_node_read_more(node); // if it was only looked for
    if (node->read_pending)
        acti_node_due(node, ACTI_DUE_LATE, DRAIN_NS);
    else
        acti_node_close_link(node);
}
