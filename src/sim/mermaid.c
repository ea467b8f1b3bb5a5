// SPDX-License-Identifier: MIT
//
// mermaid.c - a story as a Mermaid sequence diagram.
//
// Mermaid has no way to quote, only entities: `#NN;`, NN the number of a character. So of a user's text only letters,
// digits and a few signs that mean nothing in any place stand for themselves. Nor may the word `end` stand anywhere,
// and a text may not be empty. Actors are called a0, a1, ...; their names are shown and never referred to.

#include <string.h>

#include "core/why.h"
#include "sim/cell.h"
#include "sim/story.h"

#define NONE ACTI_STORY_NONE
#define LINE_BYTES (64 + 6 * ACTI_STORY_WORDS) // every byte an entity

typedef struct mermaid {
    const acti_story *story;
    void (*line)(void *arg, const char *text);
    void *arg;
    uint32_t step; // of the last line
} mermaid;

// ---- text ---------------------------------------------------------------------------

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || (c != 0 && strchr(" _.,!?", c) != NULL) || (c & 0x80) != 0;
}

// is_end is whether the word `end` begins at a character of text, in any case.
static bool is_end(const char *text, size_t at)
{
    static const char word[] = "end";
    if (at > 0 && is_letter(text[at - 1]))
        return false;
    for (size_t i = 0; i < 3; i++)
        if ((text[at + i] | 0x20) != word[i])
            return false;
    return !is_letter(text[at + 3]);
}

static void add_escaped(acti_text *out, const char *text)
{
    for (size_t at = 0; text[at] != 0; at++) {
        if (is_plain(text[at]) && !is_end(text, at))
            acti_text_add(out, "%c", text[at]);
        else
            acti_text_add(out, "#%u;", (unsigned char)text[at]);
    }
}

// ---- lines --------------------------------------------------------------------------

// put puts a line of Mermaid, indented: `what', which is ours, and text of any kind.
static void put(const mermaid *m, const char *what, const char *text)
{
    char line[LINE_BYTES];
    acti_text out = {.at = line, .size = sizeof line};
    acti_text_add(&out, "    %s ", what);
    add_escaped(&out, *text != 0 ? text : "-");
    m->line(m->arg, line);
}

static void put_participants(const mermaid *m)
{
    for (uint32_t c = 0; c < m->story->column_count; c++) {
        char name[ACTI_STORY_WORDS];
        char what[64];
        acti_text out = {.at = what, .size = sizeof what};
        acti_story_name(m->story, m->story->columns[c], 40, name);
        acti_text_add(&out, "participant a%u as", c);
        put(m, what, name);
    }
}

static void put_note(const mermaid *m, uint32_t column, const char *text)
{
    char what[64];
    acti_text out = {.at = what, .size = sizeof what};
    uint32_t last = m->story->column_count > 0 ? m->story->column_count - 1 : 0;
    if (column != NONE)
        acti_text_add(&out, "Note over a%u:", column);
    else if (last > 0)
        acti_text_add(&out, "Note over a0,a%u:", last);
    else
        acti_text_add(&out, "Note over a0:");
    put(m, what, text);
}

static void put_arrow(const mermaid *m, uint32_t from, uint32_t to, bool arrives, const char *text)
{
    char what[64];
    acti_text out = {.at = what, .size = sizeof what};
    acti_text_add(&out, "a%u%sa%u:", from, arrives ? "->>" : "-x", to);
    put(m, what, text);
}

static void put_event(mermaid *m, uint32_t event)
{
    const acti_traced_event *e = &m->story->trace->events[event];
    char words[ACTI_STORY_WORDS];
    char text[ACTI_STORY_WORDS + 32];
    acti_text out = {.at = text, .size = sizeof text};
    acti_story_words(m->story, event, words);
    acti_text_add(&out, "%u%s %s", e->step, e->forced && e->step != m->step ? "!" : "", words);
    m->step = e->step;
    bool arrival = e->what == ACTI_TRACE_DELIVERED || e->what == ACTI_TRACE_LOST;
    bool of_receiver = arrival || e->what == ACTI_TRACE_RAN || e->what == ACTI_TRACE_ENDED;
    uint32_t from = acti_story_column(m->story, acti_story_from(m->story, event));
    uint32_t to = acti_story_column(m->story, e->to);
    if (arrival && from != NONE && to != NONE)
        put_arrow(m, from, to, e->what == ACTI_TRACE_DELIVERED, text);
    else
        put_note(m, of_receiver || from == NONE ? to : from, text);
}

static void say_ending(void *arg, const char *words)
{
    put_note(arg, NONE, words);
}

// ---- the whole ----------------------------------------------------------------------

static void print(mermaid *m)
{
    m->line(m->arg, "sequenceDiagram");
    if (m->story->column_count == 0)
        put(m, "participant a0 as", "nobody");
    put_participants(m);
    char before[64];
    acti_text out = {.at = before, .size = sizeof before};
    acti_text_add(&out, "... %u step%s before", m->story->before, m->story->before == 1 ? "" : "s");
    if (m->story->before > 0)
        put_note(m, NONE, before);
    for (uint32_t i = m->story->first; i < m->story->trace->event_count; i++)
        if (acti_story_shows(m->story, i))
            put_event(m, i);
    acti_story_ending(m->story, say_ending, m);
}

void acti_trace_mermaid(const acti_trace *trace, void (*line)(void *arg, const char *text), void *arg)
{
    acti_story story;
    if (acti_story_init(&story, trace))
        print(&(mermaid){.story = &story, .line = line, .arg = arg});
    else
        line(arg, "%% There is no memory for the diagram.");
    acti_story_fini(&story);
}
