// SPDX-License-Identifier: MIT
//
// nng.c - the kind of links that programs use: sockets of the system, through nng.

#include "link/stream.h"

const acti_links acti_links_nng = {
    .dial = acti_nng_dial,
    .listen = acti_nng_listen,
    .listener_close = acti_nng_listener_close,
};
