// SPDX-License-Identifier: MIT
//
// one_process.c - the same actors in one process: nothing but where they run is different.

#include "one_process.h"

#include "name.h"

static int join(net_slot *net, script_slot *script, wiring how)
{
    acta_tx *to_net = acta_tx_dup(net->tx);
    acta_tx *to_router = acta_tx_dup(script->router_tx);
    int status = script_slot_wire(script, how, &to_net);
    if (status == ACTA_OK)
        status = net_slot_begin(net, &to_router);
    acta_tx_drop(&to_router);
    acta_tx_drop(&script->router_tx); // net has found it
    return status;
}

static void run_stream(acta_system *sys, const net_opts *net, const script_opts *script, uint32_t stream,
                       net_tally *tally)
{
    char name[STREAM_NAME];
    net_slot n = {.ended = -1};
    script_slot s = {.cancel = -1};
    stream_name(name, "net", stream);
    int status = net_slot_open(&n, sys, net, name);
    stream_name(name, "router", stream);
    if (status == ACTA_OK)
        status = script_slot_open(&s, sys, script, name);
    if (status == ACTA_OK)
        status = join(&n, &s, script->wiring);
    if (status == ACTA_OK) {
        net_slot_wait(&n);
        if (!script_slot_wait(&s) && stream == 0)
            script_slot_explain(&s);
        tally->last = n.state.result;
        tally->streams++;
        tally->outcome_first += tally->last.outcome_first ? 1 : 0;
    } else {
        net_result_fail(&tally->last, NET_ERROR, acta_strerror(status));
    }
    net_slot_close(&n);
    script_slot_close(&s);
}

void one_process_run(acta_system *sys, const net_opts *net, const script_opts *script, net_tally *tally)
{
    *tally = (net_tally){0};
    for (uint32_t i = 0; i < net->streams && (i == 0 || tally->streams == i); i++)
        run_stream(sys, net, script, i, tally);
}
