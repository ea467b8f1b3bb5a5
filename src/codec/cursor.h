// SPDX-License-Identifier: MIT
//
// cursor.h - reads msgpack bytes front to back, never past their end.
//
// One value is read as a head, which says what comes and how much of it, and then its payload or its items.
// A head is only given out if what it announces can be there: so many payload bytes, or at least a byte for
// each item. Nothing is allocated and nothing recursive.

#ifndef ACTI_CODEC_CURSOR_H
#define ACTI_CODEC_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/error.h>
#include <acta/macro.h>

typedef struct acti_cursor {
    const uint8_t *at;
    size_t left;
} acti_cursor;

typedef enum acti_shape {
    ACTI_SHAPE_NONE, // the byte c1
    ACTI_SHAPE_NIL,
    ACTI_SHAPE_BOOL,     // n: 0 or 1
    ACTI_SHAPE_UINT,     // n: the number, in whatever form it came
    ACTI_SHAPE_NEGATIVE, // n: the number in two's complement, below zero
    ACTI_SHAPE_FLOAT,    // f
    ACTI_SHAPE_STR,      // n: bytes that follow
    ACTI_SHAPE_BIN,
    ACTI_SHAPE_EXT,   // n: bytes that follow, with the one for the type
    ACTI_SHAPE_ARRAY, // n: values that follow
    ACTI_SHAPE_MAP,   // n: pairs of values that follow
} acti_shape;

typedef struct acti_head {
    acti_shape shape;
    uint64_t n;
    double f;
} acti_head;

// acti_cursor_short_head reads a head that is one byte, in which the number or length is part of it; false: it is
// another one.
static inline bool acti_cursor_short_head(uint8_t byte, acti_head *head)
{
    if (byte < 0x80)
        *head = (acti_head){ACTI_SHAPE_UINT, byte, 0};
    else if (byte < 0x90)
        *head = (acti_head){ACTI_SHAPE_MAP, byte & 0x0f, 0};
    else if (byte < 0xa0)
        *head = (acti_head){ACTI_SHAPE_ARRAY, byte & 0x0f, 0};
    else if (byte < 0xc0)
        *head = (acti_head){ACTI_SHAPE_STR, byte & 0x1f, 0};
    else if (byte >= 0xe0)
        *head = (acti_head){ACTI_SHAPE_NEGATIVE, UINT64_MAX - 0xff + byte, 0};
    else
        return false;
    return true;
}

// acti_cursor_can_follow: whether the bytes left can hold what a head announces, if every value in it takes but one
// byte.
static inline bool acti_cursor_can_follow(const acti_head *head, size_t left)
{
    if (head->shape < ACTI_SHAPE_STR)
        return true;
    return head->n <= (head->shape == ACTI_SHAPE_MAP ? left / 2 : left);
}

// acti_cursor_pass moves past n bytes, which a head has promised, and gives where they are.
static inline const uint8_t *acti_cursor_pass(acti_cursor *in, size_t n)
{
    const uint8_t *at = in->at;
    in->at += n;
    in->left -= n;
    return at;
}

// acti_cursor_long_head is acti_cursor_head of one that is not a short head in order.
ACTA_NODISCARD int
acti_cursor_long_head(acti_cursor *in, acti_head *head, const char **why);

// acti_cursor_head reads one head. On ACTA_EMALFORMED *why is a constant text, and the rest is as it was.
ACTA_NODISCARD static inline int acti_cursor_head(acti_cursor *in, acti_head *head, const char **why)
{
    acti_head found;
    if (in->left == 0 || !acti_cursor_short_head(in->at[0], &found) || !acti_cursor_can_follow(&found, in->left - 1))
        return acti_cursor_long_head(in, head, why);
    *head = found;
    (void)acti_cursor_pass(in, 1);
    return ACTA_OK;
}

// Who wants to see the exts on the way. ext is given the bytes of each, the one for the type first; what it returns
// other than ACTA_OK, with *why, ends the walk.
typedef struct acti_cursor_watch {
    int (*ext)(void *arg, const uint8_t *bytes, size_t n, const char **why);
    void *arg;
} acti_cursor_watch;

// acti_cursor_walk moves past what belongs to a head that was just read: its payload or its items with all
// that is in them, at most depth arrays and maps inside each other, head's own included; depth is at most
// ACTI_CURSOR_DEPTH_MAX. watch may be NULL.
#define ACTI_CURSOR_DEPTH_MAX 32
ACTA_NODISCARD int
acti_cursor_walk(acti_cursor *in, const acti_head *head, unsigned depth, const acti_cursor_watch *watch,
                 const char **why);

// acti_cursor_skip is acti_cursor_walk that nobody watches.
ACTA_NODISCARD static inline int acti_cursor_skip(acti_cursor *in, const acti_head *head, unsigned depth,
                                                  const char **why)
{
    return acti_cursor_walk(in, head, depth, NULL, why);
}

// acti_shape_name is a word for a person, such as "map".
const char *
acti_shape_name(acti_shape shape);

#endif
