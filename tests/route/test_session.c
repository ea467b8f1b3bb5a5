// SPDX-License-Identifier: MIT
//
// How a session breaks, and the memory that reading takes. Its states are in test_session_states.c.

#include "talk.h"

// ---- init ------------------------------------------------------------------------

static int init_with(const acti_hello *us, size_t out_limit)
{
    acti_session session;
    int status = acti_session_init(&session, us, out_limit);
    acti_session_fini(&session);
    return status;
}

TEST(init_refuses_limits_that_cannot_be)
{
    acti_hello good = hello_of("x");
    acti_hello bad = good;
    assert_int_equal(init_with(&good, 1), ACTA_OK);
    assert_int_equal(init_with(&good, 0), ACTA_EINVAL);
    assert_int_equal(init_with(&good, SIZE_MAX), ACTA_EINVAL);

    bad.payload_bytes_max = ACTI_SESSION_PAYLOAD_MIN - 1;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);
    bad.payload_bytes_max = ACTI_SESSION_PAYLOAD_MIN;
    assert_int_equal(init_with(&bad, 1), ACTA_OK);
    bad.payload_bytes_max = ACTI_SESSION_PAYLOAD_MAX;
    assert_int_equal(init_with(&bad, 1), ACTA_OK);
    bad.payload_bytes_max = ACTI_SESSION_PAYLOAD_MAX + 1;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);

    bad = good;
    bad.credit_messages = 0;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);
    bad = good;
    bad.credit_bytes = 0;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);
    bad = good;
    bad.heartbeat_ms = 0;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);
    bad.heartbeat_ms = 1;
    assert_int_equal(init_with(&bad, 1), ACTA_OK);
    bad = good;
    bad.version_min = 0;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);
    bad.version_min = 2;
    assert_int_equal(init_with(&bad, 1), ACTA_EINVAL);
}

TEST(fini_accepts_a_zeroed_session)
{
    acti_session session = {0};
    acti_session_fini(&session);
}

// ---- breaking --------------------------------------------------------------------

TEST(kind_that_the_state_forbids_is_refused_at_its_byte)
{
    acti_session session;
    bring(&session, &waiting);
    feed(&session, (const uint8_t[]){12, 0, 0, 0, ACTI_FRAME_SEND}, 4);
    assert_int_equal(next_kind(&session), 0);
    feed(&session, (const uint8_t[]){ACTI_FRAME_SEND}, 1);
    assert_refused(&session, ACTA_EMALFORMED, "SEND came during the handshake");
    acti_session_fini(&session);
}

TEST(peer_that_broke_the_protocol_is_told_and_one_that_refused_is_not)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame farewell = sample(ACTI_FRAME_FAREWELL, 1);
    feed_frame(&session, &farewell);
    assert_refused(&session, ACTA_EMALFORMED, "FAREWELL came without GOODBYE");
    acti_session_fini(&session);

    bring(&session, &open_up);
    acti_frame refuse = sample(ACTI_FRAME_REFUSE, 0);
    feed_frame(&session, &refuse);
    assert_int_equal(next_kind(&session), refuse.status);
    assert_string_equal(session.cause, SAMPLE_TEXT);
    assert_string_equal(says(&session), "");
    acti_session_fini(&session);
}

TEST(refuse_with_a_status_that_is_no_failure_or_without_cause_is_one_all_the_same)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame refuse = sample(ACTI_FRAME_REFUSE, 0);
    refuse.status = 0;
    refuse.text_size = 0;
    feed_frame(&session, &refuse);
    assert_int_equal(next_kind(&session), ACTA_EREFUSED);
    assert_string_not_equal(session.cause, "");
    acti_session_fini(&session);
}

TEST(control_characters_of_a_cause_become_question_marks)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame refuse = sample(ACTI_FRAME_REFUSE, 0);
    refuse.text = "a\nb\x1b[2J\x7f\xc2\x9b\xc2\xa0z";
    refuse.text_size = strlen(refuse.text);
    feed_frame(&session, &refuse);
    assert_int_equal(next_kind(&session), refuse.status);
    assert_string_equal(session.cause, "a?b?[2J???\xc2\xa0z");
    acti_session_fini(&session);
}

TEST(broken_session_neither_allocates_nor_answers)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame send = sample(ACTI_FRAME_SEND, 1);
    feed_frame(&session, &send);
    assert_int_equal(next_kind(&session), ACTI_FRAME_SEND); // to be acknowledged, were it not broken
    acti_session_refuse(&session, ACTA_EREFUSED, "full: come back later");
    acti_session before = session;
    acti_buf *out;
    size_t room = 1, at;
    assert_null(acti_session_space(&session, &room));
    assert_int_equal(room, 0);
    acti_session_feed(&session, 100); // of a read that was pending
    assert_int_equal(acti_session_put(&session, &send), ACTA_EUNREACH);
    assert_int_equal(acti_session_begin(&session, &send, &out, &at), ACTA_EUNREACH);
    assert_int_equal(acti_session_leave(&session), ACTA_EUNREACH);
    acti_session_ack(&session, true);
    acti_session_refuse(&session, ACTA_EMALFORMED, "other: cause");
    assert_int_equal(next_kind(&session), ACTA_EREFUSED);
    before.heard += 100;
    assert_memory_equal(&session, &before, sizeof session);
    acti_session_fini(&session);
}

TEST(read_that_was_pending_when_the_session_broke_still_has_its_memory)
{
    acti_session session;
    bring(&session, &open_up);
    size_t room;
    uint8_t *to = acti_session_space(&session, &room);
    acti_session_refuse(&session, ACTA_EREFUSED, "full: come back later");
    memset(to, 1, room); // ASan would see it freed
    acti_session_feed(&session, room);
    acti_session_check(&session);
    acti_session_fini(&session);
}

// ---- hostile bytes ---------------------------------------------------------------

typedef struct hostile {
    const char *what;
    const place *at;
    size_t size;
    const char *bytes;
    const char *cause;
} hostile;

#define BYTES(s) sizeof(s) - 1, (s)
#define ZEROS_8 "\0\0\0\0\0\0\0\0"

static const hostile hostiles[] = {
    {"an HTTP request", &waiting, BYTES("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "does not speak acta"},
    {"a TLS client hello", &waiting, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "does not speak acta"},
    {"an SSH banner", &calling, BYTES("SSH-2.0-OpenSSH_9.2p1\r\n"), "does not speak acta"},
    {"an nng SP header", &waiting, BYTES("\0SP\0\0\x50\0\0"), "does not speak acta"},
    {"a length of 2^31 before the handshake", &waiting, BYTES("\0\0\0\x80"), "above the limit"},
    {"a length of 2^32-1 before the handshake", &calling, BYTES("\xff\xff\xff\xff"), "above the limit"},
    {"a length of 1025 before the handshake", &waiting, BYTES("\x01\x04"), "above the limit"},
    {"a length of 2^31", &open_up, BYTES("\0\0\0\x80"), "above the limit"},
    {"a length of 2^32-1", &open_up, BYTES("\xff\xff\xff\xff"), "above the limit"},
    {"a length of 2^63-1 where lengths had 8 bytes", &open_up, BYTES("\xff\xff\xff\xff\xff\xff\xff\x7f"), "limit"},
    {"a length one above ours", &open_up, BYTES("\x01\0\x10\0"), "above the limit"},
    {"zeros", &open_up, BYTES(ZEROS_8 ZEROS_8), "kind is unknown"},
    {"an unknown kind", &open_up, BYTES("\0\0\0\0\x17"), "kind is unknown"},
    {"a reserved byte", &open_up, BYTES("\0\0\0\0\x05\x01"), "reserved byte"},
    {"a wrong magic", &waiting, BYTES("\x50\0\0\0\x01\0\0\0" ZEROS_8 "ACTB"), "start with"},
    {"a gap in the numbers", &open_up, BYTES("\0\0\0\0\x05\0\0\0\x02\0\0\0\0\0\0\0"), "number 2 after 0"},
    {"a gap, seen before its payload", &open_up, BYTES("\x20\0\0\0\x0b\0\0\0\x09\0\0\0\0\0\0\0"), "number 9 after 0"},
    {"number 0", &open_up, BYTES("\0\0\0\0\x05\0\0\0" ZEROS_8), "no sequence number"},
    {"an ACK of nothing", &open_up, BYTES("\x08\0\0\0\x04\0\0\0" ZEROS_8 "\1\0\0\0\0\0\0\0"), "ACK of frame 1"},
    {"an ACK with a number", &open_up, BYTES("\x08\0\0\0\x04\0\0\0\x01\0\0\0\0\0\0\0"), "carries one"},
    {"a FAREWELL to another", &leaving_up, BYTES("\x08\0\0\0\x06\0\0\0" ZEROS_8 "\2\0\0\0\0\0\0\0"), "GOODBYE 2"},
    {"a byte behind a payload", &open_up, BYTES("\x19\0\0\0\x0e\0\0\0\1\0\0\0\0\0\0\0"), "fit the frame kind"},
    {"a text that is too long", &open_up, BYTES("\x06\x01\0\0\x07\0\0\0\1\0\0\0\0\0\0\0"), "fit the frame kind"},
    {"a text that is not UTF-8", &open_up, BYTES("\7\0\0\0\x07\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\0\xff"), "not UTF-8"},
    {"a text with NUL", &open_up, BYTES("\7\0\0\0\x07\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0"), "contains NUL"},
};

TEST(hostile_bytes_break_the_session_and_say_why)
{
    for (size_t i = 0; i < sizeof hostiles / sizeof *hostiles; i++) {
        const hostile *h = &hostiles[i];
        acti_session session;
        bring(&session, h->at);
        feed(&session, h->bytes, h->size);
        if (next_kind(&session) >= 0)
            fail_msg("%s was taken", h->what);
        assert_refused(&session, ACTA_EMALFORMED, h->cause);
        acti_session_fini(&session);
    }
}

TEST(a_mebibyte_of_noise_breaks_the_session_within_one_read)
{
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    static uint64_t noise[1 << 17];
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
        noise[i] = acti_random_next(&seed);
    const place *const places[] = {&waiting, &calling, &open_up, &leaving_up};
    for (int i = 0; i < 4; i++) {
        acti_session session;
        bring(&session, places[i]);
        const uint8_t *from = (const uint8_t *)noise;
        for (size_t left = sizeof noise; left > 0;) {
            size_t n = left < 65536 ? left : 65536;
            feed(&session, from, n);
            (void)next_kind(&session);
            from += n;
            left -= n;
        }
        assert_int_equal(session.state, ACTI_SESSION_BROKEN);
        assert_true(session.in.room <= 2 * ACTI_SESSION_READ_MIN);
        acti_session_fini(&session);
    }
}

TEST(repeated_number_is_refused)
{
    acti_session session;
    bring(&session, &open_up);
    acti_frame find = sample(ACTI_FRAME_FIND, 1);
    feed_frame(&session, &find);
    assert_int_equal(next_kind(&session), ACTI_FRAME_FIND);
    feed_frame(&session, &find);
    assert_refused(&session, ACTA_EMALFORMED, "number 1 after 1");
    acti_session_fini(&session);
}

TEST(ack_that_goes_back_or_is_of_what_was_not_written_is_refused_and_a_repeated_one_is_not)
{
    for (uint64_t bad = 2; bad <= 5; bad++) {
        if (bad == 3 || bad == 4)
            continue;
        acti_session a, b;
        open_both(&a, &b);
        for (int i = 0; i < 5; i++) {
            acti_frame find = sample(ACTI_FRAME_FIND, 0);
            assert_int_equal(acti_session_put(&a, &find), ACTA_OK);
            if (i == 3)
                carry(&a, &b); // the fifth is not written
        }
        acti_frame ack = sample(ACTI_FRAME_ACK, 3);
        feed_frame(&a, &ack);
        feed_frame(&a, &ack);
        assert_int_equal(next_kind(&a), 0);
        assert_int_equal(a.acked, 3);
        ack.sequence = bad;
        feed_frame(&a, &ack);
        assert_refused(&a, ACTA_EMALFORMED, bad == 2 ? "ACK of frame 2, with 4 written and 3" : "ACK of frame 5");
        acti_session_fini(&a);
        acti_session_fini(&b);
    }
}

// ---- memory ----------------------------------------------------------------------

TEST(a_claimed_length_takes_no_memory_before_its_bytes_come)
{
    acti_hello us = hello_of("called");
    us.payload_bytes_max = 64 << 20;
    acti_session session;
    assert_int_equal(acti_session_init(&session, &us, OUT_LIMIT), ACTA_OK);
    meet_peer(&session, ACTI_PHASE_UP);

    // The header of a SEND of 64 MiB, to the byte what is allowed.
    feed(&session, (const uint8_t[]){0, 0, 0, 4, ACTI_FRAME_SEND, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 16);
    assert_int_equal(next_kind(&session), 0);
    size_t room;
    size_t came = 16;
    static uint8_t zeros[1 << 20];
    while (came < 16 + (64 << 20)) {
        uint8_t *to = acti_session_space(&session, &room);
        assert_non_null(to);
        assert_in_range(room, 1, 1 << 20);
        assert_true(session.in.room <= 2 * (came + (1 << 20)));
        memcpy(to, zeros, room);
        if (room > 16 + (64u << 20) - came)
            room = 16 + (64u << 20) - came;
        acti_session_feed(&session, room);
        came += room;
        acti_session_check(&session);
        if (came < 16 + (64 << 20))
            assert_int_equal(next_kind(&session), 0);
    }
    acti_frame frame;
    assert_int_equal(acti_session_next(&session, &frame), 1);
    assert_int_equal(frame.rest_size, (64 << 20) - 12);
    acti_session_fini(&session);
}

TEST(space_is_256_kib_and_the_rest_of_a_large_frame_up_to_1_mib)
{
    acti_session session;
    bring(&session, &open_up);
    size_t room;
    assert_non_null(acti_session_space(&session, &room));
    assert_int_equal(room, ACTI_SESSION_READ_MIN);
    // 16 bytes of a frame of 16 + 0x68000.
    feed(&session, (const uint8_t[]){0, 0x80, 6, 0, ACTI_FRAME_SEND, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 16);
    assert_int_equal(next_kind(&session), 0);
    assert_non_null(acti_session_space(&session, &room));
    assert_int_equal(room, 0x68000);
    acti_session_fini(&session);
}

TEST(space_is_4_kib_for_those_who_have_not_said_who_they_are)
{
    const place shaking[] = {waiting, calling, {ACTI_SESSION_NEW, ACTI_PHASE_HALF, false}};
    for (int i = 0; i < 3; i++) {
        acti_session session;
        size_t room;
        bring(&session, &shaking[i]);
        assert_non_null(acti_session_space(&session, &room));
        assert_int_equal(room, 4096);
        acti_session_fini(&session);
    }
}

TEST(in_takes_no_more_when_nobody_takes_frames_out_and_goes_on_when_somebody_does)
{
    acti_session session;
    bring(&session, &open_up);
    size_t limit = session.in.limit;
    assert_int_equal(limit, ACTI_FRAME_HEADER + session.us.payload_bytes_max + (1 << 20));
    acti_frame credit = sample(ACTI_FRAME_CREDIT, 0);
    size_t room, fed = 0;
    for (;;) {
        if (acti_session_space(&session, &room) == NULL)
            break;
        credit.sequence = ++fed;
        feed_frame(&session, &credit);
        assert_true(session.in.size <= limit && session.in.room <= 2 * limit);
    }
    assert_true(session.in.size > limit - ACTI_SESSION_READ_MIN - 32);
    for (size_t i = 0; i < fed; i++)
        assert_int_equal(next_kind(&session), ACTI_FRAME_CREDIT);
    assert_int_equal(next_kind(&session), 0);
    assert_non_null(acti_session_space(&session, &room));
    acti_session_fini(&session);
}

TEST(a_frame_stays_readable_until_the_next_call)
{
    acti_session session;
    bring(&session, &open_up);
    for (unsigned kind = ACTI_FRAME_FIND; kind <= ACTI_FRAME_SEND; kind++) {
        acti_frame written = sample(kind, kind - ACTI_FRAME_FIND + 1);
        feed_frame(&session, &written);
    }
    for (unsigned kind = ACTI_FRAME_FIND; kind <= ACTI_FRAME_SEND; kind++) {
        acti_frame written = sample(kind, kind - ACTI_FRAME_FIND + 1), frame;
        assert_int_equal(acti_session_next(&session, &frame), 1);
        acti_session_ack(&session, true);
        assert_true(sample_is(&frame, &written));
    }
    acti_session_fini(&session);
}

TEST(left_session_takes_bytes_for_ever_without_growing)
{
    acti_session session;
    bring(&session, &open_up);
    // A GOODBYE and, in the same read, what may not follow it.
    acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1), send = sample(ACTI_FRAME_SEND, 2);
    feed_frame(&session, &goodbye);
    feed_frame(&session, &send);
    assert_int_equal(next_kind(&session), ACTI_FRAME_GOODBYE);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(session.state, ACTI_SESSION_LEFT);
    hush(&session);
    size_t room = session.in.room;
    for (int i = 0; i < 10000; i++)
        feed_frame(&session, &send);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(session.in.size, 0);
    assert_int_equal(session.in.room, room);
    assert_false(acti_session_unsaid(&session));
    acti_session_refuse(&session, ACTA_EREFUSED, "late: nothing");
    assert_int_equal(session.state, ACTI_SESSION_LEFT);
    acti_session_fini(&session);
}

int main(void)
{
    return TEST_RUN(case_of(init_refuses_limits_that_cannot_be),
                    case_of(fini_accepts_a_zeroed_session),
                    case_of(kind_that_the_state_forbids_is_refused_at_its_byte),
                    case_of(peer_that_broke_the_protocol_is_told_and_one_that_refused_is_not),
                    case_of(refuse_with_a_status_that_is_no_failure_or_without_cause_is_one_all_the_same),
                    case_of(control_characters_of_a_cause_become_question_marks),
                    case_of(broken_session_neither_allocates_nor_answers),
                    case_of(read_that_was_pending_when_the_session_broke_still_has_its_memory),
                    case_of(hostile_bytes_break_the_session_and_say_why),
                    case_of(a_mebibyte_of_noise_breaks_the_session_within_one_read),
                    case_of(repeated_number_is_refused),
                    case_of(ack_that_goes_back_or_is_of_what_was_not_written_is_refused_and_a_repeated_one_is_not),
                    case_of(a_claimed_length_takes_no_memory_before_its_bytes_come),
                    case_of(space_is_256_kib_and_the_rest_of_a_large_frame_up_to_1_mib),
                    case_of(space_is_4_kib_for_those_who_have_not_said_who_they_are),
                    case_of(in_takes_no_more_when_nobody_takes_frames_out_and_goes_on_when_somebody_does),
                    case_of(a_frame_stays_readable_until_the_next_call),
                    case_of(left_session_takes_bytes_for_ever_without_growing));
}
