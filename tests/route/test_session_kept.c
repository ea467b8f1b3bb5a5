// SPDX-License-Identifier: MIT
//
// What a session keeps until it is acknowledged, and says again when a connection was cut.

#include "talk.h"

static void put(acti_session *session, unsigned kind)
{
    acti_frame frame = sample(kind, 0);
    assert_int_equal(acti_session_put(session, &frame), ACTA_OK);
}

// put_sends puts SENDs of 1000 bytes each.
static void put_sends(acti_session *session, int count)
{
    static uint8_t rest[1000 - ACTI_FRAME_HEADER - 12];
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    send.rest = rest;
    send.rest_size = sizeof rest;
    while (count-- > 0)
        assert_int_equal(acti_session_put(session, &send), ACTA_OK);
}

static void ack(acti_session *session, uint64_t sequence)
{
    acti_frame frame = {.kind = ACTI_FRAME_ACK, .sequence = sequence};
    feed_frame(session, &frame);
    assert_int_equal(next_kind(session), 0);
    assert_int_equal(session->acked, sequence);
}

static void start_large(acti_session *session, const char *name)
{
    acti_hello us = hello_of(name);
    assert_int_equal(acti_session_init(session, &us, 16 << 20), ACTA_OK);
}

// ---- kept ------------------------------------------------------------------------

TEST(chunk_is_kept_until_its_last_frame_is_acknowledged)
{
    acti_session session;
    bring(&session, &open_up);
    put_sends(&session, 3);
    hush(&session);
    put_sends(&session, 2);
    hush(&session);
    assert_int_equal(acti_session_kept(&session), 5000);
    ack(&session, 2);
    assert_int_equal(acti_session_kept(&session), 5000);
    ack(&session, 3);
    assert_int_equal(acti_session_kept(&session), 2000);
    ack(&session, 5);
    assert_int_equal(acti_session_kept(&session), 0);
    acti_session_fini(&session);
}

TEST(memory_of_a_stream_is_used_again_and_given_back_when_all_is_quiet)
{
    acti_session session;
    start_large(&session, "us");
    meet_peer(&session, ACTI_PHASE_UP);
    unsigned most = 0;
    for (int i = 0; i < 200; i++) {
        put_sends(&session, 2000); // 32 chunks and a bit
        hush(&session);
        if (session.sent >= 8000)
            ack(&session, session.sent - 900);
        if (session.spare_count > most)
            most = session.spare_count;
        assert_true(session.spare_count <= 32);
    }
    assert_true(most >= 32);
    ack(&session, session.sent);
    assert_int_equal(session.spare_count, 1);
    acti_session_fini(&session);
}

TEST(memory_of_a_large_frame_is_not_kept_for_the_next)
{
    acti_session session;
    start_large(&session, "us");
    meet_peer(&session, ACTI_PHASE_UP);
    uint8_t *rest = calloc(1, 1 << 19);
    assert_non_null(rest);
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    send.rest = rest;
    send.rest_size = 1 << 19;
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    hush(&session);
    ack(&session, 1);
    assert_int_equal(session.spare_count, 0);
    free(rest);
    acti_session_fini(&session);
}

// ---- again -----------------------------------------------------------------------

// resume cuts the connection and brings up one on which the peer has received so much; out gets what is said on it.
static void resume(acti_session *session, uint64_t received, acti_buf *out)
{
    acti_session_cut(session);
    acti_session_check(session);
    acti_frame hello = peer_frame(session, ACTI_FRAME_HELLO), frame = {.kind = ACTI_FRAME_ACK, .sequence = received};
    hello.hello.received = received;
    assert_int_equal(acti_session_adopt(session, &hello.hello, 0), ACTA_OK);
    hush(session);
    feed_frame(session, &frame);
    assert_int_equal(next_kind(session), 0);
    say(session, out);
}

TEST(after_a_cut_all_that_the_peer_has_not_received_is_said_again_byte_by_byte)
{
    // Frames 1 to 200 in four writes, of 61 frames each but the last.
    for (uint64_t received = 0; received <= 200; received++) {
        acti_session session;
        start_large(&session, "us");
        meet_peer(&session, ACTI_PHASE_UP);
        acti_buf first = {.limit = 1 << 20}, again = {.limit = 1 << 20};
        put_sends(&session, 200);
        say(&session, &first);
        assert_int_equal(first.size, 200 * 1000);
        resume(&session, received, &again);
        assert_int_equal(again.size, (200 - received) * 1000);
        if (again.size > 0)
            assert_memory_equal(acti_buf_bytes(&again), acti_buf_bytes(&first) + received * 1000, again.size);
        assert_int_equal(acti_session_waiting(&session), 0);
        assert_true(acti_session_kept(&session) == again.size);
        // And what is said from now on follows.
        put_sends(&session, 1);
        acti_buf_consume(&again, again.size);
        say(&session, &again);
        acti_frame frame;
        assert_int_equal(pop(&again, &frame), ACTI_FRAME_SEND);
        assert_int_equal(frame.sequence, 201);
        acti_buf_fini(&first);
        acti_buf_fini(&again);
        acti_session_fini(&session);
    }
}

TEST(what_is_put_while_there_is_no_connection_is_said_behind_what_is_said_again)
{
    acti_session a, b;
    open_both(&a, &b);
    put(&a, ACTI_FRAME_FIND);
    hush(&a);
    cut_both(&a, &b);
    put(&a, ACTI_FRAME_SEND);
    put(&b, ACTI_FRAME_FOUND);
    meet(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_FIND);
    assert_int_equal(next_kind(&b), ACTI_FRAME_SEND);
    assert_int_equal(next_kind(&b), 0);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FOUND);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(what_was_put_while_a_call_is_answered_waits_for_the_confirmation)
{
    acti_session session;
    bring(&session, &(place){ACTI_SESSION_OPEN, ACTI_PHASE_WELCOMED, false});
    put(&session, ACTI_FRAME_SEND);
    assert_string_equal(says(&session), "");
    acti_session_confirm(&session);
    assert_string_equal(says(&session), "AS");
    acti_session_fini(&session);
}

TEST(frames_without_a_number_are_not_said_again)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame find = sample(ACTI_FRAME_FIND, 1);
    feed_frame(&session, &find);
    assert_int_equal(next_kind(&session), ACTI_FRAME_FIND);
    put(&session, ACTI_FRAME_SEND);
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(&session, &bytes, &size)); // SEND and ACK, and a cut before they are written
    assert_true(size > acti_session_kept(&session));
    acti_buf again = {.limit = 4096};
    resume(&session, 0, &again);
    assert_int_equal(again.size, acti_session_kept(&session));
    acti_session_ack(&session, true);
    acti_session_cut(&session); // before the ACK is written
    meet_peer(&session, ACTI_PHASE_UP);
    assert_string_equal(says(&session), "");
    acti_buf_fini(&again);
    acti_session_fini(&session);
}

TEST(chunk_that_was_acknowledged_while_it_was_written_is_gone_after_a_cut)
{
    acti_session session;
    bring(&session, &open_up);
    put(&session, ACTI_FRAME_SEND);
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(&session, &bytes, &size));
    ack(&session, 1);
    acti_session_cut(&session);
    acti_session_check(&session);
    assert_false(acti_session_unsaid(&session));
    assert_int_equal(acti_session_waiting(&session), 0);
    acti_session_fini(&session);
}

TEST(acknowledgement_of_what_is_to_be_said_again_and_was_not_is_refused)
{
    acti_session session;
    bring(&session, &open_up);
    put(&session, ACTI_FRAME_SEND);
    hush(&session);
    acti_session_cut(&session);
    acti_frame hello = peer_frame(&session, ACTI_FRAME_HELLO), frame = {.kind = ACTI_FRAME_ACK, .sequence = 1};
    hello.hello.received = 0;
    assert_int_equal(acti_session_adopt(&session, &hello.hello, 0), ACTA_OK);
    ack(&session, 0);
    feed_frame(&session, &frame);
    assert_refused(&session, ACTA_EMALFORMED, "ACK of frame 1, with 0 written");
    acti_session_fini(&session);
}

TEST(frame_of_which_a_part_came_before_a_cut_is_taken_whole_after_it)
{
    acti_session a, b;
    open_both(&a, &b);
    put(&a, ACTI_FRAME_FIND);
    put(&a, ACTI_FRAME_SEND);
    acti_buf said = {.limit = 4096};
    say(&a, &said);
    feed(&b, acti_buf_bytes(&said), said.size - 1);
    assert_int_equal(next_kind(&b), ACTI_FRAME_FIND);
    assert_int_equal(next_kind(&b), 0);
    cut_both(&a, &b);
    meet(&a, &b);
    acti_frame frame, sent = sample(ACTI_FRAME_SEND, 2);
    assert_int_equal(acti_session_next(&b, &frame), 1);
    assert_true(sample_is(&frame, &sent));
    acti_buf_fini(&said);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

// ---- ends across connections -----------------------------------------------------

TEST(goodbye_is_said_again_until_it_is_answered)
{
    acti_session a, b;
    open_both(&a, &b);
    put(&a, ACTI_FRAME_SEND);
    assert_int_equal(acti_session_leave(&a), ACTA_OK);
    for (int i = 0; i < 3; i++) {
        hush(&a);
        cut_both(&a, &b);
        assert_int_equal(a.state, ACTI_SESSION_LEAVING);
        assert_int_equal(acti_session_call(&a), ACTA_OK);
    }
    cut_both(&a, &b);
    meet(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_SEND);
    assert_int_equal(next_kind(&b), ACTI_FRAME_GOODBYE);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FAREWELL);
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(goodbye_that_is_put_without_a_connection_is_said_over_the_next)
{
    acti_session a, b;
    open_both(&a, &b);
    cut_both(&a, &b);
    assert_int_equal(acti_session_leave(&a), ACTA_OK);
    meet(&b, &a); // whoever calls
    carry(&a, &b);
    assert_int_equal(next_kind(&a), 0);
    carry(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_GOODBYE);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(farewell_is_said_again_when_both_were_leaving)
{
    acti_session a, b;
    open_both(&a, &b);
    both_leave(&a, &b);
    assert_string_equal(says(&a), "F"); // lost
    assert_string_equal(says(&b), "F"); // lost
    cut_both(&a, &b);
    meet(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_FAREWELL);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FAREWELL);
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    assert_int_equal(b.state, ACTI_SESSION_LEFT);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(farewell_to_a_goodbye_that_this_connection_has_not_seen_is_refused)
{
    acti_session session;
    bring(&session, &leaving_up);
    acti_session_cut(&session);
    acti_frame hello = peer_frame(&session, ACTI_FRAME_HELLO), farewell = sample(ACTI_FRAME_FAREWELL, 1);
    hello.hello.received = 0;
    assert_int_equal(acti_session_adopt(&session, &hello.hello, 0), ACTA_OK);
    ack(&session, 0);
    feed_frame(&session, &farewell);
    assert_refused(&session, ACTA_EMALFORMED, "FAREWELL to GOODBYE 1");
    acti_session_fini(&session);
}

int main(void)
{
    return TEST_RUN(case_of(chunk_is_kept_until_its_last_frame_is_acknowledged),
                    case_of(memory_of_a_stream_is_used_again_and_given_back_when_all_is_quiet),
                    case_of(memory_of_a_large_frame_is_not_kept_for_the_next),
                    case_of(after_a_cut_all_that_the_peer_has_not_received_is_said_again_byte_by_byte),
                    case_of(what_is_put_while_there_is_no_connection_is_said_behind_what_is_said_again),
                    case_of(what_was_put_while_a_call_is_answered_waits_for_the_confirmation),
                    case_of(frames_without_a_number_are_not_said_again),
                    case_of(chunk_that_was_acknowledged_while_it_was_written_is_gone_after_a_cut),
                    case_of(acknowledgement_of_what_is_to_be_said_again_and_was_not_is_refused),
                    case_of(frame_of_which_a_part_came_before_a_cut_is_taken_whole_after_it),
                    case_of(goodbye_is_said_again_until_it_is_answered),
                    case_of(goodbye_that_is_put_without_a_connection_is_said_over_the_next),
                    case_of(farewell_is_said_again_when_both_were_leaving),
                    case_of(farewell_to_a_goodbye_that_this_connection_has_not_seen_is_refused));
}
