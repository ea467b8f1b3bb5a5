// SPDX-License-Identifier: MIT
//
// spawn.c - spawning an actor in a process of its own.
//
// The order is what keeps this free of races: first the node that expects the process, and the actor's stand-in there,
// into which the start and then whatever anybody sends is put; then the process, which cannot be faster. When it cannot
// be started the node is told that it has died, and everything ends the way it always does.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <acta/event.h>

#include "core/sender.h"
#include "proc/keeper.h"
#include "proc/launch.h"
#include "proc/start.h"

static const char *where_of(const acta_spawn_opts *opts)
{
    return opts->where != NULL ? opts->where : "acta_spawn_with";
}

static void fill_page(acti_page *page, const acti_processes *p, const acta_spawn_opts *opts,
                      const acta_actor_entry *entry)
{
    const acta_system_opts *system = &p->sys->opts;
    do
        page->session = acti_random_seed();
    while (page->session == 0);
    memcpy(page->path, p->path, sizeof(page->path));
    page->maker = getpid();
    page->reports = p->lines != NULL;
    page->system = (acta_system_opts){.workers = system->workers,
                                      .message_bytes_max = system->message_bytes_max,
                                      .stack_bytes = system->stack_bytes,
                                      .track_senders = system->track_senders,
                                      .order_lint = system->order_lint,
                                      .heartbeat_ns = system->heartbeat_ns,
                                      .long_turn_ns = system->long_turn_ns};
    snprintf(page->code, sizeof(page->code), "%s", entry->name);
    acti_name_copy(page->name, opts->name != NULL ? opts->name : "actor");
    page->has_args = opts->args.type != NULL;
    page->state_bytes = opts->state_bytes;
    page->capacity = opts->capacity;
    page->stack_bytes = opts->stack_bytes;
    page->limits = opts->limits;
}

// start_of gives the first message.
static int start_of(const acta_system *sys, const acta_spawn_opts *opts, acta_msg **m)
{
    if (opts->args.type == NULL)
        return acti_msg_copy_send(acta_type_of(acta_process_start), &(acta_process_start){0}, UINT32_MAX, m);
    return acti_msg_copy_send(opts->args.type, opts->args.body, sys->opts.message_bytes_max, m);
}

// expect makes the node and the stand-in, puts the start into it, and has the keeper watch both. From here on
// everything ends by the end of the node: on failure that is said, and the keeper has only to be started.
//
// Owns: start is taken.
static int expect(acti_keeper *keeper, const acta_spawn_opts *opts, acta_msg *start, acta_tx **tx)
{
    const acti_agreed agreed = {.session = keeper->page->session,
                                .actor = ACTI_START_ACTOR,
                                .name = keeper->page->name,
                                .limit_ns = ACTA_FOREVER,
                                .capacity = opts->capacity,
                                .maker = &keeper->maker};
    acti_actor_ref(keeper->actor); // the node's, until it forgets us
    int status = acti_node_expect(keeper->processes->router, &agreed, where_of(opts), &keeper->node, tx);
    if (status != ACTA_OK) {
        acti_actor_unref(keeper->actor);
        acti_keeper_drop(keeper);
        acti_msg_release(start);
        return status;
    }
    acti_actor *actor = acti_actor_of_tx(*tx);
    keeper->who = acta_addr_dup(acti_addr_of(actor));
    uint64_t monitor;
    status = acta_monitor(acti_self_of(keeper->actor), keeper->who, &monitor);
    keeper->ended = status != ACTA_OK; // or nobody would say so
    if (status == ACTA_OK)
        status = acti_actor_push_as(actor, start, ACTI_PUSH_OVER);
    if (status == ACTA_OK)
        acti_tally(keeper->actor->sys, ACTI_SENT, 1);
    else
        acti_msg_release(start);
    return status;
}

static int launch(acti_keeper *keeper, acti_launch *l, const acta_spawn_opts *opts)
{
    char title[128];
    const acti_lines *lines = keeper->processes->lines;
    snprintf(title, sizeof(title), "actor %s of process %ld", keeper->page->name, (long)keeper->page->maker);
    l->lines = lines != NULL ? lines->to : -1;
    l->title = title;
    l->environment = opts->environment;
    int status = acti_launch_process(l);
    if (status != ACTA_OK)
        acti_report(keeper->actor->sys, "%s: actor %s gets no process: %s", where_of(opts), keeper->page->name, l->why);
    return status;
}

// run_keeper does what can only be undone by ending.
static int run_keeper(acti_keeper *keeper, int page, const acta_spawn_opts *opts, acta_msg *start, acta_tx **tx)
{
    acta_tx *sender = NULL;
    acti_launch l = {.page = page, .pidfd = -1};
    int status = expect(keeper, opts, start, &sender);
    if (sender == NULL)
        return status;
    if (status == ACTA_OK)
        status = launch(keeper, &l, opts);
    if (status != ACTA_OK) {
        acti_node_died(keeper->node, status, "it was never started");
        acta_tx_drop(&sender);
    }
    acti_keeper_start(keeper, l.pid, l.pidfd);
    *tx = sender;
    return status;
}

int acti_process_spawn(acta_system *sys, const acta_spawn_opts *opts, const acta_actor_entry *entry, acta_tx **tx)
{
    acti_processes *p;
    acti_page *page;
    acti_keeper *keeper;
    acta_msg *start;
    int fd;
    int status = acti_processes_of(sys, &p);
    if (status == ACTA_OK)
        status = acti_page_new(&page, &fd);
    if (status != ACTA_OK)
        return status;
    fill_page(page, p, opts, entry);
    status = start_of(sys, opts, &start);
    if (status == ACTA_OK) {
        status = acti_keeper_new(p, page, &keeper);
        if (status != ACTA_OK)
            acti_msg_release(start);
    }
    if (status == ACTA_OK)
        status = run_keeper(keeper, fd, opts, start, tx);
    else
        acti_page_free(&page);
    close(fd);
    return status;
}
