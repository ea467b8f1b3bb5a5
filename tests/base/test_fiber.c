// SPDX-License-Identifier: MIT
//
// test_fiber.c - stacks and the switch between them. test_fiber_ucontext.c runs the same over ucontext.

#include "test.h"

#include <sys/resource.h>

#include <acta/error.h>

#include "base/fiber.h"
#include "base/platform.h"
#include "child.h"

static void count_up(void *arg)
{
    ++*(int *)arg;
}

// ---- refusals -------------------------------------------------------------------------

TEST(a_stack_that_cannot_be_had_is_refused)
{
    int count = 0;
    assert_null(acti_fiber_new(SIZE_MAX, count_up, &count));
    assert_null(acti_fiber_new(SIZE_MAX / 16, count_up, &count));
    assert_int_equal(count, 0);
}

static int resume_finished(void *arg)
{
    int count = 0;
    (void)arg;
    acti_fiber *fiber = acti_fiber_new(0, count_up, &count);
    acti_fiber_resume(fiber);
    acti_fiber_resume(fiber);
    return 0;
}

static void resume_oneself(void *arg)
{
    acti_fiber_resume(*(acti_fiber **)arg);
}

static int resume_running(void *arg)
{
    (void)arg;
    acti_fiber *fiber;
    fiber = acti_fiber_new(0, resume_oneself, &fiber);
    acti_fiber_resume(fiber);
    return 0;
}

TEST(resuming_a_finished_or_running_fiber_aborts)
{
    assert_true(child_dies_of(SIGABRT, resume_finished, NULL));
    assert_true(child_dies_of(SIGABRT, resume_running, NULL));
}

static void free_oneself(void *arg)
{
    acti_fiber_free(arg);
}

static int free_running(void *arg)
{
    (void)arg;
    acti_fiber *fiber;
    fiber = acti_fiber_new(0, free_oneself, &fiber);
    acti_fiber_resume(fiber);
    return 0;
}

TEST(freeing_a_running_fiber_aborts)
{
    assert_true(child_dies_of(SIGABRT, free_running, NULL));
}

// ---- overflow ---------------------------------------------------------------------------

typedef struct deep {
    size_t stack_bytes;
    size_t depth_bytes; // from the first frame to the last
} deep;

__attribute__((noinline)) static int use_stack(const char *first_frame, size_t depth_bytes)
{
    volatile char frame[64];
    frame[0] = 1;
    if ((size_t)(first_frame - (const char *)__builtin_frame_address(0)) >= depth_bytes)
        return frame[0];
    return use_stack(first_frame, depth_bytes) + frame[0];
}

static void go_deep(void *arg)
{
    const deep *d = arg;
    use_stack(__builtin_frame_address(0), d->depth_bytes);
}

// The stacks mapped last lie next to each other: beyond the guard page of one, most likely, another.
static int run_deep(void *arg)
{
    deep *d = arg;
    acti_fiber *fibers[4];
    for (int i = 0; i < 4; i++)
        fibers[i] = acti_fiber_new(d->stack_bytes, go_deep, d);
    acti_fiber_resume(fibers[1]);
    int unfinished = !acti_fiber_done(fibers[1]);
    for (int i = 0; i < 4; i++)
        acti_fiber_free(&fibers[i]);
    return unfinished;
}

TEST(a_stack_overflow_ends_in_the_guard_page_and_what_fits_does_not)
{
    // ASan's stacks are larger, as are its frames.
    static const size_t sizes[] = {ACTI_FIBER_STACK_BYTES_MIN, ACTI_FIBER_STACK_BYTES, 5000000};
    for (int i = 0; i < 3; i++) {
        size_t bytes = sizes[i] * (ACTI_ASAN ? 4 : 1);
        deep fits = {.stack_bytes = sizes[i], .depth_bytes = bytes - 4096};
        assert_int_equal(child_run(run_deep, &fits, -1), 0);
        deep too_deep = {.stack_bytes = sizes[i], .depth_bytes = bytes + 4096};
        assert_true(child_dies_of(SIGSEGV, run_deep, &too_deep));
    }
}

// ---- life -----------------------------------------------------------------------------

TEST(a_fiber_runs_when_resumed_and_not_before)
{
    int count = 0;
    acti_fiber *fiber = acti_fiber_new(0, count_up, &count);
    assert_non_null(fiber);
    assert_int_equal(count, 0);
    assert_false(acti_fiber_done(fiber));
    acti_fiber_resume(fiber);
    assert_int_equal(count, 1);
    assert_true(acti_fiber_done(fiber));
    acti_fiber_free(&fiber);
    assert_null(fiber);
    acti_fiber_free(&fiber);
}

TEST(a_fiber_that_never_ran_can_be_freed)
{
    int count = 0;
    acti_fiber *fiber = acti_fiber_new(0, count_up, &count);
    acti_fiber_free(&fiber);
    assert_null(fiber);
    assert_int_equal(count, 0);
}

typedef struct stepper {
    acti_fiber *fiber;
    int steps;
    int step;
    double sum;
} stepper;

static void step_through(void *arg)
{
    stepper *s = arg;
    // Enough values that some of each kind live in registers that the switch has to keep.
    long a = s->step, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5;
    double x = 0.5, y = 1.25;
    while (s->step < s->steps) {
        s->step++;
        a += 1, b += 2, c += 3, d += 4, e += 5, f += 6;
        x += 1.0, y *= 1.0000001;
        acti_fiber_suspend(s->fiber);
    }
    long n = s->steps;
    bool intact = a == n && b == 1 + 2 * n && c == 2 + 3 * n && d == 3 + 4 * n && e == 4 + 5 * n && f == 5 + 6 * n;
    s->sum = intact && x == 0.5 + (double)n && y > 1.25 ? x : -1;
}

TEST(ten_thousand_switches_keep_what_a_fiber_holds)
{
    stepper s = {.steps = 10000};
    s.fiber = acti_fiber_new(0, step_through, &s);
    for (int i = 1; i <= s.steps; i++) {
        acti_fiber_resume(s.fiber);
        assert_int_equal(s.step, i);
        assert_false(acti_fiber_done(s.fiber));
    }
    acti_fiber_resume(s.fiber);
    assert_true(acti_fiber_done(s.fiber));
    assert_true(s.sum == 10000.5);
    acti_fiber_free(&s.fiber);
}

static void own_something(void *arg)
{
    stepper *s = arg;
    char frame[1000];
    memset(frame, 7, sizeof(frame));
    s->step = 1;
    acti_fiber_suspend(s->fiber);
    s->step = frame[999] == 7 ? 2 : 3;
}

static void own_something_else(void *arg)
{
    char frame[3000];
    memset(frame, *(int *)arg, sizeof(frame));
    *(int *)arg += frame[1234];
}

// The stack of each goes to a fiber with another layout of its frames, which must not meet the marks that ASan made.
TEST(a_suspended_fiber_can_be_freed_and_does_not_go_on)
{
    for (int i = 0; i < 1000; i++) {
        stepper s = {.step = 0};
        s.fiber = acti_fiber_new(0, own_something, &s);
        acti_fiber_resume(s.fiber);
        assert_int_equal(s.step, 1);
        acti_fiber_free(&s.fiber);
        assert_int_equal(s.step, 1);

        s.fiber = acti_fiber_new(0, own_something_else, &s.step);
        acti_fiber_resume(s.fiber);
        assert_int_equal(s.step, 2);
        acti_fiber_free(&s.fiber);
    }
}

static void *free_fiber(void *arg)
{
    acti_fiber_free(arg);
    return NULL;
}

TEST(a_suspended_fiber_can_be_freed_by_another_thread)
{
    for (int i = 0; i < 20; i++) {
        stepper s = {.step = 0};
        s.fiber = acti_fiber_new(0, own_something, &s);
        acti_fiber_resume(s.fiber);
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "free", free_fiber, &s.fiber), ACTA_OK);
        pthread_join(thread, NULL);
        assert_null(s.fiber);
        assert_int_equal(s.step, 1);
    }
}

static long page_faults(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt;
}

TEST(a_freed_stack_of_the_default_size_stays_mapped_and_is_used_next)
{
    int count = 0;
    acti_fiber *fiber = acti_fiber_new(0, count_up, &count);
    uintptr_t first = (uintptr_t)fiber;
    acti_fiber_free(&fiber);
    long faults = page_faults();
    for (int i = 0; i < 1000; i++) {
        fiber = acti_fiber_new(ACTI_FIBER_STACK_BYTES, count_up, &count);
        assert_int_equal((uintptr_t)fiber, first);
        acti_fiber_resume(fiber);
        acti_fiber_free(&fiber);
    }
    assert_int_equal(count, 1000);
    if (!ACTI_ASAN && !ACTI_TSAN)
        assert_true(page_faults() - faults < 500);
}

// ---- what a fiber may do --------------------------------------------------------------

typedef struct first_frame {
    uintptr_t address;
    char text[64];
} first_frame;

static void look_at_alignment(void *arg)
{
    first_frame *f = arg;
    f->address = (uintptr_t)__builtin_frame_address(0);
    snprintf(f->text, sizeof(f->text), "%.3f", 2.5); // moves aligned vectors
}

TEST(a_fiber_begins_on_an_aligned_stack)
{
    first_frame f = {.address = 1};
    acti_fiber *fiber = acti_fiber_new(20000, look_at_alignment, &f);
    acti_fiber_resume(fiber);
    assert_int_equal(f.address % 16, 0);
    assert_string_equal(f.text, "2.500");
    acti_fiber_free(&fiber);
}

enum { WALKERS = 100, DEPTH = 50 };

static double walk(stepper *s, int depth)
{
    double here = 1.5 * depth;
    acti_fiber_suspend(s->fiber);
    double below = depth > 0 ? walk(s, depth - 1) : 0.25;
    acti_fiber_suspend(s->fiber);
    return here + below;
}

static void walk_down(void *arg)
{
    stepper *s = arg;
    s->sum = walk(s, s->steps);
}

TEST(fibers_suspended_in_nested_calls_come_back_with_their_results)
{
    static stepper walkers[WALKERS];
    for (int i = 0; i < WALKERS; i++) {
        walkers[i] = (stepper){.steps = DEPTH + i % 20};
        walkers[i].fiber = acti_fiber_new(0, walk_down, &walkers[i]);
    }
    for (int left = WALKERS; left > 0;) {
        for (int i = 0; i < WALKERS; i++) {
            stepper *s = &walkers[i];
            if (!s->fiber)
                continue;
            acti_fiber_resume(s->fiber);
            if (acti_fiber_done(s->fiber)) {
                acti_fiber_free(&s->fiber);
                left--;
            }
        }
    }
    for (int i = 0; i < WALKERS; i++) {
        int n = DEPTH + i % 20;
        assert_true(walkers[i].sum == 0.25 + 0.75 * n * (n + 1));
    }
}

static void resume_another(void *arg)
{
    stepper *s = arg;
    stepper inner = {.steps = 3};
    inner.fiber = acti_fiber_new(0, step_through, &inner);
    while (!acti_fiber_done(inner.fiber)) {
        acti_fiber_resume(inner.fiber);
        acti_fiber_suspend(s->fiber);
    }
    s->sum = inner.sum;
    acti_fiber_free(&inner.fiber);
}

TEST(a_fiber_may_resume_another)
{
    stepper s = {.sum = 0};
    s.fiber = acti_fiber_new(0, resume_another, &s);
    while (!acti_fiber_done(s.fiber))
        acti_fiber_resume(s.fiber);
    assert_true(s.sum == 3.5);
    acti_fiber_free(&s.fiber);
}

#if defined(__x86_64__)

static unsigned control_words(void)
{
    uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return (__builtin_ia32_stmxcsr() & 0xffc0) << 16 | x87;
}

static void set_control_words(unsigned mxcsr, uint16_t x87)
{
    __builtin_ia32_ldmxcsr(mxcsr);
    __asm__ volatile("fldcw %0" : : "m"(x87));
}

typedef struct rounding {
    acti_fiber *fiber;
    unsigned at_start;
    unsigned after;
} rounding;

static void round_upward(void *arg)
{
    rounding *r = arg;
    r->at_start = control_words();
    set_control_words(0x1f80 | 0x4000, 0x037f | 0x0800);
    acti_fiber_suspend(r->fiber);
    r->after = control_words();
}

TEST(the_floating_point_mode_is_each_fibers_own)
{
    rounding r = {.at_start = 0};
    unsigned before = control_words();
    r.fiber = acti_fiber_new(0, round_upward, &r);
    acti_fiber_resume(r.fiber);
    assert_int_equal(r.at_start, before);
    assert_int_equal(control_words(), before);
    set_control_words(0x1f80 | 0x2000, 0x037f | 0x0400);
    acti_fiber_resume(r.fiber);
    unsigned mine = control_words();
    set_control_words(0x1f80, 0x037f);
    assert_int_equal(r.after, ((0x1f80u | 0x4000u) & 0xffc0) << 16 | (0x037f | 0x0800));
    assert_int_equal(mine, ((0x1f80u | 0x2000u) & 0xffc0) << 16 | (0x037f | 0x0400));
    acti_fiber_free(&r.fiber);
}

#else

TEST(the_floating_point_mode_is_each_fibers_own)
{
    skip();
}

#endif

// ---- many -------------------------------------------------------------------------------

enum { MANY = 1000 };

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident;
}

TEST(a_thousand_idle_fibers_take_a_page_and_a_half_each_at_most)
{
    static stepper steppers[MANY];
    memset(steppers, 0, sizeof(steppers));
    long before = resident_pages();
    for (int i = 0; i < MANY; i++) {
        steppers[i].steps = 3;
        steppers[i].fiber = acti_fiber_new(0, step_through, &steppers[i]);
        assert_non_null(steppers[i].fiber);
        acti_fiber_resume(steppers[i].fiber);
    }
    long bytes = (resident_pages() - before) * sysconf(_SC_PAGESIZE);
    if (!ACTI_ASAN && !ACTI_TSAN && !ACTI_ON_VALGRIND)
        assert_true(bytes <= 6144L * MANY);
    for (int step = 0; step < 3; step++) {
        for (int i = 0; i < MANY; i++)
            acti_fiber_resume(steppers[i].fiber);
    }
    for (int i = 0; i < MANY; i++) {
        assert_true(acti_fiber_done(steppers[i].fiber) && steppers[i].sum == 3.5);
        acti_fiber_free(&steppers[i].fiber);
    }
}

// Under TSan, with the tests before, more fibers than it can have at a time: those freed must be freed there too.
enum { THREADS = 4, ROUNDS = ACTI_TSAN ? 20 : 30, FIBERS = 60 };

// Stacks go round between the threads through the cache; each fiber stays on its own.
static void *use_fibers(void *arg)
{
    int *wrong = arg;
    stepper steppers[FIBERS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < FIBERS; i++) {
            steppers[i] = (stepper){.steps = 4};
            steppers[i].fiber = acti_fiber_new(0, step_through, &steppers[i]);
        }
        for (int step = 0; step < 5; step++) {
            for (int i = 0; i < FIBERS; i++)
                acti_fiber_resume(steppers[i].fiber);
        }
        for (int i = 0; i < FIBERS; i++) {
            *wrong += !acti_fiber_done(steppers[i].fiber) || steppers[i].sum != 4.5;
            acti_fiber_free(&steppers[i].fiber);
        }
    }
    return NULL;
}

TEST(threads_share_stacks_and_not_fibers)
{
    pthread_t threads[THREADS];
    int wrong[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(acti_thread_start(&threads[i], "fibers", use_fibers, &wrong[i]), ACTA_OK);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    return TEST_RUN(case_of(a_stack_that_cannot_be_had_is_refused),
                    case_of(resuming_a_finished_or_running_fiber_aborts), case_of(freeing_a_running_fiber_aborts),
                    case_of(a_stack_overflow_ends_in_the_guard_page_and_what_fits_does_not),
                    case_of(a_fiber_runs_when_resumed_and_not_before), case_of(a_fiber_that_never_ran_can_be_freed),
                    case_of(ten_thousand_switches_keep_what_a_fiber_holds),
                    case_of(a_suspended_fiber_can_be_freed_and_does_not_go_on),
                    case_of(a_suspended_fiber_can_be_freed_by_another_thread),
                    case_of(a_freed_stack_of_the_default_size_stays_mapped_and_is_used_next),
                    case_of(a_fiber_begins_on_an_aligned_stack),
                    case_of(fibers_suspended_in_nested_calls_come_back_with_their_results),
                    case_of(a_fiber_may_resume_another), case_of(the_floating_point_mode_is_each_fibers_own),
                    case_of(a_thousand_idle_fibers_take_a_page_and_a_half_each_at_most),
                    case_of(threads_share_stacks_and_not_fibers));
}
