// SPDX-License-Identifier: MIT
//
// contract_handed.c - C-EOF of an actor whose senders are handed on in messages: a message holds it like anybody else,
// until it is freed, wherever that is.

#include "claim.h"

ACTA_MESSAGE(hand, (tx, who), (i64, n));
ACTA_MESSAGE(point, (addr, who));

enum { HANDS = 3, GIFTS = 4 };

typedef struct hands {
    part part;
    acta_tx *next[HANDS]; // those behind it, so that they all end
    acta_tx *kept;        // beyond the message that it came in
    int64_t number;
    int64_t ends_with; // the message of that number; 0: none
    int64_t had;
} hands;

static struct {
    part target;
    hands hands[HANDS];
    acta_tx *to_hand[HANDS];
    int64_t sent[HANDS + 1], next[HANDS + 1]; // by hand, and by the scenario
    int64_t holding; // senders held by messages and by hands
    bool lossy;      // hands may end before they come to a message
    bool killed;     // and before what they have sent has gone out
    int ends;
    bool forwarded, kept_one, dropped, refused;
} w;

static bool all_came(void)
{
    bool all = w.next[HANDS] == w.sent[HANDS];
    for (int64_t h = 0; h < HANDS && !w.killed; h++)
        all = all && w.next[h] == w.sent[h];
    return all;
}

static int target_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL) {
        must(w.ends++ == 0, "the end comes once");
        must(acta_eof(self) == ACTA_OK, "the end says why");
        must(w.lossy || w.holding == 0, "the end comes when neither a message nor an actor holds a sender any more");
        must(all_came(), "the end comes behind everything that was sent");
        return ACTA_OK;
    }
    must(w.ends == 0, "nothing comes after the end");
    const item *i = acta_as(item, m);
    must(i->n == w.next[i->source]++, "each hand's items come in order");
    return ACTA_OK;
}

static void say(int64_t source, acta_tx *tx)
{
    send_item(tx, source, w.sent[source]++);
}

// ---- what a hand does with a sender -----------------------------------------------------------

static void forward(hands *h, const hand *got)
{
    int64_t to = draw(h->number + 1, HANDS); // HANDS: to nobody
    if (to == HANDS)
        return;
    w.holding++;
    int status = acta_send(h->next[to], hand, .who = got->who, .n = got->n);
    must(status == ACTA_OK || (w.lossy && status == ACTA_EGONE), "what is handed on is taken");
    w.holding -= status != ACTA_OK;
    w.refused = w.refused || status != ACTA_OK;
    w.forwarded = true;
}

static void keep(hands *h, const hand *got)
{
    if (h->kept != NULL || draw(0, 2) > 0)
        return;
    w.holding++;
    w.kept_one = true;
    h->kept = acta_tx_dup(got->who);
}

static int hand_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    hands *h = arg;
    if (m == NULL) {
        if (h->kept != NULL) {
            say(h->number, h->kept);
            w.holding--;
        }
        acta_tx_drop(&h->kept);
        return ACTA_OK;
    }
    const hand *got = acta_as(hand, m);
    must(got->who != NULL, "what was handed on is there");
    for (int64_t n = draw(0, 2); n > 0; n--)
        say(h->number, got->who);
    forward(h, got);
    keep(h, got);
    w.holding--; // with the message, which is freed now
    return ++h->had == h->ends_with ? ACTA_DONE : ACTA_OK;
}

// leaves is the end of a hand, which may come before its EOF.
static void leaves(void *arg)
{
    hands *h = arg;
    for (int i = 0; i < HANDS; i++)
        acta_tx_drop(&h->next[i]);
    w.holding -= h->kept != NULL;
    acta_tx_drop(&h->kept);
}

static acta_tx *set_up(bool lossy)
{
    memset(&w, 0, sizeof(w));
    w.lossy = lossy;
    w.target.on = target_on;
    for (int64_t i = HANDS; i-- > 0;) {
        hands *h = &w.hands[i];
        *h = (hands){.part = {hand_on}, .number = i, .ends_with = lossy ? draw(0, 2) : 0};
        for (int64_t j = i + 1; j < HANDS; j++)
            h->next[j] = acta_tx_dup(w.to_hand[j]);
        w.to_hand[i] = play_until(h, "hand", draw(1, 3), leaves);
    }
    w.holding = 1; // ours
    return play(&w.target, "target", draw(1, 3));
}

// give_away hands the target's senders out, and lets go of it.
static void give_away(acta_tx **target)
{
    for (int64_t n = draw(1, GIFTS); n > 0; n--) {
        say(HANDS, *target);
        w.holding++;
        int status = acta_send(w.to_hand[draw(0, HANDS - 1)], hand, .who = *target, .n = n);
        must(status == ACTA_OK || (w.lossy && status == ACTA_EGONE), "what is handed out is taken");
        w.holding -= status != ACTA_OK;
    }
    for (int i = 0; i < HANDS; i++)
        acta_tx_drop(&w.to_hand[i]);
    w.holding--;
    acta_tx_drop(target);
}

static bool ended(void *arg)
{
    (void)arg;
    return w.ends == 1 && all_came();
}

static void who_is_handed_on_ends_behind_the_last_hand(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_tx *target = set_up(false);
    acta_sim_eventually(sim, "the end comes, and nothing that was taken is lost", ended, NULL);
    give_away(&target);
    acta_sim_run(sim);
    reached(w.forwarded, "a sender is handed on");
    reached(w.kept_one, "a sender is kept beyond its message");
}

// ---- messages that nobody handles ------------------------------------------------------------------

static void a_message_that_nobody_handles_lets_go(acta_sim *sim, void *arg)
{
    (void)arg;
    acta_tx *target = set_up(true);
    acta_addr *victim = acta_addr_dup(acta_tx_addr(w.to_hand[draw(0, HANDS - 1)]));
    w.killed = draw(0, 1) == 1;
    acta_sim_eventually(sim, "the end comes, and nothing that was taken is lost", ended, NULL);
    give_away(&target);
    if (w.killed)
        (void)acta_kill(victim);
    acta_addr_drop(&victim);
    acta_sim_run(sim);
    reached(w.refused, "what is handed on is refused");
    reached(ledger_now().dropped_gone > 0, "a message ends in the inbox of one that has ended");
}

// ---- replies ------------------------------------------------------------------------------------------

static struct {
    part asker, keeper;
    acta_tx *to_keeper;
    acta_tx *self; // of the asker, until it has had the outcome
    acta_tx *target;
    bool answered, late;
} r;

// keeper_on answers with a sender, and has none itself from then on.
static int keeper_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL) {
        acta_tx_drop(&r.target);
        return ACTA_OK;
    }
    int status = acta_reply(self, m, hand, .who = r.target);
    must(status == ACTA_OK || (r.late && status == ACTA_EGONE), "a reply is taken while somebody waits");
    acta_tx_drop(&r.target);
    return ACTA_OK;
}

static int asker_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(go, m)) {
        must(acta_ask(self, r.to_keeper, ACTA_SECOND, &id, query, .n = 1) == ACTA_OK, "a request is taken");
        acta_tx_drop(&r.to_keeper);
        return ACTA_OK;
    }
    r.answered = acta_is(hand, m);
    r.late = !r.answered;
    if (r.answered)
        say(0, acta_as(hand, m)->who);
    acta_tx_drop(&r.self);
    return ACTA_OK;
}

static void a_reply_that_comes_too_late_lets_go(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    memset(&r, 0, sizeof(r));
    w.target.on = target_on;
    r.keeper.on = keeper_on;
    r.asker.on = asker_on;
    r.target = play(&w.target, "target", 0);
    r.to_keeper = play(&r.keeper, "keeper", 0);
    acta_tx *asker = play(&r.asker, "asker", 0);
    r.self = acta_tx_dup(asker);
    acta_sim_eventually(sim, "the end comes, and nothing that was taken is lost", ended, NULL);
    start(&asker);
    acta_sim_run(sim);
    reached(r.answered, "an answer comes in time");
    reached(r.late && ledger_now().dropped_late > 0, "an answer comes too late");
}

// ---- a small world, in every order -----------------------------------------------------------------------
// Who looks at what others may have changed would see orders that make no difference to the exhaustive strategy, so
// each actor looks at its own alone.

enum { FIRST, SECOND, OTHER, FINDER, SMALL };

static struct {
    part target, hands[2], other, finder;
    acta_tx *second; // the first hand's
    acta_tx *own;    // the other's
    int64_t got[SMALL];
    int ends;
    bool found, too_late; // by the finder
} s;

static int small_target_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    must(s.ends == 0, "nothing comes after the end");
    if (m != NULL) {
        s.got[acta_as(item, m)->source]++;
        return ACTA_OK;
    }
    s.ends++;
    must(s.got[FIRST] == 1 && s.got[SECOND] == 1, "the end comes behind all that went through a sender in a message");
    must(s.got[OTHER] == 2, "the end comes behind all that went through another sender");
    reached(s.got[FINDER] == 0, "an address is too late");
    reached(s.got[FINDER] == 1, "an address is in time");
    return ACTA_OK;
}

static int small_first_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    send_item(acta_as(hand, m)->who, FIRST, 0);
    return acta_finish(&s.second, hand, .who = acta_as(hand, m)->who);
}

static int small_second_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m != NULL)
        send_item(acta_as(hand, m)->who, SECOND, 0);
    return ACTA_OK;
}

static int small_other_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m == NULL)
        return ACTA_OK;
    send_item(s.own, OTHER, 0);
    send_item(s.own, OTHER, 1);
    acta_tx_drop(&s.own);
    return ACTA_OK;
}

// finder_on is sent an address, which holds nobody.
static int small_finder_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    acta_tx *tx = NULL;
    if (m == NULL || acta_addr_tx(acta_as(point, m)->who, &tx) != ACTA_OK)
        return ACTA_OK;
    send_item(tx, FINDER, 0);
    acta_tx_drop(&tx);
    return ACTA_OK;
}

static bool small_ended(void *arg)
{
    (void)arg;
    return s.ends == 1;
}

static void in_every_order_the_end_comes_behind_what_was_handed_on(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&s, 0, sizeof(s));
    s.target.on = small_target_on;
    s.hands[0].on = small_first_on;
    s.hands[1].on = small_second_on;
    s.other.on = small_other_on;
    s.finder.on = small_finder_on;
    acta_tx *target = play_as(false, &s.target, "target", 0);
    s.second = play_as(false, &s.hands[1], "second", 0);
    acta_tx *first = play_as(false, &s.hands[0], "first", 0);
    acta_tx *other = play_as(false, &s.other, "other", 0);
    acta_tx *finder = play_as(false, &s.finder, "finder", 0);
    acta_sim_eventually(sim, "the end comes", small_ended, NULL);
    s.own = acta_tx_dup(target);
    must(acta_finish(&finder, point, .who = acta_tx_addr(target)) == ACTA_OK, "an address is sent");
    must(acta_finish(&first, hand, .who = target) == ACTA_OK, "a sender is handed on");
    start(&other);
    acta_tx_drop(&target);
}

static const claim claims[] = {
    CLAIM(who_is_handed_on_ends_behind_the_last_hand),
    CLAIM_AT_ONCE(who_is_handed_on_ends_behind_the_last_hand),
    CLAIM(a_message_that_nobody_handles_lets_go),
    CLAIM_AT_ONCE(a_message_that_nobody_handles_lets_go),
    CLAIM(a_reply_that_comes_too_late_lets_go),
    CLAIM_IN_EVERY_ORDER(in_every_order_the_end_comes_behind_what_was_handed_on),
};

CLAIM_MAIN(claims)
