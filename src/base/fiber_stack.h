// SPDX-License-Identifier: MIT
//
// fiber_stack.h - memory for stacks: mapped with a guard page below, the default size reused.

#ifndef ACTI_BASE_FIBER_STACK_H
#define ACTI_BASE_FIBER_STACK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct acti_stack {
    char *low; // the guard page lies below it
    size_t bytes;
    unsigned valgrind_id;
} acti_stack;

// acti_stack_take gives a stack of at least that many bytes; its contents are whatever they are. False without
// memory or mappings. Threads: any.
bool
acti_stack_take(acti_stack *stack, size_t bytes);

// acti_stack_give takes it back, whatever lies on it. Threads: any.
void
acti_stack_give(const acti_stack *stack);

#endif
