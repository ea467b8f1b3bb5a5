// SPDX-License-Identifier: MIT
//
// test_slots.c - the slot map. Its source is part of this program: a slot's generations do not end within the life of
// a test unless the test sets one near the end.

#include "test.h"

#include "base/platform.h"

#include "base/slots.c"

TEST(an_id_that_never_was_finds_nothing)
{
    acti_slots slots = {.limit = 10};
    int item;
    assert_null(acti_slots_get(&slots, 0));
    assert_null(acti_slots_get(&slots, 1));
    uint64_t id = acti_slots_add(&slots, &item);
    assert_null(acti_slots_get(&slots, 0));
    assert_null(acti_slots_get(&slots, id + 1));
    assert_null(acti_slots_get(&slots, id + (UINT64_C(1) << 32)));
    assert_null(acti_slots_get(&slots, UINT64_MAX));
    assert_null(acti_slots_remove(&slots, id + 1));
    assert_null(acti_slots_remove(&slots, 0));
    assert_ptr_equal(acti_slots_get(&slots, id), &item);
    acti_slots_fini(&slots);
}

TEST(one_more_than_the_limit_is_refused_and_the_limit_is_reached)
{
    for (uint32_t limit = 0; limit < 100; limit += 7) {
        acti_slots slots = {.limit = limit};
        int item;
        uint64_t last = 0;
        for (uint32_t i = 0; i < limit; i++) {
            last = acti_slots_add(&slots, &item);
            assert_int_not_equal(last, 0);
        }
        assert_int_equal(acti_slots_add(&slots, &item), 0);
        assert_int_equal(slots.count, limit);
        acti_slots_check(&slots);
        if (limit > 0) {
            acti_slots_remove(&slots, last);
            assert_int_not_equal(acti_slots_add(&slots, &item), 0);
        }
        acti_slots_fini(&slots);
    }
}

TEST(an_old_id_does_not_find_the_new_item_in_its_place)
{
    acti_slots slots = {.limit = 1};
    int items[100];
    uint64_t ids[100];
    for (int i = 0; i < 100; i++) {
        ids[i] = acti_slots_add(&slots, &items[i]);
        for (int old = 0; old < i; old++) {
            assert_null(acti_slots_get(&slots, ids[old]));
            assert_null(acti_slots_remove(&slots, ids[old]));
        }
        assert_ptr_equal(acti_slots_remove(&slots, ids[i]), &items[i]);
    }
    acti_slots_fini(&slots);
}

TEST(a_slot_whose_generations_are_used_up_is_not_used_again)
{
    acti_slots slots = {.limit = 2};
    int item;
    uint64_t first = acti_slots_add(&slots, &item);
    slots.items[0].generation = UINT32_MAX;
    uint64_t last = UINT64_C(0xffffffff) << 32 | first;
    assert_ptr_equal(acti_slots_remove(&slots, last), &item);
    acti_slots_check(&slots);
    for (int i = 0; i < 100; i++) {
        uint64_t id = acti_slots_add(&slots, &item);
        assert_int_not_equal(id, 0);
        assert_int_not_equal((uint32_t)id, (uint32_t)first);
        assert_ptr_equal(acti_slots_remove(&slots, id), &item);
    }
    acti_slots_fini(&slots);
}

// The table is grown without touching what it grows by: these slots hold whatever was there before.
TEST(a_slot_that_was_never_used_is_not_found_and_not_touched)
{
    acti_slots slots = {.limit = 100};
    int item;
    uint64_t id = 0;
    for (uint32_t i = 0; i < FIRST_SIZE + 1; i++)
        id = acti_slots_add(&slots, &item);
    assert_int_equal(slots.used, FIRST_SIZE + 1);
    assert_int_equal(slots.size, 2 * FIRST_SIZE);
    acti_slot other = {.item = &item, .generation = 7, .next_free = 3};
    for (uint32_t i = slots.used; i < slots.size; i++)
        slots.items[i] = other;
    for (uint32_t i = slots.used; i < slots.size; i++) {
        assert_null(acti_slots_get(&slots, UINT64_C(7) << 32 | (i + 1)));
        assert_null(acti_slots_remove(&slots, UINT64_C(7) << 32 | (i + 1)));
    }
    uint32_t at = 0, seen = 0;
    while (acti_slots_next(&slots, &at) != NULL)
        seen++;
    assert_int_equal(seen, slots.count);
    acti_slots_check(&slots);

    assert_int_equal(acti_slots_add(&slots, &item), id + 1);
    for (uint32_t i = slots.used; i < slots.size; i++)
        assert_memory_equal(&slots.items[i], &other, sizeof(other));
    acti_slots_fini(&slots);
}

TEST(iteration_gives_every_item_once_even_if_each_is_removed)
{
    enum { N = 50 };
    acti_slots slots = {.limit = N};
    int items[N];
    uint64_t ids[N];
    for (int i = 0; i < N; i++)
        ids[i] = acti_slots_add(&slots, &items[i]);
    for (int i = 0; i < N; i += 3)
        acti_slots_remove(&slots, ids[i]);

    int seen[N] = {0};
    uint32_t at = 0;
    for (int *item; (item = acti_slots_next(&slots, &at)) != NULL;) {
        seen[item - items]++;
        assert_ptr_equal(acti_slots_remove(&slots, ids[item - items]), item);
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], i % 3 != 0);
    assert_int_equal(slots.count, 0);
    acti_slots_check(&slots);
    acti_slots_fini(&slots);
}

TEST(a_hundred_thousand_random_steps_agree_with_a_plain_array)
{
    enum { N = 700, STEPS = 100000 };
    acti_slots slots = {.limit = N};
    static char items[N];
    static uint64_t ids[N];
    uint64_t random = 3;
    uint32_t count = 0;
    for (int step = 0; step < STEPS; step++) {
        size_t i = acti_random_next(&random) % N;
        assert_ptr_equal(acti_slots_get(&slots, ids[i]), ids[i] ? &items[i] : NULL);
        if (ids[i]) {
            uint64_t old = ids[i];
            assert_ptr_equal(acti_slots_remove(&slots, old), &items[i]);
            assert_null(acti_slots_get(&slots, old));
            ids[i] = 0;
            count--;
        } else {
            ids[i] = acti_slots_add(&slots, &items[i]);
            assert_int_not_equal(ids[i], 0);
            count++;
        }
        assert_int_equal(slots.count, count);
        if (step % 1000 == 0)
            acti_slots_check(&slots);
    }
    acti_slots_fini(&slots);
    assert_null(slots.items);
}

int main(void)
{
    return TEST_RUN(case_of(an_id_that_never_was_finds_nothing),
                    case_of(one_more_than_the_limit_is_refused_and_the_limit_is_reached),
                    case_of(an_old_id_does_not_find_the_new_item_in_its_place),
                    case_of(a_slot_whose_generations_are_used_up_is_not_used_again),
                    case_of(a_slot_that_was_never_used_is_not_found_and_not_touched),
                    case_of(iteration_gives_every_item_once_even_if_each_is_removed),
                    case_of(a_hundred_thousand_random_steps_agree_with_a_plain_array));
}
