// SPDX-License-Identifier: MIT
//
// platform.h - what the library needs of the operating system: clock, randomness, processes, threads, locks, and
// waiting on a word. A port to another system writes this header's functions anew and nothing else.

#ifndef ACTI_BASE_PLATFORM_H
#define ACTI_BASE_PLATFORM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"

#define ACTI_CACHE_LINE 64
#define ACTI_THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

// acti_assert stays on in release: a broken invariant ends the program with file, line and expression on
// standard error rather than go on with what cannot be.
#define acti_assert(x) ((x) ? (void)0 : acti_assert_failed(#x, __FILE__, __LINE__))
__attribute__((noreturn, cold)) void
acti_assert_failed(const char *expression, const char *file, int line);

#define ACTI_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

// ---- the world ----------------------------------------------------------------

typedef struct acti_park {
    acti_au32 token; // 0 none, 1 given, 2 a sleeper is (about to be) asleep
} acti_park;

// acti_world stands for the operating system on a thread that has another one: in the sim time is virtual, randomness
// is drawn from a seed, there is one thread, and to wait means that the others go on. Everything of acta that asks for
// one of these asks here, so nothing above this layer knows the difference.
typedef struct acti_world {
    uint64_t (*clock_ns)(struct acti_world *world);
    uint64_t (*random_seed)(struct acti_world *world);
    // As acti_park_wait; a token is taken by acti_park_try.
    bool (*park_wait)(struct acti_world *world, acti_park *park, uint64_t deadline_ns);
} acti_world;

extern ACTI_THREAD_LOCAL acti_world *acti_world_here; // NULL: the real one

// ---- clock and randomness -----------------------------------------------------

// acti_clock_ns is CLOCK_MONOTONIC in nanoseconds, or the world's time.
uint64_t
acti_clock_ns(void);

// acti_deadline_ns is the time of acti_clock_ns at which timeout_ns from now are over; UINT64_MAX if that is never.
uint64_t
acti_deadline_ns(uint64_t timeout_ns);

// acti_random_seed is 64 bits from the system's generator, or the world's; never fails (falls back to clock and
// address).
uint64_t
acti_random_seed(void);

// acti_random_next is a small fast generator (splitmix64) over *state; not for secrets.
uint64_t
acti_random_next(uint64_t *state);

// ---- processes ------------------------------------------------------------------

// acti_process_id is the number of this process; 0 in another world, which has none.
uint32_t
acti_process_id(void);

// acti_forks is how many forks this process is away from the one in which the program was executed, counting those that
// went on in the same program. Of all threads only the one that forks is in the new process.
uint32_t
acti_forks(void);

// acti_host_id is the same for two processes that know each other by these numbers: on one machine, in one start of it,
// in one namespace of processes. A hash, FNV-1a of 64 bits, of /proc/sys/kernel/random/boot_id and, behind it, of what
// the link /proc/self/ns/pid says. 0: not known, and in another world.
uint64_t
acti_host_id(void);

// acti_process_is_gone: whether the process of that number has ended, waited for or not. False when that cannot be
// told, and when the number is another's by now.
bool
acti_process_is_gone(uint32_t pid);

// ---- threads ------------------------------------------------------------------

// acti_thread_start runs fn(arg) on a new joinable thread named name (cut to 15 bytes), with every signal blocked
// but those that a fault of the thread itself raises. Returns ACTA_OK, or ACTA_EIO with errno saying more: ENOTSUP in
// another world.
int
acti_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg);

// acti_thread_join waits until it has returned; acti_thread_detach lets it go instead.
void
acti_thread_join(pthread_t thread);
void
acti_thread_detach(pthread_t thread);

// acti_thread_yield lets others that want this processor have it first. Nothing in another world.
void
acti_thread_yield(void);

// acti_cpu_count is how many processors this process may run on (its affinity mask), at least 1.
uint32_t
acti_cpu_count(void);

// ---- locks ----------------------------------------------------------------------

// acti_lock is a mutex; it aborts on misuse (taken twice by one thread, given by another) rather than return.
// It spins for a moment before it sleeps. Ranks are said where a lock is declared.
typedef struct acti_lock {
    pthread_mutex_t mutex; // of the adaptive kind: it spins for a moment, and is quick to take when free
    acti_aptr owner;       // something of the thread that has it; NULL: nobody
} acti_lock;

#define ACTI_LOCK_INIT {PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP, {NULL}}

void
acti_lock_init(acti_lock *lock);
void
acti_lock_fini(acti_lock *lock);
void
acti_lock_take(acti_lock *lock);
void
acti_lock_give(acti_lock *lock);

// ---- waiting on a word ------------------------------------------------------------

// acti_park is one sleeper's token: give may be called by any thread, any number of times, before or after
// the sleeper waits; it makes one wait return. A give happens before the return of the wait that took it.
void
acti_park_init(acti_park *park);

// acti_park_wait returns true when a token was taken, false at the deadline (acti_clock_ns; UINT64_MAX: none).
// One sleeper at a time.
bool
acti_park_wait(acti_park *park, uint64_t deadline_ns);

// acti_park_try takes a token if there is one, and does not wait; acti_park_given says whether there is one. The
// sleeper only.
bool
acti_park_try(acti_park *park);
bool
acti_park_given(const acti_park *park);

// acti_park_give leaves a token, and wakes the sleeper if there is one; no system call if there is none. The
// sleeper may free the park as soon as its wait has returned true, even if give has not returned yet.
void
acti_park_give(acti_park *park);

#endif
