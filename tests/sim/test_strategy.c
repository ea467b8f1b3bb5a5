// SPDX-License-Identifier: MIT
//
// The randomized strategies: what they choose follows from the seed alone, starves nobody, and reaches each order as
// often as their papers promise. Seeds are fixed, so what is counted is the same in every run.

#include "heap.h"
#include "toy.h"

#include "sim/swarm.h"

enum { ALL = TOY_STEPS };

// ---- the strategies -------------------------------------------------------------

enum { EXPECTED = 20 };

static acti_strategy *pct_1(void)
{
    return acti_strategy_pct(1, EXPECTED);
}

static acti_strategy *pct_2(void)
{
    return acti_strategy_pct(2, EXPECTED);
}

static acti_strategy *pct_3(void)
{
    return acti_strategy_pct(3, EXPECTED);
}

static acti_strategy *portfolio(void)
{
    return acti_strategy_portfolio(EXPECTED);
}

typedef acti_strategy *maker(void);
static maker *const randomized[] = {acti_strategy_random, acti_strategy_pos, pct_1, pct_2, pct_3, portfolio};
enum { RANDOMIZED = sizeof(randomized) / sizeof(randomized[0]) };

static toy_schedule schedule;

// go runs the world with this seed, in a strategy that may have run others.
static const toy_schedule *go(const toy *world, acti_strategy *strategy, uint64_t seed)
{
    assert_true(toy_go(world, strategy, seed, ALL, &schedule));
    assert_false(schedule.given_up);
    return &schedule;
}

// lanes of so many steps each, every lane with an actor of its own.
static toy lanes(uint32_t count, uint32_t steps)
{
    toy world = {.lanes = count};
    for (uint32_t i = 0; i < count; i++)
        world.lane[i] = (toy_lane){.count = steps, .actor = i + 1};
    return world;
}

// ---- refusal and bounds -----------------------------------------------------------

TEST(without_memory_there_is_no_strategy_and_nothing_leaks)
{
    static maker *const all[] = {acti_strategy_oldest, acti_strategy_random, acti_strategy_pos, pct_2,
                                 acti_strategy_exhaustive, portfolio};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        acti_strategy *strategy = NULL;
        uint32_t refused = 0;
        for (uint32_t n = 1; strategy == NULL; n++) {
            heap_countdown = n;
            strategy = all[i]();
            refused += strategy == NULL;
        }
        heap_countdown = 0;
        assert_true(refused >= 1);
        strategy->ops->fini(strategy);
    }
}

TEST(without_memory_in_a_schedule_it_goes_on)
{
    toy world = lanes(TOY_LANES, 3);
    for (uint32_t i = 0; i < RANDOMIZED; i++)
        for (uint64_t seed = 1; seed <= 12; seed++) {
            acti_strategy *strategy = randomized[i]();
            heap_countdown = 1;
            assert_int_equal(go(&world, strategy, seed)->steps, 3 * TOY_LANES);
            heap_countdown = 0;
            strategy->ops->fini(strategy);
        }
}

TEST(a_depth_of_none_is_one_and_an_absurd_one_is_no_harm)
{
    toy world = lanes(3, 4);
    const uint32_t depths[] = {0, 1, UINT32_MAX}, expected[] = {0, 1, UINT32_MAX};
    for (int i = 0; i < 3; i++) {
        acti_strategy *strategy = acti_strategy_pct(depths[i], expected[i]);
        for (uint64_t seed = 1; seed <= 20; seed++)
            assert_int_equal(go(&world, strategy, seed)->steps, 12);
        assert_string_equal(strategy->name, depths[i] < 2 ? "PCT(1)" : "PCT(4294967295)");
        strategy->ops->fini(strategy);
    }
}

// ---- the seed alone -----------------------------------------------------------------

TEST(oldest_always_makes_the_first_choice)
{
    toy world = lanes(3, 2);
    acti_strategy *strategy = acti_strategy_oldest();
    const uint32_t expected[] = {0, 1, 2, 0, 1, 2};
    for (uint64_t seed = 0; seed < 5; seed++)
        assert_memory_equal(go(&world, strategy, seed)->lane, expected, sizeof(expected));
    strategy->ops->fini(strategy);
}

TEST(a_seed_by_itself_is_the_schedule_that_it_was_among_others)
{
    toy world = lanes(6, 8);
    world.lane[5].kind = ACTI_STEP_FAULT;
    world.lane[4].kind = ACTI_STEP_CLOCK;
    world.faults_max = 3;
    static toy_schedule among[200];
    for (uint32_t i = 0; i < RANDOMIZED; i++) {
        acti_strategy *strategy = randomized[i]();
        for (uint64_t seed = 0; seed < 200; seed++)
            among[seed] = *go(&world, strategy, seed);
        strategy->ops->fini(strategy);
        for (uint64_t seed = 200; seed-- > 0;) {
            strategy = randomized[i]();
            const toy_schedule *alone = go(&world, strategy, seed);
            assert_int_equal(alone->steps, among[seed].steps);
            assert_memory_equal(alone->lane, among[seed].lane, alone->steps * sizeof(alone->lane[0]));
            strategy->ops->fini(strategy);
        }
    }
}

TEST(a_portfolio_takes_all_its_members_by_turns)
{
    const char *const names[] = {"POS", "random", "PCT(2)", "PCT(3)", "PCT(5)", "PCT(8)"};
    toy world = lanes(4, 4);
    acti_strategy *strategy = acti_strategy_portfolio(EXPECTED);
    for (uint64_t seed = 0; seed < 12; seed++) {
        go(&world, strategy, seed);
        assert_string_equal(strategy->name, names[seed % 6]);
    }
    assert_null(strategy->ops->touched);
    assert_null(strategy->ops->made);
    strategy->ops->fini(strategy);
}

TEST(once_the_largest_schedule_was_seen_there_is_no_allocation)
{
    toy world = lanes(TOY_LANES, 10);
    for (uint32_t i = 0; i < RANDOMIZED; i++) {
        acti_strategy *strategy = randomized[i]();
        for (uint64_t seed = 0; seed < 12; seed++)
            go(&world, strategy, seed);
        heap_calls = 0;
        for (uint64_t seed = 12; seed < 200; seed++)
            go(&world, strategy, seed);
        assert_int_equal(heap_calls, 0);
        strategy->ops->fini(strategy);
    }
}

// ---- what a schedule is like -----------------------------------------------------------

// early says how many of 1,000 schedules let the clock, lane 1, go on while lane 0 had something to do.
static uint32_t early(maker *make, const toy *world)
{
    uint32_t n = 0;
    acti_strategy *strategy = make();
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        go(world, strategy, seed);
        n += toy_place(&schedule, 1, 0) < toy_place(&schedule, 0, 9);
    }
    strategy->ops->fini(strategy);
    return n;
}

TEST(half_of_the_schedules_let_the_clock_wait_for_all_else)
{
    toy world = lanes(2, 10);
    world.lane[1].kind = ACTI_STEP_CLOCK;
    // Of those that do not nearly all let it go on before the tenth step of the other; PCT ranks the two lanes.
    assert_in_range(early(acti_strategy_random, &world), 400, 550);
    assert_in_range(early(acti_strategy_pos, &world), 350, 550);
    assert_in_range(early(pct_1, &world), 200, 300);
}

TEST(some_schedules_have_no_fault_and_some_have_all_and_each_sort_comes_alone)
{
    toy world = lanes(4, 20);
    world.faults_max = 2;
    for (uint32_t i = 2; i < 4; i++)
        world.lane[i].kind = ACTI_STEP_FAULT;
    for (uint32_t i = 0; i < RANDOMIZED; i++) {
        uint32_t seen[3][3] = {{0}};
        acti_strategy *strategy = randomized[i]();
        for (uint64_t seed = 1; seed <= 1000; seed++) {
            go(&world, strategy, seed);
            uint32_t a = 0, b = 0;
            for (uint32_t s = 0; s < schedule.steps; s++) {
                a += schedule.lane[s] == 2;
                b += schedule.lane[s] == 3;
            }
            seen[a][b]++;
        }
        strategy->ops->fini(strategy);
        assert_true(seen[0][0] >= 200 && seen[0][0] <= 600);
        assert_true(seen[2][0] >= 20 && seen[0][2] >= 20 && seen[1][1] >= 20);
        // If both sorts could happen in every schedule, these would be as many as those.
        assert_true(10 * (seen[2][0] + seen[0][2]) > 13 * seen[1][1]);
    }
}

// ---- patience -------------------------------------------------------------------------

// A world of lanes that never end and one of `steps` steps, which is over when all of these have run.
static uint32_t steps_until_done(maker *make, toy *world, uint32_t lane, uint32_t steps)
{
    uint32_t longest = 0;
    acti_strategy *strategy = make();
    for (uint64_t seed = 1; seed <= 60; seed++) {
        assert_true(toy_go(world, strategy, seed, ALL - 1, &schedule));
        uint32_t done = toy_place(&schedule, lane, steps - 1);
        longest = done > longest ? done : longest;
    }
    strategy->ops->fini(strategy);
    return longest;
}

TEST(lanes_that_never_end_do_not_starve_the_others)
{
    toy world = lanes(4, 5);
    world.lane[0].endless = world.lane[2].endless = true;
    for (uint32_t i = 0; i < RANDOMIZED; i++) {
        assert_true(steps_until_done(randomized[i], &world, 1, 5) < ALL - 1);
        assert_true(steps_until_done(randomized[i], &world, 3, 5) < ALL - 1);
    }
    // PCT pays once for each lane that never ends, and not for each step of the others.
    assert_true(steps_until_done(pct_1, &world, 3, 5) <= 3 * (ACTI_SWARM_PATIENCE + 5));
}

TEST(a_program_that_never_ends_does_not_stop_the_clock_and_a_clock_not_the_program)
{
    toy world = lanes(2, 5);
    world.lane[1].kind = ACTI_STEP_CLOCK;
    world.lane[0].endless = true;
    for (uint32_t i = 0; i < RANDOMIZED; i++)
        assert_true(steps_until_done(randomized[i], &world, 1, 5) < ALL - 1);
    world.lane[0].endless = false;
    world.lane[1].endless = true;
    for (uint32_t i = 0; i < RANDOMIZED; i++)
        assert_true(steps_until_done(randomized[i], &world, 0, 5) < ALL - 1);
}

// ---- which orders -----------------------------------------------------------------------

// orders counts which of the six orders of the first steps of lanes 0, 1 and 2 comes how often.
static void orders(maker *make, const toy *world, uint32_t schedules, uint32_t counts[6])
{
    acti_strategy *strategy = make();
    memset(counts, 0, 6 * sizeof(counts[0]));
    for (uint64_t seed = 1; seed <= schedules; seed++) {
        go(world, strategy, seed);
        uint32_t a = toy_place(&schedule, 0, 0), b = toy_place(&schedule, 1, 0), c = toy_place(&schedule, 2, 0);
        counts[(a < b ? 0 : 3) + (c < a) + (c < b)]++;
    }
    strategy->ops->fini(strategy);
}

TEST(pos_brings_three_steps_of_one_actor_into_each_order_equally_often)
{
    toy world = lanes(6, 6);
    for (uint32_t i = 0; i < 3; i++)
        world.lane[i] = (toy_lane){.count = 1, .actor = 9};
    uint32_t counts[6];
    orders(acti_strategy_pos, &world, 6000, counts);
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 850, 1150);
    orders(acti_strategy_random, &world, 6000, counts);
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 850, 1150);
}

TEST(pos_draws_anew_for_those_that_lost)
{
    // Ten messages come to one actor by lane 0, and one by lane 1. That this one is last needs to lose ten times.
    toy world = {.lanes = 2};
    world.lane[0] = (toy_lane){.count = 10, .actor = 9};
    world.lane[1] = (toy_lane){.count = 1, .actor = 9};
    uint32_t last = 0, shared = 0;
    acti_strategy *strategy = acti_strategy_pos();
    for (uint64_t seed = 1; seed <= 20000; seed++)
        last += toy_place(go(&world, strategy, seed), 1, 0) == 10;
    // Each for an actor of its own: it keeps its low priority, and is last as often as it is the lowest of eleven.
    world.lane[1].actor = 8;
    for (uint64_t seed = 1; seed <= 20000; seed++)
        shared += toy_place(go(&world, strategy, seed), 1, 0) == 10;
    strategy->ops->fini(strategy);
    assert_in_range(last, 5, 40); // 20000 / 2^10 is 20
    assert_in_range(shared, 1600, 2000); // 20000 / 11 is 1818
}

TEST(pos_finds_what_a_random_walk_does_not)
{
    // The message of lane 1 comes behind 12 steps that do not matter; what counts is that it is before that of lane 0.
    toy world = {.lanes = 2};
    world.lane[0] = (toy_lane){.count = 1, .actor = 9};
    world.lane[1] = (toy_lane){.count = 13, .actor = 8};
    uint32_t of[2] = {0};
    maker *const makers[] = {acti_strategy_pos, acti_strategy_random};
    for (int i = 0; i < 2; i++) {
        acti_strategy *strategy = makers[i]();
        for (uint64_t seed = 1; seed <= 5000; seed++)
            of[i] += toy_place(go(&world, strategy, seed), 0, 0) == 13;
        strategy->ops->fini(strategy);
    }
    assert_true(of[0] >= 250); // 5000 / 14 is 357
    assert_true(of[1] <= 5);   // 5000 / 2^13 is less than one
}

// ---- depth ------------------------------------------------------------------------------

typedef struct spot {
    uint32_t lane;
    uint32_t step;
} spot;

// hits counts the schedules of a strategy, which it frees, in which these steps come in this order.
static uint32_t hits(acti_strategy *strategy, const toy *world, const spot *spots, uint32_t count, uint32_t schedules)
{
    uint32_t n = 0;
    for (uint64_t seed = 1; seed <= schedules; seed++) {
        go(world, strategy, seed);
        uint32_t i = 1;
        while (i < count && toy_place(&schedule, spots[i - 1].lane, spots[i - 1].step) <
                                toy_place(&schedule, spots[i].lane, spots[i].step))
            i++;
        n += i == count;
    }
    strategy->ops->fini(strategy);
    return n;
}

TEST(pct_of_depth_one_runs_lane_after_lane_in_each_order_equally_often)
{
    toy world = lanes(3, 7);
    acti_strategy *strategy = pct_1();
    for (uint64_t seed = 1; seed <= 100; seed++) {
        uint32_t switches = 0;
        go(&world, strategy, seed);
        for (uint32_t i = 1; i < schedule.steps; i++)
            switches += schedule.lane[i] != schedule.lane[i - 1];
        assert_int_equal(switches, 2);
    }
    strategy->ops->fini(strategy);
    uint32_t counts[6];
    orders(pct_1, &world, 6000, counts);
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 850, 1150);
}

// Half of the schedules spread the changes over EXPECTED steps, which is as many as there are, so half of 1 / (n *
// k^(d-1)) is sure.
TEST(pct_finds_a_bug_of_depth_two_as_often_as_promised_and_never_with_a_lower_depth)
{
    toy world = lanes(2, 10);
    const spot spots[] = {{0, 4}, {1, 0}, {1, 9}, {0, 5}};
    assert_int_equal(hits(pct_1(), &world, spots, 4, 4000), 0);
    uint32_t found = hits(pct_2(), &world, spots, 4, 4000);
    assert_in_range(found, 4000 / (2 * 2 * 20), 4000 / 10);
}

TEST(pct_finds_a_bug_of_depth_three_as_often_as_promised_and_never_with_a_lower_depth)
{
    toy world = lanes(2, 10);
    const spot spots[] = {{0, 2}, {1, 0}, {1, 4}, {0, 3}, {0, 9}, {1, 5}};
    assert_int_equal(hits(pct_2(), &world, spots, 6, 20000), 0);
    assert_in_range(hits(pct_3(), &world, spots, 6, 20000), 20000 / (2 * 2 * 20 * 20), 20000 / 20);
}

TEST(pct_reaches_changes_beyond_the_number_of_steps_that_was_expected)
{
    toy world = lanes(2, 10 * EXPECTED / 2);
    const spot spots[] = {{0, 90}, {1, 0}, {1, 99}, {0, 91}};
    assert_in_range(hits(acti_strategy_pct(2, EXPECTED), &world, spots, 4, 20000), 5, 200);
}

int main(void)
{
    return TEST_RUN(case_of(without_memory_there_is_no_strategy_and_nothing_leaks),
                    case_of(without_memory_in_a_schedule_it_goes_on),
                    case_of(a_depth_of_none_is_one_and_an_absurd_one_is_no_harm),
                    case_of(oldest_always_makes_the_first_choice),
                    case_of(a_seed_by_itself_is_the_schedule_that_it_was_among_others),
                    case_of(a_portfolio_takes_all_its_members_by_turns),
                    case_of(once_the_largest_schedule_was_seen_there_is_no_allocation),
                    case_of(half_of_the_schedules_let_the_clock_wait_for_all_else),
                    case_of(some_schedules_have_no_fault_and_some_have_all_and_each_sort_comes_alone),
                    case_of(lanes_that_never_end_do_not_starve_the_others),
                    case_of(a_program_that_never_ends_does_not_stop_the_clock_and_a_clock_not_the_program),
                    case_of(pos_brings_three_steps_of_one_actor_into_each_order_equally_often),
                    case_of(pos_draws_anew_for_those_that_lost), case_of(pos_finds_what_a_random_walk_does_not),
                    case_of(pct_of_depth_one_runs_lane_after_lane_in_each_order_equally_often),
                    case_of(pct_finds_a_bug_of_depth_two_as_often_as_promised_and_never_with_a_lower_depth),
                    case_of(pct_finds_a_bug_of_depth_three_as_often_as_promised_and_never_with_a_lower_depth),
                    case_of(pct_reaches_changes_beyond_the_number_of_steps_that_was_expected));
}
