// SPDX-License-Identifier: MIT
//
// What each state of a session and phase of its connection allows, in tables.

#include "talk.h"

// ---- every state, every phase, every kind -----------------------------------------

// A column for each kind in the order of its number, HELLO first. N is given, and the node is to decide; G is given;
// . is dealt with inside; L is given and the session is LEFT; R breaks it with the peer's status; X breaks it with
// ACTA_EMALFORMED. The others have no connection, or leave unread what comes.
typedef struct row {
    place at;
    const char *outcomes;
} row;

#define SHAKEN_CALLER "XNRXXXXXXXXXXXXXXXXXXX"
#define SHAKEN_CALLED "XXR.XXXXXXXXXXXXXXXXXX"
#define TALKING "XXR.LXGGGGGGGGGGG.GGGG"
#define PARTING "XXR.GLGGGGGGGGGGG.GGGG"
#define PARTED "XXR.XLXXXXXXXXXXXXXXXX"
#define DEAF "----------------------"

static const row rows[] = {
    {{ACTI_SESSION_NEW, ACTI_PHASE_NONE, false}, DEAF},
    {{ACTI_SESSION_NEW, ACTI_PHASE_CALLING, false}, SHAKEN_CALLER},
    {{ACTI_SESSION_NEW, ACTI_PHASE_WELCOMED, false}, DEAF},
    {{ACTI_SESSION_NEW, ACTI_PHASE_WAITING, false}, "NXXXXXXXXXXXXXXXXXXXXX"},
    {{ACTI_SESSION_NEW, ACTI_PHASE_GREETED, false}, DEAF},
    {{ACTI_SESSION_NEW, ACTI_PHASE_HALF, false}, SHAKEN_CALLED},
    {{ACTI_SESSION_OPEN, ACTI_PHASE_NONE, false}, DEAF},
    {{ACTI_SESSION_OPEN, ACTI_PHASE_CALLING, false}, SHAKEN_CALLER},
    {{ACTI_SESSION_OPEN, ACTI_PHASE_WELCOMED, false}, DEAF},
    {{ACTI_SESSION_OPEN, ACTI_PHASE_HALF, false}, SHAKEN_CALLED},
    {{ACTI_SESSION_OPEN, ACTI_PHASE_UP, false}, TALKING},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_NONE, false}, DEAF},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_CALLING, false}, SHAKEN_CALLER},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_WELCOMED, false}, DEAF},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_HALF, false}, SHAKEN_CALLED},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_UP, false}, PARTING},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_NONE, true}, DEAF},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_CALLING, true}, SHAKEN_CALLER},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_WELCOMED, true}, DEAF},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_HALF, true}, SHAKEN_CALLED},
    {{ACTI_SESSION_LEAVING, ACTI_PHASE_UP, true}, PARTED},
    {{ACTI_SESSION_LEFT, ACTI_PHASE_NONE, false}, DEAF},
    {{ACTI_SESSION_LEFT, ACTI_PHASE_UP, false}, DEAF},
    {{ACTI_SESSION_BROKEN, ACTI_PHASE_NONE, false}, DEAF},
    {{ACTI_SESSION_BROKEN, ACTI_PHASE_UP, false}, DEAF},
};

#define EACH_ROW(r) for (const row *r = rows; r < rows + sizeof rows / sizeof *rows; r++)

static acti_frame fitting(const acti_session *session, unsigned kind)
{
    if (kind == ACTI_FRAME_HELLO || kind == ACTI_FRAME_WELCOME)
        return peer_frame(session, (acti_frame_kind)kind);
    acti_frame frame = sample(kind, session->received + 1);
    if (kind == ACTI_FRAME_ACK)
        frame.sequence = session->acked;
    if (kind == ACTI_FRAME_FAREWELL)
        frame.sequence = session->goodbye;
    return frame;
}

static acti_session_state state_after(const row *r, char outcome)
{
    if (outcome == 'R' || outcome == 'X')
        return ACTI_SESSION_BROKEN;
    if (outcome == 'L')
        return ACTI_SESSION_LEFT;
    bool rises = (outcome == 'G' || outcome == '.') && r->at.state == ACTI_SESSION_NEW;
    return rises ? ACTI_SESSION_OPEN : r->at.state;
}

static acti_session_phase phase_after(const row *r, char outcome, unsigned kind)
{
    if (outcome == 'N')
        return kind == ACTI_FRAME_HELLO ? ACTI_PHASE_GREETED : ACTI_PHASE_WELCOMED;
    bool rises = outcome == 'G' || outcome == '.' || outcome == 'L';
    return rises ? ACTI_PHASE_UP : r->at.phase;
}

static void assert_outcome(const row *r, unsigned kind)
{
    acti_session session;
    bring(&session, &r->at);
    char outcome = r->outcomes[kind - 1];
    acti_frame frame = fitting(&session, kind);
    feed_frame(&session, &frame);
    int got = next_kind(&session);
    if (outcome == 'X')
        assert_refused(&session, ACTA_EMALFORMED, acti_frame_name(kind));
    else if (outcome == 'R')
        assert_int_equal(got, frame.status);
    else if (outcome == '.' || outcome == '-')
        assert_int_equal(got, r->at.state == ACTI_SESSION_BROKEN ? session.status : 0);
    else
        assert_int_equal(got, kind);
    assert_int_equal(session.state, state_after(r, outcome));
    assert_int_equal(session.phase, outcome == 'X' ? session.phase : phase_after(r, outcome, kind));
    if (outcome == 'R')
        assert_false(acti_session_unsaid(&session));
    acti_session_fini(&session);
}

TEST(every_kind_in_every_state_and_phase_has_the_outcome_of_the_table)
{
    EACH_ROW(r) {
        assert_int_equal(strlen(r->outcomes), ACTI_FRAME_KINDS - 1);
        EACH_KIND(kind)
            assert_outcome(r, kind);
    }
}

TEST(what_the_node_asks_for_in_every_state_and_phase_is_done_or_refused)
{
    EACH_ROW(r) {
        acti_session session;
        bring(&session, &r->at);
        bool open = r->at.state == ACTI_SESSION_OPEN;
        bool up = r->at.phase == ACTI_PHASE_UP && r->at.state < ACTI_SESSION_LEFT;
        int expected = open ? ACTA_OK : ACTA_EUNREACH;
        acti_frame send = sample(ACTI_FRAME_SEND, 0);
        acti_buf *out;
        size_t at;
        assert_int_equal(acti_session_put(&session, &send), expected);
        assert_int_equal(acti_session_begin(&session, &send, &out, &at), expected);
        if (open)
            assert_int_equal(acti_session_end(&session, at, false), ACTA_OK);
        acti_session_check(&session);
        acti_session_ack(&session, true);
        assert_string_equal(says(&session), !up ? "" : open ? "SSA" : "A");
        assert_int_equal(acti_session_leave(&session), expected);
        assert_string_equal(says(&session), open && up ? "G" : "");

        bool ends = r->at.state < ACTI_SESSION_LEFT;
        acti_session_refuse(&session, ACTA_EREFUSED, "enough: go away");
        assert_int_equal(session.state, ends ? ACTI_SESSION_BROKEN : r->at.state);
        assert_string_equal(says(&session), ends && r->at.phase != ACTI_PHASE_NONE ? "R" : "");
        acti_session_fini(&session);
    }
}

TEST(every_state_and_phase_can_be_cut)
{
    EACH_ROW(r) {
        acti_session session;
        bring(&session, &r->at);
        acti_frame part = fitting(&session, ACTI_FRAME_SEND);
        feed(&session, "\0", 1);
        if (r->at.state == ACTI_SESSION_OPEN)
            assert_int_equal(acti_session_put(&session, &part), ACTA_OK);
        size_t waiting_bytes = acti_session_waiting(&session) + acti_session_kept(&session);
        acti_session_cut(&session);
        acti_session_check(&session);
        assert_int_equal(session.phase, ACTI_PHASE_NONE);
        assert_int_equal(session.state, r->at.state);
        assert_int_equal(session.in.size, 0);
        assert_int_equal(acti_session_waiting(&session), waiting_bytes);
        assert_int_equal(acti_session_kept(&session), 0);
        assert_string_equal(says(&session), "");
        size_t room;
        assert_null(acti_session_space(&session, &room));
        acti_session_feed(&session, 100); // of a read that was pending
        assert_int_equal(next_kind(&session), session.status);
        acti_session_fini(&session);
    }
}

int main(void)
{
    return TEST_RUN(case_of(every_kind_in_every_state_and_phase_has_the_outcome_of_the_table),
                    case_of(what_the_node_asks_for_in_every_state_and_phase_is_done_or_refused),
                    case_of(every_state_and_phase_can_be_cut));
}
