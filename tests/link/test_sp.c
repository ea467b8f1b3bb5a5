// SPDX-License-Identifier: MIT
//
// SP as a door speaks it: what is not SP is told as soon as it can be, and messages come out whole however the bytes
// come in.

#include "test.h"

#include <acta/error.h>

#include "link/sp.h"

#define REQ "\0SP\0\0\x30\0\0"
#define PUSH "\0SP\0\0\x50\0\0"

static void feed(acti_sp *sp, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        size_t room;
        uint8_t *space = acti_sp_space(sp, &room);
        assert_non_null(space);
        size_t n = size < room ? size : room;
        memcpy(space, at, n);
        acti_sp_feed(sp, n);
        acti_sp_check(sp);
        at += n;
        size -= n;
    }
}

static acti_sp_got next(acti_sp *sp, acti_sp_message *m)
{
    acti_sp_got got = acti_sp_next(sp, m);
    acti_sp_check(sp);
    return got;
}

// ---- refusals ----------------------------------------------------------------------

static void is_wrong(uint16_t protocol, const void *bytes, size_t size, const char *why)
{
    acti_sp sp;
    acti_sp_message m;
    acti_sp_init(&sp, protocol, true, 100);
    feed(&sp, bytes, size - 1);
    assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
    feed(&sp, (const uint8_t *)bytes + size - 1, 1);
    assert_int_equal(next(&sp, &m), ACTI_SP_WRONG);
    assert_non_null(strstr(sp.cause, why));
    assert_int_equal(next(&sp, &m), ACTI_SP_WRONG); // for good
    acti_sp_fini(&sp);
}

TEST(what_is_not_sp_is_wrong_with_the_first_byte_that_shows_it)
{
    is_wrong(ACTI_SP_REP, "G", 1, "does not speak");
    is_wrong(ACTI_SP_REP, "\0S\0", 3, "does not speak");
    is_wrong(ACTI_SP_REP, "\0SP\1", 4, "does not speak");
    is_wrong(ACTI_SP_REP, PUSH, 8, "PUSH");
    is_wrong(ACTI_SP_PULL, REQ, 8, "REQ");
    is_wrong(ACTI_SP_REP, "\0SP\0\0\x31\0\0", 8, "REP");
    is_wrong(ACTI_SP_REP, "\0SP\0\x30\x30\0\0", 8, "another kind");
    is_wrong(ACTI_SP_REP, "\0SP\0\0\x30\0\1", 8, "REQ");
}

TEST(a_frame_or_a_header_that_is_none_is_wrong)
{
    is_wrong(ACTI_SP_REP, REQ "\2\0\0\0\0\0\0\0\4", 17, "02"); // known once the head is whole
    is_wrong(ACTI_SP_REP, REQ "\1\0\0\0\0\0\0\0\3\x80\0\0", 20, "no number");
    is_wrong(ACTI_SP_REP, REQ "\1\0\0\0\0\0\0\0\6\0\0\0\1\x80\0", 23, "no number");
    char deep[8 + 9 + 40] = REQ "\1\0\0\0\0\0\0\0\50"; // ten words, the number in the tenth: too many devices
    deep[8 + 9 + 36] = (char)0x80;
    is_wrong(ACTI_SP_REP, deep, sizeof(deep), "no number");
}

TEST(a_message_above_the_limit_gives_its_header_and_is_skipped_however_large)
{
    acti_sp sp;
    acti_sp_message m;
    acti_sp_init(&sp, ACTI_SP_REP, true, 100);
    feed(&sp, REQ "\1\0\0\0\0\0\0\0\x69\x80\0\0\7", 21); // a body of 101
    assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
    static const uint8_t rest[101];
    feed(&sp, rest, sizeof(rest));
    assert_int_equal(next(&sp, &m), ACTI_SP_TOO_BIG);
    assert_int_equal(m.header_size, 4);
    assert_int_equal(m.header[3], 7);
    assert_null(m.body);
    feed(&sp, "\1\0\0\0\0\0\0\0\x68\x80\0\0\10", 13); // and one of 100
    feed(&sp, rest, 100);
    assert_int_equal(next(&sp, &m), ACTI_SP_MESSAGE);
    assert_int_equal(m.body_size, 100);
    assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
    // What is announced is not waited for, and not made room for.
    feed(&sp, "\1\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\1\x80\0\0\7", 17);
    assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
    feed(&sp, rest, 28);
    assert_int_equal(next(&sp, &m), ACTI_SP_TOO_BIG);
    assert_int_equal(m.header_size, 8);
    for (int i = 0; i < 1000; i++) {
        feed(&sp, rest, sizeof(rest));
        assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
    }
    assert_in_range(sp.in.room, 0, 4 * ACTI_SP_READ_MAX);
    acti_sp_fini(&sp);
}

TEST(an_announced_size_takes_no_memory_before_its_bytes_come)
{
    acti_sp sp;
    acti_sp_message m;
    acti_sp_init(&sp, ACTI_SP_PULL, true, 1u << 30);
    feed(&sp, PUSH "\1\0\0\0\0\x3f\xff\xff\xff", 17);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
        feed(&sp, "x", 1);
    }
    assert_in_range(sp.in.room, 0, 4 * ACTI_SP_READ_MAX);
    acti_sp_fini(&sp);
}

TEST(a_greeting_or_a_message_that_finds_no_room_leaves_what_there_is)
{
    acti_sp sp;
    size_t at;
    acti_sp_init(&sp, ACTI_SP_REP, true, 100);
    acti_buf out = {.limit = 12};
    assert_int_equal(acti_sp_begin(&sp, &out, (const uint8_t *)"\x80\0\0\1", 4, &at), ACTA_ETOOBIG);
    assert_int_equal(out.size, 0);
    assert_int_equal(acti_sp_greet(&sp, &out), ACTA_OK);
    assert_int_equal(acti_sp_greet(&sp, &out), ACTA_ETOOBIG);
    assert_int_equal(out.size, 8);
    acti_buf_fini(&out);
    acti_sp_fini(&sp);
}

// ---- success -----------------------------------------------------------------------

// One message goes out and comes in again, split after each number of bytes.
static void goes_through(bool ipc, size_t split)
{
    static const uint8_t header[8] = {0, 0, 0, 3, 0x80, 0, 1, 2};
    acti_sp sp;
    acti_sp_message m;
    size_t at;
    acti_sp_init(&sp, ACTI_SP_REP, ipc, 100);
    acti_buf out = {.limit = 1000};
    assert_int_equal(acti_buf_append(&out, REQ, 8), ACTA_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(acti_sp_begin(&sp, &out, header, sizeof(header), &at), ACTA_OK);
        assert_int_equal(acti_buf_append(&out, "hello", 5), ACTA_OK);
        acti_sp_end(&sp, &out, at, i == 1); // the second one is taken back
    }
    int messages = 0;
    const uint8_t *bytes = acti_buf_bytes(&out);
    for (size_t from = 0; from < out.size; from += split) {
        feed(&sp, bytes + from, out.size - from < split ? out.size - from : split);
        while (next(&sp, &m) == ACTI_SP_MESSAGE) {
            assert_int_equal(m.header_size, sizeof(header));
            assert_memory_equal(m.header, header, sizeof(header));
            assert_int_equal(m.body_size, 5);
            assert_memory_equal(m.body, "hello", 5);
            messages++;
        }
    }
    assert_int_equal(messages, 2);
    assert_true(sp.greeted);
    acti_buf_fini(&out);
    acti_sp_fini(&sp);
}

TEST(messages_come_out_whole_however_the_bytes_come_in)
{
    for (size_t split = 1; split < 60; split++) {
        goes_through(true, split);
        goes_through(false, split);
    }
}

TEST(a_message_that_could_not_be_dealt_with_is_given_again)
{
    acti_sp sp;
    acti_sp_message m;
    acti_sp_init(&sp, ACTI_SP_PULL, true, 100);
    feed(&sp, PUSH "\1\0\0\0\0\0\0\0\1a\1\0\0\0\0\0\0\0\1b", 28);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(&sp, &m), ACTI_SP_MESSAGE);
        assert_int_equal(m.body[0], 'a');
        acti_sp_again(&sp);
    }
    assert_int_equal(next(&sp, &m), ACTI_SP_MESSAGE);
    assert_int_equal(next(&sp, &m), ACTI_SP_MESSAGE);
    assert_int_equal(m.body[0], 'b');
    assert_int_equal(next(&sp, &m), ACTI_SP_MORE);
    acti_sp_fini(&sp);
}

TEST(what_is_said_is_what_nng_says)
{
    acti_sp sp;
    size_t at;
    acti_buf out = {.limit = 100};
    acti_sp_init(&sp, ACTI_SP_PULL, true, 100);
    assert_int_equal(acti_sp_greet(&sp, &out), ACTA_OK);
    assert_memory_equal(acti_buf_bytes(&out), "\0SP\0\0\x51\0\0", 8);
    acti_sp_init(&sp, ACTI_SP_REP, true, 100);
    assert_int_equal(acti_sp_begin(&sp, &out, (const uint8_t *)"\x80\0\0\1", 4, &at), ACTA_OK);
    assert_int_equal(acti_buf_append(&out, "x", 1), ACTA_OK);
    acti_sp_end(&sp, &out, at, false);
    assert_int_equal(out.size, 8 + 14);
    assert_memory_equal(acti_buf_bytes(&out) + 8, "\1\0\0\0\0\0\0\0\5\x80\0\0\1x", 14);
    acti_buf_fini(&out);
}

TEST(an_empty_message_of_a_pusher_is_a_message)
{
    acti_sp sp;
    acti_sp_message m;
    acti_sp_init(&sp, ACTI_SP_PULL, true, 100);
    feed(&sp, PUSH "\1\0\0\0\0\0\0\0\0", 17);
    assert_int_equal(next(&sp, &m), ACTI_SP_MESSAGE);
    assert_non_null(m.body);
    assert_int_equal(m.body_size, 0);
    assert_int_equal(m.header_size, 0);
    acti_sp_fini(&sp);
}

int main(void)
{
    return TEST_RUN(case_of(what_is_not_sp_is_wrong_with_the_first_byte_that_shows_it),
                    case_of(a_frame_or_a_header_that_is_none_is_wrong),
                    case_of(a_message_above_the_limit_gives_its_header_and_is_skipped_however_large),
                    case_of(an_announced_size_takes_no_memory_before_its_bytes_come),
                    case_of(a_greeting_or_a_message_that_finds_no_room_leaves_what_there_is),
                    case_of(messages_come_out_whole_however_the_bytes_come_in), case_of(what_is_said_is_what_nng_says),
                    case_of(a_message_that_could_not_be_dealt_with_is_given_again),
                    case_of(an_empty_message_of_a_pusher_is_a_message));
}
