// SPDX-License-Identifier: MIT
//
// proxy.c - stand-ins for the peer's actors: ordinary inboxes that the node empties into frames.
//
// The senders of a proxy may come back from zero, when the peer is asked for the name once more, so its EOF is not the
// end: it is a message in the inbox, behind everything sent before, that makes the node give its holds back if
// there is still no sender then. eof_queued keeps it from being pushed twice.

#include <acta/event.h>
#include <search.h>
#include <string.h>

#include "codec/codec.h"
#include "core/monitor.h"
#include "core/pause.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/node.h"
#include "route/router.h"

static void say(acti_proxy *proxy, acta_msg *m);

static acti_proxy *proxy_of(acti_actor *actor)
{
    return (acti_proxy *)(void *)(actor + 1);
}

// ---- life -------------------------------------------------------------------------

static int compare(const void *a, const void *b)
{
    uint64_t x = ((const acti_proxy *)a)->id;
    uint64_t y = ((const acti_proxy *)b)->id;
    return (x > y) - (x < y);
}

static void wake(acti_actor *actor)
{
    acti_proxy *proxy = proxy_of(actor);
    acti_actor_ref(actor); // the event's: the node may forget the proxy before it takes the event
    // Refused when the node has ended: it has emptied the inbox then.
    if (acti_actor_push(proxy->node->actor, &proxy->ready_event) != ACTA_OK)
        acti_actor_unref(actor);
}

static void last_sender(acti_actor *actor)
{
    // Acquire and release with the swap in say_eof: either that sees our count of zero, or we see that the EOF has been
    // taken out and push it again.
    if (acti_au32_swap_acq_rel(&proxy_of(actor)->eof_queued, 1) == 0)
        (void)acti_actor_push(actor, &actor->end_msg); // refused: the node is down, and holds nothing for us
    acti_actor_unref(actor);
}

static void freed(acti_actor *actor)
{
    acti_node *node = proxy_of(actor)->node;
    acti_actor_give_back(actor);
    acti_actor_unref(node->actor);
}

static const acti_actor_ops of_proxy = {.wake = wake, .last_sender = last_sender, .freed = freed};

// give_credit gives a proxy what the peer allows at the beginning; nothing before it is known.
static void give_credit(acti_proxy *proxy)
{
    const acti_node *node = proxy->node;
    proxy->credit_messages = node->open ? node->session.peer.credit_messages : 0;
    proxy->credit_bytes = node->open ? node->session.peer.credit_bytes : 0;
}

acti_proxy *acti_proxy_get(acti_node *node, uint64_t id, const char *name)
{
    acti_proxy key = {.id = id};
    acti_proxy **found = tfind(&key, &node->proxies_by_id, compare);
    if (found != NULL)
        return *found;

    acti_actor *actor = acti_actor_new(node->actor->sys, name, sizeof(acti_proxy));
    if (actor == NULL)
        return NULL;
    acti_proxy *proxy = proxy_of(actor);
    proxy->actor = actor;
    proxy->node = node;
    proxy->id = id;
    if (tsearch(proxy, &node->proxies_by_id, compare) == NULL) {
        acti_actor_give_back(actor);
        return NULL;
    }
    // No senders yet, and one reference: the node's.
    acti_au32_store_relaxed(&actor->senders, 0); // nobody else knows it
    acti_au32_store_relaxed(&actor->refs, 1);
    actor->place = ACTI_PLACE_PROXY;
    actor->internal = 1;
    actor->ops = &of_proxy;
    actor->end_msg.kind = ACTI_MSG_EOF;
    // Of a peer that is not known yet it is taken that it has the limits that we have.
    uint64_t peer_max = node->open ? node->session.peer.payload_bytes_max : node->session.us.payload_bytes_max;
    uint64_t limit = peer_max / 9 * 8; // what a message grows by when it is packed
    limit = limit > 4096 ? limit - 2048 : limit / 2;
    if (limit < actor->message_bytes_max)
        actor->message_bytes_max = (uint32_t)limit;
    give_credit(proxy);
    proxy->ready_event = acti_node_event_msg(ACTI_NODE_READY);
    acti_list_init(&proxy->watches);
    acti_list_push(&node->proxies, &proxy->all);
    node->proxy_count++;
    acti_actor_ref(node->actor);
    return proxy;
}

acta_tx *acti_proxy_hold(acti_proxy *proxy, const char *where)
{
    proxy->held++;
    // From zero too: only the node's turn does that, and it holds a reference of its own.
    if (acti_au32_add_relaxed(&proxy->actor->senders, 1) == 0)
        acti_actor_ref(proxy->actor);
    return acti_tx_new(proxy->actor, NULL, where);
}

static void forget(acti_proxy *proxy)
{
    acti_node *node = proxy->node;
    (void)tdelete(proxy, &node->proxies_by_id, compare);
    acti_list_remove(&proxy->all);
    if (acti_list_linked(&proxy->waiting))
        acti_list_remove(&proxy->waiting);
    node->proxy_count--;
    acti_actor_unref(proxy->actor);
}

static bool quiet(const acti_proxy *proxy)
{
    // The park was our own; what matters is that no push came after.
    return proxy->actor->batch == NULL && acti_inbox_is_parked(&proxy->actor->inbox);
}

bool acti_proxies_quiet(acti_node *node)
{
    for (acti_list *link = node->proxies.next; link != &node->proxies; link = link->next)
        if (!quiet(ACTI_CONTAINER_OF(link, acti_proxy, all)))
            return false;
    return true;
}

void acti_proxies_open(acti_node *node)
{
    for (acti_list *link = node->proxies.next, *next; link != &node->proxies; link = next) {
        next = link->next;
        acti_proxy *proxy = ACTI_CONTAINER_OF(link, acti_proxy, all);
        give_credit(proxy);
        if (proxy->stalled && acti_inbox_unpark(&proxy->actor->inbox))
            acti_proxy_run(proxy);
    }
}

void acti_proxies_sweep(acti_node *node)
{
    for (acti_list *link = node->proxies.next, *next; link != &node->proxies; link = next) {
        next = link->next;
        acti_proxy *proxy = ACTI_CONTAINER_OF(link, acti_proxy, all);
        // One reference is the node's own, and only the node makes new ones from none.
        if (acti_au32_load_acquire(&proxy->actor->refs) == 1 && proxy->held == 0 && quiet(proxy) &&
            acti_list_empty(&proxy->watches))
            forget(proxy);
    }
    node->sweep_at = node->proxy_count * 2 + 64;
}

// ---- saying -------------------------------------------------------------------------

// needs_credit: whether m is one of those that the receiver's credit is for. Replies, DOWNs and the end of holding were
// asked for by the receiver or its node, which has kept room for them.
static bool needs_credit(const acta_msg *m)
{
    return m->kind == ACTI_MSG_SEND || m->kind == ACTI_MSG_ASK;
}

void acti_proxy_ready(acti_proxy *proxy)
{
    if (!proxy->node->settled)
        acti_proxy_run(proxy);
    acti_actor_unref(proxy->actor);
}

// take_more appends what has come to the batch.
static void take_more(acti_proxy *proxy)
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
static bool may_go(const acti_proxy *proxy, const acta_msg *m)
{
    return !needs_credit(m) || proxy->replies > 0 || (proxy->credit_messages > 0 && proxy->credit_bytes > 0);
}

void acti_proxy_run(acti_proxy *proxy)
{
    acti_node *node = proxy->node;
    acti_actor *actor = proxy->actor;
    do {
        take_more(proxy);
        while (actor->batch != NULL && may_go(proxy, actor->batch)) {
            if (acti_node_is_crowded(node)) {
                acti_list_push(&node->waiting, &proxy->waiting);
                return;
            }
            acta_msg *m = actor->batch;
            actor->batch = m->next;
            proxy->replies -= m->kind == ACTI_MSG_REPLY;
            acti_actor_given(actor, m);
            say(proxy, m);
        }
        proxy->stalled = actor->batch != NULL;
        if (acti_pause_is_due(actor))
            acti_pause_serve(actor); // with the room that has just been made
        // Parked with a batch, when it waits for credit: a reply that comes then is to be seen.
    } while (!acti_inbox_park(&actor->inbox));
}

void acti_proxy_credit(acti_node *node, const acti_frame *frame)
{
    acti_proxy key = {.id = frame->actor};
    acti_proxy **found = tfind(&key, &node->proxies_by_id, compare);
    if (found == NULL)
        return; // forgotten since
    acti_proxy *proxy = *found;
    proxy->credit_messages += frame->count;
    proxy->credit_bytes += frame->bytes;
    // Where it is parked no more, somebody has just woken it, and the event is on its way.
    if (proxy->stalled && acti_inbox_unpark(&proxy->actor->inbox))
        acti_proxy_run(proxy);
}

// write_message writes a frame with the message's type and body, and counts it in the ledger and, if it needs any,
// against the credit. Out has room: see acti_proxy_run.
static int write_message(acti_proxy *proxy, acta_msg *m, acti_frame *frame)
{
    acti_node *node = proxy->node;
    acta_system *sys = proxy->actor->sys;
    acti_buf *out;
    size_t at;
    int status = acti_types_number(node, m->type, &frame->type);
    if (status == ACTA_OK)
        status = acti_session_begin(&node->session, frame, &out, &at);
    if (status == ACTA_OK) {
        size_t start = out->size;
        status = acti_codec_encode(m->type, m + 1, NULL, out);
        size_t packed = out->size - start;
        int end = acti_session_end(&node->session, at, status != ACTA_OK);
        status = status != ACTA_OK ? status : end;
        if (status == ACTA_OK && needs_credit(m)) {
            proxy->credit_messages--;
            proxy->credit_bytes -= (int64_t)packed;
        }
    }
    acti_tally(sys, status == ACTA_OK ? ACTI_HANDLED : ACTI_DROPPED_UNREACH, 1);
    if (status != ACTA_OK)
        acti_report(sys, "a %s to %s at node %s was lost: %s", m->type->name, proxy->actor->name,
                    node->session.peer.name,
                    status == ACTA_EREFUSED ? "it has senders or addresses, which cannot go to another node"
                                            : acta_strerror(status));
    return status;
}

static void say_send(acti_proxy *proxy, acta_msg *m)
{
    acti_frame frame = {.kind = ACTI_FRAME_SEND, .actor = proxy->id};
    (void)write_message(proxy, m, &frame);
    acti_msg_release(m);
}

// say_ask keeps the promise until the reply comes.
static void say_ask(acti_proxy *proxy, acta_msg *m)
{
    acti_node *node = proxy->node;
    int status = ACTA_ENOMEM;
    acta_promise *promise = acti_msg_ext_of(m)->promise;
    acti_export *asker = acti_export_get(node, promise->asker);
    uint64_t id = asker != NULL ? acti_slots_add(&node->asks, promise) : 0;
    if (id != 0) {
        asker->uses++;
        acti_frame frame = {.kind = ACTI_FRAME_ASK, .actor = proxy->id, .from = asker->id, .id = id};
        status = write_message(proxy, m, &frame);
        if (status == ACTA_OK) {
            (void)acti_promise_out(m);
            acti_msg_release(m);
            return;
        }
        (void)acti_slots_remove(&node->asks, id);
        acti_export_settle(asker, 1, 0, ACTA_OK);
    } else {
        acti_tally(proxy->actor->sys, ACTI_DROPPED_UNREACH, 1);
    }
    acti_request_fail(m, status, proxy->actor->name, "the request could not be sent to its node");
}

static void say_reply(acti_proxy *proxy, acta_msg *m)
{
    acti_frame frame = {.kind = ACTI_FRAME_REPLY, .from = proxy->id, .id = acti_msg_ext_of(m)->ask};
    int status = write_message(proxy, m, &frame);
    if (status == ACTA_ETOOBIG || status == ACTA_EREFUSED) {
        // Its asker must hear something. A failure always fits.
        const char *cause = status == ACTA_ETOOBIG
                                ? "the reply is larger than the asker's node takes"
                                : "the reply has senders or addresses, which cannot go to another node";
        acta_failure failure = {.status = status, .who = "", .cause = cause};
        acta_msg *instead;
        if (acti_msg_copy(ACTI_MSG_REPLY, acta_type_of(acta_failure), &failure, UINT32_MAX, true, &instead) ==
            ACTA_OK) {
            acti_tally(proxy->actor->sys, ACTI_SENT, 1);
            (void)write_message(proxy, instead, &frame);
            acti_msg_release(instead);
        }
    }
    acti_msg_release(m);
}

static void say_down(acti_proxy *proxy, acta_msg *m)
{
    const acta_down *down = (const acta_down *)(const void *)(m + 1);
    acti_frame frame = {.kind = ACTI_FRAME_DOWN,
                        .from = proxy->id,
                        .id = acti_monitor_see(m).id,
                        .status = (int32_t)down->reason,
                        .text = down->who,
                        .text_size = strlen(down->who)};
    acti_node_put(proxy->node, &frame);
    acti_tally(proxy->actor->sys, ACTI_HANDLED, 1);
    acti_watch_done(m);
    acti_monitor_drop(m);
}

static void say_monitor(acti_proxy *proxy, acta_msg *m)
{
    acti_node *node = proxy->node;
    acti_monitor_view view = acti_monitor_see(m);
    acti_export *watcher = acti_export_get(node, view.watcher);
    uint64_t id = watcher != NULL ? acti_slots_add(&node->monitors, m) : 0;
    *acti_monitor_tag(m) = id;
    if (id == 0) {
        acti_monitor_down(m, proxy->actor->name, ACTA_ENOMEM);
        return;
    }
    watcher->uses++;
    acti_frame frame = {.kind = ACTI_FRAME_MONITOR, .actor = proxy->id, .from = watcher->id, .id = id};
    acti_node_put(node, &frame);
}

static void say_demonitor(acti_proxy *proxy, acta_msg *m)
{
    acti_node *node = proxy->node;
    acti_monitor_view view = acti_monitor_see(m);
    uint64_t id = *acti_monitor_tag(view.monitor);
    if (acti_slots_get(&node->monitors, id) == view.monitor) {
        acti_export *watcher = acti_export_get(node, view.watcher); // there is one: this is a use of it
        acti_frame frame = {
            .kind = ACTI_FRAME_DEMONITOR, .actor = proxy->id, .from = watcher->id, .id = id};
        (void)acti_slots_remove(&node->monitors, id);
        acti_node_put(node, &frame);
        acti_export_settle(watcher, 1, 0, ACTA_OK);
        acti_monitor_down(view.monitor, proxy->actor->name, ACTA_OK); // swallowed: its watcher has cancelled it
    } // else its DOWN is on the way
    acti_monitor_drop(m);
}

static void say_eof(acti_proxy *proxy)
{
    (void)acti_au32_swap_acq_rel(&proxy->eof_queued, 0); // see last_sender
    if (acti_au32_load_acquire(&proxy->actor->senders) != 0 || proxy->held == 0)
        return;
    acti_frame frame = {.kind = ACTI_FRAME_RELEASE, .actor = proxy->id, .count = proxy->held};
    proxy->held = 0;
    acti_node_put(proxy->node, &frame);
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
    case ACTI_MSG_TICK:
    case ACTI_MSG_SOURCE:
    case ACTI_MSG_TIMEOUT:
    case ACTI_MSG_LINK_OVER:
    case ACTI_MSG_STOP:
    case ACTI_MSG_EVENT:
        break; // a proxy sets no timers, watches nothing, asks nothing, links with nobody and is not stopped
    }
    acti_assert(!"a message for a remote actor");
}

// ---- the end ---------------------------------------------------------------------------

// undeliverable disposes of what was still to be said.
static void undeliverable(acti_proxy *proxy, acta_msg *list, int status)
{
    acti_actor *actor = proxy->actor;
    while (list != NULL) {
        acta_msg *m = list;
        list = m->next;
        if (m->kind == ACTI_MSG_ASK) {
            acti_tally(actor->sys, ACTI_RETURNED, 1);
            acti_request_fail(m, status, actor->name, "its node went away before the request was sent");
        } else if (m->kind == ACTI_MSG_MONITOR) {
            acti_monitor_down(m, actor->name, status);
        } else if (m->kind == ACTI_MSG_DEMONITOR) {
            acti_monitor_drop(m);
        } else {
            m->next = NULL;
            acti_actor_drain(actor, m, status, ACTI_DROPPED_UNREACH);
        }
    }
}

void acti_proxies_end(acti_node *node, int status)
{
    while (!acti_list_empty(&node->proxies)) {
        acti_proxy *proxy = ACTI_CONTAINER_OF(node->proxies.next, acti_proxy, all);
        acti_watches_end(proxy);
        acta_msg *batch = proxy->actor->batch;
        proxy->actor->batch = NULL;
        proxy->actor->eof = status; // published by the close, for acti_monitor_give
        acta_msg *rest = acti_actor_close(proxy->actor);
        undeliverable(proxy, batch, status);
        undeliverable(proxy, rest, status);
        proxy->held = 0;
        forget(proxy);
    }
}
