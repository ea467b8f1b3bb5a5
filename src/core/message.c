// SPDX-License-Identifier: MIT
//
// message.c - making, failing and freeing message blocks.

#include "core/message.h"

#include <acta/sender.h>
#include <string.h>

#include "base/platform.h"
#include "base/pool.h"
#include "core/copy.h"

_Static_assert(sizeof(acta_msg) == 24, "40 bytes of body fit in the smallest block");

// An unanswered ASK is turned into its own failure in place, so there must be room for one and a name in its body.
#define FAILURE_BYTES (sizeof(acta_failure) + ACTI_NAME_BYTES)

#define ROOM_UNIT 64
#define ROOM_LARGE UINT16_MAX // more than the pool's largest class: the pool only needs to know that much

acta_msg *acti_msg_new(acti_msg_kind kind, const acta_type *type, uint32_t size, bool ext)
{
    size_t body = ((size_t)size + 7) & ~(size_t)7;
    if (kind == ACTI_MSG_ASK && body < FAILURE_BYTES)
        body = FAILURE_BYTES;
    uint32_t room;
    acta_msg *m = acti_pool_alloc(sizeof(acta_msg) + body + (ext ? sizeof(acti_msg_ext) : 0), &room);
    if (m == NULL)
        return NULL;
    m->type = type;
    m->next = NULL;
    m->size = size;
    m->room = room / ROOM_UNIT < ROOM_LARGE ? (uint16_t)(room / ROOM_UNIT) : ROOM_LARGE;
    m->kind = (uint8_t)kind;
    m->flags = ext ? ACTI_MSG_EXT : 0;
    if (ext)
        memset(acti_msg_ext_of(m), 0, sizeof(acti_msg_ext));
    return m;
}

int acti_msg_copy(acti_msg_kind kind, const acta_type *type, const void *body, uint32_t limit, bool ext, acta_msg **out)
{
    size_t size = type->size;
    if (!type->flat) {
        int status = acti_copy_measure(type, body, limit, &size);
        if (status != ACTA_OK)
            return status;
    } else if (size > limit) {
        return ACTA_ETOOBIG;
    }
    acta_msg *m = acti_msg_new(kind, type, (uint32_t)size, ext);
    if (m == NULL)
        return ACTA_ENOMEM;
    if (type->flat)
        memcpy(m + 1, body, size);
    else
        acti_copy_body(type, body, m + 1);
    *out = m;
    return ACTA_OK;
}

void acti_msg_release(acta_msg *m)
{
    if (m->flags & ACTI_MSG_EXT) {
        acti_msg_ext *ext = acti_msg_ext_of(m);
        if (ext->origin != NULL)
            ext->origin->done(ext->origin, ext->bytes);
    }
    acti_assert((m->flags & ACTI_MSG_EMBEDDED) == 0);
    acti_pool_free(m, (uint32_t)m->room * ROOM_UNIT);
}

void acti_msg_fail(acta_msg *ask, int status, const char *who, const char *cause)
{
    acti_msg_ext ext = *acti_msg_ext_of(ask);
    if (ext.origin != NULL)
        ext.origin->done(ext.origin, ext.bytes);
    ext.origin = NULL;

    acta_failure *failure = (acta_failure *)(void *)(ask + 1);
    char *name = (char *)(failure + 1);
    acti_name_copy(name, who);
    *failure = (acta_failure){.status = status, .who = name, .cause = cause};

    ask->type = acta_type_of(acta_failure);
    ask->size = (uint32_t)FAILURE_BYTES;
    ask->kind = ACTI_MSG_REPLY;
    *acti_msg_ext_of(ask) = ext;
}
