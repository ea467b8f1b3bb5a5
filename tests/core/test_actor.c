// SPDX-License-Identifier: MIT
//
// The life of one actor: C-EOF, C-ONE-TURN, and what it owns.

#include "kit.h"

#include "core/sender.h"

// ---- spawning -------------------------------------------------------------------

static int ends_at_once(acta_self *self, void *arg)
{
    (void)self;
    (void)arg;
    return ACTA_OK;
}

static int handles_anything(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

static void count_free(void *arg)
{
    acti_au32_add_relaxed(arg, 1);
}

TEST(spawn_refuses_what_cannot_be_right_and_leaves_the_argument_alone)
{
    kit k;
    kit_open(&k, 1);
    acti_au32 freed = {0};
    acta_tx *tx = NULL;
    const acta_spawn_opts wrong[] = {
        {.arg = &freed},
        {.body = ends_at_once, .handler = handles_anything, .arg = &freed},
        {.body = ends_at_once, .place = (acta_place)7, .arg = &freed},
        {.body = ends_at_once, .state_bytes = 8},
        {.handler = handles_anything, .state_bytes = 8, .arg = &freed},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        acta_spawn_opts opts = wrong[i];
        opts.arg_free = count_free;
        assert_int_equal(acta_spawn_with(k.sys, &opts, &tx), ACTA_EINVAL);
        assert_null(tx);
    }
    kit_close(&k);
    assert_int_equal(freed.v, 0);
}

TEST(spawn_without_memory_says_so_and_leaves_the_argument_alone)
{
    kit k;
    kit_open(&k, 1);
    acti_au32 freed = {0};
    acta_tx *tx = NULL;
    acti_pool_fail_after(1);
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = handles_anything, .arg = &freed, .arg_free = count_free),
                     ACTA_ENOMEM);
    acti_pool_fail_after(0);
    assert_null(tx);
    kit_close(&k);
    assert_int_equal(freed.v, 0);
}

typedef struct named {
    kit_actor actor;
    char name[64];
    acta_system *sys;
    bool addressed;
} named;

static int keeps_its_name(acta_self *self, void *arg, acta_msg *m)
{
    named *a = arg;
    if (m == NULL) {
        snprintf(a->name, sizeof(a->name), "%s", acta_self_name(self));
        a->sys = acta_system_of(self);
        acta_addr *addr = acta_addr_dup(acta_self_addr(self));
        a->addressed = addr != NULL;
        acta_addr_drop(&addr);
        a->addressed = a->addressed && addr == NULL;
    }
    return ACTA_OK;
}

TEST(an_actor_knows_its_name_cut_to_31_bytes_and_its_system)
{
    static const char *const given[] = {NULL, "short", "0123456789012345678901234567890123456789"};
    static const char *const kept[] = {"actor", "short", "0123456789012345678901234567890"};
    KIT_EACH_KIND(kind) {
        for (int i = 0; i < 3; i++) {
            kit k;
            kit_open(&k, 1);
            named a = {.actor = {keeps_its_name}};
            acta_tx *tx = NULL;
            assert_int_equal(kit_try_spawn(k.sys, kind, &a, given[i], &tx), ACTA_OK);
            acta_tx_drop(&tx);
            acta_system *sys = k.sys;
            kit_close(&k);
            assert_string_equal(a.name, kept[i]);
            assert_ptr_equal(a.sys, sys);
            assert_true(a.addressed);
        }
    }
}

// ---- EOF ------------------------------------------------------------------------

typedef struct counter {
    kit_actor actor;
    uint64_t handled;
    uint64_t eofs;
    uint64_t after_eof;
    int eof;        // what acta_eof said at EOF
    int eof_before; // and before
    int64_t disorder;
} counter;

static int counts(acta_self *self, void *arg, acta_msg *m)
{
    counter *c = arg;
    if (m == NULL) {
        c->eofs++;
        c->eof = acta_eof(self);
        return ACTA_OK;
    }
    c->eof_before |= acta_eof(self);
    c->after_eof += c->eofs;
    const item *i = acta_as(item, m);
    c->disorder += i == NULL || i->n != (int64_t)c->handled;
    c->handled++;
    return ACTA_OK;
}

TEST(eof_comes_once_to_an_actor_to_which_nothing_was_ever_sent)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        counter c = {.actor = {counts}};
        acta_tx *tx = kit_spawn(&k, kind, &c);
        acta_tx_drop(&tx);
        assert_null(tx);
        acta_tx_drop(&tx); // of NULL: nothing
        kit_close(&k);
        assert_int_equal(c.handled, 0);
        assert_int_equal(c.eofs, 1);
        assert_int_equal(c.eof, ACTA_OK);
    }
}

TEST(eof_comes_once_and_after_everything_that_was_sent)
{
    enum { N = 1000 };
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        counter c = {.actor = {counts}};
        acta_tx *tx = kit_spawn(&k, kind, &c);
        for (int i = 0; i < N; i++)
            kit_send(tx, i);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(c.handled, N);
        assert_int_equal(c.disorder, 0);
        assert_int_equal(c.eofs, 1);
        assert_int_equal(c.after_eof, 0);
        assert_int_equal(c.eof_before, ACTA_OK);
        assert_int_equal(k.ledger.queued, 0);
    }
}

TEST(eof_says_crashed_when_a_holder_died_and_comes_after_what_it_sent)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        counter c = {.actor = {counts}};
        acta_tx *dies = kit_spawn(&k, kind, &c);
        acta_tx *tidy = acta_tx_dup(dies);
        kit_send(dies, 0);
        acti_tx_crash(&dies);
        assert_null(dies);
        kit_send(tidy, 1);
        acta_tx_drop(&tidy);
        kit_close(&k);
        assert_int_equal(c.handled, 2);
        assert_int_equal(c.disorder, 0);
        assert_int_equal(c.eofs, 1);
        assert_int_equal(c.eof, ACTA_ECRASHED);
        assert_int_equal(c.eof_before, ACTA_OK);
    }
}

typedef struct again {
    int nulls;
    int messages;
} again;

static int receives_after_eof(acta_self *self, void *arg)
{
    again *a = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        a->messages++;
        acta_msg_free(&m);
    }
    for (int i = 0; i < 100; i++)
        a->nulls += acta_recv(self) == NULL;
    return ACTA_OK;
}

TEST(recv_gives_null_again_from_eof_on)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int i = 0; i < 2; i++) {
        kit k;
        kit_open(&k, 1);
        again a = {0};
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = receives_after_eof, .arg = &a, .place = places[i]), ACTA_OK);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
        kit_close(&k);
        assert_int_equal(a.messages, 1);
        assert_int_equal(a.nulls, 100);
    }
}

static int recv_in_handler_is_null(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        kit_claim(acta_recv(self) == NULL);
    return ACTA_OK;
}

TEST(recv_in_a_handler_is_always_null)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = recv_in_handler_is_null), ACTA_OK);
    kit_send(tx, 1);
    kit_send(tx, 2);
    acta_tx_drop(&tx);
    kit_close(&k);
}

// ---- reasons and what an actor owns ----------------------------------------------

typedef struct watcher {
    kit_actor actor;
    acta_addr *who;
    int64_t reason;
    int downs;
    test_gate watching;
} watcher;

static int watches(acta_self *self, void *arg, acta_msg *m)
{
    watcher *w = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        uint64_t id;
        kit_claim(acta_monitor(self, w->who, &id) == ACTA_OK);
        test_gate_open(&w->watching);
        return ACTA_OK;
    }
    const acta_down *down = acta_as(acta_down, m);
    kit_claim(down != NULL);
    w->reason = down != NULL ? down->reason : 1;
    w->downs++;
    return ACTA_DONE;
}

typedef struct ender {
    kit_actor actor;
    int with;   // what it returns for an item
    int at_eof; // and at EOF
    int calls;
} ender;

static int ends_with(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    ender *e = arg;
    e->calls++;
    return m != NULL ? e->with : e->at_eof;
}

// reason_of runs an actor to its end under a monitor: by a message, or by EOF.
static int64_t reason_of(const kit_kind *kind, ender *e, bool by_eof)
{
    kit k;
    kit_open(&k, 2);
    acta_tx *tx = kit_spawn(&k, kind, e);
    watcher w = {.actor = {watches}, .who = acta_addr_dup(acta_tx_addr(tx))};
    test_gate_init(&w.watching);
    acta_tx *to_watcher = kit_spawn(&k, &kit_kinds[0], &w);
    kit_send(to_watcher, 0);
    assert_true(test_gate_wait(&w.watching));
    if (!by_eof)
        kit_send(tx, 0);
    acta_tx_drop(&tx);
    assert_true(kit_await_ended(acta_tx_addr(to_watcher)));
    acta_tx_drop(&to_watcher);
    acta_addr_drop(&w.who);
    kit_close(&k);
    test_gate_fini(&w.watching);
    assert_int_equal(w.downs, 1);
    return w.reason;
}

TEST(what_an_actor_returns_is_the_reason_why_it_ended)
{
    KIT_EACH_KIND(kind) {
        ender fails = {.actor = {ends_with}, .with = ACTA_EIO};
        assert_int_equal(reason_of(kind, &fails, false), ACTA_EIO);
        assert_int_equal(fails.calls, 1); // an end by itself is not an EOF
        ender done = {.actor = {ends_with}, .with = ACTA_DONE};
        assert_int_equal(reason_of(kind, &done, false), ACTA_OK);
        assert_int_equal(done.calls, 1);
        ender eof_fails = {.actor = {ends_with}, .at_eof = ACTA_EMALFORMED};
        assert_int_equal(reason_of(kind, &eof_fails, true), ACTA_EMALFORMED);
        ender eof_done = {.actor = {ends_with}, .at_eof = ACTA_DONE};
        assert_int_equal(reason_of(kind, &eof_done, true), ACTA_OK);
        assert_int_equal(eof_done.calls, 1);
    }
}

typedef struct owned {
    kit_actor actor;
    acti_au32 *freed;
    bool ended;
    bool freed_before_end;
} owned;

static int knows_whether_it_is_freed(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    owned *o = arg;
    o->freed_before_end |= acti_au32_load_relaxed(o->freed) != 0;
    o->ended = m == NULL;
    return ACTA_OK;
}

static void free_owned(void *arg)
{
    owned *o = arg;
    kit_claim(o->ended && !o->freed_before_end);
    acti_au32_add_relaxed(o->freed, 1);
    free(o);
}

TEST(the_argument_is_freed_once_and_after_the_end)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        acti_au32 freed = {0};
        owned *o = calloc(1, sizeof(*o));
        assert_non_null(o);
        *o = (owned){.actor = {knows_whether_it_is_freed}, .freed = &freed};
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = kind->body ? kit_body : NULL,
                                    .handler = kind->body ? NULL : kit_handler, .arg = o, .arg_free = free_owned,
                                    .place = kind->place),
                         ACTA_OK);
        kit_send(tx, 1);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(freed.v, 1);
    }
}

enum { STATE = 900 };

static int state_is_zero_then_dirty(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    unsigned char *state = arg;
    for (int i = 0; i < STATE; i++) {
        kit_claim(state[i] == (m != NULL ? 0 : 0xaa));
        state[i] = 0xaa;
    }
    return ACTA_OK;
}

TEST(state_bytes_are_zeroed_even_where_another_actor_was)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int round = 0; round < 20; round++) {
        kit k;
        kit_open(&k, 1);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .handler = state_is_zero_then_dirty, .state_bytes = STATE,
                                    .place = places[round % 2]),
                         ACTA_OK);
        kit_send(tx, 1);
        acta_tx_drop(&tx);
        kit_close(&k);
    }
}

// ---- one turn at a time -----------------------------------------------------------

enum { SOURCES = 4, EACH = 20000 };

// Plain memory, changed in several steps: TSan sees two turns at once, and so do the sums.
typedef struct shared {
    kit_actor actor;
    uint64_t a;
    uint64_t b;
    uint64_t torn;
    bool inside;
} shared;

static int changes_in_steps(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    shared *s = arg;
    if (m == NULL)
        return ACTA_OK;
    s->torn += s->inside || s->a != s->b;
    s->inside = true;
    s->a++;
    s->b++;
    s->inside = false;
    return ACTA_OK;
}

typedef struct outsider {
    acta_tx *tx;
    int refused;
} outsider;

static void *send_many(void *arg)
{
    outsider *o = arg;
    for (int i = 0; i < EACH; i++)
        o->refused += acta_send(o->tx, item, .n = i) != ACTA_OK;
    acta_tx_drop(&o->tx);
    return NULL;
}

TEST(turns_of_one_actor_never_overlap_and_each_sees_the_last)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 3);
        shared s = {.actor = {changes_in_steps}};
        acta_tx *tx = kit_spawn(&k, kind, &s);
        outsider o[SOURCES];
        pthread_t threads[SOURCES];
        for (int i = 0; i < SOURCES; i++) {
            o[i] = (outsider){.tx = acta_tx_dup(tx)};
            assert_int_equal(acti_thread_start(&threads[i], "source", send_many, &o[i]), 0);
        }
        acta_tx_drop(&tx);
        for (int i = 0; i < SOURCES; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(o[i].refused, 0);
        }
        kit_close(&k);
        assert_int_equal(s.a, SOURCES * EACH);
        assert_int_equal(s.b, SOURCES * EACH);
        assert_int_equal(s.torn, 0);
    }
}

// ---- ending early, stop ------------------------------------------------------------

TEST(senders_of_an_actor_that_ended_early_get_gone_and_it_is_counted)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        ender e = {.actor = {ends_with}, .with = ACTA_DONE};
        acta_tx *tx = kit_spawn(&k, kind, &e);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        assert_int_equal(acta_send(tx, item, .n = 1), ACTA_EGONE);
        acta_tx *more = acta_tx_dup(tx); // a sender of the dead is a sender all the same
        assert_int_equal(acta_finish(&more, item, .n = 2), ACTA_EGONE);
        assert_null(more);
        acta_ledger ledger;
        acta_ledger_read(k.sys, &ledger);
        assert_int_equal(ledger.refused, 2);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(e.calls, 1);
    }
}

typedef struct stoppee {
    kit_actor actor;
    test_gate entered; // opened by the first message
    test_gate go;      // which then waits for this one
    uint64_t handled;
    uint64_t eofs;
    int eof;
} stoppee;

static int waits_at_a_gate(acta_self *self, void *arg, acta_msg *m)
{
    stoppee *s = arg;
    if (m == NULL) {
        s->eofs++;
        s->eof = acta_eof(self);
        return acta_eof(self);
    }
    if (s->handled++ == 0) {
        test_gate_open(&s->entered);
        kit_claim(test_gate_wait(&s->go));
    }
    return ACTA_OK;
}

TEST(stop_ends_after_what_was_queued_then_and_drops_and_counts_what_came_later)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        stoppee s = {.actor = {waits_at_a_gate}};
        test_gate_init(&s.entered);
        test_gate_init(&s.go);
        acta_tx *tx = kit_spawn(&k, kind, &s);
        for (int i = 0; i < 5; i++)
            kit_send(tx, i);
        assert_true(test_gate_wait(&s.entered));
        assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK);
        assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK); // twice is once
        for (int i = 0; i < 3; i++)
            kit_send(tx, i);
        test_gate_open(&s.go);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        assert_int_equal(acta_send(tx, item, .n = 9), ACTA_EGONE);
        assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_EGONE);
        acta_tx_drop(&tx);
        acta_ledger ledger;
        do // the end counts what it drops after it has closed the inbox
            acta_ledger_read(k.sys, &ledger);
        while (ledger.queued != 0);
        assert_int_equal(ledger.dropped_gone, 3);
        kit_close(&k);
        test_gate_fini(&s.entered);
        test_gate_fini(&s.go);
        assert_int_equal(s.handled, 5);
        assert_int_equal(s.eofs, 1);
        assert_int_equal(s.eof, ACTA_ESTOPPED);
    }
}

TEST(stop_of_an_actor_that_has_ended_is_gone)
{
    kit k;
    kit_open(&k, 1);
    counter c = {.actor = {counts}};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &c);
    acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
    acta_tx_drop(&tx);
    assert_true(kit_await_ended(addr));
    assert_int_equal(acta_stop(addr), ACTA_EGONE);
    acta_addr_drop(&addr);
    assert_null(addr);
    kit_close(&k);
}

// The EOF and the STOP have one message between them. s waits in its first message while both come.
static void eof_and_stop_come(stoppee *s, const kit_kind *kind, bool stop_first)
{
    kit k;
    kit_open(&k, 1);
    *s = (stoppee){.actor = {waits_at_a_gate}};
    test_gate_init(&s->entered);
    test_gate_init(&s->go);
    acta_tx *tx = kit_spawn(&k, kind, s);
    acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
    for (int i = 0; i < 2; i++)
        kit_send(tx, i);
    assert_true(test_gate_wait(&s->entered));
    if (stop_first)
        assert_int_equal(acta_stop(addr), ACTA_OK);
    acta_tx_drop(&tx);
    assert_int_equal(acta_stop(addr), ACTA_OK);
    test_gate_open(&s->go);
    assert_true(kit_await_ended(addr));
    assert_int_equal(acta_stop(addr), ACTA_EGONE);
    acta_addr_drop(&addr);
    kit_close(&k);
    test_gate_fini(&s->entered);
    test_gate_fini(&s->go);
}

TEST(of_eof_and_stop_the_first_is_seen_once_behind_what_was_queued)
{
    KIT_EACH_KIND(kind) {
        for (int stop_first = 0; stop_first < 2; stop_first++) {
            stoppee s;
            eof_and_stop_come(&s, kind, stop_first);
            assert_int_equal(s.handled, 2);
            assert_int_equal(s.eofs, 1);
            assert_int_equal(s.eof, stop_first ? ACTA_ESTOPPED : ACTA_OK);
        }
    }
}

// ---- what it takes ------------------------------------------------------------------

static uint32_t block_bytes(kit *k, const char *name, size_t state_bytes)
{
    acta_tx *tx;
    assert_int_equal(
        acta_spawn(k->sys, &tx, .handler = handles_anything, .name = name, .state_bytes = state_bytes), ACTA_OK);
    uint32_t bytes = (uint32_t)acti_actor_of_tx(tx)->room * 64;
    acta_tx_drop(&tx);
    return bytes;
}

TEST(an_idle_handler_takes_256_bytes_and_what_its_name_and_state_need)
{
    kit k;
    kit_open(&k, 1);
    assert_true(block_bytes(&k, NULL, 0) <= 256);
    assert_true(block_bytes(&k, "a name of 31 characters, no more", 32) <= 320);
    assert_true(block_bytes(&k, NULL, 64) <= 320);
    kit_close(&k);
}

int main(void)
{
    return TEST_RUN(case_of(spawn_refuses_what_cannot_be_right_and_leaves_the_argument_alone),
                    case_of(spawn_without_memory_says_so_and_leaves_the_argument_alone),
                    case_of(an_actor_knows_its_name_cut_to_31_bytes_and_its_system),
                    case_of(eof_comes_once_to_an_actor_to_which_nothing_was_ever_sent),
                    case_of(eof_comes_once_and_after_everything_that_was_sent),
                    case_of(eof_says_crashed_when_a_holder_died_and_comes_after_what_it_sent),
                    case_of(recv_gives_null_again_from_eof_on), case_of(recv_in_a_handler_is_always_null),
                    case_of(what_an_actor_returns_is_the_reason_why_it_ended),
                    case_of(the_argument_is_freed_once_and_after_the_end),
                    case_of(state_bytes_are_zeroed_even_where_another_actor_was),
                    case_of(turns_of_one_actor_never_overlap_and_each_sees_the_last),
                    case_of(senders_of_an_actor_that_ended_early_get_gone_and_it_is_counted),
                    case_of(stop_ends_after_what_was_queued_then_and_drops_and_counts_what_came_later),
                    case_of(stop_of_an_actor_that_has_ended_is_gone),
                    case_of(of_eof_and_stop_the_first_is_seen_once_behind_what_was_queued),
                    case_of(an_idle_handler_takes_256_bytes_and_what_its_name_and_state_need));
}
