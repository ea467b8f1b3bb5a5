// SPDX-License-Identifier: MIT
//
// test_park.c - one sleeper and its token.

#include "test.h"

#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <linux/seccomp.h>

#include <acta/error.h>

#include "base/platform.h"
#include "child.h"

// A round of the first kind is two wake-ups. On a busy machine rounds are slow, so there are fewer of the others.
enum { ROUNDS = 100000, ROUNDS_OF_RACE = 20000, ROUNDS_OF_CROWD = 20000 };

TEST(a_wait_past_its_deadline_returns_false_and_takes_nothing)
{
    acti_park park;
    acti_park_init(&park);
    assert_false(acti_park_wait(&park, 0));
    assert_false(acti_park_wait(&park, acti_clock_ns()));
    acti_park_give(&park);
    assert_true(acti_park_wait(&park, 0));
    assert_false(acti_park_wait(&park, 0));
}

TEST(a_wait_does_not_end_before_its_deadline)
{
    acti_park park;
    acti_park_init(&park);
    for (int i = 0; i < 10; i++) {
        uint64_t deadline = acti_clock_ns() + 300000;
        assert_false(acti_park_wait(&park, deadline));
        assert_true(acti_clock_ns() >= deadline);
    }
}

static void do_nothing(int signal_number)
{
    (void)signal_number;
}

TEST(a_signal_does_not_end_a_wait)
{
    if (ACTI_ON_VALGRIND)
        skip(); // which brings signals later, when they are not caught any more
    acti_park park;
    acti_park_init(&park);
    struct sigaction quiet = {.sa_handler = do_nothing};
    struct sigaction before;
    sigaction(SIGALRM, &quiet, &before);
    struct itimerval often = {{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 10; i++) {
        uint64_t deadline = acti_clock_ns() + 2000000;
        assert_false(acti_park_wait(&park, deadline));
        assert_true(acti_clock_ns() >= deadline);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    sigaction(SIGALRM, &before, NULL);
}

TEST(any_number_of_gives_makes_one_wait_return)
{
    acti_park park;
    acti_park_init(&park);
    for (int i = 0; i < 3; i++)
        acti_park_give(&park);
    assert_true(acti_park_wait(&park, UINT64_MAX));
    assert_false(acti_park_wait(&park, 0));
}

// Strict mode kills the process at its first system call other than read, write and exit.
static int give_and_take_in_strict_mode(void *arg)
{
    acti_park *park = arg;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 1;
    for (int i = 0; i < 1000; i++) {
        acti_park_give(park);
        acti_park_give(park);
        acti_park_wait(park, UINT64_MAX);
    }
    syscall(SYS_exit, 0);
    return 1;
}

static int sleep_in_strict_mode(void *arg)
{
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 1;
    acti_park_wait(arg, 0);
    return 1;
}

TEST(a_give_to_nobody_and_a_wait_for_a_given_token_make_no_system_call)
{
    if (ACTI_TSAN || ACTI_ON_VALGRIND)
        skip(); // these make calls of their own
    acti_park park;
    acti_park_init(&park);
    // The net holds: a wait that must sleep is caught.
    int status = child_run(sleep_in_strict_mode, &park, -1);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(child_run(give_and_take_in_strict_mode, &park, -1), 0);
}

// ---- two threads ----------------------------------------------------------------------

// Two threads hand a plain counter to and fro. A lost wake-up hangs, a missing order is a race for TSan.
typedef struct rally {
    acti_park here;
    acti_park there;
    uint64_t ball;
} rally;

static void *return_ball(void *arg)
{
    rally *r = arg;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        if (!acti_park_wait(&r->there, UINT64_MAX))
            return arg;
        if (r->ball != 2 * i + 1)
            return arg;
        r->ball++;
        acti_park_give(&r->here);
    }
    return NULL;
}

TEST(no_give_is_lost_between_two_threads_that_wait_for_each_other)
{
    rally r = {.ball = 0};
    acti_park_init(&r.here);
    acti_park_init(&r.there);
    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "rally", return_ball, &r), ACTA_OK);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        r.ball++;
        acti_park_give(&r.there);
        assert_true(acti_park_wait(&r.here, UINT64_MAX));
        assert_int_equal(r.ball, 2 * i + 2);
    }
    void *broke;
    pthread_join(thread, &broke);
    assert_null(broke);
}

// A giver whose tokens come about when the sleeper's deadlines run out. Each is answered, so each one lost is missed.
// The kernel lets a sleeper wait some 50 us longer than it asked to; only a deadline already past is punctual.
enum { APART_NS_MAX = 4000 };

typedef struct race {
    acti_park sleeper;
    acti_park answered;
    acti_au32 given; // released by the giver after the give, acquired by the sleeper before a wait
    bool lost; // the sleeper's, until it answers
} race;

static uint64_t soon(uint64_t *random)
{
    return acti_clock_ns() + acti_random_next(random) % APART_NS_MAX;
}

static void *take_in_time_or_later(void *arg)
{
    race *r = arg;
    uint64_t random = 1;
    for (uint32_t i = 1; i <= ROUNDS_OF_RACE && !r->lost; i++) {
        bool punctual = acti_random_next(&random) % 2;
        bool given = false;
        while (!acti_park_wait(&r->sleeper, punctual ? 0 : soon(&random))) {
            if (given) {
                r->lost = true;
                break;
            }
            given = acti_au32_load_acquire(&r->given) == i;
        }
        acti_park_give(&r->answered);
    }
    return NULL;
}

TEST(a_give_that_races_with_a_deadline_is_taken_by_that_wait_or_the_next)
{
    race r = {.lost = false};
    acti_park_init(&r.sleeper);
    acti_park_init(&r.answered);
    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "sleeper", take_in_time_or_later, &r), ACTA_OK);
    uint64_t random = 2;
    bool lost = false;
    for (uint32_t i = 1; i <= ROUNDS_OF_RACE && !lost; i++) {
        uint64_t at = soon(&random);
        while (acti_clock_ns() < at)
            acti_cpu_relax();
        acti_park_give(&r.sleeper);
        acti_au32_store_release(&r.given, i);
        acti_park_wait(&r.answered, UINT64_MAX);
        lost = r.lost;
    }
    pthread_join(thread, NULL);
    assert_false(lost);
}

// Four givers, one sleeper; each give is answered before the giver's next, so none may be swallowed.
enum { GIVERS = 4 };

typedef struct crowd {
    acti_park sleeper;
    struct giver {
        struct crowd *crowd;
        acti_park answered;
        acti_au32 asked;
    } givers[GIVERS];
} crowd;

static void *ask_often(void *arg)
{
    struct giver *g = arg;
    for (int i = 0; i < ROUNDS_OF_CROWD / GIVERS; i++) {
        acti_au32_store_release(&g->asked, 1); // acquired by the sleeper
        acti_park_give(&g->crowd->sleeper);
        acti_park_wait(&g->answered, UINT64_MAX);
    }
    return NULL;
}

TEST(each_of_many_givers_is_heard)
{
    crowd c;
    acti_park_init(&c.sleeper);
    pthread_t threads[GIVERS];
    for (int i = 0; i < GIVERS; i++) {
        c.givers[i] = (struct giver){.crowd = &c};
        acti_park_init(&c.givers[i].answered);
    }
    for (int i = 0; i < GIVERS; i++)
        assert_int_equal(acti_thread_start(&threads[i], "giver", ask_often, &c.givers[i]), ACTA_OK);
    for (int answered = 0; answered < ROUNDS_OF_CROWD;) {
        assert_true(acti_park_wait(&c.sleeper, UINT64_MAX));
        for (int i = 0; i < GIVERS; i++) {
            if (acti_au32_load_acquire(&c.givers[i].asked)) {
                acti_au32_store_relaxed(&c.givers[i].asked, 0);
                acti_park_give(&c.givers[i].answered);
                answered++;
            }
        }
    }
    for (int i = 0; i < GIVERS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    return TEST_RUN(case_of(a_wait_past_its_deadline_returns_false_and_takes_nothing),
                    case_of(a_wait_does_not_end_before_its_deadline),
                    case_of(a_signal_does_not_end_a_wait),
                    case_of(any_number_of_gives_makes_one_wait_return),
                    case_of(a_give_to_nobody_and_a_wait_for_a_given_token_make_no_system_call),
                    case_of(no_give_is_lost_between_two_threads_that_wait_for_each_other),
                    case_of(a_give_that_races_with_a_deadline_is_taken_by_that_wait_or_the_next),
                    case_of(each_of_many_givers_is_heard));
}
