// SPDX-License-Identifier: MIT
//
// test_explain.c - what an exploration that fails prints, and that the line it prints replays it.

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

ACTA_MESSAGE(chunk, (i64, n));
ACTA_MESSAGE(failure, (i64, code));
ACTA_MESSAGE(over);

// ---- two routes: source -> sink, and source -> router -> sink ---------------------------

typedef struct world {
    int64_t chunks;
    bool heard; // of the failure
    acta_tx *router_to_sink;
    acta_tx *source_to_sink;
    acta_tx *source_to_router;
} world;

static void claim_sent(int status)
{
    acta_sim_check(acta_sim_here(), "what is sent is taken", status == ACTA_OK);
}

static int sink(acta_self *self, void *arg, acta_msg *m)
{
    world *w = arg;
    (void)self;
    if (m != NULL && acta_is(failure, m))
        w->heard = true;
    if (m != NULL && acta_is(over, m))
        acta_sim_check(acta_sim_here(), "the sink hears of the failure before the end", w->heard);
    return ACTA_OK;
}

static int router(acta_self *self, void *arg, acta_msg *m)
{
    world *w = arg;
    (void)self;
    if (m == NULL)
        acta_tx_drop(&w->router_to_sink);
    else if (acta_is(over, m))
        claim_sent(acta_finish(&w->router_to_sink, over));
    else
        claim_sent(acta_send(w->router_to_sink, chunk, .n = acta_as(chunk, m)->n));
    return ACTA_OK;
}

static int source(acta_self *self, void *arg)
{
    world *w = arg;
    (void)self;
    claim_sent(acta_send(w->source_to_sink, failure, .code = 5));
    for (int64_t n = 1; n <= w->chunks; n++)
        claim_sent(acta_send(w->source_to_router, chunk, .n = n));
    claim_sent(acta_finish(&w->source_to_router, over));
    acta_tx_drop(&w->source_to_sink);
    return ACTA_OK;
}

static void two_routes(acta_sim *sim, void *arg)
{
    world *w = arg;
    acta_system *sys = acta_sim_system(sim);
    acta_tx *self = NULL;
    w->heard = false;
    if (acta_spawn(sys, &w->source_to_sink, .handler = sink, .arg = w, .name = "sink") != ACTA_OK ||
        acta_spawn(sys, &w->source_to_router, .handler = router, .arg = w, .name = "router") != ACTA_OK)
        return;
    w->router_to_sink = acta_tx_dup(w->source_to_sink);
    if (acta_spawn(sys, &self, .body = source, .arg = w, .name = "source") == ACTA_OK)
        acta_tx_drop(&self);
}

// ---- what is printed ------------------------------------------------------------------

typedef struct report {
    char text[65536];
    size_t size;
} report;

static void take(void *arg, const char *line)
{
    report *r = arg;
    size_t size = strlen(line);
    if (r->size + size + 2 > sizeof r->text)
        return;
    memcpy(r->text + r->size, line, size);
    memcpy(r->text + r->size + size, "\n", 2);
    r->size += size + 1;
}

static int explore(acta_sim_opts opts, world *w, report *r, acta_sim_result *result)
{
    r->size = 0;
    r->text[0] = 0;
    opts.name = opts.name != NULL ? opts.name : "two-routes";
    opts.no_lint = true;
    opts.report = take;
    opts.report_arg = r;
    return acta_sim_explore_with(&opts, two_routes, w, result);
}

// value_of gives what stands behind `before` up to a quote, in a buffer of its own.
static const char *value_of(const report *r, const char *before)
{
    static char value[65536];
    const char *at = strstr(r->text, before);
    assert_non_null(at);
    at += strlen(before);
    size_t size = strcspn(at, "'\n");
    memcpy(value, at, size);
    value[size] = 0;
    return value;
}

static const char DIAGRAM[] =
    "scenario two-routes: this does not hold: the sink hears of the failure before the end\n"
    "it has failed in this schedule before\n"
    "replay: ACTA_SIM_REPLAY='two-routes:seed=1 force=2:1,3:2'\n"
    "A step marked ! was forced: by itself, something else would have been next.\n"
    " step   source  router   sink\n"
    "    1      *       |       |    starts\n"
    "           o       |       |    sends failure{code: 5} to sink, which is overtaken in step 3\n"
    "           #       |       |    ends\n"
    "    2!     o------>|       |    over{}, sent in step 1\n"
    "    3!             o------>|    over{}, sent in step 2: overtakes failure{code: 5} from source, sent\n"
    "                   |       |    in step 1\n"
    "                   |       X    BROKEN: the sink hears of the failure before the end\n"
    "  still on its way: failure{code: 5} from source to sink, sent in step 1\n"
    "  3 other messages are still on their way\n";

TEST(a_schedule_that_failed_before_is_explained)
{
    static const char *const replays[] = {"two-routes:seed=1 force=2:1,3:2", NULL};
    static report r;
    world w = {0};
    acta_sim_result result;
    assert_int_equal(explore((acta_sim_opts){.replays = replays}, &w, &r, &result), ACTA_ECLAIM);
    assert_string_equal(result.claim, "the sink hears of the failure before the end");
    assert_string_equal(result.replay, "two-routes:seed=1 force=2:1,3:2");
    assert_int_equal(result.seed, 1);
    if (strncmp(r.text, DIAGRAM, sizeof DIAGRAM - 1) != 0)
        fprintf(stderr, "%s", r.text);
    assert_int_equal(strncmp(r.text, DIAGRAM, sizeof DIAGRAM - 1), 0);
    assert_null(strstr(r.text, "still alive")); // most are, in the midst of things
}

static void held(acta_sim *sim, void *arg)
{
    world *w = arg;
    (void)!acta_spawn(acta_sim_system(sim), &w->source_to_sink, .handler = sink, .arg = w, .name = "sink");
}

static int answerer(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        acta_reply(self, m, over);
    return ACTA_OK;
}

static void call(void *arg)
{
    acta_tx *tx = arg;
    acta_msg *reply = NULL;
    claim_sent(acta_call(tx, ACTA_FOREVER, &reply, chunk, .n = 1));
    acta_msg_free(&reply);
    acta_tx_drop(&tx);
    acta_sim_check(acta_sim_here(), "it goes on for ever", false);
}

static void calling(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_tx *tx = NULL;
    if (acta_spawn(acta_sim_system(sim), &tx, .handler = answerer, .name = "answerer") != ACTA_OK ||
        acta_sim_thread(sim, "caller", call, tx) != ACTA_OK)
        return;
}

TEST(an_answer_is_drawn_to_the_thread_that_has_called)
{
    static const char *const replays[] = {"calling:seed=1", NULL};
    static report r;
    acta_sim_opts opts = {.name = "calling", .replays = replays, .report = take, .report_arg = &r};
    assert_int_equal(acta_sim_explore(&opts, calling, NULL), ACTA_ECLAIM);
    assert_non_null(strstr(r.text, "caller"));
    assert_null(strstr(r.text, "the scenario"));
    assert_null(strstr(r.text, "a thread outside"));
}

TEST(who_is_alive_at_the_end_is_named_if_that_is_the_failure)
{
    static report r;
    world w = {0};
    acta_sim_opts opts = {.name = "held", .report = take, .report_arg = &r};
    assert_int_equal(acta_sim_explore(&opts, held, &w), ACTA_ECLAIM);
    assert_non_null(strstr(r.text, "still alive at close: actor sink (id 1)"));
}

TEST(what_is_found_is_shrunk_and_the_line_that_is_printed_replays_it)
{
    static report r;
    world w = {.chunks = 3};
    acta_sim_result found, again;
    assert_int_equal(explore((acta_sim_opts){.strategy = ACTA_SIM_RANDOM, .schedules = 10000}, &w, &r, &found),
                     ACTA_ECLAIM);
    char line[1024];
    snprintf(line, sizeof line, "%s", value_of(&r, "replay: ACTA_SIM_REPLAY='"));
    assert_string_equal(line, found.replay);
    assert_int_equal(setenv("ACTA_SIM_REPLAY", line, 1), 0);
    assert_int_equal(explore((acta_sim_opts){0}, &w, &r, &again), ACTA_ECLAIM);
    unsetenv("ACTA_SIM_REPLAY");
    assert_string_equal(again.claim, found.claim);
    assert_string_equal(again.replay, found.replay);
    assert_int_equal(again.seed, found.seed);
}

TEST(a_line_that_is_too_long_for_the_result_is_printed_whole_and_replays)
{
    static char name[2000], line[3000];
    const char *const replays[] = {line, NULL};
    static report r;
    world w = {0};
    acta_sim_result result;
    memset(name, 'n', sizeof name - 1);
    snprintf(line, sizeof line, "%s:seed=1 force=2:1,3:2", name);
    assert_int_equal(explore((acta_sim_opts){.name = name, .replays = replays}, &w, &r, &result), ACTA_ECLAIM);
    assert_string_equal(result.replay, "");
    assert_string_equal(value_of(&r, "replay: ACTA_SIM_REPLAY='"), line);
    assert_int_equal(setenv("ACTA_SIM_REPLAY", line, 1), 0);
    assert_int_equal(explore((acta_sim_opts){.name = name}, &w, &r, &result), ACTA_ECLAIM);
    unsetenv("ACTA_SIM_REPLAY");
    assert_string_equal(value_of(&r, "replay: ACTA_SIM_REPLAY='"), line);
}

TEST(a_replay_that_is_none_is_refused_and_said)
{
    static const char *const replays[] = {"two-routes:seed=1 force=2:1,", NULL};
    static report r;
    world w = {0};
    acta_sim_result result;
    assert_int_equal(explore((acta_sim_opts){.replays = replays}, &w, &r, &result), ACTA_EINVAL);
    assert_non_null(strstr(r.text, "`seed=1 force=2:1,' is not a schedule"));
}

TEST(mermaid_is_printed_on_request_only)
{
    static const char *const replays[] = {"two-routes:seed=1 force=2:1,3:2", NULL};
    static report r;
    world w = {0};
    acta_sim_result result;
    assert_int_equal(explore((acta_sim_opts){.replays = replays}, &w, &r, &result), ACTA_ECLAIM);
    assert_null(strstr(r.text, "sequenceDiagram"));
    assert_int_equal(explore((acta_sim_opts){.replays = replays, .mermaid = true}, &w, &r, &result), ACTA_ECLAIM);
    assert_non_null(strstr(r.text, "sequenceDiagram\n    participant a0 as source\n"));
}

int main(void)
{
    return TEST_RUN(case_of(a_schedule_that_failed_before_is_explained),
                    case_of(an_answer_is_drawn_to_the_thread_that_has_called),
                    case_of(who_is_alive_at_the_end_is_named_if_that_is_the_failure),
                    case_of(what_is_found_is_shrunk_and_the_line_that_is_printed_replays_it),
                    case_of(a_line_that_is_too_long_for_the_result_is_printed_whole_and_replays),
                    case_of(a_replay_that_is_none_is_refused_and_said), case_of(mermaid_is_printed_on_request_only));
}
