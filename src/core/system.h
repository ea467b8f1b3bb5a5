// SPDX-License-Identifier: MIT
//
// system.h - the system from inside, and what a thread knows of where it is.

#ifndef ACTI_CORE_SYSTEM_H
#define ACTI_CORE_SYSTEM_H

#include <acta/system.h>
#include <stdarg.h>

#include "base/list.h"
#include "base/platform.h"
#include "core/actor.h"
#include "core/clock.h"
#include "core/names.h"
#include "core/sched.h"
#include "core/turn.h"
#include "core/watchdog.h"
#include "obs/counters.h"

// The actors that have not ended, spread over several lists so that spawning threads do not meet at one lock.
#define ACTI_ALIVE_LISTS 16
typedef struct acti_alive {
    acti_lock lock; // rank 40
    acti_list list;
} acti_alive;

// Their number, in steps of ACTI_ALIVE_ONE. Whoever makes an actor is alive itself, or a thread that has not closed the
// system: so none is seen only when there is none. ACTI_ALIVE_ASKED: the closer waits for that; who subtracts the last
// one finds it in the same word, and so neither misses the other.
#define ACTI_ALIVE_ONE 2u
#define ACTI_ALIVE_ASKED 1u

// The layers above that hang something onto a system, in the order in which acta_close turns to them. Each sets its own
// when it is first used.
enum { ACTI_UPPER_PROC, ACTI_UPPER_ROUTE, ACTI_UPPER_PORT, ACTI_UPPERS };

typedef struct acti_carrier acti_carrier;

typedef struct acti_upper {
    // close, if there is one, says goodbye to every node and ends the library's own actors, by the deadline; returns
    // when they have ended.
    void (*close)(struct acti_upper *upper, uint64_t deadline_ns);
    // fini frees it; no actor is left.
    void (*fini)(struct acti_upper *upper);
} acti_upper;

struct acta_system {
    acta_system_opts opts; // every default filled in
    char *texts;           // what opts points to
    acti_board board;
    acti_sched sched;
    acti_watchdog watchdog;
    acti_clock clock;
    acti_names names;
    acti_alive alive[ACTI_ALIVE_LISTS];
    acti_au64 last_id;     // of an actor
    acti_au32 users;       // the user's actors that are alive
    acti_au32 internals;   // the library's own
    acti_au32 closing;     // 1: by force: nothing may be spawned
    acti_park closer;      // the thread in acta_close
    acti_lock count_lock;  // rank 45
    uint32_t threads;      // of actors, not finished, and others that are in here; guarded by it
    acti_lock upper_lock;  // rank 10
    acti_upper *upper[ACTI_UPPERS]; // guarded by it
    acti_lock report_lock; // rank 99
    acti_carrier *carrier; // or NULL; constant
    uint32_t forks;        // acti_forks() when it was opened; constant
};

// What the running thread is, for acta. All zero on a thread outside.
typedef struct acti_running {
    acta_system *sys;
    acti_counters *counters; // its own
    acti_worker *worker;     // in the pool
    acti_glance *glance;     // what others see of it
    acti_actor *actor;       // whose turn it is
    acti_fiber *fiber;       // the stack we are on, if it is a body's
    acti_turn turn;          // how the body that just left it wants to go on
    uint32_t sends;          // by the actor in this turn
    uint32_t handled;        // by it, and not yet in the ledger
    bool spent;              // this turn has spent its budget
} acti_running;

extern ACTI_THREAD_LOCAL acti_running acti_here;

// acti_tally counts n of something in the ledger.
static inline void acti_tally(acta_system *sys, acti_counter which, uint64_t n)
{
    if (acti_here.sys == sys)
        acti_count(acti_here.counters, which, n);
    else
        acti_board_count(&sys->board, which, n);
}

// acti_system_open is acta_open without the check of the message types, and with a carrier, or NULL.
//
// Owns:    the carrier is the system's on ACTA_OK.
// Errors:  as acta_open.
ACTA_NODISCARD int
acti_system_open(const acta_system_opts *opts, acti_carrier *carrier, acta_system **out);

// acti_system_is_here: whether this process is the one that has opened the system. A fork of it that goes on in the
// same program has none of the threads that run the actors: whatever waits there would wait for ever. If it is one the
// report is told. Threads: any.
ACTA_NODISCARD bool
acti_system_is_here(acta_system *sys);

// acti_system_enter and _leave keep the list of actors that are alive.
void
acti_system_enter(acti_actor *actor);
void
acti_system_leave(acti_actor *actor);

// acti_system_leave_late leaves a MONITOR with an actor whose inbox is closed but who has not left: it is told as it
// leaves. False: it has left.
ACTA_NODISCARD bool
acti_system_leave_late(acti_actor *actor, acta_msg *monitor);

// acti_system_hold gives the actor that *shown points to, with a reference, or NULL. Who points there, on any thread,
// must write NULL before the actor can leave.
acti_actor *
acti_system_hold(acta_system *sys, const acti_aptr *shown);

// acti_system_alive is how many have not ended; the closer is given a token when there are none, from now on. For the
// thread that closes the system.
uint32_t
acti_system_alive(acta_system *sys, bool internals);

// acti_system_free frees a system whose workers have been stopped.
void
acti_system_free(acta_system *sys);

// acti_system_threads counts the threads up or down that acta_close has to wait for: those of actors, and those of the
// library that may be the last to touch the system.
void
acti_system_threads(acta_system *sys, int by);

// acti_report tells the user's report function one line. Threads: any, holding no lock of a rank above 98.
__attribute__((format(printf, 2, 3))) void
acti_report(acta_system *sys, const char *format, ...);

#endif
