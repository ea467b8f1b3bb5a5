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
//     tx        c7 u8 | c8 u16 | c9 u32                      then 01 and so many bytes of reference
//     addr      the same                                     then 02 and so many bytes of reference
//
// A reference says which actor is behind a sender or an address. Its own numbers are little-endian, as those of frames
// are, and nothing comes after the url:
//
//     byte 0    u64   the node that the actor is of
//     8         u64   the actor's number there
//     16        u64   the number of the loan by which the writer keeps it alive; 0: by none
//     24        u16   n, at most 255
//     26        n     the actor's name, for people
//     26+n      u16   m, at most 255
//     28+n      m     the url at which its node is found, or nothing
//
// with both texts in UTF-8 without NUL. What the numbers stand for is the routing layer's affair.
//
// Written are all fields, in the order of the type, each in its shortest form, a number that is not negative as
// unsigned.
//
// Read, so that peers in any language can take part, are also: fields in any order; forms that are not the shortest,
// and signed forms of numbers that are not negative; for f64 a ca (float 32), and an integer that is exactly
// representable as a double, as some languages write 2.0 as 2; fields that the type does not have, whose values are
// skipped; and for optional fields c0 (nil), which is as if the field were missing, and which is what is written for a
// tx or an addr that is NULL. The size in the head of an ext counts the reference and not the byte before it.
//
// Refused is everything else: bytes missing before the map's end or left over after it; a key that is not a
// str; a field given twice; a required field missing; nil for a required field; another kind than the field's, so
// a str for bytes, bytes for a str, a float for an integer, an integer out of range; a str, a key among them,
// that is not UTF-8 or has a NUL; c1, which msgpack never uses; an ext of another type for a tx or an addr, or one that
// is no reference; more entries, references or deeper nesting than the limits below. What is skipped is followed from
// head to head, but its text is not looked at, and of the exts in it only the references.
//
// Who holds what. A reference is more than its bytes: whoever writes one for a sender keeps the actor alive until the
// reader has a sender of its own, or has said that it will not make one. The codec knows nothing of that, and asks who
// does (acti_codec_refs). So that no count can be forgotten it says of each reference exactly once what became of it:
//
//     written     give       and, if the message does not go out after all, undo
//     read        take       in a field of the type; the message in memory then has a sender or an address
//                 leave      in a field that is skipped, or behind one that could not be taken
//     not read    of a message that is malformed, or of a type that nobody knows: acti_codec_each_ref

#ifndef ACTI_CODEC_CODEC_H
#define ACTI_CODEC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/error.h>
#include <acta/message.h>

#include "base/buf.h"
#include "core/type.h"

typedef struct acti_actor acti_actor;

// Most entries in the map of a message, those that are skipped included. A type has at most 64 fields, so this
// leaves room for what later versions add, and it bounds the time spent on looking up keys.
#define ACTI_CODEC_ENTRIES_MAX 256

// Most arrays and maps inside each other, the message's own map included. Types need two levels; the rest is for
// what is skipped. Unpackers made with msgpack-c stop at the same depth.
#define ACTI_CODEC_DEPTH_MAX 32

// ---- references -----------------------------------------------------------------

// Most references in a message, those in what is skipped included. A type has at most 64 fields, and so writes no more.
#define ACTI_CODEC_REFS_MAX 64

// Most bytes in the name and in the url of a reference.
#define ACTI_CODEC_TEXT_MAX 255

// The types of their exts.
#define ACTI_CODEC_EXT_TX 1
#define ACTI_CODEC_EXT_ADDR 2

// The texts need no NUL.
typedef struct acti_codec_ref {
    uint64_t node;
    uint64_t actor;
    uint64_t loan;
    const char *name;
    size_t name_size;
    const char *url;
    size_t url_size;
} acti_codec_ref;

// acti_codec_refs is who deals with the references of messages that go to, or have come from, one other node. strong:
// of a sender, else of an address. None of these may send, or touch the bytes that are written or read.
typedef struct acti_codec_refs {
    void *arg;

    // give says in *ref what to write for an actor, which the body that is encoded holds. The texts stay as they are
    // until the next call of any of these. ACTA_OK; or why not, with nothing given.
    int (*give)(void *arg, acti_actor *actor, bool strong, acti_codec_ref *ref);

    // undo takes back what give has said.
    void (*undo)(void *arg, acti_actor *actor, bool strong, const acti_codec_ref *ref);

    // take gives the actor of a reference, and has counted a sender (strong) or a reference to its memory for the
    // message, which drops it when it is freed. ACTA_OK; or why not, and then it has done what leave does.
    int (*take)(void *arg, const acti_codec_ref *ref, bool strong, acti_actor **actor);

    // leave is told of a reference that nobody here will make use of.
    void (*leave)(void *arg, const acti_codec_ref *ref, bool strong);
} acti_codec_refs;

// acti_codec_each_ref calls fn for each reference anywhere in the bytes of a message, of whatever type.
//
// Errors:  ACTA_EMALFORMED the bytes are not msgpack, or a reference is none, or there are more than
//          ACTI_CODEC_REFS_MAX. Then fn has not been called.
ACTA_NODISCARD int
acti_codec_each_ref(const void *bytes, size_t size, void (*fn)(void *arg, const acti_codec_ref *ref, bool strong),
                    void *arg);

// ---- plans ----------------------------------------------------------------------

// Bytes that may be read from the beginning of each of the keys, whatever they are.
#define ACTI_CODEC_PLAN_SPARE 8

// acti_codec_plan is what is the same in all messages of a type: worked out once, by whoever has many of them.
typedef struct acti_codec_plan {
    const acta_type *type;
    size_t room;     // acti_codec_room of no bytes
    acti_buf packed;     // the head of the map, then the keys of all fields, each with its head, then spare bytes
    uint32_t head;       // bytes in the head of the map
    uint32_t at[ACTI_TYPE_FIELDS_MAX + 1]; // where what comes before the value of a field begins: for the first, at 0
} acti_codec_plan;

// acti_codec_plan_new gives the plan of a type, or NULL without memory; acti_codec_plan_free takes NULL, too.
acti_codec_plan *
acti_codec_plan_new(const acta_type *type);
void
acti_codec_plan_free(acti_codec_plan *plan);

// acti_codec_plan_before is what comes before the value of a field: its key with its head, and before the first also
// the head of the map. *size is how many bytes that is.
static inline const uint8_t *acti_codec_plan_before(const acti_codec_plan *plan, size_t field, size_t *size)
{
    *size = plan->at[field + 1] - plan->at[field];
    return acti_buf_bytes(&plan->packed) + plan->at[field];
}

// ---- encoding -------------------------------------------------------------------

// acti_codec_encode appends body to out. refs may be NULL: then there is no way for senders and addresses.
//
// Bounds:  ACTA_ETOOBIG at the limit of out, or for a str, bytes or array of 2^32 bytes or items. A message of n
//          bytes in memory may need more than n bytes here: an integer takes up to 9 bytes and not 8, and every
//          field brings its name.
// Errors:  ACTA_EREFUSED a type with a tx or an addr, without refs; ACTA_EINVAL a body that acti_copy_measure refuses,
//          too, or a name or url given that is no text or too long; ACTA_ENOMEM; what give returned. On failure out
//          holds what it held before, and what was given has been undone.
ACTA_NODISCARD int
acti_codec_encode(const acta_type *type, const void *body, const acti_codec_refs *refs, acti_buf *out);

// acti_codec_encode_as is acti_codec_encode of a type with a plan: the same bytes, sooner.
ACTA_NODISCARD int
acti_codec_encode_as(const acti_codec_plan *plan, const void *body, const acti_codec_refs *refs, acti_buf *out);

// acti_codec_undo undoes what was given for a message that was encoded and does not go out after all. bytes are those
// that were appended for it.
void
acti_codec_undo(const acta_type *type, const void *body, const acti_codec_refs *refs, const void *bytes, size_t size);

// ---- decoding -------------------------------------------------------------------

// How many references a message has.
typedef struct acti_codec_count {
    uint32_t refs;    // all
    uint32_t skipped; // of these, in fields that the type does not have
} acti_codec_count;

// acti_codec_measure checks that bytes are a message of that type and gives in *need the size of the block that
// it decodes to. It allocates nothing. Every count is compared with the bytes left and with limit before it is
// looped over, so the time is linear in size whatever a count claims. refs may be NULL: then there is no way for
// senders and addresses, and those in what is skipped are not looked at.
//
// Errors:  ACTA_EMALFORMED; ACTA_ETOOBIG more than limit bytes; ACTA_EREFUSED a type with a tx or an addr, without
//          refs. *why then names the type, the field and the byte, for a person; it stays valid until this thread's
//          next call. why may be NULL.
ACTA_NODISCARD int
acti_codec_measure(const acta_type *type, const void *bytes, size_t size, size_t limit, acti_codec_count *refs,
                   size_t *need, const char **why);

// acti_codec_decode fills a block, 8-aligned and of the need that acti_codec_measure gave for the same bytes,
// with the layout of core/copy.h; the parts lie in the order in which bytes has the fields. It checks everything
// again: other bytes or another need give an error and a block of unknown content, never a write outside it.
//
// Owns:    with ACTA_OK the block holds senders and addresses: see acti_msg_filled and acti_copy_let_go. On failure it
//          holds none: what was taken has been dropped, and the rest left, as far as the bytes are those measured.
// Errors:  as acti_codec_measure; ACTA_EINVAL need is not the one; what take returned.
ACTA_NODISCARD int
acti_codec_decode(const acta_type *type, const void *bytes, size_t size, const acti_codec_refs *refs, void *to,
                  size_t need);

// acti_codec_room gives how many bytes the block of a message of that type takes at most, when size bytes are decoded.
// 0: that is for acti_codec_measure to say, as an array's items may take more than their bytes here, and no reference
// is to be taken before all has been checked.
size_t
acti_codec_room(const acta_type *type, size_t size);

// acti_codec_unpack measures and fills in one walk: the block has the room that acti_codec_room gave, and limit is as
// for acti_codec_measure. *used gets the size of the message. References can only be in fields that are skipped: *refs
// counts them, and nobody has been told of them.
//
// Errors:  as acti_codec_measure, *why too; the block is then of unknown content.
ACTA_NODISCARD int
acti_codec_unpack(const acta_type *type, const void *bytes, size_t size, size_t limit, void *to, size_t room,
                  acti_codec_count *refs, size_t *used, const char **why);

// acti_codec_unpack_as is acti_codec_unpack of a type with a plan: the same block, sooner if the message is as
// acti_codec_encode writes it.
ACTA_NODISCARD int
acti_codec_unpack_as(const acti_codec_plan *plan, const void *bytes, size_t size, size_t limit, void *to, size_t room,
                     acti_codec_count *refs, size_t *used, const char **why);

// ---- printing -------------------------------------------------------------------

// acti_codec_print writes body as text, such as greet{name: "Ann", visitor: 3}, cut to size bytes with the
// NUL and never inside a character. What is long is shortened: a str to 64 bytes, bytes to 16, an array to 8
// items; a tx or an addr is the name of its actor, or nobody. body must be one that acti_copy_measure accepts.
//
// Returns: the length of the whole text, however small size is. text may be NULL if size is 0.
size_t
acti_codec_print(const acta_type *type, const void *body, char *text, size_t size);

#endif
