// SPDX-License-Identifier: MIT
//
// why.c - saying what an actor is about.

#include "core/why.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/pause.h"
#include "core/sender.h"
#include "core/system.h"

#define READ ((uintptr_t)1)

// Whoever looks at a wait. Rank 57.
static acti_lock look_lock = ACTI_LOCK_INIT;

// ---- what a body waits for ----------------------------------------------------------

void acti_wait_begin(acti_actor *actor, acti_wait *wait)
{
    acti_aptr_store_release(&actor->run.waits, wait); // with the acquire of who looks
}

void acti_wait_end(acti_actor *actor, acti_wait *wait)
{
    void *seen = wait;
    // Acquire, with the release of who has looked: the wait may be freed now. Weak: it may fail for nothing.
    while (seen == wait)
        if (acti_aptr_cas_acquire(&actor->run.waits, &seen, NULL))
            return;
    acti_lock_take(&look_lock);
    acti_aptr_store_relaxed(&actor->run.waits, NULL); // nobody looks: that takes the lock
    acti_lock_give(&look_lock);
}

// look copies what the actor waits for; false: nothing.
static bool look(acti_actor *actor, char name[ACTI_NAME_BYTES], const acta_type **type)
{
    // Acquire: a body that has parked has started, so that its `waits` is one.
    if (!actor->is_body || (acti_au64_load_acquire(&actor->inbox.word) & (ACTI_INBOX_PARKED | ACTI_INBOX_PAUSED)) == 0)
        return false;
    acti_lock_take(&look_lock);
    void *seen = acti_aptr_load_relaxed(&actor->run.waits);
    // Acquire, with the release of the begin. It fails when a wait has just ended or begun, or for nothing.
    while (seen != NULL && !acti_aptr_cas_acquire(&actor->run.waits, &seen, (void *)((uintptr_t)seen | READ)))
        continue;
    bool found = seen != NULL;
    if (found) {
        const acti_wait *wait = seen;
        acti_name_copy(name, wait->who->name);
        *type = wait->type;
        acti_aptr_store_release(&actor->run.waits, seen); // its end finds READ no more, or passes the lock
    }
    acti_lock_give(&look_lock);
    return found;
}

// ---- text ---------------------------------------------------------------------------

void acti_text_add(acti_text *text, const char *format, ...)
{
    bool room = text->length < text->size;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room ? text->at + text->length : NULL, room ? text->size - text->length : 0, format, args);
    va_end(args);
    text->length += n > 0 ? (size_t)n : 0;
}

// ---- the words ----------------------------------------------------------------------

// running_on gives the worker that shows the actor, or NULL. That is compared only, so its being old does no harm.
static const acti_worker *running_on(const acti_actor *actor)
{
    const acti_sched *sched = &actor->sys->sched;
    for (uint32_t i = 0; i < sched->count; i++)
        if (acti_aptr_load_relaxed(&sched->workers[i]->glance.actor) == actor)
            return sched->workers[i];
    return NULL;
}

static void say_busy(const acti_actor *actor, acti_text *text)
{
    const acti_worker *w = actor->place == ACTA_POOL ? running_on(actor) : NULL;
    if (actor->place == ACTA_THREAD) {
        acti_text_add(text, "running on its own thread");
    } else if (w == NULL) {
        acti_text_add(text, "ready to run");
    } else {
        const acta_type *type = acti_glance_type(&w->glance); // of some moment, as everything here
        acti_text_add(text, "running%s%s", type != NULL ? ", handling a message " : "", type != NULL ? type->name : "");
    }
    if (acti_inbox_has_mail(&actor->inbox))
        acti_text_add(text, ", with messages waiting");
}

void acti_why_doing(acti_actor *actor, acti_text *text)
{
    char name[ACTI_NAME_BYTES];
    const acta_type *type;
    if (actor->place == ACTI_PLACE_PROXY)
        acti_text_add(text, "on another node");
    else if (acti_inbox_is_routed(&actor->inbox))
        acti_text_add(text, "at its end, or ended already");
    else if (actor->place == ACTA_PROCESS)
        acti_text_add(text, "in a process of its own");
    else if (acti_pause_room_of(actor, name))
        acti_text_add(text, "paused: waiting for room in the inbox of %s", name);
    else if (look(actor, name, &type))
        acti_text_add(text, "waiting for the outcome of its own ask to %s, a %s", name, type->name);
    else if (acti_inbox_is_parked(&actor->inbox))
        acti_text_add(text, "idle");
    else
        say_busy(actor, text);
}

static void say_orders(const acti_actor *actor, uint32_t senders, acti_text *text)
{
    uint32_t forced = acti_au32_load_relaxed(&actor->forced);
    if (forced != 0)
        acti_text_add(text, ", told to end with %s", acta_errname((int32_t)forced));
    else if (senders > 0 && (acti_au32_load_relaxed(&actor->flags) & ACTI_ACTOR_LAST))
        acti_text_add(text, ", told to stop");
}

void acti_why(acti_actor *actor, acti_text *text)
{
    acti_text_add(text, "actor %s (id %llu), ", actor->name, (unsigned long long)actor->id);
    acti_why_doing(actor, text);
    uint32_t senders = acti_au32_load_relaxed(&actor->senders);
    say_orders(actor, senders, text);
    acti_text_add(text, ", %u sender%s to it", senders, senders == 1 ? "" : "s");
    if (senders == 0)
        acti_text_add(text, ": it ends once it has handled what they sent");
    else
        acti_tx_holders(actor, text);
}

size_t acta_why(acta_addr *who, char *text, size_t size)
{
    acti_text out = {.at = text, .size = size};
    acti_why(acti_actor_of_addr(who), &out);
    return out.length;
}
