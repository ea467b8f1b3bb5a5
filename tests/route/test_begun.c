// SPDX-License-Identifier: MIT
//
// Messages that come in parts: what is refused, and what is given out.

#include "talk.h"

#include "pair.h"

#define LIMIT 8192 // most bytes of a message
#define OVERHEAD (ACTI_FRAME_HEADER + 8) // of a PART

static uint8_t bytes[LIMIT + 1]; // different ones, wherever a part begins

static void fill_bytes(void)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
}

static acti_frame frame_of(acti_frame_kind kind, uint64_t to, size_t at, size_t size)
{
    return (acti_frame){
        .kind = kind, .actor = to, .from = to, .id = 3, .type = 1, .rest = bytes + at, .rest_size = size};
}

// open_limited brings a session to OPEN that takes so many bytes.
static void open_limited(acti_session *session)
{
    acti_hello us = hello_of("us");
    us.payload_bytes_max = LIMIT;
    assert_int_equal(acti_session_init(session, &us, OUT_LIMIT), ACTA_OK);
    meet_peer(session, ACTI_PHASE_UP);
    hush(session);
    fill_bytes();
}

// hear_one feeds a frame with the number that follows, and gives what next does.
static int hear_one(acti_session *session, acti_frame frame, acti_frame *given)
{
    frame.sequence = session->received + 1;
    feed_frame(session, &frame);
    int status = acti_session_next(session, given);
    acti_session_check(session);
    return status;
}

static void assert_part(acti_session *session, uint64_t to, size_t at, size_t size)
{
    acti_frame given;
    assert_int_equal(hear_one(session, frame_of(ACTI_FRAME_PART, to, at, size), &given), 0);
}

// assert_whole has a message end, and be given out with the bytes from 0 to its end.
static void assert_whole(acti_session *session, acti_frame_kind kind, uint64_t to, size_t at, size_t size)
{
    acti_frame given;
    assert_int_equal(hear_one(session, frame_of(kind, to, at, size), &given), 1);
    assert_int_equal(given.kind, kind);
    assert_int_equal(given.rest_size, at + size);
    assert_memory_equal(given.rest, bytes, at + size);
    assert_int_equal(kind == ACTI_FRAME_REPLY ? given.from : given.actor, to);
}

// ---- refusals --------------------------------------------------------------------

TEST(one_message_more_than_may_be_begun_is_refused_and_the_last_that_may_is_not)
{
    acti_session session;
    open_limited(&session);
    for (uint64_t to = 1; to <= ACTI_BEGUN_MAX; to++)
        assert_part(&session, to, 0, 10);
    assert_part(&session, 1, 10, 10); // not one more
    assert_whole(&session, ACTI_FRAME_SEND, 99, 0, 5);
    assert_whole(&session, ACTI_FRAME_SEND, 2, 10, 5);
    assert_part(&session, 99, 0, 10); // in its place
    acti_frame given;
    assert_int_equal(hear_one(&session, frame_of(ACTI_FRAME_PART, 100, 0, 10), &given), ACTA_EMALFORMED);
    assert_int_equal(session.begun.count, 0);
    assert_refused(&session, ACTA_EMALFORMED, "one more message is begun");
    acti_session_fini(&session);
}

TEST(message_of_the_largest_size_is_taken_and_one_byte_more_refused_in_every_frame_that_may_bring_it)
{
    static const acti_frame_kind last[] = {ACTI_FRAME_SEND, ACTI_FRAME_ASK, ACTI_FRAME_REPLY, ACTI_FRAME_PART};
    for (size_t i = 0; i < 2 * sizeof last / sizeof *last; i++) {
        acti_frame_kind kind = last[i / 2];
        size_t more = i % 2;
        acti_session session;
        acti_frame given;
        open_limited(&session);
        assert_part(&session, 5, 0, LIMIT / 2);
        assert_part(&session, 5, LIMIT / 2, 1);
        int status = hear_one(&session, frame_of(kind, 5, LIMIT / 2 + 1, LIMIT / 2 - 1 + more), &given);
        assert_int_equal(status, more > 0 ? ACTA_EMALFORMED : kind != ACTI_FRAME_PART);
        if (more > 0)
            assert_refused(&session, ACTA_EMALFORMED, "above the payload limit");
        acti_session_fini(&session);
    }
}

// assert_refused_at has a frame refused with its byte number so many, and not with the one before.
static void assert_refused_at(acti_session *session, acti_frame frame, size_t size)
{
    acti_buf said = {.limit = 1 << 16};
    frame.sequence = session->received + 1;
    assert_int_equal(acti_frame_write(&said, &frame), ACTA_OK);
    feed(session, acti_buf_bytes(&said), size - 1);
    assert_int_equal(next_kind(session), 0);
    feed(session, acti_buf_bytes(&said) + size - 1, 1);
    assert_int_equal(next_kind(session), ACTA_EMALFORMED);
    acti_buf_fini(&said);
}

TEST(what_is_too_much_is_refused_with_the_byte_that_shows_it)
{
    for (int late = 0; late < 2; late++) {
        acti_session session;
        open_limited(&session);
        for (uint64_t to = 1; to <= ACTI_BEGUN_MAX; to++)
            assert_part(&session, to, 0, 4000);
        // The last byte of the receiver's number says which message it is.
        acti_frame frame = late ? frame_of(ACTI_FRAME_SEND, 16, 4000, 4193) : frame_of(ACTI_FRAME_PART, 17, 0, 4000);
        assert_refused_at(&session, frame, OVERHEAD);
        acti_session_fini(&session);
    }
}

// ---- what is given out -----------------------------------------------------------

TEST(message_is_whole_whatever_the_parts_and_whatever_ends_it_and_no_part_is_given_out)
{
    static const acti_frame_kind last[] = {ACTI_FRAME_SEND, ACTI_FRAME_ASK, ACTI_FRAME_REPLY};
    acti_session session;
    open_limited(&session);
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        for (size_t size = 0; size <= 600; size += 150) {
            assert_part(&session, 5, 0, size);
            assert_part(&session, 5, size, 0);
            assert_part(&session, 5, size, 2 * size);
            assert_whole(&session, last[i], 5, 3 * size, size);
            assert_whole(&session, last[i], 5, 0, size); // nothing is left of it
        }
    }
    assert_int_equal(session.begun.count, 0);
    acti_session_fini(&session);
}

TEST(messages_that_are_begun_at_the_same_time_do_not_mix_and_others_pass_them)
{
    acti_session session;
    open_limited(&session);
    for (size_t round = 0; round < 8; round++)
        for (uint64_t to = 1; to <= ACTI_BEGUN_MAX; to++) {
            assert_part(&session, to, round * 20 * to, 20 * to);
            assert_whole(&session, ACTI_FRAME_SEND, 100 + to, 0, 30);
            acti_frame given;
            assert_int_equal(hear_one(&session, sample(ACTI_FRAME_RELEASE, 0), &given), 1);
        }
    for (uint64_t to = ACTI_BEGUN_MAX; to >= 1; to--)
        assert_whole(&session, ACTI_FRAME_SEND, to, 8 * 20 * to, 7);
    acti_session_fini(&session);
}

TEST(message_of_one_frame_is_not_copied)
{
    acti_session session;
    acti_frame given;
    open_limited(&session);
    for (int others = 0; others < 2; others++) {
        assert_int_equal(hear_one(&session, frame_of(ACTI_FRAME_SEND, 5, 0, 4000), &given), 1);
        const uint8_t *in = acti_buf_bytes(&session.in);
        assert_true(given.rest > in && given.rest < in + session.in.size);
        assert_part(&session, 6, 0, 100); // of another
    }
    acti_session_fini(&session);
}

TEST(memory_is_taken_for_what_has_come_and_given_back_when_the_message_is_taken)
{
    acti_session session;
    open_limited(&session);
    for (size_t at = 0; at < 4000; at += 100) {
        assert_part(&session, 5, at, 100);
        assert_in_range(session.begun.messages[0].bytes.room, at + 100, 2 * (at + 100) + 256);
    }
    assert_whole(&session, ACTI_FRAME_SEND, 5, 4000, 1);
    assert_int_equal(session.begun.whole.size, 4001);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(session.begun.whole.room, 0);
    acti_session_fini(&session);
}

// ---- the end ---------------------------------------------------------------------

TEST(what_is_begun_outlives_a_connection_and_not_the_session)
{
    enum { GOODBYE, FAREWELL, REFUSED, ENDS };
    for (int end = 0; end < ENDS; end++) {
        acti_session session;
        open_limited(&session);
        assert_part(&session, 5, 0, 100);
        acti_session_cut(&session);
        acti_session_check(&session);
        meet_peer(&session, ACTI_PHASE_UP);
        assert_part(&session, 5, 100, 100);
        assert_int_equal(session.begun.messages[0].bytes.size, 200);
        acti_frame given;
        if (end == GOODBYE) {
            assert_int_equal(hear_one(&session, (acti_frame){.kind = ACTI_FRAME_GOODBYE}, &given), 1);
        } else if (end == FAREWELL) {
            assert_int_equal(acti_session_leave(&session), ACTA_OK);
            hush(&session);
            feed_frame(&session, &(acti_frame){.kind = ACTI_FRAME_FAREWELL, .sequence = session.goodbye});
            assert_int_equal(next_kind(&session), ACTI_FRAME_FAREWELL);
        } else {
            acti_session_refuse(&session, ACTA_EREFUSED, "enough: go away");
        }
        assert_int_equal(session.begun.count, 0);
        assert_null(session.begun.messages);
        acti_session_fini(&session);
    }
}

// ---- cut at every byte -----------------------------------------------------------

typedef struct talk {
    pair p;
    uint64_t whole;   // messages in parts that were given
    uint64_t between; // small ones, before the end of the large
    size_t carried;   // bytes, over all connections
    size_t cut;       // at so many; 0 when it has been
} talk;

static void look_at(pair *p, int i, const acti_frame *frame)
{
    talk *t = (talk *)(void *)p;
    assert_int_not_equal(frame->kind, ACTI_FRAME_PART);
    if (frame->kind != ACTI_FRAME_SEND)
        return;
    assert_int_equal(i, 1);
    if (frame->actor != 5) {
        t->between += t->whole == 0;
        return;
    }
    assert_int_equal(frame->rest_size, 130);
    assert_memory_equal(frame->rest, bytes, 130);
    t->whole++;
}

// converse cuts the connection at one byte, and gives how many bytes were carried in all.
static size_t converse(size_t cut, int caller)
{
    talk t = {.cut = cut};
    const acti_hello us[2] = {hello_of("w"), hello_of("e")};
    const acti_frame said[] = {frame_of(ACTI_FRAME_PART, 5, 0, 50), frame_of(ACTI_FRAME_SEND, 6, 0, 10),
                               frame_of(ACTI_FRAME_PART, 5, 50, 60), frame_of(ACTI_FRAME_SEND, 7, 0, 10),
                               frame_of(ACTI_FRAME_SEND, 5, 110, 20)};
    size_t put = 0;
    fill_bytes();
    pair_init(&t.p, us, OUT_LIMIT);
    t.p.given = look_at;
    for (int i = 0; t.p.side[0].state != ACTI_SESSION_LEFT || t.p.side[1].state != ACTI_SESSION_LEFT; i = 1 - i) {
        pair_call(&t.p, caller);
        acti_frame frame = said[put < 5 ? put : 0];
        if (put < 5 && acti_session_put(&t.p.side[0], &frame) == ACTA_OK)
            put++;
        if (put == 5)
            (void)acti_session_leave(&t.p.side[0]);
        t.carried += pair_carry(&t.p, i, t.cut != 0 ? t.cut - t.carried : SIZE_MAX);
        if (t.cut != 0 && t.carried == t.cut) {
            t.cut = 0;
            if (t.p.side[1].state != ACTI_SESSION_LEFT) // else all has come
                pair_cut(&t.p);
        }
    }
    assert_int_equal(t.whole, 1);
    assert_int_equal(t.between, 2);
    pair_fini(&t.p);
    return t.carried;
}

TEST(cut_at_any_byte_loses_and_repeats_no_part)
{
    for (int caller = 0; caller < 2; caller++) {
        size_t whole = converse(0, caller);
        assert_in_range(whole, 400, 800);
        for (size_t cut = 1; cut < whole; cut++)
            (void)converse(cut, caller);
    }
}

int main(void)
{
    return TEST_RUN(
        case_of(one_message_more_than_may_be_begun_is_refused_and_the_last_that_may_is_not),
        case_of(message_of_the_largest_size_is_taken_and_one_byte_more_refused_in_every_frame_that_may_bring_it),
        case_of(what_is_too_much_is_refused_with_the_byte_that_shows_it),
        case_of(message_is_whole_whatever_the_parts_and_whatever_ends_it_and_no_part_is_given_out),
        case_of(messages_that_are_begun_at_the_same_time_do_not_mix_and_others_pass_them),
        case_of(message_of_one_frame_is_not_copied),
        case_of(memory_is_taken_for_what_has_come_and_given_back_when_the_message_is_taken),
        case_of(what_is_begun_outlives_a_connection_and_not_the_session),
        case_of(cut_at_any_byte_loses_and_repeats_no_part));
}
