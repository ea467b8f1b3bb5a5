// SPDX-License-Identifier: MIT
//
// input.h - what the demo streams, and what is known of it beforehand.

#ifndef DEMO_STREAM_INPUT_H
#define DEMO_STREAM_INPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../body_stream/digest.h"

typedef struct input {
    char path[PATH_MAX];
    char what[PATH_MAX + 64]; // for a person
    uint64_t bytes;
    uint64_t packages; // lines that begin with "Package:"
    char sha256[DIGEST_TEXT];
} input;

// input_open takes file or, when that is NULL, the machine's package index, written into folder; without package lists
// another large text. It is read once, to be compared with what arrives. False: why says what is wrong.
bool
input_open(input *in, const char *file, const char *folder, char *why, size_t why_size);

#endif
