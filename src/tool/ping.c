// SPDX-License-Identifier: MIT
//
// ping.c - acta ping: whether a node answers, and how fast.

#include <stdio.h>

#include "tool.h"

// Asking for a name goes through everything that a message needs: the session, the peer's workers, and back. Nobody
// needs to have this one.
#define NOBODY "acta ping"

int tool_ping(const tool_question *question)
{
    tool_peer peer;
    int status = tool_peer_open(&peer, question);
    if (status != ACTA_OK)
        return status == ACTA_EINVAL ? TOOL_USAGE : TOOL_NO;
    uint64_t took_ns;
    status = tool_peer_find(&peer, NOBODY, &took_ns);
    bool answers = status == ACTA_OK || status == ACTA_ENOENT;
    if (answers)
        printf("%s answers: connected in %.3f ms, there and back in %.3f ms\n", question->url,
               (double)peer.connect_ns / 1e6, (double)took_ns / 1e6);
    tool_peer_close(&peer);
    return answers ? TOOL_YES : TOOL_NO;
}
