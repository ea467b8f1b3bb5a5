// SPDX-License-Identifier: MIT
//
// slots.h - a slot map: hands out 64-bit ids for pointers, finds and removes them in constant time, and never
// takes an old id for a new one. The id is generation << 32 | index + 1, so that 0 is never an id. No thread
// safety of its own.

#ifndef ACTI_BASE_SLOTS_H
#define ACTI_BASE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct acti_slots {
    struct acti_slot *items;
    uint32_t size;  // slots allocated
    uint32_t used;  // slots that ever were in use: the first ones
    uint32_t count; // slots in use
    uint32_t free;  // index + 1 of the first free slot, 0: none
    uint32_t limit; // most slots that may be in use
} acti_slots;

// A zeroed acti_slots with limit set is ready. fini frees the table, not what it points to.
void
acti_slots_fini(acti_slots *slots);

// acti_slots_add enters item (not NULL). Returns 0 when the limit is reached or memory ran out.
uint64_t
acti_slots_add(acti_slots *slots, void *item);

// acti_slots_get is the item of that id, or NULL for an id that is none any more, or never was.
void *
acti_slots_get(const acti_slots *slots, uint64_t id);

// acti_slots_remove takes the item out and gives it, or NULL.
void *
acti_slots_remove(acti_slots *slots, uint64_t id);

// acti_slots_next iterates: *at starts at 0; gives items until NULL. Removing the item just given is allowed.
void *
acti_slots_next(const acti_slots *slots, uint32_t *at);

// acti_slots_check aborts when the table is not in order. Visits every slot.
void
acti_slots_check(const acti_slots *slots);

#endif
