// SPDX-License-Identifier: MIT
//
// link.h - two actors bound in fate.
//
// A link is a monitor's record: its maker is the watcher, and what the maker does about an end is to end as well. The
// other way round the DEMONITOR of a maker that ends tells the watched. Both messages lie in the record, so that an end
// allocates nothing. They keep the books of both sides; who is to end is told by acti_actor_force, which does not wait
// behind what is queued.
//
// Either side may end, and the maker may unlink, all at the same moment. The word called fate decides:
//
//   BOUND --the watched ends badly-->        its error   the maker is forced with that error
//         --the maker ends, or unlinks-->    OVER        the watched is forced if the maker has ended badly
//
// A maker or a watched of another node is a proxy here. It is told as soon as its node can be: of the error of a
// watched by the operation unbind, of that of a maker as of any force. Each of the two nodes has a record then, and a
// word, and what comes too late for the other's word is nothing there: see watch.c in src/route.
//
// Who finds it decided has nothing more to decide. An unlink that finds an error carries the force out itself, because
// the other side may not have come to it yet, and an unlink that returns has to mean something. A watched that ends
// well leaves BOUND: nobody is forced, and both sides forget the record as its messages arrive.

#ifndef ACTI_CORE_LINK_H
#define ACTI_CORE_LINK_H

#include "core/monitor.h"

// acti_monitor.fate: one of these, or an error.
enum {
    ACTI_FATE_NONE = 0, // no link
    ACTI_FATE_BOUND = 1,
    ACTI_FATE_OVER = 2,
};

// acti_link_is: whether a record is a link.
static inline bool acti_link_is(const acti_monitor *record)
{
    return acti_au32_load_relaxed(&record->fate) != ACTI_FATE_NONE; // that much is constant
}

// acti_link_make makes a link, as acti_monitor_new does a monitor.
acta_msg *
acti_link_make(acti_actor *maker, acti_actor *other, uint64_t id);

// acti_link_over ends a link, which is in no list any more, in the turn of its watched. The maker is told.
// acti_link_reason is the error with which its maker then has to end, or ACTA_OK.
void
acti_link_over(acti_monitor *record, int reason);
int
acti_link_reason(const acti_monitor *record);

// acti_link_admit deals with a LINK_OVER that the maker has taken.
void
acti_link_admit(acti_actor *maker, acta_msg *m);

// acti_link_gather puts a link of an ending maker, taken out of its table, into a list of them; acti_link_end ends
// all in that list.
void
acti_link_gather(void *record, acti_list *links);
void
acti_link_end(acti_list *links, int reason);

// acti_link_undo ends one of them: the watched is forced if the maker has ended badly, and lets go. The caller has
// added a reference by acti_monitor_hold.
void
acti_link_undo(acti_monitor *record, int reason);

#endif
