// SPDX-License-Identifier: MIT
//
// side_net.c - the net process: what its main thread does around the actor net.
//
// Design notes. Each side needs a sender to an actor of the other, and names are how they find them. A name must be
// published before it is looked for, so each side publishes stream i + 1 before it starts stream i: by the
// time that one of them has finished stream i, and looks for i + 1, the other has started i.

#include "side_net.h"

#include <string.h>
#include <unistd.h>

#include "messages.h"
#include "name.h"
#include "until.h"

#define ACCEPT_SLICE_NS (100 * ACTA_MS) // how often signals are looked at while nobody connects

static void raise_ended(void *arg)
{
    until_raise(((const net_slot *)arg)->ended);
}

int net_slot_open(net_slot *slot, acta_system *sys, const net_opts *opts, const char *name)
{
    memset(slot, 0, sizeof(*slot));
    slot->opts = opts;
    slot->ended = until_flag();
    if (slot->ended < 0)
        return ACTA_EIO;
    int status = acta_spawn(sys, &slot->tx, .body = net_body, .arg = slot, .arg_free = raise_ended, .name = "net");
    if (status != ACTA_OK) {
        close(slot->ended);
        slot->ended = -1;
        return status;
    }
    slot->addr = acta_addr_dup(acta_tx_addr(slot->tx));
    return acta_publish(sys, name, slot->addr);
}

int net_slot_begin(net_slot *slot, acta_tx **router)
{
    acta_msg *answer = NULL;
    int status = acta_call(*router, HELLO_TIMEOUT_NS, &answer, hello);
    acta_msg_free(&answer);
    if (status != ACTA_OK) {
        acta_tx_drop(router);
        return status;
    }
    const net_opts *opts = slot->opts;
    slot->state.window = opts->window;
    slot->state.chunk_bytes = opts->chunk_bytes;
    slot->state.log = opts->log;
    slot->state.each_chunk = opts->each_chunk;
    slot->state.tap = opts->tap != NULL ? acta_tx_dup(opts->tap) : NULL;
    slot->state.router = *router;
    *router = NULL;
    return acta_finish(&slot->tx, begin);
}

void net_slot_wait(net_slot *slot)
{
    int got;
    while ((got = until_raised(slot->ended)) != 0)
        if (until_asked_to_stop(got))
            acta_stop(slot->addr);
}

// The actor's end is waited for, because the slot is its state.
void net_slot_close(net_slot *slot)
{
    if (slot->ended < 0)
        return;
    acta_tx_drop(&slot->tx);
    if (slot->addr != NULL)
        acta_stop(slot->addr);
    net_slot_wait(slot);
    acta_addr_drop(&slot->addr);
    close(slot->ended);
    slot->ended = -1;
}

// ---- peers -----------------------------------------------------------------------

static int find_router(acta_node *node, uint32_t stream, acta_tx **router)
{
    char name[STREAM_NAME];
    stream_name(name, "router", stream);
    return acta_node_find(node, name, HELLO_TIMEOUT_NS, router);
}

// accept_script waits for a peer that has a router. Others are told about, and let go.
static int accept_script(acta_listener *listener, int nobody_fd, acta_node **node, acta_tx **router, net_result *result)
{
    bool last = false;
    for (;;) {
        int status = acta_node_accept(listener, last ? 0 : ACCEPT_SLICE_NS, node);
        if (status == ACTA_OK) {
            status = find_router(*node, 0, router);
            if (status == ACTA_OK)
                return ACTA_OK;
            fprintf(stderr, "body_stream net: a peer that connected has no actor called router (%s); it is let go, and "
                    "the next is waited for\n", acta_strerror(status));
            acta_node_drop(node);
        } else if (status != ACTA_ETIMEOUT) {
            net_result_fail(result, NET_ERROR, acta_strerror(status));
            return status;
        } else if (last) {
            net_result_fail(result, NET_CRASHED, "the script process ended before it had connected");
            return ACTA_ECRASHED;
        }
        int got = until_now(nobody_fd);
        if (until_asked_to_stop(got)) {
            net_result_fail(result, NET_CANCELLED, "this side was told to stop before a script had connected");
            return ACTA_ESTOPPED;
        }
        last = last || got == 0; // it may have connected just before it went
    }
}

// ---- streams ---------------------------------------------------------------------

static int open_stream(net_slot *slot, acta_system *sys, const net_opts *opts, uint32_t stream)
{
    char name[STREAM_NAME];
    stream_name(name, "net", stream);
    return net_slot_open(slot, sys, opts, name);
}

static void run_stream(net_slot *slot, acta_tx **router, net_tally *tally)
{
    int status = net_slot_begin(slot, router);
    if (status == ACTA_OK) {
        net_slot_wait(slot);
        tally->last = slot->state.result;
        tally->streams++;
        tally->outcome_first += tally->last.outcome_first ? 1 : 0;
    } else {
        net_result_fail(&tally->last, NET_CRASHED, "the script process went away before it was ready");
    }
}

static void run_streams(acta_system *sys, const net_opts *opts, acta_node *node, acta_tx **router, net_slot *slots,
                        net_tally *tally)
{
    for (uint32_t i = 0; i < opts->streams; i++) {
        net_slot *slot = &slots[i % 2];
        int status = ACTA_OK;
        if (i + 1 < opts->streams)
            status = open_stream(&slots[(i + 1) % 2], sys, opts, i + 1);
        if (status == ACTA_OK && i > 0)
            status = find_router(node, i, router);
        if (status == ACTA_OK)
            run_stream(slot, router, tally);
        else
            net_result_fail(&tally->last, status == ACTA_ECRASHED ? NET_CRASHED : NET_ERROR, acta_strerror(status));
        net_slot_close(slot);
        if (status != ACTA_OK || tally->last.outcome == NET_CRASHED || tally->last.outcome == NET_CANCELLED)
            return;
    }
}

void net_side_run(acta_system *sys, const net_opts *opts, net_tally *tally)
{
    *tally = (net_tally){0};
    net_slot slots[2] = {{.ended = -1}, {.ended = -1}};
    acta_listener *listener = NULL;
    int status = open_stream(&slots[0], sys, opts, 0);
    if (status == ACTA_OK)
        status = acta_node_listen(sys, opts->url, &listener);
    if (status == ACTA_OK) {
        int nobody_fd = opts->listening != NULL ? opts->listening(opts->listening_arg) : -1;
        acta_node *node = NULL;
        acta_tx *router = NULL;
        status = accept_script(listener, nobody_fd, &node, &router, &tally->last);
        acta_listener_close(&listener); // one script is served
        if (status == ACTA_OK) {
            run_streams(sys, opts, node, &router, slots, tally);
            acta_node_drop(&node);
        }
    } else {
        char cause[256];
        snprintf(cause, sizeof(cause), "cannot listen at %s: %s", opts->url, acta_strerror(status));
        net_result_fail(&tally->last, NET_ERROR, cause);
    }
    net_slot_close(&slots[0]);
    net_slot_close(&slots[1]);
}
