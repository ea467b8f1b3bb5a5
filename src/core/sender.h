// SPDX-License-Identifier: MIT
//
// sender.h - senders from inside: making them, and asking who holds them.

#ifndef ACTI_CORE_SENDER_H
#define ACTI_CORE_SENDER_H

#include <acta/sender.h>

#include "core/actor.h"
#include "core/why.h"

// acti_tx_new gives the sender for a count that the caller has already added. by names who holds it, NULL: the
// running actor; where is a constant.
acta_tx *
acti_tx_new(acti_actor *actor, const char *by, const char *where);

// acti_tx_count counts a sender, unless there is none left: ACTA_EGONE. To an actor of another node there is a way
// back, see acta_addr_tx. acti_tx_from gives that sender, too.
ACTA_NODISCARD int
acti_tx_count(acti_actor *actor);
ACTA_NODISCARD int
acti_tx_from(acti_actor *actor, const char *by, const char *where, acta_tx **tx);

// acti_tx_in gives the sender that a message of type in holds, for a count that the caller has already added; the
// running actor, or a thread outside, is who made the message. acti_tx_copy gives the one in a copy, which it counts.
acta_tx *
acti_tx_in(acti_actor *actor, const acta_type *in, const char *where);
acta_tx *
acti_tx_copy(acta_tx *tx, const acta_type *in);

// acti_actor_of_ref gives the actor of a tx or an addr that lies in a body, or NULL when nobody does.
static inline acti_actor *acti_actor_of_ref(unsigned kind, const void *field)
{
    if (*(void *const *)field == NULL)
        return NULL;
    return kind == ACTA_KIND_TX ? acti_actor_of_tx(*(acta_tx *const *)field)
                                : acti_actor_of_addr(*(acta_addr *const *)field);
}

// acti_tx_lost says that a holder died: the EOF will say ACTA_ECRASHED. acti_tx_crash drops its sender, too.
void
acti_tx_lost(acta_tx *tx);
void
acti_tx_crash(acta_tx **tx);

// acti_refused counts a message that was not sent, if that was for its size or its receiver's sake, and gives status.
int
acti_refused(acta_system *sys, int status);

// acti_tx_holders says who holds senders to the actor, as far as they are tracked.
void
acti_tx_holders(acti_actor *actor, acti_text *text);

#endif
