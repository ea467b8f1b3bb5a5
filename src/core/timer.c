// SPDX-License-Identifier: MIT
//
// timer.c - starting, firing and cancelling timers.
//
//   SET       --alarm fires-->  QUEUED   (its message is pushed; only the worker that fires touches it in between)
//   QUEUED    --admitted-->     SHOWN    (the actor sees it)
//   SHOWN     --freed-->        SET again if periodic, else gone
//   any       --cancelled-->    SET: gone. QUEUED and SHOWN: gone when taken or freed
//
// A record is in its actor's table from start until it is cancelled or, if it fires once, shown.

#include "core/timer.h"

#include <acta/event.h>
#include <string.h>

#include "base/pool.h"
#include "core/pending.h"
#include "core/system.h"

typedef struct timer_record {
    acta_msg msg;
    acta_tick tick; // its body
    acti_alarm alarm;
    acti_actor *owner; // one reference
    uint64_t id;
    uint64_t due_ns;
    uint64_t period_ns; // 0: fires once
    bool cancelled;     // the owner's turn only
} timer_record;

// later is a moment after another, or the last but one of the clock: the last stands for never.
static uint64_t later(uint64_t ns, uint64_t by_ns)
{
    return by_ns < UINT64_MAX - ns ? ns + by_ns : UINT64_MAX - 1;
}

static void fire(acti_alarm *alarm)
{
    timer_record *record = ACTI_CONTAINER_OF(alarm, timer_record, alarm);
    acta_system *sys = record->owner->sys;
    if (acti_actor_push(record->owner, &record->msg) == ACTA_OK)
        acti_tally(sys, ACTI_SENT, 1);
    else
        acti_timer_drop(&record->msg);
}

void acti_timer_drop(acta_msg *m)
{
    timer_record *record = (timer_record *)(void *)m;
    acti_actor_unref(record->owner);
    acti_msg_release(m);
}

int acta_timer_start(acta_self *self, uint64_t delay_ns, uint64_t period_ns, uint64_t *timer)
{
    acti_actor *actor = acti_actor_of_self(self);
    uint32_t room;
    timer_record *record = acti_pool_alloc(sizeof(*record), &room);
    if (record == NULL)
        return ACTA_ENOMEM;
    memset(record, 0, sizeof(*record));
    record->msg = (acta_msg){.type = acta_type_of(acta_tick),
                             .size = sizeof(acta_tick),
                             .kind = ACTI_MSG_TICK,
                             .room = (uint16_t)(room / 64)};
    int status = acti_pending_add(actor, record, ACTI_PENDING_TIMER, &record->id);
    if (status != ACTA_OK) {
        acti_pool_free(record, room);
        return status;
    }
    uint64_t now_ns = acti_clock_ns();
    acti_actor_ref(actor);
    record->owner = actor;
    record->period_ns = period_ns;
    record->due_ns = later(now_ns, delay_ns);
    record->alarm.fire = fire;
    *timer = record->id;
    acti_clock_set(actor->sys, &record->alarm, record->due_ns);
    return ACTA_OK;
}

acta_msg *acti_timer_admit(acti_actor *actor, acta_msg *m)
{
    timer_record *record = (timer_record *)(void *)m;
    if (record->cancelled) {
        acti_tally(actor->sys, ACTI_DROPPED_CANCEL, 1);
        acti_timer_drop(m);
        return NULL;
    }
    uint64_t count = 1;
    if (record->period_ns > 0) {
        uint64_t now_ns = acti_clock_ns();
        if (now_ns > record->due_ns)
            count += (now_ns - record->due_ns) / record->period_ns;
        // So many periods have passed since due_ns, but for the last: only that one can reach beyond the clock.
        record->due_ns = later(record->due_ns + (count - 1) * record->period_ns, record->period_ns);
    } else {
        (void)acti_pending_remove(actor, record->id, ACTI_PENDING_TIMER);
    }
    record->tick = (acta_tick){.timer = record->id, .count = count};
    return m;
}

void acti_timer_freed(acta_msg *m)
{
    timer_record *record = (timer_record *)(void *)m;
    if (record->period_ns > 0 && !record->cancelled)
        acti_clock_set(record->owner->sys, &record->alarm, record->due_ns);
    else
        acti_timer_drop(m);
}

void acti_timer_abandon(acti_actor *actor, void *pending)
{
    timer_record *record = pending;
    if (acti_clock_unset(actor->sys, &record->alarm))
        acti_timer_drop(&record->msg);
    else
        record->cancelled = true; // on its way to us, or in our hands
}

void acta_timer_cancel(acta_self *self, uint64_t timer)
{
    acti_actor *actor = acti_actor_of_self(self);
    timer_record *record = acti_pending_remove(actor, timer, ACTI_PENDING_TIMER);
    if (record != NULL)
        acti_timer_abandon(actor, record);
}
