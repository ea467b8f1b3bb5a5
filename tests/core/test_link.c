// SPDX-License-Identifier: MIT
//
// Links and kills: who is bound in fate ends with the other, before its next message and for the same reason; who lets
// go in time does not.

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>

#include "core/link.h"
#include "core/pending.h"
#include "core/system.h"

// ---- those who are bound, and do as they are told ------------------------------------------

enum { LINK = 1, UNLINK, UNLINK_TOO_LATE, PROBE, DIE_WELL, DIE_WITHOUT_MEMORY, KILL_SELF, AWAIT_THE_FORCE };
// And what is negative: end with that error.

enum { LINKS_MAX = 3 };

typedef struct partner {
    kit_actor actor;
    acta_addr *who; // whom it links with
    int status;     // of the last call
    uint64_t links[LINKS_MAX];
    int linked;
    int handled;        // since the order that was to be its last
    uint32_t bound;     // links it has made, and those made to it, as of the last order
    int eof;            // what it saw at its NULL; 1: none came
    const char *name;   // must be free when it is freed
    acta_system *sys;
    acti_park did;      // given after each order
    acti_park freed;    // given as its argument is freed
} partner;

static bool await_force(acta_self *self)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (acti_au32_load_relaxed(&acti_actor_of_self(self)->forced) == 0)
        if (acti_clock_ns() > until_ns)
            return false;
    return true;
}

// The other's end has decided the link's fate, and would carry it out in a moment.
static void unlink_too_late(acta_self *self, partner *p)
{
    kit_claim(acti_actor_of_self(self)->batch != NULL || kit_await_mail(self));
    acti_monitor *record = acti_pending_get(acti_actor_of_self(self), p->links[0], ACTI_PENDING_LINK);
    acti_au32_store_relaxed(&record->fate, (uint32_t)ACTA_EIO);
    acta_unlink(self, p->links[0]);
    p->handled = 0;
}

static uint32_t bound(const acti_actor *actor)
{
    uint32_t n = actor->pending != NULL ? actor->pending->count : 0;
    for (const acti_list *link = actor->watchers.next; link != &actor->watchers; link = link->next)
        n++;
    return n;
}

static int obeys(acta_self *self, void *arg, acta_msg *m)
{
    partner *p = arg;
    if (m == NULL) {
        p->eof = acta_eof(self);
        return ACTA_OK; // and no error, whatever it was
    }
    const item *i = acta_as(item, m);
    p->handled++;
    switch (i->n) {
    case LINK:
        p->status = acta_link(self, p->who, &p->links[p->linked]);
        p->linked += p->status == ACTA_OK;
        break;
    case UNLINK:
        acta_unlink(self, p->links[--p->linked]);
        acta_unlink(self, p->links[p->linked]); // twice is once
        acta_unlink(self, 0);
        break;
    case UNLINK_TOO_LATE:
        unlink_too_late(self, p);
        return ACTA_OK;
    case PROBE:
        break;
    case AWAIT_THE_FORCE:
        p->handled = 0;
        acti_park_give(&p->did);
        kit_claim(await_force(self));
        return ACTA_OK;
    case KILL_SELF:
        p->handled = 0;
        p->status = acta_kill(acta_self_addr(self));
        kit_claim(acta_kill(acta_self_addr(self)) == ACTA_OK); // twice is once
        return ACTA_OK;
    case DIE_WELL:
        return ACTA_DONE;
    case DIE_WITHOUT_MEMORY: // the failing allocation would be the first one of the end
        acti_pool_fail_after(1);
        return ACTA_EIO;
    default:
        return (int)i->n;
    }
    p->bound = bound(acti_actor_of_self(self));
    acti_park_give(&p->did);
    return ACTA_OK;
}

static void free_partner(void *arg)
{
    partner *p = arg;
    if (p->name != NULL) {
        acta_tx *tx = NULL;
        kit_claim(acta_find(p->sys, p->name, &tx) == ACTA_ENOENT);
        acta_tx_drop(&tx);
    }
    acti_pool_fail_after(0);
    acti_park_give(&p->freed);
}

static acta_tx *spawn_partner(const kit *k, const kit_kind *kind, partner *p)
{
    acta_tx *tx = NULL;
    *p = (partner){.actor = {obeys}, .eof = 1, .sys = k->sys};
    assert_int_equal(acta_spawn(k->sys, &tx, .body = kind->body ? kit_body : NULL,
                                .handler = kind->body ? NULL : kit_handler, .arg = p, .arg_free = free_partner,
                                .place = kind->place, .name = kind->name),
                     ACTA_OK);
    return tx;
}

static void await_park(acti_park *park)
{
    assert_true(acti_park_wait(park, acti_clock_ns() + KIT_WAIT_NS));
}

static void order(acta_tx *tx, partner *p, int64_t what)
{
    kit_send(tx, what);
    await_park(&p->did);
}

// ---- one who hears why they ended -----------------------------------------------------------

enum { DEAD_MAX = 8 };

typedef struct mourner {
    kit_actor actor;
    acta_addr *who[DEAD_MAX];
    uint64_t monitors[DEAD_MAX];
    int reason[DEAD_MAX];
    int turn[DEAD_MAX]; // first, second ... to be told of
    int count;
    int dead;
    acti_park watching;
    acti_park over; // all are dead
} mourner;

static int mourns(acta_self *self, void *arg, acta_msg *m)
{
    mourner *w = arg;
    if (m == NULL)
        return ACTA_OK;
    const acta_down *down = acta_as(acta_down, m);
    for (int i = 0; i < w->count; i++)
        if (down == NULL) {
            kit_claim(acta_monitor(self, w->who[i], &w->monitors[i]) == ACTA_OK);
        } else if (down->monitor == w->monitors[i]) {
            w->reason[i] = (int)down->reason;
            w->turn[i] = ++w->dead;
        }
    if (down == NULL)
        acti_park_give(&w->watching);
    else if (w->dead == w->count)
        acti_park_give(&w->over);
    return ACTA_OK;
}

static acta_tx *spawn_mourner(const kit *k, mourner *w, acta_tx **of, int count)
{
    *w = (mourner){.actor = {mourns}, .count = count};
    for (int i = 0; i < count; i++)
        w->who[i] = acta_addr_dup(acta_tx_addr(of[i]));
    acta_tx *tx = kit_spawn(k, &kit_kinds[2], w);
    kit_send(tx, 0);
    await_park(&w->watching);
    return tx;
}

static void bury(mourner *w, acta_tx **tx)
{
    await_park(&w->over);
    acta_tx_drop(tx);
    for (int i = 0; i < w->count; i++)
        acta_addr_drop(&w->who[i]);
}

// Two partners, of whom the first has made a link to the second.
typedef struct pair {
    partner p[2];
    acta_tx *tx[2];
} pair;

static void make_pair(const kit *k, pair *b, const kit_kind *maker, const kit_kind *other)
{
    b->tx[0] = spawn_partner(k, maker, &b->p[0]);
    b->tx[1] = spawn_partner(k, other, &b->p[1]);
    b->p[0].who = acta_addr_dup(acta_tx_addr(b->tx[1]));
    order(b->tx[0], &b->p[0], LINK);
    assert_int_equal(b->p[0].status, ACTA_OK);
    order(b->tx[1], &b->p[1], PROBE); // the other has taken the link now
}

static void drop_pair(pair *b)
{
    acta_tx_drop(&b->tx[0]);
    acta_tx_drop(&b->tx[1]);
    acta_addr_drop(&b->p[0].who);
}

// ---- refusals -------------------------------------------------------------------------------

TEST(a_link_with_oneself_is_refused)
{
    kit k;
    kit_open(&k, 1);
    partner p;
    acta_tx *tx = spawn_partner(&k, &kit_kinds[0], &p);
    p.who = acta_tx_addr(tx);
    order(tx, &p, LINK);
    assert_int_equal(p.status, ACTA_EINVAL);
    assert_int_equal(p.linked, 0);
    acta_tx_drop(&tx);
    kit_close(&k);
}

TEST(a_link_with_an_actor_that_has_ended_is_refused_and_leaves_the_maker_alive)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        partner p, q;
        acta_tx *tx = spawn_partner(&k, kind, &p), *other = spawn_partner(&k, kind, &q);
        p.who = acta_addr_dup(acta_tx_addr(other));
        kit_send(other, ACTA_EIO);
        assert_true(kit_await_ended(p.who));
        order(tx, &p, LINK);
        assert_int_equal(p.status, ACTA_EGONE);
        order(tx, &p, PROBE);
        assert_int_equal(p.bound, 0);
        assert_int_equal(acta_kill(p.who), ACTA_EGONE);
        acta_tx_drop(&tx);
        acta_tx_drop(&other);
        acta_addr_drop(&p.who);
        kit_close(&k);
    }
}

static int links_without_memory(acta_self *self, void *arg, acta_msg *m)
{
    partner *p = arg;
    if (m == NULL)
        return ACTA_OK;
    acti_pool_fail_after(1);
    p->status = acta_link(self, p->who, &p->links[0]);
    acti_pool_fail_after(0);
    kit_claim(p->links[0] == 0);
    return ACTA_OK;
}

TEST(a_link_without_memory_is_refused)
{
    kit k;
    kit_open(&k, 1);
    partner q, p = {.actor = {links_without_memory}};
    acta_tx *other = spawn_partner(&k, &kit_kinds[0], &q), *tx = kit_spawn(&k, &kit_kinds[0], &p);
    p.who = acta_tx_addr(other);
    assert_int_equal(acta_finish(&tx, item, .n = 0), ACTA_OK);
    acta_tx_drop(&other);
    kit_close(&k);
    assert_int_equal(p.status, ACTA_ENOMEM);
}

// ---- ends -----------------------------------------------------------------------------------

TEST(when_either_ends_with_an_error_the_other_ends_with_it_too)
{
    for (int first = 0; first < 2; first++) // the maker, then the other
        KIT_EACH_KIND(of_maker)
            KIT_EACH_KIND(of_other) {
                kit k;
                kit_open(&k, 2);
                pair b;
                make_pair(&k, &b, of_maker, of_other);
                partner *second = &b.p[1 - first];
                second->name = "a name";
                assert_int_equal(acta_publish(k.sys, "a name", acta_tx_addr(b.tx[first])), ACTA_OK);
                mourner w;
                acta_tx *to_mourner = spawn_mourner(&k, &w, b.tx, 2);
                kit_send(b.tx[first], ACTA_EIO - first);
                bury(&w, &to_mourner);
                bool body = (first == 0 ? of_other : of_maker)->body;
                drop_pair(&b);
                kit_close(&k);
                assert_int_equal(w.reason[0], ACTA_EIO - first);
                assert_int_equal(w.reason[1], ACTA_EIO - first);
                assert_int_equal(w.turn[first], 1);
                assert_int_equal(second->eof, body ? ACTA_EIO - first : 1); // a handler is not called again
            }
}

// It must not handle what was sent to it before, either.
TEST(the_other_ends_before_its_next_message_however_many_are_queued)
{
    for (int first = 0; first < 2; first++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open(&k, 2);
            pair b;
            make_pair(&k, &b, first == 0 ? &kit_kinds[2] : kind, first == 0 ? kind : &kit_kinds[2]);
            partner *second = &b.p[1 - first];
            kit_send(b.tx[1 - first], AWAIT_THE_FORCE);
            for (int i = 0; i < 200; i++)
                kit_send(b.tx[1 - first], PROBE);
            await_park(&second->did);
            kit_send(b.tx[first], ACTA_EIO);
            await_park(&second->freed);
            drop_pair(&b);
            kit_close(&k);
            assert_int_equal(second->handled, 0);
        }
}

// The first cannot give its name back, because somebody else is just looking at the names.
TEST(the_other_lives_until_the_name_of_the_first_is_free)
{
    for (int first = 0; first < 2; first++) {
        kit k;
        kit_open(&k, 2);
        pair b;
        make_pair(&k, &b, &kit_kinds[0], &kit_kinds[2]);
        assert_int_equal(acta_publish(k.sys, "a name", acta_tx_addr(b.tx[first])), ACTA_OK);
        acti_lock_take(&k.sys->names.lock);
        kit_send(b.tx[first], ACTA_EIO);
        assert_true(kit_await_ended(acta_tx_addr(b.tx[first])));
        for (int i = 0; i < 200; i++)
            order(b.tx[1 - first], &b.p[1 - first], PROBE);
        acti_lock_give(&k.sys->names.lock);
        await_park(&b.p[1 - first].freed);
        drop_pair(&b);
        kit_close(&k);
    }
}

TEST(an_end_that_is_well_dissolves_the_link)
{
    for (int first = 0; first < 2; first++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open(&k, 2);
            pair b;
            make_pair(&k, &b, kind, kind);
            partner *second = &b.p[1 - first];
            kit_send(b.tx[first], DIE_WELL);
            await_park(&b.p[first].freed);
            uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
            do // until the news has come
                order(b.tx[1 - first], second, PROBE);
            while (second->bound > 0 && acti_clock_ns() < until_ns);
            assert_int_equal(second->bound, 0);
            drop_pair(&b);
            kit_close(&k);
            assert_int_equal(second->eof, ACTA_OK);
        }
}

TEST(an_end_needs_no_memory)
{
    for (int first = 0; first < 2; first++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open(&k, 2);
            pair b;
            make_pair(&k, &b, kind, kind);
            kit_send(b.tx[first], DIE_WITHOUT_MEMORY);
            await_park(&b.p[1 - first].freed);
            drop_pair(&b);
            kit_close(&k);
        }
}

typedef struct asks_for_ever {
    acta_tx *to;
    acta_addr *bound_to;
    test_gate ready;
    bool null;
    bool null_again;
    int eof;
} asks_for_ever;

static int awaits_in_vain(acta_self *self, void *arg)
{
    asks_for_ever *a = arg;
    uint64_t id = 0, link;
    kit_claim(acta_link(self, a->bound_to, &link) == ACTA_OK);
    kit_claim(acta_ask(self, a->to, ACTA_FOREVER, &id, query, .n = 0) == ACTA_OK);
    test_gate_open(&a->ready);
    acta_msg *m = acta_await(self, id);
    a->null = m == NULL;
    a->eof = acta_eof(self);
    m = acta_recv(self);
    a->null_again = m == NULL;
    acta_tx_drop(&a->to);
    return ACTA_OK;
}

static int keeps_requests(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *kept = acta_recv(self);
    acta_msg *none = acta_recv(self); // the end: the asker has gone
    kit_claim(none == NULL);
    acta_msg_free(&kept);
    return ACTA_OK;
}

TEST(a_body_that_awaits_an_answer_gets_null_and_the_reason)
{
    for (int place = 0; place < 2; place++)
        for (int killed = 0; killed < 2; killed++) {
            kit k;
            kit_open(&k, 2);
            partner p;
            acta_tx *bound_to = spawn_partner(&k, &kit_kinds[0], &p);
            asks_for_ever a = {.bound_to = acta_tx_addr(bound_to)};
            test_gate_init(&a.ready);
            acta_tx *tx = NULL;
            assert_int_equal(acta_spawn(k.sys, &a.to, .body = keeps_requests), ACTA_OK);
            assert_int_equal(acta_spawn(k.sys, &tx, .body = awaits_in_vain, .arg = &a, .place = (acta_place)place),
                             ACTA_OK);
            acta_tx *both[] = {tx, bound_to};
            mourner w;
            acta_tx *to_mourner = spawn_mourner(&k, &w, both, 2);
            assert_true(test_gate_wait(&a.ready));
            if (killed)
                assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
            else
                kit_send(bound_to, ACTA_EIO);
            bury(&w, &to_mourner);
            acta_tx_drop(&tx);
            acta_tx_drop(&bound_to);
            kit_close(&k);
            test_gate_fini(&a.ready);
            assert_true(a.null && a.null_again);
            assert_int_equal(a.eof, killed ? ACTA_EKILLED : ACTA_EIO);
            assert_int_equal(w.reason[0], a.eof);
            assert_int_equal(w.reason[1], a.eof);
        }
}

TEST(an_end_goes_along_a_chain_and_the_second_link_of_a_pair_holds_without_the_first)
{
    enum { LONG = 4 };
    kit k;
    kit_open(&k, 2);
    static partner p[LONG];
    acta_tx *tx[LONG];
    for (int i = 0; i < LONG; i++)
        tx[i] = spawn_partner(&k, &kit_kinds[i], &p[i]);
    for (int i = 0; i < LONG; i++) { // a ring
        p[i].who = acta_tx_addr(tx[(i + 1) % LONG]);
        order(tx[i], &p[i], LINK);
        order(tx[i], &p[i], LINK);
        order(tx[i], &p[i], UNLINK);
    }
    mourner w;
    acta_tx *to_mourner = spawn_mourner(&k, &w, tx, LONG);
    kit_send(tx[1], ACTA_EMALFORMED);
    bury(&w, &to_mourner);
    for (int i = 0; i < LONG; i++)
        acta_tx_drop(&tx[i]);
    kit_close(&k);
    for (int i = 0; i < LONG; i++)
        assert_int_equal(w.reason[i], ACTA_EMALFORMED);
}

// ---- unlinking --------------------------------------------------------------------------------

TEST(after_an_unlink_the_end_of_either_does_not_end_the_other)
{
    for (int first = 0; first < 2; first++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open(&k, 2);
            pair b;
            make_pair(&k, &b, kind, kind);
            order(b.tx[0], &b.p[0], UNLINK);
            acta_tx *dying = b.tx[first], *other = b.tx[1 - first];
            kit_send(dying, ACTA_EIO);
            await_park(&b.p[first].freed);
            assert_true(kit_await_ended(acta_tx_addr(dying)));
            order(other, &b.p[1 - first], PROBE);
            drop_pair(&b);
            kit_close(&k);
            assert_int_equal(b.p[1 - first].eof, ACTA_OK);
        }
}

TEST(an_unlink_that_comes_too_late_returns_to_an_actor_that_handles_nothing_more)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        pair b;
        make_pair(&k, &b, kind, kind);
        kit_send(b.tx[0], UNLINK_TOO_LATE);
        kit_send(b.tx[0], PROBE);
        await_park(&b.p[0].freed);
        drop_pair(&b);
        kit_close(&k);
        assert_int_equal(b.p[0].handled, 0);
        assert_int_equal(b.p[1].eof, ACTA_OK); // it did not end in truth
    }
}

// ---- all at once ------------------------------------------------------------------------------

// Two actors that are bound to each other end at the same moment, for different reasons, or one has just let go.
typedef struct rival {
    kit_actor actor;
    acta_addr *other;
    int reason;
    bool unlinks;
    bool unlinked;
    int after; // handled after the unlink
    acti_au32 *go; // both have linked
} rival;

enum { AFTER = 20 };

static int ends_with_its_rival(acta_self *self, void *arg, acta_msg *m)
{
    rival *r = arg;
    uint64_t id = 0;
    if (m == NULL)
        return ACTA_OK;
    if (r->unlinked) {
        r->after++;
        return ACTA_OK;
    }
    bool linked = acta_link(self, r->other, &id) == ACTA_OK;
    acti_au32_add_relaxed(r->go, 1);
    uint64_t until_ns = acti_clock_ns() + ACTA_MS; // so that they meet, where there are two to run them
    while (acti_au32_load_relaxed(r->go) < 2 && acti_clock_ns() < until_ns)
        continue;
    if (!r->unlinks)
        return r->reason;
    if (linked)
        acta_unlink(self, id);
    r->unlinked = true;
    return ACTA_OK;
}

TEST(two_ends_and_an_unlink_at_the_same_moment_are_decided_one_way)
{
    enum { PAIRS = 400 };
    kit k;
    kit_open(&k, 2);
    static rival r[PAIRS][2];
    static acti_au32 go[PAIRS];
    for (int p = 0; p < PAIRS; p++) {
        acta_tx *tx[2];
        acti_au32_store_relaxed(&go[p], 0);
        for (int i = 0; i < 2; i++) {
            // The reasons: an error each, or one ends well, or one lets go and the other has made no link of its own.
            r[p][i] = (rival){.actor = {ends_with_its_rival}, .go = &go[p], .unlinks = i == 0 && p % 3 == 0};
            r[p][i].reason = i == 0 ? ACTA_EIO : p % 3 == 1 ? ACTA_DONE : ACTA_EMALFORMED;
            tx[i] = kit_spawn(&k, &kit_kinds[(p >> i) % KIT_KINDS], &r[p][i]);
        }
        for (int i = 0; i < 2; i++)
            r[p][i].other = acta_addr_dup(acta_tx_addr(tx[1 - i]));
        for (int i = 0; i < 2; i++) {
            for (int n = 0; n <= AFTER; n++) // refused, when the other was faster
                (void)(acta_send(tx[i], item, .n = n) == ACTA_OK);
            acta_tx_drop(&tx[i]);
        }
    }
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
    for (int p = 0; p < PAIRS; p++)
        for (int i = 0; i < 2; i++)
            acta_addr_drop(&r[p][i].other);
    kit_claims_held();
    assert_true(kit_nothing_leaked());
}

// The maker lets go while the other dies: it handles all that is left, or nothing.
TEST(an_unlink_that_meets_the_end_of_the_other_lets_all_pass_or_nothing)
{
    enum { ROUNDS = 300 };
    kit k;
    kit_open(&k, 2);
    static partner dying[ROUNDS];
    static rival r[ROUNDS];
    static acti_au32 go[ROUNDS];
    for (int n = 0; n < ROUNDS; n++) {
        acta_tx *other = spawn_partner(&k, &kit_kinds[n % 2 * 2], &dying[n]);
        acti_au32_store_relaxed(&go[n], 0);
        r[n] = (rival){.actor = {ends_with_its_rival}, .go = &go[n], .unlinks = true};
        r[n].other = acta_addr_dup(acta_tx_addr(other));
        acta_tx *tx = kit_spawn(&k, &kit_kinds[n / 2 % KIT_KINDS], &r[n]);
        for (int i = 0; i <= AFTER; i++)
            (void)(acta_send(tx, item, .n = i) == ACTA_OK); // gone, when the other was faster
        acta_tx_drop(&tx);
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        while (acti_au32_load_relaxed(&go[n]) == 0 && acti_clock_ns() < until_ns)
            continue;
        acti_au32_add_relaxed(&go[n], 1);
        kit_send(other, ACTA_EIO);
        acta_tx_drop(&other);
    }
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK);
    for (int n = 0; n < ROUNDS; n++) {
        acta_addr_drop(&r[n].other);
        assert_true(r[n].after == 0 || r[n].after == AFTER);
    }
    kit_claims_held();
    assert_true(kit_nothing_leaked());
}

// ---- kills --------------------------------------------------------------------------------------

TEST(a_kill_ends_an_actor_before_its_next_message_and_says_killed)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        partner p;
        acta_tx *tx = spawn_partner(&k, kind, &p);
        mourner w;
        acta_tx *to_mourner = spawn_mourner(&k, &w, &tx, 1);
        kit_send(tx, AWAIT_THE_FORCE);
        for (int i = 0; i < 200; i++)
            kit_send(tx, PROBE);
        await_park(&p.did);
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
        bury(&w, &to_mourner);
        assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_EGONE);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(p.handled, 0);
        assert_int_equal(p.eof, kind->body ? ACTA_EKILLED : 1);
        assert_int_equal(w.reason[0], ACTA_EKILLED);
    }
}

TEST(an_actor_that_kills_itself_handles_nothing_more)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        partner p;
        acta_tx *tx = spawn_partner(&k, kind, &p);
        mourner w;
        acta_tx *to_mourner = spawn_mourner(&k, &w, &tx, 1);
        for (int i = 0; i < 20; i++) // the first is alone, the last of the others are queued behind it
            (void)(acta_send(tx, item, .n = i == 0 ? KILL_SELF : PROBE) == ACTA_OK);
        bury(&w, &to_mourner);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_int_equal(p.handled, 0);
        assert_int_equal(p.status, ACTA_OK);
        assert_int_equal(w.reason[0], ACTA_EKILLED);
    }
}

// Stopped before, it has used the message that is reserved for that.
static int kills_without_memory(acta_self *self, void *arg, acta_msg *m)
{
    partner *p = arg;
    if (m == NULL)
        return ACTA_OK;
    kit_claim(acta_stop(acta_self_addr(self)) == ACTA_OK);
    acti_pool_fail_after(1);
    p->status = acta_kill(acta_self_addr(self));
    acti_pool_fail_after(0);
    return ACTA_OK;
}

TEST(a_kill_needs_no_memory_even_after_a_stop)
{
    kit k;
    kit_open(&k, 1);
    partner p = {.actor = {kills_without_memory}};
    acta_tx *tx = kit_spawn(&k, &kit_kinds[0], &p);
    mourner w;
    acta_tx *to_mourner = spawn_mourner(&k, &w, &tx, 1);
    kit_send(tx, 0);
    bury(&w, &to_mourner);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(p.status, ACTA_OK);
    assert_int_equal(w.reason[0], ACTA_EKILLED);
}

// Paused, because an inbox is full whose actor does not look: nothing that is pushed wakes it, but its end does.
typedef struct paused {
    kit_actor actor;
    acta_addr *bound_to;
    acta_tx *full;
    test_gate gone; // it has sent what there is no room for, and returns, or is suspended in the send
    int handled;
} paused;

static int sends_too_much(acta_self *self, void *arg, acta_msg *m)
{
    paused *p = arg;
    uint64_t link;
    if (m == NULL)
        return ACTA_OK;
    if (p->handled++ > 0)
        return ACTA_OK;
    kit_claim(acta_link(self, p->bound_to, &link) == ACTA_OK);
    kit_claim(acta_send(p->full, item, 0, 0) == ACTA_OK);
    test_gate_open(&p->gone);
    int status = acta_send(p->full, item, 0, 1); // a body may be told in here that it is to end
    kit_claim(status == ACTA_OK || status == ACTA_EKILLED);
    return ACTA_OK;
}

typedef struct does_not_look {
    kit_actor actor;
    test_gate entered;
    test_gate go;
} does_not_look;

static int waits_for_go(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    does_not_look *d = arg;
    if (m == NULL)
        return ACTA_OK;
    test_gate_open(&d->entered);
    kit_claim(test_gate_wait(&d->go));
    return ACTA_OK;
}

TEST(an_actor_that_is_paused_by_a_full_inbox_ends_all_the_same)
{
    for (int killed = 0; killed < 2; killed++)
        KIT_EACH_KIND(kind) {
            kit k;
            kit_open(&k, 2);
            partner q;
            acta_tx *bound_to = spawn_partner(&k, &kit_kinds[2], &q);
            does_not_look d = {.actor = {waits_for_go}};
            test_gate_init(&d.entered);
            test_gate_init(&d.go);
            paused p = {.actor = {sends_too_much}, .bound_to = acta_tx_addr(bound_to)};
            test_gate_init(&p.gone);
            assert_int_equal(acta_spawn(k.sys, &p.full, .handler = kit_handler, .arg = &d, .place = ACTA_THREAD,
                                        .capacity = 1),
                             ACTA_OK);
            kit_send(p.full, 0);
            assert_true(test_gate_wait(&d.entered));
            acta_tx *full = p.full, *tx = kit_spawn(&k, kind, &p), *both[] = {tx, bound_to};
            mourner w;
            acta_tx *to_mourner = spawn_mourner(&k, &w, both, 2);
            kit_send(tx, 0);
            kit_send(tx, 1);
            assert_true(test_gate_wait(&p.gone));
            if (killed)
                assert_int_equal(acta_kill(acta_tx_addr(tx)), ACTA_OK);
            else
                kit_send(bound_to, ACTA_EIO);
            bury(&w, &to_mourner);
            test_gate_open(&d.go);
            acta_tx_drop(&full);
            acta_tx_drop(&tx);
            acta_tx_drop(&bound_to);
            kit_close(&k);
            test_gate_fini(&p.gone);
            test_gate_fini(&d.entered);
            test_gate_fini(&d.go);
            assert_int_equal(w.reason[0], killed ? ACTA_EKILLED : ACTA_EIO);
            assert_int_equal(w.reason[1], w.reason[0]);
        }
}

int main(void)
{
    return TEST_RUN(case_of(a_link_with_oneself_is_refused),
                    case_of(a_link_with_an_actor_that_has_ended_is_refused_and_leaves_the_maker_alive),
                    case_of(a_link_without_memory_is_refused),
                    case_of(when_either_ends_with_an_error_the_other_ends_with_it_too),
                    case_of(the_other_ends_before_its_next_message_however_many_are_queued),
                    case_of(the_other_lives_until_the_name_of_the_first_is_free),
                    case_of(an_end_that_is_well_dissolves_the_link), case_of(an_end_needs_no_memory),
                    case_of(a_body_that_awaits_an_answer_gets_null_and_the_reason),
                    case_of(an_end_goes_along_a_chain_and_the_second_link_of_a_pair_holds_without_the_first),
                    case_of(after_an_unlink_the_end_of_either_does_not_end_the_other),
                    case_of(an_unlink_that_comes_too_late_returns_to_an_actor_that_handles_nothing_more),
                    case_of(two_ends_and_an_unlink_at_the_same_moment_are_decided_one_way),
                    case_of(an_unlink_that_meets_the_end_of_the_other_lets_all_pass_or_nothing),
                    case_of(a_kill_ends_an_actor_before_its_next_message_and_says_killed),
                    case_of(an_actor_that_kills_itself_handles_nothing_more),
                    case_of(a_kill_needs_no_memory_even_after_a_stop),
                    case_of(an_actor_that_is_paused_by_a_full_inbox_ends_all_the_same));
}
