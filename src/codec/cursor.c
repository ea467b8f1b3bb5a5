// SPDX-License-Identifier: MIT
//
// cursor.c - reads msgpack bytes front to back, never past their end.

#include "codec/cursor.h"

#include <endian.h>
#include <string.h>

#define TOO_MUCH "it announces more than the bytes that are left"

typedef struct form {
    uint8_t shape;
    uint8_t width; // bytes of the number or length after the first byte
} form;

// The first bytes c0 to df. A signed integer has the shape NEGATIVE here, whatever its sign turns out to be.
static const form forms[32] = {
    [0x00] = {ACTI_SHAPE_NIL, 0},      // c0
    [0x01] = {ACTI_SHAPE_NONE, 0},     // c1
    [0x02] = {ACTI_SHAPE_BOOL, 0},     // c2 c3
    [0x03] = {ACTI_SHAPE_BOOL, 0},     //
    [0x04] = {ACTI_SHAPE_BIN, 1},      // c4 c5 c6
    [0x05] = {ACTI_SHAPE_BIN, 2},      //
    [0x06] = {ACTI_SHAPE_BIN, 4},      //
    [0x07] = {ACTI_SHAPE_EXT, 1},      // c7 c8 c9
    [0x08] = {ACTI_SHAPE_EXT, 2},      //
    [0x09] = {ACTI_SHAPE_EXT, 4},      //
    [0x0a] = {ACTI_SHAPE_FLOAT, 4},    // ca cb
    [0x0b] = {ACTI_SHAPE_FLOAT, 8},    //
    [0x0c] = {ACTI_SHAPE_UINT, 1},     // cc cd ce cf
    [0x0d] = {ACTI_SHAPE_UINT, 2},     //
    [0x0e] = {ACTI_SHAPE_UINT, 4},     //
    [0x0f] = {ACTI_SHAPE_UINT, 8},     //
    [0x10] = {ACTI_SHAPE_NEGATIVE, 1}, // d0 d1 d2 d3
    [0x11] = {ACTI_SHAPE_NEGATIVE, 2}, //
    [0x12] = {ACTI_SHAPE_NEGATIVE, 4}, //
    [0x13] = {ACTI_SHAPE_NEGATIVE, 8}, //
    [0x14] = {ACTI_SHAPE_EXT, 0},      // d4 d5 d6 d7 d8: 1, 2, 4, 8, 16 bytes
    [0x15] = {ACTI_SHAPE_EXT, 0},      //
    [0x16] = {ACTI_SHAPE_EXT, 0},      //
    [0x17] = {ACTI_SHAPE_EXT, 0},      //
    [0x18] = {ACTI_SHAPE_EXT, 0},      //
    [0x19] = {ACTI_SHAPE_STR, 1},      // d9 da db
    [0x1a] = {ACTI_SHAPE_STR, 2},      //
    [0x1b] = {ACTI_SHAPE_STR, 4},      //
    [0x1c] = {ACTI_SHAPE_ARRAY, 2},    // dc dd
    [0x1d] = {ACTI_SHAPE_ARRAY, 4},    //
    [0x1e] = {ACTI_SHAPE_MAP, 2},      // de df
    [0x1f] = {ACTI_SHAPE_MAP, 4},      //
};

static inline uint64_t big_endian(const uint8_t *bytes, unsigned width)
{
    uint16_t n16;
    uint32_t n32;
    uint64_t n64;
    switch (width) {
    case 1:
        return bytes[0];
    case 2:
        memcpy(&n16, bytes, sizeof n16);
        return be16toh(n16);
    case 4:
        memcpy(&n32, bytes, sizeof n32);
        return be32toh(n32);
    case 8:
        memcpy(&n64, bytes, sizeof n64);
        return be64toh(n64);
    default:
        return 0;
    }
}

static double float_of(uint64_t bits, unsigned width)
{
    double f;
    if (width == sizeof(float)) {
        uint32_t narrow = (uint32_t)bits;
        float single;
        memcpy(&single, &narrow, sizeof single);
        return single;
    }
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline void long_head(uint8_t byte, form as, uint64_t n, acti_head *head)
{
    unsigned unused_bits = 64 - 8 * as.width;
    head->shape = (acti_shape)as.shape;
    head->n = n;
    switch (head->shape) {
    case ACTI_SHAPE_BOOL:
        head->n = byte & 1;
        break;
    case ACTI_SHAPE_FLOAT:
        head->f = float_of(n, as.width);
        break;
    case ACTI_SHAPE_NEGATIVE:
        if (n >> (8 * as.width - 1) == 0)
            head->shape = ACTI_SHAPE_UINT;
        else if (unused_bits > 0)
            head->n |= UINT64_MAX << (64 - unused_bits);
        break;
    case ACTI_SHAPE_EXT:
        head->n = (as.width == 0 ? UINT64_C(1) << (byte - 0xd4) : n) + 1;
        break;
    default:
        break;
    }
}

static int malformed(const char **why, const char *text)
{
    *why = text;
    return ACTA_EMALFORMED;
}

int acti_cursor_long_head(acti_cursor *in, acti_head *head, const char **why)
{
    if (in->left == 0)
        return malformed(why, "it ends too early");
    uint8_t byte = in->at[0];
    acti_head found;
    if (acti_cursor_short_head(byte, &found))
        return malformed(why, TOO_MUCH); // why it was not taken as that
    form as = forms[byte - 0xc0];
    size_t size = 1 + (size_t)as.width;
    if (in->left < size)
        return malformed(why, "it ends too early");
    long_head(byte, as, big_endian(in->at + 1, as.width), &found);
    if (found.shape == ACTI_SHAPE_NONE)
        return malformed(why, "the byte c1 is not msgpack");
    if (!acti_cursor_can_follow(&found, in->left - size))
        return malformed(why, TOO_MUCH);
    *head = found;
    (void)acti_cursor_pass(in, size);
    return ACTA_OK;
}

// pass_payload moves past the bytes of a str, of bytes or of an ext.
static int pass_payload(acti_cursor *in, const acti_head *head, const acti_cursor_watch *watch, const char **why)
{
    const uint8_t *at = acti_cursor_pass(in, head->n);
    if (head->shape != ACTI_SHAPE_EXT || watch == NULL)
        return ACTA_OK;
    return watch->ext(watch->arg, at, head->n, why);
}

// Recursion would let the sender of the bytes choose our stack, so the values still to come are counted, a
// count for each level that is open.
int acti_cursor_walk(acti_cursor *in, const acti_head *head, unsigned depth, const acti_cursor_watch *watch,
                     const char **why)
{
    uint64_t to_come[ACTI_CURSOR_DEPTH_MAX];
    unsigned open = 0;
    acti_head value = *head;
    for (;;) {
        int status = ACTA_OK;
        if (value.shape == ACTI_SHAPE_ARRAY || value.shape == ACTI_SHAPE_MAP) {
            if (open == depth) {
                *why = "it is nested too deep";
                return ACTA_EMALFORMED;
            }
            to_come[open++] = value.shape == ACTI_SHAPE_MAP ? 2 * value.n : value.n;
        } else if (value.shape >= ACTI_SHAPE_STR) {
            status = pass_payload(in, &value, watch, why);
        }
        if (status != ACTA_OK)
            return status;
        while (open > 0 && to_come[open - 1] == 0)
            open--;
        if (open == 0)
            return ACTA_OK;
        to_come[open - 1]--;
        status = acti_cursor_head(in, &value, why);
        if (status != ACTA_OK)
            return status;
    }
}

const char *acti_shape_name(acti_shape shape)
{
    static const char *const names[] = {"nothing", "nil", "bool", "integer", "negative integer", "float",
                                        "str",     "bytes", "ext", "array",  "map"};
    return names[shape];
}
