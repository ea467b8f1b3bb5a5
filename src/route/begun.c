// SPDX-License-Identifier: MIT
//
// begun.c - messages that come in parts. There are few at a time, so they are looked for one after the other.

#include "route/begun.h"

#include <stdlib.h>

#include <acta/error.h>

#include "base/platform.h"

void acti_begun_init(acti_begun *begun, uint32_t message_max)
{
    *begun = (acti_begun){.message_max = message_max};
}

void acti_begun_forget(acti_begun *begun)
{
    for (uint32_t i = 0; i < begun->count; i++)
        acti_buf_fini(&begun->messages[i].bytes);
    free(begun->messages);
    begun->messages = NULL;
    begun->count = 0;
}

void acti_begun_fini(acti_begun *begun)
{
    acti_begun_forget(begun);
    acti_begun_let_go(begun);
}

// ---- what has come -----------------------------------------------------------------

static bool ends_one(acti_frame_kind kind)
{
    return kind == ACTI_FRAME_SEND || kind == ACTI_FRAME_ASK || kind == ACTI_FRAME_REPLY;
}

static uint64_t receiver_of(const acti_frame *frame)
{
    return frame->kind == ACTI_FRAME_REPLY ? frame->from : frame->actor;
}

// look_up gives what has come for an actor, or NULL.
static acti_begun_message *look_up(const acti_begun *begun, uint64_t actor)
{
    for (uint32_t i = 0; i < begun->count; i++)
        if (begun->messages[i].actor == actor)
            return &begun->messages[i];
    return NULL;
}

const char *acti_begun_fault(const acti_begun *begun, const acti_frame *frame, size_t rest_size)
{
    if (frame->kind != ACTI_FRAME_PART && !ends_one(frame->kind))
        return NULL;
    const acti_begun_message *message = look_up(begun, receiver_of(frame));
    if (message == NULL && frame->kind == ACTI_FRAME_PART && begun->count == ACTI_BEGUN_MAX)
        return "one more message is begun while 16 are not ended";
    size_t held = message != NULL ? message->bytes.size : 0;
    return rest_size > begun->message_max - held ? "a message in parts is above the payload limit" : NULL;
}

// begin gives an entry for an actor that has none, or NULL without memory.
static acti_begun_message *begin(acti_begun *begun, uint64_t actor)
{
    if (begun->messages == NULL)
        begun->messages = calloc(ACTI_BEGUN_MAX, sizeof(*begun->messages));
    if (begun->messages == NULL)
        return NULL;
    acti_assert(begun->count < ACTI_BEGUN_MAX);
    acti_begun_message *message = &begun->messages[begun->count++];
    *message = (acti_begun_message){.actor = actor, .bytes.limit = begun->message_max};
    return message;
}

// end takes an entry out, whose bytes are the caller's.
static void end(acti_begun *begun, acti_begun_message *message)
{
    *message = begun->messages[--begun->count];
}

static int append(acti_begun_message *message, const acti_frame *frame)
{
    int status = acti_buf_append(&message->bytes, frame->rest, frame->rest_size);
    acti_assert(status != ACTA_ETOOBIG); // that would be a fault
    return status;
}

// keep adds a part to what has come for its actor. Returns as acti_begun_take.
static int keep(acti_begun *begun, const acti_frame *frame)
{
    acti_begun_message *known = look_up(begun, frame->actor);
    acti_begun_message *message = known != NULL ? known : begin(begun, frame->actor);
    if (message == NULL)
        return ACTA_ENOMEM;
    int status = append(message, frame);
    if (status != ACTA_OK && known == NULL)
        end(begun, message);
    return status;
}

int acti_begun_take(acti_begun *begun, acti_frame *frame)
{
    acti_assert(begun->whole.room == 0);
    if (frame->kind == ACTI_FRAME_PART)
        return keep(begun, frame);
    acti_begun_message *message = ends_one(frame->kind) ? look_up(begun, receiver_of(frame)) : NULL;
    if (message == NULL)
        return 1;
    if (append(message, frame) != ACTA_OK)
        return ACTA_ENOMEM;
    begun->whole = message->bytes;
    end(begun, message);
    frame->rest = acti_buf_bytes(&begun->whole);
    frame->rest_size = begun->whole.size;
    return 1;
}

void acti_begun_check(const acti_begun *begun)
{
    acti_assert(begun->count <= ACTI_BEGUN_MAX && (begun->messages != NULL || begun->count == 0));
    acti_buf_check(&begun->whole);
    acti_assert(begun->whole.size <= begun->message_max);
    for (uint32_t i = 0; i < begun->count; i++) {
        const acti_begun_message *message = &begun->messages[i];
        acti_buf_check(&message->bytes);
        acti_assert(message->bytes.limit == begun->message_max && look_up(begun, message->actor) == message);
    }
}
