// SPDX-License-Identifier: MIT
//
// words.c - a story in words.
//
// The arrow shows who sent to whom. Beside it stands what, when it was sent, and, if it came out of turn, what it
// overtook. Every part has a bound, so that the most important one, which comes last, always has room.

#include <string.h>

#include "core/why.h"
#include "sim/cell.h"
#include "sim/story.h"

#define NONE ACTI_STORY_NONE

#define NAME_COLUMNS 24
#define WHAT_COLUMNS 100 // of the text of an event
#define OTHER_COLUMNS 60 // and where it is mentioned by another
#define CLAIM_COLUMNS 400
#define ENDING_MESSAGES 8 // that are named

typedef struct piece {
    char text[420];
} piece;

static const acti_traced_event *event_at(const acti_story *story, uint32_t event)
{
    return &story->trace->events[event];
}

// ---- pieces -------------------------------------------------------------------------

void acti_story_name(const acti_story *story, uint32_t actor, uint32_t columns, char to[ACTI_STORY_WORDS])
{
    const acti_traced_actor *a = &story->trace->actors[actor];
    char number[16] = "";
    acti_text out = {.at = number, .size = sizeof number};
    uint32_t n = acti_traced_number(story->trace, actor);
    if (n > 0)
        acti_text_add(&out, " %u", n);
    acti_cell_clean(a->name, columns - (uint32_t)strlen(number), to, ACTI_STORY_WORDS - sizeof number);
    memcpy(to + strlen(to), number, strlen(number) + 1);
}

static piece name_of(const acti_story *story, uint32_t actor)
{
    char name[ACTI_STORY_WORDS] = "nobody";
    piece p;
    if (actor != ACTI_TRACE_NOBODY)
        acti_story_name(story, actor, NAME_COLUMNS, name);
    acti_cell_clean(name, NAME_COLUMNS, p.text, sizeof p.text);
    return p;
}

// what gives the text of an event, of an arrival that of the sending if it has none.
static piece what(const acti_story *story, uint32_t event, uint32_t columns)
{
    const acti_traced_event *e = event_at(story, event);
    const char *text = e->text;
    if (*text == 0 && story->links[event].mate != NONE)
        text = event_at(story, story->links[event].mate)->text;
    piece p;
    acti_cell_clean(*text != 0 ? text : "a message", columns, p.text, sizeof p.text);
    return p;
}

static void add_step(acti_text *out, const char *did, uint32_t step)
{
    if (step == 0)
        acti_text_add(out, "%s at the start", did);
    else
        acti_text_add(out, "%s in step %u", did, step);
}

static void add_duration(acti_text *out, uint64_t ns)
{
    if (ns < 1000)
        acti_text_add(out, "%u ns", (unsigned)ns);
    else if (ns < 1000000)
        acti_text_add(out, "%.6g us", (double)ns / 1e3);
    else if (ns < 1000000000)
        acti_text_add(out, "%.6g ms", (double)ns / 1e6);
    else
        acti_text_add(out, "%.9g s", (double)ns / 1e9);
}

// ---- events -------------------------------------------------------------------------

static void say_sent(const acti_story *story, uint32_t event, acti_text *out)
{
    const acti_story_link *link = &story->links[event];
    acti_text_add(out, "sends %s to %s", what(story, event, OTHER_COLUMNS).text,
                  name_of(story, event_at(story, event)->to).text);
    if (link->rival != NONE)
        add_step(out, ", which is overtaken", event_at(story, link->rival)->step);
    if (link->mate != NONE && event_at(story, link->mate)->what == ACTI_TRACE_LOST)
        add_step(out, ", which is lost", event_at(story, link->mate)->step);
}

// A message that several overtake is described in full where the first does.
static void say_overtaken(const acti_story *story, uint32_t event, acti_text *out)
{
    const acti_story_link *link = &story->links[event];
    uint32_t from = acti_story_from(story, link->rival);
    uint32_t first = story->links[link->rival].rival;
    acti_text_add(out, ": overtakes %s", what(story, link->rival, OTHER_COLUMNS).text);
    if (first != event && first >= story->first) {
        acti_text_add(out, link->more ? ", too, and others" : ", too");
        return;
    }
    if (from != ACTI_TRACE_NOBODY)
        acti_text_add(out, " from %s", name_of(story, from).text);
    add_step(out, ", sent", event_at(story, link->rival)->step);
    if (link->more)
        acti_text_add(out, ", and others");
}

static void say_arrival(const acti_story *story, uint32_t event, acti_text *out)
{
    const acti_story_link *link = &story->links[event];
    uint32_t from = acti_story_from(story, event);
    acti_text_add(out, "%s", what(story, event, WHAT_COLUMNS).text);
    if (from != ACTI_TRACE_NOBODY && acti_story_column(story, from) == NONE)
        acti_text_add(out, " from %s", name_of(story, from).text);
    if (link->mate != NONE)
        add_step(out, ", sent", event_at(story, link->mate)->step);
    if (link->mate != NONE && story->links[link->mate].rival != NONE)
        add_step(out, ", overtaken", event_at(story, story->links[link->mate].rival)->step);
    if (event_at(story, event)->what == ACTI_TRACE_LOST)
        acti_text_add(out, ": lost");
    if (link->rival != NONE)
        say_overtaken(story, event, out);
}

static void say_time(const acti_story *story, uint32_t event, acti_text *out)
{
    uint64_t before_ns = event > 0 ? event_at(story, event - 1)->at_ns : 0;
    uint64_t now_ns = event_at(story, event)->at_ns;
    if (now_ns <= before_ns) {
        acti_text_add(out, "the clock is looked at");
        return;
    }
    add_duration(out, now_ns - before_ns);
    acti_text_add(out, " later");
}

static void say_spawned(const acti_story *story, uint32_t event, acti_text *out)
{
    const acti_traced_event *e = event_at(story, event);
    if (e->from == ACTI_TRACE_NOBODY)
        acti_text_add(out, "%s is spawned", name_of(story, e->to).text);
    else if (acti_story_column(story, e->from) == NONE)
        acti_text_add(out, "%s spawns %s", name_of(story, e->from).text, name_of(story, e->to).text);
    else
        acti_text_add(out, "spawns %s", name_of(story, e->to).text);
}

static void say_text(const acti_traced_event *e, const char *before, acti_text *out)
{
    char text[ACTI_STORY_WORDS - 32];
    acti_cell_clean(e->text, CLAIM_COLUMNS, text, sizeof text);
    acti_text_add(out, "%s%s", before, text);
}

void acti_story_words(const acti_story *story, uint32_t event, char to[ACTI_STORY_WORDS])
{
    const acti_traced_event *e = event_at(story, event);
    acti_text out = {.at = to, .size = ACTI_STORY_WORDS};
    to[0] = 0;
    switch ((acti_trace_what)e->what) {
    case ACTI_TRACE_SPAWNED:
        say_spawned(story, event, &out);
        break;
    case ACTI_TRACE_SENT:
        say_sent(story, event, &out);
        break;
    case ACTI_TRACE_DELIVERED:
    case ACTI_TRACE_LOST:
        say_arrival(story, event, &out);
        break;
    case ACTI_TRACE_RAN:
        say_text(e, *e->text != 0 ? "" : "runs", &out);
        break;
    case ACTI_TRACE_TIME:
        say_time(story, event, &out);
        break;
    case ACTI_TRACE_FAULT:
        say_text(e, "FAULT: ", &out);
        break;
    case ACTI_TRACE_ENDED:
        say_text(e, *e->text != 0 ? "ends: " : "ends", &out);
        break;
    case ACTI_TRACE_CLAIM:
        say_text(e, "BROKEN: ", &out);
        break;
    case ACTI_TRACE_NOTE:
        say_text(e, "", &out);
        break;
    }
}

// ---- the ending ---------------------------------------------------------------------

typedef struct ending {
    const acti_story *story;
    void (*say)(void *arg, const char *words);
    void *arg;
} ending;

static void say_on_its_way(const ending *end, uint32_t event)
{
    const acti_story *story = end->story;
    const acti_traced_event *e = event_at(story, event);
    char words[ACTI_STORY_WORDS];
    acti_text out = {.at = words, .size = sizeof words};
    acti_text_add(&out, "still on its way: %s from %s to %s", what(story, event, OTHER_COLUMNS).text,
                  name_of(story, e->from).text, name_of(story, e->to).text);
    add_step(&out, ", sent", e->step);
    end->say(end->arg, words);
}

static void say_count(const ending *end, uint64_t count, const char *one, const char *many)
{
    char words[ACTI_STORY_WORDS];
    acti_text out = {.at = words, .size = sizeof words};
    acti_text_add(&out, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
    if (count > 0)
        end->say(end->arg, words);
}

void acti_story_ending(const acti_story *story, void (*say)(void *arg, const char *words), void *arg)
{
    const ending end = {story, say, arg};
    uint32_t named = 0, others = 0;
    for (uint32_t i = 0; i < story->trace->event_count; i++) {
        const acti_traced_event *e = event_at(story, i);
        if (e->what != ACTI_TRACE_SENT || story->links[i].mate != NONE)
            continue;
        if (e->from == ACTI_TRACE_NOBODY || named == ENDING_MESSAGES) {
            others++;
        } else {
            named++;
            say_on_its_way(&end, i);
        }
    }
    say_count(&end, others, "other message is still on its way", "other messages are still on their way");
    say_count(&end, story->folded, "other actor is not shown", "other actors are not shown");
    say_count(&end, story->trace->lost, "event more was not kept, for lack of memory",
              "events more were not kept, for lack of memory");
}
