// SPDX-License-Identifier: MIT
//
// explore.c - running a scenario in one schedule after the other.
//
// The seed of schedule i is the first seed plus i. The choices are noted, and the first schedules are run again with
// them: what happens must be the same to the last event, or something in the scenario depends on more than the seed,
// and nothing that the sim says can be trusted.

#include "sim/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/type.h"

#define SCHEDULES_DEFAULT 1000
#define SCHEDULES_EXHAUSTIVE 100000
#define PCT_DEPTH_DEFAULT 3
#define RUN_TWICE 3

// run_again runs the last schedule once more and sees whether the same happens.
static int run_again(acti_exploration *x, uint64_t seed)
{
    uint64_t hash = x->sim.hash, all = x->result->hash;
    acta_sim_result counts = *x->result;
    acti_forcing forcing;
    int status = acti_schedule_forcing(x, seed, &forcing);
    if (status == ACTA_OK)
        status = acti_schedule_run_forced(x, &forcing, NULL);
    acti_forcing_fini(&forcing);
    *x->result = counts;
    x->result->hash = all;
    if (status != ACTA_OK || x->sim.hash == hash)
        return status;
    snprintf(x->result->claim, sizeof(x->result->claim), "the same seed gives the same events");
    acti_explain_say(x, "scenario %s: the schedule of seed %llu went another way when it was run again. Something in "
                        "it depends on more than the seed: a clock, an address, a random number, or state left over "
                        "from the schedule before", x->opts.name, (unsigned long long)seed);
    return ACTA_ECLAIM;
}

// ---- an exploration ---------------------------------------------------------------------------

// strategy_of makes the strategy, for schedules of about so many steps.
static acti_strategy *strategy_of(const acta_sim_opts *opts, uint32_t steps)
{
    switch (opts->strategy) {
    case ACTA_SIM_PORTFOLIO:
        return acti_strategy_portfolio(steps);
    case ACTA_SIM_RANDOM:
        return acti_strategy_random();
    case ACTA_SIM_POS:
        return acti_strategy_pos();
    case ACTA_SIM_PCT:
        return acti_strategy_pct(opts->pct_depth, steps);
    case ACTA_SIM_EXHAUSTIVE:
        return acti_strategy_exhaustive();
    case ACTA_SIM_OLDEST:
        return acti_strategy_oldest();
    }
    return NULL;
}

static int run_all(acti_exploration *x, acti_strategy *strategy)
{
    bool exhaustive = x->opts.strategy == ACTA_SIM_EXHAUSTIVE;
    for (uint64_t i = 0; i < x->opts.schedules; i++) {
        uint64_t seed = x->opts.seed + (exhaustive ? 0 : i);
        if (!strategy->ops->begin(strategy, seed)) {
            x->result->complete = strategy->complete && x->result->cut == 0;
            return ACTA_OK;
        }
        if (!x->opts.no_lint)
            acti_races_begin(&x->races, i);
        int status = acti_schedule_run(x, strategy, seed, NULL);
        if (status == ACTA_OK && x->sim.broken[0] != '\0')
            return acti_explain_failed(x, strategy->name, seed, i);
        if (status == ACTA_OK && i < RUN_TWICE && !x->sim.dropped)
            status = run_again(x, seed);
        if (status == ACTA_OK)
            status = acti_explain_races(x, seed, i);
        if (status != ACTA_OK)
            return status;
    }
    return ACTA_OK;
}

// own gives the schedule in a text such as is printed, NAME:SCHEDULE. NULL: it is of a scenario of another name.
static const char *own(const acti_exploration *x, const char *text)
{
    size_t length = strlen(x->opts.name);
    return strncmp(text, x->opts.name, length) == 0 && text[length] == ':' ? text + length + 1 : NULL;
}

// replay runs one schedule. With `quiet` it prints only a failure.
static int replay(acti_exploration *x, const char *text, bool quiet)
{
    acti_forcing forcing;
    int status = acti_forcing_read(&forcing, text);
    if (status == ACTA_EINVAL)
        acti_explain_say(x, "scenario %s: `%s' is not a schedule: seed=N, or seed=N force=STEP:CHOICE,...",
                         x->opts.name, text);
    if (status != ACTA_OK)
        return status;
    status = quiet ? acti_schedule_run_forced(x, &forcing, NULL) : ACTA_OK;
    if (status == ACTA_OK && (!quiet || x->sim.broken[0] != '\0'))
        status = acti_explain_forcing(x, &forcing,
                                      quiet ? "it has failed in this schedule before" : "as the environment asks");
    x->result->seed = forcing.seed;
    acti_forcing_fini(&forcing);
    return status == ACTA_OK && x->sim.broken[0] != '\0' ? ACTA_ECLAIM : status;
}

static int run_corpus(acti_exploration *x)
{
    int status = ACTA_OK;
    for (const char *const *at = x->opts.replays; at != NULL && *at != NULL && status == ACTA_OK; at++)
        if (own(x, *at) != NULL)
            status = replay(x, own(x, *at), true);
    return status;
}

static int missed(acti_exploration *x)
{
    const char *what;
    const char *claim = acti_claims_missed(x->claims, &what);
    if (claim == NULL)
        return ACTA_OK;
    snprintf(x->result->claim, sizeof(x->result->claim), "%s", claim);
    acti_explain_say(x, "scenario %s: `%s': %s of %llu, so the test does not test it", x->opts.name, claim, what,
        (unsigned long long)x->result->schedules);
    return ACTA_ECLAIM;
}

// measure runs the schedule that is made by itself, for its number of steps. What it shows the others show, too.
static int measure(acti_exploration *x, uint32_t *steps)
{
    acta_sim_result counts = *x->result;
    acti_forcing none = {.seed = x->opts.seed};
    int status = acti_schedule_run_forced(x, &none, NULL);
    *steps = x->sim.step > 0 ? x->sim.step : 1;
    *x->result = counts;
    return status;
}

static int explore(acti_exploration *x)
{
    const char *wanted = getenv("ACTA_SIM_REPLAY");
    if (wanted != NULL && own(x, wanted) != NULL)
        return replay(x, own(x, wanted), false);
    int status = run_corpus(x);
    if (status != ACTA_OK)
        return status;
    uint32_t steps;
    status = measure(x, &steps);
    if (status != ACTA_OK)
        return status;
    acti_strategy *strategy = strategy_of(&x->opts, steps);
    if (strategy == NULL)
        return ACTA_ENOMEM;
    status = run_all(x, strategy);
    strategy->ops->fini(strategy);
    return status == ACTA_OK ? missed(x) : status;
}

static uint64_t first_seed(void)
{
    const char *text = getenv("ACTA_SIM_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 1;
    return seed != 0 ? seed : 1;
}

static int fill_in(acta_sim_opts *opts)
{
    if ((unsigned)opts->strategy > ACTA_SIM_OLDEST || opts->faults >= ACTA_SIM_GAP * 2)
        return ACTA_EINVAL;
    if (opts->name == NULL)
        opts->name = "scenario";
    if (opts->pct_depth == 0)
        opts->pct_depth = PCT_DEPTH_DEFAULT;
    if (opts->schedules == 0)
        opts->schedules = opts->strategy == ACTA_SIM_EXHAUSTIVE ? SCHEDULES_EXHAUSTIVE : SCHEDULES_DEFAULT;
    if (opts->strategy == ACTA_SIM_OLDEST)
        opts->schedules = 1;
    if (opts->seed == 0)
        opts->seed = first_seed();
    if (opts->steps_max == 0)
        opts->steps_max = ACTI_SIM_STEPS_MAX_DEFAULT;
    if (opts->faults_max == 0)
        opts->faults_max = 3;
    return ACTA_OK;
}

static void fini(acti_exploration *x)
{
    acta_sim *sim = &x->sim;
    void *arrays[] = {sim->parties, sim->wires, sim->items, sim->full, sim->ready, sim->eager, sim->steps,
                      sim->choices};
    for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
        free(arrays[i]);
    acti_claims_free(x->claims);
    acti_races_fini(&x->races);
    free(x);
}

int acta_sim_explore_with(const acta_sim_opts *opts, acta_sim_scenario *scenario, void *arg, acta_sim_result *result)
{
    *result = (acta_sim_result){0};
    acta_sim_opts filled = opts != NULL ? *opts : (acta_sim_opts){0};
    int status = fill_in(&filled);
    char why[256];
    if (status == ACTA_OK)
        status = acti_types_check(why, sizeof(why));
    if (status != ACTA_OK)
        return status;
    acti_exploration *x = calloc(1, sizeof(*x));
    if (x == NULL)
        return ACTA_ENOMEM;
    x->opts = filled;
    x->scenario = scenario;
    x->arg = arg;
    x->result = result;
    x->claims = acti_claims_new();
    status = x->claims != NULL ? explore(x) : ACTA_ENOMEM;
    fini(x);
    return status;
}

int acta_sim_explore(const acta_sim_opts *opts, acta_sim_scenario *scenario, void *arg)
{
    acta_sim_result result;
    return acta_sim_explore_with(opts, scenario, arg, &result);
}
