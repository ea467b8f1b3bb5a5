// SPDX-License-Identifier: MIT
//
// C-DOWN: after everything the dead actor sent, after its name is free, and exactly once.

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>

#include "core/monitor.h"
#include "core/spawn.h"
#include "core/system.h"

// ---- a watcher that is told what to do ------------------------------------------------

enum { WATCH, UNWATCH, UNWATCH_ONCE_QUEUED, PROBE, END };

enum { WATCHES_MAX = 3 };

typedef struct watcher {
    kit_actor actor;
    acta_addr *who;
    test_gate *entered; // opened before it waits for mail
    acti_park did;      // given after each order
    const char *name; // to be free at DOWN, if set
    uint64_t monitors[WATCHES_MAX];
    int watching;
    int downs;
    int wrong;
    int64_t reason;
    uint64_t last; // number of the last message before DOWN
    char of[32];
    int downs_at_probe;
} watcher;

static int watches(acta_self *self, void *arg, acta_msg *m)
{
    watcher *w = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_down *down = acta_as(acta_down, m);
    if (down != NULL) {
        int at = 0;
        while (at < w->watching && w->monitors[at] != down->monitor)
            at++;
        w->wrong += at == w->watching;
        w->downs++;
        w->reason = down->reason;
        snprintf(w->of, sizeof(w->of), "%s", down->who);
        if (w->name != NULL) {
            kit_claim(acta_publish(acta_system_of(self), w->name, acta_self_addr(self)) == ACTA_OK);
            kit_claim(acta_unpublish(acta_system_of(self), w->name) == ACTA_OK);
        }
        return ACTA_OK;
    }
    const item *i = acta_as(item, m);
    if (i == NULL) { // a query is from the dying: numbered, and before DOWN
        const query *q = acta_as(query, m);
        w->wrong += q == NULL || w->downs > 0 || q->n != (int64_t)w->last + 1;
        w->last++;
        return ACTA_OK;
    }
    switch (i->n) {
    case WATCH:
        kit_claim(acta_monitor(self, w->who, &w->monitors[w->watching]) == ACTA_OK);
        w->watching++;
        break;
    case UNWATCH_ONCE_QUEUED:
        test_gate_open(w->entered);
        kit_claim(kit_await_mail(self));
        acta_demonitor(self, w->monitors[--w->watching]);
        break;
    case UNWATCH:
        acta_demonitor(self, w->monitors[--w->watching]);
        acta_demonitor(self, w->monitors[w->watching]); // twice is once
        acta_demonitor(self, 0);
        break;
    case PROBE:
        w->downs_at_probe = w->downs;
        break;
    default:
        acti_park_give(&w->did);
        return ACTA_DONE;
    }
    acti_park_give(&w->did);
    return ACTA_OK;
}

static void await_done(watcher *w)
{
    assert_true(acti_park_wait(&w->did, acti_clock_ns() + KIT_WAIT_NS));
}

static void order(acta_tx *tx, watcher *w, int64_t what)
{
    kit_send(tx, what);
    await_done(w);
}

// Until the watcher has seen so many DOWNs: it is asked by messages that come after them.
static void await_downs(acta_tx *tx, watcher *w, int downs)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    do
        order(tx, w, PROBE);
    while (w->downs_at_probe < downs && acti_clock_ns() < until_ns);
    assert_int_equal(w->downs_at_probe, downs);
}

// ---- a dying actor that talks to the last ------------------------------------------------

enum { WORDS = 100 };

typedef struct dying {
    kit_actor actor;
    acta_tx *to; // the watcher
    int64_t said;
    int reason;
    test_gate *freeing; // opened as its argument is freed
    test_gate *go;      // which then waits for this one
} dying;

static int dies_talking(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)m;
    dying *d = arg;
    while (d->to != NULL && d->said < WORDS)
        kit_claim(acta_send(d->to, query, .n = ++d->said) == ACTA_OK);
    return d->reason;
}

// Its last words, when its inbox is closed already.
static void free_dying(void *arg)
{
    dying *d = arg;
    if (d->freeing != NULL) {
        test_gate_open(d->freeing);
        kit_claim(test_gate_wait(d->go));
    }
    if (d->to != NULL)
        kit_claim(acta_finish(&d->to, query, .n = ++d->said) == ACTA_OK);
}

static acta_tx *spawn_dying(const kit *k, const kit_kind *kind, dying *d)
{
    acta_tx *tx = NULL;
    d->actor.on = dies_talking;
    assert_int_equal(acta_spawn(k->sys, &tx, .body = kind->body ? kit_body : NULL,
                                .handler = kind->body ? NULL : kit_handler, .arg = d, .arg_free = free_dying,
                                .place = kind->place, .name = "the dying"),
                     ACTA_OK);
    return tx;
}

TEST(down_comes_once_after_all_messages_and_says_who_and_why)
{
    KIT_EACH_KIND(of_watcher)
        KIT_EACH_KIND(of_dying)
            for (int reason = -1; reason >= -3; reason--) {
                kit k;
                kit_open(&k, 2);
                watcher w = {.actor = {watches}, .name = "a name"};
                acta_tx *to_watcher = kit_spawn(&k, of_watcher, &w);
                dying d = {.to = acta_tx_dup(to_watcher), .reason = reason};
                acta_tx *tx = spawn_dying(&k, of_dying, &d);
                assert_int_equal(acta_publish(k.sys, "a name", acta_tx_addr(tx)), ACTA_OK);
                w.who = acta_addr_dup(acta_tx_addr(tx));
                order(to_watcher, &w, WATCH);
                order(to_watcher, &w, WATCH); // two monitors of one actor are two DOWNs
                if (reason == -1)
                    acta_tx_drop(&tx); // ends by EOF
                else
                    assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
                await_downs(to_watcher, &w, 2);
                acta_addr_drop(&w.who);
                acta_tx_drop(&to_watcher);
                kit_close(&k);
                assert_int_equal(w.downs, 2);
                assert_int_equal(w.wrong, 0);
                assert_int_equal(w.last, WORDS + 1);
                assert_int_equal(w.reason, reason);
                assert_string_equal(w.of, "the dying");
            }
}

TEST(a_monitor_of_a_dead_actor_is_told_gone)
{
    KIT_EACH_KIND(of_watcher) {
        kit k;
        kit_open(&k, 2);
        dying d = {.reason = ACTA_EIO};
        acta_tx *tx = spawn_dying(&k, &kit_kinds[0], &d);
        watcher w = {.actor = {watches}, .who = acta_addr_dup(acta_tx_addr(tx))};
        acta_tx_drop(&tx);
        assert_true(kit_await_ended(w.who));
        acta_tx *to_watcher = kit_spawn(&k, of_watcher, &w);
        order(to_watcher, &w, WATCH);
        await_downs(to_watcher, &w, 1);
        acta_addr_drop(&w.who);
        acta_tx_drop(&to_watcher);
        kit_close(&k);
        assert_int_equal(w.downs, 1);
        assert_int_equal(w.wrong, 0);
        assert_int_equal(w.reason, ACTA_EGONE);
    }
}

// The inbox of the dying is closed, but it has not said everything and still has its name.
TEST(a_monitor_of_an_actor_that_is_ending_waits_for_its_last_words_and_its_name)
{
    KIT_EACH_KIND(of_dying) {
        kit k;
        kit_open(&k, 2);
        watcher w = {.actor = {watches}, .name = "a name"};
        acta_tx *to_watcher = kit_spawn(&k, &kit_kinds[2], &w);
        test_gate freeing, go;
        test_gate_init(&freeing);
        test_gate_init(&go);
        dying d = {.to = acta_tx_dup(to_watcher), .said = WORDS, .freeing = &freeing, .go = &go};
        acta_tx *tx = spawn_dying(&k, of_dying, &d);
        assert_int_equal(acta_publish(k.sys, "a name", acta_tx_addr(tx)), ACTA_OK);
        w.who = acta_addr_dup(acta_tx_addr(tx));
        w.last = WORDS;
        acta_tx_drop(&tx);
        assert_true(test_gate_wait(&freeing));
        order(to_watcher, &w, WATCH);
        order(to_watcher, &w, WATCH);
        order(to_watcher, &w, UNWATCH);
        order(to_watcher, &w, PROBE);
        assert_int_equal(w.downs_at_probe, 0);
        test_gate_open(&go);
        await_downs(to_watcher, &w, 1);
        acta_addr_drop(&w.who);
        acta_tx_drop(&to_watcher);
        kit_close(&k);
        test_gate_fini(&freeing);
        test_gate_fini(&go);
        assert_int_equal(w.downs, 1);
        assert_int_equal(w.wrong, 0);
        assert_int_equal(w.last, WORDS + 1);
        assert_int_equal(w.reason, ACTA_EGONE);
    }
}

// The dying cannot give its name back, because somebody else is just looking at the names: so no DOWN yet.
TEST(down_waits_until_the_name_is_free)
{
    KIT_EACH_KIND(of_dying) {
        kit k;
        kit_open(&k, 2);
        watcher w = {.actor = {watches}, .name = NULL};
        acta_tx *to_watcher = kit_spawn(&k, &kit_kinds[2], &w);
        dying d = {.reason = ACTA_EIO};
        acta_tx *tx = spawn_dying(&k, of_dying, &d);
        assert_int_equal(acta_publish(k.sys, "a name", acta_tx_addr(tx)), ACTA_OK);
        w.who = acta_addr_dup(acta_tx_addr(tx));
        order(to_watcher, &w, WATCH);
        acti_lock_take(&k.sys->names.lock);
        acta_tx_drop(&tx);
        assert_true(kit_await_ended(w.who));
        for (int i = 0; i < 200; i++) {
            order(to_watcher, &w, PROBE);
            assert_int_equal(w.downs_at_probe, 0);
        }
        acti_lock_give(&k.sys->names.lock);
        await_downs(to_watcher, &w, 1);
        acta_addr_drop(&w.who);
        acta_tx_drop(&to_watcher);
        kit_close(&k);
    }
}

TEST(after_a_demonitor_no_down_comes_whether_it_was_queued_or_not)
{
    KIT_EACH_KIND(of_watcher)
        for (int queued = 0; queued < 2; queued++) {
            kit k;
            kit_open(&k, 2);
            dying d = {.reason = ACTA_EIO};
            acta_tx *tx = spawn_dying(&k, &kit_kinds[2], &d);
            watcher w = {.actor = {watches}, .who = acta_addr_dup(acta_tx_addr(tx))};
            acta_tx *to_watcher = kit_spawn(&k, of_watcher, &w);
            order(to_watcher, &w, WATCH);
            if (queued) {
                // The order is being carried out, and waits for mail, when the other ends.
                test_gate entered;
                test_gate_init(&entered);
                w.entered = &entered;
                kit_send(to_watcher, UNWATCH_ONCE_QUEUED);
                assert_true(test_gate_wait(&entered));
                acta_tx_drop(&tx);
                await_done(&w);
                test_gate_fini(&entered);
            } else {
                order(to_watcher, &w, UNWATCH);
                acta_tx_drop(&tx);
                assert_true(kit_await_ended(w.who));
            }
            acta_addr *addr = acta_addr_dup(acta_tx_addr(to_watcher));
            acta_tx_drop(&to_watcher);
            assert_true(kit_await_ended(addr));
            acta_addr_drop(&addr);
            acta_addr_drop(&w.who);
            kit_close(&k);
            assert_int_equal(w.downs, 0);
        }
}

TEST(the_watcher_may_end_first)
{
    KIT_EACH_KIND(of_watcher) {
        kit k;
        kit_open(&k, 2);
        dying d = {.reason = ACTA_EIO};
        acta_tx *tx = spawn_dying(&k, &kit_kinds[0], &d);
        watcher w = {.actor = {watches}, .who = acta_addr_dup(acta_tx_addr(tx))};
        acta_tx *to_watcher = kit_spawn(&k, of_watcher, &w);
        order(to_watcher, &w, WATCH);
        order(to_watcher, &w, END);
        assert_true(kit_await_ended(acta_tx_addr(to_watcher)));
        acta_tx_drop(&to_watcher);
        acta_addr_drop(&w.who);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(w.downs, 0);
    }
}

static int monitors_without_memory(acta_self *self, void *arg, acta_msg *m)
{
    int *status = arg;
    uint64_t monitor = 0;
    if (m == NULL)
        return ACTA_OK;
    acti_pool_fail_after(1);
    *status = acta_monitor(self, acta_self_addr(self), &monitor);
    acti_pool_fail_after(0);
    kit_claim(monitor == 0);
    return ACTA_OK;
}

TEST(a_monitor_without_memory_is_refused)
{
    kit k;
    kit_open(&k, 1);
    int status = 0;
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = monitors_without_memory, .arg = &status), ACTA_OK);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    kit_close(&k);
    assert_int_equal(status, ACTA_ENOMEM);
}

// ---- all at once ----------------------------------------------------------------------

// Two actors that watch each other, and themselves, and end at the same moment in every order there is.
typedef struct mutual {
    kit_actor actor;
    acta_addr *other;
    int downs;
    int wrong;
    bool undoes;  // gives the monitor up before it ends
    bool waits;   // ends only when mail has come
} mutual;

static int watches_mutually(acta_self *self, void *arg, acta_msg *m)
{
    mutual *u = arg;
    uint64_t id, own;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_down, m)) {
        u->downs++;
        return ACTA_OK;
    }
    kit_claim(acta_monitor(self, u->other, &id) == ACTA_OK);
    kit_claim(acta_monitor(self, acta_self_addr(self), &own) == ACTA_OK);
    if (u->undoes)
        acta_demonitor(self, id);
    if (u->waits)
        kit_claim(kit_await_mail(self)); // at least the monitor of itself
    return ACTA_DONE;
}

TEST(actors_may_watch_each_other_and_themselves_and_end_together)
{
    enum { PAIRS = 400 };
    kit k;
    kit_open(&k, 2);
    static mutual u[PAIRS][2];
    for (int p = 0; p < PAIRS; p++) {
        acta_tx *tx[2];
        for (int i = 0; i < 2; i++) {
            u[p][i] = (mutual){.actor = {watches_mutually}, .undoes = p / 4 % 2 == i, .waits = p / 8 % 2 == i};
            tx[i] = kit_spawn(&k, &kit_kinds[(p >> i) % KIT_KINDS], &u[p][i]);
        }
        for (int i = 0; i < 2; i++)
            u[p][i].other = acta_addr_dup(acta_tx_addr(tx[1 - i]));
        for (int i = 0; i < 2; i++)
            assert_int_equal(acta_finish(&tx[i], item, .n = 0), ACTA_OK);
    }
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
    for (int p = 0; p < PAIRS; p++)
        for (int i = 0; i < 2; i++) {
            acta_addr_drop(&u[p][i].other);
            assert_int_equal(u[p][i].downs, 0);
        }
    kit_claims_held();
    assert_true(kit_nothing_leaked());
}

// ---- for what cause ---------------------------------------------------------------------

typedef struct reader {
    kit_actor actor;
    int64_t reason;
    char cause[400];
    bool told;
} reader;

static int reads_a_cause(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    reader *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_down *down = acta_as(acta_down, m);
    r->reason = down->reason;
    snprintf(r->cause, sizeof(r->cause), "%s", down->cause);
    r->told = true;
    return ACTA_OK;
}

// down_for has a reader told, as if it had watched an actor of that place. The actor is not one: nobody runs it.
static void down_for(kit *k, reader *r, uint8_t place, const char *cause)
{
    *r = (reader){.actor = {reads_a_cause}};
    acta_tx *tx = kit_spawn(k, &kit_kinds[0], r);
    acti_actor *watched = acti_actor_new(k->sys, "watched", 0);
    assert_non_null(watched);
    watched->place = place;
    acta_msg *m = acti_monitor_new(acti_actor_of_tx(tx), watched, 7);
    assert_non_null(m);
    acti_monitor_down_for(m, "watched", ACTA_ECRASHED, cause);
    acta_tx_drop(&tx);
    acti_actor_unref(watched); // one of its two; the reader's DOWN has had the third
    acti_actor_unref(watched);
}

TEST(a_down_says_for_which_cause_where_its_place_was_reserved_and_cuts_no_character)
{
    static const uint8_t remote[] = {ACTA_PROCESS, ACTI_PLACE_PROXY};
    kit k;
    reader r;
    char cause[300] = {0};
    memset(cause, 'x', ACTI_CAUSE_BYTES - 2);
    memcpy(cause + ACTI_CAUSE_BYTES - 2, "\xc3\xa9", 3); // of which the first byte would fit
    for (size_t i = 0; i < sizeof(remote); i++) {
        kit_open(&k, 1);
        down_for(&k, &r, remote[i], cause);
        kit_close(&k);
        assert_true(r.told);
        assert_int_equal(r.reason, ACTA_ECRASHED);
        assert_int_equal(strlen(r.cause), ACTI_CAUSE_BYTES - 2);
        assert_true(strspn(r.cause, "x") == ACTI_CAUSE_BYTES - 2);
    }
    kit_open(&k, 1);
    down_for(&k, &r, ACTA_POOL, "nobody asked");
    kit_close(&k);
    assert_true(r.told);
    assert_string_equal(r.cause, "");
}

int main(void)
{
    return TEST_RUN(case_of(a_monitor_without_memory_is_refused),
                    case_of(down_comes_once_after_all_messages_and_says_who_and_why),
                    case_of(a_monitor_of_a_dead_actor_is_told_gone),
                    case_of(a_monitor_of_an_actor_that_is_ending_waits_for_its_last_words_and_its_name),
                    case_of(down_waits_until_the_name_is_free),
                    case_of(after_a_demonitor_no_down_comes_whether_it_was_queued_or_not),
                    case_of(the_watcher_may_end_first),
                    case_of(actors_may_watch_each_other_and_themselves_and_end_together),
                    case_of(a_down_says_for_which_cause_where_its_place_was_reserved_and_cuts_no_character));
}
