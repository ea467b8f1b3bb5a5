// SPDX-License-Identifier: MIT
//
// lint.h - the order lint of a running system: the carrier that follows every message, and tells of two-path races.
//
// Design notes. What a race is, and how it is found, is in causal.h. Here is what belongs to a system of many threads:
// one lock around all of it, which source the running thread stands for, and the words.
//
// A message is pushed at once, as without the lint; what it knows is noted before, so that its receiver finds it. The
// lock is held for the noting only: neither a push nor a report happens under it.
//
// Who sends. An actor of this system; or a thread outside, which may have waited for anything by its own means, a
// semaphore or a descriptor, and so is taken to know of everything that has been handled by then. A race with what such
// a thread sends is seen in the runs in which the first message was still on its way. What comes from another node is
// of a source that is not known: it may carry an answer to anything. So may what a killed actor does. Who was refused
// by an actor that has ended knows what that one knew.
//
// What it costs. Nothing where it is off: the bit that asks for a carrier is looked at anyway. Where it is on, a
// message costs about 110 ns more between two actors, half a microsecond where 64 send to one, and some microseconds
// where a thousand all talk to each other and every past is full (tests/bench/run one_to_one_linted and so on). In
// memory it costs about 150 bytes a message on its way, 150 an actor, 300 for each source that a receiver remembers,
// and up to 800 for each past that is still in use.

#ifndef ACTI_CORE_LINT_H
#define ACTI_CORE_LINT_H

#include "core/carrier.h"

// acti_lint_new gives a carrier that does this for one system, to which it is to be given, or NULL without memory.
acti_carrier *
acti_lint_new(void);

#endif
