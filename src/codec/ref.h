// SPDX-License-Identifier: MIT
//
// ref.h - references to actors as bytes of a message. What they are, and who deals with them, is in codec.h.

#ifndef ACTI_CODEC_REF_H
#define ACTI_CODEC_REF_H

#include "codec/codec.h"
#include "codec/cursor.h"

#define ACTI_REF_FIXED 28 // bytes of a reference without its texts
#define ACTI_REF_BYTES_MAX (ACTI_REF_FIXED + 2 * ACTI_CODEC_TEXT_MAX)

// acti_ref_ext is the type of the ext for a field of that kind, and acti_ref_is whether an ext, of which the first byte
// is its type, is such a one.
static inline uint8_t acti_ref_ext(unsigned kind)
{
    return kind == ACTA_KIND_TX ? ACTI_CODEC_EXT_TX : ACTI_CODEC_EXT_ADDR;
}
static inline bool acti_ref_is(const uint8_t *ext)
{
    return ext[0] == ACTI_CODEC_EXT_TX || ext[0] == ACTI_CODEC_EXT_ADDR;
}
static inline bool acti_ref_is_strong(const uint8_t *ext)
{
    return ext[0] == ACTI_CODEC_EXT_TX;
}

// acti_ref_write writes a reference to at least ACTI_REF_BYTES_MAX bytes, and gives how many they are; 0: a text is
// too long or no text.
size_t
acti_ref_write(const acti_codec_ref *ref, uint8_t *to);

// acti_ref_read reads an ext of n bytes, the one for its type included. The texts stay where they are.
ACTA_NODISCARD int
acti_ref_read(const uint8_t *ext, size_t n, acti_codec_ref *ref, const char **why);

// acti_ref_walk shows each ext in any number of values to watch. ACTA_EMALFORMED, or what watch says; those before the
// error have been shown.
int
acti_ref_walk(const void *bytes, size_t size, const acti_cursor_watch *watch);

// ---- those of one message that is decoded ---------------------------------------------

typedef struct acti_ref_reader {
    const acta_type *type;
    const acti_codec_refs *refs; // NULL: they are only counted
    acti_codec_count count;
    int status; // why one could not be taken; ACTA_OK
} acti_ref_reader;

// acti_ref_take reads the ext of a field. to, of the field, is set if the reference is taken: not when it is only
// counted, and not behind one that could not be taken; reader->status says that.
//
// Errors:  ACTA_EMALFORMED, with *why.
ACTA_NODISCARD int
acti_ref_take(acti_ref_reader *reader, const uint8_t *ext, size_t n, void *to, const char **why);

// acti_ref_pass is shown each ext of a field that is skipped; arg is the reader.
ACTA_NODISCARD int
acti_ref_pass(void *arg, const uint8_t *ext, size_t n, const char **why);

#endif
