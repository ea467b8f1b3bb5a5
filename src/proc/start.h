// SPDX-License-Identifier: MIT
//
// start.h - what the two sides of a process know without having told each other.

#ifndef ACTI_PROC_START_H
#define ACTI_PROC_START_H

#include <acta/message.h>

// The number in frames of the actor for which a process was made: it is the first of its system.
#define ACTI_START_ACTOR 1

// The first message to that actor are its arguments, or this when it has none. It has the actor's code begin.
ACTA_MESSAGE(acta_process_start);

#endif
