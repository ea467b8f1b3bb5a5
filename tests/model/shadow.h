// SPDX-License-Identifier: MIT
//
// shadow.h - what is known of each eight bytes of the memory that a scenario uses: who touched them, which locations
// of atomics lie there, whether they have been initialised or freed.
//
// Memory that is watched: the program's static variables, and one block with the heaps and stacks of the threads.
// Each thread has a heap of its own, so that where its blocks lie does not depend on what others have done meanwhile:
// what is run again finds everything in its place.

#ifndef MODEL_SHADOW_H
#define MODEL_SHADOW_H

#include <stddef.h>

#include "run.h"

#define SHADOW_STACK_BYTES 65536
#define SHADOW_HEAP_BYTES (512 * 1024)

typedef enum touch_kind { PLAIN_READ, PLAIN_WRITE, ATOMIC_READ, ATOMIC_WRITE, FREES } touch_kind;

// One access. Two touches of one byte are a race if one is a write, one is plain, and neither happens before the
// other.
typedef struct touch {
    const void *where; // of an atomic its site, else the return address
    uint16_t epoch;    // events that the thread had done
    uint8_t thread;
    uint8_t bytes; // a mask
    uint8_t kind;
} touch;

// shadow_fresh is before setup; shadow_mark is after it: shadow_end takes memory back to what it was then, after each
// execution; shadow_forget takes it back to what it was before setup.
void
shadow_fresh(void);
void
shadow_mark(void);
void
shadow_begin(void);
void
shadow_end(void);
void
shadow_forget(void);

char *
shadow_stack(uint32_t who);

// shadow_location is the location at an address, for the running thread.
uint32_t
shadow_location(const void *at, uint32_t size);

// shadow_atomic checks and remembers an atomic access of the running thread, shadow_direct one of setup or check.
void
shadow_atomic(const void *at, uint32_t size, bool writes, const model_site *site);
void
shadow_direct(const void *at, uint32_t size, bool writes);

// shadow_plain does so for a plain access, of a thread or not.
void
shadow_plain(const void *at, size_t size, bool writes, const void *where);

// shadow_keep remembers what a static variable, or memory of setup, is before it is written.
void
shadow_keep(void *at, size_t size);

// ---- heap.c --------------------------------------------------------------------------

void
heap_fresh(void);
void
heap_mark(void);
void
heap_begin(void);
bool
heap_is_of_setup(uintptr_t at);
char *
heap_world(size_t *size); // the block with heaps and stacks
void *
heap_take(size_t size, size_t alignment); // from the heap of the running thread
bool
heap_holds(const void *at);

// heap_check fails for an access that is not within a block, or in one that was freed.
void
heap_check(const void *at, size_t size, const void *where, touch_kind kind);
void
heap_free(void *p, const void *where);
size_t
heap_size(const void *p);

#endif
