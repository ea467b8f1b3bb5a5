// SPDX-License-Identifier: MIT
//
// C-LEDGER: sent = handled + queued + returned + dropped, after everything that can happen to a message.

#include "kit.h"

#include <acta/event.h>

typedef struct gated {
    kit_actor actor;
    test_gate entered;
    test_gate go;
    bool first_done;
} gated;

static int waits_once(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    gated *g = arg;
    if (m == NULL || g->first_done)
        return ACTA_OK;
    g->first_done = true;
    test_gate_open(&g->entered);
    kit_claim(test_gate_wait(&g->go));
    return ACTA_OK;
}

TEST(what_is_refused_was_not_sent_but_is_counted)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 32});
    gated g = {.actor = {waits_once}, .first_done = true};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &g);
    acta_ledger ledger;
    assert_int_equal(acta_send(tx, note, "more than the thirty-two bytes there are"), ACTA_ETOOBIG);
    assert_int_equal(acta_stop(acta_tx_addr(tx)), ACTA_OK);
    assert_true(kit_await_ended(acta_tx_addr(tx)));
    assert_int_equal(acta_send(tx, item, .n = 1), ACTA_EGONE);
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, ACTA_FOREVER, &reply, query, .n = 1), ACTA_EGONE);
    acta_tx_drop(&tx);
    acta_ledger_read(k.sys, &ledger);
    assert_int_equal(ledger.refused, 3);
    assert_int_equal(ledger.sent, 0);
    assert_int_equal(ledger.queued, 0);
    kit_close(&k);
}

TEST(what_waits_in_an_inbox_is_queued_and_nothing_is_once_all_is_handled)
{
    enum { N = 10 };
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        gated g = {.actor = {waits_once}};
        test_gate_init(&g.entered);
        test_gate_init(&g.go);
        acta_tx *tx = kit_spawn(&k, kind, &g);
        for (int i = 0; i < N; i++)
            kit_send(tx, i);
        assert_true(test_gate_wait(&g.entered));
        acta_ledger ledger;
        acta_ledger_read(k.sys, &ledger);
        assert_int_equal(ledger.sent, N);
        assert_int_equal(ledger.handled + ledger.queued, N);
        assert_true(ledger.queued >= N - 1); // the one in its hands is written down with the others of its turn
        test_gate_open(&g.go);
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        do
            acta_ledger_read(k.sys, &ledger);
        while (ledger.queued != 0 && acti_clock_ns() < until_ns);
        assert_int_equal(ledger.sent, N);
        assert_int_equal(ledger.handled, N);
        assert_int_equal(ledger.queued, 0);
        assert_int_equal(ledger.dropped, 0);
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&g.entered);
        test_gate_fini(&g.go);
    }
}

// ---- everything at once ---------------------------------------------------------------

// Mixers send and ask each other at random, with timeouts short and long, timers that are cancelled, monitors that are
// given up, and end early or by EOF, with a reason or without, while others still talk to them. Each knows the next
// by its address only, so all come to an end.
enum { MIXERS = 24, STEPS = 60 };

typedef struct mixer {
    kit_actor actor;
    acta_addr *peers[MIXERS];
    acta_tx *own;
    uint64_t random;
    uint64_t timer;
    uint64_t monitor;
    int steps;
    uint64_t seen; // everything it was given
    uint64_t accepted;
    uint64_t refused;
    uint64_t unhandled;
} mixer;

static void note_status(mixer *x, int status)
{
    x->accepted += status == ACTA_OK;
    x->refused += status == ACTA_EGONE;
    kit_claim(status == ACTA_OK || status == ACTA_EGONE);
}

static int step(acta_self *self, mixer *x)
{
    acta_addr *peer = x->peers[acti_random_next(&x->random) % MIXERS];
    acta_tx *tx = NULL;
    uint64_t id;
    switch (acti_random_next(&x->random) % 8) {
    case 0:
    case 1:
        if (acta_addr_tx(peer, &tx) == ACTA_OK) {
            note_status(x, acta_send(tx, note, "a word"));
            note_status(x, acta_finish(&tx, item, 0, 1));
        }
        break;
    case 2:
    case 3:
        if (acta_addr_tx(peer, &tx) == ACTA_OK) {
            uint64_t timeout_ns = acti_random_next(&x->random) % 4 * 50000;
            note_status(x, acta_ask(self, tx, timeout_ns, &id, query, .n = 1));
            acta_tx_drop(&tx);
        }
        break;
    case 4:
        acta_timer_cancel(self, x->timer);
        kit_claim(acta_timer_start(self, acti_random_next(&x->random) % 100000, x->steps % 2 * 50000, &x->timer) ==
                  ACTA_OK);
        break;
    case 5:
        acta_demonitor(self, x->monitor);
        kit_claim(acta_monitor(self, peer, &x->monitor) == ACTA_OK);
        break;
    case 6:
        if (acti_random_next(&x->random) % 64 == 0)
            (void)acta_stop(peer);
        break;
    default:
        if (acti_random_next(&x->random) % 128 == 0)
            return ACTA_EIO;
        break;
    }
    return ACTA_OK;
}

static int mixes(acta_self *self, void *arg, acta_msg *m)
{
    mixer *x = arg;
    if (m == NULL)
        return ACTA_OK;
    x->seen++;
    const item *i = acta_as(item, m);
    if (acta_is(note, m)) {
        x->unhandled++;
        acta_unhandled(self, m);
    } else if (acta_is(query, m) && x->seen % 3 > 0) {
        (void)acta_reply(self, m, answer, .n = 1); // else it is dropped
    }
    if (i == NULL || i->source == 0)
        return ACTA_OK;
    int status = step(self, x); // an item of its own: go on
    if (status == ACTA_OK && ++x->steps < STEPS && x->own != NULL)
        note_status(x, acta_send(x->own, item, 1, 0));
    else
        acta_tx_drop(&x->own);
    return status;
}

static void free_mixer(void *arg)
{
    mixer *x = arg;
    acta_tx_drop(&x->own);
}

TEST(the_ledger_closes_after_a_mixture_of_everything)
{
    static mixer x[MIXERS];
    for (uint64_t seed = 1; seed <= 30; seed++) {
        kit k;
        kit_open(&k, (uint32_t)(seed % 3 + 1));
        acta_tx *tx[MIXERS];
        for (int i = 0; i < MIXERS; i++) {
            const kit_kind *kind = &kit_kinds[i % 8 < 5 ? i % 2 : 2 + i % 2];
            x[i] = (mixer){.actor = {mixes}, .random = seed * MIXERS + (uint64_t)i};
            tx[i] = NULL;
            assert_int_equal(acta_spawn(k.sys, &tx[i], .body = kind->body ? kit_body : NULL,
                                        .handler = kind->body ? NULL : kit_handler, .arg = &x[i],
                                        .arg_free = free_mixer, .place = kind->place, .name = "mixer"),
                             ACTA_OK);
        }
        for (int i = 0; i < MIXERS; i++) {
            for (int p = 0; p < MIXERS; p++)
                x[i].peers[p] = acta_addr_dup(acta_tx_addr(tx[p]));
            x[i].own = acta_tx_dup(tx[i]);
        }
        uint64_t sent = 0, refused = 0;
        for (int i = 0; i < MIXERS; i++) {
            int status = acta_finish(&tx[i], item, 1, 0);
            sent += status == ACTA_OK;
            refused += status == ACTA_EGONE;
        }
        // All that any of them keeps alive is itself, and for a limited time.
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        for (int i = 0; i < MIXERS; i++)
            assert_true(kit_await_ended(x[i].peers[i]));
        acta_ledger ledger;
        do
            acta_ledger_read(k.sys, &ledger);
        while (ledger.queued != 0 && acti_clock_ns() < until_ns);
        assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
        kit_claims_held();
        uint64_t seen = 0, unhandled = 0;
        for (int i = 0; i < MIXERS; i++) {
            seen += x[i].seen;
            sent += x[i].accepted;
            refused += x[i].refused;
            unhandled += x[i].unhandled;
            for (int p = 0; p < MIXERS; p++)
                acta_addr_drop(&x[i].peers[p]);
        }
        assert_true(kit_nothing_leaked());
        assert_int_equal(ledger.queued, 0);
        assert_int_equal(ledger.sent, ledger.handled + ledger.returned + ledger.dropped);
        assert_int_equal(ledger.dropped,
                         ledger.dropped_gone + ledger.dropped_unreach + ledger.dropped_late + ledger.dropped_cancel);
        assert_int_equal(ledger.handled, seen);
        assert_int_equal(ledger.unhandled, unhandled);
        assert_int_equal(ledger.refused, refused);
        assert_true(ledger.sent >= sent); // and outcomes, ticks and DOWNs, which nobody sends
    }
}

int main(void)
{
    return TEST_RUN(case_of(what_is_refused_was_not_sent_but_is_counted),
                    case_of(what_waits_in_an_inbox_is_queued_and_nothing_is_once_all_is_handled),
                    case_of(the_ledger_closes_after_a_mixture_of_everything));
}
