// SPDX-License-Identifier: MIT
//
// contract_link.c - C-DOWN: those who are bound by a link end with each other's error, before their next message; and
// so does who is killed.

#include "claim.h"

#define FAILED ACTA_EREFUSED // some error of an actor's own

typedef struct partner {
    part part;
    acta_addr *other;
    uint64_t link;
    bool bound;
    bool dead;
    int reason; // what a monitor of it would be told; 1: not dead yet
} partner;

static struct {
    part watcher;
    partner one, two;
    uint64_t of_one, of_two;
    int fate; // how the first ends by itself, ACTA_OK or an error
    bool unlinked;
    int told;
} p;

// other_has_failed: whether this one should not have run any more.
static bool other_has_failed(const partner *me)
{
    const partner *other = me == &p.one ? &p.two : &p.one;
    return p.one.bound && other->dead && p.fate < 0;
}

static int partner_on(acta_self *self, void *arg, acta_msg *m)
{
    partner *me = arg;
    must(!other_has_failed(me), "who is bound handles nothing after the other's end");
    if (m == NULL)
        return acta_eof(self);
    int64_t n = acta_as(item, m)->n;
    if (n == 1) {
        int status = acta_link(self, me->other, &me->link);
        must(status == ACTA_OK || (p.two.dead && status == ACTA_EGONE), "a link is made, or the other has ended");
        p.one.bound = status == ACTA_OK;
    } else if (n == 2 && me->link != 0) {
        acta_unlink(self, me->link);
        p.unlinked = true;
        p.one.bound = false;
    } else if (n == 3) {
        return p.fate == ACTA_OK ? ACTA_DONE : p.fate;
    }
    return ACTA_OK;
}

static void partner_ends(void *arg)
{
    ((partner *)arg)->dead = true;
}

static void told_of(partner *who, int reason)
{
    who->reason = reason;
    if (++p.told < 2)
        return;
    bool both_fail = p.one.reason == p.fate && p.two.reason == p.fate;
    must(!p.one.bound || p.fate == ACTA_OK || both_fail, "who is bound ends with the same error");
}

static int pair_watcher_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_down *down = acta_as(acta_down, m);
    if (down != NULL) {
        told_of(down->monitor == p.of_one ? &p.one : &p.two, (int)down->reason);
        return ACTA_OK;
    }
    must(acta_monitor(self, p.one.other, &p.of_two) == ACTA_OK, "the second is watched");
    must(acta_monitor(self, p.two.other, &p.of_one) == ACTA_OK, "the first is watched");
    return ACTA_OK;
}

static acta_tx *play_partner(partner *me, const char *name)
{
    me->part.on = partner_on;
    me->reason = 1;
    acta_tx *tx = play_until(me, name, 0, partner_ends);
    return tx;
}

// tell has one of them end, while the other has messages, which it does not handle if it is too late for them.
static void tell(acta_tx *one, acta_tx *two, bool unlink)
{
    send_item(one, 0, 1);
    if (unlink)
        send_item(one, 0, 2);
    bool first = draw(0, 1) == 0;
    for (int64_t n = draw(0, 2); n > 0; n--)
        send_item(first ? two : one, 0, 0);
    send_item(first ? one : two, 0, 3);
    for (int64_t n = draw(0, 2); n > 0; n--)
        send_item(first ? two : one, 0, 0);
    acta_sim_run(acta_sim_here());
}

static void bind(bool unlink)
{
    memset(&p, 0, sizeof(p));
    p.watcher.on = pair_watcher_on;
    acta_tx *one = play_partner(&p.one, "one"), *two = play_partner(&p.two, "two");
    acta_tx *watcher_tx = play(&p.watcher, "watcher", 0);
    p.one.other = acta_addr_dup(acta_tx_addr(two));
    p.two.other = acta_addr_dup(acta_tx_addr(one));
    p.fate = draw(0, 2) == 0 ? ACTA_OK : FAILED;
    must(acta_send(watcher_tx, go) == ACTA_OK, "the watcher is told to watch");
    acta_sim_run(acta_sim_here());

    tell(one, two, unlink);
    must(p.one.dead == p.two.dead || !p.one.bound || p.fate == ACTA_OK, "who is bound does not live on");
    must(!p.one.dead || !p.two.dead || (p.one.bound && p.fate < 0), "who is not bound lives on");
    if (!unlink)
        reached(p.one.dead && p.two.dead, "both end");
    acta_tx_drop(&one);
    acta_tx_drop(&two);
    acta_sim_run(acta_sim_here());
    acta_addr_drop(&p.one.other);
    acta_addr_drop(&p.two.other);
    acta_tx_drop(&watcher_tx);
}

static void who_is_bound_ends_with_the_others_error(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    bind(false);
    reached(p.fate == ACTA_OK && p.told == 2, "one ends well");
}

static void who_is_no_longer_bound_lives_on(acta_sim *sim, void *arg)
{
    (void)sim, (void)arg;
    bind(true);
    reached(p.unlinked && p.fate < 0, "an unlink comes in time");
}

// ---- kills -----------------------------------------------------------------------------------------

static struct {
    part part;
    int64_t handled, items, fatal;
} x;

static int fatal_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    must(m != NULL, "a handler that is killed is not called again");
    if (x.handled++ == x.fatal)
        must(acta_kill(acta_self_addr(self)) == ACTA_OK, "it is killed");
    return ACTA_OK;
}

static void who_is_killed_handles_nothing_more(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&x, 0, sizeof(x));
    x.part.on = fatal_on;
    x.items = draw(1, 4);
    x.fatal = draw(0, x.items - 1);
    acta_tx *tx = play(&x.part, "mortal", 0);
    for (int64_t i = 0; i < x.items; i++)
        must(acta_send(tx, item, .n = i) == ACTA_OK, "a send is taken");
    acta_sim_run(sim);
    acta_tx_drop(&tx);
    must(x.handled == x.fatal + 1, "who is killed handles nothing more");
    reached(ledger_now().dropped_gone > 0, "more was queued");
}

static const claim claims[] = {
    CLAIM(who_is_bound_ends_with_the_others_error),
    CLAIM_AT_ONCE(who_is_bound_ends_with_the_others_error),
    CLAIM(who_is_no_longer_bound_lives_on),
    CLAIM_AT_ONCE(who_is_no_longer_bound_lives_on),
    CLAIM(who_is_killed_handles_nothing_more),
    CLAIM_AT_ONCE(who_is_killed_handles_nothing_more),
};

CLAIM_MAIN(claims)
