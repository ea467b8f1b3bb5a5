// SPDX-License-Identifier: MIT
//
// slots.c - a table of items, the free ones linked by index.
//
// Slots that were never used are not in that list: they lie behind the ones that were, and nobody touches their memory
// before the first use. So growing costs what realloc costs, which moves the pages of a large table and copies none.
//
// Removing an item counts its slot's generation up, so an old id no longer matches. A slot whose generations
// are used up, after 2^32 items, is left out for good instead of starting again at ids that are still about.

#include "base/slots.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/platform.h"

#define FIRST_SIZE 16

typedef struct acti_slot {
    void *item; // NULL: free
    uint32_t generation;
    uint32_t next_free; // index + 1, 0: none; while free and used before
} acti_slot;

static uint32_t take_free(acti_slots *slots);
static bool grow(acti_slots *slots);
static acti_slot *find(const acti_slots *slots, uint64_t id);

void acti_slots_fini(acti_slots *slots)
{
    free(slots->items);
    *slots = (acti_slots){0};
}

uint64_t acti_slots_add(acti_slots *slots, void *item)
{
    acti_assert(item != NULL);
    if (slots->count >= slots->limit)
        return 0;
    uint32_t at = take_free(slots);
    if (at == 0)
        return 0;

    acti_slot *slot = &slots->items[at - 1];
    slots->count++;
    slot->item = item;
    return (uint64_t)slot->generation << 32 | at;
}

void *acti_slots_get(const acti_slots *slots, uint64_t id)
{
    acti_slot *slot = find(slots, id);
    return slot ? slot->item : NULL;
}

void *acti_slots_remove(acti_slots *slots, uint64_t id)
{
    acti_slot *slot = find(slots, id);
    if (!slot)
        return NULL;

    void *item = slot->item;
    slot->item = NULL;
    slots->count--;
    if (slot->generation < UINT32_MAX) {
        slot->generation++;
        slot->next_free = slots->free;
        slots->free = (uint32_t)id;
    }
    return item;
}

void *acti_slots_next(const acti_slots *slots, uint32_t *at)
{
    while (*at < slots->used) {
        void *item = slots->items[(*at)++].item;
        if (item)
            return item;
    }
    return NULL;
}

void acti_slots_check(const acti_slots *slots)
{
    uint32_t count = 0;
    acti_assert(slots->used <= slots->size);
    for (uint32_t i = 0; i < slots->used; i++)
        count += slots->items[i].item != NULL;
    acti_assert(count == slots->count && slots->count <= slots->limit);

    // Bounded by what was used, so that a circle ends too.
    uint32_t unused = 0;
    for (uint32_t at = slots->free; at != 0; at = slots->items[at - 1].next_free) {
        acti_assert(at <= slots->used && slots->items[at - 1].item == NULL);
        acti_assert(++unused <= slots->used);
    }
}

// take_free gives the index + 1 of a slot, the one freed last if there is any; 0 without memory.
static uint32_t take_free(acti_slots *slots)
{
    uint32_t at = slots->free;
    if (at != 0) {
        slots->free = slots->items[at - 1].next_free;
        return at;
    }
    if (slots->used == slots->size && !grow(slots))
        return 0;
    slots->items[slots->used] = (acti_slot){.generation = 0};
    return ++slots->used;
}

// grow doubles the table.
static bool grow(acti_slots *slots)
{
    if (slots->size > UINT32_MAX / 2)
        return false;
    uint32_t size = slots->size == 0 ? FIRST_SIZE : slots->size * 2;
    acti_slot *items = realloc(slots->items, (size_t)size * sizeof(*items));
    if (!items)
        return false;
    slots->items = items;
    slots->size = size;
    return true;
}

static acti_slot *find(const acti_slots *slots, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    if (at == 0 || at > slots->used)
        return NULL;
    acti_slot *slot = &slots->items[at - 1];
    return slot->item && slot->generation == (uint32_t)(id >> 32) ? slot : NULL;
}
