// SPDX-License-Identifier: MIT
//
// test_find.c - actors that look for names at another node: acta_node_find_ask has one outcome, as every ask has.

#include "far.h"

ACTA_MESSAGE(look, (str, name)); // for that name; answered with what came of it

// A seeker looks for names, one at a time, and sends an item to whom it has found.
typedef struct seeker {
    acta_node *node;
    uint64_t timeout_ns;
    uint64_t id; // of the question, of a handler
    acta_promise *owed;
} seeker;

static int64_t outcome(const acta_msg *m)
{
    const acta_node_found *found = acta_as(acta_node_found, m);
    if (found != NULL)
        return acta_send(found->tx, item, .n = 0);
    return acta_as(acta_failure, m)->status;
}

static int seek_on(acta_self *self, void *arg, acta_msg *m)
{
    seeker *s = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_msg_ask(m) != 0 && acta_msg_ask(m) == s->id)
        return acta_promise_reply(self, &s->owed, answer, .status = outcome(m));
    const look *l = acta_as(look, m);
    int status = acta_node_find_ask(self, s->node, l->name, s->timeout_ns, &s->id);
    if (status != ACTA_OK)
        return acta_reply(self, m, answer, .status = status);
    return acta_promise_take(self, m, &s->owed);
}

static int seek_body(acta_self *self, void *arg)
{
    seeker *s = arg;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        uint64_t id;
        int64_t status = acta_node_find_ask(self, s->node, acta_as(look, m)->name, s->timeout_ns, &id);
        acta_msg *got = status == ACTA_OK ? acta_await(self, id) : NULL;
        if (got != NULL)
            status = outcome(got);
        acta_msg_free(&got);
        (void)acta_reply(self, m, answer, .status = status);
    }
    return ACTA_OK;
}

static acta_tx *spawn_seeker(acta_system *sys, seeker *s, bool body)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(sys, &tx, .body = body ? seek_body : NULL, .handler = body ? NULL : seek_on, .arg = s),
                     ACTA_OK);
    return tx;
}

static int64_t looked(acta_tx *tx, const char *name)
{
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, FAR_WAIT_S * ACTA_SECOND, &reply, look, .name = name), ACTA_OK);
    int64_t status = acta_as(answer, reply)->status;
    acta_msg_free(&reply);
    return status;
}

// A counted one ends when nobody holds it any more.
typedef struct counted {
    uint64_t items;
    int eof;
    test_gate ended;
} counted;

static int count_on(acta_self *self, void *arg, acta_msg *m)
{
    counted *c = arg;
    if (m != NULL) {
        c->items += acta_is(item, m);
        return ACTA_OK;
    }
    c->eof = acta_eof(self);
    test_gate_open(&c->ended);
    return ACTA_OK;
}

TEST(a_name_that_is_none_or_that_nobody_has_is_refused)
{
    for (int body = 0; body < 2; body++) {
        far w;
        far_open(&w);
        seeker s = {.node = far_node(&w, 0, 1), .timeout_ns = ACTA_FOREVER};
        acta_tx *tx = spawn_seeker(w.sys[0], &s, body);
        assert_int_equal(looked(tx, ""), ACTA_EINVAL);
        char name[ACTI_FRAME_TEXT_MAX + 2];
        memset(name, 'x', sizeof(name));
        name[ACTI_FRAME_TEXT_MAX + 1] = '\0';
        assert_int_equal(looked(tx, name), ACTA_EINVAL);
        name[ACTI_FRAME_TEXT_MAX] = '\0';
        assert_int_equal(looked(tx, name), ACTA_ENOENT);
        acta_tx_drop(&tx);
        far_close(&w);
    }
}

TEST(a_node_of_another_system_is_refused)
{
    far w;
    far_open(&w);
    seeker s = {.node = far_node(&w, 1, 2), .timeout_ns = ACTA_FOREVER};
    acta_tx *tx = spawn_seeker(w.sys[0], &s, false);
    assert_int_equal(looked(tx, "somebody"), ACTA_EINVAL);
    acta_tx_drop(&tx);
    far_close(&w);
}

TEST(who_asks_a_node_that_has_gone_hears_why)
{
    for (int body = 0; body < 2; body++) {
        far w;
        far_open(&w);
        acta_tx *there = far_publish(w.sys[1], "there", far_echo, NULL, NULL), *tx = far_find(&w, 0, 1, "there");
        mourner of;
        mourn_for(&w, 0, &of, tx);
        far_cut(&w, 1, 0);
        mourned(&of, ACTA_ECRASHED);
        seeker s = {.node = far_node(&w, 0, 1), .timeout_ns = ACTA_FOREVER};
        acta_tx *seeks = spawn_seeker(w.sys[0], &s, body);
        assert_int_equal(looked(seeks, "there"), ACTA_ECRASHED);
        acta_tx_drop(&seeks);
        acta_tx_drop(&tx);
        acta_tx_drop(&there);
        far_close(&w);
    }
}

TEST(an_actor_finds_a_name_and_the_sender_is_the_messages_own)
{
    for (int body = 0; body < 2; body++) {
        far w;
        far_open(&w);
        counted c = {.eof = 1};
        far_gate(&w, &c.ended);
        acta_tx *own = far_publish(w.sys[1], "counted", count_on, NULL, &c);
        seeker s = {.node = far_node(&w, 0, 1), .timeout_ns = ACTA_FOREVER};
        acta_tx *tx = spawn_seeker(w.sys[0], &s, body);
        assert_int_equal(looked(tx, "counted"), ACTA_OK);
        assert_int_equal(looked(tx, "counted"), ACTA_OK);
        acta_tx_drop(&own); // the last: what was found went with its message
        assert_true(test_gate_wait(&c.ended));
        assert_int_equal(c.items, 2);
        assert_int_equal(c.eof, ACTA_OK);
        assert_int_equal(looked(tx, "counted"), ACTA_ENOENT);
        acta_tx_drop(&tx);
        far_close(&w);
    }
}

TEST(a_question_without_time_times_out_and_its_late_answer_holds_nobody)
{
    far w;
    far_open(&w);
    counted c = {.eof = 1};
    far_gate(&w, &c.ended);
    acta_tx *own = far_publish(w.sys[1], "counted", count_on, NULL, &c);
    seeker s = {.node = far_node(&w, 0, 1), .timeout_ns = 0}, patient = {.node = s.node, .timeout_ns = ACTA_FOREVER};
    acta_tx *tx = spawn_seeker(w.sys[0], &s, true), *after = spawn_seeker(w.sys[0], &patient, false);
    int64_t status = looked(tx, "counted");
    assert_true(status == ACTA_ETIMEOUT || status == ACTA_OK); // it may have come at once
    assert_int_equal(looked(after, "counted"), ACTA_OK);       // behind that answer
    acta_tx_drop(&own);
    assert_true(test_gate_wait(&c.ended));
    assert_int_equal(c.eof, ACTA_OK);
    acta_tx_drop(&tx);
    acta_tx_drop(&after);
    far_close(&w);
}

// A leaver asks, and ends before there is an answer.
static int leave_on(acta_self *self, void *arg, acta_msg *m)
{
    uint64_t id;
    seeker *s = arg;
    if (m != NULL)
        (void)!acta_node_find_ask(self, s->node, "counted", ACTA_FOREVER, &id);
    return ACTA_DONE;
}

TEST(the_answer_to_an_actor_that_has_ended_holds_nobody)
{
    far w;
    far_open(&w);
    counted c = {.eof = 1};
    far_gate(&w, &c.ended);
    acta_tx *own = far_publish(w.sys[1], "counted", count_on, NULL, &c), *tx = NULL;
    seeker s = {.node = far_node(&w, 0, 1), .timeout_ns = ACTA_FOREVER};
    for (int i = 0; i < 100; i++) {
        assert_int_equal(acta_spawn(w.sys[0], &tx, .handler = leave_on, .arg = &s), ACTA_OK);
        assert_int_equal(acta_finish(&tx, item), ACTA_OK);
    }
    acta_tx *seeks = spawn_seeker(w.sys[0], &s, true);
    assert_int_equal(looked(seeks, "counted"), ACTA_OK);
    acta_tx_drop(&seeks);
    acta_tx_drop(&own);
    assert_true(test_gate_wait(&c.ended));
    assert_int_equal(c.eof, ACTA_OK);
    far_close(&w);
}

int main(void)
{
    return FAR_RUN(case_of(a_name_that_is_none_or_that_nobody_has_is_refused),
                   case_of(a_node_of_another_system_is_refused),
                   case_of(who_asks_a_node_that_has_gone_hears_why),
                   case_of(an_actor_finds_a_name_and_the_sender_is_the_messages_own),
                   case_of(a_question_without_time_times_out_and_its_late_answer_holds_nobody),
                   case_of(the_answer_to_an_actor_that_has_ended_holds_nobody));
}
