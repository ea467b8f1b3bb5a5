// SPDX-License-Identifier: MIT
//
// The life of a door: it keeps nobody alive, ends with its actor, and can be reached for as long as it is open.

#include "door.h"

#include <fcntl.h>

#include "pipes.h"

static void ask_and_hear(nng_socket s, uint32_t number)
{
    words q = query_words(number);
    ask(s, number, &q);
    hear_answer(s, number, number);
}

// ---- the end ----------------------------------------------------------------------------

TEST(a_door_with_clients_keeps_no_actor_alive_and_leaves_nothing)
{
    KIT_EACH_KIND(kind) {
        for (int kind_of_door = ACTA_DOOR_PULL; kind_of_door <= ACTA_DOOR_REP; kind_of_door++) {
            kit k;
            kit_open(&k, 2);
            place at = place_new();
            int before = fds_open();
            host h = {.then = answers_queries};
            acta_tx *tx = host_start(&k, kind, &h, at.url, (acta_door_kind)kind_of_door, 0);
            int fd = raw_greet(at.path, kind_of_door == ACTA_DOOR_REP ? REQ_GREETING : PUSH_GREETING);
            acta_addr *addr = acta_addr_dup(acta_tx_addr(tx));
            acta_tx_drop(&tx);
            assert_true(kit_await_ended(addr));
            acta_addr_drop(&addr);
            assert_true(raw_is_closed(fd));
            close(fd);
            kit_close(&k);
            assert_true(place_is_empty(&at));
            assert_int_equal(fds_open(), before);
        }
    }
}

// Waits inside its first item until the gate is opened.
typedef struct slow {
    int64_t given;
    test_gate inside;
    test_gate go_on;
} slow;

static int is_slow(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    slow *s = h->arg;
    (void)self;
    if (m == NULL || !acta_is(item, m))
        return ACTA_OK;
    if (s->given++ == 0) {
        test_gate_open(&s->inside);
        kit_claim(test_gate_wait(&s->go_on));
    }
    return ACTA_OK;
}

TEST(what_waits_for_room_is_given_before_the_end_and_what_comes_after_it_is_refused)
{
    enum { CAPACITY = 4, PUSHED = 50 };
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    slow s = {.given = 0};
    test_gate_init(&s.inside);
    test_gate_init(&s.go_on);
    host h = {.then = is_slow, .arg = &s};
    acta_tx *tx = host_start(&k, &kit_kinds[2], &h, at.url, ACTA_DOOR_PULL, CAPACITY);
    int fd = raw_greet(at.path, PUSH_GREETING);
    for (int i = 0; i < PUSHED; i++) {
        words w = item_words(0, i);
        raw_frame(fd, w.size);
        raw_say(fd, w.bytes, w.size);
        if (i == 0)
            assert_true(test_gate_wait(&s.inside));
    }
    assert_true(kit_await_pauses(&k, 1)); // one waits for room, and holds a sender
    acta_tx_drop(&tx);
    test_gate_open(&s.go_on);
    kit_close(&k);
    // The one inside, those in the inbox, the one that waited: as its sender was the last one, nothing behind it.
    assert_int_equal(s.given, 1 + CAPACITY + 1);
    close(fd);
    test_gate_fini(&s.inside);
    test_gate_fini(&s.go_on);
    assert_true(place_is_empty(&at));
}

// never_answers takes promises, and does not end when it should.
static int never_answers(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    slow *s = h->arg;
    acta_promise *promise;
    if (m != NULL && acta_is(query, m)) {
        kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
        test_gate_open(&s->inside);
    }
    return ACTA_OK;
}

TEST(a_close_by_force_answers_what_is_open_and_ends_the_door)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    slow s = {.given = 0};
    test_gate_init(&s.inside);
    host h = {.then = never_answers, .arg = &s};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    nng_socket asks = asker(at.url);
    words q = query_words(1);
    ask(asks, 1, &q);
    assert_true(test_gate_wait(&s.inside));
    assert_int_equal(acta_close(&k.sys, ACTA_MS), ACTA_EALIVE); // its sender is kept
    hear_failure(asks, 1, ACTA_EGONE);
    acta_tx_drop(&tx);
    kit_claims_held();
    assert_true(kit_nothing_leaked());
    nng_ok(nng_close(asks));
    test_gate_fini(&s.inside);
    assert_true(place_is_empty(&at));
}

TEST(a_client_that_never_rests_is_cut_all_the_same_when_the_door_closes)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    int fd = raw_greet(at.path, REQ_GREETING);
    words q = query_words(1), request = {.size = 0};
    put_bytes(&request, "\x01\0\0\0\0\0\0\0", 8);
    request.bytes[request.size++] = (uint8_t)(4 + q.size);
    put_bytes(&request, "\x80\0\0\x01", 4);
    put_bytes(&request, q.bytes, q.size);
    acta_tx_drop(&tx);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    uint8_t replies[4096];
    while (send(fd, request.bytes, request.size, MSG_NOSIGNAL) == (ssize_t)request.size) {
        assert_true(acti_clock_ns() < until_ns);
        while (recv(fd, replies, sizeof(replies), MSG_DONTWAIT) > 0)
            continue;
    }
    close(fd);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

// ---- reachable ---------------------------------------------------------------------------------

TEST(the_default_interval_of_checks_is_five_seconds)
{
    assert_int_equal(ACTA_DOOR_CHECK_NS_DEFAULT, 5 * ACTA_SECOND);
}

TEST(a_door_that_can_be_reached_is_found_so_and_left_alone)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries, .opts = {.check_ns = 2 * ACTA_MS, .clients_max = 1}};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    uint64_t checks;
    while ((checks = look_at(&h, tx).checks) < 3)
        sched_yield();
    // With as many clients as it may have it is not found, and not opened again either.
    int fd;
    uint8_t greeting[8];
    while (fd = raw_connect(at.path), !raw_hear(fd, greeting, sizeof(greeting)))
        close(fd); // a check has the place
    raw_say(fd, REQ_GREETING, 8);
    uint64_t away = look_at(&h, tx).turned_away;
    while (look_at(&h, tx).turned_away < away + 30)
        sched_yield();
    acta_door_counts counts = look_at(&h, tx);
    assert_int_equal(counts.healed, 0);
    assert_int_equal(counts.connected, 1); // checks are nobody's
    close(fd);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(k.lines, 0);
    assert_true(place_is_empty(&at));
}

TEST(a_door_whose_socket_was_removed_is_opened_again_and_clients_stay)
{
    for (int kind_of_door = ACTA_DOOR_PULL; kind_of_door <= ACTA_DOOR_REP; kind_of_door++) {
        kit k;
        kit_open(&k, 2);
        place at = place_new();
        host h = {.then = answers_queries, .opts = {.check_ns = 10 * ACTA_MS}};
        acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, (acta_door_kind)kind_of_door, 0);
        int fd = raw_greet(at.path, kind_of_door == ACTA_DOOR_REP ? REQ_GREETING : PUSH_GREETING);
        for (uint64_t i = 1; i <= 3; i++) {
            assert_int_equal(unlink(at.path), 0);
            uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
            while (look_at(&h, tx).healed < i)
                assert_true(acti_clock_ns() < until_ns);
            close(raw_greet(at.path, kind_of_door == ACTA_DOOR_REP ? REQ_GREETING : PUSH_GREETING));
        }
        words w = kind_of_door == ACTA_DOOR_REP ? query_words(5) : item_words(0, 5);
        uint64_t taken = look_at(&h, tx).taken;
        raw_frame(fd, w.size + (kind_of_door == ACTA_DOOR_REP ? 4 : 0));
        if (kind_of_door == ACTA_DOOR_REP)
            raw_say(fd, "\x80\0\0\1", 4);
        raw_say(fd, w.bytes, w.size); // on the first connection
        while (look_at(&h, tx).taken == taken)
            sched_yield();
        close(fd);
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_true(kit_reported(&k, at.url, "could not be reached, and was opened again"));
        assert_true(place_is_empty(&at));
    }
}

TEST(a_door_whose_path_was_taken_is_reported_and_opened_when_the_path_is_free)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries, .opts = {.check_ns = 10 * ACTA_MS}};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    assert_int_equal(unlink(at.path), 0);
    int file = open(at.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0) { // else it was faster, and there is nothing to report
        close(file);
        uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
        while (look_at(&h, tx).unhealed < 1)
            assert_true(acti_clock_ns() < until_ns);
        struct stat st;
        assert_int_equal(lstat(at.path, &st), 0);
        assert_true(S_ISREG(st.st_mode)); // it was left alone
        assert_int_equal(unlink(at.path), 0);
    }
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    while (look_at(&h, tx).healed < 1)
        assert_true(acti_clock_ns() < until_ns);
    nng_socket s = asker(at.url);
    ask_and_hear(s, 4);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

int main(void)
{
    return TEST_RUN(case_of(a_door_with_clients_keeps_no_actor_alive_and_leaves_nothing),
                    case_of(what_waits_for_room_is_given_before_the_end_and_what_comes_after_it_is_refused),
                    case_of(a_close_by_force_answers_what_is_open_and_ends_the_door),
                    case_of(a_client_that_never_rests_is_cut_all_the_same_when_the_door_closes),
                    case_of(the_default_interval_of_checks_is_five_seconds),
                    case_of(a_door_that_can_be_reached_is_found_so_and_left_alone),
                    case_of(a_door_whose_socket_was_removed_is_opened_again_and_clients_stay),
                    case_of(a_door_whose_path_was_taken_is_reported_and_opened_when_the_path_is_free));
}
