// SPDX-License-Identifier: MIT
//
// test_litmus.c - the explorer shows what the memory model allows, all of it and nothing else: small programs whose
// outcomes are known, each with the number of outcomes and why, in both searches. The searches must agree on the
// execution graphs, too, and the reduced one must come to each of them once.

#include "test.h"

#include "model/explorer.h"

static acti_au64 x, y, d;
static uint64_t r[8]; // what the threads read; each has its own

#define GET(a) acti_au64_load_relaxed(&(a))
#define GET_ACQUIRE(a) acti_au64_load_acquire(&(a))
#define SET(a, v) acti_au64_store_relaxed(&(a), v)
#define SET_RELEASE(a, v) acti_au64_store_release(&(a), v)

// The outcome in decimal digits.
static void r0_r1(void)
{
    model_outcome(r[0] * 10 + r[1]);
}
static void r0_to_r2(void)
{
    model_outcome(r[0] * 100 + r[1] * 10 + r[2]);
}
static void r0_to_r3(void)
{
    model_outcome(r[0] * 1000 + r[1] * 100 + r[2] * 10 + r[3]);
}
static void x_y(void)
{
    model_outcome(GET(x) * 10 + GET(y));
}
static void x_r0(void)
{
    model_outcome(GET(x) * 10 + r[0]);
}

// ---- threads ---------------------------------------------------------------------------

static void x1(void)
{
    SET(x, 1);
}
static void x2(void)
{
    SET(x, 2);
}
static void y1(void)
{
    SET(y, 1);
}
static void x1_released(void)
{
    SET_RELEASE(x, 1);
}
static void y1_released(void)
{
    SET_RELEASE(y, 1);
}
static void x1_x2(void)
{
    SET(x, 1);
    SET(x, 2);
}
static void x1_then_y(void)
{
    SET(x, 1);
    r[0] = GET(y);
}
static void y1_then_x(void)
{
    SET(y, 1);
    r[1] = GET(x);
}
static void x1_then_y_ordered(void)
{
    SET_RELEASE(x, 1);
    r[0] = GET_ACQUIRE(y);
}
static void y1_then_x_ordered(void)
{
    SET_RELEASE(y, 1);
    r[1] = GET_ACQUIRE(x);
}
static void x_then_y1(void)
{
    r[0] = GET(x);
    SET(y, 1);
}
static void y_then_x1(void)
{
    r[1] = GET(y);
    SET(x, 1);
}
static void d1_x1(void)
{
    SET(d, 1);
    SET(x, 1);
}
static void d1_x1_released(void)
{
    SET(d, 1);
    SET_RELEASE(x, 1);
}
static void d1_x1_fenced(void)
{
    SET(d, 1);
    model_fence(MODEL_SITE("fence", RELEASE));
    SET(x, 1);
}
static void d1_x1_released_x2(void)
{
    SET(d, 1);
    SET_RELEASE(x, 1);
    SET(x, 2);
}
static void x_then_d(void)
{
    r[0] = GET(x);
    r[1] = GET(d);
}
static void x_acquired_then_d(void)
{
    r[0] = GET_ACQUIRE(x);
    r[1] = GET(d);
}
static void x_fenced_then_d(void)
{
    r[0] = GET(x);
    model_fence(MODEL_SITE("fence", ACQUIRE));
    r[1] = GET(d);
}
static void x_x(void)
{
    r[0] = GET(x);
    r[1] = GET(x);
}
static void x_x_again(void)
{
    r[2] = GET(x);
    r[3] = GET(x);
}
static void x_y_acquired(void)
{
    r[0] = GET_ACQUIRE(x);
    r[1] = GET_ACQUIRE(y);
}
static void y_x_acquired(void)
{
    r[2] = GET_ACQUIRE(y);
    r[3] = GET_ACQUIRE(x);
}
static void x_y_relaxed(void)
{
    r[0] = GET(x);
    r[1] = GET(y);
}
static void y_x_relaxed(void)
{
    r[2] = GET(y);
    r[3] = GET(x);
}
static void x_then_y1_released(void)
{
    r[0] = GET(x);
    SET_RELEASE(y, 1);
}
static void y_acquired_then_x(void)
{
    r[1] = GET_ACQUIRE(y);
    r[2] = GET(x);
}
static void y_then_x_relaxed(void)
{
    r[1] = GET(y);
    r[2] = GET(x);
}
static void x1_y2(void)
{
    SET(x, 1);
    SET(y, 2);
}
static void y1_x2(void)
{
    SET(y, 1);
    SET(x, 2);
}
static void x1_y2_released(void)
{
    SET_RELEASE(x, 1);
    SET_RELEASE(y, 2);
}
static void y1_x2_released(void)
{
    SET_RELEASE(y, 1);
    SET_RELEASE(x, 2);
}
static void x2_y1_released(void)
{
    SET(x, 2);
    SET_RELEASE(y, 1);
}
static void x2_y1(void)
{
    SET(x, 2);
    SET(y, 1);
}
static void y_acquired_then_x1(void)
{
    r[0] = GET_ACQUIRE(y);
    SET(x, 1);
}
static void y_then_x1_late(void)
{
    r[0] = GET(y);
    SET(x, 1);
}
static void x_plus_4(void)
{
    (void)acti_au64_add_relaxed(&x, 4);
}
static void x_plus_1_own_slot(void)
{
    r[model_self()] = acti_au64_add_relaxed(&x, 1);
}
static void x_plus_1_by_swap(void)
{
    uint64_t seen = GET(x);
    while (!acti_au64_cas_relaxed(&x, &seen, seen + 1))
        continue;
    seen++;
    while (!acti_au64_cas_relaxed(&x, &seen, seen + 1))
        continue;
}
static void swap_of_9_fails(void)
{
    uint64_t seen = 9;
    r[0] = acti_au64_cas_acq_rel(&x, &seen, 8);
    r[1] = seen;
}
static void swap_of_0_then_d(void)
{
    uint64_t seen = 0;
    r[0] = acti_au64_cas_acquire(&x, &seen, 5);
    r[1] = GET(d);
}
static void swap_of_1_then_d(void)
{
    uint64_t seen = 1;
    r[0] = acti_au64_cas_acquire(&x, &seen, 5);
    r[1] = GET(d);
}
static void swap_of_0(void)
{
    uint64_t seen = 0;
    r[0] = acti_au64_cas_relaxed(&x, &seen, 1);
}
static void y1_swaps_x(void)
{
    SET(y, 1);
    r[0] = acti_au64_swap_acquire(&x, 2);
}
static void x1_swaps_y(void)
{
    SET(x, 1);
    r[1] = acti_au64_swap_acquire(&y, 2);
}
static void chooses(void)
{
    r[0] = model_choose(3);
    SET(x, r[0]);
}

// ---- what they come to -------------------------------------------------------------------

#define NO_MATTER UINT64_MAX

typedef struct litmus {
    model_scenario s;
    uint64_t outcomes; // how many
    uint64_t weak;     // the one that it is about
    bool allowed;
} litmus;

static const litmus tests[] = {
    // Each thread may miss the other's store: nothing orders a store before a later load of another location.
    {{.name = "SB, relaxed: both may miss",
      .thread = {x1_then_y, y1_then_x},
      .check = r0_r1},
     4, 0, true},
    {{.name = "SB, release and acquire: both may miss",
      .thread = {x1_then_y_ordered, y1_then_x_ordered},
      .check = r0_r1},
     4, 0, true},
    // Flag and data are two bits, and nothing binds them.
    {{.name = "MP, relaxed: flag without data",
      .thread = {d1_x1, x_then_d},
      .check = r0_r1},
     4, 10, true},
    // One of the four is gone: flag without data. It needs both sides.
    {{.name = "MP, release and acquire: never",
      .thread = {d1_x1_released, x_acquired_then_d},
      .check = r0_r1},
     3, 10, false},
    {{.name = "MP, release alone: flag without data",
      .thread = {d1_x1_released, x_then_d},
      .check = r0_r1},
     4, 10, true},
    {{.name = "MP, acquire alone: flag without data",
      .thread = {d1_x1, x_acquired_then_d},
      .check = r0_r1},
     4, 10, true},
    {{.name = "MP, fences: never",
      .thread = {d1_x1_fenced, x_fenced_then_d},
      .check = r0_r1},
     3, 10, false},
    {{.name = "MP, release and acquire fence: never",
      .thread = {d1_x1_released, x_fenced_then_d},
      .check = r0_r1},
     3, 10, false},
    {{.name = "MP, release fence and acquire: never",
      .thread = {d1_x1_fenced, x_acquired_then_d},
      .check = r0_r1},
     3, 10, false},
    // Four without the explorer's rule: a load does not read from what comes after it in program order and
    // reads-from.
    {{.name = "LB: never both, by the rule of the explorer",
      .thread = {x_then_y1, y_then_x1},
      .check = r0_r1},
     3, 11, false},
    // Two readers may see two independent stores in contrary orders, acquire or not: 2^4.
    {{.name = "IRIW, relaxed: contrary orders",
      .thread = {x1, y1, x_y_relaxed, y_x_relaxed},
      .check = r0_to_r3},
     16, 1010, true},
    {{.name = "IRIW, release and acquire: contrary orders",
      .thread = {x1_released, y1_released, x_y_acquired, y_x_acquired},
      .check = r0_to_r3},
     16, 1010, true},
    // Of 0, 1, 2 in this order two reads take a pair that does not fall: 6.
    {{.name = "CoRR: a reader does not go back",
      .thread = {x1_x2, x_x},
      .check = r0_r1},
     6, 21, false},
    // For either order of the two stores each reader takes one of 6 pairs. 5 pairs fit both orders: 36 + 36 - 25.
    {{.name = "CoRR, two stores: the readers agree on the order",
      .thread = {x1, x2, x_x, x_x_again},
      .check = r0_to_r3},
     47, 1221, false},
    // All of 2^3 but 1, 1, 0: what the second thread read happens before the third's read, which cannot go behind it.
    {{.name = "WRC, release and acquire: never",
      .thread = {x1, x_then_y1_released, y_acquired_then_x},
      .check = r0_to_r2},
     7, 110, false},
    {{.name = "WRC, relaxed: allowed",
      .thread = {x1, x_then_y1, y_then_x_relaxed},
      .check = r0_to_r2},
     8, 110, true},
    // Each location ends with either store, also with the first one of each thread: the stores of one thread to two
    // locations are not ordered for others.
    {{.name = "2+2W, relaxed: both first stores last",
      .thread = {x1_y2, y1_x2},
      .check = x_y},
     4, 11, true},
    {{.name = "2+2W, release: both first stores last",
      .thread = {x1_y2_released, y1_x2_released},
      .check = x_y},
     4, 11, true},
    // The same with read-modify-writes second: each may come right behind the initial value though the other's store
    // is there.
    {{.name = "2+2W, swaps: both read the initial value",
      .thread = {y1_swaps_x, x1_swaps_y},
      .check = r0_r1},
     4, 0, true},
    // x is 2 in the end although the 1 was stored by who had seen what came after the 2.
    {{.name = "S, relaxed: allowed",
      .thread = {x2_y1, y_then_x1_late},
      .check = x_r0},
     4, 21, true},
    {{.name = "S, release and acquire: never",
      .thread = {x2_y1_released, y_acquired_then_x1},
      .check = x_r0},
     3, 21, false},
    // x: 0, 1, 4, 5. With 1 and 5 it is the release or continues it: d is 1. With 0 and 4 d is either.
    {{.name = "release sequence: goes on through a read-modify-write",
      .thread = {d1_x1_released, x_plus_4, x_acquired_then_d},
      .check = r0_r1},
     6, 50, false},
    // x: 0, 1, 2. A plain store ends it, another's and (since C++20) one's own: d is either with 0 and 2.
    {{.name = "release sequence: ends at another's store",
      .thread = {d1_x1_released, x2, x_acquired_then_d},
      .check = r0_r1},
     5, 20, true},
    {{.name = "release sequence: ends at an own store",
      .thread = {d1_x1_released_x2, x_acquired_then_d},
      .check = r0_r1},
     5, 20, true},
    // It fails with each of the three values.
    {{.name = "CAS: a failed one reads an older value",
      .thread = {x1_x2, swap_of_9_fails},
      .check = r0_r1},
     3, 1, true},
    // Failed or not, d is either: it succeeds with the initial value, and fails without acquiring.
    {{.name = "CAS: a failed one does not acquire",
      .thread = {d1_x1_released, swap_of_0_then_d},
      .check = r0_r1},
     4, 0, true},
    {{.name = "CAS: one that succeeds acquires",
      .thread = {d1_x1_released, swap_of_1_then_d},
      .check = r0_r1},
     3, 10, false},
    {{.name = "CAS: fails for a reason",
      .thread = {swap_of_0},
      .check = x_r0},
     1, 0, false},
    {{.name = "CAS: may fail for none",
      .thread = {swap_of_0},
      .check = x_r0, .spurious_max = 1},
     2, 0, true},
    // No update is lost: each order of three is an outcome.
    {{.name = "RMW: three counts, six orders",
      .thread = {x_plus_1_own_slot, x_plus_1_own_slot, x_plus_1_own_slot},
      .check = r0_to_r2},
     6, 0, false},
    {{.name = "RMW: no count by CAS is lost",
      .thread = {x_plus_1_by_swap, x_plus_1_by_swap},
      .check = x_y},
     1, 40, true},
    {{.name = "RMW: nor when it fails for no reason",
      .thread = {x_plus_1_by_swap, x_plus_1_by_swap},
      .check = x_y, .spurious_max = 1},
     1, 40, true},
    // Of 0 and the chosen value two reads take a pair that does not go back: 1 with 0, 3 each with 1 and 2.
    {{.name = "choice: each is explored, and what depends on it",
      .thread = {chooses, x_x_again},
      .check = r0_to_r3},
     7, 2002, true},
};

static void compare(const litmus *l)
{
    model_result reduced, full;
    model_explore(&l->s, MODEL_FULL, &full);
    bool full_reached = model_reached(l->weak);
    model_explore(&l->s, MODEL_REDUCED, &reduced);
    model_print(&l->s, &reduced);
    assert_string_equal(reduced.why, "");
    assert_string_equal(full.why, "");
    assert_true(reduced.complete && full.complete);
    assert_int_equal(reduced.outcomes, l->outcomes);
    assert_int_equal(full.outcomes, l->outcomes);
    assert_int_equal(model_reached(l->weak), l->allowed);
    assert_int_equal(full_reached, l->allowed);
    assert_int_equal(reduced.graphs, full.graphs);
    assert_int_equal(reduced.executions, reduced.graphs);
}

TEST(each_litmus_test_has_its_outcomes_in_either_search)
{
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        compare(&tests[i]);
}

static bool comes_out_right(const litmus *l, model_search how)
{
    model_scenario s = l->s;
    s.executions_max = 15000;
    model_result result;
    model_explore(&s, how, &result);
    return result.complete && result.outcomes == l->outcomes && model_reached(l->weak) == l->allowed &&
           (how == MODEL_FULL || result.executions == result.graphs);
}

static size_t litmus_tests_that_fail(model_search how)
{
    size_t failing = 0;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        failing += !comes_out_right(&tests[i], how);
    return failing;
}

TEST(a_broken_explorer_fails_litmus_tests)
{
    for (model_defect defect = MODEL_SOUND; defect < MODEL_SEES_NO_RACES; defect++) {
        model_defect_now = defect;
        size_t reduced = litmus_tests_that_fail(MODEL_REDUCED), full = litmus_tests_that_fail(MODEL_FULL);
        model_defect_now = MODEL_SOUND;
        print_message("defect %d: %zu fail in the reduced search, %zu in the full one\n", (int)defect, reduced, full);
        assert_int_equal(reduced != 0, defect != MODEL_SOUND);
        bool of_reduced = defect == MODEL_LOOKS_BACK_NEVER || defect == MODEL_LOOKS_BACK_ALWAYS;
        assert_int_equal(full != 0, defect != MODEL_SOUND && !of_reduced);
    }
}

int main(void)
{
    return TEST_RUN(case_of(each_litmus_test_has_its_outcomes_in_either_search),
                    case_of(a_broken_explorer_fails_litmus_tests));
}
