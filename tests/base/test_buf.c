// SPDX-License-Identifier: MIT
//
// test_buf.c - the byte buffer.

#include "test.h"

#include <acta/error.h>

#include "base/buf.h"
#include "base/platform.h"
#include "base/sanitize.h"

TEST(one_byte_beyond_the_limit_is_refused_and_changes_nothing)
{
    static uint8_t bytes[1001];
    for (size_t limit = 0; limit <= 1000; limit += 100) {
        acti_buf buf = {.limit = limit};
        assert_int_equal(acti_buf_append(&buf, bytes, limit + 1), ACTA_ETOOBIG);
        assert_null(acti_buf_reserve(&buf, limit + 1));
        assert_int_equal(acti_buf_append(&buf, bytes, limit), ACTA_OK);
        assert_int_equal(acti_buf_append(&buf, bytes, 1), ACTA_ETOOBIG);
        assert_int_equal(acti_buf_append(&buf, bytes, SIZE_MAX), ACTA_ETOOBIG);
        assert_null(acti_buf_reserve(&buf, 1));
        assert_int_equal(buf.size, limit);
        acti_buf_check(&buf);
        acti_buf_fini(&buf);
    }
}

TEST(a_limit_beyond_memory_is_refused_for_lack_of_it)
{
    if (ACTI_ASAN || ACTI_TSAN)
        skip(); // their malloc aborts instead
    acti_buf buf = {.limit = SIZE_MAX};
    assert_null(acti_buf_reserve(&buf, SIZE_MAX / 4));
    assert_int_equal(acti_buf_append(&buf, "x", 1), ACTA_OK);
    assert_null(acti_buf_reserve(&buf, SIZE_MAX / 4));
    assert_int_equal(buf.size, 1);
    assert_int_equal(acti_buf_bytes(&buf)[0], 'x');
    acti_buf_fini(&buf);
}

TEST(nothing_can_be_appended_and_reserved)
{
    acti_buf buf = {.limit = 0};
    assert_int_equal(acti_buf_append(&buf, NULL, 0), ACTA_OK);
    assert_non_null(acti_buf_reserve(&buf, 0));
    acti_buf_grew(&buf, 0);
    acti_buf_consume(&buf, 0);
    assert_int_equal(buf.size, 0);
    acti_buf_fini(&buf);
}

TEST(bytes_come_out_as_they_went_in)
{
    enum { LIMIT = 3000, STEPS = 100000 };
    acti_buf buf = {.limit = LIMIT};
    uint64_t random = 5;
    uint64_t written = 0;
    uint64_t consumed = 0;
    bool limit_reached = false;
    for (int step = 0; step < STEPS; step++) {
        size_t n = acti_random_next(&random) % 200;
        bool fits = written - consumed + n <= LIMIT;
        if (acti_random_next(&random) % 2) {
            uint8_t *to = acti_buf_reserve(&buf, n);
            assert_int_equal(to != NULL, fits);
            if (to) {
                // Fewer may be written than were asked for.
                n -= n / 4;
                for (size_t i = 0; i < n; i++)
                    to[i] = (uint8_t)(written++ * 31 >> 2);
                acti_buf_grew(&buf, n);
            }
            limit_reached = limit_reached || !fits;
        } else {
            n = n < buf.size ? n : buf.size;
            for (size_t i = 0; i < n; i++)
                assert_int_equal(acti_buf_bytes(&buf)[i], (uint8_t)(consumed++ * 31 >> 2));
            acti_buf_consume(&buf, n);
        }
        assert_int_equal(buf.size, written - consumed);
        assert_true(buf.room <= 2 * LIMIT);
        acti_buf_check(&buf);
    }
    assert_true(limit_reached);
    acti_buf_fini(&buf);
}

// How far the memory moves in all is bounded by how much was consumed, at worst one byte at a time.
TEST(a_full_buffer_that_turns_over_byte_by_byte_seldom_moves_its_bytes_and_keeps_its_block)
{
    enum { LIMIT = 4096, TURNS = 100000 };
    static uint8_t bytes[LIMIT];
    acti_buf buf = {.limit = LIMIT};
    assert_int_equal(acti_buf_append(&buf, bytes, LIMIT), ACTA_OK);
    uint64_t moves = 0;
    uint64_t blocks = 0;
    for (int i = 0; i < TURNS; i++) {
        acti_buf_consume(&buf, 1);
        size_t start = buf.start;
        const uint8_t *data = buf.data;
        assert_int_equal(acti_buf_append(&buf, "y", 1), ACTA_OK);
        moves += buf.start < start || buf.data != data;
        blocks += buf.data != data;
    }
    assert_true(moves <= TURNS / LIMIT + 2);
    assert_true(blocks <= 2);
    acti_buf_fini(&buf);
}

TEST(an_emptied_buffer_keeps_its_memory_and_a_finished_one_is_ready_again)
{
    acti_buf buf = {.limit = 100};
    assert_int_equal(acti_buf_append(&buf, "abc", 3), ACTA_OK);
    const uint8_t *data = buf.data;
    acti_buf_consume(&buf, 3);
    assert_int_equal(acti_buf_append(&buf, "de", 2), ACTA_OK);
    assert_ptr_equal(buf.data, data);
    assert_memory_equal(acti_buf_bytes(&buf), "de", 2);
    acti_buf_fini(&buf);
    assert_null(buf.data);
    assert_int_equal(acti_buf_append(&buf, "f", 1), ACTA_OK);
    assert_int_equal(acti_buf_append(&buf, data, 100), ACTA_ETOOBIG);
    acti_buf_fini(&buf);
}

int main(void)
{
    return TEST_RUN(case_of(one_byte_beyond_the_limit_is_refused_and_changes_nothing),
                    case_of(a_limit_beyond_memory_is_refused_for_lack_of_it),
                    case_of(nothing_can_be_appended_and_reserved), case_of(bytes_come_out_as_they_went_in),
                    case_of(a_full_buffer_that_turns_over_byte_by_byte_seldom_moves_its_bytes_and_keeps_its_block),
                    case_of(an_emptied_buffer_keeps_its_memory_and_a_finished_one_is_ready_again));
}
