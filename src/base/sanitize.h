// SPDX-License-Identifier: MIT
//
// sanitize.h - whether AddressSanitizer and ThreadSanitizer are compiled in, and what the first is told about
// memory that we hand out ourselves. Without it every line of that is nothing. And whether we run on valgrind, which
// is known at run time only.

#ifndef ACTI_BASE_SANITIZE_H
#define ACTI_BASE_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature) // clang
#if __has_feature(address_sanitizer)
#define ACTI_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define ACTI_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ACTI_ASAN) // gcc
#define ACTI_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(ACTI_TSAN)
#define ACTI_TSAN 1
#endif
#ifndef ACTI_ASAN
#define ACTI_ASAN 0
#endif
#ifndef ACTI_TSAN
#define ACTI_TSAN 0
#endif

#if ACTI_ASAN
#include <sanitizer/asan_interface.h>
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifdef RUNNING_ON_VALGRIND
#define ACTI_ON_VALGRIND (RUNNING_ON_VALGRIND != 0)
#else
#define ACTI_ON_VALGRIND false
#endif

// acti_poison makes any access to these bytes an error until acti_unpoison.
static inline void acti_poison(const void *bytes, size_t size)
{
#if ACTI_ASAN
    __asan_poison_memory_region(bytes, size);
#else
    (void)bytes;
    (void)size;
#endif
}

static inline void acti_unpoison(const void *bytes, size_t size)
{
#if ACTI_ASAN
    __asan_unpoison_memory_region(bytes, size);
#else
    (void)bytes;
    (void)size;
#endif
}

#endif
