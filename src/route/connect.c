// SPDX-License-Identifier: MIT
//
// connect.c - connecting to a listening system, and waiting until it has welcomed us.

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

// dialed runs on the link's control thread.
static void dialed(void *arg, int status, acti_link *link)
{
    dialing *d = arg;
    d->status = status; // published by the push
    d->link = link;
    (void)acti_actor_push(d->caller, &d->event); // refused: the caller has stopped waiting
    unref(d);
}

static int dial(const acti_links *links, acti_actor *caller, const char *path, uint64_t deadline_ns, acti_link **link)
{
    dialing *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return ACTA_ENOMEM;
    d->event = acti_node_event_msg(ACTI_NODE_START);
    d->caller = caller;
    acti_actor_ref(caller);
    acti_au32_store_relaxed(&d->refs, 2); // ours and the link layer's
    acti_link_dial(links, path, dialed, d);
    acta_msg *m = acti_caller_wait(caller, deadline_ns);
    int status = ACTA_ETIMEOUT;
    if (m != NULL) {
        status = d->status;
        *link = d->link;
        d->link = NULL;
    } else {
        (void)acti_actor_close(caller); // what comes now is not for us
    }
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
        return "nobody listens there: start the listening side first, and check the path";
    case ACTA_ETIMEOUT:
        return "no welcome in time: is it an acta node, and does it run?";
    case ACTA_EACCES:
        return "the socket or its folder belongs to another user, or may not be read";
    default:
        return acta_strerror(status);
    }
}

int acta_connect(acta_system *sys, const char *url, uint64_t timeout_ns, acta_node **out)
{
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    const char *why;
    const char *path = acti_url_path(url, &why);
    if (path == NULL) {
        acti_report(sys, "cannot connect to %s: %s", url != NULL ? url : "(null)", why);
        return ACTA_EINVAL;
    }
    acti_router *router = acti_router_of(sys);
    acti_actor *caller = router != NULL ? acti_caller_new(sys) : NULL;
    if (caller == NULL)
        return ACTA_ENOMEM;
    uint64_t deadline_ns = acti_deadline_ns(timeout_ns);
    acti_link *link = NULL;
    int status = dial(router->links, caller, path, deadline_ns, &link);
    if (status == ACTA_OK)
        status = meet(router, caller, link, url, deadline_ns, out);
    acti_caller_end(caller);
    if (status != ACTA_OK)
        acti_report(sys, "cannot connect to %s: %s", url, advice(status));
    return status;
}
