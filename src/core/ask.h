// SPDX-License-Identifier: MIT
//
// ask.h - requests and their outcomes.
//
// The asker keeps a record of each ask in its table, with an alarm. Whatever comes first takes the record out: a
// reply (also one that says why there is none), or the timeout. All that happens in the asker's own turns,
// so an ask has one outcome and no atomics. The record is at the same time the memory of the failure message that a
// timeout becomes, and the promise of the request (promise.h) that of the failure which says that it was not answered:
// an outcome cannot be lost for lack of memory.

#ifndef ACTI_CORE_ASK_H
#define ACTI_CORE_ASK_H

#include "core/actor.h"
#include "core/clock.h"
#include "core/why.h"

// acti_ask_wait is what a body that awaits the outcome of that ask waits for, as long as there is none; NULL: there is
// no such ask.
acti_wait *
acti_ask_wait(const acti_actor *actor, uint64_t id);

// acti_ask_matches: whether m is an outcome of that ask.
bool
acti_ask_matches(acta_msg *m, uint64_t id);

// acti_ask_admit_reply and _timeout give what the actor is to see, or NULL when it comes too late.
acta_msg *
acti_ask_admit_reply(acti_actor *actor, acta_msg *m);
acta_msg *
acti_ask_admit_timeout(acti_actor *actor, acta_msg *m);

// acti_ask_settle delivers an outcome (a REPLY with its ask set) to the asker. m is consumed, the reference to the
// asker too. ACTA_EGONE when the asker has ended.
int
acti_ask_settle(acti_actor *asker, acta_msg *m);

// acti_ask_abandon frees the record of an ask whose asker has ended, or its timeout message.
void
acti_ask_abandon(acti_actor *asker, void *record);
void
acti_ask_free_timeout(acta_msg *m);

#endif
