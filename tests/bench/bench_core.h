// SPDX-License-Identifier: MIT
//
// bench_core.h - the benchmarks of one process, and the messages that more than one of them uses.
//
// Each is given a new system and closes it; a run is over when every actor has ended and every message is handled. part
// divides the amount of work: 1 for a figure, more to see only that it works. The result is in the unit that the table
// in bench_core.c gives.

#ifndef BENCH_CORE_H
#define BENCH_CORE_H

#include <acta/acta.h>

#include "bench.h"

ACTA_MESSAGE(ball, (i64, left));
ACTA_MESSAGE(parcel, (i64, a), (i64, b), (i64, c), (i64, d), (i64, e)); // with its header 64 bytes
ACTA_MESSAGE(done);

typedef double bench_run(acta_system *sys, int64_t part);

// bench_talk.c: a few who send to each other
bench_run ping_pong, ring, one_to_one, many_to_one, bounded_buffer;

// bench_crowd.c: many who know each other
bench_run many_to_many, ask, scale_10, scale_1e3, scale_1e5, scale_1e6;

// bench_spawn.c: what an actor costs
bench_run spawn, fork_join, idle_handler, idle_body;

// bench_compute.c: handlers that compute
bench_run compute;

// bench_spawn_actor spawns or ends the program. The rest are fields of acta_spawn_opts.
#define bench_spawn_actor(sys, tx, ...) bench_need(acta_spawn((sys), (tx), __VA_ARGS__) == ACTA_OK, "spawn failed")

// bench_send sends or ends the program.
#define bench_send(tx, ...) bench_need(acta_send((tx), __VA_ARGS__) == ACTA_OK, "a message was not accepted")

// bench_close waits until all have ended.
static inline void bench_close(acta_system *sys)
{
    bench_need(acta_close(&sys, ACTA_FOREVER) == ACTA_OK, "the actors do not end");
}

#endif
