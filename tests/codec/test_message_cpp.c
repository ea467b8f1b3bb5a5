// SPDX-License-Identifier: MIT
//
// test_message_cpp.c - one program whose message types are defined in C and in C++ files.

#include "test.h"

#include "codec/codec.h"
#include "codec/message_types.h"
#include "core/copy.h"
#include "core/type.h"

// In message.cpp.
const acta_type *
cpp_type(unsigned index);
int64_t
cpp_reads(const acta_msg *m);
bool
cpp_makes(bool (*take)(const acta_type *type, const void *body));

TEST(c_and_cpp_share_each_type_and_see_it_alike)
{
    assert_ptr_equal(cpp_type(0), acta_type_of(shared_none));
    assert_ptr_equal(cpp_type(1), acta_type_of(shared_add));
    assert_ptr_equal(cpp_type(2), acta_type_of(shared_greet));
    assert_ptr_equal(cpp_type(3), acta_type_of(shared_every));
    assert_ptr_equal(cpp_type(4), acta_type_of(shared_sixteen));
    assert_ptr_equal(cpp_type(5), acta_type_find("only_in_cpp"));
    assert_ptr_equal(cpp_type(6), acta_type_of(shared_over));
    assert_ptr_equal(cpp_type(7), acta_type_of(shared_failed));
    assert_ptr_equal(cpp_type(8), acta_type_of(shared_held));
    assert_ptr_equal(cpp_type(9), acta_type_find("held_in_cpp"));
    assert_int_equal(cpp_type(9)->refs, 1);
    assert_null(cpp_type(10));
    char why[200] = "";
    if (acti_types_check(why, sizeof why) != ACTA_OK) // compares the two views
        fail_msg("%s", why);
}

static acta_msg *message(const acta_type *type, const void *body)
{
    acta_msg *m = calloc(1, sizeof *m + type->size);
    m->type = type;
    memcpy(m + 1, body, type->size);
    return m;
}

static void assert_cpp_reads(const acta_type *type, const void *body, int64_t expected)
{
    acta_msg *m = message(type, body);
    assert_true(cpp_reads(m) == expected);
    free(m);
}

TEST(cpp_reads_what_c_made)
{
    assert_cpp_reads(acta_type_of(shared_sixteen), &(shared_sixteen){0}, -1);
    assert_cpp_reads(acta_type_of(shared_none), &(shared_none){0}, 0);
    assert_cpp_reads(acta_type_of(shared_add), &(shared_add){12}, 12);
    assert_cpp_reads(acta_type_of(shared_held), &(shared_held){.n = 4}, -4);
    void *some = &(int){0};
    assert_cpp_reads(acta_type_of(shared_held), &(shared_held){.n = 4, .who = some}, 4);
    assert_cpp_reads(acta_type_of(shared_greet), &(shared_greet){.visitor = 3, .loud = true}, 3);
    assert_cpp_reads(acta_type_of(shared_greet), &(shared_greet){.visitor = 3}, -3);
}

static char printed[300];

static bool take(const acta_type *type, const void *body)
{
    size_t at = strlen(printed);
    acti_codec_print(type, body, printed + at, sizeof printed - at);
    return true;
}

TEST(c_reads_what_cpp_made)
{
    assert_true(cpp_makes(take));
    assert_string_equal(printed, "shared_none{}shared_add{n: 5}shared_greet{name: \"Ann\", loud: false, visitor: 7}"
                                 "only_in_cpp{name: \"x\", yes: false}shared_over{}shared_failed{cause: \"y\", at: 3}"
                                 "held_in_cpp{who: nobody, name: \"z\", where: nobody}");
}

int main(void)
{
    return TEST_RUN(case_of(c_and_cpp_share_each_type_and_see_it_alike), case_of(cpp_reads_what_c_made),
                    case_of(c_reads_what_cpp_made));
}
