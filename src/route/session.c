// SPDX-License-Identifier: MIT
//
// session.c - the ordered conversation between two nodes: its states, its connections, and what is read from them. What
// is written is in session_out.c.

#include "route/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "route/session_out.h"

// Before the peer has said who it is, a length may ask for no more than this. WELCOME is the longest, 586 bytes.
#define HANDSHAKE_PAYLOAD_MAX 1024

// ---- life ------------------------------------------------------------------------

static bool hello_valid(const acti_hello *us)
{
    return us->version_min > 0 && us->version_min <= us->version_max &&
           us->payload_bytes_max >= ACTI_SESSION_PAYLOAD_MIN && us->payload_bytes_max <= ACTI_SESSION_PAYLOAD_MAX &&
           us->credit_messages > 0 && us->credit_bytes > 0 && us->heartbeat_ms > 0;
}

int acti_session_init(acti_session *session, const acti_hello *us, size_t out_limit)
{
    memset(session, 0, sizeof *session);
    acti_session_out_init(session);
    if (!hello_valid(us) || out_limit == 0 || out_limit > SIZE_MAX / 2)
        return ACTA_EINVAL;
    session->us = *us;
    session->out_limit = out_limit;
    session->in.limit = (size_t)ACTI_FRAME_HEADER + us->payload_bytes_max + ACTI_SESSION_READ_MAX;
    return ACTA_OK;
}

void acti_session_fini(acti_session *session)
{
    acti_buf_fini(&session->in);
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
    acti_session_out_say(session, &frame);
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

// ---- meeting ---------------------------------------------------------------------

// introduce takes note of what the peer says of itself, in a version that both speak.
static int introduce(acti_session *session, const acti_hello *peer, uint16_t version)
{
    if (peer->payload_bytes_max < ACTI_SESSION_PAYLOAD_MIN)
        return refuse(session, ACTA_EREFUSED,
                      "payload_bytes_max is %u and must be at least %u: raise that limit of the peer, %s",
                      (unsigned)peer->payload_bytes_max, (unsigned)ACTI_SESSION_PAYLOAD_MIN, peer->name);
    if (peer->credit_messages == 0 || peer->credit_bytes == 0)
        return refuse(session, ACTA_EREFUSED, "no credit, so nothing could be sent: raise the credit of the peer, %s",
                      peer->name);
    if (peer->heartbeat_ms == 0)
        return refuse(session, ACTA_EREFUSED, "a heartbeat of 0 ms cannot be: set that of the peer, %s", peer->name);
    session->peer = *peer;
    session->peer.version_min = version;
    session->peer.version_max = version;
    if (session->peer.payload_bytes_max > ACTI_SESSION_PAYLOAD_MAX)
        session->peer.payload_bytes_max = ACTI_SESSION_PAYLOAD_MAX;
    return ACTA_OK;
}

// same: whether a peer that takes a session up again is the one that it was begun with, under the same terms.
static bool same(const acti_hello *before, const acti_hello *now)
{
    return before->version_max == 0 || // agreed on before the two have met
           (before->node == now->node && before->incarnation == now->incarnation &&
            before->version_max == now->version_max && before->payload_bytes_max == now->payload_bytes_max);
}

// meet goes on with the session where the peer, in its HELLO or WELCOME, says that it is.
static int meet(acti_session *session, const acti_hello *peer, uint16_t version)
{
    acti_hello before = session->peer;
    int status = introduce(session, peer, version);
    if (status != ACTA_OK)
        return status;
    if (session->us.session != 0 && !same(&before, &session->peer))
        return refuse(session, ACTA_EMALFORMED,
                      "a session was taken up again by another node or in other terms: connect anew, %s", peer->name);
    if (peer->received < session->acked || peer->received > session->written)
        return refuse(session, ACTA_EMALFORMED,
                      "frame %llu was received, with %llu written and %llu acknowledged: the peer breaks the protocol; "
                      "update or fix it",
                      (unsigned long long)peer->received, (unsigned long long)session->written,
                      (unsigned long long)session->acked);
    acti_session_out_resume(session, peer->received);
    return ACTA_OK;
}

// choose gives the version for a HELLO, or a negative status.
static int choose(acti_session *session, const acti_hello *peer)
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
    return version;
}

// introduce_us writes HELLO, or a WELCOME in the version that was chosen.
static void introduce_us(acti_session *session, acti_frame_kind kind, uint16_t flags)
{
    acti_frame frame = {.kind = kind, .hello = session->us};
    frame.hello.flags = flags;
    frame.hello.received = session->received;
    if (kind == ACTI_FRAME_WELCOME) {
        frame.hello.version_min = session->peer.version_max;
        frame.hello.version_max = session->peer.version_max;
    }
    acti_session_out_say(session, &frame);
    session->ack_told = session->received;
    session->untold_bytes = 0;
}

// ---- connections -----------------------------------------------------------------

static void assert_apart(const acti_session *session)
{
    acti_assert(session->phase == ACTI_PHASE_NONE && session->state < ACTI_SESSION_LEFT && !session->putting);
}

int acti_session_call(acti_session *session)
{
    assert_apart(session);
    int status = acti_session_out_ready(session);
    if (status != ACTA_OK)
        return status;
    session->phase = ACTI_PHASE_CALLING;
    introduce_us(session, ACTI_FRAME_HELLO, 0);
    return ACTA_OK;
}

int acti_session_answer(acti_session *session)
{
    assert_apart(session);
    acti_assert(session->state == ACTI_SESSION_NEW && session->us.session == 0);
    int status = acti_session_out_ready(session);
    if (status == ACTA_OK)
        session->phase = ACTI_PHASE_WAITING;
    return status;
}

int acti_session_adopt(acti_session *session, const acti_hello *peer, uint64_t number)
{
    bool fresh = session->phase == ACTI_PHASE_GREETED;
    if (!fresh) {
        assert_apart(session);
        acti_assert(session->us.session != 0);
        int status = acti_session_out_ready(session);
        if (status != ACTA_OK)
            return status;
    }
    session->phase = ACTI_PHASE_HALF;
    if (peer->session != session->us.session)
        return refuse(session, ACTA_EMALFORMED, "HELLO names another session: connect anew, %s", peer->name);
    int version = choose(session, peer);
    if (version < 0)
        return version;
    int status = meet(session, peer, (uint16_t)version);
    if (status != ACTA_OK)
        return status;
    if (fresh)
        session->us.session = number;
    acti_assert(session->us.session != 0);
    introduce_us(session, ACTI_FRAME_WELCOME, 0);
    return ACTA_OK;
}

void acti_session_known(acti_session *session)
{
    acti_assert(session->phase == ACTI_PHASE_GREETED && session->state == ACTI_SESSION_NEW);
    introduce_us(session, ACTI_FRAME_WELCOME, ACTI_WELCOME_KNOWN);
    session->state = ACTI_SESSION_LEFT;
}

// rise makes a connection UP that both sides have agreed on.
static void rise(acti_session *session)
{
    session->phase = ACTI_PHASE_UP;
    if (session->state == ACTI_SESSION_NEW)
        session->state = ACTI_SESSION_OPEN;
    session->farewell_due = session->peer_goodbye != 0;
}

void acti_session_confirm(acti_session *session)
{
    acti_assert(session->phase == ACTI_PHASE_WELCOMED && session->state < ACTI_SESSION_LEFT);
    session->us.session = session->peer.session;
    rise(session);
    acti_session_ack(session, true);
}

void acti_session_cut(acti_session *session)
{
    acti_assert(!session->putting);
    acti_session_out_rewind(session);
    acti_buf_consume(&session->in, session->in.size);
    session->taken = 0;
    session->need = 0;
    session->phase = ACTI_PHASE_NONE;
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
    if (session->state == ACTI_SESSION_BROKEN || session->phase == ACTI_PHASE_NONE)
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
    if (session->phase == ACTI_PHASE_WAITING)
        return kind == ACTI_FRAME_HELLO;
    if (kind == ACTI_FRAME_REFUSE)
        return true;
    if (session->phase == ACTI_PHASE_CALLING)
        return kind == ACTI_FRAME_WELCOME;
    if (kind == ACTI_FRAME_FAREWELL)
        return session->state == ACTI_SESSION_LEAVING;
    return kind == ACTI_FRAME_ACK || (kind > ACTI_FRAME_WELCOME && session->peer_goodbye == 0);
}

// meeting: whether the peer has not said yet who it is.
static bool meeting(const acti_session *session)
{
    return session->phase == ACTI_PHASE_WAITING || session->phase == ACTI_PHASE_CALLING;
}

// admit looks at what is known of a frame, whole or not: kind and sequence are 0 as long as they are not.
static int admit(acti_session *session, const acti_frame *frame, uint64_t sequence)
{
    if (frame->kind == 0)
        return ACTA_OK;
    if (!allowed(session, frame->kind)) {
        const char *when = meeting(session)                   ? "during the handshake"
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
    if (meeting(session))
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
    uint32_t most = meeting(session) ? HANDSHAKE_PAYLOAD_MAX : session->us.payload_bytes_max;
    const char *why = NULL;
    size_t need = 0;
    int64_t size = acti_frame_read(acti_buf_bytes(&session->in), session->in.size, most, frame, &need, &why);
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

static int on_hello(acti_session *session, const acti_hello *peer)
{
    int version = choose(session, peer);
    if (version < 0)
        return version;
    int status = introduce(session, peer, (uint16_t)version);
    if (status != ACTA_OK)
        return status;
    session->phase = ACTI_PHASE_GREETED;
    return 1;
}

static int on_known(acti_session *session, const acti_hello *peer)
{
    if (session->us.session != 0)
        return refuse(session, ACTA_EMALFORMED,
                      "WELCOME knows another session than the one that HELLO named: connect anew, %s", peer->name);
    int status = introduce(session, peer, peer->version_max);
    if (status != ACTA_OK)
        return status;
    session->state = ACTI_SESSION_LEFT;
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
    if ((peer->flags & ~ACTI_WELCOME_KNOWN) != 0)
        return refuse(session, ACTA_EMALFORMED, "WELCOME has unknown flags, %x: update or fix the peer, %s",
                      (unsigned)peer->flags, peer->name);
    if ((peer->flags & ACTI_WELCOME_KNOWN) != 0)
        return on_known(session, peer);
    if (peer->session == 0 || (us->session != 0 && peer->session != us->session))
        return refuse(session, ACTA_EMALFORMED, "WELCOME names another session: fix the peer, %s", peer->name);
    int status = meet(session, peer, version);
    if (status != ACTA_OK)
        return status;
    session->phase = ACTI_PHASE_WELCOMED;
    return 1;
}

static int on_ack(acti_session *session, uint64_t sequence)
{
    uint64_t told = acti_session_out_told(session);
    if (sequence > told || sequence < session->acked)
        return refuse(session, ACTA_EMALFORMED,
                      "ACK of frame %llu, with %llu written and %llu acknowledged before: the peer breaks the "
                      "protocol; update or fix it",
                      (unsigned long long)sequence, (unsigned long long)told, (unsigned long long)session->acked);
    acti_session_out_acked(session, sequence);
    return 0;
}

static int on_goodbye(acti_session *session, uint64_t sequence)
{
    session->peer_goodbye = sequence;
    session->farewell_due = true;
    if (session->state == ACTI_SESSION_OPEN)
        session->state = ACTI_SESSION_LEFT;
    return 1;
}

static int on_farewell(acti_session *session, uint64_t sequence)
{
    if (sequence != session->goodbye || sequence > acti_session_out_told(session))
        return refuse(session, ACTA_EMALFORMED,
                      "FAREWELL to GOODBYE %llu, which was %llu: the peer breaks the protocol; update or fix it",
                      (unsigned long long)sequence, (unsigned long long)session->goodbye);
    acti_session_out_acked(session, sequence);
    session->state = ACTI_SESSION_LEFT;
    return 1;
}

// act does what a whole and admitted frame asks of the session. Returns as acti_session_next; 0 when the frame is
// nothing to the node.
static int act(acti_session *session, const acti_frame *frame)
{
    if (acti_frame_sequenced(frame->kind)) {
        session->received = frame->sequence;
        session->untold_bytes += session->taken;
    }
    if (session->phase == ACTI_PHASE_HALF && frame->kind != ACTI_FRAME_REFUSE)
        rise(session);
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

// hears: whether frames are given out now; else the node is to decide, or there is no connection.
static bool hears(const acti_session *session)
{
    return meeting(session) || session->phase == ACTI_PHASE_HALF || session->phase == ACTI_PHASE_UP;
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
    acti_session_out_check(session);
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
