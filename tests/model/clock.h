// SPDX-License-Identifier: MIT
//
// clock.h - a vector clock of the model: how many events of each thread are known. Four counts of 16 bits in one
// word.

#ifndef MODEL_CLOCK_H
#define MODEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t model_clock;

static inline uint32_t model_clock_of(model_clock c, uint32_t thread)
{
    return (uint32_t)(c >> (16 * thread)) & 0xffff;
}

static inline model_clock model_clock_with(model_clock c, uint32_t thread, uint32_t count)
{
    return (c & ~((uint64_t)0xffff << (16 * thread))) | (uint64_t)count << (16 * thread);
}

// The later of both for each thread. Counts stay below 2^15, so that signed lanes compare right.
static inline model_clock model_clock_join(model_clock a, model_clock b)
{
    typedef int16_t lanes __attribute__((vector_size(8)));
    lanes x, y;
    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    lanes more = x > y;
    lanes later = (x & more) | (y & ~more);
    memcpy(&a, &later, sizeof(a));
    return a;
}

// Whether the event of that index, or a plain access made when so many events were done, is known.
static inline bool model_clock_has(model_clock c, uint32_t thread, uint32_t index)
{
    return index < model_clock_of(c, thread);
}

#endif
