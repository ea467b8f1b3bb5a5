// SPDX-License-Identifier: MIT
//
// digest.c - the SHA-256 of a body that comes in pieces.

#include "digest.h"

#include <stdio.h>

void digest_text(struct sha256_ctx *sha, char text[DIGEST_TEXT])
{
    uint8_t bytes[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof(bytes), bytes);
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}
