// SPDX-License-Identifier: MIT
//
// turn.h - one run of an actor: taking messages in order and giving them to its code.
//
// A turn ends when the inbox is empty and parked, when the actor has to wait for room elsewhere (outbox.h), when it has
// ended, or when its budget is spent: so many messages handled or so many sent. The second keeps a producer close to
// its consumer, which then finds everything still in the first-level cache.

#ifndef ACTI_CORE_TURN_H
#define ACTI_CORE_TURN_H

#include "core/actor.h"

#define ACTI_TURN_HANDLED_MAX 64
#define ACTI_TURN_SENDS_MAX 64

typedef enum acti_turn {
    ACTI_TURN_PARKED, // or paused: somebody else may be running it by now: it must not be touched
    ACTI_TURN_MORE,   // it wants another turn
    ACTI_TURN_ENDED,  // it may not exist any more
} acti_turn;

// acti_turn_run runs one turn of an actor in the pool. The caller has it ready, and so alone.
acti_turn
acti_turn_run(acti_actor *actor);

// acti_turn_next gives the next message that the actor is to see, dealing with those that are the runtime's own;
// NULL when nothing has come, or when actor->ended_inbox is set.
acta_msg *
acti_turn_next(acti_actor *actor);

// acti_turn_find gives the outcome of an ask, out of order; the rest stays. NULL while it has not come. *after starts
// as NULL and remembers how far it has looked, for the next call.
acta_msg *
acti_turn_find(acti_actor *actor, uint64_t ask, acta_msg **after);

// acti_turn_settle writes what the turn has handled so far into the ledger. Before the inbox is parked.
void
acti_turn_settle(acti_actor *actor);

// acti_turn_flush returns when all that a body has sent has gone out; it is suspended until then.
void
acti_turn_flush(acti_actor *actor);

// acti_turn_pass ends the turn of the running handler behind this call of it: others that are ready go first.
void
acti_turn_pass(void);

// acti_turn_spent is called after each send: a pool body whose budget is spent gives way here.
void
acti_turn_spent(void);

#endif
