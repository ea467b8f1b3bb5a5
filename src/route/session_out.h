// SPDX-License-Identifier: MIT
//
// session_out.h - the side of a session that is written: what session.c asks of session_out.c.

#ifndef ACTI_ROUTE_SESSION_OUT_H
#define ACTI_ROUTE_SESSION_OUT_H

#include "route/session.h"

void
acti_session_out_init(acti_session *session);
void
acti_session_out_fini(acti_session *session);

// acti_session_out_ready brings the memory for the unsequenced frames of a connection; none of them can fail for lack of
// it after that. ACTA_OK or ACTA_ENOMEM.
int
acti_session_out_ready(acti_session *session);

// acti_session_out_say puts a HELLO, WELCOME or REFUSE: at most one of the first two and one REFUSE in a connection.
void
acti_session_out_say(acti_session *session, const acti_frame *frame);

// acti_session_out_told is the last sequence number that was written to this connection or that the peer has: what it
// may acknowledge.
uint64_t
acti_session_out_told(const acti_session *session);

// acti_session_out_acked lets go of what was kept up to sequence, which the peer has told on this connection.
// acti_session_out_resume does so at the beginning of a connection; the rest will be written.
void
acti_session_out_acked(acti_session *session, uint64_t sequence);
void
acti_session_out_resume(acti_session *session, uint64_t received);

// acti_session_out_rewind forgets what was said to a connection that is cut; all that is kept is to be written again.
void
acti_session_out_rewind(acti_session *session);

void
acti_session_out_check(const acti_session *session);

#endif
