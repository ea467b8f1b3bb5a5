// SPDX-License-Identifier: MIT
//
// Many processes at once, and what is left of them: no descriptor, no zombie, no file.

#include "puppet.h"

#include <dirent.h>
#include <sys/resource.h>

#include "proc/processes.h"

static const int crowd_size = ACTI_TSAN ? 20 : ACTI_ASAN ? 40 : 100;

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

// await_descriptors waits until no more are open than were: a thread of nng's closes sockets a moment after it got
// them back.
static bool await_descriptors(int before)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (open_descriptors() > before) {
        if (acti_clock_ns() > until_ns)
            return false;
        sched_yield();
    }
    return true;
}

// runtime_entries is how many folders and files lie where the sockets of processes are made.
static int runtime_entries(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

// ---- at once ----------------------------------------------------------------------------------

TEST(a_crowd_of_processes_is_there_at_once_and_leaves_nothing)
{
    char runtime[] = "/tmp/acta-crowd-XXXXXX";
    assert_non_null(mkdtemp(runtime));
    (void)setenv("XDG_RUNTIME_DIR", runtime, 1);
    acta_tx *tx[100];
    kit k;
    kit_open(&k, 2);
    tx[0] = spawn_puppet(&k); // what the first one starts stays
    assert_int_equal(ask_puppet(tx[0], COUNT), 0);
    acta_tx_drop(&tx[0]);
    close_without_children(&k);
    int before = open_descriptors();

    kit_open(&k, 2);
    for (int i = 0; i < crowd_size; i++) {
        tx[i] = spawn_puppet(&k);
        for (int64_t n = 1; n <= 10; n++)
            kit_send(tx[i], n);
    }
    for (int i = 0; i < crowd_size; i++)
        assert_int_equal(ask_puppet(tx[i], COUNT), 10);
    for (int i = 0; i < crowd_size; i += 2)
        order_puppet(tx[i], SIGNAL, SIGKILL);
    for (int i = 0; i < crowd_size; i++)
        acta_tx_drop(&tx[i]);
    close_without_children(&k);
    assert_true(await_descriptors(before));
    assert_int_equal(runtime_entries(runtime), 2); // . and ..
    assert_int_equal(rmdir(runtime), 0);
    (void)unsetenv("XDG_RUNTIME_DIR");
}

TEST(one_process_too_many_is_full_and_the_next_may_come_when_one_has_gone)
{
    kit k;
    kit_open(&k, 1);
    acti_processes *p;
    assert_int_equal(acti_processes_of(k.sys, &p), ACTA_OK);
    p->most = 2;
    acta_tx *first = spawn_puppet(&k), *second = spawn_puppet(&k), *third = NULL;
    assert_int_equal(acta_spawn(k.sys, &third, .body = puppet_body, .place = ACTA_PROCESS), ACTA_EFULL);
    assert_null(third);
    acta_tx_drop(&first);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    int status;
    do
        status = acta_spawn(k.sys, &third, .body = puppet_body, .place = ACTA_PROCESS);
    while (status == ACTA_EFULL && acti_clock_ns() < until_ns);
    assert_int_equal(status, ACTA_OK);
    assert_int_equal(ask_puppet(third, COUNT), 0);
    acta_tx_drop(&second);
    acta_tx_drop(&third);
    close_without_children(&k);
}

TEST(without_descriptors_a_spawn_says_full_and_nothing_is_left)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = spawn_puppet(&k);
    assert_int_equal(ask_puppet(tx, COUNT), 0);
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    acta_tx *more = NULL;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status = acta_spawn(k.sys, &more, .body = puppet_body, .place = ACTA_PROCESS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, ACTA_EFULL);
    assert_null(more);
    more = spawn_puppet(&k);
    assert_int_equal(ask_puppet(more, COUNT), 0);
    acta_tx_drop(&more);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

// ---- from inside ----------------------------------------------------------------------------------

static int spawns_inside(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx **made = arg;
    if (m != NULL)
        kit_claim(acta_spawn(acta_system_of(self), made, .body = puppet_body, .place = ACTA_PROCESS) == ACTA_OK);
    return ACTA_OK;
}

TEST(an_actor_may_spawn_one)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *made = NULL, *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = spawns_inside, .arg = &made), ACTA_OK);
    kit_send(tx, 1);
    acta_addr *who = acta_addr_dup(acta_tx_addr(tx));
    acta_tx_drop(&tx);
    assert_true(kit_await_ended(who));
    acta_addr_drop(&who);
    assert_int_equal(ask_puppet(made, COUNT), 0);
    acta_tx_drop(&made);
    close_without_children(&k);
}

// A process whose actor has another process, which it asks. The number says how many follow.
static int has_another(acta_self *self, void *arg)
{
    int64_t more = ((const task *)arg)->number;
    acta_tx *next = NULL;
    if (more > 0 && acta_spawn(acta_system_of(self), &next, .body = has_another, .place = ACTA_PROCESS,
                               .args = ACTA_ARGS(task, .number = more - 1)) != ACTA_OK)
        return ACTA_EIO;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        uint64_t id;
        int64_t below = 0;
        if (next != NULL && acta_ask(self, next, KIT_WAIT_NS, &id, order, .what = COUNT) == ACTA_OK) {
            acta_msg *reply = acta_await(self, id);
            below = reply != NULL && acta_is(answer, reply) ? acta_as(answer, reply)->n : -100;
            acta_msg_free(&reply);
        }
        if (acta_reply(self, m, answer, .n = below + 1) != ACTA_OK)
            return ACTA_EIO;
    }
    acta_tx_drop(&next);
    return ACTA_OK;
}
ACTA_ACTOR(has_another);

TEST(a_process_may_spawn_another_which_ends_with_it)
{
    kit k;
    kit_open(&k, 1);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = has_another, .place = ACTA_PROCESS,
                                .args = ACTA_ARGS(task, .number = 2)), ACTA_OK);
    assert_int_equal(ask_puppet(tx, COUNT), 3);
    acta_tx_drop(&tx);
    close_without_children(&k);
}

int main(void)
{
    acta_process_main();
    proc_prepare();
    return TEST_RUN(case_of(a_crowd_of_processes_is_there_at_once_and_leaves_nothing),
                    case_of(one_process_too_many_is_full_and_the_next_may_come_when_one_has_gone),
                    case_of(without_descriptors_a_spawn_says_full_and_nothing_is_left),
                    case_of(an_actor_may_spawn_one),
                    case_of(a_process_may_spawn_another_which_ends_with_it));
}
