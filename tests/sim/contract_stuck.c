// SPDX-License-Identifier: MIT
//
// contract_stuck.c - C-PAUSE and C-ASK: one who waits for room that does not come can be killed, and its requests run
// out of time.

#include "claim.h"

// The stuck one takes nothing before the keeper answers it, and that does so when it is told.
static struct {
    part keeper;
    acta_tx *to_stuck, *to_keeper[2];
    acta_promise *kept;
    bool told;
} e;

static int stuck_body(acta_self *self, void *arg)
{
    (void)arg;
    uint64_t id;
    must(acta_ask(self, e.to_keeper[0], ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK, "a request is taken");
    acta_msg *m = acta_await(self, id);
    acta_msg_free(&m);
    acta_tx_drop(&e.to_keeper[0]);
    while ((m = acta_recv(self)) != NULL)
        acta_msg_free(&m);
    return ACTA_OK;
}

static int keeper_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_msg_wants_reply(m))
        must(acta_promise_take(self, m, &e.kept) == ACTA_OK, "a promise is taken");
    else
        e.told = true;
    if (e.told && e.kept != NULL)
        must(acta_promise_reply(self, &e.kept, answer, .n = 0) == ACTA_OK, "the stuck one is answered");
    return ACTA_OK;
}

static void set_up_stuck(void)
{
    memset(&e, 0, sizeof(e));
    e.keeper.on = keeper_on;
    e.to_keeper[0] = play(&e.keeper, "keeper", 0);
    e.to_keeper[1] = acta_tx_dup(e.to_keeper[0]);
    must(acta_spawn(acta_sim_system(acta_sim_here()), &e.to_stuck, .body = stuck_body, .name = "stuck", .capacity = 1)
         == ACTA_OK, "a body is spawned");
}

static void tell_keeper(void)
{
    must(acta_finish(&e.to_keeper[1], go) == ACTA_OK, "the keeper is told");
}

static struct {
    part paused, watcher, killer;
    acta_tx *to_paused, *watcher_self;
    acta_addr *who;
    bool replied;
    int64_t reason, answers, failures;
} k;

// The paused one says more than there is room for, and then answers.
static int paused_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return acta_eof(self);
    for (int64_t n = 0; n < 3; n++)
        send_item(e.to_stuck, 0, n);
    k.replied = acta_reply(self, m, answer, .n = 0) == ACTA_OK;
    return ACTA_OK;
}

static void paused_ends(void *arg)
{
    (void)arg;
    acta_tx_drop(&e.to_stuck);
}

static int watcher_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(go, m)) {
        must(acta_monitor(self, k.who, &id) == ACTA_OK, "it is watched");
        int status = acta_ask(self, k.to_paused, ACTA_FOREVER, &id, query, .n = 0);
        must(status == ACTA_OK || status == ACTA_EGONE, "it is asked, or has ended");
        k.failures += status == ACTA_EGONE;
        acta_tx_drop(&k.to_paused);
    } else if (acta_msg_ask(m) != 0) {
        k.answers += acta_is(answer, m);
        k.failures += acta_is(acta_failure, m);
    } else {
        must(k.answers == 1 || !k.replied, "an answer that waited goes out, also after a kill, and before the DOWN");
        k.reason = acta_as(acta_down, m)->reason;
        tell_keeper();
    }
    if (k.reason != 0 && k.answers + k.failures == 1)
        acta_tx_drop(&k.watcher_self);
    return ACTA_OK;
}

static int killer_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg;
    if (m != NULL)
        must(acta_kill(k.who) == ACTA_OK, "it is killed");
    return ACTA_OK;
}

static bool end_is_told(void *arg)
{
    (void)arg;
    return (k.reason == ACTA_EKILLED || k.reason == ACTA_EGONE) && k.answers + k.failures == 1;
}

static void a_kill_ends_one_who_waits(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up_stuck();
    memset(&k, 0, sizeof(k));
    k.paused.on = paused_on;
    k.watcher.on = watcher_on;
    k.killer.on = killer_on;
    k.to_paused = play_until(&k.paused, "paused", 0, paused_ends);
    k.who = acta_addr_dup(acta_tx_addr(k.to_paused));
    acta_tx *held = acta_tx_dup(k.to_paused);
    acta_tx *watches = play(&k.watcher, "watcher", 1), *kills = play(&k.killer, "killer", 0);
    k.watcher_self = acta_tx_dup(watches);
    start(&watches);
    if (draw(0, 1) == 0)
        acta_sim_run(sim);
    start(&kills);
    acta_sim_eventually(sim, "the end is told, and the request has its outcome", end_is_told, NULL);
    acta_sim_run(sim);
    acta_tx_drop(&held);
    acta_addr_drop(&k.who);
    reached(k.answers == 1, "an answer has waited");
    reached(ledger_now().dropped_gone > 0, "what else has waited is dropped, and counted");
}

static struct {
    acta_tx *to_stuck;
    int64_t status;
} t;

static int impatient_body(acta_self *self, void *arg)
{
    (void)arg;
    uint64_t id;
    must(acta_ask(self, t.to_stuck, ACTA_MS, &id, query, .n = 0) == ACTA_OK, "a request is taken, and waits");
    acta_tx_drop(&t.to_stuck);
    acta_msg *m = acta_await(self, id);
    const acta_failure *f = m != NULL ? acta_as(acta_failure, m) : NULL;
    t.status = f != NULL ? f->status : ACTA_OK;
    acta_msg_free(&m);
    return ACTA_OK;
}

static void a_request_that_waits_for_room_is_out_of_time_in_time(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up_stuck();
    memset(&t, 0, sizeof(t));
    t.to_stuck = e.to_stuck;
    send_item(t.to_stuck, 0, 0);
    acta_tx *tx = NULL;
    must(acta_spawn(acta_sim_system(sim), &tx, .body = impatient_body, .name = "impatient") == ACTA_OK,
         "a body is spawned");
    acta_tx_drop(&tx);
    acta_sim_run(sim);
    must(t.status == ACTA_ETIMEOUT, "a request is out of time while it waits for room");
    tell_keeper();
    acta_sim_run(sim);
    reached(ledger_now().pauses > 0, "the request waits for room");
}

static const claim claims[] = {
    CLAIM(a_kill_ends_one_who_waits),
    CLAIM_AT_ONCE(a_kill_ends_one_who_waits),
    CLAIM(a_request_that_waits_for_room_is_out_of_time_in_time),
};

CLAIM_MAIN(claims)
