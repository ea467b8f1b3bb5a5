// SPDX-License-Identifier: MIT
//
// fuzz_session.c - any bytes from a peer, in any pieces, in any state. The first byte of an input chooses the state,
// the second the size of the pieces. The others are the peer's bytes or, with FRAMED in the first, payloads that
// get good headers, which chance would hardly find. What the node does meanwhile follows from the frames it is given.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "route/session.h"

#define PAYLOAD_MAX 8192
#define OUT_LIMIT 4096
#define FRAMED 0x80

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const acti_hello us = {
    .version_min = 1,
    .version_max = 2,
    .node = 1,
    .incarnation = 2,
    .payload_bytes_max = PAYLOAD_MAX,
    .credit_messages = 8,
    .credit_bytes = 8192,
    .name = "fuzzed",
};

static void feed(acti_session *session, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t room;
        uint8_t *to = acti_session_space(session, &room);
        if (to == NULL)
            return;
        size_t n = size < room ? size : room;
        memcpy(to, bytes, n);
        acti_session_feed(session, n);
        bytes += n;
        size -= n;
    }
}

// check_same: what was read is written back to the bytes it was read from.
static void check_same(const acti_session *session, const acti_frame *frame)
{
    acti_buf again = {.limit = ACTI_FRAME_HEADER + PAYLOAD_MAX};
    acti_assert(acti_frame_write(&again, frame) == 0);
    acti_assert(again.size == session->taken);
    acti_assert(memcmp(acti_buf_bytes(&again), acti_buf_bytes(&session->in), again.size) == 0);
    acti_buf_fini(&again);
}

// answer does what a node might on such a frame.
static void answer(acti_session *session, const acti_frame *given)
{
    acti_frame frame = *given;
    size_t at;
    switch (given->kind) {
    case ACTI_FRAME_TYPE:
        acti_session_ack(session);
        break;
    case ACTI_FRAME_SEND:
        (void)acti_session_put(session, &frame);
        break;
    case ACTI_FRAME_ASK:
        frame.kind = ACTI_FRAME_REPLY;
        if (acti_session_begin(session, &frame, &at) == 0) {
            (void)acti_buf_append(&session->out, given->rest, given->rest_size);
            (void)acti_session_end(session, at, given->type % 2 != 0);
        }
        break;
    case ACTI_FRAME_MONITOR:
        (void)acti_session_leave(session);
        break;
    case ACTI_FRAME_CREDIT:
        acti_buf_consume(&session->out, session->out.size);
        break;
    case ACTI_FRAME_DOWN:
        if (given->status == 0)
            acti_session_refuse(session, given->status, "fuzzed: try again");
        break;
    default:
        break;
    }
}

static void take_all(acti_session *session)
{
    acti_frame frame;
    acti_session_check(session);
    while (acti_session_next(session, &frame) > 0) {
        acti_session_check(session);
        check_same(session, &frame);
        answer(session, &frame);
        acti_session_check(session);
    }
    acti_session_check(session);
    acti_assert(session->in.room <= 2 * session->in.limit);
    acti_assert(session->out.size <= session->out.limit);
}

// bring gives a session in the state that the number stands for.
static void bring(acti_session *session, unsigned state)
{
    acti_assert(acti_session_init(session, state == 1, &us, OUT_LIMIT) == 0);
    if (state < 2)
        return;
    acti_buf bytes = {.limit = 1024};
    acti_frame hello = {.kind = ACTI_FRAME_HELLO, .hello = us};
    acti_frame goodbye = {.kind = ACTI_FRAME_GOODBYE, .sequence = 1};
    acti_assert(acti_frame_write(&bytes, &hello) == 0);
    if (state == 4)
        acti_assert(acti_frame_write(&bytes, &goodbye) == 0);
    feed(session, acti_buf_bytes(&bytes), bytes.size);
    acti_frame frame;
    acti_assert(acti_session_next(session, &frame) == 1);
    if (state > 2)
        acti_assert(acti_session_leave(session) == 0);
    acti_buf_fini(&bytes);
}

// framed makes frames of pieces that start with a kind and a size.
static acti_buf framed(const uint8_t *data, size_t size, uint64_t sequence)
{
    acti_buf bytes = {.limit = 1 << 20};
    while (size >= 2) {
        uint8_t kind = data[0];
        uint8_t length = (size_t)data[1] < size - 2 ? data[1] : (uint8_t)(size - 2);
        uint8_t head[ACTI_FRAME_HEADER] = {length, 0, 0, 0, kind};
        if (acti_frame_sequenced((acti_frame_kind)kind))
            head[8] = (uint8_t)++sequence;
        if (acti_buf_append(&bytes, head, sizeof head) != 0 || acti_buf_append(&bytes, data + 2, length) != 0)
            break;
        data += 2 + length;
        size -= 2 + (size_t)length;
    }
    return bytes;
}

static void hear(acti_session *session, const uint8_t *bytes, size_t size, size_t piece)
{
    for (size_t at = 0; at < size; at += piece) {
        feed(session, bytes + at, size - at < piece ? size - at : piece);
        take_all(session);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    acti_session session;
    bring(&session, data[0] % 5);
    size_t piece = data[1] == 0 ? SIZE_MAX / 2 : data[1];
    if ((data[0] & FRAMED) != 0) {
        acti_buf bytes = framed(data + 2, size - 2, session.received);
        if (bytes.size > 0)
            hear(&session, acti_buf_bytes(&bytes), bytes.size, piece);
        acti_buf_fini(&bytes);
    } else {
        hear(&session, data + 2, size - 2, piece);
    }
    acti_session_fini(&session);
    return 0;
}
