// SPDX-License-Identifier: MIT
//
// sp.h - what nng's sockets say to each other, as far as a door needs it. No socket, clock or thread is in here: bytes
// go in, messages come out, and what is to be sent is put into a buffer.
//
// Each side of a connection of the scalability protocols (SP) sends a greeting, at once and without waiting for the
// other's, and then messages:
//
//     greeting   00 53 50 00 | u16 the protocol of who says it | 00 00
//     message    over ipc one byte 01; then u64 size, and that many bytes
//
// All numbers are big-endian. Between REQ and REP each message begins with a header of u32 words: those with the
// highest bit clear say through which connections of devices it came, the first with the highest bit set is the number
// of the request and ends the header. A reply brings back the header of its request, which is all that the other side
// knows it by: so requests may be answered in any order. Between PUSH and PULL there is no header.
//
//     GREETING --greeted--> READY --too big--> SKIPPING --skipped--> READY
//     any --nonsense--> BROKEN

#ifndef ACTI_LINK_SP_H
#define ACTI_LINK_SP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

// The protocols. A side that says one of them talks to the one beside it only.
enum {
    ACTI_SP_REQ = 0x30,
    ACTI_SP_REP = 0x31,
    ACTI_SP_PUSH = 0x50,
    ACTI_SP_PULL = 0x51,
};

#define ACTI_SP_GREETING_BYTES 8
#define ACTI_SP_HEADER_MAX 36 // bytes: through eight devices, as nng's own sockets allow, and the number
#define ACTI_SP_READ_MIN (4u * 1024)
#define ACTI_SP_READ_MAX (64u * 1024)

typedef enum acti_sp_state {
    ACTI_SP_GREETING, // the peer has not said who it is
    ACTI_SP_READY,
    ACTI_SP_SKIPPING, // what is left of a message that was too big is thrown away
    ACTI_SP_BROKEN,   // for good
} acti_sp_state;

typedef struct acti_sp {
    uint16_t protocol; // ours: ACTI_SP_REP or ACTI_SP_PULL
    bool ipc;          // framed for ipc, not for tcp
    bool greeted;      // the peer has said who it is, and is who it should be
    bool filled;       // the last read filled all the space there was
    acti_sp_state state;
    size_t limit;      // most bytes of a message behind its header
    acti_buf in;
    size_t taken;      // bytes of the message given last: dropped with the next call
    size_t need;       // bytes that have to be in before anything can be given
    uint64_t skip;     // bytes still to be thrown away
    char cause[128];   // why it is BROKEN, for a person
} acti_sp;

// One message that has come. It lies in the buffer, until the next call of any function here.
typedef struct acti_sp_message {
    const uint8_t *header;
    size_t header_size;
    const uint8_t *body; // of a message that is too big: NULL
    uint64_t body_size;
} acti_sp_message;

typedef enum acti_sp_got {
    ACTI_SP_MORE,    // nothing is complete: read on
    ACTI_SP_MESSAGE, // *message
    ACTI_SP_TOO_BIG, // the same, with its header only; the rest is skipped as it comes
    ACTI_SP_WRONG,   // BROKEN, with a cause: the connection is of no use any more
} acti_sp_got;

// acti_sp_init makes the side of a connection that has just been accepted. acti_sp_fini frees it; zeroed is fine.
void
acti_sp_init(acti_sp *sp, uint16_t protocol, bool ipc, size_t limit);
void
acti_sp_fini(acti_sp *sp);

// acti_sp_space gives where the next bytes of the peer go, or NULL without memory; acti_sp_feed says how many have
// come.
//
// Bounds: what is held grows with what has come, never with what was announced.
uint8_t *
acti_sp_space(acti_sp *sp, size_t *room);
void
acti_sp_feed(acti_sp *sp, size_t size);

// acti_sp_next gives the next message that has come.
acti_sp_got
acti_sp_next(acti_sp *sp, acti_sp_message *message);

// acti_sp_again has the message given last be given again: it could not be dealt with. Not one that is too big.
void
acti_sp_again(acti_sp *sp);

// acti_sp_greet puts the greeting into out. ACTA_OK, ACTA_ETOOBIG or ACTA_ENOMEM, as acti_buf_append.
int
acti_sp_greet(const acti_sp *sp, acti_buf *out);

// acti_sp_begin puts the beginning of a message into out; its body is appended next, and then acti_sp_end completes it,
// or with drop takes back all of it. *at is for that call. Errors: as acti_sp_greet, with out as it was.
int
acti_sp_begin(const acti_sp *sp, acti_buf *out, const uint8_t *header, size_t header_size, size_t *at);
void
acti_sp_end(const acti_sp *sp, acti_buf *out, size_t at, bool drop);

// acti_sp_check aborts when it is not in order.
void
acti_sp_check(const acti_sp *sp);

#endif
