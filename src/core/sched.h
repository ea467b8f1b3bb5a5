// SPDX-License-Identifier: MIT
//
// sched.h - the scheduler: one worker per core, each with a queue of actors that are ready.
//
// Where a ready actor goes:
//
//     made ready on a worker         that worker's next slot: it runs next, with its message still in cache; who was
//                                    in the slot moves to the tail of the worker's ring
//     a body that has run before     the slot or list of its home worker, or that worker's mail from elsewhere
//     made ready on another thread   the inject queue, and an idle worker is woken
//     its turn was cut short         the tail of the ring
//
// When work moves to another core. A message that only moves costs tens of nanoseconds, one that is computed on
// microseconds, and waking a core tens of microseconds. So each worker measures what a message costs it, and
// others steal from its ring only when that is above ACTI_SCHED_SPREAD_NS: talkers stay on one core, where
// they find each other's messages in cache, and computing spreads. A worker that is stuck in one long turn cannot be
// foreseen: while any worker is busy one idle worker, the sentinel, looks every ACTI_SCHED_WATCH_NS and takes what
// waits behind such a turn. When all have been idle for a moment nobody wakes up, but for the sentinel when an alarm
// is due.

#ifndef ACTI_CORE_SCHED_H
#define ACTI_CORE_SCHED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/list.h"
#include "base/platform.h"
#include "core/runq.h"
#include "core/watchdog.h"
#include "obs/counters.h"

typedef struct acta_system acta_system;
typedef struct acti_actor acti_actor;
typedef struct acti_sched acti_sched;

#define ACTI_SCHED_WORKERS_MAX 256
#define ACTI_SCHED_SPREAD_NS 1000    // cost of a message from which work spreads
#define ACTI_SCHED_WATCH_NS 2000000  // how often the sentinel looks at busy workers
#define ACTI_SCHED_QUIET_LOOKS 25    // looks at nothing but idle workers after which nobody watches
#define ACTI_SCHED_STREAK_MAX 2      // turns in a row through the next slot before the queues get one
#define ACTI_SCHED_LOOK_TURNS 64     // turns between looks at the clock,
#define ACTI_SCHED_FULL_TURN 16      // of which one that spent its budget counts as so many

// A first-in first-out list of actors through run_next.
typedef struct acti_ready {
    acti_actor *first;
    acti_actor *last;
    uint32_t count;
} acti_ready;

typedef struct acti_worker {
    // ---- the worker's own
    acti_sched *sched;
    acta_system *sys;
    pthread_t thread;
    uint32_t index;
    uint32_t turns;        // since the last look at the clock, a full one counted as several
    uint32_t streak;       // turns in a row through the next slot
    uint32_t queue;        // which of the queues has its round
    uint32_t round;        // how many more of it
    bool sentinel;         // holds that post
    bool more_due;         // at the last look at the clock more was due than was fired: no time to lie down
    uint32_t quiet_looks;  // as the sentinel: looks in a row that found all idle
    bool unwatched;        // the watchdog slept when this worker got up
    acti_ready bodies;     // bodies that live here, ready
    uint64_t measured_ns;  // when the cost was last measured
    uint64_t measured_handled;
    uint64_t seen_turns[ACTI_SCHED_WORKERS_MAX]; // as the watcher: the others' turn counts at the last look

    // ---- shared
    acti_counters counters; // padded on both sides
    acti_aptr next;         // the next slot; the owner puts and takes, a thief takes behind a long turn
    acti_runq ring;
    acti_au32 cost_ns;      // what handling a message costs here; written by the owner
    acti_glance glance;     // what it runs; written by the owner, but for the watchdog's mark
    char apart[ACTI_CACHE_LINE];
    acti_aptr mail; // bodies that live here, made ready elsewhere: a newest-first list
    acti_park park;
    acti_list idle; // in the scheduler's list; its lock
    acti_watched watched; // the watchdog's
} acti_worker;

struct acti_sched {
    acta_system *sys;
    uint32_t count;   // workers made; constant once one runs
    uint32_t started; // those that have a thread
    acti_worker **workers;
    acti_au32 stop;
    acti_au32 watched;      // 1: an idle worker watches the busy ones
    acti_au32 idle_count;   // length of idle; read without the lock as a hint
    acti_au32 inject_count; // length of inject; the same
    acti_lock lock;         // rank 70
    acti_ready inject;
    acti_list idle;
    bool unwatched;        // the watchdog sleeps until somebody has work; the lock
    acti_worker *sentinel; // the idle worker that sleeps with a deadline; NULL: none
};

// acti_sched_start makes the workers, and unless somebody else runs the actors, their threads. ACTA_OK, ACTA_ENOMEM or
// ACTA_EIO.
int
acti_sched_start(acti_sched *sched, acta_system *sys, uint32_t workers, bool threads);

// acti_sched_stop ends the workers; nothing may be ready any more. Safe after a failed start.
void
acti_sched_stop(acti_sched *sched);

// acti_sched_ready is the wake of actors in the pool. Threads: any.
void
acti_sched_ready(acti_actor *actor);

// acti_sched_stir wakes one idle worker, if there is one, to look for work.
void
acti_sched_stir(acti_sched *sched);

// acti_sched_quiet: whether all workers are idle. If so, the first that has work again gives the watchdog a token.
bool
acti_sched_quiet(acti_sched *sched);

// acti_sched_spin, in a turn of a handler, calls came until that says that something has come, or until_ns, or somebody
// else is ready here; at least once. True: it has come. Between the calls other threads may have the processor. Work
// that is to spread is taken over as by an idle worker: it is ready here then.
bool
acti_sched_spin(bool (*came)(void *arg), void *arg, uint64_t until_ns);

// acti_sched_alert has the sentinel look again at what it waits for.
void
acti_sched_alert(acti_sched *sched);

#endif
