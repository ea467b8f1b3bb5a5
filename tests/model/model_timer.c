// SPDX-License-Identifier: MIT
//
// Timers: one thread is the worker that finds an alarm due and fires it, another has the turn of its actor, which
// cancels it, or ends. After the cancel no tick is shown, and the record is freed once, by whoever has it last.

#include <acta/event.h>

#include "core/clock.h"
#include "suite.h"
#include "world.h"

static acti_actor *actor;
static acta_tx *tx;
static uint64_t timer;

// Of the actor's turns.
static uint32_t ticks;
static bool cancelled;

static int handle(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL || !acta_is(acta_tick, m))
        return ACTA_OK;
    model_claim(!cancelled);
    ticks++;
    return ACTA_OK;
}

static int handle_and_end(acta_self *self, void *arg, acta_msg *m)
{
    (void)handle(self, arg, m);
    return m != NULL ? ACTA_DONE : ACTA_OK;
}

// The actor has one alarm, which is due.
static void with_a_timer(acta_handler *handler, uint64_t period_ns)
{
    world_open();
    world_open_clock();
    actor = world_spawn(handler, NULL, 0, &tx);
    world_running(actor);
    model_claim(acta_timer_start(acti_self_of(actor), 0, period_ns, &timer) == ACTA_OK);
    model_now_ns = ACTA_SECOND;
}

static void one_that_fires_once(void)
{
    with_a_timer(handle, 0);
}
static void one_that_fires_again(void)
{
    with_a_timer(handle, ACTA_SECOND);
}
static void one_of_an_actor_that_ends(void)
{
    with_a_timer(handle_and_end, 0);
}

static void fire(void)
{
    world_enter();
    (void)acti_clock_run(&world);
    world_run();
}

static void cancel_in_a_turn(void)
{
    world_enter();
    acti_here.actor = actor;
    acta_timer_cancel(acti_self_of(actor), timer);
    cancelled = true;
    world_turns(actor);
    world_run();
}

static void only_a_turn(void)
{
    world_enter();
    world_turns(actor);
    world_run();
}

static void end_by_a_message(void)
{
    world_enter();
    (void)world_send(actor, 0);
    world_turns(actor);
    world_run();
}

static void no_tick_and_nothing_left(void)
{
    model_claim(ticks == 0);
    acta_tx_drop(&tx);
    world_run();
    model_claim(world.clock.parts->wheel.count == 0);
    model_claim(world_nothing_left() && world_ledger_closes());
}

static void one_tick_and_nothing_left(void)
{
    model_claim(ticks == 1);
    acta_tx_drop(&tx);
    world_run();
    model_claim(world.clock.parts->wheel.count == 0);
    model_claim(world_nothing_left() && world_ledger_closes());
}

static void ended_and_nothing_left(void)
{
    model_claim(ticks <= 1);
    acta_tx_drop(&tx);
    model_claim(world.clock.parts->wheel.count == 0);
    model_claim(world_nothing_left() && world_ledger_closes());
    model_outcome(ticks);
}

const model_scenario model_of_timer[] = {
    {.name = "timer_a_tick_is_shown_once",
     .contract = "C-TIMER",
     .setup = one_that_fires_again,
     .thread = {only_a_turn, fire},
     .check = one_tick_and_nothing_left},
    {.name = "timer_a_cancel_against_the_firing",
     .contract = "C-TIMER",
     .setup = one_that_fires_once,
     .thread = {cancel_in_a_turn, fire},
     .check = no_tick_and_nothing_left},
    {.name = "timer_a_cancel_against_a_periodic_firing",
     .contract = "C-TIMER",
     .setup = one_that_fires_again,
     .thread = {cancel_in_a_turn, fire},
     .check = no_tick_and_nothing_left},
    {.name = "timer_the_end_of_its_actor_against_the_firing",
     .contract = "C-TIMER",
     .setup = one_of_an_actor_that_ends,
     .thread = {end_by_a_message, fire},
     .check = ended_and_nothing_left},
    {.name = NULL},
};
