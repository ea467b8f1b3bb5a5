// SPDX-License-Identifier: MIT
//
// inbox.h - the ordered inbox of one actor: many producers, one consumer, and a bound.
//
// Design notes. The inbox is one atomic word:
//
//     bits 63..48   how many user messages have been pushed, modulo 2^16
//     bits 47..3    the newest message, of a list that leads to the oldest; 0: EMPTY, nothing new has come;
//                   8: ROUTED, nothing can be pushed: the actor has ended or its node is down
//     bit  2        ATTEND: something beside the messages wants to be looked at (outbox.c says what)
//     bit  1        PAUSED: the actor does not run until it is kicked, whatever is pushed
//     bit  0        PARKED: the actor is idle: whoever clears this bit, and nobody else, must wake it
//
// A push is one compare-and-swap. To park is a compare-and-swap that fails when a message has come or attention is
// wanted: publishing a message and signalling it are the same operation on the same word, so a wake-up
// cannot be lost between a check and a sleep, and no sequentially consistent fence is needed. The consumer takes
// the whole list with one compare-and-swap and turns it around.
//
//     any       --push-->    list, not PARKED     (any but ROUTED)
//     list      --take-->    EMPTY
//     EMPTY     --park-->    PARKED               (and back: unpark)
//     any       --pause-->   PAUSED               (unless ATTEND)
//     any       --attend-->  ATTEND, not PARKED   (or PARKED as before: looked at after the next wake)
//     any       --kick-->    ATTEND, not PARKED, not PAUSED
//     any       --route-->   ROUTED               (for good)
//
// Any thread may push, attend and kick. Only the thread that runs the actor's turn may take, park, pause or route; that
// there is at most one such thread at a time is guaranteed by the rule for PARKED, which holds for PAUSED too.
//
// The bound. The consumer counts what it has given to the actor's code in a word of its own, `given`, with a plain
// store. What the inbox holds is pushed - given, and a push that is bounded compares this with the capacity in the same
// compare-and-swap that publishes. Producers look at a copy of `given` beside the inbox and at the consumer's own word
// only when the copy says that there is no room: so the consumer's line is read once in as many messages as the inbox
// holds, and the bound costs no locked instruction. A copy that is old says less room than there is, never more. (The
// compare-and-swap cannot tell a word from the same word 65,536 pushes later. A producer that is interrupted inside a
// push for exactly so many, or a multiple, may put one message too many into a full inbox; it is counted like any
// other, and nothing is lost. The copy is replaced only if nobody else has done so meanwhile: a producer that wrote
// back what it read long ago could make a full inbox look empty.)
//
// Memory order. The push releases the message, and the take that finds it acquires it. The push also acquires: when it
// clears PARKED it must see what the last turn did before it parked, and hands that on to the next turn by way of the
// run queue. The park releases for that push; the pause for the kick, and attend for attended. A refused push acquires
// what the route released: the message is then freed by its pusher, and the last turn may have written to what it lies
// in. `given` is relaxed: only the number is shared. Whoever sets ATTEND acquires the consumer's last park
// or pause, and so sees at least what had been given by then; a consumer that is not suspended finds ATTEND before it
// is.

#ifndef ACTI_CORE_INBOX_H
#define ACTI_CORE_INBOX_H

#include <acta/message.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

#define ACTI_INBOX_EMPTY ((uint64_t)0)
#define ACTI_INBOX_PARKED ((uint64_t)1)
#define ACTI_INBOX_PAUSED ((uint64_t)2)
#define ACTI_INBOX_ATTEND ((uint64_t)4)
#define ACTI_INBOX_ROUTED ((uint64_t)8) // where the list would be; no message lies there
#define ACTI_INBOX_ONE ((uint64_t)1 << 48) // one user message pushed
#define ACTI_INBOX_LIST (ACTI_INBOX_ONE - 8)

typedef struct acti_inbox {
    acti_au64 word;
    acti_au32 given_seen; // `given` as a producer last saw it, or older
    acti_au32 capacity;   // user messages; the consumer may change it, see acti_inbox_limit
} acti_inbox;

typedef enum acti_pushed {
    ACTI_PUSHED,      // the message is in; its consumer knows or will look
    ACTI_PUSHED_WAKE, // the message is in; the caller must wake the actor, exactly once
    ACTI_PUSH_ROUTED, // the message is still the caller's
    ACTI_PUSH_FULL,   // the same; only of a bounded push
} acti_pushed;

// How a message is pushed.
typedef enum acti_push {
    ACTI_PUSH_IF_ROOM, // a user message: only if the inbox holds fewer than its capacity
    ACTI_PUSH_COUNTED, // its place was reserved
    ACTI_PUSH_OVER,    // a user message: over the bound if need be
} acti_push;

static inline bool acti_inbox_is_routed(const acti_inbox *inbox)
{
    return acti_au64_load_acquire(&inbox->word) == ACTI_INBOX_ROUTED;
}

// acti_inbox_is_parked and _has_mail say what was true a moment ago.
static inline bool acti_inbox_is_parked(const acti_inbox *inbox)
{
    return (acti_au64_load_relaxed(&inbox->word) & ACTI_INBOX_PARKED) != 0;
}
static inline bool acti_inbox_has_mail(const acti_inbox *inbox)
{
    return (acti_au64_load_relaxed(&inbox->word) & ACTI_INBOX_LIST) > ACTI_INBOX_ROUTED;
}

// acti_inbox_capacity is the bound. acti_inbox_limit changes it, before the inbox is known or in the consumer's turn:
// with more in it than the new bound it has no room until enough was given, and where there is more room than before
// the consumer serves those in line after it has given something. Relaxed: only the number is shared, and whoever goes
// by an old one is in line, or was never above the larger of the two.
static inline uint32_t acti_inbox_capacity(const acti_inbox *inbox)
{
    return acti_au32_load_relaxed(&inbox->capacity);
}
static inline void acti_inbox_limit(acti_inbox *inbox, uint32_t capacity)
{
    acti_au32_store_relaxed(&inbox->capacity, capacity);
}

// ---- pushing ----------------------------------------------------------------------

// acti_inbox_put_over is the word once m has been pushed onto it.
static inline uint64_t acti_inbox_put_over(uint64_t seen, acta_msg *m)
{
    m->next = (acta_msg *)(uintptr_t)(seen & ACTI_INBOX_LIST);
    return (seen & ~(ACTI_INBOX_LIST | ACTI_INBOX_PARKED)) | (uint64_t)(uintptr_t)m;
}

// acti_inbox_push_count pushes whatever the inbox holds, and counts one user message or none.
static inline acti_pushed acti_inbox_push_count(acti_inbox *inbox, acta_msg *m, uint64_t count)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word); // a guess; the swap below decides
    do {
        if (seen == ACTI_INBOX_ROUTED) {
            (void)acti_au64_load_acquire(&inbox->word);
            return ACTI_PUSH_ROUTED;
        }
    } while (!acti_au64_cas_acq_rel(&inbox->word, &seen, acti_inbox_put_over(seen, m) + count));
    return (seen & ACTI_INBOX_PARKED) != 0 ? ACTI_PUSHED_WAKE : ACTI_PUSHED;
}

// acti_inbox_push pushes what does not count against the bound, or has been counted; acti_inbox_push_over a user
// message that goes over the bound if need be.
static inline acti_pushed acti_inbox_push(acti_inbox *inbox, acta_msg *m)
{
    return acti_inbox_push_count(inbox, m, 0);
}
static inline acti_pushed acti_inbox_push_over(acti_inbox *inbox, acta_msg *m)
{
    return acti_inbox_push_count(inbox, m, ACTI_INBOX_ONE);
}

// acti_inbox_fits: whether an inbox, whose word was seen when so many had been given, holds fewer user messages than
// its capacity.
static inline bool acti_inbox_fits(const acti_inbox *inbox, uint64_t seen, uint32_t given)
{
    return (uint16_t)((uint32_t)(seen / ACTI_INBOX_ONE) - given) < acti_inbox_capacity(inbox);
}

// acti_inbox_has_room is the same for a producer, who does not know what has been given.
static inline bool acti_inbox_has_room(acti_inbox *inbox, uint64_t seen, const acti_au32 *given)
{
    uint32_t copy = acti_au32_load_relaxed(&inbox->given_seen);
    if (acti_inbox_fits(inbox, seen, copy))
        return true;
    uint32_t now = acti_au32_load_relaxed(given);
    (void)acti_au32_cas_relaxed(&inbox->given_seen, &copy, now);
    return acti_inbox_fits(inbox, seen, now);
}

// acti_inbox_push_bounded pushes a user message if there is room. given is the consumer's count.
static inline acti_pushed acti_inbox_push_bounded(acti_inbox *inbox, const acti_au32 *given, acta_msg *m)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    for (;;) {
        if (seen == ACTI_INBOX_ROUTED) {
            (void)acti_au64_load_acquire(&inbox->word);
            return ACTI_PUSH_ROUTED;
        }
        if (acti_inbox_has_room(inbox, seen, given)) {
            if (acti_au64_cas_acq_rel(&inbox->word, &seen, acti_inbox_put_over(seen, m) + ACTI_INBOX_ONE))
                return (seen & ACTI_INBOX_PARKED) != 0 ? ACTI_PUSHED_WAKE : ACTI_PUSHED;
        } else {
            // What was seen may be older than what has been given, and then looks like a full inbox.
            uint64_t before = seen;
            seen = acti_au64_load_relaxed(&inbox->word);
            if (seen == before)
                return ACTI_PUSH_FULL;
        }
    }
}

// acti_inbox_push_as pushes m in one of these ways.
static inline acti_pushed acti_inbox_push_as(acti_inbox *inbox, const acti_au32 *given, acta_msg *m, acti_push how)
{
    switch (how) {
    case ACTI_PUSH_IF_ROOM:
        return acti_inbox_push_bounded(inbox, given, m);
    case ACTI_PUSH_OVER:
        return acti_inbox_push_over(inbox, m);
    case ACTI_PUSH_COUNTED:
        break;
    }
    return acti_inbox_push(inbox, m);
}

// acti_inbox_reserve counts a user message that will be pushed later, if there is room for it; acti_inbox_reserve_over
// does so in any case. given is exact: both are for the consumer's turn, or while it is suspended.
static inline void acti_inbox_reserve_over(acti_inbox *inbox)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    while (!acti_au64_cas_relaxed(&inbox->word, &seen, seen + ACTI_INBOX_ONE)) // a number: it publishes nothing
        continue;
}
static inline bool acti_inbox_reserve(acti_inbox *inbox, uint32_t given)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    while (acti_inbox_fits(inbox, seen, given))
        if (acti_au64_cas_relaxed(&inbox->word, &seen, seen + ACTI_INBOX_ONE)) // as above
            return true;
    return false;
}

// ---- attention --------------------------------------------------------------------

// acti_inbox_attend asks the consumer to look around before it parks or pauses, and ends what is in `ends`: PARKED, or
// PARKED and PAUSED for a kick, or nothing for one that sleeps on. ACTI_PUSHED_WAKE: the caller must wake the actor.
static inline acti_pushed acti_inbox_attend(acti_inbox *inbox, uint64_t ends)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    do {
        if (seen == ACTI_INBOX_ROUTED)
            return ACTI_PUSH_ROUTED;
    } while (!acti_au64_cas_acq_rel(&inbox->word, &seen, (seen & ~ends) | ACTI_INBOX_ATTEND));
    return (seen & ends) != 0 ? ACTI_PUSHED_WAKE : ACTI_PUSHED;
}

static inline bool acti_inbox_wants_attention(const acti_inbox *inbox)
{
    return (acti_au64_load_relaxed(&inbox->word) & ACTI_INBOX_ATTEND) != 0;
}

// acti_inbox_attended ends the call for attention, before the consumer looks around. Acquire, with the release of the
// attend: what was done before that is seen. It releases nothing: what was given before it is released by the park or
// pause that has to come before the consumer is suspended, and until then it finds whoever asks.
static inline void acti_inbox_attended(acti_inbox *inbox)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    while (!acti_au64_cas_acquire(&inbox->word, &seen, seen & ~ACTI_INBOX_ATTEND))
        continue;
}

// ---- the consumer's side ----------------------------------------------------------

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
    // A look before the swap: a consumer that finds nothing should not take the line from the producers.
    // Relaxed, because what is found is taken by the swap.
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    if ((seen & ACTI_INBOX_LIST) == ACTI_INBOX_EMPTY)
        return NULL;
    while (!acti_au64_cas_acquire(&inbox->word, &seen, seen & ~ACTI_INBOX_LIST))
        continue;
    return acti_inbox_reverse((acta_msg *)(uintptr_t)(seen & ACTI_INBOX_LIST), newest);
}

// acti_inbox_park: false when something has come meanwhile or wants attention. After true the caller no longer runs
// the actor.
static inline bool acti_inbox_park(acti_inbox *inbox)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    while ((seen & (ACTI_INBOX_LIST | ACTI_INBOX_ATTEND)) == 0)
        if (acti_au64_cas_release(&inbox->word, &seen, seen | ACTI_INBOX_PARKED))
            return true;
    return false;
}

// acti_inbox_pause: false when something wants attention. After true the caller no longer runs the actor.
static inline bool acti_inbox_pause(acti_inbox *inbox)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    while ((seen & ACTI_INBOX_ATTEND) == 0)
        if (acti_au64_cas_release(&inbox->word, &seen, seen | ACTI_INBOX_PAUSED))
            return true;
    return false;
}

// acti_inbox_unpark takes a parked inbox back into the hands of its consumer; false: somebody has pushed, and wakes it.
// Relaxed: while it was parked nobody has done anything that the consumer, who parked it, does not know.
static inline bool acti_inbox_unpark(acti_inbox *inbox)
{
    uint64_t seen = acti_au64_load_relaxed(&inbox->word);
    while ((seen & ACTI_INBOX_PARKED) != 0)
        if (acti_au64_cas_relaxed(&inbox->word, &seen, seen & ~ACTI_INBOX_PARKED))
            return true;
    return false;
}

// acti_inbox_route closes the inbox for good and gives what was in it, oldest first, or NULL. *attend: whether
// attention was wanted.
static inline acta_msg *acti_inbox_route(acti_inbox *inbox, bool *attend)
{
    acta_msg *newest;
    uint64_t seen = acti_au64_swap_acq_rel(&inbox->word, ACTI_INBOX_ROUTED);
    *attend = (seen & ACTI_INBOX_ATTEND) != 0;
    seen &= ACTI_INBOX_LIST;
    return seen == ACTI_INBOX_ROUTED ? NULL : acti_inbox_reverse((acta_msg *)(uintptr_t)seen, &newest);
}

#endif
