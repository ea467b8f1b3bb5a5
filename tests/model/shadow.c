// SPDX-License-Identifier: MIT
//
// shadow.c - races, initialisation, and the locations of atomics.
//
// Design notes. Of the touches of eight bytes those are kept that some later one could race with: a later touch of
// the same thread, kind and bytes stands for the one before it, since whatever comes after it comes after both.
//
// A location is an address and a generation. A plain store over an atomic (a lock that is made again, memory that
// becomes something else) ends a generation: if it does not race, all that the old one was happens before, and all
// that the new one will be happens after it, and its value is the initial value of the new one. What the generation
// is follows from what happens before, so it is the same when the graph is run again.

#include "shadow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "say.h"

#define TOUCHES 12
#define KEPT_MAX 262144

typedef struct cell {
    uint32_t serial; // the execution that the rest is of, but for
    uint32_t search; // the search that by_setup is of
    uint8_t by_setup; // what setup defined
    uint8_t defined;  // bytes that a plain write, setup or calloc gave a value
    bool kept;       // what was there before is on the list of what to give back
    uint8_t touched;
    uint8_t generation[2]; // of the location at the first and at the fifth byte
    uint16_t location[2];  // + 1; 0: not known yet
    touch touches[TOUCHES];
} cell;

typedef struct region {
    char *low;
    size_t size;
    cell *cells;
} region;

static region world;  // heaps and stacks
static region statics; // the data segment
extern char __data_start[], _end[];

static struct {
    uint64_t *at, was;
} kept[KEPT_MAX];
static uint32_t kept_count, kept_by_setup;

// Locations by address and generation, for all executions of a search.
static uint16_t by_address[LOCATIONS_MAX * 4]; // index + 1; open addressing
static uint32_t location_count;

// ---- cells -----------------------------------------------------------------------------

static cell *cells_for(size_t size)
{
    void *got = mmap(NULL, size / 8 * sizeof(cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                     -1, 0);
    if (got == MAP_FAILED)
        abort();
    return got;
}

static void prepare(void)
{
    if (world.low != NULL)
        return;
    world.low = heap_world(&world.size);
    world.cells = cells_for(world.size);
    statics.low = (char *)((uintptr_t)__data_start & ~(uintptr_t)7);
    statics.size = ((size_t)(_end - statics.low) + 7) & ~(size_t)7;
    statics.cells = cells_for(statics.size);
}

static void begin_cell(cell *c)
{
    if (c->search != run.search)
        c->by_setup = 0;
    else if (c->serial == run.search)
        c->by_setup = c->defined;
    c->search = run.search;
    c->serial = run.serial;
    c->defined = c->by_setup;
    c->kept = false;
    c->touched = 0;
    memset(c->generation, 0, sizeof(c->generation));
    memset(c->location, 0, sizeof(c->location));
}

// cell_of is NULL for memory that is not watched.
static inline cell *cell_of(uintptr_t at)
{
    const region *r = &world;
    if (at - (uintptr_t)r->low >= r->size) {
        r = &statics;
        if (at - (uintptr_t)r->low >= r->size)
            return NULL;
    }
    cell *c = &r->cells[(at - (uintptr_t)r->low) / 8];
    if (c->serial != run.serial)
        begin_cell(c);
    return c;
}

char *shadow_stack(uint32_t who)
{
    return world.low + world.size - (who + 1) * (size_t)SHADOW_STACK_BYTES;
}

static inline uint8_t mask_of(uintptr_t at, size_t size)
{
    return (uint8_t)(((1u << size) - 1) << (at & 7));
}

// ---- the life of an execution -------------------------------------------------------------

void shadow_fresh(void)
{
    prepare();
    memset(by_address, 0, sizeof(by_address));
    location_count = 0;
    heap_fresh();
}

static void give_back(uint32_t until)
{
    while (kept_count > until) {
        kept_count--;
        *kept[kept_count].at = kept[kept_count].was;
    }
}

void shadow_mark(void)
{
    kept_by_setup = kept_count;
    heap_mark();
}

void shadow_begin(void)
{
    heap_begin();
}

void shadow_end(void)
{
    give_back(kept_by_setup);
}

void shadow_forget(void)
{
    give_back(0);
}

static void keep(cell *c, uintptr_t at)
{
    if (c->kept || (at - (uintptr_t)statics.low >= statics.size && !heap_is_of_setup(at)))
        return;
    if (kept_count == KEPT_MAX)
        say_cut("more static variables are written than can be given back");
    c->kept = true;
    kept[kept_count].at = (uint64_t *)(at & ~(uintptr_t)7);
    kept[kept_count].was = *kept[kept_count].at;
    kept_count++;
}

void shadow_keep(void *at, size_t size)
{
    for (uintptr_t a = (uintptr_t)at & ~(uintptr_t)7; a < (uintptr_t)at + size; a += 8) {
        cell *c = cell_of(a);
        if (c != NULL)
            keep(c, a);
    }
}

// ---- races -----------------------------------------------------------------------------

static inline bool is_write(touch_kind kind)
{
    return kind == PLAIN_WRITE || kind == ATOMIC_WRITE || kind == FREES;
}

static inline bool is_atomic(touch_kind kind)
{
    return kind == ATOMIC_READ || kind == ATOMIC_WRITE;
}

// races: the two touch a byte, and one is a write, and one plain.
static inline bool races(const touch *was, const touch *now)
{
    return (was->bytes & now->bytes) != 0 && (is_write(was->kind) || is_write(now->kind)) &&
           !(is_atomic(was->kind) && is_atomic(now->kind)) && model_defect_now != MODEL_SEES_NO_RACES;
}

static void record(cell *c, uintptr_t at, touch now)
{
    const thread *t = run_thread();
    touch *last = &c->touches[0];
    if (c->touched == 1 && last->thread == now.thread && last->kind == now.kind && last->bytes == now.bytes) {
        *last = now; // most memory is touched by one thread, again and again
        return;
    }
    for (uint32_t i = 0; i < c->touched; i++) {
        touch *was = &c->touches[i];
        bool before = was->thread == now.thread || model_clock_has(t->known, was->thread, was->epoch);
        if (!before && races(was, &now))
            say_race("a race", (const void *)at, was, &now);
        bool same = was->thread == now.thread && was->kind == now.kind;
        if ((same || (before && now.kind == PLAIN_WRITE)) && (was->bytes & ~now.bytes) == 0)
            *was = c->touches[--c->touched], i--; // what would race with it races with this one, too
    }
    if (c->touched == TOUCHES)
        say_cut("eight bytes are touched by more than the explorer remembers");
    c->touches[c->touched++] = now;
}

static void end_generation(cell *c, uint8_t bytes)
{
    for (uint32_t half = 0; half < 2; half++)
        if (c->location[half] != 0 && (bytes & (half == 0 ? 0x0f : 0xf0)) != 0) {
            c->location[half] = 0;
            c->generation[half]++;
        }
}

static void plain(uintptr_t at, size_t size, touch_kind kind, const void *where)
{
    cell *c = cell_of(at);
    if (c == NULL)
        return;
    uint8_t bytes = mask_of(at, size);
    if (run_in_thread())
        record(c, at, (touch){where, (uint16_t)run_thread()->done, (uint8_t)run.self, bytes, kind});
    if (kind == PLAIN_WRITE) {
        keep(c, at);
        c->defined |= bytes;
        end_generation(c, bytes);
    }
}

void shadow_plain(const void *at, size_t size, bool writes, const void *where)
{
    if (!run.active)
        return;
    touch_kind kind = writes ? PLAIN_WRITE : PLAIN_READ;
    uintptr_t a = (uintptr_t)at, end = a + size;
    if (heap_holds(at))
        heap_check(at, size, where, kind);
    while (a < end) {
        size_t part = 8 - (a & 7) < end - a ? 8 - (a & 7) : end - a;
        plain(a, part, kind, where);
        a += part;
    }
}

void shadow_atomic(const void *at, uint32_t size, bool writes, const model_site *site)
{
    uintptr_t a = (uintptr_t)at;
    touch_kind kind = writes ? ATOMIC_WRITE : ATOMIC_READ;
    cell *c = cell_of(a);
    if (c != NULL)
        record(c, a, (touch){site, (uint16_t)run_thread()->done, (uint8_t)run.self, mask_of(a, size), kind});
}

void shadow_direct(const void *at, uint32_t size, bool writes)
{
    if (!run.active)
        return;
    if (heap_holds(at))
        heap_check(at, size, __builtin_return_address(0), writes ? ATOMIC_WRITE : ATOMIC_READ);
    cell *c = cell_of((uintptr_t)at);
    if (c != NULL && writes)
        c->defined |= mask_of((uintptr_t)at, size);
}

// ---- locations ---------------------------------------------------------------------------

static uint32_t find(void *at, uint32_t generation)
{
    uint64_t slot = (((uintptr_t)at ^ (uint64_t)generation << 56) * UINT64_C(0x9e3779b97f4a7c15)) >> 40;
    for (;; slot++) {
        uint16_t *entry = &by_address[slot % (sizeof(by_address) / sizeof(by_address[0]))];
        if (*entry == 0) {
            if (location_count == LOCATIONS_MAX)
                say_cut("more atomics than are explored");
            *entry = (uint16_t)++location_count;
            locations[*entry - 1].at = at;
            locations[*entry - 1].generation = generation;
            locations[*entry - 1].serial = 0;
        }
        const location *l = &locations[*entry - 1];
        if (l->at == at && l->generation == generation)
            return *entry - 1u;
    }
}

static void begin_location(location *l, uint32_t size, const cell *c)
{
    uint32_t narrow;
    l->size = size;
    l->serial = run.serial;
    l->count = 0;
    l->in_memory = EVENT_INITIAL;
    uint8_t bytes = mask_of((uintptr_t)l->at, l->size);
    l->undefined = heap_holds(l->at) && (c->defined & bytes) != bytes;
    memcpy(&narrow, l->at, sizeof(narrow));
    l->initial = narrow;
    if (l->size > sizeof(narrow))
        memcpy(&l->initial, l->at, sizeof(l->initial));
}

uint32_t shadow_location(const void *at, uint32_t size)
{
    cell *c = cell_of((uintptr_t)at);
    if (c == NULL)
        say_failure("an atomic at %p, which is neither static nor from model_alloc", at);
    if (heap_holds(at))
        heap_check(at, size, NULL, ATOMIC_READ);
    uint16_t *known = &c->location[((uintptr_t)at & 4) / 4];
    if (*known == 0)
        *known = (uint16_t)(find((void *)(uintptr_t)at, c->generation[((uintptr_t)at & 4) / 4]) + 1);
    location *l = &locations[*known - 1];
    if (l->serial != run.serial)
        begin_location(l, size, c);
    if (l->size != size)
        say_failure("the atomic at %p has two sizes", at);
    return *known - 1u;
}
