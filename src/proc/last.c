// SPDX-License-Identifier: MIT
//
// last.c - a carrier that pushes each message at once, and notes what one actor is given.

#include "proc/last.h"

#include <stdlib.h>
#include <string.h>

#include "core/system.h"

typedef struct last {
    acti_carrier carrier; // first
    acti_carrier *inner;
    const acti_actor *actor;
    char *name;
    // The actor's turn only.
    bool started; // it has been given the first
    const acta_type *type; // whose name is written
} last;

static int carry(acti_carrier *carrier, acti_actor *to, acta_msg *m, acti_push how)
{
    acti_carrier *inner = ((last *)carrier)->inner;
    if (inner != NULL)
        return inner->carry(inner, to, m, how);
    return acti_actor_pushed(to, acti_inbox_push_as(&to->inbox, &to->given, m, how));
}

static void note(last *l, const acta_type *type)
{
    if (l->started && type != l->type) {
        l->type = type;
        memcpy(l->name, type->name, strlen(type->name) + 1);
    }
    l->started = true;
}

static void given(acti_carrier *carrier, acti_actor *actor, acta_msg *m)
{
    last *l = (last *)carrier;
    if (actor == l->actor && m->type != NULL)
        note(l, m->type);
    if (l->inner != NULL)
        l->inner->given(l->inner, actor, m);
}

static void dropped(acti_carrier *carrier, acti_actor *actor)
{
    acti_carrier *inner = ((last *)carrier)->inner;
    if (inner != NULL && inner->dropped != NULL)
        inner->dropped(inner, actor);
}

static void entered(acti_carrier *carrier, acti_actor *actor)
{
    acti_carrier *inner = ((last *)carrier)->inner;
    if (inner != NULL)
        inner->entered(inner, actor);
}

static void left(acti_carrier *carrier, acti_actor *actor, int reason)
{
    acti_carrier *inner = ((last *)carrier)->inner;
    if (inner != NULL)
        inner->left(inner, actor, reason);
}

static void touched(acti_carrier *carrier, acti_actor *actor, bool changes)
{
    acti_carrier_touched(((last *)carrier)->inner, actor, changes);
}

static void fini(acti_carrier *carrier)
{
    acti_carrier *inner = ((last *)carrier)->inner;
    if (inner != NULL)
        inner->fini(inner);
    free(carrier);
}

acti_carrier *acti_last_new(acti_carrier *inner, char *name)
{
    last *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->carrier = (acti_carrier){.carry = carry,
                                .given = given,
                                .dropped = dropped,
                                .entered = entered,
                                .left = left,
                                .touched = touched,
                                .fini = fini};
    l->inner = inner;
    l->name = name;
    return &l->carrier;
}

void acti_last_of(acti_carrier *carrier, const acti_actor *actor)
{
    ((last *)carrier)->actor = actor;
}
