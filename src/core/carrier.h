// SPDX-License-Identifier: MIT
//
// carrier.h - the hole between a send and an inbox, and what goes with it: who wants to see the messages of a system on
// their way, or to decide when they arrive, gives the system a carrier when it is opened.
//
// A system without one pushes each message into its receiver's inbox at once. With one, what is sent to the user's
// actors, and to threads that wait outside, is given to the carrier instead; the library's own actors are spared. The
// order lint's carrier (lint.c) notes what was sent after what and pushes; the sim's keeps messages on their way until
// it is their turn.
//
// A carrier that has `placed` runs the actors, too: the system then has no threads, an actor with a thread of its own
// is one of the pool, and whoever wakes an actor calls the given operation.

#ifndef ACTI_CORE_CARRIER_H
#define ACTI_CORE_CARRIER_H

#include "core/actor.h"

typedef struct acti_carrier {
    const acti_actor_ops *placed; // of every actor in the pool or on a thread; NULL: the system's own

    // carry pushes m, now or later, to an actor that has not ended. The sender is the running actor, or a thread
    // outside.
    // Returns what acti_actor_push_as would; after ACTA_OK m is the carrier's until it has pushed it, and when the
    // receiver has ended by then it disposes of it.
    int (*carry)(struct acti_carrier *carrier, acti_actor *to, acta_msg *m, acti_push how);

    // given is told of each message that actor's code is about to see, or that a waiting thread outside is given; in
    // the actor's turn. An EOF or a STOP, which has no type, is the end that its code is told of by NULL.
    void (*given)(struct acti_carrier *carrier, acti_actor *actor, acta_msg *m);

    // dropped is told of each sender to a user's actor that is about to be released, by the running actor or a thread
    // outside, while the actor has not ended. Under a lock of rank 84. NULL: it need not be told.
    void (*dropped)(struct acti_carrier *carrier, acti_actor *actor);

    // entered and left are told of each user's actor that begins to live, in the turn of whoever spawns it, and that
    // has ended, in its own.
    void (*entered)(struct acti_carrier *carrier, acti_actor *actor);
    void (*left)(struct acti_carrier *carrier, acti_actor *actor, int reason);

    // touched is told that the running code looks at, or with `changes` changes, something that other actors can see
    // without a message: how long an actor lives, or with NULL the names of the system. A send does so by itself.
    void (*touched)(struct acti_carrier *carrier, acti_actor *actor, bool changes);

    // fini is called when the system is freed; it may free the carrier.
    void (*fini)(struct acti_carrier *carrier);
} acti_carrier;

// acti_carrier_touched tells the carrier of a system, if it has one.
static inline void acti_carrier_touched(acti_carrier *carrier, acti_actor *actor, bool changes)
{
    if (carrier != NULL)
        carrier->touched(carrier, actor, changes);
}

#endif
