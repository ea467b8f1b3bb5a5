// SPDX-License-Identifier: MIT
//
// pool_depot.c - lists of batches, one lock a size class; slabs, one lock.
//
// A lock is held for a few instructions: a batch is linked through its own blocks and moves as one. Blocks never change
// their class, and slabs stay until the process ends.

#include "base/pool_depot.h"

#include <assert.h>
#include <stdlib.h>

#include "base/platform.h"
#include "base/sanitize.h"

#define SLAB_BYTES 65536

// Everything in it is guarded by lock, a leaf.
typedef struct depot {
    acti_lock lock;
    acti_block *batches;
    uint64_t blocks;
} depot;
static_assert(sizeof(depot) <= ACTI_CACHE_LINE, "see depots");

// Kept on a list, so that LeakSanitizer finds what messages point to. The blocks lie behind it.
typedef struct slab {
    struct slab *next;
} slab;
static_assert(sizeof(slab) <= ACTI_POOL_ALIGN, "the first block begins at the next multiple of the alignment");

// One a class, each on a cache line of its own.
static struct {
    depot of __attribute__((aligned(ACTI_CACHE_LINE)));
} depots[ACTI_POOL_CLASSES];

// Guarded by slabs_lock, a leaf.
static acti_lock slabs_lock;
static slab *slabs;
static char *uncut;
static size_t uncut_bytes;
static uint64_t cut_blocks;

void acti_depot_init(void)
{
    acti_lock_init(&slabs_lock);
    for (size_t class = 0; class < ACTI_POOL_CLASSES; class++)
        acti_lock_init(&depots[class].of.lock);
}

acti_block *acti_depot_take(size_t class, uint32_t *count)
{
    depot *d = &depots[class].of;
    acti_lock_take(&d->lock);
    acti_block *batch = d->batches;
    if (batch) {
        acti_unpoison(batch, sizeof(*batch));
        d->batches = batch->next_batch;
        d->blocks -= batch->count;
        *count = batch->count;
        acti_poison(batch, sizeof(*batch));
    }
    acti_lock_give(&d->lock);
    return batch;
}

acti_block *acti_depot_cut(size_t class, uint32_t want, uint32_t *count)
{
    // What is left of a slab and too small for a block of this class is given up.
    uint32_t bytes = acti_block_bytes(class);
    slab *fresh = NULL;
    acti_lock_take(&slabs_lock);
    if (uncut_bytes < bytes) {
        acti_lock_give(&slabs_lock);
        fresh = aligned_alloc(ACTI_POOL_ALIGN, SLAB_BYTES);
        if (!fresh)
            return NULL;
        acti_lock_take(&slabs_lock);
    }
    if (uncut_bytes < bytes) {
        fresh->next = slabs;
        slabs = fresh;
        uncut = (char *)fresh + ACTI_POOL_ALIGN;
        uncut_bytes = SLAB_BYTES - ACTI_POOL_ALIGN;
        fresh = NULL;
    }
    char *first = uncut;
    uint32_t n = uncut_bytes / bytes < want ? (uint32_t)(uncut_bytes / bytes) : want;
    uncut += (size_t)n * bytes;
    uncut_bytes -= (size_t)n * bytes;
    cut_blocks += n;
    acti_lock_give(&slabs_lock);
    free(fresh); // another thread brought a slab at the same moment

    // Linked in the order of the addresses.
    acti_block *next = NULL;
    for (uint32_t i = n; i-- > 0;) {
        acti_block *b = (acti_block *)(void *)(first + (size_t)i * bytes);
        b->next = next;
        next = b;
        acti_poison(b, bytes);
    }
    *count = n;
    return next;
}

void acti_depot_give(size_t class, acti_block *batch, uint32_t count)
{
    depot *d = &depots[class].of;
    acti_unpoison(batch, sizeof(*batch));
    batch->count = count;
    acti_lock_take(&d->lock);
    batch->next_batch = d->batches;
    d->batches = batch;
    d->blocks += count;
    acti_poison(batch, acti_block_bytes(class)); // after the lock is given it may be somebody's
    acti_lock_give(&d->lock);
}

uint64_t acti_depot_away(void)
{
    acti_lock_take(&slabs_lock);
    uint64_t away = cut_blocks;
    acti_lock_give(&slabs_lock);
    for (size_t class = 0; class < ACTI_POOL_CLASSES; class++) {
        depot *d = &depots[class].of;
        acti_lock_take(&d->lock);
        away -= d->blocks;
        acti_lock_give(&d->lock);
    }
    return away;
}
