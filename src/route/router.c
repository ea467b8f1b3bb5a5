// SPDX-License-Identifier: MIT
//
// router.c - the routing layer of a system: made at the first use, closed with the system.

#include "route/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/type.h"

#define PAYLOAD_EXTRA (64u * 1024) // what packing adds to a message beyond an eighth of it

static void close_router(acti_upper *upper, uint64_t deadline_ns);
static void fini_router(acti_upper *upper);

uint32_t acti_payload_max(uint32_t message_bytes_max)
{
    uint64_t bytes = (uint64_t)message_bytes_max + message_bytes_max / 8 + PAYLOAD_EXTRA;
    return bytes < ACTI_SESSION_PAYLOAD_MAX ? (uint32_t)bytes : (uint32_t)ACTI_SESSION_PAYLOAD_MAX;
}

// links: NULL for those of nng.
static acti_router *new_router(acta_system *sys, const acti_links *links, const char *name)
{
    acti_router *router = calloc(1, sizeof(*router));
    if (router == NULL)
        return NULL;
    router->upper = (acti_upper){.close = close_router, .fini = fini_router};
    router->sys = sys;
    acti_nng_links_init(&router->nng, &sys->opts);
    router->links = links != NULL ? links : &router->nng.base;
    router->hello = (acti_hello){.version_min = ACTI_FRAME_VERSION,
                                 .version_max = ACTI_FRAME_VERSION,
                                 .node = acti_random_seed(),
                                 .incarnation = acti_clock_ns(),
                                 .payload_bytes_max = acti_payload_max(sys->opts.message_bytes_max),
                                 .credit_messages = ACTI_NODE_CREDIT_MESSAGES,
                                 .credit_bytes = ACTI_NODE_CREDIT_BYTES};
    snprintf(router->hello.name, sizeof(router->hello.name), "%s", name);
    acti_lock_init(&router->lock);
    acti_list_init(&router->nodes);
    acti_list_init(&router->listeners);
    return router;
}

// name_of_process writes what peers are told: which program, and which process.
static void name_of_process(char *name, size_t size)
{
    snprintf(name, size, "%s.%ld", program_invocation_short_name, (long)getpid());
    if (!acti_text_valid(name, strlen(name)))
        snprintf(name, size, "%ld", (long)getpid());
}

acti_router *acti_router_of(acta_system *sys)
{
    acti_lock_take(&sys->upper_lock);
    acti_upper *upper = sys->upper[ACTI_UPPER_ROUTE];
    if (upper == NULL) {
        char name[sizeof(((acti_hello *)NULL)->name)];
        name_of_process(name, sizeof(name));
        acti_router *router = new_router(sys, NULL, name);
        if (router != NULL)
            upper = sys->upper[ACTI_UPPER_ROUTE] = &router->upper;
    }
    acti_lock_give(&sys->upper_lock);
    return upper != NULL ? ACTI_CONTAINER_OF(upper, acti_router, upper) : NULL;
}

int acti_router_use(acta_system *sys, const acti_links *links, const char *name)
{
    int status = ACTA_EEXIST;
    acti_lock_take(&sys->upper_lock);
    if (sys->upper[ACTI_UPPER_ROUTE] == NULL) {
        acti_router *router = new_router(sys, links, name);
        status = router != NULL ? ACTA_OK : ACTA_ENOMEM;
        if (router != NULL)
            sys->upper[ACTI_UPPER_ROUTE] = &router->upper;
    }
    acti_lock_give(&sys->upper_lock);
    return status;
}

bool acti_router_enter(acti_router *router, acti_node *node)
{
    acti_lock_take(&router->lock);
    bool open = !router->closing;
    if (open) {
        acti_list_push(&router->nodes, &node->all);
        acti_system_enter(node->actor);
    }
    acti_lock_give(&router->lock);
    return open;
}

void acti_router_leave(acti_router *router, acti_node *node)
{
    acti_lock_take(&router->lock);
    acti_list_remove(&node->all);
    acti_lock_give(&router->lock);
}

// ---- the end ------------------------------------------------------------------------------

// tell_nodes pushes one event to every node. Under the lock, so that none leaves meanwhile.
static void tell_nodes(acti_router *router, bool force)
{
    acti_lock_take(&router->lock);
    for (acti_list *link = router->nodes.next; link != &router->nodes; link = link->next) {
        acti_node *node = ACTI_CONTAINER_OF(link, acti_node, all);
        if (force)
            acti_node_force(node);
        else
            (void)acti_actor_push(node->actor, &node->leave_event); // refused: it has just ended
    }
    acti_lock_give(&router->lock);
}

static void close_router(acti_upper *upper, uint64_t deadline_ns)
{
    acti_router *router = ACTI_CONTAINER_OF(upper, acti_router, upper);
    for (;;) {
        acti_lock_take(&router->lock);
        router->closing = true;
        acti_list *first = router->listeners.next == &router->listeners ? NULL : router->listeners.next;
        acti_lock_give(&router->lock);
        if (first == NULL)
            break;
        acta_listener *listener = ACTI_CONTAINER_OF(first, acta_listener, all);
        acta_listener_close(&listener);
    }
    tell_nodes(router, false);
    while (acti_system_alive(router->sys, true) > 0)
        if (!acti_park_wait(&router->sys->closer, deadline_ns))
            break;
    tell_nodes(router, true);
}

static void fini_router(acti_upper *upper)
{
    acti_router *router = ACTI_CONTAINER_OF(upper, acti_router, upper);
    acti_assert(acti_list_empty(&router->nodes) && acti_list_empty(&router->listeners));
    acti_lock_fini(&router->lock);
    free(router);
}
