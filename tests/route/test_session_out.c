// SPDX-License-Identifier: MIT
//
// What a session writes: frames that are put, acknowledgements, and the ends.

#include "talk.h"

static int put(acti_session *session, unsigned kind)
{
    acti_frame frame = sample(kind, 0);
    return acti_session_put(session, &frame);
}

static acti_frame send_of(const uint8_t *rest, size_t frame_size)
{
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    send.rest = rest;
    send.rest_size = frame_size - ACTI_FRAME_HEADER - 12;
    return send;
}

// ---- putting ---------------------------------------------------------------------

TEST(kinds_that_the_session_writes_itself_cannot_be_put)
{
    acti_session session;
    bring(&session, &open_up);
    for (unsigned kind = 0; kind <= ACTI_FRAME_KINDS; kind++) {
        acti_frame frame = sample(kind, 0);
        acti_buf *out;
        size_t at;
        bool ours = kind < ACTI_FRAME_TYPE || kind == ACTI_FRAME_KINDS;
        bool rest = kind >= ACTI_FRAME_SEND && kind <= ACTI_FRAME_REPLY;
        assert_int_equal(acti_session_put(&session, &frame), ours ? ACTA_EINVAL : ACTA_OK);
        assert_int_equal(acti_session_begin(&session, &frame, &out, &at), rest ? ACTA_OK : ACTA_EINVAL);
        if (rest)
            assert_int_equal(acti_session_end(&session, at, true), ACTA_OK);
    }
    acti_session_fini(&session);
}

// append does what begin, append and end do to a SEND with a rest of that size.
static int append(acti_session *session, const uint8_t *rest, size_t size, bool drop)
{
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    acti_buf *out;
    size_t at;
    assert_int_equal(acti_session_begin(session, &send, &out, &at), ACTA_OK);
    assert_int_equal(acti_buf_append(out, rest, size), ACTA_OK);
    acti_session_check(session);
    int status = acti_session_end(session, at, drop);
    acti_session_check(session);
    return status;
}

TEST(payload_above_the_peers_limit_is_not_sent_and_one_at_the_limit_is)
{
    acti_session session;
    bring(&session, &open_up);
    uint32_t limit = session.peer.payload_bytes_max;
    uint8_t *rest = calloc(1, limit);
    assert_non_null(rest);
    acti_frame send = send_of(rest, ACTI_FRAME_HEADER + limit + 1);
    assert_int_equal(acti_session_put(&session, &send), ACTA_ETOOBIG);
    assert_int_equal(append(&session, rest, send.rest_size, false), ACTA_ETOOBIG);
    assert_int_equal(acti_session_waiting(&session), 0);
    assert_int_equal(session.sent, 0);
    assert_false(acti_session_unsaid(&session));

    send.rest_size--;
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    assert_int_equal(hush(&session), ACTI_FRAME_HEADER + limit);
    acti_frame ack = {.kind = ACTI_FRAME_ACK, .sequence = 1};
    feed_frame(&session, &ack);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(append(&session, rest, send.rest_size, false), ACTA_OK);
    assert_int_equal(session.sent, 2);
    free(rest);
    acti_session_fini(&session);
}

TEST(bytes_that_wait_or_are_kept_are_bounded_but_one_byte_less_takes_the_largest)
{
    for (int written = 0; written < 2; written++) {
        acti_session session;
        bring(&session, &open_up);
        uint8_t *rest = calloc(1, session.peer.payload_bytes_max);
        assert_non_null(rest);
        acti_frame send = send_of(rest, OUT_LIMIT - 1);
        assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
        if (written)
            hush(&session);
        assert_int_equal(acti_session_waiting(&session), written ? 0 : OUT_LIMIT - 1);
        assert_int_equal(acti_session_kept(&session), written ? OUT_LIMIT - 1 : 0);
        send = send_of(rest, ACTI_FRAME_HEADER + session.peer.payload_bytes_max);
        assert_int_equal(acti_session_put(&session, &send), ACTA_OK);

        acti_session before = session;
        acti_buf *out;
        size_t at;
        assert_int_equal(acti_session_put(&session, &send), ACTA_EFULL);
        assert_int_equal(acti_session_begin(&session, &send, &out, &at), ACTA_EFULL);
        assert_memory_equal(&session, &before, sizeof before);
        assert_int_equal(acti_session_leave(&session), ACTA_OK); // the end still fits
        free(rest);
        acti_session_fini(&session);
    }
}

TEST(an_acknowledgement_makes_room_and_a_write_does_not)
{
    acti_session session;
    bring(&session, &open_up);
    while (put(&session, ACTI_FRAME_FIND) == ACTA_OK) {
    }
    hush(&session);
    assert_int_equal(put(&session, ACTI_FRAME_FIND), ACTA_EFULL);
    acti_frame ack = {.kind = ACTI_FRAME_ACK, .sequence = session.sent};
    feed_frame(&session, &ack);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(put(&session, ACTI_FRAME_FIND), ACTA_OK);
    acti_session_fini(&session);
}

TEST(dropped_frame_uses_no_number)
{
    acti_session a, b;
    open_both(&a, &b);
    assert_int_equal(append(&a, (const uint8_t *)"x", 1, true), ACTA_OK);
    assert_int_equal(acti_session_waiting(&a), 0);
    assert_false(acti_session_unsaid(&a));
    assert_string_equal(says(&a), "");
    assert_int_equal(a.sent, 0);
    assert_int_equal(put(&a, ACTI_FRAME_FIND), ACTA_OK);
    assert_int_equal(append(&a, (const uint8_t *)"x", 1, true), ACTA_OK);
    assert_int_equal(put(&a, ACTI_FRAME_SEND), ACTA_OK);
    carry(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_FIND);
    assert_int_equal(next_kind(&b), ACTI_FRAME_SEND);
    assert_int_equal(b.received, 2);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

// ---- writing ---------------------------------------------------------------------

TEST(what_take_gave_stays_as_it_is_until_it_is_written_and_nothing_else_is_given)
{
    acti_session session;
    bring(&session, &open_up);
    assert_int_equal(put(&session, ACTI_FRAME_FIND), ACTA_OK);
    const uint8_t *bytes, *more;
    size_t size, more_size;
    uint8_t copy[256];
    assert_true(acti_session_take(&session, &bytes, &size));
    assert_true(size <= sizeof copy);
    memcpy(copy, bytes, size);

    for (int i = 0; i < 1000; i++)
        assert_int_equal(put(&session, ACTI_FRAME_SEND), ACTA_OK);
    acti_frame find = sample(ACTI_FRAME_FIND, 1), ack = {.kind = ACTI_FRAME_ACK, .sequence = 1};
    feed_frame(&session, &find);
    feed_frame(&session, &ack); // the peer has it before we know that it is written
    assert_int_equal(next_kind(&session), ACTI_FRAME_FIND);
    assert_int_equal(next_kind(&session), 0);
    acti_session_ack(&session, false);
    assert_false(acti_session_take(&session, &more, &more_size));
    assert_memory_equal(bytes, copy, size);
    assert_true(acti_session_unsaid(&session));
    assert_int_equal(acti_session_kept(&session), size);
    acti_session_wrote(&session);
    assert_int_equal(acti_session_kept(&session), 0);
    assert_true(acti_session_take(&session, &more, &more_size));
    acti_session_refuse(&session, ACTA_EREFUSED, "enough: go away"); // what is being written is, nevertheless
    acti_session_check(&session);
    acti_session_wrote(&session);
    assert_string_equal(says(&session), "R");
    acti_session_fini(&session);
}

TEST(writes_are_at_most_64_kib_of_small_frames_and_come_close_to_it)
{
    acti_hello us = hello_of("us");
    acti_session session;
    assert_int_equal(acti_session_init(&session, &us, 1 << 20), ACTA_OK);
    meet_peer(&session, ACTI_PHASE_UP);
    static uint8_t rest[4000];
    acti_frame send = send_of(rest, sizeof rest);
    while (acti_session_put(&session, &send) == ACTA_OK) {
    }
    const uint8_t *bytes;
    size_t size;
    int writes = 0;
    for (; acti_session_take(&session, &bytes, &size); writes++) {
        assert_in_range(size, acti_session_waiting(&session) > 0 ? 56 * 1024 : 1, 64 * 1024);
        acti_session_wrote(&session);
    }
    assert_in_range(writes, 16, 20);
    acti_session_fini(&session);
}

TEST(large_frame_takes_several_writes_that_nothing_comes_between)
{
    acti_hello us = hello_of("us");
    acti_session session;
    assert_int_equal(acti_session_init(&session, &us, 1 << 20), ACTA_OK);
    meet_peer(&session, ACTI_PHASE_UP);
    uint8_t *rest = calloc(1, 200000);
    assert_non_null(rest);
    for (size_t i = 0; i < 200000; i++)
        rest[i] = (uint8_t)(i * 7 / 5);
    acti_frame send = send_of(rest, 200000), frame;
    for (int i = 0; i < 2; i++)
        assert_int_equal(acti_session_put(&session, &send), ACTA_OK);

    // The first, cut in the middle, is written from its start again, and whole, though the session breaks meanwhile.
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(&session, &bytes, &size));
    acti_session_wrote(&session);
    assert_true(acti_session_unsaid(&session));
    assert_true(acti_session_take(&session, &bytes, &size));
    acti_frame hello = peer_frame(&session, ACTI_FRAME_HELLO), ack = {.kind = ACTI_FRAME_ACK};
    hello.hello.received = 0;
    acti_session_cut(&session);
    assert_int_equal(acti_session_adopt(&session, &hello.hello, 0), ACTA_OK);
    hush(&session);
    feed_frame(&session, &ack);
    assert_int_equal(next_kind(&session), 0);
    acti_buf said = {.limit = 1 << 20};
    int writes = 0;
    for (; acti_session_take(&session, &bytes, &size); writes++) {
        assert_in_range(size, writes < 4 ? 49000 : 1, 65536);
        assert_int_equal(acti_buf_append(&said, bytes, size), ACTA_OK);
        if (writes == 1)
            acti_session_refuse(&session, ACTA_EREFUSED, "enough: go away");
        acti_session_check(&session);
        acti_session_wrote(&session);
    }
    assert_int_equal(writes, 5);
    assert_int_equal(pop(&said, &frame), ACTI_FRAME_SEND);
    assert_memory_equal(frame.rest, rest, send.rest_size);
    assert_int_equal(pop(&said, &frame), ACTI_FRAME_REFUSE);
    assert_int_equal(said.size, 0);
    free(rest);
    acti_buf_fini(&said);
    acti_session_fini(&session);
}

// Or nobody would wait for the end of the first write, and the rest would be written by chance, or never.
TEST(the_rest_of_a_large_frame_is_unsaid_while_its_beginning_is_being_written)
{
    acti_session session;
    bring(&session, &open_up);
    static uint8_t rest[70000];
    acti_frame send = send_of(rest, sizeof rest);
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(&session, &bytes, &size));
    assert_true(acti_session_unsaid(&session));
    acti_session_wrote(&session);
    assert_true(acti_session_unsaid(&session));
    assert_true(acti_session_take(&session, &bytes, &size));
    assert_false(acti_session_unsaid(&session));
    acti_session_wrote(&session);
    assert_false(acti_session_unsaid(&session));
    acti_session_fini(&session);
}

TEST(frames_without_a_number_ride_behind_those_that_have_one)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame find = sample(ACTI_FRAME_FIND, 1);
    feed_frame(&session, &find);
    assert_int_equal(next_kind(&session), ACTI_FRAME_FIND);
    assert_string_equal(says(&session), ""); // nothing is due
    assert_int_equal(put(&session, ACTI_FRAME_FIND), ACTA_OK);
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(&session, &bytes, &size)); // and yet it costs little now
    assert_int_equal(size, acti_session_kept(&session) + ACTI_FRAME_HEADER + 8);
    acti_session_wrote(&session);
    assert_int_equal(session.ack_told, 1);
    assert_int_equal(put(&session, ACTI_FRAME_FIND), ACTA_OK);
    assert_string_equal(says(&session), "f"); // it was told
    acti_session_fini(&session);
}

TEST(frame_without_a_number_that_finds_no_room_goes_alone_and_first)
{
    acti_session session;
    bring(&session, &open_up);
    static uint8_t rest[256];
    acti_frame send = send_of(rest, 256); // the first room that a chunk gets
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    acti_session_ack(&session, true);
    const uint8_t *bytes;
    size_t size;
    assert_true(acti_session_take(&session, &bytes, &size));
    assert_int_equal(size, 256);
    acti_session_wrote(&session);
    assert_int_equal(put(&session, ACTI_FRAME_FIND), ACTA_OK);
    assert_true(acti_session_take(&session, &bytes, &size));
    assert_int_equal(size, ACTI_FRAME_HEADER + 8);
    assert_int_equal(bytes[4], ACTI_FRAME_ACK);
    acti_session_ack(&session, true);
    acti_session_wrote(&session);
    assert_string_equal(says(&session), "fA");
    acti_session_fini(&session);
}

// ---- acknowledgements ------------------------------------------------------------

static void hear(acti_session *session, uint64_t count, size_t frame_size)
{
    static uint8_t rest[70000];
    while (count-- > 0) {
        acti_frame send = send_of(rest, frame_size);
        send.sequence = session->received + 1;
        feed_frame(session, &send);
        assert_int_equal(next_kind(session), ACTI_FRAME_SEND);
    }
}

TEST(one_ack_answers_a_batch_and_none_answers_nothing_unless_it_is_a_heartbeat)
{
    acti_session session;
    bring(&session, &open_up);
    acti_session_ack(&session, false);
    assert_string_equal(says(&session), "");
    hear(&session, 5, 100);
    acti_session_ack(&session, false);
    hear(&session, 1, 100);
    acti_session_ack(&session, false);
    assert_true(acti_session_unsaid(&session));
    acti_buf said = {.limit = 4096};
    acti_frame ack;
    say(&session, &said);
    assert_int_equal(pop(&said, &ack), ACTI_FRAME_ACK);
    assert_int_equal(ack.sequence, 6); // also what came after it was due
    assert_int_equal(said.size, 0);
    acti_session_ack(&session, false);
    assert_string_equal(says(&session), "");
    acti_session_ack(&session, true);
    assert_string_equal(says(&session), "A");
    acti_buf_fini(&said);
    acti_session_fini(&session);
}

TEST(an_ack_is_owed_after_1024_frames_or_256_kib_and_not_before)
{
    acti_session session;
    bring(&session, &open_up);
    hear(&session, ACTI_SESSION_ACK_FRAMES - 1, 100);
    assert_false(acti_session_owes_ack(&session));
    hear(&session, 1, 100);
    assert_true(acti_session_owes_ack(&session));
    acti_session_ack(&session, false);
    hush(&session);
    assert_false(acti_session_owes_ack(&session));
    hear(&session, 15, ACTI_SESSION_ACK_BYTES / 16);
    hear(&session, 1, ACTI_SESSION_ACK_BYTES / 16 - 101);
    hear(&session, 1, 100);
    assert_false(acti_session_owes_ack(&session));
    hear(&session, 1, 28);
    assert_true(acti_session_owes_ack(&session));
    acti_session_cut(&session);
    assert_false(acti_session_owes_ack(&session)); // HELLO or WELCOME will say it
    meet_peer(&session, ACTI_PHASE_UP);
    assert_false(acti_session_owes_ack(&session));
    acti_session_fini(&session);
}

// ---- ends ------------------------------------------------------------------------

TEST(leaving_gets_what_the_peer_still_sends_and_then_its_farewell)
{
    acti_session a, b;
    open_both(&a, &b);
    assert_int_equal(put(&a, ACTI_FRAME_SEND), ACTA_OK);
    assert_int_equal(acti_session_leave(&a), ACTA_OK);
    assert_int_equal(acti_session_leave(&a), ACTA_EUNREACH);
    while (put(&b, ACTI_FRAME_REPLY) == ACTA_OK) {
    }
    carry(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_SEND);
    assert_int_equal(next_kind(&b), ACTI_FRAME_GOODBYE);
    assert_int_equal(b.state, ACTI_SESSION_LEFT);
    assert_int_equal(next_kind(&b), 0);
    assert_true(acti_session_unsaid(&b));
    carry(&b, &a);
    assert_false(acti_session_unsaid(&b));
    for (uint64_t i = 0; i < b.sent; i++)
        assert_int_equal(next_kind(&a), ACTI_FRAME_REPLY);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FAREWELL); // behind all of it, though it is several writes
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    assert_int_equal(a.acked, a.sent);
    assert_int_equal(acti_session_kept(&a), 0);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(crossing_goodbyes_end_both_sides_left)
{
    acti_session a, b;
    open_both(&a, &b);
    both_leave(&a, &b);
    assert_int_equal(a.state, ACTI_SESSION_LEAVING);
    assert_int_equal(next_kind(&a), 0);
    acti_session_ack(&a, false);
    assert_string_equal(says(&a), "F"); // it is one
    acti_session_ack(&a, true);         // a heartbeat while FAREWELL is on its way
    assert_string_equal(says(&a), "A");
    acti_frame farewell = {.kind = ACTI_FRAME_FAREWELL, .sequence = 1};
    feed_frame(&b, &farewell);
    assert_int_equal(next_kind(&b), ACTI_FRAME_FAREWELL);
    assert_int_equal(b.state, ACTI_SESSION_LEFT);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FAREWELL);
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    assert_int_equal(a.acked, a.sent);
    assert_int_equal(b.acked, b.sent);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(ack_that_was_due_when_the_session_was_left_is_not_waited_for)
{
    acti_session session;
    bring(&session, &leaving_up);
    acti_session_ack(&session, true);
    acti_frame farewell = {.kind = ACTI_FRAME_FAREWELL, .sequence = 1};
    feed_frame(&session, &farewell);
    assert_int_equal(next_kind(&session), ACTI_FRAME_FAREWELL);
    assert_false(acti_session_unsaid(&session));
    assert_string_equal(says(&session), "");
    acti_session_fini(&session);
}

TEST(farewell_waits_for_our_own_goodbye)
{
    // It says that this side closes, and that all it said was said.
    acti_session session;
    bring(&session, &open_up);
    while (put(&session, ACTI_FRAME_SEND) == ACTA_OK) {
    }
    assert_int_equal(acti_session_leave(&session), ACTA_OK);
    acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1);
    feed_frame(&session, &goodbye);
    assert_int_equal(next_kind(&session), ACTI_FRAME_GOODBYE);
    const char *said = says(&session);
    size_t n = strlen(said);
    assert_non_null(strchr(said, 'A'));
    assert_string_equal(said + n - 2, "GF");
    acti_session_fini(&session);
}

int main(void)
{
    return TEST_RUN(case_of(kinds_that_the_session_writes_itself_cannot_be_put),
                    case_of(payload_above_the_peers_limit_is_not_sent_and_one_at_the_limit_is),
                    case_of(bytes_that_wait_or_are_kept_are_bounded_but_one_byte_less_takes_the_largest),
                    case_of(an_acknowledgement_makes_room_and_a_write_does_not),
                    case_of(dropped_frame_uses_no_number),
                    case_of(what_take_gave_stays_as_it_is_until_it_is_written_and_nothing_else_is_given),
                    case_of(writes_are_at_most_64_kib_of_small_frames_and_come_close_to_it),
                    case_of(large_frame_takes_several_writes_that_nothing_comes_between),
                    case_of(the_rest_of_a_large_frame_is_unsaid_while_its_beginning_is_being_written),
                    case_of(frames_without_a_number_ride_behind_those_that_have_one),
                    case_of(frame_without_a_number_that_finds_no_room_goes_alone_and_first),
                    case_of(one_ack_answers_a_batch_and_none_answers_nothing_unless_it_is_a_heartbeat),
                    case_of(an_ack_is_owed_after_1024_frames_or_256_kib_and_not_before),
                    case_of(leaving_gets_what_the_peer_still_sends_and_then_its_farewell),
                    case_of(crossing_goodbyes_end_both_sides_left),
                    case_of(ack_that_was_due_when_the_session_was_left_is_not_waited_for),
                    case_of(farewell_waits_for_our_own_goodbye));
}
