// SPDX-License-Identifier: MIT
//
// nodes.h - what the tests of nodes in the sim share: two nodes that connect, and actors that check what they get.

#ifndef TEST_SIM_NODES_H
#define TEST_SIM_NODES_H

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

#include "base/pool.h"
#include "items.h"

#define NODES_URL "ipc:///nodes"

ACTA_MESSAGE(load, (i64, source), (i64, n), (bytes, data));
ACTA_MESSAGE(parcel, (i64, n), (bytes, data));

// explore runs a scenario, which must hold, and leaves no block of memory behind.
static inline void explore(acta_sim_opts opts, acta_sim_scenario *scenario, void *arg, acta_sim_result *result)
{
    int64_t live = acti_pool_live();
    assert_int_equal(acta_sim_explore_with(&opts, scenario, arg, result), ACTA_OK);
    assert_int_equal(acti_pool_live(), live);
}

// publish_and_serve_at gives an actor of this system a name and listens at url for peers, who find it;
// publish_and_serve does so at the one URL of scenarios in which one node listens.
static inline bool publish_and_serve_at(acta_system *sys, const char *url, const char *name, acta_tx *tx)
{
    acta_listener *listener; // closed with the system
    return acta_publish(sys, name, acta_tx_addr(tx)) == ACTA_OK && acta_node_listen(sys, url, &listener) == ACTA_OK;
}
static inline bool publish_and_serve(acta_system *sys, const char *name, acta_tx *tx)
{
    return publish_and_serve_at(sys, NODES_URL, name, tx);
}

// find_at connects and finds, trying again so many times until somebody listens; NULL: nobody is there, or has died.
// Any time may pass before the next step, so that a first attempt that may last for long comes to nothing now and then.
// find_at_peer does so at the one URL.
static inline acta_tx *find_at(acta_sim *sim, acta_system *sys, const char *url, const char *name, int again)
{
    acta_node *peer = NULL;
    acta_tx *tx = NULL;
    for (int tries = 0; tries <= again && peer == NULL; tries++)
        if (acta_connect(sys, url, tries == 0 ? 10 * ACTA_SECOND : 0, &peer) != ACTA_OK)
            acta_sim_sleep(sim, ACTA_SECOND);
    if (peer != NULL && acta_node_find(peer, name, ACTA_FOREVER, &tx) != ACTA_OK)
        tx = NULL;
    acta_node_drop(&peer);
    return tx;
}
static inline acta_tx *find_at_peer(acta_sim *sim, acta_system *sys, const char *name)
{
    return find_at(sim, sys, NODES_URL, name, 200);
}

#endif
