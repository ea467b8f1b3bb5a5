// SPDX-License-Identifier: MIT
//
// A worker's ring of ready actors: bounds, order, and thieves.

#include "test.h"

#include "core/runq.h"

// The ring does not look into actors, so numbers do as well.
static acti_actor *numbered(uintptr_t n)
{
    return (acti_actor *)((n + 1) * 64);
}

static void start_at(acti_runq *q, uint32_t at)
{
    *q = (acti_runq){.head = {at}, .tail = {at}};
}

TEST(put_into_full_ring_is_refused_and_the_slot_before_it_is_used)
{
    acti_runq q;
    start_at(&q, 0);
    for (uintptr_t i = 0; i < ACTI_RUNQ_SIZE; i++)
        assert_true(acti_runq_put(&q, numbered(i)));
    assert_false(acti_runq_put(&q, numbered(ACTI_RUNQ_SIZE)));
    assert_int_equal(acti_runq_size(&q), ACTI_RUNQ_SIZE);
    assert_ptr_equal(acti_runq_take(&q), numbered(0));
    assert_true(acti_runq_put(&q, numbered(ACTI_RUNQ_SIZE)));
}

TEST(take_and_steal_from_empty_ring_give_null)
{
    acti_runq q, thief;
    start_at(&q, 3);
    start_at(&thief, 9);
    assert_null(acti_runq_take(&q));
    assert_null(acti_runq_steal(&thief, &q));
    assert_int_equal(acti_runq_size(&q), 0);
    assert_int_equal(acti_runq_size(&thief), 0);
}

TEST(take_gives_oldest_first_across_the_end_of_the_ring_and_of_the_counters)
{
    acti_runq q;
    start_at(&q, UINT32_MAX - 100);
    for (uintptr_t i = 0; i < 10 * ACTI_RUNQ_SIZE; i++) {
        assert_true(acti_runq_put(&q, numbered(2 * i)));
        assert_true(acti_runq_put(&q, numbered(2 * i + 1)));
        assert_ptr_equal(acti_runq_take(&q), numbered(2 * i));
        assert_ptr_equal(acti_runq_take(&q), numbered(2 * i + 1));
    }
}

TEST(steal_takes_the_older_half_rounded_up)
{
    for (uintptr_t n = 1; n <= ACTI_RUNQ_SIZE; n++) {
        acti_runq q, thief;
        start_at(&q, UINT32_MAX - 7);
        start_at(&thief, 200);
        for (uintptr_t i = 0; i < n; i++)
            assert_true(acti_runq_put(&q, numbered(i)));
        uintptr_t stolen = n - n / 2;
        assert_ptr_equal(acti_runq_steal(&thief, &q), numbered(stolen - 1));
        assert_int_equal(acti_runq_size(&thief), stolen - 1); // one is given, to run at once
        for (uintptr_t i = 0; i + 1 < stolen; i++)
            assert_ptr_equal(acti_runq_take(&thief), numbered(i));
        for (uintptr_t i = stolen; i < n; i++)
            assert_ptr_equal(acti_runq_take(&q), numbered(i));
        assert_null(acti_runq_take(&q));
    }
}

// ---- stress -------------------------------------------------------------------

enum { ROUNDS = 400000, THIEVES = 3 };

typedef struct market {
    acti_runq q;
    acti_au32 seen[ROUNDS]; // how often each came out, anywhere
    uint32_t plain[ROUNDS]; // written before put: the put must publish it
    acti_au32 wrong;
    acti_au32 done;
} market;

static void came_out(market *m, const acti_actor *actor)
{
    uintptr_t n = (uintptr_t)actor / 64 - 1;
    if (n >= ROUNDS || m->plain[n] != n + 1)
        acti_au32_or_relaxed(&m->wrong, 1);
    else
        acti_au32_add_relaxed(&m->seen[n], 1);
}

static void *thieve(void *arg)
{
    market *m = arg;
    acti_runq own;
    start_at(&own, UINT32_MAX - 50);
    bool last = false;
    while (!last) {
        last = acti_au32_load_acquire(&m->done) != 0; // one more look after it
        acti_actor *actor = acti_runq_steal(&own, &m->q);
        while (actor != NULL) {
            came_out(m, actor);
            actor = acti_runq_take(&own);
        }
    }
    return NULL;
}

TEST(owner_and_thieves_take_each_actor_exactly_once)
{
    static market m;
    start_at(&m.q, UINT32_MAX - ROUNDS / 2);
    pthread_t threads[THIEVES];
    for (int i = 0; i < THIEVES; i++)
        assert_int_equal(acti_thread_start(&threads[i], "thief", thieve, &m), 0);
    for (uintptr_t n = 0; n < ROUNDS;) {
        // Bursts of all sizes, so that the ring is full, half full and empty by turns.
        for (uintptr_t burst = n % 300 + 1; burst > 0 && n < ROUNDS; burst--) {
            m.plain[n] = (uint32_t)n + 1;
            if (!acti_runq_put(&m.q, numbered(n)))
                break;
            n++;
        }
        for (uintptr_t burst = n % 37; burst > 0; burst--) {
            acti_actor *actor = acti_runq_take(&m.q);
            if (actor != NULL)
                came_out(&m, actor);
        }
    }
    acti_au32_store_release(&m.done, 1);
    acti_actor *actor;
    while ((actor = acti_runq_take(&m.q)) != NULL)
        came_out(&m, actor);
    for (int i = 0; i < THIEVES; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(m.wrong.v, 0);
    for (uintptr_t n = 0; n < ROUNDS; n++)
        assert_int_equal(m.seen[n].v, 1);
}

int main(void)
{
    return TEST_RUN(case_of(put_into_full_ring_is_refused_and_the_slot_before_it_is_used),
                    case_of(take_and_steal_from_empty_ring_give_null),
                    case_of(take_gives_oldest_first_across_the_end_of_the_ring_and_of_the_counters),
                    case_of(steal_takes_the_older_half_rounded_up),
                    case_of(owner_and_thieves_take_each_actor_exactly_once));
}
