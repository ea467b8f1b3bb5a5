// SPDX-License-Identifier: MIT
//
// test.h - what every unit test includes, first: cmocka with the headers it
// needs, and three helpers. Nothing of acta is in here.
//
//     TEST(pop_of_empty_list_gives_null) { ... }
//     int main(void) { return TEST_RUN(case_of(pop_of_empty_list_gives_null)); }
//
// cmocka's state is per thread: only the main thread asserts. Others report what
// they saw and open a gate.

#ifndef TEST_H
#define TEST_H

#ifdef NDEBUG
#error "tests check nothing without assertions: build them with -Db_ndebug=false"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define TEST(name) static void name(void **test_state __attribute__((unused)))

#define case_of(name) cmocka_unit_test(name)

// TEST_RUN runs its cases as one group named after the file; gives main's result.
#define TEST_RUN(...)                                                                                      \
    test_run_cases(__FILE__, (const struct CMUnitTest[]){__VA_ARGS__},                                     \
                   sizeof((const struct CMUnitTest[]){__VA_ARGS__}) / sizeof(struct CMUnitTest))

static inline int test_run_cases(const char *file, const struct CMUnitTest *cases, size_t count)
{
    // cmocka's exit status is the number of failures, and a process keeps its
    // low eight bits only: 256 failures would pass.
    return _cmocka_run_group_tests(file, cases, count, NULL, NULL) == 0 ? 0 : 1;
}

// A gate lets a test wait for another thread without sleeping. It opens once and
// stays open; any number of threads may wait.
typedef struct test_gate {
    int fd;
    int open; // says to TSan, too, that what was before the opening is before the end of the wait
} test_gate;

// Longer than anything takes under TSan on a busy machine, shorter than Meson's limit.
enum { TEST_GATE_WAIT_MS = 60000 };

static inline void test_gate_init(test_gate *gate)
{
    gate->open = 0;
    gate->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(gate->fd >= 0);
}

static inline void test_gate_fini(test_gate *gate)
{
    close(gate->fd);
    gate->fd = -1;
}

// Any thread.
static inline void test_gate_open(test_gate *gate)
{
    __atomic_store_n(&gate->open, 1, __ATOMIC_RELEASE);
    if (eventfd_write(gate->fd, 1) != 0)
        abort();
}

// Any thread. False: the gate stayed shut for TEST_GATE_WAIT_MS.
static inline bool test_gate_wait(test_gate *gate)
{
    struct pollfd at = {.fd = gate->fd, .events = POLLIN};
    int n;
    do {
        n = poll(&at, 1, TEST_GATE_WAIT_MS);
    } while (n < 0 && errno == EINTR);
    return __atomic_load_n(&gate->open, __ATOMIC_ACQUIRE) == 1 && n == 1;
}

#endif
