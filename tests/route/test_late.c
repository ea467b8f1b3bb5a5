// SPDX-License-Identifier: MIT
//
// test_late.c - C-FIFO: connections of one session that come later than they were made. A caller that had no answer
// calls again, and the network may give the HELLO that it has given up to the node when another has long been answered.

#include "test.h"

#include <acta/acta.h>

#include "raw_peer.h"

static char folder[] = "/tmp/acta-test-XXXXXX";
static char url[sizeof(folder) + 16];

typedef struct world {
    acta_system *sys;
    acta_listener *listener;
    acta_node *node;
    acta_tx *tx;
    raw_peer peer;
} world;

static int does_nothing(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL)
        acta_unhandled(self, m);
    return ACTA_OK;
}

// world_open has a session in which the node has said two frames, and knows that the peer has received them.
static void world_open(world *w)
{
    assert_int_equal(acta_open(NULL, &w->sys), ACTA_OK);
    assert_int_equal(acta_spawn(w->sys, &w->tx, .handler = does_nothing), ACTA_OK);
    assert_int_equal(acta_publish(w->sys, "somebody", acta_tx_addr(w->tx)), ACTA_OK);
    assert_int_equal(acta_node_listen(w->sys, url, &w->listener), ACTA_OK);
    w->peer = peer_init(77);
    peer_meet(&w->peer, url);
    assert_int_equal(acta_node_accept(w->listener, 20 * ACTA_SECOND, &w->node), ACTA_OK);
    (void)peer_find(&w->peer, "somebody");
    (void)peer_find(&w->peer, "somebody");
    peer_ack(&w->peer);
    (void)peer_find(&w->peer, "somebody"); // what comes behind the ACK is answered behind it
}

static void world_close(world *w)
{
    peer_die(&w->peer);
    acta_node_drop(&w->node);
    acta_tx_drop(&w->tx);
    acta_listener_close(&w->listener);
    assert_int_equal(acta_close(&w->sys, 20 * ACTA_SECOND), ACTA_OK);
}

// another is the same peer on another connection, which says that it has received so many frames.
static raw_peer another(const raw_peer *peer, uint64_t received)
{
    raw_peer next = *peer;
    next.us.received = received;
    peer_call(&next, url);
    return next;
}

TEST(a_hello_that_knows_less_than_was_acknowledged_is_closed_and_the_session_goes_on)
{
    world w;
    world_open(&w);
    raw_peer late = another(&w.peer, 1);
    assert_null(peer_read(&late)); // nobody has an answer for it
    peer_cut(&late);
    assert_int_equal(acta_node_status(w.node), ACTA_OK);
    (void)peer_find(&w.peer, "somebody"); // over the connection that there is
    world_close(&w);
}

TEST(a_hello_that_knows_as_much_as_was_acknowledged_takes_the_session_up)
{
    world w;
    world_open(&w);
    raw_peer next = another(&w.peer, 2); // a third frame was said, and comes again
    peer_until_end(&w.peer);
    peer_welcomed(&next);
    assert_int_equal(peer_until(&next, ACTI_FRAME_FOUND)->sequence, 3);
    w.peer = next;
    assert_int_equal(acta_node_status(w.node), ACTA_OK);
    world_close(&w);
}

int main(void)
{
    assert_non_null(mkdtemp(folder));
    snprintf(url, sizeof(url), "ipc://%s/net.sock", folder);
    int status = TEST_RUN(case_of(a_hello_that_knows_less_than_was_acknowledged_is_closed_and_the_session_goes_on),
                          case_of(a_hello_that_knows_as_much_as_was_acknowledged_takes_the_session_up));
    (void)rmdir(folder);
    return status;
}
