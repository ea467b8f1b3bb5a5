// SPDX-License-Identifier: MIT
//
// The exhaustive strategy in the sim itself: small scenarios have all the outcomes that they can have, as many as
// counting on paper gives, or at least all that thousands of random schedules find.
//
// An outcome is what each actor has seen, in its order, and no more: which of two actors was the first to do what the
// other does not notice is no difference to the strategy, and must be none here.

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

ACTA_MESSAGE(item, (i64, source));
ACTA_MESSAGE(query, (i64, source));
ACTA_MESSAGE(answer, (i64, source));

enum { SOURCES = 3, LETTERS = 32, ORDERS = 512 };

typedef struct source {
    acta_tx *to;
    int64_t number;
    char answered;
    struct world *world;
} source;

// What a scenario does, and the orders that were seen in it: a letter for each thing that the sink saw, and one for
// what each asker got.
typedef struct world {
    uint32_t feeders;
    uint32_t items; // of each
    uint32_t askers;
    uint32_t capacity;
    uint64_t ask_ns;
    source sources[SOURCES];
    char now[LETTERS];
    uint32_t letters;
    char orders[ORDERS][LETTERS];
    uint32_t count;
} world;

static void put(world *w, char letter)
{
    if (w->letters < LETTERS - 1)
        w->now[w->letters++] = letter;
}

static int sink(acta_self *self, void *arg, acta_msg *m)
{
    world *w = arg;
    if (m == NULL) {
        put(w, '.');
        return ACTA_OK;
    }
    const item *i = acta_as(item, m);
    const query *q = acta_as(query, m);
    put(w, (char)((i ? 'a' : 'A') + (i ? i->source : q->source)));
    return q ? acta_reply(self, m, answer, .source = q->source) : ACTA_OK;
}

static int feed(acta_self *self, void *arg)
{
    source *s = arg;
    for (uint32_t n = 0; n < s->world->items; n++)
        (void)!acta_send(s->to, item, .source = s->number);
    acta_tx_drop(&s->to);
    while (acta_recv(self) != NULL)
        continue;
    return ACTA_OK;
}

static int asking(acta_self *self, void *arg)
{
    source *s = arg;
    uint64_t id = 0;
    if (acta_ask(self, s->to, s->world->ask_ns, &id, query, .source = s->number) == ACTA_OK) {
        acta_msg *m = acta_await(self, id);
        s->answered = m != NULL && acta_is(answer, m) ? '!' : '?'; // NULL: it is ended by force
        acta_msg_free(&m);
    }
    acta_tx_drop(&s->to);
    while (acta_recv(self) != NULL)
        continue;
    return ACTA_OK;
}

// keep is asked at the end of every schedule that came to one.
static bool keep(void *arg)
{
    world *w = arg;
    for (uint32_t i = 0; i < w->feeders + w->askers; i++)
        put(w, w->sources[i].answered);
    w->now[w->letters] = '\0';
    for (uint32_t i = 0; i < w->count; i++)
        if (strcmp(w->orders[i], w->now) == 0)
            return true;
    if (w->count == ORDERS)
        return false;
    memcpy(w->orders[w->count++], w->now, LETTERS);
    return true;
}

static void scenario(acta_sim *sim, void *arg)
{
    world *w = arg;
    w->letters = 0;
    acta_tx *to = NULL;
    acta_sim_eventually(sim, "there is room for another order", keep, w);
    if (acta_spawn(acta_sim_system(sim), &to, .handler = sink, .arg = w, .capacity = w->capacity, .name = "sink") !=
        ACTA_OK)
        return;
    for (uint32_t i = 0; i < w->feeders + w->askers; i++) {
        acta_tx *tx = NULL;
        w->sources[i] = (source){.to = acta_tx_dup(to), .number = i, .answered = '-', .world = w};
        if (acta_spawn(acta_sim_system(sim), &tx, .body = i < w->feeders ? feed : asking, .arg = &w->sources[i],
                       .name = "source") == ACTA_OK)
            acta_tx_drop(&tx);
    }
    acta_tx_drop(&to);
}

// explore gives how many schedules there were. It is complete if it has to be.
static uint64_t explore(world *w, acta_sim_strategy strategy, uint64_t schedules)
{
    acta_sim_result result;
    acta_sim_opts opts = {.name = "every order", .strategy = strategy, .schedules = schedules, .no_lint = true};
    w->count = 0;
    assert_int_equal(acta_sim_explore_with(&opts, scenario, w, &result), ACTA_OK);
    assert_true(result.complete == (strategy == ACTA_SIM_EXHAUSTIVE));
    return result.schedules;
}

// assert_finds_what_others_find explores exhaustively, and sees that no random schedule has another outcome.
static void assert_finds_what_others_find(world *w)
{
    static world others;
    others = *w;
    explore(w, ACTA_SIM_EXHAUSTIVE, 0);
    explore(&others, ACTA_SIM_PORTFOLIO, 6000);
    for (uint32_t i = 0; i < others.count; i++) {
        uint32_t at = 0;
        while (at < w->count && strcmp(w->orders[at], others.orders[i]) != 0)
            at++;
        if (at == w->count)
            fail_msg("%s was not found", others.orders[i]);
    }
}

static world w;

TEST(items_of_two_sources_come_in_every_merge_and_the_end_after_them)
{
    w = (world){.feeders = 2, .items = 3};
    uint64_t schedules = explore(&w, ACTA_SIM_EXHAUSTIVE, 0);
    assert_int_equal(w.count, 20); // 6! / (3! * 3!)
    for (uint32_t i = 0; i < w.count; i++)
        assert_int_equal(strcspn(w.orders[i], "."), 6);
    assert_in_range(schedules, 20, 200);
}

TEST(items_of_three_sources_come_in_every_merge)
{
    w = (world){.feeders = 3, .items = 2};
    uint64_t schedules = explore(&w, ACTA_SIM_EXHAUSTIVE, 0);
    assert_int_equal(w.count, 90); // 6! / (2! * 2! * 2!)
    assert_in_range(schedules, 90, 2000);
}

TEST(a_request_is_answered_or_out_of_time_before_or_after_it_was_heard)
{
    w = (world){.askers = 1, .ask_ns = ACTA_SECOND};
    explore(&w, ACTA_SIM_EXHAUSTIVE, 0);
    assert_int_equal(w.count, 3); // A.! A.? and A? when it was heard too late to be answered
}

TEST(requests_and_items_in_every_order_that_random_schedules_find)
{
    w = (world){.feeders = 1, .items = 2, .askers = 1, .ask_ns = ACTA_SECOND};
    assert_finds_what_others_find(&w);
    w = (world){.askers = 2, .ask_ns = ACTA_SECOND};
    assert_finds_what_others_find(&w);
}

TEST(with_a_full_inbox_every_order_that_random_schedules_find)
{
    w = (world){.feeders = 2, .items = 2, .capacity = 1};
    assert_finds_what_others_find(&w);
    w = (world){.feeders = 2, .items = 3, .capacity = 2};
    assert_finds_what_others_find(&w);
}

int main(void)
{
    return TEST_RUN(case_of(items_of_two_sources_come_in_every_merge_and_the_end_after_them),
                    case_of(items_of_three_sources_come_in_every_merge),
                    case_of(a_request_is_answered_or_out_of_time_before_or_after_it_was_heard),
                    case_of(requests_and_items_in_every_order_that_random_schedules_find),
                    case_of(with_a_full_inbox_every_order_that_random_schedules_find));
}
