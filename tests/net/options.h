// SPDX-License-Identifier: MIT
//
// options.h - options of a system that the scripts beside this file say in the environment of a program:
//
//     NET_HEARTBEAT_MS=N      heartbeat_ns
//     NET_ANYWHERE=1          plaintext_anywhere
//     NET_CA=FILE             tls.ca_file
//     NET_SHOWS=FILE          tls.cert_file, with the key beside it: NAME.key for NAME.pem

#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include <acta/acta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// net_options fills in what the environment says. The texts last as long as the program.
static inline void net_options(acta_system_opts *opts)
{
    static char key[4096];
    const char *heartbeat_ms = getenv("NET_HEARTBEAT_MS");
    const char *shows = getenv("NET_SHOWS");
    if (heartbeat_ms != NULL)
        opts->heartbeat_ns = strtoull(heartbeat_ms, NULL, 10) * ACTA_MS;
    opts->plaintext_anywhere = getenv("NET_ANYWHERE") != NULL;
    opts->tls.ca_file = getenv("NET_CA");
    opts->tls.cert_file = shows;
    if (shows != NULL) {
        snprintf(key, sizeof key, "%.*s.key", (int)(strlen(shows) - strlen(".pem")), shows);
        opts->tls.key_file = key;
    }
}

#endif
