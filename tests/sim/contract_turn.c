// SPDX-License-Identifier: MIT
//
// contract_turn.c - C-ONE-TURN: of one actor one turn runs at a time, and sees what the last one wrote.
//
// In the sim no two turns overlap. What can go wrong is that one begins while a body is suspended in the middle of its
// last.

#include "claim.h"

enum { SENDERS = 3, ITEMS = 3 };

typedef struct sender {
    part part;
    acta_tx *to;
} sender;

static struct {
    sender senders[SENDERS];
    part tail;
    acta_tx *to_tail;
    bool inside; // in the middle of a message
    int64_t begun, over; // messages
} w;

// one_on waits in the middle of each message, if it is a body: nothing else of it may run meanwhile.
static int one_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    must(!w.inside, "of one actor one turn runs at a time");
    must(w.begun == w.over, "a turn sees what the last one wrote");
    if (m == NULL) {
        acta_tx_drop(&w.to_tail);
        return ACTA_OK;
    }
    w.inside = true;
    w.begun++;
    send_item(w.to_tail, 0, 0);
    send_item(w.to_tail, 0, 1);
    w.over++;
    w.inside = false;
    return ACTA_OK;
}

static int tail_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

static int sender_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    sender *s = arg;
    for (int64_t n = 0; n < ITEMS && m != NULL; n++)
        send_item(s->to, 0, n);
    if (m == NULL)
        acta_tx_drop(&s->to);
    return ACTA_OK;
}

static bool all_over(void *arg)
{
    (void)arg;
    return w.over == SENDERS * ITEMS;
}

static void of_one_actor_one_turn_runs_at_a_time(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    w.tail.on = tail_on;
    w.to_tail = play(&w.tail, "tail", 1);
    static part one = {one_on};
    acta_tx *to = play(&one, "one", draw(1, 3));
    acta_tx *senders[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        w.senders[i] = (sender){.part = {sender_on}, .to = acta_tx_dup(to)};
        senders[i] = play(&w.senders[i], "sender", 0);
    }
    acta_tx_drop(&to);
    for (int i = 0; i < SENDERS; i++)
        start(&senders[i]);
    acta_sim_eventually(sim, "every message is handled", all_over, NULL);
    acta_sim_run(sim);
    reached(ledger_now().pauses > SENDERS, "it waits in the middle of a turn");
}

static const claim claims[] = {
    CLAIM(of_one_actor_one_turn_runs_at_a_time),
    CLAIM_AT_ONCE(of_one_actor_one_turn_runs_at_a_time),
};

CLAIM_MAIN(claims)
