// SPDX-License-Identifier: MIT
//
// Full inboxes: who finds no room waits in line, and is given room or let go; nothing is lost, overtaken or doubled,
// and without a circle no bound is exceeded.

#include <acta/actor.h>

#include "core/outbox.h"
#include "core/sender.h"
#include "suite.h"
#include "world.h"

static const acta_type number_type = {.name = "number", .size = sizeof(uint64_t), .flat = true};

#define SENDERS 2

static acti_actor *receiver;
static acta_tx *receiver_tx;
static acti_actor *sender[SENDERS];
static acta_tx *sender_tx[SENDERS];

// Of the receiver's turns.
static uint64_t expected[SENDERS];

// Of each sender's turns.
static uint32_t to_send[SENDERS];
static uint32_t index_of[SENDERS] = {0, 1};
static acta_tx *to[SENDERS];

static void send(acta_tx *tx, uint64_t number)
{
    int status = acta_send_body(tx, &number_type, &number);
    model_claim(status == ACTA_OK || status == ACTA_EGONE);
}

static bool within_its_bound(acti_actor *actor)
{
    uint16_t pushed = (uint16_t)(acti_au64_load_relaxed(&actor->inbox.word) / ACTI_INBOX_ONE);
    uint16_t given = (uint16_t)(acti_au32_load_relaxed(&actor->given) + actor->held_back);
    return (uint16_t)(pushed - given) <= acti_inbox_capacity(&actor->inbox);
}

static int receive(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m == NULL)
        return ACTA_OK;
    model_claim(within_its_bound(acti_actor_of_self(self)));
    uint64_t number = world_number(m), from = number / 16;
    expected[from]++;
    model_claim(number % 16 == expected[from]);
    return ACTA_OK;
}

// A sender gets one message, and sends as many as it has to.
static int send_all(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    if (m == NULL)
        return ACTA_OK;
    uint32_t me = *(const uint32_t *)arg;
    for (uint64_t i = 0; i < to_send[me]; i++)
        send(to[me], me * 16 + i + 1);
    return ACTA_OK;
}

static void world_of(uint32_t first, uint32_t second)
{
    world_open();
    receiver = world_spawn(receive, NULL, 1, &receiver_tx);
    to_send[0] = first;
    to_send[1] = second;
    for (uint32_t i = 0; i < SENDERS; i++) {
        sender[i] = world_spawn(send_all, &index_of[i], 1, &sender_tx[i]);
        to[i] = receiver_tx;
    }
}

static void start(uint32_t me)
{
    world_enter();
    (void)world_send(sender[me], 0); // refused if it has been killed
}
static void first_sends(void)
{
    start(0);
}
static void second_sends(void)
{
    start(1);
}

static void end_of_all(void)
{
    acta_tx_drop(&receiver_tx);
    for (uint32_t i = 0; i < SENDERS; i++)
        acta_tx_drop(&sender_tx[i]);
    world_run();
    model_claim(world_nothing_left() && world_ledger_closes());
}

// ---- two senders, room for one message ------------------------------------------------

static void one_each(void)
{
    world_of(1, 1);
}

// The receiver is full and at work when the first begins: both of its messages wait.
static void two_behind_one(void)
{
    world_of(2, 1);
    world_running(receiver);
    send(receiver_tx, 17);
}

static void the_receiver_works(void)
{
    world_enter();
    world_turns(receiver);
    world_run();
}

static void all_came_in_order(void)
{
    model_claim(expected[0] == to_send[0] && expected[1] == to_send[1]);
    model_claim(world_counted(ACTI_OVERCOMMITS) == 0);
    model_outcome(world_counted(ACTI_PAUSES));
    end_of_all();
}

// ---- two that send to each other --------------------------------------------------------

static int pass_on(acta_self *self, void *arg, acta_msg *m)
{
    uint32_t me = *(const uint32_t *)arg;
    if (m != NULL && world_number(m) != 0)
        expected[1 - me]++;
    else
        (void)send_all(self, arg, m);
    return ACTA_OK;
}

// Each is at work, with what it starts at and a message from the other before it: when it sends, both are full.
static void a_circle(void)
{
    world_open();
    for (uint32_t i = 0; i < SENDERS; i++) {
        sender[i] = world_spawn(pass_on, &index_of[i], 1, &sender_tx[i]);
        world_running(sender[i]);
        model_claim(world_send(sender[i], 0) && world_send(sender[i], 1));
        to_send[i] = 1;
    }
    to[0] = sender_tx[1];
    to[1] = sender_tx[0];
}

static void work(uint32_t me)
{
    world_enter();
    world_turns(sender[me]);
    world_run();
}
static void first_works(void)
{
    work(0);
}
static void second_works(void)
{
    work(1);
}

static void all_went_round(void)
{
    model_claim(expected[0] == 2 && expected[1] == 2);
    model_claim(world_counted(ACTI_OVERCOMMITS) <= 1);
    model_outcome(world_counted(ACTI_PAUSES) * 16 + world_counted(ACTI_OVERCOMMITS));
    end_of_all();
}

// ---- a kill ---------------------------------------------------------------------------------

// The receiver is full, and busy with something else.
static void full(void)
{
    world_of(1, 0);
    world_running(receiver);
    send(receiver_tx, 17);
}

static void kill_the_sender(void)
{
    world_enter();
    model_claim(acta_kill(acti_addr_of(sender[0])) == ACTA_OK);
    world_run();
}

static void the_sender_has_ended(void)
{
    model_claim(acti_inbox_is_routed(&sender[0]->inbox));
    model_claim(acti_list_empty(&receiver->waiters));
    model_outcome(world_counted(ACTI_PAUSES) * 2 + world_counted(ACTI_DROPPED_GONE));
    world_turns(receiver);
    end_of_all();
}

// ---- room as the receiver ends ------------------------------------------------------------------

static void the_receiver_ends(void)
{
    world_enter();
    acti_actor_force(receiver, ACTA_EKILLED);
    world_turns(receiver);
    world_run();
}

static void the_sender_goes_on(void)
{
    model_claim(acti_inbox_is_routed(&receiver->inbox));
    model_claim(acti_inbox_is_parked(&sender[0]->inbox) && sender[0]->outbox == NULL);
    end_of_all();
}

// ---- a thread outside ---------------------------------------------------------------------------

// It waits for room until its time is over: then it has its message back, whether it has just been given room or not.
static int sent;

static void a_thread_outside_sends(void)
{
    uint64_t number = 1;
    sent = acta_send_within_body(receiver_tx, 1, &number_type, &number);
    world_enter(); // and is a worker from here on
    world_run();
}

static void full_and_working(void)
{
    full();
    to_send[0] = 0;
    to_send[1] = 1;
}

static void sent_or_not(void)
{
    model_claim(sent == ACTA_OK || sent == ACTA_EFULL);
    model_claim(expected[0] == (sent == ACTA_OK ? 1 : 0) && expected[1] == 1);
    model_claim(!receiver->lined && within_its_bound(receiver));
    model_outcome((uint64_t)(sent == ACTA_OK));
    end_of_all();
}

const model_scenario model_of_pause[] = {
    {.name = "pause_two_senders_and_room_for_one_message",
     .contract = "C-PAUSE",
     .setup = one_each,
     .thread = {first_sends, second_sends},
     .check = all_came_in_order},
    {.name = "pause_order_holds_behind_a_full_inbox",
     .contract = "C-PAUSE",
     .setup = two_behind_one,
     .thread = {first_sends, the_receiver_works},
     .check = all_came_in_order},
    {.name = "pause_a_circle_is_opened",
     .contract = "C-PAUSE",
     .setup = a_circle,
     .thread = {first_works, second_works},
     .check = all_went_round},
    {.name = "pause_a_kill_reaches_who_waits_for_room",
     .contract = "C-PAUSE",
     .setup = full,
     .thread = {first_sends, kill_the_sender},
     .check = the_sender_has_ended},
    {.name = "pause_the_end_of_the_receiver_lets_all_go",
     .contract = "C-PAUSE",
     .setup = full,
     .thread = {first_sends, the_receiver_ends},
     .check = the_sender_goes_on},
    {.name = "pause_a_thread_outside_whose_time_is_over",
     .contract = "C-BOUND",
     .setup = full_and_working,
     .thread = {a_thread_outside_sends, the_receiver_works},
     .check = sent_or_not},
    {.name = NULL},
};
