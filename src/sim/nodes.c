// SPDX-License-Identifier: MIT
//
// nodes.c - the systems of a world: opened, killed, restarted, paused and closed.
//
// A node that is killed goes off the network first: from then on no other node can see anything of it. Then it is
// cleared away within the same step, unseen, by the code that closes any system: its threads return from what they wait
// for, its actors are ended by force, its sessions find that their connections are gone. Only steps of this node run
// meanwhile, the oldest first, and time stands still.

#include <stdlib.h>
#include <string.h>

#include "core/type.h"
#include "route/router.h"
#include "sim/kernel.h"

enum { LANE_HOST = 48 };

// close_system gives what acta_close does. Until the system is freed, which the carrier hears of, time goes on in it.
static int close_system(acti_sim_node *node)
{
    acta_system *sys = node->sys;
    int status = acta_close(&sys, 0);
    node->sys = NULL;
    return status;
}

static int open_system(acti_sim_node *node)
{
    acta_sim *sim = node->sim;
    acta_system_opts opts = node->opts.system;
    opts.workers = 1;
    opts.long_turn_ns = ACTA_FOREVER;
    if (opts.heartbeat_ns == 0)
        opts.heartbeat_ns = ACTA_FOREVER; // else something would be to be done for ever
    opts.report = sim->report;
    opts.report_arg = sim->report_arg;
    if (sim->trace != NULL)
        opts.track_senders = ACTA_TRACK_ON;
    node->carrier = acti_sim_carrier();
    int status = acti_system_open(&opts, &node->carrier, &node->sys);
    if (status != ACTA_OK)
        return status;
    status = acti_router_use(node->sys, &node->host.links, node->name);
    if (status != ACTA_OK)
        (void)close_system(node);
    return status;
}

int acti_sim_node_add(acta_sim *sim, const acta_sim_node_opts *opts, acti_sim_node **out)
{
    if (sim->node_count == ACTI_SIM_NODES_MAX)
        return ACTA_EFULL;
    acti_sim_node *node = &sim->nodes[sim->node_count];
    *node = (acti_sim_node){.sim = sim, .index = (uint8_t)sim->node_count, .starts = 1, .opts = *opts};
    acti_name_copy(node->name, opts->name != NULL ? opts->name : "node");
    acti_net_host_init(&node->host, &sim->net, acti_sim_mix(LANE_HOST, sim->node_count));
    int status = open_system(node);
    if (status != ACTA_OK)
        return status;
    sim->node_count++;
    *out = node;
    return ACTA_OK;
}

static void boot(void *arg)
{
    acti_sim_node *node = arg;
    node->opts.boot(node->sim, node->sys, node->opts.arg);
}

static int start(acti_sim_node *node)
{
    return acti_sim_thread_start(node->sim, node->index, node->name, boot, node);
}

int acta_sim_node_start(acta_sim *sim, const acta_sim_node_opts *opts, acta_sim_node **out)
{
    if (opts->boot == NULL)
        return ACTA_EINVAL;
    acti_sim_node *node;
    int status = acti_sim_node_add(sim, opts, &node);
    if (status == ACTA_OK)
        status = start(node);
    if (status == ACTA_OK)
        *out = node;
    return status;
}

bool acta_sim_node_is_up(const acta_sim_node *node)
{
    return node->sys != NULL && !node->paused;
}

uint32_t acta_sim_node_starts(const acta_sim_node *node)
{
    return node->starts;
}

// ---- killing ---------------------------------------------------------------------------------

static void run_all(acta_sim *sim)
{
    while (acti_sim_step(sim))
        continue;
}

void acti_sim_node_kill(acti_sim_node *node)
{
    acta_sim *sim = node->sim;
    acti_sim_node_pause(node, false);
    acti_net_host_down(&node->host);
    bool ending = sim->ending;
    sim->ending = true;
    sim->only = node->index;
    acti_threads_finish(sim);
    run_all(sim); // dials that nobody waits for any more
    (void)close_system(node);
    run_all(sim); // links that are left to close
    acti_threads_end(sim);
    sim->only = ACTI_SIM_NONE;
    sim->ending = ending;
}

void acti_sim_node_restart(acti_sim_node *node)
{
    node->host.down = false;
    node->starts++;
    if (open_system(node) != ACTA_OK || start(node) != ACTA_OK)
        node->sim->no_memory = true;
}

void acti_sim_node_pause(acti_sim_node *node, bool paused)
{
    node->paused = paused;
    node->host.still = paused;
}

// ---- the end of the schedule -------------------------------------------------------------------

bool acti_sim_nodes_close(acta_sim *sim)
{
    bool in_order = true;
    acti_threads_finish(sim);
    for (uint32_t i = 0; i < sim->node_count; i++)
        if (sim->nodes[i].sys != NULL)
            in_order &= close_system(&sim->nodes[i]) != ACTA_ELEDGER;
    run_all(sim);
    return in_order;
}
