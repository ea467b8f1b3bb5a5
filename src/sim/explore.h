// SPDX-License-Identifier: MIT
//
// explore.h - what the files of an exploration know of each other: schedule.c runs one schedule, explain.c says what
// failed, explore.c goes from one to the next.

#ifndef ACTI_SIM_EXPLORE_H
#define ACTI_SIM_EXPLORE_H

#include "sim/kernel.h"

typedef struct acti_exploration {
    acta_sim sim;
    acta_sim_opts opts; // with the defaults
    acta_sim_scenario *scenario;
    void *arg;
    acti_claims *claims;
    acti_races races;
    acta_sim_result *result;
    bool noting;      // what the closing system reports goes into alive
    char alive[2048]; // lines: who was alive at the end of the schedule that is explained
} acti_exploration;

// ---- schedule.c -------------------------------------------------------------------

// acti_schedule_run runs one. ACTA_OK, also when a claim does not hold: then sim.broken says which.
int
acti_schedule_run(acti_exploration *x, acti_strategy *strategy, uint64_t seed, acti_trace *trace);

// acti_schedule_forcing makes a forcing of the choices of the schedule that was run last. ACTA_OK or ACTA_ENOMEM; the
// forcing may be given to fini in both cases.
int
acti_schedule_forcing(const acti_exploration *x, uint64_t seed, acti_forcing *forcing);

// acti_schedule_run_forced runs the schedule of a forcing. As acti_schedule_run, or ACTA_ENOMEM.
int
acti_schedule_run_forced(acti_exploration *x, const acti_forcing *forcing, acti_trace *trace);

// ---- explain.c --------------------------------------------------------------------

// acti_explain_line gives one line to whoever reads; acti_explain_say makes it first.
void
acti_explain_line(void *x, const char *line);
__attribute__((format(printf, 2, 3))) void
acti_explain_say(acti_exploration *x, const char *format, ...);

// acti_explain_forcing runs a schedule once more, with a trace, and prints what does not hold in it, how it was found,
// and the diagram. ACTA_OK or ACTA_ENOMEM.
int
acti_explain_forcing(acti_exploration *x, const acti_forcing *forcing, const char *found);

// acti_explain_failed shrinks and explains the schedule that was run last, the number-th of a strategy of that name.
// ACTA_ECLAIM, or ACTA_ENOMEM.
int
acti_explain_failed(acti_exploration *x, const char *strategy, uint64_t seed, uint64_t number);

// acti_explain_races names what the lint found in the schedule that was run last, and tries the other order of each.
// ACTA_OK, ACTA_ECLAIM one breaks a claim, which has been explained; ACTA_ENOMEM.
int
acti_explain_races(acti_exploration *x, uint64_t seed, uint64_t number);

#endif
