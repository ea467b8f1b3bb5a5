// SPDX-License-Identifier: MIT
//
// link.h - bytes between processes: connections and listeners.
//
// A link is one connection. It reads into memory that its owner gives, and writes one buffer at a time; each
// request has exactly one completion, also when the link is closed under it. Completions run on other threads: the
// owner's functions there must only hand over (push to an inbox) and return.
//
// What links are made of is a table of operations, so that the layers above speak to any kind in the same words. The
// kind of this folder, acti_links_nng, is sockets of the system, through nng streams. The sim's kind is memory, and
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

#include "base/platform.h"

// Bytes of a socket's path, without the NUL. The system takes 107; one is for the name it has before it listens.
#define ACTI_LINK_PATH_MAX 106

typedef struct acti_link acti_link;
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

// ---- one kind of links ----------------------------------------------------------------

// What a kind does for the functions below of the same names, which say what is asked of it.
typedef struct acti_link_ops {
    void (*read)(acti_link *link, void *bytes, size_t size);
    void (*write)(acti_link *link, const void *bytes, size_t size);
    void (*close)(acti_link *link);
} acti_link_ops;

// What every link begins with.
struct acti_link {
    const acti_link_ops *ops; // constant
    acti_link_owner owner;    // set before the first request
    void *owner_arg;
};

// What every listener begins with.
struct acti_link_listener {
    const acti_links *links; // constant: whose it is
};

// Where a system's links come from.
struct acti_links {
    void (*dial)(const acti_links *links, const char *path, void (*done)(void *arg, int status, acti_link *link),
                 void *arg);
    int (*listen)(const acti_links *links, const char *path, void (*accepted)(void *arg, acti_link *link), void *arg,
                  acti_link_listener **listener, char *why, size_t why_size);
    void (*listener_close)(acti_link_listener *listener);
};

extern const acti_links acti_links_nng; // nng.c

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

// acti_link_write writes all of bytes. At most one write is pending. bytes stay valid until on_write.
static inline void acti_link_write(acti_link *link, const void *bytes, size_t size)
{
    acti_assert(size > 0);
    link->ops->write(link, bytes, size);
}

// acti_link_own sets who is told. Before the first read or write; done once.
static inline void acti_link_own(acti_link *link, const acti_link_owner *owner, void *arg)
{
    acti_assert(link->owner.on_closed == NULL);
    link->owner = *owner;
    link->owner_arg = arg;
}

// acti_link_close ends the link; pending requests complete, then on_closed is called. Once. A link without an
// owner is freed silently. Threads: any, the owner's functions too.
static inline void acti_link_close(acti_link *link)
{
    link->ops->close(link);
}

// acti_link_dial connects to the socket at path; done gets the link and owns it, or NULL and why: ACTA_EUNREACH
// nobody listens or no socket there; ACTA_EACCES, or the peer or the folder belongs to another user; ACTA_EINVAL
// path too long; ACTA_ENOMEM; ACTA_EIO. A listener that is too busy is asked again for a second. done runs on the
// control thread; on the caller's, before this returns, when there is no memory or thread to begin with.
static inline void acti_link_dial(const acti_links *links, const char *path,
                                  void (*done)(void *arg, int status, acti_link *link), void *arg)
{
    links->dial(links, path, done, arg);
}

// acti_link_listen serves a socket at path, mode 0600, under a flock on <path>.lock held for the life of the
// listener (sockfile.h has the rules for the files). accepted gets each connection and owns it; it runs on the
// control thread and must only hand over. A peer of another uid is closed before a byte is read, and counted.
// Accepting goes on after any peer's misbehaviour; on a lack of descriptors or memory it pauses and tries again.
//
// Blocks until the socket is served or cannot be. Not inside the owner's functions. why gets a line for a person
// on failure: what, where, why, what to do.
// Errors:  ACTA_EINVAL path too long or without a file's name; ACTA_EEXIST served by another process, or not a
//          socket; ACTA_ENOENT no such folder; ACTA_EACCES; ACTA_ENOMEM; ACTA_EIO.
static inline int acti_link_listen(const acti_links *links, const char *path,
                                   void (*accepted)(void *arg, acti_link *link), void *arg,
                                   acti_link_listener **listener, char *why, size_t why_size)
{
    return links->listen(links, path, accepted, arg, listener, why, why_size);
}

// acti_link_listener_close stops listening, removes the socket if it is still ours, then the lock. Blocks
// until accepted will not be called any more. Takes *listener. Not inside the owner's functions.
static inline void acti_link_listener_close(acti_link_listener **handle)
{
    acti_link_listener *listener = *handle;
    *handle = NULL;
    if (listener != NULL)
        listener->links->listener_close(listener);
}

// ---- of nng's kind --------------------------------------------------------------------

// What came of the connections to a listener so far.
typedef struct acti_link_counts {
    uint64_t accepted;
    uint64_t refused; // the peer was another user
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
