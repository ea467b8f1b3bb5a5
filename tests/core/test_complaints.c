// SPDX-License-Identifier: MIT
//
// test_complaints.c - which of many complaints are said, and that the others are counted.

#include "test.h"

#include "core/complaints.h"

TEST(within_a_second_of_one_that_was_said_others_are_counted)
{
    acti_complaints c = {0};
    uint64_t unsaid = 77;
    assert_true(acti_complaints_say(&c, 5, &unsaid));
    assert_int_equal(unsaid, 0);
    unsaid = 77;
    assert_false(acti_complaints_say(&c, 5, &unsaid));
    assert_false(acti_complaints_say(&c, 5 + ACTI_COMPLAINTS_NS - 1, &unsaid));
    assert_int_equal(unsaid, 77);
    assert_int_equal(c.unsaid, 2);
}

TEST(one_a_second_later_is_said_with_how_many_there_were)
{
    acti_complaints c = {0};
    uint64_t unsaid;
    assert_true(acti_complaints_say(&c, 5, &unsaid));
    for (int i = 0; i < 3; i++)
        assert_false(acti_complaints_say(&c, 6, &unsaid));
    assert_true(acti_complaints_say(&c, 5 + ACTI_COMPLAINTS_NS, &unsaid));
    assert_int_equal(unsaid, 3);
    assert_int_equal(c.unsaid, 0);
    assert_true(acti_complaints_say(&c, 5 + 2 * ACTI_COMPLAINTS_NS, &unsaid));
    assert_int_equal(unsaid, 0);
}

TEST(what_was_not_said_is_told_in_words_and_nothing_is_nothing)
{
    char more[ACTI_COMPLAINTS_MORE];
    assert_string_equal(acti_complaints_more(0, more), "");
    assert_string_equal(acti_complaints_more(7, more), " (and 7 complaints since the last)");
    assert_string_equal(acti_complaints_more(UINT64_MAX, more),
                        " (and 18446744073709551615 complaints since the last)");
}

int main(void)
{
    return TEST_RUN(case_of(within_a_second_of_one_that_was_said_others_are_counted),
                    case_of(one_a_second_later_is_said_with_how_many_there_were),
                    case_of(what_was_not_said_is_told_in_words_and_nothing_is_nothing));
}
