// SPDX-License-Identifier: MIT
//
// onlookers.h - two actors that see the body go by: one counts, one draws.

#ifndef DEMO_STREAM_ONLOOKERS_H
#define DEMO_STREAM_ONLOOKERS_H

#include <acta/acta.h>
#include <sys/types.h>

typedef struct onlookers {
    uint64_t total;   // bytes that will come
    uint64_t kill_at; // bytes after which script is killed, 0: never
    pid_t script;     // set before the first chunk

    // The counter's own; to be read once the system is closed.
    uint64_t bytes;
    uint64_t packages; // lines that begin with "Package:"
    uint32_t matched;  // characters of that, from the beginning of the line
    acta_tx *meter;
    uint64_t told; // bytes the meter knows of
} onlookers;

// onlookers_open starts both; *tap is to get every chunk.
int
onlookers_open(onlookers *o, acta_system *sys, acta_tx **tap);

#endif
