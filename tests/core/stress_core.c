// SPDX-License-Identifier: MIT
//
// Stress: citizens of all kinds do whatever comes to their mind to each other, for as long as ACTA_STRESS_SECONDS says,
// and check what they are promised.
//
// A round is a system, a few first citizens, and the main thread, which is a source, too. At each event a citizen does
// something drawn from the table of operations; one more is one more row. When a round has had its operations, or its
// time, everybody is told to let go, and the system must close.
//
//     C-FIFO    every item says how many its source has sent to this citizen: they come without gap and without double
//     C-EOF     comes once, and when it says that all senders were dropped, none is held and all that was accepted
//               has been handled; while a message holds a sender there is a way to another
//     C-DOWN    comes once for a monitor, and nothing from its actor after it
//     C-ASK     each ask has one outcome, and a reply is the answer to it
//     C-TIMER   no tick of a timer that was cancelled, and one of a timer that fires once
//     C-LEDGER  is asserted by the close
//
// The draws are those of ACTA_STRESS_SEED, which is printed; threads meet as they like.

#include "kit.h"

#include <acta/event.h>
#include <acta/name.h>
#include <sched.h>

enum {
    CITIZENS = 128, // in a round
    FIRST = 6,     // of them spawned by main
    MAIN = CITIZENS, // the number of main as a source
    HELD = 8,
    DUE = 16, // asks, timers and monitors of a citizen, each
    OPERATIONS = 30000, // in a round
    OVER = 1 << 30, // added to world.born: nobody may be born any more
};

ACTA_MESSAGE(let_go);
ACTA_MESSAGE(handed, (tx, who), (addr, where), (i64, number));

typedef struct due {
    uint64_t id; // 0: free
    int64_t n;   // asks: what was asked; monitors: whom; timers: 1 when it is periodic
} due;

typedef struct held {
    acta_tx *tx;
    int who;
} held;

// The fields of a citizen are its own, but for the two counts.
typedef struct citizen {
    kit_actor actor;
    acta_system *sys;
    int who;
    bool is_body;
    uint64_t random;
    held held[HELD];
    due asks[DUE], timers[DUE], monitors[DUE];
    int64_t sent[CITIZENS];     // to each
    int64_t seen[CITIZENS + 1]; // from each
    bool down[CITIZENS];
    int64_t handled; // items
    int eofs;
    acti_au64 accepted; // items, by whoever sent them, before it drops the sender
    acti_au32 holders;
} citizen;

static struct {
    citizen all[CITIZENS];
    acti_aptr addr[CITIZENS]; // set once the citizen is born
    acti_au32 born;
    acti_au32 done; // operations
    int64_t sent[CITIZENS]; // by main
    uint64_t random;        // main's
} world;

// ---- draws ------------------------------------------------------------------------

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random % below;
}

static bool over(void)
{
    return acti_au32_load_relaxed(&world.born) >= OVER;
}

// ---- holding senders --------------------------------------------------------------

static void hold(held *h, acta_tx *tx, int who)
{
    (void)acti_au32_add_relaxed(&world.all[who].holders, 1); // before it is dropped, which orders it
    *h = (held){tx, who};
}

static void let_go_of(held *h)
{
    if (h->tx == NULL)
        return;
    (void)acti_au32_sub_acq_rel(&world.all[h->who].holders, 1);
    acta_tx_drop(&h->tx);
}

static held *any_held(citizen *c)
{
    held *h = &c->held[draw(&c->random, HELD)];
    return h->tx != NULL ? h : NULL;
}

static held *free_hand(citizen *c)
{
    held *h = &c->held[draw(&c->random, HELD)];
    return h->tx == NULL ? h : NULL;
}

static acta_addr *any_addr(uint64_t *random, int *who)
{
    *who = (int)draw(random, CITIZENS);
    return acti_aptr_load_acquire(&world.addr[*who]);
}

static due *find_due(due *list, uint64_t id)
{
    for (int i = 0; i < DUE; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

static due *any_due(citizen *c, due *list)
{
    due *d = &list[draw(&c->random, DUE)];
    return d->id != 0 ? d : NULL;
}

static bool sent_well(int status)
{
    kit_claim(status == ACTA_OK || status == ACTA_EGONE);
    return status == ACTA_OK;
}

// send_item sends the next item of source to h, and counts it while h is held.
static bool send_item(held *h, int source, int64_t *sent)
{
    if (!sent_well(acta_send(h->tx, item, .source = source, .n = *sent + 1)))
        return false;
    ++*sent;
    (void)acti_au64_add_relaxed(&world.all[h->who].accepted, 1);
    return true;
}

// ---- birth ------------------------------------------------------------------------

static int on_event(acta_self *self, void *arg, acta_msg *m);

static bool spawn_into(held *h, acta_system *sys, uint64_t random)
{
    uint32_t who = acti_au32_add_relaxed(&world.born, 1);
    if (who >= CITIZENS) { // too many, or over
        (void)acti_au32_sub_acq_rel(&world.born, 1);
        return false;
    }
    const kit_kind *kind = &kit_kinds[draw(&random, KIT_KINDS)];
    citizen *c = &world.all[who];
    *c = (citizen){.actor = {on_event}, .sys = sys, .who = (int)who, .is_body = kind->body, .random = random | 1};
    acta_tx *tx = NULL;
    // Half of them have next to no room, so that whoever sends to them has to wait.
    uint32_t capacity = draw(&c->random, 2) == 0 ? 0 : 1 + (uint32_t)draw(&c->random, 4);
    kit_claim(acta_spawn(sys, &tx, .body = kind->body ? kit_body : NULL, .handler = kind->body ? NULL : kit_handler,
                         .arg = c, .place = kind->place, .name = kind->name, .capacity = capacity) == ACTA_OK);
    hold(h, tx, (int)who);
    acti_aptr_store_release(&world.addr[who], acta_addr_dup(acta_tx_addr(tx)));
    return true;
}

// ---- operations ---------------------------------------------------------------------

static int does_send(citizen *c, acta_self *self)
{
    (void)self;
    held *h = any_held(c);
    if (h != NULL)
        (void)send_item(h, c->who, &c->sent[h->who]);
    return ACTA_OK;
}

static int does_finish(citizen *c, acta_self *self)
{
    (void)self;
    held *h = any_held(c);
    if (h == NULL)
        return ACTA_OK;
    // All is counted first, because it may be the last sender. An actor that refuses has ended, and sees no EOF.
    (void)acti_au64_add_relaxed(&world.all[h->who].accepted, 1);
    (void)acti_au32_sub_acq_rel(&world.all[h->who].holders, 1);
    if (sent_well(acta_finish(&h->tx, item, .source = c->who, .n = c->sent[h->who] + 1)))
        c->sent[h->who]++;
    kit_claim(h->tx == NULL);
    return ACTA_OK;
}

static void has_outcome(citizen *c, const acta_msg *m)
{
    due *d = find_due(c->asks, acta_msg_ask(m));
    kit_claim(d != NULL);
    if (d == NULL)
        return;
    if (acta_is(answer, m))
        kit_claim(acta_as(answer, m)->n == d->n);
    else
        kit_claim(acta_is(acta_failure, m));
    d->id = 0;
}

static int does_ask(citizen *c, acta_self *self)
{
    static const uint64_t timeouts_ns[] = {0, 50000, ACTA_SECOND, ACTA_FOREVER};
    held *h = any_held(c);
    due *d = find_due(c->asks, 0);
    if (h == NULL || d == NULL)
        return ACTA_OK;
    uint64_t id;
    int64_t n = (int64_t)draw(&c->random, 1 << 20);
    if (!sent_well(acta_ask(self, h->tx, timeouts_ns[draw(&c->random, 4)], &id, query, .n = n)))
        return ACTA_OK;
    *d = (due){id, n};
    return ACTA_OK;
}

static int does_await(citizen *c, acta_self *self)
{
    held *h = any_held(c);
    due *d = find_due(c->asks, 0);
    if (!c->is_body || h == NULL || d == NULL || h->who == c->who)
        return ACTA_OK;
    uint64_t id;
    if (!sent_well(acta_ask(self, h->tx, 200000, &id, query, .n = 7)))
        return ACTA_OK;
    *d = (due){id, 7};
    acta_msg *m = acta_await(self, id);
    kit_claim(m != NULL && acta_msg_ask(m) == id);
    if (m != NULL)
        has_outcome(c, m);
    acta_msg_free(&m);
    return ACTA_OK;
}

static int does_drop(citizen *c, acta_self *self)
{
    (void)self;
    held *h = any_held(c);
    if (h != NULL)
        let_go_of(h);
    return ACTA_OK;
}

static int does_dup(citizen *c, acta_self *self)
{
    (void)self;
    held *from = any_held(c), *to = free_hand(c);
    if (from != NULL && to != NULL)
        hold(to, acta_tx_dup(from->tx), from->who);
    return ACTA_OK;
}

static int does_hand_on(citizen *c, acta_self *self)
{
    (void)self;
    held *to = any_held(c), *what = any_held(c);
    if (to == NULL || what == NULL)
        return ACTA_OK;
    acta_addr *where = acta_tx_addr(what->tx);
    (void)sent_well(acta_send(to->tx, handed, .who = what->tx, .where = where, .number = what->who));
    return ACTA_OK;
}

static int does_upgrade(citizen *c, acta_self *self)
{
    (void)self;
    int who;
    acta_addr *addr = any_addr(&c->random, &who);
    held *to = free_hand(c);
    acta_tx *tx;
    if (addr != NULL && to != NULL && sent_well(acta_addr_tx(addr, &tx)))
        hold(to, tx, who);
    return ACTA_OK;
}

static int does_spawn(citizen *c, acta_self *self)
{
    (void)self;
    held *to = free_hand(c);
    if (to != NULL)
        (void)spawn_into(to, c->sys, draw(&c->random, UINT64_MAX));
    return ACTA_OK;
}

static int does_stop(citizen *c, acta_self *self)
{
    (void)self;
    int who;
    acta_addr *addr = any_addr(&c->random, &who);
    if (addr != NULL)
        (void)sent_well(acta_stop(addr));
    return ACTA_OK;
}

static int does_end(citizen *c, acta_self *self)
{
    (void)self;
    return draw(&c->random, 2) == 0 ? ACTA_DONE : ACTA_ENOENT;
}

static int does_monitor(citizen *c, acta_self *self)
{
    int who;
    acta_addr *addr = any_addr(&c->random, &who);
    due *d = find_due(c->monitors, 0);
    if (addr == NULL || d == NULL)
        return ACTA_OK;
    kit_claim(acta_monitor(self, addr, &d->id) == ACTA_OK);
    d->n = who;
    return ACTA_OK;
}

static int does_demonitor(citizen *c, acta_self *self)
{
    due *d = any_due(c, c->monitors);
    if (d == NULL)
        return ACTA_OK;
    acta_demonitor(self, d->id);
    d->id = 0;
    return ACTA_OK;
}

static int does_timer(citizen *c, acta_self *self)
{
    due *d = find_due(c->timers, 0);
    if (d == NULL)
        return ACTA_OK;
    d->n = (int64_t)draw(&c->random, 2);
    uint64_t period_ns = d->n == 0 ? 0 : 1 + draw(&c->random, ACTA_MS);
    kit_claim(acta_timer_start(self, draw(&c->random, ACTA_MS), period_ns, &d->id) == ACTA_OK);
    return ACTA_OK;
}

static int does_cancel(citizen *c, acta_self *self)
{
    due *d = any_due(c, c->timers);
    if (d == NULL)
        return ACTA_OK;
    acta_timer_cancel(self, d->id);
    d->id = 0;
    return ACTA_OK;
}

static void name_of(int who, char name[16])
{
    snprintf(name, 16, "citizen%d", who % 8); // several want the same one
}

static int does_publish(citizen *c, acta_self *self)
{
    char name[16];
    name_of(c->who, name);
    int status = acta_publish(c->sys, name, acta_self_addr(self));
    kit_claim(status == ACTA_OK || status == ACTA_EEXIST);
    return ACTA_OK;
}

static int does_unpublish(citizen *c, acta_self *self)
{
    (void)self;
    char name[16];
    name_of((int)draw(&c->random, 8), name);
    int status = acta_unpublish(c->sys, name);
    kit_claim(status == ACTA_OK || status == ACTA_ENOENT);
    return ACTA_OK;
}

static int does_find(citizen *c, acta_self *self)
{
    (void)self;
    char name[16];
    name_of((int)draw(&c->random, 8), name);
    acta_tx *tx;
    held *to = free_hand(c);
    if (to == NULL)
        return ACTA_OK;
    int status = acta_find(c->sys, name, &tx);
    kit_claim(status == ACTA_OK || status == ACTA_ENOENT);
    if (status == ACTA_OK)
        hold(to, tx, (int)((citizen *)acti_actor_of_tx(tx)->arg - world.all));
    return ACTA_OK;
}

// What a citizen does with an event, so many times as often as the others. An operation that finds nothing to do it
// with does nothing.
static const struct operation {
    int weight;
    int (*does)(citizen *c, acta_self *self); // anything but ACTA_OK ends the citizen
} operations[] = {
    {60, does_send},  {6, does_finish},    {12, does_ask},    {4, does_await},    {8, does_drop},
    {8, does_dup},    {16, does_upgrade},  {4, does_spawn},   {1, does_stop},     {1, does_end},
    {6, does_monitor}, {3, does_demonitor}, {6, does_timer},   {4, does_cancel},   {3, does_publish},
    {1, does_unpublish}, {3, does_find},   {8, does_hand_on},
};

static int operate(citizen *c, acta_self *self)
{
    int all = 0;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        all += operations[i].weight;
    int drawn = (int)draw(&c->random, (uint64_t)all);
    const struct operation *o = operations;
    for (; drawn >= o->weight; o++)
        drawn -= o->weight;
    return o->does(c, self);
}

// ---- events -----------------------------------------------------------------------

static void let_everything_go(citizen *c, acta_self *self)
{
    for (int i = 0; i < HELD; i++)
        let_go_of(&c->held[i]);
    for (int i = 0; i < DUE; i++)
        if (c->timers[i].id != 0) {
            acta_timer_cancel(self, c->timers[i].id);
            c->timers[i].id = 0;
        }
}

static int at_eof(citizen *c, acta_self *self)
{
    kit_claim(++c->eofs == 1);
    if (acta_eof(self) == ACTA_OK) {
        // Whoever held a sender counted before it dropped it, and all the drops come before this.
        kit_claim(acti_au32_load_relaxed(&c->holders) == 0);
        kit_claim((int64_t)acti_au64_load_relaxed(&c->accepted) == c->handled);
    } else {
        kit_claim(acta_eof(self) == ACTA_ESTOPPED);
    }
    let_everything_go(c, self);
    return ACTA_OK;
}

static void answer_it(citizen *c, acta_self *self, acta_msg *m)
{
    int status = ACTA_OK;
    switch (draw(&c->random, 4)) {
    case 0:
        break; // dropped
    case 1:
        status = acta_refuse(self, m, ACTA_EREFUSED, "not today");
        break;
    default:
        status = acta_reply(self, m, answer, .n = acta_as(query, m)->n);
    }
    (void)sent_well(status); // the asker may have ended
}

// is_handed takes what is in a message, or sends through it, or does nothing with it.
static void is_handed(citizen *c, const handed *h)
{
    acta_tx *another = NULL;
    kit_claim(acta_addr_tx(h->where, &another) == ACTA_OK);
    acta_tx_drop(&another);
    held *to = free_hand(c);
    held its = {h->who, (int)h->number};
    if (to != NULL)
        hold(to, acta_tx_dup(h->who), its.who);
    else
        (void)send_item(&its, c->who, &c->sent[its.who]);
}

static void look_at(citizen *c, acta_self *self, acta_msg *m)
{
    due *d;
    if (acta_is(item, m)) {
        const item *i = acta_as(item, m);
        kit_claim(i->n == c->seen[i->source] + 1);
        kit_claim(i->source == MAIN || !c->down[i->source]);
        c->seen[i->source] = i->n;
        c->handled++;
    } else if (acta_msg_ask(m) != 0) {
        has_outcome(c, m);
    } else if (acta_is(handed, m)) {
        is_handed(c, acta_as(handed, m));
    } else if (acta_is(query, m)) {
        answer_it(c, self, m);
    } else if (acta_is(acta_tick, m)) {
        d = find_due(c->timers, acta_as(acta_tick, m)->timer);
        kit_claim(d != NULL && acta_as(acta_tick, m)->count > 0);
        if (d != NULL && d->n == 0)
            d->id = 0;
    } else if (acta_is(acta_down, m)) {
        d = find_due(c->monitors, acta_as(acta_down, m)->monitor);
        kit_claim(d != NULL);
        if (d != NULL) {
            c->down[d->n] = true;
            d->id = 0;
        }
    } else {
        kit_claim(acta_is(let_go, m));
    }
}

static int on_event(acta_self *self, void *arg, acta_msg *m)
{
    citizen *c = arg;
    kit_claim(c->eofs == 0);
    if (m == NULL)
        return at_eof(c, self);
    look_at(c, self, m);
    int status = ACTA_OK;
    for (int i = 0; i < 2 && status == ACTA_OK; i++) {
        if (over() || acti_au32_add_relaxed(&world.done, 1) >= OPERATIONS) {
            let_everything_go(c, self);
            return ACTA_OK;
        }
        status = operate(c, self);
    }
    if (status != ACTA_OK)
        let_everything_go(c, self);
    return status;
}

// ---- rounds -----------------------------------------------------------------------

// main_does is what the main thread does in a round: until all is done, or its time is over, or all whom it can reach
// have ended and nobody more may be born.
static void main_does(held first[FIRST])
{
    uint64_t until_ns = acti_clock_ns() + ACTA_SECOND / 2;
    int reached = FIRST;
    while (reached > 0 && acti_au32_load_relaxed(&world.done) < OPERATIONS && acti_clock_ns() < until_ns) {
        held *h = &first[draw(&world.random, FIRST)];
        acta_msg *m = NULL;
        if (h->tx == NULL && spawn_into(h, world.all[0].sys, draw(&world.random, UINT64_MAX)))
            continue;
        if (h->tx == NULL) {
            reached = 0;
            for (int i = 0; i < FIRST; i++)
                reached += first[i].tx != NULL;
            continue;
        }
        switch (draw(&world.random, 64)) {
        case 0:
            let_go_of(h);
            break;
        case 1: {
            int status = acta_call(h->tx, ACTA_MS, &m, query, .n = 3);
            kit_claim(status == ACTA_OK || status == ACTA_EGONE || status == ACTA_ETIMEOUT || status == ACTA_ENOREPLY ||
                      status == ACTA_EREFUSED || status == ACTA_EFULL);
            kit_claim(status != ACTA_OK || acta_as(answer, m)->n == 3);
            acta_msg_free(&m);
            break;
        }
        default:
            if (!send_item(h, MAIN, &world.sent[h->who]))
                let_go_of(h);
        }
    }
}

// tell_all has everybody let go: each is born or will not be.
static void tell_all(void)
{
    uint32_t born = acti_au32_add_relaxed(&world.born, OVER);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    for (uint32_t who = 0; who < born && who < CITIZENS; who++) {
        acta_addr *addr;
        while ((addr = acti_aptr_load_acquire(&world.addr[who])) == NULL) {
            assert_true(acti_clock_ns() < until_ns);
            sched_yield();
        }
        acta_tx *tx;
        if (acta_addr_tx(addr, &tx) != ACTA_OK)
            continue;
        (void)acti_au32_add_relaxed(&world.all[who].holders, 1);
        held h = {tx, (int)who};
        (void)sent_well(acta_send(tx, let_go));
        let_go_of(&h);
    }
}

static void play_round(uint64_t seed)
{
    memset(&world, 0, sizeof(world));
    world.random = (seed + 1) * 0x9e3779b97f4a7c15 | 1;
    kit k;
    kit_open_with(&k, (acta_system_opts){.workers = 1 + (uint32_t)draw(&world.random, 4),
                                         .track_senders = draw(&world.random, 4) == 0,
                                         .order_lint = draw(&world.random, 4) == 0 ? ACTA_LINT_ON : ACTA_LINT_OFF});
    held first[FIRST] = {{0}};
    for (int i = 0; i < FIRST; i++)
        assert_true(spawn_into(&first[i], k.sys, draw(&world.random, UINT64_MAX)));
    main_does(first);
    for (int i = 0; i < FIRST; i++)
        let_go_of(&first[i]);
    tell_all();
    assert_int_equal(acta_close(&k.sys, KIT_WAIT_NS), ACTA_OK); // which asserts the ledger
    for (int i = 0; i < CITIZENS; i++) {
        acta_addr *addr = acti_aptr_load_relaxed(&world.addr[i]);
        acta_addr_drop(&addr);
    }
    kit_claims_held();
    assert_true(kit_nothing_leaked());
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

TEST(citizens_who_do_anything_to_each_other_are_kept_every_promise)
{
    uint64_t seed = number_from("ACTA_STRESS_SEED", acti_clock_ns());
    uint64_t seconds = number_from("ACTA_STRESS_SECONDS", 2);
    printf("ACTA_STRESS_SEED=%llu ACTA_STRESS_SECONDS=%llu\n", (unsigned long long)seed, (unsigned long long)seconds);
    fflush(stdout);
    uint64_t rounds = 0, operated = 0, born = 0, until_ns = acti_clock_ns() + seconds * ACTA_SECOND;
    do {
        play_round(seed + rounds++);
        operated += world.done.v < OPERATIONS ? world.done.v : OPERATIONS;
        born += world.born.v - OVER;
    } while (acti_clock_ns() < until_ns);
    printf("rounds=%llu operations=%llu citizens=%llu\n", (unsigned long long)rounds, (unsigned long long)operated,
           (unsigned long long)born);
}

int main(void)
{
    return TEST_RUN(case_of(citizens_who_do_anything_to_each_other_are_kept_every_promise));
}
