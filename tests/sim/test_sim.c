// SPDX-License-Identifier: MIT
//
// test_sim.c - the world of one schedule: what may happen in it, what may not, and that it happens again.

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

#include "base/pool.h"

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

int main(void)
{
    live_before = acti_pool_live();
    return TEST_RUN(case_of(messages_of_several_senders_come_in_any_order_of_theirs_and_then_the_end),
                    case_of(the_same_seed_gives_the_same_events_and_another_gives_others),
                    case_of(a_call_of_the_scenario_lets_the_others_go_on_and_may_run_out_of_time),
                    case_of(a_claim_that_does_not_hold_is_named_with_a_seed),
                    case_of(an_actor_that_is_held_is_a_failure_unless_it_may_live),
                    case_of(what_sometimes_happens_must_happen_and_a_gauge_must_reach_its_maximum));
}
