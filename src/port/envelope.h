// SPDX-License-Identifier: MIT
//
// envelope.h - a message with the name of its type, as programs without acta write and read it at a door: a msgpack
// array of two, the name as a str and the fields as a map (codec.h).
//
//     92 a3 "add" 81 a1 "n" 01        add{n: 1}

#ifndef ACTI_PORT_ENVELOPE_H
#define ACTI_PORT_ENVELOPE_H

#include <stddef.h>

#include "base/buf.h"
#include "core/message.h"

#define ACTI_ENVELOPE_WHY 400 // bytes for a reason, with the NUL

// acti_envelope_open gives the message of that kind that is in bytes. It has an extension.
//
// Bounds:  ACTA_ETOOBIG it needs more than limit bytes in memory; nothing is allocated before that is known.
// Errors:  ACTA_EMALFORMED not such an array, or not what its type says; ACTA_ENOENT no type of that name is defined in
//          this program; ACTA_EREFUSED the type is one of acta's own, or has senders or addresses in it, which mean
//          nothing outside; ACTA_ENOMEM. why gets a sentence for a person.
ACTA_NODISCARD int
acti_envelope_open(acti_msg_kind kind, const void *bytes, size_t size, size_t limit, acta_msg **m,
                   char why[ACTI_ENVELOPE_WHY]);

// acti_envelope_put appends a message to out. Errors: as acti_codec_encode, with out as it was; ACTA_EREFUSED as above.
ACTA_NODISCARD int
acti_envelope_put(const acta_type *type, const void *body, acti_buf *out);

#endif
