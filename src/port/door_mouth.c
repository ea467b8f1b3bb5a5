// SPDX-License-Identifier: MIT
//
// door_mouth.c - what comes in at a door becomes messages to its owner, and the outcomes of requests go out.
//
// The mouth is run in the door's turns only, as a body that never waits on a stack would be. It is parked in between:
//
//   PARKED, nothing in the outbox    an outcome wakes it; so does the door, when bytes have come (unpark)
//   PARKED, a message in the outbox  it is in the line of the owner's inbox; an outcome or room wakes it
//
// Who wakes it pushes mouth_event, once, as nobody can wake it again before it was parked again. The door itself needs
// no event to take it; if somebody was faster that event is on its way, and what the door wanted is done then.

#include "port/door.h"

#include <acta/sender.h>

#include "base/pool.h"
#include "core/outbox.h"
#include "core/pause.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "core/type.h"
#include "port/envelope.h"

// What is known of an open request; the number in its promise is that of the record.
typedef struct request {
    uint64_t client;
    uint32_t room; // of this block
    uint32_t header_size;
    uint8_t header[ACTI_SP_HEADER_MAX];
} request;

// ---- life -------------------------------------------------------------------------------

static void wake(acti_actor *mouth)
{
    acti_door *door = mouth->arg;
    (void)acti_actor_push(door->actor, &door->mouth_event); // refused: the door has ended, and hears nobody any more
}

// Whoever answers late still has the mouth, and that one the door.
static void freed(acti_actor *mouth)
{
    acti_door *door = mouth->arg;
    acti_actor_give_back(mouth);
    acti_actor_unref(door->actor);
}

static const acti_actor_ops of_mouth = {.wake = wake, .freed = freed};

acti_actor *acti_mouth_new(acti_door *door, const char *name)
{
    acti_actor *mouth = acti_actor_new(door->actor->sys, name, 0);
    if (mouth == NULL)
        return NULL;
    mouth->place = ACTI_PLACE_LINE;
    mouth->internal = 1;
    mouth->ops = &of_mouth;
    mouth->arg = door;
    acti_actor_ref(door->actor);
    return mouth;
}

void acti_mouth_end(acti_door *door)
{
    acti_actor *mouth = door->mouth;
    acta_tx *tx = (acta_tx *)(void *)mouth; // the one it was made with
    acti_actor_drain(mouth, acti_actor_close(mouth), ACTA_EGONE, ACTI_DROPPED_LATE);
    uint32_t at = 0;
    request *open;
    while ((open = acti_slots_next(&door->asks, &at)) != NULL)
        acti_pool_free(open, open->room); // of clients that have gone
    acti_slots_fini(&door->asks);
    acta_tx_drop(&tx);
    acti_actor_unref(mouth);
}

// ---- going out ----------------------------------------------------------------------------

// say puts one message into what a client is to be told.
static int say(acti_client *client, const uint8_t *header, size_t header_size, const acta_type *type, const void *body)
{
    size_t at;
    int status = acti_sp_begin(&client->sp, &client->out, header, header_size, &at);
    if (status != ACTA_OK)
        return status;
    status = acti_envelope_put(type, body, &client->out);
    acti_sp_end(&client->sp, &client->out, at, status != ACTA_OK);
    return status;
}

// tell answers a request of a client that is there: with a failure if it cannot be answered so.
static void tell(acti_client *client, const uint8_t *header, size_t header_size, const acta_type *type,
                 const void *body)
{
    acti_door *door = client->door;
    acti_client_wants(client);
    if (client->mute)
        return;
    int status = say(client, header, header_size, type, body);
    if (status == ACTA_EREFUSED || status == ACTA_EINVAL) {
        acti_door_complain(door, "the reply %s cannot be told outside, because it has senders or addresses in it, or a "
                           "text that is none: reply with plain values", type->name);
        acta_failure failure = {.status = status, .who = "", .cause = "its reply cannot be told outside"};
        status = say(client, header, header_size, acta_type_of(acta_failure), &failure);
    }
    if (status == ACTA_OK) {
        acti_door_count(&door->tally.answered, 1);
        return;
    }
    acti_door_complain(door, "a connection is cut, because %s",
                       status == ACTA_ETOOBIG ? "it does not read its replies" : "there is no memory for its replies");
    acti_client_cut(client);
}

// sayable copies as much of a text as may be sent as one.
static const char *sayable(char *to, size_t size, const char *text)
{
    size_t length = acti_text_fit(text, strnlen(text, size), size - 1);
    memcpy(to, text, length);
    to[length] = '\0';
    return to;
}

static void fail(acti_client *client, const acti_sp_message *message, int status, const char *cause)
{
    char who[ACTI_NAME_BYTES], text[ACTI_ENVELOPE_WHY];
    acta_failure failure = {.status = status,
                            .who = sayable(who, sizeof(who), client->door->owner->name),
                            .cause = sayable(text, sizeof(text), cause)};
    tell(client, message->header, message->header_size, acta_type_of(acta_failure), &failure);
}

// answer takes the outcome of a request.
static void answer(acti_door *door, acta_msg *m)
{
    request *open = acti_slots_remove(&door->asks, acti_msg_ext_of(m)->ask);
    acti_assert(open != NULL && m->kind == ACTI_MSG_REPLY); // each request has one outcome, and nothing else comes here
    acti_door_count(&door->tally.open, UINT64_MAX); // one less
    acti_client *client = acti_slots_get(&door->by_id, open->client);
    if (client != NULL) {
        client->open--;
        tell(client, open->header, open->header_size, m->type, m + 1);
    } else {
        acti_door_count(&door->tally.unclaimed, 1);
    }
    acti_tally(door->actor->sys, client != NULL ? ACTI_HANDLED : ACTI_DROPPED_UNREACH, 1);
    acti_pool_free(open, open->room);
    acti_msg_release(m);
}

static void answer_all(acti_door *door)
{
    acta_msg *newest;
    acta_msg *m = acti_inbox_take(&door->mouth->inbox, &newest);
    while (m != NULL) {
        acta_msg *next = m->next;
        answer(door, m);
        m = next;
    }
}

// ---- coming in ------------------------------------------------------------------------------

// refuse is what becomes of a message that cannot be taken. Its fault or ours, the next one is looked at.
static void refuse(acti_client *client, const acti_sp_message *message, int status, const char *cause)
{
    acti_door *door = client->door;
    acti_tally(door->actor->sys, ACTI_REFUSED, 1);
    acti_door_count(&door->tally.refused, 1);
    if (door->kind == ACTA_DOOR_REP)
        fail(client, message, status, cause);
    else
        acti_door_complain(door, "a message was refused: %s", cause);
}

// put_in_line makes m wait for room in the owner's inbox. The outbox holds a sender meanwhile, which only somebody with
// a sender can make: the door has none of its own, and an owner whose EOF is on its way is not kept from it.
static int put_in_line(acti_door *door, acta_msg *m)
{
    acta_tx *tx;
    int status = acti_tx_from(door->owner, NULL, "a door", &tx);
    if (status != ACTA_OK)
        return status;
    status = acti_outbox_put(door->mouth, door->owner, m);
    acta_tx_drop(&tx);
    return status;
}

// give gives m to the owner, now or when there is room. Once it has refused one because it ends, it is given nothing
// more: it may have room again before its EOF has come, and would see a gap.
static int give(acti_door *door, acta_msg *m)
{
    int status = door->closing || door->refused ? ACTA_EGONE : acti_actor_try(door->owner, m);
    if (status == ACTA_EFULL)
        status = put_in_line(door, m);
    door->refused |= status == ACTA_EGONE;
    if (status != ACTA_OK)
        return status;
    acti_tally(door->actor->sys, ACTI_SENT, 1);
    acti_door_count(&door->tally.taken, 1);
    acti_turn_spent();
    return ACTA_OK;
}

// promise_for makes the promise of an outcome for a client; NULL without memory.
static acta_promise *promise_for(acti_client *client, const acti_sp_message *message)
{
    acti_door *door = client->door;
    uint32_t room;
    request *open = acti_pool_alloc(sizeof(*open), &room);
    if (open == NULL)
        return NULL;
    *open = (request){.client = client->id, .room = room, .header_size = (uint32_t)message->header_size};
    memcpy(open->header, message->header, message->header_size);
    uint64_t id = acti_slots_add(&door->asks, open);
    acta_promise *promise = id != 0 ? acti_promise_new(door->mouth, id) : NULL;
    if (promise == NULL) {
        if (id != 0)
            (void)acti_slots_remove(&door->asks, id);
        acti_pool_free(open, room);
        return NULL;
    }
    client->open++;
    acti_door_count(&door->tally.open, 1);
    return promise;
}

// withdraw takes back the promise of a request that was not sent.
static void withdraw(acti_client *client, acta_promise *promise)
{
    acti_door *door = client->door;
    request *open = acti_slots_remove(&door->asks, promise->ask);
    acti_pool_free(open, open->room);
    client->open--;
    acti_door_count(&door->tally.open, UINT64_MAX); // one less
}

// take_message makes a message of what has come, and gives it to the owner.
static int take_message(acti_client *client, const acti_sp_message *message, char why[ACTI_ENVELOPE_WHY])
{
    acti_door *door = client->door;
    acta_msg *m;
    int status = acti_envelope_open(ACTI_MSG_SEND, message->body, (size_t)message->body_size, door->message_bytes_max,
                                    &m, why);
    if (status != ACTA_OK)
        return status;
    status = give(door, m);
    if (status != ACTA_OK)
        acti_msg_release(m);
    return status;
}

static int take_request(acti_client *client, const acti_sp_message *message, char why[ACTI_ENVELOPE_WHY])
{
    acti_door *door = client->door;
    acta_msg *m;
    int status = acti_envelope_open(ACTI_MSG_ASK, message->body, (size_t)message->body_size, door->message_bytes_max,
                                    &m, why);
    if (status != ACTA_OK)
        return status;
    acta_promise *promise = promise_for(client, message);
    if (promise == NULL) {
        acti_msg_release(m);
        return ACTA_ENOMEM;
    }
    acti_promise_put(promise, m);
    status = give(door, m);
    if (status != ACTA_OK) {
        withdraw(client, promise);
        acti_request_free(m);
    }
    return status;
}

// take takes a message, or refuses it. False: there is no memory for it, and it is still to be taken.
static bool take(acti_client *client, const acti_sp_message *message)
{
    acti_door *door = client->door;
    char why[ACTI_ENVELOPE_WHY] = "";
    int status = door->kind == ACTA_DOOR_REP ? take_request(client, message, why) : take_message(client, message, why);
    if (status == ACTA_ENOMEM && !door->closing)
        return false;
    if (status != ACTA_OK)
        refuse(client, message, status, status == ACTA_EGONE ? "its actor has ended, or the door was closed" : why);
    return true;
}

static void cut_wrong(acti_client *client)
{
    acti_door *door = client->door;
    acti_door_count(&door->tally.refused, 1);
    acti_door_complain(door, "a connection is cut: %s", client->sp.cause);
    if (client->introduced)
        acti_client_cut(client);
    else
        acti_client_turn_away(client);
}

// look takes the next message of a client. False: there is none, or it has gone.
static bool look(acti_client *client)
{
    acti_sp_message message;
    acti_sp_got got = acti_sp_next(&client->sp, &message);
    if (!client->introduced && client->sp.greeted)
        acti_client_introduced(client);
    if (got == ACTI_SP_WRONG) {
        cut_wrong(client);
        return false;
    }
    if (got == ACTI_SP_MESSAGE && !take(client, &message)) {
        acti_sp_again(&client->sp);
        acti_client_wait(client);
        return false;
    }
    if (got == ACTI_SP_TOO_BIG)
        refuse(client, &message, ACTA_ETOOBIG, "it is larger than this door takes");
    return got != ACTI_SP_MORE && !client->closing;
}

// take_share looks at some messages of the next client. It goes to the end of the line if it may have more.
static uint32_t take_share(acti_door *door, acti_client *client)
{
    uint32_t n = 0;
    bool more = true;
    while (more && n < ACTI_DOOR_SHARE && door->mouth->outbox == NULL) {
        more = look(client);
        n++;
    }
    if (more)
        acti_list_push(&door->ready, &client->ready);
    else
        acti_client_more(client);
    if (door->closing)
        acti_client_wants(client); // to be settled
    return n;
}

// take_all looks at what has come, as long as there is room and the batch is not spent.
static void take_all(acti_door *door, uint32_t *taken)
{
    acti_list *link;
    while (door->mouth->outbox == NULL && *taken < ACTI_DOOR_BATCH && (link = acti_list_pop(&door->ready)) != NULL)
        *taken += take_share(door, ACTI_CONTAINER_OF(link, acti_client, ready));
}

// ---- the mouth --------------------------------------------------------------------------------

// rest parks the mouth. False: something has come.
static bool rest(acti_actor *mouth)
{
    if (mouth->outbox != NULL)
        return acti_outbox_flush(mouth, true) == ACTI_FLUSHED_PAUSED;
    if (acti_pause_is_due(mouth))
        acti_pause_serve(mouth);
    return acti_inbox_park(&mouth->inbox);
}

void acti_mouth_run(acti_door *door)
{
    uint32_t taken = 0;
    do {
        answer_all(door);
        take_all(door, &taken);
    } while (!rest(door->mouth));
}
