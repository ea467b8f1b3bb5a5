// SPDX-License-Identifier: MIT
//
// world.c - a system by hand, and stand-ins for the pool, libc's tree and the stacks of bodies.

#include "world.h"

#include <acta/actor.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/fiber.h"
#include "base/pool.h"

acta_system world __attribute__((aligned(ACTI_CACHE_LINE)));

#define WOKEN_MAX 8

// Each thread's own, so that they do not meet here.
typedef struct slot {
    acti_counters counters;
    acti_glance glance;
    acti_actor *woken[WOKEN_MAX];
    uint32_t first, last;
    int64_t blocks; // taken less given back
} slot;

static slot slots[WORLD_SLOTS];

static slot *mine(void)
{
    return &slots[model_self()];
}

// What the running thread is for acta: a thread-local variable, whose name is this call in code that is explored.
acti_running *world_here(void)
{
    static const char key;
    return model_local(&key, sizeof(acti_running));
}

// ---- stand-ins --------------------------------------------------------------------

void *acti_pool_alloc(size_t size, uint32_t *room)
{
    *room = (uint32_t)((size + ACTI_POOL_ALIGN - 1) / ACTI_POOL_ALIGN * ACTI_POOL_ALIGN);
    mine()->blocks++;
    return model_alloc(*room);
}

void acti_pool_free(void *block, uint32_t room)
{
    (void)room;
    mine()->blocks--;
    model_free(block);
}

// Names are kept by a tree of libc's, whose own memory the explorer could not give back: here they are a list.
typedef struct node {
    const void *key; // first, as in libc's
    struct node *next;
} node;

void *model_tfind(const void *key, void *const *root, int (*compare)(const void *, const void *))
{
    node *n = *root;
    while (n != NULL && compare(key, n->key) != 0)
        n = n->next;
    return n;
}

void *model_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
    node *n = model_tfind(key, root, compare);
    if (n != NULL)
        return n;
    n = malloc(sizeof(*n));
    *n = (node){.key = key, .next = *root};
    *root = n;
    return n;
}

void *model_tdelete(const void *key, void **root, int (*compare)(const void *, const void *))
{
    node **at = (node **)root;
    while (*at != NULL && compare(key, (*at)->key) != 0)
        at = &(*at)->next;
    node *n = *at;
    if (n != NULL)
        *at = n->next;
    free(n);
    return n;
}

void model_twalk_r(const void *root, void (*visit)(const void *, VISIT, void *), void *closure)
{
    for (const node *n = root; n != NULL; n = n->next)
        visit(n, leaf, closure);
}

// No scenario starts a thread or a body.
int acti_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg)
{
    (void)thread, (void)name, (void)fn, (void)arg;
    return ACTA_EIO;
}

void acti_thread_join(pthread_t thread)
{
    (void)thread;
}

void acti_thread_detach(pthread_t thread)
{
    (void)thread;
}

uint32_t acti_forks(void)
{
    return 0;
}

void acti_thread_yield(void)
{
}

uint32_t acti_cpu_count(void)
{
    return 1;
}

acti_fiber *acti_fiber_new(size_t stack_bytes, void (*fn)(void *arg), void *arg)
{
    (void)stack_bytes, (void)fn, (void)arg;
    return NULL;
}

void acti_fiber_resume(acti_fiber *fiber)
{
    (void)fiber;
}

void acti_fiber_suspend(acti_fiber *fiber)
{
    (void)fiber;
}

bool acti_fiber_done(const acti_fiber *fiber)
{
    (void)fiber;
    return true;
}

void acti_fiber_free(acti_fiber **fiber)
{
    (void)fiber;
}

// ---- the system ---------------------------------------------------------------------

void world_open(void)
{
    model_now_ns = 1;
    world.opts.message_bytes_max = 1024;
    world.opts.track_senders = ACTA_TRACK_OFF;
    acti_board_init(&world.board);
    acti_names_init(&world.names);
    for (int i = 0; i < ACTI_ALIVE_LISTS; i++) {
        acti_lock_init(&world.alive[i].lock);
        acti_list_init(&world.alive[i].list);
    }
    acti_park_init(&world.closer);
    acti_lock_init(&world.count_lock);
    acti_lock_init(&world.upper_lock);
    acti_lock_init(&world.report_lock);
    acti_lock_init(&world.sched.lock);
    acti_list_init(&world.sched.idle);
    world.sched.sys = &world;
    world_enter();
}

void world_open_clock(void)
{
    static acti_clock_part part;
    world.clock = (acti_clock){.parts = &part, .count = 1};
    acti_lock_init(&part.lock);
    acti_wheel_init(&part.wheel, 0);
    acti_au64_store_relaxed(&part.next_ns, UINT64_MAX);
}

void world_enter(void)
{
    slot *s = mine();
    acti_here = (acti_running){.sys = &world, .counters = &s->counters, .glance = &s->glance};
}

bool world_nothing_left(void)
{
    int64_t blocks = 0;
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        blocks += slots[i].blocks;
    return blocks == 0;
}

uint64_t world_counted(acti_counter which)
{
    uint64_t sum = acti_au64_load_relaxed(&world.board.shared.at[which]); // of threads outside
    for (uint32_t i = 0; i < WORLD_SLOTS; i++)
        sum += acti_au64_load_relaxed(&slots[i].counters.at[which]);
    return sum;
}

bool world_ledger_closes(void)
{
    static const acti_counter out[] = {ACTI_HANDLED, ACTI_RETURNED, ACTI_DROPPED_GONE, ACTI_DROPPED_LATE,
                                       ACTI_DROPPED_CANCEL};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
        sum += world_counted(out[i]);
    return sum == world_counted(ACTI_SENT);
}

// ---- its actors -----------------------------------------------------------------------

static void wake(acti_actor *actor)
{
    slot *s = mine();
    s->woken[s->last++ % WOKEN_MAX] = actor;
    model_claim(s->last - s->first <= WOKEN_MAX);
}

static const acti_actor_ops ops = {.wake = wake};

acti_actor *world_spawn(acta_handler *handler, void *arg, uint32_t capacity, acta_tx **tx)
{
    acta_spawn_opts opts = {.handler = handler, .arg = arg, .capacity = capacity};
    model_claim(acta_spawn_with(&world, &opts, tx) == ACTA_OK);
    acti_actor *actor = acti_actor_of_tx(*tx);
    actor->ops = &ops;
    return actor;
}

void world_running(acti_actor *actor)
{
    acti_au64_store_relaxed(&actor->inbox.word, ACTI_INBOX_EMPTY);
}

void world_turns(acti_actor *actor)
{
    while (acti_turn_run(actor) == ACTI_TURN_MORE)
        continue;
}

void world_run(void)
{
    slot *s = mine();
    while (s->first != s->last)
        world_turns(s->woken[s->first++ % WOKEN_MAX]);
}

bool world_send(acti_actor *actor, uint64_t number)
{
    acta_msg *m = acti_msg_new(ACTI_MSG_SEND, NULL, sizeof(number), false);
    memcpy(m + 1, &number, sizeof(number));
    bool taken = acti_actor_pushed(actor, acti_inbox_push_over(&actor->inbox, m)) == ACTA_OK;
    if (taken) {
        acti_tally(&world, ACTI_SENT, 1);
        world_run();
    } else {
        acti_msg_release(m);
    }
    return taken;
}

uint64_t world_number(const acta_msg *m)
{
    return *(const uint64_t *)(const void *)(m + 1);
}
