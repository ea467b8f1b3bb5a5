// SPDX-License-Identifier: MIT
//
// holds.h - what nodes count of senders that are on several of them: decisions only, without I/O or pointers. The same
// functions decide in the code that ships and in the model that tries every order (tests/route/test_holds_model.c).
//
// Three nodes have a part in a sender that goes from node to node. The owner is where its actor lives; the giver sends
// it in a message; the taker gets that message. A hold is one sender that the owner keeps for another node. All holds
// of a node travel on the one session between it and the owner, with what it sends through them, so nothing overtakes
// there, and the end of that session is the end of them all.
//
//   way    who is who           the giver                  the taker
//   MINE   the giver is owner   counts a hold              has it as the message comes
//   HOME   the taker is owner   nothing: its own hold is   makes a sender of its own
//                               released behind it
//   THIRD  neither is           keeps a sender, the loan,  puts a CLAIM into the session with the owner, ahead
//                               until TAKEN                of all it sends, and says TAKEN when FOUND has
//                                                          answered; while it has a hold, it says TAKEN at once
//
// A node that has no sender left to an actor gives all its holds of it back by one RELEASE. A sender in a message that
// nobody takes (it cannot be decoded, or its type is not known) is given back at once: MINE by a RELEASE of one, HOME
// by nothing, THIRD by TAKEN.
//
// So at any moment each sender that somebody has is covered: by a hold, or by a loan whose giver is covered, or by a
// message behind which the cover is released. When a node dies this chain may break: then the actor may end before
// what is sent through such a sender arrives, but it is told so. RELEASE and TAKEN carry a reason, ACTA_ECRASHED when a
// sender was lost or what was sent through it may have been, and it is kept by all on the way to the owner.

#ifndef ACTI_ROUTE_HOLDS_H
#define ACTI_ROUTE_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

// ---- a sender in a message ----------------------------------------------------------

typedef enum acti_way {
    ACTI_WAY_MINE,
    ACTI_WAY_HOME,
    ACTI_WAY_THIRD,
} acti_way;

// acti_way_of: all three are numbers of nodes, giver and taker two different ones.
acti_way
acti_way_of(uint64_t owner, uint64_t giver, uint64_t taker);

// acti_way_counts: whether the owner counts a hold when a message goes that way. acti_way_lends: whether its giver
// keeps a sender until TAKEN.
bool
acti_way_counts(acti_way way);
bool
acti_way_lends(acti_way way);

// acti_loan_reason is why a loan is over, for its giver: outcome is ACTA_OK when the taker has its own hold or wants
// none, ACTA_ESTOPPED when the taker has said goodbye, else whatever has kept it from its own hold: ACTA_EUNREACH when
// the owner has said goodbye.
int
acti_loan_reason(int outcome);

// ---- at the owner: of one actor and one session -----------------------------------------

typedef struct acti_owner {
    uint32_t held; // holds of the peer
} acti_owner;

// acti_owner_count counts one hold more: in a message, or as FOUND answers FIND or CLAIM. False: no more can be.
bool
acti_owner_count(acti_owner *owner);

// acti_owner_back takes a RELEASE of count holds. False: the peer has not so many, or gives none back.
bool
acti_owner_back(acti_owner *owner, uint32_t count);

// ---- at any other node: of one actor, in the session with its owner ------------------------

typedef struct acti_taker {
    uint32_t held;   // holds that the owner has counted for us and we have heard of
    uint32_t claims; // CLAIMs of ours that it has not answered
} acti_taker;

// acti_taker_given counts a hold that came in a message of the owner's, or that FOUND has brought to a FIND. False: no
// owner counts so many.
bool
acti_taker_given(acti_taker *taker);

// acti_taker_claim is what has to be said now for a sender that is to become our own.
enum {
    ACTI_SAY_CLAIM = 1, // to the owner
    ACTI_SAY_TAKEN = 2, // to the giver
};
unsigned
acti_taker_claim(acti_taker *taker);

// acti_taker_found takes the answer to a CLAIM: whether the owner has counted a hold. TAKEN is to be said now. False:
// as acti_taker_given.
bool
acti_taker_found(acti_taker *taker, bool counted);

// acti_taker_sends: whether the owner will take what is put into the session now, as far as is known.
bool
acti_taker_sends(const acti_taker *taker);

// acti_taker_release is how many holds are to be given back now that there are so many senders here; 0: none. They are
// not counted any more.
uint32_t
acti_taker_release(acti_taker *taker, uint32_t senders);

#endif
