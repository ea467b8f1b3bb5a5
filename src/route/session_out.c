// SPDX-License-Identifier: MIT
//
// session_out.c - what a session writes to a connection: one chunk of sequenced frames after the other, and the
// frames without a number, which belong to this connection and are forgotten when it is cut.
//
// HELLO, WELCOME and REFUSE lie in control until they are taken. ACK and FAREWELL are made by take, and so name the
// last number that was received by then. They ride behind the frames of the chunk that is taken, if its memory has
// room, and else go alone, before the next chunk. FAREWELL says that nothing follows, so it is behind the last chunk.

#include "route/session_parts.h"

#include <string.h>

#include <acta/error.h>

#include "base/platform.h"

// HELLO or WELCOME, an ACK that confirms, and a REFUSE: 598, 24 and 281 bytes. Another ACK or a FAREWELL is put only
// when there is nothing else.
#define CONTROL_ROOM 1024

// The most that one write is given. Through nng 64 KiB are carried at twice the rate of 16 or 128 KiB, over ipc and
// tcp.
#define WRITE_BYTES (64u * 1024)

// ---- life ------------------------------------------------------------------------

void acti_session_out_init(acti_session *session)
{
    session->control.limit = CONTROL_ROOM;
    session->said.limit = CONTROL_ROOM;
}

void acti_session_out_fini(acti_session *session)
{
    acti_buf_fini(&session->control);
    acti_buf_fini(&session->said);
}

// ---- frames without a number -----------------------------------------------------

int acti_session_ready(acti_session *session)
{
    acti_assert(session->control.size == 0 && session->said.size == 0);
    bool ready = acti_buf_reserve(&session->control, CONTROL_ROOM) != NULL &&
                 acti_buf_reserve(&session->said, CONTROL_ROOM) != NULL;
    return ready ? ACTA_OK : ACTA_ENOMEM;
}

void acti_session_say(acti_session *session, const acti_frame *frame)
{
    int status = acti_frame_write(&session->control, frame);
    acti_assert(status == ACTA_OK);
}

static bool talking(const acti_session *session)
{
    bool open = session->state == ACTI_SESSION_OPEN || session->state == ACTI_SESSION_LEAVING;
    return open && session->phase == ACTI_PHASE_UP;
}

void acti_session_ack(acti_session *session, bool anyway)
{
    acti_assert(!session->putting);
    if (talking(session) && (anyway || session->received > session->ack_told))
        session->ack_due = true;
}

bool acti_session_owes_ack(const acti_session *session)
{
    return talking(session) && (session->received - session->ack_told >= ACTI_SESSION_ACK_FRAMES ||
                                session->untold_bytes >= ACTI_SESSION_ACK_BYTES);
}

// say_dues writes the ACK or FAREWELL that is due, or that costs little as a chunk is written anyway.
static void say_dues(acti_session *session, const acti_session_chunk *chunk)
{
    bool farewell = session->farewell_due && !acti_session_has_chunk(session);
    bool ack = session->ack_due || (chunk != NULL && session->received > session->ack_told);
    if (!farewell && !(ack && talking(session)))
        return;
    acti_frame_kind kind = farewell ? ACTI_FRAME_FAREWELL : ACTI_FRAME_ACK;
    acti_session_say(session, &(acti_frame){.kind = kind, .sequence = session->received});
    session->ack_told = session->received;
    session->untold_bytes = 0;
    session->ack_due = false;
    session->farewell_due = session->farewell_due && !farewell;
}

// ---- writing ---------------------------------------------------------------------

// may_write: whether sequenced frames go to this connection.
static bool may_write(const acti_session *session)
{
    return session->phase == ACTI_PHASE_UP && session->state != ACTI_SESSION_BROKEN;
}

// ride moves what is in control behind the frames of a chunk, if that takes no memory.
static void ride(acti_session *session, acti_session_chunk *chunk)
{
    acti_buf *frames = &chunk->frames;
    size_t size = session->control.size;
    if (size == 0 || frames->room - frames->start - frames->size < size)
        return;
    memcpy(acti_buf_bytes(frames) + frames->size, acti_buf_bytes(&session->control), size);
    chunk->extra = size;
    acti_buf_consume(&session->control, size);
}

// end_write is done when the chunk or said are written, or never will be to this connection.
static void end_write(acti_session *session)
{
    acti_session_chunk *chunk = session->writing;
    session->writing = NULL;
    session->write_at = 0;
    session->write_size = 0;
    acti_buf_consume(&session->said, session->said.size);
    if (chunk == NULL)
        return;
    chunk->extra = 0;
    acti_session_acked(session, session->acked); // the peer may have been faster
}

// choose gets what is to be written next into writing or, without a chunk, into said.
static void choose(acti_session *session)
{
    // What found no room behind the last chunk goes first.
    if (session->control.size == 0 && may_write(session)) {
        session->writing = acti_session_keep(session);
        say_dues(session, session->writing);
    }
    if (session->writing != NULL) {
        ride(session, session->writing);
        return;
    }
    acti_buf control = session->control;
    session->control = session->said;
    session->said = control;
}

bool acti_session_take(acti_session *session, const uint8_t **bytes, size_t *size)
{
    acti_assert(!session->putting);
    if (session->phase == ACTI_PHASE_NONE || session->write_size > 0)
        return false;
    if (session->writing == NULL)
        choose(session);
    const acti_session_chunk *chunk = session->writing;
    const acti_buf *from = chunk != NULL ? &chunk->frames : &session->said;
    size_t left = from->size + (chunk != NULL ? chunk->extra : 0) - session->write_at;
    if (left == 0)
        return false;
    size_t writes = (left + WRITE_BYTES - 1) / WRITE_BYTES;
    session->write_size = (left + writes - 1) / writes; // of about the same size each
    *bytes = acti_buf_bytes(from) + session->write_at;
    *size = session->write_size;
    return true;
}

void acti_session_wrote(acti_session *session)
{
    acti_session_chunk *chunk = session->writing;
    acti_assert(session->write_size > 0);
    session->write_at += session->write_size;
    session->write_size = 0;
    if (chunk == NULL || session->write_at == chunk->frames.size + chunk->extra)
        end_write(session);
}

void acti_session_unsay(acti_session *session)
{
    end_write(session);
    acti_buf_consume(&session->control, session->control.size);
    session->ack_due = false;
    session->farewell_due = false;
}

// has_rest: whether a part of what is being written has not been given out yet.
static bool has_rest(const acti_session *session)
{
    const acti_session_chunk *chunk = session->writing;
    return chunk != NULL && session->write_at + session->write_size < chunk->frames.size + chunk->extra;
}

bool acti_session_unsaid(const acti_session *session)
{
    if (session->control.size > 0 || has_rest(session))
        return true;
    if (session->state == ACTI_SESSION_BROKEN || (session->state == ACTI_SESSION_LEFT && !may_write(session)))
        return false;
    return (session->ack_due && talking(session)) || session->farewell_due || acti_session_has_chunk(session);
}
