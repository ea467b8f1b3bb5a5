// SPDX-License-Identifier: MIT
//
// coherence.h - what the order of the stores to one location allows.
//
// kept says how many events of each thread are to be looked at, or all: run.g.count.

#ifndef MODEL_COHERENCE_H
#define MODEL_COHERENCE_H

#include "run.h"

// What coherence_stores and coherence_places have found; the last store first.
extern event_ref coherence_options[MODEL_THREADS_MAX * EVENTS_MAX + 1];

// coherence_bound is the rank of the last store that whoever knows so much must not go behind.
uint32_t
coherence_bound(const location *l, model_clock known);

// coherence_is_replaced: whether a read-modify-write comes right behind store.
bool
coherence_is_replaced(const location *l, event_ref store, const uint16_t *kept);

event_ref
coherence_last(const location *l, const uint16_t *kept);

// coherence_stores are those of rank bound or more.
uint32_t
coherence_stores(const location *l, uint32_t bound, const uint16_t *kept);

// coherence_places are the stores right behind which a new one may come; of a read-modify-write (rmw) that is the store
// that it read, from, or none.
uint32_t
coherence_places(const location *l, uint32_t bound, const uint16_t *kept, bool rmw, event_ref from);

#endif
