// SPDX-License-Identifier: MIT
//
// C-WATCH for signals: each watch is told of each signal, counted; nothing after an unwatch; and the program has its
// own handlers back afterwards.

#include "pipes.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

// ---- refusals and bounds --------------------------------------------------------------

static int watches_what_it_cannot(acta_self *self, void *arg, acta_msg *m)
{
    static const int refused[] = {-1,     0,      SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,
                                  SIGILL, SIGSYS, SIGTRAP, SIGABRT, 32,      33,     65, INT32_MAX};
    (void)arg;
    uint64_t watch = 7;
    if (m == NULL)
        return ACTA_OK;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        kit_claim(acta_watch_signal(self, refused[i], &watch) == ACTA_EINVAL);
    acti_pool_fail_after(1);
    kit_claim(acta_watch_signal(self, SIGUSR1, &watch) == ACTA_ENOMEM);
    acti_pool_fail_after(0);
    kit_claim(watch == 7);
    return ACTA_OK;
}

static bool has_default(int signo)
{
    struct sigaction now;
    return sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

TEST(what_cannot_be_watched_is_refused_and_the_program_keeps_its_handlers)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        kit_actor actor = {watches_what_it_cannot};
        acta_tx *tx = kit_spawn(&k, kind, &actor);
        assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
        kit_close(&k);
        assert_true(has_default(SIGUSR1));
    }
}

// The true limit is too large to reach in a test: the actor lowers the one of its own table.
enum { LIMIT = 1000 };

static int watches_too_many(acta_self *self, void *arg, acta_msg *m)
{
    uint64_t first = 0, watch = 0;
    int *count = arg;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(acta_watch_signal(self, SIGUSR1, &first) == ACTA_OK);
    acti_actor_of_self(self)->pending->limit = LIMIT;
    int status;
    for (*count = 1; (status = acta_watch_signal(self, SIGUSR1, &watch)) == ACTA_OK; ++*count)
        continue;
    kit_claim(status == ACTA_EFULL);
    acta_unwatch(self, first);
    kit_claim(acta_watch_signal(self, SIGUSR1, &watch) == ACTA_OK);
    return ACTA_OK;
}

TEST(one_watch_too_many_is_full_and_an_unwatch_makes_room)
{
    kit k;
    kit_open(&k, 1);
    int count = 0;
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = watches_too_many, .arg = &count), ACTA_OK);
    assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
    kit_close(&k);
    assert_int_equal(count, LIMIT);
    assert_true(has_default(SIGUSR1));
}

// ---- telling --------------------------------------------------------------------------

typedef struct listener {
    kit_actor actor;
    int signo;
    uint64_t due; // ends when it has been told of so many
    uint64_t watch;
    uint64_t count;
    int events;
    bool unwatched;
    test_gate watched;
    test_gate heard;
} listener;

static void listener_init(listener *l, acta_handler *on, int signo, uint64_t due)
{
    *l = (listener){.actor = {on}, .signo = signo, .due = due};
    test_gate_init(&l->watched);
    test_gate_init(&l->heard);
}

static void listener_fini(listener *l)
{
    test_gate_fini(&l->watched);
    test_gate_fini(&l->heard);
}

static int listens(acta_self *self, void *arg, acta_msg *m)
{
    listener *l = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_watch_signal(self, l->signo, &l->watch) == ACTA_OK);
        test_gate_open(&l->watched);
        return ACTA_OK;
    }
    const acta_signal_event *event = acta_as(acta_signal_event, m);
    kit_claim(event != NULL && event->watch == l->watch && event->signo == l->signo && event->count > 0);
    l->count += event->count;
    if (l->events++ == 0)
        test_gate_open(&l->heard);
    return l->count < l->due ? ACTA_OK : ACTA_DONE;
}

static void send_signal(int signo)
{
    assert_int_equal(kill(getpid(), signo), 0);
}

TEST(each_watch_of_each_system_is_told_of_every_signal)
{
    enum { SIGNALS = 20 };
    kit k[2];
    listener l[2 * KIT_KINDS];
    acta_tx *tx[2 * KIT_KINDS];
    kit_open(&k[0], 2);
    kit_open(&k[1], 1);
    for (int i = 0; i < 2 * KIT_KINDS; i++) {
        listener_init(&l[i], listens, SIGRTMIN + 1, SIGNALS); // of the kind that the kernel does not merge
        tx[i] = kit_spawn(&k[i / KIT_KINDS], &kit_kinds[i % KIT_KINDS], &l[i]);
        kit_send(tx[i], 0);
        assert_true(test_gate_wait(&l[i].watched));
    }
    for (int i = 0; i < SIGNALS; i++)
        send_signal(SIGRTMIN + 1);
    for (int i = 0; i < 2 * KIT_KINDS; i++) {
        assert_true(kit_await_ended(acta_tx_addr(tx[i])));
        assert_int_equal(l[i].count, SIGNALS);
        acta_tx_drop(&tx[i]);
        listener_fini(&l[i]);
    }
    kit_close(&k[0]);
    kit_close(&k[1]);
    assert_true(has_default(SIGRTMIN + 1));
}

TEST(a_signal_that_comes_alone_is_told_at_once_and_the_next_too)
{
    KIT_EACH_KIND(kind) {
        kit k;
        listener l;
        kit_open(&k, 1);
        listener_init(&l, listens, SIGUSR1, 2);
        acta_tx *tx = kit_spawn(&k, kind, &l);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&l.watched));
        send_signal(SIGUSR1);
        assert_true(test_gate_wait(&l.heard));
        send_signal(SIGUSR1); // while it is shown, or after
        await_end(&k, &tx);
        assert_int_equal(l.events, 2);
        listener_fini(&l);
    }
}

// What comes while an event is queued is in its count, and what comes while it is shown in the next one's.
static int counts(acta_self *self, void *arg, acta_msg *m)
{
    listener *l = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_watch_signal(self, l->signo, &l->watch) == ACTA_OK);
        test_gate_open(&l->watched);
        kit_claim(test_gate_wait(&l->heard)); // all have been sent
        kit_claim(kit_await_mail(self));
        return ACTA_OK;
    }
    l->count = acta_as(acta_signal_event, m)->count;
    l->events++;
    return ACTA_DONE;
}

TEST(signals_that_come_while_an_event_is_queued_are_in_its_count)
{
    KIT_EACH_KIND(kind) {
        kit k;
        listener l;
        kit_open(&k, 1);
        listener_init(&l, counts, SIGRTMIN, 0);
        acta_tx *tx = kit_spawn(&k, kind, &l);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&l.watched));
        for (int i = 0; i < 7; i++)
            send_signal(SIGRTMIN);
        test_gate_open(&l.heard);
        await_end(&k, &tx);
        assert_int_equal(l.events, 1);
        assert_int_equal(l.count, 7);
        listener_fini(&l);
    }
}

// ---- unwatching -----------------------------------------------------------------------

static int quits_while_queued(acta_self *self, void *arg, acta_msg *m)
{
    listener *l = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m))
        return ACTA_DONE;
    if (!acta_is(item, m)) {
        l->events++;
        return ACTA_OK;
    }
    uint64_t sentinel, second;
    kit_claim(acta_watch_signal(self, l->signo, &l->watch) == ACTA_OK);
    test_gate_open(&l->watched);
    kit_claim(kit_await_mail(self));
    acta_unwatch(self, l->watch);
    kit_claim(has_default(l->signo));
    // A watch tells nothing of before it began.
    kit_claim(acta_watch_signal(self, l->signo, &second) == ACTA_OK);
    kit_claim(acta_timer_start(self, 3 * ACTA_MS, 0, &sentinel) == ACTA_OK);
    return ACTA_OK;
}

TEST(after_an_unwatch_no_event_comes_and_none_of_before_a_watch)
{
    KIT_EACH_KIND(kind) {
        kit k;
        listener l;
        kit_open(&k, 1);
        listener_init(&l, quits_while_queued, SIGUSR2, 0);
        acta_tx *tx = kit_spawn(&k, kind, &l);
        kit_send(tx, 0);
        assert_true(test_gate_wait(&l.watched));
        send_signal(SIGUSR2);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        acta_ledger ledger;
        acta_ledger_read(k.sys, &ledger);
        assert_int_equal(ledger.dropped_cancel, 1);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(l.events, 0);
        listener_fini(&l);
    }
}

// Watches that come and go while signals rain: whatever is told belongs to the watch that there is.
enum { MEETINGS = 2000 };

typedef struct meeting {
    kit_actor actor;
    uint64_t watch;
    uint64_t round;
    uint64_t events;
    uint64_t wrong;
    acta_tx *own;
    acti_au32 over;
} meeting;

static int meets(acta_self *self, void *arg, acta_msg *m)
{
    meeting *t = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_signal_event *event = acta_as(acta_signal_event, m);
    if (event != NULL) {
        t->wrong += event->watch != t->watch || event->count == 0;
        t->events++;
        return ACTA_OK;
    }
    acta_unwatch(self, t->watch);
    t->watch = 0;
    if (t->round++ == MEETINGS) {
        acti_au32_store_release(&t->over, 1);
        acta_tx_drop(&t->own);
        return ACTA_OK;
    }
    uint64_t until_ns = acta_now_ns(acta_system_of(self)) + t->round % 50 * 1000;
    kit_claim(acta_watch_signal(self, SIGUSR1, &t->watch) == ACTA_OK);
    while (acta_now_ns(acta_system_of(self)) < until_ns && !kit_has_mail(self))
        continue;
    kit_claim(acta_send(t->own, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

TEST(an_unwatch_that_meets_the_signal_wins_or_comes_before_it)
{
    signal(SIGUSR1, SIG_IGN); // when nobody watches
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        meeting t = {.actor = {meets}};
        t.own = kit_spawn(&k, kind, &t);
        kit_send(t.own, 0);
        while (acti_au32_load_acquire(&t.over) == 0)
            send_signal(SIGUSR1);
        kit_close(&k);
        assert_int_equal(t.round, MEETINGS + 1);
        assert_int_equal(t.wrong, 0);
    }
    signal(SIGUSR1, SIG_DFL);
}

// ---- the program's own ------------------------------------------------------------------

static acti_au32 own_calls;

static void own_handler(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)info, (void)context;
    acti_au32_add_relaxed(&own_calls, 1);
}

TEST(the_program_has_its_handler_back_after_the_last_watch)
{
    struct sigaction own = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO}, now;
    sigemptyset(&own.sa_mask);
    sigaddset(&own.sa_mask, SIGUSR2);
    assert_int_equal(sigaction(SIGUSR1, &own, NULL), 0);
    kit k;
    listener l[2];
    acta_tx *tx[2];
    kit_open(&k, 1);
    for (int i = 0; i < 2; i++) {
        listener_init(&l[i], listens, SIGUSR1, (uint64_t)i + 1);
        tx[i] = kit_spawn(&k, &kit_kinds[2 * i], &l[i]);
        kit_send(tx[i], 0);
        assert_true(test_gate_wait(&l[i].watched));
    }
    send_signal(SIGUSR1); // ends the first
    assert_true(kit_await_ended(acta_tx_addr(tx[0])));
    send_signal(SIGUSR1); // and the second
    assert_true(kit_await_ended(acta_tx_addr(tx[1])));
    acta_tx_drop(&tx[0]);
    acta_tx_drop(&tx[1]);
    kit_close(&k);
    assert_int_equal(acti_au32_load_relaxed(&own_calls), 0);

    assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
    assert_true(now.sa_sigaction == own_handler && (now.sa_flags & SA_SIGINFO) != 0);
    assert_int_equal(sigismember(&now.sa_mask, SIGUSR2), 1);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(acti_au32_load_relaxed(&own_calls), 1);
    signal(SIGUSR1, SIG_DFL);
    for (int i = 0; i < 2; i++)
        listener_fini(&l[i]);
}

TEST(a_handler_that_the_program_sets_meanwhile_stays)
{
    kit k;
    listener l;
    kit_open(&k, 1);
    listener_init(&l, listens, SIGUSR1, 1);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &l);
    kit_send(tx, 0);
    assert_true(test_gate_wait(&l.watched));
    signal(SIGUSR1, SIG_IGN);
    acta_tx_drop(&tx);
    kit_close(&k);
    struct sigaction now;
    assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
    listener_fini(&l);
}

int main(void)
{
    return TEST_RUN(case_of(what_cannot_be_watched_is_refused_and_the_program_keeps_its_handlers),
                    case_of(one_watch_too_many_is_full_and_an_unwatch_makes_room),
                    case_of(each_watch_of_each_system_is_told_of_every_signal),
                    case_of(a_signal_that_comes_alone_is_told_at_once_and_the_next_too),
                    case_of(signals_that_come_while_an_event_is_queued_are_in_its_count),
                    case_of(after_an_unwatch_no_event_comes_and_none_of_before_a_watch),
                    case_of(an_unwatch_that_meets_the_signal_wins_or_comes_before_it),
                    case_of(the_program_has_its_handler_back_after_the_last_watch),
                    case_of(a_handler_that_the_program_sets_meanwhile_stays));
}
