// SPDX-License-Identifier: MIT
//
// process.h - actors in processes of their own: what crashes there takes nobody else with it, and what it may use can
// be limited.
//
// An actor spawned with .place = ACTA_PROCESS runs in a new process of this same program, which finds its code by name.
// So the code is entered under its name, below the function: ACTA_ACTOR(parser). And the first line of main is
// acta_process_main(), which does not return in a process that was made for an actor.
//
// The sender that the spawn gives is like any other, and so are order, the end, and death. What differs follows from
// there being two processes: no pointer means anything in the other one, so arguments are a message (.args), and global
// variables are two; names are those of each process; acta_kill ends the process at once, in the middle of whatever it
// does.

#ifndef ACTA_PROCESS_H
#define ACTA_PROCESS_H

#include <acta/actor.h>

ACTA_BEGIN_DECLS

// acta_process_main is the first line of main in a program that spawns processes. It returns at once, but for a process
// that was made for an actor: there it runs that actor and ends the process.
//
// Threads: the main thread, before any other is started.
ACTA_API void
acta_process_main(void);

// ACTA_ACTOR(parser) at file scope enters a body or handler of this file under its name, in this program and in the
// processes that it spawns.
#define ACTA_ACTOR(code)                                                                                   \
    __attribute__((constructor)) static void acta_enter_actor_##code(void)                                 \
    {                                                                                                      \
        static acta_actor_entry acta_entry = {#code, ACTI_BODY_OF(code), ACTI_HANDLER_OF(code), NULL};     \
        acta_actor_enter(&acta_entry);                                                                     \
    }                                                                                                      \
    ACTA_STATIC_ASSERT(sizeof(#code) > 1, "a function")

// acta_actor_entry stands in the program's list from when the program is loaded. acta_open refuses to start when two
// functions have one name.
typedef struct acta_actor_entry {
    const char *name;
    acta_body *body; // one of the two
    acta_handler *handler;
    struct acta_actor_entry *next;
} acta_actor_entry;

ACTA_API void
acta_actor_enter(acta_actor_entry *entry);

ACTA_END_DECLS

#ifdef __cplusplus
#define ACTI_BODY_OF(code) acti_body_of(&code)
#define ACTI_HANDLER_OF(code) acti_handler_of(&code)
inline acta_body *acti_body_of(acta_body *body)
{
    return body;
}
inline acta_body *acti_body_of(acta_handler *)
{
    return nullptr;
}
inline acta_handler *acti_handler_of(acta_handler *handler)
{
    return handler;
}
inline acta_handler *acti_handler_of(acta_body *)
{
    return nullptr;
}
#else
#define ACTI_BODY_OF(code) _Generic(&(code), acta_body *: &(code), acta_handler *: NULL)
#define ACTI_HANDLER_OF(code) _Generic(&(code), acta_handler *: &(code), acta_body *: NULL)
#endif

#endif
