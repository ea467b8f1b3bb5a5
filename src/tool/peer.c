// SPDX-License-Identifier: MIT
//
// peer.c - one connection to a node, with one time limit for everything that is asked.

#include <stdio.h>

#include "tool.h"

static void report(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "acta: %s\n", line);
}

static uint64_t left_ns(const tool_peer *peer)
{
    uint64_t now_ns = acta_now_ns(peer->sys);
    return now_ns < peer->deadline_ns ? peer->deadline_ns - now_ns : 0;
}

int tool_peer_open(tool_peer *peer, const tool_question *question)
{
    *peer = (tool_peer){0};
    acta_system_opts opts = {.workers = 1,
                             .report = report,
                             .tls = question->tls,
                             .plaintext_anywhere = question->plaintext_anywhere};
    int status = acta_open(&opts, &peer->sys);
    if (status != ACTA_OK) {
        fprintf(stderr, "acta: cannot start: %s; free some memory or raise the limit on threads\n",
                acta_strerror(status));
        return status;
    }
    uint64_t start_ns = acta_now_ns(peer->sys);
    peer->deadline_ns = start_ns + question->timeout_ns;
    status = acta_connect(peer->sys, question->url, question->timeout_ns, &peer->node);
    peer->connect_ns = acta_now_ns(peer->sys) - start_ns;
    if (status != ACTA_OK) { // the report has said why
        if (status == ACTA_ENOMEM)
            fprintf(stderr, "acta: cannot connect to %s: memory ran out; free some\n", question->url);
        tool_peer_close(peer);
    }
    return status;
}

int tool_peer_find(tool_peer *peer, const char *name, uint64_t *took_ns)
{
    acta_tx *tx = NULL;
    uint64_t start_ns = acta_now_ns(peer->sys);
    int status = acta_node_find(peer->node, name, left_ns(peer), &tx);
    *took_ns = acta_now_ns(peer->sys) - start_ns;
    acta_tx_drop(&tx);
    if (status != ACTA_OK && status != ACTA_ENOENT)
        fprintf(stderr, "acta: the node has welcomed us and then not answered: %s; see whether it still runs\n",
                acta_strerror(status));
    return status;
}

void tool_peer_close(tool_peer *peer)
{
    acta_node_drop(&peer->node);
    (void)acta_close(&peer->sys, ACTA_SECOND); // a peer that hangs has not answered either, and that was said
}
