// SPDX-License-Identifier: MIT
//
// graph.c - execution graphs, and the stack of those that are still to be visited.

#include "graph.h"

#include <stdlib.h>
#include <string.h>

event *graph_add(graph *g, uint32_t thread, event e)
{
    event *added = &g->events[thread][g->count[thread]++];
    *added = e;
    added->stamp = g->stamps++;
    return added;
}

void graph_drop(graph *g, uint32_t thread)
{
    g->count[thread]--;
    g->stamps--;
}

void graph_make_room(graph *g, uint32_t loc, uint32_t rank)
{
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++)
        for (uint32_t i = 0; i < g->count[t]; i++) {
            event *e = &g->events[t][i];
            if (e->kind == WRITE && e->loc == loc && e->rank > rank)
                e->rank++;
        }
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

// The place among the stores to the same location, without the gaps.
static uint32_t place(const graph *g, const event *store)
{
    uint32_t before = 0;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++)
        for (uint32_t i = 0; i < g->count[t]; i++) {
            const event *e = &g->events[t][i];
            before += e->kind == WRITE && e->loc == store->loc && e->rank < store->rank;
        }
    return before;
}

uint64_t graph_hash(graph *g)
{
    uint64_t h = 0;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        h = mix(h, g->count[t]);
        for (uint32_t i = 0; i < g->count[t]; i++) {
            const event *e = &g->events[t][i];
            uint64_t decided = e->kind == WRITE ? place(g, e) : e->from;
            h = mix(h, (uint64_t)e->kind << 48 | (uint64_t)e->loc << 32 | decided);
        }
    }
    return h;
}

// ---- pending graphs -----------------------------------------------------------------

// One block of memory that grows: the events of a graph thread by thread, and behind them this.
typedef struct tail {
    uint16_t stamps;
    uint16_t count[MODEL_THREADS_MAX];
    uint16_t next;
} tail;

static struct {
    char *bytes;
    size_t size, used;
} pending;

static void put(const void *from, size_t size)
{
    memcpy(pending.bytes + pending.used, from, size);
    pending.used += size;
}

static void get(void *to, size_t size)
{
    pending.used -= size;
    memcpy(to, pending.bytes + pending.used, size);
}

void graphs_push(const graph *g, uint32_t next)
{
    if (pending.size - pending.used < sizeof(*g)) {
        pending.size = pending.size * 2 + sizeof(*g);
        pending.bytes = realloc(pending.bytes, pending.size);
        if (pending.bytes == NULL)
            abort();
    }
    tail end = {.stamps = g->stamps, .next = (uint16_t)next};
    memcpy(end.count, g->count, sizeof(end.count));
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++)
        put(g->events[t], g->count[t] * sizeof(event));
    put(&end, sizeof(end));
}

bool graphs_pop(graph *g, uint32_t *next)
{
    if (pending.used == 0)
        return false;
    tail end;
    get(&end, sizeof(end));
    *next = end.next;
    g->stamps = end.stamps;
    memcpy(g->count, end.count, sizeof(end.count));
    for (uint32_t t = MODEL_THREADS_MAX; t-- > 0;)
        get(g->events[t], g->count[t] * sizeof(event));
    return true;
}

void graphs_clear(void)
{
    pending.used = 0;
}
