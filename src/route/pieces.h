// SPDX-License-Identifier: MIT
//
// pieces.h - a large message that goes to the peer in pieces, so that what others have to say need not wait until all
// of it is said. begun.h is the side that gets them.
//
// A message is encoded once, by the proxy of its receiver. What does not fit into one piece is kept beside the proxy,
// which then says one piece, goes behind the others that wait for their turn, says the next, and says nothing else
// before the last one. So the order of all that is about that actor stays what it was.
//
//   its next message     what the proxy does                                   then
//   small                says it in one frame                                  the next
//   large                needs one of ACTI_BEGUN_MAX slots of the node,  begun
//                        first come first served; encodes it
//   large, once packed   says it in one frame, gives the slot back             the next
//   it is small
//   begun                a PART, as often as it has its turn                   begun
//   begun, last piece    SEND, ASK or REPLY; gives the slot back               the next
//   begun, no memory     waits for ACTI_PIECES_REST_NS                         begun
//   begun, closed        drops the rest, counted; the peer does so, too        none
//
// To everything but the proxy a message that is begun has been said: it has cost its credit, all of it at once, and an
// ASK waits for its outcome. Only the ledger takes it for handled when the last piece is put, and the message itself is
// kept until then: the senders in it may be the last ones, and are not to be given back before the receiver has them.
// A connection that is lost changes nothing, as parts are frames with a sequence number like any other.

#ifndef ACTI_ROUTE_PIECES_H
#define ACTI_ROUTE_PIECES_H

#include "route/node.h"

#define ACTI_PIECE_BYTES (128u * 1024)     // of a message; also the size in memory above which one is large
#define ACTI_PIECES_REST_NS (10 * ACTA_MS) // between two tries to put a piece, without memory

struct acti_pieces {
    acta_msg *m;
    acti_buf left; // bytes that are not said yet
    acti_frame_kind kind; // of the frame that ends the message, with type, from and id
    uint32_t type;
    uint64_t from;
    uint64_t id;
};

// acti_pieces_large: whether a message to an actor may be too large for one piece.
static inline bool acti_pieces_large(const acta_msg *m)
{
    return m->kind <= ACTI_MSG_REPLY && m->size > ACTI_PIECE_BYTES;
}

// acti_pieces_slot gives the proxy a slot if its next message, m, needs one. False: there is none, and the proxy is put
// in line for it. acti_pieces_unslot gives a slot back with which nothing was begun.
bool
acti_pieces_slot(acti_proxy *proxy, const acta_msg *m);
void
acti_pieces_unslot(acti_proxy *proxy);

// acti_pieces_begin says m, for which the proxy has a slot, or begins to. *packed is how many bytes its encoding has.
//
// Owns:    m is the proxy's if proxy->pieces is set then, else still the caller's.
// Errors:  what acti_codec_encode returns, ACTA_ETOOBIG above what the peer takes, and acti_session_put. Then nothing
//          was said.
ACTA_NODISCARD int
acti_pieces_begin(acti_proxy *proxy, acta_msg *m, acti_frame *frame, size_t *packed);

// acti_pieces_say says the next piece of what is begun, if there is memory.
void
acti_pieces_say(acti_proxy *proxy);

// acti_pieces_drop drops what is begun or waited for when the proxy is closed.
void
acti_pieces_drop(acti_proxy *proxy);

#endif
