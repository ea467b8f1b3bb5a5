// SPDX-License-Identifier: MIT
//
// What may meet the end of an actor: a kill, its name, and the thread that closes the system. close.c is compiled as
// part of this file, because what kills by force is its own.

#include "core/close.c"

#include <acta/actor.h>
#include <acta/name.h>

#include "core/sender.h"
#include "suite.h"
#include "world.h"

static acti_actor *actor[2];
static acta_tx *tx[2];
static acta_addr *addr;

// Of the turns of each actor.
static uint32_t handled[2];
static uint32_t ends[2];

static int status; // of one thread

static int count(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    uint32_t who = *(const uint32_t *)arg;
    if (m != NULL)
        handled[who]++;
    else
        ends[who]++;
    return ACTA_OK;
}

static uint32_t number[2] = {0, 1};

static void an_actor(void)
{
    world_open();
    actor[0] = world_spawn(count, &number[0], 0, &tx[0]);
    addr = acta_addr_dup(acta_tx_addr(tx[0]));
}

// ---- a kill -------------------------------------------------------------------------

static void send_one(void)
{
    world_enter();
    (void)world_send(actor[0], 1);
}

static void kill_it(void)
{
    world_enter();
    status = acta_kill(addr);
    world_run();
}

static void it_was_killed(void)
{
    model_claim(status == ACTA_OK);
    model_claim(acti_inbox_is_routed(&actor[0]->inbox));
    model_claim(acti_actor_is_forced(actor[0]) && ends[0] == 0);
    model_claim(handled[0] <= 1);
    model_outcome(handled[0]);
    acta_addr_drop(&addr);
    acta_tx_drop(&tx[0]);
    model_claim(world_nothing_left() && world_ledger_closes());
}

// Its turn goes on, and it looks around once more before it parks.
static void an_actor_at_work(void)
{
    an_actor();
    world_running(actor[0]);
}

static void it_works(void)
{
    world_enter();
    world_turns(actor[0]);
    world_run();
}

// ---- a name -------------------------------------------------------------------------

static void publish(void)
{
    world_enter();
    status = acta_publish(&world, "name", addr);
}

static void it_ends(void)
{
    world_enter();
    acta_tx_drop(&tx[0]);
    world_run();
}

static void no_name_is_left(void)
{
    acta_tx *found = NULL;
    model_claim(status == ACTA_OK || status == ACTA_EGONE);
    model_claim(acta_find(&world, "name", &found) == ACTA_ENOENT);
    acta_addr_drop(&addr);
    model_claim(world_nothing_left() && world_ledger_closes());
    model_outcome(status == ACTA_OK);
}

// ---- the closer ---------------------------------------------------------------------

static uint32_t left_behind[2]; // by the turns of each; the closer frees such things

static int leave_behind(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)m;
    left_behind[*(const uint32_t *)arg] = 1;
    return ACTA_OK;
}

static void two_actors(void)
{
    world_open();
    for (int i = 0; i < 2; i++)
        actor[i] = world_spawn(leave_behind, &number[i], 0, &tx[i]);
}

static void first_ends(void)
{
    world_enter();
    acta_tx_drop(&tx[0]);
    world_run();
}
static void second_ends(void)
{
    world_enter();
    acta_tx_drop(&tx[1]);
    world_run();
}

static void wait_for_both(void)
{
    while (acti_system_alive(&world, false) > 0)
        model_claim(acti_park_wait(&world.closer, UINT64_MAX));
    model_claim(left_behind[0] == 1 && left_behind[1] == 1);
}

static void nobody_is_left(void)
{
    model_claim(world_nothing_left() && world_ledger_closes());
}

// ---- a close by force -----------------------------------------------------------------

static void an_open_system(void)
{
    world_open();
}

static void spawn(void)
{
    world_enter();
    acta_spawn_opts opts = {.handler = count, .arg = &number[0]};
    status = acta_spawn_with(&world, &opts, &tx[0]);
}

static void force_all(void)
{
    acti_au32_store_relaxed(&world.closing, 1); // as acta_close does
    each_alive(&world, force);
}

static void refused_or_killed(void)
{
    model_claim(status == (tx[0] != NULL ? ACTA_OK : ACTA_EGONE));
    model_outcome((uint64_t)(status == ACTA_OK));
    if (status != ACTA_OK)
        return;
    acti_actor *made = acti_actor_of_tx(tx[0]);
    model_claim(acti_actor_is_forced(made));
    model_claim(world.sched.inject.first == made && world.sched.inject.last == made); // it was woken for that, once
    world_turns(made);
    model_claim(ends[0] == 0);
    acta_tx_drop(&tx[0]);
    model_claim(world_nothing_left());
}

const model_scenario model_of_end[] = {
    {.name = "end_a_kill_is_not_lost_beside_a_message",
     .contract = "C-DOWN",
     .setup = an_actor,
     .thread = {send_one, kill_it},
     .check = it_was_killed},
    {.name = "end_a_kill_is_not_lost_at_a_park",
     .contract = "C-DOWN",
     .setup = an_actor_at_work,
     .thread = {it_works, kill_it},
     .check = it_was_killed},
    {.name = "end_a_name_goes_with_its_actor",
     .contract = "C-DOWN",
     .setup = an_actor,
     .thread = {publish, it_ends},
     .check = no_name_is_left},
    {.name = "end_the_closer_sees_what_all_did",
     .contract = "C-CLOSE",
     .setup = two_actors,
     .thread = {first_ends, second_ends, wait_for_both},
     .check = nobody_is_left},
    {.name = "end_a_spawn_against_a_close_by_force",
     .contract = "C-CLOSE",
     .setup = an_open_system,
     .thread = {spawn, force_all},
     .check = refused_or_killed},
    {.name = NULL},
};
