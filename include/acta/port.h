// SPDX-License-Identifier: MIT
//
// port.h - descriptors and signals as events in an actor's inbox, in one order with its messages and timers.
//
// A program that watches nothing pays nothing. The first watch of a system starts one thread that sleeps until the
// kernel has something to tell.

#ifndef ACTA_PORT_H
#define ACTA_PORT_H

#include <acta/actor.h>

ACTA_BEGIN_DECLS

// ---- descriptors ----------------------------------------------------------------

// What a descriptor is ready for. Hang-up and error are always told, asked for or not.
enum {
    ACTA_READABLE = 1, // a read does not block: there are bytes, a connection to accept, or the end
    ACTA_WRITABLE = 2, // a write does not block
    ACTA_HANGUP = 4,   // nobody is at the other end any more; there may still be bytes to read
    ACTA_FD_ERROR = 8  // an error is pending, or the reader of a pipe has gone
};

// The descriptor behind watch was ready for events when this was sent. Somebody else may have been faster, so let it be
// non-blocking.
ACTA_MESSAGE(acta_fd_event, (u64, watch), (i64, fd), (u64, events));

// acta_watch_fd makes an acta_fd_event arrive whenever fd is ready for one of events. It is level-triggered: when the
// actor is done with an event (its handler has returned, its body has freed it) and fd is still ready, the next one
// arrives; there is never more than one in the inbox. What is ready and not wanted any more must be unwatched, or it is
// told again and again. A watch keeps nobody alive: after EOF no event arrives.
//
// One descriptor may be watched several times, by several actors: one for reading and one for writing, say. To change
// what a watch is for, unwatch and watch again.
//
// Owns:    fd stays yours. Unwatch it before you close it. If you do not, what was open stays open, and watched under
//          its old number, until the watch or the actor ends: a watch holds a duplicate of the descriptor.
// Threads: inside self's turn.
// Errors:  ACTA_EINVAL not inside self's turn, unknown events, or a descriptor that is not open or cannot be waited
//          for: files and folders are always ready; ACTA_EFULL 2^24 asks, timers, monitors, links and watches are
//          pending, or the process or the user may have no more descriptors or watches; ACTA_ENOMEM; ACTA_EIO.
ACTA_NODISCARD ACTA_API int
acta_watch_fd(acta_self *self, int fd, uint32_t events, uint64_t *watch);

// ---- signals ------------------------------------------------------------------------

// The process has got signal signo count times since the watch began, or since the event of it before this one.
ACTA_MESSAGE(acta_signal_event, (u64, watch), (i64, signo), (u64, count));

// acta_watch_signal makes an acta_signal_event arrive when the process gets signal signo, such as SIGINT. While anybody
// watches it, what the program had set for it, or the default (mostly: the process ends), is out of force; when
// the last watch of the process ends it is back. Any number of actors and systems may watch the same signal,
// each is told. There is never more than one event of a watch in the inbox: it counts.
//
// The kernel itself merges signals of a kind that are pending, but for the real-time ones. Calls in the program's
// own threads are restarted if they can be; poll and sleeps end with EINTR. Actors run with signals blocked, so raise()
// inside one is not seen: use kill(getpid(), signo). At least one thread of the program must not block signo.
//
// Threads: inside self's turn.
// Errors:  ACTA_EINVAL not inside self's turn, no such signal, or one that cannot be watched: SIGKILL, SIGSTOP, and the
//          faults SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT; else as acta_watch_fd.
ACTA_NODISCARD ACTA_API int
acta_watch_signal(acta_self *self, int signo, uint64_t *watch);

// ---- both -----------------------------------------------------------------------------

// acta_unwatch ends a watch. After it returns no event of that watch arrives, not even one that was already queued, and
// the descriptor may be closed. Safe for a watch that has ended.
//
// Threads: inside self's turn.
ACTA_API void
acta_unwatch(acta_self *self, uint64_t watch);

ACTA_END_DECLS

#endif
