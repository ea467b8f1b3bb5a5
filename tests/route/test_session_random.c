// SPDX-License-Identifier: MIT
//
// Sessions under what chance does: bytes in any pieces, connections that are cut at any byte, bytes that are not what
// the peer sent.

#include "talk.h"

#include "base/sanitize.h"
#include "pair.h"

enum { PARTED = 8 }; // actors for which messages in parts are

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

// A frame for the node, or a part of one, of any kind, with any values. rest and text point to static memory.
static acti_frame random_frame_or_part(uint64_t *seed)
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
    // So few actors get parts that they are not too many at a time, and most get an end before they are too long.
    if (frame.kind == ACTI_FRAME_PART || random_below(seed, 2) == 0) {
        frame.actor = random_below(seed, PARTED);
        frame.from = random_below(seed, PARTED);
    }
    return frame;
}

static acti_frame random_frame(uint64_t *seed)
{
    acti_frame frame;
    do
        frame = random_frame_or_part(seed);
    while (frame.kind == ACTI_FRAME_PART);
    return frame;
}

static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001b3;
    return h;
}

// ---- what a session sees, whatever the pieces its bytes come in ------------------

// transcript is what a peer sends over one connection, from its HELLO to its GOODBYE.
static acti_buf transcript(uint64_t *seed, int frames, bool parts)
{
    acti_session peer;
    start(&peer, "peer");
    assert_int_equal(acti_session_call(&peer), ACTA_OK);
    acti_buf bytes = {.limit = 1 << 24};
    say(&peer, &bytes);
    acti_frame welcome = peer_frame(&peer, ACTI_FRAME_WELCOME);
    feed_frame(&peer, &welcome);
    assert_int_equal(next_kind(&peer), ACTI_FRAME_WELCOME);
    acti_session_confirm(&peer);
    say(&peer, &bytes);
    for (int i = 0; i < frames; i++) {
        acti_frame frame = parts ? random_frame_or_part(seed) : random_frame(seed);
        if (acti_session_put(&peer, &frame) != ACTA_OK)
            break;
    }
    assert_int_equal(acti_session_leave(&peer), ACTA_OK);
    say(&peer, &bytes);
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
        while (acti_session_next(session, &frame) > 0) {
            assert_int_equal(acti_frame_write(log, &frame), ACTA_OK);
            if (frame.kind == ACTI_FRAME_HELLO)
                assert_int_equal(acti_session_adopt(session, &frame.hello, NUMBER), ACTA_OK);
        }
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
    acti_buf bytes = transcript(&seed, 300, false), first = {.limit = 1 << 24};
    const size_t pieces[3] = {bytes.size, 1, 1 + random_below(&seed, 100)};
    for (int i = 0; i < 3; i++) {
        acti_session session;
        acti_buf log = {.limit = 1 << 24};
        bring(&session, &waiting);
        hear(&session, &bytes, pieces[i], &log);
        assert_int_equal(session.state, ACTI_SESSION_LEFT);
        assert_int_equal(log.size, bytes.size - ACTI_FRAME_HEADER - 8); // all but the ACK
        assert_string_equal(says(&session), "WF");
        if (i == 0) {
            first = log;
        } else {
            assert_same(&log, &first);
            acti_buf_fini(&log);
        }
        acti_session_fini(&session);
    }
    acti_buf_fini(&bytes);
    acti_buf_fini(&first);
}

// ---- two sessions, over connections that are cut ---------------------------------

// From each side. Where there are few, what is to happen along the way may not.
#define FEW (ACTI_ASAN || ACTI_TSAN)
#define FRAMES (FEW ? 10000 : 100000)

// What the sides have put, by hashes, and how much of it the other has been given.
typedef struct story {
    pair p;
    uint64_t *put[2];
    size_t puts[2];
    size_t given[2]; // of what the other side put
    uint64_t full[2];
    uint64_t cuts[ACTI_PHASE_UP + 1]; // by the phase in which one of them found side 0
    uint64_t cuts_leaving;
    acti_buf parts[2][PARTED]; // that were put, of a message that has not ended
    uint64_t joined[2];        // messages that were put in parts
    acti_buf whole;            // the last of them
    acti_buf scratch;
} story;

static void told(pair *p, int i, const acti_frame *frame)
{
    story *s = (story *)(void *)p;
    if (frame->kind == ACTI_FRAME_GOODBYE || frame->kind == ACTI_FRAME_FAREWELL)
        return;
    acti_frame again = *frame;
    again.sequence = 1; // the number does not count
    acti_buf_consume(&s->scratch, s->scratch.size);
    assert_int_equal(acti_frame_write(&s->scratch, &again), ACTA_OK);
    assert_true(s->given[i] < s->puts[1 - i]);
    assert_true(hash(acti_buf_bytes(&s->scratch), s->scratch.size) == s->put[1 - i][s->given[i]]);
    s->given[i]++;
}

// join notes a part, or makes of the frame that ends a message the whole one. False: it was a part.
static bool join(story *s, int i, acti_frame *frame)
{
    bool message = frame->kind >= ACTI_FRAME_SEND && frame->kind <= ACTI_FRAME_REPLY;
    uint64_t to = frame->kind == ACTI_FRAME_REPLY ? frame->from : frame->actor;
    if ((!message && frame->kind != ACTI_FRAME_PART) || to >= PARTED)
        return true;
    acti_buf *parts = &s->parts[i][to];
    s->joined[i] += message && parts->size > 0;
    if (message)
        acti_buf_consume(&s->whole, s->whole.size);
    if (message) {
        assert_int_equal(acti_buf_append(&s->whole, acti_buf_bytes(parts), parts->size), ACTA_OK);
        acti_buf_consume(parts, parts->size);
        parts = &s->whole;
    }
    assert_int_equal(acti_buf_append(parts, frame->rest, frame->rest_size), ACTA_OK);
    frame->rest = acti_buf_bytes(parts);
    frame->rest_size = parts->size;
    return message;
}

static int put_begun(acti_session *session, acti_frame *frame, bool drop)
{
    size_t begun;
    acti_buf *out;
    int status = acti_session_begin(session, frame, &out, &begun);
    if (status != ACTA_OK)
        return status;
    assert_int_equal(acti_buf_append(out, frame->rest, frame->rest_size), ACTA_OK);
    return acti_session_end(session, begun, drop);
}

static void put_one(story *s, int i, uint64_t *seed)
{
    acti_session *session = &s->p.side[i];
    acti_frame frame = random_frame_or_part(seed);
    bool begun = frame.kind >= ACTI_FRAME_SEND && frame.kind <= ACTI_FRAME_REPLY && random_below(seed, 2) == 0;
    bool drop = begun && random_below(seed, 8) == 0;
    int status = begun ? put_begun(session, &frame, drop) : acti_session_put(session, &frame);
    if (status == ACTA_EFULL) {
        s->full[i]++;
        return;
    }
    if (drop || status == ACTA_EUNREACH) {
        if (!drop && session->state != ACTI_SESSION_NEW)
            fail_msg("state %d: %s", session->state, session->cause);
        return;
    }
    assert_int_equal(status, ACTA_OK);
    if (!join(s, i, &frame))
        return;
    frame.sequence = 1;
    acti_buf_consume(&s->scratch, s->scratch.size);
    assert_int_equal(acti_frame_write(&s->scratch, &frame), ACTA_OK);
    s->put[i][s->puts[i]++] = hash(acti_buf_bytes(&s->scratch), s->scratch.size);
}

static bool meeting(const pair *p)
{
    return p->caller >= 0 && (p->side[0].phase != ACTI_PHASE_UP || p->side[1].phase != ACTI_PHASE_UP);
}

static void move(story *s, int i, uint64_t *seed)
{
    uint64_t most = meeting(&s->p) ? 200 : random_below(seed, 4) == 0 ? 8 : 20000;
    (void)pair_carry(&s->p, i, random_below(seed, most) + 1);
    acti_session *other = &s->p.side[1 - i];
    if (acti_session_owes_ack(other) || random_below(seed, 8) == 0)
        acti_session_ack(other, random_below(seed, 8) == 0);
}

// disturb cuts the connection now and then, and makes one if there is none.
static void disturb(story *s, uint64_t *seed)
{
    pair *p = &s->p;
    bool over = p->side[0].state == ACTI_SESSION_LEFT || p->side[1].state == ACTI_SESSION_LEFT;
    if (p->caller < 0) {
        pair_call(p, (int)random_below(seed, 2));
    } else if (!over && random_below(seed, meeting(p) ? 8 : 40) == 0) {
        s->cuts[p->side[0].phase]++;
        s->cuts_leaving += p->side[0].state == ACTI_SESSION_LEAVING;
        pair_cut(p);
    }
}

// leave has both sides say GOODBYE, one perhaps when it has seen the other's, over connections that go on being cut.
static void leave(story *s, uint64_t *seed)
{
    pair *p = &s->p;
    bool both = random_below(seed, 2) == 0;
    for (int i = 0; i < 1 + both; i++)
        assert_int_equal(acti_session_leave(&p->side[i]), ACTA_OK);
    for (int i = 0; p->side[0].state != ACTI_SESSION_LEFT || p->side[1].state != ACTI_SESSION_LEFT; i = 1 - i) {
        disturb(s, seed);
        move(s, i, seed);
    }
}

static void assert_story(const story *s)
{
    const pair *p = &s->p;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(s->given[i], FRAMES);
        assert_int_equal(p->side[i].received, p->side[1 - i].sent);
        assert_true(FEW || s->full[i] > 0); // the bound was reached
        assert_true(s->joined[i] > FRAMES / 100);
        if (p->side[i].goodbye != 0)
            assert_int_equal(p->side[i].acked, p->side[i].sent);
    }
    for (acti_session_phase phase = ACTI_PHASE_NONE; phase <= ACTI_PHASE_UP; phase++) {
        // The node decides at once here, and side 0 waits at its door.
        bool passing = phase == ACTI_PHASE_WELCOMED || phase == ACTI_PHASE_WAITING || phase == ACTI_PHASE_GREETED;
        assert_true(passing || FEW || s->cuts[phase] > 10);
    }
}

TEST(everything_arrives_once_and_in_order_however_often_the_connection_is_cut)
{
    uint64_t seed = new_seed();
    static story s;
    const acti_hello us[2] = {hello_of("west"), hello_of("east")};
    pair_init(&s.p, us, OUT_LIMIT);
    s.p.given = told;
    s.scratch.limit = 1 << 21;
    s.whole.limit = 1 << 20;
    for (int i = 0; i < 2; i++) {
        for (int to = 0; to < PARTED; to++)
            s.parts[i][to].limit = 1 << 20;
        s.put[i] = calloc(FRAMES, sizeof *s.put[i]);
        assert_non_null(s.put[i]);
    }
    while (s.puts[0] < FRAMES || s.puts[1] < FRAMES) {
        int i = (int)random_below(&seed, 2);
        uint64_t burst = random_below(&seed, random_below(&seed, 8) == 0 ? 1000 : 40);
        for (; burst > 0 && s.puts[i] < FRAMES; burst--)
            put_one(&s, i, &seed);
        disturb(&s, &seed);
        move(&s, i, &seed);
    }
    leave(&s, &seed);
    assert_story(&s);
    pair_fini(&s.p);
    acti_buf_fini(&s.scratch);
    acti_buf_fini(&s.whole);
    for (int to = 0; to < 2 * PARTED; to++)
        acti_buf_fini(&s.parts[to / PARTED][to % PARTED]);
    free(s.put[0]);
    free(s.put[1]);
}

// ---- cut at every byte -----------------------------------------------------------

// A short conversation: what is said is checked by its numbers, which are also its queries.
typedef struct talk {
    pair p;
    uint64_t found[2]; // how many FINDs a side has been given
    size_t carried;    // bytes, over all connections
    size_t cuts[2];    // at so many; 0 when it has been
} talk;

#define FINDS 3

static void count_find(pair *p, int i, const acti_frame *frame)
{
    talk *t = (talk *)(void *)p;
    if (frame->kind == ACTI_FRAME_FIND)
        assert_int_equal(frame->id, ++t->found[i]);
}

static void step(talk *t, int i)
{
    size_t to = t->cuts[0] != 0 ? t->cuts[0] : t->cuts[1];
    size_t most = to != 0 ? to - t->carried : SIZE_MAX;
    t->carried += pair_carry(&t->p, i, most);
    if (to == 0 || t->carried < to)
        return;
    t->cuts[t->cuts[0] != 0 ? 0 : 1] = 0;
    if (t->p.side[0].state < ACTI_SESSION_LEFT && t->p.side[1].state < ACTI_SESSION_LEFT)
        pair_cut(&t->p);
}

// converse cuts the connection at two bytes, and gives how many bytes were carried in all.
static size_t converse(size_t first, size_t second, int caller)
{
    talk t = {.cuts = {first, second}};
    const acti_hello us[2] = {hello_of("w"), hello_of("e")};
    uint64_t put[2] = {0, 0};
    pair_init(&t.p, us, OUT_LIMIT);
    t.p.given = count_find;
    for (int i = 0; t.p.side[0].state != ACTI_SESSION_LEFT || t.p.side[1].state != ACTI_SESSION_LEFT; i = 1 - i) {
        pair_call(&t.p, caller);
        acti_session *session = &t.p.side[i];
        acti_frame find = {.kind = ACTI_FRAME_FIND, .id = put[i] + 1, .text = "x", .text_size = 1};
        if (put[i] < FINDS && acti_session_put(session, &find) == ACTA_OK)
            put[i]++;
        if (i == 0 && put[0] == FINDS && t.found[0] == FINDS)
            (void)acti_session_leave(session);
        step(&t, i);
    }
    assert_int_equal(t.found[0], FINDS);
    assert_int_equal(t.found[1], FINDS);
    pair_fini(&t.p);
    return t.carried;
}

TEST(a_cut_at_any_byte_and_another_at_any_later_one_lose_and_repeat_nothing)
{
    for (int caller = 0; caller < 2; caller++) {
        size_t whole = converse(0, 0, caller);
        assert_in_range(whole, 400, 800);
        for (size_t first = 1; first <= whole; first++)
            for (size_t second = first; second <= 2 * whole; second += second == first ? 1 : FEW ? 31 : 3)
                (void)converse(first, second == first ? 0 : second, caller);
    }
}

// ---- mutation --------------------------------------------------------------------

#define MUTANTS (FEW ? 20000 : 200000)

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

static void interfere(acti_session *session, uint64_t *seed)
{
    acti_frame frame = random_frame(seed);
    switch (random_below(seed, 12)) {
    case 0:
        (void)acti_session_put(session, &frame);
        break;
    case 1:
        acti_session_ack(session, random_below(seed, 2) == 0);
        break;
    case 2:
        if (random_below(seed, 8) == 0)
            (void)acti_session_leave(session);
        break;
    case 3:
        hush(session);
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
            if (frame.kind == ACTI_FRAME_HELLO)
                (void)acti_session_adopt(session, &frame.hello, NUMBER);
            interfere(session, seed);
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
    acti_buf called = transcript(&seed, 12, true);
    acti_buf bytes = {.limit = 1 << 20};
    for (int i = 0; i < MUTANTS; i++) {
        if (i % 1000 == 0) {
            acti_buf_fini(&called);
            called = transcript(&seed, 12, true);
        }
        acti_session session;
        start(&session, "us");
        acti_buf_consume(&bytes, bytes.size);
        assert_int_equal(acti_buf_append(&bytes, acti_buf_bytes(&called), called.size), ACTA_OK);
        if (random_below(&seed, 4) == 0) {
            // What the caller of the transcript said after its HELLO, said by one that takes up a session.
            acti_frame hello;
            assert_int_equal(pop(&bytes, &hello), ACTI_FRAME_HELLO);
            meet_peer(&session, ACTI_PHASE_UP);
            acti_session_cut(&session);
            meet_peer(&session, ACTI_PHASE_HALF);
        } else {
            meet_peer(&session, ACTI_PHASE_WAITING);
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
                    case_of(everything_arrives_once_and_in_order_however_often_the_connection_is_cut),
                    case_of(a_cut_at_any_byte_and_another_at_any_later_one_lose_and_repeat_nothing),
                    case_of(mutated_conversations_end_in_a_checked_state));
}
