// SPDX-License-Identifier: MIT
//
// pool.h - memory blocks for messages: size classes of 64 bytes, a cache per thread without locks, and a
// depot through which threads hand each other whole batches.
//
// A producer that allocates and a consumer that frees on another thread would otherwise meet in the
// allocator's lock once a message; here they meet once a batch. Blocks up to ACTI_POOL_BYTES_MAX come from
// slabs that are kept for the life of the process and reused; of larger ones some are kept (pool_large.h).

#ifndef ACTI_BASE_POOL_H
#define ACTI_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define ACTI_POOL_ALIGN 64
#define ACTI_POOL_BYTES_MAX 1024

// acti_pool_alloc gives size bytes, aligned to 64, not zeroed, or NULL. *room gets the true size of the block,
// which acti_pool_free wants back. Threads: any.
void *
acti_pool_alloc(size_t size, uint32_t *room);

// acti_pool_free gives a block back; room as acti_pool_alloc said. Threads: any, not only the one it came from.
void
acti_pool_free(void *block, uint32_t room);

// acti_pool_fail_after makes the n-th allocation from now on, over all threads, fail once; 0: none. For tests
// of what happens without memory. The switch costs the fast path nothing; allocations are slower from its first
// use until acti_pool_fail_after(0). A thread heeds it when it has been told of the call (started after it, say).
void
acti_pool_fail_after(uint64_t n);

// acti_pool_live is how many blocks (pooled and large) are out with callers, over all threads; exact when no
// other thread uses the pool, which counts nothing as it works: this walks all caches. For tests of leaks.
int64_t
acti_pool_live(void);

#endif
