// SPDX-License-Identifier: MIT
//
// thread.c - threads outside actors, and waiting.
//
// The scenario runs on the stack of whoever explores; when it waits, steps are run under it. Every other thread is a
// coroutine that goes on in a step of its own:
//
//   READY --step--> running --waits--> WAITING --token, or deadline passed--> READY
//                           --returns--> gone

#include "sim/kernel.h"

enum { LANE_THREAD = 32 };

#define REFUSED_MAX 1000 // waits for nothing after which a thread is not expected to return any more

static void thread_main(void *arg)
{
    acti_sim_thread *thread = arg;
    thread->fn(thread->arg);
}

int acti_sim_thread_start(acta_sim *sim, uint8_t node, const char *name, void (*fn)(void *arg), void *arg)
{
    uint32_t index = 0; // of one that has ended, or the next
    while (index < sim->thread_count && sim->threads[index].fiber != NULL)
        index++;
    if (index == ACTI_SIM_THREADS_MAX)
        return ACTA_EFULL;
    acti_party *by = &sim->parties[sim->running];
    uint64_t hash = acti_sim_mix(acti_sim_mix(by->hash, LANE_THREAD), by->made++);
    uint32_t party = acti_sim_party_new(sim, hash, NULL);
    if (party == ACTI_SIM_NONE)
        return ACTA_ENOMEM;
    acti_party_announce(sim, party, name, sim->running);
    if (sim->trace != NULL)
        acti_name_copy(sim->parties[party].name, name);
    sim->parties[party].node = node;
    acti_sim_thread *thread = &sim->threads[index];
    *thread = (acti_sim_thread){.fn = fn, .arg = arg, .age = ++sim->ages, .party = party, .node = node};
    thread->fiber = acti_fiber_new(ACTI_SIM_THREAD_STACK_BYTES, thread_main, thread);
    if (thread->fiber == NULL)
        return ACTA_EIO;
    if (index == sim->thread_count)
        sim->thread_count++;
    return ACTA_OK;
}

int acta_sim_thread(acta_sim *sim, const char *name, void (*fn)(void *arg), void *arg)
{
    return acti_sim_thread_start(sim, 0, name, fn, arg);
}

void acta_sim_sleep(acta_sim *sim, uint64_t time_ns)
{
    (void)sim;
    acti_park nobody;
    acti_park_init(&nobody);
    (void)acti_park_wait(&nobody, acti_deadline_ns(time_ns));
}

static bool may_go_on(const acta_sim *sim, const acti_sim_thread *thread)
{
    if (thread->fiber == NULL || !acti_sim_may_run(sim, thread->node) || thread->refused >= REFUSED_MAX)
        return false;
    // When the schedule is cleared away nobody waits for what will not come.
    return thread->park == NULL || sim->ending || acti_park_given(thread->park) || thread->deadline_ns <= sim->now_ns;
}

void acti_threads_collect(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        acti_sim_thread *thread = &sim->threads[i];
        if (!may_go_on(sim, thread))
            continue;
        const acti_party *party = &sim->parties[thread->party];
        uint64_t lane = acti_sim_mix(party->hash, LANE_THREAD);
        acti_sim_add(sim, &(acti_step){.kind = ACTI_STEP_THREAD,
                                       .lane = lane,
                                       .event = acti_sim_mix(lane, thread->runs),
                                       .actor = party->hash,
                                       .age = thread->age,
                                       .index = i});
    }
}

void acti_thread_go_on(acta_sim *sim, uint32_t index)
{
    acti_sim_thread *thread = &sim->threads[index];
    sim->footprint.everything = true; // what it does when it goes on is not told apart
    acti_sim_trace_add(sim, ACTI_TRACE_RAN, ACTI_SIM_NONE, thread->party, 0, thread->runs == 0 ? "starts" : "goes on");
    thread->runs++;
    thread->park = NULL;
    uint32_t before = sim->running;
    sim->running = thread->party;
    sim->thread = thread;
    acti_fiber_resume(thread->fiber);
    sim->thread = NULL;
    sim->running = before;
    thread->age = ++sim->ages;
    if (acti_fiber_done(thread->fiber))
        acti_fiber_free(&thread->fiber);
}

bool acti_threads_waiting(const acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++)
        if (sim->threads[i].fiber != NULL)
            return true;
    return false;
}

uint64_t acti_threads_next_ns(const acta_sim *sim)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < sim->thread_count; i++) {
        const acti_sim_thread *thread = &sim->threads[i];
        if (thread->fiber != NULL && thread->park != NULL && !sim->nodes[thread->node].paused &&
            thread->deadline_ns < next)
            next = thread->deadline_ns;
    }
    return next;
}

void acti_threads_due(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++)
        if (sim->threads[i].fiber != NULL && sim->threads[i].park != NULL &&
            !sim->nodes[sim->threads[i].node].paused && sim->threads[i].deadline_ns <= sim->now_ns)
            sim->events++;
}

void acti_threads_finish(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++)
        if (may_go_on(sim, &sim->threads[i]))
            acti_thread_go_on(sim, i);
}

void acti_threads_end(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->thread_count; i++)
        if (sim->only == ACTI_SIM_NONE || sim->only == sim->threads[i].node)
            acti_fiber_free(&sim->threads[i].fiber);
}

bool acti_sim_park_wait(acti_world *world, acti_park *park, uint64_t deadline_ns)
{
    acta_sim *sim = (acta_sim *)(void *)world;
    acti_sim_thread *thread = sim->thread;
    if (thread == NULL)
        return acti_sim_main_wait(sim, park, deadline_ns);
    thread->park = park;
    thread->deadline_ns = deadline_ns;
    bool given = acti_park_given(park) || deadline_ns <= sim->now_ns;
    if (sim->ending)
        given = ++thread->refused < REFUSED_MAX;
    if (!given)
        acti_fiber_suspend(thread->fiber);
    thread->park = NULL;
    return acti_park_try(park);
}
