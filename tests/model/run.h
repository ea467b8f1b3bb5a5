// SPDX-License-Identifier: MIT
//
// run.h - one execution: the threads of a scenario as coroutines, first through the events that a graph has already,
// then on.
//
//     FRESH --> READY <--> asked for a turn   (run_turn: not its time yet)
//               READY --> BLOCKED             (it waits for a value that this execution does not give it)
//               READY --> ENDED
//
// A graph is run again by letting each thread do its events as soon as the store that it reads from has been done.
// What the events mean (values, who happens before whom) comes out of that again, and is not kept in the graph.

#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <setjmp.h>

#include "base/fiber_context.h"
#include "graph.h"

#define NOBODY MODEL_THREADS_MAX // setup and check

// What a thread is about to do at one location.
typedef struct operation {
    uint32_t loc;
    model_site *site;
    enum { LOADS, SWAPS, COMPARES } kind;
    uint64_t expected;                          // COMPARES
    bool (*ready)(uint64_t value, void *arg); // or NULL; it waits for such a value
    void *arg;
} operation;

typedef struct executed {
    uint64_t value;
    model_clock before;   // what happens before it
    model_clock causes;   // what it depends on, itself included: program order and reads-from
    model_clock released; // of a store: what an acquiring read of it learns
    const operation *waits;  // of a read that found nothing ready, while its thread waits there
    const model_site *site;
} executed;

typedef enum thread_state { FRESH, READY, BLOCKED, ENDED } thread_state;

typedef struct thread {
    acti_context at;
    thread_state state;
    bool asks;         // it waits for its turn to begin an operation that the graph does not have
    bool amid;         // between the read and the write of one operation
    uint32_t done;     // events
    uint32_t spurious; // how often it may still go on for no reason
    bool timed;        // it sleeps with a deadline: that it is not woken is no deadlock
    const operation *op;  // what it asks for; NULL: a choice or a plain store, which can always be done
    model_clock known; // what happens before its next event
    model_clock causes;
    model_clock fence_acquires; // what an acquire fence would learn
    model_clock fence_released; // what the last release fence released
} thread;

// A location of this execution, and of those to come: an address and how often it was made anew by plain stores.
typedef struct location {
    void *at;
    uint32_t size;
    uint32_t generation;
    uint32_t serial;     // the execution that the rest is of
    bool undefined;      // nobody has initialised it
    uint64_t initial;
    event_ref in_memory; // the store whose value lies there for plain reads: the last in coherence order
    uint32_t count;
    event_ref events[MODEL_THREADS_MAX * EVENTS_MAX]; // as they were done
} location;

typedef enum verdict { GOING, COMPLETE, WAITING, DROPPED, CUT, FAILED } verdict;

typedef struct run_state {
    graph g;
    bool full;
    bool active;      // an execution is under way
    uint32_t self;    // the running thread, or NOBODY
    uint32_t serial;  // of the execution; never the same again
    uint32_t search;  // the serial of the setup of this search
    uint32_t left;    // events of the graph that are still to be run again
    uint32_t amid;    // threads that are
    uint32_t granted; // MODEL_FULL: whose turn it is
    verdict verdict;
    const model_scenario *scenario;
    thread threads[MODEL_THREADS_MAX];
    executed executed[MODEL_THREADS_MAX][EVENTS_MAX];
    uint32_t steps;
    event_ref order[MODEL_THREADS_MAX * EVENTS_MAX]; // all events as they were done
    acti_context main;
    jmp_buf outside; // where a failure of setup or check goes
} run_state;

extern run_state run;
extern location locations[LOCATIONS_MAX];

static inline thread *run_thread(void)
{
    return &run.threads[run.self];
}
static inline executed *run_executed(event_ref r)
{
    return &run.executed[event_thread(r)][event_index(r)];
}
static inline bool run_in_thread(void)
{
    return run.active && run.self != NOBODY; // constructors of the code run before all of this
}

// run_setup does setup, once for all executions of a search: each begins with the memory that it left. False: it
// failed.
bool
run_setup(const model_scenario *s);

// run_execute runs the graph in run.g and on, until nothing is left to do. It says how that ended.
verdict
run_execute(uint32_t next);

// run_turn returns when the running thread may do its next event. begins: of an operation; op: see thread.op.
void
run_turn(bool begins, const operation *op);

// run_did counts an event as done; e is in the graph.
void
run_did(model_clock released, const model_site *site, uint64_t value);

// run_stop ends the execution from within. It does not return.
__attribute__((noreturn)) void
run_stop(verdict v);

// run_block leaves the thread waiting for ever.
__attribute__((noreturn)) void
run_block(const operation *op);

// run_choose is a choice of the search, as an event: of a thread only. begins: it is an operation of its own.
uint32_t
run_choose(uint32_t count, bool begins);

// run_read and run_write do one event of an access; memory.c.
event_ref
run_read(const operation *a);
void
run_write(const operation *a, uint64_t value, event_ref from, model_order order);
uint64_t
run_value(uint32_t loc, event_ref store);

// run_acquire learns what a store released, if the order says so.
void
run_acquire(event_ref from, model_order order);

// run_amid says that the running thread has done the read of a read-modify-write, and goes on to its write.
void
run_amid(bool yes);

// ---- what the search decides about an event that the graph does not have; it appends it (search.c) ---------------

void
search_read(const operation *a);
// from: of a read-modify-write, the store that it comes right behind.
void
search_write(const operation *a, uint64_t value, bool rmw, event_ref from);
void
search_choice(uint32_t count);
bool
search_can_go(const thread *t);
// MODEL_FULL: which of the threads goes on.
uint32_t
search_next(uint32_t next);

#endif
