// SPDX-License-Identifier: MIT
//
// peer_net_nng.c - bench_net with nng: PUSH to PULL one way, REQ and REP there and back, over ipc.
//
//     peer_net_nng NAME CORES RUNS | list
//
// One way is asynchronous, from one callback to the next, as in peer_nng.c; so many sends and receives at once as were
// quickest here: more do not help. REQ and REP block.

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "peer.h"
#include "peer_net.h"

#ifndef AT_ONCE
#define AT_ONCE 4 // sends or receives
#endif
#define HOLDS 8192 // the most that a socket may hold

static void must(int error)
{
    bench_need(error == 0, nng_strerror(error));
}

static void open_socket(nng_socket *s, int (*opener)(nng_socket *), const pair *p, bool listens, const char *suffix)
{
    char url[sizeof(p->url) + 2];
    snprintf(url, sizeof(url), "%s%s", p->url, suffix);
    must(opener(s));
    (void)nng_socket_set_int(*s, NNG_OPT_RECVBUF, HOLDS);
    (void)nng_socket_set_int(*s, NNG_OPT_SENDBUF, HOLDS);
    int error;
    do
        error = listens ? nng_listen(*s, url, NULL, 0) : nng_dial(*s, url, NULL, 0);
    while (error == NNG_ECONNREFUSED || error == NNG_ENOENT); // it does not listen yet
    must(error);
}

static nng_msg *new_msg(size_t size)
{
    nng_msg *m;
    must(nng_msg_alloc(&m, size));
    memset(nng_msg_body(m), 0, size);
    return m;
}

// ---- one way --------------------------------------------------------------------------------

typedef struct stream {
    nng_socket s;
    size_t size;
    _Atomic int64_t to_begin; // sends or receives
    _Atomic int64_t to_end;
    atomic_bool *stop; // NULL, or no more begin when it is set
    sem_t done;
} stream;

typedef struct lane {
    stream *of;
    nng_aio *aio;
} lane;

static void begin_send(lane *l)
{
    stream *x = l->of;
    if (atomic_fetch_sub(&x->to_begin, 1) <= 0)
        return;
    nng_aio_set_msg(l->aio, new_msg(x->size));
    nng_send_aio(x->s, l->aio);
}

static void on_sent(void *arg)
{
    lane *l = arg;
    must(nng_aio_result(l->aio));
    if (atomic_fetch_sub(&l->of->to_end, 1) == 1)
        sem_post(&l->of->done);
    else if (l->of->stop == NULL || !atomic_load(l->of->stop))
        begin_send(l);
}

static void begin_receive(lane *l)
{
    if (atomic_fetch_sub(&l->of->to_begin, 1) > 0)
        nng_recv_aio(l->of->s, l->aio);
}

static void on_received(void *arg)
{
    lane *l = arg;
    must(nng_aio_result(l->aio));
    nng_msg_free(nng_aio_get_msg(l->aio));
    if (atomic_fetch_sub(&l->of->to_end, 1) == 1)
        sem_post(&l->of->done);
    else
        begin_receive(l);
}

static void stream_begin(stream *x, lane lanes[AT_ONCE], bool sends, size_t size, int64_t count)
{
    x->size = size;
    atomic_store(&x->to_begin, count);
    atomic_store(&x->to_end, count);
    must(sem_init(&x->done, 0, 0));
    for (int i = 0; i < AT_ONCE; i++) {
        lanes[i].of = x;
        must(nng_aio_alloc(&lanes[i].aio, sends ? on_sent : on_received, &lanes[i]));
    }
    for (int i = 0; i < AT_ONCE; i++)
        (sends ? begin_send : begin_receive)(&lanes[i]);
}

static void stream_wait(stream *x)
{
    while (sem_wait(&x->done) != 0)
        continue;
}

static void one_way(const pair *p, size_t size, int64_t count)
{
    stream x = {.stop = NULL};
    lane lanes[AT_ONCE];
    nng_msg *m;
    open_socket(&x.s, p->near ? nng_pull0_open : nng_push0_open, p, p->near, "");
    if (p->near) {
        must(nng_recvmsg(x.s, &m, 0)); // there is a connection
        nng_msg_free(m);
    } else {
        must(nng_sendmsg(x.s, new_msg(size), 0));
    }
    double from = net_begin(p);
    stream_begin(&x, lanes, !p->near, size, count);
    stream_wait(&x);
    if (p->near) {
        net_figure(from, count);
        pair_tell(p, 0);
    } else {
        (void)pair_told(p); // closing would throw away what is not sent yet
    }
    nng_close(x.s);
    for (int i = 0; i < AT_ONCE; i++)
        nng_aio_free(lanes[i].aio);
}

// ---- there and back -------------------------------------------------------------------------

static void answer(const pair *p, size_t size)
{
    nng_socket s;
    open_socket(&s, nng_rep0_open, p, true, "");
    bool last = false;
    while (!last) {
        nng_msg *m;
        must(nng_recvmsg(s, &m, 0));
        last = nng_msg_len(m) == 0; // an empty one is the last
        nng_msg_free(m);
        must(nng_sendmsg(s, new_msg(size), 0));
    }
    (void)pair_told(p);
    nng_close(s);
}

static double ask(nng_socket s, size_t size, int64_t count)
{
    double from = bench_now_ns();
    for (int64_t i = 0; i < count; i++) {
        nng_msg *m;
        must(nng_sendmsg(s, new_msg(size), 0));
        must(nng_recvmsg(s, &m, 0));
        nng_msg_free(m);
    }
    return (bench_now_ns() - from) / (double)count;
}

static void back(const pair *p, size_t size, int64_t count)
{
    if (!p->near) {
        answer(p, size);
        return;
    }
    nng_socket s;
    open_socket(&s, nng_req0_open, p, false, "");
    (void)ask(s, size, 1);
    printf("%.2f\n", ask(s, size, count));
    (void)ask(s, 0, 1);
    pair_tell(p, 0);
    nng_close(s);
}

static void back_loaded(const pair *p, size_t size, int64_t count)
{
    static atomic_bool stop;
    static lane lanes[AT_ONCE];
    static stream x = {.stop = &stop};
    open_socket(&x.s, p->near ? nng_push0_open : nng_pull0_open, p, !p->near, "load");
    stream_begin(&x, lanes, p->near, size, INT64_MAX);
    if (!p->near) {
        answer(p, size);
        exit(EXIT_SUCCESS); // its receives never end
    }
    nng_socket s;
    open_socket(&s, nng_req0_open, p, false, "");
    (void)ask(s, size, 100);
    int64_t before = atomic_load(&x.to_end);
    double from = bench_now_ns();
    double ns = ask(s, size, count);
    printf("%.2f %.3f\n", ns, (double)(before - atomic_load(&x.to_end)) * 1e3 / (bench_now_ns() - from));
    atomic_store(&stop, true);
    (void)ask(s, 0, 1);
    pair_tell(p, 0);
    nng_close(s);
    char path[sizeof(p->url) + 2];
    snprintf(path, sizeof(path), "%sload", pair_path(p));
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    static const net_bench benches[] = {
        {"net_64", one_way, 64, 200000}, {"net_1k", one_way, 1024, 100000},
        {"net_64k", one_way, 65536, 10000}, {"net_back", back, 64, 5000},
        {"net_back_loaded", back_loaded, 64, 1000}, {NULL, NULL, 0, 0},
    };
    return net_main(argc, argv, benches);
}
