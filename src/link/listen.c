// SPDX-License-Identifier: MIT
//
// listen.c - serving a socket.
//
// The loop: one accept is pending; its completion, on one of nng's threads, only pushes a job; the job makes the
// link, gives it away and starts the next accept. What goes wrong with one connection ends that connection; when
// the accept itself fails, for lack of descriptors or memory, the next one starts after a pause.

#include "link/stream.h"

#include <stdio.h>
#include <stdlib.h>

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/control.h"
#include "link/sockfile.h"

// Long enough to cost nothing while descriptors are lacking, short against a person's patience.
#define PAUSE_NS UINT64_C(50000000)

typedef struct stream_listener {
    acti_link_listener base; // first
    acti_sockfile file;
    void (*accepted)(void *arg, acti_link *link);
    void *arg;
    nng_stream_listener *nng;
    nng_aio *aio;
    // Pushed by the accept's completion, or by the pause after a failed one: never both.
    acti_control_job job;
    acti_au64 links, refused, failed; // written on the control thread
} stream_listener;

typedef struct opening {
    stream_listener *listener;
    int status;
    char *why;
    size_t why_size;
} opening;

static void open_nng(void *arg);
static int listen_nng(stream_listener *l, char *why, size_t why_size);
static void close_nng(void *arg);
static void accept_next(acti_control_job *job);
static void arrived(void *arg);
static void take(acti_control_job *job);

int acti_nng_listen(const acti_links *links, const char *path, void (*accepted)(void *arg, acti_link *link), void *arg,
                    acti_link_listener **listener, char *why, size_t why_size)
{
    stream_listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        snprintf(why, why_size, "cannot listen at %s: out of memory", path);
        return ACTA_ENOMEM;
    }
    l->base.links = links;
    l->accepted = accepted;
    l->arg = arg;
    int status = acti_sockfile_claim(&l->file, path, why, why_size);
    if (status != ACTA_OK) {
        free(l);
        return status;
    }
    status = acti_control_hold();
    if (status != ACTA_OK) {
        snprintf(why, why_size, "cannot listen at %s: no thread could be started; raise the limit of processes", path);
        acti_sockfile_release(&l->file);
        free(l);
        return status;
    }
    opening o = {.listener = l, .why = why, .why_size = why_size};
    acti_control_call(open_nng, &o);
    if (o.status != ACTA_OK) {
        acti_nng_listener_close(&l->base);
        return o.status;
    }
    *listener = &l->base;
    return ACTA_OK;
}

static void open_nng(void *arg)
{
    opening *o = arg;
    stream_listener *l = o->listener;
    o->status = listen_nng(l, o->why, o->why_size);
    if (o->status == ACTA_OK)
        o->status = acti_sockfile_publish(&l->file, o->why, o->why_size);
    if (o->status == ACTA_OK)
        accept_next(&l->job);
}

static int listen_nng(stream_listener *l, char *why, size_t why_size)
{
    char url[sizeof "ipc://" + sizeof l->file.fresh];
    snprintf(url, sizeof url, "ipc://%s", l->file.fresh);
    int error = nng_aio_alloc(&l->aio, arrived, l);
    if (error == 0)
        error = nng_stream_listener_alloc(&l->nng, url);
    if (error == 0)
        error = nng_stream_listener_set_int(l->nng, NNG_OPT_IPC_PERMISSIONS, 0600);
    if (error == 0)
        error = nng_stream_listener_listen(l->nng);
    if (error == 0)
        return ACTA_OK;
    snprintf(why, why_size, "cannot listen at %s: %s", l->file.path, nng_strerror(error));
    int status = acti_link_status(error);
    return status == ACTA_EUNREACH ? ACTA_EIO : status;
}

static void accept_next(acti_control_job *job)
{
    stream_listener *l = ACTI_CONTAINER_OF(job, stream_listener, job);
    l->job.run = take;
    nng_stream_listener_accept(l->nng, l->aio);
}

// On one of nng's threads.
static void arrived(void *arg)
{
    stream_listener *l = arg;
    acti_control_push(&l->job);
}

static void take(acti_control_job *job)
{
    stream_listener *l = ACTI_CONTAINER_OF(job, stream_listener, job);
    int error = nng_aio_result(l->aio);
    if (error == NNG_ECLOSED)
        return;
    if (error != 0) {
        acti_au64_count(&l->failed, 1);
        l->job.run = accept_next;
        acti_control_push_later(&l->job, PAUSE_NS);
        return;
    }
    acti_link *link;
    int status = acti_link_new(nng_aio_get_output(l->aio, 0), &link);
    acti_au64_count(status == ACTA_OK ? &l->links : status == ACTA_EACCES ? &l->refused : &l->failed, 1);
    if (status == ACTA_OK)
        l->accepted(l->arg, link);
    accept_next(job);
}

void acti_link_listener_counts(const acti_link_listener *listener, acti_link_counts *counts)
{
    const stream_listener *l = (const stream_listener *)listener;
    // Relaxed: three numbers that only grow; nothing is concluded from one about another.
    *counts = (acti_link_counts){
        .accepted = acti_au64_load_relaxed(&l->links),
        .refused = acti_au64_load_relaxed(&l->refused),
        .failed = acti_au64_load_relaxed(&l->failed),
    };
}

void acti_nng_listener_close(acti_link_listener *listener)
{
    stream_listener *l = ACTI_CONTAINER_OF(listener, stream_listener, base);
    acti_control_call(close_nng, l);
    acti_control_drop();
    free(l);
}

// Accepts a listener that was opened by half. The files go while nng still has the descriptor, so that the number
// of the socket's inode cannot be another file's yet, and after the socket has stopped listening, so that who
// takes the lock next meets no server.
static void close_nng(void *arg)
{
    stream_listener *l = arg;
    if (l->nng != NULL)
        nng_stream_listener_close(l->nng);
    if (l->aio != NULL) {
        nng_aio_stop(l->aio);
        bool come = acti_control_cancel(&l->job) && l->job.run == take && nng_aio_result(l->aio) == 0;
        if (come)
            nng_stream_free(nng_aio_get_output(l->aio, 0));
        nng_aio_free(l->aio);
    }
    acti_sockfile_release(&l->file);
    if (l->nng != NULL)
        nng_stream_listener_free(l->nng);
}
