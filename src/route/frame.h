// SPDX-License-Identifier: MIT
//
// frame.h - the frames that two nodes exchange. This heading is the specification of the format, version 1.
//
// A connection carries frames in both directions. All integers are little-endian. A frame is a header of 16
// bytes and a payload:
//
//     0  u32  length of the payload in bytes
//     4  u8   kind
//     5  u8   0
//     6  u16  0
//     8  u64  sequence number: 1, 2, 3 ... over the sequenced frames of one direction; 0 in the others
//
// Kinds, * sequenced, and their payloads. text is u16 length and that many bytes of UTF-8 without NUL; rest
// means all bytes to the end of the payload. i32 and i64 statuses are acta's codes (acta/error.h).
//
//      1   HELLO      "ACTA" u16 version_min u16 version_max u64 node u64 incarnation u64 session u64 received
//                     u64 host u32 pid u32 payload_bytes_max u32 credit_messages u32 credit_bytes u32 heartbeat_ms
//                     text url text name
//      2   WELCOME    "ACTA" u16 version u16 flags then as HELLO from node on
//      3   REFUSE     "ACTA" i32 status text cause
//      4   ACK        u64 sequence of the last frame received; said again now and then it is the heartbeat
//      5 * GOODBYE    nothing: no frame follows from this side
//      6   FAREWELL   u64 sequence of the GOODBYE received: everything was received; the sender closes next
//      7 * TYPE       u32 number text name: the number stands for that message type in frames after it
//      8 * FIND       u64 query text name
//      9 * FOUND      u64 query i32 status u64 actor text name: with status 0 the receiver now holds one
//                     sender more to actor; name is for reports
//     10 * RELEASE    u64 actor u32 count i32 reason: so many holds are given back; after all SENDs before it
//     11 * SEND       u64 actor u32 type rest: a message in msgpack
//     12 * ASK        u64 actor u64 asker u64 ask u32 type rest
//     13 * REPLY      u64 asker u64 ask u32 type rest: the outcome of an ask
//     14 * MONITOR    u64 actor u64 watcher u64 monitor
//     15 * DEMONITOR  u64 actor u64 watcher u64 monitor
//     16 * DOWN       u64 watcher u64 monitor i32 reason text who text cause
//     17 * CREDIT     u64 actor u32 messages u32 bytes: so much more may be sent to actor by SEND and ASK
//     18 * PART       u64 actor rest: the beginning of a message whose next frame is SEND, ASK or REPLY to that actor
//     19 * CLAIM      u64 query u64 actor: a sender to it came from another node; FOUND answers
//     20 * TAKEN      u64 loan i32 reason: the sender lent in a message is the receiver's own now, or is given back
//     21 * END        u64 actor i32 reason: 0 it is to stop, else it is to end at once with that error
//     22 * LINK       u64 actor u64 maker u64 link: MONITOR of a maker that is bound to the actor in fate; DOWN
//                     answers, and DEMONITOR takes it back
//
// An actor, asker or watcher is a number that the node owning it chose; 0 is none. The credit for an actor
// starts at the amounts in the owner's HELLO or WELCOME. A sender with any messages credit and any bytes credit left
// may send one message of any allowed size; the bytes balance may go below zero by that.

#ifndef ACTI_ROUTE_FRAME_H
#define ACTI_ROUTE_FRAME_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/platform.h"

#define ACTI_FRAME_HEADER 16
#define ACTI_FRAME_VERSION 1
#define ACTI_FRAME_TEXT_MAX 255 // bytes in a text; longer ones are cut when written, refused when read
#define ACTI_FRAME_FIXED_MAX 64 // bytes before the rest of SEND, ASK and REPLY, with room to spare

typedef enum acti_frame_kind {
    ACTI_FRAME_HELLO = 1,
    ACTI_FRAME_WELCOME,
    ACTI_FRAME_REFUSE,
    ACTI_FRAME_ACK,
    ACTI_FRAME_GOODBYE,
    ACTI_FRAME_FAREWELL,
    ACTI_FRAME_TYPE,
    ACTI_FRAME_FIND,
    ACTI_FRAME_FOUND,
    ACTI_FRAME_RELEASE,
    ACTI_FRAME_SEND,
    ACTI_FRAME_ASK,
    ACTI_FRAME_REPLY,
    ACTI_FRAME_MONITOR,
    ACTI_FRAME_DEMONITOR,
    ACTI_FRAME_DOWN,
    ACTI_FRAME_CREDIT,
    ACTI_FRAME_PART,
    ACTI_FRAME_CLAIM,
    ACTI_FRAME_TAKEN,
    ACTI_FRAME_END,
    ACTI_FRAME_LINK,
    ACTI_FRAME_KINDS, // one more than the last
} acti_frame_kind;

// Flags of a WELCOME.
#define ACTI_WELCOME_KNOWN 1 // there is a session with this node already: that one is to be used, and nothing follows

// What a node says of itself in HELLO and WELCOME, and of the session that is begun or taken up again.
typedef struct acti_hello {
    uint16_t version_min; // in a WELCOME both are the version chosen
    uint16_t version_max;
    uint16_t flags;       // of a WELCOME
    uint64_t node;        // random, for the life of the system
    uint64_t incarnation; // grows with every start of the system (nanoseconds of the clock)
    uint64_t session;     // 0 in a HELLO: a new one, whose number the WELCOME tells
    uint64_t received;    // the last sequence number received in this session
    uint64_t host;        // the same for systems that see each other's processes; 0: not known
    uint32_t pid;         // there; 0: not known
    uint32_t payload_bytes_max; // largest payload this side takes
    uint32_t credit_messages;   // what the other side may send to each actor before the first CREDIT
    uint32_t credit_bytes;
    uint32_t heartbeat_ms; // this side is never silent for longer; at least 1
    char url[ACTI_FRAME_TEXT_MAX + 1]; // where others reach it, as in urls.h; empty: nowhere
    char name[ACTI_FRAME_TEXT_MAX + 1];
} acti_hello;

// One frame, taken apart or to be written. Only the fields that its kind has are used. text, cause and rest point into
// the input and are not NUL-terminated.
typedef struct acti_frame {
    acti_frame_kind kind;
    uint64_t sequence; // of the frame; in ACK and FAREWELL the one that is named
    uint64_t actor;    // actor of FOUND, RELEASE, SEND, ASK, MONITOR, DEMONITOR, CREDIT, PART, CLAIM, END, LINK
    uint64_t from;     // asker of ASK and REPLY, watcher of MONITOR, DEMONITOR and DOWN, maker of LINK
    uint64_t id;       // query, ask, monitor, link or loan
    uint32_t type;
    uint32_t count; // holds of RELEASE, messages of CREDIT
    uint32_t bytes; // of CREDIT
    int32_t status; // status or reason
    const char *text;
    size_t text_size;
    const char *cause; // of DOWN, behind the text
    size_t cause_size;
    const uint8_t *rest;
    size_t rest_size;
    acti_hello hello;
} acti_frame;

// acti_frame_sequenced: whether frames of that kind carry a sequence number.
static inline bool acti_frame_sequenced(acti_frame_kind kind)
{
    return kind == ACTI_FRAME_GOODBYE || (kind >= ACTI_FRAME_TYPE && kind < ACTI_FRAME_KINDS);
}

// acti_frame_text copies a frame's text, with a NUL.
void
acti_frame_text(const acti_frame *frame, char text[ACTI_FRAME_TEXT_MAX + 1]);

// acti_frame_name is "SEND" and so on; "?" for a number that is no kind. For reports.
const char *
acti_frame_name(unsigned kind);

// acti_frame_text_fit is how many bytes at the front of text may stand in a frame: it stops at the first that is
// NUL or not UTF-8, and before the character that would pass ACTI_FRAME_TEXT_MAX.
size_t
acti_frame_text_fit(const char *text, size_t size);

// acti_frame_write appends a frame with all its fields, sequence included. For SEND, ASK, REPLY and PART the
// rest is copied from frame->rest. Of a text, what fits is written. ACTA_OK, ACTA_ETOOBIG or ACTA_ENOMEM; on failure
// nothing was appended.
int
acti_frame_write(acti_buf *out, const acti_frame *frame);

// acti_frame_begin and acti_frame_end write a SEND, ASK or REPLY whose rest the caller appends to out in
// between, and nothing else to or from it. begin gives the position to pass to end, through *at. end patches the
// length; with drop set it takes the frame back instead.
int
acti_frame_begin(acti_buf *out, const acti_frame *frame, size_t *at);
static inline void acti_frame_end(acti_buf *out, size_t at, bool drop)
{
    acti_assert(at <= out->size && out->size - at >= ACTI_FRAME_HEADER);
    if (drop) {
        out->size = at;
        return;
    }
    size_t length = out->size - at - ACTI_FRAME_HEADER;
    acti_assert(length <= UINT32_MAX);
    uint32_t little = htole32((uint32_t)length);
    memcpy(acti_buf_bytes(out) + at, &little, sizeof little);
}

// acti_frame_fixed is how many bytes of a payload come before the rest, in SEND, ASK, REPLY and PART. In each of them
// the first field is the number of the receiver.
size_t
acti_frame_fixed(acti_frame_kind kind);

// acti_frame_size is the size of a frame that is whole and in order, as its header says.
size_t
acti_frame_size(const uint8_t *bytes);

// acti_frame_read takes the next frame of bytes apart.
//
// Returns: the number of bytes it occupied; 0 when bytes holds only a part of it (*need gets how many
//          bytes the whole frame has, or the header size while even that is unknown; frame->kind is set, 0 if
//          unknown, and with *need above the header size frame->sequence, too); ACTA_EMALFORMED with
//          *why saying what is wrong: an unknown kind, a payload above payload_max or that does not fit its
//          kind to the byte, a bad text, a reserved byte that is not 0, a wrong sequence field. Refused with the
//          byte that completes the field, a length even before.
int64_t
acti_frame_read(const uint8_t *bytes, size_t size, uint32_t payload_max, acti_frame *frame, size_t *need,
                const char **why);

#endif
