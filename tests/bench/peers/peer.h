// SPDX-License-Identifier: MIT
//
// peer.h - what the peers in C share: threads, and the sizes of bench_core's benchmarks. These peers
// have no actors, so each party is a thread.

#ifndef PEER_H
#define PEER_H

#include <pthread.h>
#include <string.h>

#include "bench/bench.h"
#include "entry.h"

#define RING 503
#define PRODUCERS 64
#define BUFFER 50       // items that the bounded buffer holds
#define BUFFER_USERS 10 // producers, and as many consumers

typedef struct parcel {
    int64_t a, b, c, d, e;
} parcel;

typedef struct peer_bench {
    const char *name;
    double (*run)(int cores);
} peer_bench;

static inline pthread_t peer_start(void *(*run)(void *arg), void *arg)
{
    pthread_t t;
    bench_need(pthread_create(&t, NULL, run, arg) == 0, "no thread");
    return t;
}

static inline void peer_join(const pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

// peer_main is main() of a peer: NAME CORES RUNS, or list. The table ends with an empty entry.
static inline int peer_main(int argc, char **argv, const peer_bench *benches)
{
    const peer_bench *bench = peer_chosen(argc, argv, benches, sizeof(*benches));
    for (long left = bench != NULL ? bench_number(argv[3]) : 0; left > 0; left--) {
        printf("%.2f\n", bench->run((int)bench_number(argv[2])));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

#endif
