// SPDX-License-Identifier: MIT
//
// contract_time.c - C-TIMER: never early, never after a cancel, at a fixed rate, and keeping nobody alive.

#include "claim.h"

enum { TIMERS = 3 };

typedef struct timer {
    uint64_t id;
    uint64_t start_ns, delay_ns, period_ns;
    uint64_t count; // of periods that its ticks stand for
    bool running, cancelled;
} timer;

static struct {
    part part;
    acta_tx *self;
    timer timers[TIMERS];
    int64_t running;
    bool periodic, late;
} w;

static void start_timer(acta_self *self, timer *t)
{
    t->start_ns = acta_now_ns(acta_system_of(self));
    t->delay_ns = (uint64_t)draw(0, 4) * ACTA_MS;
    t->period_ns = draw(0, 1) == 0 ? 0 : (uint64_t)draw(1, 2) * ACTA_MS;
    t->running = acta_timer_start(self, t->delay_ns, t->period_ns, &t->id) == ACTA_OK;
    must(t->running, "a timer is set");
    w.running++;
}

static void stop_timer(acta_self *self, timer *t)
{
    acta_timer_cancel(self, t->id);
    w.running -= t->running;
    t->running = false;
    t->cancelled = true;
}

static void on_tick(acta_self *self, timer *t, uint64_t count)
{
    uint64_t now_ns = acta_now_ns(acta_system_of(self));
    uint64_t due_ns = t->start_ns + t->delay_ns;
    must(t->running && !t->cancelled, "after a cancel no tick comes");
    must(now_ns >= due_ns, "a timer is never early");
    must(count >= 1, "a tick stands for something");
    t->count += count;
    if (t->period_ns == 0) {
        must(t->count == 1, "a timer without a period fires once");
        t->running = false;
        w.running--;
        return;
    }
    w.periodic = true;
    w.late = w.late || count > 1;
    must(t->count == 1 + (now_ns - due_ns) / t->period_ns, "the periods keep to the first moment");
    if (t->count >= 4)
        stop_timer(self, t);
}

static void any_tick(acta_self *self, const acta_tick *tick)
{
    for (int i = 0; i < TIMERS; i++) {
        if (w.timers[i].id == tick->timer) {
            on_tick(self, &w.timers[i], tick->count);
            return;
        }
    }
    must(false, "a tick is that of a timer of ours");
}

// The owner cancels some: before they fire, while their ticks are on their way, or after.
static int owner_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        any_tick(self, acta_as(acta_tick, m));
        if (draw(0, 2) == 0) // one that may be due as well
            stop_timer(self, &w.timers[draw(0, TIMERS - 1)]);
    } else if (acta_is(go, m)) {
        for (int i = 0; i < TIMERS; i++)
            start_timer(self, &w.timers[i]);
    } else {
        stop_timer(self, &w.timers[acta_as(item, m)->n]);
    }
    if (w.running == 0)
        acta_tx_drop(&w.self);
    return ACTA_OK;
}

static bool all_over(void *arg)
{
    (void)arg;
    bool over = w.running == 0;
    for (int i = 0; i < TIMERS; i++)
        over = over && (w.timers[i].cancelled || w.timers[i].count > 0);
    return over;
}

static void a_timer_is_never_early_and_never_after_a_cancel(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    w.part.on = owner_on;
    acta_tx *tx = play(&w.part, "owner", 4);
    w.self = acta_tx_dup(tx);
    must(acta_send(tx, go) == ACTA_OK, "it is told to go");
    if (draw(0, 1) == 0)
        send_item(tx, 0, draw(0, TIMERS - 1));
    acta_tx_drop(&tx);
    acta_sim_eventually(sim, "each timer has fired, or was cancelled", all_over, NULL);
    acta_sim_run(sim);
    reached(w.periodic, "one fires again and again");
    reached(w.late, "an owner is late");
    reached(ledger_now().dropped_cancel > 0, "a cancel meets a tick on its way");
}

// ---- nobody is kept alive --------------------------------------------------------------------------

static struct {
    part part;
    int ends;
    int64_t ticks;
} n;

static int ending_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL) {
        n.ends++;
        return ACTA_OK;
    }
    must(n.ends == 0, "no tick comes after the end");
    n.ticks += acta_is(acta_tick, m);
    if (acta_is(go, m))
        for (int i = 0; i < 3; i++)
            must(acta_timer_start(self, ACTA_MS, i == 2 ? ACTA_MS : 0, &id) == ACTA_OK, "a timer is set");
    return ACTA_OK;
}

static bool has_ended(void *arg)
{
    (void)arg;
    return n.ends == 1;
}

static void a_timer_keeps_nobody_alive(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&n, 0, sizeof(n));
    n.part.on = ending_on;
    acta_tx *tx = play(&n.part, "ending", 0);
    start(&tx);
    acta_sim_eventually(sim, "it ends, with timers set", has_ended, NULL);
    acta_sim_run(sim);
    must(acta_now_ns(acta_sim_system(sim)) < 10 * ACTA_SECOND, "nobody waits for its timers");
    reached(n.ticks == 0, "it ends before the first tick");
    reached(n.ticks > 0, "it hears a tick");
}

static const claim claims[] = {
    CLAIM(a_timer_is_never_early_and_never_after_a_cancel),
    CLAIM_AT_ONCE(a_timer_is_never_early_and_never_after_a_cancel),
    CLAIM(a_timer_keeps_nobody_alive),
};

CLAIM_MAIN(claims)
