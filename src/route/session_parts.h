// SPDX-License-Identifier: MIT
//
// session_parts.h - what the parts of a session ask of each other: session.c is its life and what is read,
// session_meet.c its connections, session_kept.c what was put and is not acknowledged, session_out.c what is written.

#ifndef ACTI_ROUTE_SESSION_PARTS_H
#define ACTI_ROUTE_SESSION_PARTS_H

#include "route/session.h"

// ---- session.c -------------------------------------------------------------------

// acti_session_deny refuses with a cause that it formats, and gives the status that the session is BROKEN with. Names
// come last in a cause: a long one, cut in the middle, takes nothing with it.
__attribute__((format(printf, 3, 4))) int acti_session_deny(acti_session *session, int status,
                                                            const char *format, ...);

// ---- session_meet.c --------------------------------------------------------------

// acti_session_meeting: whether a part of the handshake is waited for.
static inline bool acti_session_meeting(const acti_session *session)
{
    return session->phase == ACTI_PHASE_WAITING || session->phase == ACTI_PHASE_CALLING ||
           session->phase == ACTI_PHASE_HALF;
}

// acti_session_on_hello and acti_session_on_welcome deal with what the peer says of itself. 1, or a negative status.
int acti_session_on_hello(acti_session *session, const acti_hello *peer);
int acti_session_on_welcome(acti_session *session, const acti_hello *peer);

// acti_session_rise makes a connection UP that both sides have agreed on.
void acti_session_rise(acti_session *session);

// ---- session_kept.c --------------------------------------------------------------

void acti_session_kept_init(acti_session *session);
void acti_session_kept_fini(acti_session *session);

// acti_session_has_chunk: whether any sequenced frame waits to be written. acti_session_keep moves the next chunk of
// them to those that are kept, or gives NULL.
bool acti_session_has_chunk(const acti_session *session);
acti_session_chunk *acti_session_keep(acti_session *session);

// acti_session_told is the last sequence number that was written to this connection or that the peer has received:
// what it may acknowledge.
uint64_t acti_session_told(const acti_session *session);

// acti_session_acked lets go of what was kept up to sequence, which the peer has acknowledged on this connection.
// acti_session_resume does so at the beginning of a connection; what is behind it will be written.
void acti_session_acked(acti_session *session, uint64_t sequence);
void acti_session_resume(acti_session *session, uint64_t received);

// acti_session_rewind has all that is kept written again.
void acti_session_rewind(acti_session *session);

void acti_session_kept_check(const acti_session *session);

// ---- session_out.c ---------------------------------------------------------------

void acti_session_out_init(acti_session *session);
void acti_session_out_fini(acti_session *session);

// acti_session_ready brings the memory for the unsequenced frames of a connection; none of them can fail for lack of
// it after that. ACTA_OK or ACTA_ENOMEM.
int acti_session_ready(acti_session *session);

// acti_session_say has a HELLO, WELCOME or REFUSE written: at most one of the first two and one REFUSE in a
// connection.
void acti_session_say(acti_session *session, const acti_frame *frame);

// acti_session_unsay forgets what was to be said to a connection that is cut.
void acti_session_unsay(acti_session *session);

#endif
