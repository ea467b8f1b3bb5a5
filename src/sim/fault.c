// SPDX-License-Identifier: MIT
//
// fault.c - what else may happen: faults as steps, which strategies choose and replay like any other.
//
// Where there is to be one. A strategy that chooses among all that is possible would spend every fault of a schedule in
// its first steps, if each were on offer all the time. So each schedule has its weather, drawn from the seed: in one of
// so many steps one of the possible faults is listed, last; and always when nothing else can happen, behind a REST that
// lets it be. What a fault is like in detail, such as the byte at which a connection breaks, is drawn from the same
// weather and the number of the step, so that a replay has the same.
//
// An exhaustive search has all of them in all steps.
//
// A pause and a stall end in steps of their own, which are listed as long as it lasts and cost nothing.

#include <stdio.h>

#include "sim/kernel.h"

enum { LANE_FAULT = 64, LANE_END, LANE_REST };

// Numbers of the bits.
enum { KILL, RESTART, PAUSE, CUT, STALL, FULL, NOMEM, GAP, FAULTS };

_Static_assert(ACTA_SIM_GAP == 1 << GAP && ACTA_SIM_CUT == 1 << CUT, "the numbers of the bits");

#define CALM_MAX 5       // powers of two
#define NOMEM_AFTER_MAX 8 // allocations of one step

static const uint64_t gaps_ns[] = {ACTA_MS, 100 * ACTA_MS, 2 * ACTA_SECOND, 60 * ACTA_SECOND};

uint32_t acta_sim_faults(const acta_sim *sim)
{
    return sim->faults;
}

void acti_faults_begin(acta_sim *sim, uint64_t seed)
{
    sim->weather = acti_sim_mix(seed, 3);
    sim->calm = 1u << (sim->weather >> 8) % (CALM_MAX + 1);
    sim->faults = 0;
    sim->nomem_after = 0;
    sim->refuse_next = false;
}

// drawn is a number for this step, below `below`. A hash is never even.
static uint32_t drawn(const acta_sim *sim, uint64_t what, uint64_t below)
{
    return (uint32_t)((acti_sim_mix(acti_sim_mix(sim->weather, sim->step), what) >> 1) % below);
}

// ---- what is possible -------------------------------------------------------------------------

// An offer goes through all faults that are possible now: it counts them, or lists one, or each.
typedef struct offer {
    acta_sim *sim;
    uint32_t count;
    uint32_t wanted; // NONE: each
    bool lists;
} offer;

static void list(acta_sim *sim, uint8_t fault, uint32_t index, uint64_t hash, uint64_t kind)
{
    uint64_t lane = acti_sim_mix(acti_sim_mix(kind, fault), hash);
    acti_sim_add(sim, &(acti_step){.kind = ACTI_STEP_FAULT,
                                   .lane = lane,
                                   .event = acti_sim_mix(lane, sim->step),
                                   .age = ++sim->ages,
                                   .index = index,
                                   .fault = fault});
}

static void put(offer *o, uint8_t fault, uint32_t index, uint64_t hash)
{
    if ((o->sim->opts->faults & 1u << fault) == 0)
        return;
    if (o->lists && (o->wanted == ACTI_SIM_NONE || o->wanted == o->count))
        list(o->sim, fault, index, hash, LANE_FAULT);
    o->count++;
}

static uint32_t go_through(offer *o)
{
    acta_sim *sim = o->sim;
    o->count = 0;
    for (uint32_t i = 1; i < sim->node_count; i++) {
        const acti_sim_node *node = &sim->nodes[i];
        put(o, node->sys != NULL ? KILL : RESTART, i, node->host.hash);
        if (node->sys != NULL && !node->paused)
            put(o, PAUSE, i, node->host.hash);
    }
    for (uint32_t c = 0; (c = acti_net_next(&sim->net, c)) != 0;) {
        put(o, CUT, c, acti_net_hash(&sim->net, c));
        if (!acti_net_stalled(&sim->net, c))
            put(o, STALL, c, acti_net_hash(&sim->net, c));
    }
    for (uint8_t fault = FULL; fault < FAULTS; fault++)
        put(o, fault, 0, 0);
    return o->count;
}

static void list_faults(acta_sim *sim)
{
    offer o = {.sim = sim};
    uint32_t count = go_through(&o);
    if (count == 0)
        return;
    bool at_rest = sim->step_count == 0;
    bool all = sim->opts->strategy == ACTA_SIM_EXHAUSTIVE;
    if (!all && !at_rest && drawn(sim, 0, sim->calm) != 0)
        return;
    if (at_rest) {
        uint64_t lane = acti_sim_mix(LANE_REST, 0);
        acti_sim_add(sim, &(acti_step){.kind = ACTI_STEP_REST,
                                       .lane = lane,
                                       .event = acti_sim_mix(lane, sim->step),
                                       .age = ++sim->ages});
    }
    o.lists = true;
    o.wanted = all ? ACTI_SIM_NONE : drawn(sim, 1, count);
    (void)go_through(&o);
}

static void list_ends(acta_sim *sim)
{
    for (uint32_t i = 1; i < sim->node_count; i++)
        if (sim->nodes[i].paused)
            list(sim, PAUSE, i, sim->nodes[i].host.hash, LANE_END);
    for (uint32_t c = 0; (c = acti_net_next(&sim->net, c)) != 0;)
        if (acti_net_stalled(&sim->net, c))
            list(sim, STALL, c, acti_net_hash(&sim->net, c), LANE_END);
}

void acti_faults_collect(acta_sim *sim)
{
    list_ends(sim);
    if (sim->opts->faults != 0 && sim->faults < sim->opts->faults_max)
        list_faults(sim);
}

// ---- what happens -----------------------------------------------------------------------------

static void say(acta_sim *sim, const char *what, const char *of)
{
    char text[128];
    snprintf(text, sizeof(text), what, of);
    acti_sim_trace_add(sim, ACTI_TRACE_FAULT, ACTI_SIM_NONE, ACTI_SIM_NONE, 0, text);
}

static void run_on_node(acti_sim_node *node, uint8_t fault)
{
    acta_sim *sim = node->sim;
    if (fault == KILL) {
        say(sim, "node %s is killed", node->name);
        acti_sim_node_kill(node);
    } else if (fault == RESTART) {
        say(sim, "node %s is started again", node->name);
        acti_sim_node_restart(node);
    } else {
        say(sim, node->paused ? "node %s goes on" : "node %s stands still", node->name);
        sim->faults -= node->paused;
        acti_sim_node_pause(node, !node->paused);
    }
}

static void run_on_connection(acta_sim *sim, uint32_t number, uint8_t fault)
{
    char name[16];
    snprintf(name, sizeof(name), "%u", number);
    if (fault == CUT) {
        say(sim, "connection %s breaks", name);
        acti_net_cut(&sim->net, number, drawn(sim, 2, UINT32_MAX));
        return;
    }
    bool stalled = acti_net_stalled(&sim->net, number);
    say(sim, stalled ? "connection %s goes on" : "connection %s delivers nothing", name);
    sim->faults -= stalled;
    acti_net_stall(&sim->net, number, !stalled);
}

void acti_fault_run(acta_sim *sim, const acti_step *step)
{
    sim->faults++;
    switch (step->fault) {
    case KILL:
    case RESTART:
    case PAUSE:
        run_on_node(&sim->nodes[step->index], step->fault);
        break;
    case CUT:
    case STALL:
        run_on_connection(sim, step->index, step->fault);
        break;
    case FULL:
        say(sim, "%s finds an inbox full", "the next send that may");
        sim->refuse_next = true;
        break;
    case NOMEM:
        say(sim, "%s lacks memory", "the next step");
        sim->nomem_after = 1 + drawn(sim, 3, NOMEM_AFTER_MAX);
        break;
    default:
        say(sim, "%s leaps ahead", "the clock");
        sim->now_ns += gaps_ns[drawn(sim, 4, sizeof(gaps_ns) / sizeof(gaps_ns[0]))];
        break;
    }
    sim->footprint.everything = true; // last: what was cleared away had steps of its own
}

void acti_faults_heal(acta_sim *sim)
{
    sim->refuse_next = false;
    sim->nomem_after = 0;
    for (uint32_t c = 0; (c = acti_net_next(&sim->net, c)) != 0;)
        acti_net_stall(&sim->net, c, false);
    for (uint32_t i = 1; i < sim->node_count; i++) {
        acti_sim_node *node = &sim->nodes[i];
        acti_sim_node_pause(node, false);
        if (node->sys == NULL && (sim->opts->faults & ACTA_SIM_RESTART) != 0)
            acti_sim_node_restart(node);
    }
}
