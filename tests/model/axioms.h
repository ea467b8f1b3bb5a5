// SPDX-License-Identifier: MIT
//
// axioms.h - how many executions the memory model allows a small program, counted from its axioms.

#ifndef MODEL_AXIOMS_H
#define MODEL_AXIOMS_H

#include "explorer.h"

#define PROGRAM_OPS_MAX 7
#define PROGRAM_LOCATIONS 2

// A program without branches: what its operations do does not depend on what they read.
typedef struct program_op {
    enum { LOAD, STORE, SWAP } kind;
    uint32_t thread;
    uint32_t location;
    model_order order;
} program_op;

typedef struct program {
    uint32_t count;
    program_op ops[PROGRAM_OPS_MAX]; // those of one thread in their order
} program;

// axioms_count is the number of consistent executions of RC11 without sequential consistency: of ways to say from
// which store each read takes its value, and in which order the stores to each location come.
uint64_t
axioms_count(const program *p);

#endif
