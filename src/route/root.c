// SPDX-License-Identifier: MIT
//
// root.c - the actor for which the process of a peer was made, as its maker sees it: a proxy that is an actor of this
// system in everything but where it runs.
//
// So it is one of those that acta_close waits for, and names; it may have a name here, be linked with, stopped and
// killed. Its end is known by a DOWN from its process, or by the end of that. Then, as with any actor: its name is
// free, what still waits for it is answered with ACTA_EGONE or counted, those who watch it are told, and who is bound
// to it by a link ends with it. What it had sent before is not behind that: each DOWN comes in the order of its
// watcher's other messages, and a DOWN of the maker's own watch makes sure that there is one.
//
// Links are kept here and the process does not know of them: the end of the root ends the others, and that of the
// others ends the process.

#include "core/link.h"
#include "core/monitor.h"
#include "core/names.h"
#include "core/system.h"
#include "route/node.h"

void acti_root_begin(acti_proxy *proxy, uint32_t capacity, acti_maker *maker)
{
    acti_actor *actor = proxy->actor;
    actor->place = ACTA_PROCESS;
    actor->internal = 0;
    if (capacity > 0)
        proxy->capacity = capacity;
    acti_inbox_limit(&actor->inbox, proxy->capacity);
    acti_proxy_root(proxy, maker);
    acti_system_enter(actor);
}

void acti_root_over(acti_proxy *proxy, int status)
{
    acti_actor *actor = proxy->actor;
    if (proxy->maker == NULL || proxy->over)
        return;
    proxy->over = true;
    // As in acti_actor_end.
    if (acti_au32_or_relaxed(&actor->flags, ACTI_ACTOR_ENDED) & ACTI_ACTOR_NAMED)
        acti_names_forget(&actor->sys->names, actor);
    acti_proxy_close(proxy, status);
    acti_system_leave(actor);
}

void acti_root_ended(acti_actor *watched, const acti_actor *watcher, int reason)
{
    if (watched->place != ACTA_PROCESS)
        return;
    acti_proxy *proxy = acti_proxy_of(watched);
    acti_root_over(proxy, ACTA_EGONE);
    // Another's DOWN may have come first, and say no more than that the root had ended before it was watched.
    if (watcher == proxy->maker->watcher)
        acti_monitor_end(watched, reason);
}
