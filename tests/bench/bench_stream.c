// SPDX-License-Identifier: MIT
//
// bench_stream.c - a body of chunks from one process to another, next to a plain copy of the same bytes between the
// same two processes through a pair of AF_UNIX sockets.
//
//     bench_stream WORKERS RUNS MIB     prints "OURS PLAIN", both in MB/s (1e6 bytes), a line a run
//
// The body is pulled as in examples/body_stream: chunks of 64 KiB, 16 of them allowed to be on their way, half of
// these renewed at a time. It lies in the memory of the source, as large as it is, so that both ways read it from
// there and not from a cache; and neither side looks at the bytes.

#include <acta/acta.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define CHUNK 65536
#define WINDOW 16
#define WAIT_NS (30 * ACTA_SECOND)

ACTA_MESSAGE(pull, (u64, chunks));
ACTA_MESSAGE(chunk, (u64, offset), (bytes, data));
ACTA_MESSAGE(begin, (u64, chunks));

static uint8_t *body; // of the source

// ---- the source ------------------------------------------------------------------------

typedef struct feeder {
    acta_tx *sink;
    uint64_t offset;
} feeder;

static int feeder_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    feeder *f = arg;
    const pull *p = m != NULL ? acta_as(pull, m) : NULL;
    if (m != NULL && acta_is(begin, m))
        f->offset = 0;
    for (uint64_t i = 0; p != NULL && i < p->chunks; i++) {
        int status = acta_send(f->sink, chunk, .offset = f->offset, .data = {body + f->offset, CHUNK});
        bench_need(status == ACTA_OK, "a chunk was not accepted");
        f->offset += CHUNK;
    }
    if (m == NULL)
        acta_tx_drop(&f->sink);
    return ACTA_OK;
}

// ---- the sink --------------------------------------------------------------------------

typedef struct sink {
    acta_tx *feeder;
    uint64_t left;   // chunks to come
    uint64_t unasked; // of them, not yet asked for
    uint64_t owed;
    int ended;       // eventfd
} sink;

static void ask_for(sink *s, uint64_t chunks)
{
    if (chunks > s->unasked)
        chunks = s->unasked;
    s->unasked -= chunks;
    if (chunks > 0)
        bench_need(acta_send(s->feeder, pull, .chunks = chunks) == ACTA_OK, "a pull was not accepted");
}

static int sink_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    sink *s = arg;
    if (m == NULL) {
        acta_tx_drop(&s->feeder);
        return ACTA_OK;
    }
    if (acta_is(begin, m) && acta_as(begin, m)->chunks == 0) {
        acta_tx_drop(&s->feeder); // each holds the other: one has to let go
    } else if (acta_is(begin, m)) {
        s->left = s->unasked = acta_as(begin, m)->chunks;
        bench_need(acta_send(s->feeder, begin, .chunks = s->left) == ACTA_OK, "begin was not accepted");
        ask_for(s, WINDOW);
    } else if (acta_is(chunk, m)) {
        s->left--;
        if (++s->owed * 2 >= WINDOW) {
            ask_for(s, s->owed);
            s->owed = 0;
        }
        if (s->left == 0)
            bench_need(eventfd_write(s->ended, 1) == 0, "eventfd");
    }
    return ACTA_OK;
}

// ---- the two processes -----------------------------------------------------------------

static void say(int control, char what)
{
    bench_need(write(control, &what, 1) == 1, "the other process has gone");
}

static void hear(int control)
{
    char what;
    bench_need(read(control, &what, 1) == 1, "the other process has gone");
}

static acta_system *open_system(long workers)
{
    acta_system_opts opts = {.workers = (uint32_t)workers};
    acta_system *sys;
    bench_need(acta_open(&opts, &sys) == ACTA_OK, "cannot open a system");
    return sys;
}

static void send_all(int data, uint64_t chunks)
{
    for (uint64_t at = 0; at < chunks * CHUNK;) {
        ssize_t n = write(data, body + at, CHUNK - at % CHUNK);
        bench_need(n > 0, "write");
        at += (uint64_t)n;
    }
}

static void receive_all(int data, uint64_t chunks)
{
    static uint8_t piece[CHUNK];
    for (uint64_t left = chunks * CHUNK; left > 0;) {
        ssize_t n = read(data, piece, CHUNK);
        bench_need(n > 0, "read");
        left -= (uint64_t)n;
    }
}

static int source_process(const char *url, int control, int data, long workers, long runs, uint64_t chunks)
{
    hear(control); // it listens
    body = malloc(chunks * CHUNK);
    bench_need(body != NULL, "no memory for the body");
    memset(body, 'x', chunks * CHUNK);
    acta_system *sys = open_system(workers);
    feeder f = {0};
    acta_tx *tx;
    acta_node *node;
    bench_need(acta_spawn(sys, &tx, .handler = feeder_handler, .arg = &f, .name = "feeder") == ACTA_OK, "spawn");
    bench_need(acta_publish(sys, "feeder", acta_tx_addr(tx)) == ACTA_OK, "publish");
    bench_need(acta_connect(sys, url, WAIT_NS, &node) == ACTA_OK, "connect");
    bench_need(acta_node_find(node, "sink", WAIT_NS, &f.sink) == ACTA_OK, "find sink");
    say(control, 'f');
    for (; runs > 0; runs--) {
        hear(control); // a run of ours is over
        send_all(data, chunks);
    }
    hear(control);
    acta_tx_drop(&tx);
    acta_node_drop(&node);
    return acta_close(&sys, WAIT_NS) == ACTA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static double ours(acta_tx *to_sink, const sink *s, uint64_t chunks)
{
    eventfd_t ignored;
    double from = bench_now_ns();
    bench_need(acta_send(to_sink, begin, .chunks = chunks) == ACTA_OK, "begin");
    bench_need(eventfd_read(s->ended, &ignored) == 0, "eventfd");
    return (double)(chunks * CHUNK) * 1e3 / (bench_now_ns() - from);
}

static double plain(int control, int data, uint64_t chunks)
{
    double from = bench_now_ns();
    say(control, 'p');
    receive_all(data, chunks);
    return (double)(chunks * CHUNK) * 1e3 / (bench_now_ns() - from);
}

static int sink_process(const char *url, int control, int data, long workers, long runs, uint64_t chunks)
{
    acta_system *sys = open_system(workers);
    sink s = {.ended = eventfd(0, EFD_CLOEXEC)};
    acta_tx *tx;
    acta_listener *listener;
    acta_node *node;
    bench_need(acta_spawn(sys, &tx, .handler = sink_handler, .arg = &s, .name = "sink") == ACTA_OK, "spawn");
    bench_need(acta_publish(sys, "sink", acta_tx_addr(tx)) == ACTA_OK, "publish");
    bench_need(acta_node_listen(sys, url, &listener) == ACTA_OK, "listen");
    say(control, 'l');
    bench_need(acta_node_accept(listener, WAIT_NS, &node) == ACTA_OK, "accept");
    bench_need(acta_node_find(node, "feeder", WAIT_NS, &s.feeder) == ACTA_OK, "find feeder");
    hear(control); // it has found the sink
    for (; runs > 0; runs--) {
        double mb_ours = ours(tx, &s, chunks);
        printf("%.0f %.0f\n", mb_ours, plain(control, data, chunks));
        fflush(stdout);
    }
    say(control, 'e');
    bench_need(acta_finish(&tx, begin, .chunks = 0) == ACTA_OK, "the end was not accepted");
    acta_listener_close(&listener);
    acta_node_drop(&node);
    return acta_close(&sys, WAIT_NS) == ACTA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    bench_need(argc == 4, "usage: bench_stream WORKERS RUNS MIB");
    long workers = bench_number(argv[1]);
    long runs = bench_number(argv[2]);
    uint64_t chunks = (uint64_t)bench_number(argv[3]) * (1 << 20) / CHUNK;

    const char *tmp = getenv("TMPDIR");
    char folder[PATH_MAX];
    char url[PATH_MAX + 32];
    snprintf(folder, sizeof(folder), "%s/acta-XXXXXX", tmp != NULL ? tmp : "/tmp");
    bench_need(mkdtemp(folder) != NULL, "no private folder");
    snprintf(url, sizeof(url), "ipc://%s/bench.sock", folder);
    int control[2];
    int data[2];
    bench_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == 0 &&
               socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) == 0, "socketpair");

    pid_t child = fork(); // before any thread is started
    bench_need(child >= 0, "fork");
    int side = child == 0 ? 1 : 0;
    close(control[1 - side]);
    close(data[1 - side]);
    if (child == 0)
        return source_process(url, control[1], data[1], workers, runs, chunks);
    int status = sink_process(url, control[0], data[0], workers, runs, chunks);
    int of_child;
    bench_need(waitpid(child, &of_child, 0) == child && of_child == 0, "the source process failed");
    rmdir(folder);
    return status;
}
