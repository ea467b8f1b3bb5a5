// SPDX-License-Identifier: MIT
//
// shrink.c - the fewest forced choices that still fail.
//
// Three passes, repeated until none of them gets anywhere:
//
//     chunks   take out everything, a half, a quarter, ... (once: later rounds begin with single choices)
//     singles  take out one choice at a time
//     nearer   make a choice smaller: 1, or by halves
//
// What is left then is 1-minimal: without any one of its choices the schedule does not fail. That is shown by a whole
// pass of singles in which nothing went, behind all changes, so it does not need taking out more to fail less: it holds
// for whatever `fails` says. All passes go from the last choice to the first, because what an early choice leads to
// changes all that is behind it, and what a late one leads to changes little.
//
// A candidate that fails becomes the forcing, and nothing else ever does: so the forcing fails at every moment, and the
// runs may end at any.

#include "sim/forced.h"

#include <stdlib.h>
#include <string.h>

typedef struct shrinking {
    acti_forcing *best; // fails
    acti_forcing trial; // as much room as best
    bool (*fails)(void *arg, const acti_forcing *forcing);
    void *arg;
    uint32_t tries; // left
} shrinking;

// ---- one try ------------------------------------------------------------------------

// attempt runs the trial, and takes it if it fails. There must be a try left.
static bool attempt(shrinking *s)
{
    s->tries--;
    if (!s->fails(s->arg, &s->trial))
        return false;
    s->best->count = s->trial.count;
    memcpy(s->best->at, s->trial.at, s->trial.count * sizeof *s->trial.at);
    return true;
}

// attempt_without leaves out n choices from the one at `from` on.
static bool attempt_without(shrinking *s, uint32_t from, uint32_t n)
{
    uint32_t behind = s->best->count - from - n;
    memcpy(s->trial.at, s->best->at, from * sizeof *s->trial.at);
    memcpy(s->trial.at + from, s->best->at + from + n, behind * sizeof *s->trial.at);
    s->trial.count = from + behind;
    return attempt(s);
}

static bool attempt_choice(shrinking *s, uint32_t at, uint32_t choice)
{
    memcpy(s->trial.at, s->best->at, s->best->count * sizeof *s->trial.at);
    s->trial.at[at].choice = choice;
    s->trial.count = s->best->count;
    return attempt(s);
}

// ---- the passes -----------------------------------------------------------------------

// take_out tries each chunk of `size` choices, the last one first; the first may be smaller. True: some are gone.
static bool take_out(shrinking *s, uint32_t size)
{
    bool gone = false;
    for (uint32_t end = s->best->count; end > 0 && s->tries > 0;) {
        uint32_t n = end < size ? end : size;
        gone |= attempt_without(s, end - n, n);
        end -= n;
    }
    return gone;
}

static void take_out_chunks(shrinking *s)
{
    for (uint32_t size = s->best->count; size > 1; size = (size + 1) / 2)
        take_out(s, size);
}

static void take_out_singles(shrinking *s)
{
    while (s->tries > 0 && take_out(s, 1))
        ;
}

// bring_nearer keeps that `good` does not fail and the choice does. True: it is smaller now.
static bool bring_nearer(shrinking *s, uint32_t at)
{
    uint32_t before = s->best->at[at].choice;
    if (before == 1 || attempt_choice(s, at, 1))
        return before > 1;
    uint32_t good = 1;
    while (s->best->at[at].choice - good > 1 && s->tries > 0) {
        uint32_t middle = good + (s->best->at[at].choice - good) / 2;
        if (!attempt_choice(s, at, middle))
            good = middle;
    }
    return s->best->at[at].choice < before;
}

static bool bring_all_nearer(shrinking *s)
{
    bool nearer = false;
    for (uint32_t at = s->best->count; at > 0 && s->tries > 0; at--)
        nearer |= bring_nearer(s, at - 1);
    return nearer;
}

void acti_forcing_shrink(acti_forcing *forcing, bool (*fails)(void *arg, const acti_forcing *forcing), void *arg,
                         uint32_t tries)
{
    shrinking s = {.best = forcing, .trial = *forcing, .fails = fails, .arg = arg, .tries = tries};
    if (forcing->count == 0)
        return;
    s.trial.at = malloc(forcing->count * sizeof *s.trial.at);
    if (s.trial.at == NULL)
        return;
    take_out_chunks(&s);
    do
        take_out_singles(&s);
    while (bring_all_nearer(&s));
    free(s.trial.at);
}
