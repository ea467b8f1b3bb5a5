// SPDX-License-Identifier: MIT
//
// pieces.c - large messages, piece by piece. In the node's turns.

#include "route/pieces.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "core/system.h"
#include "route/connection.h"
#include "route/handed.h"

#define MORE_BYTES 4096u // that an encoding mostly takes beyond what the message takes in memory, at most

// ---- slots ------------------------------------------------------------------------

bool acti_pieces_slot(acti_proxy *proxy, const acta_msg *m)
{
    acti_node *node = proxy->node;
    if (proxy->slot || !acti_pieces_large(m))
        return true;
    if (node->slots_taken == ACTI_BEGUN_MAX) {
        acti_list_push(&node->slot_line, &proxy->waiting);
        return false;
    }
    node->slots_taken++;
    proxy->slot = true;
    return true;
}

// Nobody passes those in line: the slot is theirs from here on, though they have to wait for room.
void acti_pieces_unslot(acti_proxy *proxy)
{
    acti_node *node = proxy->node;
    if (!proxy->slot)
        return;
    proxy->slot = false;
    acti_list *first = acti_list_pop(&node->slot_line);
    if (first == NULL) {
        node->slots_taken--;
        return;
    }
    ACTI_CONTAINER_OF(first, acti_proxy, waiting)->slot = true;
    acti_list_push(&node->waiting, first);
}

// ---- beginning --------------------------------------------------------------------

// pack encodes a message into memory of its own.
static int pack(acti_node *node, const acta_msg *m, acti_buf *out)
{
    out->limit = node->session.peer.payload_bytes_max - ACTI_FRAME_FIXED_MAX;
    (void)acti_buf_reserve(out, (size_t)m->size + MORE_BYTES); // if it fails: what is needed may be less
    return acti_codec_encode(m->type, m + 1, &node->refs, out);
}

// put_whole says a message in one frame; without success as if it had not been encoded.
static int put_whole(acti_node *node, const acta_msg *m, acti_frame *frame, acti_buf *packed)
{
    frame->rest = acti_buf_bytes(packed);
    frame->rest_size = packed->size;
    int status = acti_session_put(&node->session, frame);
    if (status != ACTA_OK)
        acti_codec_undo(m->type, m + 1, &node->refs, acti_buf_bytes(packed), packed->size);
    acti_buf_fini(packed);
    return status;
}

int acti_pieces_begin(acti_proxy *proxy, acta_msg *m, acti_frame *frame, size_t *packed)
{
    acti_pieces *pieces = calloc(1, sizeof(*pieces));
    int status = pieces != NULL ? pack(proxy->node, m, &pieces->left) : ACTA_ENOMEM;
    if (status == ACTA_OK) {
        *packed = pieces->left.size;
        if (*packed > ACTI_PIECE_BYTES) {
            pieces->m = m;
            pieces->kind = frame->kind;
            pieces->type = frame->type;
            pieces->from = frame->from;
            pieces->id = frame->id;
            proxy->pieces = pieces;
            return ACTA_OK;
        }
        status = put_whole(proxy->node, m, frame, &pieces->left);
    } else if (pieces != NULL) {
        acti_buf_fini(&pieces->left);
    }
    free(pieces);
    return status;
}

// ---- piece by piece -----------------------------------------------------------------

// release frees what is kept of a message.
static void release(acti_proxy *proxy)
{
    acti_pieces *pieces = proxy->pieces;
    proxy->pieces = NULL;
    acti_buf_fini(&pieces->left);
    acti_msg_release(pieces->m);
    free(pieces);
}

void acti_pieces_say(acti_proxy *proxy)
{
    acti_node *node = proxy->node;
    acti_pieces *pieces = proxy->pieces;
    bool last = pieces->left.size <= ACTI_PIECE_BYTES;
    bool reply = pieces->kind == ACTI_FRAME_REPLY;
    acti_frame frame = {.kind = last ? pieces->kind : ACTI_FRAME_PART,
                        .actor = proxy->id,
                        .from = reply ? proxy->id : pieces->from,
                        .id = pieces->id,
                        .type = pieces->type,
                        .rest = acti_buf_bytes(&pieces->left),
                        .rest_size = last ? pieces->left.size : ACTI_PIECE_BYTES};
    int status = acti_session_put(&node->session, &frame);
    if (status != ACTA_OK) {
        acti_assert(status == ACTA_ENOMEM); // the node is not crowded, and has looked at the size
        acti_node_due(node, ACTI_DUE_AGAIN, ACTI_PIECES_REST_NS);
        return;
    }
    acti_buf_consume(&pieces->left, frame.rest_size);
    if (!last)
        return;
    acti_tally(proxy->actor->sys, ACTI_HANDLED, 1);
    release(proxy);
    acti_pieces_unslot(proxy);
}

// Of a message that was begun the slot is kept: its peer still has the beginning.
void acti_pieces_drop(acti_proxy *proxy)
{
    if (proxy->pieces == NULL) {
        acti_pieces_unslot(proxy);
        return;
    }
    bool ask = proxy->pieces->kind == ACTI_FRAME_ASK; // its outcome is up to the end of the session
    acti_tally(proxy->actor->sys, ask ? ACTI_RETURNED : ACTI_DROPPED_UNREACH, 1);
    release(proxy);
}
