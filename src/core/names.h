// SPDX-License-Identifier: MIT
//
// names.h - the names of a system: a tree of names, each with a reference to its actor.

#ifndef ACTI_CORE_NAMES_H
#define ACTI_CORE_NAMES_H

#include "base/platform.h"

typedef struct acti_actor acti_actor;

typedef struct acti_names {
    acti_lock lock; // rank 30
    void *tree;     // of libc's tsearch, by name
} acti_names;

void
acti_names_init(acti_names *names);
void
acti_names_fini(acti_names *names);

// acti_names_forget frees every name of an actor that ends.
void
acti_names_forget(acti_names *names, acti_actor *actor);

#endif
