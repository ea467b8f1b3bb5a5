// SPDX-License-Identifier: MIT
//
// leave.h - when a node may say goodbye, as its system closes: when that loses nothing.
//
// A session carries more than what is said in it. Senders to actors of its peer may be in messages that wait in other
// nodes, or lent to third nodes that have not claimed them yet; and a peer that has lent us a sender must hear TAKEN.
// So a node leaves when
//
//   it rests          all is said, the peer has taken all that it was lent, and knows of all that it has lent us;
//   and it holds      no actor of the peer, or every node of the system rests, and no loan is left.
//
// A node that does not rest holds up only those who hold something, and none beyond the deadline of the close.

#ifndef ACTI_ROUTE_LEAVE_H
#define ACTI_ROUTE_LEAVE_H

#include "route/node.h"

// acti_leave_begins counts all nodes as restless; before they are told to leave.
void
acti_leave_begins(acti_router *router);

// acti_leave_may: whether the node may say goodbye now; if not, it is given an event when that may have changed, or has
// something to do itself. In its turns.
bool
acti_leave_may(acti_node *node);

// acti_leave_rests is told whether the node rests.
void
acti_leave_rests(acti_node *node, bool rests);

// acti_leave_lent and _returned count loans. Threads: any.
void
acti_leave_lent(acti_router *router);
void
acti_leave_returned(acti_router *router);

#endif
