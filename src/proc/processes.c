// SPDX-License-Identifier: MIT
//
// processes.c - the folder, the socket, and the end.

#include "proc/processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc/keeper.h"

static void close_processes(acti_upper *upper, uint64_t deadline_ns);
static void fini_processes(acti_upper *upper);

// ---- where they find us -----------------------------------------------------------------

// make_folder makes a folder that nobody else may enter.
static bool make_folder(acti_processes *p, const char *in)
{
    static const char name[] = "acta-XXXXXX"; // an X is replaced
    int n = snprintf(p->folder, sizeof(p->folder), "%s/%s", in, name);
    bool made = n > 0 && (size_t)n < sizeof(p->folder) - sizeof("/spawn") && mkdtemp(p->folder) != NULL;
    if (made)
        snprintf(p->path, sizeof(p->path), "%.*s/spawn", n, p->folder);
    else
        p->folder[0] = '\0';
    return made;
}

static int listen_there(acti_processes *p)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if ((runtime == NULL || runtime[0] != '/' || !make_folder(p, runtime)) && !make_folder(p, "/tmp")) {
        acti_report(p->sys, "no process can be spawned: no folder for its socket could be made in $XDG_RUNTIME_DIR or "
                    "/tmp (%s); make one of them writable", strerror(errno));
        return errno == ENOMEM ? ACTA_ENOMEM : errno == EACCES || errno == EROFS ? ACTA_EACCES : ACTA_EIO;
    }
    char url[sizeof(p->path) + sizeof("ipc://")];
    snprintf(url, sizeof(url), "ipc://%s", p->path);
    return acti_listener_open(p->sys, url, false, &p->listener);
}

static void free_processes(acti_processes *p)
{
    if (p->folder[0] != '\0')
        (void)rmdir(p->folder); // the socket is gone with its listener
    acti_lock_fini(&p->lock);
    free(p);
}

// drop_new takes apart what has not become the system's.
static void drop_new(acti_processes *p)
{
    if (p->lines != NULL)
        acti_lines_leave(p->lines);
    acta_listener_close(&p->listener);
    free_processes(p);
}

static int new_processes(acta_system *sys, acti_processes **out)
{
    acti_processes *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return ACTA_ENOMEM;
    p->upper = (acti_upper){.close = close_processes, .fini = fini_processes};
    p->sys = sys;
    p->begin_ns = ACTI_PROCESSES_BEGIN_NS;
    p->most = ACTI_PROCESSES_MAX;
    acti_lock_init(&p->lock);
    acti_list_init(&p->keepers);
    p->router = acti_router_of(sys);
    int status = p->router != NULL ? listen_there(p) : ACTA_ENOMEM;
    if (status == ACTA_OK && sys->opts.report != NULL)
        status = acti_lines_open(sys, &p->lines);
    if (status == ACTA_OK)
        *out = p;
    else
        drop_new(p);
    return status;
}

// installed gives those of the system, which are ours unless another thread was faster.
static acti_processes *installed(acta_system *sys, acti_processes *ours)
{
    acti_lock_take(&sys->upper_lock);
    acti_upper **upper = &sys->upper[ACTI_UPPER_PROC];
    if (*upper == NULL && ours != NULL)
        *upper = &ours->upper;
    acti_processes *there = *upper != NULL ? ACTI_CONTAINER_OF(*upper, acti_processes, upper) : NULL;
    acti_lock_give(&sys->upper_lock);
    return there;
}

int acti_processes_of(acta_system *sys, acti_processes **out)
{
    acti_processes *there = installed(sys, NULL);
    if (there == NULL) {
        acti_processes *ours;
        int status = new_processes(sys, &ours); // under no lock: it waits for the socket
        if (status != ACTA_OK)
            return status;
        there = installed(sys, ours);
        if (there != ours)
            drop_new(ours);
    }
    *out = there;
    return ACTA_OK;
}

// ---- who looks after them -----------------------------------------------------------------

int acti_processes_enter(acti_processes *p, acti_list *link)
{
    acti_lock_take(&p->lock);
    int status = p->closing ? ACTA_EGONE : p->count >= p->most ? ACTA_EFULL : ACTA_OK;
    if (status == ACTA_OK) {
        acti_list_push(&p->keepers, link);
        p->count++;
    }
    acti_lock_give(&p->lock);
    return status;
}

// leave_lines comes when the system closes and when a process has gone, under the lock: of both, once.
static void leave_lines(acti_processes *p)
{
    if (p->closing && p->count == 0 && p->lines != NULL)
        acti_lines_leave(p->lines);
}

void acti_processes_leave(acti_processes *p, acti_list *link)
{
    acti_lock_take(&p->lock);
    acti_list_remove(link);
    p->count--;
    leave_lines(p);
    acti_lock_give(&p->lock);
}

// close_processes tells each keeper by when its process has to end. The nodes are told to leave next, and the actors in
// the processes then learn that nobody holds them any more. The router closes the listener.
static void close_processes(acti_upper *upper, uint64_t deadline_ns)
{
    acti_processes *p = ACTI_CONTAINER_OF(upper, acti_processes, upper);
    acti_lock_take(&p->lock);
    p->closing = true;
    p->deadline_ns = deadline_ns;
    for (acti_list *link = p->keepers.next; link != &p->keepers; link = link->next)
        acti_keeper_leave(acti_keeper_of(link));
    leave_lines(p);
    acti_lock_give(&p->lock);
}

static void fini_processes(acti_upper *upper)
{
    acti_processes *p = ACTI_CONTAINER_OF(upper, acti_processes, upper);
    acti_assert(acti_list_empty(&p->keepers));
    free_processes(p);
}
