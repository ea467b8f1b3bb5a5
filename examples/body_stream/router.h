// SPDX-License-Identifier: MIT
//
// router.h - the actor of the script process that net talks to.

#ifndef BODY_STREAM_ROUTER_H
#define BODY_STREAM_ROUTER_H

#include <acta/actor.h>

// An actor's senders are filled in after it was spawned, because who is spawned first cannot be given a sender to who
// is spawned later. The thread that fills them in sends `begin` then, and does not look again until the actor has
// ended.
typedef struct router_state {
    acta_tx *script;     // gets what net asks for
    acta_tx *net;        // gets what script sends by way of us; NULL in the wiring `drop`
    acta_addr *net_addr; // whose end we watch
    int cancel_fd;       // eventfd, written when nobody asks any more, so that script stops waiting for its source

    // For the thread, after the end: ACTA_OK when net let go of us or ended in good order, else why it went away.
    int net_end;
} router_state;

// router_body passes on: from net to script, and, as far as the wiring wants it, from script to net. When net goes away
// it drops its senders, and that ends script.
acta_body router_body;

#endif
