// SPDX-License-Identifier: MIT
//
// source.h - what layers above watch for an actor: records that become events in its inbox.
//
// A source is one block with its event in it, so no event can be lost for lack of memory, and none of them is ever in
// an inbox twice. The layer above knows when something has happened; the actor's turn does the rest.
//
//   ARMED  --fire-->   QUEUED   (pushed: only the actor touches it from here on)
//   QUEUED --admitted--> SHOWN  (ops->show has filled in the event)
//   SHOWN  --freed-->  ARMED    (ops->again)
//   any    --cancelled--> ARMED: gone. QUEUED and SHOWN: gone when taken or freed
//
// Who leaves ARMED decides a race between fire and cancel: the layer above does so under a lock of its own, before it
// fires, and in ops->end. Of the two the second finds that it was too late.

#ifndef ACTI_CORE_SOURCE_H
#define ACTI_CORE_SOURCE_H

#include "core/actor.h"

typedef struct acti_source acti_source;

typedef struct acti_source_ops {
    // show fills in the event that the actor is about to see.
    void (*show)(acti_source *source);
    // again is called when the actor is done with the event: the source is to be armed once more.
    void (*again)(acti_source *source);
    // end stops watching, for good. True: the source was armed, and does not fire any more; false: it has left ARMED,
    // so its event is on the way to the actor or in its hands.
    bool (*end)(acti_source *source);
} acti_source_ops;

struct acti_source {
    const acti_source_ops *ops;
    acti_actor *owner; // one reference
    uint64_t id;       // in the owner's table; what the user knows it by
    uint32_t room;     // of its block
    bool cancelled;    // the owner's turn only
    acta_msg msg;      // last: the event's body follows it in the record
};

static inline acti_source *acti_source_of(acta_msg *m)
{
    return ACTI_CONTAINER_OF(m, acti_source, msg);
}

// ---- for layers above ----------------------------------------------------------------

// acti_source_new gives the owner a source: size bytes that begin with an acti_source and the body of event, zeroed
// but for the former. event is NULL for one that never fires: it is ended with its owner, and that is all. In the
// owner's turn. ACTA_OK, ACTA_EFULL or ACTA_ENOMEM.
int
acti_source_new(acti_actor *owner, size_t size, const acta_type *event, const acti_source_ops *ops, acti_source **out);

// acti_source_discard takes back a source that could not be armed.
void
acti_source_discard(acti_source *source);

// acti_source_fire pushes the event of a source that has just left ARMED. The source may be gone when it returns.
void
acti_source_fire(acti_source *source);

// acti_source_cancel ends the source that the actor knows as id, if it is one. In the actor's turn.
void
acti_source_cancel(acti_actor *actor, uint64_t id);

// ---- for the turn ----------------------------------------------------------------------

// acti_source_admit gives the event, or NULL when its source was cancelled while it was queued.
acta_msg *
acti_source_admit(acti_actor *actor, acta_msg *m);

// acti_source_freed is called when the actor is done with an event.
void
acti_source_freed(acta_msg *m);

// acti_source_drop frees the source of an event that nobody will see.
void
acti_source_drop(acta_msg *m);

// acti_source_abandon ends a source that has been taken out of its actor's table.
void
acti_source_abandon(void *source);

#endif
