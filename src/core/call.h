// SPDX-License-Identifier: MIT
//
// call.h - waiting for a message on a thread outside actors.

#ifndef ACTI_CORE_CALL_H
#define ACTI_CORE_CALL_H

#include "core/actor.h"

// acti_caller_new gives an actor that stands for the calling thread: what is sent to it is given by
// acti_caller_wait. NULL without memory.
acti_actor *
acti_caller_new(acta_system *sys);

// acti_caller_wait gives the next message, or NULL after timeout_ns.
acta_msg *
acti_caller_wait(acti_actor *caller, uint64_t timeout_ns);

// acti_caller_end ends it: what still comes is late.
void
acti_caller_end(acti_actor *caller);

#endif
