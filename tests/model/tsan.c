// SPDX-License-Identifier: MIT
//
// tsan.c - what gcc and clang call before each plain access of a file that is compiled with -fsanitize=thread.

#include <stddef.h>

#include "shadow.h"

#define HOOK(name, size, writes)                                                                           \
    void __tsan_##name(void *at);                                                                          \
    void __tsan_##name(void *at)                                                                           \
    {                                                                                                      \
        shadow_plain(at, size, writes, __builtin_return_address(0));                                       \
    }

#define HOOKS(size)                                                                                        \
    HOOK(read##size, size, false)                                                                          \
    HOOK(write##size, size, true)                                                                          \
    HOOK(unaligned_read##size, size, false)                                                                \
    HOOK(unaligned_write##size, size, true)                                                                \
    HOOK(volatile_read##size, size, false)                                                                 \
    HOOK(volatile_write##size, size, true)                                                                 \
    HOOK(read_write##size, size, true)                                                                     \
    HOOK(unaligned_read_write##size, size, true)

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void
__tsan_read_range(void *at, size_t size);
void __tsan_read_range(void *at, size_t size)
{
    shadow_plain(at, size, false, __builtin_return_address(0));
}

void
__tsan_write_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size)
{
    shadow_plain(at, size, true, __builtin_return_address(0));
}

// clang's names for what would be memcpy and its like.
void *
__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    shadow_plain(from, size, false, __builtin_return_address(0));
    shadow_plain(to, size, true, __builtin_return_address(0));
    return memcpy(to, from, size);
}

void *
__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size)
{
    shadow_plain(from, size, false, __builtin_return_address(0));
    shadow_plain(to, size, true, __builtin_return_address(0));
    return memmove(to, from, size);
}

void *
__tsan_memset(void *to, int byte, size_t size);
void *__tsan_memset(void *to, int byte, size_t size)
{
    shadow_plain(to, size, true, __builtin_return_address(0));
    return memset(to, byte, size);
}

void
__tsan_init(void);
void __tsan_init(void)
{
}

void
__tsan_func_entry(void *where);
void __tsan_func_entry(void *where)
{
    (void)where;
}

void
__tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
