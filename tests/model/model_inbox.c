// SPDX-License-Identifier: MIT
//
// The inbox word by itself: C-FIFO, C-BOUND and C-ONE-TURN of one inbox.
//
// Whoever is told to wake the consumer runs its turn itself, then and there. What turns write is plain memory: two that
// overlap, or one that does not see what the last one wrote, are a race.

#include "core/inbox.h"
#include "suite.h"

typedef struct item {
    acta_msg msg; // first: a message is the item it lies in
    uint32_t from;
    uint32_t number;
} item;

#define FROM 3
#define ITEMS 2

static acti_inbox inbox;
static acti_au32 given;
static item items[FROM][ITEMS]; // the producer's until it has pushed
static uint32_t turns;
static uint32_t handled[FROM];  // of turns
static uint32_t refused[FROM];  // each producer's own

static void take_all(void)
{
    acta_msg *newest;
    acta_msg *m = acti_inbox_take(&inbox, &newest);
    uint32_t together = 0;
    while (m != NULL) {
        const item *it = (const item *)(const void *)m;
        acta_msg *next = m->next;
        model_claim(it->number == handled[it->from]);
        handled[it->from]++;
        together++;
        acti_au32_store_relaxed(&given, acti_au32_load_relaxed(&given) + 1);
        m = next;
    }
    model_claim(together <= acti_inbox_capacity(&inbox));
}

static void turn(void)
{
    turns++; // before it takes, as a real turn touches its actor
    do
        take_all();
    while (!acti_inbox_park(&inbox));
}

static item *item_of(uint32_t from, uint32_t number)
{
    item *it = &items[from][number];
    it->from = from;
    it->number = number;
    return it;
}

static void push_from(uint32_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (acti_inbox_push(&inbox, &item_of(from, i)->msg) == ACTI_PUSHED_WAKE)
            turn();
}

static void parked(void)
{
    acti_inbox_limit(&inbox, FROM * ITEMS);
    acti_au64_store_relaxed(&inbox.word, ACTI_INBOX_PARKED);
}

// ---- two producers, two items each --------------------------------------------------

static void first_pushes_two(void)
{
    push_from(0, 2);
}
static void second_pushes_two(void)
{
    push_from(1, 2);
}

static void all_of_two_were_handled(void)
{
    model_claim(handled[0] == 2 && handled[1] == 2);
    model_claim(acti_au64_load_relaxed(&inbox.word) == ACTI_INBOX_PARKED);
}

// ---- three producers, one item each ---------------------------------------------------

static void first_pushes_one(void)
{
    push_from(0, 1);
}
static void second_pushes_one(void)
{
    push_from(1, 1);
}
static void third_pushes_one(void)
{
    push_from(2, 1);
}

static void one_of_each_was_handled(void)
{
    model_claim(handled[0] == 1 && handled[1] == 1);
    model_claim(acti_au64_load_relaxed(&inbox.word) == ACTI_INBOX_PARKED);
}

static void all_of_three_were_handled(void)
{
    model_claim(handled[0] == 1 && handled[1] == 1 && handled[2] == 1);
    model_claim(acti_au64_load_relaxed(&inbox.word) == ACTI_INBOX_PARKED);
}

// ---- a bound of one -------------------------------------------------------------------

static void push_bounded_from(uint32_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        acti_pushed pushed = acti_inbox_push_bounded(&inbox, &given, &item_of(from, i - refused[from])->msg);
        if (pushed == ACTI_PUSHED_WAKE)
            turn();
        refused[from] += pushed == ACTI_PUSH_FULL;
    }
}

// One before the count of what was pushed wraps.
static void bounded(void)
{
    acti_inbox_limit(&inbox, 1);
    acti_au64_store_relaxed(&inbox.word, ACTI_INBOX_PARKED | UINT16_MAX * ACTI_INBOX_ONE);
    acti_au32_store_relaxed(&given, UINT16_MAX);
    acti_au32_store_relaxed(&inbox.given_seen, UINT16_MAX);
}

static void first_pushes_two_if_there_is_room(void)
{
    push_bounded_from(0, 2);
}
static void second_pushes_one_if_there_is_room(void)
{
    push_bounded_from(1, 1);
}

static void what_was_taken_was_handled(void)
{
    model_claim(handled[0] + refused[0] == 2 && handled[1] + refused[1] == 1);
    model_claim(handled[0] + handled[1] > 0);
    uint64_t pushed = UINT16_MAX + handled[0] + handled[1];
    model_claim(acti_au64_load_relaxed(&inbox.word) == (ACTI_INBOX_PARKED | (pushed & UINT16_MAX) * ACTI_INBOX_ONE));
    model_outcome(handled[0] * 2 + handled[1]);
}

// ---- the route --------------------------------------------------------------------------

// The last turn has marked what a message lies in, and closes the inbox. Who is refused frees that; who is not has
// given it to the last turn. An alarm's record is such a thing.
static item *record;

static void with_a_record(void)
{
    record = model_alloc(sizeof(*record));
    record->from = 0;
    record->number = 0;
}

static void the_last_turn(void)
{
    bool attend;
    record->number++;
    acta_msg *list = acti_inbox_route(&inbox, &attend);
    model_claim(!attend && (list == NULL || list == &record->msg));
    if (list != NULL)
        model_free(list);
}

static void who_is_refused_frees(void)
{
    if (acti_inbox_push(&inbox, &record->msg) == ACTI_PUSH_ROUTED)
        model_free(record);
}

static void who_is_refused_a_place_frees(void)
{
    if (acti_inbox_push_bounded(&inbox, &given, &record->msg) == ACTI_PUSH_ROUTED)
        model_free(record);
}

static void who_sees_the_route_looks(void)
{
    if (acti_inbox_is_routed(&inbox))
        model_claim(record->number == 1);
}

static void closed(void)
{
    model_claim(acti_au64_load_relaxed(&inbox.word) == ACTI_INBOX_ROUTED);
}

static void running_with_a_record(void)
{
    acti_inbox_limit(&inbox, 1);
    with_a_record();
}

// ---- the kick ---------------------------------------------------------------------------

// A kick ends a pause, and its giver runs the next turn.
static void paused_or_not(void)
{
    handled[0]++;
    while (!acti_inbox_pause(&inbox)) {
        acti_inbox_attended(&inbox);
        handled[0]++;
    }
}

static void kick(void)
{
    if (acti_inbox_attend(&inbox, ACTI_INBOX_PARKED | ACTI_INBOX_PAUSED) == ACTI_PUSHED_WAKE) {
        handled[0]++;
        acti_inbox_attended(&inbox);
        model_claim(acti_inbox_pause(&inbox));
    }
}

static void paused_and_kicked(void)
{
    model_claim(handled[0] == 2);
    model_claim(acti_au64_load_relaxed(&inbox.word) == ACTI_INBOX_PAUSED);
}

static void a_push_does_not_end_a_pause(void)
{
    push_from(1, 1);
}

static void paused_and_kicked_with_mail(void)
{
    model_claim(handled[0] == 2 && handled[1] == 0);
    model_claim(acti_au64_load_relaxed(&inbox.word) == (ACTI_INBOX_PAUSED | (uint64_t)(uintptr_t)&items[1][0]));
}

const model_scenario model_of_inbox[] = {
    {.name = "inbox_two_by_two_in_order_and_one_turn_at_a_time",
     .contract = "C-FIFO",
     .setup = parked,
     .thread = {first_pushes_two, second_pushes_two},
     .check = all_of_two_were_handled},
    {.name = "inbox_two_producers_whose_swaps_fail_for_no_reason",
     .contract = "C-FIFO",
     .setup = parked,
     .thread = {first_pushes_one, second_pushes_one},
     .check = one_of_each_was_handled,
     .spurious_max = 1},
    {.name = "inbox_three_producers_and_one_turn_at_a_time",
     .contract = "C-ONE-TURN",
     .setup = parked,
     .thread = {first_pushes_one, second_pushes_one, third_pushes_one},
     .check = all_of_three_were_handled},
    {.name = "inbox_never_holds_more_than_its_bound",
     .contract = "C-BOUND",
     .setup = bounded,
     .thread = {first_pushes_two_if_there_is_room, second_pushes_one_if_there_is_room},
     .check = what_was_taken_was_handled},
    {.name = "inbox_who_is_refused_owns_the_message",
     .contract = "C-EOF",
     .setup = running_with_a_record,
     .thread = {the_last_turn, who_is_refused_frees},
     .check = closed,
     .spurious_max = 1},
    {.name = "inbox_who_is_refused_a_place_owns_the_message",
     .contract = "C-BOUND",
     .setup = running_with_a_record,
     .thread = {the_last_turn, who_is_refused_a_place_frees},
     .check = closed,
     .spurious_max = 1},
    {.name = "inbox_who_sees_the_end_sees_what_came_before",
     .contract = "C-ONE-TURN",
     .setup = running_with_a_record,
     .thread = {the_last_turn, who_sees_the_route_looks},
     .check = closed},
    {.name = "inbox_a_kick_ends_a_pause_or_prevents_it",
     .contract = "C-PAUSE",
     .thread = {paused_or_not, kick},
     .check = paused_and_kicked,
     .spurious_max = 1},
    {.name = "inbox_a_push_does_not_end_a_pause",
     .contract = "C-PAUSE",
     .thread = {paused_or_not, kick, a_push_does_not_end_a_pause},
     .check = paused_and_kicked_with_mail,
     .spurious_max = 1},
    {.name = NULL},
};
