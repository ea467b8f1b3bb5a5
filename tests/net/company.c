// SPDX-License-Identifier: MIT
//
// company.c - a program that says which nodes come and go, for tests of what happens to them.
//
//     company serve URL HEARTBEAT_MS
//     company join URL HEARTBEAT_MS
//         prints "up" and "down REASON" for each node, and "beat" for each of its own heartbeats, until standard input
//         ends; then "closed STATUS"

#include <acta/acta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static void report(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "company: %s\n", line);
}

static int watch(acta_self *self, void *arg)
{
    const uint64_t *heartbeat_ns = arg;
    uint64_t id;
    int status = acta_watch_nodes(self, &id);
    if (status == ACTA_OK)
        status = acta_timer_start(self, *heartbeat_ns, *heartbeat_ns, &id);
    if (status != ACTA_OK)
        return status;
    for (acta_msg *m; (m = acta_recv(self)) != NULL; acta_msg_free(&m)) {
        const acta_node_down *down = acta_as(acta_node_down, m);
        if (down != NULL)
            printf("down %d\n", (int)down->reason);
        else
            puts(acta_is(acta_node_up, m) ? "up" : "beat");
        fflush(stdout);
    }
    return ACTA_OK;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 64;
    uint64_t heartbeat_ns = strtoull(argv[3], NULL, 10) * ACTA_MS;
    acta_system *sys;
    acta_tx *tx;
    acta_listener *listener;
    acta_node *node = NULL;
    acta_system_opts opts = {.report = report};
    net_options(&opts);
    opts.heartbeat_ns = heartbeat_ns;
    int status = acta_open(&opts, &sys);
    if (status != ACTA_OK)
        return 1;
    status = acta_spawn(sys, &tx, .body = watch, .arg = &heartbeat_ns, .name = "watch");
    if (status == ACTA_OK && strcmp(argv[1], "serve") == 0)
        status = acta_node_listen(sys, argv[2], &listener);
    else if (status == ACTA_OK)
        status = acta_connect(sys, argv[2], 20 * ACTA_SECOND, &node);
    if (status != ACTA_OK)
        return 1;
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    acta_node_drop(&node);
    acta_tx_drop(&tx);
    printf("closed %d\n", acta_close(&sys, 10 * ACTA_SECOND));
    return 0;
}
