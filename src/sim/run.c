// SPDX-License-Identifier: MIT
//
// run.c - steps: what is possible, choosing, and running one.
//
//   collect: deliveries, ready actors, threads, ... oldest first; then the clock; then faults
//   choose:  the strategy, or the oldest when the schedule is being cleared away
//   run:     one turn of one actor, most of the time; then the library's own actors that it has made ready

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "core/turn.h"
#include "sim/kernel.h"

enum { LANE_RUN = 16, LANE_CLOCK, LANE_CLAIMS };

#define CLOCK_TRIES 32 // a wheel's next look may be for nothing but spreading a slot

// ---- growing --------------------------------------------------------------------------

bool acti_sim_grow(acta_sim *sim, void *array, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return true;
    uint32_t more = *room > 0 ? *room * 2 : 16;
    void **at = array;
    void *grown = realloc(*at, more * size);
    if (grown == NULL) {
        sim->no_memory = true;
        return false;
    }
    *at = grown;
    *room = more;
    return true;
}

void acti_sim_add(acta_sim *sim, const acti_step *step)
{
    if (acti_sim_grow(sim, &sim->steps, sim->step_count, &sim->step_room, sizeof(acti_step)))
        sim->steps[sim->step_count++] = *step;
}

// ---- what happened ------------------------------------------------------------------------

void acti_sim_touch(acta_sim *sim, uint64_t object, acti_touch how)
{
    acti_footprint *print = &sim->footprint;
    if (!sim->footprinted || print->everything)
        return;
    for (uint32_t i = 0; i < print->count; i++) {
        if (print->at[i].object == object) {
            if (how != print->at[i].how)
                print->at[i].how = ACTI_TOUCH_WRITE;
            return;
        }
    }
    if (print->count == ACTI_FOOTPRINT_MAX) {
        print->everything = true;
        return;
    }
    print->at[print->count].object = object;
    print->at[print->count++].how = how;
}

// An actor may look at what its node knows of others, past all messages.
void acti_sim_touch_host(acta_sim *sim, uint8_t node)
{
    acti_sim_touch(sim, sim->nodes[node].host.hash, ACTI_TOUCH_READ);
}

bool acti_sim_unseen(const acta_sim *sim)
{
    return sim->ending || sim->dropped || sim->no_memory || sim->broken[0] != '\0';
}

void acti_sim_fail(acta_sim *sim, const char *claim)
{
    if (acti_sim_unseen(sim))
        return;
    snprintf(sim->broken, sizeof(sim->broken), "%s", claim);
    uint32_t by = acti_here.actor != NULL ? acti_sim_party_of(sim, acti_here.actor) : ACTI_SIM_NONE;
    acti_sim_trace_add(sim, ACTI_TRACE_CLAIM, by, ACTI_SIM_NONE, 0, claim);
}

// shown is whom a reader knows: who waits for a thread outside is that thread.
static const acti_party *shown(const acta_sim *sim, uint32_t party)
{
    return party != ACTI_SIM_NONE ? &sim->parties[sim->parties[party].acts_for] : NULL;
}

// name_of gives NULL also for the clock and for the ends: they are nobody whom a reader knows.
static const char *name_of(const acta_sim *sim, uint32_t party)
{
    bool nobody = party == ACTI_SIM_NONE || party == ACTI_PARTY_CLOCK || party == ACTI_PARTY_END;
    return nobody ? NULL : shown(sim, party)->name;
}

static uint64_t id_of(const acta_sim *sim, uint32_t party)
{
    return party != ACTI_SIM_NONE ? shown(sim, party)->hash : 0;
}

void acti_sim_trace_add(acta_sim *sim, acti_trace_what what, uint32_t from, uint32_t to, uint64_t message,
                        const char *text)
{
    if (sim->trace == NULL || sim->ending)
        return;
    acti_trace_add(sim->trace, &(acti_trace_event){.what = what,
                                                   .step = sim->step,
                                                   .forced = sim->forced_step,
                                                   .at_ns = sim->now_ns,
                                                   .message = message,
                                                   .from = name_of(sim, from),
                                                   .to = name_of(sim, to),
                                                   .from_id = id_of(sim, from),
                                                   .to_id = id_of(sim, to),
                                                   .text = text});
}

void acti_sim_trace_message(acta_sim *sim, acti_trace_what what, uint32_t from, uint32_t to, uint64_t message,
                            const acta_msg *m)
{
    char text[128];
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_EOF:
        snprintf(text, sizeof(text), "EOF");
        break;
    case ACTI_MSG_STOP:
        snprintf(text, sizeof(text), "stop");
        break;
    case ACTI_MSG_TIMEOUT:
        snprintf(text, sizeof(text), "timeout of an ask");
        break;
    case ACTI_MSG_LINK_OVER:
        snprintf(text, sizeof(text), "end of a link");
        break;
    default:
        (void)acta_msg_print(m, text, sizeof(text));
        break;
    }
    acti_sim_trace_add(sim, what, from, to, message, text);
}

// ---- ready actors --------------------------------------------------------------------------

void acti_party_ready(acta_sim *sim, uint32_t index, acti_actor *actor)
{
    acti_party *party = &sim->parties[index];
    if (party->ready)
        return;
    uint32_t **list = party->internal ? &sim->eager : &sim->ready;
    uint32_t *count = party->internal ? &sim->eager_count : &sim->ready_count;
    uint32_t *room = party->internal ? &sim->eager_room : &sim->ready_room;
    if (!acti_sim_grow(sim, list, *count, room, sizeof(uint32_t)))
        return;
    (*list)[(*count)++] = index;
    party->ready = true;
    party->actor = actor;
    party->ready_age = ++sim->ages;
    acti_sim_touch(sim, party->hash, ACTI_TOUCH_WRITE);
    if (!party->internal && sim->strategy->ops->made != NULL)
        sim->strategy->ops->made(sim->strategy, acti_sim_mix(acti_sim_mix(party->hash, LANE_RUN), party->runs));
}

static void not_ready(acta_sim *sim, uint32_t index)
{
    sim->parties[index].ready = false;
    for (uint32_t i = 0; i < sim->ready_count; i++) {
        if (sim->ready[i] == index) {
            sim->ready[i] = sim->ready[--sim->ready_count];
            return;
        }
    }
}

// turn runs an actor as a worker would.
static void turn(acta_sim *sim, uint32_t index)
{
    acti_actor *actor = sim->parties[index].actor;
    acti_worker *worker = actor->sys->sched.workers[0];
    acti_running before = acti_here;
    acti_here = (acti_running){.sys = actor->sys,
                               .counters = &worker->counters,
                               .worker = worker,
                               .glance = &worker->glance};
    acti_turn how = acti_turn_run(actor);
    acti_here = before;
    if (how == ACTI_TURN_MORE)
        acti_party_ready(sim, index, actor);
}

void acti_party_run(acta_sim *sim, uint32_t index)
{
    not_ready(sim, index);
    turn(sim, index);
}

// run_eager runs the library's own actors that are ready.
static void run_eager(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->eager_count; i++) {
        uint32_t index = sim->eager[i];
        sim->parties[index].ready = false;
        turn(sim, index);
    }
    sim->eager_count = 0;
}

static void collect_ready(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->ready_count; i++) {
        const acti_party *party = &sim->parties[sim->ready[i]];
        if (!acti_sim_may_run(sim, party->node))
            continue;
        uint64_t lane = acti_sim_mix(party->hash, LANE_RUN);
        acti_sim_add(sim, &(acti_step){.kind = ACTI_STEP_RUN,
                                       .lane = lane,
                                       .event = acti_sim_mix(lane, party->runs),
                                       .actor = party->hash,
                                       .age = party->ready_age,
                                       .index = sim->ready[i]});
    }
}

static void run_ready(acta_sim *sim, uint32_t index)
{
    acti_party *party = &sim->parties[index];
    party->runs++;
    acti_sim_touch(sim, party->hash, ACTI_TOUCH_WRITE);
    acti_sim_touch_host(sim, party->node);
    acti_sim_trace_add(sim, ACTI_TRACE_RAN, ACTI_SIM_NONE, index, 0, party->runs == 1 ? "starts" : "goes on");
    acti_party_run(sim, index);
}

// ---- time ------------------------------------------------------------------------------------

// has_time: whether a node hears of what is due.
static bool has_time(const acti_sim_node *node)
{
    return node->sys != NULL && !node->paused;
}

static uint64_t next_ns(const acta_sim *sim)
{
    uint64_t next = acti_threads_next_ns(sim);
    if (sim->main_deadline_ns < next)
        next = sim->main_deadline_ns;
    for (uint32_t i = 0; i < sim->node_count; i++) {
        uint64_t at = has_time(&sim->nodes[i]) ? acti_clock_next_ns(&sim->nodes[i].sys->clock) : UINT64_MAX;
        if (at < next)
            next = at;
    }
    return next;
}

static void collect_clock(acta_sim *sim)
{
    if (sim->only != ACTI_SIM_NONE || next_ns(sim) == UINT64_MAX)
        return;
    uint64_t lane = acti_sim_mix(LANE_CLOCK, LANE_CLOCK);
    acti_sim_add(sim, &(acti_step){.kind = ACTI_STEP_CLOCK,
                                   .lane = lane,
                                   .event = acti_sim_mix(lane, sim->clock_steps),
                                   .age = ++sim->ages});
}

static void run_alarms(acta_sim *sim)
{
    uint32_t before = sim->running;
    sim->running = ACTI_PARTY_CLOCK;
    for (uint32_t i = 0; i < sim->node_count; i++)
        while (has_time(&sim->nodes[i]) && acti_clock_run(sim->nodes[i].sys))
            continue;
    sim->running = before;
}

// run_clock lets time go on until something is due.
static void run_clock(acta_sim *sim)
{
    sim->clock_steps++;
    sim->footprint.everything = true;
    uint64_t before = sim->events;
    for (int i = 0; i < CLOCK_TRIES && sim->events == before; i++) {
        uint64_t at = next_ns(sim);
        if (at == UINT64_MAX)
            break;
        if (at > sim->now_ns)
            sim->now_ns = at;
        run_alarms(sim);
        acti_threads_due(sim);
        if (sim->now_ns >= sim->main_deadline_ns)
            break;
    }
    acti_sim_trace_add(sim, ACTI_TRACE_TIME, ACTI_SIM_NONE, ACTI_SIM_NONE, 0, NULL);
}

// ---- a step --------------------------------------------------------------------------------------

// sort puts the steps in order of age; few, and nearly in order already.
static void sort(acti_step *steps, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        acti_step moved = steps[i];
        uint32_t at = i;
        for (; at > 0 && steps[at - 1].age > moved.age; at--)
            steps[at] = steps[at - 1];
        steps[at] = moved;
    }
}

static void add_net(void *arg, const acti_step *step)
{
    acti_sim_add(arg, step);
}

static void run_net(acta_sim *sim, const acti_step *step)
{
    uint32_t before = sim->running;
    sim->running = ACTI_PARTY_NET;
    uint64_t conn, host;
    acti_net_about(&sim->net, step->index, &conn, &host);
    acti_sim_touch(sim, conn, ACTI_TOUCH_WRITE);
    acti_sim_touch(sim, host, ACTI_TOUCH_WRITE);
    acti_net_run(&sim->net, step->index);
    sim->events++;
    sim->running = before;
}

static void collect(acta_sim *sim)
{
    sim->step_count = 0;
    acti_wires_collect(sim);
    collect_ready(sim);
    acti_threads_collect(sim);
    acti_net_collect(&sim->net, sim->only != ACTI_SIM_NONE ? &sim->nodes[sim->only].host : NULL, add_net, sim);
    sort(sim->steps, sim->step_count);
    if (!sim->opts->idle_clock || sim->step_count == 0)
        collect_clock(sim);
    if (!sim->healing && !sim->ending)
        acti_faults_collect(sim);
}

static uint32_t choose(acta_sim *sim)
{
    if (sim->ending)
        return 0;
    uint32_t choice = 0;
    if (!sim->healing)
        choice = sim->strategy->ops->choose(sim->strategy, sim->steps, sim->step_count);
    if (choice == UINT32_MAX) {
        sim->dropped = true;
        return choice;
    }
    if (acti_sim_grow(sim, &sim->choices, sim->choice_count, &sim->choice_room, sizeof(uint32_t)))
        sim->choices[sim->choice_count++] = choice;
    sim->step++;
    sim->forced_step = choice != 0;
    sim->hash = acti_sim_mix(sim->hash, sim->steps[choice].event);
    return choice;
}

static void run(acta_sim *sim, const acti_step *step)
{
    switch ((acti_step_kind)step->kind) {
    case ACTI_STEP_DELIVER:
        acti_wire_deliver(sim, step->index);
        break;
    case ACTI_STEP_RUN:
        run_ready(sim, step->index);
        break;
    case ACTI_STEP_THREAD:
        acti_thread_go_on(sim, step->index);
        break;
    case ACTI_STEP_CLOCK:
        run_clock(sim);
        break;
    case ACTI_STEP_NET:
        run_net(sim, step);
        break;
    case ACTI_STEP_FAULT:
        acti_fault_run(sim, step);
        break;
    case ACTI_STEP_REST:
        break;
    }
    run_eager(sim);
}

// run_with runs a step with the memory that it is to have.
static void run_with(acta_sim *sim, const acti_step *step)
{
    uint32_t after = sim->nomem_after;
    sim->nomem_after = 0;
    if (after != 0)
        acti_pool_fail_after(after);
    run(sim, step);
    if (after != 0)
        acti_pool_fail_after(0);
}

bool acti_sim_step(acta_sim *sim)
{
    run_eager(sim);
    collect(sim);
    if (sim->step_count == 0)
        return false;
    acti_sim_step_over(sim);
    uint32_t choice = choose(sim);
    if (choice == UINT32_MAX)
        return false;
    acti_step step = sim->steps[choice];
    if (step.kind == ACTI_STEP_REST)
        return false;
    run_with(sim, &step);
    const char *broken = sim->ending ? NULL : acti_claims_always(sim->claims);
    if (broken != NULL)
        acti_sim_fail(sim, broken);
    return true;
}

void acti_sim_step_over(acta_sim *sim)
{
    // Who looks at the world after each step sees in which order even those came that do not care about each other.
    if (sim->footprinted && acti_claims_watch(sim->claims))
        acti_sim_touch(sim, LANE_CLAIMS, ACTI_TOUCH_WRITE);
    if (sim->footprinted && sim->step > 0 && !sim->healing && !sim->ending)
        sim->strategy->ops->touched(sim->strategy, &sim->footprint);
    sim->footprint.count = 0;
    sim->footprint.everything = false;
}

void acti_sim_steps(acta_sim *sim)
{
    while (!acti_sim_unseen(sim) && sim->step < sim->steps_limit && acti_sim_step(sim))
        continue;
}

void acti_sim_heal(acta_sim *sim)
{
    sim->healing = true;
    acti_faults_heal(sim);
    sim->steps_limit = sim->step + sim->opts->steps_max;
}

// ---- waiting on the scenario's own thread ---------------------------------------------------------

// goes_on: whether steps are still worth running for a scenario that waits. Past the limit it is healed first: it must
// not be told that its time is over when it is only the sim's patience that is.
static bool goes_on(acta_sim *sim)
{
    if (sim->ending)
        return true;
    if (!acti_sim_unseen(sim) && sim->step >= sim->steps_limit && !sim->healing) {
        sim->cut = true;
        acti_sim_heal(sim);
    } else if (sim->step >= sim->steps_limit) {
        acti_sim_fail(sim, "a thread outside does not wait for ever");
    }
    return !acti_sim_unseen(sim);
}

bool acti_sim_main_wait(acta_sim *sim, acti_park *park, uint64_t deadline_ns)
{
    uint64_t before = sim->main_deadline_ns;
    bool given;
    sim->main_deadline_ns = deadline_ns;
    while (!(given = acti_park_try(park)) && sim->now_ns < deadline_ns && goes_on(sim)) {
        if (acti_sim_step(sim))
            continue;
        if (!sim->ending && !sim->healing && sim->opts->faults != 0) {
            acti_sim_heal(sim); // what it waits for may be held up by a fault
            continue;
        }
        if (!sim->dropped)
            acti_sim_fail(sim, "a thread outside waits for what may still come");
        if (sim->ending)
            break;
    }
    sim->main_deadline_ns = before;
    return given;
}
