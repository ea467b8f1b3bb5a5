// SPDX-License-Identifier: MIT
//
// heap.c - the heaps of the threads of an execution, and of setup: blocks are cut one behind the other and never used
// again, so whoever touches one that was freed, or touches past its end, is caught.

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "say.h"
#include "shadow.h"

#define HEAPS (MODEL_THREADS_MAX + 1)
#define LINE 64 // a block begins a line, and no two share one
#define LINES (SHADOW_HEAP_BYTES / LINE)
#define BLOCKS_MAX 4096 // of one heap

typedef struct block {
    char *at;
    size_t size;
    const void *freed_where;
    bool freed;
    uint8_t freed_by;
} block;

static char *heaps; // one behind the other, then the stacks

static struct {
    size_t used;
    uint32_t count;
    block blocks[BLOCKS_MAX];
    uint16_t block_of[LINES];
} of[HEAPS];

// Blocks of setup: all of them, and those that the execution has freed.
static size_t setup_used;
static uint32_t setup_count, freed_count;
static uint16_t freed[BLOCKS_MAX];

char *heap_world(size_t *size)
{
    *size = HEAPS * (size_t)SHADOW_HEAP_BYTES + MODEL_THREADS_MAX * (size_t)SHADOW_STACK_BYTES;
    if (heaps == NULL) {
        void *got = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED)
            abort();
        heaps = got;
    }
    return heaps;
}

void heap_fresh(void)
{
    setup_used = setup_count = freed_count = 0;
    heap_begin();
}

void heap_mark(void)
{
    setup_used = of[NOBODY].used;
    setup_count = of[NOBODY].count;
    freed_count = 0;
}

void heap_begin(void)
{
    for (uint32_t h = 0; h < MODEL_THREADS_MAX; h++)
        of[h].used = of[h].count = 0;
    of[NOBODY].used = setup_used;
    of[NOBODY].count = setup_count;
    while (freed_count > 0)
        of[NOBODY].blocks[freed[--freed_count]].freed = false;
}

bool heap_is_of_setup(uintptr_t at)
{
    return at - (uintptr_t)heaps - NOBODY * (size_t)SHADOW_HEAP_BYTES < SHADOW_HEAP_BYTES;
}

bool heap_holds(const void *at)
{
    return (uintptr_t)at - (uintptr_t)heaps < HEAPS * (size_t)SHADOW_HEAP_BYTES;
}

void *heap_take(size_t size, size_t alignment)
{
    if (!run.active) // a constructor of the code
        return aligned_alloc(LINE, (size + LINE) & ~(size_t)(LINE - 1));
    uint32_t h = run.self;
    char *base = heaps + h * (size_t)SHADOW_HEAP_BYTES;
    if (alignment < LINE)
        alignment = LINE;
    size_t begin = (of[h].used + alignment - 1) & ~(alignment - 1);
    if (size > SHADOW_HEAP_BYTES || begin + size > SHADOW_HEAP_BYTES || of[h].count == BLOCKS_MAX)
        say_cut("a thread takes more memory than the explorer has");
    size_t end = (begin + size + LINE) & ~(size_t)(LINE - 1);
    of[h].blocks[of[h].count] = (block){.at = base + begin, .size = size};
    for (size_t line = of[h].used / LINE; line < end / LINE && line < LINES; line++)
        of[h].block_of[line] = (uint16_t)of[h].count;
    of[h].count++;
    of[h].used = end;
    memset(base + begin, 0xa5, size); // the same each time for whoever reads it
    return base + begin;
}

static block *block_at(const void *at)
{
    size_t offset = (size_t)((const char *)at - heaps), h = offset / SHADOW_HEAP_BYTES;
    if (offset % SHADOW_HEAP_BYTES >= of[h].used)
        return NULL;
    return &of[h].blocks[of[h].block_of[offset % SHADOW_HEAP_BYTES / LINE]];
}

void heap_check(const void *at, size_t size, const void *where, touch_kind kind)
{
    touch now = {.where = where, .thread = (uint8_t)run.self, .kind = kind};
    const block *b = block_at(at);
    if (b != NULL && b->freed) {
        touch was = {.where = b->freed_where, .thread = b->freed_by, .kind = FREES};
        say_race("a use after free", at, &was, &now);
    }
    if (b == NULL || (const char *)at < b->at || (const char *)at + size > b->at + b->size)
        say_race("an access outside of what was allocated", at, NULL, &now);
}

void heap_free(void *p, const void *where)
{
    if (p == NULL || !run.active)
        return; // outside of executions a constructor may have taken it: it stays
    block *b = heap_holds(p) ? block_at(p) : NULL;
    touch now = {.where = where, .thread = (uint8_t)run.self, .kind = FREES};
    if (b == NULL || b->at != p)
        say_race("a free of what was not allocated", p, NULL, &now);
    if (b->freed)
        heap_check(p, 1, where, FREES);
    shadow_plain(p, b->size, true, where); // it must not race with any use
    b->freed = true;
    if (b >= of[NOBODY].blocks && b < of[NOBODY].blocks + BLOCKS_MAX)
        freed[freed_count++] = (uint16_t)(b - of[NOBODY].blocks);
    b->freed_where = where;
    b->freed_by = (uint8_t)run.self;
}

size_t heap_size(const void *p)
{
    return block_at(p)->size;
}
