// SPDX-License-Identifier: MIT
//
// turn.c - taking messages in order, for handlers, for bodies on the pool and for bodies on their own threads.

#include "core/turn.h"

#include "core/ask.h"
#include "core/link.h"
#include "core/monitor.h"
#include "core/outbox.h"
#include "core/pause.h"
#include "core/promise.h"
#include "core/source.h"
#include "core/system.h"
#include "core/thread.h"
#include "core/timer.h"

static acta_msg *admit(acti_actor *actor, acta_msg *m);
static acti_turn end(acti_actor *actor, int reason);
static bool killed(acti_actor *actor);
static acti_turn turn_of_handler(acti_actor *actor);
static acti_turn turn_of_body(acti_actor *actor);

acti_turn acti_turn_run(acti_actor *actor)
{
    acti_here.actor = actor;
    acti_here.sends = 0;
    acti_here.spent = false;
    acti_turn how = ACTI_TURN_PARKED;
    if (actor->ending)
        how = end(actor, actor->eof);
    else if (actor->is_body)
        how = turn_of_body(actor);
    else if (actor->outbox == NULL || acti_outbox_flush(actor, false) == ACTI_FLUSHED)
        how = turn_of_handler(actor);
    acti_here.actor = NULL;
    return how;
}

// end ends the actor, now or once what it has sent last has gone out.
static acti_turn end(acti_actor *actor, int reason)
{
    acti_glance_over(acti_here.glance);
    actor->ending = true;
    actor->eof = reason;
    if (acti_outbox_flush(actor, false) != ACTI_FLUSHED)
        return ACTI_TURN_PARKED;
    acti_actor_end(actor, reason);
    return ACTI_TURN_ENDED;
}

static acti_turn turn_of_handler(acti_actor *actor)
{
    for (;;) {
        acta_msg *m = acti_turn_next(actor);
        if (m == NULL) {
            acti_turn_settle(actor);
            if (actor->ended_inbox)
                break;
            if (acti_inbox_park(&actor->inbox))
                return ACTI_TURN_PARKED;
            continue;
        }
        bool event = m->kind == ACTI_MSG_EVENT; // lies in something that the handler may free
        int status = actor->run.handler(acti_self_of(actor), actor->arg, m);
        if (!event)
            acta_msg_free(&m);
        if (status != ACTA_OK) {
            acti_turn_settle(actor);
            return end(actor, status == ACTA_DONE ? ACTA_OK : status);
        }
        if (actor->outbox != NULL) {
            acti_turn_settle(actor);
            if (acti_outbox_flush(actor, false) != ACTI_FLUSHED)
                return ACTI_TURN_PARKED;
        }
        if (acti_here.handled >= ACTI_TURN_HANDLED_MAX || acti_here.sends >= ACTI_TURN_SENDS_MAX) {
            acti_turn_settle(actor);
            acti_here.spent = true;
            // Parked, it is woken to run next by whoever sends to it; with more to do it has to wait for its turn.
            // There is more to do when others wait for the room that it has made.
            bool done = actor->batch == NULL && !acti_pause_is_due(actor);
            return done && acti_inbox_park(&actor->inbox) ? ACTI_TURN_PARKED : ACTI_TURN_MORE;
        }
    }

    int reason = ACTA_OK;
    acti_glance_at(acti_here.glance, actor, NULL);
    if (!killed(actor))
        reason = actor->run.handler(acti_self_of(actor), actor->arg, NULL);
    return end(actor, reason == ACTA_DONE ? ACTA_OK : reason);
}

static acti_turn turn_of_body(acti_actor *actor)
{
    // A body stays here from now on: a compiler may keep addresses of this thread's variables on its stack.
    actor->home = acti_here.worker;
    acti_here.fiber = actor->on.fiber;
    acti_glance_at(acti_here.glance, actor, NULL);
    acti_fiber_resume(actor->on.fiber);
    acti_here.fiber = NULL;
    if (!acti_fiber_done(actor->on.fiber))
        return acti_here.turn;

    acti_turn_settle(actor);
    acti_fiber_free(&actor->on.fiber);
    return end(actor, actor->eof);
}

// leave ends the turn of the running pool body; it goes on here when it gets its next one.
static void leave(acti_turn how)
{
    acti_here.turn = how;
    acti_fiber_suspend(acti_here.fiber);
}

void acti_turn_pass(void)
{
    acti_here.sends = ACTI_TURN_SENDS_MAX;
}

void acti_turn_spent(void)
{
    if (acti_here.actor == NULL || ++acti_here.sends < ACTI_TURN_SENDS_MAX || acti_here.fiber == NULL)
        return;
    const acta_type *type = acti_glance_type(acti_here.glance);
    acti_turn_settle(acti_here.actor);
    acti_here.spent = true;
    leave(ACTI_TURN_MORE);
    acti_glance_at(acti_here.glance, acti_here.actor, type);
}

void acti_turn_settle(acti_actor *actor)
{
    if (acti_here.handled > 0 && !actor->internal)
        acti_tally(actor->sys, ACTI_HANDLED, acti_here.handled);
    acti_here.handled = 0;
    acti_glance_over(acti_here.glance); // it may be somebody else's soon
}

// suspend waits to be woken, parked or paused as the body is already. A pool body is still on its stack, which is safe
// because whoever wakes it can only put it into the queue of this worker.
static void suspend(acti_actor *actor)
{
    if (actor->place == ACTA_THREAD)
        acti_thread_wait(actor->on.thread);
    else
        leave(ACTI_TURN_PARKED);
}

// wait_for_more returns when something has come for a body, or it is to look again.
static void wait_for_more(acti_actor *actor)
{
    acti_turn_settle(actor);
    if (acti_inbox_park(&actor->inbox))
        suspend(actor);
}

// wait_for_outcome is wait_for_more in acta_await, where others may be waiting for this body meanwhile, and where the
// request itself may still be in the outbox.
static void wait_for_outcome(acti_actor *actor, acti_wait *wait)
{
    acti_turn_settle(actor);
    if (actor->outbox != NULL) {
        if (acti_outbox_flush(actor, true) == ACTI_FLUSHED_PAUSED)
            suspend(actor);
    } else if (!acti_pause_is_due(actor)) {
        wait_for_more(actor);
    } else if (acti_pause_await(actor, wait->who)) {
        suspend(actor);
        acti_pause_awaited(actor);
    }
}

void acti_turn_flush(acti_actor *actor)
{
    const acta_type *type = acti_glance_type(acti_here.glance);
    acti_turn_settle(actor);
    while (acti_outbox_flush(actor, false) == ACTI_FLUSHED_PAUSED)
        suspend(actor);
    acti_glance_at(acti_here.glance, actor, type);
}

// at_the_end gives a body its NULL: it goes on, at no message any more.
static acta_msg *at_the_end(acti_actor *actor)
{
    acti_glance_at(acti_here.glance, actor, NULL);
    return NULL;
}

acta_msg *acta_recv(acta_self *self)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (!actor->is_body)
        return NULL;
    if (actor->outbox != NULL)
        acti_turn_flush(actor);
    if (acti_here.handled >= ACTI_TURN_HANDLED_MAX) {
        acti_turn_settle(actor);
        acti_here.spent = true;
        if (acti_here.fiber != NULL && (actor->batch != NULL || acti_inbox_has_mail(&actor->inbox)))
            leave(ACTI_TURN_MORE);
    }
    for (;;) {
        acta_msg *m = acti_turn_next(actor);
        if (m != NULL)
            return m;
        if (actor->ended_inbox)
            return at_the_end(actor);
        wait_for_more(actor);
    }
}

acta_msg *acta_await(acta_self *self, uint64_t id)
{
    acti_actor *actor = acti_actor_of_self(self);
    acti_wait *wait = actor->is_body ? acti_ask_wait(actor, id) : NULL;
    if (wait == NULL)
        return NULL;
    acta_msg *after = NULL;
    for (;;) {
        if (killed(actor))
            return at_the_end(actor);
        acta_msg *m = acti_turn_find(actor, id, &after);
        if (m != NULL)
            return m;
        acti_wait_begin(actor, wait);
        wait_for_outcome(actor, wait);
        acti_wait_end(actor, wait);
    }
}

// ---- taking ---------------------------------------------------------------------

// killed: whether the actor is to end now. Looked at before each message: the word lies among those that only the
// actor's own turn touches, and is written once.
static bool killed(acti_actor *actor)
{
    if (!acti_actor_is_forced(actor))
        return false;
    actor->eof = (int32_t)acti_au32_load_relaxed(&actor->forced); // it is written once
    actor->ended_inbox = true;
    return true;
}

acta_msg *acti_turn_next(acti_actor *actor)
{
    while (!actor->ended_inbox) {
        // In this order: serving ends the call for attention, which may be that of a force.
        if (actor->batch == NULL && acti_pause_is_due(actor))
            acti_pause_serve(actor);
        if (killed(actor))
            return NULL;
        acta_msg *m = actor->batch;
        acta_msg *newest;
        if (m == NULL)
            m = acti_inbox_take(&actor->inbox, &newest);
        if (m == NULL)
            return NULL;
        actor->batch = m->next;
        if (m->kind != ACTI_MSG_SEND) // which is admitted as it is
            m = admit(actor, m);
        if (m != NULL) {
            acti_actor_given(actor, m);
            if (__builtin_expect(actor->carried, 0))
                acti_actor_shown(actor, m);
            acti_glance_at(acti_here.glance, actor, m->type);
            acti_here.handled++;
            return m;
        }
    }
    return NULL;
}

acta_msg *acti_turn_find(acti_actor *actor, uint64_t ask, acta_msg **after)
{
    for (;;) {
        acta_msg **at = *after == NULL ? &actor->batch : &(*after)->next;
        for (; *at != NULL; at = &(*at)->next) {
            acta_msg *m = *at;
            if (!acti_ask_matches(m, ask)) {
                *after = m;
                continue;
            }
            *at = m->next;
            m = admit(actor, m);
            acti_assert(m != NULL); // it was pending, so this is its first outcome
            if (actor->carried)
                acti_actor_shown(actor, m);
            acti_glance_at(acti_here.glance, actor, m->type);
            acti_here.handled++;
            return m;
        }

        acta_msg *newest;
        acta_msg *more = acti_inbox_take(&actor->inbox, &newest);
        if (more == NULL)
            return NULL;
        *at = more; // behind all that has been looked at
    }
}

// admit gives a taken message back if the actor is to see it, and deals with it otherwise.
static acta_msg *admit(acti_actor *actor, acta_msg *m)
{
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_SEND:
    case ACTI_MSG_EVENT:
        return m;
    case ACTI_MSG_ASK:
        acti_promise_admit(actor, m);
        return m;
    case ACTI_MSG_REPLY:
        return acti_ask_admit_reply(actor, m);
    case ACTI_MSG_TIMEOUT:
        return acti_ask_admit_timeout(actor, m);
    case ACTI_MSG_TICK:
        return acti_timer_admit(actor, m);
    case ACTI_MSG_DOWN:
        return acti_monitor_admit(actor, m);
    case ACTI_MSG_SOURCE:
        return acti_source_admit(actor, m);
    case ACTI_MSG_MONITOR:
    case ACTI_MSG_DEMONITOR:
        acti_monitor_request(actor, m);
        return NULL;
    case ACTI_MSG_LINK_OVER:
        acti_link_admit(actor, m);
        return NULL;
    case ACTI_MSG_STOP:
        if (actor->carried)
            acti_actor_shown(actor, m);
        acti_stop_free(m);
        if (!killed(actor)) {
            actor->eof = ACTA_ESTOPPED;
            actor->ended_inbox = true;
        }
        return NULL;
    case ACTI_MSG_EOF:
        if (actor->carried)
            acti_actor_shown(actor, m);
        // Relaxed: the flag was set before the release of the sender that pushed this.
        if (acti_au32_load_relaxed(&actor->flags) & ACTI_ACTOR_CRASHED)
            actor->eof = ACTA_ECRASHED;
        actor->ended_inbox = true;
        return NULL;
    }
    acti_assert(!"a kind of message");
    return NULL;
}

void acta_msg_free(acta_msg **handle)
{
    acta_msg *m = *handle;
    *handle = NULL;
    if (m == NULL)
        return;
    if (m->kind == ACTI_MSG_TICK)
        acti_timer_freed(m);
    else if (m->kind == ACTI_MSG_SOURCE)
        acti_source_freed(m);
    else if (m->kind == ACTI_MSG_ASK)
        acti_request_fail(m, ACTA_ENOREPLY, acti_here.actor != NULL ? acti_here.actor->name : "nobody",
                          "it dropped the request");
    else
        acti_msg_release(m);
}

// ---- what an actor may ask about itself ---------------------------------------------

int acta_eof(const acta_self *self)
{
    return ((const acti_actor *)(const void *)self)->eof;
}

acta_system *acta_system_of(acta_self *self)
{
    return acti_actor_of_self(self)->sys;
}

acta_addr *acta_self_addr(acta_self *self)
{
    return acti_addr_of(acti_actor_of_self(self));
}

const char *acta_self_name(const acta_self *self)
{
    return ((const acti_actor *)(const void *)self)->name;
}
