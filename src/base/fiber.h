// SPDX-License-Identifier: MIT
//
// fiber.h - stacks and switching between them.
//
// A fiber is a stack with a guard page and a saved point of execution. Switching is a dozen instructions of
// assembly on x86-64 and aarch64, ucontext elsewhere, and is announced to ASan and TSan. A fiber is resumed
// and suspended on one thread only; its stack goes back to a cache that all threads share.

#ifndef ACTI_BASE_FIBER_H
#define ACTI_BASE_FIBER_H

#include <stdbool.h>
#include <stddef.h>

#define ACTI_FIBER_STACK_BYTES 65536 // the default, and the size that is reused
#define ACTI_FIBER_STACK_BYTES_MIN 16384

typedef struct acti_fiber acti_fiber;

// acti_fiber_new makes a fiber that will run fn(arg) when first resumed. stack_bytes (0: the default) is rounded
// up to pages, at least 16 KiB, a guard page not counted; up to 1.2 KiB at the top are ours. NULL when memory or
// mappings ran out.
acti_fiber *
acti_fiber_new(size_t stack_bytes, void (*fn)(void *arg), void *arg);

// acti_fiber_free frees a fiber that is not running: it has finished, never ran, or is suspended. In the last case
// its stack is discarded as it is: no function on it goes on, and what they owned stays as it was. Takes *fiber and
// sets it to NULL. Threads: any, once nobody resumes it.
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
