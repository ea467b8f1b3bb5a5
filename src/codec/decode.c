// SPDX-License-Identifier: MIT
//
// decode.c - msgpack to message bodies, from senders that are not to be trusted. The format is in codec.h.
//
// Measuring and filling are one walk over the bytes, run without and with a block (acti_parts of core/copy.h),
// so that they cannot disagree about what is accepted or how large it is. The walk fills the block itself,
// and msgpack-c does not unpack: every head has to be read here anyway to be checked, and msgpack-c would
// build a tree of 24-byte objects only to be walked a second time. A type whose block cannot be much larger than its
// bytes is walked but once, into a block of that room.

#include "codec/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/platform.h"
#include "codec/cursor.h"
#include "codec/ref.h"
#include "core/copy.h"
#include "core/type.h"

_Static_assert(ACTI_CODEC_DEPTH_MAX <= ACTI_CURSOR_DEPTH_MAX, "what is skipped fits the cursor's stack");

typedef struct walk {
    const acta_type *type;
    const uint8_t *bytes; // the first, to say where something is
    acti_cursor in;
    acti_parts parts;
    uint8_t *to;             // the struct; NULL while measuring
    const acta_field *field; // the one that is read; NULL between fields
    bool with_refs;          // there is a way for references
    acti_ref_reader refs;
} walk;

// ---- refusing ---------------------------------------------------------------

#define WHY_BYTES 240
#define WHY_NAME_MAX 64 // bytes of a type's and of a field's name

static ACTI_THREAD_LOCAL char why_text[WHY_BYTES];

__attribute__((cold, format(printf, 3, 4))) static int refuse(const walk *w, int status, const char *format, ...)
{
    size_t at = (size_t)(w->in.at - w->bytes);
    int length = snprintf(why_text, sizeof why_text, "message %.*s, ", WHY_NAME_MAX, w->type->name);
    if (w->field != NULL)
        length += snprintf(why_text + length, sizeof why_text - (size_t)length, "field %.*s, ", WHY_NAME_MAX,
                           w->field->name);
    length += snprintf(why_text + length, sizeof why_text - (size_t)length, "byte %zu: ", at);
    va_list args;
    va_start(args, format);
    vsnprintf(why_text + length, sizeof why_text - (size_t)length, format, args);
    va_end(args);
    return status;
}

static inline int read_head(walk *w, acti_head *head)
{
    const char *why;
    int status = acti_cursor_head(&w->in, head, &why);
    return status == ACTA_OK ? ACTA_OK : refuse(w, status, "%s", why);
}

static inline int take_part(walk *w, size_t count, size_t each, size_t align, void **at)
{
    int status = acti_parts_take(&w->parts, count, each, align, at);
    if (status != ACTA_OK)
        return refuse(w, status, "it needs more than the limit of %zu bytes in memory", w->parts.limit);
    return ACTA_OK;
}

static int refuse_shape(const walk *w, unsigned kind, const acti_head *head)
{
    return refuse(w, ACTA_EMALFORMED, "%s expected, %s found", acti_kind_name(kind),
                  acti_shape_name(head->shape));
}

// ---- values -----------------------------------------------------------------
// Each is given the head and where the value goes, NULL while measuring.

static int decode_i64(const walk *w, const acti_head *head, int64_t *to)
{
    if (head->shape != ACTI_SHAPE_UINT && head->shape != ACTI_SHAPE_NEGATIVE)
        return refuse_shape(w, ACTA_KIND_I64, head);
    if (head->shape == ACTI_SHAPE_UINT && head->n > INT64_MAX)
        return refuse(w, ACTA_EMALFORMED, "%llu is above the range of i64", (unsigned long long)head->n);
    if (to != NULL)
        *to = (int64_t)head->n;
    return ACTA_OK;
}

static int decode_u64(const walk *w, const acti_head *head, uint64_t *to)
{
    if (head->shape == ACTI_SHAPE_NEGATIVE)
        return refuse(w, ACTA_EMALFORMED, "%lld is below the range of u64", (long long)head->n);
    if (head->shape != ACTI_SHAPE_UINT)
        return refuse_shape(w, ACTA_KIND_U64, head);
    if (to != NULL)
        *to = head->n;
    return ACTA_OK;
}

// An integer is exact as a double if its significant bits, from the highest set to the lowest, are at most 53.
static bool exact_as_double(uint64_t magnitude)
{
    return magnitude == 0 || (magnitude >> __builtin_ctzll(magnitude)) < UINT64_C(1) << 53;
}

static int decode_f64(const walk *w, const acti_head *head, double *to)
{
    bool negative = head->shape == ACTI_SHAPE_NEGATIVE;
    double f = head->f;
    if (negative || head->shape == ACTI_SHAPE_UINT) {
        if (!exact_as_double(negative ? 0 - head->n : head->n))
            return refuse(w, ACTA_EMALFORMED, "an integer that no f64 is equal to");
        f = negative ? (double)(int64_t)head->n : (double)head->n;
    } else if (head->shape != ACTI_SHAPE_FLOAT) {
        return refuse_shape(w, ACTA_KIND_F64, head);
    }
    if (to != NULL)
        *to = f;
    return ACTA_OK;
}

static int decode_bool(const walk *w, const acti_head *head, bool *to)
{
    if (head->shape != ACTI_SHAPE_BOOL)
        return refuse_shape(w, ACTA_KIND_BOOL, head);
    if (to != NULL)
        *to = head->n != 0;
    return ACTA_OK;
}

static int decode_str(walk *w, const acti_head *head, const char **to)
{
    if (head->shape != ACTI_SHAPE_STR)
        return refuse_shape(w, ACTA_KIND_STR, head);
    if (!acti_text_valid(w->in.at, head->n))
        return refuse(w, ACTA_EMALFORMED, "a str that is not UTF-8 or has a NUL in it");
    void *at;
    int status = take_part(w, head->n + 1, 1, 1, &at);
    if (status != ACTA_OK)
        return status;
    const uint8_t *from = acti_cursor_pass(&w->in, head->n);
    if (at != NULL) {
        char *text = at;
        memcpy(text, from, head->n);
        text[head->n] = 0;
        *to = text;
    }
    return ACTA_OK;
}

static int decode_bytes(walk *w, const acti_head *head, acta_bytes *to)
{
    if (head->shape != ACTI_SHAPE_BIN)
        return refuse_shape(w, ACTA_KIND_BYTES, head);
    void *at;
    int status = take_part(w, head->n, 1, ACTI_PARTS_ALIGN, &at);
    if (status != ACTA_OK)
        return status;
    const uint8_t *from = acti_cursor_pass(&w->in, head->n);
    if (at != NULL)
        memcpy(at, from, head->n);
    if (to != NULL)
        *to = (acta_bytes){at, head->n};
    return ACTA_OK;
}

static int decode_ref(walk *w, unsigned kind, const acti_head *head, void *to)
{
    if (head->shape != ACTI_SHAPE_EXT)
        return refuse_shape(w, kind, head);
    if (w->in.at[0] != acti_ref_ext(kind))
        return refuse(w, ACTA_EMALFORMED, "%s expected, an ext of type %u found", acti_kind_name(kind),
                      (unsigned)w->in.at[0]);
    const char *why;
    int status = acti_ref_take(&w->refs, w->in.at, head->n, to, &why);
    if (status != ACTA_OK)
        return refuse(w, status, "%s", why);
    acti_cursor_pass(&w->in, head->n);
    return ACTA_OK;
}

static int decode_value(walk *w, unsigned kind, const acti_head *head, void *to)
{
    switch (kind) {
    case ACTA_KIND_I64:
        return decode_i64(w, head, to);
    case ACTA_KIND_U64:
        return decode_u64(w, head, to);
    case ACTA_KIND_F64:
        return decode_f64(w, head, to);
    case ACTA_KIND_BOOL:
        return decode_bool(w, head, to);
    case ACTA_KIND_STR:
        return decode_str(w, head, to);
    case ACTA_KIND_BYTES:
        return decode_bytes(w, head, to);
    case ACTA_KIND_TX:
    case ACTA_KIND_ADDR:
        return decode_ref(w, kind, head, to);
    default:
        return refuse(w, ACTA_EINVAL, "the type has the unknown kind %u", kind);
    }
}

// A head promises a byte an item at least, so the loop is bounded by the bytes; the items' memory is up to 16
// times that, and is compared with the limit before the first is read.
static int decode_array(walk *w, unsigned kind, const acti_head *head, void *to)
{
    if (head->shape != ACTI_SHAPE_ARRAY)
        return refuse_shape(w, kind, head);
    unsigned item = kind - ACTA_KIND_ARRAY;
    size_t each = acti_kind_size(item);
    void *at;
    int status = take_part(w, head->n, each, acti_kind_align(item), &at);
    uint8_t *items = at;
    for (size_t i = 0; i < head->n && status == ACTA_OK; i++) {
        acti_head item_head;
        status = read_head(w, &item_head);
        if (status == ACTA_OK)
            status = decode_value(w, item, &item_head, items != NULL ? items + i * each : NULL);
    }
    if (status == ACTA_OK && to != NULL)
        acti_run_store(to, (acti_run){items, head->n});
    return status;
}

// ---- messages ---------------------------------------------------------------

// Sets of fields, a bit each.
typedef struct found {
    uint64_t keys;   // were there
    uint64_t values; // and were not nil
    size_t next;     // the field expected next
} found;

// The field of that name, which has no NUL in it, or NULL. Looking starts at the field after the last one, where
// it is if the sender kept the order.
static const acta_field *field_named(const acta_type *type, const uint8_t *name, size_t size, size_t first)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const acta_field *field = &type->fields[(first + i) % type->field_count];
        if (strncmp(field->name, (const char *)name, size) == 0 && field->name[size] == 0)
            return field;
    }
    return NULL;
}

// expected_key passes a key that is the name of the field after the last one, and gives that field. So it is mostly,
// and then it need not be looked up, nor whether it is text.
static const acta_field *expected_key(walk *w, const found *f)
{
    if (f->next >= w->type->field_count || w->in.left == 0)
        return NULL;
    const acta_field *field = &w->type->fields[f->next];
    size_t size = w->in.at[0] ^ 0xa0u; // of a str shorter than 32
    if (size >= 32 || size >= w->in.left)
        return NULL;
    for (size_t i = 0; i < size; i++) // the key may have a NUL, the name ends with one
        if (field->name[i] == 0 || field->name[i] != (char)w->in.at[1 + i])
            return NULL;
    if (field->name[size] != 0)
        return NULL;
    (void)acti_cursor_pass(&w->in, 1 + size);
    return field;
}

// any_key gives the field of any key, NULL for one that the type does not have.
static int any_key(walk *w, const found *f, const acta_field **field)
{
    acti_head key;
    int status = read_head(w, &key);
    if (status != ACTA_OK)
        return status;
    if (key.shape != ACTI_SHAPE_STR)
        return refuse(w, ACTA_EMALFORMED, "a field's name that is not a str but %s", acti_shape_name(key.shape));
    if (!acti_text_valid(w->in.at, key.n))
        return refuse(w, ACTA_EMALFORMED, "a field's name that is not UTF-8 or has a NUL in it");
    const uint8_t *name = acti_cursor_pass(&w->in, key.n);
    *field = field_named(w->type, name, key.n, f->next);
    return ACTA_OK;
}

static int skip_value(walk *w)
{
    acti_head head;
    int status = read_head(w, &head);
    if (status != ACTA_OK)
        return status;
    const char *why;
    acti_cursor_watch watch = {acti_ref_pass, &w->refs};
    status = acti_cursor_walk(&w->in, &head, ACTI_CODEC_DEPTH_MAX - 1, w->with_refs ? &watch : NULL, &why);
    return status == ACTA_OK ? ACTA_OK : refuse(w, status, "in a field that is skipped, %s", why);
}

// *given says whether there was a value: a nil is as good as none.
static int decode_field(walk *w, const acta_field *field, bool *given)
{
    acti_head head;
    int status = read_head(w, &head);
    if (status != ACTA_OK)
        return status;
    *given = !(field->optional && head.shape == ACTI_SHAPE_NIL);
    if (!*given)
        return ACTA_OK;
    void *to = w->to != NULL ? w->to + field->offset : NULL;
    if (field->kind < ACTA_KIND_ARRAY)
        return decode_value(w, field->kind, &head, to);
    return decode_array(w, field->kind, &head, to);
}

static int decode_entry(walk *w, found *f)
{
    w->field = NULL;
    const acta_field *field = expected_key(w, f);
    int status = field == NULL ? any_key(w, f, &field) : ACTA_OK;
    if (status != ACTA_OK)
        return status;
    if (field == NULL)
        return skip_value(w);

    w->field = field;
    size_t index = (size_t)(field - w->type->fields);
    uint64_t bit = UINT64_C(1) << index;
    if (f->keys & bit)
        return refuse(w, ACTA_EMALFORMED, "it is there twice");
    f->keys |= bit;
    f->next = index + 1;
    bool given = false;
    status = decode_field(w, field, &given);
    if (given)
        f->values |= bit;
    return status;
}

// all_given: whether there is a value for each field.
static inline bool all_given(const acta_type *type, const found *f)
{
    return type->field_count == 0 || f->values == UINT64_MAX >> (ACTI_TYPE_FIELDS_MAX - type->field_count);
}

// The struct was zeroed, so only a str has something to be given: no str in a message is NULL.
static int decode_missing(walk *w, const found *f)
{
    for (size_t i = 0; i < w->type->field_count; i++) {
        const acta_field *field = &w->type->fields[i];
        if (f->values >> i & 1)
            continue;
        w->field = field;
        if (!field->optional)
            return refuse(w, ACTA_EMALFORMED, "it is missing");
        if (field->kind != ACTA_KIND_STR)
            continue;
        static const acti_head empty = {.shape = ACTI_SHAPE_STR};
        int status = decode_str(w, &empty, w->to != NULL ? (void *)(w->to + field->offset) : NULL);
        if (status != ACTA_OK)
            return status;
    }
    return ACTA_OK;
}

static int decode_struct(walk *w)
{
    void *at;
    int status = take_part(w, w->type->size, 1, ACTI_PARTS_ALIGN, &at);
    if (status == ACTA_OK && at != NULL)
        w->to = memset(at, 0, w->type->size);
    return status;
}

static int decode_walk(walk *w)
{
    acti_assert(w->type->field_count <= ACTI_TYPE_FIELDS_MAX);
    if (w->type->refs && !w->with_refs)
        return refuse(w, ACTA_EREFUSED, "it has senders or addresses, which cannot come from another node");
    int status = decode_struct(w);
    if (status != ACTA_OK)
        return status;
    acti_head head;
    status = read_head(w, &head);
    if (status != ACTA_OK)
        return status;
    if (head.shape != ACTI_SHAPE_MAP)
        return refuse(w, ACTA_EMALFORMED, "a map of fields expected, %s found", acti_shape_name(head.shape));
    if (head.n > ACTI_CODEC_ENTRIES_MAX)
        return refuse(w, ACTA_EMALFORMED, "%llu fields are more than the limit of %d",
                      (unsigned long long)head.n, ACTI_CODEC_ENTRIES_MAX);

    found f = {0};
    for (size_t i = 0; i < head.n && status == ACTA_OK; i++)
        status = decode_entry(w, &f);
    if (status != ACTA_OK)
        return status;
    w->field = NULL;
    if (w->in.left > 0)
        return refuse(w, ACTA_EMALFORMED, "%zu bytes after the end of the message", w->in.left);
    return all_given(w->type, &f) ? ACTA_OK : decode_missing(w, &f);
}

int acti_codec_measure(const acta_type *type, const void *bytes, size_t size, size_t limit, acti_codec_count *refs,
                       size_t *need, const char **why)
{
    walk w = {.type = type, .bytes = bytes, .in = {bytes, size}, .with_refs = refs != NULL};
    w.parts.limit = limit < PTRDIFF_MAX ? limit : PTRDIFF_MAX;
    int status = decode_walk(&w);
    if (status == ACTA_OK)
        *need = w.parts.used;
    else if (why != NULL)
        *why = why_text;
    if (status == ACTA_OK && refs != NULL)
        *refs = w.refs.count;
    return status;
}

int acti_codec_decode(const acta_type *type, const void *bytes, size_t size, const acti_codec_refs *refs, void *to,
                      size_t need)
{
    walk w = {.type = type, .bytes = bytes, .in = {bytes, size}, .with_refs = refs != NULL};
    w.parts = (acti_parts){.block = to, .limit = need};
    w.refs = (acti_ref_reader){.type = type, .refs = refs};
    int status = decode_walk(&w);
    if (status == ACTA_OK && w.parts.used != need)
        status = ACTA_EINVAL;
    if (status == ACTA_OK)
        status = w.refs.status;
    if (status != ACTA_OK && type->refs && w.to != NULL)
        acti_copy_let_go(type, w.to);
    return status;
}

// What is not in the struct is in the bytes, too; behind it a str has a NUL, and bytes begin at a multiple of
// ACTI_PARTS_ALIGN.
size_t acti_codec_room(const acta_type *type, size_t size)
{
    if (type->refs)
        return 0;
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].kind >= ACTA_KIND_ARRAY)
            return 0;
    return type->size + size + type->field_count * (size_t)ACTI_PARTS_ALIGN;
}

int acti_codec_unpack(const acta_type *type, const void *bytes, size_t size, size_t limit, void *to, size_t room,
                      acti_codec_count *refs, size_t *used, const char **why)
{
    walk w = {.type = type, .bytes = bytes, .in = {bytes, size}, .with_refs = true};
    w.parts = (acti_parts){.block = to, .limit = limit < room ? limit : room};
    int status = decode_walk(&w);
    *used = w.parts.used;
    *refs = w.refs.count;
    *why = why_text;
    return status;
}
