// SPDX-License-Identifier: MIT
//
// keeper.c - a keeper's events, and what it says of a process that has ended.

#include "proc/keeper.h"

#include <acta/port.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/monitor.h"
#include "core/spawn.h"
#include "core/system.h"
#include "core/why.h"

#ifndef P_PIDFD // of libc since 2.36
#define P_PIDFD 3
#endif

// In the size of the EVENT message.
enum { START, DUE, KILL, LEAVE };

static int handler(acta_self *self, void *arg, acta_msg *m);

static acta_msg event_of(unsigned what)
{
    return (acta_msg){.kind = ACTI_MSG_EVENT, .flags = ACTI_MSG_EMBEDDED, .size = what};
}

// ---- life ---------------------------------------------------------------------------------

// on_force is called, on any thread, when the actor of the process is to end by force.
static void on_force(acti_maker *maker)
{
    acti_keeper *keeper = ACTI_CONTAINER_OF(maker, acti_keeper, maker);
    // Relaxed: it only decides who pushes.
    if (acti_au32_or_relaxed(&keeper->kill_told, 1) == 0)
        (void)acti_actor_push(keeper->actor, &keeper->kill_event); // refused: it has ended
}

static void on_forgotten(acti_maker *maker)
{
    acti_actor_unref(ACTI_CONTAINER_OF(maker, acti_keeper, maker)->actor);
}

static void fire(acti_alarm *alarm)
{
    acti_keeper *keeper = ACTI_CONTAINER_OF(alarm, acti_keeper, alarm);
    (void)acti_actor_push(keeper->actor, &keeper->due_event); // refused: it has ended
    acti_actor_unref(keeper->actor);
}

int acti_keeper_new(acti_processes *processes, acti_page *page, acti_keeper **out)
{
    acti_actor *actor = acti_actor_new(processes->sys, "a keeper of a process", sizeof(acti_keeper));
    if (actor == NULL)
        return ACTA_ENOMEM;
    acti_au64_store_relaxed(&actor->inbox.word, ACTI_INBOX_EMPTY); // not parked: nobody runs it before it is started
    acti_keeper *keeper = (acti_keeper *)(void *)(actor + 1);
    actor->internal = 1;
    actor->run.handler = handler;
    actor->arg = keeper;
    keeper->actor = actor;
    keeper->maker = (acti_maker){.watcher = actor, .force = on_force, .forgotten = on_forgotten};
    keeper->processes = processes;
    keeper->page = page;
    keeper->pidfd = -1;
    for (int i = 0; i < ACTI_KEEPER_DUES; i++)
        keeper->due_ns[i] = UINT64_MAX;
    keeper->alarm.fire = fire;
    keeper->start_event = event_of(START);
    keeper->due_event = event_of(DUE);
    keeper->kill_event = event_of(KILL);
    keeper->leave_event = event_of(LEAVE);
    int status = acti_processes_enter(processes, &keeper->all);
    if (status == ACTA_OK)
        *out = keeper;
    else
        acti_actor_give_back(actor);
    return status;
}

void acti_keeper_drop(acti_keeper *keeper)
{
    acti_processes_leave(keeper->processes, &keeper->all);
    acti_page_free(&keeper->page);
    acti_actor_give_back(keeper->actor);
}

void acti_keeper_start(acti_keeper *keeper, pid_t pid, int pidfd)
{
    keeper->pid = pid; // published by the wake
    keeper->pidfd = pidfd;
    acti_system_enter(keeper->actor);
    (void)acti_actor_push(keeper->actor, &keeper->start_event);
    keeper->actor->ops->wake(keeper->actor);
}

void acti_keeper_leave(acti_keeper *keeper)
{
    (void)acti_actor_push(keeper->actor, &keeper->leave_event); // refused: it has just ended
}

// fini gives back what a keeper has; its actor is freed when nobody refers to it.
static void fini(acti_keeper *keeper)
{
    acti_processes_leave(keeper->processes, &keeper->all);
    acta_addr_drop(&keeper->who);
    acti_actor_unref(keeper->node->actor);
    acti_page_free(&keeper->page);
    acta_tx *tx = (acta_tx *)(void *)keeper->actor; // the one it was made with
    acta_tx_drop(&tx);
}

// ---- killing --------------------------------------------------------------------------------

static const char *const reasons[ACTI_KEEPER_DUES] = {
    [ACTI_KEEPER_BEGIN] = "it had not begun in time",
    [ACTI_KEEPER_OVER] = "it did not end with its session",
    [ACTI_KEEPER_CLOSE] = "the system is closed, and did not wait for it any longer",
};

static void kill_now(const acti_keeper *keeper)
{
    if (keeper->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, keeper->pidfd, SIGKILL, NULL, 0);
}

static void unset_alarm(acti_keeper *keeper)
{
    if (!keeper->alarm_set || !acti_clock_unset(keeper->actor->sys, &keeper->alarm))
        return; // not set, or on its way to us
    keeper->alarm_set = false;
    acti_actor_unref(keeper->actor);
}

// arm sets the alarm for what is due first; after each event.
static void arm(acti_keeper *keeper)
{
    uint64_t first_ns = UINT64_MAX;
    for (int i = 0; i < ACTI_KEEPER_DUES; i++)
        if (keeper->due_ns[i] < first_ns)
            first_ns = keeper->due_ns[i];
    unset_alarm(keeper);
    if (keeper->alarm_set || first_ns == UINT64_MAX)
        return; // it has fired, and its event is on its way; or there is nothing to wait for
    acti_actor_ref(keeper->actor);
    keeper->alarm_set = true;
    acti_clock_set(keeper->actor->sys, &keeper->alarm, first_ns);
}

static bool has_begun(const acti_keeper *keeper)
{
    return acti_au32_load_acquire(&keeper->page->begun) != 0;
}

static void on_due(acti_keeper *keeper)
{
    keeper->alarm_set = false;
    if (has_begun(keeper))
        keeper->due_ns[ACTI_KEEPER_BEGIN] = UINT64_MAX;
    uint64_t now_ns = acti_clock_ns();
    for (int i = 0; i < ACTI_KEEPER_DUES && keeper->pidfd >= 0; i++) {
        if (keeper->due_ns[i] > now_ns)
            continue;
        keeper->due_ns[i] = UINT64_MAX;
        keeper->killed_for = reasons[i];
        acti_report(keeper->actor->sys, "process %ld of actor %s is killed: %s", (long)keeper->pid,
                    keeper->page->name, reasons[i]);
        kill_now(keeper);
    }
}

// ---- its end ----------------------------------------------------------------------------------

// say_how writes how the process has ended.
static void say_how(const siginfo_t *info, acti_text *text)
{
    const char *name = info->si_code != CLD_EXITED ? sigdescr_np(info->si_status) : NULL;
    if (info->si_code == CLD_EXITED)
        acti_text_add(text, "its process exited with status %d", info->si_status);
    else
        acti_text_add(text, "its process was killed by signal %d (%s)", info->si_status, name != NULL ? name : "?");
}

// say_what writes what the process has left in the page. It may have written there whatever it liked.
static void say_what(const acti_keeper *keeper, acti_text *text)
{
    const acti_page *page = keeper->page;
    int trouble = (int)acti_text_fit(page->trouble, strnlen(page->trouble, sizeof(page->trouble)), SIZE_MAX);
    int last = (int)acti_text_fit(page->last, strnlen(page->last, sizeof(page->last)), SIZE_MAX);
    if (keeper->killed_for != NULL)
        acti_text_add(text, ", because %s", keeper->killed_for);
    if (trouble > 0)
        acti_text_add(text, ": %.*s", trouble, page->trouble);
    else if (!has_begun(keeper))
        acti_text_add(text, ", before it had begun");
    if (last > 0)
        acti_text_add(text, "; the last message it took was %.*s", last, page->last);
}

// reason_of is what those are told who watch the actors of a process that died.
static int reason_of(const acti_keeper *keeper)
{
    uint32_t forced = acti_au32_load_relaxed(&acti_actor_of_addr(keeper->who)->forced); // set once
    return forced != 0 ? (int32_t)forced : ACTA_ECRASHED;
}

static void on_gone(acti_keeper *keeper)
{
    siginfo_t info = {0};
    char cause[ACTI_CAUSE_BYTES];
    acti_text text = {.at = cause, .size = sizeof(cause)};
    if (waitid((idtype_t)P_PIDFD, (id_t)keeper->pidfd, &info, WEXITED | WNOHANG) != 0)
        acti_text_add(&text, "its process has ended; how, is not known, because the program waits for it, too");
    else if (info.si_pid == 0)
        return; // not yet
    else
        say_how(&info, &text);
    bool well = info.si_code == CLD_EXITED && info.si_status == 0;
    say_what(keeper, &text);
    if (keeper->ended && !well)
        acti_report(keeper->actor->sys, "actor %s has ended, and then process %ld: %s", keeper->page->name,
                    (long)keeper->pid, cause);
    acta_unwatch(acti_self_of(keeper->actor), keeper->watch);
    close(keeper->pidfd);
    keeper->pidfd = -1;
    acti_node_died(keeper->node, reason_of(keeper), cause);
}

// on_ended comes when the actor of the process has ended; it may have ended because the session has.
static void on_ended(acti_keeper *keeper)
{
    keeper->ended = true;
    keeper->due_ns[ACTI_KEEPER_BEGIN] = UINT64_MAX;
    if (acta_node_status((acta_node *)(void *)keeper->node) != ACTA_OK)
        keeper->due_ns[ACTI_KEEPER_OVER] = acti_deadline_ns(ACTI_KEEPER_GRACE_NS);
}

static void on_start(acti_keeper *keeper)
{
    if (keeper->pidfd < 0)
        return;
    keeper->due_ns[ACTI_KEEPER_BEGIN] = acti_deadline_ns(keeper->processes->begin_ns);
    if (acta_watch_fd(acti_self_of(keeper->actor), keeper->pidfd, ACTA_READABLE, &keeper->watch) == ACTA_OK)
        return;
    // What cannot be watched is ended, and waited for here: that takes a moment.
    acti_report(keeper->actor->sys, "process %ld of actor %s cannot be watched, and is killed: raise the limit of open "
                "files", (long)keeper->pid, keeper->page->name);
    kill_now(keeper);
    siginfo_t info;
    (void)waitid((idtype_t)P_PIDFD, (id_t)keeper->pidfd, &info, WEXITED | WNOWAIT);
    on_gone(keeper);
}

// ---- what comes to it ----------------------------------------------------------------------------

static void take(acti_keeper *keeper, const acta_msg *m)
{
    if (m->kind != ACTI_MSG_EVENT) {
        acti_tally(keeper->actor->sys, ACTI_HANDLED, 1); // of an actor that is not the user's, nobody else counts it
        if (acta_is(acta_fd_event, m))
            on_gone(keeper);
        else
            on_ended(keeper);
        return;
    }
    switch (m->size) {
    case START:
        on_start(keeper);
        break;
    case DUE:
        on_due(keeper);
        break;
    case KILL:
        kill_now(keeper);
        break;
    default:
        keeper->due_ns[ACTI_KEEPER_CLOSE] = keeper->processes->deadline_ns; // published by the push
        break;
    }
}

static int handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    acti_keeper *keeper = arg;
    acti_assert(m != NULL); // its one sender is kept until the end
    take(keeper, m);
    if (!keeper->ended || keeper->pidfd >= 0) {
        arm(keeper);
        return ACTA_OK;
    }
    unset_alarm(keeper);
    fini(keeper);
    return ACTA_DONE;
}
