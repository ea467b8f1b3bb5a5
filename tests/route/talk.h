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

// carry moves all of from's out to to.
static inline void carry(acti_session *from, acti_session *to)
{
    if (from->out.size == 0)
        return;
    feed(to, acti_buf_bytes(&from->out), from->out.size);
    acti_buf_consume(&from->out, from->out.size);
}

// next_kind is the kind of the next frame, 0 when there is none, negative when the session is BROKEN.
static inline int next_kind(acti_session *session)
{
    acti_frame frame;
    int status = acti_session_next(session, &frame);
    acti_session_check(session);
    return status > 0 ? (int)frame.kind : status;
}

// answered is the kind of the first frame in out, which is taken from there; 0 if there is none.
static inline unsigned answered(acti_session *session, acti_frame *frame)
{
    size_t need;
    const char *why;
    if (session->out.size == 0)
        return 0;
    int64_t n =
        acti_frame_read(acti_buf_bytes(&session->out), session->out.size, UINT32_MAX, frame, &need, &why);
    assert_true(n > 0);
    // What frame points to stays readable until out is written to again.
    acti_buf_consume(&session->out, (size_t)n);
    return frame->kind;
}

static inline unsigned answer(acti_session *session)
{
    acti_frame frame;
    return answered(session, &frame);
}

static inline void start(acti_session *session, bool caller)
{
    acti_hello us = sample_hello(caller ? "caller" : "called");
    assert_int_equal(acti_session_init(session, caller, &us, OUT_LIMIT), ACTA_OK);
    acti_session_check(session);
}

// The states, with LEAVING before and after the peer's own GOODBYE.
typedef enum place { WAITING, CALLING, OPEN, LEAVING, CROSSED, LEFT, BROKEN, PLACES } place;

static inline void bring(acti_session *session, place to)
{
    start(session, to == CALLING);
    if (to == WAITING || to == CALLING)
        return;
    if (to == BROKEN) {
        acti_session_refuse(session, ACTA_EREFUSED, "no more nodes: close one");
        return;
    }
    acti_frame hello = sample(ACTI_FRAME_HELLO, 0);
    feed_frame(session, &hello);
    assert_int_equal(next_kind(session), ACTI_FRAME_HELLO);
    if (to == LEAVING || to == CROSSED)
        assert_int_equal(acti_session_leave(session), ACTA_OK);
    if (to == CROSSED || to == LEFT) {
        acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1);
        feed_frame(session, &goodbye);
        assert_int_equal(next_kind(session), ACTI_FRAME_GOODBYE);
    }
    acti_buf_consume(&session->out, session->out.size);
    acti_session_check(session);
}

// open_both gives two sessions that have welcomed each other.
static inline void open_both(acti_session *a, acti_session *b)
{
    start(a, true);
    start(b, false);
    carry(a, b);
    assert_int_equal(next_kind(b), ACTI_FRAME_HELLO);
    carry(b, a);
    assert_int_equal(next_kind(a), ACTI_FRAME_WELCOME);
}

#endif
