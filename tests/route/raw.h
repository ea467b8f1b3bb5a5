// SPDX-License-Identifier: MIT
//
// raw.h - a peer that is no node: frames over a socket, one after the other, for tests of what a node does when its
// peer does what none of ours would, or at a moment that none would choose.
//
// It blocks until what it waits for has come, and fails the test when that does not. Frames that nobody waits for are
// passed over. What it says of itself: the process that it is in, and no address.

#ifndef TEST_ROUTE_RAW_H
#define TEST_ROUTE_RAW_H

#include "test.h"

#include <acta/error.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/platform.h"
#include "codec/ref.h"
#include "route/frame.h"

typedef struct raw {
    int fd; // -1: there is no connection
    acti_buf in;
    size_t taken;    // bytes of in that frame is in
    uint64_t node;   // which one it says it is
    uint64_t session;
    uint64_t sent;   // sequence numbers of its frames, and of those that have come
    uint64_t heard;
    uint64_t peer;   // the node at the other end
    acti_frame frame; // the last that has come
} raw;

static inline struct sockaddr_un raw_address(const char *url)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", url + strlen("ipc://"));
    return at;
}

static inline void raw_put(raw *r, acti_frame frame)
{
    acti_buf out = {.limit = 1 << 16};
    if (acti_frame_sequenced(frame.kind))
        frame.sequence = ++r->sent;
    assert_int_equal(acti_frame_write(&out, &frame), ACTA_OK);
    assert_int_equal(send(r->fd, acti_buf_bytes(&out), out.size, MSG_NOSIGNAL), out.size);
    acti_buf_fini(&out);
}

// raw_get gives the next frame, until the next call; NULL: the other side has closed the connection.
static inline const acti_frame *raw_get(raw *r)
{
    acti_buf_consume(&r->in, r->taken);
    r->taken = 0;
    for (;;) {
        size_t need;
        const char *why;
        int64_t n = 0;
        if (r->in.size > 0)
            n = acti_frame_read(acti_buf_bytes(&r->in), r->in.size, 1 << 20, &r->frame, &need, &why);
        assert_true(n >= 0);
        if (n > 0) {
            r->taken = (size_t)n;
            r->heard = acti_frame_sequenced(r->frame.kind) ? r->frame.sequence : r->heard;
            return &r->frame;
        }
        struct pollfd at = {.fd = r->fd, .events = POLLIN};
        assert_int_equal(poll(&at, 1, TEST_GATE_WAIT_MS), 1);
        uint8_t *room = acti_buf_reserve(&r->in, 4096);
        assert_non_null(room);
        ssize_t got = recv(r->fd, room, 4096, 0);
        if (got <= 0)
            return NULL;
        acti_buf_grew(&r->in, (size_t)got);
    }
}

static inline const acti_frame *raw_await(raw *r, acti_frame_kind kind)
{
    uint64_t until_ns = acti_clock_ns() + (uint64_t)TEST_GATE_WAIT_MS * 1000000;
    const acti_frame *frame;
    while ((frame = raw_get(r)) != NULL && frame->kind != kind)
        assert_true(acti_clock_ns() < until_ns);
    if (frame == NULL)
        fail_msg("the connection was closed, and no %s came", acti_frame_name(kind));
    return frame;
}

static inline void raw_ack(raw *r)
{
    raw_put(r, (acti_frame){.kind = ACTI_FRAME_ACK, .sequence = r->heard});
}

static inline acti_hello raw_hello(const raw *r)
{
    return (acti_hello){.version_min = ACTI_FRAME_VERSION,
                        .version_max = ACTI_FRAME_VERSION,
                        .node = r->node,
                        .incarnation = 1,
                        .session = r->session,
                        .received = r->heard,
                        .payload_bytes_max = 1 << 20,
                        .credit_messages = 100,
                        .credit_bytes = 1 << 20,
                        .heartbeat_ms = 60000,
                        .name = "raw"};
}

// raw_drop closes the connection, without a word.
static inline void raw_drop(raw *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    acti_buf_fini(&r->in);
    r->taken = 0;
}

// raw_await_end waits until the other side closes the connection.
static inline void raw_await_end(raw *r)
{
    uint64_t until_ns = acti_clock_ns() + (uint64_t)TEST_GATE_WAIT_MS * 1000000;
    while (raw_get(r) != NULL)
        assert_true(acti_clock_ns() < until_ns);
    raw_drop(r);
}

// ---- who calls ----------------------------------------------------------------------------

// raw_call connects and says HELLO: as node, and for a session if r has one.
static inline void raw_call(raw *r, const char *url)
{
    struct sockaddr_un at = raw_address(url);
    r->in = (acti_buf){.limit = 1 << 20};
    r->taken = 0;
    r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(r->fd >= 0);
    assert_int_equal(connect(r->fd, (struct sockaddr *)&at, sizeof(at)), 0);
    raw_put(r, (acti_frame){.kind = ACTI_FRAME_HELLO, .hello = raw_hello(r)});
}

// raw_meet waits for WELCOME and confirms it: the session is OPEN, and its number known.
static inline void raw_meet(raw *r)
{
    const acti_frame *welcome = raw_await(r, ACTI_FRAME_WELCOME);
    r->session = welcome->hello.session;
    r->peer = welcome->hello.node;
    raw_ack(r);
}

static inline raw raw_join(const char *url, uint64_t node)
{
    raw r = {.node = node};
    raw_call(&r, url);
    raw_meet(&r);
    return r;
}

// ---- who is called --------------------------------------------------------------------------

static inline int raw_listen(const char *url)
{
    struct sockaddr_un at = raw_address(url);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static inline void raw_unlisten(int fd, const char *url)
{
    close(fd);
    assert_int_equal(unlink(url + strlen("ipc://")), 0);
}

// raw_serve takes the next call, and welcomes who makes it.
static inline raw raw_serve(int listening, uint64_t node, uint64_t session)
{
    raw r = {.node = node, .session = session, .in = {.limit = 1 << 20}};
    struct pollfd at = {.fd = listening, .events = POLLIN};
    assert_int_equal(poll(&at, 1, TEST_GATE_WAIT_MS), 1);
    r.fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    assert_true(r.fd >= 0);
    r.peer = raw_await(&r, ACTI_FRAME_HELLO)->hello.node;
    raw_put(&r, (acti_frame){.kind = ACTI_FRAME_WELCOME, .hello = raw_hello(&r)});
    (void)raw_await(&r, ACTI_FRAME_ACK);
    return r;
}

// ---- what is said -----------------------------------------------------------------------------

// raw_find asks for an actor by its name, and gives its number.
static inline uint64_t raw_find(raw *r, const char *name)
{
    static uint64_t query = 1000;
    raw_put(r, (acti_frame){.kind = ACTI_FRAME_FIND, .id = ++query, .text = name, .text_size = strlen(name)});
    const acti_frame *found;
    do
        found = raw_await(r, ACTI_FRAME_FOUND);
    while (found->id != query);
    assert_int_equal(found->status, ACTA_OK);
    return found->actor;
}

// raw_send sends a message of which the body is msgpack. Types are told each under the number of its own.
static inline void raw_send(raw *r, uint64_t actor, uint32_t type, const uint8_t *body, size_t size)
{
    raw_put(r, (acti_frame){.kind = ACTI_FRAME_SEND, .actor = actor, .type = type, .rest = body, .rest_size = size});
}

static inline void raw_type(raw *r, uint32_t number, const char *name)
{
    raw_put(r, (acti_frame){.kind = ACTI_FRAME_TYPE, .type = number, .text = name, .text_size = strlen(name)});
}

// raw_send_tx sends a message that has one field, a sender.
static inline void raw_send_tx(raw *r, uint64_t actor, uint32_t type, const char *field, const acti_codec_ref *ref)
{
    uint8_t body[ACTI_REF_BYTES_MAX + 64], bytes[ACTI_REF_BYTES_MAX];
    size_t n = acti_ref_write(ref, bytes), name = strlen(field);
    assert_true(n > 0 && name < 32);
    uint8_t *to = body;
    *to++ = 0x81; // a map of one
    *to++ = (uint8_t)(0xa0 + name);
    memcpy(to, field, name);
    to += name;
    *to++ = 0xc8; // an ext with a size of two bytes
    *to++ = (uint8_t)(n >> 8);
    *to++ = (uint8_t)n;
    *to++ = ACTI_CODEC_EXT_TX;
    memcpy(to, bytes, n);
    raw_send(r, actor, type, body, (size_t)(to - body) + n);
}

// raw_die ends the session with ACTA_ECRASHED, as a process does that dies, and waits until the node has seen it.
static inline void raw_die(raw *r)
{
    static const char cause[] = "the test ends it";
    raw_put(r, (acti_frame){.kind = ACTI_FRAME_REFUSE, .status = ACTA_ECRASHED, .text = cause,
                            .text_size = sizeof(cause) - 1});
    raw_await_end(r);
}

#endif
