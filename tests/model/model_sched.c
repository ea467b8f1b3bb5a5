// SPDX-License-Identifier: MIT
//
// The scheduler's words: the next slot between its worker and a thief, a worker's mail, and work from outside against a
// worker that lies down. sched.c is compiled as part of this file, because what picks and rests is its own.

#include <string.h>

#include "world.h"

static void wait_for_end(void);
#define acti_thread_join(thread) ((void)(thread), wait_for_end())
#include "core/sched.c"
#undef acti_thread_join

#include "suite.h"

#define ACTORS 2

static acti_worker *workers[2];
static acti_actor *actors[ACTORS]; // nothing but what a scheduler touches
static uint32_t written[ACTORS];   // by whoever makes it ready
static uint32_t ran[ACTORS];       // by whoever runs it

static acti_worker *worker(uint32_t index)
{
    acti_worker *w = model_alloc(sizeof(*w));
    memset(w, 0, sizeof(*w));
    w->sched = &world.sched;
    w->sys = &world;
    w->index = index;
    acti_park_init(&w->park);
    return w;
}

static void open_with(uint32_t count)
{
    world_open();
    world.sched.workers = workers;
    world.sched.count = count;
    for (uint32_t i = 0; i < count; i++)
        workers[i] = worker(i);
    for (uint32_t i = 0; i < ACTORS; i++) {
        actors[i] = model_alloc(sizeof(acti_actor));
        memset(actors[i], 0, sizeof(acti_actor));
        actors[i]->sys = &world;
    }
}

static void be_worker(uint32_t index)
{
    acti_here = (acti_running){.sys = &world, .counters = &workers[index]->counters, .worker = workers[index]};
}

static void make_ready(uint32_t i)
{
    written[i] = 1;
    acti_sched_ready(actors[i]);
}

static void run(acti_actor *actor)
{
    uint32_t i = 0;
    while (actors[i] != actor)
        i++;
    model_claim(written[i] == 1);
    ran[i]++;
}

static void each_ran_once(uint32_t count)
{
    for (uint32_t i = 0; i < ACTORS; i++)
        model_claim(ran[i] == (i < count ? 1 : 0));
}

// ---- the next slot ----------------------------------------------------------------------

static void two_workers(void)
{
    open_with(2);
}

static void owner_fills_its_slot(void)
{
    be_worker(0);
    make_ready(0);
    make_ready(1); // the first moves on, unless it has been taken
    acti_actor *actor = pick_next(workers[0]);
    if (actor != NULL)
        run(actor);
}

static void thief_takes_from_it(void)
{
    be_worker(1);
    acti_actor *actor = take_behind(workers[0]);
    if (actor != NULL)
        run(actor);
}

static void both_ran_or_are_in_the_ring(void)
{
    acti_actor *actor;
    while ((actor = acti_runq_take(&workers[0]->ring)) != NULL)
        run(actor);
    model_claim(pick_next(workers[0]) == NULL);
    each_ran_once(2);
}

// ---- mail -------------------------------------------------------------------------------

static void a_worker_at_home(void)
{
    open_with(1);
    for (uint32_t i = 0; i < ACTORS; i++)
        actors[i]->home = workers[0];
}

static void two_bodies_go_home(void)
{
    make_ready(0);
    make_ready(1);
}
static void first_body_goes_home(void)
{
    make_ready(0);
}
static void second_body_goes_home(void)
{
    make_ready(1);
}

static void who_is_home_runs_them(void)
{
    be_worker(0);
    for (uint32_t left = 2; left > 0;) {
        acti_actor *actor = pick_body(workers[0]);
        if (actor == NULL) {
            model_claim(acti_park_wait(&workers[0]->park, UINT64_MAX));
            continue;
        }
        run(actor);
        left--;
    }
}

static void two_ran(void)
{
    each_ran_once(2);
}

// ---- work from outside --------------------------------------------------------------------

static void one_worker(void)
{
    open_with(1);
}

static void first_is_injected(void)
{
    make_ready(0);
}
static void second_is_injected(void)
{
    make_ready(1);
}

static void lie_down_and_get_up(void)
{
    be_worker(0);
    for (uint32_t left = 2; left > 0;) {
        acti_actor *actor = pick_injected(&world.sched);
        if (actor != NULL) {
            run(actor);
            left--;
        } else if (lie_down(workers[0])) {
            model_claim(acti_park_wait(&workers[0]->park, UINT64_MAX));
            get_up(workers[0]);
        }
    }
}

static void two_ran_and_nobody_idles(void)
{
    each_ran_once(2);
    model_claim(acti_list_empty(&world.sched.idle) && acti_au32_load_relaxed(&world.sched.idle_count) == 0);
}

// ---- a worker's whole life ------------------------------------------------------------------

static acti_au32 ended; // the worker's thread
static acti_au32 over;  // the actor
static acta_tx *tx;
static const acti_actor_ops pooled = {.wake = acti_sched_ready};

static bool is_set(uint64_t value, void *arg)
{
    (void)arg;
    return value != 0;
}

static void wait_for_end(void)
{
    (void)model_await_acquire(&ended, is_set, NULL);
}

static int handle(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    model_claim(m == NULL);
    acti_au32_store_relaxed(&over, 1);
    return ACTA_OK;
}

static void a_worker_and_an_actor(void)
{
    open_with(1);
    world.sched.started = 1;
    acti_worker **list = model_alloc(sizeof(acti_worker *));
    list[0] = workers[0];
    world.sched.workers = list;
    acti_board_join(&world.board, &workers[0]->counters);
    (void)world_spawn(handle, NULL, 0, &tx);
    acti_actor_of_tx(tx)->ops = &pooled;
}

static void work_until_stopped(void)
{
    (void)worker_main(workers[0]);
    acti_au32_store_release(&ended, 1);
}

static void drop_wait_and_stop(void)
{
    acta_tx_drop(&tx); // its end is all that the actor has to do
    (void)model_await_relaxed(&over, is_set, NULL);
    acti_sched_stop(&world.sched);
}

static void nothing_is_left(void)
{
    model_claim(world_nothing_left());
}

const model_scenario model_of_sched[] = {
    {.name = "sched_the_next_slot_and_a_thief",
     .contract = "scheduler",
     .setup = two_workers,
     .thread = {owner_fills_its_slot, thief_takes_from_it},
     .check = both_ran_or_are_in_the_ring},
    {.name = "sched_mail_from_one_is_never_slept_on",
     .contract = "scheduler",
     .setup = a_worker_at_home,
     .thread = {who_is_home_runs_them, two_bodies_go_home},
     .check = two_ran},
    {.name = "sched_mail_from_two_is_never_slept_on",
     .contract = "scheduler",
     .setup = a_worker_at_home,
     .thread = {who_is_home_runs_them, first_body_goes_home, second_body_goes_home},
     .check = two_ran},
    {.name = "sched_work_from_outside_is_never_slept_on",
     .contract = "scheduler",
     .setup = one_worker,
     .thread = {lie_down_and_get_up, first_is_injected, second_is_injected},
     .check = two_ran_and_nobody_idles},
    {.name = "sched_a_worker_from_its_start_to_its_stop",
     .contract = "scheduler",
     .setup = a_worker_and_an_actor,
     .thread = {work_until_stopped, drop_wait_and_stop},
     .check = nothing_is_left},
    {.name = NULL},
};
