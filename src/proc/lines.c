// SPDX-License-Identifier: MIT
//
// lines.c - the socket of the reports.

#include "proc/lines.h"

#include <acta/port.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/spawn.h"
#include "core/system.h"
#include "core/type.h"

// In the size of the EVENT message.
enum { START, LEAVE };

// ---- writing: in a process that was made for an actor ------------------------------------

void acti_lines_write(void *arg, const char *line)
{
    char text[ACTI_LINE_BYTES];
    int n = snprintf(text, sizeof(text), "in process %ld of actor %s: %s", (long)getpid(), (const char *)arg, line);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    // Full, or nobody at its other end: the line is lost, and nobody waits.
    (void)send(ACTI_LINES_DESCRIPTOR, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// ---- reading -------------------------------------------------------------------------------

// read_line tells one line. What a process has written may be anything.
static bool read_line(acti_lines *lines)
{
    char text[ACTI_LINE_BYTES];
    ssize_t n = recv(lines->from, text, sizeof(text), MSG_DONTWAIT);
    if (n <= 0)
        return false;
    size_t length = acti_text_fit(text, (size_t)n, (size_t)n);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = '?';
    acti_report(lines->actor->sys, "%.*s", (int)length, text);
    return true;
}

static int end(acti_lines *lines)
{
    while (read_line(lines))
        continue;
    acta_unwatch(acti_self_of(lines->actor), lines->watch);
    close(lines->from);
    close(lines->to);
    acta_tx *tx = (acta_tx *)(void *)lines->actor; // the one it was made with
    acta_tx_drop(&tx);
    return ACTA_DONE;
}

static int handler(acta_self *self, void *arg, acta_msg *m)
{
    acti_lines *lines = arg;
    acti_assert(m != NULL); // its one sender is kept until the end
    if (m->kind == ACTI_MSG_EVENT && m->size == LEAVE)
        return end(lines);
    if (m->kind == ACTI_MSG_EVENT) {
        if (acta_watch_fd(self, lines->from, ACTA_READABLE, &lines->watch) != ACTA_OK)
            acti_report(lines->actor->sys, "what the processes of actors report is told at the end: raise the limit of "
                        "open files");
        return ACTA_OK;
    }
    acti_tally(lines->actor->sys, ACTI_HANDLED, 1); // of an actor that is not the user's, nobody else counts it
    (void)read_line(lines); // what is left is told next
    return ACTA_OK;
}

int acti_lines_open(acta_system *sys, acti_lines **out)
{
    int ends[2];
    acti_actor *actor = acti_actor_new(sys, "the reader of reports", sizeof(acti_lines));
    if (actor == NULL)
        return ACTA_ENOMEM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        int error = errno;
        acti_actor_give_back(actor);
        return error == EMFILE || error == ENFILE ? ACTA_EFULL : ACTA_EIO;
    }
    acti_lines *lines = (acti_lines *)(void *)(actor + 1);
    actor->internal = 1;
    actor->run.handler = handler;
    actor->arg = lines;
    lines->actor = actor;
    lines->from = ends[0];
    lines->to = ends[1];
    lines->start_event = (acta_msg){.kind = ACTI_MSG_EVENT, .flags = ACTI_MSG_EMBEDDED, .size = START};
    lines->leave_event = (acta_msg){.kind = ACTI_MSG_EVENT, .flags = ACTI_MSG_EMBEDDED, .size = LEAVE};
    acti_system_enter(actor);
    (void)acti_actor_push(actor, &lines->start_event);
    *out = lines;
    return ACTA_OK;
}

void acti_lines_leave(acti_lines *lines)
{
    (void)acti_actor_push(lines->actor, &lines->leave_event); // taken: it has not ended
}
