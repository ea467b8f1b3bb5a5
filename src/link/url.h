// SPDX-License-Identifier: MIT
//
// url.h - where a node listens, in words:
//
//   ipc://PATH           a socket of the file system; PATH is taken as it is, with every character
//   tcp://HOST:PORT      plain TCP
//   tls+tcp://HOST:PORT  TLS over TCP
//
// HOST is a name, an IPv4 address in four numbers, or an IPv6 address in brackets; PORT is a number, and 0 leaves it to
// the system. Nothing may follow. What is not exactly that is refused, because a URL that was guessed at leads
// somewhere else. Nothing is looked up here: the functions are pure.

#ifndef ACTI_LINK_URL_H
#define ACTI_LINK_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "link/reason.h"

// Bytes of a socket's path, without the NUL. The system takes 107; one is for the name it has before it listens.
#define ACTI_URL_PATH_MAX 106
#define ACTI_URL_HOST_MAX 253 // bytes of a host's name: DNS has no longer ones
#define ACTI_URL_MAX (10 + ACTI_URL_HOST_MAX + 6) // tls+tcp://, host and :65535; longer than any with a path

typedef enum acti_url_kind {
    ACTI_URL_IPC,
    ACTI_URL_TCP,
    ACTI_URL_TLS,
} acti_url_kind;

typedef struct acti_url {
    acti_url_kind kind;
    char path[ACTI_URL_PATH_MAX + 1]; // of ipc
    char host[ACTI_URL_HOST_MAX + 1]; // of the others; an address without its brackets
    uint16_t port;
} acti_url;

// acti_url_parse reads the size bytes at text.
//
// Errors:  ACTA_EINVAL; why gets what is wrong with it, and how to write it.
int
acti_url_parse(const char *text, size_t size, acti_url *url, acti_reason why);

// acti_url_write writes url as it is parsed, with a NUL: at most ACTI_URL_MAX bytes and that.
void
acti_url_write(const acti_url *url, char text[ACTI_URL_MAX + 1]);

// acti_url_is_address: whether host is an address and not a name.
bool
acti_url_is_address(const acti_url *url);

// A URL of anybody's making as it can be shown in a line.
typedef struct acti_url_shown {
    char text[ACTI_URL_MAX + 4];
} acti_url_shown;

// acti_url_show gives a URL with a ? for each byte that would disturb a line, and cut where it is longer than any URL.
acti_url_shown
acti_url_show(const char *text);

#endif
