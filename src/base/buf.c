// SPDX-License-Identifier: MIT
//
// buf.c - bytes in one block, the held ones anywhere in it.
//
// The held bytes move to the front only when at least as many were consumed before them: each byte moved is
// paid for by one consumed, and appending stays linear however the two alternate. The price is that a buffer
// may take up to twice its limit.

#include "base/buf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"

#define FIRST_ROOM 256

static bool fits(const acti_buf *buf, size_t n);
static bool make_room(acti_buf *buf, size_t n);

void acti_buf_fini(acti_buf *buf)
{
    free(buf->data);
    *buf = (acti_buf){.limit = buf->limit};
}

uint8_t *acti_buf_reserve_slow(acti_buf *buf, size_t n)
{
    if (!fits(buf, n) || !make_room(buf, n))
        return NULL;
    return buf->data + buf->start + buf->size;
}

int acti_buf_append_slow(acti_buf *buf, const void *bytes, size_t n)
{
    if (!fits(buf, n))
        return ACTA_ETOOBIG;
    uint8_t *to = acti_buf_reserve(buf, n);
    if (!to)
        return ACTA_ENOMEM;
    if (n > 0)
        memcpy(to, bytes, n);
    buf->size += n;
    return ACTA_OK;
}

void acti_buf_check(const acti_buf *buf)
{
    acti_assert(buf->size <= buf->limit);
    acti_assert(buf->start <= buf->room && buf->size <= buf->room - buf->start);
    acti_assert(buf->size > 0 || buf->start == 0);
    acti_assert((buf->data == NULL) == (buf->room == 0));
}

static bool fits(const acti_buf *buf, size_t n)
{
    return buf->size <= buf->limit && n <= buf->limit - buf->size;
}

// make_room brings n free bytes behind the held ones; the limit allows them.
static bool make_room(acti_buf *buf, size_t n)
{
    if (buf->data && n <= buf->room - buf->start - buf->size)
        return true;

    size_t need = buf->size + n;
    if (buf->data && need <= buf->room && buf->start >= buf->size) {
        memcpy(buf->data, acti_buf_bytes(buf), buf->size);
        buf->start = 0;
        return true;
    }
    size_t most = buf->limit <= SIZE_MAX / 2 ? buf->limit * 2 : SIZE_MAX;
    size_t room = buf->room <= most / 2 ? buf->room * 2 : most;
    if (room < need)
        room = need;
    if (room < FIRST_ROOM)
        room = FIRST_ROOM;
    uint8_t *data = malloc(room);
    if (!data)
        return false;
    if (buf->size > 0)
        memcpy(data, acti_buf_bytes(buf), buf->size);
    free(buf->data);
    buf->data = data;
    buf->start = 0;
    buf->room = room;
    return true;
}
