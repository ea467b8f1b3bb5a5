// SPDX-License-Identifier: MIT
//
// race.h - the order lint in the sim: two-path races, and what happens when one comes out the other way.
//
// A race is found in every schedule in which its two messages are sent, so the first schedules of an exploration are
// looked at and then one of ACTI_RACE_EVERY. Each race is named once. Then the schedule is run again with that one
// order turned around: the first of the two messages waits until the second has arrived.

#ifndef ACTI_SIM_RACE_H
#define ACTI_SIM_RACE_H

#include "core/causal.h"
#include "sim/forced.h"

#define ACTI_RACE_FIRST 16 // schedules that are all looked at
#define ACTI_RACE_EVERY 64
#define ACTI_RACES_MAX 64 // named in one exploration
#define ACTI_RACE_TEXT 512

typedef struct acta_sim acta_sim;

// One race, as an exploration remembers it.
typedef struct acti_sim_race {
    char text[ACTI_RACE_TEXT];
    uint64_t first;  // events: deliveries of the two messages in the schedule in which it was found; 0: not known
    uint64_t second;
    bool swapped;    // the second came first in it
    bool told;
} acti_sim_race;

typedef struct acti_races {
    acti_sim_race at[ACTI_RACES_MAX];
    uint32_t count;
    acti_causal *causal; // of the schedule that runs; NULL: it is not looked at
    // Which delivery each message that was sent is: by what acti_causal_sent gave.
    struct acti_race_sent {
        uint64_t sent;
        uint64_t event;
    } *sent;
    uint32_t sent_count;
    uint32_t sent_room;
} acti_races;

// acti_races_begin prepares for schedule `number`, and looks at it or not.
void
acti_races_begin(acti_races *races, uint64_t number);
void
acti_races_end(acti_races *races);
void
acti_races_fini(acti_races *races);

// acti_races_note remembers which delivery a message will be. Nothing without memory.
void
acti_races_note(acti_races *races, uint64_t sent, uint64_t event);

// acti_races_next gives a race that has not been told yet, and notes that it is; NULL: none.
const acti_sim_race *
acti_races_next(acti_races *races);

// acti_strategy_flipped makes the choices of a forcing, but lets the step `first` wait until `second` has been chosen,
// as long as there is anything else to do. NULL without memory.
acti_strategy *
acti_strategy_flipped(const acti_forcing *forcing, uint64_t first, uint64_t second);

#endif
