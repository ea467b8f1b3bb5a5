// SPDX-License-Identifier: MIT
//
// The pool, the real one here under another name: blocks that one thread frees go to another as a batch, through the
// depot. Nothing is handed out twice, and whoever gets a block sees the end of its last use.

#include <pthread.h>

#include "suite.h"

// The first thread is that of setup; caches are not given back at the end of a thread.
static int once(pthread_once_t *control, void (*fn)(void));
static int key_create(pthread_key_t *key, void (*destructor)(void *));
static int set_specific(pthread_key_t key, const void *value);

#define acti_pool_alloc pool_alloc
#define acti_pool_free pool_free
#define mine (*cache_of_this_thread())
#define pthread_once once
#define pthread_key_create key_create
#define pthread_setspecific set_specific
#include "base/pool.c"
#undef pthread_once
#undef pthread_key_create
#undef pthread_setspecific
#undef acti_pool_alloc
#undef acti_pool_free
#undef mine

static cache *cache_of_this_thread(void)
{
    static const char key;
    return model_local(&key, sizeof(cache));
}

static bool prepared;

static int once(pthread_once_t *control, void (*fn)(void))
{
    (void)control;
    if (prepared)
        return 0;
    prepared = true;
    fn();
    return 0;
}

static int key_create(pthread_key_t *key, void (*destructor)(void *))
{
    (void)key, (void)destructor;
    return 0;
}

static int set_specific(pthread_key_t key, const void *value)
{
    (void)key, (void)value;
    return 0;
}

void *acti_pool_large_alloc(size_t size, uint32_t *room)
{
    (void)size, (void)room;
    return NULL;
}

void acti_pool_large_free(void *block, uint32_t room)
{
    (void)block, (void)room;
}

uint64_t acti_pool_large_live(void)
{
    return 0;
}

// ---- batches by hand ------------------------------------------------------------------

#define CLASS 0
#define BLOCKS 2 // of a batch

typedef struct block {
    acti_block head; // as the depot sees it
    uint32_t user;   // who has it
} block;

static uint32_t got[2]; // blocks, of each thread
static block *of[2][2 * BLOCKS];

static void give_two_batches(void)
{
    acti_depot_init();
    for (uint32_t b = 0; b < 2; b++) {
        uint32_t count;
        acti_block *batch = acti_depot_cut(CLASS, BLOCKS, &count);
        model_claim(batch != NULL && count == BLOCKS);
        acti_depot_give(CLASS, batch, count);
    }
}

// take_use_and_give takes a batch, writes to each of its blocks, and gives it back if it is to.
static void take_and_use(uint32_t me, bool give)
{
    uint32_t count;
    acti_block *batch = acti_depot_take(CLASS, &count);
    if (batch == NULL)
        return;
    uint32_t n = 0;
    for (acti_block *b = batch; n < count; b = b->next, n++) {
        ((block *)(void *)b)->user = me;
        if (!give)
            of[me][got[me]++] = (block *)(void *)b;
    }
    if (give)
        acti_depot_give(CLASS, batch, count);
}

static void first_uses_and_gives_back(void)
{
    take_and_use(0, true);
    take_and_use(0, false);
}
static void second_uses(void)
{
    take_and_use(1, false);
    take_and_use(1, false);
}

static void each_block_has_one_user(void)
{
    for (uint32_t i = 0; i < got[0]; i++)
        for (uint32_t k = 0; k < got[1]; k++)
            model_claim(of[0][i] != of[1][k]);
    model_claim(acti_depot_away() == got[0] + got[1]);
    model_outcome(got[0] * 8 + got[1]);
}

// ---- caches of threads ------------------------------------------------------------------

// The largest class: a batch has 16 blocks. One thread frees more than its cache holds, so that a batch goes to the
// depot, and the other, whose cache is empty, gets it from there.
#define BYTES ACTI_POOL_BYTES_MAX
#define BATCH (BATCH_BYTES_MAX / BYTES)
#define MANY (2 * BATCH + 1)

static void *held[MANY]; // allocated in setup, freed by the first thread
static uint32_t *taken;  // by the second

static void hold_many(void)
{
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t room;
        held[i] = pool_alloc(BYTES, &room);
        model_claim(held[i] != NULL && room == BYTES);
    }
}

static void free_many(void)
{
    for (uint32_t i = 0; i < MANY; i++) {
        *(uint32_t *)held[i] = i;
        pool_free(held[i], BYTES);
    }
}

static void allocate_and_write(void)
{
    uint32_t room;
    taken = pool_alloc(BYTES, &room);
    model_claim(taken != NULL);
    *taken = MANY;
}

static void it_is_ours(void)
{
    model_claim(*taken == MANY);
    bool reused = false;
    for (uint32_t i = 0; i < MANY; i++)
        reused = reused || taken == held[i];
    model_outcome(reused);
}

const model_scenario model_of_pool[] = {
    {.name = "pool_a_batch_has_one_user_at_a_time",
     .contract = "pool",
     .setup = give_two_batches,
     .thread = {first_uses_and_gives_back, second_uses},
     .check = each_block_has_one_user},
    {.name = "pool_what_one_frees_another_gets",
     .contract = "pool",
     .setup = hold_many,
     .thread = {free_many, allocate_and_write},
     .check = it_is_ours},
    {.name = NULL},
};
