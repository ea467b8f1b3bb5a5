// SPDX-License-Identifier: MIT
//
// clock.c - setting, unsetting and firing alarms.

#include "core/clock.h"

#include "core/system.h"

void acti_clock_init(acti_clock *clock)
{
    acti_lock_init(&clock->lock);
    acti_wheel_init(&clock->wheel, acti_clock_ns());
    acti_au64_store_relaxed(&clock->next_ns, UINT64_MAX);
}

void acti_clock_fini(acti_clock *clock)
{
    acti_assert(clock->wheel.count == 0);
    acti_lock_fini(&clock->lock);
}

void acti_clock_set(acta_system *sys, acti_alarm *alarm, uint64_t due_ns)
{
    acti_clock *clock = &sys->clock;
    acti_lock_take(&clock->lock);
    acti_wheel_add(&clock->wheel, &alarm->entry, due_ns);
    uint64_t next_ns = acti_wheel_next_ns(&clock->wheel);
    bool earlier = next_ns < acti_au64_load_relaxed(&clock->next_ns); // written under this lock only
    if (earlier)
        acti_au64_store_relaxed(&clock->next_ns, next_ns);
    acti_lock_give(&clock->lock);

    // The sentinel sleeps until a later time.
    if (earlier)
        acti_sched_alert(&sys->sched);
}

bool acti_clock_unset(acta_system *sys, acti_alarm *alarm)
{
    acti_clock *clock = &sys->clock;
    acti_lock_take(&clock->lock);
    bool was_set = acti_wheel_remove(&clock->wheel, &alarm->entry);
    acti_lock_give(&clock->lock);
    return was_set;
}

void acti_clock_run(acta_system *sys)
{
    acti_clock *clock = &sys->clock;
    uint64_t now_ns = acti_clock_ns();
    // Relaxed: an alarm that is being set right now is seen by a later look, or by the worker that is woken for it.
    if (now_ns < acti_au64_load_relaxed(&clock->next_ns))
        return;

    acti_lock_take(&clock->lock);
    acti_wheel_advance(&clock->wheel, now_ns);
    for (;;) {
        acti_wheel_entry *entry = acti_wheel_take(&clock->wheel);
        if (entry == NULL)
            break;
        acti_alarm *alarm = ACTI_CONTAINER_OF(entry, acti_alarm, entry);
        acti_lock_give(&clock->lock);
        alarm->fire(alarm);
        acti_lock_take(&clock->lock);
    }
    acti_au64_store_relaxed(&clock->next_ns, acti_wheel_next_ns(&clock->wheel));
    acti_lock_give(&clock->lock);
}
