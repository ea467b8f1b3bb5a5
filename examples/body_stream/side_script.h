// SPDX-License-Identifier: MIT
//
// side_script.h - the script process: what its main thread does around the actors router and script.

#ifndef BODY_STREAM_SIDE_SCRIPT_H
#define BODY_STREAM_SIDE_SCRIPT_H

#include <acta/acta.h>

#include "router.h"
#include "script.h"

// Which senders the script is given, and whether it sends an explicit end. Nothing else differs.
//
//                 chunks and errors   done and end     router's sender to net
//     two-routes  to net              to router        yes; the end may overtake the error: the bug
//     router      to router           to router        yes; one inbox carries both
//     drop        to net              none: done to    no; the script's is the last, and dropping it is the end
//                                     net
typedef enum wiring { WIRING_TWO_ROUTES, WIRING_ROUTER, WIRING_DROP } wiring;

extern const char *const wiring_names[3];

// wiring_parse: false when text is no wiring.
bool
wiring_parse(const char *text, wiring *out);

typedef struct script_opts {
    const char *url;
    wiring wiring;
    source_opts from;
    uint32_t streams;
    bool quiet; // a body that fails is not told about
} script_opts;

// One router and one script.
typedef struct script_slot {
    script_state script;
    router_state router;
    acta_tx *router_tx; // keeps it open until net has a sender of its own
    acta_tx *script_tx;
    acta_addr *router_addr;
    acta_addr *script_addr;
    int router_ended; // flags; -1: there is no actor
    int script_ended;
    int cancel;
} script_slot;

// script_slot_open spawns both and publishes router as name. script_slot_wire takes a sender to net and starts them.
// script_slot_wait waits for both; a signal cancels them. True: the body was done, and net let go of it in
// good order; otherwise script_slot_explain says on standard error what happened. close is for all cases.
int
script_slot_open(script_slot *slot, acta_system *sys, const script_opts *opts, const char *name);
int
script_slot_wire(script_slot *slot, wiring how, acta_tx **net);
bool
script_slot_wait(script_slot *slot);
void
script_slot_explain(const script_slot *slot);
void
script_slot_close(script_slot *slot);

// script_side_run connects and sends the bodies that are asked for. False when one of them was not done.
bool
script_side_run(acta_system *sys, const script_opts *opts);

#endif
