// SPDX-License-Identifier: MIT
//
// launch.c - starting this program once more.
//
// Never a fork that goes on in the same program: of all threads only the one that forks would be there, and whatever
// the others were about would stay half done, locks held, for ever. posix_spawn executes a file, and the file is the
// one that this process runs (/proc/self/exe), also when another was put in its place meanwhile.

#include "proc/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/lines.h"
#include "proc/page.h"

static int status_of(int error)
{
    switch (error) {
    case EAGAIN:
    case EMFILE:
    case ENFILE:
        return ACTA_EFULL;
    case ENOMEM:
        return ACTA_ENOMEM;
    default:
        return ACTA_EIO;
    }
}

// ---- what the process is given ------------------------------------------------------------

// add_output gives /dev/null for a standard output that this process has not got. What has its number may then be
// anything, one of our own descriptors too; but what is not for other programs is closed when one is executed.
static int add_output(posix_spawn_file_actions_t *actions, int fd)
{
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
        return 0; // it stays open
    return posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_WRONLY, 0);
}

// What the process is given besides the standard descriptors, under numbers above those that it will have there: the
// actions are done one after the other, and one must not close what the next is to copy.
typedef struct gifts {
    int page;
    int lines; // -1: none
} gifts;

static int add_descriptors(posix_spawn_file_actions_t *actions, const gifts *given)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = add_output(actions, STDOUT_FILENO);
    if (error == 0)
        error = add_output(actions, STDERR_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, given->page, ACTI_PAGE_DESCRIPTOR);
    if (error == 0 && given->lines >= 0)
        error = posix_spawn_file_actions_adddup2(actions, given->lines, ACTI_LINES_DESCRIPTOR);
    int first = given->lines >= 0 ? ACTI_LINES_DESCRIPTOR + 1 : ACTI_PAGE_DESCRIPTOR + 1;
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, first);
    return error;
}

static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes,
                                         POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    return error;
}

// is_variable: whether it is the one that says that a process was made for an actor.
static bool is_variable(const char *entry)
{
    return strncmp(entry, ACTI_PAGE_VARIABLE "=", sizeof(ACTI_PAGE_VARIABLE)) == 0;
}

// environment_of gives the environment with our one variable; its strings are not copied. NULL without memory.
static char **environment_of(acta_environment environment, char *variable)
{
    size_t count = 0;
    if (environment == ACTA_ENVIRONMENT_SAME && environ != NULL)
        while (environ[count] != NULL)
            count++;
    char **made = calloc(count + 2, sizeof(*made));
    if (made == NULL)
        return NULL;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_variable(environ[i]))
            made[at++] = environ[i];
    made[at] = variable;
    return made;
}

// ---- starting it ------------------------------------------------------------------------------

static int spawn_with(const gifts *given, char *const *arguments, char *const *environment, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = add_descriptors(&actions, given);
        if (error == 0)
            error = set_signals(&attributes);
        if (error == 0)
            error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, arguments, environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

// above gives a copy of a descriptor with a number above those of the process, or -1.
static int above(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, ACTI_LINES_DESCRIPTOR + 1);
}

// spawn gives errno.
static int spawn(acti_launch *l)
{
    char variable[32];
    snprintf(variable, sizeof(variable), ACTI_PAGE_VARIABLE "=%d", ACTI_PAGE_DESCRIPTOR);
    char **environment = environment_of(l->environment, variable);
    gifts given = {.page = above(l->page), .lines = l->lines >= 0 ? above(l->lines) : -1};
    int error = given.page < 0 || (l->lines >= 0 && given.lines < 0) ? errno : environment == NULL ? ENOMEM : 0;
    if (error == 0) {
        char *arguments[] = {program_invocation_name, (char *)(uintptr_t)l->title, NULL};
        error = spawn_with(&given, arguments, environment, &l->pid);
    }
    if (given.page >= 0)
        close(given.page);
    if (given.lines >= 0)
        close(given.lines);
    free(environment);
    return error;
}

int acti_launch_process(acti_launch *l)
{
    int error = spawn(l);
    if (error != 0) {
        snprintf(l->why, sizeof(l->why), "the program could not be started once more: %s", strerror(error));
        return status_of(error);
    }
    l->pidfd = (int)syscall(SYS_pidfd_open, l->pid, 0);
    if (l->pidfd >= 0)
        return ACTA_OK;
    error = errno;
    snprintf(l->why, sizeof(l->why), "its process could not be watched: %s", strerror(error));
    (void)kill(l->pid, SIGKILL);
    (void)waitpid(l->pid, NULL, 0);
    return status_of(error);
}
