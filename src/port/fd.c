// SPDX-License-Identifier: MIT
//
// fd.c - watching descriptors.
//
// A watch is in epoll with EPOLLONESHOT: the kernel tells once and is silent until the actor is done with the event,
// when the watch is armed again. A descriptor that is still ready is then told at once. That is level-triggered
// as the actor sees it, and a descriptor that nobody has read from yet cannot fill an inbox, or keep the thread busy.
//
// Each watch has a duplicate of the user's descriptor. epoll knows a descriptor by its number and what is open there.
// With the user's own number two watches would be one entry of epoll's; and closed behind our back, the number
// may by now stand for something that another actor watches, whose entry ending the old watch would take away.
//
// Who leaves ARMED (source.h) is decided under the port's lock, by the flag armed: the thread that fires, or end.

#include "port/port.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_KNOWN ((uint32_t)(ACTA_READABLE | ACTA_WRITABLE | ACTA_HANGUP | ACTA_FD_ERROR))

typedef struct fd_watch {
    acti_source source;
    acta_fd_event event; // its body
    acti_port *port;
    uint64_t slot;     // what epoll knows it by
    uint32_t interest; // EPOLL...
    uint32_t ready;    // the same; from the thread that fires to the turn that shows
    int fd;            // the user's
    int own;           // our duplicate
    bool armed;        // the port's lock
} fd_watch;

_Static_assert(offsetof(fd_watch, event) == sizeof(acti_source), "the event's body follows its message");

static uint32_t epoll_of(uint32_t events)
{
    return (events & ACTA_READABLE ? EPOLLIN : 0u) | (events & ACTA_WRITABLE ? EPOLLOUT : 0u) | EPOLLONESHOT;
}

static uint64_t events_of(uint32_t epoll)
{
    return (epoll & EPOLLIN ? ACTA_READABLE : 0u) | (epoll & EPOLLOUT ? ACTA_WRITABLE : 0u) |
           (epoll & EPOLLHUP ? ACTA_HANGUP : 0u) | (epoll & EPOLLERR ? ACTA_FD_ERROR : 0u);
}

// arm_as makes the kernel look. From here on the thread may fire.
static int arm_as(fd_watch *w, int operation)
{
    acti_lock_take(&w->port->lock);
    w->armed = true;
    acti_lock_give(&w->port->lock);
    struct epoll_event on = {.events = w->interest, .data.u64 = w->slot};
    return epoll_ctl(w->port->epoll, operation, w->own, &on) == 0 ? ACTA_OK : acti_port_status(errno);
}

static void show(acti_source *source)
{
    fd_watch *w = ACTI_CONTAINER_OF(source, fd_watch, source);
    w->event = (acta_fd_event){.watch = source->id, .fd = w->fd, .events = events_of(w->ready)};
}

static void again(acti_source *source)
{
    // Changing an entry that is there needs no memory: it fails only for who closes descriptors that are not theirs.
    (void)arm_as(ACTI_CONTAINER_OF(source, fd_watch, source), EPOLL_CTL_MOD);
}

static bool end(acti_source *source)
{
    fd_watch *w = ACTI_CONTAINER_OF(source, fd_watch, source);
    acti_lock_take(&w->port->lock);
    (void)acti_slots_remove(&w->port->fds, w->slot); // the thread does not find it any more
    bool armed = w->armed;
    acti_lock_give(&w->port->lock);
    // By hand: an entry goes by itself only when nobody, in any process, has open what it is about.
    (void)epoll_ctl(w->port->epoll, EPOLL_CTL_DEL, w->own, NULL);
    close(w->own);
    return armed;
}

static const acti_source_ops fd_ops = {.show = show, .again = again, .end = end};

void acti_port_fd_ready(acti_port *port, uint64_t slot, uint32_t ready)
{
    acti_lock_take(&port->lock);
    fd_watch *w = acti_slots_get(&port->fds, slot);
    if (w != NULL) {
        acti_assert(w->armed); // told once for each time it was armed
        w->armed = false;
        w->ready = ready;
    }
    acti_lock_give(&port->lock);
    if (w != NULL)
        acti_source_fire(&w->source);
}

// enter gives the watch its id in the port's table.
static int enter(fd_watch *w)
{
    acti_lock_take(&w->port->lock);
    bool full = w->port->fds.count == w->port->fds.limit;
    w->slot = acti_slots_add(&w->port->fds, w);
    acti_lock_give(&w->port->lock);
    if (w->slot != 0)
        return ACTA_OK;
    return full ? ACTA_EFULL : ACTA_ENOMEM;
}

static int begin(fd_watch *w)
{
    w->own = fcntl(w->fd, F_DUPFD_CLOEXEC, 0);
    if (w->own < 0)
        return acti_port_status(errno);
    int status = enter(w);
    if (status != ACTA_OK) {
        close(w->own);
        return status;
    }
    status = arm_as(w, EPOLL_CTL_ADD);
    if (status != ACTA_OK)
        (void)end(&w->source);
    return status;
}

int acta_watch_fd(acta_self *self, int fd, uint32_t events, uint64_t *watch)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor != actor || fd < 0 || (events & ~EVENTS_KNOWN) != 0)
        return ACTA_EINVAL;
    acti_port *port;
    int status = acti_port_of(actor->sys, &port);
    if (status != ACTA_OK)
        return status;
    acti_source *source;
    status = acti_source_new(actor, sizeof(fd_watch), acta_type_of(acta_fd_event), &fd_ops, &source);
    if (status != ACTA_OK)
        return status;

    fd_watch *w = ACTI_CONTAINER_OF(source, fd_watch, source);
    w->port = port;
    w->fd = fd;
    w->interest = epoll_of(events);
    status = begin(w);
    if (status != ACTA_OK) {
        acti_source_discard(source);
        return status;
    }
    *watch = source->id;
    return ACTA_OK;
}
