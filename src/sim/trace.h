// SPDX-License-Identifier: MIT
//
// trace.h - what happened in one schedule, in words: for the diagram of a failure.
//
// Schedules run without one. A schedule that failed is run again with a trace, which is the same schedule.

#ifndef ACTI_SIM_TRACE_H
#define ACTI_SIM_TRACE_H

#include <acta/message.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct acti_trace acti_trace;

typedef enum acti_trace_what {
    ACTI_TRACE_SPAWNED,   // from spawned to
    ACTI_TRACE_SENT,      // from sent message to `to`; text is its type and fields
    ACTI_TRACE_DELIVERED, // message arrived at `to`
    ACTI_TRACE_LOST,      // message found that `to` has ended, or was lost with a node or a connection
    ACTI_TRACE_RAN,       // to ran without a message: text says why
    ACTI_TRACE_TIME,      // the clock went on to at_ns
    ACTI_TRACE_FAULT,     // text says which
    ACTI_TRACE_ENDED,     // to ended; text says why
    ACTI_TRACE_CLAIM,     // from (or NULL) broke a claim, which is text
    ACTI_TRACE_NOTE,      // of from, or of nobody: text
} acti_trace_what;

typedef struct acti_trace_event {
    acti_trace_what what;
    uint32_t step;     // number of the step in which it happened, from 1; 0: before the first
    bool forced;       // the choice of its step was not 0
    uint64_t at_ns;    // virtual time
    uint64_t message;  // of SENT, DELIVERED and LOST: which; 0: none
    const char *from;  // names, borrowed for the call: the trace copies. NULL: nobody, or nobody that has a name
    const char *to;
    uint64_t from_id;  // tells actors of one name from each other; 0: the name does
    uint64_t to_id;
    const char *text;
} acti_trace_event;

// acti_trace_new gives an empty trace; NULL without memory. One that runs out of memory keeps what it has, takes no
// more, and says so when it is printed. Of a name or a text 1,000 bytes are kept.
acti_trace *
acti_trace_new(void);
void
acti_trace_free(acti_trace *trace);
void
acti_trace_add(acti_trace *trace, const acti_trace_event *event);

// acti_trace_print writes a sequence diagram in text, a line a call; acti_trace_mermaid the same for Mermaid. A line
// has at most 100 columns. Actors of one name get numbers. Of a wide world only the actors that led to its end have a
// column, and of a long schedule only the last events are shown.
void
acti_trace_print(const acti_trace *trace, void (*line)(void *arg, const char *text), void *arg);
void
acti_trace_mermaid(const acti_trace *trace, void (*line)(void *arg, const char *text), void *arg);

#endif
