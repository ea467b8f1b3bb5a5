// SPDX-License-Identifier: MIT
//
// fuzz_door.c - any bytes from a client of a door: refused with a reason, or messages, and nothing beyond what has come
// is kept. The first byte chooses the kind of door and how many bytes come at a time.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "core/message.h"
#include "link/sp.h"
#include "port/envelope.h"

ACTA_MESSAGE(anything, (i64, i, optional), (f64, f, optional), (str, s, optional), (bytes, d, optional),
             (str_array, sa, optional));

#define LIMIT 4096

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// take opens a message as a door does. What is one can be put into an envelope again.
static void take(const acti_sp_message *message)
{
    char why[ACTI_ENVELOPE_WHY] = "";
    acta_msg *m;
    int status = acti_envelope_open(ACTI_MSG_SEND, message->body, (size_t)message->body_size, LIMIT, &m, why);
    acti_assert((status == ACTA_OK) == (why[0] == '\0'));
    if (status != ACTA_OK)
        return;
    acti_buf out = {.limit = 4 * LIMIT};
    acti_assert(acti_envelope_put(m->type, m + 1, &out) == ACTA_OK);
    acti_buf_fini(&out);
    acti_msg_release(m);
}

static bool look(acti_sp *sp)
{
    acti_sp_message message;
    acti_sp_got got;
    while ((got = acti_sp_next(sp, &message)) == ACTI_SP_MESSAGE || got == ACTI_SP_TOO_BIG) {
        acti_assert(message.header_size <= ACTI_SP_HEADER_MAX);
        if (got == ACTI_SP_MESSAGE)
            take(&message);
        acti_sp_check(sp);
    }
    acti_sp_check(sp);
    return got == ACTI_SP_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    acti_sp sp;
    if (size == 0)
        return 0;
    uint8_t chosen = data[0];
    size_t step = (size_t)(chosen >> 2) + 1;
    acti_sp_init(&sp, chosen & 1 ? ACTI_SP_REP : ACTI_SP_PULL, (chosen & 2) == 0, LIMIT);
    bool more = true;
    for (size_t at = 1; at < size && more; at += step) {
        size_t room, n = size - at < step ? size - at : step;
        uint8_t *space = acti_sp_space(&sp, &room);
        if (space == NULL)
            break;
        acti_assert(room >= n);
        memcpy(space, data + at, n);
        acti_sp_feed(&sp, n);
        more = look(&sp);
        acti_assert(sp.in.size <= LIMIT + ACTI_SP_HEADER_MAX + 9);
    }
    acti_sp_fini(&sp);
    return 0;
}
