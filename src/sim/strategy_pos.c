// SPDX-License-Identifier: MIT
//
// strategy_pos.c - partial-order sampling (Yuan, Yang and Gu, 2018).
//
// Each pending step has a random priority, and the highest runs. Then the priorities of those that compete with it,
// for the same actor, are drawn anew. So each order of competing steps is about equally likely, however many steps that
// do not matter lie between them; a random walk would have to get each of those right, too. Without the new draw a step
// that lost against one rival would be likely to lose against the next.
//
// No priority is kept: it is a hash of the schedule's seed, the step, and how many steps of its actor have run.
// Whenever one has, all that wait for the same actor have a new priority by that alone. So there is a number an actor
// to keep, and nothing for each step.
//
// The clock and other steps of more than one actor compete with each other only. The clock thus keeps its priority
// until it goes on: in one schedule it is early as a whole, in another late.

#include "sim/strategy.h"

#include <stdlib.h>

#include "base/platform.h"
#include "sim/marks.h"
#include "sim/swarm.h"

typedef struct pos {
    acti_strategy base;
    acti_swarm swarm;
    uint64_t key;
    acti_marks runs; // of an actor: its steps that have run
} pos;

static uint64_t priority(const pos *self, const acti_step *step)
{
    // Times a large odd number, so that a count and an event do not meet by chance.
    uint64_t runs = acti_marks_get(&self->runs, step->actor, 0) * UINT64_C(0xd1342543de82ef95);
    uint64_t mixed = (self->key ^ step->event) + runs;
    return acti_random_next(&mixed);
}

static bool pos_begin(acti_strategy *strategy, uint64_t seed)
{
    pos *self = (pos *)strategy;
    acti_swarm_begin(&self->swarm, seed, ACTI_SWARM_PATIENCE);
    self->key = acti_random_next(&self->swarm.random);
    acti_marks_clear(&self->runs);
    return true;
}

static uint32_t pos_choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    pos *self = (pos *)strategy;
    acti_offer offer = acti_swarm_offer(&self->swarm, steps, count);
    uint32_t best = offer.first;
    uint64_t highest = 0;
    for (uint32_t i = offer.first; offer.count > 1 && i < offer.first + offer.count; i++) {
        uint64_t p = priority(self, &steps[i]);
        if (p > highest) {
            highest = p;
            best = i;
        }
    }

    // Without memory its rivals keep their priorities: a schedule like any other.
    uint64_t actor = steps[best].actor;
    (void)acti_marks_set(&self->runs, actor, acti_marks_get(&self->runs, actor, 0) + 1);
    return best;
}

static void pos_end(acti_strategy *strategy, bool cut)
{
    (void)strategy, (void)cut;
}

static void pos_fini(acti_strategy *strategy)
{
    acti_marks_fini(&((pos *)strategy)->runs);
    free(strategy);
}

acti_strategy *acti_strategy_pos(void)
{
    static const acti_strategy_ops ops = {.begin = pos_begin, .choose = pos_choose, .end = pos_end, .fini = pos_fini};
    pos *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->base = (acti_strategy){.ops = &ops, .name = "POS"};
    return &self->base;
}
