// SPDX-License-Identifier: MIT
//
// watchdog.h - names an actor that keeps its worker for too long with one message, while it still does.
//
// A worker shows two words: whose turn it is, and the type of the message that was taken last. That is two plain stores
// a message. The watchdog is a thread that looks at them a few times in the time that a message may
// take. To know whether the message of its last look is still being handled, it marks the type's word in its lowest
// bit: the worker's next store, even of the same type, wipes the mark out.
//
//   other actor, or no mark   set the mark, note the time
//   same actor, mark there    the same message since then: too long? name it, once
//
// An actor that was named is named again only for a message that takes twice as long as the last one: who is slow every
// time does not fill a log, and who is then stuck for good is still named.
//
// It may name an actor only if it can be sure that the actor is not freed meanwhile. The worker shows NULL before the
// actor is parked, changes hands, or leaves the list of the living, so whoever finds an actor shown while it has the
// lock of that list finds one that has not left, and may take a reference.
//
// Sleep. While all workers are idle the watchdog sleeps without a deadline; the first that has something to run wakes
// it (sched.c). An actor on a thread of its own may take its time: nobody waits behind it, and nobody looks.

#ifndef ACTI_CORE_WATCHDOG_H
#define ACTI_CORE_WATCHDOG_H

#include <acta/message.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/platform.h"

typedef struct acta_system acta_system;
typedef struct acti_actor acti_actor;

#define ACTI_WATCHDOG_LOOKS 4                // in the time that a message may take
#define ACTI_WATCHDOG_LOOK_NS_MIN 1000000    // between two of them

// What a thread shows of what it runs. Written by that thread, but for the mark.
typedef struct acti_glance {
    acti_aptr actor; // whose turn it is, or NULL
    acti_aptr type;  // of the message it took last, or NULL: none yet in this turn, or none any more
} acti_glance;

// What the watchdog knows of a worker. Its own.
typedef struct acti_watched {
    const acti_actor *actor; // of the last look: only compared
    uint64_t since_ns;       // when the mark was set
    bool counted;            // this message has taken too long
    bool named;              // and that was reported
} acti_watched;

typedef struct acti_watchdog {
    pthread_t thread;
    bool started;
    acti_park park;
    acti_au32 stop;
    acti_au64 looks;
} acti_watchdog;

// acti_watchdog_start starts the thread, unless the system's options say that nothing takes too long. ACTA_OK or
// ACTA_EIO.
int
acti_watchdog_start(acta_system *sys);

// acti_watchdog_stop ends it, if it runs. Before the workers are stopped.
void
acti_watchdog_stop(acta_system *sys);

// acti_watchdog_look looks at all workers once, by that clock.
void
acti_watchdog_look(acta_system *sys, uint64_t (*clock_ns)(void));

// ---- showing ----------------------------------------------------------------------

// acti_glance_at shows what is run from now on. Release, with the acquire of who looks: who sees the actor does not see
// the mark of what was run before.
static inline void acti_glance_at(acti_glance *glance, acti_actor *actor, const acta_type *type)
{
    acti_aptr_store_relaxed(&glance->type, (void *)(uintptr_t)type); // a constant: nothing else is to be seen
    acti_aptr_store_release(&glance->actor, actor);
}

// acti_glance_over comes before the actor can be run elsewhere or leave. Relaxed: what lets it (the park, the queue,
// the lock of its list) publishes this.
static inline void acti_glance_over(acti_glance *glance)
{
    acti_aptr_store_relaxed(&glance->actor, NULL);
}

// acti_glance_type is the type shown, without the mark.
static inline const acta_type *acti_glance_type(const acti_glance *glance)
{
    return (const acta_type *)((uintptr_t)acti_aptr_load_relaxed(&glance->type) & ~(uintptr_t)1);
}

#endif
