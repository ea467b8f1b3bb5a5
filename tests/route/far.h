// SPDX-License-Identifier: MIT
//
// far.h - three systems of one process as nodes to each other, over real sockets, and what tests of actors there share.
// Closing them asserts their ledgers, and that no block of memory is left.

#ifndef TEST_ROUTE_FAR_H
#define TEST_ROUTE_FAR_H

#include "test.h"

#include <acta/acta.h>
#include <sched.h>
#include <stdio.h>

#include "base/pool.h"
#include "core/actor.h"
#include "route/node.h"

ACTA_MESSAGE(item, (u64, n));
ACTA_MESSAGE(query);
ACTA_MESSAGE(answer, (i64, status));
ACTA_MESSAGE(lent, (addr, who));

enum { FAR_SYSTEMS = 3, FAR_WAIT_S = 20, FAR_GATES = 16, FAR_CAPACITY = 64 };

static char far_folder[] = "/tmp/acta-test-XXXXXX";

typedef struct far {
    acta_system *sys[FAR_SYSTEMS];
    acta_listener *listener[FAR_SYSTEMS];
    char url[FAR_SYSTEMS][64];
    acta_node *node[FAR_SYSTEMS][FAR_SYSTEMS]; // as the first sees the second
    int64_t live;                              // blocks of memory before
    test_gate *gate[FAR_GATES];
    int gates;
} far;

static inline void far_open(far *w)
{
    *w = (far){.live = acti_pool_live()};
    acta_system_opts opts = {.workers = 2}; // an actor may keep one, at a gate, also where there is one processor
    for (int i = 0; i < FAR_SYSTEMS; i++) {
        snprintf(w->url[i], sizeof(w->url[i]), "ipc://%s/%d", far_folder, i);
        assert_int_equal(acta_open(&opts, &w->sys[i]), ACTA_OK);
        assert_int_equal(acta_node_listen(w->sys[i], w->url[i], &w->listener[i]), ACTA_OK);
    }
}

static inline acta_node *far_node(far *w, int from, int to)
{
    if (w->node[from][to] == NULL)
        assert_int_equal(acta_connect(w->sys[from], w->url[to], FAR_WAIT_S * ACTA_SECOND, &w->node[from][to]),
                         ACTA_OK);
    return w->node[from][to];
}

static inline void far_close_one(far *w, int i)
{
    for (int j = 0; j < FAR_SYSTEMS; j++)
        acta_node_drop(&w->node[i][j]);
    acta_listener_close(&w->listener[i]);
    assert_int_equal(acta_close(&w->sys[i], FAR_WAIT_S * ACTA_SECOND), ACTA_OK);
}

// far_nothing_left waits until every block has come back: the cache of an actor's own thread does so as that ends, and
// that may be a moment after the close.
static inline bool far_nothing_left(const far *w)
{
    uint64_t until_ns = acti_clock_ns() + FAR_WAIT_S * ACTA_SECOND;
    while (acti_pool_live() != w->live && acti_clock_ns() < until_ns)
        sched_yield();
    return acti_pool_live() == w->live;
}

static inline void far_close(far *w)
{
    for (int i = 0; i < FAR_SYSTEMS; i++)
        if (w->sys[i] != NULL)
            far_close_one(w, i);
    while (w->gates > 0)
        test_gate_fini(w->gate[--w->gates]);
    assert_true(far_nothing_left(w));
}

// far_gate makes a gate that stays until far_close: who opens it may still be about to return.
static inline void far_gate(far *w, test_gate *gate)
{
    assert_true(w->gates < FAR_GATES);
    test_gate_init(gate);
    w->gate[w->gates++] = gate;
}

// far_cut ends the session of the first with the second, for which that is a crash: there is no goodbye.
static inline void far_cut(far *w, int from, int to)
{
    acti_node_force(acti_node_of(far_node(w, from, to)));
}

static inline acta_tx *far_find(far *w, int from, int at, const char *who)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_node_find(far_node(w, from, at), who, FAR_WAIT_S * ACTA_SECOND, &tx), ACTA_OK);
    return tx;
}

// ---- who answers, behind everything that was said to its node before ----------------------------

static inline int far_echo(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        (void)acta_reply(self, m, answer, .status = ACTA_OK);
    return ACTA_OK;
}

static inline acta_tx *far_publish(acta_system *sys, const char *name, acta_handler *handler, acta_body *body,
                                   void *arg)
{
    acta_tx *tx = NULL;
    assert_int_equal(acta_spawn(sys, &tx, .handler = handler, .body = body, .arg = arg, .name = name,
                                .capacity = FAR_CAPACITY, .place = body != NULL ? ACTA_THREAD : ACTA_POOL),
                     ACTA_OK);
    assert_int_equal(acta_publish(sys, name, acta_tx_addr(tx)), ACTA_OK);
    return tx;
}

static inline void far_ask(acta_tx *to)
{
    acta_msg *reply = NULL;
    assert_int_equal(acta_call(to, FAR_WAIT_S * ACTA_SECOND, &reply, query), ACTA_OK);
    acta_msg_free(&reply);
}

// far_lend answers with the address of the actor that its argument, a sender, leads to.
static inline int far_lend(acta_self *self, void *arg, acta_msg *m)
{
    if (m != NULL)
        (void)acta_reply(self, m, lent, .who = acta_tx_addr(arg));
    return ACTA_OK;
}

// ---- who watches ------------------------------------------------------------------------------

// A mourner watches somebody, and keeps with what reason that one ended.
typedef struct mourner {
    acta_addr *who;
    acta_tx *self; // keeps it alive
    int64_t reason;
    test_gate told;
} mourner;

static inline int mourn(acta_self *self, void *arg, acta_msg *m)
{
    mourner *w = arg;
    uint64_t monitor;
    if (m == NULL)
        return ACTA_OK;
    const acta_down *down = acta_as(acta_down, m);
    if (down == NULL) {
        int status = acta_monitor(self, w->who, &monitor);
        (void)acta_reply(self, m, answer, .status = status);
        return ACTA_OK;
    }
    w->reason = down->reason;
    test_gate_open(&w->told);
    return ACTA_DONE;
}

static inline void mourn_for(far *w, int at, mourner *of, acta_tx *who)
{
    *of = (mourner){.who = acta_tx_addr(who)};
    far_gate(w, &of->told);
    assert_int_equal(acta_spawn(w->sys[at], &of->self, .handler = mourn, .arg = of), ACTA_OK);
    far_ask(of->self);
}

static inline void mourned(mourner *of, int64_t reason)
{
    assert_true(test_gate_wait(&of->told));
    assert_int_equal(of->reason, reason);
    acta_tx_drop(&of->self);
}

// FAR_RUN is TEST_RUN in a folder of its own.
#define FAR_RUN(...) (far_enter(), far_leave(TEST_RUN(__VA_ARGS__)))

static inline void far_enter(void)
{
    if (mkdtemp(far_folder) == NULL)
        abort();
}

static inline int far_leave(int status)
{
    for (int i = 0; i < FAR_SYSTEMS; i++) {
        char path[64];
        snprintf(path, sizeof(path), "%s/%d.lock", far_folder, i);
        (void)unlink(path);
    }
    (void)rmdir(far_folder);
    return status;
}

#endif
