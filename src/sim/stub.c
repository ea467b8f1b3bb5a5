// SPDX-License-Identifier: MIT
//
// stub.c - stands in for the strategies until they are merged.

#include <stdlib.h>

#include "base/platform.h"
#include "sim/strategy.h"

typedef struct random_strategy {
    acti_strategy strategy;
    uint64_t state;
    bool oldest;
} random_strategy;

static bool begin(acti_strategy *strategy, uint64_t seed)
{
    random_strategy *r = (random_strategy *)strategy;
    r->state = seed;
    return true;
}

static uint32_t choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    (void)steps;
    random_strategy *r = (random_strategy *)strategy;
    if (r->oldest)
        return 0;
    return (uint32_t)(acti_random_next(&r->state) % count);
}

static void end(acti_strategy *strategy, bool cut)
{
    (void)strategy;
    (void)cut;
}

static void fini(acti_strategy *strategy)
{
    free(strategy);
}

static const acti_strategy_ops ops = {.begin = begin, .choose = choose, .end = end, .fini = fini};

acti_strategy *acti_strategy_random(void)
{
    random_strategy *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    r->strategy = (acti_strategy){.ops = &ops, .name = "random"};
    return &r->strategy;
}
acti_strategy *acti_strategy_oldest(void)
{
    acti_strategy *s = acti_strategy_random();
    if (s != NULL)
        ((random_strategy *)s)->oldest = true;
    return s;
}
acti_strategy *acti_strategy_pos(void)
{
    return acti_strategy_random();
}
acti_strategy *acti_strategy_pct(uint32_t depth, uint32_t steps)
{
    (void)depth;
    (void)steps;
    return acti_strategy_random();
}
acti_strategy *acti_strategy_exhaustive(void)
{
    return acti_strategy_random();
}
acti_strategy *acti_strategy_portfolio(uint32_t steps)
{
    (void)steps;
    return acti_strategy_random();
}
