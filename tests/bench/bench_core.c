// SPDX-License-Identifier: MIT
//
// bench_core.c - what a message, a hop and an actor cost inside one process.
//
//     bench_core NAME WORKERS RUNS     prints nanoseconds for one of what NAME measures, a line a run
//
// A run is a whole system, from acta_open's return to acta_close's: every actor has ended and every message is handled
// when the clock stops. They are long enough for the threads' start and end not to matter.

#include <acta/acta.h>
#include <string.h>

#include "bench.h"

ACTA_MESSAGE(ball, (i64, left));
ACTA_MESSAGE(parcel, (i64, a), (i64, b), (i64, c), (i64, d), (i64, e)); // with its header 64 bytes
ACTA_MESSAGE(task, (i64, rounds));

#define RING 1000
#define PRODUCERS 64
#define COMPUTERS 64

// ---- players: a ball goes from hand to hand ------------------------------------------

typedef struct player {
    acta_tx *next;
} player;

static int player_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    player *p = arg;
    const ball *b = m != NULL ? acta_as(ball, m) : NULL;
    if (b != NULL && b->left > 0)
        bench_need(acta_send(p->next, ball, .left = b->left - 1) == ACTA_OK, "a ball was not accepted");
    else
        acta_tx_drop(&p->next); // each that lets go lets the next one see its EOF
    return ACTA_OK;
}

// circle makes players who stand in a circle, throws the ball, and gives the nanoseconds for a hop.
static double circle(acta_system *sys, int players, int64_t hops)
{
    static player all[RING];
    acta_tx *first = NULL;
    for (int i = players - 1; i >= 0; i--) {
        acta_tx *tx;
        int status = acta_spawn(sys, &tx, .handler = player_handler, .arg = &all[i], .name = "player");
        bench_need(status == ACTA_OK, "spawn failed");
        all[i].next = first;
        first = tx;
    }
    // The ball has not been thrown, so nobody has looked at this yet.
    all[players - 1].next = acta_tx_dup(first);
    double from = bench_now_ns();
    bench_need(acta_finish(&first, ball, .left = hops) == ACTA_OK, "the first throw was not accepted");
    bench_need(acta_close(&sys, ACTA_FOREVER) == ACTA_OK, "the players do not end");
    return (bench_now_ns() - from) / (double)hops;
}

static double ping_pong(acta_system *sys)
{
    return circle(sys, 2, 4000000);
}

static double ring(acta_system *sys)
{
    return circle(sys, RING, 4000000);
}

// ---- producers and one consumer --------------------------------------------------------

typedef struct producer {
    acta_tx *to;
    int64_t count;
} producer;

static int producer_body(acta_self *self, void *arg)
{
    (void)self;
    producer *p = arg;
    for (int64_t i = 0; i < p->count; i++)
        bench_need(acta_send(p->to, parcel, .a = i) == ACTA_OK, "a parcel was not accepted");
    acta_tx_drop(&p->to);
    return ACTA_OK;
}

static int consumer_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    int64_t *count = arg;
    if (m != NULL && acta_is(parcel, m))
        ++*count;
    return ACTA_OK;
}

static double to_one(acta_system *sys, int producers, int64_t messages)
{
    static producer all[PRODUCERS];
    static int64_t count;
    count = 0;
    acta_tx *to;
    int status = acta_spawn(sys, &to, .handler = consumer_handler, .arg = &count, .name = "consumer");
    bench_need(status == ACTA_OK, "spawn failed");
    double from = bench_now_ns();
    for (int i = 0; i < producers; i++) {
        acta_tx *tx;
        all[i] = (producer){.to = acta_tx_dup(to), .count = messages / producers};
        status = acta_spawn(sys, &tx, .body = producer_body, .arg = &all[i], .name = "producer");
        bench_need(status == ACTA_OK, "spawn failed");
        acta_tx_drop(&tx);
    }
    acta_tx_drop(&to);
    bench_need(acta_close(&sys, ACTA_FOREVER) == ACTA_OK, "the producers do not end");
    bench_need(count == messages / producers * producers, "messages are missing");
    return (bench_now_ns() - from) / (double)count;
}

static double one_to_one(acta_system *sys)
{
    return to_one(sys, 1, 5000000);
}

static double many_to_one(acta_system *sys)
{
    return to_one(sys, PRODUCERS, 6400000);
}

// ---- spawning: an actor, a message to it, and its end ------------------------------------

static int spawner_body(acta_self *self, void *arg)
{
    int64_t left = *(int64_t *)arg;
    for (; left > 0; left--) {
        static int64_t ignored;
        acta_tx *tx;
        int status = acta_spawn(acta_system_of(self), &tx, .handler = consumer_handler, .arg = &ignored);
        bench_need(status == ACTA_OK && acta_finish(&tx, ball, .left = left) == ACTA_OK, "spawn failed");
    }
    return ACTA_OK;
}

static double spawn(acta_system *sys)
{
    static int64_t count;
    count = 1000000;
    acta_tx *tx;
    double from = bench_now_ns();
    bench_need(acta_spawn(sys, &tx, .body = spawner_body, .arg = &count) == ACTA_OK, "spawn failed");
    acta_tx_drop(&tx);
    bench_need(acta_close(&sys, ACTA_FOREVER) == ACTA_OK, "the spawned do not end");
    return (bench_now_ns() - from) / (double)count;
}

// ---- computing: handlers that take about 2 us a message ------------------------------------

static int computer_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    const task *t = m != NULL ? acta_as(task, m) : NULL;
    uint64_t x = *(uint64_t *)arg + 1;
    for (int64_t i = 0; t != NULL && i < t->rounds; i++)
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    *(uint64_t *)arg = x;
    return ACTA_OK;
}

typedef struct manager {
    acta_tx *to[COMPUTERS];
    int64_t tasks; // for each
} manager;

static int manager_body(acta_self *self, void *arg)
{
    (void)self;
    manager *all = arg;
    for (int64_t n = 0; n < all->tasks; n++)
        for (int i = 0; i < COMPUTERS; i++)
            bench_need(acta_send(all->to[i], task, .rounds = 1700) == ACTA_OK, "a task was not accepted");
    for (int i = 0; i < COMPUTERS; i++)
        acta_tx_drop(&all->to[i]);
    return ACTA_OK;
}

static double compute(acta_system *sys)
{
    static manager all;
    all.tasks = 2000;
    for (int i = 0; i < COMPUTERS; i++) {
        int status = acta_spawn(sys, &all.to[i], .handler = computer_handler, .state_bytes = 64, .name = "computer");
        bench_need(status == ACTA_OK, "spawn failed");
    }
    acta_tx *tx;
    double from = bench_now_ns();
    bench_need(acta_spawn(sys, &tx, .body = manager_body, .arg = &all) == ACTA_OK, "spawn failed");
    acta_tx_drop(&tx);
    bench_need(acta_close(&sys, ACTA_FOREVER) == ACTA_OK, "the computers do not end");
    return (bench_now_ns() - from) / (double)(all.tasks * COMPUTERS);
}

static const struct {
    const char *name;
    double (*run)(acta_system *sys); // closes sys
} benches[] = {
    {"ping_pong", ping_pong},     {"ring", ring},   {"one_to_one", one_to_one},
    {"many_to_one", many_to_one}, {"spawn", spawn}, {"compute", compute},
};

int main(int argc, char **argv)
{
    bench_need(argc == 4, "usage: bench_core NAME WORKERS RUNS");
    size_t which = 0;
    while (which < sizeof(benches) / sizeof(benches[0]) && strcmp(benches[which].name, argv[1]) != 0)
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
