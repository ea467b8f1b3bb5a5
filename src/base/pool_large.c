// SPDX-License-Identifier: MIT
//
// pool_large.c - lists of free large blocks, one for each power of two, under one lock.
//
// One lock is enough: a block of this size is filled and read, which takes far longer.

#include "base/pool_large.h"

#include <stdlib.h>

#include "base/atomic.h"
#include "base/platform.h"
#include "base/pool.h"
#include "base/sanitize.h"

#define CLASS_MIN_SHIFT 11 // 2 KiB: the first power of two above the pool's classes
#define CLASS_MAX_SHIFT 20
#define CLASSES (CLASS_MAX_SHIFT - CLASS_MIN_SHIFT + 1)

_Static_assert(ACTI_POOL_BYTES_MAX == 1u << (CLASS_MIN_SHIFT - 1), "the classes meet");
_Static_assert(ACTI_POOL_LARGE_MAX == 1u << CLASS_MAX_SHIFT, "the last class is the largest that is kept");

typedef struct free_block {
    struct free_block *next;
} free_block;

// Guarded by lock, a leaf.
static struct {
    acti_lock lock;
    free_block *lists[CLASSES];
    size_t kept; // bytes in the lists
} large = {.lock = ACTI_LOCK_INIT};

static acti_au64 live; // relaxed: a count, read when all is quiet

static uint32_t shift_of(size_t size)
{
    uint32_t shift = CLASS_MIN_SHIFT;
    while (((size_t)1 << shift) < size)
        shift++;
    return shift;
}

static void *take(uint32_t shift)
{
    acti_lock_take(&large.lock);
    free_block *block = large.lists[shift - CLASS_MIN_SHIFT];
    if (block != NULL) {
        acti_unpoison(block, (size_t)1 << shift);
        large.lists[shift - CLASS_MIN_SHIFT] = block->next;
        large.kept -= (size_t)1 << shift;
    }
    acti_lock_give(&large.lock);
    return block;
}

void *acti_pool_large_alloc(size_t size, uint32_t *room)
{
    if (size > UINT32_MAX - ACTI_POOL_ALIGN)
        return NULL;
    uint32_t bytes = (uint32_t)(size + ACTI_POOL_ALIGN - 1) & ~(uint32_t)(ACTI_POOL_ALIGN - 1);
    void *block = NULL;
    if (size <= ACTI_POOL_LARGE_MAX) {
        uint32_t shift = shift_of(size);
        bytes = (uint32_t)1 << shift;
        block = take(shift);
    }
    if (block == NULL)
        block = aligned_alloc(ACTI_POOL_ALIGN, bytes);
    if (block == NULL)
        return NULL;
    (void)acti_au64_add_relaxed(&live, 1);
    *room = bytes;
    return block;
}

void acti_pool_large_free(void *freed, uint32_t room)
{
    (void)acti_au64_add_relaxed(&live, UINT64_MAX);
    // Above the largest class the exact room is not known to callers, only that it is larger.
    bool keeps = room <= ACTI_POOL_LARGE_MAX;
    if (keeps) {
        acti_lock_take(&large.lock);
        keeps = large.kept + room <= ACTI_POOL_LARGE_KEPT;
        if (keeps) {
            free_block *block = freed;
            block->next = large.lists[shift_of(room) - CLASS_MIN_SHIFT];
            large.lists[shift_of(room) - CLASS_MIN_SHIFT] = block;
            large.kept += room;
            // Not the link: LeakSanitizer follows no pointer in poisoned memory.
            acti_poison(block + 1, room - sizeof(*block));
        }
        acti_lock_give(&large.lock);
    }
    if (!keeps)
        free(freed);
}

size_t acti_pool_large_kept(void)
{
    acti_lock_take(&large.lock);
    size_t kept = large.kept;
    acti_lock_give(&large.lock);
    return kept;
}

uint64_t acti_pool_large_live(void)
{
    return acti_au64_load_relaxed(&live);
}
