// SPDX-License-Identifier: MIT
//
// contract_down.c - C-DOWN: a death is told once, after all that the dead one said and after its name is free.

#include "claim.h"

#define NAME "the one"
#define FAILED ACTA_EREFUSED // some error of an actor's own

// ---- monitors --------------------------------------------------------------------------------

enum { WATCHERS = 2 };

typedef struct watcher {
    part part;
    acta_tx *self;      // until it has heard, or does not want to
    acta_addr *watched;
    uint64_t monitor;
    int64_t items; // that came from the watched one
    int downs;
    bool watching, gave_up;
    int64_t reason;
} watcher;

static struct {
    part watched;
    watcher watchers[WATCHERS];
    acta_tx *to[WATCHERS]; // held by the watched one
    acta_tx *held;         // a sender to the watched one, kept beyond its end
    int64_t items;         // for each watcher
    int64_t said[WATCHERS];
    int reason;
    int deaths;
    bool late; // a monitor came when it had ended
} w;

// claim_name: whoever hears of the death can have the name.
static void claim_name(acta_self *self)
{
    acta_system *sys = acta_system_of(self);
    acta_tx *tx = NULL;
    must(acta_find(sys, NAME, &tx) == ACTA_ENOENT, "after a DOWN nobody is found under the name");
    acta_tx_drop(&tx);
    must(acta_publish(sys, NAME, acta_self_addr(self)) == ACTA_OK, "after a DOWN the name is free");
    must(acta_unpublish(sys, NAME) == ACTA_OK, "and can be given back");
}

static void on_down(acta_self *self, watcher *me, const acta_down *down)
{
    must(w.deaths == 1, "a DOWN comes when the watched one has ended");
    must(down->monitor == me->monitor && me->watching, "a DOWN is that of a monitor");
    must(!me->gave_up, "after a demonitor no DOWN comes");
    must(me->downs++ == 0, "a DOWN comes once");
    must(me->items == w.said[me - w.watchers], "a DOWN comes after everything that the dead one sent");
    must(down->reason == w.reason || down->reason == ACTA_EGONE, "a DOWN says why");
    me->reason = down->reason;
    claim_name(self);
    acta_tx_drop(&me->self);
}

static int watcher_on(acta_self *self, void *arg, acta_msg *m)
{
    watcher *me = arg;
    if (m == NULL) {
        acta_addr_drop(&me->watched);
        return ACTA_OK;
    }
    if (acta_is(acta_down, m)) {
        on_down(self, me, acta_as(acta_down, m));
    } else if (acta_is(item, m)) {
        must(acta_as(item, m)->n == me->items++, "what it sends comes in order");
        must(me->downs == 0, "nothing comes after a DOWN");
    } else if (!me->watching) {
        w.late = w.late || w.deaths > 0;
        me->watching = acta_monitor(self, me->watched, &me->monitor) == ACTA_OK;
        must(me->watching, "a monitor is made");
    } else {
        acta_demonitor(self, me->monitor);
        me->gave_up = me->downs == 0;
        acta_tx_drop(&me->self);
    }
    return ACTA_OK;
}

static int watched_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return acta_eof(self);
    for (int i = 0; i < WATCHERS; i++) {
        while (w.said[i] < w.items)
            send_item(w.to[i], 0, w.said[i]++);
        acta_tx_drop(&w.to[i]);
    }
    return w.reason == ACTA_OK ? ACTA_DONE : w.reason;
}

static void watched_ends(void *arg)
{
    (void)arg;
    w.deaths++;
}

// set_up has the watchers told to watch, and some to stop watching.
static void set_up(bool give_up)
{
    memset(&w, 0, sizeof(w));
    acta_system *sys = acta_sim_system(acta_sim_here());
    w.items = draw(0, 3);
    w.reason = draw(0, 1) == 0 ? ACTA_OK : FAILED;
    w.watched.on = watched_on;
    w.held = play_until(&w.watched, "watched", 0, watched_ends);
    must(acta_publish(sys, NAME, acta_tx_addr(w.held)) == ACTA_OK, "a name is given");
    acta_tx *watchers[WATCHERS];
    for (int i = 0; i < WATCHERS; i++) {
        watcher *me = &w.watchers[i];
        *me = (watcher){.part = {watcher_on}, .watched = acta_addr_dup(acta_tx_addr(w.held))};
        watchers[i] = play(me, "watcher", draw(1, 2));
        w.to[i] = acta_tx_dup(watchers[i]);
        me->self = acta_tx_dup(watchers[i]);
    }
    must(acta_send(w.held, go) == ACTA_OK, "it is told to go");
    for (int i = 0; i < WATCHERS; i++) {
        must(acta_send(watchers[i], go) == ACTA_OK, "a watcher is told to watch");
        if (give_up)
            must(acta_send(watchers[i], go) == ACTA_OK, "a watcher is told to stop that");
        acta_tx_drop(&watchers[i]);
    }
}

static bool all_told(void *arg)
{
    (void)arg;
    bool all = true;
    for (int i = 0; i < WATCHERS; i++)
        all = all && w.watchers[i].downs == !w.watchers[i].gave_up;
    return all;
}

static void a_death_is_told_once_after_all_that_was_said(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up(false);
    acta_sim_eventually(sim, "each watcher is told", all_told, NULL);
    acta_sim_run(sim);
    acta_tx_drop(&w.held);
    reached(w.late, "a monitor comes when it has ended");
    reached(w.watchers[0].items == 3, "much was said before");
    reached(ledger_now().pauses > 0, "something that was said waits for room");
}

static void after_a_demonitor_no_death_is_told(acta_sim *sim, void *arg)
{
    (void)arg;
    set_up(true);
    acta_sim_eventually(sim, "each watcher is told, or has given up", all_told, NULL);
    acta_sim_run(sim);
    acta_tx_drop(&w.held);
    reached(w.watchers[0].gave_up && w.deaths == 1, "a monitor is taken back");
    reached(w.watchers[0].downs == 1, "a DOWN comes first");
}

// ---- who is watched for sure is told ------------------------------------------------------------

static struct {
    part watched, watcher;
    acta_tx *to;
    acta_addr *who;
    int downs;
    int64_t reason;
    int expected;
} k;

static int sure_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    uint64_t monitor;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_down, m)) {
        k.downs++;
        k.reason = acta_as(acta_down, m)->reason;
        return ACTA_DONE;
    }
    must(acta_monitor(self, k.who, &monitor) == ACTA_OK, "a monitor is made");
    acta_addr_drop(&k.who);
    return ACTA_OK;
}

static int idle_on(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    return m == NULL ? acta_eof(self) : FAILED;
}

static bool told(void *arg)
{
    (void)arg;
    return k.downs == 1 && (k.reason == k.expected || k.reason == ACTA_EGONE);
}

static void every_way_to_end_is_told(acta_sim *sim, void *arg)
{
    (void)arg;
    memset(&k, 0, sizeof(k));
    k.watched.on = idle_on;
    k.watcher.on = sure_on;
    acta_tx *watched = play(&k.watched, "watched", 0);
    acta_tx *watcher_tx = play(&k.watcher, "watcher", 0);
    k.who = acta_addr_dup(acta_tx_addr(watched));
    must(acta_send(watcher_tx, go) == ACTA_OK, "a watcher is told to watch");
    static const int reasons[] = {ACTA_OK, FAILED, ACTA_ESTOPPED, ACTA_EKILLED};
    k.expected = reasons[draw(0, 3)];
    if (k.expected == FAILED)
        must(acta_send(watched, go) == ACTA_OK, "it is told to fail");
    else if (k.expected == ACTA_ESTOPPED)
        must(acta_stop(acta_tx_addr(watched)) == ACTA_OK, "it is stopped");
    else if (k.expected == ACTA_EKILLED)
        must(acta_kill(acta_tx_addr(watched)) == ACTA_OK, "it is killed");
    if (k.expected == ACTA_OK)
        acta_tx_drop(&watched);
    acta_sim_eventually(sim, "the watcher is told, with the reason", told, NULL);
    acta_sim_run(sim);
    acta_tx_drop(&watched);
    acta_tx_drop(&watcher_tx);
    reached(k.reason == k.expected && k.expected == ACTA_EKILLED, "a kill is told");
}

static const claim claims[] = {
    CLAIM(a_death_is_told_once_after_all_that_was_said),
    CLAIM_AT_ONCE(a_death_is_told_once_after_all_that_was_said),
    CLAIM(after_a_demonitor_no_death_is_told),
    CLAIM_AT_ONCE(after_a_demonitor_no_death_is_told),
    CLAIM(every_way_to_end_is_told),
};

CLAIM_MAIN(claims)
