// SPDX-License-Identifier: MIT
//
// streams.h - scenarios of two nodes, a and b, for test_nodes.c and test_faults.c. Each claims what has to hold whether
// there are faults or not: what has come is a prefix, and an end that says that all is well comes after all.
//
// Everything in here is written by actors and boots of both nodes, which one thread runs. A node that has been killed
// writes nothing that others read.

#ifndef TEST_SIM_STREAMS_H
#define TEST_SIM_STREAMS_H

#include "nodes.h"

enum { ITEMS = 5, STARTS_MAX = 16, LOAD_BYTES = 300 * 1024 };

static inline void refused_scenario(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_sim_node *node;
    int status = acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "a"}, &node);
    acta_sim_check(sim, "a node without a boot is refused", status == ACTA_EINVAL);
}

// ---- C-FIFO and C-EOF: a feeds a sink on b --------------------------------------------------

typedef struct sink {
    acta_tx *me; // until the first item
    int64_t last[STARTS_MAX + 1];
    int ended;
    int eof;
} sink;

typedef struct stream {
    acta_sim_node *a, *b;
    sink sinks[STARTS_MAX]; // one each time that b starts
    acta_tx *feeders[STARTS_MAX];
    bool large;   // every other item is a load, which goes in pieces
    int64_t fed;  // series of items that have been begun: one for each time that a finds the sink
    bool whole;    // a sink has seen a whole series, and its end
    bool crashed;  // a sink was told that its feeder died, before it had all
} stream;

static uint8_t load_bytes[LOAD_BYTES]; // see stream_of

static inline int sink_handler(acta_self *self, void *arg, acta_msg *m)
{
    sink *s = arg;
    acta_sim *sim = acta_sim_here();
    acta_sim_check(sim, "nothing comes after the end", s->ended == 0);
    if (m == NULL) {
        s->ended++;
        acta_tx_drop(&s->me);
        int eof = s->eof = acta_eof(self);
        bool whole = true;
        for (int i = 1; i <= STARTS_MAX; i++)
            whole &= s->last[i] == 0 || s->last[i] == ITEMS;
        acta_sim_check(sim, "an end that says all is well comes after all", eof != ACTA_OK || whole);
        acta_sim_check(sim, "an end says why", eof == ACTA_OK || eof == ACTA_ECRASHED || eof == ACTA_EKILLED);
        return ACTA_OK;
    }
    const load *l = acta_as(load, m);
    const item *i = l == NULL ? acta_as(item, m) : &(item){.source = l->source, .n = l->n};
    acta_sim_check(sim, "each series comes in order, without a gap", i->n == s->last[i->source] + 1);
    acta_sim_check(sim, "a load is whole", l == NULL || (l->data.size == LOAD_BYTES &&
                                                         memcmp(l->data.data, load_bytes, LOAD_BYTES) == 0));
    s->last[i->source] = i->n;
    acta_tx_drop(&s->me);
    return ACTA_OK;
}

// A handler that is killed is not called any more; what it has is freed.
static inline void sink_freed(void *arg)
{
    sink *s = arg;
    acta_tx_drop(&s->me);
}

typedef struct feeder {
    acta_tx *to;
    int64_t source;
    int64_t n;
    bool large;
} feeder;

static inline void feeder_freed(void *arg)
{
    feeder *f = arg;
    acta_tx_drop(&f->to);
    free(f);
}

// feed sends one item each time that it is told to: so that a node can die in between.
static inline int feed(acta_self *self, void *arg, acta_msg *m)
{
    feeder *f = arg;
    (void)self;
    int status = ACTA_OK;
    if (m != NULL) {
        f->n++;
        do
            status = f->large && f->n % 2 == 1
                         ? acta_send(f->to, load, .source = f->source, .n = f->n, .data = {load_bytes, LOAD_BYTES})
                         : acta_send(f->to, item, .source = f->source, .n = f->n);
        while (status == ACTA_ENOMEM); // nothing was changed, and there is some again
    }
    if (m != NULL && status == ACTA_OK)
        return ACTA_OK;
    return ACTA_DONE; // it has said all, or the node is down
}

static inline void stream_b(acta_sim *sim, acta_system *sys, void *arg)
{
    stream *s = arg;
    sink *into = &s->sinks[acta_sim_node_starts(s->b) - 1];
    acta_tx *tx;
    uint32_t capacity = 1 + (uint32_t)acta_sim_random(sim, ITEMS); // in some schedules items wait for room there
    if (acta_spawn(sys, &tx, .handler = sink_handler, .arg = into, .arg_free = sink_freed, .capacity = capacity,
                   .name = "sink") != ACTA_OK)
        return;
    into->me = tx;
    (void)publish_and_serve(sys, "sink", tx);
}

static inline void stream_a(acta_sim *sim, acta_system *sys, void *arg)
{
    stream *s = arg;
    acta_tx *to = find_at_peer(sim, sys, "sink"), *tx = NULL;
    feeder *f = to != NULL ? malloc(sizeof(*f)) : NULL;
    if (f == NULL)
        return;
    *f = (feeder){.to = to, .source = ++s->fed, .large = s->large};
    if (acta_spawn(sys, &tx, .handler = feed, .arg = f, .arg_free = feeder_freed, .name = "feeder") != ACTA_OK) {
        acta_tx_drop(&f->to);
        free(f);
        return;
    }
    for (int n = 1; n <= ITEMS; n++)
        while (acta_send(tx, go, .n = n) == ACTA_ENOMEM)
            continue;
    acta_tx_drop(&tx);
}

static inline bool stream_is_over(void *arg)
{
    stream *s = arg;
    // The sink that is there now has an end if anything has come to it.
    const sink *now = &s->sinks[acta_sim_node_starts(s->b) - 1];
    bool begun = false;
    for (int i = 1; i <= STARTS_MAX; i++)
        begun |= now->last[i] > 0;
    return !acta_sim_node_is_up(s->b) || !begun || now->ended == 1;
}

static inline void stream_of(acta_sim *sim, stream *s, bool large)
{
    *s = (stream){.large = large};
    for (size_t i = 0; large && i < LOAD_BYTES; i++)
        load_bytes[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "b", .boot = stream_b, .arg = s}, &s->b) != ACTA_OK ||
        acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "a", .boot = stream_a, .arg = s}, &s->a) != ACTA_OK)
        return;
    acta_sim_eventually(sim, "a sink that has got something has got an end", stream_is_over, s);
    acta_sim_run(sim);
    for (int i = 0; i < STARTS_MAX; i++) {
        const sink *it = &s->sinks[i];
        s->whole |= it->ended == 1 && it->last[1] == ITEMS && it->eof == ACTA_OK;
        s->crashed |= it->eof == ACTA_ECRASHED && it->last[1] > 0 && it->last[1] < ITEMS;
    }
    acta_sim_check(sim, "without faults all comes", acta_sim_faults(sim) > 0 || s->whole);
}

static inline void stream_scenario(acta_sim *sim, void *arg)
{
    stream_of(sim, arg, false);
}

static inline void large_stream_scenario(acta_sim *sim, void *arg)
{
    stream_of(sim, arg, true);
}

// ---- C-DOWN and C-ASK: a watcher on a asks a talker on b, which dies of the last request ----------

typedef struct watch {
    acta_sim_node *a, *b;
    acta_tx *me[STARTS_MAX]; // of the talker, until it is asked
    bool watched;            // the watcher of now has a monitor
    int outcomes[ITEMS + 1];
    int settled;    // requests that have had one
    int replies;
    int last_reply;
    int downs;
    int64_t reason;
} watch;

typedef struct watcher {
    watch *w;
    acta_tx *to;
    acta_tx *me; // until it has heard of all
} watcher;

static inline int talk(acta_self *self, void *arg, acta_msg *m)
{
    acta_tx **me = arg;
    acta_tx_drop(me);
    if (m == NULL)
        return ACTA_OK;
    int64_t n = acta_as(query, m)->n;
    int status = acta_reply(self, m, answer, .n = n * 10);
    acta_sim_check(acta_sim_here(), "a reply goes out while the node is up",
                   status == ACTA_OK || acta_sim_faults(acta_sim_here()) > 0);
    return n == ITEMS ? ACTA_DONE : ACTA_OK;
}

static inline void talker_freed(void *arg)
{
    acta_tx_drop((acta_tx **)arg);
}

static inline void watch_b(acta_sim *sim, acta_system *sys, void *arg)
{
    watch *w = arg;
    (void)sim;
    acta_tx **me = &w->me[acta_sim_node_starts(w->b) - 1];
    acta_tx *tx;
    if (acta_spawn(sys, &tx, .handler = talk, .arg = me, .arg_free = talker_freed, .name = "talker") != ACTA_OK)
        return;
    *me = tx;
    (void)publish_and_serve(sys, "talker", tx);
}

// take counts what the watcher gets.
static inline void take(watch *w, const uint64_t *asked, const acta_msg *m)
{
    acta_sim *sim = acta_sim_here();
    if (acta_is(acta_down, m)) {
        w->reason = acta_as(acta_down, m)->reason;
        acta_sim_check(sim, "a DOWN comes once", ++w->downs == 1);
        acta_sim_check(sim, "a DOWN of one that has returned comes after all its replies",
                       w->reason != ACTA_OK || w->settled == ITEMS);
        acta_sim_check(sim, "a DOWN says why", w->reason == ACTA_OK || w->reason == ACTA_ECRASHED ||
                                                   w->reason == ACTA_EGONE || w->reason == ACTA_EUNREACH ||
                                                   w->reason == ACTA_ENOMEM);
        return;
    }
    for (int n = 1; n <= ITEMS; n++) {
        if (asked[n] == 0 || acta_msg_ask(m) != asked[n])
            continue;
        acta_sim_check(sim, "a request has one outcome", ++w->outcomes[n] == 1);
        const answer *a = acta_as(answer, m);
        w->settled++;
        if (a == NULL)
            continue;
        acta_sim_check(sim, "a reply is that of its request", a->n == n * 10);
        acta_sim_check(sim, "replies come in the order in which they were given", n > w->last_reply);
        acta_sim_check(sim, "no reply comes after the DOWN", w->downs == 0);
        w->last_reply = n;
        w->replies++;
    }
}

static inline bool has_all(const watch *w, const uint64_t *asked)
{
    for (int n = 1; n <= ITEMS; n++)
        if (asked[n] != 0 && w->outcomes[n] == 0)
            return false;
    return w->downs == 1;
}

static inline int watch_body(acta_self *self, void *arg)
{
    watcher *it = arg;
    watch *w = it->w;
    uint64_t asked[ITEMS + 1] = {0}, id;
    if (acta_monitor(self, acta_tx_addr(it->to), &id) != ACTA_OK)
        goto end;
    memset(w->outcomes, 0, sizeof(w->outcomes));
    w->settled = w->replies = w->last_reply = w->downs = 0;
    w->watched = true;
    for (int n = 1; n <= ITEMS; n++) {
        int status;
        while ((status = acta_ask(self, it->to, ACTA_FOREVER, &asked[n], query, .n = n)) == ACTA_ENOMEM)
            continue;
        if (status != ACTA_OK)
            asked[n] = 0; // the node is down
    }
    acta_tx_drop(&it->to);
    acta_msg *m;
    while (!has_all(w, asked) && (m = acta_recv(self)) != NULL) {
        take(w, asked, m);
        acta_msg_free(&m);
    }
    if (has_all(w, asked))
        w->watched = false;
end:
    acta_tx_drop(&it->to);
    acta_tx_drop(&it->me);
    free(it);
    return ACTA_OK;
}

static inline void watch_a(acta_sim *sim, acta_system *sys, void *arg)
{
    ((watch *)arg)->watched = false;
    acta_tx *to = find_at_peer(sim, sys, "talker"), *tx = NULL;
    watcher *it = to != NULL ? malloc(sizeof(*it)) : NULL;
    if (it == NULL)
        return;
    *it = (watcher){.w = arg, .to = to};
    if (acta_spawn(sys, &tx, .body = watch_body, .arg = it, .name = "watcher") == ACTA_OK) {
        it->me = tx; // it has not started: that is a step of its own
        return;
    }
    acta_tx_drop(&it->to);
    free(it);
}

// A watcher of a node that is up has all that it waits for.
static inline bool watch_is_over(void *arg)
{
    watch *w = arg;
    return !acta_sim_node_is_up(w->a) || !w->watched;
}

static inline void watch_scenario(acta_sim *sim, void *arg)
{
    watch *w = arg;
    *w = (watch){0};
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "b", .boot = watch_b, .arg = w}, &w->b) != ACTA_OK ||
        acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "a", .boot = watch_a, .arg = w}, &w->a) != ACTA_OK)
        return;
    acta_sim_eventually(sim, "a watcher hears of each request and of the death", watch_is_over, w);
    acta_sim_run(sim);
    acta_sim_check(sim, "without faults all is answered",
                   acta_sim_faults(sim) > 0 || (w->replies == ITEMS && w->downs == 1 && w->reason == ACTA_OK));
}

// ---- C-ASK with more requests than there is credit for: some wait on a when the session is lost ------

enum { MANY = 520 };

typedef struct many {
    acta_sim_node *a, *b;
    acta_tx *talker; // until it is asked
    acta_tx *me;     // of the asker, until it has all outcomes
    acta_tx *to;
    int asked, settled;
    bool unsent; // a request has failed before it was sent
} many;

static inline int ask_many(acta_self *self, void *arg)
{
    many *all = arg;
    uint64_t id;
    while (all->asked < MANY && acta_ask(self, all->to, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK)
        all->asked++;
    acta_tx_drop(&all->to);
    acta_msg *m;
    while (all->settled < all->asked && (m = acta_recv(self)) != NULL) {
        const acta_failure *failure = acta_as(acta_failure, m);
        all->settled += acta_msg_ask(m) != 0;
        all->unsent |= failure != NULL && strstr(failure->cause, "before the request was sent") != NULL;
        acta_msg_free(&m);
    }
    acta_tx_drop(&all->me);
    return ACTA_OK;
}

static inline void many_b(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim;
    acta_tx **me = &((many *)arg)->talker;
    if (acta_spawn(sys, me, .handler = talk, .arg = me, .arg_free = talker_freed, .name = "talker") == ACTA_OK)
        (void)publish_and_serve(sys, "talker", *me);
}

static inline void many_a(acta_sim *sim, acta_system *sys, void *arg)
{
    many *all = arg;
    all->to = find_at_peer(sim, sys, "talker");
    if (all->to != NULL && acta_spawn(sys, &all->me, .body = ask_many, .arg = all, .name = "asker") != ACTA_OK)
        acta_tx_drop(&all->to);
}

static inline bool many_are_settled(void *arg)
{
    const many *all = arg;
    return !acta_sim_node_is_up(all->a) || all->settled == all->asked;
}

static inline void many_scenario(acta_sim *sim, void *arg)
{
    many *all = arg;
    *all = (many){0};
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "b", .boot = many_b, .arg = all}, &all->b) != ACTA_OK ||
        acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "a", .boot = many_a, .arg = all}, &all->a) != ACTA_OK)
        return;
    acta_sim_eventually(sim, "each of many requests has an outcome", many_are_settled, all);
    acta_sim_run(sim);
    acta_sim_sometimes(sim, "a request fails before it is sent", all->unsent);
}

// ---- calls: a thread outside on a calls an echo on b, with a time limit and large bodies ------------

typedef struct calling {
    acta_sim_node *a, *b;
    acta_tx *me[STARTS_MAX];
    int answered, late, lost;
} calling;

enum { CALLS = 4, LARGEST = 200000 };

static inline void fill(uint8_t *bytes, uint32_t size, int64_t n)
{
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7 + (uint32_t)n);
}

static inline bool is_filled(const acta_bytes *bytes, int64_t n)
{
    const uint8_t *at = (const uint8_t *)bytes->data;
    for (uint32_t i = 0; i < bytes->size; i++)
        if (at[i] != (uint8_t)(i * 7 + (uint32_t)n))
            return false;
    return true;
}

static inline int echo(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    const parcel *p = m != NULL ? acta_as(parcel, m) : NULL;
    if (p == NULL)
        return ACTA_OK;
    acta_sim_check(acta_sim_here(), "a large message arrives as it was sent", is_filled(&p->data, p->n));
    (void)acta_reply(self, m, parcel, .n = p->n, .data = p->data);
    return ACTA_OK;
}

static inline void calling_b(acta_sim *sim, acta_system *sys, void *arg)
{
    calling *c = arg;
    (void)sim;
    acta_tx **me = &c->me[acta_sim_node_starts(c->b) - 1];
    if (acta_spawn(sys, me, .handler = echo, .arg = me, .arg_free = talker_freed, .name = "echo") == ACTA_OK)
        (void)publish_and_serve(sys, "echo", *me);
}

static inline void call_once(acta_sim *sim, calling *c, acta_tx *to, int64_t n)
{
    static uint8_t bytes[LARGEST]; // read before the call waits
    uint32_t size = (uint32_t)acta_sim_random(sim, LARGEST) / (n % 2 == 0 ? 1 : 1000);
    fill(bytes, size, n);
    acta_msg *m = NULL;
    // In the longer time the end of a session that cannot be taken up again is seen.
    uint64_t timeout_ns = n % 2 == 0 ? 100 * ACTA_SECOND : ACTA_SECOND;
    int status = acta_call(to, timeout_ns, &m, parcel, .n = n, .data = {bytes, size});
    const parcel *p = status == ACTA_OK ? acta_as(parcel, m) : NULL;
    bool own = p != NULL && p->n == n && p->data.size == size && is_filled(&p->data, n);
    acta_sim_check(sim, "an answer is that of its call", status != ACTA_OK || own);
    acta_sim_check(sim, "a call fails for a reason",
                   status == ACTA_OK || status == ACTA_ETIMEOUT || acta_sim_faults(sim) > 0);
    c->answered += status == ACTA_OK;
    c->late += status == ACTA_ETIMEOUT;
    c->lost += status == ACTA_ECRASHED || status == ACTA_EUNREACH;
    acta_msg_free(&m);
}

static inline void calling_a(acta_sim *sim, acta_system *sys, void *arg)
{
    acta_tx *to = find_at_peer(sim, sys, "echo");
    for (int64_t n = 1; n <= CALLS && to != NULL; n++)
        call_once(sim, arg, to, n);
    acta_tx_drop(&to);
}

static inline void calling_scenario(acta_sim *sim, void *arg)
{
    calling *c = arg;
    *c = (calling){0};
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "b", .boot = calling_b, .arg = c}, &c->b) != ACTA_OK ||
        acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "a", .boot = calling_a, .arg = c}, &c->a) != ACTA_OK)
        return;
    acta_sim_run(sim);
    acta_sim_sometimes(sim, "a call is answered", c->answered > 0);
    acta_sim_sometimes(sim, "a call is too late", c->late > 0);
}

// The scenario's own system is a node, too: it calls the echo itself, on its own thread.
static inline void own_scenario(acta_sim *sim, void *arg)
{
    calling *c = arg;
    *c = (calling){0};
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "b", .boot = calling_b, .arg = c}, &c->b) != ACTA_OK)
        return;
    acta_tx *to = find_at_peer(sim, acta_sim_system(sim), "echo");
    for (int64_t n = 1; n <= CALLS && to != NULL; n++)
        call_once(sim, c, to, n);
    acta_tx_drop(&to);
    acta_sim_run(sim);
    acta_sim_sometimes(sim, "the scenario's own call is answered", c->answered > 0);
}

// ---- bounds -----------------------------------------------------------------------------------------

static inline void idle(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)sim;
    (void)sys;
    ++*(int *)arg;
}

static inline void crowd_scenario(acta_sim *sim, void *arg)
{
    int *boots = arg;
    acta_sim_node *node = NULL;
    *boots = 0;
    int status = ACTA_OK, started = 0;
    while (started < 100 && status == ACTA_OK) {
        status = acta_sim_node_start(sim, &(acta_sim_node_opts){.boot = idle, .arg = boots}, &node);
        started += status == ACTA_OK;
    }
    acta_sim_check(sim, "there may be 15 nodes beside the scenario's own", started == 15 && status == ACTA_EFULL);
    acta_sim_check(sim, "a node is up and has been started once",
                   acta_sim_node_is_up(node) && acta_sim_node_starts(node) == 1);
    acta_sim_run(sim);
    acta_sim_check(sim, "each is booted", *boots == 15);
}

// ---- credit: a floods a sink on b that stands still for a while ---------------------------------

enum { FLOOD = 700, CREDIT = 512 };

typedef struct crowded {
    acta_sim_node *a, *b;
    acta_tx *me, *holder;
    int64_t taken;
} crowded;

// hold answers after a second.
static inline int hold(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *m = acta_recv(self), *tick = NULL;
    uint64_t timer;
    if (m != NULL && acta_timer_start(self, ACTA_SECOND, 0, &timer) == ACTA_OK) {
        while ((tick = acta_recv(self)) != NULL && !acta_is(acta_tick, tick))
            acta_msg_free(&tick);
        acta_msg_free(&tick);
        (void)acta_reply(self, m, answer, .n = 1);
    }
    acta_msg_free(&m);
    return ACTA_OK;
}

// gauge looks at what has come to the sink and is not done with: all that was sent in this system, but for the request
// to the holder, its tick and its reply.
static inline void gauge(acta_self *self, int64_t done)
{
    acta_ledger ledger;
    acta_ledger_read(acta_system_of(self), &ledger);
    acta_sim_gauge(acta_sim_here(), "items of one sender that their receiver has", (int64_t)ledger.sent - 3 - done,
                   CREDIT);
}

static inline int slow_sink(acta_self *self, void *arg)
{
    crowded *c = arg;
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        const item *i = acta_as(item, m);
        acta_sim_check(acta_sim_here(), "a flood comes in order", i != NULL && i->n == ++c->taken);
        acta_tx_drop(&c->me);
        uint64_t id;
        if (c->taken == 1 && acta_ask(self, c->holder, ACTA_FOREVER, &id, query, .n = 1) == ACTA_OK) {
            acta_msg *reply = acta_await(self, id);
            acta_msg_free(&reply);
        }
        acta_tx_drop(&c->holder);
        gauge(self, c->taken - 1);
        acta_msg_free(&m);
    }
    acta_tx_drop(&c->me);
    acta_tx_drop(&c->holder);
    return ACTA_OK;
}

static inline int flood(acta_self *self, void *arg)
{
    acta_tx *to = arg;
    for (int64_t n = 1; n <= FLOOD; n++)
        if (acta_send(to, item, .n = n) != ACTA_OK)
            break;
    acta_tx_drop(&to);
    while (acta_recv(self) != NULL)
        continue;
    return ACTA_OK;
}

static inline void credit_b(acta_sim *sim, acta_system *sys, void *arg)
{
    crowded *c = arg;
    (void)sim;
    acta_tx *tx;
    if (acta_spawn(sys, &c->holder, .body = hold, .name = "holder") != ACTA_OK ||
        acta_spawn(sys, &tx, .body = slow_sink, .arg = c, .name = "sink") != ACTA_OK)
        return;
    c->me = tx;
    (void)publish_and_serve(sys, "sink", tx);
}

static inline void credit_a(acta_sim *sim, acta_system *sys, void *arg)
{
    (void)arg;
    acta_tx *to = find_at_peer(sim, sys, "sink"), *tx = NULL;
    if (to != NULL && acta_spawn(sys, &tx, .body = flood, .arg = to, .name = "flood") == ACTA_OK)
        acta_tx_drop(&tx);
}

static inline bool credit_is_over(void *arg)
{
    return ((const crowded *)arg)->taken == FLOOD;
}

static inline void credit_scenario(acta_sim *sim, void *arg)
{
    crowded *c = arg;
    *c = (crowded){0};
    if (acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "b", .boot = credit_b, .arg = c}, &c->b) != ACTA_OK ||
        acta_sim_node_start(sim, &(acta_sim_node_opts){.name = "a", .boot = credit_a, .arg = c}, &c->a) != ACTA_OK)
        return;
    acta_sim_eventually(sim, "all items come", credit_is_over, c);
}

#endif
