// SPDX-License-Identifier: MIT
//
// nng_inproc.c - what nng costs between two parties of one process, next to acta's inbox in the same run.
//
//     nng_inproc [RUNS]
//
// Messages of 64 bytes, in lock step (one on the way, back and forth) and streaming (as fast as they go). nng's two
// sides are two threads that block, PAIR in lock step and PUSH to PULL streaming; and, because that is the fastest way
// to stream that was found, one asynchronous operation on each side that starts the next in its callback. acta's are
// two actors, once on the pool and once each on a thread of its own. The runs take turns, so that a disturbance of the
// machine meets all of them.
#include <acta/acta.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define RUNS_DEFAULT 7
#define RUNS_MAX 99
#define BUFFER 4096 // messages in nng's send and receive buffers, when it streams

ACTA_MESSAGE(parcel, (u64, n), (u64, a), (u64, b), (u64, c), (u64, d), (u64, e), (u64, f), (u64, g));
ACTA_MESSAGE(meet, (u64, rounds));

static void must(int status)
{
    if (status == 0)
        return;
    fprintf(stderr, "nng_inproc: failed with %d\n", status);
    exit(1);
}

// ---- what is measured -------------------------------------------------------------

typedef struct cost {
    double wall_ns;
    double cpu_ns;
    double switches;
} cost;

static cost now(void)
{
    struct timespec t;
    struct rusage u;
    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_SELF, &u);
    return (cost){
        .wall_ns = (double)t.tv_sec * 1e9 + (double)t.tv_nsec,
        .cpu_ns = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
                  (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3,
        .switches = (double)(u.ru_nvcsw + u.ru_nivcsw),
    };
}

static cost since(cost start, unsigned messages)
{
    cost end = now();
    return (cost){
        .wall_ns = (end.wall_ns - start.wall_ns) / messages,
        .cpu_ns = (end.cpu_ns - start.cpu_ns) / messages,
        .switches = (end.switches - start.switches) / messages,
    };
}

// ---- nng ----------------------------------------------------------------------------

static void *echo(void *arg)
{
    nng_socket s = *(nng_socket *)arg;
    nng_msg *m;
    while (nng_recvmsg(s, &m, 0) == 0)
        if (nng_sendmsg(s, m, 0) != 0)
            nng_msg_free(m);
    return NULL;
}

static cost nng_lockstep(unsigned messages)
{
    nng_socket near, far;
    pthread_t thread;
    nng_msg *m;
    must(nng_pair0_open(&near));
    must(nng_pair0_open(&far));
    must(nng_listen(far, "inproc://lockstep", NULL, 0));
    must(nng_dial(near, "inproc://lockstep", NULL, 0));
    must(pthread_create(&thread, NULL, echo, &far));
    must(nng_msg_alloc(&m, sizeof(parcel)));
    cost start = now();
    for (unsigned i = 0; i < messages / 2; i++) {
        must(nng_sendmsg(near, m, 0));
        must(nng_recvmsg(near, &m, 0));
    }
    cost c = since(start, messages);
    nng_msg_free(m);
    nng_close(far);
    pthread_join(thread, NULL);
    nng_close(near);
    return c;
}

typedef struct draining {
    nng_socket s;
    unsigned messages;
} draining;

static void *drain(void *arg)
{
    draining *d = arg;
    nng_msg *m;
    for (unsigned i = 0; i < d->messages; i++) {
        must(nng_recvmsg(d->s, &m, 0));
        nng_msg_free(m);
    }
    return NULL;
}

static cost nng_streaming(unsigned messages)
{
    draining d = {.messages = messages};
    nng_socket push;
    pthread_t thread;
    must(nng_pull0_open(&d.s));
    must(nng_push0_open(&push));
    must(nng_socket_set_int(d.s, NNG_OPT_RECVBUF, BUFFER));
    must(nng_socket_set_int(push, NNG_OPT_SENDBUF, BUFFER));
    must(nng_listen(d.s, "inproc://streaming", NULL, 0));
    must(nng_dial(push, "inproc://streaming", NULL, 0));
    cost start = now();
    must(pthread_create(&thread, NULL, drain, &d));
    for (unsigned i = 0; i < messages; i++) {
        nng_msg *m;
        must(nng_msg_alloc(&m, sizeof(parcel)));
        memset(nng_msg_body(m), 0, sizeof(parcel));
        must(nng_sendmsg(push, m, 0));
    }
    pthread_join(thread, NULL);
    cost c = since(start, messages);
    nng_close(push);
    nng_close(d.s);
    return c;
}

// One side of an asynchronous stream: its callback starts the next operation.
typedef struct side {
    nng_socket s;
    nng_aio *aio;
    unsigned left;
    sem_t done;
} side;

static void send_next(side *x)
{
    nng_msg *m;
    must(nng_msg_alloc(&m, sizeof(parcel)));
    memset(nng_msg_body(m), 0, sizeof(parcel));
    nng_aio_set_msg(x->aio, m);
    nng_send_aio(x->s, x->aio);
}

static void on_sent(void *arg)
{
    side *x = arg;
    must(nng_aio_result(x->aio));
    if (--x->left > 0)
        send_next(x);
    else
        sem_post(&x->done);
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

static void side_init(side *x, void (*callback)(void *), unsigned messages)
{
    must(nng_aio_alloc(&x->aio, callback, x));
    must(sem_init(&x->done, 0, 0));
    x->left = messages;
}

static void side_fini(side *x)
{
    nng_close(x->s);
    nng_aio_free(x->aio);
    sem_destroy(&x->done);
}

static cost nng_asynchronous(unsigned messages)
{
    side push, pull;
    side_init(&push, on_sent, messages);
    side_init(&pull, on_received, messages);
    must(nng_pull0_open(&pull.s));
    must(nng_push0_open(&push.s));
    must(nng_socket_set_int(pull.s, NNG_OPT_RECVBUF, BUFFER));
    must(nng_socket_set_int(push.s, NNG_OPT_SENDBUF, BUFFER));
    must(nng_listen(pull.s, "inproc://asynchronous", NULL, 0));
    must(nng_dial(push.s, "inproc://asynchronous", NULL, 0));
    cost start = now();
    nng_recv_aio(pull.s, pull.aio);
    send_next(&push);
    while (sem_wait(&push.done) != 0)
        continue;
    while (sem_wait(&pull.done) != 0)
        continue;
    cost c = since(start, messages);
    side_fini(&push);
    side_fini(&pull);
    return c;
}

// ---- acta -----------------------------------------------------------------------------

typedef struct player {
    acta_tx *other;
    unsigned left; // messages still to be sent
} player;

// play answers each parcel with one; who has sent its last drops the other, and both end.
static int play(acta_self *self, void *arg, acta_msg *m)
{
    player *p = arg;
    if (m == NULL)
        return acta_eof(self);
    if (p->left == 0)
        return ACTA_DONE;
    if (--p->left > 0)
        return acta_send(p->other, parcel, .n = p->left);
    acta_finish(&p->other, parcel, .n = 0);
    return ACTA_OK;
}

static cost acta_lockstep(acta_place place, unsigned messages)
{
    acta_system *sys;
    player near = {.left = messages / 2}, far = {.left = messages / 2};
    must(acta_open(NULL, &sys));
    must(acta_spawn(sys, &near.other, .handler = play, .arg = &far, .place = place));
    must(acta_spawn(sys, &far.other, .handler = play, .arg = &near, .place = place));
    acta_tx *start_tx = acta_tx_dup(far.other);
    cost start = now();
    acta_finish(&start_tx, parcel, .n = 1);
    must(acta_close(&sys, 600 * ACTA_SECOND));
    return since(start, messages);
}

static int produce(acta_self *self, void *arg)
{
    acta_tx *to = arg;
    unsigned messages = 0;
    acta_msg *m = acta_recv(self);
    if (m != NULL)
        messages = (unsigned)acta_as(meet, m)->rounds;
    acta_msg_free(&m);
    for (unsigned i = 0; i < messages; i++)
        must(acta_send(to, parcel, .n = i));
    acta_tx_drop(&to);
    return ACTA_OK;
}

static int consume(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    return m == NULL ? acta_eof(self) : ACTA_OK;
}

static cost acta_streaming(acta_place place, unsigned messages)
{
    acta_system *sys;
    acta_tx *consumer, *producer;
    must(acta_open(NULL, &sys));
    must(acta_spawn(sys, &consumer, .handler = consume, .place = place));
    must(acta_spawn(sys, &producer, .body = produce, .arg = consumer, .place = place));
    cost start = now();
    acta_finish(&producer, meet, .rounds = messages);
    must(acta_close(&sys, 600 * ACTA_SECOND)); // returns when both have ended
    return since(start, messages);
}

// ---- the table --------------------------------------------------------------------------

static int by_wall(const void *a, const void *b)
{
    const cost *x = a, *y = b;
    return (x->wall_ns > y->wall_ns) - (x->wall_ns < y->wall_ns);
}

// say prints one line; ours and theirs are sorted.
static void say(const char *name, const cost *ours, const cost *theirs, unsigned runs)
{
    const cost *o = &ours[runs / 2], *t = &theirs[runs / 2];
    printf("bench=%s ours=%.1f unit=ns min=%.1f max=%.1f cpu=%.0f switches=%.3f nng=%.1f nng_min=%.1f nng_max=%.1f "
           "nng_cpu=%.0f nng_switches=%.3f ratio=%.1f runs=%u\n",
           name, o->wall_ns, ours[0].wall_ns, ours[runs - 1].wall_ns, o->cpu_ns, o->switches, t->wall_ns,
           theirs[0].wall_ns, theirs[runs - 1].wall_ns, t->cpu_ns, t->switches, t->wall_ns / o->wall_ns, runs);
}

// A row is long enough to take some tenths of a second.
typedef struct row {
    unsigned messages;
    cost runs[RUNS_MAX];
} row;

int main(int argc, char **argv)
{
    unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : RUNS_DEFAULT;
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: nng_inproc [RUNS, 1 to %d]\n", RUNS_MAX);
        return 64;
    }
    static row nng_step = {.messages = 20000}, nng_stream = {.messages = 30000}, nng_async = {.messages = 300000};
    static row pool_step = {.messages = 4000000}, pool_stream = {.messages = 4000000};
    static row thread_step = {.messages = 20000}, thread_stream = {.messages = 200000};
    for (unsigned i = 0; i < runs; i++) {
        nng_step.runs[i] = nng_lockstep(nng_step.messages);
        pool_step.runs[i] = acta_lockstep(ACTA_POOL, pool_step.messages);
        thread_step.runs[i] = acta_lockstep(ACTA_THREAD, thread_step.messages);
        nng_async.runs[i] = nng_asynchronous(nng_async.messages);
        nng_stream.runs[i] = nng_streaming(nng_stream.messages);
        pool_stream.runs[i] = acta_streaming(ACTA_POOL, pool_stream.messages);
        thread_stream.runs[i] = acta_streaming(ACTA_THREAD, thread_stream.messages);
    }
    row *rows[] = {&nng_step, &pool_step, &thread_step, &nng_stream, &nng_async, &pool_stream, &thread_stream};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        qsort(rows[i]->runs, runs, sizeof(cost), by_wall);
    say("nng_inproc_lockstep_pool", pool_step.runs, nng_step.runs, (unsigned)runs);
    say("nng_inproc_lockstep_thread", thread_step.runs, nng_step.runs, (unsigned)runs);
    say("nng_inproc_streaming_pool", pool_stream.runs, nng_async.runs, (unsigned)runs);
    say("nng_inproc_streaming_thread", thread_stream.runs, nng_async.runs, (unsigned)runs);
    say("nng_inproc_blocking_pool", pool_stream.runs, nng_stream.runs, (unsigned)runs);
    nng_fini();
    return 0;
}
