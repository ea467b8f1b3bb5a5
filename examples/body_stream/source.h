// SPDX-License-Identifier: MIT
//
// source.h - where the body comes from: a file, or standard input as "-".

#ifndef BODY_STREAM_SOURCE_H
#define BODY_STREAM_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SOURCE_NEVER UINT64_MAX

typedef struct source_opts {
    const char *path;
    uint64_t fail_at;  // bytes after which reading fails, or SOURCE_NEVER
    uint64_t stall_at; // bytes after which nothing more comes until it is cancelled, or SOURCE_NEVER
} source_opts;

typedef struct source {
    source_opts opts;
    uint64_t at; // bytes read
    int fd;
    int cancel_fd;
    char cause[512]; // why the last call failed
} source;

// source_open. cancel_fd is an eventfd: once it can be read, a read that waits gives up.
//
// Owns:    a source that was opened needs source_close. The strings in opts and cancel_fd stay the caller's.
// Returns: 0, or -1 with s->cause.
int
source_open(source *s, const source_opts *opts, int cancel_fd);

// source_read reads at most size bytes, what there is. It blocks: not for an actor of the pool.
//
// Returns: bytes, 0 at the end, or -1 with s->cause.
ssize_t
source_read(source *s, void *bytes, size_t size);

void
source_close(source *s);

#endif
