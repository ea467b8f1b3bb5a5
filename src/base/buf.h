// SPDX-License-Identifier: MIT
//
// buf.h - a growable run of bytes with a limit. Bytes are appended at the end and consumed at the front. No
// thread safety of its own.

#ifndef ACTI_BASE_BUF_H
#define ACTI_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"

// A zeroed acti_buf with limit set is ready. It allocates at most twice the limit, or 256 bytes.
typedef struct acti_buf {
    uint8_t *data; // size bytes from data + start are held
    size_t start;
    size_t size;
    size_t room;  // bytes allocated
    size_t limit; // most bytes held at once
} acti_buf;

// acti_buf_fini frees the memory; the buffer is then empty and ready again.
void
acti_buf_fini(acti_buf *buf);

// acti_buf_reserve makes room for n more bytes and gives where they go, or NULL when that would pass the limit
// or memory ran out. acti_buf_grew then says how many were written.
static inline uint8_t *acti_buf_reserve(acti_buf *buf, size_t n);
static inline void acti_buf_grew(acti_buf *buf, size_t n);

#define ACTI_BUF_FEW 128

// acti_buf_reserve_slow is acti_buf_reserve where there may be no room, and acti_buf_append_slow is acti_buf_append of
// many bytes, or where there may be none.
uint8_t *
acti_buf_reserve_slow(acti_buf *buf, size_t n);
int
acti_buf_append_slow(acti_buf *buf, const void *bytes, size_t n);

// acti_buf_consume drops n bytes at the front. An empty buffer keeps its memory.
static inline void acti_buf_consume(acti_buf *buf, size_t n);

// acti_buf_check aborts when the buffer is not in order.
void
acti_buf_check(const acti_buf *buf);

static inline uint8_t *acti_buf_bytes(const acti_buf *buf)
{
    return buf->data + buf->start;
}

// acti_buf_left is how many bytes more the buffer holds without another allocation.
static inline size_t acti_buf_left(const acti_buf *buf)
{
    size_t room = buf->room - buf->start - buf->size;
    size_t allowed = buf->size < buf->limit ? buf->limit - buf->size : 0;
    return room < allowed ? room : allowed;
}

static inline uint8_t *acti_buf_reserve(acti_buf *buf, size_t n)
{
    if (n == 0 || n > acti_buf_left(buf))
        return acti_buf_reserve_slow(buf, n);
    return acti_buf_bytes(buf) + buf->size;
}

static inline void acti_buf_grew(acti_buf *buf, size_t n)
{
    acti_assert(n <= acti_buf_left(buf));
    buf->size += n;
}

static inline void acti_buf_consume(acti_buf *buf, size_t n)
{
    acti_assert(n <= buf->size);
    buf->start += n;
    buf->size -= n;
    if (buf->size == 0)
        buf->start = 0;
}

// acti_buf_append copies n bytes to the end. ACTA_OK, ACTA_ETOOBIG or ACTA_ENOMEM. What is written piece by piece comes
// in a few bytes, for which there mostly is room.
static inline int acti_buf_append(acti_buf *buf, const void *bytes, size_t n)
{
    if (n - 1 >= ACTI_BUF_FEW || n > buf->room - buf->start - buf->size || buf->size > buf->limit ||
        n > buf->limit - buf->size)
        return acti_buf_append_slow(buf, bytes, n);
    memcpy(acti_buf_bytes(buf) + buf->size, bytes, n);
    buf->size += n;
    return ACTA_OK;
}

#endif
