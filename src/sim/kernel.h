// SPDX-License-Identifier: MIT
//
// kernel.h - the world of one schedule, from inside.
//
// Design notes. The kernel stands in three holes of the layers below: acti_world (time, randomness and waiting, of this
// thread), acti_carrier (each system's messages and turns), and the operations of actors (who is woken). All of it runs
// on one thread:
//
//   scenario, on the thread's own stack     spawns and sends. When it waits, in acta_call or at its end, steps are run
//                                           until it need not wait any more
//   a step (run.c)                          one message arrives and its receiver has one turn, or else what step.h has
//   a message on its way (wire.c)           lies in the wire of its source and its receiver
//   threads outside (thread.c)              coroutines, of which one runs at a time
//
// So a turn is never interrupted, and everything that happens is decided by which step is chosen next. In production
// turns do overlap; but they share nothing, so what they do could have been done one after the other, in one of the
// orders that are explored here.
//
// What is on its way has its place in the receiver's inbox counted when it is sent, as in production: an inbox that is
// full is seen by the sender at once.

#ifndef ACTI_SIM_KERNEL_H
#define ACTI_SIM_KERNEL_H

#include <acta/sim.h>

#include "base/fiber.h"
#include "base/platform.h"
#include "core/carrier.h"
#include "core/system.h"
#include "sim/claims.h"
#include "sim/forced.h"
#include "sim/net.h"
#include "sim/race.h"
#include "sim/step.h"
#include "sim/strategy.h"
#include "sim/trace.h"

#define ACTI_SIM_STEPS_MAX_DEFAULT 10000
#define ACTI_SIM_THREADS_MAX 64
#define ACTI_SIM_NODES_MAX 16
#define ACTI_SIM_THREAD_STACK_BYTES (256u * 1024)

// An index into the tables below; NONE: no such thing.
#define ACTI_SIM_NONE UINT32_MAX

// Parties that are not actors; the first of the table, in each schedule.
enum { ACTI_PARTY_MAIN, ACTI_PARTY_CLOCK, ACTI_PARTY_END, ACTI_PARTY_NET, ACTI_PARTIES_FIRST };

// Whoever sends or receives: an actor, a thread outside, the clock; the end messages, which are nobody's, have one,
// too.
typedef struct acti_party {
    uint64_t hash;      // names it in every schedule: see step.h
    acti_actor *actor;  // NULL: it has ended, or is no actor
    uint32_t made;      // actors that it has spawned, and calls that it has made
    uint32_t runs;      // RUN steps that it has had
    uint32_t wires;     // first of those that lead to it
    uint32_t acts_for;  // whose past it has: its own, or that of the thread for which it waits
    uint32_t number;    // of those with its name; for the trace
    uint8_t node;
    bool ready;
    bool internal;      // one of the library's own
    uint64_t ready_age;
    char name[ACTI_NAME_BYTES]; // with a trace only
} acti_party;

typedef struct acti_item {
    acta_msg *m;
    acti_actor *to;   // with a reference
    uint64_t age;     // when it was sent
    uint64_t event;   // of its delivery
    uint32_t next;    // in its wire, or of the free ones
} acti_item;

typedef struct acti_wire {
    uint64_t lane;
    uint32_t from;
    uint32_t to;
    uint32_t next;  // of the wires to the same party
    uint32_t first; // items
    uint32_t last;
    uint32_t sent;  // items so far
    uint32_t place; // in the list of those that are not empty; NONE: it is
} acti_wire;

typedef struct acti_sim_thread {
    acti_fiber *fiber;
    void (*fn)(void *arg);
    void *arg;
    acti_park *park;      // waits for its token; NULL: may go on
    uint64_t deadline_ns;
    uint64_t age;
    uint32_t party;
    uint32_t runs;
    uint32_t refused; // waits that were cut short because its world or its node ends
    uint8_t node;
} acti_sim_thread;

// One system of the world. The scenario's own is the first; it is neither killed nor paused.
//
//   UP --KILL--> DOWN --RESTART--> UP, another system          UP --PAUSE--> paused --goes on--> UP
struct acta_sim_node {
    acti_carrier carrier; // first
    acta_sim *sim;
    acta_system *sys;   // NULL: it is down
    uint32_t *party_of; // by id of the actor
    uint32_t party_room;
    uint8_t index;
    bool paused;
    uint32_t starts;
    acti_net_host host;
    acta_sim_node_opts opts;
    char name[ACTI_NAME_BYTES];
};
typedef struct acta_sim_node acti_sim_node;

struct acta_sim {
    acti_world world; // first
    const acta_sim_opts *opts;
    acti_strategy *strategy;
    acti_trace *trace; // or NULL
    acti_claims *claims;
    acti_races *races;
    void (*report)(void *arg, const char *line); // of every system
    void *report_arg;
    uint64_t now_ns;
    uint64_t draws;  // state of the generator behind acta_sim_random
    uint64_t seeds;  // and of that behind the library's own randomness
    uint64_t hash;
    uint64_t ages;
    uint64_t clock_steps;
    uint64_t events;     // carried, woken: whether a look at the clock did anything
    uint32_t step;       // number of steps begun
    uint32_t steps_limit;
    bool cut;            // steps_limit was reached
    bool healing;        // no more faults, and the oldest step is chosen
    bool ending;         // the schedule is over: what is left is cleared away, and nothing is claimed
    bool dropped;        // the strategy has given the schedule up
    bool no_memory;
    bool forced_step;    // the choice of the running step was not 0
    uint64_t main_deadline_ns;
    uint32_t running;    // party of the thread outside that runs
    uint32_t only;       // the node that is being cleared away: nothing of the others is possible; NONE: none is
    acti_net net;
    uint64_t weather;     // decides where a fault may happen, and how
    uint32_t calm;        // one step in so many has a chance of one
    uint32_t faults;      // so far
    uint32_t nomem_after; // which allocation of the next step fails; 0: none
    bool refuse_next;     // the next send that could be refused is
    acti_sim_thread *thread; // or NULL: the scenario's own

    acti_party *parties;
    uint32_t party_count, party_room;
    acti_wire *wires;
    uint32_t wire_count, wire_room;
    acti_item *items;
    uint32_t item_count, item_room, item_free;
    uint32_t *full; // wires that are not empty
    uint32_t full_count, full_room;
    uint32_t *ready; // parties
    uint32_t ready_count, ready_room;
    uint32_t *eager; // internal parties that are ready: run before the next step
    uint32_t eager_count, eager_room;
    acti_step *steps; // that are possible
    uint32_t step_count, step_room;
    uint32_t *choices; // made so far
    uint32_t choice_count, choice_room;
    acti_footprint footprint; // of the running step, if the strategy wants it
    bool footprinted;
    acti_sim_thread threads[ACTI_SIM_THREADS_MAX];
    uint32_t thread_count;
    acti_sim_node nodes[ACTI_SIM_NODES_MAX];
    uint32_t node_count;
    char broken[256]; // the claim that does not hold; "": all do
};

// acti_sim_grow makes room for one more in an array of the sim. False without memory: the schedule is given up then.
bool
acti_sim_grow(acta_sim *sim, void *array, uint32_t count, uint32_t *room, size_t size);

// ---- one schedule: run.c --------------------------------------------------------------

// acti_sim_steps runs steps until nothing is possible, steps_limit is reached or the schedule is over.
void
acti_sim_steps(acta_sim *sim);

// acti_sim_step runs one step; false when none is possible.
bool
acti_sim_step(acta_sim *sim);

// acti_sim_heal lets the schedule go on without faults, oldest step first, for steps_max steps more: so that every goal
// that can be reached is.
void
acti_sim_heal(acta_sim *sim);

// acti_sim_unseen: whether what happens from now on is nobody's claim: the schedule is over, and the rest clears it
// away.
bool
acti_sim_unseen(const acta_sim *sim);

// acti_sim_step_over tells the strategy what the last step has touched: it and what the scenario's own thread did
// since, which may have waited for it.
void
acti_sim_step_over(acta_sim *sim);

// acti_sim_fail ends the schedule at the end of the present step: a claim does not hold.
void
acti_sim_fail(acta_sim *sim, const char *claim);

// acti_sim_touch notes what the running step touches.
void
acti_sim_touch(acta_sim *sim, uint64_t object, acti_touch how);

// acti_sim_touch_host notes that the running step is one of that node's.
void
acti_sim_touch_host(acta_sim *sim, uint8_t node);

// acti_sim_trace_add adds an event to the trace, if there is one. from and to are parties or NONE.
void
acti_sim_trace_add(acta_sim *sim, acti_trace_what what, uint32_t from, uint32_t to, uint64_t message, const char *text);

// As SENT, DELIVERED or LOST, with the type and the fields of m.
void
acti_sim_trace_message(acta_sim *sim, acti_trace_what what, uint32_t from, uint32_t to, uint64_t message,
                       const acta_msg *m);

// acti_party_announce tells the order lint of a party, and who made it.
void
acti_party_announce(acta_sim *sim, uint32_t party, const char *name, uint32_t by);

// acti_party_ready enters an actor that has been woken; acti_party_run gives it a turn.
void
acti_party_ready(acta_sim *sim, uint32_t party, acti_actor *actor);
void
acti_party_run(acta_sim *sim, uint32_t party);

// ---- messages on their way: wire.c --------------------------------------------------------

// acti_sim_carrier gives the carrier of a node.
acti_carrier
acti_sim_carrier(void);

// acti_sim_party_of gives the party of an actor, made if need be; NONE without memory.
uint32_t
acti_sim_party_of(acta_sim *sim, acti_actor *actor);

// acti_sim_party_new adds one. NONE without memory.
uint32_t
acti_sim_party_new(acta_sim *sim, uint64_t hash, acti_actor *actor);

// acti_wires_collect appends the deliveries that are possible to sim->steps; acti_wire_deliver does one.
void
acti_wires_collect(acta_sim *sim);
void
acti_wire_deliver(acta_sim *sim, uint32_t wire);

// acti_sim_add appends a step.
void
acti_sim_add(acta_sim *sim, const acti_step *step);

// acti_wires_empty disposes of everything that is on its way in a system whose actors have ended.
void
acti_wires_empty(acta_sim *sim, const acta_system *sys);

// ---- systems of the world: nodes.c ---------------------------------------------------------

// acti_sim_node_add makes a node and opens its system. ACTA_OK, ACTA_EFULL or as acta_open.
int
acti_sim_node_add(acta_sim *sim, const acta_sim_node_opts *opts, acti_sim_node **node);

// acti_sim_node_kill takes it away: its peers see the end of what it has sent. acti_sim_node_restart opens it anew.
void
acti_sim_node_kill(acti_sim_node *node);
void
acti_sim_node_restart(acti_sim_node *node);

// acti_sim_node_pause has it stand still, or go on.
void
acti_sim_node_pause(acti_sim_node *node, bool paused);

// acti_sim_nodes_close closes every system. True: each ledger is in order.
bool
acti_sim_nodes_close(acta_sim *sim);

// acti_sim_may_run: whether the steps of a node are possible.
static inline bool acti_sim_may_run(const acta_sim *sim, uint8_t node)
{
    return !sim->nodes[node].paused && (sim->only == ACTI_SIM_NONE || sim->only == node);
}

// ---- faults: fault.c -----------------------------------------------------------------------

// acti_faults_begin prepares for a schedule.
void
acti_faults_begin(acta_sim *sim, uint64_t seed);

// acti_faults_collect appends the end of each pause and each stall, and a fault where there is to be one.
void
acti_faults_collect(acta_sim *sim);
void
acti_fault_run(acta_sim *sim, const acti_step *step);

// acti_faults_heal ends all pauses and stalls, and starts the nodes that are down, if nodes are restarted at all. There
// are no more faults.
void
acti_faults_heal(acta_sim *sim);

// ---- threads outside: thread.c -----------------------------------------------------------

void
acti_threads_collect(acta_sim *sim);
void
acti_thread_go_on(acta_sim *sim, uint32_t thread);

// acti_sim_thread_start starts one in a node. ACTA_OK, ACTA_EFULL, ACTA_EIO or ACTA_ENOMEM.
int
acti_sim_thread_start(acta_sim *sim, uint8_t node, const char *name, void (*fn)(void *arg), void *arg);

// acti_threads_waiting: whether any has not returned.
bool
acti_threads_waiting(const acta_sim *sim);

// acti_threads_next_ns is the earliest deadline of one that waits; acti_threads_due lets those go on whose it is.
uint64_t
acti_threads_next_ns(const acta_sim *sim);
void
acti_threads_due(acta_sim *sim);

// acti_threads_finish lets all threads of the node that is being cleared away, or all, return: nothing that they wait
// for comes. One that goes on waiting all the same is left where it is.
void
acti_threads_finish(acta_sim *sim);

// acti_threads_end frees those that have ended, and gives up the others.
void
acti_threads_end(acta_sim *sim);

// acti_sim_park_wait is the world's; acti_sim_main_wait is that of the scenario's own thread.
bool
acti_sim_park_wait(acti_world *world, acti_park *park, uint64_t deadline_ns);
bool
acti_sim_main_wait(acta_sim *sim, acti_park *park, uint64_t deadline_ns);

#endif
