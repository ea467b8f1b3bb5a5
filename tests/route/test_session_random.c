// SPDX-License-Identifier: MIT

#include "talk.h"

static uint64_t random_below(uint64_t *seed, uint64_t n)
{
    return acti_random_next(seed) % n;
}

static uint64_t new_seed(void)
{
    uint64_t seed = acti_random_seed();
    print_message("seed %llu\n", (unsigned long long)seed);
    return seed;
}

// A frame for the node, of any kind, with any values. rest and text point to static memory.
static acti_frame random_frame(uint64_t *seed)
{
    static uint8_t rest[20000];
    acti_frame frame =
        sample(ACTI_FRAME_TYPE + (unsigned)random_below(seed, ACTI_FRAME_KINDS - ACTI_FRAME_TYPE), 0);
    frame.actor = acti_random_next(seed);
    frame.from = acti_random_next(seed);
    frame.id = acti_random_next(seed);
    frame.type = (uint32_t)acti_random_next(seed);
    frame.count = (uint32_t)acti_random_next(seed);
    frame.bytes = (uint32_t)acti_random_next(seed);
    frame.status = (int32_t)acti_random_next(seed);
    frame.text_size = random_below(seed, 4) == 0 ? 0 : frame.text_size;
    for (int i = 0; i < 16; i++)
        rest[i] = (uint8_t)acti_random_next(seed);
    frame.rest = rest;
    frame.rest_size = random_below(seed, random_below(seed, 100) == 0 ? sizeof rest : 200);
    return frame;
}

// ---- what a session sees, whatever the pieces its bytes come in ------------------

// transcript is what a peer sends from its HELLO to its GOODBYE.
static acti_buf transcript(uint64_t *seed, int frames)
{
    acti_session peer;
    start(&peer, true);
    acti_frame welcome = sample(ACTI_FRAME_WELCOME, 0);
    feed_frame(&peer, &welcome);
    assert_int_equal(next_kind(&peer), ACTI_FRAME_WELCOME);
    for (int i = 0; i < frames; i++) {
        acti_frame frame = random_frame(seed);
        if (acti_session_put(&peer, &frame) != ACTA_OK)
            break;
    }
    assert_int_equal(acti_session_leave(&peer), ACTA_OK);
    acti_buf bytes = {0};
    acti_session_take(&peer, &bytes);
    bytes.limit *= 2;
    acti_session_fini(&peer);
    return bytes;
}

// hear feeds bytes in pieces of at most piece bytes, and appends each frame that the session gives to log.
static void hear(acti_session *session, const acti_buf *bytes, size_t piece, acti_buf *log)
{
    for (size_t at = 0; at < bytes->size; at += piece) {
        size_t n = bytes->size - at < piece ? bytes->size - at : piece;
        feed(session, acti_buf_bytes(bytes) + at, n);
        acti_frame frame;
        while (acti_session_next(session, &frame) > 0)
            assert_int_equal(acti_frame_write(log, &frame), ACTA_OK);
        acti_session_check(session);
    }
}

static void assert_same(const acti_buf *a, const acti_buf *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(acti_buf_bytes(a), acti_buf_bytes(b), a->size);
}

TEST(bytes_one_at_a_time_give_what_one_large_read_gives)
{
    uint64_t seed = new_seed();
    acti_buf bytes = transcript(&seed, 300);
    acti_session whole, single, few;
    start(&whole, false);
    start(&single, false);
    start(&few, false);
    acti_buf log_whole = {.limit = 1 << 24}, log_single = log_whole, log_few = log_whole;
    hear(&whole, &bytes, bytes.size, &log_whole);
    hear(&single, &bytes, 1, &log_single);
    hear(&few, &bytes, 1 + random_below(&seed, 100), &log_few);

    assert_int_equal(whole.state, ACTI_SESSION_LEFT);
    assert_int_equal(single.state, ACTI_SESSION_LEFT);
    assert_int_equal(few.state, ACTI_SESSION_LEFT);
    assert_int_equal(whole.received, single.received);
    assert_same(&log_whole, &bytes);
    assert_same(&log_single, &bytes);
    assert_same(&log_few, &bytes);
    assert_same(&whole.out, &single.out);
    assert_same(&whole.out, &few.out);

    acti_buf_fini(&bytes);
    acti_buf_fini(&log_whole);
    acti_buf_fini(&log_single);
    acti_buf_fini(&log_few);
    acti_session_fini(&whole);
    acti_session_fini(&single);
    acti_session_fini(&few);
}

// ---- two sessions ----------------------------------------------------------------

#define FRAMES 100000 // from each side

// One direction: what a side has put, by its hash, and how much of it the other has been given.
typedef struct side {
    acti_session session;
    acti_buf wire; // written by this side, not yet read by the other
    uint64_t *put;
    size_t puts;
    size_t given; // of what the other side put
    uint64_t full;
    uint64_t acks;
} side;

static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001b3;
    return h;
}

static void put_one(side *s, uint64_t *seed)
{
    acti_session *session = &s->session;
    acti_frame frame = random_frame(seed);
    size_t at = session->out.size;
    int status;
    bool rest = frame.kind >= ACTI_FRAME_SEND && frame.kind <= ACTI_FRAME_REPLY;
    if (rest && random_below(seed, 2) == 0) {
        size_t begun;
        bool drop = random_below(seed, 8) == 0;
        status = acti_session_begin(session, &frame, &begun);
        if (status == ACTA_OK) {
            assert_int_equal(acti_buf_append(&session->out, frame.rest, frame.rest_size), ACTA_OK);
            assert_int_equal(acti_session_end(session, begun, drop), ACTA_OK);
        }
        if (drop) {
            assert_int_equal(session->out.size, at);
            return;
        }
    } else {
        status = acti_session_put(session, &frame);
    }
    if (status == ACTA_EFULL) {
        s->full++;
        return;
    }
    assert_int_equal(status, ACTA_OK);
    s->put[s->puts++] = hash(acti_buf_bytes(&session->out) + at, session->out.size - at);
}

// hand_over moves some of what from wrote to the session of to.
static void hand_over(side *from, side *to, uint64_t *seed)
{
    if (from->wire.size == 0)
        acti_session_take(&from->session, &from->wire);
    size_t n = random_below(seed, random_below(seed, 4) == 0 ? 8 : 20000) + 1;
    if (n > from->wire.size)
        n = from->wire.size;
    if (n == 0)
        return;
    feed(&to->session, acti_buf_bytes(&from->wire), n);
    acti_buf_consume(&from->wire, n);
}

// listen_to takes the frames that wait at s; each must be the next that the other side put.
static void listen_to(side *s, const side *other, acti_buf *scratch)
{
    acti_frame frame;
    uint64_t acked = s->session.acked;
    while (acti_session_next(&s->session, &frame) > 0) {
        if (frame.kind == ACTI_FRAME_GOODBYE || frame.kind == ACTI_FRAME_FAREWELL)
            continue;
        acti_buf_consume(scratch, scratch->size);
        assert_int_equal(acti_frame_write(scratch, &frame), ACTA_OK);
        assert_true(s->given < other->puts);
        assert_true(hash(acti_buf_bytes(scratch), scratch->size) == other->put[s->given]);
        s->given++;
    }
    s->acks += s->session.acked != acked;
    acti_session_check(&s->session);
}

TEST(everything_arrives_once_in_order_and_is_acknowledged)
{
    uint64_t seed = new_seed();
    acti_buf scratch = {.limit = 1 << 20};
    static side sides[2];
    open_both(&sides[0].session, &sides[1].session);
    for (int i = 0; i < 2; i++) {
        sides[i].put = calloc(FRAMES, sizeof *sides[i].put);
        assert_non_null(sides[i].put);
    }

    while (sides[0].puts < FRAMES || sides[1].puts < FRAMES) {
        unsigned i = (unsigned)random_below(&seed, 2);
        side *s = &sides[i], *other = &sides[1 - i];
        uint64_t burst = random_below(&seed, random_below(&seed, 8) == 0 ? 1000 : 40);
        for (uint64_t n = burst; n > 0 && s->puts < FRAMES; n--)
            put_one(s, &seed);
        hand_over(s, other, &seed);
        if (random_below(&seed, 4) > 0)
            listen_to(other, s, &scratch);
        if (random_below(&seed, 2) == 0)
            acti_session_ack(&other->session);
    }

    // Both say goodbye, one perhaps before it has seen the other's.
    assert_int_equal(acti_session_leave(&sides[0].session), ACTA_OK);
    if (random_below(&seed, 2) == 0)
        assert_int_equal(acti_session_leave(&sides[1].session), ACTA_OK);
    for (int i = 0; sides[0].session.state != ACTI_SESSION_LEFT || sides[1].session.state != ACTI_SESSION_LEFT;
         i = 1 - i) {
        hand_over(&sides[i], &sides[1 - i], &seed);
        listen_to(&sides[1 - i], &sides[i], &scratch);
        acti_session_ack(&sides[1 - i].session);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sides[i].given, FRAMES);
        assert_int_equal(sides[i].session.received, sides[1 - i].session.sent);
        assert_true(sides[i].full > 0);  // the bound on out was reached
        assert_true(sides[i].acks > 10); // and acknowledgements came on the way
        if (sides[i].session.goodbye != 0)
            assert_int_equal(sides[i].session.acked, sides[i].session.sent);
        free(sides[i].put);
        acti_buf_fini(&sides[i].wire);
        acti_session_fini(&sides[i].session);
    }
    acti_buf_fini(&scratch);
}

// ---- mutation --------------------------------------------------------------------

#define MUTANTS 200000

typedef struct tally {
    uint64_t given;
    uint64_t broken;
    uint64_t left;
} tally;

// mutate changes bytes in one to three places: a bit, a byte, a piece taken out, doubled or moved in.
static void mutate(acti_buf *bytes, uint64_t *seed)
{
    for (uint64_t times = 1 + random_below(seed, 3); times > 0 && bytes->size > 1; times--) {
        uint8_t *p = acti_buf_bytes(bytes);
        size_t at = random_below(seed, bytes->size);
        size_t n = 1 + random_below(seed, bytes->size - at < 40 ? bytes->size - at : 40);
        switch (random_below(seed, 5)) {
        case 0:
            p[at] ^= (uint8_t)(1u << random_below(seed, 8));
            break;
        case 1:
            p[at] = (uint8_t)acti_random_next(seed);
            break;
        case 2:
            memmove(p + at, p + at + n, bytes->size - at - n);
            bytes->size -= n;
            break;
        case 3:
            if (acti_buf_reserve(bytes, n) == NULL)
                break;
            p = acti_buf_bytes(bytes);
            memmove(p + at + n, p + at, bytes->size - at);
            acti_buf_grew(bytes, n);
            break;
        default:
            memmove(p + random_below(seed, bytes->size - n + 1), p + at, n);
            break;
        }
    }
}

static void disturb(acti_session *session, uint64_t *seed)
{
    acti_frame frame = random_frame(seed);
    acti_buf flight = {0};
    switch (random_below(seed, 12)) {
    case 0:
        (void)acti_session_put(session, &frame);
        break;
    case 1:
        acti_session_ack(session);
        break;
    case 2:
        if (random_below(seed, 8) == 0)
            (void)acti_session_leave(session);
        break;
    case 3:
        acti_session_take(session, &flight);
        acti_buf_fini(&flight);
        break;
    default:
        break;
    }
}

static void survive(acti_session *session, acti_buf *bytes, uint64_t *seed, tally *sum)
{
    while (bytes->size > 0) {
        size_t n = 1 + random_below(seed, bytes->size);
        feed(session, acti_buf_bytes(bytes), n);
        acti_buf_consume(bytes, n);
        acti_frame frame;
        int status;
        while ((status = acti_session_next(session, &frame)) > 0) {
            sum->given++;
            acti_session_check(session);
            disturb(session, seed);
            acti_session_check(session);
        }
        acti_session_check(session);
        assert_int_equal(status, session->status);
    }
    sum->broken += session->state == ACTI_SESSION_BROKEN;
    sum->left += session->state == ACTI_SESSION_LEFT;
}

TEST(mutated_conversations_end_in_a_checked_state)
{
    uint64_t seed = new_seed();
    tally sum = {0};
    acti_buf called = transcript(&seed, 12);
    acti_buf bytes = {.limit = 1 << 20};
    acti_frame welcome = sample(ACTI_FRAME_WELCOME, 0);
    for (int i = 0; i < MUTANTS; i++) {
        if (i % 1000 == 0) {
            acti_buf_fini(&called);
            called = transcript(&seed, 12);
        }
        acti_session session;
        bool caller = random_below(&seed, 4) == 0;
        start(&session, caller);
        acti_buf_consume(&bytes, bytes.size);
        assert_int_equal(acti_buf_append(&bytes, acti_buf_bytes(&called), called.size), ACTA_OK);
        if (caller) {
            // What the caller of the transcript said after its HELLO, said by one that was called.
            acti_buf_consume(&bytes, ACTI_FRAME_HEADER + 36 + 2 + strlen("caller"));
            feed_frame(&session, &welcome);
        }
        if (random_below(&seed, 16) > 0)
            mutate(&bytes, &seed);
        survive(&session, &bytes, &seed, &sum);
        acti_session_fini(&session);
    }
    acti_buf_fini(&called);
    acti_buf_fini(&bytes);
    // The mutants go deep, and both ends are reached.
    assert_true(sum.given > MUTANTS);
    assert_true(sum.broken > MUTANTS / 4);
    assert_true(sum.left > MUTANTS / 50);
}

int main(void)
{
    return TEST_RUN(case_of(bytes_one_at_a_time_give_what_one_large_read_gives),
                    case_of(everything_arrives_once_in_order_and_is_acknowledged),
                    case_of(mutated_conversations_end_in_a_checked_state));
}
