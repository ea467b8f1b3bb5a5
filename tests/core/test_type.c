// SPDX-License-Identifier: MIT
//
// test_type.c - the list of message types and the checks on descriptors. Contains no malformed ACTA_MESSAGE, as
// there is none: the descriptors here are written by hand.

#include "test.h"

#include <pthread.h>

#include "core/type.h"

ACTA_MESSAGE(none);
ACTA_MESSAGE(one, (i64, n));
ACTA_MESSAGE(three, (str, name), (bool, yes), (bytes_array, parts, optional));

// A message type that a test may spoil. Its one entry is in the list for good, so whoever spoils it repairs it.
typedef struct pair {
    int64_t a;
    int64_t b;
} pair;

#define FIELD_A {"a", ACTA_KIND_I64, 0, 0}
#define FIELD_B {"b", ACTA_KIND_I64, 0, 8}
static const acta_field pair_fields[] = {FIELD_A, FIELD_B};
static const acta_type pair_type = {"pair", sizeof(pair), 2, 1, 0, 0, pair_fields};
static acta_type_entry pair_entry = {&pair_type, &pair_type, NULL};
static acta_type_entry pair_again = {&pair_type, &pair_type, NULL};

// Another, of one file alone.
static const acta_type lone_type = {"lone", sizeof(pair), 2, 1, 0, 0, pair_fields};
static acta_type_entry lone_entry = {&lone_type, &lone_type, NULL};

static void assert_refused(const acta_type *type, const char *words)
{
    char why[200] = "";
    assert_int_equal(acti_type_check(type, why, sizeof why), ACTA_EINVAL);
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, words);
}

// As assert_refused, with another table of two fields.
static void assert_fields_refused(acta_field first, acta_field second, const char *words)
{
    acta_field fields[] = {first, second};
    acta_type type = pair_type;
    type.fields = fields;
    assert_refused(&type, words);
}

// ---- one descriptor ---------------------------------------------------------

TEST(type_without_proper_name_is_refused)
{
    static const char *const bad[] = {NULL, "", "a\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        acta_type type = pair_type;
        type.name = bad[i];
        assert_refused(&type, "the name of a message type");
    }
}

TEST(type_name_of_255_bytes_passes_and_of_256_is_refused)
{
    char name[257];
    memset(name, 'x', sizeof name);
    name[255] = 0;
    acta_type type = pair_type;
    type.name = name;
    assert_int_equal(acti_type_check(&type, NULL, 0), ACTA_OK);
    name[255] = 'x';
    name[256] = 0;
    assert_refused(&type, "longer than 255");
}

TEST(field_without_proper_name_is_refused)
{
    assert_fields_refused((acta_field)FIELD_A, (acta_field){NULL, ACTA_KIND_I64, 0, 8}, "field 1");
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"", ACTA_KIND_I64, 0, 8}, "field 1");
    assert_fields_refused((acta_field){"\xc0\x80", ACTA_KIND_I64, 0, 0}, (acta_field)FIELD_B, "field 0");
}

TEST(two_fields_of_one_name_are_refused)
{
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"a", ACTA_KIND_I64, 0, 8}, "two fields named a");
}

TEST(every_kind_that_is_none_is_refused)
{
    unsigned known = 0;
    for (unsigned kind = 0; kind < 70; kind++) {
        bool is_kind = kind <= ACTA_KIND_ADDR ||
                       (kind >= ACTA_KIND_ARRAY && kind <= (unsigned)ACTA_KIND_ARRAY + ACTA_KIND_BYTES);
        assert_int_equal(acti_kind_size(kind) > 0, is_kind);
        known += is_kind;
        if (!is_kind)
            assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", (uint16_t)kind, 0, 8}, "unknown kind");
    }
    assert_int_equal(known, 14);
}

TEST(field_past_the_struct_is_refused_and_at_its_end_passes)
{
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", ACTA_KIND_I64, 0, 16}, "past the struct");
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", ACTA_KIND_BYTES, 0, 8}, "past the struct");
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", ACTA_KIND_I64, 0, UINT32_MAX - 7},
                          "past the struct");
    assert_int_equal(acti_type_check(&pair_type, NULL, 0), ACTA_OK);
}

TEST(struct_smaller_than_its_field_is_refused)
{
    acta_type type = pair_type;
    type.size = 4;
    assert_refused(&type, "past the struct");
    type.size = 0;
    assert_refused(&type, "no size");
}

TEST(misaligned_field_is_refused)
{
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", ACTA_KIND_I64, 0, 4}, "misaligned");
}

TEST(overlapping_fields_are_refused)
{
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", ACTA_KIND_BOOL, 0, 7}, "overlap");
    assert_fields_refused((acta_field){"a", ACTA_KIND_BYTES, 0, 0}, (acta_field)FIELD_B, "overlap");
}

TEST(wrong_mark_for_plain_structs_is_refused)
{
    acta_type type = pair_type;
    type.flat = 0;
    assert_refused(&type, "plain");
    assert_fields_refused((acta_field)FIELD_A, (acta_field){"b", ACTA_KIND_STR, 0, 8}, "plain");
}

TEST(wrong_mark_for_senders_is_refused)
{
    acta_type type = pair_type;
    type.refs = 1;
    assert_refused(&type, "senders");
    static const acta_field held[] = {FIELD_A, {"b", ACTA_KIND_ADDR, 0, 8}};
    type = (acta_type){"pair", sizeof(pair), 2, 0, 0, 0, held};
    assert_refused(&type, "senders");
    type.refs = 1;
    assert_int_equal(acti_type_check(&type, NULL, 0), ACTA_OK);
}

TEST(array_of_senders_is_refused)
{
    static const unsigned kinds[] = {ACTA_KIND_TX, ACTA_KIND_ADDR};
    for (size_t i = 0; i < 2; i++) {
        acta_field array = {"b", (uint16_t)(ACTA_KIND_ARRAY + kinds[i]), 0, 8};
        assert_fields_refused((acta_field)FIELD_A, array, "unknown kind");
    }
}

TEST(wrong_mark_for_terminal_types_is_refused)
{
    acta_type type = pair_type;
    type.terminal = 2;
    assert_refused(&type, "terminal");
    type.terminal = 1;
    assert_int_equal(acti_type_check(&type, NULL, 0), ACTA_OK);
}

TEST(sixty_four_fields_pass_and_one_more_is_refused)
{
    enum { MANY = ACTI_TYPE_FIELDS_MAX + 1 };
    char names[MANY][4];
    acta_field fields[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "f%u", i);
        fields[i] = (acta_field){names[i], ACTA_KIND_BOOL, 0, i};
    }
    acta_type type = {"many", MANY, MANY - 1, 1, 0, 0, fields};
    assert_int_equal(acti_type_check(&type, NULL, 0), ACTA_OK);
    type.field_count = MANY;
    assert_refused(&type, "65 fields");
    type.field_count = 1;
    type.fields = NULL;
    assert_refused(&type, "no table");
}

// ---- the list ---------------------------------------------------------------

TEST(type_nobody_defined_is_not_found)
{
    assert_null(acta_type_find("nobody"));
    assert_null(acta_type_find(""));
    assert_null(acta_type_find("on"));
    assert_null(acta_type_find("ones"));
}

TEST(types_of_this_program_are_found_and_well_formed)
{
    assert_ptr_equal(acta_type_find("none"), acta_type_of(none));
    assert_ptr_equal(acta_type_find("one"), acta_type_of(one));
    assert_ptr_equal(acta_type_find("three"), acta_type_of(three));
    char why[200] = "";
    if (acti_types_check(why, sizeof why) != ACTA_OK)
        fail_msg("%s", why);
}

// Whether the list is refused with these words while pair_again has this other view, and passes after.
static void assert_differs(const acta_type *here, const char *words)
{
    char why[300] = "";
    pair_again.here = here;
    int status = acti_types_check(why, sizeof why);
    pair_again.here = &pair_type;
    assert_int_equal(status, ACTA_EINVAL);
    assert_non_null(strstr(why, "pair"));
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, words);
    assert_null(strchr(why, '\n'));
    assert_int_equal(acti_types_check(NULL, 0), ACTA_OK);
}

TEST(two_files_that_define_a_name_differently_are_refused_with_the_difference)
{
    static const acta_field renamed[] = {FIELD_A, {"c", ACTA_KIND_I64, 0, 8}};
    static const acta_field other_kind[] = {FIELD_A, {"b", ACTA_KIND_U64, 0, 8}};
    static const acta_field other_need[] = {FIELD_A, {"b", ACTA_KIND_I64, 1, 8}};
    static const acta_field swapped[] = {{"a", ACTA_KIND_I64, 0, 8}, {"b", ACTA_KIND_I64, 0, 0}};
    assert_differs(&(acta_type){"pair", 16, 2, 1, 0, 0, renamed}, "(i64, b) in one file and (i64, c)");
    assert_differs(&(acta_type){"pair", 16, 2, 1, 0, 0, other_kind}, "(i64, b) in one file and (u64, b)");
    assert_differs(&(acta_type){"pair", 16, 2, 1, 0, 0, other_need}, "(i64, b) in one file and (i64, b, optional)");
    assert_differs(&(acta_type){"pair", 16, 2, 1, 0, 0, swapped}, "field 0");
    assert_differs(&(acta_type){"pair", 16, 1, 1, 0, 0, pair_fields}, "2 fields in one file and 1 in");
    assert_differs(&(acta_type){"pair", 24, 2, 1, 0, 0, pair_fields}, "16 bytes in one file and 24 in");
    assert_differs(&(acta_type){"pair", 12, 2, 1, 0, 0, pair_fields}, "past the struct");
    assert_differs(&(acta_type){"pair", 16, 2, 1, 1, 0, pair_fields}, "terminal in one file and not in another");
}

// Two shared libraries may each have their own.
TEST(second_object_of_a_name_is_compared_too_and_the_first_is_found)
{
    static const acta_field renamed[] = {FIELD_A, {"c", ACTA_KIND_I64, 0, 8}};
    static const acta_type other = {"pair", 16, 2, 1, 0, 0, renamed};
    static const acta_type same = {"pair", 16, 2, 1, 0, 0, pair_fields};
    pair_again.type = pair_again.here = &other;
    assert_int_equal(acti_types_check(NULL, 0), ACTA_EINVAL);
    pair_again.type = pair_again.here = &same;
    assert_int_equal(acti_types_check(NULL, 0), ACTA_OK);
    assert_ptr_equal(acta_type_find("pair"), &pair_type);
    pair_again.type = pair_again.here = &pair_type;
}

// The object that the linker chose may be one of a shared library that never entered it.
TEST(view_of_a_file_is_compared_with_the_object_chosen)
{
    acta_type smaller = {"lone", sizeof(pair), 1, 1, 0, 0, pair_fields};
    lone_entry.here = &smaller;
    assert_int_equal(acti_types_check(NULL, 0), ACTA_EINVAL);
    lone_entry.here = &lone_type;
    assert_int_equal(acti_types_check(NULL, 0), ACTA_OK);
}

TEST(why_is_cut_to_its_size)
{
    char why[8] = "1234567";
    acta_type type = pair_type;
    type.size = 0;
    assert_int_equal(acti_type_check(&type, why, 4), ACTA_EINVAL);
    assert_string_equal(why, "mes");
    assert_string_equal(why + 4, "567");
}

// ---- many, from several threads ---------------------------------------------

enum { THREADS = 4, EACH = 500 };
static char many_names[THREADS][EACH][8];
static acta_type many_types[THREADS][EACH];
static acta_type_entry many_entries[THREADS][EACH];

static void *enter_many(void *arg)
{
    size_t thread = *(size_t *)arg;
    size_t lost = 0;
    for (size_t i = 0; i < EACH; i++) {
        acta_type *type = &many_types[thread][i];
        snprintf(many_names[thread][i], sizeof many_names[thread][i], "t%zu_%zu", thread, i);
        *type = (acta_type){many_names[thread][i], 1, 0, 1, 0, 0, NULL};
        many_entries[thread][i] = (acta_type_entry){type, type, NULL};
        acta_type_enter(&many_entries[thread][i]);
        lost += acta_type_find(many_names[thread][i / 2]) != &many_types[thread][i / 2];
    }
    *(size_t *)arg = lost;
    return NULL;
}

TEST(types_entered_by_threads_at_once_are_all_found)
{
    pthread_t threads[THREADS];
    size_t lost[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        lost[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, enter_many, &lost[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(lost[i], 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        for (size_t j = 0; j < EACH; j++)
            assert_ptr_equal(acta_type_find(many_names[i][j]), &many_types[i][j]);
    assert_int_equal(acti_types_check(NULL, 0), ACTA_OK);
}

// ---- text -------------------------------------------------------------------

// A slow second opinion: decodes each character by the rule and looks at the number.
static bool text_by_the_rule(const uint8_t *p, size_t size)
{
    for (size_t at = 0; at < size;) {
        unsigned length = p[at] < 0x80 ? 1 : p[at] >> 5 == 6 ? 2 : p[at] >> 4 == 14 ? 3 : p[at] >> 3 == 30 ? 4 : 0;
        if (length == 0 || length > size - at)
            return false;
        static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
        uint32_t c = length == 1 ? p[at] : p[at] & (0x7f >> length);
        for (unsigned i = 1; i < length; i++) {
            if (p[at + i] >> 6 != 2)
                return false;
            c = c << 6 | (p[at + i] & 0x3f);
        }
        if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return false;
        at += length;
    }
    return true;
}

TEST(text_of_up_to_three_bytes_is_judged_as_by_the_rule)
{
    for (uint32_t bits = 0; bits < 1u << 24; bits += bits < 0x10000 ? 1 : 7) {
        uint8_t bytes[3] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16)};
        for (size_t size = 0; size <= 3; size++)
            if (acti_text_valid(bytes, size) != text_by_the_rule(bytes, size))
                fail_msg("%02x %02x %02x, %zu bytes", bytes[0], bytes[1], bytes[2], size);
    }
}

TEST(text_of_four_bytes_is_judged_as_by_the_rule)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xff};
    for (unsigned first = 0xc0; first <= 0xff; first++)
        for (unsigned second = 0; second <= 0xff; second++)
            for (unsigned rest = 0; rest < sizeof edges * sizeof edges; rest++) {
                uint8_t bytes[4] = {(uint8_t)first, (uint8_t)second, edges[rest % sizeof edges],
                                    edges[rest / sizeof edges]};
                if (acti_text_valid(bytes, 4) != text_by_the_rule(bytes, 4))
                    fail_msg("%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
            }
}

// The eight bytes at a time must neither miss a byte nor read beyond the end.
TEST(bad_byte_is_seen_at_every_place_of_every_length)
{
    static const uint8_t bad[] = {0x00, 0x80, 0xff, 0xc3};
    for (size_t size = 1; size <= 33; size++) {
        uint8_t *text = malloc(size);
        memset(text, 'a', size);
        assert_true(acti_text_valid(text, size));
        for (size_t at = 0; at < size; at++)
            for (size_t i = 0; i < sizeof bad; i++) {
                text[at] = bad[i];
                assert_false(acti_text_valid(text, size));
                text[at] = at % 2 ? 0x01 : 0x7f;
                assert_true(acti_text_valid(text, size));
                text[at] = 'a';
            }
        free(text);
    }
}

TEST(text_is_cut_before_what_is_no_text_and_never_within_a_character)
{
    assert_int_equal(acti_text_fit("", 0, 0), 0);
    assert_int_equal(acti_text_fit("abc", 3, 0), 0);
    assert_int_equal(acti_text_fit("abc", 3, 2), 2);
    assert_int_equal(acti_text_fit("abc", 3, 4), 3);
    for (size_t limit = 0; limit <= 5; limit++)
        assert_int_equal(acti_text_fit("a\xe2\x82\xac" "b", 5, limit), limit < 4 && limit > 0 ? 1 : limit);
    assert_int_equal(acti_text_fit("ab\xff" "cd", 5, 9), 2);
    assert_int_equal(acti_text_fit("ab\0cd", 5, 9), 2);
}

int main(void)
{
    acta_type_enter(&pair_entry);
    acta_type_enter(&pair_again);
    acta_type_enter(&lone_entry);
    return TEST_RUN(case_of(type_without_proper_name_is_refused),
                    case_of(type_name_of_255_bytes_passes_and_of_256_is_refused),
                    case_of(field_without_proper_name_is_refused),
                    case_of(two_fields_of_one_name_are_refused),
                    case_of(every_kind_that_is_none_is_refused),
                    case_of(field_past_the_struct_is_refused_and_at_its_end_passes),
                    case_of(struct_smaller_than_its_field_is_refused),
                    case_of(misaligned_field_is_refused),
                    case_of(overlapping_fields_are_refused),
                    case_of(wrong_mark_for_plain_structs_is_refused),
                    case_of(wrong_mark_for_senders_is_refused),
                    case_of(array_of_senders_is_refused), case_of(wrong_mark_for_terminal_types_is_refused),
                    case_of(sixty_four_fields_pass_and_one_more_is_refused),
                    case_of(type_nobody_defined_is_not_found),
                    case_of(types_of_this_program_are_found_and_well_formed),
                    case_of(two_files_that_define_a_name_differently_are_refused_with_the_difference),
                    case_of(second_object_of_a_name_is_compared_too_and_the_first_is_found),
                    case_of(view_of_a_file_is_compared_with_the_object_chosen),
                    case_of(why_is_cut_to_its_size),
                    case_of(types_entered_by_threads_at_once_are_all_found),
                    case_of(text_of_up_to_three_bytes_is_judged_as_by_the_rule),
                    case_of(text_of_four_bytes_is_judged_as_by_the_rule),
                    case_of(text_is_cut_before_what_is_no_text_and_never_within_a_character),
                    case_of(bad_byte_is_seen_at_every_place_of_every_length));
}
