// SPDX-License-Identifier: MIT
//
// test_hostile.c - bytes from peers that are broken or mean harm: each is refused with its status and a reason, or
// decodes to something whole; none is read or written beyond its end.
//
// Inputs and blocks have exactly their size, so ASan sees the first byte too many.

#include "codec/bodies.h"

#include <msgpack/unpack.h>

ACTA_MESSAGE(none);
ACTA_MESSAGE(two, (i64, first), (str, second, optional));

// ---- the table --------------------------------------------------------------

typedef struct row {
    const acta_type *type;
    const char *bytes;
    size_t size;
    const char *words; // to be found in the reason
} row;

#define R(T, text, words) {acta_type_of(T), text, sizeof(text) - 1, words}

// All are ACTA_EMALFORMED; what is ACTA_ETOOBIG needs a long input and is in test_decode.c.
static const row rows[] = {
    // Not one map.
    R(none, "", "ends too early"),
    R(none, "\xc0", "map"),
    R(none, "\xc1", "c1"),
    R(none, "\xc2", "map"),
    R(none, "\x00", "map"),
    R(none, "\xff", "map"),
    R(none, "\x90", "map"),
    R(none, "\xa0", "map"),
    R(none, "\xc4\x00", "map"),
    R(none, "\xd4\x01\x00", "map"),
    R(none, "\xca\x00\x00\x00\x00", "map"),
    R(none, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "map"),
    R(none, "\x80\x00", "after the end"),
    R(none, "\x80\x80", "after the end"),
    R(none, "\x80\xc1", "after the end"),
    R(of_i64, "\x81\xa1x\x05\xa1", "after the end"),

    // Counts and lengths that claim too much.
    R(none, "\xdf\xff\xff\xff\xff", "announces more"),
    R(none, "\xdf\x7f\xff\xff\xff\xa1x\x05", "announces more"),
    R(none, "\xde\xff\xff", "announces more"),
    R(none, "\xdf\x00\x00\x00\x02\xa0\xc0\xa0", "announces more"),
    R(none, "\x8f", "announces more"),
    R(of_i64, "\x82\xa1x\x05", "announces more"),
    R(none, "\xdd\xff\xff\xff\xff", "announces more"),
    R(none, "\xdc\xff\xff", "announces more"),
    R(none, "\xdf\xff\xff\xff", "ends too early"),
    R(none, "\xde\xff", "ends too early"),
    R(none, "\xdf", "ends too early"),
    R(of_i64s, "\x81\xa1x\xdd\xff\xff\xff\xff", "announces more"),
    R(of_i64s, "\x81\xa1x\xdd\xff\xff\xff\xff\x01\x01", "announces more"),
    R(of_i64s, "\x81\xa1x\xdd\x00\x00\x00\x03\x01\x01", "announces more"),
    R(of_i64s, "\x81\xa1x\x92\x01", "announces more"),
    R(of_i64s, "\x81\xa1x\x92\x01\xcd", "ends too early"),
    R(of_strs, "\x81\xa1x\xdd\xff\xff\xff\xff", "announces more"),
    R(of_strs, "\x81\xa1x\x91\xdb\xff\xff\xff\xff", "announces more"),
    R(of_bytess, "\x81\xa1x\x91\xc6\xff\xff\xff\xff", "announces more"),
    R(of_str, "\x81\xa1x\xdb\xff\xff\xff\xff", "announces more"),
    R(of_str, "\x81\xa1x\xdb\x7f\xff\xff\xff" "abc", "announces more"),
    R(of_str, "\x81\xa1x\xda\x00\x04" "abc", "announces more"),
    R(of_str, "\x81\xa1x\xa4" "abc", "announces more"),
    R(of_bytes, "\x81\xa1x\xc6\xff\xff\xff\xff", "announces more"),
    R(of_bytes, "\x81\xa1x\xc5\xff\xff", "announces more"),
    R(of_bytes, "\x81\xa1x\xc4\x01", "announces more"),
    R(of_i64, "\x81\xbf", "announces more"),
    R(of_i64, "\x81\xdb\xff\xff\xff\xff" "x\x05", "announces more"),
    R(none, "\x81\xa1y\xdd\xff\xff\xff\xff", "announces more"),
    R(none, "\x81\xa1y\xdf\xff\xff\xff\xff", "announces more"),
    R(none, "\x81\xa1y\xdf\x80\x00\x00\x00", "announces more"),
    R(none, "\x81\xa1y\xc9\xff\xff\xff\xff\x01", "announces more"),
    R(none, "\x81\xa1y\xc9\xff\xff\xff\xff", "announces more"),
    R(none, "\x81\xa1y\xd8\x01" "0123456789abcde", "announces more"),
    R(none, "\x81\xa1y\xc7\x00", "announces more"),
    R(none, "\x81\xa1y\x92\x01", "announces more"),
    R(none, "\x81\xa1y\x92\x91\x01", "ends too early"),
    R(none, "\x81\xa1y\x93\x90\x91\x05", "ends too early"),
    R(none, "\x81\xa1y\x92\x91\x01\xcd", "ends too early"),
    R(none, "\x81\xa1y\xcf\x00\x00\x00\x00\x00\x00\x00", "ends too early"),
    R(none, "\x81\xa1y", "ends too early"),

    // Keys.
    R(of_i64, "\x81\x01\x05", "not a str"),
    R(of_i64, "\x81\xc0\x05", "not a str"),
    R(of_i64, "\x81\xc4\x01x\x05", "not a str"),
    R(of_i64, "\x81\x91\xa1x\x05", "not a str"),
    R(of_i64, "\x81\x80\x05", "not a str"),
    R(of_i64, "\x81\xc3\x05", "not a str"),
    R(of_i64, "\x81\xd4\x01\x78\x05", "not a str"),
    R(of_i64, "\x81\xa1\xff\x05", "not UTF-8"),
    R(of_i64, "\x82\xa1x\x05\xa2x\x00\x05", "NUL"),
    R(of_i64, "\x82\xa1x\x05\xa1\x00\x05", "NUL"),
    R(of_i64, "\x82\xa1x\x05\xa1x\x05", "twice"),
    R(of_i64, "\x82\xa1x\x05\xd9\x01x\x05", "twice"),
    R(two, "\x83\xa5" "first" "\x07\xa6" "second" "\xc0\xa6" "second" "\xa0", "twice"),
    R(two, "\x83\xa5" "first" "\x07\xa6" "second" "\xa0\xa6" "second" "\xc0", "twice"),

    // Missing.
    R(of_i64, "\x80", "field x, byte 1: it is missing"),
    R(of_i64, "\x81\xa1y\x05", "field x, byte 4: it is missing"),
    R(of_str, "\x80", "missing"),
    R(of_bytess, "\x80", "missing"),
    R(two, "\x81\xa6" "second" "\xa0", "field first"),
    R(of_i64, "\x81\xa2xx\x05", "missing"),
    R(two, "\x81\xa4" "firs" "\x05", "missing"),
    R(two, "\x81\xa6" "first2" "\x05", "missing"),
    R(of_i64, "\x81\xa0\x05", "missing"),
    R(of_i64, "\x81\xa1X\x05", "missing"),

    // nil.
    R(of_i64, "\x81\xa1x\xc0", "i64 expected, nil"),
    R(of_str, "\x81\xa1x\xc0", "str expected, nil"),
    R(of_bytess, "\x81\xa1x\xc0", "nil"),
    R(of_strs, "\x81\xa1x\x91\xc0", "nil"),
    R(maybe, "\x81\xa2" "ii" "\x91\xc0", "nil"), // optional is the field, not its items

    // Numbers out of range.
    R(of_i64, "\x81\xa1x\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "above the range"),
    R(of_i64, "\x81\xa1x\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "above the range"),
    R(of_u64, "\x81\xa1x\xff", "below the range"),
    R(of_u64, "\x81\xa1x\xd0\x80", "below the range"),
    R(of_u64, "\x81\xa1x\xd1\xff\xff", "below the range"),
    R(of_u64, "\x81\xa1x\xd2\xff\xff\xff\xff", "below the range"),
    R(of_u64, "\x81\xa1x\xd3\x80\x00\x00\x00\x00\x00\x00\x00", "below the range"),
    R(of_u64s, "\x81\xa1x\x92\x01\xff", "below the range"),
    R(of_f64, "\x81\xa1x\xcf\x00\x20\x00\x00\x00\x00\x00\x01", "no f64"),
    R(of_f64, "\x81\xa1x\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "no f64"),
    R(of_f64, "\x81\xa1x\xcf\xff\xff\xff\xff\xff\xff\xfc\x00", "no f64"),
    R(of_f64, "\x81\xa1x\xd3\xff\xdf\xff\xff\xff\xff\xff\xff", "no f64"),
    R(of_f64, "\x81\xa1x\xd3\x80\x00\x00\x00\x00\x00\x00\x01", "no f64"),

    // Numbers cut short.
    R(of_i64, "\x81\xa1x", "ends too early"),
    R(of_i64, "\x81\xa1x\xcc", "ends too early"),
    R(of_i64, "\x81\xa1x\xcd\x01", "ends too early"),
    R(of_i64, "\x81\xa1x\xce\x01\x01\x01", "ends too early"),
    R(of_i64, "\x81\xa1x\xd3\x01\x01\x01\x01\x01\x01\x01", "ends too early"),
    R(of_f64, "\x81\xa1x\xca\x01\x01\x01", "ends too early"),
    R(of_f64, "\x81\xa1x\xcb\x01\x01\x01\x01\x01\x01\x01", "ends too early"),

    // Text.
    R(of_str, "\x81\xa1x\xa1\x00", "NUL"),
    R(of_str, "\x81\xa1x\xa3" "a\x00" "b", "NUL"),
    R(of_str, "\x81\xa1x\xa9" "12345678\x00", "NUL"),
    R(of_str, "\x81\xa1x\xa1\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa1\xff", "UTF-8"),
    R(of_str, "\x81\xa1x\xa1\xc3", "UTF-8"),
    R(of_str, "\x81\xa1x\xa2\xc0\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa2\xc1\xbf", "UTF-8"),
    R(of_str, "\x81\xa1x\xa3\xe0\x9f\xbf", "UTF-8"),
    R(of_str, "\x81\xa1x\xa4\xf0\x8f\xbf\xbf", "UTF-8"),
    R(of_str, "\x81\xa1x\xa3\xed\xa0\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa3\xed\xbf\xbf", "UTF-8"),
    R(of_str, "\x81\xa1x\xa6\xed\xa0\xbd\xed\xb8\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa4\xf4\x90\x80\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa4\xf5\x80\x80\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa5\xf8\x88\x80\x80\x80", "UTF-8"),
    R(of_str, "\x81\xa1x\xa2\xe2\x82", "UTF-8"),
    R(of_str, "\x81\xa1x\xa3\xf0\x9f\x98", "UTF-8"),
    R(of_str, "\x81\xa1x\xa2\xc3(", "UTF-8"),
    R(of_strs, "\x81\xa1x\x92\xa1" "a" "\xa1\xfe", "UTF-8"),

    // What msgpack does not have, or we do not take.
    R(of_i64, "\x81\xa1x\xc1", "c1"),
    R(of_i64, "\xc1\xa1x\x05", "c1"),
    R(of_i64, "\x81\xc1\x05", "c1"),
    R(of_i64s, "\x81\xa1x\x91\xc1", "c1"),
    R(none, "\x81\xa1y\xc1", "c1"),
    R(none, "\x81\xa1y\x92\x01\xc1", "c1"),
    R(of_i64, "\x81\xa1x\xd6\xff\x00\x00\x00\x00", "i64 expected, ext"),
    R(of_str, "\x81\xa1x\xc4\x01" "a", "str expected, bytes found"),
    R(of_bytes, "\x81\xa1x\xa1" "a", "bytes expected, str found"),
    R(of_i64s, "\x81\xa1x\x91\x91\x01", "i64 expected, array"),
};

TEST(each_row_of_the_table_is_refused_with_its_reason)
{
    size_t count = sizeof rows / sizeof rows[0], wrong = 0;
    for (size_t i = 0; i < count; i++) {
        block b;
        const char *why = NULL;
        int status = decoded(rows[i].type, rows[i].bytes, rows[i].size, LIMIT, &b, &why);
        block_free(&b);
        if (status == ACTA_EMALFORMED && strstr(why, rows[i].words) != NULL)
            continue;
        wrong++;
        print_error("row %zu: status %d, \"%s\" does not say \"%s\"\n", i, status, why != NULL ? why : "",
                    rows[i].words);
    }
    print_message("%zu rows\n", count);
    assert_int_equal(wrong, 0);
}

// ---- every kind against every shape -----------------------------------------

typedef struct sample {
    const char *bytes;
    size_t size;
    unsigned accepted; // a bit for each scalar kind, and ARRAYS
} sample;

#define ARRAYS (1u << SCALARS)
#define S(text, accepted) {text, sizeof(text) - 1, accepted}

static const sample samples[] = {
    S("\xc0", 0),
    S("\xc1", 0),
    S("\xc3", 1u << ACTA_KIND_BOOL),
    S("\x05", 1u << ACTA_KIND_I64 | 1u << ACTA_KIND_U64 | 1u << ACTA_KIND_F64),
    S("\xff", 1u << ACTA_KIND_I64 | 1u << ACTA_KIND_F64),
    S("\xca\x3f\x80\x00\x00", 1u << ACTA_KIND_F64),
    S("\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", 1u << ACTA_KIND_F64),
    S("\xa1" "a", 1u << ACTA_KIND_STR),
    S("\xc4\x01" "a", 1u << ACTA_KIND_BYTES),
    S("\xd4\x01\x00", 0),
    S("\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x00", 0), // a timestamp
    S("\x90", ARRAYS),
    S("\x80", 0),
};

static void assert_taken(const acta_type *type, const char *prefix, size_t prefix_size, const sample *s, bool taken)
{
    char bytes[32];
    memcpy(bytes, prefix, prefix_size);
    memcpy(bytes + prefix_size, s->bytes, s->size);
    block b;
    int status = decoded(type, bytes, prefix_size + s->size, LIMIT, &b, NULL);
    if (status != (taken ? ACTA_OK : ACTA_EMALFORMED))
        fail_msg("%s, value %02x: status %d", type->name, (unsigned char)s->bytes[0], status);
    block_free(&b);
}

TEST(each_kind_takes_its_shapes_and_no_other)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        for (size_t kind = 0; kind < SCALARS; kind++) {
            bool taken = samples[i].accepted >> kind & 1;
            assert_taken(of_scalars[kind], "\x81\xa1x", 3, &samples[i], taken);
            assert_taken(of_arrays[kind], "\x81\xa1x", 3, &samples[i], samples[i].accepted & ARRAYS);
            assert_taken(of_arrays[kind], "\x81\xa1x\x91", 4, &samples[i], taken);
        }
}

// ---- limits -----------------------------------------------------------------

static int nested(size_t levels, uint8_t head, size_t head_size)
{
    size_t size = 3 + levels * head_size + 1;
    uint8_t *bytes = malloc(size);
    memcpy(bytes, "\x81\xa1y", 3);
    for (size_t i = 0; i < levels; i++) {
        bytes[3 + i * head_size] = head;
        bytes[3 + (i + 1) * head_size - 1] = head_size == 1 ? head : 0xc0; // of a map: the key
    }
    bytes[size - 1] = 0xc0;
    block b;
    int status = decoded(acta_type_of(none), bytes, size, LIMIT, &b, NULL);
    if (status == ACTA_OK) { // then so does msgpack-c
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, (char *)bytes, size, NULL), MSGPACK_UNPACK_SUCCESS);
        msgpack_unpacked_destroy(&unpacked);
    }
    block_free(&b);
    free(bytes);
    return status;
}

TEST(nesting_is_refused_above_its_limit_and_skipped_at_it)
{
    size_t most = ACTI_CODEC_DEPTH_MAX - 1; // the message is the first
    assert_int_equal(nested(most + 1, 0x91, 1), ACTA_EMALFORMED);
    assert_int_equal(nested(most + 1, 0x81, 2), ACTA_EMALFORMED);
    assert_int_equal(nested(most, 0x91, 1), ACTA_OK);
    assert_int_equal(nested(most, 0x81, 2), ACTA_OK);
    assert_int_equal(nested(5000000, 0x91, 1), ACTA_EMALFORMED);
    assert_int_equal(nested(5000000, 0x81, 2), ACTA_EMALFORMED);
}

TEST(more_entries_than_the_limit_are_refused)
{
    uint8_t bytes[3 + 2 * (ACTI_CODEC_ENTRIES_MAX + 1)];
    memcpy(bytes, "\xde\x01\x01", 3);
    for (size_t i = 0; i <= ACTI_CODEC_ENTRIES_MAX; i++)
        memcpy(bytes + 3 + 2 * i, "\xa0\xc0", 2);
    block b;
    const char *why;
    assert_int_equal(decoded(acta_type_of(none), bytes, sizeof bytes, LIMIT, &b, &why), ACTA_EMALFORMED);
    assert_non_null(strstr(why, "257 fields"));
}

TEST(reason_with_the_longest_names_is_whole)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    acta_field field = {name, ACTA_KIND_U64, 0, 0};
    acta_type type = {name, 8, 1, 1, 0, 0, &field};
    size_t need;
    const char *why;
    uint8_t bytes[2 + 3 + 255 + 9] = "\x81\xda\x00\xff";
    memcpy(bytes + 4, name, 255);
    memcpy(bytes + 4 + 255, "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9);
    assert_int_equal(acti_codec_measure(&type, bytes, 4 + 255 + 9, LIMIT, NULL, &need, &why), ACTA_EMALFORMED);
    assert_non_null(strstr(why, "-9223372036854775808 is below the range of u64"));
}

// ---- a good message, spoilt -------------------------------------------------

static block good_message(uint64_t *seed, const acta_type *type)
{
    made *all = NULL;
    every body; // maybe has the same fields
    random_body(seed, &all, type, &body);
    block message = encoded(type, &body);
    made_free(&all);
    return message;
}

TEST(good_message_is_refused_when_cut_at_any_byte)
{
    uint64_t seed = test_seed(0x63757473);
    for (size_t round = 0; round < 20; round++) {
        block message = good_message(&seed, acta_type_of(every)), b;
        for (size_t size = 0; size < message.size; size++)
            assert_int_equal(decoded(acta_type_of(every), message.data, size, LIMIT, &b, NULL), ACTA_EMALFORMED);
        assert_int_equal(decoded(acta_type_of(every), message.data, message.size, LIMIT, &b, NULL), ACTA_OK);
        block_free(&b);
        block_free(&message);
    }
}

// The bytes of one field after another are taken out, so that each is missed by name.
TEST(each_field_is_missed_by_name)
{
    for (size_t missing = 0; missing < 12; missing++) {
        acta_field fields[12];
        acta_type without = *acta_type_of(every);
        without.fields = fields;
        without.field_count = 0;
        for (size_t i = 0; i < 12; i++)
            if (i != missing)
                fields[without.field_count++] = acta_type_of(every)->fields[i];
        block message = encoded(&without, &(every){0}), b;
        const char *why;
        char words[32];
        snprintf(words, sizeof words, "field %s, ", acta_type_of(every)->fields[missing].name);
        assert_int_equal(decoded(acta_type_of(every), message.data, message.size, LIMIT, &b, &why), ACTA_EMALFORMED);
        assert_non_null(strstr(why, words));
        assert_int_equal(decoded(acta_type_of(maybe), message.data, message.size, LIMIT, &b, &why), ACTA_OK);
        block_free(&b);
        block_free(&message);
    }
}

// What bytes decode to must be whole: it encodes again, and then decodes to the same.
static void assert_whole(const acta_type *type, const void *body)
{
    size_t size;
    assert_int_equal(acti_copy_measure(type, body, LIMIT + 64, &size), ACTA_OK);
    acti_buf out = {.limit = 2 * LIMIT};
    assert_int_equal(acti_codec_encode(type, body, NULL, &out), ACTA_OK);
    block b;
    assert_int_equal(decoded(type, acti_buf_bytes(&out), out.size, LIMIT + 64, &b, NULL), ACTA_OK);
    assert_true(body_equal(type, b.data, body));
    block_free(&b);
    acti_buf_fini(&out);
}

static void spoil(uint64_t *seed, uint8_t *bytes, size_t *size, size_t room)
{
    static const uint8_t telling[] = {0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xbf, 0xc0,
                                      0xc1, 0xc2, 0xc4, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd3,
                                      0xd4, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff};
    size_t at = random_below(seed, *size), other = random_below(seed, *size);
    size_t most = *size - (at > other ? at : other), run = 1 + random_below(seed, most < 16 ? most : 16);
    switch (random_below(seed, 8)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << random_below(seed, 8));
        break;
    case 1:
        bytes[at] = (uint8_t)acti_random_next(seed);
        break;
    case 2:
    case 3:
        bytes[at] = telling[random_below(seed, sizeof telling)];
        break;
    case 4: // cut
        *size = at + 1;
        break;
    case 5: // copy a run over another
        memmove(bytes + at, bytes + other, run);
        break;
    case 6: // double a run
        if (*size + run <= room) {
            memmove(bytes + at + run, bytes + at, *size - at);
            *size += run;
        }
        break;
    default: // take a run out
        if (run < *size) {
            memmove(bytes + at, bytes + at + run, *size - at - run);
            *size -= run;
        }
    }
}

// Decodes with msgpack-c what we accepted: a message is msgpack, whatever else it is.
static void assert_msgpack(const uint8_t *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t at = 0;
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)bytes, size, &at), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(at, size);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_MAP);
    msgpack_unpacked_destroy(&unpacked);
}

// TSan has nothing to see in one thread, and takes ten times as long for it.
#ifdef __SANITIZE_THREAD__
enum { ROUNDS = 20000 };
#else
enum { ROUNDS = 200000 };
#endif
enum { KEPT = 50, ROOM = 16384 };

TEST(spoilt_messages_are_refused_or_whole)
{
    uint64_t seed = test_seed(0x73706f69), rounds_of_one = 0;
    static uint8_t bytes[ROOM];
    block message = {0};
    size_t accepted = 0, refused = 0;
    const acta_type *type = acta_type_of(every);
    for (size_t round = 0; round < ROUNDS; round++) {
        if (round % KEPT == 0) {
            rounds_of_one = seed;
            block_free(&message);
            type = round / KEPT % 2 ? acta_type_of(maybe) : acta_type_of(every);
            message = good_message(&seed, type);
            assert_true(message.size < ROOM);
        }
        size_t size = message.size;
        memcpy(bytes, message.data, size);
        for (size_t n = 1 + random_below(&seed, 3); n > 0; n--)
            spoil(&seed, bytes, &size, ROOM);

        block b;
        size_t limit = random_below(&seed, 4) == 0 ? random_below(&seed, 4096) : LIMIT;
        int status = decoded(type, bytes, size, limit, &b, NULL);
        if (status == ACTA_OK) {
            accepted++;
            if (round % 4 == 0) {
                assert_whole(type, b.data);
                assert_msgpack(bytes, size);
            }
        } else if (status == ACTA_EMALFORMED || (status == ACTA_ETOOBIG && limit < LIMIT)) {
            refused++;
        } else {
            fail_msg("round %zu, message of ACTA_TEST_SEED=%#llx: status %d", round,
                     (unsigned long long)rounds_of_one, status);
        }
        block_free(&b);
    }
    block_free(&message);
    print_message("%zu accepted, %zu refused\n", accepted, refused);
    assert_true(accepted > ROUNDS / 20 && refused > ROUNDS / 4);
}

// Decoding does not rely on having measured the same bytes.
TEST(decoding_bytes_never_measured_writes_nothing_outside_the_block)
{
    uint64_t seed = test_seed(0x756e6d65);
    static uint8_t bytes[ROOM];
    for (size_t round = 0; round < ROUNDS / 10; round++) {
        block message = good_message(&seed, acta_type_of(every));
        size_t size = message.size, need;
        assert_int_equal(acti_codec_measure(acta_type_of(every), message.data, size, LIMIT, NULL, &need, NULL),
                         ACTA_OK);
        memcpy(bytes, message.data, size);
        spoil(&seed, bytes, &size, ROOM);
        void *input = exact_copy(bytes, size), *to = exact_new(need);
        int status = acti_codec_decode(acta_type_of(every), input, size, NULL, to, need);
        assert_true(status == ACTA_OK || status == ACTA_EMALFORMED || status == ACTA_ETOOBIG || status == ACTA_EINVAL);
        if (status == ACTA_OK)
            assert_whole(acta_type_of(every), to);
        exact_free(input, size);
        exact_free(to, need);
        block_free(&message);
    }
}

TEST(random_bytes_are_refused_or_whole)
{
    uint64_t seed = test_seed(0x72616e64);
    for (size_t round = 0; round < ROUNDS / 2; round++) {
        uint8_t bytes[24] = {0x81, 0xa1, 'x'};
        size_t size = 3 + random_below(&seed, 20);
        for (size_t i = 3; i < size; i++)
            bytes[i] = (uint8_t)acti_random_next(&seed);
        const acta_type *type = round % 2 ? of_arrays[round / 2 % SCALARS] : of_scalars[round / 2 % SCALARS];
        block b;
        if (decoded(type, bytes, size, LIMIT, &b, NULL) == ACTA_OK)
            assert_whole(type, b.data);
        block_free(&b);
    }
}

int main(void)
{
    return TEST_RUN(case_of(each_row_of_the_table_is_refused_with_its_reason),
                    case_of(each_kind_takes_its_shapes_and_no_other),
                    case_of(nesting_is_refused_above_its_limit_and_skipped_at_it),
                    case_of(more_entries_than_the_limit_are_refused), case_of(reason_with_the_longest_names_is_whole),
                    case_of(good_message_is_refused_when_cut_at_any_byte), case_of(each_field_is_missed_by_name),
                    case_of(spoilt_messages_are_refused_or_whole),
                    case_of(decoding_bytes_never_measured_writes_nothing_outside_the_block),
                    case_of(random_bytes_are_refused_or_whole));
}
