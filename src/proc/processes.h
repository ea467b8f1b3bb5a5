// SPDX-License-Identifier: MIT
//
// processes.h - the processes of one system: where they find it, and who looks after them, from the first that is
// spawned to acta_close.
//
// They meet it at a socket in a folder of its own, which nobody else can enter, in the user's runtime folder or in
// /tmp. Each brings the number of a session that is expected from it alone.

#ifndef ACTI_PROC_PROCESSES_H
#define ACTI_PROC_PROCESSES_H

#include <acta/node.h>
#include <acta/process.h>

#include "base/list.h"
#include "base/platform.h"
#include "core/system.h"
#include "link/url.h"
#include "proc/lines.h"
#include "route/router.h"

#define ACTI_PROCESSES_MAX 4096 // of one system at a time
#define ACTI_PROCESSES_BEGIN_NS (10 * ACTA_SECOND) // from the start of a process to that of its actor

typedef struct acti_processes {
    acti_upper upper; // first: how the core knows us
    acta_system *sys;
    acti_router *router;
    acta_listener *listener;
    acti_lines *lines; // NULL: nobody wants to hear what is reported
    char folder[ACTI_URL_PATH_MAX + 1];
    char path[ACTI_URL_PATH_MAX + 1]; // of the socket in it
    uint64_t begin_ns; // that a process has to begin
    uint32_t most;     // processes at a time
    acti_lock lock; // rank 15; what follows
    acti_list keepers;
    uint32_t count; // of them
    bool closing;   // no process is made any more
    uint64_t deadline_ns; // for those that there are, from then on
} acti_processes;

// acti_processes_of gives those of the system, made at the first call.
//
// Errors:  ACTA_ENOMEM; ACTA_EACCES, ACTA_EIO no folder or socket could be made, and the report says why.
ACTA_NODISCARD int
acti_processes_of(acta_system *sys, acti_processes **processes);

// acti_processes_enter and _leave keep the list of keepers, given by a link in each. Errors: ACTA_EFULL there are as
// many as there may be; ACTA_EGONE the system closes.
ACTA_NODISCARD int
acti_processes_enter(acti_processes *processes, acti_list *link);
void
acti_processes_leave(acti_processes *processes, acti_list *link);

// acti_process_spawn is acta_spawn_with for an actor that gets a process of its own.
int
acti_process_spawn(acta_system *sys, const acta_spawn_opts *opts, const acta_actor_entry *entry, acta_tx **tx);

#endif
