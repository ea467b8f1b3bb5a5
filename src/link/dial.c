// SPDX-License-Identifier: MIT
//
// dial.c - connecting to a served socket.

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
    acti_control_job job;
    void (*done)(void *arg, int status, acti_link *link);
    void *arg;
    nng_stream_dialer *dialer;
    nng_aio *aio;
    int tries;
    char path[]; // any length: it is looked at first
} dial;

static void begin(acti_control_job *job);
static int open_dialer(dial *d);
static void try(acti_control_job *job);
static void tried(void *arg);
static void look(acti_control_job *job);
static void end(dial *d, int status, acti_link *link);

void acti_nng_dial(const acti_links *links, const char *path, void (*done)(void *arg, int status, acti_link *link),
                   void *arg)
{
    (void)links; // there is one
    size_t size = strlen(path) + 1;
    dial *d = calloc(1, sizeof *d + size);
    if (d == NULL) {
        done(arg, ACTA_ENOMEM, NULL);
        return;
    }
    d->job.run = begin;
    d->done = done;
    d->arg = arg;
    memcpy(d->path, path, size);
    int status = acti_control_hold();
    if (status != ACTA_OK) {
        free(d);
        done(arg, status, NULL);
        return;
    }
    acti_control_push(&d->job);
}

static void begin(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
    int status = acti_sockfile_trust(d->path);
    if (status == ACTA_OK)
        status = open_dialer(d);
    if (status != ACTA_OK)
        end(d, status, NULL);
    else
        try(job);
}

static int open_dialer(dial *d)
{
    char url[sizeof "ipc://" + ACTI_LINK_PATH_MAX];
    snprintf(url, sizeof url, "ipc://%s", d->path);
    int error = nng_aio_alloc(&d->aio, tried, d);
    if (error == 0)
        error = nng_stream_dialer_alloc(&d->dialer, url);
    return acti_link_status(error);
}

static void try(acti_control_job *job)
{
    dial *d = ACTI_CONTAINER_OF(job, dial, job);
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
    if (error == NNG_EAGAIN && d->tries < TRIES_MAX) {
        d->job.run = try;
        acti_control_push_later(&d->job, TRY_PAUSE_NS);
        return;
    }
    acti_link *link = NULL;
    int status = error == NNG_EAGAIN ? ACTA_EUNREACH : acti_link_status(error);
    if (status == ACTA_OK)
        status = acti_link_new(nng_aio_get_output(d->aio, 0), &link);
    end(d, status, link);
}

static void end(dial *d, int status, acti_link *link)
{
    if (d->aio != NULL)
        nng_aio_free(d->aio);
    if (d->dialer != NULL)
        nng_stream_dialer_free(d->dialer);
    d->done(d->arg, status, link);
    free(d);
    acti_control_drop();
}
