// SPDX-License-Identifier: MIT
//
// dial.c - connecting to where a URL says.
//
//   BEGIN --a socket that is trusted; an address--> TRYING
//         --a name--> LOOKING UP --it has addresses--> TRYING the first
//   TRYING --too busy--> PAUSING --a moment later--> TRYING again
//          --not to be had--> TRYING the next address
//          --connected--> ended, with a link; over TLS: SHAKING HANDS --each believes the other--> the same
//   any --it cannot be, or it is given up--> ended, without
//
// All of it is on the control thread: the completion of an attempt, on one of nng's, only pushes a job. A dial is in
// the hands of two: of whoever asked for it, until the dialer is closed, and of the dial itself, until it has ended.
// The second to let go frees it, so it may be closed at any moment. What a closed dial waits for is told to end, and is
// waited for still, unless that is a look-up, which cannot be told and is left to itself.

#include "link/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/control.h"
#include "link/resolve.h"
#include "link/secure.h"
#include "link/sockfile.h"

// A listener whose queue of connections is full refuses for the moment: asked again this often, one second in all.
#define TRIES_MAX 50
#define TRY_PAUSE_NS UINT64_C(20000000)

// For an address that does not answer. The system would ask for two minutes; its fourth packet is sent after seven
// seconds.
#define TRY_MS 10000

typedef struct dial {
    acti_link_dialer base; // first
    acti_link_dialed done;
    void *arg;
    acti_url url;
    bool plaintext_anywhere;
    acti_tls_config *tls;             // of TLS
    char peer[ACTI_URL_HOST_MAX + 1]; // whom its certificate must be for
    acti_control_job closing;         // pushed when the dialer is closed

    // On the control thread.
    acti_control_job job;     // the next step
    acti_lookup *lookup;      // while it goes on
    acti_addresses addresses; // of TCP
    size_t next;              // of addresses, to be tried
    nng_aio *aio;
    nng_stream_dialer *dialer; // of the attempt
    int tries;
    acti_link *secure; // that shakes hands; what came of it is in status and why
    int status;
    bool pausing;  // job waits for the next attempt
    bool given_up; // ends as soon as the attempt that is under way has
    bool ended;
    bool closed; // the dialer
    char why[ACTI_REASON_BYTES];
} dial;

static void close_dialer(acti_link_dialer *dialer);
static int prepare(dial *d, const acta_system_opts *opts, acti_reason why);
static void refuse(const char *url, acti_link_dialed done, void *arg, int status, const char *why);
static void begin(acti_control_job *job);
static int begin_place(dial *d);
static void looked_up(acti_control_job *job);
static int judge(dial *d);
static void try_next(dial *d);
static void open_dialer(dial *d, const acti_url *url);
static void try(acti_control_job *job);
static void tried(void *arg);
static void look(acti_control_job *job);
static void connected(dial *d, nng_stream *stream);
static void shaken(void *arg, int status, const char *why);
static void look_shaken(acti_control_job *job);
static void fail(dial *d, int nng_error);
static void end(dial *d, int status, acti_link *link);
static void stop(dial *d);
static void give_up(acti_control_job *job);
static void let_go(dial *d);

static acti_reason why_of(dial *d)
{
    return (acti_reason){d->why, sizeof d->why};
}

acti_link_dialer *acti_nng_dial(const acti_links *links, const char *url, acti_link_dialed done, void *arg)
{
    const acti_nng_links *nng = (const acti_nng_links *)links;
    char text[ACTI_REASON_BYTES];
    acti_reason why = {text, sizeof text};
    dial *d = calloc(1, sizeof *d);
    int status = d == NULL ? acti_say(why, ACTA_ENOMEM, "out of memory; free some")
                           : acti_url_parse(url, strlen(url), &d->url, why);
    if (status == ACTA_OK)
        status = prepare(d, nng->opts, why);
    if (status == ACTA_OK && (status = acti_control_hold()) != ACTA_OK)
        (void)acti_say(why, status, "%s", acti_control_why(status));
    if (status != ACTA_OK) {
        if (d != NULL && d->tls != NULL)
            acti_tls_config_drop(d->tls);
        free(d);
        refuse(url, done, arg, status, text);
        return NULL;
    }
    d->base.close = close_dialer;
    d->done = done;
    d->arg = arg;
    d->job.run = begin;
    d->closing.run = give_up;
    acti_control_push(&d->job);
    return &d->base;
}

// Takes what is needed of the options, which may be gone before the dial is.
static int prepare(dial *d, const acta_system_opts *opts, acti_reason why)
{
    if (d->url.kind != ACTI_URL_IPC && d->url.port == 0)
        return acti_say(why, ACTA_EINVAL, "port 0 is for those who listen; give the port that they have");
    d->plaintext_anywhere = opts != NULL && opts->plaintext_anywhere;
    if (d->url.kind != ACTI_URL_TLS)
        return ACTA_OK;
    int status = acti_tls_config_new(opts != NULL ? &opts->tls : NULL, false, &d->tls, why);
    if (status == ACTA_OK) // which has looked at the length of peer_name
        snprintf(d->peer, sizeof d->peer, "%s", opts->tls.peer_name != NULL ? opts->tls.peer_name : d->url.host);
    return status;
}

static void refuse(const char *url, acti_link_dialed done, void *arg, int status, const char *why)
{
    char line[ACTI_LINK_WHY_MAX];
    snprintf(line, sizeof line, "cannot connect to %s: %s", acti_url_show(url).text, why);
    done(arg, status, NULL, line);
}

static void begin(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
    int status = acti_link_status(nng_aio_alloc(&d->aio, tried, d));
    if (status != ACTA_OK)
        (void)acti_say(why_of(d), status, "out of memory; free some");
    else if (d->url.kind == ACTI_URL_IPC)
        status = acti_sockfile_trust(d->url.path, why_of(d));
    else
        status = begin_place(d);
    if (status != ACTA_OK)
        end(d, status, NULL);
    else if (d->url.kind == ACTI_URL_IPC)
        open_dialer(d, &d->url);
    else if (d->lookup == NULL)
        try_next(d);
}

// What need not be looked up is at once what it is.
static int begin_place(dial *d)
{
    nng_aio_set_timeout(d->aio, TRY_MS);
    if (acti_url_is_address(&d->url)) {
        int status = acti_resolve(&d->url, &d->addresses, why_of(d));
        return status == ACTA_OK ? judge(d) : status;
    }
    int status = acti_lookup_start(&d->url, looked_up, d, &d->lookup);
    if (status == ACTA_EFULL)
        (void)acti_say(why_of(d), status, "too many names are being looked up; see why their servers do not answer");
    else if (status != ACTA_OK)
        (void)acti_say(why_of(d), status, "no thread could be started to look it up; raise the limit of processes");
    return status;
}

static void looked_up(acti_control_job *job)
{
    acti_lookup *lookup = ACTI_CONTAINER_OF(job, acti_lookup, ended);
    dial *d = lookup->arg;
    if (d != NULL) {
        int status = lookup->status;
        d->lookup = NULL;
        d->addresses = lookup->addresses;
        if (status != ACTA_OK)
            (void)acti_say(why_of(d), status, "%s", lookup->why);
        else
            status = judge(d);
        if (status != ACTA_OK)
            end(d, status == ACTA_ENOENT ? ACTA_EUNREACH : status, NULL);
        else
            try_next(d);
    }
    acti_lookup_free(lookup);
}

static int judge(dial *d)
{
    return acti_resolve_judge(&d->url, &d->addresses, d->plaintext_anywhere, why_of(d));
}

static void try_next(dial *d)
{
    acti_url url = d->url;
    url.kind = ACTI_URL_TCP;
    snprintf(url.host, sizeof url.host, "%s", d->addresses.at[d->next++].text);
    open_dialer(d, &url);
}

static void open_dialer(dial *d, const acti_url *url)
{
    char text[ACTI_URL_MAX + 1];
    acti_url_write(url, text);
    if (d->dialer != NULL)
        nng_stream_dialer_free(d->dialer);
    d->dialer = NULL;
    int error = nng_stream_dialer_alloc(&d->dialer, text);
    if (error == 0 && url->kind == ACTI_URL_TCP) {
        error = nng_stream_dialer_set_bool(d->dialer, NNG_OPT_TCP_NODELAY, true);
        if (error == 0)
            error = nng_stream_dialer_set_bool(d->dialer, NNG_OPT_TCP_KEEPALIVE, true);
    }
    if (error != 0)
        fail(d, error);
    else
        try(&d->job);
}

static void try(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
    d->pausing = false;
    d->tries++;
    nng_stream_dialer_dial(d->dialer, d->aio);
}

// On one of nng's threads.
static void tried(void *arg)
{
    dial *d = arg;
    d->job.run = look;
    acti_control_push(&d->job);
}

static void look(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
    int error = nng_aio_result(d->aio);
    if (d->given_up) {
        if (error == 0)
            nng_stream_free(nng_aio_get_output(d->aio, 0));
        stop(d);
    } else if (error == NNG_EAGAIN && d->tries < TRIES_MAX) {
        d->job.run = try;
        d->pausing = true;
        acti_control_push_later(&d->job, TRY_PAUSE_NS);
    } else if (error != 0 && d->next < d->addresses.count) {
        try_next(d);
    } else if (error != 0) {
        fail(d, error);
    } else {
        connected(d, nng_aio_get_output(d->aio, 0));
    }
}

static void connected(dial *d, nng_stream *stream)
{
    acti_link *link = NULL;
    int status = acti_link_new(stream, d->url.kind, &link);
    if (status == ACTA_EACCES)
        (void)acti_say(why_of(d), status, "another user listens there; check the path, and who serves it");
    if (status == ACTA_OK && d->tls != NULL) {
        status = acti_secure_new(link, d->tls, d->peer, shaken, d, &d->secure);
        if (status == ACTA_OK)
            return;
    }
    end(d, status, link);
}

// On some thread.
static void shaken(void *arg, int status, const char *why)
{
    dial *d = arg;
    d->status = status;
    if (status != ACTA_OK)
        (void)acti_say(why_of(d), status, "%s", why);
    d->job.run = look_shaken;
    acti_control_push(&d->job);
}

static void look_shaken(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
    if (d->given_up) { // the link has been closed
        stop(d);
        return;
    }
    if (d->status != ACTA_OK)
        acti_link_close(d->secure);
    end(d, d->status, d->secure);
}

static void fail(dial *d, int error)
{
    int status = error == NNG_EAGAIN ? ACTA_EUNREACH : acti_link_status(error);
    bool place = d->url.kind != ACTI_URL_IPC;
    if (error == NNG_ETIMEDOUT || error == NNG_EUNREACHABLE)
        (void)acti_say(why_of(d), status, "no answer; check the address, and what lies on the way there");
    else if (status == ACTA_EUNREACH)
        (void)acti_say(why_of(d), status, "nobody listens there: start the listening side first, and check the %s",
                       place ? "host and the port" : "path");
    else if (status == ACTA_EACCES)
        (void)acti_say(why_of(d), status, "the system does not allow it; see its permissions and its firewall");
    else
        (void)acti_say(why_of(d), status, "%s; see what the system lacks", nng_strerror(error));
    end(d, status, NULL);
}

static void end(dial *d, int status, acti_link *link)
{
    char url[ACTI_URL_MAX + 1];
    acti_url_write(&d->url, url);
    if (d->aio != NULL)
        nng_aio_free(d->aio);
    if (d->dialer != NULL)
        nng_stream_dialer_free(d->dialer);
    if (d->tls != NULL)
        acti_tls_config_drop(d->tls);
    d->ended = true;
    if (status == ACTA_OK)
        d->done(d->arg, ACTA_OK, link, NULL);
    else
        refuse(url, d->done, d->arg, status, d->why[0] != '\0' ? d->why : acta_strerror(status));
    let_go(d);
}

static void stop(dial *d)
{
    end(d, acti_say(why_of(d), ACTA_ESTOPPED, "it was given up"), NULL);
}

static void close_dialer(acti_link_dialer *dialer)
{
    acti_control_push(&ACTI_CONTAINER_OF(dialer, dial, base)->closing);
}

static void give_up(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, closing);
    d->closed = true;
    d->given_up = true;
    if (d->ended) {
        let_go(d);
    } else if (d->lookup != NULL) {
        d->lookup->arg = NULL;
        stop(d);
    } else if (d->pausing) {
        acti_control_cancel(&d->job);
        stop(d);
    } else if (d->secure != NULL) {
        acti_link_close(d->secure); // look_shaken comes; perhaps it is queued already
    } else {
        nng_aio_abort(d->aio, NNG_ECANCELED); // look comes; perhaps it is queued already
    }
}

static void let_go(dial *d)
{
    if (!d->ended || !d->closed)
        return;
    free(d);
    acti_control_drop();
}
