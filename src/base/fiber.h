// SPDX-License-Identifier: MIT
//
// fiber.h - stacks and switching between them.
//
// A fiber is a stack with a guard page and a saved point of execution. Switching is a dozen instructions of
// assembly on x86-64 and aarch64, ucontext elsewhere, and is announced to ASan and TSan. A fiber is resumed
// and suspended on one thread only; a fiber that has finished can be freed, or given a new function.

#ifndef ACTI_BASE_FIBER_H
#define ACTI_BASE_FIBER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct acti_fiber acti_fiber;

// acti_fiber_new makes a fiber that will run fn(arg) when first resumed. stack_bytes is rounded up to pages,
// at least 16 KiB, a guard page not counted. Stacks of the default size are reused from a small
// cache. NULL when memory or mappings ran out.
acti_fiber *
acti_fiber_new(size_t stack_bytes, void (*fn)(void *arg), void *arg);

// acti_fiber_free frees a fiber that has finished or never ran. Takes *fiber and sets it to NULL.
void
acti_fiber_free(acti_fiber **fiber);

// acti_fiber_resume runs the fiber until it suspends or fn returns. Called from a thread's own stack.
void
acti_fiber_resume(acti_fiber *fiber);

// acti_fiber_suspend leaves the running fiber; acti_fiber_resume returns in its caller.
void
acti_fiber_suspend(acti_fiber *fiber);

// acti_fiber_done: whether fn has returned.
bool
acti_fiber_done(const acti_fiber *fiber);

#endif
