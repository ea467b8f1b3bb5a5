// SPDX-License-Identifier: MIT
//
// messages.h - what net, router and script say to each other.
//
//     net's thread  -- hello -->  router             are you wired?  (a request, answered with welcome)
//     net           -- pull  -->  router --> script  so many more chunks may come
//     script        -- chunk, failed, done -->  net  the body; which way they go is the wiring
//     script        -- end   -->  router --> net     "please shut down"; not in the wiring `drop`

#ifndef BODY_STREAM_MESSAGES_H
#define BODY_STREAM_MESSAGES_H

#include <acta/message.h>

ACTA_MESSAGE(hello);
ACTA_MESSAGE(welcome);
ACTA_MESSAGE(begin); // from the thread that wired an actor to that actor: all your senders are in place

// Demand: chunks more may come, of at most bytes each. What was allowed before stays allowed.
ACTA_MESSAGE(pull, (u64, chunks), (u64, bytes));

// A piece of the body. offset is where it belongs, so that a gap or a swap is seen.
ACTA_MESSAGE(chunk, (u64, offset), (bytes, data));

// The outcome: one of these, once. total and sha256 (in hex) are the source's own count. It matters what comes before
// these and what behind them, and they say so.
ACTA_MESSAGE_TERMINAL(done, (u64, total), (str, sha256));
ACTA_MESSAGE_TERMINAL(failed, (str, cause));

ACTA_MESSAGE_TERMINAL(end);

#define CHUNK_BYTES_DEFAULT (64 * 1024)
#define CHUNK_BYTES_MAX (1024 * 1024)
#define WINDOW_DEFAULT 16 // chunks
#define WINDOW_MAX 1024

#endif
