// SPDX-License-Identifier: MIT
//
// type.c - the process's list of message types, and what makes a descriptor well formed.
//
// A type is entered once for every file that includes its ACTA_MESSAGE, so a name has many entries. They lie
// in a small hash table of chains: a program with thousands of entries starts without a visible delay, and
// constructors need no memory. A chain keeps the order of entering, so acta_type_find gives the same answer
// for as long as the program runs, whatever dlopen adds later.

#include "core/type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/platform.h"

#define CHAINS 64

typedef struct chain {
    acta_type_entry *first;
    acta_type_entry *last;
} chain;

// Constructors of other files run before ours could: both are ready as the program is loaded.
// Rank: a leaf; nothing else is locked or called while it is held.
static acti_lock types_lock = ACTI_LOCK_INIT;
static chain chains[CHAINS]; // under types_lock, as are the entries' next

// ---- the list ---------------------------------------------------------------

static chain *chain_of(const char *name)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (; *name != 0; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return &chains[hash % CHAINS];
}

static acta_type_entry *first_of(const char *name)
{
    acta_type_entry *entry = chain_of(name)->first;
    while (entry != NULL && strcmp(entry->type->name, name) != 0)
        entry = entry->next;
    return entry;
}

void acta_type_enter(acta_type_entry *entry)
{
    acti_lock_take(&types_lock);
    chain *c = chain_of(entry->type->name);
    entry->next = NULL;
    if (c->last != NULL)
        c->last->next = entry;
    else
        c->first = entry;
    c->last = entry;
    acti_lock_give(&types_lock);
}

const acta_type *acta_type_find(const char *name)
{
    acti_lock_take(&types_lock);
    const acta_type_entry *entry = first_of(name);
    acti_lock_give(&types_lock);
    return entry != NULL ? entry->type : NULL;
}

// ---- checking ---------------------------------------------------------------

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (size > 0)
        vsnprintf(why, size, format, args);
    va_end(args);
    return ACTA_EINVAL;
}

static bool name_valid(const char *name)
{
    return name != NULL && name[0] != 0 && acti_text_valid(name, strlen(name));
}

static int field_check(const acta_type *type, const acta_field *field, char *why, size_t size)
{
    size_t index = (size_t)(field - type->fields);
    if (!name_valid(field->name))
        return refuse(why, size, "message type %s: the name of field %zu is not UTF-8", type->name, index);
    size_t bytes = acti_kind_size(field->kind);
    if (bytes == 0)
        return refuse(why, size, "message type %s: field %s has the unknown kind %u", type->name, field->name,
                      (unsigned)field->kind);
    if (field->offset % acti_kind_align(field->kind) != 0)
        return refuse(why, size, "message type %s: field %s is misaligned, at byte %u", type->name,
                      field->name, (unsigned)field->offset);
    if (type->size < bytes || field->offset > type->size - bytes)
        return refuse(why, size, "message type %s: field %s reaches past the struct, at byte %u of %u",
                      type->name, field->name, (unsigned)field->offset, (unsigned)type->size);
    for (const acta_field *other = type->fields; other < field; other++) {
        if (strcmp(other->name, field->name) == 0)
            return refuse(why, size, "message type %s has two fields named %s", type->name, field->name);
        if (other->offset < field->offset + bytes &&
            field->offset < other->offset + acti_kind_size(other->kind))
            return refuse(why, size, "message type %s: fields %s and %s overlap", type->name, other->name,
                          field->name);
    }
    return ACTA_OK;
}

int acti_type_check(const acta_type *type, char *why, size_t size)
{
    if (!name_valid(type->name))
        return refuse(why, size, "the name of a message type is not UTF-8");
    if (strlen(type->name) > ACTI_TYPE_NAME_MAX)
        return refuse(why, size, "message type %.32s...: the name is longer than %d bytes", type->name,
                      ACTI_TYPE_NAME_MAX);
    if (type->size == 0)
        return refuse(why, size, "message type %s has a struct of no size", type->name);
    if (type->field_count > ACTI_TYPE_FIELDS_MAX)
        return refuse(why, size, "message type %s has %u fields, more than %u", type->name,
                      (unsigned)type->field_count, ACTI_TYPE_FIELDS_MAX);
    if (type->field_count > 0 && type->fields == NULL)
        return refuse(why, size, "message type %s has no table of fields", type->name);

    bool flat = true, refs = false;
    for (size_t i = 0; i < type->field_count; i++) {
        if (field_check(type, &type->fields[i], why, size) != ACTA_OK)
            return ACTA_EINVAL;
        flat = flat && type->fields[i].kind <= ACTA_KIND_BOOL;
        refs = refs || acti_kind_is_ref(type->fields[i].kind);
    }
    if (type->flat != flat)
        return refuse(why, size, "message type %s: the mark for plain structs is wrong", type->name);
    if (type->refs != refs)
        return refuse(why, size, "message type %s: the mark for senders and addresses is wrong", type->name);
    if (type->terminal > 1)
        return refuse(why, size, "message type %s: the mark for terminal types is wrong", type->name);
    return ACTA_OK;
}

static bool fields_equal(const acta_field *a, const acta_field *b)
{
    return strcmp(a->name, b->name) == 0 && a->kind == b->kind && a->optional == b->optional &&
           a->offset == b->offset;
}

// Both are well formed and of one name.
static int alike_check(const acta_type *a, const acta_type *b, char *why, size_t size)
{
    if (a == b)
        return ACTA_OK;
    size_t common = a->field_count < b->field_count ? a->field_count : b->field_count;
    for (size_t i = 0; i < common; i++) {
        const acta_field *f = &a->fields[i];
        const acta_field *g = &b->fields[i];
        if (!fields_equal(f, g))
            return refuse(why, size,
                          "message type %s is defined twice and differently: field %zu is (%s, %s%s) in one "
                          "file and (%s, %s%s) in another",
                          a->name, i, acti_kind_name(f->kind), f->name, f->optional ? ", optional" : "",
                          acti_kind_name(g->kind), g->name, g->optional ? ", optional" : "");
    }
    if (a->field_count != b->field_count)
        return refuse(why, size,
                      "message type %s is defined twice and differently: with %u fields in one file and %u in "
                      "another",
                      a->name, (unsigned)a->field_count, (unsigned)b->field_count);
    if (a->size != b->size)
        return refuse(why, size,
                      "message type %s is defined twice and differently: the struct has %u bytes in one file "
                      "and %u in another",
                      a->name, (unsigned)a->size, (unsigned)b->size);
    if (a->terminal != b->terminal)
        return refuse(why, size,
                      "message type %s is defined twice and differently: terminal in one file and not in another",
                      a->name);
    return ACTA_OK;
}

static int entry_check(const acta_type_entry *entry, char *why, size_t size)
{
    int status = acti_type_check(entry->type, why, size);
    if (status == ACTA_OK && entry->here != entry->type)
        status = acti_type_check(entry->here, why, size);
    if (status == ACTA_OK)
        status = alike_check(entry->type, entry->here, why, size);
    if (status == ACTA_OK)
        status = alike_check(first_of(entry->type->name)->here, entry->here, why, size);
    return status;
}

int acti_types_check(char *why, size_t size)
{
    int status = ACTA_OK;
    acti_lock_take(&types_lock);
    for (size_t i = 0; i < CHAINS && status == ACTA_OK; i++)
        for (acta_type_entry *e = chains[i].first; e != NULL && status == ACTA_OK; e = e->next)
            status = entry_check(e, why, size);
    acti_lock_give(&types_lock);
    return status;
}

// ---- kinds ------------------------------------------------------------------

typedef struct kind_facts {
    const char *name;
    uint8_t size;
    uint8_t align;
} kind_facts;

#define KIND(k) [ACTI_KIND_##k] = {#k, sizeof(acti_c_##k), _Alignof(acti_c_##k)}

static const kind_facts kinds[] = {
    KIND(i64),       KIND(u64),       KIND(f64),       KIND(str),       KIND(bytes),
    KIND(i64_array), KIND(u64_array), KIND(f64_array), KIND(str_array), KIND(bytes_array),
    KIND(tx),        KIND(addr),
    KIND(bool_array), // bool itself is a macro, so it is written out
    [ACTA_KIND_BOOL] = {"bool", sizeof(bool), _Alignof(bool)},
};

size_t acti_kind_size(unsigned kind)
{
    return kind < sizeof kinds / sizeof kinds[0] ? kinds[kind].size : 0;
}

size_t acti_kind_align(unsigned kind)
{
    return kind < sizeof kinds / sizeof kinds[0] ? kinds[kind].align : 0;
}

const char *acti_kind_name(unsigned kind)
{
    return acti_kind_size(kind) > 0 ? kinds[kind].name : "?";
}

// ---- text -------------------------------------------------------------------

// multibyte_size is the length of the character that starts at p, left bytes before the end; 0 if it is none.
// A NUL is none either. The bounds of the second byte are what keeps out overlong forms (E0, F0), surrogates
// (ED) and what is above U+10FFFF (F4); they are table 3-7 of the Unicode standard.
static size_t multibyte_size(const uint8_t *p, size_t left)
{
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    size_t size = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < size)
        return 0;
    uint8_t low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

// Eight bytes are all 01 to 7F exactly if no top bit is set in them and none is borrowed into when 1 is taken
// from each; so the bits of several words can be looked at together.
static uint64_t not_ascii(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return (word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080);
}

// plain_size is the number of bytes before the first that is NUL or not ASCII.
static size_t plain_size(const uint8_t *p, size_t size)
{
    size_t at = 0;
    while (size - at >= 32 &&
           (not_ascii(p + at) | not_ascii(p + at + 8) | not_ascii(p + at + 16) | not_ascii(p + at + 24)) == 0)
        at += 32;
    while (size - at >= 8 && not_ascii(p + at) == 0)
        at += 8;
    while (at < size && p[at] > 0 && p[at] < 0x80)
        at++;
    return at;
}

// text_size is how far these bytes may be a str.
static size_t text_size(const uint8_t *p, size_t size)
{
    size_t at = plain_size(p, size);
    while (at < size) {
        size_t step = multibyte_size(p + at, size - at);
        if (step == 0)
            return at;
        at += step;
        if (at < size && p[at] < 0x80)
            at += plain_size(p + at, size - at);
    }
    return at;
}

bool acti_text_valid(const void *bytes, size_t size)
{
    return text_size(bytes, size) == size;
}

size_t acti_text_fit(const char *text, size_t size, size_t limit)
{
    return text_size((const uint8_t *)text, size < limit ? size : limit);
}
