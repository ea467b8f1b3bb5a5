// SPDX-License-Identifier: MIT
//
// planned.c - messages that come as acta writes them: all fields of the type, in its order, with the keys of its plan and
// the short forms of what is small.
//
// Nearly all messages do, and then a key is compared and not looked up, and nothing is counted or can be missing. This
// never refuses anything: whatever is not as expected is left to decode.c, which reads the message from its beginning,
// and knows what is wrong with it. What is accepted here is accepted there with the same block.

#include "codec/codec.h"

#include <string.h>

#include "codec/cursor.h"
#include "core/copy.h"

typedef struct reader {
    acti_cursor in;
    uint8_t *block;
    size_t used;
} reader;

// take_key: whether these bytes are next.
static inline bool take_key(reader *r, const uint8_t *key, size_t size)
{
    if (size > r->in.left || memcmp(r->in.at, key, size) != 0)
        return false;
    (void)acti_cursor_pass(&r->in, size);
    return true;
}

// take_number reads the head of a number, of a bool or of nothing that is wanted here.
static inline bool take_head(reader *r, acti_head *head)
{
    const char *why;
    return acti_cursor_head(&r->in, head, &why) == ACTA_OK;
}

// take_bytes takes bytes of a length of one byte or two, which are in the message.
static inline bool take_bytes(reader *r, acta_bytes *to)
{
    const uint8_t *at = r->in.at;
    size_t left = r->in.left;
    size_t head = left >= 2 && at[0] == 0xc4 ? 2 : left >= 3 && at[0] == 0xc5 ? 3 : 0;
    size_t size = head == 2 ? at[1] : head == 3 ? (size_t)at[1] << 8 | at[2] : 0;
    if (head == 0 || size > left - head)
        return false;
    (void)acti_cursor_pass(&r->in, head);
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
    if (!take_key(r, acti_buf_bytes(&plan->packed), plan->ends[0]))
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const acta_field *field = &type->fields[i];
        size_t size;
        const uint8_t *key = acti_codec_plan_key(plan, i, &size);
        if (!take_key(r, key, size) || !take_value(r, field->kind, r->block + field->offset))
            return false;
    }
    return r->in.left == 0;
}

int acti_codec_unpack_as(const acti_codec_plan *plan, const void *bytes, size_t size, size_t limit, void *to, size_t room,
                         acti_codec_count *refs, size_t *used, const char **why)
{
    reader r = {.in = {bytes, size}, .block = to};
    size_t most = room < limit ? room : limit;
    if (plan->room == 0 || most < plan->room || most - plan->room < size || !unpack(plan, &r))
        return acti_codec_unpack(plan->type, bytes, size, limit, to, room, refs, used, why);
    *refs = (acti_codec_count){0};
    *used = r.used;
    return ACTA_OK;
}
