// SPDX-License-Identifier: MIT
//
// stream.h - what the files of nng's kind of links need of each other.

#ifndef ACTI_LINK_STREAM_H
#define ACTI_LINK_STREAM_H

#include <nng/nng.h>

#include "link/link.h"

// acti_link_new makes a link of stream. A peer over ipc must run as the user that we run as; of another there is no
// telling. On the control thread only.
//
// Owns:    stream is the link's, and is freed on failure.
// Errors:  ACTA_EACCES the peer is another user; ACTA_ENOMEM; ACTA_EIO.
int
acti_link_new(nng_stream *stream, acti_url_kind kind, acti_link **link);

// acti_link_status is the status for an error of nng: ACTA_OK, ACTA_EUNREACH, ACTA_EACCES, ACTA_EEXIST, ACTA_ENOMEM or
// ACTA_EIO.
int
acti_link_status(int nng_error);

// The operations of acti_nng_links.
acti_link_dialer *
acti_nng_dial(const acti_links *links, const char *url, acti_link_dialed done, void *arg);
int
acti_nng_listen(const acti_links *links, const char *url, acti_link_accepted accepted, void *arg,
                acti_link_listener **listener, acti_reason why);

#endif
