// SPDX-License-Identifier: MIT
//
// types.c - the numbers that stand for message types in one session.

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/type.h"
#include "route/node.h"

typedef struct numbered {
    const acta_type *type;
    uint32_t number;
    acti_codec_plan *plan;
} numbered;

static int compare(const void *a, const void *b)
{
    const acta_type *x = ((const numbered *)a)->type;
    const acta_type *y = ((const numbered *)b)->type;
    return (x > y) - (x < y);
}

static void free_numbered(void *of)
{
    numbered *entry = of;
    acti_codec_plan_free(entry->plan);
    free(entry);
}

static int number_of(acti_node *node, const acta_type *type, const numbered **out);

// Many of the same type mostly follow each other.
int acti_types_number(acti_node *node, const acta_type *type, uint32_t *number, const acti_codec_plan **plan)
{
    acti_types *types = &node->types;
    if (type != types->last) {
        const numbered *entry;
        int status = number_of(node, type, &entry);
        if (status != ACTA_OK)
            return status;
        types->last = type;
        types->last_number = entry->number;
        types->last_plan = entry->plan;
    }
    *number = types->last_number;
    *plan = types->last_plan;
    return ACTA_OK;
}

static numbered *new_numbered(const acta_type *type, uint32_t number)
{
    numbered *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return NULL;
    *entry = (numbered){.type = type, .number = number, .plan = acti_codec_plan_new(type)};
    if (entry->plan != NULL)
        return entry;
    free(entry);
    return NULL;
}

// number_of looks the number of a type up, or gives it one.
static int number_of(acti_node *node, const acta_type *type, const numbered **out)
{
    acti_types *types = &node->types;
    numbered key = {.type = type};
    numbered **found = tfind(&key, &types->sent, compare);
    if (found != NULL) {
        *out = *found;
        return ACTA_OK;
    }

    acti_frame frame = {.kind = ACTI_FRAME_TYPE,
                        .type = types->sent_count + 1,
                        .text = type->name,
                        .text_size = strlen(type->name)};
    numbered *entry = new_numbered(type, frame.type);
    if (entry == NULL)
        return ACTA_ENOMEM;
    if (tsearch(entry, &types->sent, compare) == NULL) {
        free_numbered(entry);
        return ACTA_ENOMEM;
    }
    int status = acti_session_put(&node->session, &frame);
    if (status != ACTA_OK) {
        (void)tdelete(entry, &types->sent, compare);
        free_numbered(entry);
        return status;
    }
    types->sent_count++;
    *out = entry;
    return ACTA_OK;
}

int acti_types_learn(acti_node *node, const acti_frame *frame)
{
    acti_types *types = &node->types;
    if (frame->type != types->known_count + 1 || frame->type > ACTI_NODE_TYPES_MAX || frame->text_size == 0)
        return ACTA_EMALFORMED;
    if (types->known_count == types->known_room) {
        uint32_t room = types->known_room == 0 ? 16 : types->known_room * 2;
        acti_known *known = realloc(types->known, room * sizeof(*known));
        if (known == NULL)
            return ACTA_ENOMEM;
        types->known = known;
        types->known_room = room;
    }
    char *name = strndup(frame->text, frame->text_size);
    if (name == NULL)
        return ACTA_ENOMEM;
    const acta_type *type = acta_type_find(name);
    acti_codec_plan *plan = type != NULL ? acti_codec_plan_new(type) : NULL;
    if (type != NULL && plan == NULL) {
        free(name);
        return ACTA_ENOMEM;
    }
    types->known[types->known_count++] = (acti_known){type, name, plan};
    return ACTA_OK;
}

void acti_types_fini(acti_types *types)
{
    tdestroy(types->sent, free_numbered);
    for (uint32_t i = 0; i < types->known_count; i++) {
        acti_codec_plan_free(types->known[i].plan);
        free(types->known[i].name);
    }
    free(types->known);
    *types = (acti_types){0};
}
