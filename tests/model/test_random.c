// SPDX-License-Identifier: MIT
//
// test_random.c - programs drawn at random: the two searches of the explorer come to the same graphs, the reduced one
// to each once; and for programs without branches these are as many as the axioms of the memory model allow.

#include "test.h"

#include "axioms.h"
#include "base/platform.h"

#define PROGRAMS 400

static const program *running; // constant while a search goes on
static acti_au64 at[PROGRAM_LOCATIONS];
static acti_lock lock;
static uint64_t r[MODEL_THREADS_MAX];

static uint64_t state; // of the draws

static uint32_t draw(uint32_t count)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % count;
}

// ---- without branches ------------------------------------------------------------------

static uint32_t run_op(const program_op *op, uint32_t value)
{
    acti_au64 *a = &at[op->location];
    bool acquires = (op->order & MODEL_ACQUIRE) != 0, releases = (op->order & MODEL_RELEASE) != 0;
    switch (op->kind) {
    case LOAD:
        return (uint32_t)(acquires ? acti_au64_load_acquire(a) : acti_au64_load_relaxed(a));
    case STORE:
        if (releases)
            acti_au64_store_release(a, value);
        else
            acti_au64_store_relaxed(a, value);
        return 0;
    case SWAP:
        if (releases)
            return (uint32_t)(acquires ? acti_au64_or_acq_rel(a, value) : acti_au64_sub_release(a, value));
        return (uint32_t)(acquires ? acti_au64_swap_acquire(a, value) : acti_au64_add_relaxed(a, value));
    }
    return 0;
}

static void run_thread_of_program(void)
{
    for (uint32_t i = 0; i < running->count; i++)
        if (running->ops[i].thread == model_self())
            (void)run_op(&running->ops[i], i + 1);
}

static program draw_program(void)
{
    program p = {.count = 4 + draw(PROGRAM_OPS_MAX - 3)};
    uint32_t threads = 2 + draw(3);
    for (uint32_t i = 0; i < p.count; i++)
        p.ops[i] = (program_op){draw(3), draw(threads), draw(PROGRAM_LOCATIONS), draw(4)};
    return p;
}

// Whoever has no operation ends at once.
static const model_scenario without_branches = {
    .name = "without branches",
    .thread = {run_thread_of_program, run_thread_of_program, run_thread_of_program, run_thread_of_program},
};

TEST(a_program_has_as_many_executions_as_the_axioms_allow)
{
    uint64_t executions = 0;
    for (uint32_t seed = 0; seed < PROGRAMS; seed++) {
        state = seed;
        program p = draw_program();
        running = &p;
        model_result reduced;
        model_explore(&without_branches, MODEL_REDUCED, &reduced);
        assert_string_equal(reduced.why, "");
        uint64_t expected = axioms_count(&p);
        if (reduced.graphs != expected || reduced.executions != expected)
            print_message("seed %u: %llu graphs in %llu executions, and %llu by the axioms\n", seed,
                          (unsigned long long)reduced.graphs, (unsigned long long)reduced.executions,
                          (unsigned long long)expected);
        assert_int_equal(reduced.graphs, expected);
        assert_int_equal(reduced.executions, expected);
        executions += expected;
    }
    print_message("%d programs have %llu executions\n", PROGRAMS, (unsigned long long)executions);
    assert_true(executions > 10 * PROGRAMS); // they were not all trivial
}

// ---- with branches, locks and waits -----------------------------------------------------

#define STEPS 3

typedef struct step {
    enum { PLAIN_OP, COMPARE, BRANCH, LOCKED, AWAIT, CHOOSE, STEP_KINDS } kind;
    program_op op;
    uint32_t expected;
} step;

static step steps[MODEL_THREADS_MAX][STEPS]; // constant while a search goes on

static bool is_not_0(uint64_t value, void *arg)
{
    (void)arg;
    return value != 0;
}

static uint64_t run_step(const step *s, uint32_t value)
{
    uint64_t seen = s->expected;
    switch (s->kind) {
    case COMPARE: {
        bool done = s->op.order == MODEL_ACQ_REL ? acti_au64_cas_acq_rel(&at[s->op.location], &seen, value)
                                                 : acti_au64_cas_release(&at[s->op.location], &seen, value);
        return done ? 100 : seen;
    }
    case BRANCH:
        seen = acti_au64_load_relaxed(&at[s->op.location]);
        if (seen == s->expected)
            acti_au64_store_release(&at[1 - s->op.location], value);
        return seen;
    case LOCKED:
        acti_lock_take(&lock);
        seen = run_op(&s->op, value);
        acti_lock_give(&lock);
        return seen;
    case AWAIT:
        return model_await_acquire(&at[s->op.location], is_not_0, NULL);
    case CHOOSE:
        seen = model_choose(2);
        acti_au64_store_relaxed(&at[s->op.location], seen);
        return seen;
    default:
        return run_op(&s->op, value);
    }
}

static void run_steps(void)
{
    uint32_t self = model_self();
    for (uint32_t i = 0; i < STEPS; i++)
        r[self] = r[self] * 131 + run_step(&steps[self][i], self * STEPS + i + 1);
}

static void outcome_of_steps(void)
{
    uint64_t sum = acti_au64_load_relaxed(&at[0]) * 31 + acti_au64_load_relaxed(&at[1]);
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++)
        sum = sum * UINT64_C(1000003) + r[t];
    model_outcome(sum);
}

static model_scenario draw_steps(void)
{
    model_scenario s = {.name = "with branches", .check = outcome_of_steps, .spurious_max = draw(3) == 0};
    uint32_t threads = 2 + (draw(3) == 0), length = threads == 2 ? STEPS : STEPS - 1;
    for (uint32_t t = 0; t < threads; t++) {
        s.thread[t] = run_steps;
        for (uint32_t i = 0; i < STEPS; i++) {
            steps[t][i] = (step){draw(STEP_KINDS), {draw(3), t, draw(PROGRAM_LOCATIONS), draw(4)}, draw(4)};
            if (steps[t][i].kind == AWAIT && draw(3) != 0) // most that wait do so for ever
                steps[t][i].kind = COMPARE;
            if (i >= length) // a load, so that there are not too many
                steps[t][i] = (step){PLAIN_OP, {LOAD, t, draw(PROGRAM_LOCATIONS), MODEL_RELAXED}, 0};
        }
    }
    return s;
}

static uint32_t compared, failed_both_ways;

static void compare_searches(uint32_t seed)
{
    state = seed;
    model_scenario s = draw_steps();
    model_result reduced, full;
    model_explore(&s, MODEL_REDUCED, &reduced);
    s.executions_max = 6000;
    model_explore(&s, MODEL_FULL, &full);
    if (!full.failed && !full.complete)
        return; // too many ways for the full search
    compared++;
    if (full.failed != reduced.failed || (!full.failed && (full.graphs != reduced.graphs ||
                                                          reduced.executions != reduced.graphs)))
        print_message("seed %u: reduced %s\nfull %s\n", seed, reduced.why, full.why);
    assert_int_equal(reduced.failed, full.failed); // a wait that is in vain
    failed_both_ways += full.failed;
    if (full.failed)
        return;
    assert_int_equal(reduced.graphs, full.graphs);
    assert_int_equal(reduced.executions, full.graphs);
    assert_int_equal(reduced.outcomes, full.outcomes);
}

TEST(both_searches_come_to_the_same_graphs_of_programs_with_branches_locks_and_waits)
{
    compared = failed_both_ways = 0;
    for (uint32_t seed = 0; seed < PROGRAMS; seed++)
        compare_searches(seed);
    print_message("%u of %d programs compared, %u fail\n", compared, PROGRAMS, failed_both_ways);
    assert_true(compared > PROGRAMS / 2);
    assert_true(failed_both_ways > 0 && failed_both_ways < compared / 2);
}

int main(void)
{
    return TEST_RUN(case_of(a_program_has_as_many_executions_as_the_axioms_allow),
                    case_of(both_searches_come_to_the_same_graphs_of_programs_with_branches_locks_and_waits));
}
