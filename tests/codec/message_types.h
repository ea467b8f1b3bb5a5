// SPDX-License-Identifier: MIT
//
// message_types.h - message types that a C and a C++ file of one program share.

#ifndef TEST_CODEC_MESSAGE_TYPES_H
#define TEST_CODEC_MESSAGE_TYPES_H

#include <acta/message.h>

ACTA_MESSAGE(shared_none);
ACTA_MESSAGE(shared_add, (i64, n));
ACTA_MESSAGE_TERMINAL(shared_over);
ACTA_MESSAGE_TERMINAL(shared_failed, (str, cause), (i64, at));
ACTA_MESSAGE(shared_greet, (str, name), (bool, loud, optional), (i64, visitor));
ACTA_MESSAGE(shared_every, (i64, i), (u64, u), (f64, f), (bool, yes), (str, s), (bytes, b), (i64_array, ii),
             (u64_array, uu), (f64_array, ff), (bool_array, flags), (str_array, ss), (bytes_array, bb, optional));
ACTA_MESSAGE(shared_held, (i64, n), (tx, who), (addr, where, optional));
ACTA_MESSAGE(shared_sixteen, (bool, a), (i64, b), (bool, c), (str, d), (bool, e), (f64, f), (bool, g), (bytes, h),
             (bool, i), (u64, j), (bool, k), (str_array, l), (bool, m), (i64_array, n), (bool, o), (bool, p, optional));

#endif
