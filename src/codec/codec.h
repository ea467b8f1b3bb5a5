// SPDX-License-Identifier: MIT
//
// codec.h - message bodies to and from msgpack, and to text.
//
// The format, in the terms of the msgpack specification (github.com/msgpack/msgpack/blob/master/spec.md). All
// lengths and numbers are big-endian. A message is one map and nothing after it:
//
//     map       80+n for n < 16 | de u16 | df u32    then n times key, value
//     key       a str: the name of a field
//
// and the value by the field's kind:
//
//     i64, u64  00+n for 0 to 127 | cc u8 | cd u16 | ce u32 | cf u64
//               e0 to ff for -32 to -1 | d0 i8 | d1 i16 | d2 i32 | d3 i64
//     f64       cb and the 8 bytes of IEEE 754
//     bool      c2 false | c3 true
//     str       a0+n for n < 32 | d9 u8 | da u16 | db u32    then n bytes of UTF-8, without NUL
//     bytes     c4 u8 | c5 u16 | c6 u32                      then n bytes
//     array     90+n for n < 16 | dc u16 | dd u32            then n items as above
//
// Written are all fields, in the order of the type, each in its shortest form, a number that is not negative as
// unsigned.
//
// Read, so that peers in any language can take part, are also: fields in any order; forms that are not the
// shortest, and signed forms of numbers that are not negative; for f64 a ca (float 32), and an integer that is
// exactly representable as a double, as some languages write 2.0 as 2; fields that the type does not have, whose
// values are skipped; and for optional fields c0 (nil), which is as if the field were missing.
//
// Refused is everything else: bytes missing before the map's end or left over after it; a key that is not a
// str; a field given twice; a required field missing; nil for a required field; another kind than the field's, so
// a str for bytes, bytes for a str, a float for an integer, an integer out of range; a str, a key among them,
// that is not UTF-8 or has a NUL; c1, which msgpack never uses; more entries or deeper nesting than the limits
// below. What is skipped is followed from head to head, but its text is not looked at.

#ifndef ACTI_CODEC_CODEC_H
#define ACTI_CODEC_CODEC_H

#include <stddef.h>

#include <acta/error.h>
#include <acta/message.h>

#include "base/buf.h"

// Most entries in the map of a message, those that are skipped included. A type has at most 64 fields, so this
// leaves room for what later versions add, and it bounds the time spent on looking up keys.
#define ACTI_CODEC_ENTRIES_MAX 256

// Most arrays and maps inside each other, the message's own map included. Types need two levels; the rest is for
// what is skipped. Unpackers made with msgpack-c stop at the same depth.
#define ACTI_CODEC_DEPTH_MAX 32

// acti_codec_encode appends body to out.
//
// Bounds:  ACTA_ETOOBIG at the limit of out, or for a str, bytes or array of 2^32 bytes or items. A message of n
//          bytes in memory may need more than n bytes here: an integer takes up to 9 bytes and not 8, and every
//          field brings its name.
// Errors:  ACTA_EINVAL a body that acti_copy_measure refuses, too; ACTA_ENOMEM. On failure out holds what it
//          held before.
ACTA_NODISCARD int
acti_codec_encode(const acta_type *type, const void *body, acti_buf *out);

// acti_codec_measure checks that bytes are a message of that type and gives in *need the size of the block that
// it decodes to. It allocates nothing. Every count is compared with the bytes left and with limit before it is
// looped over, so the time is linear in size whatever a count claims.
//
// Errors:  ACTA_EMALFORMED; ACTA_ETOOBIG more than limit bytes. *why then names the type, the field and the
//          byte, for a person; it stays valid until this thread's next call. why may be NULL.
ACTA_NODISCARD int
acti_codec_measure(const acta_type *type, const void *bytes, size_t size, size_t limit, size_t *need,
                   const char **why);

// acti_codec_decode fills a block, 8-aligned and of the need that acti_codec_measure gave for the same bytes,
// with the layout of core/copy.h; the parts lie in the order in which bytes has the fields. It checks everything
// again: other bytes or another need give an error and a block of unknown content, never a write outside it.
//
// Errors:  as acti_codec_measure; ACTA_EINVAL need is not the one.
ACTA_NODISCARD int
acti_codec_decode(const acta_type *type, const void *bytes, size_t size, void *to, size_t need);

// acti_codec_print writes body as text, such as greet{name: "Ann", visitor: 3}, cut to size bytes with the
// NUL and never inside a character. What is long is shortened: a str to 64 bytes, bytes to 16, an array to 8
// items; a tx or an addr is the name of its actor, or nobody. body must be one that acti_copy_measure accepts.
//
// Returns: the length of the whole text, however small size is. text may be NULL if size is 0.
size_t
acti_codec_print(const acta_type *type, const void *body, char *text, size_t size);

#endif
