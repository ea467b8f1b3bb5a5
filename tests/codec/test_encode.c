// SPDX-License-Identifier: MIT
//
// test_encode.c - the bytes that are written, one by one, and what is refused before any is.

#include "codec/bodies.h"

ACTA_MESSAGE(none);
ACTA_MESSAGE(two, (i64, first), (str, second, optional));

// Whether body encodes to just these bytes.
static void assert_encodes(const acta_type *type, const void *body, const void *bytes, size_t size)
{
    block b = encoded(type, body);
    assert_int_equal(b.size, size);
    assert_memory_equal(b.data, bytes, size);
    block_free(&b);
}

#define encodes(T, bytes, ...) assert_encodes(acta_type_of(T), &(T){__VA_ARGS__}, (bytes), sizeof(bytes) - 1)

// Whether body is refused with that status and the buffer keeps what it held.
static void assert_refused(const acta_type *type, const void *body, size_t limit, int status)
{
    acti_buf out = {.limit = limit};
    assert_int_equal(acti_buf_append(&out, "xheld", 5), ACTA_OK);
    acti_buf_consume(&out, 1);
    assert_int_equal(acti_codec_encode(type, body, NULL, &out), status);
    assert_int_equal(out.size, 4);
    assert_memory_equal(acti_buf_bytes(&out), "held", 4);
    acti_buf_fini(&out);
}

#define refused(T, status, ...) assert_refused(acta_type_of(T), &(T){__VA_ARGS__}, LIMIT, (status))

// ---- refused ----------------------------------------------------------------

TEST(str_that_is_not_text_is_refused_and_buffer_keeps_what_it_held)
{
    refused(of_str, ACTA_EINVAL, .x = "\xff");
    refused(two, ACTA_EINVAL, .first = 1, .second = "abcdefgh\xed\xa0\x80");
    const char *items[] = {"good", "\xc0\x80"};
    refused(of_strs, ACTA_EINVAL, .x = {items, 2});
}

TEST(null_with_a_count_is_refused)
{
    acta_bytes item = {NULL, 1};
    refused(of_bytes, ACTA_EINVAL, .x = {NULL, 1});
    refused(of_i64s, ACTA_EINVAL, .x = {NULL, 1});
    refused(of_strs, ACTA_EINVAL, .x = {NULL, 1});
    refused(of_bytess, ACTA_EINVAL, .x = {&item, 1});
}

// Nothing of that size exists, so it is refused unread, even by a buffer without a limit.
TEST(what_msgpack_cannot_count_is_refused)
{
    size_t most = UINT32_MAX, limit = SIZE_MAX;
    of_bytes bytes = {{"", most + 1}};
    of_i64s numbers = {{&(int64_t){0}, most + 1}};
    of_strs texts = {{&(const char *){""}, most + 1}};
    assert_refused(acta_type_of(of_bytes), &bytes, limit, ACTA_ETOOBIG);
    assert_refused(acta_type_of(of_i64s), &numbers, limit, ACTA_ETOOBIG);
    assert_refused(acta_type_of(of_strs), &texts, limit, ACTA_ETOOBIG);
}

TEST(buffer_is_filled_to_its_limit_and_not_a_byte_further)
{
    static const char bytes[] = "\x82\xa5" "first" "\xcd\x01\x00\xa6" "second" "\xa3" "abc";
    two body = {256, "abc"};
    size_t size = sizeof bytes - 1;
    for (size_t limit = 5; limit < 4 + size; limit++)
        assert_refused(acta_type_of(two), &body, limit, ACTA_ETOOBIG);
    acti_buf out = {.limit = size};
    assert_int_equal(acti_codec_encode(acta_type_of(two), &body, NULL, &out), ACTA_OK);
    assert_int_equal(out.size, size);
    assert_memory_equal(acti_buf_bytes(&out), bytes, size);
    assert_int_equal(acti_codec_encode(acta_type_of(two), &body, NULL, &out), ACTA_ETOOBIG);
    assert_int_equal(out.size, size);
    acti_buf_fini(&out);
}

// ---- the bytes --------------------------------------------------------------

TEST(message_is_appended_behind_what_is_held)
{
    acti_buf out = {.limit = 100};
    assert_int_equal(acti_buf_append(&out, "held", 4), ACTA_OK);
    assert_int_equal(acti_codec_encode(acta_type_of(none), &(none){0}, NULL, &out), ACTA_OK);
    assert_int_equal(acti_codec_encode(acta_type_of(of_i64), &(of_i64){1}, NULL, &out), ACTA_OK);
    assert_int_equal(out.size, 9);
    assert_memory_equal(acti_buf_bytes(&out), "held\x80\x81\xa1x\x01", 9);
    acti_buf_fini(&out);
}

TEST(fields_are_written_in_order_and_optional_ones_too)
{
    encodes(none, "\x80", 0);
    encodes(two, "\x82\xa5" "first" "\x07\xa6" "second" "\xa2" "ab", 7, "ab");
    encodes(two, "\x82\xa5" "first" "\x00\xa6" "second" "\xa0", 0, NULL);
}

TEST(integers_are_written_in_their_shortest_form)
{
    encodes(of_i64, "\x81\xa1x\x00", 0);
    encodes(of_i64, "\x81\xa1x\x7f", 127);
    encodes(of_i64, "\x81\xa1x\xcc\x80", 128);
    encodes(of_i64, "\x81\xa1x\xcc\xff", 255);
    encodes(of_i64, "\x81\xa1x\xcd\x01\x00", 256);
    encodes(of_i64, "\x81\xa1x\xcd\xff\xff", 65535);
    encodes(of_i64, "\x81\xa1x\xce\x00\x01\x00\x00", 65536);
    encodes(of_i64, "\x81\xa1x\xce\xff\xff\xff\xff", UINT32_MAX);
    encodes(of_i64, "\x81\xa1x\xcf\x00\x00\x00\x01\x00\x00\x00\x00", INT64_C(1) << 32);
    encodes(of_i64, "\x81\xa1x\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX);
    encodes(of_u64, "\x81\xa1x\xcf\xff\xff\xff\xff\xff\xff\xff\xff", UINT64_MAX);
    encodes(of_u64, "\x81\xa1x\x7f", 127);
    encodes(of_u64, "\x81\xa1x\xcc\x80", 128);
    encodes(of_i64, "\x81\xa1x\xff", -1);
    encodes(of_i64, "\x81\xa1x\xe0", -32);
    encodes(of_i64, "\x81\xa1x\xd0\xdf", -33);
    encodes(of_i64, "\x81\xa1x\xd0\x80", -128);
    encodes(of_i64, "\x81\xa1x\xd1\xff\x7f", -129);
    encodes(of_i64, "\x81\xa1x\xd1\x80\x00", -32768);
    encodes(of_i64, "\x81\xa1x\xd2\xff\xff\x7f\xff", -32769);
    encodes(of_i64, "\x81\xa1x\xd2\x80\x00\x00\x00", INT32_MIN);
    encodes(of_i64, "\x81\xa1x\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", INT64_C(-1) + INT32_MIN);
    encodes(of_i64, "\x81\xa1x\xd3\x80\x00\x00\x00\x00\x00\x00\x00", INT64_MIN);
}

TEST(floats_and_bools_are_written_as_such)
{
    encodes(of_f64, "\x81\xa1x\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5);
    encodes(of_f64, "\x81\xa1x\xcb\x00\x00\x00\x00\x00\x00\x00\x00", 0.0);
    encodes(of_f64, "\x81\xa1x\xcb\x80\x00\x00\x00\x00\x00\x00\x00", -0.0);
    encodes(of_f64, "\x81\xa1x\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", __builtin_inf());
    encodes(of_f64, "\x81\xa1x\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", __builtin_nan(""));
    encodes(of_bool, "\x81\xa1x\xc2", false);
    encodes(of_bool, "\x81\xa1x\xc3", true);
}

// What precedes size bytes of that kind.
static void assert_length(unsigned kind, size_t size, const char *head, size_t head_size)
{
    char *text = calloc(size + 1, 1);
    memset(text, 'a', size);
    of_str s = {text};
    of_bytes b = {{text, size}};
    block e = kind == ACTA_KIND_STR ? encoded(acta_type_of(of_str), &s) : encoded(acta_type_of(of_bytes), &b);
    assert_int_equal(e.size, 3 + head_size + size);
    assert_memory_equal((char *)e.data + 3, head, head_size);
    assert_memory_equal((char *)e.data + 3 + head_size, text, size);
    block_free(&e);
    free(text);
}

TEST(lengths_are_written_in_their_shortest_form)
{
    assert_length(ACTA_KIND_STR, 0, "\xa0", 1);
    assert_length(ACTA_KIND_STR, 31, "\xbf", 1);
    assert_length(ACTA_KIND_STR, 32, "\xd9\x20", 2);
    assert_length(ACTA_KIND_STR, 255, "\xd9\xff", 2);
    assert_length(ACTA_KIND_STR, 256, "\xda\x01\x00", 3);
    assert_length(ACTA_KIND_STR, 65535, "\xda\xff\xff", 3);
    assert_length(ACTA_KIND_STR, 65536, "\xdb\x00\x01\x00\x00", 5);
    assert_length(ACTA_KIND_BYTES, 0, "\xc4\x00", 2);
    assert_length(ACTA_KIND_BYTES, 255, "\xc4\xff", 2);
    assert_length(ACTA_KIND_BYTES, 256, "\xc5\x01\x00", 3);
    assert_length(ACTA_KIND_BYTES, 65535, "\xc5\xff\xff", 3);
    assert_length(ACTA_KIND_BYTES, 65536, "\xc6\x00\x01\x00\x00", 5);
}

TEST(counts_are_written_in_their_shortest_form)
{
    static const struct {
        size_t count;
        const char *head;
        size_t size;
    } rows[] = {{0, "\x90", 1},          {15, "\x9f", 1},         {16, "\xdc\x00\x10", 3},
                {65535, "\xdc\xff\xff", 3}, {65536, "\xdd\x00\x01\x00\x00", 5}};
    bool *items = calloc(65536, sizeof *items);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        block e = encoded(acta_type_of(of_bools), &(of_bools){{items, rows[i].count}});
        assert_int_equal(e.size, 3 + rows[i].size + rows[i].count);
        assert_memory_equal((char *)e.data + 3, rows[i].head, rows[i].size);
        block_free(&e);
    }
    free(items);
}

TEST(array_items_are_written_as_their_kind)
{
    int64_t i[] = {-1, 300};
    uint64_t u[] = {1, UINT64_MAX};
    double f[] = {2.0};
    bool yes[] = {true, false};
    const char *s[] = {"a", NULL, "bc"};
    acta_bytes b[] = {{"\0", 1}, {NULL, 0}};
    encodes(of_i64s, "\x81\xa1x\x92\xff\xcd\x01\x2c", {i, 2});
    encodes(of_u64s, "\x81\xa1x\x92\x01\xcf\xff\xff\xff\xff\xff\xff\xff\xff", {u, 2});
    encodes(of_f64s, "\x81\xa1x\x91\xcb\x40\x00\x00\x00\x00\x00\x00\x00", {f, 1});
    encodes(of_bools, "\x81\xa1x\x92\xc3\xc2", {yes, 2});
    encodes(of_strs, "\x81\xa1x\x93\xa1" "a" "\xa0\xa2" "bc", {s, 3});
    encodes(of_bytess, "\x81\xa1x\x92\xc4\x01\x00\xc4\x00", {b, 2});
}

int main(void)
{
    return TEST_RUN(case_of(str_that_is_not_text_is_refused_and_buffer_keeps_what_it_held),
                    case_of(null_with_a_count_is_refused), case_of(what_msgpack_cannot_count_is_refused),
                    case_of(buffer_is_filled_to_its_limit_and_not_a_byte_further),
                    case_of(message_is_appended_behind_what_is_held),
                    case_of(fields_are_written_in_order_and_optional_ones_too),
                    case_of(integers_are_written_in_their_shortest_form),
                    case_of(floats_and_bools_are_written_as_such), case_of(lengths_are_written_in_their_shortest_form),
                    case_of(counts_are_written_in_their_shortest_form),
                    case_of(array_items_are_written_as_their_kind));
}
