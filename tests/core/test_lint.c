// SPDX-License-Identifier: MIT
//
// The order lint in running systems: which pairs it names among actors of all kinds and threads outside, once each,
// and that it is silent where something keeps the order. What is a race at all is for test_causal.c.

#include "kit.h"

#include <pthread.h>

#include "core/recall.h"
#include "core/system.h"

ACTA_MESSAGE(word, (i64, n));
ACTA_MESSAGE(ready);
ACTA_MESSAGE_TERMINAL(over, (i64, n));

// The lint runs on the actors' own stacks: so these are the smallest that there are.
static void open_linted(kit *k, uint32_t workers)
{
    kit_open_with(k, (acta_system_opts){.workers = workers, .order_lint = ACTA_LINT_ON, .stack_bytes = 1});
}

// ---- actors ---------------------------------------------------------------------------------

// A receiver counts what comes, and may answer each word; it ends at EOF. Its gate, if there is one, is opened by the
// first message, and another is waited for before it goes on.
typedef struct sink {
    kit_actor actor;
    acta_tx *answer_to;
    test_gate *came;
    test_gate *go;
    int handled;
} sink;

static int take(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    sink *s = arg;
    if (m == NULL) {
        acta_tx_drop(&s->answer_to);
        return ACTA_OK;
    }
    s->handled++;
    if (s->came != NULL)
        test_gate_open(s->came);
    if (s->go != NULL)
        kit_claim(test_gate_wait(s->go));
    if (s->answer_to != NULL && acta_is(word, m))
        kit_claim(acta_send(s->answer_to, ready) == ACTA_OK);
    return ACTA_OK;
}

// A talker does as its plan says for each message, and lets go of everything at its end.
typedef struct talker talker;
typedef void plan(talker *t, acta_self *self, acta_msg *m);

struct talker {
    kit_actor actor;
    plan *on;
    plan *at_end;
    acta_tx *to;    // the receiver
    acta_tx *other; // a talker
    acta_addr *who; // an actor it watches or stops
    test_gate *came; // opened when the receiver has got something
};

static int talk(acta_self *self, void *arg, acta_msg *m)
{
    talker *t = arg;
    if (m != NULL) {
        t->on(t, self, m);
        return ACTA_OK;
    }
    if (t->at_end != NULL)
        t->at_end(t, self, NULL);
    acta_tx_drop(&t->to);
    acta_tx_drop(&t->other);
    acta_addr_drop(&t->who);
    return ACTA_OK;
}

// sends_both sends to the receiver, and then to the other.
static void sends_both(talker *t, acta_self *self, acta_msg *m)
{
    (void)self, (void)m;
    kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
    kit_claim(acta_send(t->other, word, .n = 2) == ACTA_OK);
}

static void ends_it(talker *t, acta_self *self, acta_msg *m)
{
    (void)self;
    if (m == NULL || acta_is(word, m))
        kit_claim(acta_send(t->to, over, .n = 3) == ACTA_OK);
}

// waits_for_an_answer sends a word at the first message, and tells the other at the second, which is the answer.
static void waits_for_an_answer(talker *t, acta_self *self, acta_msg *m)
{
    (void)self;
    if (acta_is(ready, m)) {
        kit_claim(acta_send(t->other, word, .n = 2) == ACTA_OK);
        acta_tx_drop(&t->other);
        acta_tx_drop(&t->to);
    } else {
        kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
    }
}

static const kit_kind *next_kind(const kit_kind *kind)
{
    return &kit_kinds[(size_t)(kind - kit_kinds + 1) % KIT_KINDS];
}

static acta_tx *spawn_named(const kit *k, const kit_kind *kind, void *arg, const char *name)
{
    acta_tx *tx = NULL;
    assert_int_equal(kit_try_spawn(k->sys, kind, arg, name, &tx), ACTA_OK);
    return tx;
}

static uint32_t lines_of_races(const kit *k)
{
    uint32_t lines = 0;
    for (uint32_t i = 0; i < k->lines && i < 8; i++)
        lines += strstr(k->line[i], "two-path race") != NULL;
    return lines;
}

// ---- options ----------------------------------------------------------------------------------

TEST(an_option_that_is_none_is_refused_and_a_debug_build_has_it_on)
{
    acta_system *none = NULL;
    assert_int_equal(acta_open(&(acta_system_opts){.order_lint = (acta_lint)3}, &none), ACTA_EINVAL);
    assert_null(none);
    static const acta_lint given[] = {ACTA_LINT_DEFAULT, ACTA_LINT_ON, ACTA_LINT_OFF};
    const bool on[] = {ACTI_DEBUG, true, false};
    for (int i = 0; i < 3; i++) {
        kit k;
        kit_open_with(&k, (acta_system_opts){.workers = 1, .order_lint = given[i]});
        assert_int_equal(k.sys->carrier != NULL, on[i]);
        kit_close(&k);
    }
}

// ---- the classic --------------------------------------------------------------------------------

// One actor sends to a receiver and tells a second actor, which sends the receiver the end.
static void run_two_routes(kit *k, const kit_kind *kind, plan *first, bool answers)
{
    sink r = {.actor = {take}};
    talker b = {.actor = {talk}, .on = ends_it};
    talker a = {.actor = {talk}, .on = first};
    acta_tx *to_r = spawn_named(k, kind, &r, "net");
    b.to = acta_tx_dup(to_r);
    a.to = to_r;
    a.other = spawn_named(k, next_kind(kind), &b, "router");
    acta_tx *to_a = spawn_named(k, next_kind(next_kind(kind)), &a, "script");
    if (answers)
        r.answer_to = acta_tx_dup(to_a); // until the router lets go
    assert_int_equal(acta_finish(&to_a, word), ACTA_OK);
    kit_close(k);
    assert_int_equal(r.handled, 2);
}

TEST(two_routes_are_named_whichever_kind_of_actors_take_them)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_linted(&k, 2);
        run_two_routes(&k, kind, sends_both, false);
        assert_int_equal(lines_of_races(&k), 1);
        assert_true(kit_reported(&k, "two-path race at net: word of script came by script -> net, and over, sent after "
                                     "it, by script -> router -> net: ", "when net has answered the first"));
    }
}

TEST(two_routes_are_not_named_where_the_lint_is_off)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 2, .order_lint = ACTA_LINT_OFF});
    run_two_routes(&k, &kit_kinds[0], sends_both, false);
    assert_int_equal(k.lines, 0);
}

TEST(an_answer_between_the_two_makes_for_silence)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_linted(&k, 2);
        run_two_routes(&k, kind, waits_for_an_answer, true);
        assert_int_equal(k.lines, 0);
    }
}

// sends_often does so many times what is a race each time, of the same names.
static void sends_often(talker *t, acta_self *self, acta_msg *m)
{
    for (int i = 0; i < 50; i++)
        sends_both(t, self, m);
}

TEST(a_race_is_told_once_and_counted_each_time)
{
    kit k;
    open_linted(&k, 1);
    sink r = {.actor = {take}};
    talker b = {.actor = {talk}, .on = ends_it};
    talker a = {.actor = {talk}, .on = sends_often};
    a.to = spawn_named(&k, &kit_kinds[0], &r, "net");
    b.to = acta_tx_dup(a.to);
    a.other = spawn_named(&k, &kit_kinds[1], &b, "router");
    acta_addr *net = acta_addr_dup(acta_tx_addr(a.to));
    acta_tx *to_a = spawn_named(&k, &kit_kinds[0], &a, "script");
    assert_int_equal(acta_finish(&to_a, word), ACTA_OK);
    assert_true(kit_await_ended(net));
    acta_addr_drop(&net);
    acta_ledger ledger = kit_read(&k);
    kit_close(&k);
    assert_int_equal(r.handled, 100);
    assert_int_equal(lines_of_races(&k), 1);
    assert_true(ledger.races >= ACTI_RECALL_RECENT); // of the last ones, at least, the first message is remembered
}

// ---- other ways to hear of something ---------------------------------------------------------------

// asks_first asks the receiver before it tells the other: the outcome says that all before it was handled.
static void asks_first(talker *t, acta_self *self, acta_msg *m)
{
    uint64_t id;
    if (acta_is(word, m)) {
        kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
        kit_claim(acta_ask(self, t->to, ACTA_FOREVER, &id, query, .n = 1) == ACTA_OK);
    } else {
        kit_claim(acta_send(t->other, word, .n = 2) == ACTA_OK);
    }
}

typedef struct answerer {
    kit_actor actor;
    test_gate over;
} answerer;

static int take_or_answer(acta_self *self, void *arg, acta_msg *m)
{
    answerer *r = arg;
    if (m != NULL && acta_is(query, m))
        kit_claim(acta_reply(self, m, answer, .n = 2) == ACTA_OK);
    else if (m != NULL && acta_is(over, m))
        test_gate_open(&r->over);
    return ACTA_OK;
}

TEST(the_outcome_of_a_request_is_an_answer)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_linted(&k, 2);
        answerer r = {.actor = {take_or_answer}};
        test_gate_init(&r.over);
        talker b = {.actor = {talk}, .on = ends_it};
        talker a = {.actor = {talk}, .on = asks_first};
        a.to = spawn_named(&k, kind, &r, "net");
        b.to = acta_tx_dup(a.to);
        a.other = spawn_named(&k, kind, &b, "router");
        acta_tx *to_a = spawn_named(&k, kind, &a, "script");
        assert_int_equal(acta_send(to_a, word), ACTA_OK);
        assert_true(test_gate_wait(&r.over));
        acta_tx_drop(&to_a);
        kit_close(&k);
        test_gate_fini(&r.over);
        assert_int_equal(k.lines, 0);
    }
}

// lets_go sends to the receiver, and then releases the last sender to the other: which sends the end as it ends.
static void lets_go(talker *t, acta_self *self, acta_msg *m)
{
    (void)self, (void)m;
    kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
    acta_tx_drop(&t->other);
}

static void does_nothing(talker *t, acta_self *self, acta_msg *m)
{
    (void)t, (void)self, (void)m;
}

TEST(an_end_is_a_message_of_those_who_let_go)
{
    KIT_EACH_KIND(kind) {
        for (int first = 0; first < 2; first++) {
            kit k;
            open_linted(&k, 2);
            sink r = {.actor = {take}};
            talker b = {.actor = {talk}, .on = does_nothing, .at_end = ends_it};
            talker a = {.actor = {talk}, .on = lets_go};
            talker c = {.actor = {talk}, .on = lets_go};
            talker starter = {.actor = {talk}, .on = sends_both};
            a.to = spawn_named(&k, kind, &r, "net");
            b.to = acta_tx_dup(a.to);
            c.to = acta_tx_dup(a.to);
            a.other = spawn_named(&k, kind, &b, "router");
            c.other = acta_tx_dup(a.other);
            starter.to = spawn_named(&k, kind, first == 0 ? &a : &c, first == 0 ? "script" : "other");
            starter.other = spawn_named(&k, kind, first == 0 ? &c : &a, first == 0 ? "other" : "script");
            acta_tx *to_starter = spawn_named(&k, kind, &starter, "starter");
            assert_int_equal(acta_finish(&to_starter, word), ACTA_OK);
            kit_close(&k);
            assert_int_equal(r.handled, 3);
            assert_int_equal(lines_of_races(&k), 2); // whoever was the last
            assert_true(kit_reported(&k, "word of script", "script -> router -> net"));
            assert_true(kit_reported(&k, "word of other", "other -> router -> net"));
        }
    }
}

static void stops(talker *t, acta_self *self, acta_msg *m)
{
    (void)self, (void)m;
    kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
    kit_claim(acta_stop(t->who) == ACTA_OK);
}

TEST(a_stop_is_a_message_too)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_linted(&k, 2);
        sink r = {.actor = {take}};
        talker b = {.actor = {talk}, .on = does_nothing, .at_end = ends_it};
        talker a = {.actor = {talk}, .on = stops};
        a.to = spawn_named(&k, kind, &r, "net");
        b.to = acta_tx_dup(a.to);
        acta_tx *to_b = spawn_named(&k, kind, &b, "router");
        a.who = acta_addr_dup(acta_tx_addr(to_b));
        acta_tx *to_a = spawn_named(&k, kind, &a, "script");
        assert_int_equal(acta_finish(&to_a, word), ACTA_OK);
        assert_true(kit_await_ended(acta_tx_addr(to_b)));
        acta_tx_drop(&to_b);
        kit_close(&k);
        assert_true(kit_reported(&k, "word of script", "script -> router -> net"));
    }
}

// watches asks to be told of the death of another, and sends the end when it is.
static void watches(talker *t, acta_self *self, acta_msg *m)
{
    uint64_t id;
    if (acta_is(query, m)) {
        kit_claim(acta_monitor(self, t->who, &id) == ACTA_OK);
        kit_claim(acta_reply(self, m, answer) == ACTA_OK);
    } else if (acta_is(acta_down, m)) {
        kit_claim(acta_finish(&t->to, over) == ACTA_OK);
    }
}

static void finishes(talker *t, acta_self *self, acta_msg *m)
{
    (void)self, (void)m;
    kit_claim(acta_finish(&t->to, word) == ACTA_OK);
}

// The script sends the receiver its last message and dies; the router hears of that, and sends the end. It is an actor
// that lets the script go, because a thread that does may know of everything by then.
TEST(a_death_notice_is_a_message_of_the_dead)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_linted(&k, 2);
        sink r = {.actor = {take}};
        talker a = {.actor = {talk}, .on = ends_it};
        talker b = {.actor = {talk}, .on = watches};
        a.to = spawn_named(&k, kind, &r, "net");
        b.to = acta_tx_dup(a.to);
        acta_addr *net = acta_addr_dup(acta_tx_addr(a.to));
        talker starter = {.actor = {talk}, .on = finishes, .to = spawn_named(&k, kind, &a, "script")};
        b.who = acta_addr_dup(acta_tx_addr(starter.to));
        acta_tx *to_starter = spawn_named(&k, kind, &starter, "starter");
        acta_tx *to_b = spawn_named(&k, kind, &b, "router");
        acta_msg *m = NULL;
        assert_int_equal(acta_call(to_b, KIT_WAIT_NS, &m, query), ACTA_OK);
        acta_msg_free(&m);
        assert_int_equal(acta_finish(&to_starter, word), ACTA_OK);
        assert_true(kit_await_ended(net));
        acta_tx_drop(&to_b);
        acta_addr_drop(&net);
        kit_close(&k);
        assert_int_equal(r.handled, 2);
        assert_true(kit_reported(&k, "over of script", "script -> router -> net"));
    }
}

// finds_it_dead has heard of what another sent, and finds that a third has ended.
static void finds_it_dead(talker *t, acta_self *self, acta_msg *m)
{
    uint64_t id;
    if (!acta_is(word, m))
        return;
    kit_claim(test_gate_wait(t->came));
    kit_claim(kit_await_ended(t->who));
    kit_claim(acta_monitor(self, t->who, &id) == ACTA_OK);
    kit_claim(acta_finish(&t->to, over) == ACTA_OK);
}

static void listens(talker *t, acta_self *self, acta_msg *m)
{
    (void)t, (void)self, (void)m;
}

// take_and_let_go answers by its last message to whom it answers, who ends with that.
static int take_and_let_go(acta_self *self, void *arg, acta_msg *m)
{
    sink *s = arg;
    bool answers = m != NULL && acta_is(word, m) && s->answer_to != NULL;
    acta_tx *answer_to = s->answer_to;
    s->answer_to = NULL;
    int status = take(self, arg, m);
    if (answers)
        kit_claim(acta_finish(&answer_to, ready) == ACTA_OK);
    acta_tx_drop(&answer_to);
    return status;
}

// ended_before gives the address of an actor that has ended before anything was sent.
static acta_addr *ended_before(kit *k, const kit_kind *kind, talker *t)
{
    acta_tx *tx = spawn_named(k, kind, t, "bystander");
    acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
    acta_tx_drop(&tx);
    assert_true(kit_await_ended(addr));
    return addr;
}

// find_dead has the router send the end after it has found somebody dead: the witness, who has been answered, or a
// bystander, who knows nothing of the receiver.
static void find_dead(kit *k, const kit_kind *kind, bool answered)
{
    open_linted(k, 2);
    test_gate came;
    test_gate_init(&came);
    talker witness = {.actor = {talk}, .on = listens};
    sink r = {.actor = {take_and_let_go}, .came = &came, .answer_to = spawn_named(k, kind, &witness, "witness")};
    acta_addr *witness_addr = acta_addr_dup(acta_tx_addr(r.answer_to));
    talker bystander = {.actor = {talk}, .on = listens};
    talker a = {.actor = {talk}, .on = sends_both};
    talker b = {.actor = {talk}, .on = finds_it_dead, .came = &came};
    a.to = spawn_named(k, kind, &r, "net");
    b.to = acta_tx_dup(a.to);
    a.other = spawn_named(k, &kit_kinds[2 + kind->body], &b, "router"); // on a thread, because it waits
    talker starter = {.actor = {talk}, .on = finishes, .to = spawn_named(k, kind, &a, "script")};
    acta_tx *to_starter = spawn_named(k, kind, &starter, "starter");
    b.who = answered ? acta_addr_dup(witness_addr) : ended_before(k, kind, &bystander);
    acta_addr_drop(&witness_addr);
    assert_int_equal(acta_finish(&to_starter, word), ACTA_OK);
    kit_close(k);
    test_gate_fini(&came);
    assert_int_equal(r.handled, 2);
}

TEST(whoever_finds_an_actor_dead_knows_what_it_knew)
{
    KIT_EACH_KIND(kind) {
        kit k;
        find_dead(&k, kind, true);
        assert_int_equal(k.lines, 0);
    }
}

TEST(whoever_finds_an_actor_dead_knows_no_more_than_it_did)
{
    KIT_EACH_KIND(kind) {
        kit k;
        find_dead(&k, kind, false);
        assert_int_equal(lines_of_races(&k), 1);
    }
}

// spawns makes the one that sends the end.
static void spawns(talker *t, acta_self *self, acta_msg *m)
{
    (void)m;
    kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
    talker *child = calloc(1, sizeof *child);
    *child = (talker){.actor = {talk}, .on = does_nothing, .at_end = ends_it, .to = acta_tx_dup(t->to)};
    acta_tx *tx = NULL;
    kit_claim(acta_spawn(acta_system_of(self), &tx, .body = kit_body, .arg = child, .arg_free = free,
                         .name = "child") == ACTA_OK);
    acta_tx_drop(&tx);
}

TEST(who_is_spawned_knows_what_its_maker_did)
{
    KIT_EACH_KIND(kind) {
        kit k;
        open_linted(&k, 2);
        sink r = {.actor = {take}};
        talker a = {.actor = {talk}, .on = spawns};
        a.to = spawn_named(&k, kind, &r, "net");
        acta_tx *to_a = spawn_named(&k, kind, &a, "script");
        assert_int_equal(acta_finish(&to_a, word), ACTA_OK);
        kit_close(&k);
        assert_true(kit_reported(&k, "word of script", "script -> child -> net"));
    }
}

// ---- threads outside -----------------------------------------------------------------------------------

// The main thread asks an actor, which sends to a receiver and answers; then the main thread sends the end.
static void answers_after_a_word(talker *t, acta_self *self, acta_msg *m)
{
    kit_claim(acta_send(t->to, word, .n = 1) == ACTA_OK);
    kit_claim(acta_reply(self, m, answer) == ACTA_OK);
}

static void run_thread_outside(kit *k, bool handled)
{
    test_gate came, go;
    test_gate_init(&came);
    test_gate_init(&go);
    sink r = {.actor = {take}, .came = &came, .go = &go};
    talker a = {.actor = {talk}, .on = answers_after_a_word};
    acta_tx *to_r = spawn_named(k, &kit_kinds[2], &r, "net");
    a.to = acta_tx_dup(to_r);
    acta_tx *to_a = spawn_named(k, &kit_kinds[0], &a, "script");
    if (!handled)
        assert_int_equal(acta_send(to_r, word), ACTA_OK); // which it is kept at
    if (!handled)
        assert_true(test_gate_wait(&came));
    acta_msg *m = NULL;
    assert_int_equal(acta_call(to_a, KIT_WAIT_NS, &m, query), ACTA_OK);
    acta_msg_free(&m);
    assert_true(test_gate_wait(&came));
    assert_int_equal(acta_finish(&to_r, over), ACTA_OK);
    acta_tx_drop(&to_a);
    test_gate_open(&go);
    kit_close(k);
    test_gate_fini(&came);
    test_gate_fini(&go);
}

TEST(a_thread_outside_may_have_waited_for_what_was_handled)
{
    kit k;
    open_linted(&k, 2);
    run_thread_outside(&k, true);
    assert_int_equal(k.lines, 0);
}

TEST(a_thread_outside_that_sends_behind_what_is_on_its_way_is_named)
{
    kit k;
    open_linted(&k, 2);
    run_thread_outside(&k, false);
    assert_int_equal(lines_of_races(&k), 1);
    assert_true(kit_reported(&k, "word of script", "script -> a thread outside -> net"));
}

// ---- the ends of things -----------------------------------------------------------------------------------

static void *drop_late(void *arg)
{
    acta_tx *tx = arg;
    acta_tx_drop(&tx);
    return NULL;
}

TEST(a_sender_may_be_dropped_when_its_system_is_closed_or_as_it_closes)
{
    for (int i = 0; i < 20; i++) {
        kit k;
        open_linted(&k, 2);
        sink r = {.actor = {take}};
        acta_tx *to_r = spawn_named(&k, &kit_kinds[i % KIT_KINDS], &r, "net");
        acta_tx *late = acta_tx_dup(to_r);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, drop_late, to_r), 0);
        assert_int_equal(acta_close(&k.sys, 0), ACTA_EALIVE);
        assert_int_equal(pthread_join(thread, NULL), 0);
        acta_tx_drop(&late);
        kit_claims_held();
        assert_true(kit_nothing_leaked());
    }
}

int main(void)
{
    return TEST_RUN(case_of(an_option_that_is_none_is_refused_and_a_debug_build_has_it_on),
                    case_of(two_routes_are_named_whichever_kind_of_actors_take_them),
                    case_of(two_routes_are_not_named_where_the_lint_is_off),
                    case_of(an_answer_between_the_two_makes_for_silence),
                    case_of(a_race_is_told_once_and_counted_each_time),
                    case_of(the_outcome_of_a_request_is_an_answer),
                    case_of(an_end_is_a_message_of_those_who_let_go),
                    case_of(a_stop_is_a_message_too),
                    case_of(a_death_notice_is_a_message_of_the_dead),
                    case_of(whoever_finds_an_actor_dead_knows_what_it_knew),
                    case_of(whoever_finds_an_actor_dead_knows_no_more_than_it_did),
                    case_of(who_is_spawned_knows_what_its_maker_did),
                    case_of(a_thread_outside_may_have_waited_for_what_was_handled),
                    case_of(a_thread_outside_that_sends_behind_what_is_on_its_way_is_named),
                    case_of(a_sender_may_be_dropped_when_its_system_is_closed_or_as_it_closes));
}
