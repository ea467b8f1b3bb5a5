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
} numbered;

static int compare(const void *a, const void *b)
{
    const acta_type *x = ((const numbered *)a)->type;
    const acta_type *y = ((const numbered *)b)->type;
    return (x > y) - (x < y);
}

static int number_of(acti_node *node, const acta_type *type, uint32_t *number);

// Many of the same type mostly follow each other.
int acti_types_number(acti_node *node, const acta_type *type, uint32_t *number)
{
    acti_types *types = &node->types;
    if (type != types->last) {
        int status = number_of(node, type, &types->last_number);
        types->last = status == ACTA_OK ? type : NULL;
        if (status != ACTA_OK)
            return status;
    }
    *number = types->last_number;
    return ACTA_OK;
}

// number_of looks the number of a type up, or gives it one.
static int number_of(acti_node *node, const acta_type *type, uint32_t *number)
{
    acti_types *types = &node->types;
    numbered key = {.type = type};
    numbered **found = tfind(&key, &types->sent, compare);
    if (found != NULL) {
        *number = (*found)->number;
        return ACTA_OK;
    }

    acti_frame frame = {.kind = ACTI_FRAME_TYPE,
                        .type = types->sent_count + 1,
                        .text = type->name,
                        .text_size = strlen(type->name)};
    numbered *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return ACTA_ENOMEM;
    *entry = (numbered){.type = type, .number = frame.type};
    if (tsearch(entry, &types->sent, compare) == NULL) {
        free(entry);
        return ACTA_ENOMEM;
    }
    int status = acti_session_put(&node->session, &frame);
    if (status != ACTA_OK) {
        (void)tdelete(entry, &types->sent, compare);
        free(entry);
        return status;
    }
    types->sent_count++;
    *number = frame.type;
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
    types->known[types->known_count++] = (acti_known){type, name, type != NULL ? acti_codec_room(type, 0) : 0};
    return ACTA_OK;
}

void acti_types_fini(acti_types *types)
{
    tdestroy(types->sent, free);
    for (uint32_t i = 0; i < types->known_count; i++)
        free(types->known[i].name);
    free(types->known);
    *types = (acti_types){0};
}
