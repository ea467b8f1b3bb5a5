// SPDX-License-Identifier: MIT
//
// instead.h - what stands in for libc in code that is explored: the build renames the calls.

#ifndef MODEL_INSTEAD_H
#define MODEL_INSTEAD_H

#include <stddef.h>

void *
model_calloc(size_t count, size_t size);
void *
model_realloc(void *p, size_t size);
void *
model_aligned_alloc(size_t alignment, size_t size);
char *
model_strdup(const char *text);
void *
model_memcpy(void *to, const void *from, size_t size);
void *
model_memmove(void *to, const void *from, size_t size);
void *
model_memset(void *to, int byte, size_t size);
size_t
model_strlen(const char *text);
size_t
model_strnlen(const char *text, size_t max);
int
model_strcmp(const char *a, const char *b);
long
model_syscall(long number, ...);

#endif
