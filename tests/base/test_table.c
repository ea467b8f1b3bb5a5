// SPDX-License-Identifier: MIT
//
// The hash table: what is put is found and taken, under every key, however many there are.

#include "test.h"

#include "base/platform.h"
#include "base/table.h"

typedef struct thing {
    acti_table_link link;
    bool in;
} thing;

TEST(an_empty_table_finds_and_takes_nothing)
{
    acti_table table = {0};
    assert_null(acti_table_find(&table, 1));
    assert_null(acti_table_take(&table, 1));
    assert_null(acti_table_pop(&table));
    acti_table_fini(&table);
}

TEST(what_was_taken_is_not_found_and_its_neighbours_are)
{
    enum { MANY = 1000 };
    static thing things[MANY];
    acti_table table = {0};
    for (uint64_t i = 0; i < MANY; i++)
        assert_true(acti_table_put(&table, i * 4096, &things[i].link));
    assert_int_equal(table.count, MANY);
    for (uint64_t i = 0; i < MANY; i += 2)
        assert_ptr_equal(acti_table_take(&table, i * 4096), &things[i].link);
    for (uint64_t i = 0; i < MANY; i++)
        assert_ptr_equal(acti_table_find(&table, i * 4096), i % 2 == 0 ? NULL : &things[i].link);
    assert_null(acti_table_find(&table, 1));
    uint32_t left = 0;
    while (acti_table_pop(&table) != NULL)
        left++;
    assert_int_equal(left, MANY / 2);
    assert_int_equal(table.count, 0);
    acti_table_fini(&table);
}

TEST(going_through_a_table_gives_each_thing_once_while_what_was_given_is_taken_out)
{
    enum { MANY = 1000 };
    static thing things[MANY];
    acti_table table = {0};
    assert_null(acti_table_next(&table, NULL));
    for (uint64_t i = 0; i < MANY; i++)
        assert_true(acti_table_put(&table, i * 64, &things[i].link));
    uint32_t given = 0;
    for (acti_table_link *at = acti_table_next(&table, NULL), *next; at != NULL; at = next) {
        next = acti_table_next(&table, at);
        given++;
        assert_false(((thing *)(void *)at)->in);
        ((thing *)(void *)at)->in = true;
        if (at->key % 128 == 0)
            assert_ptr_equal(acti_table_take(&table, at->key), at);
    }
    assert_int_equal(given, MANY);
    assert_int_equal(table.count, MANY / 2);
    acti_table_fini(&table);
}

TEST(any_sequence_of_operations_agrees_with_a_plain_array)
{
    enum { KEYS = 300 };
    static thing things[KEYS];
    acti_table table = {0};
    uint64_t random = 3;
    uint32_t in = 0;
    for (int step = 0; step < 100000; step++) {
        uint64_t key = acti_random_next(&random) % KEYS;
        thing *t = &things[key];
        if (acti_random_next(&random) % 2 == 0) {
            assert_ptr_equal(acti_table_take(&table, key), t->in ? &t->link : NULL);
            in -= t->in;
            t->in = false;
        } else if (!t->in) {
            assert_true(acti_table_put(&table, key, &t->link));
            t->in = true;
            in++;
        }
        assert_ptr_equal(acti_table_find(&table, key), t->in ? &t->link : NULL);
        assert_int_equal(table.count, in);
    }
    acti_table_fini(&table);
}

int main(void)
{
    return TEST_RUN(case_of(an_empty_table_finds_and_takes_nothing),
                    case_of(what_was_taken_is_not_found_and_its_neighbours_are),
                    case_of(going_through_a_table_gives_each_thing_once_while_what_was_given_is_taken_out),
                    case_of(any_sequence_of_operations_agrees_with_a_plain_array));
}
