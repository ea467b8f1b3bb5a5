// SPDX-License-Identifier: MIT
//
// fiber_context.h - a point of execution on some stack, and the step from one to another. Assembly where we have
// it; ucontext elsewhere, or everywhere with ACTI_FIBER_UCONTEXT defined (it asks the kernel for the signal
// mask twice a switch, some twenty times the price).

#ifndef ACTI_BASE_FIBER_CONTEXT_H
#define ACTI_BASE_FIBER_CONTEXT_H

#include <stddef.h>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(ACTI_FIBER_UCONTEXT)
#define ACTI_FIBER_PORTABLE 0
#else
#define ACTI_FIBER_PORTABLE 1
#include <ucontext.h>
#endif

typedef struct acti_context {
#if ACTI_FIBER_PORTABLE
    ucontext_t at;
#else
    void *sp; // what the callee must preserve lies there; the assembly knows the layout
#endif
} acti_context;

// acti_context_make prepares to run fn(arg) on the stack from low to top. fn must not return.
void
acti_context_make(acti_context *context, char *low, char *top, void (*fn)(void *), void *arg);

// acti_context_switch saves where we are in from and goes on at to. It returns when something switches to from.
void
acti_context_switch(acti_context *from, const acti_context *to);

#endif
