// SPDX-License-Identifier: MIT
//
// find.c - acta find: whether a node has an actor of that name.

#include <stdio.h>

#include "tool.h"

int tool_find(const tool_question *question)
{
    tool_peer peer;
    int status = tool_peer_open(&peer, question);
    if (status != ACTA_OK)
        return status == ACTA_EINVAL ? TOOL_USAGE : TOOL_TROUBLE;
    uint64_t took_ns;
    status = tool_peer_find(&peer, question->name, &took_ns);
    tool_peer_close(&peer);
    switch (status) {
    case ACTA_OK:
        printf("%s has %s\n", question->url, question->name);
        return TOOL_YES;
    case ACTA_ENOENT:
        printf("%s has no %s\n", question->url, question->name);
        return TOOL_NO;
    default:
        return TOOL_TROUBLE;
    }
}
