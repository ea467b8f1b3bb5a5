// SPDX-License-Identifier: MIT
//
// side_script.c - the script process: what its main thread does around the actors router and script.

#include "side_script.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "messages.h"
#include "name.h"
#include "until.h"

#define CONNECT_TIMEOUT_NS (10 * ACTA_SECOND)

const char *const wiring_names[3] = {"two-routes", "router", "drop"};

bool wiring_parse(const char *text, wiring *out)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, wiring_names[i]) == 0) {
            *out = (wiring)i;
            return true;
        }
    }
    return false;
}

static void complain(const char *what, const char *why)
{
    fprintf(stderr, "body_stream script: %s: %s\n", what, why);
}

static void router_has_ended(void *arg)
{
    const router_state *r = arg;
    until_raise(((const script_slot *)(const void *)((const char *)r - offsetof(script_slot, router)))->router_ended);
}

static void script_has_ended(void *arg)
{
    until_raise(((const script_slot *)arg)->script_ended);
}

static int open_flags(script_slot *slot)
{
    slot->cancel = until_flag();
    slot->script_ended = until_flag();
    slot->router_ended = until_flag();
    return slot->cancel >= 0 && slot->script_ended >= 0 && slot->router_ended >= 0 ? ACTA_OK : ACTA_EIO;
}

int script_slot_open(script_slot *slot, acta_system *sys, const script_opts *opts, const char *name)
{
    memset(slot, 0, sizeof(*slot));
    int status = open_flags(slot);
    slot->script.from = opts->from;
    slot->script.cancel_fd = slot->cancel;
    slot->router.cancel_fd = slot->cancel;
    // On a thread of its own: it blocks in reading.
    if (status == ACTA_OK)
        status = acta_spawn(sys, &slot->script_tx, .body = script_body, .arg = &slot->script, .place = ACTA_THREAD,
                            .arg_free = script_has_ended, .name = "script");
    if (status != ACTA_OK)
        return status;
    slot->script_addr = acta_addr_dup(acta_tx_addr(slot->script_tx));
    status = acta_spawn(sys, &slot->router_tx, .body = router_body, .arg = &slot->router,
                        .arg_free = router_has_ended, .name = "router");
    if (status != ACTA_OK)
        return status;
    slot->router_addr = acta_addr_dup(acta_tx_addr(slot->router_tx));
    return acta_publish(sys, name, slot->router_addr);
}

int script_slot_wire(script_slot *slot, wiring how, acta_tx **net)
{
    script_state *s = &slot->script;
    router_state *r = &slot->router;
    r->net_addr = acta_addr_dup(acta_tx_addr(*net));
    r->script = slot->script_tx;
    slot->script_tx = NULL;
    switch (how) {
    case WIRING_TWO_ROUTES:
        s->out = acta_tx_dup(*net);
        s->end_to = acta_tx_dup(slot->router_tx);
        r->net = *net;
        break;
    case WIRING_ROUTER:
        s->out = acta_tx_dup(slot->router_tx);
        s->end_to = acta_tx_dup(slot->router_tx);
        r->net = *net;
        break;
    case WIRING_DROP:
        s->out = *net;
        break;
    }
    *net = NULL;
    return acta_send(slot->router_tx, begin);
}

static void wait_for(int flag, const script_slot *slot)
{
    int got;
    while ((got = until_raised(flag)) != 0) {
        if (until_asked_to_stop(got)) {
            until_raise(slot->cancel);
            acta_stop(slot->script_addr);
            if (flag == slot->router_ended)
                acta_stop(slot->router_addr);
        }
    }
}

bool script_slot_wait(script_slot *slot)
{
    wait_for(slot->script_ended, slot);
    // Until now net may not have found it. From here on it is net that keeps it open, and its end that says that
    // net has taken everything.
    acta_tx_drop(&slot->router_tx);
    wait_for(slot->router_ended, slot);
    return slot->script.complete && slot->router.net_end == ACTA_OK;
}

void script_slot_explain(const script_slot *slot)
{
    if (slot->router.net_end != ACTA_OK)
        complain("net went away before it had taken the whole body", acta_strerror(slot->router.net_end));
    else
        complain("the body is not complete", slot->script.cause);
}

static void end_actor(acta_tx **tx, acta_addr **addr, int *flag)
{
    acta_tx_drop(tx);
    if (*addr != NULL) {
        acta_stop(*addr);
        while (until_raised(*flag) != 0)
            continue;
        acta_addr_drop(addr);
    }
    if (*flag >= 0)
        close(*flag);
    *flag = -1;
}

// The actors' ends are waited for, because the slot is their state.
void script_slot_close(script_slot *slot)
{
    if (slot->cancel < 0)
        return;
    until_raise(slot->cancel);
    end_actor(&slot->script_tx, &slot->script_addr, &slot->script_ended);
    end_actor(&slot->router_tx, &slot->router_addr, &slot->router_ended);
    close(slot->cancel);
    slot->cancel = -1;
}

// ---- streams ---------------------------------------------------------------------

static int open_stream(script_slot *slot, acta_system *sys, const script_opts *opts, uint32_t stream)
{
    char name[STREAM_NAME];
    stream_name(name, "router", stream);
    return script_slot_open(slot, sys, opts, name);
}

static int wire_stream(script_slot *slot, acta_node *node, const script_opts *opts, uint32_t stream)
{
    char name[STREAM_NAME];
    acta_tx *net = NULL;
    stream_name(name, "net", stream);
    int status = acta_node_find(node, name, CONNECT_TIMEOUT_NS, &net);
    return status == ACTA_OK ? script_slot_wire(slot, opts->wiring, &net) : status;
}

static bool run_streams(acta_system *sys, const script_opts *opts, acta_node *node, script_slot *slots)
{
    uint32_t not_done = 0;
    for (uint32_t i = 0; i < opts->streams; i++) {
        script_slot *slot = &slots[i % 2];
        int status = ACTA_OK;
        if (i + 1 < opts->streams)
            status = open_stream(&slots[(i + 1) % 2], sys, opts, i + 1);
        if (status == ACTA_OK)
            status = wire_stream(slot, node, opts, i);
        if (status == ACTA_OK && !script_slot_wait(slot) && not_done++ == 0 && !opts->quiet)
            script_slot_explain(slot); // the first of them
        if (status != ACTA_OK)
            complain("no stream to net could be set up", acta_strerror(status));
        bool stop = status != ACTA_OK || slot->router.net_end != ACTA_OK;
        script_slot_close(slot);
        if (stop)
            return false;
    }
    return not_done == 0;
}

bool script_side_run(acta_system *sys, const script_opts *opts)
{
    script_slot slots[2] = {{.cancel = -1}, {.cancel = -1}};
    acta_node *node = NULL;
    bool good = false;
    int status = open_stream(&slots[0], sys, opts, 0);
    if (status == ACTA_OK)
        status = acta_connect(sys, opts->url, CONNECT_TIMEOUT_NS, &node);
    if (status == ACTA_OK) {
        good = run_streams(sys, opts, node, slots);
        acta_node_drop(&node);
    } // else report has said why
    script_slot_close(&slots[0]);
    script_slot_close(&slots[1]);
    return good;
}
