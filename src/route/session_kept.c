// SPDX-License-Identifier: MIT
//
// session_kept.c - the sequenced frames that a session has put and the peer has not acknowledged, in chunks:
//
//   kept        chunks that were written to this connection; the last of them may be the one that is being written
//   unwritten   full chunks that are to be written, for the first time or again; newer than those
//   filling     the newest, that frames are put into; it is taken as it is when there is nothing older to write
//
// Their sequence numbers follow each other without a gap up to the last frame that was put, and begin in the chunk
// with the first that is not acknowledged. A chunk is let go when its last frame is acknowledged and it is not being
// written. A cut moves all that is kept to the front of unwritten. When the two have met again, what the peer has
// received is dropped from there; of a chunk that it has in part, as far as whole frames go.
//
// The memory of chunks is used again, as a stream of messages would otherwise get and give back 64 KiB again and
// again: up to SPARES of them while anything is under way, and one when all has been acknowledged.

#include "route/session_parts.h"

#include <stdlib.h>

#include <acta/error.h>

#include "base/platform.h"

// A chunk is full at this size: writes through nng are fastest from 16 to 64 KiB. Small frames that pass it by less
// than the rest of 64 KiB, and an ACK behind them, take no more memory.
#define CHUNK_BYTES (60u * 1024)

#define SPARES 32
#define SPARE_BYTES (256u * 1024) // of a chunk that has grown above this, the memory is given back

#define CHUNK_OF(node) ACTI_CONTAINER_OF(node, acti_session_chunk, link)

// ---- life ------------------------------------------------------------------------

void acti_session_kept_init(acti_session *session)
{
    acti_list_init(&session->unwritten);
    acti_list_init(&session->kept);
    acti_list_init(&session->spares);
}

static void free_chunk(acti_session_chunk *chunk)
{
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

void acti_session_kept_fini(acti_session *session)
{
    free_chunks(&session->unwritten);
    free_chunks(&session->kept);
    free_chunks(&session->spares);
    if (session->filling != NULL)
        free_chunk(session->filling);
}

// ---- chunks ----------------------------------------------------------------------

static acti_session_chunk *new_chunk(acti_session *session)
{
    acti_list *spare = acti_list_pop(&session->spares);
    if (spare == NULL)
        return calloc(1, sizeof(acti_session_chunk));
    session->spare_count--;
    return CHUNK_OF(spare);
}

// fill gives the chunk that frames are put into, or NULL without memory.
static acti_session_chunk *fill(acti_session *session)
{
    if (session->filling != NULL)
        return session->filling;
    session->filling = new_chunk(session);
    if (session->filling != NULL)
        session->filling->frames.limit =
            (size_t)CHUNK_BYTES + ACTI_FRAME_HEADER + session->peer.payload_bytes_max;
    return session->filling;
}

static acti_session_chunk *oldest(const acti_list *list)
{
    return acti_list_empty(list) ? NULL : CHUNK_OF(list->next);
}

// let_go takes a chunk out of its list; its frames are the peer's now.
static void let_go(acti_session *session, acti_session_chunk *chunk)
{
    acti_list_remove(&chunk->link);
    bool quiet = acti_list_empty(&session->kept) && !acti_session_has_chunk(session);
    if (session->spare_count >= (quiet ? 1 : SPARES) || chunk->frames.room > SPARE_BYTES) {
        free_chunk(chunk);
    } else {
        acti_buf_consume(&chunk->frames, chunk->frames.size);
        acti_list_push(&session->spares, &chunk->link);
        session->spare_count++;
    }
    while (quiet && session->spare_count > 1) {
        free_chunk(CHUNK_OF(acti_list_pop(&session->spares)));
        session->spare_count--;
    }
}

bool acti_session_has_chunk(const acti_session *session)
{
    return !acti_list_empty(&session->unwritten) ||
           (session->filling != NULL && session->filling->frames.size > 0);
}

acti_session_chunk *acti_session_keep(acti_session *session)
{
    acti_session_chunk *chunk = oldest(&session->unwritten);
    if (chunk != NULL) {
        acti_list_remove(&chunk->link);
    } else if (acti_session_has_chunk(session)) {
        chunk = session->filling;
        session->filling = NULL;
    } else {
        return NULL;
    }
    acti_list_push(&session->kept, &chunk->link);
    session->waiting_bytes -= chunk->frames.size;
    session->kept_bytes += chunk->frames.size;
    if (chunk->last > session->written)
        session->written = chunk->last;
    return chunk;
}

uint64_t acti_session_told(const acti_session *session)
{
    return acti_list_empty(&session->kept) ? session->acked : CHUNK_OF(session->kept.prev)->last;
}

void acti_session_acked(acti_session *session, uint64_t sequence)
{
    session->acked = sequence;
    acti_session_chunk *chunk;
    while ((chunk = oldest(&session->kept)) != NULL && chunk->last <= sequence && chunk != session->writing) {
        session->kept_bytes -= chunk->frames.size;
        let_go(session, chunk);
    }
}

// skip drops the frames up to received from the front of a chunk that has more, and gives how many bytes those were.
static size_t skip(acti_session_chunk *chunk, uint64_t received)
{
    size_t before = chunk->frames.size;
    for (; chunk->first <= received; chunk->first++)
        acti_buf_consume(&chunk->frames, acti_frame_size(acti_buf_bytes(&chunk->frames)));
    return before - chunk->frames.size;
}

void acti_session_resume(acti_session *session, uint64_t received)
{
    acti_assert(acti_list_empty(&session->kept));
    session->acked = received;
    acti_session_chunk *chunk;
    while ((chunk = oldest(&session->unwritten)) != NULL && chunk->last <= received) {
        session->waiting_bytes -= chunk->frames.size;
        let_go(session, chunk);
    }
    if (chunk != NULL)
        session->waiting_bytes -= skip(chunk, received);
}

void acti_session_rewind(acti_session *session)
{
    acti_list_join(&session->kept, &session->unwritten);
    acti_list_join(&session->unwritten, &session->kept);
    session->waiting_bytes += session->kept_bytes;
    session->kept_bytes = 0;
}

// ---- putting ---------------------------------------------------------------------

static int may_put(const acti_session *session)
{
    acti_assert(!session->putting);
    if (session->state != ACTI_SESSION_OPEN)
        return ACTA_EUNREACH;
    return session->waiting_bytes + session->kept_bytes < session->out_limit ? ACTA_OK : ACTA_EFULL;
}

// count_in counts the frame from at to the end of filling.
static void count_in(acti_session *session, size_t at)
{
    acti_session_chunk *chunk = session->filling;
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
    if (too_big(session, at)) {
        acti_frame_end(&chunk->frames, at, true);
        return ACTA_ETOOBIG;
    }
    count_in(session, at);
    return ACTA_OK;
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
    bool back = drop || too_big(session, at);
    acti_frame_end(&session->filling->frames, at, back);
    if (back)
        return drop ? ACTA_OK : ACTA_ETOOBIG;
    count_in(session, at);
    return ACTA_OK;
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
    for (acti_list *node = list->next; node != list; node = node->next) {
        before = check_chunk(CHUNK_OF(node), before);
        *bytes += CHUNK_OF(node)->frames.size;
    }
    return before;
}

void acti_session_kept_check(const acti_session *session)
{
    const acti_session_chunk *filling =
        session->filling != NULL && session->filling->frames.size > 0 && !session->putting ? session->filling
                                                                                           : NULL;
    const acti_session_chunk *first = oldest(&session->kept);
    first = first != NULL ? first : oldest(&session->unwritten);
    first = first != NULL ? first : filling;
    acti_assert(session->putting ||
                (first == NULL ? session->acked == session->sent : first->first <= session->acked + 1));

    size_t kept, waiting;
    uint64_t at = check_chunks(&session->kept, first != NULL ? first->first - 1 : session->sent, &kept);
    acti_assert(session->acked <= at || acti_list_empty(&session->kept));
    at = check_chunks(&session->unwritten, at, &waiting);
    if (filling != NULL) {
        at = check_chunk(filling, at);
        waiting += filling->frames.size;
    }
    acti_assert(session->putting || (at == session->sent && session->waiting_bytes == waiting));
    acti_assert(session->kept_bytes == kept);
    acti_assert(session->writing == NULL || session->writing == CHUNK_OF(session->kept.prev));
    acti_assert(session->writing != NULL || session->write_at == 0);
    acti_assert(session->acked <= session->written && session->written <= session->sent);
    acti_assert(session->phase != ACTI_PHASE_NONE || acti_list_empty(&session->kept));
}
