// SPDX-License-Identifier: MIT
//
// talk.h - sessions brought into a state through the bytes that bring them there, and bytes carried between them.

#ifndef TEST_ROUTE_TALK_H
#define TEST_ROUTE_TALK_H

#include "test.h"

#include <acta/error.h>

#include "base/platform.h"
#include "route/session.h"
#include "sample.h"

#define OUT_LIMIT 65536
#define NUMBER 99 // of the session that bring begins

// ---- bytes -----------------------------------------------------------------------

// feed gives a session as many bytes as it takes; those that it does not are lost, as behind a closed connection.
static inline void feed(acti_session *session, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        size_t room;
        uint8_t *to = acti_session_space(session, &room);
        if (to == NULL)
            return;
        size_t n = size < room ? size : room;
        memcpy(to, from, n);
        acti_session_feed(session, n);
        acti_session_check(session);
        from += n;
        size -= n;
    }
}

static inline void feed_frame(acti_session *session, const acti_frame *frame)
{
    acti_buf bytes = {.limit = 1 << 24};
    assert_int_equal(acti_frame_write(&bytes, frame), ACTA_OK);
    feed(session, acti_buf_bytes(&bytes), bytes.size);
    acti_buf_fini(&bytes);
}

// say appends all that a session has to say to out.
static inline void say(acti_session *session, acti_buf *out)
{
    const uint8_t *bytes;
    size_t size;
    while (acti_session_take(session, &bytes, &size)) {
        assert_int_equal(acti_buf_append(out, bytes, size), ACTA_OK);
        acti_session_check(session);
        acti_session_wrote(session);
        acti_session_check(session);
    }
}

// hush is what nobody hears; it gives how many bytes that were.
static inline size_t hush(acti_session *session)
{
    acti_buf out = {.limit = 1 << 24};
    say(session, &out);
    size_t size = out.size;
    acti_buf_fini(&out);
    return size;
}

// carry brings all that from has to say to to.
static inline void carry(acti_session *from, acti_session *to)
{
    acti_buf out = {.limit = 1 << 26};
    say(from, &out);
    if (out.size > 0)
        feed(to, acti_buf_bytes(&out), out.size);
    acti_buf_fini(&out);
}

// pop takes the first frame out of bytes and gives its kind, 0 if there is none. What the frame points to stays
// readable until bytes are written to again.
static inline unsigned pop(acti_buf *bytes, acti_frame *frame)
{
    size_t need;
    const char *why;
    if (bytes->size == 0)
        return 0;
    int64_t n = acti_frame_read(acti_buf_bytes(bytes), bytes->size, UINT32_MAX, frame, &need, &why);
    assert_true(n > 0);
    acti_buf_consume(bytes, (size_t)n);
    return frame->kind;
}

// says is the kinds of what a session has to say, a letter each: A ACK, F FAREWELL, f FIND, Q ASK, P REPLY and so on.
static inline const char *says(acti_session *session)
{
    static char letters[4096];
    static const char names[] = "?HWRAGFTf!rSQPMmDCpctEL";
    acti_buf out = {.limit = 1 << 24};
    acti_frame frame;
    say(session, &out);
    size_t n = 0;
    for (unsigned kind; (kind = pop(&out, &frame)) != 0;) {
        assert_true(n < sizeof letters - 1);
        letters[n++] = names[kind];
    }
    letters[n] = '\0';
    acti_buf_fini(&out);
    return letters;
}

// next_kind is the kind of the next frame, 0 when there is none, negative when the session is BROKEN.
static inline int next_kind(acti_session *session)
{
    acti_frame frame;
    int status = acti_session_next(session, &frame);
    acti_session_check(session);
    return status > 0 ? (int)frame.kind : status;
}

// The session ended with that status and a cause with these words, and tells the peer so by REFUSE, last.
static inline void assert_refused(acti_session *session, int status, const char *cause)
{
    assert_int_equal(next_kind(session), status);
    assert_int_equal(session->state, ACTI_SESSION_BROKEN);
    assert_int_equal(session->status, status);
    if (strstr(session->cause, cause) == NULL)
        fail_msg("cause is \"%s\", without \"%s\"", session->cause, cause);
    assert_non_null(strchr(session->cause, ':')); // what: what to do

    acti_frame frame = {0};
    acti_buf said = {.limit = 1 << 16};
    say(session, &said);
    unsigned kind;
    do
        kind = pop(&said, &frame);
    while (kind != 0 && kind != ACTI_FRAME_REFUSE);
    assert_int_equal(kind, ACTI_FRAME_REFUSE);
    assert_int_equal(frame.status, status);
    assert_int_equal(frame.text_size, strlen(session->cause));
    assert_memory_equal(frame.text, session->cause, frame.text_size);
    assert_int_equal(said.size, 0);
    acti_buf_fini(&said);
    assert_false(acti_session_unsaid(session));
    assert_int_equal(next_kind(session), status);
}

// ---- handshakes ------------------------------------------------------------------

// hello_of is what a node of that name says of itself with a new session.
static inline acti_hello hello_of(const char *name)
{
    acti_hello hello = sample_hello(name);
    hello.node += (uint8_t)name[0];
    hello.flags = 0;
    hello.session = 0;
    hello.received = 0;
    return hello;
}

static inline void start(acti_session *session, const char *name)
{
    acti_hello us = hello_of(name);
    assert_int_equal(acti_session_init(session, &us, OUT_LIMIT), ACTA_OK);
    acti_session_check(session);
}

// peer_frame is a HELLO or WELCOME of a peer that has received all that session has ever written.
static inline acti_frame peer_frame(const acti_session *session, acti_frame_kind kind)
{
    acti_frame frame = {.kind = kind, .hello = hello_of("peer")};
    frame.hello.session = session->us.session;
    frame.hello.received = session->written;
    if (kind == ACTI_FRAME_WELCOME && frame.hello.session == 0)
        frame.hello.session = NUMBER;
    return frame;
}

static inline void meet_peer(acti_session *session, acti_session_phase phase)
{
    if (phase == ACTI_PHASE_NONE)
        return;
    if (phase == ACTI_PHASE_CALLING || phase == ACTI_PHASE_WELCOMED) {
        acti_frame welcome = peer_frame(session, ACTI_FRAME_WELCOME);
        assert_int_equal(acti_session_call(session), ACTA_OK);
        hush(session);
        if (phase == ACTI_PHASE_CALLING)
            return;
        feed_frame(session, &welcome);
        assert_int_equal(next_kind(session), ACTI_FRAME_WELCOME);
        return;
    }
    acti_frame hello = peer_frame(session, ACTI_FRAME_HELLO);
    if (session->us.session == 0) {
        assert_int_equal(acti_session_answer(session), ACTA_OK);
        if (phase == ACTI_PHASE_WAITING)
            return;
        feed_frame(session, &hello);
        assert_int_equal(next_kind(session), ACTI_FRAME_HELLO);
    }
    if (phase == ACTI_PHASE_GREETED)
        return;
    assert_int_equal(acti_session_adopt(session, &hello.hello, NUMBER), ACTA_OK);
    hush(session);
    if (phase == ACTI_PHASE_HALF)
        return;
    acti_frame ack = {.kind = ACTI_FRAME_ACK, .sequence = session->acked};
    feed_frame(session, &ack);
    assert_int_equal(next_kind(session), 0);
}

// A state of a session and a phase of its connection that may meet.
typedef struct place {
    acti_session_state state;
    acti_session_phase phase;
    bool crossed; // LEAVING, and the peer has said GOODBYE, too
} place;

static const place open_up = {ACTI_SESSION_OPEN, ACTI_PHASE_UP, false};
static const place leaving_up = {ACTI_SESSION_LEAVING, ACTI_PHASE_UP, false};
static const place waiting = {ACTI_SESSION_NEW, ACTI_PHASE_WAITING, false};
static const place calling = {ACTI_SESSION_NEW, ACTI_PHASE_CALLING, false};

// bring brings a session there, over a connection of its own if it was open before that. Nothing is left to be said.
static inline void bring(acti_session *session, const place *to)
{
    start(session, "us");
    if (to->state == ACTI_SESSION_NEW) {
        meet_peer(session, to->phase);
        return;
    }
    meet_peer(session, ACTI_PHASE_UP);
    if (to->state == ACTI_SESSION_LEAVING)
        assert_int_equal(acti_session_leave(session), ACTA_OK);
    if (to->state == ACTI_SESSION_LEFT || to->crossed) {
        acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1);
        feed_frame(session, &goodbye);
        assert_int_equal(next_kind(session), ACTI_FRAME_GOODBYE);
    }
    if (to->state == ACTI_SESSION_BROKEN)
        acti_session_refuse(session, ACTA_EREFUSED, "no more nodes: close one");
    hush(session);
    if (to->phase != ACTI_PHASE_UP) {
        acti_session_cut(session);
        meet_peer(session, to->phase);
    }
    acti_session_check(session);
    assert_int_equal(session->state, to->state);
    assert_int_equal(session->phase, to->phase);
}

// meet has a call b, b answer as what it is, and a confirm.
static inline void meet(acti_session *a, acti_session *b)
{
    acti_session door; // where b is called
    acti_frame frame;
    start(&door, "door");
    assert_int_equal(acti_session_call(a), ACTA_OK);
    assert_int_equal(acti_session_answer(&door), ACTA_OK);
    carry(a, &door);
    assert_int_equal(acti_session_next(&door, &frame), 1);
    assert_int_equal(acti_session_adopt(b, &frame.hello, NUMBER), ACTA_OK);
    acti_session_fini(&door);
    carry(b, a);
    assert_int_equal(next_kind(a), ACTI_FRAME_WELCOME);
    acti_session_confirm(a);
    acti_session_check(a);
    carry(a, b);
}

// open_both gives two sessions that have met.
static inline void open_both(acti_session *a, acti_session *b)
{
    start(a, "caller");
    start(b, "answer");
    meet(a, b);
    assert_int_equal(next_kind(b), 0);
    assert_int_equal(b->state, ACTI_SESSION_OPEN);
}

// both_leave has each say GOODBYE, and hear the other's.
static inline void both_leave(acti_session *a, acti_session *b)
{
    assert_int_equal(acti_session_leave(a), ACTA_OK);
    assert_int_equal(acti_session_leave(b), ACTA_OK);
    carry(a, b);
    carry(b, a);
    assert_int_equal(next_kind(a), ACTI_FRAME_GOODBYE);
    assert_int_equal(next_kind(b), ACTI_FRAME_GOODBYE);
}

static inline void cut_both(acti_session *a, acti_session *b)
{
    acti_session_cut(a);
    acti_session_cut(b);
    acti_session_check(a);
    acti_session_check(b);
}

#endif
