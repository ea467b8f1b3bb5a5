// SPDX-License-Identifier: MIT
//
// The token of src/base/park.c, on the explorer's futex: no wake is lost, no token is doubled, and the sleeper may free
// the park as soon as its wait has returned.

#include "base/platform.h"
#include "suite.h"

static acti_park park;
static acti_park *lent;       // freed by the sleeper
static acti_au32 done[2];     // said by each giver before it gives: only a count, so relaxed
static uint32_t written[2];   // by each giver
static uint32_t waits;        // of the sleeper

static void a_park(void)
{
    acti_park_init(&park);
}

// ---- two givers ---------------------------------------------------------------------

static void give_from(uint32_t giver)
{
    acti_au32_store_relaxed(&done[giver], 1);
    acti_park_give(&park);
}
static void first_gives(void)
{
    give_from(0);
}
static void second_gives(void)
{
    give_from(1);
}

static void sleep_until_both_are_done(void)
{
    while (acti_au32_load_relaxed(&done[0]) == 0 || acti_au32_load_relaxed(&done[1]) == 0) {
        model_claim(acti_park_wait(&park, UINT64_MAX));
        waits++;
    }
}

// Each gives one: so there are never more of them than two, and the second may be left over.
static void no_token_too_many(void)
{
    model_claim(waits <= 2);
    model_claim(acti_au32_load_relaxed(&park.token) <= 1);
    model_outcome(waits);
}

// ---- what was done before the give ------------------------------------------------------

static void lend_a_park(void)
{
    lent = model_alloc(sizeof(*lent));
    acti_park_init(lent);
}

static void write_and_give(void)
{
    written[0] = 1;
    acti_park_give(lent);
}

static void wait_read_and_free(void)
{
    model_claim(acti_park_wait(lent, UINT64_MAX));
    model_claim(written[0] == 1);
    model_free(lent);
}

// ---- a deadline --------------------------------------------------------------------------

static void wait_in_vain_and_once_more(void)
{
    if (!acti_park_wait(&park, 1)) {
        waits++;
        model_claim(acti_park_wait(&park, UINT64_MAX));
    }
    model_claim(written[0] == 1);
}

static void write_and_give_once(void)
{
    written[0] = 1;
    acti_park_give(&park);
}

static void the_token_was_taken(void)
{
    model_claim(acti_au32_load_relaxed(&park.token) == 0);
    model_outcome(waits);
}

const model_scenario model_of_park[] = {
    {.name = "park_two_givers_and_no_wake_is_lost",
     .contract = "scheduler",
     .setup = a_park,
     .thread = {sleep_until_both_are_done, first_gives, second_gives},
     .check = no_token_too_many,
     .spurious_max = 1},
    {.name = "park_the_sleeper_may_free_it",
     .contract = "scheduler",
     .setup = lend_a_park,
     .thread = {wait_read_and_free, write_and_give},
     .spurious_max = 1},
    {.name = "park_a_deadline_loses_no_token",
     .contract = "scheduler",
     .setup = a_park,
     .thread = {wait_in_vain_and_once_more, write_and_give_once},
     .check = the_token_was_taken,
     .spurious_max = 1},
    {.name = NULL},
};
