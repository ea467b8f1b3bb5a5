// SPDX-License-Identifier: MIT
//
// contract_bound.c - C-BOUND: an inbox takes exactly as many messages as its capacity, and what has its place reserved
// is taken besides.

#include "claim.h"

// ---- filled from outside ------------------------------------------------------------------------

static struct {
    part reader;
    int64_t sent, handled, capacity;
} f;

static int reader_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m != NULL)
        must(acta_as(item, m)->n == f.handled++, "what was taken comes in order");
    return ACTA_OK;
}

static void fill(acta_tx *tx)
{
    int status;
    while ((status = acta_try_send(tx, item, .n = f.sent)) == ACTA_OK)
        f.sent++;
    must(status == ACTA_EFULL, "an inbox that takes no more is full");
    must(f.sent - f.handled == f.capacity, "an inbox holds as many messages as its capacity");
}

static void an_inbox_takes_exactly_its_capacity(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&f, 0, sizeof(f));
    f.reader.on = reader_on;
    f.capacity = draw(0, 15) > 0 ? draw(1, 9) : draw(250, 600);
    acta_tx *tx = play(&f.reader, "reader", f.capacity);
    for (int64_t times = draw(1, 3); times > 0; times--) {
        fill(tx);
        acta_sim_run(sim);
        must(f.handled == f.sent, "all that was taken is handled");
    }
    acta_tx_drop(&tx);
    reached(f.capacity > 256, "the inbox is large");
}

// ---- from several sides, by sends and asks --------------------------------------------------------

enum { SENDERS = 3, TRIES = 5 };

typedef struct filler {
    part part;
    acta_tx *to;
    acta_tx *self; // keeps it while it has tries left, or waits for an answer
    int64_t tries;
    int64_t waits;
} filler;

static struct {
    part busy;
    filler fillers[SENDERS];
    int64_t capacity, held, outcomes, asked;
    bool full, turned_away;
} b;

static int busy_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    b.held--;
    must(b.held >= 0, "nothing is handled that was not taken");
    if (acta_msg_wants_reply(m)) {
        int status = acta_reply(self, m, answer, .n = 1);
        must(status == ACTA_OK || status == ACTA_EGONE, "an answer is taken");
    }
    return ACTA_OK;
}

static void try_a_send(const filler *me)
{
    int status = acta_try_send(me->to, item, .n = 0);
    must(status == ACTA_OK || status == ACTA_EFULL, "a try is taken or not");
    must((status == ACTA_OK) == (b.held < b.capacity), "a message is taken exactly if there is room");
    b.held += status == ACTA_OK;
    b.turned_away = b.turned_away || status == ACTA_EFULL;
}

// try_one asks only if there is room, so that the request does not wait in the outbox, and else tries to send.
static void try_one(acta_self *self, filler *me)
{
    uint64_t id;
    if (b.held < b.capacity && draw(0, 1) == 0) {
        must(acta_ask(self, me->to, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK, "a request is taken");
        me->waits++;
        b.held++;
        b.asked++;
    } else {
        try_a_send(me);
    }
    acta_sim_gauge(acta_sim_here(), "an inbox holds no more than its capacity", b.held, b.capacity);
    if (--me->tries > 0)
        must(acta_send(me->self, go) == ACTA_OK, "it goes on");
}

static int filler_on(acta_self *self, void *arg, acta_msg *m)
{
    filler *me = arg;
    if (m == NULL) {
        acta_tx_drop(&me->to);
        return ACTA_OK;
    }
    if (acta_msg_ask(m) != 0) {
        must(acta_is(answer, m), "a request is answered");
        b.outcomes++;
        me->waits--;
    } else {
        try_one(self, me);
    }
    if (me->tries == 0 && me->waits == 0)
        acta_tx_drop(&me->self);
    return ACTA_OK;
}

static bool all_answered(void *arg)
{
    (void)arg;
    return b.outcomes == b.asked && b.held == 0;
}

static void sends_and_requests_count_alike(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&b, 0, sizeof(b));
    b.busy.on = busy_on;
    b.capacity = draw(1, 4);
    acta_tx *to = play(&b.busy, "busy", b.capacity);
    acta_tx *fillers[SENDERS];
    for (int64_t i = 0; i < SENDERS; i++) {
        filler *me = &b.fillers[i];
        *me = (filler){.part = {filler_on}, .to = acta_tx_dup(to), .tries = draw(1, TRIES)};
        fillers[i] = play(me, "filler", 1);
        me->self = acta_tx_dup(fillers[i]);
    }
    acta_tx_drop(&to);
    for (int64_t i = 0; i < SENDERS; i++)
        start(&fillers[i]);
    acta_sim_eventually(sim, "all was handled, and every request answered", all_answered, NULL);
    acta_sim_run(sim);
    reached(b.turned_away, "somebody is turned away");
    must(ledger_now().overcommits == 0, "nothing goes over the bound");
}

// ---- what needs no room -------------------------------------------------------------------------

static struct {
    part narrow, responder, mortal;
    acta_tx *asked, *self;
    acta_addr *watched;
    bool filled;
    int outcomes, ticks, downs, items;
} r;

static int mortal_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    return m != NULL ? ACTA_DONE : ACTA_OK;
}

static int plain_responder_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        must(acta_reply(self, m, answer, .n = 1) == ACTA_OK, "an answer is taken by a full inbox");
    return ACTA_OK;
}

// narrow_on begins to wait for everything, while its inbox is as full as it can be.
static int narrow_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    r.outcomes += acta_msg_ask(m) != 0 && acta_is(answer, m);
    r.ticks += acta_is(acta_tick, m);
    r.downs += acta_is(acta_down, m);
    r.items += acta_is(item, m);
    if (acta_is(go, m)) {
        must(acta_try_send(r.self, item, .n = 0) == ACTA_OK, "the inbox is filled");
        must(acta_try_send(r.self, item, .n = 0) == ACTA_EFULL, "the inbox is full");
        must(acta_ask(self, r.asked, ACTA_FOREVER, &id, query, .n = 1) == ACTA_OK, "a request is taken");
        must(acta_timer_start(self, 0, 0, &id) == ACTA_OK, "a timer is set");
        must(acta_monitor(self, r.watched, &id) == ACTA_OK, "a monitor is made");
        acta_tx_drop(&r.asked);
    }
    if (r.outcomes + r.ticks + r.downs + r.items == 4)
        acta_tx_drop(&r.self);
    return ACTA_OK;
}

static bool all_four(void *arg)
{
    (void)arg;
    return r.outcomes == 1 && r.ticks == 1 && r.downs == 1 && r.items == 1;
}

static void what_has_its_place_reserved_needs_no_room(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&r, 0, sizeof(r));
    r.narrow.on = narrow_on;
    r.responder.on = plain_responder_on;
    r.mortal.on = mortal_on;
    acta_tx *mortal = play(&r.mortal, "mortal", 1);
    r.watched = acta_addr_dup(acta_tx_addr(mortal));
    r.asked = play(&r.responder, "responder", 1);
    acta_tx *tx = play(&r.narrow, "narrow", 1);
    r.self = acta_tx_dup(tx);
    start(&tx);
    start(&mortal);
    acta_sim_eventually(sim, "the answer, the tick, the DOWN and the message have come", all_four, NULL);
    acta_sim_run(sim);
    acta_addr_drop(&r.watched);
}

static const claim claims[] = {
    CLAIM(an_inbox_takes_exactly_its_capacity),
    CLAIM_AT_ONCE(an_inbox_takes_exactly_its_capacity),
    CLAIM(sends_and_requests_count_alike),
    CLAIM_AT_ONCE(sends_and_requests_count_alike),
    CLAIM(what_has_its_place_reserved_needs_no_room),
    CLAIM_AT_ONCE(what_has_its_place_reserved_needs_no_room),
};

CLAIM_MAIN(claims)
