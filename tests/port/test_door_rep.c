// SPDX-License-Identifier: MIT
//
// C-ASK at a door: every request has exactly one outcome, in whatever way it comes about, and in any order.

#include "door.h"

// ---- outcomes that are no answer --------------------------------------------------------

enum { REPLIED, REFUSED, FREED, TAKEN_AND_DROPPED, UNHANDLED, DELEGATED, DELEGATED_TO_NOBODY, LATER, WAYS };

static const int status_of_way[WAYS] = {
    [REFUSED] = ACTA_EACCES,          [FREED] = ACTA_ENOREPLY, [TAKEN_AND_DROPPED] = ACTA_ENOREPLY,
    [UNHANDLED] = ACTA_EREFUSED, [DELEGATED_TO_NOBODY] = ACTA_EGONE,
};

typedef struct ways {
    acta_tx *worker; // who answers what is delegated
    acta_tx *nobody; // an actor that has ended
    acta_promise *later;
} ways;

static int ends_at_once(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_DONE;
}

static void delegate(acta_self *self, acta_msg *m, acta_tx *to, int64_t n, int status)
{
    acta_promise *promise;
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    kit_claim(acta_delegate(self, &promise, to, query, .n = n) == status);
    if (status != ACTA_OK)
        kit_claim(acta_promise_refuse(self, &promise, status, "nobody is there") == ACTA_OK);
}

static int answers_each_way(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    ways *w = h->arg;
    const query *q = m != NULL ? acta_as(query, m) : NULL;
    uint64_t timer;
    if (m == NULL) {
        acta_tx_drop(&w->worker);
        acta_tx_drop(&w->nobody);
    } else if (acta_is(acta_tick, m)) {
        kit_claim(acta_promise_reply(self, &w->later, answer, .n = LATER) == ACTA_OK);
    } else if (q == NULL || q->n == UNHANDLED) {
        acta_unhandled(self, m);
    } else if (q->n == REPLIED) {
        kit_claim(acta_reply(self, m, answer, .n = q->n) == ACTA_OK);
    } else if (q->n == REFUSED) {
        kit_claim(acta_refuse(self, m, ACTA_EACCES, "not you") == ACTA_OK);
    } else if (q->n == TAKEN_AND_DROPPED) {
        acta_promise *promise;
        kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
        kit_claim(acta_promise_drop(self, &promise) == ACTA_OK);
    } else if (q->n == DELEGATED) {
        delegate(self, m, w->worker, DELEGATED, ACTA_OK);
    } else if (q->n == DELEGATED_TO_NOBODY) {
        delegate(self, m, w->nobody, DELEGATED_TO_NOBODY, ACTA_EGONE);
    } else if (q->n == LATER) {
        kit_claim(acta_promise_take(self, m, &w->later) == ACTA_OK);
        kit_claim(acta_timer_start(self, ACTA_MS, 0, &timer) == ACTA_OK);
    }
    return ACTA_OK;
}

TEST(each_way_to_deal_with_a_request_is_told_to_who_asked)
{
    kit_actor worker = {answers_queries}, ender = {ends_at_once};
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        place at = place_new();
        ways w = {.worker = kit_spawn(&k, &kit_kinds[0], &worker), .nobody = kit_spawn(&k, &kit_kinds[0], &ender)};
        kit_send(w.nobody, 0);
        assert_true(kit_await_ended(acta_tx_addr(w.nobody)));
        host h = {.then = answers_each_way, .arg = &w};
        acta_tx *tx = host_start(&k, kind, &h, at.url, ACTA_DOOR_REP, 0);
        nng_socket s = asker(at.url);
        for (uint32_t way = 0; way < WAYS; way++) {
            words q = query_words(way);
            ask(s, way, &q);
            if (status_of_way[way] == 0)
                hear_answer(s, way, way);
            else
                hear_failure(s, way, status_of_way[way]);
        }
        nng_ok(nng_close(s));
        acta_tx_drop(&tx);
        kit_close(&k);
        assert_true(place_is_empty(&at));
    }
}

// ---- any number at once, answered in any order ------------------------------------------------

enum { AT_ONCE = 10000 };

typedef struct crowd {
    acta_promise *promises[AT_ONCE];
    int64_t numbers[AT_ONCE];
    int count;
    uint32_t seed;
} crowd;

static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

// answers_all_at_the_end keeps every request until the last one is there, and answers them in an order drawn by lot.
static int answers_all_at_the_end(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    crowd *c = h->arg;
    const query *q = m != NULL ? acta_as(query, m) : NULL;
    if (q == NULL)
        return ACTA_OK;
    c->numbers[c->count] = q->n;
    kit_claim(acta_promise_take(self, m, &c->promises[c->count++]) == ACTA_OK);
    while (c->count > 0 && q->n == AT_ONCE - 1) {
        int i = (int)(draw(&c->seed) % (uint32_t)c->count);
        kit_claim(acta_promise_reply(self, &c->promises[i], answer, .n = c->numbers[i]) == ACTA_OK);
        c->count--;
        c->promises[i] = c->promises[c->count];
        c->numbers[i] = c->numbers[c->count];
    }
    return ACTA_OK;
}

TEST(ten_thousand_requests_at_once_are_each_answered_once_in_any_order)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    crowd *c = calloc(1, sizeof(*c));
    char *answered = calloc(1, AT_ONCE);
    assert_true(c != NULL && answered != NULL);
    host h = {.then = answers_all_at_the_end, .arg = c};
    acta_tx *tx = host_start(&k, &kit_kinds[1], &h, at.url, ACTA_DOOR_REP, 0);
    nng_socket s = asker(at.url);
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        words q = query_words(i);
        ask(s, i, &q);
    }
    int in_order = 0;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        nng_msg *m;
        uint32_t number = hear(s, &m);
        assert_in_range(number, 0, AT_ONCE - 1);
        assert_true(is_answer(nng_msg_body(m), nng_msg_len(m), number));
        assert_int_equal(answered[number]++, 0);
        in_order += number == i;
        nng_msg_free(m);
    }
    assert_in_range(in_order, 0, AT_ONCE / 10); // else there was no lot
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    free(answered);
    free(c);
    assert_true(place_is_empty(&at));
}

// ---- ends with requests open -------------------------------------------------------------------

// holds_all takes the promise of every request and answers none.
typedef struct holder {
    int count;
    int until;
    test_gate full;  // so many requests are held
    test_gate go_on; // at the last one the actor waits for this
    bool closes;     // then it closes its door
} holder;

static int holds_all(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    holder *keep = h->arg;
    acta_promise *promise;
    if (m == NULL || !acta_is(query, m))
        return ACTA_OK;
    kit_claim(acta_promise_take(self, m, &promise) == ACTA_OK);
    if (++keep->count < keep->until)
        return ACTA_OK;
    test_gate_open(&keep->full);
    kit_claim(test_gate_wait(&keep->go_on));
    if (!keep->closes)
        return ACTA_EIO; // it fails, with all of them in its hands
    acta_door_close(self, h->door);
    kit_claim(acta_promise_reply(self, &promise, answer, .n = keep->until) == ACTA_OK);
    return ACTA_DONE;
}

static void holder_init(holder *keep, int until, bool closes)
{
    *keep = (holder){.until = until, .closes = closes};
    test_gate_init(&keep->full);
    test_gate_init(&keep->go_on);
}

static void holder_fini(holder *keep)
{
    test_gate_fini(&keep->full);
    test_gate_fini(&keep->go_on);
}

enum { HELD = 20, ASKED = 150, SMALL = 8 };

// A door at which so many have been asked. The holder has the first HELD and waits: SMALL more are in its inbox, one
// waits for room, and of the rest some have been read by the door and some lie with the system.
typedef struct held {
    kit k;
    place at;
    holder keep;
    host host;
    acta_tx *tx;
    nng_socket s;
} held;

static void held_open(held *d, const kit_kind *kind, bool closes)
{
    kit_open(&d->k, 2);
    d->at = place_new();
    holder_init(&d->keep, HELD, closes);
    d->host = (host){.then = holds_all, .arg = &d->keep};
    d->tx = host_start(&d->k, kind, &d->host, d->at.url, ACTA_DOOR_REP, SMALL);
    d->s = asker(d->at.url);
    for (uint32_t i = 0; i < ASKED; i++) {
        words q = query_words(i);
        ask(d->s, i, &q);
    }
    assert_true(test_gate_wait(&d->keep.full));
}

static void held_close(held *d)
{
    nng_ok(nng_close(d->s));
    acta_tx_drop(&d->tx);
    kit_close(&d->k);
    holder_fini(&d->keep);
    assert_true(place_is_empty(&d->at));
}

TEST(an_actor_that_ends_with_requests_open_has_answered_them_all)
{
    KIT_EACH_KIND(kind) {
        held d;
        held_open(&d, kind, false);
        test_gate_open(&d.keep.go_on);
        char answered[ASKED] = {0};
        for (int i = 0; i < ASKED; i++) {
            nng_msg *m;
            uint32_t number = hear(d.s, &m);
            assert_in_range(number, 0, ASKED - 1);
            assert_int_equal(answered[number]++, 0);
            assert_int_equal(status_of(nng_msg_body(m), nng_msg_len(m)), ACTA_EGONE);
            nng_msg_free(m);
        }
        held_close(&d);
    }
}

TEST(an_actor_that_is_killed_with_requests_open_has_answered_them_all)
{
    KIT_EACH_KIND(kind) {
        held d;
        held_open(&d, kind, false);
        assert_int_equal(acta_kill(acta_tx_addr(d.tx)), ACTA_OK);
        test_gate_open(&d.keep.go_on);
        for (int i = 0; i < ASKED; i++) {
            nng_msg *m;
            (void)hear(d.s, &m);
            assert_int_equal(status_of(nng_msg_body(m), nng_msg_len(m)), ACTA_EGONE);
            nng_msg_free(m);
        }
        held_close(&d);
    }
}

TEST(a_door_that_is_closed_with_requests_open_still_answers_them)
{
    held d;
    held_open(&d, &kit_kinds[0], true);
    test_gate_open(&d.keep.go_on);
    int answers = 0;
    for (int i = 0; i < ASKED; i++) {
        nng_msg *m;
        bool last = hear(d.s, &m) == HELD - 1;
        if (last)
            answers += is_answer(nng_msg_body(m), nng_msg_len(m), HELD);
        else
            assert_int_equal(status_of(nng_msg_body(m), nng_msg_len(m)), ACTA_EGONE);
        nng_msg_free(m);
    }
    assert_int_equal(answers, 1); // that one was given after the close
    held_close(&d);
}

TEST(a_request_outlives_the_actor_that_has_delegated_it)
{
    // The worker is told to wait; the front ends; then the worker answers.
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    holder keep;
    holder_init(&keep, 1, true);
    host worker = {.opened = true, .then = holds_all, .arg = &keep};
    worker.actor.on = opens_first;
    ways w = {.worker = kit_spawn(&k, &kit_kinds[2], &worker), .nobody = NULL};
    host h = {.then = answers_each_way, .arg = &w};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    nng_socket s = asker(at.url);
    words q = query_words(DELEGATED);
    ask(s, 77, &q);
    assert_true(test_gate_wait(&keep.full));
    acta_addr *front = acta_addr_dup(acta_tx_addr(tx));
    acta_tx_drop(&tx);
    assert_true(kit_await_ended(front));
    acta_addr_drop(&front);
    assert_int_equal(access(at.path, F_OK), -1); // nobody can come any more
    test_gate_open(&keep.go_on);
    hear_answer(s, 77, 1);
    nng_ok(nng_close(s));
    kit_close(&k);
    holder_fini(&keep);
    assert_true(place_is_empty(&at));
}

// ---- clients that go ------------------------------------------------------------------------------

typedef struct waiter {
    acta_promise *first;
    test_gate asked;
    acta_door_counts counts;
} waiter;

// waits_with_the_first answers the first request when it gets the second; by then nobody waits for it.
static int waits_with_the_first(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    waiter *w = h->arg;
    const query *q = m != NULL ? acta_as(query, m) : NULL;
    if (q == NULL)
        return ACTA_OK;
    if (w->first == NULL) {
        kit_claim(acta_promise_take(self, m, &w->first) == ACTA_OK);
        test_gate_open(&w->asked);
    } else {
        int status = acta_promise_reply(self, &w->first, answer, .n = 1);
        kit_claim(status == ACTA_OK); // that nobody hears it is the client's own doing
        kit_claim(acta_reply(self, m, answer, .n = q->n) == ACTA_OK);
    }
    return ACTA_OK;
}

TEST(an_answer_to_a_client_that_was_killed_is_counted_and_others_are_answered)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    waiter w = {.first = NULL};
    test_gate_init(&w.asked);
    host h = {.then = waits_with_the_first, .arg = &w};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    words q = query_words(1);
    int fd = raw_greet(at.path, REQ_GREETING);
    raw_frame(fd, 4 + q.size);
    raw_say(fd, "\x80\0\0\1", 4);
    raw_say(fd, q.bytes, q.size);
    assert_true(test_gate_wait(&w.asked));
    close(fd); // as the system does for a process that is killed
    nng_socket s = asker(at.url);
    q = query_words(2);
    ask(s, 5, &q);
    hear_answer(s, 5, 2);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_int_equal(k.ledger.queued, 0);
    test_gate_fini(&w.asked);
    assert_true(place_is_empty(&at));
}

TEST(a_client_that_reads_no_replies_is_not_asked_for_more_requests)
{
    enum { LEAST = 1000, MOST = 1 << 20 };
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    int fd = raw_greet(at.path, REQ_GREETING);
    words q = query_words(1);
    uint8_t framed[64] = {1, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(4 + q.size), 0x80, 0, 0, 1};
    memcpy(framed + 13, q.bytes, q.size);
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    int sent = 0;
    for (; sent < MOST; sent++) {
        struct pollfd to = {.fd = fd, .events = POLLOUT};
        int room = 0;
        while ((room = poll(&to, 1, 300)) == 0 && look_at(&h, tx).answered < LEAST)
            assert_true(acti_clock_ns() < until_ns); // it is slow
        if (room == 0)
            break; // the door takes no more
        raw_say(fd, framed, 13 + q.size);
    }
    assert_in_range(sent, LEAST, MOST - 1);
    // Another one is served all the same, and then what was not read is thrown away with its client.
    nng_socket s = asker(at.url);
    q = query_words(9);
    ask(s, 1, &q);
    hear_answer(s, 1, 9);
    assert_in_range(look_at(&h, tx).answered, LEAST, MOST - 1);
    close(fd);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

// Of such answers not as many may wait for a client.
enum { LONG = 15 * 1024 * 1024, LONG_ASKED = 12 };

typedef struct long_answers {
    acta_promise *promises[LONG_ASKED];
    char *line;
} long_answers;

// answers_at_length answers two requests when the last but one has come, and the others when the last has.
static int answers_at_length(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    long_answers *l = h->arg;
    const query *q = m != NULL ? acta_as(query, m) : NULL;
    if (q == NULL)
        return ACTA_OK;
    kit_claim(acta_promise_take(self, m, &l->promises[q->n]) == ACTA_OK);
    int until = q->n == LONG_ASKED - 1 ? LONG_ASKED : q->n == LONG_ASKED - 2 ? 2 : 0;
    for (int i = 0; i < until; i++)
        if (l->promises[i] != NULL)
            kit_claim(acta_promise_reply(self, &l->promises[i], note, .line = l->line) == ACTA_OK);
    return ACTA_OK;
}

static void raw_ask(int fd, uint8_t number)
{
    words q = query_words(number);
    uint8_t header[4] = {0x80, 0, 0, number};
    raw_frame(fd, sizeof(header) + q.size);
    raw_say(fd, header, sizeof(header));
    raw_say(fd, q.bytes, q.size);
}

TEST(a_client_whose_unread_replies_take_too_much_is_cut)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    long_answers l = {.line = malloc(LONG + 1)};
    assert_non_null(l.line);
    memset(l.line, 'x', LONG);
    l.line[LONG] = '\0';
    host h = {.then = answers_at_length, .arg = &l};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    int fd = raw_greet(at.path, REQ_GREETING);
    for (uint8_t i = 0; i < LONG_ASKED - 1; i++)
        raw_ask(fd, i);
    struct pollfd first = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&first, 1, TEST_GATE_WAIT_MS), 1);
    raw_ask(fd, LONG_ASKED - 1); // it is read, and then nothing more, as so much waits for it
    uint64_t until_ns = acti_clock_ns() + KIT_WAIT_NS;
    acta_door_counts counts;
    while ((counts = look_at(&h, tx)).clients > 0)
        assert_true(acti_clock_ns() < until_ns);
    assert_true(raw_is_closed(fd));
    close(fd);
    do { // each number by itself is right at some moment of this look
        counts = look_at(&h, tx);
        assert_true(acti_clock_ns() < until_ns);
    } while (counts.open > 0 || counts.answered + counts.unclaimed + 1 < LONG_ASKED);
    assert_int_equal(counts.answered + counts.unclaimed + 1, LONG_ASKED); // one was what could not be told any more
    nng_socket s = asker(at.url);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(kit_reported(&k, "a connection is cut", "does not read its replies"));
    free(l.line);
    assert_true(place_is_empty(&at));
}

// ---- REQ as others use it ----------------------------------------------------------------------------

TEST(a_req_socket_as_it_comes_is_answered)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries};
    acta_tx *tx = host_start(&k, &kit_kinds[1], &h, at.url, ACTA_DOOR_REP, 0);
    nng_socket s;
    nng_ok(nng_req0_open(&s));
    nng_ok(nng_socket_set_ms(s, NNG_OPT_RECVTIMEO, TEST_GATE_WAIT_MS));
    nng_ok(nng_dial(s, at.url, NULL, 0));
    for (int i = 0; i < 200; i++) {
        words q = query_words(i);
        void *bytes;
        size_t size;
        nng_ok(nng_send(s, q.bytes, q.size, 0));
        nng_ok(nng_recv(s, &bytes, &size, NNG_FLAG_ALLOC));
        assert_true(is_answer(bytes, size, i));
        nng_free(bytes, size);
    }
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

int main(void)
{
    return TEST_RUN(case_of(each_way_to_deal_with_a_request_is_told_to_who_asked),
                    case_of(ten_thousand_requests_at_once_are_each_answered_once_in_any_order),
                    case_of(an_actor_that_ends_with_requests_open_has_answered_them_all),
                    case_of(an_actor_that_is_killed_with_requests_open_has_answered_them_all),
                    case_of(a_door_that_is_closed_with_requests_open_still_answers_them),
                    case_of(a_request_outlives_the_actor_that_has_delegated_it),
                    case_of(an_answer_to_a_client_that_was_killed_is_counted_and_others_are_answered),
                    case_of(a_client_that_reads_no_replies_is_not_asked_for_more_requests),
                    case_of(a_client_whose_unread_replies_take_too_much_is_cut),
                    case_of(a_req_socket_as_it_comes_is_answered));
}
