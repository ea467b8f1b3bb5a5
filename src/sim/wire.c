// SPDX-License-Identifier: MIT
//
// wire.c - the sim's carrier: messages on their way from each source to each receiver.
//
// A wire is a first-in first-out queue of one source and one receiver. What a source sends to a receiver goes there
// whatever it is: messages, replies, the DOWN of the source, so C-FIFO and C-DOWN hold by it. Three parties are no
// actors: the scenario's own thread, the clock, whose wires carry ticks and timeouts, and END, whose wires carry the
// end messages of actors: an EOF may arrive when all that was on its way to its actor when the last sender was dropped
// has arrived.
//
// Monitors and what takes them back are pushed at once: nobody can see when they arrive, only when the DOWN does. So
// are events, by which the library's own actors wake threads outside: they lie in what the thread may free when it has
// waited for long enough, and its own step decides when it goes on.

#include <acta/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/link.h"
#include "core/monitor.h"
#include "core/promise.h"
#include "core/spawn.h"
#include "sim/kernel.h"

// What the lanes of one party, or pair, are told apart by.
enum { LANE_WIRE = 1, LANE_ACTOR, LANE_CALLER, LANE_BOUND, LANE_LIFE, LANE_NAMES };

// ---- parties ------------------------------------------------------------------------

uint32_t acti_sim_party_new(acta_sim *sim, uint64_t hash, acti_actor *actor)
{
    if (!acti_sim_grow(sim, &sim->parties, sim->party_count, &sim->party_room, sizeof(acti_party)))
        return ACTI_SIM_NONE;
    acti_party *party = &sim->parties[sim->party_count];
    *party = (acti_party){.hash = hash, .actor = actor, .wires = ACTI_SIM_NONE, .acts_for = sim->party_count};
    return sim->party_count++;
}

// past_of is the number by which the order lint knows a party; never 0.
static uint64_t past_of(const acta_sim *sim, uint32_t party)
{
    return (uint64_t)sim->parties[party].acts_for + 1;
}

void acti_party_announce(acta_sim *sim, uint32_t party, const char *name, uint32_t by)
{
    if (sim->races->causal != NULL)
        acti_causal_entered(sim->races->causal, past_of(sim, party), name,
                            by != ACTI_SIM_NONE ? past_of(sim, by) : 0);
}

static acti_sim_node *node_of(const acti_actor *actor)
{
    return (acti_sim_node *)(void *)actor->sys->carrier;
}

// running is the party that does what is done now.
static uint32_t running(acta_sim *sim)
{
    return acti_here.actor != NULL ? acti_sim_party_of(sim, acti_here.actor) : sim->running;
}

// remember enters a party under the actor's number.
static bool remember(acta_sim *sim, acti_sim_node *node, const acti_actor *actor, uint32_t party)
{
    while (actor->id >= node->party_room) {
        uint32_t room = node->party_room;
        if (!acti_sim_grow(sim, &node->party_of, node->party_room, &node->party_room, sizeof(uint32_t)))
            return false;
        memset(node->party_of + room, 0xff, (node->party_room - room) * sizeof(uint32_t));
    }
    node->party_of[actor->id] = party;
    return true;
}

// name_party gives a party the name of its actor; of a session, that of its node.
static void name_party(acti_party *party, const acti_actor *actor)
{
    char session[2 * ACTI_NAME_BYTES];
    snprintf(session, sizeof(session), "session of %s", node_of(actor)->name);
    acti_name_copy(party->name, actor->internal ? session : actor->name);
}

// enter makes the party of an actor. by is whose it is.
static uint32_t enter(acta_sim *sim, acti_actor *actor, uint32_t by, uint64_t kind)
{
    uint64_t hash = acti_sim_mix(acti_sim_mix(sim->parties[by].hash, kind), sim->parties[by].made++);
    uint32_t party = acti_sim_party_new(sim, hash, actor);
    if (party == ACTI_SIM_NONE || !remember(sim, node_of(actor), actor, party))
        return ACTI_SIM_NONE;
    sim->parties[party].node = node_of(actor)->index;
    sim->parties[party].internal = actor->internal != 0;
    if (sim->trace != NULL)
        name_party(&sim->parties[party], actor);
    return party;
}

uint32_t acti_sim_party_of(acta_sim *sim, acti_actor *actor)
{
    acti_sim_node *node = node_of(actor);
    if (actor->id < node->party_room && node->party_of[actor->id] != ACTI_SIM_NONE)
        return node->party_of[actor->id];
    // Spawned by nobody: it stands for a thread outside, or is one of the library's own.
    uint32_t party = enter(sim, actor, sim->running, LANE_CALLER);
    if (party == ACTI_SIM_NONE)
        return party;
    if (actor->place == ACTI_PLACE_CALLER)
        sim->parties[party].acts_for = sim->running;
    else // a session: what it was told at the other node is not known here
        acti_party_announce(sim, party, actor->name, ACTI_SIM_NONE);
    return party;
}

static void entered(acti_carrier *carrier, acti_actor *actor)
{
    acta_sim *sim = ((acti_sim_node *)carrier)->sim;
    uint32_t by = running(sim);
    uint32_t party = enter(sim, actor, by != ACTI_SIM_NONE ? by : ACTI_PARTY_MAIN, LANE_ACTOR);
    if (party == ACTI_SIM_NONE)
        return;
    acti_party_announce(sim, party, actor->name, by);
    acti_sim_trace_add(sim, ACTI_TRACE_SPAWNED, by, party, 0, NULL);
}

static void touch_life(acta_sim *sim, uint32_t party, acti_touch how)
{
    if (sim->footprinted)
        acti_sim_touch(sim, acti_sim_mix(sim->parties[party].hash, LANE_LIFE), how);
}

// saw tells the lint what the running party knows by having looked: who has ended, or with NULL a name.
static void saw(acta_sim *sim, acti_actor *actor)
{
    uint32_t self = running(sim);
    if (self == ACTI_SIM_NONE)
        return;
    bool knows = actor != NULL && !acti_actor_is_forced(actor);
    uint32_t ended = knows ? acti_sim_party_of(sim, actor) : ACTI_SIM_NONE;
    if (ended != ACTI_SIM_NONE)
        acti_causal_saw_end(sim->races->causal, past_of(sim, self), past_of(sim, ended));
    else
        acti_causal_may_know(sim->races->causal, past_of(sim, self));
}

static void touched(acti_carrier *carrier, acti_actor *actor, bool changes)
{
    const acti_sim_node *node = (acti_sim_node *)carrier;
    acta_sim *sim = node->sim;
    if (sim->races->causal != NULL && !changes)
        saw(sim, actor);
    if (actor == NULL) {
        acti_sim_touch(sim, acti_sim_mix(node->index, LANE_NAMES), changes ? ACTI_TOUCH_WRITE : ACTI_TOUCH_READ);
        return;
    }
    uint32_t party = acti_sim_party_of(sim, actor);
    if (party == ACTI_SIM_NONE)
        return;
    touch_life(sim, party, changes ? ACTI_TOUCH_WRITE : ACTI_TOUCH_READ);
    if (changes)
        acti_sim_touch(sim, sim->parties[party].hash, ACTI_TOUCH_WRITE);
}

// wake is called where production would put an actor into a run queue.
static void wake(acti_actor *actor)
{
    acta_sim *sim = node_of(actor)->sim;
    sim->events++;
    uint32_t party = acti_sim_party_of(sim, actor);
    if (party != ACTI_SIM_NONE)
        acti_party_ready(sim, party, actor);
}

static const acti_actor_ops of_actors = {.wake = wake};

// ---- wires --------------------------------------------------------------------------

static uint32_t wire_of(acta_sim *sim, uint32_t from, uint32_t to)
{
    for (uint32_t w = sim->parties[to].wires; w != ACTI_SIM_NONE; w = sim->wires[w].next)
        if (sim->wires[w].from == from)
            return w;
    if (!acti_sim_grow(sim, &sim->wires, sim->wire_count, &sim->wire_room, sizeof(acti_wire)))
        return ACTI_SIM_NONE;
    uint64_t lane = acti_sim_mix(acti_sim_mix(sim->parties[from].hash, sim->parties[to].hash), LANE_WIRE);
    sim->wires[sim->wire_count] = (acti_wire){.lane = lane,
                                              .from = from,
                                              .to = to,
                                              .next = sim->parties[to].wires,
                                              .first = ACTI_SIM_NONE,
                                              .place = ACTI_SIM_NONE};
    sim->parties[to].wires = sim->wire_count;
    return sim->wire_count++;
}

static uint32_t item_new(acta_sim *sim)
{
    uint32_t item = sim->item_free;
    if (item != ACTI_SIM_NONE) {
        sim->item_free = sim->items[item].next;
        return item;
    }
    if (!acti_sim_grow(sim, &sim->items, sim->item_count, &sim->item_room, sizeof(acti_item)))
        return ACTI_SIM_NONE;
    return sim->item_count++;
}

static bool append(acta_sim *sim, uint32_t index, acti_actor *to, acta_msg *m)
{
    uint32_t item = item_new(sim);
    if (item == ACTI_SIM_NONE)
        return false;
    acti_wire *wire = &sim->wires[index];
    if (wire->place == ACTI_SIM_NONE) {
        if (!acti_sim_grow(sim, &sim->full, sim->full_count, &sim->full_room, sizeof(uint32_t)))
            return false;
        wire->place = sim->full_count;
        sim->full[sim->full_count++] = index;
        wire->first = item;
    } else {
        sim->items[wire->last].next = item;
    }
    wire->last = item;
    uint64_t event = acti_sim_mix(wire->lane, wire->sent++);
    sim->items[item] = (acti_item){.m = m, .to = to, .age = ++sim->ages, .event = event, .next = ACTI_SIM_NONE};
    return true;
}

// pop takes the oldest item of a wire that is not empty.
static acti_item pop(acta_sim *sim, uint32_t index)
{
    acti_wire *wire = &sim->wires[index];
    uint32_t item = wire->first;
    acti_item popped = sim->items[item];
    wire->first = sim->items[item].next;
    sim->items[item].next = sim->item_free;
    sim->item_free = item;
    if (wire->first == ACTI_SIM_NONE) {
        uint32_t last = sim->full[--sim->full_count];
        sim->full[wire->place] = last;
        sim->wires[last].place = wire->place;
        wire->place = ACTI_SIM_NONE;
    }
    return popped;
}

// drop_end takes back the EOF of an actor that has ended without it: nobody would see it arrive.
static void drop_end(acta_sim *sim, uint32_t party)
{
    for (uint32_t w = sim->parties[party].wires; w != ACTI_SIM_NONE; w = sim->wires[w].next)
        if (sim->wires[w].from == ACTI_PARTY_END && sim->wires[w].place != ACTI_SIM_NONE)
            acti_actor_unref(pop(sim, w).to);
}

static void left(acti_carrier *carrier, acti_actor *actor, int reason)
{
    acta_sim *sim = ((acti_sim_node *)carrier)->sim;
    uint32_t party = acti_sim_party_of(sim, actor);
    if (party == ACTI_SIM_NONE)
        return;
    touch_life(sim, party, ACTI_TOUCH_WRITE);
    sim->parties[party].actor = NULL;
    drop_end(sim, party);
    if (sim->races->causal != NULL)
        acti_causal_ended(sim->races->causal, past_of(sim, party));
    acti_sim_trace_add(sim, ACTI_TRACE_ENDED, party, party, 0, reason == ACTA_OK ? "" : acta_errname(reason));
}

// ---- sending ---------------------------------------------------------------------------

// source is whose wire m takes: the DOWN of an actor goes behind all that this actor has sent, whoever finds it dead.
static uint32_t source(acta_sim *sim, acta_msg *m)
{
    switch ((acti_msg_kind)m->kind) {
    case ACTI_MSG_DOWN:
    case ACTI_MSG_LINK_OVER: {
        acti_actor *watched = acti_monitor_see(m).watched;
        return watched->place == ACTI_PLACE_PROXY ? running(sim) : acti_sim_party_of(sim, watched);
    }
    case ACTI_MSG_EOF:
        return ACTI_PARTY_END;
    case ACTI_MSG_TICK:
    case ACTI_MSG_TIMEOUT:
        return ACTI_PARTY_CLOCK;
    default:
        return running(sim);
    }
}

// count counts a user message in the inbox that it will come to.
static int count(acta_sim *sim, acti_actor *to, uint32_t party, acti_push how)
{
    uint64_t bound = acti_sim_mix(sim->parties[party].hash, LANE_BOUND);
    acti_touch touch = acti_inbox_capacity(&to->inbox) <= ACTI_FOOTPRINT_MAX ? ACTI_TOUCH_WRITE : ACTI_TOUCH_ADD;
    int status = ACTA_OK;
    if (how == ACTI_PUSH_OVER)
        acti_inbox_reserve_over(&to->inbox);
    else if (how == ACTI_PUSH_IF_ROOM && sim->refuse_next)
        status = ACTA_EFULL;
    else if (how == ACTI_PUSH_IF_ROOM && !acti_inbox_reserve(&to->inbox, acti_au32_load_relaxed(&to->given)))
        status = ACTA_EFULL;
    sim->refuse_next = sim->refuse_next && how != ACTI_PUSH_IF_ROOM;
    if (how != ACTI_PUSH_COUNTED)
        acti_sim_touch(sim, bound, touch);
    if (status != ACTA_OK && touch == ACTI_TOUCH_ADD)
        sim->footprint.everything = true; // nobody has said when he made room there
    return status;
}

static bool goes_at_once(const acta_sim *sim, const acta_msg *m)
{
    return sim->opts->instant || m->kind == ACTI_MSG_MONITOR || m->kind == ACTI_MSG_DEMONITOR ||
           m->kind == ACTI_MSG_EVENT;
}

// know_caller enters the actor that stands for a thread in a call while it is that thread that runs: when the answer
// comes it is somebody else, and another one in each schedule.
static void know_caller(acta_sim *sim, const acta_msg *m)
{
    if (acti_here.actor != NULL || m->kind != ACTI_MSG_ASK)
        return;
    const acta_promise *promise = acti_msg_ext_peek(m)->promise;
    if (promise != NULL)
        (void)acti_sim_party_of(sim, promise->asker);
}

static int carry(acti_carrier *carrier, acti_actor *to, acta_msg *m, acti_push how)
{
    acta_sim *sim = ((acti_sim_node *)carrier)->sim;
    sim->events++;
    know_caller(sim, m);
    uint32_t party = acti_sim_party_of(sim, to);
    uint32_t from = source(sim, m);
    uint32_t wire = party != ACTI_SIM_NONE && from != ACTI_SIM_NONE ? wire_of(sim, from, party) : ACTI_SIM_NONE;
    if (party != ACTI_SIM_NONE)
        touch_life(sim, party, ACTI_TOUCH_READ);
    if (goes_at_once(sim, m) || wire == ACTI_SIM_NONE) {
        if (party != ACTI_SIM_NONE) // its place in the inbox is its order
            acti_sim_touch(sim, sim->parties[party].hash, ACTI_TOUCH_WRITE);
        return acti_actor_pushed(to, acti_inbox_push_as(&to->inbox, &to->given, m, how));
    }
    int status = count(sim, to, party, how);
    if (status != ACTA_OK)
        return status;
    acti_actor_ref(to); // its memory, for as long as this is on its way
    if (!append(sim, wire, to, m)) {
        status = acti_actor_pushed(to, acti_inbox_push(&to->inbox, m));
        acti_actor_unref(to);
        return status;
    }
    uint64_t event = sim->items[sim->wires[wire].last].event;
    if (sim->races->causal != NULL)
        acti_races_note(sim->races, acti_causal_sent(sim->races->causal, past_of(sim, from), past_of(sim, party), m),
                        event);
    if (sim->strategy->ops->made != NULL)
        sim->strategy->ops->made(sim->strategy, event);
    if (sim->trace != NULL)
        acti_sim_trace_message(sim, ACTI_TRACE_SENT, from, party, event, m);
    return ACTA_OK;
}

static void given(acti_carrier *carrier, acti_actor *actor, acta_msg *m)
{
    acta_sim *sim = ((acti_sim_node *)carrier)->sim;
    uint32_t party = acti_sim_party_of(sim, actor);
    if (sim->races->causal != NULL && party != ACTI_SIM_NONE)
        acti_causal_given(sim->races->causal, past_of(sim, party), m);
    if (sim->footprinted && party != ACTI_SIM_NONE && acti_inbox_capacity(&actor->inbox) <= ACTI_FOOTPRINT_MAX)
        acti_sim_touch(sim, acti_sim_mix(sim->parties[party].hash, LANE_BOUND), ACTI_TOUCH_WRITE);
}

// dropped: the end of an actor has behind it whatever those knew who have let go of it.
static void dropped(acti_carrier *carrier, acti_actor *actor)
{
    acta_sim *sim = ((acti_sim_node *)carrier)->sim;
    uint32_t party = acti_sim_party_of(sim, actor);
    if (sim->races->causal == NULL || party == ACTI_SIM_NONE)
        return;
    uint32_t from = running(sim);
    acti_causal_dropped(sim->races->causal, from != ACTI_SIM_NONE ? past_of(sim, from) : 0, past_of(sim, party));
}

// ---- a system of the world ----------------------------------------------------------------

static void fini(acti_carrier *carrier)
{
    acti_sim_node *node = (acti_sim_node *)carrier;
    acti_wires_empty(node->sim, node->sys);
    free(node->party_of);
    node->party_of = NULL;
    node->party_room = 0;
    node->sys = NULL;
}

acti_carrier acti_sim_carrier(void)
{
    return (acti_carrier){.placed = &of_actors,
                          .carry = carry,
                          .given = given,
                          .dropped = dropped,
                          .entered = entered,
                          .left = left,
                          .touched = touched,
                          .fini = fini};
}

// ---- arriving ---------------------------------------------------------------------------

// may_arrive: an EOF waits for all that was on its way before it, but for what the clock has sent.
static bool may_arrive(const acta_sim *sim, const acti_wire *wire)
{
    if (wire->from != ACTI_PARTY_END)
        return true;
    uint64_t age = sim->items[wire->first].age;
    for (uint32_t w = sim->parties[wire->to].wires; w != ACTI_SIM_NONE; w = sim->wires[w].next) {
        const acti_wire *other = &sim->wires[w];
        if (other != wire && other->from != ACTI_PARTY_CLOCK && other->place != ACTI_SIM_NONE &&
            sim->items[other->first].age < age)
            return false;
    }
    return true;
}

void acti_wires_collect(acta_sim *sim)
{
    for (uint32_t i = 0; i < sim->full_count; i++) {
        const acti_wire *wire = &sim->wires[sim->full[i]];
        if (!acti_sim_may_run(sim, sim->parties[wire->to].node) || !may_arrive(sim, wire))
            continue;
        const acti_item *item = &sim->items[wire->first];
        acti_sim_add(sim, &(acti_step){.kind = ACTI_STEP_DELIVER,
                                       .lane = wire->lane,
                                       .event = item->event,
                                       .actor = sim->parties[wire->to].hash,
                                       .age = item->age,
                                       .index = sim->full[i]});
    }
}

static void arrive(acta_sim *sim, uint32_t index)
{
    acti_item item = pop(sim, index);
    uint32_t from = sim->wires[index].from, to = sim->wires[index].to;
    bool routed = acti_inbox_is_routed(&item.to->inbox);
    if (sim->trace != NULL)
        acti_sim_trace_message(sim, routed ? ACTI_TRACE_LOST : ACTI_TRACE_DELIVERED, from, to, item.event, item.m);
    item.m->next = NULL;
    if (routed)
        acti_actor_drain(item.to, item.m, ACTA_EGONE, ACTI_DROPPED_GONE);
    else
        (void)acti_actor_pushed(item.to, acti_inbox_push(&item.to->inbox, item.m));
    acti_actor_unref(item.to);
}

void acti_wire_deliver(acta_sim *sim, uint32_t wire)
{
    uint32_t to = sim->wires[wire].to;
    acti_sim_touch(sim, sim->parties[to].hash, ACTI_TOUCH_WRITE);
    acti_sim_touch_host(sim, sim->parties[to].node);
    arrive(sim, wire);
    if (sim->parties[to].ready)
        acti_party_run(sim, to);
}

void acti_wires_empty(acta_sim *sim, const acta_system *sys)
{
    for (uint32_t i = 0; i < sim->full_count;) {
        uint32_t wire = sim->full[i];
        if (sim->items[sim->wires[wire].first].to->sys != sys)
            i++;
        else
            arrive(sim, wire); // which may take the wire out of the list, and put others in
    }
}
