// SPDX-License-Identifier: MIT
//
// test_forced.c - a schedule as text: what is read is what was written, and nothing else is read.

#include "test.h"

#include <acta/error.h>

#include "base/platform.h"
#include "sim/forced.h"

// ---- memory that fails ------------------------------------------------------------

static bool no_memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return no_memory ? NULL : __real_malloc(size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    return no_memory ? NULL : __real_realloc(old, size);
}

// ---- reading ------------------------------------------------------------------------

// read_status reads, checks that what is refused has left nothing, and frees.
static int read_status(const char *text)
{
    acti_forcing f;
    memset(&f, 0xaa, sizeof f);
    int status = acti_forcing_read(&f, text);
    if (status != ACTA_OK) {
        assert_null(f.at);
        assert_int_equal(f.count, 0);
        assert_int_equal(f.room, 0);
        assert_int_equal(f.seed, 0);
    }
    acti_forcing_fini(&f);
    return status;
}

TEST(text_that_is_no_forcing_is_refused)
{
    static const char *const bad[] = {
        "", " ", "seed", "seed=", "seed=x", "seed=-1", "seed=+1", "seed= 1", "Seed=1", "seed=1 ", "seed=1\n", " seed=1",
        "seed=01", "seed=00", "seed=0x1", "seed=1,", "seed=1 force", "seed=1 force=", "seed=1  force=1:1",
        "seed=1 force=1", "seed=1 force=1:", "seed=1 force=:1", "seed=1 force=1:1,", "seed=1 force=,1:1",
        "seed=1 force=1:1 ", "seed=1 force=1:1;2:1", "seed=1 force=1:1,2:1x", "seed=1 force=1:1 force=2:1",
        "force=1:1", "seed=1 force=1;1", "seed=1 force=01:1", "seed=1 force=1:01", "seed=1force=1:1",
        "seed=1 force=1:-1", "seed=1 force=a:b",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(read_status(bad[i]), ACTA_EINVAL);
}

TEST(a_number_one_above_its_largest_is_refused_and_the_largest_is_not)
{
    assert_int_equal(read_status("seed=18446744073709551616"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=18446744073709551615"), ACTA_OK);
    assert_int_equal(read_status("seed=1 force=4294967296:1"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=1 force=1:4294967296"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=1 force=4294967295:4294967295"), ACTA_OK);
    assert_int_equal(read_status("seed=99999999999999999999"), ACTA_EINVAL);
}

TEST(a_choice_0_a_step_0_and_steps_out_of_order_are_refused)
{
    assert_int_equal(read_status("seed=1 force=1:0"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=1 force=0:1"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=1 force=2:1,1:1"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=1 force=2:1,2:1"), ACTA_EINVAL);
    assert_int_equal(read_status("seed=1 force=1:1,2:1"), ACTA_OK);
}

TEST(a_mebibyte_of_digits_is_refused)
{
    enum { SIZE = 1 << 20 };
    static const char *const heads[] = {"", "seed=", "seed=1 force=", "seed=1 force=1:", "seed=1 force=1:1,"};
    char *text = malloc(SIZE + 1);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        memset(text, '7', SIZE);
        text[SIZE] = 0;
        memcpy(text, heads[i], strlen(heads[i]));
        assert_int_equal(read_status(text), ACTA_EINVAL);
    }
    free(text);
}

TEST(without_memory_reading_and_adding_say_so)
{
    no_memory = true;
    assert_int_equal(read_status("seed=1 force=1:1"), ACTA_ENOMEM);
    acti_forcing f = {0};
    assert_int_equal(acti_forcing_add(&f, 1, 1), ACTA_ENOMEM);
    assert_null(acti_strategy_forced(&f));
    no_memory = false;
    assert_int_equal(f.count, 0);
    acti_forcing_fini(&f);
}

// Every text that is read is exactly the one that is written for what was read.
static bool read_is_canonical(const char *text)
{
    static char back[4096];
    acti_forcing f;
    int status = acti_forcing_read(&f, text);
    if (status != ACTA_OK) {
        assert_int_equal(status, ACTA_EINVAL);
        return false;
    }
    assert_int_equal(acti_forcing_write(&f, back, sizeof back), strlen(text));
    assert_string_equal(back, text);
    acti_forcing_fini(&f);
    return true;
}

static const char LONG[] = "seed=18446744073709551615 force=1:1,2:3,10:4294967295,4294967294:9,4294967295:12";

TEST(each_prefix_is_refused_or_is_a_forcing_of_its_own)
{
    int taken = 0;
    for (size_t size = 0; size < sizeof LONG; size++) {
        char *prefix = strndup(LONG, size); // in a block of its own, for ASan
        taken += read_is_canonical(prefix);
        free(prefix);
    }
    assert_true(taken > 20);
    assert_true(taken < (int)sizeof LONG - 15);
}

static void mutate(char *text, size_t room, uint64_t *random)
{
    static const char bytes[] = "0123456789:, =sedforc\xff\n-";
    size_t size = strlen(text);
    size_t at = acti_random_next(random) % (size + 1);
    char byte = bytes[acti_random_next(random) % (sizeof bytes - 1)];
    switch (acti_random_next(random) % 3) {
    case 0:
        if (at < size)
            text[at] = byte;
        break;
    case 1:
        if (at < size)
            memmove(text + at, text + at + 1, size - at);
        break;
    default:
        if (size + 2 > room)
            return;
        memmove(text + at + 1, text + at, size - at + 1);
        text[at] = byte;
    }
}

TEST(a_hundred_thousand_mutations_are_refused_or_read_as_what_stands_there)
{
    uint64_t random = 4;
    int taken = 0;
    for (int i = 0; i < 100000; i++) {
        char text[sizeof LONG + 8];
        memcpy(text, LONG, sizeof LONG);
        for (uint64_t n = acti_random_next(&random) % 4; n > 0; n--)
            mutate(text, sizeof text, &random);
        char *own = strdup(text);
        taken += read_is_canonical(own);
        free(own);
    }
    assert_true(taken > 25000); // those without a mutation at least
    assert_true(taken < 75000);
}

// ---- writing --------------------------------------------------------------------------

TEST(what_is_written_is_read_again)
{
    uint64_t random = 5;
    for (int round = 0; round < 200; round++) {
        acti_forcing f = {.seed = acti_random_next(&random)};
        uint32_t step = 0;
        for (uint64_t n = acti_random_next(&random) % 100; n > 0; n--) {
            step += 1 + (uint32_t)(acti_random_next(&random) % 50);
            assert_int_equal(acti_forcing_add(&f, step, 1 + (uint32_t)(acti_random_next(&random) % 9)), ACTA_OK);
        }
        size_t length = acti_forcing_write(&f, NULL, 0);
        char *text = malloc(length + 1);
        assert_int_equal(acti_forcing_write(&f, text, length + 1), length);
        acti_forcing back;
        assert_int_equal(acti_forcing_read(&back, text), ACTA_OK);
        assert_int_equal(back.seed, f.seed);
        assert_int_equal(back.count, f.count);
        if (f.count > 0)
            assert_memory_equal(back.at, f.at, f.count * sizeof *f.at);
        acti_forcing_fini(&back);
        acti_forcing_fini(&f);
        free(text);
    }
}

TEST(text_that_does_not_fit_is_cut_and_its_length_told)
{
    acti_forcing f;
    assert_int_equal(acti_forcing_read(&f, "seed=12 force=3:4,55:6"), ACTA_OK);
    char whole[64];
    size_t length = acti_forcing_write(&f, whole, sizeof whole);
    assert_string_equal(whole, "seed=12 force=3:4,55:6");
    for (size_t size = 1; size <= length; size++) {
        char *text = malloc(size);
        assert_int_equal(acti_forcing_write(&f, text, size), length);
        assert_int_equal(strlen(text), size - 1);
        assert_memory_equal(text, whole, size - 1);
        free(text);
    }
    acti_forcing_fini(&f);
}

// ---- the strategy -----------------------------------------------------------------------

static uint32_t choose(acti_strategy *s, uint32_t count)
{
    static const acti_step steps[8];
    return s->ops->choose(s, steps, count);
}

TEST(a_choice_that_is_not_there_is_0_and_the_next_ones_are_made_all_the_same)
{
    acti_forcing f;
    assert_int_equal(acti_forcing_read(&f, "seed=1 force=1:3,2:1,4:2"), ACTA_OK);
    acti_strategy *s = acti_strategy_forced(&f);
    assert_true(s->ops->begin(s, 1));
    assert_int_equal(choose(s, 3), 0); // 3 is one too many
    assert_int_equal(choose(s, 2), 1);
    assert_int_equal(choose(s, 8), 0);
    assert_int_equal(choose(s, 3), 2);
    assert_int_equal(choose(s, 8), 0);
    s->ops->end(s, false);
    s->ops->fini(s);
    acti_forcing_fini(&f);
}

TEST(a_forcing_has_one_schedule)
{
    acti_forcing f = {.seed = 1};
    acti_strategy *s = acti_strategy_forced(&f);
    assert_true(s->ops->begin(s, 1));
    assert_int_equal(choose(s, 1), 0);
    s->ops->end(s, false);
    assert_false(s->ops->begin(s, 2));
    assert_false(s->complete);
    s->ops->fini(s);
}

int main(void)
{
    return TEST_RUN(case_of(text_that_is_no_forcing_is_refused),
                    case_of(a_number_one_above_its_largest_is_refused_and_the_largest_is_not),
                    case_of(a_choice_0_a_step_0_and_steps_out_of_order_are_refused),
                    case_of(a_mebibyte_of_digits_is_refused), case_of(without_memory_reading_and_adding_say_so),
                    case_of(each_prefix_is_refused_or_is_a_forcing_of_its_own),
                    case_of(a_hundred_thousand_mutations_are_refused_or_read_as_what_stands_there),
                    case_of(what_is_written_is_read_again),
                    case_of(text_that_does_not_fit_is_cut_and_its_length_told),
                    case_of(a_choice_that_is_not_there_is_0_and_the_next_ones_are_made_all_the_same),
                    case_of(a_forcing_has_one_schedule));
}
