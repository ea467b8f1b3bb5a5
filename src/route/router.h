// SPDX-License-Identifier: MIT
//
// router.h - the routing layer of one system: its listeners and its nodes, from the first use to acta_close.

#ifndef ACTI_ROUTE_ROUTER_H
#define ACTI_ROUTE_ROUTER_H

#include "base/list.h"
#include "base/platform.h"
#include "core/system.h"
#include "route/node.h"

struct acti_router {
    acti_upper upper; // first: how the core knows us
    acta_system *sys;
    acti_nng_links nng;
    const acti_links *links; // where its connections come from: nng, unless others were given
    acti_hello hello; // what every session says of us
    acti_lock lock;   // rank 20
    acti_list nodes;
    acti_list listeners;
    bool closing; // no new node is made
};

// acti_router_of gives the system's router, made at the first call, or NULL without memory.
acti_router *
acti_router_of(acta_system *sys);

// acti_router_use makes the router of a system that has none yet: its connections come from links, which must stay as
// long as the system, and its peers are told that name. For a system that is not one of this process alone, as in the
// sim. ACTA_OK; ACTA_ENOMEM; ACTA_EEXIST it has one.
ACTA_NODISCARD int
acti_router_use(acta_system *sys, const acti_links *links, const char *name);

// acti_router_enter and _leave keep the list of nodes. enter: false when the system is closing.
bool
acti_router_enter(acti_router *router, acti_node *node);
void
acti_router_leave(acti_router *router, acti_node *node);

// acti_payload_max is how many bytes a message of at most that size in memory may take when it is packed.
uint32_t
acti_payload_max(uint32_t message_bytes_max);

// A listener; listen.c.
struct acta_listener {
    acti_router *router;
    acti_link_listener *link;
    acti_au32 refs;
    acti_lock lock; // rank 25
    acti_list waiters; // threads in acta_node_accept
    acta_node **welcomed; // a queue, each with a reference to its actor
    uint32_t welcomed_count;
    uint32_t welcomed_room;
    bool closed;
    acti_list all; // in the router's list; its lock
    char url[ACTI_URL_MAX + 1]; // as it was given
};

void
acti_listener_unref(acta_listener *listener);

// acti_listener_welcomed hands a node to whoever accepts.
void
acti_listener_welcomed(acta_listener *listener, acti_node *node);

#endif
