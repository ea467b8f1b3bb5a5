// SPDX-License-Identifier: MIT
//
// handed.h - senders and addresses that come and go in messages: what a node does about each, by the rules of holds.h.
//
//   handed.c   what the codec asks: giving, taking back, taking and leaving; and the loans of the giver
//   claim.c    claims of the taker, from the message or address that they are for to TAKEN, and their answer
//
// A loan is a sender that the giver's node keeps, numbered for that session. A claim is a record that goes from inbox
// to inbox, so that each node's state stays its own: first through the proxy of the actor, where it is ahead of all
// that is sent through the new sender; then, when the owner has answered, to the node of the giver, which says TAKEN.
// Until it is answered the claim has a sender of its own, so that its holds are not given back before they have come.

#ifndef ACTI_ROUTE_HANDED_H
#define ACTI_ROUTE_HANDED_H

#include "codec/codec.h"
#include "route/node.h"

// acti_handed_refs is what deals with the references in messages to and from the peer of a node. In its turns.
acti_codec_refs
acti_handed_refs(acti_node *node);

// acti_handed_leave gives back what came in the bytes of a message that is not decoded. ACTA_OK or ACTA_EMALFORMED.
ACTA_NODISCARD int
acti_handed_leave(acti_node *node, const void *bytes, size_t size);

// acti_loan_taken takes a TAKEN. ACTA_OK or ACTA_EMALFORMED. acti_loans_end drops all loans to a peer that is gone:
// outcome as acti_loan_reason has it.
ACTA_NODISCARD int
acti_loan_taken(acti_node *node, const acti_frame *frame);
void
acti_loans_end(acti_node *node, int outcome);

// ---- claims ---------------------------------------------------------------------------

typedef struct acti_claim {
    acta_msg event;    // in the proxy's inbox, then in that of the giver
    acti_proxy *proxy; // until it is answered, with tx
    acta_tx *tx;
    acti_node *giver; // one reference to its actor; NULL: it is for an address of our own
    uint64_t loan;
    int reason; // for the giver
} acti_claim;

// acti_claim_sender counts a sender to the proxy's actor, and has it claimed; for a loan of giver's, or with NULL for
// an address.
//
// Threads: any that holds a reference to the proxy.
// Errors:  ACTA_EUNREACH its node is down; ACTA_ENOMEM. Then nothing was counted.
ACTA_NODISCARD int
acti_claim_sender(acti_proxy *proxy, acti_node *giver, uint64_t loan);

// acti_claim_say has come to the front of the proxy's inbox. acti_claim_told takes the owner's answer.
void
acti_claim_say(acti_proxy *proxy, acti_claim *claim);
void
acti_claim_told(acti_claim *claim, const acti_frame *frame);

// acti_claim_over is called when a claim has its outcome, or never will have one: ACTA_OK, or why not.
void
acti_claim_over(acti_claim *claim, int outcome);

// acti_claim_taken says TAKEN, in a turn of the giver's node; acti_claim_unheard forgets it when that has ended.
void
acti_claim_taken(acti_node *giver, acti_claim *claim);
void
acti_claim_unheard(acti_claim *claim);

// acti_claim_serve answers a CLAIM of the peer's.
void
acti_claim_serve(acti_node *node, const acti_frame *frame);

#endif
