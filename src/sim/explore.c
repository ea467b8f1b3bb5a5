// SPDX-License-Identifier: MIT
//
// explore.c - running a scenario in one schedule after the other, and saying what failed.
//
// One schedule:  open -> scenario -> steps until nothing is possible -> healing, if there were faults or there was no
//                end -> eventually, alive -> close, by force if need be, unseen
//
// The seed of schedule i is the first seed plus i. The choices are noted, and the first schedules are run again with
// them: what happens must be the same to the last event, or something in the scenario depends on more than the seed,
// and nothing that the sim says can be trusted.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/type.h"
#include "sim/kernel.h"

#define SCHEDULES_DEFAULT 1000
#define SCHEDULES_EXHAUSTIVE 100000
#define PCT_DEPTH_DEFAULT 3
#define STEPS_EXPECTED 64
#define RUN_TWICE 3
#define SHRINK_TRIES 2000

typedef struct exploration {
    acta_sim sim;
    acta_sim_opts opts; // with the defaults
    acta_sim_scenario *scenario;
    void *arg;
    acti_claims *claims;
    acti_races races;
    acta_sim_result *result;
    bool noting;      // what the closing system reports goes into alive
    char alive[2048]; // lines: who was alive at the end of the schedule that is explained
} exploration;

static ACTI_THREAD_LOCAL acta_sim *here;

acta_sim *acta_sim_here(void)
{
    return here;
}

acta_system *acta_sim_system(acta_sim *sim)
{
    return sim->nodes[0].sys;
}

uint64_t acta_sim_random(acta_sim *sim, uint64_t below)
{
    return acti_random_next(&sim->draws) % below;
}

void acta_sim_run(acta_sim *sim)
{
    acti_sim_steps(sim);
}

// ---- saying ---------------------------------------------------------------------------

static void put_line(void *arg, const char *line)
{
    const exploration *x = arg;
    if (x->opts.report != NULL)
        x->opts.report(x->opts.report_arg, line);
    else
        fprintf(stderr, "%s\n", line);
}

__attribute__((format(printf, 2, 3))) static void say(exploration *x, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    put_line(x, line);
}

static void system_report(void *arg, const char *line)
{
    exploration *x = arg;
    size_t at = strlen(x->alive);
    if (x->noting)
        snprintf(x->alive + at, sizeof(x->alive) - at, "%s\n", line);
}

// ---- the world -------------------------------------------------------------------------

static uint64_t clock_ns(acti_world *world)
{
    return ((acta_sim *)(void *)world)->now_ns;
}

static uint64_t random_seed(acti_world *world)
{
    return acti_random_next(&((acta_sim *)(void *)world)->seeds);
}

static void begin(exploration *x, acti_strategy *strategy, uint64_t seed, acti_trace *trace)
{
    acta_sim *sim = &x->sim;
    sim->world = (acti_world){.clock_ns = clock_ns, .random_seed = random_seed, .park_wait = acti_sim_park_wait};
    sim->opts = &x->opts;
    sim->strategy = strategy;
    sim->trace = trace;
    sim->claims = x->claims;
    sim->races = &x->races;
    sim->report = system_report;
    sim->report_arg = x;
    sim->now_ns = ACTA_SECOND;
    sim->draws = acti_sim_mix(seed, 1);
    sim->seeds = acti_sim_mix(seed, 2);
    sim->hash = 0;
    sim->ages = 0;
    sim->clock_steps = 0;
    sim->events = 0;
    sim->step = 0;
    sim->steps_limit = x->opts.steps_max;
    sim->cut = sim->healing = sim->ending = sim->dropped = sim->no_memory = sim->forced_step = false;
    sim->main_deadline_ns = UINT64_MAX;
    sim->running = ACTI_PARTY_MAIN;
    sim->thread = NULL;
    sim->party_count = sim->wire_count = sim->item_count = sim->full_count = 0;
    sim->ready_count = sim->eager_count = sim->step_count = sim->choice_count = 0;
    sim->item_free = sim->only = ACTI_SIM_NONE;
    sim->footprinted = strategy->ops->touched != NULL;
    sim->thread_count = sim->node_count = 0;
    sim->broken[0] = '\0';
    x->alive[0] = '\0';
    acti_net_init(&sim->net, &sim->ages);
    acti_faults_begin(sim, seed);
    acti_claims_begin(x->claims);
    static const char *const names[ACTI_PARTIES_FIRST] = {"the scenario", "the clock", "the end", "the network"};
    for (uint32_t i = 0; i < ACTI_PARTIES_FIRST; i++) {
        uint32_t party = acti_sim_party_new(sim, acti_sim_mix(i + 1, 0), NULL);
        if (party != ACTI_SIM_NONE)
            acti_name_copy(sim->parties[party].name, names[i]);
    }
    if (sim->party_count > ACTI_PARTY_MAIN)
        acti_party_announce(sim, ACTI_PARTY_MAIN, names[ACTI_PARTY_MAIN], ACTI_SIM_NONE);
}

static int open_system(exploration *x)
{
    acti_sim_node *node;
    acta_sim_node_opts opts = {.name = "the scenario", .system = x->opts.system};
    return x->sim.no_memory ? ACTA_ENOMEM : acti_sim_node_add(&x->sim, &opts, &node);
}

// ---- one schedule -------------------------------------------------------------------------

static void heal(exploration *x)
{
    acta_sim *sim = &x->sim;
    bool cut = sim->cut || (!sim->healing && sim->step >= sim->steps_limit);
    if (acti_sim_unseen(sim) || (!cut && x->opts.faults == 0))
        return;
    if (!sim->healing)
        acti_sim_heal(sim);
    acti_sim_steps(sim);
    x->result->cut += cut;
}

static void judge(exploration *x)
{
    acta_sim *sim = &x->sim;
    if (acti_sim_unseen(sim))
        return;
    bool over = sim->step < sim->steps_limit;
    const char *broken = acti_claims_eventually(x->claims);
    if (broken != NULL)
        acti_sim_fail(sim, broken);
    if (over && acti_threads_waiting(sim))
        acti_sim_fail(sim, "a thread outside waits for what may still come");
    for (uint32_t i = 0; over && !x->opts.may_live && i < sim->node_count; i++)
        if (sim->nodes[i].sys != NULL && acti_system_alive(sim->nodes[i].sys, false) > 0)
            acti_sim_fail(sim, "an actor is still alive when nothing can happen any more");
    // At the end it says something who is alive; in the middle of things most are.
    x->noting = sim->trace != NULL && sim->broken[0] != '\0';
}

static void clear_away(exploration *x)
{
    acta_sim *sim = &x->sim;
    bool judged = !acti_sim_unseen(sim);
    sim->ending = true;
    bool closes = acti_sim_nodes_close(sim);
    x->noting = false;
    acti_threads_end(sim);
    acti_net_fini(&sim->net);
    if (!closes && judged)
        snprintf(sim->broken, sizeof(sim->broken), "the ledger closes");
}

// run_schedule runs one. ACTA_OK, also when a claim does not hold: then sim->broken says which.
static int run_schedule(exploration *x, acti_strategy *strategy, uint64_t seed, acti_trace *trace)
{
    acta_sim *sim = &x->sim;
    acti_world *world_before = acti_world_here;
    acta_sim *here_before = here;
    begin(x, strategy, seed, trace);
    acti_world_here = &sim->world;
    here = sim;
    int status = open_system(x);
    if (status == ACTA_OK) {
        x->scenario(sim, x->arg);
        acti_sim_steps(sim);
        acti_sim_step_over(sim);
        heal(x);
        judge(x);
        strategy->ops->end(strategy, sim->step >= sim->steps_limit);
        acti_races_end(&x->races); // what is cleared away is nobody's intention
        clear_away(x);
    }
    here = here_before;
    acti_world_here = world_before;
    x->result->schedules++;
    x->result->steps += sim->step;
    x->result->hash = acti_sim_mix(x->result->hash, sim->hash);
    return sim->no_memory ? ACTA_ENOMEM : status;
}

// ---- again --------------------------------------------------------------------------------

// forcing_of makes a forcing of the choices of the schedule that was run last.
static int forcing_of(const exploration *x, uint64_t seed, acti_forcing *forcing)
{
    *forcing = (acti_forcing){.seed = seed};
    for (uint32_t i = 0; i < x->sim.choice_count; i++)
        if (x->sim.choices[i] != 0 && acti_forcing_add(forcing, i + 1, x->sim.choices[i]) != ACTA_OK)
            return ACTA_ENOMEM;
    return ACTA_OK;
}

static int run_forced(exploration *x, const acti_forcing *forcing, acti_trace *trace)
{
    acti_strategy *strategy = acti_strategy_forced(forcing);
    if (strategy == NULL)
        return ACTA_ENOMEM;
    (void)strategy->ops->begin(strategy, forcing->seed);
    int status = run_schedule(x, strategy, forcing->seed, trace);
    strategy->ops->fini(strategy);
    return status;
}

// run_again runs the last schedule once more and sees whether the same happens.
static int run_again(exploration *x, uint64_t seed)
{
    uint64_t hash = x->sim.hash, all = x->result->hash;
    acta_sim_result counts = *x->result;
    acti_forcing forcing;
    int status = forcing_of(x, seed, &forcing);
    if (status == ACTA_OK)
        status = run_forced(x, &forcing, NULL);
    acti_forcing_fini(&forcing);
    *x->result = counts;
    x->result->hash = all;
    if (status != ACTA_OK || x->sim.hash == hash)
        return status;
    snprintf(x->result->claim, sizeof(x->result->claim), "the same seed gives the same events");
    say(x, "scenario %s: the schedule of seed %llu went another way when it was run again. Something in it depends on "
           "more than the seed: a clock, an address, a random number, or state left over from the schedule before",
        x->opts.name, (unsigned long long)seed);
    return ACTA_ECLAIM;
}

// ---- a failure ---------------------------------------------------------------------------------

typedef struct attempt {
    exploration *x;
    char claim[256];
} attempt;

static bool fails(void *arg, const acti_forcing *forcing)
{
    attempt *a = arg;
    return run_forced(a->x, forcing, NULL) == ACTA_OK && strcmp(a->x->sim.broken, a->claim) == 0;
}

// say_replay says how to run the schedule again, whole, however long that is: a part of it is another schedule.
static int say_replay(exploration *x, const acti_forcing *forcing)
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
    put_line(x, line);
    free(line);
    return ACTA_OK;
}

static void say_alive(exploration *x)
{
    char *rest = x->alive;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;)
        say(x, "%s", line);
}

// explain runs a schedule once more, with a trace, and prints what does not hold, where it was found, and the trace.
static int explain(exploration *x, const acti_forcing *forcing, const char *found)
{
    acti_trace *trace = acti_trace_new();
    if (trace == NULL)
        return ACTA_ENOMEM;
    int status = run_forced(x, forcing, trace);
    if (status == ACTA_OK) {
        snprintf(x->result->claim, sizeof(x->result->claim), "%s", x->sim.broken);
        bool broken = x->result->claim[0] != '\0';
        say(x, "scenario %s: %s%s", x->opts.name, broken ? "this does not hold: " : "every claim holds",
            x->result->claim);
        say(x, "%s", found);
        status = say_replay(x, forcing);
        acti_trace_print(trace, put_line, x);
        if (x->opts.mermaid)
            acti_trace_mermaid(trace, put_line, x);
        say_alive(x);
    }
    acti_trace_free(trace);
    return status;
}

static int failed(exploration *x, const char *strategy, uint64_t seed, uint64_t number)
{
    acta_sim_result counts = *x->result;
    uint32_t steps = x->sim.step;
    attempt a = {.x = x};
    snprintf(a.claim, sizeof(a.claim), "%s", x->sim.broken);
    acti_forcing forcing;
    int status = forcing_of(x, seed, &forcing);
    uint32_t forced = forcing.count;
    if (status == ACTA_OK) {
        acti_forcing_shrink(&forcing, fails, &a, SHRINK_TRIES);
        char found[256];
        snprintf(found, sizeof(found), "found in schedule %llu (%s), seed %llu: %u steps, %u of them forced, of which "
                 "%u are needed", (unsigned long long)number + 1, strategy, (unsigned long long)seed, steps, forced,
                 forcing.count);
        status = explain(x, &forcing, found);
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
static int turn_around(exploration *x, const acti_forcing *forcing, const acti_sim_race *race)
{
    acti_strategy *strategy = acti_strategy_flipped(forcing, race->first, race->second);
    if (strategy == NULL)
        return ACTA_ENOMEM;
    (void)strategy->ops->begin(strategy, forcing->seed);
    int status = run_schedule(x, strategy, forcing->seed, NULL);
    strategy->ops->fini(strategy);
    return status;
}

// tell_race names a race and sees what it may do. ACTA_ECLAIM: it breaks a claim, in the schedule that was run last.
static int tell_race(exploration *x, const acti_forcing *forcing, const acti_sim_race *race)
{
    x->result->races++;
    say(x, "scenario %s: %s", x->opts.name, race->text);
    if (race->swapped || race->first == 0 || race->second == 0)
        return ACTA_OK;
    int status = turn_around(x, forcing, race);
    if (status != ACTA_OK)
        return status;
    bool breaks = x->sim.broken[0] != '\0';
    say(x, "scenario %s: with these two the other way around %s", x->opts.name,
        breaks ? "a claim breaks:" : "every claim holds");
    return breaks ? ACTA_ECLAIM : ACTA_OK;
}

// tell_races does so for all that the lint found in the last schedule.
static int tell_races(exploration *x, uint64_t seed, uint64_t number)
{
    acti_forcing forcing = {0};
    const acti_sim_race *race = acti_races_next(&x->races);
    int status = race != NULL ? forcing_of(x, seed, &forcing) : ACTA_OK;
    for (; status == ACTA_OK && race != NULL; race = acti_races_next(&x->races))
        status = tell_race(x, &forcing, race);
    acti_forcing_fini(&forcing);
    return status == ACTA_ECLAIM ? failed(x, "the other order", seed, number) : status;
}

// ---- an exploration ---------------------------------------------------------------------------

static acti_strategy *strategy_of(const acta_sim_opts *opts)
{
    switch (opts->strategy) {
    case ACTA_SIM_PORTFOLIO:
        return acti_strategy_portfolio(STEPS_EXPECTED);
    case ACTA_SIM_RANDOM:
        return acti_strategy_random();
    case ACTA_SIM_POS:
        return acti_strategy_pos();
    case ACTA_SIM_PCT:
        return acti_strategy_pct(opts->pct_depth, STEPS_EXPECTED);
    case ACTA_SIM_EXHAUSTIVE:
        return acti_strategy_exhaustive();
    case ACTA_SIM_OLDEST:
        return acti_strategy_oldest();
    }
    return NULL;
}

static int run_all(exploration *x, acti_strategy *strategy)
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
        int status = run_schedule(x, strategy, seed, NULL);
        if (status == ACTA_OK && x->sim.broken[0] != '\0')
            return failed(x, strategy->name, seed, i);
        if (status == ACTA_OK && i < RUN_TWICE && !x->sim.dropped)
            status = run_again(x, seed);
        if (status == ACTA_OK)
            status = tell_races(x, seed, i);
        if (status != ACTA_OK)
            return status;
    }
    return ACTA_OK;
}

// own gives the schedule in a text such as is printed, NAME:SCHEDULE. NULL: it is of a scenario of another name.
static const char *own(const exploration *x, const char *text)
{
    size_t length = strlen(x->opts.name);
    return strncmp(text, x->opts.name, length) == 0 && text[length] == ':' ? text + length + 1 : NULL;
}

// replay runs one schedule. With `quiet` it prints only a failure.
static int replay(exploration *x, const char *text, bool quiet)
{
    acti_forcing forcing;
    int status = acti_forcing_read(&forcing, text);
    if (status == ACTA_EINVAL)
        say(x, "scenario %s: `%s' is not a schedule: seed=N, or seed=N force=STEP:CHOICE,...", x->opts.name, text);
    if (status != ACTA_OK)
        return status;
    status = quiet ? run_forced(x, &forcing, NULL) : ACTA_OK;
    if (status == ACTA_OK && (!quiet || x->sim.broken[0] != '\0'))
        status = explain(x, &forcing, quiet ? "it has failed in this schedule before" : "as the environment asks");
    x->result->seed = forcing.seed;
    acti_forcing_fini(&forcing);
    return status == ACTA_OK && x->sim.broken[0] != '\0' ? ACTA_ECLAIM : status;
}

static int run_corpus(exploration *x)
{
    int status = ACTA_OK;
    for (const char *const *at = x->opts.replays; at != NULL && *at != NULL && status == ACTA_OK; at++)
        if (own(x, *at) != NULL)
            status = replay(x, own(x, *at), true);
    return status;
}

static int missed(exploration *x)
{
    const char *what;
    const char *claim = acti_claims_missed(x->claims, &what);
    if (claim == NULL)
        return ACTA_OK;
    snprintf(x->result->claim, sizeof(x->result->claim), "%s", claim);
    say(x, "scenario %s: `%s': %s of %llu, so the test does not test it", x->opts.name, claim, what,
        (unsigned long long)x->result->schedules);
    return ACTA_ECLAIM;
}

static int explore(exploration *x)
{
    const char *wanted = getenv("ACTA_SIM_REPLAY");
    if (wanted != NULL && own(x, wanted) != NULL)
        return replay(x, own(x, wanted), false);
    int status = run_corpus(x);
    if (status != ACTA_OK)
        return status;
    acti_strategy *strategy = strategy_of(&x->opts);
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

static void fini(exploration *x)
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
    exploration *x = calloc(1, sizeof(*x));
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
