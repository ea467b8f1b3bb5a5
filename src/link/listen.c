// SPDX-License-Identifier: MIT
//
// listen.c - serving a socket of the file system, or a port.
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
#include "link/resolve.h"
#include "link/sockfile.h"

// Long enough to cost nothing while descriptors are lacking, short against a person's patience.
#define PAUSE_NS UINT64_C(50000000)

#define ABOUT "cannot listen at %s: "

typedef struct stream_listener {
    acti_link_listener base; // first
    acti_url url;
    acti_sockfile file; // of ipc
    acti_link_accepted accepted;
    void *arg;
    nng_stream_listener *nng;
    nng_aio *aio;
    // Pushed by the accept's completion, or by the pause after a failed one: never both.
    acti_control_job job;
    acti_au64 links, refused, failed; // written on the control thread
} stream_listener;

// What the control thread is to open, and what came of it.
typedef struct opening {
    stream_listener *listener;
    const acti_addresses *addresses; // NULL: ipc
    int status;
    acti_reason why;
} opening;

static int open_path(stream_listener *l, acti_reason why);
static int open_place(stream_listener *l, bool plaintext_anywhere, acti_reason why);
static int open_on_control(stream_listener *l, const acti_addresses *addresses, acti_reason why);
static void open_nng(void *arg);
static int listen_path(stream_listener *l, acti_reason why);
static int listen_place(stream_listener *l, const acti_addresses *addresses, acti_reason why);
static int listen_address(stream_listener *l, const char *address);
static int set_up(stream_listener *l);
static int say_nng(const stream_listener *l, int error, acti_reason why);
static void whole_path(const acti_url *url, char text[ACTI_URL_MAX + 1]);
static void whole_place(const acti_url *url, uint16_t port, char text[ACTI_URL_MAX + 1]);
static void close_listener(acti_link_listener *listener);
static void close_nng(void *arg);
static void accept_next(acti_control_job *job);
static void arrived(void *arg);
static void take(acti_control_job *job);

int acti_nng_listen(const acti_links *links, const char *text, acti_link_accepted accepted, void *arg,
                    acti_link_listener **listener, acti_reason why)
{
    const acti_nng_links *nng = (const acti_nng_links *)links;
    char line[ACTI_REASON_BYTES];
    acti_reason reason = {line, sizeof line};
    stream_listener *l = calloc(1, sizeof *l);
    int status = l == NULL ? acti_say(reason, ACTA_ENOMEM, "out of memory; free some")
                           : acti_url_parse(text, strlen(text), &l->url, reason);
    if (status == ACTA_OK) {
        l->base.close = close_listener;
        l->accepted = accepted;
        l->arg = arg;
        status = l->url.kind == ACTI_URL_IPC
                     ? open_path(l, reason)
                     : open_place(l, nng->opts != NULL && nng->opts->plaintext_anywhere, reason);
    }
    if (status != ACTA_OK) {
        free(l);
        return acti_say(why, status, ABOUT "%s", acti_url_show(text).text, line);
    }
    *listener = &l->base;
    return ACTA_OK;
}

static int open_path(stream_listener *l, acti_reason why)
{
    int status = acti_sockfile_claim(&l->file, l->url.path, why);
    if (status != ACTA_OK)
        return status;
    whole_path(&l->url, l->base.url);
    status = open_on_control(l, NULL, why);
    if (status != ACTA_OK)
        acti_sockfile_release(&l->file);
    return status;
}

static int open_place(stream_listener *l, bool plaintext_anywhere, acti_reason why)
{
    acti_addresses addresses;
    int status = acti_resolve(&l->url, &addresses, why);
    if (status == ACTA_OK)
        status = acti_resolve_judge(&l->url, &addresses, plaintext_anywhere, why);
    return status == ACTA_OK ? open_on_control(l, &addresses, why) : status;
}

static int open_on_control(stream_listener *l, const acti_addresses *addresses, acti_reason why)
{
    int status = acti_control_hold();
    if (status != ACTA_OK)
        return acti_say(why, status, "%s", acti_control_why(status));
    opening o = {.listener = l, .addresses = addresses, .why = why};
    acti_control_call(open_nng, &o);
    if (o.status != ACTA_OK) {
        acti_control_call(close_nng, l);
        acti_control_drop();
    }
    return o.status;
}

static void open_nng(void *arg)
{
    opening *o = arg;
    stream_listener *l = o->listener;
    int error = nng_aio_alloc(&l->aio, arrived, l);
    if (error != 0)
        o->status = say_nng(l, error, o->why);
    else
        o->status = o->addresses == NULL ? listen_path(l, o->why) : listen_place(l, o->addresses, o->why);
    if (o->status == ACTA_OK)
        accept_next(&l->job);
}

static int listen_path(stream_listener *l, acti_reason why)
{
    char url[sizeof "ipc://" + sizeof l->file.fresh];
    snprintf(url, sizeof url, "ipc://%s", l->file.fresh);
    int error = nng_stream_listener_alloc(&l->nng, url);
    if (error == 0)
        error = nng_stream_listener_set_int(l->nng, NNG_OPT_IPC_PERMISSIONS, 0600);
    if (error == 0)
        error = nng_stream_listener_listen(l->nng);
    return error == 0 ? acti_sockfile_publish(&l->file, why) : say_nng(l, error, why);
}

// Of several addresses the first that can be had is served: those that dial the name try them in the same order.
static int listen_place(stream_listener *l, const acti_addresses *addresses, acti_reason why)
{
    int error = 0;
    for (size_t i = 0; i < addresses->count; i++) {
        error = listen_address(l, addresses->at[i].text);
        if (error == 0)
            break;
    }
    int port = 0;
    if (error == 0)
        error = nng_stream_listener_get_int(l->nng, NNG_OPT_TCP_BOUND_PORT, &port);
    if (error != 0)
        return say_nng(l, error, why);
    whole_place(&l->url, (uint16_t)port, l->base.url);
    return ACTA_OK;
}

static int listen_address(stream_listener *l, const char *address)
{
    acti_url at = l->url;
    char text[ACTI_URL_MAX + 1];
    at.kind = ACTI_URL_TCP;
    snprintf(at.host, sizeof at.host, "%s", address);
    acti_url_write(&at, text);
    int error = nng_stream_listener_alloc(&l->nng, text);
    if (error == 0)
        error = set_up(l);
    if (error != 0 && l->nng != NULL) {
        nng_stream_listener_free(l->nng);
        l->nng = NULL;
    }
    return error;
}

static int set_up(stream_listener *l)
{
    int error = nng_stream_listener_set_bool(l->nng, NNG_OPT_TCP_NODELAY, true);
    if (error == 0)
        error = nng_stream_listener_set_bool(l->nng, NNG_OPT_TCP_KEEPALIVE, true);
    return error == 0 ? nng_stream_listener_listen(l->nng) : error;
}

static int say_nng(const stream_listener *l, int error, acti_reason why)
{
    int status = acti_link_status(error);
    switch (error) {
    case NNG_EADDRINUSE:
        return acti_say(why, status, "port %u is served already; end who serves it, or choose another port",
                        l->url.port);
    case NNG_EADDRINVAL:
        return acti_say(why, ACTA_ENOENT, "this machine has no such address; give one that it has");
    case NNG_EPERM:
        return acti_say(why, status, "the system does not allow it; choose a port from 1024 on");
    default:
        return acti_say(why, status == ACTA_EUNREACH ? ACTA_EIO : status, "%s; see what the system lacks",
                        nng_strerror(error));
    }
}

// The URL with a path from the root, as others may have another working directory; as it was given if that path would
// be too long for a socket, or there is no working directory any more.
static void whole_path(const acti_url *url, char text[ACTI_URL_MAX + 1])
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

// The URL with the port that is served, and with the name of this machine where all of its addresses are.
static void whole_place(const acti_url *url, uint16_t port, char text[ACTI_URL_MAX + 1])
{
    acti_url whole = *url;
    char name[ACTI_URL_HOST_MAX + 1] = "";
    whole.port = port;
    if ((strcmp(url->host, "0.0.0.0") == 0 || strcmp(url->host, "::") == 0) && gethostname(name, sizeof name) == 0)
        memcpy(whole.host, name, sizeof name);
    whole.host[ACTI_URL_HOST_MAX] = '\0';
    acti_url_write(&whole, text);
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
    int status = acti_link_new(nng_aio_get_output(l->aio, 0), l->url.kind, &link);
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
    if (l->url.kind == ACTI_URL_IPC)
        acti_sockfile_release(&l->file);
    if (l->nng != NULL)
        nng_stream_listener_free(l->nng);
}
