// SPDX-License-Identifier: MIT
//
// atomic.h - the only door to atomics: one function per operation and order.
//
// The order is in the name, so a reader sees it at the call and a checker can compile the same callers
// against another definition of this file. There is no sequentially consistent operation on purpose: what
// needs one has a design that wants another look.

#ifndef ACTI_BASE_ATOMIC_H
#define ACTI_BASE_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Distinct structs, so that a plain access to an atomic does not compile.
typedef struct acti_au32 {
    uint32_t v;
} acti_au32;

typedef struct acti_au64 {
    uint64_t v;
} acti_au64;

typedef struct acti_aptr {
    void *v;
} acti_aptr;

#define ACTI_ATOMIC_OPS(A, T, name)                                                                        \
    static inline T acti_##name##_load_relaxed(const A *a)                                                 \
    {                                                                                                      \
        return __atomic_load_n(&a->v, __ATOMIC_RELAXED);                                                   \
    }                                                                                                      \
    static inline T acti_##name##_load_acquire(const A *a)                                                 \
    {                                                                                                      \
        return __atomic_load_n(&a->v, __ATOMIC_ACQUIRE);                                                   \
    }                                                                                                      \
    static inline void acti_##name##_store_relaxed(A *a, T v)                                              \
    {                                                                                                      \
        __atomic_store_n(&a->v, v, __ATOMIC_RELAXED);                                                      \
    }                                                                                                      \
    static inline void acti_##name##_store_release(A *a, T v)                                              \
    {                                                                                                      \
        __atomic_store_n(&a->v, v, __ATOMIC_RELEASE);                                                      \
    }                                                                                                      \
    static inline T acti_##name##_swap_acquire(A *a, T v)                                                  \
    {                                                                                                      \
        return __atomic_exchange_n(&a->v, v, __ATOMIC_ACQUIRE);                                            \
    }                                                                                                      \
    static inline T acti_##name##_swap_relaxed(A *a, T v)                                                  \
    {                                                                                                      \
        return __atomic_exchange_n(&a->v, v, __ATOMIC_RELAXED);                                            \
    }                                                                                                      \
    static inline T acti_##name##_swap_release(A *a, T v)                                                  \
    {                                                                                                      \
        return __atomic_exchange_n(&a->v, v, __ATOMIC_RELEASE);                                            \
    }                                                                                                      \
    static inline T acti_##name##_swap_acq_rel(A *a, T v)                                                  \
    {                                                                                                      \
        return __atomic_exchange_n(&a->v, v, __ATOMIC_ACQ_REL);                                            \
    }                                                                                                      \
    /* On failure *seen gets the current value, relaxed. */                                                \
    static inline bool acti_##name##_cas_release(A *a, T *seen, T v)                                       \
    {                                                                                                      \
        return __atomic_compare_exchange_n(&a->v, seen, v, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED);      \
    }                                                                                                      \
    static inline bool acti_##name##_cas_acquire(A *a, T *seen, T v)                                       \
    {                                                                                                      \
        return __atomic_compare_exchange_n(&a->v, seen, v, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);      \
    }                                                                                                      \
    static inline bool acti_##name##_cas_acq_rel(A *a, T *seen, T v)                                       \
    {                                                                                                      \
        return __atomic_compare_exchange_n(&a->v, seen, v, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);      \
    }                                                                                                      \
    static inline bool acti_##name##_cas_relaxed(A *a, T *seen, T v)                                       \
    {                                                                                                      \
        return __atomic_compare_exchange_n(&a->v, seen, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED);      \
    }

ACTI_ATOMIC_OPS(acti_au32, uint32_t, au32)
ACTI_ATOMIC_OPS(acti_au64, uint64_t, au64)
ACTI_ATOMIC_OPS(acti_aptr, void *, aptr)

// The previous value comes back.
#define ACTI_ATOMIC_ADD(A, T, name)                                                                        \
    static inline T acti_##name##_add_relaxed(A *a, T n)                                                   \
    {                                                                                                      \
        return __atomic_fetch_add(&a->v, n, __ATOMIC_RELAXED);                                             \
    }                                                                                                      \
    static inline T acti_##name##_sub_release(A *a, T n)                                                   \
    {                                                                                                      \
        return __atomic_fetch_sub(&a->v, n, __ATOMIC_RELEASE);                                             \
    }                                                                                                      \
    static inline T acti_##name##_sub_acq_rel(A *a, T n)                                                   \
    {                                                                                                      \
        return __atomic_fetch_sub(&a->v, n, __ATOMIC_ACQ_REL);                                             \
    }                                                                                                      \
    static inline T acti_##name##_or_acq_rel(A *a, T n)                                                    \
    {                                                                                                      \
        return __atomic_fetch_or(&a->v, n, __ATOMIC_ACQ_REL);                                              \
    }                                                                                                      \
    static inline T acti_##name##_or_acquire(A *a, T n)                                                    \
    {                                                                                                      \
        return __atomic_fetch_or(&a->v, n, __ATOMIC_ACQUIRE);                                              \
    }                                                                                                      \
    static inline T acti_##name##_or_relaxed(A *a, T n)                                                    \
    {                                                                                                      \
        return __atomic_fetch_or(&a->v, n, __ATOMIC_RELAXED);                                              \
    }

ACTI_ATOMIC_ADD(acti_au32, uint32_t, au32)
ACTI_ATOMIC_ADD(acti_au64, uint64_t, au64)

// A counter with one writer: the writer adds without a locked instruction, anyone reads.
static inline void acti_au64_count(acti_au64 *a, uint64_t n)
{
    acti_au64_store_relaxed(a, acti_au64_load_relaxed(a) + n);
}

// acti_cpu_relax tells the processor that this is a spin loop.
static inline void acti_cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#endif
