// SPDX-License-Identifier: MIT
//
// clock.h - a system's time and what is due when: a timing wheel for each worker, looked after by whichever worker
// has a moment.
//
// An alarm lies in the wheel of the worker that set it, under that wheel's lock. Most are set and unset on one worker,
// which then finds lock and wheel in its own cache; but any worker may unset one or fire it, so that none waits for a
// worker that is stuck. When a great many are due at once they are fired in steps, with turns of actors in between.
//
// Workers look at the time every few turns and before they sleep. Of those that are idle the sentinel sleeps no longer
// than until the next entry is due (sched.c); whoever makes an entry that is due earlier than anything known wakes it.

#ifndef ACTI_CORE_CLOCK_H
#define ACTI_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/platform.h"
#include "base/wheel.h"

typedef struct acta_system acta_system;

// Of one part's alarms, how many are moved and how many are fired before its lock is given back and actors run again.
#define ACTI_CLOCK_STEP 128
// More workers than this share parts: each look at the time reads a word of every part.
#define ACTI_CLOCK_PARTS_MAX 16

// acti_alarm is something that is due once. fire runs outside the lock, on any worker, after the alarm has left the
// wheel: it may set or free it again.
typedef struct acti_alarm {
    acti_wheel_entry entry;
    uint32_t part; // index of the one that it was set in last
    void (*fire)(struct acti_alarm *alarm);
} acti_alarm;

typedef struct acti_clock_part {
    acti_lock lock __attribute__((aligned(ACTI_CACHE_LINE))); // rank 60
    acti_wheel wheel;
    // When the wheel next wants attention, or earlier; UINT64_MAX: never. Read by all workers: apart from the lock.
    acti_au64 next_ns __attribute__((aligned(ACTI_CACHE_LINE)));
} acti_clock_part;

typedef struct acti_clock {
    acti_clock_part *parts;
    uint32_t count;
} acti_clock;

// acti_clock_init makes a part for each worker, up to ACTI_CLOCK_PARTS_MAX. ACTA_OK or ACTA_ENOMEM.
int
acti_clock_init(acti_clock *clock, uint32_t workers);
void
acti_clock_fini(acti_clock *clock);

// acti_clock_set makes alarm fire at or after due_ns. It must not be set.
void
acti_clock_set(acta_system *sys, acti_alarm *alarm, uint64_t due_ns);

// acti_clock_unset takes it back: true when it will not fire, false when it has fired or is firing.
bool
acti_clock_unset(acta_system *sys, acti_alarm *alarm);

// acti_clock_next_ns is when acti_clock_run next has something to do, or earlier; UINT64_MAX: never.
uint64_t
acti_clock_next_ns(const acti_clock *clock);

// acti_clock_run fires what is due, up to ACTI_CLOCK_STEP alarms of each part, and says whether more are due. Called by
// workers.
bool
acti_clock_run(acta_system *sys);

#endif
