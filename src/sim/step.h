// SPDX-License-Identifier: MIT
//
// step.h - the steps of a schedule: what may happen next, and what a step touched.
//
// A schedule is a sequence of steps. In each state some are possible; a strategy chooses one, the sim runs it to its
// end, and that makes others possible. All that is not decided by these choices is decided by the seed, so the choices
// are the schedule.
//
// Names that hold from one schedule to the next. Numbers of actors and messages depend on the order in which they were
// made. So whatever a strategy remembers is known by a hash that does not: an actor by its spawner and which one of
// that spawner's it is; a lane, by what it joins (the two actors of a wire); a step by its lane and which one of that
// lane's it is.

#ifndef ACTI_SIM_STEP_H
#define ACTI_SIM_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/platform.h"

// acti_sim_mix makes one hash of two.
static inline uint64_t acti_sim_mix(uint64_t a, uint64_t b)
{
    uint64_t state = a ^ (b * UINT64_C(0x9e3779b97f4a7c15));
    return acti_random_next(&state) | 1; // never 0
}

typedef enum acti_step_kind {
    ACTI_STEP_DELIVER, // the oldest message of a wire arrives, and its receiver runs if it can
    ACTI_STEP_RUN,     // an actor runs that is ready without that: it starts, has been given room, has to end ...
    ACTI_STEP_THREAD,  // a thread outside goes on
    ACTI_STEP_NET,     // the oldest bytes of a connection arrive, or its end
    ACTI_STEP_CLOCK,   // time goes on to the next alarm, and what is due is sent off
    ACTI_STEP_REST,    // nothing: only a fault could happen, and need not
    ACTI_STEP_FAULT,   // a fault, or the end of one that lasts; the lane says which and where
} acti_step_kind;

typedef struct acti_step {
    uint64_t lane;  // the steps of one lane come in their order; never 0
    uint64_t event; // this very step: a hash of the lane and the step's number in it; the same in every schedule
    uint64_t actor; // whose state it changes, as the hash that names it; 0: of more than one
    uint64_t age;   // when it became possible: the step's place in a count of this schedule
    uint32_t index; // for the sim: which wire, actor, ... of this schedule
    uint8_t kind;   // acti_step_kind
    uint8_t fault;  // of a fault, its bit's number
} acti_step;

// What a step did, as far as others may care. Two steps that touch one object are dependent, unless both only read it
// or both only add to it.
typedef enum acti_touch { ACTI_TOUCH_READ, ACTI_TOUCH_ADD, ACTI_TOUCH_WRITE } acti_touch;

#define ACTI_FOOTPRINT_MAX 64 // a step that touches more is said to touch everything

typedef struct acti_footprint {
    uint32_t count;
    bool everything;
    struct {
        uint64_t object; // an actor, the bound of an inbox, the count of its senders, a name, a claim ...: a hash
        acti_touch how;
    } at[ACTI_FOOTPRINT_MAX];
} acti_footprint;

#endif
