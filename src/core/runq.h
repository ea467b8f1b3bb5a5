// SPDX-License-Identifier: MIT
//
// runq.h - a worker's queue of actors that are ready: a ring that its owner fills and empties and that
// other workers steal from.
//
// The owner alone moves tail; head moves by compare-and-swap, by the owner one at a time and by a thief for half
// of what is there. A slot is written before tail is released over it, and is not written again before head has
// passed it, so what a thief copied is good exactly when its compare-and-swap on head succeeds.

#ifndef ACTI_CORE_RUNQ_H
#define ACTI_CORE_RUNQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/platform.h"

typedef struct acti_actor acti_actor;

#ifndef ACTI_RUNQ_SIZE // a test that is to meet its ends has a smaller one
#define ACTI_RUNQ_SIZE 256
#endif

typedef struct acti_runq {
    acti_au32 head; // the owner and thieves
    char apart[ACTI_CACHE_LINE - sizeof(acti_au32)];
    acti_au32 tail; // the owner
    acti_aptr ring[ACTI_RUNQ_SIZE];
} acti_runq;

// acti_runq_size is how many there are, or were a moment ago.
static inline uint32_t acti_runq_size(const acti_runq *q)
{
    uint32_t tail = acti_au32_load_relaxed(&q->tail);
    uint32_t size = tail - acti_au32_load_relaxed(&q->head);
    return size <= ACTI_RUNQ_SIZE ? size : 0; // the two loads may be of different moments
}

// acti_runq_put adds an actor at the tail; false when the ring is full. The owner only.
static inline bool acti_runq_put(acti_runq *q, acti_actor *actor)
{
    uint32_t tail = acti_au32_load_relaxed(&q->tail);       // only we write it
    uint32_t head = acti_au32_load_acquire(&q->head);       // pairs with the release in take and steal: the
    if (tail - head == ACTI_RUNQ_SIZE)                      // slot has been read before we write it again
        return false;
    acti_aptr_store_relaxed(&q->ring[tail % ACTI_RUNQ_SIZE], actor); // published by tail
    acti_au32_store_release(&q->tail, tail + 1);            // pairs with the acquire in steal
    return true;
}

// acti_runq_take takes the oldest, or NULL. The owner only.
static inline acti_actor *acti_runq_take(acti_runq *q)
{
    uint32_t tail = acti_au32_load_relaxed(&q->tail); // only we write it, and the slots
    uint32_t head = acti_au32_load_relaxed(&q->head);
    while (head != tail) {
        acti_actor *actor = acti_aptr_load_relaxed(&q->ring[head % ACTI_RUNQ_SIZE]);
        if (acti_au32_cas_release(&q->head, &head, head + 1))
            return actor;
    }
    return NULL;
}

// acti_runq_steal moves half of victim's, the oldest, to q, which is empty and the caller's own; gives one of them
// to run at once, or NULL.
static inline acti_actor *acti_runq_steal(acti_runq *q, acti_runq *victim)
{
    uint32_t to = acti_au32_load_relaxed(&q->tail);
    uint32_t head = acti_au32_load_relaxed(&victim->head); // a guess; the swap decides
    for (;;) {
        uint32_t tail = acti_au32_load_acquire(&victim->tail); // pairs with the release in put
        uint32_t count = tail - head;
        count -= count / 2;
        if (count == 0)
            return NULL;
        if (count > ACTI_RUNQ_SIZE / 2) { // one of the two is old
            head = acti_au32_load_acquire(&victim->head); // with the release in take and steal: the tail is as new
            continue;
        }
        for (uint32_t i = 0; i < count; i++)
            acti_aptr_store_relaxed(&q->ring[(to + i) % ACTI_RUNQ_SIZE],
                                    acti_aptr_load_relaxed(&victim->ring[(head + i) % ACTI_RUNQ_SIZE]));
        if (acti_au32_cas_release(&victim->head, &head, head + count)) {
            acti_au32_store_release(&q->tail, to + count - 1);
            return acti_aptr_load_relaxed(&q->ring[(to + count - 1) % ACTI_RUNQ_SIZE]);
        }
    }
}

#endif
