// SPDX-License-Identifier: MIT
//
// heap.h - stands before calloc and realloc, to count calls and to let one fail. The linker leads them here.

#ifndef HEAP_H
#define HEAP_H

#include "test.h"

static uint32_t heap_countdown; // calls until one fails; 0: none does
static uint64_t heap_calls;

static inline bool heap_fails(void)
{
    heap_calls++;
    return heap_countdown > 0 && --heap_countdown == 0;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return heap_fails() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    return heap_fails() ? NULL : __real_realloc(old, size);
}

#endif
