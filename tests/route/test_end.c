// SPDX-License-Identifier: MIT
//
// test_end.c - acta_stop and acta_kill of an actor of another node do what they do here.

#include "far.h"

enum { MANY = 3000 }; // more than the credit for one actor, and than fits into an inbox

// A sink counts items, in order, and waits at the first one.
typedef struct sink {
    uint64_t got, out_of_order;
    int eof;
    test_gate first, go_on, ended;
} sink;

static int sink_body(acta_self *self, void *arg)
{
    sink *s = arg;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const item *i = acta_as(item, m);
        s->out_of_order += i == NULL || i->n != s->got;
        if (s->got++ == 0) {
            test_gate_open(&s->first);
            (void)test_gate_wait(&s->go_on);
        }
    }
    s->eof = acta_eof(self);
    test_gate_open(&s->ended);
    return s->eof;
}

static acta_tx *sink_open(far *w, sink *s, int at)
{
    *s = (sink){.eof = 1};
    far_gate(w, &s->first);
    far_gate(w, &s->go_on);
    far_gate(w, &s->ended);
    return far_publish(w->sys[at], "sink", NULL, sink_body, s);
}

static void sink_over(sink *s, uint64_t got, int eof)
{
    assert_true(test_gate_wait(&s->ended));
    assert_int_equal(s->got, got);
    assert_int_equal(s->out_of_order, 0);
    assert_int_equal(s->eof, eof);
}

static void send_items(acta_tx *to, uint64_t from, uint64_t until)
{
    for (uint64_t n = from; n < until; n++)
        assert_int_equal(acta_send(to, item, .n = n), ACTA_OK);
}

// ---- refusals --------------------------------------------------------------------------------

TEST(an_actor_whose_node_is_down_can_be_neither_stopped_nor_killed)
{
    far w;
    sink s;
    far_open(&w);
    acta_tx *tx = sink_open(&w, &s, 1), *there = far_find(&w, 0, 1, "sink");
    mourner of;
    mourn_for(&w, 0, &of, there);
    assert_int_equal(acta_stop(acta_tx_addr(there)), ACTA_OK); // the second one is as it would be here
    assert_int_equal(acta_stop(acta_tx_addr(there)), ACTA_OK);
    mourned(&of, ACTA_ESTOPPED);
    sink_over(&s, 0, ACTA_ESTOPPED);
    assert_int_equal(acta_stop(acta_tx_addr(there)), ACTA_OK); // nobody knows here that it has ended
    assert_int_equal(acta_kill(acta_tx_addr(there)), ACTA_OK);
    far_cut(&w, 1, 0);
    acta_node *node = far_node(&w, 0, 1);
    mourner other;
    mourn_for(&w, 0, &other, there);
    mourned(&other, ACTA_ECRASHED);
    assert_true(acta_node_status(node) != ACTA_OK);
    assert_int_equal(acta_stop(acta_tx_addr(there)), ACTA_EUNREACH);
    assert_int_equal(acta_kill(acta_tx_addr(there)), ACTA_EUNREACH);
    acta_tx_drop(&there);
    acta_tx_drop(&tx);
    far_close(&w);
}

// ---- stop ------------------------------------------------------------------------------------

TEST(an_actor_of_another_node_stops_behind_what_was_sent_to_it_before)
{
    far w;
    sink s;
    far_open(&w);
    acta_tx *tx = sink_open(&w, &s, 1), *there = far_find(&w, 0, 1, "sink");
    mourner of;
    mourn_for(&w, 0, &of, there);
    send_items(there, 0, 200);
    assert_int_equal(acta_stop(acta_tx_addr(there)), ACTA_OK);
    send_items(there, 200, 210); // dropped, and counted
    test_gate_open(&s.go_on);
    mourned(&of, ACTA_ESTOPPED);
    sink_over(&s, 200, ACTA_ESTOPPED);
    acta_tx_drop(&there);
    acta_tx_drop(&tx);
    far_close(&w);
}

// A stopper sends more than there is room for, and stops whom it has sent to, in one turn.
typedef struct stopper {
    acta_tx *to;
    int status;
} stopper;

static int send_and_stop(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stopper *s = arg;
    if (m == NULL)
        return ACTA_OK;
    for (uint64_t n = 0; n < MANY && s->status == ACTA_OK; n++)
        s->status = acta_send(s->to, item, .n = n);
    if (s->status == ACTA_OK)
        s->status = acta_stop(acta_tx_addr(s->to));
    return ACTA_DONE;
}

TEST(a_stop_of_another_nodes_actor_waits_behind_what_waits_for_room)
{
    far w;
    sink s;
    far_open(&w);
    acta_tx *tx = sink_open(&w, &s, 1);
    stopper st = {.to = far_find(&w, 0, 1, "sink")};
    mourner of;
    mourn_for(&w, 0, &of, st.to);
    acta_tx *go = NULL;
    assert_int_equal(acta_spawn(w.sys[0], &go, .handler = send_and_stop, .arg = &st), ACTA_OK);
    assert_int_equal(acta_finish(&go, item), ACTA_OK);
    assert_true(test_gate_wait(&s.first));
    test_gate_open(&s.go_on);
    mourned(&of, ACTA_ESTOPPED);
    assert_int_equal(st.status, ACTA_OK);
    sink_over(&s, MANY, ACTA_ESTOPPED);
    acta_tx_drop(&st.to);
    acta_tx_drop(&tx);
    far_close(&w);
}

// ---- kill ------------------------------------------------------------------------------------

// fill sends until nothing more fits, here or there, and gives how many those were.
static uint64_t fill(acta_tx *to)
{
    uint64_t n = 0;
    while (acta_try_send(to, item, .n = n) == ACTA_OK)
        n++;
    return n;
}

TEST(an_actor_of_another_node_is_killed_ahead_of_all_that_waits_for_it)
{
    far w;
    sink s;
    far_open(&w);
    acta_tx *tx = sink_open(&w, &s, 1), *there = far_find(&w, 0, 1, "sink");
    acta_tx *echo = far_publish(w.sys[1], "echo", far_echo, NULL, NULL), *echo_there = far_find(&w, 0, 1, "echo");
    mourner of;
    mourn_for(&w, 0, &of, there);
    assert_int_equal(acta_send(there, item, .n = 0), ACTA_OK);
    assert_true(test_gate_wait(&s.first));
    assert_true(fill(there) > 256);
    assert_int_equal(acta_kill(acta_tx_addr(there)), ACTA_OK);
    far_ask(echo_there); // behind it: the other node has heard of the kill
    test_gate_open(&s.go_on);
    mourned(&of, ACTA_EKILLED);
    sink_over(&s, 1, ACTA_EKILLED);
    acta_tx_drop(&echo_there);
    acta_tx_drop(&echo);
    acta_tx_drop(&there);
    acta_tx_drop(&tx);
    far_close(&w);
}

TEST(whoever_has_an_address_stops_and_kills_through_a_third_node)
{
    for (int kill = 0; kill < 2; kill++) {
        far w;
        sink s;
        far_open(&w);
        acta_tx *tx = sink_open(&w, &s, 2);
        // The second finds the sink and publishes no more than a handler that has it; the first gets it from there.
        acta_tx *there = far_find(&w, 1, 2, "sink");
        test_gate_open(&s.go_on);
        acta_tx *lender = far_publish(w.sys[1], "lender", far_lend, NULL, there);
        acta_tx *to_lender = far_find(&w, 0, 1, "lender");
        acta_msg *reply = NULL;
        assert_int_equal(acta_call(to_lender, FAR_WAIT_S * ACTA_SECOND, &reply, query), ACTA_OK);
        acta_addr *who = acta_as(lent, reply)->who;
        assert_int_equal(kill ? acta_kill(who) : acta_stop(who), ACTA_OK);
        sink_over(&s, 0, kill ? ACTA_EKILLED : ACTA_ESTOPPED);
        acta_msg_free(&reply);
        acta_tx_drop(&to_lender);
        acta_tx_drop(&lender);
        acta_tx_drop(&there);
        acta_tx_drop(&tx);
        far_close(&w);
    }
}

int main(void)
{
    return FAR_RUN(case_of(an_actor_whose_node_is_down_can_be_neither_stopped_nor_killed),
                   case_of(an_actor_of_another_node_stops_behind_what_was_sent_to_it_before),
                   case_of(a_stop_of_another_nodes_actor_waits_behind_what_waits_for_room),
                   case_of(an_actor_of_another_node_is_killed_ahead_of_all_that_waits_for_it),
                   case_of(whoever_has_an_address_stops_and_kills_through_a_third_node));
}
