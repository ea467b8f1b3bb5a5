// SPDX-License-Identifier: MIT
//
// peer_net_zmq.c - bench_net with ZeroMQ: PUSH to PULL one way, REQ and REP there and back, over ipc.
//
//     peer_net_zmq NAME CORES RUNS | list
//
// A context has one thread of its own for all sockets, which puts what is waiting into one write; with two it is not
// quicker. Sockets hold up to 100,000 messages, which is quicker than the usual 1,000; of 64 KiB only 1,000. The load
// beside there and back goes through sockets of its own, because no kind of socket does both.

#include <stdatomic.h>
#include <zmq.h>

#include "peer.h"
#include "peer_net.h"

static void *context;
static char bytes[BYTES_MAX];

static void *open_socket(const pair *p, int type, bool binds, const char *suffix, size_t size)
{
    if (context == NULL)
        context = zmq_ctx_new();
    void *s = zmq_socket(context, type);
    bench_need(s != NULL, "no socket");
    int holds = size < BYTES_MAX ? 100000 : 1000;
    zmq_setsockopt(s, ZMQ_SNDHWM, &holds, sizeof(holds));
    zmq_setsockopt(s, ZMQ_RCVHWM, &holds, sizeof(holds));
    char url[sizeof(p->url) + 2];
    snprintf(url, sizeof(url), "%s%s", p->url, suffix);
    bench_need((binds ? zmq_bind : zmq_connect)(s, url) == 0, "bind or connect");
    return s;
}

static void send_one(void *s, size_t size)
{
    bench_need(zmq_send(s, bytes, size, 0) == (int)size, "send");
}

static void receive_one(void *s, zmq_msg_t *m)
{
    bench_need(zmq_msg_recv(m, s, 0) >= 0, "recv");
}

// The first message shows that there is a connection.
static void one_way(const pair *p, size_t size, int64_t count)
{
    void *s = open_socket(p, p->near ? ZMQ_PULL : ZMQ_PUSH, p->near, "", size);
    zmq_msg_t m;
    zmq_msg_init(&m);
    if (p->near)
        receive_one(s, &m);
    else
        send_one(s, size);
    double from = net_begin(p);
    for (int64_t i = 0; i < count; i++) {
        if (p->near)
            receive_one(s, &m);
        else
            send_one(s, size);
    }
    if (p->near)
        net_figure(from, count);
    zmq_close(s);
    zmq_ctx_term(context);
}

static void answer(const pair *p, size_t size)
{
    void *s = open_socket(p, ZMQ_REP, true, "", size);
    zmq_msg_t m;
    zmq_msg_init(&m);
    do {
        receive_one(s, &m);
        send_one(s, zmq_msg_size(&m) == 0 ? 0 : size);
    } while (zmq_msg_size(&m) > 0); // an empty one is the last
    zmq_close(s);
}

static double ask(void *s, size_t size, int64_t count)
{
    zmq_msg_t m;
    zmq_msg_init(&m);
    double from = bench_now_ns();
    for (int64_t i = 0; i < count; i++) {
        send_one(s, size);
        receive_one(s, &m);
    }
    return (bench_now_ns() - from) / (double)count;
}

static void back(const pair *p, size_t size, int64_t count)
{
    if (!p->near) {
        answer(p, size);
    } else {
        void *s = open_socket(p, ZMQ_REQ, false, "", size);
        (void)ask(s, size, 1);
        printf("%.2f\n", ask(s, size, count));
        (void)ask(s, 0, 1);
        zmq_close(s);
    }
    zmq_ctx_term(context);
}

static atomic_bool stop;
static _Atomic int64_t loaded;

static void *load(void *s)
{
    for (; !atomic_load_explicit(&stop, memory_order_relaxed); atomic_fetch_add(&loaded, 1))
        send_one(s, 64);
    send_one(s, 0);
    return NULL;
}

static void *unload(void *s)
{
    zmq_msg_t m;
    zmq_msg_init(&m);
    do
        receive_one(s, &m);
    while (zmq_msg_size(&m) > 0);
    return NULL;
}

static void back_loaded(const pair *p, size_t size, int64_t count)
{
    void *beside = open_socket(p, p->near ? ZMQ_PUSH : ZMQ_PULL, !p->near, "load", size);
    pthread_t thread = peer_start(p->near ? load : unload, beside);
    if (!p->near) {
        answer(p, size);
    } else {
        void *s = open_socket(p, ZMQ_REQ, false, "", size);
        (void)ask(s, size, 100);
        int64_t before = atomic_load(&loaded);
        double from = bench_now_ns();
        double ns = ask(s, size, count);
        printf("%.2f %.3f\n", ns, (double)(atomic_load(&loaded) - before) * 1e3 / (bench_now_ns() - from));
        atomic_store(&stop, true);
        (void)ask(s, 0, 1);
        zmq_close(s);
    }
    peer_join(&thread, 1);
    zmq_close(beside);
    zmq_ctx_term(context);
    char path[sizeof(p->url) + 2];
    snprintf(path, sizeof(path), "%sload", pair_path(p));
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    static const net_bench benches[] = {
        {"net_64", one_way, 64, 2000000}, {"net_1k", one_way, 1024, 500000},
        {"net_64k", one_way, 65536, 20000}, {"net_back", back, 64, 10000},
        {"net_back_loaded", back_loaded, 64, 2000}, {NULL, NULL, 0, 0},
    };
    return net_main(argc, argv, benches);
}
