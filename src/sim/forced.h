// SPDX-License-Identifier: MIT
//
// forced.h - a schedule as the few choices that differ from what would happen by itself: for replaying and shrinking.
//
// As text:  seed=N force=STEP:CHOICE,STEP:CHOICE...   in decimal; without any choice only seed=N. Steps count from 1,
// as in a trace. In each step that is not named the choice is 0. A choice that is not there (the schedule has become
// another one) is taken as 0.

#ifndef ACTI_SIM_FORCED_H
#define ACTI_SIM_FORCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/strategy.h"

typedef struct acti_forced {
    uint32_t step;   // not 0
    uint32_t choice; // not 0
} acti_forced;

typedef struct acti_forcing {
    uint64_t seed;
    acti_forced *at; // in order of step
    uint32_t count;
    uint32_t room;
} acti_forcing;

// acti_forcing_add appends a choice, which is later than all that are in it. ACTA_OK or ACTA_ENOMEM.
int
acti_forcing_add(acti_forcing *forcing, uint32_t step, uint32_t choice);
void
acti_forcing_fini(acti_forcing *forcing);

// acti_forcing_write writes the text; the length of the whole, as snprintf does. acti_forcing_read reads exactly what
// was written so: ACTA_OK, or with *forcing empty ACTA_EINVAL or ACTA_ENOMEM. *forcing need not be anything before.
size_t
acti_forcing_write(const acti_forcing *forcing, char *text, size_t size);
int
acti_forcing_read(acti_forcing *forcing, const char *text);

// acti_strategy_forced makes the choices of a forcing, which must stay as long as the strategy. It has one schedule.
acti_strategy *
acti_strategy_forced(const acti_forcing *forcing);

// acti_forcing_shrink takes out whatever can be taken out while fails(arg, forcing) stays true: first halves, then
// quarters, and so on to single choices (delta debugging); then moves choices nearer to 0. fails runs the schedule, at
// most `tries` times; it must be true of the forcing as it is given. What is left is in *forcing, and it was true of
// that. If the tries have sufficed, no single choice can be taken out of it. Without memory nothing is taken out.
void
acti_forcing_shrink(acti_forcing *forcing, bool (*fails)(void *arg, const acti_forcing *forcing), void *arg,
                    uint32_t tries);

#endif
