// SPDX-License-Identifier: MIT
//
// The run queue, with a ring of four: nothing is lost or doubled between its owner and thieves, who takes an actor sees
// what was written to it, and a slot is not written again before it has been read.

#define ACTI_RUNQ_SIZE 4
#include "core/runq.h"
#include "suite.h"

// Stands for an actor: the queue does not look inside.
typedef struct thing {
    uint32_t written; // before it is put
    uint32_t run;     // by whoever has taken it
} thing;

#define THINGS 6

static thing things[THINGS];
static acti_runq queue;     // of the owner
static acti_runq stolen[2]; // of each thief

static acti_actor *actor_of(uint32_t i)
{
    return (acti_actor *)(void *)&things[i];
}

static void run(acti_actor *actor)
{
    thing *t = (thing *)(void *)actor;
    model_claim(t != NULL && t->written == 1);
    t->run++;
}

static bool put(uint32_t i)
{
    things[i].written = 1;
    return acti_runq_put(&queue, actor_of(i));
}

static void empty(acti_runq *q)
{
    acti_actor *actor;
    while ((actor = acti_runq_take(q)) != NULL)
        run(actor);
}

static void steal(uint32_t me, acti_runq *victim)
{
    acti_actor *actor = acti_runq_steal(&stolen[me], victim);
    if (actor != NULL)
        run(actor);
}

// fill puts so many, at a place where the ring wraps, and the count of what was put.
static void fill(uint32_t count)
{
    acti_au32_store_relaxed(&queue.head, UINT32_MAX - 1);
    acti_au32_store_relaxed(&queue.tail, UINT32_MAX - 1);
    for (uint32_t i = 0; i < count; i++)
        model_claim(put(i));
}

static void each_of_them_ran_once(uint32_t count)
{
    empty(&queue);
    empty(&stolen[0]);
    empty(&stolen[1]);
    for (uint32_t i = 0; i < THINGS; i++)
        model_claim(things[i].run == (i < count ? 1 : 0));
}

// ---- the owner and two thieves --------------------------------------------------------

static void with_one(void)
{
    fill(1);
}

// It takes all there is: a thief that is late must not take what was there before for what is there.
static void put_and_take(void)
{
    model_claim(put(1));
    empty(&queue);
}

static void first_steals(void)
{
    steal(0, &queue);
}
static void second_steals(void)
{
    steal(1, &queue);
}

static void two_ran_once(void)
{
    each_of_them_ran_once(2);
}

// ---- a ring that is full ----------------------------------------------------------------

static void with_four(void)
{
    fill(4);
}

static void put_more_as_there_is_room(void)
{
    for (uint32_t i = 4; i < THINGS; i++)
        if (!put(i))
            run(actor_of(i)); // as a worker finds another queue for it
}

static void six_ran_once(void)
{
    each_of_them_ran_once(6);
}

// ---- what has been stolen is stolen again -------------------------------------------------

static void second_steals_from_the_first(void)
{
    steal(1, &stolen[0]);
}

static void four_ran_once(void)
{
    each_of_them_ran_once(4);
}

const model_scenario model_of_runq[] = {
    {.name = "runq_an_owner_and_two_thieves",
     .contract = "scheduler",
     .setup = with_one,
     .thread = {put_and_take, first_steals, second_steals},
     .check = two_ran_once},
    {.name = "runq_a_slot_is_read_before_it_is_written_again",
     .contract = "scheduler",
     .setup = with_four,
     .thread = {put_more_as_there_is_room, first_steals},
     .check = six_ran_once},
    {.name = "runq_what_was_stolen_can_be_stolen",
     .contract = "scheduler",
     .setup = with_four,
     .thread = {first_steals, second_steals_from_the_first},
     .check = four_ran_once},
    {.name = NULL},
};
