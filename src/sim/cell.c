// SPDX-License-Identifier: MIT
//
// cell.c - how wide characters are, and cutting between them.
//
// The widths are those that terminals agree on, in a few ranges: a character of a script that is not in them is one
// column wide, and at worst a line is a little shorter or longer than meant.

#include "sim/cell.h"

#include <stdbool.h>
#include <string.h>

#include "core/type.h"

typedef struct range {
    uint32_t first;
    uint32_t last;
} range;

static const range ZERO_WIDTH[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200c, 0x200d}, {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

static const range TWO_WIDE[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x26c4, 0x26ce},   {0x26d4, 0x26ea},
    {0x26f2, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274e},
    {0x2753, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},
    {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},   {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff},
    {0x1aff0, 0x1b2ff}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd},
};

// Controls of C0 and C1, of lines and of the writing direction, and what is no character.
static const range UNCLEAN[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xe000, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xffff}, {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff},
};

#define IN(ranges, character) in(ranges, sizeof(ranges) / sizeof((ranges)[0]), character)

static bool in(const range *ranges, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

// ---- one character ----------------------------------------------------------------

// length_of gives how long a character is whose first byte this is; 1 also for what cannot be one.
static size_t length_of(uint8_t first)
{
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

static uint32_t character_of(const uint8_t *bytes, size_t length)
{
    static const uint8_t bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character = bytes[0] & bits[length];
    for (size_t i = 1; i < length; i++)
        character = character << 6 | (bytes[i] & 0x3f);
    return character;
}

size_t acti_cell_next(const char *text, uint32_t *width, bool *clean)
{
    size_t length = length_of((uint8_t)*text);
    *width = 1;
    *clean = strnlen(text, length) == length && acti_text_valid(text, length);
    if (!*clean)
        return 1;
    uint32_t character = character_of((const uint8_t *)text, length);
    *clean = !IN(UNCLEAN, character);
    if (*clean && character >= 0x300)
        *width = IN(ZERO_WIDTH, character) ? 0 : IN(TWO_WIDE, character) ? 2 : 1;
    return length;
}

// ---- texts ------------------------------------------------------------------------

uint32_t acti_cell_width(const char *text)
{
    uint32_t all = 0;
    while (*text != 0) {
        uint32_t width;
        bool clean;
        text += acti_cell_next(text, &width, &clean);
        all += width;
    }
    return all;
}

// The text is copied as long as it may have to be cut behind what is there: `kept` and `kept_width` are where.
uint32_t acti_cell_clean(const char *text, uint32_t columns, char *to, size_t size)
{
    size_t length = 0, kept = 0;
    uint32_t all = 0, kept_width = 0;
    while (*text != 0) {
        uint32_t width;
        bool clean;
        size_t n = acti_cell_next(text, &width, &clean);
        size_t out = clean ? n : 1;
        if (all + width > columns || length + out >= size) {
            memcpy(to + kept, "...", 4);
            return kept_width + 3;
        }
        if (clean)
            memcpy(to + length, text, n);
        else
            to[length] = *text == '\n' || *text == '\t' ? ' ' : '?';
        text += n;
        length += out;
        all += width;
        if (all + 3 <= columns && length + 4 <= size) {
            kept = length;
            kept_width = all;
        }
    }
    to[length] = 0;
    return all;
}

size_t acti_cell_break(const char *text, uint32_t columns)
{
    size_t at = 0, space = 0;
    uint32_t all = 0;
    while (text[at] != 0) {
        uint32_t width;
        bool clean;
        size_t n = acti_cell_next(text + at, &width, &clean);
        if (all + width > columns)
            return text[at] == ' ' || space == 0 ? at : space;
        at += n;
        all += width;
        if (text[at - 1] == ' ')
            space = at;
    }
    return at;
}
