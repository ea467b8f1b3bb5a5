// SPDX-License-Identifier: MIT
//
// source.c - where the body comes from: a file, or standard input as "-".

#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(source *s, const char *why)
{
    const char *name = strcmp(s->opts.path, "-") == 0 ? "standard input" : s->opts.path;
    snprintf(s->cause, sizeof(s->cause), "%s: %s", name, why);
    return -1;
}

int source_open(source *s, const source_opts *opts, int cancel_fd)
{
    *s = (struct source){.opts = *opts, .fd = STDIN_FILENO, .cancel_fd = cancel_fd};
    // Not blocking, because opening a FIFO would wait for its writer where nobody can cancel it.
    if (strcmp(opts->path, "-") != 0)
        s->fd = open(opts->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0) {
        char why[128];
        snprintf(why, sizeof(why), "%s; name a file that you may read, or - for standard input", strerror(errno));
        return refuse(s, why);
    }
    struct stat about;
    int status = 0;
    if (fstat(s->fd, &about) != 0)
        status = refuse(s, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = refuse(s, "it is a folder; name a file in it");
    if (status != 0)
        source_close(s);
    return status;
}

void source_close(source *s)
{
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    s->fd = -1;
}

// wait_for_bytes: 0 when reading will not block, -1 when it was cancelled or failed. Without a source it waits for the
// cancelling alone.
static int wait_for_bytes(source *s, int fd)
{
    struct pollfd on[2] = {{.fd = s->cancel_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (poll(on, 2, -1) < 0)
        if (errno != EINTR)
            return refuse(s, strerror(errno));
    return on[0].revents != 0 ? refuse(s, "reading was cancelled") : 0;
}

ssize_t source_read(source *s, void *bytes, size_t size)
{
    char why[96];
    uint64_t fail_at = s->opts.fail_at;
    uint64_t stall_at = s->opts.stall_at;
    if (s->at == fail_at) {
        snprintf(why, sizeof(why), "reading failed at byte %llu, as --fail-at asked", (unsigned long long)fail_at);
        return refuse(s, why);
    }
    if (s->at == stall_at)
        return wait_for_bytes(s, -1);
    if (size > fail_at - s->at)
        size = (size_t)(fail_at - s->at);
    if (size > stall_at - s->at)
        size = (size_t)(stall_at - s->at);

    for (;;) {
        if (wait_for_bytes(s, s->fd) != 0)
            return -1;
        ssize_t n = read(s->fd, bytes, size);
        if (n >= 0) {
            s->at += (uint64_t)n;
            return n;
        }
        if (errno != EINTR && errno != EAGAIN)
            return refuse(s, strerror(errno));
    }
}
