// SPDX-License-Identifier: MIT
//
// kit.h - what the tests of the core share: a system that is checked as it closes, actors that are the same code as
// handler and as body, and claims that actors make.
//
// Only the main thread asserts. An actor claims: a claim that does not hold is remembered, and kit_close fails with it.

#ifndef KIT_H
#define KIT_H

#include "test.h"

#include <acta/acta.h>
#include <sched.h>

#include "base/atomic.h"
#include "base/platform.h"
#include "base/pool.h"
#include "core/actor.h"

ACTA_MESSAGE(item, (i64, source), (i64, n));
ACTA_MESSAGE(query, (i64, n));
ACTA_MESSAGE(answer, (i64, n));
ACTA_MESSAGE(note, (str, line));

#define KIT_WAIT_NS (60 * ACTA_SECOND) // longer than anything takes under TSan on a busy machine

// ---- claims -------------------------------------------------------------------

static acti_aptr kit_broken_claim;

#define kit_claim(x) ((x) ? (void)0 : kit_claim_fails(__FILE__ ":" ACTI_TEXT(__LINE__) ": " #x))

static inline void kit_claim_fails(const char *what)
{
    void *none = NULL;
    while (!acti_aptr_cas_release(&kit_broken_claim, &none, (void *)(uintptr_t)what) && none == NULL)
        continue;
}

static inline void kit_claims_held(void)
{
    const char *broken = acti_aptr_load_acquire(&kit_broken_claim);
    acti_aptr_store_relaxed(&kit_broken_claim, NULL);
    if (broken != NULL)
        fail_msg("an actor's claim does not hold: %s", broken);
}

// ---- the system -----------------------------------------------------------------

typedef struct kit {
    acta_system *sys;
    acta_ledger ledger; // of the last kit_close
    uint32_t lines;     // reported
    char line[8][512];
} kit;

// Pool blocks out before there was any thread. Later it could be read only roughly: see kit_nothing_leaked.
static int64_t kit_live = -1;

static inline void kit_note_live(void)
{
    if (kit_live < 0)
        kit_live = acti_pool_live();
}

static inline void kit_report(void *arg, const char *line)
{
    kit *k = arg;
    if (k->lines < sizeof(k->line) / sizeof(k->line[0]))
        snprintf(k->line[k->lines], sizeof(k->line[0]), "%s", line);
    k->lines++;
}

static inline void kit_open_with(kit *k, acta_system_opts opts)
{
    *k = (kit){0};
    kit_note_live();
    if (opts.long_turn_ns == 0)
        opts.long_turn_ns = ACTA_FOREVER; // gates keep actors for as long as they like
    opts.report = kit_report;
    opts.report_arg = k;
    assert_int_equal(acta_open(&opts, &k->sys), ACTA_OK);
}

static inline void kit_open(kit *k, uint32_t workers)
{
    kit_open_with(k, (acta_system_opts){.workers = workers});
}

// kit_nothing_leaked: whether every block has come back since the first system opened. The caches of actors' own
// threads do so as these threads end, which may be a moment after the close.
static inline bool kit_nothing_leaked(void)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (acti_pool_live() != kit_live)
        if (acti_clock_ns() > until_ns)
            return false;
    return true;
}

static inline void kit_close_as(kit *k, int status, uint64_t timeout_ns)
{
    assert_int_equal(acta_close(&k->sys, timeout_ns), status);
    assert_null(k->sys);
    kit_claims_held();
    assert_true(kit_nothing_leaked());
}

// kit_close closes a system in which all is well.
static inline void kit_close(kit *k)
{
    kit_close_as(k, ACTA_OK, KIT_WAIT_NS);
}

// kit_reported: whether a reported line holds all of these words.
static inline bool kit_reported(const kit *k, const char *a, const char *b)
{
    for (uint32_t i = 0; i < k->lines && i < sizeof(k->line) / sizeof(k->line[0]); i++)
        if (strstr(k->line[i], a) != NULL && strstr(k->line[i], b) != NULL)
            return true;
    return false;
}

// ---- actors -----------------------------------------------------------------------

// An actor's argument begins with this: what it does for each message, and with NULL at EOF.
typedef struct kit_actor {
    acta_handler *on;
} kit_actor;

static inline int kit_handler(acta_self *self, void *arg, acta_msg *m)
{
    return ((kit_actor *)arg)->on(self, arg, m);
}

// kit_body makes of a body what a handler is.
static inline int kit_body(acta_self *self, void *arg)
{
    acta_handler *on = ((kit_actor *)arg)->on;
    acta_msg *m;
    int status;
    while ((m = acta_recv(self)) != NULL) {
        status = on(self, arg, m);
        acta_msg_free(&m);
        if (status != ACTA_OK)
            return status == ACTA_DONE ? ACTA_OK : status;
    }
    status = on(self, arg, NULL);
    return status == ACTA_DONE ? ACTA_OK : status;
}

typedef struct kit_kind {
    const char *name;
    acta_place place;
    bool body;
} kit_kind;

static const kit_kind kit_kinds[] = {
    {"pool handler", ACTA_POOL, false},
    {"pool body", ACTA_POOL, true},
    {"thread handler", ACTA_THREAD, false},
    {"thread body", ACTA_THREAD, true},
};
enum { KIT_KINDS = sizeof(kit_kinds) / sizeof(kit_kinds[0]) };

// Any thread.
static inline int kit_try_spawn(acta_system *sys, const kit_kind *kind, void *arg, const char *name, acta_tx **tx)
{
    return acta_spawn(sys, tx, .body = kind->body ? kit_body : NULL, .handler = kind->body ? NULL : kit_handler,
                      .arg = arg, .place = kind->place, .name = name);
}

// The main thread.
static inline acta_tx *kit_spawn(const kit *k, const kit_kind *kind, void *arg)
{
    acta_tx *tx = NULL;
    assert_int_equal(kit_try_spawn(k->sys, kind, arg, kind->name, &tx), ACTA_OK);
    return tx;
}

// kit_spawn_small spawns with a capacity, on the main thread.
static inline acta_tx *kit_spawn_small(const kit *k, const kit_kind *kind, void *arg, const char *name,
                                       uint32_t capacity)
{
    acta_tx *tx = NULL;
    int status = acta_spawn(k->sys, &tx, .body = kind->body ? kit_body : NULL,
                            .handler = kind->body ? NULL : kit_handler, .arg = arg, .place = kind->place,
                            .name = name, .capacity = capacity);
    assert_int_equal(status, ACTA_OK);
    return tx;
}

// kit_held is how many user messages the running actor's inbox holds, as its producers see it.
static inline uint32_t kit_held(acta_self *self)
{
    const acti_actor *actor = acti_actor_of_self(self);
    return (uint16_t)((uint32_t)(acti_au64_load_relaxed(&actor->inbox.word) / ACTI_INBOX_ONE) -
                      acti_au32_load_relaxed(&actor->given));
}

// kit_read reads the ledger.
static inline acta_ledger kit_read(const kit *k)
{
    acta_ledger ledger;
    acta_ledger_read(k->sys, &ledger);
    return ledger;
}

// kit_await_pauses waits, outside, until so many have been paused in all.
static inline bool kit_await_pauses(const kit *k, uint64_t pauses)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (kit_read(k).pauses < pauses) {
        if (acti_clock_ns() > until_ns)
            return false;
        sched_yield();
    }
    return true;
}

// kit_send sends an item, on the main thread.
static inline void kit_send(acta_tx *tx, int64_t n)
{
    assert_int_equal(acta_send(tx, item, .n = n), ACTA_OK);
}

// kit_has_mail: whether something lies in the running actor's inbox that it has not taken yet.
static inline bool kit_has_mail(acta_self *self)
{
    return acti_inbox_has_mail(&acti_actor_of_self(self)->inbox);
}

// kit_await_mail holds the running actor until there is mail. Another thread must be there to bring it.
static inline bool kit_await_mail(acta_self *self)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (!kit_has_mail(self))
        if (acti_clock_ns() > until_ns)
            return false;
    return true;
}

// kit_await_ended waits, on any thread, until the actor's inbox is closed for good.
static inline bool kit_await_ended(acta_addr *who)
{
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (!acti_inbox_is_routed(&acti_actor_of_addr(who)->inbox))
        if (acti_clock_ns() > until_ns)
            return false;
    return true;
}

// kit_kind_of is for matrices: every kind in turn, printed when a test fails in it.
#define KIT_EACH_KIND(kind)                                                                                \
    for (const kit_kind *kind = kit_kinds; kind < kit_kinds + KIT_KINDS; kind++)

#endif
