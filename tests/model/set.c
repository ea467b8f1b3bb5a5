// SPDX-License-Identifier: MIT
//
// set.c - open addressing, at most half full.

#include "set.h"

#include <stdlib.h>

static uint64_t *slot_of(const set *s, uint64_t value)
{
    uint64_t at = value * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    while (s->slots[at & (s->size - 1)] != 0 && s->slots[at & (s->size - 1)] != value)
        at++;
    return &s->slots[at & (s->size - 1)];
}

static void grow(set *s)
{
    set old = *s;
    s->size = old.size == 0 ? 1024 : old.size * 2;
    s->slots = calloc(s->size, sizeof(*s->slots));
    if (s->slots == NULL)
        abort();
    for (uint64_t i = 0; i < old.size; i++)
        if (old.slots[i] != 0)
            *slot_of(s, old.slots[i]) = old.slots[i];
    free(old.slots);
}

bool set_add(set *s, uint64_t value)
{
    if (value == 0) {
        bool is_new = !s->has_zero;
        s->has_zero = true;
        s->count += is_new;
        return is_new;
    }
    if (s->count * 2 >= s->size)
        grow(s);
    uint64_t *slot = slot_of(s, value);
    bool is_new = *slot == 0;
    *slot = value;
    s->count += is_new;
    return is_new;
}

bool set_has(const set *s, uint64_t value)
{
    return value == 0 ? s->has_zero : s->size > 0 && *slot_of(s, value) == value;
}

void set_clear(set *s)
{
    free(s->slots);
    *s = (set){0};
}
