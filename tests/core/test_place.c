// SPDX-License-Identifier: MIT
//
// C-PLACE: one definition, run as handler and as body, in the pool and on a thread, with 1, 2 and 4 workers: the same
// inputs give the same history, word for word.

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>

// The subject writes down what it sees. The main thread gives it one thing after the other and calls it in between, so
// that there is one order in which things can happen.
typedef struct subject {
    kit_actor actor;
    acta_tx *responder;
    acta_addr *mortal;
    uint64_t ask;
    uint64_t timer;
    uint64_t monitor;
    acti_park happened; // something that takes its time
    size_t length;
    char history[4096];
} subject;

__attribute__((format(printf, 2, 3))) static void note_down(subject *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->history + s->length, sizeof(s->history) - s->length, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(s->history) - s->length)
        s->length += (size_t)n;
}

enum { ASK, ASK_TOO_SHORT, START_TIMER, START_PERIODIC, CANCEL, WATCH, UNWATCH, SEND_ITSELF, NAME_ITSELF, FAIL };

static void obey(acta_self *self, subject *s, int64_t order)
{
    acta_tx *own = NULL;
    switch (order) {
    case ASK:
        note_down(s, "ask %d; ", acta_ask(self, s->responder, ACTA_FOREVER, &s->ask, query, .n = 7));
        break;
    case ASK_TOO_SHORT:
        note_down(s, "ask %d; ", acta_ask(self, s->responder, ACTA_MS, &s->ask, query, .n = -1));
        break;
    case START_TIMER:
        note_down(s, "timer %d; ", acta_timer_start(self, ACTA_MS, 0, &s->timer));
        break;
    case START_PERIODIC:
        note_down(s, "periodic %d; ", acta_timer_start(self, 0, 3600 * ACTA_SECOND, &s->timer));
        break;
    case CANCEL:
        acta_timer_cancel(self, s->timer);
        note_down(s, "cancelled; ");
        break;
    case WATCH:
        note_down(s, "monitor %d; ", acta_monitor(self, s->mortal, &s->monitor));
        break;
    case UNWATCH:
        acta_demonitor(self, s->monitor);
        note_down(s, "demonitored; ");
        break;
    case SEND_ITSELF:
        note_down(s, "upgrade %d; ", acta_addr_tx(acta_self_addr(self), &own));
        note_down(s, "send %d; ", acta_send(own, note, "from myself"));
        note_down(s, "finish %d; ", acta_finish(&own, item, .source = 1, .n = 99));
        break;
    case NAME_ITSELF:
        note_down(s, "publish %d; ", acta_publish(acta_system_of(self), "subject", acta_self_addr(self)));
        break;
    default:
        break;
    }
}

static int writes_history(acta_self *self, void *arg, acta_msg *m)
{
    subject *s = arg;
    if (m == NULL) {
        note_down(s, "eof %d.", acta_eof(self));
        acta_tx_drop(&s->responder);
        acta_addr_drop(&s->mortal);
        return ACTA_EIO;
    }
    const item *i = acta_as(item, m);
    const acta_failure *failure = acta_as(acta_failure, m);
    const acta_down *down = acta_as(acta_down, m);
    if (i != NULL && i->source == 0) {
        obey(self, s, i->n);
        return i->n == FAIL ? ACTA_EMALFORMED : ACTA_OK;
    }
    if (i != NULL) {
        note_down(s, "item %d; ", (int)i->n);
    } else if (acta_msg_wants_reply(m)) {
        (void)acta_reply(self, m, answer, .n = (int64_t)s->length);
    } else if (failure != NULL) {
        note_down(s, "failure %d of %s%s; ", (int)failure->status, failure->who,
                  acta_msg_ask(m) == s->ask ? "" : ", a strange one");
    } else if (acta_is(answer, m)) {
        note_down(s, "answer %d%s; ", (int)acta_as(answer, m)->n, acta_msg_ask(m) == s->ask ? "" : ", a strange one");
    } else if (acta_is(acta_tick, m)) {
        const acta_tick *tick = acta_as(acta_tick, m);
        note_down(s, "tick %d%s; ", (int)tick->count, tick->timer == s->timer ? "" : ", a strange one");
    } else if (down != NULL) {
        note_down(s, "down %d of %s%s; ", (int)down->reason, down->who,
                  down->monitor == s->monitor ? "" : ", a strange one");
    } else {
        note_down(s, "unhandled %s; ", m->type->name);
        acta_unhandled(self, m);
        return ACTA_OK;
    }
    if (i == NULL && !acta_is(query, m))
        acti_park_give(&s->happened);
    return ACTA_OK;
}

// Answers what is positive and keeps silent, as long as it can, about the rest.
static int answers_some(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *m, *kept = NULL;
    while ((m = acta_recv(self)) != NULL) {
        const query *q = acta_as(query, m);
        kit_claim(q != NULL);
        if (q->n > 0) {
            kit_claim(acta_reply(self, m, answer, .n = q->n * 2) == ACTA_OK);
            acta_msg_free(&m);
        } else {
            acta_msg_free(&kept);
            kept = m;
        }
    }
    acta_msg_free(&kept);
    return ACTA_OK;
}

static int dies_when_told(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    return m != NULL ? ACTA_EACCES : ACTA_OK;
}

// settle waits until the subject has done all it was told before; what it then sent to itself is done after a second.
static void settle(acta_tx *tx)
{
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(tx, KIT_WAIT_NS, &reply, query, .n = 0), ACTA_OK);
    acta_msg_free(&reply);
}

static void give(acta_tx *tx, int64_t order)
{
    kit_send(tx, order);
    settle(tx);
    settle(tx);
}

static void give_and_wait(acta_tx *tx, subject *s, int64_t order)
{
    kit_send(tx, order);
    assert_true(acti_park_wait(&s->happened, acti_clock_ns() + KIT_WAIT_NS));
    settle(tx);
}

static void live_a_life(uint32_t workers, const kit_kind *kind, bool fails, subject *s)
{
    kit k;
    kit_open(&k, workers);
    *s = (subject){.actor = {writes_history}};
    kit_actor mortal = {dies_when_told};
    assert_int_equal(acta_spawn(k.sys, &s->responder, .body = answers_some, .name = "responder"), ACTA_OK);
    acta_tx *to_mortal = NULL;
    assert_int_equal(kit_try_spawn(k.sys, &kit_kinds[0], &mortal, "mortal", &to_mortal), ACTA_OK);
    s->mortal = acta_addr_dup(acta_tx_addr(to_mortal));
    acta_tx *tx = NULL;
    assert_int_equal(kit_try_spawn(k.sys, kind, s, "subject", &tx), ACTA_OK);

    settle(tx);
    assert_int_equal(acta_send(tx, note, "a word"), ACTA_OK);
    give_and_wait(tx, s, ASK);
    give_and_wait(tx, s, ASK_TOO_SHORT);
    give_and_wait(tx, s, START_TIMER);
    give_and_wait(tx, s, START_PERIODIC);
    give(tx, CANCEL);
    give(tx, SEND_ITSELF);
    give(tx, WATCH);
    give(tx, UNWATCH);
    give(tx, WATCH);
    assert_int_equal(acta_finish(&to_mortal, item, 0, 0), ACTA_OK);
    assert_true(acti_park_wait(&s->happened, acti_clock_ns() + KIT_WAIT_NS));
    settle(tx);
    give(tx, NAME_ITSELF);
    acta_tx *found = NULL;
    assert_int_equal(acta_find(k.sys, "subject", &found), ACTA_OK);
    acta_tx_drop(&tx);
    assert_int_equal(acta_send(found, item, .source = !fails, .n = fails ? FAIL : 5), ACTA_OK);
    if (fails) { // it has no EOF, at which it would drop these
        assert_true(kit_await_ended(acta_tx_addr(found)));
        acta_tx_drop(&s->responder);
        acta_addr_drop(&s->mortal);
    }
    acta_tx_drop(&found);
    kit_close(&k);
    assert_true(kit_reported(&k, "subject", "note"));
}

#define LIFE                                                                                               \
    "unhandled note; ask 0; answer 14; ask 0; failure -6 of responder; timer 0; tick 1; periodic 0; "    \
    "tick 1; cancelled; upgrade 0; send 0; finish 0; unhandled note; item 99; monitor 0; demonitored; "   \
    "monitor 0; down -16 of mortal; publish 0; "

TEST(the_same_inputs_give_the_same_history_wherever_the_actor_runs)
{
    static const uint32_t workers[] = {1, 2, 4};
    static subject s;
    for (int w = 0; w < 3; w++)
        KIT_EACH_KIND(kind) {
            live_a_life(workers[w], kind, false, &s);
            assert_string_equal(s.history, LIFE "item 5; eof 0.");
            live_a_life(workers[w], kind, true, &s);
            assert_string_equal(s.history, LIFE);
        }
}

int main(void)
{
    return TEST_RUN(case_of(the_same_inputs_give_the_same_history_wherever_the_actor_runs));
}
