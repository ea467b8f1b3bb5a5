// SPDX-License-Identifier: MIT
//
// contract_circle.c - C-PAUSE: circles of actors that wait for each other are opened, and what goes over a bound is
// counted.

#include "claim.h"

enum { RING = 3, HOPS = 12 };

typedef struct member {
    part part;
    acta_tx *next;
} member;

static struct {
    member ring[RING];
    int64_t count;
    int64_t tokens, arrived;
} g;

static int member_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    member *me = arg;
    if (m == NULL)
        return ACTA_OK;
    const item *i = acta_as(item, m);
    if (i->n > 0) {
        send_item(me->next, i->source, i->n - 1);
        return ACTA_OK;
    }
    if (++g.arrived == g.tokens)
        for (int64_t r = 0; r < g.count; r++)
            acta_tx_drop(&g.ring[r].next);
    return ACTA_OK;
}

// bringer_on puts the tokens in, as fast as there is room.
static int bringer_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    for (int64_t n = 0; n < g.tokens && m != NULL; n++)
        send_item(g.ring[n % g.count].next, n, HOPS);
    return ACTA_OK;
}

static bool all_arrived(void *arg)
{
    (void)arg;
    return g.arrived == g.tokens;
}

static void a_circle_of_full_inboxes_goes_on(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&g, 0, sizeof(g));
    g.count = draw(1, RING);
    g.tokens = draw(1, 3 * RING);
    acta_tx *members[RING];
    for (int64_t i = 0; i < g.count; i++) {
        g.ring[i].part.on = member_on;
        members[i] = play(&g.ring[i], "member", draw(1, 2));
    }
    for (int64_t i = 0; i < g.count; i++)
        g.ring[i].next = members[(i + 1) % g.count];
    static part bringer = {bringer_on};
    acta_tx *tx = play(&bringer, "bringer", 0);
    start(&tx);
    acta_sim_eventually(sim, "every token arrives", all_arrived, NULL);
    acta_sim_run(sim);
    reached(ledger_now().overcommits > 0, "a circle is opened");
}

// One who sends to itself is a circle of one: what goes over the bound can be counted.
static struct {
    part part;
    acta_tx *self;
    int64_t capacity, words, handled;
} o;

static int alone_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(go, m))
        for (int64_t n = 0; n < o.words; n++)
            send_item(o.self, 0, n);
    else
        must(acta_as(item, m)->n == o.handled++, "what it sends to itself comes in order");
    if (o.handled == o.words)
        acta_tx_drop(&o.self);
    return ACTA_OK;
}

static void what_goes_over_a_bound_is_counted(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&o, 0, sizeof(o));
    o.part.on = alone_on;
    o.capacity = draw(1, 4);
    o.words = draw(1, 6);
    acta_tx *tx = play(&o.part, "alone", o.capacity);
    o.self = acta_tx_dup(tx);
    start(&tx);
    acta_sim_run(sim);
    int64_t over = o.words > o.capacity ? o.words - o.capacity : 0;
    must(o.handled == o.words, "all comes");
    must((int64_t)ledger_now().overcommits == over, "what goes over a bound is counted");
}

// ---- bodies that wait for an answer -----------------------------------------------------------------------

enum { QUESTIONS = 3 };

typedef struct questioner {
    acta_tx *other;
    int64_t answered;
    int64_t served;
    bool times_out;
} questioner;

static struct {
    questioner one, two;
} d;

static void serve(acta_self *self, questioner *me, acta_msg *m)
{
    if (acta_msg_wants_reply(m)) {
        (void)acta_reply(self, m, answer, .n = 0);
        me->served++;
    }
}

// Each says words to the other and asks; the other is as full as that, and does the same.
static int questioner_body(acta_self *self, void *arg)
{
    questioner *me = arg;
    uint64_t id;
    for (int64_t n = 0; n < QUESTIONS; n++) {
        send_item(me->other, 0, n);
        must(acta_ask(self, me->other, 10 * ACTA_MS, &id, query, .n = n) == ACTA_OK, "a request is taken");
        acta_msg *m = acta_await(self, id);
        must(m != NULL, "an await ends");
        me->answered += m != NULL;
        me->times_out = me->times_out || (m != NULL && acta_is(acta_failure, m));
        acta_msg_free(&m);
    }
    acta_tx_drop(&me->other);
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        serve(self, me, m);
        acta_msg_free(&m);
    }
    return ACTA_OK;
}

static bool all_answered(void *arg)
{
    (void)arg;
    return d.one.answered == QUESTIONS && d.two.answered == QUESTIONS;
}

static void bodies_that_ask_each_other_go_on(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&d, 0, sizeof(d));
    acta_system *sys = acta_sim_system(sim);
    acta_tx *one = NULL, *two = NULL;
    must(acta_spawn(sys, &one, .body = questioner_body, .arg = &d.one, .name = "one", .capacity = 1) == ACTA_OK &&
         acta_spawn(sys, &two, .body = questioner_body, .arg = &d.two, .name = "two", .capacity = 1) == ACTA_OK,
         "bodies are spawned");
    d.one.other = two;
    d.two.other = one;
    acta_sim_eventually(sim, "each question has its outcome", all_answered, NULL);
    acta_sim_run(sim);
    reached(ledger_now().pauses > 0, "a word waits for room");
    reached(d.one.times_out, "a question is out of time");
}

static const claim claims[] = {
    CLAIM(a_circle_of_full_inboxes_goes_on),
    CLAIM_AT_ONCE(a_circle_of_full_inboxes_goes_on),
    CLAIM(what_goes_over_a_bound_is_counted),
    CLAIM(bodies_that_ask_each_other_go_on),
    CLAIM_AT_ONCE(bodies_that_ask_each_other_go_on),
};

CLAIM_MAIN(claims)
