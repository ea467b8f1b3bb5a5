// SPDX-License-Identifier: MIT
//
// resolve.h - the addresses of a host, and whether plain TCP may be spoken there.
//
// Whoever can see the packets can read plain TCP, and change it, and put in their own. On loopback only this machine
// can. So tcp:// is for loopback, unless the program says otherwise. What is judged are the addresses that a host has,
// all of them, and never its name: and it is those addresses that are then used, so that no second look-up can give
// others.

#ifndef ACTI_LINK_RESOLVE_H
#define ACTI_LINK_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "link/control.h"
#include "link/url.h"

#define ACTI_ADDRESSES_MAX 16 // of a host; more are left out

typedef struct acti_address {
    char text[INET6_ADDRSTRLEN];
    bool loopback;
} acti_address;

typedef struct acti_addresses {
    acti_address at[ACTI_ADDRESSES_MAX]; // in the order in which they are to be tried
    size_t count;
} acti_addresses;

// acti_resolve gives the addresses of url's host, at least one. Asks nobody for those of an address; for those of a
// name it blocks, perhaps for many seconds.
//
// Errors:  ACTA_ENOENT there is no such host; ACTA_EUNREACH those who would know do not answer; ACTA_ENOMEM; ACTA_EIO.
int
acti_resolve(const acti_url *url, acti_addresses *addresses, acti_reason why);

// acti_resolve_judge says whether url may be used with these addresses. ACTA_OK or ACTA_EACCES.
int
acti_resolve_judge(const acti_url *url, const acti_addresses *addresses, bool plaintext_anywhere, acti_reason why);

// ---- on a thread of its own -----------------------------------------------------------

// One look-up. ended is run on the control thread; it reads the outcome, and gives the look-up to acti_lookup_free.
typedef struct acti_lookup {
    acti_control_job ended;
    void *arg; // for ended; the control thread may change it until then
    int status;
    acti_addresses addresses; // with ACTA_OK
    char why[ACTI_REASON_BYTES];

    acti_url url;
    pthread_t thread;
} acti_lookup;

// acti_lookup_start looks up url's host. The control thread is held until the look-up is freed. On that thread.
//
// Errors:  ACTA_EFULL too many look-ups go on; ACTA_ENOMEM; ACTA_EIO no thread could be started.
int
acti_lookup_start(const acti_url *url, void (*ended)(acti_control_job *job), void *arg, acti_lookup **lookup);

// acti_lookup_free frees a look-up that has ended. On the control thread.
void
acti_lookup_free(acti_lookup *lookup);

#endif
