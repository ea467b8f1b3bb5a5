// SPDX-License-Identifier: MIT
//
// bench_door.c - what a program without acta sees of a door, next to nng's own socket in its place.
//
//     bench_door [RUNS [PART]]
//
// The client is the same for both, a process with nng's PUSH or REQ sockets, and talks over ipc to another process: one
// with an actor behind a door, or one with nng alone, in the way of nng's own that was the fastest here: one receive
// that starts the next in its callback for PULL, and for REP as many contexts as there are requests on the way. What is
// sent is a packed message of some 50 bytes; nng alone does not look at it, and answers with the same bytes. Both take
// turns, so that a disturbance of the machine meets both. A line is
//
//     bench=NAME door=N nng=N unit=1/s ratio=R lowest=R highest=R door_cpu=US nng_cpu=US cpu_ratio=R runs=N
//
// in messages or requests a second and in microseconds of the server's processor time for one; medians. A ratio above 1
// says that the door is faster, or takes less. PART is for a quick look: only one in so many messages.

#include <acta/acta.h>
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_DEFAULT 5
#define RUNS_MAX 99
#define AT_ONCE_MAX 64

ACTA_MESSAGE(parcel, (u64, n), (bytes, rest));

static const char packed[] = "\x92\xa6parcel\x82\xa1n\xcd\x10\x00\xa4rest\xc4\x14twenty bytes of rest";
#define PACKED_BYTES (sizeof(packed) - 1)

static void must(int status)
{
    if (status == 0)
        return;
    fprintf(stderr, "bench_door: failed with %d\n", status);
    exit(1);
}

// say tells the client one byte, through the pipe that is our standard output.
static void say(char what)
{
    must(write(STDOUT_FILENO, &what, 1) != 1);
}

// ---- the server with a door -----------------------------------------------------------------

typedef struct hall {
    const char *url;
    acta_door_kind kind;
    uint64_t left; // messages until it says that all have come
    bool opened;
} hall;

static int hall_handler(acta_self *self, void *arg, acta_msg *m)
{
    hall *h = arg;
    uint64_t door;
    if (m == NULL)
        return ACTA_OK;
    if (!h->opened) {
        h->opened = true;
        must(acta_door_open(self, h->url, h->kind, NULL, &door));
        say('r');
        return ACTA_OK;
    }
    const parcel *p = acta_as(parcel, m);
    if (h->kind == ACTA_DOOR_REP)
        must(acta_reply_body(self, m, acta_type_of(parcel), p));
    else if (--h->left == 0)
        say('d');
    return ACTA_OK;
}

static int serve_door(const char *url, acta_door_kind kind, uint64_t messages)
{
    hall h = {.url = url, .kind = kind, .left = messages};
    acta_system *sys;
    acta_tx *tx;
    char end;
    must(acta_open(NULL, &sys));
    must(acta_spawn(sys, &tx, .handler = hall_handler, .arg = &h));
    must(acta_send(tx, parcel, 0));
    must(read(STDIN_FILENO, &end, 1) != 0); // the client has gone
    acta_tx_drop(&tx);
    return acta_close(&sys, ACTA_SECOND) == ACTA_OK ? 0 : 1;
}

// ---- the server with nng alone ------------------------------------------------------------------

typedef struct worker {
    nng_socket socket;
    nng_ctx ctx;
    nng_aio *aio;
    bool replying;
    uint64_t left;
} worker;

static void pulled(void *arg)
{
    worker *w = arg;
    if (nng_aio_result(w->aio) != 0)
        return;
    nng_msg_free(nng_aio_get_msg(w->aio));
    if (--w->left == 0)
        say('d');
    nng_recv_aio(w->socket, w->aio);
}

static void stepped(void *arg)
{
    worker *w = arg;
    if (nng_aio_result(w->aio) != 0)
        return;
    w->replying = !w->replying;
    if (w->replying)
        nng_ctx_send(w->ctx, w->aio); // the message that has come
    else
        nng_ctx_recv(w->ctx, w->aio);
}

static int serve_nng(const char *url, acta_door_kind kind, uint64_t messages)
{
    static worker workers[AT_ONCE_MAX];
    nng_socket s;
    char end;
    must(kind == ACTA_DOOR_REP ? nng_rep0_open(&s) : nng_pull0_open(&s));
    must(nng_listen(s, url, NULL, 0));
    for (int i = 0; i < (kind == ACTA_DOOR_REP ? AT_ONCE_MAX : 1); i++) {
        worker *w = &workers[i];
        *w = (worker){.socket = s, .left = messages};
        must(nng_aio_alloc(&w->aio, kind == ACTA_DOOR_REP ? stepped : pulled, w));
        if (kind == ACTA_DOOR_REP) {
            must(nng_ctx_open(&w->ctx, s));
            nng_ctx_recv(w->ctx, w->aio);
        } else {
            nng_recv_aio(s, w->aio);
        }
    }
    say('r');
    must(read(STDIN_FILENO, &end, 1) != 0);
    nng_close(s);
    return 0;
}

// ---- the client ----------------------------------------------------------------------------------

typedef struct server {
    pid_t pid;
    int in;  // closed for its end
    int out; // of what it says
} server;

static server start(const char *self, const char *what, const char *url, const char *kind, uint64_t messages)
{
    extern char **environ;
    int in[2], out[2];
    char count[24];
    must(pipe(in));
    must(pipe(out));
    snprintf(count, sizeof(count), "%llu", (unsigned long long)messages);
    char *words[] = {(char *)(uintptr_t)self, (char *)(uintptr_t)what, (char *)(uintptr_t)url, (char *)(uintptr_t)kind,
                     count, NULL};
    posix_spawn_file_actions_t files;
    must(posix_spawn_file_actions_init(&files));
    must(posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO));
    must(posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO));
    must(posix_spawn_file_actions_addclose(&files, in[1]));
    must(posix_spawn_file_actions_addclose(&files, out[0]));
    server s = {.in = in[1], .out = out[0]};
    must(posix_spawn(&s.pid, self, &files, NULL, words, environ));
    must(posix_spawn_file_actions_destroy(&files));
    close(in[0]);
    close(out[1]);
    return s;
}

static void hear(const server *s, char what)
{
    char said = 0;
    must(read(s->out, &said, 1) != 1 || said != what);
}

// end gives the processor time that the server has taken.
static double end(server *s)
{
    int status;
    struct rusage u;
    close(s->in);
    close(s->out);
    must(wait4(s->pid, &status, 0, &u) != s->pid || status != 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static nng_msg *message(void)
{
    nng_msg *m;
    must(nng_msg_alloc(&m, 0));
    must(nng_msg_append(m, packed, PACKED_BYTES));
    return m;
}

// push_all gives the time a message took, from the first sent to the last that has come.
static double push_all(const server *by, const char *url, uint64_t messages)
{
    nng_socket s;
    must(nng_push0_open(&s));
    must(nng_dial(s, url, NULL, 0));
    double start_ns = now_ns();
    for (uint64_t i = 0; i < messages; i++)
        must(nng_sendmsg(s, message(), 0));
    hear(by, 'd');
    double each_ns = (now_ns() - start_ns) / (double)messages;
    nng_close(s);
    return each_ns;
}

static void ask(nng_socket s, uint32_t number)
{
    nng_msg *m = message();
    must(nng_msg_header_append_u32(m, 0x80000000u | number));
    must(nng_sendmsg(s, m, 0));
}

// ask_all gives the time a request took, with so many on the way at once.
static double ask_all(const char *url, uint64_t requests, uint32_t at_once)
{
    nng_socket s;
    nng_msg *m;
    must(nng_req0_open_raw(&s));
    must(nng_socket_set_int(s, NNG_OPT_RECVBUF, AT_ONCE_MAX));
    must(nng_dial(s, url, NULL, 0));
    double start_ns = now_ns();
    for (uint32_t i = 0; i < at_once; i++)
        ask(s, i);
    for (uint64_t i = 0; i < requests; i++) {
        must(nng_recvmsg(s, &m, 0));
        must(nng_msg_len(m) != PACKED_BYTES);
        nng_msg_free(m);
        if (i + at_once < requests)
            ask(s, (uint32_t)i);
    }
    double each_ns = (now_ns() - start_ns) / (double)requests;
    nng_close(s);
    return each_ns;
}

// ---- the runs ----------------------------------------------------------------------------------------

typedef struct bench {
    const char *name;
    const char *kind;
    uint32_t at_once; // 0: pushed
    uint64_t messages;
} bench;

typedef struct cost {
    double wall_ns, cpu_ns;
} cost;

static cost run_once(const char *self, const char *what, const bench *b)
{
    char url[64];
    snprintf(url, sizeof(url), "ipc:///tmp/acta-bench-door-%ld", (long)getpid());
    server s = start(self, what, url, b->kind, b->messages);
    hear(&s, 'r');
    double each_ns = b->at_once == 0 ? push_all(&s, url, b->messages) : ask_all(url, b->messages, b->at_once);
    return (cost){.wall_ns = each_ns, .cpu_ns = end(&s) / (double)b->messages};
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef double figures[RUNS_MAX];

static double median(figures of, int runs)
{
    qsort(of, (size_t)runs, sizeof(of[0]), by_size);
    return of[runs / 2];
}

static void run(const char *self, const bench *b, int runs)
{
    figures door, nng, ratio, door_cpu, nng_cpu, cpu_ratio;
    for (int i = 0; i < runs; i++) {
        cost ours = run_once(self, "door", b), theirs = run_once(self, "nng", b);
        door[i] = 1e9 / ours.wall_ns;
        nng[i] = 1e9 / theirs.wall_ns;
        ratio[i] = theirs.wall_ns / ours.wall_ns;
        door_cpu[i] = ours.cpu_ns / 1e3;
        nng_cpu[i] = theirs.cpu_ns / 1e3;
        cpu_ratio[i] = theirs.cpu_ns / ours.cpu_ns;
    }
    double middle = median(ratio, runs);
    printf("bench=%s door=%.0f nng=%.0f unit=1/s ratio=%.2f lowest=%.2f highest=%.2f door_cpu=%.1f nng_cpu=%.1f "
           "cpu_ratio=%.2f runs=%d\n", b->name, median(door, runs), median(nng, runs), middle, ratio[0],
           ratio[runs - 1], median(door_cpu, runs), median(nng_cpu, runs), median(cpu_ratio, runs), runs);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const bench all[] = {
        {"door_pull", "pull", 0, 200000},
        {"door_rep_1", "rep", 1, 20000},
        {"door_rep_64", "rep", AT_ONCE_MAX, 100000},
    };
    if (argc == 5) {
        acta_door_kind kind = strcmp(argv[3], "rep") == 0 ? ACTA_DOOR_REP : ACTA_DOOR_PULL;
        uint64_t messages = strtoull(argv[4], NULL, 10);
        return strcmp(argv[1], "door") == 0 ? serve_door(argv[2], kind, messages) : serve_nng(argv[2], kind, messages);
    }
    long runs = argc >= 2 ? strtol(argv[1], NULL, 10) : RUNS_DEFAULT;
    long part = argc == 3 ? strtol(argv[2], NULL, 10) : 1;
    if (argc > 3 || runs < 1 || runs > RUNS_MAX || part < 1 || part > 1000) {
        fprintf(stderr, "usage: bench_door [RUNS [PART]], 1 to %d runs; %d\n", RUNS_MAX, RUNS_DEFAULT);
        return 64;
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bench b = all[i];
        b.messages = b.messages / (uint64_t)part + AT_ONCE_MAX;
        run("/proc/self/exe", &b, (int)runs);
    }
    return 0;
}
