// SPDX-License-Identifier: MIT
//
// dial.c - connecting to where a URL says.
//
//   BEGIN --trusted--> TRYING --connected--> ended, with a link
//                      TRYING --too busy--> PAUSING --a moment later--> TRYING
//   any --it cannot be, or it is given up--> ended, without
//
// All of it is on the control thread: the completion of an attempt, on one of nng's, only pushes a job. A dial is in
// the hands of two: of whoever asked for it, until the dialer is closed, and of the dial itself, until it has ended.
// The second to let go frees it, so it may be closed at any moment.

#include "link/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/control.h"
#include "link/sockfile.h"

// A listener whose queue of connections is full refuses for the moment: asked again this often, one second in all.
#define TRIES_MAX 50
#define TRY_PAUSE_NS UINT64_C(20000000)

typedef struct dial {
    acti_link_dialer base; // first
    acti_link_dialed done;
    void *arg;
    acti_url url;
    acti_control_job closing; // pushed when the dialer is closed

    // On the control thread.
    acti_control_job job; // the next step
    nng_stream_dialer *dialer;
    nng_aio *aio;
    int tries;
    bool pausing;  // job waits for the next attempt
    bool given_up; // ends as soon as the attempt that is under way has
    bool ended;
    bool closed; // the dialer
} dial;

static void close_dialer(acti_link_dialer *dialer);
static int refuse(const char *url, acti_link_dialed done, void *arg, int status, const char *why);
static void begin(acti_control_job *job);
static int open_dialer(dial *d);
static void try(acti_control_job *job);
static void tried(void *arg);
static void look(acti_control_job *job);
static void end(dial *d, int status, acti_link *link, const char *why);
static void give_up(acti_control_job *job);
static void let_go(dial *d);

acti_link_dialer *acti_nng_dial(const acti_links *links, const char *url, acti_link_dialed done, void *arg)
{
    (void)links;
    char why[ACTI_REASON_BYTES];
    dial *d = calloc(1, sizeof *d);
    int status = d == NULL ? acti_say((acti_reason){why, sizeof why}, ACTA_ENOMEM, "out of memory; free some")
                           : acti_url_parse(url, strlen(url), &d->url, (acti_reason){why, sizeof why});
    if (status == ACTA_OK && d->url.kind != ACTI_URL_IPC)
        status = acti_say((acti_reason){why, sizeof why}, ACTA_EINVAL, "only ipc:// can be dialled");
    if (status == ACTA_OK && (status = acti_control_hold()) != ACTA_OK)
        (void)acti_say((acti_reason){why, sizeof why}, status, "%s", acti_control_why(status));
    if (status != ACTA_OK) {
        free(d);
        refuse(url, done, arg, status, why);
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

static int refuse(const char *url, acti_link_dialed done, void *arg, int status, const char *why)
{
    char line[ACTI_LINK_WHY_MAX];
    snprintf(line, sizeof line, "cannot connect to %s: %s", acti_url_show(url).text, why);
    done(arg, status, NULL, line);
    return status;
}

static const char *reason(int status)
{
    switch (status) {
    case ACTA_EUNREACH:
        return "nobody listens there: start the listening side first, and check the path";
    case ACTA_EACCES:
        return "the socket or its folder belongs to another user, or may not be read";
    case ACTA_ESTOPPED:
        return "it was given up";
    default:
        return acta_strerror(status);
    }
}

static void begin(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
    int status = acti_sockfile_trust(d->url.path);
    if (status == ACTA_OK)
        status = open_dialer(d);
    if (status != ACTA_OK)
        end(d, status, NULL, reason(status));
    else
        try(job);
}

static int open_dialer(dial *d)
{
    char url[ACTI_URL_MAX + 1];
    acti_url_write(&d->url, url);
    int error = nng_aio_alloc(&d->aio, tried, d);
    if (error == 0)
        error = nng_stream_dialer_alloc(&d->dialer, url);
    return acti_link_status(error);
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
        end(d, ACTA_ESTOPPED, NULL, reason(ACTA_ESTOPPED));
        return;
    }
    if (error == NNG_EAGAIN && d->tries < TRIES_MAX) {
        d->job.run = try;
        d->pausing = true;
        acti_control_push_later(&d->job, TRY_PAUSE_NS);
        return;
    }
    acti_link *link = NULL;
    int status = error == NNG_EAGAIN ? ACTA_EUNREACH : acti_link_status(error);
    if (status == ACTA_OK)
        status = acti_link_new(nng_aio_get_output(d->aio, 0), &link);
    end(d, status, link, reason(status));
}

static void end(dial *d, int status, acti_link *link, const char *why)
{
    char url[ACTI_URL_MAX + 1];
    acti_url_write(&d->url, url);
    if (d->aio != NULL)
        nng_aio_free(d->aio);
    if (d->dialer != NULL)
        nng_stream_dialer_free(d->dialer);
    d->ended = true;
    if (status == ACTA_OK)
        d->done(d->arg, ACTA_OK, link, NULL);
    else
        refuse(url, d->done, d->arg, status, why);
    let_go(d);
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
    } else if (d->pausing) {
        acti_control_cancel(&d->job);
        end(d, ACTA_ESTOPPED, NULL, reason(ACTA_ESTOPPED));
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
