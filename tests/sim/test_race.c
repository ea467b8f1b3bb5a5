// SPDX-License-Identifier: MIT
//
// test_race.c - the order lint in the sim: what it names, what it does not, and what it finds out by turning around.

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

ACTA_MESSAGE(start);
ACTA_MESSAGE(acked);
ACTA_MESSAGE_TERMINAL(failed, (str, cause));
ACTA_MESSAGE_TERMINAL(over);

// The source tells the sink of a failure, and the end by way of a router, or all by the router, or after an answer.
typedef enum wiring { TWO_ROUTES, ONE_ROUTE, ANSWERED } wiring;

typedef struct stream {
    wiring how;
    bool claims; // that the failure is known at the end
    acta_tx *sink;
    acta_tx *router;
    acta_tx *router_to;
    bool failure_known;
    char said[4096];
} stream;

static int sink(acta_self *self, void *arg, acta_msg *m)
{
    stream *s = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(failed, m))
        s->failure_known = true;
    if (acta_is(over, m) && s->claims)
        acta_sim_check(acta_sim_here(), "the failure is known when the end comes", s->failure_known);
    if (acta_msg_wants_reply(m))
        acta_reply(self, m, acked);
    return ACTA_OK;
}

static int router(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stream *s = arg;
    if (m != NULL)
        return acta_send_body(s->router_to, m->type, acta_msg_body(m));
    acta_tx_drop(&s->router_to);
    return ACTA_OK;
}

static int source(acta_self *self, void *arg)
{
    stream *s = arg;
    acta_msg *m = acta_recv(self);
    acta_msg_free(&m);
    uint64_t ask;
    int status = ACTA_OK;
    if (s->how == TWO_ROUTES)
        status = acta_send(s->sink, failed, .cause = "it broke");
    else if (s->how == ONE_ROUTE)
        status = acta_send(s->router, failed, .cause = "it broke");
    else if ((status = acta_ask(self, s->sink, ACTA_FOREVER, &ask, failed, .cause = "it broke")) == ACTA_OK)
        m = acta_await(self, ask);
    acta_msg_free(&m);
    if (status == ACTA_OK)
        status = acta_send(s->router, over);
    acta_tx_drop(&s->sink);
    acta_tx_drop(&s->router);
    return status;
}

static void scenario(acta_sim *sim, void *arg)
{
    stream *s = arg;
    s->failure_known = false;
    acta_system *sys = acta_sim_system(sim);
    acta_tx *tx = NULL;
    if (acta_spawn(sys, &s->sink, .handler = sink, .arg = s, .name = "sink") != ACTA_OK)
        return;
    s->router_to = acta_tx_dup(s->sink);
    if (acta_spawn(sys, &s->router, .handler = router, .arg = s, .name = "router") != ACTA_OK ||
        acta_spawn(sys, &tx, .body = source, .arg = s, .name = "source") != ACTA_OK)
        return;
    acta_sim_check(sim, "the source is told", acta_send(tx, start) == ACTA_OK);
    acta_tx_drop(&tx);
}

static void keep(void *arg, const char *line)
{
    stream *s = arg;
    size_t at = strlen(s->said);
    snprintf(s->said + at, sizeof(s->said) - at, "%s\n", line);
}

static int explore(stream *s, acta_sim_strategy strategy, acta_sim_result *result)
{
    acta_sim_opts opts = {.name = "stream", .strategy = strategy, .schedules = 200, .report = keep, .report_arg = s};
    return acta_sim_explore_with(&opts, scenario, s, result);
}

TEST(one_route_and_an_answer_in_between_are_not_named)
{
    acta_sim_result result;
    stream one = {.how = ONE_ROUTE, .claims = true}, answered = {.how = ANSWERED, .claims = true};
    assert_int_equal(explore(&one, ACTA_SIM_PORTFOLIO, &result), ACTA_OK);
    assert_int_equal(result.races, 0);
    assert_string_equal(one.said, "");
    assert_int_equal(explore(&answered, ACTA_SIM_PORTFOLIO, &result), ACTA_OK);
    assert_int_equal(result.races, 0);
}

TEST(two_routes_are_named_though_the_order_came_out_right_and_the_other_order_is_tried)
{
    acta_sim_result result;
    stream s = {.how = TWO_ROUTES, .claims = true};
    assert_int_equal(explore(&s, ACTA_SIM_OLDEST, &result), ACTA_ECLAIM);
    assert_int_equal(result.races, 1);
    assert_string_equal(result.claim, "the failure is known when the end comes");
    assert_non_null(strstr(s.said, "two-path race at sink"));
    assert_non_null(strstr(s.said, "a claim breaks"));
    assert_true(result.replay[0] != '\0');
}

TEST(a_race_that_breaks_nothing_is_named_and_no_failure)
{
    acta_sim_result result;
    stream s = {.how = TWO_ROUTES};
    assert_int_equal(explore(&s, ACTA_SIM_OLDEST, &result), ACTA_OK);
    assert_int_equal(result.races, 1);
    assert_non_null(strstr(s.said, "every claim holds"));
}

int main(void)
{
    return TEST_RUN(case_of(one_route_and_an_answer_in_between_are_not_named),
                    case_of(two_routes_are_named_though_the_order_came_out_right_and_the_other_order_is_tried),
                    case_of(a_race_that_breaks_nothing_is_named_and_no_failure));
}
