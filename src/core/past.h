// SPDX-License-Identifier: MIT
//
// past.h - what a source knows of the past: a sparse causal clock.
//
// Design notes. Sources are what acts: actors, and threads outside. Whoever keeps the clocks (causal.c) counts all that
// happens, sends and handlings of all sources alike, in one count; the number of an event is its moment. A past says
// for some sources up to which moment what they did lies behind its owner: an entry (source, at) stands for everything
// that the source did up to that moment, because a source does one thing after the other. What is not in any entry is
// not behind.
//
// Bounded. A past has at most ACTI_PAST_MAX entries. The oldest is forgotten for a new one, and with it two things.
// That a send lies behind is then not known any more, which makes the lint say less. That a handling lies behind is
// what keeps the lint quiet, so that must not be forgotten: the floor is raised to the moment of the entry, and
// everything that was handled by any source up to the floor counts as known. What cannot be followed at all (a
// descriptor, another node, a thread's own ways of waiting) raises the floor to the present. So to forget, or not to
// know, always makes for silence.
//
// Paths. Each entry knows by whom it came here, as numbers of names: the source first, then those who handed it on. A
// longer way loses its middle.
//
// A past is shared by the messages that were sent with it, and is not changed while it is. Not for several threads.

#ifndef ACTI_CORE_PAST_H
#define ACTI_CORE_PAST_H

#include <stdbool.h>
#include <stdint.h>

#define ACTI_PAST_MAX 32  // sources
#define ACTI_PAST_PATH 4  // names in a path
#define ACTI_PAST_GAP 1   // in a path: names have been left out here

typedef struct acti_past_entry {
    uint64_t source;
    uint64_t at;
    uint16_t path[ACTI_PAST_PATH]; // ended by 0 if it is shorter
} acti_past_entry;

typedef struct acti_past acti_past; // NULL: nothing is behind

// What one source was and knew as it did something.
typedef struct acti_moment {
    uint64_t source; // 0: nobody that is known
    uint64_t at;
    uint64_t floor;
    acti_past *past;
    uint16_t name; // of the source; 0: the paths in past are of somebody else, and stay as they are
} acti_moment;

// acti_past_hold counts one more holder, _let_go one fewer, and sets *past to NULL. NULL is ignored.
void
acti_past_hold(acti_past *past);
void
acti_past_let_go(acti_past **past);

// acti_past_entry_of gives the entry of a source, or NULL.
const acti_past_entry *
acti_past_entry_of(const acti_past *past, uint64_t source);

// acti_past_learn adds to *past what lies behind a moment of another source, itself included, and raises *floor to the
// moment's. Nothing is learnt about self.
//
// Owns:    *past is replaced.
// Returns: how many entries had to be forgotten for it; UINT32_MAX: no memory; then *past is as it was, and the caller
//          raises the floor to the present.
uint32_t
acti_past_learn(acti_past **past, uint64_t *floor, uint64_t self, const acti_moment *of);

#endif
