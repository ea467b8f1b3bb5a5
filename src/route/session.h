// SPDX-License-Identifier: MIT
//
// session.h - the ordered conversation between two nodes, without I/O: bytes in, frames and bytes out. It has no
// clock, thread or descriptor, so that tests, the sim and the fuzzer drive the code that ships.
//
// A session outlives its connections. What it has said in sequenced frames is kept until the peer has acknowledged
// it; when a connection is cut, and the two have met again over another, each begins behind the last frame that the
// other has received. So every sequenced frame is received once and in order, for as long as the session lives.
//
//   the session   what may be done                          then
//   NEW           the handshake                             OPEN when its first connection is UP; LEFT when there is
//                                                           another session with that node already
//   OPEN          any frame may be put, connected or not    LEAVING on our GOODBYE, LEFT on theirs
//   LEAVING       nothing; GOODBYE is said                  LEFT on FAREWELL. Their GOODBYE may cross ours, and is
//                                                           answered, too
//   LEFT          nothing                                   all that they sent was received; close when the rest and
//                                                           FAREWELL are written
//   BROKEN        nothing                                   status says why; close when REFUSE is written
//
//   the connection                                          then
//   NONE          no connection                             CALLING by call, WAITING by answer
//   CALLING       HELLO is written                          WELCOMED on WELCOME; on REFUSE the session is BROKEN
//   WELCOMED      the node decides                          UP by confirm (an ACK is written, before all else)
//   WAITING       nothing is said                           GREETED on HELLO
//   GREETED       the node decides: whose session is it?    HALF by adopt (WELCOME is written), of this session if it
//                                                           is new, else of the one that HELLO names; or known, or
//                                                           refuse
//   HALF          WELCOME is written                        UP with the ACK that confirms
//   UP            frames come and go                        NONE by cut, from everywhere
//
// The caller decides whether a new session comes to be, because it is the first to know both nodes: when two call
// each other at once, one of the two connections is dropped by its caller (node.c has the rule), and the called side,
// which is only HALF, has promised nothing yet.
//
// A received frame is acknowledged by its sequence number. "Delivered" means acknowledged.
//
// What makes a session BROKEN with ACTA_EMALFORMED: a frame that its state or phase does not allow; a sequence number
// that does not follow the last one; a message in parts that is one too many or too long (begun.h); an ACK of what was
// not written to this connection, or below the last; a FAREWELL to another GOODBYE; anything but ACK, FAREWELL and
// REFUSE after the peer's GOODBYE; a HELLO or WELCOME that takes a session up again and is of another node or
// incarnation, or with other limits, or that has received what was not written, or less than it once had. The peer is
// told by REFUSE, except about its own REFUSE. LEFT and BROKEN are final: what comes then is dropped unread, as a peer
// may have sent ACKs before it saw our FAREWELL, and nothing is allocated or answered.

#ifndef ACTI_ROUTE_SESSION_H
#define ACTI_ROUTE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "route/begun.h"
#include "route/frame.h"

// The largest payload that a side may say it takes: every frame but SEND, ASK, REPLY and PART fits in the least, and
// the most is a message of 1 GiB and what its encoding adds. A peer that takes more is sent no more than the most.
#define ACTI_SESSION_PAYLOAD_MIN 4096
#define ACTI_SESSION_PAYLOAD_MAX ((1u << 30) + (1u << 16))

// A read takes at least this much if it is there: a wake-up costs about as much as moving it.
#define ACTI_SESSION_READ_MIN (256u * 1024)
#define ACTI_SESSION_READ_MAX (1024u * 1024)
#define ACTI_SESSION_READ_MEETING 4096u // before the peer has said who it is: anybody can connect, and many at once

// Received and not acknowledged, that are worth a write of their own.
#define ACTI_SESSION_ACK_FRAMES 1024
#define ACTI_SESSION_ACK_BYTES (256u * 1024)

typedef enum acti_session_state {
    ACTI_SESSION_NEW,
    ACTI_SESSION_OPEN,
    ACTI_SESSION_LEAVING,
    ACTI_SESSION_LEFT,
    ACTI_SESSION_BROKEN,
} acti_session_state;

typedef enum acti_session_phase {
    ACTI_PHASE_NONE,
    ACTI_PHASE_CALLING,
    ACTI_PHASE_WELCOMED,
    ACTI_PHASE_WAITING,
    ACTI_PHASE_GREETED,
    ACTI_PHASE_HALF,
    ACTI_PHASE_UP,
} acti_session_phase;

// Sequenced frames that are written in one go, and kept until the last of them is acknowledged. Behind the bytes
// that frames holds there are extra ones while it is being written, of frames without a number, which are not kept.
typedef struct acti_session_chunk {
    acti_list link;
    acti_buf frames;
    uint64_t first; // sequence numbers
    uint64_t last;
    size_t extra;
} acti_session_chunk;

typedef struct acti_session {
    acti_session_state state;
    acti_session_phase phase;
    int status;      // BROKEN: why, ACTA_EMALFORMED, ACTA_EVERSION, ACTA_EREFUSED, or the peer's REFUSE status
    char cause[256]; // BROKEN: the same for a person
    acti_hello us;   // us.session: the number of this session, 0 while it has none
    acti_hello peer; // from GREETED and WELCOMED on; both versions are the one chosen
    uint64_t sent;     // last sequence number put
    uint64_t written;  // last one that take ever gave
    uint64_t acked;    // last one the peer has acknowledged
    uint64_t received; // last one received in order
    uint64_t ack_told; // last one we have acknowledged
    uint64_t goodbye;  // sequence of our GOODBYE, 0 before
    uint64_t peer_goodbye; // sequence of theirs, 0 before
    uint64_t heard;        // bytes that have come, over all connections: who counts ticks of silence compares it
    uint64_t untold_bytes; // received since the last ACK
    acti_buf in;  // received bytes not yet taken apart
    size_t taken; // bytes at the front of in that the last frame given out lies in
    size_t need;  // bytes of the frame at the front of in, if it is not whole
    acti_begun begun; // messages of which parts have come
    acti_session_chunk *filling; // frames are put here; NULL: none since it was taken
    acti_list unwritten;         // chunks that are full, or are to be written again; oldest first
    acti_list kept;              // chunks that were written and are not acknowledged; older than those
    acti_list spares;            // chunks without frames, for the next filling
    unsigned spare_count;
    size_t waiting_bytes; // in filling and unwritten
    size_t kept_bytes;    // in kept
    size_t out_limit;
    acti_session_chunk *writing; // in kept: what is being written; it may take several writes
    size_t write_at;             // bytes of it that were written
    size_t write_size;           // bytes that take gave, until wrote is called for them
    acti_buf control;            // HELLO, WELCOME or REFUSE to be written, and what did not fit behind a chunk
    acti_buf said;               // the same when take gave it without a chunk, until wrote is called for it
    bool ack_due;                // an ACK is to be written
    bool farewell_due;           // FAREWELL is to be written, behind everything else
    bool offered; // NEW: we chose us.session when we were called, and have not heard that the caller took it
    bool putting; // between begin and end
} acti_session;

// acti_session_init prepares a session. us is copied; us.session is 0, or a number that both sides agreed on before.
//
// Bounds:  in: one largest payload and one read, 1 MiB; and what of messages in parts has come, by begun.h. Frames are
//          put while fewer than out_limit bytes are waiting or kept, so one largest frame, GOODBYE and 2 KiB of
//          unsequenced ones may come on top. A peer acknowledges after 256 KiB: with an out_limit not well above that,
//          each bound that is reached waits for a heartbeat.
// Errors:  ACTA_EINVAL limits, credits, heartbeat or versions in us, or out_limit, that cannot be. The session may be
//          given to fini then, too.
int
acti_session_init(acti_session *session, const acti_hello *us, size_t out_limit);

void
acti_session_fini(acti_session *session);

// ---- connections ------------------------------------------------------------------

// acti_session_call begins a connection that we have made: HELLO is written. acti_session_answer begins one that was
// made to us, of a new session: HELLO is waited for. Both only in NONE. ACTA_OK or ACTA_ENOMEM, and still NONE.
int
acti_session_call(acti_session *session);
int
acti_session_answer(acti_session *session);

// acti_session_adopt takes the connection on which peer said HELLO: WELCOME is written, and the session is HALF. The
// connection may be its own, GREETED, or that of another new session, which is dropped then; from here on its bytes
// are this one's, also if adopt fails: a REFUSE is to be written. Otherwise the session is in NONE. A HELLO that
// names a session is for the one with that number. One that names none is for one that is NEW, which takes number if
// it has none; or for one with that node that has received nothing and of which nothing has been received: the peer
// was called by us, and has not heard yet that we took its WELCOME.
//
// acti_session_welcome is the same for the caller: a NEW session in NONE takes the connection on which peer said
// WELCOME, without a flag, to another one of ours, and is WELCOMED. A number that it chose when it was called is
// given up.
//
// Returns: ACTA_OK; ACTA_ENOMEM, and nothing has changed; or why the session is BROKEN: ACTA_EMALFORMED,
//          ACTA_EVERSION, ACTA_EREFUSED.
int
acti_session_adopt(acti_session *session, const acti_hello *peer, uint64_t number);
int
acti_session_welcome(acti_session *session, const acti_hello *peer);

// acti_session_known answers a HELLO in GREETED by saying that there is a session with that node already. The session
// is LEFT, and the connection to be closed when that is written.
void
acti_session_known(acti_session *session);

// acti_session_confirm answers a WELCOME: the connection is UP, and a new session OPEN.
void
acti_session_confirm(acti_session *session);

// acti_session_cut ends the connection, whatever its phase: a session that is not NEW goes on in NONE, and what was
// written and is not acknowledged will be written again. No read into space and no write may be pending.
void
acti_session_cut(acti_session *session);

// ---- reading ----------------------------------------------------------------------

// acti_session_space gives where the next bytes are to be read to, and how many fit: 4 KiB during the handshake, then
// at least 256 KiB, or the rest of a large frame up to 1 MiB. acti_session_feed then says how many came; in between,
// next is not to be called. NULL without memory, without a connection, in a BROKEN session, and when so many frames
// wait for next that in is full. What is fed after a cut is dropped.
uint8_t *
acti_session_space(acti_session *session, size_t *room);
void
acti_session_feed(acti_session *session, size_t size);

// acti_session_next gives the next frame meant for the node: HELLO (the session is GREETED then) or WELCOME
// (WELCOMED; with ACTI_WELCOME_KNOWN in its flags LEFT or, if it has offered a number itself, to be cut), and nothing
// more until the node has decided; TYPE up to LINK as they come, GOODBYE when the peer left, FAREWELL when ours was
// answered. ACKs are dealt with inside, and so are PARTs: a SEND, ASK or REPLY has the whole message as its rest. The
// frame's pointers hold until the next call of next, space, feed or cut.
//
// Returns: 1 a frame; 0 more bytes are needed, or the node's decision; negative: the session is BROKEN, with that
//          status, or ACTA_ENOMEM and it is not: no memory for a message in parts, and nothing has changed.
int
acti_session_next(acti_session *session, acti_frame *frame);

// ---- writing ----------------------------------------------------------------------

// acti_session_put puts a frame behind what was put before, with its sequence number. acti_session_begin and _end do
// so for a SEND, ASK or REPLY whose rest the caller appends to the buffer that begin gives in between, and at is for
// end; a dropped frame uses no number. A begun frame is ended before anything else is done with the session.
//
// Errors:  ACTA_EUNREACH not OPEN; ACTA_EFULL out_limit bytes are waiting or kept, try again when some were
//          acknowledged; ACTA_ETOOBIG above the peer's payload_bytes_max (in end), which no waiting cures; ACTA_ENOMEM;
//          ACTA_EINVAL a kind that the session writes itself. On failure nothing was put.
int
acti_session_put(acti_session *session, acti_frame *frame);
int
acti_session_begin(acti_session *session, acti_frame *frame, acti_buf **out, size_t *at);
int
acti_session_end(acti_session *session, size_t at, bool drop);

// acti_session_waiting is how many bytes of frames wait to be written, and acti_session_kept how many are kept beyond
// that: who has much to say waits while either is much.
static inline size_t acti_session_waiting(const acti_session *session)
{
    return session->waiting_bytes;
}
static inline size_t acti_session_kept(const acti_session *session)
{
    return session->kept_bytes;
}

// acti_session_ack has an ACK written by the next take if there is anything to acknowledge, or anyway, as a
// heartbeat; nothing when not UP. Behind a chunk it rides without being asked for. acti_session_owes_ack: whether so
// much was received that an ACK is worth a write.
void
acti_session_ack(acti_session *session, bool anyway);
bool
acti_session_owes_ack(const acti_session *session);

// acti_session_take gives the next bytes to be written to the connection, or false when there are none, or those it
// gave before are not written yet. They stay as they are until acti_session_wrote says that they are, or until cut.
bool
acti_session_take(acti_session *session, const uint8_t **bytes, size_t *size);
void
acti_session_wrote(acti_session *session);

// acti_session_unsaid: whether anything is there that take would give: now, or when what it gave before is written, or
// when the connection is UP.
bool
acti_session_unsaid(const acti_session *session);

// ---- the end ----------------------------------------------------------------------

// acti_session_leave puts GOODBYE; it is kept and written again as other frames are. ACTA_EUNREACH when the session
// is not OPEN.
int
acti_session_leave(acti_session *session);

// acti_session_refuse breaks a session with a REFUSE in out, if there is a connection. Nothing in LEFT and BROKEN.
// cause says what, why and what to do; control characters in it become question marks.
void
acti_session_refuse(acti_session *session, int status, const char *cause);

// acti_session_check asserts the invariants. For tests and fuzzers.
void
acti_session_check(const acti_session *session);

#endif
