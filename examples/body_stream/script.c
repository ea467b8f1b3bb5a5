// SPDX-License-Identifier: MIT
//
// script.c - the actor that reads the source and sends the body, as fast as it is asked to.
//
// Design notes. Whoever asks gets one outcome: done, or failed with the cause, and behind it the end. How the end
// is told is the point of this example. With end_to it is a message like any other, and where it takes another way
// than the error, nothing orders the two. Without, the last message and the release of the last sender are one call,
// acta_finish, and the receiver's EOF comes behind it whatever happens.

#include "script.h"

#include <acta/acta.h>
#include <stdio.h>
#include <stdlib.h>

#include "messages.h"

static void conclude_done(script_state *s)
{
    digest_text(&s->sha, s->sha256);
    int status;
    if (s->end_to == NULL) {
        status = acta_finish(&s->out, done, .total = s->source.at, .sha256 = s->sha256);
    } else {
        status = acta_send(s->end_to, done, .total = s->source.at, .sha256 = s->sha256);
        acta_finish(&s->end_to, end);
        acta_tx_drop(&s->out);
    }
    s->complete = status == ACTA_OK;
    if (!s->complete)
        snprintf(s->cause, sizeof(s->cause), "net went away before the end: %s", acta_strerror(status));
}

// conclude_failed: nobody may be left to hear it, and then there is nothing to do about it.
static void conclude_failed(script_state *s)
{
    if (s->end_to == NULL) {
        acta_finish(&s->out, failed, .cause = s->cause);
    } else {
        (void)!acta_send(s->out, failed, .cause = s->cause);
        acta_finish(&s->end_to, end);
        acta_tx_drop(&s->out);
    }
}

// serve_one reads and sends one chunk. True when it was not the last.
static bool serve_one(script_state *s)
{
    uint64_t offset = s->source.at;
    ssize_t n = source_read(&s->source, s->buffer, s->buffer_bytes);
    if (n == 0) {
        conclude_done(s);
        return false;
    }
    if (n < 0) {
        snprintf(s->cause, sizeof(s->cause), "%s", s->source.cause);
        conclude_failed(s);
        return false;
    }
    sha256_update(&s->sha, (size_t)n, s->buffer);
    int status = acta_send(s->out, chunk, .offset = offset, .data = {s->buffer, (size_t)n});
    if (status != ACTA_OK) {
        snprintf(s->cause, sizeof(s->cause), "net went away after %llu bytes: %s", (unsigned long long)offset,
                 acta_strerror(status));
        conclude_failed(s);
    }
    return status == ACTA_OK;
}

// prepare opens the source when it is first asked for: that it cannot be opened is an outcome, too.
static bool prepare(script_state *s, const pull *p)
{
    if (p->bytes == 0 || p->bytes > CHUNK_BYTES_MAX || p->chunks > WINDOW_MAX || s->demand > WINDOW_MAX) {
        snprintf(s->cause, sizeof(s->cause), "net asked for %llu chunks of %llu bytes: at most %d of %d",
                 (unsigned long long)p->chunks, (unsigned long long)p->bytes, WINDOW_MAX, CHUNK_BYTES_MAX);
        return false;
    }
    if (s->buffer_bytes != p->bytes) {
        free(s->buffer);
        s->buffer_bytes = (size_t)p->bytes;
        s->buffer = malloc(s->buffer_bytes);
    }
    if (s->buffer == NULL) {
        snprintf(s->cause, sizeof(s->cause), "no memory for a chunk of %zu bytes", s->buffer_bytes);
        return false;
    }
    if (!s->opened && source_open(&s->source, &s->from, s->cancel_fd) != 0) {
        snprintf(s->cause, sizeof(s->cause), "%s", s->source.cause);
        return false;
    }
    s->opened = true;
    s->demand += p->chunks;
    return true;
}

static bool serve(script_state *s, const pull *p)
{
    if (!prepare(s, p)) {
        conclude_failed(s);
        return false;
    }
    for (; s->demand > 0; s->demand--)
        if (!serve_one(s))
            return false;
    return true;
}

int script_body(acta_self *self, void *arg)
{
    script_state *s = arg;
    sha256_init(&s->sha);
    bool more = true;
    while (more) {
        acta_msg *m = acta_recv(self);
        if (m == NULL)
            break;
        const pull *p = acta_as(pull, m);
        if (p != NULL)
            more = serve(s, p);
        else
            acta_unhandled(self, m);
        acta_msg_free(&m);
    }
    if (more && s->out != NULL) { // no outcome was sent, and nobody asks any more
        snprintf(s->cause, sizeof(s->cause), "%s",
                 acta_eof(self) == ACTA_ESTOPPED ? "the script was told to stop" : "net went away and asks no more");
        conclude_failed(s);
    }
    if (s->opened)
        source_close(&s->source);
    free(s->buffer);
    s->buffer = NULL;
    return ACTA_OK; // a body that fails is a result, and told as such
}
