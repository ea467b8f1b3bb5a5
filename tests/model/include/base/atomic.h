// SPDX-License-Identifier: MIT
//
// atomic.h - stands in for src/base/atomic.h when code is compiled for the model checker: the same types, the same
// names, and each use of a name is a site that the explorer knows by file, line and operation.
//
// Inline functions of headers give one site a line, however often they are compiled: the records of one line are one
// site to the explorer. Two uses of one operation on one line are one site, too.

#ifndef ACTI_BASE_ATOMIC_H
#define ACTI_BASE_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acti_au32 {
    uint32_t v;
} acti_au32;

typedef struct acti_au64 {
    uint64_t v;
} acti_au64;

typedef struct acti_aptr {
    void *v;
} acti_aptr;

// ---- sites ----------------------------------------------------------------------

// Bits, so that acq_rel is both.
typedef enum model_order {
    MODEL_RELAXED = 0,
    MODEL_ACQUIRE = 1,
    MODEL_RELEASE = 2,
    MODEL_ACQ_REL = 3,
} model_order;

typedef struct model_site {
    const char *file;
    const char *op;
    int line;
    model_order order;     // as written
    model_order in_force;  // as written, or weaker
    uint32_t index;        // in model_sites()
    uint64_t hits;         // in the record that model_sites() shows
} model_site;

// The linker collects the records: the table is there before anything has run.
#define MODEL_SITE(name, ord)                                                                                  \
    (__extension__({                                                                                           \
        static model_site model_site_here __attribute__((section("model_records"), used, aligned(16))) = {       \
            __FILE__, name, __LINE__, MODEL_##ord, MODEL_##ord, 0, 0};                                         \
        &model_site_here;                                                                                      \
    }))

// ---- what the operations become -------------------------------------------------

uint64_t
model_load(const void *at, uint32_t size, model_site *site);
void
model_store(void *at, uint32_t size, uint64_t v, model_site *site);

typedef enum model_rmw_kind { MODEL_SWAP, MODEL_ADD, MODEL_SUB, MODEL_OR } model_rmw_kind;
uint64_t
model_rmw(void *at, uint32_t size, model_rmw_kind kind, uint64_t v, model_site *site);

// The failure is relaxed, as everywhere in base/atomic.h, and weak: it may fail for no reason.
bool
model_cas(void *at, uint32_t size, void *seen, uint64_t v, model_site *site);

void
model_fence(model_site *site); // the code has none; the litmus tests do

// Typed, so that what does not compile with the real header does not compile here.
#define MODEL_TYPED(A, T, name, to, from)                                                                      \
    static inline T model_##name##_load(const A *a, model_site *site)                                          \
    {                                                                                                          \
        return from(model_load(&a->v, sizeof(a->v), site));                                                    \
    }                                                                                                          \
    static inline void model_##name##_store(A *a, T v, model_site *site)                                       \
    {                                                                                                          \
        model_store(&a->v, sizeof(a->v), to(v), site);                                                         \
    }                                                                                                          \
    static inline T model_##name##_rmw(A *a, model_rmw_kind kind, T v, model_site *site)                       \
    {                                                                                                          \
        return from(model_rmw(&a->v, sizeof(a->v), kind, to(v), site));                                        \
    }                                                                                                          \
    static inline bool model_##name##_cas(A *a, T *seen, T v, model_site *site)                                \
    {                                                                                                          \
        return model_cas(&a->v, sizeof(a->v), seen, to(v), site);                                              \
    }

#define MODEL_FROM_POINTER(v) ((uint64_t)(uintptr_t)(v))
#define MODEL_TO_POINTER(v) ((void *)(uintptr_t)(v))
MODEL_TYPED(acti_au32, uint32_t, au32, (uint64_t), (uint32_t))
MODEL_TYPED(acti_au64, uint64_t, au64, (uint64_t), (uint64_t))
MODEL_TYPED(acti_aptr, void *, aptr, MODEL_FROM_POINTER, MODEL_TO_POINTER)

// ---- the names ------------------------------------------------------------------

#define acti_au32_load_relaxed(a) model_au32_load(a, MODEL_SITE("load", RELAXED))
#define acti_au32_load_acquire(a) model_au32_load(a, MODEL_SITE("load", ACQUIRE))
#define acti_au32_store_relaxed(a, v) model_au32_store(a, v, MODEL_SITE("store", RELAXED))
#define acti_au32_store_release(a, v) model_au32_store(a, v, MODEL_SITE("store", RELEASE))
#define acti_au32_swap_acquire(a, v) model_au32_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", ACQUIRE))
#define acti_au32_swap_relaxed(a, v) model_au32_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", RELAXED))
#define acti_au32_swap_release(a, v) model_au32_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", RELEASE))
#define acti_au32_swap_acq_rel(a, v) model_au32_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", ACQ_REL))
#define acti_au32_cas_relaxed(a, seen, v) model_au32_cas(a, seen, v, MODEL_SITE("cas", RELAXED))
#define acti_au32_cas_acquire(a, seen, v) model_au32_cas(a, seen, v, MODEL_SITE("cas", ACQUIRE))
#define acti_au32_cas_release(a, seen, v) model_au32_cas(a, seen, v, MODEL_SITE("cas", RELEASE))
#define acti_au32_cas_acq_rel(a, seen, v) model_au32_cas(a, seen, v, MODEL_SITE("cas", ACQ_REL))
#define acti_au32_add_relaxed(a, n) model_au32_rmw(a, MODEL_ADD, n, MODEL_SITE("add", RELAXED))
#define acti_au32_sub_release(a, n) model_au32_rmw(a, MODEL_SUB, n, MODEL_SITE("sub", RELEASE))
#define acti_au32_sub_acq_rel(a, n) model_au32_rmw(a, MODEL_SUB, n, MODEL_SITE("sub", ACQ_REL))
#define acti_au32_or_acq_rel(a, n) model_au32_rmw(a, MODEL_OR, n, MODEL_SITE("or", ACQ_REL))
#define acti_au32_or_acquire(a, n) model_au32_rmw(a, MODEL_OR, n, MODEL_SITE("or", ACQUIRE))
#define acti_au32_or_relaxed(a, n) model_au32_rmw(a, MODEL_OR, n, MODEL_SITE("or", RELAXED))

#define acti_au64_load_relaxed(a) model_au64_load(a, MODEL_SITE("load", RELAXED))
#define acti_au64_load_acquire(a) model_au64_load(a, MODEL_SITE("load", ACQUIRE))
#define acti_au64_store_relaxed(a, v) model_au64_store(a, v, MODEL_SITE("store", RELAXED))
#define acti_au64_store_release(a, v) model_au64_store(a, v, MODEL_SITE("store", RELEASE))
#define acti_au64_swap_acquire(a, v) model_au64_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", ACQUIRE))
#define acti_au64_swap_relaxed(a, v) model_au64_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", RELAXED))
#define acti_au64_swap_release(a, v) model_au64_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", RELEASE))
#define acti_au64_swap_acq_rel(a, v) model_au64_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", ACQ_REL))
#define acti_au64_cas_relaxed(a, seen, v) model_au64_cas(a, seen, v, MODEL_SITE("cas", RELAXED))
#define acti_au64_cas_acquire(a, seen, v) model_au64_cas(a, seen, v, MODEL_SITE("cas", ACQUIRE))
#define acti_au64_cas_release(a, seen, v) model_au64_cas(a, seen, v, MODEL_SITE("cas", RELEASE))
#define acti_au64_cas_acq_rel(a, seen, v) model_au64_cas(a, seen, v, MODEL_SITE("cas", ACQ_REL))
#define acti_au64_add_relaxed(a, n) model_au64_rmw(a, MODEL_ADD, n, MODEL_SITE("add", RELAXED))
#define acti_au64_sub_release(a, n) model_au64_rmw(a, MODEL_SUB, n, MODEL_SITE("sub", RELEASE))
#define acti_au64_sub_acq_rel(a, n) model_au64_rmw(a, MODEL_SUB, n, MODEL_SITE("sub", ACQ_REL))
#define acti_au64_or_acq_rel(a, n) model_au64_rmw(a, MODEL_OR, n, MODEL_SITE("or", ACQ_REL))
#define acti_au64_or_acquire(a, n) model_au64_rmw(a, MODEL_OR, n, MODEL_SITE("or", ACQUIRE))
#define acti_au64_or_relaxed(a, n) model_au64_rmw(a, MODEL_OR, n, MODEL_SITE("or", RELAXED))

#define acti_aptr_load_relaxed(a) model_aptr_load(a, MODEL_SITE("load", RELAXED))
#define acti_aptr_load_acquire(a) model_aptr_load(a, MODEL_SITE("load", ACQUIRE))
#define acti_aptr_store_relaxed(a, v) model_aptr_store(a, v, MODEL_SITE("store", RELAXED))
#define acti_aptr_store_release(a, v) model_aptr_store(a, v, MODEL_SITE("store", RELEASE))
#define acti_aptr_swap_acquire(a, v) model_aptr_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", ACQUIRE))
#define acti_aptr_swap_relaxed(a, v) model_aptr_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", RELAXED))
#define acti_aptr_swap_release(a, v) model_aptr_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", RELEASE))
#define acti_aptr_swap_acq_rel(a, v) model_aptr_rmw(a, MODEL_SWAP, v, MODEL_SITE("swap", ACQ_REL))
#define acti_aptr_cas_relaxed(a, seen, v) model_aptr_cas(a, seen, v, MODEL_SITE("cas", RELAXED))
#define acti_aptr_cas_acquire(a, seen, v) model_aptr_cas(a, seen, v, MODEL_SITE("cas", ACQUIRE))
#define acti_aptr_cas_release(a, seen, v) model_aptr_cas(a, seen, v, MODEL_SITE("cas", RELEASE))
#define acti_aptr_cas_acq_rel(a, seen, v) model_aptr_cas(a, seen, v, MODEL_SITE("cas", ACQ_REL))

#define acti_au64_count(a, n) model_au64_count(a, n, MODEL_SITE("count-load", RELAXED), MODEL_SITE("count", RELAXED))
static inline void model_au64_count(acti_au64 *a, uint64_t n, model_site *load, model_site *store)
{
    model_au64_store(a, model_au64_load(a, load) + n, store);
}

static inline void acti_cpu_relax(void)
{
}

#endif
