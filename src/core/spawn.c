// SPDX-License-Identifier: MIT
//
// spawn.c - making actors and starting them where they are placed.
//
// Arguments that are a message are copied as messages are, into a block that is freed as the actor's arg is. A handler
// with a state gets the copied struct at the front of that: what it points to stays in the block, of which a word in
// front of the state knows.

#include <acta/actor.h>
#include <string.h>

#include "base/pool.h"
#include "core/carrier.h"
#include "core/code.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "core/thread.h"

acti_aptr acti_process_layer;

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

// own_threads: who runs all actors instead has neither threads nor processes.
static bool own_threads(const acta_system *sys)
{
    return pool_ops(sys) == &in_pool;
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

// ---- arguments ------------------------------------------------------------------------

// What lies in front of a state that begins with arguments; as long as what malloc aligns to.
typedef union in_front {
    acta_msg *args;
    max_align_t align;
} in_front;

static size_t bytes_in_front(const acta_spawn_opts *opts)
{
    return opts->state_bytes > 0 && opts->args.type != NULL ? sizeof(in_front) : 0;
}

// bytes_behind is what an actor has behind it; more than it can have stays so.
static size_t bytes_behind(const acta_spawn_opts *opts)
{
    size_t front = bytes_in_front(opts);
    return opts->state_bytes < SIZE_MAX - front ? front + opts->state_bytes : SIZE_MAX;
}

static void free_args(void *arg)
{
    acti_msg_release((acta_msg *)arg - 1);
}

static void free_args_of_state(void *state)
{
    acta_msg *args = ((in_front *)state - 1)->args;
    memcpy(args + 1, state, args->type->size); // what the actor has dropped by now is not to be dropped again
    acti_msg_release(args);
}

static bool args_valid(const acta_spawn_opts *opts)
{
    if (opts->args.type == NULL)
        return true;
    return opts->args.body != NULL && opts->arg == NULL && opts->arg_free == NULL &&
           (opts->state_bytes == 0 || opts->state_bytes >= opts->args.type->size);
}

// give_arg gives a new actor its arg. Errors: as acti_msg_copy.
static int give_arg(acti_actor *actor, const acta_spawn_opts *opts)
{
    const acta_type *type = opts->args.type;
    actor->arg = opts->state_bytes > 0 ? (char *)(actor + 1) + bytes_in_front(opts) : opts->arg;
    actor->arg_free = opts->arg_free;
    if (type == NULL)
        return ACTA_OK;
    acta_msg *args;
    int status = acti_msg_copy(ACTI_MSG_SEND, type, opts->args.body, actor->sys->opts.message_bytes_max, false, &args);
    if (status != ACTA_OK)
        return status;
    actor->arg_free = opts->state_bytes > 0 ? free_args_of_state : free_args;
    if (opts->state_bytes == 0) {
        actor->arg = args + 1;
    } else {
        ((in_front *)actor->arg - 1)->args = args;
        memcpy(actor->arg, args + 1, type->size);
    }
    return ACTA_OK;
}

// take_arg_back is for an actor that does not start: an arg that is not a copy stays the caller's.
static void take_arg_back(acti_actor *actor, const acta_spawn_opts *opts)
{
    if (opts->args.type != NULL)
        actor->arg_free(actor->arg);
    actor->arg_free = NULL;
}

// ---- spawning -------------------------------------------------------------------------

static int valid(acta_system *sys, const acta_spawn_opts *opts)
{
    if ((opts->body == NULL) == (opts->handler == NULL))
        return ACTA_EINVAL;
    if ((uint32_t)opts->place > ACTA_PROCESS || (uint32_t)opts->environment > ACTA_ENVIRONMENT_EMPTY)
        return ACTA_EINVAL;
    if (opts->state_bytes > 0 && (opts->handler == NULL || opts->arg != NULL))
        return ACTA_EINVAL;
    if (!args_valid(opts))
        return ACTA_EINVAL;
    if (opts->capacity > ACTA_CAPACITY_MAX)
        return ACTA_EINVAL;
    if (!acti_system_is_here(sys))
        return ACTA_EINVAL;
    // Relaxed: whoever misses it here looks again.
    return acti_au32_load_relaxed(&sys->closing) != 0 ? ACTA_EGONE : ACTA_OK;
}

// refuse says why an actor cannot have a process of its own.
static int refuse(acta_system *sys, const acta_spawn_opts *opts, const char *why)
{
    acti_report(sys, "%s: actor %s cannot have a process of its own: %s", opts->where != NULL ? opts->where : "a spawn",
                opts->name != NULL ? opts->name : "(without a name)", why);
    return ACTA_EINVAL;
}

static int find_code(acta_system *sys, const acta_spawn_opts *opts, const acta_actor_entry **entry)
{
    if (opts->arg != NULL || opts->arg_free != NULL)
        return refuse(sys, opts, "a pointer means nothing there; in place of .arg give it a message, .args");
    *entry = acti_code_of(opts);
    if (*entry == NULL)
        return refuse(sys, opts, "its code has no name; below the function, write ACTA_ACTOR(function);");
    return ACTA_OK;
}

static int spawn_process(acta_system *sys, const acta_spawn_opts *opts, const acta_actor_entry *entry, acta_tx **tx)
{
    // Relaxed: it was entered before there was another thread.
    const acti_process_ops *processes = acti_aptr_load_relaxed(&acti_process_layer);
    if (processes == NULL)
        return refuse(sys, opts, "this program would not know that it is one; begin main with acta_process_main();");
    return processes->spawn(sys, opts, entry, tx);
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
    if (opts->place == ACTA_PROCESS) {
        const acta_actor_entry *entry;
        status = find_code(sys, opts, &entry);
        if (status != ACTA_OK)
            return status;
        if (own_threads(sys))
            return spawn_process(sys, opts, entry, tx);
    }
    acti_actor *actor = acti_actor_new(sys, opts->name, bytes_behind(opts));
    if (actor == NULL)
        return ACTA_ENOMEM;
    status = give_arg(actor, opts);
    if (status != ACTA_OK) {
        acti_actor_give_back(actor);
        return status;
    }
    actor->place = (uint8_t)(own_threads(sys) ? opts->place : ACTA_POOL);
    actor->carried = sys->carrier != NULL;
    if (opts->capacity > 0)
        acti_inbox_limit(&actor->inbox, opts->capacity);
    actor->is_body = opts->body != NULL;
    if (actor->is_body)
        actor->run.body = opts->body;
    else
        actor->run.handler = opts->handler;

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
        take_arg_back(actor, opts);
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
