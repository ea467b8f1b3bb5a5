// SPDX-License-Identifier: MIT
//
// system.c - opening a system, the list of who is alive, the ledger, and reports.

#include "core/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/carrier.h"
#include "core/code.h"
#include "core/lint.h"
#include "core/monitor.h"
#include "core/type.h"

#define WORKERS_MAX 256
#define MESSAGE_BYTES_DEFAULT (16u * 1024 * 1024)
#define MESSAGE_BYTES_MAX (1024u * 1024 * 1024)
#define STACK_BYTES_DEFAULT (64u * 1024)
#define LONG_TURN_NS_DEFAULT (100 * ACTA_MS)
#define HEARTBEAT_NS_DEFAULT (2 * ACTA_SECOND)
#define HEARTBEAT_NS_MIN ACTA_MS

ACTI_THREAD_LOCAL acti_running acti_here;

static int fill_in(acta_system_opts *opts)
{
    if (opts->workers > WORKERS_MAX || opts->message_bytes_max > MESSAGE_BYTES_MAX ||
        (uint32_t)opts->track_senders > ACTA_TRACK_OFF || (uint32_t)opts->order_lint > ACTA_LINT_OFF ||
        (opts->heartbeat_ns != 0 && opts->heartbeat_ns < HEARTBEAT_NS_MIN))
        return ACTA_EINVAL;
    if (opts->workers == 0)
        opts->workers = acti_cpu_count() < WORKERS_MAX ? acti_cpu_count() : WORKERS_MAX;
    if (opts->message_bytes_max == 0)
        opts->message_bytes_max = MESSAGE_BYTES_DEFAULT;
    if (opts->stack_bytes == 0)
        opts->stack_bytes = STACK_BYTES_DEFAULT;
    if (opts->track_senders == ACTA_TRACK_DEFAULT)
        opts->track_senders = ACTI_DEBUG ? ACTA_TRACK_ON : ACTA_TRACK_OFF;
    if (opts->order_lint == ACTA_LINT_DEFAULT)
        opts->order_lint = ACTI_DEBUG ? ACTA_LINT_ON : ACTA_LINT_OFF;
    if (opts->long_turn_ns == 0)
        opts->long_turn_ns = LONG_TURN_NS_DEFAULT;
    if (opts->heartbeat_ns == 0)
        opts->heartbeat_ns = HEARTBEAT_NS_DEFAULT;
    return ACTA_OK;
}

// keep_texts copies what the options point to, so that the caller's may go.
static bool keep_texts(acta_system *sys)
{
    acta_tls_opts *tls = &sys->opts.tls;
    const char **texts[] = {&tls->ca_file, &tls->cert_file, &tls->key_file, &tls->peer_name};
    size_t size = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        size += *texts[i] != NULL ? strlen(*texts[i]) + 1 : 0;
    if (size == 0)
        return true;
    char *to = sys->texts = malloc(size);
    for (size_t i = 0; to != NULL && i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (*texts[i] == NULL)
            continue;
        size_t length = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(to, *texts[i], length);
        to += length;
    }
    return sys->texts != NULL;
}

int acta_open(const acta_system_opts *opts, acta_system **out)
{
    char why[256];
    int status = acti_types_check(why, sizeof(why));
    if (status == ACTA_OK)
        status = acti_codes_check(why, sizeof(why));
    if (status != ACTA_OK) {
        if (opts != NULL && opts->report != NULL)
            opts->report(opts->report_arg, why);
        return status;
    }
    acta_system_opts filled = opts != NULL ? *opts : (acta_system_opts){0};
    status = fill_in(&filled);
    if (status != ACTA_OK)
        return status;
    acti_carrier *lint = NULL;
    if (filled.order_lint == ACTA_LINT_ON && (lint = acti_lint_new()) == NULL)
        return ACTA_ENOMEM;
    status = acti_system_open(&filled, lint, out);
    if (status != ACTA_OK && lint != NULL)
        lint->fini(lint);
    return status;
}

int acti_system_open(const acta_system_opts *opts, acti_carrier *carrier, acta_system **out)
{
    acta_system_opts filled = opts != NULL ? *opts : (acta_system_opts){0};
    int status = fill_in(&filled);
    if (status != ACTA_OK)
        return status;
    acta_system *sys = aligned_alloc(ACTI_CACHE_LINE, (sizeof(*sys) + 63) / 64 * 64);
    if (sys == NULL)
        return ACTA_ENOMEM;
    memset(sys, 0, sizeof(*sys));
    sys->opts = filled;
    sys->carrier = carrier;
    sys->forks = acti_forks();
    if (!keep_texts(sys)) {
        free(sys);
        return ACTA_ENOMEM;
    }
    status = acti_clock_init(&sys->clock, filled.workers);
    if (status != ACTA_OK) {
        free(sys->texts);
        free(sys);
        return status;
    }
    acti_board_init(&sys->board);
    acti_names_init(&sys->names);
    for (int i = 0; i < ACTI_ALIVE_LISTS; i++) {
        acti_lock_init(&sys->alive[i].lock);
        acti_list_init(&sys->alive[i].list);
    }
    acti_park_init(&sys->closer);
    acti_lock_init(&sys->count_lock);
    acti_lock_init(&sys->upper_lock);
    acti_lock_init(&sys->report_lock);
    bool placed = carrier != NULL && carrier->placed != NULL;
    status = acti_sched_start(&sys->sched, sys, filled.workers, !placed);
    if (status == ACTA_OK && !placed)
        status = acti_watchdog_start(sys);
    if (status != ACTA_OK) {
        acti_sched_stop(&sys->sched);
        sys->carrier = NULL;
        acti_system_free(sys);
        return status;
    }
    *out = sys;
    return ACTA_OK;
}

void acti_system_free(acta_system *sys)
{
    if (sys->carrier != NULL)
        sys->carrier->fini(sys->carrier); // may have messages left to account for
    acti_names_fini(&sys->names);
    acti_clock_fini(&sys->clock);
    for (int i = 0; i < ACTI_ALIVE_LISTS; i++)
        acti_lock_fini(&sys->alive[i].lock);
    acti_lock_fini(&sys->count_lock);
    acti_lock_fini(&sys->upper_lock);
    acti_lock_fini(&sys->report_lock);
    acti_board_fini(&sys->board);
    free(sys->texts);
    free(sys);
}

// ---- who is alive -------------------------------------------------------------------

// list_of goes by the number and not by the address, so that a close by force goes through them in the same order each
// time that a program, or a schedule of the sim, does the same.
static acti_alive *list_of(acta_system *sys, const acti_actor *actor)
{
    return &sys->alive[actor->id % ACTI_ALIVE_LISTS];
}

static acti_au32 *count_of(acta_system *sys, bool internal)
{
    return internal ? &sys->internals : &sys->users;
}

void acti_system_enter(acti_actor *actor)
{
    acti_alive *alive = list_of(actor->sys, actor);
    // First, because a close by force may end whom it finds in the list. Relaxed: the lock publishes it to those.
    (void)acti_au32_add_relaxed(count_of(actor->sys, actor->internal), ACTI_ALIVE_ONE);
    acti_lock_take(&alive->lock);
    acti_list_push(&alive->list, &actor->alive);
    acti_lock_give(&alive->lock);
}

bool acti_system_leave_late(acti_actor *actor, acta_msg *monitor)
{
    acti_alive *alive = list_of(actor->sys, actor);
    acti_lock_take(&alive->lock);
    bool ending = acti_list_linked(&actor->alive);
    if (ending) {
        monitor->next = actor->late;
        actor->late = monitor;
    }
    acti_lock_give(&alive->lock);
    return ending;
}

acti_actor *acti_system_hold(acta_system *sys, const acti_aptr *shown)
{
    // All locks, in their order: in which list it is says the actor, which may be gone. Nobody else has two of them.
    for (int i = 0; i < ACTI_ALIVE_LISTS; i++)
        acti_lock_take(&sys->alive[i].lock);
    // Relaxed: NULL was written there before the actor left, which took one of these locks.
    acti_actor *actor = acti_aptr_load_relaxed(shown);
    if (actor != NULL)
        acti_actor_ref(actor);
    for (int i = 0; i < ACTI_ALIVE_LISTS; i++)
        acti_lock_give(&sys->alive[i].lock);
    return actor;
}

static void tell_late(acti_actor *actor, acta_msg *late)
{
    while (late != NULL) {
        acta_msg *next = late->next;
        acti_monitor_down(late, actor->name, ACTA_EGONE);
        late = next;
    }
}

void acti_system_leave(acti_actor *actor)
{
    acta_system *sys = actor->sys;
    acti_alive *alive = list_of(actor->sys, actor);
    acti_lock_take(&alive->lock);
    while (actor->late != NULL) {
        acta_msg *late = actor->late;
        actor->late = NULL;
        acti_lock_give(&alive->lock);
        tell_late(actor, late);
        acti_lock_take(&alive->lock);
    }
    acti_list_remove(&actor->alive);
    acti_lock_give(&alive->lock);
    // Releases all that this actor did to whoever sees that none is left. The closer frees the system when this thread,
    // a worker or an actor's own, has ended, too.
    uint32_t was = acti_au32_sub_release(count_of(sys, actor->internal), ACTI_ALIVE_ONE);
    if (was == (ACTI_ALIVE_ONE | ACTI_ALIVE_ASKED))
        acti_park_give(&sys->closer);
}

uint32_t acti_system_alive(acta_system *sys, bool internals)
{
    return acti_au32_or_acquire(count_of(sys, internals), ACTI_ALIVE_ASKED) / ACTI_ALIVE_ONE;
}

void acti_system_threads(acta_system *sys, int by)
{
    acti_lock_take(&sys->count_lock);
    sys->threads += (uint32_t)by;
    if (sys->threads == 0)
        acti_park_give(&sys->closer);
    acti_lock_give(&sys->count_lock);
}

// ---- the ledger -----------------------------------------------------------------------

void acta_ledger_read(const acta_system *sys, acta_ledger *out)
{
    uint64_t sum[ACTI_COUNTERS];
    acti_board_sum((acti_board *)(uintptr_t)&sys->board, sum);
    acta_ledger ledger = {
        .sent = sum[ACTI_SENT],
        .handled = sum[ACTI_HANDLED],
        .returned = sum[ACTI_RETURNED],
        .dropped_gone = sum[ACTI_DROPPED_GONE],
        .dropped_unreach = sum[ACTI_DROPPED_UNREACH],
        .dropped_late = sum[ACTI_DROPPED_LATE],
        .dropped_cancel = sum[ACTI_DROPPED_CANCEL],
        .unhandled = sum[ACTI_UNHANDLED],
        .refused = sum[ACTI_REFUSED],
        .long_turns = sum[ACTI_LONG_TURNS],
        .races = sum[ACTI_RACES],
        .pauses = sum[ACTI_PAUSES],
        .overcommits = sum[ACTI_OVERCOMMITS],
    };
    ledger.dropped =
        ledger.dropped_gone + ledger.dropped_unreach + ledger.dropped_late + ledger.dropped_cancel;
    // What is neither handled, nor returned, nor dropped, waits in an inbox; when no inbox is left, it must be 0.
    ledger.queued = ledger.sent - ledger.handled - ledger.returned - ledger.dropped;
    *out = ledger;
}

const char *acta_version(void)
{
    return ACTI_VERSION;
}

uint64_t acta_now_ns(const acta_system *sys)
{
    (void)sys;
    return acti_clock_ns();
}

// ---- reports --------------------------------------------------------------------------

void acti_report(acta_system *sys, const char *format, ...)
{
    if (sys->opts.report == NULL)
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    acti_lock_take(&sys->report_lock);
    sys->opts.report(sys->opts.report_arg, line);
    acti_lock_give(&sys->report_lock);
}

bool acti_system_is_here(acta_system *sys)
{
    if (sys->forks == acti_forks())
        return true;
    // Without the lock, which a thread may have had that is not here. There is no other thread.
    if (sys->opts.report != NULL)
        sys->opts.report(sys->opts.report_arg, "nothing can be done here with this system: the process is a fork of "
                         "the one that has opened it, and none of the threads that run the actors is in it; execute a "
                         "program after the fork, or open another system");
    return false;
}

void acta_unhandled(acta_self *self, acta_msg *m)
{
    acti_actor *actor = acti_actor_of_self(self);
    acti_tally(actor->sys, ACTI_UNHANDLED, 1);
    acti_report(actor->sys, "actor %s got a %s, which it does not handle", actor->name, m->type->name);
    if (acta_msg_wants_reply(m))
        (void)acta_refuse(self, m, ACTA_EREFUSED, "it does not handle this type of message");
}
