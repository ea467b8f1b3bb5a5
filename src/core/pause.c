// SPDX-License-Identifier: MIT
//
// pause.c - asking for room, giving it, and finding circles.

#include "core/pause.h"

#include <stdio.h>

#include "core/system.h"

#define CIRCLE_TEXT 512 // longer circles are cut in the report

// One for all systems, because actors of several may wait for each other. Rank 48.
static acti_lock pause_lock = ACTI_LOCK_INIT;

// ---- the chain. All under the lock. -----------------------------------------------------

static bool is_suspended(const acti_actor *actor)
{
    // Relaxed: what lies behind it is under the lock, and so was the suspension.
    uint64_t word = acti_au64_load_relaxed(&actor->inbox.word);
    return (word & (ACTI_INBOX_PARKED | ACTI_INBOX_PAUSED)) != 0;
}

static void wait_for(acti_actor *actor, acti_actor *other)
{
    actor->waits_for = other;
    other->waited_by++;
}

static void wait_no_more(acti_actor *actor)
{
    if (actor->waits_for != NULL)
        actor->waits_for->waited_by--;
    actor->waits_for = NULL;
}

// closes_circle: whether the actor, which is about to be suspended, would wait for itself. Whoever is not suspended
// will go on, or come here by itself.
//
// The chain may lead into a circle that the actor is not in: bodies that await each other's replies, until one of them
// times out. So a mark is left behind, further away each time: who meets it again goes round.
static bool closes_circle(const acti_actor *actor)
{
    const acti_actor *at = actor->waits_for;
    const acti_actor *mark = NULL;
    uint64_t steps = 0, next_mark = 1;
    while (at != actor) {
        if (at->waits_for == NULL || !is_suspended(at) || at == mark)
            return false;
        if (++steps == next_mark) {
            mark = at;
            next_mark *= 2;
        }
        at = at->waits_for;
    }
    return true;
}

// name_circle writes who is in a circle, unless all of them have been named before.
static void name_circle(acti_actor *actor, char *text, size_t size)
{
    bool known = true;
    size_t at = 0;
    acti_actor *member = actor;
    do {
        known = known && member->circle_named;
        member->circle_named = true;
        int n = snprintf(text + at, size - at, "%s waits for %s; ", member->name, member->waits_for->name);
        at = n > 0 && (size_t)n < size - at ? at + (size_t)n : size - 1;
        member = member->waits_for;
    } while (member != actor);
    if (known)
        text[0] = '\0';
}

static void report_circle(acta_system *sys, const char *text)
{
    if (text[0] != '\0')
        acti_report(sys, "a circle of full inboxes: %sone message at a time is let over the bound", text);
}

// give_room tells a waiting outbox that room for its first message has been counted, and has its actor woken.
static void give_room(acti_outbox *box)
{
    acti_actor *owner = box->owner;
    acti_list_remove(&box->link);
    box->granted = true;
    wait_no_more(owner);
    (void)acti_actor_pushed(owner, acti_inbox_attend(&owner->inbox, ACTI_INBOX_PARKED | ACTI_INBOX_PAUSED));
}

// serve gives the room there is to those in line, and only then shows the rest to everybody else.
static void serve(acti_actor *actor)
{
    acti_inbox_attended(&actor->inbox);
    uint32_t given = acti_au32_load_relaxed(&actor->given) + actor->held_back;
    while (!acti_list_empty(&actor->waiters) && acti_inbox_reserve(&actor->inbox, given))
        give_room(ACTI_CONTAINER_OF(actor->waiters.next, acti_outbox, link));
    acti_au32_store_relaxed(&actor->given, given);
    actor->held_back = false;
    actor->lined = !acti_list_empty(&actor->waiters);
    actor->waited = actor->waited_by > 0;
}

// ---- waiting for room -------------------------------------------------------------------

// ask_for_room joins the line of the receiver, unless there is room now or will never be: then the status says so.
static int ask_for_room(acti_actor *actor, acti_actor *to)
{
    // In this order: see the heading of pause.h.
    int status = acti_actor_pushed(to, acti_inbox_attend(&to->inbox, ACTI_INBOX_PARKED));
    if (status == ACTA_OK)
        status = acti_outbox_push_first(actor, ACTI_PUSH_IF_ROOM);
    if (status != ACTA_EFULL)
        return status;
    acti_outbox *box = actor->outbox;
    box->asked = true;
    acti_list_push(&to->waiters, &box->link);
    wait_for(actor, to);
    return ACTA_EFULL;
}

static void leave_line(acti_actor *actor)
{
    acti_outbox *box = actor->outbox;
    if (acti_list_linked(&box->link))
        acti_list_remove(&box->link);
    wait_no_more(actor);
    box->asked = false;
    box->granted = false;
}

static acti_room decide(acti_actor *actor, bool mail, int *status, char *circle)
{
    acti_outbox *box = actor->outbox;
    if (box->granted) {
        leave_line(actor);
        *status = acti_outbox_push_first(actor, ACTI_PUSH_COUNTED);
        return ACTI_ROOM_DECIDED;
    }
    if (!acti_list_linked(&box->link)) { // also when its receiver has ended meanwhile
        box->asked = false;
        *status = ask_for_room(actor, acti_msg_ext_of(box->first)->to);
        if (*status != ACTA_EFULL)
            return ACTI_ROOM_DECIDED;
    }
    if (acti_pause_is_due(actor))
        serve(actor); // which may open the circle
    if (box->granted) // by ourselves
        return ACTI_ROOM_LOOK;
    // After serve, which ends the call for attention: what comes later makes a pause or park fail.
    if (acti_actor_is_forced(actor)) {
        leave_line(actor);
        *status = ACTA_EKILLED;
        return ACTI_ROOM_DECIDED;
    }
    bool goes_on = mail && acti_inbox_has_mail(&actor->inbox);
    if (!goes_on && closes_circle(actor)) {
        name_circle(actor, circle, CIRCLE_TEXT);
        acti_tally(actor->sys, ACTI_OVERCOMMITS, 1);
        leave_line(actor);
        *status = acti_outbox_push_first(actor, ACTI_PUSH_OVER);
        return ACTI_ROOM_DECIDED;
    }
    acta_system *sys = actor->sys;
    if (!(mail ? acti_inbox_park(&actor->inbox) : acti_inbox_pause(&actor->inbox)))
        return ACTI_ROOM_LOOK;
    acti_tally(sys, ACTI_PAUSES, 1);
    return ACTI_ROOM_NONE;
}

acti_room acti_pause_for_room(acti_actor *actor, bool mail, int *status)
{
    char circle[CIRCLE_TEXT] = "";
    acta_system *sys = actor->sys;
    acti_lock_take(&pause_lock);
    acti_room room = decide(actor, mail, status, circle);
    acti_lock_give(&pause_lock);
    report_circle(sys, circle);
    return room;
}

bool acti_pause_give_up(acti_actor *actor, bool *woken)
{
    acti_lock_take(&pause_lock);
    bool granted = actor->outbox->granted;
    *woken = !acti_list_linked(&actor->outbox->link);
    leave_line(actor);
    acti_lock_give(&pause_lock);
    return granted;
}

void acti_pause_serve(acti_actor *actor)
{
    acti_lock_take(&pause_lock);
    serve(actor);
    acti_lock_give(&pause_lock);
}

void acti_pause_end(acti_actor *actor)
{
    acti_lock_take(&pause_lock);
    acti_list *link;
    while ((link = acti_list_pop(&actor->waiters)) != NULL) {
        acti_actor *owner = ACTI_CONTAINER_OF(link, acti_outbox, link)->owner;
        wait_no_more(owner);
        (void)acti_actor_pushed(owner, acti_inbox_attend(&owner->inbox, ACTI_INBOX_PARKED | ACTI_INBOX_PAUSED));
    }
    acti_lock_give(&pause_lock);
}

// in_line gives the outbox of owner if it waits for room in the inbox of to. The owner's own pointer is not ours to
// read.
static acti_outbox *in_line(const acti_actor *owner, const acti_actor *to)
{
    for (acti_list *link = to->waiters.next; link != &to->waiters; link = link->next) {
        acti_outbox *box = ACTI_CONTAINER_OF(link, acti_outbox, link);
        if (box->owner == owner)
            return box;
    }
    return NULL;
}

bool acti_pause_room_of(acti_actor *actor, char name[ACTI_NAME_BYTES])
{
    acti_lock_take(&pause_lock);
    const acti_actor *to = actor->waits_for; // for room if it is in the line, else for an outcome
    bool waits = to != NULL && in_line(actor, to) != NULL;
    if (waits)
        acti_name_copy(name, to->name);
    acti_lock_give(&pause_lock);
    return waits;
}

// ---- waiting for an outcome ---------------------------------------------------------------

// open_circle lets one message over the bound, of somebody in the circle who waits for room. There is none in a circle
// of asks alone: that one ends by their timeouts.
static void open_circle(acti_actor *actor, char *circle)
{
    acti_outbox *box = NULL;
    acti_actor *at = actor;
    do {
        box = in_line(at, at->waits_for);
        at = at->waits_for;
    } while (box == NULL && at != actor);
    if (box == NULL)
        return;
    name_circle(actor, circle, CIRCLE_TEXT);
    acti_inbox_reserve_over(&at->inbox); // it is suspended, and so not routed
    give_room(box);
    acti_tally(actor->sys, ACTI_OVERCOMMITS, 1);
}

bool acti_pause_await(acti_actor *actor, acti_actor *asked)
{
    char circle[CIRCLE_TEXT] = "";
    acta_system *sys = actor->sys;
    acti_lock_take(&pause_lock);
    serve(actor);
    wait_for(actor, asked);
    // Who waits for us waits for the asked one, too. Refused, it has ended, and the outcome is on its way. If it has
    // said whom it waits for it sleeps on, and looks when it is woken: two who await each other would wake each other
    // for ever.
    uint64_t ends = asked->waits_for == NULL ? ACTI_INBOX_PARKED : 0;
    if (actor->waited && asked != actor)
        (void)acti_actor_pushed(asked, acti_inbox_attend(&asked->inbox, ends));
    if (!acti_inbox_has_mail(&actor->inbox) && closes_circle(actor))
        open_circle(actor, circle);
    bool parked = !acti_actor_is_forced(actor) && acti_inbox_park(&actor->inbox);
    if (!parked)
        wait_no_more(actor);
    acti_lock_give(&pause_lock);
    report_circle(sys, circle);
    return parked;
}

void acti_pause_awaited(acti_actor *actor)
{
    acti_lock_take(&pause_lock);
    wait_no_more(actor);
    acti_lock_give(&pause_lock);
}
