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
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/control.h"
#include "link/sockfile.h"

// Long enough to cost nothing while descriptors are lacking, short against a person's patience.
#define PAUSE_NS UINT64_C(50000000)

#define ABOUT "cannot listen at %s: "

typedef struct stream_listener {
    acti_link_listener base; // first
    acti_sockfile file;
    acti_link_accepted accepted;
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
    acti_reason why;
} opening;

static int open_listener(stream_listener *l, const acti_url *url, acti_reason why);
static void whole_url(const acti_url *url, char text[ACTI_URL_MAX + 1]);
static void open_nng(void *arg);
static int listen_nng(stream_listener *l, acti_reason why);
static void close_listener(acti_link_listener *listener);
static void close_nng(void *arg);
static void accept_next(acti_control_job *job);
static void arrived(void *arg);
static void take(acti_control_job *job);

int acti_nng_listen(const acti_links *links, const char *text, acti_link_accepted accepted, void *arg,
                    acti_link_listener **listener, acti_reason why)
{
    (void)links;
    acti_url url;
    char reason[ACTI_REASON_BYTES];
    int status = acti_url_parse(text, strlen(text), &url, (acti_reason){reason, sizeof reason});
    if (status != ACTA_OK)
        return acti_say(why, status, ABOUT "%s", acti_url_show(text).text, reason);
    if (url.kind != ACTI_URL_IPC)
        return acti_say(why, ACTA_EINVAL, ABOUT "only ipc:// can be served", text);
    stream_listener *l = calloc(1, sizeof *l);
    if (l == NULL)
        return acti_say(why, ACTA_ENOMEM, ABOUT "out of memory; free some", text);
    l->base.close = close_listener;
    l->accepted = accepted;
    l->arg = arg;
    status = open_listener(l, &url, why);
    if (status == ACTA_OK)
        *listener = &l->base;
    return status;
}

// Takes l.
static int open_listener(stream_listener *l, const acti_url *url, acti_reason why)
{
    int status = acti_sockfile_claim(&l->file, url->path, why.text, why.size);
    if (status != ACTA_OK) {
        free(l);
        return status;
    }
    whole_url(url, l->base.url);
    status = acti_control_hold();
    if (status != ACTA_OK) {
        acti_sockfile_release(&l->file);
        free(l);
        return acti_say(why, status, ABOUT "%s", url->path, acti_control_why(status));
    }
    opening o = {.listener = l, .why = why};
    acti_control_call(open_nng, &o);
    if (o.status != ACTA_OK)
        close_listener(&l->base);
    return o.status;
}

// The URL with a path from the root, as others may have another working directory; as it was given if that path would
// be too long for a socket, or there is no working directory any more.
static void whole_url(const acti_url *url, char text[ACTI_URL_MAX + 1])
{
    acti_url whole = *url;
    char folder[ACTI_URL_PATH_MAX + 1];
    if (url->path[0] != '/' && getcwd(folder, sizeof folder) != NULL &&
        strlen(folder) + 1 + strlen(url->path) <= ACTI_URL_PATH_MAX) {
        memcpy(whole.path, folder, strlen(folder));
        snprintf(whole.path + strlen(folder), sizeof whole.path - strlen(folder), "/%s", url->path);
    }
    acti_url_write(&whole, text);
}

static void open_nng(void *arg)
{
    opening *o = arg;
    stream_listener *l = o->listener;
    o->status = listen_nng(l, o->why);
    if (o->status == ACTA_OK)
        o->status = acti_sockfile_publish(&l->file, o->why.text, o->why.size);
    if (o->status == ACTA_OK)
        accept_next(&l->job);
}

static int listen_nng(stream_listener *l, acti_reason why)
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
    int status = acti_link_status(error);
    return acti_say(why, status == ACTA_EUNREACH ? ACTA_EIO : status, ABOUT "%s", l->file.path, nng_strerror(error));
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
        l->accepted(l->arg, link, NULL);
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

static void close_listener(acti_link_listener *listener)
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
