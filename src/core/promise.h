// SPDX-License-Identifier: MIT
//
// promise.h - the outcome that is owed for a request.
//
// Each request is sent with a promise, a block of its own that knows who asked, and is the memory of the outcome: a
// failure always fits into it, and so does a small reply. Whoever is to answer has the promise, in the request or taken
// out of it, and in exactly one place:
//
//     in a request on its way   owner NULL                      an outbox or inbox, or acta_ask before that
//     in a request at work      owner, in its list owed         admitted by the actor's turn
//     taken                     owner, in its list owed         in the user's hands; request NULL
//     at the node               owner NULL, request NULL        the request is out to another process
//     answered                  no promise any more: the block is the REPLY, or free
//
// The first three go from one to the next and, by acta_delegate, back to the first; each of the four may be answered.
// The owner is found through the promise, and the request's pointer to it is cleared when it leaves, so that a second
// answer, and a request that is freed after its actor's end, find nothing.

#ifndef ACTI_CORE_PROMISE_H
#define ACTI_CORE_PROMISE_H

#include <acta/promise.h>

#include "base/list.h"
#include "core/actor.h"

struct acta_promise {
    acta_msg msg;      // the outcome's header; until then only its room counts
    acti_actor *asker; // gets the outcome; one reference
    uint64_t ask;      // id in the asker's table
    acti_actor *owner; // who may answer; NULL while nobody has taken the request
    acti_list owed;    // in the owner's list
    acta_msg *request; // that it is in, or NULL
};

// acti_promise_new gives the promise of an outcome to the asker, or NULL without memory. It takes a reference.
acta_promise *
acti_promise_new(acti_actor *asker, uint64_t ask);

// acti_promise_put puts a promise into an ASK that has none; acti_promise_out takes it out again, and gives NULL when
// there is none (any more).
void
acti_promise_put(acta_promise *promise, acta_msg *request);
acta_promise *
acti_promise_out(acta_msg *request);

// acti_promise_admit makes the actor that takes a request the one that owes the outcome.
void
acti_promise_admit(acti_actor *owner, acta_msg *request);

// acti_promise_settle answers with m, a REPLY with an extension. Both are consumed.
// Errors: ACTA_EGONE or ACTA_EUNREACH the asker has ended.
int
acti_promise_settle(acta_promise *promise, acta_msg *m);

// acti_promise_fail answers with a failure, for which it needs no memory. who and cause are cut to what fits.
// Errors: as acti_promise_settle.
int
acti_promise_fail(acta_promise *promise, int status, const char *who, const char *cause);

// acti_promise_end answers what an ending actor still owes.
void
acti_promise_end(acti_actor *owner);

// acti_request_new gives an ASK with a copy of body and its promise; acti_request_free is for one that was not sent.
// Errors: as acti_msg_copy.
int
acti_request_new(acti_actor *asker, uint64_t ask, const acta_type *type, const void *body, uint32_t limit,
                 acta_msg **request);
void
acti_request_free(acta_msg *request);

// acti_request_send gives a request to an actor, behind what the sender has in its outbox or finds no room for.
//
// Owns:    request is gone on ACTA_OK, else still the caller's.
// Threads: the turn of from. A body may be suspended.
// Errors:  as acti_actor_push, and acti_outbox_put.
int
acti_request_send(acti_actor *from, acti_actor *to, acta_msg *request);

// acti_request_fail frees a request, and answers it with a failure unless that has been done.
void
acti_request_fail(acta_msg *request, int status, const char *who, const char *cause);

#endif
