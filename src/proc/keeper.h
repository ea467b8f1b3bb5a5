// SPDX-License-Identifier: MIT
//
// keeper.h - who looks after one process, from its start until it has been waited for.
//
// A keeper is an actor of the library's own. It watches the process, by a descriptor that the kernel makes ready at its
// end, and the actor that the process is for. It says to the node of the process when that is gone, and why: what the
// process had sent before is read first, and everybody who watches its actors is told behind that (route/node.h).
//
//   the process   then
//   STARTED       BEGUN when its actor has been given the start; killed when that takes too long
//   BEGUN         killed when somebody kills its actor, when the session with it is over and it does not end, or when
//                 the system closes and does not wait any longer
//   GONE          it was waited for, and its node is told
//
// The keeper ends when the process is GONE and its actor has ended. So no process is left when the system has been
// closed, and none is a zombie for longer than it takes to run an actor.

#ifndef ACTI_PROC_KEEPER_H
#define ACTI_PROC_KEEPER_H

#include "core/clock.h"
#include "proc/page.h"
#include "proc/processes.h"
#include "route/peers.h"

#define ACTI_KEEPER_GRACE_NS (3 * ACTA_SECOND)  // for a process to end after its session; it gives itself less

// Why a process is killed when its time is over.
typedef enum acti_keeper_due {
    ACTI_KEEPER_BEGIN, // it should have begun by now
    ACTI_KEEPER_OVER,  // its session is over
    ACTI_KEEPER_CLOSE, // the system is being closed
    ACTI_KEEPER_DUES,
} acti_keeper_due;

typedef struct acti_keeper {
    acti_actor *actor; // whose state this is
    acti_maker maker;  // how the node knows us
    acti_processes *processes;
    acti_node *node;   // one reference to its actor
    acta_addr *who;    // that the process is for
    acti_page *page;
    pid_t pid;
    int pidfd;         // -1: there is no process any more
    uint64_t watch;
    bool ended;        // its actor has
    uint64_t due_ns[ACTI_KEEPER_DUES]; // when it is to be killed, for each reason; UINT64_MAX: not for that
    const char *killed_for; // or NULL
    acti_alarm alarm;  // holds one reference while it is set
    bool alarm_set;
    acta_msg start_event; // each is in the inbox once at most
    acta_msg due_event;
    acta_msg kill_event;
    acta_msg leave_event;
    acti_au32 kill_told;  // 1: kill_event has been pushed
    acti_list all; // in the list of the processes; their lock
} acti_keeper;

// acti_keeper_new gives a keeper that has not started. acti_keeper_drop is for one that never will, and has neither
// node nor actor.
//
// Owns:    the page is the keeper's on success. Node and actor are given to it by whoever starts it.
// Errors:  ACTA_ENOMEM; as acti_processes_enter.
ACTA_NODISCARD int
acti_keeper_new(acti_processes *processes, acti_page *page, acti_keeper **keeper);

void
acti_keeper_drop(acti_keeper *keeper);

// acti_keeper_start has it look after a process, and with pidfd -1 only wait for the end of the actor, because there is
// none. The keeper is nobody's any more.
void
acti_keeper_start(acti_keeper *keeper, pid_t pid, int pidfd);

// acti_keeper_leave tells it that the system closes. Under the lock of the processes.
void
acti_keeper_leave(acti_keeper *keeper);

static inline acti_keeper *acti_keeper_of(acti_list *all)
{
    return ACTI_CONTAINER_OF(all, acti_keeper, all);
}

#endif
