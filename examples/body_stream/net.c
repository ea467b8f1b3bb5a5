// SPDX-License-Identifier: MIT
//
// net.c - the actor that asks for a body and takes it.
//
// Design notes. It asks for a window of chunks at once, so that script need not wait for a journey there and back after
// each, and renews half of the window at a time, so that few messages go that way.
//
// What it calls the outcome is decided by the first of: `failed`; `done` with all the bytes that done speaks of; `end`;
// EOF. So an end that overtakes the last chunks of a good body does no harm, because done says how much there is.
// Nothing of that kind can be said for an error: an end that overtakes an error hides it.

#include "net.h"

#include <acta/acta.h>
#include <string.h>

#include "messages.h"

// put_plain writes text that a stranger may have written: it stays on its line.
static void put_plain(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
}

static void tell(net_state *n, const char *what, const char *more)
{
    if (n->log == NULL)
        return;
    if (n->untold > 0)
        fprintf(n->log, "chunks %llu, %llu bytes so far\n", (unsigned long long)n->untold,
                (unsigned long long)n->result.bytes);
    n->untold = 0;
    fputs(what, n->log);
    if (more[0] != '\0')
        fputs(": ", n->log);
    put_plain(n->log, more);
    fputc('\n', n->log);
    fflush(n->log);
}

// decide fixes the outcome, unless it is known already, and asks for nothing more.
static void decide(net_state *n, net_outcome outcome, const char *cause)
{
    acta_tx_drop(&n->router);
    if (n->result.outcome != NET_NONE)
        return;
    n->result.outcome = outcome;
    n->result.outcome_first = !n->end_came;
    snprintf(n->result.cause, sizeof(n->result.cause), "%s", cause);
}

static void ask_for(net_state *n, uint32_t chunks)
{
    if (n->router == NULL)
        return;
    // A failure means that router's process has gone, or is ending; EOF will say which.
    if (acta_send(n->router, pull, .chunks = chunks, .bytes = n->chunk_bytes) != ACTA_OK)
        acta_tx_drop(&n->router);
}

// settle looks whether a body that is done is complete.
static void settle(net_state *n)
{
    if (!n->done_came || n->result.bytes < n->total)
        return;
    char ours[DIGEST_TEXT];
    struct sha256_ctx so_far = n->sha;
    digest_text(&so_far, ours);
    if (n->result.bytes == n->total && strcmp(ours, n->source_sha256) == 0)
        decide(n, NET_DONE, "");
    else
        decide(n, NET_ERROR, "the body is not what the source read: sizes or SHA-256 differ");
}

static void take_chunk(net_state *n, const acta_msg *m)
{
    const chunk *c = acta_as(chunk, m);
    if (n->log != NULL && n->each_chunk) {
        fprintf(n->log, "chunk %zu at %llu\n", c->data.size, (unsigned long long)c->offset);
        fflush(n->log);
    } else {
        n->untold++;
    }
    if (c->offset != n->result.bytes) {
        char why[128];
        snprintf(why, sizeof(why), "a chunk of offset %llu came at %llu: chunks were lost or swapped",
                 (unsigned long long)c->offset, (unsigned long long)n->result.bytes);
        decide(n, NET_ERROR, why);
        n->give_up = true;
        return;
    }
    sha256_update(&n->sha, c->data.size, c->data.data);
    n->result.bytes += c->data.size;
    if (n->tap != NULL)
        (void)!acta_send_body(n->tap, m->type, c); // whoever looks on may leave
    if (++n->owed * 2 >= n->window) {
        ask_for(n, n->owed);
        n->owed = 0;
    }
    settle(n);
}

static void take_done(net_state *n, const done *d)
{
    n->done_came = true;
    n->total = d->total;
    snprintf(n->source_sha256, sizeof(n->source_sha256), "%s", d->sha256);
    tell(n, "done", d->sha256);
    settle(n);
}

// take_end is the shutdown of the wirings that have one: a real program would tear down now. This one stays, to tell
// what comes too late.
static void take_end(net_state *n)
{
    tell(n, "end", "");
    n->end_came = true;
    if (!n->done_came)
        decide(n, NET_ERROR, "the end came before the outcome, so the true cause was not known");
    acta_tx_drop(&n->router);
}

static void take_eof(acta_self *self, net_state *n)
{
    int why = acta_eof(self);
    tell(n, "eof", why != ACTA_OK ? acta_strerror(why) : "");
    n->end_came = true;
    if (why == ACTA_ESTOPPED || why == ACTA_EKILLED)
        decide(n, NET_CANCELLED, "this side was told to stop");
    else if (why == ACTA_ECRASHED || why == ACTA_EUNREACH)
        decide(n, NET_CRASHED, "the script process died before it said how the body ends");
    else
        decide(n, NET_ERROR, "the script let go without saying how the body ends");
}

int net_body(acta_self *self, void *arg)
{
    net_state *n = arg;
    sha256_init(&n->sha);
    acta_msg *m;
    while (!n->give_up && (m = acta_recv(self)) != NULL) {
        if (acta_is(chunk, m)) {
            take_chunk(n, m);
        } else if (acta_is(failed, m)) {
            tell(n, n->end_came ? "error, after the end" : "error", acta_as(failed, m)->cause);
            decide(n, NET_ERROR, acta_as(failed, m)->cause);
        } else if (acta_is(done, m)) {
            take_done(n, acta_as(done, m));
        } else if (acta_is(end, m)) {
            take_end(n);
        } else if (acta_is(begin, m)) {
            ask_for(n, n->window);
        } else {
            acta_unhandled(self, m);
        }
        acta_msg_free(&m);
    }
    if (!n->give_up)
        take_eof(self, n);
    digest_text(&n->sha, n->result.sha256);
    acta_tx_drop(&n->tap);
    if (n->give_up)
        return ACTA_EMALFORMED;
    return n->result.outcome == NET_CANCELLED ? ACTA_ESTOPPED : ACTA_OK;
}

void net_result_fail(net_result *result, net_outcome outcome, const char *cause)
{
    struct sha256_ctx nothing;
    sha256_init(&nothing);
    *result = (net_result){.outcome = outcome};
    digest_text(&nothing, result->sha256);
    snprintf(result->cause, sizeof(result->cause), "%s", cause);
}

void net_result_print(FILE *out, const net_result *result)
{
    static const char *const words[] = {"error", "done", "error", "crashed", "cancelled"};
    fprintf(out, "bytes=%llu sha256=%s outcome=%s cause=", (unsigned long long)result->bytes, result->sha256,
            words[result->outcome]);
    put_plain(out, result->cause);
    fputc('\n', out);
    fflush(out);
}
