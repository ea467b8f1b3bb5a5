// SPDX-License-Identifier: MIT
//
// Senders and addresses in messages: a message holds its own, from the moment it is made until it is freed, wherever
// that is; C-EOF counts them like any other.

#include "kit.h"

#include <acta/event.h>

#include "core/copy.h"

ACTA_MESSAGE(give, (i64, n), (tx, who));
ACTA_MESSAGE(point, (addr, who), (i64, n));
ACTA_MESSAGE(maybe, (tx, who, optional), (addr, where, optional));
ACTA_MESSAGE(mixed, (str, line), (tx, who), (bytes, data), (addr, where), (str, end));

static uint32_t senders_of(acta_addr *addr)
{
    return acti_au32_load_relaxed(&acti_actor_of_addr(addr)->senders);
}

// await_senders waits until so many are left: a request is freed behind its reply.
static bool await_senders(acta_addr *addr, uint32_t count)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (senders_of(addr) != count) {
        if (acti_clock_ns() > until_ns)
            return false;
        sched_yield();
    }
    return true;
}

static uint32_t refs_of(acta_addr *addr)
{
    return acti_au32_load_relaxed(&acti_actor_of_addr(addr)->refs);
}

// ---- who is handed around -----------------------------------------------------------

typedef struct watched {
    kit_actor actor;
    uint32_t items; // read after the end
    acti_au32 eofs;
    acta_tx *tx;     // the test's own
    acta_addr *addr; // the test's own
} watched;

static int counts(acta_self *self, void *arg, acta_msg *m)
{
    watched *w = arg;
    (void)self;
    if (m != NULL) {
        w->items++;
        return ACTA_OK;
    }
    acti_au32_store_release(&w->eofs, acti_au32_load_relaxed(&w->eofs) + 1); // nobody else writes it
    return ACTA_OK;
}

static uint32_t eofs_of(const watched *w)
{
    return acti_au32_load_acquire(&w->eofs);
}

static bool await_eof(const watched *w)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (eofs_of(w) == 0) {
        if (acti_clock_ns() > until_ns)
            return false;
        sched_yield();
    }
    return true;
}

static void watched_start(watched *w, const kit *k, const kit_kind *kind)
{
    *w = (watched){.actor = {counts}};
    w->tx = kit_spawn(k, kind, w);
    w->addr = acta_addr_dup(acta_tx_addr(w->tx));
}

// watched_end drops the test's own sender, if that has not been done, and waits for the end.
static void watched_end(watched *w)
{
    acta_tx_drop(&w->tx);
    assert_true(await_eof(w));
    assert_int_equal(eofs_of(w), 1);
    assert_int_equal(senders_of(w->addr), 0);
    acta_addr_drop(&w->addr);
}

// ---- who is given messages -------------------------------------------------------------

// Goes into its first message, and on when it is told.
typedef struct taker {
    kit_actor actor;
    acta_handler *then; // does with a message what the test is about; NULL: nothing
    void *then_arg;
    bool held;
    bool was_held;
    uint32_t handled;
    test_gate entered;
    test_gate go;
} taker;

static int takes(acta_self *self, void *arg, acta_msg *m)
{
    taker *t = arg;
    if (m == NULL)
        return acta_eof(self);
    t->handled++;
    if (t->held && !t->was_held) {
        t->was_held = true;
        test_gate_open(&t->entered);
        kit_claim(test_gate_wait(&t->go));
    }
    return t->then != NULL ? t->then(self, t->then_arg, m) : ACTA_OK;
}

static void taker_init(taker *t, bool held, acta_handler *then, void *then_arg)
{
    *t = (taker){.actor = {takes}, .then = then, .then_arg = then_arg, .held = held};
    test_gate_init(&t->entered);
    test_gate_init(&t->go);
}

static void taker_fini(taker *t)
{
    test_gate_fini(&t->entered);
    test_gate_fini(&t->go);
}

// hold spawns a taker on a thread of its own, which has an item in its hands until t->go is opened.
static acta_tx *hold(const kit *k, taker *t, uint32_t capacity, acta_handler *then, void *then_arg)
{
    taker_init(t, true, then, then_arg);
    acta_tx *tx = kit_spawn_small(k, &kit_kinds[2], t, "taker", capacity);
    kit_send(tx, 0);
    assert_true(test_gate_wait(&t->entered));
    return tx;
}

// ---- refused -----------------------------------------------------------------------------

TEST(null_that_is_not_optional_is_refused)
{
    kit k;
    watched w;
    taker t;
    kit_open(&k, 1);
    watched_start(&w, &k, &kit_kinds[0]);
    taker_init(&t, false, NULL, NULL);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &t);
    assert_int_equal(acta_send(tx, give, .n = 1), ACTA_EINVAL);
    assert_int_equal(acta_try_send(tx, point, .n = 1), ACTA_EINVAL);
    assert_int_equal(acta_send_within(tx, 1, mixed, .who = w.tx), ACTA_EINVAL);
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, 1, &reply, mixed, .where = w.addr), ACTA_EINVAL);
    assert_null(reply);
    assert_int_equal(senders_of(w.addr), 1);
    assert_int_equal(acta_finish(&tx, give, .n = 1), ACTA_EINVAL);
    watched_end(&w);
    kit_close(&k);
    assert_int_equal(t.handled, 0);
    taker_fini(&t);
}

TEST(message_that_is_refused_leaves_the_counts_as_they_were)
{
    kit k;
    watched w;
    taker t, gone;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 200});
    watched_start(&w, &k, &kit_kinds[0]);
    uint32_t refs = refs_of(w.addr);
    char line[200] = "";
    memset(line, 'x', sizeof(line) - 1);

    // Each of these fails at another place, most of them behind the field of the sender.
    acta_tx *full = hold(&k, &t, 1, NULL, NULL);
    kit_send(full, 1);
    assert_int_equal(acta_try_send(full, give, .who = w.tx), ACTA_EFULL);
    assert_int_equal(acta_send_within(full, 1, give, .who = w.tx), ACTA_EFULL);
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(full, 1, &reply, give, .who = w.tx), ACTA_EFULL);
    assert_int_equal(acta_send(full, mixed, .who = w.tx, .where = w.addr, .end = line), ACTA_ETOOBIG);
    assert_int_equal(acta_send(full, mixed, .who = w.tx, .where = w.addr, .end = "\xff"), ACTA_EINVAL);
    assert_int_equal(acta_send(full, mixed, .who = w.tx, .data = {NULL, 1}, .where = w.addr), ACTA_EINVAL);
    for (int n = 1; n <= 2; n++) { // of a call two blocks are the request's and its promise's
        acti_pool_fail_after(n);
        assert_int_equal(acta_call(full, 1, &reply, give, .who = w.tx), ACTA_ENOMEM);
        acti_pool_fail_after(0);
    }
    acti_pool_fail_after(1);
    assert_int_equal(acta_try_send(full, give, .who = w.tx), ACTA_ENOMEM);
    acti_pool_fail_after(0);

    taker_init(&gone, false, NULL, NULL);
    acta_tx *ended = kit_spawn(&k, &kit_kinds[0], &gone);
    assert_int_equal(acta_stop(acta_tx_addr(ended)), ACTA_OK);
    assert_true(kit_await_ended(acta_tx_addr(ended)));
    assert_int_equal(acta_send(ended, give, .who = w.tx), ACTA_EGONE);
    assert_int_equal(acta_call(ended, 1, &reply, mixed, .who = w.tx, .where = w.addr), ACTA_EGONE);
    assert_int_equal(acta_finish(&ended, give, .who = w.tx), ACTA_EGONE);

    assert_int_equal(senders_of(w.addr), 1);
    assert_int_equal(refs_of(w.addr), refs);
    assert_int_equal(eofs_of(&w), 0);
    test_gate_open(&t.go);
    acta_tx_drop(&full);
    watched_end(&w);
    kit_close(&k);
    taker_fini(&t);
    taker_fini(&gone);
}

TEST(optional_ones_may_be_left_out)
{
    acta_msg *m = NULL;
    maybe body = {0};
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(maybe), &body, UINT32_MAX, false, &m), ACTA_OK);
    assert_null(acta_as(maybe, m)->who);
    assert_null(acta_as(maybe, m)->where);
    acta_msg_free(&m);
}

// ---- held, and let go ----------------------------------------------------------------------

// Holds the message that it has taken until it is told to go on; a body, so that it says itself when that is freed.
typedef struct keeper {
    watched *of;
    uint32_t senders; // with the message in its hands
    uint32_t eofs;
    test_gate has;
    test_gate go;
    test_gate over;
} keeper;

static int keeps_one(acta_self *self, void *arg)
{
    keeper *h = arg;
    acta_msg *m = acta_recv(self);
    test_gate_open(&h->has);
    kit_claim(test_gate_wait(&h->go));
    h->senders = senders_of(h->of->addr);
    h->eofs = eofs_of(h->of);
    kit_claim(acta_send(acta_as(give, m)->who, item, .n = 1) == ACTA_OK);
    acta_msg_free(&m);
    kit_claim(test_gate_wait(&h->over));
    return ACTA_OK;
}

TEST(eof_comes_behind_what_went_through_the_last_sender_once_its_message_is_freed)
{
    KIT_EACH_KIND(kind) {
        kit k;
        watched w;
        keeper h = {.of = &w};
        kit_open(&k, 2);
        test_gate_init(&h.has);
        test_gate_init(&h.go);
        test_gate_init(&h.over);
        watched_start(&w, &k, kind);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = keeps_one, .arg = &h, .place = ACTA_THREAD), ACTA_OK);
        assert_int_equal(acta_send(tx, give, .who = w.tx), ACTA_OK);
        acta_tx_drop(&w.tx);
        assert_true(test_gate_wait(&h.has));
        test_gate_open(&h.go);
        acta_tx_drop(&tx);
        watched_end(&w); // before the end of the one that had the message
        test_gate_open(&h.over);
        kit_close(&k);
        assert_int_equal(h.senders, 1);
        assert_int_equal(h.eofs, 0);
        assert_int_equal(w.items, 1);
        test_gate_fini(&h.has);
        test_gate_fini(&h.go);
        test_gate_fini(&h.over);
    }
}

// passes_on hands the message to the next in line, or says something to who is in it.
static int passes_on(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx **next = arg;
    (void)self;
    if (!acta_is(give, m))
        return ACTA_OK;
    if (*next != NULL)
        return acta_finish_body(next, m->type, acta_msg_body(m));
    acta_tx *own = acta_tx_dup(acta_as(give, m)->who); // and so after the message
    kit_claim(acta_send(own, item, .n = 1) == ACTA_OK);
    return acta_finish(&own, item, .n = 2);
}

TEST(sender_that_went_through_many_hands_holds_until_the_last)
{
    enum { HANDS = 5 };
    KIT_EACH_KIND(kind) {
        kit k;
        watched w;
        taker t[HANDS];
        acta_tx *next[HANDS] = {NULL}; // of each
        kit_open(&k, 2);
        watched_start(&w, &k, kind);
        acta_tx *first = NULL;
        for (int i = HANDS - 1; i >= 0; i--) {
            next[i] = first;
            taker_init(&t[i], false, passes_on, &next[i]);
            first = kit_spawn(&k, kind, &t[i]);
        }
        assert_int_equal(acta_finish(&first, give, .who = w.tx), ACTA_OK);
        acta_tx_drop(&w.tx);
        watched_end(&w);
        kit_close(&k);
        assert_int_equal(w.items, 2);
        for (int i = 0; i < HANDS; i++)
            taker_fini(&t[i]);
    }
}

TEST(address_keeps_nobody_alive)
{
    KIT_EACH_KIND(kind) {
        kit k;
        watched w;
        taker t;
        kit_open(&k, 1);
        watched_start(&w, &k, kind);
        uint32_t refs = refs_of(w.addr);
        acta_tx *tx = hold(&k, &t, 8, NULL, NULL);
        assert_int_equal(acta_send(tx, point, .who = w.addr), ACTA_OK);
        assert_int_equal(senders_of(w.addr), 1);
        assert_int_equal(refs_of(w.addr), refs + 1); // its memory
        acta_tx_drop(&w.tx);
        assert_true(await_eof(&w)); // with the message in an inbox
        assert_true(kit_await_ended(w.addr));
        test_gate_open(&t.go);
        acta_tx_drop(&tx);
        watched_end(&w);
        kit_close(&k);
        assert_int_equal(t.handled, 2);
        taker_fini(&t);
    }
}

TEST(all_fields_of_a_message_are_its_own)
{
    kit k;
    watched w, other;
    kit_open(&k, 1);
    watched_start(&w, &k, &kit_kinds[0]);
    watched_start(&other, &k, &kit_kinds[0]);
    uint32_t refs = refs_of(other.addr);
    acta_msg *m = NULL;
    mixed body = {.line = "a", .who = w.tx, .data = {"bc", 2}, .where = other.addr, .end = "d"};
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(mixed), &body, UINT32_MAX, false, &m), ACTA_OK);
    const mixed *copy = acta_as(mixed, m);
    assert_ptr_equal(acta_tx_addr(copy->who), w.addr);
    assert_ptr_equal(copy->where, other.addr);
    assert_string_equal(copy->line, "a");
    assert_string_equal(copy->end, "d");
    assert_true(copy->data.size == 2 && memcmp(copy->data.data, "bc", 2) == 0);
    assert_int_equal(senders_of(w.addr), 2);
    assert_int_equal(refs_of(other.addr), refs + 1);
    acta_msg_free(&m);
    assert_int_equal(senders_of(w.addr), 1);
    assert_int_equal(refs_of(other.addr), refs);
    watched_end(&w);
    watched_end(&other);
    kit_close(&k);
}

// ---- wherever a message ends ------------------------------------------------------------------

static int is_done(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_DONE;
}

TEST(message_that_is_queued_when_its_actor_ends_lets_go)
{
    kit k;
    watched w;
    taker t;
    kit_open(&k, 1);
    watched_start(&w, &k, &kit_kinds[0]);
    acta_tx *tx = hold(&k, &t, 8, is_done, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(acta_send(tx, give, .who = w.tx), ACTA_OK);
    assert_int_equal(senders_of(w.addr), 4);
    acta_tx_drop(&w.tx);
    assert_int_equal(eofs_of(&w), 0);
    test_gate_open(&t.go);
    watched_end(&w);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(t.handled, 1);
    assert_int_equal(k.lines, 0);
    taker_fini(&t);
}

// Stays in its first message until it is killed, and comes to no other.
static int waits_to_be_killed(acta_self *self, void *arg, acta_msg *m)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    (void)arg;
    kit_claim(m == NULL || acta_is(item, m));
    while (m != NULL && !acti_actor_is_forced(acti_actor_of_self(self)) && acti_clock_ns() < until_ns)
        sched_yield();
    return ACTA_OK;
}

TEST(actor_that_has_the_last_sender_to_itself_in_its_inbox_ends_with_a_close_by_force)
{
    static const acta_track tracked[] = {ACTA_TRACK_OFF, ACTA_TRACK_ON};
    for (int i = 0; i < 2; i++) {
        KIT_EACH_KIND(kind) {
            kit k;
            kit_actor a = {waits_to_be_killed};
            kit_open_with(&k, (acta_system_opts){.workers = 1, .track_senders = tracked[i]});
            acta_tx *tx = kit_spawn(&k, kind, &a);
            kit_send(tx, 0);
            assert_int_equal(acta_send(tx, give, .who = tx), ACTA_OK);
            assert_int_equal(acta_finish(&tx, give, .who = tx), ACTA_OK); // each holds the actor by itself
            kit_close_as(&k, ACTA_EALIVE, 1);
            assert_true(kit_reported(&k, kind->name, "still alive"));
            assert_int_equal(kit_reported(&k, kind->name, "held by a give of a thread outside ("),
                             tracked[i] == ACTA_TRACK_ON);
        }
    }
}

// ---- requests and their outcomes -----------------------------------------------------------------

// What a responder does with a request that holds a sender, by its number.
enum { ANSWER = 1, ANSWER_LARGE, DROP_IT, PASS_IT_ON, PASS_IT_ON_TO_THE_DEAD };

typedef struct responder {
    acta_tx *next;
    bool in_vain; // whoever asks has gone by the time of the answer
} responder;

static int responds(acta_self *self, void *arg, acta_msg *m)
{
    responder *r = arg;
    static const char large[4000];
    const give *g = acta_as(give, m);
    acta_promise *promise = NULL;
    int status;
    if (g == NULL || !acta_msg_wants_reply(m))
        return ACTA_OK;
    switch (g->n) {
    case ANSWER:
        kit_claim(acta_reply(self, m, give, .who = NULL) == ACTA_EINVAL); // and it is still open
        status = acta_reply(self, m, give, .who = g->who);
        kit_claim(status == (r->in_vain ? ACTA_EGONE : ACTA_OK));
        break;
    case ANSWER_LARGE: // does not fit in the block of the promise
        kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
        kit_claim(acta_promise_reply(self, &promise, mixed, .who = g->who, .data = {large, sizeof(large)},
                                     .where = acta_tx_addr(g->who)) == ACTA_OK);
        break;
    case PASS_IT_ON:
        kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
        kit_claim(acta_delegate(self, &promise, r->next, give, .n = ANSWER) == ACTA_EINVAL);
        kit_claim(acta_delegate(self, &promise, r->next, give, .n = ANSWER, .who = g->who) == ACTA_OK);
        acta_tx_drop(&r->next);
        break;
    case PASS_IT_ON_TO_THE_DEAD:
        kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
        kit_claim(acta_stop(acta_tx_addr(r->next)) == ACTA_OK);
        kit_claim(kit_await_ended(acta_tx_addr(r->next)));
        kit_claim(acta_delegate(self, &promise, r->next, give, .n = ANSWER, .who = g->who) == ACTA_EGONE);
        kit_claim(acta_promise_drop(self, &promise) == ACTA_OK);
        break;
    default:
        break;
    }
    return ACTA_OK;
}

// call asks a responder that may have a next one, and gives the outcome.
static int call(const kit *k, const kit_kind *kind, int64_t n, acta_tx *who, acta_msg **reply)
{
    responder r = {0}, last = {0};
    taker t, t_last;
    taker_init(&t, false, responds, &r);
    taker_init(&t_last, false, responds, &last);
    r.next = kit_spawn(k, &kit_kinds[2], &t_last);
    acta_addr *next = acta_addr_dup(acta_tx_addr(r.next)); // the responder may drop the sender
    acta_tx *tx = kit_spawn(k, kind, &t);
    acta_addr *asked = acta_addr_dup(acta_tx_addr(tx));
    int status = acta_call(tx, KIT_WAIT_NS, reply, give, .n = n, .who = who);
    acta_tx_drop(&tx);
    assert_true(kit_await_ended(asked));
    acta_addr_drop(&asked);
    acta_tx_drop(&r.next);
    assert_true(kit_await_ended(next));
    acta_addr_drop(&next);
    taker_fini(&t);
    taker_fini(&t_last);
    return status;
}

TEST(request_and_reply_each_let_go_of_their_own)
{
    static const struct {
        int64_t n;
        int status;
        bool replied;
    } rows[] = {
        {ANSWER, ACTA_OK, true},
        {ANSWER_LARGE, ACTA_OK, true},
        {DROP_IT, ACTA_ENOREPLY, false},
        {PASS_IT_ON, ACTA_OK, true},
        {PASS_IT_ON_TO_THE_DEAD, ACTA_ENOREPLY, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        KIT_EACH_KIND(kind) {
            kit k;
            watched w;
            acta_msg *reply = NULL;
            kit_open(&k, 2);
            watched_start(&w, &k, &kit_kinds[0]);
            assert_int_equal(call(&k, kind, rows[i].n, w.tx, &reply), rows[i].status);
            assert_true(await_senders(w.addr, rows[i].replied ? 2 : 1));
            if (rows[i].n == ANSWER_LARGE)
                assert_ptr_equal(acta_as(mixed, reply)->where, w.addr);
            else if (rows[i].replied)
                assert_ptr_equal(acta_tx_addr(acta_as(give, reply)->who), w.addr);
            acta_tx_drop(&w.tx);
            if (rows[i].replied)
                assert_int_equal(eofs_of(&w), 0); // the reply has the last one
            acta_msg_free(&reply);
            watched_end(&w);
            kit_close(&k);
        }
    }
}

TEST(reply_that_comes_to_nobody_lets_go)
{
    kit k;
    watched w;
    taker t;
    responder r = {.in_vain = true};
    kit_open(&k, 1);
    watched_start(&w, &k, &kit_kinds[0]);
    acta_tx *tx = hold(&k, &t, 8, responds, &r);
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, 1, &reply, give, .n = ANSWER, .who = w.tx), ACTA_ETIMEOUT);
    assert_null(reply);
    assert_int_equal(senders_of(w.addr), 2); // in the request, which has arrived
    test_gate_open(&t.go);
    acta_tx_drop(&tx);
    assert_true(await_senders(w.addr, 1));
    watched_end(&w);
    kit_close(&k);
    taker_fini(&t);
}

// Asks, hears that it took too long, has the answer come after that, and goes on until its end.
typedef struct impatient {
    acta_tx *to;
    acta_tx *who;
    test_gate *go; // of who is asked
} impatient;

static int asks_in_vain(acta_self *self, void *arg)
{
    impatient *a = arg;
    uint64_t id;
    kit_claim(acta_ask(self, a->to, 1, &id, give, .n = ANSWER, .who = a->who) == ACTA_OK);
    acta_msg *m = acta_await(self, id);
    const acta_failure *failure = m != NULL ? acta_as(acta_failure, m) : NULL;
    kit_claim(failure != NULL && failure->status == ACTA_ETIMEOUT);
    acta_msg_free(&m);
    test_gate_open(a->go);
    kit_claim(acta_recv(self) == NULL);
    return ACTA_OK;
}

TEST(late_reply_lets_go_and_is_seen_by_nobody)
{
    kit k;
    watched w;
    taker t;
    responder r = {0};
    kit_open(&k, 1);
    watched_start(&w, &k, &kit_kinds[0]);
    acta_tx *to = hold(&k, &t, 8, responds, &r);
    impatient a = {.to = to, .who = w.tx, .go = &t.go};
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = asks_in_vain, .arg = &a), ACTA_OK);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (kit_read(&k).dropped_late == 0 && acti_clock_ns() < until_ns)
        sched_yield();
    assert_int_equal(kit_read(&k).dropped_late, 1);
    assert_true(await_senders(w.addr, 1));
    acta_tx_drop(&tx);
    acta_tx_drop(&to);
    watched_end(&w);
    kit_close(&k);
    taker_fini(&t);
}

TEST(message_from_a_call_is_freed_when_its_system_is_no_more)
{
    static const acta_track tracked[] = {ACTA_TRACK_OFF, ACTA_TRACK_ON};
    for (int i = 0; i < 2; i++) {
        kit k;
        watched w;
        acta_msg *reply = NULL;
        kit_open_with(&k, (acta_system_opts){.workers = 2, .track_senders = tracked[i]});
        watched_start(&w, &k, &kit_kinds[0]);
        assert_int_equal(call(&k, &kit_kinds[0], ANSWER, w.tx, &reply), ACTA_OK);
        assert_int_equal(acta_stop(w.addr), ACTA_OK);
        acta_tx_drop(&w.tx);
        assert_true(await_eof(&w));
        assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
        assert_int_equal(senders_of(w.addr), 1);
        acta_msg_free(&reply);
        assert_int_equal(senders_of(w.addr), 0);
        acta_addr_drop(&w.addr);
        assert_true(kit_nothing_leaked());
    }
}

// ---- what waits for room --------------------------------------------------------------------------

static int sends_two(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx **to = arg; // and who is sent
    (void)self;
    if (m == NULL || !acta_is(item, m))
        return ACTA_OK;
    for (int i = 0; i < 2; i++) { // of which the second is refused when either side has been killed
        int status = acta_send(to[0], give, .who = to[1]);
        kit_claim(status == ACTA_OK || i == 1);
    }
    acta_tx_drop(&to[0]);
    acta_tx_drop(&to[1]);
    return ACTA_OK;
}

typedef enum ending { ROOM_COMES, SENDER_IS_KILLED, RECEIVER_IS_KILLED } ending;

static void waits_for_room(const kit_kind *kind, ending how)
{
    kit k;
    watched w;
    taker t, sender;
    kit_open(&k, 1);
    watched_start(&w, &k, &kit_kinds[0]);
    acta_tx *full = hold(&k, &t, 1, NULL, NULL);
    kit_send(full, 1);
    acta_addr *receiver = acta_addr_dup(acta_tx_addr(full));
    acta_tx *to[2] = {full, acta_tx_dup(w.tx)};
    taker_init(&sender, false, sends_two, to);
    acta_tx *tx = kit_spawn(&k, kind, &sender);
    kit_send(tx, 1);
    assert_true(kit_await_pauses(&k, 1));
    acta_tx_drop(&w.tx);
    assert_true(senders_of(w.addr) >= 1); // in the outbox
    assert_int_equal(eofs_of(&w), 0);
    if (how == SENDER_IS_KILLED)
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
    if (how == SENDER_IS_KILLED)
        assert_true(kit_await_ended(acta_tx_addr(tx)));
    if (how == RECEIVER_IS_KILLED)
        assert_int_equal(acta_kill(receiver), ACTA_OK);
    test_gate_open(&t.go);
    acta_tx_drop(&tx);
    watched_end(&w);
    acta_addr_drop(&receiver);
    kit_close(&k);
    for (int i = 0; i < 2; i++)
        acta_tx_drop(&to[i]); // a killed body did not come to do so
    taker_fini(&t);
    taker_fini(&sender);
}

TEST(message_in_an_outbox_holds_and_lets_go_however_its_waiting_ends)
{
    KIT_EACH_KIND(kind) {
        waits_for_room(kind, ROOM_COMES);
        waits_for_room(kind, SENDER_IS_KILLED);
        waits_for_room(kind, RECEIVER_IS_KILLED);
    }
}

// ---- between systems, and who is told about -----------------------------------------------------------

TEST(sender_may_be_of_another_system)
{
    kit k, other;
    watched w;
    taker t;
    kit_open(&k, 1);
    kit_open(&other, 1);
    watched_start(&w, &other, &kit_kinds[0]);
    acta_tx *tx = hold(&k, &t, 8, NULL, NULL);
    assert_int_equal(acta_finish(&tx, give, .who = w.tx), ACTA_OK);
    acta_tx_drop(&w.tx);
    assert_int_equal(senders_of(w.addr), 1);
    test_gate_open(&t.go);
    assert_true(await_senders(w.addr, 0));
    watched_end(&w);
    assert_int_equal(acta_close(&other.sys, KIT_WAIT_NS), ACTA_OK);
    kit_close(&k);
    taker_fini(&t);
}

TEST(tracked_sender_in_a_message_says_whose_message_and_where_it_came_from)
{
    kit k;
    watched w;
    taker t, sender;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .track_senders = ACTA_TRACK_ON});
    watched_start(&w, &k, &kit_kinds[0]);
    acta_tx *held = hold(&k, &t, 8, NULL, NULL);
    acta_tx *to[2] = {acta_tx_dup(held), acta_tx_dup_at(w.tx, "given.c:7")};
    taker_init(&sender, false, sends_two, to);
    acta_tx *tx = kit_spawn_small(&k, &kit_kinds[0], &sender, "Ann", 1);
    acta_addr *ann = acta_addr_dup(acta_tx_addr(tx));
    assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
    assert_true(kit_await_ended(ann));
    char text[1000];
    (void)acta_why(w.addr, text, sizeof(text));
    if (strstr(text, "a give of Ann (given.c:7), a give of Ann (given.c:7)") == NULL)
        fail_msg("it says \"%s\"", text);
    test_gate_open(&t.go);
    acta_tx_drop(&held);
    assert_true(await_senders(w.addr, 1));
    (void)acta_why(w.addr, text, sizeof(text));
    assert_null(strstr(text, "give of"));
    acta_addr_drop(&ann);
    watched_end(&w);
    kit_close(&k);
    taker_fini(&t);
    taker_fini(&sender);
}

int main(void)
{
    return TEST_RUN(case_of(null_that_is_not_optional_is_refused),
                    case_of(message_that_is_refused_leaves_the_counts_as_they_were),
                    case_of(optional_ones_may_be_left_out),
                    case_of(eof_comes_behind_what_went_through_the_last_sender_once_its_message_is_freed),
                    case_of(sender_that_went_through_many_hands_holds_until_the_last),
                    case_of(address_keeps_nobody_alive), case_of(all_fields_of_a_message_are_its_own),
                    case_of(message_that_is_queued_when_its_actor_ends_lets_go),
                    case_of(actor_that_has_the_last_sender_to_itself_in_its_inbox_ends_with_a_close_by_force),
                    case_of(request_and_reply_each_let_go_of_their_own), case_of(reply_that_comes_to_nobody_lets_go),
                    case_of(late_reply_lets_go_and_is_seen_by_nobody),
                    case_of(message_from_a_call_is_freed_when_its_system_is_no_more),
                    case_of(message_in_an_outbox_holds_and_lets_go_however_its_waiting_ends),
                    case_of(sender_may_be_of_another_system),
                    case_of(tracked_sender_in_a_message_says_whose_message_and_where_it_came_from));
}
