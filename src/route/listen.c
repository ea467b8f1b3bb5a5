// SPDX-License-Identifier: MIT
//
// listen.c - listeners: connections become nodes, and nodes that were welcomed are handed to whoever accepts.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/system.h"
#include "route/node.h"
#include "route/router.h"

#define WELCOMED_MAX 1024 // peers that nobody has accepted; their sessions live all the same

// One thread in acta_node_accept.
typedef struct waiter {
    acti_list link;
    acti_park park;
} waiter;

void acti_listener_unref(acta_listener *listener)
{
    // Acquires what the others did with it: the memory is freed.
    if (acti_au32_sub_acq_rel(&listener->refs, 1) != 1)
        return;
    if (listener->complaints.unsaid > 0)
        acti_report(listener->router->sys, "listener %s: %llu more connections were refused since the last report",
                    listener->url, (unsigned long long)listener->complaints.unsaid);
    for (uint32_t i = 0; i < listener->welcomed_count; i++)
        acta_node_drop(&listener->welcomed[i]);
    free(listener->welcomed);
    acti_lock_fini(&listener->lock);
    free(listener);
}

void acti_listener_complain(acta_listener *listener, const char *format, ...)
{
    uint64_t unsaid = 0;
    acti_lock_take(&listener->lock);
    bool said = acti_complaints_say(&listener->complaints, acti_clock_ns(), &unsaid);
    acti_lock_give(&listener->lock);
    if (!said)
        return;
    char text[600], more[ACTI_COMPLAINTS_MORE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    acti_report(listener->router->sys, "%s%s", text, acti_complaints_more(unsaid, more));
}

// accepted runs on the link's control thread.
static void accepted(void *arg, acti_link *link, const char *why)
{
    acta_listener *listener = arg;
    if (link == NULL) {
        acti_listener_complain(listener, "%s", why);
        return;
    }
    (void)acti_au32_add_relaxed(&listener->refs, 1); // the node's; the one of the open listener is there
    acti_node_plan plan = {.link = link, .listener = listener};
    acti_node *node = acti_node_new(listener->router, &plan);
    if (node == NULL) {
        acti_link_close(link);
        acti_listener_unref(listener);
        return;
    }
    memcpy(node->url, listener->url, sizeof(listener->url));
    node = acti_node_begin(node, &plan, 0);
    if (node != NULL)
        acti_actor_unref(node->actor);
}

int acta_node_listen(acta_system *sys, const char *url, acta_listener **listener)
{
    return acti_listener_open(sys, url, true, listener);
}

// gather_urls writes down where others may reach us: by all that listen for anybody, in their order, as far as there is
// room. With the router's lock.
static void gather_urls(acti_router *router)
{
    router->hello.url[0] = '\0';
    for (acti_list *link = router->listeners.next; link != &router->listeners; link = link->next) {
        const acta_listener *listener = ACTI_CONTAINER_OF(link, acta_listener, all);
        if (listener->accepts)
            acti_urls_add(router->hello.url, acti_link_listener_url(listener->link));
    }
}

int acti_listener_open(acta_system *sys, const char *url, bool accepts, acta_listener **out)
{
    if (!acti_system_is_here(sys))
        return ACTA_EINVAL;
    acti_router *router = acti_router_of(sys);
    acta_listener *listener = calloc(1, sizeof(*listener));
    if (router == NULL || listener == NULL) {
        free(listener);
        return ACTA_ENOMEM;
    }
    listener->router = router;
    listener->accepts = accepts;
    acti_au32_store_relaxed(&listener->refs, 1); // nobody else knows it yet
    acti_lock_init(&listener->lock);
    acti_list_init(&listener->waiters);
    if (url == NULL)
        url = "";
    snprintf(listener->url, sizeof(listener->url), "%s", url);
    char line[ACTI_LINK_WHY_MAX];
    int status = acti_link_listen(router->links, url, accepted, listener, &listener->link,
                                  (acti_reason){line, sizeof(line)});
    if (status != ACTA_OK) {
        acti_report(sys, "%s", line);
        acti_listener_unref(listener);
        return status;
    }
    acti_lock_take(&router->lock);
    acti_list_push(&router->listeners, &listener->all);
    gather_urls(router);
    acti_lock_give(&router->lock);
    *out = listener;
    return ACTA_OK;
}

const char *acta_listener_url(const acta_listener *listener)
{
    return acti_link_listener_url(listener->link);
}

void acti_listener_welcomed(acta_listener *listener, acti_node *node)
{
    if (!listener->accepts)
        return;
    acti_lock_take(&listener->lock);
    if (listener->welcomed_count == listener->welcomed_room && listener->welcomed_room < WELCOMED_MAX) {
        uint32_t room = listener->welcomed_room == 0 ? 8 : listener->welcomed_room * 2;
        acta_node **welcomed = realloc(listener->welcomed, room * sizeof(acta_node *));
        if (welcomed != NULL) {
            listener->welcomed = welcomed;
            listener->welcomed_room = room;
        }
    }
    bool kept = !listener->closed && listener->welcomed_count < listener->welcomed_room;
    if (kept) {
        acti_actor_ref(node->actor);
        listener->welcomed[listener->welcomed_count++] = (acta_node *)(void *)node;
        if (!acti_list_empty(&listener->waiters))
            acti_park_give(&ACTI_CONTAINER_OF(listener->waiters.next, waiter, link)->park);
    }
    acti_lock_give(&listener->lock);
    if (!kept)
        acti_report(node->actor->sys, "node %s at %s is welcome, but %s", node->session.peer.name, listener->url,
                    "nobody accepts it: too many wait to be accepted, or the listener was closed");
}

// take gives the oldest node that was welcomed, or NULL. Under the lock.
static acta_node *take(acta_listener *listener)
{
    if (listener->welcomed_count == 0)
        return NULL;
    acta_node *node = listener->welcomed[0];
    listener->welcomed_count--;
    memmove(listener->welcomed, listener->welcomed + 1, listener->welcomed_count * sizeof(acta_node *));
    return node;
}

int acta_node_accept(acta_listener *listener, uint64_t timeout_ns, acta_node **out)
{
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    if (!acti_system_is_here(listener->router->sys))
        return ACTA_EINVAL;
    uint64_t deadline_ns = acti_deadline_ns(timeout_ns);
    waiter me;
    acti_park_init(&me.park);

    acti_lock_take(&listener->lock);
    acti_list_push(&listener->waiters, &me.link);
    acta_node *node;
    bool in_time = true;
    while ((node = take(listener)) == NULL && in_time && !listener->closed) {
        acti_lock_give(&listener->lock);
        in_time = acti_park_wait(&me.park, deadline_ns);
        acti_lock_take(&listener->lock);
    }
    acti_list_remove(&me.link);
    // A token that came for us when there was one for another waiter, too.
    if (listener->welcomed_count > 0 && !acti_list_empty(&listener->waiters))
        acti_park_give(&ACTI_CONTAINER_OF(listener->waiters.next, waiter, link)->park);
    bool closed = listener->closed;
    acti_lock_give(&listener->lock);
    if (node == NULL)
        return closed ? ACTA_EGONE : ACTA_ETIMEOUT;
    *out = node;
    return ACTA_OK;
}

void acta_listener_close(acta_listener **handle)
{
    acta_listener *listener = *handle;
    if (listener == NULL)
        return;
    *handle = NULL;
    acti_router *router = listener->router;
    acti_lock_take(&router->lock);
    acti_list_remove(&listener->all);
    gather_urls(router);
    acti_lock_give(&router->lock);
    acti_link_listener_close(&listener->link);
    acti_lock_take(&listener->lock);
    listener->closed = true;
    for (acti_list *link = listener->waiters.next; link != &listener->waiters; link = link->next)
        acti_park_give(&ACTI_CONTAINER_OF(link, waiter, link)->park);
    acti_lock_give(&listener->lock);
    acti_listener_unref(listener);
}
