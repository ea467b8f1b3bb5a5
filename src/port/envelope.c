// SPDX-License-Identifier: MIT
//
// envelope.c - messages with the name of their type.

#include "port/envelope.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/cursor.h"
#include "core/type.h"

#define OWN_PREFIX "acta_"

__attribute__((format(printf, 3, 4))) static int refuse(char *why, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, ACTI_ENVELOPE_WHY, format, args);
    va_end(args);
    return status;
}

static int type_of(const uint8_t *text, size_t size, const acta_type **type, char *why)
{
    char name[ACTI_TYPE_NAME_MAX + 1];
    if (size > ACTI_TYPE_NAME_MAX || !acti_text_valid(text, size))
        return refuse(why, ACTA_EMALFORMED, "the name of its type is not a text of at most %d bytes",
                      ACTI_TYPE_NAME_MAX);
    memcpy(name, text, size);
    name[size] = '\0';
    const acta_type *found = acta_type_find(name);
    if (found == NULL)
        return refuse(why, ACTA_ENOENT, "this program has no message type %s", name);
    if (strncmp(name, OWN_PREFIX, sizeof(OWN_PREFIX) - 1) == 0)
        return refuse(why, ACTA_EREFUSED, "%s is one of acta's own types, which nobody sends", name);
    *type = found;
    return ACTA_OK;
}

static int unwrap(acti_cursor *in, const acta_type **type, char *why)
{
    static const char wanted[] = "it has to be a msgpack array of two, the name of its type and a map of its fields";
    acti_head head;
    const char *what;
    if (acti_cursor_head(in, &head, &what) != ACTA_OK)
        return refuse(why, ACTA_EMALFORMED, "%s: %s", wanted, what);
    if (head.shape != ACTI_SHAPE_ARRAY || head.n != 2)
        return refuse(why, ACTA_EMALFORMED, "%s, and is %s %s", wanted, acti_shape_name(head.shape),
                      head.shape == ACTI_SHAPE_ARRAY ? "of another length" : "");
    if (acti_cursor_head(in, &head, &what) != ACTA_OK)
        return refuse(why, ACTA_EMALFORMED, "%s: %s", wanted, what);
    if (head.shape != ACTI_SHAPE_STR)
        return refuse(why, ACTA_EMALFORMED, "%s: the first of the two is %s", wanted, acti_shape_name(head.shape));
    size_t size = (size_t)head.n;
    return type_of(acti_cursor_pass(in, size), size, type, why);
}

int acti_envelope_open(acti_msg_kind kind, const void *bytes, size_t size, size_t limit, acta_msg **m,
                       char why[ACTI_ENVELOPE_WHY])
{
    acti_cursor in = {.at = bytes, .left = size};
    const acta_type *type = NULL;
    const char *what;
    size_t need;
    int status = unwrap(&in, &type, why);
    if (status != ACTA_OK)
        return status;
    // Without anybody to deal with references the codec refuses types that have some.
    status = acti_codec_measure(type, in.at, in.left, limit, NULL, &need, &what);
    if (status != ACTA_OK)
        return refuse(why, status, "%s", what);
    acta_msg *made = acti_msg_new(kind, type, (uint32_t)need, true);
    if (made == NULL)
        return refuse(why, ACTA_ENOMEM, "there is no memory for it");
    status = acti_codec_decode(type, in.at, in.left, NULL, made + 1, need);
    acti_assert(status == ACTA_OK); // the same bytes have just been measured
    *m = made;
    return ACTA_OK;
}

int acti_envelope_put(const acta_type *type, const void *body, acti_buf *out)
{
    size_t held = out->size;
    size_t size = strlen(type->name); // at most ACTI_TYPE_NAME_MAX
    uint8_t head[3] = {0x92, 0xd9, (uint8_t)size};
    if (size < 32)
        head[1] = (uint8_t)(0xa0 | size);
    int status = acti_buf_append(out, head, size < 32 ? 2 : 3);
    if (status == ACTA_OK)
        status = acti_buf_append(out, type->name, size);
    if (status == ACTA_OK)
        status = acti_codec_encode(type, body, NULL, out);
    if (status != ACTA_OK)
        out->size = held;
    return status;
}
