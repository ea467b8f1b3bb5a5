// SPDX-License-Identifier: MIT
//
// bench_crowd.c - many actors who know each other.
//
// The senders to all of them lie in one table, which only the judge changes: it counts who has done his part, and when
// all have it drops every sender, so that everybody ends. The clock stops when the judge has heard from all; making the
// crowd and its end are not measured.

#include "bench_core.h"

#define CROWD_MAX 1000000
#define TALKERS 1000
#define BALLS 16

ACTA_MESSAGE(ping, (u64, from));
ACTA_MESSAGE(pong);
ACTA_MESSAGE(throw, (i64, left), (u64, random));

static struct {
    uint32_t size;
    acta_tx *members[CROWD_MAX];
    acta_tx *judge;
    int64_t waited_for; // messages to the judge
    double ended_ns;
} crowd;

static int judge_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    if (m == NULL || --crowd.waited_for > 0)
        return ACTA_OK;
    crowd.ended_ns = bench_now_ns();
    for (uint32_t i = 0; i < crowd.size; i++)
        acta_tx_drop(&crowd.members[i]);
    acta_tx_drop(&crowd.judge);
    return ACTA_OK;
}

static void gather(acta_system *sys, acta_handler *handler, uint32_t size, size_t state_bytes, int64_t waited_for)
{
    crowd.size = size;
    crowd.waited_for = waited_for;
    bench_spawn_actor(sys, &crowd.judge, .handler = judge_handler, .name = "judge");
    for (uint32_t i = 0; i < size; i++)
        bench_spawn_actor(sys, &crowd.members[i], .handler = handler, .state_bytes = state_bytes, .name = "member");
}

// ---- everybody asks everybody ------------------------------------------------------------

typedef struct talker {
    uint32_t index;
    uint64_t random;
    int64_t rounds; // still to be begun
} talker;

static acta_tx *somebody(talker *t)
{
    t->random = bench_random(t->random);
    return crowd.members[bench_below(t->random, crowd.size)];
}

// A ball is the start: who he is, and by how many rounds.
ACTA_MESSAGE(start, (u64, index), (i64, rounds));

static bool started(talker *t, acta_msg *m)
{
    if (!acta_is(start, m))
        return false;
    t->index = (uint32_t)acta_as(start, m)->index;
    t->random = bench_random(t->index + 1) | 1;
    t->rounds = acta_as(start, m)->rounds;
    return true;
}

static int ping_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    talker *t = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(ping, m))
        bench_send(crowd.members[acta_as(ping, m)->from], pong);
    else if ((started(t, m) || acta_is(pong, m)) && t->rounds-- > 0)
        bench_send(somebody(t), ping, .from = t->index);
    else
        bench_send(crowd.judge, done);
    return ACTA_OK;
}

static int ask_handler(acta_self *self, void *arg, acta_msg *m)
{
    talker *t = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(ping, m))
        bench_need(acta_reply(self, m, pong) == ACTA_OK, "a reply was not accepted");
    else if ((started(t, m) || acta_is(pong, m)) && t->rounds-- > 0)
        bench_need(acta_ask(self, somebody(t), ACTA_FOREVER, &id, ping, .from = t->index) == ACTA_OK, "ask failed");
    else
        bench_send(crowd.judge, done);
    return ACTA_OK;
}

static double talk(acta_system *sys, acta_handler *handler, int64_t rounds)
{
    gather(sys, handler, TALKERS, sizeof(talker), TALKERS);
    double from = bench_now_ns();
    for (uint32_t i = 0; i < TALKERS; i++)
        bench_send(crowd.members[i], start, .index = i, .rounds = rounds);
    bench_close(sys);
    return (crowd.ended_ns - from) / (double)(rounds * TALKERS);
}

double many_to_many(acta_system *sys, int64_t part)
{
    return talk(sys, ping_handler, 4000 / part);
}

double ask(acta_system *sys, int64_t part)
{
    return talk(sys, ask_handler, 2000 / part);
}

// ---- balls thrown to anybody -------------------------------------------------------------

static int thrower_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    const throw *b = m != NULL ? acta_as(throw, m) : NULL;
    if (b == NULL)
        return ACTA_OK;
    uint64_t random = bench_random(b->random);
    if (b->left > 0)
        bench_send(crowd.members[bench_below(random, crowd.size)], throw, .left = b->left - 1, .random = random);
    else
        bench_send(crowd.judge, done);
    return ACTA_OK;
}

static double scale(acta_system *sys, uint32_t size, int64_t part)
{
    int64_t hops = 4000000 / BALLS / part;
    gather(sys, thrower_handler, size, 0, BALLS);
    double from = bench_now_ns();
    for (uint32_t i = 0; i < BALLS; i++)
        bench_send(crowd.members[i % size], throw, .left = hops, .random = bench_random(i + 1));
    bench_close(sys);
    return (crowd.ended_ns - from) / (double)(hops * BALLS);
}

double scale_10(acta_system *sys, int64_t part)
{
    return scale(sys, 10, part);
}

double scale_1e3(acta_system *sys, int64_t part)
{
    return scale(sys, 1000, part);
}

double scale_1e5(acta_system *sys, int64_t part)
{
    return scale(sys, (uint32_t)(100000 / (part < 1000 ? part : 1000)), part);
}

double scale_1e6(acta_system *sys, int64_t part)
{
    return scale(sys, (uint32_t)(1000000 / (part < 1000 ? part : 1000)), part);
}
