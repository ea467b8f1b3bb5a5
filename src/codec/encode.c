// SPDX-License-Identifier: MIT
//
// encode.c - message bodies to msgpack. The format is in codec.h.
//
// msgpack-c chooses the forms; the bytes go straight into the caller's buffer.

#include "codec/codec.h"

#include <string.h>

#include <msgpack/pack.h>

#include "base/platform.h"
#include "codec/ref.h"
#include "core/copy.h"
#include "core/sender.h"
#include "core/type.h"

_Static_assert(ACTI_TYPE_FIELDS_MAX <= ACTI_CODEC_REFS_MAX, "what is written can be read");

// msgpack-c knows success or not; the status that its callback met is kept here. Once it is set nothing more is
// written, so only loops need to look at it.
typedef struct sink {
    acti_buf *out;
    int status;
} sink;

typedef struct coder {
    msgpack_packer packer;
    sink sink;
    const acti_codec_refs *refs;
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

// ---- references -------------------------------------------------------------

static void encode_ref(coder *c, const acta_field *field, const void *from)
{
    acti_actor *actor = acti_actor_of_ref(field->kind, from);
    if (actor == NULL && field->optional)
        msgpack_pack_nil(&c->packer);
    else if (actor == NULL)
        fail(c, ACTA_EINVAL);
    if (actor == NULL)
        return;

    bool strong = field->kind == ACTA_KIND_TX;
    acti_codec_ref ref = {0};
    int status = c->refs->give(c->refs->arg, actor, strong, &ref);
    if (status != ACTA_OK) {
        fail(c, status);
        return;
    }
    uint8_t bytes[ACTI_REF_BYTES_MAX];
    size_t size = acti_ref_write(&ref, bytes);
    if (size == 0) {
        fail(c, ACTA_EINVAL);
    } else {
        msgpack_pack_ext(&c->packer, size, (int8_t)acti_ref_ext(field->kind));
        msgpack_pack_ext_body(&c->packer, bytes, size);
    }
    if (c->sink.status != ACTA_OK)
        c->refs->undo(c->refs->arg, actor, strong, &ref);
}

// The references that were written, whole, are those of the first fields that are not NULL.
typedef struct undoing {
    const acti_codec_refs *refs;
    const uint8_t *body;
    const acta_field *next;
} undoing;

static int undo_ext(void *arg, const uint8_t *ext, size_t n, const char **why)
{
    undoing *u = arg;
    acti_codec_ref ref;
    int status = acti_ref_read(ext, n, &ref, why);
    acti_assert(status == ACTA_OK); // we have written it, and no other ext
    while (!acti_kind_is_ref(u->next->kind) || acti_actor_of_ref(u->next->kind, u->body + u->next->offset) == NULL)
        u->next++;
    acti_actor *actor = acti_actor_of_ref(u->next->kind, u->body + u->next->offset);
    u->refs->undo(u->refs->arg, actor, u->next->kind == ACTA_KIND_TX, &ref);
    u->next++;
    return ACTA_OK;
}

void acti_codec_undo(const acta_type *type, const void *body, const acti_codec_refs *refs, const void *bytes,
                     size_t size)
{
    undoing u = {refs, body, type->fields};
    if (type->refs)
        (void)acti_ref_walk(bytes, size, &(acti_cursor_watch){undo_ext, &u}); // the last field may not be whole
}

// ---- messages ---------------------------------------------------------------

static void encode_field(coder *c, const acta_field *field, const void *from)
{
    size_t size = strlen(field->name);
    msgpack_pack_str(&c->packer, size);
    msgpack_pack_str_body(&c->packer, field->name, size);
    if (acti_kind_is_ref(field->kind))
        encode_ref(c, field, from);
    else if (field->kind < ACTA_KIND_ARRAY)
        encode_value(c, field->kind, from);
    else
        encode_array(c, field->kind - ACTA_KIND_ARRAY, from);
}

int acti_codec_encode(const acta_type *type, const void *body, const acti_codec_refs *refs, acti_buf *out)
{
    if (type->refs && refs == NULL)
        return ACTA_EREFUSED;
    size_t held = out->size;
    coder c = {.sink = {.out = out}, .refs = refs};
    msgpack_packer_init(&c.packer, &c.sink, sink_write);

    msgpack_pack_map(&c.packer, type->field_count);
    size_t first = out->size;
    for (size_t i = 0; i < type->field_count && c.sink.status == ACTA_OK; i++) {
        const acta_field *field = &type->fields[i];
        encode_field(&c, field, (const uint8_t *)body + field->offset);
    }
    if (c.sink.status != ACTA_OK) {
        if (out->size > first) // fields, not all that the map announces
            acti_codec_undo(type, body, refs, acti_buf_bytes(out) + first, out->size - first);
        out->size = held;
    }
    return c.sink.status;
}
