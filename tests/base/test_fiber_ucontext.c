// SPDX-License-Identifier: MIT
//
// test_fiber_ucontext.c - the claims of test_fiber.c over the portable variant, on any machine. The sources are part
// of this program, compiled for it; the library's own are then not linked.

#define ACTI_FIBER_UCONTEXT

#include "base/fiber.c"
#include "base/fiber_context.c"
#include "base/fiber_stack.c"

#include "test_fiber.c"
