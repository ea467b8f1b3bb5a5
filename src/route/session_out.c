// SPDX-License-Identifier: MIT
//
// session_out.c - what a session writes. Sequenced frames go into chunks:
//
//   filling     the one that frames are put into; full, or when nothing else is to be written, it goes on
//   unwritten   chunks to be written, oldest first
//   kept        chunks that were written, older than those; the last of them may be the one that is being written
//
// The sequence numbers of all three follow each other without a gap, from the first that is not acknowledged, or earlier
// in its chunk, to the last that was put. A chunk is let go when its last frame is acknowledged and it is not being
// written. A cut brings all that was kept to the front of unwritten; when the two meet again, what the peer has received
// is dropped from there, and a chunk of which it has a part is cut behind that part.
//
// Unsequenced frames belong to one connection. ACK and FAREWELL are made when something is taken, so that they say how
// things are then; they ride behind the frames of a chunk if its memory has room. FAREWELL says that this side closes,
// so it goes behind the last chunk.

#include "route/session_out.h"

#include <stdlib.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"

// A chunk is full at this size: writes through nng are fastest from 16 to 64 KiB.
#define CHUNK_BYTES (64u * 1024)

// A chunk of which no more than this was allocated is kept for the next filling.
#define SPARE_BYTES (256u * 1024)

// Unsequenced frames that may wait: HELLO or WELCOME of 594 bytes, REFUSE of 281.
#define CONTROL_ROOM 1024

#define CHUNK_OF(node) ACTI_CONTAINER_OF(node, acti_session_chunk, link)

// ---- life ------------------------------------------------------------------------

void acti_session_out_init(acti_session *session)
{
    acti_list_init(&session->unwritten);
    acti_list_init(&session->kept);
    session->control.limit = CONTROL_ROOM;
    session->said.limit = CONTROL_ROOM;
}

static void free_chunk(acti_session_chunk *chunk)
{
    if (chunk == NULL)
        return;
    acti_buf_fini(&chunk->frames);
    free(chunk);
}

static void free_chunks(acti_list *list)
{
    if (!acti_list_linked(list))
        return; // zeroed
    for (acti_list *node = acti_list_pop(list); node != NULL; node = acti_list_pop(list))
        free_chunk(CHUNK_OF(node));
}

void acti_session_out_fini(acti_session *session)
{
    free_chunks(&session->unwritten);
    free_chunks(&session->kept);
    free_chunk(session->filling);
    free_chunk(session->spare);
    acti_buf_fini(&session->control);
    acti_buf_fini(&session->said);
}

// ---- chunks ----------------------------------------------------------------------

// fill gives the chunk that frames are put into, or NULL without memory.
static acti_session_chunk *fill(acti_session *session)
{
    if (session->filling == NULL) {
        session->filling = session->spare != NULL ? session->spare : calloc(1, sizeof *session->filling);
        session->spare = NULL;
    }
    if (session->filling != NULL)
        session->filling->frames.limit =
            (size_t)CHUNK_BYTES + ACTI_FRAME_HEADER + session->peer.payload_bytes_max + CONTROL_ROOM;
    return session->filling;
}

static void recycle(acti_session *session, acti_session_chunk *chunk)
{
    if (session->spare != NULL || chunk->frames.room > SPARE_BYTES) {
        free_chunk(chunk);
        return;
    }
    acti_buf_consume(&chunk->frames, chunk->frames.size);
    session->spare = chunk;
}

static acti_session_chunk *oldest(const acti_list *list)
{
    return acti_list_empty(list) ? NULL : CHUNK_OF(list->next);
}

// skip drops the frames up to received from the front of a chunk that has more, and says how many bytes those were.
static size_t skip(acti_session_chunk *chunk, uint64_t received)
{
    size_t bytes = 0;
    while (chunk->first <= received) {
        size_t size = acti_frame_size(acti_buf_bytes(&chunk->frames));
        acti_buf_consume(&chunk->frames, size);
        chunk->first++;
        bytes += size;
    }
    return bytes;
}

uint64_t acti_session_out_told(const acti_session *session)
{
    return acti_list_empty(&session->kept) ? session->acked : CHUNK_OF(session->kept.prev)->last;
}

void acti_session_out_acked(acti_session *session, uint64_t sequence)
{
    session->acked = sequence;
    acti_session_chunk *chunk;
    while ((chunk = oldest(&session->kept)) != NULL && chunk->last <= sequence && chunk != session->writing) {
        session->kept_bytes -= chunk->frames.size;
        acti_list_remove(&chunk->link);
        recycle(session, chunk);
    }
}

void acti_session_out_resume(acti_session *session, uint64_t received)
{
    acti_assert(acti_list_empty(&session->kept));
    session->acked = received;
    acti_session_chunk *chunk;
    while ((chunk = oldest(&session->unwritten)) != NULL && chunk->last <= received) {
        session->waiting_bytes -= chunk->frames.size;
        acti_list_remove(&chunk->link);
        recycle(session, chunk);
    }
    if (chunk != NULL)
        session->waiting_bytes -= skip(chunk, received);
}

void acti_session_out_rewind(acti_session *session)
{
    if (session->writing != NULL || session->said.size > 0)
        acti_session_wrote(session);
    acti_list_join(&session->kept, &session->unwritten);
    acti_list_join(&session->unwritten, &session->kept);
    session->waiting_bytes += session->kept_bytes;
    session->kept_bytes = 0;
    acti_buf_consume(&session->control, session->control.size);
    session->ack_due = false;
    session->farewell_due = false;
}

// ---- putting ---------------------------------------------------------------------

static int may_put(const acti_session *session)
{
    acti_assert(!session->putting);
    if (session->state != ACTI_SESSION_OPEN)
        return ACTA_EUNREACH;
    return session->waiting_bytes + session->kept_bytes < session->out_limit ? ACTA_OK : ACTA_EFULL;
}

// count_in counts the frame from at to the end of filling, or takes it back.
static void count_in(acti_session *session, size_t at, bool drop)
{
    acti_session_chunk *chunk = session->filling;
    if (drop) {
        acti_frame_end(&chunk->frames, at, true);
        return;
    }
    session->sent++;
    session->waiting_bytes += chunk->frames.size - at;
    if (at == 0)
        chunk->first = session->sent;
    chunk->last = session->sent;
    if (chunk->frames.size < CHUNK_BYTES)
        return;
    acti_list_push(&session->unwritten, &chunk->link);
    session->filling = NULL;
}

static bool too_big(const acti_session *session, size_t at)
{
    return session->filling->frames.size - at - ACTI_FRAME_HEADER > session->peer.payload_bytes_max;
}

static int put(acti_session *session, acti_frame *frame)
{
    acti_session_chunk *chunk = fill(session);
    if (chunk == NULL)
        return ACTA_ENOMEM;
    size_t at = chunk->frames.size;
    frame->sequence = session->sent + 1;
    int status = acti_frame_write(&chunk->frames, frame);
    if (status != ACTA_OK)
        return status;
    bool big = too_big(session, at);
    count_in(session, at, big);
    return big ? ACTA_ETOOBIG : ACTA_OK;
}

int acti_session_put(acti_session *session, acti_frame *frame)
{
    if (frame->kind < ACTI_FRAME_TYPE || frame->kind >= ACTI_FRAME_KINDS)
        return ACTA_EINVAL;
    int status = may_put(session);
    return status != ACTA_OK ? status : put(session, frame);
}

int acti_session_begin(acti_session *session, acti_frame *frame, acti_buf **out, size_t *at)
{
    if (frame->kind != ACTI_FRAME_SEND && frame->kind != ACTI_FRAME_ASK && frame->kind != ACTI_FRAME_REPLY)
        return ACTA_EINVAL;
    int status = may_put(session);
    if (status != ACTA_OK)
        return status;
    acti_session_chunk *chunk = fill(session);
    if (chunk == NULL)
        return ACTA_ENOMEM;
    frame->sequence = session->sent + 1;
    status = acti_frame_begin(&chunk->frames, frame, at);
    if (status != ACTA_OK)
        return status;
    session->putting = true;
    *out = &chunk->frames;
    return ACTA_OK;
}

int acti_session_end(acti_session *session, size_t at, bool drop)
{
    acti_assert(session->putting);
    session->putting = false;
    bool big = too_big(session, at);
    if (!drop && !big)
        acti_frame_end(&session->filling->frames, at, false);
    count_in(session, at, drop || big);
    return !drop && big ? ACTA_ETOOBIG : ACTA_OK;
}

int acti_session_leave(acti_session *session)
{
    acti_assert(!session->putting);
    if (session->state != ACTI_SESSION_OPEN)
        return ACTA_EUNREACH;
    int status = put(session, &(acti_frame){.kind = ACTI_FRAME_GOODBYE});
    if (status != ACTA_OK)
        return status;
    session->goodbye = session->sent;
    session->state = ACTI_SESSION_LEAVING;
    return ACTA_OK;
}

// ---- unsequenced frames ----------------------------------------------------------

int acti_session_out_ready(acti_session *session)
{
    acti_assert(session->control.size == 0 && session->said.size == 0);
    bool ready = acti_buf_reserve(&session->control, CONTROL_ROOM) != NULL &&
                 acti_buf_reserve(&session->said, CONTROL_ROOM) != NULL;
    return ready ? ACTA_OK : ACTA_ENOMEM;
}

void acti_session_out_say(acti_session *session, const acti_frame *frame)
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

static bool has_chunk(const acti_session *session)
{
    return !acti_list_empty(&session->unwritten) || (session->filling != NULL && session->filling->frames.size > 0);
}

// say_dues writes the ACK or FAREWELL that is due, or that costs little as a chunk is written anyway.
static void say_dues(acti_session *session, const acti_session_chunk *chunk)
{
    bool farewell = session->farewell_due && !has_chunk(session);
    bool ack = session->ack_due || (chunk != NULL && session->received > session->ack_told);
    if (!farewell && !(ack && talking(session)))
        return;
    acti_frame_kind kind = farewell ? ACTI_FRAME_FAREWELL : ACTI_FRAME_ACK;
    acti_session_out_say(session, &(acti_frame){.kind = kind, .sequence = session->received});
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

// keep moves the next chunk to be written to kept.
static acti_session_chunk *keep(acti_session *session)
{
    if (!has_chunk(session))
        return NULL;
    acti_session_chunk *chunk = oldest(&session->unwritten);
    if (chunk != NULL)
        acti_list_remove(&chunk->link);
    else {
        chunk = session->filling;
        session->filling = NULL;
    }
    acti_list_push(&session->kept, &chunk->link);
    session->waiting_bytes -= chunk->frames.size;
    session->kept_bytes += chunk->frames.size;
    if (chunk->last > session->written)
        session->written = chunk->last;
    return chunk;
}

// ride moves the unsequenced frames behind those of a chunk, if that takes no memory.
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

bool acti_session_take(acti_session *session, const uint8_t **bytes, size_t *size)
{
    acti_assert(!session->putting);
    if (session->phase == ACTI_PHASE_NONE || session->writing != NULL || session->said.size > 0)
        return false;
    // What found no room behind the last chunk goes first.
    if (session->control.size == 0 && may_write(session)) {
        session->writing = keep(session);
        say_dues(session, session->writing);
    }
    acti_session_chunk *chunk = session->writing;
    if (chunk != NULL) {
        ride(session, chunk);
        *bytes = acti_buf_bytes(&chunk->frames);
        *size = chunk->frames.size + chunk->extra;
        return true;
    }
    if (session->control.size == 0)
        return false;
    acti_buf empty = session->said;
    session->said = session->control;
    session->control = empty;
    *bytes = acti_buf_bytes(&session->said);
    *size = session->said.size;
    return true;
}

void acti_session_wrote(acti_session *session)
{
    acti_session_chunk *chunk = session->writing;
    acti_assert(chunk != NULL || session->said.size > 0);
    session->writing = NULL;
    acti_buf_consume(&session->said, session->said.size);
    if (chunk == NULL)
        return;
    chunk->extra = 0;
    acti_session_out_acked(session, session->acked);
}

bool acti_session_unsaid(const acti_session *session)
{
    if (session->state >= ACTI_SESSION_LEFT && session->phase == ACTI_PHASE_NONE)
        return false;
    if (session->control.size > 0)
        return true;
    return session->state != ACTI_SESSION_BROKEN &&
           (session->ack_due || session->farewell_due || has_chunk(session));
}

// ---- checking --------------------------------------------------------------------

// check_chunk checks one chunk, whose first frame follows sequence number before, and gives its last one.
static uint64_t check_chunk(const acti_session_chunk *chunk, uint64_t before)
{
    acti_buf_check(&chunk->frames);
    acti_assert(chunk->frames.size > 0);
    acti_assert(chunk->first == before + 1 && chunk->last >= chunk->first);
    acti_assert(chunk->extra <= chunk->frames.room - chunk->frames.start - chunk->frames.size);
    return chunk->last;
}

static uint64_t check_chunks(const acti_list *list, uint64_t before, size_t *bytes)
{
    *bytes = 0;
    for (const acti_list *node = list->next; node != list; node = node->next) {
        before = check_chunk(CHUNK_OF(node), before);
        *bytes += CHUNK_OF(node)->frames.size;
    }
    return before;
}

void acti_session_out_check(const acti_session *session)
{
    acti_buf_check(&session->control);
    acti_buf_check(&session->said);
    const acti_session_chunk *filling = session->filling;
    const acti_session_chunk *first = oldest(&session->kept);
    if (first == NULL)
        first = oldest(&session->unwritten);
    if (first == NULL && filling != NULL && filling->frames.size > 0)
        first = filling;
    acti_assert(first != NULL ? first->first <= session->acked + 1 : session->acked == session->sent);

    size_t kept, unwritten, last = 0;
    uint64_t at = check_chunks(&session->kept, first != NULL ? first->first - 1 : session->sent, &kept);
    acti_assert(session->acked <= at || acti_list_empty(&session->kept));
    at = check_chunks(&session->unwritten, at, &unwritten);
    if (filling != NULL && (filling->frames.size > 0 && !session->putting)) {
        at = check_chunk(filling, at);
        last = filling->frames.size;
    }
    acti_assert(session->putting || (at == session->sent && session->waiting_bytes == unwritten + last));
    acti_assert(session->kept_bytes == kept);
    acti_assert(session->writing == NULL || session->writing == CHUNK_OF(session->kept.prev));
    acti_assert(session->writing == NULL || session->said.size == 0);
    acti_assert(session->written <= session->sent && session->acked <= session->written);
    acti_assert(session->phase != ACTI_PHASE_NONE ||
                (acti_list_empty(&session->kept) && session->control.size + session->said.size == 0));
}
