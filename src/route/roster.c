// SPDX-License-Identifier: MIT
//
// roster.c - who watches which nodes come and go.
//
// What has happened to nodes is numbered in the order in which it happened, and each node keeps the numbers of its own:
// when it became OPEN, and when it was OVER. A watch knows the number of the last news that it has told, and tells the
// next one; so nothing has to be allocated for what is still to be told, and nothing of it can be lost. For that a node
// that has ended stays in memory until each watch has told of it.
//
//   a watch   ARMED: has told all there is     --news--> the event is filled in, and queued
//             the event is done with           --more--> the next one is queued; else ARMED
//
// The texts in an event are the node's own, which is kept as long.

#include <acta/node.h>

#include "core/source.h"
#include "core/system.h"
#include "route/router.h"

typedef struct roster_watch {
    acti_source source;
    union {
        acta_node_up up;
        acta_node_down down;
    } event; // its body
    acti_router *router;

    // The router's lock.
    acti_list all;
    uint64_t since; // news when the watch began: a node that was OVER by then is not told of
    uint64_t told;  // the number of the last news that was told, or is being told
    bool armed;
} roster_watch;

_Static_assert(offsetof(roster_watch, event) == sizeof(acti_source), "the event's body follows its message");

uint64_t acti_roster_news(acti_router *router)
{
    return ++router->news;
}

// ---- what comes next --------------------------------------------------------------------

// A piece of news: whose, and its number; UINT64_MAX: none.
typedef struct piece {
    acti_node *node;
    uint64_t at;
} piece;

static void look(const roster_watch *w, acti_list *nodes, piece *next)
{
    for (acti_list *link = nodes->next; link != nodes; link = link->next) {
        acti_node *node = ACTI_CONTAINER_OF(link, acti_node, all);
        if (node->down_at != 0 && node->down_at <= w->since)
            continue;
        uint64_t at = node->up_at > w->told ? node->up_at : node->down_at;
        if (at > w->told && at < next->at)
            *next = (piece){.node = node, .at = at};
    }
}

// fill makes the next news the watch's event. False: there is none. With the lock.
static bool fill(roster_watch *w)
{
    piece next = {.at = UINT64_MAX};
    look(w, &w->router->nodes, &next);
    look(w, &w->router->departed, &next);
    if (next.node == NULL)
        return false;
    const acti_node *node = next.node;
    bool up = next.at == node->up_at;
    const acta_type *type = up ? acta_type_of(acta_node_up) : acta_type_of(acta_node_down);
    uint64_t id = acti_au64_load_relaxed(&node->peer);
    if (up)
        w->event.up = (acta_node_up){w->source.id, id, node->peer_name, node->peer_url};
    else
        w->event.down = (acta_node_down){w->source.id, id, node->peer_name, acta_node_status((const acta_node *)node)};
    w->source.msg.type = type;
    w->source.msg.size = type->size;
    w->told = next.at;
    return true;
}

// due gives a watch that is armed and has news, and is not armed any more; or NULL.
static roster_watch *due(acti_router *router)
{
    roster_watch *found = NULL;
    acti_lock_take(&router->lock);
    for (acti_list *link = router->watchers.next; link != &router->watchers && found == NULL; link = link->next) {
        roster_watch *w = ACTI_CONTAINER_OF(link, roster_watch, all);
        if (w->armed && fill(w)) {
            w->armed = false;
            found = w;
        }
    }
    acti_lock_give(&router->lock);
    return found;
}

void acti_roster_tell(acti_router *router)
{
    roster_watch *w;
    while ((w = due(router)) != NULL)
        acti_source_fire(&w->source);
}

// ---- nodes that have ended -----------------------------------------------------------------

// is_awaited: whether some watch has not told of a node's end, or has not been done with it. With the lock.
static bool is_awaited(acti_router *router, const acti_node *node)
{
    for (acti_list *link = router->watchers.next; link != &router->watchers; link = link->next) {
        const roster_watch *w = ACTI_CONTAINER_OF(link, roster_watch, all);
        if (node->down_at > w->since && (node->down_at > w->told || (node->down_at == w->told && !w->armed)))
            return true;
    }
    return false;
}

void acti_roster_keep(acti_router *router, acti_node *node)
{
    if (!is_awaited(router, node))
        return;
    acti_actor_ref(node->actor);
    acti_list_push(&router->departed, &node->all);
}

// let_go forgets the departed of whom all have heard.
static void let_go(acti_router *router)
{
    acti_list gone;
    acti_list_init(&gone);
    acti_lock_take(&router->lock);
    for (acti_list *link = router->departed.next, *next; link != &router->departed; link = next) {
        next = link->next;
        if (is_awaited(router, ACTI_CONTAINER_OF(link, acti_node, all)))
            continue;
        acti_list_remove(link);
        acti_list_push(&gone, link);
    }
    acti_lock_give(&router->lock);
    acti_list *link;
    while ((link = acti_list_pop(&gone)) != NULL)
        acti_actor_unref(ACTI_CONTAINER_OF(link, acti_node, all)->actor);
}

// ---- a watch --------------------------------------------------------------------------------

static void show(acti_source *source)
{
    (void)source; // it was filled in when it was queued
}

static void again(acti_source *source)
{
    roster_watch *w = ACTI_CONTAINER_OF(source, roster_watch, source);
    acti_lock_take(&w->router->lock);
    bool more = fill(w);
    w->armed = !more;
    acti_lock_give(&w->router->lock);
    let_go(w->router);
    if (more)
        acti_source_fire(source);
}

static bool end(acti_source *source)
{
    roster_watch *w = ACTI_CONTAINER_OF(source, roster_watch, source);
    acti_router *router = w->router;
    acti_lock_take(&router->lock);
    acti_list_remove(&w->all);
    bool armed = w->armed;
    acti_lock_give(&router->lock);
    let_go(router);
    return armed;
}

static const acti_source_ops roster_ops = {.show = show, .again = again, .end = end};

int acta_watch_nodes(acta_self *self, uint64_t *watch)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor != actor)
        return ACTA_EINVAL;
    acti_router *router = acti_router_of(actor->sys);
    if (router == NULL)
        return ACTA_ENOMEM;
    acti_source *source;
    int status = acti_source_new(actor, sizeof(roster_watch), acta_type_of(acta_node_up), &roster_ops, &source);
    if (status != ACTA_OK)
        return status;
    roster_watch *w = ACTI_CONTAINER_OF(source, roster_watch, source);
    w->router = router;
    *watch = source->id;
    acti_lock_take(&router->lock);
    w->since = router->news;
    acti_list_push(&router->watchers, &w->all);
    bool told = fill(w);
    w->armed = !told;
    acti_lock_give(&router->lock);
    if (told)
        acti_source_fire(source);
    return ACTA_OK;
}
