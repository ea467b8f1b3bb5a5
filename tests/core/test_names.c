// SPDX-License-Identifier: MIT
//
// Names: taken once, holding nobody alive, free when the actor has ended.

#include "kit.h"

#include <acta/name.h>

static int ends_on_anything(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_DONE;
}

static kit_actor quiet = {ends_on_anything};

TEST(a_name_that_cannot_be_one_is_refused_and_one_of_255_bytes_is_not)
{
    kit k, other;
    kit_open(&k, 1);
    kit_open(&other, 1);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &quiet);
    acta_addr *addr = acta_tx_addr(tx);
    char longest[ACTA_NAME_BYTES_MAX + 2];
    memset(longest, 'n', sizeof(longest));
    longest[ACTA_NAME_BYTES_MAX + 1] = 0;
    assert_int_equal(acta_publish(k.sys, NULL, addr), ACTA_EINVAL);
    assert_int_equal(acta_publish(k.sys, "", addr), ACTA_EINVAL);
    assert_int_equal(acta_publish(k.sys, "\xc3", addr), ACTA_EINVAL);
    assert_int_equal(acta_publish(k.sys, longest, addr), ACTA_EINVAL);
    assert_int_equal(acta_publish(other.sys, "of another system", addr), ACTA_EINVAL);
    longest[ACTA_NAME_BYTES_MAX] = 0;
    assert_int_equal(acta_publish(k.sys, longest, addr), ACTA_OK);
    acta_tx *found = NULL;
    assert_int_equal(acta_find(k.sys, longest, &found), ACTA_OK);
    assert_ptr_equal(acta_tx_addr(found), addr);
    acta_tx_drop(&found);
    acta_tx_drop(&tx);
    kit_close(&k);
    kit_close(&other);
}

TEST(a_name_nobody_has_is_not_found_and_cannot_be_taken_back)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *found = NULL;
    assert_int_equal(acta_find(k.sys, "nobody", &found), ACTA_ENOENT);
    assert_null(found);
    assert_int_equal(acta_unpublish(k.sys, "nobody"), ACTA_ENOENT);
    kit_close(&k);
}

TEST(a_taken_name_is_refused_until_it_is_taken_back)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *a = kit_spawn(&k, &kit_kinds[0], &quiet);
    acta_tx *b = kit_spawn(&k, &kit_kinds[1], &quiet);
    assert_int_equal(acta_publish(k.sys, "name", acta_tx_addr(a)), ACTA_OK);
    assert_int_equal(acta_publish(k.sys, "name", acta_tx_addr(b)), ACTA_EEXIST);
    assert_int_equal(acta_publish(k.sys, "name", acta_tx_addr(a)), ACTA_EEXIST);
    assert_int_equal(acta_publish(k.sys, "another", acta_tx_addr(a)), ACTA_OK); // two names for one actor
    acta_tx *found = NULL;
    assert_int_equal(acta_find(k.sys, "name", &found), ACTA_OK);
    assert_ptr_equal(acta_tx_addr(found), acta_tx_addr(a));
    acta_tx_drop(&found);
    assert_int_equal(acta_unpublish(k.sys, "name"), ACTA_OK);
    assert_int_equal(acta_unpublish(k.sys, "name"), ACTA_ENOENT);
    assert_int_equal(acta_publish(k.sys, "name", acta_tx_addr(b)), ACTA_OK);
    assert_int_equal(acta_find(k.sys, "name", &found), ACTA_OK);
    assert_ptr_equal(acta_tx_addr(found), acta_tx_addr(b));
    acta_tx_drop(&found);
    acta_tx_drop(&a);
    acta_tx_drop(&b);
    kit_close(&k);
}

TEST(a_name_keeps_nobody_alive_and_is_free_after_the_end)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        acta_tx *tx = kit_spawn(&k, kind, &quiet);
        acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
        assert_int_equal(acta_publish(k.sys, "one", addr), ACTA_OK);
        assert_int_equal(acta_publish(k.sys, "two", addr), ACTA_OK);
        acta_tx_drop(&tx);
        // From the last drop on nobody can be found, even while the end is on its way.
        assert_int_equal(acta_find(k.sys, "one", &tx), ACTA_ENOENT);
        assert_int_equal(acta_find(k.sys, "two", &tx), ACTA_ENOENT);
        assert_true(kit_await_ended(addr));
        int status;
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        acta_tx *next = kit_spawn(&k, kind, &quiet);
        do // the inbox closes a moment before the name is free; a monitor would say when
            status = acta_publish(k.sys, "one", acta_tx_addr(next));
        while (status == ACTA_EEXIST && acti_clock_ns() < until_ns);
        assert_int_equal(status, ACTA_OK);
        status = acta_publish(k.sys, "three", addr);
        assert_int_equal(status, ACTA_EGONE);
        acta_addr_drop(&addr);
        acta_tx_drop(&next);
        kit_close(&k);
    }
}

TEST(names_left_at_close_are_freed)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &quiet);
    for (char name[] = "a"; name[0] <= 'z'; name[0]++)
        assert_int_equal(acta_publish(k.sys, name, acta_tx_addr(tx)), ACTA_OK);
    acta_tx_drop(&tx);
    kit_close(&k);
}

// Finding races with the last drop and with the end: a sender that is found works until its actor ends.
enum { ROUNDS = 2000 };

typedef struct finder {
    acta_system *sys;
    acti_au32 stop;
    uint64_t found;
    uint64_t wrong;
} finder;

static void *finds(void *arg)
{
    finder *f = arg;
    while (acti_au32_load_relaxed(&f->stop) == 0) {
        acta_tx *tx = NULL;
        int status = acta_find(f->sys, "moving", &tx);
        f->wrong += status != ACTA_OK && status != ACTA_ENOENT;
        if (status == ACTA_OK) {
            status = acta_finish(&tx, item, .n = 1);
            f->wrong += status != ACTA_OK && status != ACTA_EGONE;
            f->found++;
        }
    }
    return NULL;
}

TEST(finding_a_name_that_moves_from_actor_to_actor_gives_a_sender_that_works_or_nobody)
{
    kit k;
    kit_open(&k, 2);
    finder f[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        f[i] = (finder){.sys = k.sys};
        assert_int_equal(acti_thread_start(&threads[i], "finder", finds, &f[i]), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        acta_tx *tx = kit_spawn(&k, &kit_kinds[round % 2], &quiet);
        int status;
        do
            status = acta_publish(k.sys, "moving", acta_tx_addr(tx));
        while (status == ACTA_EEXIST);
        assert_int_equal(status, ACTA_OK);
        acta_tx_drop(&tx);
    }
    for (int i = 0; i < 2; i++) {
        acti_au32_store_relaxed(&f[i].stop, 1);
        pthread_join(threads[i], NULL);
        assert_int_equal(f[i].wrong, 0);
    }
    kit_close(&k);
}

int main(void)
{
    return TEST_RUN(case_of(a_name_that_cannot_be_one_is_refused_and_one_of_255_bytes_is_not),
                    case_of(a_name_nobody_has_is_not_found_and_cannot_be_taken_back),
                    case_of(a_taken_name_is_refused_until_it_is_taken_back),
                    case_of(a_name_keeps_nobody_alive_and_is_free_after_the_end),
                    case_of(names_left_at_close_are_freed),
                    case_of(finding_a_name_that_moves_from_actor_to_actor_gives_a_sender_that_works_or_nobody));
}
