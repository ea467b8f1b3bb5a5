// SPDX-License-Identifier: MIT
//
// signal.c - watching signals.
//
// While a signal is watched by anybody, the process has our handler for it. The handler counts the signal and writes to
// an eventfd, and does nothing else; the threads of the systems do the rest. When the last watch of it ends,
// what the program had set before is put back, unless the program has set something of its own meanwhile.
//
//   on_signal:  raised[signo]++ ; write    ->   every port's thread:  fire each armed watch with seen != raised
//
// The count is of the whole process and only grows. A watch remembers how much of it it has told (seen), so any number
// of watches and systems see every signal, and signals that come while an event is queued are in its count.
//
// One eventfd wakes all systems: each has it in its epoll, edge-triggered, so every write is an edge for each of them,
// and it is never read. It is made once and stays open to the end of the process: a handler may be about
// to write to it on some thread for as long as that takes, and by then a closed number may be somebody else's.
//
// Not a signalfd: it hears only what every thread of the process blocks. An actor cannot do that for threads that exist
// already, main first of all; and what blocks a signal is inherited by programs that are started.
//
// No signal falls between looking and sleeping: the handler counts before it writes, and whoever arms a watch
// looks at the count under the lock. Either that look sees the count, or the write comes after it and the thread, which
// takes the same lock, finds the watch armed.

#include "port/port.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SIGNALS _NSIG // one above the highest

typedef struct signal_watch {
    acti_source source;
    acta_signal_event event; // its body
    acti_port *port;
    acti_list link; // in the port's list; its lock, as armed
    int signo;
    bool armed;
    uint64_t seen; // of whoever has the watch: under the lock while it is armed, else the owner's turn
} signal_watch;

_Static_assert(offsetof(signal_watch, event) == sizeof(acti_source), "the event's body follows its message");

// ---- the process ------------------------------------------------------------------------

static acti_au64 raised[SIGNALS]; // how often each signal has come while it was watched
static acti_au32 bell;            // the eventfd, plus 1; 0: not made yet

// Rank 55. What it guards are the watches of each signal, and what the program had set before the first.
static acti_lock taken_lock = ACTI_LOCK_INIT;
static struct {
    uint32_t watches;
    struct sigaction before;
} taken[SIGNALS];

static void on_signal(int signo)
{
    int saved = errno; // of what was interrupted
    // Relaxed: the count is all there is to see, and the write, which the kernel orders, tells who is to look.
    (void)acti_au64_add_relaxed(&raised[signo], 1);
    (void)eventfd_write((int)acti_au32_load_acquire(&bell) - 1, 1);
    errno = saved;
}

// make_bell: under taken_lock.
static int make_bell(void)
{
    if (acti_au32_load_relaxed(&bell) != 0) // written under the lock only
        return ACTA_OK;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return acti_port_status(errno);
    // Pairs with the handler's load, on threads that have never had the lock.
    acti_au32_store_release(&bell, (uint32_t)fd + 1);
    return ACTA_OK;
}

static int install(int signo)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    return sigaction(signo, &action, &taken[signo].before) == 0 ? ACTA_OK : acti_port_status(errno);
}

static int take_signal(int signo)
{
    acti_lock_take(&taken_lock);
    int status = make_bell();
    if (status == ACTA_OK && taken[signo].watches == 0)
        status = install(signo);
    if (status == ACTA_OK)
        taken[signo].watches++;
    acti_lock_give(&taken_lock);
    return status;
}

static void give_signal(int signo)
{
    acti_lock_take(&taken_lock);
    struct sigaction now;
    if (--taken[signo].watches == 0 && sigaction(signo, NULL, &now) == 0 && now.sa_handler == on_signal)
        (void)sigaction(signo, &taken[signo].before, NULL);
    acti_lock_give(&taken_lock);
}

// ---- a watch --------------------------------------------------------------------------------

static uint64_t raised_of(const signal_watch *w)
{
    return acti_au64_load_relaxed(&raised[w->signo]); // see the heading
}

// arm lets the watch fire, and does so itself if its signal has come already.
static void arm(signal_watch *w)
{
    acti_lock_take(&w->port->lock);
    bool fire = raised_of(w) != w->seen;
    w->armed = !fire;
    acti_lock_give(&w->port->lock);
    if (fire)
        acti_source_fire(&w->source);
}

static void show(acti_source *source)
{
    signal_watch *w = ACTI_CONTAINER_OF(source, signal_watch, source);
    uint64_t now = raised_of(w);
    w->event = (acta_signal_event){.watch = source->id, .signo = w->signo, .count = now - w->seen};
    w->seen = now;
}

static void again(acti_source *source)
{
    arm(ACTI_CONTAINER_OF(source, signal_watch, source));
}

static bool end(acti_source *source)
{
    signal_watch *w = ACTI_CONTAINER_OF(source, signal_watch, source);
    acti_lock_take(&w->port->lock);
    acti_list_remove(&w->link); // the thread does not find it any more
    bool armed = w->armed;
    acti_lock_give(&w->port->lock);
    give_signal(w->signo);
    return armed;
}

static const acti_source_ops signal_ops = {.show = show, .again = again, .end = end};

void acti_port_signals_came(acti_port *port)
{
    acta_msg *due = NULL; // linked by their messages, which are in no inbox yet
    acti_lock_take(&port->lock);
    for (acti_list *link = port->signals.next; link != &port->signals; link = link->next) {
        signal_watch *w = ACTI_CONTAINER_OF(link, signal_watch, link);
        if (!w->armed || raised_of(w) == w->seen)
            continue;
        w->armed = false;
        w->source.msg.next = due;
        due = &w->source.msg;
    }
    acti_lock_give(&port->lock);
    while (due != NULL) {
        acta_msg *next = due->next;
        acti_source_fire(acti_source_of(due));
        due = next;
    }
}

// ---- beginning ------------------------------------------------------------------------------

static bool watchable(int signo)
{
    static const int refused[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (signo == refused[i])
            return false;
    return signo > 0 && signo < SIGNALS;
}

// hear makes the port's thread wake when a signal has come. The bell is there.
static int hear(acti_port *port)
{
    struct epoll_event on = {.events = EPOLLIN | EPOLLET, .data.u64 = ACTI_PORT_SIGNALS};
    acti_lock_take(&port->lock);
    if (!port->hears_signals)
        port->hears_signals =
            epoll_ctl(port->epoll, EPOLL_CTL_ADD, (int)acti_au32_load_acquire(&bell) - 1, &on) == 0;
    int status = port->hears_signals ? ACTA_OK : acti_port_status(errno);
    acti_lock_give(&port->lock);
    return status;
}

static int begin(signal_watch *w)
{
    // Before the handler is there: from then on every signal is one for us to tell.
    w->seen = raised_of(w);
    int status = take_signal(w->signo);
    if (status != ACTA_OK)
        return status;
    status = hear(w->port);
    if (status != ACTA_OK) {
        give_signal(w->signo);
        return status;
    }
    acti_lock_take(&w->port->lock);
    acti_list_push(&w->port->signals, &w->link);
    acti_lock_give(&w->port->lock);
    arm(w);
    return ACTA_OK;
}

int acta_watch_signal(acta_self *self, int signo, uint64_t *watch)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor != actor || !watchable(signo))
        return ACTA_EINVAL;
    acti_port *port;
    int status = acti_port_of(actor->sys, &port);
    if (status != ACTA_OK)
        return status;
    acti_source *source;
    status = acti_source_new(actor, sizeof(signal_watch), acta_type_of(acta_signal_event), &signal_ops, &source);
    if (status != ACTA_OK)
        return status;

    signal_watch *w = ACTI_CONTAINER_OF(source, signal_watch, source);
    w->port = port;
    w->signo = signo;
    status = begin(w);
    if (status != ACTA_OK) {
        acti_source_discard(source);
        return status;
    }
    *watch = source->id;
    return ACTA_OK;
}
