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
//   LEFT           -                nothing             everything they sent was received; close when out is written
//   BROKEN         -                nothing             status says why; what is in out (a REFUSE) may be written
//
// A received frame is acknowledged by its sequence number. "Delivered" means acknowledged.
//
// A frame that its state does not allow, a sequence number that does not follow the last one, an ACK of what was not
// sent or below the last ACK, a FAREWELL to another GOODBYE and anything but ACK, FAREWELL and REFUSE after the
// peer's GOODBYE make the session BROKEN with ACTA_EMALFORMED; the peer is told by REFUSE, except about its
// own REFUSE. LEFT and BROKEN are final: what comes then is dropped unread, as a peer may have sent ACKs before
// it saw our FAREWELL, and nothing is allocated or answered.

#ifndef ACTI_ROUTE_SESSION_H
#define ACTI_ROUTE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "route/frame.h"

// The largest payload that a side may say it takes: every frame but SEND, ASK and REPLY fits in the least, and the most
// is a message of 1 GiB and what its encoding adds. A peer that takes more is sent no more than the most.
#define ACTI_SESSION_PAYLOAD_MIN 4096
#define ACTI_SESSION_PAYLOAD_MAX ((1u << 30) + (1u << 16))

// A read takes at least this much if it is there: a wake-up costs about as much as moving it.
#define ACTI_SESSION_READ_MIN (256u * 1024)
#define ACTI_SESSION_READ_MAX (1024u * 1024)

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
    acti_hello peer; // from OPEN on; both versions are the one chosen
    uint64_t sent;     // last sequence number written to out
    uint64_t acked;    // last one the peer has acknowledged
    uint64_t received; // last one received in order
    uint64_t ack_told; // last one we have acknowledged
    uint64_t goodbye;  // sequence of our GOODBYE, 0 before
    uint64_t peer_goodbye; // sequence of theirs, 0 before
    acti_buf in;  // received bytes not yet taken apart
    acti_buf out; // bytes to write
    size_t taken; // bytes at the front of in that the last frame given out lies in
    size_t need;  // bytes of the frame at the front of in, if it is not whole
    size_t out_limit;
    bool writing; // between begin and end
} acti_session;

// acti_session_init prepares a session; a caller (dialer) writes its HELLO to out. us is copied.
//
// Bounds:  in: one largest payload and one read, 1 MiB. out: a frame is written while fewer than out_limit bytes
//          wait, so one largest frame and 1 KiB for the handshake and the ends may come on top.
// Errors:  ACTA_EINVAL limits, credits or versions in us, or out_limit, that cannot be; ACTA_ENOMEM. The session may be
//          given to fini then, too.
int
acti_session_init(acti_session *session, bool caller, const acti_hello *us, size_t out_limit);

void
acti_session_fini(acti_session *session);

// acti_session_space gives where the next bytes are to be read to, and how many fit: at least 256 KiB, or the
// rest of a large frame up to 1 MiB. acti_session_feed then says how many came; in between, next is not to be
// called. NULL without memory, in a BROKEN session, and when so many frames wait for next that in is full.
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
// A begun frame is ended before anything else is done with the session.
//
// Errors:  ACTA_EUNREACH not OPEN; ACTA_EFULL out_limit bytes wait in out, try again when some were written;
//          ACTA_ETOOBIG above the peer's payload_bytes_max (in end), which no waiting cures; ACTA_ENOMEM;
//          ACTA_EINVAL a kind that the session writes itself. On failure nothing was written.
int
acti_session_put(acti_session *session, acti_frame *frame);
int
acti_session_begin(acti_session *session, acti_frame *frame, size_t *at);
int
acti_session_end(acti_session *session, size_t at, bool drop);

// acti_session_ack writes an ACK if there is anything to acknowledge; called once after each batch of reads, and
// after a write if out was full.
void
acti_session_ack(acti_session *session);

// acti_session_take moves what is in out to *to, which must be empty, so that it can be written while the session
// goes on. out gets the memory that to had.
void
acti_session_take(acti_session *session, acti_buf *to);

// acti_session_leave writes GOODBYE. ACTA_EUNREACH when the session is not OPEN.
int
acti_session_leave(acti_session *session);

// acti_session_refuse breaks a session that waits for HELLO, or any other, with a REFUSE in out. Nothing in LEFT and
// BROKEN. cause says what, why and what to do; control characters in it become question marks.
void
acti_session_refuse(acti_session *session, int status, const char *cause);

// acti_session_check asserts the invariants. For tests and fuzzers.
void
acti_session_check(const acti_session *session);

#endif
