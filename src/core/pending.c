// SPDX-License-Identifier: MIT
//
// pending.c - the table of what an actor waits for.

#include "core/pending.h"

#include <stdlib.h>

#include "core/ask.h"
#include "core/link.h"
#include "core/monitor.h"
#include "core/source.h"
#include "core/timer.h"

// The kind of a record is kept in the low bits of its address in the table: the record itself becomes a message.
#define KIND_BITS ((uintptr_t)7)

static void *tagged(void *record, acti_pending what)
{
    acti_assert(((uintptr_t)record & KIND_BITS) == 0);
    return (char *)record + what;
}

static void *untagged(void *item, acti_pending what)
{
    return (char *)item - what;
}

int acti_pending_add(acti_actor *actor, void *record, acti_pending what, uint64_t *id)
{
    if (actor->pending == NULL) {
        actor->pending = calloc(1, sizeof(*actor->pending));
        if (actor->pending == NULL)
            return ACTA_ENOMEM;
        actor->pending->limit = ACTI_PENDING_MAX;
    }
    if (actor->pending->count >= actor->pending->limit)
        return ACTA_EFULL;
    *id = acti_slots_add(actor->pending, tagged(record, what));
    return *id != 0 ? ACTA_OK : ACTA_ENOMEM;
}

void *acti_pending_get(const acti_actor *actor, uint64_t id, acti_pending what)
{
    if (actor->pending == NULL)
        return NULL;
    void *item = acti_slots_get(actor->pending, id);
    return item != NULL && ((uintptr_t)item & KIND_BITS) == what ? untagged(item, what) : NULL;
}

void *acti_pending_remove(acti_actor *actor, uint64_t id, acti_pending what)
{
    void *record = acti_pending_get(actor, id, what);
    if (record != NULL)
        (void)acti_slots_remove(actor->pending, id);
    return record;
}

void acti_pending_end(acti_actor *actor, acti_list *links)
{
    if (actor->pending == NULL)
        return;
    uint32_t at = 0;
    for (uint32_t left = actor->pending->count; left > 0; left--) { // a table that was large once is not walked in vain
        void *item = acti_slots_next(actor->pending, &at);
        acti_pending what = (acti_pending)((uintptr_t)item & KIND_BITS);
        switch (what) {
        case ACTI_PENDING_ASK:
            acti_ask_abandon(actor, untagged(item, what));
            break;
        case ACTI_PENDING_TIMER:
            acti_timer_abandon(actor, untagged(item, what));
            break;
        case ACTI_PENDING_MONITOR:
            acti_monitor_abandon(actor, untagged(item, what));
            break;
        case ACTI_PENDING_SOURCE:
            acti_source_abandon(untagged(item, what));
            break;
        case ACTI_PENDING_LINK:
            acti_link_gather(untagged(item, what), links);
            break;
        }
    }
    acti_slots_fini(actor->pending);
    free(actor->pending);
    actor->pending = NULL;
}
