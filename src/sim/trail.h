// SPDX-License-Identifier: MIT
//
// trail.h - what the exhaustive strategy knows: the states on the way to where it is, and what was tried in each.
//
// The way is a stack. A state has a place in it; what was possible there, what the chosen step touched and made, and
// which steps it came after are kept in arrays that grow and shrink with the stack, so that memory is bounded by the
// longest schedule, and a schedule that is no longer than those before costs no allocation.
//
//     option:   possible -> wanted -> chosen -> asleep
//               possible -> asleep             it went to sleep in an earlier state, and no step since has woken it
//
// asleep: all schedules that go on from this state with this step have been run, or equivalent ones. wanted: the step
// is still to be tried here. A state whose wanted options are all asleep is done.

#ifndef ACTI_SIM_TRAIL_H
#define ACTI_SIM_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/step.h"

#define ACTI_TRAIL_NONE UINT32_MAX

typedef struct acti_touched {
    uint64_t object;
    acti_touch how;
} acti_touched;

// A footprint: entries of acti_trail.touched. The step itself is always among them, as an object that is written; so
// who makes a step possible or impossible is dependent with it by having written it.
typedef struct acti_print {
    uint32_t first;
    uint32_t count;
    uint64_t signature; // the objects as bits; two footprints with none in common share no object
    bool everything;
} acti_print;

// A step that was possible in a state.
typedef struct acti_option {
    uint64_t event;
    uint64_t lane;
    acti_print print; // known if chosen or asleep
    bool fault;
    bool wanted;
    bool asleep;
} acti_option;

typedef struct acti_state {
    uint32_t first;  // option
    uint32_t count;  // of options
    uint32_t chosen; // index in acti_trail.options
    uint32_t made;   // first of what the chosen step made; it ends where that of the next state begins
    uint32_t before; // first word of two sets of places, of as many words: before the chosen step, and chained to it
} acti_state;

// An array that grows by doubling and never shrinks.
typedef struct acti_heap {
    void *items;
    uint32_t count;
    uint32_t room;
} acti_heap;

typedef struct acti_trail {
    acti_heap states;  // acti_state
    acti_heap options; // acti_option
    acti_heap touched; // acti_touched
    acti_heap made;    // uint64_t: events
    acti_heap before;  // uint64_t: sets
} acti_trail;

void
acti_trail_fini(acti_trail *trail);

// ---- states -------------------------------------------------------------------

static inline uint32_t acti_trail_depth(const acti_trail *trail)
{
    return trail->states.count;
}

static inline acti_state *acti_trail_state(const acti_trail *trail, uint32_t place)
{
    return (acti_state *)trail->states.items + place;
}

static inline acti_option *acti_trail_option(const acti_trail *trail, uint32_t index)
{
    return (acti_option *)trail->options.items + index;
}

static inline acti_option *acti_trail_chosen(const acti_trail *trail, uint32_t place)
{
    return acti_trail_option(trail, acti_trail_state(trail, place)->chosen);
}

// acti_trail_find gives the option of a state with that event, or NULL.
acti_option *
acti_trail_find(const acti_trail *trail, uint32_t place, uint64_t event);

// acti_trail_push enters a state in which these steps are possible. Those sleep that slept in the state before, or were
// done there, and are independent of the step from there to here. ACTI_TRAIL_NONE is chosen. False without memory.
bool
acti_trail_push(acti_trail *trail, const acti_step *steps, uint32_t count);

// acti_trail_pop forgets the last state.
void
acti_trail_pop(acti_trail *trail);

// acti_trail_choose makes an option of the last state the chosen one, of which nothing is known yet. False without
// memory.
bool
acti_trail_choose(acti_trail *trail, uint32_t index);

// ---- what the step chosen in the last state did ---------------------------------

bool
acti_trail_touch(acti_trail *trail, uint64_t object, acti_touch how);

// acti_trail_touch_as says that it touched all that another one did.
bool
acti_trail_touch_as(acti_trail *trail, const acti_print *other);
bool
acti_trail_make(acti_trail *trail, uint64_t event);

// acti_trail_made_by says whether the step of that place made event.
bool
acti_trail_made_by(const acti_trail *trail, uint32_t place, uint64_t event);

// acti_trail_dependent says whether the order of two steps, both of known footprint, may matter.
bool
acti_trail_dependent(const acti_trail *trail, const acti_print *a, const acti_print *b);

// ---- what happened before what --------------------------------------------------

// acti_trail_before says whether the step of the place `earlier` happened before that of the place `later`.
bool
acti_trail_before(const acti_trail *trail, uint32_t earlier, uint32_t later);

// acti_trail_chained says the same of the last state's step and the chains that were said to be some.
bool
acti_trail_chained(const acti_trail *trail, uint32_t earlier);

// acti_trail_order says that the step of a place, and all that happened before it, happened before the last one's.
// chain: and that it is part of a chain that leads there.
void
acti_trail_order(acti_trail *trail, uint32_t place, bool chain);

#endif
