// SPDX-License-Identifier: MIT
//
// explore.c - one search: graph after graph, and what came of them.

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "say.h"
#include "set.h"

model_defect model_defect_now;

static set graphs, outcomes;
static model_result *into;
static uint64_t cuts;

void model_outcome(uint64_t value)
{
    set_add(&outcomes, value);
}

bool model_reached(uint64_t outcome)
{
    return set_has(&outcomes, outcome);
}

static bool count(verdict v)
{
    switch (v) {
    case COMPLETE:
        into->executions++;
        set_add(&graphs, graph_hash(&run.g));
        return true;
    case WAITING:
        into->blocked++;
        return true;
    case CUT:
        cuts++;
        into->complete = false;
        snprintf(into->why, sizeof(into->why), "%s", say_why);
        return true;
    case FAILED:
        into->failed = true;
        into->complete = false;
        snprintf(into->why, sizeof(into->why), "%s", say_why);
        return false;
    default:
        return true;
    }
}

static uint64_t cpu_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (uint64_t)used.ru_utime.tv_sec * 1000000 + (uint64_t)used.ru_utime.tv_usec;
}

static void visit(const model_scenario *s)
{
    uint32_t next = NEXT_ANY;
    do {
        if (s->executions_max != 0 && into->executions + cuts >= s->executions_max) {
            into->complete = false;
            if (cuts == 0)
                snprintf(into->why, sizeof(into->why), "cut: %llu executions are enough",
                         (unsigned long long)into->executions);
            return;
        }
    } while (count(run_execute(next)) && graphs_pop(&run.g, &next));
}

void model_explore(const model_scenario *s, model_search how, model_result *result)
{
    *result = (model_result){.complete = true};
    into = result;
    cuts = 0;
    run.full = how == MODEL_FULL;
    set_clear(&graphs);
    set_clear(&outcomes);
    graphs_clear();
    memset(&run.g, 0, sizeof(run.g));

    uint64_t began_us = cpu_us();
    if (!run_setup(s))
        count(run.verdict);
    else
        visit(s);
    shadow_forget();
    result->cpu_us = cpu_us() - began_us;
    result->graphs = graphs.count;
    result->outcomes = outcomes.count;
}
