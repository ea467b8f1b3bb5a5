// SPDX-License-Identifier: MIT
//
// door.c - opening and closing doors, and the events of one.

#include "port/door.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/pending.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/router.h"

static int handler(acta_self *self, void *arg, acta_msg *m);
static bool end(acti_source *source);

// How its owner knows a door: a source that never fires, and is ended with its owner.
typedef struct door_source {
    acti_source source;
    acti_door *door; // ends after this
} door_source;

static const acti_source_ops door_ops = {.end = end};

// ---- life -------------------------------------------------------------------------------

static void freed(acti_actor *actor)
{
    acti_door *door = actor->arg;
    acti_slots_fini(&door->by_id);
    acti_lock_fini(&door->serving);
    free(door);
    acti_actor_give_back(actor);
}

static const acti_actor_ops of_door = {.wake = acti_pool_ready, .freed = freed};

static void fill_in(acti_door *door, const acta_door_opts *opts, uint32_t system_max)
{
    acta_door_opts filled = opts != NULL ? *opts : (acta_door_opts){0};
    uint32_t max = filled.message_bytes_max;
    door->message_bytes_max = max != 0 && max < system_max ? max : system_max;
    door->payload_max = acti_payload_max(door->message_bytes_max);
    door->clients_max = filled.clients_max != 0 ? filled.clients_max : ACTA_DOOR_CLIENTS_DEFAULT;
    door->check_ns = filled.check_ns != 0 ? filled.check_ns : ACTA_DOOR_CHECK_NS_DEFAULT;
}

static void init_lists(acti_door *door)
{
    acti_lock_init(&door->serving);
    acti_list_init(&door->clients);
    acti_list_init(&door->ready);
    acti_list_init(&door->dirty);
    door->by_id.limit = UINT32_MAX - 1; // client_count is the bound
    door->asks.limit = ACTI_DOOR_ASKS_MAX;
    door->mouth_event = acti_door_event_msg(ACTI_DOOR_MOUTH);
    door->more_event = acti_door_event_msg(ACTI_DOOR_MORE);
    door->close_event = acti_door_event_msg(ACTI_DOOR_CLOSE);
}

// new_door gives a door that nobody can reach yet, or NULL without memory.
static acti_door *new_door(acti_actor *owner, acti_router *router, const char *url)
{
    char name[ACTI_NAME_BYTES];
    snprintf(name, sizeof(name), "door of %.23s", owner->name);
    acti_door *door = calloc(1, sizeof(*door));
    acti_actor *actor = acti_actor_new(owner->sys, name, 0);
    if (door == NULL || actor == NULL) {
        if (actor != NULL)
            acti_actor_give_back(actor);
        free(door);
        return NULL;
    }
    init_lists(door);
    actor->internal = 1;
    actor->run.handler = handler;
    actor->arg = door;
    actor->ops = &of_door;
    door->actor = actor;
    door->links = router->links;
    snprintf(door->url, sizeof(door->url), "%s", url);
    door->mouth = acti_mouth_new(door, name);
    if (door->mouth == NULL) {
        freed(actor);
        return NULL;
    }
    acti_actor_ref(owner);
    door->owner = owner;
    return door;
}

static bool is_over(const acti_door *door)
{
    // Acquire, with the release of whoever counts a client down: it is done with the door.
    return door->closing && acti_list_empty(&door->clients) && door->mouth->outbox == NULL && !door->more_told &&
           acti_au32_load_acquire(&door->client_count) == 0 && acti_check_over(door);
}

// fini ends the actor. What may still come is the word of the mouth that somebody has answered whose asker is gone.
static void fini(acti_door *door)
{
    acti_actor *actor = door->actor;
    acta_tx *tx = (acta_tx *)(void *)actor; // the one it was made with
    actor->batch = NULL;
    (void)acti_actor_close(actor);
    acti_mouth_end(door);
    acti_actor_unref(door->owner);
    acta_tx_drop(&tx);
}

void acti_door_tell_last(acti_door *door, acta_msg *event)
{
    acta_system *sys = door->actor->sys;
    acti_system_threads(sys, 1);
    (void)acti_actor_push(door->actor, event);
    acti_system_threads(sys, -1);
}

// ---- the listener -----------------------------------------------------------------------

static void accepted(void *arg, acti_link *link, const char *why)
{
    (void)why;
    acti_door *door = arg;
    if (link != NULL)
        acti_client_accept(door, link);
    else // another user, say
        (void)acti_au64_add_relaxed(&door->tally.turned_away, 1);
}

int acti_door_serve(acti_door *door, acti_reason why)
{
    acti_lock_take(&door->serving);
    int status = ACTA_EGONE;
    (void)acti_say(why, status, "it was closed");
    if (!door->shut) {
        acti_link_listener_close(&door->listener);
        const char *url = door->served[0] != '\0' ? door->served : door->url;
        status = acti_link_listen(door->links, url, accepted, door, &door->listener, why);
    }
    if (status == ACTA_OK && door->served[0] == '\0')
        snprintf(door->served, sizeof(door->served), "%s", acti_link_listener_url(door->listener));
    acti_lock_give(&door->serving);
    return status;
}

void acti_door_served(acti_door *door, char url[ACTI_URL_MAX + 1])
{
    acti_lock_take(&door->serving);
    memcpy(url, door->served, sizeof(door->served));
    acti_lock_give(&door->serving);
}

static void shut(acti_door *door)
{
    acti_lock_take(&door->serving);
    door->shut = true;
    acti_link_listener_close(&door->listener);
    acti_lock_give(&door->serving);
}

// end closes the door: in its owner's turn, or at the owner's end.
static bool end(acti_source *source)
{
    acti_door *door = ACTI_CONTAINER_OF(source, door_source, source)->door;
    shut(door);
    (void)acti_actor_push(door->actor, &door->close_event); // taken: it does not end before. It may be gone now
    return true;
}

// ---- its turns ----------------------------------------------------------------------------

static void on_close(acti_door *door)
{
    door->closing = true;
    acti_check_stop(door);
    for (acti_list *link = door->clients.next; link != &door->clients; link = link->next)
        acti_client_wants(ACTI_CONTAINER_OF(link, acti_client, all)); // to be settled
}

// go_on has clients whose messages wait for their turn, and not for room, wait for another one of the door.
static void go_on(acti_door *door)
{
    if (acti_list_empty(&door->ready) || door->mouth->outbox != NULL || door->more_told)
        return;
    door->more_told = true;
    (void)acti_actor_push(door->actor, &door->more_event);
}

static void take_event(acti_door *door, acta_msg *m)
{
    switch ((acti_door_event)m->size) {
    case ACTI_DOOR_ARRIVED:
    case ACTI_DOOR_CAME:
    case ACTI_DOOR_WROTE:
    case ACTI_DOOR_LATE:
    case ACTI_DOOR_GONE:
        acti_client_event(m);
        break;
    case ACTI_DOOR_MOUTH:
        break;
    case ACTI_DOOR_MORE:
        door->more_told = false;
        break;
    case ACTI_DOOR_CLOSE:
        on_close(door);
        break;
    case ACTI_DOOR_TICK:
    case ACTI_DOOR_DIALED:
    case ACTI_DOOR_HEARD:
    case ACTI_DOOR_HUNG_UP:
        acti_check_event(door, m);
        break;
    }
}

static int handler(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    acti_door *door = arg;
    acti_assert(m != NULL && m->kind == ACTI_MSG_EVENT); // its one sender is kept until the end
    // Who has woken the mouth has left it to us, by this event; else it is ours if nobody was faster. One that waits
    // for room is left alone until there is some.
    bool woken = m->size == ACTI_DOOR_MOUTH;
    take_event(door, m);
    if (woken || (door->mouth->outbox == NULL && acti_inbox_unpark(&door->mouth->inbox)))
        acti_mouth_run(door);
    acti_clients_write(door);
    go_on(door);
    if (!is_over(door))
        return ACTA_OK;
    fini(door);
    return ACTA_DONE;
}

// ---- complaints -----------------------------------------------------------------------------

void acti_door_complain(acti_door *door, const char *format, ...)
{
    uint64_t unsaid;
    if (!acti_complaints_say(&door->complaints, acti_clock_ns(), &unsaid))
        return;
    char text[600], more[ACTI_COMPLAINTS_MORE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    acti_report(door->actor->sys, "door %s of actor %s: %s%s", door->url, door->owner->name, text,
                acti_complaints_more(unsaid, more));
}

// ---- what users do --------------------------------------------------------------------------

static int open_door(acti_actor *actor, const char *url, acta_door_kind kind, const acta_door_opts *opts,
                     acti_door **out, acti_reason why)
{
    acti_url parsed;
    if (url == NULL)
        return acti_say(why, ACTA_EINVAL, "there is no URL");
    int status = acti_url_parse(url, strlen(url), &parsed, why);
    if (status != ACTA_OK)
        return status;
    acti_router *router = acti_router_of(actor->sys);
    acti_door *door = router != NULL ? new_door(actor, router, url) : NULL;
    if (door == NULL)
        return acti_say(why, ACTA_ENOMEM, "there is no memory: free some");
    door->kind = kind;
    door->ipc = parsed.kind == ACTI_URL_IPC;
    fill_in(door, opts, actor->sys->opts.message_bytes_max);
    acti_system_enter(door->actor);
    acti_check_start(door); // nobody else knows it yet
    *out = door;
    return ACTA_OK;
}

int acta_door_open(acta_self *self, const char *url, acta_door_kind kind, const acta_door_opts *opts, uint64_t *id)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor != actor || (kind != ACTA_DOOR_PULL && kind != ACTA_DOOR_REP))
        return ACTA_EINVAL;
    acti_source *source;
    int status = acti_source_new(actor, sizeof(door_source), NULL, &door_ops, &source);
    if (status != ACTA_OK)
        return status;
    char why[ACTI_REASON_BYTES];
    acti_reason to = {why, sizeof(why)};
    acti_door *door = NULL;
    status = open_door(actor, url, kind, opts, &door, to);
    if (status == ACTA_OK) {
        ACTI_CONTAINER_OF(source, door_source, source)->door = door;
        status = acti_door_serve(door, to);
        if (status != ACTA_OK)
            (void)end(source);
    }
    if (status != ACTA_OK) {
        acti_report(actor->sys, "actor %s cannot open a door at %s: %s", actor->name,
                    acti_url_show(url != NULL ? url : "(null)").text, why);
        acti_source_discard(source);
        return status;
    }
    *id = source->id;
    return ACTA_OK;
}

// door_of gives the door that an actor knows by that number, or NULL.
static acti_door *door_of(const acti_actor *actor, uint64_t id)
{
    acti_source *source = acti_pending_get(actor, id, ACTI_PENDING_SOURCE);
    if (source == NULL || source->ops != &door_ops)
        return NULL;
    return ACTI_CONTAINER_OF(source, door_source, source)->door;
}

void acta_door_close(acta_self *self, uint64_t id)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor == actor && door_of(actor, id) != NULL)
        acti_source_cancel(actor, id);
}

const char *acta_door_url(acta_self *self, uint64_t id)
{
    acti_actor *actor = acti_actor_of_self(self);
    const acti_door *door = acti_here.actor == actor ? door_of(actor, id) : NULL;
    return door != NULL ? door->served : NULL; // it was set in a turn of this actor
}

int acta_door_read(acta_self *self, uint64_t id, acta_door_counts *out)
{
    acti_actor *actor = acti_actor_of_self(self);
    if (acti_here.actor != actor)
        return ACTA_EINVAL;
    const acti_door *door = door_of(actor, id);
    if (door == NULL)
        return ACTA_EGONE;
    // Relaxed: see acti_door_tally.
    const acti_door_tally *tally = &door->tally;
    *out = (acta_door_counts){
        .clients = acti_au64_load_relaxed(&tally->clients),
        .connected = acti_au64_load_relaxed(&tally->connected),
        .turned_away = acti_au64_load_relaxed(&tally->turned_away),
        .taken = acti_au64_load_relaxed(&tally->taken),
        .refused = acti_au64_load_relaxed(&tally->refused),
        .open = acti_au64_load_relaxed(&tally->open),
        .answered = acti_au64_load_relaxed(&tally->answered),
        .unclaimed = acti_au64_load_relaxed(&tally->unclaimed),
        .checks = acti_au64_load_relaxed(&tally->checks),
        .healed = acti_au64_load_relaxed(&tally->healed),
        .unhealed = acti_au64_load_relaxed(&tally->unhealed),
    };
    return ACTA_OK;
}
