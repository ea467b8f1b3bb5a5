// SPDX-License-Identifier: MIT
//
// test_sim.c - the world of one schedule: what may happen in it, what may not, and that it happens again.

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

#include "base/pool.h"
#include "corpus.h"

ACTA_MESSAGE(item, (i64, source), (i64, n));
ACTA_MESSAGE(query, (i64, n));
ACTA_MESSAGE(answer, (i64, n));

static int64_t live_before;

static void explore_ok(acta_sim_opts opts, acta_sim_scenario *scenario, void *arg, acta_sim_result *result)
{
    assert_int_equal(acta_sim_explore_with(&opts, scenario, arg, result), ACTA_OK);
    assert_int_equal(acti_pool_live(), live_before);
}

// ---- two senders, one receiver ------------------------------------------------------------

enum { SENDERS = 2, ITEMS = 3 };

typedef struct seen {
    int64_t last[SENDERS + 1];
    int64_t first; // source of the first
    int count;
    int eofs;
} seen;

static int sink(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    seen *s = arg;
    if (m == NULL) {
        s->eofs++;
        return ACTA_OK;
    }
    const item *i = acta_as(item, m);
    if (s->count++ == 0)
        s->first = i->source;
    acta_sim_check(acta_sim_here(), "each source's items come in order", i->n == s->last[i->source] + 1);
    acta_sim_check(acta_sim_here(), "nothing comes after the end", s->eofs == 0);
    s->last[i->source] = i->n;
    return ACTA_OK;
}

typedef struct feeder {
    acta_tx *to;
    int64_t source;
} feeder;

static int feed(acta_self *self, void *arg)
{
    feeder *f = arg;
    for (int64_t n = 1; n <= ITEMS; n++)
        if (acta_send(f->to, item, .source = f->source, .n = n) != ACTA_OK)
            acta_sim_check(acta_sim_here(), "an item is taken", false);
    acta_tx_drop(&f->to);
    while (acta_recv(self) != NULL)
        continue;
    return ACTA_OK;
}

typedef struct crowd {
    seen seen;
    feeder feeders[SENDERS];
    uint32_t firsts; // bits: whose item was first, in any schedule
} crowd;

static bool all_came(void *arg)
{
    const seen *s = arg;
    return s->count == SENDERS * ITEMS && s->eofs == 1;
}

static void crowd_scenario(acta_sim *sim, void *arg)
{
    crowd *c = arg;
    c->seen = (seen){0};
    acta_system *sys = acta_sim_system(sim);
    acta_tx *to = NULL;
    if (acta_spawn(sys, &to, .handler = sink, .arg = &c->seen, .name = "sink") != ACTA_OK)
        return;
    for (int i = 0; i < SENDERS; i++) {
        c->feeders[i] = (feeder){.to = acta_tx_dup(to), .source = i};
        acta_tx *tx = NULL;
        if (acta_spawn(sys, &tx, .body = feed, .arg = &c->feeders[i], .name = "feeder") == ACTA_OK)
            acta_tx_drop(&tx);
    }
    acta_tx_drop(&to);
    acta_sim_eventually(sim, "all came, and then the end", all_came, &c->seen);
    acta_sim_run(sim);
    acta_sim_sometimes(sim, "the first feeder is first", c->seen.first == 0);
    acta_sim_sometimes(sim, "the second feeder is first", c->seen.first == 1);
}

TEST(messages_of_several_senders_come_in_any_order_of_theirs_and_then_the_end)
{
    crowd c;
    acta_sim_result result;
    explore_ok((acta_sim_opts){.name = "crowd"}, crowd_scenario, &c, &result);
    assert_int_equal(result.schedules, 1000);
    assert_true(result.steps > 1000 * SENDERS * ITEMS);
}

TEST(the_same_seed_gives_the_same_events_and_another_gives_others)
{
    crowd c;
    acta_sim_result a, b, other;
    explore_ok((acta_sim_opts){.name = "crowd", .schedules = 50, .seed = 7}, crowd_scenario, &c, &a);
    explore_ok((acta_sim_opts){.name = "crowd", .schedules = 50, .seed = 7}, crowd_scenario, &c, &b);
    explore_ok((acta_sim_opts){.name = "crowd", .schedules = 50, .seed = 8000}, crowd_scenario, &c, &other);
    assert_int_equal(a.hash, b.hash);
    assert_int_not_equal(a.hash, other.hash);
}

// ---- asking ------------------------------------------------------------------------------------

static int responder(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        acta_reply(self, m, answer, .n = acta_as(query, m)->n + 1);
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

static void call_scenario(acta_sim *sim, void *arg)
{
    int *outcomes = arg;
    acta_tx *tx = NULL;
    if (acta_spawn(acta_sim_system(sim), &tx, .body = responder, .name = "responder") != ACTA_OK)
        return;
    acta_msg *reply = NULL;
    int status = acta_call(tx, ACTA_SECOND, &reply, query, .n = 41);
    acta_sim_check(sim, "a call has an answer or none in time",
                   (status == ACTA_OK && acta_as(answer, reply)->n == 42) || status == ACTA_ETIMEOUT);
    acta_sim_sometimes(sim, "the answer comes", status == ACTA_OK);
    acta_sim_sometimes(sim, "the time is over first", status == ACTA_ETIMEOUT);
    outcomes[status == ACTA_OK]++;
    acta_msg_free(&reply);
    acta_tx_drop(&tx);
}

TEST(a_call_of_the_scenario_lets_the_others_go_on_and_may_run_out_of_time)
{
    int outcomes[2] = {0};
    acta_sim_result result;
    explore_ok((acta_sim_opts){.name = "call"}, call_scenario, outcomes, &result);
    assert_true(outcomes[0] > 0 && outcomes[1] > 0);
}

TEST(what_failed_once_holds_now)
{
    crowd c;
    int outcomes[2];
    acta_sim_result result;
    explore_ok((acta_sim_opts){.name = "crowd", .replays = sim_corpus}, crowd_scenario, &c, &result);
    explore_ok((acta_sim_opts){.name = "call", .replays = sim_corpus}, call_scenario, outcomes, &result);
}

// ---- failures -----------------------------------------------------------------------------------

static void quiet(void *arg, const char *line)
{
    (void)line;
    ++*(int *)arg;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void broken_scenario(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_sim_eventually(sim, "what cannot be", never, NULL);
}

static void leaking_scenario(acta_sim *sim, void *arg)
{
    acta_tx **tx = arg;
    acta_tx_drop(tx); // of the schedule before, whose actor has been ended by force
    (void)!acta_spawn(acta_sim_system(sim), tx, .body = responder, .name = "held");
}

static void unreached_scenario(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_sim_sometimes(sim, "what does not happen", false);
}

static void gauge_scenario(acta_sim *sim, void *arg)
{
    acta_sim_gauge(sim, "a number", *(int64_t *)arg, 3);
}

TEST(a_claim_that_does_not_hold_is_named_with_a_seed)
{
    int lines = 0;
    acta_sim_result result;
    acta_sim_opts opts = {.name = "broken", .report = quiet, .report_arg = &lines, .seed = 5};
    assert_int_equal(acta_sim_explore_with(&opts, broken_scenario, NULL, &result), ACTA_ECLAIM);
    assert_string_equal(result.claim, "what cannot be");
    assert_int_equal(result.seed, 5);
    assert_true(lines > 0);
}

TEST(a_schedule_to_run_first_is_of_this_scenario_or_passed_over_or_refused)
{
    static const char *const of_another[] = {"broke:seed=1", "brokener:seed=1", "seed=1", NULL};
    static const char *const is_none[] = {"broken:soon", NULL};
    int lines = 0;
    acta_sim_opts opts = {.name = "broken", .report = quiet, .report_arg = &lines, .replays = is_none};
    assert_int_equal(acta_sim_explore(&opts, broken_scenario, NULL), ACTA_EINVAL);
    assert_int_equal(lines, 1);
    opts.replays = of_another;
    acta_sim_result result;
    assert_int_equal(acta_sim_explore_with(&opts, broken_scenario, NULL, &result), ACTA_ECLAIM);
    assert_int_equal(result.schedules, 1);
}

TEST(an_actor_that_is_held_is_a_failure_unless_it_may_live)
{
    int lines = 0;
    acta_tx *tx = NULL;
    acta_sim_result result;
    acta_sim_opts opts = {.report = quiet, .report_arg = &lines};
    assert_int_equal(acta_sim_explore_with(&opts, leaking_scenario, &tx, &result), ACTA_ECLAIM);
    assert_non_null(strstr(result.claim, "still alive"));
    opts.may_live = true;
    opts.schedules = 1;
    assert_int_equal(acta_sim_explore_with(&opts, leaking_scenario, &tx, &result), ACTA_OK);
    acta_tx_drop(&tx);
    assert_int_equal(acti_pool_live(), live_before);
}

TEST(what_sometimes_happens_must_happen_and_a_gauge_must_reach_its_maximum)
{
    int lines = 0;
    acta_sim_opts opts = {.report = quiet, .report_arg = &lines};
    assert_int_equal(acta_sim_explore(&opts, unreached_scenario, NULL), ACTA_ECLAIM);
    int64_t values[] = {2, 3, 4};
    assert_int_equal(acta_sim_explore(&opts, gauge_scenario, &values[0]), ACTA_ECLAIM);
    assert_int_equal(acta_sim_explore(&opts, gauge_scenario, &values[1]), ACTA_OK);
    assert_int_equal(acta_sim_explore(&opts, gauge_scenario, &values[2]), ACTA_ECLAIM);
}

// ---- threads outside, and patience -----------------------------------------------------------

static int silent(acta_self *self, void *arg, acta_msg *m)
{
    acta_promise **kept = arg; // it is never answered
    return m != NULL && acta_msg_wants_reply(m) ? acta_promise_take(self, m, kept) : ACTA_OK;
}

static void waiting_scenario(acta_sim *sim, void *arg)
{
    acta_promise **kept = arg;
    *kept = NULL;
    acta_tx *tx = NULL;
    if (acta_spawn(acta_sim_system(sim), &tx, .handler = silent, .arg = kept, .name = "silent") != ACTA_OK)
        return;
    acta_msg *reply = NULL;
    int status = acta_call(tx, ACTA_FOREVER, &reply, query, .n = 1);
    acta_sim_sometimes(sim, "a call that waits for ever has no answer", status != ACTA_OK);
    acta_msg_free(&reply);
    acta_tx_drop(&tx);
}

TEST(a_scenario_that_waits_for_what_will_not_come_is_a_failure_and_not_a_hang)
{
    int lines = 0;
    acta_promise *kept = NULL;
    acta_sim_result result;
    acta_sim_opts opts = {.report = quiet, .report_arg = &lines};
    assert_int_equal(acta_sim_explore_with(&opts, waiting_scenario, &kept, &result), ACTA_ECLAIM);
    assert_non_null(strstr(result.claim, "a thread outside waits"));
    assert_int_equal(acti_pool_live(), live_before);
}

static int ticking(acta_self *self, void *arg)
{
    (void)arg;
    uint64_t timer;
    int status = acta_timer_start(self, ACTA_MS, ACTA_MS, &timer);
    acta_msg *m;
    while (status == ACTA_OK && (m = acta_recv(self)) != NULL)
        acta_msg_free(&m);
    return status;
}

typedef struct pair {
    acta_tx *to;
    int done;
} pair;

static void caller(void *arg)
{
    pair *p = arg;
    acta_msg *reply = NULL;
    int status = acta_call(p->to, ACTA_FOREVER, &reply, query, .n = 1);
    acta_sim_check(acta_sim_here(), "a call is answered", status == ACTA_OK && acta_as(answer, reply)->n == 2);
    acta_msg_free(&reply);
    p->done++;
    if (p->done == 2)
        acta_tx_drop(&p->to);
}

static bool both_done(void *arg)
{
    return ((pair *)arg)->done == 2;
}

static void threads_scenario(acta_sim *sim, void *arg)
{
    pair *p = arg;
    p->done = 0;
    if (acta_spawn(acta_sim_system(sim), &p->to, .body = responder, .name = "responder") != ACTA_OK)
        return;
    for (int i = 0; i < 2; i++)
        acta_sim_check(sim, "a thread starts", acta_sim_thread(sim, "caller", caller, p) == ACTA_OK);
    acta_sim_eventually(sim, "both have their answers", both_done, p);
}

TEST(threads_outside_take_turns_with_the_actors)
{
    pair p;
    acta_sim_result result;
    explore_ok((acta_sim_opts){.name = "threads"}, threads_scenario, &p, &result);
}

static void ticking_scenario(acta_sim *sim, void *arg)
{
    acta_tx **tx = arg;
    (void)!acta_spawn(acta_sim_system(sim), tx, .body = ticking, .name = "ticking");
    acta_sim_run(sim);
    acta_tx_drop(tx);
}

TEST(a_schedule_without_an_end_is_cut_counted_and_no_failure)
{
    acta_tx *tx = NULL;
    acta_sim_result result;
    acta_sim_opts opts = {.steps_max = 50, .schedules = 10};
    assert_int_equal(acta_sim_explore_with(&opts, ticking_scenario, &tx, &result), ACTA_OK);
    assert_int_equal(result.cut, 10);
}

int main(void)
{
    live_before = acti_pool_live();
    return TEST_RUN(case_of(messages_of_several_senders_come_in_any_order_of_theirs_and_then_the_end),
                    case_of(the_same_seed_gives_the_same_events_and_another_gives_others),
                    case_of(a_call_of_the_scenario_lets_the_others_go_on_and_may_run_out_of_time),
                    case_of(what_failed_once_holds_now),
                    case_of(a_claim_that_does_not_hold_is_named_with_a_seed),
                    case_of(a_schedule_to_run_first_is_of_this_scenario_or_passed_over_or_refused),
                    case_of(an_actor_that_is_held_is_a_failure_unless_it_may_live),
                    case_of(a_scenario_that_waits_for_what_will_not_come_is_a_failure_and_not_a_hang),
                    case_of(threads_outside_take_turns_with_the_actors),
                    case_of(a_schedule_without_an_end_is_cut_counted_and_no_failure),
                    case_of(what_sometimes_happens_must_happen_and_a_gauge_must_reach_its_maximum));
}
