// SPDX-License-Identifier: MIT
//
// cast.h - who plays in a scene besides the subject: the scribe, who writes down what all tell it; the partner, or a
// reader in its place; sources; and, where the subject is in another system, the host that makes it there.

#ifndef TEST_NET_CAST_H
#define TEST_NET_CAST_H

#include "scenes.h"

// ---- the scribe -------------------------------------------------------------------------------

// To the scribe: watch the subject, or the other; requests that are answered when there is so much text, with 1, or
// with 0 when the subject has ended before; and when the other has ended, with its reason.
ACTA_MESSAGE(witness, (addr, who), (i64, is_other));
ACTA_MESSAGE(enough, (i64, length));
ACTA_MESSAGE(others_end);

// The scribe's inbox is so small that what is told to it waits now and then, and what comes behind it must, too.
enum { SCRIBE_CAPACITY = 2 };

typedef struct scribe {
    uint64_t subject, other; // monitors
    bool has_subject, has_other;
    bool other_ended;
    int64_t others_reason;
    acta_promise *for_other;
    acta_promise *for_text;
    int64_t wanted;
    bool subject_ended;
    acta_promise *held; // the reader's
    bool is_free;
    size_t length;
    char text[2048];
} scribe;

static inline void scribe_write(scribe *s, const char *text)
{
    size_t size = strlen(text), room = sizeof(s->text) - 1 - s->length;
    size = size < room ? size : room;
    memcpy(s->text + s->length, text, size);
    s->length += size;
}

static inline void scribe_ended(acta_self *self, scribe *s, const acta_down *down)
{
    char text[128];
    if (s->has_other && down->monitor == s->other) {
        s->other_ended = true;
        s->others_reason = down->reason;
        if (s->for_other != NULL)
            shows(acta_promise_reply(self, &s->for_other, response, .n = down->reason));
        return;
    }
    s->subject_ended = true;
    bool known = s->has_subject && down->monitor == s->subject;
    snprintf(text, sizeof(text), "%sDOWN %s of %s; ", known ? "" : "(of another id) ", status_name(down->reason),
             down->who);
    scribe_write(s, text);
}

static inline void scribe_watch(acta_self *self, scribe *s, acta_msg *m)
{
    const witness *w = acta_as(witness, m);
    bool *has = w->is_other ? &s->has_other : &s->has_subject;
    if (w->is_other && s->has_other)
        acta_demonitor(self, s->other);
    s->subject_ended = s->subject_ended && w->is_other;
    *has = acta_monitor(self, w->who, w->is_other ? &s->other : &s->subject) == ACTA_OK;
    shows(acta_reply(self, m, response, .n = *has));
}

// A reader asks before it reads on, and is held until the driver lets it go.
static inline void scribe_hold(acta_self *self, scribe *s, acta_msg *m)
{
    if (acta_is(question, m))
        shows(acta_promise_take(self, m, &s->held));
    else
        s->is_free = true;
    if (s->held != NULL && s->is_free)
        shows(acta_promise_reply(self, &s->held, response, .n = 0));
}

static inline int scribe_handler(acta_self *self, void *arg, acta_msg *m)
{
    scribe *s = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(words, m)) {
        scribe_write(s, acta_as(words, m)->text);
    } else if (acta_is(acta_down, m)) {
        scribe_ended(self, s, acta_as(acta_down, m));
    } else if (acta_is(witness, m)) {
        scribe_watch(self, s, m);
    } else if (acta_is(enough, m)) {
        s->wanted = acta_as(enough, m)->length;
        shows(acta_promise_take(self, m, &s->for_text));
    } else if (acta_is(others_end, m) && s->other_ended) {
        shows(acta_reply(self, m, response, .n = s->others_reason));
    } else if (acta_is(others_end, m)) {
        shows(acta_promise_take(self, m, &s->for_other));
    } else {
        scribe_hold(self, s, m);
    }
    bool is_there = (int64_t)s->length >= s->wanted;
    if (s->for_text != NULL && (is_there || s->subject_ended))
        shows(acta_promise_reply(self, &s->for_text, response, .n = is_there));
    return ACTA_OK;
}

// ---- the others at home -------------------------------------------------------------------------

typedef struct partner {
    acta_promise *kept;
    acta_tx *given;
} partner;

static inline int partner_answers(acta_self *self, partner *p, acta_msg *m)
{
    int64_t n = acta_as(question, m)->n;
    if (n > 0)
        shows(acta_reply(self, m, response, .n = 2 * n));
    else if (n == REFUSE_IT)
        shows(acta_refuse(self, m, ACTA_EACCES, "not for you"));
    else if (n == KEEP_IT)
        shows(acta_promise_take(self, m, &p->kept));
    else if (n == UNHANDLED_IT)
        acta_unhandled(self, m);
    return ACTA_OK;
}

// A hint says whom to link with. A cue is the reason to end with, unless it holds a sender: that it uses once more, and
// drops.
static inline int partner_handler(acta_self *self, void *arg, acta_msg *m)
{
    partner *p = arg;
    if (m == NULL) {
        acta_tx_drop(&p->given);
        return ACTA_OK;
    }
    if (acta_is(question, m))
        return partner_answers(self, p, m);
    if (acta_is(gift, m)) {
        p->given = acta_tx_dup(acta_as(gift, m)->who);
        shows(acta_send(p->given, cue, .n = 5));
        return ACTA_OK;
    }
    uint64_t link;
    if (acta_is(hint, m))
        return acta_link(self, acta_as(hint, m)->who, &link);
    if (!acta_is(cue, m))
        return ACTA_OK;
    if (p->given != NULL)
        return acta_finish(&p->given, cue, .n = 6);
    int64_t reason = acta_as(cue, m)->n;
    return reason == ACTA_OK ? ACTA_DONE : (int)reason;
}

// A reader tells the scribe what it reads. With a second field that is not 0 it is held at the first.
ACTA_MESSAGE(reading, (tx, scribe), (i64, held));

static inline int reader_body(acta_self *self, void *arg)
{
    const reading *r = arg;
    uint64_t ask;
    char text[64];
    bool held = r->held != 0;
    for (acta_msg *m, *reply; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        snprintf(text, sizeof(text), "read %d; ", (int)acta_as(cue, m)->n);
        shows(acta_send(r->scribe, words, .text = text));
        if (held && acta_ask(self, r->scribe, ACTA_FOREVER, &ask, question, .n = 0) == ACTA_OK) {
            reply = acta_await(self, ask);
            acta_msg_free(&reply);
        }
        held = false;
    }
    return acta_eof(self);
}

ACTA_MESSAGE(sourcing, (tx, to), (i64, source));

static inline int source_body(acta_self *self, void *arg)
{
    (void)self;
    const sourcing *s = arg;
    int status = ACTA_OK;
    for (int64_t n = 0; n < OF_EACH && status == ACTA_OK; n++)
        status = acta_send(s->to, numbered, .source = s->source, .n = n);
    return status;
}

// ---- the host: where the subject is, when that is another system ----------------------------------

// To the host, with everything for one subject, which is the answer.
ACTA_MESSAGE(making, (i64, kind), (i64, scene), (tx, scribe), (tx, partner));
ACTA_MESSAGE(made, (tx, who));

static inline int host_handler(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx **own = arg; // what keeps it alive until somebody has found it
    acta_tx *tx = NULL;
    const making *order = m != NULL ? acta_as(making, m) : NULL;
    if (own != NULL)
        acta_tx_drop(own);
    if (order == NULL)
        return ACTA_OK;
    const setting given = {.scene = order->scene, .scribe = order->scribe, .partner = order->partner};
    int status = subject_spawn(acta_system_of(self), order->kind, &given, &tx);
    if (status == ACTA_OK)
        shows(acta_reply(self, m, made, .who = tx));
    else
        shows(acta_refuse(self, m, status, "no subject"));
    acta_tx_drop(&tx);
    return ACTA_OK;
}

#endif
