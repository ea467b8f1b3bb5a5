// SPDX-License-Identifier: MIT
//
// door.h - doors: an actor that programs without acta can reach, with any nng library or by themselves.
//
// A door is an endpoint of nng's protocols PULL or REP. What a PUSH socket sends there arrives at the door's actor as
// if it had been sent to it, what a REQ socket asks as if it had been asked, and the actor's answer is the reply. One
// nng message is a msgpack array of two, the name of a message type and a map of its fields as in message.h: so
// ["add", {"n": 1}] is a message add{n: 1}, and ["total", {"value": 1}] may be the reply.
//
// Messages of one connection arrive in the order sent. Nothing is taken from a connection while the actor's inbox is
// full: then the other program waits. Requests may be open in any number and are answered in any order; each is
// answered exactly once: when the actor refuses it, drops it or ends first, with ["acta_failure", {"status", "who",
// "cause"}]. What cannot be taken is answered so too, and at a PULL door counted and reported: what is not such an
// array; a type that this program does not have, that is one of acta's own, or that has senders or addresses in it; and
// what is larger than message_bytes_max.
//
// A URL is one that acta_node_listen takes, with the same rules: at ipc:// and a path the other program must run as the
// same user; at tcp://, a host and a port anybody can connect who can reach that address, on a loopback address every
// user of this machine.

#ifndef ACTA_DOOR_H
#define ACTA_DOOR_H

#include <acta/actor.h>

ACTA_BEGIN_DECLS

typedef enum acta_door_kind {
    ACTA_DOOR_PULL = 1, // messages; for PUSH sockets
    ACTA_DOOR_REP = 2,  // requests and their replies; for REQ sockets
} acta_door_kind;

#define ACTA_DOOR_CLIENTS_DEFAULT 1024
#define ACTA_DOOR_CHECK_NS_DEFAULT (5 * ACTA_SECOND)

// Right when zero.
typedef struct acta_door_opts {
    uint32_t message_bytes_max; // largest message, as in memory; 0: the system's, which is also the most
    uint32_t clients_max;       // connections at once; 0: ACTA_DOOR_CLIENTS_DEFAULT
    // How often the door looks whether it can be reached, by a connection of its own to its URL. One that cannot twice
    // in a row, because its socket was removed, say, is opened again; who is connected stays so. 0:
    // ACTA_DOOR_CHECK_NS_DEFAULT; ACTA_FOREVER: never.
    uint64_t check_ns;
} acta_door_opts;

// acta_door_open lets programs outside in through url, until the door is closed or self ends. A door keeps nobody
// alive: after EOF nothing arrives, and what comes then is answered with a failure.
//
// Threads: inside self's turn. It waits for the system to open the socket, a matter of microseconds.
// Errors:  ACTA_EINVAL not inside self's turn, no such kind, or a URL that cannot be served; ACTA_EEXIST the path or
//          the port is served, or something that is not a socket lies there; ACTA_ENOENT no such folder or host;
//          ACTA_EACCES; ACTA_EFULL 2^24 asks, timers, monitors, links and watches are pending; ACTA_ENOMEM; ACTA_EIO.
//          report says which URL, why, and what to do.
ACTA_NODISCARD ACTA_API int
acta_door_open(acta_self *self, const char *url, acta_door_kind kind, const acta_door_opts *opts, uint64_t *door);

// acta_door_close closes a door. Nobody can connect any more when it returns, and the URL is free. Requests that the
// actor has got are still answered, through their connections, which last until then; those that it has not got are
// answered with ACTA_EGONE. The end of the actor does the same. Safe for a door that is closed.
//
// Threads: inside self's turn.
ACTA_API void
acta_door_close(acta_self *self, uint64_t door);

// acta_door_url is where others can dial it, with the port that the system chose if there was 0 in the URL. Borrowed
// for as long as the door is open; NULL: not inside self's turn, or no such door.
ACTA_API const char *
acta_door_url(acta_self *self, uint64_t door);

// What has happened at a door so far. Each only grows, but for clients and open.
typedef struct acta_door_counts {
    uint64_t clients;     // connected now, and introduced
    uint64_t connected;   // connections that were introduced
    uint64_t turned_away; // not introduced: of another kind, too slow, or too many
    uint64_t taken;       // messages and requests that the actor's inbox has, or waits for room in
    uint64_t refused;     // messages and requests that could not be taken; and connections cut for making no sense
    uint64_t open;        // requests not answered now
    uint64_t answered;    // replies and failures given to a connection
    uint64_t unclaimed;   // outcomes that came when whoever had asked had gone
    uint64_t checks;      // times that the door was found to be reachable
    uint64_t healed;      // times that it was not, and was opened again
    uint64_t unhealed;    // times that it was not, and could not be opened again
} acta_door_counts;

// acta_door_read tells what has happened at a door. While messages move, the figures are of slightly different moments.
//
// Threads: inside self's turn.
// Errors:  ACTA_EINVAL not inside self's turn; ACTA_EGONE no such door, or it is closed.
ACTA_API int
acta_door_read(acta_self *self, uint64_t door, acta_door_counts *out);

ACTA_END_DECLS

#endif
