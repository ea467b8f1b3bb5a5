// SPDX-License-Identifier: MIT
//
// clock.c - setting, unsetting and firing alarms.

#include "core/clock.h"

#include <stdlib.h>

#include "core/system.h"

int acti_clock_init(acti_clock *clock, uint32_t workers)
{
    uint32_t count = workers < ACTI_CLOCK_PARTS_MAX ? workers : ACTI_CLOCK_PARTS_MAX;
    clock->parts = aligned_alloc(ACTI_CACHE_LINE, count * sizeof(acti_clock_part));
    if (clock->parts == NULL)
        return ACTA_ENOMEM;
    clock->count = count;
    for (uint32_t i = 0; i < count; i++) {
        acti_clock_part *part = &clock->parts[i];
        acti_lock_init(&part->lock);
        acti_wheel_init(&part->wheel, acti_clock_ns());
        acti_au64_store_relaxed(&part->next_ns, UINT64_MAX);
    }
    return ACTA_OK;
}

void acti_clock_fini(acti_clock *clock)
{
    for (uint32_t i = 0; i < clock->count; i++) {
        acti_assert(clock->parts[i].wheel.count == 0);
        acti_lock_fini(&clock->parts[i].lock);
    }
    free(clock->parts);
}

// part_here is the part for alarms that are set on this thread. Threads outside the pool share the first.
static uint32_t part_here(const acta_system *sys)
{
    const acti_worker *w = acti_here.sys == sys ? acti_here.worker : NULL;
    return w != NULL ? w->index % sys->clock.count : 0;
}

void acti_clock_set(acta_system *sys, acti_alarm *alarm, uint64_t due_ns)
{
    alarm->part = part_here(sys);
    acti_clock_part *part = &sys->clock.parts[alarm->part];
    acti_lock_take(&part->lock);
    acti_wheel_add(&part->wheel, &alarm->entry, due_ns);
    uint64_t next_ns = acti_wheel_next_ns(&part->wheel);
    bool earlier = next_ns < acti_au64_load_relaxed(&part->next_ns); // written under this lock only
    if (earlier)
        acti_au64_store_relaxed(&part->next_ns, next_ns);
    acti_lock_give(&part->lock);

    // The sentinel sleeps until a later time.
    if (earlier)
        acti_sched_alert(&sys->sched);
}

bool acti_clock_unset(acta_system *sys, acti_alarm *alarm)
{
    acti_clock_part *part = &sys->clock.parts[alarm->part];
    acti_lock_take(&part->lock);
    bool was_set = acti_wheel_remove(&part->wheel, &alarm->entry);
    acti_lock_give(&part->lock);
    return was_set;
}

uint64_t acti_clock_next_ns(const acti_clock *clock)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t i = 0; i < clock->count; i++) {
        uint64_t part_ns = acti_au64_load_relaxed(&clock->parts[i].next_ns);
        next_ns = part_ns < next_ns ? part_ns : next_ns;
    }
    return next_ns;
}

// run_part fires the alarms of one step and says whether more are due.
static bool run_part(acti_clock_part *part, uint64_t now_ns)
{
    // Out of the wheel, they are ours until they are fired: whoever unsets one is told that it is too late.
    acti_alarm *due[ACTI_CLOCK_STEP];
    uint32_t count = 0;
    acti_lock_take(&part->lock);
    (void)acti_wheel_advance(&part->wheel, now_ns, ACTI_CLOCK_STEP);
    acti_wheel_entry *entry;
    while (count < ACTI_CLOCK_STEP && (entry = acti_wheel_take(&part->wheel)) != NULL)
        due[count++] = ACTI_CONTAINER_OF(entry, acti_alarm, entry);
    uint64_t next_ns = acti_wheel_next_ns(&part->wheel);
    acti_au64_store_relaxed(&part->next_ns, next_ns);
    acti_lock_give(&part->lock);

    for (uint32_t i = 0; i < count; i++)
        due[i]->fire(due[i]);
    return next_ns <= now_ns;
}

bool acti_clock_run(acta_system *sys)
{
    acti_clock *clock = &sys->clock;
    uint64_t now_ns = acti_clock_ns();
    bool more = false;
    for (uint32_t i = 0; i < clock->count; i++) {
        acti_clock_part *part = &clock->parts[i];
        // Relaxed: an alarm that is being set right now is seen by a later look, or by the worker that is woken for it.
        if (now_ns >= acti_au64_load_relaxed(&part->next_ns))
            more |= run_part(part, now_ns);
    }
    return more;
}
