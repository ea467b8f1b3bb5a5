// SPDX-License-Identifier: MIT
//
// type.h - the process's list of message types, and what makes a descriptor well formed.
//
// acta_type_enter and acta_type_find are in <acta/message.h>. Entries are static objects of the files that
// define the types and are never taken out: a shared library that defines message types must stay loaded
// (link it with -z nodelete), as messages of its types may be anywhere.

#ifndef ACTI_CORE_TYPE_H
#define ACTI_CORE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/error.h>
#include <acta/message.h>

// A descriptor has at most this many fields, so that a set of fields is one word. ACTA_MESSAGE stops at 16.
#define ACTI_TYPE_FIELDS_MAX 64

// Bytes in the name of a type: what a session between nodes can say.
#define ACTI_TYPE_NAME_MAX 255

// acti_types_check looks at every entry: each descriptor must be well formed, and all files that define a name
// must define it alike.
//
// Errors: ACTA_EINVAL; why then holds one line for a person, cut to size bytes. why may be NULL if size is 0.
ACTA_NODISCARD int
acti_types_check(char *why, size_t size);

// acti_type_check is acti_types_check for one descriptor by itself.
ACTA_NODISCARD int
acti_type_check(const acta_type *type, char *why, size_t size);

// acti_kind_size and acti_kind_align are sizeof and alignof the C type of a kind, 0 if there is no such kind.
size_t
acti_kind_size(unsigned kind);
size_t
acti_kind_align(unsigned kind);

// acti_kind_is_ref: whether it is one of those that a message holds: a tx or an addr.
static inline bool acti_kind_is_ref(unsigned kind)
{
    return kind == ACTA_KIND_TX || kind == ACTA_KIND_ADDR;
}

// acti_kind_name is the word used in ACTA_MESSAGE, such as "i64_array", or "?".
const char *
acti_kind_name(unsigned kind);

// acti_text_valid: whether these bytes may be a str: UTF-8 without NUL, without surrogates, without overlong
// forms, nothing above U+10FFFF.
bool
acti_text_valid(const void *bytes, size_t size);

// acti_text_fit is how many bytes at the front of text, at most limit, may be a str: it stops at the first that is not
// valid, and does not cut a character in two.
size_t
acti_text_fit(const char *text, size_t size, size_t limit);

#endif
