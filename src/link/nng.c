// SPDX-License-Identifier: MIT
//
// nng.c - the kind of links that programs use: sockets of the system, through nng.

#include "link/stream.h"

void acti_nng_links_init(acti_nng_links *links, const acta_system_opts *opts)
{
    *links = (acti_nng_links){.base = {.dial = acti_nng_dial, .listen = acti_nng_listen}, .opts = opts};
}
