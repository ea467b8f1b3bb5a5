// SPDX-License-Identifier: MIT
//
// C-TIMER: never early, never after a cancel, and nobody's reason to live.

#include "kit.h"

#include <acta/event.h>

#include "core/pending.h"
#include "core/system.h"

#define HOUR (3600 * ACTA_SECOND)

// ---- bounds -----------------------------------------------------------------------

// The true limit is too large to reach in a test: the actor lowers the one of its own table.
enum { LIMIT = 1000 };

typedef struct hoarder {
    kit_actor actor;
    uint32_t limit; // of a new table
    uint64_t started;
    int status;
    int status_after_cancel;
    int status_after_that;
    uint64_t timers[LIMIT + 1];
} hoarder;

static int starts_all(acta_self *self, void *arg, acta_msg *m)
{
    hoarder *h = arg;
    uint64_t one_more = 0;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(acta_timer_start(self, HOUR, 0, &h->timers[h->started++]) == ACTA_OK);
    acti_slots *pending = acti_actor_of_self(self)->pending;
    h->limit = pending->limit;
    pending->limit = LIMIT;
    while (h->started <= LIMIT && (h->status = acta_timer_start(self, HOUR, 0, &h->timers[h->started])) == ACTA_OK)
        h->started++;
    acta_timer_cancel(self, h->timers[LIMIT / 2]);
    h->status_after_cancel = acta_timer_start(self, HOUR, 0, &h->timers[LIMIT / 2]);
    h->status_after_that = acta_timer_start(self, HOUR, 0, &one_more);
    kit_claim(one_more == 0);
    return ACTA_OK;
}

TEST(one_timer_too_many_is_full_and_a_cancel_makes_room)
{
    static hoarder h;
    kit k;
    kit_open(&k, 1);
    h = (hoarder){.actor = {starts_all}};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &h);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    kit_close(&k);
    assert_int_equal(h.limit, ACTI_PENDING_MAX);
    assert_int_equal(h.started, LIMIT);
    assert_int_equal(h.status, ACTA_EFULL);
    assert_int_equal(h.status_after_cancel, ACTA_OK);
    assert_int_equal(h.status_after_that, ACTA_EFULL);
}

enum { MILLION = 1000000 };

typedef struct millionaire {
    kit_actor actor;
    uint64_t timers[MILLION];
    uint64_t at;
    uint64_t ticks;
} millionaire;

// All are pending at the same time; then half of them are cancelled, every other, and the rest are left to the end.
static int starts_a_million(acta_self *self, void *arg, acta_msg *m)
{
    millionaire *r = arg;
    if (m == NULL)
        return ACTA_OK;
    r->ticks += acta_is(acta_tick, m);
    for (uint64_t i = 0; i < MILLION; i++)
        kit_claim(acta_timer_start(self, HOUR + i * ACTA_MS, i % 2 * HOUR, &r->timers[i]) == ACTA_OK);
    kit_claim(acti_actor_of_self(self)->pending->count == MILLION);
    for (uint64_t i = 0; i < MILLION; i += 2)
        acta_timer_cancel(self, r->timers[i * 7 % MILLION]); // 7 and the million have no factor in common
    kit_claim(acti_actor_of_self(self)->pending->count == MILLION / 2);
    return ACTA_OK;
}

TEST(a_million_timers_of_one_actor_are_pending_and_keep_nobody_alive)
{
    static millionaire r;
    kit k;
    kit_open(&k, 1);
    r = (millionaire){.actor = {starts_a_million}};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &r);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    kit_close(&k);
    assert_int_equal(r.ticks, 0);
}

static int fails_to_start(acta_self *self, void *arg, acta_msg *m)
{
    int *status = arg;
    uint64_t timer = 0;
    if (m == NULL)
        return ACTA_OK;
    acti_pool_fail_after(1);
    *status = acta_timer_start(self, 0, 0, &timer);
    acti_pool_fail_after(0);
    kit_claim(timer == 0);
    return ACTA_OK;
}

TEST(a_timer_without_memory_is_refused)
{
    kit k;
    kit_open(&k, 1);
    int status = 0;
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = fails_to_start, .arg = &status), ACTA_OK);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    kit_close(&k);
    assert_int_equal(status, ACTA_ENOMEM);
}

// ---- firing -----------------------------------------------------------------------

enum { SHOTS = 40 };

typedef struct shooter {
    kit_actor actor;
    uint64_t ids[SHOTS];
    uint64_t due_ns[SHOTS]; // at least
    int fired[SHOTS];
    int ticks;
    int early;
    int strange;
} shooter;

static int shoots(acta_self *self, void *arg, acta_msg *m)
{
    shooter *s = arg;
    acta_system *sys = acta_system_of(self);
    if (m == NULL)
        return ACTA_OK;
    const acta_tick *tick = acta_as(acta_tick, m);
    if (tick == NULL) {
        for (uint64_t i = 0; i < SHOTS; i++) {
            uint64_t delay_ns = i * 37 % SHOTS * 100000; // 0 to 4 ms, out of order
            s->due_ns[i] = acta_now_ns(sys) + delay_ns;
            kit_claim(acta_timer_start(self, delay_ns, 0, &s->ids[i]) == ACTA_OK);
        }
        return ACTA_OK;
    }
    int at = 0;
    while (at < SHOTS && s->ids[at] != tick->timer)
        at++;
    s->strange += at == SHOTS || tick->count != 1;
    if (at < SHOTS) {
        s->fired[at]++;
        s->early += acta_now_ns(sys) < s->due_ns[at];
    }
    return ++s->ticks == SHOTS ? ACTA_DONE : ACTA_OK;
}

TEST(each_timer_fires_once_and_never_early)
{
    for (int run = 0; run < 3 * KIT_KINDS; run++) {
        kit k;
        kit_open(&k, (uint32_t)run % 3 / 2 + 1); // one worker twice: nobody else looks after its alarms
        shooter s = {.actor = {shoots}};
        acta_tx *tx = kit_spawn(&k, &kit_kinds[run / 3], &s);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        acta_tx_drop(&tx);
        kit_close(&k);
        for (int i = 0; i < SHOTS; i++)
            assert_int_equal(s.fired[i], 1);
        assert_int_equal(s.early, 0);
        assert_int_equal(s.strange, 0);
    }
}

// Returns only when the timer that it has started is due: the next to look at the clock is a worker that has nothing
// else to do, and is about to sleep.
static int is_due_at_the_end_of_its_turn(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    acta_system *sys = acta_system_of(self);
    uint64_t timer, until_ns = acta_now_ns(sys) + ACTA_MS;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m))
        return ACTA_DONE;
    kit_claim(acta_timer_start(self, ACTA_MS / 10, 0, &timer) == ACTA_OK);
    while (acta_now_ns(sys) < until_ns)
        continue;
    return ACTA_OK;
}

TEST(a_tick_that_is_due_as_the_only_worker_lies_down_is_not_slept_on)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        kit_actor actor = {is_due_at_the_end_of_its_turn};
        acta_tx *tx = kit_spawn(&k, kind, &actor);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        acta_tx_drop(&tx);
        kit_close(&k);
    }
}

// A periodic timer whose actor is late: what it missed comes as one tick that says how many it stands for.
#define PERIOD (2 * ACTA_MS)

typedef struct sluggard {
    kit_actor actor;
    uint64_t timer;
    uint64_t start_ns;
    uint64_t before_ns; // a time read before the tick that is now shown was taken
    uint64_t sum;
    uint64_t largest;
    int ticks;
    int early;
    int behind;
} sluggard;

static int is_late(acta_self *self, void *arg, acta_msg *m)
{
    sluggard *s = arg;
    acta_system *sys = acta_system_of(self);
    if (m == NULL)
        return ACTA_OK;
    const acta_tick *tick = acta_as(acta_tick, m);
    if (tick == NULL) {
        s->start_ns = acta_now_ns(sys);
        kit_claim(acta_timer_start(self, PERIOD, PERIOD, &s->timer) == ACTA_OK);
        s->before_ns = s->start_ns;
        return ACTA_OK;
    }
    kit_claim(tick->timer == s->timer && tick->count > 0);
    s->sum += tick->count;
    s->largest = tick->count > s->largest ? tick->count : s->largest;
    uint64_t now_ns = acta_now_ns(sys);
    s->early += now_ns - s->start_ns < s->sum * PERIOD;
    // All periods that had passed when the last tick was done with are in the sum; start_ns is a bit before the timer's
    // own, so allow the one that may be on the edge.
    s->behind += s->sum + 1 < (s->before_ns - s->start_ns) / PERIOD;
    if (++s->ticks == 5)
        return ACTA_DONE;
    if (s->ticks == 2)
        while (acta_now_ns(sys) < now_ns + 5 * PERIOD) // late on purpose: the clock has to pass
            continue;
    s->before_ns = acta_now_ns(sys);
    return ACTA_OK;
}

TEST(a_late_actor_gets_one_tick_that_counts_the_missed_periods)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        sluggard s = {.actor = {is_late}};
        acta_tx *tx = kit_spawn(&k, kind, &s);
        kit_send(tx, 0);
        assert_true(kit_await_ended(acta_tx_addr(tx)));
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(s.ticks, 5);
        assert_int_equal(s.early, 0);
        assert_int_equal(s.behind, 0);
        assert_true(s.largest >= 4);
    }
}

typedef struct eternal {
    kit_actor actor;
    uint64_t timers[4];
    int ticks;
} eternal;

static int starts_eternal(acta_self *self, void *arg, acta_msg *m)
{
    eternal *e = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        const acta_tick *tick = acta_as(acta_tick, m);
        kit_claim(tick->count == 1);
        e->ticks += 1 + 100 * (tick->timer != e->timers[0] && tick->timer != e->timers[3]);
        return e->ticks >= 2 ? ACTA_DONE : ACTA_OK;
    }
    // The first fires once, and then again after half a thousand years; the next two never do.
    kit_claim(acta_timer_start(self, 0, ACTA_FOREVER, &e->timers[0]) == ACTA_OK);
    kit_claim(acta_timer_start(self, ACTA_FOREVER, 0, &e->timers[1]) == ACTA_OK);
    kit_claim(acta_timer_start(self, ACTA_FOREVER - 1, 1, &e->timers[2]) == ACTA_OK);
    kit_claim(acta_timer_start(self, 3 * ACTA_MS, 0, &e->timers[3]) == ACTA_OK);
    return ACTA_OK;
}

TEST(times_beyond_the_clock_never_come)
{
    kit k;
    kit_open(&k, 2);
    eternal e = {.actor = {starts_eternal}};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &e);
    kit_send(tx, 0);
    assert_true(kit_await_ended(acta_tx_addr(tx)));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(e.ticks, 2);
}

// ---- many at once ---------------------------------------------------------------------

// A crowd of timers that are due at the same moment, and an actor that always has something to do, on one worker.
enum { CROWD = 20000, STEP = 128 };

typedef struct crowded {
    kit_actor waiter;
    kit_actor runner;
    acta_tx *runner_tx;
    acta_tx *self;
    uint64_t ticks;
    uint64_t strange;
    uint64_t pending; // in the clock, when the runner last looked
    uint64_t turns;   // in which it saw some fired
    uint64_t most;    // fired between two turns of its own
} crowded;

static int waits_for_a_crowd(acta_self *self, void *arg, acta_msg *m)
{
    crowded *c = arg;
    acta_system *sys = acta_system_of(self);
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        c->strange += acta_as(acta_tick, m)->count != 1;
        if (++c->ticks == CROWD)
            acta_tx_drop(&c->runner_tx);
        return ACTA_OK;
    }
    uint64_t timer, until_ns = acta_now_ns(sys) + ACTA_SECOND / 10;
    for (int i = 0; i < CROWD; i++) {
        uint64_t now_ns = acta_now_ns(sys);
        kit_claim(acta_timer_start(self, now_ns < until_ns ? until_ns - now_ns : 0, 0, &timer) == ACTA_OK);
    }
    while (acta_now_ns(sys) < until_ns + ACTA_MS) // the only worker is here: nobody fires them meanwhile
        continue;
    c->pending = CROWD;
    kit_claim(acta_send(c->runner_tx, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

static int runs_on(acta_self *self, void *arg, acta_msg *m)
{
    crowded *c = (crowded *)(void *)((char *)arg - offsetof(crowded, runner));
    if (m == NULL)
        return ACTA_OK;
    uint64_t pending = acta_system_of(self)->clock.parts[0].wheel.count; // no other thread is there to change it
    uint64_t fired = c->pending - pending;
    c->pending = pending;
    c->turns += fired > 0;
    c->most = fired > c->most ? fired : c->most;
    if (pending > 0)
        kit_claim(acta_send(c->self, item, 0, 0) == ACTA_OK);
    else
        acta_tx_drop(&c->self);
    return ACTA_OK;
}

TEST(a_crowd_of_timers_is_fired_in_steps_between_which_others_run)
{
    kit k;
    kit_open(&k, 1);
    crowded c = {.waiter = {waits_for_a_crowd}, .runner = {runs_on}};
    c.runner_tx = kit_spawn(&k, &kit_kinds[0], &c.runner);
    c.self = acta_tx_dup(c.runner_tx);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &c);
    acta_addr *runner = acta_addr_dup(acta_tx_addr(c.self));
    kit_send(tx, 0);
    assert_true(kit_await_ended(runner));
    acta_addr_drop(&runner);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(c.ticks, CROWD);
    assert_int_equal(c.strange, 0);
    // Between two turns of the runner the worker looks at the clock as often as it picks somebody else, which are few.
    assert_true(c.most >= STEP && c.most <= 4 * STEP);
    assert_true(c.turns >= CROWD / (4 * STEP));
}

// Two actors on one worker: one starts timers and wakes the other, which then holds the worker. The tick must come by
// way of the other worker; there the timers that were set on the first one are cancelled, and set anew.
typedef struct stranded {
    kit_actor actor;
    acta_tx *self; // until the tick has come
    acta_tx *holder;
    acti_au32 ticked;
    bool was_ticked; // in time
    uint64_t hours[2];
    const acti_worker *worker;
    bool moved;
} stranded;

static int is_stranded(acta_self *self, void *arg, acta_msg *m)
{
    stranded *s = arg;
    uint64_t timer;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        s->moved = acti_here.worker != s->worker;
        for (int i = 0; i < 2; i++)
            acta_timer_cancel(self, s->hours[i]);
        kit_claim(acti_actor_of_self(self)->pending->count == 0);
        for (int i = 0; i < 2; i++)
            kit_claim(acta_timer_start(self, HOUR, 0, &s->hours[i]) == ACTA_OK);
        acti_au32_store_release(&s->ticked, 1);
        acta_tx_drop(&s->self);
        return ACTA_OK;
    }
    s->worker = acti_here.worker;
    for (uint64_t i = 0; i < 2; i++)
        kit_claim(acta_timer_start(self, HOUR, i * HOUR, &s->hours[i]) == ACTA_OK);
    kit_claim(acta_timer_start(self, 3 * ACTA_MS, 0, &timer) == ACTA_OK);
    kit_claim(acta_finish(&s->holder, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

static int holds_the_worker(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stranded *s = arg;
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (m != NULL && acti_au32_load_acquire(&s->ticked) == 0 && acti_clock_ns() < until_ns)
        continue;
    s->was_ticked |= m != NULL && acti_au32_load_acquire(&s->ticked) != 0;
    return ACTA_OK;
}

TEST(a_timer_fires_and_can_be_cancelled_where_it_was_not_started)
{
    kit k;
    kit_open(&k, 2);
    stranded s = {.actor = {is_stranded}};
    assert_int_equal(acta_spawn(k.sys, &s.holder, .handler = holds_the_worker, .arg = &s), ACTA_OK);
    s.self = kit_spawn(&k, &kit_kinds[0], &s);
    acta_tx *tx = acta_tx_dup(s.self);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    kit_close(&k);
    assert_true(s.was_ticked);
    assert_true(s.moved);
}

// ---- cancelling ---------------------------------------------------------------------

// When an item comes, each way of cancelling; a tick of a cancelled timer is what must not happen.
enum { BEFORE, WHILE_QUEUED, IN_ITS_TICK, TWICE_AND_STRANGE, WAYS };

typedef struct canceller {
    kit_actor actor;
    int way;
    uint64_t period_ns;
    uint64_t timer;
    uint64_t sentinel; // a later timer, after which nothing can come any more
    uint64_t ticks;
    uint64_t ticks_after_cancel;
    bool cancelled;
} canceller;

static void cancel(acta_self *self, canceller *c)
{
    acta_timer_cancel(self, c->timer);
    c->cancelled = true;
    kit_claim(acta_timer_start(self, 4 * ACTA_MS, 0, &c->sentinel) == ACTA_OK);
}

static int cancels(acta_self *self, void *arg, acta_msg *m)
{
    canceller *c = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_tick *tick = acta_as(acta_tick, m);
    if (tick == NULL) {
        bool later = c->way == BEFORE || c->way == TWICE_AND_STRANGE;
        kit_claim(acta_timer_start(self, later ? ACTA_MS : 0, c->period_ns, &c->timer) == ACTA_OK);
        if (c->way == WHILE_QUEUED)
            kit_claim(kit_await_mail(self)); // another worker has pushed the tick
        if (c->way != IN_ITS_TICK)
            cancel(self, c);
        if (c->way == TWICE_AND_STRANGE) {
            acta_timer_cancel(self, c->timer);
            acta_timer_cancel(self, 0);
            acta_timer_cancel(self, UINT64_MAX);
        }
        return ACTA_OK;
    }
    if (tick->timer == c->sentinel)
        return ACTA_DONE;
    kit_claim(tick->timer == c->timer);
    c->ticks++;
    c->ticks_after_cancel += c->cancelled;
    if (c->way == IN_ITS_TICK)
        cancel(self, c);
    return ACTA_OK;
}

TEST(after_a_cancel_the_timer_never_fires_whenever_it_was_cancelled)
{
    static const uint64_t periods[] = {0, ACTA_MS / 2};
    KIT_EACH_KIND(kind)
        for (int way = 0; way < WAYS; way++)
            for (int p = 0; p < 2; p++) {
                kit k;
                kit_open(&k, 2);
                canceller c = {.actor = {cancels}, .way = way, .period_ns = periods[p]};
                acta_tx *tx = kit_spawn(&k, kind, &c);
                kit_send(tx, 0);
                assert_true(kit_await_ended(acta_tx_addr(tx)));
                acta_ledger ledger;
                acta_ledger_read(k.sys, &ledger);
                if (way == WHILE_QUEUED || way == IN_ITS_TICK) // else the clock may have been faster than the cancel
                    assert_int_equal(ledger.dropped_cancel, way == WHILE_QUEUED);
                acta_tx_drop(&tx);
                kit_close(&k);
                assert_int_equal(c.ticks, way == IN_ITS_TICK);
                assert_int_equal(c.ticks_after_cancel, 0);
            }
}

// A cancel that meets the firing on another worker, at every distance.
enum { MEETINGS = 2000 };

typedef struct meeting {
    kit_actor actor;
    uint64_t timer;
    uint64_t round;
    uint64_t ticks;
    uint64_t wrong;
    acta_tx *self;
} meeting;

static int meets(acta_self *self, void *arg, acta_msg *m)
{
    meeting *t = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_tick *tick = acta_as(acta_tick, m);
    if (tick != NULL) {
        t->wrong += tick->timer != t->timer;
        t->ticks++;
        return ACTA_OK;
    }
    acta_timer_cancel(self, t->timer);
    t->timer = 0;
    if (t->round++ == MEETINGS) {
        acta_tx_drop(&t->self);
        return ACTA_OK;
    }
    uint64_t until_ns = acta_now_ns(acta_system_of(self)) + t->round % 100 * 1000;
    kit_claim(acta_timer_start(self, t->round % 3 * 20000, t->round % 2, &t->timer) == ACTA_OK);
    while (acta_now_ns(acta_system_of(self)) < until_ns && !kit_has_mail(self))
        continue;
    kit_claim(acta_send(t->self, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

TEST(a_cancel_that_meets_the_firing_wins_or_comes_before_it)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        meeting t = {.actor = {meets}};
        t.self = kit_spawn(&k, kind, &t);
        kit_send(t.self, 0);
        kit_close(&k);
        assert_int_equal(t.round, MEETINGS + 1);
        assert_int_equal(t.wrong, 0);
    }
}

// ---- the end --------------------------------------------------------------------------

typedef struct mortal {
    kit_actor actor;
    uint64_t delay_ns;
    uint64_t period_ns;
    bool queued; // end only when the tick lies in the inbox
    bool by_itself;
    bool ended;
    int ticks_after_end;
    test_gate started;
} mortal;

static int dies_with_timers(acta_self *self, void *arg, acta_msg *m)
{
    mortal *d = arg;
    d->ticks_after_end += d->ended;
    if (m == NULL) {
        d->ended = true;
        return ACTA_OK;
    }
    if (!acta_is(item, m))
        return ACTA_OK;
    uint64_t timer;
    kit_claim(acta_timer_start(self, d->delay_ns, d->period_ns, &timer) == ACTA_OK);
    kit_claim(acta_timer_start(self, HOUR, HOUR, &timer) == ACTA_OK);
    if (d->queued)
        kit_claim(kit_await_mail(self));
    test_gate_open(&d->started);
    d->ended = d->by_itself;
    return d->by_itself ? ACTA_DONE : ACTA_OK;
}

static void dies(uint32_t workers, const kit_kind *kind, mortal d)
{
    kit k;
    kit_open(&k, workers);
    d.actor.on = dies_with_timers;
    test_gate_init(&d.started);
    acta_tx *tx = kit_spawn(&k, kind, &d);
    kit_send(tx, 0);
    if (!d.by_itself)
        assert_true(test_gate_wait(&d.started));
    acta_tx_drop(&tx);
    kit_close(&k); // long before the hour
    test_gate_fini(&d.started);
    assert_int_equal(d.ticks_after_end, 0);
}

TEST(timers_do_not_keep_their_actor_alive)
{
    KIT_EACH_KIND(kind)
        for (uint32_t workers = 1; workers <= 2; workers++)
            dies(workers, kind, (mortal){.delay_ns = ACTA_MS / 10, .period_ns = ACTA_MS / 10});
}

TEST(an_actor_may_end_while_its_tick_is_queued)
{
    KIT_EACH_KIND(kind)
        for (uint64_t period_ns = 0; period_ns < 2; period_ns++)
            dies(2, kind, (mortal){.period_ns = period_ns, .queued = true, .by_itself = true});
}

TEST(an_actor_may_end_just_as_its_timer_fires)
{
    for (uint64_t round = 0; round < 300; round++)
        dies(2, &kit_kinds[round % KIT_KINDS],
             (mortal){.delay_ns = round * 300, .period_ns = round % 2, .by_itself = round % 3 != 0});
}

int main(void)
{
    return TEST_RUN(case_of(one_timer_too_many_is_full_and_a_cancel_makes_room),
                    case_of(a_million_timers_of_one_actor_are_pending_and_keep_nobody_alive),
                    case_of(a_timer_without_memory_is_refused), case_of(each_timer_fires_once_and_never_early),
                    case_of(a_tick_that_is_due_as_the_only_worker_lies_down_is_not_slept_on),
                    case_of(a_late_actor_gets_one_tick_that_counts_the_missed_periods),
                    case_of(times_beyond_the_clock_never_come),
                    case_of(a_crowd_of_timers_is_fired_in_steps_between_which_others_run),
                    case_of(a_timer_fires_and_can_be_cancelled_where_it_was_not_started),
                    case_of(after_a_cancel_the_timer_never_fires_whenever_it_was_cancelled),
                    case_of(a_cancel_that_meets_the_firing_wins_or_comes_before_it),
                    case_of(timers_do_not_keep_their_actor_alive), case_of(an_actor_may_end_while_its_tick_is_queued),
                    case_of(an_actor_may_end_just_as_its_timer_fires));
}
