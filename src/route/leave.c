// SPDX-License-Identifier: MIT
//
// leave.c - when a node may say goodbye.

#include "route/leave.h"

#include "route/router.h"

// tell has all nodes look again, if the system closes. Those that have not been told to leave yet will look then.
static void tell(acti_router *router)
{
    acti_lock_take(&router->lock);
    for (acti_list *link = router->nodes.next; router->leaving && link != &router->nodes; link = link->next) {
        acti_node *node = ACTI_CONTAINER_OF(link, acti_node, all);
        // One event at a time: the node lowers the flag before it looks.
        if (acti_au32_swap_acq_rel(&node->settled_told, 1) == 0)
            (void)acti_actor_push(node->actor, &node->settled_event); // refused: it has just ended
    }
    acti_lock_give(&router->lock);
}

void acti_leave_lent(acti_router *router)
{
    (void)acti_au32_add_relaxed(&router->lent, 1); // counts only
}

void acti_leave_returned(acti_router *router)
{
    // Acquire and release: whoever is told that none is left sees what the others did before.
    if (acti_au32_sub_acq_rel(&router->lent, 1) == 1)
        tell(router);
}

void acti_leave_begins(acti_router *router)
{
    acti_lock_take(&router->lock);
    for (acti_list *link = router->nodes.next; link != &router->nodes; link = link->next) {
        ACTI_CONTAINER_OF(link, acti_node, all)->restless = true; // published by the event that tells it to leave
        (void)acti_au32_add_relaxed(&router->restless, 1);
    }
    acti_lock_give(&router->lock);
}

void acti_leave_rests(acti_node *node, bool rests)
{
    if (node->restless == !rests)
        return;
    node->restless = !rests;
    acti_router *router = node->router;
    if (!rests)
        (void)acti_au32_add_relaxed(&router->restless, 1);
    else if (acti_au32_sub_acq_rel(&router->restless, 1) == 1)
        tell(router);
}

static bool holds_any(const acti_node *node)
{
    for (acti_list *link = node->proxies.next; link != &node->proxies; link = link->next)
        if (acti_taker_sends(&ACTI_CONTAINER_OF(link, acti_proxy, all)->taker))
            return true;
    return false;
}

bool acti_leave_may(acti_node *node)
{
    bool rests = acti_proxies_quiet(node) && node->owed == 0 && node->loans.count == 0;
    acti_leave_rests(node, rests);
    if (!rests)
        return false;
    // Relaxed: who brings either to none tells us after it has.
    return !holds_any(node) || (acti_au32_load_relaxed(&node->router->restless) == 0 &&
                                acti_au32_load_relaxed(&node->router->lent) == 0);
}
