// SPDX-License-Identifier: MIT
//
// door_client.c - one connection to a door: letting it in, reading, writing, and its end.
//
// A client for whose next message there is no memory is not read from for a while, and then looked at again: nothing is
// lost, and the peer waits as for any other reason.
//
// A client is freed when its link is closed and its alarm is at rest, whichever comes last; until then events of it may
// be on their way.
//
// A peer that takes nothing any more may have sent something before: a PUSH socket connects, sends and goes. So a write
// that fails makes a client mute, and only the end of what can be read ends it.

#include "port/door.h"

#include <stdlib.h>

#include "core/system.h"

#define BUF_KEPT (256u * 1024) // of an empty buffer

static void on_read(void *arg, int status, size_t size);
static void on_write(void *arg, int status);
static void on_closed(void *arg);
static void late(acti_alarm *alarm);

static const acti_link_owner link_owner = {on_read, on_write, on_closed};

// ---- letting in -------------------------------------------------------------------------

static acti_client *new_client(acti_door *door, acti_link *link)
{
    acti_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return NULL;
    client->door = door;
    client->link = link;
    client->arrived_event = acti_door_event_msg(ACTI_DOOR_ARRIVED);
    client->came_event = acti_door_event_msg(ACTI_DOOR_CAME);
    client->wrote_event = acti_door_event_msg(ACTI_DOOR_WROTE);
    client->late_event = acti_door_event_msg(ACTI_DOOR_LATE);
    client->gone_event = acti_door_event_msg(ACTI_DOOR_GONE);
    client->alarm.fire = late;
    acti_lock_init(&client->lock);
    return client;
}

void acti_client_accept(acti_door *door, acti_link *link)
{
    acti_client *client = NULL;
    (void)acti_au64_add_relaxed(&door->accepted, 1); // compared with what it was
    // Relaxed: a number that is compared. Counted before it is looked at, so that two cannot both be the last.
    if (acti_au32_add_relaxed(&door->client_count, 1) < door->clients_max)
        client = new_client(door, link);
    if (client == NULL) {
        (void)acti_au32_sub_release(&door->client_count, 1);
        (void)acti_au64_add_relaxed(&door->tally.turned_away, 1);
        acti_link_close(link);
        return;
    }
    acti_link_own(link, &link_owner, client);
    (void)acti_actor_push(door->actor, &client->arrived_event); // taken: the door ends only when it has no listener
}

static void set_alarm(acti_client *client, uint64_t delay_ns)
{
    if (client->alarm_set)
        return; // one that has fired and not been heard is as good
    client->alarm_set = true;
    acti_clock_set(client->door->actor->sys, &client->alarm, acti_clock_ns() + delay_ns);
}

static void unset_alarm(acti_client *client)
{
    if (client->alarm_set && acti_clock_unset(client->door->actor->sys, &client->alarm))
        client->alarm_set = false; // else its event is on the way
}

static void arrived(acti_client *client)
{
    acti_door *door = client->door;
    acti_list_push(&door->clients, &client->all);
    acti_sp_init(&client->sp, acti_door_protocol(door), door->ipc, door->payload_max);
    client->out.limit = ACTI_DOOR_OUT_MAX + door->payload_max;
    client->writing.limit = client->out.limit;
    client->id = acti_slots_add(&door->by_id, client);
    if (client->id == 0 || door->closing || acti_sp_greet(&client->sp, &client->out) != ACTA_OK) {
        acti_client_turn_away(client);
        return;
    }
    set_alarm(client, ACTI_DOOR_GREETING_NS);
    acti_client_wants(client);
    acti_client_more(client);
}

// ---- what the link says, on its threads ----------------------------------------------------

static void on_read(void *arg, int status, size_t size)
{
    acti_client *client = arg;
    client->came_status = status; // published by the push
    client->came_size = size;
    (void)acti_actor_push(client->door->actor, &client->came_event); // taken: the door ends after its last client
}

// The door is woken only if it waits for that, or if the peer is gone: between a request and its reply it does not.
static void on_write(void *arg, int status)
{
    acti_client *client = arg;
    acti_lock_take(&client->lock);
    bool tell = (client->write_state == ACTI_DOOR_WANTED || status != ACTA_OK) && !client->wrote_told;
    client->write_state = ACTI_DOOR_IDLE;
    client->write_failed |= status != ACTA_OK;
    client->wrote_told |= tell;
    acti_lock_give(&client->lock);
    if (tell)
        (void)acti_actor_push(client->door->actor, &client->wrote_event);
}

static void on_closed(void *arg)
{
    acti_client *client = arg;
    acti_door_tell_last(client->door, &client->gone_event);
}

// On any worker.
static void late(acti_alarm *alarm)
{
    acti_client *client = ACTI_CONTAINER_OF(alarm, acti_client, alarm);
    (void)acti_actor_push(client->door->actor, &client->late_event);
}

// ---- reading ------------------------------------------------------------------------------

// overfed: whether the client is to wait until the actor, or the client itself, has dealt with what there is.
static bool overfed(const acti_client *client)
{
    return client->open >= ACTI_DOOR_OPEN_MAX || (client->out.size >= ACTI_DOOR_OUT_ENOUGH && !client->mute);
}

void acti_client_more(acti_client *client)
{
    client->held = overfed(client);
    if (client->reading || client->closing || client->held || client->waits)
        return;
    size_t room;
    uint8_t *space = acti_sp_space(&client->sp, &room);
    if (space == NULL) {
        acti_door_complain(client->door, "a connection is cut, because there is no memory to read from it: free some");
        acti_client_cut(client);
        return;
    }
    client->reading = true;
    acti_link_read(client->link, space, room);
}

void acti_client_wait(acti_client *client)
{
    client->waits = true;
    set_alarm(client, ACTI_DOOR_MEMORY_NS); // its own, which is for its beginning and its end, is not set in between
}

static void came(acti_client *client)
{
    client->reading = false;
    if (client->closing)
        return;
    if (client->came_status != ACTA_OK) { // it has gone; all that it had sent has been taken
        acti_client_cut(client);
        return;
    }
    acti_sp_feed(&client->sp, client->came_size);
    client->heard = true;
    acti_list_push(&client->door->ready, &client->ready);
}

void acti_client_introduced(acti_client *client)
{
    unset_alarm(client);
    acti_door_count(&client->door->tally.connected, 1);
    acti_door_count(&client->door->tally.clients, 1);
    client->introduced = true;
}

// ---- writing -------------------------------------------------------------------------------

void acti_client_wants(acti_client *client)
{
    if (!acti_list_linked(&client->dirty))
        acti_list_push(&client->door->dirty, &client->dirty);
}

// begin_write: true: the door may start a write; else it is told when it may.
static bool begin_write(acti_client *client)
{
    acti_lock_take(&client->lock);
    bool idle = client->write_state == ACTI_DOOR_IDLE;
    client->write_state = idle ? ACTI_DOOR_WRITING : ACTI_DOOR_WANTED;
    acti_lock_give(&client->lock);
    return idle;
}

static bool is_written(acti_client *client)
{
    acti_lock_take(&client->lock);
    bool idle = client->write_state == ACTI_DOOR_IDLE;
    acti_lock_give(&client->lock);
    return idle && client->out.size == 0;
}

static void start_write(acti_client *client)
{
    acti_buf_consume(&client->writing, client->writing.size);
    if (client->writing.room > BUF_KEPT)
        acti_buf_fini(&client->writing); // one large reply is no reason to keep as much for ever
    acti_buf full = client->out;
    client->out = client->writing;
    client->writing = full;
    acti_link_write(client->link, acti_buf_bytes(&full), full.size);
}

static void write_out(acti_client *client)
{
    if (client->closing)
        return; // it may be gone soon, and is to be in no list
    if (client->mute) {
        acti_buf_consume(&client->out, client->out.size);
    } else if (client->out.size > 0 && begin_write(client)) {
        start_write(client);
    }
    // What was held for its sake goes on, and a client of a closing door may be all done with.
    if (client->held && !client->waits && !overfed(client) && !acti_list_linked(&client->ready))
        acti_list_push(&client->door->ready, &client->ready);
    if (client->door->closing)
        acti_client_settle(client);
}

void acti_clients_write(acti_door *door)
{
    acti_list *link;
    while ((link = acti_list_pop(&door->dirty)) != NULL)
        write_out(ACTI_CONTAINER_OF(link, acti_client, dirty));
}

static void wrote(acti_client *client)
{
    acti_lock_take(&client->lock);
    client->wrote_told = false;
    client->mute |= client->write_failed;
    acti_lock_give(&client->lock);
    acti_client_wants(client);
}

// ---- the end ---------------------------------------------------------------------------------

void acti_client_cut(acti_client *client)
{
    if (client->closing)
        return;
    client->closing = true;
    unset_alarm(client);
    if (client->introduced)
        acti_door_count(&client->door->tally.clients, UINT64_MAX); // one less
    if (client->id != 0)
        (void)acti_slots_remove(&client->door->by_id, client->id);
    if (acti_list_linked(&client->ready))
        acti_list_remove(&client->ready);
    acti_link_close(client->link);
}

void acti_client_turn_away(acti_client *client)
{
    if (!client->closing)
        (void)acti_au64_add_relaxed(&client->door->tally.turned_away, 1); // others count there, too
    acti_client_cut(client);
}

void acti_client_settle(acti_client *client)
{
    if (client->closing || client->open > 0 || client->waits || acti_list_linked(&client->ready))
        return;
    if (!client->introduced)
        unset_alarm(client); // it does not get as long as that any more
    if (client->mute)
        acti_client_cut(client);
    else
        set_alarm(client, ACTI_DOOR_QUIET_NS);
}

// linger looks again at a client that nothing is owed to. What it had sent by the time of the end is still read and
// answered, and it is given the time to read that: closed with bytes unread, the system might throw away what was
// written.
static void linger(acti_client *client)
{
    bool quiet = !client->heard && is_written(client);
    client->heard = false;
    if (quiet || ++client->rounds == ACTI_DOOR_QUIET_ROUNDS)
        acti_client_cut(client);
    else
        acti_client_settle(client);
}

static void too_late(acti_client *client)
{
    client->alarm_set = false;
    if (client->closing)
        return;
    if (client->waits) {
        client->waits = false;
        acti_list_push(&client->door->ready, &client->ready);
        return;
    }
    if (!client->introduced && !client->door->closing) {
        acti_door_complain(client->door, "a connection said nothing for %d s and was closed: is it an nng socket?",
                           (int)(ACTI_DOOR_GREETING_NS / ACTA_SECOND));
        acti_client_turn_away(client);
    } else if (client->door->closing && client->open == 0) {
        linger(client);
    }
}

static void free_if_done(acti_client *client)
{
    if (!client->closed || client->alarm_set)
        return;
    acti_door *door = client->door;
    acti_assert(!acti_list_linked(&client->ready));
    acti_list_remove(&client->all);
    if (acti_list_linked(&client->dirty))
        acti_list_remove(&client->dirty);
    acti_sp_fini(&client->sp);
    acti_buf_fini(&client->out);
    acti_buf_fini(&client->writing);
    acti_lock_fini(&client->lock);
    free(client);
    (void)acti_au32_sub_release(&door->client_count, 1);
}

void acti_client_event(acta_msg *m)
{
    acti_client *client;
    switch ((acti_door_event)m->size) {
    case ACTI_DOOR_ARRIVED:
        client = ACTI_CONTAINER_OF(m, acti_client, arrived_event);
        arrived(client);
        break;
    case ACTI_DOOR_CAME:
        client = ACTI_CONTAINER_OF(m, acti_client, came_event);
        came(client);
        break;
    case ACTI_DOOR_WROTE:
        client = ACTI_CONTAINER_OF(m, acti_client, wrote_event);
        wrote(client);
        break;
    case ACTI_DOOR_LATE:
        client = ACTI_CONTAINER_OF(m, acti_client, late_event);
        too_late(client);
        break;
    default:
        client = ACTI_CONTAINER_OF(m, acti_client, gone_event);
        client->closed = true;
        break;
    }
    free_if_done(client);
}
