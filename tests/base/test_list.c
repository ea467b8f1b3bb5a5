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

int main(void)
{
    return TEST_RUN(case_of(pop_of_an_empty_list_gives_null), case_of(nodes_come_out_in_the_order_they_went_in),
                    case_of(a_removed_node_is_unlinked_and_the_others_stay));
}
