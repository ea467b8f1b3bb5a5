// SPDX-License-Identifier: MIT
//
// race.c - remembering races, and turning one around.

#include "sim/race.h"

#include <stdlib.h>
#include <string.h>

// ---- remembering -----------------------------------------------------------------------

static uint64_t event_of(const acti_races *races, uint64_t sent)
{
    for (uint32_t i = races->sent_count; i > 0; i--)
        if (races->sent[i - 1].sent == sent)
            return races->sent[i - 1].event;
    return 0;
}

static void found(void *arg, const acti_race *race)
{
    acti_races *races = arg;
    char text[ACTI_RACE_TEXT];
    (void)acti_race_say(race, text, sizeof(text));
    for (uint32_t i = 0; i < races->count; i++)
        if (strcmp(races->at[i].text, text) == 0)
            return;
    if (races->count == ACTI_RACES_MAX)
        return;
    acti_sim_race *kept = &races->at[races->count++];
    *kept = (acti_sim_race){.first = event_of(races, race->first.sent),
                            .second = event_of(races, race->second.sent),
                            .swapped = race->order != ACTI_RACE_KEPT};
    memcpy(kept->text, text, sizeof(text));
}

void acti_races_begin(acti_races *races, uint64_t number)
{
    races->sent_count = 0;
    if (number < ACTI_RACE_FIRST || number % ACTI_RACE_EVERY == 0)
        races->causal = acti_causal_new(found, races);
}

void acti_races_end(acti_races *races)
{
    if (races->causal != NULL)
        acti_causal_free(races->causal);
    races->causal = NULL;
}

void acti_races_fini(acti_races *races)
{
    acti_races_end(races);
    free(races->sent);
}

void acti_races_note(acti_races *races, uint64_t sent, uint64_t event)
{
    if (races->sent_count == races->sent_room) {
        uint32_t room = races->sent_room > 0 ? races->sent_room * 2 : 64;
        void *grown = realloc(races->sent, room * sizeof(*races->sent));
        if (grown == NULL)
            return;
        races->sent = grown;
        races->sent_room = room;
    }
    races->sent[races->sent_count].sent = sent;
    races->sent[races->sent_count++].event = event;
}

const acti_sim_race *acti_races_next(acti_races *races)
{
    for (uint32_t i = 0; i < races->count; i++) {
        if (!races->at[i].told) {
            races->at[i].told = true;
            return &races->at[i];
        }
    }
    return NULL;
}

// ---- the other way around -----------------------------------------------------------------

typedef struct flipped {
    acti_strategy strategy; // first
    acti_strategy *forced;
    uint64_t first;
    uint64_t second;
    bool over; // second has been chosen
} flipped;

static bool begin(acti_strategy *strategy, uint64_t seed)
{
    flipped *f = (flipped *)(void *)strategy;
    f->over = false;
    return f->forced->ops->begin(f->forced, seed);
}

// other gives a step that is not the first of the two, the second if it is there; count if there is none.
static uint32_t other(const flipped *f, const acti_step *steps, uint32_t count)
{
    uint32_t at = count;
    for (uint32_t i = count; i > 0; i--)
        if (steps[i - 1].event != f->first)
            at = i - 1;
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].event == f->second)
            at = i;
    return at;
}

static uint32_t choose(acti_strategy *strategy, const acti_step *steps, uint32_t count)
{
    flipped *f = (flipped *)(void *)strategy;
    uint32_t choice = f->forced->ops->choose(f->forced, steps, count);
    if (choice < count && !f->over && steps[choice].event == f->first) {
        uint32_t instead = other(f, steps, count);
        choice = instead < count ? instead : choice;
    }
    f->over = f->over || (choice < count && steps[choice].event == f->second);
    return choice;
}

static void end(acti_strategy *strategy, bool cut)
{
    flipped *f = (flipped *)(void *)strategy;
    f->forced->ops->end(f->forced, cut);
}

static void fini(acti_strategy *strategy)
{
    flipped *f = (flipped *)(void *)strategy;
    f->forced->ops->fini(f->forced);
    free(f);
}

acti_strategy *acti_strategy_flipped(const acti_forcing *forcing, uint64_t first, uint64_t second)
{
    static const acti_strategy_ops ops = {.begin = begin, .choose = choose, .end = end, .fini = fini};
    flipped *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->strategy = (acti_strategy){.ops = &ops, .name = "the other order"};
    f->first = first;
    f->second = second;
    f->forced = acti_strategy_forced(forcing);
    if (f->forced != NULL)
        return &f->strategy;
    free(f);
    return NULL;
}
