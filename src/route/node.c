// SPDX-License-Identifier: MIT
//
// node.c - the session actor: how it begins, what comes to it, and its end.

#include "route/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/monitor.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/connection.h"
#include "route/handed.h"
#include "route/leave.h"
#include "route/meet.h"
#include "route/router.h"

static int handler(acta_self *self, void *arg, acta_msg *m);
static void unheard(acti_node *node, acta_msg *m);

// ---- the beginning ----------------------------------------------------------------------

static void freed(acti_actor *actor)
{
    acti_node *node = actor->arg;
    acti_session_fini(&node->session);
    acti_lock_fini(&node->proxies_lock);
    free(node);
    acti_actor_give_back(actor);
}

static const acti_actor_ops of_node = {.wake = acti_pool_ready, .freed = freed};

static void init_events(acti_node *node)
{
    node->start_event = acti_node_event_msg(ACTI_NODE_START);
    node->read_event = acti_node_event_msg(ACTI_NODE_READ);
    node->poll_event = acti_node_event_msg(ACTI_NODE_POLL);
    node->write_event = acti_node_event_msg(ACTI_NODE_WROTE);
    node->closed_event = acti_node_event_msg(ACTI_NODE_CLOSED);
    node->dialed_event = acti_node_event_msg(ACTI_NODE_DIALED);
    node->due_event = acti_node_event_msg(ACTI_NODE_DUE);
    node->unwanted_event = acti_node_event_msg(ACTI_NODE_UNWANTED);
    node->died_event = acti_node_event_msg(ACTI_NODE_DIED);
    node->leave_event = acti_node_event_msg(ACTI_NODE_LEAVE);
    node->force_event = acti_node_event_msg(ACTI_NODE_FORCE);
    node->made_event = acti_node_event_msg(ACTI_NODE_MADE);
    node->settled_event = acti_node_event_msg(ACTI_NODE_SETTLED);
}

static void init_tables(acti_node *node)
{
    node->queries.limit = ACTI_NODE_EXPORTS_MAX;
    node->loans.limit = ACTI_NODE_EXPORTS_MAX;
    node->asks.limit = ACTI_NODE_EXPORTS_MAX;
    node->monitors.limit = ACTI_NODE_EXPORTS_MAX;
    node->sweep_at = 64;
    node->exports_sweep_at = 64;
    acti_lock_init(&node->proxies_lock);
    acti_list_init(&node->made);
    acti_list_init(&node->proxies);
    acti_list_init(&node->waiting);
    acti_list_init(&node->slot_line);
    acti_list_init(&node->openings);
}

// init_session prepares the session anew; nothing of the one before, if there was one, is to be kept.
static int init_session(acti_node *node, uint64_t number)
{
    acti_hello us;
    acti_router_hello(node->router, &us);
    us.session = number;
    acti_session_fini(&node->session);
    return acti_session_init(&node->session, &us, ACTI_NODE_OUT_MAX + (size_t)us.payload_bytes_max);
}

void acti_node_renew(acti_node *node, uint64_t number)
{
    int status = init_session(node, number);
    acti_assert(status == ACTA_OK); // it was before, and needs no memory
}

acti_node *acti_node_new(acti_router *router, const acti_node_plan *plan)
{
    acti_node *node = calloc(1, sizeof(*node));
    acti_actor *actor = acti_actor_new(router->sys, NULL, 0);
    if (node == NULL || actor == NULL) {
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
    acti_au64_store_relaxed(&actor->inbox.word, ACTI_INBOX_EMPTY); // nobody else knows it; it runs once it has begun
    node->router = router;
    node->once = plan->once;
    node->agreed = plan->session != 0;
    node->chance = acti_random_seed();
    snprintf(node->url, sizeof(node->url), "%s", plan->url != NULL ? plan->url : "");
    if (plan->urls != NULL)
        acti_node_aim(node, plan->urls);
    node->caller = plan->url != NULL || node->url[0] != '\0';
    node->refs = acti_handed_refs(node);
    init_events(node);
    init_tables(node);
    node->alarm.fire = acti_node_fire;
    acti_node_init_dues(node);
    int status = init_session(node, plan->session);
    acti_assert(status == ACTA_OK); // what the router says of us is valid
    acti_au32_store_relaxed(&node->payload_max, node->session.us.payload_bytes_max);
    return node;
}

// drop_new frees a node that has not begun, and whatever was made for it.
static void drop_new(acti_node *node)
{
    node->settled = true;
    for (acta_msg *m = acti_actor_close(node->actor), *next; m != NULL; m = next) {
        next = m->next;
        unheard(node, m);
    }
    acti_proxies_end(node, ACTA_EGONE);
    acti_exports_end(node);
    acta_tx *tx = (acta_tx *)(void *)node->actor;
    acta_tx_drop(&tx);
    acti_actor_unref(node->actor); // the one for as long as it has not ended; the caller has another
}

acti_node *acti_node_begin(acti_node *node, const acti_node_plan *plan, uint64_t peer)
{
    acti_actor_ref(node->actor); // the caller's
    node->listener = plan->listener;
    node->stranger = plan->link != NULL;
    if (plan->opening != NULL) {
        acti_list_push(&node->openings, &plan->opening->link);
        node->own_opening = true;
    }
    if (plan->link != NULL)
        acti_node_own(node, plan->link);
    if (plan->limit_ns != 0)
        acti_node_limit(node, plan->limit_ns);
    acti_node *other = NULL;
    if (acti_router_enter(node->router, node, peer, &other)) {
        (void)acti_actor_push(node->actor, &node->start_event);
        acti_pool_ready(node->actor);
        return node;
    }
    if (plan->opening != NULL)
        acti_list_remove(&plan->opening->link); // still the caller's
    if (plan->link != NULL)
        acti_link_close(acti_node_disown(node));
    if (plan->listener != NULL)
        acti_listener_unref(plan->listener);
    drop_new(node);
    acti_actor_unref(node->actor);
    return other;
}

static void on_start(acti_node *node)
{
    if (node->line == ACTI_LINE_LINKED) {
        if (acti_session_answer(&node->session) != ACTA_OK) {
            acti_node_end(node, ACTA_ENOMEM);
            return;
        }
        acti_node_due(node, ACTI_DUE_LATE, ACTI_NODE_HANDSHAKE_NS);
        acti_node_read_more(node);
    } else if (node->caller) {
        acti_node_call(node);
    }
}

// ---- the end ----------------------------------------------------------------------------

const char *acti_node_shown(const acti_node *node)
{
    return node->session.peer.name[0] != '\0' ? node->session.peer.name : "(not introduced)";
}

// decline tells a peer that has called, and with whom no session has come to be, that there will be none. A call of our
// own is just ended: another of our nodes may have confirmed that very session.
static void decline(acti_node *node, int status)
{
    if (node->caller || node->line != ACTI_LINE_LINKED || node->session.state != ACTI_SESSION_NEW)
        return;
    if (status == ACTA_ESTOPPED && node->leaving)
        acti_session_refuse(&node->session, ACTA_EUNREACH, "the node is being closed: connect again when it is back");
    else
        acti_session_refuse(&node->session, status, "the connection is not wanted any more");
}

void acti_node_end(acti_node *node, int status)
{
    if (node->why != ACTA_OK)
        return;
    decline(node, status);
    node->why = status;
    acti_au32_store_release(&node->status, (uint32_t)-status); // for acta_node_status
    acti_node_answer(node);
    if (node->listener != NULL)
        acti_listener_unref(node->listener);
    node->listener = NULL;
    acti_node_init_dues(node);
    acti_node_due(node, ACTI_DUE_LINGER, ACTI_NODE_LINGER_NS);
    acti_node_drop_dial(node);
}

void acti_node_break(acti_node *node, int status, const char *cause)
{
    if (node->why != ACTA_OK)
        return;
    acti_session_refuse(&node->session, status, cause);
    acti_node_complain(node, cause);
    acti_node_end(node, status);
}

void acti_node_complain(acti_node *node, const char *cause)
{
    static const char broken[] = "the session with node %s at %s is broken: %s";
    if (node->listener != NULL)
        acti_listener_complain(node->listener, broken, acti_node_shown(node), node->url, cause);
    else
        acti_report(node->actor->sys, broken, acti_node_shown(node), node->url, cause);
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

// on_force tells the peer if that can be done at once, and waits for nothing.
static void on_force(acti_node *node)
{
    acti_session_refuse(&node->session, ACTA_ECRASHED, "the node was closed by force");
    acti_node_end(node, ACTA_ESTOPPED);
    acti_node_flush(node);
    node->hurry = true;
}

void acti_node_died(acti_node *node, int status, const char *cause)
{
    if (acti_au32_or_relaxed(&node->ended, 1) != 0) // it only decides who pushes
        return;
    node->ended_with = status;
    snprintf(node->cause, sizeof(node->cause), "%s", cause);
    (void)acti_actor_push(node->actor, &node->died_event); // refused: it has ended
}

// on_died: while there is a connection, its end will be read, behind what the process has still sent.
static void on_died(acti_node *node)
{
    node->death = node->ended_with;
    if (node->line != ACTI_LINE_LINKED)
        acti_node_end(node, node->death);
}

int acti_node_gone(const acti_node *node)
{
    int status = -(int)acti_au32_load_acquire(&node->status); // pairs with the release in acti_node_end
    return status == ACTA_ESTOPPED ? ACTA_EUNREACH : status;
}

// settle deals with whatever the peer held or owed, once the session is over.
static void settle(acti_node *node)
{
    node->settled = true;
    int status = acti_node_gone(node);
    acti_exports_deliver(node);
    acti_queries_end(node, status);
    acti_proxies_admit(node);
    for (acti_list *link = node->proxies.next; link != &node->proxies; link = link->next)
        acti_root_over(ACTI_CONTAINER_OF(link, acti_proxy, all), status);
    uint32_t at = 0;
    acta_promise *promise;
    while ((promise = acti_slots_next(&node->asks, &at)) != NULL)
        (void)acti_promise_fail(promise, status, "nobody", "its node went away before it answered");
    at = 0;
    acta_msg *m;
    while ((m = acti_slots_next(&node->monitors, &at)) != NULL)
        acti_proxy_lost(node, m, status);
    // After a goodbye, also of the peer's alone, nothing that was lent can have been lost.
    acti_loans_end(node, node->session.state == ACTI_SESSION_LEFT ? ACTA_ESTOPPED : ACTA_ECRASHED);
    acti_proxies_end(node, status);
    acti_exports_end(node);
    acti_slots_fini(&node->asks);
    acti_slots_fini(&node->monitors);
    acti_types_fini(&node->types);
    acti_router_over(node->router, node);
}

// unheard gives what nobody will take out of the inbox any more back to those who wait for it.
static void unheard(acti_node *node, acta_msg *m)
{
    if (m->kind == ACTI_MSG_ASK) {
        acti_find_unheard(node, m);
        return;
    }
    switch ((acti_node_event)m->size) {
    case ACTI_NODE_FIND:
        acti_find_fail(node, ACTI_CONTAINER_OF(m, acti_find, event), acti_node_gone(node));
        break;
    case ACTI_NODE_READY:
        acti_proxy_ready(ACTI_CONTAINER_OF(m, acti_proxy, ready_event));
        break;
    case ACTI_NODE_CREDIT:
        acti_export_unheard(ACTI_CONTAINER_OF(m, acti_export, credit_event));
        break;
    case ACTI_NODE_ROOM:
        acti_export_unheard(ACTI_CONTAINER_OF(m, acti_export, room_event));
        break;
    case ACTI_NODE_GIVEN:
        acti_given_drop(ACTI_CONTAINER_OF(m, acti_given, event));
        break;
    case ACTI_NODE_TAKEN:
        acti_claim_unheard(ACTI_CONTAINER_OF(m, acti_claim, event));
        break;
    case ACTI_NODE_UNBOUND:
        acti_watch_unbound(m);
        break;
    default:
        break; // about the node itself
    }
}

// fini ends the actor.
static void fini(acti_node *node)
{
    acti_actor *actor = node->actor;
    acti_node_unarm(node);
    acta_msg *lists[2] = {actor->batch, acti_actor_close(actor)};
    actor->batch = NULL;
    for (int i = 0; i < 2; i++) {
        for (acta_msg *m = lists[i], *next; m != NULL; m = next) {
            next = m->next;
            unheard(node, m);
        }
    }
    acti_router_leave(node->router, node);
    acti_leave_rests(node, true); // behind the lock under which it was said to be restless, if it was
    acta_tx *tx = (acta_tx *)(void *)actor; // the one it was made with
    acta_tx_drop(&tx);
}

// ---- what comes to it -------------------------------------------------------------------------

// take_own takes what is about the node itself.
static void take_own(acti_node *node, acti_node_event what)
{
    switch (what) {
    case ACTI_NODE_START:
        on_start(node);
        break;
    case ACTI_NODE_READ:
        acti_node_on_read(node);
        break;
    case ACTI_NODE_POLL:
        acti_node_on_poll(node);
        break;
    case ACTI_NODE_WROTE:
        acti_node_on_wrote(node);
        break;
    case ACTI_NODE_CLOSED:
        acti_node_on_closed(node);
        break;
    case ACTI_NODE_DIALED:
        acti_node_on_dialed(node);
        break;
    case ACTI_NODE_DUE:
        acti_node_on_due(node);
        break;
    case ACTI_NODE_UNWANTED:
        acti_node_unwanted(node);
        break;
    case ACTI_NODE_DIED:
        on_died(node);
        break;
    case ACTI_NODE_LEAVE:
        node->leaving = true;
        break;
    case ACTI_NODE_MADE:
        acti_proxies_made(node);
        break;
    case ACTI_NODE_SETTLED:
        (void)acti_au32_swap_acq_rel(&node->settled_told, 0);
        break;
    case ACTI_NODE_FORCE:
        on_force(node);
        break;
    default:
        break;
    }
}

static void take(acti_node *node, acta_msg *m)
{
    if (m->kind == ACTI_MSG_ASK) {
        acti_find_request(node, m);
        return;
    }
    switch ((acti_node_event)m->size) {
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
    case ACTI_NODE_GIVEN:
        acti_node_given(node, ACTI_CONTAINER_OF(m, acti_given, event));
        break;
    case ACTI_NODE_TAKEN:
        acti_claim_taken(node, ACTI_CONTAINER_OF(m, acti_claim, event));
        break;
    case ACTI_NODE_UNBOUND:
        acti_watch_unbound(m);
        break;
    default:
        take_own(node, (acti_node_event)m->size);
        break;
    }
}

// may_wait: whether what there is to write may wait for the next event, which is in the inbox already and may have more
// to be written with it. What is worth a write of its own does not wait, and nothing waits for many events.
static bool may_wait(acti_node *node)
{
    const acti_actor *actor = node->actor;
    bool follows = actor->batch != NULL || acti_inbox_has_mail(&actor->inbox);
    if (!follows || node->why != ACTA_OK || node->unflushed == ACTI_NODE_UNFLUSHED_MAX ||
        acti_session_waiting(&node->session) >= ACTI_NODE_WRITE_ENOUGH)
        return false;
    node->unflushed++;
    return true;
}

static int handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    acti_node *node = arg;
    acti_assert(m != NULL && (m->kind == ACTI_MSG_EVENT || m->kind == ACTI_MSG_ASK)); // its one sender is kept
    take(node, m);
    if (node->proxy_count >= node->sweep_at)
        acti_proxies_sweep(node);
    acti_node_consider(node);
    if (!may_wait(node))
        acti_node_flush(node);
    if (node->why != ACTA_OK && !node->settled)
        settle(node);
    if (node->why != ACTA_OK && node->line == ACTI_LINE_NONE) {
        fini(node);
        return ACTA_DONE;
    }
    acti_node_arm(node);
    return ACTA_OK;
}

// ---- the public handle -----------------------------------------------------------------------

int acta_node_status(const acta_node *handle)
{
    const acti_node *node = (const acti_node *)(const void *)handle;
    return -(int)acti_au32_load_acquire(&node->status);
}

uint64_t acta_node_id(const acta_node *handle)
{
    const acti_node *node = (const acti_node *)(const void *)handle;
    return acti_au64_load_acquire(&node->peer);
}

// The name is fixed when the handle is made: before that nobody has it.
const char *acta_node_name(const acta_node *handle)
{
    return ((const acti_node *)(const void *)handle)->peer_name;
}

void acta_node_drop(acta_node **handle)
{
    if (*handle == NULL)
        return;
    acti_node *node = acti_node_of(*handle);
    *handle = NULL;
    acti_actor_unref(node->actor);
}
