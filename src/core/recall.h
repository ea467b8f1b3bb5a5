// SPDX-License-Identifier: MIT
//
// recall.h - the messages that a receiver has handled lately, by source. What is enough to remember, and why, is in the
// heading of causal.h.

#ifndef ACTI_CORE_RECALL_H
#define ACTI_CORE_RECALL_H

#include <acta/message.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/past.h"

#define ACTI_RECALL_SOURCES 32 // of which messages are remembered
#define ACTI_RECALL_RECENT 4   // messages of one source, and one terminal one

// A message as it was sent, and when it was handled.
typedef struct acti_recalled {
    acti_moment moment;
    const acta_type *type; // NULL: none
    uint64_t handled;
} acti_recalled;

typedef struct acti_recall_source {
    uint64_t source;
    acti_recalled recent[ACTI_RECALL_RECENT]; // a ring
    uint32_t newest;                          // in it
    acti_recalled terminal;                   // the last of a terminal type
} acti_recall_source;

// All zero: nothing has been handled.
typedef struct acti_recall {
    acti_recall_source *sources;
    uint32_t count;
} acti_recall;

void
acti_recall_fini(acti_recall *recall);

// acti_recall_add remembers a message of a known source; a reference to its past is taken. Returns how many messages
// were forgotten for it, or for want of memory.
uint32_t
acti_recall_add(acti_recall *recall, const acti_recalled *message);

// acti_recall_sent_by gives the last message of a source that was sent by a moment, or the last terminal one if only
// these count; NULL: none, or not remembered.
const acti_recalled *
acti_recall_sent_by(const acti_recall_source *of, uint64_t at, bool terminal);

// acti_recall_last gives the last message of a source, or the last terminal one if only these count, or NULL.
const acti_recalled *
acti_recall_last(const acti_recall_source *of, bool terminal);

#endif
