// SPDX-License-Identifier: MIT
//
// contract_ledger.c - C-LEDGER: every message is accounted for, by what became of it.

#include "claim.h"

enum { SENDERS = 3, WORDS = 4 };

// What a sender knows of its own messages; the reader of those that it saw.
static struct {
    part reader;
    part senders[SENDERS];
    acta_tx *to[SENDERS];
    acta_tx *self[SENDERS];
    int64_t taken, refused;  // items and requests
    int64_t requests, outcomes, returned;
    int64_t handled, unhandled, goes, ticks;
    int64_t done_after; // the reader ends by itself after so many items, or more than there are
    bool ended;
} w;

static bool adds_up(void *arg)
{
    (void)arg;
    acta_ledger l = ledger_now();
    uint64_t dropped = l.dropped_gone + l.dropped_unreach + l.dropped_late + l.dropped_cancel;
    return l.dropped == dropped && l.sent == l.handled + l.queued + l.returned + l.dropped;
}

static int reader_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        w.ticks++;
        return ACTA_OK;
    }
    w.handled++;
    if (acta_is(go, m)) {
        acta_unhandled(self, m);
        w.unhandled++;
    } else if (acta_msg_wants_reply(m)) {
        (void)acta_reply(self, m, answer, .n = 0);
    } else if (acta_as(item, m)->n == 0) {
        must(acta_timer_start(self, 0, ACTA_MS, &id) == ACTA_OK, "a timer is set");
    }
    return w.handled >= w.done_after ? ACTA_DONE : ACTA_OK;
}

static void reader_ends(void *arg)
{
    (void)arg;
    w.ended = true;
}

static void note_sent(int status)
{
    must(status == ACTA_OK || (status == ACTA_EGONE && w.ended), "a message is taken, or its receiver is gone");
    w.taken += status == ACTA_OK;
    w.refused += status == ACTA_EGONE;
}

static void speak(acta_self *self, acta_tx *to)
{
    uint64_t id;
    for (int64_t n = draw(1, WORDS); n > 0; n--) {
        int64_t what = draw(0, 3);
        int status;
        if (what == 0) {
            status = acta_ask(self, to, ACTA_FOREVER, &id, query, .n = n);
            w.requests += status == ACTA_OK;
        } else if (what == 1) {
            status = acta_send(to, go);
        } else {
            status = acta_send(to, item, .n = n - 1);
        }
        note_sent(status);
    }
}

// A sender lives until all requests of all senders have their outcome.
static int sender_on(acta_self *self, void *arg, acta_msg *m)
{
    int64_t number = (part *)arg - w.senders;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(go, m)) {
        speak(self, w.to[number]);
        acta_tx_drop(&w.to[number]);
        w.goes++;
    } else {
        must(acta_msg_ask(m) != 0, "an outcome comes");
        w.outcomes++;
        w.returned += acta_is(acta_failure, m);
    }
    if (w.goes == SENDERS && w.outcomes == w.requests)
        for (int64_t i = 0; i < SENDERS; i++)
            acta_tx_drop(&w.self[i]);
    return ACTA_OK;
}

static void claim_end(void)
{
    acta_ledger l = ledger_now();
    must(w.outcomes == w.requests, "every request has its outcome");
    must(l.queued == 0, "at the end nothing is queued");
    must((int64_t)l.unhandled == w.unhandled, "what is not handled is counted");
    must((int64_t)l.refused == w.refused, "what is refused is counted");
    must((int64_t)l.handled == w.handled + w.ticks + w.goes + w.outcomes, "what is handled is counted");
    must((int64_t)(l.returned + l.dropped_gone) == w.taken - w.handled, "what is taken and not handled is counted");
    must((int64_t)l.returned <= w.returned, "what is returned is an outcome");
    reached(l.dropped_gone > 0, "something is dropped");
    reached(l.returned > 0, "something is returned");
    reached(l.refused > 0, "something is refused");
    reached(l.dropped_cancel > 0, "a tick is on its way to one that has ended");
}

static void every_message_is_accounted_for(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    w.reader.on = reader_on;
    w.done_after = draw(0, 2) == 0 ? INT64_MAX : draw(1, SENDERS * WORDS);
    acta_tx *to = play_until(&w.reader, "reader", draw(1, 4), reader_ends);
    acta_sim_always(sim, "sent is handled, queued, returned and dropped", adds_up, NULL);
    acta_tx *senders[SENDERS];
    for (int64_t i = 0; i < SENDERS; i++) {
        w.senders[i].on = sender_on;
        w.to[i] = acta_tx_dup(to);
        senders[i] = play(&w.senders[i], "sender", 1);
        w.self[i] = acta_tx_dup(senders[i]);
    }
    acta_tx_drop(&to);
    for (int64_t i = 0; i < SENDERS; i++)
        start(&senders[i]);
    acta_sim_run(sim);
    claim_end();
}

static const claim claims[] = {
    CLAIM(every_message_is_accounted_for),
    CLAIM_AT_ONCE(every_message_is_accounted_for),
};

CLAIM_MAIN(claims)
