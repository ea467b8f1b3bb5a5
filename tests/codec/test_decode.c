// SPDX-License-Identifier: MIT
//
// test_decode.c - what is read of good messages, from us and from peers in other languages, and how large it is.
// What is refused is in test_hostile.c.

#include "codec/bodies.h"

#include <msgpack/unpack.h>

ACTA_MESSAGE(none);
ACTA_MESSAGE(two, (i64, first), (str, second, optional));

// Whether bytes decode to body, in an exact block.
static void assert_decodes(const acta_type *type, const void *bytes, size_t size, const void *body)
{
    block b;
    const char *why = "";
    if (decoded(type, bytes, size, LIMIT, &b, &why) != ACTA_OK)
        fail_msg("%s", why);
    assert_true(body_equal(type, b.data, body));
    block_free(&b);
}

#define decodes(T, bytes, ...) assert_decodes(acta_type_of(T), (bytes), sizeof(bytes) - 1, &(T){__VA_ARGS__})

// Whether body comes back as it was, in the block that a copy of it would need.
static void assert_comes_back(const acta_type *type, const void *body)
{
    block message = encoded(type, body), b;
    assert_int_equal(decoded(type, message.data, message.size, LIMIT, &b, NULL), ACTA_OK);
    assert_true(body_equal(type, b.data, body));

    size_t copy;
    assert_int_equal(acti_copy_measure(type, body, LIMIT, &copy), ACTA_OK);
    assert_int_equal(b.size, copy);
    block_free(&message);
    block_free(&b);
}

#define comes_back(T, ...) assert_comes_back(acta_type_of(T), &(T){__VA_ARGS__})

// ---- refused by size --------------------------------------------------------

TEST(limit_is_reached_and_not_passed)
{
    bool yes[] = {true, false, true};
    every body = {.s = "abc", .b = {"12345", 5}, .flags = {yes, 3}};
    block message = encoded(acta_type_of(every), &body), b;
    size_t need, whole;
    assert_int_equal(acti_copy_measure(acta_type_of(every), &body, LIMIT, &whole), ACTA_OK);
    for (size_t limit = 0; limit < whole; limit++) {
        const char *why;
        assert_int_equal(decoded(acta_type_of(every), message.data, message.size, limit, &b, &why), ACTA_ETOOBIG);
        assert_non_null(strstr(why, "limit"));
    }
    assert_int_equal(decoded(acta_type_of(every), message.data, message.size, whole, &b, NULL), ACTA_OK);
    assert_int_equal(b.size, whole);
    block_free(&b);
    assert_int_equal(acti_codec_measure(acta_type_of(every), message.data, message.size, SIZE_MAX, NULL, &need, NULL),
                     ACTA_OK);
    block_free(&message);
}

// A million bytes on the wire are 8 or 16 million in memory. They are counted before they are looked at: the items
// are c1, which would be malformed.
TEST(array_is_weighed_in_memory_before_its_items_are_read)
{
    enum { COUNT = 1 << 20 };
    uint8_t *bytes = malloc(8 + COUNT);
    memcpy(bytes, "\x81\xa1x\xdd\x00\x10\x00\x00", 8);
    static const struct {
        uint8_t item;
        size_t each; // bytes in memory
        size_t kind;
    } rows[] = {{0x01, 8, ACTA_KIND_I64}, {0x01, 8, ACTA_KIND_U64}, {0x01, 8, ACTA_KIND_F64}, {0xc3, 1, ACTA_KIND_BOOL},
                {0xa0, 9, ACTA_KIND_STR}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const acta_type *type = of_arrays[rows[i].kind];
        size_t need, whole = type->size + rows[i].each * COUNT;
        memset(bytes + 8, rows[i].item, COUNT);
        assert_int_equal(acti_codec_measure(type, bytes, 8 + COUNT, whole, NULL, &need, NULL), ACTA_OK);
        assert_int_equal(need, whole);
        assert_int_equal(acti_codec_measure(type, bytes, 8 + COUNT, whole - 1, NULL, &need, NULL), ACTA_ETOOBIG);
    }
    memset(bytes + 8, 0xc1, COUNT);
    for (size_t kind = 0; kind < SCALARS; kind++) {
        size_t need, each = acti_kind_size((unsigned)kind), size = of_arrays[kind]->size + each * COUNT;
        assert_int_equal(acti_codec_measure(of_arrays[kind], bytes, 8 + COUNT, size - 1, NULL, &need, NULL),
                         ACTA_ETOOBIG);
        assert_int_equal(acti_codec_measure(of_arrays[kind], bytes, 8 + COUNT, size, NULL, &need, NULL),
                         ACTA_EMALFORMED);
    }
    free(bytes);
}

TEST(block_of_another_size_is_refused)
{
    every body = {.s = "abc", .b = {"12345", 5}};
    block message = encoded(acta_type_of(every), &body);
    size_t need;
    assert_int_equal(acti_codec_measure(acta_type_of(every), message.data, message.size, LIMIT, NULL, &need, NULL),
                     ACTA_OK);
    for (size_t size = 0; size < need + 20; size++) {
        void *to = exact_new(size);
        int status = acti_codec_decode(acta_type_of(every), message.data, message.size, NULL, to, size);
        assert_int_equal(status, size < need ? ACTA_ETOOBIG : size > need ? ACTA_EINVAL : ACTA_OK);
        exact_free(to, size);
    }
    block_free(&message);
}

// ---- there and back ---------------------------------------------------------

TEST(numbers_come_back)
{
    static const int64_t i[] = {0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, INT64_C(1) << 32, INT64_MAX,
                                -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN, INT32_MIN - INT64_C(1), INT64_MIN};
    for (size_t n = 0; n < sizeof i / sizeof i[0]; n++) {
        comes_back(of_i64, i[n]);
        comes_back(of_u64, (uint64_t)i[n]);
    }
    comes_back(of_i64s, {i, sizeof i / sizeof i[0]});
    static const double f[] = {0.0,     -0.0,    1.5,  1e308, 5e-324, 0.1, __builtin_inf(), -__builtin_inf(),
                               __builtin_nan(""), __builtin_nan("0x123"), -__builtin_nan("7")};
    for (size_t n = 0; n < sizeof f / sizeof f[0]; n++)
        comes_back(of_f64, f[n]);
    comes_back(of_f64s, {f, sizeof f / sizeof f[0]});
    comes_back(of_bool, false);
    comes_back(of_bool, true);
}

TEST(text_and_bytes_of_all_lengths_come_back)
{
    static const size_t sizes[] = {0, 1, 7, 8, 9, 31, 32, 255, 256, 65535, 65536, 100000};
    char *text = malloc(100001);
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        memset(text, 'x', 100000);
        text[sizes[n]] = 0;
        comes_back(of_str, text);
        comes_back(of_bytes, {text, sizes[n]});
        const char *items[] = {"", text, NULL, text};
        comes_back(of_strs, {items, 4});
    }
    free(text);
    comes_back(of_str, NULL);
    comes_back(of_str, "naïve – 😀 \U0010ffff \x01\x7f");
}

TEST(message_without_fields_and_empty_one_come_back)
{
    comes_back(none, 0);
    comes_back(every, 0);
    comes_back(maybe, 0);
}

ACTA_MESSAGE(mixed, (bytes, b), (str, s), (bytes, c), (str, t, optional), (i64, n), (bytes, d));

// The block has no byte more than the room that was named: what lies in it is as good as what was measured before.
TEST(what_is_unpacked_in_one_walk_is_what_was_sent)
{
    static char text[4000];
    memset(text, 'x', sizeof text - 1);
    for (size_t size = 0; size < sizeof text; size = size * 3 + 1) {
        mixed body = {{text, size}, "s", {text, 1}, text + sizeof text - 1 - size, -7, {text, size / 2}};
        block message = encoded(acta_type_of(mixed), &body);
        size_t room = acti_codec_room(acta_type_of(mixed), message.size);
        void *to = exact_new(room);
        size_t used;
        const char *why;
        acti_codec_count refs;
        assert_int_equal(acti_codec_unpack(acta_type_of(mixed), message.data, message.size, LIMIT, to, room, &refs,
                                           &used, &why),
                         ACTA_OK);
        assert_true(body_equal(acta_type_of(mixed), to, &body));
        assert_int_equal(refs.refs, 0);
        exact_free(to, room);
        block_free(&message);
    }
}

TEST(random_bodies_come_back_and_msgpack_c_reads_them)
{
    uint64_t seed = test_seed(0x61637461);
    for (size_t round = 0; round < 3000; round++) {
        uint64_t start = seed;
        made *all = NULL;
        every body;
        random_body(&seed, &all, acta_type_of(every), &body);
        block message = encoded(acta_type_of(every), &body), b;
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        size_t at = 0;
        int status = decoded(acta_type_of(every), message.data, message.size, LIMIT, &b, NULL);
        size_t copy = 0;
        if (status != ACTA_OK || !body_equal(acta_type_of(every), b.data, &body) ||
            acti_copy_measure(acta_type_of(every), &body, LIMIT, &copy) != ACTA_OK || copy != b.size ||
            msgpack_unpack_next(&unpacked, message.data, message.size, &at) != MSGPACK_UNPACK_SUCCESS ||
            at != message.size || unpacked.data.type != MSGPACK_OBJECT_MAP || unpacked.data.via.map.size != 12)
            fail_msg("round %zu, ACTA_TEST_SEED=%#llx", round, (unsigned long long)start);
        msgpack_unpacked_destroy(&unpacked);
        block_free(&message);
        block_free(&b);
        made_free(&all);
    }
}

// A peer's map may have its own order, so the parts lie in another one and padding differs.
TEST(random_bodies_in_any_order_of_fields_come_back)
{
    uint64_t seed = test_seed(0x6f726465);
    for (size_t round = 0; round < 1000; round++) {
        uint64_t start = seed;
        made *all = NULL;
        every body;
        random_body(&seed, &all, acta_type_of(every), &body);
        acta_field fields[12];
        memcpy(fields, acta_type_of(every)->fields, sizeof fields);
        for (size_t i = 12; i > 1; i--) {
            size_t other = random_below(&seed, i);
            acta_field f = fields[other];
            fields[other] = fields[i - 1];
            fields[i - 1] = f;
        }
        acta_type shuffled = *acta_type_of(every);
        shuffled.fields = fields;
        block message = encoded(&shuffled, &body), b;
        int status = decoded(acta_type_of(every), message.data, message.size, LIMIT, &b, NULL);
        if (status != ACTA_OK || !body_equal(acta_type_of(every), b.data, &body))
            fail_msg("round %zu, ACTA_TEST_SEED=%#llx", round, (unsigned long long)start);
        block_free(&message);
        block_free(&b);
        made_free(&all);
    }
}

// ---- from others ------------------------------------------------------------

TEST(forms_that_are_not_the_shortest_are_read)
{
    decodes(of_i64, "\xde\x00\x01\xa1x\x05", 5);
    decodes(of_i64, "\xdf\x00\x00\x00\x01\xa1x\x05", 5);
    decodes(of_i64, "\x81\xd9\x01x\x05", 5);
    decodes(of_i64, "\x81\xda\x00\x01x\x05", 5);
    decodes(of_i64, "\x81\xdb\x00\x00\x00\x01x\x05", 5);
    decodes(of_i64, "\x81\xa1x\xcc\x05", 5);
    decodes(of_i64, "\x81\xa1x\xcd\x00\x05", 5);
    decodes(of_i64, "\x81\xa1x\xce\x00\x00\x00\x05", 5);
    decodes(of_i64, "\x81\xa1x\xcf\x00\x00\x00\x00\x00\x00\x00\x05", 5);
    decodes(of_i64, "\x81\xa1x\xd0\xff", -1);
    decodes(of_i64, "\x81\xa1x\xd1\xff\xff", -1);
    decodes(of_i64, "\x81\xa1x\xd2\xff\xff\xff\xff", -1);
    decodes(of_i64, "\x81\xa1x\xd3\xff\xff\xff\xff\xff\xff\xff\xff", -1);
    decodes(of_str, "\x81\xa1x\xd9\x01" "a", "a");
    decodes(of_str, "\x81\xa1x\xdb\x00\x00\x00\x00", "");
    decodes(of_bytes, "\x81\xa1x\xc5\x00\x01" "a", {"a", 1});
    decodes(of_bytes, "\x81\xa1x\xc6\x00\x00\x00\x01" "a", {"a", 1});
    decodes(of_bools, "\x81\xa1x\xdc\x00\x01\xc3", {&(bool){true}, 1});
    decodes(of_bools, "\x81\xa1x\xdd\x00\x00\x00\x01\xc3", {&(bool){true}, 1});
}

TEST(signed_forms_of_numbers_that_are_not_negative_are_read)
{
    decodes(of_u64, "\x81\xa1x\xd0\x7f", 127);
    decodes(of_u64, "\x81\xa1x\xd1\x7f\xff", 32767);
    decodes(of_u64, "\x81\xa1x\xd2\x7f\xff\xff\xff", INT32_MAX);
    decodes(of_u64, "\x81\xa1x\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX);
    decodes(of_i64, "\x81\xa1x\xd3\x00\x00\x00\x00\x00\x00\x00\x00", 0);
    decodes(of_i64, "\x81\xa1x\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX);
}

TEST(floats_are_read_from_all_that_equals_a_double)
{
    decodes(of_f64, "\x81\xa1x\xca\x3f\xc0\x00\x00", 1.5);
    decodes(of_f64, "\x81\xa1x\xca\x80\x00\x00\x00", -0.0);
    decodes(of_f64, "\x81\xa1x\xca\xff\x80\x00\x00", -__builtin_inf());
    decodes(of_f64, "\x81\xa1x\x02", 2.0);
    decodes(of_f64, "\x81\xa1x\x00", 0.0);
    decodes(of_f64, "\x81\xa1x\xff", -1.0);
    decodes(of_f64, "\x81\xa1x\xd3\x80\x00\x00\x00\x00\x00\x00\x00", -0x1p63);
    decodes(of_f64, "\x81\xa1x\xcf\x80\x00\x00\x00\x00\x00\x00\x00", 0x1p63);
    decodes(of_f64, "\x81\xa1x\xcf\x00\x20\x00\x00\x00\x00\x00\x00", 0x1p53);
    decodes(of_f64, "\x81\xa1x\xcf\x00\x1f\xff\xff\xff\xff\xff\xff", 0x1p53 - 1);
    decodes(of_f64, "\x81\xa1x\xcf\x00\x20\x00\x00\x00\x00\x00\x02", 0x1p53 + 2);
    decodes(of_f64, "\x81\xa1x\xcf\xff\xff\xff\xff\xff\xff\xf8\x00", 0x1p64 - 2048);
    decodes(of_f64, "\x81\xa1x\xd3\xff\xe0\x00\x00\x00\x00\x00\x00", -0x1p53);
    decodes(of_f64s, "\x81\xa1x\x92\x01\xca\x3f\x80\x00\x00", {(double[]){1, 1}, 2});
}

TEST(fields_come_in_any_order)
{
    decodes(two, "\x82\xa5" "first" "\x07\xa6" "second" "\xa1" "b", 7, "b");
    decodes(two, "\x82\xa6" "second" "\xa1" "b" "\xa5" "first" "\x07", 7, "b");
}

TEST(optional_fields_are_empty_when_missing_or_nil)
{
    decodes(two, "\x81\xa5" "first" "\x07", 7, "");
    decodes(two, "\x82\xa5" "first" "\x07\xa6" "second" "\xc0", 7, "");
    decodes(maybe, "\x80", 0);
    decodes(maybe, "\x82\xa1" "i" "\xc0\xa2" "ss" "\xc0", 0);
    decodes(maybe, "\x83\xa1" "i" "\x05\xa2" "ss" "\xc0\xa1" "s" "\xa1" "z", .i = 5, .s = "z");
    block b;
    assert_int_equal(decoded(acta_type_of(maybe), "\x80", 1, LIMIT, &b, NULL), ACTA_OK);
    const maybe *m = b.data;
    assert_non_null(m->s); // no str of a message is NULL
    assert_true(m->b.data == NULL && m->ii.items == NULL && m->ss.items == NULL && m->bb.items == NULL);
    block_free(&b);
}

TEST(fields_the_type_does_not_have_are_skipped)
{
    static const struct {
        const char *bytes;
        size_t size;
    } values[] = {
#define V(text) {text, sizeof(text) - 1}
        V("\xc0"), V("\xc2"), V("\xc3"), V("\x00"), V("\x7f"), V("\xff"), V("\xcc\xff"), V("\xcd\xff\xff"),
        V("\xce\xff\xff\xff\xff"), V("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), V("\xd0\x80"), V("\xd1\x80\x00"),
        V("\xd2\x80\x00\x00\x00"), V("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), V("\xca\x00\x00\x00\x00"),
        V("\xcb\x00\x00\x00\x00\x00\x00\x00\x00"), V("\xa0"), V("\xa3" "abc"), V("\xd9\x01" "a"), V("\xda\x00\x01" "a"),
        V("\xdb\x00\x00\x00\x01" "a"), V("\xa1\xff"), V("\xc4\x02\x00\x01"), V("\xc5\x00\x01\x00"),
        V("\xc6\x00\x00\x00\x01\x00"), V("\xd4\x01\xff"), V("\xd5\x01\xff\xff"), V("\xd6\xff\x00\x00\x00\x00"),
        V("\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x00"), V("\xd8\x01" "0123456789abcdef"), V("\xc7\x00\x05"),
        V("\xc7\x03\x05" "abc"), V("\xc8\x00\x01\x05" "a"), V("\xc9\x00\x00\x00\x01\x05" "a"), V("\x90"), V("\x80"),
        V("\x93\x01\x92\x02\x03\xa1" "x"), V("\xdc\x00\x02\xc0\xc0"), V("\xdd\x00\x00\x00\x01\xc0"),
        V("\x82\xa1" "x" "\x01\x05\x90"), V("\xde\x00\x01\xc0\xc0"), V("\xdf\x00\x00\x00\x01\x91\xc0\x81\xc0\xc0"),
#undef V
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char bytes[64] = "\x83\xa1y";
        size_t size = 3;
        memcpy(bytes + size, values[i].bytes, values[i].size);
        size += values[i].size;
        memcpy(bytes + size, "\xa1x\x05\xa2xx", 6);
        size += 6;
        memcpy(bytes + size, values[i].bytes, values[i].size);
        size += values[i].size;
        assert_decodes(acta_type_of(of_i64), bytes, size, &(of_i64){5});
    }
}

TEST(field_that_is_skipped_may_come_twice)
{
    decodes(of_i64, "\x83\xa1y\x01\xa1y\x02\xa1x\x05", 5);
    decodes(none, "\x82\xa1y\x01\xa0\x02", 0);
}

// A name is matched whole, neither as the beginning of another nor the other way round.
TEST(names_that_begin_alike_are_told_apart)
{
    decodes(two, "\x83\xa4" "firs" "\xc3\xa6" "first2" "\xc3\xa5" "first" "\x07", 7, "");
    decodes(maybe, "\x82\xa3" "sss" "\x07\xa0\x07", 0);
}

TEST(as_many_entries_as_the_limit_are_read)
{
    uint8_t bytes[3 + 2 * ACTI_CODEC_ENTRIES_MAX + 1];
    memcpy(bytes, "\xde\x01\x00", 3);
    for (size_t i = 0; i < ACTI_CODEC_ENTRIES_MAX; i++)
        memcpy(bytes + 3 + 2 * i, "\xa0\xc0", 2);
    memcpy(bytes + sizeof bytes - 3, "\xa1x\x05", 3);
    assert_decodes(acta_type_of(of_i64), bytes, sizeof bytes, &(of_i64){5});
}

TEST(a_type_of_64_fields_comes_back)
{
    enum { MANY = ACTI_TYPE_FIELDS_MAX };
    char names[MANY][4];
    acta_field fields[MANY];
    bool body[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "f%u", i);
        fields[i] = (acta_field){names[i], ACTA_KIND_BOOL, 0, i};
        body[i] = i % 3 == 0;
    }
    acta_type type = {"many", MANY, MANY, 1, 0, 0, fields};
    assert_comes_back(&type, body);
}

int main(void)
{
    return TEST_RUN(case_of(limit_is_reached_and_not_passed),
                    case_of(array_is_weighed_in_memory_before_its_items_are_read),
                    case_of(block_of_another_size_is_refused), case_of(numbers_come_back),
                    case_of(text_and_bytes_of_all_lengths_come_back),
                    case_of(message_without_fields_and_empty_one_come_back),
                    case_of(what_is_unpacked_in_one_walk_is_what_was_sent),
                    case_of(random_bodies_come_back_and_msgpack_c_reads_them),
                    case_of(random_bodies_in_any_order_of_fields_come_back),
                    case_of(forms_that_are_not_the_shortest_are_read),
                    case_of(signed_forms_of_numbers_that_are_not_negative_are_read),
                    case_of(floats_are_read_from_all_that_equals_a_double), case_of(fields_come_in_any_order),
                    case_of(optional_fields_are_empty_when_missing_or_nil),
                    case_of(fields_the_type_does_not_have_are_skipped), case_of(field_that_is_skipped_may_come_twice),
                    case_of(names_that_begin_alike_are_told_apart), case_of(as_many_entries_as_the_limit_are_read),
                    case_of(a_type_of_64_fields_comes_back));
}
