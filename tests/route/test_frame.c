// SPDX-License-Identifier: MIT

#include "test.h"

#include <acta/error.h>

#include "base/platform.h"
#include "route/frame.h"
#include "sample.h"

#define NO_LIMIT UINT32_MAX

// bytes_of is a frame as it is written; free what out holds.
static acti_buf bytes_of(const acti_frame *frame)
{
    acti_buf out = {.limit = 1 << 20};
    assert_int_equal(acti_frame_write(&out, frame), ACTA_OK);
    return out;
}

// read_exact reads from a block of just that size, so that ASan sees a read past its end.
static int64_t read_exact(const uint8_t *bytes, size_t size, uint32_t payload_max, size_t *need)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    acti_frame frame;
    const char *why = NULL;
    *need = 0;
    int64_t n = acti_frame_read(copy, size, payload_max, &frame, need, &why);
    assert_true(n >= 0 || (n == ACTA_EMALFORMED && why != NULL));
    free(copy);
    return n;
}

static bool refused(const void *bytes, size_t size)
{
    size_t need;
    return read_exact(bytes, size, NO_LIMIT, &need) == ACTA_EMALFORMED;
}

// A sample with n bytes of its payload cut off (or added), and its length field saying so.
static bool refused_resized(unsigned kind, int by)
{
    acti_frame frame = sample(kind, 9);
    acti_buf out = bytes_of(&frame);
    size_t size = (size_t)((int)out.size + by);
    assert_true(size >= ACTI_FRAME_HEADER);
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, acti_buf_bytes(&out), by < 0 ? size : out.size);
    uint32_t length = (uint32_t)(size - ACTI_FRAME_HEADER);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(length >> 8 * i);
    bool result = refused(bytes, size);
    free(bytes);
    acti_buf_fini(&out);
    return result;
}

static bool has_rest(unsigned kind)
{
    return (kind >= ACTI_FRAME_SEND && kind <= ACTI_FRAME_REPLY) || kind == ACTI_FRAME_PART;
}

// ---- refusal ---------------------------------------------------------------------

TEST(unknown_kind_is_refused_at_its_byte)
{
    for (unsigned kind = 0; kind < 256; kind++) {
        uint8_t head[5] = {0, 1, 0, 0, (uint8_t)kind};
        bool known = kind >= ACTI_FRAME_HELLO && kind < ACTI_FRAME_KINDS;
        // 256 bytes of payload fit the kinds with a text or a rest.
        bool fits = known && (has_rest(kind) || kind <= ACTI_FRAME_REFUSE ||
                              (kind >= ACTI_FRAME_TYPE && kind <= ACTI_FRAME_FOUND) || kind == ACTI_FRAME_DOWN);
        assert_int_equal(refused(head, sizeof head), !fits);
    }
}

TEST(length_above_the_limit_is_refused_as_soon_as_its_bytes_show_it)
{
    size_t need;
    const uint8_t all[4] = {0xff, 0xff, 0xff, 0xff};
    const uint8_t high[4] = {0, 0, 0, 0x80};
    assert_int_equal(read_exact(all, 4, 1 << 30, &need), ACTA_EMALFORMED);
    assert_int_equal(read_exact(high, 4, 1 << 30, &need), ACTA_EMALFORMED);
    assert_int_equal(read_exact(high, 3, 1 << 30, &need), 0);
    // Against a limit of two bytes the second already says it: 0x02ff is above 0x0200.
    assert_int_equal(read_exact(all, 1, 512, &need), 0);
    assert_int_equal(read_exact((const uint8_t[]){0xff, 2}, 2, 512, &need), ACTA_EMALFORMED);
}

TEST(limit_itself_is_accepted_and_one_more_is_refused)
{
    acti_frame frame = sample(ACTI_FRAME_SEND, 1);
    acti_buf out = bytes_of(&frame);
    uint32_t length = (uint32_t)(out.size - ACTI_FRAME_HEADER);
    size_t need;
    assert_int_equal(read_exact(acti_buf_bytes(&out), out.size, length, &need), (int64_t)out.size);
    assert_int_equal(read_exact(acti_buf_bytes(&out), out.size, length - 1, &need), ACTA_EMALFORMED);
    acti_buf_fini(&out);
}

TEST(reserved_header_bytes_that_are_not_zero_are_refused_where_they_stand)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        for (size_t at = 5; at < 8; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                uint8_t head[ACTI_FRAME_HEADER];
                memcpy(head, acti_buf_bytes(&out), sizeof head);
                head[at] = (uint8_t)(1u << bit);
                assert_false(refused(head, at));
                assert_true(refused(head, at + 1));
            }
        }
        acti_buf_fini(&out);
    }
}

TEST(sequence_number_is_refused_where_it_must_not_be_and_missed_where_it_must)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        uint8_t *bytes = acti_buf_bytes(&out);
        assert_false(refused(bytes, out.size));
        bool sequenced = acti_frame_sequenced((acti_frame_kind)kind);
        assert_int_equal(bytes[8], sequenced ? 9 : 0);
        bytes[8] = sequenced ? 0 : 9;
        assert_true(refused(bytes, ACTI_FRAME_HEADER));
        acti_buf_fini(&out);
    }
}

TEST(payload_that_does_not_fit_its_kind_to_the_byte_is_refused)
{
    EACH_KIND(kind) {
        if (has_rest(kind))
            continue;
        assert_true(refused_resized(kind, 1));
        assert_true(refused_resized(kind, 300));
        if (kind != ACTI_FRAME_GOODBYE)
            assert_true(refused_resized(kind, -1));
    }
}

TEST(rest_may_be_empty_but_the_fields_before_it_are_whole)
{
    KINDS_FROM(kind, ACTI_FRAME_SEND) {
        if (!has_rest(kind))
            continue;
        assert_false(refused_resized(kind, 1));
        assert_false(refused_resized(kind, -14));
        assert_true(refused_resized(kind, -15));
    }
}

TEST(handshake_without_magic_is_refused_where_it_stands)
{
    KINDS_FROM(kind, ACTI_FRAME_HELLO) {
        if (kind > ACTI_FRAME_REFUSE)
            break;
        acti_frame frame = sample(kind, 0);
        acti_buf out = bytes_of(&frame);
        for (size_t at = 0; at < 4; at++) {
            uint8_t *bytes = acti_buf_bytes(&out);
            bytes[ACTI_FRAME_HEADER + at] ^= 0x20;
            assert_true(refused(bytes, ACTI_FRAME_HEADER + 4));
            bytes[ACTI_FRAME_HEADER + at] ^= 0x20;
            assert_false(refused(bytes, ACTI_FRAME_HEADER + 4));
        }
        acti_buf_fini(&out);
    }
}

// find_with is a FIND whose name is these bytes, whatever they are.
static bool find_refused(const void *name, size_t size)
{
    uint8_t bytes[ACTI_FRAME_HEADER + 10 + 300] = {0};
    size_t payload = 10 + size;
    bytes[0] = (uint8_t)payload;
    bytes[1] = (uint8_t)(payload >> 8);
    bytes[4] = ACTI_FRAME_FIND;
    bytes[8] = 1;
    bytes[24] = (uint8_t)size;
    bytes[25] = (uint8_t)(size >> 8);
    memcpy(bytes + 26, name, size);
    return refused(bytes, ACTI_FRAME_HEADER + payload);
}

TEST(text_that_is_not_utf8_or_holds_nul_is_refused)
{
    static const char *const bad[] = {
        "a\xff",             "\x80",             "\xc0\x80",         "\xc1\xbf",         "\xc3",
        "\xe0\x9f\xbf",      "\xe2\x82",         "\xed\xa0\x80",     "\xed\xbf\xbf",     "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x90",      "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x28\xa1",     "ok\xc3(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(find_refused(bad[i], strlen(bad[i])));
    assert_true(find_refused("a\0b", 3));
    assert_true(find_refused("a\0", 2));

    static const char *const good[] = {
        "", "plain", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", SAMPLE_TEXT,
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_false(find_refused(good[i], strlen(good[i])));
}

TEST(text_of_255_bytes_is_read_and_of_256_refused)
{
    char name[256];
    memset(name, 'x', sizeof name);
    assert_false(find_refused(name, 255));
    assert_true(find_refused(name, 256));
}

TEST(text_length_that_disagrees_with_the_payload_is_refused_before_the_text_came)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        uint8_t *bytes = acti_buf_bytes(&out);
        const char *last = kind == ACTI_FRAME_DOWN ? SAMPLE_CAUSE : SAMPLE_TEXT;
        size_t text = strlen(last);
        size_t at = out.size - text - 2;
        // Of the kinds, those whose payload ends with a text.
        if (out.size >= ACTI_FRAME_HEADER + text + 2 && memcmp(bytes + at + 2, last, text) == 0) {
            assert_int_equal(bytes[at], text);
            bytes[at] = (uint8_t)(text - 1);
            assert_true(refused(bytes, at + 2));
            bytes[at] = (uint8_t)(text + 1);
            assert_true(refused(bytes, at + 2));
            bytes[at] = (uint8_t)text;
            bytes[at + 1] = 1;
            assert_true(refused(bytes, at + 2));
        }
        acti_buf_fini(&out);
    }
}

TEST(first_of_two_texts_leaves_room_for_the_second_and_not_a_byte_more)
{
    static const unsigned kinds[] = {ACTI_FRAME_HELLO, ACTI_FRAME_WELCOME, ACTI_FRAME_DOWN};
    static const size_t fixed[] = {68, 68, 20};
    for (int i = 0; i < 3; i++) {
        acti_frame frame = sample(kinds[i], 9);
        acti_buf out = bytes_of(&frame);
        uint8_t *bytes = acti_buf_bytes(&out);
        size_t at = ACTI_FRAME_HEADER + fixed[i];
        uint8_t size = bytes[at];
        size_t left = out.size - at - 2; // behind its length
        assert_false(refused(bytes, out.size));
        bytes[at] = (uint8_t)(size + 1);
        assert_true(refused(bytes, out.size));
        bytes[at] = (uint8_t)(size - 1);
        assert_true(refused(bytes, out.size));
        // All but the length of the second is the most; one more is seen at once.
        bytes[at] = (uint8_t)(left - 2);
        assert_false(refused(bytes, at + 2));
        bytes[at] = (uint8_t)(left - 1);
        assert_true(refused(bytes, at + 2));
        acti_buf_fini(&out);
    }
}

// ---- truncation ------------------------------------------------------------------

TEST(every_kind_cut_at_every_byte_asks_for_the_rest)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        for (size_t size = 0; size < out.size; size++) {
            size_t need;
            assert_int_equal(read_exact(acti_buf_bytes(&out), size, NO_LIMIT, &need), 0);
            assert_int_equal(need, size < ACTI_FRAME_HEADER ? ACTI_FRAME_HEADER : out.size);
        }
        acti_buf_fini(&out);
    }
}

TEST(a_part_of_a_frame_already_says_its_kind_and_number)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        for (size_t size = 0; size < out.size; size++) {
            acti_frame part = {.kind = ACTI_FRAME_KINDS, .sequence = 1234};
            size_t need;
            const char *why;
            assert_int_equal(acti_frame_read(acti_buf_bytes(&out), size, NO_LIMIT, &part, &need, &why), 0);
            assert_int_equal(part.kind, size < 5 ? 0 : kind);
            if (need > ACTI_FRAME_HEADER && acti_frame_sequenced(frame.kind))
                assert_int_equal(part.sequence, 9);
        }
        acti_buf_fini(&out);
    }
}

// ---- writing and reading back ----------------------------------------------------

TEST(every_kind_reads_back_as_written_and_leaves_the_next_alone)
{
    acti_buf out = {.limit = 1 << 20};
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        assert_int_equal(acti_frame_write(&out, &frame), ACTA_OK);
    }
    EACH_KIND(kind) {
        acti_frame expected = sample(kind, 9);
        acti_frame frame;
        memset(&frame, 0xee, sizeof frame);
        size_t need;
        const char *why;
        int64_t n = acti_frame_read(acti_buf_bytes(&out), out.size, NO_LIMIT, &frame, &need, &why);
        assert_true(n >= ACTI_FRAME_HEADER);
        assert_int_equal(acti_frame_size(acti_buf_bytes(&out)), n);
        assert_true(sample_is(&frame, &expected));
        acti_buf_consume(&out, (size_t)n);
    }
    assert_int_equal(out.size, 0);
    acti_buf_fini(&out);
}

// The samples with sequence number 9, written by another program from the specification alone.
static const char *const golden[ACTI_FRAME_KINDS] = {
    [ACTI_FRAME_HELLO] = "5f000000010000000000000000000000"
        "4143544101000100080706050403020118171615141312112827262524232221"
        "b8b7b6b5b4b3b2b1c8c7c6c5c4c3c2c1d4d3d2d1000010003231000043424100"
        "e3e2e10008006970633a2f2f2f780f006e61c3af766520e282ac20f09f909d",
    [ACTI_FRAME_WELCOME] = "5f000000020000000000000000000000"
        "414354410100f2f1080706050403020118171615141312112827262524232221"
        "b8b7b6b5b4b3b2b1c8c7c6c5c4c3c2c1d4d3d2d1000010003231000043424100"
        "e3e2e10008006970633a2f2f2f780f006e61c3af766520e282ac20f09f909d",
    [ACTI_FRAME_REFUSE] = "19000000030000000000000000000000"
        "41435441f9ffffff0f006e61c3af766520e282ac20f09f909d",
    [ACTI_FRAME_ACK] = "08000000040000000000000000000000"
        "0900000000000000",
    [ACTI_FRAME_GOODBYE] = "00000000050000000900000000000000",
    [ACTI_FRAME_FAREWELL] = "08000000060000000000000000000000"
        "0900000000000000",
    [ACTI_FRAME_TYPE] = "15000000070000000900000000000000"
        "848382810f006e61c3af766520e282ac20f09f909d",
    [ACTI_FRAME_FIND] = "19000000080000000900000000000000"
        "78777675747372710f006e61c3af766520e282ac20f09f909d",
    [ACTI_FRAME_FOUND] = "25000000090000000900000000000000"
        "7877767574737271f9ffffff58575655545352510f006e61c3af766520e282ac"
        "20f09f909d",
    [ACTI_FRAME_RELEASE] = "100000000a0000000900000000000000"
        "585756555453525194939291f9ffffff",
    [ACTI_FRAME_SEND] = "1a0000000b0000000900000000000000"
        "5857565554535251848382817468652072657374206f66206974",
    [ACTI_FRAME_ASK] = "2a0000000c0000000900000000000000"
        "5857565554535251686766656463626178777675747372718483828174686520"
        "72657374206f66206974",
    [ACTI_FRAME_REPLY] = "220000000d0000000900000000000000"
        "68676665646362617877767574737271848382817468652072657374206f6620"
        "6974",
    [ACTI_FRAME_MONITOR] = "180000000e0000000900000000000000"
        "585756555453525168676665646362617877767574737271",
    [ACTI_FRAME_DEMONITOR] = "180000000f0000000900000000000000"
        "585756555453525168676665646362617877767574737271",
    [ACTI_FRAME_DOWN] = "2e000000100000000900000000000000"
        "68676665646362617877767574737271f9ffffff0f006e61c3af766520e282ac"
        "20f09f909d070069742066656c6c",
    [ACTI_FRAME_CREDIT] = "10000000110000000900000000000000"
        "585756555453525194939291a4a3a2a1",
    [ACTI_FRAME_PART] = "16000000120000000900000000000000"
        "58575655545352517468652072657374206f66206974",
    [ACTI_FRAME_CLAIM] = "10000000130000000900000000000000"
        "78777675747372715857565554535251",
    [ACTI_FRAME_TAKEN] = "0c000000140000000900000000000000"
        "7877767574737271f9ffffff",
    [ACTI_FRAME_END] = "0c000000150000000900000000000000"
        "5857565554535251f9ffffff",
    [ACTI_FRAME_LINK] = "18000000160000000900000000000000"
        "585756555453525168676665646362617877767574737271",
};

TEST(every_kind_lies_byte_by_byte_as_the_specification_says)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        char hex[512];
        assert_true(out.size < sizeof hex / 2);
        for (size_t i = 0; i < out.size; i++)
            snprintf(hex + 2 * i, 3, "%02x", acti_buf_bytes(&out)[i]);
        assert_string_equal(hex, golden[kind]);
        acti_buf_fini(&out);
    }
}

TEST(whatever_is_accepted_is_written_back_to_the_same_bytes)
{
    // So a frame has one encoding only, and nothing in it goes unread.
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    size_t accepted = 0;
    for (int i = 0; i < 100000; i++) {
        unsigned kind = ACTI_FRAME_HELLO + (unsigned)(acti_random_next(&seed) % (ACTI_FRAME_KINDS - 1));
        acti_frame frame = sample(kind, 9);
        acti_buf out = bytes_of(&frame);
        uint8_t *bytes = acti_buf_bytes(&out);
        bytes[acti_random_next(&seed) % out.size] ^= (uint8_t)(1u << acti_random_next(&seed) % 8);
        size_t need;
        const char *why;
        int64_t n = acti_frame_read(bytes, out.size, NO_LIMIT, &frame, &need, &why);
        if (n > 0) {
            acti_buf again = bytes_of(&frame);
            assert_int_equal(again.size, n);
            assert_memory_equal(acti_buf_bytes(&again), bytes, again.size);
            acti_buf_fini(&again);
            accepted++;
        }
        acti_buf_fini(&out);
    }
    assert_true(accepted > 10000);
}

TEST(a_long_or_bad_text_is_cut_to_what_fits_when_written)
{
    char text[300];
    memset(text, 'x', sizeof text);
    assert_int_equal(acti_frame_text_fit(text, 255), 255);
    assert_int_equal(acti_frame_text_fit(text, 256), 255);
    memcpy(text + 254, "\xe2\x82\xac", 3);
    assert_int_equal(acti_frame_text_fit(text, 300), 254);
    memcpy(text + 252, "\xe2\x82\xac", 3);
    text[255] = 'x';
    assert_int_equal(acti_frame_text_fit(text, 300), 255);
    assert_int_equal(acti_frame_text_fit("ab\0cd", 5), 2);
    assert_int_equal(acti_frame_text_fit("ab\xff" "cd", 5), 2);
    assert_int_equal(acti_frame_text_fit(NULL, 0), 0);

    acti_frame frame = sample(ACTI_FRAME_DOWN, 9);
    frame.text = text;
    frame.text_size = 300;
    frame.cause = "cut\xff here";
    frame.cause_size = strlen(frame.cause);
    acti_buf out = bytes_of(&frame);
    assert_int_equal(out.size, ACTI_FRAME_HEADER + 20 + 2 + 255 + 2 + 3);
    assert_false(refused(acti_buf_bytes(&out), out.size));
    acti_buf_fini(&out);
}

TEST(a_name_without_end_is_written_as_far_as_it_goes)
{
    acti_frame frame = sample(ACTI_FRAME_HELLO, 0);
    memset(frame.hello.name, 'n', sizeof frame.hello.name);
    memset(frame.hello.url, 'u', sizeof frame.hello.url);
    acti_buf out = bytes_of(&frame);
    assert_int_equal(out.size, ACTI_FRAME_HEADER + 68 + 2 + 255 + 2 + 255);
    acti_frame back;
    size_t need;
    const char *why;
    assert_int_equal(acti_frame_read(acti_buf_bytes(&out), out.size, NO_LIMIT, &back, &need, &why),
                     (int64_t)out.size);
    assert_int_equal(strlen(back.hello.name), 255);
    assert_int_equal(strlen(back.hello.url), 255);
    acti_buf_fini(&out);
}

TEST(a_frame_that_passes_the_limit_of_out_is_not_written_and_one_that_reaches_it_is)
{
    EACH_KIND(kind) {
        acti_frame frame = sample(kind, 9);
        acti_buf whole = bytes_of(&frame);
        acti_buf out = {.limit = 1 + whole.size};
        assert_int_equal(acti_buf_append(&out, "ab", 2), ACTA_OK);
        assert_int_equal(acti_frame_write(&out, &frame), ACTA_ETOOBIG);
        assert_int_equal(out.size, 2);
        acti_buf_consume(&out, 1);
        assert_int_equal(acti_frame_write(&out, &frame), ACTA_OK);
        assert_int_equal(out.size, out.limit);
        acti_buf_fini(&out);
        acti_buf_fini(&whole);
    }
}

TEST(a_rest_that_no_length_field_can_say_is_not_looked_at)
{
    acti_frame frame = sample(ACTI_FRAME_SEND, 9);
    frame.rest = (const uint8_t *)"x";
    frame.rest_size = (size_t)UINT32_MAX - 12 + 1;
    acti_buf out = {.limit = SIZE_MAX};
    assert_int_equal(acti_frame_write(&out, &frame), ACTA_ETOOBIG);
    frame.rest_size = SIZE_MAX;
    assert_int_equal(acti_frame_write(&out, &frame), ACTA_ETOOBIG);
    assert_int_equal(out.size, 0);
    acti_buf_fini(&out);
}

TEST(begun_and_ended_frame_is_the_same_as_a_written_one)
{
    KINDS_FROM(kind, ACTI_FRAME_SEND) {
        if (!has_rest(kind))
            continue;
        acti_frame frame = sample(kind, 9);
        acti_buf whole = bytes_of(&frame);
        acti_buf out = {.limit = 1 << 20};
        assert_int_equal(acti_buf_append(&out, "before", 6), ACTA_OK);
        acti_buf_consume(&out, 2);
        size_t at;
        assert_int_equal(acti_frame_begin(&out, &frame, &at), ACTA_OK);
        for (size_t i = 0; i < frame.rest_size; i++)
            assert_int_equal(acti_buf_append(&out, frame.rest + i, 1), ACTA_OK);
        acti_frame_end(&out, at, false);
        assert_int_equal(out.size, 4 + whole.size);
        assert_memory_equal(acti_buf_bytes(&out) + 4, acti_buf_bytes(&whole), whole.size);
        acti_buf_fini(&out);
        acti_buf_fini(&whole);
    }
}

TEST(dropped_frame_leaves_what_was_there_before)
{
    acti_frame frame = sample(ACTI_FRAME_SEND, 9);
    acti_buf out = {.limit = 1 << 20};
    assert_int_equal(acti_buf_append(&out, "before", 6), ACTA_OK);
    size_t at;
    assert_int_equal(acti_frame_begin(&out, &frame, &at), ACTA_OK);
    assert_int_equal(acti_buf_append(&out, "rest", 4), ACTA_OK);
    acti_frame_end(&out, at, true);
    assert_int_equal(out.size, 6);
    assert_memory_equal(acti_buf_bytes(&out), "before", 6);
    acti_buf_fini(&out);
}

TEST(kinds_have_names_and_other_numbers_a_question_mark)
{
    assert_string_equal(acti_frame_name(ACTI_FRAME_SEND), "SEND");
    assert_string_equal(acti_frame_name(0), "?");
    assert_string_equal(acti_frame_name(ACTI_FRAME_KINDS), "?");
    assert_string_equal(acti_frame_name(~0u), "?");
    assert_false(acti_frame_sequenced((acti_frame_kind)0));
    assert_false(acti_frame_sequenced(ACTI_FRAME_KINDS));
    EACH_KIND(kind)
        assert_string_not_equal(acti_frame_name(kind), "?");
}

int main(void)
{
    return TEST_RUN(case_of(unknown_kind_is_refused_at_its_byte),
                    case_of(length_above_the_limit_is_refused_as_soon_as_its_bytes_show_it),
                    case_of(limit_itself_is_accepted_and_one_more_is_refused),
                    case_of(reserved_header_bytes_that_are_not_zero_are_refused_where_they_stand),
                    case_of(sequence_number_is_refused_where_it_must_not_be_and_missed_where_it_must),
                    case_of(payload_that_does_not_fit_its_kind_to_the_byte_is_refused),
                    case_of(rest_may_be_empty_but_the_fields_before_it_are_whole),
                    case_of(handshake_without_magic_is_refused_where_it_stands),
                    case_of(text_that_is_not_utf8_or_holds_nul_is_refused),
                    case_of(text_of_255_bytes_is_read_and_of_256_refused),
                    case_of(text_length_that_disagrees_with_the_payload_is_refused_before_the_text_came),
                    case_of(first_of_two_texts_leaves_room_for_the_second_and_not_a_byte_more),
                    case_of(every_kind_cut_at_every_byte_asks_for_the_rest),
                    case_of(a_part_of_a_frame_already_says_its_kind_and_number),
                    case_of(every_kind_reads_back_as_written_and_leaves_the_next_alone),
                    case_of(every_kind_lies_byte_by_byte_as_the_specification_says),
                    case_of(whatever_is_accepted_is_written_back_to_the_same_bytes),
                    case_of(a_long_or_bad_text_is_cut_to_what_fits_when_written),
                    case_of(a_name_without_end_is_written_as_far_as_it_goes),
                    case_of(a_frame_that_passes_the_limit_of_out_is_not_written_and_one_that_reaches_it_is),
                    case_of(a_rest_that_no_length_field_can_say_is_not_looked_at),
                    case_of(begun_and_ended_frame_is_the_same_as_a_written_one),
                    case_of(dropped_frame_leaves_what_was_there_before),
                    case_of(kinds_have_names_and_other_numbers_a_question_mark));
}
