// SPDX-License-Identifier: MIT
//
// The inbox word: C-FIFO for one inbox, and the wake that is neither lost nor doubled (C-ONE-TURN).

#include "test.h"

#include "base/platform.h"
#include "core/inbox.h"

typedef struct letter {
    acta_msg msg; // first: a message is the letter it lies in
    uint32_t from;
    uint32_t n;
} letter;

TEST(push_to_routed_inbox_is_refused_and_leaves_the_message_alone)
{
    acti_inbox inbox = {.word = {ACTI_INBOX_EMPTY}};
    letter l = {.n = 7};
    bool attend;
    assert_null(acti_inbox_route(&inbox, &attend));
    assert_int_equal(acti_inbox_push(&inbox, &l.msg), ACTI_PUSH_ROUTED);
    assert_null(l.msg.next);
    assert_int_equal(l.n, 7);
    assert_int_equal(inbox.word.v, ACTI_INBOX_ROUTED);
}

TEST(park_fails_when_a_message_has_come)
{
    acti_inbox inbox = {.word = {ACTI_INBOX_EMPTY}};
    letter l = {0};
    assert_int_equal(acti_inbox_push(&inbox, &l.msg), ACTI_PUSHED);
    assert_false(acti_inbox_park(&inbox));
    acta_msg *newest;
    assert_ptr_equal(acti_inbox_take(&inbox, &newest), &l.msg);
    assert_true(acti_inbox_park(&inbox));
    assert_int_equal(inbox.word.v, ACTI_INBOX_PARKED);
}

TEST(unpark_fails_when_a_message_has_come_and_leaves_it_to_be_woken_for)
{
    acti_inbox inbox = {.word = {ACTI_INBOX_PARKED}};
    letter l = {0};
    assert_int_equal(acti_inbox_push(&inbox, &l.msg), ACTI_PUSHED_WAKE);
    assert_false(acti_inbox_unpark(&inbox));
    assert_int_equal(inbox.word.v, (uint64_t)(uintptr_t)&l.msg);
    inbox.word.v = ACTI_INBOX_PARKED;
    assert_true(acti_inbox_unpark(&inbox));
    assert_int_equal(inbox.word.v, ACTI_INBOX_EMPTY);
    assert_int_equal(acti_inbox_push(&inbox, &l.msg), ACTI_PUSHED); // it runs: nobody wakes it
}

TEST(take_from_empty_inbox_gives_null_and_changes_nothing)
{
    acti_inbox inbox = {.word = {ACTI_INBOX_EMPTY}};
    acta_msg *newest = NULL;
    assert_null(acti_inbox_take(&inbox, &newest));
    assert_null(newest);
    assert_int_equal(inbox.word.v, ACTI_INBOX_EMPTY);
}

TEST(only_the_push_that_replaces_parked_says_wake)
{
    acti_inbox inbox = {.word = {ACTI_INBOX_PARKED}};
    letter l[3] = {{.n = 0}};
    assert_int_equal(acti_inbox_push(&inbox, &l[0].msg), ACTI_PUSHED_WAKE);
    assert_int_equal(acti_inbox_push(&inbox, &l[1].msg), ACTI_PUSHED);
    acta_msg *newest;
    (void)acti_inbox_take(&inbox, &newest);
    assert_int_equal(acti_inbox_push(&inbox, &l[2].msg), ACTI_PUSHED); // running: it looks again by itself
}

TEST(take_gives_all_oldest_first)
{
    enum { N = 100 };
    acti_inbox inbox = {.word = {ACTI_INBOX_PARKED}};
    letter l[N] = {{.n = 0}};
    for (int i = 0; i < N; i++)
        (void)acti_inbox_push(&inbox, &l[i].msg);
    acta_msg *newest;
    acta_msg *at = acti_inbox_take(&inbox, &newest);
    for (int i = 0; i < N; i++, at = at->next)
        assert_ptr_equal(at, &l[i].msg);
    assert_null(at);
    assert_ptr_equal(newest, &l[N - 1].msg);
    assert_int_equal(inbox.word.v, ACTI_INBOX_EMPTY);
}

TEST(route_gives_what_was_left_oldest_first_from_every_state)
{
    acti_inbox inbox = {.word = {ACTI_INBOX_PARKED}};
    bool attend;
    assert_null(acti_inbox_route(&inbox, &attend));
    assert_null(acti_inbox_route(&inbox, &attend)); // routed already
    assert_false(attend);
    inbox.word.v = ACTI_INBOX_EMPTY;
    letter l[2] = {{.n = 0}};
    (void)acti_inbox_push(&inbox, &l[0].msg);
    (void)acti_inbox_push(&inbox, &l[1].msg);
    assert_int_equal(acti_inbox_attend(&inbox, ACTI_INBOX_PARKED), ACTI_PUSHED);
    acta_msg *rest = acti_inbox_route(&inbox, &attend);
    assert_true(attend);
    assert_ptr_equal(rest, &l[0].msg);
    assert_ptr_equal(rest->next, &l[1].msg);
    assert_null(rest->next->next);
    assert_int_equal(inbox.word.v, ACTI_INBOX_ROUTED);
}

// ---- stress -------------------------------------------------------------------

// Four producers; the one whose push says wake runs the turn itself, as a worker would. What a turn writes is plain
// memory: TSan sees it if two turns overlap or the next does not see the last.
enum { PRODUCERS = 4, EACH = 200000 };

typedef struct shop {
    acti_inbox inbox;
    acti_au64 parks;
    acti_au64 wakes;
    letter *letters;
    // Only in a turn.
    uint32_t next[PRODUCERS];
    uint64_t taken;
    uint64_t disorder;
    bool turning;
} shop;

static void turn(shop *s)
{
    s->disorder += s->turning;
    s->turning = true;
    for (;;) {
        acta_msg *newest;
        acta_msg *at = acti_inbox_take(&s->inbox, &newest);
        while (at != NULL) {
            const letter *l = (const letter *)(const void *)at;
            at = at->next;
            s->disorder += l->n != s->next[l->from];
            s->next[l->from]++;
            s->taken++;
        }
        s->turning = false;
        if (acti_inbox_park(&s->inbox)) {
            acti_au64_add_relaxed(&s->parks, 1);
            return;
        }
        s->turning = true;
    }
}

typedef struct producer {
    shop *shop;
    uint32_t index;
} producer;

static void *produce(void *arg)
{
    const producer *p = arg;
    for (uint32_t n = 0; n < EACH; n++) {
        letter *l = &p->shop->letters[p->index * EACH + n];
        *l = (letter){.from = p->index, .n = n};
        if (acti_inbox_push(&p->shop->inbox, &l->msg) == ACTI_PUSHED_WAKE) {
            acti_au64_add_relaxed(&p->shop->wakes, 1);
            turn(p->shop);
        }
    }
    return NULL;
}

TEST(four_producers_lose_nothing_keep_their_order_and_never_overlap_turns)
{
    shop s = {.inbox = {.word = {ACTI_INBOX_PARKED}}, .parks = {1}};
    s.letters = calloc((size_t)PRODUCERS * EACH, sizeof(letter));
    assert_non_null(s.letters);
    producer p[PRODUCERS];
    pthread_t threads[PRODUCERS];
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        p[i] = (producer){&s, i};
        assert_int_equal(acti_thread_start(&threads[i], "producer", produce, &p[i]), 0);
    }
    for (uint32_t i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(s.taken, PRODUCERS * EACH);
    assert_int_equal(s.disorder, 0);
    assert_int_equal(s.inbox.word.v, ACTI_INBOX_PARKED);
    assert_int_equal(s.wakes.v + 1, s.parks.v); // each park ends with exactly one wake, but for the last
    free(s.letters);
}

// The consumer sleeps on a token, as an actor with its own thread does.
typedef struct sleeper {
    acti_inbox inbox;
    acti_park park;
    letter *letters;
} sleeper;

static void *produce_for_sleeper(void *arg)
{
    sleeper *s = arg;
    for (uint32_t n = 0; n < EACH; n++) {
        s->letters[n] = (letter){.n = n};
        if (acti_inbox_push(&s->inbox, &s->letters[n].msg) == ACTI_PUSHED_WAKE)
            acti_park_give(&s->park);
    }
    return NULL;
}

TEST(a_consumer_that_sleeps_misses_no_wake)
{
    sleeper s = {.inbox = {.word = {ACTI_INBOX_EMPTY}}};
    acti_park_init(&s.park);
    s.letters = calloc(EACH, sizeof(letter));
    assert_non_null(s.letters);
    pthread_t thread;
    assert_int_equal(acti_thread_start(&thread, "producer", produce_for_sleeper, &s), 0);
    uint32_t taken = 0;
    bool woken = true;
    while (taken < EACH && woken) {
        acta_msg *newest;
        for (acta_msg *at = acti_inbox_take(&s.inbox, &newest); at != NULL; at = at->next)
            assert_int_equal(((const letter *)(const void *)at)->n, taken++);
        if (taken < EACH && acti_inbox_park(&s.inbox))
            woken = acti_park_wait(&s.park, acti_clock_ns() + TEST_GATE_WAIT_MS * UINT64_C(1000000));
    }
    assert_true(woken);
    pthread_join(thread, NULL);
    free(s.letters);
}

int main(void)
{
    return TEST_RUN(case_of(push_to_routed_inbox_is_refused_and_leaves_the_message_alone),
                    case_of(park_fails_when_a_message_has_come),
                    case_of(unpark_fails_when_a_message_has_come_and_leaves_it_to_be_woken_for),
                    case_of(take_from_empty_inbox_gives_null_and_changes_nothing),
                    case_of(only_the_push_that_replaces_parked_says_wake), case_of(take_gives_all_oldest_first),
                    case_of(route_gives_what_was_left_oldest_first_from_every_state),
                    case_of(four_producers_lose_nothing_keep_their_order_and_never_overlap_turns),
                    case_of(a_consumer_that_sleeps_misses_no_wake));
}
