// SPDX-License-Identifier: MIT
//
// schedule.c - one schedule of a scenario, and the same one again.
//
//     open -> scenario -> steps until nothing is possible -> healing, if there were faults or there was no end ->
//     eventually, alive -> close, by force if need be, unseen

#include "sim/explore.h"

#include <stdio.h>
#include <string.h>

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

static void system_report(void *arg, const char *line)
{
    acti_exploration *x = arg;
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

static void begin(acti_exploration *x, acti_strategy *strategy, uint64_t seed, acti_trace *trace)
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
    sim->net.instant = x->opts.instant;
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

static int open_system(acti_exploration *x)
{
    acti_sim_node *node;
    acta_sim_node_opts opts = {.name = "the scenario", .system = x->opts.system};
    return x->sim.no_memory ? ACTA_ENOMEM : acti_sim_node_add(&x->sim, &opts, &node);
}

// ---- one schedule -------------------------------------------------------------------------

static void heal(acti_exploration *x)
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

static void judge(acti_exploration *x)
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

static void clear_away(acti_exploration *x)
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

int acti_schedule_run(acti_exploration *x, acti_strategy *strategy, uint64_t seed, acti_trace *trace)
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

int acti_schedule_forcing(const acti_exploration *x, uint64_t seed, acti_forcing *forcing)
{
    *forcing = (acti_forcing){.seed = seed};
    for (uint32_t i = 0; i < x->sim.choice_count; i++)
        if (x->sim.choices[i] != 0 && acti_forcing_add(forcing, i + 1, x->sim.choices[i]) != ACTA_OK)
            return ACTA_ENOMEM;
    return ACTA_OK;
}

int acti_schedule_run_forced(acti_exploration *x, const acti_forcing *forcing, acti_trace *trace)
{
    acti_strategy *strategy = acti_strategy_forced(forcing);
    if (strategy == NULL)
        return ACTA_ENOMEM;
    (void)strategy->ops->begin(strategy, forcing->seed);
    int status = acti_schedule_run(x, strategy, forcing->seed, trace);
    strategy->ops->fini(strategy);
    return status;
}
