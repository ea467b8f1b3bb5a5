// SPDX-License-Identifier: MIT
//
// say.c - what the node says for a proxy: each message in its inbox becomes a frame, or several when it is large
// (pieces.h), in order, as far as the receiver's credit and the session's bounds go. In the node's turns.

#include <acta/event.h>
#include <string.h>

#include "codec/codec.h"
#include "core/link.h"
#include "core/monitor.h"
#include "core/pause.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/system.h"
#include "route/handed.h"
#include "route/node.h"
#include "route/pieces.h"
#include "route/router.h"

static void say(acti_proxy *proxy, acta_msg *m);

// ---- running ----------------------------------------------------------------------

// needs_credit: whether m is one of those that the receiver's credit is for. Replies, DOWNs and the end of holding were
// asked for by the receiver or its node, which has kept room for them.
static bool needs_credit(const acta_msg *m)
{
    return m->kind == ACTI_MSG_SEND || m->kind == ACTI_MSG_ASK;
}

void acti_proxy_ready(acti_proxy *proxy)
{
    if (!proxy->admitted)
        acti_proxies_admit(proxy->node);
    if (!proxy->node->settled && !proxy->over)
        acti_proxy_run(proxy);
    acti_actor_unref(proxy->actor);
}

void acti_proxy_take_more(acti_proxy *proxy)
{
    acti_actor *actor = proxy->actor;
    acta_msg *newest;
    acta_msg *more = acti_inbox_take(&actor->inbox, &newest);
    if (more == NULL)
        return;
    for (const acta_msg *m = more; m != NULL; m = m->next)
        proxy->replies += m->kind == ACTI_MSG_REPLY;
    if (actor->batch == NULL)
        actor->batch = more;
    else
        proxy->batch_newest->next = more;
    proxy->batch_newest = newest;
}

// may_go: whether the credit allows m. A reply is never held up behind messages without credit: whoever asked may be
// waiting for just that reply before it takes anything else and so gives new credit. What is ahead of it goes, too.
// What is lost anyway waits for nothing.
static bool may_go(const acti_proxy *proxy, const acta_msg *m)
{
    return !needs_credit(m) || proxy->replies > 0 || (proxy->credit_messages > 0 && proxy->credit_bytes > 0) ||
           !acti_taker_sends(&proxy->taker);
}

// fit_room has fewer messages wait while they are large: a thousand of 64 KiB have left the processor's caches before
// it is their turn, and to fetch them takes as long as all else that is done for them.
static void fit_room(acti_proxy *proxy, const acta_msg *m)
{
    acti_inbox *inbox = &proxy->actor->inbox;
    uint32_t room = proxy->capacity;
    if (m->size >= ACTI_NODE_LARGE && room > ACTI_NODE_LARGE_ROOM)
        room = ACTI_NODE_LARGE_ROOM;
    if (acti_inbox_capacity(inbox) != room)
        acti_inbox_limit(inbox, room);
}

// say_next says the next message, or of a large one the next piece. True: it is the turn of others.
static bool say_next(acti_proxy *proxy)
{
    acti_actor *actor = proxy->actor;
    if (proxy->pieces != NULL) {
        acti_pieces_say(proxy);
        return true;
    }
    acta_msg *m = actor->batch;
    actor->batch = m->next;
    proxy->replies -= m->kind == ACTI_MSG_REPLY;
    if (needs_credit(m))
        fit_room(proxy, m);
    acti_actor_given(actor, m);
    say(proxy, m);
    if (proxy->pieces == NULL)
        acti_pieces_unslot(proxy);
    return false;
}

// has_next: whether there is anything that may be said now, if the session has room.
static bool has_next(const acti_proxy *proxy)
{
    const acta_msg *m = proxy->actor->batch;
    return proxy->pieces != NULL || (m != NULL && may_go(proxy, m));
}

// may_end: whether the actor has to end by force, and its node has not been told.
static bool may_end(const acti_proxy *proxy)
{
    return acti_actor_is_forced(proxy->actor) && !proxy->ended && proxy->maker == NULL;
}

// say_force tells the owner that the actor has to end now: ahead of all that waits here, as it would be ahead of all in
// an inbox.
static void say_force(acti_proxy *proxy)
{
    uint32_t forced = acti_au32_load_relaxed(&proxy->actor->forced); // it is written once
    acti_frame frame = {.kind = ACTI_FRAME_END, .actor = proxy->id, .status = (int32_t)forced};
    proxy->ended = true;
    acti_node_put(proxy->node, &frame);
}

void acti_proxy_run(acti_proxy *proxy)
{
    acti_node *node = proxy->node;
    acti_actor *actor = proxy->actor;
    uint32_t said = 0;
    do {
        if (may_end(proxy) && acti_node_is_crowded(node)) {
            acti_list_push(&node->waiting, &proxy->waiting);
            return;
        }
        if (may_end(proxy))
            say_force(proxy);
        acti_proxy_take_more(proxy);
        while (has_next(proxy)) {
            if (proxy->pieces == NULL && !acti_pieces_slot(proxy, actor->batch))
                return;
            if (acti_node_is_crowded(node) || said++ == ACTI_NODE_SAY_MAX || say_next(proxy)) {
                acti_list_push(&node->waiting, &proxy->waiting);
                return;
            }
        }
        acti_pieces_unslot(proxy); // with one, what was lost anyway may have come to need credit
        proxy->stalled = actor->batch != NULL;
        if (acti_pause_is_due(actor))
            acti_pause_serve(actor); // with the room that has just been made
        // Parked with a batch, when it waits for credit: a reply that comes then is to be seen. Serving ends the call
        // for attention, which may be that of a force.
    } while (may_end(proxy) || !acti_inbox_park(&actor->inbox));
}

void acti_proxy_credit(acti_node *node, const acti_frame *frame)
{
    acti_proxy *proxy = acti_proxy_find(node, frame->actor);
    if (proxy == NULL)
        return; // forgotten since
    proxy->credit_messages += frame->count;
    proxy->credit_bytes += frame->bytes;
    // Where it is parked no more, somebody has just woken it, and the event is on its way.
    if (proxy->stalled && acti_inbox_unpark(&proxy->actor->inbox))
        acti_proxy_run(proxy);
}

// lose counts a message that cannot be said, and reports it.
static int lose(acti_proxy *proxy, const acta_msg *m, int status)
{
    acta_system *sys = proxy->actor->sys;
    acti_tally(sys, status == ACTA_EGONE ? ACTI_DROPPED_GONE : ACTI_DROPPED_UNREACH, 1);
    acti_report(sys, "a %s to %s at node %s was lost: %s", m->type->name, proxy->actor->name,
                acti_node_shown(proxy->node), acta_strerror(status));
    return status;
}

// put_message puts a frame with the message's body. *packed is how many bytes that has.
static int put_message(acti_node *node, const acti_codec_plan *plan, acta_msg *m, acti_frame *frame, size_t *packed)
{
    const acti_codec_refs *refs = &node->refs;
    acti_buf *out;
    size_t at;
    int status = acti_session_begin(&node->session, frame, &out, &at);
    if (status != ACTA_OK)
        return status;
    size_t start = out->size;
    status = acti_codec_encode_as(plan, m + 1, refs, out);
    *packed = out->size - start;
    bool fits = *packed + ACTI_FRAME_FIXED_MAX <= node->session.peer.payload_bytes_max;
    if (status == ACTA_OK && !fits) {
        acti_codec_undo(m->type, m + 1, refs, acti_buf_bytes(out) + start, *packed);
        status = ACTA_ETOOBIG;
    }
    int end = acti_session_end(&node->session, at, status != ACTA_OK);
    acti_assert(status != ACTA_OK || end == ACTA_OK); // its size has been looked at
    return status;
}

// write_message says a message in a frame that has all but its type and body, or begins to, and counts it in the ledger
// and, if it needs any, against the credit. Out has room: see acti_proxy_run.
static int write_message(acti_proxy *proxy, acta_msg *m, acti_frame *frame)
{
    size_t packed;
    const acti_codec_plan *plan;
    int status = acti_types_number(proxy->node, m->type, &frame->type, &plan);
    if (status == ACTA_OK)
        status = acti_pieces_large(m) ? acti_pieces_begin(proxy, m, frame, &packed)
                                      : put_message(proxy->node, plan, m, frame, &packed);
    if (status != ACTA_OK)
        return lose(proxy, m, status);
    if (needs_credit(m)) {
        proxy->credit_messages--;
        proxy->credit_bytes -= (int64_t)packed;
    }
    if (proxy->pieces == NULL)
        acti_tally(proxy->actor->sys, ACTI_HANDLED, 1);
    return ACTA_OK;
}

// let_go releases a message that has been said, or never will be. One that is begun is kept: see pieces.h.
static void let_go(acti_proxy *proxy, acta_msg *m)
{
    if (proxy->pieces == NULL)
        acti_msg_release(m);
}

// ---- messages -----------------------------------------------------------------------

static void say_send(acti_proxy *proxy, acta_msg *m)
{
    acti_frame frame; // of which only some is for a SEND; all of it is large
    frame.kind = ACTI_FRAME_SEND;
    frame.actor = proxy->id;
    frame.from = 0;
    frame.id = 0;
    if (acti_taker_sends(&proxy->taker))
        (void)write_message(proxy, m, &frame);
    else
        (void)lose(proxy, m, ACTA_EGONE); // the owner has refused our claim
    let_go(proxy, m);
}

// ask_frame puts the request into a frame, as that of asker, and keeps the promise until the reply comes.
static int ask_frame(acti_proxy *proxy, acta_msg *m, acti_export *asker)
{
    acti_node *node = proxy->node;
    uint64_t id = acti_slots_add(&node->asks, acti_msg_ext_of(m)->promise);
    if (id == 0)
        return lose(proxy, m, ACTA_ENOMEM);
    acti_frame frame = {.kind = ACTI_FRAME_ASK, .actor = proxy->id, .from = asker->actor->id, .id = id};
    int status = write_message(proxy, m, &frame);
    if (status == ACTA_OK)
        asker->uses++;
    else
        (void)acti_slots_remove(&node->asks, id);
    return status;
}

static void say_ask(acti_proxy *proxy, acta_msg *m)
{
    acti_actor *from = acti_msg_ext_of(m)->promise->asker;
    bool sends = acti_taker_sends(&proxy->taker);
    acti_export *asker = sends ? acti_export_get(proxy->node, from) : NULL;
    int status = asker != NULL ? ask_frame(proxy, m, asker) : lose(proxy, m, sends ? ACTA_ENOMEM : ACTA_EGONE);
    if (status == ACTA_OK) {
        (void)acti_promise_out(m);
        let_go(proxy, m);
        return;
    }
    acti_request_fail(m, status, proxy->actor->name,
                      status == ACTA_EGONE ? "it has ended" : "the request could not be sent to its node");
}

static void say_reply(acti_proxy *proxy, acta_msg *m)
{
    acti_frame frame = {.kind = ACTI_FRAME_REPLY, .from = proxy->id, .id = acti_msg_ext_of(m)->ask};
    int status = write_message(proxy, m, &frame);
    if (status != ACTA_OK && status != ACTA_EUNREACH) {
        // Its asker must hear something. A failure always fits.
        const char *cause = status == ACTA_ETOOBIG ? "the reply is larger than the asker's node takes"
                                                   : "the reply could not be sent: its node's report says why";
        acta_failure failure = {.status = status, .who = "", .cause = cause};
        acta_msg *instead;
        if (acti_msg_copy(ACTI_MSG_REPLY, acta_type_of(acta_failure), &failure, UINT32_MAX, true, &instead) ==
            ACTA_OK) {
            acti_tally(proxy->actor->sys, ACTI_SENT, 1);
            (void)write_message(proxy, instead, &frame);
            acti_msg_release(instead);
        }
    }
    let_go(proxy, m);
}

static void say_down(acti_proxy *proxy, acta_msg *m)
{
    const acta_down *down = (const acta_down *)(const void *)(m + 1);
    acti_frame frame = {.kind = ACTI_FRAME_DOWN,
                        .from = proxy->id,
                        .id = acti_monitor_see(m).id,
                        .status = (int32_t)down->reason,
                        .text = down->who,
                        .text_size = strlen(down->who),
                        .cause = down->cause,
                        .cause_size = strlen(down->cause)};
    acti_node_put(proxy->node, &frame);
    acti_tally(proxy->actor->sys, ACTI_HANDLED, 1);
    acti_watch_done(m);
    acti_monitor_drop(m);
}

static void say_monitor(acti_proxy *proxy, acta_msg *m)
{
    acti_node *node = proxy->node;
    acti_monitor_view view = acti_monitor_see(m);
    bool link = acti_link_is(acti_monitor_of(m));
    if (link && proxy->maker != NULL) {
        acti_monitor_request(proxy->actor, m); // of a root: it is kept here
        return;
    }
    acti_export *watcher = acti_export_get(node, view.watcher);
    uint64_t id = watcher != NULL ? acti_slots_add(&node->monitors, m) : 0;
    *acti_monitor_number(m) = id;
    if (id == 0) {
        acti_proxy_lost(node, m, ACTA_ENOMEM);
        return;
    }
    watcher->uses++;
    acti_frame frame = {.kind = link ? ACTI_FRAME_LINK : ACTI_FRAME_MONITOR,
                        .actor = proxy->id,
                        .from = watcher->actor->id,
                        .id = id};
    acti_node_put(node, &frame);
}

static void say_demonitor(acti_proxy *proxy, acta_msg *m)
{
    acti_node *node = proxy->node;
    acti_monitor_view view = acti_monitor_see(m);
    bool link = acti_link_is(acti_monitor_of(m));
    if (link && proxy->maker != NULL) {
        acti_monitor_request(proxy->actor, m);
        return;
    }
    uint64_t id = *acti_monitor_number(view.monitor);
    if (acti_slots_get(&node->monitors, id) == view.monitor) {
        acti_export *watcher = acti_export_get(node, view.watcher); // there is one: this is a use of it
        acti_frame frame = {
            .kind = ACTI_FRAME_DEMONITOR, .actor = proxy->id, .from = watcher->actor->id, .id = id};
        (void)acti_slots_remove(&node->monitors, id);
        acti_node_put(node, &frame);
        acti_export_used(watcher, 1);
        if (link)
            acti_link_over(acti_monitor_of(m), ACTA_OK);
        else
            acti_monitor_down(view.monitor, proxy->actor->name, ACTA_OK); // swallowed: its watcher has cancelled it
    } // else its DOWN is on the way
    acti_monitor_drop(m);
}

static void say_eof(acti_proxy *proxy)
{
    if (!acti_proxy_is_left(proxy))
        return;
    uint32_t count = acti_taker_release(&proxy->taker, 0);
    if (count == 0)
        return;
    // Relaxed: set before the sender was released that was the last, or by our own turn.
    bool lost = (acti_au32_load_relaxed(&proxy->actor->flags) & ACTI_ACTOR_CRASHED) != 0;
    acti_frame frame = {.kind = ACTI_FRAME_RELEASE,
                        .actor = proxy->id,
                        .count = count,
                        .status = lost ? ACTA_ECRASHED : ACTA_OK};
    acti_node_put(proxy->node, &frame);
}

static void say_stop(acti_proxy *proxy, acta_msg *m)
{
    acti_frame frame = {.kind = ACTI_FRAME_END, .actor = proxy->id};
    acti_node_put(proxy->node, &frame);
    acti_stop_free(m);
}

static void say(acti_proxy *proxy, acta_msg *m)
{
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_SEND:
        say_send(proxy, m);
        return;
    case ACTI_MSG_ASK:
        say_ask(proxy, m);
        return;
    case ACTI_MSG_REPLY:
        say_reply(proxy, m);
        return;
    case ACTI_MSG_DOWN:
        say_down(proxy, m);
        return;
    case ACTI_MSG_MONITOR:
        say_monitor(proxy, m);
        return;
    case ACTI_MSG_DEMONITOR:
        say_demonitor(proxy, m);
        return;
    case ACTI_MSG_EOF:
        say_eof(proxy);
        return;
    case ACTI_MSG_STOP:
        say_stop(proxy, m);
        return;
    case ACTI_MSG_EVENT:
        acti_claim_say(proxy, ACTI_CONTAINER_OF(m, acti_claim, event));
        return;
    case ACTI_MSG_TICK:
    case ACTI_MSG_SOURCE:
    case ACTI_MSG_TIMEOUT:
    case ACTI_MSG_LINK_OVER:
        break; // a proxy sets no timers, watches nothing, asks nothing and links with nobody
    }
    acti_assert(!"a message for a remote actor");
}

