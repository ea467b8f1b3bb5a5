// SPDX-License-Identifier: MIT
//
// set.h - a set of 64-bit values that grows.

#ifndef MODEL_SET_H
#define MODEL_SET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct set {
    uint64_t *slots; // size of them, a power of two; 0: free
    uint64_t size, count;
    bool has_zero;
} set;

// set_add returns whether value is new.
bool
set_add(set *s, uint64_t value);
bool
set_has(const set *s, uint64_t value);
void
set_clear(set *s);

#endif
