// SPDX-License-Identifier: MIT
//
// router.c - the routing layer of a system: made at the first use, closed with the system.

#include "route/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/type.h"
#include "route/leave.h"

#define PAYLOAD_EXTRA (64u * 1024) // what packing adds to a message beyond an eighth of it

static void close_router(acti_upper *upper, uint64_t deadline_ns);
static void fini_router(acti_upper *upper);
static bool has_sessions(const acti_router *router);

uint32_t acti_payload_max(uint32_t message_bytes_max)
{
    uint64_t bytes = (uint64_t)message_bytes_max + message_bytes_max / 8 + PAYLOAD_EXTRA;
    return bytes < ACTI_SESSION_PAYLOAD_MAX ? (uint32_t)bytes : (uint32_t)ACTI_SESSION_PAYLOAD_MAX;
}

// heartbeat_ms is what peers are told; UINT32_MAX: nothing is said while all is well.
static uint32_t heartbeat_ms(uint64_t heartbeat_ns)
{
    return heartbeat_ns / ACTA_MS < UINT32_MAX ? (uint32_t)(heartbeat_ns / ACTA_MS) : UINT32_MAX;
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
                                 .credit_bytes = ACTI_NODE_CREDIT_BYTES,
                                 .heartbeat_ms = heartbeat_ms(sys->opts.heartbeat_ns),
                                 .host = acti_host_id(),
                                 .pid = acti_process_id()};
    snprintf(router->hello.name, sizeof(router->hello.name), "%s", name);
    acti_lock_init(&router->lock);
    acti_list_init(&router->nodes);
    acti_list_init(&router->listeners);
    acti_list_init(&router->watchers);
    acti_list_init(&router->departed);
    acti_exported_init(&router->exported);
    return router;
}

// name_of_process writes what peers are told: which program, and which process.
static void name_of_process(char *name, size_t size)
{
    snprintf(name, size, "%s.%ld", program_invocation_short_name, (long)acti_process_id());
    if (!acti_text_valid(name, strlen(name)))
        snprintf(name, size, "%ld", (long)acti_process_id());
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

void acti_router_hello(acti_router *router, acti_hello *hello)
{
    acti_lock_take(&router->lock);
    *hello = router->hello;
    acti_lock_give(&router->lock);
}

// ---- the nodes ----------------------------------------------------------------------------

// look_up gives the node of a peer. With the lock.
static acti_node *look_up(acti_router *router, uint64_t peer)
{
    for (acti_list *link = router->nodes.next; link != &router->nodes; link = link->next) {
        acti_node *node = ACTI_CONTAINER_OF(link, acti_node, all);
        if (acti_au64_load_relaxed(&node->peer) == peer && node->standing != ACTI_STANDING_OVER)
            return node;
    }
    return NULL;
}

// set_peer_urls enters where others reach the peer: nowhere if that is longer than can be told. With the lock.
static void set_peer_urls(acti_node *node, const char *urls)
{
    size_t size = strlen(urls);
    if (size >= sizeof(node->peer_urls))
        size = 0;
    memcpy(node->peer_urls, urls, size);
    node->peer_urls[size] = '\0';
    if (acti_urls_next(node->peer_urls, 0, node->peer_url) == 0)
        node->peer_url[0] = '\0';
}

bool acti_router_enter(acti_router *router, acti_node *node, uint64_t peer, acti_node **other)
{
    acti_lock_take(&router->lock);
    *other = peer != 0 ? look_up(router, peer) : NULL;
    bool enters = !router->closing && *other == NULL && (!router->leaving || node->stranger);
    if (enters) {
        node->wanted = peer != 0;
        node->leaving = router->leaving;
        if (peer != 0)
            set_peer_urls(node, node->urls);
        acti_au64_store_release(&node->peer, peer);
        node->number = node->caller ? 0 : node->session.us.session;
        acti_list_push(&router->nodes, &node->all);
        acti_system_enter(node->actor);
    } else if (*other != NULL) {
        acti_actor_ref((*other)->actor);
    }
    acti_lock_give(&router->lock);
    return enters;
}

static acti_node *find(acti_router *router, uint64_t peer, bool want)
{
    acti_lock_take(&router->lock);
    acti_node *node = look_up(router, peer);
    if (node != NULL) {
        acti_actor_ref(node->actor);
        node->wanted |= want;
    }
    acti_lock_give(&router->lock);
    return node;
}

acti_node *acti_router_find(acti_router *router, uint64_t peer)
{
    return find(router, peer, false);
}

acti_node *acti_router_want(acti_router *router, uint64_t peer)
{
    return find(router, peer, true);
}

bool acti_router_give_up(acti_router *router, acti_node *node)
{
    acti_lock_take(&router->lock);
    if (!node->wanted)
        node->standing = ACTI_STANDING_OVER;
    acti_lock_give(&router->lock);
    return !node->wanted; // nobody finds it any more to want it, or it stays so
}

acti_node *acti_router_of_session(acti_router *router, uint64_t number, uint64_t peer)
{
    acti_node *found = NULL;
    acti_lock_take(&router->lock);
    for (acti_list *link = router->nodes.next; link != &router->nodes && found == NULL; link = link->next) {
        acti_node *node = ACTI_CONTAINER_OF(link, acti_node, all);
        uint64_t its_peer = acti_au64_load_relaxed(&node->peer);
        if (node->number == number && (its_peer == peer || its_peer == 0) && node->standing != ACTI_STANDING_OVER)
            found = node;
    }
    if (found != NULL)
        acti_actor_ref(found->actor);
    acti_lock_give(&router->lock);
    return found;
}

// know enters who the peer of a node is. With the lock.
static void know(acti_node *node, const acti_hello *peer)
{
    set_peer_urls(node, peer->url[0] == '\0' && node->caller ? node->url : peer->url);
    acti_au64_store_release(&node->peer, peer->node); // with whoever reads the number, and then the URL
}

acti_met acti_router_meet(acti_router *router, acti_node *node, const acti_hello *peer, acti_node **other)
{
    acti_lock_take(&router->lock);
    acti_node *found = look_up(router, peer->node);
    if (found == NULL) {
        know(node, peer);
        found = node;
    }
    acti_met met = found == node                                ? ACTI_MET_ITSELF
                   : found->standing == ACTI_STANDING_OPEN ? ACTI_MET_OPEN
                                                            : ACTI_MET_NEW;
    if (found != node && other != NULL) {
        acti_actor_ref(found->actor);
        *other = found;
    }
    acti_lock_give(&router->lock);
    return met;
}

void acti_router_number(acti_router *router, acti_node *node, uint64_t number)
{
    acti_lock_take(&router->lock);
    node->number = number;
    acti_lock_give(&router->lock);
}

void acti_router_opened(acti_router *router, acti_node *node)
{
    acti_lock_take(&router->lock);
    if (acti_au64_load_relaxed(&node->peer) == 0)
        know(node, &node->session.peer);
    node->standing = ACTI_STANDING_OPEN;
    node->up_at = acti_roster_news(router);
    acti_lock_give(&router->lock);
    acti_roster_tell(router);
}

void acti_router_over(acti_router *router, acti_node *node)
{
    acti_lock_take(&router->lock);
    node->standing = ACTI_STANDING_OVER;
    if (node->up_at != 0)
        node->down_at = acti_roster_news(router);
    acti_lock_give(&router->lock);
    acti_roster_tell(router);
}

void acti_router_leave(acti_router *router, acti_node *node)
{
    acti_lock_take(&router->lock);
    acti_list_remove(&node->all);
    acti_roster_keep(router, node);
    if (router->leaving && !has_sessions(router))
        acti_park_give(&router->sys->closer);
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

static void close_listeners(acti_router *router)
{
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
}

// has_sessions: whether any node has yet to say goodbye, or to hear it. With the lock.
static bool has_sessions(const acti_router *router)
{
    for (acti_list *link = router->nodes.next; link != &router->nodes; link = link->next)
        if (!acti_node_is_stranger(ACTI_CONTAINER_OF(link, acti_node, all)))
            return true;
    return false;
}

static bool is_left(acti_router *router)
{
    acti_lock_take(&router->lock);
    bool left = !has_sessions(router);
    acti_lock_give(&router->lock);
    return left;
}

// A session whose connection is lost while the goodbyes are said is taken up again, so the listeners stay open until
// there is none.
static void close_router(acti_upper *upper, uint64_t deadline_ns)
{
    acti_router *router = ACTI_CONTAINER_OF(upper, acti_router, upper);
    acti_lock_take(&router->lock);
    router->leaving = true;
    acti_lock_give(&router->lock);
    acti_leave_begins(router);
    tell_nodes(router, false);
    while (!is_left(router))
        if (!acti_park_wait(&router->sys->closer, deadline_ns))
            break;
    close_listeners(router);
    tell_nodes(router, true);
}

static void fini_router(acti_upper *upper)
{
    acti_router *router = ACTI_CONTAINER_OF(upper, acti_router, upper);
    acti_assert(acti_list_empty(&router->nodes) && acti_list_empty(&router->listeners) &&
                acti_list_empty(&router->watchers));
    acti_exported_fini(&router->exported);
    acti_lock_fini(&router->lock);
    free(router);
}
