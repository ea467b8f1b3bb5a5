// SPDX-License-Identifier: MIT
//
// Sources: what a layer above fires is an event of the actor's, once, and never after a cancel. The layer above is a
// bell here, rung by the tests.

#include "kit.h"

#include "core/source.h"
#include "core/system.h"

ACTA_MESSAGE(rang, (i64, times));

typedef struct bell {
    acti_source source;
    rang event;
    acti_lock *lock; // armed and ended
    bool armed;
    bool *ended;
    int64_t times;
} bell;

static void show_bell(acti_source *source)
{
    bell *b = ACTI_CONTAINER_OF(source, bell, source);
    b->event.times = ++b->times;
}

static void arm_bell(acti_source *source)
{
    bell *b = ACTI_CONTAINER_OF(source, bell, source);
    acti_lock_take(b->lock);
    b->armed = true;
    acti_lock_give(b->lock);
}

static bool end_bell(acti_source *source)
{
    bell *b = ACTI_CONTAINER_OF(source, bell, source);
    acti_lock_take(b->lock);
    *b->ended = true;
    bool armed = b->armed;
    acti_lock_give(b->lock);
    return armed;
}

static const acti_source_ops bell_ops = {.show = show_bell, .again = arm_bell, .end = end_bell};

typedef struct ringer {
    kit_actor actor;
    acti_lock lock;
    bell *bell;
    bool ended; // the bell may be freed
    int way;
    int events;
    int after;
    bool cancelled;
} ringer;

// ring gives whether the bell rang. Any thread.
static bool ring(ringer *r)
{
    acti_lock_take(&r->lock);
    bool fire = !r->ended && r->bell->armed;
    if (fire)
        r->bell->armed = false;
    acti_lock_give(&r->lock);
    if (fire)
        acti_source_fire(&r->bell->source);
    return fire;
}

static int new_bell(acta_self *self, ringer *r)
{
    acti_source *source = NULL;
    int status = acti_source_new(acti_actor_of_self(self), sizeof(bell), acta_type_of(rang), &bell_ops, &source);
    if (status != ACTA_OK) {
        kit_claim(source == NULL);
        return status;
    }
    r->bell = ACTI_CONTAINER_OF(source, bell, source);
    r->bell->lock = &r->lock;
    r->bell->ended = &r->ended;
    return ACTA_OK;
}

// ---- making -----------------------------------------------------------------------------

static int makes_without_memory(acta_self *self, void *arg, acta_msg *m)
{
    ringer *r = arg;
    if (m == NULL)
        return ACTA_OK;
    acti_pool_fail_after(1);
    kit_claim(new_bell(self, r) == ACTA_ENOMEM);
    acti_pool_fail_after(0);
    kit_claim(new_bell(self, r) == ACTA_OK);
    acti_source_discard(&r->bell->source);
    kit_claim(!r->ended); // what was never armed is not ended
    return ACTA_DONE;
}

static void run(const kit_kind *kind, ringer *r, acta_ledger *ledger)
{
    kit k;
    kit_open(&k, 1);
    acti_lock_init(&r->lock);
    acta_tx *tx = kit_spawn(&k, kind, r);
    kit_send(tx, 0);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (acti_system_alive(k.sys, false) > 0) // it has left: all that it dropped is counted
        assert_true(acti_clock_ns() < until_ns);
    acta_tx_drop(&tx);
    acta_ledger_read(k.sys, ledger);
    kit_close(&k);
    acti_lock_fini(&r->lock);
}

TEST(a_source_without_memory_is_refused_and_one_not_armed_is_taken_back)
{
    acta_ledger ledger;
    KIT_EACH_KIND(kind) {
        ringer r = {.actor = {makes_without_memory}};
        run(kind, &r, &ledger);
    }
}

// ---- firing and cancelling ---------------------------------------------------------------

enum { HANDLED_TWICE, CANCELLED_ARMED, CANCELLED_QUEUED, CANCELLED_SHOWN, ENDED_ARMED, ENDED_QUEUED, WAYS };

static void cancel(acta_self *self, ringer *r)
{
    uint64_t id = r->bell->source.id;
    acti_source_cancel(acti_actor_of_self(self), id);
    acti_source_cancel(acti_actor_of_self(self), id); // no more
    r->cancelled = true;
}

static int starts(acta_self *self, ringer *r)
{
    kit_claim(new_bell(self, r) == ACTA_OK);
    kit_claim(!ring(r)); // not before it is armed
    arm_bell(&r->bell->source);
    bool queued = r->way != CANCELLED_ARMED && r->way != ENDED_ARMED;
    kit_claim(!queued || ring(r));
    kit_claim(!queued || !ring(r)); // never two of it
    if (r->way == CANCELLED_ARMED || r->way == CANCELLED_QUEUED)
        cancel(self, r);
    if (r->way == ENDED_ARMED || r->way == ENDED_QUEUED)
        return ACTA_DONE;
    acta_tx *own = NULL;
    kit_claim(acta_addr_tx(acta_self_addr(self), &own) == ACTA_OK);
    kit_claim(acta_finish(&own, item, .n = 1) == ACTA_OK); // behind the event
    return ACTA_OK;
}

static int rings(acta_self *self, void *arg, acta_msg *m)
{
    ringer *r = arg;
    if (m == NULL)
        return ACTA_OK;
    const rang *event = acta_as(rang, m);
    if (event == NULL && acta_as(item, m)->n == 0)
        return starts(self, r);
    if (event == NULL) { // what has come has been seen
        kit_claim(r->way != HANDLED_TWICE || (r->events == 1 && ring(r)));
        return r->way == HANDLED_TWICE ? ACTA_OK : ACTA_DONE;
    }
    r->events++;
    r->after += r->cancelled;
    kit_claim(event->times == r->events);
    kit_claim(!ring(r)); // not while it is shown
    if (r->way == CANCELLED_SHOWN)
        cancel(self, r);
    return r->events == 2 ? ACTA_DONE : ACTA_OK;
}

TEST(an_event_comes_once_each_time_it_is_armed_and_not_after_a_cancel)
{
    static const int events[WAYS] = {[HANDLED_TWICE] = 2, [CANCELLED_SHOWN] = 1};
    static const uint64_t dropped[WAYS] = {[CANCELLED_QUEUED] = 1, [ENDED_QUEUED] = 1};
    KIT_EACH_KIND(kind)
        for (int way = 0; way < WAYS; way++) {
            acta_ledger ledger;
            ringer r = {.actor = {rings}, .way = way};
            run(kind, &r, &ledger);
            assert_true(r.ended);
            assert_int_equal(r.events, events[way]);
            assert_int_equal(r.after, 0);
            assert_int_equal(ledger.dropped_cancel, dropped[way]);
        }
}

int main(void)
{
    return TEST_RUN(case_of(a_source_without_memory_is_refused_and_one_not_armed_is_taken_back),
                    case_of(an_event_comes_once_each_time_it_is_armed_and_not_after_a_cancel));
}
