// SPDX-License-Identifier: MIT
//
// puppet.h - what the tests of processes share: an actor that does as it is told, in a process of its own, and one that
// watches it.
//
// A program with such tests begins with acta_process_main and ends with proc_run.

#ifndef TEST_PROC_PUPPET_H
#define TEST_PROC_PUPPET_H

#include "core/kit.h"

#include <acta/event.h>
#include <acta/name.h>
#include <acta/process.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/sanitize.h"

ACTA_MESSAGE(task, (i64, number), (str, words), (i64_array, list));
ACTA_MESSAGE(order, (i64, what), (i64, n));

// What an order asks for. What is asked is answered by n, or by a note.
enum {
    COUNT,       // how many items have come, in their order from 1 on; -1: not in order
    ARGUMENTS,   // the number in the arguments, or -1 without any
    SIGNAL,      // sends itself signal n
    EXIT,        // exits with status n
    END,         // ends with that reason
    SPIN,        // never returns, without anything that could be interrupted
    COMPUTE,     // for n nanoseconds, and is then answered
    KEEP,        // is never answered
    EOF_REASON,  // what acta_eof says at the end becomes the reason
};

static inline void compute_for(uint64_t ns)
{
    uint64_t until_ns = acti_clock_ns() + ns;
    while (acti_clock_ns() < until_ns)
        continue;
}

typedef struct puppet {
    int64_t items;
    bool disorder;
    bool eof_reason;
} puppet;

static inline int puppet_obeys(acta_self *self, puppet *p, const task *t, acta_msg *m)
{
    const item *i = acta_as(item, m);
    if (i != NULL) {
        p->disorder = p->disorder || i->n != p->items + 1;
        p->items++;
        return ACTA_OK;
    }
    const order *o = acta_as(order, m);
    if (o == NULL) {
        acta_unhandled(self, m);
        return ACTA_OK;
    }
    switch (o->what) {
    case COUNT:
        return acta_reply(self, m, answer, .n = p->disorder ? -1 : p->items);
    case ARGUMENTS:
        return acta_reply(self, m, answer, .n = t != NULL ? t->number : -1);
    case SIGNAL:
        return kill(getpid(), (int)o->n);
    case EXIT:
        exit((int)o->n);
    case END:
        return o->n == ACTA_OK ? ACTA_DONE : (int)o->n;
    case SPIN:
        for (volatile bool always = true; always;)
            continue;
        return ACTA_OK;
    case COMPUTE:
        compute_for((uint64_t)o->n);
        return acta_reply(self, m, answer, .n = o->n);
    case KEEP: {
        acta_promise *kept;
        return acta_promise_take(self, m, &kept);
    }
    case EOF_REASON:
        p->eof_reason = true;
        return ACTA_OK;
    default:
        return ACTA_EINVAL;
    }
}

static inline int puppet_body(acta_self *self, void *arg)
{
    puppet p = {0};
    acta_msg *m;
    while ((m = acta_recv(self)) != NULL) {
        int status = puppet_obeys(self, &p, arg, m);
        acta_msg_free(&m);
        if (status != ACTA_OK)
            return status == ACTA_DONE ? ACTA_OK : status;
    }
    return p.eof_reason ? acta_eof(self) : ACTA_OK;
}
ACTA_ACTOR(puppet_body);

// With a state and no arguments.
static inline int puppet_handler(acta_self *self, void *arg, acta_msg *m)
{
    puppet *p = arg;
    if (m == NULL)
        return p->eof_reason ? acta_eof(self) : ACTA_OK;
    return puppet_obeys(self, p, NULL, m);
}
ACTA_ACTOR(puppet_handler);

// ---- in the program itself --------------------------------------------------------------

static inline acta_tx *spawn_puppet(const kit *k)
{
    acta_tx *tx = NULL;
    int status = acta_spawn(k->sys, &tx, .body = puppet_body, .name = "puppet", .place = ACTA_PROCESS);
    if (status != ACTA_OK)
        fail_msg("no puppet: %s; %s", acta_errname(status), k->line[0]);
    return tx;
}

static inline int64_t ask_puppet(acta_tx *tx, int64_t what)
{
    acta_msg *reply = NULL;
    int status = acta_call(tx, KIT_WAIT_NS, &reply, order, .what = what);
    if (status != ACTA_OK)
        fail_msg("the puppet does not answer: %s", acta_errname(status));
    int64_t n = acta_as(answer, reply)->n;
    acta_msg_free(&reply);
    return n;
}

static inline void order_puppet(acta_tx *tx, int64_t what, int64_t n)
{
    assert_int_equal(acta_send(tx, order, .what = what, .n = n), ACTA_OK);
}

// An actor that watches another until that has ended.
typedef struct deathbed {
    acta_addr *who;
    const char *name; // that is to be free then; or NULL
    acti_park watching;
    acti_park over;
    int64_t reason;
    char cause[400];
    uint32_t downs;
    acta_tx *tx; // to itself; the test's
} deathbed;

static inline int deathbed_watch(acta_self *self, void *arg)
{
    deathbed *d = arg;
    uint64_t id;
    kit_claim(acta_monitor(self, d->who, &id) == ACTA_OK);
    acti_park_give(&d->watching);
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const acta_down *down = acta_as(acta_down, m);
        acta_tx *found = NULL;
        if (down == NULL)
            continue;
        kit_claim(d->name == NULL || acta_find(acta_system_of(self), d->name, &found) == ACTA_ENOENT);
        d->reason = down->reason;
        snprintf(d->cause, sizeof(d->cause), "%s", down->cause);
        d->downs++;
        acti_park_give(&d->over);
    }
    return ACTA_OK;
}

// watch_over has d watch an actor from now on.
static inline void watch_over(const kit *k, deathbed *d, acta_tx *tx)
{
    *d = (deathbed){.who = acta_addr_dup(acta_tx_addr(tx)), .name = d->name, .reason = 1};
    acti_park_init(&d->watching);
    acti_park_init(&d->over);
    assert_int_equal(acta_spawn(k->sys, &d->tx, .body = deathbed_watch, .arg = d, .name = "watcher"), ACTA_OK);
    assert_true(acti_park_wait(&d->watching, acti_clock_ns() + KIT_WAIT_NS));
}

// await_death waits for the end, which is told once.
static inline void await_death(deathbed *d)
{
    if (!acti_park_wait(&d->over, acti_clock_ns() + KIT_WAIT_NS))
        fail_msg("it does not end");
    acta_addr_drop(&d->who);
    acta_tx_drop(&d->tx);
}

static inline void assert_died(const deathbed *d, int reason, const char *words)
{
    if (d->downs != 1 || d->reason != reason || strstr(d->cause, words) == NULL)
        fail_msg("%u DOWN, with %s: \"%s\"; not once with %s: \"...%s...\"", d->downs, acta_errname((int)d->reason),
                 d->cause, acta_errname(reason), words);
}

// no_child_is_left: whether this process has no children, not even zombies.
static inline bool no_child_is_left(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

static inline void close_without_children(kit *k)
{
    kit_close(k);
    assert_true(no_child_is_left());
}

// proc_prepare has the processes that this one makes end without the rest that TSan has before an exit.
static inline void proc_prepare(void)
{
    char options[512];
    const char *given = getenv("TSAN_OPTIONS");
    snprintf(options, sizeof(options), "%s:atexit_sleep_ms=0", given != NULL ? given : "");
    (void)setenv("TSAN_OPTIONS", options, 1);
}

#endif
