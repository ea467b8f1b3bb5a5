// SPDX-License-Identifier: MIT
//
// causal.h - what happened after what among actors, and the pairs of messages whose order nothing keeps.
//
// Design notes. A two-path race is a pair of messages x and y into one inbox, from different sources, where y was sent
// after x (causally: its sender had heard of x, over however many others) while whoever sent y could not know that x
// had been handled, and where the type of at least one is terminal (ACTA_MESSAGE_TERMINAL). Each of the two ways keeps
// its own order; between them nothing does. It does not matter which one came first this time: that is what makes
// such a pair worth finding, in every run.
//
// Whoever carries messages (the order lint's carrier, lint.c, and the sim's) tells this module what happens, by the ids
// of sources: an actor's own, and any other number for a thread. It does not look at actors, takes no lock and knows no
// thread: one call at a time.
//
// What a message knows. The moment at which it was sent, with its sender's past (past.h), is kept here under the
// message's address until it is given to its receiver's code, which then has that behind it, too. Replies, death
// notices and the end are messages like any other in this. A request's outcome is never one of a reported pair, because
// who asks chooses when to take it; nor is the end, which comes behind everything by contract; nor what an actor sends
// to itself, which takes no way at all.
//
// What is not known makes for silence. A source that was not announced, and one that was told of something that cannot
// be followed, may know of everything that has been handled.
//
// What a receiver remembers. Of each of the last ACTI_RECALL_SOURCES sources, the last ACTI_RECALL_RECENT messages that
// it handled, and the last terminal one. That is enough for this: when x comes behind y, the last message of y's sender
// is looked at, and the last terminal one. A source's past only grows, so if any message of that source was sent after
// x, the last one was. When y comes behind x, those of x's sender that y was sent after are its first ones, and those
// that y's sender could not know to be handled its last ones: the last of the first ones decides, which is among the
// remembered ones unless x's sender has sent more than ACTI_RECALL_RECENT others since; then nothing is said.
//
// A block has one address, so a message that is dropped and never given leaves at most one record for each block that
// there ever was; those for an actor go when it ends. They are looked at then: the end of an actor that has handled y
// and never came to x is the race at its worst.

#ifndef ACTI_CORE_CAUSAL_H
#define ACTI_CORE_CAUSAL_H

#include <stdint.h>

#include "core/race.h"

#define ACTI_CAUSAL_NAMES 4096 // different names; more are "an actor"
#define ACTI_CAUSAL_ENDED 64   // ended actors that may still have something to say: their death notices

typedef struct acti_causal acti_causal;

// An acti_race_found is told of each pair, and must not call back. It may be told of the same types and ways again.
typedef void acti_race_found(void *arg, const acti_race *race);

// acti_causal_new gives a world in which nothing has happened, or NULL without memory.
acti_causal *
acti_causal_new(acti_race_found *found, void *arg);
void
acti_causal_free(acti_causal *causal);

// acti_causal_entered announces a source. by: the source that made it, whose past it has; 0: nobody, or not known.
void
acti_causal_entered(acti_causal *causal, uint64_t id, const char *name, uint64_t by);

// acti_causal_sent: m is on its way, from one source to another. Before it can be given. Returns the number of this
// event, or 0 for a message that says nothing here, such as a tick.
//
// It may be told of every kind of message.
uint64_t
acti_causal_sent(acti_causal *causal, uint64_t from, uint64_t to, const acta_msg *m);

// acti_causal_unsent: m, which was just sent, did not go on its way after all.
void
acti_causal_unsent(acti_causal *causal, const acta_msg *m);

// acti_causal_given: the code of id is about to see m, or its end, when m is an EOF or a STOP. Pairs are found here.
void
acti_causal_given(acti_causal *causal, uint64_t id, const acta_msg *m);

// acti_causal_dropped: a sender to an actor is released by a source. Before the EOF can be given. The actor has all
// that behind it when it is given the EOF.
void
acti_causal_dropped(acti_causal *causal, uint64_t from, uint64_t to);

// acti_causal_may_know: from now on this source may know of everything that has been handled: it was killed, it was
// refused by one that was or whose node is down, it has looked at a name, it is a thread that can wait for anything.
void
acti_causal_may_know(acti_causal *causal, uint64_t id);

// acti_causal_saw_end: a source was refused by an actor because that has ended, and so knows what it knew. One that was
// ended by force knows what nobody has told it: for that there is acti_causal_may_know.
void
acti_causal_saw_end(acti_causal *causal, uint64_t id, uint64_t of);

// acti_causal_ended: a source does nothing more, but for death notices. What was on its way to it is looked at.
void
acti_causal_ended(acti_causal *causal, uint64_t id);

// acti_causal_forgotten: how many times something was not remembered for want of room or memory.
uint64_t
acti_causal_forgotten(const acti_causal *causal);

#endif
