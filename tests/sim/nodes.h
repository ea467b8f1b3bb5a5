// SPDX-License-Identifier: MIT
//
// nodes.h - what the tests of nodes in the sim share: two nodes that connect, and actors that check what they get.

#ifndef TEST_SIM_NODES_H
#define TEST_SIM_NODES_H

#include "test.h"

#include <acta/acta.h>
#include <acta/sim.h>

#include "base/pool.h"

#define NODES_URL "ipc:///nodes"

ACTA_MESSAGE(go, (i64, n));
ACTA_MESSAGE(item, (i64, source), (i64, n));
ACTA_MESSAGE(load, (i64, source), (i64, n), (bytes, data));
ACTA_MESSAGE(query, (i64, n));
ACTA_MESSAGE(answer, (i64, n));
ACTA_MESSAGE(parcel, (i64, n), (bytes, data));

// explore runs a scenario, which must hold, and leaves no block of memory behind.
static inline void explore(acta_sim_opts opts, acta_sim_scenario *scenario, void *arg, acta_sim_result *result)
{
    int64_t live = acti_pool_live();
    assert_int_equal(acta_sim_explore_with(&opts, scenario, arg, result), ACTA_OK);
    assert_int_equal(acti_pool_live(), live);
}

// publish_and_serve gives an actor of this system a name and listens for peers, who find it.
static inline bool publish_and_serve(acta_system *sys, const char *name, acta_tx *tx)
{
    acta_listener *listener; // closed with the system
    return acta_publish(sys, name, acta_tx_addr(tx)) == ACTA_OK &&
           acta_node_listen(sys, NODES_URL, &listener) == ACTA_OK;
}

// find_at_peer connects and finds, trying again for a while until somebody listens; NULL: nobody is there, or has died.
// Any time may pass before the next step, so that a first attempt that may last for long comes to nothing now and then.
static inline acta_tx *find_at_peer(acta_sim *sim, acta_system *sys, const char *name)
{
    acta_node *peer = NULL;
    acta_tx *tx = NULL;
    for (int tries = 0; tries < 200 && peer == NULL; tries++)
        if (acta_connect(sys, NODES_URL, tries == 0 ? 10 * ACTA_SECOND : 0, &peer) != ACTA_OK)
            acta_sim_sleep(sim, ACTA_SECOND);
    if (peer != NULL && acta_node_find(peer, name, ACTA_FOREVER, &tx) != ACTA_OK)
        tx = NULL;
    acta_node_drop(&peer);
    return tx;
}

#endif
