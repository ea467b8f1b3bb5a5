// SPDX-License-Identifier: MIT
//
// node.h - one connected peer, from inside: the session actor and what it looks after.
//
// Design notes. A node is an actor of the library's own in the pool. Everything reaches it through its inbox: bytes
// that were read, writes that ended, proxies that have something to say, requests of threads outside. So it needs no
// lock: all fields below belong to its turns, except where said.
//
//   sending    An actor of the peer is represented here by a proxy: an ordinary inbox, whose wake puts the proxy
//              into the node's inbox. The node takes the proxy's messages in order and writes them as frames, as far as
//              the receiver's credit and the buffer go. What is sent, replied and reported to one remote actor
//              is therefore in one queue, and keeps its order.
//   receiving  An actor of ours that the peer knows is an export: a number, the senders the peer holds,
//              and the count of messages it has handled, which becomes new credit.
//
//   life       start --link given--> OPENING --welcomed--> OPEN --leave, all said--> LEAVING --farewell--> CLOSING
//              any --the link or the protocol breaks--> CLOSING --the link is closed--> ended

#ifndef ACTI_ROUTE_NODE_H
#define ACTI_ROUTE_NODE_H

#include <acta/node.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/slots.h"
#include "core/actor.h"
#include "core/clock.h"
#include "link/link.h"
#include "route/session.h"

#define ACTI_NODE_HANDSHAKE_NS (5 * ACTA_SECOND)      // from connection to welcome
#define ACTI_NODE_LINGER_NS ACTA_SECOND               // for the peer to take our last bytes
#define ACTI_NODE_OUT_ENOUGH (256u * 1024)            // bytes waiting above which proxies wait
#define ACTI_NODE_OUT_MAX (8u * 1024 * 1024)          // bytes waiting above which the peer is not reading
#define ACTI_NODE_ACK_FRAMES 32                       // received and not acknowledged, that are worth a write
#define ACTI_NODE_CREDIT_MESSAGES 256                 // per receiving actor
#define ACTI_NODE_CREDIT_BYTES (4u * 1024 * 1024)
#define ACTI_NODE_EXPORTS_MAX (1u << 20)
#define ACTI_NODE_TYPES_MAX 65535

typedef struct acti_node acti_node;
typedef struct acti_router acti_router;

// Whether the buffer given to the link is being written, and whether the node wants to hear when it is.
typedef enum acti_write {
    ACTI_WRITE_NONE,   // nothing is being written
    ACTI_WRITING,      // and nothing waits for its end
    ACTI_WRITE_WANTED, // the node has more, and is to be told
    ACTI_WRITE_FAILED, // the peer is gone: nothing is written any more
} acti_write;

// What comes to a node's inbox; in the size of the EVENT message, which lies in the thing it is about.
typedef enum acti_node_event {
    ACTI_NODE_START,  // the link is there
    ACTI_NODE_READ,   // bytes have come, or the link is broken
    ACTI_NODE_WROTE,  // what was given to the link is written
    ACTI_NODE_CLOSED, // nothing of the link runs any more
    ACTI_NODE_LEAVE,  // the system closes
    ACTI_NODE_FORCE,  // and does not wait any longer
    ACTI_NODE_LATE,   // the peer took too long to introduce itself
    ACTI_NODE_READY,  // a proxy has something to say
    ACTI_NODE_CREDIT, // an export has handled some
    ACTI_NODE_ROOM,   // an export whose actor had a full inbox has room
    ACTI_NODE_FIND,   // a thread asks for a name
} acti_node_event;

static inline acta_msg acti_node_event_msg(acti_node_event what)
{
    return (acta_msg){.kind = ACTI_MSG_EVENT, .flags = ACTI_MSG_EMBEDDED, .size = (uint32_t)what};
}

// ---- proxies: proxy.c -------------------------------------------------------------

typedef struct acti_proxy {
    acti_actor *actor; // whose state this is
    acti_node *node;   // one reference to its actor
    uint64_t id;       // the peer's number for it
    uint32_t held;     // holds that the peer counts for us
    int64_t credit_messages;
    int64_t credit_bytes;
    acta_msg ready_event;  // pushed by the wake, so at most once until the proxy is parked again
    acti_au32 eof_queued;  // 1: the EOF is in the inbox; see last_sender
    acti_list waiting;     // in the node's list of those that wait for room
    acti_list all;         // in the node's list
    acti_list watches;     // of the remote actor on ours: see watch.c
    acta_msg *batch_newest; // of the batch of the actor, if there is one
    uint32_t replies;      // in that batch
    bool stalled;          // waits for credit, parked with a batch
} acti_proxy;

// acti_proxy_get gives the proxy for the peer's actor of that number, made if need be, borrowed. NULL without memory.
acti_proxy *
acti_proxy_get(acti_node *node, uint64_t id, const char *name);

// acti_proxy_hold gives a sender after the peer has counted one hold for us.
acta_tx *
acti_proxy_hold(acti_proxy *proxy, const char *where);

// acti_proxy_ready takes the event that a proxy has woken up.
void
acti_proxy_ready(acti_proxy *proxy);

// acti_proxy_run writes what the proxy has to say, until it is empty or has to wait.
void
acti_proxy_run(acti_proxy *proxy);

// acti_proxy_credit adds credit and runs the proxy if it waited for that.
void
acti_proxy_credit(acti_node *node, const acti_frame *frame);

// acti_proxies_quiet: whether no proxy has anything left to say.
bool
acti_proxies_quiet(acti_node *node);

// acti_proxies_sweep frees proxies that nobody refers to; called now and then.
void
acti_proxies_sweep(acti_node *node);

// acti_proxies_end makes every proxy unreachable: what waits is answered or counted.
void
acti_proxies_end(acti_node *node, int status);

// ---- exports: export.c ---------------------------------------------------------------

typedef struct acti_export {
    acti_origin origin; // first: a message's origin is its export
    acti_node *node;    // one reference to its actor
    acti_actor *actor;  // one reference
    acta_tx *tx;        // while held > 0
    uint64_t id;
    uint32_t held; // senders the peer holds
    uint32_t uses; // asks and monitors of this actor that the peer has not settled
    acti_au32 refs;          // the tables', and one per message on its way
    acti_au64 done_messages; // handled since the last CREDIT; anyone
    acti_au64 done_bytes;
    acti_au32 credit_queued; // 1: credit_event is in the node's inbox
    acta_msg credit_event;
    acti_actor *line; // what waits for room in the actor's inbox, see line.c; NULL: nothing ever had to
    acta_msg room_event;
    bool line_paused;
} acti_export;

// acti_export_get gives the export of an actor, made if need be, or NULL. acti_export_find looks up a number.
acti_export *
acti_export_get(acti_node *node, acti_actor *actor);
acti_export *
acti_export_find(acti_node *node, uint64_t id);

// acti_export_settle drops uses and holds. The last hold is given up with reason; ACTA_OK: it was dropped.
void
acti_export_settle(acti_export *export, uint32_t uses, uint32_t held, int reason);

// acti_export_handled counts a message of size bytes from the peer that is done with, or could not be taken: credit
// that grows again. Threads: any that holds a reference.
void
acti_export_handled(acti_export *export, uint32_t size);

// acti_export_credit tells the peer what has been handled.
void
acti_export_credit(acti_export *export);

// acti_export_unheard drops a credit event that the node will not hear.
void
acti_export_unheard(acti_export *export);

// acti_exports_end releases all holds of a peer that is gone: it died without dropping them.
void
acti_exports_end(acti_node *node);

// ---- lines: line.c --------------------------------------------------------------------

// acti_line_give gives the export's actor a SEND or an ASK that has come, now or when there is room.
//
// Owns:    m is the actor's on ACTA_OK, else still the caller's.
// Errors:  ACTA_EGONE it has ended; ACTA_ENOMEM.
int
acti_line_give(acti_export *export, acta_msg *m);

// acti_line_room takes the event that there is room.
void
acti_line_room(acti_export *export);

// acti_line_force gives the actor all that waits, over the bound of its inbox if need be.
void
acti_line_force(acti_export *export);

// ---- watches of the peer's actors on ours: watch.c --------------------------------------

void
acti_watch_start(acti_node *node, const acti_frame *frame);
void
acti_watch_stop(acti_node *node, const acti_frame *frame);

// acti_watch_done forgets a watch whose DOWN has been written; m is that DOWN.
void
acti_watch_done(acta_msg *m);

// acti_watches_end gives up all watches of one watcher.
void
acti_watches_end(acti_proxy *watcher);

// ---- type numbers: types.c ---------------------------------------------------------------

typedef struct acti_types {
    void *sent;              // of libc's tsearch: types we have told, by address
    uint32_t sent_count;
    const acta_type **known; // by the peer's number - 1; NULL: not defined here
    uint32_t known_count;
    uint32_t known_room;
    char **names; // the peer's names of them, for reports
} acti_types;

// acti_types_number gives the number of a type, telling the peer if it is new. ACTA_OK or what acti_session_put says.
int
acti_types_number(acti_node *node, const acta_type *type, uint32_t *number);

// acti_types_learn enters what the peer told; ACTA_EMALFORMED or ACTA_ENOMEM.
int
acti_types_learn(acti_node *node, const acti_frame *frame);

// acti_types_get gives the type of a number; *name is the peer's name. NULL when it is not defined here, and *name is
// NULL when the peer has not told that number.
const acta_type *
acti_types_get(const acti_node *node, uint32_t number, const char **name);

void
acti_types_fini(acti_types *types);

// ---- finding names at the peer: find.c ------------------------------------------------------

// acti_find is one question of a thread outside. It goes to the node's inbox and comes back to the thread's.
typedef struct acti_find {
    acta_msg event;
    acti_actor *caller; // one reference
    const char *where;
    int status;
    acta_tx *tx; // with ACTA_OK
    char name[ACTI_FRAME_TEXT_MAX + 1];
} acti_find;

void
acti_find_ask(acti_node *node, acti_find *find);
void
acti_find_told(acti_node *node, const acti_frame *frame);
void
acti_find_serve(acti_node *node, const acti_frame *frame);

// acti_find_fail gives a question back unanswered; acti_finds_end all that are on their way.
void
acti_find_fail(acti_find *find, int status);
void
acti_finds_end(acti_node *node, int status);

// ---- the node: node.c ------------------------------------------------------------------------

struct acti_node {
    acti_actor *actor; // whose state this is
    char name[ACTI_NAME_BYTES]; // the name of actor: says which peer, once that is known
    acti_router *router;
    acti_session session;
    acti_link *link;
    acti_buf writing;      // given to the link until it has written it
    acti_au32 write_state; // acti_write; see node.c
    acti_au32 write_told;  // 1: write_event is in the inbox, or about to be
    bool read_pending;
    bool leaving;  // GOODBYE is to be said once all is said
    bool settled;  // what the peer held and owed has been settled; why is set
    bool hurry;    // close without waiting for what is in out; why is set
    bool closing;  // the link has been told to close
    int32_t why;   // the reason for ending; ACTA_OK before
    acti_au32 status; // -status as acta_node_status gives it; anyone reads

    // Events of the link and the router; each is in the inbox at most once. What they report is written before they
    // are pushed and read when they are taken.
    acta_msg start_event;
    acta_msg read_event;
    acta_msg write_event;
    acta_msg closed_event;
    acta_msg leave_event;
    acta_msg force_event;
    acta_msg late_event;
    int read_status;
    size_t read_size;

    acti_alarm alarm; // for the handshake, then for the last bytes; holds one reference while it is set
    bool alarm_set;
    acti_au32 forced; // 1: force_event has been pushed
    acti_actor *opener;   // a thread that waits for the welcome; one reference
    acta_msg opened_event; // what it is sent, once
    acta_listener *listener; // to be told of the welcome; one reference
    char url[ACTI_URL_MAX + 1];

    void *proxies_by_id; // of libc's tsearch
    acti_list proxies;
    uint32_t proxy_count;
    uint32_t sweep_at; // proxy_count from which a sweep is due
    acti_list waiting; // proxies that wait for room in out

    acti_slots exports;
    uint32_t exports_sweep_at;
    void *exports_by_actor; // of libc's tsearch
    acti_slots finds;       // acti_find by query
    acti_slots asks;        // requests sent to the peer and not answered: their promises
    acti_slots monitors;    // MONITORs sent to the peer: their messages
    acti_types types;
    acti_list all; // in the router's list; its lock
};

// acti_node_start makes a node for a link: it speaks first if caller is set. opener is told, or listener, when it
// is welcomed; both may be NULL. The references to them are taken. NULL without memory: the link is closed then.
acti_node *
acti_node_start(acti_router *router, acti_link *link, bool caller, const char *url, acti_actor *opener,
                acta_listener *listener);

// acti_node_force ends the session now, without a goodbye. Threads: any.
void
acti_node_force(acti_node *node);

// acti_node_gone is what whoever waits for something of a peer whose session has ended is told: ACTA_EUNREACH after a
// goodbye, else why it ended. Threads: any.
int
acti_node_gone(const acti_node *node);

// acti_node_receive deals with one frame: receive.c. ACTA_OK, or why the session cannot go on.
int
acti_node_receive(acti_node *node, const acti_frame *frame);

// acti_node_break ends the session: cause is told to the peer and reported.
void
acti_node_break(acti_node *node, int status, const char *cause);

// acti_node_put writes a frame of our own making; a failure breaks the session.
void
acti_node_put(acti_node *node, acti_frame *frame);

static inline acti_node *acti_node_of(acta_node *node)
{
    return (acti_node *)(void *)node;
}

#endif
