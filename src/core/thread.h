// SPDX-License-Identifier: MIT
//
// thread.h - actors that have a thread of their own.

#ifndef ACTI_CORE_THREAD_H
#define ACTI_CORE_THREAD_H

#include "core/actor.h"

// acti_thread_start runs a new actor on a new thread. ACTA_OK, ACTA_ENOMEM or ACTA_EIO.
int
acti_thread_of_actor(acti_actor *actor);

// acti_thread_wait sleeps until the parked actor is woken. On its thread.
void
acti_thread_wait(acti_thread *thread);

#endif
