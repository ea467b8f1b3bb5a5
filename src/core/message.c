// SPDX-License-Identifier: MIT
//
// message.c - making, filling and freeing message blocks.

#include "core/message.h"

#include <acta/sender.h>
#include <string.h>

#include "core/copy.h"
#include "core/type.h"

_Static_assert(sizeof(acta_msg) == 24, "40 bytes of body fit in the smallest block");

#define ROOM_LARGE UINT16_MAX // more than the pool's largest class: the pool only needs to know that much

static size_t rounded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static inline void init(acta_msg *m, acti_msg_kind kind, const acta_type *type, size_t size, bool ext)
{
    m->type = type;
    m->next = NULL;
    m->size = (uint32_t)size;
    m->kind = (uint8_t)kind;
    m->flags = ext ? ACTI_MSG_EXT : 0;
    if (ext)
        memset(acti_msg_ext_of(m), 0, sizeof(acti_msg_ext));
}

static inline acta_msg *make(acti_msg_kind kind, const acta_type *type, uint32_t size, bool ext)
{
    uint32_t room;
    size_t bytes = sizeof(acta_msg) + rounded(size) + (ext ? sizeof(acti_msg_ext) : 0);
    acta_msg *m = acti_pool_alloc(bytes, &room);
    if (m == NULL)
        return NULL;
    m->room = room / ACTI_MSG_ROOM_UNIT < ROOM_LARGE ? (uint16_t)(room / ACTI_MSG_ROOM_UNIT) : ROOM_LARGE;
    init(m, kind, type, size, ext);
    return m;
}

acta_msg *acti_msg_new(acti_msg_kind kind, const acta_type *type, uint32_t size, bool ext)
{
    return ext ? make(kind, type, size, true) : make(kind, type, size, false);
}

int acti_msg_measure(const acta_type *type, const void *body, uint32_t limit, size_t *size)
{
    if (!type->flat)
        return acti_copy_measure(type, body, limit, size);
    *size = type->size;
    return type->size <= limit ? ACTA_OK : ACTA_ETOOBIG;
}

static inline void copy_body(acta_msg *m, const acta_type *type, const void *body)
{
    if (type->flat) {
        memcpy(m + 1, body, type->size);
    } else {
        acti_copy_body(type, body, m + 1);
        acti_msg_filled(m);
    }
}

static inline int copy(acti_msg_kind kind, const acta_type *type, const void *body, uint32_t limit, bool ext,
                       acta_msg **out)
{
    size_t size;
    int status = acti_msg_measure(type, body, limit, &size);
    if (status != ACTA_OK)
        return status;
    acta_msg *m = make(kind, type, (uint32_t)size, ext);
    if (m == NULL)
        return ACTA_ENOMEM;
    copy_body(m, type, body);
    *out = m;
    return ACTA_OK;
}

int acti_msg_copy(acti_msg_kind kind, const acta_type *type, const void *body, uint32_t limit, bool ext, acta_msg **out)
{
    return copy(kind, type, body, limit, ext, out);
}

int acti_msg_copy_send(const acta_type *type, const void *body, uint32_t limit, acta_msg **out)
{
    return copy(ACTI_MSG_SEND, type, body, limit, false, out);
}

bool acti_msg_fits(const acta_msg *m, size_t size)
{
    return sizeof(acta_msg) + rounded(size) + sizeof(acti_msg_ext) <= (size_t)m->room * ACTI_MSG_ROOM_UNIT;
}

void acti_msg_fill(acta_msg *m, const acta_type *type, const void *body, size_t size)
{
    init(m, ACTI_MSG_REPLY, type, size, true);
    copy_body(m, type, body);
}

// put_text copies as much of text as may stand in size bytes with the NUL, and gives where it ends.
static char *put_text(char *to, size_t size, const char *text)
{
    size_t length = acti_text_fit(text, strnlen(text, size), size - 1);
    memcpy(to, text, length);
    to[length] = '\0';
    return to + length + 1;
}

void acti_msg_fail(acta_msg *m, int status, const char *who, const char *cause)
{
    init(m, ACTI_MSG_REPLY, acta_type_of(acta_failure), ACTI_MSG_FAILURE_BYTES, true);
    acta_failure *failure = (acta_failure *)(void *)(m + 1);
    char *name = (char *)(failure + 1);
    char *end = (char *)(m + 1) + ACTI_MSG_FAILURE_BYTES;
    char *text = put_text(name, ACTI_NAME_BYTES, who);
    (void)put_text(text, (size_t)(end - text), cause);
    *failure = (acta_failure){.status = status, .who = name, .cause = text};
}
