// SPDX-License-Identifier: MIT
//
// lint.c - the order lint's carrier.

#include "core/lint.h"

#include <stdlib.h>

#include "base/table.h"
#include "core/causal.h"
#include "core/system.h"

#define THREADS_MAX 64     // threads outside that are told apart; the oldest gives way
#define GATHERED_MAX 4     // races that are told of at one handling; the others are found again
#define TOLD_MAX 1024      // different races of one system
#define WORDS_MAX 900      // bytes; names and types are short, or are cut with the rest

// A race that has been told, by its receiver, types and ways.
typedef struct told {
    acti_table_link link;
} told;

typedef struct lint {
    acti_carrier carrier;
    acti_lock lock; // rank 85; guards all that follows
    acti_causal *causal;
    acti_table told;
    uint64_t threads[THREADS_MAX]; // ids of those that have been announced, each at its place
    // Found by the call that holds the lock.
    uint32_t found;
    uint32_t count;
    acti_race gathered[GATHERED_MAX];
} lint;

// What a call found, for the time when it has given the lock back.
typedef struct findings {
    uint32_t found; // counted in the ledger
    uint32_t count; // and to be told
    acti_race races[GATHERED_MAX];
} findings;

// ---- telling ------------------------------------------------------------------------------

static uint64_t mix(uint64_t hash, const void *address)
{
    return (hash ^ (uintptr_t)address) * UINT64_C(1099511628211);
}

// names_of is a hash of what makes two races the same for a reader. Names are kept once each, so addresses will do.
static uint64_t names_of(const acti_race *race)
{
    uint64_t hash = mix(UINT64_C(14695981039346656037), race->receiver_name);
    hash = mix(mix(hash, race->first.type), race->second.type);
    for (int i = 0; race->path[i] != NULL; i++)
        hash = mix(hash, race->path[i]);
    return hash;
}

// is_new: whether this one is to be told; it is not again. Without memory to remember it, it is told.
static bool is_new(lint *l, const acti_race *race)
{
    uint64_t key = names_of(race);
    if (l->told.count >= TOLD_MAX || acti_table_find(&l->told, key) != NULL)
        return false;
    told *fresh = malloc(sizeof(*fresh));
    if (fresh != NULL && !acti_table_put(&l->told, key, &fresh->link))
        free(fresh);
    return true;
}

static void found(void *arg, const acti_race *race)
{
    lint *l = arg;
    l->found++;
    if (l->count < GATHERED_MAX && is_new(l, race))
        l->gathered[l->count++] = *race;
}

// collect takes what was found by this call. With the lock.
static void collect(lint *l, findings *out)
{
    out->found = l->found;
    out->count = l->count;
    for (uint32_t i = 0; i < l->count; i++)
        out->races[i] = l->gathered[i];
    l->found = 0;
    l->count = 0;
}

// tell reports. Without the lock.
static void tell(acta_system *sys, const findings *of)
{
    if (of->found > 0)
        acti_tally(sys, ACTI_RACES, of->found);
    for (uint32_t i = 0; i < of->count; i++) {
        char words[WORDS_MAX];
        (void)acti_race_say(&of->races[i], words, sizeof(words));
        acti_report(sys, "%s", words);
    }
}

// ---- who sends ------------------------------------------------------------------------------

static acti_au64 last_thread;
static ACTI_THREAD_LOCAL uint64_t this_thread;

// thread_here gives the id of the running thread, which is outside. It may know of everything. With the lock.
static uint64_t thread_here(lint *l)
{
    if (this_thread == 0)
        this_thread = (acti_au64_add_relaxed(&last_thread, 1) + 1) | UINT64_C(1) << 63; // only to be different
    uint64_t *place = &l->threads[this_thread % THREADS_MAX];
    if (*place != this_thread) {
        acti_causal_ended(l->causal, *place);
        acti_causal_entered(l->causal, this_thread, "a thread outside", 0);
        *place = this_thread;
    }
    acti_causal_may_know(l->causal, this_thread);
    return this_thread;
}

// source_here gives the id of whoever runs on this thread, in the system of `to`; 0: nobody that can be followed, such
// as a node, an actor of another system, or a worker that fires an alarm. With the lock.
static uint64_t source_here(lint *l, const acti_actor *to)
{
    const acti_actor *self = acti_here.actor;
    if (self == NULL)
        return acti_here.worker == NULL ? thread_here(l) : 0;
    if (self->sys != to->sys || self->internal)
        return 0;
    if (acti_actor_is_forced(self))
        acti_causal_may_know(l->causal, self->id);
    return self->id;
}

// saw_end: a source was refused by an actor that has ended, or by one of a node that is down. With the lock.
static void saw_end(lint *l, uint64_t from, const acti_actor *who, int status)
{
    if (status == ACTA_EGONE && !acti_actor_is_forced(who))
        acti_causal_saw_end(l->causal, from, who->id);
    else
        acti_causal_may_know(l->causal, from);
}

// ---- the carrier ----------------------------------------------------------------------------

static int push(acti_actor *to, acta_msg *m, acti_push how)
{
    return acti_actor_pushed(to, acti_inbox_push_as(&to->inbox, &to->given, m, how));
}

static int carry(acti_carrier *carrier, acti_actor *to, acta_msg *m, acti_push how)
{
    lint *l = (lint *)carrier;
    acti_lock_take(&l->lock);
    uint64_t from = source_here(l, to);
    uint64_t sent = acti_causal_sent(l->causal, from, to->id, m);
    acti_lock_give(&l->lock);
    int status = push(to, m, how);
    if (status == ACTA_OK)
        return ACTA_OK;
    acti_lock_take(&l->lock);
    if (sent != 0)
        acti_causal_unsent(l->causal, m);
    if (status != ACTA_EFULL)
        saw_end(l, from, to, status);
    acti_lock_give(&l->lock);
    return status;
}

static void given(acti_carrier *carrier, acti_actor *actor, acta_msg *m)
{
    lint *l = (lint *)carrier;
    findings of;
    acti_lock_take(&l->lock);
    acti_causal_given(l->causal, actor->place == ACTI_PLACE_CALLER ? thread_here(l) : actor->id, m);
    collect(l, &of);
    acti_lock_give(&l->lock);
    tell(actor->sys, &of);
}

static void dropped(acti_carrier *carrier, acti_actor *actor)
{
    lint *l = (lint *)carrier;
    acti_lock_take(&l->lock);
    acti_causal_dropped(l->causal, source_here(l, actor), actor->id);
    acti_lock_give(&l->lock);
}

static void entered(acti_carrier *carrier, acti_actor *actor)
{
    lint *l = (lint *)carrier;
    acti_lock_take(&l->lock);
    acti_causal_entered(l->causal, actor->id, actor->name, source_here(l, actor));
    acti_lock_give(&l->lock);
}

static void left(acti_carrier *carrier, acti_actor *actor, int reason)
{
    (void)reason;
    lint *l = (lint *)carrier;
    findings of;
    acti_lock_take(&l->lock);
    acti_causal_ended(l->causal, actor->id);
    collect(l, &of);
    acti_lock_give(&l->lock);
    tell(actor->sys, &of);
}

// touched: who finds that an actor has ended knows what that one knew; which name somebody has given to whom may be so
// for anything that was handled. Of what is changed without looking nothing is learnt.
static void touched(acti_carrier *carrier, acti_actor *actor, bool changes)
{
    lint *l = (lint *)carrier;
    const acti_actor *self = acti_here.actor;
    if (changes || self == NULL)
        return;
    acti_lock_take(&l->lock);
    if (actor != NULL)
        saw_end(l, self->id, actor, ACTA_EGONE);
    else
        acti_causal_may_know(l->causal, self->id);
    acti_lock_give(&l->lock);
}

static void fini(acti_carrier *carrier)
{
    lint *l = (lint *)carrier;
    acti_table_link *link;
    while ((link = acti_table_pop(&l->told)) != NULL)
        free(ACTI_CONTAINER_OF(link, told, link));
    acti_table_fini(&l->told);
    acti_causal_free(l->causal);
    acti_lock_fini(&l->lock);
    free(l);
}

acti_carrier *acti_lint_new(void)
{
    lint *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return NULL;
    l->carrier = (acti_carrier){.carry = carry,
                                .given = given,
                                .dropped = dropped,
                                .entered = entered,
                                .left = left,
                                .touched = touched,
                                .fini = fini};
    l->causal = acti_causal_new(found, l);
    if (l->causal == NULL) {
        free(l);
        return NULL;
    }
    acti_lock_init(&l->lock);
    return &l->carrier;
}
