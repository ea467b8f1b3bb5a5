// SPDX-License-Identifier: MIT
//
// tool.h - what the files of the acta command share: exit statuses, and a node to ask.

#ifndef ACTA_TOOL_H
#define ACTA_TOOL_H

#include <acta/acta.h>

// Exit statuses; docs/acta.1 tells users of them.
enum {
    TOOL_YES = 0,
    TOOL_NO = 1,      // the question was put, and the answer is no
    TOOL_USAGE = 2,   // the command line cannot be right
    TOOL_TROUBLE = 3, // the question could not be put or its answer not written
};

// A question to a node. name is NULL where the command has none.
typedef struct tool_question {
    const char *url;
    const char *name;
    uint64_t timeout_ns; // for all of it
    acta_tls_opts tls;
    bool plaintext_anywhere;
} tool_question;

// tool_ping and tool_find put a question and print the answer. They give the exit status.
int
tool_ping(const tool_question *question);
int
tool_find(const tool_question *question);

// tool_errors prints the table of status codes.
int
tool_errors(void);

// One connection, from tool_peer_open to tool_peer_close.
typedef struct tool_peer {
    acta_system *sys;
    acta_node *node;
    uint64_t deadline_ns;
    uint64_t connect_ns; // how long the welcome took
} tool_peer;

// tool_peer_open connects to the node at question->url. On failure it has said why on standard error, and there is
// nothing to close. ACTA_OK or a status.
int
tool_peer_open(tool_peer *peer, const tool_question *question);

// tool_peer_find asks the node for a name. *took_ns is how long the answer took. ACTA_OK: somebody has that name;
// ACTA_ENOENT: nobody has; else there was no answer, which has been said on standard error.
int
tool_peer_find(tool_peer *peer, const char *name, uint64_t *took_ns);

// tool_peer_close says goodbye.
void
tool_peer_close(tool_peer *peer);

#endif
