// SPDX-License-Identifier: MIT
//
// trail.c - a stack of states, in five arrays.
//
// Whatever belongs to a state lies behind what belongs to the states below it; the footprint of an option that is done
// lies behind those that were done before it in the same state, and stays until the state goes.

#include "sim/trail.h"

#include <stdlib.h>

#include "base/platform.h"

#define FIRST_ROOM 64

static void *heap_add(acti_heap *heap, uint32_t count, size_t size);
static void inherit_sleep(acti_trail *trail, acti_option *option);
static uint32_t words(uint32_t place);

void acti_trail_fini(acti_trail *trail)
{
    free(trail->states.items);
    free(trail->options.items);
    free(trail->touched.items);
    free(trail->made.items);
    free(trail->before.items);
    *trail = (acti_trail){0};
}

// ---- states -------------------------------------------------------------------

acti_option *acti_trail_find(const acti_trail *trail, uint32_t place, uint64_t event)
{
    const acti_state *state = acti_trail_state(trail, place);
    for (uint32_t i = state->first; i < state->first + state->count; i++)
        if (acti_trail_option(trail, i)->event == event)
            return acti_trail_option(trail, i);
    return NULL;
}

bool acti_trail_push(acti_trail *trail, const acti_step *steps, uint32_t count)
{
    uint32_t place = acti_trail_depth(trail);
    acti_state fresh = {.first = trail->options.count,
                        .count = count,
                        .chosen = ACTI_TRAIL_NONE,
                        .made = trail->made.count,
                        .before = trail->before.count};
    acti_option *options = heap_add(&trail->options, count, sizeof(*options));
    if (!options)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        options[i] = (acti_option){
            .event = steps[i].event, .lane = steps[i].lane, .fault = steps[i].kind == ACTI_STEP_FAULT};
        if (place > 0)
            inherit_sleep(trail, &options[i]);
    }

    uint64_t *before = heap_add(&trail->before, 2 * words(place), sizeof(*before));
    acti_state *state = before ? heap_add(&trail->states, 1, sizeof(*state)) : NULL;
    if (!state) {
        trail->options.count = fresh.first;
        trail->before.count = fresh.before;
        return false;
    }
    *state = fresh;
    return true;
}

void acti_trail_pop(acti_trail *trail)
{
    const acti_state *state = acti_trail_state(trail, --trail->states.count);
    trail->options.count = state->first;
    trail->made.count = state->made;
    trail->before.count = state->before;
    // What it touched goes when the state below chooses again: until then it is out of use.
}

bool acti_trail_choose(acti_trail *trail, uint32_t index)
{
    uint32_t place = acti_trail_depth(trail) - 1;
    acti_state *state = acti_trail_state(trail, place);
    if (state->chosen != ACTI_TRAIL_NONE) {
        const acti_print *done = &acti_trail_option(trail, state->chosen)->print;
        trail->touched.count = done->first + done->count;
        trail->made.count = state->made;
    }
    uint64_t *before = (uint64_t *)trail->before.items + state->before;
    for (uint32_t i = 0; i < 2 * words(place); i++)
        before[i] = 0;

    state->chosen = index;
    acti_option *option = acti_trail_option(trail, index);
    option->print = (acti_print){.first = trail->touched.count, .everything = option->fault};
    return acti_trail_touch(trail, option->event, ACTI_TOUCH_WRITE);
}

// inherit_sleep lets an option of the state after the last one sleep if it did there and nothing has woken it.
static void inherit_sleep(acti_trail *trail, acti_option *option)
{
    uint32_t last = acti_trail_depth(trail) - 1;
    const acti_option *earlier = acti_trail_find(trail, last, option->event);
    if (!earlier || !earlier->asleep ||
        acti_trail_dependent(trail, &earlier->print, &acti_trail_chosen(trail, last)->print))
        return;
    option->asleep = true;
    option->print = earlier->print;
}

// ---- what the step chosen in the last state did ---------------------------------

bool acti_trail_touch(acti_trail *trail, uint64_t object, acti_touch how)
{
    acti_touched *touched = heap_add(&trail->touched, 1, sizeof(*touched));
    if (!touched)
        return false;
    *touched = (acti_touched){.object = object, .how = how};

    acti_print *print = &acti_trail_chosen(trail, acti_trail_depth(trail) - 1)->print;
    print->count++;
    print->signature |= UINT64_C(1) << ((object ^ object >> 32) & 63);
    return true;
}

bool acti_trail_touch_as(acti_trail *trail, const acti_print *other)
{
    acti_trail_chosen(trail, acti_trail_depth(trail) - 1)->print.everything |= other->everything;
    for (uint32_t i = other->first; i < other->first + other->count; i++) {
        acti_touched copy = ((acti_touched *)trail->touched.items)[i];
        if (!acti_trail_touch(trail, copy.object, copy.how))
            return false;
    }
    return true;
}

bool acti_trail_make(acti_trail *trail, uint64_t event)
{
    uint64_t *made = heap_add(&trail->made, 1, sizeof(*made));
    if (made)
        *made = event;
    return made != NULL;
}

bool acti_trail_made_by(const acti_trail *trail, uint32_t place, uint64_t event)
{
    uint32_t depth = acti_trail_depth(trail);
    uint32_t end = place + 1 < depth ? acti_trail_state(trail, place + 1)->made : trail->made.count;
    for (uint32_t i = acti_trail_state(trail, place)->made; i < end; i++)
        if (((uint64_t *)trail->made.items)[i] == event)
            return true;
    return false;
}

bool acti_trail_dependent(const acti_trail *trail, const acti_print *a, const acti_print *b)
{
    if (a->everything || b->everything)
        return true;
    if ((a->signature & b->signature) == 0)
        return false;
    const acti_touched *of_a = (acti_touched *)trail->touched.items + a->first;
    const acti_touched *of_b = (acti_touched *)trail->touched.items + b->first;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (of_a[i].object == of_b[j].object &&
                (of_a[i].how != of_b[j].how || of_a[i].how == ACTI_TOUCH_WRITE))
                return true;
    return false;
}

// ---- what happened before what --------------------------------------------------

static uint64_t *before_of(const acti_trail *trail, uint32_t place)
{
    return (uint64_t *)trail->before.items + acti_trail_state(trail, place)->before;
}

static bool holds(const uint64_t *set, uint32_t place)
{
    return (set[place / 64] >> (place % 64) & 1) != 0;
}

bool acti_trail_before(const acti_trail *trail, uint32_t earlier, uint32_t later)
{
    return holds(before_of(trail, later), earlier);
}

bool acti_trail_chained(const acti_trail *trail, uint32_t earlier)
{
    uint32_t last = acti_trail_depth(trail) - 1;
    return holds(before_of(trail, last) + words(last), earlier);
}

static void join(uint64_t *set, const uint64_t *with, uint32_t place)
{
    for (uint32_t i = 0; i < words(place); i++)
        set[i] |= with[i];
    set[place / 64] |= UINT64_C(1) << (place % 64);
}

void acti_trail_order(acti_trail *trail, uint32_t place, bool chain)
{
    uint32_t last = acti_trail_depth(trail) - 1;
    uint64_t *before = before_of(trail, last);
    join(before, before_of(trail, place), place);
    if (chain)
        join(before + words(last), before_of(trail, place), place);
}

// words is how many words a set of the places below `place` takes; at least 1, so that a set has an address.
static uint32_t words(uint32_t place)
{
    return place / 64 + 1;
}

// heap_add gives room for count more items behind the others; NULL without memory, with nothing changed.
static void *heap_add(acti_heap *heap, uint32_t count, size_t size)
{
    if (count > heap->room - heap->count) {
        uint32_t room = heap->room < FIRST_ROOM ? FIRST_ROOM : heap->room;
        while (room - heap->count < count) {
            if (room > UINT32_MAX / 2)
                return NULL;
            room *= 2;
        }
        void *items = realloc(heap->items, room * size);
        if (!items)
            return NULL;
        heap->items = items;
        heap->room = room;
    }
    void *added = (char *)heap->items + heap->count * size;
    heap->count += count;
    return added;
}
