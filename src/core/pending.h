// SPDX-License-Identifier: MIT
//
// pending.h - what an actor waits for: asks, timers, monitors, links and sources, in one table, by the id that its user
// knows.

#ifndef ACTI_CORE_PENDING_H
#define ACTI_CORE_PENDING_H

#include "core/actor.h"

// Far above what an actor needs, a million timers, say. It is there for the one that starts and never cancels: at
// some 150 bytes a record it is refused before it has taken all of a machine's memory.
#define ACTI_PENDING_MAX (1u << 24)

typedef enum acti_pending {
    ACTI_PENDING_ASK,
    ACTI_PENDING_TIMER,
    ACTI_PENDING_MONITOR,
    ACTI_PENDING_SOURCE,
    ACTI_PENDING_LINK,
} acti_pending;

// acti_pending_add enters a record, aligned to at least 8 bytes, and gives its id. ACTA_OK, ACTA_EFULL or
// ACTA_ENOMEM.
int
acti_pending_add(acti_actor *actor, void *record, acti_pending what, uint64_t *id);

// acti_pending_get gives a record of that kind, or NULL; acti_pending_remove takes it out as well.
void *
acti_pending_get(const acti_actor *actor, uint64_t id, acti_pending what);
void *
acti_pending_remove(acti_actor *actor, uint64_t id, acti_pending what);

// acti_pending_end gives up all that the ending actor waits for. Its links are gathered in links, for acti_link_end.
void
acti_pending_end(acti_actor *actor, acti_list *links);

#endif
