// SPDX-License-Identifier: MIT
//
// secure.h - a link of TLS over another link.

#ifndef ACTI_LINK_SECURE_H
#define ACTI_LINK_SECURE_H

#include "link/link.h"
#include "link/tls.h"

#define ACTI_SECURE_SHAKE_NS UINT64_C(5000000000) // from the connection until each side believes the other

// What came of the handshake: ACTA_OK and NULL; or a status, and why for a person. Called once, on some thread, at the
// latest before the link's on_closed.
typedef void (*acti_secure_ready)(void *arg, int status, const char *why);

// acti_secure_new makes a link whose bytes go over raw as TLS, and shakes hands. host is whom the peer must be, on the
// side that dialled; NULL on the other. What is asked of the link before it is ready waits for that. It is to be closed
// in any case. On the control thread.
//
// Owns:    raw is the link's, and is closed on failure.
// Errors:  ACTA_ENOMEM.
int
acti_secure_new(acti_link *raw, acti_tls_config *config, const char *host, acti_secure_ready ready, void *arg,
                acti_link **link);

#endif
