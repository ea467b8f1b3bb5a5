// SPDX-License-Identifier: MIT
//
// script.h - the actor that reads the source and sends the body, as fast as it is asked to.

#ifndef BODY_STREAM_SCRIPT_H
#define BODY_STREAM_SCRIPT_H

#include <acta/actor.h>
#include <nettle/sha2.h>
#include <stdbool.h>

#include "digest.h"
#include "source.h"

typedef struct script_state {
    // The wiring, filled in before the first pull can come.
    acta_tx *out;    // where chunks and errors go
    acta_tx *end_to; // where done and the explicit end go; NULL: there is no explicit end, and all goes to out

    source_opts from;
    int cancel_fd; // eventfd; see source.h

    // Its own.
    source source;
    struct sha256_ctx sha;
    uint8_t *buffer; // of buffer_bytes
    size_t buffer_bytes;
    uint64_t demand; // chunks that net has asked for and not got
    bool opened;

    // For the thread, after the end.
    bool complete;      // done was sent, and accepted
    char cause[512];    // why not, for a person
    char sha256[DIGEST_TEXT]; // with complete
} script_state;

// script_body ends when it has sent the outcome, or when nobody can ask for more. It blocks in reading: ACTA_THREAD.
acta_body script_body;

#endif
