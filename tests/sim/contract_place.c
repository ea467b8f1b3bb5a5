// SPDX-License-Identifier: MIT
//
// contract_place.c - C-PLACE: the same code does the same as a handler and as a body, in the pool and with a thread of
// its own.

#include "claim.h"

#include <acta/name.h>

#define TRACE_BYTES 2048

typedef struct kind {
    bool body;
    acta_place place;
} kind;

static const kind kinds[] = {{false, ACTA_POOL}, {true, ACTA_POOL}, {false, ACTA_THREAD}, {true, ACTA_THREAD}};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), STEPS = 6 };

// Who saw something. What one saw before the other does depend on the schedule.
typedef enum witness { ACTOR, PARTNER, SCENARIO, WITNESSES } witness;

// One actor is told one thing after the other by a partner that waits for each to be over, so that what happens does
// not depend on the schedule.
static struct {
    part actor, partner;
    acta_tx *to_partner, *to_actor;
    uint64_t timer;
    int64_t plan[STEPS]; // the same for each kind
    char traces[KINDS][WITNESSES][TRACE_BYTES];
    int kind;
} w;

static void trace(witness who, const char *what, int64_t n)
{
    char *text = w.traces[w.kind][who];
    size_t at = strlen(text);
    (void)snprintf(text + at, TRACE_BYTES - at, "%s %lld; ", what, (long long)n);
}

static void trace_outcome(const acta_msg *m)
{
    const acta_failure *f = acta_as(acta_failure, m);
    trace(ACTOR, "outcome", f != NULL ? f->status : acta_as(answer, m)->n);
}

enum { SAY, ASK, BE_REFUSED, TIME, KEEP, STOP, FAIL, DONE, PLANS };

static int do_step(acta_self *self, int64_t what)
{
    uint64_t id;
    int status = ACTA_OK;
    if (what == SAY)
        for (int64_t n = 0; n < 3; n++)
            status = acta_send(w.to_partner, item, .n = n);
    else if (what == ASK || what == BE_REFUSED)
        status = acta_ask(self, w.to_partner, ACTA_FOREVER, &id, query, .n = what);
    else if (what == TIME)
        status = acta_timer_start(self, ACTA_MS, 0, &w.timer);
    else if (what == STOP)
        status = acta_stop(acta_self_addr(self));
    trace(ACTOR, "did", status);
    return what == FAIL ? ACTA_EREFUSED : what == DONE ? ACTA_DONE : ACTA_OK;
}

static int actor_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL) {
        trace(ACTOR, "end", acta_eof(self));
        return acta_eof(self);
    }
    if (acta_msg_ask(m) != 0) {
        trace_outcome(m);
    } else if (acta_is(acta_tick, m)) {
        trace(ACTOR, "tick", (int64_t)acta_as(acta_tick, m)->count);
    } else if (acta_msg_wants_reply(m)) {
        trace(ACTOR, "asked", acta_as(query, m)->n);
        trace(ACTOR, "replied", acta_reply(self, m, answer, .n = 1));
        trace(ACTOR, "replied again", acta_reply(self, m, answer, .n = 2));
    } else {
        return do_step(self, acta_as(item, m)->n);
    }
    return ACTA_OK;
}

static int partner_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(go, m)) {
        trace(PARTNER, "watches", acta_monitor(self, acta_tx_addr(w.to_actor), &id));
        acta_tx_drop(&w.to_actor);
    } else if (acta_is(acta_down, m)) {
        trace(PARTNER, "down", acta_as(acta_down, m)->reason);
    } else if (acta_is(item, m)) {
        trace(PARTNER, "heard", acta_as(item, m)->n);
    } else if (acta_as(query, m)->n == ASK) {
        (void)acta_reply(self, m, answer, .n = 7);
    } else {
        (void)acta_refuse(self, m, ACTA_EREFUSED, "no");
    }
    return ACTA_OK;
}

static void actor_ends(void *arg)
{
    (void)arg;
    trace(ACTOR, "freed", 0);
    acta_tx_drop(&w.to_partner);
}

static void run_kind(acta_sim *sim, int at)
{
    w.kind = at;
    w.partner.on = partner_on;
    w.actor.on = actor_on;
    acta_tx *partner = play_as(false, &w.partner, "partner", 1), *tx = NULL;
    w.to_partner = acta_tx_dup(partner);
    must(acta_spawn(acta_sim_system(sim), &tx, .body = kinds[at].body ? part_body : NULL,
                    .handler = kinds[at].body ? NULL : part_handler, .arg = &w.actor, .arg_free = actor_ends,
                    .place = kinds[at].place, .capacity = 2, .name = "actor") == ACTA_OK, "an actor is spawned");
    w.to_actor = acta_tx_dup(tx);
    must(acta_send(partner, go) == ACTA_OK, "the partner is told to watch");
    acta_sim_run(sim);
    for (int i = 0; i < STEPS; i++) {
        if (w.plan[i] == KEEP) {
            acta_msg *m = NULL;
            int status = acta_call(tx, ACTA_FOREVER, &m, query, .n = i);
            trace(SCENARIO, "called", status);
            acta_msg_free(&m);
        } else {
            trace(SCENARIO, "sent", acta_send(tx, item, .n = w.plan[i]));
        }
        acta_sim_run(sim);
    }
    acta_tx_drop(&tx);
    acta_sim_run(sim);
    acta_tx_drop(&partner);
    acta_sim_run(sim);
}

static void every_kind_of_actor_leaves_the_same_trace(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    for (int i = 0; i < STEPS; i++)
        w.plan[i] = draw(0, i < STEPS - 2 ? KEEP : PLANS - 1);
    for (int at = 0; at < KINDS; at++) {
        run_kind(sim, at);
        for (int who = 0; who < WITNESSES; who++)
            must(strcmp(w.traces[at][who], w.traces[0][who]) == 0, "every kind of actor leaves the same trace");
    }
    must(strstr(w.traces[0][PARTNER], "down") != NULL, "the trace goes to the end");
    reached(strstr(w.traces[0][PARTNER], "down -9") != NULL, "it fails");
    reached(strstr(w.traces[0][ACTOR], "end") != NULL, "it comes to its end");
}

static const claim claims[] = {
    CLAIM(every_kind_of_actor_leaves_the_same_trace),
    CLAIM_AT_ONCE(every_kind_of_actor_leaves_the_same_trace),
};

CLAIM_MAIN(claims)
