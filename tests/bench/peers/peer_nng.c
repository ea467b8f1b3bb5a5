// SPDX-License-Identifier: MIT
//
// peer_nng.c - the benchmarks with nng's inproc transport: threads, and sockets between them.
//
//     peer_nng NAME CORES RUNS | list
//
// PAIR for two, PUSH to PULL in the ring and where messages stream; one to one with an asynchronous operation on each
// side that starts the next in its callback, the fastest way that was found. CORES is what the caller has bound the
// process to. Left out: what needs actors, which nng has not (fork_join, idle_*, compute), and many who all talk to
// each other (many_to_many, ask, scale_*): a socket costs thousands of bytes, and a pipe between any two of them more.

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <semaphore.h>

#include "peer.h"

#define HOLDS 4096 // messages that a socket holds when they stream

static void must(int status)
{
    bench_need(status == 0, nng_strerror(status));
}

static void url_of(char *url, size_t size, const char *what, int i)
{
    snprintf(url, size, "inproc://%s/%d", what, i);
}

// ---- ping-pong and ring -------------------------------------------------------------------

typedef struct player {
    nng_socket in;
    nng_socket out;
} player;

static void *play(void *arg)
{
    player *p = arg;
    int64_t *left;
    nng_msg *m;
    int64_t seen;
    do {
        must(nng_recvmsg(p->in, &m, 0));
        left = nng_msg_body(m);
        seen = --*left;
        must(nng_sendmsg(p->out, m, 0));
    } while (seen > 0);
    return NULL;
}

// play_all gives each player a thread, and one of them the ball.
static double play_all(player *all, int players, int64_t hops)
{
    static pthread_t threads[RING];
    nng_msg *m;
    must(nng_msg_alloc(&m, sizeof(hops)));
    memcpy(nng_msg_body(m), &hops, sizeof(hops));
    double from = bench_now_ns();
    must(nng_sendmsg(all[0].out, m, 0));
    for (int i = 0; i < players; i++)
        threads[i] = peer_start(play, &all[i]);
    peer_join(threads, players);
    return (bench_now_ns() - from) / (double)hops;
}

static double ping_pong(int cores)
{
    (void)cores;
    player two[2];
    must(nng_pair0_open(&two[0].in));
    must(nng_pair0_open(&two[1].in));
    for (int i = 0; i < 2; i++) {
        two[i].out = two[i].in;
        must(nng_socket_set_int(two[i].in, NNG_OPT_SENDBUF, 1)); // for what goes once around too much
    }
    must(nng_listen(two[0].in, "inproc://pair", NULL, 0));
    must(nng_dial(two[1].in, "inproc://pair", NULL, 0));
    double ns = play_all(two, 2, 20000);
    nng_close(two[0].in);
    nng_close(two[1].in);
    return ns;
}

static double ring(int cores)
{
    (void)cores;
    static player all[RING];
    char url[32];
    for (int i = 0; i < RING; i++) {
        url_of(url, sizeof(url), "ring", i);
        must(nng_pull0_open(&all[i].in));
        must(nng_listen(all[i].in, url, NULL, 0));
    }
    for (int i = 0; i < RING; i++) {
        url_of(url, sizeof(url), "ring", (i + 1) % RING);
        must(nng_push0_open(&all[i].out));
        must(nng_socket_set_int(all[i].out, NNG_OPT_SENDBUF, 1));
        must(nng_dial(all[i].out, url, NULL, 0));
    }
    double ns = play_all(all, RING, 20000);
    for (int i = 0; i < RING; i++) {
        nng_close(all[i].in);
        nng_close(all[i].out);
    }
    return ns;
}

// ---- one to one: asynchronous ----------------------------------------------------------------

typedef struct side {
    nng_socket s;
    nng_aio *aio;
    int64_t left;
    sem_t done;
} side;

static nng_msg *new_parcel(void)
{
    nng_msg *m;
    must(nng_msg_alloc(&m, sizeof(parcel)));
    memset(nng_msg_body(m), 0, sizeof(parcel));
    return m;
}

static void on_sent(void *arg)
{
    side *x = arg;
    must(nng_aio_result(x->aio));
    if (--x->left == 0) {
        sem_post(&x->done);
        return;
    }
    nng_aio_set_msg(x->aio, new_parcel());
    nng_send_aio(x->s, x->aio);
}

static void on_received(void *arg)
{
    side *x = arg;
    must(nng_aio_result(x->aio));
    nng_msg_free(nng_aio_get_msg(x->aio));
    if (--x->left > 0)
        nng_recv_aio(x->s, x->aio);
    else
        sem_post(&x->done);
}

static void side_init(side *x, void (*callback)(void *), int64_t messages)
{
    must(nng_aio_alloc(&x->aio, callback, x));
    must(sem_init(&x->done, 0, 0));
    x->left = messages;
}

static void side_wait(side *x)
{
    while (sem_wait(&x->done) != 0)
        continue;
}

static void side_fini(side *x)
{
    nng_close(x->s);
    nng_aio_free(x->aio);
    sem_destroy(&x->done);
}

static double one_to_one(int cores)
{
    (void)cores;
    const int64_t messages = 300000;
    side out, in;
    side_init(&out, on_sent, messages);
    side_init(&in, on_received, messages);
    must(nng_pull0_open(&in.s));
    must(nng_push0_open(&out.s));
    must(nng_socket_set_int(in.s, NNG_OPT_RECVBUF, HOLDS));
    must(nng_socket_set_int(out.s, NNG_OPT_SENDBUF, HOLDS));
    must(nng_listen(in.s, "inproc://one", NULL, 0));
    must(nng_dial(out.s, "inproc://one", NULL, 0));
    double from = bench_now_ns();
    nng_recv_aio(in.s, in.aio);
    nng_aio_set_msg(out.aio, new_parcel());
    nng_send_aio(out.s, out.aio);
    side_wait(&out);
    side_wait(&in);
    double ns = (bench_now_ns() - from) / (double)messages;
    side_fini(&out);
    side_fini(&in);
    return ns;
}

// ---- many to one, and the bounded buffer: threads that block -----------------------------------

typedef struct stream {
    nng_socket s;
    int64_t count;
} stream;

static void *push(void *arg)
{
    const stream *x = arg;
    for (int64_t i = 0; i < x->count; i++)
        must(nng_sendmsg(x->s, new_parcel(), 0));
    return NULL;
}

static void *pull(void *arg)
{
    const stream *x = arg;
    nng_msg *m;
    for (int64_t i = 0; i < x->count; i++) {
        must(nng_recvmsg(x->s, &m, 0));
        nng_msg_free(m);
    }
    return NULL;
}

// flow: one socket on each side, which its threads share; they hold so many messages together.
static double flow(int producers, int consumers, int64_t messages, int holds)
{
    static pthread_t threads[2 * PRODUCERS];
    messages -= messages % (producers * consumers);
    stream out = {.count = messages / producers}, in = {.count = messages / consumers};
    must(nng_pull0_open(&in.s));
    must(nng_push0_open(&out.s));
    must(nng_socket_set_int(in.s, NNG_OPT_RECVBUF, holds / 2));
    must(nng_socket_set_int(out.s, NNG_OPT_SENDBUF, holds / 2));
    must(nng_listen(in.s, "inproc://flow", NULL, 0));
    must(nng_dial(out.s, "inproc://flow", NULL, 0));
    double from = bench_now_ns();
    for (int i = 0; i < consumers; i++)
        threads[i] = peer_start(pull, &in);
    for (int i = 0; i < producers; i++)
        threads[consumers + i] = peer_start(push, &out);
    peer_join(threads, producers + consumers);
    double ns = (bench_now_ns() - from) / (double)messages;
    nng_close(out.s);
    nng_close(in.s);
    return ns;
}

static double many_to_one(int cores)
{
    (void)cores;
    return flow(PRODUCERS, 1, 64000, 2 * HOLDS);
}

static double bounded_buffer(int cores)
{
    (void)cores;
    return flow(BUFFER_USERS, BUFFER_USERS, 50000, BUFFER);
}

int main(int argc, char **argv)
{
    static const peer_bench benches[] = {
        {"ping_pong", ping_pong},     {"ring", ring},
        {"one_to_one", one_to_one},   {"many_to_one", many_to_one},
        {"bounded_buffer", bounded_buffer}, {NULL, NULL},
    };
    return peer_main(argc, argv, benches);
}
