// SPDX-License-Identifier: MIT
//
// test_park_steps.c - a give before each single step of a wait. park.c is compiled here with its accesses and its
// system calls counted, and the give happens before the one whose turn it is: every interleaving of one give.

#include "test.h"

#include <sys/syscall.h>

#include "base/platform.h"

static struct {
    acti_park *park;
    int step;
    int give_at; // the step before which the give happens; -1: never
    bool giving;
} world;

static void before_step(void)
{
    if (world.giving)
        return;
    if (world.step++ == world.give_at) {
        world.giving = true;
        acti_park_give(world.park);
        world.giving = false;
    }
}

#define acti_au32_load_relaxed(a) (before_step(), acti_au32_load_relaxed(a))
#define acti_au32_store_relaxed(a, v) (before_step(), acti_au32_store_relaxed(a, v))
#define acti_au32_cas_relaxed(a, seen, v) (before_step(), acti_au32_cas_relaxed(a, seen, v))
#define acti_au32_swap_acquire(a, v) (before_step(), acti_au32_swap_acquire(a, v))
#define syscall(...) (before_step(), syscall(__VA_ARGS__))

#include "base/park.c"

typedef struct outcome {
    bool in_time; // the wait took the token
    int taken;    // by that wait and two more
    int steps;    // of that wait
} outcome;

// A wait with its deadline past, and a give before that step of it, or after it when it has fewer.
static outcome wait_with_give_before(int step)
{
    acti_park park;
    world.park = &park;
    world.give_at = -1;
    acti_park_init(&park);

    world.step = 0;
    world.give_at = step;
    outcome o = {.in_time = acti_park_wait(&park, 0)};
    o.steps = world.step;
    world.give_at = -1;
    if (o.steps <= step)
        acti_park_give(&park);
    o.taken = o.in_time + acti_park_wait(&park, 0);
    o.taken += acti_park_wait(&park, 0);
    return o;
}

TEST(a_give_after_a_wait_is_taken_once_by_the_next)
{
    outcome o = wait_with_give_before(1000);
    assert_false(o.in_time);
    assert_int_equal(o.taken, 1);
}

TEST(a_give_before_any_step_of_a_wait_is_taken_once_by_that_wait)
{
    int steps = wait_with_give_before(1000).steps;
    assert_true(steps >= 4); // a look, the announcement, the sleep, the withdrawal
    for (int step = 0; step < steps; step++) {
        outcome o = wait_with_give_before(step);
        assert_true(o.in_time);
        assert_int_equal(o.taken, 1);
    }
}

int main(void)
{
    return TEST_RUN(case_of(a_give_after_a_wait_is_taken_once_by_the_next),
                    case_of(a_give_before_any_step_of_a_wait_is_taken_once_by_that_wait));
}
