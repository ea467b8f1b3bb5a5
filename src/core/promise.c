// SPDX-License-Identifier: MIT
//
// promise.c - answering: replies, refusals, promises that are taken and handed on, and failures when nobody answers.
// The states of a promise are in promise.h.

#include "core/promise.h"

#include <string.h>

#include "core/ask.h"
#include "core/outbox.h"
#include "core/sender.h"
#include "core/system.h"
#include "core/type.h"

_Static_assert(sizeof(acta_promise) <= sizeof(acta_msg) + ACTI_MSG_FAILURE_BYTES + sizeof(acti_msg_ext),
               "a promise lies in the block of the failure that it may become");

// ---- life -------------------------------------------------------------------------

acta_promise *acti_promise_new(acti_actor *asker, uint64_t ask)
{
    uint32_t room = ACTI_MSG_FAILURE_BYTES + (uint32_t)sizeof(acti_msg_ext);
    acta_promise *promise = (acta_promise *)(void *)acti_msg_new(ACTI_MSG_REPLY, NULL, room, false);
    if (promise == NULL)
        return NULL;
    acti_actor_ref(asker);
    promise->asker = asker;
    promise->ask = ask;
    promise->owner = NULL;
    promise->owed = (acti_list){NULL, NULL};
    promise->request = NULL;
    return promise;
}

void acti_promise_put(acta_promise *promise, acta_msg *request)
{
    promise->request = request;
    acti_msg_ext_of(request)->promise = promise;
}

void acti_promise_admit(acti_actor *owner, acta_msg *request)
{
    acta_promise *promise = acti_msg_ext_of(request)->promise;
    promise->owner = owner;
    acti_list_push(&owner->owed, &promise->owed);
}

// part takes a promise out of the request that it is in, if it is in any. It is owed as before.
static void part(acta_promise *promise)
{
    if (promise->request != NULL)
        acti_msg_ext_of(promise->request)->promise = NULL;
    promise->request = NULL;
}

// What is left of a promise when its block is to become something else.
typedef struct debt {
    acti_actor *owner;
    acti_actor *asker;
    uint64_t ask;
} debt;

// leave takes a promise out of its request and from its owner.
static debt leave(acta_promise *promise)
{
    debt of = {promise->owner, promise->asker, promise->ask};
    part(promise);
    if (acti_list_linked(&promise->owed))
        acti_list_remove(&promise->owed);
    promise->owner = NULL;
    return of;
}

acta_promise *acti_promise_out(acta_msg *request)
{
    acta_promise *promise = acti_msg_ext_of(request)->promise;
    if (promise != NULL)
        (void)leave(promise);
    return promise;
}

int acti_request_new(acti_actor *asker, uint64_t ask, const acta_type *type, const void *body, uint32_t limit,
                     acta_msg **request)
{
    acta_msg *m;
    int status = acti_msg_copy(ACTI_MSG_ASK, type, body, limit, true, &m);
    if (status != ACTA_OK)
        return status;
    acta_promise *promise = acti_promise_new(asker, ask);
    if (promise == NULL) {
        acti_msg_release(m);
        return ACTA_ENOMEM;
    }
    acti_promise_put(promise, m);
    *request = m;
    return ACTA_OK;
}

int acti_request_send(acti_actor *from, acti_actor *to, acta_msg *request)
{
    if (from->outbox != NULL && from->is_body)
        acti_turn_flush(from); // so that it waits for one message at a time
    int status = from->outbox == NULL ? acti_actor_try(to, request) : ACTA_EFULL;
    return status == ACTA_EFULL ? acti_outbox_put(from, to, request) : status;
}

void acti_request_free(acta_msg *request)
{
    acta_promise *promise = acti_promise_out(request);
    acti_actor_unref(promise->asker);
    acti_msg_release(&promise->msg);
    acti_msg_release(request);
}

// ---- the outcome --------------------------------------------------------------------

// deliver is where every outcome goes to its asker but the timeout, which is the asker's own. In the turn of the owner
// it goes behind what that one has in its outbox.
static int deliver(debt of, acta_msg *m)
{
    acti_msg_ext_of(m)->ask = of.ask;
    if (of.owner == NULL || of.owner != acti_here.actor || of.owner->outbox == NULL)
        return acti_ask_settle(of.asker, m);
    int status = acti_outbox_put(of.owner, of.asker, m);
    acti_assert(status == ACTA_OK); // it holds something, and so needs no memory
    acti_tally(of.asker->sys, ACTI_SENT, 1);
    return ACTA_OK;
}

int acti_promise_settle(acta_promise *promise, acta_msg *m)
{
    debt of = leave(promise);
    acti_msg_release(&promise->msg);
    return deliver(of, m);
}

int acti_promise_fail(acta_promise *promise, int status, const char *who, const char *cause)
{
    debt of = leave(promise);
    acti_msg_fail(&promise->msg, status, who, cause);
    return deliver(of, &promise->msg);
}

void acti_request_fail(acta_msg *request, int status, const char *who, const char *cause)
{
    acta_promise *promise = acti_msg_ext_of(request)->promise;
    if (promise != NULL)
        (void)acti_promise_fail(promise, status, who, cause);
    acti_msg_release(request);
}

void acti_promise_end(acti_actor *owner)
{
    acti_list *owed;
    while ((owed = acti_list_pop(&owner->owed)) != NULL) {
        acta_promise *promise = ACTI_CONTAINER_OF(owed, acta_promise, owed);
        promise->owner = NULL; // its outbox has been emptied, and takes no more
        (void)acti_promise_fail(promise, ACTA_EGONE, owner->name, "it ended without an answer to the request");
    }
}

// answer makes the outcome from body, in the promise's own block if it fits there, and delivers it. *promise is set to
// NULL when that is done, whether or not the asker is still there.
static int answer(acta_promise **promise, const acta_type *type, const void *body)
{
    acta_promise *p = *promise;
    size_t size;
    int status = acti_msg_measure(type, body, p->asker->message_bytes_max, &size);
    if (status != ACTA_OK)
        return status;
    acta_msg *m = &p->msg;
    if (!acti_msg_fits(m, size)) {
        m = acti_msg_new(ACTI_MSG_REPLY, type, (uint32_t)size, true);
        if (m == NULL)
            return ACTA_ENOMEM;
    }
    debt of = leave(p);
    *promise = NULL;
    if (m != &p->msg)
        acti_msg_release(&p->msg);
    acti_msg_fill(m, type, body, size);
    return deliver(of, m);
}

// ---- what users do ------------------------------------------------------------------------

// owes: whether this is the turn of the actor that owes the promise.
static bool owes(acta_self *self, const acta_promise *promise)
{
    acti_actor *actor = acti_actor_of_self(self);
    return promise != NULL && promise->owner == actor && acti_here.actor == actor;
}

// promise_of gives the promise in m, or NULL.
static acta_promise *promise_of(const acta_msg *m)
{
    return m->kind == ACTI_MSG_ASK ? acti_msg_ext_peek(m)->promise : NULL;
}

bool acta_msg_wants_reply(const acta_msg *m)
{
    return promise_of(m) != NULL;
}

int acta_promise_take(acta_self *self, acta_msg *request, acta_promise **promise)
{
    acta_promise *p = promise_of(request);
    if (!owes(self, p))
        return ACTA_EINVAL;
    part(p);
    *promise = p;
    return ACTA_OK;
}

int acta_promise_reply_body(acta_self *self, acta_promise **promise, const acta_type *type, const void *body)
{
    if (!owes(self, *promise))
        return ACTA_EINVAL;
    int status = answer(promise, type, body);
    acti_turn_spent();
    return status;
}

int acta_promise_refuse(acta_self *self, acta_promise **promise, int status, const char *cause)
{
    if (cause == NULL)
        cause = acta_strerror(status);
    if (status >= 0 || !acti_text_valid(cause, strlen(cause)) || !owes(self, *promise))
        return ACTA_EINVAL;
    const char *who = acta_self_name(self);
    acta_failure failure = {.status = status, .who = who, .cause = cause};
    int sent = answer(promise, acta_type_of(acta_failure), &failure);
    if (*promise != NULL) { // larger than the asker takes, or than there is memory for; or the name was cut to no text
        sent = acti_promise_fail(*promise, status, who, cause);
        *promise = NULL;
    }
    acti_turn_spent();
    return sent;
}

int acta_reply_body(acta_self *self, acta_msg *request, const acta_type *type, const void *body)
{
    acta_promise *promise = promise_of(request);
    return acta_promise_reply_body(self, &promise, type, body);
}

int acta_refuse(acta_self *self, acta_msg *request, int status, const char *cause)
{
    acta_promise *promise = promise_of(request);
    return acta_promise_refuse(self, &promise, status, cause);
}

int acta_promise_drop(acta_self *self, acta_promise **promise)
{
    acta_promise *p = *promise;
    if (p == NULL)
        return ACTA_OK;
    if (!owes(self, p))
        return ACTA_EINVAL;
    *promise = NULL;
    return acti_promise_fail(p, ACTA_ENOREPLY, acta_self_name(self), "it dropped the request");
}

int acta_delegate_body(acta_self *self, acta_promise **promise, acta_tx *to, const acta_type *type, const void *body)
{
    acta_promise *p = *promise;
    if (!owes(self, p))
        return ACTA_EINVAL;
    acti_actor *target = acti_actor_of_tx(to);
    acta_msg *m;
    int status = acti_msg_copy(ACTI_MSG_ASK, type, body, target->message_bytes_max, true, &m);
    if (status != ACTA_OK)
        return acti_refused(target->sys, status);
    acti_actor *actor = acti_actor_of_self(self);
    (void)leave(p);
    acti_promise_put(p, m);
    status = acti_request_send(actor, target, m);
    if (status != ACTA_OK) {
        acti_promise_admit(actor, m);
        part(p);
        acti_msg_release(m);
        return acti_refused(target->sys, status);
    }
    *promise = NULL;
    acti_tally(target->sys, ACTI_SENT, 1); // the system in which it will be handled
    if (actor->is_body && actor->outbox != NULL)
        acti_turn_flush(actor);
    acti_turn_spent();
    return ACTA_OK;
}
