// SPDX-License-Identifier: MIT
//
// pair.h - a benchmark of two processes: the near one measures and prints, the far one is its child. What they agree
// on outside the measured path goes through a pair of sockets, a byte or a number at a time.

#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "bench.h"

typedef struct pair {
    bool near;
    int control;
    pid_t child;
    char folder[PATH_MAX];
    char url[PATH_MAX + 32]; // ipc:// and the path of a socket in folder
} pair;

// pair_open makes the two processes; both go on from here. No thread may have been started.
static inline void pair_open(pair *p)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(p->folder, sizeof(p->folder), "%s/acta-XXXXXX", tmp != NULL ? tmp : "/tmp");
    bench_need(mkdtemp(p->folder) != NULL, "no private folder");
    snprintf(p->url, sizeof(p->url), "ipc://%s/s", p->folder);
    int ends[2];
    bench_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    p->child = fork();
    bench_need(p->child >= 0, "fork");
    p->near = p->child != 0;
    p->control = ends[p->near ? 0 : 1];
    close(ends[p->near ? 1 : 0]);
}

// pair_path is the path in url.
static inline const char *pair_path(const pair *p)
{
    return p->url + strlen("ipc://");
}

// pair_tell gives the other process a number, which pair_told waits for. A message between the two says "go on".
static inline void pair_tell(const pair *p, double number)
{
    bench_need(write(p->control, &number, sizeof(number)) == sizeof(number), "the other process has gone");
}

static inline double pair_told(const pair *p)
{
    double number;
    ssize_t n;
    do
        n = read(p->control, &number, sizeof(number));
    while (n < 0 && errno == EINTR);
    bench_need(n == sizeof(number), "the other process has gone");
    return number;
}

// pair_close ends the far process, and waits for that in the near one.
static inline void pair_close(pair *p)
{
    if (!p->near)
        exit(EXIT_SUCCESS);
    int status;
    bench_need(waitpid(p->child, &status, 0) == p->child && status == 0, "the other process failed");
    close(p->control);
    (void)unlink(pair_path(p)); // not everybody's listener does
    rmdir(p->folder);
}

#endif
