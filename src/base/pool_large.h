// SPDX-License-Identifier: MIT
//
// pool_large.h - blocks above the pool's classes: rounded up to powers of two, and some kept for the next use.
//
// malloc gives memory of this size back to the system soon, and touching a page anew costs more than copying a
// kilobyte. So blocks up to ACTI_POOL_LARGE_MAX are kept when freed, ACTI_POOL_LARGE_KEPT bytes of them in all.

#ifndef ACTI_BASE_POOL_LARGE_H
#define ACTI_BASE_POOL_LARGE_H

#include <stddef.h>
#include <stdint.h>

#define ACTI_POOL_LARGE_MAX (1024u * 1024)
#define ACTI_POOL_LARGE_KEPT (16u * 1024 * 1024)

// acti_pool_large_alloc gives size bytes, more than the pool's classes have, aligned to 64; NULL without memory. *room
// gets what acti_pool_large_free wants back. Threads: any.
void *
acti_pool_large_alloc(size_t size, uint32_t *room);
void
acti_pool_large_free(void *block, uint32_t room);

// acti_pool_large_kept is how many bytes are kept now, never more than ACTI_POOL_LARGE_KEPT.
size_t
acti_pool_large_kept(void);

// acti_pool_large_live is how many blocks are out with callers.
uint64_t
acti_pool_large_live(void);

#endif
