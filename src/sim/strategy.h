// SPDX-License-Identifier: MIT
//
// strategy.h - how the next step is chosen.
//
// A strategy lives for a whole exploration. Its functions are called in this order, once for each schedule:
//
//     begin  (choose  made* touched)*  end
//
// choose is called for each step, also when only one is possible. The steps are listed oldest first, and what is not
// from the program itself behind: the clock last but for the faults. So the choice 0 is what would happen by itself, in
// every list; a strategy that always chooses it makes the schedule that all others are compared with.

#ifndef ACTI_SIM_STRATEGY_H
#define ACTI_SIM_STRATEGY_H

#include <acta/sim.h>

#include "sim/step.h"

typedef struct acti_strategy acti_strategy;

typedef struct acti_strategy_ops {
    // begin prepares for a schedule. False: there is nothing more to explore.
    bool (*begin)(acti_strategy *strategy, uint64_t seed);
    // choose gives the index of the step to run; count is at least 1. UINT32_MAX: this schedule need not go on, what it
    // would show is shown by others.
    uint32_t (*choose)(acti_strategy *strategy, const acti_step *steps, uint32_t count);
    // made is told of each step that the running one makes possible some time: a message that it sends. Or NULL.
    void (*made)(acti_strategy *strategy, uint64_t event);
    // touched is told what the step did. Or NULL: then no footprint is kept.
    void (*touched)(acti_strategy *strategy, const acti_footprint *footprint);
    // end says how the schedule ended; cut: by steps_max.
    void (*end)(acti_strategy *strategy, bool cut);
    void (*fini)(acti_strategy *strategy);
} acti_strategy_ops;

// What every strategy begins with.
struct acti_strategy {
    const acti_strategy_ops *ops;
    const char *name;   // for reports, such as "PCT(3)"
    bool complete;      // of an exhaustive one, once begin has said false: nothing was left out
};

// Each makes one, or gives NULL without memory; fini frees it. steps is how many steps a schedule is expected to have,
// for those who place something in it at random; best the number that the oldest-first schedule has. What a randomized
// strategy chooses follows from the seed and the steps alone, so that a seed is enough to bring a schedule back.
acti_strategy *
acti_strategy_oldest(void);
acti_strategy *
acti_strategy_random(void);
acti_strategy *
acti_strategy_pos(void);
acti_strategy *
acti_strategy_pct(uint32_t depth, uint32_t steps);

// acti_strategy_exhaustive runs each order that makes a difference about once. All schedules must have the same seed:
// only its choices may make one differ from another.
acti_strategy *
acti_strategy_exhaustive(void);

// acti_strategy_portfolio takes its members by turns, a schedule each: the seed says whose turn it is.
acti_strategy *
acti_strategy_portfolio(uint32_t steps);

#endif
