// SPDX-License-Identifier: MIT
//
// platform.c - clock, randomness, processes, threads and locks on Linux.

#include "base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <acta/error.h>

#define NS_PER_S UINT64_C(1000000000)

void acti_assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "acta: %s:%d: `%s' does not hold; going on would corrupt data, so the program ends here\n", file,
            line, expression);
    abort();
}

ACTI_THREAD_LOCAL acti_world *acti_world_here;

uint64_t acti_clock_ns(void)
{
    if (acti_world_here != NULL)
        return acti_world_here->clock_ns(acti_world_here);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t acti_deadline_ns(uint64_t timeout_ns)
{
    uint64_t now_ns = acti_clock_ns();
    return timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
}

uint64_t acti_random_seed(void)
{
    if (acti_world_here != NULL)
        return acti_world_here->random_seed(acti_world_here);
    uint64_t seed;
    // GRND_NONBLOCK: early at boot the generator may not be ready, and a seed is not worth a hang.
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
        return seed;

    uint64_t state = acti_clock_ns() ^ ((uint64_t)(uintptr_t)&state << 16) ^ (uint64_t)getpid();
    return acti_random_next(&state);
}

uint64_t acti_random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// ---- processes --------------------------------------------------------------------

uint32_t acti_process_id(void)
{
    return acti_world_here != NULL ? 0 : (uint32_t)getpid();
}

static acti_au32 forks;

static void count_fork(void)
{
    (void)acti_au32_add_relaxed(&forks, 1); // there is no other thread
}

__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, count_fork); // without memory for it forks are not noticed
}

uint32_t acti_forks(void)
{
    return acti_au32_load_relaxed(&forks);
}

// mix adds bytes to a hash (FNV-1a), which any program can make in the same way.
static uint64_t mix(uint64_t hash, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t acti_host_id(void)
{
    if (acti_world_here != NULL)
        return 0;
    char boot[64], namespace[64];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t boot_size = fd >= 0 ? read(fd, boot, sizeof(boot)) : -1;
    if (fd >= 0)
        close(fd);
    ssize_t namespace_size = readlink("/proc/self/ns/pid", namespace, sizeof(namespace));
    if (boot_size <= 0 || namespace_size <= 0)
        return 0;
    uint64_t id = mix(mix(UINT64_C(0xcbf29ce484222325), boot, (size_t)boot_size), namespace, (size_t)namespace_size);
    return id != 0 ? id : 1;
}

// The descriptor of a process can be read when the process has ended, also before its parent has waited for it; a
// signal of number 0 could still be sent to it then.
bool acti_process_is_gone(uint32_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0u);
    if (fd < 0)
        return errno == ESRCH;
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    bool gone = poll(&ended, 1, 0) == 1;
    close(fd);
    return gone;
}

int acti_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg)
{
    if (acti_world_here != NULL) {
        errno = ENOTSUP;
        return ACTA_EIO;
    }
    // A thread inherits the mask of its maker, so the maker wears it for the moment. Faults stay open: blocked,
    // they would kill the process past every crash handler and sanitizer.
    sigset_t blocked, before;
    sigfillset(&blocked);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&blocked, faults[i]);

    pthread_t made;
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int failed = pthread_create(&made, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        errno = failed;
        return ACTA_EIO;
    }

    // The name is for people looking at the process; a thread without one works as well.
    char cut[16];
    snprintf(cut, sizeof(cut), "%s", name);
    pthread_setname_np(made, cut);
    *thread = made;
    return ACTA_OK;
}

void acti_thread_join(pthread_t thread)
{
    acti_assert(pthread_join(thread, NULL) == 0);
}

void acti_thread_detach(pthread_t thread)
{
    acti_assert(pthread_detach(thread) == 0);
}

void acti_thread_yield(void)
{
    if (acti_world_here == NULL)
        sched_yield();
}

uint32_t acti_cpu_count(void)
{
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof(mask), &mask) == 0 && CPU_COUNT(&mask) > 0)
        return (uint32_t)CPU_COUNT(&mask);

    // The kernel knows more processors than cpu_set_t holds.
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

void acti_lock_init(acti_lock *lock)
{
    *lock = (acti_lock)ACTI_LOCK_INIT;
}

void acti_lock_fini(acti_lock *lock)
{
    acti_assert(pthread_mutex_destroy(&lock->mutex) == 0);
}

// Libc's own check for misuse costs several times as much as the lock itself, so we compare owners: a thread is known
// by the address of something of its own. Relaxed: it only has to see whether it was itself.
static ACTI_THREAD_LOCAL char my_mark;

void acti_lock_take(acti_lock *lock)
{
    acti_assert(acti_aptr_load_relaxed(&lock->owner) != &my_mark);
    acti_assert(pthread_mutex_lock(&lock->mutex) == 0);
    acti_aptr_store_relaxed(&lock->owner, &my_mark);
}

void acti_lock_give(acti_lock *lock)
{
    acti_assert(acti_aptr_load_relaxed(&lock->owner) == &my_mark);
    acti_aptr_store_relaxed(&lock->owner, NULL);
    acti_assert(pthread_mutex_unlock(&lock->mutex) == 0);
}
