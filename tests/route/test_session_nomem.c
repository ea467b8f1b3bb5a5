// SPDX-License-Identifier: MIT
//
// Without memory a session loses nothing, and nothing breaks: whatever is refused is done when it is asked for again.

#include "talk.h"

#include "pair.h"

// ---- allocations that fail -------------------------------------------------------

static uint64_t calls;   // since the beginning of a conversation
static uint64_t fail_at; // the first that fails; 0: none
static uint64_t fail_to; // the last

static bool fails(void)
{
    calls++;
    return fail_at != 0 && calls >= fail_at && calls <= fail_to;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

// ---- a conversation --------------------------------------------------------------

#define SENDS 12 // from each side
#define CUT_AFTER 5 // of them
#define PART_BYTES 20000

typedef struct talk {
    pair p;
    uint64_t put[2];
    bool begun[2]; // a part of the next one has been put
    uint64_t given[2];
    bool cut;
    uint64_t refused; // puts and leaves without memory
} talk;

static bool in_parts(uint64_t number)
{
    return number % 3 == 0;
}

static void count_send(pair *p, int i, const acti_frame *frame)
{
    talk *t = (talk *)(void *)p;
    if (frame->kind != ACTI_FRAME_SEND)
        return;
    assert_int_equal(frame->actor, ++t->given[i]);
    assert_int_equal(frame->rest_size, frame->actor * 2000 + (in_parts(frame->actor) ? PART_BYTES : 0));
}

static uint8_t rest[30000];

// put_part puts the first part of a message.
static int put_part(acti_session *session, uint64_t number)
{
    return acti_session_put(
        session, &(acti_frame){.kind = ACTI_FRAME_PART, .actor = number, .rest = rest, .rest_size = PART_BYTES});
}

// put_send begins every other SEND and appends to it, as codecs do.
static int put_send(acti_session *session, uint64_t number)
{
    acti_frame send = {.kind = ACTI_FRAME_SEND, .actor = number, .rest = rest, .rest_size = number * 2000};
    if (number % 2 == 0)
        return acti_session_put(session, &send);
    acti_buf *out;
    size_t at;
    int status = acti_session_begin(session, &send, &out, &at);
    if (status != ACTA_OK)
        return status;
    status = acti_buf_append(out, rest, send.rest_size);
    (void)acti_session_end(session, at, status != ACTA_OK);
    return status;
}

static void speak(talk *t, int i)
{
    acti_session *session = &t->p.side[i];
    int status = ACTA_OK;
    uint64_t next = t->put[i] + 1;
    bool part = in_parts(next) && !t->begun[i];
    if (t->put[i] < SENDS)
        status = part ? put_part(session, next) : put_send(session, next);
    else if (i == 0 && t->given[0] == SENDS)
        status = acti_session_leave(session);
    if (status == ACTA_OK) {
        t->put[i] += t->put[i] < SENDS && !part;
        t->begun[i] = part;
    }
    t->refused += status == ACTA_ENOMEM;
    if (status != ACTA_OK && status != ACTA_ENOMEM)
        assert_true(status == ACTA_EUNREACH || status == ACTA_EFULL);
}

// converse gives how many allocations there were.
static uint64_t converse(uint64_t from, uint64_t to, bool *noticed)
{
    talk t = {.cut = false};
    const acti_hello us[2] = {hello_of("w"), hello_of("e")};
    calls = 0;
    fail_at = from;
    fail_to = to;
    pair_init(&t.p, us, OUT_LIMIT);
    t.p.given = count_send;
    for (int i = 0; t.p.side[0].state != ACTI_SESSION_LEFT || t.p.side[1].state != ACTI_SESSION_LEFT; i = 1 - i) {
        pair_call(&t.p, 0);
        speak(&t, i);
        (void)pair_carry(&t.p, i, 3000);
        acti_session_ack(&t.p.side[1 - i], false);
        if (!t.cut && t.given[1] == CUT_AFTER) {
            pair_cut(&t.p);
            t.cut = true;
        }
        assert_true(t.p.side[0].state != ACTI_SESSION_BROKEN && t.p.side[1].state != ACTI_SESSION_BROKEN);
    }
    assert_true(t.cut);
    assert_int_equal(t.given[0], SENDS);
    assert_int_equal(t.given[1], SENDS);
    *noticed = t.p.starved || t.refused > 0;
    pair_fini(&t.p);
    return calls;
}

TEST(any_allocation_that_fails_loses_nothing_and_breaks_nothing)
{
    bool noticed;
    uint64_t whole = converse(0, 0, &noticed);
    assert_false(noticed);
    assert_in_range(whole, 20, 1000);
    for (uint64_t n = 1; n <= whole; n++) {
        (void)converse(n, n, &noticed);
        assert_true(noticed);
        (void)converse(n, n + 7, &noticed);
        (void)converse(n, n + 100, &noticed);
    }
}

int main(void)
{
    return TEST_RUN(case_of(any_allocation_that_fails_loses_nothing_and_breaks_nothing));
}
