// SPDX-License-Identifier: MIT
//
// test_copy.c - deep copies of message bodies.

#include "test.h"

#include "core/copy.h"

ACTA_MESSAGE(none);
ACTA_MESSAGE(flat, (i64, n), (bool, yes), (f64, f));
ACTA_MESSAGE(text, (str, s));
ACTA_MESSAGE(data, (bytes, b));
ACTA_MESSAGE(numbers, (i64_array, n));
ACTA_MESSAGE(flags, (bool_array, yes));
ACTA_MESSAGE(texts, (str_array, s));
ACTA_MESSAGE(datas, (bytes_array, b));
ACTA_MESSAGE(all, (bool, yes), (str, s), (bytes, b), (i64_array, i), (u64_array, u), (f64_array, f),
             (bool_array, flags), (str_array, texts), (bytes_array, datas), (i64, n));

#define measure(T, limit, size, ...) acti_copy_measure(acta_type_of(T), &(T){__VA_ARGS__}, (limit), (size))

// A copy in a block of just the right size, so that ASan sees a byte too many. Free it.
static void *copy_of(const acta_type *type, const void *body, size_t *size)
{
    assert_int_equal(acti_copy_measure(type, body, PTRDIFF_MAX, size), ACTA_OK);
    void *to = malloc(*size);
    memset(to, 0xa5, *size);
    acti_copy_body(type, body, to);
    return to;
}

// ---- refused ----------------------------------------------------------------

TEST(str_that_is_not_text_is_refused_wherever_it_is)
{
    static const char *const bad[] = {
        "\x80", "abc\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x82\x82\xac", "\xc3",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t size = 77;
        assert_int_equal(measure(text, 1000, &size, .s = bad[i]), ACTA_EINVAL);
        const char *items[] = {"good", bad[i]};
        assert_int_equal(measure(texts, 1000, &size, .s = {items, 2}), ACTA_EINVAL);
        assert_int_equal(measure(texts, 1000, &size, .s = {items, 1}), ACTA_OK);
        assert_int_not_equal(size, 77);
    }
}

TEST(null_with_a_count_is_refused)
{
    size_t size = 77;
    assert_int_equal(measure(data, 1000, &size, .b = {NULL, 1}), ACTA_EINVAL);
    assert_int_equal(measure(numbers, 1000, &size, .n = {NULL, 1}), ACTA_EINVAL);
    assert_int_equal(measure(texts, 1000, &size, .s = {NULL, 1}), ACTA_EINVAL);
    assert_int_equal(measure(datas, 1000, &size, .b = {NULL, 1}), ACTA_EINVAL);
    acta_bytes item = {NULL, 1};
    assert_int_equal(measure(datas, 1000, &size, .b = {&item, 1}), ACTA_EINVAL);
    assert_int_equal(size, 77);
}

// Nothing of that size exists: the items must not be touched before the count is refused.
TEST(count_that_overflows_is_refused_before_an_item_is_read)
{
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 8 + 1, SIZE_MAX / 16 + 1, SIZE_MAX / 2, PTRDIFF_MAX, 1 << 20};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t n = counts[i], limit = n == 1 << 20 ? 1 << 20 : SIZE_MAX, size = 77;
        int64_t number = 0;
        const char *str = "";
        acta_bytes bytes = {NULL, 0};
        assert_int_equal(measure(numbers, limit, &size, .n = {&number, n}), ACTA_ETOOBIG);
        assert_int_equal(measure(texts, limit, &size, .s = {&str, n}), ACTA_ETOOBIG);
        assert_int_equal(measure(datas, limit, &size, .b = {&bytes, n}), ACTA_ETOOBIG);
        if (n >= PTRDIFF_MAX || limit < SIZE_MAX)
            assert_int_equal(measure(data, limit, &size, .b = {&number, n}), ACTA_ETOOBIG);
        assert_int_equal(size, 77);
    }
}

TEST(body_at_the_limit_passes_and_one_byte_above_is_refused)
{
    size_t size = 0;
    assert_int_equal(measure(flat, sizeof(flat) - 1, &size, .n = 1), ACTA_ETOOBIG);
    assert_int_equal(measure(flat, sizeof(flat), &size, .n = 1), ACTA_OK);
    assert_int_equal(size, sizeof(flat));

    size_t whole = sizeof(text) + 4;
    assert_int_equal(measure(text, whole - 1, &size, .s = "abc"), ACTA_ETOOBIG);
    assert_int_equal(measure(text, whole, &size, .s = "abc"), ACTA_OK);
    assert_int_equal(size, whole);
    assert_int_equal(measure(text, sizeof(text), &size, .s = NULL), ACTA_ETOOBIG);
    assert_int_equal(measure(text, 0, &size, .s = NULL), ACTA_ETOOBIG);

    whole = sizeof(datas) + 2 * sizeof(acta_bytes) + 8 + 1; // the second starts at a multiple of 8
    acta_bytes items[] = {{"x", 1}, {"y", 1}};
    assert_int_equal(measure(datas, whole - 1, &size, .b = {items, 2}), ACTA_ETOOBIG);
    assert_int_equal(measure(datas, whole, &size, .b = {items, 2}), ACTA_OK);
    assert_int_equal(size, whole);
}

// The text has no end within its block, so ASan sees any look beyond the limit.
TEST(str_is_not_read_beyond_the_limit)
{
    size_t room = 100, size;
    char *endless = malloc(room);
    memset(endless, 'x', room);
    assert_int_equal(measure(text, sizeof(text) + room, &size, .s = endless), ACTA_ETOOBIG);
    free(endless);
}

// ---- copied -----------------------------------------------------------------

TEST(plain_structs_are_copied_whole)
{
    size_t size;
    flat *f = copy_of(acta_type_of(flat), &(flat){.n = INT64_MIN, .yes = true, .f = -0.5}, &size);
    assert_int_equal(size, sizeof(flat));
    assert_true(f->n == INT64_MIN && f->yes && f->f == -0.5);
    free(f);
    free(copy_of(acta_type_of(none), &(none){0}, &size));
    assert_int_equal(size, sizeof(none));
}

TEST(null_str_is_copied_as_empty)
{
    size_t size;
    text *t = copy_of(acta_type_of(text), &(text){.s = NULL}, &size);
    assert_string_equal(t->s, "");
    assert_int_equal(size, sizeof(text) + 1);
    free(t);
    const char *items[] = {NULL, "x", ""};
    texts *ts = copy_of(acta_type_of(texts), &(texts){.s = {items, 3}}, &size);
    assert_string_equal(ts->s.items[0], "");
    assert_string_equal(ts->s.items[1], "x");
    assert_string_equal(ts->s.items[2], "");
    assert_int_equal(size, sizeof(texts) + 3 * sizeof(char *) + 1 + 2 + 1);
    free(ts);
}

TEST(empty_runs_are_copied_as_null_and_take_no_room)
{
    size_t size;
    const char *str = "";
    acta_bytes bytes = {"", 0};
    int64_t number = 1;
    all *a = copy_of(acta_type_of(all),
                     &(all){.b = {"", 0}, .i = {&number, 0}, .texts = {&str, 0}, .datas = {&bytes, 0}}, &size);
    assert_true(a->b.data == NULL && a->i.items == NULL && a->texts.items == NULL && a->datas.items == NULL);
    assert_true(a->b.size == 0 && a->i.count == 0 && a->texts.count == 0 && a->datas.count == 0);
    assert_int_equal(size, sizeof(all) + 1); // the NUL of the str
    free(a);

    datas *d = copy_of(acta_type_of(datas), &(datas){.b = {&bytes, 1}}, &size);
    assert_true(d->b.count == 1 && d->b.items[0].data == NULL && d->b.items[0].size == 0);
    free(d);
}

TEST(copy_keeps_every_part_after_the_original_is_gone)
{
    char s[] = "naïve", deep[] = "deep";
    uint8_t raw[] = {0, 1, 2, 255};
    int64_t i[] = {INT64_MIN, -1, INT64_MAX};
    uint64_t u[] = {0, UINT64_MAX};
    double f[] = {0.5};
    bool yes[] = {true, false, true};
    const char *strs[] = {"a", deep, "ccc"};
    acta_bytes blobs[] = {{raw, 3}, {NULL, 0}, {raw, 4}};
    all body = {true, s, {raw, 4}, {i, 3}, {u, 2}, {f, 1}, {yes, 3}, {strs, 3}, {blobs, 3}, 9};
    size_t size;
    all *a = copy_of(acta_type_of(all), &body, &size);
    memset(s, 'x', sizeof s - 1);
    memset(deep, 'x', sizeof deep - 1);
    memset(raw, 'x', sizeof raw);
    memset(i, 'x', sizeof i);
    memset(u, 'x', sizeof u);
    memset(f, 'x', sizeof f);
    yes[0] = false;
    strs[0] = strs[2] = NULL;
    blobs[0].size = blobs[2].size = 0;

    assert_true(a->yes && a->n == 9);
    assert_string_equal(a->s, "naïve");
    assert_true(a->b.size == 4 && memcmp(a->b.data, "\0\1\2\377", 4) == 0);
    assert_true(a->i.count == 3 && a->i.items[0] == INT64_MIN && a->i.items[2] == INT64_MAX);
    assert_true(a->u.count == 2 && a->u.items[1] == UINT64_MAX);
    assert_true(a->f.count == 1 && a->f.items[0] == 0.5);
    assert_true(a->flags.count == 3 && a->flags.items[0] && !a->flags.items[1] && a->flags.items[2]);
    assert_int_equal(a->texts.count, 3);
    assert_string_equal(a->texts.items[0], "a");
    assert_string_equal(a->texts.items[1], "deep");
    assert_string_equal(a->texts.items[2], "ccc");
    assert_int_equal(a->datas.count, 3);
    assert_true(a->datas.items[0].size == 3 && memcmp(a->datas.items[0].data, "\0\1\2", 3) == 0);
    assert_true(a->datas.items[1].size == 0 && a->datas.items[1].data == NULL);
    assert_true(a->datas.items[2].size == 4 && memcmp(a->datas.items[2].data, "\0\1\2\377", 4) == 0);

    // Copying the copy needs the same, and everything lies inside.
    size_t again;
    free(copy_of(acta_type_of(all), a, &again));
    assert_int_equal(again, size);
    const char *first = (const char *)a, *last = first + size;
    assert_true(a->s > first && a->texts.items[2] < last && (const char *)a->datas.items[2].data + 4 == last);
    free(a);
}

TEST(parts_are_aligned_after_parts_of_any_length)
{
    static const char letters[] = "abcdefghijkl";
    for (size_t n = 0; n < 12; n++) {
        int64_t number = 7;
        acta_bytes blob = {letters, n};
        all body = {.s = letters + n, .b = blob, .i = {&number, 1}, .datas = {&blob, 1}};
        size_t size;
        all *a = copy_of(acta_type_of(all), &body, &size);
        assert_int_equal((uintptr_t)a->b.data % 8, 0);
        assert_int_equal((uintptr_t)a->i.items % 8, 0);
        assert_int_equal((uintptr_t)a->datas.items % 8, 0);
        assert_int_equal((uintptr_t)a->datas.items[0].data % 8, 0);
        assert_true(a->i.items[0] == 7);
        free(a);
    }
}

TEST(bool_arrays_take_a_byte_each)
{
    bool yes[] = {true, false};
    size_t size;
    flags *f = copy_of(acta_type_of(flags), &(flags){.yes = {yes, 2}}, &size);
    assert_int_equal(size, sizeof(flags) + 2);
    assert_true(f->yes.items[0] && !f->yes.items[1]);
    free(f);
}

int main(void)
{
    return TEST_RUN(case_of(str_that_is_not_text_is_refused_wherever_it_is), case_of(null_with_a_count_is_refused),
                    case_of(count_that_overflows_is_refused_before_an_item_is_read),
                    case_of(body_at_the_limit_passes_and_one_byte_above_is_refused),
                    case_of(str_is_not_read_beyond_the_limit), case_of(plain_structs_are_copied_whole),
                    case_of(null_str_is_copied_as_empty), case_of(empty_runs_are_copied_as_null_and_take_no_room),
                    case_of(copy_keeps_every_part_after_the_original_is_gone),
                    case_of(parts_are_aligned_after_parts_of_any_length), case_of(bool_arrays_take_a_byte_each));
}
