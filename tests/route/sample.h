// SPDX-License-Identifier: MIT
//
// sample.h - one frame of every kind, with a different value in every field, and what makes two frames equal.

#ifndef TEST_ROUTE_SAMPLE_H
#define TEST_ROUTE_SAMPLE_H

#include "test.h"

#include "route/frame.h"

#define KINDS_FROM(kind, first) for (unsigned kind = (first); kind < ACTI_FRAME_KINDS; kind++)
#define EACH_KIND(kind) KINDS_FROM(kind, ACTI_FRAME_HELLO)

// A name with one-, two-, three- and four-byte characters.
#define SAMPLE_TEXT "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\x9d"

static inline acti_hello sample_hello(const char *name)
{
    acti_hello hello = {
        .version_min = 1,
        .version_max = 1,
        .node = 0x0102030405060708,
        .incarnation = 0x1112131415161718,
        .payload_bytes_max = 1 << 20,
        .credit_messages = 0x3132,
        .credit_bytes = 0x414243,
    };
    snprintf(hello.name, sizeof hello.name, "%s", name);
    return hello;
}

static inline acti_frame sample(unsigned kind, uint64_t sequence)
{
    return (acti_frame){
        .kind = (acti_frame_kind)kind,
        .sequence = sequence,
        .actor = 0x5152535455565758,
        .from = 0x6162636465666768,
        .id = 0x7172737475767778,
        .type = 0x81828384,
        .count = 0x91929394,
        .bytes = 0xa1a2a3a4,
        .status = -7,
        .text = SAMPLE_TEXT,
        .text_size = sizeof SAMPLE_TEXT - 1,
        .rest = (const uint8_t *)"the rest of it",
        .rest_size = 14,
        .hello = sample_hello(SAMPLE_TEXT),
    };
}

// sample_is: whether what was read is what was written, in the fields that its kind has and the specification
// names. Written out by hand, as the table in frame.c is what is being tested.
static inline bool sample_is(const acti_frame *a, const acti_frame *b)
{
    bool text = a->text_size == b->text_size &&
                (a->text_size == 0 || memcmp(a->text, b->text, a->text_size) == 0);
    bool rest = a->rest_size == b->rest_size &&
                (a->rest_size == 0 || memcmp(a->rest, b->rest, a->rest_size) == 0);
    bool sequence = a->sequence == b->sequence;
    bool versions = a->hello.version_min == b->hello.version_min && a->hello.version_max == b->hello.version_max;
    bool hello = a->hello.node == b->hello.node && a->hello.incarnation == b->hello.incarnation &&
                 a->hello.payload_bytes_max == b->hello.payload_bytes_max &&
                 a->hello.credit_messages == b->hello.credit_messages &&
                 a->hello.credit_bytes == b->hello.credit_bytes && strcmp(a->hello.name, b->hello.name) == 0;
    bool actor = a->actor == b->actor, from = a->from == b->from, id = a->id == b->id, type = a->type == b->type;
    bool status = a->status == b->status, count = a->count == b->count, bytes = a->bytes == b->bytes;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ACTI_FRAME_HELLO:
    case ACTI_FRAME_WELCOME:
        return versions && hello;
    case ACTI_FRAME_REFUSE:
        return status && text;
    case ACTI_FRAME_ACK:
    case ACTI_FRAME_GOODBYE:
    case ACTI_FRAME_FAREWELL:
        return sequence;
    case ACTI_FRAME_TYPE:
        return sequence && type && text;
    case ACTI_FRAME_FIND:
        return sequence && id && text;
    case ACTI_FRAME_FOUND:
        return sequence && id && status && actor && text;
    case ACTI_FRAME_RELEASE:
        return sequence && actor && count && status;
    case ACTI_FRAME_SEND:
        return sequence && actor && type && rest;
    case ACTI_FRAME_ASK:
        return sequence && actor && from && id && type && rest;
    case ACTI_FRAME_REPLY:
        return sequence && from && id && type && rest;
    case ACTI_FRAME_MONITOR:
    case ACTI_FRAME_DEMONITOR:
        return sequence && actor && from && id;
    case ACTI_FRAME_DOWN:
        return sequence && from && id && status && text;
    case ACTI_FRAME_CREDIT:
        return actor && count && bytes;
    case ACTI_FRAME_KINDS:
        break;
    }
    return false;
}

#endif
