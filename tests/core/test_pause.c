// SPDX-License-Identifier: MIT
//
// C-PAUSE: who sends to a full inbox waits, with everything it sends afterwards behind it; room goes to those in line
// in their order; circles are found, opened by one message at a time, and named.

#include "kit.h"

#include <acta/event.h>

#include "core/outbox.h"

// ---- a reader that is held in its first item ------------------------------------------------

enum { SOURCES = 16 };

typedef struct reader {
    kit_actor actor;
    test_gate entered;
    test_gate go;
    bool held; // in its first item
    uint32_t capacity; // claimed in each message, if set
    int64_t next[SOURCES];
    uint32_t handled;
    uint32_t eofs;
    int64_t order[64]; // the sources, as they came
} reader;

static int reads(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    if (m == NULL) {
        r->eofs++;
        return acta_eof(self);
    }
    kit_claim(r->capacity == 0 || kit_held(self) <= r->capacity);
    if (acta_msg_wants_reply(m)) {
        int status = acta_reply(self, m, answer, .n = r->handled);
        kit_claim(status == ACTA_OK || status == ACTA_EGONE); // whoever asked may have ended since
        return ACTA_OK;
    }
    const item *i = acta_as(item, m);
    kit_claim(i != NULL && i->source < SOURCES);
    kit_claim(r->next[i->source]++ == i->n);
    if (r->handled < 64)
        r->order[r->handled] = i->source;
    if (r->handled++ == 0 && r->held) {
        test_gate_open(&r->entered);
        kit_claim(test_gate_wait(&r->go));
    }
    return ACTA_OK;
}

static void reader_init(reader *r, bool held)
{
    *r = (reader){.actor = {reads}, .held = held};
    test_gate_init(&r->entered);
    test_gate_init(&r->go);
}

static void reader_fini(reader *r)
{
    test_gate_fini(&r->entered);
    test_gate_fini(&r->go);
}

// hold_full spawns a reader of capacity 1 that has its first item in its hands and its second in its inbox. It has a
// thread of its own, so that it holds up nobody.
static acta_tx *hold_full(const kit *k, reader *r)
{
    reader_init(r, true);
    acta_tx *tx = kit_spawn_small(k, &kit_kinds[2], r, "reader", 1);
    assert_int_equal(acta_send(tx, item, .source = 0, .n = 0), ACTA_OK);
    assert_true(test_gate_wait(&r->entered));
    assert_int_equal(acta_try_send(tx, item, .source = 0, .n = 1), ACTA_OK);
    assert_int_equal(acta_try_send(tx, item, .source = 0, .n = 2), ACTA_EFULL);
    return tx;
}

// ---- one that is paused ----------------------------------------------------------------------

typedef struct passer {
    kit_actor actor;
    acta_tx *to;
    acti_au32 handled;
} passer;

static int passes_on(acta_self *self, void *arg, acta_msg *m)
{
    passer *p = arg;
    if (m == NULL) {
        acta_tx_drop(&p->to);
        return acta_eof(self);
    }
    acti_au32_add_relaxed(&p->handled, 1);
    kit_claim(acta_send(p->to, item, .source = 1, .n = acta_as(item, m)->n) == ACTA_OK);
    return ACTA_OK;
}

TEST(a_paused_actor_handles_nothing_until_its_message_is_out_and_goes_on_in_order)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r;
        passer p = {.actor = {passes_on}, .to = hold_full(&k, &r)};
        acta_tx *tx = kit_spawn(&k, kind, &p);
        for (int64_t n = 0; n < 5; n++)
            kit_send(tx, n);
        assert_true(kit_await_pauses(&k, 1));
        assert_int_equal(acti_au32_load_relaxed(&p.handled), 1);
        acta_tx_drop(&tx);
        test_gate_open(&r.go);
        kit_close(&k);
        assert_int_equal(r.next[1], 5);
        assert_int_equal(r.eofs, 1);
        reader_fini(&r);
    }
}

// It sends one message that has to wait, and then does everything else that sends.
typedef struct busybody {
    kit_actor actor;
    acta_tx *full;
    acta_tx *other;
    acta_addr *to_stop;
    bool body;
    acta_msg *kept[2];
    int requests;
} busybody;

static int does_all_that_sends(acta_self *self, void *arg, acta_msg *m)
{
    busybody *b = arg;
    if (m == NULL || acta_msg_ask(m) != 0)
        return ACTA_OK;
    uint64_t id;
    kit_claim(acta_ask(self, b->full, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK); // a body goes on from here, too
    kit_claim(acta_self_addr(self) != NULL);
    kit_claim(acta_reply(self, m, answer, .n = 7) == ACTA_OK);
    kit_claim(acta_stop(b->to_stop) == ACTA_OK);
    kit_claim(acta_send(b->other, item, .source = 1, .n = 0) == ACTA_OK); // suspends a body
    kit_claim(acta_ask(self, b->other, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK);
    kit_claim(acta_finish(&b->other, item, .source = 1, .n = 1) == ACTA_OK);
    return ACTA_OK;
}

typedef struct caller {
    acta_tx *to;
    acti_au32 returned;
    int64_t n;
} caller;

static void *calls(void *arg)
{
    caller *c = arg;
    acta_msg *reply = NULL;
    if (acta_call(c->to, KIT_WAIT_NS, &reply, query, .n = 1) == ACTA_OK)
        c->n = acta_as(answer, reply)->n;
    acta_msg_free(&reply);
    acti_au32_store_release(&c->returned, 1);
    return NULL;
}

TEST(all_that_is_sent_while_something_waits_goes_behind_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r, other, stopped;
        reader_init(&other, false);
        reader_init(&stopped, false);
        busybody b = {.actor = {does_all_that_sends}, .full = hold_full(&k, &r)};
        b.other = kit_spawn(&k, &kit_kinds[0], &other);
        acta_addr *to_other = acta_addr_dup(acta_tx_addr(b.other));
        acta_tx *to_stopped = kit_spawn(&k, &kit_kinds[0], &stopped);
        b.to_stop = acta_addr_dup(acta_tx_addr(to_stopped));
        acta_tx *tx = kit_spawn(&k, kind, &b);
        caller c = {.to = tx};
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "caller", calls, &c), 0);

        assert_true(kit_await_pauses(&k, 1));
        assert_int_equal(acti_au32_load_acquire(&c.returned), 0);
        assert_true(acti_inbox_is_parked(&acti_actor_of_addr(to_other)->inbox));
        assert_int_equal(acti_au32_load_relaxed(&acti_actor_of_addr(to_other)->given), 0);
        assert_int_equal(acta_try_send(to_stopped, item, .source = 0, .n = 0), ACTA_OK); // not told to stop yet
        test_gate_open(&r.go);
        pthread_join(thread, NULL);
        assert_int_equal(c.n, 7);
        acta_tx_drop(&tx);
        acta_tx_drop(&b.full);
        acta_tx_drop(&to_stopped);
        acta_addr_drop(&to_other);
        acta_addr_drop(&b.to_stop);
        kit_close(&k);
        assert_int_equal(other.next[1], 2);
        assert_int_equal(other.eofs, 1);
        assert_int_equal(stopped.eofs, 1);
        reader_fini(&r);
        reader_fini(&other);
        reader_fini(&stopped);
    }
}

// Refusals and dropped requests are answers, too. A body keeps them so long.
static int refuses_and_drops(acta_self *self, void *arg)
{
    busybody *b = arg;
    b->kept[0] = acta_recv(self);
    b->kept[1] = acta_recv(self);
    uint64_t id;
    kit_claim(acta_ask(self, b->full, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK);
    kit_claim(acta_refuse(self, b->kept[0], ACTA_EACCES, "no") == ACTA_OK);
    acta_msg_free(&b->kept[1]);
    acta_msg_free(&b->kept[0]);
    return ACTA_OK;
}

static void *calls_in_vain(void *arg)
{
    caller *c = arg;
    acta_msg *reply = NULL;
    c->n = acta_call(c->to, KIT_WAIT_NS, &reply, query, .n = 1);
    acta_msg_free(&reply);
    acti_au32_store_release(&c->returned, 1);
    return NULL;
}

TEST(refusals_and_dropped_requests_go_behind_what_waits)
{
    kit k;
    kit_open(&k, 2);
    reader r;
    busybody b = {.full = hold_full(&k, &r)};
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = refuses_and_drops, .arg = &b), ACTA_OK);
    caller c[2] = {{.to = tx}, {.to = tx}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(acti_thread_start(&threads[i], "caller", calls_in_vain, &c[i]), 0);
    assert_true(kit_await_pauses(&k, 1));
    for (int i = 0; i < 2; i++)
        assert_int_equal(acti_au32_load_acquire(&c[i].returned), 0);
    test_gate_open(&r.go);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(c[0].n + c[1].n, ACTA_EACCES + ACTA_ENOREPLY);
    acta_tx_drop(&tx);
    acta_tx_drop(&b.full);
    kit_close(&k);
    reader_fini(&r);
}

// ---- ending with something in the outbox ------------------------------------------------------

enum { LAST_WORDS = 5 };

static int says_last_words(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    passer *p = arg;
    kit_claim(m != NULL);
    for (int64_t n = 0; n < LAST_WORDS; n++)
        kit_claim(acta_send(p->to, item, .source = 1, .n = n) == ACTA_OK);
    acta_tx_drop(&p->to);
    return ACTA_DONE;
}

typedef struct mourner {
    kit_actor actor;
    acta_addr *of;
    test_gate watching;
    test_gate told;
    uint32_t downs;
} mourner;

static int mourns(acta_self *self, void *arg, acta_msg *m)
{
    mourner *w = arg;
    uint64_t id;
    if (m != NULL && acta_is(item, m)) {
        kit_claim(acta_monitor(self, w->of, &id) == ACTA_OK);
        test_gate_open(&w->watching);
    }
    if (m != NULL && acta_is(acta_down, m)) {
        w->downs++;
        test_gate_open(&w->told);
    }
    return ACTA_OK;
}

TEST(an_actor_that_ends_sends_all_it_had_to_say_first_and_the_receivers_end_waits_for_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r;
        passer p = {.actor = {says_last_words}, .to = hold_full(&k, &r)};
        acta_tx *tx = kit_spawn(&k, kind, &p);
        mourner w = {.actor = {mourns}, .of = acta_addr_dup(acta_tx_addr(tx))};
        test_gate_init(&w.watching);
        test_gate_init(&w.told);
        acta_tx *to_mourner = kit_spawn(&k, &kit_kinds[0], &w);
        kit_send(to_mourner, 0);
        assert_true(test_gate_wait(&w.watching));
        kit_send(tx, 0);
        acta_tx_drop(&tx);
        assert_true(kit_await_pauses(&k, 1));
        assert_false(acti_inbox_is_routed(&acti_actor_of_addr(w.of)->inbox));
        test_gate_open(&r.go);
        assert_true(test_gate_wait(&w.told));
        acta_addr_drop(&w.of);
        acta_tx_drop(&to_mourner);
        kit_close(&k);
        assert_int_equal(r.next[1], LAST_WORDS);
        assert_int_equal(r.eofs, 1);
        assert_int_equal(w.downs, 1);
        reader_fini(&r);
        test_gate_fini(&w.watching);
        test_gate_fini(&w.told);
    }
}

// ---- kill ----------------------------------------------------------------------------------------

static int sends_and_replies(acta_self *self, void *arg, acta_msg *m)
{
    passer *p = arg;
    if (m == NULL)
        return ACTA_OK;
    uint64_t id;
    kit_claim(acta_ask(self, p->to, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK);
    kit_claim(acta_reply(self, m, answer, .n = 7) == ACTA_OK);
    kit_claim(acta_send(p->to, item, .source = 1, .n = 0) == ACTA_OK);
    return ACTA_OK;
}

TEST(a_kill_of_a_paused_actor_drops_what_it_sent_but_for_replies_and_counts_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r;
        passer p = {.actor = {sends_and_replies}, .to = hold_full(&k, &r)};
        acta_tx *tx = kit_spawn(&k, kind, &p);
        caller c = {.to = tx};
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "caller", calls, &c), 0);
        assert_true(kit_await_pauses(&k, 1));
        acta_ledger before = kit_read(&k);
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
        pthread_join(thread, NULL);
        assert_int_equal(c.n, 7);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        acta_ledger after = kit_read(&k);
        assert_int_equal(after.returned - before.returned, 1); // the request; its failure had nobody to go to
        assert_int_equal(after.dropped_gone - before.dropped_gone, 1);
        test_gate_open(&r.go);
        acta_tx_drop(&tx);
        acta_tx_drop(&p.to);
        kit_close(&k);
        assert_int_equal(r.next[1], 0);
        reader_fini(&r);
    }
}

// A kill meets what makes its target look around: a kick must not be taken for that.
typedef struct meddler {
    acta_tx *to;
    test_gate *start;
    uint32_t sent;
} meddler;

static void *meddles(void *arg)
{
    meddler *m = arg;
    (void)test_gate_wait(m->start);
    while (acta_send(m->to, item, .source = 0, .n = m->sent) == ACTA_OK)
        m->sent++;
    return NULL;
}

static int takes_all(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

TEST(a_kill_is_never_lost_among_those_who_ask_for_room)
{
    enum { ROUNDS = 300, MEDDLERS = 2 };
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const kit_kind *kind = &kit_kinds[round % KIT_KINDS];
        kit k;
        kit_open(&k, 1);
        kit_actor actor = {takes_all};
        acta_tx *tx = kit_spawn_small(&k, kind, &actor, "victim", 1);
        test_gate start;
        test_gate_init(&start);
        meddler m[MEDDLERS];
        pthread_t threads[MEDDLERS];
        for (int i = 0; i < MEDDLERS; i++) {
            m[i] = (meddler){.to = tx, .start = &start};
            assert_int_equal(acti_thread_start(&threads[i], "meddler", meddles, &m[i]), 0);
        }
        test_gate_open(&start);
        while (kit_read(&k).handled < round % 7) // some way into it
            sched_yield();
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        for (int i = 0; i < MEDDLERS; i++)
            pthread_join(threads[i], NULL);
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&start);
    }
}

// ---- the receiver ends ---------------------------------------------------------------------------

typedef struct asker {
    kit_actor actor;
    acta_tx *to;
    uint32_t failures;
    int64_t status;
} asker;

static int asks_and_sends(acta_self *self, void *arg, acta_msg *m)
{
    asker *a = arg;
    if (m == NULL) {
        acta_tx_drop(&a->to);
        return ACTA_OK;
    }
    const acta_failure *failure = acta_as(acta_failure, m);
    if (failure != NULL) {
        a->failures++;
        a->status = failure->status;
        return ACTA_DONE;
    }
    uint64_t id;
    kit_claim(acta_ask(self, a->to, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK);
    int status = acta_send(a->to, item, .source = 1, .n = 0);
    kit_claim(status == ACTA_OK || status == ACTA_EGONE);
    return ACTA_OK;
}

enum { STOPPED, KILLED, WAYS };

TEST(when_a_receiver_ends_those_in_line_are_told_and_nothing_is_lost_uncounted)
{
    KIT_EACH_KIND(kind) {
        for (int way = STOPPED; way < WAYS; way++) {
            kit k;
            kit_open(&k, 2);
            reader r;
            asker a[2] = {{.actor = {asks_and_sends}}, {.actor = {asks_and_sends}}};
            acta_tx *to = hold_full(&k, &r);
            acta_tx *tx[2];
            for (int i = 0; i < 2; i++) {
                a[i].to = acta_tx_dup(to);
                tx[i] = kit_spawn(&k, kind, &a[i]);
                kit_send(tx[i], 0);
                assert_true(kit_await_pauses(&k, (uint64_t)i + 1));
            }
            if (way == STOPPED)
                assert_int_equal(acta_stop(acta_tx_addr(to)), ACTA_OK);
            else if (way == KILLED)
                (void)acta_kill(acta_tx_addr(to));
            test_gate_open(&r.go);
            acta_tx_drop(&to);
            for (int i = 0; i < 2; i++) {
                assert_true(kit_await_ended(acta_tx_addr(tx[i]))); // it has had its failure
                acta_tx_drop(&tx[i]);
                acta_tx_drop(&a[i].to);
                assert_int_equal(a[i].failures, 1);
                assert_int_equal(a[i].status, ACTA_EGONE);
            }
            kit_close(&k);
            assert_int_equal(r.next[1], 0);
            reader_fini(&r);
        }
    }
}

// ---- the line -------------------------------------------------------------------------------------

typedef struct sender_thread {
    acta_tx *to;
    int64_t source;
    int64_t count;
} sender_thread;

static void *sends_outside(void *arg)
{
    sender_thread *s = arg;
    for (int64_t n = 0; n < s->count; n++)
        kit_claim(acta_send(s->to, item, .source = s->source, .n = n) == ACTA_OK);
    return NULL;
}

TEST(room_goes_to_those_in_line_in_the_order_in_which_they_came)
{
    enum { WAITERS = 6 };
    kit k;
    kit_open(&k, 2);
    reader r;
    acta_tx *to = hold_full(&k, &r);
    passer p[WAITERS / 2];
    acta_tx *tx[WAITERS / 2];
    sender_thread s[WAITERS / 2];
    pthread_t threads[WAITERS / 2];
    for (int i = 0; i < WAITERS / 2; i++) { // an actor, a thread, an actor ...
        p[i] = (passer){.actor = {passes_on}, .to = acta_tx_dup(to)};
        tx[i] = kit_spawn(&k, &kit_kinds[i % KIT_KINDS], &p[i]);
        // Of source 1, all of them; in their order, because each is given its own number.
        kit_send(tx[i], i);
        assert_true(kit_await_pauses(&k, (uint64_t)i * 2 + 1));
        s[i] = (sender_thread){.to = to, .source = 2 + i, .count = 1};
        assert_int_equal(acti_thread_start(&threads[i], "sender", sends_outside, &s[i]), 0);
        assert_true(kit_await_pauses(&k, (uint64_t)i * 2 + 2));
        acta_tx_drop(&tx[i]);
    }
    test_gate_open(&r.go);
    for (int i = 0; i < WAITERS / 2; i++)
        pthread_join(threads[i], NULL);
    acta_tx_drop(&to);
    kit_close(&k);
    for (int i = 0; i < WAITERS / 2; i++) {
        assert_int_equal(r.order[2 + 2 * i], 1);
        assert_int_equal(r.order[3 + 2 * i], 2 + i);
    }
    reader_fini(&r);
}

// A reader that is held in every message, by a gate of its own.
enum { STEPS = 8 };

typedef struct stepper {
    kit_actor actor;
    test_gate entered[STEPS];
    test_gate go[STEPS];
    int64_t source[STEPS];
    int handled;
} stepper;

static int steps(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stepper *s = arg;
    if (m == NULL)
        return ACTA_OK;
    int step = s->handled++;
    kit_claim(step < STEPS);
    s->source[step] = acta_as(item, m)->source;
    test_gate_open(&s->entered[step]);
    kit_claim(test_gate_wait(&s->go[step]));
    return ACTA_OK;
}

TEST(who_comes_by_cannot_take_the_room_of_those_in_line)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        stepper s = {.actor = {steps}};
        for (int i = 0; i < STEPS; i++) {
            test_gate_init(&s.entered[i]);
            test_gate_init(&s.go[i]);
        }
        acta_tx *to = kit_spawn_small(&k, kind, &s, "stepper", 1);
        assert_int_equal(acta_send(to, item, .source = 0), ACTA_OK);
        assert_true(test_gate_wait(&s.entered[0]));
        assert_int_equal(acta_try_send(to, item, .source = 0), ACTA_OK);
        sender_thread waiting[2] = {{.to = to, .source = 1, .count = 1}, {.to = to, .source = 2, .count = 1}};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) {
            assert_int_equal(acti_thread_start(&threads[i], "sender", sends_outside, &waiting[i]), 0);
            assert_true(kit_await_pauses(&k, (uint64_t)i + 1));
        }
        // In each message that it is given there is room for one, which those in line have a right to.
        for (int step = 0; step < 4; step++) {
            assert_true(test_gate_wait(&s.entered[step]));
            int status = acta_try_send(to, item, .source = 9);
            assert_int_equal(status, step < 3 ? ACTA_EFULL : ACTA_OK);
            test_gate_open(&s.go[step]);
        }
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        test_gate_open(&s.go[4]);
        acta_tx_drop(&to);
        kit_close(&k);
        assert_int_equal(s.source[2], 1);
        assert_int_equal(s.source[3], 2);
        assert_int_equal(s.source[4], 9);
        for (int i = 0; i < STEPS; i++) {
            test_gate_fini(&s.entered[i]);
            test_gate_fini(&s.go[i]);
        }
    }
}

typedef struct source {
    kit_actor actor;
    acta_tx *to;
    int64_t source;
    int64_t count;
} source;

static int sends_many(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    source *s = arg;
    if (m != NULL)
        for (int64_t n = 0; n < s->count; n++)
            kit_claim(acta_send(s->to, item, .source = s->source, .n = n) == ACTA_OK);
    else
        acta_tx_drop(&s->to);
    return ACTA_OK;
}

TEST(the_order_of_each_source_holds_among_many_that_wait_and_the_bound_with_it)
{
    enum { ACTORS = 8, EACH = 400 };
    KIT_EACH_KIND(kind) {
        for (uint32_t capacity = 1; capacity <= 3; capacity++) {
            kit k;
            kit_open(&k, 2);
            reader r;
            reader_init(&r, false);
            r.capacity = capacity;
            acta_tx *to = kit_spawn_small(&k, kind, &r, "reader", capacity);
            source s[ACTORS];
            for (int i = 0; i < ACTORS; i++) {
                s[i] = (source){.actor = {sends_many}, .to = acta_tx_dup(to), .source = i, .count = EACH};
                acta_tx *tx = kit_spawn(&k, &kit_kinds[i % KIT_KINDS], &s[i]);
                assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
            }
            acta_tx_drop(&to);
            kit_close(&k);
            for (int i = 0; i < ACTORS; i++)
                assert_int_equal(r.next[i], EACH);
            reader_fini(&r);
        }
    }
}

TEST(a_chain_without_a_circle_lets_nothing_over_a_bound)
{
    enum { CHAIN = 4, N = 2000 };
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r;
        reader_init(&r, false);
        r.capacity = 1;
        acta_tx *to = kit_spawn_small(&k, kind, &r, "reader", 1);
        passer p[CHAIN];
        for (int i = 0; i < CHAIN; i++) {
            p[i] = (passer){.actor = {passes_on}, .to = to};
            to = kit_spawn_small(&k, &kit_kinds[(kind - kit_kinds + i) % KIT_KINDS], &p[i], "passer", 1);
        }
        for (int64_t n = 0; n < N; n++)
            kit_send(to, n);
        acta_tx_drop(&to);
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        while (kit_read(&k).queued > 0)
            assert_true(acti_clock_ns() < until_ns);
        assert_int_equal(kit_read(&k).overcommits, 0);
        assert_true(kit_read(&k).pauses > 0);
        kit_close(&k);
        assert_int_equal(r.next[1], N);
        assert_int_equal(k.lines, 0);
        reader_fini(&r);
    }
}

// ---- circles ---------------------------------------------------------------------------------------

enum { TOKENS_MAX = 16, RING_MAX = 5 };

typedef struct ring {
    acti_au32 hops_done;      // by all tokens
    acti_au32 hops_max;       // from then on each is taken out
    acti_au32 tokens_out;     // tokens that have been
    int64_t hops[TOKENS_MAX]; // of each token; whoever has it
    acti_park done;
    uint32_t tokens;
} ring;

typedef struct member {
    kit_actor actor;
    acta_tx *next;
    ring *ring;
} member;

static int hands_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    member *me = arg;
    if (m == NULL)
        return ACTA_OK;
    ring *r = me->ring;
    const item *token = acta_as(item, m);
    if (token == NULL) { // begin: all tokens at once, which no inbox here has room for
        for (uint32_t t = 0; t < r->tokens; t++)
            kit_claim(acta_send(me->next, item, .source = t, .n = 0) == ACTA_OK);
        return ACTA_OK;
    }
    kit_claim(r->hops[token->source] == token->n); // neither lost nor doubled
    r->hops[token->source] = token->n + 1;
    if (acti_au32_add_relaxed(&r->hops_done, 1) < acti_au32_load_relaxed(&r->hops_max)) {
        kit_claim(acta_send(me->next, item, .source = token->source, .n = token->n + 1) == ACTA_OK);
        return ACTA_OK;
    }
    if (acti_au32_add_relaxed(&r->tokens_out, 1) + 1 == r->tokens)
        acti_park_give(&r->done);
    return ACTA_OK;
}

// go_round lets a ring of so many members of capacity 1 hand so many tokens on, and for so many hops once all are in.
// Members are of the kind, or of all kinds in turn with NULL. The tokens come from outside, or from one of the members.
static void go_round(const kit_kind *kind, int members, uint32_t tokens, uint32_t hops, uint32_t workers, bool outside)
{
    kit k;
    kit_open(&k, workers);
    ring r = {.tokens = tokens};
    acti_au32_store_relaxed(&r.hops_max, UINT32_MAX);
    acti_park_init(&r.done);
    member m[RING_MAX];
    acta_tx *tx[RING_MAX];
    char names[RING_MAX][16];
    for (int i = 0; i < members; i++) {
        m[i] = (member){.actor = {hands_on}, .ring = &r};
        snprintf(names[i], sizeof(names[i]), "m%d", i);
        tx[i] = kit_spawn_small(&k, kind != NULL ? kind : &kit_kinds[i % KIT_KINDS], &m[i], names[i], 1);
    }
    for (int i = 0; i < members; i++)
        m[i].next = acta_tx_dup(tx[(i + 1) % members]);
    if (!outside)
        assert_int_equal(acta_send(tx[0], note, "begin"), ACTA_OK);
    for (uint32_t t = 0; outside && t < tokens; t++)
        assert_int_equal(acta_send(tx[t % (uint32_t)members], item, .source = t, .n = 0), ACTA_OK);
    acti_au32_store_relaxed(&r.hops_max, acti_au32_load_relaxed(&r.hops_done) + hops);
    assert_true(acti_park_wait(&r.done, acti_clock_ns() + KIT_WAIT_NS));
    acta_ledger ledger = kit_read(&k);
    for (int i = 0; i < members; i++) {
        acta_tx *next = m[i].next; // members may have just read it
        acta_tx_drop(&next);
    }
    for (int i = 0; i < members; i++)
        acta_tx_drop(&tx[i]);
    kit_close(&k);
    int64_t sum = 0;
    for (uint32_t t = 0; t < tokens; t++)
        sum += r.hops[t];
    assert_int_equal(sum, r.hops_done.v);
    if (tokens > 2 * (uint32_t)members) { // more than there is room for in hands and inboxes: there must be circles
        assert_true(ledger.overcommits > 0);
        assert_int_equal(k.lines, 1); // named once
        assert_true(kit_reported(&k, "a circle of full inboxes", "m0 waits for m"));
    }
}

TEST(a_circle_of_full_inboxes_goes_on_for_ever_and_is_named_once)
{
    static const int sizes[] = {1, 2, 3, 5};
    for (int s = 0; s < 4; s++)
        for (uint32_t workers = 1; workers <= 2; workers++) {
            uint32_t tokens = (uint32_t)sizes[s] * 3 + 1;
            KIT_EACH_KIND(kind)
                go_round(kind, sizes[s], tokens, 500, workers, false);
            go_round(NULL, sizes[s], tokens, 500, workers, false);
        }
}

TEST(a_ring_of_three_with_twelve_tokens_loses_none_in_a_hundred_thousand_hops)
{
    go_round(&kit_kinds[0], 3, 12, 100000, 1, true);
    go_round(&kit_kinds[0], 3, 12, 100000, 2, true);
    go_round(&kit_kinds[1], 3, 12, 100000, 2, true);
}

// An asker whose reply is behind what the responder wants to send it; between them are so many who ask further.
typedef struct awaiter {
    acta_tx *to;      // asked; NULL: the last one
    acta_addr *first; // to whom the last one sends before it replies
    bool begins;
    uint32_t items;
    acti_park *done;
} awaiter;

enum { GIFTS = 6 };

static int64_t asks_on(acta_self *self, awaiter *a)
{
    uint64_t id;
    int64_t n = -1;
    if (acta_ask(self, a->to, ACTA_FOREVER, &id, query, .n = 1) == ACTA_OK) {
        acta_msg *reply = acta_await(self, id);
        if (reply != NULL && acta_is(answer, reply))
            n = acta_as(answer, reply)->n;
        acta_msg_free(&reply);
    }
    return n;
}

static void gives(awaiter *a)
{
    acta_tx *tx = NULL;
    kit_claim(acta_addr_tx(a->first, &tx) == ACTA_OK);
    for (int64_t n = 0; n < GIFTS; n++)
        kit_claim(acta_send(tx, item, .source = 0, .n = n) == ACTA_OK);
    acta_tx_drop(&tx);
}

static int awaits(acta_self *self, void *arg)
{
    awaiter *a = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        if (acta_is(note, m)) {
            kit_claim(asks_on(self, a) == 7);
        } else if (acta_is(item, m)) {
            kit_claim(acta_as(item, m)->n == a->items++);
            if (a->items == GIFTS)
                acti_park_give(a->done);
        } else if (a->to != NULL) {
            kit_claim(acta_reply(self, m, answer, .n = asks_on(self, a)) == ACTA_OK);
        } else {
            gives(a);
            kit_claim(acta_reply(self, m, answer, .n = 7) == ACTA_OK);
        }
        acta_msg_free(&m);
    }
    acta_tx_drop(&a->to);
    return ACTA_OK;
}

static int gives_and_replies(acta_self *self, void *arg, acta_msg *m)
{
    if (m == NULL)
        return ACTA_OK;
    gives(arg);
    return acta_reply(self, m, answer, .n = 7);
}

static void await_in_a_circle(int length, acta_place place, bool last_is_handler)
{
    kit k;
    kit_open(&k, 2);
    acti_park done;
    acti_park_init(&done);
    awaiter a[4] = {{.to = NULL}};
    acta_tx *tx = NULL;
    for (int i = length - 1; i >= 0; i--) {
        a[i].to = tx;
        a[i].done = &done;
        bool handler = last_is_handler && i == length - 1;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = handler ? NULL : awaits,
                                    .handler = handler ? gives_and_replies : NULL, .arg = &a[i], .place = place,
                                    .name = i == 0 ? "first" : "further", .capacity = 1),
                         ACTA_OK);
    }
    a[length - 1].first = acta_addr_dup(acta_tx_addr(tx)); // handed on with the first message
    assert_int_equal(acta_send(tx, note, "begin"), ACTA_OK);
    assert_true(acti_park_wait(&done, acti_clock_ns() + KIT_WAIT_NS));
    acta_ledger ledger = kit_read(&k);
    acta_addr_drop(&a[length - 1].first);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(a[0].items, GIFTS);
    assert_int_equal(ledger.overcommits, GIFTS - 1); // one had room, and nobody could go on without the others
    assert_int_equal(k.lines, 1);
    assert_true(kit_reported(&k, "first waits for further", "further waits for first"));
}

TEST(a_circle_through_bodies_that_await_is_found_and_opened_too)
{
    for (int length = 2; length <= 4; length++)
        for (int place = ACTA_POOL; place <= ACTA_THREAD; place++) {
            await_in_a_circle(length, (acta_place)place, false);
            await_in_a_circle(length, (acta_place)place, true);
        }
}

// Two bodies that await each other, which only time ends, and others that wait for room at one of them: who follows the
// chain must not go round for ever.
typedef struct lover {
    acta_tx *to;
    test_gate told;  // it has had the note
    test_gate *both; // may ask
    test_gate asked;
    acti_au32 timeouts;
} lover;

static int awaits_the_other(acta_self *self, void *arg)
{
    lover *l = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        if (acta_is(note, m)) {
            uint64_t id;
            test_gate_open(&l->told);
            kit_claim(test_gate_wait(l->both));
            kit_claim(acta_ask(self, l->to, ACTA_SECOND / 5, &id, query, .n = 1) == ACTA_OK);
            test_gate_open(&l->asked);
            acta_msg *outcome = acta_await(self, id);
            const acta_failure *failure = acta_as(acta_failure, outcome);
            acti_au32_add_relaxed(&l->timeouts, failure != NULL && failure->status == ACTA_ETIMEOUT);
            acta_msg_free(&outcome);
            acta_tx_drop(&l->to);
        }
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

TEST(a_circle_of_awaits_alone_ends_by_its_timeouts_and_holds_up_nobody_else)
{
    enum { SENDERS = 3 };
    kit k;
    kit_open(&k, 2);
    lover l[2] = {{.to = NULL}};
    acta_tx *tx[2];
    test_gate both;
    test_gate_init(&both);
    for (int i = 0; i < 2; i++) {
        l[i].both = &both;
        test_gate_init(&l[i].told);
        test_gate_init(&l[i].asked);
        assert_int_equal(acta_spawn(k.sys, &tx[i], .body = awaits_the_other, .arg = &l[i], .capacity = 1,
                                    .place = ACTA_THREAD),
                         ACTA_OK);
    }
    for (int i = 0; i < 2; i++)
        l[i].to = acta_tx_dup(tx[1 - i]);
    for (int i = 0; i < 2; i++)
        assert_int_equal(acta_send(tx[i], note, "go"), ACTA_OK);
    for (int i = 0; i < 2; i++)
        assert_true(test_gate_wait(&l[i].told));
    test_gate_open(&both);
    for (int i = 0; i < 2; i++)
        assert_true(test_gate_wait(&l[i].asked));
    sender_thread s[SENDERS];
    pthread_t threads[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        s[i] = (sender_thread){.to = tx[0], .count = 4};
        assert_int_equal(acti_thread_start(&threads[i], "sender", sends_outside, &s[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    acta_tx_drop(&tx[0]);
    acta_tx_drop(&tx[1]);
    kit_close(&k);
    assert_true(acti_au32_load_relaxed(&l[0].timeouts) + acti_au32_load_relaxed(&l[1].timeouts) >= 1);
    for (int i = 0; i < 2; i++) {
        test_gate_fini(&l[i].told);
        test_gate_fini(&l[i].asked);
    }
    test_gate_fini(&both);
}

typedef struct hasty {
    acta_tx *to;
    int64_t status;
    uint64_t took_ns;
    acti_park done;
} hasty;

static int asks_in_a_hurry(acta_self *self, void *arg)
{
    hasty *h = arg;
    uint64_t id, from_ns = acti_clock_ns();
    kit_claim(acta_ask(self, h->to, 5 * ACTA_MS, &id, query, .n = 1) == ACTA_OK);
    acta_msg *m = acta_await(self, id);
    h->took_ns = acti_clock_ns() - from_ns;
    h->status = acta_as(acta_failure, m)->status;
    acta_msg_free(&m);
    acta_tx_drop(&h->to);
    acti_park_give(&h->done);
    return ACTA_OK;
}

TEST(a_request_that_waits_for_room_times_out_in_time)
{
    for (int place = ACTA_POOL; place <= ACTA_THREAD; place++) {
        kit k;
        kit_open(&k, 1);
        reader r;
        hasty h = {.to = hold_full(&k, &r)};
        acti_park_init(&h.done);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = asks_in_a_hurry, .arg = &h, .place = (acta_place)place),
                         ACTA_OK);
        acta_tx_drop(&tx);
        assert_true(acti_park_wait(&h.done, acti_clock_ns() + KIT_WAIT_NS)); // while the reader is still held
        assert_int_equal(h.status, ACTA_ETIMEOUT);
        assert_true(h.took_ns >= 5 * ACTA_MS);
        test_gate_open(&r.go);
        kit_close(&k);
        assert_int_equal(r.handled, 2); // and the request, whose reply was late
        reader_fini(&r);
    }
}

// ---- without memory ------------------------------------------------------------------------------

static int sends_what_it_can(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    source *s = arg;
    if (m == NULL) {
        acta_tx_drop(&s->to);
        return ACTA_OK;
    }
    for (int i = 0; i < 4; i++) {
        int status = acta_send(s->to, item, .source = 1, .n = s->count);
        kit_claim(status == ACTA_OK || status == ACTA_ENOMEM);
        s->count += status == ACTA_OK; // what was not sent leaves no gap
    }
    return ACTA_OK;
}

TEST(without_memory_a_send_that_would_wait_says_so_and_is_not_sent)
{
    KIT_EACH_KIND(kind) {
        for (uint64_t n = 1; n <= 12; n++) {
            kit k;
            kit_open(&k, 1);
            reader r;
            source s = {.actor = {sends_what_it_can}, .to = hold_full(&k, &r)};
            acta_tx *tx = kit_spawn(&k, kind, &s);
            kit_send(tx, 0);
            acta_tx_drop(&tx);
            acti_pool_fail_after(n);
            if (n > 4)
                assert_true(kit_await_pauses(&k, 1));
            test_gate_open(&r.go);
            uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
            while (kit_read(&k).queued > 0)
                assert_true(acti_clock_ns() < until_ns);
            acti_pool_fail_after(0);
            kit_close(&k);
            assert_int_equal(r.next[1], s.count);
            reader_fini(&r);
        }
    }
}

// ---- all at once ----------------------------------------------------------------------------------

// A crowd of actors of all kinds, of small capacities, who send, ask and reply as chance has it.
enum { CROWD = 20, FRIENDS = 4 };

typedef struct guest {
    kit_actor actor;
    acta_tx *friends[FRIENDS];
    int64_t friend_of[FRIENDS]; // who that is
    int64_t sent[CROWD];        // to each, so far
    int64_t next[CROWD];        // of each, expected
    int64_t index;
    uint64_t random;
    uint32_t asks_due;
    bool awaits;
} guest;

static uint64_t chance(guest *g)
{
    g->random = g->random * 6364136223846793005u + 1442695040888963407u;
    return g->random >> 33;
}

// A message carries how many more are to be made of it.
ACTA_MESSAGE(rumour, (i64, source), (i64, n), (i64, left));

static void tells(acta_self *self, guest *g, int64_t left)
{
    uint64_t which = chance(g) % FRIENDS;
    uint64_t id;
    if (chance(g) % 4 == 0) {
        if (acta_ask(self, g->friends[which], 5 * ACTA_MS, &id, query, .n = g->index) == ACTA_OK) {
            g->asks_due++;
            if (g->awaits && chance(g) % 2 == 0) {
                acta_msg *m = acta_await(self, id);
                g->asks_due -= m != NULL;
                acta_msg_free(&m);
            }
        }
    }
    if (left > 0) {
        int64_t to = g->friend_of[which];
        int status = acta_send(g->friends[which], rumour, .source = g->index, .n = g->sent[to], .left = left - 1);
        kit_claim(status == ACTA_OK);
        g->sent[to]++;
    }
}

static int gossips(acta_self *self, void *arg, acta_msg *m)
{
    guest *g = arg;
    if (m == NULL)
        return ACTA_OK;
    const rumour *r = acta_as(rumour, m);
    if (r != NULL) {
        if (r->source >= 0)
            kit_claim(r->n == g->next[r->source]++);
        tells(self, g, r->left);
    } else if (acta_msg_ask(m) != 0) {
        kit_claim(g->asks_due-- > 0);
    } else if (acta_msg_wants_reply(m) && chance(g) % 8 != 0) {
        kit_claim(acta_reply(self, m, answer, .n = 1) == ACTA_OK);
    }
    return ACTA_OK;
}

static void gossip(uint64_t seed, uint32_t workers)
{
    kit k;
    kit_open(&k, workers);
    static guest g[CROWD];
    acta_tx *tx[CROWD];
    for (int i = 0; i < CROWD; i++) {
        const kit_kind *kind = &kit_kinds[i % 10 == 3 ? 2 : i % 10 == 7 ? 3 : i % 2]; // few have threads
        g[i] = (guest){.actor = {gossips}, .index = i, .random = seed * 1000003 + (uint64_t)i, .awaits = kind->body};
        char name[16];
        snprintf(name, sizeof(name), "guest %d", i);
        tx[i] = kit_spawn_small(&k, kind, &g[i], name, 1 + (uint32_t)(chance(&g[i]) % 4));
    }
    for (int i = 0; i < CROWD; i++)
        for (int f = 0; f < FRIENDS; f++) {
            g[i].friend_of[f] = (int64_t)(chance(&g[i]) % CROWD);
            g[i].friends[f] = acta_tx_dup(tx[g[i].friend_of[f]]);
        }
    for (int i = 0; i < CROWD * 2; i++)
        assert_int_equal(acta_send(tx[i % CROWD], rumour, .source = -1, .left = 30), ACTA_OK);
    // Quiet: nothing is queued, and stays so, because only messages make messages.
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    uint32_t quiet = 0;
    while (quiet < 3) {
        quiet = kit_read(&k).queued == 0 ? quiet + 1 : 0;
        if (acti_clock_ns() > until_ns)
            fail_msg("seed %llu, %u workers: %llu messages are stuck", (unsigned long long)seed, workers,
                     (unsigned long long)kit_read(&k).queued);
        sched_yield();
    }
    for (int i = 0; i < CROWD; i++)
        acta_tx_drop(&tx[i]);
    for (int i = 0; i < CROWD; i++)
        for (int f = 0; f < FRIENDS; f++) {
            acta_tx *friend = g[i].friends[f];
            acta_tx_drop(&friend);
        }
    kit_close(&k);
    for (int from = 0; from < CROWD; from++)
        for (int to = 0; to < CROWD; to++)
            assert_int_equal(g[from].sent[to], g[to].next[from]);
}

TEST(in_a_crowd_that_sends_asks_and_replies_nothing_is_lost_and_nobody_is_stuck)
{
    const char *more = getenv("ACTA_TEST_ROUNDS");
    uint64_t rounds = more != NULL ? strtoull(more, NULL, 10) : 20;
    for (uint64_t seed = 1; seed <= rounds; seed++)
        gossip(seed, 1 + (uint32_t)(seed % 3));
}

int main(void)
{
    return TEST_RUN(case_of(a_paused_actor_handles_nothing_until_its_message_is_out_and_goes_on_in_order),
                    case_of(all_that_is_sent_while_something_waits_goes_behind_it),
                    case_of(refusals_and_dropped_requests_go_behind_what_waits),
                    case_of(an_actor_that_ends_sends_all_it_had_to_say_first_and_the_receivers_end_waits_for_it),
                    case_of(a_kill_of_a_paused_actor_drops_what_it_sent_but_for_replies_and_counts_it),
                    case_of(a_kill_is_never_lost_among_those_who_ask_for_room),
                    case_of(when_a_receiver_ends_those_in_line_are_told_and_nothing_is_lost_uncounted),
                    case_of(room_goes_to_those_in_line_in_the_order_in_which_they_came),
                    case_of(who_comes_by_cannot_take_the_room_of_those_in_line),
                    case_of(the_order_of_each_source_holds_among_many_that_wait_and_the_bound_with_it),
                    case_of(a_chain_without_a_circle_lets_nothing_over_a_bound),
                    case_of(a_circle_of_full_inboxes_goes_on_for_ever_and_is_named_once),
                    case_of(a_ring_of_three_with_twelve_tokens_loses_none_in_a_hundred_thousand_hops),
                    case_of(a_circle_through_bodies_that_await_is_found_and_opened_too),
                    case_of(a_circle_of_awaits_alone_ends_by_its_timeouts_and_holds_up_nobody_else),
                    case_of(a_request_that_waits_for_room_times_out_in_time),
                    case_of(without_memory_a_send_that_would_wait_says_so_and_is_not_sent),
                    case_of(in_a_crowd_that_sends_asks_and_replies_nothing_is_lost_and_nobody_is_stuck));
}
