// SPDX-License-Identifier: MIT
//
// meet.h - how a connection comes to the node of its peer, and a thread in acta_connect to its answer.

#ifndef ACTI_ROUTE_MEET_H
#define ACTI_ROUTE_MEET_H

#include "route/node.h"

// acti_opening is a thread in acta_connect. It belongs to that thread and to the node that is to answer it. What the
// node writes is published by the push of event, which comes once.
struct acti_opening {
    acta_msg event;
    acti_actor *caller; // one reference
    acti_au32 refs;
    acti_list link;  // in the node's list of those that wait for it
    int status;
    bool again;      // it is nobody's fault: call anew
    acti_node *node; // with ACTA_OK: one reference to its actor, the opening's
};

// acti_opening_new gives one with two references, or NULL without memory. caller is borrowed.
acti_opening *
acti_opening_new(acti_actor *caller);
void
acti_opening_unref(acti_opening *opening);

// acti_given is on its way from the node to which a connection came to that of its peer.
struct acti_given {
    acta_msg event;
    acti_link *link;         // nothing of it is pending, and it has no owner; NULL: there is only the opening
    acti_hello hello;        // what the peer has said on it
    bool welcomed;           // in a WELCOME; else in a HELLO
    acta_listener *listener; // to be told; one reference, or NULL
    acti_opening *opening;   // one reference, or NULL
    char url[ACTI_URL_MAX + 2]; // of a WELCOME: where it was dialled
};

// acti_given_drop closes a connection that nobody is to have; who waits for it is to try again.
void
acti_given_drop(acti_given *given);

// acti_node_greeted and _welcomed deal with HELLO and WELCOME.
void
acti_node_greeted(acti_node *node, const acti_hello *hello);
void
acti_node_welcomed(acti_node *node, const acti_hello *hello);

// acti_node_given takes what another node passes on. acti_node_consider looks whether a connection that waits is to be
// adopted or dropped now, and whether the node's own can be passed on; after each event.
void
acti_node_given(acti_node *node, acti_given *given);
void
acti_node_consider(acti_node *node);

// acti_node_unwanted is called when who waits for it to be OPEN does not wait any longer.
void
acti_node_unwanted(acti_node *node);

// acti_node_rise is called when the connection is UP; for the first time, the node is OPEN then.
void
acti_node_rise(acti_node *node);

// acti_node_answer answers all that wait for the node to be OPEN, when it is or never will be.
void
acti_node_answer(acti_node *node);

#endif
