// SPDX-License-Identifier: MIT
//
// node.h - other processes. Two systems that are connected are nodes to each other; a sender found there is
// used like any other, and order, end and death hold as they do here.
//
// Two systems have one session, whoever of them has connected, and however often. It outlives its connections: when one
// is lost, who has connected does so again, at once and then up to once a second, and everything that was sent goes on
// where it was interrupted: nothing is lost, doubled or moved. The session is over when the peer says goodbye, when its
// process is seen to have ended, when it does not know the session any more, or when nothing was heard of it for two
// and a half of its heartbeats (acta_system_opts.heartbeat_ns).
//
// A URL is one of
//
//   ipc://PATH        a socket of at most 106 bytes. It, and whoever connects, must belong to this user; the folder it
//                     lies in to this user or root, unless it is sticky as /tmp is.
//   tcp://HOST:PORT   loopback, unless plaintext_anywhere is among the options of the system. Any user of this machine
//                     may connect.
//   tls+tcp://HOST:PORT   anywhere, between programs whose certificates are signed by an authority that the other
//                     believes; see acta_tls_opts. That of who is connected to must be for HOST.
//
// HOST is a name, an IPv4 address, or an IPv6 address in brackets. Port 0 leaves the port to the system.

#ifndef ACTA_NODE_H
#define ACTA_NODE_H

#include <acta/message.h>
#include <acta/sender.h>
#include <acta/system.h>

ACTA_BEGIN_DECLS

typedef struct acta_node acta_node;         // one connected peer
typedef struct acta_listener acta_listener; // where peers connect

// acta_node_listen serves url until the listener is closed. A socket of ipc gets mode 0600 and the file
// <path>.lock beside it is held locked meanwhile. A socket that a crash left behind is replaced;
// anything else at that path is left alone. Of a name with several addresses the first is served that this machine has.
//
// Peers that are met from then on are told the URLs of all open listeners, in the order in which they were opened, as
// far as these fit into 255 bytes: there other nodes look for this one when they are handed a sender to its actors.
//
// Threads: any that is not running an actor.
// Errors:  ACTA_EINVAL not a URL; ACTA_EEXIST another process serves it, or something that is not a socket lies there;
//          ACTA_ENOENT there is no such folder or host; ACTA_EACCES; ACTA_EUNREACH the name could not be looked up;
//          ACTA_EIO. report says which URL, why, and what to do.
ACTA_NODISCARD ACTA_API int
acta_node_listen(acta_system *sys, const char *url, acta_listener **listener);

// acta_node_accept waits for the next peer that has connected. One with which there is a session already is not given
// again.
//
// Owns:    *node is the caller's, to be given to acta_node_drop.
// Errors:  ACTA_ETIMEOUT; ACTA_EDEADLK called inside an actor.
ACTA_NODISCARD ACTA_API int
acta_node_accept(acta_listener *listener, uint64_t timeout_ns, acta_node **node);

// acta_listener_url is the URL that others can connect to: the path from the root; the port that the system chose where
// that was left to it; and the name of this machine in place of 0.0.0.0 and [::].
//
// Owns:    borrowed, until the listener is closed.
ACTA_API const char *
acta_listener_url(const acta_listener *listener);

// acta_listener_close stops listening and removes the socket. Connected peers stay.
ACTA_API void
acta_listener_close(acta_listener **listener);

// acta_connect connects to a listening system and waits until there is a session with it. It tries again and again
// until timeout_ns have passed, so that the two may be started in any order: at once, and then with rests of 10 ms to a
// second. What no waiting cures ends it at once: ACTA_EACCES, ACTA_EINVAL, ACTA_EREFUSED, ACTA_EVERSION,
// ACTA_EMALFORMED. With 0 it is tried once, and for no longer than 5 seconds. Where there is a session with that system
// already, also because it has connected to this one, that node is given.
//
// Owns:    *node is the caller's, to be given to acta_node_drop.
// Errors:  ACTA_EUNREACH nobody listened there until the end; ACTA_ETIMEOUT no connection or no welcome in time;
//          ACTA_EREFUSED the peer says no; ACTA_EVERSION; ACTA_EMALFORMED it does not speak acta; ACTA_EACCES it may
//          not be used; ACTA_EFULL too many names are being looked up; ACTA_EINVAL no URL, or this very system;
//          ACTA_EDEADLK called inside an actor. report says which URL, why, and what to do.
ACTA_NODISCARD ACTA_API int
acta_connect(acta_system *sys, const char *url, uint64_t timeout_ns, acta_node **node);

// acta_node_find gives a sender to the actor that the peer has published under name by now: one that is published later
// is not waited for.
//
// Owns:    *tx is the caller's, to be dropped.
// Errors:  ACTA_ENOENT nobody there has that name; ACTA_EINVAL an empty or too long name, or one that is not UTF-8;
//          ACTA_ETIMEOUT; ACTA_EUNREACH the peer said goodbye; ACTA_ECRASHED it is gone without, or why else the
//          session has ended, as acta_node_status says; ACTA_EDEADLK called inside an actor.
ACTA_NODISCARD ACTA_API int
acta_node_find_at(acta_node *node, const char *name, uint64_t timeout_ns, acta_tx **tx, const char *where);
#define acta_node_find(node, name, timeout_ns, tx) acta_node_find_at((node), (name), (timeout_ns), (tx), ACTA_HERE)

// The outcome of acta_node_find_ask when somebody has that name. The sender is the message's own: acta_tx_dup keeps
// one.
ACTA_MESSAGE(acta_node_found, (tx, tx));

// acta_node_find_ask is acta_node_find for actors: the outcome arrives as that of an ask does, so that acta_await gives
// it, and acta_msg_ask tells it from others. It is an acta_node_found, or an acta_failure with the status that
// acta_node_find would return.
//
// Owns:    name is read before the call returns; node must be held no longer than that.
// Threads: inside self's turn.
// Errors:  ACTA_EINVAL as acta_node_find, or not inside self's turn, or a node of another system; ACTA_EUNREACH and
//          ACTA_ECRASHED as acta_node_find, where that is known; ACTA_EFULL 2^24 asks, timers, monitors, links and
//          watches are pending; ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_node_find_ask(acta_self *self, acta_node *node, const char *name, uint64_t timeout_ns, uint64_t *id);

// acta_node_status is ACTA_OK while the session lives, connected or not, then why it ended: ACTA_ESTOPPED after a
// goodbye from either side, ACTA_ECRASHED when the peer went without one or was silent for too long, ACTA_EMALFORMED or
// ACTA_EVERSION when it broke the protocol.
ACTA_API int
acta_node_status(const acta_node *node);

// acta_node_name is what the peer calls itself: its program and process, such as "body_stream.4711". For reports.
// Borrowed for as long as the node is held.
ACTA_API const char *
acta_node_name(const acta_node *node);

// acta_node_id is the number of the peer: random, and another one each time that a program opens a system. The same as
// in acta_node_up and acta_node_down.
ACTA_API uint64_t
acta_node_id(const acta_node *node);

// acta_node_drop lets a node handle go. The session itself lives on while senders use it, and ends at
// acta_close.
ACTA_API void
acta_node_drop(acta_node **node);

// ---- nodes that come and go ----------------------------------------------------------

// There is a session with a node. url is where others reach it, the first of its URLs; "" if it listens nowhere.
ACTA_MESSAGE(acta_node_up, (u64, watch), (u64, node), (str, name), (str, url));

// The session with it is over, with what acta_node_status gives. It comes after the DOWN of each of its actors that was
// watched has been sent.
ACTA_MESSAGE(acta_node_down, (u64, watch), (u64, node), (str, name), (i64, reason));

// acta_watch_nodes makes an acta_node_up arrive for each node that there is, at once, and for each that comes to be;
// and for each of these an acta_node_down when its session is over. None is lost, in whatever number they come: the
// next is sent when the actor is done with the one before. A watch keeps nobody alive, and is ended by acta_unwatch
// (acta/port.h).
//
// Threads: inside self's turn.
// Errors:  ACTA_EINVAL not inside self's turn; ACTA_EFULL 2^24 asks, timers, monitors, links and watches are pending;
//          ACTA_ENOMEM.
ACTA_NODISCARD ACTA_API int
acta_watch_nodes(acta_self *self, uint64_t *watch);

ACTA_END_DECLS

#endif
