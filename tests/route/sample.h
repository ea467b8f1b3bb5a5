// SPDX-License-Identifier: MIT
//
// sample.h - one frame of every kind, with a different value in every field, and what makes two frames equal.

#ifndef TEST_ROUTE_SAMPLE_H
#define TEST_ROUTE_SAMPLE_H

#include "test.h"

#include "route/frame.h"

#define KINDS_FROM(kind, first) for (unsigned kind = (first); kind < ACTI_FRAME_KINDS; kind++)
#define EACH_KIND(kind) KINDS_FROM(kind, ACTI_FRAME_HELLO)

// A name with one-, two-, three- and four-byte characters, and a text that may stand before or behind it.
#define SAMPLE_TEXT "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\x9d"
#define SAMPLE_CAUSE "it fell"
#define SAMPLE_URL "ipc:///x"

static inline acti_hello sample_hello(const char *name)
{
    acti_hello hello = {
        .version_min = 1,
        .version_max = 1,
        .flags = 0xf1f2,
        .node = 0x0102030405060708,
        .incarnation = 0x1112131415161718,
        .session = 0x2122232425262728,
        .received = 0xb1b2b3b4b5b6b7b8,
        .host = 0xc1c2c3c4c5c6c7c8,
        .pid = 0xd1d2d3d4,
        .payload_bytes_max = 1 << 20,
        .credit_messages = 0x3132,
        .credit_bytes = 0x414243,
        .heartbeat_ms = 0xe1e2e3,
        .url = SAMPLE_URL,
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
        .cause = SAMPLE_CAUSE,
        .cause_size = sizeof SAMPLE_CAUSE - 1,
        .rest = (const uint8_t *)"the rest of it",
        .rest_size = 14,
        .hello = sample_hello(SAMPLE_TEXT),
    };
}

static inline bool same_bytes(const void *a, size_t a_size, const void *b, size_t b_size)
{
    return a_size == b_size && (a_size == 0 || memcmp(a, b, a_size) == 0);
}

// hello_is: the same in what HELLO and WELCOME both have.
static inline bool hello_is(const acti_hello *a, const acti_hello *b)
{
    return a->version_min == b->version_min && a->version_max == b->version_max && a->node == b->node &&
           a->incarnation == b->incarnation && a->session == b->session && a->received == b->received &&
           a->host == b->host && a->pid == b->pid && a->payload_bytes_max == b->payload_bytes_max &&
           a->credit_messages == b->credit_messages && a->credit_bytes == b->credit_bytes &&
           a->heartbeat_ms == b->heartbeat_ms && strcmp(a->url, b->url) == 0 && strcmp(a->name, b->name) == 0;
}

// sample_is: whether what was read is what was written, in the fields that its kind has and the specification
// names. Written out by hand, as the table in frame.c is what is being tested.
static inline bool sample_is(const acti_frame *a, const acti_frame *b)
{
    bool text = same_bytes(a->text, a->text_size, b->text, b->text_size);
    bool cause = same_bytes(a->cause, a->cause_size, b->cause, b->cause_size);
    bool rest = same_bytes(a->rest, a->rest_size, b->rest, b->rest_size);
    bool sequence = a->sequence == b->sequence;
    bool actor = a->actor == b->actor, from = a->from == b->from, id = a->id == b->id, type = a->type == b->type;
    bool status = a->status == b->status, count = a->count == b->count, bytes = a->bytes == b->bytes;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ACTI_FRAME_HELLO:
        return hello_is(&a->hello, &b->hello);
    case ACTI_FRAME_WELCOME:
        return hello_is(&a->hello, &b->hello) && a->hello.flags == b->hello.flags;
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
        return sequence && from && id && status && text && cause;
    case ACTI_FRAME_CREDIT:
        return sequence && actor && count && bytes;
    case ACTI_FRAME_PART:
        return sequence && actor && rest;
    case ACTI_FRAME_CLAIM:
        return sequence && id && actor;
    case ACTI_FRAME_TAKEN:
        return sequence && id && status;
    case ACTI_FRAME_END:
        return sequence && actor && status;
    case ACTI_FRAME_LINK:
        return sequence && actor && from && id;
    case ACTI_FRAME_KINDS:
        break;
    }
    return false;
}

#endif
