// SPDX-License-Identifier: MIT
//
// bench.h - what every benchmark needs: a clock, a look at the process's memory, numbers from the command line, random
// numbers, and a way out.

#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static inline double bench_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// A figure of something that did not work is worse than none.
static inline void bench_need(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(EXIT_FAILURE);
}

static inline long bench_number(const char *text)
{
    char *rest;
    long n = strtol(text, &rest, 10);
    bench_need(*rest == '\0' && rest != text && n > 0, "an argument is no number above 0");
    return n;
}

// bench_resident_bytes is the memory of this process that is really there.
static inline double bench_resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    bench_need(f != NULL, "no /proc/self/statm");
    long total, resident;
    bench_need(fscanf(f, "%ld %ld", &total, &resident) == 2, "/proc/self/statm has another form");
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

// bench_random gives the number after x of a sequence that does not repeat; good enough to choose a receiver.
static inline uint64_t bench_random(uint64_t x)
{
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

// bench_below gives a number below limit from the upper half of x.
static inline uint32_t bench_below(uint64_t x, uint32_t limit)
{
    return (uint32_t)((x >> 32) * limit >> 32);
}

#endif
