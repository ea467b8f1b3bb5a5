// SPDX-License-Identifier: MIT
//
// digest.h - the SHA-256 of a body that comes in pieces.

#ifndef BODY_STREAM_DIGEST_H
#define BODY_STREAM_DIGEST_H

#include <nettle/sha2.h>

#define DIGEST_TEXT (2 * SHA256_DIGEST_SIZE + 1)

// digest_text writes the digest of all that was given to sha256_update, in hex, and starts sha anew.
void
digest_text(struct sha256_ctx *sha, char text[DIGEST_TEXT]);

#endif
