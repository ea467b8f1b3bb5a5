// SPDX-License-Identifier: MIT
//
// Without memory: every allocation of a piece of work fails in turn. Whoever asked is told, nothing is leaked or lost,
// and nothing hangs.

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>

enum { ALLOCATIONS_MAX = 400 }; // more than the work needs

// What did not go as it goes with memory: an error was returned, or an outcome says so.
typedef struct troubles {
    acti_au32 count;
} troubles;

static bool fine(troubles *t, int status)
{
    if (status == ACTA_OK)
        return true;
    // The last three are what lack of memory elsewhere can look like from here.
    kit_claim(status == ACTA_ENOMEM || status == ACTA_EIO || status == ACTA_EGONE || status == ACTA_ENOREPLY ||
              status == ACTA_ETIMEOUT);
    acti_au32_add_relaxed(&t->count, 1);
    return false;
}

typedef struct worker_bee {
    kit_actor actor;
    troubles *troubles;
    uint64_t patience_ns; // of its requests
    acta_tx *to;
    acta_addr *other;
    int outcomes_due;
    int downs_due;
    int ticks_due;
    acti_park done; // given when nothing is due any more
} worker_bee;

static int answers(acta_self *self, void *arg, acta_msg *m)
{
    worker_bee *b = arg;
    if (m != NULL && acta_msg_wants_reply(m))
        (void)fine(b->troubles, acta_reply(self, m, answer, .n = 1));
    return ACTA_OK;
}

static int drops_the_request_at_its_end(acta_self *self, void *arg)
{
    acta_msg **kept = arg;
    *kept = acta_recv(self);
    return ACTA_OK;
}

static void free_kept(void *arg)
{
    acta_msg_free(arg);
}

static int does_everything(acta_self *self, void *arg, acta_msg *m)
{
    worker_bee *b = arg;
    uint64_t id;
    if (m == NULL) {
        acta_tx_drop(&b->to);
        return ACTA_OK;
    }
    if (acta_is(item, m)) {
        for (int i = 0; i < 3; i++)
            b->outcomes_due += fine(b->troubles, acta_ask(self, b->to, b->patience_ns, &id, query, .n = 1));
        (void)fine(b->troubles, acta_send(b->to, note, "a word"));
        b->ticks_due += fine(b->troubles, acta_timer_start(self, 0, 0, &id));
        b->ticks_due += fine(b->troubles, acta_timer_start(self, 100000, 0, &id));
        b->downs_due += fine(b->troubles, acta_monitor(self, b->other, &id));
        int linked = acta_link(self, b->other, &id); // it ends well, and may have done so already
        (void)(linked == ACTA_EGONE || fine(b->troubles, linked));
        acta_tx *own = NULL;
        if (fine(b->troubles, acta_addr_tx(acta_self_addr(self), &own)))
            (void)fine(b->troubles, acta_finish(&own, note, "to myself"));
    } else if (acta_msg_ask(m) != 0) {
        b->outcomes_due--;
        if (acta_is(acta_failure, m))
            (void)fine(b->troubles, (int)acta_as(acta_failure, m)->status);
    } else if (acta_is(acta_tick, m)) {
        b->ticks_due--;
    } else if (acta_is(acta_down, m)) {
        b->downs_due--;
    }
    if (b->outcomes_due == 0 && b->ticks_due == 0 && b->downs_due == 0)
        acti_park_give(&b->done);
    return ACTA_OK;
}

static void spawn_or(kit *k, troubles *t, const kit_kind *kind, void *arg, acta_tx **tx)
{
    if (!fine(t, kit_try_spawn(k->sys, kind, arg, "bee", tx)))
        assert_null(*tx);
}

// work gives how many troubles there were when the n-th allocation fails; 0: none.
static uint32_t work(const kit_kind *kind, uint64_t n)
{
    kit k = {0};
    kit_note_live();
    troubles t = {{0}};
    acti_pool_fail_after(n); // before there are threads: they need not be told otherwise
    acta_system_opts opts = {.workers = 2, .track_senders = n % 2 ? ACTA_TRACK_ON : ACTA_TRACK_OFF,
                             .long_turn_ns = ACTA_FOREVER, .report = kit_report, .report_arg = &k};
    assert_int_equal(acta_open(&opts, &k.sys), ACTA_OK);

    worker_bee responder = {.actor = {answers}, .troubles = &t};
    // Where nothing fails, nothing times out either, however busy the machine is.
    uint64_t patience_ns = n < ALLOCATIONS_MAX ? ACTA_SECOND : KIT_WAIT_NS;
    worker_bee bee = {.actor = {does_everything}, .troubles = &t, .patience_ns = patience_ns};
    worker_bee other = {.actor = {answers}, .troubles = &t};
    acta_tx *tx = NULL, *to_other = NULL, *to_responder = NULL, *to_keeper = NULL;
    acta_msg *kept = NULL, *reply = NULL;
    spawn_or(&k, &t, kind, &responder, &to_responder);
    spawn_or(&k, &t, &kit_kinds[(kind - kit_kinds + 1) % KIT_KINDS], &other, &to_other);
    if (to_responder != NULL && to_other != NULL) {
        bee.to = acta_tx_dup(to_responder);
        bee.other = acta_addr_dup(acta_tx_addr(to_other));
        spawn_or(&k, &t, kind, &bee, &tx);
        (void)fine(&t, acta_publish(k.sys, "bee", bee.other));
        if (tx == NULL)
            acta_tx_drop(&bee.to);
    }
    if (tx != NULL && fine(&t, acta_send(tx, item, .n = 1))) {
        (void)fine(&t, acta_finish(&to_other, item, .n = 1));
        (void)fine(&t, acta_call(to_responder, patience_ns, &reply, query, .n = 1));
        acta_msg_free(&reply);
        assert_true(acti_park_wait(&bee.done, acti_clock_ns() + KIT_WAIT_NS));
    }
    // A request that is in the hands of an actor as it ends: once it was sent, the failure has its memory.
    if (fine(&t, acta_spawn(k.sys, &to_keeper, .body = drops_the_request_at_its_end, .arg = &kept,
                            .arg_free = free_kept))) {
        int status = acta_call(to_keeper, KIT_WAIT_NS, &reply, query, .n = 1);
        if (reply != NULL)
            assert_int_equal(status, ACTA_EGONE);
        else
            (void)fine(&t, status);
        acta_msg_free(&reply);
        acta_tx_drop(&to_keeper);
    }
    acti_pool_fail_after(0);
    acta_tx_drop(&tx);
    acta_tx_drop(&to_other);
    acta_tx_drop(&to_responder);
    acta_addr *addr = bee.other;
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK); // and the ledger closes, too
    acta_addr_drop(&addr);
    kit_claims_held();
    assert_true(kit_nothing_leaked());
    return t.count.v;
}

TEST(each_allocation_that_fails_is_reported_and_leaks_and_hangs_nothing)
{
    KIT_EACH_KIND(kind) {
        uint64_t n = 1;
        while (n < ALLOCATIONS_MAX && work(kind, n) > 0)
            n++;
        // From some number on all goes well, because there is nothing left to fail.
        assert_true(n > 15);
        assert_true(n < ALLOCATIONS_MAX);
        for (uint64_t more = 1; more <= 3; more++)
            assert_int_equal(work(kind, ALLOCATIONS_MAX + more), 0);
    }
}

int main(void)
{
    return TEST_RUN(case_of(each_allocation_that_fails_is_reported_and_leaks_and_hangs_nothing));
}
