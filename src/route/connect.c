// SPDX-License-Identifier: MIT
//
// connect.c - connecting to a listening system, and waiting until it has welcomed us.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/call.h"
#include "core/system.h"
#include "route/node.h"
#include "route/router.h"

// A dial in progress: the thread that waits, and what the link layer found. Shared by the two.
typedef struct dialing {
    acta_msg event; // pushed to the caller when the link is there or cannot be
    acti_actor *caller; // one reference
    acti_au32 refs;
    int status;
    acti_link *link;
    char why[ACTI_LINK_WHY_MAX]; // a line, unless there is a link
} dialing;

static void unref(dialing *d)
{
    // Acquires what the other did with it: the memory is freed.
    if (acti_au32_sub_acq_rel(&d->refs, 1) != 1)
        return;
    if (d->link != NULL)
        acti_link_close(d->link);
    acti_actor_unref(d->caller);
    free(d);
}

// dialed runs on a thread of the link's, or before acti_link_dial returns.
static void dialed(void *arg, int status, acti_link *link, const char *why)
{
    dialing *d = arg;
    d->status = status; // published by the push
    d->link = link;
    snprintf(d->why, sizeof(d->why), "%s", why != NULL ? why : "");
    (void)acti_actor_push(d->caller, &d->event); // refused: the caller has stopped waiting
    unref(d);
}

static int dial(acti_router *router, acti_actor *caller, const char *url, uint64_t deadline_ns, acti_link **link)
{
    dialing *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return ACTA_ENOMEM;
    d->event = acti_node_event_msg(ACTI_NODE_START);
    d->caller = caller;
    acti_actor_ref(caller);
    acti_au32_store_relaxed(&d->refs, 2); // ours and the link layer's
    acti_link_dialer *dialer = acti_link_dial(router->links, url, dialed, d);
    acta_msg *m = acti_caller_wait(caller, deadline_ns);
    int status = ACTA_ETIMEOUT;
    if (m != NULL) {
        status = d->status;
        *link = d->link;
        d->link = NULL;
        if (status != ACTA_OK)
            acti_report(router->sys, "%s", d->why);
    } else {
        (void)acti_actor_close(caller); // what comes now is not for us
        acti_report(router->sys, "cannot connect to %s: no connection in time: does it run, and may it be reached?",
                    acti_url_show(url).text);
    }
    acti_link_dialer_close(&dialer);
    unref(d);
    return status;
}

// meet waits until the peer has welcomed us or will not.
static int meet(acti_router *router, acti_actor *caller, acti_link *link, const char *url, uint64_t deadline_ns,
                acta_node **out)
{
    acti_actor_ref(caller);
    acti_node *node = acti_node_start(router, link, true, url, caller, NULL);
    if (node == NULL) {
        acti_actor_unref(caller);
        return ACTA_ENOMEM;
    }
    acta_msg *m = acti_caller_wait(caller, deadline_ns);
    int status = m != NULL ? acta_node_status((acta_node *)(void *)node) : ACTA_ETIMEOUT;
    if (status != ACTA_OK) {
        (void)acti_actor_close(caller);
        if (m == NULL)
            acti_node_force(node);
        acti_actor_unref(node->actor);
        return status;
    }
    *out = (acta_node *)(void *)node;
    return ACTA_OK;
}

static const char *advice(int status)
{
    switch (status) {
    case ACTA_EUNREACH:
        return "it took the connection and ended it: is it an acta node that is just closing?";
    case ACTA_ETIMEOUT:
        return "no welcome in time: is it an acta node, and does it run?";
    default:
        return acta_strerror(status);
    }
}

int acta_connect(acta_system *sys, const char *url, uint64_t timeout_ns, acta_node **out)
{
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    acti_router *router = acti_router_of(sys);
    acti_actor *caller = router != NULL ? acti_caller_new(sys) : NULL;
    if (caller == NULL)
        return ACTA_ENOMEM;
    if (url == NULL)
        url = "";
    uint64_t deadline_ns = acti_deadline_ns(timeout_ns);
    acti_link *link = NULL;
    int status = dial(router, caller, url, deadline_ns, &link);
    if (status == ACTA_OK) {
        status = meet(router, caller, link, url, deadline_ns, out);
        if (status != ACTA_OK)
            acti_report(sys, "cannot connect to %s: %s", url, advice(status));
    }
    acti_caller_end(caller);
    return status;
}
