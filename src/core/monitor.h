// SPDX-License-Identifier: MIT
//
// monitor.h - watching for the end of an actor.
//
// One record per monitor goes to and fro: to the watched as a MONITOR, back as the DOWN. A demonitor sends a second
// message, which lies in the record too, after it: so nothing is allocated when an actor ends or a watch is given
// up, and whoever holds the record last frees it.
//
//   to the watched --taken--> in its list --it ends--> DOWN to the watcher --taken--> shown, or swallowed if cancelled
//                                         --DEMONITOR taken--> DOWN to the watcher, swallowed there
//
// The watched deals with all DEMONITORs in its inbox before it sends a DOWN, so a DEMONITOR never outlives its record.

#ifndef ACTI_CORE_MONITOR_H
#define ACTI_CORE_MONITOR_H

#include "core/actor.h"

// acti_monitor_request is taken by the watched: a MONITOR or a DEMONITOR.
void
acti_monitor_request(acti_actor *watched, acta_msg *m);

// acti_monitor_end tells every watcher that the actor has ended.
void
acti_monitor_end(acti_actor *watched, int reason);

// acti_monitor_down turns a MONITOR that its holder has (a link in no list) into the DOWN and sends it.
void
acti_monitor_down(acta_msg *m, const char *who, int reason);

// acti_monitor_of gives what a layer above needs to know of a MONITOR or DEMONITOR that it holds: the MONITOR, its id
// and its watcher.
acta_msg *
acti_monitor_of(acta_msg *m, uint64_t *id, acti_actor **watcher);

// acti_monitor_admit gives the DOWN, or NULL when it was cancelled.
acta_msg *
acti_monitor_admit(acti_actor *watcher, acta_msg *m);

// acti_monitor_drop frees a DOWN that nobody will see.
void
acti_monitor_drop(acta_msg *m);

// acti_monitor_abandon cancels a monitor that has been taken out of its watcher's table.
void
acti_monitor_abandon(acti_actor *watcher, void *record);

#endif
