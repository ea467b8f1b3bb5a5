// SPDX-License-Identifier: MIT
//
// message.h - message types and messages.
//
// A message type is one line, at file scope, usually in a header shared by
// those who talk:
//
//     ACTA_MESSAGE(get);
//     ACTA_MESSAGE(add, (i64, n));
//     ACTA_MESSAGE(greet, (str, name), (i64, visitor, optional));
//     ACTA_MESSAGE(subscribe, (tx, who), (str, topic));
//
// It declares a plain struct of that name and one table that serves copying,
// msgpack both ways, printing and checking. On the wire a message is a map from
// field name to value: unknown fields are skipped; a missing field is an error
// unless it is marked optional, and is zero or empty then.

#ifndef ACTA_MESSAGE_H
#define ACTA_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acta/macro.h>

ACTA_BEGIN_DECLS

typedef struct acta_tx acta_tx;     // sender.h says what they are
typedef struct acta_addr acta_addr;

// ---- fields -----------------------------------------------------------------

// What a field can be; in brackets the C type in the struct.
//
//     i64   [int64_t]        u64   [uint64_t]     f64 [double]     bool [bool]
//     str   [const char *]   valid UTF-8 without NUL inside; NULL sends as ""
//     bytes [acta_bytes]     any bytes
//     tx    [acta_tx *]      a sender
//     addr  [acta_addr *]    an address
//
// and arrays of each but tx and addr: i64_array [acta_i64_array] and so on.
//
// A sender in a message holds its actor as any other does, from the moment the message is made until it is freed, be
// that by its receiver, or because it was refused, or because nobody is left to handle it; so the actor's EOF comes
// after that. An address keeps nobody alive. The message has its own: what is passed to send stays the caller's, and
// who takes one out of a received body dups it (acta_tx_dup(b->who)) and leaves the message's where it is. NULL is
// ACTA_EINVAL, in an optional field it stands for nobody.
typedef struct acta_bytes {
    const void *data;
    size_t size; // bytes
} acta_bytes;

typedef struct acta_i64_array {
    const int64_t *items;
    size_t count;
} acta_i64_array;

typedef struct acta_u64_array {
    const uint64_t *items;
    size_t count;
} acta_u64_array;

typedef struct acta_f64_array {
    const double *items;
    size_t count;
} acta_f64_array;

typedef struct acta_bool_array {
    const bool *items;
    size_t count;
} acta_bool_array;

typedef struct acta_str_array {
    const char *const *items;
    size_t count;
} acta_str_array;

typedef struct acta_bytes_array {
    const acta_bytes *items;
    size_t count;
} acta_bytes_array;

typedef enum acta_kind {
    ACTA_KIND_I64,
    ACTA_KIND_U64,
    ACTA_KIND_F64,
    ACTA_KIND_BOOL,
    ACTA_KIND_STR,
    ACTA_KIND_BYTES,
    ACTA_KIND_TX,
    ACTA_KIND_ADDR,
    ACTA_KIND_ARRAY = 16, // added to one of the above, but TX and ADDR
} acta_kind;

typedef struct acta_field {
    const char *name;
    uint16_t kind;     // acta_kind
    uint16_t optional; // 1: may be missing on the wire
    uint32_t offset;   // bytes from the start of the struct
} acta_field;

// acta_type describes one message type. Made by ACTA_MESSAGE only; constant, and
// one per process, so that types are compared by address.
typedef struct acta_type {
    const char *name;
    uint32_t size; // sizeof the struct
    uint16_t field_count;
    uint8_t flat;     // 1: numbers only, so memcpy copies it
    uint8_t terminal; // 1: made by ACTA_MESSAGE_TERMINAL
    uint8_t refs;     // 1: has a tx or an addr, which are let go when a message is freed
    const acta_field *fields;
} acta_type;

// acta_type_entry enters a type into the process's list when the program is
// loaded: decoding finds types by name there, and acta_open refuses to start when two
// files define one name differently.
typedef struct acta_type_entry {
    const acta_type *type;
    const acta_type *here; // this file's own view of it
    struct acta_type_entry *next;
} acta_type_entry;

ACTA_API void
acta_type_enter(acta_type_entry *entry);

// acta_type_find gives the message type of that name, or NULL. Threads: any.
ACTA_API const acta_type *
acta_type_find(const char *name);

// ---- ACTA_MESSAGE -----------------------------------------------------------

#define ACTA_MESSAGE(...) ACTI_CAT(ACTI_MESSAGE_, ACTI_ONE(__VA_ARGS__))(0, __VA_ARGS__)

// ACTA_MESSAGE_TERMINAL is ACTA_MESSAGE for a type that says that something is over: an outcome, a failure, a shutdown.
// It makes a difference whether such a message comes before or after others, so the order lint (system.h) looks at
// these types: it names each pair of messages, one of them terminal, that come by two ways in an order that nothing
// keeps. Nothing else is different, and nothing on the wire.
//
//     ACTA_MESSAGE_TERMINAL(failed, (str, cause));
#define ACTA_MESSAGE_TERMINAL(...) ACTI_CAT(ACTI_MESSAGE_, ACTI_ONE(__VA_ARGS__))(1, __VA_ARGS__)

// A type without fields still has a size in C; the byte is never sent.
#define ACTI_MESSAGE_1(is_terminal, T)                                                                     \
    typedef struct T {                                                                                     \
        char acta_no_fields;                                                                               \
    } T;                                                                                                   \
    ACTI_TYPE_(T, 0, 1, is_terminal, 0, NULL)

#define ACTI_MESSAGE_N(is_terminal, T, ...)                                                                \
    typedef struct T {                                                                                     \
        ACTI_EACH(ACTI_MEMBER_, T, __VA_ARGS__)                                                            \
    } T;                                                                                                   \
    static const acta_field acta_fields_of_##T[] = {ACTI_EACH(ACTI_FIELD_, T, __VA_ARGS__)};               \
    ACTI_TYPE_(T, ACTI_COUNT(__VA_ARGS__), (1 ACTI_EACH(ACTI_FLAT_, T, __VA_ARGS__)), is_terminal,         \
               (0 ACTI_EACH(ACTI_REFS_, T, __VA_ARGS__)), acta_fields_of_##T)

// The weak definition is the same object in every file of the program; `here`
// is this file's own copy, kept to find two definitions that differ.
#define ACTI_TYPE_(T, count, is_flat, is_terminal, has_refs, field_table)                                  \
    static const acta_type acta_here_##T = {#T,      (uint32_t)sizeof(T), count,                           \
                                            is_flat, is_terminal,         has_refs,                        \
                                            field_table};                                                  \
    ACTI_EXTERN ACTA_API __attribute__((weak)) const acta_type acta_type_of_##T;                           \
    const acta_type acta_type_of_##T = {#T,      (uint32_t)sizeof(T), count,                               \
                                        is_flat, is_terminal,         has_refs,                            \
                                        field_table};                                                      \
    __attribute__((constructor)) static void acta_enter_##T(void)                                          \
    {                                                                                                      \
        static acta_type_entry acta_entry = {&acta_type_of_##T, &acta_here_##T, NULL};                     \
        acta_type_enter(&acta_entry);                                                                      \
    }                                                                                                      \
    ACTA_STATIC_ASSERT(sizeof(T) <= UINT32_MAX, "a message struct below 4 GiB")

#ifdef __cplusplus
#define ACTI_EXTERN extern "C"
#else
#define ACTI_EXTERN extern
#endif

#define ACTI_MEMBER_(T, field) ACTI_MEMBER_OF_ field
#define ACTI_MEMBER_OF_(...) ACTI_MEMBER_AT_(__VA_ARGS__, 0, 0)
#define ACTI_MEMBER_AT_(k, name, ...) acti_c_##k name ACTI_ZERO;

#define ACTI_FIELD_(T, field) ACTI_FIELD_OF_(T, ACTI_UNWRAP_ field)
#define ACTI_UNWRAP_(...) __VA_ARGS__
#define ACTI_FIELD_OF_(T, ...) ACTI_FIELD_AT_(T, __VA_ARGS__, required, 0)
#define ACTI_FIELD_AT_(T, k, name, need, ...)                                                              \
    {#name, (uint16_t)ACTI_KIND_##k, ACTI_NEED_##need, (uint32_t)offsetof(T, name)},

#define ACTI_NEED_required 0
#define ACTI_NEED_optional 1

#define ACTI_FLAT_(T, field) ACTI_FLAT_OF_ field
#define ACTI_FLAT_OF_(...) ACTI_FLAT_AT_(__VA_ARGS__, 0, 0)
#define ACTI_FLAT_AT_(k, ...) &&(ACTI_KIND_##k <= ACTA_KIND_BOOL)

#define ACTI_REFS_(T, field) ACTI_REFS_OF_ field
#define ACTI_REFS_OF_(...) ACTI_REFS_AT_(__VA_ARGS__, 0, 0)
#define ACTI_REFS_AT_(k, ...) || (ACTI_KIND_##k >= ACTA_KIND_TX && ACTI_KIND_##k < ACTA_KIND_ARRAY)

#define ACTI_KIND_i64 ACTA_KIND_I64
#define ACTI_KIND_u64 ACTA_KIND_U64
#define ACTI_KIND_f64 ACTA_KIND_F64
#define ACTI_KIND_bool ACTA_KIND_BOOL
#define ACTI_KIND__Bool ACTA_KIND_BOOL // C's <stdbool.h> makes bool a macro
#define ACTI_KIND_str ACTA_KIND_STR
#define ACTI_KIND_bytes ACTA_KIND_BYTES
#define ACTI_KIND_tx ACTA_KIND_TX
#define ACTI_KIND_addr ACTA_KIND_ADDR
#define ACTI_KIND_i64_array ((int)ACTA_KIND_ARRAY + (int)ACTA_KIND_I64)
#define ACTI_KIND_u64_array ((int)ACTA_KIND_ARRAY + (int)ACTA_KIND_U64)
#define ACTI_KIND_f64_array ((int)ACTA_KIND_ARRAY + (int)ACTA_KIND_F64)
#define ACTI_KIND_bool_array ((int)ACTA_KIND_ARRAY + (int)ACTA_KIND_BOOL)
#define ACTI_KIND_str_array ((int)ACTA_KIND_ARRAY + (int)ACTA_KIND_STR)
#define ACTI_KIND_bytes_array ((int)ACTA_KIND_ARRAY + (int)ACTA_KIND_BYTES)

typedef int64_t acti_c_i64;
typedef uint64_t acti_c_u64;
typedef double acti_c_f64;
typedef bool acti_c_bool;
typedef bool acti_c__Bool;
typedef const char *acti_c_str;
typedef acta_bytes acti_c_bytes;
typedef acta_tx *acti_c_tx;
typedef acta_addr *acti_c_addr;
typedef acta_i64_array acti_c_i64_array;
typedef acta_u64_array acti_c_u64_array;
typedef acta_f64_array acti_c_f64_array;
typedef acta_bool_array acti_c_bool_array;
typedef acta_str_array acti_c_str_array;
typedef acta_bytes_array acti_c_bytes_array;

// acta_type_of(add) is the descriptor of ACTA_MESSAGE(add, ...).
#define acta_type_of(T) (&acta_type_of_##T)

// ACTI_BODY_(add, .n = 1) is a pointer to a temporary add; ACTI_BODY_(get) too.
// ACTI_TYPED_ puts the type before it: the two arguments of the _body functions.
#define ACTI_TYPED_(...) ACTI_CAT(ACTI_TYPED_, ACTI_ONE(__VA_ARGS__))(__VA_ARGS__)
#ifdef __cplusplus
#define ACTI_TYPED_1(T) acta_type_of(T), acti_temporary(T{})
#define ACTI_TYPED_N(T, ...) acta_type_of(T), acti_temporary(T{__VA_ARGS__})
#else
#define ACTI_TYPED_1(T) acta_type_of(T), &(T){0}
#define ACTI_TYPED_N(T, ...) acta_type_of(T), &(T){__VA_ARGS__}
#endif

// ---- messages ---------------------------------------------------------------

// acta_msg is one received message. Its body follows it in the same block, the
// variable parts behind that; all of it is read-only and lives until
// acta_msg_free, or until the handler that was given it returns. Only type is for users.
typedef struct acta_msg {
    const acta_type *type;
    struct acta_msg *next; // acta's own, as is all that follows
    uint32_t size;
    uint16_t room;
    uint8_t kind;
    uint8_t flags;
} acta_msg;

// acta_is(add, m): whether m is an add.
#define acta_is(T, m) (acti_body_if((m), acta_type_of(T), sizeof(T)) != NULL)

// acta_as(add, m): the const add * in m, or NULL when m is something else.
#define acta_as(T, m) ((const T *)acti_body_if((m), acta_type_of(T), sizeof(T)))

// The size is compared too: it differs when two files define one name apart.
static inline const void *acti_body_if(const acta_msg *m, const acta_type *type, size_t size)
{
    return m->type == type && type->size == size ? (const void *)(m + 1) : NULL;
}

// acta_msg_body is the body of m, whatever its type.
static inline const void *acta_msg_body(const acta_msg *m)
{
    return (const void *)(m + 1);
}

// acta_msg_free gives a message back. A request that was not answered, and whose
// promise was not taken (promise.h), is answered with ACTA_ENOREPLY.
//
// Owns:    takes *m and sets it to NULL; a NULL *m is ignored.
// Threads: the one that owns m.
ACTA_API void
acta_msg_free(acta_msg **m);

// acta_msg_ask is the id of the ask that m is the outcome of, or 0.
ACTA_API uint64_t
acta_msg_ask(const acta_msg *m);

// acta_msg_wants_reply: whether m is a request that still waits for its answer.
ACTA_API bool
acta_msg_wants_reply(const acta_msg *m);

// acta_msg_print writes m as text, such as add{n: 1}, cut to size bytes with
// the NUL. Long strings and arrays are shortened.
//
// Returns: the length the whole text would have had, as snprintf does.
ACTA_API size_t
acta_msg_print(const acta_msg *m, char *text, size_t size);

ACTA_END_DECLS

#ifdef __cplusplus
template <class T> inline const T *acti_temporary(const T &body)
{
    return &body;
}
#endif

#endif
