// SPDX-License-Identifier: MIT
//
// past.c - looking into a past, and learning.

#include "core/past.h"

#include <stdlib.h>
#include <string.h>

#include "base/platform.h"

struct acti_past {
    uint32_t holders;
    uint32_t room; // for entries
    uint32_t count;
    acti_past_entry entries[]; // by source, ascending
};

// Both pasts, and the moment's own entry.
#define MERGED_MAX (2 * ACTI_PAST_MAX + 1)

typedef struct merged {
    uint32_t count;
    acti_past_entry entries[MERGED_MAX];
} merged;

void acti_past_hold(acti_past *past)
{
    if (past != NULL)
        past->holders++;
}

void acti_past_let_go(acti_past **handle)
{
    acti_past *past = *handle;
    *handle = NULL;
    if (past != NULL && --past->holders == 0)
        free(past);
}

const acti_past_entry *acti_past_entry_of(const acti_past *past, uint64_t source)
{
    uint32_t low = 0;
    uint32_t high = past != NULL ? past->count : 0;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (past->entries[middle].source < source)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = past != NULL && low < past->count && past->entries[low].source == source;
    return found ? &past->entries[low] : NULL;
}

// ---- learning -----------------------------------------------------------------------

// lengthen adds a name to a path; of a full one, what is between its first and its last name is left out.
static void lengthen(uint16_t path[ACTI_PAST_PATH], uint16_t name)
{
    for (int i = 0; i < ACTI_PAST_PATH; i++) {
        if (path[i] == 0) {
            path[i] = name;
            return;
        }
    }
    path[1] = ACTI_PAST_GAP;
    path[ACTI_PAST_PATH - 2] = path[ACTI_PAST_PATH - 1];
    path[ACTI_PAST_PATH - 1] = name;
}

// add puts an entry behind the others. Of two for one source, which follow each other, the later one stays.
static void add(merged *all, const acti_past_entry *entry, const acti_moment *by)
{
    acti_past_entry *last = all->count > 0 ? &all->entries[all->count - 1] : NULL;
    if (last == NULL || last->source != entry->source)
        last = &all->entries[all->count++];
    else if (last->at >= entry->at)
        return;
    *last = *entry;
    if (by != NULL && by->name != 0)
        lengthen(last->path, by->name);
}

// merge takes the entries of three sorted lists in order: mine, theirs, and the moment's own.
static void merge(merged *all, const acti_past *mine, uint64_t self, const acti_moment *of)
{
    acti_past_entry own = {.source = of->source, .at = of->at};
    uint32_t i = 0, j = 0;
    uint32_t mines = mine != NULL ? mine->count : 0;
    uint32_t theirs = of->past != NULL ? of->past->count : 0;
    bool told = of->source == 0; // nobody's moment says nothing of itself
    for (;;) {
        const acti_past_entry *m = i < mines ? &mine->entries[i] : NULL;
        const acti_past_entry *t = j < theirs ? &of->past->entries[j] : NULL;
        const acti_past_entry *o = told ? NULL : &own;
        if (m != NULL && (t == NULL || m->source <= t->source) && (o == NULL || m->source <= o->source)) {
            add(all, m, NULL);
            i++;
        } else if (t != NULL && (o == NULL || t->source <= o->source)) {
            if (t->source != self)
                add(all, t, of);
            j++;
        } else if (o != NULL) {
            add(all, o, of);
            told = true;
        } else {
            return;
        }
    }
}

// nth_moment gives the moment that so many of the entries are older than: a selection that leaves one side of a pivot
// out of sight each time. Moments differ, as they are events of different sources.
static uint64_t nth_moment(const merged *all, uint32_t nth)
{
    uint64_t at[MERGED_MAX];
    uint32_t count = all->count;
    for (uint32_t i = 0; i < count; i++)
        at[i] = all->entries[i].at;
    for (;;) {
        uint64_t pivot = at[count / 2];
        uint64_t newer[MERGED_MAX];
        uint32_t olders = 0, newers = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (at[i] < pivot)
                at[olders++] = at[i];
            else if (at[i] > pivot)
                newer[newers++] = at[i];
        }
        if (nth == olders)
            return pivot;
        if (nth < olders) {
            count = olders;
        } else {
            nth -= olders + 1;
            count = newers;
            memcpy(at, newer, newers * sizeof(at[0]));
        }
    }
}

// trim forgets the oldest entries of too many, and gives how many.
static uint32_t trim(merged *all, uint64_t *floor)
{
    if (all->count <= ACTI_PAST_MAX)
        return 0;
    uint32_t forgotten = all->count - ACTI_PAST_MAX;
    uint64_t last = nth_moment(all, forgotten - 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all->count; i++)
        if (all->entries[i].at > last)
            all->entries[kept++] = all->entries[i];
    acti_assert(kept == ACTI_PAST_MAX);
    all->count = kept;
    if (*floor < last)
        *floor = last;
    return forgotten;
}

// writable gives a past with room for count entries that nobody else holds: *past itself, if it is one.
static acti_past *writable(acti_past *past, uint32_t count)
{
    if (past != NULL && past->holders == 1 && past->room >= count)
        return past;
    uint32_t room = 4;
    while (room < count)
        room *= 2;
    acti_past *fresh = malloc(sizeof(*fresh) + room * sizeof(fresh->entries[0]));
    if (fresh != NULL)
        *fresh = (acti_past){.holders = 1, .room = room};
    return fresh;
}

uint32_t acti_past_learn(acti_past **past, uint64_t *floor, uint64_t self, const acti_moment *of)
{
    if (*floor < of->floor)
        *floor = of->floor;
    if (of->source == self || (of->source == 0 && of->past == NULL))
        return 0;
    merged all;
    all.count = 0;
    merge(&all, *past, self, of);
    uint64_t floor_then = *floor;
    uint32_t forgotten = trim(&all, &floor_then);
    acti_past *next = writable(*past, all.count);
    if (next == NULL)
        return UINT32_MAX;
    next->count = all.count;
    memcpy(next->entries, all.entries, all.count * sizeof(all.entries[0]));
    if (next != *past)
        acti_past_let_go(past);
    *past = next;
    *floor = floor_then;
    return forgotten;
}
