// SPDX-License-Identifier: MIT
//
// control.c - the one thread of the process on which nng is opened, closed, stopped and freed.
//
// Design notes
//
// The thread starts with the first hold and ends in acti_link_fini, when nothing is held. acti_thread_start
// blocks every signal in it, and nng starts its own threads inside the first call made here, so they inherit
// that mask and no signal of the program is ever delivered to one of them.
//
// A child forked after nng has started cannot use it: nng's threads are not in the child, and nng aborts there
// on the next open. So nothing is held there; a program that wants another process executes one.

#include "link/control.h"

#include <nng/nng.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/link.h"

static struct {
    // Rank: above queue_lock. Held over the whole start and end of the thread, so that a hold meets either a
    // running thread or none; both happen once in the life of most processes.
    acti_lock life_lock;
    uint64_t held;
    bool running;
    pthread_t thread;

    // Rank: leaf.
    acti_lock queue_lock;
    acti_list jobs;
    acti_list later; // not sorted: one for each listener or dial that pauses, which is few
    bool ending;

    acti_park park; // given after each push
} control = {.life_lock = ACTI_LOCK_INIT, .queue_lock = ACTI_LOCK_INIT};

// 1 + acti_forks() in the process in which the thread runs; 0: it runs nowhere. Relaxed: it is compared with what only
// a fork changes.
static acti_au32 started_in;

static ACTI_THREAD_LOCAL bool on_control;

typedef struct call {
    acti_control_job job;
    void (*fn)(void *arg);
    void *arg;
    acti_park done;
} call;

static int start(void);
static bool stop(void);
static void *serve(void *unused);
static acti_control_job *next_job(void);
static acti_control_job *due_job(uint64_t *next_ns);
static void run_call(acti_control_job *job);
static void nothing(void *unused);

int acti_control_hold(void)
{
    uint32_t in = acti_au32_load_relaxed(&started_in);
    if (in != 0 && in != 1 + acti_forks()) // not the lock: another thread may have had it, which is not here
        return ACTA_EINVAL;
    acti_lock_take(&control.life_lock);
    int status = control.running ? ACTA_OK : start();
    if (status == ACTA_OK)
        control.held++;
    acti_lock_give(&control.life_lock);
    return status;
}

const char *acti_control_why(int status)
{
    return status == ACTA_EINVAL ? "this process is a fork of one that has used links; execute a program after the fork"
                                 : "no thread could be started; raise the limit of processes";
}

void acti_control_drop(void)
{
    acti_lock_take(&control.life_lock);
    acti_assert(control.held > 0);
    control.held--;
    acti_lock_give(&control.life_lock);
}

static int start(void)
{
    acti_list_init(&control.jobs);
    acti_list_init(&control.later);
    control.ending = false;
    acti_park_init(&control.park);
    int status = acti_thread_start(&control.thread, "acta-link", serve, NULL);
    control.running = status == ACTA_OK;
    if (control.running)
        acti_au32_store_relaxed(&started_in, 1 + acti_forks());
    return status;
}

void acti_control_push(acti_control_job *job)
{
    acti_lock_take(&control.queue_lock);
    acti_assert(!acti_list_linked(&job->link));
    acti_list_push(&control.jobs, &job->link);
    acti_lock_give(&control.queue_lock);
    acti_park_give(&control.park);
}

void acti_control_push_later(acti_control_job *job, uint64_t delay_ns)
{
    acti_lock_take(&control.queue_lock);
    acti_assert(!acti_list_linked(&job->link));
    job->due_ns = acti_clock_ns() + delay_ns;
    acti_list_push(&control.later, &job->link);
    acti_lock_give(&control.queue_lock);
    acti_park_give(&control.park);
}

bool acti_control_cancel(acti_control_job *job)
{
    acti_assert(on_control);
    acti_lock_take(&control.queue_lock);
    bool queued = acti_list_linked(&job->link);
    if (queued)
        acti_list_remove(&job->link);
    acti_lock_give(&control.queue_lock);
    return queued;
}

void acti_control_call(void (*fn)(void *arg), void *arg)
{
    acti_assert(!on_control);
    call c = {.job.run = run_call, .fn = fn, .arg = arg};
    acti_park_init(&c.done);
    acti_control_push(&c.job);
    acti_park_wait(&c.done, UINT64_MAX);
}

static void run_call(acti_control_job *job)
{
    call *c = ACTI_CONTAINER_OF(job, call, job);
    c->fn(c->arg);
    acti_park_give(&c->done);
}

bool acti_link_fini(void)
{
    acti_lock_take(&control.life_lock);
    bool running = control.running;
    control.held += running;
    acti_lock_give(&control.life_lock);
    if (!running)
        return true;
    // What was closed before this call is in the queue; it is done when this has run behind it.
    acti_control_call(nothing, NULL);
    acti_control_drop();
    return stop();
}

static bool stop(void)
{
    acti_lock_take(&control.life_lock);
    bool unused = control.held == 0;
    if (unused && control.running) {
        acti_lock_take(&control.queue_lock);
        control.ending = true;
        acti_lock_give(&control.queue_lock);
        acti_park_give(&control.park);
        acti_thread_join(control.thread);
        control.running = false;
        acti_au32_store_relaxed(&started_in, 0);
    }
    acti_lock_give(&control.life_lock);
    return unused;
}

static void nothing(void *unused)
{
    (void)unused;
}

static void *serve(void *unused)
{
    (void)unused;
    on_control = true;
    acti_control_job *job;
    while ((job = next_job()) != NULL)
        job->run(job);
    nng_fini();
    return NULL;
}

// Waits for the next job and takes it; NULL at the end.
static acti_control_job *next_job(void)
{
    for (;;) {
        uint64_t wake_ns = UINT64_MAX;
        acti_lock_take(&control.queue_lock);
        acti_control_job *job = due_job(&wake_ns);
        acti_list *first = job == NULL ? acti_list_pop(&control.jobs) : NULL;
        if (first != NULL)
            job = ACTI_CONTAINER_OF(first, acti_control_job, link);
        bool ending = control.ending;
        acti_lock_give(&control.queue_lock);
        if (job != NULL || ending)
            return job;
        acti_park_wait(&control.park, wake_ns);
    }
}

// Takes a job whose time has come; if there is none, *next_ns gets when there will be.
static acti_control_job *due_job(uint64_t *next_ns)
{
    if (acti_list_empty(&control.later))
        return NULL;
    uint64_t now_ns = acti_clock_ns();
    for (acti_list *at = control.later.next; at != &control.later; at = at->next) {
        acti_control_job *job = ACTI_CONTAINER_OF(at, acti_control_job, link);
        if (job->due_ns <= now_ns) {
            acti_list_remove(at);
            return job;
        }
        if (job->due_ns < *next_ns)
            *next_ns = job->due_ns;
    }
    return NULL;
}
