// SPDX-License-Identifier: MIT
//
// acta_why: what an actor is about and who holds it, asked for at any moment.

#include "kit.h"

#include <acta/event.h>

#include "core/system.h"
#include "core/why.h"

enum { WHY_BYTES = 2048 };

static const char *why(acta_addr *who, char text[WHY_BYTES])
{
    size_t length = acta_why(who, text, WHY_BYTES);
    assert_int_equal(length, strlen(text));
    return text;
}

static void assert_why(acta_addr *who, const char *words)
{
    char text[WHY_BYTES];
    if (strstr(why(who, text), words) == NULL)
        fail_msg("it says \"%s\", without \"%s\"", text, words);
}

// Until it says so: for what becomes true a moment after the last thing that can be waited for.
static void await_why(acta_addr *who, const char *words)
{
    char text[WHY_BYTES];
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (strstr(why(who, text), words) == NULL)
        if (acti_clock_ns() > until_ns)
            fail_msg("it says \"%s\", without \"%s\"", text, words);
}

// ---- one that is held in its turn -------------------------------------------------------

typedef struct held {
    kit_actor actor;
    test_gate entered;
    test_gate go;
    bool at_eof; // there, not in a message
} held;

static int waits_in_its_turn(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    held *h = arg;
    if ((m == NULL) != h->at_eof)
        return ACTA_OK;
    test_gate_open(&h->entered);
    kit_claim(test_gate_wait(&h->go));
    return ACTA_OK;
}

static void init_held(held *h)
{
    *h = (held){.actor = {waits_in_its_turn}};
    test_gate_init(&h->entered);
    test_gate_init(&h->go);
}

static void fini_held(held *h)
{
    test_gate_fini(&h->entered);
    test_gate_fini(&h->go);
}

// ---- the text -----------------------------------------------------------------------------

TEST(the_text_is_cut_where_there_is_no_room_and_its_length_is_that_of_the_whole)
{
    kit k;
    kit_open(&k, 1);
    held h;
    init_held(&h);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &h);
    acta_addr *who = acta_tx_addr(tx);
    char whole[WHY_BYTES], cut[WHY_BYTES];
    size_t length = strlen(why(who, whole));
    assert_true(length > 20);
    assert_int_equal(acta_why(who, NULL, 0), length);
    for (size_t size = 1; size <= length + 1; size++) {
        memset(cut, 'x', sizeof(cut));
        assert_int_equal(acta_why(who, cut, size), length);
        assert_int_equal(strlen(cut), size - 1);
        assert_memory_equal(cut, whole, size - 1);
        assert_int_equal(cut[size], 'x');
    }
    acta_tx_drop(&tx);
    kit_close(&k);
    fini_held(&h);
}

TEST(who_holds_an_idle_actor_is_named_with_the_line_if_senders_are_tracked)
{
    KIT_EACH_KIND(kind)
        for (int tracked = 0; tracked < 2; tracked++) {
            kit k;
            kit_open_with(&k, (acta_system_opts){.workers = 1,
                                                 .track_senders = tracked ? ACTA_TRACK_ON : ACTA_TRACK_OFF});
            held h;
            init_held(&h);
            acta_tx *tx = kit_spawn(&k, kind, &h), *more[20];
            await_why(acta_tx_addr(tx), "idle");
            assert_why(acta_tx_addr(tx), kind->name);
            assert_why(acta_tx_addr(tx), "(id ");
            assert_why(acta_tx_addr(tx), ", 1 sender to it");
            for (int i = 0; i < 20; i++)
                more[i] = acta_tx_dup(tx);
            assert_why(acta_tx_addr(tx), ", 21 senders to it");
            assert_why(acta_tx_addr(tx), tracked ? "held by a thread outside (" : "track_senders");
            if (tracked) {
                assert_why(acta_tx_addr(tx), "tests/core/test_why.c:");
                assert_why(acta_tx_addr(tx), ", and others");
            }
            for (int i = 0; i < 20; i++)
                acta_tx_drop(&more[i]);
            acta_tx_drop(&tx);
            kit_close(&k);
            fini_held(&h);
        }
}

TEST(tracking_is_on_by_default_in_a_debug_build_only_and_nothing_unknown_is_taken)
{
    kit k;
    acta_system *none = NULL;
    assert_int_equal(acta_open(&(acta_system_opts){.track_senders = (acta_track)3}, &none), ACTA_EINVAL);
    kit_open(&k, 1);
    assert_int_equal(k.sys->opts.track_senders, ACTI_DEBUG ? ACTA_TRACK_ON : ACTA_TRACK_OFF);
    kit_close(&k);
}

static int ends_at_once(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_DONE;
}

TEST(a_tracked_sender_may_be_dropped_when_its_system_has_been_closed)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .track_senders = ACTA_TRACK_ON});
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(k.sys, &tx, .handler = ends_at_once), ACTA_OK);
    kit_send(tx, 0);
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
    acta_tx_drop(&tx);
    assert_true(kit_nothing_leaked());
}

// ---- what it is about ---------------------------------------------------------------------

TEST(one_that_runs_says_what_it_handles_and_whether_more_is_waiting)
{
    KIT_EACH_KIND(kind)
        for (int at_eof = 0; at_eof < 2; at_eof++) {
            kit k;
            kit_open(&k, 1);
            held h;
            init_held(&h);
            h.at_eof = at_eof;
            acta_tx *tx = kit_spawn(&k, kind, &h);
            acta_addr *who = acta_addr_dup(acta_tx_addr(tx));
            kit_send(tx, 1);
            if (at_eof)
                acta_tx_drop(&tx);
            assert_true(test_gate_wait(&h.entered));
            if (kind->place == ACTA_THREAD)
                assert_why(who, "running on its own thread");
            else if (at_eof == 0)
                assert_why(who, "running, handling a message item, 1 sender");
            else
                assert_why(who, "running");
            if (at_eof) {
                assert_why(who, "0 senders to it: it ends");
            } else {
                kit_send(tx, 2);
                assert_why(who, ", with messages waiting");
                assert_int_equal(acta_stop(who), ACTA_OK);
                assert_why(who, ", told to stop");
                assert_int_equal(acta_kill(who), ACTA_OK);
                assert_why(who, ", told to end with ACTA_EKILLED");
            }
            test_gate_open(&h.go);
            acta_tx_drop(&tx);
            await_why(who, "ended already");
            acta_addr_drop(&who);
            kit_close(&k);
            fini_held(&h);
        }
}

TEST(one_that_waits_for_a_worker_says_that_it_is_ready)
{
    kit k;
    kit_open(&k, 1);
    held h[2];
    acta_tx *tx[2];
    for (int i = 0; i < 2; i++) {
        init_held(&h[i]);
        tx[i] = kit_spawn(&k, &kit_kinds[0], &h[i]);
    }
    kit_send(tx[0], 1);
    assert_true(test_gate_wait(&h[0].entered));
    test_gate_open(&h[1].go);
    kit_send(tx[1], 1);
    assert_why(acta_tx_addr(tx[1]), "ready to run, with messages waiting");
    test_gate_open(&h[0].go);
    for (int i = 0; i < 2; i++)
        acta_tx_drop(&tx[i]);
    kit_close(&k);
    for (int i = 0; i < 2; i++)
        fini_held(&h[i]);
}

TEST(one_of_another_node_says_so)
{
    kit k;
    kit_open(&k, 1);
    held h;
    init_held(&h);
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &h);
    acti_actor_of_tx(tx)->place = ACTI_PLACE_PROXY; // looks like one, and is only looked at
    assert_why(acta_tx_addr(tx), "on another node, 1 sender");
    acti_actor_of_tx(tx)->place = ACTA_POOL;
    acta_tx_drop(&tx);
    kit_close(&k);
    fini_held(&h);
}

// ---- whom it waits for ----------------------------------------------------------------------

typedef struct relay {
    acta_tx *to;
    uint64_t timeout_ns;
    test_gate asked;
    char cause[200]; // of the failure it got
    int status;
} relay;

// Asks as soon as it has a message, and answers when it has an outcome.
static int asks_on(acta_self *self, void *arg)
{
    relay *r = arg;
    acta_msg *m = acta_recv(self);
    uint64_t id = 0;
    kit_claim(acta_ask(self, r->to, r->timeout_ns, &id, query, .n = 1) == ACTA_OK);
    test_gate_open(&r->asked);
    acta_msg *outcome = acta_await(self, id);
    const acta_failure *failure = outcome != NULL ? acta_as(acta_failure, outcome) : NULL;
    if (failure != NULL) {
        r->status = (int)failure->status;
        snprintf(r->cause, sizeof(r->cause), "%s", failure->cause);
    }
    acta_msg_free(&outcome);
    acta_msg_free(&m);
    acta_tx_drop(&r->to);
    return ACTA_OK;
}

TEST(a_body_in_an_ask_says_whom_it_has_asked_and_a_timeout_says_so_of_its_target)
{
    for (int place = 0; place < 2; place++) {
        kit k;
        kit_open(&k, 2);
        held db;
        init_held(&db);
        relay echo = {.timeout_ns = ACTA_FOREVER}, asker = {.timeout_ns = 50 * ACTA_MS};
        test_gate_init(&echo.asked);
        test_gate_init(&asker.asked);
        assert_int_equal(acta_spawn(k.sys, &echo.to, .handler = kit_handler, .arg = &db, .place = ACTA_THREAD,
                                    .name = "db"),
                         ACTA_OK);
        assert_int_equal(acta_spawn(k.sys, &asker.to, .body = asks_on, .arg = &echo, .place = (acta_place)place,
                                    .name = "echo"),
                         ACTA_OK);
        acta_addr *who = acta_addr_dup(acta_tx_addr(asker.to));
        kit_send(asker.to, 1);
        assert_true(test_gate_wait(&echo.asked));
        await_why(who, "waiting for the outcome of its own ask to db, a query");
        assert_why(who, "1 sender"); // which the asker has
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = asks_on, .arg = &asker, .place = (acta_place)place), ACTA_OK);
        assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_OK);
        assert_true(test_gate_wait(&asker.asked));
        await_why(who, "0 senders"); // until the asker has given up and gone
        test_gate_open(&db.go);
        acta_addr_drop(&who);
        kit_close(&k);
        test_gate_fini(&echo.asked);
        test_gate_fini(&asker.asked);
        fini_held(&db);
        assert_int_equal(asker.status, ACTA_ETIMEOUT);
        assert_non_null(strstr(asker.cause, "no outcome in time; it is waiting for the outcome of its own ask to db"));
        assert_int_equal(echo.status, ACTA_ENOREPLY);
    }
}

typedef struct pusher {
    kit_actor actor;
    acta_tx *to;
} pusher;

static int sends_two(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    pusher *p = arg;
    for (int i = 0; m != NULL && i < 2; i++)
        kit_claim(acta_send(p->to, item, 0, i) == ACTA_OK);
    if (m == NULL)
        acta_tx_drop(&p->to);
    return ACTA_OK;
}

TEST(one_that_is_paused_says_whose_inbox_is_full)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        held full;
        init_held(&full);
        pusher p = {.actor = {sends_two}};
        assert_int_equal(acta_spawn(k.sys, &p.to, .handler = kit_handler, .arg = &full, .place = ACTA_THREAD,
                                    .name = "the full one", .capacity = 1),
                         ACTA_OK);
        kit_send(p.to, 0);
        assert_true(test_gate_wait(&full.entered));
        acta_tx *tx = kit_spawn(&k, kind, &p);
        kit_send(tx, 1);
        await_why(acta_tx_addr(tx), "paused: waiting for room in the inbox of the full one");
        test_gate_open(&full.go);
        acta_tx_drop(&tx);
        kit_close(&k);
        fini_held(&full);
    }
}

// ---- at any moment ----------------------------------------------------------------------------

enum { ROUNDS = 2000, BUSY = 4 };

typedef struct busybody {
    acta_tx *to;
    acti_au32 *running;
} busybody;

static int asks_all_the_time(acta_self *self, void *arg)
{
    busybody *b = arg;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t id = 0;
        kit_claim(acta_ask(self, b->to, KIT_WAIT_NS, &id, query, .n = i) == ACTA_OK);
        acta_msg *m = acta_await(self, id);
        kit_claim(m != NULL && acta_is(answer, m));
        acta_msg_free(&m);
    }
    acta_tx_drop(&b->to);
    (void)acti_au32_sub_release(b->running, 1);
    return ACTA_OK;
}

static int replies(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        kit_claim(acta_reply(self, m, answer, .n = 1) == ACTA_OK);
    return ACTA_OK;
}

TEST(it_may_be_asked_while_all_is_moving)
{
    kit k;
    kit_open(&k, 2);
    kit_actor responder = {replies};
    acti_au32 running = {BUSY};
    busybody b[BUSY];
    acta_addr *who[BUSY + 1];
    acta_tx *to = kit_spawn(&k, &kit_kinds[0], &responder);
    who[BUSY] = acta_addr_dup(acta_tx_addr(to));
    for (int i = 0; i < BUSY; i++) {
        b[i] = (busybody){.to = acta_tx_dup(to), .running = &running};
        acta_tx *tx = NULL;
        assert_int_equal(acta_spawn(k.sys, &tx, .body = asks_all_the_time, .arg = &b[i],
                                    .place = i % 2 ? ACTA_THREAD : ACTA_POOL),
                         ACTA_OK);
        who[i] = acta_addr_dup(acta_tx_addr(tx));
        acta_tx_drop(&tx);
    }
    acta_tx_drop(&to);
    char text[WHY_BYTES];
    uint32_t waiting = 0;
    while (acti_au32_load_acquire(&running) > 0)
        for (int i = 0; i <= BUSY; i++)
            waiting += strstr(why(who[i], text), "waiting for the outcome") != NULL;
    assert_true(waiting > 0);
    for (int i = 0; i <= BUSY; i++)
        acta_addr_drop(&who[i]);
    kit_close(&k);
}

int main(void)
{
    return TEST_RUN(case_of(the_text_is_cut_where_there_is_no_room_and_its_length_is_that_of_the_whole),
                    case_of(who_holds_an_idle_actor_is_named_with_the_line_if_senders_are_tracked),
                    case_of(tracking_is_on_by_default_in_a_debug_build_only_and_nothing_unknown_is_taken),
                    case_of(a_tracked_sender_may_be_dropped_when_its_system_has_been_closed),
                    case_of(one_that_runs_says_what_it_handles_and_whether_more_is_waiting),
                    case_of(one_that_waits_for_a_worker_says_that_it_is_ready),
                    case_of(one_of_another_node_says_so),
                    case_of(a_body_in_an_ask_says_whom_it_has_asked_and_a_timeout_says_so_of_its_target),
                    case_of(one_that_is_paused_says_whose_inbox_is_full), case_of(it_may_be_asked_while_all_is_moving));
}
