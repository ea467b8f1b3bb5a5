// SPDX-License-Identifier: MIT
//
// bench.h - what every benchmark needs: a clock, numbers from the command line, and a way out.

#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

#endif
