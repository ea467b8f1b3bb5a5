// SPDX-License-Identifier: MIT
//
// C-WATCH for descriptors, the other half: after an unwatch nothing is told and nothing is held, and an actor may end
// whatever it watches.

#include "pipes.h"

#include <signal.h>

// ---- unwatching -----------------------------------------------------------------------

enum { BEFORE, WHILE_QUEUED, IN_ITS_EVENT, TWICE_AND_STRANGE, WAYS };

typedef struct quitter {
    kit_actor actor;
    int way;
    tube tube;
    uint64_t watch;
    int events;
    int events_after;
    bool unwatched;
} quitter;

static void quit(acta_self *self, quitter *q)
{
    uint64_t sentinel; // after which nothing can come any more
    acta_unwatch(self, q->watch);
    q->unwatched = true;
    // Nothing of ours keeps it open: the writer sees at once that nobody is there to read.
    close(q->tube.out);
    q->tube.out = -1;
    kit_claim(!tube_put(&q->tube) && errno == EPIPE);
    kit_claim(acta_timer_start(self, 4 * ACTA_MS, 0, &sentinel) == ACTA_OK);
}

static int quits(acta_self *self, void *arg, acta_msg *m)
{
    quitter *q = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m))
        return ACTA_DONE;
    if (acta_is(item, m)) {
        bool later = q->way == BEFORE || q->way == TWICE_AND_STRANGE;
        if (!later)
            kit_claim(tube_put(&q->tube));
        kit_claim(acta_watch_fd(self, q->tube.out, ACTA_READABLE, &q->watch) == ACTA_OK);
        if (q->way == WHILE_QUEUED)
            kit_claim(kit_await_mail(self));
        if (q->way != IN_ITS_EVENT)
            quit(self, q);
        if (q->way == TWICE_AND_STRANGE) {
            acta_unwatch(self, q->watch);
            acta_unwatch(self, 0);
            acta_unwatch(self, UINT64_MAX);
        }
        return ACTA_OK;
    }
    kit_claim(acta_as(acta_fd_event, m)->watch == q->watch);
    q->events++;
    q->events_after += q->unwatched;
    if (q->way == IN_ITS_EVENT)
        quit(self, q);
    return ACTA_OK;
}

TEST(after_an_unwatch_nothing_is_told_and_nothing_is_held_open)
{
    KIT_EACH_KIND(kind)
        for (int way = 0; way < WAYS; way++) {
            kit k;
            kit_open(&k, 2);
            quitter q = {.actor = {quits}, .way = way, .tube = tube_open(TUBE_PIPE)};
            acta_tx *tx = kit_spawn(&k, kind, &q);
            kit_send(tx, 0);
            assert_true(kit_await_ended(acta_tx_addr(tx)));
            acta_ledger ledger;
            acta_ledger_read(k.sys, &ledger);
            assert_int_equal(ledger.dropped_cancel, way == WHILE_QUEUED);
            acta_tx_drop(&tx);
            kit_close(&k);
            assert_int_equal(q.events, way == IN_ITS_EVENT);
            assert_int_equal(q.events_after, 0);
            tube_close(&q.tube);
        }
}

// An unwatch that meets the readiness, at every distance. Every other round opens and closes what it watches, so that
// numbers are used again; the others leave it ready.
enum { MEETINGS = 3000 };

typedef struct meeting {
    kit_actor actor;
    tube tube;
    uint64_t watch;
    uint64_t round;
    uint64_t events;
    uint64_t wrong;
    acta_tx *own;
    acti_au32 put; // the other thread is to write
    acti_au32 over;
} meeting;

static int meets(acta_self *self, void *arg, acta_msg *m)
{
    meeting *t = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_fd_event *event = acta_as(acta_fd_event, m);
    if (event != NULL) {
        t->wrong += event->watch != t->watch;
        t->events++;
        (void)tube_take(&t->tube);
        return ACTA_OK;
    }
    acta_unwatch(self, t->watch);
    t->watch = 0;
    if (t->round++ == MEETINGS) {
        acti_au32_store_release(&t->over, 1);
        acta_tx_drop(&t->own);
        return ACTA_OK;
    }
    int fd = t->round % 2 == 0 ? t->tube.out : fcntl(t->tube.out, F_DUPFD_CLOEXEC, 0);
    uint64_t until_ns = acta_now_ns(acta_system_of(self)) + t->round % 50 * 1000;
    acti_au32_store_release(&t->put, 1);
    kit_claim(acta_watch_fd(self, fd, ACTA_READABLE, &t->watch) == ACTA_OK);
    if (fd != t->tube.out)
        close(fd); // without an unwatch: it comes later, when the number may be another's
    while (acta_now_ns(acta_system_of(self)) < until_ns && !kit_has_mail(self))
        continue;
    if (t->round % 3 == 0) {
        acta_unwatch(self, t->watch);
        t->watch = 0;
    }
    kit_claim(acta_send(t->own, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

static void *puts_when_told(void *arg)
{
    meeting *t = arg;
    while (acti_au32_load_acquire(&t->over) == 0)
        if (acti_au32_swap_acquire(&t->put, 0) != 0)
            (void)tube_put(&t->tube);
    return NULL;
}

TEST(an_unwatch_that_meets_the_readiness_wins_or_comes_before_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        meeting t = {.actor = {meets}, .tube = tube_open(TUBE_EVENTFD)};
        pthread_t writer;
        assert_int_equal(pthread_create(&writer, NULL, puts_when_told, &t), 0);
        t.own = kit_spawn(&k, kind, &t);
        kit_send(t.own, 0);
        kit_close(&k);
        assert_int_equal(pthread_join(writer, NULL), 0);
        assert_int_equal(t.round, MEETINGS + 1);
        assert_int_equal(t.wrong, 0);
        tube_close(&t.tube);
    }
}

// ---- the end ------------------------------------------------------------------------------

typedef struct mortal {
    kit_actor actor;
    tube tube;
    bool queued; // end only when the event lies in the inbox
    bool by_itself;
    bool ended;
    int after_end;
    test_gate watched;
} mortal;

static int dies_with_watches(acta_self *self, void *arg, acta_msg *m)
{
    mortal *d = arg;
    uint64_t watch;
    d->after_end += d->ended;
    if (m == NULL) {
        d->ended = true;
        kit_claim(acta_watch_fd(self, d->tube.out, ACTA_READABLE, &watch) == ACTA_OK); // too late to be told
        return ACTA_OK;
    }
    if (!acta_is(item, m))
        return ACTA_OK;
    kit_claim(acta_watch_fd(self, d->tube.out, ACTA_READABLE, &watch) == ACTA_OK);
    kit_claim(acta_watch_fd(self, d->tube.in, ACTA_READABLE, &watch) == ACTA_OK); // never is
    if (d->queued)
        kit_claim(kit_await_mail(self));
    test_gate_open(&d->watched);
    d->ended = d->by_itself;
    return d->by_itself ? ACTA_DONE : ACTA_OK;
}

static void dies(const kit_kind *kind, mortal d)
{
    kit k;
    kit_open(&k, 2);
    d.actor.on = dies_with_watches;
    d.tube = tube_open(TUBE_SOCKETS);
    test_gate_init(&d.watched);
    acta_tx *tx = kit_spawn(&k, kind, &d);
    if (d.queued)
        assert_true(tube_put(&d.tube));
    kit_send(tx, 0);
    if (!d.queued)
        assert_true(tube_put(&d.tube)); // as it happens
    if (!d.by_itself)
        assert_true(test_gate_wait(&d.watched));
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&d.watched);
    assert_int_equal(d.after_end, 0);
    tube_close(&d.tube);
}

TEST(watches_keep_nobody_alive)
{
    int before = fds_open();
    KIT_EACH_KIND(kind)
        dies(kind, (mortal){.by_itself = false});
    assert_int_equal(fds_open(), before);
}

TEST(an_actor_may_end_while_its_event_is_queued)
{
    int before = fds_open();
    KIT_EACH_KIND(kind)
        for (int by_itself = 0; by_itself < 2; by_itself++)
            dies(kind, (mortal){.queued = true, .by_itself = by_itself});
    assert_int_equal(fds_open(), before);
}

TEST(an_actor_may_end_just_as_its_descriptor_becomes_ready)
{
    for (int round = 0; round < 300; round++)
        dies(&kit_kinds[round % KIT_KINDS], (mortal){.by_itself = true});
}

static int keeps_the_event(acta_self *self, void *arg)
{
    acta_msg **kept = arg;
    uint64_t watch;
    acta_msg *m = acta_recv(self);
    kit_claim(m != NULL && acta_watch_fd(self, (int)acta_as(item, m)->n, ACTA_READABLE, &watch) == ACTA_OK);
    acta_msg_free(&m);
    *kept = acta_recv(self);
    return ACTA_OK;
}

TEST(an_event_may_be_freed_after_its_actor_and_its_system_have_ended)
{
    kit k;
    kit_open(&k, 1);
    tube t = tube_open(TUBE_PIPE);
    acta_msg *kept = NULL;
    acta_tx *tx = NULL;
    assert_true(tube_put(&t));
    assert_int_equal(acta_spawn(k.sys, &tx, .body = keeps_the_event, .arg = &kept), ACTA_OK);
    kit_send(tx, t.out);
    assert_true(kit_await_ended(acta_tx_addr(tx)));
    acta_tx_drop(&tx);
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
    kit_claims_held();
    assert_int_equal(acta_as(acta_fd_event, kept)->fd, t.out);
    acta_msg_free(&kept);
    assert_true(kit_nothing_leaked());
    tube_close(&t);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return TEST_RUN(case_of(after_an_unwatch_nothing_is_told_and_nothing_is_held_open),
                    case_of(an_unwatch_that_meets_the_readiness_wins_or_comes_before_it),
                    case_of(watches_keep_nobody_alive), case_of(an_actor_may_end_while_its_event_is_queued),
                    case_of(an_actor_may_end_just_as_its_descriptor_becomes_ready),
                    case_of(an_event_may_be_freed_after_its_actor_and_its_system_have_ended));
}
