// SPDX-License-Identifier: MIT
//
// main.c - the life of a process that was made for an actor.
//
//   page        what it is to be; without one it is the program itself, and main goes on
//   system      as that of the maker
//   actor       the first of the system, and known to the maker by that number; it waits for its start
//   session     the maker expects it, and has a sender to the actor from the beginning
//   start       the limits are set, and the actor's code begins
//   end         when no actor is left the system is closed, with a goodbye, and the process exits
//
// When the session is over earlier, the actor is told as any is whose sender is gone: EOF, and ACTA_ECRASHED if the
// maker died. It may tidy up. When the maker has died a thread ends the process some time later, whatever its actors
// do, so that nothing is left behind, be it stuck in an endless loop; it also removes the socket that the maker left.

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/code.h"
#include "core/lint.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "proc/keeper.h"
#include "proc/last.h"
#include "proc/limits.h"
#include "proc/lines.h"
#include "proc/page.h"
#include "proc/start.h"

#define JOIN_NS (10 * ACTA_SECOND)  // to reach the maker
#define GRACE_NS (2 * ACTA_SECOND)  // for the actors, when the maker has died
#define LOOK_MS 100                 // between two looks at the maker, when the kernel cannot tell

// Statuses of a process that could not be what it was made for, or not any more.
enum { EXIT_TROUBLE = 125, EXIT_ORPHAN = 124 };

// What this process was made for. Written before there is another thread.
static struct {
    acti_page *page;
    const acta_actor_entry *entry;
    acta_msg *args; // of a handler with a state; its turn only
} here;

__attribute__((format(printf, 1, 2))) static void say_trouble(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(here.page->trouble, sizeof(here.page->trouble), format, args);
    va_end(args);
}

// ---- the start ----------------------------------------------------------------------------

// begin comes before anything of the actor's own. The first message counts as done: if it is kept, it is not waited
// for.
static int begin(acta_msg *first)
{
    if (first->flags & ACTI_MSG_EXT) {
        acti_msg_ext *ext = acti_msg_ext_of(first);
        acti_origin *origin = ext->origin;
        ext->origin = NULL;
        if (origin != NULL)
            origin->done(origin, ext->bytes);
    }
    int status = acti_limits_set(&here.page->limits);
    if (status != ACTA_OK)
        say_trouble("its limits could not be set (errno %d)", errno);
    acti_au32_store_release(&here.page->begun, 1);
    return status;
}

static int start_body(acta_self *self, void *arg)
{
    (void)arg;
    acta_msg *first = acta_recv(self);
    if (first == NULL)
        return ACTA_OK; // the maker has gone, or does not want it any more
    int status = begin(first);
    if (status == ACTA_OK)
        status = here.entry->body(self, here.page->has_args ? (void *)(first + 1) : NULL);
    acta_msg_free(&first);
    return status;
}

static void free_args(void *arg)
{
    if (arg != (void *)(here.args + 1))
        memcpy(here.args + 1, arg, here.args->type->size); // as in core/spawn.c
    acti_msg_release(here.args);
}

// take_args gives a handler a copy of the message that it may not keep.
static int take_args(acti_actor *actor, const acta_msg *first)
{
    int status = acti_msg_copy_send(first->type, first + 1, UINT32_MAX, &here.args);
    if (status != ACTA_OK)
        return status;
    if (here.page->state_bytes > 0)
        memcpy(actor->arg, here.args + 1, first->type->size);
    else
        actor->arg = here.args + 1;
    actor->arg_free = free_args;
    return ACTA_OK;
}

// start_handler is the handler until it is told to start: the next message is the user's handler's.
static int start_handler(acta_self *self, void *arg, acta_msg *first)
{
    (void)arg;
    acti_actor *actor = acti_actor_of_self(self);
    if (first == NULL)
        return ACTA_OK;
    int status = begin(first);
    if (status == ACTA_OK && here.page->has_args)
        status = take_args(actor, first);
    actor->run.handler = here.entry->handler;
    return status;
}

static int spawn_actor(acta_system *sys, acta_tx **tx)
{
    const acti_page *page = here.page;
    bool body = here.entry->body != NULL;
    const acta_spawn_opts opts = {.body = body ? start_body : NULL,
                                  .handler = body ? NULL : start_handler,
                                  .state_bytes = body ? 0 : page->state_bytes,
                                  .name = page->name,
                                  .capacity = page->capacity,
                                  .stack_bytes = page->stack_bytes,
                                  .where = "the process that it was made for"};
    return acta_spawn_with(sys, &opts, tx);
}

// ---- the maker ------------------------------------------------------------------------------

// wait_for_death returns when the maker has died.
static void wait_for_death(void)
{
    int maker = (int)syscall(SYS_pidfd_open, here.page->maker, 0);
    struct pollfd death = {.fd = maker, .events = POLLIN};
    // Looked at after the descriptor is there: then it is that of our maker, and not of who has its number now. Without
    // one, because nobody may have any or too many are open, it is looked at again and again.
    while (getppid() == here.page->maker && poll(&death, 1, maker >= 0 ? -1 : LOOK_MS) <= 0)
        continue;
    if (maker >= 0)
        close(maker);
}

// remove_socket does for the maker what that cannot do any more; who comes later finds nothing.
static void remove_socket(void)
{
    char path[sizeof(here.page->path) + sizeof(".lock")];
    memcpy(path, here.page->path, sizeof(here.page->path));
    (void)unlink(path);
    snprintf(path, sizeof(path), "%s.lock", here.page->path);
    (void)unlink(path);
    (void)rmdir(dirname(path));
}

static void *guard_main(void *arg)
{
    (void)arg;
    wait_for_death();
    remove_socket();
    acti_park never;
    acti_park_init(&never);
    (void)acti_park_wait(&never, acti_deadline_ns(GRACE_NS));
    _exit(EXIT_ORPHAN);
}

static int join(acta_system *sys, acta_tx *tx)
{
    const acti_agreed agreed = {.session = here.page->session, .actor = ACTI_START_ACTOR, .limit_ns = JOIN_NS};
    char url[sizeof(here.page->path) + sizeof("ipc://")];
    snprintf(url, sizeof(url), "ipc://%s", here.page->path);
    acti_router *router = acti_router_of(sys);
    if (router == NULL) {
        acta_tx_drop(&tx);
        return ACTA_ENOMEM;
    }
    acti_node *node;
    int status = acti_node_join(router, url, &agreed, tx, &node);
    if (status == ACTA_OK)
        acti_actor_unref(node->actor);
    return status;
}

// ---- the process --------------------------------------------------------------------------------

static int open_system(acta_system **sys, acti_carrier **last)
{
    acta_system_opts opts = here.page->system;
    if (here.page->reports) {
        (void)fcntl(ACTI_LINES_DESCRIPTOR, F_SETFD, FD_CLOEXEC); // it is not for those that this process makes
        opts.report = acti_lines_write;
        opts.report_arg = here.page->name;
    }
    bool linted = opts.order_lint == ACTA_LINT_ON;
    acti_carrier *lint = linted ? acti_lint_new() : NULL;
    *last = linted && lint == NULL ? NULL : acti_last_new(lint, here.page->last);
    int status = *last != NULL ? acti_system_open(&opts, *last, sys) : ACTA_ENOMEM;
    if (status != ACTA_OK && *last != NULL)
        (*last)->fini(*last);
    else if (status != ACTA_OK && lint != NULL)
        lint->fini(lint);
    return status;
}

// live is all that such a process does. It gives the status to exit with.
static int live(void)
{
    acta_system *sys;
    acti_carrier *last;
    acta_tx *tx;
    pthread_t guard;
    int status = open_system(&sys, &last);
    if (status != ACTA_OK) {
        say_trouble("no system could be opened: %s", acta_strerror(status));
        return EXIT_TROUBLE;
    }
    status = acti_thread_start(&guard, "acta-guard", guard_main, NULL);
    if (status == ACTA_OK)
        status = spawn_actor(sys, &tx);
    if (status == ACTA_OK) {
        acti_last_of(last, acti_actor_of_tx(tx));
        status = join(sys, tx);
    }
    if (status != ACTA_OK)
        say_trouble("it could not be set up: %s", acta_strerror(status));
    int closed = acta_close(&sys, ACTA_FOREVER);
    if (getppid() != here.page->maker)
        remove_socket(); // the guard may not have had its turn since: our actor ends with the session to the dead maker
    return status != ACTA_OK || closed != ACTA_OK ? EXIT_TROUBLE : EXIT_SUCCESS;
}

static const acti_process_ops ops = {.spawn = acti_process_spawn};

void acta_process_main(void)
{
    acti_aptr_store_relaxed(&acti_process_layer, (void *)(uintptr_t)&ops); // there is no other thread
    if (acti_page_given(&here.page) != ACTA_OK)
        _exit(EXIT_TROUBLE);
    if (here.page == NULL)
        return;
    // Else it would be "exe", from the file that was executed.
    (void)prctl(PR_SET_NAME, program_invocation_short_name);
    here.entry = acti_code_find(here.page->code);
    if (here.entry == NULL) {
        say_trouble("it has no ACTA_ACTOR(%s): is that in a library that is loaded later?", here.page->code);
        _exit(EXIT_TROUBLE);
    }
    exit(live());
}
