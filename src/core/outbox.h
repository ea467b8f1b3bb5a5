// SPDX-License-Identifier: MIT
//
// outbox.h - what an actor has sent and full inboxes have not taken yet.
//
// A message that finds a full inbox goes to the outbox of its sender, and so does everything that this actor sends
// while there is something in it, replies too: so order holds. At the end of its turn a handler, and at once a body, is
// paused until the outbox is empty: it handles nothing more. An actor waits for room for the first message only. A
// thread outside that sends is an actor of its own for as long as that takes (call.c).
//
// A message here keeps its receiver's inbox open, by a sender of its own: an EOF cannot overtake it. Replies have their
// place reserved and never wait for room, only for what is ahead of them.

#ifndef ACTI_CORE_OUTBOX_H
#define ACTI_CORE_OUTBOX_H

#include "core/actor.h"

struct acti_outbox {
    // ---- its actor's turn only
    acta_msg *first; // oldest; never NULL
    acta_msg *last;
    bool asked; // room has been asked for: from then on others write what is below
    // ---- the pause lock (pause.c)
    acti_actor *owner;
    acti_list link; // in waiters of the receiver of first
    bool granted;   // room for first has been counted in that inbox
};

// acti_outbox_put puts m, a SEND, ASK, REPLY or STOP with an extension, behind all that the actor has sent.
//
// Owns:    m is the outbox's on ACTA_OK, with the reference to its asker if it is a REPLY.
// Threads: the actor's turn.
// Errors:  ACTA_ENOMEM, never when the outbox holds something; ACTA_EFULL the actor has ended and is tidying up.
ACTA_NODISCARD int
acti_outbox_put(acti_actor *actor, acti_actor *to, acta_msg *m);

typedef enum acti_flushed {
    ACTI_FLUSHED,        // nothing waits any more
    ACTI_FLUSHED_LOOK,   // a message has come, only with `mail`
    ACTI_FLUSHED_PAUSED, // the actor is suspended until there is room or it is to end; it is not the caller's any more
} acti_flushed;

// acti_outbox_flush sends what waits, in order, as far as there is room; when there is none it suspends the actor. With
// mail a message wakes it, too. What a killed actor cannot get rid of at once is dropped and counted.
acti_flushed
acti_outbox_flush(acti_actor *actor, bool mail);

// acti_outbox_force sends all that waits, over the bounds if need be. True: if the actor was paused, it has been woken.
bool
acti_outbox_force(acti_actor *actor);

// acti_outbox_take_back gives up waiting and gives the only message of an outbox back, or NULL when it has gone out.
acta_msg *
acti_outbox_take_back(acti_actor *actor);

// acti_outbox_push_first pushes the first message and forgets it, with the outbox itself when that was the last one. A
// status as of acti_actor_try: other than ACTA_OK, the message is still there.
int
acti_outbox_push_first(acti_actor *actor, acti_push how);

#endif
