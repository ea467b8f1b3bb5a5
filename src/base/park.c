// SPDX-License-Identifier: MIT
//
// park.c - one sleeper and its token, on a futex.
//
// Design notes
//
//   token   who writes it
//   NONE    the sleeper: it took the token, or gave up at its deadline
//   GIVEN   any giver, whatever was there
//   ASLEEP  the sleeper, from NONE only, before it asks the kernel to sleep
//
// No wake-up is lost: a giver that comes before the sleeper writes ASLEEP makes that compare-and-swap fail; one
// that comes after finds ASLEEP and wakes; and between the write and the sleep the kernel itself compares the
// word with ASLEEP again and refuses to sleep. A giver that finds anything but ASLEEP makes no system call.
//
// A giver may come to the wake after the sleeper has seen the token, returned, and freed the park. Waking an
// address does not touch the memory, so the worst outcome is a wake too many for whoever sleeps on that address
// by then; every futex user has to look again after waking, and so does this one.

#include "base/platform.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

enum { NONE, GIVEN, ASLEEP };

static bool sleep_until(acti_park *park, uint64_t deadline_ns);

void acti_park_init(acti_park *park)
{
    acti_au32_store_relaxed(&park->token, NONE);
}

bool acti_park_wait(acti_park *park, uint64_t deadline_ns)
{
    if (acti_world_here != NULL)
        return acti_world_here->park_wait(acti_world_here, park, deadline_ns);
    bool in_time = true;
    while (!acti_park_try(park)) {
        uint32_t seen = NONE;
        if (!in_time) {
            // Relaxed: nothing is taken along; a giver that came meanwhile makes this fail and is heard instead.
            seen = ASLEEP;
            if (acti_au32_cas_relaxed(&park->token, &seen, NONE))
                return false;
            continue;
        }
        // Relaxed: the word tells a giver only that a wake is wanted; no data goes that way. ASLEEP may be there
        // already, after a wake that no giver of ours made.
        if (acti_au32_cas_relaxed(&park->token, &seen, ASLEEP) || seen == ASLEEP)
            in_time = sleep_until(park, deadline_ns);
    }
    return true;
}

void acti_park_give(acti_park *park)
{
    // Release, for the acquire in acti_park_try: what the giver wrote is seen by the wait that takes this token. It is
    // an exchange even if a token is there already: givers before it stay in the release sequence, so that wait
    // sees what each of them wrote.
    if (acti_au32_swap_release(&park->token, GIVEN) == ASLEEP)
        syscall(SYS_futex, &park->token.v, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool acti_park_given(const acti_park *park)
{
    return acti_au32_load_relaxed(&park->token) == GIVEN;
}

// Only the sleeper leaves GIVEN, so what was seen is still there.
bool acti_park_try(acti_park *park)
{
    if (!acti_park_given(park))
        return false;
    // Acquire, for the release in acti_park_give.
    acti_au32_swap_acquire(&park->token, NONE);
    return true;
}

// sleep_until sleeps while the token is ASLEEP; false at the deadline. Returns early for a signal or no reason.
static bool sleep_until(acti_park *park, uint64_t deadline_ns)
{
    // FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC: waking early and sleeping again moves nothing.
    struct timespec until = {
        .tv_sec = (time_t)(deadline_ns / NS_PER_S),
        .tv_nsec = (long)(deadline_ns % NS_PER_S),
    };
    long rc = syscall(SYS_futex, &park->token.v, FUTEX_WAIT_BITSET_PRIVATE, ASLEEP,
                      deadline_ns == UINT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    return rc == 0 || errno != ETIMEDOUT;
}
