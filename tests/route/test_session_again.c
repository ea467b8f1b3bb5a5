// SPDX-License-Identifier: MIT
//
// How a session gets a connection that was another one's, or one more.

#include "talk.h"

// ---- connections that are handed over --------------------------------------------

TEST(session_made_by_a_call_takes_a_connection_on_which_it_is_called)
{
    // Both were looking for each other; the session that is kept is the one that was there first.
    acti_session a, b;
    start(&a, "west");
    start(&b, "east");
    assert_int_equal(acti_session_call(&b), ACTA_OK);
    hush(&b);
    acti_session_cut(&b); // the connection that it made is the one that is dropped
    meet(&a, &b);
    assert_int_equal(next_kind(&b), 0);
    assert_int_equal(b.state, ACTI_SESSION_OPEN);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(session_that_was_called_takes_a_connection_on_which_another_one_was_welcomed)
{
    acti_session kept, caller;
    bring(&kept, &(place){ACTI_SESSION_NEW, ACTI_PHASE_HALF, false});
    acti_session_cut(&kept);
    bring(&caller, &calling);
    acti_frame welcome = peer_frame(&caller, ACTI_FRAME_WELCOME);
    welcome.hello.session = 5;
    feed_frame(&caller, &welcome);
    assert_int_equal(next_kind(&caller), ACTI_FRAME_WELCOME);
    assert_int_equal(acti_session_welcome(&kept, &caller.peer), ACTA_OK);
    acti_session_fini(&caller);
    acti_session_check(&kept);
    assert_int_equal(kept.phase, ACTI_PHASE_WELCOMED);
    acti_session_confirm(&kept);
    assert_int_equal(kept.us.session, 5);
    assert_int_equal(kept.state, ACTI_SESSION_OPEN);
    assert_string_equal(says(&kept), "A");
    acti_session_fini(&kept);
}

TEST(welcome_that_cannot_be_is_refused_by_the_session_that_takes_it)
{
    acti_session session;
    bring(&session, &(place){ACTI_SESSION_NEW, ACTI_PHASE_NONE, false});
    acti_hello peer = hello_of("peer"); // names no session
    assert_int_equal(acti_session_welcome(&session, &peer), ACTA_EMALFORMED);
    assert_refused(&session, ACTA_EMALFORMED, "another session");
    acti_session_fini(&session);
}

// ---- the same session again ------------------------------------------------------

TEST(caller_that_does_not_confirm_has_no_session_and_may_call_anew)
{
    acti_session session;
    bring(&session, &(place){ACTI_SESSION_NEW, ACTI_PHASE_WELCOMED, false});
    acti_session_cut(&session);
    assert_int_equal(session.us.session, 0);
    assert_int_equal(acti_session_call(&session), ACTA_OK);
    acti_frame hello;
    acti_buf said = {.limit = 4096};
    say(&session, &said);
    assert_int_equal(pop(&said, &hello), ACTI_FRAME_HELLO);
    assert_int_equal(hello.hello.session, 0);
    acti_buf_fini(&said);
    acti_session_fini(&session);
}

TEST(session_whose_confirmation_was_lost_opens_with_the_next_call_whether_it_is_named_or_not)
{
    for (int named = 0; named < 2; named++) {
        acti_session session;
        bring(&session, &(place){ACTI_SESSION_NEW, ACTI_PHASE_HALF, false});
        acti_session_cut(&session);
        acti_hello peer = hello_of("peer");
        peer.session = named ? NUMBER : 0;
        assert_int_equal(acti_session_adopt(&session, &peer, 7), ACTA_OK);
        assert_int_equal(session.us.session, NUMBER);
        assert_string_equal(says(&session), "W");
        acti_frame ack = sample(ACTI_FRAME_ACK, 0);
        feed_frame(&session, &ack);
        assert_int_equal(next_kind(&session), 0);
        assert_int_equal(session.state, ACTI_SESSION_OPEN);
        acti_session_fini(&session);
    }
}

// offered is a session that was called and has not heard whether the caller took its WELCOME; it calls itself now.
static void offered(acti_session *session)
{
    bring(session, &(place){ACTI_SESSION_NEW, ACTI_PHASE_HALF, false});
    acti_session_cut(session);
    assert_int_equal(acti_session_call(session), ACTA_OK);
    acti_frame hello;
    acti_buf said = {.limit = 4096};
    say(session, &said);
    assert_int_equal(pop(&said, &hello), ACTI_FRAME_HELLO);
    assert_int_equal(hello.hello.session, 0); // perhaps there is no such session
    acti_buf_fini(&said);
}

TEST(number_that_was_only_offered_is_not_called_with_and_gives_way_to_the_peers)
{
    acti_session session;
    offered(&session);
    acti_frame welcome = {.kind = ACTI_FRAME_WELCOME, .hello = hello_of("peer")};
    welcome.hello.session = 5;
    feed_frame(&session, &welcome);
    assert_int_equal(next_kind(&session), ACTI_FRAME_WELCOME);
    acti_session_confirm(&session);
    assert_int_equal(session.us.session, 5);
    acti_session_fini(&session);
}

TEST(number_that_was_offered_stays_when_the_peer_knows_it_and_will_call)
{
    acti_session session;
    offered(&session);
    acti_frame known = {.kind = ACTI_FRAME_WELCOME, .hello = hello_of("peer")};
    known.hello.flags = ACTI_WELCOME_KNOWN;
    feed_frame(&session, &known);
    assert_int_equal(next_kind(&session), ACTI_FRAME_WELCOME);
    assert_int_equal(session.state, ACTI_SESSION_NEW);
    acti_session_cut(&session);
    acti_hello peer = hello_of("peer");
    peer.session = NUMBER;
    assert_int_equal(acti_session_adopt(&session, &peer, 0), ACTA_OK);
    assert_string_equal(says(&session), "W");
    acti_session_fini(&session);
}

TEST(open_session_of_which_the_called_side_has_not_heard_takes_its_call_and_no_later_one)
{
    // a has confirmed, and the connection was cut before b had that.
    for (int heard = 0; heard < 2; heard++) {
        acti_session a, b;
        acti_frame send = sample(ACTI_FRAME_SEND, 0);
        start(&a, "west");
        start(&b, "east");
        meet(&a, &b);
        assert_int_equal(a.state, ACTI_SESSION_OPEN);
        assert_int_equal(acti_session_put(&a, &send), ACTA_OK);
        hush(&a);
        if (heard) {
            acti_frame ack = {.kind = ACTI_FRAME_ACK, .sequence = 1};
            feed_frame(&a, &ack);
            assert_int_equal(next_kind(&a), 0);
        }
        cut_both(&a, &b);
        acti_hello hello = b.us;
        hello.session = 0;
        assert_int_equal(acti_session_adopt(&a, &hello, 7), heard ? ACTA_EMALFORMED : ACTA_OK);
        assert_int_equal(a.us.session, NUMBER);
        assert_string_equal(says(&a), heard ? "R" : "W");
        acti_session_fini(&a);
        acti_session_fini(&b);
    }
}

TEST(number_that_both_were_told_before_is_called_with_and_adopted)
{
    acti_hello told = hello_of("parent");
    told.session = 4711;
    acti_session parent, child;
    assert_int_equal(acti_session_init(&parent, &told, OUT_LIMIT), ACTA_OK);
    told = hello_of("child");
    told.session = 4711;
    assert_int_equal(acti_session_init(&child, &told, OUT_LIMIT), ACTA_OK);
    meet(&child, &parent);
    assert_int_equal(next_kind(&parent), 0);
    assert_int_equal(parent.state, ACTI_SESSION_OPEN);
    assert_int_equal(parent.us.session, 4711);
    assert_int_equal(child.us.session, 4711);
    acti_session_fini(&parent);
    acti_session_fini(&child);
}

// What a peer says that takes up a session of which 5 frames were written and 2 acknowledged.
typedef struct again {
    const char *cause; // NULL: it is taken
    uint64_t received;
    int64_t node, incarnation, session, payload; // added to what it said at first
    uint16_t version;
} again;

static const again agains[] = {
    {"begin a new one", 3, .node = 1, .version = 1},
    {"begin a new one", 3, .incarnation = 1, .version = 1},
    {"begin a new one", 3, .incarnation = -1, .version = 1},
    {"begin a new one", 3, .payload = 1, .version = 1},
    {"begin a new one", 3, .payload = -1, .version = 1},
    {"begin a new one", 3, .version = 2},
    {"another session", 3, .session = 1, .version = 1},
    {"another session", 3, .session = -NUMBER, .version = 1},
    {"frame 1 was received", 1, .version = 1},
    {"frame 6 was received", 6, .version = 1},
    {NULL, 2, .version = 1},
    {NULL, 5, .version = 1},
};

static void assert_taken_up(const again *said, bool called)
{
    acti_hello us = hello_of("us");
    us.version_max = 2;
    acti_session session;
    assert_int_equal(acti_session_init(&session, &us, OUT_LIMIT), ACTA_OK);
    meet_peer(&session, ACTI_PHASE_UP);
    assert_int_equal(session.peer.version_max, 1);
    for (int i = 0; i < 6; i++) {
        acti_frame find = sample(ACTI_FRAME_FIND, 0);
        assert_int_equal(acti_session_put(&session, &find), ACTA_OK);
        if (i == 4)
            hush(&session);
    }
    acti_frame ack = {.kind = ACTI_FRAME_ACK, .sequence = 2};
    feed_frame(&session, &ack);
    assert_int_equal(next_kind(&session), 0);
    acti_session_cut(&session);

    acti_frame frame = peer_frame(&session, called ? ACTI_FRAME_HELLO : ACTI_FRAME_WELCOME);
    frame.hello.received = said->received;
    frame.hello.node += (uint64_t)said->node;
    frame.hello.incarnation += (uint64_t)said->incarnation;
    frame.hello.session += (uint64_t)said->session;
    frame.hello.payload_bytes_max += (uint32_t)said->payload;
    frame.hello.version_max = said->version;
    int status;
    if (called) {
        status = acti_session_adopt(&session, &frame.hello, 7);
    } else {
        assert_int_equal(acti_session_call(&session), ACTA_OK);
        hush(&session);
        feed_frame(&session, &frame);
        status = next_kind(&session);
    }
    acti_session_check(&session);
    if (said->cause != NULL) {
        assert_int_equal(status, ACTA_EMALFORMED);
        assert_refused(&session, ACTA_EMALFORMED, said->cause);
    } else {
        assert_int_equal(status, called ? ACTA_OK : ACTI_FRAME_WELCOME);
        assert_int_equal(session.acked, said->received);
        assert_int_equal(session.phase, called ? ACTI_PHASE_HALF : ACTI_PHASE_WELCOMED);
    }
    acti_session_fini(&session);
}

TEST(session_is_taken_up_by_the_same_node_from_where_it_may_be_and_else_refused)
{
    for (size_t i = 0; i < sizeof agains / sizeof *agains; i++) {
        assert_taken_up(&agains[i], true);
        assert_taken_up(&agains[i], false);
    }
}

TEST(hello_and_welcome_say_what_was_received)
{
    acti_session a, b;
    open_both(&a, &b);
    acti_frame find = sample(ACTI_FRAME_FIND, 0), frame;
    for (int i = 0; i < 3; i++)
        assert_int_equal(acti_session_put(&b, &find), ACTA_OK);
    carry(&b, &a);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FIND);
    assert_int_equal(next_kind(&a), ACTI_FRAME_FIND);
    cut_both(&a, &b); // the third is read and was not taken
    acti_buf said = {.limit = 4096};
    assert_int_equal(acti_session_call(&a), ACTA_OK);
    say(&a, &said);
    assert_int_equal(pop(&said, &frame), ACTI_FRAME_HELLO);
    assert_int_equal(frame.hello.session, NUMBER);
    assert_int_equal(frame.hello.received, 2);
    assert_int_equal(acti_session_adopt(&b, &frame.hello, 0), ACTA_OK);
    say(&b, &said);
    assert_int_equal(pop(&said, &frame), ACTI_FRAME_WELCOME);
    assert_int_equal(frame.hello.session, NUMBER);
    assert_int_equal(frame.hello.received, 0);
    assert_int_equal(b.acked, 2);
    acti_buf_fini(&said);
    acti_session_fini(&a);
    acti_session_fini(&b);
}

TEST(peer_that_does_not_know_the_session_ends_it_with_its_status)
{
    acti_session session;
    bring(&session, &(place){ACTI_SESSION_OPEN, ACTI_PHASE_CALLING, false});
    acti_frame refuse = sample(ACTI_FRAME_REFUSE, 0);
    refuse.status = ACTA_ECRASHED;
    feed_frame(&session, &refuse);
    assert_int_equal(next_kind(&session), ACTA_ECRASHED);
    assert_int_equal(session.state, ACTI_SESSION_BROKEN);
    acti_session_fini(&session);
}

int main(void)
{
    return TEST_RUN(case_of(session_made_by_a_call_takes_a_connection_on_which_it_is_called),
                    case_of(session_that_was_called_takes_a_connection_on_which_another_one_was_welcomed),
                    case_of(welcome_that_cannot_be_is_refused_by_the_session_that_takes_it),
                    case_of(caller_that_does_not_confirm_has_no_session_and_may_call_anew),
                    case_of(session_whose_confirmation_was_lost_opens_with_the_next_call_whether_it_is_named_or_not),
                    case_of(number_that_was_only_offered_is_not_called_with_and_gives_way_to_the_peers),
                    case_of(number_that_was_offered_stays_when_the_peer_knows_it_and_will_call),
                    case_of(open_session_of_which_the_called_side_has_not_heard_takes_its_call_and_no_later_one),
                    case_of(number_that_both_were_told_before_is_called_with_and_adopted),
                    case_of(session_is_taken_up_by_the_same_node_from_where_it_may_be_and_else_refused),
                    case_of(hello_and_welcome_say_what_was_received),
                    case_of(peer_that_does_not_know_the_session_ends_it_with_its_status));
}
