// SPDX-License-Identifier: MIT
//
// link.h - bytes between processes: connections and listeners.
//
// A link is one connection. It reads into memory that its owner gives, and writes one buffer at a time; each
// request has exactly one completion, also when the link is closed under it. Completions run on other threads, or,
// before the request returns, on the one that asks: the owner's functions there must only hand over (push to an inbox)
// and return.
//
// What links are made of is a table of operations, so that the layers above speak to any kind in the same words. The
// kind of this folder, acti_nng_links, is sockets of the system, through nng streams. The sim's kind is memory, and
// its completions come when its schedule says so.
//
// With nng all opening, closing and freeing happens on one control thread per process (control.c), because nng may
// block in these calls and forbids them in its callbacks. The functions here hand over to it and do not block,
// except where said.

#ifndef ACTI_LINK_LINK_H
#define ACTI_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/system.h>

#include "base/platform.h"
#include "link/url.h"

typedef struct acti_link acti_link;
typedef struct acti_link_dialer acti_link_dialer;
typedef struct acti_link_listener acti_link_listener;
typedef struct acti_links acti_links;

// What the owner of a link is told. status is ACTA_OK, ACTA_EUNREACH when the peer is gone or the link closed,
// ACTA_EIO otherwise.
typedef struct acti_link_owner {
    // A read ended: size bytes came (at least 1 with ACTA_OK; end of stream is ACTA_EUNREACH).
    void (*on_read)(void *arg, int status, size_t size);
    // A write ended: all of it was taken by the system, or the link is broken.
    void (*on_write)(void *arg, int status);
    // The last word: nothing of the link runs or will run, and its memory is gone. After acti_link_close only.
    void (*on_closed)(void *arg);
} acti_link_owner;

#define ACTI_LINK_WHY_MAX 1024 // bytes of a line that says why, with its NUL

// What came of a dial. why is a line for a person when there is no link, and NULL else; borrowed.
typedef void (*acti_link_dialed)(void *arg, int status, acti_link *link, const char *why);

// A connection that came to a listener; or NULL, when one was refused, and why.
typedef void (*acti_link_accepted)(void *arg, acti_link *link, const char *why);

// ---- one kind of links ----------------------------------------------------------------

// What a kind does for the functions below of the same names, which say what is asked of it.
typedef struct acti_link_ops {
    void (*read)(acti_link *link, void *bytes, size_t size);
    size_t (*read_now)(acti_link *link, void *bytes, size_t size); // NULL: nothing is ever there at once
    void (*write)(acti_link *link, const void *bytes, size_t size);
    void (*close)(acti_link *link);
} acti_link_ops;

// What every link begins with.
struct acti_link {
    const acti_link_ops *ops; // constant
    acti_link_owner owner;    // set before the first request
    void *owner_arg;
};

// What every dial begins with.
struct acti_link_dialer {
    void (*close)(acti_link_dialer *dialer);
};

// What every listener begins with.
struct acti_link_listener {
    void (*close)(acti_link_listener *listener);
    char url[ACTI_URL_MAX + 1]; // for others to dial; constant
};

// Where a system's links come from.
struct acti_links {
    acti_link_dialer *(*dial)(const acti_links *links, const char *url, acti_link_dialed done, void *arg);
    int (*listen)(const acti_links *links, const char *url, acti_link_accepted accepted, void *arg,
                  acti_link_listener **listener, acti_reason why);
    // Whether anything is on its way that will still arrive, in a world in which time may leap meanwhile; NULL: time is
    // real, and says by itself what does not come any more.
    bool (*moving)(const acti_links *links);
};

// The kind that programs use: sockets of the system, through nng.
typedef struct acti_nng_links {
    acti_links base; // first
    const acta_system_opts *opts;
} acti_nng_links;

// acti_nng_links_init makes them. opts says what is allowed, and stays as long as they; NULL: nothing special.
void
acti_nng_links_init(acti_nng_links *links, const acta_system_opts *opts);

// ---- links ----------------------------------------------------------------------------

// acti_link_read asks for the next bytes. At most one read is pending. bytes stay valid until on_read.
//
// Threads: any, until on_closed is called; on_read may be called before this returns. A request after
//          acti_link_close ends with ACTA_EUNREACH. The same holds for acti_link_write.
static inline void acti_link_read(acti_link *link, void *bytes, size_t size)
{
    acti_assert(size > 0);
    link->ops->read(link, bytes, size);
}

// acti_link_read_now reads what has come already, and gives how much that was; 0: nothing, or the link is closed or at
// its end, which acti_link_read will say. Nobody else is told. While no read is pending. Threads: any, one at a time.
static inline size_t acti_link_read_now(acti_link *link, void *bytes, size_t size)
{
    return link->ops->read_now != NULL ? link->ops->read_now(link, bytes, size) : 0;
}

// acti_link_reads_now: whether it makes sense to look whether something has come, instead of being told.
static inline bool acti_link_reads_now(const acti_link *link)
{
    return link->ops->read_now != NULL;
}

// acti_link_write writes all of bytes. At most one write is pending. bytes stay valid until on_write.
static inline void acti_link_write(acti_link *link, const void *bytes, size_t size)
{
    acti_assert(size > 0);
    link->ops->write(link, bytes, size);
}

// acti_link_own sets who is told; an owner of nothing but NULL: nobody. Before the first read or write, or when none is
// pending and its completion has returned.
static inline void acti_link_own(acti_link *link, const acti_link_owner *owner, void *arg)
{
    link->owner = *owner;
    link->owner_arg = arg;
}

// acti_link_close ends the link; pending requests complete, then on_closed is called. Once. A link without an
// owner is freed silently. Threads: any, the owner's functions too.
static inline void acti_link_close(acti_link *link)
{
    link->ops->close(link);
}

// acti_link_dial connects to where url says. done is called once, whatever happens, and gets the link and owns it, or
// NULL and a status: ACTA_EINVAL url is none; ACTA_EUNREACH nobody listens there; ACTA_EACCES it is not allowed, or the
// peer or the folder of its socket belongs to another user; ACTA_ESTOPPED the dial was given up; ACTA_ENOMEM; ACTA_EIO.
// A socket whose listener is too busy is asked again for a second.
//
// Gives the dial, to be given to acti_link_dialer_close, or NULL when done was called before this returned: on the
// caller's thread, because nothing could be begun. Else done runs on another thread, perhaps before this returns.
static inline acti_link_dialer *acti_link_dial(const acti_links *links, const char *url, acti_link_dialed done,
                                               void *arg)
{
    return links->dial(links, url, done, arg);
}

// acti_link_moving: whether it is too early to conclude anything from silence, however much time has passed.
static inline bool acti_link_moving(const acti_links *links)
{
    return links->moving != NULL && links->moving(links);
}

// acti_link_dialer_close lets a dial go, and gives it up if it is still going on: done is then called soon, and is
// called still. Takes *handle. Does not block. Threads: any, done too.
static inline void acti_link_dialer_close(acti_link_dialer **handle)
{
    acti_link_dialer *dialer = *handle;
    *handle = NULL;
    if (dialer != NULL)
        dialer->close(dialer);
}

// acti_link_listen listens where url says. A socket of the file system has mode 0600 and is served under a flock on
// <path>.lock held for the life of the listener (sockfile.h has the rules for the files); a peer of another uid is
// closed before a byte is read. accepted gets each connection and owns it, or is told of one that was refused; it runs
// on the control thread, perhaps before this returns, and must only hand over. Accepting goes on after any peer's
// misbehaviour; on a lack of descriptors or memory it pauses and tries again.
//
// Blocks until it listens or cannot. Not inside the owner's functions. why gets a line for a person on failure.
// Errors:  ACTA_EINVAL url is none; ACTA_EEXIST served by another process, or no socket lies there; ACTA_ENOENT no
//          such folder or host; ACTA_EACCES; ACTA_ENOMEM; ACTA_EIO.
static inline int acti_link_listen(const acti_links *links, const char *url, acti_link_accepted accepted, void *arg,
                                   acti_link_listener **listener, acti_reason why)
{
    return links->listen(links, url, accepted, arg, listener, why);
}

// acti_link_listener_url is where others can dial it, borrowed: with the port that the system chose, and a whole path.
static inline const char *acti_link_listener_url(const acti_link_listener *listener)
{
    return listener->url;
}

// acti_link_listener_close stops listening, removes the socket if it is still ours, then the lock. Blocks
// until accepted will not be called any more. Takes *listener. Not inside the owner's functions.
static inline void acti_link_listener_close(acti_link_listener **handle)
{
    acti_link_listener *listener = *handle;
    *handle = NULL;
    if (listener != NULL)
        listener->close(listener);
}

// ---- of nng's kind --------------------------------------------------------------------

// What came of the connections to a listener so far.
typedef struct acti_link_counts {
    uint64_t accepted;
    uint64_t refused; // the peer was another user, or not who it had to be
    uint64_t failed;  // no descriptor or no memory for it
} acti_link_counts;

void
acti_link_listener_counts(const acti_link_listener *listener, acti_link_counts *counts);

// acti_link_fini ends the control thread and nng; for the end of tests and tools. The next use starts them
// again. False, and nothing is ended, while a link, a listener or a dial is left: a link is until its on_closed
// has returned. Not inside the owner's functions.
//
// A child forked while nng runs cannot use links: execute a program instead.
bool
acti_link_fini(void);

#endif
