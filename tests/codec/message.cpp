// SPDX-License-Identifier: MIT
//
// message.cpp - ACTA_MESSAGE as C++ sees it; test_message_cpp.c asks.

#include "codec/message_types.h"

ACTA_MESSAGE(only_in_cpp, (str, name), (bool, yes, optional));

ACTA_MESSAGE(held_in_cpp, (tx, who, optional), (str, name), (addr, where, optional));

static_assert(sizeof(shared_none) == 1, "a type without fields");
static_assert(offsetof(shared_sixteen, p) > offsetof(shared_sixteen, o), "fields lie in order");

extern "C" const acta_type *cpp_type(unsigned index)
{
    static const acta_type *const types[] = {
        acta_type_of(shared_none),  acta_type_of(shared_add),     acta_type_of(shared_greet),
        acta_type_of(shared_every), acta_type_of(shared_sixteen), acta_type_of(only_in_cpp),
        acta_type_of(shared_over),  acta_type_of(shared_failed),
        acta_type_of(shared_held),  acta_type_of(held_in_cpp),
    };
    return index < sizeof types / sizeof types[0] ? types[index] : nullptr;
}

extern "C" int64_t cpp_reads(const acta_msg *m)
{
    if (const shared_held *held = acta_as(shared_held, m))
        return held->who != nullptr && held->where == nullptr ? held->n : -held->n;
    if (const shared_add *add = acta_as(shared_add, m))
        return add->n;
    if (const shared_greet *greet = acta_as(shared_greet, m))
        return greet->loud ? greet->visitor : -greet->visitor;
    return acta_is(shared_none, m) ? 0 : -1;
}

using taker = bool (*)(const acta_type *type, const void *body);

// The two arguments that the macros for sending make.
extern "C" bool cpp_makes(taker take)
{
    return take(ACTI_TYPED_(shared_none)) && take(ACTI_TYPED_(shared_add, .n = 5)) &&
           take(ACTI_TYPED_(shared_greet, .name = "Ann", .visitor = 7)) && take(ACTI_TYPED_(only_in_cpp, .name = "x")) &&
           take(ACTI_TYPED_(shared_over)) && take(ACTI_TYPED_(shared_failed, .cause = "y", .at = 3)) &&
           take(ACTI_TYPED_(held_in_cpp, .name = "z", .where = nullptr));
}
