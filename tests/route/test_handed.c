// SPDX-License-Identifier: MIT
//
// test_handed.c - senders and addresses in messages between three systems of one process, over real sockets. What each
// test hands on is a sender to a sink in the first system; it ends when all have let go of it, wherever they are, and
// not before. Every test closes the systems, which asserts their ledgers.

#include "test.h"

#include <acta/acta.h>
#include <stdio.h>

#include "base/pool.h"
#include "route/node.h"

ACTA_MESSAGE(item, (u64, n));
ACTA_MESSAGE(hand, (tx, who));
ACTA_MESSAGE(name, (addr, who));
ACTA_MESSAGE(use, (u64, count));   // send so many items through what was handed
ACTA_MESSAGE(pass, (tx, to));      // hand it on, and let go of it; who gets it answers
ACTA_MESSAGE(reach);                // have whom it has answer
ACTA_MESSAGE(let_go);
ACTA_MESSAGE(query);
ACTA_MESSAGE(answer, (i64, status));

enum { SYSTEMS = 3, WAIT_S = 20 };

static char folder[] = "/tmp/acta-test-XXXXXX";

typedef struct world {
    acta_system *sys[SYSTEMS];
    acta_listener *listener[SYSTEMS];
    char url[SYSTEMS][64];
    acta_node *node[SYSTEMS][SYSTEMS]; // as the first sees the second
    acti_au32 reports;
    int64_t live; // blocks of memory before
} world;

static void count_reports(void *arg, const char *line)
{
    (void)line;
    (void)acti_au32_add_relaxed(&((world *)arg)->reports, 1);
}

static void world_open(world *w)
{
    *w = (world){.live = acti_pool_live()};
    acta_system_opts opts = {.report = count_reports, .report_arg = w};
    for (int i = 0; i < SYSTEMS; i++) {
        snprintf(w->url[i], sizeof(w->url[i]), "ipc://%s/%d", folder, i);
        assert_int_equal(acta_open(&opts, &w->sys[i]), ACTA_OK);
        assert_int_equal(acta_node_listen(w->sys[i], w->url[i], &w->listener[i]), ACTA_OK);
    }
}

static acta_node *connected(world *w, int from, int to)
{
    if (w->node[from][to] == NULL)
        assert_int_equal(acta_connect(w->sys[from], w->url[to], WAIT_S * ACTA_SECOND, &w->node[from][to]), ACTA_OK);
    return w->node[from][to];
}

static void world_close(world *w)
{
    for (int i = 0; i < SYSTEMS; i++) {
        for (int j = 0; j < SYSTEMS; j++)
            acta_node_drop(&w->node[i][j]);
        acta_listener_close(&w->listener[i]);
    }
    for (int i = 0; i < SYSTEMS; i++)
        if (w->sys[i] != NULL)
            assert_int_equal(acta_close(&w->sys[i], WAIT_S * ACTA_SECOND), ACTA_OK);
    assert_int_equal(acti_pool_live(), w->live);
}

static acta_tx *found(world *w, int from, int at, const char *who)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_node_find(connected(w, from, at), who, WAIT_S * ACTA_SECOND, &tx), ACTA_OK);
    return tx;
}

// ---- a sink, and agents who do as they are told --------------------------------------------

typedef struct sink {
    uint64_t got;
    int eof;
    test_gate ended;
} sink;

static int sink_handler(acta_self *self, void *arg, acta_msg *m)
{
    sink *s = arg;
    if (m != NULL) {
        s->got += acta_is(item, m);
        if (acta_is(query, m))
            (void)acta_reply(self, m, answer, .status = 1);
        return ACTA_OK;
    }
    s->eof = acta_eof(self);
    test_gate_open(&s->ended);
    return ACTA_OK;
}

static acta_tx *sink_open(world *w, sink *s, int at)
{
    acta_tx *tx = NULL;
    *s = (sink){.eof = 1};
    test_gate_init(&s->ended);
    assert_int_equal(acta_spawn(w->sys[at], &tx, .handler = sink_handler, .arg = s, .name = "sink"), ACTA_OK);
    assert_int_equal(acta_publish(w->sys[at], "sink", acta_tx_addr(tx)), ACTA_OK);
    return tx;
}

static void assert_ended(sink *s, uint64_t got, int eof)
{
    assert_true(test_gate_wait(&s->ended));
    assert_int_equal(s->got, got);
    assert_int_equal(s->eof, eof);
}

typedef struct agent {
    acta_tx *has;
    acta_addr *knows;
} agent;

// An agent answers each request when it has done what it says, with the status of that.
static int64_t obey(agent *a, const acta_msg *m)
{
    const use *u = acta_as(use, m);
    int status = ACTA_OK;
    if (acta_is(hand, m)) {
        acta_tx_drop(&a->has);
        a->has = acta_tx_dup(acta_as(hand, m)->who);
    } else if (acta_is(name, m)) {
        a->knows = acta_addr_dup(acta_as(name, m)->who);
    } else if (u != NULL && a->has == NULL && a->knows != NULL) {
        status = acta_addr_tx(a->knows, &a->has);
    }
    if (u != NULL && status == ACTA_OK && a->has == NULL)
        status = ACTA_ENOENT;
    for (uint64_t n = 0; u != NULL && n < u->count && status == ACTA_OK; n++)
        status = acta_send(a->has, item, .n = n);
    if (acta_is(let_go, m)) {
        acta_tx_drop(&a->has);
        acta_addr_drop(&a->knows);
    }
    return status;
}

// hand_on has somebody else answer in our place.
static void hand_on(acta_self *self, agent *a, acta_msg *m)
{
    acta_promise *promise;
    if (acta_promise_take(self, m, &promise) != ACTA_OK)
        return;
    int status = acta_is(pass, m) ? acta_delegate(self, &promise, acta_as(pass, m)->to, hand, .who = a->has)
                                  : acta_delegate(self, &promise, a->has, query);
    if (status != ACTA_OK)
        (void)acta_promise_refuse(self, &promise, status, "it could not be handed on");
    if (acta_is(pass, m))
        acta_tx_drop(&a->has);
}

static int agent_handler(acta_self *self, void *arg, acta_msg *m)
{
    agent *a = arg;
    if (m == NULL) {
        acta_tx_drop(&a->has);
        acta_addr_drop(&a->knows);
        return ACTA_OK;
    }
    if (acta_is(pass, m) || acta_is(reach, m)) {
        hand_on(self, a, m);
        return ACTA_OK;
    }
    int64_t status = obey(a, m);
    if (acta_msg_wants_reply(m))
        (void)acta_reply(self, m, answer, .status = status);
    return ACTA_OK;
}

static acta_tx *agent_open(world *w, int at, const char *called)
{
    acta_tx *tx = NULL;
    assert_int_equal(
        acta_spawn(w->sys[at], &tx, .handler = agent_handler, .state_bytes = sizeof(agent), .name = called), ACTA_OK);
    assert_int_equal(acta_publish(w->sys[at], called, acta_tx_addr(tx)), ACTA_OK);
    return tx;
}

// told has an agent do something, and gives the status.
#define told(agent_, ...) told_body((agent_), ACTI_TYPED_(__VA_ARGS__))
static int64_t told_body(acta_tx *tx, const acta_type *type, const void *body)
{
    acta_msg *reply = NULL;
    assert_int_equal(acta_call_body(tx, WAIT_S * ACTA_SECOND, &reply, type, body), ACTA_OK);
    assert_non_null(acta_as(answer, reply));
    int64_t status = acta_as(answer, reply)->status;
    acta_msg_free(&reply);
    return status;
}

// ---- from node to node ----------------------------------------------------------------------

// C-EOF
TEST(a_sender_that_went_on_to_a_third_node_is_the_last_and_the_end_comes_behind_what_it_sent)
{
    world w;
    sink s;
    world_open(&w);
    acta_tx *own = sink_open(&w, &s, 0), *far = agent_open(&w, 2, "far");
    acta_tx *there = found(&w, 1, 0, "sink"), *to_far = found(&w, 1, 2, "far");
    acta_tx_drop(&own);
    assert_int_equal(told(to_far, hand, .who = there), ACTA_OK);
    acta_tx_drop(&there);
    assert_int_equal(told(far, use, .count = 1000), ACTA_OK);
    assert_int_equal(told(far, let_go), ACTA_OK);
    assert_ended(&s, 1000, ACTA_OK);
    acta_tx_drop(&far);
    acta_tx_drop(&to_far);
    world_close(&w);
    test_gate_fini(&s.ended);
}

TEST(a_sender_comes_back_to_the_node_of_its_actor_and_needs_no_hold_there)
{
    world w;
    sink s;
    world_open(&w);
    acta_tx *own = sink_open(&w, &s, 0), *near = agent_open(&w, 0, "near");
    acta_tx *there = found(&w, 1, 0, "sink"), *to_near = found(&w, 1, 0, "near");
    acta_tx_drop(&own);
    assert_int_equal(told(to_near, hand, .who = there), ACTA_OK);
    acta_tx_drop(&there);
    assert_int_equal(told(near, use, .count = 10), ACTA_OK);
    assert_int_equal(told(near, let_go), ACTA_OK);
    assert_ended(&s, 10, ACTA_OK);
    acta_tx_drop(&near);
    acta_tx_drop(&to_near);
    world_close(&w);
    test_gate_fini(&s.ended);
}

TEST(a_sender_goes_round_and_round_and_each_node_uses_it)
{
    world w;
    sink s;
    world_open(&w);
    acta_tx *own = sink_open(&w, &s, 0);
    acta_tx *agents[2] = {agent_open(&w, 1, "one"), agent_open(&w, 2, "two")};
    acta_tx *to[2] = {found(&w, 2, 1, "one"), found(&w, 1, 2, "two")};
    acta_tx *to_one = found(&w, 0, 1, "one");
    assert_int_equal(told(to_one, hand, .who = own), ACTA_OK);
    acta_tx_drop(&own);
    for (int round = 0; round < 50; round++) {
        int at = round % 2;
        assert_int_equal(told(agents[at], use, .count = 3), ACTA_OK);
        assert_int_equal(told(agents[at], pass, .to = to[1 - at]), ACTA_OK);
    }
    assert_int_equal(told(agents[0], let_go), ACTA_OK);
    assert_ended(&s, 150, ACTA_OK);
    for (int i = 0; i < 2; i++) {
        acta_tx_drop(&agents[i]);
        acta_tx_drop(&to[i]);
    }
    acta_tx_drop(&to_one);
    world_close(&w);
    test_gate_fini(&s.ended);
}

// ---- addresses ------------------------------------------------------------------------------

TEST(an_address_from_a_third_node_keeps_nobody_and_makes_senders_as_long_as_somebody_does)
{
    world w;
    sink s;
    world_open(&w);
    acta_tx *own = sink_open(&w, &s, 0), *far = agent_open(&w, 2, "far");
    acta_tx *there = found(&w, 1, 0, "sink"), *to_far = found(&w, 1, 2, "far");
    assert_int_equal(told(to_far, name, .who = acta_tx_addr(there)), ACTA_OK);
    assert_int_equal(told(far, use, .count = 5), ACTA_OK);
    assert_int_equal(told(far, reach), 1); // its claim has been answered by now
    acta_tx_drop(&own);
    acta_tx_drop(&there);
    assert_int_equal(told(far, use, .count = 5), ACTA_OK); // its own sender keeps the sink
    assert_int_equal(told(far, let_go), ACTA_OK);
    assert_ended(&s, 10, ACTA_OK);
    acta_tx_drop(&far);
    acta_tx_drop(&to_far);
    world_close(&w);
    test_gate_fini(&s.ended);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    int failed =
        TEST_RUN(case_of(a_sender_that_went_on_to_a_third_node_is_the_last_and_the_end_comes_behind_what_it_sent),
                 case_of(a_sender_comes_back_to_the_node_of_its_actor_and_needs_no_hold_there),
                 case_of(a_sender_goes_round_and_round_and_each_node_uses_it),
                 case_of(an_address_from_a_third_node_keeps_nobody_and_makes_senders_as_long_as_somebody_does));
    for (int i = 0; i < SYSTEMS; i++) {
        char path[64];
        snprintf(path, sizeof(path), "%s/%d.lock", folder, i);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return failed;
}
