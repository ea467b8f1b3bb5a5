// SPDX-License-Identifier: MIT
//
// monitor.h - watching for the end of an actor.
//
// One record per monitor goes to and fro: to the watched as a MONITOR, back as the DOWN. A demonitor sends a second
// message, which lies in the record too: so nothing is allocated when an actor ends or a watch is given up. The
// record is freed when neither message is on its way any more.
//
//   to the watched --taken--> in its list --it ends--> DOWN to the watcher --taken--> shown, or swallowed if cancelled
//                                         --DEMONITOR taken--> DOWN to the watcher, swallowed there

#ifndef ACTI_CORE_MONITOR_H
#define ACTI_CORE_MONITOR_H

#include <acta/event.h>

#include "core/actor.h"

// The record. Monitors and links only (monitor.c, link.c) look inside.
typedef struct acti_monitor {
    acta_msg msg; // MONITOR, then DOWN
    acta_down down;
    char who[ACTI_NAME_BYTES];
    acta_msg undo; // DEMONITOR
    acti_au32 refs; // one for msg, one for undo while it is on its way
    acti_au32 fate; // of a link; see link.h
    acti_list link; // in the list of the watched; its turn only
    acti_list own;  // of a link whose maker is ending; its turn only
    acti_actor *watcher; // one reference
    acti_actor *watched; // one reference
    uint64_t id;
    uint64_t tag;   // of a layer above, at the watcher; whoever holds the record
    uint64_t number; // the same, at the watched
    bool cancelled; // the watcher's turn only
    uint16_t cause_bytes; // room for a cause, with the NUL
    char cause[];
} acti_monitor;

// A cause has this much room, where the watched is an actor of another process: what has its place reserved needs no
// memory.
#define ACTI_CAUSE_BYTES 256

// acti_monitor_of is the record in which one of these messages lies.
acti_monitor *
acti_monitor_of(acta_msg *m);

// acti_monitor_give gives a MONITOR to the watched. If that has ended its DOWN comes at once.
void
acti_monitor_give(acti_actor *watched, acta_msg *m);

// acti_monitor_request deals with a MONITOR or a DEMONITOR that the watched has taken.
void
acti_monitor_request(acti_actor *watched, acta_msg *m);

// acti_monitor_end tells every watcher that the actor has ended.
void
acti_monitor_end(acti_actor *watched, int reason);

// acti_monitor_down turns a MONITOR that its holder has (a link in no list) into the DOWN and sends it.
// acti_monitor_down_for says for which cause, too, cut to the room that there is.
void
acti_monitor_down(acta_msg *m, const char *who, int reason);
void
acti_monitor_down_for(acta_msg *m, const char *who, int reason, const char *cause);

// acti_monitor_new makes a MONITOR whose watcher knows it as id, and is not in the watcher's table. NULL without
// memory.
acta_msg *
acti_monitor_new(acti_actor *watcher, acti_actor *watched, uint64_t id);

// acti_monitor_tag is a word of a MONITOR that belongs to the layer above that sends it, wherever the MONITOR is, and
// acti_monitor_number one that belongs to the layer above that takes it. Watcher and watched may both be of other
// nodes.
uint64_t *
acti_monitor_tag(acta_msg *monitor);
uint64_t *
acti_monitor_number(acta_msg *monitor);

// What a layer above sees of a MONITOR, DEMONITOR or DOWN that it holds.
typedef struct acti_monitor_view {
    acta_msg *monitor; // the MONITOR that a DEMONITOR takes back, or the message itself
    acti_actor *watcher;
    acti_actor *watched;
    uint64_t id;
} acti_monitor_view;

acti_monitor_view
acti_monitor_see(acta_msg *m);

// acti_monitor_admit gives the DOWN, or NULL when it was cancelled.
acta_msg *
acti_monitor_admit(acti_actor *watcher, acta_msg *m);

// acti_monitor_drop gives up one of a record's messages: a DOWN that nobody will see, or a DEMONITOR that was
// dealt with.
void
acti_monitor_drop(acta_msg *m);

// acti_monitor_hold adds a reference for a DEMONITOR that is about to be sent. The watcher, in whose table the record
// was a moment ago, has one as long as the DOWN or LINK_OVER has not been taken there.
static inline void acti_monitor_hold(acti_monitor *record)
{
    (void)acti_au32_add_relaxed(&record->refs, 1);
}

// acti_monitor_undo sends that DEMONITOR.
void
acti_monitor_undo(acti_monitor *record);

// acti_monitor_abandon cancels a monitor that has been taken out of its watcher's table.
void
acti_monitor_abandon(acti_actor *watcher, void *record);

#endif
