// SPDX-License-Identifier: MIT
//
// test_holds.c - what nodes count of senders, one decision at a time; test_holds_model.c tries them together.

#include "test.h"

#include <acta/error.h>

#include "route/holds.h"

TEST(a_release_of_more_than_was_counted_is_refused_and_of_as_much_is_not)
{
    acti_owner owner = {0};
    assert_false(acti_owner_back(&owner, 1));
    assert_true(acti_owner_count(&owner));
    assert_true(acti_owner_count(&owner));
    assert_false(acti_owner_back(&owner, 3));
    assert_false(acti_owner_back(&owner, 0));
    assert_int_equal(owner.held, 2);
    assert_true(acti_owner_back(&owner, 2));
    assert_int_equal(owner.held, 0);
}

TEST(no_more_holds_are_counted_than_a_release_can_give_back)
{
    acti_owner owner = {.held = UINT32_MAX - 1};
    assert_true(acti_owner_count(&owner));
    assert_false(acti_owner_count(&owner));
    acti_taker taker = {.held = UINT32_MAX - 1, .claims = 2};
    assert_true(acti_taker_given(&taker));
    assert_false(acti_taker_given(&taker));
    assert_true(acti_taker_found(&taker, false));
    assert_false(acti_taker_found(&taker, true));
}

TEST(a_loan_is_taken_at_once_only_where_a_hold_is_known_and_each_claims_for_itself_else)
{
    acti_taker taker = {0};
    assert_int_equal(acti_taker_claim(&taker), ACTI_SAY_CLAIM);
    assert_int_equal(acti_taker_claim(&taker), ACTI_SAY_CLAIM); // the first may be refused yet
    assert_true(acti_taker_found(&taker, false));
    assert_int_equal(acti_taker_claim(&taker), ACTI_SAY_CLAIM);
    assert_true(acti_taker_found(&taker, true));
    assert_int_equal(acti_taker_claim(&taker), ACTI_SAY_TAKEN);
    assert_int_equal(taker.claims, 1);
}

TEST(nothing_may_be_sent_without_a_hold_or_a_claim)
{
    acti_taker taker = {0};
    assert_false(acti_taker_sends(&taker));
    (void)acti_taker_claim(&taker);
    assert_true(acti_taker_sends(&taker));
    assert_true(acti_taker_found(&taker, false));
    assert_false(acti_taker_sends(&taker));
    assert_true(acti_taker_given(&taker));
    assert_true(acti_taker_sends(&taker));
}

TEST(all_holds_go_back_with_the_last_sender_and_none_before)
{
    acti_taker taker = {.held = 3};
    assert_int_equal(acti_taker_release(&taker, 1), 0);
    assert_int_equal(acti_taker_release(&taker, 0), 3);
    assert_int_equal(acti_taker_release(&taker, 0), 0);
}

TEST(a_sender_goes_by_one_of_three_ways_and_a_loan_ends_well_or_not)
{
    assert_int_equal(acti_way_of(1, 1, 2), ACTI_WAY_MINE);
    assert_int_equal(acti_way_of(2, 1, 2), ACTI_WAY_HOME);
    assert_int_equal(acti_way_of(3, 1, 2), ACTI_WAY_THIRD);
    assert_int_equal(acti_loan_reason(ACTA_OK), ACTA_OK);
    assert_int_equal(acti_loan_reason(ACTA_ESTOPPED), ACTA_OK);
    assert_int_equal(acti_loan_reason(ACTA_ECRASHED), ACTA_ECRASHED);
    assert_int_equal(acti_loan_reason(ACTA_EGONE), ACTA_ECRASHED);
}

int main(void)
{
    return TEST_RUN(case_of(a_release_of_more_than_was_counted_is_refused_and_of_as_much_is_not),
                    case_of(no_more_holds_are_counted_than_a_release_can_give_back),
                    case_of(a_loan_is_taken_at_once_only_where_a_hold_is_known_and_each_claims_for_itself_else),
                    case_of(nothing_may_be_sent_without_a_hold_or_a_claim),
                    case_of(all_holds_go_back_with_the_last_sender_and_none_before),
                    case_of(a_sender_goes_by_one_of_three_ways_and_a_loan_ends_well_or_not));
}
