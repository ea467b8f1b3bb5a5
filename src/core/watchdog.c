// SPDX-License-Identifier: MIT
//
// watchdog.c - looking at the workers, and the thread that does.

#include "core/watchdog.h"

#include "core/system.h"

#define MARK ((uintptr_t)1)

static void report(acti_actor *actor, const acta_type *type, uint64_t took_ns)
{
    acti_report(actor->sys, "actor %s (id %llu) has been handling %s%s for %llu ms, and keeps a worker from others: if "
                "it has to block or to compute for long, give it a thread of its own (ACTA_THREAD)", actor->name,
                (unsigned long long)actor->id, type != NULL ? "a message " : "no message",
                type != NULL ? type->name : "", (unsigned long long)(took_ns / ACTA_MS));
}

// name_it deals with a message that has taken too long, if it still does.
static void name_it(acta_system *sys, acti_worker *w, uint64_t took_ns)
{
    acti_watched *seen = &w->watched;
    acti_actor *actor = acti_system_hold(sys, &w->glance.actor);
    if (actor == NULL)
        return;
    // It may have gone on to the next message just now; then the mark is gone, and there is nothing to say.
    void *type = acti_aptr_load_relaxed(&w->glance.type);
    if (actor == seen->actor && ((uintptr_t)type & MARK) != 0) {
        if (!seen->counted)
            acti_tally(sys, ACTI_LONG_TURNS, 1);
        seen->counted = true;
        seen->named = actor->long_named < 63 && took_ns >> actor->long_named >= sys->opts.long_turn_ns;
        if (seen->named) {
            actor->long_named++;
            report(actor, (const acta_type *)((uintptr_t)type & ~MARK), took_ns);
        }
    }
    acti_actor_unref(actor);
}

static void look_at(acta_system *sys, acti_worker *w, uint64_t (*clock_ns)(void))
{
    acti_watched *seen = &w->watched;
    uint64_t now_ns = clock_ns(); // before the look, as the time of the mark is read after it: no turn seems too long
    const acti_actor *actor = acti_aptr_load_acquire(&w->glance.actor); // with the release in acti_glance_at
    void *type = acti_aptr_load_relaxed(&w->glance.type);
    if (actor != NULL && actor == seen->actor && ((uintptr_t)type & MARK) != 0) {
        if (!seen->named && now_ns - seen->since_ns >= sys->opts.long_turn_ns)
            name_it(sys, w, now_ns - seen->since_ns);
        return;
    }
    // Relaxed: the mark carries nothing. When it fails, something was taken: the next look tries again.
    if (actor != NULL)
        (void)acti_aptr_cas_relaxed(&w->glance.type, &type, (void *)((uintptr_t)type | MARK));
    *seen = (acti_watched){.actor = actor, .since_ns = clock_ns()};
}

void acti_watchdog_look(acta_system *sys, uint64_t (*clock_ns)(void))
{
    for (uint32_t i = 0; i < sys->sched.count; i++)
        look_at(sys, sys->sched.workers[i], clock_ns);
    acti_au64_count(&sys->watchdog.looks, 1);
}

static void *watchdog_main(void *arg)
{
    acta_system *sys = arg;
    acti_watchdog *dog = &sys->watchdog;
    uint64_t look_ns = sys->opts.long_turn_ns / ACTI_WATCHDOG_LOOKS;
    if (look_ns < ACTI_WATCHDOG_LOOK_NS_MIN)
        look_ns = ACTI_WATCHDOG_LOOK_NS_MIN;
    while (!acti_au32_load_relaxed(&dog->stop)) { // nothing is read behind it
        acti_watchdog_look(sys, acti_clock_ns);
        (void)acti_park_wait(&dog->park, acti_sched_quiet(&sys->sched) ? UINT64_MAX : acti_deadline_ns(look_ns));
    }
    return NULL;
}

int acti_watchdog_start(acta_system *sys)
{
    acti_watchdog *dog = &sys->watchdog;
    acti_park_init(&dog->park);
    if (sys->opts.long_turn_ns == ACTA_FOREVER)
        return ACTA_OK;
    int status = acti_thread_start(&dog->thread, "acta-watchdog", watchdog_main, sys);
    dog->started = status == ACTA_OK;
    return status;
}

void acti_watchdog_stop(acta_system *sys)
{
    acti_watchdog *dog = &sys->watchdog;
    if (!dog->started)
        return;
    acti_au32_store_relaxed(&dog->stop, 1); // published by the token
    acti_park_give(&dog->park);
    acti_thread_join(dog->thread);
    dog->started = false;
}
