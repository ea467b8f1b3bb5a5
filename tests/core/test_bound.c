// SPDX-License-Identifier: MIT
//
// C-BOUND, from both sides: an inbox takes as many user messages as its capacity, and not one more; what has its place
// reserved gets in whether it is full or not.

#include "kit.h"

#include <acta/event.h>

#include "base/sanitize.h"

// A reader of items that are numbered from 0. It waits in the first one, and in another one further on.
typedef struct reader {
    kit_actor actor;
    test_gate entered[2];
    test_gate go[2];
    int64_t stop_at; // the item in which it waits again; 0: it does not
    int64_t next;
    uint32_t capacity;
    uint32_t eofs;
} reader;

static int reads(acta_self *self, void *arg, acta_msg *m)
{
    reader *r = arg;
    if (m == NULL) {
        r->eofs++;
        return acta_eof(self);
    }
    kit_claim(kit_held(self) <= r->capacity);
    if (!acta_is(item, m))
        return acta_reply(self, m, answer, .n = r->next);
    kit_claim(acta_as(item, m)->n == r->next);
    bool first = r->next == 0;
    if (first || r->next == r->stop_at) {
        test_gate_open(&r->entered[!first]);
        kit_claim(test_gate_wait(&r->go[!first]));
    }
    r->next++;
    return ACTA_OK;
}

static void reader_init(reader *r, uint32_t capacity)
{
    *r = (reader){.actor = {reads}, .capacity = capacity};
    for (int i = 0; i < 2; i++) {
        test_gate_init(&r->entered[i]);
        test_gate_init(&r->go[i]);
    }
}

static void reader_fini(reader *r)
{
    for (int i = 0; i < 2; i++) {
        test_gate_fini(&r->entered[i]);
        test_gate_fini(&r->go[i]);
    }
}

// hold sends the first item and waits until the reader has it in its hands: its inbox is empty then.
static acta_tx *hold(const kit *k, const kit_kind *kind, reader *r)
{
    acta_tx *tx = kit_spawn_small(k, kind, r, "reader", r->capacity);
    kit_send(tx, 0);
    assert_true(test_gate_wait(&r->entered[0]));
    return tx;
}

// fill sends items from n on until there is no room, and gives how many there was room for.
static uint32_t fill(acta_tx *tx, int64_t n)
{
    uint32_t sent = 0;
    int status;
    while ((status = acta_try_send(tx, item, .n = n + sent)) == ACTA_OK)
        sent++;
    assert_int_equal(status, ACTA_EFULL);
    return sent;
}

// ---- the bound ------------------------------------------------------------------------

TEST(a_capacity_that_is_too_large_is_refused_and_the_largest_is_taken)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    reader r;
    reader_init(&r, ACTA_CAPACITY_MAX);
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = kit_handler, .arg = &r, .capacity = ACTA_CAPACITY_MAX + 1),
                     ACTA_EINVAL);
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = kit_handler, .arg = &r, .capacity = UINT32_MAX), ACTA_EINVAL);
    assert_null(tx);
    tx = hold(&k, &kit_kinds[0], &r);
    assert_int_equal(fill(tx, 1), ACTA_CAPACITY_MAX);
    test_gate_open(&r.go[0]);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(r.next, ACTA_CAPACITY_MAX + 1);
    reader_fini(&r);
}

static void fill_twice(const kit_kind *kind, uint32_t capacity)
{
    kit k;
    kit_open(&k, 1);
    reader r;
    reader_init(&r, capacity);
    r.stop_at = capacity < 5 ? capacity : 5;
    acta_tx *tx = hold(&k, kind, &r);

    assert_int_equal(fill(tx, 1), capacity);
    assert_int_equal(acta_try_send(tx, item, .n = -1), ACTA_EFULL); // and it stays so
    acta_ledger ledger = kit_read(&k);
    assert_int_equal(ledger.sent, 1 + capacity);
    assert_int_equal(ledger.refused + ledger.dropped + ledger.returned, 0);

    // In the middle of what it has taken, and at the end of it, there is room for what it has in its hands or has done.
    test_gate_open(&r.go[0]);
    assert_true(test_gate_wait(&r.entered[1]));
    assert_int_equal(fill(tx, 1 + capacity), r.stop_at);
    test_gate_open(&r.go[1]);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(r.next, 1 + capacity + r.stop_at);
    assert_int_equal(r.eofs, 1);
    reader_fini(&r);
}

TEST(a_full_inbox_takes_nothing_and_each_message_that_is_handled_makes_room_for_one)
{
    static const uint32_t capacities[] = {1, 2, 7, ACTA_CAPACITY_DEFAULT};
    KIT_EACH_KIND(kind)
        for (int i = 0; i < 4; i++)
            fill_twice(kind, capacities[i]);
}

TEST(the_default_holds_as_many_as_it_says)
{
    kit k;
    kit_open(&k, 1);
    reader r;
    reader_init(&r, 0);
    r.capacity = ACTA_CAPACITY_DEFAULT;
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &r); // says nothing of a capacity
    kit_send(tx, 0);
    assert_true(test_gate_wait(&r.entered[0]));
    assert_int_equal(fill(tx, 1), ACTA_CAPACITY_DEFAULT);
    test_gate_open(&r.go[0]);
    acta_tx_drop(&tx);
    kit_close(&k);
    reader_fini(&r);
}

// The words themselves, counted by hand: through several turns of the 16 bits that count, and of the 32.
TEST(the_bound_is_exact_wherever_the_counts_stand)
{
    enum { CAPACITY = 3, N = 200000 };
    uint32_t starts[] = {0, 0xfffe, UINT32_MAX - 2};
    for (int s = 0; s < 3; s++) {
        acti_inbox inbox = {.word = {(uint64_t)starts[s] << 48}, .given_seen = {starts[s]}, .capacity = {CAPACITY}};
        acti_au32 given = {starts[s]};
        acta_msg messages[CAPACITY + 1] = {{.kind = ACTI_MSG_SEND}};
        uint32_t held = 0;
        acta_msg *newest;
        for (uint32_t n = 0; n < N; n++) {
            acta_msg *m = &messages[held];
            acti_pushed how = acti_inbox_push_bounded(&inbox, &given, m);
            if (held < CAPACITY) {
                assert_int_equal(how, ACTI_PUSHED);
                held++;
            } else {
                assert_int_equal(how, ACTI_PUSH_FULL);
                assert_false(acti_inbox_reserve(&inbox, given.v));
                uint32_t gone = 1 + n % CAPACITY; // these are out of the consumer's hands
                if (acti_inbox_has_mail(&inbox))
                    (void)acti_inbox_take(&inbox, &newest);
                given.v += gone;
                held -= gone;
            }
        }
        (void)acti_inbox_take(&inbox, &newest);
    }
}

// A producer that pushes only once its last message has been given, and a consumer that has one of its own in the inbox
// besides: there is always room for both, whatever old word of the inbox the producer has seen.
typedef struct shop {
    acti_inbox inbox;
    acti_au32 given;
    acti_au32 done; // of the producer's messages
    acti_au32 full; // how often there was no room
    acti_au32 over;
} shop;

// Two threads in turns: fast with a processor for each, and slow where others run, too.
enum { POLITE = ACTI_TSAN || ACTI_ASAN ? 3000 : 100000 };
#define POLITE_NS (5 * ACTA_SECOND)

static void *pushes_politely(void *arg)
{
    shop *s = arg;
    acta_msg m = {.kind = ACTI_MSG_SEND};
    for (uint32_t n = 0; acti_au32_load_relaxed(&s->over) == 0; n++) {
        while (acti_inbox_push_bounded(&s->inbox, &s->given, &m) == ACTI_PUSH_FULL)
            (void)acti_au32_add_relaxed(&s->full, 1);
        for (uint32_t spins = 0; acti_au32_load_acquire(&s->done) == n; spins++)
            if (acti_au32_load_relaxed(&s->over) != 0)
                break;
            else if (spins % 1000 == 999)
                sched_yield();
    }
    return NULL;
}

TEST(an_inbox_with_room_is_never_called_full_by_a_producer_that_saw_an_old_word)
{
    shop s = {.inbox = {.word = {ACTI_INBOX_EMPTY}, .capacity = {2}}};
    acta_msg own = {.kind = ACTI_MSG_SEND};
    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "polite", pushes_politely, &s), 0);
    uint32_t given = 0, done = 0;
    uint64_t until_ns = acti_clock_ns() + POLITE_NS;
    while (done == 0 || (done < POLITE && acti_clock_ns() < until_ns)) {
        (void)acti_inbox_push_over(&s.inbox, &own);
        acta_msg *newest;
        for (acta_msg *m = acti_inbox_take(&s.inbox, &newest), *next; m != NULL; m = next) {
            next = m->next;
            acti_au32_store_relaxed(&s.given, ++given);
            if (m != &own)
                acti_au32_store_release(&s.done, ++done);
        }
    }
    acti_au32_store_relaxed(&s.over, 1);
    pthread_join(thread, NULL);
    assert_int_equal(s.full.v, 0);
}

// ---- through a small inbox ----------------------------------------------------------------

typedef struct writer {
    kit_actor actor;
    acta_tx *to;
    int64_t count;
} writer;

// A body, which is suspended in its sends.
static int writes(acta_self *self, void *arg)
{
    (void)self;
    writer *w = arg;
    for (int64_t n = 0; n < w->count; n++)
        kit_claim(acta_send(w->to, item, .n = n) == ACTA_OK);
    acta_tx_drop(&w->to);
    return ACTA_OK;
}

TEST(more_messages_than_can_be_counted_go_through_a_small_inbox)
{
    enum { N = 200000 };
    for (uint32_t capacity = 1; capacity <= 3; capacity += 2) {
        kit k;
        kit_open(&k, 1);
        reader r;
        reader_init(&r, capacity);
        test_gate_open(&r.go[0]);
        writer w = {.count = N};
        w.to = kit_spawn_small(&k, &kit_kinds[0], &r, "reader", capacity);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = writes, .arg = &w, .name = "writer"), ACTA_OK);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(r.next, N);
        reader_fini(&r);
    }
}

typedef struct crowd {
    acta_tx *to;
    acti_au32 *told;
    uint32_t sent;
} crowd;

static void *tries(void *arg)
{
    crowd *c = arg;
    for (uint32_t i = 0; i < 20000; i++)
        c->sent += acta_try_send(c->to, item, .n = 1) == ACTA_OK;
    acta_tx_drop(&c->to);
    return NULL;
}

typedef struct counted {
    kit_actor actor;
    uint32_t capacity;
    uint32_t handled;
} counted;

static int counts(acta_self *self, void *arg, acta_msg *m)
{
    counted *c = arg;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(kit_held(self) <= c->capacity);
    c->handled++;
    return ACTA_OK;
}

TEST(several_threads_that_try_at_once_never_exceed_the_bound_and_what_was_accepted_is_handled)
{
    enum { THREADS = 4 };
    for (uint32_t capacity = 1; capacity <= 4; capacity++) {
        kit k;
        kit_open(&k, 2);
        counted actor = {.actor = {counts}, .capacity = capacity};
        acta_tx *tx = kit_spawn_small(&k, &kit_kinds[0], &actor, "counted", capacity);
        crowd c[THREADS] = {{.to = NULL}};
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
            c[i].to = acta_tx_dup(tx);
            assert_int_equal(acti_thread_start(&threads[i], "crowd", tries, &c[i]), 0);
        }
        uint32_t sent = 0;
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            sent += c[i].sent;
        }
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(actor.handled, sent);
        assert_true(sent >= capacity);
    }
}

// ---- what has its place reserved -----------------------------------------------------------

typedef struct crowded {
    kit_actor actor;
    acta_tx *responder;
    acta_addr *mortal;
    test_gate entered;
    test_gate go;
    bool items, replies, ticks, downs;
    int eof;
} crowded;

static int arranges_much(acta_self *self, void *arg, acta_msg *m)
{
    crowded *c = arg;
    if (m == NULL) {
        c->eof = acta_eof(self);
        acta_tx_drop(&c->responder);
        acta_addr_drop(&c->mortal);
        return ACTA_OK;
    }
    c->replies |= acta_is(answer, m);
    c->ticks |= acta_is(acta_tick, m);
    c->downs |= acta_is(acta_down, m);
    const item *i = acta_as(item, m);
    if (i == NULL || i->n != 0) {
        c->items |= i != NULL;
        return ACTA_OK;
    }
    uint64_t id;
    kit_claim(acta_ask(self, c->responder, ACTA_FOREVER, &id, query, .n = 1) == ACTA_OK);
    kit_claim(acta_timer_start(self, 0, 0, &id) == ACTA_OK);
    kit_claim(acta_monitor(self, c->mortal, &id) == ACTA_OK);
    test_gate_open(&c->entered);
    kit_claim(test_gate_wait(&c->go));
    return ACTA_OK;
}

static int answers(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    return m != NULL && acta_msg_wants_reply(m) ? acta_reply(self, m, answer, .n = 1) : ACTA_OK;
}

TEST(replies_ticks_downs_and_the_end_get_into_a_full_inbox)
{
    KIT_EACH_KIND(kind) {
        for (int stop = 0; stop <= 1; stop++) {
            kit k;
            kit_open(&k, 2);
            kit_actor responder = {answers};
            crowded c = {.actor = {arranges_much}};
            test_gate_init(&c.entered);
            test_gate_init(&c.go);
            acta_tx *mortal = kit_spawn(&k, &kit_kinds[3], &responder);
            c.mortal = acta_addr_dup(acta_tx_addr(mortal));
            c.responder = kit_spawn(&k, &kit_kinds[2], &responder);
            acta_tx *tx = kit_spawn_small(&k, kind, &c, "crowded", 1);
            kit_send(tx, 0);
            assert_true(test_gate_wait(&c.entered));
            uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
            assert_int_equal(fill(tx, 1), 1);
            acta_tx_drop(&mortal);
            // Two items, the query, its reply, the tick and the DOWN are in before it goes on.
            while (kit_read(&k).sent < 6)
                assert_true(acti_clock_ns() < until_ns);
            assert_int_equal(acta_try_send(tx, item, .n = 2), ACTA_EFULL);
            if (stop)
                assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK);
            acta_tx_drop(&tx);
            test_gate_open(&c.go);
            kit_close(&k);
            assert_true(c.items && c.replies && c.ticks && c.downs);
            assert_int_equal(c.eof, stop ? ACTA_ESTOPPED : ACTA_OK);
            test_gate_fini(&c.entered);
            test_gate_fini(&c.go);
        }
    }
}

// ---- waiting outside -------------------------------------------------------------------------

typedef struct opener {
    const kit *k;
    test_gate *gate;
    uint64_t pauses;
    bool paused;
} opener;

static void *opens_once_somebody_waits(void *arg)
{
    opener *o = arg;
    o->paused = kit_await_pauses(o->k, o->pauses);
    test_gate_open(o->gate);
    return NULL;
}

TEST(a_send_with_a_deadline_gives_up_at_it_with_nothing_sent_and_goes_out_when_there_is_room)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        reader r;
        reader_init(&r, 2);
        acta_tx *tx = hold(&k, kind, &r);
        assert_int_equal(acta_send_within(tx, 0, item, .n = 1), ACTA_OK); // there is room: no time is needed
        assert_int_equal(fill(tx, 2), 1);
        uint64_t from_ns = acti_clock_ns();
        assert_int_equal(acta_send_within(tx, 0, item, .n = -1), ACTA_EFULL);
        assert_int_equal(acta_send_within(tx, 5 * ACTA_MS, item, .n = -1), ACTA_EFULL);
        assert_true(acti_clock_ns() - from_ns >= 5 * ACTA_MS);
        assert_int_equal(kit_read(&k).sent, 3);

        // In time, however it came to wait: the line is as it was.
        opener o = {.k = &k, .gate = &r.go[0], .pauses = kit_read(&k).pauses + 1};
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "opener", opens_once_somebody_waits, &o), 0);
        assert_int_equal(acta_send_within(tx, KIT_WAIT_NS, item, .n = 3), ACTA_OK);
        pthread_join(thread, NULL);
        assert_true(o.paused);
        assert_int_equal(acta_finish(&tx, item, .n = 4), ACTA_OK); // waits without a deadline, if need be
        kit_close(&k);
        assert_int_equal(r.next, 5);
        reader_fini(&r);
    }
}

TEST(a_call_to_a_full_inbox_gives_up_at_its_deadline_with_nothing_sent)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        reader r;
        reader_init(&r, 1);
        acta_tx *tx = hold(&k, kind, &r);
        assert_int_equal(fill(tx, 1), 1);
        acta_msg *reply = NULL;
        assert_int_equal(acta_call(tx, 5 * ACTA_MS, &reply, query, .n = 1), ACTA_EFULL);
        assert_null(reply);
        assert_int_equal(kit_read(&k).sent, 2);

        opener o = {.k = &k, .gate = &r.go[0], .pauses = kit_read(&k).pauses + 1};
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "opener", opens_once_somebody_waits, &o), 0);
        assert_int_equal(acta_call(tx, KIT_WAIT_NS, &reply, query, .n = 1), ACTA_OK);
        pthread_join(thread, NULL);
        assert_int_equal(acta_as(answer, reply)->n, 2);
        acta_msg_free(&reply);
        acta_tx_drop(&tx);
        kit_close(&k);
        reader_fini(&r);
    }
}

// ---- inside an actor -------------------------------------------------------------------------

typedef struct prober {
    kit_actor actor;
    acta_tx *full;
    acta_tx *empty;
} prober;

static int probes(acta_self *self, void *arg, acta_msg *m)
{
    prober *p = arg;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(acta_send_within(p->empty, ACTA_SECOND, item, .n = 0) == ACTA_EDEADLK);
    kit_claim(acta_try_send(p->full, item, .n = -1) == ACTA_EFULL);
    kit_claim(acta_try_send(p->empty, item, .n = 0) == ACTA_OK);
    uint64_t id;
    kit_claim(acta_ask(self, p->full, ACTA_FOREVER, &id, query, .n = 1) == ACTA_OK); // waits in the outbox
    kit_claim(acta_try_send(p->empty, item, .n = -1) == ACTA_EFULL);                // it would overtake that
    kit_claim(acta_try_send(p->full, item, .n = -1) == ACTA_EFULL);
    acta_tx_drop(&p->full);
    acta_tx_drop(&p->empty);
    return ACTA_DONE;
}

TEST(inside_an_actor_a_try_overtakes_nothing_and_a_wait_is_refused)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader full, empty;
        reader_init(&full, 1);
        reader_init(&empty, 8);
        test_gate_open(&empty.go[0]);
        prober p = {.actor = {probes}};
        p.full = hold(&k, &kit_kinds[3], &full);
        assert_int_equal(fill(p.full, 1), 1);
        p.empty = kit_spawn_small(&k, &kit_kinds[0], &empty, "empty", 8);
        acta_tx *full_tx = acta_tx_dup(p.full), *empty_tx = acta_tx_dup(p.empty);
        acta_tx *tx = kit_spawn(&k, kind, &p);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
        assert_true(kit_await_pauses(&k, 1));
        test_gate_open(&full.go[0]);
        acta_tx_drop(&full_tx);
        acta_tx_drop(&empty_tx);
        kit_close(&k);
        assert_int_equal(empty.next, 1);
        assert_int_equal(full.next, 2);
        reader_fini(&full);
        reader_fini(&empty);
    }
}

static int finishes(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    prober *p = arg;
    if (m != NULL)
        kit_claim(acta_finish(&p->full, item, .n = 2) == ACTA_OK && p->full == NULL);
    return ACTA_OK;
}

TEST(a_finish_into_a_full_inbox_keeps_the_end_behind_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        reader r;
        reader_init(&r, 1);
        prober p = {.actor = {finishes}};
        p.full = hold(&k, &kit_kinds[3], &r);
        assert_int_equal(fill(p.full, 1), 1);
        acta_tx *tx = kit_spawn(&k, kind, &p);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK); // the only sender to r goes with it
        assert_true(kit_await_pauses(&k, 1));
        test_gate_open(&r.go[0]);
        kit_close(&k);
        assert_int_equal(r.next, 3);
        assert_int_equal(r.eofs, 1);
        reader_fini(&r);
    }
}

int main(void)
{
    return TEST_RUN(case_of(a_capacity_that_is_too_large_is_refused_and_the_largest_is_taken),
                    case_of(a_full_inbox_takes_nothing_and_each_message_that_is_handled_makes_room_for_one),
                    case_of(the_default_holds_as_many_as_it_says),
                    case_of(the_bound_is_exact_wherever_the_counts_stand),
                    case_of(an_inbox_with_room_is_never_called_full_by_a_producer_that_saw_an_old_word),
                    case_of(more_messages_than_can_be_counted_go_through_a_small_inbox),
                    case_of(several_threads_that_try_at_once_never_exceed_the_bound_and_what_was_accepted_is_handled),
                    case_of(replies_ticks_downs_and_the_end_get_into_a_full_inbox),
                    case_of(a_send_with_a_deadline_gives_up_at_it_with_nothing_sent_and_goes_out_when_there_is_room),
                    case_of(a_call_to_a_full_inbox_gives_up_at_its_deadline_with_nothing_sent),
                    case_of(inside_an_actor_a_try_overtakes_nothing_and_a_wait_is_refused),
                    case_of(a_finish_into_a_full_inbox_keeps_the_end_behind_it));
}
