// SPDX-License-Identifier: MIT
//
// session.h - the ordered conversation between two nodes, without I/O: bytes in, frames and bytes out. It has no
// clock, thread or descriptor, so that tests, the sim and the fuzzer drive the code that ships.
//
//   state          we sent          we wait for         then
//   WAITING        -                HELLO               OPEN (WELCOME sent) or BROKEN (REFUSE sent)
//   CALLING        HELLO            WELCOME             OPEN; a REFUSE: BROKEN with its status
//   OPEN           any frame        any frame           LEAVING on our GOODBYE, LEFT on theirs (FAREWELL sent)
//   LEAVING        GOODBYE          FAREWELL            LEFT. Their GOODBYE may cross ours: FAREWELL is sent, too
//   LEFT           -                nothing             everything sent was received; close when out is written
//   BROKEN         -                nothing             status says why; what is in out (a REFUSE) may be written
//
// A received frame is acknowledged by its sequence number. "Delivered" means acknowledged.

#ifndef ACTI_ROUTE_SESSION_H
#define ACTI_ROUTE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "route/frame.h"

typedef enum acti_session_state {
    ACTI_SESSION_WAITING,
    ACTI_SESSION_CALLING,
    ACTI_SESSION_OPEN,
    ACTI_SESSION_LEAVING,
    ACTI_SESSION_LEFT,
    ACTI_SESSION_BROKEN,
} acti_session_state;

typedef struct acti_session {
    acti_session_state state;
    int status;      // BROKEN: why, ACTA_EMALFORMED, ACTA_EVERSION, ACTA_EREFUSED, or the peer's REFUSE status
    char cause[256]; // BROKEN: the same for a person
    acti_hello us;
    acti_hello peer; // from OPEN on
    uint64_t sent;     // last sequence number written to out
    uint64_t acked;    // last one the peer has acknowledged
    uint64_t received; // last one received in order
    uint64_t ack_told; // last one we have acknowledged
    uint64_t goodbye;  // sequence of our GOODBYE, 0 before
    acti_buf in;  // received bytes not yet taken apart
    acti_buf out; // bytes to write
    size_t taken; // bytes at the front of in that the last frame given out lies in
} acti_session;

// acti_session_init prepares a session; a caller (dialer) writes its HELLO to out. out_limit bounds the bytes
// waiting in out; in is bounded by payload_bytes_max and one read. us is copied.
int
acti_session_init(acti_session *session, bool caller, const acti_hello *us, size_t out_limit);

void
acti_session_fini(acti_session *session);

// acti_session_space gives where the next bytes are to be read to, and how many fit: at least 64 KiB, or the
// rest of a large frame up to 1 MiB. acti_session_feed then says how many came. NULL without memory.
uint8_t *
acti_session_space(acti_session *session, size_t *room);
void
acti_session_feed(acti_session *session, size_t size);

// acti_session_next gives the next frame meant for the node: WELCOME or HELLO once when the session became OPEN
// (session->peer is set), TYPE up to CREDIT as they come, GOODBYE when the peer left, FAREWELL when ours was
// answered. ACKs are dealt with inside. The frame's pointers hold until the next call of next, space or feed.
//
// Returns: 1 a frame; 0 more bytes are needed; negative: the session is BROKEN, with that status.
int
acti_session_next(acti_session *session, acti_frame *frame);

// acti_session_put writes a frame to out, with its sequence number. acti_session_begin and _end do so for a
// SEND, ASK or REPLY whose rest the caller appends to session->out in between; a dropped frame uses no number.
//
// Errors:  ACTA_EUNREACH not OPEN; ACTA_ETOOBIG above the peer's payload_bytes_max (in end), or out is full;
//          ACTA_ENOMEM. On failure nothing was written.
int
acti_session_put(acti_session *session, acti_frame *frame);
int
acti_session_begin(acti_session *session, acti_frame *frame, size_t *at);
int
acti_session_end(acti_session *session, size_t at, bool drop);

// acti_session_ack writes an ACK if there is anything to acknowledge; called once after each batch of reads.
void
acti_session_ack(acti_session *session);

// acti_session_leave writes GOODBYE. ACTA_EUNREACH when the session is not OPEN.
int
acti_session_leave(acti_session *session);

// acti_session_refuse breaks a session that waits for HELLO, or any other, with a REFUSE in out.
void
acti_session_refuse(acti_session *session, int status, const char *cause);

// acti_session_check asserts the invariants. For tests and fuzzers.
void
acti_session_check(const acti_session *session);

#endif
