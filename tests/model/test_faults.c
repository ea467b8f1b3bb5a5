// SPDX-License-Identifier: MIT
//
// test_faults.c - the explorer finds what is wrong with plain memory, locks, sleepers and claims, says where, and finds
// nothing where nothing is wrong; in both searches.

#include "test.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "base/platform.h"
#include "model/explorer.h"

static acti_au64 x;
static acti_au32 word;
static uint64_t data;
static uint8_t bytes[8];
static uint64_t r[4];
static acti_lock lock, other_lock;
static acti_park park;
static uint64_t *block;
static acti_au64 *cell;
static acti_aptr chain;
static int key;

static model_result result;

static bool is_one(uint64_t value, void *arg)
{
    (void)arg;
    return value == 1;
}

static void outcome_r0_r1(void)
{
    model_outcome(r[0] * 10 + r[1]);
}

// ---- what is expected ------------------------------------------------------------------

static void expect_fault(const model_scenario *s, const char *what)
{
    for (int how = 0; how < 2; how++) {
        model_explore(s, how == 0 ? MODEL_REDUCED : MODEL_FULL, &result);
        if (!result.failed || strstr(result.why, what) == NULL)
            print_message("expected \"%s\", got: %s\n", what, result.why);
        assert_true(result.failed);
        assert_false(result.complete);
        assert_non_null(strstr(result.why, what));
    }
}

static void expect_right(const model_scenario *s, uint64_t outcomes)
{
    for (int how = 0; how < 2; how++) {
        model_explore(s, how == 0 ? MODEL_REDUCED : MODEL_FULL, &result);
        assert_string_equal(result.why, "");
        assert_true(result.complete);
        assert_int_equal(result.outcomes, outcomes);
    }
}

// expect_both is expect_right where each graph must be come to, and once only.
static void expect_same_graphs(const model_scenario *s, uint64_t outcomes)
{
    model_explore(s, MODEL_FULL, &result);
    uint64_t graphs = result.graphs;
    expect_right(s, outcomes);
    model_explore(s, MODEL_REDUCED, &result);
    assert_int_equal(result.graphs, graphs);
    assert_int_equal(result.executions, graphs);
}

// ---- races -----------------------------------------------------------------------------

enum { WRITE_LINE = __LINE__ + 3, READ_LINE = WRITE_LINE + 4 };
static void write_data(void)
{
    data = 1;
}
static void read_data(void)
{
    r[0] = data;
}
static void publish(void)
{
    data = 1;
    acti_au64_store_release(&x, 1);
}
static void take(void)
{
    if (acti_au64_load_acquire(&x) == 1)
        r[0] = data;
}
static void publish_relaxed(void)
{
    data = 1;
    acti_au64_store_relaxed(&x, 1);
}
static void take_relaxed(void)
{
    if (acti_au64_load_relaxed(&x) == 1)
        r[0] = data;
}

TEST(two_plain_accesses_that_nothing_orders_are_a_race)
{
    expect_fault(&(model_scenario){.thread = {write_data, write_data}}, "a race");
    char both[256];
    snprintf(both, sizeof(both), "T0 writes at test_faults.c:%d\n  T1 reads at test_faults.c:%d\n", WRITE_LINE,
             READ_LINE);
    expect_fault(&(model_scenario){.thread = {write_data, read_data}}, both);
    expect_right(&(model_scenario){.thread = {read_data}}, 0);
}

TEST(publishing_needs_release_and_acquire)
{
    expect_right(&(model_scenario){.thread = {publish, take}, .check = outcome_r0_r1}, 2);
    expect_fault(&(model_scenario){.thread = {publish_relaxed, take}}, "a race");
    expect_fault(&(model_scenario){.thread = {publish, take_relaxed}}, "a race");
}

TEST(an_explorer_that_sees_no_races_is_noticed)
{
    model_defect_now = MODEL_SEES_NO_RACES;
    model_explore(&(model_scenario){.thread = {write_data, write_data}}, MODEL_REDUCED, &result);
    model_defect_now = MODEL_SOUND;
    assert_false(result.failed);
}

static void write_byte_1(void)
{
    bytes[1] = 1;
}
static void write_byte_2(void)
{
    bytes[2] = 1;
}
static void write_all_bytes(void)
{
    memset(bytes, 1, sizeof(bytes) - 1);
}

static void measure_bytes(void)
{
    r[1] = strlen((const char *)bytes);
}

TEST(neighbouring_bytes_do_not_race_but_a_range_over_them_does)
{
    expect_right(&(model_scenario){.thread = {write_byte_1, write_byte_2}}, 0);
    expect_fault(&(model_scenario){.thread = {write_byte_1, write_all_bytes}}, "a race");
    expect_right(&(model_scenario){.thread = {write_byte_1, measure_bytes}}, 0); // which ends at byte 0
    expect_fault(&(model_scenario){.setup = write_all_bytes, .thread = {write_byte_1, measure_bytes}}, "a race");
}

static void load_x(void)
{
    r[0] = acti_au64_load_relaxed(&x);
}
static void make_x_again(void)
{
    x = (acti_au64){0};
}

TEST(a_plain_store_races_with_an_atomic_load)
{
    expect_fault(&(model_scenario){.thread = {load_x, make_x_again}}, "a race");
}

// What is made again under a lock starts anew.
static void make_again_locked(void)
{
    acti_lock_take(&lock);
    x = (acti_au64){5};
    acti_lock_give(&lock);
}
static void count_locked(void)
{
    acti_lock_take(&lock);
    r[0] = acti_au64_add_relaxed(&x, 1);
    acti_lock_give(&lock);
}
static void outcome_r0_x(void)
{
    model_outcome(r[0] * 10 + acti_au64_load_relaxed(&x));
}

TEST(an_atomic_that_is_made_again_has_its_new_value)
{
    expect_right(&(model_scenario){.thread = {make_again_locked, count_locked}, .check = outcome_r0_x}, 2);
    assert_true(model_reached(5) && model_reached(56));
}

// ---- memory ----------------------------------------------------------------------------

static void make_block(void)
{
    block = model_alloc(2 * sizeof(*block));
    block[0] = block[1] = 7;
}
static void use_block(void)
{
    r[0] = block[0];
}
static void free_block(void)
{
    free(block);
}
static void use_and_say_so(void)
{
    r[0] = block[0];
    acti_au64_store_release(&x, 1);
}
static void free_when_told(void)
{
    (void)model_await_acquire(&x, is_one, NULL);
    free(block);
}
static void free_and_say_so(void)
{
    free(block);
    acti_au64_store_release(&x, 1);
}
static void use_when_told(void)
{
    (void)model_await_acquire(&x, is_one, NULL);
    r[0] = block[0];
}
static void free_twice(void)
{
    free(block);
    free(block);
}
static void use_past_the_end(void)
{
    r[0] = block[2];
}

TEST(a_use_after_a_free_is_found_and_so_is_one_that_may_be)
{
    expect_fault(&(model_scenario){.setup = make_block, .thread = {free_and_say_so, use_when_told}},
                 "a use after free");
    assert_non_null(strstr(result.why, "T0 frees at test_faults.c"));
    expect_fault(&(model_scenario){.setup = make_block, .thread = {free_block, use_block}}, ""); // a race or a use
    expect_right(&(model_scenario){.setup = make_block, .thread = {use_and_say_so, free_when_told}}, 0);
}

TEST(a_second_free_and_an_access_past_the_end_are_found)
{
    expect_fault(&(model_scenario){.setup = make_block, .thread = {free_twice}}, "a use after free");
    expect_fault(&(model_scenario){.setup = make_block, .thread = {use_past_the_end}}, "outside of what was allocated");
}

static void make_cell(void)
{
    cell = model_alloc(sizeof(*cell));
    acti_au64_store_relaxed(cell, 1);
    acti_aptr_store_release(&chain, cell);
}
static void make_cell_relaxed(void)
{
    cell = model_alloc(sizeof(*cell));
    acti_au64_store_relaxed(cell, 1);
    acti_aptr_store_relaxed(&chain, cell);
}
static void follow_link(void)
{
    acti_au64 *at = acti_aptr_load_acquire(&chain);
    r[0] = at != NULL ? acti_au64_load_relaxed(at) : 2;
}

TEST(an_atomic_that_nobody_has_initialised_for_its_reader_is_found)
{
    expect_right(&(model_scenario){.thread = {make_cell, follow_link}, .check = outcome_r0_r1}, 2);
    expect_fault(&(model_scenario){.thread = {make_cell_relaxed, follow_link}}, "what nobody has initialised");
}

// ---- locks -----------------------------------------------------------------------------

static void count_under_lock(void)
{
    acti_lock_take(&lock);
    r[model_self()] = ++data;
    acti_lock_give(&lock);
}
static void take_twice(void)
{
    acti_lock_take(&lock);
    acti_lock_take(&lock);
}
static void give_what_another_has(void)
{
    acti_lock_give(&lock);
}
static void take_one_then_other(void)
{
    acti_lock_take(&lock);
    acti_lock_take(&other_lock);
    acti_lock_give(&other_lock);
    acti_lock_give(&lock);
}
static void take_other_then_one(void)
{
    acti_lock_take(&other_lock);
    acti_lock_take(&lock);
    acti_lock_give(&lock);
    acti_lock_give(&other_lock);
}
static void all_have_counted(void)
{
    model_claim(data == 3);
    model_outcome(r[0] * 100 + r[1] * 10 + r[2]);
}

TEST(a_lock_lets_in_one_at_a_time_in_each_order)
{
    model_scenario s = {.thread = {count_under_lock, count_under_lock, count_under_lock}, .check = all_have_counted};
    expect_same_graphs(&s, 6);
}

TEST(a_lock_that_cannot_be_had_is_a_deadlock)
{
    expect_fault(&(model_scenario){.thread = {take_twice}}, "a deadlock");
    expect_fault(&(model_scenario){.thread = {take_one_then_other, take_other_then_one}}, "a deadlock");
    expect_same_graphs(&(model_scenario){.thread = {take_one_then_other, take_one_then_other}}, 0);
    expect_fault(&(model_scenario){.thread = {give_what_another_has}}, "a lock that it does not have");
}

// ---- sleepers ---------------------------------------------------------------------------

static void sleep_while_0(void)
{
    while (acti_au32_load_relaxed(&word) == 0)
        (void)syscall(SYS_futex, &word.v, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, FUTEX_BITSET_MATCH_ANY);
}
static void sleep_once(void)
{
    r[0] = syscall(SYS_futex, &word.v, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, FUTEX_BITSET_MATCH_ANY) == 0;
}
static void change_and_wake(void)
{
    acti_au32_store_relaxed(&word, 1);
    r[1] = (uint64_t)syscall(SYS_futex, &word.v, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void change_alone(void)
{
    acti_au32_store_relaxed(&word, 1);
}
static void wake_and_change(void)
{
    (void)syscall(SYS_futex, &word.v, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    acti_au32_store_relaxed(&word, 1);
}

TEST(a_sleeper_is_woken_or_does_not_fall_asleep)
{
    // Slept and woken; refused, with nobody to wake.
    expect_same_graphs(&(model_scenario){.thread = {sleep_once, change_and_wake}, .check = outcome_r0_r1}, 2);
    assert_true(model_reached(11) && model_reached(0));
    expect_same_graphs(&(model_scenario){.thread = {sleep_while_0, change_and_wake}}, 0);
    // It woke for nothing, before or after it could have been woken.
    expect_same_graphs(
        &(model_scenario){.thread = {sleep_once, change_and_wake}, .check = outcome_r0_r1, .spurious_max = 1}, 3);
}

TEST(a_wake_that_is_lost_is_a_deadlock)
{
    expect_fault(&(model_scenario){.thread = {sleep_while_0, change_alone}}, "a deadlock");
    expect_fault(&(model_scenario){.thread = {sleep_while_0, wake_and_change}}, "a deadlock");
}

static void publish_and_wake(void)
{
    data = 1;
    acti_au32_store_relaxed(&word, 1);
    (void)syscall(SYS_futex, &word.v, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void sleep_then_read(void)
{
    sleep_while_0();
    r[0] = data;
}

TEST(a_wake_orders_no_other_memory)
{
    expect_fault(&(model_scenario){.thread = {sleep_then_read, publish_and_wake}}, "a race");
}

static void give_park(void)
{
    r[1] = 1;
    acti_park_give(&park);
}
static void wait_park(void)
{
    r[0] = acti_park_wait(&park, UINT64_MAX) ? r[1] : 0;
}
static void wait_park_until_now(void)
{
    r[0] = acti_park_wait(&park, 0) ? r[1] : 0;
}

TEST(the_token_of_park_c_wakes_its_sleeper)
{
    model_scenario s = {.thread = {wait_park, give_park}, .check = outcome_r0_r1, .spurious_max = 1};
    expect_same_graphs(&s, 1);
    expect_same_graphs(&(model_scenario){.thread = {wait_park_until_now, give_park}, .check = outcome_r0_r1}, 2);
    // Nobody gives: with a deadline it ends, without it does not.
    expect_right(&(model_scenario){.thread = {wait_park_until_now}, .check = outcome_r0_r1}, 1);
    expect_fault(&(model_scenario){.thread = {wait_park}}, "a deadlock");
}

// ---- claims and bounds ----------------------------------------------------------------------

static void claim_no_one(void)
{
    model_claim(acti_au64_load_relaxed(&x) == 0);
}
static void x_is_1(void)
{
    acti_au64_store_relaxed(&x, 1);
}
static void check_claims(void)
{
    model_claim(acti_au64_load_relaxed(&x) == 0);
}
static void assert_in_code(void)
{
    acti_assert(acti_au64_load_relaxed(&x) == 0);
}
static void nothing(void)
{
}

TEST(a_claim_that_fails_in_one_execution_is_found)
{
    expect_fault(&(model_scenario){.thread = {x_is_1, claim_no_one}}, "`acti_au64_load_relaxed(&x) == 0' does not");
    expect_fault(&(model_scenario){.thread = {x_is_1, assert_in_code}}, "`acti_au64_load_relaxed(&x) == 0' does not");
    expect_fault(&(model_scenario){.thread = {x_is_1}, .check = check_claims}, "does not hold");
    expect_fault(&(model_scenario){.setup = x_is_1, .thread = {claim_no_one}}, "does not hold");
    expect_fault(&(model_scenario){.setup = check_claims, .thread = {x_is_1}, .check = check_claims}, "does not hold");
    expect_right(&(model_scenario){.thread = {nothing, claim_no_one}}, 0);
}

static void spin_until_1(void)
{
    while (acti_au64_load_relaxed(&x) == 0)
        continue;
}
static void wait_for_1(void)
{
    (void)model_await_relaxed(&x, is_one, NULL);
}

TEST(a_loop_without_end_is_cut_and_a_wait_without_end_is_found)
{
    model_explore(&(model_scenario){.thread = {spin_until_1, x_is_1}}, MODEL_REDUCED, &result);
    assert_false(result.complete);
    assert_false(result.failed);
    assert_non_null(strstr(result.why, "cut:"));
    expect_right(&(model_scenario){.thread = {wait_for_1, x_is_1}}, 0);
    expect_fault(&(model_scenario){.thread = {wait_for_1, nothing}}, "T0 waits at test_faults.c");
}

static void three_counts(void)
{
    for (int i = 0; i < 3; i++)
        (void)acti_au64_add_relaxed(&x, 1);
}

TEST(a_search_is_cut_at_its_bound_and_not_before)
{
    model_scenario s = {.thread = {three_counts, three_counts}, .executions_max = 19};
    model_explore(&s, MODEL_REDUCED, &result);
    assert_false(result.complete);
    assert_int_equal(result.executions, 19);
    s.executions_max = 20; // 6 over 3
    model_explore(&s, MODEL_REDUCED, &result);
    assert_true(result.complete);
    assert_int_equal(result.executions, 20);
}

// ---- thread-local and static variables --------------------------------------------------------

static uint64_t *mine(void)
{
    return model_local(&key, sizeof(uint64_t));
}
static void count_mine(void)
{
    r[model_self()] = ++*mine();
}
static void count_mine_before(void)
{
    *mine() = 5;
    data = 40;
}
static void look_at_x(void)
{
    (void)acti_au64_load_relaxed(&x);
}
static void static_and_own_are_fresh(void)
{
    model_claim(*mine() == 5);
    model_claim(data == 40);
    data++;
    *mine() = 6;
    outcome_r0_r1();
}

TEST(each_execution_begins_with_what_setup_left)
{
    data = 3;
    expect_right(&(model_scenario){.setup = count_mine_before, .thread = {count_mine, count_mine, x_is_1, look_at_x},
                                   .check = static_and_own_are_fresh},
                 1);
    assert_int_equal(data, 3);
    data = 0;
}

// ---- sites ------------------------------------------------------------------------------------

// line 0: any.
static uint32_t site_of(const char *file, int line, const char *op)
{
    uint32_t count;
    const model_site *sites = model_sites(&count);
    for (uint32_t i = 0; i < count; i++)
        if (strstr(sites[i].file, file) != NULL && (line == 0 || sites[i].line == line) &&
            strcmp(sites[i].op, op) == 0)
            return i;
    fail_msg("no such site");
    return 0;
}

enum { SWAP_LINE = __LINE__ + 3 };
static void swap_both(void)
{
    r[0] = acti_au64_swap_acq_rel(&x, 1);
}
static void publish_by_swap(void)
{
    data = 1;
    swap_both();
}
static void take_by_swap(void)
{
    r[1] = acti_au64_swap_acquire(&x, 2);
    if (r[1] == 1)
        r[1] = data;
}

TEST(a_weakened_site_is_weak_until_it_is_restored)
{
    model_scenario s = {.thread = {publish_by_swap, take_by_swap}};
    uint32_t site = site_of("test_faults.c", SWAP_LINE, "swap");
    assert_int_equal(model_mutants(site), 2);
    expect_right(&s, 0);
    assert_true(model_sites(&(uint32_t){0})[site].hits > 0);

    model_weaken(site, 0); // acquire: what it publishes is not seen
    assert_non_null(strstr(model_site_name(site), "swap acq_rel -> acquire"));
    expect_fault(&s, "a race");
    model_weaken_none();
    expect_right(&s, 0);
    model_weaken(site, 1); // release: nobody needs it to acquire here
    assert_non_null(strstr(model_site_name(site), "swap acq_rel -> release"));
    expect_right(&s, 0);
    model_weaken_none();
}

TEST(a_lock_orders_what_is_done_under_it_because_it_acquires_and_releases)
{
    model_scenario s = {.thread = {count_under_lock, count_under_lock}};
    expect_right(&s, 0);
    model_weaken(site_of("platform.c", 0, "lock"), 0);
    expect_fault(&s, "a race");
    model_weaken_none();
    model_weaken(site_of("platform.c", 0, "unlock"), 0);
    expect_fault(&s, "a race");
    model_weaken_none();
    expect_right(&s, 0);
}

int main(void)
{
    return TEST_RUN(case_of(two_plain_accesses_that_nothing_orders_are_a_race),
                    case_of(publishing_needs_release_and_acquire),
                    case_of(an_explorer_that_sees_no_races_is_noticed),
                    case_of(neighbouring_bytes_do_not_race_but_a_range_over_them_does),
                    case_of(a_plain_store_races_with_an_atomic_load),
                    case_of(an_atomic_that_is_made_again_has_its_new_value),
                    case_of(a_use_after_a_free_is_found_and_so_is_one_that_may_be),
                    case_of(a_second_free_and_an_access_past_the_end_are_found),
                    case_of(an_atomic_that_nobody_has_initialised_for_its_reader_is_found),
                    case_of(a_lock_lets_in_one_at_a_time_in_each_order),
                    case_of(a_lock_that_cannot_be_had_is_a_deadlock),
                    case_of(a_sleeper_is_woken_or_does_not_fall_asleep),
                    case_of(a_wake_that_is_lost_is_a_deadlock),
                    case_of(a_wake_orders_no_other_memory),
                    case_of(the_token_of_park_c_wakes_its_sleeper),
                    case_of(a_claim_that_fails_in_one_execution_is_found),
                    case_of(a_loop_without_end_is_cut_and_a_wait_without_end_is_found),
                    case_of(a_search_is_cut_at_its_bound_and_not_before),
                    case_of(each_execution_begins_with_what_setup_left),
                    case_of(a_weakened_site_is_weak_until_it_is_restored),
                    case_of(a_lock_orders_what_is_done_under_it_because_it_acquires_and_releases));
}
