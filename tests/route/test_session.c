// SPDX-License-Identifier: MIT

#include "talk.h"

// The status that the session ended with, or 0; and that it told the peer so by REFUSE.
static void assert_refused(acti_session *session, int status, const char *cause)
{
    assert_int_equal(next_kind(session), status);
    assert_int_equal(session->state, ACTI_SESSION_BROKEN);
    assert_int_equal(session->status, status);
    if (strstr(session->cause, cause) == NULL)
        fail_msg("cause is \"%s\", without \"%s\"", session->cause, cause);
    assert_non_null(strchr(session->cause, ':')); // what: what to do

    acti_frame frame = {0};
    unsigned kind;
    do {
        kind = answered(session, &frame);
    } while (kind != 0 && kind != ACTI_FRAME_REFUSE);
    assert_int_equal(kind, ACTI_FRAME_REFUSE);
    assert_int_equal(frame.status, status);
    assert_int_equal(frame.text_size, strlen(session->cause));
    assert_memory_equal(frame.text, session->cause, frame.text_size);
    assert_int_equal(session->out.size, 0);
    assert_int_equal(next_kind(session), status);
}

// ---- init ------------------------------------------------------------------------

static int init_with(const acti_hello *us, size_t out_limit)
{
    acti_session session;
    int status = acti_session_init(&session, true, us, out_limit);
    acti_session_fini(&session);
    return status;
}

TEST(init_refuses_limits_that_cannot_be)
{
    acti_hello good = sample_hello("x");
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

// ---- every state, every kind -----------------------------------------------------

// A column for each kind in the order of its number, HELLO first. O opens; G is given to the node; . is dealt
// with inside; L is given and the session is LEFT; R breaks it with the peer's status; X breaks it with
// ACTA_EMALFORMED; - is dropped unread.
static const char *const outcomes[PLACES] = {
    [WAITING] = "OXXXXXXXXXXXXXXXX", //
    [CALLING] = "XORXXXXXXXXXXXXXX", //
    [OPEN] = "XXR.LXGGGGGGGGGGG",    //
    [LEAVING] = "XXR.GLGGGGGGGGGGG", //
    [CROSSED] = "XXR.XLXXXXXXXXXXX", //
    [LEFT] = "-----------------",    //
    [BROKEN] = "-----------------",
};

static acti_frame fitting(const acti_session *session, unsigned kind)
{
    acti_frame frame = sample(kind, session->received + 1);
    if (kind == ACTI_FRAME_ACK)
        frame.sequence = session->sent;
    if (kind == ACTI_FRAME_FAREWELL)
        frame.sequence = session->goodbye;
    return frame;
}

static void assert_outcome(place at, unsigned kind)
{
    acti_session session;
    bring(&session, at);
    acti_session_state before = session.state;
    acti_frame frame = fitting(&session, kind);
    feed_frame(&session, &frame);
    int got = next_kind(&session);
    char outcome = outcomes[at][kind - 1];
    bool given = outcome == 'O' || outcome == 'G' || outcome == 'L';
    acti_session_state after = outcome == 'O'                     ? ACTI_SESSION_OPEN
                               : outcome == 'L'                   ? ACTI_SESSION_LEFT
                               : outcome == 'R' || outcome == 'X' ? ACTI_SESSION_BROKEN
                                                                  : before;
    if (given)
        assert_int_equal(got, kind);
    else if (outcome == 'X')
        assert_int_equal(got, ACTA_EMALFORMED);
    else if (outcome == 'R')
        assert_int_equal(got, frame.status);
    else
        assert_int_equal(got, at == BROKEN ? session.status : 0);
    assert_int_equal(session.state, after);
    acti_session_fini(&session);
}

TEST(every_kind_in_every_state_has_the_outcome_of_the_table)
{
    for (place at = WAITING; at < PLACES; at++) {
        assert_int_equal(strlen(outcomes[at]), ACTI_FRAME_KINDS - 1);
        EACH_KIND(kind)
            assert_outcome(at, kind);
    }
}

TEST(kind_that_the_state_forbids_is_refused_at_its_byte)
{
    acti_session session;
    bring(&session, WAITING);
    feed(&session, (const uint8_t[]){12, 0, 0, 0, ACTI_FRAME_SEND}, 4);
    assert_int_equal(next_kind(&session), 0);
    feed(&session, (const uint8_t[]){ACTI_FRAME_SEND}, 1);
    assert_refused(&session, ACTA_EMALFORMED, "SEND came during the handshake");
    acti_session_fini(&session);
}

TEST(peer_that_broke_the_protocol_is_told_and_one_that_refused_is_not)
{
    acti_session session;
    bring(&session, OPEN);
    acti_frame farewell = sample(ACTI_FRAME_FAREWELL, 1);
    feed_frame(&session, &farewell);
    assert_refused(&session, ACTA_EMALFORMED, "FAREWELL came without GOODBYE");
    acti_session_fini(&session);

    bring(&session, OPEN);
    acti_frame refuse = sample(ACTI_FRAME_REFUSE, 0);
    feed_frame(&session, &refuse);
    assert_int_equal(next_kind(&session), refuse.status);
    assert_string_equal(session.cause, SAMPLE_TEXT);
    assert_int_equal(session.out.size, 0);
    acti_session_fini(&session);
}

TEST(refuse_with_a_status_that_is_no_failure_or_without_cause_is_one_all_the_same)
{
    acti_session session;
    bring(&session, OPEN);
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
    bring(&session, OPEN);
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
    bring(&session, OPEN);
    acti_frame send = sample(ACTI_FRAME_SEND, 1);
    feed_frame(&session, &send);
    assert_int_equal(next_kind(&session), ACTI_FRAME_SEND); // to be acknowledged, were it not broken
    acti_session_refuse(&session, ACTA_EREFUSED, "full: come back later");
    acti_session before = session;
    size_t room = 1, at;
    assert_null(acti_session_space(&session, &room));
    assert_int_equal(room, 0);
    acti_session_feed(&session, 100); // of a read that was pending
    assert_int_equal(acti_session_put(&session, &send), ACTA_EUNREACH);
    assert_int_equal(acti_session_begin(&session, &send, &at), ACTA_EUNREACH);
    assert_int_equal(acti_session_leave(&session), ACTA_EUNREACH);
    acti_session_ack(&session);
    acti_session_refuse(&session, ACTA_EMALFORMED, "other: cause");
    assert_int_equal(next_kind(&session), ACTA_EREFUSED);
    assert_memory_equal(&session, &before, sizeof session);
    acti_session_fini(&session);
}

TEST(read_that_was_pending_when_the_session_broke_still_has_its_memory)
{
    acti_session session;
    bring(&session, OPEN);
    size_t room;
    uint8_t *to = acti_session_space(&session, &room);
    acti_session_refuse(&session, ACTA_EREFUSED, "full: come back later");
    memset(to, 1, room); // ASan would see it freed
    acti_session_feed(&session, room);
    acti_session_check(&session);
    acti_session_fini(&session);
}

// ---- handshake -------------------------------------------------------------------

TEST(handshake_opens_both_and_tells_each_of_the_other)
{
    acti_session a, b;
    open_both(&a, &b);
    assert_int_equal(a.state, ACTI_SESSION_OPEN);
    assert_int_equal(b.state, ACTI_SESSION_OPEN);
    assert_string_equal(a.peer.name, "called");
    assert_string_equal(b.peer.name, "caller");
    assert_int_equal(a.peer.node, b.us.node);
    assert_int_equal(a.peer.incarnation, b.us.incarnation);
    assert_int_equal(b.peer.credit_messages, a.us.credit_messages);
    assert_int_equal(b.peer.credit_bytes, a.us.credit_bytes);
    assert_int_equal(a.out.size + b.out.size, 0);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

// versions: what the called node answers to HELLO with peer_min to peer_max when it speaks min to max itself.
static int versions(unsigned min, unsigned max, unsigned peer_min, unsigned peer_max)
{
    acti_hello us = sample_hello("called");
    us.version_min = (uint16_t)min;
    us.version_max = (uint16_t)max;
    acti_session session;
    assert_int_equal(acti_session_init(&session, false, &us, OUT_LIMIT), ACTA_OK);
    acti_frame hello = sample(ACTI_FRAME_HELLO, 0);
    hello.hello.version_min = (uint16_t)peer_min;
    hello.hello.version_max = (uint16_t)peer_max;
    feed_frame(&session, &hello);
    int result = next_kind(&session);
    acti_frame frame;
    if (result > 0) {
        assert_int_equal(answered(&session, &frame), ACTI_FRAME_WELCOME);
        assert_int_equal(frame.hello.version_min, frame.hello.version_max);
        assert_int_equal(session.peer.version_max, frame.hello.version_max);
        result = frame.hello.version_max;
    } else {
        assert_refused(&session, result, ": ");
    }
    acti_session_fini(&session);
    return result;
}

TEST(highest_version_that_both_speak_is_chosen_or_the_peer_refused)
{
    assert_int_equal(versions(1, 1, 2, 3), ACTA_EVERSION);
    assert_int_equal(versions(4, 5, 2, 3), ACTA_EVERSION);
    assert_int_equal(versions(1, 1, 3, 2), ACTA_EMALFORMED);
    assert_int_equal(versions(1, 1, 0, 1), ACTA_EMALFORMED);
    assert_int_equal(versions(1, 1, 1, 1), 1);
    assert_int_equal(versions(1, 1, 1, 65535), 1);
    assert_int_equal(versions(1, 3, 2, 5), 3);
    assert_int_equal(versions(2, 5, 1, 3), 3);
    assert_int_equal(versions(1, 3, 3, 4), 3);
    assert_int_equal(versions(3, 4, 1, 3), 3);
}

TEST(welcome_with_a_version_that_was_not_offered_is_refused)
{
    for (unsigned version = 0; version < 5; version++) {
        acti_hello us = sample_hello("caller");
        us.version_min = 2;
        us.version_max = 3;
        acti_session session;
        assert_int_equal(acti_session_init(&session, true, &us, OUT_LIMIT), ACTA_OK);
        acti_frame welcome = sample(ACTI_FRAME_WELCOME, 0);
        welcome.hello.version_max = (uint16_t)version;
        feed_frame(&session, &welcome);
        if (version == 2 || version == 3) {
            assert_int_equal(next_kind(&session), ACTI_FRAME_WELCOME);
            assert_int_equal(session.peer.version_min, version);
        } else {
            assert_refused(&session, ACTA_EVERSION, "update the older");
        }
        acti_session_fini(&session);
    }
}

// The status after a handshake in which the peer, caller or called, gave these limits.
static int limits(bool caller, uint32_t payload, uint32_t messages, uint32_t bytes, uint32_t *taken)
{
    acti_session session;
    start(&session, caller);
    acti_frame frame = sample(caller ? ACTI_FRAME_WELCOME : ACTI_FRAME_HELLO, 0);
    frame.hello.payload_bytes_max = payload;
    frame.hello.credit_messages = messages;
    frame.hello.credit_bytes = bytes;
    feed_frame(&session, &frame);
    int status = next_kind(&session);
    if (status < 0)
        assert_refused(&session, status, "raise");
    else
        *taken = session.peer.payload_bytes_max;
    acti_session_fini(&session);
    return status < 0 ? status : ACTA_OK;
}

TEST(limits_of_the_peer_are_refused_when_too_small_and_cut_when_too_large)
{
    for (int caller = 0; caller < 2; caller++) {
        uint32_t taken = 0;
        assert_int_equal(limits(caller, 4095, 1, 1, &taken), ACTA_EREFUSED);
        assert_int_equal(limits(caller, 4096, 0, 1, &taken), ACTA_EREFUSED);
        assert_int_equal(limits(caller, 4096, 1, 0, &taken), ACTA_EREFUSED);
        assert_int_equal(limits(caller, 4096, 1, 1, &taken), ACTA_OK);
        assert_int_equal(taken, 4096);
        assert_int_equal(limits(caller, ACTI_SESSION_PAYLOAD_MAX, 1, 1, &taken), ACTA_OK);
        assert_int_equal(taken, ACTI_SESSION_PAYLOAD_MAX);
        assert_int_equal(limits(caller, UINT32_MAX, UINT32_MAX, UINT32_MAX, &taken), ACTA_OK);
        assert_int_equal(taken, ACTI_SESSION_PAYLOAD_MAX);
    }
}

TEST(longest_names_leave_a_whole_cause)
{
    acti_hello us = sample_hello("");
    memset(us.name, 'u', ACTI_FRAME_TEXT_MAX);
    acti_session session;
    assert_int_equal(acti_session_init(&session, false, &us, OUT_LIMIT), ACTA_OK);
    acti_frame hello = sample(ACTI_FRAME_HELLO, 0);
    hello.hello.version_min = 2;
    hello.hello.version_max = 3;
    memset(hello.hello.name, 'p', ACTI_FRAME_TEXT_MAX);
    feed_frame(&session, &hello);
    assert_refused(&session, ACTA_EVERSION, "2 to 3 meet 1 to 1: update the older of the two, pppp");
    acti_session_fini(&session);
}

// ---- hostile bytes ---------------------------------------------------------------

typedef struct hostile {
    const char *what;
    place at;
    size_t size;
    const char *bytes;
    const char *cause;
} hostile;

#define BYTES(s) sizeof(s) - 1, (s)
#define ZEROS_8 "\0\0\0\0\0\0\0\0"

static const hostile hostiles[] = {
    {"an HTTP request", WAITING, BYTES("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "does not speak acta"},
    {"a TLS client hello", WAITING, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "does not speak acta"},
    {"an SSH banner", CALLING, BYTES("SSH-2.0-OpenSSH_9.2p1\r\n"), "does not speak acta"},
    {"an nng SP header", WAITING, BYTES("\0SP\0\0\x50\0\0"), "does not speak acta"},
    {"a length of 2^31 before the handshake", WAITING, BYTES("\0\0\0\x80"), "above the limit"},
    {"a length of 2^32-1 before the handshake", CALLING, BYTES("\xff\xff\xff\xff"), "above the limit"},
    {"a length of 513 before the handshake", WAITING, BYTES("\x01\x02"), "above the limit"},
    {"a length of 2^31", OPEN, BYTES("\0\0\0\x80"), "above the limit"},
    {"a length of 2^32-1", OPEN, BYTES("\xff\xff\xff\xff"), "above the limit"},
    {"a length of 2^63-1 where lengths had 8 bytes", OPEN, BYTES("\xff\xff\xff\xff\xff\xff\xff\x7f"), "limit"},
    {"a length one above ours", OPEN, BYTES("\x01\0\x10\0"), "above the limit"},
    {"zeros", OPEN, BYTES(ZEROS_8 ZEROS_8), "kind is unknown"},
    {"an unknown kind", OPEN, BYTES("\0\0\0\0\x12"), "kind is unknown"},
    {"a reserved byte", OPEN, BYTES("\0\0\0\0\x05\x01"), "reserved byte"},
    {"a wrong magic", WAITING, BYTES("\x26\0\0\0\x01\0\0\0" ZEROS_8 "ACTB"), "start with"},
    {"a gap in the numbers", OPEN, BYTES("\0\0\0\0\x05\0\0\0\x02\0\0\0\0\0\0\0"), "number 2 after 0"},
    {"a gap, seen before its payload", OPEN, BYTES("\x20\0\0\0\x0b\0\0\0\x09\0\0\0\0\0\0\0"), "number 9 after 0"},
    {"number 0", OPEN, BYTES("\0\0\0\0\x05\0\0\0" ZEROS_8), "no sequence number"},
    {"an ACK of what was not sent", OPEN, BYTES("\x08\0\0\0\x04\0\0\0" ZEROS_8 "\1\0\0\0\0\0\0\0"), "ACK of frame 1"},
    {"an ACK with a number", OPEN, BYTES("\x08\0\0\0\x04\0\0\0\x01\0\0\0\0\0\0\0"), "carries one"},
    {"a FAREWELL to another GOODBYE", LEAVING, BYTES("\x08\0\0\0\x06\0\0\0" ZEROS_8 "\2\0\0\0\0\0\0\0"), "GOODBYE 2"},
    {"a byte behind a payload", OPEN, BYTES("\x19\0\0\0\x0e\0\0\0\1\0\0\0\0\0\0\0"), "fit the frame kind"},
    {"a text that is too long", OPEN, BYTES("\x06\x01\0\0\x07\0\0\0\1\0\0\0\0\0\0\0"), "fit the frame kind"},
    {"a text that is not UTF-8", OPEN, BYTES("\7\0\0\0\x07\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\0\xff"), "not UTF-8"},
    {"a text with NUL", OPEN, BYTES("\7\0\0\0\x07\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0"), "contains NUL"},
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
    for (place at = WAITING; at <= LEAVING; at++) {
        acti_session session;
        bring(&session, at);
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
    bring(&session, OPEN);
    acti_frame find = sample(ACTI_FRAME_FIND, 1);
    feed_frame(&session, &find);
    assert_int_equal(next_kind(&session), ACTI_FRAME_FIND);
    feed_frame(&session, &find);
    assert_refused(&session, ACTA_EMALFORMED, "number 1 after 1");
    acti_session_fini(&session);
}

TEST(ack_that_goes_back_is_refused_and_a_repeated_one_is_not)
{
    acti_session a, b;
    open_both(&a, &b);
    for (int i = 0; i < 3; i++) {
        acti_frame find = sample(ACTI_FRAME_FIND, 0);
        assert_int_equal(acti_session_put(&a, &find), ACTA_OK);
    }
    acti_frame ack = sample(ACTI_FRAME_ACK, 3);
    feed_frame(&a, &ack);
    feed_frame(&a, &ack);
    assert_int_equal(next_kind(&a), 0);
    assert_int_equal(a.acked, 3);
    ack.sequence = 2;
    feed_frame(&a, &ack);
    assert_refused(&a, ACTA_EMALFORMED, "ACK of frame 2, with 3 sent and 3");
    acti_session_fini(&a);
    acti_session_fini(&b);
}

// ---- memory ----------------------------------------------------------------------

TEST(a_claimed_length_takes_no_memory_before_its_bytes_come)
{
    acti_hello us = sample_hello("called");
    us.payload_bytes_max = 64 << 20;
    acti_session session;
    assert_int_equal(acti_session_init(&session, false, &us, OUT_LIMIT), ACTA_OK);
    acti_frame hello = sample(ACTI_FRAME_HELLO, 0);
    feed_frame(&session, &hello);
    assert_int_equal(next_kind(&session), ACTI_FRAME_HELLO);

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
    bring(&session, OPEN);
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

TEST(in_takes_no_more_when_nobody_takes_frames_out_and_goes_on_when_somebody_does)
{
    acti_session session;
    bring(&session, OPEN);
    size_t limit = session.in.limit;
    assert_int_equal(limit, ACTI_FRAME_HEADER + session.us.payload_bytes_max + (1 << 20));
    acti_frame credit = sample(ACTI_FRAME_CREDIT, 0);
    size_t room, fed = 0;
    for (;;) {
        if (acti_session_space(&session, &room) == NULL)
            break;
        feed_frame(&session, &credit);
        fed++;
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
    bring(&session, OPEN);
    for (unsigned kind = ACTI_FRAME_FIND; kind <= ACTI_FRAME_SEND; kind++) {
        acti_frame written = sample(kind, kind - ACTI_FRAME_FIND + 1);
        feed_frame(&session, &written);
    }
    for (unsigned kind = ACTI_FRAME_FIND; kind <= ACTI_FRAME_SEND; kind++) {
        acti_frame written = sample(kind, kind - ACTI_FRAME_FIND + 1), frame;
        assert_int_equal(acti_session_next(&session, &frame), 1);
        acti_session_ack(&session);
        assert_true(sample_is(&frame, &written));
    }
    acti_session_fini(&session);
}

// ---- writing ---------------------------------------------------------------------

TEST(put_and_begin_need_an_open_session)
{
    for (place at = WAITING; at < PLACES; at++) {
        acti_session session;
        bring(&session, at);
        acti_frame send = sample(ACTI_FRAME_SEND, 0);
        size_t before = session.out.size, mark;
        int expected = at == OPEN ? ACTA_OK : ACTA_EUNREACH;
        assert_int_equal(acti_session_put(&session, &send), expected);
        assert_int_equal(acti_session_begin(&session, &send, &mark), expected);
        if (at == OPEN)
            assert_int_equal(acti_session_end(&session, mark, true), ACTA_OK);
        else
            assert_int_equal(session.out.size, before);
        acti_session_fini(&session);
    }
}

TEST(kinds_that_the_session_writes_itself_cannot_be_put)
{
    acti_session session;
    bring(&session, OPEN);
    for (unsigned kind = 0; kind <= ACTI_FRAME_KINDS; kind++) {
        acti_frame frame = sample(kind, 0);
        size_t at;
        bool ours = kind < ACTI_FRAME_TYPE || kind == ACTI_FRAME_KINDS;
        bool rest = kind >= ACTI_FRAME_SEND && kind <= ACTI_FRAME_REPLY;
        assert_int_equal(acti_session_put(&session, &frame), ours ? ACTA_EINVAL : ACTA_OK);
        assert_int_equal(acti_session_begin(&session, &frame, &at), rest ? ACTA_OK : ACTA_EINVAL);
        if (rest)
            assert_int_equal(acti_session_end(&session, at, true), ACTA_OK);
    }
    acti_session_fini(&session);
}

TEST(payload_above_the_peers_limit_is_not_sent_and_one_at_the_limit_is)
{
    acti_session session;
    bring(&session, OPEN);
    uint32_t limit = session.peer.payload_bytes_max;
    uint8_t *rest = calloc(1, limit);
    assert_non_null(rest);
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    send.rest = rest;
    send.rest_size = limit - 12 + 1;
    assert_int_equal(acti_session_put(&session, &send), ACTA_ETOOBIG);
    assert_int_equal(session.out.size, 0);
    assert_int_equal(session.sent, 0);

    size_t at;
    assert_int_equal(acti_session_begin(&session, &send, &at), ACTA_OK);
    assert_int_equal(acti_buf_append(&session.out, rest, send.rest_size), ACTA_OK);
    assert_int_equal(acti_session_end(&session, at, false), ACTA_ETOOBIG);
    assert_int_equal(session.out.size, 0);
    assert_int_equal(session.sent, 0);

    send.rest_size--;
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    assert_int_equal(session.out.size, ACTI_FRAME_HEADER + limit);
    acti_buf_consume(&session.out, session.out.size);
    assert_int_equal(acti_session_begin(&session, &send, &at), ACTA_OK);
    assert_int_equal(acti_buf_append(&session.out, rest, send.rest_size), ACTA_OK);
    assert_int_equal(acti_session_end(&session, at, false), ACTA_OK);
    assert_int_equal(session.sent, 2);
    free(rest);
    acti_session_fini(&session);
}

TEST(full_out_refuses_frames_but_one_byte_less_takes_the_largest)
{
    acti_session session;
    bring(&session, OPEN);
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    uint8_t *rest = calloc(1, session.peer.payload_bytes_max);
    assert_non_null(rest);
    send.rest = rest;
    send.rest_size = OUT_LIMIT - ACTI_FRAME_HEADER - 12;
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    assert_int_equal(session.out.size, OUT_LIMIT);

    acti_buf before = session.out;
    size_t at;
    assert_int_equal(acti_session_put(&session, &send), ACTA_EFULL);
    assert_int_equal(acti_session_begin(&session, &send, &at), ACTA_EFULL);
    assert_memory_equal(&session.out, &before, sizeof before);

    acti_buf_consume(&session.out, 1);
    send.rest_size = session.peer.payload_bytes_max - 12;
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    assert_int_equal(session.sent, 2);
    // And the ends still fit.
    assert_int_equal(acti_session_leave(&session), ACTA_OK);
    acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1);
    feed_frame(&session, &goodbye);
    assert_int_equal(next_kind(&session), ACTI_FRAME_GOODBYE);
    char cause[256];
    memset(cause, 'x', 255);
    cause[255] = '\0';
    size_t size = session.out.size;
    acti_session_refuse(&session, ACTA_EREFUSED, cause);
    assert_int_equal(session.out.size, size + ACTI_FRAME_HEADER + 4 + 4 + 2 + 255);
    free(rest);
    acti_session_fini(&session);
}

TEST(dropped_frame_uses_no_number)
{
    acti_session a, b;
    open_both(&a, &b);
    acti_frame send = sample(ACTI_FRAME_SEND, 0);
    size_t at;
    assert_int_equal(acti_session_begin(&a, &send, &at), ACTA_OK);
    assert_int_equal(acti_buf_append(&a.out, "x", 1), ACTA_OK);
    assert_int_equal(acti_session_end(&a, at, true), ACTA_OK);
    assert_int_equal(a.out.size, 0);
    assert_int_equal(a.sent, 0);
    assert_int_equal(acti_session_put(&a, &send), ACTA_OK);
    carry(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_SEND);
    assert_int_equal(b.received, 1);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(taken_out_is_what_was_written_and_the_limit_stays)
{
    acti_session session;
    bring(&session, OPEN);
    size_t limit = session.out.limit;
    acti_buf flight = {0};
    for (int i = 0; i < 3; i++) {
        acti_frame find = sample(ACTI_FRAME_FIND, 0);
        assert_int_equal(acti_session_put(&session, &find), ACTA_OK);
        size_t size = session.out.size;
        acti_session_take(&session, &flight);
        assert_int_equal(flight.size, size);
        assert_int_equal(session.out.size, 0);
        assert_int_equal(session.out.limit, limit);
        assert_int_equal(acti_buf_bytes(&flight)[8], i + 1);
        acti_session_check(&session);
        acti_buf_consume(&flight, flight.size);
    }
    acti_buf_fini(&flight);
    acti_session_fini(&session);
}

TEST(one_ack_answers_a_batch_and_none_answers_nothing)
{
    acti_session a, b;
    open_both(&a, &b);
    acti_session_ack(&b);
    assert_int_equal(b.out.size, 0);
    for (int i = 0; i < 5; i++) {
        acti_frame find = sample(ACTI_FRAME_FIND, 0);
        assert_int_equal(acti_session_put(&a, &find), ACTA_OK);
    }
    carry(&a, &b);
    while (next_kind(&b) > 0) {
    }
    acti_session_ack(&b);
    acti_session_ack(&b);
    assert_int_equal(b.out.size, ACTI_FRAME_HEADER + 8);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), 0);
    assert_int_equal(a.acked, 5);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(ack_waits_while_out_is_full_and_is_written_after)
{
    acti_session session;
    bring(&session, OPEN);
    acti_frame find = sample(ACTI_FRAME_FIND, 1);
    feed_frame(&session, &find);
    assert_int_equal(next_kind(&session), ACTI_FRAME_FIND);
    while (acti_session_put(&session, &find) == ACTA_OK) {
    }
    size_t size = session.out.size;
    acti_session_ack(&session);
    assert_int_equal(session.out.size, size);
    assert_int_equal(session.ack_told, 0);
    acti_buf_consume(&session.out, size);
    acti_session_ack(&session);
    assert_int_equal(answer(&session), ACTI_FRAME_ACK);
    assert_int_equal(session.ack_told, 1);
    acti_session_fini(&session);
}

// ---- ends ------------------------------------------------------------------------

TEST(leaving_gets_what_the_peer_still_sends_and_then_its_farewell)
{
    acti_session a, b;
    open_both(&a, &b);
    acti_frame frame = sample(ACTI_FRAME_SEND, 0);
    assert_int_equal(acti_session_put(&a, &frame), ACTA_OK);
    assert_int_equal(acti_session_leave(&a), ACTA_OK);
    assert_int_equal(acti_session_leave(&a), ACTA_EUNREACH);
    frame = sample(ACTI_FRAME_REPLY, 0);
    assert_int_equal(acti_session_put(&b, &frame), ACTA_OK);
    carry(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_SEND);
    assert_int_equal(next_kind(&b), ACTI_FRAME_GOODBYE);
    assert_int_equal(b.state, ACTI_SESSION_LEFT);
    assert_int_equal(next_kind(&b), 0);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_REPLY);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FAREWELL);
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    assert_int_equal(a.acked, a.sent);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(crossing_goodbyes_end_both_sides_left)
{
    acti_session a, b;
    open_both(&a, &b);
    assert_int_equal(acti_session_leave(&a), ACTA_OK);
    assert_int_equal(acti_session_leave(&b), ACTA_OK);
    carry(&a, &b);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_GOODBYE);
    assert_int_equal(next_kind(&b), ACTI_FRAME_GOODBYE);
    assert_int_equal(a.state, ACTI_SESSION_LEAVING);
    size_t size = a.out.size;
    acti_session_ack(&a); // the FAREWELL was one
    assert_int_equal(a.out.size, size);
    carry(&a, &b);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FAREWELL);
    assert_int_equal(next_kind(&b), ACTI_FRAME_FAREWELL);
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    assert_int_equal(b.state, ACTI_SESSION_LEFT);
    assert_int_equal(a.acked, a.sent);
    assert_int_equal(b.acked, b.sent);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(left_session_takes_bytes_for_ever_without_growing)
{
    acti_session session;
    bring(&session, OPEN);
    // A GOODBYE and, in the same read, what may not follow it.
    acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1), send = sample(ACTI_FRAME_SEND, 2);
    feed_frame(&session, &goodbye);
    feed_frame(&session, &send);
    assert_int_equal(next_kind(&session), ACTI_FRAME_GOODBYE);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(session.state, ACTI_SESSION_LEFT);
    acti_buf_consume(&session.out, session.out.size);
    size_t room = session.in.room;
    for (int i = 0; i < 10000; i++)
        feed_frame(&session, &send);
    assert_int_equal(next_kind(&session), 0);
    assert_int_equal(session.in.size, 0);
    assert_int_equal(session.in.room, room);
    assert_int_equal(session.out.size, 0);
    acti_session_refuse(&session, ACTA_EREFUSED, "late: nothing");
    assert_int_equal(session.state, ACTI_SESSION_LEFT);
    acti_session_fini(&session);
}

TEST(an_answer_that_cannot_be_written_breaks_the_session)
{
    // A limit that is reached stands for memory that is not there.
    acti_session session;
    bring(&session, OPEN);
    session.out.limit = session.out.size;
    acti_frame goodbye = sample(ACTI_FRAME_GOODBYE, 1);
    feed_frame(&session, &goodbye);
    assert_true(next_kind(&session) < 0);
    assert_int_equal(session.state, ACTI_SESSION_BROKEN);
    assert_int_equal(session.out.size, 0);
    acti_session_fini(&session);
}

int main(void)
{
    return TEST_RUN(case_of(init_refuses_limits_that_cannot_be), case_of(fini_accepts_a_zeroed_session),
                    case_of(every_kind_in_every_state_has_the_outcome_of_the_table),
                    case_of(kind_that_the_state_forbids_is_refused_at_its_byte),
                    case_of(peer_that_broke_the_protocol_is_told_and_one_that_refused_is_not),
                    case_of(refuse_with_a_status_that_is_no_failure_or_without_cause_is_one_all_the_same),
                    case_of(control_characters_of_a_cause_become_question_marks),
                    case_of(broken_session_neither_allocates_nor_answers),
                    case_of(read_that_was_pending_when_the_session_broke_still_has_its_memory),
                    case_of(handshake_opens_both_and_tells_each_of_the_other),
                    case_of(highest_version_that_both_speak_is_chosen_or_the_peer_refused),
                    case_of(welcome_with_a_version_that_was_not_offered_is_refused),
                    case_of(limits_of_the_peer_are_refused_when_too_small_and_cut_when_too_large),
                    case_of(longest_names_leave_a_whole_cause),
                    case_of(hostile_bytes_break_the_session_and_say_why),
                    case_of(a_mebibyte_of_noise_breaks_the_session_within_one_read),
                    case_of(repeated_number_is_refused),
                    case_of(ack_that_goes_back_is_refused_and_a_repeated_one_is_not),
                    case_of(a_claimed_length_takes_no_memory_before_its_bytes_come),
                    case_of(space_is_256_kib_and_the_rest_of_a_large_frame_up_to_1_mib),
                    case_of(in_takes_no_more_when_nobody_takes_frames_out_and_goes_on_when_somebody_does),
                    case_of(a_frame_stays_readable_until_the_next_call),
                    case_of(put_and_begin_need_an_open_session),
                    case_of(kinds_that_the_session_writes_itself_cannot_be_put),
                    case_of(payload_above_the_peers_limit_is_not_sent_and_one_at_the_limit_is),
                    case_of(full_out_refuses_frames_but_one_byte_less_takes_the_largest),
                    case_of(dropped_frame_uses_no_number),
                    case_of(taken_out_is_what_was_written_and_the_limit_stays),
                    case_of(one_ack_answers_a_batch_and_none_answers_nothing),
                    case_of(ack_waits_while_out_is_full_and_is_written_after),
                    case_of(leaving_gets_what_the_peer_still_sends_and_then_its_farewell),
                    case_of(crossing_goodbyes_end_both_sides_left),
                    case_of(left_session_takes_bytes_for_ever_without_growing),
                    case_of(an_answer_that_cannot_be_written_breaks_the_session));
}
