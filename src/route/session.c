// SPDX-License-Identifier: MIT
//
// session.c - the ordered conversation between two nodes: a state machine over two buffers.

#include "route/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"

// Before the peer has said who it is, a length may ask for no more than this. HELLO is the longest, 293 bytes.
#define HANDSHAKE_PAYLOAD_MAX 512

// Room in out beyond out_limit and one frame, so that the frames of the handshake and of the ends always fit: of
// HELLO, WELCOME, GOODBYE, FAREWELL and REFUSE there is at most one each, and of ACK one while out is full.
#define CONTROL_ROOM 1024

// ---- life ------------------------------------------------------------------------

static bool hello_valid(const acti_hello *us)
{
    return us->version_min > 0 && us->version_min <= us->version_max &&
           us->payload_bytes_max >= ACTI_SESSION_PAYLOAD_MIN &&
           us->payload_bytes_max <= ACTI_SESSION_PAYLOAD_MAX && us->credit_messages > 0 && us->credit_bytes > 0;
}

int acti_session_init(acti_session *session, bool caller, const acti_hello *us, size_t out_limit)
{
    memset(session, 0, sizeof *session);
    if (!hello_valid(us) || out_limit == 0 || out_limit > SIZE_MAX / 2)
        return ACTA_EINVAL;
    session->state = caller ? ACTI_SESSION_CALLING : ACTI_SESSION_WAITING;
    session->us = *us;
    session->out_limit = out_limit;
    session->in.limit = (size_t)ACTI_FRAME_HEADER + us->payload_bytes_max + ACTI_SESSION_READ_MAX;
    session->out.limit = out_limit + CONTROL_ROOM;
    if (!caller)
        return ACTA_OK;
    return acti_frame_write(&session->out, &(acti_frame){.kind = ACTI_FRAME_HELLO, .hello = *us});
}

void acti_session_fini(acti_session *session)
{
    acti_buf_fini(&session->in);
    acti_buf_fini(&session->out);
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

// end_broken is the one way into BROKEN. in keeps its memory: a read into it may be pending.
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
}

void acti_session_refuse(acti_session *session, int status, const char *cause)
{
    acti_assert(!session->writing);
    if (session->state >= ACTI_SESSION_LEFT)
        return;
    end_broken(session, status, cause, strlen(cause));
    acti_frame frame = {
        .kind = ACTI_FRAME_REFUSE,
        .status = session->status,
        .text = session->cause,
        .text_size = strlen(session->cause),
    };
    // Without memory for it the peer only sees the connection end.
    (void)acti_frame_write(&session->out, &frame);
}

// refuse formats its cause. Names come last in it: a long one, cut in the middle, takes nothing with it.
__attribute__((format(printf, 3, 4))) static int refuse(acti_session *session, int status, const char *format, ...)
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
    if (session->taken > 0)
        acti_buf_consume(&session->in, session->taken);
    session->taken = 0;
}

uint8_t *acti_session_space(acti_session *session, size_t *room)
{
    *room = 0;
    if (session->state == ACTI_SESSION_BROKEN)
        return NULL;
    drop_taken(session);
    if (session->state == ACTI_SESSION_LEFT)
        acti_buf_consume(&session->in, session->in.size);

    size_t n = ACTI_SESSION_READ_MIN;
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
    // A read that was pending when the session ended.
    if (session->state >= ACTI_SESSION_LEFT)
        return;
    acti_assert(size <= session->in.room - session->in.start - session->in.size);
    drop_taken(session);
    if (size > 0)
        acti_buf_grew(&session->in, size);
}

static bool allowed(const acti_session *session, acti_frame_kind kind)
{
    switch (session->state) {
    case ACTI_SESSION_WAITING:
        return kind == ACTI_FRAME_HELLO;
    case ACTI_SESSION_CALLING:
        return kind == ACTI_FRAME_WELCOME || kind == ACTI_FRAME_REFUSE;
    default:
        break;
    }
    if (kind == ACTI_FRAME_REFUSE || kind == ACTI_FRAME_ACK)
        return true;
    if (kind == ACTI_FRAME_FAREWELL)
        return session->state == ACTI_SESSION_LEAVING;
    return kind > ACTI_FRAME_WELCOME && session->peer_goodbye == 0;
}

// admit looks at what is known of a frame, whole or not: kind and sequence are 0 as long as they are not.
static int admit(acti_session *session, const acti_frame *frame, uint64_t sequence)
{
    if (frame->kind == 0)
        return ACTA_OK;
    if (!allowed(session, frame->kind)) {
        const char *when = session->state < ACTI_SESSION_OPEN  ? "during the handshake"
                           : session->peer_goodbye != 0        ? "after GOODBYE"
                           : frame->kind == ACTI_FRAME_FAREWELL ? "without GOODBYE"
                                                                : "after the handshake";
        return refuse(session, ACTA_EMALFORMED, "%s came %s: the peer breaks the protocol; update or fix it",
                      acti_frame_name(frame->kind), when);
    }
    if (sequence != 0 && acti_frame_sequenced(frame->kind) && sequence != session->received + 1)
        return refuse(session, ACTA_EMALFORMED,
                      "%s has sequence number %llu after %llu: frames were lost or repeated; connect again",
                      acti_frame_name(frame->kind), (unsigned long long)sequence,
                      (unsigned long long)session->received);
    return ACTA_OK;
}

static int malformed(acti_session *session, const char *why)
{
    if (session->state < ACTI_SESSION_OPEN)
        return refuse(session, ACTA_EMALFORMED,
                      "%s: the peer does not speak acta; let only acta nodes use this address", why);
    return refuse(session, ACTA_EMALFORMED, "%s, after frame %llu: the peer breaks the protocol; update or fix it",
                  why, (unsigned long long)session->received);
}

// read_frame takes the frame at the front of in apart. Returns as acti_session_next.
static int read_frame(acti_session *session, acti_frame *frame)
{
    if (session->in.size == 0)
        return 0;
    bool open = session->state >= ACTI_SESSION_OPEN;
    const char *why = NULL;
    size_t need = 0;
    int64_t size = acti_frame_read(acti_buf_bytes(&session->in), session->in.size,
                                   open ? session->us.payload_bytes_max : HANDSHAKE_PAYLOAD_MAX, frame, &need, &why);
    session->need = need;
    if (size < 0)
        return malformed(session, why);
    int status = admit(session, frame, size > 0 || need > ACTI_FRAME_HEADER ? frame->sequence : 0);
    if (status < 0)
        return status;
    session->taken = (size_t)size;
    return size > 0;
}

// ---- the frames that the session itself answers ----------------------------------

// open_with makes the session OPEN with a peer that speaks version and whose HELLO or WELCOME is given.
static int open_with(acti_session *session, const acti_hello *peer, uint16_t version)
{
    if (peer->payload_bytes_max < ACTI_SESSION_PAYLOAD_MIN)
        return refuse(session, ACTA_EREFUSED,
                      "payload_bytes_max is %u and must be at least %u: raise that limit of the peer, %s",
                      (unsigned)peer->payload_bytes_max, (unsigned)ACTI_SESSION_PAYLOAD_MIN, peer->name);
    if (peer->credit_messages == 0 || peer->credit_bytes == 0)
        return refuse(session, ACTA_EREFUSED, "no credit, so nothing could be sent: raise the credit of the peer, %s",
                      peer->name);
    session->peer = *peer;
    session->peer.version_min = version;
    session->peer.version_max = version;
    if (session->peer.payload_bytes_max > ACTI_SESSION_PAYLOAD_MAX)
        session->peer.payload_bytes_max = ACTI_SESSION_PAYLOAD_MAX;
    session->out.limit =
        session->out_limit + ACTI_FRAME_HEADER + session->peer.payload_bytes_max + CONTROL_ROOM;
    session->state = ACTI_SESSION_OPEN;
    return ACTA_OK;
}

static int on_hello(acti_session *session, const acti_hello *peer)
{
    const acti_hello *us = &session->us;
    if (peer->version_min == 0 || peer->version_min > peer->version_max)
        return refuse(session, ACTA_EMALFORMED, "HELLO offers protocol versions %u to %u: the peer is broken; fix it",
                      peer->version_min, peer->version_max);
    uint16_t version = us->version_max < peer->version_max ? us->version_max : peer->version_max;
    if (version < us->version_min || version < peer->version_min)
        return refuse(session, ACTA_EVERSION,
                      "protocol versions %u to %u meet %u to %u: update the older of the two, %s and %s",
                      peer->version_min, peer->version_max, us->version_min, us->version_max, peer->name, us->name);
    int status = open_with(session, peer, version);
    if (status != ACTA_OK)
        return status;

    acti_frame welcome = {.kind = ACTI_FRAME_WELCOME, .hello = *us};
    welcome.hello.version_min = version;
    welcome.hello.version_max = version;
    status = acti_frame_write(&session->out, &welcome);
    if (status != ACTA_OK)
        return refuse(session, status, "no memory to send WELCOME: free some, then connect again");
    return 1;
}

static int on_welcome(acti_session *session, const acti_hello *peer)
{
    const acti_hello *us = &session->us;
    uint16_t version = peer->version_max;
    if (version < us->version_min || version > us->version_max)
        return refuse(session, ACTA_EVERSION,
                      "protocol version %u was chosen from %u to %u: update the older of the two, %s and %s", version,
                      us->version_min, us->version_max, peer->name, us->name);
    int status = open_with(session, peer, version);
    return status != ACTA_OK ? status : 1;
}

static int on_ack(acti_session *session, uint64_t sequence)
{
    if (sequence > session->sent || sequence < session->acked)
        return refuse(session, ACTA_EMALFORMED,
                      "ACK of frame %llu, with %llu sent and %llu acknowledged before: the peer breaks the protocol; "
                      "update or fix it",
                      (unsigned long long)sequence, (unsigned long long)session->sent,
                      (unsigned long long)session->acked);
    session->acked = sequence;
    return 0;
}

static int on_goodbye(acti_session *session, uint64_t sequence)
{
    int status =
        acti_frame_write(&session->out, &(acti_frame){.kind = ACTI_FRAME_FAREWELL, .sequence = sequence});
    if (status != ACTA_OK)
        return refuse(session, status, "no memory to answer GOODBYE: free some");
    session->peer_goodbye = sequence;
    session->ack_told = sequence;
    if (session->state == ACTI_SESSION_OPEN)
        session->state = ACTI_SESSION_LEFT;
    return 1;
}

static int on_farewell(acti_session *session, uint64_t sequence)
{
    if (sequence != session->goodbye)
        return refuse(session, ACTA_EMALFORMED,
                      "FAREWELL to GOODBYE %llu, which was %llu: the peer breaks the protocol; update or fix it",
                      (unsigned long long)sequence, (unsigned long long)session->goodbye);
    session->acked = sequence;
    session->state = ACTI_SESSION_LEFT;
    return 1;
}

// act does what a whole and admitted frame asks of the session. Returns as acti_session_next; 0 when the frame is
// nothing to the node.
static int act(acti_session *session, const acti_frame *frame)
{
    if (acti_frame_sequenced(frame->kind))
        session->received = frame->sequence;
    switch (frame->kind) {
    case ACTI_FRAME_HELLO:
        return on_hello(session, &frame->hello);
    case ACTI_FRAME_WELCOME:
        return on_welcome(session, &frame->hello);
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
        return 1;
    }
}

int acti_session_next(acti_session *session, acti_frame *frame)
{
    acti_assert(!session->writing);
    while (session->state < ACTI_SESSION_LEFT) {
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

// ---- writing ---------------------------------------------------------------------

static int may_write(const acti_session *session)
{
    acti_assert(!session->writing);
    if (session->state != ACTI_SESSION_OPEN)
        return ACTA_EUNREACH;
    return session->out.size < session->out_limit ? ACTA_OK : ACTA_EFULL;
}

// too_big: whether the frame from at to the end of out is more than the peer takes.
static bool too_big(const acti_session *session, size_t at)
{
    return session->out.size - at - ACTI_FRAME_HEADER > session->peer.payload_bytes_max;
}

int acti_session_put(acti_session *session, acti_frame *frame)
{
    if (frame->kind < ACTI_FRAME_TYPE || frame->kind >= ACTI_FRAME_KINDS)
        return ACTA_EINVAL;
    int status = may_write(session);
    if (status != ACTA_OK)
        return status;
    bool sequenced = acti_frame_sequenced(frame->kind);
    frame->sequence = sequenced ? session->sent + 1 : 0;
    size_t at = session->out.size;
    status = acti_frame_write(&session->out, frame);
    if (status != ACTA_OK)
        return status;
    if (too_big(session, at)) {
        acti_frame_end(&session->out, at, true);
        return ACTA_ETOOBIG;
    }
    session->sent += sequenced;
    return ACTA_OK;
}

int acti_session_begin(acti_session *session, acti_frame *frame, size_t *at)
{
    if (frame->kind != ACTI_FRAME_SEND && frame->kind != ACTI_FRAME_ASK && frame->kind != ACTI_FRAME_REPLY)
        return ACTA_EINVAL;
    int status = may_write(session);
    if (status != ACTA_OK)
        return status;
    frame->sequence = session->sent + 1;
    status = acti_frame_begin(&session->out, frame, at);
    session->writing = status == ACTA_OK;
    return status;
}

int acti_session_end(acti_session *session, size_t at, bool drop)
{
    acti_assert(session->writing);
    session->writing = false;
    bool big = too_big(session, at);
    acti_frame_end(&session->out, at, drop || big);
    if (drop)
        return ACTA_OK;
    if (big)
        return ACTA_ETOOBIG;
    session->sent++;
    return ACTA_OK;
}

void acti_session_ack(acti_session *session)
{
    acti_assert(!session->writing);
    bool talking = session->state == ACTI_SESSION_OPEN || session->state == ACTI_SESSION_LEAVING;
    if (!talking || session->received == session->ack_told || session->out.size >= session->out_limit)
        return;
    acti_frame frame = {.kind = ACTI_FRAME_ACK, .sequence = session->received};
    if (acti_frame_write(&session->out, &frame) == ACTA_OK)
        session->ack_told = session->received;
}

void acti_session_take(acti_session *session, acti_buf *to)
{
    acti_assert(!session->writing && to->size == 0);
    acti_buf empty = *to;
    *to = session->out;
    session->out = empty;
    session->out.limit = to->limit;
}

int acti_session_leave(acti_session *session)
{
    acti_assert(!session->writing);
    if (session->state != ACTI_SESSION_OPEN)
        return ACTA_EUNREACH;
    acti_frame frame = {.kind = ACTI_FRAME_GOODBYE, .sequence = session->sent + 1};
    int status = acti_frame_write(&session->out, &frame);
    if (status != ACTA_OK)
        return status;
    session->sent++;
    session->goodbye = session->sent;
    session->state = ACTI_SESSION_LEAVING;
    return ACTA_OK;
}

// ---- checking --------------------------------------------------------------------

static void check_buf(const acti_buf *buf)
{
    acti_assert(buf->start <= buf->room && buf->size <= buf->room - buf->start);
    acti_assert(buf->size <= buf->limit);
}

void acti_session_check(const acti_session *session)
{
    check_buf(&session->in);
    check_buf(&session->out);
    acti_assert(session->taken <= session->in.size);
    acti_assert(session->acked <= session->sent);
    acti_assert(session->ack_told <= session->received);
    acti_assert(!session->writing || session->state == ACTI_SESSION_OPEN);
    acti_assert(session->goodbye == 0 || session->goodbye == session->sent);
    acti_assert(session->peer_goodbye == 0 || session->peer_goodbye == session->received);
    acti_assert((session->state == ACTI_SESSION_BROKEN) == (session->status < 0));
    acti_assert(memchr(session->cause, '\0', sizeof session->cause) != NULL);

    switch (session->state) {
    case ACTI_SESSION_WAITING:
    case ACTI_SESSION_CALLING:
        acti_assert(session->sent == 0 && session->received == 0 && session->peer.version_max == 0);
        break;
    case ACTI_SESSION_OPEN:
        acti_assert(session->goodbye == 0 && session->peer_goodbye == 0);
        break;
    case ACTI_SESSION_LEAVING:
        acti_assert(session->goodbye != 0);
        break;
    case ACTI_SESSION_LEFT:
        acti_assert(session->goodbye != 0 ? session->acked == session->goodbye : session->peer_goodbye != 0);
        break;
    case ACTI_SESSION_BROKEN:
        acti_assert(session->cause[0] != '\0');
        return;
    }
    if (session->state >= ACTI_SESSION_OPEN)
        acti_assert(session->peer.payload_bytes_max >= ACTI_SESSION_PAYLOAD_MIN &&
                    session->peer.payload_bytes_max <= ACTI_SESSION_PAYLOAD_MAX &&
                    session->peer.version_max >= session->us.version_min &&
                    session->peer.version_max <= session->us.version_max);
}
