// SPDX-License-Identifier: MIT
//
// counters.h - the counters behind the ledger and the reports.
//
// Each worker and each actor's own thread has a set that only it writes, without locked instructions. Threads
// outside share one set. A reader adds all sets up; at a quiet moment the sum is exact.

#ifndef ACTI_OBS_COUNTERS_H
#define ACTI_OBS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/list.h"
#include "base/platform.h"

typedef enum acti_counter {
    ACTI_SENT,
    ACTI_HANDLED,
    ACTI_RETURNED,
    ACTI_DROPPED_GONE,
    ACTI_DROPPED_UNREACH,
    ACTI_DROPPED_LATE,
    ACTI_DROPPED_CANCEL,
    ACTI_UNHANDLED,
    ACTI_REFUSED,
    ACTI_PAUSES,
    ACTI_OVERCOMMITS,
    ACTI_TURNS,
    ACTI_STEALS,
    ACTI_SLEEPS,
    ACTI_LONG_TURNS,
    ACTI_RACES,
    ACTI_COUNTERS, // how many there are
} acti_counter;

// One set. The padding keeps a writer's counters off everybody else's cache lines.
typedef struct acti_counters {
    char before[ACTI_CACHE_LINE];
    acti_au64 at[ACTI_COUNTERS];
    acti_list link; // in the board's list; guarded by its lock
    char after[ACTI_CACHE_LINE];
} acti_counters;

// All sets of one system.
typedef struct acti_board {
    acti_lock lock; // rank 90: nothing is called under it
    acti_list sets;
    acti_counters shared; // of threads outside, and of sets that have left
} acti_board;

void
acti_board_init(acti_board *board);
void
acti_board_fini(acti_board *board);

// acti_board_join enters a set, which must be zeroed; acti_board_leave adds it to the shared one and takes it out.
void
acti_board_join(acti_board *board, acti_counters *set);
void
acti_board_leave(acti_board *board, acti_counters *set);

// acti_board_sum adds up every set. Relaxed loads: the figures of a moment that is not quiet may not match.
void
acti_board_sum(acti_board *board, uint64_t sum[ACTI_COUNTERS]);

// acti_count adds to a set that only this thread writes.
static inline void acti_count(acti_counters *set, acti_counter which, uint64_t n)
{
    acti_au64_count(&set->at[which], n);
}

// acti_board_count adds to the shared set, for a thread that has none of its own. Relaxed: counters order nothing.
static inline void acti_board_count(acti_board *board, acti_counter which, uint64_t n)
{
    (void)acti_au64_add_relaxed(&board->shared.at[which], n);
}

#endif
