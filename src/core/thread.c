// SPDX-License-Identifier: MIT
//
// thread.c - actors that have a thread of their own: the same turns, and a sleep where the pool would run somebody
// else.

#include "core/thread.h"

#include <stdlib.h>

#include "core/system.h"
#include "core/turn.h"

struct acti_thread {
    acti_counters counters; // first: it is padded on both sides
    acti_glance glance;     // nobody looks
    acti_park park;
    acti_actor *actor;
};

static void wake(acti_actor *actor)
{
    acti_park_give(&actor->on.thread->park);
}

static const acti_actor_ops on_thread = {.wake = wake};

void acti_thread_wait(acti_thread *thread)
{
    (void)acti_park_wait(&thread->park, UINT64_MAX);
}

static void run(acti_thread *thread)
{
    acti_actor *actor = thread->actor;
    if (!actor->is_body) {
        for (;;) {
            acti_turn end = acti_turn_run(actor);
            if (end == ACTI_TURN_ENDED)
                return;
            // Parked is safe to wait for here: whoever wakes this actor can only leave a token for this thread.
            if (end == ACTI_TURN_PARKED)
                acti_thread_wait(thread);
        }
    }
    acti_here.actor = actor;
    int reason = acti_actor_body(actor)(acti_self_of(actor), actor->arg);
    acti_turn_flush(actor);
    acti_actor_end(actor, reason);
    acti_here.actor = NULL;
}

static void *thread_main(void *arg)
{
    acti_thread *thread = arg;
    acta_system *sys = thread->actor->sys;
    acti_here = (acti_running){.sys = sys, .counters = &thread->counters, .glance = &thread->glance};
    run(thread);
    acti_here = (acti_running){0};
    acti_board_leave(&sys->board, &thread->counters);
    free(thread);
    acti_system_threads(sys, -1); // the system may be gone when this returns
    return NULL;
}

int acti_thread_of_actor(acti_actor *actor)
{
    acti_thread *thread = aligned_alloc(ACTI_CACHE_LINE, (sizeof(*thread) + 63) / 64 * 64);
    if (thread == NULL)
        return ACTA_ENOMEM;
    *thread = (acti_thread){.actor = actor};
    acti_park_init(&thread->park);
    actor->on.thread = thread;
    actor->ops = &on_thread;
    acta_system *sys = actor->sys;
    acti_board_join(&sys->board, &thread->counters);
    acti_system_threads(sys, 1);
    pthread_t id;
    int status = acti_thread_start(&id, actor->name, thread_main, thread);
    if (status != ACTA_OK) {
        acti_system_threads(sys, -1);
        acti_board_leave(&sys->board, &thread->counters);
        free(thread);
        return status;
    }
    acti_thread_detach(id);
    return ACTA_OK;
}
