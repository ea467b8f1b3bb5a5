// SPDX-License-Identifier: MIT
//
// C-CLOSE: one deadline, names of those who are still alive, then force.

#include "kit.h"

#include "core/system.h"

// ---- opening ------------------------------------------------------------------------

TEST(open_refuses_options_out_of_range_and_takes_those_at_the_edge)
{
    acta_system *sys = NULL;
    assert_int_equal(acta_open(&(acta_system_opts){.workers = 257}, &sys), ACTA_EINVAL);
    assert_int_equal(acta_open(&(acta_system_opts){.message_bytes_max = (1u << 30) + 1}, &sys), ACTA_EINVAL);
    assert_null(sys);
    assert_int_equal(acta_open(&(acta_system_opts){.workers = 16, .message_bytes_max = 1u << 30}, &sys), ACTA_OK);
    assert_int_equal(acta_close(&sys, 0), ACTA_OK); // nobody is alive, so no time is needed
    assert_int_equal(acta_open(NULL, &sys), ACTA_OK);
    assert_int_equal(acta_close(&sys, ACTA_FOREVER), ACTA_OK);
    assert_int_equal(acta_close(&sys, ACTA_FOREVER), ACTA_OK); // of NULL: nothing
}

// ---- waiting ------------------------------------------------------------------------

typedef struct late {
    kit_actor actor;
    test_gate entered;
    test_gate go;
    bool ended;
} late;

static int waits_for_go(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    late *l = arg;
    if (m == NULL) {
        l->ended = true;
        return ACTA_OK;
    }
    kit_claim(test_gate_wait(&l->go));
    return ACTA_OK;
}

static void *opens_gate(void *arg)
{
    test_gate_open(&((late *)arg)->go);
    return NULL;
}

TEST(close_waits_for_actors_that_still_have_work)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        late l = {.actor = {waits_for_go}};
        test_gate_init(&l.go);
        acta_tx *tx = kit_spawn(&k, kind, &l);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "opener", opens_gate, &l), 0);
        kit_close(&k);
        pthread_join(thread, NULL);
        test_gate_fini(&l.go);
        assert_true(l.ended);
        assert_int_equal(k.lines, 0);
    }
}

static int closes(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    acta_system *sys = acta_system_of(self);
    kit_claim(acta_close(&sys, 0) == ACTA_EDEADLK);
    return ACTA_OK;
}

TEST(close_inside_an_actor_is_refused)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int i = 0; i < 2; i++) {
        kit k;
        kit_open(&k, 1);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .handler = closes, .place = places[i]), ACTA_OK);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
        kit_close(&k);
    }
}

// ---- force ------------------------------------------------------------------------------

// Two actors that hold each other, as a forgotten sender does it. One also holds a sender made by a thread outside.
typedef struct stubborn {
    kit_actor actor;
    acta_tx *own;   // to itself
    acta_tx *other; // one to the other that it was given, and one that it has made
    acta_tx *other_dup;
    int handled;
    int eofs;
    test_gate *ready;
} stubborn;

static int is_held(acta_self *self, void *arg, acta_msg *m)
{
    stubborn *s = arg;
    s->eofs += m == NULL;
    if (m == NULL)
        return ACTA_OK;
    s->handled++;
    kit_claim(acta_addr_tx(acta_self_addr(self), &s->own) == ACTA_OK);
    s->other_dup = acta_tx_dup(s->other);
    test_gate_open(s->ready);
    return ACTA_OK;
}

static void lets_go(void *arg)
{
    stubborn *s = arg;
    acta_tx_drop(&s->own);
    acta_tx_drop(&s->other);
    acta_tx_drop(&s->other_dup);
}

static acta_tx *spawn_freeing(const kit *k, const kit_kind *kind, void *arg, void (*arg_free)(void *), const char *name)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k->sys, &tx, .body = kind->body ? kit_body : NULL,
                                .handler = kind->body ? NULL : kit_handler, .arg = arg, .arg_free = arg_free,
                                .place = kind->place, .name = name),
                     ACTA_OK);
    return tx;
}

// await_idle waits until an actor has done what it was sent, and has nothing to do.
static void await_idle(acta_addr *who)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (!acti_inbox_is_parked(&acti_actor_of_addr(who)->inbox))
        assert_true(acti_clock_ns() < until_ns);
}

TEST(past_the_deadline_close_names_who_is_alive_and_who_holds_it_and_ends_them)
{
    for (int tracked = 0; tracked < 2; tracked++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open_with(&k, (acta_system_opts){.workers = 1,
                                                 .track_senders = tracked ? ACTA_TRACK_ON : ACTA_TRACK_OFF});
            test_gate ready[2];
            stubborn s[2];
            acta_tx *tx[2];
            for (int i = 0; i < 2; i++) {
                test_gate_init(&ready[i]);
                s[i] = (stubborn){.actor = {is_held}, .ready = &ready[i]};
                tx[i] = spawn_freeing(&k, kind, &s[i], lets_go, i == 0 ? "romeo" : "juliet");
            }
            for (int i = 0; i < 2; i++)
                s[i].other = acta_tx_dup(tx[1 - i]);
            acta_addr *who = acta_addr_dup(acta_tx_addr(tx[1]));
            for (int i = 0; i < 2; i++) {
                kit_send(tx[i], 0);
                assert_true(test_gate_wait(&ready[i]));
                acta_tx_drop(&tx[i]);
            }
            await_idle(who);
            acta_addr_drop(&who);
            uint64_t start_ns = acti_clock_ns();
            kit_close_as(&k, ACTA_EALIVE, 5 * ACTA_MS);
            assert_true(acti_clock_ns() - start_ns >= 5 * ACTA_MS);
            assert_int_equal(k.lines, 2);
            assert_true(kit_reported(&k, "actor romeo", "3 senders"));
            assert_true(kit_reported(&k, "actor juliet", "3 senders"));
            assert_true(kit_reported(&k, "actor juliet", "idle"));
            if (tracked) {
                assert_true(kit_reported(&k, "actor romeo", "a thread outside ("));
                assert_true(kit_reported(&k, "actor romeo", "tests/core/test_close.c:"));
                assert_true(kit_reported(&k, "actor romeo", "juliet ("));
                assert_true(kit_reported(&k, "actor romeo", "romeo ("));
            } else {
                assert_true(kit_reported(&k, "actor romeo", "track_senders"));
            }
            for (int i = 0; i < 2; i++) {
                test_gate_fini(&ready[i]);
                assert_int_equal(s[i].handled, 1);
                assert_int_equal(s[i].eofs, kind->body); // a handler that is killed is not called again
            }
        }
}

// What is queued when an actor is killed is dropped, and counted.
static int floods_itself(acta_self *self, void *arg, acta_msg *m)
{
    stubborn *s = arg;
    if (m == NULL)
        return ACTA_OK;
    (void)self;
    if (s->handled++ == 0)
        test_gate_open(s->ready);
    kit_claim(acta_send(s->own, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

TEST(an_actor_that_always_has_work_is_ended_by_force)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        test_gate ready;
        test_gate_init(&ready);
        stubborn s = {.actor = {floods_itself}, .ready = &ready};
        acta_tx *tx = spawn_freeing(&k, kind, &s, lets_go, "busy");
        s.own = tx; // its own from the first message on
        for (int i = 0; i < 100; i++)
            kit_send(tx, i);
        assert_true(test_gate_wait(&ready));
        kit_close_as(&k, ACTA_EALIVE, 2 * ACTA_MS);
        test_gate_fini(&ready);
        assert_int_equal(k.lines, 1);
        assert_true(kit_reported(&k, "actor busy", "running") || kit_reported(&k, "actor busy", "ready to run"));
        assert_true(s.handled > 0);
    }
}

// Told to stop, it waits for an answer that will not come.
typedef struct waiting {
    acta_tx *to;
    late *responder;
    test_gate asked;
    bool stopped;
    bool gave_up;
    int eof;
} waiting;

static int stops_and_awaits(acta_self *self, void *arg)
{
    waiting *w = arg;
    uint64_t id = 0;
    acta_msg *m = acta_recv(self);
    w->stopped = m == NULL && acta_eof(self) == ACTA_ESTOPPED;
    kit_claim(acta_ask(self, w->to, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK);
    test_gate_open(&w->asked);
    m = acta_await(self, id);
    w->gave_up = m == NULL;
    acta_msg_free(&m);
    test_gate_open(&w->responder->go);
    w->eof = acta_eof(self);
    acta_tx_drop(&w->to);
    return ACTA_OK;
}

TEST(force_wakes_an_actor_that_was_stopped_before_and_awaits_an_answer)
{
    static const acta_place places[] = {ACTA_POOL, ACTA_THREAD};
    for (int i = 0; i < 2; i++) {
        kit k;
        kit_open(&k, 1);
        late l = {.actor = {waits_for_go}};
        test_gate_init(&l.go);
        waiting w = {.responder = &l, .to = kit_spawn(&k, &kit_kinds[2], &l)};
        test_gate_init(&w.asked);
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = stops_and_awaits, .arg = &w, .place = places[i]), ACTA_OK);
        assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK);
        acta_tx_drop(&tx);
        assert_true(test_gate_wait(&w.asked));
        kit_close_as(&k, ACTA_EALIVE, 20 * ACTA_MS);
        test_gate_fini(&l.go);
        test_gate_fini(&w.asked);
        assert_int_equal(k.lines, 2);
        assert_true(w.stopped);
        assert_true(w.gave_up);
        assert_int_equal(w.eof, ACTA_EKILLED);
    }
}

// One that spawns without end while the close by force looks for everybody.
enum { CHILDREN_MAX = 3000 };

typedef struct parent {
    kit_actor actor;
    kit_actor child;
    acta_tx *own;
    acta_tx *children[CHILDREN_MAX];
    int count;
    int refused;
} parent;

static int is_a_child(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

static int spawns_without_end(acta_self *self, void *arg, acta_msg *m)
{
    parent *p = arg;
    if (m == NULL)
        return ACTA_OK;
    if (p->count < CHILDREN_MAX) {
        const kit_kind *kind = &kit_kinds[p->count % 64 == 0 ? p->count / 64 % KIT_KINDS : p->count % 2];
        int status = kit_try_spawn(acta_system_of(self), kind, &p->child, "child", &p->children[p->count]);
        kit_claim(status == ACTA_OK || status == ACTA_EGONE);
        p->count += status == ACTA_OK;
        p->refused += status == ACTA_EGONE;
    }
    kit_claim(acta_send(p->own, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

static void drops_children(void *arg)
{
    parent *p = arg;
    acta_tx_drop(&p->own);
    for (int i = 0; i < p->count; i++)
        acta_tx_drop(&p->children[i]);
}

TEST(a_spawn_that_meets_a_close_by_force_leaves_nobody_behind)
{
    static parent p;
    for (uint32_t round = 0; round < 40; round++) {
        kit k;
        kit_open(&k, 2);
        p = (parent){.actor = {spawns_without_end}, .child = {is_a_child}};
        p.own = spawn_freeing(&k, &kit_kinds[round % 2 * 2], &p, drops_children, "parent");
        kit_send(p.own, 0);
        uint64_t start_ns = acti_clock_ns();
        kit_close_as(&k, ACTA_EALIVE, round * 20000);
        assert_true(acti_clock_ns() - start_ns < KIT_WAIT_NS);
        assert_false(kit_reported(&k, "do not return", "memory"));
    }
}

// ---- what cannot be stopped ---------------------------------------------------------------

static int ignores_everything(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    late *l = arg;
    if (m == NULL)
        return ACTA_OK;
    test_gate_open(&l->entered);
    kit_claim(test_gate_wait(&l->go)); // stands for a loop without end
    return ACTA_OK;
}

TEST(an_actor_that_never_returns_is_reported_and_its_system_stays_in_memory)
{
    static kit k; // its threads still look at it
    static late l;
    kit_open(&k, 1);
    l = (late){.actor = {ignores_everything}};
    test_gate_init(&l.entered);
    test_gate_init(&l.go);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &l);
    assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
    assert_true(test_gate_wait(&l.entered));
    uint64_t start_ns = acti_clock_ns();
    assert_int_equal(acta_close(&k.sys, ACTA_MS), ACTA_EALIVE);
    assert_true(acti_clock_ns() - start_ns >= ACTA_SECOND);
    assert_null(k.sys);
    assert_true(kit_reported(&k, "do not return", "memory"));
    assert_true(kit_reported(&k, "actor pool handler", "running"));
    test_gate_open(&l.go);
    kit_claims_held();
}

int main(void)
{
    return TEST_RUN(case_of(open_refuses_options_out_of_range_and_takes_those_at_the_edge),
                    case_of(close_waits_for_actors_that_still_have_work), case_of(close_inside_an_actor_is_refused),
                    case_of(past_the_deadline_close_names_who_is_alive_and_who_holds_it_and_ends_them),
                    case_of(an_actor_that_always_has_work_is_ended_by_force),
                    case_of(force_wakes_an_actor_that_was_stopped_before_and_awaits_an_answer),
                    case_of(a_spawn_that_meets_a_close_by_force_leaves_nobody_behind),
                    case_of(an_actor_that_never_returns_is_reported_and_its_system_stays_in_memory));
}
