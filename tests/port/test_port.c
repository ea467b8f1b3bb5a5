// SPDX-License-Identifier: MIT
//
// What all watches of a system share: they cost nothing while nothing is ready, survive lack of memory, and end with
// the system.

#include "pipes.h"

#include <signal.h>

#define HOUR (3600 * ACTA_SECOND)

// ---- at rest ------------------------------------------------------------------------

typedef struct sleeper {
    kit_actor actor;
    tube tube;
    long sleeps[2]; // of the port's thread, at both ends of the last while
    int ticks;
    int events;
} sleeper;

// On a busy machine the thread may need some whiles to come to rest. Who wakes up now and then has none without it.
enum { WHILES_MAX = 200 };

static int looks_on(acta_self *self, void *arg, acta_msg *m)
{
    sleeper *s = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_watch_fd(self, s->tube.out, ACTA_READABLE, &id) == ACTA_OK);
        kit_claim(acta_watch_fd(self, s->tube.in, ACTA_READABLE, &id) == ACTA_OK);
        kit_claim(acta_watch_signal(self, SIGUSR1, &id) == ACTA_OK);
        kit_claim(tube_put(&s->tube)); // one event, so that the thread has been awake
        return ACTA_OK;
    }
    if (acta_is(acta_fd_event, m)) {
        kit_claim(s->events++ == 0 && tube_take(&s->tube));
        kit_claim(acta_timer_start(self, 20 * ACTA_MS, 50 * ACTA_MS, &id) == ACTA_OK);
        return ACTA_OK;
    }
    s->sleeps[0] = s->sleeps[1];
    s->sleeps[1] = sleeps_of("acta-port");
    bool still = s->sleeps[0] > 0 && s->sleeps[0] == s->sleeps[1];
    return ++s->ticks == WHILES_MAX || still ? ACTA_DONE : ACTA_OK;
}

TEST(watches_of_which_nothing_is_ready_wake_nobody)
{
    kit k;
    kit_open(&k, 1);
    sleeper s = {.actor = {looks_on}, .tube = tube_open(TUBE_SOCKETS)};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &s);
    assert_int_equal(sleeps_of("acta-port"), -1); // no thread before the first watch
    kit_send(tx, 0);
    await_end(&k, &tx);
    assert_true(s.sleeps[0] > 0);
    assert_int_equal(s.sleeps[0], s.sleeps[1]);
    tube_close(&s.tube);
}

// ---- without memory ---------------------------------------------------------------------

enum { ALLOCATIONS_MAX = 100 }; // more than the work needs

typedef struct worker_bee {
    kit_actor actor;
    tube tube;
    int due;
    int refused;
    uint64_t watch[3];
    test_gate done;
} worker_bee;

static int watches_if_it_can(acta_self *self, void *arg, acta_msg *m)
{
    worker_bee *b = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        int status[3] = {acta_watch_fd(self, b->tube.out, ACTA_READABLE, &b->watch[0]),
                         acta_watch_fd(self, b->tube.in, ACTA_WRITABLE, &b->watch[1]),
                         acta_watch_signal(self, SIGUSR1, &b->watch[2])};
        for (int i = 0; i < 3; i++) {
            kit_claim(status[i] == ACTA_OK || status[i] == ACTA_ENOMEM);
            b->due += status[i] == ACTA_OK;
            b->refused += status[i] != ACTA_OK;
        }
        if (status[2] == ACTA_OK)
            kit_claim(kill(getpid(), SIGUSR1) == 0);
    } else {
        b->due--;
        acta_unwatch(self, acta_is(acta_fd_event, m) ? acta_as(acta_fd_event, m)->watch
                                                     : acta_as(acta_signal_event, m)->watch);
    }
    if (b->due == 0)
        test_gate_open(&b->done);
    return ACTA_OK;
}

// work gives how many watches were refused when the n-th allocation fails; -1: the actor itself could not be.
static int work(const kit_kind *kind, uint64_t n)
{
    kit k;
    kit_note_live();
    acti_pool_fail_after(n); // before there are threads: they need not be told otherwise
    kit_open(&k, 2);
    worker_bee b = {.actor = {watches_if_it_can}, .tube = tube_open(TUBE_SOCKETS)};
    test_gate_init(&b.done);
    assert_true(tube_put(&b.tube));
    acta_tx *tx = NULL;
    int status = kit_try_spawn(k.sys, kind, &b, "bee", &tx);
    if (status == ACTA_OK)
        status = acta_send(tx, item, 0, 0);
    if (status == ACTA_OK)
        assert_true(test_gate_wait(&b.done)); // what was promised is told
    acta_tx_drop(&tx);
    acti_pool_fail_after(0);
    kit_close(&k);
    test_gate_fini(&b.done);
    tube_close(&b.tube);
    return status == ACTA_OK ? b.refused : -1;
}

TEST(without_memory_a_watch_is_refused_and_what_was_promised_is_told)
{
    int before = fds_open();
    KIT_EACH_KIND(kind) {
        uint64_t n = 1;
        int refused = 0;
        for (int last = 1; last != 0; n++) {
            last = work(kind, n);
            refused += last > 0;
            assert_true(n < ALLOCATIONS_MAX);
        }
        assert_int_equal(refused, 3); // each of the three once
    }
    assert_int_equal(fds_open(), before);
}

// ---- the end ------------------------------------------------------------------------------

static int watches(acta_self *self, void *arg, acta_msg *m)
{
    sleeper *s = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_watch_fd(self, s->tube.out, ACTA_READABLE, &id) == ACTA_OK);
        kit_claim(acta_watch_signal(self, SIGUSR1, &id) == ACTA_OK);
    }
    s->events += acta_is(acta_fd_event, m);
    return ACTA_OK;
}

TEST(a_system_is_closed_by_force_while_its_actors_watch)
{
    int before = fds_open();
    KIT_EACH_KIND(kind)
        for (int ready = 0; ready < 2; ready++) { // and if so, it is told again and again, as nobody reads
            kit k;
            kit_open(&k, 2);
            sleeper s = {.actor = {watches}, .tube = tube_open(TUBE_PIPE)};
            acta_tx *tx = kit_spawn(&k, kind, &s);
            assert_true(!ready || tube_put(&s.tube));
            kit_send(tx, 0);
            assert_int_equal(acta_close(&k.sys, 2 * ACTA_MS), ACTA_EALIVE);
            kit_claims_held();
            acta_tx_drop(&tx);
            assert_true(kit_nothing_leaked());
            tube_close(&s.tube);
        }
    assert_int_equal(fds_open(), before);
}

// close_the_epoll closes a descriptor that belongs to acta, as a program does that closes all it does not know.
static void close_the_epoll(void)
{
    for (int fd = 0; fd < 100; fd++) {
        char path[64], what[64] = "";
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (readlink(path, what, sizeof(what) - 1) > 0 && strcmp(what, "anon_inode:[eventpoll]") == 0)
            close(fd);
    }
}

static int loses_the_epoll(acta_self *self, void *arg, acta_msg *m)
{
    const sleeper *s = arg;
    uint64_t id = 7;
    if (m == NULL || !acta_is(item, m))
        return ACTA_OK;
    kit_claim(acta_watch_fd(self, s->tube.out, ACTA_READABLE, &id) == ACTA_OK);
    close_the_epoll();
    kit_claim(acta_watch_fd(self, s->tube.in, ACTA_WRITABLE, &id) == ACTA_EINVAL);
    kit_claim(tube_put(&s->tube)); // if the thread is asleep it is told, and finds the way back closed
    return ACTA_OK;
}

static void hears_of_it(void *arg, const char *line)
{
    if (strstr(line, "a descriptor that was not its own") != NULL)
        test_gate_open(arg);
}

TEST(a_program_that_closes_what_is_not_its_own_is_told_so)
{
    test_gate told;
    test_gate_init(&told);
    kit k = {0};
    acta_system_opts opts = {.workers = 1, .report = hears_of_it, .report_arg = &told};
    assert_int_equal(acta_open(&opts, &k.sys), ACTA_OK);
    sleeper s = {.actor = {loses_the_epoll}, .tube = tube_open(TUBE_PIPE)};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &s);
    assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
    assert_true(test_gate_wait(&told));
    kit_close(&k);
    test_gate_fini(&told);
    tube_close(&s.tube);
}

int main(void)
{
    signal(SIGUSR1, SIG_IGN); // one may come after the last watch
    return TEST_RUN(case_of(watches_of_which_nothing_is_ready_wake_nobody),
                    case_of(without_memory_a_watch_is_refused_and_what_was_promised_is_told),
                    case_of(a_system_is_closed_by_force_while_its_actors_watch),
                    case_of(a_program_that_closes_what_is_not_its_own_is_told_so));
}
