// SPDX-License-Identifier: MIT
//
// actor.h - the actor itself: who may touch what, and how long it lives.
//
// Two counts. senders are the acta_tx of the world: the release of the last one pushes the EOF, which is part of the
// actor, so ending allocates nothing and everything those senders sent is ahead of it. refs hold the
// memory: one for all senders together, one while the actor has not ended, one per acta_addr.
//
// acta_tx, acta_addr and acta_self are this structure, seen by those who may do different things with it.
//
// A million idle actors are a million of these, so it is four cache lines and no more: what senders touch, what its own
// turn touches, and the rest. The state of a handler and the copy of a name lie behind it, where there are any.

#ifndef ACTI_CORE_ACTOR_H
#define ACTI_CORE_ACTOR_H

#include <acta/actor.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/fiber.h"
#include "base/list.h"
#include "base/platform.h"
#include "base/slots.h"
#include "core/inbox.h"
#include "core/message.h"

typedef struct acti_outbox acti_outbox;
typedef struct acti_worker acti_worker;
typedef struct acti_thread acti_thread;

// Flags that any thread may set, none clears.
enum {
    ACTI_ACTOR_CRASHED = 1, // a holder died without dropping its sender
    ACTI_ACTOR_LAST = 2,    // the end message has been pushed, or is about to be
    ACTI_ACTOR_NAMED = 4,   // has had a name in the registry
    ACTI_ACTOR_ENDED = 8,   // its inbox is routed
};

// What is done differently for actors of different places.
typedef struct acti_actor_ops {
    void (*wake)(acti_actor *actor);        // runs it once, somewhere; the caller replaced PARKED
    void (*last_sender)(acti_actor *actor); // instead of pushing the EOF; NULL: that
    int (*claim)(acti_actor *actor);        // counts a sender where there may be none left; NULL: there is no way back
    void (*freed)(acti_actor *actor);       // instead of giving the memory back; NULL: that
    void (*force)(acti_actor *actor);       // instead of waking it to be ended, on any thread; NULL: that
    void (*unbind)(acti_actor *actor, acta_msg *m); // takes the LINK_OVER of a link that it has made, and forces it if
                                                    // that says so; NULL: it is forced, and m pushed
} acti_actor_ops;

struct acti_actor {
    // ---- touched by whoever sends, holds or wakes
    acti_inbox inbox;
    acti_au32 senders;
    acti_au32 refs;
    acti_au32 flags;
    uint32_t message_bytes_max; // largest message it takes; constant
    const acti_actor_ops *ops;  // constant
    acta_system *sys;           // constant
    uint64_t id;                // unique in the system, for reports; constant
    uint16_t room;              // of this block, in units of 64 bytes; constant
    uint8_t place : 5;          // acta_place or ACTI_PLACE_...; constant
    uint8_t carried : 1;        // what is sent to it goes by the system's carrier; constant
    uint8_t is_body : 1;        // constant
    uint8_t internal : 1;       // not the user's: not waited for at close; constant
    uint8_t long_named;         // times that it was named for taking too long; the watchdog's
    uint32_t waited_by;         // how many wait for this one; the pause lock

    // ---- touched by the actor's own turn only
    acta_msg *batch; // taken from the inbox, oldest first
    union {
        acta_handler *handler;
        acta_body *body; // until it has started: acti_actor_body takes it
        acti_aptr waits; // of a body from then on: what it is suspended for in acta_await; see why.h
    } run;
    void *arg;
    acti_outbox *outbox; // what waits for room elsewhere; NULL: nothing
    acti_slots *pending; // asks, timers, monitors, links and sources, made when first needed
    acti_au32 given;     // user messages given to its code, modulo 2^32; read by producers
    int32_t eof;         // why there will be no more messages; once its code has run for the last time: why it ends;
                         // of a proxy: why its node is down
    acti_au32 forced;    // the error with which it has to end before its next message, or 0; set once, by anybody
    bool ended_inbox : 1; // EOF, stop or kill was reached
    bool ending : 1;      // its code has run for the last time: it ends once its outbox is empty
    bool waited : 1;      // somebody may wait for it: see acti_pause_serve
    bool lined : 1;       // when last served, somebody was in line for room
    bool circle_named;   // it was in a circle that has been reported; the pause lock
    bool held_back;      // one that has been given to its code is not in `given` yet: room for the first in line
    acti_worker *home;   // pool bodies: where it runs, set by its first turn

    // ---- touched when it is made ready, when it waits, and by those who wait for it
    union {
        acti_actor *run_next; // link in a run queue, of whoever has it there
        acta_msg *late;       // once its inbox is closed: monitors that came after; the lock of alive
    };
    acti_list owed;        // promises of requests taken and not answered; its own turn only
    acti_list waiters;     // outboxes that wait for room in this inbox; the pause lock
    acti_actor *waits_for; // who must do something before this one can; the pause lock
    acti_list watchers;    // monitors and links of others on this actor; its own turn only

    // ---- its beginning and its end
    acti_list alive;  // in the system's list; its lock
    acta_msg end_msg; // the EOF or the STOP, whichever is first: what comes behind that is not seen any more
    union {
        acti_fiber *fiber;   // a pool body
        acti_thread *thread; // an actor with a thread of its own
    } on;
    void (*arg_free)(void *arg);
    const char *name; // at most ACTI_NAME_BYTES with the NUL
};

_Static_assert(sizeof(acti_actor) <= 256, "an idle handler is four cache lines");

// Places beyond the public ones.
enum {
    ACTI_PLACE_CALLER = 8, // stands for a thread that waits in a call
    ACTI_PLACE_PROXY = 9,  // stands for an actor of another node
    ACTI_PLACE_LINE = 10,  // stands for another node, or programs at a door, that send to an actor of ours
};

// A sender whose lowest bit is set is a record that knows its holder (sender.c).
acti_actor *
acti_actor_of_tracked(acta_tx *tx);

static inline acti_actor *acti_actor_of_tx(acta_tx *tx)
{
    return ((uintptr_t)tx & 1) == 0 ? (acti_actor *)(void *)tx : acti_actor_of_tracked(tx);
}
static inline acti_actor *acti_actor_of_addr(acta_addr *addr)
{
    return (acti_actor *)(void *)addr;
}
static inline acti_actor *acti_actor_of_self(acta_self *self)
{
    return (acti_actor *)(void *)self;
}
static inline acta_addr *acti_addr_of(acti_actor *actor)
{
    return (acta_addr *)(void *)actor;
}
static inline acta_self *acti_self_of(acti_actor *actor)
{
    return (acta_self *)(void *)actor;
}

// acti_actor_init fills a zeroed actor with one sender and two references, parked. name is not copied.
void
acti_actor_init(acti_actor *actor, acta_system *sys, const char *name);

// acti_actor_ref and _unref count references to the memory.
static inline void acti_actor_ref(acti_actor *actor)
{
    (void)acti_au32_add_relaxed(&actor->refs, 1); // the caller has one already, so it cannot be at 0
}
void
acti_actor_unref(acti_actor *actor);

// acti_actor_give_back frees the memory, whatever the counts say.
void
acti_actor_give_back(acti_actor *actor);

// acti_actor_refused is what is said of an actor whose inbox is routed: it has ended, or its node is down.
static inline int acti_actor_refused(const acti_actor *actor)
{
    return actor->place == ACTI_PLACE_PROXY ? ACTA_EUNREACH : ACTA_EGONE;
}

// acti_actor_pushed does what a push asks for, and says how it ended.
static inline int acti_actor_pushed(acti_actor *actor, acti_pushed how)
{
    switch (how) {
    case ACTI_PUSHED:
        return ACTA_OK;
    case ACTI_PUSHED_WAKE:
        actor->ops->wake(actor);
        return ACTA_OK;
    case ACTI_PUSH_FULL:
        return ACTA_EFULL;
    case ACTI_PUSH_ROUTED:
        break;
    }
    return acti_actor_refused(actor);
}

// acti_actor_carry has the system's carrier push m; acti_actor_shown tells it that m is about to be seen, and
// acti_actor_let_go that a sender is about to be released; see carrier.h. Of carried actors only. The last of them may
// come when the actor has ended and its system is gone.
int
acti_actor_carry(acti_actor *actor, acta_msg *m, acti_push how);
void
acti_actor_shown(acti_actor *actor, acta_msg *m);
void
acti_actor_let_go(acti_actor *actor);

// acti_actor_push gives the actor a message that has its place reserved, and wakes the actor if need be; acti_actor_try
// gives it a user message, if there is room.
//
// Owns:    m is the actor's on ACTA_OK, else still the caller's.
// Errors:  ACTA_EGONE, or ACTA_EUNREACH when the actor is of a node that is down; ACTA_EFULL, only of acti_actor_try.
static inline int acti_actor_push(acti_actor *actor, acta_msg *m)
{
    if (__builtin_expect(actor->carried, 0))
        return acti_actor_carry(actor, m, ACTI_PUSH_COUNTED);
    return acti_actor_pushed(actor, acti_inbox_push(&actor->inbox, m));
}
static inline int acti_actor_try(acti_actor *actor, acta_msg *m)
{
    if (__builtin_expect(actor->carried, 0))
        return acti_actor_carry(actor, m, ACTI_PUSH_IF_ROOM);
    return acti_actor_pushed(actor, acti_inbox_push_bounded(&actor->inbox, &actor->given, m));
}

// acti_actor_push_as does either, or pushes over the bound.
static inline int acti_actor_push_as(acti_actor *actor, acta_msg *m, acti_push how)
{
    if (__builtin_expect(actor->carried, 0))
        return acti_actor_carry(actor, m, how);
    return acti_actor_pushed(actor, acti_inbox_push_as(&actor->inbox, &actor->given, m, how));
}

// acti_actor_given counts m, which the actor's code is about to see or its node is about to send on. In its own turn.
static inline void acti_actor_given(acti_actor *actor, const acta_msg *m)
{
    if (m->kind > ACTI_MSG_ASK)
        return;
    if (actor->lined && !actor->held_back)
        actor->held_back = true;
    else
        acti_au32_store_relaxed(&actor->given, acti_au32_load_relaxed(&actor->given) + 1);
}

// acti_actor_close closes the inbox and gives what was in it, oldest first, or NULL. Who waits for room there is let
// go.
acta_msg *
acti_actor_close(acti_actor *actor);

// acti_actor_end ends an actor in its own turn: cancels what it waited for, closes the inbox, answers and counts
// what was left, frees its name and its argument, tells its watchers and ends its links, in this order. The caller's
// reference (the one of the running actor) is dropped last.
void
acti_actor_end(acti_actor *actor, int reason);

// acti_actor_body takes the body of an actor that starts.
acta_body *
acti_actor_body(acti_actor *actor);

// acti_actor_drain disposes of messages that nobody will handle: requests are answered with status, the rest is
// counted under the given counter (an acti_counter).
void
acti_actor_drain(acti_actor *actor, acta_msg *list, int status, int dropped_as);

// acti_actor_force has the actor end before its next message, with that error, and wakes it. The first call counts.
// Threads: any. Nothing when it has ended.
void
acti_actor_force(acti_actor *actor, int reason);

// acti_actor_is_forced: whether it has to.
static inline bool acti_actor_is_forced(const acti_actor *actor)
{
    // Relaxed: the word is all there is to see, and the kick that comes after it lets nobody sleep over it.
    return acti_au32_load_relaxed(&actor->forced) != 0;
}

// acti_actor_push_end pushes the end message as an EOF or a STOP, unless it has been pushed before: then ACTA_OK, or
// ACTA_EGONE when the actor has ended since. Threads: any.
int
acti_actor_push_end(acti_actor *actor, acti_msg_kind kind);

// acti_stop_free is done with a STOP: the actor's own end message, or one that has waited in an outbox.
void
acti_stop_free(acta_msg *m);

#endif
