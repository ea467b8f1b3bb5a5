// SPDX-License-Identifier: MIT
//
// frame.c - reading and writing frames. One table of layouts serves both directions.

#include "route/frame.h"

#include <endian.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "core/type.h"

// ---- layouts -------------------------------------------------------------------

// A field of fixed size, and where in acti_frame its value lies.
typedef enum form {
    END,
    U16,
    U32,
    U64,
    MAGIC,  // "ACTA"
} form;

static const uint8_t form_bytes[] = {[U16] = 2, [U32] = 4, [U64] = 8, [MAGIC] = 4};

typedef struct field {
    uint8_t form;
    uint16_t at;
} field;

// What follows the fixed fields, to the end of the payload.
typedef enum tail {
    NOTHING,
    TEXT,  // frame->text
    TEXTS, // frame->text, then frame->cause
    NAMES, // frame->hello.url, then frame->hello.name
    REST,  // frame->rest
} tail;

typedef struct shape {
    const char *name;
    uint8_t tail;
    uint32_t payload_min;
    uint32_t payload_max;
    field fields[14]; // END behind them
} shape;

#define F16(member) {U16, offsetof(acti_frame, member)}
#define F32(member) {U32, offsetof(acti_frame, member)}
#define F64(member) {U64, offsetof(acti_frame, member)}
// n is the size of the fixed fields.
#define NOTHING_AFTER(n) NOTHING, (n), (n)
#define TEXT_AFTER(n) TEXT, (n) + 2, (n) + 2 + ACTI_FRAME_TEXT_MAX
#define TEXTS_AFTER(n) TEXTS, (n) + 4, (n) + 4 + 2 * ACTI_FRAME_TEXT_MAX
#define NAMES_AFTER(n) NAMES, (n) + 4, (n) + 4 + 2 * ACTI_FRAME_TEXT_MAX
#define REST_AFTER(n) REST, (n), UINT32_MAX
#define SEND_FIXED 12
// From node on, the same in HELLO and WELCOME.
#define HELLO_FIELDS                                                                                       \
    F64(hello.node), F64(hello.incarnation), F64(hello.session), F64(hello.received), F64(hello.host),     \
        F32(hello.pid), F32(hello.payload_bytes_max), F32(hello.credit_messages), F32(hello.credit_bytes), \
        F32(hello.heartbeat_ms)

static const shape shapes[ACTI_FRAME_KINDS] = {
    [ACTI_FRAME_HELLO] = {"HELLO", NAMES_AFTER(68),
                          {{MAGIC, 0}, F16(hello.version_min), F16(hello.version_max), HELLO_FIELDS}},
    [ACTI_FRAME_WELCOME] = {"WELCOME", NAMES_AFTER(68),
                            {{MAGIC, 0}, F16(hello.version_max), F16(hello.flags), HELLO_FIELDS}},
    [ACTI_FRAME_REFUSE] = {"REFUSE", TEXT_AFTER(8), {{MAGIC, 0}, F32(status)}},
    [ACTI_FRAME_ACK] = {"ACK", NOTHING_AFTER(8), {F64(sequence)}},
    [ACTI_FRAME_GOODBYE] = {"GOODBYE", NOTHING_AFTER(0), {{END, 0}}},
    [ACTI_FRAME_FAREWELL] = {"FAREWELL", NOTHING_AFTER(8), {F64(sequence)}},
    [ACTI_FRAME_TYPE] = {"TYPE", TEXT_AFTER(4), {F32(type)}},
    [ACTI_FRAME_FIND] = {"FIND", TEXT_AFTER(8), {F64(id)}},
    [ACTI_FRAME_FOUND] = {"FOUND", TEXT_AFTER(20), {F64(id), F32(status), F64(actor)}},
    [ACTI_FRAME_RELEASE] = {"RELEASE", NOTHING_AFTER(16), {F64(actor), F32(count), F32(status)}},
    [ACTI_FRAME_SEND] = {"SEND", REST_AFTER(SEND_FIXED), {F64(actor), F32(type)}},
    [ACTI_FRAME_ASK] = {"ASK", REST_AFTER(28), {F64(actor), F64(from), F64(id), F32(type)}},
    [ACTI_FRAME_REPLY] = {"REPLY", REST_AFTER(20), {F64(from), F64(id), F32(type)}},
    [ACTI_FRAME_MONITOR] = {"MONITOR", NOTHING_AFTER(24), {F64(actor), F64(from), F64(id)}},
    [ACTI_FRAME_DEMONITOR] = {"DEMONITOR", NOTHING_AFTER(24), {F64(actor), F64(from), F64(id)}},
    [ACTI_FRAME_DOWN] = {"DOWN", TEXTS_AFTER(20), {F64(from), F64(id), F32(status)}},
    [ACTI_FRAME_CREDIT] = {"CREDIT", NOTHING_AFTER(16), {F64(actor), F32(count), F32(bytes)}},
    [ACTI_FRAME_PART] = {"PART", REST_AFTER(8), {F64(actor)}},
    [ACTI_FRAME_CLAIM] = {"CLAIM", NOTHING_AFTER(16), {F64(id), F64(actor)}},
    [ACTI_FRAME_TAKEN] = {"TAKEN", NOTHING_AFTER(12), {F64(id), F32(status)}},
    [ACTI_FRAME_END] = {"END", NOTHING_AFTER(12), {F64(actor), F32(status)}},
    [ACTI_FRAME_LINK] = {"LINK", NOTHING_AFTER(24), {F64(actor), F64(from), F64(id)}},
};

_Static_assert(28 <= ACTI_FRAME_FIXED_MAX, "ASK has the most bytes before a rest");

static const char magic[4] = {'A', 'C', 'T', 'A'};

static uint16_t get16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return le16toh(v);
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static void set16(uint8_t *p, uint16_t v)
{
    v = htole16(v);
    memcpy(p, &v, sizeof v);
}

static void set32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}

static void set64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}

// ---- what a kind is --------------------------------------------------------------

void acti_frame_text(const acti_frame *frame, char text[ACTI_FRAME_TEXT_MAX + 1])
{
    memcpy(text, frame->text, frame->text_size);
    text[frame->text_size] = '\0';
}

const char *acti_frame_name(unsigned kind)
{
    return kind < ACTI_FRAME_KINDS && shapes[kind].name != NULL ? shapes[kind].name : "?";
}

size_t acti_frame_text_fit(const char *text, size_t size)
{
    return acti_text_fit(text, size, ACTI_FRAME_TEXT_MAX);
}

// ---- writing ---------------------------------------------------------------------

static uint8_t *write_header(uint8_t *p, const acti_frame *frame, size_t length)
{
    set64(p, length | (uint64_t)frame->kind << 32); // what follows the kind is 0
    set64(p + 8, acti_frame_sequenced(frame->kind) ? frame->sequence : 0);
    return p + ACTI_FRAME_HEADER;
}

// Nearly all frames are SENDs, whose two fields are written, and read, without the table.
static inline uint8_t *write_send(uint8_t *p, const acti_frame *frame)
{
    set64(p, frame->actor);
    set32(p + 8, frame->type);
    return p + SEND_FIXED;
}

static uint8_t *write_fields(uint8_t *p, const shape *s, const acti_frame *frame)
{
    for (const field *f = s->fields; f->form != END; f++) {
        const char *from = (const char *)frame + f->at;
        uint16_t v16;
        uint32_t v32;
        uint64_t v64;
        switch ((form)f->form) {
        case U16:
            memcpy(&v16, from, sizeof v16);
            set16(p, v16);
            break;
        case U32:
            memcpy(&v32, from, sizeof v32);
            set32(p, v32);
            break;
        case U64:
            memcpy(&v64, from, sizeof v64);
            set64(p, v64);
            break;
        case MAGIC:
            memcpy(p, magic, sizeof magic);
            break;
        case END:
            break;
        }
        p += form_bytes[f->form];
    }
    return p;
}

// What stands behind the fixed fields of a frame: up to two texts, or the rest.
typedef struct part {
    const void *bytes;
    size_t size;
} part;

static unsigned texts_in(const shape *s)
{
    return s->tail == TEXT ? 1 : s->tail == TEXTS || s->tail == NAMES ? 2 : 0;
}

static part text_part(const char *text, size_t size)
{
    return (part){text, acti_frame_text_fit(text, size)};
}

static void write_tail(uint8_t *p, const shape *s, const part parts[2])
{
    for (unsigned i = 0; i < 2; i++) {
        if (i < texts_in(s)) {
            set16(p, (uint16_t)parts[i].size);
            p += 2;
        }
        if (parts[i].size > 0)
            memcpy(p, parts[i].bytes, parts[i].size);
        p += parts[i].size;
    }
}

__attribute__((cold)) static int no_room(const acti_buf *out, size_t size)
{
    return out->size + size > out->limit ? ACTA_ETOOBIG : ACTA_ENOMEM;
}

// append brings room for a frame with a payload of length bytes, writes its header and its fixed fields, and gives in
// *rest where the rest of the payload goes.
__attribute__((always_inline)) static inline int append(acti_buf *out, const acti_frame *frame, size_t length,
                                                        uint8_t **rest)
{
    const shape *s = &shapes[frame->kind];
    uint8_t *p = acti_buf_reserve(out, ACTI_FRAME_HEADER + length);
    if (p == NULL)
        return no_room(out, ACTI_FRAME_HEADER + length);
    out->size += ACTI_FRAME_HEADER + length;
    p = write_header(p, frame, length);
    *rest = frame->kind == ACTI_FRAME_SEND ? write_send(p, frame) : write_fields(p, s, frame);
    return ACTA_OK;
}

// write_whole appends a frame that ends with the parts.
static int write_whole(acti_buf *out, const acti_frame *frame, const part parts[2])
{
    const shape *s = &shapes[frame->kind];
    size_t size = parts[0].size + parts[1].size;
    if (size > s->payload_max - s->payload_min)
        return ACTA_ETOOBIG;
    uint8_t *p;
    int status = append(out, frame, s->payload_min + size, &p);
    if (status == ACTA_OK)
        write_tail(p, s, parts);
    return status;
}

int acti_frame_write(acti_buf *out, const acti_frame *frame)
{
    acti_assert((unsigned)frame->kind < ACTI_FRAME_KINDS && shapes[frame->kind].name != NULL);
    const acti_hello *hello = &frame->hello;
    part parts[2] = {{NULL, 0}, {NULL, 0}};
    switch ((tail)shapes[frame->kind].tail) {
    case TEXTS:
        parts[1] = text_part(frame->cause, frame->cause_size);
        // fall through
    case TEXT:
        parts[0] = text_part(frame->text, frame->text_size);
        break;
    case NAMES:
        parts[0] = text_part(hello->url, strnlen(hello->url, ACTI_FRAME_TEXT_MAX));
        parts[1] = text_part(hello->name, strnlen(hello->name, ACTI_FRAME_TEXT_MAX));
        break;
    case REST:
        parts[0] = (part){frame->rest, frame->rest_size};
        break;
    case NOTHING:
        break;
    }
    return write_whole(out, frame, parts);
}

int acti_frame_begin(acti_buf *out, const acti_frame *frame, size_t *at)
{
    uint8_t *rest;
    size_t before = out->size;
    int status = frame->kind == ACTI_FRAME_SEND ? append(out, frame, SEND_FIXED, &rest)
                                                : append(out, frame, acti_frame_fixed(frame->kind), &rest);
    if (status == ACTA_OK)
        *at = before;
    return status;
}

// ---- reading ---------------------------------------------------------------------

size_t acti_frame_fixed(acti_frame_kind kind)
{
    acti_assert((unsigned)kind < ACTI_FRAME_KINDS && shapes[kind].tail == REST);
    return shapes[kind].payload_min;
}

size_t acti_frame_size(const uint8_t *bytes)
{
    return ACTI_FRAME_HEADER + (size_t)get32(bytes);
}

// header_fault says what is wrong with a header of which only the first have bytes came and the others are 0
// here. A length of which bytes are missing is at least what has come.
static const char *header_fault(const uint8_t *head, size_t have, uint32_t payload_max)
{
    uint32_t length = get32(head);
    if (length > payload_max)
        return "the payload length is above the limit";
    if (have < 5)
        return NULL;
    unsigned kind = head[4];
    if (kind >= ACTI_FRAME_KINDS || shapes[kind].name == NULL)
        return "the frame kind is unknown";
    const shape *s = &shapes[kind];
    if (length < s->payload_min || length > s->payload_max)
        return "the payload length does not fit the frame kind";
    if (head[5] != 0 || get16(head + 6) != 0)
        return "a reserved byte of the header is not 0";
    uint64_t sequence = get64(head + 8);
    bool sequenced = acti_frame_sequenced((acti_frame_kind)kind);
    if (!sequenced && sequence != 0)
        return "a frame without sequence number carries one";
    if (sequenced && sequence == 0 && have >= ACTI_FRAME_HEADER)
        return "a sequenced frame carries no sequence number";
    return NULL;
}

// read_fields takes the fixed fields of a payload from *p on. Returns 1; 0 when *p ends within them;
// ACTA_EMALFORMED.
static int read_fields(const uint8_t **p, const uint8_t *end, const shape *s, acti_frame *frame, const char **why)
{
    for (const field *f = s->fields; f->form != END; f++) {
        char *to = (char *)frame + f->at;
        uint16_t v16;
        uint32_t v32;
        uint64_t v64;
        if ((size_t)(end - *p) < form_bytes[f->form])
            return 0;
        switch ((form)f->form) {
        case U16:
            v16 = get16(*p);
            memcpy(to, &v16, sizeof v16);
            break;
        case U32:
            v32 = get32(*p);
            memcpy(to, &v32, sizeof v32);
            break;
        case U64:
            v64 = get64(*p);
            memcpy(to, &v64, sizeof v64);
            break;
        case MAGIC:
            if (memcmp(*p, magic, sizeof magic) != 0) {
                *why = "the handshake does not start with \"ACTA\"";
                return ACTA_EMALFORMED;
            }
            break;
        case END:
            break;
        }
        *p += form_bytes[f->form];
    }
    return 1;
}

// read_text takes a text from *p on, of which the bytes before end have come and left are to come in the payload; the
// last text ends with it. Returns as read_fields.
static int read_text(const uint8_t **p, const uint8_t *end, size_t left, bool last, part *text, const char **why)
{
    if (end - *p < 2)
        return 0;
    size_t size = get16(*p);
    size_t most = left - 2 - (last ? 0 : 2);
    if (size > ACTI_FRAME_TEXT_MAX || size > most || (last && size != most)) {
        *why = "a text does not fill its payload to the byte";
        return ACTA_EMALFORMED;
    }
    if ((size_t)(end - *p) < 2 + size)
        return 0;
    *text = (part){*p + 2, size};
    *p += 2 + size;
    if (!acti_text_valid(text->bytes, size)) {
        *why = "a text is not UTF-8, or contains NUL";
        return ACTA_EMALFORMED;
    }
    return 1;
}

static void keep_name(char name[ACTI_FRAME_TEXT_MAX + 1], part text)
{
    memcpy(name, text.bytes, text.size);
    name[text.size] = '\0';
}

// read_texts takes the texts that fill a payload of left bytes, of which the bytes before end have come.
static int read_texts(const uint8_t *p, const uint8_t *end, size_t left, const shape *s, acti_frame *frame,
                      const char **why)
{
    part texts[2] = {{NULL, 0}, {NULL, 0}};
    unsigned count = texts_in(s);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *start = p;
        int status = read_text(&p, end, left, i + 1 == count, &texts[i], why);
        if (status <= 0)
            return status;
        left -= (size_t)(p - start);
    }
    if (s->tail == NAMES) {
        keep_name(frame->hello.url, texts[0]);
        keep_name(frame->hello.name, texts[1]);
        return 1;
    }
    frame->text = texts[0].bytes;
    frame->text_size = texts[0].size;
    frame->cause = texts[1].bytes;
    frame->cause_size = texts[1].size;
    return 1;
}

// read_payload takes a payload of length bytes apart, of which have came. Returns as read_fields.
static int read_payload(const uint8_t *p, size_t have, size_t length, const shape *s, acti_frame *frame,
                        const char **why)
{
    const uint8_t *start = p;
    const uint8_t *end = p + (have < length ? have : length);
    int status = read_fields(&p, end, s, frame, why);
    if (status <= 0)
        return status;
    size_t left = length - (size_t)(p - start);
    if (texts_in(s) > 0)
        return read_texts(p, end, left, s, frame, why);
    if (s->tail == REST) {
        frame->rest = p;
        frame->rest_size = left;
    }
    return (size_t)(end - p) == left;
}

// read_send takes a SEND apart that is whole and well formed. False: it is not, or another frame.
static inline bool read_send(const uint8_t *bytes, size_t size, uint32_t payload_max, acti_frame *frame)
{
    if (size < ACTI_FRAME_HEADER + SEND_FIXED)
        return false;
    uint32_t length = get32(bytes);
    uint64_t sequence = get64(bytes + 8);
    if (get32(bytes + 4) != ACTI_FRAME_SEND || sequence == 0 || length < SEND_FIXED || length > payload_max ||
        length > size - ACTI_FRAME_HEADER)
        return false;
    const uint8_t *p = bytes + ACTI_FRAME_HEADER;
    frame->kind = ACTI_FRAME_SEND;
    frame->sequence = sequence;
    frame->actor = get64(p);
    frame->type = get32(p + 8);
    frame->rest = p + SEND_FIXED;
    frame->rest_size = length - SEND_FIXED;
    return true;
}

// read_any is acti_frame_read of any frame. Out of line, so that a SEND saves no registers for the others.
__attribute__((noinline)) static int64_t read_any(const uint8_t *bytes, size_t size, uint32_t payload_max,
                                                  acti_frame *frame, size_t *need, const char **why)
{
    uint8_t begun[ACTI_FRAME_HEADER] = {0};
    const uint8_t *head = bytes;
    if (size < ACTI_FRAME_HEADER) {
        if (size > 0)
            memcpy(begun, bytes, size);
        head = begun;
    }
    const char *fault = header_fault(head, size, payload_max);
    if (fault != NULL) {
        *why = fault;
        return ACTA_EMALFORMED;
    }
    frame->kind = (acti_frame_kind)head[4];
    if (size < ACTI_FRAME_HEADER) {
        *need = ACTI_FRAME_HEADER;
        return 0;
    }

    size_t length = get32(head);
    frame->sequence = get64(head + 8);
    frame->text = NULL;
    frame->text_size = 0;
    frame->cause = NULL;
    frame->cause_size = 0;
    frame->rest = NULL;
    frame->rest_size = 0;
    int status = read_payload(bytes + ACTI_FRAME_HEADER, size - ACTI_FRAME_HEADER, length, &shapes[frame->kind],
                              frame, why);
    if (status < 0)
        return status;
    if (status == 0) {
        *need = ACTI_FRAME_HEADER + length;
        return 0;
    }
    if (frame->kind == ACTI_FRAME_WELCOME)
        frame->hello.version_min = frame->hello.version_max;
    return (int64_t)(ACTI_FRAME_HEADER + length);
}

int64_t acti_frame_read(const uint8_t *bytes, size_t size, uint32_t payload_max, acti_frame *frame, size_t *need,
                        const char **why)
{
    if (read_send(bytes, size, payload_max, frame))
        return (int64_t)(ACTI_FRAME_HEADER + SEND_FIXED + frame->rest_size);
    return read_any(bytes, size, payload_max, frame, need, why);
}
