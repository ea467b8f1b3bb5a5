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

// A block that is not yet a message, of a promise's room.
static acta_msg *a_block(void)
{
    acta_msg *m = acti_msg_new(ACTI_MSG_REPLY, NULL, ACTI_MSG_FAILURE_BYTES + sizeof(acti_msg_ext), false);
    assert_non_null(m);
    return m;
}

TEST(a_failure_is_made_in_a_block_with_as_much_of_its_texts_as_fits)
{
    int64_t live = acti_pool_live();
    char longest[200];
    memset(longest, 'x', sizeof(longest));
    longest[199] = 0;
    memcpy(longest + 78, "\xe2\x82\xac", 3); // one byte of it would fit
    acta_msg *m = a_block();
    acti_msg_fail(m, ACTA_EGONE, "a name of more than thirty-one bytes", longest);
    const acta_failure *failure = acta_as(acta_failure, m);
    assert_non_null(failure);
    assert_int_equal(failure->status, ACTA_EGONE);
    assert_string_equal(failure->who, "a name of more than thirty-one ");
    longest[78] = 0;
    assert_string_equal(failure->cause, longest);
    assert_int_equal(acta_msg_ask(m), 0);
    acti_msg_ext_of(m)->ask = 42; // and has spoilt none of these
    assert_string_equal(failure->cause, longest);
    acti_msg_fail(m, ACTA_EIO, "bad \xff", "why");
    failure = acta_as(acta_failure, m);
    assert_string_equal(failure->who, "bad ");
    assert_string_equal(failure->cause, "why");
    acta_msg_free(&m);
    assert_int_equal(acti_pool_live(), live);
}

TEST(a_block_takes_what_fits_and_no_more)
{
    acta_msg *m = a_block();
    assert_false(acti_msg_fits(m, ACTI_MSG_FAILURE_BYTES + 1));
    assert_true(acti_msg_fits(m, ACTI_MSG_FAILURE_BYTES));
    size_t size = 0;
    note body = {"written into the block"};
    assert_int_equal(acti_msg_measure(acta_type_of(note), &body, 16, &size), ACTA_ETOOBIG);
    assert_int_equal(acti_msg_measure(acta_type_of(item), &(item){0}, 15, &size), ACTA_ETOOBIG);
    assert_int_equal(acti_msg_measure(acta_type_of(note), &(note){"\xff"}, 100, &size), ACTA_EINVAL);
    assert_int_equal(acti_msg_measure(acta_type_of(note), &body, 100, &size), ACTA_OK);
    acti_msg_fill(m, acta_type_of(note), &body, size);
    assert_string_equal(acta_as(note, m)->line, "written into the block");
    assert_int_equal(acta_msg_ask(m), 0);
    acta_msg_free(&m);
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
    acta_msg_free(&m); // answered already, so there is nothing else to do
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
                    case_of(a_failure_is_made_in_a_block_with_as_much_of_its_texts_as_fits),
                    case_of(a_block_takes_what_fits_and_no_more),
                    case_of(the_origin_of_a_message_is_told_exactly_once));
}
