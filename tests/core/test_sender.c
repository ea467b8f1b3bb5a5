// SPDX-License-Identifier: MIT
//
// Senders and addresses: counting, C-FIFO, C-EOF over many holders, C-LAST.

#include "kit.h"

enum { SOURCES_MAX = 8 };

// Notes for each source whether its numbers come in order and without a gap.
typedef struct clerk {
    kit_actor actor;
    int64_t last[SOURCES_MAX];
    uint64_t disorder;
    uint64_t strange;
    uint64_t eofs;
    uint64_t after_eof;
    int eof;
} clerk;

static int notes(acta_self *self, void *arg, acta_msg *m)
{
    clerk *c = arg;
    if (m == NULL) {
        c->eofs++;
        c->eof = acta_eof(self);
        return ACTA_OK;
    }
    c->after_eof += c->eofs;
    const item *i = acta_as(item, m);
    if (i == NULL || i->source < 0 || i->source >= SOURCES_MAX) {
        c->strange++;
        return ACTA_OK;
    }
    c->disorder += i->n != c->last[i->source] + 1;
    c->last[i->source] = i->n;
    return ACTA_OK;
}

// ---- counting ---------------------------------------------------------------------

static uint32_t senders_of(acta_addr *addr)
{
    return acti_au32_load_relaxed(&acti_actor_of_addr(addr)->senders);
}

TEST(dup_and_drop_count_senders_and_only_the_last_drop_brings_eof)
{
    static const acta_track tracked[] = {ACTA_TRACK_OFF, ACTA_TRACK_ON};
    for (int t = 0; t < 2; t++) {
        kit k;
        kit_open_with(&k, (acta_system_opts){.workers = 1, .track_senders = tracked[t]});
        clerk c = {.actor = {notes}};
        acta_tx *tx[10] = {kit_spawn(&k, &kit_kinds[0], &c)};
        acta_addr *addr = acta_addr_dup(acta_tx_addr(tx[0]));
        for (int i = 1; i < 10; i++) {
            tx[i] = acta_tx_dup(tx[i - 1]);
            assert_ptr_equal(acta_tx_addr(tx[i]), addr);
            assert_int_equal(senders_of(addr), i + 1);
        }
        for (int i = 0; i < 9; i++) {
            acta_tx_drop(&tx[i]);
            assert_null(tx[i]);
            assert_int_equal(senders_of(addr), 9 - i);
        }
        assert_int_equal(acta_send(tx[9], item, .n = 1), ACTA_OK); // still open
        acta_tx_drop(&tx[9]);
        assert_int_equal(senders_of(addr), 0);
        acta_addr_drop(&addr);
        kit_close(&k);
        assert_int_equal(c.last[0], 1);
        assert_int_equal(c.eofs, 1);
    }
}

TEST(an_address_gives_no_sender_once_the_last_was_dropped_and_does_before)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        clerk c = {.actor = {notes}};
        acta_tx *tx = kit_spawn(&k, kind, &c);
        acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
        acta_addr *other = acta_addr_dup(addr);
        acta_tx *more = NULL;
        assert_int_equal(acta_addr_tx(addr, &more), ACTA_OK);
        acta_tx_drop(&tx);
        assert_int_equal(acta_send(more, item, .n = 1), ACTA_OK); // it holds the inbox open by itself
        acta_tx_drop(&more);
        // From the drop on, not only from the end on.
        assert_int_equal(acta_addr_tx(addr, &more), ACTA_EGONE);
        assert_null(more);
        acta_addr_drop(&addr);
        assert_null(addr);
        acta_addr_drop(&addr); // of NULL: nothing
        assert_true(kit_await_ended(other));
        assert_int_equal(acta_addr_tx(other, &more), ACTA_EGONE);
        acta_addr_drop(&other);
        kit_close(&k);
        assert_int_equal(c.last[0], 1);
        assert_int_equal(c.eofs, 1);
    }
}

// ---- the last message ---------------------------------------------------------------

TEST(finish_that_is_refused_still_takes_the_sender)
{
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1, .message_bytes_max = 64});
    clerk c = {.actor = {notes}};
    acta_tx *tx = NULL;
    assert_int_equal(acta_finish(&tx, item, .n = 1), ACTA_EINVAL);

    tx = kit_spawn(&k, &kit_kinds[0], &c);
    acta_tx *more = acta_tx_dup(tx);
    assert_int_equal(acta_finish(&more, note, "\xff"), ACTA_EINVAL);
    assert_null(more);
    more = acta_tx_dup(tx);
    char line[100] = "";
    memset(line, 'x', sizeof(line) - 1);
    assert_int_equal(acta_finish(&more, note, line), ACTA_ETOOBIG);
    assert_null(more);
    more = acta_tx_dup(tx);
    acti_pool_fail_after(1);
    assert_int_equal(acta_finish(&more, item, .n = 1), ACTA_ENOMEM);
    acti_pool_fail_after(0);
    assert_null(more);
    assert_int_equal(acta_finish(&tx, note, line), ACTA_ETOOBIG); // the last one: EOF all the same
    assert_null(tx);
    kit_close(&k);
    assert_int_equal(c.strange, 0);
    assert_int_equal(c.eofs, 1);
}

TEST(finish_is_the_last_message_and_then_eof)
{
    KIT_EACH_KIND(kind) {
        for (int64_t round = 0; round < 50; round++) {
            kit k;
            kit_open(&k, 2);
            clerk c = {.actor = {notes}};
            acta_tx *tx = kit_spawn(&k, kind, &c);
            for (int64_t n = 1; n <= round; n++)
                assert_int_equal(acta_send(tx, item, .n = n), ACTA_OK);
            assert_int_equal(acta_finish(&tx, item, .n = round + 1), ACTA_OK);
            assert_null(tx);
            kit_close(&k);
            assert_int_equal(c.last[0], round + 1);
            assert_int_equal(c.disorder, 0);
            assert_int_equal(c.eofs, 1);
            assert_int_equal(c.after_eof, 0);
        }
    }
}

// ---- order --------------------------------------------------------------------------

enum { SENT = 6000, HANDS = 3 };

// A source sends 1 to SENT through its senders by turns, and drops each after its last use.
typedef struct source {
    kit_actor actor;
    acta_tx *tx[HANDS];
    acta_tx *self; // of an actor: it sends to itself to go on
    int64_t index;
    int64_t n;
    int refused;
} source;

static bool send_some(source *s, int64_t count)
{
    for (; count > 0 && s->n < SENT; count--) {
        s->n++;
        s->refused += acta_send(s->tx[s->n % HANDS], item, .source = s->index, .n = s->n) != ACTA_OK;
    }
    if (s->n < SENT)
        return true;
    for (int i = 0; i < HANDS; i++)
        acta_tx_drop(&s->tx[i]);
    return false;
}

static void *outside_source(void *arg)
{
    (void)send_some(arg, SENT);
    return NULL;
}

// An actor sends a number of messages that is no divisor of a turn's budget, then goes on in a later turn.
static int source_by_steps(acta_self *self, void *arg, acta_msg *m)
{
    source *s = arg;
    if (m == NULL)
        return ACTA_OK;
    (void)self;
    if (send_some(s, 7))
        kit_claim(acta_send(s->self, item, 0, 0) == ACTA_OK);
    else
        acta_tx_drop(&s->self);
    return ACTA_OK;
}

static void order_holds(uint32_t workers, const kit_kind *receiver)
{
    kit k;
    kit_open(&k, workers);
    clerk c = {.actor = {notes}};
    acta_tx *tx = kit_spawn(&k, receiver, &c);
    source s[SOURCES_MAX];
    for (int i = 0; i < SOURCES_MAX; i++) {
        s[i] = (source){.actor = {source_by_steps}, .index = i};
        for (int h = 0; h < HANDS; h++)
            s[i].tx[h] = acta_tx_dup(tx);
    }
    acta_tx_drop(&tx);

    // Six actors of all kinds, each started by one message, and two threads outside.
    pthread_t threads[2];
    for (int i = 0; i < 6; i++) {
        s[i].self = kit_spawn(&k, &kit_kinds[i % KIT_KINDS], &s[i]);
        kit_send(s[i].self, 0); // publishes it, too
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(acti_thread_start(&threads[i], "source", outside_source, &s[6 + i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    kit_close(&k);
    for (int i = 0; i < SOURCES_MAX; i++) {
        assert_int_equal(s[i].refused, 0);
        assert_int_equal(c.last[i], SENT);
    }
    assert_int_equal(c.disorder, 0);
    assert_int_equal(c.strange, 0);
    assert_int_equal(c.eofs, 1);
    assert_int_equal(c.after_eof, 0);
    assert_int_equal(c.eof, ACTA_OK);
}

TEST(each_source_is_handled_in_its_order_through_all_its_senders_and_then_comes_one_eof)
{
    for (uint32_t workers = 1; workers <= 3; workers++)
        KIT_EACH_KIND(kind)
            order_holds(workers, kind);
}

// ---- many holders -------------------------------------------------------------------

enum { HOLDERS = 4, ROUNDS = 300 };

typedef struct holder {
    acta_tx *tx;
    int64_t index;
    int refused;
} holder;

static void *says_one_thing_and_drops(void *arg)
{
    holder *h = arg;
    h->refused += acta_finish(&h->tx, item, .source = h->index, .n = 1) != ACTA_OK;
    return NULL;
}

TEST(eof_waits_for_the_last_of_holders_that_drop_at_the_same_moment)
{
    kit k;
    kit_open(&k, 2);
    static clerk c[ROUNDS];
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
        c[round] = (clerk){.actor = {notes}};
        acta_tx *tx = kit_spawn(&k, &kit_kinds[round % 2], &c[round]);
        holder h[HOLDERS];
        pthread_t threads[HOLDERS - 1];
        for (int i = 0; i < HOLDERS; i++)
            h[i] = (holder){i > 0 ? acta_tx_dup(tx) : tx, i, 0};
        for (int i = 1; i < HOLDERS; i++)
            assert_int_equal(acti_thread_start(&threads[i - 1], "holder", says_one_thing_and_drops, &h[i]), 0);
        (void)says_one_thing_and_drops(&h[0]);
        for (int i = 1; i < HOLDERS; i++)
            pthread_join(threads[i - 1], NULL);
        for (int i = 0; i < HOLDERS; i++)
            refused += h[i].refused;
    }
    kit_close(&k);
    assert_int_equal(refused, 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < HOLDERS; i++)
            assert_int_equal(c[round].last[i], 1);
        assert_int_equal(c[round].eofs, 1);
        assert_int_equal(c[round].after_eof, 0);
    }
}

// An upgrade races with the last drop: it either gives a sender that works, or says gone.
typedef struct upgrader {
    acta_addr *addr;
    int gone;
    int sent;
    int wrong;
} upgrader;

static void *upgrades(void *arg)
{
    upgrader *u = arg;
    acta_tx *tx = NULL;
    int status = acta_addr_tx(u->addr, &tx);
    if (status == ACTA_EGONE) {
        u->gone++;
    } else {
        u->wrong += status != ACTA_OK;
        u->wrong += acta_finish(&tx, item, .n = 1) != ACTA_OK;
        u->sent++;
    }
    return NULL;
}

TEST(an_upgrade_that_races_with_the_last_drop_gives_a_working_sender_or_says_gone)
{
    kit k;
    kit_open(&k, 2);
    static clerk c[ROUNDS];
    static upgrader u[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        c[round] = (clerk){.actor = {notes}};
        acta_tx *tx = kit_spawn(&k, &kit_kinds[round % 2], &c[round]);
        u[round] = (upgrader){.addr = acta_addr_dup(acta_tx_addr(tx))};
        pthread_t thread;
        assert_int_equal(acti_thread_start(&thread, "upgrader", upgrades, &u[round]), 0);
        acta_tx_drop(&tx);
        pthread_join(thread, NULL);
        acta_addr_drop(&u[round].addr);
    }
    kit_close(&k);
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(u[round].wrong, 0);
        assert_int_equal(u[round].gone + u[round].sent, 1);
        assert_int_equal(c[round].last[0], u[round].sent);
        assert_int_equal(c[round].eofs, 1);
    }
}

int main(void)
{
    return TEST_RUN(case_of(dup_and_drop_count_senders_and_only_the_last_drop_brings_eof),
                    case_of(an_address_gives_no_sender_once_the_last_was_dropped_and_does_before),
                    case_of(finish_that_is_refused_still_takes_the_sender),
                    case_of(finish_is_the_last_message_and_then_eof),
                    case_of(each_source_is_handled_in_its_order_through_all_its_senders_and_then_comes_one_eof),
                    case_of(eof_waits_for_the_last_of_holders_that_drop_at_the_same_moment),
                    case_of(an_upgrade_that_races_with_the_last_drop_gives_a_working_sender_or_says_gone));
}
