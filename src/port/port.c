// SPDX-License-Identifier: MIT
//
// port.c - the thread that waits in epoll for all watches of a system, from the first one to acta_close.
//
// It sleeps without a time limit, so watches of which nothing is ready cost no processor time. It never runs an actor:
// it pushes events and goes back to sleep.
//
// The thread may hold what epoll_wait gave it for as long as it likes, while actors end watches and close descriptors.
// So epoll is not given addresses but ids, and under the lock an id that is none any more is passed over: who ends
// a watch never waits for the thread.

#include "port/port.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 64              // events taken from the kernel at once
#define FDS_MAX (1u << 20)    // watched descriptors of one system; as many as Linux gives a process by default

int acti_port_status(int error)
{
    switch (error) {
    case ENOMEM:
        return ACTA_ENOMEM;
    case EMFILE:
    case ENFILE:
    case ENOSPC: // the user's limit of watches
        return ACTA_EFULL;
    case EBADF:
    case EPERM: // a file or folder
    case EINVAL:
    case ELOOP:
        return ACTA_EINVAL;
    default:
        return ACTA_EIO;
    }
}

// ---- the thread -------------------------------------------------------------------

static void *port_main(void *arg)
{
    acti_port *port = arg;
    struct epoll_event events[BATCH];
    for (;;) {
        int n = epoll_wait(port->epoll, events, BATCH, -1);
        if (n < 0 && errno != EINTR) {
            acti_report(port->sys, "no event of a descriptor or signal comes any more: the program has closed a "
                        "descriptor that was not its own (errno %d)", errno);
            return NULL;
        }
        for (int i = 0; i < n; i++) {
            uint64_t what = events[i].data.u64;
            if (what == ACTI_PORT_STOP)
                return NULL;
            if (what == ACTI_PORT_SIGNALS)
                acti_port_signals_came(port);
            else
                acti_port_fd_ready(port, what, events[i].events);
        }
    }
}

// ---- from the first watch to the end ------------------------------------------------

// fini_port takes apart what new_port has made, or half made. No actor is left, so nothing is watched.
static void fini_port(acti_upper *upper)
{
    acti_port *port = ACTI_CONTAINER_OF(upper, acti_port, upper);
    acti_assert(port->fds.count == 0 && acti_list_empty(&port->signals));
    if (port->stop >= 0)
        close(port->stop);
    if (port->epoll >= 0)
        close(port->epoll);
    acti_slots_fini(&port->fds);
    acti_lock_fini(&port->lock);
    free(port);
}

static void stop_and_fini(acti_upper *upper)
{
    acti_port *port = ACTI_CONTAINER_OF(upper, acti_port, upper);
    (void)eventfd_write(port->stop, 1);
    acti_thread_join(port->thread);
    fini_port(upper);
}

static int start(acti_port *port)
{
    port->epoll = epoll_create1(EPOLL_CLOEXEC);
    port->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event on_stop = {.events = EPOLLIN, .data.u64 = ACTI_PORT_STOP};
    if (port->epoll < 0 || port->stop < 0 || epoll_ctl(port->epoll, EPOLL_CTL_ADD, port->stop, &on_stop) != 0)
        return acti_port_status(errno);
    return acti_thread_start(&port->thread, "acta-port", port_main, port);
}

static int new_port(acta_system *sys, acti_upper **upper)
{
    acti_port *port = calloc(1, sizeof(*port));
    if (port == NULL)
        return ACTA_ENOMEM;
    port->upper.fini = stop_and_fini;
    port->sys = sys;
    port->fds.limit = FDS_MAX;
    acti_lock_init(&port->lock);
    acti_list_init(&port->signals);
    int status = start(port);
    if (status == ACTA_OK)
        *upper = &port->upper;
    else
        fini_port(&port->upper);
    return status;
}

int acti_port_of(acta_system *sys, acti_port **port)
{
    int status = ACTA_OK;
    acti_lock_take(&sys->upper_lock);
    acti_upper **upper = &sys->upper[ACTI_UPPER_PORT];
    if (*upper == NULL)
        status = new_port(sys, upper);
    if (status == ACTA_OK)
        *port = ACTI_CONTAINER_OF(*upper, acti_port, upper);
    acti_lock_give(&sys->upper_lock);
    return status;
}

void acta_unwatch(acta_self *self, uint64_t watch)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor == actor)
        acti_source_cancel(actor, watch);
}
