// SPDX-License-Identifier: MIT
//
// tls.h - TLS 1.2 between bytes and bytes: no socket, no clock of its own, no thread.
//
// Both sides show a certificate, and believe the other if one of the authorities in their ca_file has signed it. That
// of the side that was dialled must be for the host that was dialled, too. So a program that has no certificate of a
// trusted authority can neither listen in anybody's name nor connect to anybody.
//
// A conversation takes what came from the peer and gives what is to be sent to it:
//
//   SHAKING HANDS --both are believed--> OPEN --an error, or the peer's end--> ENDED
//   SHAKING HANDS --anything else--> ENDED

#ifndef ACTI_LINK_TLS_H
#define ACTI_LINK_TLS_H

#include <acta/system.h>

#include "base/buf.h"
#include "link/reason.h"

// What acti_tls_ functions give besides a status: nothing is wrong, but more must come from the peer first.
#define ACTI_TLS_MORE 1

// Of what is encrypted at once, and so about of a conversation's buffers.
#define ACTI_TLS_PART (64u * 1024)

typedef struct acti_tls_config acti_tls_config; // certificates and keys, read and checked; counted
typedef struct acti_tls acti_tls;               // one conversation

// acti_tls_config_new reads the files. A certificate that has expired, or a key that is another's, is refused here and
// not by every peer. Blocks as files do.
//
// Owns:    *config is the caller's, to be given to acti_tls_config_drop.
// Errors:  ACTA_EINVAL an option is missing, or a file is not what it should be, or acta was built without TLS;
//          ACTA_ENOENT, ACTA_EACCES and ACTA_EIO a file cannot be read; ACTA_ENOMEM.
int
acti_tls_config_new(const acta_tls_opts *opts, bool server, acti_tls_config **config, acti_reason why);
void
acti_tls_config_drop(acti_tls_config *config);

// acti_tls_new starts a conversation. host is whom the peer's certificate must be for, a name or an address; NULL on
// the side that was dialled. NULL without memory.
acti_tls *
acti_tls_new(acti_tls_config *config, const char *host);
void
acti_tls_free(acti_tls *tls);

// acti_tls_space gives where bytes of the peer go, NULL without memory; acti_tls_fed says that size of them have come.
uint8_t *
acti_tls_space(acti_tls *tls, size_t *room);
void
acti_tls_fed(acti_tls *tls, size_t size);

// acti_tls_out is what is to be sent to the peer. The caller empties it.
acti_buf *
acti_tls_out(acti_tls *tls);

// acti_tls_shake shakes hands as far as that goes. Afterwards, whatever it gives, something may be to be sent.
//
// Errors:  ACTI_TLS_MORE; ACTA_EACCES one side does not believe the other; ACTA_EMALFORMED the peer does not speak TLS,
//          or not as we do; ACTA_ENOMEM. why gets the reason, and what to do.
int
acti_tls_shake(acti_tls *tls, acti_reason why);

// acti_tls_read gives up to size bytes of what the peer said; *got is at least 1 with ACTA_OK.
//
// Errors:  ACTI_TLS_MORE; ACTA_EUNREACH the peer has said that this is the end; ACTA_EIO what came was changed on the
//          way, or is not TLS any more. After one of the last two nothing more may be read.
int
acti_tls_read(acti_tls *tls, void *bytes, size_t size, size_t *got);

// acti_tls_write encrypts up to ACTI_TLS_PART bytes into what is to be sent, which is empty. *taken is how many.
//
// Errors:  ACTA_ENOMEM; ACTA_EIO.
int
acti_tls_write(acti_tls *tls, const void *bytes, size_t size, size_t *taken);

#endif
