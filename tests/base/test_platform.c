// SPDX-License-Identifier: MIT
//
// test_platform.c - clock, randomness, threads, locks and the assertion.

#include "test.h"

#include <sched.h>
#include <sys/resource.h>

#include <acta/error.h>

#include "base/platform.h"
#include "child.h"

// ---- assertion ----------------------------------------------------------------------

static int assert_untruth(void *arg)
{
    acti_assert(arg != NULL);
    return 0;
}

TEST(a_broken_assertion_aborts_and_says_what_and_where)
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    int status = child_run(assert_untruth, NULL, out[1]);
    close(out[1]);
    char said[4096] = "";
    assert_true(read(out[0], said, sizeof(said) - 1) > 0);
    close(out[0]);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : ACTI_ASAN);
    assert_non_null(strstr(said, "arg != NULL"));
    assert_non_null(strstr(said, "test_platform.c:"));
}

TEST(a_true_assertion_goes_on)
{
    int status = child_run(assert_untruth, &status, -1);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// ---- clock and randomness -------------------------------------------------------------

TEST(the_clock_never_goes_back_and_moves_on)
{
    uint64_t first = acti_clock_ns();
    uint64_t last = first;
    while (last - first < 1000000) {
        uint64_t now = acti_clock_ns();
        assert_true(now >= last);
        last = now;
    }
}

TEST(seeds_differ)
{
    assert_int_not_equal(acti_random_seed(), acti_random_seed());
}

TEST(random_next_is_splitmix64)
{
    // The published reference values for the seed 1234567.
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                        4593380528125082431u, 16408922859458223821u};
    uint64_t state = 1234567;
    for (int i = 0; i < 5; i++)
        assert_int_equal(acti_random_next(&state), expected[i]);
}

// ---- threads ------------------------------------------------------------------------

static void *nothing(void *arg)
{
    return arg;
}

static int start_without_memory(void *arg)
{
    (void)arg;
    struct rlimit none = {0};
    setrlimit(RLIMIT_AS, &none);
    pthread_t thread = pthread_self();
    return acti_thread_start(&thread, "x", nothing, NULL) == ACTA_EIO && pthread_equal(thread, pthread_self()) ? 0 : 1;
}

TEST(a_thread_that_cannot_be_made_returns_eio_and_writes_nothing)
{
    if (ACTI_ASAN || ACTI_TSAN)
        skip(); // the sanitizer itself needs memory to go on
    assert_int_equal(child_run(start_without_memory, NULL, -1), 0);
}

typedef struct thread_report {
    test_gate named;
    char name[16];
    sigset_t blocked;
} thread_report;

static void *report(void *arg)
{
    thread_report *r = arg;
    pthread_sigmask(SIG_BLOCK, NULL, &r->blocked);
    if (test_gate_wait(&r->named))
        pthread_getname_np(pthread_self(), r->name, sizeof(r->name));
    return r;
}

TEST(a_thread_has_its_name_cut_and_blocks_all_but_faults)
{
    thread_report r = {0};
    test_gate_init(&r.named);
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);

    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "a-name-of-20-letters", report, &r), ACTA_OK);
    test_gate_open(&r.named);
    void *result;
    assert_int_equal(pthread_join(thread, &result), 0);
    test_gate_fini(&r.named);

    assert_ptr_equal(result, &r);
    assert_string_equal(r.name, "a-name-of-20-le");
    assert_true(sigismember(&r.blocked, SIGTERM) && sigismember(&r.blocked, SIGINT));
    assert_true(sigismember(&r.blocked, SIGCHLD) && sigismember(&r.blocked, SIGPIPE));
    assert_false(sigismember(&r.blocked, SIGSEGV));
    assert_false(sigismember(&r.blocked, SIGBUS));
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_int_equal(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
}

TEST(the_processors_counted_are_those_we_may_use)
{
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    assert_int_equal(acti_cpu_count(), CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    }
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(acti_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

// ---- locks ----------------------------------------------------------------------------

static int take_twice(void *arg)
{
    (void)arg;
    acti_lock lock = ACTI_LOCK_INIT;
    acti_lock_take(&lock);
    acti_lock_take(&lock);
    return 0;
}

static int give_untaken(void *arg)
{
    (void)arg;
    acti_lock lock;
    acti_lock_init(&lock);
    acti_lock_give(&lock);
    return 0;
}

TEST(misuse_of_a_lock_aborts)
{
    if (ACTI_TSAN)
        skip(); // it reports the misuse itself
    assert_true(child_dies_of(SIGABRT, take_twice, NULL));
    assert_true(child_dies_of(SIGABRT, give_untaken, NULL));
}

enum { LOCK_THREADS = 4, LOCK_ROUNDS = 50000 };

typedef struct lock_world {
    acti_lock lock;
    uint64_t count; // guarded by lock, not atomic
} lock_world;

static void *count_under_lock(void *arg)
{
    lock_world *w = arg;
    for (int i = 0; i < LOCK_ROUNDS; i++) {
        acti_lock_take(&w->lock);
        w->count++;
        acti_lock_give(&w->lock);
    }
    return NULL;
}

TEST(a_lock_lets_in_one_thread_at_a_time)
{
    lock_world w = {0};
    acti_lock_init(&w.lock);
    pthread_t threads[LOCK_THREADS];
    for (int i = 0; i < LOCK_THREADS; i++)
        assert_int_equal(acti_thread_start(&threads[i], "lock", count_under_lock, &w), ACTA_OK);
    for (int i = 0; i < LOCK_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(w.count, LOCK_THREADS * LOCK_ROUNDS);
    acti_lock_fini(&w.lock);
}

int main(void)
{
    return TEST_RUN(case_of(a_broken_assertion_aborts_and_says_what_and_where), case_of(a_true_assertion_goes_on),
                    case_of(the_clock_never_goes_back_and_moves_on), case_of(seeds_differ),
                    case_of(random_next_is_splitmix64),
                    case_of(a_thread_that_cannot_be_made_returns_eio_and_writes_nothing),
                    case_of(misuse_of_a_lock_aborts), case_of(a_thread_has_its_name_cut_and_blocks_all_but_faults),
                    case_of(the_processors_counted_are_those_we_may_use), case_of(a_lock_lets_in_one_thread_at_a_time));
}
