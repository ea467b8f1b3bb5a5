// SPDX-License-Identifier: MIT
//
// strategy_portfolio.c - several strategies by turns, a schedule each.
//
// No strategy is best for all bugs: POS finds orders of messages to one actor, PCT bugs of a small depth in long
// schedules, the random walk what neither has in mind. A few schedules of each cost less than the wrong choice.
//
// The seed says whose turn it is, so that seeds that follow each other are by turns, and a seed by itself is a
// schedule of the same member as in the exploration.

#include "sim/strategy.h"

#include <stdlib.h>

#include "base/platform.h"

enum { MEMBERS = 6 };

typedef struct portfolio {
    acti_strategy base;
    acti_strategy *members[MEMBERS];
    acti_strategy *now;
} portfolio;

static bool portfolio_begin(acti_strategy *strategy, uint64_t seed)
{
    portfolio *self = (portfolio *)strategy;
    self->now = self->members[seed % MEMBERS];
    self->base.name = self->now->name;
    return self->now->ops->begin(self->now, seed);
}

static uint32_t portfolio_choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    portfolio *self = (portfolio *)strategy;
    return self->now->ops->choose(self->now, steps, count);
}

static void portfolio_end(acti_strategy *strategy, bool cut)
{
    portfolio *self = (portfolio *)strategy;
    self->now->ops->end(self->now, cut);
}

static void portfolio_fini(acti_strategy *strategy)
{
    portfolio *self = (portfolio *)strategy;
    for (int i = 0; i < MEMBERS; i++)
        if (self->members[i] != NULL)
            self->members[i]->ops->fini(self->members[i]);
    free(self);
}

acti_strategy *acti_strategy_portfolio(uint32_t steps)
{
    // None of the members wants to know what was made or touched, so neither does the portfolio.
    static const acti_strategy_ops ops = {
        .begin = portfolio_begin, .choose = portfolio_choose, .end = portfolio_end, .fini = portfolio_fini};
    portfolio *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    *self = (portfolio){.base = {.ops = &ops, .name = "portfolio"},
                        .members = {acti_strategy_pos(), acti_strategy_random(), acti_strategy_pct(2, steps),
                                    acti_strategy_pct(3, steps), acti_strategy_pct(5, steps),
                                    acti_strategy_pct(8, steps)}};
    for (int i = 0; i < MEMBERS; i++)
        if (self->members[i] == NULL) {
            portfolio_fini(&self->base);
            return NULL;
        }
    return &self->base;
}
