// SPDX-License-Identifier: MIT
//
// What a worker shows and the watchdog sees: no message is taken for an earlier one of the same actor, no actor is
// looked into that has left, and a stop ends the watchdog. watchdog.c is compiled as part of this file, because its
// loop is its own.

#include <string.h>

#include "world.h"

static void wait_for_end(void);
#define acti_thread_join(thread) ((void)(thread), wait_for_end())
#include "core/watchdog.c"
#undef acti_thread_join

#include "suite.h"

static acti_worker *worker;
static acti_worker *workers[1];
static acti_actor *actor;
static acta_tx *tx;
static acta_type type = {.name = "work"};

static int do_nothing(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

static void a_worker(void)
{
    world_open();
    world.opts.long_turn_ns = 1;
    worker = model_alloc(sizeof(*worker));
    memset(worker, 0, sizeof(*worker));
    workers[0] = worker;
    world.sched.workers = workers;
    world.sched.count = 1;
    actor = world_spawn(do_nothing, NULL, 0, &tx);
}

static uint64_t later(void)
{
    return ACTA_SECOND;
}

// The last look has marked a message of the actor. Its turn is over since, and nothing is shown.
static void after_a_mark(void)
{
    a_worker();
    acti_glance_at(&worker->glance, actor, &type);
    acti_watchdog_look(&world, acti_clock_ns);
    acti_glance_over(&worker->glance);
}

static void another_turn(void)
{
    acti_glance_at(&worker->glance, actor, &type);
}

static void look(void)
{
    world_enter();
    acti_watchdog_look(&world, later);
}

static void nothing_took_too_long(void)
{
    model_claim(world_counted(ACTI_LONG_TURNS) == 0);
    model_outcome((uintptr_t)acti_aptr_load_relaxed(&worker->glance.type) & 1);
}

// The message that was marked is still being handled, unless the actor ends just now.
static void during_a_long_turn(void)
{
    a_worker();
    acti_glance_at(&worker->glance, actor, &type);
    acti_watchdog_look(&world, acti_clock_ns);
}

static void it_ends(void)
{
    world_enter();
    acti_here.glance = &worker->glance;
    acta_tx_drop(&tx);
    world_run();
}

// It is shown by the worker that ran it last, and ends elsewhere.
static void during_its_last_turn_but_one(void)
{
    during_a_long_turn();
    world_running(actor);
}

static void its_turn_ends(void)
{
    world_enter();
    acti_here.glance = &worker->glance;
    world_turns(actor);
    world_run();
}

static void it_ends_elsewhere(void)
{
    world_enter();
    acta_tx_drop(&tx);
    world_run();
}

static void named_or_gone(void)
{
    model_claim(world_nothing_left());
    model_outcome(world_counted(ACTI_LONG_TURNS));
}

// ---- its end ----------------------------------------------------------------------------

static acti_au32 ended; // the watchdog's thread

static bool is_set(uint64_t value, void *arg)
{
    (void)arg;
    return value != 0;
}

static void wait_for_end(void)
{
    (void)model_await_acquire(&ended, is_set, NULL);
}

// Nobody works, so that it sleeps without a deadline.
static void a_watchdog(void)
{
    world_open();
    acti_park_init(&world.watchdog.park);
    world.watchdog.started = true;
}

static void watch(void)
{
    world_enter();
    (void)watchdog_main(&world);
    acti_au32_store_release(&ended, 1);
}

static void stop(void)
{
    acti_watchdog_stop(&world);
}

static void stopped(void)
{
    model_claim(!world.watchdog.started);
    model_outcome(acti_au64_load_relaxed(&world.watchdog.looks));
}

const model_scenario model_of_watchdog[] = {
    {.name = "watchdog_a_new_turn_is_not_the_marked_one",
     .contract = "watchdog",
     .setup = after_a_mark,
     .thread = {another_turn, look},
     .check = nothing_took_too_long},
    {.name = "watchdog_looks_into_nobody_who_has_left",
     .contract = "watchdog",
     .setup = during_a_long_turn,
     .thread = {it_ends, look},
     .check = named_or_gone},
    {.name = "watchdog_looks_into_nobody_who_ends_elsewhere",
     .contract = "watchdog",
     .setup = during_its_last_turn_but_one,
     .thread = {its_turn_ends, it_ends_elsewhere, look},
     .check = named_or_gone},
    {.name = "watchdog_a_stop_ends_it",
     .contract = "watchdog",
     .setup = a_watchdog,
     .thread = {watch, stop},
     .check = stopped,
     .spurious_max = 1},
    {.name = NULL},
};
