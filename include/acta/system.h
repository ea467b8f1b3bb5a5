// SPDX-License-Identifier: MIT
//
// system.h - the system: workers, and every actor that runs on them.

#ifndef ACTA_SYSTEM_H
#define ACTA_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/error.h>
#include <acta/macro.h>

ACTA_BEGIN_DECLS

typedef struct acta_system acta_system;

#define ACTA_MS ((uint64_t)1000000)    // nanoseconds in a millisecond
#define ACTA_SECOND ((uint64_t)1000000000) // nanoseconds in a second
#define ACTA_FOREVER UINT64_MAX        // a time limit that never comes

// Whether each sender remembers who made it, and in which line, for acta_why and the reports. Costs about 100 ns a
// sender.
typedef enum acta_track {
    ACTA_TRACK_DEFAULT = 0, // on in a debug build of the library (Meson's buildtype debug), else off
    ACTA_TRACK_ON = 1,
    ACTA_TRACK_OFF = 2,
} acta_track;

// Whether each message is followed, to find messages whose order matters and is kept by nothing: two into one inbox,
// the second sent after the first but by another path, at least one of a terminal type (ACTA_MESSAGE_TERMINAL). Each
// such pair of types and paths is reported once, whichever came first, and all are counted in the ledger. What is sent
// to other processes is not followed, nor what actors tell each other past acta; what is not known makes for silence.
// Costs about 110 ns a message between two actors, half a microsecond where 64 send to one, and some microseconds where
// a thousand all talk to each other.
typedef enum acta_lint {
    ACTA_LINT_DEFAULT = 0, // on in a debug build of the library (Meson's buildtype debug), else off
    ACTA_LINT_ON = 1,
    ACTA_LINT_OFF = 2,
} acta_lint;

// Who this program is, and whom it believes, at tls+tcp:// URLs. All files are in PEM form. They are read whenever a
// listener is made or a connection begun, so what is renewed on disk is used from then on.
typedef struct acta_tls_opts {
    const char *ca_file;   // certificates of the authorities whose signature makes a peer believable; NULL: no TLS
    const char *cert_file; // our certificate, and those that lead from it to an authority that the peers know
    const char *key_file;  // its private key, not encrypted; NULL: it is in cert_file
    const char *peer_name; // what the certificate of who we connect to must be for; NULL: the host in the URL
} acta_tls_opts;

// Right when zero.
typedef struct acta_system_opts {
    uint32_t workers;           // pool threads; 0: one per processor; at most 256
    uint32_t message_bytes_max; // largest message, body and variable parts; 0: 16 MiB; at most 1 GiB
    uint32_t stack_bytes;       // of a pool body, unless its spawn says otherwise; 0: 64 KiB
    acta_track track_senders;   // who holds whom, for reports
    acta_lint order_lint;       // two-path races

    // A message that an actor in the pool handles for longer than this keeps a worker from others. It is named once,
    // while it lasts, with its actor and its type, and that actor again only for a message that takes twice as long;
    // actors with a thread of their own may take their time. 0: 100 ms; ACTA_FOREVER: nobody looks. Otherwise a thread
    // looks four times in that time, but at most every millisecond, and never while there is nothing to do.
    uint64_t long_turn_ns;

    // A node that has nothing to say to a peer says so this often, and is never silent for longer. Who hears nothing of
    // a peer for two and a half of the peer's heartbeats takes it for dead: it hangs, was stopped, or the network does
    // not let it through. So does a process whose workers are all kept by long turns for that long; one that was made
    // for an actor is not judged by that, and neither is its maker by it. 0: 2 seconds; at least 1 ms; ACTA_FOREVER:
    // never, and a peer that hangs is not noticed by this side's peers.
    uint64_t heartbeat_ns;

    // Whether tcp:// may be used with addresses beyond loopback, where whoever sees the packets can read them, change
    // them, and send what they like in a peer's name. Say so only where the network itself keeps others out.
    bool plaintext_anywhere;

    acta_tls_opts tls; // for tls+tcp://

    // report gets one line of text, without newline, when something happened that a person should know: who is still
    // alive at a close, why a peer was refused, an unhandled message, a long turn, a two-path race. NULL: nobody is
    // told; the library itself never prints. Called on any thread, one call at a time, and must not call acta.
    void (*report)(void *arg, const char *line);
    void *report_arg;
} acta_system_opts;

// acta_open starts a system. opts may be NULL.
//
// It is of this process. In a fork that does not execute a program there are none of the threads that run its actors:
// whatever starts or waits for anything says ACTA_EINVAL there, and report why. A fork is to execute a program: what
// other threads had locked stays so in it.
//
// Owns:    opts is read before the call returns, with the texts in it; report_arg stays in use. *sys is the caller's,
//          to be given to acta_close.
// Errors:  ACTA_EINVAL an option is out of range, or two files of the program define one message type
//          differently, or enter two actors under one name (report says which); ACTA_ENOMEM; ACTA_EIO a thread could
//          not be made.
ACTA_NODISCARD ACTA_API int
acta_open(const acta_system_opts *opts, acta_system **sys);

// acta_close waits until every actor has ended, says goodbye to every node, stops the workers and frees the
// system. Drop your own senders first: an actor that somebody can still send to does not end.
//
// At the deadline it reports who is still alive, in what state and how many senders there are to it, then
// stops them by force. An actor that is computing and does not return within another second cannot be stopped
// safely; its system is then left in memory on purpose.
//
// Owns:    takes *sys and sets it to NULL, whatever is returned but ACTA_EDEADLK. Addresses and senders may still be
//          dropped afterwards; nothing else may be done with them.
// Threads: any thread that is not running an actor. No other thread, and no actor of another system, may use the
//          system any more.
// Errors:  ACTA_EALIVE actors had to be stopped by force; ACTA_EDEADLK called inside an actor; ACTA_EINVAL in a fork of
//          the process that opened it, where it stays in memory;
//          ACTA_ELEDGER messages are not accounted for, which is a bug in acta.
ACTA_API int
acta_close(acta_system **sys, uint64_t timeout_ns);

// The ledger: sent = handled + queued + returned + dropped, at any quiet moment. A message that was refused
// with an error when it was sent was not sent; one that waits in an outbox was, and is queued.
typedef struct acta_ledger {
    uint64_t sent;     // accepted into an inbox, from here or from another node
    uint64_t handled;  // given to an actor, or to the node it was meant for
    uint64_t queued;   // in inboxes and outboxes now
    uint64_t returned; // requests whose responder ended first, answered with that
    uint64_t dropped;  // the sum of the following

    uint64_t dropped_gone;    // still queued when the actor, or a sender that was killed, ended
    uint64_t dropped_unreach; // on their way to a node that went down
    uint64_t dropped_late;    // replies that came after their ask had its outcome
    uint64_t dropped_cancel;  // timers, monitors and watches cancelled while their event was queued

    uint64_t unhandled; // handled, but the actor said it knew nothing of the type (acta_unhandled)
    uint64_t refused;   // not sent: the actor had stopped, the message was too big, or made no sense at a door

    uint64_t pauses;      // times that an actor, or a thread outside, was suspended by a full inbox
    uint64_t overcommits; // messages let over the bound of an inbox because all would have waited in a circle
    uint64_t long_turns;  // messages that took longer than long_turn_ns, as far as the watchdog saw
    uint64_t races;       // pairs of messages whose order nothing kept, as far as the order lint saw
} acta_ledger;

// acta_ledger_read adds up the counters of all workers. While messages move, the figures are of slightly
// different moments. Threads: any.
ACTA_API void
acta_ledger_read(const acta_system *sys, acta_ledger *out);

// acta_now_ns is the system's monotonic clock, in nanoseconds. Virtual in the sim. Threads: any.
ACTA_API uint64_t
acta_now_ns(const acta_system *sys);

// acta_version is the library's version, such as "0.1.0".
ACTA_API const char *
acta_version(void);

ACTA_END_DECLS

#endif
