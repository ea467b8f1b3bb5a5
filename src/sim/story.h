// SPDX-License-Identifier: MIT
//
// story.h - what a trace means: which message overtook which, which never arrived, and what of it all is worth showing.
//
// Messages of one receiver are told in the order in which they were sent. One that arrives while an earlier one is
// still on its way overtakes it. That is where a schedule differs from what a reader expects, so both ends of it are
// shown: the sending of the overtaken, and which one the overtaking one overtook. All other messages are shown where
// they arrive.

#ifndef ACTI_SIM_STORY_H
#define ACTI_SIM_STORY_H

#include "sim/events.h"

#define ACTI_STORY_COLUMNS 8 // at most
#define ACTI_STORY_ROWS 60   // events that are shown, at most
#define ACTI_STORY_NONE UINT32_MAX

// Of each event that is of a message. NONE where there is none.
typedef struct acti_story_link {
    uint32_t mate;  // of SENT: where the message arrived or was lost; else: where it was sent
    uint32_t rival; // of SENT: what first overtook it; of DELIVERED: the oldest that it overtook
    bool more;      // of DELIVERED: it overtook others, too
} acti_story_link;

typedef struct acti_story {
    const acti_trace *trace;
    acti_story_link *links; // an event each
    uint32_t *since;        // an actor each: the lower, the sooner it did something; NONE: takes no part
    uint32_t columns[ACTI_STORY_COLUMNS]; // actors, by since: so most arrows point to the right
    uint32_t column_count;
    uint32_t folded; // actors that take part and have no column
    uint32_t first;  // event that is shown
    uint32_t before; // steps before that
    bool forced;     // some event that is shown is
} acti_story;

// acti_story_init reads a trace, which must stay. False without memory. fini is right in both cases.
bool
acti_story_init(acti_story *story, const acti_trace *trace);
void
acti_story_fini(acti_story *story);

// acti_story_column gives the column of an actor, or NONE.
uint32_t
acti_story_column(const acti_story *story, uint32_t actor);

// acti_story_shows is whether an event is worth a row.
bool
acti_story_shows(const acti_story *story, uint32_t event);

// acti_story_from gives whose an event is, of a message its sender; or NOBODY.
uint32_t
acti_story_from(const acti_story *story, uint32_t event);

// ---- in words ---------------------------------------------------------------------

#define ACTI_STORY_WORDS 1536 // bytes that suffice for what one event needs

// acti_story_name gives an actor's name, with its number if it is not the only one of that name, in at most `columns`
// columns of a terminal, at least 16. acti_story_words says what happened in an event, for beside its row; clean text,
// as in cell.h.
void
acti_story_name(const acti_story *story, uint32_t actor, uint32_t columns, char to[ACTI_STORY_WORDS]);
void
acti_story_words(const acti_story *story, uint32_t event, char to[ACTI_STORY_WORDS]);

// acti_story_ending says what is left to say behind the last row: which messages are still on their way, who is not
// shown, what was not kept.
void
acti_story_ending(const acti_story *story, void (*say)(void *arg, const char *words), void *arg);

#endif
