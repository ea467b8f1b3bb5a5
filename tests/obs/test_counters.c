// SPDX-License-Identifier: MIT
//
// Counters: sets that come and go while others count, and a sum that is exact at rest.

#include "test.h"

#include "obs/counters.h"

TEST(an_empty_board_sums_to_zero)
{
    acti_board board;
    acti_board_init(&board);
    uint64_t sum[ACTI_COUNTERS];
    memset(sum, 0xff, sizeof(sum));
    acti_board_sum(&board, sum);
    for (int i = 0; i < ACTI_COUNTERS; i++)
        assert_int_equal(sum[i], 0);
    acti_board_fini(&board);
}

TEST(a_set_that_leaves_leaves_its_counts_behind)
{
    acti_board board;
    acti_board_init(&board);
    static acti_counters sets[3];
    for (uint64_t s = 0; s < 3; s++) {
        acti_board_join(&board, &sets[s]);
        for (int i = 0; i < ACTI_COUNTERS; i++)
            acti_count(&sets[s], (acti_counter)i, (s + 1) * 100 + (uint64_t)i);
    }
    acti_board_count(&board, ACTI_SENT, 7);
    uint64_t sum[ACTI_COUNTERS];
    for (int left = 0; left <= 3; left++) {
        acti_board_sum(&board, sum);
        for (int i = 0; i < ACTI_COUNTERS; i++)
            assert_int_equal(sum[i], 600 + 3 * i + (i == ACTI_SENT ? 7 : 0));
        if (left < 3)
            acti_board_leave(&board, &sets[(left + 1) % 3]);
    }
    acti_board_fini(&board);
}

// Threads with sets of their own, threads without, and a reader that never sees a sum go back.
enum { THREADS = 4, STAYS = 50, COUNTS = 2000 };

typedef struct crowd {
    acti_board board;
    acti_au32 running;
} crowd;

static void *counts(void *arg)
{
    crowd *c = arg;
    for (int stay = 0; stay < STAYS; stay++) {
        acti_counters set = {.before = {0}};
        acti_board_join(&c->board, &set);
        for (int i = 0; i < COUNTS; i++) {
            acti_count(&set, ACTI_HANDLED, 1);
            acti_board_count(&c->board, ACTI_SENT, 1);
        }
        acti_board_leave(&c->board, &set);
    }
    acti_au32_sub_release(&c->running, 1);
    return NULL;
}

TEST(no_count_is_lost_while_sets_come_and_go)
{
    static crowd c;
    acti_board_init(&c.board);
    acti_au32_store_relaxed(&c.running, THREADS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(acti_thread_start(&threads[i], "counts", counts, &c), 0);
    uint64_t sum[ACTI_COUNTERS], last[2] = {0, 0};
    while (acti_au32_load_acquire(&c.running) > 0) {
        acti_board_sum(&c.board, sum);
        assert_true(sum[ACTI_SENT] >= last[0] && sum[ACTI_HANDLED] >= last[1]);
        last[0] = sum[ACTI_SENT];
        last[1] = sum[ACTI_HANDLED];
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    acti_board_sum(&c.board, sum);
    assert_int_equal(sum[ACTI_SENT], THREADS * STAYS * COUNTS);
    assert_int_equal(sum[ACTI_HANDLED], THREADS * STAYS * COUNTS);
    acti_board_fini(&c.board);
}

int main(void)
{
    return TEST_RUN(case_of(an_empty_board_sums_to_zero), case_of(a_set_that_leaves_leaves_its_counts_behind),
                    case_of(no_count_is_lost_while_sets_come_and_go));
}
