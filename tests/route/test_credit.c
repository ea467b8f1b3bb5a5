// SPDX-License-Identifier: MIT
//
// test_credit.c - memory stays flat with a reader that never reads: somebody sends without end to an actor of another
// node that takes nothing. The receiver's side holds what the credit allows, the sender's what an inbox holds, or fewer
// when they are large, and from then on the sender waits, whatever else goes on between the two nodes.

#include "test.h"

#include <acta/acta.h>
#include <pthread.h>
#include <stdio.h>

#include "base/pool.h"
#include "route/node.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RESIDENT_IS_OURS 0 // sanitizers keep what is freed, and more
#else
#define RESIDENT_IS_OURS 1
#endif

#define SLACK_BLOCKS 256 // that questions and answers have under way, and batches that threads hand each other
#define SLACK_BYTES (1024 * 1024)
#define LARGEST 65536

ACTA_MESSAGE(load, (u64, n), (bytes, data));
ACTA_MESSAGE(query);
ACTA_MESSAGE(answer);

static char folder[] = "/tmp/acta-test-XXXXXX";
static char url[sizeof(folder) + 16];
static char payload[LARGEST];

// ---- two systems, a flood and a reader that does not read -------------------------------------

typedef struct world {
    acta_system *here;
    acta_system *there;
    acta_listener *listener;
    acta_node *to_there;
    test_gate read; // opened at the end
    acta_tx *echo;
    uint64_t calls;
    // The flood.
    acta_tx *sink;
    size_t size;
    acti_au64 accepted;
    acti_au32 stop;
    pthread_t thread;
    // The sink.
    uint64_t got, misplaced;
} world;

static int sink_body(acta_self *self, void *arg)
{
    world *w = arg;
    (void)test_gate_wait(&w->read);
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const load *l = acta_as(load, m);
        w->misplaced += l == NULL || l->n != ++w->got;
    }
    return ACTA_OK;
}

static int echo_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL && acta_is(query, m))
        return acta_reply(self, m, answer);
    return ACTA_OK;
}

// A thread outside waits in acta_send while there is no room.
static void *flood(void *arg)
{
    world *w = arg;
    for (uint64_t n = 2; acti_au32_load_acquire(&w->stop) == 0; n++) {
        int status = acta_send(w->sink, load, .n = n, .data = {payload, w->size});
        acti_assert(status == ACTA_OK);
        (void)acti_au64_add_relaxed(&w->accepted, 1);
    }
    acta_tx_drop(&w->sink);
    return NULL;
}

static acta_tx *find(world *w, const char *name)
{
    acta_tx *tx;
    assert_int_equal(acta_node_find(w->to_there, name, 10 * ACTA_SECOND, &tx), ACTA_OK);
    return tx;
}

// call asks another actor of the node, which is not held up; all that has gone there before has arrived then.
static void call(world *w)
{
    acta_msg *m;
    assert_int_equal(acta_call(w->echo, 10 * ACTA_SECOND, &m, query), ACTA_OK);
    acta_msg_free(&m);
    w->calls++;
}

// The first message goes alone, so that it is known by what size the sender's side goes from the second one on.
static void world_open(world *w, size_t first, size_t size)
{
    acta_tx *tx[2];
    *w = (world){.size = size};
    test_gate_init(&w->read);
    assert_int_equal(acta_open(NULL, &w->here), ACTA_OK);
    assert_int_equal(acta_open(NULL, &w->there), ACTA_OK);
    assert_int_equal(acta_spawn(w->there, &tx[0], .body = sink_body, .arg = w, .place = ACTA_THREAD), ACTA_OK);
    assert_int_equal(acta_spawn(w->there, &tx[1], .handler = echo_handler), ACTA_OK);
    assert_int_equal(acta_publish(w->there, "sink", acta_tx_addr(tx[0])), ACTA_OK);
    assert_int_equal(acta_publish(w->there, "echo", acta_tx_addr(tx[1])), ACTA_OK);
    assert_int_equal(acta_node_listen(w->there, url, &w->listener), ACTA_OK);
    assert_int_equal(acta_connect(w->here, url, 10 * ACTA_SECOND, &w->to_there), ACTA_OK);
    w->sink = find(w, "sink");
    w->echo = find(w, "echo");
    acta_tx_drop(&tx[0]);
    acta_tx_drop(&tx[1]);
    assert_int_equal(acta_send(w->sink, load, .n = 1, .data = {payload, first}), ACTA_OK);
    w->accepted = (acti_au64){1};
    call(w);
    assert_int_equal(pthread_create(&w->thread, NULL, flood, w), 0);
}

// world_close has the reader read: all that was accepted arrives.
static void world_close(world *w)
{
    acti_au32_store_release(&w->stop, 1);
    test_gate_open(&w->read);
    pthread_join(w->thread, NULL);
    acta_tx_drop(&w->echo);
    acta_node_drop(&w->to_there);
    assert_int_equal(acta_close(&w->here, 30 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(acta_close(&w->there, 30 * ACTA_SECOND), ACTA_OK);
    assert_int_equal(w->misplaced, 0);
    assert_int_equal(w->got, acti_au64_load_relaxed(&w->accepted));
    test_gate_fini(&w->read);
}

// arrived is how many messages of the flood the receiver's system has taken in.
static uint64_t arrived(const world *w)
{
    acta_ledger ledger;
    acta_ledger_read(w->there, &ledger);
    return ledger.sent - 2 * w->calls; // questions and answers
}

static int64_t resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*s %ld", &pages), 1);
    (void)fclose(f);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

// stays_flat waits until both bounds are reached, and looks whether anything grows after that. No thread is at work
// between two calls, as nobody can be that waits for the reader.
static void stays_flat(world *w, uint64_t credit, uint64_t room)
{
    while (acti_au64_load_relaxed(&w->accepted) < credit + room || arrived(w) < credit)
        call(w);
    call(w);
    int64_t blocks = acti_pool_live();
    int64_t bytes = resident_bytes();
    for (int i = 0; i < 2000; i++)
        call(w);
    assert_int_equal(arrived(w), credit);
    assert_int_equal(acti_au64_load_relaxed(&w->accepted), credit + room);
    assert_true(acti_pool_live() <= blocks + SLACK_BLOCKS);
    if (RESIDENT_IS_OURS)
        assert_true(resident_bytes() <= bytes + SLACK_BYTES);
}

// ---- bounds -----------------------------------------------------------------------------------

// C-BOUND
TEST(small_messages_to_a_reader_that_never_reads_are_bounded_by_their_number)
{
    world w;
    world_open(&w, 16, 16);
    stays_flat(&w, ACTI_NODE_CREDIT_MESSAGES, ACTA_CAPACITY_DEFAULT);
    world_close(&w);
}

// C-BOUND. A message goes out as long as there is any credit left.
TEST(large_messages_to_a_reader_that_never_reads_are_bounded_by_their_bytes)
{
    world w;
    world_open(&w, LARGEST, LARGEST);
    stays_flat(&w, ACTI_NODE_CREDIT_BYTES / LARGEST, ACTI_NODE_LARGE_ROOM);
    world_close(&w);
}

// C-BOUND
TEST(small_messages_behind_a_large_one_have_the_whole_inbox_again)
{
    world w;
    world_open(&w, LARGEST, 16);
    stays_flat(&w, ACTI_NODE_CREDIT_MESSAGES, ACTA_CAPACITY_DEFAULT);
    world_close(&w);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(url, sizeof(url), "ipc://%s/s", folder);
    int failed = TEST_RUN(case_of(small_messages_to_a_reader_that_never_reads_are_bounded_by_their_number),
                          case_of(large_messages_to_a_reader_that_never_reads_are_bounded_by_their_bytes),
                          case_of(small_messages_behind_a_large_one_have_the_whole_inbox_again));
    rmdir(folder);
    return failed;
}
