// SPDX-License-Identifier: MIT
//
// toy.h - a world small enough to try everything in it: lanes of steps that read, add to and write variables, send,
// wait and cancel. It drives strategies without the sim, and can be enumerated naively.
//
// What a step does shows in the state for good, down to who was first: two schedules end in the same state if, and only
// if, they are the same but for exchanges of independent steps. So the distinct ends of a world can be counted against
// the schedules that an exhaustive strategy needs.

#ifndef TOY_H
#define TOY_H

#include "test.h"

#include "base/platform.h"
#include "sim/strategy.h"

enum { TOY_LANES = 8, TOY_OPS = 24, TOY_VARS = 8, TOY_STEPS = 4096 };

// Sets of variables and of lanes are bits.
typedef struct toy_op {
    uint32_t reads, adds, writes;
    uint32_t takes;   // waits until each of these is above 0, and takes 1: adding gives 1
    uint32_t sends;   // a message to each of these lanes
    uint32_t cancels; // all messages that wait in these lanes
    uint32_t waits;   // until variable of that number - 1 has been added to `until` times; 0: for nothing
    uint64_t until;
    bool everything;
} toy_op;

typedef struct toy_lane {
    acti_step_kind kind;
    uint64_t actor;
    bool mail;    // a step is there when a message has been sent; else when the one before has run
    bool shared;  // sending to it, and cancelling, touches it: more than one lane does
    bool endless; // the last step comes again and again
    uint32_t count;
    toy_op ops[TOY_OPS];
} toy_lane;

typedef struct toy {
    uint32_t lanes;
    uint32_t faults_max;
    uint64_t tokens[TOY_VARS]; // what variables have at first
    toy_lane lane[TOY_LANES];
} toy;

typedef struct toy_state {
    uint64_t value[TOY_VARS];
    uint64_t added[TOY_VARS];
    uint64_t log[TOY_LANES]; // what a lane has seen
    uint64_t mail[TOY_LANES]; // what was done to the messages of a lane
    uint64_t budget;
    uint32_t run[TOY_LANES];
    uint32_t waiting[TOY_LANES];
    uint64_t since[TOY_LANES]; // when its step became possible; 0: it is not
    uint64_t steps;
    uint32_t faults;
} toy_state;

static inline uint64_t toy_mix(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ (b << 32 | b >> 32);
    return acti_random_next(&x);
}

static inline uint64_t toy_event(uint32_t lane, uint32_t number)
{
    return toy_mix(lane + 1, number + 1);
}

// Objects: variables from 1, lanes' messages from 100, the number of faults.
#define TOY_MAIL(lane) (100 + (uint64_t)(lane))
#define TOY_BUDGET UINT64_C(99)

static inline const toy_op *toy_next(const toy *world, const toy_state *state, uint32_t lane)
{
    const toy_lane *l = &world->lane[lane];
    if (state->run[lane] < l->count)
        return &l->ops[state->run[lane]];
    return l->endless ? &l->ops[l->count - 1] : NULL;
}

static inline bool toy_possible(const toy *world, const toy_state *state, uint32_t lane)
{
    const toy_op *op = toy_next(world, state, lane);
    const toy_lane *l = &world->lane[lane];
    if (op == NULL || (l->mail && state->waiting[lane] == 0) ||
        (l->kind == ACTI_STEP_FAULT && state->faults >= world->faults_max))
        return false;
    for (uint32_t v = 0; v < TOY_VARS; v++)
        if ((op->takes >> v & 1) != 0 && state->added[v] == 0)
            return false;
    return op->waits == 0 || state->added[op->waits - 1] >= op->until;
}

// Faults last, before them the clock, else the oldest first.
static inline bool toy_sooner(const acti_step *a, const acti_step *b)
{
    if (a->kind != b->kind && (a->kind >= ACTI_STEP_CLOCK || b->kind >= ACTI_STEP_CLOCK))
        return a->kind < b->kind;
    return a->age < b->age;
}

// toy_steps lists what is possible; none when only faults are.
static inline uint32_t toy_steps(const toy *world, toy_state *state, acti_step *steps)
{
    uint32_t count = 0;
    for (uint32_t lane = 0; lane < world->lanes; lane++) {
        if (!toy_possible(world, state, lane)) {
            state->since[lane] = 0;
            continue;
        }
        if (state->since[lane] == 0)
            state->since[lane] = state->steps + 1;
        acti_step step = {.lane = lane + 1,
                          .event = toy_event(lane, state->run[lane]),
                          .actor = world->lane[lane].actor,
                          .age = state->since[lane],
                          .index = lane,
                          .kind = world->lane[lane].kind,
                          .fault = (uint8_t)(lane % 8)};
        uint32_t at = count++;
        for (; at > 0 && toy_sooner(&step, &steps[at - 1]); at--)
            steps[at] = steps[at - 1];
        steps[at] = step;
    }
    return count > 0 && steps[0].kind != ACTI_STEP_FAULT ? count : 0;
}

static inline void toy_touch(acti_footprint *footprint, uint64_t object, acti_touch how)
{
    footprint->at[footprint->count].object = object;
    footprint->at[footprint->count++].how = how;
}

// What a step does to variables. Reading comes first, so all that it writes depends on all that it read.
static inline void toy_compute(const toy_op *op, toy_state *state, uint32_t lane, uint64_t id, acti_footprint *print)
{
    uint32_t reads = op->reads | (op->waits != 0 ? UINT32_C(1) << (op->waits - 1) : 0);
    uint64_t *log = &state->log[lane];
    *log = toy_mix(*log, id);
    for (uint32_t v = 0; v < TOY_VARS; v++)
        if ((reads >> v & 1) != 0) {
            *log = toy_mix(*log, state->value[v]);
            toy_touch(print, v + 1, ACTI_TOUCH_READ);
        }
    for (uint32_t v = 0; v < TOY_VARS; v++) {
        if ((op->adds >> v & 1) != 0) {
            state->value[v] += id;
            state->added[v]++;
            toy_touch(print, v + 1, ACTI_TOUCH_ADD);
        }
        if (((op->writes | op->takes) >> v & 1) != 0) {
            state->value[v] = toy_mix(state->value[v], *log);
            state->added[v] -= op->takes >> v & 1;
            toy_touch(print, v + 1, ACTI_TOUCH_WRITE);
        }
    }
}

static inline void toy_mail(const toy *world, toy_state *state, uint32_t to, uint64_t id, acti_footprint *print)
{
    if (!world->lane[to].shared)
        return;
    state->mail[to] = toy_mix(state->mail[to], id);
    toy_touch(print, TOY_MAIL(to), ACTI_TOUCH_WRITE);
}

// toy_run runs the step of a lane. strategy is told what it did; NULL: nobody is.
static inline void toy_run(const toy *world, toy_state *state, uint32_t lane, acti_strategy *strategy)
{
    const toy_op *op = toy_next(world, state, lane);
    uint64_t id = toy_event(lane, state->run[lane]);
    acti_footprint print = {.everything = op->everything};
    state->steps++;
    state->run[lane]++;
    state->since[lane] = 0;
    if (world->lane[lane].mail) {
        state->waiting[lane]--;
        toy_mail(world, state, lane, id, &print);
    }
    toy_compute(op, state, lane, id, &print);
    for (uint32_t to = 0; to < world->lanes; to++) {
        if (!world->lane[to].mail)
            continue;
        if ((op->cancels >> to & 1) != 0) {
            state->run[to] += state->waiting[to]; // as if they had: what is sent later is another step
            state->waiting[to] = 0;
            toy_mail(world, state, to, id, &print);
        }
        if ((op->sends >> to & 1) != 0) {
            if (strategy && strategy->ops->made)
                strategy->ops->made(strategy, toy_event(to, state->run[to] + state->waiting[to]));
            state->waiting[to]++;
            toy_mail(world, state, to, id, &print);
        }
    }
    if (world->lane[lane].kind == ACTI_STEP_FAULT) {
        state->faults++;
        state->budget = toy_mix(state->budget, id);
        toy_touch(&print, TOY_BUDGET, ACTI_TOUCH_WRITE);
    }
    for (uint32_t other = 0; op->everything && other < world->lanes; other++) {
        state->log[lane] = toy_mix(state->log[lane], state->log[other]);
        state->log[other] = toy_mix(state->log[other], id);
    }
    if (strategy && strategy->ops->touched)
        strategy->ops->touched(strategy, &print);
}

static inline void toy_begin(const toy *world, toy_state *state)
{
    memset(state, 0, sizeof(*state));
    memcpy(state->added, world->tokens, sizeof(state->added));
}

// toy_end is the state in one number: when steps became possible is no part of it.
static inline uint64_t toy_end(const toy *world, const toy_state *state)
{
    uint64_t sum = state->budget;
    for (uint32_t v = 0; v < TOY_VARS; v++)
        sum = toy_mix(sum, toy_mix(state->value[v], state->added[v]));
    for (uint32_t lane = 0; lane < world->lanes; lane++) {
        sum = toy_mix(sum, toy_mix(state->log[lane], state->mail[lane]));
        sum = toy_mix(sum, toy_mix(state->run[lane], state->waiting[lane]));
    }
    return sum;
}

// ---- one schedule ---------------------------------------------------------------

typedef struct toy_schedule {
    uint64_t end;
    uint32_t steps;
    bool given_up; // by the strategy
    bool cut;
    uint32_t lane[TOY_STEPS]; // of each step
} toy_schedule;

// toy_go runs a schedule. False: there is none left. An index that is out of bounds fails the test.
static inline bool toy_go(const toy *world, acti_strategy *strategy, uint64_t seed, uint32_t steps_max,
                          toy_schedule *schedule)
{
    acti_step steps[TOY_LANES];
    toy_state state;
    uint32_t count;
    if (!strategy->ops->begin(strategy, seed))
        return false;

    toy_begin(world, &state);
    schedule->steps = 0;
    schedule->cut = schedule->given_up = false;
    while ((count = toy_steps(world, &state, steps)) > 0) {
        schedule->cut = schedule->steps == steps_max;
        if (schedule->cut)
            break;
        uint32_t choice = strategy->ops->choose(strategy, steps, count);
        schedule->given_up = choice == UINT32_MAX;
        if (schedule->given_up)
            break;
        assert_in_range(choice, 0, count - 1);
        schedule->lane[schedule->steps++] = steps[choice].index;
        toy_run(world, &state, steps[choice].index, strategy);
    }
    strategy->ops->end(strategy, schedule->cut);
    schedule->end = toy_end(world, &state);
    return true;
}

// toy_place says in which step, from 0, the number-th step of a lane came; UINT32_MAX: it did not.
static inline uint32_t toy_place(const toy_schedule *schedule, uint32_t lane, uint32_t number)
{
    for (uint32_t i = 0; i < schedule->steps; i++)
        if (schedule->lane[i] == lane && number-- == 0)
            return i;
    return UINT32_MAX;
}

// ---- all schedules ----------------------------------------------------------------

enum { TOY_ENDS = 65536 };

// A set of ends, and how many schedules led there.
typedef struct toy_ends {
    uint64_t schedules;
    uint32_t count;
    uint64_t end[TOY_ENDS];
} toy_ends;

static inline void toy_ends_add(toy_ends *ends, uint64_t end)
{
    uint32_t at = 0, below = ends->count;
    ends->schedules++;
    while (at < below) {
        uint32_t middle = (at + below) / 2;
        if (ends->end[middle] < end)
            at = middle + 1;
        else
            below = middle;
    }
    if (at < ends->count && ends->end[at] == end)
        return;
    assert_true(ends->count < TOY_ENDS);
    memmove(&ends->end[at + 1], &ends->end[at], (ends->count - at) * sizeof(ends->end[0]));
    ends->end[at] = end;
    ends->count++;
}

static inline bool toy_ends_same(const toy_ends *a, const toy_ends *b)
{
    return a->count == b->count && memcmp(a->end, b->end, a->count * sizeof(a->end[0])) == 0;
}

// toy_enumerate runs every schedule, up to `most`; false if there are more.
static inline bool toy_enumerate(const toy *world, const toy_state *from, uint64_t most, toy_ends *ends)
{
    acti_step steps[TOY_LANES];
    toy_state state = *from;
    uint32_t count = toy_steps(world, &state, steps);
    if (count == 0) {
        toy_ends_add(ends, toy_end(world, &state));
        return ends->schedules <= most;
    }
    for (uint32_t i = 0; i < count; i++) {
        toy_state next = state;
        toy_run(world, &next, steps[i].index, NULL);
        if (!toy_enumerate(world, &next, most, ends))
            return false;
    }
    return true;
}

#endif
