// SPDX-License-Identifier: MIT
//
// strategy_random.c - the two simplest strategies: what became possible first, and a random walk.
//
// The random walk chooses evenly among the steps, not among the lanes: a step that has many rivals at every place
// comes late by chance alone, so deep orders are rare. It is in the portfolio for what it has over the cleverer ones:
// no idea of what matters, and so none that may be wrong.

#include "sim/strategy.h"

#include <stdlib.h>

#include "sim/swarm.h"

typedef struct walk {
    acti_strategy base;
    acti_swarm swarm;
} walk;

// ---- oldest -------------------------------------------------------------------

static bool oldest_begin(acti_strategy *strategy, uint64_t seed)
{
    (void)strategy, (void)seed;
    return true;
}

static uint32_t oldest_choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    (void)strategy, (void)steps, (void)count;
    return 0;
}

static void any_end(acti_strategy *strategy, bool cut)
{
    (void)strategy, (void)cut;
}

static void any_fini(acti_strategy *strategy)
{
    free(strategy);
}

acti_strategy *acti_strategy_oldest(void)
{
    static const acti_strategy_ops ops = {
        .begin = oldest_begin, .choose = oldest_choose, .end = any_end, .fini = any_fini};
    acti_strategy *strategy = calloc(1, sizeof(*strategy));
    if (strategy)
        *strategy = (acti_strategy){.ops = &ops, .name = "oldest"};
    return strategy;
}

// ---- random -------------------------------------------------------------------

static bool random_begin(acti_strategy *strategy, uint64_t seed)
{
    acti_swarm_begin(&((walk *)strategy)->swarm, seed, ACTI_SWARM_PATIENCE);
    return true;
}

static uint32_t random_choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    walk *self = (walk *)strategy;
    acti_offer offer = acti_swarm_offer(&self->swarm, steps, count);
    return offer.first + acti_swarm_below(&self->swarm, offer.count);
}

acti_strategy *acti_strategy_random(void)
{
    static const acti_strategy_ops ops = {
        .begin = random_begin, .choose = random_choose, .end = any_end, .fini = any_fini};
    walk *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->base = (acti_strategy){.ops = &ops, .name = "random"};
    return &self->base;
}
