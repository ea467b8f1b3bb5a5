// SPDX-License-Identifier: MIT
//
// planned.c - messages that come as acta writes them: all fields of the type, in its order, with the keys of its plan.
//
// Nearly all messages do, and then a key is compared and not looked up, and nothing is counted or can be missing. This
// never refuses anything: whatever is not as expected is left to decode.c, which reads the message from its beginning,
// and knows what is wrong with it. What is accepted here is accepted there with the same block.

#include "codec/codec.h"

#include <endian.h>
#include <string.h>

#include "codec/cursor.h"
#include "core/copy.h"

typedef struct reader {
    acti_cursor in;
    uint8_t *block;
    size_t used;
} reader;

static inline uint64_t load64(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word); // the first byte is the lowest
}

// starts_with: whether the first bytes are those of the plan. A few are compared as if they were eight.
static inline bool starts_with(const acti_cursor *in, const uint8_t *planned, size_t size)
{
    if (size - 1 < ACTI_CODEC_PLAN_SPARE && in->left >= ACTI_CODEC_PLAN_SPARE)
        return (load64(in->at) ^ load64(planned)) << (64 - 8 * size) == 0;
    return size <= in->left && memcmp(in->at, planned, size) == 0;
}

// take_planned: whether these bytes are next.
static inline bool take_planned(reader *r, const uint8_t *planned, size_t size)
{
    if (!starts_with(&r->in, planned, size))
        return false;
    (void)acti_cursor_pass(&r->in, size);
    return true;
}

// take_head reads the head of whatever is next.
static inline bool take_head(reader *r, acti_head *head)
{
    const char *why;
    return acti_cursor_head(&r->in, head, &why) == ACTA_OK;
}

// take_bytes_head reads the head of bytes. Fewer than 256 are not left to the cursor, which is for all forms.
static inline bool take_bytes_head(reader *r, size_t *size)
{
    acti_head head;
    if (r->in.left >= 2 && r->in.at[0] == 0xc4) {
        *size = acti_cursor_pass(&r->in, 2)[1];
        return *size <= r->in.left;
    }
    if (!take_head(r, &head) || head.shape != ACTI_SHAPE_BIN)
        return false;
    *size = head.n;
    return true;
}

static inline bool take_bytes(reader *r, acta_bytes *to)
{
    size_t size;
    if (!take_bytes_head(r, &size))
        return false;
    *to = (acta_bytes){NULL, size};
    if (size == 0)
        return true;
    size_t start = (r->used + ACTI_PARTS_ALIGN - 1) & ~(size_t)(ACTI_PARTS_ALIGN - 1);
    to->data = memcpy(r->block + start, acti_cursor_pass(&r->in, size), size);
    r->used = start + size;
    return true;
}

static bool take_str(reader *r, const char **to)
{
    acti_head head;
    if (!take_head(r, &head) || head.shape != ACTI_SHAPE_STR || !acti_text_valid(r->in.at, head.n))
        return false;
    char *text = (char *)r->block + r->used;
    memcpy(text, acti_cursor_pass(&r->in, head.n), head.n);
    text[head.n] = 0;
    r->used += head.n + 1;
    *to = text;
    return true;
}

static bool take_number(reader *r, unsigned kind, void *to)
{
    acti_head head;
    if (!take_head(r, &head))
        return false;
    bool whole = head.shape == ACTI_SHAPE_UINT;
    switch (kind) {
    case ACTA_KIND_I64:
        *(int64_t *)to = (int64_t)head.n;
        return whole ? head.n <= INT64_MAX : head.shape == ACTI_SHAPE_NEGATIVE;
    case ACTA_KIND_U64:
        *(uint64_t *)to = head.n;
        return whole;
    case ACTA_KIND_F64:
        *(double *)to = head.f;
        return head.shape == ACTI_SHAPE_FLOAT;
    case ACTA_KIND_BOOL:
        *(bool *)to = head.n != 0;
        return head.shape == ACTI_SHAPE_BOOL;
    default:
        return false;
    }
}

static inline bool take_value(reader *r, unsigned kind, void *to)
{
    if (kind == ACTA_KIND_BYTES)
        return take_bytes(r, to);
    return kind == ACTA_KIND_STR ? take_str(r, to) : take_number(r, kind, to);
}

// unpack needs no look at the room, which is enough for any message of so many bytes.
static inline bool unpack(const acti_codec_plan *plan, reader *r)
{
    const acta_type *type = plan->type;
    memset(r->block, 0, type->size);
    r->used = type->size;
    if (type->field_count == 0 && !take_planned(r, acti_buf_bytes(&plan->packed), plan->head))
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const acta_field *field = &type->fields[i];
        size_t size;
        const uint8_t *before = acti_codec_plan_before(plan, i, &size);
        if (!take_planned(r, before, size) || !take_value(r, field->kind, r->block + field->offset))
            return false;
    }
    return r->in.left == 0;
}

int acti_codec_unpack_as(const acti_codec_plan *plan, const void *bytes, size_t size, size_t limit, void *to,
                         size_t room, acti_codec_count *refs, size_t *used, const char **why)
{
    reader r = {.in = {bytes, size}, .block = to};
    size_t most = room < limit ? room : limit;
    if (plan->room == 0 || most < plan->room || most - plan->room < size || !unpack(plan, &r))
        return acti_codec_unpack(plan->type, bytes, size, limit, to, room, refs, used, why);
    *refs = (acti_codec_count){0};
    *used = r.used;
    return ACTA_OK;
}
