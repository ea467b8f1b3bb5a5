// SPDX-License-Identifier: MIT
//
// error.h - the status codes: what every function that can fail returns, and
// why an actor, a request or a node ended.

#ifndef ACTA_ERROR_H
#define ACTA_ERROR_H

#include <acta/macro.h>

ACTA_BEGIN_DECLS

// Zero is success, every failure is negative. The numbers are part of the wire
// format (they cross processes in replies and DOWN) and never change.
enum {
    ACTA_OK = 0,
    ACTA_DONE = 1,          // returned by a handler: end this actor, all is well
    ACTA_EINVAL = -1,       // the caller passed something that cannot be right
    ACTA_ENOMEM = -2,       // memory ran out; nothing was changed
    ACTA_EGONE = -3,        // the actor has stopped, or never was
    ACTA_EFULL = -4,        // a bound was reached: inbox, table, registry
    ACTA_ETOOBIG = -5,      // the message is larger than message_bytes_max
    ACTA_ETIMEOUT = -6,     // no outcome in time; what happened is unknown
    ACTA_ECRASHED = -7,     // a process or an actor died without saying so
    ACTA_ENOREPLY = -8,     // the request was dropped unanswered
    ACTA_EREFUSED = -9,     // the other side said no, and says why
    ACTA_EUNREACH = -10,    // the node is down; what was sent before may be lost
    ACTA_EDEADLK = -11,     // a blocking call inside an actor
    ACTA_EMALFORMED = -12,  // bytes that are not what they claim to be
    ACTA_EVERSION = -13,    // the other side speaks another version
    ACTA_EEXIST = -14,      // the name or the path is taken
    ACTA_ENOENT = -15,      // no such name, type or path
    ACTA_EACCES = -16,      // not allowed: permissions, or another user
    ACTA_EALIVE = -17,      // acta_close: actors were still alive at the deadline
    ACTA_ESTOPPED = -18,    // stopped on request
    ACTA_EKILLED = -19,     // ended by force
    ACTA_EIO = -20,         // the operating system refused; errno says more
    ACTA_ELEDGER = -21,     // messages are not accounted for: a bug in acta
    ACTA_ECLAIM = -22       // a claim does not hold in some schedule of the sim
};

// acta_strerror gives one lower-case sentence for a status, never NULL. The
// text is constant. Threads: any.
ACTA_API const char *
acta_strerror(int status);

// acta_errname gives the name of a status, such as "ACTA_EGONE"; "ACTA_E?" for
// a number that is none. The text is constant. Threads: any.
ACTA_API const char *
acta_errname(int status);

ACTA_END_DECLS

#endif
