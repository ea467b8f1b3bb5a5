// SPDX-License-Identifier: MIT
//
// strategy_pct.c - probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatti, 2010).
//
// Each lane has a random priority, and the highest that can run runs; at depth - 1 random places the lane that is
// running falls below all others. A bug that shows whenever `depth` pairs of steps come in one certain order is found
// with a probability of at least 1 / (n * k^(depth-1)) a schedule, of n lanes and up to k steps.
//
// How far the places are spread, k, is drawn from the seed: for half of the schedules it is the expected number of
// steps, for the others a power of two up to 16 times that. So the bound above holds halved if the number is right, and
// a wrong one costs a factor and not the bug. It is not learned from schedules that were run before: then a schedule
// would depend on them, and its seed alone would not bring it back.
//
// A lane that always has a next step (a timer that sets itself anew, an actor that always wants more) would keep all
// lower ones from running. When the swarm's patience with the oldest step is at its end, that step runs, and the lane
// that ran last falls below all others, as at a place of change. Patience is twice the expected number of steps, so in
// a schedule that has no more than that it never ends, and the bound above holds. Of m lanes that never come to an end
// each falls once in that time, and from then on all others run before them.
//
// Priorities are not kept but for lanes that have fallen: they are a hash of the seed and the lane.

#include "sim/strategy.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/platform.h"
#include "sim/marks.h"
#include "sim/swarm.h"

#define DEPTH_MAX 64    // more changes than any schedule needs to find anything
#define STEPS_ASSUMED 64
#define STEPS_MAX (1 << 24)

// Priorities from the highest: as drawn, fallen at a place of change, fallen for want of patience.
#define DRAWN (UINT64_C(1) << 63)
#define FALLEN (UINT64_C(1) << 62)

typedef struct change {
    uint32_t step;
    uint64_t priority;
} change;

typedef struct pct {
    acti_strategy base;
    char name[16];
    uint32_t changes; // depth - 1
    uint32_t steps;   // expected

    // Of this schedule.
    acti_swarm swarm;
    uint64_t key;
    uint64_t lowest;   // priority of the lane that fell last
    uint64_t last;     // lane of the step that ran last
    uint32_t run;      // steps
    uint32_t next;     // change
    acti_marks fallen; // of a lane: its priority
    change at[DEPTH_MAX];
} pct;

static void draw_changes(pct *self, uint32_t spread);

static uint32_t draw_spread(pct *self)
{
    if (acti_swarm_below(&self->swarm, 2) == 0)
        return self->steps;
    uint32_t scales = 1;
    while (UINT32_C(16) << (scales - 1) < 16 * self->steps)
        scales++;
    return UINT32_C(16) << acti_swarm_below(&self->swarm, scales);
}

static bool pct_begin(acti_strategy *strategy, uint64_t seed)
{
    pct *self = (pct *)strategy;
    uint32_t enough = 2 * self->steps;
    acti_swarm_begin(&self->swarm, seed, enough > ACTI_SWARM_PATIENCE ? enough : ACTI_SWARM_PATIENCE);
    self->key = acti_random_next(&self->swarm.random);
    self->lowest = FALLEN;
    self->last = 0;
    self->run = 0;
    self->next = 0;
    acti_marks_clear(&self->fallen);

    draw_changes(self, draw_spread(self));
    return true;
}

// draw_changes places the changes, in order of steps. Which of two has the lower priority is a matter of chance.
static void draw_changes(pct *self, uint32_t spread)
{
    for (uint32_t i = 0; i < self->changes; i++) {
        change drawn = {.step = 1 + acti_swarm_below(&self->swarm, spread), .priority = FALLEN + i};
        uint32_t at = i;
        for (; at > 0 && self->at[at - 1].step > drawn.step; at--)
            self->at[at] = self->at[at - 1];
        self->at[at] = drawn;
    }
}

static uint64_t priority(const pct *self, uint64_t lane)
{
    uint64_t mixed = self->key ^ lane;
    return acti_marks_get(&self->fallen, lane, acti_random_next(&mixed) | DRAWN);
}

static uint32_t highest(const pct *self, const acti_step *steps, acti_offer offer)
{
    uint32_t best = offer.first;
    uint64_t top = 0;
    for (uint32_t i = offer.first; offer.count > 1 && i < offer.first + offer.count; i++) {
        uint64_t p = priority(self, steps[i].lane);
        if (p > top) {
            top = p;
            best = i;
        }
    }
    return best;
}

static uint32_t pct_choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    pct *self = (pct *)strategy;
    acti_offer offer = acti_swarm_offer(&self->swarm, steps, count);
    // Without memory a lane does not fall: a schedule like any other.
    if (offer.overdue)
        (void)acti_marks_set(&self->fallen, self->last, --self->lowest);

    uint32_t best = highest(self, steps, offer);
    self->last = steps[best].lane;
    self->run++;
    for (; self->next < self->changes && self->at[self->next].step <= self->run; self->next++)
        (void)acti_marks_set(&self->fallen, self->last, self->at[self->next].priority);
    return best;
}

static void pct_end(acti_strategy *strategy, bool cut)
{
    (void)strategy, (void)cut;
}

static void pct_fini(acti_strategy *strategy)
{
    acti_marks_fini(&((pct *)strategy)->fallen);
    free(strategy);
}

acti_strategy *acti_strategy_pct(uint32_t depth, uint32_t steps)
{
    static const acti_strategy_ops ops = {.begin = pct_begin, .choose = pct_choose, .end = pct_end, .fini = pct_fini};
    pct *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    depth = depth == 0 ? 1 : depth;
    snprintf(self->name, sizeof(self->name), "PCT(%u)", depth);
    self->base = (acti_strategy){.ops = &ops, .name = self->name};
    self->changes = depth - 1 < DEPTH_MAX ? depth - 1 : DEPTH_MAX;
    self->steps = steps == 0 ? STEPS_ASSUMED : steps < STEPS_MAX ? steps : STEPS_MAX;
    return &self->base;
}
