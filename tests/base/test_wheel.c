// SPDX-License-Identifier: MIT
//
// test_wheel.c - the timing wheel, by cases and against a sorted list.

#include "test.h"

#include "base/platform.h"
#include "base/wheel.h"

#define TICK_NS (UINT64_C(1) << ACTI_WHEEL_TICK_SHIFT)

static acti_wheel_entry *advance_and_take(acti_wheel *wheel, uint64_t now_ns)
{
    (void)acti_wheel_advance(wheel, now_ns, UINT32_MAX);
    return acti_wheel_take(wheel);
}

TEST(an_empty_wheel_gives_nothing_and_has_no_next_time)
{
    acti_wheel wheel;
    acti_wheel_init(&wheel, 123);
    assert_null(acti_wheel_take(&wheel));
    assert_null(advance_and_take(&wheel, UINT64_MAX));
    assert_int_equal(acti_wheel_next_ns(&wheel), UINT64_MAX);
    acti_wheel_check(&wheel);
}

TEST(an_entry_in_no_wheel_is_not_removed)
{
    acti_wheel wheel;
    acti_wheel_entry entry = {0};
    acti_wheel_init(&wheel, 0);
    assert_false(acti_wheel_remove(&wheel, &entry));
    acti_wheel_add(&wheel, &entry, TICK_NS);
    assert_true(acti_wheel_remove(&wheel, &entry));
    assert_false(acti_wheel_remove(&wheel, &entry));
    acti_wheel_add(&wheel, &entry, TICK_NS);
    assert_ptr_equal(advance_and_take(&wheel, TICK_NS), &entry);
    assert_false(acti_wheel_remove(&wheel, &entry));
    assert_int_equal(wheel.count, 0);
}

// For a start and a delay of every magnitude: nothing one nanosecond early, the entry one tick late at the latest.
TEST(an_entry_is_never_early_and_at_most_one_tick_late)
{
    for (unsigned start_bit = 0; start_bit < 64; start_bit += 3) {
        for (unsigned delay_bit = 0; delay_bit < 62; delay_bit++) {
            for (int nudge = -1; nudge <= 1; nudge++) {
                uint64_t start = (UINT64_C(1) << start_bit) - (start_bit % 2);
                uint64_t due = start + (UINT64_C(1) << delay_bit) + (uint64_t)nudge;
                if (due < start || due > UINT64_MAX - TICK_NS)
                    continue;
                acti_wheel wheel;
                acti_wheel_entry entry = {0};
                acti_wheel_init(&wheel, start);
                acti_wheel_add(&wheel, &entry, due);
                if (due > start)
                    assert_null(advance_and_take(&wheel, due - 1));
                acti_wheel_check(&wheel);
                assert_true(acti_wheel_next_ns(&wheel) < due + TICK_NS);
                assert_ptr_equal(advance_and_take(&wheel, due + TICK_NS - 1), &entry);
                assert_int_equal(wheel.count, 0);
            }
        }
    }
}

TEST(an_entry_due_on_a_tick_is_not_late)
{
    acti_wheel wheel;
    acti_wheel_entry entry = {0};
    acti_wheel_init(&wheel, 0);
    acti_wheel_add(&wheel, &entry, 1000 * TICK_NS);
    assert_null(advance_and_take(&wheel, 1000 * TICK_NS - 1));
    assert_ptr_equal(advance_and_take(&wheel, 1000 * TICK_NS), &entry);
}

TEST(the_end_of_time_comes_at_the_end_of_time)
{
    acti_wheel wheel;
    acti_wheel_entry entry = {0};
    acti_wheel_init(&wheel, 0);
    acti_wheel_add(&wheel, &entry, UINT64_MAX);
    assert_null(advance_and_take(&wheel, UINT64_MAX - TICK_NS));
    assert_ptr_equal(advance_and_take(&wheel, UINT64_MAX), &entry);
}

TEST(an_entry_already_due_waits_for_the_next_advance)
{
    acti_wheel wheel;
    acti_wheel_entry entry = {0};
    acti_wheel_init(&wheel, 0);
    (void)acti_wheel_advance(&wheel, 500 * TICK_NS, UINT32_MAX);
    acti_wheel_add(&wheel, &entry, 3 * TICK_NS);
    assert_null(acti_wheel_take(&wheel));
    assert_true(acti_wheel_next_ns(&wheel) <= 500 * TICK_NS);
    assert_ptr_equal(advance_and_take(&wheel, 500 * TICK_NS), &entry);
}

TEST(a_handler_that_restarts_its_timer_without_delay_does_not_keep_take_from_ending)
{
    acti_wheel wheel;
    acti_wheel_entry entry = {0};
    acti_wheel_init(&wheel, 0);
    acti_wheel_add(&wheel, &entry, 0);
    (void)acti_wheel_advance(&wheel, 0, UINT32_MAX);
    int taken = 0;
    for (acti_wheel_entry *e; (e = acti_wheel_take(&wheel)) != NULL && taken < 10; taken++)
        acti_wheel_add(&wheel, e, 0);
    assert_int_equal(taken, 1);
}

TEST(time_does_not_go_back)
{
    acti_wheel wheel;
    acti_wheel_entry due = {0}, later = {0};
    acti_wheel_init(&wheel, 100 * TICK_NS);
    acti_wheel_add(&wheel, &due, 50 * TICK_NS);
    acti_wheel_add(&wheel, &later, 101 * TICK_NS);
    assert_ptr_equal(advance_and_take(&wheel, 10 * TICK_NS), &due);
    assert_null(acti_wheel_take(&wheel));
    assert_int_equal(wheel.now_tick, 100);
    assert_ptr_equal(advance_and_take(&wheel, 101 * TICK_NS), &later);
}

// The first is added from afar, and has come down two levels when the last is added from near.
TEST(entries_for_one_tick_come_in_the_order_they_were_added)
{
    acti_wheel wheel;
    acti_wheel_entry entries[4] = {0};
    acti_wheel_init(&wheel, 0);
    uint64_t due = 64 * 64 * 5 * TICK_NS;
    acti_wheel_add(&wheel, &entries[0], due);
    (void)acti_wheel_advance(&wheel, due - 64 * 64 * TICK_NS, UINT32_MAX);
    acti_wheel_add(&wheel, &entries[1], due - 5);
    (void)acti_wheel_advance(&wheel, due - 64 * TICK_NS, UINT32_MAX);
    acti_wheel_add(&wheel, &entries[2], due - 7);
    (void)acti_wheel_advance(&wheel, due - TICK_NS, UINT32_MAX);
    acti_wheel_add(&wheel, &entries[3], due - 6);
    (void)acti_wheel_advance(&wheel, due, UINT32_MAX);
    for (int i = 0; i < 4; i++)
        assert_ptr_equal(acti_wheel_take(&wheel), &entries[i]);
    assert_null(acti_wheel_take(&wheel));
}

TEST(an_expired_entry_can_be_removed_until_it_is_taken)
{
    acti_wheel wheel;
    acti_wheel_entry entries[3] = {0};
    acti_wheel_init(&wheel, 0);
    for (int i = 0; i < 3; i++)
        acti_wheel_add(&wheel, &entries[i], TICK_NS);
    (void)acti_wheel_advance(&wheel, TICK_NS, UINT32_MAX);
    assert_int_equal(wheel.count, 3);
    assert_true(acti_wheel_next_ns(&wheel) <= TICK_NS);
    assert_true(acti_wheel_remove(&wheel, &entries[1]));
    acti_wheel_check(&wheel);
    assert_ptr_equal(acti_wheel_take(&wheel), &entries[0]);
    assert_ptr_equal(acti_wheel_take(&wheel), &entries[2]);
    assert_null(acti_wheel_take(&wheel));
    assert_int_equal(acti_wheel_next_ns(&wheel), UINT64_MAX);
}

// Whoever wakes at each next_ns wakes once a level at most, however far the entry.
TEST(following_next_ns_reaches_the_entry_in_as_many_steps_as_there_are_levels)
{
    for (unsigned bit = 0; bit < 63; bit++) {
        acti_wheel wheel;
        acti_wheel_entry entry = {0};
        acti_wheel_init(&wheel, 0);
        acti_wheel_add(&wheel, &entry, (UINT64_C(1) << bit) * 7 / 5);
        int steps = 0;
        while (!advance_and_take(&wheel, acti_wheel_next_ns(&wheel)))
            steps++;
        assert_true(steps < ACTI_WHEEL_LEVELS);
    }
}

// ---- in steps ----------------------------------------------------------------------------------

enum { CROWD = 100 };

static uint64_t length(const acti_list *head)
{
    uint64_t n = 0;
    for (const acti_list *at = head->next; at != head; at = at->next)
        n++;
    return n;
}

// crowd puts entries for ticks of one slot, three levels up, into a wheel, and advances to it with so many moves.
static void crowd(acti_wheel *wheel, acti_wheel_entry *entries, uint64_t *due_ns, uint32_t moves)
{
    acti_wheel_init(wheel, 0);
    *due_ns = 64 * 64 * 64 * TICK_NS;
    for (int i = 0; i < CROWD; i++)
        acti_wheel_add(wheel, &entries[i], *due_ns + (uint64_t)i % 5 * TICK_NS);
    assert_false(acti_wheel_advance(wheel, *due_ns + 5 * TICK_NS, moves));
}

TEST(an_advance_moves_no_more_than_it_was_told_and_as_many_and_the_order_is_the_same)
{
    for (uint32_t moves = 1; moves <= CROWD; moves += 7) {
        acti_wheel wheel;
        acti_wheel_entry entries[CROWD] = {0};
        uint64_t due_ns;
        crowd(&wheel, entries, &due_ns, moves);
        uint64_t left = length(&wheel.spreading);
        assert_int_equal(left, CROWD + 1 - moves); // the slot was one move
        bool done = false;
        while (left > 0) {
            assert_true(acti_wheel_next_ns(&wheel) <= due_ns);
            done = acti_wheel_advance(&wheel, due_ns + 5 * TICK_NS, moves);
            uint64_t now = length(&wheel.spreading);
            assert_int_equal(left - now, left < moves ? left : moves);
            assert_true(now == 0 || !done);
            acti_wheel_check(&wheel);
            left = now;
        }
        while (!done)
            done = acti_wheel_advance(&wheel, due_ns + 5 * TICK_NS, moves);
        for (int tick = 0; tick < 5; tick++)
            for (int i = tick; i < CROWD; i += 5)
                assert_ptr_equal(acti_wheel_take(&wheel), &entries[i]);
        assert_int_equal(wheel.count, 0);
    }
}

TEST(entries_added_between_two_steps_keep_their_order_and_do_not_keep_them_from_ending)
{
    acti_wheel wheel;
    acti_wheel_entry entries[CROWD] = {0}, later[CROWD] = {0};
    uint64_t due_ns;
    crowd(&wheel, entries, &due_ns, 1);
    int added = 0;
    for (; !acti_list_empty(&wheel.spreading); added++) {
        assert_true(added < CROWD);
        acti_wheel_add(&wheel, &later[added], due_ns + (uint64_t)added % 5 * TICK_NS);
        acti_wheel_check(&wheel);
    }
    assert_true(acti_wheel_advance(&wheel, due_ns + 5 * TICK_NS, UINT32_MAX));
    for (int tick = 0; tick < 5; tick++) {
        for (int i = tick; i < CROWD; i += 5)
            assert_ptr_equal(acti_wheel_take(&wheel), &entries[i]);
        for (int i = tick; i < added; i += 5)
            assert_ptr_equal(acti_wheel_take(&wheel), &later[i]);
    }
    assert_int_equal(wheel.count, 0);
}

TEST(an_entry_can_be_removed_between_two_steps)
{
    acti_wheel wheel;
    acti_wheel_entry entries[CROWD] = {0};
    uint64_t due_ns;
    crowd(&wheel, entries, &due_ns, CROWD / 2);
    for (int i = 0; i < CROWD; i++) {
        assert_true(acti_wheel_remove(&wheel, &entries[i]));
        assert_false(acti_wheel_remove(&wheel, &entries[i]));
        acti_wheel_check(&wheel);
    }
    assert_int_equal(wheel.count, 0);
    assert_int_equal(acti_wheel_next_ns(&wheel), UINT64_MAX);
    assert_null(advance_and_take(&wheel, UINT64_MAX));
}

// ---- against a sorted list ----------------------------------------------------------------

// Spans are such that the steps do not reach the end of time.
enum { ENTRIES = 400, STEPS = 20000, SEEDS = 10, SPAN_BITS = 56 };

// What the wheel should do, by looking at every entry every time.
typedef struct model_entry {
    acti_wheel_entry entry; // first: a wheel entry is a model entry
    enum { OUT, WAITING, EXPIRED } state;
    uint64_t tick;
    uint64_t order; // of insertion
} model_entry;

typedef struct model {
    acti_wheel wheel;
    model_entry entries[ENTRIES];
    uint64_t now_ns;
    bool finished; // the last advance
    uint64_t unfinished;
    uint64_t inserted;
    uint64_t taken;
    unsigned levels; // a bit for each that was ever in use
    uint64_t random;
} model;

static bool comes_before(const model_entry *a, const model_entry *b)
{
    return a->tick != b->tick ? a->tick < b->tick : a->order < b->order;
}

// A time span of any magnitude, small ones as likely as huge ones.
static uint64_t any_span(model *m)
{
    uint64_t bits = acti_random_next(&m->random) % (SPAN_BITS + 1);
    return acti_random_next(&m->random) & ((UINT64_C(1) << bits) - 1);
}

static void model_add(model *m, model_entry *e)
{
    uint64_t due = m->now_ns + any_span(m);
    if (acti_random_next(&m->random) % 8 == 0)
        due = any_span(m); // most likely past
    acti_wheel_add(&m->wheel, &e->entry, due);
    uint64_t now_tick = m->wheel.now_tick; // behind now_ns while an advance is not finished
    uint64_t tick = due / TICK_NS + (due % TICK_NS != 0);
    e->state = WAITING;
    e->tick = tick > now_tick ? tick : now_tick;
    e->order = m->inserted++;
}

static void model_advance(model *m, uint64_t now_ns)
{
    m->now_ns = now_ns;
    m->finished = acti_wheel_advance(&m->wheel, now_ns, 1 + acti_random_next(&m->random) % 20);
    m->unfinished += !m->finished;
    for (int i = 0; i < ENTRIES; i++) {
        if (m->entries[i].state == WAITING && m->entries[i].tick <= now_ns / TICK_NS)
            m->entries[i].state = EXPIRED;
    }
}

// To wherever, or to where the wheel asks for it.
static uint64_t next_stop(model *m)
{
    uint64_t next = acti_wheel_next_ns(&m->wheel);
    if (acti_random_next(&m->random) % 2)
        return m->now_ns + any_span(m);
    return next != UINT64_MAX && next > m->now_ns ? next : m->now_ns;
}

static bool model_take(model *m)
{
    model_entry *first = NULL;
    for (int i = 0; i < ENTRIES; i++) {
        model_entry *e = &m->entries[i];
        if (e->state == EXPIRED && (!first || comes_before(e, first)))
            first = e;
    }
    model_entry *got = (model_entry *)acti_wheel_take(&m->wheel);
    if (got) {
        got->state = OUT;
        m->taken++;
    }
    return (got == first || (!got && !m->finished)) && (!got || m->now_ns >= got->entry.due_ns);
}

static bool next_is_right(const model *m)
{
    uint64_t expiry = UINT64_MAX;
    bool any_expired = false; // or will be when the advance is finished
    for (int i = 0; i < ENTRIES; i++) {
        const model_entry *e = &m->entries[i];
        any_expired = any_expired || e->state == EXPIRED;
        if (e->state == WAITING && e->tick * TICK_NS < expiry)
            expiry = e->tick * TICK_NS;
    }
    uint64_t next = acti_wheel_next_ns(&m->wheel);
    if (any_expired)
        return next <= m->now_ns;
    if (expiry == UINT64_MAX)
        return next == UINT64_MAX;
    // Not late; and not in the past unless something is due, or whoever waits for it would spin.
    return next <= expiry && (!m->finished || next > m->now_ns || expiry <= m->now_ns);
}

static bool walk(model *m)
{
    for (int step = 0; step < STEPS; step++) {
        model_entry *e = &m->entries[acti_random_next(&m->random) % ENTRIES];
        bool right = true;
        switch (acti_random_next(&m->random) % 8) {
        case 0:
            right = acti_wheel_remove(&m->wheel, &e->entry) == (e->state != OUT);
            e->state = OUT;
            break;
        case 1:
            model_advance(m, next_stop(m));
            break;
        case 2:
        case 3:
            right = model_take(m);
            break;
        default:
            if (e->state == OUT)
                model_add(m, e);
        }
        if (!right || !next_is_right(m))
            return false;
        for (unsigned level = 0; level < ACTI_WHEEL_LEVELS; level++)
            m->levels |= m->wheel.used[level] ? 1u << level : 0;
        if (step % 100 == 0)
            acti_wheel_check(&m->wheel);
    }
    return true;
}

// One leap over all that waits.
static bool drain(model *m)
{
    bool right = true;
    model_advance(m, m->now_ns + (UINT64_C(1) << SPAN_BITS));
    while (right && m->wheel.count > 0) {
        right = model_take(m);
        if (!m->finished)
            model_advance(m, m->now_ns);
    }
    return right && model_take(m);
}

TEST(two_hundred_thousand_random_steps_agree_with_a_sorted_list)
{
    static model m;
    unsigned levels = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        m = (model){.random = seed, .finished = true};
        m.now_ns = any_span(&m);
        acti_wheel_init(&m.wheel, m.now_ns);
        if (!walk(&m) || !drain(&m))
            fail_msg("the wheel and the list disagree with seed %u", (unsigned)seed);
        assert_true(m.unfinished > STEPS / 200);
        assert_true(m.taken > STEPS / 20 && m.now_ns < UINT64_MAX - (UINT64_C(1) << SPAN_BITS));
        levels |= m.levels;
    }
    assert_int_equal(levels, (1u << ACTI_WHEEL_LEVELS) - 1);
}

int main(void)
{
    return TEST_RUN(case_of(an_empty_wheel_gives_nothing_and_has_no_next_time),
                    case_of(an_entry_in_no_wheel_is_not_removed),
                    case_of(an_entry_is_never_early_and_at_most_one_tick_late),
                    case_of(an_entry_due_on_a_tick_is_not_late), case_of(the_end_of_time_comes_at_the_end_of_time),
                    case_of(an_entry_already_due_waits_for_the_next_advance),
                    case_of(a_handler_that_restarts_its_timer_without_delay_does_not_keep_take_from_ending),
                    case_of(time_does_not_go_back), case_of(entries_for_one_tick_come_in_the_order_they_were_added),
                    case_of(an_expired_entry_can_be_removed_until_it_is_taken),
                    case_of(following_next_ns_reaches_the_entry_in_as_many_steps_as_there_are_levels),
                    case_of(an_advance_moves_no_more_than_it_was_told_and_as_many_and_the_order_is_the_same),
                    case_of(entries_added_between_two_steps_keep_their_order_and_do_not_keep_them_from_ending),
                    case_of(an_entry_can_be_removed_between_two_steps),
                    case_of(two_hundred_thousand_random_steps_agree_with_a_sorted_list));
}
