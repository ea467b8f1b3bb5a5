// SPDX-License-Identifier: MIT
//
// child.h - runs what must end the process, or must not touch it, in a child. Only while no other thread runs.

#ifndef TEST_BASE_CHILD_H
#define TEST_BASE_CHILD_H

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/sanitize.h"

// child_run gives the wait status of a process that runs fn(arg) and then exits with what fn returned. What it
// writes to standard error goes to the file err, or nowhere for -1.
static inline int child_run(int (*fn)(void *arg), void *arg, int err)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        // cmocka catches signals in order to go on with the next test.
        static const int caught[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS};
        for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
            signal(caught[i], SIG_DFL);
        dup2(err >= 0 ? err : open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        _exit(fn(arg));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

// child_dies_of: whether fn(arg) ended its process with that signal. Sanitizers turn some signals into an exit.
static inline bool child_dies_of(int signal_number, int (*fn)(void *arg), void *arg)
{
    int status = child_run(fn, arg, -1);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == signal_number;
    return (ACTI_ASAN || ACTI_TSAN) && WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

#endif
