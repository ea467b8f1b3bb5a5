// SPDX-License-Identifier: MIT
//
// stub.c - stands in for the strategies and the trace until they are merged.

#include <stdlib.h>
#include <stdio.h>

#include "base/platform.h"
#include "sim/strategy.h"
#include "sim/trace.h"

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
struct acti_trace {
    int n;
};
acti_trace *acti_trace_new(void)
{
    return calloc(1, sizeof(acti_trace));
}
void acti_trace_free(acti_trace *trace)
{
    free(trace);
}
void acti_trace_add(acti_trace *trace, const acti_trace_event *e)
{
    trace->n++;
    fprintf(stderr, "%u%s what %d t %llu m %llx %s -> %s: %s\n", e->step, e->forced ? "!" : "", e->what,
            (unsigned long long)e->at_ns, (unsigned long long)e->message, e->from ? e->from : "-", e->to ? e->to : "-",
            e->text ? e->text : "");
}
void acti_trace_print(const acti_trace *trace, void (*line)(void *arg, const char *text), void *arg)
{
    (void)trace, (void)line, (void)arg;
}
void acti_trace_mermaid(const acti_trace *trace, void (*line)(void *arg, const char *text), void *arg)
{
    (void)trace, (void)line, (void)arg;
}
