// SPDX-License-Identifier: MIT
//
// pool_depot.h - where the pool's blocks are while no thread has them: batches by size class, and slabs to cut new
// ones from. Below pool.c, and for it alone.

#ifndef ACTI_BASE_POOL_DEPOT_H
#define ACTI_BASE_POOL_DEPOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

#define ACTI_POOL_CLASSES (ACTI_POOL_BYTES_MAX / ACTI_POOL_ALIGN)

// A free block. The last two fields mean something in the first block of a batch in the depot.
typedef struct acti_block {
    struct acti_block *next;
    struct acti_block *next_batch;
    uint32_t count;
} acti_block;

static inline uint32_t acti_block_bytes(size_t class)
{
    return (uint32_t)(class + 1) * ACTI_POOL_ALIGN;
}

// acti_depot_init is called once, before the others.
void
acti_depot_init(void);

// acti_depot_take gives a batch that some thread gave, or NULL. *count gets how many blocks it has. Threads: any.
acti_block *
acti_depot_take(size_t class, uint32_t *count);

// acti_depot_cut gives up to want new blocks, or NULL without memory. Threads: any.
acti_block *
acti_depot_cut(size_t class, uint32_t want, uint32_t *count);

// acti_depot_give keeps count blocks, linked from batch on. What the giver wrote to them happens before what the
// taker does. Threads: any.
void
acti_depot_give(size_t class, acti_block *batch, uint32_t count);

// acti_depot_away is how many blocks were cut and are not in the depot. Exact while no other thread uses it.
uint64_t
acti_depot_away(void);

#endif
