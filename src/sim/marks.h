// SPDX-License-Identifier: MIT
//
// marks.h - numbers that a strategy has put on lanes or actors in this schedule: a hash table that is emptied in no
// time and keeps its memory, so that schedules cost no allocation once the largest has been seen.

#ifndef ACTI_SIM_MARKS_H
#define ACTI_SIM_MARKS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct acti_mark {
    uint64_t key;
    uint64_t value;
    uint64_t schedule; // in which it was put; of another one: the slot is free
} acti_mark;

// Right when zero. Open addressing; at most half of the slots are in use.
typedef struct acti_marks {
    acti_mark *slots;
    uint32_t size; // a power of two, or 0
    uint32_t used;
    uint64_t schedule;
} acti_marks;

void
acti_marks_fini(acti_marks *marks);

// acti_marks_clear takes all marks off.
void
acti_marks_clear(acti_marks *marks);

// acti_marks_slot finds the slot of key, or the free one where it would be put. Half of the slots are free, so there is
// one, if there are any.
static inline acti_mark *acti_marks_slot(const acti_marks *marks, uint64_t key)
{
    uint32_t mask = marks->size - 1;
    // Keys are hashes, but nothing says that their low bits are: the upper bits of a product depend on all of them.
    uint32_t at = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    while (marks->slots[at & mask].schedule == marks->schedule && marks->slots[at & mask].key != key)
        at++;
    return &marks->slots[at & mask];
}

// acti_marks_get gives the mark of key, or `otherwise` if it has none. In the header because strategies ask for each
// step that is possible, in each state.
static inline uint64_t acti_marks_get(const acti_marks *marks, uint64_t key, uint64_t otherwise)
{
    if (marks->used == 0)
        return otherwise;
    const acti_mark *slot = acti_marks_slot(marks, key);
    return slot->schedule == marks->schedule ? slot->value : otherwise;
}

// acti_marks_set puts value on key. False without memory: then key is as it was before.
bool
acti_marks_set(acti_marks *marks, uint64_t key, uint64_t value);

#endif
