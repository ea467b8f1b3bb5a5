// SPDX-License-Identifier: MIT
//
// marks.c - a hash table that is emptied by counting one number up.

#include "sim/marks.h"

#include <stdlib.h>

#define FIRST_SIZE 32

static bool grow(acti_marks *marks);

void acti_marks_fini(acti_marks *marks)
{
    free(marks->slots);
    *marks = (acti_marks){0};
}

void acti_marks_clear(acti_marks *marks)
{
    marks->schedule++;
    marks->used = 0;
}

bool acti_marks_set(acti_marks *marks, uint64_t key, uint64_t value)
{
    if (marks->used >= marks->size / 2 && !grow(marks))
        return false;
    acti_mark *slot = acti_marks_slot(marks, key);
    if (slot->schedule != marks->schedule)
        marks->used++;
    *slot = (acti_mark){.key = key, .value = value, .schedule = marks->schedule};
    return true;
}

// grow doubles the table, and moves only the marks of this schedule.
static bool grow(acti_marks *marks)
{
    if (marks->size > UINT32_MAX / 2)
        return false;
    acti_marks larger = {.size = marks->size == 0 ? FIRST_SIZE : marks->size * 2, .schedule = marks->schedule};
    larger.slots = calloc(larger.size, sizeof(*larger.slots));
    if (!larger.slots)
        return false;

    // A fresh slot is of schedule 0, which therefore must not be this one.
    if (larger.schedule == 0)
        larger.schedule = 1;
    for (uint32_t i = 0; i < marks->size; i++)
        if (marks->slots[i].schedule == marks->schedule) {
            *acti_marks_slot(&larger, marks->slots[i].key) = marks->slots[i];
            larger.used++;
        }
    free(marks->slots);
    *marks = larger;
    return true;
}
