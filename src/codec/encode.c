// SPDX-License-Identifier: MIT
//
// encode.c - message bodies to msgpack. The format is in codec.h.
//
// msgpack-c chooses the forms; the bytes go straight into the caller's buffer. Each value has a packer of its own that
// never leaves the function that packs: so the compiler knows whom it calls back, and that is no call any more.

#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

#include <msgpack/pack.h>

#include "base/platform.h"
#include "codec/ref.h"
#include "core/copy.h"
#include "core/sender.h"
#include "core/type.h"

_Static_assert(ACTI_TYPE_FIELDS_MAX <= ACTI_CODEC_REFS_MAX, "what is written can be read");

// Bytes are written from at on, up to end; the buffer is told how many only when it has to make room, and at the end.
// Both are NULL as long as the buffer has no memory.
// msgpack-c knows success or not; the status that its callback met is kept here. Once it is set there is no room, and
// nothing more is written, so only loops need to look at it.
typedef struct coder {
    const acti_codec_plan *plan; // or NULL
    uint8_t *at;
    uint8_t *end;
    acti_buf *out;
    const acti_codec_refs *refs;
    int status;
} coder;

// settle tells the buffer what was written.
static inline void settle(coder *c)
{
    if (c->at != NULL)
        c->out->size = (size_t)(c->at - acti_buf_bytes(c->out));
}

// resume goes on behind what the buffer holds, in the room that there is.
static void resume(coder *c)
{
    if (c->out->data == NULL)
        return;
    c->at = acti_buf_bytes(c->out) + c->out->size;
    c->end = c->at + acti_buf_left(c->out);
}

static void fail(coder *c, int status)
{
    if (c->status == ACTA_OK)
        c->status = status;
    c->end = c->at;
}

// make_room brings room for n bytes more, or fails.
__attribute__((noinline)) static bool make_room(coder *c, size_t n)
{
    if (c->status != ACTA_OK)
        return false;
    settle(c);
    if (n > c->out->limit - c->out->size)
        fail(c, ACTA_ETOOBIG);
    else if (acti_buf_reserve(c->out, n) == NULL)
        fail(c, ACTA_ENOMEM);
    else
        resume(c);
    return c->status == ACTA_OK;
}

static inline int write_bytes(void *arg, const char *bytes, size_t size)
{
    coder *c = arg;
    if (size > (size_t)(c->end - c->at) && !make_room(c, size))
        return -1;
    memcpy(c->at, bytes, size);
    c->at += size;
    return 0;
}

static inline msgpack_packer packer_of(coder *c)
{
    return (msgpack_packer){.data = c, .callback = write_bytes};
}

static inline void pack_str(coder *c, const char *text, size_t size)
{
    msgpack_packer packer = packer_of(c);
    msgpack_pack_str(&packer, size);
    if (size > 0)
        msgpack_pack_str_body(&packer, text, size);
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
        pack_str(c, text, size);
    }
}

static void encode_bytes(coder *c, const acta_bytes *bytes)
{
    msgpack_packer packer = packer_of(c);
    if (bytes->size > UINT32_MAX) {
        fail(c, ACTA_ETOOBIG);
    } else if (bytes->size > 0 && bytes->data == NULL) {
        fail(c, ACTA_EINVAL);
    } else {
        msgpack_pack_bin(&packer, bytes->size);
        if (bytes->size > 0)
            msgpack_pack_bin_body(&packer, bytes->data, bytes->size);
    }
}

static void encode_value(coder *c, unsigned kind, const void *from)
{
    msgpack_packer packer = packer_of(c);
    switch (kind) {
    case ACTA_KIND_I64:
        msgpack_pack_int64(&packer, *(const int64_t *)from);
        break;
    case ACTA_KIND_U64:
        msgpack_pack_uint64(&packer, *(const uint64_t *)from);
        break;
    case ACTA_KIND_F64:
        msgpack_pack_double(&packer, *(const double *)from);
        break;
    case ACTA_KIND_BOOL:
        (void)(*(const bool *)from ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer));
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
    msgpack_packer packer = packer_of(c);
    msgpack_pack_array(&packer, run.count);
    for (size_t i = 0; i < run.count && c->status == ACTA_OK; i++)
        encode_value(c, item, (const uint8_t *)run.items + i * each);
}

// ---- references -------------------------------------------------------------

static void encode_ref(coder *c, const acta_field *field, const void *from)
{
    msgpack_packer packer = packer_of(c);
    acti_actor *actor = acti_actor_of_ref(field->kind, from);
    if (actor == NULL && field->optional)
        msgpack_pack_nil(&packer);
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
        msgpack_pack_ext(&packer, size, (int8_t)acti_ref_ext(field->kind));
        msgpack_pack_ext_body(&packer, bytes, size);
    }
    if (c->status != ACTA_OK)
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

// encode_planned writes so many bytes of the plan. A few are copied as if they were eight, which is one store.
static inline void encode_planned(coder *c, const uint8_t *bytes, size_t size)
{
    if (size > ACTI_CODEC_PLAN_SPARE || (size_t)(c->end - c->at) < ACTI_CODEC_PLAN_SPARE) {
        (void)write_bytes(c, (const char *)bytes, size);
        return;
    }
    memcpy(c->at, bytes, ACTI_CODEC_PLAN_SPARE);
    c->at += size;
}

static inline void encode_head(coder *c, const acta_type *type)
{
    msgpack_packer packer = packer_of(c);
    msgpack_pack_map(&packer, type->field_count);
}

// encode_before writes the key of a field; where there is a plan, and the field is the first, with the map's head.
static inline void encode_before(coder *c, const acta_field *field, size_t index)
{
    if (c->plan == NULL) {
        pack_str(c, field->name, strlen(field->name));
        return;
    }
    size_t size;
    const uint8_t *before = acti_codec_plan_before(c->plan, index, &size);
    encode_planned(c, before, size);
}

static inline void encode_field(coder *c, const acta_field *field, const void *from)
{
    if (field->kind == ACTA_KIND_BYTES)
        encode_bytes(c, from);
    else if (acti_kind_is_ref(field->kind))
        encode_ref(c, field, from);
    else if (field->kind < ACTA_KIND_ARRAY)
        encode_value(c, field->kind, from);
    else
        encode_array(c, field->kind - ACTA_KIND_ARRAY, from);
}

static inline int encode(const acta_type *type, const acti_codec_plan *plan, const void *body,
                         const acti_codec_refs *refs, acti_buf *out)
{
    if (type->refs && refs == NULL)
        return ACTA_EREFUSED;
    size_t held = out->size;
    coder c = {.plan = plan, .out = out, .refs = refs};
    resume(&c);
    size_t first = plan != NULL ? held + plan->head : 0; // where the fields begin
    if (plan == NULL || type->field_count == 0) {
        encode_head(&c, type);
        settle(&c);
        first = out->size;
    }
    for (size_t i = 0; i < type->field_count && c.status == ACTA_OK; i++) {
        const acta_field *field = &type->fields[i];
        encode_before(&c, field, i);
        encode_field(&c, field, (const uint8_t *)body + field->offset);
    }
    settle(&c);
    if (c.status != ACTA_OK) {
        if (out->size > first) // fields, not all that the map announces
            acti_codec_undo(type, body, refs, acti_buf_bytes(out) + first, out->size - first);
        out->size = held;
    }
    return c.status;
}

int acti_codec_encode(const acta_type *type, const void *body, const acti_codec_refs *refs, acti_buf *out)
{
    return encode(type, NULL, body, refs, out);
}

int acti_codec_encode_as(const acti_codec_plan *plan, const void *body, const acti_codec_refs *refs, acti_buf *out)
{
    return encode(plan->type, plan, body, refs, out);
}

// ---- plans ------------------------------------------------------------------

// pack_keys packs what is the same in all messages of a type.
static int pack_keys(acti_codec_plan *plan)
{
    const acta_type *type = plan->type;
    plan->packed.limit = UINT32_MAX;
    coder c = {.out = &plan->packed};
    encode_head(&c, type);
    settle(&c);
    plan->head = (uint32_t)plan->packed.size;
    for (size_t i = 0; i < type->field_count; i++) {
        encode_before(&c, &type->fields[i], i);
        settle(&c);
        plan->at[i + 1] = (uint32_t)plan->packed.size;
    }
    (void)write_bytes(&c, (const char[ACTI_CODEC_PLAN_SPARE]){0}, ACTI_CODEC_PLAN_SPARE);
    settle(&c);
    return c.status;
}

acti_codec_plan *acti_codec_plan_new(const acta_type *type)
{
    acti_codec_plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL)
        return NULL;
    plan->type = type;
    plan->room = acti_codec_room(type, 0);
    if (pack_keys(plan) == ACTA_OK)
        return plan;
    acti_codec_plan_free(plan);
    return NULL;
}

void acti_codec_plan_free(acti_codec_plan *plan)
{
    if (plan == NULL)
        return;
    acti_buf_fini(&plan->packed);
    free(plan);
}
