// SPDX-License-Identifier: MIT
//
// test_node.c - two systems of one process as nodes to each other, over a real socket: order, end, death and
// requests hold as they do inside one system. Every test closes both systems, which asserts their ledgers.

#include "test.h"

#include <acta/acta.h>
#include <stdio.h>

#include "route/node.h"

ACTA_MESSAGE(item, (u64, source), (u64, n));
ACTA_MESSAGE(blob, (bytes, data));
ACTA_MESSAGE(query, (u64, n));
ACTA_MESSAGE(answer, (u64, n));
ACTA_MESSAGE(handed, (tx, who), (addr, where, optional));

static char folder[] = "/tmp/acta-test-XXXXXX";
static char url[sizeof(folder) + 16];

// ---- two connected systems ------------------------------------------------------------

typedef struct pair {
    acta_system *here;
    acta_system *there;
    acta_listener *listener;
    acta_node *to_there; // as here sees it
    acta_node *to_here;
} pair;

static void pair_open_with(pair *p, const acta_system_opts *there)
{
    assert_int_equal(acta_open(NULL, &p->here), ACTA_OK);
    assert_int_equal(acta_open(there, &p->there), ACTA_OK);
    assert_int_equal(acta_node_listen(p->there, url, &p->listener), ACTA_OK);
    assert_int_equal(acta_connect(p->here, url, 10 * ACTA_SECOND, &p->to_there), ACTA_OK);
    assert_int_equal(acta_node_accept(p->listener, 10 * ACTA_SECOND, &p->to_here), ACTA_OK);
}

static void pair_open(pair *p)
{
    pair_open_with(p, NULL);
}

static void pair_close(pair *p)
{
    acta_node_drop(&p->to_there);
    acta_node_drop(&p->to_here);
    assert_int_equal(acta_close(&p->here, 20 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(acta_close(&p->there, 20 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(access(url + 6, F_OK), -1);
}

// cut ends the session as a crash does: without a goodbye.
static void cut(acta_node *node)
{
    acti_node_force(acti_node_of(node));
}

// ---- a sink that checks what it gets -----------------------------------------------------

enum { SOURCES = 8 };

typedef struct sink {
    uint64_t next[SOURCES];
    uint64_t got;
    uint64_t bytes;
    uint64_t out_of_order;
    uint64_t downs;
    uint64_t got_at_down;
    int64_t down_reason;
    int eof;
    test_gate *hold; // before the first message
    test_gate *down;
    test_gate *ended;
} sink;

static void sink_take(sink *s, const acta_msg *m)
{
    const item *i = acta_as(item, m);
    const blob *b = acta_as(blob, m);
    const acta_down *d = acta_as(acta_down, m);
    if (i != NULL) {
        s->out_of_order += i->n != s->next[i->source];
        s->next[i->source] = i->n + 1;
        s->got++;
    } else if (b != NULL) {
        s->bytes += b->data.size;
        s->got++;
    } else if (d != NULL) {
        s->downs++;
        s->down_reason = d->reason;
        s->got_at_down = s->got;
        if (s->down != NULL)
            test_gate_open(s->down);
    }
}

static int sink_body(acta_self *self, void *arg)
{
    sink *s = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        if (s->hold != NULL)
            s->hold = test_gate_wait(s->hold) ? NULL : s->hold;
        sink_take(s, m);
        acta_msg_free(&m);
    }
    s->eof = acta_eof(self);
    if (s->ended != NULL)
        test_gate_open(s->ended);
    return ACTA_OK;
}

// published spawns a sink on its own thread and publishes it; the caller drops *tx once the other side has its sender.
static void published(acta_system *sys, const char *name, sink *s, acta_tx **tx)
{
    assert_int_equal(acta_spawn(sys, tx, .body = sink_body, .arg = s, .place = ACTA_THREAD, .name = name), ACTA_OK);
    assert_int_equal(acta_publish(sys, name, acta_tx_addr(*tx)), ACTA_OK);
}

static acta_tx *found(acta_node *node, const char *name)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_node_find(node, name, 10 * ACTA_SECOND, &tx), ACTA_OK);
    return tx;
}

// ---- refusals ------------------------------------------------------------------------------

TEST(connect_to_nothing_is_unreachable_and_to_a_bad_url_is_invalid)
{
    acta_system *sys;
    acta_node *node = NULL;
    acta_listener *listener = NULL;
    assert_int_equal(acta_open(NULL, &sys), ACTA_OK);
    assert_int_equal(acta_connect(sys, url, ACTA_SECOND, &node), ACTA_EUNREACH);
    assert_int_equal(acta_connect(sys, "127.0.0.1:1", ACTA_SECOND, &node), ACTA_EINVAL);
    assert_int_equal(acta_connect(sys, NULL, ACTA_SECOND, &node), ACTA_EINVAL);
    assert_int_equal(acta_connect(sys, "ipc://", ACTA_SECOND, &node), ACTA_EINVAL);
    char longest[256] = "ipc:///tmp/";
    memset(longest + 11, 'x', 150);
    assert_int_equal(acta_connect(sys, longest, ACTA_SECOND, &node), ACTA_EINVAL);
    assert_int_equal(acta_node_listen(sys, longest, &listener), ACTA_EINVAL);
    assert_int_equal(acta_node_listen(sys, "ipc:///no/such/folder/socket", &listener), ACTA_ENOENT);
    assert_null(node);
    assert_null(listener);
    assert_int_equal(acta_close(&sys, 20 * ACTA_SECOND), ACTA_OK);
}

TEST(accept_times_out_and_ends_when_the_listener_is_gone)
{
    acta_system *sys;
    acta_listener *listener, *second = NULL;
    acta_node *node = NULL;
    assert_int_equal(acta_open(NULL, &sys), ACTA_OK);
    assert_int_equal(acta_node_listen(sys, url, &listener), ACTA_OK);
    assert_int_equal(acta_node_listen(sys, url, &second), ACTA_EEXIST);
    assert_int_equal(acta_node_accept(listener, 1, &node), ACTA_ETIMEOUT);
    acta_listener_close(&listener);
    assert_null(listener);
    assert_int_equal(access(url + 6, F_OK), -1);
    assert_int_equal(acta_close(&sys, 20 * ACTA_SECOND), ACTA_OK);
}

TEST(find_of_a_name_that_nobody_has_says_so_and_the_session_lives_on)
{
    pair p;
    pair_open(&p);
    acta_tx *tx = NULL;
    assert_int_equal(acta_node_find(p.to_there, "nobody", 10 * ACTA_SECOND, &tx), ACTA_ENOENT);
    assert_int_equal(acta_node_find(p.to_there, "", ACTA_SECOND, &tx), ACTA_EINVAL);
    assert_int_equal(acta_node_find(p.to_there, "not utf-8 \xff", ACTA_SECOND, &tx), ACTA_EINVAL);
    assert_null(tx);
    assert_int_equal(acta_node_status(p.to_there), ACTA_OK);
    pair_close(&p);
}

// Answers a query with a sender to itself.
static int hands_itself(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    acta_tx *me = NULL;
    if (m == NULL || !acta_msg_wants_reply(m) || acta_addr_tx(acta_self_addr(self), &me) != ACTA_OK)
        return ACTA_OK;
    (void)acta_reply(self, m, handed, .who = me);
    acta_tx_drop(&me);
    return ACTA_OK;
}

static acti_au32 lost;

static void counts_lost(void *arg, const char *line)
{
    (void)arg;
    if (strstr(line, "handed") != NULL && strstr(line, "was lost") != NULL)
        (void)acti_au32_add_relaxed(&lost, 1);
}

// Numbers of actors are of one system: those of another one in this process mean something else.
TEST(message_with_a_sender_of_another_system_is_refused_reported_and_lets_go)
{
    pair p;
    acta_system_opts opts = {.report = counts_lost};
    assert_int_equal(acta_open(&opts, &p.here), ACTA_OK);
    assert_int_equal(acta_open(&opts, &p.there), ACTA_OK);
    assert_int_equal(acta_node_listen(p.there, url, &p.listener), ACTA_OK);
    assert_int_equal(acta_connect(p.here, url, 10 * ACTA_SECOND, &p.to_there), ACTA_OK);
    assert_int_equal(acta_node_accept(p.listener, 10 * ACTA_SECOND, &p.to_here), ACTA_OK);
    acta_tx *own = NULL, *tx = NULL;
    assert_int_equal(acta_spawn(p.there, &own, .handler = hands_itself), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "it", acta_tx_addr(own)), ACTA_OK);
    tx = found(p.to_there, "it");

    assert_int_equal(acta_send(tx, handed, .who = own), ACTA_OK); // refused by the node, later
    acta_msg *m = NULL;
    assert_int_equal(acta_call(tx, 10 * ACTA_SECOND, &m, handed, .who = own), ACTA_EINVAL);
    acta_msg_free(&m);
    assert_int_equal(acta_call(tx, 10 * ACTA_SECOND, &m, query, .n = 1), ACTA_OK); // its own may go
    assert_non_null(acta_as(handed, m));
    acta_msg_free(&m);
    assert_int_equal(acti_au32_load_relaxed(&lost), 2);
    acta_tx_drop(&own);
    acta_tx_drop(&tx);
    acta_ledger ledger;
    acta_ledger_read(p.here, &ledger);
    assert_int_equal(ledger.dropped_unreach, 2);
    pair_close(&p);
}

typedef struct caller {
    pair *pair;
    test_gate *start;
    int refused;
} caller;

static int calls_everything(acta_self *self, void *arg)
{
    caller *c = arg;
    pair *p = c->pair;
    acta_tx *tx;
    acta_node *node;
    acta_msg *m;
    acta_tx *me;
    int statuses[4];
    if (acta_addr_tx(acta_self_addr(self), &me) != ACTA_OK || !test_gate_wait(c->start))
        return ACTA_EINVAL;
    statuses[0] = acta_node_find(p->to_there, "x", ACTA_SECOND, &tx);
    statuses[1] = acta_connect(p->here, url, ACTA_SECOND, &node);
    statuses[2] = acta_node_accept(p->listener, ACTA_SECOND, &node);
    statuses[3] = acta_call(me, ACTA_SECOND, &m, query, .n = 1);
    acta_tx_drop(&me);
    for (int i = 0; i < 4; i++)
        c->refused += statuses[i] == ACTA_EDEADLK;
    return ACTA_OK;
}

// join waits for the end of an actor, as an actor of its own; its reason is read after the system is closed.
typedef struct join {
    acta_tx *who;
    acta_tx *me; // keeps its inbox open until the DOWN
    int64_t reason;
    test_gate start;
} join;

static int join_body(acta_self *self, void *arg)
{
    join *j = arg;
    uint64_t id;
    if (!test_gate_wait(&j->start) || acta_monitor(self, acta_tx_addr(j->who), &id) != ACTA_OK)
        return ACTA_EGONE;
    acta_tx_drop(&j->who);
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        const acta_down *down = acta_as(acta_down, m);
        if (down != NULL) {
            j->reason = down->reason;
            acta_tx_drop(&j->me);
        }
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

static void start_join(acta_system *sys, join *j, acta_tx *who)
{
    acta_tx *tx;
    *j = (join){.who = who, .reason = 1};
    test_gate_init(&j->start);
    assert_int_equal(acta_spawn(sys, &tx, .body = join_body, .arg = j, .place = ACTA_THREAD), ACTA_OK);
    j->me = tx; // dropped by the body
    test_gate_open(&j->start);
}

// join_reason gives the reason, once the system is closed.
static int64_t join_reason(join *j)
{
    test_gate_fini(&j->start);
    return j->reason;
}

TEST(blocking_calls_inside_an_actor_are_refused)
{
    pair p;
    pair_open(&p);
    acta_tx *tx;
    test_gate start;
    test_gate_init(&start);
    caller c = {.pair = &p, .start = &start};
    assert_int_equal(acta_spawn(p.here, &tx, .body = calls_everything, .arg = &c, .place = ACTA_THREAD), ACTA_OK);
    test_gate_open(&start);
    acta_msg *m = NULL;
    assert_int_equal(acta_call(tx, 10 * ACTA_SECOND, &m, query, .n = 1), ACTA_EGONE); // it ends, asked or not
    acta_msg_free(&m);
    acta_tx_drop(&tx);
    pair_close(&p);
    assert_int_equal(c.refused, 4);
    test_gate_fini(&start);
}

// ---- order and end ---------------------------------------------------------------------------

typedef struct source {
    acta_tx *to;
    uint64_t id;
    uint64_t count;
} source;

static int source_body(acta_self *self, void *arg)
{
    (void)self;
    source *s = arg;
    for (uint64_t n = 0; n + 1 < s->count; n++)
        if (acta_send(s->to, item, .source = s->id, .n = n) != ACTA_OK)
            return ACTA_EGONE;
    return acta_finish(&s->to, item, .source = s->id, .n = s->count - 1);
}

// C-FIFO, C-EOF, C-LAST
TEST(each_sources_messages_arrive_in_order_and_the_end_after_all_of_them)
{
    enum { COUNT = 5000 };
    pair p;
    sink s = {0};
    acta_tx *tx;
    source sources[SOURCES];
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    for (uint64_t i = 0; i < SOURCES; i++)
        sources[i] = (source){.to = found(p.to_there, "sink"), .id = i, .count = COUNT};
    acta_tx_drop(&tx);
    for (uint64_t i = 1; i < SOURCES; i++) {
        acta_tx *t;
        assert_int_equal(acta_spawn(p.here, &t, .body = source_body, .arg = &sources[i],
                                    .place = i % 2 ? ACTA_POOL : ACTA_THREAD),
                         ACTA_OK);
        acta_tx_drop(&t);
    }
    assert_int_equal(source_body(NULL, &sources[0]), ACTA_OK); // a thread outside
    assert_null(sources[0].to);
    pair_close(&p);
    assert_int_equal(s.got, (uint64_t)SOURCES * COUNT);
    assert_int_equal(s.out_of_order, 0);
    assert_int_equal(s.eof, ACTA_OK);
}

TEST(a_close_right_after_the_last_send_loses_nothing)
{
    pair p;
    sink s = {0};
    acta_tx *tx;
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    source one = {.to = found(p.to_there, "sink"), .count = 20000};
    acta_tx_drop(&tx);
    assert_int_equal(source_body(NULL, &one), ACTA_OK);
    pair_close(&p);
    assert_int_equal(s.got, 20000);
    assert_int_equal(s.out_of_order, 0);
    assert_int_equal(s.eof, ACTA_OK);
}

// C-EOF
TEST(a_holder_that_dies_makes_an_end_that_says_so_after_what_arrived)
{
    pair p;
    test_gate ended;
    test_gate_init(&ended);
    sink s = {.ended = &ended};
    acta_tx *tx;
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    acta_tx *remote = found(p.to_there, "sink");
    acta_tx_drop(&tx);
    for (uint64_t n = 0; n < 100; n++)
        assert_int_equal(acta_send(remote, item, .n = n), ACTA_OK);
    cut(p.to_there);
    assert_true(test_gate_wait(&ended));
    // Without the session nothing can be sent, and the session's end has a reason on both sides.
    assert_int_equal(acta_node_status(p.to_here), ACTA_ECRASHED);
    int status;
    while ((status = acta_send(remote, item, .n = 100)) == ACTA_OK) // for as long as this side ends, it is not said
        continue;
    assert_int_equal(status, ACTA_EUNREACH);
    acta_tx_drop(&remote);
    pair_close(&p);
    assert_int_equal(s.eof, ACTA_ECRASHED);
    assert_int_equal(s.out_of_order, 0);
    test_gate_fini(&ended);
}

TEST(a_sender_found_again_after_the_last_was_dropped_keeps_the_actor_alive)
{
    pair p;
    sink s = {0};
    acta_tx *tx;
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    for (uint64_t n = 0; n < 200; n++) {
        acta_tx *remote = found(p.to_there, "sink");
        assert_int_equal(acta_finish(&remote, item, .n = n), ACTA_OK);
    }
    acta_tx *remote = found(p.to_there, "sink");
    acta_tx_drop(&tx);
    assert_int_equal(acta_finish(&remote, item, .n = 200), ACTA_OK);
    pair_close(&p);
    assert_int_equal(s.got, 201);
    assert_int_equal(s.out_of_order, 0);
    assert_int_equal(s.eof, ACTA_OK);
}

// ---- bounds --------------------------------------------------------------------------------------

TEST(a_receiver_that_does_not_read_holds_no_more_than_its_credit_and_loses_nothing)
{
    enum { COUNT = ACTI_NODE_CREDIT_MESSAGES + ACTA_CAPACITY_DEFAULT }; // what waits here is bounded, too
    pair p;
    test_gate hold;
    test_gate_init(&hold);
    sink s = {.hold = &hold};
    acta_tx *tx;
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    source one = {.to = found(p.to_there, "sink"), .count = COUNT};
    acta_tx_drop(&tx);
    assert_int_equal(source_body(NULL, &one), ACTA_OK);
    // Another actor of the same node is not held up: when it has its message, all that could come has come.
    sink other = {0};
    test_gate ended;
    test_gate_init(&ended);
    other.ended = &ended;
    published(p.there, "other", &other, &tx);
    acta_tx *remote = found(p.to_there, "other");
    acta_tx_drop(&tx);
    assert_int_equal(acta_finish(&remote, item, .n = 0), ACTA_OK);
    assert_true(test_gate_wait(&ended));
    acta_ledger ledger;
    acta_ledger_read(p.there, &ledger);
    assert_int_equal(ledger.sent, ACTI_NODE_CREDIT_MESSAGES + 1); // all that the credit allows, and the other's
    test_gate_open(&hold);
    pair_close(&p);
    assert_int_equal(s.got, COUNT);
    assert_int_equal(s.out_of_order, 0);
    test_gate_fini(&hold);
    test_gate_fini(&ended);
}

// holds is how many user messages an inbox holds now.
static uint32_t holds(acta_addr *who)
{
    acti_actor *actor = acti_actor_of_addr(who);
    uint64_t word = acti_au64_load_acquire(&actor->inbox.word);
    return (uint16_t)(word / ACTI_INBOX_ONE - acti_au32_load_relaxed(&actor->given));
}

static void messages_for_a_full_inbox(bool lose_the_node)
{
    enum { COUNT = 100, CAPACITY = 3 };
    pair p;
    test_gate hold, ended;
    test_gate_init(&hold);
    test_gate_init(&ended);
    sink slow = {.hold = &hold};
    sink other = {.ended = &ended};
    acta_tx *tx;
    pair_open(&p);
    assert_int_equal(acta_spawn(p.there, &tx, .body = sink_body, .arg = &slow, .place = ACTA_THREAD,
                                .capacity = CAPACITY), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "slow", acta_tx_addr(tx)), ACTA_OK);
    source one = {.to = found(p.to_there, "slow"), .count = COUNT};
    assert_int_equal(source_body(NULL, &one), ACTA_OK);
    // Nobody else is held up: when the other has its message, those for the slow one have come.
    acta_tx *tx2;
    published(p.there, "other", &other, &tx2);
    acta_tx *remote = found(p.to_there, "other");
    acta_tx_drop(&tx2);
    assert_int_equal(acta_finish(&remote, item, .n = 0), ACTA_OK);
    assert_true(test_gate_wait(&ended));
    assert_in_range(holds(acta_tx_addr(tx)), 1, CAPACITY);
    if (lose_the_node) {
        cut(p.to_here);
        while (acta_node_status(p.to_here) == ACTA_OK)
            continue;
    }
    test_gate_open(&hold);
    acta_tx_drop(&tx);
    pair_close(&p);
    assert_int_equal(slow.got, COUNT);
    assert_int_equal(slow.out_of_order, 0);
    assert_int_equal(other.got, 1);
    test_gate_fini(&hold);
    test_gate_fini(&ended);
}

TEST(a_full_inbox_takes_no_more_from_another_node_and_holds_nobody_else_up)
{
    messages_for_a_full_inbox(false);
}

TEST(what_has_come_for_a_full_inbox_outlives_its_node)
{
    messages_for_a_full_inbox(true);
}

TEST(a_message_above_the_peers_limit_is_refused_when_sent_and_one_at_the_limit_arrives)
{
    enum { LIMIT = 1 << 20 };
    pair p;
    sink s = {0};
    acta_tx *tx;
    pair_open_with(&p, &(acta_system_opts){.message_bytes_max = LIMIT});
    published(p.there, "sink", &s, &tx);
    acta_tx *remote = found(p.to_there, "sink");
    acta_tx_drop(&tx);
    uint8_t *bytes = calloc(1, 2 * LIMIT);
    assert_int_equal(acta_send(remote, blob, .data = {bytes, 2 * LIMIT}), ACTA_ETOOBIG);
    assert_int_equal(acta_send(remote, blob, .data = {bytes, LIMIT - sizeof(blob)}), ACTA_OK);
    acta_tx_drop(&remote);
    free(bytes);
    pair_close(&p);
    assert_int_equal(s.got, 1);
    assert_int_equal(s.bytes, LIMIT - sizeof(blob));
}

TEST(large_messages_arrive_whole)
{
    enum { SIZE = 8 << 20, COUNT = 8 };
    pair p;
    sink s = {0};
    acta_tx *tx;
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    acta_tx *remote = found(p.to_there, "sink");
    acta_tx_drop(&tx);
    uint8_t *bytes = calloc(1, SIZE);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(acta_send(remote, blob, .data = {bytes, (size_t)SIZE - (size_t)i}), ACTA_OK);
    acta_tx_drop(&remote);
    free(bytes);
    pair_close(&p);
    assert_int_equal(s.got, COUNT);
    assert_int_equal(s.bytes, (uint64_t)SIZE * COUNT - COUNT * (COUNT - 1) / 2);
}

// ---- requests ----------------------------------------------------------------------------------------

typedef struct server {
    acta_msg *kept;
    test_gate *got;
} server;

static int server_body(acta_self *self, void *arg)
{
    server *s = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        const query *q = acta_as(query, m);
        uint64_t n = q != NULL ? q->n : 0;
        if (n == 1)
            (void)acta_refuse(self, m, ACTA_EACCES, "not for you");
        else if (n == 2 && s->kept == NULL) {
            s->kept = m;
            test_gate_open(s->got);
            continue;
        } else if (n == 3) {
            acta_msg_free(&m);
            break;
        } else if (n != 4)
            (void)acta_reply(self, m, answer, .n = n);
        acta_msg_free(&m);
    }
    acta_msg_free(&s->kept);
    return ACTA_OK;
}

static int call(acta_tx *tx, uint64_t n, uint64_t timeout_ns)
{
    acta_msg *m = NULL;
    int status = acta_call(tx, timeout_ns, &m, query, .n = n);
    if (status == ACTA_OK && (!acta_is(answer, m) || acta_as(answer, m)->n != n))
        status = ACTA_EMALFORMED;
    acta_msg_free(&m);
    return status;
}

// C-ASK
TEST(a_request_has_one_outcome_whatever_the_responder_does)
{
    pair p;
    test_gate got;
    test_gate_init(&got);
    server s = {.got = &got};
    acta_tx *tx;
    pair_open(&p);
    assert_int_equal(acta_spawn(p.there, &tx, .body = server_body, .arg = &s, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "server", acta_tx_addr(tx)), ACTA_OK);
    acta_tx *remote = found(p.to_there, "server");
    for (uint64_t n = 100; n < 300; n++)
        assert_int_equal(call(remote, n, 10 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(call(remote, 1, 10 * ACTA_SECOND), ACTA_EACCES);
    assert_int_equal(call(remote, 4, 10 * ACTA_SECOND), ACTA_ENOREPLY);
    assert_int_equal(call(remote, 2, ACTA_MS), ACTA_ETIMEOUT);
    assert_true(test_gate_wait(&got));
    assert_int_equal(call(remote, 100, 10 * ACTA_SECOND), ACTA_OK); // no late reply surfaces here
    assert_int_equal(call(remote, 3, 10 * ACTA_SECOND), ACTA_ENOREPLY); // and it ends, answering what it kept
    assert_int_equal(call(remote, 100, 10 * ACTA_SECOND), ACTA_EGONE);
    acta_tx_drop(&remote);
    acta_tx_drop(&tx);
    pair_close(&p);
    test_gate_fini(&got);
}

TEST(a_refusal_fits_even_where_no_message_of_its_size_does)
{
    pair p;
    server s = {0};
    acta_tx *tx;
    pair_open_with(&p, &(acta_system_opts){.message_bytes_max = 16});
    assert_int_equal(acta_spawn(p.here, &tx, .body = server_body, .arg = &s, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_publish(p.here, "server", acta_tx_addr(tx)), ACTA_OK);
    acta_tx *remote = found(p.to_here, "server");
    assert_int_equal(call(remote, 1, 10 * ACTA_SECOND), ACTA_EACCES);
    assert_int_equal(call(remote, 4, 10 * ACTA_SECOND), ACTA_ENOREPLY);
    assert_int_equal(call(remote, 100, 10 * ACTA_SECOND), ACTA_OK);
    acta_tx_drop(&remote);
    acta_tx_drop(&tx);
    pair_close(&p);
}

// Passes each query on to an actor of whichever node.
static int passer_body(acta_self *self, void *arg)
{
    acta_tx *to = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        acta_promise *promise = NULL;
        if (acta_promise_take(self, m, &promise) == ACTA_OK &&
            acta_delegate(self, &promise, to, query, .n = acta_as(query, m)->n) != ACTA_OK)
            (void)acta_promise_refuse(self, &promise, ACTA_EREFUSED, "it cannot be passed on");
        acta_msg_free(&m);
    }
    acta_tx_drop(&to);
    return ACTA_OK;
}

// C-ASK. The passer's place is there; the server is at the other node when far, else beside it.
static void delegate_between(bool far, bool caller_far)
{
    pair p;
    test_gate got;
    test_gate_init(&got);
    server s = {.got = &got};
    acta_tx *tx, *passer;
    pair_open(&p);
    acta_system *of_server = far ? p.here : p.there;
    assert_int_equal(acta_spawn(of_server, &tx, .body = server_body, .arg = &s, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_publish(of_server, "server", acta_tx_addr(tx)), ACTA_OK);
    acta_tx *to = far ? found(p.to_here, "server") : acta_tx_dup(tx);
    assert_int_equal(acta_spawn(p.there, &passer, .body = passer_body, .arg = to), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "passer", acta_tx_addr(passer)), ACTA_OK);
    acta_tx *from = caller_far ? found(p.to_there, "passer") : acta_tx_dup(passer);

    for (uint64_t n = 100; n < 300; n++)
        assert_int_equal(call(from, n, 10 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(call(from, 1, 10 * ACTA_SECOND), ACTA_EACCES);
    assert_int_equal(call(from, 4, 10 * ACTA_SECOND), ACTA_ENOREPLY);
    assert_int_equal(call(from, 2, ACTA_MS), ACTA_ETIMEOUT);
    assert_true(test_gate_wait(&got));
    assert_int_equal(call(from, 3, 10 * ACTA_SECOND), ACTA_ENOREPLY); // and it ends
    int gone = call(from, 100, 10 * ACTA_SECOND);
    assert_true(gone == ACTA_EGONE || gone == ACTA_EREFUSED); // the second when the passer could see it
    acta_tx_drop(&from);
    acta_tx_drop(&passer);
    acta_tx_drop(&tx);
    pair_close(&p);
    test_gate_fini(&got);
}

TEST(a_request_may_be_delegated_to_and_from_and_back_to_another_node)
{
    delegate_between(true, false);
    delegate_between(false, true);
    delegate_between(true, true); // the asker is itself remote: its reply comes back through the passer's node
}

// Sends much more than the credit allows to the one that asks, and then replies.
static int talker_body(acta_self *self, void *arg)
{
    acta_tx *to = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        for (uint64_t n = 0; n < acta_as(query, m)->n; n++)
            if (acta_send(to, item, .n = n) != ACTA_OK)
                break;
        (void)acta_reply(self, m, answer, .n = 1);
        acta_msg_free(&m);
    }
    acta_tx_drop(&to);
    return ACTA_OK;
}

typedef struct patient {
    sink sink;
    acta_tx *talker;
    uint64_t count;
    test_gate start;
    bool replied;
    uint64_t taken_before_reply;
} patient;

static int patient_body(acta_self *self, void *arg)
{
    patient *p = arg;
    uint64_t id;
    if (test_gate_wait(&p->start) &&
        acta_ask(self, p->talker, 20 * ACTA_SECOND, &id, query, .n = p->count) == ACTA_OK) {
        acta_msg *m = acta_await(self, id);
        p->replied = m != NULL && acta_is(answer, m);
        p->taken_before_reply = p->sink.got;
        acta_msg_free(&m);
    }
    acta_tx_drop(&p->talker);
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        sink_take(&p->sink, m);
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

TEST(a_reply_is_not_held_up_behind_messages_without_credit)
{
    enum { COUNT = ACTI_NODE_CREDIT_MESSAGES + ACTA_CAPACITY_DEFAULT }; // more waits for room before the reply
    pair p;
    acta_tx *tx, *mine;
    patient w = {.count = COUNT};
    pair_open(&p);
    test_gate_init(&w.start);
    assert_int_equal(acta_spawn(p.here, &mine, .body = patient_body, .arg = &w, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_publish(p.here, "patient", acta_tx_addr(mine)), ACTA_OK);
    acta_tx *back = found(p.to_here, "patient");
    assert_int_equal(acta_spawn(p.there, &tx, .body = talker_body, .arg = back), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "talker", acta_tx_addr(tx)), ACTA_OK);
    w.talker = found(p.to_there, "talker");
    acta_tx_drop(&tx);
    acta_tx_drop(&mine);
    test_gate_open(&w.start);
    pair_close(&p);
    assert_true(w.replied);
    assert_int_equal(w.taken_before_reply, 0);
    assert_int_equal(w.sink.got, COUNT);
    assert_int_equal(w.sink.out_of_order, 0);
    test_gate_fini(&w.start);
}

static int asks_and_waits(acta_self *self, void *arg)
{
    acta_tx *to = arg;
    uint64_t id;
    int64_t status = ACTA_EINVAL;
    if (acta_ask(self, to, ACTA_FOREVER, &id, query, .n = 2) == ACTA_OK) {
        acta_msg *m = acta_await(self, id);
        const acta_failure *failure = m != NULL ? acta_as(acta_failure, m) : NULL;
        status = failure != NULL ? failure->status : ACTA_OK;
        acta_msg_free(&m);
    }
    acta_tx_drop(&to);
    return (int)status;
}

TEST(the_loss_of_the_session_answers_what_was_asked_and_tells_monitors)
{
    pair p;
    test_gate got;
    test_gate_init(&got);
    server s = {.got = &got};
    acta_tx *tx, *asker;
    join asked, watched;
    pair_open(&p);
    assert_int_equal(acta_spawn(p.there, &tx, .body = server_body, .arg = &s, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "server", acta_tx_addr(tx)), ACTA_OK);
    acta_tx *remote = found(p.to_there, "server");
    assert_int_equal(acta_spawn(p.here, &asker, .body = asks_and_waits, .arg = acta_tx_dup(remote)), ACTA_OK);
    start_join(p.here, &watched, remote);
    assert_true(test_gate_wait(&got));
    start_join(p.here, &asked, asker);
    cut(p.to_here);
    acta_tx_drop(&tx);
    pair_close(&p);
    int64_t reason = join_reason(&asked);
    assert_true(reason == ACTA_ECRASHED || reason == ACTA_EGONE); // EGONE: it had ended when watched
    assert_int_equal(join_reason(&watched), ACTA_ECRASHED);
    test_gate_fini(&got);
}

TEST(a_monitor_after_the_loss_of_the_session_says_what_one_before_it_does)
{
    pair p;
    sink s = {0};
    acta_tx *tx, *none = NULL;
    join watched;
    pair_open(&p);
    published(p.there, "sink", &s, &tx);
    acta_tx *remote = found(p.to_there, "sink");
    cut(p.to_here);
    // The first may be on its way when the session ends; behind the second nothing is to be settled any more.
    assert_int_equal(acta_node_find(p.to_there, "sink", 10 * ACTA_SECOND, &none), ACTA_ECRASHED);
    assert_int_equal(acta_node_find(p.to_there, "sink", 10 * ACTA_SECOND, &none), ACTA_ECRASHED);
    start_join(p.here, &watched, remote);
    acta_tx_drop(&tx);
    pair_close(&p);
    assert_int_equal(join_reason(&watched), ACTA_ECRASHED);
}

TEST(the_loss_of_the_session_answers_what_was_delegated_to_it)
{
    pair p;
    test_gate got;
    test_gate_init(&got);
    server s = {.got = &got};
    acta_tx *tx, *passer, *asker;
    join asked;
    pair_open(&p);
    assert_int_equal(acta_spawn(p.there, &tx, .body = server_body, .arg = &s, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_publish(p.there, "server", acta_tx_addr(tx)), ACTA_OK);
    acta_tx *to = found(p.to_there, "server");
    assert_int_equal(acta_spawn(p.here, &passer, .body = passer_body, .arg = to), ACTA_OK);
    assert_int_equal(acta_spawn(p.here, &asker, .body = asks_and_waits, .arg = passer), ACTA_OK);
    assert_true(test_gate_wait(&got));
    start_join(p.here, &asked, asker);
    cut(p.to_here);
    acta_tx_drop(&tx);
    pair_close(&p);
    int64_t reason = join_reason(&asked);
    assert_true(reason == ACTA_ECRASHED || reason == ACTA_EGONE); // EGONE: it had ended when watched
    test_gate_fini(&got);
}

// ---- death ---------------------------------------------------------------------------------------------

typedef struct mortal {
    const char *back_name;
    acta_tx *back; // to the watcher, at the other node
    uint64_t count;
} mortal;

static int mortal_body(acta_self *self, void *arg)
{
    mortal *mo = arg;
    acta_msg *m = acta_recv(self); // the word to begin
    acta_msg_free(&m);
    for (uint64_t n = 0; n < mo->count; n++)
        if (acta_send(mo->back, item, .n = n) != ACTA_OK)
            return ACTA_EGONE;
    acta_tx_drop(&mo->back);
    return -77;
}

typedef struct watcher {
    sink sink;
    acta_tx *who;
    test_gate start;
} watcher;

static int watcher_body(acta_self *self, void *arg)
{
    watcher *w = arg;
    uint64_t id;
    if (!test_gate_wait(&w->start) || acta_monitor(self, acta_tx_addr(w->who), &id) != ACTA_OK ||
        acta_finish(&w->who, query, .n = 1) != ACTA_OK)
        return ACTA_EGONE;
    acta_msg *m;
    while (w->sink.downs == 0 && (m = acta_recv(self)) != NULL) {
        sink_take(&w->sink, m);
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

// C-DOWN
TEST(down_comes_after_everything_the_dead_actor_sent_and_is_the_last_of_it)
{
    enum { ROUNDS = 10, COUNT = 2 * ACTI_NODE_CREDIT_MESSAGES + 1 };
    for (int round = 0; round < ROUNDS; round++) {
        pair p;
        watcher w = {0};
        mortal mo = {.count = COUNT};
        acta_tx *tx, *mine;
        pair_open(&p);
        test_gate down;
        test_gate_init(&down);
        test_gate_init(&w.start);
        w.sink.down = &down;
        assert_int_equal(acta_spawn(p.here, &mine, .body = watcher_body, .arg = &w, .place = ACTA_THREAD), ACTA_OK);
        assert_int_equal(acta_publish(p.here, "watcher", acta_tx_addr(mine)), ACTA_OK);
        mo.back = found(p.to_here, "watcher");
        assert_int_equal(acta_spawn(p.there, &tx, .body = mortal_body, .arg = &mo), ACTA_OK);
        assert_int_equal(acta_publish(p.there, "mortal", acta_tx_addr(tx)), ACTA_OK);
        w.who = found(p.to_there, "mortal");
        acta_tx_drop(&tx);
        test_gate_open(&w.start);
        assert_true(test_gate_wait(&down));
        acta_tx_drop(&mine);
        pair_close(&p);
        assert_int_equal(w.sink.downs, 1);
        assert_int_equal(w.sink.down_reason, -77);
        assert_int_equal(w.sink.got_at_down, COUNT);
        assert_int_equal(w.sink.out_of_order, 0);
        test_gate_fini(&w.start);
        test_gate_fini(&down);
    }
}

typedef struct fickle {
    acta_tx *who;
    test_gate done;
    int verdict;
} fickle;

// Watches, takes it back, and watches again, so that the second DOWN says when the first would have been there.
static int fickle_body(acta_self *self, void *arg)
{
    fickle *f = arg;
    uint64_t first, second;
    if (acta_monitor(self, acta_tx_addr(f->who), &first) != ACTA_OK)
        return ACTA_ENOMEM;
    acta_demonitor(self, first);
    if (acta_monitor(self, acta_tx_addr(f->who), &second) != ACTA_OK)
        return ACTA_ENOMEM;
    acta_tx_drop(&f->who);
    acta_msg *m;
    while (f->verdict == 1 && (m = acta_recv(self)) != NULL) {
        const acta_down *down = acta_as(acta_down, m);
        if (down != NULL)
            f->verdict = down->monitor == second ? ACTA_OK : ACTA_EINVAL;
        acta_msg_free(&m);
    }
    test_gate_open(&f->done);
    return ACTA_OK;
}

TEST(a_demonitor_keeps_the_down_away)
{
    pair p;
    sink s = {0};
    acta_tx *tx;
    fickle f = {.verdict = 1};
    pair_open(&p);
    test_gate_init(&f.done);
    published(p.there, "sink", &s, &tx);
    f.who = found(p.to_there, "sink");
    acta_tx_drop(&tx);
    assert_int_equal(acta_spawn(p.here, &tx, .body = fickle_body, .arg = &f), ACTA_OK);
    assert_true(test_gate_wait(&f.done));
    acta_tx_drop(&tx);
    pair_close(&p);
    assert_int_equal(f.verdict, ACTA_OK);
    test_gate_fini(&f.done);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(url, sizeof(url), "ipc://%s/s", folder);
    int failed = TEST_RUN(case_of(connect_to_nothing_is_unreachable_and_to_a_bad_url_is_invalid),
                          case_of(accept_times_out_and_ends_when_the_listener_is_gone),
                          case_of(message_with_a_sender_of_another_system_is_refused_reported_and_lets_go),
                          case_of(find_of_a_name_that_nobody_has_says_so_and_the_session_lives_on),
                          case_of(blocking_calls_inside_an_actor_are_refused),
                          case_of(a_message_above_the_peers_limit_is_refused_when_sent_and_one_at_the_limit_arrives),
                          case_of(each_sources_messages_arrive_in_order_and_the_end_after_all_of_them),
                          case_of(a_close_right_after_the_last_send_loses_nothing),
                          case_of(a_holder_that_dies_makes_an_end_that_says_so_after_what_arrived),
                          case_of(a_sender_found_again_after_the_last_was_dropped_keeps_the_actor_alive),
                          case_of(a_receiver_that_does_not_read_holds_no_more_than_its_credit_and_loses_nothing),
                          case_of(a_full_inbox_takes_no_more_from_another_node_and_holds_nobody_else_up),
                          case_of(what_has_come_for_a_full_inbox_outlives_its_node),
                          case_of(large_messages_arrive_whole),
                          case_of(a_request_has_one_outcome_whatever_the_responder_does),
                          case_of(a_refusal_fits_even_where_no_message_of_its_size_does),
                    case_of(a_request_may_be_delegated_to_and_from_and_back_to_another_node),
                    case_of(a_monitor_after_the_loss_of_the_session_says_what_one_before_it_does),
                    case_of(the_loss_of_the_session_answers_what_was_delegated_to_it),
                    case_of(a_reply_is_not_held_up_behind_messages_without_credit),
                          case_of(the_loss_of_the_session_answers_what_was_asked_and_tells_monitors),
                          case_of(down_comes_after_everything_the_dead_actor_sent_and_is_the_last_of_it),
                          case_of(a_demonitor_keeps_the_down_away));
    rmdir(folder);
    return failed;
}
