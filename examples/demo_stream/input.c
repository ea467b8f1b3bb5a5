// SPDX-License-Identifier: MIT
//
// input.c - what the demo streams, and what is known of it beforehand.

#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define ENOUGH_BYTES 1000000 // an index with less in it comes from a machine without package lists

// dump_index runs apt-cache with path as its output. False when there is none, or it fails.
static bool dump_index(const char *path)
{
    char program[] = "apt-cache";
    char command[] = "dumpavail";
    char *argv[] = {program, command, NULL};
    pid_t pid = -1;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&files) != 0)
        return false;
    if (posix_spawnattr_init(&how) == 0) {
        if (posix_spawnattr_setsigmask(&how, &none) == 0 &&
            posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK) == 0 &&
            posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_EXCL, 0600) == 0 &&
            posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
            posix_spawnp(&pid, program, &files, &how, argv, environ) != 0)
            pid = -1;
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&files);
    int status;
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return pid > 0 && status == 0;
}

static uint64_t size_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
}

static void choose(input *in, const char *file, const char *folder)
{
    if (file != NULL) {
        snprintf(in->path, sizeof(in->path), "%s", file);
        snprintf(in->what, sizeof(in->what), "%s", file);
        return;
    }
    snprintf(in->path, sizeof(in->path), "%s/available", folder);
    snprintf(in->what, sizeof(in->what), "what apt-cache dumpavail prints");
    if (dump_index(in->path) && size_of(in->path) >= ENOUGH_BYTES)
        return;
    static const char *const others[] = {"/var/lib/dpkg/status", "/proc/self/exe"};
    const char *other = size_of(others[0]) > 0 ? others[0] : others[1];
    printf("There are no package lists here (apt-get update fetches them), so %s is streamed instead.\n", other);
    snprintf(in->path, sizeof(in->path), "%s", other);
    snprintf(in->what, sizeof(in->what), "%s", other);
}

static bool read_once(input *in)
{
    static const char key[] = "Package:";
    struct sha256_ctx sha;
    sha256_init(&sha);
    FILE *f = fopen(in->path, "re");
    if (f == NULL)
        return false;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    errno = 0;
    while ((n = getline(&line, &room, f)) > 0) {
        in->bytes += (uint64_t)n;
        in->packages += (size_t)n >= sizeof(key) - 1 && memcmp(line, key, sizeof(key) - 1) == 0 ? 1 : 0;
        sha256_update(&sha, (size_t)n, (const uint8_t *)line);
    }
    bool good = !ferror(f) && errno == 0;
    free(line);
    fclose(f);
    digest_text(&sha, in->sha256);
    return good;
}

bool input_open(input *in, const char *file, const char *folder, char *why, size_t why_size)
{
    memset(in, 0, sizeof(*in));
    choose(in, file, folder);
    struct stat about;
    if (stat(in->path, &about) != 0) {
        snprintf(why, why_size, "%.400s: %s; name a file that you may read", in->path, strerror(errno));
        return false;
    }
    if (!S_ISREG(about.st_mode)) {
        snprintf(why, why_size, "%.400s is not a regular file, and it is read more than once; name one", in->path);
        return false;
    }
    if (!read_once(in)) {
        snprintf(why, why_size, "%.400s cannot be read: %s; name a file that you may read", in->path, strerror(errno));
        return false;
    }
    if (in->bytes < 2) {
        snprintf(why, why_size, "%.400s is too short to be killed half-way; name a longer file", in->path);
        return false;
    }
    return true;
}
