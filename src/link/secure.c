// SPDX-License-Identifier: MIT
//
// secure.c - a link of TLS over another link.
//
//   SHAKING --each believes the other--> OPEN
//           --not so--> REFUSING --what TLS has to say of it is written--> REFUSED
//           --it takes too long, or the raw link breaks--> REFUSED
//   any --closed--> CLOSING --the raw link is closed--> gone
//
// In OPEN the two directions end apart, as those of the raw link do: what the peer sent before it went is still read
// when nothing can be written any more.
//
// Design notes
//
// Much happens at once: the owner asks for a read on one thread and for a write on another, and what was asked of the
// raw link ends on a third. TLS can do one thing at a time. So who comes leaves a note, under the lock; who finds
// nobody at work goes to work, without the lock, until there are no more notes. All that is not under the lock belongs
// to whoever is at work, who may call the owner, and the raw link, and be called back by them: that leaves notes, too.
// The lock hands the work on from thread to thread.
//
// An owner that asks for something may hold what its own functions want. So on its thread none of these is called: who
// came with a request does one round of work, and leaves what is to be told then, and more notes, to the control
// thread.
//
// A write ends when the raw link has written the last of it, and so is with the system, as for any link. Meanwhile the
// next part is encrypted.

#include "link/secure.h"

#include <stdlib.h>
#include <string.h>

#include <acta/error.h>

#include "link/control.h"

typedef enum state { SHAKING, OPEN, REFUSING, REFUSED, CLOSING } state;

// What is left for whoever is at work. Of each kind there is at most one.
typedef enum note {
    READ_ASKED = 1 << 0, // by the owner
    WRITE_ASKED = 1 << 1,
    CLOSE_ASKED = 1 << 2,
    RAW_READ = 1 << 3, // of the raw link has ended
    RAW_WRITTEN = 1 << 4,
    RAW_CLOSED = 1 << 5,
    TOO_LATE = 1 << 6, // for the handshake
    START = 1 << 7,
} note;

// What is to be told.
typedef enum news {
    READY = 1 << 0,
    READ = 1 << 1,
    WRITTEN = 1 << 2,
} news;

typedef struct secure_link {
    acti_link base; // first
    acti_link *raw;
    acti_secure_ready ready;
    void *ready_arg;
    acti_control_job alarm;
    acti_control_job later; // the work goes on there

    acti_lock lock; // rank: leaf
    uint32_t notes;
    bool at_work;

    // Written before their note is left.
    uint8_t *read_bytes;
    size_t read_size;
    const uint8_t *write_bytes; // what is left to encrypt
    size_t write_size;
    int raw_read_status;
    size_t raw_read_got;
    int raw_write_status;

    // Of whoever is at work.
    state state;
    acti_tls *tls;
    acti_buf sending; // given to the raw link
    bool reading;     // for the owner
    bool writing;
    bool raw_reading;
    bool raw_writing;
    bool raw_ended;   // nothing more comes from the raw link
    bool raw_gone;    // it is closed
    int read_status;  // of each read, when nothing more can be read; ACTA_OK before
    int write_status; // the same of writes
    int status;       // why it is REFUSED
    uint32_t news;    // to be told
    size_t read_got;  // of a READ
    bool ready_told;  // or about to be
    char why[ACTI_REASON_BYTES];
} secure_link;

static void ask_read(acti_link *base, void *bytes, size_t size);
static void ask_write(acti_link *base, const void *bytes, size_t size);
static void ask_close(acti_link *base);
static void raw_read(void *arg, int status, size_t size);
static void raw_written(void *arg, int status);
static void raw_closed(void *arg);
static void too_late(acti_control_job *job);
static bool leave(secure_link *s, note what);
static void leave_inside(secure_link *s, note what);
static void leave_outside(secure_link *s, note what);
static void work_on(acti_control_job *job);
static void work(secure_link *s);
static uint32_t take_notes(secure_link *s);
static void hear(secure_link *s, uint32_t notes);
static void pump(secure_link *s);
static void shake(secure_link *s);
static void refuse(secure_link *s, int status);
static void report(secure_link *s);
static void deliver(secure_link *s);
static void encrypt(secure_link *s);
static void flush(secure_link *s);
static void fill(secure_link *s);
static void fail_requests(secure_link *s);
static void go(secure_link *s);
static void discard(secure_link *s);

static const acti_link_ops ops = {.read = ask_read, .write = ask_write, .close = ask_close};
static const acti_link_owner of_raw = {.on_read = raw_read, .on_write = raw_written, .on_closed = raw_closed};

static secure_link *secure_of(acti_link *base)
{
    return ACTI_CONTAINER_OF(base, secure_link, base);
}

static acti_reason why_of(secure_link *s)
{
    return (acti_reason){s->why, sizeof s->why};
}

int acti_secure_new(acti_link *raw, acti_tls_config *config, const char *host, acti_secure_ready ready, void *arg,
                    acti_link **link)
{
    secure_link *s = calloc(1, sizeof *s);
    acti_tls *tls = s != NULL ? acti_tls_new(config, host) : NULL;
    if (tls == NULL) {
        free(s);
        acti_link_close(raw);
        return ACTA_ENOMEM;
    }
    *s = (secure_link){.base.ops = &ops, .raw = raw, .ready = ready, .ready_arg = arg, .alarm.run = too_late};
    s->later.run = work_on;
    s->tls = tls;
    s->sending.limit = acti_tls_out(tls)->limit;
    acti_lock_init(&s->lock);
    (void)acti_control_hold(); // runs: this is its thread
    *link = &s->base;
    acti_control_push_later(&s->alarm, ACTI_SECURE_SHAKE_NS);
    acti_link_own(raw, &of_raw, s);
    leave_inside(s, START);
    return ACTA_OK;
}

// ---- notes ------------------------------------------------------------------------------

static void ask_read(acti_link *base, void *bytes, size_t size)
{
    secure_link *s = secure_of(base);
    s->read_bytes = bytes;
    s->read_size = size;
    leave_outside(s, READ_ASKED);
}

static void ask_write(acti_link *base, const void *bytes, size_t size)
{
    secure_link *s = secure_of(base);
    s->write_bytes = bytes;
    s->write_size = size;
    leave_outside(s, WRITE_ASKED);
}

static void ask_close(acti_link *base)
{
    leave_outside(secure_of(base), CLOSE_ASKED);
}

static void raw_read(void *arg, int status, size_t size)
{
    secure_link *s = arg;
    s->raw_read_status = status;
    s->raw_read_got = size;
    leave_inside(s, RAW_READ);
}

static void raw_written(void *arg, int status)
{
    secure_link *s = arg;
    s->raw_write_status = status;
    leave_inside(s, RAW_WRITTEN);
}

// On the control thread, so that the alarm is not running.
static void raw_closed(void *arg)
{
    secure_link *s = arg;
    acti_control_cancel(&s->alarm);
    leave_inside(s, RAW_CLOSED);
}

static void too_late(acti_control_job *job)
{
    leave_inside(ACTI_CONTAINER_OF(job, secure_link, alarm), TOO_LATE);
}

// True: nobody is at work, but for the caller from now on.
static bool leave(secure_link *s, note what)
{
    acti_lock_take(&s->lock);
    s->notes |= what;
    bool idle = !s->at_work;
    s->at_work = true;
    acti_lock_give(&s->lock);
    return idle;
}

// On a thread on which the owner may be called.
static void leave_inside(secure_link *s, note what)
{
    if (leave(s, what))
        work(s);
}

// On the owner's.
static void leave_outside(secure_link *s, note what)
{
    if (!leave(s, what))
        return;
    hear(s, take_notes(s));
    pump(s);
    acti_lock_take(&s->lock);
    bool more = s->notes != 0 || s->news != 0 || s->raw_gone;
    s->at_work = more;
    acti_lock_give(&s->lock);
    if (more)
        acti_control_push(&s->later);
}

static void work_on(acti_control_job *job)
{
    work(ACTI_CONTAINER_OF(job, secure_link, later));
}

static void work(secure_link *s)
{
    uint32_t notes;
    report(s);
    while (!s->raw_gone) {
        if ((notes = take_notes(s)) == 0)
            return; // and s may be gone
        hear(s, notes);
        pump(s);
        report(s);
    }
    go(s);
}

// Takes what there is; if that is nothing, nobody is at work any more.
static uint32_t take_notes(secure_link *s)
{
    acti_lock_take(&s->lock);
    uint32_t notes = s->notes;
    s->notes = 0;
    s->at_work = notes != 0;
    acti_lock_give(&s->lock);
    return notes;
}

static void hear(secure_link *s, uint32_t notes)
{
    s->reading |= (notes & READ_ASKED) != 0;
    s->writing |= (notes & WRITE_ASKED) != 0;
    if (notes & RAW_READ) {
        s->raw_reading = false;
        s->raw_ended = s->raw_read_status != ACTA_OK;
        if (!s->raw_ended)
            acti_tls_fed(s->tls, s->raw_read_got);
    }
    if (notes & RAW_WRITTEN) {
        s->raw_writing = false;
        acti_buf_consume(&s->sending, s->sending.size);
        if (s->raw_write_status != ACTA_OK)
            s->write_status = s->raw_write_status;
    }
    if ((notes & TOO_LATE) && s->state == SHAKING)
        refuse(s, acti_say(why_of(s), ACTA_EUNREACH, "the peer is silent in the TLS handshake; see whether it hangs"));
    if ((notes & TOO_LATE) && s->state == REFUSING)
        s->state = REFUSED; // the peer takes nothing, either
    if (notes & CLOSE_ASKED) {
        s->state = CLOSING;
        acti_link_close(s->raw);
    }
    s->raw_gone |= (notes & RAW_CLOSED) != 0;
}

// ---- work -------------------------------------------------------------------------------

static void pump(secure_link *s)
{
    if (s->state == SHAKING)
        shake(s);
    if (s->state == OPEN)
        deliver(s);
    if (s->state == OPEN)
        encrypt(s);
    flush(s);
    fill(s);
    if (s->state == REFUSING && !s->raw_writing)
        s->state = REFUSED;
    if (s->state == REFUSED) {
        s->news |= s->ready_told ? 0 : READY;
        fail_requests(s);
    }
}

static void shake(secure_link *s)
{
    int status = acti_tls_shake(s->tls, why_of(s));
    if (status == ACTA_OK) {
        s->state = OPEN;
        s->news |= READY;
    } else if (status == ACTI_TLS_MORE && (s->raw_ended || s->write_status != ACTA_OK)) {
        refuse(s, acti_say(why_of(s), ACTA_EUNREACH,
                           "the peer ended the connection in the TLS handshake; see whether it speaks TLS, and what it "
                           "reports"));
    } else if (status != ACTI_TLS_MORE) {
        refuse(s, status);
    }
}

static void refuse(secure_link *s, int status)
{
    s->state = REFUSING;
    s->status = status;
}

static void deliver(secure_link *s)
{
    if (!s->reading)
        return;
    size_t got = 0;
    int status = s->read_status;
    if (status == ACTA_OK)
        status = acti_tls_read(s->tls, s->read_bytes, s->read_size, &got);
    if (status == ACTI_TLS_MORE && s->raw_ended)
        status = s->raw_read_status;
    if (status == ACTI_TLS_MORE)
        return;
    s->read_status = status;
    s->read_got = got;
    s->reading = false;
    s->news |= READ;
}

// Encrypts the next part while the last is being written, and says when all is.
static void encrypt(secure_link *s)
{
    if (!s->writing)
        return;
    size_t taken = 0;
    acti_buf *out = acti_tls_out(s->tls);
    if (s->write_status == ACTA_OK && s->write_size > 0 && out->size == 0) {
        s->write_status = acti_tls_write(s->tls, s->write_bytes, s->write_size, &taken);
        s->write_bytes += taken;
        s->write_size -= taken;
    }
    if (s->write_status == ACTA_OK && (s->write_size > 0 || s->raw_writing || out->size > 0))
        return;
    s->writing = false;
    s->news |= WRITTEN;
}

static void flush(secure_link *s)
{
    acti_buf *out = acti_tls_out(s->tls);
    if (s->raw_writing || out->size == 0 || s->write_status != ACTA_OK || s->state >= REFUSED)
        return;
    acti_buf spare = s->sending;
    s->sending = *out;
    *out = spare;
    s->raw_writing = true;
    acti_link_write(s->raw, acti_buf_bytes(&s->sending), s->sending.size);
}

// Reads when somebody waits for it: the hands that are shaken, or the owner.
static void fill(secure_link *s)
{
    bool wanted = s->state == SHAKING || (s->state == OPEN && s->reading);
    if (!wanted || s->raw_reading || s->raw_ended)
        return;
    size_t room;
    uint8_t *space = acti_tls_space(s->tls, &room);
    if (space == NULL) { // as if the raw link had ended so
        s->raw_read_status = ACTA_EIO;
        (void)leave(s, RAW_READ);
        return;
    }
    s->raw_reading = true;
    acti_link_read(s->raw, space, room);
}

// ---- the end ----------------------------------------------------------------------------

static void fail_requests(secure_link *s)
{
    s->news |= (s->reading ? READ : 0) | (s->writing ? WRITTEN : 0);
    s->read_status = s->write_status = ACTA_EUNREACH;
    s->read_got = 0;
    s->reading = s->writing = false;
}

static void report(secure_link *s)
{
    uint32_t what = s->news;
    s->news = 0;
    if (what & READY) {
        bool ready = s->state == OPEN;
        s->ready_told = true;
        s->ready(s->ready_arg, ready ? ACTA_OK : s->status, ready ? NULL : s->why);
    }
    if (what & READ)
        s->base.owner.on_read(s->base.owner_arg, s->read_status, s->read_got);
    if (what & WRITTEN)
        s->base.owner.on_write(s->base.owner_arg, s->write_status);
}

// The raw link is gone, and nobody but the owner can leave a note. What it asks for until on_closed is refused.
static void go(secure_link *s)
{
    uint32_t notes;
    if (!s->ready_told) {
        s->status = acti_say(why_of(s), ACTA_ESTOPPED, "it was given up");
        s->news |= READY;
    }
    do {
        fail_requests(s);
        report(s);
    } while ((notes = take_notes(s)) != 0 && (hear(s, notes), true));
    acti_link_owner owner = s->base.owner;
    void *arg = s->base.owner_arg;
    discard(s);
    if (owner.on_closed != NULL)
        owner.on_closed(arg);
    acti_control_drop();
}

static void discard(secure_link *s)
{
    acti_tls_free(s->tls);
    acti_buf_fini(&s->sending);
    acti_lock_fini(&s->lock);
    free(s);
}
