// SPDX-License-Identifier: MIT
//
// test_shrink.c - shrinking: what is left fails, was paid for by the tries, and cannot be made smaller.
//
// A predicate stands for the schedule. Step s has the choice of(forcing, s), 0 when it is not forced.

#include "test.h"

#include <acta/error.h>

#include "base/platform.h"
#include "sim/forced.h"

enum { STEPS = 40 };

typedef enum rule {
    ALWAYS,    // whatever is forced
    CORE,      // each step of a set has its least choice or more: monotone, with one answer
    HASHED,    // a hash of what is forced says so: neither monotone nor kind
    PAIRS,     // one of several pairs is whole
    ODD_COUNT, // an odd number of choices: no single one can go, any two can
} rule;

typedef struct world {
    rule rule;
    uint32_t least[STEPS + 1]; // 0: not in the set
    uint64_t salt;
    const acti_forcing *first; // which fails whatever the hash says
    uint32_t runs;
} world;

static uint32_t of(const acti_forcing *f, uint32_t step)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->at[i].step == step)
            return f->at[i].choice;
    return 0;
}

static bool core_holds(const world *w, const acti_forcing *f)
{
    for (uint32_t s = 1; s <= STEPS; s++)
        if (of(f, s) < w->least[s])
            return false;
    return true;
}

static bool same(const acti_forcing *a, const acti_forcing *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

static bool hash_says(const world *w, const acti_forcing *f)
{
    uint64_t state = w->salt;
    for (uint32_t i = 0; i < f->count; i++)
        state = acti_random_next(&state) ^ ((uint64_t)f->at[i].step << 32 | f->at[i].choice);
    return acti_random_next(&state) % 4 == 0;
}

static bool holds(const world *w, const acti_forcing *f)
{
    switch (w->rule) {
    case ALWAYS:
        return true;
    case CORE:
        return core_holds(w, f);
    case HASHED:
        return same(f, w->first) || hash_says(w, f);
    case PAIRS:
        for (uint32_t s = 1; s + 7 <= STEPS; s += 3)
            if (of(f, s) > 0 && of(f, s + 7) > 1)
                return true;
        return false;
    case ODD_COUNT:
        return f->count % 2 == 1;
    }
    return false;
}

static bool fails(void *arg, const acti_forcing *f)
{
    world *w = arg;
    w->runs++;
    for (uint32_t i = 0; i < f->count; i++) { // what is tried is a forcing
        assert_true(f->at[i].choice > 0);
        assert_true(f->at[i].step > (i > 0 ? f->at[i - 1].step : 0));
    }
    return holds(w, f);
}

static acti_forcing everything(uint32_t choice)
{
    acti_forcing f = {.seed = 9};
    for (uint32_t s = 1; s <= STEPS; s++)
        assert_int_equal(acti_forcing_add(&f, s, choice), ACTA_OK);
    return f;
}

static acti_forcing copy_of(const acti_forcing *f)
{
    acti_forcing copy = {.seed = f->seed};
    for (uint32_t i = 0; i < f->count; i++)
        assert_int_equal(acti_forcing_add(&copy, f->at[i].step, f->at[i].choice), ACTA_OK);
    return copy;
}

static void shrink(acti_forcing *f, world *w, uint32_t tries)
{
    w->runs = 0;
    acti_forcing_shrink(f, fails, w, tries);
    assert_true(w->runs <= tries);
    assert_int_equal(f->seed, 9);
}

// None of the choices can go, and none can be smaller by one.
static void assert_minimal(const acti_forcing *f, const world *w)
{
    for (uint32_t i = 0; i < f->count; i++) {
        acti_forcing less = copy_of(f);
        memmove(less.at + i, less.at + i + 1, (less.count - i - 1) * sizeof *less.at);
        less.count--;
        assert_false(holds(w, &less));
        acti_forcing_fini(&less);
        acti_forcing nearer = copy_of(f);
        if (nearer.at[i].choice-- > 1)
            assert_false(holds(w, &nearer));
        acti_forcing_fini(&nearer);
    }
}

// ---- claims ----------------------------------------------------------------------------

TEST(without_tries_nothing_is_run_and_nothing_goes)
{
    world w = {.rule = ALWAYS};
    acti_forcing f = everything(3);
    shrink(&f, &w, 0);
    assert_int_equal(w.runs, 0);
    assert_int_equal(f.count, STEPS);
    acti_forcing_fini(&f);
}

TEST(an_empty_forcing_needs_no_run)
{
    world w = {.rule = ALWAYS};
    acti_forcing f = {.seed = 9};
    shrink(&f, &w, 100);
    assert_int_equal(w.runs, 0);
    acti_forcing_fini(&f);
}

TEST(what_fails_by_itself_is_found_in_one_run)
{
    world w = {.rule = ALWAYS};
    acti_forcing f = everything(3);
    shrink(&f, &w, 100);
    assert_int_equal(w.runs, 1);
    assert_int_equal(f.count, 0);
    acti_forcing_fini(&f);
}

TEST(of_a_monotone_failure_exactly_its_core_is_left_with_the_least_choices)
{
    uint64_t random = 1;
    for (int round = 0; round < 200; round++) {
        world w = {.rule = CORE};
        uint32_t size = 0;
        for (uint64_t n = acti_random_next(&random) % 8; n > 0; n--)
            w.least[1 + acti_random_next(&random) % STEPS] = 1 + (uint32_t)(acti_random_next(&random) % 20);
        for (uint32_t s = 1; s <= STEPS; s++)
            size += w.least[s] > 0;
        acti_forcing f = everything(20);
        shrink(&f, &w, 2000);
        assert_int_equal(f.count, size);
        for (uint32_t i = 0; i < f.count; i++)
            assert_int_equal(f.at[i].choice, w.least[f.at[i].step]);
        acti_forcing_fini(&f);
    }
}

TEST(three_of_a_thousand_choices_are_found_in_two_hundred_runs)
{
    enum { COUNT = 1000 };
    world w = {.rule = CORE};
    w.least[3] = w.least[20] = w.least[39] = 1;
    acti_forcing f = everything(1);
    for (uint32_t s = STEPS + 1; s <= COUNT; s++)
        assert_int_equal(acti_forcing_add(&f, s, 1), ACTA_OK);
    shrink(&f, &w, 200);
    assert_int_equal(f.count, 3);
    assert_minimal(&f, &w);
    acti_forcing_fini(&f);
}

TEST(whatever_the_failure_what_is_left_fails_and_is_minimal)
{
    uint64_t random = 2;
    uint32_t many = 0; // results of more than one choice
    for (int round = 0; round < 300; round++) {
        static const rule rules[] = {HASHED, PAIRS, ODD_COUNT};
        acti_forcing f = everything(1 + (uint32_t)(acti_random_next(&random) % 5) + (round % 3 == 1));
        if (round % 3 == 2)
            f.count--;
        acti_forcing first = copy_of(&f);
        world w = {.rule = rules[round % 3], .salt = acti_random_next(&random), .first = &first};
        w.rule = w.rule == ODD_COUNT && f.count % 2 == 0 ? PAIRS : w.rule;
        if (holds(&w, &f)) {
            shrink(&f, &w, 100000);
            assert_true(holds(&w, &f));
            assert_minimal(&f, &w);
            many += f.count > 1;
        }
        acti_forcing_fini(&first);
        acti_forcing_fini(&f);
    }
    assert_true(many > 50);
}

TEST(when_tries_run_out_at_any_point_what_is_left_fails_and_is_no_larger)
{
    acti_forcing first = everything(6);
    for (uint32_t tries = 0; tries < 300; tries++) {
        world w = {.rule = tries % 2 == 0 ? CORE : HASHED, .salt = tries, .first = &first};
        w.least[2] = 5;
        w.least[31] = 1;
        w.least[33] = 2;
        acti_forcing f = copy_of(&first);
        shrink(&f, &w, tries);
        assert_true(holds(&w, &f));
        assert_true(f.count <= first.count);
        acti_forcing_fini(&f);
    }
    acti_forcing_fini(&first);
}

TEST(an_odd_number_of_choices_ends_as_one)
{
    world w = {.rule = ODD_COUNT};
    acti_forcing f = everything(4);
    f.count = STEPS - 1;
    shrink(&f, &w, 10000);
    assert_true(f.count % 2 == 1);
    assert_minimal(&f, &w);
    acti_forcing_fini(&f);
}

int main(void)
{
    return TEST_RUN(case_of(without_tries_nothing_is_run_and_nothing_goes), case_of(an_empty_forcing_needs_no_run),
                    case_of(what_fails_by_itself_is_found_in_one_run),
                    case_of(of_a_monotone_failure_exactly_its_core_is_left_with_the_least_choices),
                    case_of(three_of_a_thousand_choices_are_found_in_two_hundred_runs),
                    case_of(whatever_the_failure_what_is_left_fails_and_is_minimal),
                    case_of(when_tries_run_out_at_any_point_what_is_left_fails_and_is_no_larger),
                    case_of(an_odd_number_of_choices_ends_as_one));
}
