// SPDX-License-Identifier: MIT
//
// exported.h - the actors of a system that other nodes have senders to or addresses of, by their numbers. Through this
// table a node finds one that it was told of by another node, when it claims a sender, or watches or ends the actor.
//
// An actor is entered when the first node is told of it, and stays at least as long as it lives, because any node may
// pass its address on. What has ended is swept out when the table has doubled.

#ifndef ACTI_ROUTE_EXPORTED_H
#define ACTI_ROUTE_EXPORTED_H

#include "base/platform.h"
#include "base/table.h"
#include "core/actor.h"

typedef struct acti_exported {
    acti_lock lock; // rank 22
    acti_table table;
    uint32_t sweep_at;
} acti_exported;

void
acti_exported_init(acti_exported *exported);
void
acti_exported_fini(acti_exported *exported);

// acti_exported_enter enters an actor, unless it is there. False: no memory. Threads: any, holding a reference to it.
ACTA_NODISCARD bool
acti_exported_enter(acti_exported *exported, acti_actor *actor);

// acti_exported_find gives the actor of that number with a reference, or NULL. Threads: any.
acti_actor *
acti_exported_find(acti_exported *exported, uint64_t id);

#endif
