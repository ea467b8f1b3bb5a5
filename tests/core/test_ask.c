// SPDX-License-Identifier: MIT
//
// C-ASK: a request has exactly one outcome, whatever happens to the responder, the asker and the clock.

#include "kit.h"

// What a responder does with a query, by its number.
enum { REPLY, REFUSE, REFUSE_WITHOUT_CAUSE, DROP, UNHANDLED, TWICE, NOT_NEGATIVE, FAIL, MODES };

typedef struct responder {
    kit_actor actor;
    test_gate *entered; // opened at each query, if set
    test_gate *go;      // waited for then, if set
    uint64_t queries;
    int reply_status;
} responder;

static int responds_by_mode(acta_self *self, void *arg, acta_msg *m)
{
    responder *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const query *q = acta_as(query, m);
    if (q == NULL) {
        kit_claim(!acta_msg_wants_reply(m));
        kit_claim(acta_reply(self, m, answer, .n = 1) == ACTA_EINVAL);
        return ACTA_OK;
    }
    kit_claim(acta_msg_wants_reply(m));
    r->queries++;
    if (r->entered != NULL)
        test_gate_open(r->entered);
    if (r->go != NULL)
        kit_claim(test_gate_wait(r->go));
    switch (q->n) {
    case REPLY:
        r->reply_status = acta_reply(self, m, answer, .n = 42);
        kit_claim(!acta_msg_wants_reply(m));
        return ACTA_OK;
    case REFUSE:
        kit_claim(acta_refuse(self, m, ACTA_EACCES, "not to you") == ACTA_OK);
        return ACTA_OK;
    case REFUSE_WITHOUT_CAUSE:
        kit_claim(acta_refuse(self, m, ACTA_EREFUSED, NULL) == ACTA_OK);
        return ACTA_OK;
    case UNHANDLED:
        acta_unhandled(self, m);
        return ACTA_OK;
    case TWICE:
        kit_claim(acta_reply(self, m, answer, .n = 42) == ACTA_OK);
        kit_claim(acta_reply(self, m, answer, .n = 43) == ACTA_EINVAL);
        kit_claim(acta_refuse(self, m, ACTA_EREFUSED, NULL) == ACTA_EINVAL);
        return ACTA_OK;
    case NOT_NEGATIVE:
        kit_claim(acta_refuse(self, m, 0, "no status") == ACTA_EINVAL);
        kit_claim(acta_reply(self, m, note, "\xff") == ACTA_EINVAL); // and the request is still open
        kit_claim(acta_reply(self, m, answer, .n = 42) == ACTA_OK);
        return ACTA_OK;
    case FAIL:
        return ACTA_EIO;
    default: // DROP
        return ACTA_OK;
    }
}

typedef struct expected {
    int64_t status;
    const char *cause;
} expected;

static const expected outcome_of[MODES] = {
    [REPLY] = {ACTA_OK, NULL},
    [REFUSE] = {ACTA_EACCES, "not to you"},
    [REFUSE_WITHOUT_CAUSE] = {ACTA_EREFUSED, ""},
    [DROP] = {ACTA_ENOREPLY, "dropped"},
    [UNHANDLED] = {ACTA_EREFUSED, "does not handle"},
    [TWICE] = {ACTA_OK, NULL},
    [NOT_NEGATIVE] = {ACTA_OK, NULL},
    [FAIL] = {ACTA_ENOREPLY, "dropped"},
};

// ---- asking as a handler does: the outcome is an event ------------------------------

typedef struct asker {
    kit_actor actor;
    acta_tx *to; // dropped with the first item
    int64_t mode;
    uint64_t timeout_ns;
    int ask_status;
    uint64_t id;
    uint64_t asked_ns;
    uint64_t took_ns;
    int outcomes;
    int64_t status;
    int64_t n;
    char who[32];
    char cause[128];
    test_gate *until; // if set, it asks and takes nothing before this is open
    test_gate *ready; // opened by the outcome, if set
} asker;

static void note_outcome(asker *a, const acta_msg *m)
{
    a->outcomes++;
    const answer *reply = acta_as(answer, m);
    const acta_failure *failure = acta_as(acta_failure, m);
    kit_claim((reply != NULL) != (failure != NULL));
    if (reply != NULL)
        a->n = reply->n;
    if (failure == NULL)
        return;
    a->status = failure->status;
    snprintf(a->who, sizeof(a->who), "%s", failure->who);
    snprintf(a->cause, sizeof(a->cause), "%s", failure->cause);
}

static int asks(acta_self *self, void *arg, acta_msg *m)
{
    asker *a = arg;
    if (m == NULL) {
        acta_tx_drop(&a->to);
        return ACTA_OK;
    }
    if (acta_is(item, m)) {
        a->asked_ns = acta_now_ns(acta_system_of(self));
        a->ask_status = acta_ask(self, a->to, a->timeout_ns, &a->id, query, .n = a->mode);
        if (a->ask_status != ACTA_OK && a->ready != NULL)
            test_gate_open(a->ready);
        if (a->until != NULL)
            kit_claim(test_gate_wait(a->until));
        return ACTA_OK;
    }
    kit_claim(a->id != 0 && acta_msg_ask(m) == a->id);
    a->took_ns = acta_now_ns(acta_system_of(self)) - a->asked_ns;
    note_outcome(a, m);
    if (a->ready != NULL)
        test_gate_open(a->ready);
    return ACTA_OK;
}

TEST(each_request_has_one_outcome_between_all_kinds_of_actors)
{
    KIT_EACH_KIND(of_asker)
        KIT_EACH_KIND(of_responder)
            for (int64_t mode = 0; mode < MODES; mode++) {
                kit k;
                kit_open(&k, 2);
                responder r = {.actor = {responds_by_mode}};
                test_gate ready;
                test_gate_init(&ready);
                asker a = {.actor = {asks}, .mode = mode, .timeout_ns = ACTA_FOREVER, .ready = &ready};
                a.to = kit_spawn(&k, of_responder, &r);
                kit_send(a.to, 0);
                acta_tx *tx = kit_spawn(&k, of_asker, &a);
                kit_send(tx, 0);
                assert_true(test_gate_wait(&ready));
                acta_tx_drop(&tx);
                kit_close(&k);
                test_gate_fini(&ready);
                assert_int_equal(r.queries, 1);
                assert_int_equal(a.ask_status, ACTA_OK);
                assert_int_equal(a.outcomes, 1);
                assert_int_equal(a.status, outcome_of[mode].status);
                if (outcome_of[mode].cause != NULL) {
                    assert_non_null(strstr(a.cause, outcome_of[mode].cause));
                    assert_string_equal(a.who, of_responder->name);
                } else {
                    assert_int_equal(a.n, 42);
                }
                assert_true(kit_reported(&k, "query", "not handle") == (mode == UNHANDLED));
            }
}

TEST(an_ask_of_an_actor_that_has_ended_is_refused_and_has_no_outcome)
{
    kit k;
    kit_open(&k, 1);
    responder r = {.actor = {responds_by_mode}};
    test_gate ready;
    test_gate_init(&ready);
    asker a = {.actor = {asks}, .mode = REPLY, .timeout_ns = ACTA_FOREVER, .ready = &ready};
    a.to = kit_spawn(&k, &kit_kinds[0], &r);
    assert_int_equal(acta_stop(acta_tx_addr(a.to)), ACTA_OK);
    assert_true(kit_await_ended(acta_tx_addr(a.to)));
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &a);
    kit_send(tx, 0);
    assert_true(test_gate_wait(&ready));
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&ready);
    assert_int_equal(a.ask_status, ACTA_EGONE);
    assert_int_equal(a.id, 0); // written on success only
    assert_int_equal(a.outcomes, 0);
    assert_int_equal(r.queries, 0);
}

// ---- the responder's death ------------------------------------------------------------

typedef struct keeper {
    acta_msg *kept;
    test_gate *entered;
    test_gate *go;
    acta_addr *addr;
    bool answers_late;
    int late_status;
} keeper;

// Takes one request and ends with it, or answers it when everything is over.
static int keeps_the_request(acta_self *self, void *arg)
{
    keeper *h = arg;
    h->kept = acta_recv(self);
    if (h->entered != NULL)
        test_gate_open(h->entered);
    if (h->go != NULL)
        kit_claim(test_gate_wait(h->go));
    if (h->answers_late) {
        acta_msg *none = acta_recv(self); // idle until EOF
        kit_claim(none == NULL);
        h->late_status = acta_reply(self, h->kept, answer, .n = 42);
        acta_msg_free(&h->kept);
    }
    return ACTA_EIO;
}

static void free_kept(void *arg)
{
    acta_msg_free(&((keeper *)arg)->kept);
}

TEST(a_responder_that_ends_with_the_request_in_its_hands_is_gone)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int i = 0; i < 2; i++) {
        kit k;
        kit_open(&k, 2);
        keeper h = {0};
        test_gate ready;
        test_gate_init(&ready);
        asker a = {.actor = {asks}, .timeout_ns = ACTA_FOREVER, .ready = &ready};
        assert_int_equal(acta_spawn(k.sys, &a.to, .body = keeps_the_request, .arg = &h, .arg_free = free_kept,
                                    .place = places[i], .name = "keeper"),
                         ACTA_OK);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &a);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&ready));
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&ready);
        assert_int_equal(a.outcomes, 1);
        assert_int_equal(a.status, ACTA_EGONE);
        assert_string_equal(a.who, "keeper");
        assert_int_equal(k.ledger.queued, 0);
    }
}

TEST(a_responder_that_ends_before_it_came_to_the_request_returns_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        test_gate entered, go, ready;
        test_gate_init(&entered);
        test_gate_init(&go);
        test_gate_init(&ready);
        responder r = {.actor = {responds_by_mode}, .entered = &entered, .go = &go};
        asker first = {.actor = {asks}, .timeout_ns = ACTA_FOREVER, .mode = FAIL};
        asker second = {.actor = {asks}, .timeout_ns = ACTA_FOREVER, .mode = REPLY, .ready = &ready};
        first.to = kit_spawn(&k, kind, &r);
        second.to = acta_tx_dup(first.to);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[1], &first);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&entered)); // it holds the first request, which will be its end
        acta_tx *tx2 = kit_spawn(&k, &kit_kinds[2], &second);
        acta_addr *at = acta_tx_addr(second.to);
        kit_send(tx2, 0);
        while (!acti_inbox_has_mail(&acti_actor_of_addr(at)->inbox))
            continue; // the second request is not in its inbox yet
        test_gate_open(&go);
        assert_true(test_gate_wait(&ready));
        acta_ledger ledger;
        acta_ledger_read(k.sys, &ledger);
        assert_int_equal(ledger.returned, 1);
        acta_tx_drop(&tx);
        acta_tx_drop(&tx2);
        kit_close(&k);
        test_gate_fini(&entered);
        test_gate_fini(&go);
        test_gate_fini(&ready);
        assert_int_equal(first.status, ACTA_ENOREPLY);
        assert_int_equal(second.status, ACTA_EGONE);
        assert_int_equal(second.outcomes, 1);
        assert_int_equal(r.queries, 1);
        assert_string_equal(second.who, kind->name);
    }
}

// ---- time --------------------------------------------------------------------------

TEST(a_timeout_says_who_was_asked_and_what_it_does_and_is_never_early)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        test_gate entered, go, ready;
        test_gate_init(&entered);
        test_gate_init(&go);
        test_gate_init(&ready);
        responder r = {.actor = {responds_by_mode}, .entered = &entered, .go = &go, .reply_status = 1};
        // The timeout says what it does when it is taken: not before it is at the request.
        asker a = {.actor = {asks}, .timeout_ns = 5 * ACTA_MS, .mode = REPLY, .until = &entered, .ready = &ready};
        a.to = kit_spawn(&k, kind, &r);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[2], &a);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&ready));
        test_gate_open(&go); // the answer comes now, and late
        acta_tx_drop(&tx);
        acta_ledger ledger;
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        do
            acta_ledger_read(k.sys, &ledger);
        while (ledger.dropped_late == 0 && acti_clock_ns() < until_ns);
        assert_int_equal(ledger.dropped_late, 1);
        kit_close(&k);
        test_gate_fini(&entered);
        test_gate_fini(&go);
        test_gate_fini(&ready);
        assert_int_equal(a.outcomes, 1);
        assert_int_equal(a.status, ACTA_ETIMEOUT);
        assert_string_equal(a.who, kind->name);
        assert_non_null(strstr(a.cause, "running"));
        assert_true(a.took_ns >= a.timeout_ns);
        assert_true(a.took_ns < KIT_WAIT_NS);
        assert_int_equal(a.n, 0); // the late answer did not surface
    }
}

TEST(a_timeout_of_an_idle_responder_says_so_and_its_late_reply_is_dropped)
{
    kit k;
    kit_open(&k, 2);
    test_gate entered, idle, ready;
    test_gate_init(&entered);
    test_gate_init(&idle);
    test_gate_init(&ready);
    keeper h = {.entered = &entered, .answers_late = true, .late_status = 1};
    asker a = {.actor = {asks}, .timeout_ns = 5 * ACTA_MS, .until = &idle, .ready = &ready};
    assert_int_equal(acta_spawn(k.sys, &a.to, .body = keeps_the_request, .arg = &h, .name = "keeper"), ACTA_OK);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[2], &a);
    acta_tx *keeps = acta_tx_dup(a.to);
    kit_send(tx, 0);
    assert_true(test_gate_wait(&entered));
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (!acti_inbox_is_parked(&acti_actor_of_tx(keeps)->inbox))
        assert_true(acti_clock_ns() < until_ns);
    test_gate_open(&idle); // now the timeout may be taken
    assert_true(test_gate_wait(&ready));
    acta_tx_drop(&keeps);
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&entered);
    test_gate_fini(&idle);
    test_gate_fini(&ready);
    assert_int_equal(a.status, ACTA_ETIMEOUT);
    assert_non_null(strstr(a.cause, "idle"));
    assert_int_equal(a.outcomes, 1);
    assert_true(h.late_status == ACTA_OK || h.late_status == ACTA_EGONE);
}

// A reply and a timeout that come at about the same time: one of them, whichever, and never both.
enum { RACES = 2000 };

typedef struct racer {
    kit_actor actor;
    acta_tx *to;
    acta_tx *self;
    uint64_t waiting; // the ask in flight
    uint64_t asked;
    uint64_t replies;
    uint64_t timeouts;
    uint64_t wrong;
} racer;

static int races(acta_self *self, void *arg, acta_msg *m)
{
    racer *r = arg;
    if (m == NULL)
        return ACTA_OK;
    uint64_t of = acta_msg_ask(m);
    if (of != 0) {
        const acta_failure *failure = acta_as(acta_failure, m);
        r->wrong += of != r->waiting || (failure != NULL && failure->status != ACTA_ETIMEOUT);
        r->replies += failure == NULL;
        r->timeouts += failure != NULL;
        r->waiting = 0;
    }
    if (r->asked == RACES) {
        acta_tx_drop(&r->to);
        return ACTA_DONE;
    }
    r->asked++;
    // The clock's tick is 65 us: these are due at once, or at the next, or the one after that.
    kit_claim(acta_ask(self, r->to, r->asked % 130 * 1000, &r->waiting, query, .n = REPLY) == ACTA_OK);
    return ACTA_OK;
}

TEST(a_reply_and_a_timeout_at_the_same_moment_are_one_outcome)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        responder r = {.actor = {responds_by_mode}};
        racer a = {.actor = {races}};
        a.to = kit_spawn(&k, kind, &r);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[2], &a);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(a.replies + a.timeouts, RACES);
        assert_int_equal(a.wrong, 0);
        assert_int_equal(r.queries, RACES);
    }
}

// ---- the asker's death -----------------------------------------------------------------

typedef struct brief {
    kit_actor actor;
    acta_tx *to;
    uint64_t timeout_ns;
    bool waits; // until the timeout lies in its inbox
} brief;

static int asks_and_ends(acta_self *self, void *arg, acta_msg *m)
{
    brief *b = arg;
    (void)m;
    uint64_t id;
    kit_claim(acta_ask(self, b->to, b->timeout_ns, &id, query, .n = REPLY) == ACTA_OK);
    if (b->waits)
        kit_claim(kit_await_mail(self));
    acta_tx_drop(&b->to);
    return ACTA_DONE;
}

TEST(a_reply_to_an_asker_that_has_ended_is_late)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        test_gate go;
        test_gate_init(&go);
        responder r = {.actor = {responds_by_mode}, .go = &go};
        brief b = {.actor = {asks_and_ends}, .timeout_ns = ACTA_FOREVER};
        b.to = kit_spawn(&k, kind, &r);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[2], &b);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        test_gate_open(&go);
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&go);
        assert_int_equal(r.reply_status, ACTA_EGONE);
    }
}

TEST(an_asker_may_end_while_its_timeout_is_queued_or_about_to_be)
{
    for (uint64_t round = 0; round < 200; round++) {
        kit k;
        kit_open(&k, 2);
        test_gate go;
        test_gate_init(&go);
        responder r = {.actor = {responds_by_mode}, .go = &go};
        brief b = {.actor = {asks_and_ends}, .timeout_ns = round * 500, .waits = round % 4 == 0};
        b.to = kit_spawn(&k, &kit_kinds[2], &r);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[round % KIT_KINDS], &b);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        test_gate_open(&go);
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&go);
    }
}

// ---- awaiting in a body -----------------------------------------------------------------

enum { TRAFFIC = 200 };

typedef struct awaiter {
    acta_tx *slow;
    acta_tx *fast;
    test_gate asked;
    uint64_t disorder;
    uint64_t items;
    int64_t slow_n;
    int64_t fast_n;
} awaiter;

static int64_t answer_in(acta_msg *m, uint64_t id)
{
    kit_claim(m != NULL && acta_msg_ask(m) == id);
    const answer *reply = m != NULL ? acta_as(answer, m) : NULL;
    int64_t n = reply != NULL ? reply->n : -1;
    acta_msg_free(&m);
    return n;
}

static int awaits(acta_self *self, void *arg)
{
    awaiter *a = arg;
    uint64_t slow = 0, fast = 0;
    acta_msg *m = acta_await(self, 0);
    kit_claim(m == NULL);
    kit_claim(acta_ask(self, a->slow, ACTA_FOREVER, &slow, query, .n = REPLY) == ACTA_OK);
    kit_claim(acta_ask(self, a->fast, ACTA_FOREVER, &fast, query, .n = REPLY) == ACTA_OK);
    test_gate_open(&a->asked);
    // Asked for the other way round: slow answers only when all the traffic lies in the inbox.
    a->slow_n = answer_in(acta_await(self, slow), slow);
    a->fast_n = answer_in(acta_await(self, fast), fast);
    m = acta_await(self, fast);
    kit_claim(m == NULL); // it has had its outcome
    acta_tx_drop(&a->slow);
    acta_tx_drop(&a->fast);
    while ((m = acta_recv(self)) != NULL) {
        const item *i = acta_as(item, m);
        a->disorder += i == NULL || i->n != (int64_t)a->items;
        a->items++;
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

TEST(await_gives_the_outcome_asked_for_and_leaves_all_else_in_order)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int i = 0; i < 2; i++)
        for (uint32_t workers = 1; workers <= 2; workers++) {
            kit k;
            kit_open(&k, workers);
            test_gate go;
            test_gate_init(&go);
            responder slow = {.actor = {responds_by_mode}, .go = &go};
            responder fast = {.actor = {responds_by_mode}};
            awaiter a = {.slow = kit_spawn(&k, &kit_kinds[2], &slow), .fast = kit_spawn(&k, &kit_kinds[0], &fast)};
            test_gate_init(&a.asked);
            acta_tx *tx = NULL;
            assert_int_equal(acta_spawn(k.sys, &tx, .body = awaits, .arg = &a, .place = places[i]), ACTA_OK);
            for (int n = 0; n < TRAFFIC / 2; n++)
                kit_send(tx, n);
            assert_true(test_gate_wait(&a.asked));
            for (int n = TRAFFIC / 2; n < TRAFFIC; n++)
                kit_send(tx, n);
            acta_tx_drop(&tx); // even EOF waits its turn
            test_gate_open(&go);
            kit_close(&k);
            test_gate_fini(&go);
            test_gate_fini(&a.asked);
            assert_int_equal(a.slow_n, 42);
            assert_int_equal(a.fast_n, 42);
            assert_int_equal(a.items, TRAFFIC);
            assert_int_equal(a.disorder, 0);
        }
}

static int awaits_in_handler(acta_self *self, void *arg, acta_msg *m)
{
    asker *a = arg;
    if (m == NULL || !acta_is(item, m))
        return ACTA_OK;
    kit_claim(acta_ask(self, a->to, ACTA_FOREVER, &a->id, query, .n = REPLY) == ACTA_OK);
    acta_msg *none = acta_await(self, a->id);
    kit_claim(none == NULL);
    acta_tx_drop(&a->to);
    return ACTA_OK;
}

TEST(await_in_a_handler_is_null_at_once)
{
    kit k;
    kit_open(&k, 1);
    responder r = {.actor = {responds_by_mode}};
    asker a = {0};
    a.to = kit_spawn(&k, &kit_kinds[0], &r);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = awaits_in_handler, .arg = &a), ACTA_OK);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    kit_close(&k);
}

typedef struct outsider {
    acti_aptr self;
    test_gate here;
    test_gate go;
} outsider;

static int lends_itself(acta_self *self, void *arg)
{
    outsider *o = arg;
    acti_aptr_store_release(&o->self, self);
    test_gate_open(&o->here);
    kit_claim(test_gate_wait(&o->go));
    return ACTA_OK;
}

TEST(an_ask_outside_the_askers_turn_is_invalid)
{
    kit k;
    kit_open(&k, 1);
    outsider o = {0};
    test_gate_init(&o.here);
    test_gate_init(&o.go);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = lends_itself, .arg = &o, .place = ACTA_THREAD), ACTA_OK);
    assert_true(test_gate_wait(&o.here));
    uint64_t id = 0;
    assert_int_equal(acta_ask(acti_aptr_load_acquire(&o.self), tx, 1, &id, query, .n = 0), ACTA_EINVAL);
    assert_int_equal(id, 0);
    test_gate_open(&o.go);
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&o.here);
    test_gate_fini(&o.go);
}

// ---- calling from outside -----------------------------------------------------------

typedef struct calling {
    kit_actor actor;
    acta_tx *to;
} calling;

static int calls(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx *to = ((calling *)arg)->to;
    (void)self;
    if (m == NULL)
        return ACTA_OK;
    acta_msg *reply = NULL;
    kit_claim(acta_call(to, ACTA_FOREVER, &reply, query, .n = REPLY) == ACTA_EDEADLK);
    kit_claim(reply == NULL);
    return ACTA_OK;
}

TEST(a_call_inside_an_actor_is_a_deadlock_and_is_refused)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        responder r = {.actor = {responds_by_mode}};
        calling c = {.actor = {calls}, .to = kit_spawn(&k, &kit_kinds[0], &r)};
        acta_tx *tx = kit_spawn(&k, kind, &c);
        acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
        assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
        assert_true(kit_await_ended(addr));
        acta_addr_drop(&addr);
        acta_tx_drop(&c.to);
        kit_close(&k);
        assert_int_equal(r.queries, 0);
    }
}

TEST(a_call_from_outside_gives_the_outcome_whatever_it_is)
{
    KIT_EACH_KIND(kind)
        for (int64_t mode = 0; mode < MODES; mode++) {
            kit k;
            kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 256});
            responder r = {.actor = {responds_by_mode}};
            acta_tx *tx = kit_spawn(&k, kind, &r);
            acta_msg *reply = NULL;
            char line[300] = "";
            memset(line, 'x', sizeof(line) - 1);
            assert_int_equal(acta_call(tx, ACTA_FOREVER, &reply, note, line), ACTA_ETOOBIG);
            assert_null(reply);

            assert_int_equal(acta_call(tx, ACTA_FOREVER, &reply, query, .n = mode), outcome_of[mode].status);
            assert_non_null(reply);
            if (outcome_of[mode].status == ACTA_OK) {
                assert_int_equal(acta_as(answer, reply)->n, 42);
            } else {
                assert_string_equal(acta_as(acta_failure, reply)->who, kind->name);
                assert_non_null(strstr(acta_as(acta_failure, reply)->cause, outcome_of[mode].cause));
            }
            acta_msg_free(&reply);
            if (mode == FAIL) {
                assert_true(kit_await_ended(acta_tx_addr(tx)));
                assert_int_equal(acta_call(tx, ACTA_FOREVER, &reply, query, .n = REPLY), ACTA_EGONE);
                assert_null(reply);
            }
            acta_tx_drop(&tx);
            kit_close(&k);
            assert_int_equal(r.queries, 1);
        }
}

TEST(a_call_that_times_out_drops_the_late_reply_and_counts_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        test_gate go;
        test_gate_init(&go);
        responder r = {.actor = {responds_by_mode}, .go = &go};
        acta_tx *tx = kit_spawn(&k, kind, &r);
        acta_msg *reply = NULL;
        uint64_t start_ns = acti_clock_ns();
        assert_int_equal(acta_call(tx, 2 * ACTA_MS, &reply, query, .n = REPLY), ACTA_ETIMEOUT);
        assert_true(acti_clock_ns() - start_ns >= 2 * ACTA_MS);
        assert_null(reply);
        test_gate_open(&go);
        acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
        acta_tx_drop(&tx);
        assert_true(kit_await_ended(addr));
        acta_addr_drop(&addr);
        acta_ledger ledger;
        acta_ledger_read(k.sys, &ledger);
        assert_int_equal(ledger.dropped_late, 1);
        kit_close(&k);
        test_gate_fini(&go);
        assert_int_equal(r.reply_status, ACTA_EGONE);
    }
}

// ---- two systems ---------------------------------------------------------------------

TEST(requests_and_messages_cross_between_two_systems_of_one_process)
{
    KIT_EACH_KIND(of_asker)
        KIT_EACH_KIND(of_responder) {
            kit near, far;
            kit_open(&near, 1);
            kit_open(&far, 1);
            responder r = {.actor = {responds_by_mode}};
            test_gate ready;
            test_gate_init(&ready);
            asker a = {.actor = {asks}, .mode = REPLY, .timeout_ns = ACTA_FOREVER, .ready = &ready};
            a.to = kit_spawn(&far, of_responder, &r);
            acta_tx *barrier = acta_tx_dup(a.to);
            acta_tx *tx = kit_spawn(&near, of_asker, &a);
            kit_send(tx, 0);
            assert_true(test_gate_wait(&ready));
            // The responder answers a second time only when it is done with the first, and so with the near system.
            acta_msg *reply = NULL;
            assert_int_equal(acta_call(barrier, KIT_WAIT_NS, &reply, query, .n = REPLY), ACTA_OK);
            acta_msg_free(&reply);
            acta_tx_drop(&barrier);
            acta_tx_drop(&tx);
            assert_int_equal(acta_close(&near.sys, KIT_WAIT_NS), ACTA_OK);
            kit_close(&far);
            test_gate_fini(&ready);
            assert_int_equal(a.n, 42);
        }
}

int main(void)
{
    return TEST_RUN(case_of(an_ask_of_an_actor_that_has_ended_is_refused_and_has_no_outcome),
                    case_of(an_ask_outside_the_askers_turn_is_invalid),
                    case_of(each_request_has_one_outcome_between_all_kinds_of_actors),
                    case_of(a_responder_that_ends_with_the_request_in_its_hands_is_gone),
                    case_of(a_responder_that_ends_before_it_came_to_the_request_returns_it),
                    case_of(a_timeout_says_who_was_asked_and_what_it_does_and_is_never_early),
                    case_of(a_timeout_of_an_idle_responder_says_so_and_its_late_reply_is_dropped),
                    case_of(a_reply_and_a_timeout_at_the_same_moment_are_one_outcome),
                    case_of(a_reply_to_an_asker_that_has_ended_is_late),
                    case_of(an_asker_may_end_while_its_timeout_is_queued_or_about_to_be),
                    case_of(await_gives_the_outcome_asked_for_and_leaves_all_else_in_order),
                    case_of(await_in_a_handler_is_null_at_once),
                    case_of(a_call_inside_an_actor_is_a_deadlock_and_is_refused),
                    case_of(a_call_from_outside_gives_the_outcome_whatever_it_is),
                    case_of(a_call_that_times_out_drops_the_late_reply_and_counts_it),
                    case_of(requests_and_messages_cross_between_two_systems_of_one_process));
}
