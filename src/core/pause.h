// SPDX-License-Identifier: MIT
//
// pause.h - who waits for whom: for room in an inbox, or for the outcome of an ask.
//
// An actor whose outbox holds something waits for the receiver of the first message; a body in acta_await waits for the
// actor it has asked. Each waits for one other at most, so that a circle is found by following the chain. Nobody in a
// circle can go on, so whoever closes one lets one message over the bound. All of that is decided under one lock, which
// only those take who are about to be suspended by a full inbox, or are waited for.
//
// Whoever wants room asks the receiver by ATTEND in its inbox word, and then looks once more whether there is some. The
// receiver looks around whenever it has given out all that it had taken, and before it parks or pauses: so either
// there was room when the asker looked again, or the receiver finds ATTEND after it has made some. Room goes to
// those who wait in the order in which they asked: the message is counted in advance, and pushed by its owner. While
// there is a line, one place of those that the receiver makes is not shown before the line has been served
// (`held_back`): those who come by cannot take them all, and whoever is first in line is served the next time.
//
// An await matters here only if somebody waits for the body that awaits. `waited` tells it so when it is about to wait;
// it then says whom it waits for itself, and has that one told the same; which is woken for that, unless it sleeps with
// that said.

#ifndef ACTI_CORE_PAUSE_H
#define ACTI_CORE_PAUSE_H

#include "core/outbox.h"

typedef enum acti_room {
    ACTI_ROOM_DECIDED, // the first message has gone out, or has to be disposed of: *status
    ACTI_ROOM_LOOK,    // a message has come, or something wants attention: flush again
    ACTI_ROOM_NONE,    // the actor is suspended
} acti_room;

// acti_pause_for_room waits for room for the first message of the actor's outbox: parked with mail, else paused.
//
// Status:  ACTA_OK it has gone out; ACTA_EGONE, ACTA_EUNREACH as of acti_actor_push; ACTA_EKILLED the actor is to end.
acti_room
acti_pause_for_room(acti_actor *actor, bool mail, int *status);

// acti_pause_give_up takes the actor out of the line. True: it has been given room. *woken: it was out of it already,
// and has been woken.
bool
acti_pause_give_up(acti_actor *actor, bool *woken);

// acti_pause_await parks a body that waits for the outcome of an ask to `asked`, of which the caller holds a reference.
// False: something has come. After true, and a wake, acti_pause_awaited is due.
bool
acti_pause_await(acti_actor *actor, acti_actor *asked);
void
acti_pause_awaited(acti_actor *actor);

// acti_pause_serve gives the room in the actor's inbox to those who wait for it. In its own turn, when
// acti_pause_is_due.
void
acti_pause_serve(acti_actor *actor);
static inline bool acti_pause_is_due(const acti_actor *actor)
{
    return actor->waited || acti_inbox_wants_attention(&actor->inbox);
}

// acti_pause_room_of: whether the actor waits for room in an inbox, and in whose. Threads: any.
bool
acti_pause_room_of(acti_actor *actor, char name[ACTI_NAME_BYTES]);

// acti_pause_end lets all go who wait for room in an inbox that has just been routed.
void
acti_pause_end(acti_actor *actor);

#endif
