// SPDX-License-Identifier: MIT
//
// bench_talk.c - a few actors who send to each other: pairs, a ring, many to one, and through a bounded buffer.

#include "bench_core.h"

#define RING 503
#define PRODUCERS 64
#define BUFFER 50    // items that the bounded buffer holds
#define BUFFER_USERS 10 // producers, and as many consumers

// ---- players: a ball goes from hand to hand ------------------------------------------

typedef struct player {
    acta_tx *next;
} player;

static int player_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    player *p = arg;
    const ball *b = m != NULL ? acta_as(ball, m) : NULL;
    if (b != NULL && b->left > 0)
        bench_send(p->next, ball, .left = b->left - 1);
    else
        acta_tx_drop(&p->next); // each that lets go lets the next one see its EOF
    return ACTA_OK;
}

// circle makes players who stand in a circle, throws the ball, and gives the nanoseconds for a hop.
static double circle(acta_system *sys, int players, int64_t hops)
{
    static player all[RING];
    acta_tx *first = NULL;
    for (int i = players - 1; i >= 0; i--) {
        acta_tx *tx;
        bench_spawn_actor(sys, &tx, .handler = player_handler, .arg = &all[i], .name = "player");
        all[i].next = first;
        first = tx;
    }
    // The ball has not been thrown, so nobody has looked at this yet.
    all[players - 1].next = acta_tx_dup(first);
    double from = bench_now_ns();
    bench_need(acta_finish(&first, ball, .left = hops) == ACTA_OK, "the first throw was not accepted");
    bench_close(sys);
    return (bench_now_ns() - from) / (double)hops;
}

double ping_pong(acta_system *sys, int64_t part)
{
    return circle(sys, 2, 8000000 / part);
}

double ring(acta_system *sys, int64_t part)
{
    return circle(sys, RING, 8000000 / part);
}

// ---- producers and one consumer --------------------------------------------------------

typedef struct producer {
    acta_tx *to;
    int64_t count;
} producer;

static int producer_body(acta_self *self, void *arg)
{
    (void)self;
    producer *p = arg;
    for (int64_t i = 0; i < p->count; i++)
        bench_send(p->to, parcel, .a = i);
    acta_tx_drop(&p->to);
    return ACTA_OK;
}

static int consumer_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    int64_t *count = arg;
    if (m != NULL && acta_is(parcel, m))
        ++*count;
    return ACTA_OK;
}

// produce starts producers who send messages, one after another, to whom to leads; it takes to.
static void produce(acta_system *sys, acta_tx *to, int producers, int64_t messages)
{
    static producer all[PRODUCERS];
    for (int i = 0; i < producers; i++) {
        acta_tx *tx;
        all[i] = (producer){.to = acta_tx_dup(to), .count = messages / producers};
        bench_spawn_actor(sys, &tx, .body = producer_body, .arg = &all[i], .name = "producer");
        acta_tx_drop(&tx);
    }
    acta_tx_drop(&to);
}

static double to_one(acta_system *sys, int producers, int64_t messages)
{
    static int64_t count;
    count = 0;
    messages -= messages % producers;
    acta_tx *to;
    bench_spawn_actor(sys, &to, .handler = consumer_handler, .arg = &count, .name = "consumer");
    double from = bench_now_ns();
    produce(sys, to, producers, messages);
    bench_close(sys);
    bench_need(count == messages, "messages are missing");
    return (bench_now_ns() - from) / (double)messages;
}

double one_to_one(acta_system *sys, int64_t part)
{
    return to_one(sys, 1, 10000000 / part);
}

double many_to_one(acta_system *sys, int64_t part)
{
    return to_one(sys, PRODUCERS, 10000000 / part);
}

// ---- the bounded buffer ------------------------------------------------------------------

// The buffer is an actor whose inbox holds so many: producers who are faster pause. It deals out what it has.
typedef struct dealer {
    acta_tx *consumers[BUFFER_USERS];
    int next;
} dealer;

static int dealer_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    dealer *d = arg;
    if (m == NULL) {
        for (int i = 0; i < BUFFER_USERS; i++)
            acta_tx_drop(&d->consumers[i]);
        return ACTA_OK;
    }
    d->next = (d->next + 1) % BUFFER_USERS;
    int status = acta_send_body(d->consumers[d->next], acta_type_of(parcel), acta_msg_body(m));
    bench_need(status == ACTA_OK, "an item was not accepted");
    return ACTA_OK;
}

double bounded_buffer(acta_system *sys, int64_t part)
{
    static dealer buffer;
    static int64_t counts[BUFFER_USERS][8]; // each on a cache line of its own
    int64_t items = 4000000 / part;
    items -= items % BUFFER_USERS;
    acta_tx *to;
    for (int i = 0; i < BUFFER_USERS; i++) {
        counts[i][0] = 0;
        bench_spawn_actor(sys, &buffer.consumers[i], .handler = consumer_handler, .arg = counts[i], .name = "consumer");
    }
    bench_spawn_actor(sys, &to, .handler = dealer_handler, .arg = &buffer, .capacity = BUFFER, .name = "buffer");
    double from = bench_now_ns();
    produce(sys, to, BUFFER_USERS, items);
    bench_close(sys);
    double ns = bench_now_ns() - from;
    int64_t arrived = 0;
    for (int i = 0; i < BUFFER_USERS; i++)
        arrived += counts[i][0];
    bench_need(arrived == items, "items are missing");
    return ns / (double)items;
}
