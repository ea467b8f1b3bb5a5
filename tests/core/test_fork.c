// SPDX-License-Identifier: MIT
//
// A fork that goes on in the same program: the system it finds there is another process's, and says so where it would
// otherwise wait for threads that are not there.

#include "kit.h"

#include <sys/wait.h>

static int keeps(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

// One that its first message keeps until it is let go.
typedef struct held {
    kit_actor actor;
    test_gate entered;
    test_gate go;
    bool was;
} held;

static int is_held(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    held *h = arg;
    if (m == NULL || h->was)
        return ACTA_OK;
    h->was = true;
    test_gate_open(&h->entered);
    kit_claim(test_gate_wait(&h->go));
    return ACTA_OK;
}

// in_fork is what fn says in a fork of this process, as a wait status. Nothing in it may assert.
static int in_fork(int (*fn)(void *arg), void *arg)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(fn(arg));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

typedef struct inherited {
    kit k;
    acta_tx *tx;   // has room
    acta_tx *full; // has none
} inherited;

enum { SAID_NO = 100 };

#define REFUSED(call)                                                                                      \
    do {                                                                                                   \
        uint32_t lines = i->k.lines;                                                                       \
        if ((call) != ACTA_EINVAL || i->k.lines != lines + 1 ||                                            \
            strstr(i->k.line[lines], "execute a program after the fork") == NULL)                          \
            return __LINE__ % SAID_NO + 1;                                                                 \
    } while (0)

static int uses_the_system(void *arg)
{
    inherited *i = arg;
    acta_tx *tx = NULL;
    acta_msg *reply = NULL;
    REFUSED(acta_spawn(i->k.sys, &tx, .handler = keeps));
    REFUSED(acta_call(i->tx, ACTA_FOREVER, &reply, query, .n = 1));
    REFUSED(acta_send(i->full, item, .n = 1));
    REFUSED(acta_send_within(i->full, ACTA_FOREVER, item, .n = 1));
    REFUSED(acta_close(&i->k.sys, ACTA_FOREVER));
    return tx == NULL && reply == NULL && i->k.sys == NULL ? 0 : 1;
}

TEST(in_a_fork_whatever_would_start_or_wait_says_so_and_the_process_goes_on)
{
    inherited i = {.tx = NULL};
    kit_actor idle = {keeps};
    held h = {.actor = {is_held}};
    kit_open(&i.k, 1);
    test_gate_init(&h.entered);
    test_gate_init(&h.go);
    i.tx = kit_spawn_small(&i.k, &kit_kinds[0], &idle, "with room", 8);
    i.full = kit_spawn_small(&i.k, &kit_kinds[2], &h, "full", 1);
    kit_send(i.full, 1);
    assert_true(test_gate_wait(&h.entered));
    kit_send(i.full, 2);
    assert_int_equal(in_fork(uses_the_system, &i), 0);
    assert_int_equal(i.k.lines, 0); // in this process nothing was said
    test_gate_open(&h.go);
    kit_send(i.tx, 1);
    acta_tx_drop(&i.tx);
    acta_tx_drop(&i.full);
    kit_close(&i.k);
    test_gate_fini(&h.entered);
    test_gate_fini(&h.go);
}

int main(void)
{
    return TEST_RUN(case_of(in_a_fork_whatever_would_start_or_wait_says_so_and_the_process_goes_on));
}
