// SPDX-License-Identifier: MIT
//
// clock.h - a system's time and what is due when: one timing wheel, looked after by whichever worker has a moment.
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

// acti_alarm is something that is due once. fire runs outside the lock, on any worker, after the alarm has left the
// wheel: it may set or free it again.
typedef struct acti_alarm {
    acti_wheel_entry entry;
    void (*fire)(struct acti_alarm *alarm);
} acti_alarm;

typedef struct acti_clock {
    acti_lock lock; // rank 60
    acti_wheel wheel;
    acti_au64 next_ns; // when the wheel next wants attention, or earlier; UINT64_MAX: never
} acti_clock;

void
acti_clock_init(acti_clock *clock);
void
acti_clock_fini(acti_clock *clock);

// acti_clock_set makes alarm fire at or after due_ns. It must not be set.
void
acti_clock_set(acta_system *sys, acti_alarm *alarm, uint64_t due_ns);

// acti_clock_unset takes it back: true when it will not fire, false when it has fired or is firing.
bool
acti_clock_unset(acta_system *sys, acti_alarm *alarm);

// acti_clock_run fires what is due. Called by workers.
void
acti_clock_run(acta_system *sys);

#endif
