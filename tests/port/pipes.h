// SPDX-License-Identifier: MIT
//
// pipes.h - what the tests of watches share: pairs of connected descriptors, and looks at the process from outside.

#ifndef PIPES_H
#define PIPES_H

#include "core/kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

// What is written to in is read from out.
typedef struct tube {
    int out;
    int in;
} tube;

enum { TUBE_PIPE, TUBE_SOCKETS, TUBE_EVENTFD, TUBES };

static inline tube tube_open(int sort)
{
    int fd[2];
    if (sort == TUBE_PIPE) {
        assert_int_equal(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
    } else if (sort == TUBE_SOCKETS) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
    } else {
        fd[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
        fd[1] = fcntl(fd[0], F_DUPFD_CLOEXEC, 0);
        assert_true(fd[0] >= 0 && fd[1] >= 0);
    }
    return (tube){.out = fd[0], .in = fd[1]};
}

static inline void tube_close(tube *t)
{
    if (t->out >= 0)
        close(t->out);
    if (t->in >= 0)
        close(t->in);
    *t = (tube){-1, -1};
}

// One letter: eight bytes, all that an eventfd takes. Any thread.
static inline bool tube_put(const tube *t)
{
    uint64_t one = 1;
    return write(t->in, &one, sizeof(one)) == sizeof(one);
}

static inline bool tube_take(const tube *t)
{
    uint64_t one;
    return read(t->out, &one, sizeof(one)) == sizeof(one);
}

// fds_open is how many descriptors the process has.
static inline int fds_open(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int n = -1; // the folder's own
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

// sleeps_of gives how often the thread of that name has gone to sleep by itself; -1: there is none, or more than one.
static inline long sleeps_of(const char *name)
{
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    long found = -1;
    int threads = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300], line[256];
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        FILE *status = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
        bool match = false;
        while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
            char word[64];
            long n;
            if (sscanf(line, "Name: %63s", word) == 1)
                threads += match = strcmp(word, name) == 0;
            else if (match && sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
                found = n;
        }
        if (status != NULL)
            fclose(status);
    }
    closedir(folder);
    return threads == 1 ? found : -1;
}

// await_end waits until an actor has ended by itself, and closes the system.
static inline void await_end(kit *k, acta_tx **tx)
{
    assert_true(kit_await_ended(acta_tx_addr(*tx)));
    acta_tx_drop(tx);
    kit_close(k);
}

#endif
