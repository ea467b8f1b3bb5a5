// SPDX-License-Identifier: MIT
//
// connection.h - the connections of a node: made, read, written, watched and lost.

#ifndef ACTI_ROUTE_CONNECTION_H
#define ACTI_ROUTE_CONNECTION_H

#include "route/node.h"

// ---- bytes: connection.c ----------------------------------------------------------------

// acti_node_own takes a link of which nothing is pending: the line is LINKED.
void
acti_node_own(acti_node *node, acti_link *link);

// acti_node_disown gives it back, as it came, if nothing is being written; else NULL, and the node will be told when
// that has ended.
acti_link *
acti_node_disown(acti_node *node);

// acti_node_close_link lets go of a connection: the line is CLOSING, if it was LINKED.
void
acti_node_close_link(acti_node *node);

// acti_node_flush writes what there is to write, or closes when all is done; after each event.
void
acti_node_flush(acti_node *node);

// acti_node_read_more asks the link for more, if that is wanted.
void
acti_node_read_more(acti_node *node);

void
acti_node_on_read(acti_node *node);
void
acti_node_on_wrote(acti_node *node);
void
acti_node_on_closed(acti_node *node);

// acti_node_heard takes size bytes that were read, and sees to it that more are.
void
acti_node_heard(acti_node *node, size_t size);

// ---- looking for more: poll.c ----------------------------------------------------------

// acti_node_poll is called when something was read: what comes next is looked for, if that may be worth it, and else
// asked for.
void
acti_node_poll(acti_node *node);

void
acti_node_on_poll(acti_node *node);

// ---- calling: dial.c ---------------------------------------------------------------------

// acti_node_aim has the node call the first of those URLs, as in urls.h, and the others in turn as long as it is not
// OPEN. Without any it has no URL.
void
acti_node_aim(acti_node *node, const char *urls);

// acti_node_call connects to the node's URL, if the line is NONE.
void
acti_node_call(acti_node *node);

// acti_node_drop_dial has the dial that is under way end without a connection.
void
acti_node_drop_dial(acti_node *node);

void
acti_node_on_dialed(acti_node *node);

// acti_node_may_cure: whether another try may end better than one that ended with status.
bool
acti_node_may_cure(int status);

// acti_node_has_others: whether there is more than one URL at which the peer is looked for. What is found at one of
// them then says nothing of the others.
bool
acti_node_has_others(const acti_node *node);

// acti_node_handshake_ns is how long a connection may take until it is UP.
uint64_t
acti_node_handshake_ns(const acti_node *node);

// acti_node_missed is called when a try to connect has failed: the next URL is tried, or after the last one the first,
// after a rest, if any of them may end better. acti_node_missed_it is the same for one whose connection is to be closed
// first.
void
acti_node_missed(acti_node *node, int status);
void
acti_node_missed_it(acti_node *node, int status);

// acti_node_call_instead is called when whoever has called a NEW node does so no more. Who wants the node has it call
// the peer, or wait; else it ends.
void
acti_node_call_instead(acti_node *node);

// acti_node_lost is called when a connection is gone and the session is not over.
void
acti_node_lost(acti_node *node);

// ---- time: beat.c -----------------------------------------------------------------------

// acti_node_fire is what a node's alarm does: whoever sets it may read that on any thread, so it never changes.
void
acti_node_fire(acti_alarm *alarm);

// acti_node_init_dues begins with nothing that is due.
void
acti_node_init_dues(acti_node *node);

// acti_node_due sets when something is due, from now; ACTA_FOREVER: never. acti_node_arm sets the alarm for whatever is
// due first; after each event.
void
acti_node_due(acti_node *node, acti_due what, uint64_t delay_ns);
void
acti_node_arm(acti_node *node);
void
acti_node_unarm(acti_node *node);

void
acti_node_on_due(acti_node *node);

// acti_node_tick_ns is the length of a tick.
uint64_t
acti_node_tick_ns(const acti_node *node);

// acti_node_limit begins the time in which the node has to be OPEN.
void
acti_node_limit(acti_node *node, uint64_t limit_ns);

// acti_node_beat and acti_node_watch begin what is due as long as the connection is UP, or away.
void
acti_node_beat(acti_node *node);
void
acti_node_watch(acti_node *node);

#endif
