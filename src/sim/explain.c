// SPDX-License-Identifier: MIT
//
// explain.c - saying what failed: the claim, how to run it again, and what happened, in as few choices as will do.

#include "sim/explore.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHRINK_TRIES 2000

// ---- saying ---------------------------------------------------------------------------

void acti_explain_line(void *arg, const char *line)
{
    const acti_exploration *x = arg;
    if (x->opts.report != NULL)
        x->opts.report(x->opts.report_arg, line);
    else
        fprintf(stderr, "%s\n", line);
}

void acti_explain_say(acti_exploration *x, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    acti_explain_line(x, line);
}

// ---- a failure ---------------------------------------------------------------------------------

typedef struct attempt {
    acti_exploration *x;
    char claim[256];
} attempt;

static bool fails(void *arg, const acti_forcing *forcing)
{
    attempt *a = arg;
    return acti_schedule_run_forced(a->x, forcing, NULL) == ACTA_OK && strcmp(a->x->sim.broken, a->claim) == 0;
}

// say_replay says how to run the schedule again, whole, however long that is: a part of it is another schedule.
static int say_replay(acti_exploration *x, const acti_forcing *forcing)
{
    static const char before[] = "replay: ACTA_SIM_REPLAY='";
    acta_sim_result *r = x->result;
    size_t size = sizeof(before) + strlen(x->opts.name) + acti_forcing_write(forcing, NULL, 0) + sizeof(":'");
    char *line = malloc(size);
    if (line == NULL)
        return ACTA_ENOMEM;
    size_t at = (size_t)snprintf(line, size, "%s%s:", before, x->opts.name);
    at += acti_forcing_write(forcing, line + at, size - at);
    if (at - strlen(before) < sizeof(r->replay))
        snprintf(r->replay, sizeof(r->replay), "%s", line + strlen(before));
    snprintf(line + at, size - at, "'");
    acti_explain_line(x, line);
    free(line);
    return ACTA_OK;
}

static void say_alive(acti_exploration *x)
{
    char *rest = x->alive;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;)
        acti_explain_say(x, "%s", line);
}

int acti_explain_forcing(acti_exploration *x, const acti_forcing *forcing, const char *found)
{
    acti_trace *trace = acti_trace_new();
    if (trace == NULL)
        return ACTA_ENOMEM;
    int status = acti_schedule_run_forced(x, forcing, trace);
    if (status == ACTA_OK) {
        snprintf(x->result->claim, sizeof(x->result->claim), "%s", x->sim.broken);
        bool broken = x->result->claim[0] != '\0';
        acti_explain_say(x, "scenario %s: %s%s", x->opts.name, broken ? "this does not hold: " : "every claim holds",
            x->result->claim);
        acti_explain_say(x, "%s", found);
        status = say_replay(x, forcing);
        acti_trace_print(trace, acti_explain_line, x);
        if (x->opts.mermaid)
            acti_trace_mermaid(trace, acti_explain_line, x);
        say_alive(x);
    }
    acti_trace_free(trace);
    return status;
}

int acti_explain_failed(acti_exploration *x, const char *strategy, uint64_t seed, uint64_t number)
{
    acta_sim_result counts = *x->result;
    uint32_t steps = x->sim.step;
    attempt a = {.x = x};
    snprintf(a.claim, sizeof(a.claim), "%s", x->sim.broken);
    acti_forcing forcing;
    int status = acti_schedule_forcing(x, seed, &forcing);
    uint32_t forced = forcing.count;
    if (status == ACTA_OK) {
        acti_forcing_shrink(&forcing, fails, &a, SHRINK_TRIES);
        char found[256];
        snprintf(found, sizeof(found), "found in schedule %llu (%s), seed %llu: %u steps, %u of them forced, of which "
                 "%u are needed", (unsigned long long)number + 1, strategy, (unsigned long long)seed, steps, forced,
                 forcing.count);
        status = acti_explain_forcing(x, &forcing, found);
    }
    acti_forcing_fini(&forcing);
    x->result->schedules = counts.schedules;
    x->result->steps = counts.steps;
    x->result->cut = counts.cut;
    x->result->hash = counts.hash;
    x->result->seed = seed;
    return status == ACTA_OK ? ACTA_ECLAIM : status;
}

// ---- races ------------------------------------------------------------------------------------

// turn_around runs a schedule once more with the order of a race in it turned around.
static int turn_around(acti_exploration *x, const acti_forcing *forcing, const acti_sim_race *race)
{
    acti_strategy *strategy = acti_strategy_flipped(forcing, race->first, race->second);
    if (strategy == NULL)
        return ACTA_ENOMEM;
    (void)strategy->ops->begin(strategy, forcing->seed);
    int status = acti_schedule_run(x, strategy, forcing->seed, NULL);
    strategy->ops->fini(strategy);
    return status;
}

// tell_race names a race and sees what it may do. ACTA_ECLAIM: it breaks a claim, in the schedule that was run last.
static int tell_race(acti_exploration *x, const acti_forcing *forcing, const acti_sim_race *race)
{
    x->result->races++;
    acti_explain_say(x, "scenario %s: %s", x->opts.name, race->text);
    if (race->swapped || race->first == 0 || race->second == 0)
        return ACTA_OK;
    int status = turn_around(x, forcing, race);
    if (status != ACTA_OK)
        return status;
    bool breaks = x->sim.broken[0] != '\0';
    acti_explain_say(x, "scenario %s: with these two the other way around %s", x->opts.name,
        breaks ? "a claim breaks:" : "every claim holds");
    return breaks ? ACTA_ECLAIM : ACTA_OK;
}

int acti_explain_races(acti_exploration *x, uint64_t seed, uint64_t number)
{
    acti_forcing forcing = {0};
    const acti_sim_race *race = acti_races_next(&x->races);
    int status = race != NULL ? acti_schedule_forcing(x, seed, &forcing) : ACTA_OK;
    for (; status == ACTA_OK && race != NULL; race = acti_races_next(&x->races))
        status = tell_race(x, &forcing, race);
    acti_forcing_fini(&forcing);
    return status == ACTA_ECLAIM ? acti_explain_failed(x, "the other order", seed, number) : status;
}
