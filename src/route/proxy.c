// SPDX-License-Identifier: MIT
//
// proxy.c - stand-ins for the peer's actors: ordinary inboxes that the node empties into frames (say.c).
//
// A proxy is made in the node's turn when a frame names an actor of the peer, or in any other when a message from a
// third node does. So the table of proxies has a lock, and who is not in the node's turn takes a reference to what it
// finds. All else of a proxy belongs to the node's turns, but for its inbox, its counts and eof_queued. The list of
// all is the node's own too: what others have made waits in `made` until the node admits it.
//
// The senders of a proxy may come back from zero, by a message, a claim, or when the peer is asked for the name once
// more, so its EOF is not the end: it is a message in the inbox, behind everything sent before, that makes the node
// give its holds back if there is still no sender then. eof_queued keeps it from being pushed twice. Senders that came
// and went while it was queued may have sent what is behind it: then it goes to the end once more. That this is seen
// is sure, because whoever sees that the last sender is gone sees what went through it.

#include "core/link.h"
#include "core/monitor.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/handed.h"
#include "route/node.h"
#include "route/pieces.h"
#include "route/router.h"

// ---- life -------------------------------------------------------------------------

static void wake(acti_actor *actor)
{
    acti_proxy *proxy = acti_proxy_of(actor);
    acti_actor_ref(actor); // the event's: the node may forget the proxy before it takes the event
    // Refused when the node has ended: it has emptied the inbox then.
    if (acti_actor_push(proxy->node->actor, &proxy->ready_event) != ACTA_OK)
        acti_actor_unref(actor);
}

// queue_eof puts the EOF behind all that is in the inbox, unless it is there.
static void queue_eof(acti_actor *actor)
{
    // Acquire and release with the swap in acti_proxy_is_left: either that sees our count of zero, or we see that the
    // EOF has been taken out and push it again.
    if (acti_au32_swap_acq_rel(&acti_proxy_of(actor)->eof_queued, 1) == 0)
        (void)acti_actor_push(actor, &acti_proxy_of(actor)->eof_msg); // refused: the node is down, and holds nothing
}

static void last_sender(acti_actor *actor)
{
    queue_eof(actor);
    acti_actor_unref(actor);
}

static int claim(acti_actor *actor)
{
    // Always, whoever has others: their claims may not be in the inbox yet, and this one is ahead of what is sent next.
    return acti_claim_sender(acti_proxy_of(actor), NULL, 0);
}

static void freed(acti_actor *actor)
{
    acti_node *node = acti_proxy_of(actor)->node;
    acti_maker *maker = acti_proxy_of(actor)->maker;
    acti_actor_give_back(actor);
    if (maker != NULL)
        maker->forgotten(maker);
    acti_actor_unref(node->actor);
}

static const acti_actor_ops of_proxy = {
    .wake = wake, .last_sender = last_sender, .claim = claim, .freed = freed, .unbind = acti_watch_unbind};

static void force(acti_actor *actor)
{
    acti_maker *maker = acti_proxy_of(actor)->maker;
    maker->force(maker);
}

// Of an actor of this system nobody has a sender once the last one is gone.
static const acti_actor_ops of_root = {
    .wake = wake, .last_sender = last_sender, .freed = freed, .force = force, .unbind = acti_watch_unbind};

static uint32_t message_max(const acti_node *node)
{
    uint64_t packed = acti_au32_load_relaxed(&node->payload_max); // the number is all there is to it
    uint64_t limit = packed / 9 * 8; // what a message grows by when it is packed
    limit = limit > 4096 ? limit - 2048 : limit / 2;
    uint32_t ours = node->actor->sys->opts.message_bytes_max;
    return limit < ours ? (uint32_t)limit : ours;
}

// make gives a proxy with one reference, the node's, and no sender; not in the table. NULL without memory.
static acti_proxy *make(acti_node *node, uint64_t id, const char *name)
{
    acti_actor *actor = acti_actor_new(node->actor->sys, name, sizeof(acti_proxy));
    if (actor == NULL)
        return NULL;
    acti_proxy *proxy = acti_proxy_of(actor);
    proxy->actor = actor;
    proxy->node = node;
    proxy->id = id;
    proxy->capacity = ACTA_CAPACITY_DEFAULT;
    acti_au32_store_relaxed(&actor->senders, 0); // nobody else knows it
    acti_au32_store_relaxed(&actor->refs, 1);
    actor->place = ACTI_PLACE_PROXY;
    actor->internal = 1;
    actor->ops = &of_proxy;
    proxy->eof_msg = (acta_msg){.kind = ACTI_MSG_EOF, .flags = ACTI_MSG_EMBEDDED};
    actor->message_bytes_max = message_max(node);
    proxy->ready_event = acti_node_event_msg(ACTI_NODE_READY);
    acti_list_init(&proxy->watches);
    acti_actor_ref(node->actor);
    return proxy;
}

void acti_proxy_root(acti_proxy *proxy, acti_maker *maker)
{
    proxy->maker = maker;
    proxy->actor->ops = &of_root;
}

// ---- the table ----------------------------------------------------------------------

// look_up gives the proxy of that number, or NULL. With the lock.
static acti_proxy *look_up(acti_node *node, uint64_t id)
{
    acti_table_link *link = acti_table_find(&node->proxies_by_id, id);
    return link != NULL ? ACTI_CONTAINER_OF(link, acti_proxy, by_id) : NULL;
}

// enter puts a new proxy into the table, or gives the one that somebody else has put there meanwhile, with a reference;
// or NULL. *tell: the node is to be told that there is something to admit.
static acti_proxy *enter(acti_node *node, acti_proxy *proxy, bool *tell)
{
    acti_lock_take(&node->proxies_lock);
    acti_proxy *found = look_up(node, proxy->id);
    *tell = false;
    if (found == NULL && !node->proxies_over && acti_table_put(&node->proxies_by_id, proxy->id, &proxy->by_id)) {
        acti_list_push(&node->made, &proxy->all);
        *tell = !node->made_told;
        node->made_told = true;
        found = proxy;
    }
    if (found != NULL)
        acti_actor_ref(found->actor);
    acti_lock_give(&node->proxies_lock);
    return found;
}

acti_proxy *acti_proxy_find(acti_node *node, uint64_t id)
{
    acti_lock_take(&node->proxies_lock);
    acti_proxy *found = look_up(node, id);
    acti_lock_give(&node->proxies_lock);
    return found;
}

acti_proxy *acti_proxy_reach(acti_node *node, uint64_t id, const char *name)
{
    acti_lock_take(&node->proxies_lock);
    acti_proxy *found = look_up(node, id);
    if (found != NULL)
        acti_actor_ref(found->actor);
    acti_lock_give(&node->proxies_lock);
    if (found != NULL)
        return found;
    acti_proxy *made = make(node, id, name);
    if (made == NULL)
        return NULL;
    bool tell;
    found = enter(node, made, &tell);
    if (found != made)
        acti_actor_unref(made->actor);
    else if (tell)
        (void)acti_actor_push(node->actor, &node->made_event); // refused: it has just ended
    return found;
}

acti_proxy *acti_proxy_get(acti_node *node, uint64_t id, const char *name)
{
    acti_proxy *proxy = acti_proxy_find(node, id);
    if (proxy != NULL)
        return proxy;
    proxy = acti_proxy_reach(node, id, name);
    if (proxy != NULL)
        acti_actor_unref(proxy->actor); // the node has one, and nobody else takes that away
    return proxy;
}

// give_credit gives a proxy what the peer allows at the beginning.
static void give_credit(acti_proxy *proxy)
{
    const acti_session *session = &proxy->node->session;
    proxy->credit_messages = session->peer.credit_messages;
    proxy->credit_bytes = session->peer.credit_bytes;
}

void acti_proxies_admit(acti_node *node)
{
    acti_list made;
    acti_list_init(&made);
    acti_lock_take(&node->proxies_lock);
    acti_list_join(&made, &node->made);
    acti_lock_give(&node->proxies_lock);
    acti_list *link;
    while ((link = acti_list_pop(&made)) != NULL) {
        acti_proxy *proxy = ACTI_CONTAINER_OF(link, acti_proxy, all);
        acti_list_push(&node->proxies, link);
        node->proxy_count++;
        proxy->admitted = true;
        if (node->open)
            give_credit(proxy);
    }
}

void acti_proxies_made(acti_node *node)
{
    acti_lock_take(&node->proxies_lock);
    node->made_told = false;
    acti_lock_give(&node->proxies_lock);
    acti_proxies_admit(node);
}

void acti_proxies_open(acti_node *node)
{
    acti_au32_store_relaxed(&node->payload_max, node->session.peer.payload_bytes_max);
    acti_proxies_admit(node);
    for (acti_list *link = node->proxies.next, *next; link != &node->proxies; link = next) {
        next = link->next;
        acti_proxy *proxy = ACTI_CONTAINER_OF(link, acti_proxy, all);
        give_credit(proxy);
        if (proxy->stalled && acti_inbox_unpark(&proxy->actor->inbox))
            acti_proxy_run(proxy);
    }
}

// forget takes a proxy out of everything. Who is not in the node's turn may have found it before.
static void forget(acti_proxy *proxy)
{
    acti_list_remove(&proxy->all);
    if (acti_list_linked(&proxy->waiting))
        acti_list_remove(&proxy->waiting);
    proxy->node->proxy_count--;
    acti_actor_unref(proxy->actor);
}

static bool quiet(const acti_proxy *proxy)
{
    // The park was our own; what matters is that no push came after.
    return proxy->over || (proxy->actor->batch == NULL && acti_inbox_is_parked(&proxy->actor->inbox));
}

bool acti_proxies_quiet(acti_node *node)
{
    acti_proxies_admit(node);
    for (acti_list *link = node->proxies.next; link != &node->proxies; link = link->next)
        if (!quiet(ACTI_CONTAINER_OF(link, acti_proxy, all)))
            return false;
    return true;
}

// take_out takes a proxy out of the table if nobody but the node refers to it, so that nobody can find it either.
static bool take_out(acti_proxy *proxy)
{
    acti_node *node = proxy->node;
    acti_lock_take(&node->proxies_lock);
    bool alone = acti_au32_load_acquire(&proxy->actor->refs) == 1 && quiet(proxy);
    if (alone)
        (void)acti_table_take(&node->proxies_by_id, proxy->id);
    acti_lock_give(&node->proxies_lock);
    return alone;
}

void acti_proxies_sweep(acti_node *node)
{
    for (acti_list *link = node->proxies.next, *next; link != &node->proxies; link = next) {
        next = link->next;
        acti_proxy *proxy = ACTI_CONTAINER_OF(link, acti_proxy, all);
        bool needed = proxy->maker != NULL && !proxy->over;
        if (!needed && proxy->taker.held == 0 && acti_list_empty(&proxy->watches) && take_out(proxy))
            forget(proxy);
    }
    node->sweep_at = node->proxy_count * 2 + 64;
}

// ---- senders ------------------------------------------------------------------------

void acti_proxy_count(acti_proxy *proxy)
{
    // From zero too: the caller has a reference of its own.
    if (acti_au32_add_relaxed(&proxy->actor->senders, 1) == 0)
        acti_actor_ref(proxy->actor);
}

bool acti_proxy_given(acti_proxy *proxy)
{
    if (!acti_taker_given(&proxy->taker))
        return false;
    acti_proxy_count(proxy);
    return true;
}

acta_tx *acti_proxy_hold(acti_proxy *proxy, const char *where)
{
    return acti_proxy_given(proxy) ? acti_tx_new(proxy->actor, NULL, where) : NULL;
}

bool acti_proxy_is_left(acti_proxy *proxy)
{
    acti_actor *actor = proxy->actor;
    (void)acti_au32_swap_acq_rel(&proxy->eof_queued, 0); // see queue_eof
    // Acquires what the last dropper released: what has been sent is in the inbox by now.
    if (acti_au32_load_acquire(&actor->senders) != 0)
        return false;
    acti_proxy_take_more(proxy);
    if (actor->batch == NULL)
        return true;
    queue_eof(actor);
    return false;
}

// ---- the end ---------------------------------------------------------------------------

void acti_proxy_lost(acti_node *node, acta_msg *monitor, int status)
{
    acti_monitor *record = acti_monitor_of(monitor);
    if (acti_link_is(record))
        acti_link_over(record, status);
    else
        acti_monitor_down_for(monitor, acti_monitor_see(monitor).watched->name, status, acti_node_cause(node));
}

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
            acti_proxy_lost(proxy->node, m, status);
        } else if (m->kind == ACTI_MSG_DEMONITOR) {
            acti_monitor_drop(m);
        } else if (m->kind == ACTI_MSG_EVENT) {
            acti_claim_over(ACTI_CONTAINER_OF(m, acti_claim, event), status);
        } else {
            m->next = NULL;
            acti_actor_drain(actor, m, status, ACTI_DROPPED_UNREACH);
        }
    }
}

void acti_proxy_close(acti_proxy *proxy, int status)
{
    acta_msg *batch = proxy->actor->batch;
    proxy->actor->batch = NULL;
    proxy->actor->eof = status; // published by the close, for acti_monitor_give
    acta_msg *rest = acti_actor_close(proxy->actor);
    acti_pieces_drop(proxy);
    undeliverable(proxy, batch, status);
    undeliverable(proxy, rest, status);
    proxy->taker = (acti_taker){0};
    proxy->stalled = false;
    if (acti_list_linked(&proxy->waiting))
        acti_list_remove(&proxy->waiting);
}

// end_one closes a proxy. It stays in the table until all are closed.
static void end_one(acti_proxy *proxy, int status)
{
    acti_watches_end(proxy, status);
    acti_proxy_close(proxy, status);
    acti_monitor_end(proxy->actor, status); // the links of a root
    forget(proxy);
}

void acti_proxies_end(acti_node *node, int status)
{
    acti_lock_take(&node->proxies_lock);
    node->proxies_over = true;
    acti_table_fini(&node->proxies_by_id);
    acti_lock_give(&node->proxies_lock);
    acti_proxies_admit(node);
    while (!acti_list_empty(&node->proxies))
        end_one(ACTI_CONTAINER_OF(node->proxies.next, acti_proxy, all), status);
}
