// SPDX-License-Identifier: MIT
//
// peer_glib.c - the benchmarks with GLib's GAsyncQueue: a thread for each party, which waits at a queue of its own.
//
//     peer_glib NAME CORES RUNS | list
//
// CORES is what the caller has bound the process to, and the threads of the pool in compute. Left out: the bounded
// buffer, as a GAsyncQueue has no bound, and what needs actors (fork_join, idle_*, many_to_many, ask, scale_*).

#include <glib.h>

#include "peer.h"

// ---- a ring, or two -----------------------------------------------------------------------

typedef struct player {
    GAsyncQueue *in;
    GAsyncQueue *out;
} player;

// The ball is the number of hops left, as a pointer: a queue takes everything but NULL.
static void *play(void *arg)
{
    player *p = arg;
    gssize left;
    do {
        left = GPOINTER_TO_SIZE(g_async_queue_pop(p->in));
        g_async_queue_push(p->out, GSIZE_TO_POINTER(left > 1 ? left - 1 : 1));
    } while (left > 1);
    return NULL;
}

static double circle(int players, int64_t hops)
{
    static player all[RING];
    static pthread_t threads[RING];
    for (int i = 0; i < players; i++)
        all[i].in = g_async_queue_new();
    for (int i = 0; i < players; i++) {
        all[i].out = all[(i + 1) % players].in;
        threads[i] = peer_start(play, &all[i]);
    }
    double from = bench_now_ns();
    g_async_queue_push(all[0].in, GSIZE_TO_POINTER(hops));
    peer_join(threads, players);
    double ns = (bench_now_ns() - from) / (double)hops;
    for (int i = 0; i < players; i++)
        g_async_queue_unref(all[i].in);
    return ns;
}

static double ping_pong(int cores)
{
    (void)cores;
    return circle(2, 100000);
}

static double ring(int cores)
{
    (void)cores;
    return circle(RING, 100000);
}

// ---- many to one ------------------------------------------------------------------------------

static GAsyncQueue *inbox;
static int64_t each;

static void *produce(void *arg)
{
    for (int64_t i = 0; i < each; i++) {
        parcel *p = g_new(parcel, 1);
        *p = (parcel){.a = i};
        g_async_queue_push(inbox, p);
    }
    return arg;
}

static double to_one(int producers, int64_t messages)
{
    static pthread_t threads[PRODUCERS];
    each = messages / producers;
    inbox = g_async_queue_new();
    double from = bench_now_ns();
    for (int i = 0; i < producers; i++)
        threads[i] = peer_start(produce, NULL);
    for (int64_t i = 0; i < each * producers; i++)
        g_free(g_async_queue_pop(inbox));
    double ns = (bench_now_ns() - from) / (double)(each * producers);
    peer_join(threads, producers);
    g_async_queue_unref(inbox);
    return ns;
}

static double one_to_one(int cores)
{
    (void)cores;
    return to_one(1, 2000000);
}

static double many_to_one(int cores)
{
    (void)cores;
    return to_one(PRODUCERS, 2000000);
}

// ---- computing: GLib's pool of threads, which is built on such a queue -------------------------

static void do_task(gpointer task, gpointer arg)
{
    (void)arg;
    static _Thread_local volatile uint64_t result;
    uint64_t x = result + 1;
    for (gsize left = GPOINTER_TO_SIZE(task); left > 0; left--)
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    result = x;
}

static double compute(int cores)
{
    const int64_t tasks = 200000;
    GThreadPool *pool = g_thread_pool_new(do_task, NULL, cores, TRUE, NULL);
    bench_need(pool != NULL, "no pool");
    double from = bench_now_ns();
    for (int64_t i = 0; i < tasks; i++)
        g_thread_pool_push(pool, GSIZE_TO_POINTER(1700), NULL);
    g_thread_pool_free(pool, FALSE, TRUE); // when all is done
    return (bench_now_ns() - from) / (double)tasks;
}

int main(int argc, char **argv)
{
    static const peer_bench benches[] = {
        {"ping_pong", ping_pong},     {"ring", ring},       {"one_to_one", one_to_one},
        {"many_to_one", many_to_one}, {"compute", compute}, {NULL, NULL},
    };
    return peer_main(argc, argv, benches);
}
