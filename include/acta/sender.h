// SPDX-License-Identifier: MIT
//
// sender.h - senders, addresses, and everything that can be sent through them.
//
// A sender (acta_tx) is counted and keeps its actor alive: the actor ends when the last one is dropped. An
// address (acta_addr) names an actor and keeps nothing alive. Neither says where the actor runs.
//
// Messages from one source (an actor, or a thread outside) to one actor are handled in the order sent, through
// whichever of its senders they went, and the EOF comes after all of them.
//
// The macros build the message in place: acta_send(tx, add, .n = 1). Each has a _body form that takes a type
// and a pointer to a body built elsewhere.

#ifndef ACTA_SENDER_H
#define ACTA_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include <acta/error.h>
#include <acta/macro.h>
#include <acta/message.h>

ACTA_BEGIN_DECLS

typedef struct acta_self acta_self;
typedef struct acta_system acta_system;

// ---- senders and addresses ------------------------------------------------------

// acta_tx_dup gives one more sender to the same actor. Threads: any.
ACTA_NODISCARD ACTA_API acta_tx *
acta_tx_dup_at(acta_tx *tx, const char *where);
#define acta_tx_dup(tx) acta_tx_dup_at((tx), ACTA_HERE)

// acta_tx_drop releases a sender; the last one brings the actor's EOF, behind all that was sent.
//
// Owns:    takes *tx and sets it to NULL; a NULL *tx is ignored.
// Threads: any.
ACTA_API void
acta_tx_drop(acta_tx **tx);

// acta_tx_addr is the address of the actor behind tx, borrowed for as long as tx is held.
ACTA_API acta_addr *
acta_tx_addr(acta_tx *tx);

// acta_addr_dup keeps an address beyond the sender or the call it came from; acta_addr_drop lets it go and
// sets *addr to NULL. Threads: any.
ACTA_NODISCARD ACTA_API acta_addr *
acta_addr_dup(acta_addr *addr);
ACTA_API void
acta_addr_drop(acta_addr **addr);

// acta_addr_tx makes a sender from an address.
//
// Errors:  ACTA_EGONE the actor has no sender left (its EOF is on the way) or has ended.
ACTA_NODISCARD ACTA_API int
acta_addr_tx_at(acta_addr *addr, acta_tx **tx, const char *where);
#define acta_addr_tx(addr, tx) acta_addr_tx_at((addr), (tx), ACTA_HERE)

// ---- send -----------------------------------------------------------------------

// acta_send_body gives a copy of body to the actor behind to.
//
// When its inbox is full (acta_spawn_opts.capacity) the message waits: in an actor in its outbox, behind which all
// goes that the actor sends from then on, replies too. A handler is given nothing more until that is empty; a body
// is suspended here. A thread outside waits here. When actors wait for each other in a circle, one message is let
// over the bound, counted (acta_ledger.overcommits), and the circle is reported once.
//
// Owns:    body is read before the call returns and stays yours.
// Threads: any. A pool body may be suspended here, also when its turn has been long; no other actor can notice.
// Bounds:  ACTA_ETOOBIG above the system's message_bytes_max.
// Errors:  ACTA_EGONE the actor has stopped; ACTA_EUNREACH its node is down; ACTA_ENOMEM;
//          ACTA_EINVAL a str that is not UTF-8, a tx or addr that is NULL and not optional, or a type defined twice
//          with different fields;
//          ACTA_EFULL only in an arg_free: the actor has ended and cannot wait.
ACTA_NODISCARD ACTA_API int
acta_send_body(acta_tx *to, const acta_type *type, const void *body);
#define acta_send(to, ...) acta_send_body((to), ACTI_TYPED_(__VA_ARGS__))

// acta_try_send_body is acta_send_body that never waits: ACTA_EFULL, and nothing sent, when the inbox is full, or when
// the running actor has something in its outbox that it would overtake.
ACTA_NODISCARD ACTA_API int
acta_try_send_body(acta_tx *to, const acta_type *type, const void *body);
#define acta_try_send(to, ...) acta_try_send_body((to), ACTI_TYPED_(__VA_ARGS__))

// acta_send_within_body is acta_send_body that waits for room no longer than timeout_ns.
//
// Threads: any thread that is not running an actor.
// Errors:  ACTA_EFULL no room in time, and nothing sent; ACTA_EDEADLK called inside an actor: use acta_send or
//          acta_try_send; else as acta_send_body.
ACTA_NODISCARD ACTA_API int
acta_send_within_body(acta_tx *to, uint64_t timeout_ns, const acta_type *type, const void *body);
#define acta_send_within(to, timeout_ns, ...)                                                              \
    acta_send_within_body((to), (timeout_ns), ACTI_TYPED_(__VA_ARGS__))

// acta_finish_body sends a last message and releases the sender, in one step: nothing can come between, and an error
// followed by the end cannot be written in the wrong order.
//
// Owns:    takes *to and sets it to NULL, also when the message was not accepted. One that waits for room keeps the
//          inbox open until it is in.
// Errors:  as acta_send_body.
ACTA_API int
acta_finish_body(acta_tx **to, const acta_type *type, const void *body);
#define acta_finish(to, ...) acta_finish_body((to), ACTI_TYPED_(__VA_ARGS__))

// ---- ask and reply -----------------------------------------------------------------

// The outcome of an ask that is not a reply. A reply is a message of the responder's choosing.
ACTA_MESSAGE(acta_failure, (i64, status), (str, who), (str, cause));

// acta_ask_body sends a request. Its outcome arrives in the asker's inbox as one message m with
// acta_msg_ask(m) == *id: the reply, or an acta_failure with the status ACTA_ETIMEOUT (nothing is known),
// ACTA_ENOREPLY (dropped unanswered), ACTA_EREFUSED (with the cause), ACTA_EGONE or ACTA_ECRASHED (the
// responder, or its process, died). Exactly one outcome arrives; a late reply never does.
//
// Threads: inside self's turn. A request that finds a full inbox waits in the outbox, while its time runs; a body goes
//          on until it waits or sends again.
// Errors:  as acta_send_body, with nothing sent; ACTA_EFULL 2^24 asks, timers, monitors, links and watches are pending.
ACTA_NODISCARD ACTA_API int
acta_ask_body(acta_self *self, acta_tx *to, uint64_t timeout_ns, uint64_t *id, const acta_type *type,
              const void *body);
#define acta_ask(self, to, timeout_ns, id, ...)                                                            \
    acta_ask_body((self), (to), (timeout_ns), (id), ACTI_TYPED_(__VA_ARGS__))

// acta_await suspends a body until the outcome of ask id has arrived, and gives it. All else that arrives
// meanwhile stays in the inbox, in order.
//
// Owns:    the message is the caller's, to be given to acta_msg_free.
// Returns: NULL when there is no such ask pending, in a handler, or when the actor is killed.
ACTA_NODISCARD ACTA_API acta_msg *
acta_await(acta_self *self, uint64_t id);

// acta_reply_body answers request. The first answer counts.
//
// Threads: inside the turn of the actor that was asked.
// Errors:  ACTA_EINVAL not a request to this actor, or answered already, or its promise was taken (promise.h); else as
//          acta_send_body, and the request stays open. ACTA_EGONE and ACTA_EUNREACH: nobody waits for it any more.
ACTA_API int
acta_reply_body(acta_self *self, acta_msg *request, const acta_type *type, const void *body);
#define acta_reply(self, request, ...) acta_reply_body((self), (request), ACTI_TYPED_(__VA_ARGS__))

// acta_refuse answers request with an acta_failure. status is negative; cause is for a person, and may be NULL. It
// needs no memory and always fits: what is larger than the asker takes, or than there is memory for, is cut.
//
// Errors:  ACTA_EINVAL as acta_reply_body, or status is not negative, or cause is not UTF-8; ACTA_EGONE and
//          ACTA_EUNREACH as acta_reply_body.
ACTA_API int
acta_refuse(acta_self *self, acta_msg *request, int status, const char *cause);

// acta_call_body asks from a thread outside actors, and blocks until the outcome.
//
// Owns:    *reply is the caller's, to be given to acta_msg_free; it is an acta_failure when the call says
//          other than ACTA_OK and *reply is not NULL.
// Threads: any thread that is not running an actor.
// Errors:  the failure's status, as for acta_ask_body; ACTA_EFULL no room in time, and nothing sent; ACTA_EDEADLK
//          called inside an actor: use acta_ask; else as acta_send_body.
ACTA_NODISCARD ACTA_API int
acta_call_body(acta_tx *to, uint64_t timeout_ns, acta_msg **reply, const acta_type *type, const void *body);
#define acta_call(to, timeout_ns, reply, ...)                                                              \
    acta_call_body((to), (timeout_ns), (reply), ACTI_TYPED_(__VA_ARGS__))

ACTA_END_DECLS

#endif
