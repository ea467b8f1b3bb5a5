// SPDX-License-Identifier: MIT
//
// processes.c - a private folder, and this program started once more beside itself.

#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool folder_make(char *path, size_t size, char *why, size_t why_size)
{
    const char *places[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    int error = 0;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i] == NULL || places[i][0] != '/')
            continue;
        int n = snprintf(path, size, "%s/acta-XXXXXX", places[i]);
        if (n < 0 || (size_t)n >= size) {
            error = ENAMETOOLONG;
            continue;
        }
        if (mkdtemp(path) != NULL)
            return true;
        error = errno;
    }
    snprintf(why, why_size, "cannot make a private folder for the socket: %s; set XDG_RUNTIME_DIR or TMPDIR to a "
             "folder you may write to, with a short name", strerror(error));
    return false;
}

void folder_remove(const char *path)
{
    // As a rule it is empty, and then this needs no descriptor, of which there may be none.
    DIR *folder = rmdir(path) == 0 ? NULL : opendir(path);
    if (folder == NULL)
        return;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    (void)rmdir(path);
}

static int set_up(posix_spawn_file_actions_t *files, posix_spawnattr_t *how, int stdin_fd, int keep_fd)
{
    // The child starts as a program is started: no signal blocked, none ignored.
    sigset_t none;
    sigset_t usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int error = posix_spawnattr_setsigmask(how, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(how, &usual);
    if (error == 0)
        error = posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0 && stdin_fd < 0)
        error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    else if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, stdin_fd, STDIN_FILENO);
    if (error == 0 && keep_fd >= 0) // onto itself: takes the close-on-exec mark away
        error = posix_spawn_file_actions_adddup2(files, keep_fd, keep_fd);
    return error;
}

pid_t process_start(char *const argv[], int stdin_fd, int keep_fd)
{
    pid_t pid = -1;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    int error = posix_spawn_file_actions_init(&files);
    if (error == 0) {
        error = posix_spawnattr_init(&how);
        if (error == 0) {
            error = set_up(&files, &how, stdin_fd, keep_fd);
            if (error == 0)
                error = posix_spawn(&pid, "/proc/self/exe", &files, &how, argv, environ);
            posix_spawnattr_destroy(&how);
        }
        posix_spawn_file_actions_destroy(&files);
    }
    errno = error;
    return error == 0 ? pid : -1;
}

bool process_reap(pid_t pid, int *status)
{
    return waitpid(pid, status, WNOHANG) == pid;
}

int process_wait(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}
