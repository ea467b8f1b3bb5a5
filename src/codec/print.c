// SPDX-License-Identifier: MIT
//
// print.c - message bodies as text for people: greet{name: "Ann", visitor: 3}.
//
// The text is one line, safe to show on a terminal: control characters are written as escapes, C1 ones too.

#include "codec/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "core/sender.h"
#include "core/type.h"

#define STR_SHOWN 64 // bytes
#define BYTES_SHOWN 16
#define ITEMS_SHOWN 8

typedef struct page {
    char *text;
    size_t size;
    size_t length; // of the whole text, which may be more than size
} page;

// ---- writing ----------------------------------------------------------------

static void put(page *p, const char *text, size_t length)
{
    if (p->length < p->size) {
        size_t room = p->size - p->length;
        memcpy(p->text + p->length, text, length < room ? length : room);
    }
    p->length += length;
}

static void put_text(page *p, const char *text)
{
    put(p, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void put_format(page *p, const char *format, ...)
{
    char line[64];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    put(p, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

// whole_characters is the largest length up to cut that does not end inside a character of text.
static size_t whole_characters(const char *text, size_t cut)
{
    while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    return cut;
}

// The byte that did not fit is still in the last place, so it shows whether a character was cut.
static size_t finish(page *p)
{
    if (p->length < p->size)
        p->text[p->length] = 0;
    else if (p->size > 0)
        p->text[whole_characters(p->text, p->size - 1)] = 0;
    return p->length;
}

// ---- values -----------------------------------------------------------------

// escape_of gives the letter of a short escape, or 0.
static char escape_of(unsigned char byte)
{
    switch (byte) {
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '"':
    case '\\':
        return (char)byte;
    default:
        return 0;
    }
}

// C1 controls are c2 80 to c2 9f in UTF-8.
static bool control(const unsigned char *at)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

// put_safe writes the first bytes of a str.
static void put_safe(page *p, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char *at = (const unsigned char *)text + i;
        char escape = escape_of(*at);
        if (escape != 0)
            put_format(p, "\\%c", escape);
        else if (!control(at))
            put(p, text + i, 1);
        else if (*at < 0x80)
            put_format(p, "\\x%02x", *at);
        else
            put_format(p, "\\x%02x\\x%02x", *at, text[++i] & 0xff);
    }
}

static void print_str(page *p, const char *text)
{
    if (text == NULL)
        text = "";
    size_t size = strlen(text);
    size_t shown = size > STR_SHOWN ? whole_characters(text, STR_SHOWN) : size;
    put_text(p, "\"");
    put_safe(p, text, shown);
    put_text(p, "\"");
    if (shown < size)
        put_format(p, "... (%zu bytes)", size);
}

static void print_bytes(page *p, const acta_bytes *bytes)
{
    const uint8_t *data = bytes->data;
    put_format(p, "<%zu %s", bytes->size, bytes->size == 1 ? "byte" : "bytes");
    for (size_t i = 0; i < bytes->size && i < BYTES_SHOWN; i++)
        put_format(p, "%s%02x", i == 0 ? ": " : " ", data[i]);
    put_text(p, bytes->size > BYTES_SHOWN ? " ...>" : ">");
}

// An actor's name need not be text, and may have been cut in a character.
static void print_actor(page *p, const acti_actor *actor)
{
    const char *name = actor != NULL ? actor->name : "nobody";
    put_safe(p, name, acti_text_fit(name, strlen(name), SIZE_MAX));
}

// 15 digits are short and nearly always enough; 17 always are.
static void print_f64(page *p, double f)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.15g", f);
    if (f == f && strtod(digits, NULL) != f)
        snprintf(digits, sizeof digits, "%.17g", f);
    put_text(p, digits);
}

static void print_value(page *p, unsigned kind, const void *from)
{
    switch (kind) {
    case ACTA_KIND_I64:
        put_format(p, "%lld", (long long)*(const int64_t *)from);
        break;
    case ACTA_KIND_U64:
        put_format(p, "%llu", (unsigned long long)*(const uint64_t *)from);
        break;
    case ACTA_KIND_F64:
        print_f64(p, *(const double *)from);
        break;
    case ACTA_KIND_BOOL:
        put_text(p, *(const bool *)from ? "true" : "false");
        break;
    case ACTA_KIND_STR:
        print_str(p, *(const char *const *)from);
        break;
    case ACTA_KIND_BYTES:
        print_bytes(p, from);
        break;
    case ACTA_KIND_TX:
    case ACTA_KIND_ADDR:
        print_actor(p, acti_actor_of_ref(kind, from));
        break;
    default:
        put_text(p, "?");
    }
}

static void print_array(page *p, unsigned item, const void *from)
{
    acti_run run = acti_run_load(from);
    size_t each = acti_kind_size(item);
    put_text(p, "[");
    for (size_t i = 0; i < run.count && i < ITEMS_SHOWN; i++) {
        put_text(p, i == 0 ? "" : ", ");
        print_value(p, item, (const uint8_t *)run.items + i * each);
    }
    if (run.count > ITEMS_SHOWN)
        put_format(p, ", ... %zu more", run.count - ITEMS_SHOWN);
    put_text(p, "]");
}

// ---- messages ---------------------------------------------------------------

size_t acti_codec_print(const acta_type *type, const void *body, char *text, size_t size)
{
    page p = {.text = text, .size = size};
    put_text(&p, type->name);
    put_text(&p, "{");
    for (size_t i = 0; i < type->field_count; i++) {
        const acta_field *field = &type->fields[i];
        const uint8_t *from = (const uint8_t *)body + field->offset;
        put_text(&p, i == 0 ? "" : ", ");
        put_text(&p, field->name);
        put_text(&p, ": ");
        if (field->kind < ACTA_KIND_ARRAY)
            print_value(&p, field->kind, from);
        else
            print_array(&p, field->kind - ACTA_KIND_ARRAY, from);
    }
    put_text(&p, "}");
    return finish(&p);
}

size_t acta_msg_print(const acta_msg *m, char *text, size_t size)
{
    return acti_codec_print(m->type, acta_msg_body(m), text, size);
}
