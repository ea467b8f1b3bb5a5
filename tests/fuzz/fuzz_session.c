// SPDX-License-Identifier: MIT
//
// fuzz_session.c - a session whose peer says and whose node does what it likes, over any number of connections. An
// input is a list of steps: a byte that says which, and what that needs. A step that a node may not take at that
// moment is left out. Frames get good headers from FRAME, which chance would hardly find; RAW gives any bytes.

#include <stdint.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "route/session.h"

#define PAYLOAD_MAX 32768
#define OUT_LIMIT 100000
#define REST_UNIT 128 // sizes of what is put are counted in these, so that a few frames fill a chunk
// A largest frame, and the GOODBYE that is always put.
#define OUT_MOST (OUT_LIMIT + 2 * ACTI_FRAME_HEADER + PAYLOAD_MAX)
#define NUMBER 99

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum step {
    RAW,     // u8 count, bytes
    FRAME,   // u8 kind, u8 payload size, payload: with the sequence number that follows
    HELLO,   // u8 changes: one that fits, but for them
    WELCOME, // the same
    ACK,     // u8: so many more than were acknowledged
    FAREWELL,
    CALL,
    ANSWER,
    ADOPT, // what HELLO was given, or u8 changes when there is no connection
    KNOWN,
    CONFIRM,
    CUT,
    PUT,   // u8 kind, u8 size of the rest
    BEGIN, // u8 size of the rest, u8 drop
    SAY,   // u8: 0 only begin to write
    HEARTBEAT,
    LEAVE,
    REFUSE,
    STEPS,
} step;

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

typedef struct world {
    acti_session session;
    acti_hello greeting; // of the HELLO that was given
    bool writing;
} world;

static const acti_hello us = {
    .version_min = 1,
    .version_max = 2,
    .node = 1,
    .incarnation = 2,
    .payload_bytes_max = PAYLOAD_MAX,
    .credit_messages = 8,
    .credit_bytes = 8192,
    .heartbeat_ms = 1000,
    .name = "fuzzed",
};

// ---- input -----------------------------------------------------------------------

static uint8_t take8(input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

// take gives up to n bytes, and how many those are.
static const uint8_t *take(input *in, size_t *n)
{
    const uint8_t *bytes = in->data;
    if (*n > in->size)
        *n = in->size;
    in->data += *n;
    in->size -= *n;
    return bytes;
}

// ---- the peer --------------------------------------------------------------------

// of_parts: whether a frame has more than it was read with, because parts of its message came before it.
static bool of_parts(const acti_session *session, const acti_frame *frame)
{
    const uint8_t *in = acti_buf_bytes(&session->in);
    return frame->rest != NULL && (frame->rest < in || frame->rest > in + session->taken);
}

// check_same: what was read is written back to the bytes it was read from; of a message in parts, the last one.
static void check_same(const acti_session *session, acti_frame *frame)
{
    acti_buf again = {.limit = ACTI_FRAME_HEADER + PAYLOAD_MAX};
    if (of_parts(session, frame)) {
        size_t last = session->taken - ACTI_FRAME_HEADER - acti_frame_fixed(frame->kind);
        acti_assert(last <= frame->rest_size && frame->rest_size <= PAYLOAD_MAX);
        frame->rest += frame->rest_size - last;
        frame->rest_size = last;
    }
    acti_assert(acti_frame_write(&again, frame) == ACTA_OK);
    acti_assert(again.size == session->taken);
    acti_assert(memcmp(acti_buf_bytes(&again), acti_buf_bytes(&session->in), again.size) == 0);
    acti_buf_fini(&again);
}

static void listen_to(world *w)
{
    acti_frame frame;
    int status;
    while ((status = acti_session_next(&w->session, &frame)) > 0) {
        acti_session_check(&w->session);
        check_same(&w->session, &frame);
        if (frame.kind == ACTI_FRAME_HELLO)
            w->greeting = frame.hello;
    }
    acti_assert(status == w->session.status);
}

static void feed(world *w, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t room;
        uint8_t *to = acti_session_space(&w->session, &room);
        if (to == NULL)
            break;
        size_t n = size < room ? size : room;
        memcpy(to, bytes, n);
        acti_session_feed(&w->session, n);
        bytes += n;
        size -= n;
    }
    listen_to(w);
}

static void feed_frame(world *w, const acti_frame *frame)
{
    acti_buf bytes = {.limit = 4096};
    acti_assert(acti_frame_write(&bytes, frame) == ACTA_OK);
    feed(w, acti_buf_bytes(&bytes), bytes.size);
    acti_buf_fini(&bytes);
}

static void feed_payload(world *w, uint8_t kind, const uint8_t *payload, size_t size)
{
    uint8_t head[ACTI_FRAME_HEADER] = {(uint8_t)size, 0, 0, 0, kind};
    if (acti_frame_sequenced((acti_frame_kind)kind))
        for (int i = 0; i < 8; i++)
            head[8 + i] = (uint8_t)((w->session.received + 1) >> 8 * i);
    feed(w, head, sizeof head);
    feed(w, payload, size);
}

// peer_of is what the peer says of itself, with a bit for each change.
static acti_hello peer_of(const acti_session *session, uint8_t changes)
{
    acti_hello peer = us;
    peer.node = 3 + (changes & 1);
    peer.incarnation = 4 + (changes >> 1 & 1);
    peer.session = (changes & 4) != 0 ? 0 : session->us.session;
    peer.received = (changes & 8) != 0 ? session->written : session->acked + (changes >> 7);
    peer.payload_bytes_max = (changes & 16) != 0 ? 4096 : PAYLOAD_MAX;
    peer.version_max = (changes & 32) != 0 ? 1 : 2;
    peer.flags = changes >> 6 & 1;
    return peer;
}

static void feed_hello(world *w, acti_frame_kind kind, uint8_t changes)
{
    acti_frame frame = {.kind = kind, .hello = peer_of(&w->session, changes)};
    if (kind == ACTI_FRAME_WELCOME && frame.hello.session == 0 && frame.hello.flags == 0)
        frame.hello.session = NUMBER;
    feed_frame(w, &frame);
}

// ---- the node --------------------------------------------------------------------

static bool apart(const acti_session *session)
{
    return session->phase == ACTI_PHASE_NONE && session->state < ACTI_SESSION_LEFT;
}

static void adopt(world *w, input *in)
{
    acti_session *session = &w->session;
    if (session->phase == ACTI_PHASE_GREETED && session->state == ACTI_SESSION_NEW)
        (void)acti_session_adopt(session, &w->greeting, NUMBER);
    else if (apart(session)) {
        acti_hello peer = peer_of(session, take8(in));
        (void)acti_session_adopt(session, &peer, NUMBER);
    }
}

static const uint8_t zeros[255 * REST_UNIT];

static void put(world *w, input *in)
{
    acti_frame frame = {.kind = (acti_frame_kind)take8(in), .text = "text", .text_size = 4, .rest = zeros};
    frame.rest_size = (size_t)take8(in) * REST_UNIT;
    (void)acti_session_put(&w->session, &frame);
}

static void begin(world *w, input *in)
{
    acti_frame frame = {.kind = ACTI_FRAME_ASK, .actor = 1};
    size_t n = (size_t)take8(in) * REST_UNIT, at;
    bool drop = take8(in) % 2 != 0;
    acti_buf *out;
    if (acti_session_begin(&w->session, &frame, &out, &at) != ACTA_OK)
        return;
    bool fits = acti_buf_append(out, zeros, n) == ACTA_OK;
    int status = acti_session_end(&w->session, at, drop || !fits);
    acti_assert(status == ACTA_OK || status == ACTA_ETOOBIG);
}

static void say(world *w, bool whole)
{
    const uint8_t *bytes;
    size_t size;
    if (w->writing)
        acti_session_wrote(&w->session);
    w->writing = false;
    while (acti_session_take(&w->session, &bytes, &size)) {
        volatile uint8_t last = bytes[size - 1]; // ASan sees whether it is there
        (void)last;
        w->writing = !whole;
        if (!whole)
            return;
        acti_session_wrote(&w->session);
    }
    acti_assert(w->session.phase != ACTI_PHASE_UP || !acti_session_unsaid(&w->session));
}

static void cut(world *w)
{
    acti_session_cut(&w->session);
    w->writing = false;
}

static void confirm(acti_session *session)
{
    bool welcomed = session->phase == ACTI_PHASE_WELCOMED && session->state < ACTI_SESSION_LEFT;
    if (welcomed && session->peer.flags == 0)
        acti_session_confirm(session);
}

static void act(world *w, step what, input *in)
{
    acti_session *session = &w->session;
    switch (what) {
    case CALL:
        if (apart(session))
            (void)acti_session_call(session);
        break;
    case ANSWER:
        if (apart(session) && session->us.session == 0)
            (void)acti_session_answer(session);
        break;
    case ADOPT:
        adopt(w, in);
        break;
    case KNOWN:
        if (session->phase == ACTI_PHASE_GREETED && session->state == ACTI_SESSION_NEW)
            acti_session_known(session);
        break;
    case CONFIRM:
        confirm(session);
        break;
    case CUT:
        cut(w);
        break;
    case PUT:
        put(w, in);
        break;
    case BEGIN:
        begin(w, in);
        break;
    case SAY:
        say(w, take8(in) != 0);
        break;
    case HEARTBEAT:
        acti_session_ack(session, acti_session_owes_ack(session) || take8(in) % 2 != 0);
        break;
    case LEAVE:
        (void)acti_session_leave(session);
        break;
    case REFUSE:
        acti_session_refuse(session, -9, "fuzzed: try again");
        break;
    default:
        break;
    }
}

static void hear(world *w, step what, input *in)
{
    uint8_t first = take8(in);
    size_t n = first;
    switch (what) {
    case RAW: {
        const uint8_t *bytes = take(in, &n);
        feed(w, bytes, n);
        break;
    }
    case FRAME: {
        n = take8(in);
        const uint8_t *payload = take(in, &n);
        feed_payload(w, first, payload, n);
        break;
    }
    case HELLO:
        feed_hello(w, ACTI_FRAME_HELLO, first);
        break;
    case WELCOME:
        feed_hello(w, ACTI_FRAME_WELCOME, first);
        break;
    case ACK:
        feed_frame(w, &(acti_frame){.kind = ACTI_FRAME_ACK, .sequence = w->session.acked + first});
        break;
    default:
        feed_frame(w, &(acti_frame){.kind = ACTI_FRAME_FAREWELL, .sequence = w->session.goodbye});
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    world w = {.writing = false};
    acti_hello hello = us;
    hello.session = take8(&in) % 2 != 0 ? NUMBER : 0;
    acti_assert(acti_session_init(&w.session, &hello, OUT_LIMIT) == ACTA_OK);
    while (in.size > 0) {
        step what = (step)(take8(&in) % STEPS);
        if (what <= FAREWELL)
            hear(&w, what, &in);
        else
            act(&w, what, &in);
        acti_session_check(&w.session);
        acti_assert(w.session.in.room <= 2 * w.session.in.limit);
        acti_assert(w.session.begun.count <= ACTI_BEGUN_MAX);
        acti_assert(acti_session_waiting(&w.session) + acti_session_kept(&w.session) <= OUT_MOST);
    }
    acti_session_fini(&w.session);
    return 0;
}
