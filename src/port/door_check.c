// SPDX-License-Identifier: MIT
//
// door_check.c - looking whether a door can be reached, and opening it again if it cannot.
//
// A listener may be there and nobody reach it: its socket was removed from the file system, by a cleaner of /tmp or by
// hand, or whatever accepts has stopped. Neither is told to anybody. So the door connects to itself, by the path that
// all others take, and waits for its own greeting. It says nothing there: such a connection is of nobody who was
// introduced.
//
//   REST --tick--> DIALING --connected--> HEARING --greeted, or closed by the peer, or late--> HANGING_UP --closed-->
//                  REST DIALING --failed--> REST
//                  DIALING --late--> GIVEN_UP --it has ended--> REST or HANGING_UP
//
// If nobody listens there, or another one greets, or nobody does for too long, twice in a row, the listener is closed
// and opened again: once may be of the moment. A check that fails for want of descriptors or memory says nothing about
// the door, and is made again.

#include "port/door.h"

#include <acta/error.h>
#include <string.h>

#include "core/system.h"

static void heard(void *arg, int status, size_t size);
static void unexpected(void *arg, int status);
static void hung_up(void *arg);

static const acti_link_owner link_owner = {heard, unexpected, hung_up};

// On any worker.
static void tick(acti_alarm *alarm)
{
    acti_door *door = ACTI_CONTAINER_OF(alarm, acti_door, check.alarm);
    (void)acti_actor_push(door->actor, &door->check.tick_event); // taken: the door does not end before
}

static void set_alarm(acti_door *door)
{
    door->check.alarm_set = true;
    acti_clock_set(door->actor->sys, &door->check.alarm, acti_clock_ns() + door->check_ns);
}

void acti_check_start(acti_door *door)
{
    acti_check *check = &door->check;
    check->alarm.fire = tick;
    check->tick_event = acti_door_event_msg(ACTI_DOOR_TICK);
    check->dialed_event = acti_door_event_msg(ACTI_DOOR_DIALED);
    check->heard_event = acti_door_event_msg(ACTI_DOOR_HEARD);
    check->hung_up_event = acti_door_event_msg(ACTI_DOOR_HUNG_UP);
    if (door->check_ns != ACTA_FOREVER)
        set_alarm(door);
}

// ---- what the link says, on its threads -----------------------------------------------------

static void dialed(void *arg, int status, acti_link *link, const char *why)
{
    (void)why; // for a person, of whom there is none
    acti_door *door = arg;
    door->check.came = link; // published by the push
    door->check.status = status;
    acti_door_tell_last(door, &door->check.dialed_event);
}

static void heard(void *arg, int status, size_t size)
{
    acti_door *door = arg;
    door->check.status = status;
    door->check.size = size;
    (void)acti_actor_push(door->actor, &door->check.heard_event);
}

static void unexpected(void *arg, int status)
{
    (void)arg;
    (void)status;
    acti_assert(!"nothing is written there");
}

static void hung_up(void *arg)
{
    acti_door *door = arg;
    acti_door_tell_last(door, &door->check.hung_up_event);
}

// ---- a check --------------------------------------------------------------------------------

static void begin(acti_door *door)
{
    acti_check *check = &door->check;
    check->state = ACTI_CHECK_DIALING;
    check->began_ns = acti_clock_ns();
    check->accepted = acti_au64_load_relaxed(&door->accepted);
    check->greeted = 0;
    char url[ACTI_URL_MAX + 1];
    acti_door_served(door, url);
    check->dialer = acti_link_dial(door->links, url, dialed, door);
}

// give_up ends what is under way.
static void give_up(acti_check *check)
{
    if (check->state == ACTI_CHECK_DIALING) {
        check->state = ACTI_CHECK_GIVEN_UP;
        acti_link_dialer_close(&check->dialer);
    } else if (check->state == ACTI_CHECK_HEARING) {
        check->state = ACTI_CHECK_HANGING_UP;
        acti_link_close(check->link);
    }
}

static void listen_on(acti_check *check)
{
    acti_link_read(check->link, check->greeting + check->greeted, sizeof(check->greeting) - check->greeted);
}

// heal opens the door again after the second check that has failed. One that somebody has come through meanwhile is in
// order: it may be our own connection, turned away because there are too many.
static void heal(acti_door *door)
{
    char why[ACTI_REASON_BYTES];
    bool doubted = door->check.doubted;
    door->check.doubted = acti_au64_load_relaxed(&door->accepted) == door->check.accepted;
    if (!doubted || !door->check.doubted)
        return;
    int status = acti_door_serve(door, (acti_reason){why, sizeof(why)});
    if (status == ACTA_OK) {
        door->check.doubted = false;
        acti_door_count(&door->tally.healed, 1);
        acti_report(door->actor->sys, "door %s of actor %s could not be reached, and was opened again: has its socket "
                    "been removed?", door->url, door->owner->name);
    } else {
        acti_door_count(&door->tally.unhealed, 1);
        acti_report(door->actor->sys, "door %s of actor %s cannot be reached, and not be opened again for now: %s",
                    door->url, door->owner->name, why);
    }
}

// failed: whether the status of a connection to ourselves says that nobody can have one.
static bool failed(int status)
{
    return status == ACTA_EUNREACH || status == ACTA_EACCES;
}

static void on_dialed(acti_door *door)
{
    acti_check *check = &door->check;
    bool given_up = check->state == ACTI_CHECK_GIVEN_UP;
    acti_link_dialer_close(&check->dialer);
    check->state = ACTI_CHECK_REST;
    if (check->status != ACTA_OK) {
        if (!given_up && failed(check->status))
            heal(door);
        return;
    }
    check->link = check->came;
    acti_link_own(check->link, &link_owner, door);
    check->state = ACTI_CHECK_HEARING;
    if (given_up)
        give_up(check);
    else
        listen_on(check);
}

static bool is_ours(const acti_door *door)
{
    acti_sp sp;
    acti_buf own = {.limit = ACTI_SP_GREETING_BYTES};
    acti_sp_init(&sp, acti_door_protocol(door), door->ipc, 0);
    bool same = acti_sp_greet(&sp, &own) == ACTA_OK &&
                memcmp(acti_buf_bytes(&own), door->check.greeting, ACTI_SP_GREETING_BYTES) == 0;
    acti_buf_fini(&own);
    return same;
}

static void on_heard(acti_door *door)
{
    acti_check *check = &door->check;
    if (check->state != ACTI_CHECK_HEARING)
        return;
    if (check->status == ACTA_OK)
        check->greeted += check->size;
    if (check->status == ACTA_OK && check->greeted < sizeof(check->greeting)) {
        listen_on(check);
        return;
    }
    give_up(check);
    if (check->status == ACTA_OK && !is_ours(door)) {
        heal(door); // another one listens in its place
        return;
    }
    check->doubted = false; // or closed without a word, by who has accepted it
    if (check->status == ACTA_OK)
        acti_door_count(&door->tally.checks, 1);
}

static void on_tick(acti_door *door)
{
    acti_check *check = &door->check;
    check->alarm_set = false;
    if (door->closing)
        return;
    bool hangs = check->state == ACTI_CHECK_DIALING || check->state == ACTI_CHECK_HEARING;
    if (check->state == ACTI_CHECK_REST) {
        begin(door);
    } else if (hangs && acti_clock_ns() - check->began_ns >= ACTI_DOOR_CHECK_NS) {
        give_up(check);
        heal(door);
    }
    set_alarm(door);
}

void acti_check_event(acti_door *door, acta_msg *m)
{
    switch ((acti_door_event)m->size) {
    case ACTI_DOOR_TICK:
        on_tick(door);
        break;
    case ACTI_DOOR_DIALED:
        on_dialed(door);
        break;
    case ACTI_DOOR_HEARD:
        on_heard(door);
        break;
    default:
        door->check.state = ACTI_CHECK_REST;
        break;
    }
}

void acti_check_stop(acti_door *door)
{
    acti_check *check = &door->check;
    if (check->alarm_set && acti_clock_unset(door->actor->sys, &check->alarm))
        check->alarm_set = false; // else its event is on the way
    give_up(check);
}

bool acti_check_over(const acti_door *door)
{
    return !door->check.alarm_set && door->check.state == ACTI_CHECK_REST;
}
