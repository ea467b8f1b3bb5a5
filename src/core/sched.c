// SPDX-License-Identifier: MIT
//
// sched.c - the workers: picking the next actor, running its turn, going idle.
//
// An idle worker cannot miss work. Injecting and going idle happen under one lock, so either the injector sees the
// worker in the idle list or the worker sees the injected actor. Mail goes with a park token, which makes the
// wait return whether it was given before or after the worker fell asleep.
//
// Nor can it wait for long at a busy worker. Who was made ready here runs next, but no more than ACTI_SCHED_STREAK_MAX
// times in a row; then the ring, the bodies that live here and the injected have a round each of all who are in them
// then, and each of them is first in, first out. So with two flooders on a worker, whoever else is ready there runs
// after at most two turns of each, from wherever it came. Time is looked at less often, because reading the clock costs
// as much as a message: but no later than after four turns that spent their budgets, and at every turn where messages
// are expensive.
//
// Nor can time or a stuck worker be missed. One of the idle workers is the sentinel; it alone sleeps with a deadline.
// A sentinel that wakes keeps its post while it only looks around, and hands it over before it runs anything, because
// that may take long. It becomes vacant only when there is nothing to wait for or nobody idle; who then asks for
// something to be waited for, or lies down first, fills it. The post changes under the lock of the idle list.

#include "core/sched.h"

#include <stdlib.h>

#include "core/system.h"
#include "core/turn.h"

// The queues of a worker, apart from its next slot.
enum { RING, BODIES, INJECTED, QUEUES };

static void *worker_main(void *arg);
static acti_actor *pick(acti_worker *w);
static acti_actor *steal(acti_worker *w, bool watching);
static void keep(acti_worker *w, acti_actor *actor);
static void inject(acti_sched *sched, acti_actor *actor);
static void rest(acti_worker *w);
static void hand_over(acti_worker *w);

static void ready_push(acti_ready *ready, acti_actor *actor)
{
    actor->run_next = NULL;
    if (ready->first == NULL)
        ready->first = actor;
    else
        ready->last->run_next = actor;
    ready->last = actor;
    ready->count++;
}

static acti_actor *ready_pop(acti_ready *ready)
{
    acti_actor *actor = ready->first;
    if (actor == NULL)
        return NULL;
    ready->first = actor->run_next;
    ready->count--;
    return actor;
}

// ---- life ---------------------------------------------------------------------

int acti_sched_start(acti_sched *sched, acta_system *sys, uint32_t workers, bool threads)
{
    sched->sys = sys;
    acti_lock_init(&sched->lock);
    acti_list_init(&sched->idle);
    sched->workers = calloc(workers, sizeof(acti_worker *));
    if (sched->workers == NULL)
        return ACTA_ENOMEM;

    // All workers exist before one runs, because they look at each other.
    for (; sched->count < workers; sched->count++) {
        acti_worker *w = aligned_alloc(ACTI_CACHE_LINE, (sizeof(acti_worker) + 63) / 64 * 64);
        if (w == NULL)
            return ACTA_ENOMEM;
        *w = (acti_worker){.sched = sched, .sys = sys, .index = sched->count};
        acti_park_init(&w->park);
        acti_board_join(&sys->board, &w->counters);
        sched->workers[sched->count] = w;
    }
    for (; threads && sched->started < workers; sched->started++) {
        acti_worker *w = sched->workers[sched->started];
        int status = acti_thread_start(&w->thread, "acta-worker", worker_main, w);
        if (status != ACTA_OK)
            return status;
    }
    return ACTA_OK;
}

void acti_sched_stop(acti_sched *sched)
{
    acti_au32_store_relaxed(&sched->stop, 1); // published by the tokens
    for (uint32_t i = 0; i < sched->started; i++)
        acti_park_give(&sched->workers[i]->park);
    for (uint32_t i = 0; i < sched->started; i++)
        acti_thread_join(sched->workers[i]->thread);
    acti_assert(sched->inject.first == NULL);
    for (uint32_t i = 0; i < sched->count; i++) {
        acti_board_leave(&sched->sys->board, &sched->workers[i]->counters);
        free(sched->workers[i]);
    }
    free(sched->workers);
    acti_lock_fini(&sched->lock);
}

// ---- making ready -----------------------------------------------------------------

void acti_sched_ready(acti_actor *actor)
{
    acti_worker *w = acti_here.sys == actor->sys ? acti_here.worker : NULL;
    acti_worker *home = actor->home;
    if (w == NULL || (home != NULL && home != w)) {
        if (home == NULL) {
            acti_sched *sched = &actor->sys->sched;
            inject(sched, actor);
            acti_sched_stir(sched); // also from a worker of another system: none of ours comes by itself
            return;
        }
        void *seen = acti_aptr_load_relaxed(&home->mail);
        do
            actor->run_next = seen;
        while (!acti_aptr_cas_release(&home->mail, &seen, actor)); // pairs with the acquire in pick
        if (seen == NULL)
            acti_park_give(&home->park);
        return;
    }

    // Only we put, so an empty slot stays empty: no exchange is needed to fill it. Both release to a thief's swap; who
    // moves on we have put there ourselves.
    if (acti_aptr_load_relaxed(&w->next) == NULL) {
        acti_aptr_store_release(&w->next, actor);
    } else {
        acti_actor *moved = acti_aptr_swap_release(&w->next, actor);
        if (moved != NULL)
            keep(w, moved);
    }
    // Relaxed: cleared and set under the lock that a worker passes when it stops being idle.
    if (acti_au32_load_relaxed(&w->sched->watched) == 0 && acti_au32_load_relaxed(&w->sched->idle_count) > 0) {
        acti_au32_store_relaxed(&w->sched->watched, 1);
        acti_sched_alert(w->sched);
    }
}

// take_idle takes a worker out of the idle list, if it is there. Under the lock; its caller gives it a token.
static acti_worker *take_idle(acti_sched *sched, acti_worker *w)
{
    if (w == NULL || !acti_list_linked(&w->idle))
        return NULL;
    acti_list_remove(&w->idle);
    acti_au32_store_relaxed(&sched->idle_count, acti_au32_load_relaxed(&sched->idle_count) - 1);
    return w;
}

// any_idle is the worker that has been idle for longest, and the sentinel only when there is no other; NULL: none.
static acti_worker *any_idle(acti_sched *sched)
{
    acti_list *at = sched->idle.next;
    if (at != &sched->idle && ACTI_CONTAINER_OF(at, acti_worker, idle) == sched->sentinel &&
        at->next != &sched->idle)
        at = at->next;
    return at != &sched->idle ? ACTI_CONTAINER_OF(at, acti_worker, idle) : NULL;
}

void acti_sched_stir(acti_sched *sched)
{
    acti_lock_take(&sched->lock);
    acti_worker *w = take_idle(sched, any_idle(sched));
    acti_lock_give(&sched->lock);
    if (w != NULL)
        acti_park_give(&w->park);
}

void acti_sched_alert(acti_sched *sched)
{
    acti_lock_take(&sched->lock);
    if (sched->sentinel == NULL)
        sched->sentinel = any_idle(sched);
    acti_worker *w = take_idle(sched, sched->sentinel); // one that is awake looks before it lies down
    acti_lock_give(&sched->lock);
    if (w != NULL)
        acti_park_give(&w->park);
}

// keep puts an actor behind what this worker already has.
static void keep(acti_worker *w, acti_actor *actor)
{
    if (actor->home != NULL)
        ready_push(&w->bodies, actor);
    else if (!acti_runq_put(&w->ring, actor))
        inject(w->sched, actor);
}

static void inject(acti_sched *sched, acti_actor *actor)
{
    acti_lock_take(&sched->lock);
    ready_push(&sched->inject, actor);
    acti_au32_store_relaxed(&sched->inject_count, acti_au32_load_relaxed(&sched->inject_count) + 1);
    acti_lock_give(&sched->lock);
}

// ---- the worker -----------------------------------------------------------------------

// measure updates what a message costs here, and calls for help when there is work to spread.
static void measure(acti_worker *w)
{
    uint64_t now_ns = acti_clock_ns();
    uint64_t handled = acti_au64_load_relaxed(&w->counters.at[ACTI_HANDLED]);
    uint64_t n = handled - w->measured_handled;
    uint64_t cost_ns = (now_ns - w->measured_ns) / (n > 0 ? n : 1);
    acti_au32_store_relaxed(&w->cost_ns, cost_ns < UINT32_MAX ? (uint32_t)cost_ns : UINT32_MAX); // a hint
    w->measured_ns = now_ns;
    w->measured_handled = handled;
    if (cost_ns >= ACTI_SCHED_SPREAD_NS && acti_runq_size(&w->ring) > 0 &&
        acti_au32_load_relaxed(&w->sched->idle_count) > 0)
        acti_sched_stir(w->sched);
}

static void wake_watchdog(acti_worker *w)
{
    w->unwatched = false;
    acti_park_give(&w->sys->watchdog.park);
}

// run_turn runs a turn: whether another is wanted. The time of the library's own actors counts for no message: it is
// not what handling costs, and what a node does cannot be spread.
static bool run_turn(acti_worker *w, acti_actor *actor)
{
    if (!actor->internal)
        return acti_turn_run(actor) == ACTI_TURN_MORE;
    uint64_t from_ns = acti_clock_ns();
    bool more = acti_turn_run(actor) == ACTI_TURN_MORE;
    w->measured_ns += acti_clock_ns() - from_ns;
    return more;
}

static void *worker_main(void *arg)
{
    acti_worker *w = arg;
    acti_here = (acti_running){.sys = w->sys, .counters = &w->counters, .worker = w, .glance = &w->glance};
    w->measured_ns = acti_clock_ns();
    while (!acti_au32_load_relaxed(&w->sched->stop)) { // nothing is read behind it
        acti_actor *actor = pick(w);
        if (actor == NULL) {
            rest(w);
            continue;
        }
        if (w->sentinel)
            hand_over(w);
        if (w->unwatched)
            wake_watchdog(w);
        if (run_turn(w, actor))
            keep(w, actor);
        acti_count(&w->counters, ACTI_TURNS, 1);
        w->turns += acti_here.spent ? ACTI_SCHED_FULL_TURN : 1; // also one that has just nothing left
    }
    acti_here = (acti_running){0};
    return NULL;
}

// look does what must be done regularly however busy the worker is.
static void look(acti_worker *w)
{
    w->turns = 0;
    measure(w);
    w->more_due = acti_clock_run(w->sys);
}

// pick_body takes the oldest body that lives here, once the mail has been put behind those that are listed.
static acti_actor *pick_body(acti_worker *w)
{
    // Relaxed first: usually there is none. The swap's acquire pairs with the release in acti_sched_ready.
    acti_actor *newest = NULL;
    if (acti_aptr_load_relaxed(&w->mail) != NULL)
        newest = acti_aptr_swap_acquire(&w->mail, NULL);
    acti_actor *oldest = NULL;
    while (newest != NULL) {
        acti_actor *next = newest->run_next;
        newest->run_next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        acti_actor *next = oldest->run_next;
        ready_push(&w->bodies, oldest);
        oldest = next;
    }
    return ready_pop(&w->bodies);
}

static acti_actor *pick_injected(acti_sched *sched)
{
    if (acti_au32_load_relaxed(&sched->inject_count) == 0) // a hint; a missed one is seen at the next pick
        return NULL;
    acti_lock_take(&sched->lock);
    acti_actor *actor = ready_pop(&sched->inject);
    if (actor != NULL)
        acti_au32_store_relaxed(&sched->inject_count, acti_au32_load_relaxed(&sched->inject_count) - 1);
    acti_lock_give(&sched->lock);
    return actor;
}

// waiting is how many there are in the queue whose round begins. At least one is looked for: mail is not counted.
static uint32_t waiting(acti_worker *w)
{
    uint32_t count = 0;
    switch (w->queue) {
    case RING:
        count = acti_runq_size(&w->ring);
        break;
    case BODIES:
        count = w->bodies.count;
        break;
    case INJECTED:
        count = acti_au32_load_relaxed(&w->sched->inject_count);
        break;
    }
    return count > 0 ? count : 1;
}

// nothing_queued spares two that talk to each other in the next slot the round through empty queues. A hint, as each of
// the queues may be filled from elsewhere now.
static bool nothing_queued(const acti_worker *w)
{
    return acti_runq_size(&w->ring) == 0 && w->bodies.count == 0 && acti_aptr_load_relaxed(&w->mail) == NULL &&
           acti_au32_load_relaxed(&w->sched->inject_count) == 0;
}

// pick_queued takes the oldest of the queue that has its round: as many as were in it when that began. So everybody
// who is ready has one turn before anybody has a second one, whichever queues they are in.
static acti_actor *pick_queued(acti_worker *w)
{
    acti_actor *actor = NULL;
    if (nothing_queued(w)) {
        w->round = 0;
        return NULL;
    }
    for (uint32_t tries = 0; tries <= QUEUES && actor == NULL; tries++) {
        if (w->round == 0) {
            w->queue = (w->queue + 1) % QUEUES;
            w->round = waiting(w);
        }
        switch (w->queue) {
        case RING:
            actor = acti_runq_take(&w->ring);
            break;
        case BODIES:
            actor = pick_body(w);
            break;
        case INJECTED:
            actor = pick_injected(w->sched);
            break;
        }
        w->round = actor != NULL ? w->round - 1 : 0;
    }
    return actor;
}

static acti_actor *pick_next(acti_worker *w)
{
    if (acti_aptr_load_relaxed(&w->next) == NULL) // only we put
        return NULL;
    return acti_aptr_swap_relaxed(&w->next, NULL); // we have put it there; a thief may have been faster
}

static acti_actor *pick(acti_worker *w)
{
    // Where messages cost enough for work to spread, a look at each turn costs little beside them.
    if (w->turns >= ACTI_SCHED_LOOK_TURNS || acti_au32_load_relaxed(&w->cost_ns) >= ACTI_SCHED_SPREAD_NS)
        look(w);

    acti_actor *actor = NULL;
    if (w->streak >= ACTI_SCHED_STREAK_MAX) {
        w->streak = 0;
        actor = pick_queued(w);
        if (actor != NULL)
            return actor;
    }
    actor = pick_next(w);
    if (actor != NULL) {
        w->streak++;
        return actor;
    }
    w->streak = 0;
    actor = pick_queued(w);
    if (actor != NULL)
        return actor;
    look(w); // the clock may put somebody into the next slot, too
    actor = pick_next(w);
    if (actor == NULL)
        actor = pick_queued(w);
    return actor != NULL ? actor : steal(w, false);
}

// take_behind takes what waits behind a long turn of victim, in its next slot.
static acti_actor *take_behind(acti_worker *victim)
{
    if (acti_aptr_load_relaxed(&victim->next) == NULL)
        return NULL;
    acti_actor *actor = acti_aptr_swap_acquire(&victim->next, NULL); // pairs with the owner's release
    if (actor == NULL || actor->home == NULL)
        return actor;
    acti_sched_ready(actor); // it lives there: by mail it goes back
    return NULL;
}

static acti_actor *steal(acti_worker *w, bool watching)
{
    acti_actor *actor = NULL;
    for (uint32_t i = 1; i < w->sched->count && actor == NULL; i++) {
        acti_worker *victim = w->sched->workers[(w->index + i) % w->sched->count];
        uint64_t turns = acti_au64_load_relaxed(&victim->counters.at[ACTI_TURNS]);
        bool stuck = watching && turns == w->seen_turns[victim->index];
        w->seen_turns[victim->index] = turns;
        if (stuck || acti_au32_load_relaxed(&victim->cost_ns) >= ACTI_SCHED_SPREAD_NS)
            actor = acti_runq_steal(&w->ring, &victim->ring);
        if (actor == NULL && stuck)
            actor = take_behind(victim);
    }
    if (actor != NULL)
        acti_count(&w->counters, ACTI_STEALS, 1);
    return actor;
}

// wanted: whether who is in its turn here should let others go on, or the clock.
static bool wanted(acti_worker *w, uint64_t now_ns)
{
    if (acti_aptr_load_relaxed(&w->next) != NULL || !nothing_queued(w) || // only we put into the slot
        acti_inbox_has_mail(&acti_here.actor->inbox) || acti_clock_next_ns(&w->sys->clock) <= now_ns)
        return true;
    acti_actor *actor = steal(w, false);
    if (actor != NULL)
        keep(w, actor);
    return actor != NULL;
}

bool acti_sched_spin(bool (*came)(void *arg), void *arg, uint64_t until_ns)
{
    acti_worker *w = acti_here.worker;
    if (w == NULL)
        return came(arg);
    bool has = came(arg);
    for (uint64_t now_ns; !has && (now_ns = acti_clock_ns()) < until_ns && !wanted(w, now_ns); has = came(arg))
        acti_thread_yield();
    return has;
}

// ---- going idle ----------------------------------------------------------------------

// lie_down enters the idle list, unless there is injected work.
static bool lie_down(acti_worker *w)
{
    acti_sched *sched = w->sched;
    acti_lock_take(&sched->lock);
    bool lies = sched->inject.first == NULL;
    if (lies) {
        acti_list_push(&sched->idle, &w->idle);
        uint32_t idle = acti_au32_load_relaxed(&sched->idle_count) + 1;
        acti_au32_store_relaxed(&sched->idle_count, idle);
        bool busy = idle < sched->count;
        if (sched->sentinel == NULL)
            sched->sentinel = w;
        w->sentinel = sched->sentinel == w;
        // Work that comes in short bursts keeps its watcher between them: finding one wakes a core. After so many
        // looks at nothing it goes; who is busy next passes this lock first, and sees that there is none.
        w->quiet_looks = busy || !w->sentinel ? 0 : w->quiet_looks + 1;
        if (w->quiet_looks > ACTI_SCHED_QUIET_LOOKS)
            acti_au32_store_relaxed(&sched->watched, 0);
        // A busy worker asks for a watcher only when it sees somebody idle, and a moment ago that was not us yet.
        else if (busy && w->sentinel)
            acti_au32_store_relaxed(&sched->watched, 1);
    }
    acti_lock_give(&sched->lock);
    return lies;
}

static void get_up(acti_worker *w)
{
    acti_sched *sched = w->sched;
    acti_lock_take(&sched->lock);
    (void)take_idle(sched, w); // unless whoever woke us has
    w->sentinel = sched->sentinel == w; // the post may have come with the token
    w->unwatched = sched->unwatched;
    acti_lock_give(&sched->lock);
}

bool acti_sched_quiet(acti_sched *sched)
{
    acti_lock_take(&sched->lock);
    // Whoever gets up after this sees it: the watchdog cannot fall asleep while somebody works.
    bool quiet = acti_au32_load_relaxed(&sched->idle_count) == sched->count;
    sched->unwatched = quiet;
    acti_lock_give(&sched->lock);
    return quiet;
}

// hand_over gives the sentinel's post to another idle worker, if there is anything to wait for.
static void hand_over(acti_worker *w)
{
    acti_sched *sched = w->sched;
    w->sentinel = false;
    acti_lock_take(&sched->lock);
    // Relaxed: each of the two is written before this lock is taken for the alert that goes with it.
    bool needed = acti_clock_next_ns(&w->sys->clock) != UINT64_MAX ||
                  acti_au32_load_relaxed(&sched->watched) != 0;
    sched->sentinel = NULL;
    acti_worker *heir = needed ? take_idle(sched, any_idle(sched)) : NULL;
    sched->sentinel = heir;
    acti_lock_give(&sched->lock);
    if (heir != NULL)
        acti_park_give(&heir->park);
}

static void rest(acti_worker *w)
{
    acti_au32_store_relaxed(&w->cost_ns, 0); // nothing to steal here
    if (w->more_due || !lie_down(w))
        return;
    // Relaxed, both: whoever writes one then takes the lock that we have just passed, and wakes us.
    uint64_t deadline_ns = w->sentinel ? acti_clock_next_ns(&w->sys->clock) : UINT64_MAX;
    bool watching = w->sentinel && acti_au32_load_relaxed(&w->sched->watched) != 0;
    if (watching) {
        uint64_t watch_ns = acti_clock_ns() + ACTI_SCHED_WATCH_NS;
        deadline_ns = watch_ns < deadline_ns ? watch_ns : deadline_ns;
    }
    acti_count(&w->counters, ACTI_SLEEPS, 1);
    bool called = acti_park_wait(&w->park, deadline_ns);
    get_up(w);
    w->measured_ns = acti_clock_ns();
    w->measured_handled = acti_au64_load_relaxed(&w->counters.at[ACTI_HANDLED]);
    w->more_due = acti_clock_run(w->sys);
    // What the clock has made ready goes first; it may fill the ring, which a theft would write over.
    if (!called && watching && acti_runq_size(&w->ring) == 0) {
        acti_actor *actor = steal(w, true);
        if (actor != NULL)
            keep(w, actor);
    }
}
