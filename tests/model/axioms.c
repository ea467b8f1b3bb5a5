// SPDX-License-Identifier: MIT
//
// axioms.c - the memory model once more, as axioms over relations, and by trying everything. It shares nothing with the
// explorer: no clocks, no order of execution.
//
//     sw  = release store ; the read-modify-writes that go on from it ; read by an acquire
//     hb  = (po U sw)+
//     eco = (rf U co U fr)+,  fr = rf^-1 ; co
//
//     hb ; eco? is irreflexive            nobody goes back
//     nothing comes between the read and the write of a read-modify-write in co
//     po U rf has no cycle                no value comes out of itself

#include "axioms.h"

#include <string.h>

#define EVENTS (PROGRAM_LOCATIONS + 2 * PROGRAM_OPS_MAX)

// A set of events, and a relation: for each event the set of those that it leads to.
typedef uint32_t events_set;
typedef struct relation {
    events_set to[EVENTS];
} relation;

typedef struct candidate {
    uint32_t count;
    bool writes[EVENTS];
    bool initial[EVENTS];
    uint32_t thread[EVENTS], location[EVENTS];
    model_order order[EVENTS];
    uint32_t read_of[EVENTS]; // of the write of a read-modify-write: its read; else itself
    uint32_t from[EVENTS];    // of a read: the write
    uint32_t place[EVENTS];   // of a write: in co
} candidate;

static uint64_t with_reads(candidate *c, uint32_t read);

static uint32_t add(candidate *c, bool writes, uint32_t thread, uint32_t location, model_order order)
{
    uint32_t e = c->count++;
    c->writes[e] = writes;
    c->thread[e] = thread;
    c->location[e] = location;
    c->order[e] = order;
    c->read_of[e] = e;
    return e;
}

uint64_t axioms_count(const program *p)
{
    candidate c = {0};
    for (uint32_t l = 0; l < PROGRAM_LOCATIONS; l++)
        c.initial[add(&c, true, MODEL_THREADS_MAX, l, MODEL_RELAXED)] = true;
    for (uint32_t i = 0; i < p->count; i++) {
        const program_op *op = &p->ops[i];
        uint32_t read = 0;
        if (op->kind != STORE)
            read = add(&c, false, op->thread, op->location, op->order);
        if (op->kind != LOAD) {
            uint32_t write = add(&c, true, op->thread, op->location, op->order);
            if (op->kind == SWAP)
                c.read_of[write] = read;
        }
    }
    return with_reads(&c, 0);
}

// ---- relations -----------------------------------------------------------------------

static void close_over(relation *r, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < count; i++)
            if (r->to[i] >> k & 1)
                r->to[i] |= r->to[k];
}

static bool has_cycle(const relation *closed, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (closed->to[i] >> i & 1)
            return true;
    return false;
}

static relation program_order(const candidate *c)
{
    relation po = {{0}};
    for (uint32_t i = 0; i < c->count; i++)
        for (uint32_t k = i + 1; k < c->count; k++)
            if ((c->initial[i] && !c->initial[k]) || (!c->initial[i] && c->thread[i] == c->thread[k]))
                po.to[i] |= 1u << k;
    return po;
}

// What an acquire reads from, and what that goes on from.
static void add_synchronisation(const candidate *c, relation *hb)
{
    for (uint32_t r = 0; r < c->count; r++) {
        if (c->writes[r] || (c->order[r] & MODEL_ACQUIRE) == 0)
            continue;
        for (uint32_t w = c->from[r];; w = c->from[c->read_of[w]]) {
            if ((c->order[w] & MODEL_RELEASE) != 0)
                hb->to[w] |= 1u << r;
            if (c->read_of[w] == w)
                break;
        }
    }
}

static relation communication(const candidate *c)
{
    relation eco = {{0}};
    for (uint32_t i = 0; i < c->count; i++)
        for (uint32_t k = 0; k < c->count; k++) {
            if (c->location[i] != c->location[k] || i == k)
                continue;
            if (c->writes[i] && !c->writes[k] && c->from[k] == i)
                eco.to[i] |= 1u << k;
            if (c->writes[k] && c->place[c->writes[i] ? i : c->from[i]] < c->place[k])
                eco.to[i] |= 1u << k;
        }
    close_over(&eco, c->count);
    return eco;
}

static bool is_consistent(const candidate *c)
{
    for (uint32_t w = 0; w < c->count; w++)
        if (c->read_of[w] != w && c->place[c->from[c->read_of[w]]] + 1 != c->place[w])
            return false;

    relation hb = program_order(c), causes = hb;
    for (uint32_t r = 0; r < c->count; r++)
        if (!c->writes[r])
            causes.to[c->from[r]] |= 1u << r;
    close_over(&causes, c->count);
    if (has_cycle(&causes, c->count))
        return false;

    add_synchronisation(c, &hb);
    close_over(&hb, c->count);
    relation eco = communication(c);
    for (uint32_t i = 0; i < c->count; i++)
        for (uint32_t k = 0; k < c->count; k++)
            if ((hb.to[i] >> k & 1) && (i == k || (eco.to[k] >> i & 1)))
                return false;
    return true;
}

// ---- all candidates --------------------------------------------------------------------

// with_places gives the writes from write on every place behind the initial one of their location.
static uint64_t with_places(candidate *c, uint32_t write)
{
    while (write < c->count && (!c->writes[write] || c->initial[write]))
        write++;
    if (write == c->count)
        return is_consistent(c);

    uint32_t writes = 0;
    events_set taken = 0;
    for (uint32_t i = 0; i < c->count; i++)
        if (c->writes[i] && !c->initial[i] && c->location[i] == c->location[write]) {
            writes++;
            if (i < write)
                taken |= 1u << c->place[i];
        }
    uint64_t count = 0;
    for (uint32_t place = 1; place <= writes; place++)
        if ((taken >> place & 1) == 0) {
            c->place[write] = place;
            count += with_places(c, write + 1);
        }
    return count;
}

// with_reads lets the reads from read on read from every write of their location.
static uint64_t with_reads(candidate *c, uint32_t read)
{
    while (read < c->count && c->writes[read])
        read++;
    if (read == c->count)
        return with_places(c, 0);

    uint64_t count = 0;
    for (uint32_t w = 0; w < c->count; w++)
        if (c->writes[w] && c->location[w] == c->location[read] && c->read_of[w] != read) {
            c->from[read] = w;
            count += with_reads(c, read + 1);
        }
    return count;
}
