// SPDX-License-Identifier: MIT
//
// counters.c - joining, leaving and adding up sets of counters.

#include "obs/counters.h"

#include <string.h>

void acti_board_init(acti_board *board)
{
    memset(board, 0, sizeof(*board));
    acti_lock_init(&board->lock);
    acti_list_init(&board->sets);
}

void acti_board_fini(acti_board *board)
{
    acti_assert(acti_list_empty(&board->sets));
    acti_lock_fini(&board->lock);
}

void acti_board_join(acti_board *board, acti_counters *set)
{
    acti_lock_take(&board->lock);
    acti_list_push(&board->sets, &set->link);
    acti_lock_give(&board->lock);
}

void acti_board_leave(acti_board *board, acti_counters *set)
{
    acti_lock_take(&board->lock);
    for (int i = 0; i < ACTI_COUNTERS; i++)
        acti_board_count(board, (acti_counter)i, acti_au64_load_relaxed(&set->at[i]));
    acti_list_remove(&set->link);
    acti_lock_give(&board->lock);
}

void acti_board_sum(acti_board *board, uint64_t sum[ACTI_COUNTERS])
{
    acti_lock_take(&board->lock);
    for (int i = 0; i < ACTI_COUNTERS; i++)
        sum[i] = acti_au64_load_relaxed(&board->shared.at[i]);
    for (acti_list *at = board->sets.next; at != &board->sets; at = at->next) {
        const acti_counters *set = ACTI_CONTAINER_OF(at, acti_counters, link);
        for (int i = 0; i < ACTI_COUNTERS; i++)
            sum[i] += acti_au64_load_relaxed(&set->at[i]);
    }
    acti_lock_give(&board->lock);
}
