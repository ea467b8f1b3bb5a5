// SPDX-License-Identifier: MIT
//
// message.h - the block of a message: header, body with its variable parts, and for some an extension.
//
//     0     acta_msg          24 bytes: type, link, size, room, kind, flags
//     24    body              size bytes: the struct, then what its pointers point to
//     ..    acti_msg_ext      at the next multiple of 8, with ACTI_MSG_EXT set only
//
// A message is owned by exactly one party: the sender until it is pushed, the inbox, the actor that took it.
// Blocks of ACTI_MSG_EMBEDDED messages are part of something larger and are not freed here.
//
// What is in a body goes with it: all bodies that users have sent end in acti_msg_release, which drops the senders and
// addresses in them. That may push an EOF and wake its actor, so no message is released under a lock. A block without a
// body, as of a promise, or whose body is still to be filled, has not got the flag ACTI_MSG_REFS.

#ifndef ACTI_CORE_MESSAGE_H
#define ACTI_CORE_MESSAGE_H

#include <acta/message.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/platform.h"
#include "base/pool.h"
#include "core/copy.h"

typedef struct acti_actor acti_actor;
typedef struct acta_promise acta_promise;

typedef enum acti_msg_kind {
    // What users see.
    ACTI_MSG_SEND,
    ACTI_MSG_ASK,
    ACTI_MSG_REPLY, // the outcome of an ask, a failure too
    ACTI_MSG_TICK,
    ACTI_MSG_DOWN,
    ACTI_MSG_SOURCE, // an event of a layer above
    // What the turn deals with itself. Not in the ledger.
    ACTI_MSG_CONTROL,
    ACTI_MSG_TIMEOUT = ACTI_MSG_CONTROL, // of an ask; becomes a REPLY if it is first
    ACTI_MSG_MONITOR,                    // becomes a DOWN when the actor ends
    ACTI_MSG_DEMONITOR,
    ACTI_MSG_LINK_OVER, // of a MONITOR that is a link, instead of the DOWN
    ACTI_MSG_STOP,
    ACTI_MSG_EOF,
    ACTI_MSG_EVENT, // for handlers inside the library; they know what it lies in
} acti_msg_kind;

enum {
    ACTI_MSG_EXT = 1,      // an extension follows the body
    ACTI_MSG_EMBEDDED = 2, // part of a larger structure
    ACTI_MSG_REFS = 4,     // the body is there and has senders or addresses of its own
};

// acti_origin is told when a message that came from another node is done with, so that the sender's credit can
// grow again. done runs on whichever thread frees the message.
typedef struct acti_origin {
    void (*done)(struct acti_origin *origin, uint32_t bytes);
} acti_origin;

typedef struct acti_msg_ext {
    union {
        acta_promise *promise; // ASK: the outcome that is owed for it; NULL once answered or taken
        uint64_t ask;          // REPLY: id in the asker's table
    };
    acti_actor *to;      // of any kind, while it waits in an outbox
    acti_origin *origin; // or NULL
    uint32_t bytes;      // what the message took on its way here; for the origin
} acti_msg_ext;

// The room of a block is counted in these, so that it fits into the header.
#define ACTI_MSG_ROOM_UNIT ACTI_POOL_ALIGN

// An actor's name, with the NUL; longer ones are cut.
#define ACTI_NAME_BYTES 32

// acti_name_copy copies a name to ACTI_NAME_BYTES bytes at to, which may overlap it.
static inline void acti_name_copy(char *to, const char *name)
{
    size_t length = strnlen(name, ACTI_NAME_BYTES - 1);
    memmove(to, name, length);
    to[length] = '\0';
}

static inline const acti_msg_ext *acti_msg_ext_peek(const acta_msg *m)
{
    return (const acti_msg_ext *)(const void *)((const char *)(m + 1) + (((size_t)m->size + 7) & ~(size_t)7));
}

static inline acti_msg_ext *acti_msg_ext_of(acta_msg *m)
{
    return (acti_msg_ext *)(uintptr_t)acti_msg_ext_peek(m);
}

// acti_msg_new gives a message with room for size bytes of body, which the caller fills. With ext the
// extension is zeroed. NULL without memory.
acta_msg *
acti_msg_new(acti_msg_kind kind, const acta_type *type, uint32_t size, bool ext);

// acti_msg_copy gives a message with a copy of body.
// Errors: ACTA_ETOOBIG above limit, ACTA_EINVAL a malformed body, ACTA_ENOMEM.
int
acti_msg_copy(acti_msg_kind kind, const acta_type *type, const void *body, uint32_t limit, bool ext, acta_msg **out);

// acti_msg_copy_send is acti_msg_copy of a SEND without an extension, which is most of them, and knows so when it is
// compiled.
int
acti_msg_copy_send(const acta_type *type, const void *body, uint32_t limit, acta_msg **out);

// acti_msg_measure gives the size of the copy of body. Errors: as acti_msg_copy, without ACTA_ENOMEM.
int
acti_msg_measure(const acta_type *type, const void *body, uint32_t limit, size_t *size);

// acti_msg_fits: whether the block of m, of which only the room counts, can hold size bytes of body and an extension.
bool
acti_msg_fits(const acta_msg *m, size_t size);

// acti_msg_fill makes a REPLY of the block of m, into which it fits: size is the measured one. Its ask is 0.
void
acti_msg_fill(acta_msg *m, const acta_type *type, const void *body, size_t size);

// acti_msg_fail makes a REPLY of the block of m, into which ACTI_MSG_FAILURE_BYTES of body fit, that says why there is
// no other. who is cut to a name, and cause to what is left: a sentence of at least 79 bytes. Its ask is 0.
#define ACTI_MSG_FAILURE_BYTES 136
void
acti_msg_fail(acta_msg *m, int status, const char *who, const char *cause);

// acti_msg_shrink says that only size bytes of the body are used, and puts an extension of zeros behind them, which has
// room in those that are not.
static inline void acti_msg_shrink(acta_msg *m, uint32_t size)
{
    acti_assert(size + sizeof(acti_msg_ext) <= m->size);
    m->size = size;
    m->flags |= ACTI_MSG_EXT;
    *acti_msg_ext_of(m) = (acti_msg_ext){0};
}

// acti_msg_filled says that the body is there, with what it holds.
static inline void acti_msg_filled(acta_msg *m)
{
    if (m->type->refs)
        m->flags |= ACTI_MSG_REFS;
}

// acti_msg_release frees the block, after it has let go what the body holds and told the origin. It answers no request.
static inline void acti_msg_release(acta_msg *m)
{
    if (m->flags & (ACTI_MSG_EXT | ACTI_MSG_REFS)) {
        if (m->flags & ACTI_MSG_REFS)
            acti_copy_let_go(m->type, m + 1);
        acti_msg_ext *ext = m->flags & ACTI_MSG_EXT ? acti_msg_ext_of(m) : NULL;
        if (ext != NULL && ext->origin != NULL)
            ext->origin->done(ext->origin, ext->bytes);
    }
    acti_assert((m->flags & ACTI_MSG_EMBEDDED) == 0);
    acti_pool_free(m, (uint32_t)m->room * ACTI_MSG_ROOM_UNIT);
}

#endif
