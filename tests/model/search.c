// SPDX-License-Identifier: MIT
//
// search.c - what may happen next, and which of it is still to be visited.
//
// Design notes
//
// MODEL_REDUCED visits each execution graph once. The execution at hand is gone on with at one thread until that has
// ended or waits, then at the next. A new read may read from each store that is there; a new store may take each
// place in the coherence order; one of these is gone on with, a graph for each other is kept for later. That leaves
// out the reads that read from a store which comes to the graph after them. So a new store is also given to each read
// of its location that is there already and does not lie in its own past: what was added after that read, and is not
// in the past of the store, is taken out of a copy of the graph, and the read then reads from the store.
//
// The same smaller graph would be come by from many larger ones. It is taken from one only: that in which all that is
// taken out was the plainest choice at the time it was added (maximal, below: a read of the last store, a store at
// the end, that none read that was there before). This is the way of Kokologiannakis, Marmanis, Gladstein and
// Vafeiadis, "Truly stateless, optimal dynamic partial order reduction" (POPL 2022).
//
// MODEL_FULL does without: at each step each thread may go on, and reads from what is there. It comes to every graph
// in each order in which its events can be done. tests/model/test_litmus.c holds both against each other.

#include <string.h>

#include "coherence.h"

static graph smaller; // a copy with events taken out

// ---- reads -------------------------------------------------------------------------------

// may_read: a wait takes what it waits for, or, MODEL_REDUCED, the last store: only such a read can be given another
// store later (see maximal). In MODEL_FULL the write of a read-modify-write follows at once and must be possible.
static bool may_read(const operation *a, const thread *t, event_ref store, event_ref last)
{
    uint64_t value = run_value(a->loc, store);
    if (model_defect_now == MODEL_READS_THE_LAST && store != last)
        return false;
    if (a->ready != NULL && !a->ready(value, a->arg))
        return !run.full && store == last;
    if (!run.full || a->kind == LOADS || (a->kind == COMPARES && (value != a->expected || t->spurious > 0)))
        return true;
    return !coherence_is_replaced(&locations[a->loc], store, run.g.count);
}

static uint32_t stores_to_read(const operation *a, const thread *t)
{
    const location *l = &locations[a->loc];
    uint32_t all = coherence_stores(l, coherence_bound(l, t->known), run.g.count), count = 0;
    event_ref last = coherence_options[0];
    for (uint32_t i = 0; i < all; i++)
        if (may_read(a, t, coherence_options[i], last))
            coherence_options[count++] = coherence_options[i];
    return count;
}

void search_read(const operation *a)
{
    uint32_t count = stores_to_read(a, run_thread());
    event e = {.kind = READ, .loc = (uint16_t)a->loc};
    for (uint32_t i = count; i-- > 1;) {
        e.from = coherence_options[i];
        graph_add(&run.g, run.self, e);
        graphs_push(&run.g, NEXT_ANY);
        graph_drop(&run.g, run.self);
    }
    e.from = coherence_options[0];
    graph_add(&run.g, run.self, e);
}

bool search_can_go(const thread *t)
{
    return t->op == NULL || stores_to_read(t->op, t) > 0;
}

void search_choice(uint32_t count)
{
    event e = {.kind = CHOICE};
    for (uint32_t i = count; i-- > 1;) {
        e.from = (event_ref)i;
        graph_add(&run.g, run.self, e);
        graphs_push(&run.g, NEXT_ANY);
        graph_drop(&run.g, run.self);
    }
    e.from = 0;
    graph_add(&run.g, run.self, e);
}

// ---- stores ------------------------------------------------------------------------------

static void put_behind(graph *g, const operation *a, event e, event_ref store)
{
    uint32_t rank = graph_rank(g, store);
    graph_make_room(g, a->loc, rank);
    e.rank = (uint16_t)(rank + 1);
    graph_add(g, run.self, e);
}

// Whether e was there before the event of that stamp, or is in the past of the new store.
static inline bool is_previous(event_ref r, uint32_t stamp)
{
    return graph_event(&run.g, r)->stamp <= stamp ||
           model_clock_has(run_thread()->causes, event_thread(r), event_index(r));
}

// maximal: whether an event that is to be taken out was the plainest choice among what was previous.
static bool maximal(event_ref r)
{
    const event *e = graph_event(&run.g, r);
    if (model_defect_now == MODEL_LOOKS_BACK_ALWAYS)
        return true;
    if (e->kind == CHOICE)
        return e->from == 0;
    const location *l = &locations[e->loc];
    uint32_t rank = e->kind == WRITE ? e->rank : graph_rank(&run.g, e->from);
    for (uint32_t i = 0; i < l->count; i++) {
        event_ref other = l->events[i];
        const event *o = graph_event(&run.g, other);
        if (o->kind == WRITE ? o->rank <= rank : e->kind != WRITE || o->from != r)
            continue;
        if (is_previous(other, e->stamp))
            return false;
    }
    return true;
}

// keep says how many events of each thread stay when read is given the new store; false: that graph comes
// from elsewhere.
static bool keep(event_ref read, uint16_t *kept)
{
    uint32_t stamp = graph_event(&run.g, read)->stamp;
    if (!maximal(read))
        return false;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        kept[t] = 0;
        while (kept[t] < run.g.count[t] && is_previous(event_ref_of(t, kept[t]), stamp))
            kept[t]++;
        for (uint32_t i = kept[t]; i < run.g.count[t]; i++)
            if (!maximal(event_ref_of(t, i)))
                return false;
    }
    return true;
}

static void copy_kept(const uint16_t *kept)
{
    smaller.stamps = run.g.stamps;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        smaller.count[t] = kept[t];
        memcpy(smaller.events[t], run.g.events[t], kept[t] * sizeof(event));
    }
}

// give lets read, which is there already, read from the new store instead.
static void give(event_ref read, const operation *a, uint64_t value, event e)
{
    const location *l = &locations[a->loc];
    uint16_t kept[MODEL_THREADS_MAX];
    if (!keep(read, kept))
        return;
    uint32_t bound = coherence_bound(l, run_thread()->known), of_read = coherence_bound(l, run_executed(read)->before);
    uint32_t count = coherence_places(l, bound, kept, e.rmw, e.from);
    uint32_t last = graph_rank(&run.g, coherence_last(l, kept));
    const operation *waits = run_executed(read)->waits;
    bool in_vain = waits != NULL && !waits->ready(value, waits->arg);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rank = graph_rank(&run.g, coherence_options[i]);
        // A read that waits and is given what it does not wait for must at least read the last store: see may_read.
        if (rank < of_read || (in_vain && rank != last))
            continue;
        copy_kept(kept);
        put_behind(&smaller, a, e, coherence_options[i]);
        graph_event(&smaller, read)->from = event_ref_of(run.self, run_thread()->done);
        graphs_push(&smaller, NEXT_ANY);
    }
}

void search_write(const operation *a, uint64_t value, bool rmw, event_ref from)
{
    const location *l = &locations[a->loc];
    const thread *t = run_thread();
    event e = {.kind = WRITE, .rmw = rmw, .loc = (uint16_t)a->loc, .from = from};
    bool looks_back = !run.full && model_defect_now != MODEL_LOOKS_BACK_NEVER;
    for (uint32_t i = 0; i < l->count && looks_back; i++) {
        event_ref r = l->events[i];
        if (graph_event(&run.g, r)->kind == READ && !model_clock_has(t->causes, event_thread(r), event_index(r)))
            give(r, a, value, e);
    }

    uint32_t count = coherence_places(l, coherence_bound(l, t->known), run.g.count, rmw, from);
    if (count == 0)
        run_stop(DROPPED); // two read-modify-writes of one store: only one of them can come right behind it
    for (uint32_t i = count; i-- > 1;) {
        copy_kept(run.g.count);
        put_behind(&smaller, a, e, coherence_options[i]);
        graphs_push(&smaller, NEXT_ANY);
    }
    put_behind(&run.g, a, e, coherence_options[0]);
}

// ---- threads -----------------------------------------------------------------------------

// waits_in_vain: whether a thread that looks at the last store now does not find what it waits for.
static bool waits_in_vain(const thread *t)
{
    const operation *op = t->op;
    if (op == NULL || op->ready == NULL)
        return false;
    return !op->ready(run_value(op->loc, coherence_last(&locations[op->loc], run.g.count)), op->arg);
}

// A wait may have found an older store, but it also may have seen the last one; nobody else changes that.
static bool all_wait_in_vain(void)
{
    bool any = false;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        if (run.threads[t].state == READY && !waits_in_vain(&run.threads[t]))
            return false;
        any = any || run.threads[t].state == READY;
    }
    return any;
}

uint32_t search_next(uint32_t next)
{
    if (all_wait_in_vain())
        return NOBODY;
    uint32_t chosen = NOBODY;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        thread *th = &run.threads[t];
        if (th->state != READY || !search_can_go(th) || (next != NEXT_ANY && t != next))
            continue;
        if (chosen == NOBODY)
            chosen = t;
        else
            graphs_push(&run.g, t);
    }
    return chosen;
}
