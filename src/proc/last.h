// SPDX-License-Identifier: MIT
//
// last.h - writing down which message the actor of this process took last, where it can be read after a crash.
//
// It is a carrier (core/carrier.h): a system that has none pays nothing for it.

#ifndef ACTI_PROC_LAST_H
#define ACTI_PROC_LAST_H

#include "core/carrier.h"

// acti_last_new gives a carrier that writes the type's name of each message but the first, which is the start, that the
// actor takes to name. It does what inner does, besides; NULL: a system without one. NULL without memory.
//
// Owns:    inner goes with it. name has room for ACTI_TYPE_NAME_MAX and a NUL, which is there, and stays.
acti_carrier *
acti_last_new(acti_carrier *inner, char *name);

// acti_last_of says whose messages; before it can take one.
void
acti_last_of(acti_carrier *last, const acti_actor *actor);

#endif
