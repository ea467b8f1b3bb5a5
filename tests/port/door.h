// SPDX-License-Identifier: MIT
//
// door.h - what the tests of doors share: a folder with a socket, an actor with a door, and clients. Clients are nng's
// own sockets where they can do what is to be tested, and else sockets of the system that say each byte by themselves.

#ifndef DOOR_H
#define DOOR_H

#include "core/kit.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <nng/nng.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/req.h>

#include "link/link.h"

// ---- a folder and the door in it ---------------------------------------------------

typedef struct place {
    char folder[48];
    char path[64];
    char url[80];
} place;

static inline place place_new(void)
{
    place p;
    snprintf(p.folder, sizeof(p.folder), "/tmp/acta-door-XXXXXX");
    assert_non_null(mkdtemp(p.folder));
    snprintf(p.path, sizeof(p.path), "%s/s", p.folder);
    snprintf(p.url, sizeof(p.url), "ipc://%s", p.path);
    return p;
}

// place_is_empty: whether the door has left nothing behind. It ends the process's use of nng, too.
static inline bool place_is_empty(const place *p)
{
    return acti_link_fini() && rmdir(p->folder) == 0;
}

// ---- an actor with a door ------------------------------------------------------------

ACTA_MESSAGE(look); // asks a host for what has happened at its door

typedef struct host {
    kit_actor actor; // first
    const char *url;
    acta_door_kind kind;
    acta_door_opts opts;
    acta_handler *then; // what it does for all but the first item, which has it open the door
    void *arg;
    uint64_t door;
    bool opened;
    acta_door_counts counts; // of the last look
} host;

// opens_first opens the door with its first message, a request, and passes on all else but looks.
static inline int opens_first(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    if (h->opened && m != NULL && acta_is(look, m)) {
        kit_claim(acta_door_read(self, h->door, &h->counts) == ACTA_OK);
        kit_claim(acta_reply(self, m, answer, 0) == ACTA_OK);
        return ACTA_OK;
    }
    if (h->opened)
        return h->then(self, h, m);
    h->opened = true;
    if (m == NULL)
        return ACTA_OK;
    int status = acta_door_open(self, h->url, h->kind, &h->opts, &h->door);
    kit_claim(acta_reply(self, m, answer, .n = status) == ACTA_OK);
    return ACTA_OK;
}

static inline int answers_queries(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    const query *q = m != NULL ? acta_as(query, m) : NULL;
    if (q != NULL)
        kit_claim(acta_reply(self, m, answer, .n = q->n) == ACTA_OK);
    return ACTA_OK;
}

// host_start spawns an actor and returns when its door is open.
static inline acta_tx *host_start(const kit *k, const kit_kind *kind, host *h, const char *url, acta_door_kind door,
                                  uint32_t capacity)
{
    h->actor.on = opens_first;
    h->url = url;
    h->kind = door;
    h->opened = false;
    acta_tx *tx = kit_spawn_small(k, kind, h, "host", capacity);
    acta_msg *m = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &m, query, 0), ACTA_OK);
    assert_int_equal(acta_as(answer, m)->n, ACTA_OK);
    acta_msg_free(&m);
    return tx;
}

static inline acta_door_counts look_at(host *h, acta_tx *tx)
{
    acta_msg *m = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &m, look), ACTA_OK);
    acta_msg_free(&m);
    return h->counts;
}

// ---- msgpack, as a program without acta writes it --------------------------------------

typedef struct words {
    uint8_t bytes[4096];
    size_t size;
} words;

static inline void put_bytes(words *w, const void *bytes, size_t size)
{
    assert_true(size <= sizeof(w->bytes) - w->size);
    memcpy(w->bytes + w->size, bytes, size);
    w->size += size;
}

static inline void put_number(words *w, int64_t n)
{
    uint8_t form[9] = {0xd3};
    for (int i = 0; i < 8; i++)
        form[1 + i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
    put_bytes(w, form, sizeof(form));
}

// item_words is item{source, n}; query_words is query{n}.
static inline words item_words(int64_t source, int64_t n)
{
    words w = {.size = 0};
    put_bytes(&w, "\x92\xa4item\x82\xa6source", 14);
    put_number(&w, source);
    put_bytes(&w, "\xa1n", 2);
    put_number(&w, n);
    return w;
}

static inline words query_words(int64_t n)
{
    words w = {.size = 0};
    put_bytes(&w, "\x92\xa5query\x81\xa1n", 10);
    put_number(&w, n);
    return w;
}

// is_answer: whether these bytes are answer{n}; n is small or wide.
static inline bool is_answer(const void *bytes, size_t size, int64_t n)
{
    static const char start[] = "\x92\xa6" "answer\x81\xa1n";
    const uint8_t *at = (const uint8_t *)bytes + sizeof(start) - 1;
    if (size < sizeof(start) || memcmp(bytes, start, sizeof(start) - 1) != 0)
        return false;
    size_t left = size - (sizeof(start) - 1);
    if (left == 1)
        return at[0] == n;
    uint64_t read = 0;
    for (size_t i = 1; i < left; i++)
        read = read << 8 | at[i];
    return read == (uint64_t)n && at[0] >= 0xcc && at[0] <= 0xcf && left == 1u + (1u << (at[0] - 0xcc));
}

// status_of is the status in a failure, or 0 when it is none.
static inline int status_of(const void *bytes, size_t size)
{
    static const char start[] = "\x92\xac" "acta_failure\x83\xa6status";
    if (size < sizeof(start) || memcmp(bytes, start, sizeof(start) - 1) != 0)
        return 0;
    return (int8_t)((const uint8_t *)bytes)[sizeof(start) - 1];
}

// ---- nng's sockets -------------------------------------------------------------------------

#define nng_ok(call) assert_int_equal((call), 0)

static inline nng_socket pusher(const char *url)
{
    nng_socket s;
    nng_ok(nng_push0_open(&s));
    nng_ok(nng_socket_set_ms(s, NNG_OPT_SENDTIMEO, TEST_GATE_WAIT_MS));
    nng_ok(nng_dial(s, url, NULL, 0));
    return s;
}

static inline void push(nng_socket s, const words *w)
{
    nng_ok(nng_send(s, (void *)(uintptr_t)w->bytes, w->size, 0));
}

// asker is a REQ socket that leaves headers to us, and so may have any number of requests open.
static inline nng_socket asker(const char *url)
{
    nng_socket s;
    nng_ok(nng_req0_open_raw(&s));
    nng_ok(nng_socket_set_ms(s, NNG_OPT_SENDTIMEO, TEST_GATE_WAIT_MS));
    nng_ok(nng_socket_set_ms(s, NNG_OPT_RECVTIMEO, TEST_GATE_WAIT_MS));
    nng_ok(nng_socket_set_int(s, NNG_OPT_RECVBUF, 8192));
    int error;
    while ((error = nng_dial(s, url, NULL, 0)) == NNG_EAGAIN) // the system's queue of connections is full, for a moment
        sched_yield();
    nng_ok(error);
    return s;
}

static inline void ask(nng_socket s, uint32_t number, const words *w)
{
    nng_msg *m;
    nng_ok(nng_msg_alloc(&m, 0));
    nng_ok(nng_msg_append(m, w->bytes, w->size));
    nng_ok(nng_msg_header_append_u32(m, 0x80000000u | number));
    nng_ok(nng_sendmsg(s, m, 0));
}

// hear takes the next reply and gives its request's number.
static inline uint32_t hear(nng_socket s, nng_msg **m)
{
    nng_ok(nng_recvmsg(s, m, 0));
    assert_int_equal(nng_msg_header_len(*m), 4);
    uint32_t number;
    nng_ok(nng_msg_header_chop_u32(*m, &number));
    return number & 0x7fffffffu;
}

// hear_answer takes one reply that must be answer{n} for the request of that number.
static inline void hear_answer(nng_socket s, uint32_t number, int64_t n)
{
    nng_msg *m;
    assert_int_equal(hear(s, &m), number);
    assert_true(is_answer(nng_msg_body(m), nng_msg_len(m), n));
    nng_msg_free(m);
}

static inline void hear_failure(nng_socket s, uint32_t number, int status)
{
    nng_msg *m;
    assert_int_equal(hear(s, &m), number);
    assert_int_equal(status_of(nng_msg_body(m), nng_msg_len(m)), status);
    nng_msg_free(m);
}

// ---- sockets of the system -------------------------------------------------------------------

static inline int raw_connect(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static inline void raw_say(int fd, const void *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

// raw_hear reads exactly so many bytes; false: the door has closed the connection, or said nothing in time.
static inline bool raw_hear(int fd, void *to, size_t size)
{
    for (size_t n = 0; n < size;) {
        struct pollfd at = {.fd = fd, .events = POLLIN};
        if (poll(&at, 1, TEST_GATE_WAIT_MS) != 1)
            return false;
        ssize_t more = recv(fd, (uint8_t *)to + n, size - n, 0);
        if (more <= 0)
            return false;
        n += (size_t)more;
    }
    return true;
}

// raw_is_closed: whether the door closes the connection, whatever it says before.
static inline bool raw_is_closed(int fd)
{
    for (;;) {
        uint8_t bytes[256];
        struct pollfd at = {.fd = fd, .events = POLLIN};
        if (poll(&at, 1, TEST_GATE_WAIT_MS) != 1)
            return false;
        if (recv(fd, bytes, sizeof(bytes), 0) <= 0)
            return true;
    }
}

#define REQ_GREETING "\0SP\0\0\x30\0\0"
#define PUSH_GREETING "\0SP\0\0\x50\0\0"

// raw_greet connects and introduces itself, as REQ or PUSH.
static inline int raw_greet(const char *path, const char greeting[8])
{
    int fd = raw_connect(path);
    uint8_t theirs[8];
    raw_say(fd, greeting, 8);
    assert_true(raw_hear(fd, theirs, sizeof(theirs)));
    return fd;
}

// raw_frame says the beginning of a message of so many bytes.
static inline void raw_frame(int fd, uint64_t size)
{
    uint8_t head[9] = {1};
    for (int i = 0; i < 8; i++)
        head[1 + i] = (uint8_t)(size >> (56 - 8 * i));
    raw_say(fd, head, sizeof(head));
}

#endif
