// SPDX-License-Identifier: MIT
//
// source.c - making, firing, showing and cancelling sources.

#include "core/source.h"

#include <string.h>

#include "base/pool.h"
#include "core/pending.h"
#include "core/system.h"

_Static_assert(offsetof(acti_source, msg) + sizeof(acta_msg) == sizeof(acti_source),
               "the event's body lies where acta_as looks for it");

int acti_source_new(acti_actor *owner, size_t size, const acta_type *event, const acti_source_ops *ops,
                    acti_source **out)
{
    uint32_t room;
    acti_source *source = acti_pool_alloc(size, &room);
    if (source == NULL)
        return ACTA_ENOMEM;
    memset(source, 0, size);
    source->ops = ops;
    source->owner = owner;
    source->room = room;
    // Embedded: the block begins before the message, and is freed as a whole.
    source->msg = (acta_msg){.type = event, .kind = ACTI_MSG_SOURCE, .flags = ACTI_MSG_EMBEDDED};
    if (event != NULL)
        source->msg.size = event->size;
    int status = acti_pending_add(owner, source, ACTI_PENDING_SOURCE, &source->id);
    if (status != ACTA_OK) {
        acti_pool_free(source, room);
        return status;
    }
    acti_actor_ref(owner);
    *out = source;
    return ACTA_OK;
}

void acti_source_discard(acti_source *source)
{
    (void)acti_pending_remove(source->owner, source->id, ACTI_PENDING_SOURCE);
    acti_source_drop(&source->msg);
}

void acti_source_fire(acti_source *source)
{
    acta_system *sys = source->owner->sys;
    if (acti_actor_push(source->owner, &source->msg) == ACTA_OK)
        acti_tally(sys, ACTI_SENT, 1);
    else
        acti_source_drop(&source->msg); // its owner has ended, and so has cancelled it
}

void acti_source_cancel(acti_actor *actor, uint64_t id)
{
    acti_source *source = acti_pending_remove(actor, id, ACTI_PENDING_SOURCE);
    if (source != NULL)
        acti_source_abandon(source);
}

acta_msg *acti_source_admit(acti_actor *actor, acta_msg *m)
{
    acti_source *source = acti_source_of(m);
    if (source->cancelled) {
        acti_tally(actor->sys, ACTI_DROPPED_CANCEL, 1);
        acti_source_drop(m);
        return NULL;
    }
    source->ops->show(source);
    return m;
}

void acti_source_freed(acta_msg *m)
{
    acti_source *source = acti_source_of(m);
    if (source->cancelled)
        acti_source_drop(m);
    else
        source->ops->again(source);
}

void acti_source_drop(acta_msg *m)
{
    acti_source *source = acti_source_of(m);
    acti_actor_unref(source->owner);
    acti_pool_free(source, source->room);
}

void acti_source_abandon(void *record)
{
    acti_source *source = record;
    if (source->ops->end(source))
        acti_source_drop(&source->msg);
    else
        source->cancelled = true;
}
