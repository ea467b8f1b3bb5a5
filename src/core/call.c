// SPDX-License-Identifier: MIT
//
// call.c - asking from a thread outside: an actor that stands for the thread, for as long as the call lasts.

#include <acta/sender.h>

#include "base/pool.h"
#include "core/call.h"
#include "core/pause.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"

typedef struct caller {
    acti_park park;
} caller;

static void wake(acti_actor *actor)
{
    acti_park_give(&((caller *)actor->arg)->park);
}

static const acti_actor_ops of_caller = {.wake = wake};

acti_actor *acti_caller_new(acta_system *sys)
{
    acti_actor *actor = acti_actor_new(sys, NULL, sizeof(caller));
    if (actor == NULL)
        return NULL;
    actor->place = ACTI_PLACE_CALLER;
    actor->name = "a thread outside";
    actor->arg = actor + 1;
    actor->ops = &of_caller;
    actor->carried = sys->carrier != NULL;
    acti_au64_store_relaxed(&actor->inbox.word, ACTI_INBOX_EMPTY); // nobody else knows it yet
    acti_park_init(&((caller *)actor->arg)->park);
    return actor;
}

static int wait_for_room(acti_actor *actor, uint64_t deadline_ns)
{
    for (;;) {
        int status;
        switch (acti_pause_for_room(actor, false, &status)) {
        case ACTI_ROOM_DECIDED:
            if (status != ACTA_OK)
                (void)acti_outbox_take_back(actor);
            return status;
        case ACTI_ROOM_LOOK:
            continue;
        case ACTI_ROOM_NONE:
            if (!acti_park_wait(&((caller *)actor->arg)->park, deadline_ns))
                return acti_outbox_take_back(actor) == NULL ? ACTA_OK : ACTA_EFULL;
        }
    }
}

int acti_caller_send(acti_actor *actor, acti_actor *to, acta_msg *m, uint64_t deadline_ns)
{
    int status = acti_actor_try(to, m);
    if (status == ACTA_EFULL) {
        status = acti_outbox_put(actor, to, m);
        if (status == ACTA_OK)
            status = wait_for_room(actor, deadline_ns);
    }
    if (status == ACTA_OK)
        acti_tally(to->sys, ACTI_SENT, 1);
    return status;
}

acta_msg *acti_caller_wait(acti_actor *actor, uint64_t deadline_ns)
{
    acta_msg *newest;
    for (;;) {
        acta_msg *m = acti_inbox_take(&actor->inbox, &newest);
        if (m != NULL && actor->carried)
            acti_actor_shown(actor, m);
        if (m != NULL)
            return m;
        if (!acti_inbox_park(&actor->inbox)) {
            acti_inbox_attended(&actor->inbox); // room that was given, and taken
            continue;
        }
        if (!acti_park_wait(&((caller *)actor->arg)->park, deadline_ns))
            return NULL;
    }
}

void acti_caller_end(acti_actor *actor)
{
    acta_tx *tx = (acta_tx *)(void *)actor; // never tracked: made here, dropped here
    acti_actor_drain(actor, acti_actor_close(actor), ACTA_EGONE, ACTI_DROPPED_LATE);
    acta_tx_drop(&tx);
    acti_actor_unref(actor);
}

int acta_call_body(acta_tx *to, uint64_t timeout_ns, acta_msg **reply, const acta_type *type, const void *body)
{
    acti_actor *target = acti_actor_of_tx(to);
    acta_system *sys = target->sys;
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    if (!acti_system_is_here(sys))
        return ACTA_EINVAL;
    acti_actor *actor = acti_caller_new(sys);
    if (actor == NULL)
        return ACTA_ENOMEM;
    uint64_t deadline_ns = acti_deadline_ns(timeout_ns);
    acta_msg *m;
    int status = acti_request_new(actor, 1, type, body, target->message_bytes_max, &m);
    if (status == ACTA_OK) {
        status = acti_caller_send(actor, target, m, deadline_ns);
        if (status != ACTA_OK)
            acti_request_free(m);
    }
    if (status != ACTA_OK) {
        acti_caller_end(actor);
        return acti_refused(sys, status);
    }
    *reply = acti_caller_wait(actor, deadline_ns);
    if (*reply != NULL)
        acti_tally(sys, ACTI_HANDLED, 1);
    acti_caller_end(actor);
    if (*reply == NULL)
        return ACTA_ETIMEOUT;
    const acta_failure *failure = acta_as(acta_failure, *reply);
    return failure != NULL ? (int)failure->status : ACTA_OK;
}
