// SPDX-License-Identifier: MIT
//
// peers.h - nodes that are made for a peer before there is a connection.

#ifndef ACTI_ROUTE_PEERS_H
#define ACTI_ROUTE_PEERS_H

#include "route/node.h"

// acti_router_node gives the node of the system with that number, with a reference to its actor. If there is none yet
// one is made, which connects to one of urls, where others reach the peer; with "" it waits to be called by the peer.
// Proxies may be had of it at once: what they have to say waits until it is OPEN, and has failed when the peer was not
// reached within ACTI_NODE_REACH_NS. NULL without memory, when the system closes, and when peer is this very system.
//
// Threads: any.
acti_node *
acti_router_node(acti_router *router, uint64_t peer, const char *urls);

// What two systems were told before they have met, as the parent of a process and that process are.
typedef struct acti_agreed {
    uint64_t session;  // random, not 0
    uint64_t actor;    // the number of an actor of the one that joins, in frames
    const char *name;  // of that actor, for reports
    uint64_t limit_ns; // to meet
    uint32_t capacity; // of that actor's inbox; 0: the default
    acti_maker *maker; // for the side that expects: whose process the peer is, and that actor its root; or NULL
} acti_agreed;

// acti_node_expect makes the node of a peer that will join, with one hold of its actor: *tx is a sender like any other,
// and what is sent waits until the peer has joined. If it does not join within the limit the node ends with
// ACTA_ETIMEOUT. When the process of the peer has ended, whoever started it says so with acti_node_died; its death is
// not looked for otherwise.
//
// Owns:    *node is a reference to its actor.
// Threads: any.
// Errors:  ACTA_EGONE the system closes; ACTA_ENOMEM.
ACTA_NODISCARD int
acti_node_expect(acti_router *router, const acti_agreed *agreed, const char *where, acti_node **node, acta_tx **tx);

// acti_node_join makes the node of a peer that expects us, and connects to url. The actor behind tx is what the peer
// has a hold of: when the peer drops it, crashes or is not reached within the limit, so is tx.
//
// Owns:    tx is taken, also on failure. *node is a reference to its actor.
// Errors:  ACTA_EGONE the system closes; ACTA_EINVAL the number cannot be; ACTA_ENOMEM.
ACTA_NODISCARD int
acti_node_join(acti_router *router, const char *url, const acti_agreed *agreed, acta_tx *tx, acti_node **node);

#endif
