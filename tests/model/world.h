// SPDX-License-Identifier: MIT
//
// world.h - the real system and real actors for scenarios, without workers: the threads of a scenario are the workers.
//
// Who wakes an actor runs it, on its own thread, as soon as it comes to world_run. So nothing but the inbox leads from
// one turn of an actor to the next: a run queue between the two could only hide what the inbox must do by itself.
//
// What is not real: blocks of the pool come from model_alloc, so that each use after the end is seen (model_pool.c has
// the real pool), libc's tree of names is a list, and there are no stacks for bodies.

#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "core/system.h"
#include "explorer.h"

// What a thread of a scenario has for itself; the last is that of setup and check.
#define WORLD_SLOTS (MODEL_THREADS_MAX + 1)

extern acta_system world;

// world_open makes the system. For setup, first.
void
world_open(void);

// world_open_clock gives it a timing wheel, for scenarios in which an alarm is set. For setup.
void
world_open_clock(void);

// world_enter says that the running thread is one of the system's. Each thread that calls code with a ledger begins
// with it.
void
world_enter(void);

// world_spawn makes an idle actor with that handler; *tx gets its sender. For setup.
acti_actor *
world_spawn(acta_handler *handler, void *arg, uint32_t capacity, acta_tx **tx);

// world_running takes an idle actor into the hands of the thread that will run it next. For setup.
void
world_running(acti_actor *actor);

// world_turns runs an actor, which the caller has, until it is suspended or has ended; world_run runs whoever this
// thread has woken.
void
world_turns(acti_actor *actor);
void
world_run(void);

// world_send gives the actor a message with that number, whatever its capacity, and runs it if that has woken it. False
// if it is refused.
bool
world_send(acti_actor *actor, uint64_t number);

// world_number is the number of such a message.
uint64_t
world_number(const acta_msg *m);

// world_nothing_left: whether all blocks have been given back. For check.
bool
world_nothing_left(void);

// world_ledger_closes: whether all that was sent was handled, returned or dropped. For check, when no inbox is left.
bool
world_ledger_closes(void);

// world_counted is what the ledger says about one counter. For check.
uint64_t
world_counted(acti_counter which);

#endif
