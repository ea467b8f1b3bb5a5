// SPDX-License-Identifier: MIT
//
// close.c - closing a system: wait, name who is still alive, stop them by force.

#include <string.h>

#include "core/system.h"
#include "core/why.h"

#define FORCE_NS ACTA_SECOND // how long actors have to return once they are killed

static void force(acti_actor *actor)
{
    acti_actor_force(actor, ACTA_EKILLED);
}

static void report_alive(acti_actor *actor)
{
    char text[1000];
    acti_text why = {.at = text, .size = sizeof(text)};
    acti_why(actor, &why);
    acti_report(actor->sys, "still alive at close: %s", text);
}

// each_alive calls fn for every user's actor. Under its list's lock, so that it stays.
static void each_alive(acta_system *sys, void (*fn)(acti_actor *actor))
{
    for (int i = 0; i < ACTI_ALIVE_LISTS; i++) {
        acti_alive *alive = &sys->alive[i];
        acti_lock_take(&alive->lock);
        for (acti_list *link = alive->list.next; link != &alive->list; link = link->next) {
            acti_actor *actor = ACTI_CONTAINER_OF(link, acti_actor, alive);
            if (!actor->internal)
                fn(actor);
        }
        acti_lock_give(&alive->lock);
    }
}

static bool wait_for_end(acta_system *sys, bool internals, uint64_t deadline_ns)
{
    while (acti_system_alive(sys, internals) > 0)
        if (!acti_park_wait(&sys->closer, deadline_ns))
            return acti_system_alive(sys, internals) == 0;
    return true;
}

static void wait_for_threads(acta_system *sys)
{
    for (;;) {
        acti_lock_take(&sys->count_lock);
        uint32_t threads = sys->threads;
        acti_lock_give(&sys->count_lock);
        if (threads == 0)
            return;
        (void)acti_park_wait(&sys->closer, UINT64_MAX); // they have ended: what is left is a few instructions
    }
}

static void close_uppers(acta_system *sys, uint64_t deadline_ns)
{
    acti_upper *upper[ACTI_UPPERS];
    acti_lock_take(&sys->upper_lock);
    memcpy(upper, sys->upper, sizeof(upper));
    acti_lock_give(&sys->upper_lock);
    for (int i = 0; i < ACTI_UPPERS; i++)
        if (upper[i] != NULL && upper[i]->close != NULL)
            upper[i]->close(upper[i], deadline_ns);
    (void)wait_for_end(sys, true, UINT64_MAX);
    for (int i = 0; i < ACTI_UPPERS; i++)
        if (upper[i] != NULL)
            upper[i]->fini(upper[i]);
}

int acta_close(acta_system **handle, uint64_t timeout_ns)
{
    acta_system *sys = *handle;
    if (sys == NULL)
        return ACTA_OK;
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    *handle = NULL;
    if (!acti_system_is_here(sys))
        return ACTA_EINVAL;
    int status = ACTA_OK;
    uint64_t deadline_ns = acti_deadline_ns(timeout_ns);
    if (!wait_for_end(sys, false, deadline_ns)) {
        status = ACTA_EALIVE;
        acti_au32_store_relaxed(&sys->closing, 1); // published by the locks of the lists
        each_alive(sys, report_alive);
        each_alive(sys, force);
        if (!wait_for_end(sys, false, acti_deadline_ns(FORCE_NS))) {
            acti_watchdog_stop(sys); // nobody is told anything any more
            acti_report(sys, "these actors do not return, so the system stays in memory:");
            each_alive(sys, report_alive);
            return status;
        }
    }
    // A goodbye has a second, even when waiting for the actors took all there was.
    uint64_t goodbye_ns = acti_deadline_ns(FORCE_NS);
    close_uppers(sys, deadline_ns > goodbye_ns ? deadline_ns : goodbye_ns);
    wait_for_threads(sys);
    acti_watchdog_stop(sys);
    acti_sched_stop(&sys->sched); // a worker may be about to count a tick that has been handled already

    acta_ledger ledger;
    acta_ledger_read(sys, &ledger);
    if (ledger.queued != 0 && status == ACTA_OK) {
        acti_report(sys, "the ledger does not close: sent %llu, handled %llu, returned %llu, dropped %llu; this is a "
                    "bug in acta", (unsigned long long)ledger.sent, (unsigned long long)ledger.handled,
                    (unsigned long long)ledger.returned, (unsigned long long)ledger.dropped);
        status = ACTA_ELEDGER;
    }
    acti_system_free(sys);
    return status;
}
