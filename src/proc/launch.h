// SPDX-License-Identifier: MIT
//
// launch.h - starting this program once more, as a process that finds a page.

#ifndef ACTI_PROC_LAUNCH_H
#define ACTI_PROC_LAUNCH_H

#include <acta/process.h>
#include <sys/types.h>

// What a process is to have, and what came of it.
typedef struct acti_launch {
    int page;          // descriptor of its page
    int lines;         // of the socket for its reports; -1: none
    const char *title; // its one argument, for a person
    acta_environment environment;
    pid_t pid; // of the process
    int pidfd; // to be closed when it has been waited for
    char why[128]; // on failure, for a person
} acti_launch;

// acti_launch_process starts the program once more. The process has the same name; /dev/null as standard input, our
// standard output and error, what is said above, and no other descriptor; no signal blocked or caught; and a process
// group of its own, so that what is typed at a terminal ends this program in its own way, and the others then with it.
//
// Errors:  ACTA_EFULL no more processes or descriptors; ACTA_ENOMEM; ACTA_EIO.
ACTA_NODISCARD int
acti_launch_process(acti_launch *l);

#endif
