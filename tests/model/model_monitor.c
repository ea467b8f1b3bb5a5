// SPDX-License-Identifier: MIT
//
// Monitors and links: the record goes to and fro between two actors that end, let go or unlink at the same moment. One
// DOWN, or none after a demonitor; one word decides a link's fate; the record is freed once.

#include <acta/event.h>
#include <acta/name.h>

#include "core/link.h"
#include "core/monitor.h"
#include "suite.h"
#include "world.h"

static acti_actor *watcher;
static acti_actor *watched;
static acta_tx *tx[2];
static uint64_t id;

// Of the watcher's turns.
static uint32_t downs;
static bool let_go;
static bool forced_when_let_go;

static int watch(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL && acta_is(acta_down, m)) {
        model_claim(!let_go);
        model_claim(acta_publish(&world, "name", acta_self_addr(self)) == ACTA_OK); // it is free again
        downs++;
    }
    return ACTA_OK;
}

static int fail(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_EREFUSED;
}

static void two_actors(void)
{
    world_open();
    watcher = world_spawn(watch, NULL, 0, &tx[0]);
    watched = world_spawn(fail, NULL, 0, &tx[1]);
}

static void two_actors_and_a_name(void)
{
    two_actors();
    model_claim(acta_publish(&world, "name", acti_addr_of(watched)) == ACTA_OK);
}

// The watched has taken the MONITOR; the watcher is in the middle of a turn.
static void one_watches_the_other(void)
{
    two_actors_and_a_name();
    model_claim(acta_monitor(acti_self_of(watcher), acti_addr_of(watched), &id) == ACTA_OK);
    world_run();
    world_running(watcher);
}

static void linked(void)
{
    two_actors();
    model_claim(acta_link(acti_self_of(watcher), acti_addr_of(watched), &id) == ACTA_OK);
    world_run();
    world_running(watcher);
}

static void the_watched_ends(void)
{
    world_enter();
    acta_tx_drop(&tx[1]);
    world_run();
}

static void the_watcher_goes_on(void)
{
    world_enter();
    world_turns(watcher);
    world_run();
}

static void the_watcher_lets_go(void)
{
    world_enter();
    acti_here.actor = watcher;
    acta_demonitor(acti_self_of(watcher), id);
    let_go = true;
    world_turns(watcher);
    world_run();
}

static void the_watcher_watches_just_now(void)
{
    world_enter();
    acti_here.actor = watcher;
    model_claim(acta_monitor(acti_self_of(watcher), acti_addr_of(watched), &id) == ACTA_OK);
    world_turns(watcher);
    world_run();
}

static void just_now(void)
{
    two_actors_and_a_name();
    acti_actor_ref(watched); // the address by which it is watched
    world_running(watcher);
}

static void end_of_all(void)
{
    acta_tx_drop(&tx[0]);
    world_run();
    model_claim(world_nothing_left() && world_ledger_closes());
}

static void one_down(void)
{
    model_claim(downs == 1);
    end_of_all();
}

static void one_down_just_now(void)
{
    model_claim(downs == 1);
    acti_actor_unref(watched);
    end_of_all();
}

static void no_down(void)
{
    model_claim(downs == 0);
    end_of_all();
}

// ---- links ------------------------------------------------------------------------------

// Once unlink has returned, the maker is to end, or will never have to for that.
static void the_maker_unlinks(void)
{
    world_enter();
    acti_here.actor = watcher;
    acta_unlink(acti_self_of(watcher), id);
    forced_when_let_go = acti_actor_is_forced(watcher);
    world_turns(watcher);
    world_run();
}

static void the_unlink_means_something(void)
{
    bool ended = acti_inbox_is_routed(&watcher->inbox);
    model_claim(ended == forced_when_let_go);
    model_outcome(ended);
    end_of_all();
}

static void both_ended_once(void)
{
    model_claim(acti_inbox_is_routed(&watcher->inbox));
    end_of_all();
}

static void the_maker_ends(void)
{
    world_enter();
    acti_here.actor = watcher;
    acti_actor_force(watcher, ACTA_EKILLED);
    world_turns(watcher);
    world_run();
}

static void the_watched_goes_on(void)
{
    world_enter();
    (void)world_send(watched, 0); // refused if it has been ended
}

static void the_watched_was_forced(void)
{
    model_claim(acti_au32_load_relaxed(&watched->forced) == (uint32_t)ACTA_EKILLED);
    model_claim(acti_inbox_is_routed(&watcher->inbox) && acti_inbox_is_routed(&watched->inbox));
    acta_tx_drop(&tx[1]);
    end_of_all();
}

// The watched does nothing by itself.
static int take_anything(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

static void linked_to_one_that_goes_on(void)
{
    linked();
    watched->run.handler = take_anything;
}

const model_scenario model_of_monitor[] = {
    {.name = "monitor_one_down_for_one_end",
     .contract = "C-DOWN",
     .setup = one_watches_the_other,
     .thread = {the_watched_ends, the_watcher_goes_on},
     .check = one_down},
    {.name = "monitor_of_one_that_is_ending",
     .contract = "C-DOWN",
     .setup = just_now,
     .thread = {the_watched_ends, the_watcher_watches_just_now},
     .check = one_down_just_now},
    {.name = "monitor_no_down_after_a_demonitor",
     .contract = "C-DOWN",
     .setup = one_watches_the_other,
     .thread = {the_watched_ends, the_watcher_lets_go},
     .check = no_down},
    {.name = "link_an_unlink_against_a_bad_end",
     .contract = "C-DOWN",
     .setup = linked,
     .thread = {the_watched_ends, the_maker_unlinks},
     .check = the_unlink_means_something},
    {.name = "link_both_end_badly_at_once",
     .contract = "C-DOWN",
     .setup = linked,
     .thread = {the_watched_ends, the_maker_ends},
     .check = both_ended_once},
    {.name = "link_a_bad_end_of_the_maker_ends_the_other",
     .contract = "C-DOWN",
     .setup = linked_to_one_that_goes_on,
     .thread = {the_maker_ends, the_watched_goes_on},
     .check = the_watched_was_forced},
    {.name = NULL},
};
