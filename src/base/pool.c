// SPDX-License-Identifier: MIT
//
// pool.c - the fast path: a cache a thread over the depot of pool_depot.c.
//
// Design notes
//
// A thread keeps, for each size class, a list it works on and at most one spare list, which is always a full
// batch. What does not fit goes to the depot as a whole batch, and an empty cache fetches a whole batch from
// there: one lock per batch, and none at all for a thread that frees about as much as it allocates. Because a
// full list becomes the spare before it goes to the depot, a thread at the edge of a batch that frees and
// allocates by turns moves two pointers and does not touch the lock.
//
// The last block freed is the next one given: it is the one still in the processor's cache.
//
// A list counts the blocks it still has room for, not those it holds. Zero then means "take the slow path" for
// a full list and equally for a thread that comes here for the first time, whose thread-local memory is all
// zeros; the fast path needs no question "am I set up?".
//
// How many blocks are out is nowhere counted: it is what was ever cut from slabs, less what the depot and the
// caches hold. And the test switch acti_pool_fail_after costs nothing either: the largest size that the fast
// path accepts is a variable, and the switch sets it to zero.

#include "base/pool.h"

#include <assert.h>
#include <stdbool.h>

#include "base/list.h"
#include "base/platform.h"
#include "base/pool_depot.h"
#include "base/pool_large.h"
#include "base/sanitize.h"

// A batch is this many blocks, or fewer where they are large.
#define BATCH_BLOCKS_MAX 64
#define BATCH_BYTES_MAX 16384

// One size class in one thread. Only that thread writes; acti_pool_live reads the atomic fields.
typedef struct lane {
    acti_block *head;
    acti_aptr spare; // a full batch, or NULL
    acti_au32 left;  // blocks that still fit on the list of head
    uint32_t batch;  // blocks of a full list; 0: this thread has no cache yet
} lane;

typedef struct cache {
    lane lanes[ACTI_POOL_CLASSES];
    acti_list link; // in caches, guarded by caches_lock
    bool ended;     // given back for good: the thread is ending
} cache;

// Written by acti_pool_fail_after only, read by every allocation: alone on its line.
static struct {
    acti_au32 direct_max; // sizes up to this take the fast path
} route __attribute__((aligned(ACTI_CACHE_LINE))) = {{ACTI_POOL_BYTES_MAX}};

static ACTI_THREAD_LOCAL cache mine __attribute__((aligned(ACTI_CACHE_LINE)));

// Rank: above those of the depot.
static acti_lock caches_lock;
static acti_list caches;

static acti_au64 fail_countdown;

static pthread_once_t prepare_once = PTHREAD_ONCE_INIT;
static pthread_key_t cache_key;
static bool cache_key_made;

// Out of line, so that the fast path saves no registers for them.
__attribute__((noinline)) static void *alloc_slow(size_t size, uint32_t *room);
__attribute__((noinline)) static void free_slow(acti_block *freed, uint32_t room);

static inline void *pop(lane *l, uint32_t bytes)
{
    acti_block *first = l->head;
    acti_unpoison(first, bytes);
    l->head = first->next;
    // Relaxed, here and below: one writer, and acti_pool_live promises nothing while others are at work.
    acti_au32_store_relaxed(&l->left, acti_au32_load_relaxed(&l->left) + 1);
    return first;
}

static inline void push(lane *l, acti_block *freed, uint32_t bytes)
{
    freed->next = l->head;
    l->head = freed;
    acti_au32_store_relaxed(&l->left, acti_au32_load_relaxed(&l->left) - 1);
    acti_poison(freed, bytes);
}

void *acti_pool_alloc(size_t size, uint32_t *room)
{
    // Size zero wraps to the largest there is and is sorted out on the slow path. Relaxed: the limit carries no
    // data, and a thread that must see a new one is told so by other means.
    size_t last = size - 1;
    if (__builtin_expect(last >= acti_au32_load_relaxed(&route.direct_max), 0))
        return alloc_slow(size, room);
    lane *l = &mine.lanes[last / ACTI_POOL_ALIGN];
    if (__builtin_expect(l->head == NULL, 0))
        return alloc_slow(size, room);

    uint32_t bytes = ((uint32_t)last | (ACTI_POOL_ALIGN - 1)) + 1;
    void *got = pop(l, bytes);
    *room = bytes;
    return got;
}

void acti_pool_free(void *freed, uint32_t room)
{
    assert(room >= ACTI_POOL_ALIGN && room % ACTI_POOL_ALIGN == 0);
    if (__builtin_expect(room > ACTI_POOL_BYTES_MAX, 0)) {
        acti_pool_large_free(freed, room);
        return;
    }
    lane *l = &mine.lanes[room / ACTI_POOL_ALIGN - 1];
    if (__builtin_expect(acti_au32_load_relaxed(&l->left) == 0, 0))
        free_slow(freed, room);
    else
        push(l, freed, room);
}

// ---- the slow path --------------------------------------------------------------

static void prepare(void);
static bool attach(void);
static void detach(void *arg);
static bool refill(size_t class);
static void *alloc_uncached(size_t class, uint32_t *room);
static bool must_fail(void);

static void *alloc_slow(size_t size, uint32_t *room)
{
    if (must_fail())
        return NULL;
    if (size > ACTI_POOL_BYTES_MAX)
        return acti_pool_large_alloc(size, room);

    size_t class = size ? (size - 1) / ACTI_POOL_ALIGN : 0;
    if (!attach())
        return alloc_uncached(class, room);
    lane *l = &mine.lanes[class];
    if (!l->head && !refill(class))
        return NULL;
    void *got = pop(l, acti_block_bytes(class));
    *room = acti_block_bytes(class);
    return got;
}

static void free_slow(acti_block *freed, uint32_t room)
{
    size_t class = room / ACTI_POOL_ALIGN - 1;
    if (!attach()) {
        freed->next = NULL;
        acti_depot_give(class, freed, 1);
        return;
    }
    lane *l = &mine.lanes[class];
    if (acti_au32_load_relaxed(&l->left) == 0) {
        acti_block *spare = acti_aptr_load_relaxed(&l->spare);
        if (spare)
            acti_depot_give(class, spare, l->batch);
        acti_aptr_store_relaxed(&l->spare, l->head);
        l->head = NULL;
        acti_au32_store_relaxed(&l->left, l->batch);
    }
    push(l, freed, room);
}

static void *alloc_uncached(size_t class, uint32_t *room)
{
    uint32_t count = 0;
    acti_block *first = acti_depot_take(class, &count);
    if (!first)
        first = acti_depot_cut(class, 1, &count);
    if (!first)
        return NULL;
    acti_unpoison(first, acti_block_bytes(class));
    if (count > 1)
        acti_depot_give(class, first->next, count - 1);
    *room = acti_block_bytes(class);
    return first;
}

// refill gives an empty list blocks: the spare, else a batch of the depot, else new ones.
static bool refill(size_t class)
{
    lane *l = &mine.lanes[class];
    uint32_t count = l->batch;
    acti_block *batch = acti_aptr_load_relaxed(&l->spare);
    if (batch)
        acti_aptr_store_relaxed(&l->spare, NULL);
    else
        batch = acti_depot_take(class, &count);
    if (!batch)
        batch = acti_depot_cut(class, l->batch, &count);
    if (!batch)
        return false;
    l->head = batch;
    acti_au32_store_relaxed(&l->left, l->batch - count);
    return true;
}

// attach gives this thread a cache. False when none would come back from it: the thread has given its cache
// back already and is in its last destructors, or the system has no thread-local key left for us. Such a
// thread allocates and frees at the depot.
static bool attach(void)
{
    if (mine.lanes[0].batch)
        return true;
    if (mine.ended)
        return false;
    pthread_once(&prepare_once, prepare);
    if (!cache_key_made || pthread_setspecific(cache_key, &mine) != 0)
        return false;

    acti_lock_take(&caches_lock);
    for (size_t class = 0; class < ACTI_POOL_CLASSES; class++) {
        uint32_t batch = BATCH_BYTES_MAX / acti_block_bytes(class);
        mine.lanes[class].batch = batch < BATCH_BLOCKS_MAX ? batch : BATCH_BLOCKS_MAX;
        acti_au32_store_relaxed(&mine.lanes[class].left, mine.lanes[class].batch);
    }
    acti_list_push(&caches, &mine.link);
    acti_lock_give(&caches_lock);
    return true;
}

// detach gives everything back at the end of a thread. Destructors that run later may still use the pool, and
// nobody promises that this one would run again after them.
static void detach(void *arg)
{
    cache *c = arg;
    for (size_t class = 0; class < ACTI_POOL_CLASSES; class++) {
        lane *l = &c->lanes[class];
        if (l->head)
            acti_depot_give(class, l->head, l->batch - acti_au32_load_relaxed(&l->left));
        if (acti_aptr_load_relaxed(&l->spare))
            acti_depot_give(class, acti_aptr_load_relaxed(&l->spare), l->batch);
    }
    acti_lock_take(&caches_lock);
    acti_list_remove(&c->link);
    acti_lock_give(&caches_lock);
    *c = (cache){.ended = true};
}

static void prepare(void)
{
    acti_list_init(&caches);
    acti_lock_init(&caches_lock);
    acti_depot_init();
    cache_key_made = pthread_key_create(&cache_key, detach) == 0;
}

// ---- for tests --------------------------------------------------------------------

void acti_pool_fail_after(uint64_t n)
{
    acti_au64_store_relaxed(&fail_countdown, n);
    acti_au32_store_relaxed(&route.direct_max, n ? 0 : ACTI_POOL_BYTES_MAX);
}

// must_fail counts down; true for exactly one caller. Relaxed: only the count itself is shared.
static bool must_fail(void)
{
    uint64_t left = acti_au64_load_relaxed(&fail_countdown);
    while (left > 0) {
        if (acti_au64_cas_relaxed(&fail_countdown, &left, left - 1))
            return left == 1;
    }
    return false;
}

int64_t acti_pool_live(void)
{
    pthread_once(&prepare_once, prepare);
    acti_lock_take(&caches_lock);
    uint64_t live = acti_depot_away();
    for (acti_list *at = caches.next; at != &caches; at = at->next) {
        const cache *c = ACTI_CONTAINER_OF(at, cache, link);
        for (size_t class = 0; class < ACTI_POOL_CLASSES; class++) {
            const lane *l = &c->lanes[class];
            live -= l->batch - acti_au32_load_relaxed(&l->left);
            live -= acti_aptr_load_relaxed(&l->spare) ? l->batch : 0;
        }
    }
    acti_lock_give(&caches_lock);
    return (int64_t)(live + acti_pool_large_live());
}
