// SPDX-License-Identifier: MIT
//
// C-PLACE: the conformance suite of the core's contracts. Each row of the table at the end is run wherever an actor can
// be, and its trace is the same there: see stage.h.

#include "stage.h"

// ---- messages and the end ---------------------------------------------------------------

typedef struct source {
    acta_tx *to;
    int64_t id;
} source;

enum { SOURCES = 3, OF_EACH = 8 };

static int sends_its_items(acta_self *self, void *arg)
{
    (void)self;
    source *from = arg;
    for (int64_t n = 0; n < OF_EACH; n++)
        kit_claim(acta_send(from->to, item, .source = from->id, .n = n) == ACTA_OK);
    acta_tx_drop(&from->to);
    return ACTA_OK;
}

static int counts_each_source(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stage *s = arg;
    if (m != NULL) {
        const item *i = acta_as(item, m);
        kit_claim(i->n == s->count[i->source]);
        s->count[i->source]++;
    } else {
        for (int i = 0; i < SOURCES; i++)
            stage_note(s, "%d of %d; ", (int)s->count[i], i);
    }
    return ACTA_OK;
}

static void let_several_send(stage *s)
{
    source from[SOURCES];
    acta_tx *tx[SOURCES];
    for (int i = 0; i < SOURCES; i++) {
        from[i] = (source){.to = acta_tx_dup(s->tx), .id = i};
        assert_int_equal(acta_spawn(s->k.sys, &tx[i], .body = sends_its_items, .arg = &from[i], .name = "source"), 0);
    }
    acta_tx_drop(&s->tx);
    stage_wait(&s->witnessed); // from is in use until then
    acti_park_give(&s->witnessed);
    for (int i = 0; i < SOURCES; i++)
        acta_tx_drop(&tx[i]);
}

static void send_three_and_drop(stage *s)
{
    for (int64_t n = 1; n <= 3; n++)
        kit_send(s->tx, n);
    acta_tx_drop(&s->tx);
}

static int fails_at_eof(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    return m == NULL ? ACTA_EIO : ACTA_OK;
}

static void send_and_finish(stage *s)
{
    kit_send(s->tx, 1);
    assert_int_equal(acta_finish(&s->tx, item, .n = 2), ACTA_OK);
    assert_null(s->tx);
}

static int returns_the_number(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    return m == NULL ? ACTA_OK : (int)acta_as(item, m)->n;
}

static void let_it_be_done(stage *s)
{
    kit_send(s->tx, ACTA_DONE);
}

static void let_it_fail(stage *s)
{
    kit_send(s->tx, ACTA_EMALFORMED);
}

static void stop_it_at_work(stage *s)
{
    stage_hold(s);
    kit_send(s->tx, 2);
    stage_did(s, "stop", acta_stop(s->who));
    stage_why(s, "told to stop");
    stage_release(s);
}

static void kill_it_at_work(stage *s)
{
    stage_hold(s);
    kit_send(s->tx, 2);
    stage_did(s, "kill", acta_kill(s->who));
    stage_why(s, "told to end with ACTA_EKILLED");
    stage_release(s);
}

static int kills_itself(acta_self *self, void *arg, acta_msg *m)
{
    kit_claim(m != NULL);
    stage_did(arg, "kill", acta_kill(acta_self_addr(self)));
    return ACTA_EIO;
}

static int sends_to_itself(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    acta_tx *own = NULL;
    if (m == NULL || !acta_is(item, m) || acta_as(item, m)->n != 1)
        return ACTA_OK;
    stage_did(s, "upgrade", acta_addr_tx(acta_self_addr(self), &own));
    stage_did(s, "send", acta_send(own, item, .n = 4));
    stage_did(s, "finish", acta_finish(&own, note, "last"));
    return ACTA_OK;
}

static void send_one_and_drop(stage *s)
{
    stage_tell(s, 1, 3);
    acta_tx_drop(&s->tx);
}

// ---- asking ------------------------------------------------------------------------------

enum { TOO_SHORT = 9 };

static int asks(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    const item *i = m == NULL ? NULL : acta_as(item, m);
    if (i == NULL)
        return ACTA_OK;
    uint64_t timeout_ns = i->n == TOO_SHORT ? ACTA_MS : ACTA_FOREVER;
    int64_t n = i->n == TOO_SHORT ? KEEP_IT : i->n;
    stage_did(s, "ask", acta_ask(self, s->other, timeout_ns, &s->id, query, .n = n));
    return ACTA_OK;
}

static void let_it_ask(stage *s)
{
    stage_tell(s, 7, 2);
    stage_tell(s, REFUSE_IT, 2);
    stage_tell(s, DROP_IT, 2);
    stage_tell(s, TOO_SHORT, 2);
    stage_tell(s, 8, 2);
    acta_tx_drop(&s->tx);
}

static void let_the_responder_die(stage *s)
{
    stage_tell(s, KEEP_IT, 1);
    kit_send(s->other, ACTA_EACCES);
    stage_await(s, 1);
    acta_tx_drop(&s->tx);
}

static int calls_from_inside(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stage *s = arg;
    acta_msg *reply = NULL;
    if (m != NULL)
        stage_did(s, "call", acta_call(s->other, KIT_WAIT_NS, &reply, query, .n = 1));
    kit_claim(reply == NULL);
    return ACTA_OK;
}

// ---- answering ------------------------------------------------------------------------------

enum { LATER = 10, DROP_PROMISE = 11, DELEGATE = 12, DIE = 13, UNHANDLED = 14 };

static int answers(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    acta_tx *own = NULL;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        stage_did(s, "promise kept", acta_promise_reply(self, &s->promise, answer, .n = 77));
        return ACTA_OK;
    }
    int64_t n = acta_as(query, m)->n;
    if (n >= LATER && n <= DIE)
        stage_did(s, "take", acta_promise_take(self, m, &s->promise));
    switch (n) {
    case LATER: // from a later turn: it reminds itself
        stage_did(s, "upgrade", acta_addr_tx(acta_self_addr(self), &own));
        stage_did(s, "finish", acta_finish(&own, item, .n = 0));
        break;
    case DROP_PROMISE:
        stage_did(s, "drop", acta_promise_drop(self, &s->promise));
        break;
    case DELEGATE:
        stage_did(s, "delegate", acta_delegate(self, &s->promise, s->other, query, .n = 21));
        break;
    case DIE:
        return ACTA_EIO;
    case UNHANDLED:
        acta_unhandled(self, m);
        break;
    case REFUSE_IT:
        stage_did(s, "refuse", acta_refuse(self, m, ACTA_EACCES, "no"));
        break;
    case DROP_IT:
        break;
    default:
        stage_did(s, "reply", acta_reply(self, m, answer, .n = n));
        stage_did(s, "again", acta_reply(self, m, answer, .n = n));
    }
    return ACTA_OK;
}

static void call_it(stage *s)
{
    stage_call(s, 5, 1);
    stage_call(s, REFUSE_IT, 1);
    stage_call(s, DROP_IT, 1);
    stage_call(s, UNHANDLED, 1);
    acta_tx_drop(&s->tx);
}

static void call_for_promises(stage *s)
{
    stage_call(s, LATER, 2);
    stage_call(s, DROP_PROMISE, 1);
    stage_call(s, DELEGATE, 1);
    stage_call(s, DIE, 1);
}

// ---- timers ------------------------------------------------------------------------------

enum { ONCE = 1, PERIODIC, CANCEL_AT_ONCE, FAR_AWAY };

static int keeps_time(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_tick, m)) {
        if (++s->count[0] == 3) {
            acta_timer_cancel(self, s->id);
            stage_note(s, "cancelled; ");
        }
        return ACTA_OK;
    }
    switch (acta_as(item, m)->n) {
    case ONCE:
        stage_did(s, "once", acta_timer_start(self, ACTA_MS, 0, &s->id));
        break;
    case PERIODIC:
        s->count[0] = 0;
        stage_did(s, "periodic", acta_timer_start(self, 0, ACTA_MS, &s->id));
        break;
    case CANCEL_AT_ONCE:
        stage_did(s, "at once", acta_timer_start(self, 0, 0, &s->id));
        acta_timer_cancel(self, s->id);
        break;
    case FAR_AWAY:
        stage_did(s, "far away", acta_timer_start(self, 3600 * ACTA_SECOND, 0, &s->id));
        break;
    default:
        break;
    }
    return ACTA_OK;
}

static void let_time_pass(stage *s)
{
    stage_tell(s, CANCEL_AT_ONCE, 1);
    stage_tell(s, ONCE, 2);
    stage_tell(s, PERIODIC, 4);
    stage_tell(s, ONCE, 2); // the cancelled ones would have come before it
    stage_tell(s, FAR_AWAY, 1);
    acta_tx_drop(&s->tx);
}

// ---- the ends of others --------------------------------------------------------------------

enum { MONITOR = 1, DEMONITOR, LINK, UNLINK, TAKE_THE_NAME, END_BADLY };

static int watches(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    acta_tx *found = NULL;
    uint64_t link;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(acta_down, m)) {
        stage_did(s, "find", acta_find(acta_system_of(self), "partner", &found));
        return ACTA_OK;
    }
    switch (acta_as(item, m)->n) {
    case MONITOR:
        stage_did(s, "monitor", acta_monitor(self, acta_tx_addr(s->other), &s->id));
        break;
    case DEMONITOR:
        acta_demonitor(self, s->id);
        break;
    case LINK:
        stage_did(s, "link", acta_link(self, acta_tx_addr(s->other), &link));
        s->count[0] = (int64_t)link;
        break;
    case UNLINK:
        acta_unlink(self, (uint64_t)s->count[0]);
        break;
    case TAKE_THE_NAME:
        stage_did(s, "publish", acta_publish(acta_system_of(self), "partner", acta_self_addr(self)));
        break;
    case END_BADLY:
        return ACTA_EIO;
    default:
        break;
    }
    return ACTA_OK;
}

static void end_the_partner(stage *s, int reason)
{
    kit_send(s->other, reason);
    assert_true(kit_await_ended(acta_tx_addr(s->other)));
}

static void let_it_monitor(stage *s)
{
    assert_int_equal(acta_publish(s->k.sys, "partner", acta_tx_addr(s->other)), ACTA_OK);
    stage_tell(s, TAKE_THE_NAME, 1);
    stage_tell(s, MONITOR, 1);
    end_the_partner(s, ACTA_EACCES);
    stage_await(s, 1);
    stage_tell(s, TAKE_THE_NAME, 1);
    acta_tx_drop(&s->tx);
}

static void let_it_monitor_a_good_end(stage *s)
{
    stage_tell(s, MONITOR, 1);
    end_the_partner(s, ACTA_OK);
    stage_await(s, 1);
    stage_tell(s, MONITOR, 2); // it comes too late
    acta_tx_drop(&s->tx);
}

static void let_it_demonitor(stage *s)
{
    stage_tell(s, MONITOR, 1);
    stage_tell(s, DEMONITOR, 1);
    stage_tell(s, MONITOR, 1); // which is told, and alone
    end_the_partner(s, ACTA_EACCES);
    stage_await(s, 1);
    acta_tx_drop(&s->tx);
}

static void end_the_linked_badly(stage *s)
{
    stage_tell(s, LINK, 1);
    end_the_partner(s, ACTA_EACCES);
}

static void end_the_linked_well(stage *s)
{
    stage_tell(s, LINK, 1);
    stage_tell(s, MONITOR, 1); // for its DOWN: the link is dissolved by then
    end_the_partner(s, ACTA_OK);
    stage_await(s, 1);
    stage_tell(s, LINK, 1);
    acta_tx_drop(&s->tx);
}

static void end_the_unlinked(stage *s)
{
    stage_tell(s, LINK, 1);
    stage_tell(s, UNLINK, 1);
    stage_tell(s, MONITOR, 1);
    end_the_partner(s, ACTA_EACCES);
    stage_await(s, 1);
    acta_tx_drop(&s->tx);
}

static void end_badly_beside_the_linked(stage *s)
{
    stage_tell(s, LINK, 1);
    stage_tell(s, END_BADLY, 1);
    assert_true(kit_await_ended(acta_tx_addr(s->other)));
    stage_did(s, "the partner", acta_send(s->other, item, .n = 0));
}

// ---- bounds and pauses ------------------------------------------------------------------------

static void fill_it(stage *s)
{
    stage_hold(s);
    for (int64_t n = 1; n <= 3; n++)
        stage_did(s, "try", acta_try_send(s->tx, item, .n = n));
    stage_why(s, "messages waiting");
    stage_release(s);
    stage_await(s, 3);
    acta_tx_drop(&s->tx);
}

static int passes_on(acta_self *self, void *arg, acta_msg *m)
{
    stage *s = arg;
    if (m == NULL)
        return ACTA_OK;
    if (acta_is(item, m)) {
        kit_claim(acta_send(s->reader, item, .n = acta_as(item, m)->n) == ACTA_OK);
    } else {
        kit_claim(acta_send(s->reader, item, .n = acta_as(query, m)->n) == ACTA_OK);
        kit_claim(acta_reply(self, m, answer, .n = 0) == ACTA_OK);
    }
    return ACTA_OK;
}

static void pause_it(stage *s)
{
    stage_fill(s);
    for (int64_t n = 3; n <= 6; n++)
        kit_send(s->tx, n);
    assert_true(kit_await_pauses(&s->k, 1));
    stage_why(s, "waiting for room in the inbox of reader");
    stage_release(s);
    stage_await(s, 4);
    acta_tx_drop(&s->tx);
}

typedef struct caller {
    acta_tx *to;
    acti_au32 returned;
    int status;
} caller;

static void *calls(void *arg)
{
    caller *c = arg;
    acta_msg *reply = NULL;
    c->status = acta_call(c->to, KIT_WAIT_NS, &reply, query, .n = 3);
    acta_msg_free(&reply);
    acti_au32_store_release(&c->returned, 1);
    return NULL;
}

static void call_the_paused(stage *s)
{
    stage_fill(s);
    caller c = {.to = s->tx};
    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "caller", calls, &c), 0);
    assert_true(kit_await_pauses(&s->k, 1));
    bool owed = acti_au32_load_acquire(&c.returned) == 0;
    stage_release(s);
    pthread_join(thread, NULL);
    stage_await(s, 1);
    stage_note(s, "%s; ", owed ? "owed" : "answered too early");
    stage_did(s, "called:", c.status);
    acta_tx_drop(&s->tx);
}

static void kill_the_paused(stage *s)
{
    stage_fill(s);
    kit_send(s->tx, 3);
    kit_send(s->tx, 4);
    assert_true(kit_await_pauses(&s->k, 1));
    int status = acta_kill(s->who);
    stage_wait(&s->witnessed);
    acti_park_give(&s->witnessed);
    stage_release(s); // the reader has had no room until now
    stage_did(s, "kill", status);
}

static int says_a_last_word(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stage *s = arg;
    kit_claim(m != NULL && acta_send(s->reader, item, .n = 3) == ACTA_OK);
    return ACTA_DONE;
}

static void let_it_end_paused(stage *s)
{
    stage_fill(s);
    kit_send(s->tx, 1);
    assert_true(kit_await_pauses(&s->k, 1));
    stage_why(s, "waiting for room in the inbox of reader");
    stage_release(s);
}

enum { TOKENS = 6, HOPS = 30 }; // thrice as many hops as rounds: the last is at the subject

typedef struct relay {
    kit_actor actor;
    acta_tx *to;
} relay;

static int relays(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    relay *r = arg;
    if (m == NULL)
        acta_tx_drop(&r->to);
    else
        kit_claim(acta_send(r->to, item, .source = acta_as(item, m)->source, .n = acta_as(item, m)->n - 1) == ACTA_OK);
    return ACTA_OK;
}

static int turns_the_ring(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    stage *s = arg;
    if (m == NULL) {
        for (int i = 0; i < TOKENS; i++)
            stage_note(s, "%d of %d; ", (int)s->count[i], i);
        return ACTA_OK;
    }
    const item *i = acta_as(item, m);
    kit_claim(i->n == HOPS - 3 * s->count[i->source]);
    s->count[i->source]++;
    if (i->n > 0)
        kit_claim(acta_send(s->to, item, .source = i->source, .n = i->n - 1) == ACTA_OK);
    else if (++s->count[TOKENS] == TOKENS)
        acta_tx_drop(&s->to);
    return ACTA_OK;
}

static void turn_a_ring(stage *s)
{
    relay second = {.actor = {relays}, .to = acta_tx_dup(s->tx)};
    relay first = {.actor = {relays}, .to = kit_spawn_small(&s->k, &kit_kinds[0], &second, "second", 1)};
    s->to = kit_spawn_small(&s->k, &kit_kinds[1], &first, "first", 1);
    for (int64_t i = 0; i < TOKENS; i++)
        assert_int_equal(acta_send(s->tx, item, .source = i, .n = HOPS), ACTA_OK);
    acta_tx_drop(&s->tx);
    stage_wait(&s->witnessed); // the relays are in use until then
    acti_park_give(&s->witnessed);
}

// ---- the table ----------------------------------------------------------------------------------

#define ENDED(how) "ended " how ", name ENOENT; "
#define GONE "send EGONE; stop EGONE; kill EGONE; "

static const scene scenes[] = {
    {"several sources, each in its order", 0, true, counts_each_source, let_several_send,
     "eof OK; 8 of 0; 8 of 1; 8 of 2; " ENDED("OK")},
    {"several sources and an inbox of one", 1, true, counts_each_source, let_several_send,
     "eof OK; 8 of 0; 8 of 1; 8 of 2; " ENDED("OK")},
    {"eof after all", 0, false, NULL, send_three_and_drop, "item 1; item 2; item 3; eof OK; " ENDED("OK")},
    {"a reason given at eof", 0, false, fails_at_eof, send_three_and_drop,
     "item 1; item 2; item 3; eof OK; " ENDED("EIO")},
    {"a last message", 0, false, NULL, send_and_finish,
     "item 1; item 2; eof OK; " ENDED("OK")},
    {"an end by itself", 0, false, returns_the_number, let_it_be_done,
     "item 1; " ENDED("OK") GONE},
    {"an error", 0, false, returns_the_number, let_it_fail,
     "item -12; " ENDED("EMALFORMED") GONE},
    {"a stop", 0, false, NULL, stop_it_at_work,
     "item 100; stop OK; item 2; eof ESTOPPED; " ENDED("OK") GONE},
    {"a kill", 0, false, NULL, kill_it_at_work,
     "item 100; kill OK; " ENDED("EKILLED") GONE},
    {"a kill from inside", 0, false, kills_itself, let_it_be_done,
     "item 1; kill OK; " ENDED("EKILLED") GONE},
    {"messages to itself", 0, false, sends_to_itself, send_one_and_drop,
     "item 1; upgrade OK; send OK; finish OK; item 4; note; eof OK; " ENDED("OK")},
    {"asks", 0, false, asks, let_it_ask,
     "item 7; ask OK; answer 14; item -1; ask OK; failure EACCES of partner; item 0; ask OK; "
     "failure ENOREPLY of partner; item 9; ask OK; failure ETIMEOUT of partner; item 8; ask OK; answer 16; "
     "eof OK; " ENDED("OK")},
    {"the responder's death", 0, false, asks, let_the_responder_die,
     "item -2; ask OK; failure EGONE of partner; eof OK; " ENDED("OK")},
    {"a blocking call", 0, false, calls_from_inside, send_three_and_drop,
     "item 1; call EDEADLK; item 2; call EDEADLK; item 3; call EDEADLK; eof OK; " ENDED("OK")},
    {"answers", 0, false, answers, call_it,
     "query 5; reply OK; again EINVAL; called: 5; query -1; refuse OK; called: EACCES; query 0; called: ENOREPLY; "
     "query 14; called: EREFUSED; eof OK; " ENDED("OK")},
    {"promises", 0, false, answers, call_for_promises,
     "query 10; take OK; upgrade OK; finish OK; item 0; promise kept OK; called: 77; query 11; take OK; drop OK; "
     "called: ENOREPLY; query 12; take OK; delegate OK; called: 42; query 13; take OK; called: EGONE; "
     ENDED("EIO") GONE},
    {"timers", 0, false, keeps_time, let_time_pass,
     "item 3; at once OK; item 1; once OK; tick; item 2; periodic OK; tick; tick; tick; cancelled; item 1; "
     "once OK; tick; item 4; far away OK; eof OK; " ENDED("OK")},
    {"a monitor, and the name is free", 0, false, watches, let_it_monitor,
     "item 5; publish EEXIST; item 1; monitor OK; DOWN EACCES of partner; find ENOENT; item 5; publish OK; "
     "eof OK; " ENDED("OK")},
    {"a monitor of a good end, and a late one", 0, false, watches, let_it_monitor_a_good_end,
     "item 1; monitor OK; DOWN OK of partner; find ENOENT; item 1; monitor OK; DOWN EGONE of partner; "
     "find ENOENT; eof OK; " ENDED("OK")},
    {"a demonitor", 0, false, watches, let_it_demonitor,
     "item 1; monitor OK; item 2; item 1; monitor OK; DOWN EACCES of partner; find ENOENT; eof OK; " ENDED("OK")},
    {"a link with one that fails", 0, false, watches, end_the_linked_badly,
     "item 3; link OK; " ENDED("EACCES") GONE},
    {"a link with one that ends well", 0, false, watches, end_the_linked_well,
     "item 3; link OK; item 1; monitor OK; DOWN OK of partner; find ENOENT; item 3; link EGONE; eof OK; " ENDED("OK")},
    {"an unlink", 0, false, watches, end_the_unlinked,
     "item 3; link OK; item 4; item 1; monitor OK; DOWN EACCES of partner; find ENOENT; eof OK; " ENDED("OK")},
    {"a link from the other side", 0, false, watches, end_badly_beside_the_linked,
     "item 3; link OK; item 6; the partner EGONE; " ENDED("EIO") GONE},
    {"a bound", 2, false, NULL, fill_it,
     "item 100; try OK; try OK; try EFULL; item 1; item 2; eof OK; " ENDED("OK")},
    {"a pause", 0, false, passes_on, pause_it,
     "item 3; item 4; item 5; item 6; eof OK; " ENDED("OK") "reader: 1 2 3 4 5 6; "},
    {"a reply behind what waits", 0, false, passes_on, call_the_paused,
     "query 3; owed; called: OK; eof OK; " ENDED("OK") "reader: 1 2 3; "},
    {"a kill in a pause", 0, false, passes_on, kill_the_paused,
     "item 3; kill OK; " ENDED("EKILLED") GONE "reader: 1 2; "},
    {"a last word that has to wait", 0, false, says_a_last_word, let_it_end_paused,
     "item 1; " ENDED("OK") GONE "reader: 1 2 3; "},
    {"a circle of three", 1, true, turns_the_ring, turn_a_ring,
     "eof OK; 11 of 0; 11 of 1; 11 of 2; 11 of 3; 11 of 4; 11 of 5; " ENDED("OK")},
};

TEST(what_an_actor_sees_and_is_told_is_the_same_wherever_it_runs)
{
    STAGE_RUN(scenes);
}

int main(void)
{
    return TEST_RUN(case_of(what_an_actor_sees_and_is_told_is_the_same_wherever_it_runs));
}
