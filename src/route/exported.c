// SPDX-License-Identifier: MIT
//
// exported.c - the table of actors that other nodes know.

#include "route/exported.h"

#include <stdlib.h>

#define SWEEP_MIN 64

typedef struct entry {
    acti_table_link link; // by the number of the actor
    acti_actor *actor;    // one reference
} entry;

static void free_all(acti_table_link *links)
{
    for (acti_table_link *next; links != NULL; links = next) {
        next = links->next;
        entry *e = ACTI_CONTAINER_OF(links, entry, link);
        acti_actor_unref(e->actor);
        free(e);
    }
}

void acti_exported_init(acti_exported *exported)
{
    acti_lock_init(&exported->lock);
    exported->sweep_at = SWEEP_MIN;
}

void acti_exported_fini(acti_exported *exported)
{
    acti_table_link *link;
    while ((link = acti_table_pop(&exported->table)) != NULL) {
        link->next = NULL;
        free_all(link);
    }
    acti_table_fini(&exported->table);
    acti_lock_fini(&exported->lock);
}

// sweep takes out all that have ended, to be freed without the lock.
static acti_table_link *sweep(acti_exported *exported)
{
    acti_table *table = &exported->table;
    acti_table_link *ended = NULL;
    for (acti_table_link *at = acti_table_next(table, NULL), *next; at != NULL; at = next) {
        next = acti_table_next(table, at);
        if (!acti_inbox_is_routed(&ACTI_CONTAINER_OF(at, entry, link)->actor->inbox))
            continue;
        (void)acti_table_take(table, at->key);
        at->next = ended;
        ended = at;
    }
    exported->sweep_at = table->count * 2 + SWEEP_MIN;
    return ended;
}

bool acti_exported_enter(acti_exported *exported, acti_actor *actor)
{
    entry *e = malloc(sizeof(*e)); // before the lock, and mostly needed: who exports has looked at its own table
    if (e == NULL)
        return false;
    *e = (entry){.actor = actor};
    acti_actor_ref(actor);
    acti_lock_take(&exported->lock);
    bool known = acti_table_find(&exported->table, actor->id) != NULL;
    bool entered = known || acti_table_put(&exported->table, actor->id, &e->link);
    acti_table_link *ended = exported->table.count > exported->sweep_at ? sweep(exported) : NULL;
    acti_lock_give(&exported->lock);
    free_all(ended);
    if (known || !entered) {
        acti_actor_unref(actor);
        free(e);
    }
    return entered;
}

acti_actor *acti_exported_find(acti_exported *exported, uint64_t id)
{
    acti_lock_take(&exported->lock);
    acti_table_link *link = acti_table_find(&exported->table, id);
    acti_actor *actor = link != NULL ? ACTI_CONTAINER_OF(link, entry, link)->actor : NULL;
    if (actor != NULL)
        acti_actor_ref(actor);
    acti_lock_give(&exported->lock);
    return actor;
}
