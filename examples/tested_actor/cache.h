// SPDX-License-Identifier: MIT
//
// cache.h - a write-behind cache: an actor between those who read and write numbered values and the slow actor that
// stores them.
//
// To the cache:   cache_get, asked: the answer is a cache_value, or a failure when the store is too slow or the cache
//                 too busy. cache_put, sent.
// To the store:   store_load, asked: the answer is a store_value. store_save, sent.
//
// A value that was put is saved a little later, together with others, and at the latest when the cache ends. Who has
// put a value and gets that key then is given this value, or what others have put since.

#ifndef TESTED_ACTOR_CACHE_H
#define TESTED_ACTOR_CACHE_H

#include <acta/acta.h>

ACTA_MESSAGE(cache_get, (i64, key));
ACTA_MESSAGE(cache_put, (i64, key), (i64, value));
ACTA_MESSAGE(cache_value, (i64, value));

ACTA_MESSAGE(store_load, (i64, key));
ACTA_MESSAGE(store_save, (i64, key), (i64, value));
ACTA_MESSAGE(store_value, (i64, value));

enum {
    CACHE_SLOTS = 2,    // a key has one place in it: few, so that small programs and tests fill it
    CACHE_LOADS_MAX = 2 // under way at the same time; gets beyond that are refused
};

#define CACHE_SAVE_AFTER_NS (10 * ACTA_MS)
#define CACHE_LOAD_MAX_NS ACTA_SECOND

typedef struct cache_slot {
    bool used;
    bool unsaved;
    int64_t key;
    int64_t value;
} cache_slot;

// A get that waits for the store.
typedef struct cache_load {
    acta_promise *promise; // NULL: free
    uint64_t ask;
    int64_t key;
    bool overtaken; // the key was put after the store was asked: the answer may be of before
} cache_load;

// All zero but for the store, which cache_free drops.
typedef struct cache {
    acta_tx *store;
    cache_slot slots[CACHE_SLOTS];
    cache_load loads[CACHE_LOADS_MAX];
    bool save_is_due; // a timer runs
} cache;

// cache_handler is the actor. arg is a cache, and cache_free is its arg_free: the store is let go however it ends.
int
cache_handler(acta_self *self, void *arg, acta_msg *m);
void
cache_free(void *arg);

// cache_loads counts the gets that wait for the store.
int
cache_loads(const cache *c);

#endif
