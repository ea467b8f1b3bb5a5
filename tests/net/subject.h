// SPDX-License-Identifier: MIT
//
// subject.h - what the subjects of scenes.h do, and how they tell the scribe what they see.

#ifndef TEST_NET_SUBJECT_H
#define TEST_NET_SUBJECT_H

#include <acta/acta.h>
#include <acta/event.h>
#include <acta/name.h>
#include <acta/promise.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- messages ---------------------------------------------------------------------------------

ACTA_MESSAGE(cue, (i64, n));
ACTA_MESSAGE(question, (i64, n));
ACTA_MESSAGE(response, (i64, n));
ACTA_MESSAGE(numbered, (i64, source), (i64, n));
ACTA_MESSAGE(gift, (tx, who));
ACTA_MESSAGE(hint, (addr, who));
ACTA_MESSAGE(letter, (bytes, data));
ACTA_MESSAGE(words, (str, text));

// What a subject is given when it is spawned, and a sender that it may get later: it is dropped with the others.
ACTA_MESSAGE(setting, (i64, scene), (tx, scribe), (tx, partner), (tx, gift, optional));

enum { LETTER_BYTES = 40000, TOO_MANY_BYTES = 17 * 1024 * 1024, SOURCES = 3, OF_EACH = 8, LAST_WORDS = 20 };

// shows is for a call that matters to nobody else: when it fails the text is not what it should be.
static inline void shows(int status)
{
    (void)status;
}

// ---- a subject ----------------------------------------------------------------------------------

typedef struct scene scene;

typedef struct subject {
    setting given; // first: a handler's state begins with it
    acta_promise *promise;
    uint64_t id;  // of what is pending
    uint64_t ask; // see asks_behind
    uint64_t link;
    int64_t count[SOURCES];
} subject;

typedef int scene_actor(acta_self *self, subject *s, acta_msg *m);

__attribute__((format(printf, 2, 3))) static inline void say(subject *s, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    shows(acta_send(s->given.scribe, words, .text = text));
}

static inline const char *status_name(int64_t status)
{
    return acta_errname((int)status) + strlen("ACTA_");
}

// did says what a call returned.
static inline void did(subject *s, const char *what, int status)
{
    say(s, "%s %s; ", what, status_name(status));
}

static inline void say_message(subject *s, acta_msg *m)
{
    const acta_failure *failure = acta_as(acta_failure, m);
    const acta_down *down = acta_as(acta_down, m);
    bool strange = false;
    if (acta_is(cue, m)) {
        say(s, "cue %d; ", (int)acta_as(cue, m)->n);
    } else if (acta_is(question, m)) {
        say(s, "question %d; ", (int)acta_as(question, m)->n);
    } else if (acta_is(response, m)) {
        say(s, "response %d; ", (int)acta_as(response, m)->n);
        strange = acta_msg_ask(m) != s->id && acta_msg_ask(m) != s->ask;
    } else if (failure != NULL) {
        say(s, "failure %s of %s; ", status_name(failure->status), failure->who);
        strange = acta_msg_ask(m) != s->id;
    } else if (down != NULL) {
        say(s, "DOWN %s of %s; ", status_name(down->reason), down->who);
        strange = down->monitor != s->id;
    } else if (acta_is(acta_tick, m)) {
        say(s, "tick; "); // how many periods it stands for is a matter of time
        strange = acta_as(acta_tick, m)->timer != s->id;
    } else {
        say(s, "%s; ", m->type->name);
    }
    if (strange)
        say(s, "(of another id) ");
}

// ---- messages and the end ---------------------------------------------------------------------

static inline int counts_each_source(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    const numbered *i = m != NULL ? acta_as(numbered, m) : NULL;
    if (i != NULL && i->n == s->count[i->source])
        s->count[i->source]++;
    else if (m != NULL)
        say(s, "out of order; ");
    for (int at = 0; m == NULL && at < SOURCES; at++)
        say(s, "%d of %d; ", (int)s->count[at], at);
    return ACTA_OK;
}

static inline int counts_all(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    if (m == NULL)
        say(s, "%s; ", s->count[1] == 0 && s->count[0] > 0 ? "all in order" : "out of order");
    else if (s->count[0]++ != acta_as(numbered, m)->n)
        s->count[1]++;
    return ACTA_OK;
}

static inline int fails_at_the_end(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    (void)s;
    return m == NULL ? ACTA_EIO : ACTA_OK;
}

static inline int returns_the_number(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    (void)s;
    return m == NULL ? ACTA_OK : (int)acta_as(cue, m)->n;
}

static inline int has_last_words(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    for (int i = 0; i < LAST_WORDS; i++)
        say(s, "%d ", i);
    return m == NULL ? ACTA_OK : ACTA_EIO;
}

enum { KILL = 1, STOP };

static inline int ends_itself(acta_self *self, subject *s, acta_msg *m)
{
    acta_addr *own = acta_self_addr(self);
    if (m != NULL && acta_is(cue, m))
        did(s, "done", acta_as(cue, m)->n == KILL ? acta_kill(own) : acta_stop(own));
    return ACTA_OK;
}

static inline int sends_to_itself(acta_self *self, subject *s, acta_msg *m)
{
    acta_tx *own = NULL;
    if (m == NULL || !acta_is(cue, m) || acta_as(cue, m)->n != 1)
        return ACTA_OK;
    did(s, "upgrade", acta_addr_tx(acta_self_addr(self), &own));
    did(s, "send", acta_send(own, cue, .n = 4));
    did(s, "finish", acta_finish(&own, words, "last"));
    return ACTA_OK;
}

static inline uint8_t letter_byte(size_t at)
{
    return (uint8_t)(at * 7 + at / 256);
}

static inline int reads_letters(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    const letter *l = m != NULL ? acta_as(letter, m) : NULL;
    if (l == NULL)
        return ACTA_OK;
    bool whole = l->data.size == LETTER_BYTES;
    for (size_t i = 0; whole && i < LETTER_BYTES; i++)
        whole = ((const uint8_t *)l->data.data)[i] == letter_byte(i);
    say(s, "%s; ", whole ? "whole" : "spoilt");
    return ACTA_OK;
}

enum { TOO_BIG = 1, NO_TEXT, NOBODY };

static inline int refused(acta_tx *to, int64_t what)
{
    static const uint8_t much[TOO_MANY_BYTES];
    switch (what) {
    case TOO_BIG:
        return acta_send(to, letter, .data = {much, sizeof(much)});
    case NO_TEXT:
        return acta_send(to, words, .text = "\xff");
    default:
        return acta_send(to, gift, .who = NULL);
    }
}

static inline int sends_what_is_refused(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    if (m != NULL)
        did(s, "send", refused(s->given.partner, acta_as(cue, m)->n));
    return ACTA_OK;
}

// ---- senders and addresses in messages ----------------------------------------------------------

static inline int uses_a_gift(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    const gift *g = m != NULL ? acta_as(gift, m) : NULL;
    if (g != NULL)
        s->given.gift = acta_tx_dup(g->who);
    else if (m == NULL || acta_as(cue, m)->n == 0)
        acta_tx_drop(&s->given.gift);
    else
        shows(acta_send(s->given.gift, cue, .n = acta_as(cue, m)->n));
    return ACTA_OK;
}

// Its partner holds it open.
static inline int gives_itself(acta_self *self, subject *s, acta_msg *m)
{
    acta_tx *own = NULL;
    if (m == NULL || !acta_is(cue, m) || acta_as(cue, m)->n != 1)
        return ACTA_OK;
    did(s, "upgrade", acta_addr_tx(acta_self_addr(self), &own));
    did(s, "send", acta_send(s->given.partner, gift, .who = own));
    acta_tx_drop(&own);
    return ACTA_OK;
}

static inline int takes_a_hint(acta_self *self, subject *s, acta_msg *m)
{
    const hint *h = m != NULL ? acta_as(hint, m) : NULL;
    acta_tx *tx = NULL;
    if (h == NULL)
        return ACTA_OK;
    did(s, "monitor", acta_monitor(self, h->who, &s->id));
    did(s, "upgrade", acta_addr_tx(h->who, &tx));
    did(s, "finish", acta_finish(&tx, cue, .n = ACTA_EACCES));
    return ACTA_OK;
}

// ---- asking ---------------------------------------------------------------------------------------

// A partner answers a positive number with its double; 0 is dropped, -1 refused, all else kept for ever.
enum { TOO_SHORT = 9, DROP_IT = 0, REFUSE_IT = -1, KEEP_IT = -2, UNHANDLED_IT = -3 };

// What a call has said OK to is still on its way to a partner elsewhere. A request goes behind it: its answer says that
// it is there.
static inline void asks_behind(acta_self *self, subject *s)
{
    shows(acta_ask(self, s->given.partner, ACTA_FOREVER, &s->ask, question, .n = 1));
}

static inline int asks(acta_self *self, subject *s, acta_msg *m)
{
    const cue *c = m != NULL ? acta_as(cue, m) : NULL;
    if (c == NULL)
        return ACTA_OK;
    uint64_t timeout_ns = c->n == TOO_SHORT ? ACTA_MS : ACTA_FOREVER;
    int64_t n = c->n == TOO_SHORT ? KEEP_IT : c->n;
    did(s, "ask", acta_ask(self, s->given.partner, timeout_ns, &s->id, question, .n = n));
    if (c->n == KEEP_IT)
        asks_behind(self, s);
    return ACTA_OK;
}

static inline int calls_from_inside(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    acta_msg *reply = NULL;
    if (m != NULL)
        did(s, "call", acta_call(s->given.partner, ACTA_SECOND, &reply, question, .n = 1));
    acta_msg_free(&reply);
    return ACTA_OK;
}

// ---- answering --------------------------------------------------------------------------------------

enum { LATER = 10, DROP_PROMISE, DELEGATE, DIE, UNHANDLED };

static inline int with_a_promise(acta_self *self, subject *s, int64_t n)
{
    acta_tx *own = NULL;
    if (n == LATER) { // from a later turn: it reminds itself
        did(s, "upgrade", acta_addr_tx(acta_self_addr(self), &own));
        did(s, "finish", acta_finish(&own, cue, .n = 0));
    } else if (n == DROP_PROMISE) {
        did(s, "drop", acta_promise_drop(self, &s->promise));
    } else if (n == DELEGATE) {
        did(s, "delegate", acta_delegate(self, &s->promise, s->given.partner, question, .n = 21));
    }
    return n == DIE ? ACTA_EIO : ACTA_OK;
}

static inline int answers(acta_self *self, subject *s, acta_msg *m)
{
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(cue, m)) {
        did(s, "promise kept", acta_promise_reply(self, &s->promise, response, .n = 77));
        return ACTA_OK;
    }
    int64_t n = acta_as(question, m)->n;
    if (n >= LATER && n <= DIE) {
        did(s, "take", acta_promise_take(self, m, &s->promise));
        return with_a_promise(self, s, n);
    }
    if (n == UNHANDLED) {
        acta_unhandled(self, m);
    } else if (n == REFUSE_IT) {
        did(s, "refuse", acta_refuse(self, m, ACTA_EACCES, "no"));
    } else if (n != DROP_IT) {
        did(s, "reply", acta_reply(self, m, response, .n = n));
        did(s, "again", acta_reply(self, m, response, .n = n));
    }
    return ACTA_OK;
}

// ---- timers -------------------------------------------------------------------------------------------

enum { ONCE = 1, PERIODIC, CANCEL_AT_ONCE };

static inline int ticked(acta_self *self, subject *s)
{
    if (++s->count[0] == 3) {
        acta_timer_cancel(self, s->id);
        say(s, "cancelled; ");
    }
    return ACTA_OK;
}

static inline int keeps_time(acta_self *self, subject *s, acta_msg *m)
{
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m))
        return ticked(self, s);
    switch (acta_as(cue, m)->n) {
    case ONCE:
        did(s, "once", acta_timer_start(self, ACTA_MS, 0, &s->id));
        break;
    case PERIODIC:
        s->count[0] = 0;
        did(s, "periodic", acta_timer_start(self, 0, ACTA_MS, &s->id));
        break;
    default: // CANCEL_AT_ONCE
        did(s, "at once", acta_timer_start(self, 0, 0, &s->id));
        acta_timer_cancel(self, s->id);
        break;
    }
    return ACTA_OK;
}

// ---- the ends of others -----------------------------------------------------------------------------

enum { MONITOR = 1, DEMONITOR, LINK, UNLINK, END_BADLY, MONITOR_LATE };

static inline int watches(acta_self *self, subject *s, acta_msg *m)
{
    if (m == NULL || !acta_is(cue, m))
        return ACTA_OK;
    switch (acta_as(cue, m)->n) {
    case MONITOR:
        did(s, "monitor", acta_monitor(self, acta_tx_addr(s->given.partner), &s->id));
        asks_behind(self, s);
        break;
    case MONITOR_LATE:
        did(s, "monitor", acta_monitor(self, acta_tx_addr(s->given.partner), &s->id));
        break;
    case DEMONITOR:
        acta_demonitor(self, s->id);
        break;
    case LINK:
        did(s, "link", acta_link(self, acta_tx_addr(s->given.partner), &s->link));
        asks_behind(self, s);
        break;
    case UNLINK:
        acta_unlink(self, s->link);
        break;
    default:
        return ACTA_EIO;
    }
    return ACTA_OK;
}

static inline int passes_on(acta_self *self, subject *s, acta_msg *m)
{
    (void)self;
    return m == NULL ? ACTA_OK : acta_send(s->given.partner, cue, .n = acta_as(cue, m)->n);
}

#endif
