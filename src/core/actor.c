// SPDX-License-Identifier: MIT
//
// actor.c - counting senders and references, and the end of an actor.

#include "core/actor.h"

#include "base/pool.h"
#include "core/ask.h"
#include "core/carrier.h"
#include "core/link.h"
#include "core/monitor.h"
#include "core/names.h"
#include "core/outbox.h"
#include "core/pause.h"
#include "core/pending.h"
#include "core/promise.h"
#include "core/source.h"
#include "core/system.h"
#include "core/timer.h"

void acti_actor_init(acti_actor *actor, acta_system *sys, const char *name)
{
    acti_au64_store_relaxed(&actor->inbox.word, ACTI_INBOX_PARKED); // published by whoever hands the actor out
    acti_au32_store_relaxed(&actor->senders, 1);
    acti_au32_store_relaxed(&actor->refs, 2);
    actor->sys = sys;
    acti_inbox_limit(&actor->inbox, ACTA_CAPACITY_DEFAULT);
    actor->message_bytes_max = sys->opts.message_bytes_max;
    actor->id = acti_au64_add_relaxed(&sys->last_id, 1) + 1;
    acti_list_init(&actor->owed);
    acti_list_init(&actor->waiters);
    acti_list_init(&actor->watchers);
    actor->end_msg.flags = ACTI_MSG_EMBEDDED;
    actor->name = name;
}

// ---- references -------------------------------------------------------------------

void acti_actor_unref(acti_actor *actor)
{
    // Releases what this holder did with the actor, and acquires what the others did: the memory is reused.
    if (acti_au32_sub_acq_rel(&actor->refs, 1) != 1)
        return;
    if (actor->ops->freed != NULL)
        actor->ops->freed(actor);
    else
        acti_actor_give_back(actor);
}

void acti_actor_give_back(acti_actor *actor)
{
    acti_pool_free(actor, (uint32_t)actor->room * 64);
}

acta_addr *acta_tx_addr(acta_tx *tx)
{
    return acti_addr_of(acti_actor_of_tx(tx));
}

acta_addr *acta_addr_dup(acta_addr *addr)
{
    acti_actor_ref(acti_actor_of_addr(addr));
    return addr;
}

void acta_addr_drop(acta_addr **addr)
{
    if (*addr == NULL)
        return;
    acti_actor *actor = acti_actor_of_addr(*addr);
    *addr = NULL;
    acti_actor_unref(actor);
}

// ---- carried ------------------------------------------------------------------------

// gone is said of an actor that has ended; whoever asked has learnt that.
static int gone(acti_actor *actor)
{
    if (actor->carried && acti_here.sys == actor->sys) // else its system may have gone, too
        acti_carrier_touched(actor->sys->carrier, actor, false);
    return acti_actor_refused(actor);
}

int acti_actor_carry(acti_actor *actor, acta_msg *m, acti_push how)
{
    if (acti_inbox_is_routed(&actor->inbox))
        return gone(actor);
    acti_carrier *carrier = actor->sys->carrier;
    return carrier->carry(carrier, actor, m, how);
}

void acti_actor_shown(acti_actor *actor, acta_msg *m)
{
    acti_carrier *carrier = actor->sys->carrier;
    carrier->given(carrier, actor, m);
}

// One for all systems, because a sender may be released when its system has been closed. Rank 84. Who finds under it
// that an actor has not ended may look at its system, because an actor that ends takes it, too, before it leaves.
static acti_lock let_go_lock = ACTI_LOCK_INIT;

void acti_actor_let_go(acti_actor *actor)
{
    acti_lock_take(&let_go_lock);
    // Relaxed: the end takes the lock after it has set the flag.
    if ((acti_au32_load_relaxed(&actor->flags) & ACTI_ACTOR_ENDED) == 0) {
        acti_carrier *carrier = actor->sys->carrier;
        if (carrier->dropped != NULL)
            carrier->dropped(carrier, actor);
    }
    acti_lock_give(&let_go_lock);
}

// leave_carrier comes when the actor is marked as ended.
static void leave_carrier(acti_actor *actor, int reason)
{
    acti_lock_take(&let_go_lock);
    acti_lock_give(&let_go_lock);
    acti_carrier *carrier = actor->sys->carrier;
    carrier->left(carrier, actor, reason);
}

// ---- the end --------------------------------------------------------------------------

acta_msg *acti_actor_close(acti_actor *actor)
{
    bool attend;
    actor->late = NULL; // it is in no run queue any more; published by the route
    acta_msg *list = acti_inbox_route(&actor->inbox, &attend);
    if (attend || actor->waited)
        acti_pause_end(actor);
    return list;
}

void acti_actor_end(acti_actor *actor, int reason)
{
    // Who was told to end has ended for that, whatever its code returned. Relaxed: the word is all there is to see.
    uint32_t forced = acti_au32_load_relaxed(&actor->forced);
    if (forced != 0)
        reason = (int32_t)forced;
    // First, while nothing can be refused yet: whoever fires an alarm or sends a DOWN frees its record when this inbox
    // does not take it, and these records must not go before the table does.
    acti_list links;
    acti_list_init(&links);
    acti_pending_end(actor, &links);
    acta_msg *list = actor->batch;
    acta_msg *rest = acti_actor_close(actor);
    actor->batch = NULL;
    actor->ended_inbox = true;
    acti_actor_drain(actor, list, ACTA_EGONE, ACTI_DROPPED_GONE);
    acti_actor_drain(actor, rest, ACTA_EGONE, ACTI_DROPPED_GONE);

    acti_promise_end(actor);
    // With the same operation in acta_publish, which says why relaxed is enough.
    if (acti_au32_or_relaxed(&actor->flags, ACTI_ACTOR_ENDED) & ACTI_ACTOR_NAMED)
        acti_names_forget(&actor->sys->names, actor);
    if (actor->arg_free != NULL)
        actor->arg_free(actor->arg);
    if (actor->carried)
        leave_carrier(actor, reason);
    acti_monitor_end(actor, reason);
    acti_link_end(&links, reason);
    acti_system_leave(actor);
    acti_actor_unref(actor);
}

acta_body *acti_actor_body(acti_actor *actor)
{
    acta_body *body = actor->run.body;
    acti_aptr_store_relaxed(&actor->run.waits, NULL); // published by the first time that it parks
    return body;
}

static void drain_one(acti_actor *actor, acta_msg *m, int status, int dropped_as)
{
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_SEND:
        acti_tally(actor->sys, (acti_counter)dropped_as, 1);
        acti_msg_release(m);
        break;
    case ACTI_MSG_ASK:
        acti_tally(actor->sys, ACTI_RETURNED, 1);
        acti_request_fail(m, status, actor->name, "it ended before it came to the request");
        break;
    case ACTI_MSG_REPLY:
        acti_tally(actor->sys, ACTI_DROPPED_LATE, 1);
        acti_msg_release(m);
        break;
    case ACTI_MSG_TICK:
        acti_tally(actor->sys, ACTI_DROPPED_CANCEL, 1);
        acti_timer_drop(m);
        break;
    case ACTI_MSG_DOWN:
        acti_tally(actor->sys, ACTI_DROPPED_CANCEL, 1);
        acti_monitor_drop(m);
        break;
    case ACTI_MSG_SOURCE:
        acti_tally(actor->sys, ACTI_DROPPED_CANCEL, 1);
        acti_source_drop(m);
        break;
    case ACTI_MSG_LINK_OVER:
        acti_monitor_drop(m);
        break;
    case ACTI_MSG_TIMEOUT:
        acti_ask_free_timeout(m);
        break;
    case ACTI_MSG_MONITOR:
    case ACTI_MSG_DEMONITOR:
        acti_monitor_request(actor, m);
        break;
    case ACTI_MSG_STOP:
        acti_stop_free(m);
        break;
    case ACTI_MSG_EOF:
    case ACTI_MSG_EVENT:
        break;
    }
}

void acti_actor_drain(acti_actor *actor, acta_msg *list, int status, int dropped_as)
{
    while (list != NULL) {
        acta_msg *next = list->next;
        drain_one(actor, list, status, dropped_as);
        list = next;
    }
}

// stop_behind stops an actor once all that the running one has sent before has gone out.
static int stop_behind(acti_actor *self, acti_actor *actor)
{
    acta_msg *m = acti_msg_new(ACTI_MSG_STOP, NULL, 0, true);
    if (m == NULL)
        return ACTA_ENOMEM;
    int status = acti_outbox_put(self, actor, m);
    if (status != ACTA_OK)
        acti_msg_release(m);
    return status;
}

int acta_stop(acta_addr *who)
{
    acti_actor *actor = acti_actor_of_addr(who);
    if (acti_here.actor != NULL && acti_here.actor->outbox != NULL)
        return stop_behind(acti_here.actor, actor);
    int status = acti_actor_push_end(actor, ACTI_MSG_STOP);
    return status == ACTA_EGONE ? gone(actor) : status;
}

int acti_actor_push_end(acti_actor *actor, acti_msg_kind kind)
{
    // Relaxed: it only decides who pushes; the push publishes.
    if (acti_au32_or_relaxed(&actor->flags, ACTI_ACTOR_LAST) & ACTI_ACTOR_LAST)
        return acti_inbox_is_routed(&actor->inbox) ? acti_actor_refused(actor) : ACTA_OK;
    actor->end_msg.kind = (uint8_t)kind;
    return acti_actor_push(actor, &actor->end_msg);
}

void acti_actor_force(acti_actor *actor, int reason)
{
    if (actor->carried)
        acti_carrier_touched(actor->sys->carrier, actor, true);
    uint32_t none = 0;
    // Relaxed: the kick publishes it, which wakes the actor from whatever it waits for. The weak compare-and-swap may
    // fail for nothing.
    while (!acti_au32_cas_relaxed(&actor->forced, &none, (uint32_t)reason) && none == 0)
        continue;
    if (actor->ops->force != NULL) {
        actor->ops->force(actor);
        return;
    }
    // Refused, it has ended, maybe for this.
    (void)acti_actor_pushed(actor, acti_inbox_attend(&actor->inbox, ACTI_INBOX_PARKED | ACTI_INBOX_PAUSED));
}

int acta_kill(acta_addr *who)
{
    acti_actor *actor = acti_actor_of_addr(who);
    if (acti_inbox_is_routed(&actor->inbox))
        return gone(actor);
    acti_actor_force(actor, ACTA_EKILLED);
    return ACTA_OK;
}

void acti_stop_free(acta_msg *m)
{
    if ((m->flags & ACTI_MSG_EMBEDDED) == 0)
        acti_msg_release(m);
}
