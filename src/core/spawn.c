// SPDX-License-Identifier: MIT
//
// spawn.c - making actors and starting them where they are placed.

#include <acta/actor.h>
#include <string.h>

#include "base/pool.h"
#include "core/carrier.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "core/thread.h"

static void body_main(void *arg)
{
    acti_actor *actor = arg;
    actor->eof = acti_actor_body(actor)(acti_self_of(actor), actor->arg);
}

static const acti_actor_ops in_pool = {.wake = acti_sched_ready};

static const acti_actor_ops *pool_ops(const acta_system *sys)
{
    return sys->carrier != NULL && sys->carrier->placed != NULL ? sys->carrier->placed : &in_pool;
}

void acti_pool_ready(acti_actor *actor)
{
    pool_ops(actor->sys)->wake(actor);
}

// The name lies behind the state, in no more bytes than it needs.
acti_actor *acti_actor_new(acta_system *sys, const char *name, size_t state_bytes)
{
    if (state_bytes > UINT32_MAX / 2)
        return NULL;
    size_t name_bytes = name != NULL ? strnlen(name, ACTI_NAME_BYTES - 1) + 1 : 0;
    uint32_t room;
    acti_actor *actor = acti_pool_alloc(sizeof(*actor) + state_bytes + name_bytes, &room);
    if (actor == NULL)
        return NULL;
    memset(actor, 0, sizeof(*actor) + state_bytes);
    char *copy = (char *)(actor + 1) + state_bytes;
    if (name != NULL)
        acti_name_copy(copy, name);
    acti_actor_init(actor, sys, name != NULL ? copy : "actor");
    actor->room = room / 64 < UINT16_MAX ? (uint16_t)(room / 64) : UINT16_MAX;
    actor->ops = pool_ops(sys);
    return actor;
}

static int valid(acta_system *sys, const acta_spawn_opts *opts)
{
    if ((opts->body == NULL) == (opts->handler == NULL))
        return ACTA_EINVAL;
    if (opts->place != ACTA_POOL && opts->place != ACTA_THREAD)
        return ACTA_EINVAL;
    if (opts->state_bytes > 0 && (opts->handler == NULL || opts->arg != NULL))
        return ACTA_EINVAL;
    if (opts->capacity > ACTA_CAPACITY_MAX)
        return ACTA_EINVAL;
    // Relaxed: whoever misses it here looks again.
    return acti_au32_load_relaxed(&sys->closing) != 0 ? ACTA_EGONE : ACTA_OK;
}

// start lets a new actor run. On failure nothing of it is running.
static int start(acti_actor *actor, uint32_t stack_bytes)
{
    if (actor->place == ACTA_THREAD)
        return acti_thread_of_actor(actor);
    if (!actor->is_body)
        return ACTA_OK; // parked until something comes
    actor->on.fiber = acti_fiber_new(stack_bytes, body_main, actor);
    if (actor->on.fiber == NULL)
        return ACTA_EIO;
    actor->ops->wake(actor);
    return ACTA_OK;
}

int acta_spawn_with(acta_system *sys, const acta_spawn_opts *opts, acta_tx **tx)
{
    int status = valid(sys, opts);
    if (status != ACTA_OK)
        return status;
    acti_actor *actor = acti_actor_new(sys, opts->name, opts->state_bytes);
    if (actor == NULL)
        return ACTA_ENOMEM;
    actor->place = (uint8_t)(pool_ops(sys) == &in_pool ? opts->place : ACTA_POOL); // who runs them all has no threads
    actor->carried = sys->carrier != NULL;
    if (opts->capacity > 0)
        actor->inbox.capacity = opts->capacity;
    actor->is_body = opts->body != NULL;
    if (actor->is_body)
        actor->run.body = opts->body;
    else
        actor->run.handler = opts->handler;
    actor->arg = opts->state_bytes > 0 ? (void *)(actor + 1) : opts->arg;
    actor->arg_free = opts->arg_free;

    // The sender is made first: once it runs, the actor may look at itself.
    acta_tx *sender = acti_tx_new(actor, NULL, opts->where != NULL ? opts->where : "acta_spawn_with");
    // Not parked before a close by force can find it: whoever stops it then must not wake it too. Published by the
    // list.
    if (actor->is_body || actor->place == ACTA_THREAD)
        acti_au64_store_relaxed(&actor->inbox.word, ACTI_INBOX_EMPTY);
    acti_system_enter(actor);
    if (actor->carried)
        sys->carrier->entered(sys->carrier, actor);
    status = start(actor, opts->stack_bytes != 0 ? opts->stack_bytes : sys->opts.stack_bytes);
    if (status != ACTA_OK) {
        actor->arg_free = NULL;
        if (actor->carried)
            sys->carrier->left(sys->carrier, actor, status);
        acti_system_leave(actor);
        (void)acti_actor_close(actor);
        acta_tx_drop(&sender);
        acti_actor_unref(actor);
        return status;
    }
    // A close by force that has begun meanwhile looked at the list too early to find this actor. Relaxed: it then had
    // the lock of the list before we had it.
    if (acti_au32_load_relaxed(&sys->closing) != 0)
        acti_actor_force(actor, ACTA_EKILLED);
    *tx = sender;
    return ACTA_OK;
}
