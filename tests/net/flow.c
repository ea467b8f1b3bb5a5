// SPDX-License-Identifier: MIT
//
// flow.c - two programs in one, for tests of what may happen between two processes.
//
//     flow serve URL
//         says where ("at URL") and "ready", serves one flow of numbered items, says "over" when that has ended, stays
//         until standard input ends, so that one can look at what it still has, and says what has come:
//         received=N misplaced=N end=NUMBER
//     flow send URL COUNT BYTES SECONDS
//         connects, for which it has so long, and says connected; says begun when the server has; sends that many items
//         with that many bytes each, drops its sender and says goodbye:
//         sent=N status=NUMBER left=NUMBER, where left is how the session ended
//
// Item n of a flow carries n, from 1 up; misplaced counts those that were not the next one, so a gap, a double and a
// change of order each show. The status is 1 when acta_close was not content, which checks the ledger. Reports go to
// standard error.

#include <acta/acta.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

ACTA_MESSAGE(begin);
ACTA_MESSAGE(begun);
ACTA_MESSAGE(item, (u64, n), (bytes, data));

typedef struct server {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool begun;
    bool over;
    uint64_t received;
    uint64_t misplaced;
    int end;
} server;

static void report(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "flow: %s\n", line);
}

// tell sets a flag that main waits for.
static void tell(server *s, bool *flag)
{
    pthread_mutex_lock(&s->lock);
    *flag = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void wait_for(server *s, const bool *flag)
{
    pthread_mutex_lock(&s->lock);
    while (!*flag)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static int count(acta_self *self, void *arg)
{
    server *s = arg;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const item *i = acta_as(item, m);
        if (i != NULL) {
            s->received++;
            s->misplaced += i->n != s->received;
        } else if (acta_is(begin, m)) {
            tell(s, &s->begun);
            (void)acta_reply(self, m, begun);
        } else {
            acta_unhandled(self, m);
        }
    }
    s->end = acta_eof(self); // read by main when the system is closed
    tell(s, &s->over);
    return ACTA_OK;
}

// say writes a line at once, for who waits for it.
static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

static int fail(const char *what, int status)
{
    fprintf(stderr, "flow: %s: %s\n", what, acta_strerror(status));
    return 1;
}

static int serve(acta_system *sys, const char *url)
{
    server s = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    acta_tx *tx;
    acta_listener *listener;
    int status = acta_spawn(sys, &tx, .body = count, .arg = &s, .name = "flow");
    if (status == ACTA_OK)
        status = acta_publish(sys, "flow", acta_tx_addr(tx));
    if (status == ACTA_OK)
        status = acta_node_listen(sys, url, &listener);
    if (status != ACTA_OK)
        return fail(url, status);
    printf("at %s\n", acta_listener_url(listener));
    say("ready");

    wait_for(&s, &s.begun);
    acta_tx_drop(&tx); // from here on the senders of others keep the actor
    wait_for(&s, &s.over);
    say("over");
    while (getchar() != EOF)
        continue;
    status = acta_close(&sys, ACTA_FOREVER);
    printf("received=%" PRIu64 " misplaced=%" PRIu64 " end=%d\n", s.received, s.misplaced, s.end);
    return status == ACTA_OK ? 0 : fail("closing", status);
}

// send_all gives how many were accepted; *status why it stopped, ACTA_OK when it did not.
static uint64_t send_all(acta_tx *tx, uint64_t count, size_t size, int *status)
{
    void *data = calloc(1, size + 1);
    uint64_t n = 0;
    *status = data != NULL ? ACTA_OK : ACTA_ENOMEM;
    while (*status == ACTA_OK && n < count) {
        *status = acta_send(tx, item, .n = n + 1, .data = {data, size});
        n += *status == ACTA_OK;
    }
    free(data);
    return n;
}

// begin_flow gives a sender to the server, which has begun.
static int begin_flow(acta_node *node, acta_tx **tx)
{
    acta_msg *reply = NULL;
    int status = acta_node_find(node, "flow", 20 * ACTA_SECOND, tx);
    if (status != ACTA_OK)
        return status;
    status = acta_call(*tx, 20 * ACTA_SECOND, &reply, begin);
    acta_msg_free(&reply);
    return status;
}

static int send_flow(acta_system *sys, const char *url, uint64_t count, size_t size, uint64_t seconds)
{
    acta_node *node;
    acta_tx *tx;
    int status = acta_connect(sys, url, seconds * ACTA_SECOND, &node);
    if (status != ACTA_OK) {
        (void)acta_close(&sys, 60 * ACTA_SECOND); // by then it has reported what is wrong there
        return fail(url, status);
    }
    say("connected");
    status = begin_flow(node, &tx);
    if (status != ACTA_OK)
        return fail("flow", status);
    say("begun");

    uint64_t sent = send_all(tx, count, size, &status);
    acta_tx_drop(&tx);
    int closed = acta_close(&sys, 60 * ACTA_SECOND); // the goodbye comes back when all was received
    int left = acta_node_status(node);
    acta_node_drop(&node);
    printf("sent=%" PRIu64 " status=%d left=%d\n", sent, status, left);
    return closed == ACTA_OK ? 0 : fail("closing", closed);
}

int main(int argc, char **argv)
{
    bool serving = argc >= 3 && strcmp(argv[1], "serve") == 0;
    if (!serving && (argc < 6 || strcmp(argv[1], "send") != 0)) {
        fprintf(stderr, "usage: flow serve URL | flow send URL COUNT BYTES SECONDS\n");
        return 64;
    }
    acta_system *sys;
    acta_system_opts opts = {.report = report};
    net_options(&opts);
    int status = acta_open(&opts, &sys);
    if (status != ACTA_OK)
        return fail("opening", status);
    if (serving)
        return serve(sys, argv[2]);
    uint64_t count = strtoull(argv[3], NULL, 10), bytes = strtoull(argv[4], NULL, 10);
    return send_flow(sys, argv[2], count, bytes, strtoull(argv[5], NULL, 10));
}
