// SPDX-License-Identifier: MIT
//
// What an actor in a process of its own may use: as much as was said, and no more.

#include "puppet.h"

#include <fcntl.h>

ACTA_MESSAGE(take, (str, what), (u64, n));

#define MIB (UINT64_C(1) << 20)

// taker takes as much as it is asked for, and says how much it got: mebibytes or descriptors.
static uint64_t take_memory(uint64_t mebibytes)
{
    uint64_t got = 0;
    for (; got < mebibytes; got++) {
        char *block = malloc(MIB);
        if (block == NULL)
            break;
        memset(block, 1, MIB); // kept, on purpose
    }
    return got;
}

static uint64_t take_files(uint64_t n)
{
    uint64_t got = 0;
    while (got < n && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        got++;
    return got;
}

static int taker(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    const take *t = m != NULL ? acta_as(take, m) : NULL;
    if (t == NULL)
        return ACTA_OK;
    if (strcmp(t->what, "time") == 0)
        for (volatile bool always = true; always;)
            continue;
    uint64_t got = strcmp(t->what, "memory") == 0 ? take_memory(t->n) : take_files(t->n);
    return acta_reply(self, m, answer, .n = (int64_t)got);
}
ACTA_ACTOR(taker);

static acta_tx *spawn_taker(const kit *k, acta_limits limits)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k->sys, &tx, .handler = taker, .name = "taker", .place = ACTA_PROCESS,
                                .limits = limits), ACTA_OK);
    return tx;
}

static uint64_t taken(acta_tx *tx, const char *what, uint64_t n)
{
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &reply, take, .what = what, .n = n), ACTA_OK);
    uint64_t got = (uint64_t)acta_as(answer, reply)->n;
    acta_msg_free(&reply);
    return got;
}

TEST(without_limits_there_are_none)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_taker(&k, (acta_limits){0});
    assert_int_equal(taken(tx, "memory", 64), 64);
    assert_int_equal(taken(tx, "files", 100), 100);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(of_memory_it_gets_nearly_all_and_not_more_than_it_may)
{
    if (ACTI_ASAN || ACTI_TSAN)
        return; // what they take for themselves is more than that
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_taker(&k, (acta_limits){.memory_bytes = 64 * MIB});
    uint64_t got = taken(tx, "memory", 1000);
    assert_in_range(got, 56, 64); // libc's own part is in it
    assert_int_equal(taken(tx, "memory", 1), 0);
    assert_int_equal(taken(tx, "files", 100), 100); // and it works on
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(of_descriptors_it_gets_all_and_not_one_more_than_it_may)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_taker(&k, (acta_limits){.files = 20});
    assert_int_equal(taken(tx, "files", 1000), 20);
    assert_int_equal(taken(tx, "files", 1), 0);
    assert_int_equal(taken(tx, "memory", 8), 8);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(of_time_it_gets_a_second_and_the_signal_is_told)
{
    kit k;
    kit_open(&k, 1);
    uint64_t begin_ns = acti_clock_ns(); // a part of it is for its start, with a sanitizer a large one
    acta_tx *tx = spawn_taker(&k, (acta_limits){.cpu_seconds = 1});
    deathbed d = {0};
    watch_over(&k, &d, tx);
    assert_int_equal(acta_send(tx, take, .what = "time", .n = 0), ACTA_OK);
    await_death(&d);
    assert_died(&d, ACTA_ECRASHED, "killed by signal 24 (CPU time limit exceeded); the last message it took was take");
    assert_true(acti_clock_ns() - begin_ns > ACTA_SECOND / 2);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

TEST(in_other_placements_limits_have_no_effect)
{
    kit k;
    kit_open(&k, 1);
    for (acta_place place = ACTA_POOL; place <= ACTA_THREAD; place++) {
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .handler = taker, .place = place, .limits = {.files = 1},
                                    .environment = ACTA_ENVIRONMENT_EMPTY), ACTA_OK);
        assert_int_equal(taken(tx, "files", 5), 5);
        acta_tx_drop(&tx);
    }
    close_without_children(&k);
}

int main(void)
{
    acta_process_main();
    proc_prepare();
    return TEST_RUN(case_of(without_limits_there_are_none),
                    case_of(of_memory_it_gets_nearly_all_and_not_more_than_it_may),
                    case_of(of_descriptors_it_gets_all_and_not_one_more_than_it_may),
                    case_of(of_time_it_gets_a_second_and_the_signal_is_told),
                    case_of(in_other_placements_limits_have_no_effect));
}
