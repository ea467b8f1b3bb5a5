// SPDX-License-Identifier: MIT
//
// sp.c - greeting, framing and headers of SP.

#include "link/sp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"

static const uint8_t greeting_start[4] = {0x00, 'S', 'P', 0x00};

void acti_sp_init(acti_sp *sp, uint16_t protocol, bool ipc, size_t limit)
{
    *sp = (acti_sp){.protocol = protocol, .ipc = ipc, .limit = limit, .need = ACTI_SP_GREETING_BYTES};
    sp->in.limit = limit + ACTI_SP_HEADER_MAX + 9 + ACTI_SP_READ_MAX;
}

void acti_sp_fini(acti_sp *sp)
{
    acti_buf_fini(&sp->in);
}

void acti_sp_check(const acti_sp *sp)
{
    acti_buf_check(&sp->in);
    acti_assert(sp->taken <= sp->in.size);
    acti_assert(sp->protocol == ACTI_SP_REP || sp->protocol == ACTI_SP_PULL);
    acti_assert((sp->state == ACTI_SP_SKIPPING) == (sp->skip > 0));
    acti_assert((sp->state == ACTI_SP_BROKEN) == (sp->cause[0] != '\0'));
}

static size_t head_bytes(const acti_sp *sp)
{
    return sp->ipc ? 9 : 8;
}

static uint64_t read_u64(const uint8_t *at)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | at[i];
    return n;
}

static void write_u64(uint8_t *at, uint64_t n)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(n >> (56 - 8 * i));
}

// ---- what comes -----------------------------------------------------------------------

static void drop_taken(acti_sp *sp)
{
    acti_buf_consume(&sp->in, sp->taken);
    sp->taken = 0;
    if (sp->state != ACTI_SP_SKIPPING)
        return;
    size_t n = sp->skip < sp->in.size ? (size_t)sp->skip : sp->in.size;
    acti_buf_consume(&sp->in, n);
    sp->skip -= n;
    if (sp->skip == 0)
        sp->state = ACTI_SP_READY;
}

uint8_t *acti_sp_space(acti_sp *sp, size_t *room)
{
    drop_taken(sp);
    if (sp->in.size == 0 && sp->in.room > 2 * ACTI_SP_READ_MAX)
        acti_buf_fini(&sp->in); // one large message is no reason to keep as much for ever
    size_t held = sp->in.size;
    size_t n = sp->filled ? ACTI_SP_READ_MAX : ACTI_SP_READ_MIN;
    if (sp->need > held && sp->need - held > n)
        n = sp->need - held < ACTI_SP_READ_MAX ? sp->need - held : ACTI_SP_READ_MAX;
    uint8_t *at = acti_buf_reserve(&sp->in, n);
    *room = at != NULL ? n : 0;
    sp->filled = false;
    return at;
}

void acti_sp_feed(acti_sp *sp, size_t size)
{
    acti_buf_grew(&sp->in, size);
    sp->filled = size >= ACTI_SP_READ_MIN;
}

__attribute__((format(printf, 2, 3))) static acti_sp_got wrong(acti_sp *sp, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(sp->cause, sizeof(sp->cause), format, args);
    va_end(args);
    sp->state = ACTI_SP_BROKEN;
    return ACTI_SP_WRONG;
}

static const char *name_of(unsigned protocol)
{
    switch (protocol) {
    case ACTI_SP_REQ:
        return "REQ";
    case ACTI_SP_REP:
        return "REP";
    case ACTI_SP_PUSH:
        return "PUSH";
    case ACTI_SP_PULL:
        return "PULL";
    default:
        return "of another kind";
    }
}

// greeted: false: nothing can be given yet, *got says why.
static bool greeted(acti_sp *sp, acti_sp_got *got)
{
    if (sp->state != ACTI_SP_GREETING)
        return true;
    const uint8_t *at = acti_buf_bytes(&sp->in);
    unsigned wanted = sp->protocol == ACTI_SP_REP ? ACTI_SP_REQ : ACTI_SP_PUSH;
    size_t looked = sp->in.size < sizeof(greeting_start) ? sp->in.size : sizeof(greeting_start);
    *got = ACTI_SP_MORE;
    // What is not SP at all is told as soon as it can be: an HTTP client waits for an answer before it says more.
    if (looked > 0 && memcmp(at, greeting_start, looked) != 0) {
        *got = wrong(sp, "it does not speak nng's protocol (SP); connect with an nng %s socket", name_of(wanted));
    } else if (sp->in.size >= ACTI_SP_GREETING_BYTES) {
        unsigned protocol = (unsigned)at[4] << 8 | at[5];
        if (protocol == wanted && at[6] == 0 && at[7] == 0) {
            acti_buf_consume(&sp->in, ACTI_SP_GREETING_BYTES);
            sp->state = ACTI_SP_READY;
            sp->greeted = true;
            return true;
        }
        *got = wrong(sp, "its socket is %s (protocol %u), and this door talks to %s", name_of(protocol), protocol,
                     name_of(wanted));
    }
    return false;
}

// header_bytes gives the size of the header at the front of what has come of a message; 0: there is none.
static size_t header_bytes(const uint8_t *at, size_t size)
{
    for (size_t n = 4; n <= size && n <= ACTI_SP_HEADER_MAX; n += 4)
        if ((at[n - 4] & 0x80) != 0)
            return n;
    return 0;
}

// give takes a message of which enough has come: all of it, or its header when it is too big.
static acti_sp_got give(acti_sp *sp, uint64_t size, bool whole, acti_sp_message *message)
{
    size_t head = head_bytes(sp);
    const uint8_t *at = acti_buf_bytes(&sp->in) + head;
    size_t come = sp->in.size - head;
    *message = (acti_sp_message){.header = at};
    if (sp->protocol == ACTI_SP_REP) {
        message->header_size = header_bytes(at, size < come ? (size_t)size : come);
        if (message->header_size == 0)
            return wrong(sp, "a request has no number in its first %d bytes: it is not from a REQ socket, or came "
                             "through more than 8 devices", ACTI_SP_HEADER_MAX);
    }
    message->body_size = size - message->header_size;
    sp->need = head;
    if (whole && message->body_size <= sp->limit) {
        message->body = at + message->header_size;
        sp->taken = head + (size_t)size;
        return ACTI_SP_MESSAGE;
    }
    sp->taken = head + message->header_size;
    sp->skip = message->body_size;
    if (sp->skip > 0)
        sp->state = ACTI_SP_SKIPPING;
    return ACTI_SP_TOO_BIG;
}

acti_sp_got acti_sp_next(acti_sp *sp, acti_sp_message *message)
{
    acti_sp_got got;
    if (sp->state == ACTI_SP_BROKEN)
        return ACTI_SP_WRONG;
    drop_taken(sp);
    if (!greeted(sp, &got))
        return got;
    if (sp->state == ACTI_SP_SKIPPING)
        return ACTI_SP_MORE;
    size_t head = head_bytes(sp);
    sp->need = head;
    if (sp->in.size < head)
        return ACTI_SP_MORE;
    const uint8_t *at = acti_buf_bytes(&sp->in);
    if (sp->ipc && at[0] != 0x01)
        return wrong(sp, "a message begins with the byte %02x, and not with 01", at[0]);
    uint64_t size = read_u64(at + head - 8);
    size_t before = sp->protocol == ACTI_SP_REP ? ACTI_SP_HEADER_MAX : 0;
    bool whole = size <= sp->limit + before;
    sp->need = head + (whole ? (size_t)size : before);
    return sp->in.size < sp->need ? ACTI_SP_MORE : give(sp, size, whole, message);
}

void acti_sp_again(acti_sp *sp)
{
    acti_assert(sp->state == ACTI_SP_READY);
    sp->taken = 0;
}

// ---- what is sent -----------------------------------------------------------------------

int acti_sp_greet(const acti_sp *sp, acti_buf *out)
{
    uint8_t greeting[ACTI_SP_GREETING_BYTES] = {0};
    memcpy(greeting, greeting_start, sizeof(greeting_start));
    greeting[4] = (uint8_t)(sp->protocol >> 8);
    greeting[5] = (uint8_t)sp->protocol;
    return acti_buf_append(out, greeting, sizeof(greeting));
}

int acti_sp_begin(const acti_sp *sp, acti_buf *out, const uint8_t *header, size_t header_size, size_t *at)
{
    size_t head = head_bytes(sp);
    uint8_t *to = acti_buf_reserve(out, head + header_size);
    if (to == NULL)
        return head + header_size > out->limit - out->size ? ACTA_ETOOBIG : ACTA_ENOMEM;
    *at = out->size;
    to[0] = 0x01; // of ipc; else the size will lie there
    if (header_size > 0)
        memcpy(to + head, header, header_size);
    acti_buf_grew(out, head + header_size);
    return ACTA_OK;
}

void acti_sp_end(const acti_sp *sp, acti_buf *out, size_t at, bool drop)
{
    size_t head = head_bytes(sp);
    if (drop)
        out->size = at;
    else
        write_u64(acti_buf_bytes(out) + at + head - 8, out->size - at - head);
}
