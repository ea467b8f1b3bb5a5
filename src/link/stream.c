// SPDX-License-Identifier: MIT
//
// stream.c - one connection: one read and one write at a time over an nng stream, each ended exactly once.
//
// Design notes
//
// A request and a close may come from two threads at once. A request pins the link while it starts; the close
// marks the link and gives up the pin that the link had from the beginning; whoever gives up the last pin pushes
// the job that closes. So when that job runs, every request either has been started, and stopping the aios ends
// it, or finds the mark, is set down as REFUSED, and is ended by the job. Nothing is started on a stopped aio.
//
// A peer that ends with unread bytes of ours leaves our socket readable and in error at once, and nng 1.5.2 then
// reports the error and leaves out what the peer had sent before. The bytes are still in the socket and the next
// receive gets them: the first failure of a read is tried again, and only the second in a row is the end.
//
// nng ends an aio with a callback on a thread of its own, even when the socket took or gave the bytes at once: a
// wake-up that costs more than the bytes. An aio without a callback ends where it was started. So each request is first
// tried with one of those, if it is likely to succeed, and taken back if it does not end at once; what is left of it
// goes to the aio with the callback. The owner is then told by the thread that asks; what it asks for while it is told
// is not tried, or the two could call each other without end. A write is always tried, a read if the one before brought
// so much that more may lie behind it.
//
// Where much is carried, what has not ended at once is tried a second time, when whoever waits for this processor has
// had it. That may be the peer, which fills or empties the socket meanwhile: a socket holds three messages of 64 KiB,
// and the way through nng, which is polled, then hands over to a thread that wakes ours, would be taken for each three
// of them on both sides. Where nobody waits the second try costs a microsecond or two before that way is taken.
//
// nng runs completions of one aio on any of its threads: when another thread asks for the next read because
// on_read told it to, that read may end before on_read has returned. So nothing of the link is touched after the
// owner was called.

#include "link/stream.h"

#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/control.h"

// A read of so many bytes was one of many: whoever writes little waits for an answer, or writes seldom.
#define READ_MUCH 2048

typedef enum request {
    IDLE,
    PENDING, // started: its aio will say how it ended
    TELLING, // ended at once: the owner is being told by the thread that asked
    REFUSED, // came after the close: the closing job ends it
} request;

typedef struct stream_link {
    acti_link base; // first

    // Set before the first request.
    nng_stream *stream;
    nng_aio *read_aio;
    nng_aio *write_aio;
    nng_aio *read_now; // without callbacks
    nng_aio *write_now;

    // By whoever asks, while there is no request; then by its completion. lock is taken in between.
    void *read_bytes;
    size_t read_size;
    bool read_failed; // the last receive failed
    bool read_much;   // it brought so much that there may be more
    const uint8_t *write_bytes; // what is left to write
    size_t write_size;

    acti_control_job closing;

    acti_lock lock; // rank: leaf
    bool closed;
    uint32_t pins; // requests being started, and one until the close
    request read;
    request write;
} stream_link;

static void ask_read(acti_link *base, void *bytes, size_t size);
static size_t read_now(acti_link *base, void *bytes, size_t size);
static void ask_write(acti_link *base, const void *bytes, size_t size);
static void close_link(acti_link *base);
static int peer_check(nng_stream *stream);
static bool pin(stream_link *link, request *ask, bool *may_try);
static void unpin(stream_link *link);
static bool ended_at_once(nng_aio *aio, size_t *size);
static void settle(stream_link *link, request *ask, request to);
static void told(stream_link *link, request *ask);
static bool soon(stream_link *link, bool (*at_once)(stream_link *link));
static size_t take_read(stream_link *link);
static bool read_at_once(stream_link *link);
static bool write_at_once(stream_link *link);
static void start_read(stream_link *link);
static void start_write(stream_link *link);
static void read_ended(void *arg);
static void write_ended(void *arg);
static int outcome(int nng_error);
static void run_close(acti_control_job *job);
static bool end_refused(stream_link *link);
static void discard(stream_link *link);

static const acti_link_ops ops = {
    .read = ask_read, .read_now = read_now, .write = ask_write, .close = close_link};

static stream_link *stream_of(acti_link *base)
{
    return ACTI_CONTAINER_OF(base, stream_link, base);
}

int acti_link_new(nng_stream *stream, acti_url_kind kind, acti_link **made)
{
    stream_link *link = NULL;
    int status = kind == ACTI_URL_IPC ? peer_check(stream) : ACTA_OK;
    if (status == ACTA_OK) {
        link = calloc(1, sizeof *link);
        status = link != NULL ? ACTA_OK : ACTA_ENOMEM;
    }
    if (status != ACTA_OK) {
        nng_stream_free(stream);
        return status;
    }
    *link = (stream_link){.base.ops = &ops, .stream = stream, .closing.run = run_close, .pins = 1};
    acti_lock_init(&link->lock);
    if (nng_aio_alloc(&link->read_aio, read_ended, link) != 0 ||
        nng_aio_alloc(&link->write_aio, write_ended, link) != 0 ||
        nng_aio_alloc(&link->read_now, NULL, NULL) != 0 || nng_aio_alloc(&link->write_now, NULL, NULL) != 0)
        status = ACTA_ENOMEM;
    else
        status = acti_control_hold();
    if (status != ACTA_OK) {
        discard(link);
        return status;
    }
    *made = &link->base;
    return ACTA_OK;
}

// The uid is the kernel's word, from when the peer connected or listened: no byte need be read to know it.
static int peer_check(nng_stream *stream)
{
    uint64_t uid;
    int error = nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid);
    if (error != 0)
        return acti_link_status(error);
    return uid == geteuid() ? ACTA_OK : ACTA_EACCES;
}

int acti_link_status(int nng_error)
{
    switch (nng_error) {
    case 0:
        return ACTA_OK;
    case NNG_ECLOSED: // a write to a peer that is gone, too: nng's name for EPIPE
    case NNG_ECANCELED:
    case NNG_ECONNABORTED:
    case NNG_ECONNREFUSED:
    case NNG_ECONNRESET:
    case NNG_ECONNSHUT:
    case NNG_ETIMEDOUT: // the peer's system is silent
    case NNG_EUNREACHABLE:
    case NNG_EADDRINVAL: // no way there from here
        return ACTA_EUNREACH;
    case NNG_EPERM:
        return ACTA_EACCES;
    case NNG_EADDRINUSE:
        return ACTA_EEXIST;
    case NNG_ENOMEM:
        return ACTA_ENOMEM;
    default:
        return ACTA_EIO;
    }
}

// The owner is told with the pin, which keeps the link from being freed: the request after this one may come, and end,
// before on_read has returned.
static void ask_read(acti_link *base, void *bytes, size_t size)
{
    stream_link *link = stream_of(base);
    link->read_bytes = bytes;
    link->read_size = size;
    bool may_try;
    if (!pin(link, &link->read, &may_try))
        return;
    if (!may_try || !link->read_much || !soon(link, read_at_once))
        start_read(link);
    unpin(link);
}

static size_t read_now(acti_link *base, void *bytes, size_t size)
{
    stream_link *link = stream_of(base);
    acti_lock_take(&link->lock);
    acti_assert(link->read == IDLE || link->read == TELLING);
    bool open = !link->closed;
    link->pins += open;
    acti_lock_give(&link->lock);
    if (!open)
        return 0;
    link->read_bytes = bytes;
    link->read_size = size;
    size_t came = take_read(link);
    unpin(link);
    return came;
}

static void ask_write(acti_link *base, const void *bytes, size_t size)
{
    stream_link *link = stream_of(base);
    link->write_bytes = bytes;
    link->write_size = size;
    bool may_try;
    if (!pin(link, &link->write, &may_try))
        return;
    if (!may_try || !soon(link, write_at_once))
        start_write(link);
    unpin(link);
}

static void set_read(const stream_link *link, nng_aio *aio)
{
    nng_iov iov = {.iov_buf = link->read_bytes, .iov_len = link->read_size};
    nng_aio_set_iov(aio, 1, &iov); // cannot fail: up to four lie in the aio
}

static void set_write(const stream_link *link, nng_aio *aio)
{
    nng_iov iov = {.iov_buf = (void *)(uintptr_t)link->write_bytes, .iov_len = link->write_size};
    nng_aio_set_iov(aio, 1, &iov);
}

// soon: whether a request has ended at once, or when others have run.
static bool soon(stream_link *link, bool (*at_once)(stream_link *link))
{
    if (at_once(link))
        return true;
    sched_yield();
    return at_once(link);
}

// take_read reads what is there: how much that was.
static size_t take_read(stream_link *link)
{
    size_t size;
    set_read(link, link->read_now);
    nng_stream_recv(link->stream, link->read_now);
    if (!ended_at_once(link->read_now, &size))
        size = 0;
    link->read_much = size >= READ_MUCH;
    return size;
}

// read_at_once: whether bytes were there, and the owner has been told. A failure is left to the aio with the callback.
static bool read_at_once(stream_link *link)
{
    size_t size = take_read(link);
    if (size == 0)
        return false;
    settle(link, &link->read, TELLING);
    link->base.owner.on_read(link->base.owner_arg, ACTA_OK, size);
    told(link, &link->read);
    return true;
}

// write_at_once: whether the system has taken all, and the owner has been told.
static bool write_at_once(stream_link *link)
{
    size_t size;
    set_write(link, link->write_now);
    nng_stream_send(link->stream, link->write_now);
    if (!ended_at_once(link->write_now, &size))
        return false;
    link->write_bytes += size;
    link->write_size -= size;
    if (link->write_size > 0)
        return false;
    settle(link, &link->write, TELLING);
    link->base.owner.on_write(link->base.owner_arg, ACTA_OK);
    told(link, &link->write);
    return true;
}

// Cancelling reaches only what has not ended; it may also end while it is cancelled, as any other.
static bool ended_at_once(nng_aio *aio, size_t *size)
{
    nng_aio_cancel(aio);
    nng_aio_wait(aio);
    *size = nng_aio_count(aio);
    return nng_aio_result(aio) == 0;
}

// No lock is held when nng is called.
static void start_read(stream_link *link)
{
    set_read(link, link->read_aio);
    nng_stream_recv(link->stream, link->read_aio);
}

static void start_write(stream_link *link)
{
    set_write(link, link->write_aio);
    nng_stream_send(link->stream, link->write_aio);
}

// Keeps the link open while a request is started; false: it is closed, and the request is set down as REFUSED.
static bool pin(stream_link *link, request *ask, bool *may_try)
{
    acti_lock_take(&link->lock);
    acti_assert(*ask == IDLE || *ask == TELLING);
    *may_try = *ask == IDLE;
    bool open = !link->closed;
    *ask = open ? PENDING : REFUSED;
    link->pins += open;
    acti_lock_give(&link->lock);
    return open;
}

static void unpin(stream_link *link)
{
    acti_lock_take(&link->lock);
    acti_assert(link->pins > 0);
    bool last = --link->pins == 0;
    acti_lock_give(&link->lock);
    if (last)
        acti_control_push(&link->closing);
}

static void settle(stream_link *link, request *ask, request to)
{
    acti_lock_take(&link->lock);
    *ask = to;
    acti_lock_give(&link->lock);
}

// The owner may have asked again meanwhile.
static void told(stream_link *link, request *ask)
{
    acti_lock_take(&link->lock);
    if (*ask == TELLING)
        *ask = IDLE;
    acti_lock_give(&link->lock);
}

// again goes on with a request that has not ended.
static void again(stream_link *link, request *ask, void (*start)(stream_link *link))
{
    bool may_try;
    settle(link, ask, IDLE);
    if (!pin(link, ask, &may_try))
        return;
    start(link);
    unpin(link);
}

static void read_ended(void *arg)
{
    stream_link *link = arg;
    int error = nng_aio_result(link->read_aio);
    size_t size = error == 0 ? nng_aio_count(link->read_aio) : 0;
    if ((error == NNG_ECONNSHUT || error == NNG_ECONNRESET) && !link->read_failed) {
        link->read_failed = true;
        again(link, &link->read, start_read);
        return;
    }
    link->read_failed = error != 0;
    link->read_much = size >= READ_MUCH;
    settle(link, &link->read, IDLE);
    link->base.owner.on_read(link->base.owner_arg, outcome(error), size);
}

static void write_ended(void *arg)
{
    stream_link *link = arg;
    int error = nng_aio_result(link->write_aio);
    size_t size = error == 0 ? nng_aio_count(link->write_aio) : 0;
    link->write_bytes += size;
    link->write_size -= size;
    if (error == 0 && link->write_size > 0) {
        again(link, &link->write, start_write);
        return;
    }
    settle(link, &link->write, IDLE);
    link->base.owner.on_write(link->base.owner_arg, outcome(error));
}

static int outcome(int nng_error)
{
    int status = acti_link_status(nng_error);
    return status == ACTA_OK || status == ACTA_EUNREACH ? status : ACTA_EIO;
}

static void close_link(acti_link *base)
{
    stream_link *link = stream_of(base);
    acti_lock_take(&link->lock);
    acti_assert(!link->closed);
    link->closed = true;
    acti_lock_give(&link->lock);
    unpin(link);
}

static void run_close(acti_control_job *job)
{
    stream_link *link = ACTI_CONTAINER_OF(job, stream_link, closing);
    nng_aio_stop(link->read_aio);
    nng_aio_stop(link->write_aio);
    while (end_refused(link))
        ;
    acti_link_owner owner = link->base.owner;
    void *owner_arg = link->base.owner_arg;
    discard(link);
    if (owner.on_closed != NULL)
        owner.on_closed(owner_arg);
    acti_control_drop();
}

// Ends what came after the close; false when there was nothing. What the owner asks for in there is refused again.
static bool end_refused(stream_link *link)
{
    acti_lock_take(&link->lock);
    bool read = link->read == REFUSED;
    bool write = link->write == REFUSED;
    link->read = IDLE;
    link->write = IDLE;
    acti_lock_give(&link->lock);
    if (read)
        link->base.owner.on_read(link->base.owner_arg, ACTA_EUNREACH, 0);
    if (write)
        link->base.owner.on_write(link->base.owner_arg, ACTA_EUNREACH);
    return read || write;
}

// Accepts a link that was made by half.
static void discard(stream_link *link)
{
    nng_stream_close(link->stream);
    nng_stream_free(link->stream);
    if (link->read_aio != NULL)
        nng_aio_free(link->read_aio);
    if (link->write_aio != NULL)
        nng_aio_free(link->write_aio);
    if (link->read_now != NULL)
        nng_aio_free(link->read_now);
    if (link->write_now != NULL)
        nng_aio_free(link->write_now);
    acti_lock_fini(&link->lock);
    free(link);
}
