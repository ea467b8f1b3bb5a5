// SPDX-License-Identifier: MIT
//
// event.h - what happens to an actor without having been sent by anybody: timers, and the deaths of others.

#ifndef ACTA_EVENT_H
#define ACTA_EVENT_H

#include <acta/actor.h>

ACTA_BEGIN_DECLS

// ---- timers -------------------------------------------------------------------

// A timer fired. count is how many periods have passed since the last tick that this one stands for: 1, or
// more when the actor was late.
ACTA_MESSAGE(acta_tick, (u64, timer), (u64, count));

// acta_timer_start makes an acta_tick arrive after delay_ns, and then every period_ns unless that is 0. A
// timer is never early and keeps nobody alive: after EOF none arrives. Of a periodic timer at most one tick is queued
// at any time; the periods keep to the first moment, however late a tick was handled.
//
// Threads: inside self's turn.
// Errors:  ACTA_EFULL 2^24 asks, timers, monitors, links and watches are pending; ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_timer_start(acta_self *self, uint64_t delay_ns, uint64_t period_ns, uint64_t *timer);

// acta_timer_cancel ends a timer. After it returns no tick of that timer arrives, not even one that was
// already queued. Safe for a timer that has fired or was cancelled.
ACTA_API void
acta_timer_cancel(acta_self *self, uint64_t timer);

// ---- monitors ------------------------------------------------------------------

// DOWN: the actor watched by monitor has ended. reason is what its body returned; ACTA_EGONE when it had
// ended before the monitor reached it; when its node went away, ACTA_ECRASHED if that crashed, also before the monitor
// was made, or ACTA_EUNREACH if it said goodbye. cause is for a person, and mostly empty: of an actor whose process has
// died it says by which signal, or with which status, and which message the actor had taken last, to whoever watches it
// and in whichever node.
ACTA_MESSAGE(acta_down, (u64, monitor), (str, who), (i64, reason), (str, cause, optional));

// acta_monitor watches who. One acta_down arrives when it ends: after everything it sent to this actor, and
// after its name is free again.
//
// Threads: inside self's turn.
// Errors:  ACTA_EFULL 2^24 asks, timers, monitors, links and watches are pending; ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_monitor(acta_self *self, acta_addr *who, uint64_t *monitor);

// acta_demonitor ends a monitor. After it returns its DOWN does not arrive.
ACTA_API void
acta_demonitor(acta_self *self, uint64_t monitor);

// ---- links -----------------------------------------------------------------------

// acta_link binds two actors in fate: when either ends with an error, the other is ended before its next message, with
// the same error, as if by acta_kill; acta_eof, its monitors and its own links then give that. The name of the first is
// free by then. When either ends well (ACTA_OK) the link is dissolved. There is no way to survive a link: who wants to
// be told and live on uses a monitor. Each call makes a link of its own.
//
// Between nodes it is the same, as soon as the other node hears of it. The end of a node is that of its actors, with
// the reason that a monitor would give: ACTA_ECRASHED, or ACTA_EUNREACH after a goodbye. That an actor of another node
// has ended already is not known here: self is then ended with ACTA_EGONE.
//
// Threads: inside self's turn.
// Errors:  ACTA_EGONE who has ended already, and nothing is linked; ACTA_EUNREACH its node is down, and nothing is
//          linked; ACTA_EINVAL who is self; ACTA_EFULL 2^24 asks, timers, monitors, links and watches are pending;
//          ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_link(acta_self *self, acta_addr *who, uint64_t *link);

// acta_unlink dissolves a link that this actor has made. After it returns the other's end does not end this one; an end
// that came before has done so. Safe for a link that is dissolved.
ACTA_API void
acta_unlink(acta_self *self, uint64_t link);

ACTA_END_DECLS

#endif
