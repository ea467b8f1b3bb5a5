// SPDX-License-Identifier: MIT
//
// name.h - the names under which the two processes find each other's actors: net and router for the first stream,
// net/1 and router/1 for the second, and so on.

#ifndef BODY_STREAM_NAME_H
#define BODY_STREAM_NAME_H

#include <stdint.h>
#include <stdio.h>

#define STREAM_NAME 32

static inline void stream_name(char name[STREAM_NAME], const char *who, uint32_t stream)
{
    if (stream == 0)
        snprintf(name, STREAM_NAME, "%s", who);
    else
        snprintf(name, STREAM_NAME, "%s/%u", who, stream);
}

#endif
