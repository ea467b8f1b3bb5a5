// SPDX-License-Identifier: MIT
//
// reason.h - why something cannot be done, in a line for a person: what, where, why, what to do.

#ifndef ACTI_LINK_REASON_H
#define ACTI_LINK_REASON_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

// Where the line goes; one that is longer is cut. {0}: nobody wants to know.
typedef struct acti_reason {
    char *text;
    size_t size;
} acti_reason;

#define ACTI_REASON_BYTES 512 // for a line of this layer

// acti_say writes the line and gives status, so that a refusal is one statement.
__attribute__((format(printf, 3, 4))) static inline int acti_say(acti_reason why, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why.text, why.size, format, args);
    va_end(args);
    return status;
}

#endif
