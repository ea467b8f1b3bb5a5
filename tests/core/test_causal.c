// SPDX-License-Identifier: MIT
//
// Two-path races, without actors: what is one, what is none, what is forgotten, and a comparison with full vector
// clocks.

#include "test.h"

#include <acta/acta.h>

#include "base/platform.h"
#include "core/causal.h"
#include "core/message.h"
#include "core/recall.h"

ACTA_MESSAGE(plain, (i64, n));
ACTA_MESSAGE_TERMINAL(over);

// ---- a world of a few sources -----------------------------------------------------------

enum { A = 1, B, C, R, LAST_NAMED = R, NOBODY = 99 };
enum { MESSAGES = 16, FOUND_MAX = 64 };

typedef struct world {
    acti_causal *causal;
    acta_msg m[MESSAGES];
    uint32_t count; // found
    acti_race found[FOUND_MAX];
} world;

static void note(void *arg, const acti_race *race)
{
    world *w = arg;
    assert_true(w->count < FOUND_MAX);
    w->found[w->count++] = *race;
}

static void open_world(world *w)
{
    *w = (world){0};
    w->causal = acti_causal_new(note, w);
    assert_non_null(w->causal);
    static const char *const names[] = {[A] = "a", [B] = "b", [C] = "c", [R] = "r"};
    for (uint64_t id = A; id <= LAST_NAMED; id++)
        acti_causal_entered(w->causal, id, names[id], id == A ? 0 : A);
}

static void close_world(world *w)
{
    acti_causal_free(w->causal);
}

static uint64_t send_as(world *w, uint64_t from, uint64_t to, int m, acti_msg_kind kind, const acta_type *type)
{
    w->m[m] = (acta_msg){.type = type, .kind = (uint8_t)kind};
    return acti_causal_sent(w->causal, from, to, &w->m[m]);
}

static void send_plain(world *w, uint64_t from, uint64_t to, int m)
{
    (void)send_as(w, from, to, m, ACTI_MSG_SEND, acta_type_of(plain));
}

static void send_over(world *w, uint64_t from, uint64_t to, int m)
{
    (void)send_as(w, from, to, m, ACTI_MSG_SEND, acta_type_of(over));
}

static void give(world *w, uint64_t to, int m)
{
    acti_causal_given(w->causal, to, &w->m[m]);
}

// hear is a message from one source to another, sent and handled.
static void hear(world *w, uint64_t from, uint64_t to)
{
    send_plain(w, from, to, MESSAGES - 1);
    give(w, to, MESSAGES - 1);
}

static void end_seen(world *w, uint64_t id)
{
    acta_msg eof = {.kind = ACTI_MSG_EOF};
    acti_causal_given(w->causal, id, &eof);
}

static void assert_race(const world *w, uint32_t i, uint64_t first, uint64_t second, acti_race_order order)
{
    assert_true(i < w->count);
    assert_int_equal(w->found[i].first.source, first);
    assert_int_equal(w->found[i].second.source, second);
    assert_int_equal(w->found[i].order, order);
}

// ---- what is none -------------------------------------------------------------------------

TEST(an_answer_between_the_two_keeps_them_in_order)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    give(&w, R, 0);
    hear(&w, R, A);
    hear(&w, A, B);
    send_over(&w, B, R, 1);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(an_answer_that_comes_round_by_others_does_too)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    hear(&w, A, B);
    give(&w, R, 0);
    hear(&w, R, C); // not to whom it is from
    hear(&w, C, B);
    send_over(&w, B, R, 1);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(messages_of_which_neither_sender_heard_are_none)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    send_over(&w, B, R, 1);
    give(&w, R, 1);
    give(&w, R, 0);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(what_was_told_before_the_first_was_sent_is_no_sign_of_it)
{
    world w;
    open_world(&w);
    hear(&w, A, B);
    send_over(&w, A, R, 0);
    send_over(&w, B, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(messages_of_one_source_are_none)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    send_over(&w, A, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(two_of_no_terminal_type_are_none)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    hear(&w, A, B);
    send_plain(&w, B, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(what_an_actor_sends_to_itself_takes_no_way)
{
    world w;
    open_world(&w);
    send_plain(&w, R, R, 0);
    hear(&w, R, B);
    send_over(&w, B, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(the_outcome_of_a_request_is_never_one_of_them_and_is_an_answer)
{
    world w;
    open_world(&w);
    (void)send_as(&w, A, R, 0, ACTI_MSG_REPLY, acta_type_of(over));
    hear(&w, A, B);
    send_over(&w, B, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);

    (void)send_as(&w, A, R, 2, ACTI_MSG_ASK, acta_type_of(plain));
    give(&w, R, 2);
    (void)send_as(&w, R, A, 3, ACTI_MSG_REPLY, acta_type_of(plain));
    give(&w, A, 3);
    hear(&w, A, B);
    send_over(&w, B, R, 4);
    give(&w, R, 4);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(an_end_has_all_behind_it_that_those_knew_who_let_go)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    hear(&w, A, B);
    give(&w, R, 0);
    acti_causal_dropped(w.causal, R, B); // the answer
    acti_causal_dropped(w.causal, C, B); // the last one, who knows nothing
    end_seen(&w, B);
    send_over(&w, B, R, 1);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(a_stop_has_behind_it_what_its_sender_knew)
{
    for (int answered = 0; answered < 2; answered++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        give(&w, R, 0);
        if (answered)
            hear(&w, R, A);
        (void)send_as(&w, A, B, 1, ACTI_MSG_STOP, NULL);
        give(&w, B, 1);
        send_over(&w, B, R, 2);
        give(&w, R, 2);
        assert_int_equal(w.count, !answered);
        close_world(&w);
    }
}

TEST(who_was_made_knows_what_its_maker_knew)
{
    for (int answered = 0; answered < 2; answered++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        give(&w, R, 0);
        if (answered)
            hear(&w, R, A);
        acti_causal_entered(w.causal, 10, "child", A);
        send_over(&w, 10, R, 1);
        give(&w, R, 1);
        assert_int_equal(w.count, !answered);
        close_world(&w);
    }
}

TEST(a_death_notice_is_a_message_of_the_dead)
{
    for (int answered = 0; answered < 2; answered++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        give(&w, R, 0);
        if (answered)
            hear(&w, R, A);
        acti_causal_ended(w.causal, A);
        (void)send_as(&w, A, B, 1, ACTI_MSG_DOWN, acta_type_of(acta_down));
        give(&w, B, 1);
        send_over(&w, B, R, 2);
        give(&w, R, 2);
        assert_int_equal(w.count, !answered);
        close_world(&w);
    }
}

// ---- what is not known makes for silence ------------------------------------------------------

// What b does last for these, before it sends: it may know that the first was handled.
static void assert_silent_after(void (*last)(world *w))
{
    for (int early = 0; early < 2; early++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        hear(&w, A, B);
        if (!early)
            give(&w, R, 0);
        last(&w);
        send_over(&w, B, R, 1);
        if (early)
            give(&w, R, 0);
        give(&w, R, 1);
        assert_int_equal(w.count, early); // nobody can know what has not happened yet
        close_world(&w);
    }
}

static void may_know(world *w)
{
    acti_causal_may_know(w->causal, B);
}
static void hears_from_nobody_known(world *w)
{
    send_plain(w, NOBODY, B, 2);
    give(w, B, 2);
}
static void hears_what_was_not_noted(world *w)
{
    w->m[2] = (acta_msg){.type = acta_type_of(plain), .kind = ACTI_MSG_SEND};
    give(w, B, 2);
}
static void hears_from_outside(world *w)
{
    w->m[2] = (acta_msg){.type = acta_type_of(plain), .kind = ACTI_MSG_SOURCE};
    give(w, B, 2);
}
static void hears_of_it_from_c(world *w)
{
    acti_causal_may_know(w->causal, C);
    hear(w, C, B);
}
static void is_let_go_by_nobody_known(world *w)
{
    acti_causal_dropped(w->causal, NOBODY, B);
    end_seen(w, B);
}

TEST(what_cannot_be_followed_may_bring_an_answer)
{
    assert_silent_after(may_know);
    assert_silent_after(hears_from_nobody_known);
    assert_silent_after(hears_what_was_not_noted);
    assert_silent_after(hears_from_outside);
    assert_silent_after(hears_of_it_from_c);
    assert_silent_after(is_let_go_by_nobody_known);
}

TEST(what_is_sent_by_nobody_known_is_never_one_of_them)
{
    world w;
    open_world(&w);
    send_over(&w, NOBODY, R, 0);
    give(&w, R, 0);
    send_over(&w, A, R, 1);
    hear(&w, A, B);
    send_over(&w, NOBODY, R, 2);
    give(&w, R, 2);
    give(&w, R, 1);
    acti_causal_ended(w.causal, NOBODY);
    acti_causal_may_know(w.causal, NOBODY);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

TEST(an_actor_that_ended_long_ago_may_know_all)
{
    for (int others = ACTI_CAUSAL_ENDED - 1; others <= ACTI_CAUSAL_ENDED; others++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        give(&w, R, 0);
        acti_causal_ended(w.causal, A);
        for (uint64_t id = 100; id < 100 + (uint64_t)others; id++) {
            acti_causal_entered(w.causal, id, "other", 0);
            acti_causal_ended(w.causal, id);
        }
        (void)send_as(&w, A, B, 1, ACTI_MSG_DOWN, acta_type_of(acta_down));
        give(&w, B, 1);
        send_over(&w, B, R, 2);
        give(&w, R, 2);
        assert_int_equal(w.count, others < ACTI_CAUSAL_ENDED);
        close_world(&w);
    }
}

TEST(a_tick_and_a_timeout_bring_nothing)
{
    static const acti_msg_kind kinds[] = {ACTI_MSG_TICK, ACTI_MSG_TIMEOUT, ACTI_MSG_EVENT};
    for (int i = 0; i < 3; i++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        give(&w, R, 0);
        hear(&w, A, B);
        assert_int_equal(send_as(&w, NOBODY, B, 1, kinds[i], acta_type_of(plain)) != 0, kinds[i] == ACTI_MSG_TIMEOUT);
        if (kinds[i] == ACTI_MSG_TIMEOUT)
            w.m[1].kind = ACTI_MSG_REPLY; // which it has become
        give(&w, B, 1);
        send_over(&w, B, R, 2);
        give(&w, R, 2);
        assert_int_equal(w.count, 1);
        close_world(&w);
    }
}

TEST(what_did_not_go_out_is_not_known_and_its_block_is_another_messages)
{
    world w;
    open_world(&w);
    send_over(&w, A, R, 0);
    hear(&w, A, B);
    acti_causal_unsent(w.causal, &w.m[0]);
    send_over(&w, C, R, 0); // the same block: of one that b has not heard of
    send_over(&w, C, R, 0); // that was dropped on its way, and the block once more
    send_over(&w, B, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);

    send_over(&w, A, R, 2);
    give(&w, R, 2);
    hear(&w, A, B);
    give(&w, B, 0); // the block for the last time, of a message that was not noted: b may know of everything
    send_over(&w, B, R, 3);
    give(&w, R, 3);
    assert_int_equal(w.count, 0);
    close_world(&w);
}

// ---- what is one --------------------------------------------------------------------------------

TEST(a_message_that_comes_behind_another_by_a_longer_way_is_found_with_both_ways)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    uint64_t second = 0;
    hear(&w, A, B);
    hear(&w, B, C);
    second = send_as(&w, C, R, 1, ACTI_MSG_ASK, acta_type_of(over));
    give(&w, R, 0);
    assert_int_equal(w.count, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 1);
    assert_race(&w, 0, A, C, ACTI_RACE_KEPT);
    const acti_race *race = &w.found[0];
    assert_int_equal(race->receiver, R);
    assert_int_equal(race->second.sent, second);
    assert_ptr_equal(race->first.type, acta_type_of(plain));
    assert_ptr_equal(race->second.type, acta_type_of(over));
    char text[400];
    size_t length = acti_race_say(race, text, sizeof text);
    assert_string_equal(text, "two-path race at r: plain of a came by a -> r, and over, sent after it, by "
                              "a -> b -> c -> r: nothing keeps the second behind the first, though it came behind it "
                              "this time; send both by one path, or send the second when r has answered the first");
    assert_int_equal(length, strlen(text));
    assert_int_equal(acti_race_say(race, text, 10), length);
    assert_string_equal(text, "two-path ");
    close_world(&w);
}

TEST(the_wrong_order_is_found_too)
{
    world w;
    open_world(&w);
    send_over(&w, A, R, 0);
    hear(&w, A, B);
    send_plain(&w, B, R, 1);
    give(&w, R, 1);
    assert_int_equal(w.count, 0);
    give(&w, R, 0);
    assert_int_equal(w.count, 1);
    assert_race(&w, 0, A, B, ACTI_RACE_SWAPPED);
    char text[400];
    (void)acti_race_say(&w.found[0], text, sizeof text);
    assert_non_null(strstr(text, "and this time it came first"));
    close_world(&w);
}

TEST(a_message_that_its_receiver_never_came_to_is_found_at_its_end)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    send_plain(&w, A, R, 2);
    acti_causal_unsent(w.causal, &w.m[2]);
    hear(&w, A, B);
    send_over(&w, B, R, 1);
    give(&w, R, 1);
    acti_causal_ended(w.causal, R);
    acti_causal_ended(w.causal, R);
    assert_int_equal(w.count, 1);
    assert_race(&w, 0, A, B, ACTI_RACE_LOST);
    char text[400];
    (void)acti_race_say(&w.found[0], text, sizeof text);
    assert_non_null(strstr(text, "the first was never handled"));
    close_world(&w);
}

TEST(an_answer_to_an_earlier_message_does_not_cover_a_later_one)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    give(&w, R, 0);
    hear(&w, R, A);
    send_plain(&w, A, R, 1);
    give(&w, R, 1);
    hear(&w, A, B);
    send_over(&w, B, R, 2);
    give(&w, R, 2);
    assert_int_equal(w.count, 1);
    close_world(&w);
}

TEST(whoever_lets_go_last_tells_what_the_others_sent)
{
    world w;
    open_world(&w);
    send_plain(&w, A, R, 0);
    acti_causal_dropped(w.causal, A, B);
    acti_causal_dropped(w.causal, C, B);
    end_seen(&w, B);
    send_over(&w, B, R, 1);
    give(&w, R, 0);
    give(&w, R, 1);
    assert_int_equal(w.count, 1);
    assert_string_equal(w.found[0].path[0], "a");
    assert_string_equal(w.found[0].path[1], "b");
    assert_null(w.found[0].path[2]);
    close_world(&w);
}

// ---- bounds -------------------------------------------------------------------------------------

// Of a source that goes on sending, the messages that the second was sent behind are forgotten one day.
TEST(the_fourth_message_back_is_remembered_and_the_fifth_is_not)
{
    for (int more = ACTI_RECALL_RECENT - 1; more <= ACTI_RECALL_RECENT; more++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        hear(&w, A, B);
        give(&w, R, 0);
        for (int i = 0; i < more; i++)
            hear(&w, A, R);
        send_over(&w, B, R, 1);
        assert_int_equal(acti_causal_forgotten(w.causal), more - (ACTI_RECALL_RECENT - 1));
        give(&w, R, 1);
        assert_int_equal(w.count, more < ACTI_RECALL_RECENT);
        close_world(&w);
    }
}

TEST(the_last_terminal_message_is_remembered_behind_any_number_of_others)
{
    world w;
    open_world(&w);
    send_over(&w, A, R, 0);
    hear(&w, A, B);
    give(&w, R, 0);
    for (int i = 0; i < 100; i++)
        hear(&w, A, R);
    send_plain(&w, B, R, 1);
    give(&w, R, 1);
    assert_int_equal(w.count, 1);
    close_world(&w);
}

TEST(so_many_sources_are_remembered_and_no_more)
{
    for (uint64_t others = ACTI_RECALL_SOURCES - 1; others <= ACTI_RECALL_SOURCES; others++) {
        world w;
        open_world(&w);
        send_plain(&w, A, R, 0);
        give(&w, R, 0);
        for (uint64_t id = 100; id < 100 + others; id++) {
            acti_causal_entered(w.causal, id, "other", 0);
            hear(&w, id, R);
        }
        hear(&w, A, B);
        send_over(&w, B, R, 1);
        give(&w, R, 1);
        assert_int_equal(w.count, others < ACTI_RECALL_SOURCES);
        close_world(&w);
    }
}

// What b has forgotten of a, it has forgotten as a whole: that it heard of the first, and that this was handled.
TEST(a_past_of_so_many_sources_is_whole_and_of_one_more_has_forgotten_the_oldest)
{
    for (uint64_t others = ACTI_PAST_MAX - 1; others <= ACTI_PAST_MAX; others++) {
        for (int answered = 0; answered < 2; answered++) {
            world w;
            open_world(&w);
            for (uint64_t id = 100; id < 100 + others; id++)
                acti_causal_entered(w.causal, id, "other", 0);
            send_plain(&w, A, R, 0);
            give(&w, R, 0);
            if (answered)
                hear(&w, R, B);
            hear(&w, A, B);
            for (uint64_t id = 100; id < 100 + others - (uint64_t)answered; id++)
                hear(&w, id, B);
            send_over(&w, B, R, 1);
            give(&w, R, 1);
            assert_int_equal(w.count, others < ACTI_PAST_MAX && !answered);
            close_world(&w);
        }
    }
}

TEST(a_long_way_loses_its_middle)
{
    world w;
    open_world(&w);
    for (uint64_t id = 100; id < 107; id++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", (int)id);
        acti_causal_entered(w.causal, id, name, 0);
    }
    send_plain(&w, A, R, 0);
    give(&w, R, 0);
    uint64_t last = A;
    for (uint64_t id = 100; id < 107; id++) {
        hear(&w, last, id);
        last = id;
    }
    send_over(&w, last, R, 1);
    give(&w, R, 1);
    assert_int_equal(w.count, 1);
    static const char *const path[] = {"a", "...", "n104", "n105", "n106"};
    for (int i = 0; i < 5; i++)
        assert_string_equal(w.found[0].path[i], path[i]);
    assert_null(w.found[0].path[5]);
    close_world(&w);
}

TEST(names_are_kept_once_each_up_to_a_number)
{
    world w;
    open_world(&w);
    for (uint64_t id = 0; id < ACTI_CAUSAL_NAMES + 10; id++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", (int)id);
        acti_causal_entered(w.causal, 1000 + id, name, 0);
        acti_causal_ended(w.causal, 1000 + id);
    }
    acti_causal_entered(w.causal, 100, "one too many", 0);
    acti_causal_entered(w.causal, 101, "n17", 0);
    send_plain(&w, A, 100, 0);
    hear(&w, A, 101);
    send_over(&w, 101, 100, 1);
    give(&w, 100, 0);
    give(&w, 100, 1);
    assert_string_equal(w.found[0].receiver_name, "an actor");
    assert_string_equal(w.found[0].path[1], "n17");
    close_world(&w);
}

// ---- against full vector clocks ---------------------------------------------------------------------

enum { SOURCES_MAX = 48, SENT_MAX = 600 };

typedef struct vector {
    uint32_t at[SOURCES_MAX];
} vector;

typedef struct sent {
    acta_msg m;
    int from;
    int to;
    uint64_t number; // what the tested one calls it
    vector send;
    uint32_t handle; // count of the receiver when it was handled; 0: not yet
} sent;

// The oracle knows all, and forgets nothing.
typedef struct oracle {
    world w;
    uint64_t random;
    int sources;
    int count;
    vector now[SOURCES_MAX];
    vector drops[SOURCES_MAX];
    sent all[SENT_MAX];
    uint32_t exact; // histories in which nothing was forgotten
    uint32_t races; // found in these
} oracle;

static uint32_t draw(oracle *o, uint32_t below)
{
    return (uint32_t)(acti_random_next(&o->random) % below);
}

static void join(vector *to, const vector *from)
{
    for (int i = 0; i < SOURCES_MAX; i++)
        if (to->at[i] < from->at[i])
            to->at[i] = from->at[i];
}

static bool may_be_one(const sent *x)
{
    return x->m.kind != ACTI_MSG_REPLY;
}

// is_race: whether nothing keeps y behind x. Both are for one receiver, and not both unhandled.
static bool is_race(const sent *x, const sent *y)
{
    if (x->from == y->from || x->from == x->to || !may_be_one(x) || !may_be_one(y))
        return false;
    if (!x->m.type->terminal && !y->m.type->terminal)
        return false;
    if (y->send.at[x->from] < x->send.at[x->from])
        return false;
    return x->handle == 0 || y->send.at[x->to] < x->handle;
}

static const sent *by_number(const oracle *o, uint64_t number)
{
    for (int i = 0; i < o->count; i++)
        if (o->all[i].number == number)
            return &o->all[i];
    return NULL;
}

// check_found compares what was found as m was given with what is there to be found, by source.
static void check_found(oracle *o, const sent *m)
{
    bool found[2][SOURCES_MAX] = {{false}};
    bool there[2][SOURCES_MAX] = {{false}};
    for (uint32_t i = 0; i < o->w.count; i++) {
        const acti_race *race = &o->w.found[i];
        const sent *x = by_number(o, race->first.sent);
        const sent *y = by_number(o, race->second.sent);
        assert_true(x != NULL && y != NULL && x->to == y->to);
        assert_true(m == (race->order == ACTI_RACE_KEPT ? y : x));
        assert_true(is_race(x, y)); // never a false report
        found[race->order][(race->order == ACTI_RACE_KEPT ? x : y)->from] = true;
    }
    for (int i = 0; i < o->count; i++) {
        const sent *other = &o->all[i];
        if (other == m || other->to != m->to || other->handle == 0)
            continue;
        there[ACTI_RACE_KEPT][other->from] |= is_race(other, m);
        there[ACTI_RACE_SWAPPED][other->from] |= is_race(m, other);
    }
    if (acti_causal_forgotten(o->w.causal) == 0)
        assert_memory_equal(found, there, sizeof found);
    o->races += o->w.count;
    o->w.count = 0;
}

static void send_some(oracle *o)
{
    if (o->count == SENT_MAX)
        return;
    sent *x = &o->all[o->count++];
    x->from = (int)draw(o, (uint32_t)o->sources);
    x->to = (int)draw(o, (uint32_t)o->sources);
    const acta_type *type = draw(o, 3) == 0 ? acta_type_of(over) : acta_type_of(plain);
    static const acti_msg_kind kinds[] = {ACTI_MSG_SEND, ACTI_MSG_SEND, ACTI_MSG_ASK, ACTI_MSG_DOWN, ACTI_MSG_REPLY};
    x->m = (acta_msg){.type = type, .kind = (uint8_t)kinds[draw(o, 5)]};
    o->now[x->from].at[x->from]++;
    x->send = o->now[x->from];
    x->number = acti_causal_sent(o->w.causal, (uint64_t)x->from + 1, (uint64_t)x->to + 1, &x->m);
}

// handle_some gives the oldest message of some pair, of those on their way.
static void handle_some(oracle *o)
{
    int start = (int)draw(o, (uint32_t)o->count + 1);
    sent *x = NULL;
    for (int i = 0; i < o->count && x == NULL; i++)
        if (o->all[(start + i) % o->count].handle == 0)
            x = &o->all[(start + i) % o->count];
    if (x == NULL)
        return;
    for (int i = 0; i < o->count; i++) {
        if (o->all[i].from == x->from && o->all[i].to == x->to && o->all[i].handle == 0) {
            x = &o->all[i];
            break;
        }
    }
    vector *now = &o->now[x->to];
    acti_causal_given(o->w.causal, (uint64_t)x->to + 1, &x->m);
    check_found(o, x);
    now->at[x->to]++;
    x->handle = now->at[x->to];
    join(now, &x->send);
}

static void drop_some(oracle *o)
{
    int from = (int)draw(o, (uint32_t)o->sources);
    int to = (int)draw(o, (uint32_t)o->sources);
    o->now[from].at[from]++;
    join(&o->drops[to], &o->now[from]);
    acti_causal_dropped(o->w.causal, (uint64_t)from + 1, (uint64_t)to + 1);
}

static void end_some(oracle *o)
{
    int who = (int)draw(o, (uint32_t)o->sources);
    join(&o->now[who], &o->drops[who]);
    end_seen(&o->w, (uint64_t)who + 1);
}

static void run_history(oracle *o, int sources, uint32_t steps)
{
    o->sources = sources;
    o->count = 0;
    memset(o->now, 0, sizeof o->now);
    memset(o->drops, 0, sizeof o->drops);
    memset(o->all, 0, sizeof o->all);
    o->w.count = 0;
    o->w.causal = acti_causal_new(note, &o->w);
    assert_non_null(o->w.causal);
    for (int i = 0; i < sources; i++) {
        int by = i > 0 ? (int)draw(o, (uint32_t)i) : 0;
        if (i > 0) {
            o->now[by].at[by]++;
            join(&o->now[i], &o->now[by]);
        }
        acti_causal_entered(o->w.causal, (uint64_t)i + 1, "source", (uint64_t)by + 1);
    }
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t what = draw(o, 20);
        if (what < 10)
            send_some(o);
        else if (what < 18)
            handle_some(o);
        else if (what < 19)
            drop_some(o);
        else
            end_some(o);
    }
    o->exact += acti_causal_forgotten(o->w.causal) == 0;
    acti_causal_free(o->w.causal);
}

TEST(random_histories_have_the_races_that_vector_clocks_see_and_no_others)
{
    static oracle o;
    o.random = 20240614;
    enum { HISTORIES = 20000 };
    for (int i = 0; i < HISTORIES; i++)
        run_history(&o, 3 + i % 4, 10 + (uint32_t)i % 140);
    assert_true(o.exact > HISTORIES / 2);
    assert_true(o.races > HISTORIES / 2);
}

TEST(histories_too_long_to_be_remembered_have_no_false_races)
{
    static oracle o;
    o.random = 7;
    for (int i = 0; i < 60; i++)
        run_history(&o, i % 2 == 0 ? SOURCES_MAX : 4, 1200);
    assert_true(o.exact < 60);
    assert_true(o.races > 1000);
}

int main(void)
{
    return TEST_RUN(case_of(an_answer_between_the_two_keeps_them_in_order),
                    case_of(an_answer_that_comes_round_by_others_does_too),
                    case_of(messages_of_which_neither_sender_heard_are_none),
                    case_of(what_was_told_before_the_first_was_sent_is_no_sign_of_it),
                    case_of(messages_of_one_source_are_none),
                    case_of(two_of_no_terminal_type_are_none),
                    case_of(what_an_actor_sends_to_itself_takes_no_way),
                    case_of(the_outcome_of_a_request_is_never_one_of_them_and_is_an_answer),
                    case_of(an_end_has_all_behind_it_that_those_knew_who_let_go),
                    case_of(a_stop_has_behind_it_what_its_sender_knew),
                    case_of(who_was_made_knows_what_its_maker_knew),
                    case_of(a_death_notice_is_a_message_of_the_dead),
                    case_of(what_cannot_be_followed_may_bring_an_answer),
                    case_of(what_is_sent_by_nobody_known_is_never_one_of_them),
                    case_of(an_actor_that_ended_long_ago_may_know_all),
                    case_of(a_tick_and_a_timeout_bring_nothing),
                    case_of(what_did_not_go_out_is_not_known_and_its_block_is_another_messages),
                    case_of(a_message_that_comes_behind_another_by_a_longer_way_is_found_with_both_ways),
                    case_of(the_wrong_order_is_found_too),
                    case_of(a_message_that_its_receiver_never_came_to_is_found_at_its_end),
                    case_of(an_answer_to_an_earlier_message_does_not_cover_a_later_one),
                    case_of(whoever_lets_go_last_tells_what_the_others_sent),
                    case_of(the_fourth_message_back_is_remembered_and_the_fifth_is_not),
                    case_of(the_last_terminal_message_is_remembered_behind_any_number_of_others),
                    case_of(so_many_sources_are_remembered_and_no_more),
                    case_of(a_past_of_so_many_sources_is_whole_and_of_one_more_has_forgotten_the_oldest),
                    case_of(a_long_way_loses_its_middle),
                    case_of(names_are_kept_once_each_up_to_a_number),
                    case_of(random_histories_have_the_races_that_vector_clocks_see_and_no_others),
                    case_of(histories_too_long_to_be_remembered_have_no_false_races));
}
