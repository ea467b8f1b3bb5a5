// SPDX-License-Identifier: MIT
//
// The scheduler: nothing that is ready is forgotten, nobody waits behind a long turn while a worker is idle,
// bodies stay where they are, and idle workers sleep.

#include "kit.h"

#include <acta/event.h>

#include "base/sanitize.h"
#include "core/system.h"

// ---- work from outside ------------------------------------------------------------

enum { WAKES = ACTI_TSAN || ACTI_ASAN ? 5000 : 25000 }; // for each of four kinds of actor

typedef struct echo {
    kit_actor actor;
    acti_park park; // of the main thread
    int64_t n;
} echo;

static int gives_token(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    echo *e = arg;
    if (m == NULL)
        return ACTA_OK;
    e->n = acta_as(item, m)->n;
    acti_park_give(&e->park);
    return ACTA_OK;
}

TEST(work_from_outside_is_never_lost_when_all_workers_are_idle)
{
    for (uint32_t workers = 1; workers <= 2; workers++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open(&k, workers);
            echo e = {.actor = {gives_token}};
            acta_tx *tx = kit_spawn(&k, kind, &e);
            for (int64_t n = 1; n <= WAKES / 2; n++) {
                kit_send(tx, n);
                // Before the next one is sent the workers are idle, or about to be: the moments at which one is missed.
                assert_true(acti_park_wait(&e.park, acti_clock_ns() + KIT_WAIT_NS));
                assert_int_equal(e.n, n);
            }
            acta_tx_drop(&tx);
            kit_close(&k);
        }
}

// ---- long turns -------------------------------------------------------------------

enum { HELPERS_MAX = 200 };

// Sends to helpers and does not return before all of them have run.
typedef struct boss {
    kit_actor actor;
    acta_tx *to[HELPERS_MAX];
    int helpers;
    acti_au32 helped;
    test_gate all;
    uint64_t send_at_ns; // not before
    acta_tx *first;      // sent to at once, so that somebody watches
} boss;

typedef struct helper {
    kit_actor actor;
    boss *boss;
} helper;

static int helps(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    helper *h = arg;
    if (m != NULL && acti_au32_add_relaxed(&h->boss->helped, 1) + 1 == (uint32_t)h->boss->helpers)
        test_gate_open(&h->boss->all);
    return ACTA_OK;
}

static int waits_for_helpers(acta_self *self, void *arg, acta_msg *m)
{
    boss *b = arg;
    if (m == NULL)
        return ACTA_OK;
    if (b->first != NULL)
        kit_claim(acta_finish(&b->first, item, 0, 0) == ACTA_OK);
    while (acta_now_ns(acta_system_of(self)) < b->send_at_ns)
        continue;
    for (int i = 0; i < b->helpers; i++)
        kit_claim(acta_finish(&b->to[i], item, 0, 0) == ACTA_OK);
    kit_claim(test_gate_wait(&b->all));
    return ACTA_OK;
}

static acta_tx *spawn_boss(const kit *k, const kit_kind *kind, const kit_kind *of_helpers, boss *b, helper *h,
                           int helpers)
{
    b->actor.on = waits_for_helpers;
    b->helpers = helpers;
    test_gate_init(&b->all);
    for (int i = 0; i < helpers; i++) {
        h[i] = (helper){.actor = {helps}, .boss = b};
        b->to[i] = kit_spawn(k, of_helpers, &h[i]);
    }
    return kit_spawn(k, kind, b);
}

TEST(who_was_sent_to_in_a_long_turn_runs_on_an_idle_worker)
{
    static const int numbers[] = {1, 2, 30};
    for (int kinds = 0; kinds < 2; kinds++) // a body is long, too, as is what comes after it
        for (uint32_t workers = 2; workers <= 4; workers++)
            for (int n = 0; n < 3; n++) {
                kit k;
                kit_open(&k, workers);
                boss b = {0};
                helper h[30];
                acta_tx *tx = spawn_boss(&k, &kit_kinds[kinds], &kit_kinds[0], &b, h, numbers[n]);
                assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
                kit_close(&k);
                test_gate_fini(&b.all);
                assert_int_equal(b.helped.v, numbers[n]);
            }
}

TEST(several_long_turns_at_once_hold_up_nobody_while_one_worker_is_idle)
{
    enum { BOSSES = 3 };
    for (int round = 0; round < 10; round++) {
        kit k;
        kit_open(&k, BOSSES + 1);
        boss b[BOSSES];
        helper h[BOSSES][2];
        acta_tx *tx[BOSSES];
        for (int i = 0; i < BOSSES; i++) {
            b[i] = (boss){0};
            tx[i] = spawn_boss(&k, &kit_kinds[i % 2], &kit_kinds[0], &b[i], h[i], 2);
        }
        for (int i = 0; i < BOSSES; i++)
            assert_int_equal(acta_finish(&tx[i], item, 0, 0), ACTA_OK);
        kit_close(&k);
        for (int i = 0; i < BOSSES; i++)
            test_gate_fini(&b[i].all);
    }
}

// Many alarms are due just when the watcher is about to take what waits behind a long turn.
enum { ALARMS = 250 };

typedef struct alarmed {
    kit_actor actor;
    uint64_t due_ns;
    acti_au32 *rung;
} alarmed;

static int is_alarmed(acta_self *self, void *arg, acta_msg *m)
{
    alarmed *a = arg;
    uint64_t timer, now_ns = acta_now_ns(acta_system_of(self));
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m))
        return acta_timer_start(self, a->due_ns > now_ns ? a->due_ns - now_ns : 0, 0, &timer);
    acti_au32_add_relaxed(a->rung, 1);
    return ACTA_DONE;
}

TEST(many_alarms_at_once_and_a_theft_at_the_same_moment_lose_nobody)
{
    static alarmed a[ALARMS];
    static helper h[HELPERS_MAX];
    static boss b;
    for (int round = 0; round < 6; round++) {
        kit k;
        kit_open(&k, 2);
        acti_au32 rung = {0};
        acta_tx *tx[ALARMS];
        uint64_t due_ns = acti_clock_ns() + 25 * ACTA_MS;
        for (int i = 0; i < ALARMS; i++) {
            a[i] = (alarmed){.actor = {is_alarmed}, .due_ns = due_ns, .rung = &rung};
            tx[i] = kit_spawn(&k, &kit_kinds[0], &a[i]);
            kit_send(tx[i], 0);
        }
        b = (boss){.send_at_ns = due_ns - (uint64_t)round * 100000};
        helper dummy = {.actor = {helps}, .boss = &b};
        acta_tx *to_boss = spawn_boss(&k, &kit_kinds[0], &kit_kinds[0], &b, h, HELPERS_MAX);
        b.first = kit_spawn(&k, &kit_kinds[0], &dummy);
        acti_au32_store_relaxed(&b.helped, UINT32_MAX); // the dummy counts as well, to nothing
        assert_int_equal(acta_finish(&to_boss, item, 0, 0), ACTA_OK);
        for (int i = 0; i < ALARMS; i++) {
            assert_true(kit_await_ended(acta_tx_addr(tx[i])));
            acta_tx_drop(&tx[i]);
        }
        kit_close(&k);
        test_gate_fini(&b.all);
        assert_int_equal(rung.v, ALARMS);
    }
}

// ---- floods -----------------------------------------------------------------------

typedef struct flooder {
    kit_actor actor;
    acta_tx *to; // itself, or the other
    acti_au32 *stop;
} flooder;

static int floods(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    flooder *f = arg;
    if (m == NULL || acti_au32_load_relaxed(f->stop))
        acta_tx_drop(&f->to);
    else if (f->to != NULL)
        kit_claim(acta_send(f->to, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

TEST(a_quiet_actor_runs_while_others_talk_without_pause)
{
    for (int pair = 0; pair < 2; pair++)
        KIT_EACH_KIND(of_flooder)
            KIT_EACH_KIND(of_quiet) {
                kit k;
                kit_open(&k, 1);
                acti_au32 stop = {0};
                flooder f[2] = {{.actor = {floods}, .stop = &stop}, {.actor = {floods}, .stop = &stop}};
                acta_tx *tx[2] = {kit_spawn(&k, of_flooder, &f[0]), kit_spawn(&k, of_flooder, &f[1])};
                f[0].to = acta_tx_dup(tx[pair]);
                f[1].to = acta_tx_dup(tx[1 - pair]);
                for (int i = 0; i < 2; i++) {
                    kit_send(tx[i], 0);
                    acta_tx_drop(&tx[i]);
                }
                echo e = {.actor = {gives_token}};
                acta_tx *quiet = kit_spawn(&k, of_quiet, &e);
                for (int64_t n = 1; n <= 20; n++) {
                    kit_send(quiet, n);
                    assert_true(acti_park_wait(&e.park, acti_clock_ns() + KIT_WAIT_NS));
                    assert_int_equal(e.n, n);
                }
                acti_au32_store_relaxed(&stop, 1);
                acta_tx_drop(&quiet);
                kit_close(&k);
            }
}

// ---- where actors run ---------------------------------------------------------------

enum { BODIES = 12, ROUNDS = 8, HOPS = 400 };

typedef struct settled {
    acta_tx *next; // the ring of bodies it passes each letter on to
    pid_t first;
    uint64_t moved;
    acti_au32 *ended; // letters of all bodies
    acti_park *all;
} settled;

static int notes_its_thread(acta_self *self, void *arg)
{
    settled *s = arg;
    // Not pthread_self, which a compiler may take for the same all through a function.
    s->first = gettid();
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        s->moved += s->first != gettid();
        const item *i = acta_as(item, m);
        if (i->n > 0)
            kit_claim(acta_send(s->next, item, 0, i->n - 1) == ACTA_OK);
        else if (acti_au32_add_relaxed(s->ended, 1) + 1 == ROUNDS * BODIES)
            acti_park_give(s->all);
        acta_msg_free(&m);
    }
    acta_tx_drop(&s->next);
    return ACTA_OK;
}

TEST(a_body_stays_on_the_worker_that_first_ran_it)
{
    kit k;
    kit_open(&k, 4);
    settled s[BODIES];
    acta_tx *tx[BODIES];
    acti_au32 ended = {0};
    acti_park all;
    acti_park_init(&all);
    for (int i = 0; i < BODIES; i++) {
        s[i] = (settled){.ended = &ended, .all = &all};
        assert_int_equal(acta_spawn(k.sys, &tx[i], .body = notes_its_thread, .arg = &s[i]), ACTA_OK);
    }
    for (int i = 0; i < BODIES; i++)
        s[i].next = acta_tx_dup(tx[(i + 1) % BODIES]);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < BODIES; i++)
            kit_send(tx[i], HOPS);
    assert_true(acti_park_wait(&all, acti_clock_ns() + KIT_WAIT_NS));
    for (int i = 0; i < BODIES; i++) {
        assert_int_equal(acta_stop(acta_tx_addr(tx[i])), ACTA_OK); // they hold each other in a circle
        acta_tx_drop(&tx[i]);
    }
    kit_close(&k);
    for (int i = 0; i < BODIES; i++)
        assert_int_equal(s[i].moved, 0);
}

// Handlers that compute: sooner or later two of them run on different threads.
typedef struct computer {
    kit_actor actor;
    acta_tx *own;
    acti_au64 *first;  // thread, as a number
    acti_au32 *second; // seen
} computer;

static int computes(acta_self *self, void *arg, acta_msg *m)
{
    computer *c = arg;
    if (m == NULL)
        return ACTA_OK;
    uint64_t until_ns = acta_now_ns(acta_system_of(self)) + 20000;
    while (acta_now_ns(acta_system_of(self)) < until_ns)
        continue;
    uint64_t here = (uint64_t)pthread_self(), none = 0;
    while (!acti_au64_cas_relaxed(c->first, &none, here) && none == 0)
        continue;
    if (none != 0 && none != here)
        acti_au32_store_relaxed(c->second, 1);
    if (acti_au32_load_relaxed(c->second) != 0)
        acta_tx_drop(&c->own);
    else
        kit_claim(acta_send(c->own, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

TEST(computing_spreads_to_another_worker)
{
    enum { COMPUTERS = 16 };
    kit k;
    kit_open(&k, 2);
    acti_au64 first = {0};
    acti_au32 second = {0};
    computer c[COMPUTERS];
    for (int i = 0; i < COMPUTERS; i++) {
        c[i] = (computer){.actor = {computes}, .first = &first, .second = &second};
        c[i].own = kit_spawn(&k, &kit_kinds[0], &c[i]);
        kit_send(c[i].own, 0);
    }
    kit_close(&k);
    assert_int_equal(second.v, 1);
}

// ---- spinning -----------------------------------------------------------------------

enum { FOUND, MADE_READY, FROM_OUTSIDE, TOO_LATE };

typedef struct spinner {
    kit_actor actor;
    acta_tx *other;      // on the same worker
    test_gate spins;
    int calls;           // of came
    int found_at;        // the call that says that something has come; 0: none
    bool found;
    acti_park ended;
} spinner;

static bool came(void *arg)
{
    spinner *s = arg;
    if (++s->calls == 2)
        test_gate_open(&s->spins);
    return s->calls == s->found_at;
}

static int spins(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    spinner *s = arg;
    if (m == NULL)
        return ACTA_OK;
    int64_t how = acta_as(item, m)->n;
    if (how == MADE_READY)
        kit_claim(acta_send(s->other, item, 0, 0) == ACTA_OK);
    s->calls = 0;
    s->found_at = how == FOUND ? 3 : 0;
    s->found = acti_sched_spin(came, s, how == TOO_LATE ? 0 : acti_clock_ns() + KIT_WAIT_NS);
    acti_park_give(&s->ended);
    return ACTA_OK;
}

static void ended_within_its_time(spinner *s)
{
    assert_true(acti_park_wait(&s->ended, acti_clock_ns() + KIT_WAIT_NS / 2));
}

TEST(who_spins_ends_when_something_came_or_another_is_ready_or_the_time_is_over)
{
    kit k;
    kit_open(&k, 1);
    echo e = {.actor = {gives_token}};
    spinner s = {.actor = {spins}};
    test_gate_init(&s.spins);
    s.other = kit_spawn(&k, &kit_kinds[0], &e);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &s);
    kit_send(tx, FOUND);
    ended_within_its_time(&s);
    assert_true(s.found);
    assert_int_equal(s.calls, 3);

    kit_send(tx, MADE_READY);
    ended_within_its_time(&s);
    assert_false(s.found);
    assert_int_equal(s.calls, 1); // it has looked, and only once
    assert_true(acti_park_wait(&e.park, acti_clock_ns() + KIT_WAIT_NS)); // nobody is ready any more

    test_gate_fini(&s.spins);
    test_gate_init(&s.spins);
    kit_send(tx, FROM_OUTSIDE);
    assert_true(test_gate_wait(&s.spins));
    kit_send(s.other, 1);
    ended_within_its_time(&s);
    assert_true(acti_park_wait(&e.park, acti_clock_ns() + KIT_WAIT_NS));
    assert_false(s.found);

    kit_send(tx, TOO_LATE);
    ended_within_its_time(&s);
    assert_false(s.found);
    assert_int_equal(s.calls, 1);
    acta_tx_drop(&s.other);
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&s.spins);
}

// ---- at rest --------------------------------------------------------------------------

static uint64_t sleeps_of(acta_system *sys)
{
    uint64_t sum[ACTI_COUNTERS];
    acti_board_sum(&sys->board, sum);
    return sum[ACTI_SLEEPS];
}

TEST(idle_workers_do_not_wake_up)
{
    kit k;
    kit_open(&k, 4);
    echo e = {.actor = {gives_token}};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &e);
    kit_send(tx, 1);
    assert_true(acti_park_wait(&e.park, acti_clock_ns() + KIT_WAIT_NS));

    // That nothing happens takes time to see. The first looks may find them still settling down, or one that has yet to
    // begin.
    acti_park never;
    acti_park_init(&never);
    uint64_t before, after, until_ns = acti_clock_ns() + KIT_WAIT_NS;
    do {
        before = sleeps_of(k.sys);
        assert_false(acti_park_wait(&never, acti_clock_ns() + 20 * ACTI_SCHED_WATCH_NS));
        after = sleeps_of(k.sys);
    } while ((after != before || after < 4) && acti_clock_ns() < until_ns);
    assert_int_equal(after, before);
    assert_true(after >= 4); // each has gone to sleep

    kit_send(tx, 2); // and wakes when there is work
    assert_true(acti_park_wait(&e.park, acti_clock_ns() + KIT_WAIT_NS));
    acta_tx_drop(&tx);
    kit_close(&k);
}

int main(void)
{
    return TEST_RUN(case_of(work_from_outside_is_never_lost_when_all_workers_are_idle),
                    case_of(who_was_sent_to_in_a_long_turn_runs_on_an_idle_worker),
                    case_of(several_long_turns_at_once_hold_up_nobody_while_one_worker_is_idle),
                    case_of(many_alarms_at_once_and_a_theft_at_the_same_moment_lose_nobody),
                    case_of(a_quiet_actor_runs_while_others_talk_without_pause),
                    case_of(a_body_stays_on_the_worker_that_first_ran_it), case_of(computing_spreads_to_another_worker),
                    case_of(who_spins_ends_when_something_came_or_another_is_ready_or_the_time_is_over),
                    case_of(idle_workers_do_not_wake_up));
}
