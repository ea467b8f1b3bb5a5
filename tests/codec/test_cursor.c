// SPDX-License-Identifier: MIT
//
// test_cursor.c - heads of msgpack values, one by one.

#include "test.h"

#include "codec/cursor.h"

// A cursor over an exact copy of text, which the caller frees.
static acti_cursor over(const char *text, size_t size)
{
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    memcpy(bytes, text, size);
    return (acti_cursor){bytes, size};
}

static void assert_head(const char *text, size_t size, size_t head_size, acti_shape shape, uint64_t n)
{
    acti_cursor in = over(text, size);
    const uint8_t *first = in.at;
    acti_head head;
    const char *why;
    assert_int_equal(acti_cursor_head(&in, &head, &why), ACTA_OK);
    assert_int_equal(head.shape, shape);
    assert_true(head.n == n);
    assert_ptr_equal(in.at, first + head_size);
    assert_int_equal(in.left, size - head_size);

    // One byte less, of the head or of what it announces, is too few.
    if (size == head_size || shape >= ACTI_SHAPE_STR) {
        acti_head before = {.n = 77};
        acti_cursor less = {first, size - 1};
        assert_int_equal(acti_cursor_head(&less, &before, &why), ACTA_EMALFORMED);
        assert_ptr_equal(less.at, first);
        assert_int_equal(less.left, size - 1);
        assert_int_equal(before.n, 77);
    }
    free((void *)(uintptr_t)first);
}

#define HEAD(text, head_size, shape, n) assert_head(text, sizeof(text) - 1, head_size, ACTI_SHAPE_##shape, n)

TEST(byte_c1_is_refused)
{
    acti_cursor in = over("\xc1\x00", 2);
    acti_head head;
    const char *why;
    assert_int_equal(acti_cursor_head(&in, &head, &why), ACTA_EMALFORMED);
    assert_int_equal(in.left, 2);
    free((void *)(uintptr_t)in.at);
}

TEST(every_first_byte_but_c1_begins_a_value)
{
    uint8_t bytes[64] = {0};
    for (unsigned first = 0; first < 256; first++) {
        bytes[0] = (uint8_t)first;
        acti_cursor in = {bytes, sizeof bytes};
        acti_head head;
        const char *why;
        int status = acti_cursor_head(&in, &head, &why);
        assert_int_equal(status, first == 0xc1 ? ACTA_EMALFORMED : ACTA_OK);
        if (status == ACTA_OK)
            assert_string_not_equal(acti_shape_name(head.shape), acti_shape_name(ACTI_SHAPE_NONE));
    }
}

TEST(numbers_are_read)
{
    HEAD("\x00", 1, UINT, 0);
    HEAD("\x7f", 1, UINT, 127);
    HEAD("\xe0", 1, NEGATIVE, (uint64_t)-32);
    HEAD("\xff", 1, NEGATIVE, (uint64_t)-1);
    HEAD("\xcc\xff", 2, UINT, 255);
    HEAD("\xcd\x01\x02", 3, UINT, 0x0102);
    HEAD("\xce\xff\x01\x02\x03", 5, UINT, 0xff010203);
    HEAD("\xcf\xff\x01\x02\x03\x04\x05\x06\x07", 9, UINT, 0xff01020304050607);
    HEAD("\xd0\x7f", 2, UINT, 127);
    HEAD("\xd0\x80", 2, NEGATIVE, (uint64_t)-128);
    HEAD("\xd1\x7f\xff", 3, UINT, 32767);
    HEAD("\xd1\x80\x00", 3, NEGATIVE, (uint64_t)-32768);
    HEAD("\xd2\x7f\xff\xff\xff", 5, UINT, INT32_MAX);
    HEAD("\xd2\x80\x00\x00\x00", 5, NEGATIVE, (uint64_t)INT32_MIN);
    HEAD("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", 9, UINT, INT64_MAX);
    HEAD("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, NEGATIVE, (uint64_t)INT64_MIN);
    HEAD("\xc0", 1, NIL, 0);
    HEAD("\xc2", 1, BOOL, 0);
    HEAD("\xc3", 1, BOOL, 1);
}

TEST(floats_of_both_widths_are_read)
{
    acti_cursor in = over("\xca\x3f\xc0\x00\x00\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00", 14);
    const uint8_t *first = in.at;
    acti_head head;
    const char *why;
    assert_int_equal(acti_cursor_head(&in, &head, &why), ACTA_OK);
    assert_true(head.shape == ACTI_SHAPE_FLOAT && head.f == 1.5);
    assert_int_equal(acti_cursor_head(&in, &head, &why), ACTA_OK);
    assert_true(head.shape == ACTI_SHAPE_FLOAT && head.f == -1.5);
    assert_int_equal(in.left, 0);
    assert_int_equal(acti_cursor_head(&in, &head, &why), ACTA_EMALFORMED);
    free((void *)(uintptr_t)first);
}

TEST(lengths_and_counts_pass_only_if_they_can_be_there)
{
    HEAD("\xa0", 1, STR, 0);
    HEAD("\xa3" "abc", 1, STR, 3);
    HEAD("\xd9\x03" "abc", 2, STR, 3);
    HEAD("\xda\x00\x03" "abc", 3, STR, 3);
    HEAD("\xdb\x00\x00\x00\x03" "abc", 5, STR, 3);
    HEAD("\xc4\x03" "abc", 2, BIN, 3);
    HEAD("\xc5\x00\x03" "abc", 3, BIN, 3);
    HEAD("\xc6\x00\x00\x00\x03" "abc", 5, BIN, 3);
    HEAD("\xd4\x01" "a", 1, EXT, 2);
    HEAD("\xd5\x01" "ab", 1, EXT, 3);
    HEAD("\xd6\x01" "abcd", 1, EXT, 5);
    HEAD("\xd7\x01" "abcdefgh", 1, EXT, 9);
    HEAD("\xd8\x01" "0123456789abcdef", 1, EXT, 17);
    HEAD("\xc7\x00\x01", 2, EXT, 1);
    HEAD("\xc8\x00\x01\x01" "a", 3, EXT, 2);
    HEAD("\xc9\x00\x00\x00\x01\x01" "a", 5, EXT, 2);
    HEAD("\x90", 1, ARRAY, 0);
    HEAD("\x92\x01\x01", 1, ARRAY, 2);
    HEAD("\xdc\x00\x02\x01\x01", 3, ARRAY, 2);
    HEAD("\xdd\x00\x00\x00\x02\x01\x01", 5, ARRAY, 2);
    HEAD("\x80", 1, MAP, 0);
    HEAD("\x81\x01\x01", 1, MAP, 1);
    HEAD("\xde\x00\x02\x01\x01\x01\x01", 3, MAP, 2);
    HEAD("\xdf\x00\x00\x00\x01\x01\x01", 5, MAP, 1);
}

static int skip_one(const char *text, size_t size, unsigned depth, size_t left)
{
    acti_cursor in = over(text, size);
    const uint8_t *first = in.at;
    acti_head head;
    const char *why;
    assert_int_equal(acti_cursor_head(&in, &head, &why), ACTA_OK);
    int status = acti_cursor_skip(&in, &head, depth, &why);
    if (status == ACTA_OK)
        assert_int_equal(in.left, left);
    free((void *)(uintptr_t)first);
    return status;
}

#define SKIP(text, depth, left) skip_one(text, sizeof(text) - 1, depth, left)

TEST(skipping_stops_at_its_depth)
{
    assert_int_equal(SKIP("\x90", 0, 0), ACTA_EMALFORMED);
    assert_int_equal(SKIP("\x80", 0, 0), ACTA_EMALFORMED);
    assert_int_equal(SKIP("\x91\x90", 1, 0), ACTA_EMALFORMED);
    assert_int_equal(SKIP("\x81\x01\x91\x90", 2, 0), ACTA_EMALFORMED);
    assert_int_equal(SKIP("\x01", 0, 0), ACTA_OK);
    assert_int_equal(SKIP("\x90", 1, 0), ACTA_OK);
    assert_int_equal(SKIP("\x91\x90", 2, 0), ACTA_OK);
    assert_int_equal(SKIP("\x92\x90\x90", 2, 0), ACTA_OK); // beside each other is not inside each other
    assert_int_equal(SKIP("\x81\x90\x80", 2, 0), ACTA_OK);
}

TEST(skipping_ends_right_behind_the_value)
{
    assert_int_equal(SKIP("\x01\x02", 1, 1), ACTA_OK);
    assert_int_equal(SKIP("\xa2" "ab" "\x02", 1, 1), ACTA_OK);
    assert_int_equal(SKIP("\xc4\x02" "ab" "\x02", 1, 1), ACTA_OK);
    assert_int_equal(SKIP("\xd4\x01\x02\x02", 1, 1), ACTA_OK);
    assert_int_equal(SKIP("\x93\x01\xa1" "a" "\x91\xc0" "\x02\x02", 2, 2), ACTA_OK);
    assert_int_equal(SKIP("\x82\x01\x02\x92\x01\x02\x80\x02", 2, 1), ACTA_OK);
    assert_int_equal(SKIP("\x92\x91\x01", 2, 0), ACTA_EMALFORMED);
    assert_int_equal(SKIP("\x92\x01\xc1", 2, 0), ACTA_EMALFORMED);
}

int main(void)
{
    return TEST_RUN(case_of(byte_c1_is_refused), case_of(every_first_byte_but_c1_begins_a_value),
                    case_of(numbers_are_read), case_of(floats_of_both_widths_are_read),
                    case_of(lengths_and_counts_pass_only_if_they_can_be_there), case_of(skipping_stops_at_its_depth),
                    case_of(skipping_ends_right_behind_the_value));
}
