// SPDX-License-Identifier: MIT
//
// graph.h - an execution graph: what has to be decided so that an execution can be run again.
//
// The threads of a scenario do the same again when they read the same. So an execution is determined by the events of
// each thread in their order, by the store that each read takes its value from, and by the order of the stores to
// each location (the coherence order). Nothing else is kept of an execution that is to be gone on with later.
//
// stamp says when an event was added. It is not an order in which the events can be run: a read that was made to read
// from a later store keeps its stamp.

#ifndef MODEL_GRAPH_H
#define MODEL_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "explorer.h"

#define EVENTS_MAX 250 // of one thread; more is a cut
#define LOCATIONS_MAX 2048

typedef enum event_kind { READ, WRITE, CHOICE } event_kind;

// A reference to an event: thread and index.
typedef uint16_t event_ref;
#define EVENT_INITIAL ((event_ref)0xffff) // no event: what the location had before the threads
static inline event_ref event_ref_of(uint32_t thread, uint32_t index)
{
    return (event_ref)(thread << 8 | index);
}
static inline uint32_t event_thread(event_ref r)
{
    return r >> 8;
}
static inline uint32_t event_index(event_ref r)
{
    return r & 0xff;
}

typedef struct event {
    uint8_t kind;
    bool rmw;       // WRITE: of a read-modify-write: it comes right behind the store in from
    uint16_t loc;   // index of the location; not of a CHOICE
    event_ref from; // READ, and WRITE with rmw: the store read; CHOICE: what was chosen
    uint16_t rank;  // WRITE: place in the coherence order, from 1 on, with gaps; the initial value has 0
    uint16_t stamp;
} event;

typedef struct graph {
    uint16_t stamps;
    uint16_t count[MODEL_THREADS_MAX];
    event events[MODEL_THREADS_MAX][EVENTS_MAX];
} graph;

static inline event *graph_event(graph *g, event_ref r)
{
    return &g->events[event_thread(r)][event_index(r)];
}
static inline uint32_t graph_rank(graph *g, event_ref store)
{
    return store == EVENT_INITIAL ? 0 : graph_event(g, store)->rank;
}

// graph_add appends an event to a thread.
event *
graph_add(graph *g, uint32_t thread, event e);

// graph_drop takes back what graph_add has just appended.
void
graph_drop(graph *g, uint32_t thread);

// graph_make_room moves every store to loc that is behind rank one further back.
void
graph_make_room(graph *g, uint32_t loc, uint32_t rank);

// graph_hash is equal for equal graphs, however they were come by.
uint64_t
graph_hash(graph *g);

// ---- pending graphs, last in, first out -------------------------------------------

// A pending graph may say which thread goes on first; NEXT_ANY: the search knows.
#define NEXT_ANY 0xff

// graphs_push keeps a copy of g.
void
graphs_push(const graph *g, uint32_t next);
bool
graphs_pop(graph *g, uint32_t *next);
void
graphs_clear(void);

#endif
