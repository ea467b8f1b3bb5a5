// SPDX-License-Identifier: MIT
//
// How two nodes meet over a connection for the first time.

#include "talk.h"

// ---- a new session ---------------------------------------------------------------

TEST(handshake_opens_both_and_tells_each_of_the_other)
{
    acti_session a, b;
    start(&a, "west");
    start(&b, "east");
    meet(&a, &b);
    assert_int_equal(a.state, ACTI_SESSION_OPEN);
    assert_int_equal(b.state, ACTI_SESSION_NEW); // it has promised nothing before it hears that the caller wants it
    assert_int_equal(b.phase, ACTI_PHASE_HALF);
    assert_int_equal(next_kind(&b), 0);
    assert_int_equal(b.state, ACTI_SESSION_OPEN);
    assert_int_equal(b.phase, ACTI_PHASE_UP);
    assert_string_equal(a.peer.name, "east");
    assert_string_equal(b.peer.name, "west");
    assert_int_equal(a.peer.node, b.us.node);
    assert_int_equal(a.peer.incarnation, b.us.incarnation);
    assert_int_equal(b.peer.host, a.us.host);
    assert_int_equal(b.peer.pid, a.us.pid);
    assert_int_equal(b.peer.credit_messages, a.us.credit_messages);
    assert_int_equal(b.peer.credit_bytes, a.us.credit_bytes);
    assert_int_equal(b.peer.heartbeat_ms, a.us.heartbeat_ms);
    assert_string_equal(b.peer.url, SAMPLE_URL);
    assert_int_equal(a.us.session, NUMBER);
    assert_int_equal(b.us.session, NUMBER);
    assert_false(acti_session_unsaid(&a));
    assert_false(acti_session_unsaid(&b));
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(called_side_says_nothing_but_welcome_before_it_is_up)
{
    acti_session session;
    bring(&session, &(place){ACTI_SESSION_OPEN, ACTI_PHASE_HALF, false});
    acti_frame send = sample(ACTI_FRAME_SEND, 0), ack = sample(ACTI_FRAME_ACK, 0);
    assert_int_equal(acti_session_put(&session, &send), ACTA_OK);
    acti_session_ack(&session, true);
    assert_string_equal(says(&session), "");
    assert_true(acti_session_unsaid(&session)); // later
    feed_frame(&session, &ack);
    assert_int_equal(next_kind(&session), 0);
    assert_string_equal(says(&session), "S");
    acti_session_fini(&session);
}

// versions: what the called node answers to HELLO with peer_min to peer_max when it speaks min to max itself.
static int versions(unsigned min, unsigned max, unsigned peer_min, unsigned peer_max)
{
    acti_hello us = hello_of("called");
    us.version_min = (uint16_t)min;
    us.version_max = (uint16_t)max;
    acti_session session;
    assert_int_equal(acti_session_init(&session, &us, OUT_LIMIT), ACTA_OK);
    assert_int_equal(acti_session_answer(&session), ACTA_OK);
    acti_frame hello = peer_frame(&session, ACTI_FRAME_HELLO);
    hello.hello.version_min = (uint16_t)peer_min;
    hello.hello.version_max = (uint16_t)peer_max;
    feed_frame(&session, &hello);
    int result = next_kind(&session);
    if (result > 0) {
        acti_frame frame;
        acti_buf said = {.limit = 4096};
        assert_int_equal(acti_session_adopt(&session, &hello.hello, NUMBER), ACTA_OK);
        say(&session, &said);
        assert_int_equal(pop(&said, &frame), ACTI_FRAME_WELCOME);
        assert_int_equal(frame.hello.version_min, frame.hello.version_max);
        assert_int_equal(session.peer.version_max, frame.hello.version_max);
        result = frame.hello.version_max;
        acti_buf_fini(&said);
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

// answered is what a caller that offers versions 2 and 3 makes of a WELCOME that is changed in one place.
static int answered(acti_session *session, const acti_hello *change)
{
    acti_hello us = hello_of("caller");
    us.version_min = 2;
    us.version_max = 3;
    us.session = change->node; // 0, or the number of the session that is called with
    assert_int_equal(acti_session_init(session, &us, OUT_LIMIT), ACTA_OK);
    assert_int_equal(acti_session_call(session), ACTA_OK);
    hush(session);
    acti_frame welcome = {.kind = ACTI_FRAME_WELCOME, .hello = hello_of("peer")};
    welcome.hello.version_max = change->version_max;
    welcome.hello.flags = change->flags;
    welcome.hello.session = change->session;
    welcome.hello.received = change->received;
    feed_frame(session, &welcome);
    return next_kind(session);
}

TEST(welcome_with_a_version_that_was_not_offered_is_refused)
{
    for (uint16_t version = 0; version < 5; version++) {
        acti_session session;
        int got = answered(&session, &(acti_hello){.version_max = version, .session = 5});
        if (version == 2 || version == 3) {
            assert_int_equal(got, ACTI_FRAME_WELCOME);
            assert_int_equal(session.peer.version_min, version);
        } else {
            assert_refused(&session, ACTA_EVERSION, "update the older");
        }
        acti_session_fini(&session);
    }
}

TEST(welcome_to_another_session_or_with_unknown_flags_is_refused)
{
    static const struct {
        acti_hello change;
        const char *cause;
    } bad[] = {
        {{.version_max = 2, .session = 0}, "another session"},
        {{.version_max = 2, .session = 6, .node = 5}, "another session"},
        {{.version_max = 2, .session = 5, .received = 1}, "frame 1 was received"},
        {{.version_max = 2, .session = 5, .flags = 2}, "flags 0x2"},
        {{.version_max = 2, .session = 0, .flags = 0x8001}, "flags 0x8001"},
        {{.version_max = 2, .session = 0, .flags = 1, .node = 5}, "knows a session"},
        {{.version_max = 2, .session = 5, .flags = 1}, "knows a session"},
        {{.version_max = 2, .session = 0, .flags = 1, .received = 1}, "knows a session"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        acti_session session;
        assert_int_equal(answered(&session, &bad[i].change), ACTA_EMALFORMED);
        assert_refused(&session, ACTA_EMALFORMED, bad[i].cause);
        acti_session_fini(&session);
    }
    acti_session session;
    assert_int_equal(answered(&session, &(acti_hello){.version_max = 2, .session = 5, .node = 5}), ACTI_FRAME_WELCOME);
    acti_session_fini(&session);
}

// The status after a handshake in which the peer, caller or called, gave these limits.
static int limits(bool called, const acti_hello *given, uint32_t *taken)
{
    acti_session session;
    bring(&session, called ? &waiting : &calling);
    acti_frame frame = peer_frame(&session, called ? ACTI_FRAME_HELLO : ACTI_FRAME_WELCOME);
    frame.hello.payload_bytes_max = given->payload_bytes_max;
    frame.hello.credit_messages = given->credit_messages;
    frame.hello.credit_bytes = given->credit_bytes;
    frame.hello.heartbeat_ms = given->heartbeat_ms;
    feed_frame(&session, &frame);
    int status = next_kind(&session);
    if (status < 0)
        assert_refused(&session, status, "raise");
    else
        *taken = session.peer.payload_bytes_max;
    acti_session_fini(&session);
    return status < 0 ? status : ACTA_OK;
}

#define LIMITS(payload, messages, bytes, ms)                                                                        \
    &(acti_hello){.payload_bytes_max = (payload),                                                                   \
                  .credit_messages = (messages),                                                                    \
                  .credit_bytes = (bytes),                                                                          \
                  .heartbeat_ms = (ms)}

TEST(limits_of_the_peer_are_refused_when_too_small_and_cut_when_too_large)
{
    for (int called = 0; called < 2; called++) {
        uint32_t taken = 0;
        assert_int_equal(limits(called, LIMITS(4095, 1, 1, 1), &taken), ACTA_EREFUSED);
        assert_int_equal(limits(called, LIMITS(4096, 0, 1, 1), &taken), ACTA_EREFUSED);
        assert_int_equal(limits(called, LIMITS(4096, 1, 0, 1), &taken), ACTA_EREFUSED);
        assert_int_equal(limits(called, LIMITS(4096, 1, 1, 0), &taken), ACTA_EREFUSED);
        assert_int_equal(limits(called, LIMITS(4096, 1, 1, 1), &taken), ACTA_OK);
        assert_int_equal(taken, 4096);
        assert_int_equal(limits(called, LIMITS(ACTI_SESSION_PAYLOAD_MAX, 1, 1, 1), &taken), ACTA_OK);
        assert_int_equal(taken, ACTI_SESSION_PAYLOAD_MAX);
        assert_int_equal(limits(called, LIMITS(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX), &taken), ACTA_OK);
        assert_int_equal(taken, ACTI_SESSION_PAYLOAD_MAX);
    }
}

TEST(longest_names_are_taken_and_leave_a_whole_cause)
{
    acti_hello us = hello_of("");
    memset(us.name, 'u', ACTI_FRAME_TEXT_MAX);
    acti_session session;
    assert_int_equal(acti_session_init(&session, &us, OUT_LIMIT), ACTA_OK);
    assert_int_equal(acti_session_answer(&session), ACTA_OK);
    acti_frame hello = peer_frame(&session, ACTI_FRAME_HELLO);
    hello.hello.version_min = 2;
    hello.hello.version_max = 3;
    memset(hello.hello.url, 'l', ACTI_FRAME_TEXT_MAX);
    memset(hello.hello.name, 'p', ACTI_FRAME_TEXT_MAX);
    feed_frame(&session, &hello);
    assert_refused(&session, ACTA_EVERSION, "2 to 3 meet 1 to 1: update the older of the two, pppp");
    acti_session_fini(&session);
}

TEST(caller_and_called_with_the_longest_names_have_room_for_all_they_say)
{
    acti_hello us = hello_of("");
    memset(us.url, 'l', ACTI_FRAME_TEXT_MAX);
    memset(us.name, 'u', ACTI_FRAME_TEXT_MAX);
    char cause[ACTI_FRAME_TEXT_MAX + 1] = {0};
    memset(cause, 'x', ACTI_FRAME_TEXT_MAX);
    for (int called = 0; called < 2; called++) {
        acti_session session;
        assert_int_equal(acti_session_init(&session, &us, OUT_LIMIT), ACTA_OK);
        acti_hello peer = hello_of("peer");
        if (called)
            assert_int_equal(acti_session_adopt(&session, &peer, NUMBER), ACTA_OK);
        else
            assert_int_equal(acti_session_call(&session), ACTA_OK);
        acti_session_refuse(&session, ACTA_EREFUSED, cause);
        assert_int_equal(hush(&session), 16 + 72 + 2 * 255 + 16 + 10 + 255);
        acti_session_fini(&session);
    }
}

// ---- a session that is known -----------------------------------------------------

TEST(node_that_is_known_already_is_told_and_both_sides_are_done)
{
    acti_session a, b;
    start(&a, "west");
    start(&b, "east");
    assert_int_equal(acti_session_call(&a), ACTA_OK);
    assert_int_equal(acti_session_answer(&b), ACTA_OK);
    carry(&a, &b);
    assert_int_equal(next_kind(&b), ACTI_FRAME_HELLO);
    assert_int_equal(b.peer.node, a.us.node);
    acti_session_known(&b);
    assert_int_equal(b.state, ACTI_SESSION_LEFT);
    assert_true(acti_session_unsaid(&b));
    carry(&b, &a);
    assert_false(acti_session_unsaid(&b));
    acti_frame frame;
    assert_int_equal(acti_session_next(&a, &frame), 1);
    assert_int_equal(frame.kind, ACTI_FRAME_WELCOME);
    assert_int_equal(frame.hello.flags, ACTI_WELCOME_KNOWN);
    assert_int_equal(a.state, ACTI_SESSION_LEFT);
    assert_int_equal(a.us.session, 0);
    assert_int_equal(a.peer.node, b.us.node);
    acti_session_check(&a);
    acti_session_check(&b);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

int main(void)
{
    return TEST_RUN(case_of(handshake_opens_both_and_tells_each_of_the_other),
                    case_of(called_side_says_nothing_but_welcome_before_it_is_up),
                    case_of(highest_version_that_both_speak_is_chosen_or_the_peer_refused),
                    case_of(welcome_with_a_version_that_was_not_offered_is_refused),
                    case_of(welcome_to_another_session_or_with_unknown_flags_is_refused),
                    case_of(limits_of_the_peer_are_refused_when_too_small_and_cut_when_too_large),
                    case_of(longest_names_are_taken_and_leave_a_whole_cause),
                    case_of(caller_and_called_with_the_longest_names_have_room_for_all_they_say),
                    case_of(node_that_is_known_already_is_told_and_both_sides_are_done));
}
