// SPDX-License-Identifier: MIT
//
// net.h - simulated connections: what dials, listens, reads and writes in a world has its completions in steps.
//
//   a connection  DIALING --DIAL--> refused: gone
//                                   OPEN: the dialler has its end; the other waits for ACCEPT
//   an end        WAITING --ACCEPT--> OWNED --closed--> CLOSING --CLOSED--> GONE
//                 WAITING --the listener is closed, or its node killed--> GONE
//
// What one end writes is on its way at once, as far as there is room, and stays so until the other end reads it: a READ
// step delivers all of it that fits into what the reader has given. When one end is closed the other reads what is on
// its way, and then the end of the stream; what it writes fails. A cut connection loses, in each direction, all behind
// some byte. A write is complete, in a WROTE step, when all of it is on its way.
//
// So each function of an owner is called in a step of its own, never inside the owner's own call, as on another thread.
// But for one: with `instant` set, a write for which there is room is complete inside the call, as it may be in
// production.

#ifndef ACTI_SIM_NET_H
#define ACTI_SIM_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "link/link.h"
#include "sim/step.h"

#define ACTI_NET_ROOM (64u * 1024) // bytes on their way in one direction: what sockets of the system take, about

typedef struct acti_net acti_net;

// What one node of the world sees of its network.
typedef struct acti_net_host {
    acti_links links; // first: for acti_router_use
    acti_net *net;
    uint64_t hash;    // names it in every schedule
    uint32_t dialed;  // connections that it has asked for
    bool still;       // none of its steps is possible
    bool down;        // nothing leaves it any more, and nothing reaches it
} acti_net_host;

struct acti_net {
    acti_list listeners;
    acti_list conns;
    uint64_t *ages;   // the world's count of what became possible
    uint32_t numbers; // of connections
    bool instant;     // a write is complete inside the call, if there is room for all of it
    uint32_t ports;   // that were chosen
};

void
acti_net_init(acti_net *net, uint64_t *ages);

// acti_net_fini frees what is left: nobody may own an end any more.
void
acti_net_fini(acti_net *net);

// acti_net_host_init makes a host, up and not still.
void
acti_net_host_init(acti_net_host *host, acti_net *net, uint64_t hash);

// acti_net_host_down takes a host off the network: it listens no more, and its peers see the end of each connection
// behind what is on its way to them. Its own ends fail and close as others do.
void
acti_net_host_down(acti_net_host *host);

// acti_net_collect tells add of each step that is possible: of one host, or with NULL of all.
void
acti_net_collect(acti_net *net, const acti_net_host *only, void (*add)(void *arg, const acti_step *step), void *arg);

// acti_net_run runs a step that has been collected. acti_net_about names, before that, the connection and the host
// whose state it changes; nothing of any other host but what it sees of that connection.
void
acti_net_run(acti_net *net, uint32_t index);
void
acti_net_about(const acti_net *net, uint32_t index, uint64_t *conn, uint64_t *host);

// ---- faults: of open connections, by the number that acti_net_next gives ----------------

// acti_net_next is the next connection that is open and not cut, behind `number`; 0: none. Start with 0.
uint32_t
acti_net_next(const acti_net *net, uint32_t number);

// acti_net_hash names a connection in every schedule.
uint64_t
acti_net_hash(const acti_net *net, uint32_t number);

// acti_net_cut breaks it. `at` chooses, for each direction, how many of the bytes on their way still arrive.
void
acti_net_cut(acti_net *net, uint32_t number, uint64_t at);

// acti_net_stall holds all that is on its way, or lets it go on. acti_net_stalled: whether it is held.
void
acti_net_stall(acti_net *net, uint32_t number, bool stalled);
bool
acti_net_stalled(const acti_net *net, uint32_t number);

#endif
