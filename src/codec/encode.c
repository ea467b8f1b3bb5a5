// SPDX-License-Identifier: MIT
//
// encode.c - message bodies to msgpack. The format is in codec.h.
//
// msgpack-c chooses the forms; the bytes go straight into the caller's buffer.

#include "codec/codec.h"

#include <string.h>

#include <msgpack/pack.h>

#include "core/copy.h"
#include "core/type.h"

// msgpack-c knows success or not; the status that its callback met is kept here. Once it is set nothing more is
// written, so only loops need to look at it.
typedef struct sink {
    acti_buf *out;
    int status;
} sink;

typedef struct coder {
    msgpack_packer packer;
    sink sink;
} coder;

static int sink_write(void *arg, const char *bytes, size_t size)
{
    sink *s = arg;
    if (s->status == ACTA_OK)
        s->status = acti_buf_append(s->out, bytes, size);
    return s->status == ACTA_OK ? 0 : -1;
}

static void fail(coder *c, int status)
{
    if (c->sink.status == ACTA_OK)
        c->sink.status = status;
}

// ---- values -----------------------------------------------------------------

static void encode_str(coder *c, const char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;
    if (size > UINT32_MAX) {
        fail(c, ACTA_ETOOBIG);
    } else if (!acti_text_valid(text, size)) {
        fail(c, ACTA_EINVAL);
    } else {
        msgpack_pack_str(&c->packer, size);
        if (size > 0)
            msgpack_pack_str_body(&c->packer, text, size);
    }
}

static void encode_bytes(coder *c, const acta_bytes *bytes)
{
    if (bytes->size > UINT32_MAX) {
        fail(c, ACTA_ETOOBIG);
    } else if (bytes->size > 0 && bytes->data == NULL) {
        fail(c, ACTA_EINVAL);
    } else {
        msgpack_pack_bin(&c->packer, bytes->size);
        if (bytes->size > 0)
            msgpack_pack_bin_body(&c->packer, bytes->data, bytes->size);
    }
}

static void encode_bool(coder *c, bool value)
{
    if (value)
        msgpack_pack_true(&c->packer);
    else
        msgpack_pack_false(&c->packer);
}

static void encode_value(coder *c, unsigned kind, const void *from)
{
    switch (kind) {
    case ACTA_KIND_I64:
        msgpack_pack_int64(&c->packer, *(const int64_t *)from);
        break;
    case ACTA_KIND_U64:
        msgpack_pack_uint64(&c->packer, *(const uint64_t *)from);
        break;
    case ACTA_KIND_F64:
        msgpack_pack_double(&c->packer, *(const double *)from);
        break;
    case ACTA_KIND_BOOL:
        encode_bool(c, *(const bool *)from);
        break;
    case ACTA_KIND_STR:
        encode_str(c, *(const char *const *)from);
        break;
    case ACTA_KIND_BYTES:
        encode_bytes(c, from);
        break;
    default:
        fail(c, ACTA_EINVAL);
    }
}

static void encode_array(coder *c, unsigned item, const void *from)
{
    acti_run run = acti_run_load(from);
    if (run.count > UINT32_MAX) {
        fail(c, ACTA_ETOOBIG);
        return;
    }
    if (run.count > 0 && run.items == NULL) {
        fail(c, ACTA_EINVAL);
        return;
    }
    size_t each = acti_kind_size(item);
    msgpack_pack_array(&c->packer, run.count);
    for (size_t i = 0; i < run.count && c->sink.status == ACTA_OK; i++)
        encode_value(c, item, (const uint8_t *)run.items + i * each);
}

// ---- messages ---------------------------------------------------------------

static void encode_field(coder *c, const acta_field *field, const void *from)
{
    size_t size = strlen(field->name);
    msgpack_pack_str(&c->packer, size);
    msgpack_pack_str_body(&c->packer, field->name, size);
    if (field->kind < ACTA_KIND_ARRAY)
        encode_value(c, field->kind, from);
    else
        encode_array(c, field->kind - ACTA_KIND_ARRAY, from);
}

int acti_codec_encode(const acta_type *type, const void *body, acti_buf *out)
{
    size_t held = out->size;
    coder c = {.sink = {.out = out}};
    msgpack_packer_init(&c.packer, &c.sink, sink_write);

    msgpack_pack_map(&c.packer, type->field_count);
    for (size_t i = 0; i < type->field_count && c.sink.status == ACTA_OK; i++) {
        const acta_field *field = &type->fields[i];
        encode_field(&c, field, (const uint8_t *)body + field->offset);
    }
    if (c.sink.status != ACTA_OK)
        out->size = held;
    return c.sink.status;
}
