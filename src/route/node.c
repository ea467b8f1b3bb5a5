// SPDX-License-Identifier: MIT
//
// node.c - the session actor: its events, its link, and its end.

#include "route/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/monitor.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/router.h"

static int handler(acta_self *self, void *arg, acta_msg *m);
static void on_link_read(void *arg, int status, size_t size);
static void on_link_write(void *arg, int status);
static void on_link_closed(void *arg);
static void flush(acti_node *node);

static const acti_link_owner link_owner = {on_link_read, on_link_write, on_link_closed};

// ---- start ----------------------------------------------------------------------------

static void late(acti_alarm *alarm)
{
    acti_node *node = ACTI_CONTAINER_OF(alarm, acti_node, alarm);
    (void)acti_actor_push(node->actor, &node->late_event); // refused: it has ended
    acti_actor_unref(node->actor);
}

static void freed(acti_actor *actor)
{
    acti_node *node = actor->arg;
    acti_session_fini(&node->session);
    acti_buf_fini(&node->writing);
    free(node);
    acti_actor_give_back(actor);
}

static const acti_actor_ops of_node = {.wake = acti_pool_ready, .freed = freed};

static acti_node *new_node(acti_router *router, bool caller)
{
    acti_node *node = calloc(1, sizeof(*node));
    acti_actor *actor = acti_actor_new(router->sys, NULL, 0);
    if (node == NULL || actor == NULL ||
        acti_session_init(&node->session, caller, &router->hello, ACTI_NODE_OUT_MAX) != ACTA_OK) {
        if (node != NULL)
            acti_session_fini(&node->session);
        if (actor != NULL)
            acti_actor_give_back(actor);
        free(node);
        return NULL;
    }
    actor->internal = 1;
    actor->run.handler = handler;
    actor->arg = node;
    actor->ops = &of_node;
    actor->name = memcpy(node->name, "node", sizeof("node"));
    node->actor = actor;
    node->router = router;
    node->start_event = acti_node_event_msg(ACTI_NODE_START);
    node->read_event = acti_node_event_msg(ACTI_NODE_READ);
    node->write_event = acti_node_event_msg(ACTI_NODE_WROTE);
    node->closed_event = acti_node_event_msg(ACTI_NODE_CLOSED);
    node->leave_event = acti_node_event_msg(ACTI_NODE_LEAVE);
    node->force_event = acti_node_event_msg(ACTI_NODE_FORCE);
    node->late_event = acti_node_event_msg(ACTI_NODE_LATE);
    node->opened_event = acti_node_event_msg(ACTI_NODE_START);
    node->alarm.fire = late;
    node->exports.limit = ACTI_NODE_EXPORTS_MAX;
    node->finds.limit = ACTI_NODE_EXPORTS_MAX;
    node->asks.limit = ACTI_NODE_EXPORTS_MAX;
    node->monitors.limit = ACTI_NODE_EXPORTS_MAX;
    node->sweep_at = 64;
    node->exports_sweep_at = 64;
    acti_list_init(&node->proxies);
    acti_list_init(&node->waiting);
    return node;
}

acti_node *acti_node_start(acti_router *router, acti_link *link, bool caller, const char *url, acti_actor *opener,
                           acta_listener *listener)
{
    acti_node *node = new_node(router, caller);
    if (node == NULL || !acti_router_enter(router, node)) {
        acti_link_close(link);
        if (node != NULL)
            freed(node->actor); // nobody else knows it
        if (listener != NULL)
            acti_listener_unref(listener);
        return NULL;
    }
    snprintf(node->url, sizeof(node->url), "%s", url);
    node->link = link;
    node->opener = opener;
    node->listener = listener;
    acti_link_own(link, &link_owner, node);
    acti_actor_ref(node->actor); // the caller's
    (void)acti_actor_push(node->actor, &node->start_event);
    return node;
}

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
    // Releases the buffer to the node, which acquires the state before it fills it again. The node is woken only if it
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

// ---- ending --------------------------------------------------------------------------------

static void set_alarm(acti_node *node, uint64_t delay_ns)
{
    if (node->alarm_set)
        return; // one that has fired and not been heard is as good
    acti_actor_ref(node->actor);
    node->alarm_set = true;
    acti_clock_set(node->actor->sys, &node->alarm, acti_clock_ns() + delay_ns);
}

static void unset_alarm(acti_node *node)
{
    if (!node->alarm_set || !acti_clock_unset(node->actor->sys, &node->alarm))
        return; // not set, or on its way to us
    node->alarm_set = false;
    acti_actor_unref(node->actor);
}

// settle_opener tells whoever waits for the welcome how it went. Once.
static void settle_opener(acti_node *node)
{
    acti_actor *opener = node->opener;
    acta_listener *listener = node->listener;
    node->opener = NULL;
    node->listener = NULL;
    if (opener != NULL) {
        (void)acti_actor_push(opener, &node->opened_event); // refused: it has stopped waiting
        acti_actor_unref(opener);
    }
    if (listener != NULL) {
        if (node->why == ACTA_OK)
            acti_listener_welcomed(listener, node);
        acti_listener_unref(listener);
    }
    unset_alarm(node);
}

// end_with ends the session. What is in out is still written, as far as the peer takes it in time; the rest is for
// settle, when no proxy is at work.
static void end_with(acti_node *node, int status)
{
    if (node->why != ACTA_OK)
        return;
    node->why = status;
    acti_au32_store_release(&node->status, (uint32_t)-status); // for acta_node_status
    settle_opener(node);
    set_alarm(node, ACTI_NODE_LINGER_NS);
}

static void close_link(acti_node *node)
{
    if (node->closing)
        return;
    node->closing = true;
    acti_link_close(node->link);
}

void acti_node_break(acti_node *node, int status, const char *cause)
{
    if (node->why != ACTA_OK)
        return;
    acti_session_refuse(&node->session, status, cause);
    acti_report(node->actor->sys, "the session with node %s at %s is broken: %s",
                node->session.peer.name[0] != '\0' ? node->session.peer.name : "(not introduced)", node->url, cause);
    end_with(node, status);
}

void acti_node_put(acti_node *node, acti_frame *frame)
{
    int status = acti_session_put(&node->session, frame);
    if (status == ACTA_EFULL)
        acti_node_break(node, status, "the peer does not read what it is sent: it hangs, or is overloaded");
    else if (status != ACTA_OK && status != ACTA_EUNREACH)
        acti_node_break(node, status, "a frame could not be written");
}

void acti_node_force(acti_node *node)
{
    // Relaxed: it only decides who pushes.
    if (acti_au32_or_relaxed(&node->forced, 1) == 0)
        (void)acti_actor_push(node->actor, &node->force_event); // refused: it has ended
}

int acti_node_gone(const acti_node *node)
{
    int status = -(int)acti_au32_load_acquire(&node->status); // pairs with the release in end_with
    return status == ACTA_ESTOPPED ? ACTA_EUNREACH : status;
}

// settle deals with whatever the peer held or owed, once the session is over.
static void settle(acti_node *node)
{
    node->settled = true;
    int status = acti_node_gone(node);
    acti_finds_end(node, status);
    uint32_t at = 0;
    acta_promise *promise;
    while ((promise = acti_slots_next(&node->asks, &at)) != NULL)
        (void)acti_promise_fail(promise, status, "nobody", "its node went away before it answered");
    at = 0;
    acta_msg *m;
    while ((m = acti_slots_next(&node->monitors, &at)) != NULL)
        acti_monitor_down(m, acti_monitor_see(m).watched->name, status);
    acti_proxies_end(node, status);
    acti_exports_end(node);
    acti_slots_fini(&node->asks);
    acti_slots_fini(&node->monitors);
    acti_types_fini(&node->types);
}

// fini ends the actor: what is left in the inbox is given back to those who wait for it.
static void fini(acti_node *node)
{
    acti_actor *actor = node->actor;
    acti_router_leave(node->router, node);
    unset_alarm(node);
    acta_msg *lists[2] = {actor->batch, acti_actor_close(actor)};
    actor->batch = NULL;
    for (int i = 0; i < 2; i++) {
        for (acta_msg *m = lists[i], *next; m != NULL; m = next) {
            next = m->next;
            if (m->size == ACTI_NODE_FIND)
                acti_find_fail(ACTI_CONTAINER_OF(m, acti_find, event), acti_node_gone(node));
            else if (m->size == ACTI_NODE_READY)
                acti_proxy_ready(ACTI_CONTAINER_OF(m, acti_proxy, ready_event));
            else if (m->size == ACTI_NODE_CREDIT)
                acti_export_unheard(ACTI_CONTAINER_OF(m, acti_export, credit_event));
            else if (m->size == ACTI_NODE_ROOM)
                acti_export_unheard(ACTI_CONTAINER_OF(m, acti_export, room_event));
        }
    }
    acta_tx *tx = (acta_tx *)(void *)actor; // the one it was made with
    acta_tx_drop(&tx);
}

// ---- the conversation ------------------------------------------------------------------------

static void read_more(acti_node *node)
{
    if (node->read_pending || node->closing || node->session.state >= ACTI_SESSION_LEFT)
        return;
    size_t room;
    uint8_t *space = acti_session_space(&node->session, &room);
    if (space == NULL) {
        acti_node_break(node, ACTA_ENOMEM, "no memory to read into: free some, then connect again");
        return;
    }
    node->read_pending = true;
    acti_link_read(node->link, space, room);
}

static void welcomed(acti_node *node)
{
    const char *peer = node->session.peer.name;
    snprintf(node->name, sizeof(node->name), "node %.*s", ACTI_NAME_BYTES - 6, peer);
    settle_opener(node);
}

// hear takes the frames that have come, until there are no more or the session is over.
static void hear(acti_node *node)
{
    acti_session *session = &node->session;
    acti_frame frame;
    while (node->why == ACTA_OK) {
        int got = acti_session_next(session, &frame);
        if (got == 0)
            break;
        if (got < 0) {
            acti_report(node->actor->sys, "the session with node %s at %s is broken: %s",
                        session->peer.name[0] != '\0' ? session->peer.name : "(not introduced)", node->url,
                        session->cause);
            end_with(node, got);
            break;
        }
        if (frame.kind == ACTI_FRAME_HELLO || frame.kind == ACTI_FRAME_WELCOME) {
            welcomed(node);
        } else if (frame.kind == ACTI_FRAME_GOODBYE || frame.kind == ACTI_FRAME_FAREWELL) {
            if (session->state == ACTI_SESSION_LEFT)
                end_with(node, ACTA_ESTOPPED);
        } else {
            int status = acti_node_receive(node, &frame);
            if (status != ACTA_OK)
                acti_node_break(node, status,
                                status == ACTA_EMALFORMED ? "the peer sent what makes no sense: update or fix it"
                                                          : "no memory for what the peer sent");
        }
    }
}

static void on_read(acti_node *node)
{
    node->read_pending = false;
    if (node->closing)
        return;
    if (node->read_status == ACTA_OK) {
        acti_session_feed(&node->session, node->read_size);
        hear(node);
        read_more(node);
        return;
    }
    // The end of the stream. Before a goodbye it is a crash; before a welcome, nobody we know.
    if (node->why == ACTA_OK && node->session.state >= ACTI_SESSION_OPEN)
        acti_report(node->actor->sys, "node %s at %s went away without a goodbye", node->session.peer.name, node->url);
    end_with(node, node->session.state >= ACTI_SESSION_OPEN ? ACTA_ECRASHED : ACTA_EUNREACH);
    node->hurry = true;
}

// writable: whether the last write has ended; if not, the node will be told when it has.
static bool writable(acti_node *node)
{
    uint32_t state = acti_au32_load_acquire(&node->write_state); // pairs with the swap in on_link_write
    while (state == ACTI_WRITING)
        if (acti_au32_cas_acquire(&node->write_state, &state, ACTI_WRITE_WANTED))
            return false;
    return acti_au32_load_acquire(&node->write_state) == ACTI_WRITE_NONE;
}

// fill_out lets waiting proxies speak as far as there is room, and says goodbye when all is said.
static void fill_out(acti_node *node)
{
    acti_session *session = &node->session;
    while (session->out.size < ACTI_NODE_OUT_ENOUGH && node->why == ACTA_OK) {
        acti_list *first = acti_list_pop(&node->waiting);
        if (first == NULL)
            break;
        acti_proxy_run(ACTI_CONTAINER_OF(first, acti_proxy, waiting));
    }
    if (!node->leaving || node->why != ACTA_OK)
        return;
    if (session->state < ACTI_SESSION_OPEN)
        end_with(node, ACTA_ESTOPPED); // never introduced: nothing to say goodbye to
    else if (session->state == ACTI_SESSION_OPEN && acti_proxies_quiet(node))
        (void)acti_session_leave(session);
}

// write_out starts to write what there is, or closes when all is done. True: a write was started.
static bool write_out(acti_node *node)
{
    acti_session *session = &node->session;
    if (node->closing)
        return false;
    if (node->hurry) {
        close_link(node);
        return false;
    }
    uint64_t unacknowledged = session->received - session->ack_told;
    if (session->out.size == 0 && unacknowledged < ACTI_NODE_ACK_FRAMES && node->why == ACTA_OK)
        return false;
    if (!writable(node))
        return false;
    acti_session_ack(session); // it goes along with what is written anyway
    if (session->out.size == 0) {
        if (node->why != ACTA_OK)
            close_link(node);
        return false;
    }
    acti_buf_consume(&node->writing, node->writing.size);
    acti_session_take(session, &node->writing);
    acti_au32_store_relaxed(&node->write_state, ACTI_WRITING); // the link is asked next, and hands it on
    acti_link_write(node->link, acti_buf_bytes(&node->writing), node->writing.size);
    return true;
}

// flush is done after each event. While one buffer is being written the next is filled.
static void flush(acti_node *node)
{
    do
        fill_out(node);
    while (write_out(node));
}

// on_wrote comes when there was more to write, which flush will see to, or when the peer is gone.
static void on_wrote(acti_node *node)
{
    (void)acti_au32_swap_acq_rel(&node->write_told, 0);
    if (acti_au32_load_acquire(&node->write_state) != ACTI_WRITE_FAILED)
        return;
    // What the peer has sent before is still to be read, and the read will say that it is gone; if there is none, end.
    acti_buf_consume(&node->session.out, node->session.out.size);
    if (!node->read_pending) {
        end_with(node, ACTA_ECRASHED);
        node->hurry = true;
    }
}

static void on_start(acti_node *node)
{
    set_alarm(node, ACTI_NODE_HANDSHAKE_NS);
    read_more(node);
}

static int handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    acti_node *node = arg;
    acti_assert(m != NULL && m->kind == ACTI_MSG_EVENT); // its one sender is kept until the end
    switch ((acti_node_event)m->size) {
    case ACTI_NODE_START:
        on_start(node);
        break;
    case ACTI_NODE_READ:
        on_read(node);
        break;
    case ACTI_NODE_WROTE:
        on_wrote(node);
        break;
    case ACTI_NODE_CLOSED:
        fini(node);
        return ACTA_DONE;
    case ACTI_NODE_LEAVE:
        node->leaving = true;
        break;
    case ACTI_NODE_FORCE:
        end_with(node, ACTA_ESTOPPED);
        node->hurry = true;
        break;
    case ACTI_NODE_LATE:
        node->alarm_set = false;
        node->hurry = node->why != ACTA_OK;
        if (node->session.state < ACTI_SESSION_OPEN)
            acti_node_break(node, ACTA_ETIMEOUT, "the peer did not introduce itself in time: is it an acta node?");
        break;
    case ACTI_NODE_READY:
        acti_proxy_ready(ACTI_CONTAINER_OF(m, acti_proxy, ready_event));
        break;
    case ACTI_NODE_CREDIT:
        acti_export_credit(ACTI_CONTAINER_OF(m, acti_export, credit_event));
        break;
    case ACTI_NODE_ROOM:
        acti_line_room(ACTI_CONTAINER_OF(m, acti_export, room_event));
        break;
    case ACTI_NODE_FIND:
        acti_find_ask(node, ACTI_CONTAINER_OF(m, acti_find, event));
        break;
    }
    if (node->proxy_count >= node->sweep_at)
        acti_proxies_sweep(node);
    if (node->why != ACTA_OK && !node->settled)
        settle(node);
    flush(node);
    return ACTA_OK;
}

// ---- the public handle -----------------------------------------------------------------------

int acta_node_status(const acta_node *handle)
{
    const acti_node *node = (const acti_node *)(const void *)handle;
    return -(int)acti_au32_load_acquire(&node->status);
}

// The name is fixed when the handle is made: before that nobody has it.
const char *acta_node_name(const acta_node *handle)
{
    return ((const acti_node *)(const void *)handle)->session.peer.name;
}

void acta_node_drop(acta_node **handle)
{
    if (*handle == NULL)
        return;
    acti_node *node = acti_node_of(*handle);
    *handle = NULL;
    acti_actor_unref(node->actor);
}
