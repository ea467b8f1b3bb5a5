// SPDX-License-Identifier: MIT
//
// node.h - one peer, from inside: the session actor and what it looks after.
//
// Design notes. A node is an actor of the library's own in the pool. Everything reaches it through its inbox: bytes
// that were read, writes that ended, connections that were made, proxies that have something to say, requests of
// threads outside. So it needs no lock: all fields below belong to its turns, except where said.
//
//   sending    An actor of the peer is represented here by a proxy: an ordinary inbox, whose wake puts the proxy
//              into the node's inbox. The node takes the proxy's messages in order and writes them as frames, as far as
//              the receiver's credit and the session's bounds go. What is sent, replied and reported to one remote
//              actor is therefore in one queue, and keeps its order.
//   receiving  An actor of ours that the peer knows is an export: a number, the senders the peer holds,
//              and the count of messages it has handled, which becomes new credit.
//
//   the node   what it is for                               then
//   NEW        its session is to come to be: it calls, or   OPEN when its connection is UP (session.h) for the first
//              waits to be called                           time; OVER when that cannot be
//   OPEN       proxies and exports talk; with a connection  OVER after goodbyes, when the session is broken, or when
//              or, for a while, without                     the peer has been away for too long or is known to be dead
//   OVER       why says why, and all is settled             ended when no connection and no dial is left
//
//   its line   what there is                                then
//   NONE       no connection. Who was called waits to be    DIALLING; LINKED when it is given a connection
//              called again; who calls rests between tries
//   DIALLING   the link layer connects                      LINKED; NONE when that failed or is not wanted any more
//   LINKED     a connection; session.phase says how far     CLOSING when it is broken, late or not wanted any more
//   CLOSING    nothing is asked of it any more              NONE when nothing of it runs
//
// Who has called does so again when a connection is lost, at once and then with more and more time in between, and who
// was called waits, until five ticks of silence (beat.c), or until the process of the peer is seen to be gone.
//
// The node of a peer. A system has one node for each peer, which is entered in the router as soon as the peer is known;
// the session that it comes to have is the one session between the two. A connection may be made by two sides at once,
// by several threads, or anew while the old one is not seen to be lost. So it begins with a node that knows nobody yet:
// one that a connection was made to, or that calls a URL. When HELLO or WELCOME says who the peer is, and it has no
// node yet, this becomes its node. Otherwise the peer's node is given the connection, and decides (meet.c):
//
//   HELLO names a session      its own number: the old connection is dropped for this one
//   HELLO, it is OPEN          WELCOME with KNOWN: who called is to use the session that there is
//   HELLO, it calls the peer   both call each other at once: the connection of the caller with the smaller number of
//   the
//                              two nodes stays, and both sides know both numbers by then
//   HELLO, it was called       this connection waits for what becomes of the one before
//   WELCOME, it is OPEN        not needed: the connection is dropped without having been confirmed
//   WELCOME, it is NEW         by the rule for two that call each other

#ifndef ACTI_ROUTE_NODE_H
#define ACTI_ROUTE_NODE_H

#include <acta/node.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/slots.h"
#include "base/table.h"
#include "codec/codec.h"
#include "core/actor.h"
#include "core/clock.h"
#include "link/link.h"
#include "route/holds.h"
#include "route/session.h"
#include "route/urls.h"

#define ACTI_NODE_HANDSHAKE_NS (5 * ACTA_SECOND)  // from a connection to its being UP
#define ACTI_NODE_LINGER_NS ACTA_SECOND           // for the peer to take our last bytes
#define ACTI_NODE_REACH_NS (10 * ACTA_SECOND)     // for a peer that others know to be reached
#define ACTI_NODE_REST_NS_MIN (10 * ACTA_MS)      // between two tries to connect, doubled from one to the next
#define ACTI_NODE_REST_NS_MAX ACTA_SECOND
#define ACTI_NODE_TICKS 5                         // of silence, after which the session is over
#define ACTI_NODE_TICK_NS ACTA_SECOND             // of a peer that says nothing of itself while all is well
#define ACTI_NODE_LOOK_NS (5 * ACTA_MS)           // between two looks at the process of a peer that is away
#define ACTI_NODE_POLL_NS (ACTA_MS / 10)          // in which a peer that has said something mostly says more
#define ACTI_NODE_POLL_VAIN_MAX 4                 // after so many times in vain 15 reads are not looked behind
#define ACTI_NODE_WRITE_ENOUGH (64u * 1024)       // bytes waiting that are written before the next event is looked at
#define ACTI_NODE_UNFLUSHED_MAX 16                // events in a row after which nothing is written
#define ACTI_NODE_SAY_MAX 64                      // messages that a proxy says before others have their turn
#define ACTI_NODE_LARGE (16u * 1024)              // a message of so many bytes in memory is large to wait for its turn
#define ACTI_NODE_LARGE_ROOM 96                   // as many of them may wait in a proxy: what fits into caches
#define ACTI_NODE_OUT_ENOUGH (256u * 1024)        // bytes waiting above which proxies wait
#define ACTI_NODE_KEPT_ENOUGH (4u * 1024 * 1024)  // bytes written and not acknowledged above which they wait, too
#define ACTI_NODE_OUT_MAX (8u * 1024 * 1024)      // bytes waiting or kept, beside a largest message, that are too many
#define ACTI_NODE_CREDIT_MESSAGES 512                 // per receiving actor
#define ACTI_NODE_CREDIT_BYTES (4u * 1024 * 1024)
#define ACTI_NODE_EXPORTS_MAX (1u << 20)
#define ACTI_NODE_TYPES_MAX 65535

typedef struct acti_node acti_node;
typedef struct acti_router acti_router;
typedef struct acti_pieces acti_pieces;

// Whether the buffer given to the link is being written, and whether the node wants to hear when it is.
typedef enum acti_write {
    ACTI_WRITE_NONE,   // nothing is being written
    ACTI_WRITING,      // and nothing waits for its end
    ACTI_WRITE_WANTED, // the node has more, and is to be told
    ACTI_WRITE_FAILED, // the peer is gone: nothing is written any more
} acti_write;

// What comes to a node's inbox; in the size of the EVENT message, which lies in the thing it is about.
typedef enum acti_node_event {
    ACTI_NODE_START,    // it is made
    ACTI_NODE_READ,     // bytes have come, or the connection is broken
    ACTI_NODE_WROTE,    // what was given to the link is written
    ACTI_NODE_POLL,     // to look whether more has come: see poll.c
    ACTI_NODE_CLOSED,   // nothing of the link runs any more
    ACTI_NODE_DIALED,   // a dial has ended
    ACTI_NODE_DUE,      // the alarm
    ACTI_NODE_GIVEN,    // a connection that came to another node, or somebody who waits for this one to be OPEN
    ACTI_NODE_UNWANTED, // who waits for it to be OPEN does not wait any longer
    ACTI_NODE_DIED,     // the process of the peer has ended
    ACTI_NODE_LEAVE,    // the system closes
    ACTI_NODE_FORCE,    // and does not wait any longer
    ACTI_NODE_READY,    // a proxy has something to say
    ACTI_NODE_CREDIT,   // an export has handled some
    ACTI_NODE_ROOM,     // an export whose actor had a full inbox has room
    ACTI_NODE_FIND,     // a thread asks for a name
    ACTI_NODE_MADE,     // proxies were made in other turns
    ACTI_NODE_CLAIM,    // of a claim until it is over; see handed.h
    ACTI_NODE_TAKEN,    // and then: the giver's node is to be told
    ACTI_NODE_SETTLED,  // no loan is left, or no node that has something to say: see leave.h
    ACTI_NODE_UNBOUND,  // an actor of ours has ended to which one of the peer's is linked: see watch.c
} acti_node_event;

static inline acta_msg acti_node_event_msg(acti_node_event what)
{
    return (acta_msg){.kind = ACTI_MSG_EVENT, .flags = ACTI_MSG_EMBEDDED, .size = (uint32_t)what};
}

// ---- proxies: proxy.c -------------------------------------------------------------

// Who has made the process of the peer, for an actor of it that was agreed on: see root.c.
typedef struct acti_maker {
    acti_actor *watcher; // its own; it watches that actor
    void (*force)(struct acti_maker *maker);     // that actor is to end by force. Threads: any
    void (*forgotten)(struct acti_maker *maker); // nobody knows of the maker here any more
} acti_maker;

typedef struct acti_proxy {
    acti_actor *actor; // whose state this is
    acti_node *node;   // one reference to its actor
    uint64_t id;       // the actor's number at the peer; constant
    acti_table_link by_id; // in the node's table; the lock of proxies
    acti_list all;         // in the node's list, or before that in `made`, with the lock
    acti_au32 eof_queued;  // 1: the EOF is in the inbox; see queue_eof
    acta_msg ready_event;  // pushed by the wake, so at most once until the proxy is parked again
    acta_msg eof_msg;      // the actor's own end message is for a STOP
    acti_maker *maker;     // of a root only: root.c; constant

    // The node's turns.
    acti_taker taker;  // holds that the peer counts for us
    bool admitted;     // in the node's list
    int64_t credit_messages;
    int64_t credit_bytes;
    uint32_t capacity;     // of the inbox, while no large messages come
    acti_list waiting;     // in the node's list of those that wait for room, or for a slot
    acti_list watches;     // of the remote actor on ours, and its links: see watch.c
    acta_msg *batch_newest; // of the batch of the actor, if there is one
    acti_pieces *pieces;   // of a message that has been said in part; see pieces.h
    bool slot;             // for one
    uint32_t replies;      // in that batch
    bool stalled;          // waits for credit, parked with a batch
    bool over;             // it is known that the remote actor has ended; of a root only
    bool ended;            // its node has been told that it is to end by force
} acti_proxy;

static inline acti_proxy *acti_proxy_of(acti_actor *actor)
{
    return (acti_proxy *)(void *)(actor + 1);
}

// acti_proxy_get gives the proxy for the peer's actor of that number, made if need be, borrowed. NULL without memory.
// acti_proxy_find gives it if there is one. In the node's turns.
acti_proxy *
acti_proxy_get(acti_node *node, uint64_t id, const char *name);
acti_proxy *
acti_proxy_find(acti_node *node, uint64_t id);

// acti_proxy_reach is acti_proxy_get for everybody else: with a reference, NULL also when the node is over.
// Threads: any.
acti_proxy *
acti_proxy_reach(acti_node *node, uint64_t id, const char *name);

// acti_proxy_count counts a sender, from none too. Threads: any that holds a reference; see acti_claim_sender.
void
acti_proxy_count(acti_proxy *proxy);

// acti_proxy_given counts a sender for which the peer has counted a hold; acti_proxy_hold gives that sender, too. False
// and NULL: the peer cannot have counted so many.
bool
acti_proxy_given(acti_proxy *proxy);
acta_tx *
acti_proxy_hold(acti_proxy *proxy, const char *where);

// acti_proxy_is_left takes the EOF out of the inbox: whether no sender is left, and nothing that any has sent is to be
// said yet. If something is, the EOF goes behind it once more.
bool
acti_proxy_is_left(acti_proxy *proxy);

// acti_proxy_take_more puts what has come behind the batch.
void
acti_proxy_take_more(acti_proxy *proxy);

// acti_proxy_ready takes the event that a proxy has woken up.
void
acti_proxy_ready(acti_proxy *proxy);

// acti_proxy_run writes what the proxy has to say, until it is empty or has to wait.
void
acti_proxy_run(acti_proxy *proxy);

// acti_proxy_credit adds credit and runs the proxy if it waited for that.
void
acti_proxy_credit(acti_node *node, const acti_frame *frame);

// acti_proxies_admit takes proxies that were made in other turns into the list; acti_proxies_made when it was told.
void
acti_proxies_admit(acti_node *node);
void
acti_proxies_made(acti_node *node);

// acti_proxies_open gives the proxies that were made before the node was OPEN their credit.
void
acti_proxies_open(acti_node *node);

// acti_proxies_quiet: whether no proxy has anything left to say.
bool
acti_proxies_quiet(acti_node *node);

// acti_proxies_sweep frees proxies that nobody refers to; called now and then.
void
acti_proxies_sweep(acti_node *node);

// acti_proxy_root has a new proxy, which nobody else knows yet, behave as the stand-in of a root.
void
acti_proxy_root(acti_proxy *proxy, acti_maker *maker);

// acti_proxy_close closes a proxy's inbox. What waits in it is answered with status, or counted.
void
acti_proxy_close(acti_proxy *proxy, int status);

// acti_proxy_lost tells the watcher of a monitor, or the maker of a link, that the watched is of a node that is gone.
void
acti_proxy_lost(acti_node *node, acta_msg *monitor, int status);

// acti_proxies_end makes every proxy unreachable: what waits is answered or counted.
void
acti_proxies_end(acti_node *node, int status);

// ---- roots: root.c --------------------------------------------------------------------

// acti_root_begin makes of a new proxy the stand-in of an actor for which a process is made. It counts as an actor of
// this system from then on: acti_root_over is called when that has ended, on every way.
void
acti_root_begin(acti_proxy *proxy, uint32_t capacity, acti_maker *maker);

// acti_root_over deals with the end of a root, once it is known; nothing for any other proxy, and the second time.
// acti_root_ended does so for a DOWN of that reason which came for a watcher.
void
acti_root_over(acti_proxy *proxy, int status);
void
acti_root_ended(acti_actor *watched, const acti_actor *watcher, int reason);

// ---- exports: export.c ---------------------------------------------------------------

#define ACTI_DONE_ONE (UINT64_C(1) << 40) // more bytes than there is memory for messages that are not handled yet
#define ACTI_EXPORT_REFS_AHEAD 64

typedef struct acti_export {
    acti_origin origin; // first: a message's origin is its export
    acti_node *node;    // one reference to its actor
    acti_actor *actor;  // one reference
    acta_tx *tx;        // while the peer holds any
    acti_table_link by_id; // in the node's table
    acti_owner owner;      // what the peer holds
    bool shown;            // is in the router's table
    uint32_t uses; // asks and monitors of this actor that the peer has not settled
    acti_au32 refs;          // the tables', and one per message on its way
    uint32_t refs_ahead;     // counted in refs for messages that are still to come; the node's turns
    acti_au64 done;          // handled since the last CREDIT: messages, each ACTI_DONE_ONE, and their bytes; anyone
    acti_au32 credit_queued; // 1: credit_event is in the node's inbox
    acta_msg credit_event;
    acti_actor *line; // what waits for room in the actor's inbox, see line.c; NULL: nothing ever had to
    acta_msg room_event;
    bool line_paused;
} acti_export;

// acti_export_get gives the export of an actor, made if need be, or NULL. acti_export_show does so for one whose number
// the peer is told as that of a sender or an address: it may tell others. acti_export_find looks up a number, and
// acti_export_seek also among what other peers were told; NULL: there is none, or no memory.
acti_export *
acti_export_get(acti_node *node, acti_actor *actor);
acti_export *
acti_export_show(acti_node *node, acti_actor *actor);
acti_export *
acti_export_find(acti_node *node, uint64_t id);
acti_export *
acti_export_seek(acti_node *node, uint64_t id);

// acti_export_actor gives the actor of a number that any peer was told, with a reference, or NULL: it has ended for so
// long that nobody knows it, or never was. It needs no memory.
acti_actor *
acti_export_actor(acti_node *node, uint64_t id);

// acti_export_hold counts one hold more of the peer. ACTA_OK; ACTA_EGONE the actor has no sender left; ACTA_EFULL;
// ACTA_ENOMEM.
ACTA_NODISCARD int
acti_export_hold(acti_node *node, acti_actor *actor, const char *where);

// acti_export_agreed counts the first hold of the peer, tx, of an actor whose number both sides were told before they
// met: 1, of the first actor of a system. ACTA_OK; ACTA_EINVAL it has another number; ACTA_ENOMEM. tx is dropped.
int
acti_export_agreed(acti_node *node, uint64_t id, acta_tx *tx);

// acti_export_used is called when uses are settled. acti_export_back gives holds back, with a reason that is not
// ACTA_OK when some sender was lost; false: the peer has not so many. The export may be gone after either.
void
acti_export_used(acti_export *export, uint32_t uses);
ACTA_NODISCARD bool
acti_export_back(acti_export *export, uint32_t count, int reason);

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

// acti_exports_deliver gives our actors all that has come for them, before they are told that the peer is gone.
void
acti_exports_deliver(acti_node *node);

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

// acti_line_stop has the actor stop behind what has come for it. ACTA_OK or ACTA_ENOMEM.
int
acti_line_stop(acti_export *export);

// acti_line_room takes the event that there is room.
void
acti_line_room(acti_export *export);

// acti_line_force gives the actor all that waits, over the bound of its inbox if need be.
void
acti_line_force(acti_export *export);

// ---- watches of the peer's actors on ours, and their links: watch.c ------------------------

// acti_watch_start begins a watch for a MONITOR, or a link for a LINK; acti_watch_stop takes either back.
void
acti_watch_start(acti_node *node, const acti_frame *frame);
void
acti_watch_stop(acti_node *node, const acti_frame *frame);

// acti_watch_done forgets a watch whose DOWN has been written; m is that DOWN.
void
acti_watch_done(acta_msg *m);

// acti_watch_unbind sends the LINK_OVER of a link of the peer's to the node, on any thread; acti_watch_unbound then
// tells the peer.
void
acti_watch_unbind(acti_actor *maker, acta_msg *m);
void
acti_watch_unbound(acta_msg *m);

// acti_watches_end gives up all watches of one watcher, whose node has gone for that reason: who is linked with it
// ends.
void
acti_watches_end(acti_proxy *watcher, int reason);

// ---- type numbers: types.c ---------------------------------------------------------------

// What the peer has told of one of its types.
typedef struct acti_known {
    const acta_type *type; // NULL: it is not defined here
    char *name;            // the peer's of it, for reports
    acti_codec_plan *plan; // if it is defined
} acti_known;

typedef struct acti_types {
    void *sent;              // of libc's tsearch: types we have told, by address
    const acta_type *last;   // the one whose number was asked for last, or NULL
    uint32_t last_number;
    const acti_codec_plan *last_plan;
    uint32_t sent_count;
    acti_known *known; // by the peer's number - 1
    uint32_t known_count;
    uint32_t known_room;
} acti_types;

// acti_types_number gives the number and the plan of a type, telling the peer if it is new. ACTA_OK or what
// acti_session_put says.
int
acti_types_number(acti_node *node, const acta_type *type, uint32_t *number, const acti_codec_plan **plan);

// acti_types_learn enters what the peer told; ACTA_EMALFORMED or ACTA_ENOMEM.
int
acti_types_learn(acti_node *node, const acti_frame *frame);

// acti_types_get gives what the peer has told of a number, or NULL when it has told nothing.
static inline const acti_known *acti_types_get(const acti_types *types, uint32_t number)
{
    return number - 1 < types->known_count ? &types->known[number - 1] : NULL;
}

void
acti_types_fini(acti_types *types);

// ---- finding names at the peer: find.c ------------------------------------------------------

// acti_find is one question. That of a thread outside goes to the node's inbox and comes back to the thread's; that of
// an actor is made by the node, when it takes the request.
typedef struct acti_find {
    acta_msg event;
    acti_actor *caller;    // one reference; NULL: an actor has asked
    acta_promise *promise; // of its request; or NULL
    const char *where;
    uint64_t query;
    int status;
    acta_tx *tx; // with ACTA_OK
    char name[ACTI_FRAME_TEXT_MAX + 1];
} acti_find;

void
acti_find_ask(acti_node *node, acti_find *find);

// acti_find_request takes the request of an actor, and acti_find_unheard answers one that the node will not take.
void
acti_find_request(acti_node *node, acta_msg *request);
void
acti_find_unheard(acti_node *node, acta_msg *request);

// acti_finds_open puts the questions that came before the session was OPEN.
void
acti_finds_open(acti_node *node);
void
acti_find_told(acti_node *node, const acti_frame *frame);
void
acti_find_serve(acti_node *node, const acti_frame *frame);

// acti_find_fail gives a question back unanswered; acti_queries_end all that are on their way, and claims.
void
acti_find_fail(acti_node *node, acti_find *find, int status);
void
acti_queries_end(acti_node *node, int status);

// ---- the node: node.c ------------------------------------------------------------------------

typedef enum acti_node_line {
    ACTI_LINE_NONE,
    ACTI_LINE_DIALLING,
    ACTI_LINE_LINKED,
    ACTI_LINE_CLOSING,
} acti_node_line;

// What its one alarm is for; see beat.c.
typedef enum acti_due {
    ACTI_DUE_REST,   // to call again
    ACTI_DUE_LATE,   // the connection should be UP by now, or closed
    ACTI_DUE_LIMIT,  // a part of the time is over in which the session is to be OPEN
    ACTI_DUE_BEAT,   // to say something
    ACTI_DUE_TICK,   // to have heard something
    ACTI_DUE_LOOK,   // at the process of the peer
    ACTI_DUE_LINGER, // the peer should have taken our last bytes by now
    ACTI_DUE_AGAIN,  // to put a piece for which there was no memory
    ACTI_DUES,
} acti_due;

// What the router knows of a node.
typedef enum acti_node_standing {
    ACTI_STANDING_NEW,
    ACTI_STANDING_OPEN,
    ACTI_STANDING_OVER,
} acti_node_standing;

typedef struct acti_given acti_given;
typedef struct acti_opening acti_opening;

struct acti_node {
    acti_actor *actor; // whose state this is
    char name[ACTI_NAME_BYTES]; // the name of actor: says which peer, once that is known
    acti_router *router;
    acti_session session;
    bool open;     // the session is, or was, OPEN
    bool leaving;  // GOODBYE is to be said once all is said
    bool settled;  // what the peer held and owed has been settled; why is set
    int32_t why;   // the reason for ending; ACTA_OK before
    char cause[ACTI_FRAME_TEXT_MAX + 1]; // the same for a person, when the peer's process has died
    acti_au32 status; // -status as acta_node_status gives it; anyone reads
    bool agreed;      // the number of the session was told to both before
    bool kept;        // whoever started the peer's process says when it has ended
    int32_t death;    // what the session ends with now that the peer's process has ended; ACTA_OK before

    // The connection: connection.c. What events report is written before they are pushed and read when they are taken;
    // each is in the inbox at most once.
    acti_node_line line;
    acti_link *link;  // LINKED and CLOSING
    bool up;          // acti_node_rise has been called for it
    bool read_pending;
    bool polling;       // the next read is not asked for: it is looked for; see poll.c
    bool poll_told;     // poll_event is in the inbox
    bool poll_late;     // others of its events went ahead of looking
    uint64_t poll_until_ns;
    uint32_t poll_vain; // times in a row that nothing came
    uint32_t poll_rest; // reads after which nothing is expected
    bool hurry;       // close without waiting for what is to be written
    uint32_t unflushed; // events since what there was to write was written
    bool wrote;       // something was written since the last beat
    bool taken;       // acti_session_wrote is to be called when the link has written what it was given
    acti_au32 write_state; // acti_write; see connection.c
    acti_au32 write_told;  // 1: write_event is in the inbox, or about to be
    int read_status;
    size_t read_size;

    // Calling: dial.c.
    bool caller;   // it calls url, and again when the connection is lost
    bool once;     // it gives up after the first try
    acti_urls urls;  // that are tried in turn until it is OPEN; empty: there is only url
    size_t urls_at;  // where the one after url begins
    bool may_cure;   // one that was tried in this round may do better in the next
    uint32_t tries; // to connect, since the last connection that was of any use
    uint64_t progress; // frames sent and received when the connection was last lost
    uint64_t chance;   // state of the generator of rests
    acti_au32 trouble; // -status of the last try that failed; anyone reads
    acti_link_dialer *dialer;
    int dial_status;  // what came of it; published by the push of dialed_event
    acti_link *dialed;
    char dial_why[ACTI_LINK_WHY_MAX];
    bool dropping; // the dial under way is not wanted any more
    char excuse[ACTI_LINK_WHY_MAX]; // a line that says why the last try has failed; empty: nothing special
    char url[ACTI_URL_MAX + 2]; // that it calls, or under which the peer has called us; one that is too long stays so

    // Meeting: meet.c.
    acti_list openings; // who waits until it is OPEN
    bool own_opening;   // the first of them made it
    acti_given *parked; // a connection that waits to be adopted
    acti_given *gift;   // the node's own connection, for the node of its peer as soon as nothing is being written
    acti_node *gift_to; // one reference to its actor
    acta_listener *listener; // to be told of the peer; one reference

    // The alarm: beat.c.
    acti_alarm alarm; // holds one reference while it is set
    bool alarm_set;
    uint64_t alarm_ns; // for when
    uint64_t due_ns[ACTI_DUES]; // UINT64_MAX: never
    uint64_t heard;    // by the session at the last tick
    uint32_t silence;  // ticks in a row in which nothing came
    uint64_t patience_ns; // of one part of the time in which it is to be OPEN
    uint32_t patience;    // parts that are over, in a row
    uint32_t looks;    // at the process of the peer, since the connection was lost

    acta_msg start_event;
    acta_msg read_event;
    acta_msg poll_event;
    acta_msg write_event;
    acta_msg closed_event;
    acta_msg dialed_event;
    acta_msg due_event;
    acta_msg unwanted_event;
    acta_msg died_event;
    acta_msg leave_event;
    acta_msg force_event;
    acti_au32 forced; // 1: force_event has been pushed
    acti_au32 ended;  // 1: died_event has been pushed
    int ended_with;   // published by that push, as cause is

    // Proxies that anybody may look up or make; see proxy.c.
    acti_lock proxies_lock; // rank 24
    acti_table proxies_by_id;
    acti_list made;        // by others, and not admitted
    bool made_told;        // made_event is in the inbox, or about to be
    bool proxies_over;     // none is made any more
    acti_au32 payload_max; // of the peer; what we take, as long as that is not known
    acta_msg made_event;

    acti_list proxies;
    uint32_t proxy_count;
    uint32_t sweep_at; // proxy_count from which a sweep is due
    acti_list waiting; // proxies that wait for room, or for the session to be OPEN
    acti_list slot_line; // proxies that wait to begin a large message: pieces.h
    uint32_t slots_taken;

    acti_table exports; // by the number of the actor
    uint32_t exports_sweep_at;
    acti_slots queries;     // FINDs and CLAIMs that were not answered: the events in them
    acti_slots loans;       // what we have lent the peer: senders
    uint32_t owed;          // loans of the peer's for which TAKEN has not been said
    bool restless;          // is counted as such by the router; see leave.h
    acta_msg settled_event;
    acti_au32 settled_told; // 1: that is in the inbox
    acti_slots asks;        // requests sent to the peer and not answered: their promises
    acti_slots monitors;    // MONITORs sent to the peer: their messages
    acti_types types;
    acti_codec_refs refs;   // who deals with the references in its messages: handed.h; constant

    // The router's: router.c and roster.c. Under its lock, except where said.
    acti_list all;
    acti_node_standing standing;
    bool stranger;     // it was made for a connection that came; constant
    bool wanted;       // somebody has it, and has not met it: it is not given up before its time
    uint64_t number;   // of the session under which the peer may call it again; 0: none
    uint64_t up_at;     // number of the news that it is OPEN; 0: it was not
    uint64_t down_at;   // and that it is OVER
    acti_au64 peer;     // the peer's number; 0: not known. Read by anyone: what follows is constant once it is set
    acti_urls peer_urls;              // under which others reach the peer; empty: nobody does
    char peer_url[ACTI_URL_MAX + 2];  // the first of them, or empty
    char peer_name[ACTI_FRAME_TEXT_MAX + 1]; // constant once the node is OPEN; read only then
};

// What a node is made for.
typedef struct acti_node_plan {
    const char *url;   // to be called; NULL: it is called, unless there are urls
    const char *urls;  // of which one is to be called, as in urls.h; NULL: url says which
    uint64_t session;  // the number that both sides were told before; 0: none
    uint64_t limit_ns; // to be OPEN; ACTA_FOREVER: none
    bool once;
    acti_link *link;         // a connection that was made to us, taken in any case; or NULL
    acta_listener *listener; // that it was made to: one reference, taken in any case; or NULL
    acti_opening *opening;   // one reference, taken on success; or NULL
} acti_node_plan;

// acti_node_new makes a node that has not begun: proxies and exports may be made for it. NULL without memory.
// acti_node_begin enters it in the router as the node of peer, or with 0 as one that does not know its peer, and starts
// it. It gives the node, or the one that the peer has meanwhile, with a reference to its actor; NULL when the system
// closes. Where it does not give the node, that is gone.
acti_node *
acti_node_new(acti_router *router, const acti_node_plan *plan);
acti_node *
acti_node_begin(acti_node *node, const acti_node_plan *plan, uint64_t peer);

// acti_node_renew begins the session anew, with that number or with 0, of a node that is not OPEN.
void
acti_node_renew(acti_node *node, uint64_t number);

// acti_node_force ends the session now, without a goodbye. Threads: any.
void
acti_node_force(acti_node *node);

// acti_node_died says that the process of the peer has ended: the session ends, with that status, behind what has come
// of it. Those who watch its actors are told the cause. The first call counts. Threads: any.
void
acti_node_died(acti_node *node, int status, const char *cause);

// acti_node_cause is why the peer's process has died, for a person; "" as long as that is not known.
static inline const char *acti_node_cause(const acti_node *node)
{
    return node->death != ACTA_OK ? node->cause : "";
}

// acti_node_gone is what whoever waits for something of a peer whose session has ended is told: ACTA_EUNREACH after a
// goodbye, else why it ended. Threads: any.
int
acti_node_gone(const acti_node *node);

// acti_node_receive deals with one frame: receive.c. ACTA_OK, or why the session cannot go on.
int
acti_node_receive(acti_node *node, const acti_frame *frame);

// acti_node_end ends the session. What is to be written still is, as far as the peer takes it in time; the rest is for
// settle, when no proxy is at work. acti_node_break does so, and tells the peer and the report why.
void
acti_node_end(acti_node *node, int status);
void
acti_node_break(acti_node *node, int status, const char *cause);

// acti_node_complain reports why the session is broken: to the listener, as long as somebody has only come there.
void
acti_node_complain(acti_node *node, const char *cause);

// acti_node_put writes a frame of our own making; a failure breaks the session.
void
acti_node_put(acti_node *node, acti_frame *frame);

// acti_node_shown is the peer's name, for reports.
const char *
acti_node_shown(const acti_node *node);

// acti_node_is_crowded: whether proxies have to wait before they put more.
static inline bool acti_node_is_crowded(const acti_node *node)
{
    return node->session.state != ACTI_SESSION_OPEN ||
           acti_session_waiting(&node->session) >= ACTI_NODE_OUT_ENOUGH ||
           acti_session_kept(&node->session) >= ACTI_NODE_KEPT_ENOUGH;
}

// acti_node_is_stranger: whether it has only been called, by somebody who has not said who it is. Constant, or with the
// router's lock.
static inline bool acti_node_is_stranger(const acti_node *node)
{
    return node->stranger && acti_au64_load_relaxed(&node->peer) == 0;
}

static inline acti_node *acti_node_of(acta_node *node)
{
    return (acti_node *)(void *)node;
}

#endif
