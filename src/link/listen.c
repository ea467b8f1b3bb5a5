// SPDX-License-Identifier: MIT
//
// listen.c - serving a socket of the file system, or a port.
//
// The loop: one accept is pending; its completion, on one of nng's threads, only pushes a job; the job makes the
// link, gives it away and starts the next accept. What goes wrong with one connection ends that connection; when
// the accept itself fails, for lack of descriptors or memory, the next one starts after a pause.
//
// A link of TLS shakes hands before it is given away, beside the loop. So many do so at once; then the next waits.

#include "link/stream.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/control.h"
#include "link/resolve.h"
#include "link/secure.h"
#include "link/sockfile.h"

// Long enough to cost nothing while descriptors are lacking, short against a person's patience.
#define PAUSE_NS UINT64_C(50000000)

#define GUESTS_MAX 256

#define ABOUT "cannot listen at %s: "

typedef struct stream_listener {
    acti_link_listener base; // first
    acti_url url;
    acti_sockfile file; // of ipc
    acti_link_accepted accepted;
    void *arg;
    acti_tls_config *tls; // of TLS
    nng_stream_listener *nng;
    nng_aio *aio;
    // Pushed by the accept's completion, or by the pause after a failed one: never both.
    acti_control_job job;
    acti_au64 links, refused, failed; // written on the control thread
    acti_list guests;                 // that shake hands; the control thread's, as the next
    uint32_t guest_count;
} stream_listener;

// A connection that shakes hands. On the control thread, but for what comes of it.
typedef struct guest {
    acti_list all;
    stream_listener *listener; // NULL: it has been closed, and link too
    acti_link *link;
    char from[64];
    acti_control_job job; // pushed when it is known what comes of it
    int status;
    char why[ACTI_REASON_BYTES];
} guest;

// What the control thread is to open, and what came of it.
typedef struct opening {
    stream_listener *listener;
    const acti_addresses *addresses; // NULL: ipc
    int status;
    acti_reason why;
} opening;

static int open_path(stream_listener *l, acti_reason why);
static int open_place(stream_listener *l, const acta_system_opts *opts, acti_reason why);
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
static void come(stream_listener *l, nng_stream *stream);
static int greet(stream_listener *l, acti_link *link, const char *from);
static void greeted(void *arg, int status, const char *why);
static void decide(acti_control_job *job);
static void give(stream_listener *l, int status, acti_link *link, const char *from, const char *why);
static void name_peer(nng_stream *stream, char *text, size_t size);

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
        acti_list_init(&l->guests);
        status = l->url.kind == ACTI_URL_IPC ? open_path(l, reason) : open_place(l, nng->opts, reason);
    }
    if (status != ACTA_OK) {
        if (l != NULL && l->tls != NULL)
            acti_tls_config_drop(l->tls);
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

static int open_place(stream_listener *l, const acta_system_opts *opts, acti_reason why)
{
    acti_addresses addresses;
    int status = acti_resolve(&l->url, &addresses, why);
    if (status == ACTA_OK)
        status = acti_resolve_judge(&l->url, &addresses, opts != NULL && opts->plaintext_anywhere, why);
    if (status == ACTA_OK && l->url.kind == ACTI_URL_TLS)
        status = acti_tls_config_new(opts != NULL ? &opts->tls : NULL, true, &l->tls, why);
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
    come(l, nng_aio_get_output(l->aio, 0));
    if (l->guest_count < GUESTS_MAX)
        accept_next(job);
}

static void come(stream_listener *l, nng_stream *stream)
{
    char from[64] = "";
    if (l->url.kind != ACTI_URL_IPC)
        name_peer(stream, from, sizeof from);
    acti_link *link = NULL;
    int status = acti_link_new(stream, l->url.kind, &link);
    if (status == ACTA_OK && l->tls != NULL) {
        status = greet(l, link, from);
        if (status == ACTA_OK)
            return;
    }
    give(l, status, link, from, status == ACTA_EACCES ? "it comes from another user" : acta_strerror(status));
}

// Takes link.
static int greet(stream_listener *l, acti_link *link, const char *from)
{
    guest *g = calloc(1, sizeof *g);
    if (g == NULL) {
        acti_link_close(link);
        return ACTA_ENOMEM;
    }
    *g = (guest){.listener = l, .job.run = decide};
    snprintf(g->from, sizeof g->from, "%s", from);
    int status = acti_secure_new(link, l->tls, NULL, greeted, g, &g->link);
    if (status != ACTA_OK) {
        free(g);
        return status;
    }
    acti_list_push(&l->guests, &g->all);
    l->guest_count++;
    return ACTA_OK;
}

// On some thread.
static void greeted(void *arg, int status, const char *why)
{
    guest *g = arg;
    g->status = status;
    snprintf(g->why, sizeof g->why, "%s", why != NULL ? why : "");
    acti_control_push(&g->job);
}

static void decide(acti_control_job *job)
{
    guest *g = ACTI_CONTAINER_OF(job, guest, job);
    stream_listener *l = g->listener;
    if (l != NULL) {
        acti_list_remove(&g->all);
        if (g->status != ACTA_OK)
            acti_link_close(g->link);
        give(l, g->status, g->link, g->from, g->why);
        if (l->guest_count-- == GUESTS_MAX)
            accept_next(&l->job);
    }
    free(g);
}

// Gives a link away, or says why there is none.
static void give(stream_listener *l, int status, acti_link *link, const char *from, const char *why)
{
    char line[ACTI_LINK_WHY_MAX];
    bool lack = status == ACTA_ENOMEM || status == ACTA_EIO;
    acti_au64_count(status == ACTA_OK ? &l->links : lack ? &l->failed : &l->refused, 1);
    if (status == ACTA_OK) {
        l->accepted(l->arg, link, NULL);
        return;
    }
    snprintf(line, sizeof line, "a connection%s%s to %s is refused: %s", from[0] != '\0' ? " from " : "", from,
             l->base.url, why);
    l->accepted(l->arg, NULL, line);
}

static void name_peer(nng_stream *stream, char *text, size_t size)
{
    nng_sockaddr at;
    char address[INET6_ADDRSTRLEN] = "";
    if (nng_stream_get_addr(stream, NNG_OPT_REMADDR, &at) != 0)
        return;
    if (at.s_family == NNG_AF_INET) {
        inet_ntop(AF_INET, &at.s_in.sa_addr, address, sizeof address);
        snprintf(text, size, "%s:%u", address, ntohs(at.s_in.sa_port));
    } else if (at.s_family == NNG_AF_INET6) {
        inet_ntop(AF_INET6, at.s_in6.sa_addr, address, sizeof address);
        snprintf(text, size, "[%s]:%u", address, ntohs(at.s_in6.sa_port));
    }
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
    if (l->tls != NULL)
        acti_tls_config_drop(l->tls);
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
    acti_list *all;
    while ((all = acti_list_pop(&l->guests)) != NULL) {
        guest *g = ACTI_CONTAINER_OF(all, guest, all);
        g->listener = NULL;
        acti_link_close(g->link);
    }
    if (l->url.kind == ACTI_URL_IPC)
        acti_sockfile_release(&l->file);
    if (l->nng != NULL)
        nng_stream_listener_free(l->nng);
}
