// SPDX-License-Identifier: MIT
//
// names.c - publishing and finding names. libc's search tree does the searching.

#include "core/names.h"

#include <acta/name.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/carrier.h"
#include "core/sender.h"
#include "core/system.h"
#include "core/type.h"

typedef struct named {
    char *name;
    acti_actor *actor; // one reference
} named;

static int compare(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static void free_named(void *item)
{
    named *n = item;
    acti_actor_unref(n->actor);
    free(n->name);
    free(n);
}

void acti_names_init(acti_names *names)
{
    acti_lock_init(&names->lock);
    names->tree = NULL;
}

void acti_names_fini(acti_names *names)
{
    tdestroy(names->tree, free_named);
    acti_lock_fini(&names->lock);
}

// look_up gives the entry of a name, or NULL. Under the lock.
static named *look_up(acti_names *names, const char *name)
{
    named key = {.name = (char *)(uintptr_t)name};
    named **found = tfind(&key, &names->tree, compare);
    return found != NULL ? *found : NULL;
}

static void take_out(acti_names *names, named *n)
{
    (void)tdelete(n, &names->tree, compare);
    free_named(n);
}

int acta_publish(acta_system *sys, const char *name, acta_addr *who)
{
    acti_actor *actor = acti_actor_of_addr(who);
    size_t length = name != NULL ? strnlen(name, ACTA_NAME_BYTES_MAX + 1) : 0;
    if (length == 0 || length > ACTA_NAME_BYTES_MAX || !acti_text_valid(name, length) || actor->sys != sys ||
        actor->place == ACTI_PLACE_PROXY)
        return ACTA_EINVAL;
    named *n = malloc(sizeof(*n));
    char *copy = strdup(name);
    if (n == NULL || copy == NULL)
        goto no_memory;
    *n = (named){.name = copy, .actor = actor};

    acti_names *names = &sys->names;
    acti_carrier_touched(sys->carrier, NULL, true);
    acti_lock_take(&names->lock);
    int status = ACTA_EEXIST;
    if (look_up(names, name) != NULL)
        goto fail;
    // Either this comes first and the ending actor sees NAMED, so that it comes here to forget; or we see ENDED.
    // Relaxed: it is one word, and nothing is read behind it. Who sees NAMED takes this lock after us: had it been
    // before us, we would see ENDED.
    status = ACTA_EGONE;
    if (acti_au32_or_relaxed(&actor->flags, ACTI_ACTOR_NAMED) & ACTI_ACTOR_ENDED)
        goto fail;
    status = ACTA_ENOMEM;
    if (tsearch(n, &names->tree, compare) == NULL)
        goto fail;
    acti_actor_ref(actor);
    acti_lock_give(&names->lock);
    return ACTA_OK;

fail:
    acti_lock_give(&names->lock);
    free(copy);
    free(n);
    return status;
no_memory:
    free(copy);
    free(n);
    return ACTA_ENOMEM;
}

int acta_unpublish(acta_system *sys, const char *name)
{
    acti_names *names = &sys->names;
    acti_carrier_touched(sys->carrier, NULL, true);
    acti_lock_take(&names->lock);
    named *n = look_up(names, name);
    if (n != NULL)
        take_out(names, n);
    acti_lock_give(&names->lock);
    return n != NULL ? ACTA_OK : ACTA_ENOENT;
}

int acta_find_at(acta_system *sys, const char *name, acta_tx **tx, const char *where)
{
    acti_names *names = &sys->names;
    acti_carrier_touched(sys->carrier, NULL, false);
    acti_lock_take(&names->lock);
    named *n = look_up(names, name);
    int status = n != NULL ? acti_tx_from(n->actor, NULL, where, tx) : ACTA_ENOENT;
    acti_lock_give(&names->lock);
    return status == ACTA_EGONE ? ACTA_ENOENT : status;
}

// ---- the end of a named actor -------------------------------------------------------

typedef struct search_for {
    const acti_actor *actor;
    named *match;
} search_for;

static void match_actor(const void *node, VISIT visit, void *closure)
{
    search_for *wanted = closure;
    named *n = *(named *const *)node;
    if ((visit == postorder || visit == leaf) && n->actor == wanted->actor)
        wanted->match = n;
}

// The whole tree is walked: only actors that have had a name pay for it, and those are few.
void acti_names_forget(acti_names *names, acti_actor *actor)
{
    acti_carrier_touched(actor->sys->carrier, NULL, true);
    acti_lock_take(&names->lock);
    for (;;) {
        search_for wanted = {.actor = actor};
        twalk_r(names->tree, match_actor, &wanted);
        if (wanted.match == NULL)
            break;
        take_out(names, wanted.match);
    }
    acti_lock_give(&names->lock);
}
