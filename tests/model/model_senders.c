// SPDX-License-Identifier: MIT
//
// Senders and references: the EOF comes once, after everything that any of the senders sent, there is no way back from
// no sender, and the memory of an actor is freed once, when nobody uses it any more.

#include <acta/actor.h>

#include "core/sender.h"
#include "suite.h"
#include "world.h"

static acti_actor *actor;
static acta_tx *tx[2];
static acta_addr *addr[2];

// Of the actor's turns.
static uint32_t handled;
static uint32_t ends;
static int eof;

// Of the threads.
static bool sent[2];
static int status[2];

static int count(acta_self *self, void *arg, acta_msg *m)
{
    (void)arg;
    if (m != NULL) {
        model_claim(ends == 0);
        handled++;
        return ACTA_OK;
    }
    ends++;
    eof = acta_eof(self);
    return ACTA_OK;
}

static void an_actor(void)
{
    world_open();
    actor = world_spawn(count, NULL, 0, &tx[0]);
}

static void ended_once_and_gone(uint32_t messages)
{
    model_claim(handled == messages);
    model_claim(ends == 1);
    model_claim(world_nothing_left() && world_ledger_closes());
}

// ---- two holders ------------------------------------------------------------------------

static void with_two_senders(void)
{
    an_actor();
    tx[1] = acta_tx_dup(tx[0]);
}

static void send_and_drop(uint32_t me, bool crash)
{
    world_enter();
    sent[me] = world_send(actor, me);
    if (crash)
        acti_tx_crash(&tx[me]);
    else
        acta_tx_drop(&tx[me]);
    world_run();
}
static void first_sends_and_drops(void)
{
    send_and_drop(0, false);
}
static void second_sends_and_drops(void)
{
    send_and_drop(1, false);
}
static void second_drops(void)
{
    world_enter();
    acta_tx_drop(&tx[1]);
    world_run();
}
static void first_crashes(void)
{
    world_enter();
    acti_tx_crash(&tx[0]);
    world_run();
}

// A send that is refused for its size reads the actor, and leaves nothing in its inbox.
static void first_looks_and_drops(void)
{
    world_enter();
    model_claim(actor->message_bytes_max == 1024);
    acta_tx_drop(&tx[0]);
    world_run();
}

static void both_were_handled_before_the_eof(void)
{
    model_claim(sent[0] && sent[1]);
    ended_once_and_gone(2);
    model_claim(eof == ACTA_OK);
}

static void the_eof_came(void)
{
    ended_once_and_gone(0);
}

static void the_eof_says_crashed(void)
{
    ended_once_and_gone(0);
    model_claim(eof == ACTA_ECRASHED);
}

// ---- an address against the last sender -------------------------------------------------

static void with_an_address(void)
{
    an_actor();
    addr[1] = acta_addr_dup(acta_tx_addr(tx[0]));
}

static void drop_the_last(void)
{
    world_enter();
    acta_tx_drop(&tx[0]);
    world_run();
}

static void send_by_address(void)
{
    world_enter();
    status[1] = acta_addr_tx(addr[1], &tx[1]);
    if (status[1] == ACTA_OK) {
        sent[1] = world_send(actor, 1);
        model_claim(sent[1]); // a sender keeps the inbox open
        acta_tx_drop(&tx[1]);
    }
    acta_addr_drop(&addr[1]);
    world_run();
}

static void a_sender_from_the_address_came_before_the_eof(void)
{
    model_claim(status[1] == ACTA_OK || status[1] == ACTA_EGONE);
    ended_once_and_gone(sent[1] ? 1 : 0);
    model_outcome((uint64_t)sent[1]);
}

// ---- the end message: EOF and STOP ----------------------------------------------------

static void stop_by_address(void)
{
    world_enter();
    status[1] = acta_stop(addr[1]);
    acta_addr_drop(&addr[1]);
    world_run();
}

static void one_end_message_came(void)
{
    ended_once_and_gone(0);
    model_claim(eof == ACTA_OK || eof == ACTA_ESTOPPED);
    model_claim(status[1] == ACTA_OK || (status[1] == ACTA_EGONE && eof == ACTA_OK));
    model_outcome(eof == ACTA_OK);
}

// ---- references -----------------------------------------------------------------------

static uint64_t *used; // one for each holder, behind the actor in its block

static int take_state(acta_self *self, void *arg, acta_msg *m)
{
    (void)self, (void)arg, (void)m;
    return ACTA_OK;
}

static void with_two_addresses(void)
{
    world_open();
    acta_spawn_opts opts = {.handler = take_state, .state_bytes = 2 * sizeof(*used)};
    model_claim(acta_spawn_with(&world, &opts, &tx[0]) == ACTA_OK);
    actor = acti_actor_of_tx(tx[0]);
    used = actor->arg;
    addr[0] = acta_addr_dup(acta_tx_addr(tx[0]));
    addr[1] = acta_addr_dup(addr[0]);
    // It ends, and leaves nothing but these two.
    world_running(actor);
    acta_tx_drop(&tx[0]);
    world_turns(actor);
}

static void use_and_drop(uint32_t me)
{
    used[me] = 1;
    acta_addr_drop(&addr[me]);
}
static void first_uses_and_drops(void)
{
    world_enter();
    use_and_drop(0);
}
static void second_uses_and_drops(void)
{
    world_enter();
    use_and_drop(1);
}

static void freed_once(void)
{
    model_claim(world_nothing_left() && world_ledger_closes());
}

const model_scenario model_of_senders[] = {
    {.name = "senders_eof_comes_once_after_all_messages",
     .contract = "C-EOF",
     .setup = with_two_senders,
     .thread = {first_sends_and_drops, second_sends_and_drops},
     .check = both_were_handled_before_the_eof},
    {.name = "senders_a_crash_is_seen_at_the_eof",
     .contract = "C-EOF",
     .setup = with_two_senders,
     .thread = {first_crashes, second_drops},
     .check = the_eof_says_crashed},
    {.name = "senders_a_holder_may_look_until_it_drops",
     .contract = "C-EOF",
     .setup = with_two_senders,
     .thread = {first_looks_and_drops, second_drops},
     .check = the_eof_came},
    {.name = "senders_no_way_back_from_none",
     .contract = "C-EOF",
     .setup = with_an_address,
     .thread = {drop_the_last, send_by_address},
     .check = a_sender_from_the_address_came_before_the_eof},
    {.name = "senders_one_end_message_of_eof_and_stop",
     .contract = "C-EOF",
     .setup = with_an_address,
     .thread = {drop_the_last, stop_by_address},
     .check = one_end_message_came},
    {.name = "senders_the_last_reference_frees_after_all_uses",
     .contract = "C-EOF",
     .setup = with_two_addresses,
     .thread = {first_uses_and_drops, second_uses_and_drops},
     .check = freed_once},
    {.name = NULL},
};
