// SPDX-License-Identifier: MIT
//
// What comes to a door: what makes no sense is refused and said to be, all else arrives in order and within the bound.

#include "door.h"

#include <fcntl.h>

#include "pipes.h"

// ---- refusals: opening ----------------------------------------------------------------

typedef struct refused {
    kit_actor actor;
    place at;
    acta_self *self;
    test_gate inside;
    test_gate outside;
} refused;

static void refuses(acta_self *self, const char *url, acta_door_kind kind, int status)
{
    uint64_t door = 7;
    kit_claim(acta_door_open(self, url, kind, NULL, &door) == status && door == 7);
}

static int opens_what_it_cannot(acta_self *self, void *arg, acta_msg *m)
{
    refused *r = arg;
    char text[160];
    if (m == NULL)
        return ACTA_OK;
    refuses(self, r->at.url, (acta_door_kind)0, ACTA_EINVAL);
    refuses(self, r->at.url, (acta_door_kind)3, ACTA_EINVAL);
    refuses(self, NULL, ACTA_DOOR_REP, ACTA_EINVAL);
    refuses(self, "", ACTA_DOOR_REP, ACTA_EINVAL);
    refuses(self, "inproc://x", ACTA_DOOR_REP, ACTA_EINVAL);
    refuses(self, "ipc://", ACTA_DOOR_REP, ACTA_EINVAL);
    snprintf(text, sizeof(text), "ipc:///tmp/%0120d", 0);
    refuses(self, text, ACTA_DOOR_PULL, ACTA_EINVAL);
    snprintf(text, sizeof(text), "%s/none/s", r->at.url);
    refuses(self, text, ACTA_DOOR_PULL, ACTA_ENOENT);
    int file = open(r->at.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    refuses(self, r->at.url, ACTA_DOOR_REP, ACTA_EEXIST);
    close(file);
    kit_claim(unlink(r->at.path) == 0); // it was left alone
    acti_pool_fail_after(1);
    refuses(self, r->at.url, ACTA_DOOR_REP, ACTA_ENOMEM);
    acti_pool_fail_after(0);
    uint64_t door, other = 7;
    kit_claim(acta_door_open(self, r->at.url, ACTA_DOOR_REP, NULL, &door) == ACTA_OK);
    kit_claim(acta_door_open(self, r->at.url, ACTA_DOOR_PULL, NULL, &other) == ACTA_EEXIST && other == 7);
    acta_door_close(self, door);
    acta_door_counts counts;
    kit_claim(acta_door_read(self, door, &counts) == ACTA_EGONE);
    kit_claim(acta_door_open(self, r->at.url, ACTA_DOOR_PULL, NULL, &other) == ACTA_OK); // it is free at once
    acta_door_close(self, 4711);
    kit_claim(acta_door_read(self, other, &counts) == ACTA_OK && counts.connected == 0);
    r->self = self;
    test_gate_open(&r->inside);
    kit_claim(test_gate_wait(&r->outside));
    return ACTA_OK;
}

TEST(what_cannot_be_a_door_is_refused_and_leaves_nothing)
{
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 1);
        refused r = {.actor = {opens_what_it_cannot}, .at = place_new()};
        test_gate_init(&r.inside);
        test_gate_init(&r.outside);
        acta_tx *tx = kit_spawn(&k, kind, &r);
        assert_int_equal(acta_finish(&tx, item, 0, 0), ACTA_OK);
        assert_true(test_gate_wait(&r.inside));
        uint64_t door = 7;
        acta_door_counts counts;
        assert_int_equal(acta_door_open(r.self, r.at.url, ACTA_DOOR_REP, NULL, &door), ACTA_EINVAL); // not its thread
        assert_int_equal(acta_door_read(r.self, door, &counts), ACTA_EINVAL);
        acta_door_close(r.self, door);
        assert_int_equal(door, 7);
        test_gate_open(&r.outside);
        kit_close(&k);
        assert_true(kit_reported(&k, "cannot open a door at", "inproc://x"));
        test_gate_fini(&r.inside);
        test_gate_fini(&r.outside);
        assert_true(place_is_empty(&r.at));
    }
}

// ---- refusals: what clients say ----------------------------------------------------------

typedef struct nonsense {
    const char *bytes;
    size_t size;
    int status;
} nonsense;

#define SAID(text, status) {(text), sizeof(text) - 1, (status)}

static const nonsense all_nonsense[] = {
    SAID("", ACTA_EMALFORMED),
    SAID("GET / HTTP/1.1\r\n", ACTA_EMALFORMED),
    SAID("\xc1", ACTA_EMALFORMED),
    SAID("\x93\xa5query\x81\xa1n\x01\xc0", ACTA_EMALFORMED), // an array of three
    SAID("\x91\xa5query", ACTA_EMALFORMED),
    SAID("\x92\xc4\x05query\x81\xa1n\x01", ACTA_EMALFORMED), // a name that is no str
    SAID("\x92\xa5que\xffy\x81\xa1n\x01", ACTA_EMALFORMED),
    SAID("\x92\xa5query", ACTA_EMALFORMED),
    SAID("\x92\xa5query\x80", ACTA_EMALFORMED),                 // its field is missing
    SAID("\x92\xa5query\x81\xa1n\xa1x", ACTA_EMALFORMED),       // of another kind
    SAID("\x92\xa5query\x81\xa1n\x01\x00", ACTA_EMALFORMED),    // bytes left over
    SAID("\xdd\xff\xff\xff\xff", ACTA_EMALFORMED),              // promises 137 GB
    SAID("\x92\xdb\xff\xff\xff\xffquery", ACTA_EMALFORMED),
    SAID("\x92\xa7quarrel\x81\xa1n\x01", ACTA_ENOENT),
    SAID("\x92\xa0\x80", ACTA_ENOENT),
    SAID("\x92\xa9" "acta_tick\x82\xa5timer\x01\xa5" "count\x01", ACTA_EREFUSED),
    SAID("\x92\xa9" "acta_down\x83\xa7monitor\x01\xa3who\xa1x\xa6reason\x00", ACTA_EREFUSED),
};
enum { NONSENSE = sizeof(all_nonsense) / sizeof(all_nonsense[0]) };

TEST(nonsense_at_a_rep_door_is_answered_with_why_and_the_next_request_as_ever)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries, .opts = {.message_bytes_max = 2000}};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    nng_socket s = asker(at.url);
    for (uint32_t i = 0; i < NONSENSE; i++) {
        words w = {.size = 0};
        put_bytes(&w, all_nonsense[i].bytes, all_nonsense[i].size);
        ask(s, 2 * i, &w);
        hear_failure(s, 2 * i, all_nonsense[i].status);
        words good = query_words(i);
        ask(s, 2 * i + 1, &good);
        hear_answer(s, 2 * i + 1, i);
    }
    words large = {.size = 0};
    put_bytes(&large, "\x92\xa4note\x81\xa4line\xda\x08\x00", 15); // a note of 2,048 bytes
    memset(large.bytes + 15, 'x', 2048);
    large.size = 15 + 2048;
    ask(s, 1000, &large);
    hear_failure(s, 1000, ACTA_ETOOBIG);
    assert_int_equal(look_at(&h, tx).refused, NONSENSE + 1);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

// keeps_order notes that items come in order, and opens a gate at the last.
typedef struct order {
    int64_t next;
    int64_t last;
    int strange;
    test_gate over;
} order;

static int keeps_order(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    order *o = h->arg;
    const item *i = m != NULL ? acta_as(item, m) : NULL;
    if (m == NULL)
        return ACTA_OK;
    (void)self;
    o->strange += i == NULL || i->n != o->next;
    o->next++;
    if (i != NULL && i->n == o->last)
        test_gate_open(&o->over);
    return ACTA_OK;
}

TEST(nonsense_at_a_pull_door_is_counted_and_reported_once_a_second_and_the_rest_arrives)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    order o = {.last = NONSENSE - 1};
    test_gate_init(&o.over);
    host h = {.then = keeps_order, .arg = &o, .opts = {.message_bytes_max = 2000}};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_PULL, 0);
    nng_socket s = pusher(at.url);
    for (uint32_t i = 0; i < NONSENSE; i++) {
        words bad = {.size = 0}, good = item_words(0, i);
        put_bytes(&bad, all_nonsense[i].bytes, all_nonsense[i].size);
        push(s, &bad);
        push(s, &good);
    }
    assert_true(test_gate_wait(&o.over));
    assert_int_equal(o.strange, 0);
    assert_int_equal(kit_read(&k).refused, NONSENSE);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(kit_reported(&k, "a message was refused", "msgpack array of two"));
    assert_in_range(k.lines, 1, 4); // on a busy machine a second passes
    test_gate_fini(&o.over);
    assert_true(place_is_empty(&at));
}

typedef struct stranger {
    const char *bytes;
    size_t size;
} stranger;

TEST(a_stranger_is_cut_and_a_client_is_heard)
{
    static const stranger all[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"\x16\x03\x01\x02\x00", 5},               // TLS
        {PUSH_GREETING, 8},                        // nng, and not for this door
        {"\0SP\0\0\x30\0\x01", 8},                 // the last two bytes are reserved
        {REQ_GREETING "\x02\0\0\0\0\0\0\0\x01", 17}, // no message begins so
        {REQ_GREETING "\x01\0\0\0\0\0\0\0\x00", 17}, // a request without a number
        {REQ_GREETING "\x01\0\0\0\0\0\0\0\x03\x80\0\0", 20},
    };
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int fd = raw_connect(at.path);
        raw_say(fd, all[i].bytes, all[i].size);
        assert_true(raw_is_closed(fd));
        close(fd);
    }
    nng_socket s = asker(at.url);
    words w = query_words(5);
    ask(s, 1, &w);
    hear_answer(s, 1, 5);
    acta_door_counts counts = look_at(&h, tx);
    assert_int_equal(counts.turned_away, 4);
    assert_int_equal(counts.connected, 4);
    assert_int_equal(counts.clients, 1);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(kit_reported(&k, "a connection is cut", "nng"));
    assert_true(place_is_empty(&at));
}

TEST(a_frame_of_any_announced_size_is_answered_and_nothing_is_kept_of_it)
{
    static const uint64_t sizes[] = {UINT64_C(1) << 31, UINT64_C(1) << 63, UINT64_MAX};
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int fd = raw_greet(at.path, REQ_GREETING);
        raw_frame(fd, sizes[i]);
        uint8_t start[40] = {0x80, 0, 0, 9}; // its number, and enough of the rest to know that
        raw_say(fd, start, sizeof(start));
        uint8_t reply[9 + 4 + 24];
        assert_true(raw_hear(fd, reply, sizeof(reply)));
        assert_int_equal(reply[12], 9);
        assert_int_equal(status_of(reply + 13, 24), ACTA_ETOOBIG);
        close(fd);
    }
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

TEST(more_clients_than_allowed_are_turned_away_and_room_is_for_the_next)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries, .opts = {.clients_max = 2, .check_ns = ACTA_FOREVER}};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    int first = raw_greet(at.path, REQ_GREETING), second = raw_greet(at.path, REQ_GREETING);
    int third = raw_connect(at.path), next;
    uint8_t greeting[8];
    assert_false(raw_hear(third, greeting, sizeof(greeting)));
    close(third);
    assert_int_equal(look_at(&h, tx).turned_away, 1);
    close(first);
    while (look_at(&h, tx).clients > 1)
        sched_yield();
    // The place is free a moment after the client is not counted any more.
    while (next = raw_connect(at.path), !raw_hear(next, greeting, sizeof(greeting)))
        close(next);
    close(next);
    close(second);
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

TEST(peers_that_connect_and_go_keep_nobody_out)
{
    enum { GOERS = 1000 };
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    host h = {.then = answers_queries, .opts = {.check_ns = ACTA_FOREVER}}; // no watchdog has to help
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_REP, 0);
    for (int i = 0; i < GOERS; i++)
        close(raw_connect(at.path));
    close(raw_greet(at.path, REQ_GREETING)); // behind them all; nng's own would not wait for longer than ten seconds
    nng_socket s = asker(at.url);
    words w = query_words(7);
    ask(s, 1, &w);
    hear_answer(s, 1, 7);
    assert_int_equal(look_at(&h, tx).connected, 2);
    nng_ok(nng_close(s));
    acta_tx_drop(&tx);
    kit_close(&k);
    assert_true(place_is_empty(&at));
}

// ---- what arrives -------------------------------------------------------------------------

TEST(what_is_pushed_arrives_in_order)
{
    enum { ITEMS = 5000 };
    KIT_EACH_KIND(kind) {
        kit k;
        kit_open(&k, 2);
        place at = place_new();
        order o = {.last = ITEMS - 1};
        test_gate_init(&o.over);
        host h = {.then = keeps_order, .arg = &o};
        acta_tx *tx = host_start(&k, kind, &h, at.url, ACTA_DOOR_PULL, 16);
        nng_socket s = pusher(at.url);
        for (int i = 0; i < ITEMS; i++) {
            words w = item_words(0, i);
            push(s, &w);
        }
        assert_true(test_gate_wait(&o.over));
        assert_int_equal(o.strange, 0);
        nng_ok(nng_close(s));
        acta_tx_drop(&tx);
        kit_close(&k);
        test_gate_fini(&o.over);
        assert_true(place_is_empty(&at));
    }
}

static void push_item(int fd, int64_t n)
{
    words w = item_words(0, n);
    raw_frame(fd, w.size);
    raw_say(fd, w.bytes, w.size);
}

TEST(what_was_pushed_before_the_client_went_arrives)
{
    enum { ITEMS = 300 };
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    order o = {.last = ITEMS - 1};
    test_gate_init(&o.over);
    host h = {.then = keeps_order, .arg = &o};
    acta_tx *tx = host_start(&k, &kit_kinds[1], &h, at.url, ACTA_DOOR_PULL, 4);
    int fd = raw_connect(at.path);
    raw_say(fd, PUSH_GREETING, 8);
    for (int i = 0; i < ITEMS; i++)
        push_item(fd, i);
    close(fd); // without having read a byte
    assert_true(test_gate_wait(&o.over));
    assert_int_equal(o.strange, 0);
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&o.over);
    assert_true(place_is_empty(&at));
}

// ---- the bound ------------------------------------------------------------------------------

// A slow host looks, at each item, what its inbox holds and what its door has taken.
typedef struct slow {
    uint32_t most_held;
    uint64_t most_ahead; // taken by the door, and not given to it
    int64_t given;
    int64_t last;
    test_gate first; // it has been given one item
    test_gate full;  // opened by the test when there is more than it may take
    test_gate over;
} slow;

enum { SLOW_CAPACITY = 4 };

static int is_slow(acta_self *self, void *arg, acta_msg *m)
{
    host *h = arg;
    slow *s = h->arg;
    if (m == NULL)
        return ACTA_OK;
    if (s->given == 0) {
        test_gate_open(&s->first);
        kit_claim(test_gate_wait(&s->full));
    }
    s->given++;
    acta_door_counts counts;
    kit_claim(acta_door_read(self, h->door, &counts) == ACTA_OK);
    uint32_t held = kit_held(self);
    uint64_t ahead = counts.taken - (uint64_t)s->given;
    s->most_held = held > s->most_held ? held : s->most_held;
    s->most_ahead = ahead > s->most_ahead ? ahead : s->most_ahead;
    const item *i = acta_as(item, m);
    if (i != NULL && i->n == s->last)
        test_gate_open(&s->over);
    return ACTA_OK;
}

// push_until_full pushes items without waiting, until the socket takes no more; gives how many.
static int64_t push_until_full(int fd)
{
    int64_t n = 0;
    for (;;) {
        words w = item_words(0, n), framed = {.size = 0};
        uint8_t head[9] = {1, 0, 0, 0, 0, 0, 0, 0, (uint8_t)w.size};
        put_bytes(&framed, head, sizeof(head));
        put_bytes(&framed, w.bytes, w.size);
        ssize_t sent = send(fd, framed.bytes, framed.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            struct pollfd at = {.fd = fd, .events = POLLOUT};
            if (poll(&at, 1, 200) == 0)
                return n; // the door takes no more: what follows shows that it is for the bound
            continue;
        }
        if ((size_t)sent < framed.size) // a stream may take a part
            raw_say(fd, framed.bytes + sent, framed.size - (size_t)sent);
        n++;
    }
}

TEST(a_full_inbox_leaves_the_rest_with_the_client_and_loses_nothing)
{
    kit k;
    kit_open(&k, 2);
    place at = place_new();
    slow s = {.last = -1};
    test_gate_init(&s.first);
    test_gate_init(&s.full);
    test_gate_init(&s.over);
    host h = {.then = is_slow, .arg = &s};
    acta_tx *tx = host_start(&k, &kit_kinds[0], &h, at.url, ACTA_DOOR_PULL, SLOW_CAPACITY);
    int fd = raw_greet(at.path, PUSH_GREETING);
    push_item(fd, 0);
    assert_true(test_gate_wait(&s.first));
    int64_t items = 1 + push_until_full(fd);
    assert_true(items > 100); // the socket and one read take some
    assert_true(kit_await_pauses(&k, 1)); // the inbox is full, and one waits in line
    s.last = items;
    test_gate_open(&s.full);
    push_item(fd, items);
    assert_true(test_gate_wait(&s.over));
    assert_int_equal(s.given, items + 1);
    // The bound of the inbox, and one that waits in line; both are reached, and neither passed.
    assert_int_equal(s.most_held, SLOW_CAPACITY);
    assert_int_equal(s.most_ahead, SLOW_CAPACITY + 1);
    close(fd);
    acta_tx_drop(&tx);
    kit_close(&k);
    test_gate_fini(&s.first);
    test_gate_fini(&s.full);
    test_gate_fini(&s.over);
    assert_true(place_is_empty(&at));
}

int main(void)
{
    return TEST_RUN(case_of(what_cannot_be_a_door_is_refused_and_leaves_nothing),
                    case_of(nonsense_at_a_rep_door_is_answered_with_why_and_the_next_request_as_ever),
                    case_of(nonsense_at_a_pull_door_is_counted_and_reported_once_a_second_and_the_rest_arrives),
                    case_of(a_stranger_is_cut_and_a_client_is_heard),
                    case_of(a_frame_of_any_announced_size_is_answered_and_nothing_is_kept_of_it),
                    case_of(more_clients_than_allowed_are_turned_away_and_room_is_for_the_next),
                    case_of(peers_that_connect_and_go_keep_nobody_out),
                    case_of(what_is_pushed_arrives_in_order),
                    case_of(what_was_pushed_before_the_client_went_arrives),
                    case_of(a_full_inbox_leaves_the_rest_with_the_client_and_loses_nothing));
}
