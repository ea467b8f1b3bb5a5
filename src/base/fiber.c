// SPDX-License-Identifier: MIT
//
// fiber.c - the life of a fiber, and what the sanitizers are told of it.
//
// Design notes
//
// The fiber's own struct lies at the top of its stack, next to the first frames: an idle fiber touches one page.
// All stacks begin a page, and without help their busy ends would all fall into the same few sets of the first-level
// cache; the address decides about a shift of up to 15 lines.
//
// ASan must be told before and after every switch on which stack the program is, and hears by a null pointer
// that a stack is left for the last time and its fake frames can go. A fiber that is freed while it is
// suspended would never say so; under ASan, and only there, it is resumed once more to leave at once. TSan has
// a call for the purpose. LeakSanitizer does not look into mapped memory, so stacks are named to it as roots.

#include "base/fiber.h"

#include <stdint.h>

#include "base/fiber_context.h"
#include "base/fiber_stack.h"
#include "base/platform.h"
#include "base/sanitize.h"

#if ACTI_ASAN
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if ACTI_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#define SHIFTS 16

typedef enum fiber_state { FRESH, RUNNING, SUSPENDED, DONE } fiber_state;

// Touched only by the thread that resumes the fiber, and by the fiber.
struct acti_fiber {
    acti_context at;    // where the fiber goes on
    acti_context *back; // where the resume that runs it goes on; it lies in the frame of that resume
    fiber_state state;
    bool discarded; // resumed only to leave its stack
    void (*fn)(void *);
    void *arg;
    acti_stack stack;
#if ACTI_ASAN
    void *fake_stack;
    const void *back_low;
    size_t back_bytes;
#endif
#if ACTI_TSAN
    void *tsan;
    void *tsan_back;
#endif
};

static void fiber_main(void *arg);
static void leave(acti_fiber *fiber, fiber_state state);
static void discard(acti_fiber *fiber);

// ---- what the sanitizers are told -----------------------------------------------

static void note_made(acti_fiber *fiber)
{
#if ACTI_ASAN
    __lsan_register_root_region(fiber->stack.low, fiber->stack.bytes);
#endif
#if ACTI_TSAN
    fiber->tsan = __tsan_create_fiber(0);
#endif
    (void)fiber;
}

static void note_freed(acti_fiber *fiber)
{
#if ACTI_ASAN
    __lsan_unregister_root_region(fiber->stack.low, fiber->stack.bytes);
#endif
#if ACTI_TSAN
    __tsan_destroy_fiber(fiber->tsan);
#endif
    (void)fiber;
}

// Right before and after the resumer's switch. What before gives is for after.
static inline void *note_resume(acti_fiber *fiber)
{
    void *fake_stack = NULL;
#if ACTI_ASAN
    __sanitizer_start_switch_fiber(&fake_stack, fiber->stack.low, fiber->stack.bytes);
#endif
#if ACTI_TSAN
    fiber->tsan_back = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber->tsan, 0);
#endif
    (void)fiber;
    return fake_stack;
}

static inline void note_back(void *fake_stack)
{
#if ACTI_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
    (void)fake_stack;
}

// Right before the fiber's switch, and after it or at the fiber's start.
static inline void note_leave(acti_fiber *fiber, bool last)
{
#if ACTI_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &fiber->fake_stack, fiber->back_low, fiber->back_bytes);
#endif
#if ACTI_TSAN
    __tsan_switch_to_fiber(fiber->tsan_back, 0);
#endif
    (void)fiber;
    (void)last;
}

static inline void note_arrived(acti_fiber *fiber)
{
#if ACTI_ASAN
    __sanitizer_finish_switch_fiber(fiber->fake_stack, &fiber->back_low, &fiber->back_bytes);
#endif
    (void)fiber;
}

// ---- the life of a fiber ------------------------------------------------------------

acti_fiber *acti_fiber_new(size_t stack_bytes, void (*fn)(void *arg), void *arg)
{
    acti_stack stack;
    if (!acti_stack_take(&stack, stack_bytes ? stack_bytes : ACTI_FIBER_STACK_BYTES))
        return NULL;

    size_t shift = (uintptr_t)stack.low / 4096 % SHIFTS * ACTI_CACHE_LINE;
    uintptr_t top = (uintptr_t)stack.low + stack.bytes - shift - sizeof(acti_fiber);
    acti_fiber *fiber = (acti_fiber *)(top & ~(uintptr_t)(ACTI_CACHE_LINE - 1));
    *fiber = (acti_fiber){.state = FRESH, .fn = fn, .arg = arg, .stack = stack};
    acti_context_make(&fiber->at, stack.low, (char *)fiber, fiber_main, fiber);
    note_made(fiber);
    return fiber;
}

void acti_fiber_free(acti_fiber **fiber)
{
    acti_fiber *gone = *fiber;
    if (!gone)
        return;
    acti_assert(gone->state != RUNNING);
    if (ACTI_ASAN && gone->state == SUSPENDED)
        discard(gone);
    note_freed(gone);
    acti_stack stack = gone->stack;
    acti_stack_give(&stack);
    *fiber = NULL;
}

void acti_fiber_resume(acti_fiber *fiber)
{
    acti_assert(fiber->state == FRESH || fiber->state == SUSPENDED);
    acti_context back;
    fiber->back = &back;
    fiber->state = RUNNING;
    void *fake_stack = note_resume(fiber);
    acti_context_switch(&back, &fiber->at);
    note_back(fake_stack);
}

void acti_fiber_suspend(acti_fiber *fiber)
{
    acti_assert(fiber->state == RUNNING);
    leave(fiber, SUSPENDED);
    note_arrived(fiber);
    if (ACTI_ASAN && fiber->discarded)
        leave(fiber, DONE);
}

bool acti_fiber_done(const acti_fiber *fiber)
{
    return fiber->state == DONE;
}

static void fiber_main(void *arg)
{
    acti_fiber *fiber = arg;
    note_arrived(fiber);
    fiber->fn(fiber->arg);
    leave(fiber, DONE);
    acti_assert(!"a finished fiber was resumed");
}

// leave goes back to the resumer, for good when the fiber is done.
static inline void leave(acti_fiber *fiber, fiber_state state)
{
    fiber->state = state;
    note_leave(fiber, state == DONE);
    acti_context_switch(&fiber->at, fiber->back);
}

static void discard(acti_fiber *fiber)
{
    fiber->discarded = true;
    acti_fiber_resume(fiber);
    acti_assert(fiber->state == DONE);
}
