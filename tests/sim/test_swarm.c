// SPDX-License-Identifier: MIT
//
// What the randomized strategies stand on: marks that are taken off all at once, and what a swarm offers in each state.

#include "heap.h"

#include "sim/marks.h"
#include "sim/swarm.h"

TEST(marks_are_kept_while_the_table_grows_and_are_gone_when_cleared)
{
    acti_marks marks = {0};
    assert_int_equal(acti_marks_get(&marks, 0, 7), 7);
    for (uint64_t round = 1; round <= 3; round++) {
        for (uint64_t key = 0; key < 1000; key++)
            assert_true(acti_marks_set(&marks, key << 40, key + round));
        assert_true(acti_marks_set(&marks, 0, round + 5));
        assert_int_equal(acti_marks_get(&marks, 0, 0), round + 5);
        for (uint64_t key = 1; key < 1000; key++)
            assert_int_equal(acti_marks_get(&marks, key << 40, 0), key + round);
        assert_int_equal(acti_marks_get(&marks, 1, 0), 0);
        assert_int_equal(marks.used, 1000);
        acti_marks_clear(&marks);
        for (uint64_t key = 0; key < 1000; key++)
            assert_int_equal(acti_marks_get(&marks, key << 40, 9), 9);
    }
    acti_marks_fini(&marks);
}

TEST(a_mark_that_finds_no_memory_changes_nothing)
{
    acti_marks marks = {0};
    heap_countdown = 1;
    assert_false(acti_marks_set(&marks, 1, 1));
    uint64_t set = 0;
    while (acti_marks_set(&marks, set, set))
        heap_countdown = ++set < 16 ? 0 : 1; // the table of 32 is half full
    heap_countdown = 0;
    assert_int_equal(set, 16);
    for (uint64_t key = 0; key < set; key++)
        assert_int_equal(acti_marks_get(&marks, key, 99), key);
    acti_marks_fini(&marks);
}

TEST(one_in_four_schedules_has_no_fault_however_long_it_is)
{
    acti_step steps[2] = {{.lane = 1, .event = 1}, {.lane = 2, .event = 2, .kind = ACTI_STEP_FAULT, .fault = 5}};
    uint32_t none = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        acti_swarm swarm;
        acti_swarm_begin(&swarm, seed, ACTI_SWARM_PATIENCE);
        uint32_t faults = 0;
        for (uint32_t i = 0; i < 4000; i++)
            faults += acti_swarm_offer(&swarm, steps, 2).first == 1;
        none += faults == 0;
    }
    // And of the others one in four does not have this sort.
    assert_in_range(none, 400, 475);
}

TEST(with_nothing_but_faults_to_do_there_is_one)
{
    acti_step steps[2] = {{.lane = 1, .event = 1, .kind = ACTI_STEP_FAULT, .fault = 3},
                          {.lane = 2, .event = 2, .kind = ACTI_STEP_FAULT, .fault = 4}};
    uint32_t of[2] = {0};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        acti_swarm swarm;
        acti_swarm_begin(&swarm, seed, 1);
        acti_offer offer = acti_swarm_offer(&swarm, steps, 2);
        assert_int_equal(offer.count, 1);
        assert_in_range(offer.first, 0, 1);
        of[offer.first]++;
    }
    assert_true(of[0] >= 70 && of[1] >= 70);
}

TEST(the_oldest_step_is_passed_over_as_often_as_patience_says_and_no_more)
{
    acti_step steps[2] = {{.lane = 1, .event = 1}, {.lane = 2, .event = 2}};
    for (uint32_t patience = 1; patience <= 5; patience++) {
        acti_swarm swarm;
        acti_swarm_begin(&swarm, 1, patience);
        for (uint32_t i = 0; i < patience; i++) {
            acti_offer offer = acti_swarm_offer(&swarm, steps, 2);
            assert_int_equal(offer.count, 2);
            assert_false(offer.overdue);
        }
        acti_offer offer = acti_swarm_offer(&swarm, steps, 2);
        assert_true(offer.overdue && offer.count == 1 && offer.first == 0);
        // It has run: another is the oldest, with all patience before it.
        offer = acti_swarm_offer(&swarm, &steps[1], 1);
        assert_false(offer.overdue);
    }
}

int main(void)
{
    return TEST_RUN(case_of(marks_are_kept_while_the_table_grows_and_are_gone_when_cleared),
                    case_of(a_mark_that_finds_no_memory_changes_nothing),
                    case_of(one_in_four_schedules_has_no_fault_however_long_it_is),
                    case_of(with_nothing_but_faults_to_do_there_is_one),
                    case_of(the_oldest_step_is_passed_over_as_often_as_patience_says_and_no_more));
}
