// SPDX-License-Identifier: MIT
//
// bench_spawn.c - what an actor costs: to make it, give it one message and see it end; and while it is idle.

#include "bench_core.h"

#define IDLE_HANDLERS 100000
#define IDLE_BODIES 10000 // a process may have 65,530 mappings, and a stack is two of them

// ---- an actor, a message to it, and its end ------------------------------------------

typedef struct parent {
    int64_t children;
    acta_tx *to_parent; // fork_join: what is duplicated for each child
} parent;

static int once_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

static int spawner_body(acta_self *self, void *arg)
{
    const parent *p = arg;
    for (int64_t left = p->children; left > 0; left--) {
        acta_tx *tx;
        bench_spawn_actor(acta_system_of(self), &tx, .handler = once_handler);
        bench_need(acta_finish(&tx, ball, .left = left) == ACTA_OK, "a message was not accepted");
    }
    return ACTA_OK;
}

// A child holds a sender to its parent for as long as it lives, and never sends anything: its end is its report.
static int child_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    acta_tx *to_parent = arg;
    if (m == NULL)
        acta_tx_drop(&to_parent);
    return ACTA_OK;
}

static int forker_body(acta_self *self, void *arg)
{
    parent *p = arg;
    acta_msg *m = acta_recv(self); // the start: to_parent is known now
    acta_msg_free(&m);
    for (int64_t left = p->children; left > 0; left--) {
        acta_tx *tx;
        bench_spawn_actor(acta_system_of(self), &tx, .handler = child_handler, .arg = acta_tx_dup(p->to_parent));
        bench_need(acta_finish(&tx, ball, .left = left) == ACTA_OK, "a message was not accepted");
    }
    acta_tx_drop(&p->to_parent);
    m = acta_recv(self); // the join: its EOF comes when the last child has gone
    bench_need(m == NULL, "a child has sent something");
    return acta_eof(self);
}

double spawn(acta_system *sys, int64_t part)
{
    static parent p;
    p = (parent){.children = 1000000 / part};
    acta_tx *tx;
    double from = bench_now_ns();
    bench_spawn_actor(sys, &tx, .body = spawner_body, .arg = &p, .name = "spawner");
    acta_tx_drop(&tx);
    bench_close(sys);
    return (bench_now_ns() - from) / (double)p.children;
}

double fork_join(acta_system *sys, int64_t part)
{
    static parent p;
    p = (parent){.children = 1000000 / part};
    acta_tx *tx;
    bench_spawn_actor(sys, &tx, .body = forker_body, .arg = &p, .name = "parent");
    p.to_parent = acta_tx_dup(tx);
    double from = bench_now_ns();
    bench_need(acta_finish(&tx, done) == ACTA_OK, "the start was not accepted");
    bench_close(sys);
    return (bench_now_ns() - from) / (double)p.children;
}

// ---- doing nothing -----------------------------------------------------------------------

static int waiting_body(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL)
        acta_msg_free(&m);
    return ACTA_OK;
}

// idle makes actors and gives the memory for each, once all have handled a message: what they need only when they run
// is there by then. Few messages are on their way at a time, so that their memory is next to nothing.
static double idle(acta_system *sys, const acta_spawn_opts *opts, int64_t count)
{
    static acta_tx *all[IDLE_HANDLERS];
    for (int64_t i = 0; i < IDLE_HANDLERS; i++)
        all[i] = NULL; // touches the table
    double before = bench_resident_bytes();
    for (int64_t i = 0; i < count; i++) {
        bench_need(acta_spawn_with(sys, opts, &all[i]) == ACTA_OK, "spawn failed");
        bench_send(all[i], done);
        acta_ledger l = {0};
        while ((i % 64 == 63 || i + 1 == count) && l.handled <= (uint64_t)i)
            acta_ledger_read(sys, &l);
    }
    double after = bench_resident_bytes();
    for (int64_t i = 0; i < count; i++)
        acta_tx_drop(&all[i]);
    bench_close(sys);
    return (after - before) / (double)count;
}

double idle_handler(acta_system *sys, int64_t part)
{
    return idle(sys, &(acta_spawn_opts){.handler = once_handler}, IDLE_HANDLERS / part);
}

double idle_body(acta_system *sys, int64_t part)
{
    return idle(sys, &(acta_spawn_opts){.body = waiting_body}, IDLE_BODIES / part);
}
