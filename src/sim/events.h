// SPDX-License-Identifier: MIT
//
// events.h - what a trace holds, for those who tell it.

#ifndef ACTI_SIM_EVENTS_H
#define ACTI_SIM_EVENTS_H

#include "sim/trace.h"

#define ACTI_TRACE_NOBODY UINT32_MAX

// Of an actor, in the order in which they are first named.
typedef struct acti_traced_actor {
    const char *name;
    uint64_t id;
} acti_traced_actor;

typedef struct acti_traced_event {
    uint8_t what; // acti_trace_what
    bool forced;
    uint32_t step;
    uint32_t from; // actors, or NOBODY
    uint32_t to;
    uint64_t at_ns;
    uint64_t message;
    const char *text; // never NULL
} acti_traced_event;

typedef struct acti_trace_block acti_trace_block;

struct acti_trace {
    acti_traced_event *events;
    uint32_t event_count, event_room;
    acti_traced_actor *actors;
    uint32_t actor_count, actor_room;
    uint32_t *slots; // a hash table of actors' numbers, from 1; 0: free
    uint32_t slot_count;
    uint64_t lost;            // events that there was no memory for: the last ones
    acti_trace_block *blocks; // with names and texts, the newest first
    char *free_at;            // in the newest
    size_t free_size;
};

// acti_traced_number gives which of the actors with its name this one is, from 1; 0: it is the only one.
uint32_t
acti_traced_number(const acti_trace *trace, uint32_t actor);

#endif
