// SPDX-License-Identifier: MIT
//
// bench_compute.c - handlers that take about 2 us a message: the work that a second core is for.

#include "bench_core.h"

#define COMPUTERS 64
#define ROUNDS 1700 // of the multiplication below

ACTA_MESSAGE(task, (i64, rounds));

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
            bench_send(all->to[i], task, .rounds = ROUNDS);
    for (int i = 0; i < COMPUTERS; i++)
        acta_tx_drop(&all->to[i]);
    return ACTA_OK;
}

double compute(acta_system *sys, int64_t part)
{
    static manager all;
    all.tasks = 4000 / part;
    for (int i = 0; i < COMPUTERS; i++)
        bench_spawn_actor(sys, &all.to[i], .handler = computer_handler, .state_bytes = 64, .name = "computer");
    acta_tx *tx;
    double from = bench_now_ns();
    bench_spawn_actor(sys, &tx, .body = manager_body, .arg = &all, .name = "manager");
    acta_tx_drop(&tx);
    bench_close(sys);
    return (bench_now_ns() - from) / (double)(all.tasks * COMPUTERS);
}
