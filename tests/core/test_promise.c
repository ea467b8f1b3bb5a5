// SPDX-License-Identifier: MIT
//
// C-ASK: a promise that was taken is kept exactly once, later, by another actor, or by its owner's end.

#include "kit.h"

// A debtor takes the promise of each query, and gets the item that says what to do with it in a turn of its own.
enum { REPLY, REFUSE, REFUSE_WITHOUT_CAUSE, DROP, LEAVE, FAIL, MODES, WAIT = 9 };
#define PASS_ON(mode) (((mode) + 1) * 10) // delegates to next, which is to do that

typedef struct debtor {
    kit_actor actor;
    acta_promise *promise;
    acta_tx *next;    // whom it delegates to; dropped at EOF
    test_gate *taken; // opened with the promise in hand, if set; else it goes on by itself
    uint64_t queries;
    int status; // of what it did with the promise
} debtor;

static void tell_oneself(acta_self *self, int64_t n)
{
    acta_tx *own = NULL;
    kit_claim(acta_addr_tx(acta_self_addr(self), &own) == ACTA_OK);
    kit_claim(acta_finish(&own, item, .n = n) == ACTA_OK);
}

static int keeps(acta_self *self, debtor *d, int64_t mode)
{
    if (mode >= PASS_ON(0)) {
        d->status = acta_delegate(self, &d->promise, d->next, query, .n = mode / 10 - 1);
        kit_claim((d->promise == NULL) == (d->status == ACTA_OK));
        return ACTA_OK;
    }
    switch (mode) {
    case REPLY:
        d->status = acta_promise_reply(self, &d->promise, answer, .n = 42);
        break;
    case REFUSE:
        d->status = acta_promise_refuse(self, &d->promise, ACTA_EACCES, "not to you");
        break;
    case REFUSE_WITHOUT_CAUSE:
        d->status = acta_promise_refuse(self, &d->promise, ACTA_EREFUSED, NULL);
        break;
    case DROP:
        d->status = acta_promise_drop(self, &d->promise);
        break;
    case LEAVE:
        return ACTA_DONE;
    case FAIL:
        return ACTA_EIO;
    default: // WAIT
        return ACTA_OK;
    }
    kit_claim(d->promise == NULL);
    return ACTA_OK;
}

static int owes_until_told(acta_self *self, void *arg, acta_msg *m)
{
    debtor *d = arg;
    if (m == NULL) {
        acta_tx_drop(&d->next);
        return ACTA_OK;
    }
    if (acta_is(item, m))
        return keeps(self, d, acta_as(item, m)->n);
    d->queries++;
    kit_claim(acta_promise_take(self, m, &d->promise) == ACTA_OK);
    if (d->taken != NULL)
        test_gate_open(d->taken);
    else
        tell_oneself(self, acta_as(query, m)->n);
    return ACTA_OK;
}

typedef struct expected {
    int status;
    const char *cause;
} expected;

static const expected outcome_of[MODES] = {
    [REPLY] = {ACTA_OK, NULL},
    [REFUSE] = {ACTA_EACCES, "not to you"},
    [REFUSE_WITHOUT_CAUSE] = {ACTA_EREFUSED, ""},
    [DROP] = {ACTA_ENOREPLY, "dropped"},
    [LEAVE] = {ACTA_EGONE, "ended without an answer"},
    [FAIL] = {ACTA_EGONE, "ended without an answer"},
};

static void assert_outcome(acta_tx *tx, int64_t mode, expected want, const char *who)
{
    acta_msg *m = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &m, query, .n = mode), want.status);
    assert_non_null(m);
    if (want.cause == NULL) {
        assert_int_equal(acta_as(answer, m)->n, 42);
    } else {
        assert_string_equal(acta_as(acta_failure, m)->who, who);
        assert_non_null(strstr(acta_as(acta_failure, m)->cause, want.cause));
    }
    acta_msg_free(&m);
}

// ---- refusals -----------------------------------------------------------------------

typedef struct clumsy {
    kit_actor actor;
    acta_promise *promise;
    acta_self *self; // of the actor that has the promise
    test_gate taken;
} clumsy;

static int takes_clumsily(acta_self *self, void *arg, acta_msg *m)
{
    clumsy *c = arg;
    acta_promise *none = NULL;
    if (m == NULL)
        return ACTA_OK;
    if (!acta_msg_wants_reply(m)) {
        kit_claim(acta_promise_take(self, m, &none) == ACTA_EINVAL && none == NULL);
        return ACTA_OK;
    }
    if (acta_as(query, m)->n == 1) {
        kit_claim(acta_reply(self, m, answer, .n = 42) == ACTA_OK);
        kit_claim(acta_promise_take(self, m, &none) == ACTA_EINVAL && none == NULL);
        return ACTA_OK;
    }
    kit_claim(acta_promise_take(self, m, &c->promise) == ACTA_OK);
    kit_claim(acta_promise_take(self, m, &none) == ACTA_EINVAL && none == NULL);
    kit_claim(!acta_msg_wants_reply(m));
    kit_claim(acta_reply(self, m, answer, .n = 41) == ACTA_EINVAL);
    kit_claim(acta_refuse(self, m, ACTA_EREFUSED, NULL) == ACTA_EINVAL);
    kit_claim(acta_as(query, m)->n == 2); // and it is still a message

    kit_claim(acta_promise_reply(self, &none, answer, .n = 41) == ACTA_EINVAL);
    kit_claim(acta_promise_refuse(self, &none, ACTA_EREFUSED, NULL) == ACTA_EINVAL);
    kit_claim(acta_promise_drop(self, &none) == ACTA_OK);

    // What cannot be sent leaves it owed.
    char line[300] = "";
    memset(line, 'x', sizeof(line) - 1);
    kit_claim(acta_promise_reply(self, &c->promise, note, line) == ACTA_ETOOBIG);
    kit_claim(acta_promise_reply(self, &c->promise, note, "\xff") == ACTA_EINVAL);
    kit_claim(acta_promise_refuse(self, &c->promise, ACTA_OK, "no status") == ACTA_EINVAL);
    kit_claim(acta_promise_refuse(self, &c->promise, ACTA_EREFUSED, "\xff") == ACTA_EINVAL);
    kit_claim(c->promise != NULL);
    kit_claim(acta_promise_reply(self, &c->promise, answer, .n = 42) == ACTA_OK);
    kit_claim(c->promise == NULL);
    kit_claim(acta_promise_reply(self, &c->promise, answer, .n = 43) == ACTA_EINVAL);
    return ACTA_OK;
}

TEST(what_is_no_open_request_has_no_promise_and_what_cannot_be_sent_leaves_it_owed)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 256});
        clumsy c = {.actor = {takes_clumsily}};
        acta_tx *tx = kit_spawn(&k, kind, &c);
        kit_send(tx, 0);
        assert_outcome(tx, 1, outcome_of[REPLY], NULL);
        assert_outcome(tx, 2, outcome_of[REPLY], NULL);
        acta_tx_drop(&tx);
        kit_close(&k);
    }
}

static int lends_its_promise(acta_self *self, void *arg, acta_msg *m)
{
    clumsy *c = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_promise_reply(self, &c->promise, answer, .n = 42) == ACTA_OK);
        return ACTA_OK;
    }
    c->self = self;
    kit_claim(acta_promise_take(self, m, &c->promise) == ACTA_OK);
    test_gate_open(&c->taken);
    return ACTA_OK;
}

typedef struct thief {
    kit_actor actor;
    clumsy *from;
    acta_tx *to;
} thief;

static int uses_what_it_found(acta_self *self, void *arg, acta_msg *m)
{
    thief *t = arg;
    clumsy *c = t->from;
    if (m == NULL)
        return ACTA_OK;
    acta_self *const selves[] = {self, c->self}; // it is neither its own promise nor the other's turn
    for (int i = 0; i < 2; i++) {
        kit_claim(acta_promise_reply(selves[i], &c->promise, answer, .n = 41) == ACTA_EINVAL);
        kit_claim(acta_promise_refuse(selves[i], &c->promise, ACTA_EREFUSED, NULL) == ACTA_EINVAL);
        kit_claim(acta_promise_drop(selves[i], &c->promise) == ACTA_EINVAL);
        kit_claim(acta_delegate(selves[i], &c->promise, t->to, query, .n = 0) == ACTA_EINVAL);
    }
    kit_claim(c->promise != NULL);
    return ACTA_OK;
}

typedef struct outside {
    acta_tx *to;
    int64_t mode;
    int status;
    acta_msg *reply;
} outside;

static void *calls_outside(void *arg)
{
    outside *o = arg;
    o->status = acta_call(o->to, KIT_WAIT_NS, &o->reply, query, .n = o->mode);
    return NULL;
}

TEST(a_promise_is_its_owners_and_nobody_elses)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        clumsy c = {.actor = {lends_its_promise}};
        test_gate_init(&c.taken);
        outside o = {.to = kit_spawn(&k, kind, &c)};
        thief t = {.actor = {uses_what_it_found}, .from = &c, .to = o.to};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, calls_outside, &o), 0);
        assert_true(test_gate_wait(&c.taken));
        acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &t);
        acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
        assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
        assert_true(kit_await_ended(addr));
        acta_addr_drop(&addr);
        kit_send(o.to, 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(o.status, ACTA_OK);
        assert_int_equal(acta_as(answer, o.reply)->n, 42);
        acta_msg_free(&o.reply);
        acta_tx_drop(&o.to);
        kit_close(&k);
        test_gate_fini(&c.taken);
    }
}

// ---- kept later -------------------------------------------------------------------------

TEST(a_promise_is_kept_in_a_later_turn_whatever_becomes_of_it)
{
    KIT_EACH_KIND(kind)
        for (int64_t mode = 0; mode < MODES; mode++) {
            kit k;
            kit_open(&k, 2);
            debtor d = {.actor = {owes_until_told}};
            acta_tx *tx = kit_spawn(&k, kind, &d);
            assert_outcome(tx, mode, outcome_of[mode], kind->name);
            acta_tx_drop(&tx);
            kit_close(&k);
            assert_int_equal(d.queries, 1);
            assert_int_equal(d.status, ACTA_OK);
        }
}

// A hoarder ends with two promises and, where it is a body, two requests in its hands.
enum { OWED = 4 };

typedef struct hoarder {
    acta_promise *promises[OWED];
    acta_msg *requests[OWED];
    int count;
} hoarder;

static int hoards(acta_self *self, void *arg)
{
    hoarder *h = arg;
    for (acta_msg *m; h->count < OWED && (m = acta_recv(self)) != NULL; h->count++) {
        h->requests[h->count] = m;
        if (h->count % 2 == 0)
            kit_claim(acta_promise_take(self, m, &h->promises[h->count]) == ACTA_OK);
    }
    return ACTA_OK;
}

static void free_requests(void *arg)
{
    hoarder *h = arg;
    for (int i = 0; i < OWED; i++) {
        kit_claim(acta_as(query, h->requests[i])->n >= 0); // the message is its user's
        kit_claim(!acta_msg_wants_reply(h->requests[i]));  // and the promise is not
        acta_msg_free(&h->requests[i]);
    }
}

typedef struct many {
    kit_actor actor;
    acta_tx *to;
    int gone;
    test_gate all;
} many;

static int asks_many(acta_self *self, void *arg, acta_msg *m)
{
    many *a = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        for (int i = 0; i < OWED; i++)
            kit_claim(acta_ask(self, a->to, ACTA_FOREVER, &id, query, .n = i) == ACTA_OK);
        acta_tx_drop(&a->to);
        return ACTA_OK;
    }
    const acta_failure *failure = acta_as(acta_failure, m);
    a->gone += failure != NULL && failure->status == ACTA_EGONE;
    if (a->gone == OWED)
        test_gate_open(&a->all);
    return ACTA_OK;
}

TEST(an_actor_that_ends_answers_all_that_it_owes_taken_or_not)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int i = 0; i < 2; i++) {
        kit k;
        kit_open(&k, 2);
        hoarder h = {.count = 0};
        many a = {.actor = {asks_many}};
        test_gate_init(&a.all);
        assert_int_equal(acta_spawn(k.sys, &a.to, .body = hoards, .arg = &h, .arg_free = free_requests,
                                    .place = places[i]),
                         ACTA_OK);
        acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &a);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&a.all));
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&a.all);
    }
}

TEST(a_late_answer_is_dropped_and_counted)
{
    KIT_EACH_KIND(kind)
        for (int64_t mode = REPLY; mode <= DROP; mode++) {
            kit k;
            kit_open(&k, 1);
            test_gate taken;
            test_gate_init(&taken);
            debtor d = {.actor = {owes_until_told}, .taken = &taken};
            acta_tx *tx = kit_spawn(&k, kind, &d);
            acta_msg *m = NULL;
            assert_int_equal(acta_call(tx, ACTA_MS, &m, query, .n = WAIT), ACTA_ETIMEOUT);
            assert_null(m);
            assert_true(test_gate_wait(&taken));
            kit_send(tx, mode);
            acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
            acta_tx_drop(&tx);
            assert_true(kit_await_ended(addr));
            acta_addr_drop(&addr);
            acta_ledger ledger;
            acta_ledger_read(k.sys, &ledger);
            assert_int_equal(ledger.dropped_late, 1);
            kit_close(&k);
            test_gate_fini(&taken);
            assert_int_equal(d.status, ACTA_EGONE); // nobody is there any more,
            assert_null(d.promise);                 // so nothing is owed
        }
}

// ---- refusals always fit --------------------------------------------------------------------

typedef struct refuser {
    kit_actor actor;
    const char *cause;
} refuser;

static int refuses(acta_self *self, void *arg, acta_msg *m)
{
    acta_promise *promise = NULL;
    const char *cause = ((refuser *)arg)->cause;
    if (m == NULL)
        return ACTA_OK;
    if (acta_as(query, m)->n == 0) {
        kit_claim(acta_refuse(self, m, ACTA_EACCES, cause) == ACTA_OK);
        return ACTA_OK;
    }
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    kit_claim(acta_promise_refuse(self, &promise, ACTA_EACCES, cause) == ACTA_OK && promise == NULL);
    return ACTA_OK;
}

static void assert_refused(uint32_t bytes_max, const char *name, const char *cause, const char *who, size_t whole)
{
    KIT_EACH_KIND(kind)
        for (int64_t taken = 0; taken < 2; taken++) {
            kit k;
            kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = bytes_max});
            refuser r = {.actor = {refuses}, .cause = cause};
            acta_tx *tx = NULL;
            acta_msg *m = NULL;
            assert_int_equal(kit_try_spawn(k.sys, kind, &r, name, &tx), ACTA_OK);
            assert_int_equal(acta_call(tx, KIT_WAIT_NS, &m, query, .n = taken), ACTA_EACCES);
            const acta_failure *failure = acta_as(acta_failure, m);
            assert_string_equal(failure->who, who);
            assert_int_equal(strlen(failure->cause), whole);
            assert_memory_equal(failure->cause, cause, whole);
            acta_msg_free(&m);
            acta_tx_drop(&tx);
            kit_close(&k);
        }
}

TEST(a_refusal_always_fits_and_is_cut_only_when_it_must_be)
{
    char cause[400] = "";
    for (size_t i = 0; i + 3 < sizeof(cause); i += 3)
        memcpy(cause + i, "\xe2\x82\xac", 3); // three bytes each
    size_t size = strlen(cause);
    // Of the 136 bytes, 24 are the struct; the name takes 2 and the cause one more than its length.
    assert_refused(8, "r", cause, "r", 108);
    assert_refused((uint32_t)(24 + 2 + size), "r", cause, "r", 108);
    assert_refused((uint32_t)(24 + 2 + size + 1), "r", cause, "r", size);
    assert_refused(8, "r", "short", "r", 5);
    // A name is cut to 31 bytes, here within a character.
    assert_refused(0, "thirty bytes of a name, and a \xe2\x82\xac", "why", "thirty bytes of a name, and a ", 3);
}

// ---- delegation -----------------------------------------------------------------------------

typedef struct passer {
    kit_actor actor;
    acta_tx *next;
    const char *line; // too long for next
} passer;

static int fails_to_pass_on(acta_self *self, void *arg, acta_msg *m)
{
    passer *p = arg;
    acta_promise *promise = NULL;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(acta_delegate(self, &promise, p->next, query, .n = REPLY) == ACTA_EINVAL);
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    kit_claim(acta_delegate(self, &promise, p->next, note, p->line) == ACTA_ETOOBIG);
    kit_claim(acta_delegate(self, &promise, p->next, note, "\xff") == ACTA_EINVAL);
    kit_claim(acta_delegate(self, &promise, p->next, query, .n = REPLY) == ACTA_EGONE);
    kit_claim(promise != NULL && !acta_msg_wants_reply(m));
    if (acta_as(query, m)->n == LEAVE)
        return ACTA_DONE; // it is still this actor's, and so told of its end
    kit_claim(acta_promise_reply(self, &promise, answer, .n = 42) == ACTA_OK && promise == NULL);
    return ACTA_OK;
}

TEST(a_request_that_cannot_be_passed_on_stays_ours)
{
    KIT_EACH_KIND(kind)
        for (int64_t mode = REPLY; mode <= LEAVE; mode += LEAVE) {
            kit k;
            kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 256});
            char line[300] = "";
            memset(line, 'x', sizeof(line) - 1);
            debtor gone = {.actor = {owes_until_told}};
            passer p = {.actor = {fails_to_pass_on}, .next = kit_spawn(&k, kind, &gone), .line = line};
            assert_int_equal(acta_stop(acta_tx_addr(p.next)), ACTA_OK);
            assert_true(kit_await_ended(acta_tx_addr(p.next)));
            acta_tx *tx = kit_spawn(&k, kind, &p);
            assert_outcome(tx, mode, outcome_of[mode], kind->name);
            acta_tx_drop(&p.next);
            acta_tx_drop(&tx);
            acta_ledger ledger;
            acta_ledger_read(k.sys, &ledger);
            assert_int_equal(ledger.refused, 2); // too big, gone
            kit_close(&k);
            assert_int_equal(gone.queries, 0);
        }
}

TEST(a_delegated_request_is_answered_by_the_last_of_the_chain_or_by_its_end)
{
    KIT_EACH_KIND(kind)
        for (int64_t mode = 0; mode < MODES; mode++) {
            kit k;
            kit_open(&k, 2);
            const kit_kind *last = &kit_kinds[(kind - kit_kinds + 1) % KIT_KINDS];
            debtor chain[4];
            acta_tx *next = NULL;
            for (int i = 0; i < 4; i++) {
                chain[i] = (debtor){.actor = {owes_until_told}, .next = next};
                next = kit_spawn(&k, i == 0 ? last : kind, &chain[i]);
            }
            assert_outcome(next, PASS_ON(PASS_ON(PASS_ON(mode))), outcome_of[mode], last->name);
            acta_tx_drop(&next);
            kit_close(&k);
            for (int i = 0; i < 4; i++) {
                assert_int_equal(chain[i].queries, 1);
                assert_int_equal(chain[i].status, ACTA_OK);
            }
        }
}

TEST(a_request_may_be_delegated_to_oneself)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        debtor d = {.actor = {owes_until_told}};
        acta_tx *tx = kit_spawn(&k, kind, &d);
        d.next = tx; // lent: the test drops it
        assert_outcome(tx, PASS_ON(PASS_ON(REPLY)), outcome_of[REPLY], NULL);
        assert_outcome(tx, PASS_ON(LEAVE), outcome_of[LEAVE], kind->name);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(d.queries, 5);
    }
}

typedef struct blocked {
    kit_actor actor;
    test_gate entered;
    test_gate go;
} blocked;

static int ends_when_let(acta_self *self, void *arg, acta_msg *m)
{
    blocked *b = arg;
    (void)self;
    if (m == NULL)
        return ACTA_OK;
    test_gate_open(&b->entered);
    kit_claim(test_gate_wait(&b->go));
    return ACTA_DONE;
}

TEST(a_delegated_request_that_its_receiver_never_came_to_is_answered_by_its_end)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        blocked b = {.actor = {ends_when_let}};
        test_gate_init(&b.entered);
        test_gate_init(&b.go);
        debtor d = {.actor = {owes_until_told}, .next = kit_spawn(&k, kind, &b)};
        kit_send(d.next, 0);
        assert_true(test_gate_wait(&b.entered));
        outside o = {.to = kit_spawn(&k, &kit_kinds[2], &d), .mode = PASS_ON(REPLY)};
        acti_actor *target = acti_actor_of_tx(d.next);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, calls_outside, &o), 0);
        while (!acti_inbox_has_mail(&target->inbox))
            continue; // the request does not lie there yet
        test_gate_open(&b.go);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(o.status, ACTA_EGONE);
        assert_string_equal(acta_as(acta_failure, o.reply)->who, kind->name);
        acta_msg_free(&o.reply);
        acta_tx_drop(&o.to);
        kit_close(&k);
        test_gate_fini(&b.entered);
        test_gate_fini(&b.go);
        assert_int_equal(k.ledger.queued, 0);
    }
}

// A narrow actor has room for one message, and is held in its first.
typedef struct narrow {
    kit_actor actor;
    test_gate entered;
    test_gate go;
    char seen[8];
    size_t count;
} narrow;

static int notes_what_comes(acta_self *self, void *arg, acta_msg *m)
{
    narrow *n = arg;
    if (m == NULL)
        return ACTA_OK;
    if (n->count == 0) {
        test_gate_open(&n->entered);
        kit_claim(test_gate_wait(&n->go));
    }
    if (n->count < sizeof(n->seen) - 1)
        n->seen[n->count++] = acta_is(query, m) ? 'q' : acta_is(item, m) ? 'i' : 'n';
    if (acta_msg_wants_reply(m))
        kit_claim(acta_reply(self, m, answer, .n = 42) == ACTA_OK);
    return ACTA_OK;
}

typedef struct pusher {
    kit_actor actor;
    acta_tx *to;
} pusher;

static int passes_on_and_talks(acta_self *self, void *arg, acta_msg *m)
{
    pusher *p = arg;
    acta_promise *promise = NULL;
    if (m == NULL) {
        acta_tx_drop(&p->to);
        return ACTA_OK;
    }
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    kit_claim(acta_delegate(self, &promise, p->to, query, .n = 0) == ACTA_OK && promise == NULL);
    kit_claim(acta_send(p->to, note, "behind it") == ACTA_OK);
    return ACTA_OK;
}

TEST(a_delegated_request_waits_for_room_and_keeps_its_place)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        narrow n = {.actor = {notes_what_comes}};
        test_gate_init(&n.entered);
        test_gate_init(&n.go);
        pusher p = {.actor = {passes_on_and_talks}};
        assert_int_equal(acta_spawn(k.sys, &p.to, .handler = kit_handler, .arg = &n, .capacity = 1,
                                    .place = ACTA_THREAD),
                         ACTA_OK);
        kit_send(p.to, 0);
        assert_true(test_gate_wait(&n.entered));
        kit_send(p.to, 1); // now it is full
        acti_actor *target = acti_actor_of_tx(p.to);
        outside o = {.to = kit_spawn(&k, kind, &p)};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, calls_outside, &o), 0);
        while (!acti_inbox_wants_attention(&target->inbox))
            continue; // nobody waits for room yet
        test_gate_open(&n.go);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(o.status, ACTA_OK);
        acta_msg_free(&o.reply);
        acta_tx_drop(&o.to);
        kit_close(&k);
        test_gate_fini(&n.entered);
        test_gate_fini(&n.go);
        assert_string_equal(n.seen, "iiqn");
    }
}

// ---- without memory ---------------------------------------------------------------------------

typedef struct poor {
    kit_actor actor;
    acta_tx *next;
    const char *line; // larger than the block of a promise
} poor;

static int answers_without_memory(acta_self *self, void *arg, acta_msg *m)
{
    poor *p = arg;
    acta_promise *promise = NULL;
    if (m == NULL)
        return ACTA_OK;
    int64_t mode = acta_as(query, m)->n;
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    acti_pool_fail_after(1);
    int status = acta_promise_reply(self, &promise, note, p->line);
    kit_claim(status == ACTA_ENOMEM && promise != NULL);
    acti_pool_fail_after(1);
    status = acta_delegate(self, &promise, p->next, query, .n = 0);
    kit_claim(status == ACTA_ENOMEM && promise != NULL);
    acti_pool_fail_after(1);
    if (mode == REPLY)
        status = acta_promise_reply(self, &promise, answer, .n = 42);
    else if (mode == REFUSE)
        status = acta_promise_refuse(self, &promise, ACTA_EACCES, p->line);
    else
        status = acta_promise_drop(self, &promise);
    acti_pool_fail_after(0);
    kit_claim(status == ACTA_OK && promise == NULL);
    return ACTA_OK;
}

TEST(small_replies_refusals_and_drops_need_no_memory_and_what_needs_some_leaves_it_owed)
{
    char line[300] = "";
    memset(line, 'x', sizeof(line) - 1);
    KIT_EACH_KIND(kind)
        for (int i = 0; i < 3; i++) {
            static const int64_t modes[] = {REPLY, REFUSE, DROP};
            kit k;
            kit_open(&k, 1);
            debtor d = {.actor = {owes_until_told}};
            poor p = {.actor = {answers_without_memory}, .next = kit_spawn(&k, kind, &d), .line = line};
            acta_tx *tx = kit_spawn(&k, kind, &p);
            acta_msg *m = NULL;
            assert_int_equal(acta_call(tx, KIT_WAIT_NS, &m, query, .n = modes[i]), outcome_of[modes[i]].status);
            acta_msg_free(&m);
            acta_tx_drop(&p.next);
            acta_tx_drop(&tx);
            kit_close(&k);
            assert_int_equal(d.queries, 0);
        }
}

// One of a chain that does what it can: it delegates, else it answers, else it refuses.
typedef struct relay {
    kit_actor actor;
    acta_tx *next;
} relay;

static int does_what_it_can(acta_self *self, void *arg, acta_msg *m)
{
    relay *r = arg;
    acta_promise *promise = NULL;
    if (m == NULL) {
        acta_tx_drop(&r->next);
        return ACTA_OK;
    }
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    int status = r->next != NULL ? acta_delegate(self, &promise, r->next, query, .n = 1)
                                 : acta_promise_reply(self, &promise, note, "a reply that is too long for the block of "
                                                      "the promise, so that it needs memory of its own, which may not "
                                                      "be there just now, and then it is refused instead");
    if (status == ACTA_OK)
        return ACTA_OK;
    kit_claim(status == ACTA_ENOMEM);
    kit_claim(acta_promise_refuse(self, &promise, status, NULL) == ACTA_OK);
    return ACTA_OK;
}

// chain_without gives how many troubles there were when the n-th allocation fails; 0: none.
static uint32_t chain_without(const kit_kind *kind, uint64_t n)
{
    kit k = {0};
    kit_note_live();
    acti_pool_fail_after(n); // before there are threads: they need not be told otherwise
    acta_system_opts opts = {.workers = 2, .report = kit_report, .report_arg = &k};
    assert_int_equal(acta_open(&opts, &k.sys), ACTA_OK);
    relay relays[3];
    acta_tx *next = NULL;
    uint32_t troubles = 0;
    for (int i = 0; i < 3; i++) {
        relays[i] = (relay){.actor = {does_what_it_can}, .next = next};
        acta_tx *tx = NULL;
        if (kit_try_spawn(k.sys, kind, &relays[i], "relay", &tx) != ACTA_OK) {
            troubles++;
            break;
        }
        next = tx; // held by the one that comes next
    }
    if (next != NULL) {
        acta_msg *m = NULL;
        int status = acta_call(next, KIT_WAIT_NS, &m, query, .n = 1);
        assert_true(status == ACTA_OK || status == ACTA_ENOMEM); // and never a timeout
        troubles += status != ACTA_OK;
        acta_msg_free(&m);
    }
    acti_pool_fail_after(0);
    acta_tx_drop(&next);
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
    kit_claims_held();
    assert_true(kit_nothing_leaked());
    return troubles;
}

TEST(each_allocation_of_a_chain_that_fails_is_told_to_the_asker)
{
    enum { ALLOCATIONS_MAX = 100 };
    KIT_EACH_KIND(kind) {
        uint64_t n = 1;
        while (n < ALLOCATIONS_MAX && chain_without(kind, n) > 0)
            n++;
        assert_true(n > 6); // three actors, and at least three requests and a reply
        assert_true(n < ALLOCATIONS_MAX);
        assert_int_equal(chain_without(kind, ALLOCATIONS_MAX), 0);
    }
}

int main(void)
{
    return TEST_RUN(case_of(what_is_no_open_request_has_no_promise_and_what_cannot_be_sent_leaves_it_owed),
                    case_of(a_promise_is_its_owners_and_nobody_elses),
                    case_of(a_request_that_cannot_be_passed_on_stays_ours),
                    case_of(a_promise_is_kept_in_a_later_turn_whatever_becomes_of_it),
                    case_of(an_actor_that_ends_answers_all_that_it_owes_taken_or_not),
                    case_of(a_late_answer_is_dropped_and_counted),
                    case_of(a_refusal_always_fits_and_is_cut_only_when_it_must_be),
                    case_of(a_delegated_request_is_answered_by_the_last_of_the_chain_or_by_its_end),
                    case_of(a_delegated_request_that_its_receiver_never_came_to_is_answered_by_its_end),
                    case_of(a_request_may_be_delegated_to_oneself),
                    case_of(a_delegated_request_waits_for_room_and_keeps_its_place),
                    case_of(small_replies_refusals_and_drops_need_no_memory_and_what_needs_some_leaves_it_owed),
                    case_of(each_allocation_of_a_chain_that_fails_is_told_to_the_asker));
}
