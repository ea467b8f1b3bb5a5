// SPDX-License-Identifier: MIT
//
// session.c - the ordered conversation between two nodes: its life, how it breaks, and what is read.

#include "route/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "route/session_parts.h"

// During the handshake a length may ask for no more than this. HELLO and WELCOME are the longest, 582
// bytes.
#define HANDSHAKE_PAYLOAD_MAX 1024

// ---- life ------------------------------------------------------------------------

static bool hello_valid(const acti_hello *us)
{
    return us->version_min > 0 && us->version_min <= us->version_max &&
           us->payload_bytes_max >= ACTI_SESSION_PAYLOAD_MIN &&
           us->payload_bytes_max <= ACTI_SESSION_PAYLOAD_MAX && us->credit_messages > 0 &&
           us->credit_bytes > 0 && us->heartbeat_ms > 0;
}

int acti_session_init(acti_session *session, const acti_hello *us, size_t out_limit)
{
    memset(session, 0, sizeof *session);
    acti_session_out_init(session);
    acti_session_kept_init(session);
    if (!hello_valid(us) || out_limit == 0 || out_limit > SIZE_MAX / 2)
        return ACTA_EINVAL;
    session->us = *us;
    session->out_limit = out_limit;
    acti_begun_init(&session->begun, us->payload_bytes_max);
    session->in.limit = (size_t)ACTI_FRAME_HEADER + us->payload_bytes_max + ACTI_SESSION_READ_MAX;
    return ACTA_OK;
}

void acti_session_fini(acti_session *session)
{
    acti_buf_fini(&session->in);
    acti_begun_fini(&session->begun);
    acti_session_kept_fini(session);
    acti_session_out_fini(session);
}

// ---- breaking --------------------------------------------------------------------

// printable replaces control characters, which would otherwise reach the terminal or the log of a person.
static void printable(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)text[i];
        bool wide = c == 0xc2 && (uint8_t)text[i + 1] < 0xa0; // U+0080 to U+009F
        if (c < 0x20 || c == 0x7f || wide)
            text[i] = '?';
        if (wide)
            text[++i] = '?';
    }
}

// end_broken is the one way into BROKEN. in keeps its memory, as a read into it may be pending, and a message that was
// given out stays.
static void end_broken(acti_session *session, int status, const char *cause, size_t size)
{
    size = acti_frame_text_fit(cause, size);
    if (size == 0) {
        cause = "no cause was given";
        size = strlen(cause);
    }
    memcpy(session->cause, cause, size);
    session->cause[size] = '\0';
    printable(session->cause, size);
    session->status = status < 0 ? status : ACTA_EREFUSED;
    session->state = ACTI_SESSION_BROKEN;
    acti_begun_forget(&session->begun);
}

void acti_session_refuse(acti_session *session, int status, const char *cause)
{
    acti_assert(!session->putting);
    if (session->state >= ACTI_SESSION_LEFT)
        return;
    end_broken(session, status, cause, strlen(cause));
    if (session->phase == ACTI_PHASE_NONE)
        return;
    acti_frame frame = {
        .kind = ACTI_FRAME_REFUSE,
        .status = session->status,
        .text = session->cause,
        .text_size = strlen(session->cause),
    };
    acti_session_say(session, &frame);
}

int acti_session_deny(acti_session *session, int status, const char *format, ...)
{
    char cause[sizeof session->cause];
    va_list args;
    va_start(args, format);
    vsnprintf(cause, sizeof cause, format, args);
    va_end(args);
    acti_session_refuse(session, status, cause);
    return session->status;
}

// ---- reading ---------------------------------------------------------------------

static void drop_taken(acti_session *session)
{
    acti_begun_let_go(&session->begun);
    if (session->taken == 0)
        return;
    acti_buf_consume(&session->in, session->taken);
    session->taken = 0;
}

uint8_t *acti_session_space(acti_session *session, size_t *room)
{
    *room = 0;
    if (session->state == ACTI_SESSION_BROKEN || session->phase == ACTI_PHASE_NONE)
        return NULL;
    drop_taken(session);
    if (session->state == ACTI_SESSION_LEFT)
        acti_buf_consume(&session->in, session->in.size);

    size_t n = acti_session_meeting(session) ? ACTI_SESSION_READ_MEETING : ACTI_SESSION_READ_MIN;
    size_t held = session->in.size;
    if (session->need > held && session->need - held > n)
        n = session->need - held;
    if (n > ACTI_SESSION_READ_MAX)
        n = ACTI_SESSION_READ_MAX;
    uint8_t *at = acti_buf_reserve(&session->in, n);
    if (at != NULL)
        *room = n;
    return at;
}

void acti_session_feed(acti_session *session, size_t size)
{
    session->heard += size;
    // A read that was pending when the session, or the connection, ended.
    if (session->state >= ACTI_SESSION_LEFT || session->phase == ACTI_PHASE_NONE)
        return;
    acti_assert(size <= session->in.room - session->in.start - session->in.size);
    drop_taken(session);
    if (size > 0)
        acti_buf_grew(&session->in, size);
}

static bool allowed(const acti_session *session, acti_frame_kind kind)
{
    if (session->phase == ACTI_PHASE_UP && session->peer_goodbye == 0 && kind >= ACTI_FRAME_TYPE)
        return true; // mostly
    if (session->phase == ACTI_PHASE_WAITING)
        return kind == ACTI_FRAME_HELLO;
    if (kind == ACTI_FRAME_REFUSE)
        return true;
    if (session->phase == ACTI_PHASE_CALLING)
        return kind == ACTI_FRAME_WELCOME;
    if (session->phase == ACTI_PHASE_HALF)
        return kind == ACTI_FRAME_ACK;
    if (kind == ACTI_FRAME_FAREWELL)
        return session->state == ACTI_SESSION_LEAVING;
    return kind == ACTI_FRAME_ACK || (kind > ACTI_FRAME_WELCOME && session->peer_goodbye == 0);
}

// admit looks at what is known of a frame, whole or not: kind and sequence are 0 as long as they are not.
static int admit(acti_session *session, const acti_frame *frame, uint64_t sequence)
{
    if (frame->kind == 0)
        return ACTA_OK;
    if (!allowed(session, frame->kind)) {
        const char *when = acti_session_meeting(session)        ? "during the handshake"
                           : session->peer_goodbye != 0         ? "after GOODBYE"
                           : frame->kind == ACTI_FRAME_FAREWELL ? "without GOODBYE"
                                                                : "after the handshake";
        return acti_session_deny(session, ACTA_EMALFORMED,
                                 "%s came %s: the peer breaks the protocol; update or fix it",
                                 acti_frame_name(frame->kind), when);
    }
    if (sequence != 0 && acti_frame_sequenced(frame->kind) && sequence != session->received + 1)
        return acti_session_deny(
            session, ACTA_EMALFORMED,
            "%s has sequence number %llu after %llu: frames were lost or repeated; connect again",
            acti_frame_name(frame->kind), (unsigned long long)sequence,
            (unsigned long long)session->received);
    return ACTA_OK;
}

static int malformed(acti_session *session, const char *why)
{
    if (acti_session_meeting(session))
        return acti_session_deny(session, ACTA_EMALFORMED,
                                 "%s: the peer does not speak acta; let only acta nodes use this address",
                                 why);
    return acti_session_deny(session, ACTA_EMALFORMED,
                             "%s, after frame %llu: the peer breaks the protocol; update or fix it", why,
                             (unsigned long long)session->received);
}

// check_parts looks at a frame, of which size bytes have come or will, for what is wrong with a message in parts.
static int check_parts(acti_session *session, const acti_frame *frame, size_t size)
{
    bool message = frame->kind >= ACTI_FRAME_SEND && frame->kind <= ACTI_FRAME_REPLY;
    if (frame->kind != ACTI_FRAME_PART && (!message || session->begun.count == 0))
        return ACTA_OK;
    if (session->in.size < ACTI_FRAME_HEADER + sizeof(frame->actor))
        return ACTA_OK; // the receiver is not known yet
    size_t rest_size = size - ACTI_FRAME_HEADER - acti_frame_fixed(frame->kind);
    const char *why = acti_begun_fault(&session->begun, frame, rest_size);
    return why != NULL ? malformed(session, why) : ACTA_OK;
}

// read_frame takes the frame at the front of in apart. Returns as acti_session_next.
static int read_frame(acti_session *session, acti_frame *frame)
{
    if (session->in.size == 0)
        return 0;
    uint32_t most = acti_session_meeting(session) ? HANDSHAKE_PAYLOAD_MAX : session->us.payload_bytes_max;
    const char *why = NULL;
    size_t need = 0;
    int64_t size = acti_frame_read(acti_buf_bytes(&session->in), session->in.size, most, frame, &need, &why);
    session->need = need;
    if (size < 0)
        return malformed(session, why);
    int status = admit(session, frame, size > 0 || need > ACTI_FRAME_HEADER ? frame->sequence : 0);
    if (status == ACTA_OK)
        status = check_parts(session, frame, size > 0 ? (size_t)size : need);
    if (status < 0)
        return status;
    session->taken = (size_t)size;
    return size > 0;
}

// ---- the frames that the session itself answers ----------------------------------

static int on_ack(acti_session *session, uint64_t sequence)
{
    uint64_t told = acti_session_told(session);
    if (sequence > told || sequence < session->acked)
        return acti_session_deny(
            session, ACTA_EMALFORMED,
            "ACK of frame %llu, with %llu written and %llu acknowledged before: the peer breaks "
            "the protocol; update or fix it",
            (unsigned long long)sequence, (unsigned long long)told, (unsigned long long)session->acked);
    acti_session_acked(session, sequence);
    if (session->phase == ACTI_PHASE_HALF)
        acti_session_rise(session);
    return 0;
}

static int on_goodbye(acti_session *session, uint64_t sequence)
{
    acti_begun_forget(&session->begun); // nothing ends them any more
    session->peer_goodbye = sequence;
    session->farewell_due = true;
    if (session->state == ACTI_SESSION_OPEN)
        session->state = ACTI_SESSION_LEFT;
    return 1;
}

static int on_farewell(acti_session *session, uint64_t sequence)
{
    uint64_t told = acti_session_told(session);
    if (sequence != session->goodbye || sequence > told)
        return acti_session_deny(
            session, ACTA_EMALFORMED,
            "FAREWELL to GOODBYE %llu, which was %llu, with %llu written: the peer breaks the "
            "protocol; update or fix it",
            (unsigned long long)sequence, (unsigned long long)session->goodbye, (unsigned long long)told);
    acti_session_acked(session, sequence);
    session->state = ACTI_SESSION_LEFT;
    acti_begun_forget(&session->begun);
    return 1;
}

// collect takes what belongs to a message in parts. Returns as acti_begun_take; without memory as if the frame had not
// come yet.
static int collect(acti_session *session, acti_frame *frame)
{
    if (frame->kind != ACTI_FRAME_PART && session->begun.count == 0)
        return 1;
    int given = acti_begun_take(&session->begun, frame);
    if (given < 0)
        session->taken = 0;
    return given;
}

// act does what a whole and admitted frame asks of the session. Returns as acti_session_next; 0 when the frame is
// nothing to the node.
static int act(acti_session *session, acti_frame *frame)
{
    int given = collect(session, frame);
    if (given < 0)
        return given;
    if (acti_frame_sequenced(frame->kind)) {
        session->received = frame->sequence;
        session->untold_bytes += session->taken;
    }
    switch (frame->kind) {
    case ACTI_FRAME_HELLO:
        return acti_session_on_hello(session, &frame->hello);
    case ACTI_FRAME_WELCOME:
        return acti_session_on_welcome(session, &frame->hello);
    case ACTI_FRAME_REFUSE:
        end_broken(session, frame->status, frame->text, frame->text_size);
        return session->status;
    case ACTI_FRAME_ACK:
        return on_ack(session, frame->sequence);
    case ACTI_FRAME_GOODBYE:
        return on_goodbye(session, frame->sequence);
    case ACTI_FRAME_FAREWELL:
        return on_farewell(session, frame->sequence);
    default:
        return given;
    }
}

// hears: whether frames are given out now; else the node is to decide, or there is no connection.
static bool hears(const acti_session *session)
{
    return session->phase == ACTI_PHASE_UP || session->phase == ACTI_PHASE_HALF || acti_session_meeting(session);
}

int acti_session_next(acti_session *session, acti_frame *frame)
{
    acti_assert(!session->putting);
    while (session->state < ACTI_SESSION_LEFT && hears(session)) {
        drop_taken(session);
        int status = read_frame(session, frame);
        if (status <= 0)
            return status;
        status = act(session, frame);
        if (status != 0)
            return status;
    }
    return session->state == ACTI_SESSION_BROKEN ? session->status : 0;
}

// ---- checking --------------------------------------------------------------------

void acti_session_check(const acti_session *session)
{
    acti_buf_check(&session->in);
    acti_session_kept_check(session);
    acti_begun_check(&session->begun);
    acti_assert(session->taken <= session->in.size);
    acti_assert(session->ack_told <= session->received);
    acti_assert(!session->putting || session->state == ACTI_SESSION_OPEN);
    acti_assert(session->goodbye == 0 || session->goodbye == session->sent);
    acti_assert(session->peer_goodbye == 0 || session->peer_goodbye == session->received);
    acti_assert((session->state == ACTI_SESSION_BROKEN) == (session->status < 0));
    acti_assert(memchr(session->cause, '\0', sizeof session->cause) != NULL);
    acti_assert(session->phase != ACTI_PHASE_NONE || session->in.size == 0);

    switch (session->state) {
    case ACTI_SESSION_NEW:
        acti_assert(session->sent == 0 && session->received == 0 && session->phase != ACTI_PHASE_UP);
        return;
    case ACTI_SESSION_OPEN:
        acti_assert(session->goodbye == 0 && session->peer_goodbye == 0);
        break;
    case ACTI_SESSION_LEAVING:
        acti_assert(session->goodbye != 0);
        break;
    case ACTI_SESSION_LEFT:
        if (session->us.session == 0)
            return; // there is another session with that node
        acti_assert(session->goodbye != 0 ? session->acked == session->goodbye : session->peer_goodbye != 0);
        break;
    case ACTI_SESSION_BROKEN:
        acti_assert(session->cause[0] != '\0');
        return;
    }
    acti_assert(session->us.session != 0);
    acti_assert(session->phase != ACTI_PHASE_WAITING && session->phase != ACTI_PHASE_GREETED);
    acti_assert(session->peer.payload_bytes_max >= ACTI_SESSION_PAYLOAD_MIN &&
                session->peer.payload_bytes_max <= ACTI_SESSION_PAYLOAD_MAX &&
                session->peer.version_max >= session->us.version_min &&
                session->peer.version_max <= session->us.version_max);
}
