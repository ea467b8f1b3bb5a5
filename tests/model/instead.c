// SPDX-License-Identifier: MIT
//
// instead.c - libc for code that is explored: memory from the heaps of the threads, and functions that say which bytes
// they read and write before they do.

#include "instead.h"

#include <string.h>

#include "shadow.h"

void *model_alloc(size_t size)
{
    return heap_take(size, 1);
}

void model_free(void *p)
{
    heap_free(p, __builtin_return_address(0));
}

void *model_calloc(size_t count, size_t size)
{
    void *p = heap_take(count * size, 1);
    shadow_plain(p, count * size, true, __builtin_return_address(0));
    memset(p, 0, count * size);
    return p;
}

void *model_aligned_alloc(size_t alignment, size_t size)
{
    return heap_take(size, alignment);
}

void *model_realloc(void *p, size_t size)
{
    const void *where = __builtin_return_address(0);
    void *moved = heap_take(size, 1);
    if (p != NULL) {
        size_t old = heap_size(p), both = old < size ? old : size;
        shadow_plain(p, both, false, where);
        shadow_plain(moved, both, true, where);
        memcpy(moved, p, both);
        heap_free(p, where);
    }
    return moved;
}

char *model_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    shadow_plain(text, size, false, __builtin_return_address(0));
    char *copy = heap_take(size, 1);
    shadow_plain(copy, size, true, __builtin_return_address(0));
    return memcpy(copy, text, size);
}

void *model_memcpy(void *to, const void *from, size_t size)
{
    shadow_plain(from, size, false, __builtin_return_address(0));
    shadow_plain(to, size, true, __builtin_return_address(0));
    return memcpy(to, from, size);
}

void *model_memmove(void *to, const void *from, size_t size)
{
    shadow_plain(from, size, false, __builtin_return_address(0));
    shadow_plain(to, size, true, __builtin_return_address(0));
    return memmove(to, from, size);
}

void *model_memset(void *to, int byte, size_t size)
{
    shadow_plain(to, size, true, __builtin_return_address(0));
    return memset(to, byte, size);
}

size_t model_strlen(const char *text)
{
    size_t length = strlen(text);
    shadow_plain(text, length + 1, false, __builtin_return_address(0));
    return length;
}

size_t model_strnlen(const char *text, size_t max)
{
    size_t length = strnlen(text, max);
    shadow_plain(text, length < max ? length + 1 : max, false, __builtin_return_address(0));
    return length;
}

int model_strcmp(const char *a, const char *b)
{
    size_t same = 0;
    while (a[same] != '\0' && a[same] == b[same])
        same++;
    shadow_plain(a, same + 1, false, __builtin_return_address(0));
    shadow_plain(b, same + 1, false, __builtin_return_address(0));
    return strcmp(a, b);
}
