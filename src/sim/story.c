// SPDX-License-Identifier: MIT
//
// story.c - reading a trace: joining the two ends of each message, and choosing what is shown.
//
// One pass forwards joins arrivals to sendings and finds what overtakes. Sendings to one receiver form a chain in
// their order; an arrival overtakes those before its own that have not arrived by then. One pass backwards finds who
// led to the end: whoever sent what the actors already found have got, the latest first, until the columns are used
// up.

#include "sim/story.h"

#include <stdlib.h>

#define NONE ACTI_STORY_NONE

typedef struct sending {
    uint64_t message;
    uint32_t event;
} sending;

// What the pass forwards needs for itself.
typedef struct reading {
    acti_story *story;
    sending *sendings; // by message
    uint32_t sending_count;
    uint32_t *before; // an event each: the next older and younger sending that is on its way to the same receiver
    uint32_t *behind;
    uint32_t *oldest; // an actor each: the sendings that are on their way to it
    uint32_t *newest;
} reading;

static const acti_traced_event *event_at(const acti_story *story, uint32_t event)
{
    return &story->trace->events[event];
}

static bool is_message(const acti_traced_event *e)
{
    return e->what == ACTI_TRACE_SENT || e->what == ACTI_TRACE_DELIVERED || e->what == ACTI_TRACE_LOST;
}

// ---- forwards: messages -------------------------------------------------------------

static uint32_t *nones(uint32_t count)
{
    uint32_t *all = malloc((count + 1u) * sizeof *all);
    for (uint32_t i = 0; all != NULL && i <= count; i++)
        all[i] = NONE;
    return all;
}

static int by_message(const void *left, const void *right)
{
    const sending *a = left;
    const sending *b = right;
    if (a->message != b->message)
        return a->message < b->message ? -1 : 1;
    return a->event < b->event ? -1 : a->event > b->event;
}

static void list_sendings(reading *r)
{
    const acti_trace *trace = r->story->trace;
    for (uint32_t i = 0; i < trace->event_count; i++)
        if (trace->events[i].what == ACTI_TRACE_SENT && trace->events[i].message != 0)
            r->sendings[r->sending_count++] = (sending){trace->events[i].message, i};
    if (r->sending_count > 0)
        qsort(r->sendings, r->sending_count, sizeof *r->sendings, by_message);
}

// sending_of gives where a message was sent that arrives in this event; NONE if the trace does not have that.
static uint32_t sending_of(const reading *r, uint32_t event)
{
    uint64_t message = event_at(r->story, event)->message;
    uint32_t low = 0, high = r->sending_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->sendings[middle].message < message)
            low = middle + 1;
        else
            high = middle;
    }
    if (message == 0 || low == r->sending_count || r->sendings[low].message != message)
        return NONE;
    uint32_t sent = r->sendings[low].event;
    return sent < event && r->story->links[sent].mate == NONE ? sent : NONE;
}

static void read_sending(reading *r, uint32_t event)
{
    uint32_t to = event_at(r->story, event)->to;
    if (to == ACTI_TRACE_NOBODY)
        return;
    uint32_t last = r->newest[to];
    r->before[event] = last;
    *(last != NONE ? &r->behind[last] : &r->oldest[to]) = event;
    r->newest[to] = event;
}

// overtake notes what the message that was sent in `sent` finds on its way before it. It goes back only as far as
// nobody has overtaken: whoever overtook a sending overtook all before it, too.
static void overtake(reading *r, uint32_t event, uint32_t sent)
{
    acti_story_link *links = r->story->links;
    uint32_t oldest = r->oldest[event_at(r->story, sent)->to];
    for (uint32_t s = r->before[sent]; s != NONE && links[s].rival == NONE; s = r->before[s])
        links[s].rival = event;
    if (oldest == sent)
        return;
    links[event].rival = oldest;
    links[event].more = r->behind[oldest] != sent;
}

static void take_off(reading *r, uint32_t sent, uint32_t to)
{
    uint32_t before = r->before[sent], behind = r->behind[sent];
    *(before != NONE ? &r->behind[before] : &r->oldest[to]) = behind;
    *(behind != NONE ? &r->before[behind] : &r->newest[to]) = before;
}

static void read_arrival(reading *r, uint32_t event)
{
    acti_story_link *links = r->story->links;
    uint32_t sent = sending_of(r, event);
    if (sent == NONE)
        return;
    links[event].mate = sent;
    links[sent].mate = event;
    uint32_t to = event_at(r->story, sent)->to;
    if (to == ACTI_TRACE_NOBODY)
        return;
    if (event_at(r->story, event)->what == ACTI_TRACE_DELIVERED)
        overtake(r, event, sent);
    take_off(r, sent, to);
}

static void read_messages(reading *r)
{
    const acti_trace *trace = r->story->trace;
    list_sendings(r);
    for (uint32_t i = 0; i < trace->event_count; i++) {
        r->story->links[i] = (acti_story_link){NONE, NONE, false};
        if (trace->events[i].what == ACTI_TRACE_SENT)
            read_sending(r, i);
        else if (is_message(&trace->events[i]))
            read_arrival(r, i);
    }
}

static bool join_messages(acti_story *story)
{
    uint32_t events = story->trace->event_count, actors = story->trace->actor_count;
    reading r = {.story = story,
                 .sendings = malloc((events + 1u) * sizeof(sending)),
                 .before = nones(events),
                 .behind = nones(events),
                 .oldest = nones(actors),
                 .newest = nones(actors)};
    bool memory = r.sendings != NULL && r.before != NULL && r.behind != NULL && r.oldest != NULL && r.newest != NULL;
    if (memory)
        read_messages(&r);
    free(r.sendings);
    free(r.before);
    free(r.behind);
    free(r.oldest);
    free(r.newest);
    return memory;
}

// ---- backwards: columns -------------------------------------------------------------

static void give_column(acti_story *story, uint32_t actor)
{
    if (actor == ACTI_TRACE_NOBODY || story->column_count == ACTI_STORY_COLUMNS ||
        acti_story_column(story, actor) != NONE)
        return;
    story->columns[story->column_count++] = actor;
}

static void take_part(acti_story *story, uint32_t actor, uint32_t since)
{
    if (actor != ACTI_TRACE_NOBODY && since < story->since[actor])
        story->since[actor] = since;
}

// take_parts ranks who does something by when it first does, and behind them those to whom something was only sent. Who
// is set up before the first step and never heard of again takes no part. Gives how many do.
static uint32_t take_parts(acti_story *story)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < story->trace->event_count; i++) {
        const acti_traced_event *e = event_at(story, i);
        if (e->what == ACTI_TRACE_SPAWNED && e->step == 0)
            continue;
        take_part(story, e->from, i);
        take_part(story, e->to, e->what == ACTI_TRACE_SENT ? NONE - 1 : i);
    }
    for (uint32_t a = 0; a < story->trace->actor_count; a++)
        count += story->since[a] != NONE;
    return count;
}

// follow_back gives a column to who sent what reached an actor with a column, or is on its way to it.
static void follow_back(acti_story *story, uint32_t event)
{
    const acti_traced_event *e = event_at(story, event);
    bool arrives = e->what == ACTI_TRACE_DELIVERED || e->what == ACTI_TRACE_LOST || e->what == ACTI_TRACE_SPAWNED;
    bool on_its_way = e->what == ACTI_TRACE_SENT && story->links[event].mate == NONE;
    if ((arrives || on_its_way) && acti_story_column(story, e->to) != NONE)
        give_column(story, acti_story_from(story, event));
}

// give_first_column looks for the actor that the end is about.
static void give_first_column(acti_story *story)
{
    for (uint32_t i = story->trace->event_count; i > 0 && story->column_count == 0; i--) {
        const acti_traced_event *e = event_at(story, i - 1);
        give_column(story, e->what == ACTI_TRACE_CLAIM || e->to == ACTI_TRACE_NOBODY ? e->from : e->to);
    }
}

// sort_columns keeps the order of those that are alike.
static void sort_columns(acti_story *story)
{
    for (uint32_t i = 1; i < story->column_count; i++) {
        uint32_t moved = story->columns[i];
        uint32_t at = i;
        for (; at > 0 && story->since[story->columns[at - 1]] > story->since[moved]; at--)
            story->columns[at] = story->columns[at - 1];
        story->columns[at] = moved;
    }
}

static void choose_columns(acti_story *story)
{
    uint32_t parts = take_parts(story);
    if (parts <= ACTI_STORY_COLUMNS) {
        for (uint32_t a = 0; a < story->trace->actor_count; a++)
            if (story->since[a] != NONE)
                give_column(story, a);
    } else {
        give_first_column(story);
        for (uint32_t i = story->trace->event_count; i > 0; i--)
            follow_back(story, i - 1);
    }
    sort_columns(story);
    story->folded = parts - story->column_count;
}

uint32_t acti_story_column(const acti_story *story, uint32_t actor)
{
    for (uint32_t c = 0; c < story->column_count; c++)
        if (story->columns[c] == actor)
            return c;
    return NONE;
}

// ---- rows ---------------------------------------------------------------------------

uint32_t acti_story_from(const acti_story *story, uint32_t event)
{
    const acti_traced_event *e = event_at(story, event);
    uint32_t mate = story->links[event].mate;
    if (e->from != ACTI_TRACE_NOBODY || e->what == ACTI_TRACE_SENT || mate == NONE)
        return e->from;
    return event_at(story, mate)->from;
}

static bool sending_shows(const acti_story *story, uint32_t event)
{
    const acti_story_link *link = &story->links[event];
    return link->rival != NONE || (link->mate != NONE && event_at(story, link->mate)->what == ACTI_TRACE_LOST);
}

bool acti_story_shows(const acti_story *story, uint32_t event)
{
    const acti_traced_event *e = event_at(story, event);
    bool from = acti_story_column(story, e->from) != NONE;
    bool to = acti_story_column(story, e->to) != NONE;
    switch ((acti_trace_what)e->what) {
    case ACTI_TRACE_SPAWNED:
        return e->step > 0 && (from || to);
    case ACTI_TRACE_SENT:
        return from && sending_shows(story, event);
    case ACTI_TRACE_DELIVERED:
    case ACTI_TRACE_LOST:
    case ACTI_TRACE_RAN:
    case ACTI_TRACE_ENDED:
        return to;
    case ACTI_TRACE_NOTE:
        return from || e->from == ACTI_TRACE_NOBODY;
    case ACTI_TRACE_TIME:
    case ACTI_TRACE_FAULT:
    case ACTI_TRACE_CLAIM:
        return true;
    }
    return false;
}

static void choose_rows(acti_story *story)
{
    uint32_t rows = 0;
    for (uint32_t i = story->trace->event_count; i > 0; i--) {
        if (!acti_story_shows(story, i - 1))
            continue;
        if (rows++ == ACTI_STORY_ROWS) {
            uint32_t step = event_at(story, story->first)->step;
            story->before = step > 0 ? step - 1 : 0;
            return;
        }
        story->first = i - 1;
        story->forced |= event_at(story, i - 1)->forced;
    }
}

// ---- life ---------------------------------------------------------------------------

bool acti_story_init(acti_story *story, const acti_trace *trace)
{
    *story = (acti_story){.trace = trace,
                          .links = malloc((trace->event_count + 1u) * sizeof(acti_story_link)),
                          .since = nones(trace->actor_count)};
    if (story->links == NULL || story->since == NULL || !join_messages(story))
        return false;
    choose_columns(story);
    choose_rows(story);
    return true;
}

void acti_story_fini(acti_story *story)
{
    free(story->links);
    free(story->since);
    *story = (acti_story){0};
}
