// SPDX-License-Identifier: MIT
//
// port.h - one system's way to the kernel's events: an epoll instance, the thread that waits in it, what is watched.

#ifndef ACTI_PORT_PORT_H
#define ACTI_PORT_PORT_H

#include <acta/port.h>
#include <pthread.h>

#include "base/list.h"
#include "base/platform.h"
#include "base/slots.h"
#include "core/source.h"
#include "core/system.h"

typedef struct acti_port {
    acti_upper upper; // first: how the core knows us
    acta_system *sys;
    int epoll;
    int stop; // eventfd: written once, when the thread is to end
    pthread_t thread;
    acti_lock lock;    // rank 50: what follows, and what is armed
    acti_slots fds;    // watches of descriptors, by the id that epoll gives back
    acti_list signals; // watches of signals
    bool hears_signals;
} acti_port;

// What epoll gives back for what is no descriptor of a user's. In no id of a slot are the lower 32 bits 0.
#define ACTI_PORT_STOP ((uint64_t)0)
#define ACTI_PORT_SIGNALS ((uint64_t)1 << 32)

// acti_port_of gives the system's port, made at the first call. ACTA_OK or an error, as acta_watch_fd.
int
acti_port_of(acta_system *sys, acti_port **port);

// acti_port_status is the status for an errno that a system call about a descriptor has left.
int
acti_port_status(int error);

// acti_port_fd_ready fires the watch that epoll knows as slot, if there is still one. On the port's thread.
void
acti_port_fd_ready(acti_port *port, uint64_t slot, uint32_t ready);

// acti_port_signals_came fires every watch whose signal has come. On the port's thread.
void
acti_port_signals_came(acti_port *port);

#endif
