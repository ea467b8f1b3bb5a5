// SPDX-License-Identifier: MIT
//
// test_faults.c - each fault by itself and all of them together, wherever they may happen: what has come is a prefix,
// an end says whether its holder has died, and nothing waits for ever.

#include "base/sanitize.h"
#include "streams.h"

enum { ALL = ACTA_SIM_KILL | ACTA_SIM_RESTART | ACTA_SIM_PAUSE | ACTA_SIM_CUT | ACTA_SIM_STALL | ACTA_SIM_FULL |
             ACTA_SIM_NOMEM | ACTA_SIM_GAP };

// ASan takes three times as long for each, and has seen the same code in the first of them.
static void with_faults(const char *name, uint32_t faults, uint64_t schedules, acta_sim_scenario *scenario, void *arg)
{
    acta_sim_result result;
    acta_sim_opts opts = {.name = name, .faults = faults, .schedules = schedules, .may_live = true, .no_lint = true};
    if (ACTI_ASAN)
        opts.schedules = schedules / 5 + 100;
    explore(opts, scenario, arg, &result);
}

// ---- what must be seen to happen, too ---------------------------------------------------------

static void crashing_stream(acta_sim *sim, void *arg)
{
    stream *s = arg;
    stream_scenario(sim, s);
    acta_sim_sometimes(sim, "all comes in spite of a fault", s->whole && acta_sim_faults(sim) > 0);
    acta_sim_sometimes(sim, "an end says that the feeder died, behind a part", s->crashed);
}

static void delayed_stream(acta_sim *sim, void *arg)
{
    stream *s = arg;
    stream_scenario(sim, s);
    acta_sim_sometimes(sim, "all comes in spite of a fault", s->whole && acta_sim_faults(sim) > 0);
    acta_sim_check(sim, "a delay is not a crash", !s->crashed);
}

// Whatever is cut, no more is lost than time.
static void cut_stream(acta_sim *sim, void *arg)
{
    stream *s = arg;
    delayed_stream(sim, s);
    acta_sim_check(sim, "all comes, however often the connection is cut", s->whole);
}

static void cut_large_stream(acta_sim *sim, void *arg)
{
    stream *s = arg;
    large_stream_scenario(sim, s);
    acta_sim_check(sim, "all comes, however often the connection is cut", s->whole);
}

static void crashing_large_stream(acta_sim *sim, void *arg)
{
    stream *s = arg;
    large_stream_scenario(sim, s);
    acta_sim_sometimes(sim, "all comes in spite of a fault", s->whole && acta_sim_faults(sim) > 0);
    acta_sim_sometimes(sim, "an end says that the feeder died, behind a part", s->crashed);
}

static void cut_watch(acta_sim *sim, void *arg)
{
    watch *w = arg;
    watch_scenario(sim, w);
    acta_sim_check(sim, "all is answered, however often the connection is cut",
                   w->replies == ITEMS && w->downs == 1 && w->reason == ACTA_OK);
}

static void restarted_stream(acta_sim *sim, void *arg)
{
    stream *s = arg;
    stream_scenario(sim, s);
    acta_sim_sometimes(sim, "the sink's node starts again", acta_sim_node_starts(s->b) > 1);
    acta_sim_sometimes(sim, "the feeder's node starts again and feeds", acta_sim_node_starts(s->a) > 1 && s->fed > 0);
}

static void crashing_watch(acta_sim *sim, void *arg)
{
    watch *w = arg;
    watch_scenario(sim, w);
    acta_sim_sometimes(sim, "a DOWN says that the talker's node crashed", w->downs == 1 && w->reason == ACTA_ECRASHED);
    acta_sim_sometimes(sim, "a DOWN says that the talker has returned", w->downs == 1 && w->reason == ACTA_OK);
    acta_sim_sometimes(sim, "a part of the requests is answered",
                       w->downs == 1 && w->replies > 0 && w->replies < ITEMS);
}

static void crashing_calls(acta_sim *sim, void *arg)
{
    calling_scenario(sim, arg);
    acta_sim_sometimes(sim, "a call is lost with its node", ((calling *)arg)->lost > 0);
}

// ---- each fault -----------------------------------------------------------------------------

TEST(a_connection_cut_at_any_byte_is_taken_up_again_and_nothing_is_lost_or_doubled)
{
    stream s;
    with_faults("cut stream", ACTA_SIM_CUT, 2000, cut_stream, &s);
}

TEST(pieces_outlive_a_connection_cut_at_any_byte)
{
    stream s;
    with_faults("cut large stream", ACTA_SIM_CUT, 300, cut_large_stream, &s);
}

TEST(large_messages_hold_what_small_ones_do_in_spite_of_all_faults)
{
    stream s;
    with_faults("killed large stream", ACTA_SIM_KILL, 200, crashing_large_stream, &s);
    with_faults("nomem large stream", ACTA_SIM_NOMEM, 300, large_stream_scenario, &s);
    with_faults("all large stream", ALL, 200, large_stream_scenario, &s);
}

TEST(requests_outlive_a_connection_cut_at_any_byte)
{
    watch w;
    with_faults("cut watch", ACTA_SIM_CUT, 2000, cut_watch, &w);
}

// Every order of what happens, and one fault wherever one may be; time passes only when nothing else can happen.
static void in_every_order(const char *name, uint32_t faults, acta_sim_scenario *scenario, void *arg)
{
    acta_sim_result result;
    explore((acta_sim_opts){.name = name,
                            .strategy = ACTA_SIM_EXHAUSTIVE,
                            .faults = faults,
                            .faults_max = 1,
                            .instant = true,
                            .idle_clock = true,
                            .may_live = true,
                            .no_lint = true},
            scenario, arg, &result);
    assert_true(result.complete);
}

TEST(a_cut_at_every_step_in_every_order_loses_nothing)
{
    stream s;
    in_every_order("cut stream, every order", ACTA_SIM_CUT, cut_stream, &s);
}

TEST(a_node_killed_at_every_step_in_every_order_leaves_a_prefix_and_one_outcome)
{
    stream s;
    watch w;
    in_every_order("killed stream, every order", ACTA_SIM_KILL, stream_scenario, &s);
    in_every_order("killed watch, every order", ACTA_SIM_KILL, watch_scenario, &w);
}

TEST(a_killed_node_leaves_requests_that_wait_for_credit_one_outcome_too)
{
    many all;
    with_faults("killed many", ACTA_SIM_KILL, 300, many_scenario, &all);
}

TEST(a_killed_node_leaves_a_prefix_and_an_end_that_says_so)
{
    stream s;
    with_faults("killed stream", ACTA_SIM_KILL, 1000, crashing_stream, &s);
}

TEST(a_killed_node_leaves_each_request_one_outcome)
{
    watch w;
    with_faults("killed watch", ACTA_SIM_KILL, 1000, crashing_watch, &w);
}

TEST(a_restarted_node_is_another_one)
{
    stream s;
    watch w;
    with_faults("restarted stream", ACTA_SIM_KILL | ACTA_SIM_RESTART, 1000, restarted_stream, &s);
    with_faults("restarted watch", ACTA_SIM_KILL | ACTA_SIM_RESTART, 1000, watch_scenario, &w);
}

TEST(a_stall_and_a_pause_delay_and_lose_nothing)
{
    stream s;
    watch w;
    with_faults("stalled stream", ACTA_SIM_STALL, 500, delayed_stream, &s);
    with_faults("paused stream", ACTA_SIM_PAUSE, 500, delayed_stream, &s);
    with_faults("delayed watch", ACTA_SIM_STALL | ACTA_SIM_PAUSE, 500, watch_scenario, &w);
}

TEST(a_send_that_is_refused_once_goes_out_after_all)
{
    stream s;
    with_faults("full", ACTA_SIM_FULL, 500, delayed_stream, &s);
}

TEST(a_leap_of_the_clock_loses_nothing_of_an_open_session)
{
    stream s;
    with_faults("gap", ACTA_SIM_GAP, 500, delayed_stream, &s);
}

TEST(a_lack_of_memory_is_told_and_loses_nothing_else)
{
    stream s;
    watch w;
    with_faults("nomem stream", ACTA_SIM_NOMEM, 1000, stream_scenario, &s);
    with_faults("nomem watch", ACTA_SIM_NOMEM, 1000, watch_scenario, &w);
}

TEST(the_scenario_itself_waits_for_a_node_that_is_held_up_or_gone)
{
    calling c;
    with_faults("own delayed", ACTA_SIM_STALL | ACTA_SIM_PAUSE, 200, own_scenario, &c);
    with_faults("own", ALL, 200, own_scenario, &c);
}

static void no_crash(acta_sim *sim, void *arg)
{
    stream *s = arg;
    stream_scenario(sim, s);
    acta_sim_check(sim, "nobody's feeder dies", !s->crashed);
}

static void nothing(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

TEST(a_schedule_with_faults_that_fails_is_shrunk_and_fails_again_when_it_is_replayed)
{
    stream s;
    acta_sim_result found, again;
    acta_sim_opts opts = {.name = "no crash",
                          .faults = ACTA_SIM_CUT | ACTA_SIM_KILL | ACTA_SIM_STALL,
                          .schedules = 1000,
                          .may_live = true,
                          .no_lint = true,
                          .report = nothing};
    assert_int_equal(acta_sim_explore_with(&opts, no_crash, &s, &found), ACTA_ECLAIM);
    assert_string_equal(found.claim, "nobody's feeder dies");
    const char *replays[] = {found.replay, NULL};
    opts.replays = replays;
    assert_int_equal(acta_sim_explore_with(&opts, no_crash, &s, &again), ACTA_ECLAIM);
    assert_true(again.schedules < found.schedules);
    assert_string_equal(again.claim, found.claim);
    assert_true(s.crashed);
}

TEST(all_faults_together)
{
    stream s;
    watch w;
    calling c;
    with_faults("all stream", ALL, 1000, stream_scenario, &s);
    with_faults("all watch", ALL, 1000, watch_scenario, &w);
    with_faults("all calls", ALL, 300, crashing_calls, &c);
}

int main(void)
{
    return TEST_RUN(case_of(a_connection_cut_at_any_byte_is_taken_up_again_and_nothing_is_lost_or_doubled),
                    case_of(pieces_outlive_a_connection_cut_at_any_byte),
                    case_of(large_messages_hold_what_small_ones_do_in_spite_of_all_faults),
                    case_of(requests_outlive_a_connection_cut_at_any_byte),
                    case_of(a_cut_at_every_step_in_every_order_loses_nothing),
                    case_of(a_node_killed_at_every_step_in_every_order_leaves_a_prefix_and_one_outcome),
                    case_of(a_killed_node_leaves_requests_that_wait_for_credit_one_outcome_too),
                    case_of(a_killed_node_leaves_a_prefix_and_an_end_that_says_so),
                    case_of(a_killed_node_leaves_each_request_one_outcome),
                    case_of(a_restarted_node_is_another_one),
                    case_of(a_stall_and_a_pause_delay_and_lose_nothing),
                    case_of(a_send_that_is_refused_once_goes_out_after_all),
                    case_of(a_leap_of_the_clock_loses_nothing_of_an_open_session),
                    case_of(a_lack_of_memory_is_told_and_loses_nothing_else),
                    case_of(a_schedule_with_faults_that_fails_is_shrunk_and_fails_again_when_it_is_replayed),
                    case_of(the_scenario_itself_waits_for_a_node_that_is_held_up_or_gone),
                    case_of(all_faults_together));
}
