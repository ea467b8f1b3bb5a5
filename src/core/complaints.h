// SPDX-License-Identifier: MIT
//
// complaints.h - reports of what strangers do wrong, at a place where anybody may come: one line a second, and a count.
//
// Whoever can connect can be refused as often as he likes, and a line for each would fill the disk of whoever writes
// them down. So the first is said, those of the next second are counted, and the next one that is said says how many.

#ifndef ACTI_CORE_COMPLAINTS_H
#define ACTI_CORE_COMPLAINTS_H

#include <stdbool.h>
#include <stdint.h>

#include <acta/system.h>

#define ACTI_COMPLAINTS_NS ACTA_SECOND // between two that are said
#define ACTI_COMPLAINTS_MORE 64        // bytes of what is said of the others, with a NUL

// Right when zero. Threads: one at a time.
typedef struct acti_complaints {
    uint64_t next_ns; // from when on one may be said again
    uint64_t unsaid;  // since the last that was said
} acti_complaints;

// acti_complaints_say: whether one that comes now is to be said; else it is counted. *unsaid are those since the last.
bool
acti_complaints_say(acti_complaints *complaints, uint64_t now_ns, uint64_t *unsaid);

// acti_complaints_more writes what goes behind the text of one that is said, and gives more; "" if there is nothing.
const char *
acti_complaints_more(uint64_t unsaid, char more[ACTI_COMPLAINTS_MORE]);

#endif
