// SPDX-License-Identifier: MIT
//
// lines.h - what processes report, for the report function of the system that made them.
//
// All processes of a system write to one socket, a line at a time, and none of them waits for room in it: what finds
// none is lost. An actor of the library's own reads it, from the first process to the end of the last one.

#ifndef ACTI_PROC_LINES_H
#define ACTI_PROC_LINES_H

#include "core/actor.h"

#define ACTI_LINES_DESCRIPTOR 4 // in a process that was made for an actor
#define ACTI_LINE_BYTES 1400    // of one line; longer ones are cut

typedef struct acti_lines {
    acti_actor *actor;
    int from; // what is written, comes out here
    int to;   // what a process is given
    uint64_t watch;
    acta_msg start_event; // each is in the inbox once at most
    acta_msg leave_event;
} acti_lines;

// acti_lines_open makes the socket and starts the reader.
//
// Errors:  ACTA_EFULL no more descriptors; ACTA_ENOMEM; ACTA_EIO.
ACTA_NODISCARD int
acti_lines_open(acta_system *sys, acti_lines **lines);

// acti_lines_leave has the reader end once it has told what is there. Once, when nobody writes any more.
void
acti_lines_leave(acti_lines *lines);

// acti_lines_write is the report function of a system in a process that was made for an actor. arg is the name of that.
void
acti_lines_write(void *arg, const char *line);

#endif
