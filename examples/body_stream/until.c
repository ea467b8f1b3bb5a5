// SPDX-License-Identifier: MIT
//
// until.c - how a program's main thread waits: for an actor that ends, for SIGINT or SIGTERM, for a descriptor.

#include "until.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int signals = -1;

int until_init(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals >= 0 ? 0 : -1;
}

int until_flag(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void until_raise(int flag)
{
    eventfd_write(flag, 1);
}

bool until_asked_to_stop(int got)
{
    return got == SIGINT || got == SIGTERM;
}

static int wait_ms(int fd, int timeout_ms)
{
    struct pollfd on[2] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (;;) {
        int n = poll(on, 2, timeout_ms);
        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0 && on[0].revents != 0)
            return 0;
        struct signalfd_siginfo what;
        if (n > 0 && read(signals, &what, sizeof(what)) == (ssize_t)sizeof(what))
            return (int)what.ssi_signo;
        if (timeout_ms == 0)
            return -1;
    }
}

int until_wait(int fd)
{
    return wait_ms(fd, -1);
}

int until_now(int fd)
{
    return wait_ms(fd, 0);
}

int until_raised(int flag)
{
    int got = until_wait(flag);
    eventfd_t times;
    // Poll orders nothing between threads; reading what another has written does.
    if (got == 0 && eventfd_read(flag, &times) == 0)
        eventfd_write(flag, times);
    return got;
}
