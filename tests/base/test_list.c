// SPDX-License-Identifier: MIT
//
// test_list.c - the intrusive list.

#include "test.h"

#include "base/list.h"

TEST(pop_of_an_empty_list_gives_null)
{
    acti_list head;
    acti_list_init(&head);
    assert_true(acti_list_empty(&head));
    assert_null(acti_list_pop(&head));
}

TEST(nodes_come_out_in_the_order_they_went_in)
{
    acti_list head, nodes[3] = {0};
    acti_list_init(&head);
    for (int i = 0; i < 3; i++)
        acti_list_push(&head, &nodes[i]);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(acti_list_pop(&head), &nodes[i]);
    assert_true(acti_list_empty(&head));
}

TEST(a_removed_node_is_unlinked_and_the_others_stay)
{
    acti_list head, nodes[3] = {0};
    acti_list_init(&head);
    for (int i = 0; i < 3; i++)
        acti_list_push(&head, &nodes[i]);
    acti_list_remove(&nodes[1]);
    assert_false(acti_list_linked(&nodes[1]));
    assert_true(acti_list_linked(&nodes[0]));
    assert_ptr_equal(acti_list_pop(&head), &nodes[0]);
    assert_ptr_equal(acti_list_pop(&head), &nodes[2]);
    assert_null(acti_list_pop(&head));
    assert_false(acti_list_linked(&nodes[2]));
}

// Every pair of lengths up to three.
TEST(a_joined_list_is_behind_the_other_and_leaves_nothing)
{
    for (int ahead = 0; ahead <= 3; ahead++)
        for (int behind = 0; behind <= 3; behind++) {
            acti_list head, from, nodes[6] = {0};
            acti_list_init(&head);
            acti_list_init(&from);
            for (int i = 0; i < ahead + behind; i++)
                acti_list_push(i < ahead ? &head : &from, &nodes[i]);
            acti_list_join(&head, &from);
            assert_true(acti_list_empty(&from));
            for (int i = 0; i < ahead + behind; i++)
                assert_ptr_equal(acti_list_pop(&head), &nodes[i]);
            assert_null(acti_list_pop(&head));
        }
}

int main(void)
{
    return TEST_RUN(case_of(pop_of_an_empty_list_gives_null), case_of(nodes_come_out_in_the_order_they_went_in),
                    case_of(a_removed_node_is_unlinked_and_the_others_stay),
                    case_of(a_joined_list_is_behind_the_other_and_leaves_nothing));
}
