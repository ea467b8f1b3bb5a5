// SPDX-License-Identifier: MIT
//
// inbox.h - the ordered inbox of one actor: many producers, one consumer.
//
// Design notes. The inbox is one atomic word. It holds the newest message of a list that leads to the oldest, or
//
//     EMPTY    the actor is running or scheduled, and nothing new has come
//     PARKED   the actor is idle: whoever replaces this value, and nobody else, must wake it
//     ROUTED   nothing can be pushed: the actor has ended or its node is down
//
// A push is one compare-and-swap. To park is a compare-and-swap from EMPTY to PARKED, which fails when a message
// has come: publishing a message and signalling it are the same operation on the same word, so a wake-up
// cannot be lost between a check and a sleep, and no sequentially consistent fence is needed. The consumer takes
// the whole list with one exchange and turns it around.
//
//     any       --push-->  list          (any but ROUTED)
//     list      --take-->  EMPTY
//     EMPTY     --park-->  PARKED        (and back: unpark)
//     any       --route--> ROUTED        (for good)
//
// Any thread may push. Only the thread that runs the actor's turn may take, park or route; that there is at most one
// such thread at a time is guaranteed by the rule for PARKED.
//
// Memory order. The push releases the message, and the take that finds it acquires it. The push also acquires: when it
// replaces PARKED it must see what the last turn did before it parked, and hands that on to the next turn
// by way of the run queue. The park releases for that push. A refused push acquires what the route released: the
// message is then freed by its pusher, and the last turn may have written to what it lies in.

#ifndef ACTI_CORE_INBOX_H
#define ACTI_CORE_INBOX_H

#include <acta/message.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

#define ACTI_INBOX_EMPTY ((uint64_t)0)
#define ACTI_INBOX_PARKED ((uint64_t)1)
#define ACTI_INBOX_ROUTED ((uint64_t)2)
#define ACTI_INBOX_STATES ((uint64_t)3) // every value from here on is a message

typedef struct acti_inbox {
    acti_au64 word;
} acti_inbox;

typedef enum acti_pushed {
    ACTI_PUSHED,      // the message is in; its consumer knows or will look
    ACTI_PUSHED_WAKE, // the message is in; the caller must wake the actor, exactly once
    ACTI_PUSH_ROUTED, // the message is still the caller's
} acti_pushed;

static inline acti_pushed acti_inbox_push(acti_inbox *inbox, acta_msg *m)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word); // a guess; the swap below decides
    do {
        if (seen == ACTI_INBOX_ROUTED) {
            (void)acti_au64_load_acquire(&inbox->word);
            return ACTI_PUSH_ROUTED;
        }
        m->next = seen < ACTI_INBOX_STATES ? NULL : (acta_msg *)(uintptr_t)seen;
    } while (!acti_au64_cas_acq_rel(&inbox->word, &seen, (uint64_t)(uintptr_t)m));
    return seen == ACTI_INBOX_PARKED ? ACTI_PUSHED_WAKE : ACTI_PUSHED;
}

// acti_inbox_reverse turns a newest-first list into an oldest-first one. *newest gets its last element.
static inline acta_msg *acti_inbox_reverse(acta_msg *list, acta_msg **newest)
{
    acta_msg *oldest_first = NULL;
    *newest = list;
    while (list != NULL) {
        acta_msg *next = list->next;
        list->next = oldest_first;
        oldest_first = list;
        list = next;
    }
    return oldest_first;
}

// acti_inbox_take takes all that has come, oldest first, or NULL. Not for a parked or routed inbox.
static inline acta_msg *acti_inbox_take(acti_inbox *inbox, acta_msg **newest)
{
    // A look before the exchange: a consumer that finds nothing should not take the line from the producers.
    // Relaxed, because what is found is taken by the exchange.
    if (acti_au64_load_relaxed(&inbox->word) == ACTI_INBOX_EMPTY)
        return NULL;
    uint64_t seen = acti_au64_swap_acquire(&inbox->word, ACTI_INBOX_EMPTY);
    return acti_inbox_reverse((acta_msg *)(uintptr_t)seen, newest);
}

// acti_inbox_park: false when something has come meanwhile. After true the caller no longer runs the actor.
static inline bool acti_inbox_park(acti_inbox *inbox)
{
    uint64_t seen = ACTI_INBOX_EMPTY;
    while (seen == ACTI_INBOX_EMPTY) // the weak compare-and-swap may fail for nothing
        if (acti_au64_cas_release(&inbox->word, &seen, ACTI_INBOX_PARKED))
            return true;
    return false;
}

// acti_inbox_unpark takes a parked inbox back into the hands of its consumer; false: somebody has pushed, and wakes it.
static inline bool acti_inbox_unpark(acti_inbox *inbox)
{
    uint64_t seen = ACTI_INBOX_PARKED;
    while (seen == ACTI_INBOX_PARKED) // the weak compare-and-swap may fail for nothing
        if (acti_au64_cas_acquire(&inbox->word, &seen, ACTI_INBOX_EMPTY))
            return true;
    return false;
}

// acti_inbox_route closes the inbox for good and gives what was in it, oldest first, or NULL.
static inline acta_msg *acti_inbox_route(acti_inbox *inbox)
{
    acta_msg *newest;
    uint64_t seen = acti_au64_swap_acq_rel(&inbox->word, ACTI_INBOX_ROUTED);
    return seen < ACTI_INBOX_STATES ? NULL : acti_inbox_reverse((acta_msg *)(uintptr_t)seen, &newest);
}

#endif
