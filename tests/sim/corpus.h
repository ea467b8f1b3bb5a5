// SPDX-License-Identifier: MIT
//
// corpus.h - schedules that failed once: each test of tests/sim runs those of its scenarios first, for ever.
//
// When a test of the sim fails, it prints
//
//     replay: ACTA_SIM_REPLAY='NAME:seed=7 force=3:1,9:2'
//
// What stands between the quotes is pasted below, behind the others of that scenario, with the commit that mends what
// it found. A test takes part with .replays = sim_corpus: schedules of other scenarios are passed over, and
// tests/house/tidy finds those of scenarios that are no more.
//
// A schedule is a list of choices. When the scenario changes, or the order of what the library does, the same choices
// make another schedule: one as good as any, but no longer that which failed. So these are kept besides the claims and
// their mutants, not instead of them.

#ifndef SIM_CORPUS_H
#define SIM_CORPUS_H

#include <stddef.h>

static const char *const sim_corpus[] = {
    "crowd:seed=1",               // a message went in front of those that waited
    "crowd:seed=1 force=1:1,4:2", // the end came before what was on its way
    "bodies_that_ask_each_other_go_on:seed=2", // two who awaited each other woke each other for ever
    NULL,
};

#endif
