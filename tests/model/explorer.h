// SPDX-License-Identifier: MIT
//
// explorer.h - runs a scenario of a few threads in every way that the C11 memory model allows.
//
// A scenario is compiled, with the code it is about, against tests/model/include/base/atomic.h in place of the real
// one, and with gcc's -fsanitize=thread, whose calls end in the explorer instead of its library. So the explorer
// sees each atomic operation with its source line and its order, and each plain access.
//
// What a scenario must keep to:
//   - A thread may depend on nothing but its own locals and what it reads: atomics, and plain memory that
//     happens-before protects. Two threads that write one plain variable of the test are a race like any other:
//     give each thread a slot of its own (model_self says which) and look at all of them in check.
//   - What nobody reads the compiler leaves out, with the accesses that lead to it: let check look at it.
//   - A loop that waits for another thread must not spin, or its iterations are explored one by one up to the bound:
//     wait with model_await_relaxed, model_await_acquire, a lock or a park.
//   - setup is run once. Each execution begins with the memory that it left: what threads and check wrote to static
//     variables and to setup's memory is taken back.

#ifndef MODEL_EXPLORER_H
#define MODEL_EXPLORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"

#define MODEL_THREADS_MAX 4

typedef struct model_scenario {
    const char *name;                        // what is claimed
    const char *contract;                    // C-FIFO ...
    void (*setup)(void); // before the threads; may use the code under test; NULL: nothing
    void (*thread[MODEL_THREADS_MAX])(void); // NULL: none
    void (*check)(void);                     // after all have ended: sees everything they did; NULL: nothing
    uint32_t spurious_max;   // so often may a weak compare-and-swap fail, and a sleep end, for no reason in each thread
    uint64_t executions_max; // the search ends there, those that were cut included, and says so; 0: no bound
} model_scenario;

typedef struct model_result {
    uint64_t executions; // that ran to the end
    uint64_t graphs;     // of these, distinct ones: who read from whom, and the order of the stores to each location
    uint64_t blocked;    // that ended where a thread waits for what it will be given in another execution
    uint64_t outcomes;   // distinct values of model_outcome
    uint64_t cpu_us;     // processor time of the search
    bool complete;       // false: failed, or cut: why says by what
    bool failed;
    char why[2048]; // the first failure: the claim or the two sites, and what was done before, in order
} model_result;

// MODEL_REDUCED visits each execution graph once; MODEL_FULL each order of the steps of the threads, which must come
// to the same graphs and is there to show that it does.
typedef enum model_search { MODEL_REDUCED, MODEL_FULL } model_search;

void
model_explore(const model_scenario *s, model_search how, model_result *result);

// model_reached is whether an execution of the last search had this outcome. (A static variable of a scenario cannot
// tell: each execution begins with the same values.)
bool
model_reached(uint64_t outcome);

// model_print adds a row to the table of what was explored, on standard output.
void
model_print(const model_scenario *s, const model_result *result);

// For tests of the tests: the explorer is broken on purpose until this is MODEL_SOUND again.
typedef enum model_defect {
    MODEL_SOUND,
    MODEL_READS_THE_LAST,   // no read sees an older store
    MODEL_STORES_AT_THE_END, // no store comes before one that is there
    MODEL_FORGETS_ORDER,    // a read may go behind what happens before it
    MODEL_NEVER_ACQUIRES,
    MODEL_ALWAYS_ACQUIRES,
    MODEL_ENDS_SEQUENCES, // a read-modify-write does not continue a release sequence
    MODEL_LOOKS_BACK_NEVER,
    MODEL_LOOKS_BACK_ALWAYS, // and comes to one graph from many
    MODEL_SEES_NO_RACES,
    MODEL_DEFECTS,
} model_defect;
extern model_defect model_defect_now;

// ---- for scenarios ------------------------------------------------------------

#define model_claim(x) ((x) ? (void)0 : model_fail(__FILE__, __LINE__, #x))

// model_fail ends the execution, and the search. It does not return.
__attribute__((noreturn, cold)) void
model_fail(const char *file, int line, const char *what);

// model_outcome, called in check: this execution's outcome, counted if it is new.
void
model_outcome(uint64_t value);

// model_self is the index of the running thread; in setup and check it is MODEL_THREADS_MAX.
uint32_t
model_self(void);

// model_await_* waits until the atomic has a value that ready accepts, and gives it. The explorer knows that this is
// a wait: if the value never comes, it is reported as a deadlock.
#define model_await_relaxed(a, ready, arg) \
    model_await(&(a)->v, sizeof((a)->v), ready, arg, MODEL_SITE("await", RELAXED))
#define model_await_acquire(a, ready, arg) \
    model_await(&(a)->v, sizeof((a)->v), ready, arg, MODEL_SITE("await", ACQUIRE))
uint64_t
model_await(const void *at, uint32_t size, bool (*ready)(uint64_t value, void *arg), void *arg, model_site *site);

// model_choose is one of 0 to count - 1: each is explored.
uint32_t
model_choose(uint32_t count);

// What the clock shows, which stands still unless a scenario sets it: in setup, so that all threads see one time.
extern uint64_t model_now_ns;

// Memory of the current execution; never handed out twice in it, so that a use after free is seen.
void *
model_alloc(size_t size);
void
model_free(void *p);

// model_local is size bytes of the running thread's own, zeroed: what stands in for a thread-local variable. key is
// any address that is the same for one variable. In code that is explored ACTI_THREAD_LOCAL is nothing; a file with
// such a variable is compiled with the variable's name defined as a call:
//
//     #define mine (*model_mine())             makes   static ACTI_THREAD_LOCAL cache mine;
//     #include "base/pool.c"                   into    static cache (*model_mine());
//     static cache *model_mine() { return model_local(&key, sizeof(cache)); }
void *
model_local(const void *key, size_t size);

// ---- sites ----------------------------------------------------------------------

// model_sites is the table of all atomic operations in the program, by file, line and operation; see model_site in
// base/atomic.h. hits counts how often each was executed since the program began.
const model_site *
model_sites(uint32_t *count);

// model_mutants is how many weaker orders a site has, one notch down: acq_rel has two (acquire, release), acquire and
// release have one (relaxed), relaxed has none.
uint32_t
model_mutants(uint32_t site);

// model_weaken weakens one site from now on; mutant is below model_mutants(site). model_weaken_none undoes it.
void
model_weaken(uint32_t site, uint32_t mutant);
void
model_weaken_none(void);

// model_site_name is "file:line:operation order", and "-> order" behind it if it is weakened. The text is overwritten
// by the next call.
const char *
model_site_name(uint32_t site);

#endif
