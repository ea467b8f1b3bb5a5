// SPDX-License-Identifier: MIT
//
// cache.c - the write-behind cache.
//
// Of a key, a slot is in one of three states:
//
//     (not in it) --answer of the store--> saved --put--> unsaved --timer, or another key needs the slot--> saved
//                 --put----------------------------------> unsaved
//
// Between the question to the store and its answer anything may be put. The answer is then older than what was put, and
// must not come into the slot, also when the slot has been given to another key in the meantime: so it is the load that
// remembers it.

#include "cache.h"

#include <acta/event.h>
#include <acta/promise.h>

static cache_slot *slot_of(cache *c, int64_t key)
{
    return &c->slots[(uint64_t)key % CACHE_SLOTS];
}

static int save(cache *c, cache_slot *slot)
{
    if (!slot->used || !slot->unsaved)
        return ACTA_OK;
    slot->unsaved = false;
    return acta_send(c->store, store_save, .key = slot->key, .value = slot->value);
}

static int save_all(cache *c)
{
    int status = ACTA_OK;
    for (int i = 0; i < CACHE_SLOTS && status == ACTA_OK; i++)
        status = save(c, &c->slots[i]);
    return status;
}

// fill gives the key its slot, and saves what was in there.
static int fill(cache *c, int64_t key, int64_t value, bool unsaved)
{
    cache_slot *slot = slot_of(c, key);
    int status = slot->key != key ? save(c, slot) : ACTA_OK;
    *slot = (cache_slot){.used = true, .unsaved = unsaved, .key = key, .value = value};
    return status;
}

static int put(acta_self *self, cache *c, const cache_put *p)
{
    for (int i = 0; i < CACHE_LOADS_MAX; i++)
        if (c->loads[i].promise != NULL && c->loads[i].key == p->key)
            c->loads[i].overtaken = true;
    int status = fill(c, p->key, p->value, true);
    uint64_t timer;
    if (status == ACTA_OK && !c->save_is_due)
        status = acta_timer_start(self, CACHE_SAVE_AFTER_NS, 0, &timer);
    c->save_is_due = true;
    return status;
}

static int get(acta_self *self, cache *c, acta_msg *m)
{
    int64_t key = acta_as(cache_get, m)->key;
    const cache_slot *slot = slot_of(c, key);
    if (slot->used && slot->key == key) {
        acta_reply(self, m, cache_value, .value = slot->value);
        return ACTA_OK;
    }
    cache_load *load = c->loads;
    while (load < c->loads + CACHE_LOADS_MAX && load->promise != NULL)
        load++;
    uint64_t ask = 0;
    int status = load < c->loads + CACHE_LOADS_MAX ? ACTA_OK : ACTA_EFULL;
    if (status == ACTA_OK)
        status = acta_ask(self, c->store, CACHE_LOAD_MAX_NS, &ask, store_load, .key = key);
    if (status == ACTA_OK) {
        *load = (cache_load){.ask = ask, .key = key};
        status = acta_promise_take(self, m, &load->promise);
    }
    if (status != ACTA_OK)
        acta_refuse(self, m, status, "the value cannot be loaded now");
    return ACTA_OK;
}

// loaded deals with the outcome of a question to the store.
static int loaded(acta_self *self, cache *c, const acta_msg *m)
{
    cache_load *load = c->loads;
    while (load < c->loads + CACHE_LOADS_MAX && (load->promise == NULL || load->ask != acta_msg_ask(m)))
        load++;
    if (load == c->loads + CACHE_LOADS_MAX)
        return ACTA_OK;
    const store_value *v = acta_as(store_value, m);
    const acta_failure *f = acta_as(acta_failure, m);
    if (v == NULL) {
        acta_promise_refuse(self, &load->promise, f != NULL ? (int)f->status : ACTA_EINVAL, "the store gives no value");
        return ACTA_OK;
    }
    int status = load->overtaken ? ACTA_OK : fill(c, load->key, v->value, false);
    acta_promise_reply(self, &load->promise, cache_value, .value = v->value);
    return status;
}

static int end(acta_self *self, cache *c)
{
    int status = save_all(c);
    return status == ACTA_OK ? acta_eof(self) : status;
}

int cache_handler(acta_self *self, void *arg, acta_msg *m)
{
    cache *c = arg;
    if (m == NULL)
        return end(self, c);
    if (acta_msg_ask(m) != 0)
        return loaded(self, c, m);
    if (acta_is(cache_put, m))
        return put(self, c, acta_as(cache_put, m));
    if (acta_is(cache_get, m))
        return get(self, c, m);
    if (acta_is(acta_tick, m)) {
        c->save_is_due = false;
        return save_all(c);
    }
    acta_unhandled(self, m);
    return ACTA_OK;
}

void cache_free(void *arg)
{
    cache *c = arg;
    acta_tx_drop(&c->store); // behind all that was saved
}

int cache_loads(const cache *c)
{
    int count = 0;
    for (int i = 0; i < CACHE_LOADS_MAX; i++)
        count += c->loads[i].promise != NULL;
    return count;
}
