// SPDX-License-Identifier: MIT
//
// test_nodes.c - what holds between two nodes, in every order in which bytes and messages may arrive: order, end, death
// and requests. Without faults; test_faults.c has the same claims with them.

#include "nodes.h"
#include "streams.h"

TEST(a_node_without_a_boot_is_refused)
{
    acta_sim_result result;
    explore((acta_sim_opts){.name = "no boot", .schedules = 1}, refused_scenario, NULL, &result);
}

TEST(a_sixteenth_node_is_one_too_many)
{
    int boots;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "crowd", .schedules = 20}, crowd_scenario, &boots, &result);
}

TEST(items_come_in_order_all_of_them_and_then_one_end)
{
    stream s;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "stream", .schedules = 2000}, stream_scenario, &s, &result);
    assert_true(result.steps > 2000 * ITEMS);
}

TEST(items_come_in_order_too_when_some_go_in_pieces)
{
    stream s;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "large stream", .schedules = 300}, large_stream_scenario, &s, &result);
}

TEST(the_same_seed_gives_the_same_bytes_and_another_gives_others)
{
    stream s;
    acta_sim_result a, b, other;
    explore((acta_sim_opts){.name = "stream", .schedules = 100, .seed = 7}, stream_scenario, &s, &a);
    explore((acta_sim_opts){.name = "stream", .schedules = 100, .seed = 7}, stream_scenario, &s, &b);
    explore((acta_sim_opts){.name = "stream", .schedules = 100, .seed = 7000}, stream_scenario, &s, &other);
    assert_int_equal(a.hash, b.hash);
    assert_int_not_equal(a.hash, other.hash);
}

TEST(each_request_has_one_outcome_and_the_down_comes_after_all_replies)
{
    watch w;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "down", .schedules = 2000}, watch_scenario, &w, &result);
}

TEST(a_call_has_its_own_answer_or_none_in_time_however_large_it_is)
{
    calling c;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "calls", .schedules = 300, .may_live = true}, calling_scenario, &c, &result);
}

TEST(credit_is_never_exceeded_and_used_up)
{
    crowded c;
    acta_sim_result result;
    explore((acta_sim_opts){.name = "credit", .schedules = 60}, credit_scenario, &c, &result);
}

int main(void)
{
    return TEST_RUN(case_of(a_node_without_a_boot_is_refused),
                    case_of(a_sixteenth_node_is_one_too_many),
                    case_of(items_come_in_order_all_of_them_and_then_one_end),
                    case_of(items_come_in_order_too_when_some_go_in_pieces),
                    case_of(the_same_seed_gives_the_same_bytes_and_another_gives_others),
                    case_of(each_request_has_one_outcome_and_the_down_comes_after_all_replies),
                    case_of(a_call_has_its_own_answer_or_none_in_time_however_large_it_is),
                    case_of(credit_is_never_exceeded_and_used_up));
}
