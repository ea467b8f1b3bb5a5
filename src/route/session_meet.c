// SPDX-License-Identifier: MIT
//
// session_meet.c - how a session gets a connection: what two nodes must agree on, and where each of them goes on.

#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "route/session_parts.h"

// ---- what is agreed on -----------------------------------------------------------

// agree looks at what the peer says of itself, and gives the same with the version that both speak in agreed.
static int agree(acti_session *session, const acti_hello *peer, uint16_t version, acti_hello *agreed)
{
    if (peer->payload_bytes_max < ACTI_SESSION_PAYLOAD_MIN)
        return acti_session_deny(
            session, ACTA_EREFUSED,
            "payload_bytes_max is %u and must be at least %u: raise that limit of the peer, %s",
            (unsigned)peer->payload_bytes_max, (unsigned)ACTI_SESSION_PAYLOAD_MIN, peer->name);
    if (peer->credit_messages == 0 || peer->credit_bytes == 0)
        return acti_session_deny(session, ACTA_EREFUSED,
                                 "no credit, so nothing could be sent: raise the credit of the peer, %s",
                                 peer->name);
    if (peer->heartbeat_ms == 0)
        return acti_session_deny(session, ACTA_EREFUSED,
                                 "a heartbeat every 0 ms cannot be: raise the interval of the peer, %s",
                                 peer->name);
    *agreed = *peer;
    agreed->version_min = version;
    agreed->version_max = version;
    if (agreed->payload_bytes_max > ACTI_SESSION_PAYLOAD_MAX)
        agreed->payload_bytes_max = ACTI_SESSION_PAYLOAD_MAX;
    return ACTA_OK;
}

// choose gives the version for a HELLO, or a negative status.
static int choose(acti_session *session, const acti_hello *peer)
{
    const acti_hello *us = &session->us;
    if (peer->version_min == 0 || peer->version_min > peer->version_max)
        return acti_session_deny(session, ACTA_EMALFORMED,
                                 "HELLO offers protocol versions %u to %u: the peer is broken; fix it",
                                 peer->version_min, peer->version_max);
    uint16_t version = us->version_max < peer->version_max ? us->version_max : peer->version_max;
    if (version < us->version_min || version < peer->version_min)
        return acti_session_deny(
            session, ACTA_EVERSION,
            "protocol versions %u to %u meet %u to %u: update the older of the two, %s and %s",
            peer->version_min, peer->version_max, us->version_min, us->version_max, peer->name, us->name);
    return version;
}

// same: whether the peer is the one that the session was begun with, and takes what it took then.
static bool same(const acti_hello *before, const acti_hello *now)
{
    return before->node == now->node && before->incarnation == now->incarnation &&
           before->version_max == now->version_max && before->payload_bytes_max == now->payload_bytes_max;
}

// meet goes on with the session from where the peer, in its HELLO or WELCOME, says that it is.
static int meet(acti_session *session, const acti_hello *peer, uint16_t version)
{
    acti_hello agreed;
    int status = agree(session, peer, version, &agreed);
    if (status != ACTA_OK)
        return status;
    // A number that was agreed on before the two have met stands for whoever knows it.
    bool again =
        peer->session == session->us.session && session->us.session != 0 && session->peer.version_max != 0;
    if (again && !same(&session->peer, &agreed))
        return acti_session_deny(
            session, ACTA_EMALFORMED,
            "another node, or one with other limits, takes up a session: begin a new one, %s", peer->name);
    if (peer->received < session->acked || peer->received > session->written)
        return acti_session_deny(
            session, ACTA_EMALFORMED,
            "frame %llu was received, with %llu written and %llu acknowledged: the peer breaks the "
            "protocol; update or fix it",
            (unsigned long long)peer->received, (unsigned long long)session->written,
            (unsigned long long)session->acked);
    session->peer = agreed;
    acti_session_resume(session, peer->received);
    return ACTA_OK;
}

// ---- what is said ----------------------------------------------------------------

// named is the session that HELLO or WELCOME names. Who has only offered a number does not call with it: whether
// there is such a session is known to the other side alone.
static uint64_t named(const acti_session *session, acti_frame_kind kind)
{
    return kind == ACTI_FRAME_HELLO && session->offered ? 0 : session->us.session;
}

static void say(acti_session *session, acti_frame_kind kind, uint16_t flags)
{
    acti_frame frame = {.kind = kind, .hello = session->us};
    frame.hello.session = named(session, kind);
    frame.hello.flags = flags;
    frame.hello.received = session->received;
    if (kind == ACTI_FRAME_WELCOME) {
        frame.hello.version_min = session->peer.version_max;
        frame.hello.version_max = session->peer.version_max;
    }
    acti_session_say(session, &frame);
    session->ack_told = session->received;
    session->untold_bytes = 0;
}

void acti_session_rise(acti_session *session)
{
    session->phase = ACTI_PHASE_UP;
    if (session->state == ACTI_SESSION_NEW)
        session->state = ACTI_SESSION_OPEN;
    session->offered = false;
    session->farewell_due = session->peer_goodbye != 0;
}

static void assert_apart(const acti_session *session)
{
    acti_assert(session->phase == ACTI_PHASE_NONE && session->state < ACTI_SESSION_LEFT && !session->putting);
}

// ---- the caller ------------------------------------------------------------------

int acti_session_call(acti_session *session)
{
    assert_apart(session);
    int status = acti_session_ready(session);
    if (status != ACTA_OK)
        return status;
    session->phase = ACTI_PHASE_CALLING;
    say(session, ACTI_FRAME_HELLO, 0);
    return ACTA_OK;
}

// on_known takes the answer that there is a session with that node already.
static int on_known(acti_session *session, const acti_hello *peer)
{
    if (named(session, ACTI_FRAME_HELLO) != 0 || peer->session != 0 || peer->received != 0)
        return acti_session_deny(session, ACTA_EMALFORMED,
                                 "WELCOME knows a session, and one is named: the peer is broken; fix %s",
                                 peer->name);
    acti_hello agreed;
    int status = agree(session, peer, peer->version_max, &agreed);
    if (status != ACTA_OK)
        return status;
    session->peer = agreed;
    session->phase = ACTI_PHASE_WELCOMED;
    if (!session->offered)
        session->state = ACTI_SESSION_LEFT;
    return 1;
}

// heed goes on with a WELCOME that does not know another session. 1, or a negative status.
static int heed(acti_session *session, const acti_hello *peer)
{
    uint64_t ours = named(session, ACTI_FRAME_HELLO);
    if (peer->session == 0 || (ours != 0 && peer->session != ours))
        return acti_session_deny(session, ACTA_EMALFORMED,
                                 "WELCOME is to another session than HELLO: the peer is broken; fix %s",
                                 peer->name);
    int status = meet(session, peer, peer->version_max);
    if (status != ACTA_OK)
        return status;
    session->phase = ACTI_PHASE_WELCOMED;
    return 1;
}

int acti_session_on_welcome(acti_session *session, const acti_hello *peer)
{
    const acti_hello *us = &session->us;
    uint16_t version = peer->version_max;
    if (version < us->version_min || version > us->version_max)
        return acti_session_deny(
            session, ACTA_EVERSION,
            "protocol version %u was chosen from %u to %u: update the older of the two, %s and %s", version,
            us->version_min, us->version_max, peer->name, us->name);
    if ((peer->flags & ~ACTI_WELCOME_KNOWN) != 0)
        return acti_session_deny(session, ACTA_EMALFORMED,
                                 "WELCOME has flags %#x, which are unknown: fix the peer, %s",
                                 (unsigned)peer->flags, peer->name);
    return peer->flags != 0 ? on_known(session, peer) : heed(session, peer);
}

int acti_session_welcome(acti_session *session, const acti_hello *peer)
{
    assert_apart(session);
    acti_assert(session->state == ACTI_SESSION_NEW);
    int status = acti_session_ready(session);
    if (status != ACTA_OK)
        return status;
    session->phase = ACTI_PHASE_CALLING;
    status = heed(session, peer);
    return status < 0 ? status : ACTA_OK;
}

void acti_session_confirm(acti_session *session)
{
    acti_assert(session->phase == ACTI_PHASE_WELCOMED && session->state < ACTI_SESSION_LEFT);
    acti_assert(session->peer.flags == 0);
    session->us.session = session->peer.session;
    acti_session_rise(session);
    // Ahead of the chunks: the called side is silent until it has this, and a chunk may be large.
    acti_session_say(session, &(acti_frame){.kind = ACTI_FRAME_ACK, .sequence = session->received});
}

// ---- the called ------------------------------------------------------------------

int acti_session_answer(acti_session *session)
{
    assert_apart(session);
    acti_assert(session->state == ACTI_SESSION_NEW && session->us.session == 0);
    int status = acti_session_ready(session);
    if (status == ACTA_OK)
        session->phase = ACTI_PHASE_WAITING;
    return status;
}

int acti_session_on_hello(acti_session *session, const acti_hello *peer)
{
    int version = choose(session, peer);
    if (version < 0)
        return version;
    acti_hello agreed;
    int status = agree(session, peer, (uint16_t)version, &agreed);
    if (status != ACTA_OK)
        return status;
    session->peer = agreed;
    session->phase = ACTI_PHASE_GREETED;
    return 1;
}

int acti_session_adopt(acti_session *session, const acti_hello *peer, uint64_t number)
{
    if (session->phase != ACTI_PHASE_GREETED) {
        assert_apart(session);
        int status = acti_session_ready(session);
        if (status != ACTA_OK)
            return status;
    }
    session->phase = ACTI_PHASE_HALF;
    bool unheard = peer->session == 0 && session->received == 0 && session->acked == 0;
    if (!unheard && peer->session != session->us.session)
        return acti_session_deny(session, ACTA_EMALFORMED, "HELLO names another session: begin a new one, %s",
                                 peer->name);
    int version = choose(session, peer);
    if (version < 0)
        return version;
    int status = meet(session, peer, (uint16_t)version);
    if (status != ACTA_OK)
        return status;
    if (session->us.session == 0) {
        acti_assert(number != 0);
        session->us.session = number;
        session->offered = true;
    }
    say(session, ACTI_FRAME_WELCOME, 0);
    return ACTA_OK;
}

void acti_session_known(acti_session *session)
{
    acti_assert(session->phase == ACTI_PHASE_GREETED && session->state == ACTI_SESSION_NEW);
    say(session, ACTI_FRAME_WELCOME, ACTI_WELCOME_KNOWN);
    session->state = ACTI_SESSION_LEFT;
}

// ---- either ----------------------------------------------------------------------

void acti_session_cut(acti_session *session)
{
    acti_assert(!session->putting);
    acti_session_unsay(session);
    acti_session_rewind(session);
    acti_buf_consume(&session->in, session->in.size);
    session->taken = 0;
    session->need = 0;
    session->phase = ACTI_PHASE_NONE;
}
