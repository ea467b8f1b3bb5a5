// SPDX-License-Identifier: MIT
//
// side_net.h - the net process: what its main thread does around the actor net.

#ifndef BODY_STREAM_SIDE_NET_H
#define BODY_STREAM_SIDE_NET_H

#include <acta/acta.h>

#include "net.h"

#define HELLO_TIMEOUT_NS (10 * ACTA_SECOND) // for what takes a journey there and back

typedef struct net_opts {
    const char *url;
    uint32_t window;
    uint32_t chunk_bytes;
    uint32_t streams; // one after the other, over one session
    FILE *log;        // NULL: what comes is not told
    bool each_chunk;
    acta_tx *tap; // gets every chunk, too; borrowed; NULL: nobody

    // Called once peers can connect. Gives a descriptor that can be read, or whose other end is gone, when nobody is
    // going to connect any more; -1 when that cannot be known.
    int (*listening)(void *arg);
    void *listening_arg;
} net_opts;

// One net, on its way from its spawn to its result.
typedef struct net_slot {
    net_state state;
    const net_opts *opts;
    acta_tx *tx; // keeps it open until script has a sender of its own
    acta_addr *addr;
    int ended; // flag; -1: there is no actor
} net_slot;

// net_slot_open spawns a net and publishes it as name; opts are used until it is closed. net_slot_begin takes the
// sender to its router and starts it, once router says that script is ready. net_slot_wait waits for its end; a
// signal cancels it. close is for all cases.
int
net_slot_open(net_slot *slot, acta_system *sys, const net_opts *opts, const char *name);
int
net_slot_begin(net_slot *slot, acta_tx **router);
void
net_slot_wait(net_slot *slot);
void
net_slot_close(net_slot *slot);

// What came of all streams.
typedef struct net_tally {
    net_result last;        // of the last stream that was tried
    uint32_t streams;       // that had an outcome
    uint32_t outcome_first; // of them, those whose outcome came before the end
} net_tally;

// net_side_run listens, waits for a script process, and takes the bodies it sends.
void
net_side_run(acta_system *sys, const net_opts *opts, net_tally *tally);

#endif
