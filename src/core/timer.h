// SPDX-License-Identifier: MIT
//
// timer.h - an actor's timers: alarms whose tick is handled in the inbox, where a cancel can still stop it.

#ifndef ACTI_CORE_TIMER_H
#define ACTI_CORE_TIMER_H

#include "core/actor.h"

// acti_timer_admit gives the tick, or NULL when its timer was cancelled while it was queued.
acta_msg *
acti_timer_admit(acti_actor *actor, acta_msg *m);

// acti_timer_freed is called when the actor is done with a tick: a periodic timer goes on.
void
acti_timer_freed(acta_msg *m);

// acti_timer_drop frees a tick that nobody will see.
void
acti_timer_drop(acta_msg *m);

// acti_timer_abandon cancels a timer that has been taken out of its actor's table.
void
acti_timer_abandon(acti_actor *actor, void *record);

#endif
