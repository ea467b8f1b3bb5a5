// SPDX-License-Identifier: MIT
//
// begun.h - messages that come in parts: what has come of each, until the frame that ends it. Without I/O or actors; a
// session has one (session.c), and gives out whole messages only. pieces.h is the side that sends them.
//
// A message to an actor is either one SEND, ASK or REPLY, or begins in PARTs to that actor and ends in its next SEND,
// ASK or REPLY. In between come frames about other actors, so several may be begun at a time, one to an actor:
//
//   an actor   what comes for it     then
//   none       SEND, ASK, REPLY      none: the message is that frame, and is not copied
//   none       PART                  begun; too many are begun: malformed
//   begun      PART                  begun, and longer; too long: malformed
//   begun      SEND, ASK, REPLY      none: given out whole with that frame; too long: malformed
//   begun      the session's end     none: dropped
//
// Whether there is such an actor is not known here: what comes for one that has ended is collected, too, and dealt with
// when it is whole, as any other message for it. So a peer can have ACTI_BEGUN_MAX messages of the largest size kept
// for it, and of these only what it has sent: memory is taken for bytes that have come, never for what a length says
// will come, and for at most twice as many.

#ifndef ACTI_ROUTE_BEGUN_H
#define ACTI_ROUTE_BEGUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "route/frame.h"

#define ACTI_BEGUN_MAX 16 // begun and not ended at a time, in a direction

typedef struct acti_begun_message {
    uint64_t actor;
    acti_buf bytes;
} acti_begun_message;

typedef struct acti_begun {
    acti_begun_message *messages; // the first count of ACTI_BEGUN_MAX; NULL: nothing has come in parts yet
    uint32_t count;
    uint32_t message_max; // most bytes of a message
    acti_buf whole;       // the message that was given out last
} acti_begun;

void
acti_begun_init(acti_begun *begun, uint32_t message_max);

// acti_begun_forget drops what is begun, and leaves alone what was given out. acti_begun_fini drops all.
void
acti_begun_forget(acti_begun *begun);
void
acti_begun_fini(acti_begun *begun);

// acti_begun_fault says what is wrong with a frame of which the receiver's number, its first field, has come, and which
// will have rest_size bytes of a message; or NULL. A frame of another kind has no fault.
const char *
acti_begun_fault(const acti_begun *begun, const acti_frame *frame, size_t rest_size);

// acti_begun_take takes a frame that has no fault.
//
// Returns: 1 the frame is to be given out, with the whole message as its rest, which stays until acti_begun_let_go; 0
//          it is a part, and kept; ACTA_ENOMEM, and nothing has changed.
int
acti_begun_take(acti_begun *begun, acti_frame *frame);

// acti_begun_let_go frees the message that was given out last.
static inline void acti_begun_let_go(acti_begun *begun)
{
    if (begun->whole.room > 0)
        acti_buf_fini(&begun->whole);
}

// acti_begun_check asserts the invariants. For tests and fuzzers.
void
acti_begun_check(const acti_begun *begun);

#endif
