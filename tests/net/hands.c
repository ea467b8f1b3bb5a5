// SPDX-License-Identifier: MIT
//
// hands.c - a node with one hand, which passes a sender on as it is told, for tests that kill one node or the other.
//
//     hands URL
//         listens at URL, prints "ready URL", and does what the lines of its input say, each with a line that says what
//         came of it:
//
//         make           keeps a sender to a new sink of this node
//         meet URL       finds the hand that listens at URL
//         give           gives the hand that it has met a sender to what it keeps, and forgets it
//         send FROM TO   sends the numbers from FROM to TO through what it keeps
//         watch          watches what it keeps, and prints "down REASON" when that has ended
//         drop           keeps it no longer
//
//         When a sender is given to it, it prints "got" and keeps that one. A sink prints "item N" for each number and
//         "ends REASON". At the end of its input it closes the system and prints "closed STATUS".
//
// Everything is printed by one write, a line at a time. Reports go to standard error.

#include <acta/acta.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_NS (20 * ACTA_SECOND)

ACTA_MESSAGE(number, (i64, n));
ACTA_MESSAGE(gift, (tx, who), (bool, own)); // own: from this node's main
ACTA_MESSAGE(meet, (tx, other));
ACTA_MESSAGE(give);
ACTA_MESSAGE(send, (i64, from), (i64, to));
ACTA_MESSAGE(watch);
ACTA_MESSAGE(drop);

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (length < 0 || write(STDOUT_FILENO, line, (size_t)length) != length)
        exit(1);
}

static void report(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "hands: %s\n", line);
}

static int sink(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        say("ends %s\n", acta_errname(acta_eof(self)));
    else
        say("item %" PRIi64 "\n", acta_as(number, m)->n);
    return ACTA_OK;
}

// ---- the hand --------------------------------------------------------------------------------

typedef struct hand {
    acta_tx *kept;
    acta_tx *other; // that it has met
} hand;

static int send_numbers(hand *h, const send *s)
{
    int status = ACTA_OK;
    for (int64_t n = s->from; n <= s->to && status == ACTA_OK; n++)
        status = acta_send(h->kept, number, .n = n);
    return status;
}

static void keep(hand *h, const gift *g)
{
    acta_tx_drop(&h->kept);
    h->kept = acta_tx_dup(g->who);
    say(g->own ? "made\n" : "got\n");
}

static void let_go(hand *h)
{
    acta_tx_drop(&h->kept);
    acta_tx_drop(&h->other);
}

static void obey(acta_self *self, hand *h, acta_msg *m)
{
    uint64_t monitor;
    if (acta_is(give, m) && h->other != NULL)
        say("gave %s\n", acta_errname(acta_finish(&h->other, gift, .who = h->kept)));
    else if (acta_is(send, m))
        say("sent %s\n", acta_errname(send_numbers(h, acta_as(send, m))));
    else if (acta_is(watch, m))
        say("watches %s\n", acta_errname(acta_monitor(self, acta_tx_addr(h->kept), &monitor)));
    else
        acta_unhandled(self, m);
}

static int hand_takes(acta_self *self, void *arg, acta_msg *m)
{
    hand *h = arg;
    if (m == NULL) {
        let_go(h);
    } else if (acta_is(gift, m)) {
        keep(h, acta_as(gift, m));
    } else if (acta_is(meet, m)) {
        acta_tx_drop(&h->other);
        h->other = acta_tx_dup(acta_as(meet, m)->other);
        say("met\n");
    } else if (acta_is(acta_down, m)) {
        say("down %s\n", acta_errname((int)acta_as(acta_down, m)->reason));
    } else if (acta_is(drop, m)) {
        acta_tx_drop(&h->kept);
        say("dropped\n");
    } else if (h->kept != NULL) {
        obey(self, h, m);
    } else {
        say("has nothing\n");
    }
    return ACTA_OK;
}

// ---- what main does for it -----------------------------------------------------------------------

static int make(acta_system *sys, acta_tx *to)
{
    acta_tx *tx;
    int status = acta_spawn(sys, &tx, .handler = sink, .name = "sink");
    if (status != ACTA_OK)
        return status;
    status = acta_send(to, gift, .who = tx, .own = true);
    acta_tx_drop(&tx);
    return status;
}

static int meet_at(acta_system *sys, acta_tx *to, const char *url)
{
    acta_node *node = NULL;
    acta_tx *other = NULL;
    int status = acta_connect(sys, url, WAIT_NS, &node);
    if (status == ACTA_OK)
        status = acta_node_find(node, "hand", WAIT_NS, &other);
    if (status == ACTA_OK)
        status = acta_send(to, meet, .other = other);
    acta_tx_drop(&other);
    acta_node_drop(&node);
    return status;
}

static int serve(acta_system *sys, acta_tx *to, char *line)
{
    int64_t from, until;
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "make") == 0)
        return make(sys, to);
    if (strncmp(line, "meet ", 5) == 0)
        return meet_at(sys, to, line + 5);
    if (sscanf(line, "send %" SCNi64 " %" SCNi64, &from, &until) == 2)
        return acta_send(to, send, .from = from, .to = until);
    if (strcmp(line, "give") == 0)
        return acta_send(to, give);
    return strcmp(line, "watch") == 0 ? acta_send(to, watch) : acta_send(to, drop);
}

int main(int argc, char **argv)
{
    acta_system *sys;
    acta_tx *tx;
    acta_listener *listener;
    char line[512];
    if (argc != 2 || acta_open(&(acta_system_opts){.report = report}, &sys) != ACTA_OK ||
        acta_spawn(sys, &tx, .handler = hand_takes, .state_bytes = sizeof(hand), .name = "hand") != ACTA_OK ||
        acta_publish(sys, "hand", acta_tx_addr(tx)) != ACTA_OK ||
        acta_node_listen(sys, argv[1], &listener) != ACTA_OK)
        return 1;
    say("ready %s\n", acta_listener_url(listener));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        int status = serve(sys, tx, line);
        if (status != ACTA_OK)
            say("failed %s\n", acta_errname(status));
    }
    acta_listener_close(&listener);
    acta_tx_drop(&tx);
    say("closed %s\n", acta_errname(acta_close(&sys, WAIT_NS)));
    return 0;
}
