// SPDX-License-Identifier: MIT
//
// fiber_stack.c - maps stacks and keeps a few of the default size.
//
// A mapping is reserved, not used: only pages that were written count, so an idle body whose frames fit the
// topmost page costs one page. The guard page is asked for as a mark in the page table, which Linux knows since
// 6.13 and which leaves neighbouring stacks one mapping; elsewhere it is a mapping of its own, and the system's limit
// on mappings (65,530 unless raised) ends at half as many stacks.

#include "base/fiber_stack.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fiber.h"
#include "base/fiber_context.h"
#include "base/platform.h"
#include "base/sanitize.h"

#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

// Stacks kept for reuse. What they hold on to is at most this many times the default size.
#define KEPT_MAX 128

// ASan puts a red zone round every variable; frames get several times larger.
#define BYTES_FACTOR (ACTI_ASAN ? 4 : 1)

// A leaf: nothing is taken under it.
static acti_lock kept_lock = ACTI_LOCK_INIT;
static acti_stack kept[KEPT_MAX];
static size_t kept_count;

static bool rounded(size_t bytes, size_t page, size_t *out);
static bool map(acti_stack *stack, size_t bytes, size_t page);
static bool guard(char *low, size_t page);

bool acti_stack_take(acti_stack *stack, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t wanted;
    if (!rounded(bytes, page, &wanted))
        return false;

    bool found = false;
    acti_lock_take(&kept_lock);
    if (kept_count > 0 && kept[kept_count - 1].bytes == wanted) {
        *stack = kept[--kept_count];
        found = true;
    }
    acti_lock_give(&kept_lock);
    return found || map(stack, wanted, page);
}

void acti_stack_give(const acti_stack *stack)
{
    // Frames that were left without returning have their red zones still marked.
    acti_unpoison(stack->low, stack->bytes);

    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usual;
    bool keep = rounded(ACTI_FIBER_STACK_BYTES, page, &usual) && stack->bytes == usual;
    if (keep) {
        acti_lock_take(&kept_lock);
        keep = kept_count < KEPT_MAX;
        if (keep)
            kept[kept_count++] = *stack;
        acti_lock_give(&kept_lock);
    }
    if (!keep) {
        VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
        munmap(stack->low - page, stack->bytes + page);
    }
}

static bool rounded(size_t bytes, size_t page, size_t *out)
{
    if (bytes > SIZE_MAX / 16)
        return false;
    if (bytes < ACTI_FIBER_STACK_BYTES_MIN)
        bytes = ACTI_FIBER_STACK_BYTES_MIN;
    *out = (bytes * BYTES_FACTOR + page - 1) / page * page;
    return true;
}

static bool map(acti_stack *stack, size_t bytes, size_t page)
{
    char *low = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (low == MAP_FAILED)
        return false;
    if (!guard(low, page)) {
        munmap(low, bytes + page);
        return false;
    }
    stack->low = low + page;
    stack->bytes = bytes;
    stack->valgrind_id = VALGRIND_STACK_REGISTER(stack->low, stack->low + bytes);
    return true;
}

static bool guard(char *low, size_t page)
{
    // The portable variant takes the portable way, so that tests walk both.
    if (!ACTI_FIBER_PORTABLE && madvise(low, page, MADV_GUARD_INSTALL) == 0)
        return true;
    return mprotect(low, page, PROT_NONE) == 0;
}
