// SPDX-License-Identifier: MIT
//
// bodies.h - what the tests of the codec share: types with fields of every kind, bodies made at random, equality, and
// blocks of exactly the size asked for, so that ASan sees one byte too many.

#ifndef TEST_CODEC_BODIES_H
#define TEST_CODEC_BODIES_H

#include "test.h"

#include "base/platform.h"
#include "codec/codec.h"
#include "core/copy.h"
#include "core/type.h"

ACTA_MESSAGE(every, (i64, i), (u64, u), (f64, f), (bool, yes), (str, s), (bytes, b), (i64_array, ii), (u64_array, uu),
             (f64_array, ff), (bool_array, flags), (str_array, ss), (bytes_array, bb));
ACTA_MESSAGE(maybe, (i64, i, optional), (u64, u, optional), (f64, f, optional), (bool, yes, optional),
             (str, s, optional), (bytes, b, optional), (i64_array, ii, optional), (u64_array, uu, optional),
             (f64_array, ff, optional), (bool_array, flags, optional), (str_array, ss, optional),
             (bytes_array, bb, optional));

// A type of one field x for every kind, and the list of them.
ACTA_MESSAGE(of_i64, (i64, x));
ACTA_MESSAGE(of_u64, (u64, x));
ACTA_MESSAGE(of_f64, (f64, x));
ACTA_MESSAGE(of_bool, (bool, x));
ACTA_MESSAGE(of_str, (str, x));
ACTA_MESSAGE(of_bytes, (bytes, x));
ACTA_MESSAGE(of_i64s, (i64_array, x));
ACTA_MESSAGE(of_u64s, (u64_array, x));
ACTA_MESSAGE(of_f64s, (f64_array, x));
ACTA_MESSAGE(of_bools, (bool_array, x));
ACTA_MESSAGE(of_strs, (str_array, x));
ACTA_MESSAGE(of_bytess, (bytes_array, x));

static const acta_type *const of_scalars[] = {acta_type_of(of_i64),  acta_type_of(of_u64), acta_type_of(of_f64),
                                              acta_type_of(of_bool), acta_type_of(of_str), acta_type_of(of_bytes)};
static const acta_type *const of_arrays[] = {acta_type_of(of_i64s),  acta_type_of(of_u64s), acta_type_of(of_f64s),
                                             acta_type_of(of_bools), acta_type_of(of_strs), acta_type_of(of_bytess)};

enum { SCALARS = 6, LIMIT = 1 << 20 };

// ---- blocks -----------------------------------------------------------------

// exact_new gives size bytes with nothing behind them, not even for a size of 0. exact_free takes them back.
static inline void *exact_new(size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    assert_non_null(bytes);
    return size > 0 ? bytes : bytes + 1;
}

static inline void exact_free(void *bytes, size_t size)
{
    free(size > 0 ? bytes : (char *)bytes - 1);
}

static inline void *exact_copy(const void *bytes, size_t size)
{
    void *to = exact_new(size);
    if (size > 0)
        memcpy(to, bytes, size);
    return to;
}

// ---- equality ---------------------------------------------------------------

static inline bool str_equal(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static inline bool bytes_equal(const acta_bytes *a, const acta_bytes *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static inline bool value_equal(unsigned kind, const void *a, const void *b)
{
    if (kind == ACTA_KIND_STR)
        return str_equal(*(const char *const *)a, *(const char *const *)b);
    if (kind == ACTA_KIND_BYTES)
        return bytes_equal(a, b);
    if (kind < ACTA_KIND_ARRAY) // by its bits, so that a NaN equals itself and 0.0 is not -0.0
        return memcmp(a, b, acti_kind_size(kind)) == 0;

    acti_run x = acti_run_load(a), y = acti_run_load(b);
    size_t each = acti_kind_size(kind - ACTA_KIND_ARRAY);
    bool equal = x.count == y.count;
    for (size_t i = 0; i < x.count && equal; i++)
        equal = value_equal(kind - ACTA_KIND_ARRAY, (const char *)x.items + i * each, (const char *)y.items + i * each);
    return equal;
}

static inline bool body_equal(const acta_type *type, const void *a, const void *b)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const acta_field *field = &type->fields[i];
        if (!value_equal(field->kind, (const char *)a + field->offset, (const char *)b + field->offset))
            return false;
    }
    return true;
}

// ---- both ways --------------------------------------------------------------

typedef struct block {
    void *data;
    size_t size;
} block;

static inline void block_free(block *b)
{
    if (b->data != NULL)
        exact_free(b->data, b->size);
    *b = (block){0};
}

static inline block encoded(const acta_type *type, const void *body)
{
    acti_buf out = {.limit = LIMIT};
    assert_int_equal(acti_codec_encode(type, body, NULL, &out), ACTA_OK);
    block b = {exact_copy(acti_buf_bytes(&out), out.size), out.size};
    acti_buf_fini(&out);
    return b;
}

// assert_packs_alike: whether two bodies pack to the same bytes, the one with a plan and the other without.
static inline void assert_packs_alike(const acti_codec_plan *plan, const void *body, const void *other)
{
    acti_buf a = {.limit = LIMIT}, b = {.limit = LIMIT};
    assert_int_equal(acti_codec_encode(plan->type, body, NULL, &a), ACTA_OK);
    assert_int_equal(acti_codec_encode_as(plan, other, NULL, &b), ACTA_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(acti_buf_bytes(&a), acti_buf_bytes(&b), a.size);
    acti_buf_fini(&a);
    acti_buf_fini(&b);
}

// assert_unpacks: whether measuring and filling in one walk comes to the same, in a block of just the room it asks for,
// and so it does with a plan.
static inline void assert_unpacks(const acta_type *type, const void *bytes, size_t size, size_t limit)
{
    size_t room = acti_codec_room(type, size);
    if (room == 0)
        return;
    const char *why;
    size_t need = 0, used;
    acti_codec_count refs = {0}, counted;
    int measured = acti_codec_measure(type, bytes, size, limit, &refs, &need, &why);
    void *to = exact_new(room);
    assert_int_equal(acti_codec_unpack(type, bytes, size, limit, to, room, &counted, &used, &why), measured);
    if (measured == ACTA_OK)
        assert_true(used == need && counted.refs == refs.refs && counted.skipped == refs.skipped);
    void *planned = exact_new(room);
    acti_codec_plan *plan = acti_codec_plan_new(type);
    assert_non_null(plan);
    assert_int_equal(acti_codec_unpack_as(plan, bytes, size, limit, planned, room, &counted, &used, &why), measured);
    if (measured == ACTA_OK) {
        assert_true(used == need && counted.refs == refs.refs && counted.skipped == refs.skipped);
        assert_packs_alike(plan, to, planned);
    }
    acti_codec_plan_free(plan);
    exact_free(planned, room);
    exact_free(to, room);
}

// decoded measures and decodes from and into exact blocks. On failure the block is empty and *why says why.
static inline int decoded(const acta_type *type, const void *bytes, size_t size, size_t limit, block *body,
                          const char **why)
{
    *body = (block){0};
    void *input = exact_copy(bytes, size);
    size_t need = 0;
    const char *cause = NULL;
    assert_unpacks(type, input, size, limit); // first: it says why in the same place
    int status = acti_codec_measure(type, input, size, limit, NULL, &need, &cause);
    if (status == ACTA_OK) {
        assert_true(need <= limit);
        *body = (block){exact_new(need), need};
        memset(body->data, 0xa5, need);
        assert_int_equal(acti_codec_decode(type, input, size, NULL, body->data, need), ACTA_OK);
    } else {
        assert_non_null(cause);
        assert_non_null(strstr(cause, type->name));
        assert_true(strlen(cause) < 240 && strchr(cause, '\n') == NULL);
        assert_int_equal(need, 0);
    }
    if (why != NULL)
        *why = cause;
    exact_free(input, size);
    return status;
}

// ---- bodies at random -------------------------------------------------------

// What one random body is made of; made_free takes all of it back.
typedef struct made {
    struct made *next;
    max_align_t bytes[];
} made;

static inline void *made_new(made **all, size_t size)
{
    made *m = malloc(sizeof *m + size);
    assert_non_null(m);
    m->next = *all;
    *all = m;
    return m->bytes;
}

static inline void made_free(made **all)
{
    while (*all != NULL) {
        made *m = *all;
        *all = m->next;
        free(m);
    }
}

// A number below n; n is small.
static inline size_t random_below(uint64_t *seed, size_t n)
{
    return (size_t)(acti_random_next(seed) >> 11) % n;
}

// Mostly short, at times around the lengths where msgpack changes its form.
static inline size_t random_size(uint64_t *seed)
{
    static const size_t edges[] = {15, 16, 31, 32, 255, 256};
    size_t pick = random_below(seed, 24);
    return pick < 6 ? edges[pick] : pick < 10 ? 0 : random_below(seed, 12);
}

// Numbers of all lengths in bits, so that every form comes up.
static inline uint64_t random_number(uint64_t *seed)
{
    uint64_t n = acti_random_next(seed);
    n >>= random_below(seed, 64);
    return random_below(seed, 2) ? n : 0 - n;
}

static inline size_t random_character(uint64_t *seed, char *at)
{
    static const char *const some[] = {"é", "\u07ff", "€", "\ud7ff", "\uffff", "😀", "\U0010ffff", "\x01", "\x7f"};
    size_t pick = random_below(seed, 40);
    if (pick >= sizeof some / sizeof some[0]) {
        *at = (char)('!' + random_below(seed, 90));
        return 1;
    }
    size_t size = strlen(some[pick]);
    memcpy(at, some[pick], size);
    return size;
}

static inline const char *random_str(uint64_t *seed, made **all)
{
    size_t count = random_size(seed), size = 0;
    if (count == 0 && random_below(seed, 2))
        return NULL;
    char *text = made_new(all, count * 4 + 1);
    for (size_t i = 0; i < count; i++)
        size += random_character(seed, text + size);
    text[size] = 0;
    return text;
}

static inline acta_bytes random_bytes(uint64_t *seed, made **all)
{
    acta_bytes b = {.size = random_size(seed)};
    uint8_t *data = b.size > 0 ? made_new(all, b.size) : NULL;
    for (size_t i = 0; i < b.size; i++)
        data[i] = (uint8_t)acti_random_next(seed);
    b.data = data;
    return b;
}

static inline void random_value(uint64_t *seed, made **all, unsigned kind, void *to)
{
    uint64_t bits = random_number(seed);
    if (kind == ACTA_KIND_STR) {
        *(const char **)to = random_str(seed, all);
    } else if (kind == ACTA_KIND_BYTES) {
        *(acta_bytes *)to = random_bytes(seed, all);
    } else if (kind == ACTA_KIND_BOOL) {
        *(bool *)to = bits & 1;
    } else if (kind < ACTA_KIND_ARRAY) {
        memcpy(to, &bits, sizeof bits); // any bits are an i64, a u64 or an f64
    } else {
        size_t each = acti_kind_size(kind - ACTA_KIND_ARRAY), count = random_size(seed) % 40;
        char *items = count > 0 ? made_new(all, count * each) : NULL;
        for (size_t i = 0; i < count; i++)
            random_value(seed, all, kind - ACTA_KIND_ARRAY, items + i * each);
        acti_run_store(to, (acti_run){items, count});
    }
}

static inline void random_body(uint64_t *seed, made **all, const acta_type *type, void *to)
{
    memset(to, 0, type->size);
    for (size_t i = 0; i < type->field_count; i++)
        random_value(seed, all, type->fields[i].kind, (char *)to + type->fields[i].offset);
}

// ACTA_TEST_SEED replays; otherwise the seed is the given one. It is printed either way.
static inline uint64_t test_seed(uint64_t seed)
{
    const char *text = getenv("ACTA_TEST_SEED");
    if (text != NULL)
        seed = strtoull(text, NULL, 0);
    print_message("ACTA_TEST_SEED=%#llx\n", (unsigned long long)seed);
    return seed;
}

#endif
