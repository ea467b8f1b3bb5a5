// SPDX-License-Identifier: MIT
//
// trace.c - keeping what happened.
//
// Events are a plain array, names and texts lie in blocks that are freed together. Memory is the C library's and not
// the pool's, so that a schedule with failing allocations is traced, and is the same schedule. An event is kept whole
// or not at all; after the first that is not, none is, so what is there is how the schedule began.

#include "sim/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/platform.h"

#define BLOCK_BYTES 16384
#define TEXT_BYTES_MAX 1000
#define FIRST_ROOM 64

struct acti_trace_block {
    acti_trace_block *next;
    char bytes[BLOCK_BYTES];
};

acti_trace *acti_trace_new(void)
{
    return calloc(1, sizeof(acti_trace));
}

void acti_trace_free(acti_trace *trace)
{
    if (trace == NULL)
        return;
    while (trace->blocks != NULL) {
        acti_trace_block *block = trace->blocks;
        trace->blocks = block->next;
        free(block);
    }
    free(trace->events);
    free(trace->actors);
    free(trace->slots);
    free(trace);
}

// grow makes room for one more. False without memory.
static bool grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return true;
    if (*room > UINT32_MAX / 4 / size)
        return false;
    uint32_t more = *room > 0 ? *room * 2 : FIRST_ROOM;
    void **at = array;
    void *grown = realloc(*at, more * size);
    if (grown == NULL)
        return false;
    *at = grown;
    *room = more;
    return true;
}

// ---- texts ------------------------------------------------------------------------

static bool add_block(acti_trace *trace)
{
    acti_trace_block *block = malloc(sizeof *block);
    if (block == NULL)
        return false;
    block->next = trace->blocks;
    trace->blocks = block;
    trace->free_at = block->bytes;
    trace->free_size = sizeof block->bytes;
    return true;
}

// keep copies a text, or its beginning; NULL without memory.
static const char *keep(acti_trace *trace, const char *text)
{
    size_t size = strnlen(text, TEXT_BYTES_MAX);
    if (size == 0)
        return "";
    if (size + 1 > trace->free_size && !add_block(trace))
        return NULL;
    char *kept = trace->free_at;
    memcpy(kept, text, size);
    kept[size] = 0;
    trace->free_at += size + 1;
    trace->free_size -= size + 1;
    return kept;
}

// ---- actors -----------------------------------------------------------------------

static bool named(const acti_traced_actor *actor, const char *name)
{
    return strncmp(actor->name, name, TEXT_BYTES_MAX) == 0;
}

static uint64_t hash_of(const char *name, uint64_t id)
{
    uint64_t state = id;
    for (size_t i = 0; i < TEXT_BYTES_MAX && name[i] != 0; i++)
        state = state * 31 + (uint8_t)name[i];
    return acti_random_next(&state);
}

// slot_of gives where the actor stands, or else would.
static uint32_t *slot_of(const acti_trace *trace, const char *name, uint64_t id)
{
    uint32_t at = (uint32_t)hash_of(name, id) & (trace->slot_count - 1);
    for (;; at = (at + 1) & (trace->slot_count - 1)) {
        uint32_t number = trace->slots[at];
        if (number == 0 || (trace->actors[number - 1].id == id && named(&trace->actors[number - 1], name)))
            return &trace->slots[at];
    }
}

// make_slots keeps the table at most half full.
static bool make_slots(acti_trace *trace)
{
    if (trace->actor_count < trace->slot_count / 2)
        return true;
    uint32_t count = trace->slot_count > 0 ? trace->slot_count * 2 : FIRST_ROOM;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    free(trace->slots);
    trace->slots = slots;
    trace->slot_count = count;
    for (uint32_t i = 0; i < trace->actor_count; i++)
        *slot_of(trace, trace->actors[i].name, trace->actors[i].id) = i + 1;
    return true;
}

// actor_of gives the number of an actor, entered if it is new; NOBODY for no name. False without memory.
static bool actor_of(acti_trace *trace, const char *name, uint64_t id, uint32_t *actor)
{
    *actor = ACTI_TRACE_NOBODY;
    if (name == NULL)
        return true;
    if (!make_slots(trace) || !grow(&trace->actors, trace->actor_count, &trace->actor_room, sizeof *trace->actors))
        return false;
    uint32_t *slot = slot_of(trace, name, id);
    if (*slot == 0) {
        const char *kept = keep(trace, name);
        if (kept == NULL)
            return false;
        trace->actors[trace->actor_count++] = (acti_traced_actor){.name = kept, .id = id};
        *slot = trace->actor_count;
    }
    *actor = *slot - 1;
    return true;
}

uint32_t acti_traced_number(const acti_trace *trace, uint32_t actor)
{
    uint32_t number = 0, alike = 0;
    for (uint32_t i = 0; i < trace->actor_count; i++) {
        alike += named(&trace->actors[i], trace->actors[actor].name);
        if (i == actor)
            number = alike;
    }
    return alike > 1 ? number : 0;
}

// ---- events -----------------------------------------------------------------------

static bool add(acti_trace *trace, const acti_trace_event *event)
{
    acti_traced_event kept = {.what = (uint8_t)event->what,
                              .forced = event->forced,
                              .step = event->step,
                              .at_ns = event->at_ns,
                              .message = event->message};
    if (!grow(&trace->events, trace->event_count, &trace->event_room, sizeof kept) ||
        !actor_of(trace, event->from, event->from_id, &kept.from) ||
        !actor_of(trace, event->to, event->to_id, &kept.to))
        return false;
    kept.text = keep(trace, event->text != NULL ? event->text : "");
    if (kept.text == NULL)
        return false;
    trace->events[trace->event_count++] = kept;
    return true;
}

void acti_trace_add(acti_trace *trace, const acti_trace_event *event)
{
    if (trace->lost > 0 || !add(trace, event))
        trace->lost++;
}
