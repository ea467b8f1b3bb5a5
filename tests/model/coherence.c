// SPDX-License-Identifier: MIT
//
// coherence.c - which stores a read may read from, and which places a store may take. All of it looks at the events of
// one location, which are few.

#include "coherence.h"

event_ref coherence_options[MODEL_THREADS_MAX * EVENTS_MAX + 1];

static inline bool within(const uint16_t *kept, event_ref r)
{
    return event_index(r) < kept[event_thread(r)];
}

uint32_t coherence_bound(const location *l, model_clock known)
{
    uint32_t bound = 0;
    if (model_defect_now == MODEL_FORGETS_ORDER)
        return 0;
    for (uint32_t i = 0; i < l->count; i++) {
        event_ref r = l->events[i];
        if (!model_clock_has(known, event_thread(r), event_index(r)))
            continue;
        const event *e = graph_event(&run.g, r);
        uint32_t rank = e->kind == WRITE ? e->rank : graph_rank(&run.g, e->from);
        bound = rank > bound ? rank : bound;
    }
    return bound;
}

bool coherence_is_replaced(const location *l, event_ref store, const uint16_t *kept)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const event *e = graph_event(&run.g, l->events[i]);
        if (e->kind == WRITE && e->rmw && e->from == store && within(kept, l->events[i]))
            return true;
    }
    return false;
}

event_ref coherence_last(const location *l, const uint16_t *kept)
{
    event_ref last = EVENT_INITIAL;
    for (uint32_t i = 0; i < l->count; i++) {
        event_ref r = l->events[i];
        if (graph_event(&run.g, r)->kind == WRITE && within(kept, r) &&
            graph_rank(&run.g, r) > graph_rank(&run.g, last))
            last = r;
    }
    return last;
}

uint32_t coherence_stores(const location *l, uint32_t bound, const uint16_t *kept)
{
    uint32_t count = 0;
    coherence_options[count++] = coherence_last(l, kept);
    for (uint32_t i = 0; i < l->count; i++) {
        event_ref r = l->events[i];
        if (graph_event(&run.g, r)->kind == WRITE && within(kept, r) && r != coherence_options[0] &&
            graph_rank(&run.g, r) >= bound)
            coherence_options[count++] = r;
    }
    if (bound == 0 && coherence_options[0] != EVENT_INITIAL)
        coherence_options[count++] = EVENT_INITIAL;
    return count;
}

uint32_t coherence_places(const location *l, uint32_t bound, const uint16_t *kept, bool rmw, event_ref from)
{
    uint32_t count = 0;
    if (rmw) {
        coherence_options[0] = from;
        return coherence_is_replaced(l, from, kept) ? 0 : 1;
    }
    uint32_t all = coherence_stores(l, bound, kept);
    if (model_defect_now == MODEL_STORES_AT_THE_END)
        return 1;
    for (uint32_t i = 0; i < all; i++)
        if (!coherence_is_replaced(l, coherence_options[i], kept))
            coherence_options[count++] = coherence_options[i];
    return count;
}
