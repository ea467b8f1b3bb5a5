// SPDX-License-Identifier: MIT
//
// peer_net.h - what the peers of bench_net in C share: a process for each side, and the sizes.
//
// A run is a function that both processes call, with the near one in p->near. The near one gives the figure: in
// nanoseconds a message or round, and for there and back under load how many million messages a second that was.

#ifndef PEER_NET_H
#define PEER_NET_H

#include "bench/pair.h"
#include "entry.h"

#define BYTES_MAX 65536

typedef struct net_bench {
    const char *name;
    void (*run)(const pair *p, size_t size, int64_t count);
    size_t size;
    int64_t count; // messages or rounds
} net_bench;

// net_main is main() of a peer: NAME CORES RUNS, or list. The table ends with an empty entry.
static inline int net_main(int argc, char **argv, const net_bench *benches)
{
    const net_bench *bench = peer_chosen(argc, argv, benches, sizeof(*benches));
    for (long left = bench != NULL ? bench_number(argv[3]) : 0; left > 0; left--) {
        pid_t run = fork(); // nothing of a run before is left
        bench_need(run >= 0, "fork");
        int status;
        if (run == 0) {
            pair p;
            pair_open(&p);
            bench->run(&p, bench->size, bench->count);
            fflush(stdout);
            pair_close(&p);
            exit(EXIT_SUCCESS);
        }
        bench_need(waitpid(run, &status, 0) == run && status == 0, "a run failed");
    }
    return EXIT_SUCCESS;
}

// net_begin is the moment from which messages are counted: the far side waits for it, too.
static inline double net_begin(const pair *p)
{
    double now = bench_now_ns();
    if (p->near)
        pair_tell(p, 0);
    else
        (void)pair_told(p);
    return now;
}

static inline void net_figure(double from_ns, int64_t count)
{
    printf("%.2f\n", (bench_now_ns() - from_ns) / (double)count);
}

#endif
