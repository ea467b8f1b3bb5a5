// SPDX-License-Identifier: MIT
//
// The exhaustive strategy: it reaches every end that there is, each in one schedule, and says so only then.

#include "heap.h"
#include "toy.h"

// ---- help -----------------------------------------------------------------------

typedef struct explored {
    toy_ends ends;     // of schedules that came to an end
    uint64_t given_up; // those that did not
    bool complete;
} explored;

static explored result;
static toy_ends naive;

// explore runs the world to the end, at most `most` schedules.
static const explored *explore(const toy *world, uint32_t steps_max, uint64_t most)
{
    static toy_schedule schedule;
    acti_strategy *strategy = acti_strategy_exhaustive();
    result = (explored){.complete = false};
    while (strategy && result.ends.schedules + result.given_up < most &&
           toy_go(world, strategy, 1, steps_max, &schedule)) {
        if (schedule.given_up)
            result.given_up++;
        else
            toy_ends_add(&result.ends, schedule.end);
    }
    if (strategy) {
        result.complete = strategy->complete;
        strategy->ops->fini(strategy);
    }
    return &result;
}

// assert_explored: complete, and each end in one schedule. What was given up is of no interest to that.
static void assert_explored(const toy *world, uint64_t schedules)
{
    const explored *got = explore(world, TOY_STEPS, 1000000);
    assert_true(got->complete);
    assert_int_equal(got->ends.schedules, schedules);
    assert_int_equal(got->ends.count, schedules);
}

static bool enumerate(const toy *world, uint64_t most)
{
    toy_state state;
    naive.schedules = naive.count = 0;
    toy_begin(world, &state);
    return toy_enumerate(world, &state, most, &naive);
}

static toy_op reads(uint32_t v)
{
    return (toy_op){.reads = UINT32_C(1) << v};
}

static toy_op writes(uint32_t v)
{
    return (toy_op){.writes = UINT32_C(1) << v};
}

static toy_op adds(uint32_t v)
{
    return (toy_op){.adds = UINT32_C(1) << v};
}

static toy_op sends(uint32_t lane)
{
    return (toy_op){.sends = UINT32_C(1) << lane};
}

// k lanes of one step each.
static toy each(uint32_t k, toy_op op)
{
    toy world = {.lanes = k};
    for (uint32_t i = 0; i < k; i++)
        world.lane[i] = (toy_lane){.count = 1, .ops = {op}};
    return world;
}

// ---- refusal and bounds -----------------------------------------------------------

TEST(without_memory_at_any_moment_it_ends_incomplete_and_never_claims_more)
{
    toy world = each(5, writes(0));
    bool complete = false;
    uint32_t failures = 0;
    for (uint32_t n = 1; !complete; n++) {
        heap_countdown = n;
        complete = explore(&world, TOY_STEPS, 1000000)->complete;
        failures += heap_countdown == 0;
        assert_int_equal(heap_countdown == 0, !complete);
    }
    heap_countdown = 0;
    assert_true(failures >= 5); // itself, and each of its arrays
    assert_int_equal(result.ends.schedules, 120);
}

TEST(a_world_in_which_nothing_happens_is_complete_at_once)
{
    toy world = {.lanes = 0};
    assert_explored(&world, 1);
}

TEST(a_schedule_that_was_cut_makes_the_exploration_incomplete)
{
    toy world = each(3, writes(0));
    assert_false(explore(&world, 2, 1000)->complete);
    assert_true(result.ends.schedules < 1000); // it comes to an end all the same
    assert_true(explore(&world, 3, 1000)->complete);
}

TEST(an_exploration_that_is_not_finished_does_not_say_complete)
{
    toy world = each(3, writes(0));
    assert_false(explore(&world, TOY_STEPS, 5)->complete);
    assert_false(explore(&world, TOY_STEPS, 6)->complete);
    assert_true(explore(&world, TOY_STEPS, 7)->complete);
}

TEST(a_world_that_is_not_the_same_again_ends_it_incomplete)
{
    static toy_schedule schedule;
    toy world = each(3, writes(0)), other = each(3, writes(0));
    other.lane[0].mail = true; // never possible
    acti_strategy *strategy = acti_strategy_exhaustive();
    assert_true(toy_go(&world, strategy, 1, TOY_STEPS, &schedule));
    assert_true(toy_go(&other, strategy, 1, TOY_STEPS, &schedule));
    assert_true(schedule.given_up);
    assert_false(toy_go(&world, strategy, 1, TOY_STEPS, &schedule));
    assert_false(strategy->complete);
    strategy->ops->fini(strategy);

    strategy = acti_strategy_exhaustive();
    assert_true(toy_go(&world, strategy, 1, TOY_STEPS, &schedule));
    world.lanes = 0; // ends before anything is chosen
    assert_true(toy_go(&world, strategy, 1, TOY_STEPS, &schedule));
    assert_false(toy_go(&world, strategy, 1, TOY_STEPS, &schedule));
    assert_false(strategy->complete);
    strategy->ops->fini(strategy);
}

// ---- how many ----------------------------------------------------------------------

TEST(independent_steps_are_one_schedule)
{
    for (uint32_t k = 1; k <= TOY_LANES; k++) {
        toy world = each(k, (toy_op){.everything = false});
        for (uint32_t i = 0; i < k; i++)
            world.lane[i].ops[0] = writes(i);
        assert_explored(&world, 1);
        assert_int_equal(result.given_up, 0);
        world = each(k, reads(0));
        assert_explored(&world, 1);
        world = each(k, adds(0));
        assert_explored(&world, 1);
    }
}

TEST(conflicting_steps_are_every_order_of_them)
{
    uint64_t orders = 1;
    for (uint32_t k = 1; k <= 6; k++) {
        orders *= k;
        toy world = each(k, writes(0));
        assert_explored(&world, orders);
        assert_int_equal(result.given_up, 0);
        world = each(k, (toy_op){.everything = true});
        assert_explored(&world, orders);
    }
}

TEST(beside_two_that_conflict_independent_steps_are_not_tried_first)
{
    toy world = each(6, writes(0));
    for (uint32_t i = 1; i < 5; i++)
        world.lane[i].ops[0] = writes(i);
    assert_explored(&world, 2);
    assert_int_equal(result.given_up, 0);
}

TEST(two_writers_and_a_reader_of_one_variable_are_six)
{
    toy world = each(3, writes(0));
    world.lane[2].ops[0] = reads(0);
    assert_explored(&world, 6);
}

TEST(a_writer_and_readers_that_have_a_step_of_their_own_first_are_two_to_their_number)
{
    for (uint32_t n = 1; n < TOY_LANES; n++) {
        toy world = {.lanes = n + 1};
        world.lane[0] = (toy_lane){.count = 1, .ops = {writes(0)}};
        for (uint32_t i = 1; i <= n; i++)
            world.lane[i] = (toy_lane){.count = 2, .ops = {writes(i), reads(0)}};
        assert_explored(&world, UINT64_C(1) << n);
    }
}

// Each lane takes a lock by its number modulo some, changes what it guards, and gives it back.
TEST(lanes_that_share_a_lock_are_ordered_and_those_that_do_not_are_not)
{
    for (uint32_t locks = 1; locks <= 4; locks++) {
        toy world = {.lanes = 4, .tokens = {1, 1, 1, 1}};
        for (uint32_t i = 0; i < 4; i++)
            world.lane[i] = (toy_lane){
                .count = 3,
                .ops = {{.takes = UINT32_C(1) << i % locks}, writes(4 + i % locks), adds(i % locks)}};
        uint64_t expected[] = {24, 4, 2, 1};
        assert_explored(&world, expected[locks - 1]);
    }
}

TEST(who_comes_to_a_lock_when_it_is_taken_might_have_been_the_first)
{
    toy world = {.lanes = 2, .tokens = {1}};
    world.lane[0] = (toy_lane){.count = 2, .ops = {{.takes = 1}, adds(0)}};
    world.lane[1] = (toy_lane){.count = 3, .ops = {writes(1), {.takes = 1}, adds(0)}};
    assert_explored(&world, 2);
}

TEST(messages_of_two_senders_come_in_every_merge_of_their_two_orders)
{
    // 0 and 1 send, 2 and 3 are their links to one receiver, which is variable 0.
    toy world = {.lanes = 4};
    for (uint32_t i = 0; i < 2; i++) {
        world.lane[i] = (toy_lane){.count = 3, .ops = {sends(2 + i), sends(2 + i), sends(2 + i)}};
        world.lane[2 + i] = (toy_lane){.count = 3, .mail = true, .ops = {writes(0), writes(0), writes(0)}};
    }
    assert_explored(&world, 20);
}

TEST(a_request_and_its_reply_are_one_schedule_and_with_a_rival_two)
{
    // 0 asks by 1; what it handles replies by 2.
    toy world = {.lanes = 3};
    world.lane[0] = (toy_lane){.count = 1, .ops = {sends(1)}};
    world.lane[1] = (toy_lane){.count = 1, .mail = true, .ops = {{.writes = 1, .sends = 4}}};
    world.lane[2] = (toy_lane){.count = 1, .mail = true, .ops = {writes(1)}};
    assert_explored(&world, 1);
    assert_int_equal(result.given_up, 0);
    world.lanes = 4;
    world.lane[3] = (toy_lane){.count = 1, .ops = {writes(1)}};
    assert_explored(&world, 2);
}

// ---- steps that come and go ---------------------------------------------------------

TEST(an_end_that_waits_for_all_links_to_be_empty_comes_last_in_all_schedules)
{
    toy world = {.lanes = 3};
    for (uint32_t i = 0; i < 2; i++)
        world.lane[i] = (toy_lane){.count = 2, .ops = {writes(0), {.writes = 1, .adds = 2}}};
    world.lane[2] = (toy_lane){.count = 1, .ops = {{.writes = 1, .waits = 2, .until = 2}}};
    assert_explored(&world, 6);
}

TEST(a_timer_that_is_cancelled_fires_before_that_or_never)
{
    // 0 sets the timer of lane 1 and cancels it; 2 does what does not matter.
    toy world = {.lanes = 3};
    world.lane[0] = (toy_lane){.count = 2, .ops = {sends(1), {.cancels = 2}}};
    world.lane[1] = (toy_lane){.kind = ACTI_STEP_CLOCK, .mail = true, .shared = true, .count = 1, .ops = {writes(0)}};
    world.lane[2] = (toy_lane){.count = 1, .ops = {writes(1)}};
    assert_explored(&world, 2);
}

TEST(what_vanishes_without_a_trace_in_footprints_is_tried_first)
{
    toy world = {.lanes = 3};
    world.lane[0] = (toy_lane){.count = 1, .ops = {sends(1)}};
    world.lane[1] = (toy_lane){.mail = true, .count = 1, .ops = {writes(0)}};
    world.lane[2] = (toy_lane){.count = 1, .ops = {{.cancels = 2}}};
    world.lane[0].ops[0].writes = world.lane[2].ops[0].reads = 4; // what the contract asks of senders and cancellers
    assert_true(enumerate(&world, 1000));
    assert_true(explore(&world, TOY_STEPS, 1000)->complete);
    assert_true(toy_ends_same(&naive, &result.ends));
}

TEST(what_vanishes_when_it_has_been_tried_is_tried_again_after_others)
{
    // 2 sends to 0 and cancels that; 1 begins when it has been sent, and then writes what the message writes.
    toy world = {.lanes = 3};
    world.lane[0] = (toy_lane){.mail = true, .shared = true, .count = 1, .ops = {writes(0)}};
    world.lane[1] = (toy_lane){.count = 2, .ops = {{.waits = 2, .until = 1}, writes(0)}};
    world.lane[2] = (toy_lane){.count = 2, .ops = {{.sends = 1, .adds = 2}, {.cancels = 1}}};
    assert_true(enumerate(&world, 1000));
    assert_int_equal(naive.count, 3);
    assert_true(explore(&world, TOY_STEPS, 1000)->complete);
    assert_true(toy_ends_same(&naive, &result.ends));
}

TEST(a_fault_may_come_anywhere_and_not_at_all)
{
    toy world = {.lanes = 2, .faults_max = 1};
    world.lane[0] = (toy_lane){.count = 3, .ops = {writes(0), writes(0), writes(0)}};
    world.lane[1] = (toy_lane){.kind = ACTI_STEP_FAULT, .count = 1, .ops = {writes(0)}};
    assert_explored(&world, 4);
    world.faults_max = 0;
    assert_explored(&world, 1);
}

TEST(of_three_faults_every_two_come_in_either_order)
{
    toy world = {.lanes = 4, .faults_max = 2};
    world.lane[0] = (toy_lane){.count = 1, .ops = {writes(0)}};
    for (uint32_t i = 1; i < 4; i++)
        world.lane[i] = (toy_lane){.kind = ACTI_STEP_FAULT, .count = 1, .ops = {writes(i)}};
    assert_true(enumerate(&world, 1000));
    assert_true(explore(&world, TOY_STEPS, 1000)->complete);
    assert_true(toy_ends_same(&naive, &result.ends));
    assert_true(result.ends.schedules <= naive.schedules);
    assert_int_equal(naive.count, 1 + 3 + 6);
}

TEST(a_step_that_touches_everything_is_ordered_with_all)
{
    toy world = {.lanes = 4};
    world.lane[0] = (toy_lane){.count = 1, .ops = {{.everything = true}}};
    for (uint32_t i = 1; i < 4; i++)
        world.lane[i] = (toy_lane){.count = 2, .ops = {writes(i), writes(i)}};
    assert_explored(&world, 27);
}

enum { WORLDS = 1000, NAIVE_MAX = 5000 };

// ---- against trying everything ------------------------------------------------------

static uint32_t draw(uint64_t *random, uint32_t below)
{
    return (uint32_t)(acti_random_next(random) >> 33) % below;
}

static toy_op any_op(uint64_t *random, uint32_t lanes)
{
    toy_op op = {.everything = draw(random, 24) == 0};
    uint32_t v = UINT32_C(1) << draw(random, 3);
    switch (draw(random, 8)) {
    case 0:
    case 1:
        op.reads = v;
        break;
    case 2:
        op.adds = v;
        break;
    case 3:
    case 4:
        op.writes = v;
        break;
    case 5:
        op.cancels = UINT32_C(1) << draw(random, lanes);
        break;
    default:
        op.sends = UINT32_C(1) << draw(random, lanes);
        op.reads = draw(random, 2) == 0 ? v : 0;
    }
    return op;
}

// share marks the lanes that more than one other lane sends to, or takes messages from.
static void share(toy *world)
{
    for (uint32_t to = 0; to < world->lanes; to++) {
        uint32_t users = 0;
        bool cancelled = false;
        for (uint32_t from = 0; from < world->lanes; from++) {
            uint32_t sent = 0;
            for (uint32_t k = 0; k < world->lane[from].count; k++) {
                sent |= world->lane[from].ops[k].sends >> to & 1;
                cancelled |= (world->lane[from].ops[k].cancels >> to & 1) != 0;
            }
            users += sent;
        }
        world->lane[to].shared = cancelled || users > 1;
    }
}

// A world of two to four lanes that keeps to what the strategy asks of it: who is kept waiting by a variable is let go
// in the end.
static toy any_world(uint64_t *random)
{
    toy world = {.lanes = 2 + draw(random, 3), .faults_max = draw(random, 3), .tokens = {[3] = 1}};
    uint32_t total = 0, adders = 0;
    for (uint32_t i = 0; i < world.lanes; i++) {
        toy_lane *lane = &world.lane[i];
        lane->mail = i > 0 && draw(random, 2) == 0;
        lane->kind = i > 0 && !lane->mail && draw(random, 5) == 0 ? ACTI_STEP_FAULT : ACTI_STEP_DELIVER;
        lane->count = 1 + draw(random, 3);
        for (uint32_t k = 0; k < lane->count && total < 8; k++, total++)
            lane->ops[k] = any_op(random, world.lanes);
        bool sure = !lane->mail && lane->kind != ACTI_STEP_FAULT;
        if (sure && draw(random, 3) == 0) { // a lock, held to the end of the lane
            lane->ops[draw(random, lane->count)].takes = 8;
            lane->ops[lane->count].adds = 8;
            lane->count++;
        }
        if (sure && draw(random, 2) == 0) {
            lane->ops[lane->count++] = (toy_op){.adds = 16};
            adders++;
        }
    }
    share(&world);
    if (adders > 0 && draw(random, 2) == 0) { // the end waits for all who add
        toy_lane *lane = &world.lane[world.lanes++];
        *lane = (toy_lane){.count = 1, .ops = {{.reads = 1, .writes = 2, .waits = 5, .until = adders}}};
    }
    return world;
}

// takes_away says whether a step may become impossible without having run.
static bool takes_away(const toy *world)
{
    bool takes = false;
    for (uint32_t i = 0; i < world->lanes; i++) {
        takes |= world->lane[i].kind == ACTI_STEP_FAULT;
        for (uint32_t k = 0; k < world->lane[i].count; k++)
            takes |= world->lane[i].ops[k].takes != 0 || world->lane[i].ops[k].cancels != 0;
    }
    return takes;
}

TEST(random_worlds_reach_every_end_that_there_is_each_in_one_schedule)
{
    uint64_t random = 4;
    uint64_t all = 0, reduced = 0, given_up = 0;
    for (uint32_t worlds = 0; worlds < WORLDS;) {
        uint64_t seed = random;
        toy world = any_world(&random);
        if (!enumerate(&world, NAIVE_MAX))
            continue;
        worlds++;
        explore(&world, TOY_STEPS, naive.schedules + 1);
        if (!result.complete || !toy_ends_same(&naive, &result.ends) ||
            result.ends.schedules > (takes_away(&world) ? naive.schedules : naive.count))
            fail_msg("world %u (seed %llu): complete %d, %llu schedules and %llu given up reach %u of %u ends", worlds,
                     (unsigned long long)seed, result.complete, (unsigned long long)result.ends.schedules,
                     (unsigned long long)result.given_up, result.ends.count, naive.count);
        all += naive.schedules;
        reduced += result.ends.schedules;
        given_up += result.given_up;
    }
    assert_true(reduced * 10 < all);
    assert_true(given_up * 4 < reduced);
}

int main(void)
{
    return TEST_RUN(case_of(without_memory_at_any_moment_it_ends_incomplete_and_never_claims_more),
                    case_of(a_world_in_which_nothing_happens_is_complete_at_once),
                    case_of(a_schedule_that_was_cut_makes_the_exploration_incomplete),
                    case_of(an_exploration_that_is_not_finished_does_not_say_complete),
                    case_of(a_world_that_is_not_the_same_again_ends_it_incomplete),
                    case_of(independent_steps_are_one_schedule), case_of(conflicting_steps_are_every_order_of_them),
                    case_of(beside_two_that_conflict_independent_steps_are_not_tried_first),
                    case_of(two_writers_and_a_reader_of_one_variable_are_six),
                    case_of(a_writer_and_readers_that_have_a_step_of_their_own_first_are_two_to_their_number),
                    case_of(lanes_that_share_a_lock_are_ordered_and_those_that_do_not_are_not),
                    case_of(who_comes_to_a_lock_when_it_is_taken_might_have_been_the_first),
                    case_of(messages_of_two_senders_come_in_every_merge_of_their_two_orders),
                    case_of(a_request_and_its_reply_are_one_schedule_and_with_a_rival_two),
                    case_of(an_end_that_waits_for_all_links_to_be_empty_comes_last_in_all_schedules),
                    case_of(a_timer_that_is_cancelled_fires_before_that_or_never),
                    case_of(what_vanishes_without_a_trace_in_footprints_is_tried_first),
                    case_of(what_vanishes_when_it_has_been_tried_is_tried_again_after_others),
                    case_of(a_fault_may_come_anywhere_and_not_at_all),
                    case_of(of_three_faults_every_two_come_in_either_order),
                    case_of(a_step_that_touches_everything_is_ordered_with_all),
                    case_of(random_worlds_reach_every_end_that_there_is_each_in_one_schedule));
}
