// SPDX-License-Identifier: MIT
//
// bench_net.c - what a message costs between two processes of one machine, over ipc.
//
//     bench_net NAME WORKERS RUNS [PART]    prints one figure of what NAME measures, a line a run; of a PART-th of the
//                                           work: 1. There and back under load, of messages as small or of 16 MiB, also
//                                           prints how many million messages a second the load was.
//     bench_net list                      prints the names, with their units
//
// A message has one field, bytes, of the size in the name. It carries 36 bytes more: 16 for the frame's header, 8 for
// the receiver, 4 for the type, and 8 in which msgpack says that it is a map with the field "data" of so many bytes.
// One way, the clock runs from the word to begin to the last message in the receiver's handler. The receiver is in the
// process that measures.

#include <acta/acta.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "pair.h"

#define WAIT_NS (60 * ACTA_SECOND)
#define LINKS 200
#define SENDERS 10000
#define SMALL 64
#define LARGEST ((16u << 20) - 64)

ACTA_MESSAGE(parcel, (bytes, data));
ACTA_MESSAGE(answer, (bytes, data));
ACTA_MESSAGE(begin);

static char payload[LARGEST]; // of zeros: no side looks at them

#define need_ok(status, what) bench_need((status) == ACTA_OK, (what))

// ---- a system in each process -------------------------------------------------------------

typedef struct side {
    pair *p;
    acta_system *sys;
    acta_node *node;
    acta_listener *listener; // of the near one
} side;

static acta_system *open_system(long workers)
{
    acta_system_opts opts = {.workers = (uint32_t)workers};
    acta_system *sys;
    need_ok(acta_open(&opts, &sys), "cannot open a system");
    return sys;
}

static void publish(acta_system *sys, const char *name, acta_handler *handler, void *arg, acta_tx **tx)
{
    need_ok(acta_spawn(sys, tx, .handler = handler, .arg = arg, .name = name), "spawn");
    need_ok(acta_publish(sys, name, acta_tx_addr(*tx)), "publish");
}

// meet connects the two; what they find in each other has been published before.
static void meet(side *s)
{
    if (s->p->near) {
        need_ok(acta_node_listen(s->sys, s->p->url, &s->listener), "listen");
        pair_tell(s->p, 0);
        need_ok(acta_node_accept(s->listener, WAIT_NS, &s->node), "accept");
    } else {
        (void)pair_told(s->p);
        need_ok(acta_connect(s->sys, s->p->url, WAIT_NS, &s->node), "connect");
    }
}

static acta_tx *find(side *s, const char *name)
{
    acta_tx *tx;
    need_ok(acta_node_find(s->node, name, WAIT_NS, &tx), "find");
    return tx;
}

static void part_ways(side *s)
{
    if (s->listener != NULL)
        acta_listener_close(&s->listener);
    acta_node_drop(&s->node);
    need_ok(acta_close(&s->sys, WAIT_NS), "the actors do not end");
}

static void wait_for(int event)
{
    eventfd_t ignored;
    bench_need(eventfd_read(event, &ignored) == 0, "eventfd");
}

// ---- one way --------------------------------------------------------------------------------

typedef struct sink {
    int64_t left;
    double ended_ns;
    int ended; // eventfd
} sink;

static int sink_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    sink *s = arg;
    if (m != NULL && acta_is(parcel, m) && --s->left == 0) {
        s->ended_ns = bench_now_ns();
        bench_need(eventfd_write(s->ended, 1) == 0, "eventfd");
    }
    return ACTA_OK;
}

typedef struct producer {
    acta_tx *to;
    size_t size;
    int64_t count;     // to send; counts down
    atomic_bool *stop; // or for as long as this is not set
    _Atomic int64_t sent;
} producer;

static int producer_body(acta_self *self, void *arg)
{
    (void)self;
    producer *p = arg;
    while (p->stop != NULL ? !atomic_load_explicit(p->stop, memory_order_relaxed) : p->count-- > 0) {
        need_ok(acta_send(p->to, parcel, .data = {payload, p->size}), "a message was not accepted");
        atomic_fetch_add_explicit(&p->sent, 1, memory_order_relaxed);
    }
    acta_tx_drop(&p->to);
    return ACTA_OK;
}

static void produce(acta_system *sys, producer *p)
{
    acta_tx *tx;
    need_ok(acta_spawn(sys, &tx, .body = producer_body, .arg = p, .name = "producer"), "spawn");
    acta_tx_drop(&tx);
}

static void one_way(side *s, size_t size, int64_t count)
{
    sink in = {.left = count, .ended = eventfd(0, EFD_CLOEXEC)};
    producer out = {.size = size, .count = count};
    acta_tx *tx = NULL;
    if (s->p->near)
        publish(s->sys, "sink", sink_handler, &in, &tx);
    meet(s);
    if (s->p->near) {
        (void)pair_told(s->p);
        double from = bench_now_ns();
        pair_tell(s->p, 0);
        wait_for(in.ended);
        printf("%.2f\n", (in.ended_ns - from) / (double)count);
        acta_tx_drop(&tx);
    } else {
        out.to = find(s, "sink");
        pair_tell(s->p, 0);
        (void)pair_told(s->p);
        produce(s->sys, &out);
    }
    part_ways(s);
}

static void net_64(side *s, int64_t part)
{
    one_way(s, 64, 2000000 / part);
}

static void net_1k(side *s, int64_t part)
{
    one_way(s, 1024, 500000 / part);
}

static void net_64k(side *s, int64_t part)
{
    one_way(s, 65536, 20000 / part);
}

// ---- there and back -------------------------------------------------------------------------

static int echo_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL && acta_is(parcel, m))
        need_ok(acta_reply(self, m, answer, .data = acta_as(parcel, m)->data), "a reply was not accepted");
    return ACTA_OK;
}

// A taker answers without the bytes.
static int taker_handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL && acta_is(parcel, m))
        need_ok(acta_reply(self, m, answer, .data = {payload, SMALL}), "a reply was not accepted");
    return ACTA_OK;
}

typedef struct asker {
    acta_tx *to;
    size_t size;
    int64_t left;
    _Atomic int64_t asked;
    atomic_bool stop; // before left is 0
    double ended_ns;
    int ended; // eventfd
} asker;

static int asker_handler(acta_self *self, void *arg, acta_msg *m)
{
    asker *a = arg;
    uint64_t id;
    if (m == NULL)
        return ACTA_OK; // a may be gone
    bench_need(acta_is(answer, m) || acta_is(begin, m), "an ask failed");
    atomic_fetch_add_explicit(&a->asked, 1, memory_order_relaxed);
    if (a->left-- > 0 && !atomic_load_explicit(&a->stop, memory_order_relaxed)) {
        need_ok(acta_ask(self, a->to, ACTA_FOREVER, &id, parcel, .data = {payload, a->size}), "ask");
    } else {
        acta_tx_drop(&a->to);
        a->ended_ns = bench_now_ns();
        bench_need(eventfd_write(a->ended, 1) == 0, "eventfd");
    }
    return ACTA_OK;
}

// ask begins to ask one question after the other.
static void ask(side *s, asker *a, const char *whom, acta_tx **tx)
{
    a->to = find(s, whom);
    a->ended = eventfd(0, EFD_CLOEXEC);
    need_ok(acta_spawn(s->sys, tx, .handler = asker_handler, .arg = a, .name = "asker"), "spawn");
    need_ok(acta_send(*tx, begin), "send");
}

static void asked(asker *a, acta_tx **tx)
{
    wait_for(a->ended);
    acta_tx_drop(tx);
    close(a->ended);
}

// ask_in_turn gives the nanoseconds of a round.
static double ask_in_turn(side *s, int64_t rounds)
{
    asker a = {.size = SMALL, .left = rounds};
    acta_tx *tx;
    double from = bench_now_ns();
    ask(s, &a, "echo", &tx);
    asked(&a, &tx);
    return (a.ended_ns - from) / (double)rounds;
}

static void net_back(side *s, int64_t part)
{
    acta_tx *tx = NULL;
    if (!s->p->near)
        publish(s->sys, "echo", echo_handler, NULL, &tx);
    meet(s);
    if (s->p->near) {
        printf("%.2f\n", ask_in_turn(s, 20000 / part));
        pair_tell(s->p, 0);
    } else {
        (void)pair_told(s->p);
        acta_tx_drop(&tx);
    }
    part_ways(s);
}

// The load goes the way of the questions, over the same session, to another actor.
static void net_back_loaded(side *s, int64_t part)
{
    atomic_bool stop = false;
    sink in = {.left = INT64_MAX};
    acta_tx *tx[2] = {NULL, NULL};
    if (!s->p->near) {
        publish(s->sys, "echo", echo_handler, NULL, &tx[0]);
        publish(s->sys, "sink", sink_handler, &in, &tx[1]);
    }
    meet(s);
    if (s->p->near) {
        producer load = {.to = find(s, "sink"), .size = 64, .stop = &stop};
        produce(s->sys, &load);
        (void)ask_in_turn(s, 100); // the load is there when these are over
        int64_t before = atomic_load(&load.sent);
        double from = bench_now_ns();
        double ns = ask_in_turn(s, 5000 / part);
        double rate = (double)(atomic_load(&load.sent) - before) * 1e3 / (bench_now_ns() - from);
        atomic_store(&stop, true);
        printf("%.2f %.3f\n", ns, rate);
        pair_tell(s->p, 0);
    } else {
        (void)pair_told(s->p);
        acta_tx_drop(&tx[0]);
        acta_tx_drop(&tx[1]);
    }
    part_ways(s);
}

// The load is questions of 16 MiB, the way of the small ones, over the same session, to another actor; each is asked
// when the last one is answered.
static void net_back_large(side *s, int64_t part)
{
    acta_tx *tx[2] = {NULL, NULL};
    if (!s->p->near) {
        publish(s->sys, "echo", echo_handler, NULL, &tx[0]);
        publish(s->sys, "taker", taker_handler, NULL, &tx[1]);
    }
    meet(s);
    if (s->p->near) {
        asker load = {.size = LARGEST, .left = INT64_MAX};
        ask(s, &load, "taker", &tx[1]);
        (void)ask_in_turn(s, 100); // the load is there when these are over
        int64_t before = atomic_load(&load.asked);
        double from = bench_now_ns();
        double ns = ask_in_turn(s, 2000 / part);
        double rate = (double)(atomic_load(&load.asked) - before) * 1e3 / (bench_now_ns() - from);
        printf("%.2f %.6f\n", ns, rate);
        atomic_store(&load.stop, true);
        asked(&load, &tx[1]);
        pair_tell(s->p, 0);
    } else {
        (void)pair_told(s->p);
        acta_tx_drop(&tx[0]);
        acta_tx_drop(&tx[1]);
    }
    part_ways(s);
}

// ---- memory ---------------------------------------------------------------------------------

// net_link: what a process needs for a peer, that is for a session and its link, after a question and its answer.
static void net_link(side *s, int64_t part)
{
    int64_t links = LINKS / part > 0 ? LINKS / part : 1;
    static side all[LINKS];
    acta_tx *tx = NULL;
    publish(s->sys, "echo", echo_handler, NULL, &tx);
    meet(s); // what is made once is there
    double before = bench_resident_bytes();
    for (int64_t i = 0; i < links; i++) {
        all[i].p = s->p;
        if (s->p->near) {
            need_ok(acta_node_accept(s->listener, WAIT_NS, &all[i].node), "accept");
            continue;
        }
        acta_msg *m;
        all[i].sys = open_system(1);
        need_ok(acta_connect(all[i].sys, s->p->url, WAIT_NS, &all[i].node), "connect");
        acta_tx *echo = find(&all[i], "echo");
        need_ok(acta_call(echo, WAIT_NS, &m, parcel, .data = {payload, 64}), "call");
        acta_msg_free(&m);
        acta_tx_drop(&echo);
    }
    if (s->p->near) {
        (void)pair_told(s->p);
        printf("%.2f\n", (bench_resident_bytes() - before) / (double)links);
        pair_tell(s->p, 0);
    } else {
        pair_tell(s->p, 0);
        (void)pair_told(s->p);
        for (int64_t i = 0; i < links; i++)
            part_ways(&all[i]);
    }
    for (int64_t i = 0; s->p->near && i < links; i++)
        acta_node_drop(&all[i].node);
    acta_tx_drop(&tx);
    part_ways(s);
}

// senders: the near process finds all the actors of the far one. What that took where they are held is printed, or what
// it took where they are.
static void senders(side *s, int64_t part, bool of_holder)
{
    static acta_tx *all[SENDERS];
    int64_t count = SENDERS / part > 0 ? SENDERS / part : 1;
    char name[32];
    for (int64_t i = 0; i < count && !s->p->near; i++) {
        snprintf(name, sizeof(name), "actor %d", (int)i);
        publish(s->sys, name, echo_handler, NULL, &all[i]);
    }
    meet(s);
    double before = bench_resident_bytes();
    if (s->p->near) {
        for (int64_t i = 0; i < count; i++) {
            snprintf(name, sizeof(name), "actor %d", (int)i);
            all[i] = find(s, name);
        }
        double held = bench_resident_bytes() - before;
        pair_tell(s->p, 0);
        double given = pair_told(s->p);
        printf("%.2f\n", (of_holder ? held : given) / (double)count);
    } else {
        (void)pair_told(s->p);
        pair_tell(s->p, bench_resident_bytes() - before);
    }
    for (int64_t i = 0; i < count; i++)
        acta_tx_drop(&all[i]);
    part_ways(s);
}

// net_sender: what a sender to an actor of another process needs where it is held.
static void net_sender(side *s, int64_t part)
{
    senders(s, part, true);
}

// net_held: and where its actor is.
static void net_held(side *s, int64_t part)
{
    senders(s, part, false);
}

// ---- all of them ------------------------------------------------------------------------------

static const struct {
    const char *name;
    const char *unit;
    void (*run)(side *s, int64_t part);
} benches[] = {
    {"net_64", "ns/message", net_64},     {"net_1k", "ns/message", net_1k},
    {"net_64k", "ns/message", net_64k},   {"net_back", "ns/round", net_back},
    {"net_back_loaded", "ns/round", net_back_loaded}, {"net_back_large", "ns/round", net_back_large},
    {"net_link", "bytes/link", net_link},             {"net_sender", "bytes/sender", net_sender},
    {"net_held", "bytes/sender", net_held},
};
#define BENCHES (sizeof(benches) / sizeof(benches[0]))

static void run_pair(void (*run)(side *s, int64_t part), long workers, int64_t part)
{
    pair p;
    pair_open(&p);
    side s = {.p = &p, .sys = open_system(workers)};
    run(&s, part);
    fflush(stdout);
    pair_close(&p);
    exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < BENCHES; i++)
            printf("%s %s\n", benches[i].name, benches[i].unit);
        return EXIT_SUCCESS;
    }
    bench_need(argc == 4 || argc == 5, "usage: bench_net list | NAME WORKERS RUNS [PART]");
    size_t which = 0;
    while (which < BENCHES && strcmp(benches[which].name, argv[1]) != 0)
        which++;
    bench_need(which < BENCHES, "no benchmark of that name");
    long workers = bench_number(argv[2]);
    long part = argc == 5 ? bench_number(argv[4]) : 1;
    for (long left = bench_number(argv[3]); left > 0; left--) {
        pid_t run = fork(); // links cannot be used after a fork, so that none may have been before one
        bench_need(run >= 0, "fork");
        int status;
        if (run == 0)
            run_pair(benches[which].run, workers, part);
        bench_need(waitpid(run, &status, 0) == run && status == 0, "a run failed");
    }
    return EXIT_SUCCESS;
}
