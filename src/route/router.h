// SPDX-License-Identifier: MIT
//
// router.h - the routing layer of one system: its listeners and its nodes, from the first use to acta_close.

#ifndef ACTI_ROUTE_ROUTER_H
#define ACTI_ROUTE_ROUTER_H

#include "base/list.h"
#include "base/platform.h"
#include "core/complaints.h"
#include "core/system.h"
#include "route/exported.h"
#include "route/node.h"

struct acti_router {
    acti_upper upper; // first: how the core knows us
    acta_system *sys;
    acti_nng_links nng;
    const acti_links *links; // where its connections come from: nng, unless others were given
    acti_lock lock;          // rank 20: what follows
    acti_hello hello;        // what every session says of us; its url follows the listeners, the rest is constant
    acti_list nodes;
    acti_list listeners; // in the order in which they were opened
    bool leaving; // the system closes: there are no new sessions, but those that there are may be taken up again
    bool closing; // no new node is made

    acti_exported exported;
    acti_au32 lent;     // loans of all nodes; see leave.h
    acti_au32 restless; // nodes that have something to say yet, while the system closes

    // roster.c
    uint64_t news;      // how many there have been
    acti_list watchers;
    acti_list departed; // nodes that have ended, and of which a watcher is still to hear; one reference each
};

// acti_router_of gives the system's router, made at the first call, or NULL without memory.
acti_router *
acti_router_of(acta_system *sys);

// acti_router_use makes the router of a system that has none yet: its connections come from links, which must stay as
// long as the system, and its peers are told that name. For a system that is not one of this process alone, as in the
// sim. ACTA_OK; ACTA_ENOMEM; ACTA_EEXIST it has one.
ACTA_NODISCARD int
acti_router_use(acta_system *sys, const acti_links *links, const char *name);

// acti_router_hello copies what a session says of us.
void
acti_router_hello(acti_router *router, acti_hello *hello);

// ---- the nodes ------------------------------------------------------------------------

// acti_router_enter puts a node that begins into the list, as that of peer, or with 0 of one that is not known yet.
// False when the system is closing, or that peer has a node: *other is that one, with a reference to its actor.
bool
acti_router_enter(acti_router *router, acti_node *node, uint64_t peer, acti_node **other);

// acti_router_find gives the node of a peer, and acti_router_want does, too, and has one that is NEW go on as long as
// it may take (acti_router_give_up). acti_router_of_session the one that the peer may call again under that number of a
// session, with a reference to its actor; or NULL. Threads: any.
acti_node *
acti_router_find(acti_router *router, uint64_t peer);
acti_node *
acti_router_want(acti_router *router, uint64_t peer);
acti_node *
acti_router_of_session(acti_router *router, uint64_t number, uint64_t peer);

typedef enum acti_met {
    ACTI_MET_ITSELF, // the node is that of the peer: it was before, or is now because there was none
    ACTI_MET_NEW,    // another is, which is not OPEN
    ACTI_MET_OPEN,   // another is, which is OPEN
} acti_met;

// acti_router_meet is called by a node that has learnt who its peer is, by what that says of itself. *other is the
// other node, with a reference to its actor; NULL: nobody wants to know.
acti_met
acti_router_meet(acti_router *router, acti_node *node, const acti_hello *peer, acti_node **other);

// acti_router_number sets the number of the session under which the peer may call the node again; 0: it may not.
void
acti_router_number(acti_router *router, acti_node *node, uint64_t number);

// acti_router_give_up: whether a node that is NEW, and of which nothing comes by itself any more, may end: nobody wants
// it, and from now on nobody finds it.
bool
acti_router_give_up(acti_router *router, acti_node *node);

// acti_router_opened is called when the node is OPEN; acti_router_over when it is OVER, and settled; acti_router_leave
// when it ends.
void
acti_router_opened(acti_router *router, acti_node *node);
void
acti_router_over(acti_router *router, acti_node *node);
void
acti_router_leave(acti_router *router, acti_node *node);

// acti_payload_max is how many bytes a message of at most that size in memory may take when it is packed.
uint32_t
acti_payload_max(uint32_t message_bytes_max);

// ---- the roster: roster.c ---------------------------------------------------------------

// acti_roster_news numbers what has happened to a node, with the router's lock; acti_roster_tell then tells those who
// watch, without.
uint64_t
acti_roster_news(acti_router *router);
void
acti_roster_tell(acti_router *router);

// acti_roster_keep keeps a node that ends for those who have not heard all of it; with the router's lock.
void
acti_roster_keep(acti_router *router, acti_node *node);

// ---- listeners ----------------------------------------------------------------------------

// A listener; listen.c.
struct acta_listener {
    acti_router *router;
    acti_link_listener *link;
    acti_au32 refs;
    acti_lock lock; // rank 25
    bool accepts;      // peers are kept for acta_node_accept; constant
    acti_list waiters; // threads in acta_node_accept
    acta_node **welcomed; // a queue, each with a reference to its actor
    uint32_t welcomed_count;
    uint32_t welcomed_room;
    bool closed;
    acti_complaints complaints; // of whom it refuses
    acti_list all; // in the router's list; its lock
    char url[ACTI_URL_MAX + 1]; // as it was given
};

// acti_listener_open is acta_node_listen; without `accepts` nobody is handed the peers that connect, nor told of the
// URL: it is for those who expect each other.
ACTA_NODISCARD int
acti_listener_open(acta_system *sys, const char *url, bool accepts, acta_listener **listener);

// acti_listener_unref lets one reference go. With the last, those that were refused and not told of are.
void
acti_listener_unref(acta_listener *listener);

// acti_listener_complain reports why somebody who has come to the listener is refused, or counts it, as complaints.h
// says. Threads: any.
__attribute__((format(printf, 2, 3))) void
acti_listener_complain(acta_listener *listener, const char *format, ...);

// acti_listener_welcomed hands a node to whoever accepts.
void
acti_listener_welcomed(acta_listener *listener, acti_node *node);

#endif
