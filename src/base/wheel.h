// SPDX-License-Identifier: MIT
//
// wheel.h - a hierarchical timing wheel: starting and cancelling cost the same with one timer or a million.
//
// Eight levels of 64 slots over ticks of 2^16 ns (65.5 us) reach beyond 2^63 ns. Pure data: time is what the caller
// says, so the sim's clock drives it as well as the real one. No thread safety of its own.

#ifndef ACTI_BASE_WHEEL_H
#define ACTI_BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

#define ACTI_WHEEL_LEVELS 8
#define ACTI_WHEEL_SLOTS 64
#define ACTI_WHEEL_TICK_SHIFT 16

// acti_wheel_entry lies inside what is timed. link.next is NULL while it is not in a wheel.
typedef struct acti_wheel_entry {
    acti_list link;
    uint64_t due_ns; // set by acti_wheel_add
    uint16_t place;  // level * 64 + slot; where it was last, while it lies in due or in spreading
} acti_wheel_entry;

typedef struct acti_wheel {
    uint64_t now_tick;                     // all timers due at or before it have been handed out
    uint64_t used[ACTI_WHEEL_LEVELS];      // a bit per slot that is not empty
    uint64_t count;                        // entries in slots, in spreading and in due
    acti_list slots[ACTI_WHEEL_LEVELS][ACTI_WHEEL_SLOTS];
    acti_list spreading; // of a slot that now_tick has reached, to be spread over the levels below
    acti_list due;       // expired by acti_wheel_advance, not taken yet
} acti_wheel;

void
acti_wheel_init(acti_wheel *wheel, uint64_t now_ns);

// acti_wheel_add enters an entry; it is handed out by the first advance to a time at or after due_ns, rounded
// up to a tick: never early, at most one tick late. An entry already due goes with the next advance, and is then
// in order as if it were due at the present tick.
void
acti_wheel_add(acti_wheel *wheel, acti_wheel_entry *entry, uint64_t due_ns);

// acti_wheel_remove takes an entry out; false when it is in no wheel.
bool
acti_wheel_remove(acti_wheel *wheel, acti_wheel_entry *entry);

// acti_wheel_advance moves time on (never back) and makes what is due available to acti_wheel_take. It moves as many
// entries at most, or visits as many slots, as moves says, which is above 0; false when that was not enough: call it
// again.
bool
acti_wheel_advance(acti_wheel *wheel, uint64_t now_ns, uint32_t moves);

// acti_wheel_take hands out the next expired entry, in order of due tick and then of insertion, or NULL.
acti_wheel_entry *
acti_wheel_take(acti_wheel *wheel);

// acti_wheel_next_ns is a time at or before the next expiry, at which it is worth calling advance again;
// UINT64_MAX when the wheel is empty. It may be early (a coarser slot must be spread out) but never late. It is not
// after the present while entries wait for acti_wheel_take, or an advance has not been finished.
uint64_t
acti_wheel_next_ns(const acti_wheel *wheel);

// acti_wheel_check aborts when the wheel is not in order. Visits every entry.
void
acti_wheel_check(const acti_wheel *wheel);

#endif
