// SPDX-License-Identifier: MIT
//
// family.c - a program with actors in processes of their own, for tests that kill one or the other.
//
//     family COUNT SECONDS
//         prints "member NUMBER PID" for each, where those with an odd number then compute for ever, and "ready"; then
//         for each that dies "member NUMBER: REASON, CAUSE". When standard input ends it closes the system, for which
//         it has so long, and prints "closed STATUS".
//
// A member whose senders are gone prints "member NUMBER ends: REASON" itself. Reports go to standard error.

#include <acta/acta.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ACTA_MESSAGE(place_in_line, (i64, number));
ACTA_MESSAGE(who);
ACTA_MESSAGE(me, (i64, pid));
ACTA_MESSAGE(compute);

enum { MEMBERS_MAX = 200 };

static void report(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "family: %s\n", line);
}

// say writes a line at once: another process may write to the same place.
static void say(const char *line)
{
    if (write(STDOUT_FILENO, line, strlen(line)) < 0)
        exit(1);
}

static int member(acta_self *self, void *arg)
{
    const place_in_line *mine = arg;
    char line[100];
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        if (acta_is(who, m))
            (void)acta_reply(self, m, me, .pid = getpid());
        else
            for (volatile bool always = true; always;)
                continue;
    }
    snprintf(line, sizeof(line), "member %" PRIi64 " ends: %s\n", mine->number, acta_errname(acta_eof(self)));
    say(line);
    return ACTA_OK;
}
ACTA_ACTOR(member);

typedef struct head {
    int64_t count;
    acta_tx *members[MEMBERS_MAX];
    uint64_t monitors[MEMBERS_MAX];
} head;

static int start_member(acta_self *self, head *h, int64_t n)
{
    uint64_t ask;
    char line[100];
    int status = acta_spawn(acta_system_of(self), &h->members[n], .body = member, .name = "member",
                            .place = ACTA_PROCESS, .args = ACTA_ARGS(place_in_line, .number = n));
    if (status == ACTA_OK)
        status = acta_monitor(self, acta_tx_addr(h->members[n]), &h->monitors[n]);
    if (status == ACTA_OK)
        status = acta_ask(self, h->members[n], 20 * ACTA_SECOND, &ask, who);
    if (status != ACTA_OK)
        return status;
    acta_msg *reply = acta_await(self, ask);
    snprintf(line, sizeof(line), "member %" PRIi64 " %" PRIi64 "\n", n,
             reply != NULL && acta_is(me, reply) ? acta_as(me, reply)->pid : -1);
    say(line);
    acta_msg_free(&reply);
    return n % 2 == 1 ? acta_send(h->members[n], compute) : ACTA_OK;
}

static void mourn(head *h, const acta_down *down)
{
    char line[400];
    for (int64_t n = 0; n < h->count; n++) {
        if (h->monitors[n] != down->monitor)
            continue;
        snprintf(line, sizeof(line), "member %" PRIi64 ": %s, %s\n", n, acta_errname((int)down->reason), down->cause);
        say(line);
    }
}

static int head_body(acta_self *self, void *arg)
{
    head *h = arg;
    int status = ACTA_OK;
    for (int64_t n = 0; n < h->count && status == ACTA_OK; n++)
        status = start_member(self, h, n);
    say(status == ACTA_OK ? "ready\n" : "not ready\n");
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m))
        if (acta_is(acta_down, m))
            mourn(h, acta_as(acta_down, m));
    for (int64_t n = 0; n < h->count; n++)
        acta_tx_drop(&h->members[n]);
    return status;
}

int main(int argc, char **argv)
{
    acta_process_main();
    acta_system *sys;
    acta_tx *tx;
    static head h;
    char line[100], byte;
    h.count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    uint64_t seconds = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (h.count < 1 || h.count > MEMBERS_MAX)
        return 2;
    if (acta_open(&(acta_system_opts){.report = report}, &sys) != ACTA_OK ||
        acta_spawn(sys, &tx, .body = head_body, .arg = &h, .name = "head") != ACTA_OK)
        return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    acta_tx_drop(&tx);
    int status = acta_close(&sys, seconds * ACTA_SECOND);
    snprintf(line, sizeof(line), "closed %s\n", acta_errname(status));
    say(line);
    return 0;
}
