// SPDX-License-Identifier: MIT
//
// contract_close.c - C-CLOSE: a close waits as long as it was told, not less, and not when there is nobody to wait for;
// then it ends by force whoever is left.

#include "claim.h"

enum { ACTORS = 3 };

typedef struct party {
    part part;
    acta_tx *to; // whose inbox it may wait for
    acta_tx *self; // if it does not end by itself
    bool freed;
    bool lasts;
} party;

static struct {
    party parties[ACTORS];
    int64_t count;
    int64_t lasting; // ms; how long they have something to do; 0: no longer than it takes
} w;

static int party_on(acta_self *self, void *arg, acta_msg *m)
{
    party *me = arg;
    uint64_t id;
    if (m == NULL) {
        acta_tx_drop(&me->to);
        return acta_eof(self);
    }
    if (acta_is(go, m)) {
        if (w.lasting > 0)
            must(acta_timer_start(self, (uint64_t)w.lasting * ACTA_MS, 0, &id) == ACTA_OK, "a timer is set");
        else if (!me->lasts)
            acta_tx_drop(&me->self);
        for (int n = 0; n < 2 && me->to != NULL; n++)
            (void)!acta_send(me->to, item, .n = n); // whoever is ended by force takes nothing more
    } else if (acta_is(acta_tick, m) && !me->lasts) {
        acta_tx_drop(&me->self);
    }
    return ACTA_OK;
}

static void party_ends(void *arg)
{
    party *me = arg;
    me->freed = true;
    acta_tx_drop(&me->to);
    acta_tx_drop(&me->self);
}

static void play_party(int i, bool lasts)
{
    party *me = &w.parties[i];
    *me = (party){.part = {party_on}, .lasts = lasts, .to = i > 0 ? acta_tx_dup(w.parties[i - 1].self) : NULL};
    acta_tx *tx = play_until(me, "party", 1, party_ends);
    me->self = acta_tx_dup(tx);
    start(&tx);
}

static bool all_freed(void *arg)
{
    (void)arg;
    bool all = true;
    for (int i = 0; i < w.count; i++)
        all = all && w.parties[i].freed;
    return all;
}

static void a_close_waits_until_its_deadline_and_then_ends_all(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&w, 0, sizeof(w));
    acta_system *sys = acta_sim_system(sim);
    w.count = draw(1, ACTORS);
    w.lasting = draw(0, 2) * draw(0, 4);
    bool lasts = draw(0, 1) == 0;
    for (int i = 0; i < w.count; i++)
        play_party(i, lasts && i + 1 == w.count);
    int64_t limit = draw(1, 12);
    int status = acta_close(&sys, (uint64_t)limit * ACTA_MS);
    must(sys == NULL, "a close takes the system");
    must(status == ACTA_OK || status == ACTA_EALIVE, "a close says whether all had ended");
    must(status == ACTA_EALIVE || !lasts, "who does not end is said to be alive");
    for (int i = 0; i < w.count && status == ACTA_OK; i++)
        must(w.parties[i].freed, "a close that is well leaves nobody");
    acta_sim_eventually(sim, "who is ended by force ends", all_freed, NULL);
    acta_sim_run(sim);
    reached(status == ACTA_OK, "all end in time");
    reached(status == ACTA_EALIVE, "somebody is left");
}

static const claim claims[] = {
    {.name = "a_close_waits_until_its_deadline_and_then_ends_all",
     .scenario = a_close_waits_until_its_deadline_and_then_ends_all,
     .may_live = true},
};

CLAIM_MAIN(claims)
