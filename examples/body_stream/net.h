// SPDX-License-Identifier: MIT
//
// net.h - the actor that asks for a body and takes it.

#ifndef BODY_STREAM_NET_H
#define BODY_STREAM_NET_H

#include <acta/actor.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>

#include "digest.h"

typedef enum net_outcome { NET_NONE, NET_DONE, NET_ERROR, NET_CRASHED, NET_CANCELLED } net_outcome;

// What came of one body.
typedef struct net_result {
    net_outcome outcome;
    uint64_t bytes;
    char sha256[DIGEST_TEXT];
    char cause[512];    // "" with NET_DONE
    bool outcome_first; // the outcome came before the end
} net_result;

typedef struct net_state {
    // Filled in by the thread that wires it, before `begin`.
    acta_tx *router; // whom it asks
    acta_tx *tap;    // gets every chunk, too; NULL: nobody
    FILE *log;       // what came, in order; NULL: not told
    bool each_chunk; // tell each of them, and not only how many
    uint32_t window; // chunks that may be on their way
    uint32_t chunk_bytes;

    // Its own.
    struct sha256_ctx sha;
    uint64_t untold;     // of them, chunks not yet in the log
    uint32_t owed;       // chunks taken since the last pull
    bool done_came;      // with these:
    uint64_t total;
    char source_sha256[DIGEST_TEXT];
    bool end_came;
    bool give_up; // what came cannot be right: nothing that follows is of use

    net_result result; // for the thread, after the end
} net_state;

// net_body ends at EOF: when nobody is left who could send to it.
acta_body net_body;

// net_result_print writes the line that programs read.
void
net_result_print(FILE *out, const net_result *result);

// net_result_fail makes a result of a body that never began.
void
net_result_fail(net_result *result, net_outcome outcome, const char *cause);

#endif
