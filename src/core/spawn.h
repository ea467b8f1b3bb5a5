// SPDX-License-Identifier: MIT
//
// spawn.h - making actors.

#ifndef ACTI_CORE_SPAWN_H
#define ACTI_CORE_SPAWN_H

#include <acta/process.h>

#include "core/actor.h"

// acti_actor_new gives an actor in the pool that is parked and has one sender, with state_bytes of zeroed memory behind
// it. It is not in the list of those alive. name is copied; NULL: "actor". NULL without memory.
acti_actor *
acti_actor_new(acta_system *sys, const char *name, size_t state_bytes);

// acti_pool_ready is the wake of actors in the pool whose other operations are their own: the system's scheduler, or
// whoever runs its actors instead.
void
acti_pool_ready(acti_actor *actor);

// What gives actors processes of their own: a layer above, which acta_process_main enters in acti_process_layer; NULL
// there: the program has not called that. spawn does what acta_spawn_with says; the options are valid, and entry is
// that of their code.
typedef struct acti_process_ops {
    int (*spawn)(acta_system *sys, const acta_spawn_opts *opts, const acta_actor_entry *entry, acta_tx **tx);
} acti_process_ops;
extern acti_aptr acti_process_layer;

#endif
