// SPDX-License-Identifier: MIT
//
// race.h - a two-path race, as it was found, and in words. What one is, is in causal.h.

#ifndef ACTI_CORE_RACE_H
#define ACTI_CORE_RACE_H

#include <acta/message.h>
#include <stddef.h>
#include <stdint.h>

#include "core/past.h"

// One message of a pair.
typedef struct acti_race_message {
    const acta_type *type;
    uint64_t source;
    uint64_t sent; // what acti_causal_sent gave for it
} acti_race_message;

typedef enum acti_race_order {
    ACTI_RACE_KEPT,    // the first came first, this time
    ACTI_RACE_SWAPPED, // the second came first
    ACTI_RACE_LOST,    // the receiver handled the second, and ended before it came to the first
} acti_race_order;

typedef struct acti_race {
    uint64_t receiver;
    const char *receiver_name;
    acti_race_message first;  // it came from its source to the receiver directly
    acti_race_message second; // it was sent after the first
    // The second's way: the name of the first's source, of those who passed on what they had heard from there, and of
    // the second's source; ended by NULL. "..." stands for names that were left out. All names live as long as the
    // acti_causal.
    const char *path[ACTI_PAST_PATH + 2];
    acti_race_order order;
} acti_race;

// acti_race_say writes what is to be said about a race as one line, cut to size bytes with the NUL. Returns the length
// that the whole would have, as snprintf does.
size_t
acti_race_say(const acti_race *race, char *text, size_t size);

#endif
