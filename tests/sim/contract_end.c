// SPDX-License-Identifier: MIT
//
// contract_end.c - C-EOF: one end, behind everything that any holder sent, and no way back from it.

#include "claim.h"

enum { HOLDERS = 3, ROUNDS = 3 };

typedef struct holder {
    part part;
    acta_tx *tx;     // NULL: it has let go
    acta_addr *addr; // with which it comes back, or tries to
    int64_t number;
} holder;

static struct {
    part target, tail;
    acta_tx *to_tail;
    holder holders[HOLDERS];
    int64_t count;
    int64_t sent[HOLDERS], next[HOLDERS];
    int64_t holding; // senders that these hold
    int ends;
    int reason;
    bool stopped; // somebody has called acta_stop
    bool back, too_late;
} w;

static int target_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL) {
        must(w.ends++ == 0, "the end comes once");
        w.reason = acta_eof(self);
        must(w.stopped || w.holding == 0, "the end comes when nobody holds a sender any more");
        must(w.reason == ACTA_OK || w.stopped, "the end says why");
        for (int64_t h = 0; h < w.count && w.reason == ACTA_OK; h++)
            must(w.next[h] == w.sent[h], "the end comes behind everything that was sent");
        acta_tx_drop(&w.to_tail);
        return ACTA_OK;
    }
    must(w.ends == 0, "nothing comes after the end");
    const item *i = acta_as(item, m);
    must(i->n == w.next[i->source]++, "each holder's items come in order");
    send_item(w.to_tail, i->source, i->n);
    return ACTA_OK;
}

static int tail_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

static void say(holder *h, acta_tx *tx)
{
    int status = acta_send(tx, item, .source = h->number, .n = w.sent[h->number]);
    must(status == ACTA_OK || (w.stopped && status == ACTA_EGONE), "while a sender is held, a send is taken");
    w.sent[h->number] += status == ACTA_OK;
}

// come_back makes a sender from the address, says one thing more, and drops it.
static void come_back(holder *h)
{
    acta_tx *tx = NULL;
    int status = acta_addr_tx(h->addr, &tx);
    must(status == ACTA_OK || w.holding == 0 || w.stopped, "while somebody holds a sender there is a way back");
    must(status != ACTA_OK || w.ends == 0 || w.stopped, "after the end there is none");
    w.too_late = w.too_late || status != ACTA_OK;
    if (status != ACTA_OK)
        return;
    w.back = true;
    w.holding++;
    say(h, tx);
    w.holding--;
    acta_tx_drop(&tx);
}

static int holder_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    holder *h = arg;
    if (m == NULL) {
        acta_addr_drop(&h->addr);
        return ACTA_OK;
    }
    if (h->tx == NULL) {
        come_back(h);
        return ACTA_OK;
    }
    for (int64_t n = draw(0, 2); n > 0; n--)
        say(h, h->tx);
    if (acta_as(item, m)->n == 0 || draw(0, 1) == 0) {
        w.holding--;
        acta_tx_drop(&h->tx);
    }
    return ACTA_OK;
}

static void set_up(void)
{
    memset(&w, 0, sizeof(w));
    w.count = w.holding = draw(1, HOLDERS);
    w.target.on = target_on;
    w.tail.on = tail_on;
    w.to_tail = play(&w.tail, "tail", 1);
    acta_tx *target = play(&w.target, "target", draw(1, 3));
    for (int64_t i = 0; i < w.count; i++) {
        holder *h = &w.holders[i];
        *h = (holder){.part = {holder_on}, .tx = acta_tx_dup(target), .number = i};
        h->addr = acta_addr_dup(acta_tx_addr(target));
        acta_tx *tx = play_as(false, h, "holder", 0); // with holds and counts in one turn
        for (int64_t n = ROUNDS; n-- > 0;)
            send_item(tx, 0, n < ROUNDS - 1 ? n : 1);
        acta_tx_drop(&tx);
    }
    acta_tx_drop(&target);
}

static bool ended(void *arg)
{
    (void)arg;
    bool all = true;
    for (int64_t h = 0; h < w.count; h++)
        all = all && w.next[h] == w.sent[h];
    return w.ends == 1 && (all || w.reason == ACTA_ESTOPPED);
}

static void the_end_comes_once_and_behind_everything(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up();
    acta_sim_eventually(sim, "the end comes, and nothing that was taken is lost", ended, NULL);
    acta_sim_run(sim);
    reached(w.back, "somebody comes back with an address");
    reached(w.too_late, "somebody comes back too late");
}

// ---- a stop beside the drops -------------------------------------------------------------------

static void a_stop_is_an_end_too_and_not_a_second_one(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up();
    w.stopped = true;
    acta_addr *addr = acta_addr_dup(w.holders[0].addr);
    acta_sim_eventually(sim, "the end comes, and nothing that was taken is lost", ended, NULL);
    for (int64_t n = draw(0, 1); n >= 0; n--)
        (void)acta_stop(addr);
    acta_addr_drop(&addr);
    acta_sim_run(sim);
    reached(w.reason == ACTA_ESTOPPED, "it is stopped");
}

// late_stop comes from an actor, after the drops in some schedules.
static int stopper_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    acta_addr *addr = w.holders[0].addr;
    if (addr == NULL)
        return ACTA_OK;
    (void)acta_stop(addr);
    (void)acta_stop(addr);
    return ACTA_OK;
}

static void a_stop_that_meets_the_end_is_no_second_one(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up();
    w.stopped = true;
    static part stopper = {stopper_on};
    acta_tx *tx = play(&stopper, "stopper", 0);
    start(&tx);
    acta_sim_eventually(sim, "the end comes, and nothing that was taken is lost", ended, NULL);
    acta_sim_run(sim);
    reached(w.reason == ACTA_ESTOPPED, "it is stopped");
    reached(w.reason == ACTA_OK, "the stop comes too late");
}

// ---- one who holds a sender to itself -----------------------------------------------------------

static struct {
    part part;
    acta_tx *self;
    int64_t left;
    int ends;
} o;

static int own_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL) {
        must(o.self == NULL, "who holds a sender to itself does not end");
        o.ends++;
        return ACTA_OK;
    }
    if (o.left-- > 0)
        must(acta_send(o.self, go) == ACTA_OK, "a send to oneself is taken");
    else
        acta_tx_drop(&o.self);
    return ACTA_OK;
}

static bool own_ended(void *arg)
{
    (void)arg;
    return o.ends == 1;
}

static void who_holds_a_sender_to_itself_ends_when_it_drops_that(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&o, 0, sizeof(o));
    o.part.on = own_on;
    o.left = draw(0, 3);
    acta_tx *tx = play(&o.part, "own", 1);
    o.self = acta_tx_dup(tx);
    start(&tx);
    acta_sim_eventually(sim, "the end comes", own_ended, NULL);
}

static const claim claims[] = {
    CLAIM(the_end_comes_once_and_behind_everything),
    CLAIM_AT_ONCE(the_end_comes_once_and_behind_everything),
    CLAIM(a_stop_is_an_end_too_and_not_a_second_one),
    CLAIM(a_stop_that_meets_the_end_is_no_second_one),
    CLAIM_AT_ONCE(a_stop_that_meets_the_end_is_no_second_one),
    CLAIM(who_holds_a_sender_to_itself_ends_when_it_drops_that),
};

CLAIM_MAIN(claims)
