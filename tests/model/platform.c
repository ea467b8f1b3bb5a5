// SPDX-License-Identifier: MIT
//
// platform.c - base/platform.h for scenarios: locks and the futex are made of atomics of the model, the clock stands
// still, and thread-local variables belong to the threads of the model.
//
// The futex. One word of the explorer for each address has a bit for each thread that sleeps there, and a lock. To
// sleep takes the lock, looks at the code's word and sets the bit; to wake takes the lock and clears it. The kernel's
// lock orders the look against the wake, but promises nothing about other memory: both sides forget what they learnt
// from each other there. A sleep may also end at its deadline, if it has one, and, spurious_max times, for no reason.

#include "base/platform.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

#include "instead.h"
#include "say.h"
#include "shadow.h"

void acti_assert_failed(const char *expression, const char *file, int line)
{
    model_fail(file, line, expression);
}

// None: here it is this file that stands for the operating system. (Declared before ACTI_THREAD_LOCAL became nothing.)
__thread acti_world *acti_world_here;

// ---- clock and randomness ----------------------------------------------------------

uint64_t model_now_ns = 1;

uint64_t acti_clock_ns(void)
{
    return model_now_ns;
}

uint64_t acti_deadline_ns(uint64_t timeout_ns)
{
    return timeout_ns < UINT64_MAX - model_now_ns ? model_now_ns + timeout_ns : UINT64_MAX;
}

uint64_t acti_random_seed(void)
{
    return 1;
}

uint64_t acti_random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return *state ^ *state >> 31;
}

// ---- locks ------------------------------------------------------------------------------

#define FREE UINT64_C(0)

static bool is_free(uint64_t value, void *arg)
{
    (void)arg;
    return value == FREE;
}

// take_word makes a free word of 4 bytes the running thread's.
static void take_word(void *at, uint32_t value, model_site *site)
{
    site->hits++;
    operation a = {.loc = shadow_location(at, 4), .site = site, .kind = SWAPS, .ready = is_free};
    event_ref from = run_read(&a);
    if (run_value(a.loc, from) != FREE)
        run_block(&a);
    run_acquire(from, site->in_force);
    shadow_atomic(at, 4, true, site);
    run_amid(true);
    run_write(&a, value, from, MODEL_RELAXED);
    run_amid(false);
}

void acti_lock_init(acti_lock *lock)
{
    model_memset(lock, 0, sizeof(*lock));
}

void acti_lock_fini(acti_lock *lock)
{
    shadow_plain(lock, sizeof(*lock), true, __builtin_return_address(0));
}

// The word lies where libc has its own, which is 0 when nobody has the lock.
void acti_lock_take(acti_lock *lock)
{
    if (run_in_thread())
        take_word(lock, run.self + 1, MODEL_SITE("lock", ACQUIRE));
}

void acti_lock_give(acti_lock *lock)
{
    if (!run_in_thread())
        return;
    model_site *site = MODEL_SITE("unlock", RELEASE);
    operation a = {.loc = shadow_location(lock, 4), .site = site, .kind = LOADS};
    const location *l = &locations[a.loc];
    if (run_value(a.loc, l->in_memory) != run.self + 1)
        say_failure("a thread gives a lock that it does not have");
    site->hits++;
    shadow_atomic(lock, 4, true, site);
    run_write(&a, FREE, EVENT_INITIAL, site->in_force);
}

// ---- the futex ----------------------------------------------------------------------------

#define QUEUES_MAX 16
#define QUEUE_LOCKED (1u << 31)

// The words of the queues, zeroed by shadow_end like every static variable; whose they are holds for a whole search.
static uint32_t queues[QUEUES_MAX];
static const void *queue_of[QUEUES_MAX];
static uint32_t queues_search;

static uint32_t *queue_at(const void *at)
{
    if (queues_search != run.search)
        memset(queue_of, 0, sizeof(queue_of));
    queues_search = run.search;
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        if (queue_of[i] == NULL)
            queue_of[i] = at;
        if (queue_of[i] == at)
            return &queues[i];
    }
    say_cut("more futexes than the explorer has");
}

static bool is_unlocked(uint64_t value, void *arg)
{
    (void)arg;
    return (value & QUEUE_LOCKED) == 0;
}

static bool is_woken(uint64_t value, void *arg)
{
    const uint32_t *sleeper = arg;
    return (value & *sleeper) == 0;
}

static void queue_write(const operation *a, uint64_t value, event_ref from)
{
    run_write(a, value, from, MODEL_RELEASE);
}

static uint32_t queue_lock(uint32_t *queue, model_site *site)
{
    operation a = {.loc = shadow_location(queue, 4), .site = site, .kind = SWAPS, .ready = is_unlocked};
    event_ref from = run_read(&a);
    uint32_t sleepers = (uint32_t)run_value(a.loc, from);
    if (!is_unlocked(sleepers, NULL))
        run_block(&a);
    run_acquire(from, MODEL_ACQUIRE);
    run_amid(true);
    queue_write(&a, sleepers | QUEUE_LOCKED, from);
    run_amid(false);
    return sleepers;
}

static void queue_unlock(uint32_t *queue, uint32_t sleepers, model_site *site)
{
    operation a = {.loc = shadow_location(queue, 4), .site = site, .kind = LOADS};
    queue_write(&a, sleepers, EVENT_INITIAL);
}

enum { UNTIL_WOKEN, FOR_NOTHING, IN_VAIN };

// how_long is how the sleep will end.
static uint32_t how_long(bool has_deadline)
{
    thread *t = run_thread();
    if (t->spurious == 0)
        return has_deadline && run_choose(2, true) != 0 ? IN_VAIN : UNTIL_WOKEN;
    uint32_t chosen = run_choose(has_deadline ? 3 : 2, true);
    t->spurious -= chosen == FOR_NOTHING;
    return chosen;
}

static int sleep_on(const uint32_t *at, uint32_t expected, bool has_deadline)
{
    model_site *site = MODEL_SITE("futex-wait", RELAXED);
    uint32_t *queue = queue_at(at), self = 1u << run.self;
    uint32_t sleepers = queue_lock(queue, site);
    if (model_load(at, sizeof(*at), MODEL_SITE("futex-look", RELAXED)) != expected) {
        queue_unlock(queue, sleepers, site);
        return EAGAIN;
    }
    queue_unlock(queue, sleepers | self, site);
    uint32_t until = how_long(has_deadline);
    if (until == UNTIL_WOKEN) {
        run_thread()->timed = has_deadline;
        (void)model_await(queue, sizeof(*queue), is_woken, &self, MODEL_SITE("futex-sleep", RELAXED));
        run_thread()->timed = false;
        return 0;
    }
    sleepers = queue_lock(queue, site);
    queue_unlock(queue, sleepers & ~self, site);
    return until == IN_VAIN ? ETIMEDOUT : 0;
}

static long wake_one(const void *at)
{
    model_site *site = MODEL_SITE("futex-wake", RELAXED);
    uint32_t *queue = queue_at(at);
    uint32_t sleepers = queue_lock(queue, site);
    queue_unlock(queue, sleepers & (sleepers - 1), site);
    return sleepers != 0;
}

long model_syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    const uint32_t *at = va_arg(args, const uint32_t *);
    int op = va_arg(args, int);
    uint32_t value = va_arg(args, uint32_t);
    const void *deadline = va_arg(args, const void *);
    va_end(args);

    if (number != SYS_futex || !run_in_thread())
        say_failure("a system call that the explorer does not know, or not from a thread");
    thread *t = run_thread();
    model_clock known = t->known;
    long rc = 0;
    if (op == FUTEX_WAKE_PRIVATE) {
        rc = wake_one(at);
    } else {
        errno = sleep_on(at, value, deadline != NULL);
        rc = errno != 0 ? -1 : 0;
    }
    t->known = model_clock_with(known, run.self, t->done);
    return rc;
}

// ---- thread-local variables -----------------------------------------------------------------

#define LOCALS_MAX 64

static struct {
    const void *key;
    struct {
        uint32_t serial; // of the execution that the block is of; of setup's: of the search
        void *block;
    } of[MODEL_THREADS_MAX + 1];
} locals[LOCALS_MAX];

void *model_local(const void *key, size_t size)
{
    uint32_t i = 0;
    while (i < LOCALS_MAX && locals[i].key != NULL && locals[i].key != key)
        i++;
    if (i == LOCALS_MAX)
        say_cut("more thread-local variables than the explorer has");
    locals[i].key = key;
    uint32_t serial = run_in_thread() ? run.serial : run.search;
    if (locals[i].of[run.self].serial != serial) {
        locals[i].of[run.self].serial = serial;
        locals[i].of[run.self].block = model_calloc(1, size);
    }
    return locals[i].of[run.self].block;
}
