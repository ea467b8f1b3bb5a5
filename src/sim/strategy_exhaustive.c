// SPDX-License-Identifier: MIT
//
// strategy_exhaustive.c - every order that makes a difference, each about once: dynamic partial-order reduction.
//
// Nothing of a world is kept but the way to where it is: each schedule begins anew, makes the choices of the one before
// up to the last state in which something is still to be tried, tries that, and goes on. A step is known by its event,
// which is the same in all schedules.
//
// Dependence. Two steps are dependent if they touched one object (step.h says how), or if one made the other possible
// or impossible before our eyes. Steps that are not may be exchanged where they follow each other, and schedules that
// differ by such exchanges alone are one, so one of them is enough.
//
// Order. In a schedule a step happens before a later one if both are of one lane, if it made it, if they are dependent,
// or by a chain of these. Only the first two are so in every schedule.
//
// Races (Flanagan and Godefroid, 2005). If a step and a later one are dependent, and no chain leads from the one to the
// other besides, then the later might come first. So something that leads there is to be tried in the state before the
// earlier one: what follows it in this schedule without having happened after it, up to the later step. It is enough
// that one of those that can be first of that (its source set; Abdulla, Aronis, Jonsson and Sagonas, 2014) is tried.
//
// Sleep sets (Godefroid, 1996). What was tried in a state need not be tried again after another step, as long as all
// that come between are independent of it. If all that is possible sleeps, the schedule is one that has been, and need
// not go on.
//
//     begin ->  choose: as before ... , the last one anew  ->  choose: the first that is not asleep ...  ->  end
//               settle, before the next choice and at the end: what the last step did is known; its races are sought
//
// What this asks of the world:
//
//   - What a step does, and whether it is possible, follows from the objects that it touches. Whoever makes it possible
//     or impossible touches one of them, or makes it (`made`).
//   - A step that might have been possible but for another, and never is, leaves no trace in this schedule. So who
//     takes the way of others (cancels, kills, fills up) touches something that those touch who set the step off.
//   - Of schedules that are one, one is seen. Who looks at two actors at once (a claim that is asked after each step,
//     memory that they share) may see a difference that no actor can; that, too, must be an object, and touched.
//
// Steps that disappear without having run are seen: that step and the one that took it are dependent, and it is to be
// tried first. So are those that are left when the schedule ends, as faults are that nobody waits for. A fault is
// taken to touch everything: it is possible only as long as something else is, so each other step bears on it.

#include "sim/strategy.h"

#include <stdlib.h>

#include "base/platform.h"
#include "sim/trail.h"

typedef struct exhaustive {
    acti_strategy base;
    acti_trail trail;
    uint32_t place;  // of the state in which the next choice is made
    bool started;
    bool unsettled;  // what the last step does is being recorded
    bool lossy;      // a schedule was cut: there is something we did not see
    bool failed;     // no memory, or the world is not the same again: there is no going on
} exhaustive;

static uint32_t repeat(exhaustive *self, const acti_step *steps, uint32_t count);
static uint32_t explore(exhaustive *self, const acti_step *steps, uint32_t count);
static void settle(exhaustive *self, const acti_step *next, uint32_t count);
static void find_races(acti_trail *trail);
static bool reverse(acti_trail *trail, uint32_t earlier);

// ---- the strategy -------------------------------------------------------------

// next_wanted gives an option of the last state that is to be tried; ACTI_TRAIL_NONE: there is none.
static uint32_t next_wanted(const acti_trail *trail)
{
    const acti_state *state = acti_trail_state(trail, acti_trail_depth(trail) - 1);
    for (uint32_t i = state->first; i < state->first + state->count; i++)
        if (acti_trail_option(trail, i)->wanted && !acti_trail_option(trail, i)->asleep)
            return i;
    return ACTI_TRAIL_NONE;
}

static bool exhaustive_begin(acti_strategy *strategy, uint64_t seed)
{
    (void)seed;
    exhaustive *self = (exhaustive *)strategy;
    self->place = 0;
    if (!self->started) {
        self->started = true;
        return true;
    }

    for (; !self->failed && acti_trail_depth(&self->trail) > 0; acti_trail_pop(&self->trail)) {
        acti_trail_chosen(&self->trail, acti_trail_depth(&self->trail) - 1)->asleep = true;
        uint32_t wanted = next_wanted(&self->trail);
        if (wanted != ACTI_TRAIL_NONE) {
            self->failed = !acti_trail_choose(&self->trail, wanted);
            return !self->failed;
        }
    }
    self->base.complete = !self->failed && !self->lossy;
    return false;
}

static uint32_t exhaustive_choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    exhaustive *self = (exhaustive *)strategy;
    settle(self, steps, count);
    if (self->failed)
        return UINT32_MAX;
    return self->place < acti_trail_depth(&self->trail) ? repeat(self, steps, count) : explore(self, steps, count);
}

static void exhaustive_made(acti_strategy *strategy, uint64_t event)
{
    exhaustive *self = (exhaustive *)strategy;
    if (self->unsettled && !acti_trail_make(&self->trail, event))
        self->failed = true;
}

static void exhaustive_touched(acti_strategy *strategy, const acti_footprint *footprint)
{
    exhaustive *self = (exhaustive *)strategy;
    if (!self->unsettled)
        return;
    acti_trail_chosen(&self->trail, self->place - 1)->print.everything |= footprint->everything;
    for (uint32_t i = 0; i < footprint->count && !self->failed; i++)
        self->failed = !acti_trail_touch(&self->trail, footprint->at[i].object, footprint->at[i].how);
}

static void exhaustive_end(acti_strategy *strategy, bool cut)
{
    exhaustive *self = (exhaustive *)strategy;
    // That it ended before all that was to be repeated came again: the world is another one.
    if (self->place < acti_trail_depth(&self->trail))
        self->failed = true;
    // Of a schedule that was cut it is not known what was left.
    if (!cut)
        settle(self, NULL, 0);
    else if (self->unsettled && !self->failed)
        find_races(&self->trail);
    self->unsettled = false;
    self->lossy |= cut;
}

static void exhaustive_fini(acti_strategy *strategy)
{
    acti_trail_fini(&((exhaustive *)strategy)->trail);
    free(strategy);
}

acti_strategy *acti_strategy_exhaustive(void)
{
    static const acti_strategy_ops ops = {.begin = exhaustive_begin,
                                          .choose = exhaustive_choose,
                                          .made = exhaustive_made,
                                          .touched = exhaustive_touched,
                                          .end = exhaustive_end,
                                          .fini = exhaustive_fini};
    exhaustive *self = calloc(1, sizeof(*self));
    if (!self)
        return NULL;
    self->base = (acti_strategy){.ops = &ops, .name = "exhaustive"};
    return &self->base;
}

// ---- choosing -----------------------------------------------------------------

static uint32_t index_of(const acti_step *steps, uint32_t count, uint64_t event)
{
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].event == event)
            return i;
    return UINT32_MAX;
}

// repeat makes the choice of a state that is known. The last of them is a new one, and what it does is recorded.
static uint32_t repeat(exhaustive *self, const acti_step *steps, uint32_t count)
{
    uint32_t index = index_of(steps, count, acti_trail_chosen(&self->trail, self->place)->event);
    self->failed = index == UINT32_MAX;
    self->place++;
    self->unsettled = self->place == acti_trail_depth(&self->trail);
    return index;
}

// explore goes on into a state that was not known.
static uint32_t explore(exhaustive *self, const acti_step *steps, uint32_t count)
{
    self->failed = !acti_trail_push(&self->trail, steps, count);
    if (self->failed)
        return UINT32_MAX;

    const acti_state *state = acti_trail_state(&self->trail, self->place);
    uint32_t i = 0;
    while (i < count && acti_trail_option(&self->trail, state->first + i)->asleep)
        i++;
    if (i == count) {
        acti_trail_pop(&self->trail);
        return UINT32_MAX;
    }
    acti_trail_option(&self->trail, state->first + i)->wanted = true;
    self->failed = !acti_trail_choose(&self->trail, state->first + i);
    self->place++;
    self->unsettled = true;
    return i;
}

// ---- what the last step did -----------------------------------------------------

// note_vanished: what was possible and is not any more is to be tried in its stead. If it sleeps it will not be, and
// who else is dependent with it would not be found; so the step that took it away stands for it. Nothing need stand for
// a fault: it is dependent with all, so no step lets it sleep on.
static bool note_vanished(acti_trail *trail, uint32_t place, const acti_step *next, uint32_t count)
{
    const acti_state *state = acti_trail_state(trail, place);
    for (uint32_t i = state->first; i < state->first + state->count; i++) {
        acti_option *option = acti_trail_option(trail, i);
        if (i == state->chosen || index_of(next, count, option->event) != UINT32_MAX)
            continue;
        option->wanted = true;
        if (!acti_trail_touch(trail, option->event, ACTI_TOUCH_WRITE) ||
            (option->asleep && !option->fault && !acti_trail_touch_as(trail, &option->print)))
            return false;
    }
    return true;
}

// note_appeared: what has become possible, but for the next of the same lane and for what was made, depends on the
// step.
static bool note_appeared(acti_trail *trail, uint32_t place, const acti_step *next, uint32_t count)
{
    uint64_t lane = acti_trail_chosen(trail, place)->lane;
    for (uint32_t i = 0; i < count; i++)
        if (next[i].lane != lane && !acti_trail_find(trail, place, next[i].event) &&
            !acti_trail_made_by(trail, place, next[i].event) &&
            !acti_trail_touch(trail, next[i].event, ACTI_TOUCH_WRITE))
            return false;
    return true;
}

// settle is called when all is known of the last step, and what is possible after it; next is NULL at the end.
static void settle(exhaustive *self, const acti_step *next, uint32_t count)
{
    if (!self->unsettled || self->failed)
        return;
    uint32_t last = self->place - 1;
    self->unsettled = false;
    self->failed = !note_vanished(&self->trail, last, next, count) || !note_appeared(&self->trail, last, next, count);
    if (!self->failed)
        find_races(&self->trail);
}

// find_races orders the last step behind those that it depends on, nearest first: so a step that is not yet known to
// have happened before it has no chain to it, but for the step that is just being looked at.
//
// A step in whose state the last one was not yet possible may be what made it so, as giving a lock back does. Then it
// is no link of such a chain: a step before it may have taken the lock, and without both the last one could come
// first.
static void find_races(acti_trail *trail)
{
    uint32_t last = acti_trail_depth(trail) - 1;
    const acti_option *step = acti_trail_chosen(trail, last);
    for (uint32_t place = last; place-- > 0;) {
        if (acti_trail_chained(trail, place))
            continue;
        const acti_option *earlier = acti_trail_chosen(trail, place);
        bool forced = earlier->lane == step->lane || acti_trail_made_by(trail, place, step->event);
        if (forced)
            acti_trail_order(trail, place, true);
        else if (acti_trail_dependent(trail, &earlier->print, &step->print))
            acti_trail_order(trail, place, reverse(trail, place));
    }
}

// is_first says whether the step of `place` has none before it among those that did not happen after `earlier`.
static bool is_first(const acti_trail *trail, uint32_t earlier, uint32_t place)
{
    for (uint32_t i = earlier + 1; i < place; i++)
        if (!acti_trail_before(trail, earlier, i) && acti_trail_before(trail, i, place))
            return false;
    return true;
}

static void want_all(const acti_trail *trail, uint32_t place)
{
    const acti_state *state = acti_trail_state(trail, place);
    for (uint32_t i = state->first; i < state->first + state->count; i++)
        acti_trail_option(trail, i)->wanted = true;
}

// reverse sees to it that the last step is tried before that of the place `earlier`. Whether it was possible there.
static bool reverse(acti_trail *trail, uint32_t earlier)
{
    uint32_t last = acti_trail_depth(trail) - 1;
    bool possible = acti_trail_find(trail, earlier, acti_trail_chosen(trail, last)->event) != NULL;
    bool led_to = possible, covered = false;
    acti_option *found = NULL;
    for (uint32_t place = earlier + 1; place <= last; place++) {
        if (place < last && acti_trail_before(trail, earlier, place))
            continue;
        bool leads = place == last || acti_trail_before(trail, place, last);
        led_to |= leads && place < last;
        if (!is_first(trail, earlier, place))
            continue;
        acti_option *option = acti_trail_find(trail, earlier, acti_trail_chosen(trail, place)->event);
        covered |= option && (option->wanted || option->asleep);
        if (option && leads && !found)
            found = option;
    }

    // It was not possible there, and none of those that could come before it made it so: the earlier step did.
    if (!led_to)
        return false;
    if (found && !covered)
        found->wanted = true;
    else if (!covered)
        want_all(trail, earlier);
    return possible;
}
