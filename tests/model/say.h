// SPDX-License-Identifier: MIT
//
// say.h - how an execution fails, in words. All of these but say_deadlock end the execution and do not return.

#ifndef MODEL_SAY_H
#define MODEL_SAY_H

#include "shadow.h"

extern char say_why[sizeof(((model_result *)0)->why)];

__attribute__((noreturn, format(printf, 1, 2))) void
say_failure(const char *format, ...);
__attribute__((noreturn)) void
say_cut(const char *what);
void
say_deadlock(void);

// what: of two accesses to at, the second one now.
__attribute__((noreturn)) void
say_race(const char *what, const void *at, const touch *first, const touch *second);
__attribute__((noreturn)) void
say_undefined(const model_site *site);

#endif
