// SPDX-License-Identifier: MIT
//
// swarm.h - what the randomized strategies have in common: what a schedule is like is drawn from its seed.
//
// A bug may need a clock that runs while messages are still on their way, or one that never does; many faults, one
// sort of fault, or none. A strategy that gives each of these the same chance in every step finds only those bugs that
// an average schedule has. So each schedule draws once what it is like, and keeps to it (swarm testing):
//
//   - the clock is eager, and counts like any other step; or lazy, and goes on only when nothing else is possible;
//   - whether there are faults, of which sorts, and whether each that is on offer happens, or one in two or four. How
//     often one is on offer is the sim's weather (fault.c), which differs from schedule to schedule, too.
//
// Everything follows from the seed and the steps that are offered, nothing from earlier schedules: so a seed alone
// brings a schedule back, in whichever exploration.
//
// Patience. No randomized strategy starves a step for ever: if the oldest one has been passed over `patience` times
// in a row it is the only one that is offered. When it has run the next one is the oldest. So a step with n older
// ones runs after at most (n + 1) * (patience + 1) steps. The clock, which is not part of that order, has the same
// patience of its own, lazy or not: an actor that always wants more cannot stop time. Faults need no such promise.

#ifndef ACTI_SIM_SWARM_H
#define ACTI_SIM_SWARM_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/step.h"

#define ACTI_SWARM_PATIENCE 256 // more than most schedules have steps: these are not disturbed

// A step that could have been chosen and was not, so many times in a row.
typedef struct acti_passed {
    uint64_t event;
    uint32_t times;
} acti_passed;

typedef struct acti_swarm {
    uint64_t random; // state of acti_random_next, for the strategy's own draws too
    bool eager;
    uint32_t fault_in; // one of so many that are on offer happens; 0: none
    uint32_t faults;   // bits: the sorts that may happen
    uint32_t patience;
    acti_passed oldest;
    acti_passed clock;
} acti_swarm;

// The steps that a strategy may choose from: count of them, at least one, from the one with index first.
typedef struct acti_offer {
    uint32_t first;
    uint32_t count;
    bool overdue; // patience is at its end, and this is the oldest step alone
} acti_offer;

// acti_swarm_begin draws what the schedule of this seed is like. patience is at least 1.
void
acti_swarm_begin(acti_swarm *swarm, uint64_t seed, uint32_t patience);

// acti_swarm_offer narrows the steps down to what kind is due. Called once for each step of the schedule.
acti_offer
acti_swarm_offer(acti_swarm *swarm, const acti_step *steps, uint32_t count);

// acti_swarm_below draws a number below `below`, which is above 0.
uint32_t
acti_swarm_below(acti_swarm *swarm, uint32_t below);

#endif
