// SPDX-License-Identifier: MIT
//
// memory.c - what the atomic operations mean.
//
// Design notes. The model is C11's for relaxed, acquire and release, as in RC11:
//
//   - Happens-before is program order and synchronises-with, closed. A vector clock per thread is all of it: the
//     event i of thread t happens before what comes next in a thread if its clock knows more than i events of t.
//   - A read may take its value from any store to the location that is not older, in coherence order, than a store
//     that happens before it, or than one that a read which happens before it has read.
//   - A store may be placed anywhere in coherence order behind those; a read-modify-write only right behind the store
//     that it read. So two stores to each of two locations may be seen in contrary orders (2+2W).
//   - An acquire learns what the store released that it reads from. Only read-modify-writes continue a release
//     sequence, as from C++20 on; in C11 later plain stores of the same thread did so, too. What holds here holds
//     there.
//   - Program order and reads-from form no cycle, as in RC11, so load buffering is not shown: an execution is found by
//     running threads, and a value cannot come from a store that has not been run. C11 as written allows the cycle,
//     and with it values out of thin air; some processors may let a load be overtaken by a later store of its own
//     thread. A program whose only fault needs that is not found to be wrong.
//   - A failed compare-and-swap is a relaxed read. It is weak: it may fail although it could succeed (spurious_max).
//   - There is no sequentially consistent order, as the code has none.
//
// Before and after the threads, memory is plain memory: setup and check run alone.

#include "run.h"
#include "say.h"
#include "shadow.h"

static uint64_t raw_read(const void *at, uint32_t size)
{
    uint32_t narrow;
    uint64_t wide;
    if (size == sizeof(narrow)) {
        memcpy(&narrow, at, sizeof(narrow));
        return narrow;
    }
    memcpy(&wide, at, sizeof(wide));
    return wide;
}

static void raw_write(void *at, uint32_t size, uint64_t v)
{
    shadow_keep(at, size);
    uint32_t narrow = (uint32_t)v;
    if (size == sizeof(narrow))
        memcpy(at, &narrow, sizeof(narrow));
    else
        memcpy(at, &v, sizeof(v));
}

uint64_t run_value(uint32_t loc, event_ref store)
{
    return store == EVENT_INITIAL ? locations[loc].initial : run_executed(store)->value;
}

// ---- one event ---------------------------------------------------------------------

static event *known_event(const operation *a, event_kind kind)
{
    event *e = &run.g.events[run.self][run_thread()->done];
    if (e->kind != kind || e->loc != a->loc)
        say_failure("the scenario did not do again what it did before: it depends on what the explorer cannot see");
    return e;
}

static void note(const operation *a)
{
    location *l = &locations[a->loc];
    l->events[l->count++] = event_ref_of(run.self, run_thread()->done);
}

event_ref run_read(const operation *a)
{
    run_turn(true, a);
    thread *t = run_thread();
    if (t->done == run.g.count[run.self])
        search_read(a);
    else
        run.left--;
    const event *e = known_event(a, READ);
    event_ref from = e->from;
    if (from == EVENT_INITIAL) {
        if (locations[a->loc].undefined)
            say_undefined(a->site);
    } else {
        t->causes = model_clock_join(t->causes, run_executed(from)->causes);
        t->fence_acquires = model_clock_join(t->fence_acquires, run_executed(from)->released);
    }
    note(a);
    run_did(0, a->site, run_value(a->loc, from));
    return from;
}

void run_acquire(event_ref from, model_order order)
{
    bool acquires = (order & MODEL_ACQUIRE) != 0;
    if (model_defect_now == MODEL_NEVER_ACQUIRES || model_defect_now == MODEL_ALWAYS_ACQUIRES)
        acquires = model_defect_now == MODEL_ALWAYS_ACQUIRES;
    if (acquires && from != EVENT_INITIAL)
        run_thread()->known = model_clock_join(run_thread()->known, run_executed(from)->released);
}

void run_write(const operation *a, uint64_t value, event_ref from, model_order order)
{
    bool rmw = a->kind != LOADS;
    run_turn(!rmw, NULL);
    thread *t = run_thread();
    if (t->done == run.g.count[run.self])
        search_write(a, value, rmw, from);
    else
        run.left--;
    (void)known_event(a, WRITE);

    model_clock released = t->fence_released;
    if ((order & MODEL_RELEASE) != 0)
        released = model_clock_with(t->known, run.self, t->done + 1);
    if (rmw && from != EVENT_INITIAL && model_defect_now != MODEL_ENDS_SEQUENCES)
        released = model_clock_join(released, run_executed(from)->released);

    location *l = &locations[a->loc];
    event_ref self = event_ref_of(run.self, t->done);
    if (graph_rank(&run.g, l->in_memory) <= graph_rank(&run.g, self)) {
        raw_write(l->at, l->size, value);
        l->in_memory = self;
    }
    note(a);
    run_did(released, a->site, value);
}

// ---- the operations ------------------------------------------------------------------

uint64_t model_load(const void *at, uint32_t size, model_site *site)
{
    if (!run_in_thread()) {
        shadow_direct(at, size, false);
        return raw_read(at, size);
    }
    site->hits++;
    operation a = {.loc = shadow_location(at, size), .site = site, .kind = LOADS};
    event_ref from = run_read(&a);
    run_acquire(from, site->in_force);
    shadow_atomic(at, size, false, site);
    return run_value(a.loc, from);
}

uint64_t model_await(const void *at, uint32_t size, bool (*ready)(uint64_t value, void *arg), void *arg,
                     model_site *site)
{
    site->hits++;
    operation a = {.loc = shadow_location(at, size), .site = site, .kind = LOADS, .ready = ready, .arg = arg};
    event_ref from = run_read(&a);
    uint64_t value = run_value(a.loc, from);
    if (!ready(value, arg))
        run_block(&a);
    run_acquire(from, site->in_force);
    shadow_atomic(at, size, false, site);
    return value;
}

void model_store(void *at, uint32_t size, uint64_t v, model_site *site)
{
    if (!run_in_thread()) {
        shadow_direct(at, size, true);
        raw_write(at, size, v);
        return;
    }
    site->hits++;
    operation a = {.loc = shadow_location(at, size), .site = site, .kind = LOADS};
    shadow_atomic(at, size, true, site);
    run_write(&a, v, EVENT_INITIAL, site->in_force);
}

static uint64_t changed(model_rmw_kind kind, uint64_t seen, uint64_t v)
{
    switch (kind) {
    case MODEL_SWAP:
        return v;
    case MODEL_ADD:
        return seen + v;
    case MODEL_SUB:
        return seen - v;
    case MODEL_OR:
        return seen | v;
    }
    return v;
}

static uint64_t cut_to(uint32_t size, uint64_t v)
{
    return size == sizeof(uint32_t) ? (uint32_t)v : v;
}

uint64_t model_rmw(void *at, uint32_t size, model_rmw_kind kind, uint64_t v, model_site *site)
{
    if (!run_in_thread()) {
        shadow_direct(at, size, true);
        uint64_t seen = raw_read(at, size);
        raw_write(at, size, cut_to(size, changed(kind, seen, v)));
        return seen;
    }
    site->hits++;
    operation a = {.loc = shadow_location(at, size), .site = site, .kind = SWAPS};
    event_ref from = run_read(&a);
    uint64_t seen = run_value(a.loc, from);
    run_acquire(from, site->in_force);
    shadow_atomic(at, size, true, site);
    run_amid(true);
    run_write(&a, cut_to(size, changed(kind, seen, v)), from, site->in_force);
    run_amid(false);
    return seen;
}

static void set_seen(void *seen, uint32_t size, uint64_t v, const void *where)
{
    shadow_plain(seen, size, true, where);
    uint32_t narrow = (uint32_t)v;
    if (size == sizeof(narrow))
        memcpy(seen, &narrow, sizeof(narrow));
    else
        memcpy(seen, &v, sizeof(v));
}

// Whether a weak compare-and-swap that could succeed fails.
static bool fails_for_nothing(void)
{
    thread *t = run_thread();
    if (t->spurious == 0 || run_choose(2, false) == 0)
        return false;
    t->spurious--;
    return true;
}

bool model_cas(void *at, uint32_t size, void *seen, uint64_t v, model_site *site)
{
    shadow_plain(seen, size, false, __builtin_return_address(0));
    uint64_t expected = raw_read(seen, size);
    if (!run_in_thread()) {
        shadow_direct(at, size, true);
        uint64_t found = raw_read(at, size);
        if (found == expected)
            raw_write(at, size, v);
        else
            set_seen(seen, size, found, __builtin_return_address(0));
        return found == expected;
    }
    site->hits++;
    operation a = {.loc = shadow_location(at, size), .site = site, .kind = COMPARES, .expected = expected};
    event_ref from = run_read(&a);
    uint64_t found = run_value(a.loc, from);
    bool done = found == expected;
    if (done) {
        run_amid(true);
        done = !fails_for_nothing();
        if (done) {
            run_acquire(from, site->in_force);
            shadow_atomic(at, size, true, site);
            run_write(&a, v, from, site->in_force);
        }
        run_amid(false);
    }
    if (!done) {
        shadow_atomic(at, size, false, site);
        set_seen(seen, size, found, __builtin_return_address(0));
    }
    return done;
}

void model_fence(model_site *site)
{
    if (!run_in_thread())
        return;
    site->hits++;
    thread *t = run_thread();
    if ((site->in_force & MODEL_ACQUIRE) != 0)
        t->known = model_clock_join(t->known, t->fence_acquires);
    if ((site->in_force & MODEL_RELEASE) != 0)
        t->fence_released = t->known;
}
