// SPDX-License-Identifier: MIT
//
// test_pieces_nomem.c - large messages without memory: one that cannot be encoded is lost and reported, and begins
// nothing; what is begun goes on when there is some again.

#include "test.h"

#include <acta/acta.h>
#include <stdio.h>

#include "base/atomic.h"
#include "route/pieces.h"

ACTA_MESSAGE(blob, (bytes, data));

enum { SIZE = 4 << 20 };

// ---- allocations that fail -------------------------------------------------------

static acti_au32 failing; // so many of them are to fail
static acti_au64 from;    // of at least so many bytes
static acti_au64 to;      // and at most so many
static acti_au32 failed;

static bool fails(size_t size)
{
    if (size < acti_au64_load_relaxed(&from) || size > acti_au64_load_relaxed(&to))
        return false;
    uint32_t left = acti_au32_load_relaxed(&failing);
    while (left > 0)
        if (acti_au32_cas_acquire(&failing, &left, left - 1)) {
            (void)acti_au32_add_relaxed(&failed, 1);
            return true;
        }
    return false;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails(size) ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return fails(n * size) ? NULL : __real_calloc(n, size);
}

static void starve(uint32_t times, uint64_t least, uint64_t most)
{
    acti_au32_store_relaxed(&failed, 0);
    acti_au64_store_relaxed(&from, least);
    acti_au64_store_relaxed(&to, most);
    acti_au32_store_relaxed(&failing, times);
}

// ---- two systems -----------------------------------------------------------------

static char folder[] = "/tmp/acta-test-XXXXXX";
static char url[sizeof(folder) + 16];
static uint8_t bytes[SIZE];

typedef struct world {
    acta_system *here, *there;
    acta_listener *listener;
    acta_node *node;
    acta_tx *tx;
    uint64_t got;
    uint64_t broken; // that were not what was sent
} world;

static int sink_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    world *w = arg;
    const blob *b = m != NULL ? acta_as(blob, m) : NULL;
    if (b == NULL)
        return ACTA_OK;
    w->got++;
    w->broken += b->data.size != SIZE || memcmp(b->data.data, bytes, SIZE) != 0;
    return ACTA_OK;
}

static acti_au32 reported;

static void report(void *arg, const char *line)
{
    (void)arg;
    if (strstr(line, "was lost") != NULL)
        (void)acti_au32_add_relaxed(&reported, 1);
}

static void world_open(world *w)
{
    *w = (world){0};
    acta_tx *own;
    acta_system_opts opts = {.report = report};
    acti_au32_store_relaxed(&reported, 0);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
    assert_int_equal(acta_open(&opts, &w->here), ACTA_OK);
    assert_int_equal(acta_open(&opts, &w->there), ACTA_OK);
    assert_int_equal(acta_spawn(w->there, &own, .handler = sink_handler, .arg = w), ACTA_OK);
    assert_int_equal(acta_publish(w->there, "sink", acta_tx_addr(own)), ACTA_OK);
    assert_int_equal(acta_node_listen(w->there, url, &w->listener), ACTA_OK);
    assert_int_equal(acta_connect(w->here, url, 10 * ACTA_SECOND, &w->node), ACTA_OK);
    assert_int_equal(acta_node_find(w->node, "sink", 10 * ACTA_SECOND, &w->tx), ACTA_OK);
    acta_tx_drop(&own);
}

// world_close closes both, the sender first, so that all has come that will.
static void world_close(world *w)
{
    acta_tx_drop(&w->tx);
    acta_node_drop(&w->node);
    assert_int_equal(acta_close(&w->here, 20 * ACTA_SECOND), ACTA_OK);
    acta_listener_close(&w->listener);
    assert_int_equal(acta_close(&w->there, 20 * ACTA_SECOND), ACTA_OK);
    acti_au32_store_relaxed(&failing, 0);
}

static void send_two(world *w)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(acta_send(w->tx, blob, .data = {bytes, SIZE}), ACTA_OK);
}

TEST(a_message_that_cannot_be_begun_is_lost_and_reported_and_the_next_arrives)
{
    world w;
    world_open(&w);
    starve(1, sizeof(acti_pieces), sizeof(acti_pieces));
    send_two(&w);
    world_close(&w);
    assert_int_equal(acti_au32_load_relaxed(&failed), 1);
    assert_int_equal(acti_au32_load_relaxed(&reported), 1);
    assert_int_equal(w.got, 1);
    assert_int_equal(w.broken, 0);
}

TEST(a_message_is_encoded_with_the_memory_that_it_needs_when_there_is_no_more)
{
    world w;
    world_open(&w);
    starve(1, SIZE + 1024, SIZE + 65536); // for more than its encoding takes
    send_two(&w);
    world_close(&w);
    assert_int_equal(acti_au32_load_relaxed(&failed), 1);
    assert_int_equal(w.got, 2);
    assert_int_equal(w.broken, 0);
}

// C-FIFO
TEST(a_piece_without_memory_is_said_when_there_is_some_again)
{
    world w;
    world_open(&w);
    starve(10, ACTI_PIECE_BYTES + 1, ACTI_PIECE_BYTES + 64); // of frames
    send_two(&w);
    world_close(&w);
    assert_int_equal(acti_au32_load_relaxed(&failed), 10);
    assert_int_equal(w.got, 2);
    assert_int_equal(w.broken, 0);
}

// C-LEDGER: the systems assert theirs when they are closed.
TEST(a_receiver_without_memory_for_a_piece_breaks_the_session_and_nothing_else)
{
    const size_t sizes[] = {ACTI_PIECE_BYTES, ACTI_BEGUN_MAX * sizeof(acti_begun_message)};
    for (int i = 0; i < 2; i++) {
        world w;
        world_open(&w);
        starve(1, sizes[i], sizes[i]);
        assert_int_equal(acta_send(w.tx, blob, .data = {bytes, SIZE}), ACTA_OK);
        while (acta_node_status(w.node) == ACTA_OK)
            continue;
        assert_int_equal(acta_node_status(w.node), ACTA_ENOMEM);
        world_close(&w);
        assert_int_equal(w.got, 0);
    }
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(url, sizeof(url), "ipc://%s/it", folder);
    int failures = TEST_RUN(case_of(a_message_that_cannot_be_begun_is_lost_and_reported_and_the_next_arrives),
                            case_of(a_message_is_encoded_with_the_memory_that_it_needs_when_there_is_no_more),
                            case_of(a_piece_without_memory_is_said_when_there_is_some_again),
                            case_of(a_receiver_without_memory_for_a_piece_breaks_the_session_and_nothing_else));
    char path[64];
    snprintf(path, sizeof(path), "%s/it.lock", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    return failures;
}
