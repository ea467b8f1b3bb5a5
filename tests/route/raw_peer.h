// SPDX-License-Identifier: MIT
//
// raw_peer.h - a node that the test plays frame by frame over a socket, to a system of the same process. It reads when
// it is told to and at no other time, and sees what a session would not show: parts, and where they lie.

#ifndef TEST_ROUTE_RAW_PEER_H
#define TEST_ROUTE_RAW_PEER_H

#include "test.h"

#include <acta/acta.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"
#include "codec/codec.h"
#include "route/frame.h"
#include "route/pieces.h"

enum { PEER_NODE = 77, PEER_ACK_EACH = 8 };

typedef struct raw_peer {
    int fd;
    acti_hello us;
    uint64_t session;  // 0: not met yet
    uint64_t sent;     // last number of ours
    uint64_t received; // last number of theirs
    const acta_type *types[4]; // that were told, by their number - 1
    acti_buf in;
    size_t taken;      // bytes at its front that the last frame lies in
} raw_peer;

// ---- bytes -------------------------------------------------------------------------

static inline void peer_write(raw_peer *p, acti_frame frame)
{
    acti_buf out = {.limit = 1 << 20};
    if (acti_frame_sequenced(frame.kind))
        frame.sequence = ++p->sent;
    assert_int_equal(acti_frame_write(&out, &frame), ACTA_OK);
    for (size_t at = 0; at < out.size;) {
        ssize_t n = send(p->fd, acti_buf_bytes(&out) + at, out.size - at, MSG_NOSIGNAL);
        assert_true(n > 0);
        at += (size_t)n;
    }
    acti_buf_fini(&out);
}

static inline void peer_ack(raw_peer *p)
{
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_ACK, .sequence = p->received});
}

// peer_read gives the next frame, which lies in p->in until the next call.
static inline void peer_read(raw_peer *p, acti_frame *frame)
{
    acti_buf_consume(&p->in, p->taken);
    p->taken = 0;
    for (;;) {
        size_t need;
        const char *why;
        int64_t size = 0;
        if (p->in.size > 0)
            size = acti_frame_read(acti_buf_bytes(&p->in), p->in.size, UINT32_MAX, frame, &need, &why);
        assert_true(size >= 0);
        if (size > 0) {
            p->taken = (size_t)size;
            break;
        }
        uint8_t *to = acti_buf_reserve(&p->in, 65536);
        assert_non_null(to);
        ssize_t n = recv(p->fd, to, 65536, 0);
        assert_true(n > 0); // the socket has a time limit
        acti_buf_grew(&p->in, (size_t)n);
    }
    if (!acti_frame_sequenced(frame->kind))
        return;
    assert_int_equal(frame->sequence, p->received + 1);
    p->received++;
    if (p->received % PEER_ACK_EACH == 0)
        peer_ack(p);
}

// peer_next gives the next frame that has a number.
static inline void peer_next(raw_peer *p, acti_frame *frame)
{
    do
        peer_read(p, frame);
    while (!acti_frame_sequenced(frame->kind));
}

// peer_until reads up to a frame of that kind.
static inline void peer_until(raw_peer *p, acti_frame_kind kind, acti_frame *frame)
{
    do
        peer_next(p, frame);
    while (frame->kind != kind);
}

// ---- meeting -----------------------------------------------------------------------

static inline void peer_init(raw_peer *p, uint32_t credit_messages, uint32_t credit_bytes)
{
    *p = (raw_peer){.fd = -1, .in.limit = 1 << 28};
    p->us = (acti_hello){.version_min = ACTI_FRAME_VERSION,
                         .version_max = ACTI_FRAME_VERSION,
                         .node = PEER_NODE,
                         .incarnation = 1,
                         .payload_bytes_max = 32 << 20,
                         .credit_messages = credit_messages,
                         .credit_bytes = credit_bytes,
                         .heartbeat_ms = UINT32_MAX,
                         .name = "raw"};
}

// peer_meet connects, for the first time or again.
static inline void peer_meet(raw_peer *p, const char *url)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof(to.sun_path), "%s", url + strlen("ipc://"));
    p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->fd >= 0);
    struct timeval limit = {.tv_sec = TEST_GATE_WAIT_MS / 1000};
    assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(connect(p->fd, (struct sockaddr *)&to, sizeof(to)), 0);
    p->us.session = p->session;
    p->us.received = p->received;
    acti_frame frame = {.kind = ACTI_FRAME_HELLO, .hello = p->us};
    peer_write(p, frame);
    peer_read(p, &frame);
    assert_int_equal(frame.kind, ACTI_FRAME_WELCOME);
    assert_int_equal(frame.hello.flags, 0);
    assert_int_equal(frame.hello.received, p->sent);
    p->session = frame.hello.session;
    peer_ack(p);
}

// peer_cut loses the connection, with whatever was under way.
static inline void peer_cut(raw_peer *p)
{
    close(p->fd);
    p->fd = -1;
    acti_buf_consume(&p->in, p->in.size);
    p->taken = 0;
}

static inline void peer_fini(raw_peer *p)
{
    if (p->fd >= 0)
        peer_cut(p);
    acti_buf_fini(&p->in);
}

// ---- what it says ------------------------------------------------------------------

// peer_fence has all that the system was told before dealt with: what it says because of that has been said.
static inline void peer_fence(raw_peer *p, acti_frame *found)
{
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_FIND, .id = 1, .text = "nobody", .text_size = 6});
    peer_next(p, found);
    assert_int_equal(found->kind, ACTI_FRAME_FOUND);
    assert_int_equal(found->status, ACTA_ENOENT);
}

static inline uint64_t peer_find(raw_peer *p, const char *name)
{
    acti_frame found;
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_FIND, .id = 1, .text = name, .text_size = strlen(name)});
    peer_until(p, ACTI_FRAME_FOUND, &found);
    assert_int_equal(found.status, ACTA_OK);
    return found.actor;
}

static inline int peer_give(void *arg, acti_actor *actor, bool strong, acti_codec_ref *ref)
{
    (void)actor;
    assert_true(strong);
    *ref = (acti_codec_ref){.node = PEER_NODE, .actor = *(uint64_t *)arg, .name = "far", .name_size = 3, .url = ""};
    return ACTA_OK;
}

static inline void peer_refuse(raw_peer *p)
{
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_REFUSE, .status = ACTA_EREFUSED, .text = "bye", .text_size = 3});
}

// peer_type gives the number of a type, and tells it the first time.
static inline uint32_t peer_type(raw_peer *p, const acta_type *type)
{
    uint32_t at = 0;
    while (p->types[at] != NULL && p->types[at] != type)
        at++;
    assert_true(at + 1 < sizeof(p->types) / sizeof(*p->types));
    if (p->types[at] == NULL)
        peer_write(p, (acti_frame){.kind = ACTI_FRAME_TYPE,
                                   .type = at + 1,
                                   .text = type->name,
                                   .text_size = strlen(type->name)});
    p->types[at] = type;
    return at + 1;
}

// peer_say says a message in one frame. A sender in it is to the peer's own actor of that number.
static inline void peer_say(raw_peer *p, acti_frame frame, const acta_type *type, const void *body, uint64_t given)
{
    acti_codec_refs refs = {.arg = &given, .give = peer_give};
    acti_buf packed = {.limit = 1 << 16};
    assert_int_equal(acti_codec_encode(type, body, &refs, &packed), ACTA_OK);
    frame.type = peer_type(p, type);
    frame.rest = acti_buf_bytes(&packed);
    frame.rest_size = packed.size;
    peer_write(p, frame);
    acti_buf_fini(&packed);
}

#endif
