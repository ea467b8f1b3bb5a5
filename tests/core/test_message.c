// SPDX-License-Identifier: MIT
//
// Message blocks: their room, their limits, their origin, and the failure that a request turns into.

#include "kit.h"

#include "core/message.h"

ACTA_MESSAGE(empty);

static acta_msg *copied(acti_msg_kind kind, const acta_type *type, const void *body)
{
    acta_msg *m = NULL;
    assert_int_equal(acti_msg_copy(kind, type, body, UINT32_MAX, kind == ACTI_MSG_ASK, &m), ACTA_OK);
    return m;
}

TEST(copy_above_limit_is_too_big_and_at_the_limit_is_not)
{
    int64_t live = acti_pool_live();
    acta_msg *m = NULL;
    item flat = {1, 2};
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(item), &flat, sizeof(item) - 1, false, &m),
                     ACTA_ETOOBIG);
    note deep = {"12345"};
    uint32_t exact = sizeof(note) + 6;
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(note), &deep, exact - 1, false, &m), ACTA_ETOOBIG);
    assert_null(m);
    assert_int_equal(acti_pool_live(), live);

    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(item), &flat, sizeof(item), false, &m), ACTA_OK);
    acti_msg_release(m);
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(note), &deep, exact, false, &m), ACTA_OK);
    assert_string_equal(acta_as(note, m)->line, "12345");
    acti_msg_release(m);
    assert_int_equal(acti_pool_live(), live);
}

TEST(copy_without_memory_says_so_and_leaks_nothing)
{
    int64_t live = acti_pool_live();
    acta_msg *m = NULL;
    acti_pool_fail_after(1);
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(item), &(item){0}, UINT32_MAX, false, &m), ACTA_ENOMEM);
    acti_pool_fail_after(0);
    assert_null(m);
    assert_int_equal(acti_pool_live(), live);
}

TEST(copy_of_text_that_is_not_utf8_is_invalid)
{
    acta_msg *m = NULL;
    assert_int_equal(acti_msg_copy(ACTI_MSG_SEND, acta_type_of(note), &(note){"\xff"}, UINT32_MAX, false, &m),
                     ACTA_EINVAL);
    assert_null(m);
}

TEST(a_message_is_as_its_type_and_as_no_other)
{
    acta_msg *m = copied(ACTI_MSG_SEND, acta_type_of(item), &(item){3, 4});
    assert_false(acta_is(query, m));
    assert_null(acta_as(query, m));
    assert_true(acta_is(item, m));
    assert_int_equal(acta_as(item, m)->n, 4);
    assert_int_equal(acta_msg_ask(m), 0);
    assert_false(acta_msg_wants_reply(m));
    acta_msg_free(&m);
    assert_null(m);
    acta_msg_free(&m); // of NULL: nothing
}

TEST(large_and_empty_bodies_come_back_whole)
{
    int64_t live = acti_pool_live();
    enum { LARGE = 5 * 1000 * 1000 }; // its room does not fit the header's units
    char *line = malloc(LARGE + 1);
    assert_non_null(line);
    memset(line, 'a', LARGE);
    line[LARGE] = 0;
    acta_msg *m = copied(ACTI_MSG_SEND, acta_type_of(note), &(note){line});
    assert_string_equal(acta_as(note, m)->line, line);
    assert_true(acta_as(note, m)->line != line);
    acta_msg_free(&m);
    free(line);

    m = copied(ACTI_MSG_SEND, acta_type_of(empty), &(empty){0});
    assert_true(acta_is(empty, m));
    acta_msg_free(&m);
    assert_int_equal(acti_pool_live(), live);
}

TEST(a_request_turns_into_its_failure_in_place_whatever_its_size)
{
    int64_t live = acti_pool_live();
    static const char *const lines[] = {"", "a body longer than the failure that has to fit in its place, "
                                            "by a good deal, and then some more so that it is certainly longer"};
    for (size_t i = 0; i < 2; i++) {
        acta_msg *m = copied(ACTI_MSG_ASK, acta_type_of(note), &(note){lines[i]});
        acti_msg_ext_of(m)->ask = 42;
        acti_msg_fail(m, ACTA_EGONE, "a name of more than thirty-one bytes", "why");
        const acta_failure *failure = acta_as(acta_failure, m);
        assert_non_null(failure);
        assert_int_equal(failure->status, ACTA_EGONE);
        assert_string_equal(failure->who, "a name of more than thirty-one ");
        assert_string_equal(failure->cause, "why");
        assert_int_equal(acta_msg_ask(m), 42);
        acta_msg_free(&m);
    }
    assert_int_equal(acti_pool_live(), live);
}

typedef struct counted_origin {
    acti_origin origin;
    int done;
    uint32_t bytes;
} counted_origin;

static void done(acti_origin *origin, uint32_t bytes)
{
    ((counted_origin *)(void *)origin)->done++;
    ((counted_origin *)(void *)origin)->bytes += bytes;
}

TEST(the_origin_of_a_message_is_told_exactly_once)
{
    counted_origin origin = {.origin = {done}};
    acta_msg *m = copied(ACTI_MSG_ASK, acta_type_of(item), &(item){0});
    acti_msg_ext_of(m)->origin = &origin.origin;
    acti_msg_fail(m, ACTA_ENOREPLY, "who", "why");
    assert_int_equal(origin.done, 1); // what came from there is done with; the failure is ours
    acti_msg_release(m);
    assert_int_equal(origin.done, 1);

    m = copied(ACTI_MSG_ASK, acta_type_of(item), &(item){0});
    acti_msg_ext_of(m)->origin = &origin.origin;
    acti_msg_ext_of(m)->bytes = 7;
    acti_msg_release(m);
    assert_int_equal(origin.done, 2);
    assert_int_equal(origin.bytes, 7);
}

int main(void)
{
    return TEST_RUN(case_of(copy_above_limit_is_too_big_and_at_the_limit_is_not),
                    case_of(copy_without_memory_says_so_and_leaks_nothing),
                    case_of(copy_of_text_that_is_not_utf8_is_invalid),
                    case_of(a_message_is_as_its_type_and_as_no_other),
                    case_of(large_and_empty_bodies_come_back_whole),
                    case_of(a_request_turns_into_its_failure_in_place_whatever_its_size),
                    case_of(the_origin_of_a_message_is_told_exactly_once));
}
