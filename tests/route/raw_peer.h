// SPDX-License-Identifier: MIT
//
// raw_peer.h - a peer that the test plays frame by frame over a socket, to a system of the same process: for what a
// node does when its peer says what none of ours would, or says it, or dies, at a moment that none would choose.
//
// It reads when it is told to and at no other time, and sees what a session would not show: parts, numbers, and what
// comes between. What it waits for has to come in time, or the test fails. Of itself it says what peer_init writes into
// us, and what the test changes there: no address, and no process.
//
// It calls (peer_meet, or peer_call and peer_welcomed) or is called (peer_listen, peer_accept). A peer_read gives any
// frame; a peer_next passes over those that have no number, and acknowledges now and then. A frame that was read is
// there until the next one is.

#ifndef TEST_ROUTE_RAW_PEER_H
#define TEST_ROUTE_RAW_PEER_H

#include "test.h"

#include <acta/acta.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/platform.h"
#include "codec/codec.h"
#include "route/frame.h"

enum { PEER_ACK_EACH = 8, PEER_PAYLOAD_MAX = 32 << 20, PEER_TYPES_MAX = 8, PEER_QUERY = 1 };

typedef struct raw_peer {
    int fd;        // -1: there is no connection
    acti_hello us; // session: 0 before the first WELCOME; received: the last number of theirs
    uint64_t sent; // last number of ours
    const acta_type *types[PEER_TYPES_MAX]; // that were told, by their number - 1
    acti_buf in;
    size_t taken;     // bytes at its front that frame lies in
    acti_frame frame; // the last that was read
} raw_peer;

// peer_init gives one that has met nobody, and allows more messages to each actor than any test has.
static inline raw_peer peer_init(uint64_t node)
{
    return (raw_peer){.fd = -1,
                      .in.limit = 1 << 28,
                      .us = {.version_min = ACTI_FRAME_VERSION,
                             .version_max = ACTI_FRAME_VERSION,
                             .node = node,
                             .incarnation = 1,
                             .payload_bytes_max = PEER_PAYLOAD_MAX,
                             .credit_messages = 1000,
                             .credit_bytes = UINT32_MAX,
                             .heartbeat_ms = UINT32_MAX,
                             .name = "raw"}};
}

// ---- frames --------------------------------------------------------------------------

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
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_ACK, .sequence = p->us.received});
}

static inline void peer_wait(int fd)
{
    struct pollfd at = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&at, 1, TEST_GATE_WAIT_MS), 1);
}

// peer_fill waits for more bytes. False: the system has closed the connection.
static inline bool peer_fill(raw_peer *p)
{
    peer_wait(p->fd);
    uint8_t *to = acti_buf_reserve(&p->in, 65536);
    assert_non_null(to);
    ssize_t n = recv(p->fd, to, 65536, 0);
    if (n > 0)
        acti_buf_grew(&p->in, (size_t)n);
    return n > 0;
}

// peer_read gives the next frame; NULL: the system has closed the connection.
static inline const acti_frame *peer_read(raw_peer *p)
{
    int64_t size = 0;
    size_t need;
    const char *why;
    acti_buf_consume(&p->in, p->taken);
    p->taken = 0;
    while (size == 0) {
        if (p->in.size > 0)
            size = acti_frame_read(acti_buf_bytes(&p->in), p->in.size, PEER_PAYLOAD_MAX, &p->frame, &need, &why);
        assert_true(size >= 0);
        if (size == 0 && !peer_fill(p))
            return NULL;
    }
    p->taken = (size_t)size;
    if (acti_frame_sequenced(p->frame.kind))
        assert_int_equal(p->frame.sequence, ++p->us.received);
    return &p->frame;
}

// peer_expect gives the next frame, which is of that kind.
static inline const acti_frame *peer_expect(raw_peer *p, acti_frame_kind kind)
{
    const acti_frame *frame = peer_read(p);
    if (frame == NULL || frame->kind != kind)
        fail_msg("%s came, and not %s", frame == NULL ? "the end" : acti_frame_name(frame->kind),
                 acti_frame_name(kind));
    return frame;
}

// peer_next gives the next frame that has a number.
static inline const acti_frame *peer_next(raw_peer *p)
{
    uint64_t until_ns = acti_clock_ns() + (uint64_t)TEST_GATE_WAIT_MS * 1000000;
    const acti_frame *frame;
    while ((frame = peer_read(p)) != NULL && !acti_frame_sequenced(frame->kind))
        assert_true(acti_clock_ns() < until_ns);
    assert_non_null(frame);
    if (p->us.received % PEER_ACK_EACH == 0)
        peer_ack(p);
    return frame;
}

// peer_until reads up to a frame of that kind, one that has a number.
static inline const acti_frame *peer_until(raw_peer *p, acti_frame_kind kind)
{
    const acti_frame *frame;
    do
        frame = peer_next(p);
    while (frame->kind != kind);
    return frame;
}

// ---- the connection and its end --------------------------------------------------------

// peer_cut loses the connection if there is one, with whatever was under way. Nothing is left to be freed.
static inline void peer_cut(raw_peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    acti_buf_fini(&p->in);
    p->taken = 0;
}

// peer_until_end waits until the system closes the connection. It acknowledges nothing: nobody may read that.
static inline void peer_until_end(raw_peer *p)
{
    uint64_t until_ns = acti_clock_ns() + (uint64_t)TEST_GATE_WAIT_MS * 1000000;
    while (peer_read(p) != NULL)
        assert_true(acti_clock_ns() < until_ns);
    peer_cut(p);
}

static inline void peer_refuse(raw_peer *p, int status)
{
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_REFUSE, .status = status, .text = "bye", .text_size = 3});
}

// peer_die ends the session with ACTA_ECRASHED, as a process does that dies, and waits until the node has seen it.
static inline void peer_die(raw_peer *p)
{
    peer_refuse(p, ACTA_ECRASHED);
    peer_until_end(p);
}

// ---- who calls -------------------------------------------------------------------------

static inline struct sockaddr_un peer_address(const char *url)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%.*s", (int)sizeof(at.sun_path) - 1, url + strlen("ipc://"));
    return at;
}

// peer_dial connects, for the first time or again, and peer_call says HELLO then. What p has read before is not its own
// any more.
static inline void peer_dial(raw_peer *p, const char *url)
{
    struct sockaddr_un to = peer_address(url);
    p->in = (acti_buf){.limit = p->in.limit};
    p->taken = 0;
    p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->fd >= 0);
    assert_int_equal(connect(p->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static inline void peer_call(raw_peer *p, const char *url)
{
    peer_dial(p, url);
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_HELLO, .hello = p->us});
}

// peer_welcomed waits for WELCOME and confirms it: the session is open, and all that was sent in it has come.
static inline void peer_welcomed(raw_peer *p)
{
    const acti_frame *welcome = peer_expect(p, ACTI_FRAME_WELCOME);
    assert_int_equal(welcome->hello.flags, 0);
    assert_int_equal(welcome->hello.received, p->sent);
    p->us.session = welcome->hello.session;
    peer_ack(p);
}

static inline void peer_meet(raw_peer *p, const char *url)
{
    peer_call(p, url);
    peer_welcomed(p);
}

// ---- who is called ---------------------------------------------------------------------

static inline int peer_listen(const char *url)
{
    struct sockaddr_un at = peer_address(url);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static inline void peer_unlisten(int fd, const char *url)
{
    close(fd);
    assert_int_equal(unlink(url + strlen("ipc://")), 0);
}

// peer_accept takes the next call, and welcomes who makes it to a session of that number.
static inline void peer_accept(raw_peer *p, int listening, uint64_t session)
{
    peer_wait(listening);
    p->fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    assert_true(p->fd >= 0);
    (void)peer_expect(p, ACTI_FRAME_HELLO);
    p->us.session = session;
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_WELCOME, .hello = p->us});
    (void)peer_expect(p, ACTI_FRAME_ACK);
}

// ---- what it says ------------------------------------------------------------------------

static inline void peer_seek(raw_peer *p, const char *name)
{
    peer_write(p, (acti_frame){.kind = ACTI_FRAME_FIND, .id = PEER_QUERY, .text = name, .text_size = strlen(name)});
}

// peer_find asks for an actor by its name, and gives its number.
static inline uint64_t peer_find(raw_peer *p, const char *name)
{
    peer_seek(p, name);
    const acti_frame *found = peer_until(p, ACTI_FRAME_FOUND);
    assert_int_equal(found->id, PEER_QUERY);
    assert_int_equal(found->status, ACTA_OK);
    return found->actor;
}

// peer_fence has all that the system was told before dealt with, and asserts that it says nothing because of that.
static inline void peer_fence(raw_peer *p)
{
    peer_seek(p, "nobody");
    const acti_frame *found = peer_next(p);
    assert_int_equal(found->kind, ACTI_FRAME_FOUND);
    assert_int_equal(found->status, ACTA_ENOENT);
}

// peer_type gives the number of a type, and tells it the first time.
static inline uint32_t peer_type(raw_peer *p, const acta_type *type)
{
    uint32_t at = 0;
    while (at < PEER_TYPES_MAX && p->types[at] != NULL && p->types[at] != type)
        at++;
    assert_true(at < PEER_TYPES_MAX);
    if (p->types[at] == NULL)
        peer_write(p, (acti_frame){.kind = ACTI_FRAME_TYPE,
                                   .type = at + 1,
                                   .text = type->name,
                                   .text_size = strlen(type->name)});
    p->types[at] = type;
    return at + 1;
}

// peer_own is a reference to an actor of the peer's own.
static inline acti_codec_ref peer_own(const raw_peer *p, uint64_t actor)
{
    return (acti_codec_ref){.node = p->us.node, .actor = actor, .name = "far", .name_size = 3, .url = ""};
}

static inline int peer_give(void *arg, acti_actor *actor, bool strong, acti_codec_ref *ref)
{
    (void)actor;
    assert_true(strong);
    *ref = *(const acti_codec_ref *)arg;
    return ACTA_OK;
}

// peer_say says a message in one frame, a SEND, ASK or REPLY. Whatever sender the body has, in the frame it is given.
static inline void peer_say(raw_peer *p, acti_frame frame, const acta_type *type, const void *body,
                            acti_codec_ref given)
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
