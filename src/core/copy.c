// SPDX-License-Identifier: MIT
//
// copy.c - deep copies of message bodies into one block.
//
// Measuring and copying are one walk over the fields, run without and with a block, so that they cannot
// disagree about the layout. But for arrays it is compiled twice, as each send needs both: where it is known that there
// is no block, little of it is left.

#include "core/copy.h"

#include <string.h>

#include "base/platform.h"
#include "core/sender.h"
#include "core/type.h"

#define TWICE __attribute__((always_inline)) static inline

// ---- parts ------------------------------------------------------------------
// Each gives in *to where the copy lies, NULL while measuring.

TWICE int copy_str(acti_parts *parts, const char *from, const char **to)
{
    if (from == NULL)
        from = "";
    // A str of all that is left has no room for its NUL: it need not be read further to be refused.
    size_t size = strnlen(from, parts->limit - parts->used);
    void *at;
    int status = acti_parts_take(parts, size + 1, 1, 1, &at);
    if (status != ACTA_OK)
        return status;
    if (at == NULL)
        return acti_text_valid(from, size) ? ACTA_OK : ACTA_EINVAL;
    memcpy(at, from, size + 1);
    *to = at;
    return ACTA_OK;
}

// *at is NULL while measuring and when the run is empty; the copy of an empty run has no items.
TWICE int copy_run(acti_parts *parts, acti_run from, size_t each, size_t align, void **at)
{
    *at = NULL;
    if (from.count > 0 && from.items == NULL)
        return ACTA_EINVAL;
    int status = acti_parts_take(parts, from.count, each, align, at);
    if (status == ACTA_OK && *at != NULL)
        memcpy(*at, from.items, from.count * each);
    return status;
}

TWICE int copy_bytes(acti_parts *parts, const acta_bytes *from, acta_bytes *to)
{
    void *at;
    int status = copy_run(parts, (acti_run){from->data, from->size}, 1, ACTI_PARTS_ALIGN, &at);
    if (status == ACTA_OK && to != NULL)
        *to = (acta_bytes){at, from->size};
    return status;
}

// The pointers are copied first, only to take their place; then each is replaced.
static int copy_str_items(acti_parts *parts, acti_run from, void **at)
{
    int status = copy_run(parts, from, sizeof(char *), _Alignof(char *), at);
    const char *const *source = from.items;
    const char **items = *at;
    for (size_t i = 0; i < from.count && status == ACTA_OK; i++)
        status = copy_str(parts, source[i], items != NULL ? &items[i] : NULL);
    return status;
}

static int copy_bytes_items(acti_parts *parts, acti_run from, void **at)
{
    int status = copy_run(parts, from, sizeof(acta_bytes), _Alignof(acta_bytes), at);
    const acta_bytes *source = from.items;
    acta_bytes *items = *at;
    for (size_t i = 0; i < from.count && status == ACTA_OK; i++)
        status = copy_bytes(parts, &source[i], items != NULL ? &items[i] : NULL);
    return status;
}

// ---- senders and addresses ----------------------------------------------------
// Counted only when there is a block: all that may fail has not failed by then.

static void copy_ref(const acta_type *type, unsigned kind, const void *from, void *to)
{
    if (kind == ACTA_KIND_TX)
        *(acta_tx **)to = acti_tx_copy(*(acta_tx *const *)from, type);
    else
        *(acta_addr **)to = acta_addr_dup(*(acta_addr *const *)from);
}

void acti_copy_let_go(const acta_type *type, void *copy)
{
    for (size_t i = 0; i < type->field_count; i++) {
        void *at = (uint8_t *)copy + type->fields[i].offset;
        if (type->fields[i].kind == ACTA_KIND_TX)
            acta_tx_drop(at);
        else if (type->fields[i].kind == ACTA_KIND_ADDR)
            acta_addr_drop(at);
    }
}

// ---- fields -----------------------------------------------------------------

static int copy_array(acti_parts *parts, unsigned item, const void *from, void *to)
{
    acti_run run = acti_run_load(from);
    void *at;
    int status;
    if (item == ACTA_KIND_STR)
        status = copy_str_items(parts, run, &at);
    else if (item == ACTA_KIND_BYTES)
        status = copy_bytes_items(parts, run, &at);
    else
        status = copy_run(parts, run, acti_kind_size(item), acti_kind_align(item), &at);
    if (status == ACTA_OK && to != NULL)
        acti_run_store(to, (acti_run){at, run.count});
    return status;
}

TWICE int copy_field(acti_parts *parts, const acta_type *type, const acta_field *field, const void *from, void *to)
{
    unsigned kind = field->kind;
    if (kind <= ACTA_KIND_BOOL)
        return ACTA_OK;
    if (acti_kind_is_ref(kind)) {
        bool given = *(void *const *)from != NULL;
        if (given && to != NULL)
            copy_ref(type, kind, from, to);
        return given || field->optional ? ACTA_OK : ACTA_EINVAL;
    }
    if (kind == ACTA_KIND_STR)
        return copy_str(parts, *(const char *const *)from, to);
    if (kind == ACTA_KIND_BYTES)
        return copy_bytes(parts, from, to);
    acti_parts theirs = *parts; // so that only arrays, which are few, need it to lie in memory
    int status = copy_array(&theirs, kind - ACTA_KIND_ARRAY, from, to);
    parts->used = theirs.used;
    return status;
}

TWICE int copy_walk(const acta_type *type, const void *body, acti_parts *parts)
{
    void *at;
    int status = acti_parts_take(parts, type->size, 1, ACTI_PARTS_ALIGN, &at);
    if (status != ACTA_OK)
        return status;
    uint8_t *to = at;
    if (to != NULL)
        memcpy(to, body, type->size);
    if (type->flat)
        return ACTA_OK;

    for (size_t i = 0; i < type->field_count && status == ACTA_OK; i++) {
        const acta_field *field = &type->fields[i];
        status = copy_field(parts, type, field, (const uint8_t *)body + field->offset,
                            to != NULL ? to + field->offset : NULL);
    }
    return status;
}

int acti_copy_measure(const acta_type *type, const void *body, size_t limit, size_t *size)
{
    acti_parts parts = {.limit = limit < PTRDIFF_MAX ? limit : PTRDIFF_MAX};
    int status = copy_walk(type, body, &parts);
    if (status == ACTA_OK)
        *size = parts.used;
    return status;
}

void acti_copy_body(const acta_type *type, const void *body, void *to)
{
    acti_parts parts = {.block = to, .limit = PTRDIFF_MAX};
    int status = copy_walk(type, body, &parts);
    acti_assert(status == ACTA_OK);
}
