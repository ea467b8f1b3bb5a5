// SPDX-License-Identifier: MIT
//
// ref.c - references to actors as bytes of a message: writing, reading, taking and finding them.

#include "codec/ref.h"

#include <endian.h>
#include <string.h>

#include "core/sender.h"
#include "core/type.h"

// ---- bytes ------------------------------------------------------------------

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static uint8_t *put64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static uint8_t *put_text(uint8_t *p, const char *text, size_t size)
{
    p[0] = (uint8_t)size; // at most 255, so the other byte is 0
    p[1] = 0;
    if (size > 0)
        memcpy(p + 2, text, size);
    return p + 2 + size;
}

static bool is_text(const char *text, size_t size)
{
    return size <= ACTI_CODEC_TEXT_MAX && acti_text_valid(text, size);
}

size_t acti_ref_write(const acti_codec_ref *ref, uint8_t *to)
{
    if (!is_text(ref->name, ref->name_size) || !is_text(ref->url, ref->url_size))
        return 0;
    uint8_t *at = put64(to, ref->node);
    at = put64(at, ref->actor);
    at = put64(at, ref->loan);
    at = put_text(at, ref->name, ref->name_size);
    at = put_text(at, ref->url, ref->url_size);
    return (size_t)(at - to);
}

// take_text takes a text, and at least reserved bytes are to be left behind it.
static bool take_text(acti_cursor *in, size_t reserved, const char **text, size_t *size)
{
    const uint8_t *head = acti_cursor_pass(in, 2); // which the caller knows to be there
    *size = (size_t)head[0] | (size_t)head[1] << 8;
    if (*size > ACTI_CODEC_TEXT_MAX || *size + reserved > in->left || !acti_text_valid(in->at, *size))
        return false;
    *text = (const char *)acti_cursor_pass(in, *size);
    return true;
}

int acti_ref_read(const uint8_t *ext, size_t n, acti_codec_ref *ref, const char **why)
{
    acti_cursor in = {ext + 1, n - 1};
    *why = "a reference to an actor that is not well formed";
    if (in.left < ACTI_REF_FIXED)
        return ACTA_EMALFORMED;
    ref->node = get64(acti_cursor_pass(&in, 8));
    ref->actor = get64(acti_cursor_pass(&in, 8));
    ref->loan = get64(acti_cursor_pass(&in, 8));
    if (!take_text(&in, 2, &ref->name, &ref->name_size) || !take_text(&in, 0, &ref->url, &ref->url_size) || in.left > 0)
        return ACTA_EMALFORMED;
    return ACTA_OK;
}

// ---- taking -------------------------------------------------------------------

static int count(uint32_t *refs, const char **why)
{
    if (++*refs <= ACTI_CODEC_REFS_MAX)
        return ACTA_OK;
    *why = "more than 64 senders and addresses in a message";
    return ACTA_EMALFORMED;
}
_Static_assert(ACTI_CODEC_REFS_MAX == 64, "as the text above says");

static int read_next(acti_ref_reader *reader, const uint8_t *ext, size_t n, acti_codec_ref *ref, const char **why)
{
    int status = acti_ref_read(ext, n, ref, why);
    return status == ACTA_OK ? count(&reader->count.refs, why) : status;
}

// store puts what has been counted for the message where the message has it.
static void store(const acti_ref_reader *reader, acti_actor *actor, bool strong, void *to)
{
    if (strong)
        *(acta_tx **)to = acti_tx_in(actor, reader->type, "from another node");
    else
        *(acta_addr **)to = acti_addr_of(actor);
}

int acti_ref_take(acti_ref_reader *reader, const uint8_t *ext, size_t n, void *to, const char **why)
{
    acti_codec_ref ref;
    int status = read_next(reader, ext, n, &ref, why);
    const acti_codec_refs *refs = reader->refs;
    if (status != ACTA_OK || refs == NULL)
        return status;
    bool strong = acti_ref_is_strong(ext);
    if (reader->status != ACTA_OK) {
        refs->leave(refs->arg, &ref, strong);
        return ACTA_OK;
    }
    acti_actor *actor = NULL;
    reader->status = refs->take(refs->arg, &ref, strong, &actor);
    if (reader->status == ACTA_OK)
        store(reader, actor, strong, to);
    return ACTA_OK;
}

int acti_ref_pass(void *arg, const uint8_t *ext, size_t n, const char **why)
{
    acti_ref_reader *reader = arg;
    if (!acti_ref_is(ext))
        return ACTA_OK;
    acti_codec_ref ref;
    int status = read_next(reader, ext, n, &ref, why);
    reader->count.skipped += status == ACTA_OK;
    if (status == ACTA_OK && reader->refs != NULL)
        reader->refs->leave(reader->refs->arg, &ref, acti_ref_is_strong(ext));
    return status;
}

// ---- finding --------------------------------------------------------------------

int acti_ref_walk(const void *bytes, size_t size, const acti_cursor_watch *watch)
{
    acti_cursor in = {bytes, size};
    int status = ACTA_OK;
    while (in.left > 0 && status == ACTA_OK) {
        acti_head head;
        const char *why;
        status = acti_cursor_head(&in, &head, &why);
        if (status == ACTA_OK)
            status = acti_cursor_walk(&in, &head, ACTI_CODEC_DEPTH_MAX, watch, &why);
    }
    return status;
}

typedef struct telling {
    void (*fn)(void *arg, const acti_codec_ref *ref, bool strong);
    void *arg;
} telling;

static int tell(void *arg, const uint8_t *ext, size_t n, const char **why)
{
    const telling *t = arg;
    acti_codec_ref ref;
    if (acti_ref_is(ext) && acti_ref_read(ext, n, &ref, why) == ACTA_OK)
        t->fn(t->arg, &ref, acti_ref_is_strong(ext));
    return ACTA_OK;
}

// Two walks: the first sees whether all is well.
int acti_codec_each_ref(const void *bytes, size_t size, void (*fn)(void *arg, const acti_codec_ref *ref, bool strong),
                        void *arg)
{
    acti_ref_reader counts = {0};
    int status = acti_ref_walk(bytes, size, &(acti_cursor_watch){acti_ref_pass, &counts});
    if (status != ACTA_OK || counts.count.refs == 0)
        return status;
    return acti_ref_walk(bytes, size, &(acti_cursor_watch){tell, &(telling){fn, arg}});
}
