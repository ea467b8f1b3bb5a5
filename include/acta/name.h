// SPDX-License-Identifier: MIT
//
// name.h - the names of a system. A name holds an address, not a sender: it keeps nobody alive and is free
// again once its actor has ended, before any monitor's DOWN says so.

#ifndef ACTA_NAME_H
#define ACTA_NAME_H

#include <acta/sender.h>
#include <acta/system.h>

ACTA_BEGIN_DECLS

#define ACTA_NAME_BYTES_MAX 255 // without the NUL

// acta_publish gives an actor of this system a name, for acta_find here and acta_node_find elsewhere.
//
// Threads: any.
// Errors:  ACTA_EINVAL an empty or too long name, or one that is not UTF-8, or an actor of another node;
//          ACTA_EEXIST the name is taken by a living actor; ACTA_EGONE; ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_publish(acta_system *sys, const char *name, acta_addr *who);

// acta_unpublish takes a name back. ACTA_ENOENT when nobody has it. Threads: any.
ACTA_API int
acta_unpublish(acta_system *sys, const char *name);

// acta_find gives a sender to the actor of that name.
//
// Owns:    *tx is the caller's, to be dropped.
// Errors:  ACTA_ENOENT no living actor has that name.
ACTA_NODISCARD ACTA_API int
acta_find_at(acta_system *sys, const char *name, acta_tx **tx, const char *where);
#define acta_find(sys, name, tx) acta_find_at((sys), (name), (tx), ACTA_HERE)

ACTA_END_DECLS

#endif
