// SPDX-License-Identifier: MIT
//
// peer_zmq.c - the benchmarks with ZeroMQ's inproc transport: threads, and sockets between them.
//
//     peer_zmq NAME CORES RUNS | list
//
// PAIR for two, PUSH to PULL where messages stream. CORES is what the caller has bound the process to. Left out: what
// needs actors, which ZeroMQ has not (fork_join, idle_*, compute), and many who all talk to each other (many_to_many,
// ask, scale_*): a thousand threads with a pipe between any two are a million pipes.

#include <errno.h>
#include <zmq.h>

#include "peer.h"

static void *context;

static void *open_context(void)
{
    context = zmq_ctx_new();
    bench_need(context != NULL && zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 4096) == 0, "no context");
    bench_need(zmq_ctx_set(context, ZMQ_IO_THREADS, 0) == 0, "inproc needs no threads of ZeroMQ's");
    return context;
}

// open_socket opens one that holds so many messages; 0: the usual.
static void *open_socket(int type, int holds)
{
    void *s = zmq_socket(context, type);
    bench_need(s != NULL, "no socket");
    if (holds > 0) {
        zmq_setsockopt(s, ZMQ_SNDHWM, &holds, sizeof(holds));
        zmq_setsockopt(s, ZMQ_RCVHWM, &holds, sizeof(holds));
    }
    return s;
}

static void must(int status, const char *what)
{
    bench_need(status >= 0, what);
}

// ---- a ring, or two ---------------------------------------------------------------------

typedef struct player {
    void *in;
    void *out;
} player;

static void *play(void *arg)
{
    player *p = arg;
    int64_t left;
    do {
        must(zmq_recv(p->in, &left, sizeof(left), 0), "recv");
        left--;
        must(zmq_send(p->out, &left, sizeof(left), 0), "send");
    } while (left > 0);
    return NULL;
}

static double circle(int players, int64_t hops)
{
    static player all[RING];
    static pthread_t threads[RING];
    open_context();
    char name[32];
    for (int i = 0; i < players; i++) {
        snprintf(name, sizeof(name), "inproc://%d", i);
        all[i].in = open_socket(ZMQ_PAIR, 0);
        must(zmq_bind(all[i].in, name), "bind");
    }
    for (int i = 0; i < players; i++) {
        snprintf(name, sizeof(name), "inproc://%d", (i + 1) % players);
        all[i].out = open_socket(ZMQ_PAIR, 0);
        must(zmq_connect(all[i].out, name), "connect");
    }
    double from = bench_now_ns();
    must(zmq_send(all[0].out, &hops, sizeof(hops), 0), "send"); // as if 0 had had it; a thread has it from here on
    for (int i = 0; i < players; i++)
        threads[i] = peer_start(play, &all[i]);
    peer_join(threads, players);
    double ns = (bench_now_ns() - from) / (double)hops;
    for (int i = 0; i < players; i++) {
        zmq_close(all[i].in);
        int no = 0; // what goes once around too much
        zmq_setsockopt(all[i].out, ZMQ_LINGER, &no, sizeof(no));
        zmq_close(all[i].out);
    }
    zmq_ctx_term(context);
    return ns;
}

static double ping_pong(int cores)
{
    (void)cores;
    return circle(2, 40000);
}

static double ring(int cores)
{
    (void)cores;
    return circle(RING, 40000);
}

// ---- streams ------------------------------------------------------------------------------

typedef struct stream {
    void *socket;
    int64_t count;
} stream;

static void *push(void *arg)
{
    stream *s = arg;
    for (int64_t i = 0; i < s->count; i++) {
        parcel p = {.a = i};
        must(zmq_send(s->socket, &p, sizeof(p), 0), "send");
    }
    zmq_close(s->socket);
    return NULL;
}

// What all consumers have taken together: it is not known beforehand who gets how many.
static int64_t wanted;
static _Atomic int64_t taken;

// pull takes what comes; whoever takes the last item ends the context, and with it the waiting of the others.
static void *pull(void *socket)
{
    parcel p;
    while (zmq_recv(socket, &p, sizeof(p), 0) >= 0)
        if (++taken == wanted)
            zmq_ctx_shutdown(context);
    bench_need(zmq_errno() == ETERM, "recv");
    zmq_close(socket);
    return NULL;
}

// flow: every producer is connected to every consumer, and its messages go to those in turn who have room.
static double flow(int producers, int consumers, int64_t messages, int holds)
{
    static stream out[PRODUCERS];
    void *in[PRODUCERS];
    pthread_t threads[2 * PRODUCERS];
    wanted = messages - messages % producers;
    taken = 0;
    open_context();
    char name[32];
    for (int i = 0; i < consumers; i++) {
        snprintf(name, sizeof(name), "inproc://%d", i);
        in[i] = open_socket(ZMQ_PULL, holds);
        must(zmq_bind(in[i], name), "bind");
    }
    for (int i = 0; i < producers; i++) {
        out[i] = (stream){.socket = open_socket(ZMQ_PUSH, holds), .count = wanted / producers};
        for (int to = 0; to < consumers; to++) {
            snprintf(name, sizeof(name), "inproc://%d", to);
            must(zmq_connect(out[i].socket, name), "connect");
        }
    }
    double from = bench_now_ns();
    for (int i = 0; i < consumers; i++)
        threads[i] = peer_start(pull, in[i]);
    for (int i = 0; i < producers; i++)
        threads[consumers + i] = peer_start(push, &out[i]);
    peer_join(threads, producers + consumers);
    double ns = (bench_now_ns() - from) / (double)wanted;
    zmq_ctx_term(context);
    return ns;
}

static double one_to_one(int cores)
{
    (void)cores;
    return flow(1, 1, 2000000, 0);
}

static double many_to_one(int cores)
{
    (void)cores;
    return flow(PRODUCERS, 1, 2000000, 0);
}

// A socket holds what is on its way on both sides, for each that it is connected to: so the buffer is at least of the
// size wanted.
static double bounded_buffer(int cores)
{
    (void)cores;
    return flow(BUFFER_USERS, BUFFER_USERS, 500000, 1);
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
