// SPDX-License-Identifier: MIT
//
// A request has one outcome: its answer comes from the turn of who was asked, its timeout from whoever fires the alarm,
// and each may find the asker ending. Who asked sees one of the two, once, and the record is freed once.

#include <acta/sender.h>

#include "core/clock.h"
#include "suite.h"
#include "world.h"

static const acta_type question = {.name = "question", .flat = true};

static acti_actor *asker;
static acti_actor *asked;
static acta_tx *tx[2];
static uint64_t id;

// Of the asker's turns.
static uint32_t outcomes;
static int status;

static int take_outcome(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    const acta_failure *failure = m != NULL ? acta_as(acta_failure, m) : NULL;
    if (failure != NULL) {
        outcomes++;
        status = (int)failure->status;
    }
    return ACTA_OK;
}

static int refuse(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        model_claim(acta_refuse(self, m, ACTA_EREFUSED, "no") != ACTA_EINVAL); // gone, if the asker has ended
    return ACTA_OK;
}

// The request lies in the inbox of who was asked, and its time is over.
static void a_request(void)
{
    world_open();
    world_open_clock();
    asker = world_spawn(take_outcome, NULL, 0, &tx[0]);
    asked = world_spawn(refuse, NULL, 0, &tx[1]);
    acti_here.actor = asker;
    world_running(asked);
    model_claim(acta_ask_body(acti_self_of(asker), tx[1], 1, &id, &question, NULL) == ACTA_OK);
    acti_here.actor = NULL;
    model_now_ns = ACTA_SECOND;
}

static void it_is_answered(void)
{
    world_enter();
    world_turns(asked);
    world_run();
}

static void its_time_is_over(void)
{
    world_enter();
    (void)acti_clock_run(&world);
    world_run();
}

static void the_asker_ends(void)
{
    world_enter();
    acta_tx_drop(&tx[0]);
    world_run();
}

static void end_of_all(void)
{
    acta_tx_drop(&tx[0]);
    acta_tx_drop(&tx[1]);
    world_run();
    model_claim(world.clock.parts->wheel.count == 0);
    model_claim(world_nothing_left() && world_ledger_closes());
}

static void one_outcome(void)
{
    model_claim(outcomes == 1);
    model_claim(status == ACTA_EREFUSED || status == ACTA_ETIMEOUT);
    model_outcome((uint64_t)(status == ACTA_ETIMEOUT));
    end_of_all();
}

static void at_most_one(void)
{
    model_claim(outcomes <= 1);
    model_outcome(outcomes);
    end_of_all();
}

static void the_answer_comes_late(void)
{
    world_turns(asked);
    world_run();
    at_most_one();
}

const model_scenario model_of_ask[] = {
    {.name = "ask_an_answer_against_the_timeout",
     .contract = "C-ASK",
     .setup = a_request,
     .thread = {it_is_answered, its_time_is_over},
     .check = one_outcome},
    {.name = "ask_an_answer_against_the_end_of_the_asker",
     .contract = "C-ASK",
     .setup = a_request,
     .thread = {it_is_answered, the_asker_ends},
     .check = at_most_one},
    {.name = "ask_the_timeout_against_the_end_of_the_asker",
     .contract = "C-ASK",
     .setup = a_request,
     .thread = {its_time_is_over, the_asker_ends},
     .check = the_answer_comes_late},
    {.name = NULL},
};
