// SPDX-License-Identifier: MIT
//
// connect.c - connecting to a listening system, and waiting until there is a session with it.
//
// The node calls and calls again; the thread only waits, and gives up at its deadline. It is answered by the node that
// it has made, which also reports why not, or by the one that the peer had already. That one may end before it is OPEN,
// and then a new one is made.

#include "core/call.h"
#include "core/system.h"
#include "route/meet.h"
#include "route/router.h"

// begin makes a node that calls url for this thread, or gives NULL.
static acti_node *begin(acti_router *router, acti_opening *opening, const char *url, bool once)
{
    acti_node_plan plan = {.url = url, .once = once, .opening = opening};
    acti_node *node = acti_node_new(router, &plan);
    return node != NULL ? acti_node_begin(node, &plan, 0) : NULL;
}

// give_up is what a thread is told whose time is over: why the last try has failed, if one has. The node reports it; if
// that has ended the thread waits for another, and reports itself.
static int give_up(acti_node *node, acti_actor *caller)
{
    (void)acti_actor_close(caller); // what comes now is not for us
    if (acti_actor_push(node->actor, &node->unwanted_event) != ACTA_OK)
        acti_report(node->actor->sys, "cannot connect to %s: its node was known, and has not opened a session in time",
                    acti_url_show(node->url).text);
    int trouble = -(int)acti_au32_load_relaxed(&node->trouble); // a number, and nothing that goes with it
    return trouble != ACTA_OK ? trouble : ACTA_ETIMEOUT;
}

// meet calls url, and waits until the peer has a node that is OPEN. *again: it is to be called anew.
static int meet(acti_router *router, acti_actor *caller, const char *url, uint64_t timeout_ns, uint64_t deadline_ns,
                acta_node **out, bool *again)
{
    acti_opening *opening = acti_opening_new(caller);
    if (opening == NULL)
        return ACTA_ENOMEM;
    acti_node *node = begin(router, opening, url, timeout_ns == 0);
    if (node == NULL) {
        acti_opening_unref(opening); // the node's
        acti_opening_unref(opening);
        return ACTA_ENOMEM;
    }
    int status;
    if (acti_caller_wait(caller, deadline_ns) == NULL) {
        status = give_up(node, caller);
    } else {
        status = opening->status;
        *again = opening->again;
        if (status == ACTA_OK)
            *out = (acta_node *)(void *)opening->node;
        opening->node = status == ACTA_OK ? NULL : opening->node;
    }
    acti_actor_unref(node->actor);
    acti_opening_unref(opening);
    return status;
}

int acta_connect(acta_system *sys, const char *url, uint64_t timeout_ns, acta_node **out)
{
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    if (!acti_system_is_here(sys))
        return ACTA_EINVAL;
    acti_router *router = acti_router_of(sys);
    acti_actor *caller = router != NULL ? acti_caller_new(sys) : NULL;
    if (caller == NULL)
        return ACTA_ENOMEM;
    uint64_t deadline_ns = acti_deadline_ns(timeout_ns != 0 ? timeout_ns : ACTI_NODE_HANDSHAKE_NS);
    int status;
    bool again;
    do {
        again = false;
        status = meet(router, caller, url != NULL ? url : "", timeout_ns, deadline_ns, out, &again);
    } while (again && acti_clock_ns() < deadline_ns);
    acti_caller_end(caller);
    return status;
}
