// SPDX-License-Identifier: MIT
//
// test_pool.c - message blocks: sizes, failure, reuse, and the way from thread to thread.

#include "test.h"

#include <limits.h>
#include <sys/resource.h>

#include <acta/error.h>

#include "base/platform.h"
#include "base/pool.h"
#include "base/pool_large.h"
#include "child.h"

typedef struct held {
    unsigned char *bytes;
    uint32_t room;
    unsigned char pattern;
} held;

static held hold(size_t size, unsigned char pattern)
{
    held h = {.pattern = pattern};
    h.bytes = acti_pool_alloc(size, &h.room);
    if (h.bytes)
        memset(h.bytes, pattern, h.room);
    return h;
}

// False: somebody else wrote to it.
static bool let_go(held *h)
{
    bool intact = true;
    for (uint32_t i = 0; i < h->room; i++)
        intact = intact && h->bytes[i] == h->pattern;
    acti_pool_free(h->bytes, h->room);
    h->bytes = NULL;
    return intact;
}

// ---- refusals -------------------------------------------------------------------------

TEST(a_size_beyond_32_bits_is_refused_and_room_stays)
{
    uint32_t room = 17;
    assert_null(acti_pool_alloc(SIZE_MAX, &room));
    assert_null(acti_pool_alloc(UINT32_MAX, &room));
    assert_int_equal(room, 17);
    assert_int_equal(acti_pool_live(), 0);
}

TEST(exactly_the_nth_allocation_fails_and_only_once)
{
    for (uint64_t n = 1; n <= 200; n += 33) {
        for (int size = 10; size < 3000; size += 1200) {
            held blocks[250];
            acti_pool_fail_after(n);
            for (uint64_t i = 1; i <= 250; i++) {
                uint32_t room = 17;
                blocks[i - 1] = (held){.bytes = acti_pool_alloc((size_t)size, &room), .room = room};
                assert_int_equal(blocks[i - 1].bytes == NULL, i == n);
                assert_int_equal(room == 17, i == n);
            }
            acti_pool_fail_after(0);
            for (int i = 0; i < 250; i++) {
                if (blocks[i].bytes)
                    acti_pool_free(blocks[i].bytes, blocks[i].room);
            }
        }
    }
    assert_int_equal(acti_pool_live(), 0);
}

TEST(a_failure_called_off_does_not_come)
{
    acti_pool_fail_after(3);
    acti_pool_fail_after(0);
    for (int i = 0; i < 10; i++) {
        held h = hold(64, 1);
        assert_non_null(h.bytes);
        assert_true(let_go(&h));
    }
}

// ---- sizes --------------------------------------------------------------------------

static size_t room_for(size_t size)
{
    if (size <= ACTI_POOL_BYTES_MAX)
        return size == 0 ? 64 : (size + 63) / 64 * 64;
    size_t room = 2 * ACTI_POOL_BYTES_MAX;
    while (room < size)
        room *= 2;
    return room;
}

TEST(a_block_is_aligned_and_its_room_is_that_of_its_class)
{
    for (size_t size = 0; size <= 3 * ACTI_POOL_BYTES_MAX; size++) {
        held h = hold(size, (unsigned char)size);
        assert_non_null(h.bytes);
        assert_int_equal((uintptr_t)h.bytes % ACTI_POOL_ALIGN, 0);
        assert_int_equal(h.room, room_for(size));
        assert_int_equal(acti_pool_live(), 1);
        assert_true(let_go(&h));
        assert_int_equal(acti_pool_live(), 0);
    }
}

TEST(large_blocks_are_kept_up_to_the_bound_and_given_again)
{
    enum { COUNT = ACTI_POOL_LARGE_KEPT / ACTI_POOL_LARGE_MAX + 3 };
    held blocks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = hold(ACTI_POOL_LARGE_MAX, (unsigned char)i);
        assert_int_equal(blocks[i].room, ACTI_POOL_LARGE_MAX);
    }
    for (int i = 0; i < COUNT; i++)
        assert_true(let_go(&blocks[i]));
    assert_true(acti_pool_large_kept() <= ACTI_POOL_LARGE_KEPT);
    assert_true(acti_pool_large_kept() > ACTI_POOL_LARGE_KEPT - ACTI_POOL_LARGE_MAX);

    size_t kept = acti_pool_large_kept();
    held again = hold(ACTI_POOL_LARGE_MAX, 1);
    assert_int_equal(acti_pool_large_kept(), kept - ACTI_POOL_LARGE_MAX);
    assert_true(let_go(&again));
    assert_int_equal(acti_pool_live(), 0);
}

TEST(a_block_above_the_largest_class_is_not_kept)
{
    size_t kept = acti_pool_large_kept();
    held h = hold(ACTI_POOL_LARGE_MAX + 1, 1);
    assert_true(h.room > ACTI_POOL_LARGE_MAX);
    assert_true(let_go(&h));
    assert_int_equal(acti_pool_large_kept(), kept);
}

TEST(blocks_held_at_the_same_time_do_not_overlap)
{
    enum { HELD = 5000, ROUNDS = 100000 };
    held *blocks = calloc(HELD, sizeof(*blocks));
    uint64_t random = 42;
    int64_t live = 0;
    for (int i = 0; i < ROUNDS; i++) {
        held *h = &blocks[acti_random_next(&random) % HELD];
        if (h->bytes) {
            assert_true(let_go(h));
            live--;
        } else {
            *h = hold(acti_random_next(&random) % (ACTI_POOL_BYTES_MAX + 200), (unsigned char)i);
            assert_non_null(h->bytes);
            live++;
        }
        if (i % 1000 == 0)
            assert_int_equal(acti_pool_live(), live);
    }
    for (int i = 0; i < HELD; i++)
        assert_true(blocks[i].bytes == NULL || let_go(&blocks[i]));
    free(blocks);
    assert_int_equal(acti_pool_live(), 0);
}

// ---- reuse --------------------------------------------------------------------------

TEST(the_last_block_freed_is_the_next_one_given)
{
    uint32_t room;
    void *a = acti_pool_alloc(100, &room);
    void *b = acti_pool_alloc(100, &room);
    acti_pool_free(a, room);
    acti_pool_free(b, room);
    assert_ptr_equal(acti_pool_alloc(100, &room), b);
    assert_ptr_equal(acti_pool_alloc(100, &room), a);
    acti_pool_free(a, room);
    acti_pool_free(b, room);
}

enum { MANY = 2000 };

typedef struct batch_of_blocks {
    void *blocks[MANY];
    uint32_t room;
} batch_of_blocks;

static void *free_all(void *arg)
{
    batch_of_blocks *b = arg;
    for (int i = 0; i < MANY; i++)
        acti_pool_free(b->blocks[i], b->room);
    return NULL;
}

static void *alloc_all(void *arg)
{
    batch_of_blocks *b = arg;
    for (int i = 0; i < MANY; i++)
        b->blocks[i] = acti_pool_alloc(900, &b->room);
    return NULL;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *)a;
    uintptr_t y = (uintptr_t) * (void *const *)b;
    return (x > y) - (x < y);
}

static void run_thread(void *(*fn)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "pool", fn, arg), ACTA_OK);
    pthread_join(thread, NULL);
}

// All of them: what the thread kept in its cache came back when it ended.
TEST(what_a_thread_freed_is_given_out_again_after_it_ended)
{
    static batch_of_blocks first, second;
    alloc_all(&first);
    assert_int_equal(acti_pool_live(), MANY);
    run_thread(free_all, &first);
    assert_int_equal(acti_pool_live(), 0);

    run_thread(alloc_all, &second);
    assert_int_equal(acti_pool_live(), MANY);
    qsort(first.blocks, MANY, sizeof(void *), by_address);
    qsort(second.blocks, MANY, sizeof(void *), by_address);
    assert_memory_equal(first.blocks, second.blocks, sizeof(first.blocks));
    run_thread(free_all, &second);
    assert_int_equal(acti_pool_live(), 0);
}

// Destructors run in rounds as long as one asks for another. From the second round on, this thread's cache has been
// given back.
static void use_in_destructor(void *arg)
{
    held h = hold(64, 9);
    held twin = hold(64, 10);
    if (!h.bytes || !twin.bytes || !let_go(&h) || !let_go(&twin))
        abort();
    pthread_key_t *key = arg;
    static ACTI_THREAD_LOCAL int rounds;
    if (++rounds < (ACTI_TSAN ? 2 : PTHREAD_DESTRUCTOR_ITERATIONS)) // TSan's own comes before the last round
        pthread_setspecific(*key, key);
}

static void *use_and_end(void *arg)
{
    pthread_key_t *key = arg;
    held h = hold(64, 8);
    pthread_setspecific(*key, key);
    return h.bytes && let_go(&h) ? NULL : arg;
}

TEST(a_destructor_that_runs_after_the_pools_own_may_use_the_pool)
{
    pthread_key_t key;
    assert_int_equal(pthread_key_create(&key, use_in_destructor), 0);
    for (int i = 0; i < 20; i++)
        run_thread(use_and_end, &key);
    pthread_key_delete(key);
    assert_int_equal(acti_pool_live(), 0);
}

// ---- exhaustion -------------------------------------------------------------------------

static int alloc_until_memory_ends(void *arg)
{
    (void)arg;
    struct rlimit some = {64u << 20, 64u << 20};
    setrlimit(RLIMIT_AS, &some);
    void *last = NULL;
    size_t count = 0;
    uint32_t room = 0;
    for (;;) {
        uint32_t untouched = 17;
        void **block = acti_pool_alloc(1000, &untouched);
        if (!block) {
            if (untouched != 17 || acti_pool_live() != (int64_t)count)
                return 2;
            break;
        }
        room = untouched;
        *block = last;
        last = block;
        count++;
    }
    if (count < 1000 || acti_pool_alloc(100000000, &room) != NULL)
        return 3;
    while (last) {
        void *next = *(void **)last;
        acti_pool_free(last, room);
        last = next;
    }
    return acti_pool_live() == 0 && acti_pool_alloc(1000, &room) ? 0 : 4;
}

TEST(without_memory_alloc_returns_null_and_goes_on_when_some_comes_back)
{
    if (ACTI_ASAN || ACTI_TSAN || ACTI_ON_VALGRIND)
        skip(); // their shadow memory knows no limit
    assert_int_equal(child_run(alloc_until_memory_ends, NULL, -1), 0);
}

// ---- what ASan sees -----------------------------------------------------------------------

static int free_twice(void *arg)
{
    uint32_t room;
    void *block = acti_pool_alloc(64, &room);
    (void)arg;
    acti_pool_free(block, room);
    acti_pool_free(block, room);
    return 0;
}

static int write_after_free(void *arg)
{
    uint32_t room;
    volatile char *block = acti_pool_alloc(640, &room);
    (void)arg;
    acti_pool_free((void *)(uintptr_t)block, room);
    block[600] = 1;
    return 0;
}

TEST(asan_sees_a_block_used_or_freed_after_it_was_freed)
{
    if (!ACTI_ASAN)
        skip();
    assert_true(child_dies_of(SIGABRT, free_twice, NULL));
    assert_true(child_dies_of(SIGABRT, write_after_free, NULL));
}

// ---- threads ------------------------------------------------------------------------------

// A producer and a consumer over a stack under a lock, so that blocks cross in bursts of any length.
enum { PAIRS = 3, MESSAGES = 60000, AHEAD_MAX = 500 };

typedef struct crossing {
    acti_lock lock;
    unsigned char *top; // guarded by lock, as is ahead; linked through the first bytes
    uint32_t ahead;
    acti_park room;
    acti_park work;
    acti_au32 broken;
    uint64_t seed;
} crossing;

typedef struct parcel {
    struct parcel *below;
    uint32_t room;
    uint32_t sum;
} parcel;

static void *produce(void *arg)
{
    crossing *c = arg;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        uint32_t room;
        parcel *p = acti_pool_alloc(sizeof(*p) + acti_random_next(&c->seed) % 400, &room);
        if (!p) {
            acti_au32_store_relaxed(&c->broken, 1);
            break;
        }
        memset(p, (int)(i & 255), room);
        p->room = room;
        p->sum = i & 255;
        acti_lock_take(&c->lock);
        p->below = (parcel *)(void *)c->top;
        c->top = (unsigned char *)p;
        bool full = ++c->ahead >= AHEAD_MAX;
        acti_lock_give(&c->lock);
        acti_park_give(&c->work);
        if (full)
            acti_park_wait(&c->room, UINT64_MAX);
    }
    return NULL;
}

static void *consume(void *arg)
{
    crossing *c = arg;
    for (uint32_t taken = 0; taken < MESSAGES && !acti_au32_load_relaxed(&c->broken);) {
        acti_lock_take(&c->lock);
        parcel *p = (parcel *)(void *)c->top;
        c->top = NULL;
        bool full = c->ahead >= AHEAD_MAX;
        c->ahead = 0;
        acti_lock_give(&c->lock);
        if (full)
            acti_park_give(&c->room);
        if (!p)
            acti_park_wait(&c->work, UINT64_MAX);
        while (p) {
            parcel *below = p->below;
            for (uint32_t i = sizeof(*p); i < p->room; i++) {
                if (((unsigned char *)p)[i] != p->sum)
                    acti_au32_store_relaxed(&c->broken, 1);
            }
            acti_pool_free(p, p->room);
            p = below;
            taken++;
        }
    }
    return NULL;
}

TEST(blocks_freed_by_other_threads_are_whole_and_none_is_lost)
{
    static crossing crossings[PAIRS];
    pthread_t threads[2 * PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        crossings[i] = (crossing){.seed = (uint64_t)i};
        acti_lock_init(&crossings[i].lock);
        acti_park_init(&crossings[i].room);
        acti_park_init(&crossings[i].work);
        assert_int_equal(acti_thread_start(&threads[2 * i], "produce", produce, &crossings[i]), ACTA_OK);
        assert_int_equal(acti_thread_start(&threads[2 * i + 1], "consume", consume, &crossings[i]), ACTA_OK);
    }
    for (int i = 0; i < 2 * PAIRS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < PAIRS; i++) {
        assert_int_equal(acti_au32_load_relaxed(&crossings[i].broken), 0);
        acti_lock_fini(&crossings[i].lock);
    }
    assert_int_equal(acti_pool_live(), 0);
}

enum { FAILERS = 4, TRIES = 2500 };

static void *count_failures(void *arg)
{
    uint64_t *failures = arg;
    for (int i = 0; i < TRIES; i++) {
        uint32_t room;
        void *block = acti_pool_alloc(64, &room);
        if (block)
            acti_pool_free(block, room);
        else
            ++*failures;
    }
    return NULL;
}

TEST(over_all_threads_one_allocation_fails)
{
    // The last one, and one that is never reached.
    for (uint64_t n = FAILERS * TRIES; n <= FAILERS * TRIES + 1; n++) {
        uint64_t failures[FAILERS] = {0};
        pthread_t threads[FAILERS];
        acti_pool_fail_after(n);
        for (int i = 0; i < FAILERS; i++)
            assert_int_equal(acti_thread_start(&threads[i], "fail", count_failures, &failures[i]), ACTA_OK);
        uint64_t sum = 0;
        for (int i = 0; i < FAILERS; i++) {
            pthread_join(threads[i], NULL);
            sum += failures[i];
        }
        acti_pool_fail_after(0);
        assert_int_equal(sum, n == FAILERS * TRIES);
    }
}

int main(void)
{
    return TEST_RUN(case_of(a_size_beyond_32_bits_is_refused_and_room_stays),
                    case_of(without_memory_alloc_returns_null_and_goes_on_when_some_comes_back),
                    case_of(asan_sees_a_block_used_or_freed_after_it_was_freed),
                    case_of(exactly_the_nth_allocation_fails_and_only_once),
                    case_of(a_failure_called_off_does_not_come),
                    case_of(a_block_is_aligned_and_its_room_is_that_of_its_class),
                    case_of(large_blocks_are_kept_up_to_the_bound_and_given_again),
                    case_of(a_block_above_the_largest_class_is_not_kept),
                    case_of(blocks_held_at_the_same_time_do_not_overlap),
                    case_of(the_last_block_freed_is_the_next_one_given),
                    case_of(what_a_thread_freed_is_given_out_again_after_it_ended),
                    case_of(a_destructor_that_runs_after_the_pools_own_may_use_the_pool),
                    case_of(blocks_freed_by_other_threads_are_whole_and_none_is_lost),
                    case_of(over_all_threads_one_allocation_fails));
}
