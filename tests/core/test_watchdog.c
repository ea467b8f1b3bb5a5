// SPDX-License-Identifier: MIT
//
// The watchdog: who keeps a worker for too long with one message is named while it does, once, and never too early.
//
// Most tests look by themselves, with a clock that stands still, at a system whose own watchdog is off.

#include "kit.h"

#include "core/system.h"

#define LIMIT_NS 1000

static uint64_t time_ns;

static uint64_t still(void)
{
    return time_ns;
}

static void look_at(const kit *k, uint64_t at_ns)
{
    time_ns = at_ns;
    acti_watchdog_look(k->sys, still);
}

// A system that nobody watches but us.
static void open_unwatched(kit *k, uint32_t workers)
{
    kit_open(k, workers);
    assert_false(k->sys->watchdog.started);
    k->sys->opts.long_turn_ns = LIMIT_NS; // for the looks to come
}

// ---- actors that wait in each of their messages for a gate of its own -----------------------

enum { STEPS = 4 };

typedef struct stepper {
    kit_actor actor;
    int at;
    test_gate entered[STEPS];
    test_gate go[STEPS];
} stepper;

static int steps(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stepper *s = arg;
    if (m == NULL && s->at < STEPS - 1)
        return ACTA_OK; // ended before its time, or has no step for that
    int at = s->at++;
    test_gate_open(&s->entered[at]);
    kit_claim(test_gate_wait(&s->go[at]));
    return ACTA_OK;
}

static void init_stepper(stepper *s)
{
    *s = (stepper){.actor = {steps}};
    for (int i = 0; i < STEPS; i++) {
        test_gate_init(&s->entered[i]);
        test_gate_init(&s->go[i]);
    }
}

static void fini_stepper(stepper *s)
{
    for (int i = 0; i < STEPS; i++) {
        test_gate_fini(&s->entered[i]);
        test_gate_fini(&s->go[i]);
    }
}

TEST(an_actor_that_takes_too_long_is_named_once_with_its_type_and_not_before_its_time)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_unwatched(&k, 2);
        stepper s;
        init_stepper(&s);
        acta_tx *tx = kit_spawn(&k, kind, &s);
        for (int i = 0; i < STEPS - 1; i++)
            kit_send(tx, i); // of one type, all in one turn

        assert_true(test_gate_wait(&s.entered[0]));
        look_at(&k, 5000);
        look_at(&k, 5000 + LIMIT_NS - 1);
        assert_int_equal(k.lines, 0);

        test_gate_open(&s.go[0]);
        assert_true(test_gate_wait(&s.entered[1])); // another message of the same type: the time begins anew
        look_at(&k, 5000 + 10 * LIMIT_NS);
        look_at(&k, 5000 + 11 * LIMIT_NS - 1);
        assert_int_equal(k.lines, 0);
        look_at(&k, 5000 + 11 * LIMIT_NS);
        bool watched = kind->place == ACTA_POOL; // on a thread of its own it may take its time
        assert_int_equal(k.lines, watched);
        assert_int_equal(kit_reported(&k, kind->name, "a message item"), watched);
        look_at(&k, 5000 + 30 * LIMIT_NS);
        assert_int_equal(k.lines, watched);

        test_gate_open(&s.go[1]);
        assert_true(test_gate_wait(&s.entered[2]));
        look_at(&k, 5000 + 40 * LIMIT_NS);
        look_at(&k, 5000 + 42 * LIMIT_NS - 1);
        assert_int_equal(k.lines, watched); // again too long, but it is known for that
        look_at(&k, 5000 + 42 * LIMIT_NS); // and now it takes twice as long
        assert_int_equal(k.lines, 2 * watched);
        test_gate_open(&s.go[2]);

        acta_tx_drop(&tx);
        assert_true(test_gate_wait(&s.entered[3])); // the same at its EOF
        look_at(&k, 5000 + 50 * LIMIT_NS);
        look_at(&k, 5000 + 51 * LIMIT_NS);
        look_at(&k, 5000 + 54 * LIMIT_NS);
        assert_int_equal(k.lines, 3 * watched);
        assert_int_equal(kit_reported(&k, kind->name, "no message"), watched);
        acta_ledger ledger;
        acta_ledger_read(k.sys, &ledger);
        assert_int_equal(ledger.long_turns, 3 * watched);
        test_gate_open(&s.go[3]);
        kit_close(&k);
        fini_stepper(&s);
    }
}

TEST(an_actor_that_is_idle_paused_or_gone_is_not_named)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_unwatched(&k, 1);
        stepper s;
        init_stepper(&s);
        acta_tx *tx = kit_spawn(&k, kind, &s);
        acta_addr *who = acta_addr_dup(acta_tx_addr(tx));
        kit_send(tx, 0);
        assert_true(test_gate_wait(&s.entered[0]));
        look_at(&k, 1);
        test_gate_open(&s.go[0]);
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        while (!acti_inbox_is_parked(&acti_actor_of_addr(who)->inbox) && acti_clock_ns() < until_ns)
            continue;
        look_at(&k, 1 + LIMIT_NS);
        look_at(&k, 1 + 2 * LIMIT_NS);
        acta_tx_drop(&tx);
        assert_true(kit_await_ended(who));
        look_at(&k, 1 + 3 * LIMIT_NS);
        look_at(&k, 1 + 5 * LIMIT_NS);
        assert_int_equal(k.lines, 0);
        acta_addr_drop(&who);
        kit_close(&k);
        fini_stepper(&s);
    }
}

// A body that has just been resumed in the middle of a message, after a send that was its last for a turn.
static int sends_a_lot_and_waits(acta_self *self, void *arg)
{
    stepper *s = arg;
    acta_msg *m = acta_recv(self);
    acta_tx *own = NULL;
    kit_claim(acta_addr_tx(acta_self_addr(self), &own) == ACTA_OK);
    for (int i = 0; i < 2 * ACTI_TURN_SENDS_MAX; i++)
        kit_claim(acta_send(own, query, .n = i) == ACTA_OK);
    test_gate_open(&s->entered[0]);
    kit_claim(test_gate_wait(&s->go[0]));
    acta_tx_drop(&own);
    while (m != NULL) {
        acta_msg_free(&m);
        m = acta_recv(self);
    }
    return ACTA_OK;
}

TEST(a_body_that_has_given_way_in_a_send_is_still_at_its_message)
{
    kit k;
    open_unwatched(&k, 1);
    stepper s;
    init_stepper(&s);
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .body = sends_a_lot_and_waits, .arg = &s, .name = "talker",
                                .capacity = 1000),
                     ACTA_OK);
    kit_send(tx, 0);
    assert_true(test_gate_wait(&s.entered[0]));
    acta_tx_drop(&tx);
    look_at(&k, 1);
    look_at(&k, 1 + LIMIT_NS);
    assert_true(kit_reported(&k, "talker", "a message item"));
    test_gate_open(&s.go[0]);
    kit_close(&k);
    fini_stepper(&s);
}

// ---- looks that meet everything ---------------------------------------------------------------

static int lives_shortly(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    return m != NULL && acta_as(item, m)->n % 2 ? ACTA_DONE : ACTA_OK;
}

TEST(looks_may_meet_actors_that_are_just_ending)
{
    enum { ACTORS = 3000 };
    kit k;
    kit_open(&k, 2);
    k.sys->opts.long_turn_ns = 0; // all that two looks find at the same message is named
    kit_actor a = {lives_shortly};
    for (int i = 0; i < ACTORS; i++) {
        acta_tx *tx = kit_spawn(&k, &kit_kinds[i % 2], &a);
        kit_send(tx, 0);
        assert_int_equal(acta_finish(&tx, item, .n = i), ACTA_OK);
        look_at(&k, 1);
        look_at(&k, 1);
    }
    kit_close(&k);
}

// ---- the thread -------------------------------------------------------------------------------

typedef struct watched {
    kit_actor actor;
    acti_au32 *told;
    uint64_t entered_ns;
    uint64_t named_ns;
} watched;

static void counts_reports(void *arg, const char *line)
{
    if (strstr(line, "actor endless") != NULL && strstr(line, "a message item") != NULL)
        (void)acti_au32_add_relaxed(arg, 1);
}

static int spins_until_named(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    watched *w = arg;
    if (m == NULL)
        return ACTA_OK;
    w->entered_ns = acti_clock_ns();
    while (acti_au32_load_relaxed(w->told) == 0 && acti_clock_ns() < w->entered_ns + KIT_WAIT_NS)
        continue;
    w->named_ns = acti_clock_ns();
    return ACTA_OK;
}

TEST(an_endless_loop_is_named_while_it_lasts_also_on_the_only_worker)
{
    for (int idle = 0; idle < 2; idle++) // the watchdog may be asleep when it begins
        for (uint32_t workers = 1; workers <= 2; workers++)
            KIT_EACH_KIND(kind) {
                if (kind->place == ACTA_THREAD)
                    continue;
                acta_system *sys = NULL;
                acti_au32 told = {0};
                acta_system_opts opts = {.workers = workers, .long_turn_ns = 4 * ACTA_MS, .report = counts_reports,
                                         .report_arg = &told};
                assert_int_equal(acta_open(&opts, &sys), ACTA_OK);
                uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
                while (idle && !acti_sched_quiet(&sys->sched) && acti_clock_ns() < until_ns)
                    continue;
                watched w = {.actor = {spins_until_named}, .told = &told};
                acta_tx *tx = NULL;
                assert_int_equal(kit_try_spawn(sys, kind, &w, "endless", &tx), ACTA_OK);
                assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
                assert_int_equal(acta_close(&sys, ACTA_FOREVER), ACTA_OK);
                assert_int_equal(told.v, 1);
                assert_true(w.named_ns - w.entered_ns >= opts.long_turn_ns);
                assert_true(w.named_ns - w.entered_ns < KIT_WAIT_NS);
                kit_claims_held();
            }
}

TEST(the_watchdog_of_an_idle_system_sleeps)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 2, .long_turn_ns = 1});
    assert_true(k.sys->watchdog.started);
    acti_park never;
    acti_park_init(&never);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (acti_au64_load_relaxed(&k.sys->watchdog.looks) == 0 && acti_clock_ns() < until_ns)
        (void)acti_park_wait(&never, acti_deadline_ns(ACTI_WATCHDOG_LOOK_NS_MIN)); // its thread has yet to begin
    uint64_t before, after;
    do { // that nothing happens takes time to see
        before = acti_au64_load_relaxed(&k.sys->watchdog.looks);
        assert_false(acti_park_wait(&never, acti_clock_ns() + 20 * ACTI_WATCHDOG_LOOK_NS_MIN));
        after = acti_au64_load_relaxed(&k.sys->watchdog.looks);
    } while (after != before && acti_clock_ns() < until_ns);
    assert_int_equal(after, before);
    assert_true(after > 0);
    kit_close(&k);
}

int main(void)
{
    return TEST_RUN(case_of(an_actor_that_is_idle_paused_or_gone_is_not_named),
                    case_of(an_actor_that_takes_too_long_is_named_once_with_its_type_and_not_before_its_time),
                    case_of(a_body_that_has_given_way_in_a_send_is_still_at_its_message),
                    case_of(looks_may_meet_actors_that_are_just_ending),
                    case_of(an_endless_loop_is_named_while_it_lasts_also_on_the_only_worker),
                    case_of(the_watchdog_of_an_idle_system_sleeps));
}
