// SPDX-License-Identifier: MIT
//
// copy.h - deep copies of message bodies into one block.
//
// The block starts with the struct; its variable parts follow in the order of the fields, an array's items
// before what the items point to:
//
//     str                   the characters and a NUL; NULL becomes ""
//     bytes                 the bytes, 8-aligned so that they may be read as structs; NULL if there are none
//     array of numbers      the items, aligned as their type; NULL if there are none
//     array of str, bytes   the pointers or acta_bytes, 8-aligned, then each item as above
//     tx, addr              nothing: the struct has the copy's own sender or address, or NULL
//
// The block itself is 8-aligned. Decoding (src/codec) fills the same layout through the same acti_parts.

#ifndef ACTI_CORE_COPY_H
#define ACTI_CORE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <acta/error.h>
#include <acta/message.h>

#define ACTI_PARTS_ALIGN 8

// acti_copy_measure gives the bytes that a copy of body needs, in *size, and checks the body.
//
// Errors: ACTA_ETOOBIG more than limit; nothing beyond limit bytes is read to find that out.
//         ACTA_EINVAL a str that is not UTF-8, data or items that are NULL where size or count is not 0, or a tx or
//         addr that is NULL and not optional.
ACTA_NODISCARD int
acti_copy_measure(const acta_type *type, const void *body, size_t limit, size_t *size);

// acti_copy_body copies body to a block of the size that acti_copy_measure gave for it. The caller
// keeps body unchanged in between. The copy holds its senders and addresses until acti_copy_let_go.
void
acti_copy_body(const acta_type *type, const void *body, void *to);

// acti_copy_let_go drops the senders and addresses that a copy holds, and sets them to NULL; those that are NULL are
// passed over. That may push an EOF and wake its actor, so it is called under no lock.
void
acti_copy_let_go(const acta_type *type, void *copy);

// ---- runs -------------------------------------------------------------------

// acti_run is any array, and acta_bytes: a pointer and a count. Code for all of them goes through acti_run_load
// and acti_run_store, as C does not let one struct be accessed as another.
typedef struct acti_run {
    const void *items;
    size_t count;
} acti_run;

_Static_assert(sizeof(acti_run) == sizeof(acta_bytes) && sizeof(acti_run) == sizeof(acta_i64_array) &&
                   sizeof(acti_run) == sizeof(acta_str_array) && sizeof(acti_run) == sizeof(acta_bytes_array),
               "arrays are a pointer and a count");

static inline acti_run acti_run_load(const void *from)
{
    acti_run run;
    memcpy(&run, from, sizeof run);
    return run;
}

static inline void acti_run_store(void *to, acti_run run)
{
    memcpy(to, &run, sizeof run);
}

// ---- parts ------------------------------------------------------------------

// acti_parts hands out a block front to back. Without a block it only counts, which is how the size of
// one is found: the same code runs twice.
typedef struct acti_parts {
    uint8_t *block; // NULL: count only
    size_t used;
    size_t limit; // at most PTRDIFF_MAX
} acti_parts;

// acti_parts_take takes count * each bytes at a multiple of align, a power of two up to ACTI_PARTS_ALIGN, and
// gives in *at where they are: NULL when only counting, and when there are none. ACTA_OK or ACTA_ETOOBIG.
ACTA_NODISCARD static inline int acti_parts_take(acti_parts *parts, size_t count, size_t each, size_t align,
                                                 void **at)
{
    *at = NULL;
    if (count == 0)
        return ACTA_OK;
    size_t size;
    size_t start = (parts->used + align - 1) & ~(align - 1);
    if (__builtin_mul_overflow(count, each, &size) || start > parts->limit || size > parts->limit - start)
        return ACTA_ETOOBIG;
    parts->used = start + size;
    if (parts->block != NULL)
        *at = parts->block + start;
    return ACTA_OK;
}

#endif
