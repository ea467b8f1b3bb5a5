// SPDX-License-Identifier: MIT
//
// diagram.c - a sequence diagram in text.
//
//      step    source   router    sink
//         1       *        |        |      starts
//         2!      o------->|        |      end{}, sent in step 1
//
// Left stand the step and the lines of life, right the words, in as many lines as they need. A line of life is there
// from the actor's spawn to its end. All on the left is ASCII that stands where it is put; text of users stands on the
// right, where it can push nothing aside, and in the head, where it is alone or has room.

#include <string.h>

#include "core/why.h"
#include "sim/cell.h"
#include "sim/story.h"

#define NONE ACTI_STORY_NONE

#define WIDTH 100
#define LIVES_WIDTH 56 // of all lines of life together, when there are many
#define LIFE_MIN 7     // columns for one of them: LIVES_WIDTH / ACTI_STORY_COLUMNS
#define LIFE_MAX 20
#define LEFT_MAX 128   // bytes of the left side
#define HEAD_EVERY 40  // rows

typedef struct diagram {
    const acti_story *story;
    void (*line)(void *arg, const char *text);
    void *arg;
    uint32_t digits; // of a step
    uint32_t life;   // columns from one line of life to the next
    uint32_t words;  // column at which the words begin
    bool stairs;     // the names do not fit above their lines of life side by side
    bool alive[ACTI_STORY_COLUMNS];
    uint32_t step;   // of the last row
    uint32_t rows;   // since the last head
} diagram;

// The left side of a row.
typedef struct left {
    char text[LEFT_MAX];
} left;

// ---- where things stand -------------------------------------------------------------

static uint32_t digits_of(uint32_t number)
{
    uint32_t digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static uint32_t place_of(const diagram *d, uint32_t column)
{
    return d->digits + 2 + d->life / 2 + column * d->life;
}

static void lay_out(diagram *d)
{
    const acti_story *story = d->story;
    uint32_t count = story->column_count > 0 ? story->column_count : 1;
    uint32_t longest = 0;
    for (uint32_t c = 0; c < story->column_count; c++) {
        char name[ACTI_STORY_WORDS];
        acti_story_name(story, story->columns[c], WIDTH, name);
        uint32_t width = acti_cell_width(name);
        longest = width > longest ? width : longest;
    }
    uint32_t most = LIVES_WIDTH / count < LIFE_MAX ? LIVES_WIDTH / count : LIFE_MAX;
    d->life = longest + 2 < LIFE_MIN ? LIFE_MIN : longest + 2 > most ? most : longest + 2;
    d->stairs = longest + 2 > most;
    uint32_t events = story->trace->event_count;
    uint32_t digits = digits_of(events > 0 ? story->trace->events[events - 1].step : 0);
    d->digits = digits < 5 ? 5 : digits;
    d->words = d->digits + 2 + count * d->life + 1;
}

// ---- lines --------------------------------------------------------------------------

static left lives(const diagram *d)
{
    left l;
    memset(l.text, ' ', sizeof l.text);
    for (uint32_t c = 0; c < d->story->column_count; c++)
        if (d->alive[c])
            l.text[place_of(d, c)] = '|';
    return l;
}

// put_line puts one line together: what is on the left up to a column, and n bytes.
static void put_line(const diagram *d, const left *l, uint32_t columns, const char *text, size_t n)
{
    char line[LEFT_MAX + ACTI_STORY_WORDS];
    memcpy(line, l->text, columns);
    memcpy(line + columns, text, n);
    size_t size = columns + n;
    while (size > 0 && line[size - 1] == ' ')
        size--;
    line[size] = 0;
    d->line(d->arg, line);
}

// put_words puts a row, and as many lines below as the words need.
static void put_words(diagram *d, const left *l, const left *below, const char *words)
{
    size_t n;
    do {
        n = acti_cell_break(words, WIDTH - d->words);
        put_line(d, l, d->words, words, n);
        d->rows++;
        words += n;
        words += strspn(words, " ");
        l = below;
    } while (*words != 0);
}

// ---- the head -----------------------------------------------------------------------

static void put_head_side_by_side(const diagram *d)
{
    char line[LEFT_MAX + ACTI_STORY_COLUMNS * LIFE_MAX * 4];
    acti_text out = {.at = line, .size = sizeof line};
    acti_text_add(&out, "%*s", (int)d->digits, "step");
    uint32_t width = d->digits;
    for (uint32_t c = 0; c < d->story->column_count; c++) {
        char name[ACTI_STORY_WORDS];
        acti_story_name(d->story, d->story->columns[c], d->life > 16 ? d->life : 16, name);
        uint32_t own = acti_cell_width(name);
        uint32_t from = place_of(d, c) - own / 2;
        acti_text_add(&out, "%*s%s", (int)(from - width), "", name);
        width = from + own;
    }
    d->line(d->arg, line);
}

// put_head_as_stairs gives each name a line of its own, above the lines of life of the next ones.
static void put_head_as_stairs(const diagram *d)
{
    left l;
    memset(l.text, ' ', sizeof l.text);
    memcpy(l.text + d->digits - 4, "step", 4);
    for (uint32_t c = 0; c < d->story->column_count; c++) {
        char name[ACTI_STORY_WORDS];
        acti_story_name(d->story, d->story->columns[c], WIDTH - place_of(d, c), name);
        put_line(d, &l, place_of(d, c), name, strlen(name));
        memset(l.text, ' ', d->digits);
        l.text[place_of(d, c)] = '|';
    }
}

static void put_head(diagram *d)
{
    if (d->stairs)
        put_head_as_stairs(d);
    else
        put_head_side_by_side(d);
    d->rows = 0;
}

// ---- rows ---------------------------------------------------------------------------

static void mark(const diagram *d, left *l, uint32_t actor, char with)
{
    uint32_t column = acti_story_column(d->story, actor);
    if (column != NONE)
        l->text[place_of(d, column)] = with;
}

// draw_line fills from one place up to another, under the lines of life.
static void draw_line(left *l, uint32_t from, uint32_t to, char with)
{
    for (uint32_t at = from; at < to; at++)
        if (l->text[at] == ' ')
            l->text[at] = with;
}

static void draw_arrow(const diagram *d, left *l, uint32_t from, uint32_t to, char at_end)
{
    uint32_t a = acti_story_column(d->story, from);
    uint32_t b = acti_story_column(d->story, to);
    if (b == NONE) {
        mark(d, l, from, 'o');
        return;
    }
    uint32_t end = place_of(d, b);
    uint32_t start = a != NONE ? place_of(d, a) : end - 3; // from somewhere
    if (start == end) {
        l->text[end] = '@';
        return;
    }
    l->text[start] = a != NONE ? 'o' : '-';
    draw_line(l, start < end ? start : end + 1, start < end ? end : start, '-');
    l->text[start < end ? end - 1 : end + 1] = at_end != 0 ? at_end : start < end ? '>' : '<';
}

static void draw(const diagram *d, uint32_t event, left *l)
{
    const acti_traced_event *e = &d->story->trace->events[event];
    switch ((acti_trace_what)e->what) {
    case ACTI_TRACE_SPAWNED:
        draw_arrow(d, l, e->from, e->to, 0);
        mark(d, l, e->to, '*');
        break;
    case ACTI_TRACE_SENT:
        mark(d, l, e->from, 'o');
        break;
    case ACTI_TRACE_DELIVERED:
        draw_arrow(d, l, acti_story_from(d->story, event), e->to, 0);
        break;
    case ACTI_TRACE_LOST:
        draw_arrow(d, l, acti_story_from(d->story, event), e->to, 'x');
        break;
    case ACTI_TRACE_RAN:
        mark(d, l, e->to, '*');
        break;
    case ACTI_TRACE_TIME:
        draw_line(l, d->digits + 3, d->words - 2, '.');
        break;
    case ACTI_TRACE_FAULT:
        mark(d, l, e->from, '%');
        mark(d, l, e->to, '%');
        break;
    case ACTI_TRACE_ENDED:
        mark(d, l, e->to, '#');
        break;
    case ACTI_TRACE_CLAIM:
        mark(d, l, e->from, 'X');
        break;
    case ACTI_TRACE_NOTE:
        break;
    }
}

// live lets lines of life begin and end.
static void live(diagram *d, const acti_traced_event *e)
{
    uint32_t column = acti_story_column(d->story, e->to);
    if (column != NONE && e->what == ACTI_TRACE_SPAWNED)
        d->alive[column] = true;
    if (column != NONE && e->what == ACTI_TRACE_ENDED)
        d->alive[column] = false;
}

static void put_step(diagram *d, const acti_traced_event *e, left *l)
{
    if (e->step == d->step)
        return;
    d->step = e->step;
    char number[16];
    acti_text out = {.at = number, .size = sizeof number};
    acti_text_add(&out, "%*u%c", (int)d->digits, e->step, e->forced ? '!' : ' ');
    memcpy(l->text, number, d->digits + 1);
}

static void put_row(diagram *d, uint32_t event)
{
    const acti_traced_event *e = &d->story->trace->events[event];
    if (d->rows >= HEAD_EVERY && e->step != d->step)
        put_head(d);
    left l = lives(d);
    draw(d, event, &l);
    put_step(d, e, &l);
    live(d, e);
    left below = lives(d);
    char words[ACTI_STORY_WORDS];
    acti_story_words(d->story, event, words);
    put_words(d, &l, &below, words);
}

// ---- the whole ----------------------------------------------------------------------

// begin_lives: who is spawned in the trace is not there before.
static void begin_lives(diagram *d)
{
    const acti_trace *trace = d->story->trace;
    for (uint32_t c = 0; c < d->story->column_count; c++) {
        d->alive[c] = true;
        for (uint32_t i = 0; i < trace->event_count && d->alive[c]; i++)
            d->alive[c] = trace->events[i].what != ACTI_TRACE_SPAWNED || trace->events[i].to != d->story->columns[c];
    }
}

static void say_ending(void *arg, const char *words)
{
    const diagram *d = arg;
    left margin;
    memset(margin.text, ' ', sizeof margin.text);
    for (uint32_t column = 2; *words != 0; column = 4) {
        size_t n = acti_cell_break(words, WIDTH - column);
        put_line(d, &margin, column, words, n);
        words += n;
        words += strspn(words, " ");
    }
}

static void print(diagram *d)
{
    const acti_story *story = d->story;
    lay_out(d);
    begin_lives(d);
    if (story->forced)
        d->line(d->arg, "A step marked ! was forced: by itself, something else would have been next.");
    put_head(d);
    char before[64];
    acti_text out = {.at = before, .size = sizeof before};
    acti_text_add(&out, "%*s  %u step%s before", (int)d->digits, "...", story->before,
                  story->before == 1 ? "" : "s");
    if (story->before > 0)
        d->line(d->arg, before);
    for (uint32_t i = 0; i < story->trace->event_count; i++) {
        if (i >= story->first && acti_story_shows(story, i))
            put_row(d, i);
        else
            live(d, &story->trace->events[i]);
    }
    acti_story_ending(story, say_ending, d);
}

void acti_trace_print(const acti_trace *trace, void (*line)(void *arg, const char *text), void *arg)
{
    acti_story story;
    if (acti_story_init(&story, trace))
        print(&(diagram){.story = &story, .line = line, .arg = arg});
    else
        line(arg, "There is no memory for the diagram.");
    acti_story_fini(&story);
}
