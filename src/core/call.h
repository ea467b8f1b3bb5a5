// SPDX-License-Identifier: MIT
//
// call.h - waiting on a thread outside actors: for a message, or for room in an inbox.

#ifndef ACTI_CORE_CALL_H
#define ACTI_CORE_CALL_H

#include "core/actor.h"

// acti_caller_new gives an actor that stands for the calling thread: what is sent to it is given by
// acti_caller_wait. NULL without memory.
acti_actor *
acti_caller_new(acta_system *sys);

// acti_caller_send gives `to` a user message with an extension, and waits for room if need be.
//
// Owns:    m is the receiver's on ACTA_OK, and counted as sent; else still the caller's.
// Errors:  ACTA_EFULL no room until deadline_ns; else as acti_actor_push.
ACTA_NODISCARD int
acti_caller_send(acti_actor *caller, acti_actor *to, acta_msg *m, uint64_t deadline_ns);

// acti_caller_wait gives the next message, or NULL at the deadline.
acta_msg *
acti_caller_wait(acti_actor *caller, uint64_t deadline_ns);

// acti_caller_end ends it: what still comes is late.
void
acti_caller_end(acti_actor *caller);

#endif
