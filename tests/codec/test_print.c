// SPDX-License-Identifier: MIT
//
// test_print.c - messages as text for people.

#include "codec/bodies.h"

#include <acta/actor.h>
#include <acta/event.h>
#include <acta/system.h>

ACTA_MESSAGE(none);
ACTA_MESSAGE(held, (tx, who, optional), (addr, where, optional));
ACTA_MESSAGE(add, (i64, n));
ACTA_MESSAGE(greet, (str, name), (i64, visitor));

static void assert_prints(const acta_type *type, const void *body, const char *expected)
{
    char text[2000];
    size_t size = acti_codec_print(type, body, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(expected));
}

#define prints(expected, T, ...) assert_prints(acta_type_of(T), &(T){__VA_ARGS__}, expected)

TEST(text_is_cut_to_its_size_and_its_whole_length_returned)
{
    static const char whole[] = "greet{name: \"Ann\", visitor: 3}";
    greet body = {"Ann", 3};
    assert_int_equal(acti_codec_print(acta_type_of(greet), &body, NULL, 0), sizeof whole - 1);
    for (size_t size = 1; size <= sizeof whole + 1; size++) {
        char *text = malloc(size);
        assert_int_equal(acti_codec_print(acta_type_of(greet), &body, text, size), sizeof whole - 1);
        size_t shown = size <= sizeof whole ? size - 1 : sizeof whole - 1;
        assert_int_equal(strlen(text), shown);
        assert_memory_equal(text, whole, shown);
        free(text);
    }
}

TEST(text_is_never_cut_inside_a_character)
{
    of_str body = {"aé€😀z"};
    char whole[100];
    size_t length = acti_codec_print(acta_type_of(of_str), &body, whole, sizeof whole);
    assert_string_equal(whole, "of_str{x: \"aé€😀z\"}");
    for (size_t size = 1; size <= length + 1; size++) {
        char *text = malloc(size);
        assert_int_equal(acti_codec_print(acta_type_of(of_str), &body, text, size), length);
        size_t shown = strlen(text);
        assert_true(shown < size && shown + 4 >= size);
        assert_memory_equal(text, whole, shown);
        assert_true(acti_text_valid(text, shown));
        free(text);
    }
}

static int ignores(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

// A name may be any bytes, and is cut after 31.
static void assert_named(acta_system *sys, const char *name, const char *expected)
{
    char text[200];
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(sys, &tx, .handler = ignores, .name = name), ACTA_OK);
    held body = {.who = tx, .where = acta_tx_addr(tx)};
    (void)acti_codec_print(acta_type_of(held), &body, text, sizeof text);
    assert_string_equal(text, expected);
    acta_tx_drop(&tx);
}

TEST(senders_and_addresses_are_printed_as_the_names_of_their_actors)
{
    static const acta_track tracked[] = {ACTA_TRACK_OFF, ACTA_TRACK_ON};
    prints("held{who: nobody, where: nobody}", held, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        acta_system *sys = NULL;
        acta_system_opts opts = {.workers = 1, .track_senders = tracked[i]};
        assert_int_equal(acta_open(&opts, &sys), ACTA_OK);
        assert_named(sys, "Ann", "held{who: Ann, where: Ann}");
        assert_named(sys, NULL, "held{who: actor, where: actor}");
        assert_named(sys, "a\nb", "held{who: a\\nb, where: a\\nb}");
        assert_named(sys, "a\xff", "held{who: a, where: a}");
        assert_named(sys, "thirty bytes and then the edgeé", "held{who: thirty bytes and then the edge, where: "
                                                              "thirty bytes and then the edge}");
        assert_int_equal(acta_close(&sys, 10 * ACTA_SECOND), ACTA_OK);
    }
}

TEST(each_kind_is_printed)
{
    prints("none{}", none, 0);
    prints("add{n: 1}", add, 1);
    prints("add{n: -9223372036854775808}", add, INT64_MIN);
    prints("of_u64{x: 18446744073709551615}", of_u64, UINT64_MAX);
    prints("of_bool{x: true}", of_bool, true);
    prints("of_bool{x: false}", of_bool, false);
    prints("of_bytes{x: <0 bytes>}", of_bytes, {NULL, 0});
    prints("of_bytes{x: <1 byte: ff>}", of_bytes, {"\xff", 1});
    prints("of_bytes{x: <3 bytes: 00 01 7f>}", of_bytes, {"\0\1\177", 3});
    prints("of_i64s{x: []}", of_i64s, {NULL, 0});
    prints("of_i64s{x: [-1, 2]}", of_i64s, {(int64_t[]){-1, 2}, 2});
    prints("of_u64s{x: [1]}", of_u64s, {(uint64_t[]){1}, 1});
    prints("of_bools{x: [true, false]}", of_bools, {(bool[]){true, false}, 2});
    prints("of_strs{x: [\"a\", \"\"]}", of_strs, {(const char *[]){"a", NULL}, 2});
    prints("of_bytess{x: [<1 byte: 61>, <0 bytes>]}", of_bytess, {(acta_bytes[]){{"a", 1}, {NULL, 0}}, 2});
    prints("greet{name: \"\", visitor: 0}", greet, NULL, 0);
}

TEST(floats_are_short_and_exact)
{
    prints("of_f64{x: 0.1}", of_f64, 0.1);
    prints("of_f64{x: 2}", of_f64, 2.0);
    prints("of_f64{x: -0}", of_f64, -0.0);
    prints("of_f64{x: 1e+300}", of_f64, 1e300);
    prints("of_f64{x: 0.30000000000000004}", of_f64, 0.1 + 0.2);
    prints("of_f64{x: inf}", of_f64, __builtin_inf());
    prints("of_f64{x: nan}", of_f64, __builtin_nan(""));
    prints("of_f64s{x: [1.5]}", of_f64s, {(double[]){1.5}, 1});
}

TEST(controls_and_quotes_are_escaped)
{
    prints("of_str{x: \"a\\n\\r\\t\\\"\\\\b\"}", of_str, "a\n\r\t\"\\b");
    prints("of_str{x: \"\\x1b[31m\\x01\\x7f\"}", of_str, "\x1b[31m\x01\x7f");
    prints("of_str{x: \"\\xc2\\x80\\xc2\\x9f\xc2\xa0\"}", of_str, "\xc2\x80\xc2\x9f\xc2\xa0");
    prints("of_str{x: \"'{}é\"}", of_str, "'{}é");
}

TEST(long_values_are_shortened)
{
    char text[201];
    memset(text, 'x', 200);
    text[64] = 0;
    char expected[300];
    snprintf(expected, sizeof expected, "of_str{x: \"%s\"}", text);
    prints(expected, of_str, text);
    text[64] = 'x';
    text[200] = 0;
    snprintf(expected, sizeof expected, "of_str{x: \"%.64s\"... (200 bytes)}", text);
    prints(expected, of_str, text);
    memcpy(text + 62, "€", 3); // does not fit into the 64
    snprintf(expected, sizeof expected, "of_str{x: \"%.62s\"... (200 bytes)}", text);
    prints(expected, of_str, text);

    uint8_t raw[17] = {0};
    prints("of_bytes{x: <16 bytes: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00>}", of_bytes, {raw, 16});
    prints("of_bytes{x: <17 bytes: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ...>}", of_bytes, {raw, 17});

    uint64_t items[10] = {0};
    prints("of_u64s{x: [0, 0, 0, 0, 0, 0, 0, 0]}", of_u64s, {items, 8});
    prints("of_u64s{x: [0, 0, 0, 0, 0, 0, 0, 0, ... 2 more]}", of_u64s, {items, 10});
}

TEST(received_messages_are_printed)
{
    acta_msg *m = malloc(sizeof *m + sizeof(add));
    memset(m, 0, sizeof *m);
    m->type = acta_type_of(add);
    memcpy(m + 1, &(add){7}, sizeof(add));
    char text[32];
    assert_int_equal(acta_msg_print(m, text, sizeof text), 9);
    assert_string_equal(text, "add{n: 7}");
    free(m);
}

TEST(random_bodies_print_one_line_of_text_at_any_size)
{
    uint64_t seed = test_seed(0x7072696e);
    for (size_t round = 0; round < 1000; round++) {
        made *all = NULL;
        every body;
        random_body(&seed, &all, acta_type_of(every), &body);
        size_t room = 1 + random_below(&seed, 2000);
        char *text = malloc(room);
        size_t length = acti_codec_print(acta_type_of(every), &body, text, room), shown = strlen(text);
        assert_true(shown <= length && shown < room && (shown == length || shown + 4 >= room));
        assert_true(acti_text_valid(text, shown));
        for (size_t i = 0; i < shown; i++)
            assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
        free(text);
        made_free(&all);
    }
}

int main(void)
{
    return TEST_RUN(case_of(text_is_cut_to_its_size_and_its_whole_length_returned),
                    case_of(text_is_never_cut_inside_a_character),
                    case_of(senders_and_addresses_are_printed_as_the_names_of_their_actors),
                    case_of(each_kind_is_printed),
                    case_of(floats_are_short_and_exact), case_of(controls_and_quotes_are_escaped),
                    case_of(long_values_are_shortened), case_of(received_messages_are_printed),
                    case_of(random_bodies_print_one_line_of_text_at_any_size));
}
