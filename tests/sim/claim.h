// SPDX-License-Identifier: MIT
//
// claim.h - what the contracts claimed in the sim share: scenarios by name, actors that are the same code as handler
// and as body, and a way to try one claim from one seed.
//
//     program             explores every claim, as tests; its last line on standard output is schedules=N
//     program CLAIM       explores that one, from ACTA_SIM_SEED, and prints found=N: the number of the schedule that
//                         broke it, 0 if it held. A crash counts, and so does a turn that does not end
//
// ACTA_SIM_SCHEDULES is how many schedules of each claim a run of all explores; of one claim it is always 1,000.
//
// Nothing of acta but its public headers is in here: what is claimed is what any user can see.

#ifndef CLAIM_H
#define CLAIM_H

#include "corpus.h"
#include "items.h"
#include "test.h"

#include <acta/acta.h>
#include <acta/event.h>
#include <acta/sim.h>
#include <signal.h>
#include <sys/time.h>

// ---- a claim ------------------------------------------------------------------

typedef struct claim {
    const char *name;
    acta_sim_scenario *scenario;
    bool at_once;  // messages arrive as in one process: an actor finds several in its inbox
    bool may_live; // see acta_sim_opts
    bool broken;   // a mistake that users make: the exploration must find it
    bool every_order; // a small world, explored exhaustively: it must come out complete
    bool nodes;       // of several nodes
    uint32_t faults;  // that may happen to them: bits ACTA_SIM_...
    bool one_fault;   // at most, of a schedule
} claim;

// CLAIM(a_thing_holds) is the scenario of that name, with messages that are on their way for a while; CLAIM_AT_ONCE the
// same with messages that arrive at once, CLAIM_BROKEN one that must not hold, and CLAIM_IN_EVERY_ORDER one of a small
// world. CLAIM_DESPITE is one of several nodes, with faults wherever they may be, after which actors may live on;
// CLAIM_DESPITE_ONE with one fault at most, and CLAIM_DESPITE_ONE_IN_EVERY_ORDER of few nodes that do little, with the
// fault at each step.
#define CLAIM(fn) {.name = #fn, .scenario = fn}
#define CLAIM_AT_ONCE(fn) {.name = #fn "_at_once", .scenario = fn, .at_once = true}
#define CLAIM_BROKEN(fn) {.name = #fn, .scenario = fn, .broken = true}
#define CLAIM_IN_EVERY_ORDER(fn) {.name = #fn, .scenario = fn, .every_order = true}
#define CLAIM_DESPITE(fn, bits) {.name = #fn, .scenario = fn, .nodes = true, .faults = (bits), .may_live = true}
#define CLAIM_DESPITE_ONE(fn, bits) \
    {.name = #fn, .scenario = fn, .nodes = true, .faults = (bits), .one_fault = true, .may_live = true}
#define CLAIM_DESPITE_ONE_IN_EVERY_ORDER(fn, bits)                                                         \
    {.name = #fn, .scenario = fn, .nodes = true, .faults = (bits), .one_fault = true, .may_live = true,    \
     .every_order = true}

#define CLAIM_MAIN(claims)                                                                                 \
    int main(int argc, char **argv)                                                                        \
    {                                                                                                      \
        return claim_main(argc, argv, claims, sizeof(claims) / sizeof((claims)[0]));                       \
    }

enum { CLAIM_SCHEDULES = 1000, CLAIM_SPINS_MS = 100, CLAIM_HANGS_SECONDS = 2, CLAIMS_MAX = 32 };

static uint64_t claim_begun;     // schedules of the present claim, for one that ends in a crash
static bool claim_limited;       // one that takes longer than thousands of others do is taken to go on for ever
static uint64_t claim_schedules; // of all claims

static inline void claim_begin(acta_sim *sim, void *arg)
{
    claim_begun++;
    if (claim_limited) {
        setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_usec = CLAIM_SPINS_MS * 1000}, NULL);
        setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = CLAIM_HANGS_SECONDS}, NULL);
    }
    ((const claim *)arg)->scenario(sim, NULL);
}

static inline int claim_explore(const claim *c, uint64_t schedules, acta_sim_result *result)
{
    acta_sim_opts opts = {.name = c->name,
                          .strategy = c->every_order ? ACTA_SIM_EXHAUSTIVE : ACTA_SIM_PORTFOLIO,
                          .schedules = c->every_order ? 0 : schedules,
                          .faults = c->faults,
                          .faults_max = c->one_fault ? 1 : 0,
                          .idle_clock = c->every_order && c->nodes,
                          .instant = c->at_once || (c->every_order && c->nodes),
                          .may_live = c->may_live,
                          .no_lint = c->nodes,
                          .replays = sim_corpus};
    claim_begun = 0;
    return acta_sim_explore_with(&opts, claim_begin, (void *)(uintptr_t)c, result);
}

// ---- all of them ----------------------------------------------------------------

static inline uint64_t claim_schedules_wanted(void)
{
    const char *text = getenv("ACTA_SIM_SCHEDULES");
    uint64_t wanted = text != NULL ? strtoull(text, NULL, 10) : 0;
    return wanted != 0 ? wanted : CLAIM_SCHEDULES;
}

static inline void claim_test(void **state)
{
    const claim *c = *state;
    acta_sim_result result;
    uint64_t wanted = claim_schedules_wanted();
    if (c->nodes && c->every_order && wanted < CLAIM_SCHEDULES)
        skip(); // there are many, and it has to be all
    int status = claim_explore(c, c->nodes ? wanted / 4 + 100 : wanted, &result); // nodes take many steps
    claim_schedules += result.schedules;
    assert_int_equal(status, c->broken ? ACTA_ECLAIM : ACTA_OK);
    assert_int_equal(result.complete, c->every_order);
}

static inline int claim_all(const claim *claims, size_t count)
{
    struct CMUnitTest tests[CLAIMS_MAX];
    if (count > CLAIMS_MAX)
        abort();
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){claims[i].name, claim_test, NULL, NULL, (void *)(uintptr_t)&claims[i]};
    int failed = _cmocka_run_group_tests("claims", tests, count, NULL, NULL);
    printf("schedules=%llu\n", (unsigned long long)claim_schedules);
    return failed == 0 ? 0 : 1;
}

// ---- one of them ----------------------------------------------------------------

// Async-signal-safe, as a handler has to be.
static inline void claim_crashed(int signo)
{
    (void)signo;
    char digits[24];
    size_t at = sizeof(digits);
    digits[--at] = '\n';
    for (uint64_t n = claim_begun; n > 0; n /= 10)
        digits[--at] = (char)('0' + n % 10);
    if (write(1, "found=", 6) < 0 || write(1, digits + at, sizeof(digits) - at) < 0)
        _exit(3);
    _exit(1);
}

static inline int claim_probe(const claim *c)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGPROF, SIGALRM};
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
        sigaction(crashes[i], &(struct sigaction){.sa_handler = claim_crashed}, NULL);
    claim_limited = true;
    acta_sim_result result;
    int status = claim_explore(c, CLAIM_SCHEDULES, &result);
    printf("found=%llu\n", status == ACTA_ECLAIM ? (unsigned long long)result.schedules : 0ull);
    return status == ACTA_OK || status == ACTA_ECLAIM ? 0 : 2;
}

static inline int claim_main(int argc, char **argv, const claim *claims, size_t count)
{
    if (argc < 2)
        return claim_all(claims, count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(claims[i].name, argv[1]) == 0)
            return claim_probe(&claims[i]);
    fprintf(stderr, "there is no claim %s\n", argv[1]);
    return 2;
}

// ---- what actors and scenarios say ------------------------------------------------

// must claims that ok is true, now; reached that it is in some schedule.
static inline void must(bool ok, const char *text)
{
    acta_sim_check(acta_sim_here(), text, ok);
}
static inline void reached(bool ok, const char *text)
{
    acta_sim_sometimes(acta_sim_here(), text, ok);
}

// draw gives a number from `from` to `to`, both included.
static inline int64_t draw(int64_t from, int64_t to)
{
    return from + (int64_t)acta_sim_random(acta_sim_here(), (uint64_t)(to - from + 1));
}

static inline acta_ledger ledger_now(void)
{
    acta_ledger ledger;
    acta_ledger_read(acta_sim_system(acta_sim_here()), &ledger);
    return ledger;
}

// ---- actors -----------------------------------------------------------------------

// An actor's argument begins with this: what it does for each message, and with NULL at EOF. What `on` returns is what
// a handler returns.
typedef struct part {
    acta_handler *on;
} part;

static inline int part_handler(acta_self *self, void *arg, acta_msg *m)
{
    return ((part *)arg)->on(self, arg, m);
}

// part_is_forced: whether the actor ends now, by a kill or by a link: then a handler is not called again.
static inline bool part_is_forced(acta_self *self)
{
    int eof = acta_eof(self);
    return eof != ACTA_OK && eof != ACTA_ESTOPPED && eof != ACTA_ECRASHED;
}

// part_body makes of a body what a handler is.
static inline int part_body(acta_self *self, void *arg)
{
    acta_handler *on = ((part *)arg)->on;
    acta_msg *m;
    int status;
    while ((m = acta_recv(self)) != NULL) {
        status = on(self, arg, m);
        acta_msg_free(&m);
        if (status != ACTA_OK)
            return status == ACTA_DONE ? ACTA_OK : status;
    }
    status = part_is_forced(self) ? acta_eof(self) : on(self, arg, NULL);
    return status == ACTA_DONE ? ACTA_OK : status;
}

// play_with spawns an actor. over is called with arg once it has ended, or is NULL; capacity 0 is the default.
static inline acta_tx *play_with(bool body, void *arg, const char *name, int64_t capacity, void (*over)(void *arg))
{
    acta_tx *tx = NULL;
    int status = acta_spawn(acta_sim_system(acta_sim_here()), &tx, .body = body ? part_body : NULL,
                            .handler = body ? NULL : part_handler, .arg = arg, .arg_free = over, .name = name,
                            .capacity = (uint32_t)capacity);
    must(status == ACTA_OK, "an actor is spawned");
    return tx;
}

// play_as spawns a handler or a body; play and play_until whichever of them is drawn.
static inline acta_tx *play_as(bool body, void *arg, const char *name, int64_t capacity)
{
    return play_with(body, arg, name, capacity, NULL);
}
static inline acta_tx *play(void *arg, const char *name, int64_t capacity)
{
    return play_with(draw(0, 1) == 1, arg, name, capacity, NULL);
}
static inline acta_tx *play_until(void *arg, const char *name, int64_t capacity, void (*over)(void *arg))
{
    return play_with(draw(0, 1) == 1, arg, name, capacity, over);
}

// start tells an actor to go and drops the sender: it ends when it has nothing more to do.
static inline void start(acta_tx **tx)
{
    must(acta_finish(tx, go) == ACTA_OK, "an actor is told to go");
}

// send_item sends, and claims that it is taken.
static inline void send_item(acta_tx *to, int64_t source, int64_t n)
{
    must(acta_send(to, item, .source = source, .n = n) == ACTA_OK, "a send is taken");
}

#endif
