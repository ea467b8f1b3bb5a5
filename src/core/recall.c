// SPDX-License-Identifier: MIT
//
// recall.c - remembering, and forgetting the oldest.

#include "core/recall.h"

#include <stdlib.h>

static uint32_t forget(acti_recalled *message)
{
    bool was = message->type != NULL;
    acti_past_let_go(&message->moment.past);
    *message = (acti_recalled){0};
    return was;
}

static uint32_t forget_source(acti_recall_source *of)
{
    uint32_t forgotten = 0;
    for (int i = 0; i < ACTI_RECALL_RECENT; i++)
        forgotten += forget(&of->recent[i]);
    (void)forget(&of->terminal); // most likely one of those
    return forgotten;
}

void acti_recall_fini(acti_recall *recall)
{
    for (uint32_t i = 0; i < recall->count; i++)
        (void)forget_source(&recall->sources[i]);
    free(recall->sources);
    *recall = (acti_recall){0};
}

// ---- remembering --------------------------------------------------------------------

static acti_recall_source *oldest(acti_recall *recall)
{
    acti_recall_source *found = &recall->sources[0];
    for (uint32_t i = 1; i < recall->count; i++)
        if (recall->sources[i].recent[recall->sources[i].newest].handled < found->recent[found->newest].handled)
            found = &recall->sources[i];
    return found;
}

// append makes room for one more source; the number of places doubles. NULL: no memory, or there are enough.
static acti_recall_source *append(acti_recall *recall)
{
    if (recall->count == ACTI_RECALL_SOURCES)
        return NULL;
    if ((recall->count & (recall->count - 1)) == 0) { // all places are taken
        uint32_t places = recall->count > 0 ? recall->count * 2 : 1;
        acti_recall_source *more = realloc(recall->sources, places * sizeof(*more));
        if (more == NULL)
            return NULL;
        recall->sources = more;
    }
    return &recall->sources[recall->count++];
}

static acti_recall_source *source_of(acti_recall *recall, uint64_t source, uint32_t *forgotten)
{
    for (uint32_t i = 0; i < recall->count; i++)
        if (recall->sources[i].source == source)
            return &recall->sources[i];
    acti_recall_source *of = append(recall);
    if (of == NULL && recall->count > 0) {
        of = oldest(recall);
        *forgotten += forget_source(of);
    }
    if (of != NULL)
        *of = (acti_recall_source){.source = source};
    return of;
}

static void put(acti_recalled *place, const acti_recalled *message)
{
    acti_past_hold(message->moment.past);
    *place = *message;
}

uint32_t acti_recall_add(acti_recall *recall, const acti_recalled *message)
{
    uint32_t forgotten = 0;
    acti_recall_source *of = source_of(recall, message->moment.source, &forgotten);
    if (of == NULL)
        return forgotten + 1;
    of->newest = (of->newest + 1) % ACTI_RECALL_RECENT;
    forgotten += forget(&of->recent[of->newest]);
    put(&of->recent[of->newest], message);
    if (message->type->terminal) {
        (void)forget(&of->terminal);
        put(&of->terminal, message);
    }
    return forgotten;
}

// ---- recalling ----------------------------------------------------------------------

static bool counts(const acti_recalled *message, bool terminal)
{
    return message->type != NULL && (!terminal || message->type->terminal);
}

const acti_recalled *acti_recall_sent_by(const acti_recall_source *of, uint64_t at, bool terminal)
{
    for (uint32_t back = 0; back < ACTI_RECALL_RECENT; back++) {
        const acti_recalled *m = &of->recent[(of->newest + ACTI_RECALL_RECENT - back) % ACTI_RECALL_RECENT];
        if (counts(m, terminal) && m->moment.at <= at)
            return m;
    }
    return counts(&of->terminal, true) && of->terminal.moment.at <= at ? &of->terminal : NULL;
}

const acti_recalled *acti_recall_last(const acti_recall_source *of, bool terminal)
{
    const acti_recalled *m = terminal ? &of->terminal : &of->recent[of->newest];
    return counts(m, terminal) ? m : NULL;
}
