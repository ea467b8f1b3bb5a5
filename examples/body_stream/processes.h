// SPDX-License-Identifier: MIT
//
// processes.h - a private folder, and this program started once more beside itself.

#ifndef BODY_STREAM_PROCESSES_H
#define BODY_STREAM_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// folder_make makes a folder that only this user can enter, where such things belong: XDG_RUNTIME_DIR, else TMPDIR,
// else /tmp. Returns false and writes what went wrong to why.
bool
folder_make(char *path, size_t size, char *why, size_t why_size);

// folder_remove removes it with all the files in it.
void
folder_remove(const char *path);

// process_start starts this program with these arguments; argv[0] is for reports. stdin_fd -1 gives it an empty
// standard input. keep_fd stays open in it under the same number, -1 for none; other descriptors are its own business
// by being marked to close.
//
// Returns: the process, or -1 with errno.
pid_t
process_start(char *const argv[], int stdin_fd, int keep_fd);

// process_reap: true when pid has ended, with *status as waitpid gives it. Does not wait.
bool
process_reap(pid_t pid, int *status);

// process_wait waits for the end, whatever signals come.
int
process_wait(pid_t pid);

#endif
