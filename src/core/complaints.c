// SPDX-License-Identifier: MIT
//
// complaints.c - which of many reports are said.

#include "core/complaints.h"

#include <inttypes.h>
#include <stdio.h>

bool acti_complaints_say(acti_complaints *complaints, uint64_t now_ns, uint64_t *unsaid)
{
    if (now_ns < complaints->next_ns) {
        complaints->unsaid++;
        return false;
    }
    complaints->next_ns = now_ns + ACTI_COMPLAINTS_NS;
    *unsaid = complaints->unsaid;
    complaints->unsaid = 0;
    return true;
}

const char *acti_complaints_more(uint64_t unsaid, char more[ACTI_COMPLAINTS_MORE])
{
    more[0] = '\0';
    if (unsaid > 0)
        snprintf(more, ACTI_COMPLAINTS_MORE, " (and %" PRIu64 " complaints since the last)", unsaid);
    return more;
}
