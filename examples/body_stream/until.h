// SPDX-License-Identifier: MIT
//
// until.h - how a program's main thread waits: for an actor that ends, for SIGINT or SIGTERM, for a descriptor.

#ifndef BODY_STREAM_UNTIL_H
#define BODY_STREAM_UNTIL_H

#include <stdbool.h>

// until_init blocks SIGINT, SIGTERM and SIGCHLD in this thread and those it will start, so that they are waited
// for in until_wait, and ignores SIGPIPE. Before acta_open. -1 and errno when descriptors ran out.
int
until_init(void);

// A flag that any thread may raise and one may wait for; an eventfd. It stays raised.
int
until_flag(void);
void
until_raise(int flag);

// until_asked_to_stop: whether what until_wait gave is one of the two signals that end a program.
bool
until_asked_to_stop(int got);

// until_wait waits until fd can be read or its other end has gone (fd -1: never), or a signal of the three
// came.
//
// Returns: 0 for fd, or the signal, which is then no longer pending; 0 for fd when both. now: do not wait, and -1
//          when there is neither.
int
until_wait(int fd);
int
until_now(int fd);

// until_raised is until_wait for a flag: with 0, what was written before the flag was raised can be seen.
int
until_raised(int flag);

#endif
