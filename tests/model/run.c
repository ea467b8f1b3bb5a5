// SPDX-License-Identifier: MIT
//
// run.c - the threads of one execution, and who of them goes on.

#include "run.h"

#include <stdio.h>

#include "say.h"
#include "shadow.h"

run_state run;
location locations[LOCATIONS_MAX];

static void go_threads(uint32_t next);
static void thread_main(void *arg);
static void leave(void);
static bool next_can_run(const thread *t, uint32_t index);
static uint32_t pick(uint32_t next);
static verdict rest(void);

static void begin(void)
{
    const model_scenario *s = run.scenario;
    run.serial++;
    run.self = NOBODY;
    run.left = run.amid = run.steps = 0;
    run.granted = NOBODY;
    run.verdict = GOING;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        run.threads[t] = (thread){.state = s->thread[t] != NULL ? FRESH : ENDED, .spurious = s->spurious_max};
        run.left += run.g.count[t];
    }
    shadow_begin();
    run.active = true;
}

bool run_setup(const model_scenario *s)
{
    run.scenario = s;
    run.search = ++run.serial;
    run.self = NOBODY;
    run.steps = 0;
    run.verdict = GOING;
    shadow_fresh();
    run.active = true;
    if (setjmp(run.outside) == 0 && s->setup != NULL)
        s->setup();
    run.active = false;
    shadow_mark();
    return run.verdict == GOING;
}

static void resume(uint32_t t)
{
    thread *th = &run.threads[t];
    if (th->state == FRESH) {
        char *low = shadow_stack(t);
        void *body = (void *)(uintptr_t)run.scenario->thread[t];
        acti_context_make(&th->at, low, low + SHADOW_STACK_BYTES, thread_main, body);
        th->state = READY;
    }
    run.self = t;
    acti_context_switch(&run.main, &th->at);
    run.self = NOBODY;
}

// go ends early where a failure of check jumps to run.outside.
static void go(uint32_t next)
{
    if (setjmp(run.outside) != 0)
        return;
    go_threads(next);
    if (run.verdict == GOING)
        run.verdict = rest();
    if (run.verdict == COMPLETE && run.scenario->check != NULL)
        run.scenario->check();
}

static void go_threads(uint32_t next)
{
    while (run.verdict == GOING) {
        uint32_t t = pick(next);
        if (t == NOBODY)
            return;
        if (run.granted != NOBODY)
            next = NEXT_ANY; // it said who goes on first, and has been heard
        resume(t);
    }
}

verdict run_execute(uint32_t next)
{
    begin();
    go(next);
    run.active = false;
    shadow_end();
    return run.verdict;
}

// pick is who goes on. First the graph is run again; then whoever is amid an operation ends it; and then the search
// goes on with the lowest thread that can (or, MODEL_FULL, with each that can).
static uint32_t pick(uint32_t next)
{
    uint32_t lowest = NOBODY;
    for (uint32_t t = MODEL_THREADS_MAX; t-- > 0;) {
        thread *th = &run.threads[t];
        if (th->state == BLOCKED || th->state == ENDED)
            continue;
        if (run.left > 0 ? next_can_run(th, t) : th->amid)
            return t;
        if (run.full ? !th->asks : true)
            lowest = t;
    }
    if (run.left > 0)
        say_failure("the scenario did not do again what it did before: it depends on what the explorer cannot see");
    if (run.left == 0 && run.full && lowest == NOBODY)
        return run.granted = search_next(next);
    return run.left > 0 ? NOBODY : lowest;
}

static bool next_can_run(const thread *t, uint32_t index)
{
    if (t->done >= run.g.count[index])
        return false;
    const event *e = &run.g.events[index][t->done];
    if (e->kind != READ || e->from == EVENT_INITIAL)
        return true;
    return event_index(e->from) < run.threads[event_thread(e->from)].done;
}

// rest: nobody can go on. A thread that reads the last store to its location and does not find what it waits for will
// wait for ever, if none of the others waits for what it would be given in another execution.
static verdict rest(void)
{
    bool all_ended = true;
    for (uint32_t t = 0; t < MODEL_THREADS_MAX; t++) {
        thread *th = &run.threads[t];
        if (th->state == ENDED)
            continue;
        all_ended = false;
        if (th->timed)
            return WAITING; // the execution in which its time is over is another
        if (run.full)
            continue; // it looks at the last store, and does not find it
        const event *e = &run.g.events[t][th->done - 1];
        const location *l = &locations[e->loc];
        uint32_t rank = graph_rank(&run.g, e->from);
        for (uint32_t i = 0; i < l->count; i++) {
            const event *other = graph_event(&run.g, l->events[i]);
            if (other->kind == WRITE && other->rank > rank)
                return WAITING;
        }
    }
    if (all_ended)
        return COMPLETE;
    say_deadlock();
    return FAILED;
}

static void thread_main(void *arg)
{
    void (*body)(void) = (void (*)(void))(uintptr_t)arg;
    body();
    run_thread()->state = ENDED;
    leave();
}

// leave goes back to run_execute.
static void leave(void)
{
    acti_context_switch(&run_thread()->at, &run.main);
}

static bool may_add(bool begins)
{
    if (!begins)
        return true;
    if (run.amid > 0)
        return false;
    if (run.full)
        return run.granted == run.self;
    for (uint32_t t = 0; t < run.self; t++)
        if (run.threads[t].state == FRESH || run.threads[t].state == READY)
            return false;
    return true;
}

void run_turn(bool begins, const operation *op)
{
    uint32_t self = run.self;
    thread *t = run_thread();
    if (t->done == EVENTS_MAX)
        say_cut("a thread took more steps than are explored");
    for (;;) {
        if (t->done < run.g.count[self]) {
            if (next_can_run(t, self))
                break;
        } else if (run.left == 0 && may_add(begins)) {
            run.granted = NOBODY;
            break;
        } else {
            t->asks = begins;
            t->op = op;
        }
        leave();
        t->asks = false;
    }
}

void run_did(model_clock released, const model_site *site, uint64_t value)
{
    uint32_t self = run.self;
    thread *t = run_thread();
    executed *x = &run.executed[self][t->done];
    x->value = value;
    x->before = t->known;
    x->released = released;
    x->site = site;
    x->waits = NULL;
    run.order[run.steps++] = event_ref_of(self, t->done);
    t->done++;
    t->known = model_clock_with(t->known, self, t->done);
    t->causes = model_clock_with(t->causes, self, t->done);
    x->causes = t->causes;
}

uint32_t run_choose(uint32_t count, bool begins)
{
    run_turn(begins, NULL);
    thread *t = run_thread();
    if (t->done == run.g.count[run.self])
        search_choice(count);
    else
        run.left--;
    const event *e = &run.g.events[run.self][t->done];
    if (e->kind != CHOICE)
        say_failure("the scenario did not do again what it did before: it depends on what the explorer cannot see");
    run_did(0, NULL, e->from);
    return e->from;
}

void run_stop(verdict v)
{
    run.verdict = v;
    if (!run_in_thread())
        longjmp(run.outside, 1);
    leave();
    __builtin_unreachable();
}

void run_block(const operation *op)
{
    thread *t = run_thread();
    t->state = BLOCKED;
    run.executed[run.self][t->done - 1].waits = op;
    leave();
    __builtin_unreachable();
}

void run_amid(bool yes)
{
    run_thread()->amid = yes;
    run.amid += yes ? 1 : -1U;
}

uint32_t model_self(void)
{
    return run.self;
}

uint32_t model_choose(uint32_t count)
{
    if (!run_in_thread())
        say_failure("setup and check have no choice");
    return run_choose(count, true);
}
