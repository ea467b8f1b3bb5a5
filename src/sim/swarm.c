// SPDX-License-Identifier: MIT
//
// swarm.c - what a schedule is like, and whose turn it is: program, clock or faults.

#include "sim/swarm.h"

#include "base/platform.h"

static uint32_t behind(const acti_step *steps, uint32_t count, acti_step_kind kind);
static bool fault_of(acti_swarm *swarm, const acti_step *steps, uint32_t first, uint32_t count, uint32_t *index);
static bool overdue(acti_passed *passed, uint64_t event, uint32_t patience);

void acti_swarm_begin(acti_swarm *swarm, uint64_t seed, uint32_t patience)
{
    acti_assert(patience >= 1);
    *swarm = (acti_swarm){.random = seed, .patience = patience};
    swarm->eager = acti_swarm_below(swarm, 2) == 0;
    uint32_t rate = acti_swarm_below(swarm, 4);
    swarm->fault_in = rate == 0 ? 0 : UINT32_C(1) << (rate - 1);
    // Half of the schedules have all sorts.
    swarm->faults = (uint32_t)acti_random_next(&swarm->random);
    if (acti_swarm_below(swarm, 2) == 0)
        swarm->faults = UINT32_MAX;
}

acti_offer acti_swarm_offer(acti_swarm *swarm, const acti_step *steps, uint32_t count)
{
    uint32_t faults = behind(steps, count, ACTI_STEP_FAULT);
    uint32_t sound = count - faults, fault = sound;
    if (faults > 0 && fault_of(swarm, steps, sound, faults, &fault))
        return (acti_offer){.first = fault, .count = 1};

    uint32_t clocks = behind(steps, sound, ACTI_STEP_CLOCK);
    uint32_t program = sound - clocks;
    bool timeless = clocks > 0 && overdue(&swarm->clock, steps[program].event, swarm->patience);
    if (program == 0 || timeless)
        return (acti_offer){.first = program, .count = clocks};
    if (overdue(&swarm->oldest, steps[0].event, swarm->patience))
        return (acti_offer){.count = 1, .overdue = true};
    return (acti_offer){.count = swarm->eager ? sound : program};
}

uint32_t acti_swarm_below(acti_swarm *swarm, uint32_t below)
{
    // The upper half times below, instead of a remainder: no division. The bias is below 2^-32 * below.
    return (uint32_t)((acti_random_next(&swarm->random) >> 32) * below >> 32);
}

// behind counts the steps of that kind at the end.
static uint32_t behind(const acti_step *steps, uint32_t count, acti_step_kind kind)
{
    uint32_t n = 0;
    while (n < count && steps[count - 1 - n].kind == kind)
        n++;
    return n;
}

// fault_of draws whether a fault is due, and one of those that may happen. With nothing else to do there is one.
static bool fault_of(acti_swarm *swarm, const acti_step *steps, uint32_t first, uint32_t count, uint32_t *index)
{
    if (first > 0 && (swarm->fault_in == 0 || acti_swarm_below(swarm, swarm->fault_in) != 0))
        return false;

    uint32_t seen = 0;
    for (uint32_t i = first; i < first + count; i++)
        if (first == 0 || (swarm->faults >> (steps[i].fault & 31) & 1) != 0)
            if (acti_swarm_below(swarm, ++seen) == 0) // each of those seen so far is equally likely
                *index = i;
    return seen > 0;
}

// overdue says that event was there `patience` times in a row before this.
static bool overdue(acti_passed *passed, uint64_t event, uint32_t patience)
{
    if (passed->event != event)
        *passed = (acti_passed){.event = event};
    return passed->times++ >= patience;
}
