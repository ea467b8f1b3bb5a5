// SPDX-License-Identifier: MIT
//
// wheel.c - the timing wheel.
//
// Design notes
//
// A tick number is read as eight digits of six bits. An entry lies on the level of the highest digit in which
// its tick differs from now_tick, in the slot of that digit of its own (an entry for now_tick itself lies on
// level 0). From that follow:
//
//   - The slots of a level never wrap round: all in use there lie ahead of now_tick's own digit, and the first
//     bit set is the next slot. The lowest level in use holds what comes first.
//   - All entries for one tick lie in one slot at any time. Slots are emptied from the front and filled at the
//     back, also when a slot is spread over the levels below; so entries for one tick keep their order.
//   - Time may move to anywhere before the next slot in use without touching an entry. Advancing therefore
//     visits slots in use, not ticks: a leap of years costs what the entries in it cost, each moved down at
//     most seven times in its life.
//
// A million entries may lie in one slot, and the caller holds a lock. So an advance can be done in steps. A slot that
// is reached becomes the list due, or the list spreading, as a whole and whatever its length; then spreading is
// emptied entry by entry, and time stands still meanwhile. An entry that is added in between goes through that list
// as well, behind those that were there before it, and moves two on: so it keeps its order, and the spreading
// ends however many are added.

#include "base/wheel.h"

#include <assert.h>
#include <stddef.h>

#include "base/platform.h"

#define DIGIT_BITS 6
#define DIGIT_MASK (ACTI_WHEEL_SLOTS - 1)
#define TICK_MAX ((UINT64_C(1) << (DIGIT_BITS * ACTI_WHEEL_LEVELS)) - 1)
#define MOVES_PER_ADD 2

static_assert(1 << DIGIT_BITS == ACTI_WHEEL_SLOTS, "a digit selects a slot");
static_assert(UINT64_MAX >> ACTI_WHEEL_TICK_SHIFT <= TICK_MAX, "the levels reach all of time");

static uint64_t due_tick(uint64_t due_ns);
static void place(acti_wheel *wheel, acti_wheel_entry *entry);
static bool next_slot(const acti_wheel *wheel, unsigned *level, unsigned *slot, uint64_t *tick);
static uint32_t spread(acti_wheel *wheel, uint32_t moves);

static inline acti_wheel_entry *entry_of(acti_list *link)
{
    return ACTI_CONTAINER_OF(link, acti_wheel_entry, link);
}

void acti_wheel_init(acti_wheel *wheel, uint64_t now_ns)
{
    *wheel = (acti_wheel){.now_tick = now_ns >> ACTI_WHEEL_TICK_SHIFT};
    acti_list_init(&wheel->spreading);
    acti_list_init(&wheel->due);
    for (unsigned level = 0; level < ACTI_WHEEL_LEVELS; level++) {
        for (unsigned slot = 0; slot < ACTI_WHEEL_SLOTS; slot++)
            acti_list_init(&wheel->slots[level][slot]);
    }
}

void acti_wheel_add(acti_wheel *wheel, acti_wheel_entry *entry, uint64_t due_ns)
{
    acti_assert(!acti_list_linked(&entry->link));
    entry->due_ns = due_ns;
    wheel->count++;
    if (acti_list_empty(&wheel->spreading)) {
        place(wheel, entry);
    } else {
        acti_list_push(&wheel->spreading, &entry->link);
        (void)spread(wheel, MOVES_PER_ADD);
    }
}

bool acti_wheel_remove(acti_wheel *wheel, acti_wheel_entry *entry)
{
    if (!acti_list_linked(&entry->link))
        return false;
    acti_list_remove(&entry->link);
    wheel->count--;
    // If it was in no slot, its place is an old one: an empty slot there has no bit, and this changes nothing.
    unsigned level = entry->place / ACTI_WHEEL_SLOTS;
    unsigned slot = entry->place % ACTI_WHEEL_SLOTS;
    if (acti_list_empty(&wheel->slots[level][slot]))
        wheel->used[level] &= ~(UINT64_C(1) << slot);
    return true;
}

bool acti_wheel_advance(acti_wheel *wheel, uint64_t now_ns, uint32_t moves)
{
    acti_assert(moves > 0);
    // Rounded down here and up when an entry is placed: what is handed out is due.
    uint64_t target = now_ns >> ACTI_WHEEL_TICK_SHIFT;
    if (target < wheel->now_tick)
        target = wheel->now_tick;
    unsigned level, slot;
    uint64_t tick;
    moves = spread(wheel, moves);
    while (acti_list_empty(&wheel->spreading) && next_slot(wheel, &level, &slot, &tick) && tick <= target) {
        if (moves == 0)
            return false;
        wheel->now_tick = tick;
        wheel->used[level] &= ~(UINT64_C(1) << slot);
        acti_list_join(level == 0 ? &wheel->due : &wheel->spreading, &wheel->slots[level][slot]);
        moves = spread(wheel, moves - 1);
    }
    if (!acti_list_empty(&wheel->spreading))
        return false;
    wheel->now_tick = target;
    return true;
}

acti_wheel_entry *acti_wheel_take(acti_wheel *wheel)
{
    acti_list *link = acti_list_pop(&wheel->due);
    if (!link)
        return NULL;
    wheel->count--;
    return entry_of(link);
}

uint64_t acti_wheel_next_ns(const acti_wheel *wheel)
{
    unsigned level, slot;
    uint64_t tick;
    if (!acti_list_empty(&wheel->due) || !acti_list_empty(&wheel->spreading))
        return wheel->now_tick << ACTI_WHEEL_TICK_SHIFT;
    if (!next_slot(wheel, &level, &slot, &tick))
        return UINT64_MAX;
    return tick << ACTI_WHEEL_TICK_SHIFT;
}

void acti_wheel_check(const acti_wheel *wheel)
{
    uint64_t count = 0;
    for (const acti_list *at = wheel->due.next; at != &wheel->due; at = at->next)
        count++;
    for (const acti_list *at = wheel->spreading.next; at != &wheel->spreading; at = at->next)
        count++;
    for (unsigned level = 0; level < ACTI_WHEEL_LEVELS; level++) {
        unsigned now_digit = (unsigned)(wheel->now_tick >> (level * DIGIT_BITS)) & DIGIT_MASK;
        for (unsigned slot = 0; slot < ACTI_WHEEL_SLOTS; slot++) {
            const acti_list *head = &wheel->slots[level][slot];
            acti_assert(acti_list_empty(head) == !(wheel->used[level] >> slot & 1));
            acti_assert(acti_list_empty(head) || slot > now_digit || (level == 0 && slot == now_digit));
            for (const acti_list *at = head->next; at != head; at = at->next) {
                acti_assert(entry_of((acti_list *)(uintptr_t)at)->place == level * ACTI_WHEEL_SLOTS + slot);
                count++;
            }
        }
    }
    acti_assert(count == wheel->count);
}

// due_tick is the first tick that begins at or after due_ns. The last tick of the clock takes what lies beyond
// its beginning: 584 years after the clock's zero there is no tick to round up to.
static uint64_t due_tick(uint64_t due_ns)
{
    uint64_t tick = due_ns >> ACTI_WHEEL_TICK_SHIFT;
    bool begun = (due_ns & ((UINT64_C(1) << ACTI_WHEEL_TICK_SHIFT) - 1)) != 0;
    return begun && tick < TICK_MAX ? tick + 1 : tick;
}

// place links an entry where its tick belongs as seen from now_tick. What is due already goes with now_tick, and
// so not before the next advance: a handler that starts a timer of no delay does not keep take from ending.
static void place(acti_wheel *wheel, acti_wheel_entry *entry)
{
    uint64_t tick = due_tick(entry->due_ns);
    if (tick < wheel->now_tick)
        tick = wheel->now_tick;
    uint64_t differs = tick ^ wheel->now_tick;
    unsigned level = differs ? (unsigned)(63 - __builtin_clzll(differs)) / DIGIT_BITS : 0;
    unsigned slot = (unsigned)(tick >> (level * DIGIT_BITS)) & DIGIT_MASK;

    entry->place = (uint16_t)(level * ACTI_WHEEL_SLOTS + slot);
    acti_list_push(&wheel->slots[level][slot], &entry->link);
    wheel->used[level] |= UINT64_C(1) << slot;
}

// next_slot finds the slot in use that comes first, and the tick at which it begins.
static bool next_slot(const acti_wheel *wheel, unsigned *level, unsigned *slot, uint64_t *tick)
{
    unsigned at = 0;
    while (at < ACTI_WHEEL_LEVELS && wheel->used[at] == 0)
        at++;
    if (at == ACTI_WHEEL_LEVELS)
        return false;
    unsigned shift = at * DIGIT_BITS;
    *level = at;
    *slot = (unsigned)__builtin_ctzll(wheel->used[at]);
    *tick = (wheel->now_tick >> shift & ~(uint64_t)DIGIT_MASK) << shift | (uint64_t)*slot << shift;
    return true;
}

// spread moves as many entries as that from spreading to where they belong, and gives how many moves are left.
static uint32_t spread(acti_wheel *wheel, uint32_t moves)
{
    acti_list *link;
    while (moves > 0 && (link = acti_list_pop(&wheel->spreading)) != NULL) {
        place(wheel, entry_of(link));
        moves--;
    }
    return moves;
}
