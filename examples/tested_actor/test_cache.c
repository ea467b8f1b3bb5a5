// SPDX-License-Identifier: MIT
//
// test_cache.c - the cache in the sim: cmocka and <acta/sim.h>, and cache.c as it is in production.
//
// Around the cache there are two clients, which put and get at random, and a store that is a table and now and then
// refuses. Two handlers stand in front of the cache's own: watched, which measures, and careless, which makes of it the
// cache that somebody might well have written.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/event.h>
#include <acta/sim.h>
#include <cmocka.h>

#include "cache.h"

// Keys 0 and 2 share a slot. A client puts keys of its own only, so it knows what it must be given.
enum { CLIENTS = 2, KEYS = 3, WISHES = 6 };

typedef struct world world;

typedef struct client {
    world *world;
    acta_tx *cache;
    int64_t number;
    int64_t seen[KEYS]; // the latest value of each key that it has put or been given
} client;

struct world {
    cache cache; // first: its handlers are given it as their arg
    int ticks;
    client clients[CLIENTS];
    int64_t put[KEYS];    // last value put; values of a key count up
    int64_t stored[KEYS]; // the store's table
};

// ---- around the cache -------------------------------------------------------------------------

static int table_store(acta_self *self, void *arg, acta_msg *m)
{
    world *w = arg;
    acta_sim *sim = acta_sim_here();
    if (m == NULL)
        return acta_eof(self);
    const store_save *s = acta_as(store_save, m);
    const store_load *l = acta_as(store_load, m);
    if (s != NULL) {
        acta_sim_check(sim, "what is saved is newer than what is stored", s->value > w->stored[s->key]);
        w->stored[s->key] = s->value;
    } else if (l != NULL && acta_sim_random(sim, 8) == 0) {
        acta_refuse(self, m, ACTA_EIO, "the disk is out of order");
    } else if (l != NULL) {
        acta_reply(self, m, store_value, .value = w->stored[l->key]);
    }
    return ACTA_OK;
}

static int look(acta_self *self, client *c, int64_t key)
{
    uint64_t ask;
    int status = acta_ask(self, c->cache, ACTA_FOREVER, &ask, cache_get, .key = key);
    if (status != ACTA_OK)
        return status;
    acta_msg *m = acta_await(self, ask);
    const cache_value *v = m != NULL ? acta_as(cache_value, m) : NULL;
    if (v != NULL) {
        acta_sim_check(acta_sim_here(), "no value is older than one seen before", v->value >= c->seen[key]);
        c->seen[key] = v->value;
    }
    acta_sim_sometimes(acta_sim_here(), "a get is refused", m != NULL && v == NULL);
    acta_msg_free(&m);
    return ACTA_OK;
}

static int client_body(acta_self *self, void *arg)
{
    client *c = arg;
    acta_sim *sim = acta_sim_here();
    int status = ACTA_OK;
    for (int i = 0; i < WISHES && status == ACTA_OK; i++) {
        int64_t key = (int64_t)acta_sim_random(sim, KEYS);
        if (key % CLIENTS == c->number && acta_sim_random(sim, 2) == 0) {
            c->seen[key] = ++c->world->put[key];
            status = acta_send(c->cache, cache_put, .key = key, .value = c->seen[key]);
        } else {
            status = look(self, c, key);
        }
    }
    acta_tx_drop(&c->cache);
    return status;
}

// ---- in front of the cache -----------------------------------------------------------------------

static int watched(acta_self *self, void *arg, acta_msg *m)
{
    world *w = arg;
    acta_sim *sim = acta_sim_here();
    int overtaken = 0, unsaved = 0;
    int status = cache_handler(self, &w->cache, m);
    for (int i = 0; i < CACHE_LOADS_MAX; i++)
        overtaken += w->cache.loads[i].promise != NULL && w->cache.loads[i].overtaken;
    for (int i = 0; i < CACHE_SLOTS; i++)
        unsaved += w->cache.slots[i].unsaved;
    acta_sim_gauge(sim, "loads under way", cache_loads(&w->cache), CACHE_LOADS_MAX);
    acta_sim_sometimes(sim, "a put overtakes a load", overtaken > 0);
    if (m != NULL && acta_is(acta_tick, m)) {
        acta_sim_check(sim, "when the time is up all is saved", unsaved == 0);
        acta_sim_sometimes(sim, "the time is up once more", ++w->ticks == 2);
    }
    return status;
}

// careless does not think of what was put while the store was asked, unless it is still in its slot.
static int careless(acta_self *self, void *arg, acta_msg *m)
{
    cache *c = arg;
    for (int i = 0; i < CACHE_LOADS_MAX; i++) {
        const cache_slot *slot = &c->slots[c->loads[i].key % CACHE_SLOTS];
        c->loads[i].overtaken = slot->used && slot->key == c->loads[i].key;
    }
    return cache_handler(self, arg, m);
}

// ---- the scenario ----------------------------------------------------------------------------------

static bool all_is_stored(void *arg)
{
    const world *w = arg;
    for (int key = 0; key < KEYS; key++)
        if (w->stored[key] != w->put[key])
            return false;
    return true;
}

static int start_client(acta_system *sys, client *c)
{
    acta_tx *tx = NULL;
    int status = acta_spawn(sys, &tx, .body = client_body, .arg = c, .name = "client");
    if (status != ACTA_OK)
        acta_tx_drop(&c->cache); // else the client does
    acta_tx_drop(&tx);
    return status;
}

static void run(acta_sim *sim, world *w, acta_handler *handler)
{
    acta_system *sys = acta_sim_system(sim);
    acta_tx *tx = NULL;
    *w = (world){.cache = {.store = NULL}};
    uint32_t capacity = 1 + (uint32_t)acta_sim_random(sim, 3);
    int status = acta_spawn(sys, &w->cache.store, .handler = table_store, .arg = w, .name = "store",
                            .capacity = capacity);
    if (status == ACTA_OK)
        status = acta_spawn(sys, &tx, .handler = handler, .arg = &w->cache, .arg_free = cache_free, .name = "cache");
    if (tx == NULL)
        cache_free(&w->cache); // it is still ours
    for (int i = 0; i < CLIENTS && status == ACTA_OK; i++) {
        w->clients[i] = (client){.world = w, .cache = acta_tx_dup(tx), .number = i};
        status = start_client(sys, &w->clients[i]);
    }
    acta_tx_drop(&tx);
    acta_sim_check(sim, "all can be started", status == ACTA_OK);
    acta_sim_eventually(sim, "what was put is stored", all_is_stored, w);
}

static void as_it_is(acta_sim *sim, void *arg)
{
    run(sim, arg, watched);
}

static void as_it_might_have_been(acta_sim *sim, void *arg)
{
    run(sim, arg, careless);
}

// ---- the tests ---------------------------------------------------------------------------------------

// An inbox is full that need not be, and the clock leaps over what somebody waits for.
enum { FAULTS = ACTA_SIM_FULL | ACTA_SIM_GAP };

static void nobody_is_given_an_old_value_and_all_that_was_put_is_stored(void **state)
{
    (void)state;
    world w;
    acta_sim_opts opts = {.name = "cache", .schedules = 5000, .faults = FAULTS};
    assert_int_equal(acta_sim_explore(&opts, as_it_is, &w), ACTA_OK);
}

static void keep_quiet(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

// A test that cannot fail shows nothing: here is what it is to find.
static void an_answer_that_was_overtaken_is_found(void **state)
{
    (void)state;
    world w;
    acta_sim_result result;
    acta_sim_opts opts = {.name = "careless", .schedules = 5000, .report = keep_quiet};
    assert_int_equal(acta_sim_explore_with(&opts, as_it_might_have_been, &w, &result), ACTA_ECLAIM);
    assert_string_equal(result.claim, "no value is older than one seen before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_given_an_old_value_and_all_that_was_put_is_stored),
        cmocka_unit_test(an_answer_that_was_overtaken_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
