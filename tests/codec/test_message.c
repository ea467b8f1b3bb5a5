// SPDX-License-Identifier: MIT
//
// test_message.c - what ACTA_MESSAGE makes of one line: a struct, a descriptor, an entry in the list.

#include "test.h"

#include "codec/message_types.h"
#include "core/type.h"

ACTA_MESSAGE(all_optional, (i64, a, optional), (str_array, b, optional));
ACTA_MESSAGE(explicit_required, (i64, a, required));
ACTA_MESSAGE(only_addr, (addr, a, optional));

// The structs are what the documentation of the kinds says.
_Static_assert(_Generic(((shared_every *)0)->i, int64_t: 1, default: 0), "i64");
_Static_assert(_Generic(((shared_every *)0)->u, uint64_t: 1, default: 0), "u64");
_Static_assert(_Generic(((shared_every *)0)->f, double: 1, default: 0), "f64");
_Static_assert(_Generic(((shared_every *)0)->yes, bool: 1, default: 0), "bool");
_Static_assert(_Generic(((shared_every *)0)->s, const char *: 1, default: 0), "str");
_Static_assert(_Generic(((shared_every *)0)->b, acta_bytes: 1, default: 0), "bytes");
_Static_assert(_Generic(((shared_held *)0)->who, acta_tx *: 1, default: 0), "tx");
_Static_assert(_Generic(((shared_held *)0)->where, acta_addr *: 1, default: 0), "addr");
_Static_assert(_Generic(((shared_every *)0)->ii, acta_i64_array: 1, default: 0), "i64_array");
_Static_assert(_Generic(((shared_every *)0)->uu, acta_u64_array: 1, default: 0), "u64_array");
_Static_assert(_Generic(((shared_every *)0)->ff, acta_f64_array: 1, default: 0), "f64_array");
_Static_assert(_Generic(((shared_every *)0)->flags, acta_bool_array: 1, default: 0), "bool_array");
_Static_assert(_Generic(((shared_every *)0)->ss, acta_str_array: 1, default: 0), "str_array");
_Static_assert(_Generic(((shared_every *)0)->bb, acta_bytes_array: 1, default: 0), "bytes_array");

TEST(type_without_fields_has_a_struct_and_no_table)
{
    const acta_type *type = acta_type_of(shared_none);
    assert_string_equal(type->name, "shared_none");
    assert_int_equal(type->field_count, 0);
    assert_int_equal(type->size, 1);
    assert_int_equal(type->flat, 1);
    assert_int_equal(acti_type_check(type, NULL, 0), ACTA_OK);
}

TEST(every_kind_is_in_the_table_with_its_place)
{
    static const unsigned kinds[] = {0, 1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21};
    const acta_type *type = acta_type_of(shared_every);
    assert_int_equal(type->field_count, 12);
    assert_int_equal(type->size, sizeof(shared_every));
    assert_int_equal(type->flat, 0);
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(type->fields[i].kind, kinds[i]);
        assert_int_equal(type->fields[i].optional, i == 11);
    }
    assert_string_equal(type->fields[3].name, "yes");
    assert_int_equal(type->fields[3].offset, offsetof(shared_every, yes));
    assert_string_equal(type->fields[11].name, "bb");
    assert_int_equal(type->fields[11].offset, offsetof(shared_every, bb));
    assert_int_equal(acti_type_check(type, NULL, 0), ACTA_OK);
}

TEST(kinds_have_the_names_that_are_written)
{
    static const char *const names[] = {
        "i64",       "u64",       "f64",       "bool",       "str",       "bytes",
        "i64_array", "u64_array", "f64_array", "bool_array", "str_array", "bytes_array",
    };
    for (unsigned i = 0; i < 12; i++)
        assert_string_equal(acti_kind_name(acta_type_of(shared_every)->fields[i].kind), names[i]);
    assert_string_equal(acti_kind_name(acta_type_of(shared_held)->fields[1].kind), "tx");
    assert_string_equal(acti_kind_name(acta_type_of(shared_held)->fields[2].kind), "addr");
    assert_string_equal(acti_kind_name(8), "?");
    assert_string_equal(acti_kind_name(22), "?");
    assert_string_equal(acti_kind_name(99), "?");
}

TEST(sixteen_fields_are_all_there_in_order)
{
    const acta_type *type = acta_type_of(shared_sixteen);
    assert_int_equal(type->field_count, 16);
    for (unsigned i = 0; i < 16; i++) {
        char name[2] = {(char)('a' + i), 0};
        assert_string_equal(type->fields[i].name, name);
        assert_true(i == 0 || type->fields[i].offset > type->fields[i - 1].offset);
    }
    assert_int_equal(acti_type_check(type, NULL, 0), ACTA_OK);
}

TEST(fields_are_optional_only_where_it_says_so)
{
    assert_int_equal(acta_type_of(all_optional)->fields[0].optional, 1);
    assert_int_equal(acta_type_of(all_optional)->fields[1].optional, 1);
    assert_int_equal(acta_type_of(explicit_required)->fields[0].optional, 0);
    assert_int_equal(acta_type_of(shared_greet)->fields[1].optional, 1);
    assert_int_equal(acta_type_of(shared_greet)->fields[2].optional, 0);
}

TEST(a_type_is_flat_without_str_bytes_and_arrays_only)
{
    assert_int_equal(acta_type_of(shared_add)->flat, 1);
    assert_int_equal(acta_type_of(explicit_required)->flat, 1);
    assert_int_equal(acta_type_of(shared_greet)->flat, 0);
    assert_int_equal(acta_type_of(all_optional)->flat, 0);
}

TEST(a_type_holds_something_only_with_a_tx_or_an_addr)
{
    assert_int_equal(acta_type_of(shared_held)->refs, 1);
    assert_int_equal(acta_type_of(shared_held)->flat, 0);
    assert_int_equal(acta_type_of(shared_held)->size, sizeof(shared_held));
    assert_int_equal(acti_type_check(acta_type_of(shared_held), NULL, 0), ACTA_OK);
    assert_int_equal(acta_type_of(only_addr)->refs, 1);
    assert_int_equal(acta_type_of(shared_none)->refs, 0);
    assert_int_equal(acta_type_of(shared_every)->refs, 0);
    assert_int_equal(acta_type_of(shared_sixteen)->refs, 0);
}

TEST(a_type_is_terminal_only_where_it_says_so)
{
    assert_int_equal(acta_type_of(shared_over)->terminal, 1);
    assert_int_equal(acta_type_of(shared_failed)->terminal, 1);
    assert_int_equal(acta_type_of(shared_failed)->field_count, 2);
    assert_int_equal(acta_type_of(shared_failed)->flat, 0);
    assert_int_equal(acta_type_of(shared_none)->terminal, 0);
    assert_int_equal(acta_type_of(shared_greet)->terminal, 0);
}

TEST(messages_are_told_by_type_and_size)
{
    struct {
        acta_msg m;
        shared_add body;
    } add = {{.type = acta_type_of(shared_add)}, {5}};
    assert_true(acta_is(shared_add, &add.m));
    assert_false(acta_is(shared_none, &add.m));
    assert_null(acta_as(shared_greet, &add.m));
    assert_ptr_equal(acta_as(shared_add, &add.m), &add.body);
    assert_ptr_equal(acta_msg_body(&add.m), &add.body);

    // A type of that name that another file defines larger is not ours.
    acta_type larger = *acta_type_of(shared_add);
    larger.size += 8;
    add.m.type = &larger;
    assert_false(acta_is(shared_add, &add.m));
}

int main(void)
{
    return TEST_RUN(case_of(type_without_fields_has_a_struct_and_no_table),
                    case_of(every_kind_is_in_the_table_with_its_place), case_of(kinds_have_the_names_that_are_written),
                    case_of(sixteen_fields_are_all_there_in_order), case_of(fields_are_optional_only_where_it_says_so),
                    case_of(a_type_is_flat_without_str_bytes_and_arrays_only),
                    case_of(a_type_holds_something_only_with_a_tx_or_an_addr),
                    case_of(a_type_is_terminal_only_where_it_says_so),
                    case_of(messages_are_told_by_type_and_size));
}
