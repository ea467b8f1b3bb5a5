// SPDX-License-Identifier: MIT
//
// actor.h - actors: spawning them, and what they do inside.
//
// An actor is one sequential event loop over one ordered inbox. It ends when the last sender to it has been
// dropped and all that was sent is handled; that moment is called EOF.

#ifndef ACTA_ACTOR_H
#define ACTA_ACTOR_H

#include <acta/message.h>
#include <acta/sender.h>
#include <acta/system.h>

ACTA_BEGIN_DECLS

// acta_self is the actor seen from inside. Valid only in the actor's own turns.
typedef struct acta_self acta_self;

// A body is the event loop written out: it receives until acta_recv gives NULL, then returns the reason why
// it ended, ACTA_OK or an error. It has a stack of its own and may wait in the middle of anything. In the pool
// it stays on the worker that first ran it.
typedef int acta_body(acta_self *self, void *arg);

// A handler is called once per event and keeps its state in arg. m is borrowed until it returns; m is NULL
// once, at EOF. It returns ACTA_OK to go on, ACTA_DONE to end well, or an error to end with that reason;
// what it returns at EOF is the reason itself. Handlers move between workers; they cost no stack.
typedef int acta_handler(acta_self *self, void *arg, acta_msg *m);

typedef enum acta_place {
    ACTA_POOL = 0,   // on the system's workers, a body as a coroutine
    ACTA_THREAD = 1, // on a thread of its own; it may block there
    ACTA_PROCESS = 2, // in a process of its own; see process.h
} acta_place;

// The capacity of an inbox counts what was sent and asked and has not been given to the actor's code yet. Whoever sends
// to a full one waits: see acta_send. All else (replies, timers, DOWN, EOF) has its place reserved.
//
// The default is deep enough that a burst from many senders, or the messages on their way between two cores, rarely
// make anybody wait, and so shallow that a reader who stays behind is felt before the memory is.
#define ACTA_CAPACITY_DEFAULT 1024
#define ACTA_CAPACITY_MAX 32767

// Arguments that are a message: .args = ACTA_ARGS(config, .path = "a", .to = tx). The actor gets a copy of its own,
// wherever it runs. Senders in it are the copy's: the actor may drop them, and those that it leaves are dropped after
// its end.
typedef struct acta_args {
    const acta_type *type;
    const void *body;
} acta_args;

#define ACTA_ARGS(...) {ACTI_TYPED_(__VA_ARGS__)}

// What the process of an actor may use, set before the actor's code begins. 0: what the program may.
typedef struct acta_limits {
    uint64_t memory_bytes; // heap and stacks, beyond what the process has by then: who wants more gets no memory
    uint32_t cpu_seconds;  // of processor time, the start of the process included: SIGXCPU ends it
    uint32_t files;        // descriptors that are open at a time, beyond those that the process has by then
} acta_limits;

// What the process of an actor has in its environment.
typedef enum acta_environment {
    ACTA_ENVIRONMENT_SAME = 0,  // what this process has
    ACTA_ENVIRONMENT_EMPTY = 1, // nothing
} acta_environment;

// Exactly one of body and handler is set; the rest is right when zero. At most one of arg and args is. limits and
// environment are for actors in a process of their own, and have no effect elsewhere.
typedef struct acta_spawn_opts {
    acta_body *body;
    acta_handler *handler;
    void *arg;              // passed to every call
    void (*arg_free)(void *arg); // called with arg once the actor has ended; NULL: arg is the caller's
    acta_args args;         // arg is a copy of this struct, whose fields the actor may change; freed after its end,
                            // and with it the senders and addresses that it then has
    size_t state_bytes;     // with a handler and arg NULL: arg is this much memory of the actor's, which begins with
                            // the copy of args, if there are any, and is zero otherwise
    const char *name;       // for reports; copied; NULL: "actor". At most 31 bytes are kept
    acta_place place;
    uint32_t capacity;      // of its inbox, in messages sent and asked; 0: ACTA_CAPACITY_DEFAULT
    uint32_t stack_bytes;   // of a body; 0: the system's; rounded up to pages, at least 16 KiB
    acta_limits limits;
    acta_environment environment;
    const char *where;      // the line that spawns, for reports; set by acta_spawn
} acta_spawn_opts;

// acta_spawn_with starts an actor and gives the first sender to it.
//
// Owns:    *tx is the caller's, to be dropped. On failure arg stays the caller's.
// Threads: any, inside actors too.
// Errors:  ACTA_EINVAL both or neither of body and handler, an unknown place, a capacity too large, or args that are no
//          message, stand beside arg or arg_free, or do not fit into state_bytes; for a process also arg, code that was
//          not entered, or a main without acta_process_main (report says which); ACTA_ETOOBIG args are larger than
//          the system's message_bytes_max; ACTA_ENOMEM; ACTA_EIO a thread, stack or process could not be made;
//          ACTA_EFULL the user or the process may have no more processes or descriptors; ACTA_EGONE the system is
//          closing by force.
ACTA_NODISCARD ACTA_API int
acta_spawn_with(acta_system *sys, const acta_spawn_opts *opts, acta_tx **tx);

// acta_spawn(sys, &tx, .body = counter, .name = "counter").
#ifdef __cplusplus
// The spawn is in the lambda, too, because what ACTA_ARGS makes lives no longer than the statement it stands in.
#define acta_spawn(sys, tx, ...)                                                                           \
    acti_status([&](acta_system *acti_sys, acta_tx **acti_tx) {                                            \
        _Pragma("GCC diagnostic push")                                                                     \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")                                 \
        return acta_spawn_with(acti_sys, acti_temporary(acta_spawn_opts{__VA_ARGS__, .where = ACTA_HERE}), \
                               acti_tx);                                                                   \
        _Pragma("GCC diagnostic pop")                                                                      \
    }((sys), (tx)))
ACTA_NODISCARD static inline int acti_status(int status)
{
    return status;
}
#else
#define acta_spawn(sys, tx, ...)                                                                           \
    acta_spawn_with((sys), &(acta_spawn_opts){__VA_ARGS__, .where = ACTA_HERE}, (tx))
#endif

// ---- inside an actor ----------------------------------------------------------

// acta_recv waits for the next message of a body.
//
// Owns:    the message is the caller's, to be given to acta_msg_free.
// Returns: NULL once every sender is gone and the inbox is drained, or when the actor was stopped; acta_eof
//          says which. NULL again from then on. Always NULL in a handler.
ACTA_NODISCARD ACTA_API acta_msg *
acta_recv(acta_self *self);

// acta_eof says why there will be no more messages: ACTA_OK all senders were dropped; ACTA_ECRASHED the same,
// but one of the holders died without dropping its sender, so more may have been meant to come;
// ACTA_ESTOPPED or ACTA_EKILLED this actor was told to end; any other error is that of an actor it was linked with.
// ACTA_OK before EOF, too.
ACTA_API int
acta_eof(const acta_self *self);

// acta_unhandled counts m as one this actor knows nothing of, and reports it. A request is refused.
ACTA_API void
acta_unhandled(acta_self *self, acta_msg *m);

// acta_system_of is the system the actor runs in.
ACTA_API acta_system *
acta_system_of(acta_self *self);

// acta_self_addr is the actor's own address, borrowed for as long as the actor lives.
ACTA_API acta_addr *
acta_self_addr(acta_self *self);

// acta_self_name is the name given at the spawn; never NULL.
ACTA_API const char *
acta_self_name(const acta_self *self);

// acta_stop asks an actor to end once it has handled what is in its inbox now: it sees EOF with
// ACTA_ESTOPPED. What is sent after is refused, or dropped and counted. An actor of another node stops behind what was
// sent to it from this one.
//
// Threads: any.
// Errors:  ACTA_EGONE it has ended already, which is not known of an actor of another node; ACTA_EUNREACH its node is
//          down; ACTA_ENOMEM, only while what the calling actor has sent before waits for room.
ACTA_API int
acta_stop(acta_addr *who);

// acta_kill ends an actor now: what it is handling it handles to the end, and then nothing more. A body gets NULL from
// acta_recv and acta_await from there on and may tidy up; a handler is not called again. It has ended with
// ACTA_EKILLED then, whatever it returned. What was still queued is answered with ACTA_EGONE, or counted. An actor of
// another node is killed as soon as its node hears of it, ahead of what waits for it here.
//
// Threads: any; inside the actor itself, too.
// Errors:  ACTA_EGONE it has ended already, which is not known of an actor of another node; ACTA_EUNREACH its node is
//          down.
ACTA_API int
acta_kill(acta_addr *who);

// acta_why says in one line why an actor is still alive: what it is about, whom it waits for, whether messages wait,
// how many senders there are to it and, if they are tracked, who holds them and since which line. It is of some moment,
// and for a person: its words are not promised. Pending timers, asks and monitors are not in it: they keep nobody
// alive.
//
// Threads: any.
// Returns: the length of the whole text. At most size - 1 bytes of it and a NUL are written; text may be NULL when size
//          is 0.
ACTA_API size_t
acta_why(acta_addr *who, char *text, size_t size);

ACTA_END_DECLS

#endif
