// SPDX-License-Identifier: MIT
//
// sim.h - the sim: a deterministic world in which a scenario runs again and again, in another order of events each
// time. For tests.
//
// A scenario is a function that opens nothing: it spawns actors in the system that the sim gives it, sends, and
// returns. The actors are those of production, unchanged. In the sim there is one thread, time is virtual, and a
// message is on its way until a step delivers it; of one sender and one receiver they arrive in order, and nothing else
// is promised, as between machines. Whatever order could happen there may happen here, whichever processors and timings
// this machine has: what fails in one schedule of a million fails here with a seed, and again with that seed.
//
//     ACTA_MESSAGE(add, (i64, n));
//
//     static int adder(acta_self *self, void *arg, acta_msg *m)
//     {
//         if (m == NULL)
//             return acta_eof(self);
//         *(int64_t *)arg += acta_as(add, m)->n;
//         return ACTA_OK;
//     }
//
//     static bool sum_is_complete(void *arg)
//     {
//         return *(int64_t *)arg == 3;
//     }
//
//     static void scenario(acta_sim *sim, void *arg)
//     {
//         acta_tx *tx;
//         *(int64_t *)arg = 0;
//         if (acta_spawn(acta_sim_system(sim), &tx, .handler = adder, .arg = arg, .name = "adder") != ACTA_OK)
//             return;
//         acta_sim_eventually(sim, "the sum is complete", sum_is_complete, arg);
//         acta_sim_check(sim, "the first is taken", acta_send(tx, add, .n = 1) == ACTA_OK);
//         acta_sim_check(sim, "the last is taken", acta_finish(&tx, add, .n = 2) == ACTA_OK);
//     }
//
//     int main(void)
//     {
//         int64_t sum;
//         return acta_sim_explore(&(acta_sim_opts){.name = "sum"}, scenario, &sum) == ACTA_OK ? 0 : 1;
//     }
//
// A scenario runs once for each schedule, so it begins by setting up its own state anew. What it claims, with the
// functions below, is all that is checked, and that every actor has ended when nothing can happen any more.
//
// Not simulated: descriptors and signals (acta_watch_fd and acta_watch_signal say ACTA_EIO), and whatever an actor does
// past acta: files, sockets, clocks, threads, sleeping. Actors with a thread of their own run as the others do.

#ifndef ACTA_SIM_H
#define ACTA_SIM_H

#include <acta/actor.h>
#include <acta/system.h>

ACTA_BEGIN_DECLS

typedef struct acta_sim acta_sim; // the world of one schedule

typedef void acta_sim_scenario(acta_sim *sim, void *arg);

// How the next step is chosen from those that are possible.
typedef enum acta_sim_strategy {
    ACTA_SIM_PORTFOLIO = 0, // by turns: POS, RANDOM, and PCT with 2, 3, 5 and 8
    ACTA_SIM_RANDOM,        // any, equally likely
    ACTA_SIM_POS,           // partial-order sampling: random priorities of events, drawn anew for those that compete
    ACTA_SIM_PCT,           // random priorities of wires, changed at pct_depth - 1 random steps
    ACTA_SIM_EXHAUSTIVE,    // every order that makes a difference to an actor, for small worlds; to what actors share
                            // past acta, such as a variable of the test, other orders may make one
    ACTA_SIM_OLDEST,        // what became possible first: one schedule
} acta_sim_strategy;

// What else may happen, besides deliveries and timers. Bits.
enum {
    ACTA_SIM_KILL = 1,    // a node is killed: what it had not yet sent is lost
    ACTA_SIM_RESTART = 2, // and started again
    ACTA_SIM_PAUSE = 4,   // a node stands still, and goes on later
    ACTA_SIM_CUT = 8,     // a connection breaks, at any byte
    ACTA_SIM_STALL = 16,  // a connection delivers nothing for a while
    ACTA_SIM_FULL = 32,   // a send finds an inbox full that is not
    ACTA_SIM_NOMEM = 64,  // an allocation fails
    ACTA_SIM_GAP = 128,   // the clock leaps ahead
};

// Right when zero.
typedef struct acta_sim_opts {
    const char *name;           // of the scenario, for reports; NULL: "scenario"
    acta_sim_strategy strategy;
    uint32_t pct_depth;         // of ACTA_SIM_PCT, at least 1; 0: 3
    uint64_t schedules;         // how many to run; 0: 1,000. With ACTA_SIM_EXHAUSTIVE the bound, 0: 100,000
    uint64_t seed;              // of the first, the others follow; 0: ACTA_SIM_SEED of the environment, or 1
    uint32_t steps_max;         // of one schedule; 0: 10,000
    uint32_t faults;            // which may happen: bits ACTA_SIM_...
    uint32_t faults_max;        // of one schedule; 0: 3
    bool idle_clock;            // time goes on only when nothing else can happen, so that no limit is ever too short
    bool instant;               // messages arrive at once, as in one process, and bytes are written at once: only the
                                // order of turns, and of what comes over connections, is explored
    bool may_live;              // actors that are still alive at the end are no failure
    bool no_lint;               // the order lint says nothing
    bool mermaid;               // the diagram of a failure is printed as Mermaid, too
    const char *const *replays; // schedules that failed once, as printed (NAME:seed=N ...), and then NULL: run first;
                                // those of scenarios of other names are passed over, so one list can serve all
    acta_system_opts system;    // of the scenario's system; workers, long_turn_ns and report are the sim's own

    // report gets the text of a failure, a line at a time. NULL: standard error.
    void (*report)(void *arg, const char *line);
    void *report_arg;
} acta_sim_opts;

// What an exploration came to.
typedef struct acta_sim_result {
    uint64_t schedules; // run
    uint64_t steps;     // of all of them
    uint64_t cut;       // schedules that were ended by steps_max
    bool complete;      // ACTA_SIM_EXHAUSTIVE: every order that makes a difference was run, and none was cut
    uint64_t seed;      // of the schedule that failed
    uint64_t hash;      // of all events of all schedules: the same for the same program and options
    uint64_t races;     // pairs of messages that the order lint named
    char claim[256];    // that did not hold; "" if all did
    char replay[512];   // what to set ACTA_SIM_REPLAY to; "" if it is longer: the report has it whole
} acta_sim_result;

// acta_sim_explore runs the scenario in one schedule after the other until a claim does not hold or all have been run.
// Then it prints the claim, the seed, a line that replays it, the shortest schedule with the fewest forced switches
// that it could find, and a diagram of that.
//
// With ACTA_SIM_REPLAY in the environment only that schedule runs, if it is one of a scenario of this name.
//
// Threads: any that is not running an actor; one exploration a thread at a time.
// Errors:  ACTA_ECLAIM a claim does not hold, an actor is alive at the end, the lint found a race that breaks a claim,
//          a `sometimes` was reached in no schedule, or a gauge never reached its maximum; ACTA_EINVAL an option is out
//          of range; ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_sim_explore(const acta_sim_opts *opts, acta_sim_scenario *scenario, void *arg);

// acta_sim_explore_with is the same and fills in *result, also on failure.
ACTA_NODISCARD ACTA_API int
acta_sim_explore_with(const acta_sim_opts *opts, acta_sim_scenario *scenario, void *arg, acta_sim_result *result);

// ---- in a scenario ------------------------------------------------------------

// acta_sim_system is the scenario's system, open and empty. The sim closes it.
ACTA_API acta_system *
acta_sim_system(acta_sim *sim);

// acta_sim_here is the sim that runs on this thread, in actors too; NULL: none.
ACTA_API acta_sim *
acta_sim_here(void);

// acta_sim_random draws a number below `below`, which is above 0, from the schedule's seed: for sizes, capacities and
// limits that differ from schedule to schedule.
ACTA_API uint64_t
acta_sim_random(acta_sim *sim, uint64_t below);

// acta_sim_run runs steps until nothing can happen any more, or steps_max is reached. A scenario that does not call it
// is followed by it.
ACTA_API void
acta_sim_run(acta_sim *sim);

// acta_sim_thread runs fn(arg) as a thread outside actors, which may block in acta_call and its like: then the others
// go on. ACTA_OK, ACTA_EIO or ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_sim_thread(acta_sim *sim, const char *name, void (*fn)(void *arg), void *arg);

// acta_sim_sleep lets virtual time pass: for a thread outside that tries something again.
ACTA_API void
acta_sim_sleep(acta_sim *sim, uint64_t time_ns);

// ---- nodes --------------------------------------------------------------------

// A node is another system in the same sim, as another process would be: what is sent to it goes over a session on a
// simulated connection, and it can be killed, restarted and paused. The scenario's own system is a node, too, to which
// none of that happens.

typedef struct acta_sim_node acta_sim_node;

typedef struct acta_sim_node_opts {
    const char *name; // what its peers are told, and reports say; copied. NULL: "node"

    // boot runs as a thread outside in that node, at the beginning and after each restart. It spawns actors, listens,
    // connects, and may block in acta_connect, acta_node_accept, acta_node_find and acta_call: while it does, the
    // others go on. When its node is killed, what it waits for does not come, so that it returns.
    void (*boot)(acta_sim *sim, acta_system *sys, void *arg);
    void *arg;
    acta_system_opts system; // as in acta_sim_opts
} acta_sim_node_opts;

// acta_sim_node_start adds a node to the schedule. URLs are as in production, but name nothing outside the sim.
//
// A node that is killed leaves nothing behind but what it has put on its connections. So that memory is freed its
// actors are still killed one by one: bodies return from acta_recv, arg_free is called. Nothing that they send then
// goes anywhere, and claims that they make then are not heard. But what they write into memory of the test stays
// written.
//
// Owns:    *node is the sim's, and valid until the schedule is over.
// Bounds:  15 nodes beside the scenario's own.
// Errors:  ACTA_EINVAL no boot; ACTA_EFULL; ACTA_EIO, ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_sim_node_start(acta_sim *sim, const acta_sim_node_opts *opts, acta_sim_node **node);

// acta_sim_node_is_up: whether it is neither killed nor paused. acta_sim_node_starts is how often it has been started:
// 1 as long as it has not been restarted.
ACTA_API bool
acta_sim_node_is_up(const acta_sim_node *node);
ACTA_API uint32_t
acta_sim_node_starts(const acta_sim_node *node);

// acta_sim_faults is how many faults there have been in this schedule: what a scenario claims may depend on it.
ACTA_API uint32_t
acta_sim_faults(const acta_sim *sim);

// ---- claims -------------------------------------------------------------------

// A claim is known by its text, which is constant and must differ from that of others. In actors use acta_sim_here():
// with NULL each of these does nothing, so that an actor that claims runs in production, too.

// acta_sim_check claims that ok is true, now. The schedule fails if it is not, at the end of the present step: no
// function of a test framework is needed, or may be called, in an actor.
ACTA_API void
acta_sim_check(acta_sim *sim, const char *claim, bool ok);

// acta_sim_always claims that holds(arg) is true after every step from now on. With ACTA_SIM_EXHAUSTIVE that makes
// every order one that makes a difference.
ACTA_API void
acta_sim_always(acta_sim *sim, const char *claim, bool (*holds)(void *arg), void *arg);

// acta_sim_eventually claims that holds(arg) is true when nothing can happen any more, faults no longer included.
ACTA_API void
acta_sim_eventually(acta_sim *sim, const char *claim, bool (*holds)(void *arg), void *arg);

// acta_sim_sometimes claims that reached is true in at least one schedule of the exploration: that a test does test
// what it is for. A schedule in which it is not is no failure.
ACTA_API void
acta_sim_sometimes(acta_sim *sim, const char *claim, bool reached);

// acta_sim_gauge claims that value never exceeds max, in any schedule, and reaches it in at least one.
ACTA_API void
acta_sim_gauge(acta_sim *sim, const char *claim, int64_t value, int64_t max);

ACTA_END_DECLS

#endif
