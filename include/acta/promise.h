// SPDX-License-Identifier: MIT
//
// promise.h - answering later, or letting another actor answer.
//
// A request comes with a promise: its asker is owed exactly one outcome. acta_reply and acta_refuse keep it at once.
// acta_promise_take parts it from the request's message, which a handler cannot keep, and it can then be answered in
// a later turn, or handed on. Whatever happens it is kept: one that is dropped answers ACTA_ENOREPLY, and those that an
// actor has in its hands when it ends, taken or not, are answered with ACTA_EGONE. The memory of such an outcome, and
// of every refusal and small reply, has been reserved since the request was sent.
//
// A promise belongs to the actor that took it, and is used in that actor's turns only. It is freed with its answer,
// and with the actor's end: there is nothing to do for it in arg_free, and no use of it is allowed there.

#ifndef ACTA_PROMISE_H
#define ACTA_PROMISE_H

#include <acta/macro.h>
#include <acta/message.h>
#include <acta/sender.h>

ACTA_BEGIN_DECLS

typedef struct acta_promise acta_promise;

// acta_promise_take parts the promise from a request. The message stays what it was, but wants no reply any more.
//
// Owns:    *promise is the caller's, until it is answered or handed on.
// Threads: inside the turn of the actor that was asked, as all of these.
// Errors:  ACTA_EINVAL not a request to this actor, or answered or taken already.
ACTA_NODISCARD ACTA_API int
acta_promise_take(acta_self *self, acta_msg *request, acta_promise **promise);

// acta_promise_reply_body answers with a message.
//
// Owns:    takes *promise and sets it to NULL, except with an error of the first line: it is still owed then.
// Errors:  ACTA_ETOOBIG, ACTA_ENOMEM (never for up to 136 bytes, the struct and all it points to), ACTA_EINVAL as
//          acta_send_body, or *promise is NULL or another actor's;
//          ACTA_EGONE the asker has ended, ACTA_EUNREACH its node is down: nobody is owed anything any more.
ACTA_API int
acta_promise_reply_body(acta_self *self, acta_promise **promise, const acta_type *type, const void *body);
#define acta_promise_reply(self, promise, ...)                                                             \
    acta_promise_reply_body((self), (promise), ACTI_TYPED_(__VA_ARGS__))

// acta_promise_refuse answers with an acta_failure, as acta_refuse does.
//
// Owns:    takes *promise and sets it to NULL, except with ACTA_EINVAL.
// Errors:  ACTA_EINVAL status is not negative, cause is not UTF-8, or *promise is NULL or another actor's; ACTA_EGONE
//          and ACTA_EUNREACH as acta_promise_reply_body.
ACTA_API int
acta_promise_refuse(acta_self *self, acta_promise **promise, int status, const char *cause);

// acta_promise_drop answers with ACTA_ENOREPLY.
//
// Owns:    takes *promise and sets it to NULL; a NULL *promise is ignored.
// Errors:  ACTA_EINVAL it is another actor's, and stays so; ACTA_EGONE and ACTA_EUNREACH as acta_promise_reply_body.
ACTA_API int
acta_promise_drop(acta_self *self, acta_promise **promise);

// acta_delegate_body sends a request to the actor behind to, whose answer goes to the one that asked us. It may
// delegate again. The time limit remains the asker's own.
//
// Owns:    takes *promise and sets it to NULL on ACTA_OK; else it is still owed, and nothing was sent.
// Errors:  as acta_send_body; ACTA_EINVAL also when *promise is NULL or another actor's.
ACTA_NODISCARD ACTA_API int
acta_delegate_body(acta_self *self, acta_promise **promise, acta_tx *to, const acta_type *type, const void *body);
#define acta_delegate(self, promise, to, ...)                                                              \
    acta_delegate_body((self), (promise), (to), ACTI_TYPED_(__VA_ARGS__))

ACTA_END_DECLS

#endif
