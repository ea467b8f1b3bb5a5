// SPDX-License-Identifier: MIT
//
// code.c - the program's list of bodies and handlers that have a name.
//
// A program enters a handful, and looks for one when it spawns a process, which takes a thousand times as long as going
// through the list.

#include "core/code.h"

#include <stdio.h>
#include <string.h>

#include "base/platform.h"

// Constructors of other files run before ours could: both are ready as the program is loaded.
// Rank: a leaf; nothing else is locked or called while it is held.
static acti_lock codes_lock = ACTI_LOCK_INIT;
static acta_actor_entry *codes; // newest first; under codes_lock, as are the entries' next

void acta_actor_enter(acta_actor_entry *entry)
{
    acti_lock_take(&codes_lock);
    entry->next = codes;
    codes = entry;
    acti_lock_give(&codes_lock);
}

static bool is_same(const acta_actor_entry *a, const acta_actor_entry *b)
{
    return a->body == b->body && a->handler == b->handler;
}

const acta_actor_entry *acti_code_of(const acta_spawn_opts *opts)
{
    const acta_actor_entry wanted = {.body = opts->body, .handler = opts->handler};
    acti_lock_take(&codes_lock);
    const acta_actor_entry *entry = codes;
    while (entry != NULL && !is_same(entry, &wanted))
        entry = entry->next;
    acti_lock_give(&codes_lock);
    return entry;
}

const acta_actor_entry *acti_code_find(const char *name)
{
    acti_lock_take(&codes_lock);
    const acta_actor_entry *entry = codes;
    while (entry != NULL && strcmp(entry->name, name) != 0)
        entry = entry->next;
    acti_lock_give(&codes_lock);
    return entry;
}

// ---- checking -----------------------------------------------------------------------

static int entry_check(const acta_actor_entry *entry, char *why, size_t size)
{
    if (strlen(entry->name) > ACTI_CODE_NAME_MAX) {
        snprintf(why, size, "ACTA_ACTOR(%.32s...): the name is longer than %d bytes", entry->name, ACTI_CODE_NAME_MAX);
        return ACTA_EINVAL;
    }
    for (const acta_actor_entry *other = entry->next; other != NULL; other = other->next) {
        if (strcmp(other->name, entry->name) == 0 && !is_same(other, entry)) {
            snprintf(why, size, "ACTA_ACTOR(%s) stands for two functions, and a process could not tell which is meant: "
                     "rename one", entry->name);
            return ACTA_EINVAL;
        }
    }
    return ACTA_OK;
}

int acti_codes_check(char *why, size_t size)
{
    int status = ACTA_OK;
    acti_lock_take(&codes_lock);
    for (const acta_actor_entry *e = codes; e != NULL && status == ACTA_OK; e = e->next)
        status = entry_check(e, why, size);
    acti_lock_give(&codes_lock);
    return status;
}
