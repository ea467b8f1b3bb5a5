// SPDX-License-Identifier: MIT
//
// why.h - what an actor is about, in words: for acta_why, for a close that waits in vain, for a timeout that says whom
// it waited for.
//
// Any thread may ask at any moment, so only what can be read then is said. The inbox word says whether the actor is
// idle, paused, at its end, or running, and whether messages wait; how many is known to its own turn alone. What it
// handles is what its worker shows (watchdog.h); an actor with a thread of its own shows nothing. Whom it waits for it
// publishes itself, for room in an inbox under the pause lock (pause.h), for an outcome here:
//
//   NULL --begin, by the body--> its wait --end, by the body--> NULL
//   wait --look, under a lock--> wait and READ --after the look--> wait
//
// What is published belongs to the body, which frees it soon after the end. So who looks says so by READ in the lowest
// bit and whoever ends a wait and finds it passes the lock. A wait that nobody looks at costs one store and one
// compare-and-swap, of a body that is about to be suspended anyway.

#ifndef ACTI_CORE_WHY_H
#define ACTI_CORE_WHY_H

#include "core/actor.h"

// What a body in acta_await waits for.
typedef struct acti_wait {
    acti_actor *who; // the wait's owner has a reference
    const acta_type *type; // of the request
} acti_wait;

// acti_wait_begin and _end say what the running body is about to be suspended for, and that it is not any more.
void
acti_wait_begin(acti_actor *actor, acti_wait *wait);
void
acti_wait_end(acti_actor *actor, acti_wait *wait);

// Text that is put together, cut where there is no more room, and counted all the same. at is terminated if size is
// not 0.
typedef struct acti_text {
    char *at;
    size_t size;
    size_t length; // of the whole, without the NUL
} acti_text;

__attribute__((format(printf, 2, 3))) void
acti_text_add(acti_text *text, const char *format, ...);

// acti_why_doing says what the actor is about: it fits behind "it is". The caller has a reference. Threads: any,
// holding no lock of a rank above 49.
void
acti_why_doing(acti_actor *actor, acti_text *text);

// acti_why says who it is, what it is about, and who holds it. The same.
void
acti_why(acti_actor *actor, acti_text *text);

#endif
