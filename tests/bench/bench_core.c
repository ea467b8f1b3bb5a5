// SPDX-License-Identifier: MIT
//
// bench_core.c - what a message, a hop and an actor cost inside one process.
//
//     bench_core NAME WORKERS RUNS [PART]   prints one figure of what NAME measures, a line a run; of a PART-th of the
//                                           work: 1
//     bench_core list                     prints the names, with their units
//
// A run is a whole system, from acta_open's return to acta_close's: every actor has ended and every message is handled
// when the clock stops. They are long enough for the threads' start and end not to matter.

#include "bench_core.h"

#include <string.h>

static const struct {
    const char *name;
    const char *unit;
    bench_run *run;
    acta_system_opts opts; // workers are set below
} benches[] = {
    {"ping_pong", "ns/hop", ping_pong, {0}},
    {"ring", "ns/hop", ring, {0}},
    {"one_to_one", "ns/message", one_to_one, {0}},
    {"one_to_one_unwatched", "ns/message", one_to_one, {.long_turn_ns = ACTA_FOREVER}},
    {"one_to_one_tracked", "ns/message", one_to_one, {.track_senders = ACTA_TRACK_ON}},
    {"one_to_one_linted", "ns/message", one_to_one, {.order_lint = ACTA_LINT_ON}},
    {"many_to_one_linted", "ns/message", many_to_one, {.order_lint = ACTA_LINT_ON}},
    {"ask_linted", "ns/round", ask, {.order_lint = ACTA_LINT_ON}},
    {"many_to_one", "ns/message", many_to_one, {0}},
    {"bounded_buffer", "ns/item", bounded_buffer, {0}},
    {"many_to_many", "ns/round", many_to_many, {0}},
    {"ask", "ns/round", ask, {0}},
    {"spawn", "ns/actor", spawn, {0}},
    {"fork_join", "ns/actor", fork_join, {0}},
    {"compute", "ns/message", compute, {0}},
    {"scale_10", "ns/hop", scale_10, {0}},
    {"scale_1e3", "ns/hop", scale_1e3, {0}},
    {"scale_1e5", "ns/hop", scale_1e5, {0}},
    {"scale_1e6", "ns/hop", scale_1e6, {0}},
    {"idle_handler", "bytes/actor", idle_handler, {0}},
    {"idle_body", "bytes/actor", idle_body, {0}},
};
#define BENCHES (sizeof(benches) / sizeof(benches[0]))

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < BENCHES; i++)
            printf("%s %s\n", benches[i].name, benches[i].unit);
        return EXIT_SUCCESS;
    }
    bench_need(argc == 4 || argc == 5, "usage: bench_core list | NAME WORKERS RUNS [PART]");
    size_t which = 0;
    while (which < BENCHES && strcmp(benches[which].name, argv[1]) != 0)
        which++;
    bench_need(which < BENCHES, "no benchmark of that name");
    acta_system_opts opts = benches[which].opts;
    opts.workers = (uint32_t)bench_number(argv[2]);
    long part = argc == 5 ? bench_number(argv[4]) : 1;
    for (long left = bench_number(argv[3]); left > 0; left--) {
        acta_system *sys;
        bench_need(acta_open(&opts, &sys) == ACTA_OK, "cannot open a system");
        printf("%.2f\n", benches[which].run(sys, part));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
