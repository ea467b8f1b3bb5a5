// SPDX-License-Identifier: MIT
//
// bench_timer.c - what timers cost, with few and with many of them pending.
//
//     bench_timer NAME WORKERS RUNS     prints nanoseconds for one of what NAME measures, a line a run
//
// start and cancel: so many timers are pending, due at random moments of the next hour. A round cancels some of them,
// chosen at random, so that nothing but chance has them in the cache, and starts as many again; the two are timed apart
// and the first rounds are not counted. _many: the million belongs to 64 actors, which the workers share.
// fire: from the start of timers that are due at once to the last of their ticks. due: the same for a million that
// become due at the same moment, from that moment on; due_gap is then the longest that another actor, who is sent to
// without a pause, was kept waiting. first: the first million of a process, with pages that were never touched, the
// first run only; first_gap: the one of those starts that took longest. end: a million that are pending when their
// actor ends, from its last turn to the return of acta_close.

#include <acta/acta.h>
#include <acta/event.h>
#include <stdbool.h>
#include <string.h>

#include "bench.h"

ACTA_MESSAGE(go, (i64, n));
ACTA_MESSAGE(watch, (i64, on));

#define MILLION 1000000
#define ACTORS_MAX 64
#define ROUND_MAX 1000
#define ROUNDS 200
#define COLD_ROUNDS 20

static uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static uint64_t timers[MILLION];

static void close_all(acta_system **sys)
{
    bench_need(acta_close(sys, ACTA_FOREVER) == ACTA_OK, "the actors do not end");
}

static void spawn(acta_system *sys, acta_handler *handler, void *arg, acta_tx **tx)
{
    bench_need(acta_spawn(sys, tx, .handler = handler, .arg = arg) == ACTA_OK, "spawn failed");
}

// ---- starting and cancelling -------------------------------------------------------------

typedef struct holder {
    acta_tx *self;
    uint64_t *timers;
    uint64_t pending;
    uint64_t random;
    int64_t round;
    double start_ns;
    double cancel_ns;
    uint64_t counted;
} holder;

static void start_late(acta_self *self, holder *h, uint64_t at)
{
    uint64_t delay_ns = 10 * ACTA_SECOND + random_next(&h->random) % 3600000 * ACTA_MS;
    bench_need(acta_timer_start(self, delay_ns, 0, &h->timers[at]) == ACTA_OK, "a timer was not started");
}

static void replace_some(acta_self *self, holder *h)
{
    uint64_t at[ROUND_MAX], ids[ROUND_MAX];
    uint64_t count = h->pending < ROUND_MAX ? h->pending : ROUND_MAX;
    uint64_t repeats = ROUND_MAX / count;
    // Each of the chosen is another: one from each part of the table.
    for (uint64_t i = 0; i < count; i++)
        at[i] = h->pending / count * i + random_next(&h->random) % (h->pending / count);
    for (uint64_t n = 0; n < repeats; n++) {
        for (uint64_t i = 0; i < count; i++)
            ids[i] = h->timers[at[i]];
        double from_ns = bench_now_ns();
        for (uint64_t i = 0; i < count; i++)
            acta_timer_cancel(self, ids[i]);
        double between_ns = bench_now_ns();
        for (uint64_t i = 0; i < count; i++)
            start_late(self, h, at[i]);
        double until_ns = bench_now_ns();
        if (h->round < COLD_ROUNDS)
            continue;
        h->cancel_ns += between_ns - from_ns;
        h->start_ns += until_ns - between_ns;
        h->counted += count;
    }
}

static int holder_handler(acta_self *self, void *arg, acta_msg *m)
{
    holder *h = arg;
    if (m == NULL)
        return ACTA_OK;
    if (h->round == 0)
        for (uint64_t i = 0; i < h->pending; i++)
            start_late(self, h, i);
    replace_some(self, h);
    if (++h->round < ROUNDS)
        bench_need(acta_send(h->self, go) == ACTA_OK, "a message was not accepted");
    else
        acta_tx_drop(&h->self);
    return ACTA_OK;
}

static void hold(acta_system *sys, uint64_t pending, uint64_t actors, double *start_ns, double *cancel_ns)
{
    static holder all[ACTORS_MAX];
    acta_tx *tx[ACTORS_MAX];
    for (uint64_t i = 0; i < actors; i++) {
        uint64_t share = pending / actors;
        all[i] = (holder){.timers = timers + share * i, .pending = share, .random = i + 1};
        spawn(sys, holder_handler, &all[i], &all[i].self);
        tx[i] = acta_tx_dup(all[i].self);
    }
    for (uint64_t i = 0; i < actors; i++)
        bench_need(acta_finish(&tx[i], go) == ACTA_OK, "a message was not accepted");
    close_all(&sys);
    double start = 0, cancel = 0, counted = 0;
    for (uint64_t i = 0; i < actors; i++) {
        start += all[i].start_ns;
        cancel += all[i].cancel_ns;
        counted += (double)all[i].counted;
    }
    *start_ns = start / counted;
    *cancel_ns = cancel / counted;
}

static double start_of(acta_system *sys, uint64_t pending, uint64_t actors)
{
    double start_ns, cancel_ns;
    hold(sys, pending, actors, &start_ns, &cancel_ns);
    return start_ns;
}

static double cancel_of(acta_system *sys, uint64_t pending, uint64_t actors)
{
    double start_ns, cancel_ns;
    hold(sys, pending, actors, &start_ns, &cancel_ns);
    return cancel_ns;
}

static double start_1(acta_system *sys)
{
    return start_of(sys, 1, 1);
}

static double start_1k(acta_system *sys)
{
    return start_of(sys, 1000, 1);
}

static double start_1m(acta_system *sys)
{
    return start_of(sys, MILLION, 1);
}

static double start_many(acta_system *sys)
{
    return start_of(sys, MILLION, ACTORS_MAX);
}

static double cancel_1(acta_system *sys)
{
    return cancel_of(sys, 1, 1);
}

static double cancel_1k(acta_system *sys)
{
    return cancel_of(sys, 1000, 1);
}

static double cancel_1m(acta_system *sys)
{
    return cancel_of(sys, MILLION, 1);
}

static double cancel_many(acta_system *sys)
{
    return cancel_of(sys, MILLION, ACTORS_MAX);
}

// ---- firing -----------------------------------------------------------------------------

// waiter starts all its timers for the same moment, and has its turn last until that has come.
typedef struct waiter {
    acta_tx *self;
    acta_tx *runner; // or NULL
    uint64_t count;
    uint64_t delay_ns;
    uint64_t rounds;
    uint64_t ticks;
    double from_ns;
    double fired_ns; // sum over the rounds
} waiter;

static void start_together(acta_self *self, waiter *w)
{
    acta_system *sys = acta_system_of(self);
    w->ticks = 0;
    w->from_ns = bench_now_ns();
    uint64_t until_ns = acta_now_ns(sys) + w->delay_ns;
    for (uint64_t i = 0; i < w->count; i++) {
        uint64_t delay_ns = w->delay_ns > 0 ? until_ns - acta_now_ns(sys) : 0;
        bench_need(delay_ns <= w->delay_ns, "the timers cannot be started in time");
        bench_need(acta_timer_start(self, delay_ns, 0, &timers[i]) == ACTA_OK, "a timer was not started");
    }
    if (w->delay_ns == 0)
        return;
    while (acta_now_ns(sys) < until_ns)
        continue;
    w->from_ns = bench_now_ns();
    if (w->runner != NULL)
        bench_need(acta_send(w->runner, watch, .on = 1) == ACTA_OK, "a message was not accepted");
}

static int waiter_handler(acta_self *self, void *arg, acta_msg *m)
{
    waiter *w = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        if (++w->ticks < w->count)
            return ACTA_OK;
        w->fired_ns += bench_now_ns() - w->from_ns;
        if (--w->rounds == 0) {
            if (w->runner == NULL)
                acta_tx_drop(&w->self);
            else
                bench_need(acta_finish(&w->runner, watch, .on = 0) == ACTA_OK, "a message was not accepted");
            return ACTA_OK;
        }
    }
    start_together(self, w);
    return ACTA_OK;
}

// runner is an actor that always has something to do, and looks how long it is kept from it.
typedef struct runner {
    acta_tx *self;
    acta_tx **waiter; // dropped when nobody watches any more: its end takes time, too
    bool watching;
    double last_ns;
    double gap_ns;
} runner;

static int runner_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    runner *r = arg;
    if (m == NULL)
        return ACTA_OK;
    double now_ns = bench_now_ns();
    if (acta_is(watch, m)) {
        r->watching = acta_as(watch, m)->on != 0;
        if (!r->watching) {
            acta_tx_drop(&r->self);
            acta_tx_drop(r->waiter);
        }
    } else {
        if (r->watching && now_ns - r->last_ns > r->gap_ns)
            r->gap_ns = now_ns - r->last_ns;
        if (r->self != NULL)
            bench_need(acta_send(r->self, go) == ACTA_OK, "a message was not accepted");
    }
    r->last_ns = now_ns;
    return ACTA_OK;
}

static void fire_all(acta_system *sys, waiter *w, runner *r)
{
    acta_tx *tx;
    if (r != NULL) {
        spawn(sys, runner_handler, r, &r->self);
        w->runner = acta_tx_dup(r->self);
        r->waiter = &w->self;
        tx = acta_tx_dup(r->self);
        bench_need(acta_finish(&tx, go) == ACTA_OK, "a message was not accepted");
    }
    spawn(sys, waiter_handler, w, &w->self);
    tx = acta_tx_dup(w->self);
    bench_need(acta_finish(&tx, go) == ACTA_OK, "a message was not accepted");
    close_all(&sys);
}

static double fire(acta_system *sys)
{
    waiter w = {.count = 1000, .rounds = 500};
    fire_all(sys, &w, NULL);
    return w.fired_ns / (1000.0 * 500);
}

static double due(acta_system *sys)
{
    waiter w = {.count = MILLION, .rounds = 1, .delay_ns = ACTA_SECOND};
    fire_all(sys, &w, NULL);
    return w.fired_ns / MILLION;
}

static double due_gap(acta_system *sys)
{
    waiter w = {.count = MILLION, .rounds = 1, .delay_ns = ACTA_SECOND};
    runner r = {.self = NULL};
    fire_all(sys, &w, &r);
    return r.gap_ns;
}

// ---- the first time, and the end -------------------------------------------------------------

typedef struct beginner {
    double mean_ns;
    double longest_ns;
    double from_ns; // of its end
} beginner;

static int beginner_handler(acta_self *self, void *arg, acta_msg *m)
{
    beginner *b = arg;
    if (m == NULL)
        return ACTA_OK;
    holder h = {.timers = timers, .random = 1};
    double begin_ns = bench_now_ns(), from_ns = begin_ns;
    for (uint64_t i = 0; i < MILLION; i++) {
        start_late(self, &h, i);
        double now_ns = bench_now_ns();
        b->longest_ns = now_ns - from_ns > b->longest_ns ? now_ns - from_ns : b->longest_ns;
        from_ns = now_ns;
    }
    b->mean_ns = (from_ns - begin_ns) / MILLION;
    b->from_ns = bench_now_ns();
    return ACTA_OK;
}

static double begin(acta_system *sys, double *mean_ns, double *longest_ns)
{
    beginner b = {0};
    acta_tx *tx;
    spawn(sys, beginner_handler, &b, &tx);
    bench_need(acta_finish(&tx, go) == ACTA_OK, "a message was not accepted");
    close_all(&sys);
    *mean_ns = b.mean_ns;
    *longest_ns = b.longest_ns;
    return (bench_now_ns() - b.from_ns) / MILLION;
}

static double first(acta_system *sys)
{
    double mean_ns, longest_ns;
    (void)begin(sys, &mean_ns, &longest_ns);
    return mean_ns;
}

static double first_gap(acta_system *sys)
{
    double mean_ns, longest_ns;
    (void)begin(sys, &mean_ns, &longest_ns);
    return longest_ns;
}

static double end(acta_system *sys)
{
    double mean_ns, longest_ns;
    return begin(sys, &mean_ns, &longest_ns);
}

static const struct {
    const char *name;
    double (*run)(acta_system *sys); // closes sys
} benches[] = {
    {"start_1", start_1},   {"start_1k", start_1k},     {"start_1m", start_1m},   {"start_many", start_many},
    {"cancel_1", cancel_1}, {"cancel_1k", cancel_1k},   {"cancel_1m", cancel_1m}, {"cancel_many", cancel_many},
    {"fire", fire},         {"due", due},               {"due_gap", due_gap},     {"first", first},
    {"first_gap", first_gap}, {"end", end},
};

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
            printf("timer_%s %s\n", benches[i].name, strstr(benches[i].name, "gap") != NULL ? "ns/pause" : "ns/timer");
        return EXIT_SUCCESS;
    }
    bench_need(argc >= 4, "usage: bench_timer list | NAME WORKERS RUNS");
    const char *name = strncmp(argv[1], "timer_", 6) == 0 ? argv[1] + 6 : argv[1];
    size_t which = 0;
    while (which < sizeof(benches) / sizeof(benches[0]) && strcmp(benches[which].name, name) != 0)
        which++;
    bench_need(which < sizeof(benches) / sizeof(benches[0]), "no benchmark of that name");
    acta_system_opts opts = {.workers = (uint32_t)bench_number(argv[2])};
    for (long left = bench_number(argv[3]); left > 0; left--) {
        acta_system *sys;
        bench_need(acta_open(&opts, &sys) == ACTA_OK, "cannot open a system");
        printf("%.2f\n", benches[which].run(sys));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
