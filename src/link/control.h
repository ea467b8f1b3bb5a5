// SPDX-License-Identifier: MIT
//
// control.h - the one thread of the process on which nng is opened, closed, stopped and freed.
//
// nng may block in these calls and forbids them in its callbacks, so whoever wants one made hands over a job.
// Jobs run one after the other, in the order they were pushed.

#ifndef ACTI_LINK_CONTROL_H
#define ACTI_LINK_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

// acti_control_job lies inside what the job is about. Whoever pushes it sets run first; a job is in at most one
// queue at a time, and is out of it before run is called, so run may push it again or free it.
typedef struct acti_control_job {
    acti_list link;  // under the control's lock; next is NULL while it is not queued
    uint64_t due_ns; // of a job pushed for later
    void (*run)(struct acti_control_job *job);
} acti_control_job;

// acti_control_hold keeps the thread for one more object, and starts it for the first; acti_control_drop ends
// that. Jobs may be pushed between the two only.
//
// Threads: any.
// Errors:  ACTA_EIO no thread could be started; ACTA_EINVAL the process is a fork of one in which there was one. Then
//          nothing is held.
int
acti_control_hold(void);
void
acti_control_drop(void);

// acti_control_why says for a person why nothing could be held, and what to do.
const char *
acti_control_why(int status);

// acti_control_push queues job. Never fails and never blocks. Threads: any, nng's callbacks too.
void
acti_control_push(acti_control_job *job);

// acti_control_push_later queues job for when delay_ns have passed. Threads: any.
void
acti_control_push_later(acti_control_job *job, uint64_t delay_ns);

// acti_control_cancel takes job out of its queue; false when it is in none. On the control thread only: there
// the job cannot be running at the same time.
bool
acti_control_cancel(acti_control_job *job);

// acti_control_call runs fn(arg) on the control thread and blocks until it returned. Not on that thread itself.
void
acti_control_call(void (*fn)(void *arg), void *arg);

#endif
