// SPDX-License-Identifier: MIT
//
// door.h - one door, from inside.
//
// Design notes. A door is an actor of the library's own in the pool. Everything reaches it through its inbox: what has
// come at a connection, writes that ended, answers, its own closing. So it needs no lock: all fields below belong to
// its turns, except where said. It speaks SP (link/sp.h) over links of the same kind as the system's nodes have.
//
//   coming in   Each connection is a client. What has been read from it is taken message by message, as long as the
//               owner's inbox has room; only when all of it is gone the client is read from again. So there is one read
//               at a time, and nothing is read ahead of a full inbox but what one read has brought.
//   mouth       A second actor without code of its own, run in the door's turns. It stands for everybody outside: what
//               finds no room in the owner's inbox waits in its outbox, and it is the asker of every request, so that
//               the outcomes come to its inbox. It is parked in such a way that either wakes it.
//   going out   An outcome finds by its number what is known of the request: the connection, and the SP header.
//               The connection may have gone; then the outcome is counted, and nobody hears it.
//
//   door        OPEN --acta_door_close, or the owner ends--> CLOSING --the last client has gone--> ended
//   client      GREETING --introduced--> OPEN --door closing, all answered, quiet--> CLOSING --closed--> gone
//               GREETING, OPEN --the peer goes, or makes no sense, or is too slow--> CLOSING
//
// A client of a closing door is still read from, and what comes is refused. It lasts until each of its requests has its
// outcome, which comes at the latest when the last actor of the system has ended, and until it is quiet for a moment.

#ifndef ACTI_PORT_DOOR_H
#define ACTI_PORT_DOOR_H

#include <acta/door.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/platform.h"
#include "base/slots.h"
#include "core/actor.h"
#include "core/clock.h"
#include "core/complaints.h"
#include "core/source.h"
#include "link/link.h"
#include "link/sp.h"

#define ACTI_DOOR_GREETING_NS (5 * ACTA_SECOND)        // from connection to greeting
#define ACTI_DOOR_QUIET_NS (50 * ACTA_MS)              // in which a client that nothing is owed to says nothing: over
#define ACTI_DOOR_QUIET_ROUNDS 20                      // of these, and then it is cut
#define ACTI_DOOR_CHECK_NS (2 * ACTA_SECOND)           // in which a connection of our own has to be greeted, at least
#define ACTI_DOOR_MEMORY_NS (20 * ACTA_MS)             // until it is looked again whether there is memory
#define ACTI_DOOR_OUT_ENOUGH (256u * 1024)             // bytes waiting above which a client is not read from
#define ACTI_DOOR_OUT_MAX (64u * 1024 * 1024)          // bytes waiting above which it does not read: cut
#define ACTI_DOOR_OPEN_MAX (1u << 16)                  // open requests above which a client is not read from
#define ACTI_DOOR_ASKS_MAX (1u << 24)                  // open requests of a door
#define ACTI_DOOR_BATCH 64                             // messages taken in one go, before others have their turn
#define ACTI_DOOR_SHARE 16                             // of one client, while others wait

typedef struct acti_door acti_door;

// What comes to a door's inbox; in the size of the EVENT message, which lies in the thing it is about.
typedef enum acti_door_event {
    ACTI_DOOR_ARRIVED, // a client has connected
    ACTI_DOOR_CAME,    // bytes have come from it, or its end
    ACTI_DOOR_WROTE,   // what was given to its link is written
    ACTI_DOOR_LATE,    // it took too long
    ACTI_DOOR_GONE,    // nothing of its link runs any more
    ACTI_DOOR_MOUTH,   // an outcome has come, or room
    ACTI_DOOR_MORE,    // clients wait for their next share
    ACTI_DOOR_CLOSE,   // the door is to close
    ACTI_DOOR_TICK,    // it is time to look whether the door can be reached
    ACTI_DOOR_DIALED,  // a connection of our own is there, or failed
    ACTI_DOOR_HEARD,   // it was greeted, or failed
    ACTI_DOOR_HUNG_UP, // it is closed
} acti_door_event;

static inline acta_msg acti_door_event_msg(acti_door_event what)
{
    return (acta_msg){.kind = ACTI_MSG_EVENT, .flags = ACTI_MSG_EMBEDDED, .size = (uint32_t)what};
}

// ---- clients: door_client.c -------------------------------------------------------------

typedef enum acti_write_state {
    ACTI_DOOR_IDLE,    // nothing is being written
    ACTI_DOOR_WRITING, // and nothing waits for its end
    ACTI_DOOR_WANTED,  // the door has more, and is to be told
} acti_write_state;

typedef struct acti_client {
    acti_door *door; // lives longer
    acti_list all;   // in the door's list
    acti_list ready; // in the door's list of those whose bytes are to be looked at
    acti_list dirty; // in the door's list of those that have something to write
    uint64_t id;     // in the door's table
    acti_link *link;
    acti_sp sp;
    bool introduced; // its greeting was right
    bool reading;
    bool held;    // not read from until some of its requests are answered, or what it was told is written
    bool waits;   // for memory, or rather for some time: it is looked at again then
    bool mute;    // it takes nothing any more
    bool heard;   // something has come since this was last looked at
    bool closing; // the link has been told to close
    bool closed;  // and has
    uint32_t open; // requests not answered
    uint32_t rounds; // how often it has been waited for at the end

    acti_buf out;     // filled while the other is written
    acti_buf writing; // given to the link until it has written it

    // Each event is in the inbox at most once. What they report is written before they are pushed and read when they
    // are taken.
    acta_msg arrived_event;
    acta_msg came_event;
    acta_msg wrote_event;
    acta_msg late_event;
    acta_msg gone_event;
    int came_status;
    size_t came_size;

    acti_alarm alarm; // for the greeting, then for the last bytes
    bool alarm_set;   // until its event is taken, or it was unset

    acti_lock lock; // rank: leaf
    acti_write_state write_state;
    bool write_failed;
    bool wrote_told; // wrote_event is in the inbox, or about to be
} acti_client;

// acti_client_accept makes a client of a link, or closes it. On the link's control thread.
void
acti_client_accept(acti_door *door, acti_link *link);

// acti_client_event takes an event of a client; one that has gone is freed.
void
acti_client_event(acta_msg *m);

// acti_client_more reads more from a client of whose bytes no message is left, if it may.
void
acti_client_more(acti_client *client);

// acti_client_wait has a client for whose next message there is no memory be looked at again after a while.
void
acti_client_wait(acti_client *client);

// acti_client_wants puts it into the door's list of those that have something to write.
void
acti_client_wants(acti_client *client);

// acti_clients_write starts to write what clients are to be told.
void
acti_clients_write(acti_door *door);

// acti_client_introduced counts a client whose greeting was right; acti_client_turn_away ends one that was none.
void
acti_client_introduced(acti_client *client);
void
acti_client_turn_away(acti_client *client);

// acti_client_cut ends the connection now.
void
acti_client_cut(acti_client *client);

// acti_client_settle closes a client of a closing door once nothing is owed to it, and it is quiet.
void
acti_client_settle(acti_client *client);

// ---- messages and outcomes: door_mouth.c ---------------------------------------------------

// acti_mouth_new makes the mouth of a door, parked, or gives NULL. acti_mouth_end closes it.
acti_actor *
acti_mouth_new(acti_door *door, const char *name);
void
acti_mouth_end(acti_door *door);

// acti_mouth_run hands out what has come, in both directions, as far as it goes.
void
acti_mouth_run(acti_door *door);

// ---- looking whether the door can be reached: door_check.c -----------------------------------

typedef enum acti_check_state {
    ACTI_CHECK_REST,
    ACTI_CHECK_DIALING,
    ACTI_CHECK_GIVEN_UP,
    ACTI_CHECK_HEARING,
    ACTI_CHECK_HANGING_UP,
} acti_check_state;

typedef struct acti_check {
    acti_alarm alarm;
    bool alarm_set;
    acti_check_state state;
    uint64_t began_ns;
    uint64_t accepted;        // connections by then
    acti_link_dialer *dialer; // while it dials
    acti_link *link;          // from HEARING on
    size_t greeted;           // bytes of the greeting
    bool doubted;             // the last one has failed
    // Written before the event is pushed that tells of it, and read when that is taken.
    acti_link *came;
    int status;
    size_t size;
    uint8_t greeting[ACTI_SP_GREETING_BYTES];
    acta_msg tick_event;
    acta_msg dialed_event;
    acta_msg heard_event;
    acta_msg hung_up_event;
} acti_check;

void
acti_check_start(acti_door *door);
void
acti_check_event(acti_door *door, acta_msg *m);

// acti_check_stop has it end; acti_check_over: whether it has.
void
acti_check_stop(acti_door *door);
bool
acti_check_over(const acti_door *door);

// ---- the door: door.c ---------------------------------------------------------------------------

// What is counted, in the door's turns, turned_away on the control thread too. Read anywhere: nothing is concluded from
// one about another.
typedef struct acti_door_tally {
    acti_au64 clients, connected, turned_away, taken, refused, open, answered, unclaimed, checks, healed, unhealed;
} acti_door_tally;

struct acti_door {
    acti_actor *actor;      // whose state this is
    acti_actor *owner;      // whom it leads to; one reference
    acti_actor *mouth;      // one reference, and its sender
    const acti_links *links; // constant, as are the following
    acta_door_kind kind;
    uint32_t message_bytes_max;
    size_t payload_max; // bytes of a message that has that size, as packed
    uint32_t clients_max;
    uint64_t check_ns;
    bool ipc;           // and not tcp
    char url[ACTI_URL_MAX + 1]; // as it was given

    // Held over opening and closing the listener, which block: whoever closes the door waits for a healing under way.
    acti_lock serving; // rank 15
    acti_link_listener *listener;
    bool shut; // it stays NULL
    char served[ACTI_URL_MAX + 1]; // where others can dial it; set once, with the first listener

    acti_au32 client_count; // by whoever lets in, and by the door
    acti_au64 accepted;     // connections, by whoever lets in

    bool closing;
    bool refused; // the owner ends, and has not taken something
    acti_list clients;
    acti_list ready;
    acti_list dirty;
    acti_slots by_id;
    acti_slots asks; // open requests
    acta_msg mouth_event;
    acta_msg more_event;
    acta_msg close_event;
    bool more_told; // more_event is in the inbox
    acti_check check;
    acti_complaints complaints; // of what clients did wrong
    acti_door_tally tally;
};

static inline uint16_t acti_door_protocol(const acti_door *door)
{
    return door->kind == ACTA_DOOR_REP ? ACTI_SP_REP : ACTI_SP_PULL;
}

// acti_door_count adds to a number that only the door's turns write.
static inline void acti_door_count(acti_au64 *number, uint64_t n)
{
    acti_au64_count(number, n);
}

// acti_door_serve opens the listener, anew if there is one: with the port then that it had. acti_door_served copies
// where it can be dialled.
int
acti_door_serve(acti_door *door, acti_reason why);
void
acti_door_served(acti_door *door, char url[ACTI_URL_MAX + 1]);

// acti_door_tell_last pushes an event that may be the last which the door gets. The door may end with it, and then the
// system, which is kept until the push has returned. On threads that are not the system's.
void
acti_door_tell_last(acti_door *door, acta_msg *event);

// acti_door_complain reports something that a client did wrong, or counts it, as complaints.h says.
__attribute__((format(printf, 2, 3))) void
acti_door_complain(acti_door *door, const char *format, ...);

#endif
