// SPDX-License-Identifier: MIT
//
// Fairness: while two actors of a worker always have something to do, whoever else is ready there runs after at most
// two turns of each.
//
// Counted in turns, not in time. A flooder counts its own turns on each worker: a turn is a new one when its worker has
// finished some since. Who makes the quiet actor ready notes the counts, the quiet actor looks at them in its turn,
// and the difference on the worker where it runs is what it has waited for. A thread outside notes them just after it
// has sent: late, so that the difference may come out too small, and never too large.

#include "kit.h"

#include <acta/event.h>

#include "base/sanitize.h"
#include "base/wheel.h"
#include "core/system.h"

enum {
    TURNS_MAX = 2, // of each flooder
    WORKERS_MAX = 2,
    FLOODERS = 2,
    POKES = ACTI_TSAN || ACTI_ASAN ? 30 : 100, // of the quiet actor, in each case
    FULL = 2 * ACTI_TURN_HANDLED_MAX,          // messages under way that fill a turn
};

typedef uint64_t counts[FLOODERS][WORKERS_MAX];

typedef struct fair fair;

typedef struct flooder {
    kit_actor actor;
    fair *fair;
    acta_tx *to;
    acta_tx *to_quiet, *to_decoy; // the first flooder has them
    acti_au64 turns[WORKERS_MAX]; // on that worker; its own turns only write
    acti_worker *worker;          // of the last turn counted
    uint64_t turn;                // and which of that worker's it was
    acti_au64 handled;
} flooder;

typedef struct quiet {
    kit_actor actor;
    fair *fair;
} quiet;

struct fair {
    kit kit;
    flooder flooder[FLOODERS];
    quiet quiet, decoy;
    acta_tx *to_quiet;
    acti_au32 stop;
    uint64_t cost_ns;   // of a message at a flooder, at least
    acti_au32 poke;     // the first flooder is to make the quiet actor ready
    acti_au64 after_ns; // turns that began earlier are not counted
    counts noted;       // when the quiet actor was made ready
    counts seen;        // when it ran
    uint32_t poked_on, ran_on; // workers
    acti_park ran;
};

// ---- who takes part -----------------------------------------------------------------

static void read_counts(fair *t, counts to)
{
    for (int f = 0; f < FLOODERS; f++)
        for (int w = 0; w < WORKERS_MAX; w++)
            to[f][w] = acti_au64_load_relaxed(&t->flooder[f].turns[w]);
}

static void count_turn(flooder *f)
{
    acti_worker *w = acti_here.worker;
    uint64_t turn = acti_au64_load_relaxed(&w->counters.at[ACTI_TURNS]);
    if (w == f->worker && turn == f->turn)
        return;
    f->worker = w;
    f->turn = turn;
    uint64_t after_ns = acti_au64_load_relaxed(&f->fair->after_ns);
    if (after_ns == 0 || acti_clock_ns() >= after_ns)
        acti_au64_store_relaxed(&f->turns[w->index], acti_au64_load_relaxed(&f->turns[w->index]) + 1);
}

static int floods(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    flooder *f = arg;
    fair *t = f->fair;
    if (m == NULL || acti_au32_load_relaxed(&t->stop)) {
        acta_tx_drop(&f->to);
        acta_tx_drop(&f->to_quiet);
        acta_tx_drop(&f->to_decoy);
        return ACTA_OK;
    }
    count_turn(f);
    uint64_t until_ns = t->cost_ns > 0 ? acti_clock_ns() + t->cost_ns : 0;
    while (until_ns > 0 && acti_clock_ns() < until_ns)
        continue;
    acti_au64_store_relaxed(&f->handled, acti_au64_load_relaxed(&f->handled) + 1);
    if (f == t->flooder && acti_au32_load_acquire(&t->poke)) {
        acti_au32_store_relaxed(&t->poke, 0);
        t->poked_on = acti_here.worker->index;
        read_counts(t, t->noted);
        kit_claim(acta_send(f->to_quiet, item, 0, 0) == ACTA_OK);
        kit_claim(acta_send(f->to_decoy, item, 0, 0) == ACTA_OK); // puts the quiet one out of the next slot
    }
    if (f->to != NULL)
        kit_claim(acta_send(f->to, item, 0, 0) == ACTA_OK);
    return ACTA_OK;
}

static int ignores(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

enum { TIMER_NS = 200000 };

// is_quiet looks how long it has waited. An item with n = 1 has it wait for a timer.
static int is_quiet(acta_self *self, void *arg, acta_msg *m)
{
    fair *t = ((quiet *)arg)->fair;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m) && acta_as(item, m)->n == 1) {
        uint64_t timer;
        read_counts(t, t->noted);
        kit_claim(acta_timer_start(self, TIMER_NS, 0, &timer) == ACTA_OK);
        uint64_t tick_ns = (uint64_t)1 << ACTI_WHEEL_TICK_SHIFT;
        acti_au64_store_relaxed(&t->after_ns, acti_clock_ns() + TIMER_NS + tick_ns);
        return ACTA_OK;
    }
    read_counts(t, t->seen);
    t->ran_on = acti_here.worker->index;
    acti_park_give(&t->ran);
    return ACTA_OK;
}

static void start(fair *t, uint32_t workers, const kit_kind *const of_flooder[FLOODERS], const kit_kind *of_quiet)
{
    memset(t, 0, sizeof(*t));
    kit_open(&t->kit, workers);
    acti_park_init(&t->ran);
    t->quiet = (quiet){{is_quiet}, t};
    t->decoy = (quiet){{ignores}, t};
    t->to_quiet = kit_spawn(&t->kit, of_quiet, &t->quiet);
    for (int i = 0; i < FLOODERS; i++) {
        t->flooder[i] = (flooder){.actor = {floods}, .fair = t};
        if (i == 0) {
            t->flooder[i].to_quiet = acta_tx_dup(t->to_quiet);
            t->flooder[i].to_decoy = kit_spawn(&t->kit, &kit_kinds[0], &t->decoy);
        }
        t->flooder[i].to = kit_spawn(&t->kit, of_flooder[i], &t->flooder[i]);
    }
}

static void finish(fair *t)
{
    acti_au32_store_relaxed(&t->stop, 1);
    acta_tx_drop(&t->to_quiet);
    kit_close(&t->kit);
}

// waits_at_most waits for the quiet actor's turn, and says whether it has come soon enough.
static bool waits_at_most(fair *t, uint64_t turns_max)
{
    assert_true(acti_park_wait(&t->ran, acti_clock_ns() + KIT_WAIT_NS));
    uint64_t worst = 0;
    for (int f = 0; f < FLOODERS; f++) {
        uint64_t noted = t->noted[f][t->ran_on], seen = t->seen[f][t->ran_on];
        if (seen > noted && seen - noted > worst)
            worst = seen - noted;
    }
    return worst <= turns_max;
}

// ---- how they flood -------------------------------------------------------------------

// One that talks to itself, and one that is flooded from outside, has other mail behind it at the end of its turn; the
// two of a pair wake each other.
typedef struct flood {
    const char *name;
    bool pair;    // to each other, through the next slot; else each to itself
    int messages; // to each that are under way; 0: one for both
    bool pile;    // they lie with one, which has more than a turn's; the other's turns spend all and leave none. Each
                  // costs as much as it may before it is expensive: the clock is looked at as seldom as ever
} flood;

static const flood floods_of[] = {
    {"each to itself, one message a turn", false, 1, false},
    {"each to itself, full turns", false, FULL, false},
    {"to each other, one message", true, 0, false},
    {"to each other, full turns", true, FULL, false},
    {"to each other, full turns, from one pile", true, FULL, true},
};
enum { FLOODS = sizeof(floods_of) / sizeof(floods_of[0]) };

static void start_flood(fair *t, const flood *how)
{
    t->cost_ns = how->pile ? ACTI_SCHED_SPREAD_NS / 2 : 0;
    if (how->pair) {
        acta_tx *first = t->flooder[0].to;
        t->flooder[0].to = t->flooder[1].to;
        t->flooder[1].to = first;
    }
    // The last sends go to actors that run already, and drop what they send through only when told to stop.
    acta_tx *to[FLOODERS] = {acta_tx_dup(t->flooder[0].to), acta_tx_dup(t->flooder[1].to)};
    for (int n = 0; n < how->messages || n == 0; n++) {
        kit_send(to[0], 0);
        if (how->messages > 0)
            kit_send(to[how->pile ? 0 : 1], 0);
    }
    acta_tx_drop(&to[0]);
    acta_tx_drop(&to[1]);
    // Until they have settled down they wait for turns themselves, in the queue of what comes from outside.
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    for (int i = 0; i < FLOODERS; i++) {
        uint64_t from = acti_au64_load_relaxed(&t->flooder[i].handled);
        while (acti_au64_load_relaxed(&t->flooder[i].handled) < from + 8 * FULL)
            assert_true(acti_clock_ns() < until_ns);
    }
}

// In each case: how they flood, what they are, what the quiet one is.
#define EACH_CASE(how, a, b, q)                                                                            \
    for (const flood *how = floods_of; how < floods_of + FLOODS; how++)                                    \
        for (const kit_kind *a = kit_kinds; a < kit_kinds + 2; a++)                                        \
            for (const kit_kind *b = a; b < kit_kinds + 2; b++)                                            \
                for (const kit_kind *q = kit_kinds; q < kit_kinds + 2; q++)

static fair world;

TEST(who_is_sent_to_from_outside_runs_within_two_turns_of_each_flooder)
{
    fair *t = &world;
    for (uint32_t workers = 1; workers <= WORKERS_MAX; workers++)
        EACH_CASE(how, a, b, q) {
            start(t, workers, (const kit_kind *const[]){a, b}, q);
            start_flood(t, how);
            for (int i = 0; i < POKES; i++) {
                kit_send(t->to_quiet, 0);
                read_counts(t, t->noted);
                assert_true(waits_at_most(t, TURNS_MAX));
            }
            finish(t);
        }
}

TEST(who_is_sent_to_by_a_flooder_runs_within_two_turns_of_each)
{
    fair *t = &world;
    for (uint32_t workers = 1; workers <= WORKERS_MAX; workers++)
        EACH_CASE(how, a, b, q) {
            start(t, workers, (const kit_kind *const[]){a, b}, q);
            start_flood(t, how);
            for (int i = 0; i < POKES; i++) {
                acti_au32_store_release(&t->poke, 1);
                // On another worker it may have run before, or waits for turns that began before it was sent to.
                assert_true(waits_at_most(t, TURNS_MAX) || t->ran_on != t->poked_on);
            }
            finish(t);
        }
}

TEST(whose_timer_is_due_runs_within_two_full_turns_of_each_flooder_or_one_look_at_the_clock)
{
    fair *t = &world;
    EACH_CASE(how, a, b, q) {
        start(t, 1, (const kit_kind *const[]){a, b}, q);
        start_flood(t, how);
        for (int i = 0; i < POKES / 10; i++) {
            acti_au64_store_relaxed(&t->after_ns, UINT64_MAX);
            kit_send(t->to_quiet, 1);
            assert_true(waits_at_most(t, how->messages == FULL ? TURNS_MAX : ACTI_SCHED_LOOK_TURNS / 2 + TURNS_MAX));
        }
        finish(t);
    }
}

// ---- flooded from outside ---------------------------------------------------------------

typedef struct pusher {
    fair *fair;
    acta_tx *to[FLOODERS];
} pusher;

// pushes keeps both flooders busy without filling memory.
static void *pushes(void *arg)
{
    pusher *p = arg;
    uint64_t sent[FLOODERS] = {0};
    while (acti_au32_load_relaxed(&p->fair->stop) == 0)
        for (int i = 0; i < FLOODERS; i++)
            if (sent[i] - acti_au64_load_relaxed(&p->fair->flooder[i].handled) < 2 * FULL) {
                kit_claim(acta_send(p->to[i], item, 0, 0) == ACTA_OK);
                sent[i]++;
            }
    for (int i = 0; i < FLOODERS; i++)
        acta_tx_drop(&p->to[i]);
    return NULL;
}

TEST(who_is_sent_to_by_an_actor_runs_within_two_turns_of_each_that_is_flooded_from_outside)
{
    fair *t = &world;
    for (const kit_kind *f = kit_kinds; f < kit_kinds + 2; f++)
        for (const kit_kind *q = kit_kinds; q < kit_kinds + 2; q++) {
            start(t, 1, (const kit_kind *const[]){f, f}, q);
            pusher p = {.fair = t};
            for (int i = 0; i < FLOODERS; i++) {
                p.to[i] = t->flooder[i].to;
                t->flooder[i].to = NULL;
            }
            pthread_t id;
            assert_int_equal(acti_thread_start(&id, "pusher", pushes, &p), ACTA_OK);
            for (int i = 0; i < POKES; i++) {
                acti_au32_store_release(&t->poke, 1);
                assert_true(waits_at_most(t, TURNS_MAX));
            }
            acti_au32_store_relaxed(&t->stop, 1);
            pthread_join(id, NULL);
            finish(t);
        }
}

int main(void)
{
    return TEST_RUN(case_of(who_is_sent_to_from_outside_runs_within_two_turns_of_each_flooder),
                    case_of(who_is_sent_to_by_a_flooder_runs_within_two_turns_of_each),
                    case_of(whose_timer_is_due_runs_within_two_full_turns_of_each_flooder_or_one_look_at_the_clock),
                    case_of(who_is_sent_to_by_an_actor_runs_within_two_turns_of_each_that_is_flooded_from_outside));
}
