// SPDX-License-Identifier: MIT
//
// test_refs.c - senders and addresses to and from msgpack: their bytes, and that each is given, undone, taken and left
// exactly as often as codec.h says, wherever writing or reading fails.

#include "codec/bodies.h"

#include <acta/actor.h>
#include <acta/event.h>
#include <acta/system.h>

#include "core/actor.h"
#include "core/message.h"

ACTA_MESSAGE(strong, (tx, x));
ACTA_MESSAGE(weak, (addr, x));
ACTA_MESSAGE(spare, (tx, x, optional), (addr, y, optional), (i64, n, optional));
ACTA_MESSAGE(crowd, (str, line), (tx, a), (i64_array, numbers), (addr, b), (tx, c, optional), (bytes, data), (tx, d),
             (str, end));
ACTA_MESSAGE(nobody);

// ---- actors -----------------------------------------------------------------

enum { ACTORS = 4 };

typedef struct world {
    acta_system *sys;
    acta_tx *tx[ACTORS];
    acta_addr *addr[ACTORS];
} world;

static world w;

static int ignores(acta_self *self, void *arg, acta_msg *m)
{
    (void)self;
    (void)arg;
    (void)m;
    return ACTA_OK;
}

static int open_world(void **state)
{
    (void)state;
    acta_system_opts opts = {.workers = 1, .track_senders = ACTA_TRACK_ON};
    assert_int_equal(acta_open(&opts, &w.sys), ACTA_OK);
    for (int i = 0; i < ACTORS; i++) {
        char name[] = {(char)('A' + i), 0};
        assert_int_equal(acta_spawn(w.sys, &w.tx[i], .handler = ignores, .name = name), ACTA_OK);
        w.addr[i] = acta_tx_addr(w.tx[i]);
    }
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    for (int i = 0; i < ACTORS; i++)
        acta_tx_drop(&w.tx[i]);
    return acta_close(&w.sys, 20 * ACTA_SECOND);
}

// held is what messages hold beside the test's own senders, of all actors together.
static uint32_t held(void)
{
    uint32_t sum = 0;
    for (int i = 0; i < ACTORS; i++) {
        const acti_actor *actor = acti_actor_of_addr(w.addr[i]);
        sum += acti_au32_load_relaxed(&actor->senders) - 1;
        sum += acti_au32_load_relaxed(&actor->refs) - 2;
    }
    return sum;
}

// ---- who deals with references --------------------------------------------------

// Keeps a count for each number of an actor, and of those whose kind is the other.
typedef struct book {
    int given[ACTORS], undone[ACTORS], taken[ACTORS], left[ACTORS];
    int strong, weak;
    int calls;     // of give or take
    int fail_at;   // that call fails; 0: none
    int status;    // with this
    uint64_t loan; // of the last one given
    const char *name;
    const char *url;
} book;

static int index_of(uint64_t actor)
{
    assert_true(actor < ACTORS);
    return (int)actor;
}

static int index_of_actor(const acti_actor *actor)
{
    for (int i = 0; i < ACTORS; i++)
        if (acti_actor_of_addr(w.addr[i]) == actor)
            return i;
    fail_msg("an actor that nobody knows");
    return 0;
}

static int give(void *arg, acti_actor *actor, bool is_strong, acti_codec_ref *ref)
{
    book *b = arg;
    if (++b->calls == b->fail_at)
        return b->status;
    int i = index_of_actor(actor);
    b->given[i]++;
    b->strong += is_strong;
    b->weak += !is_strong;
    *ref = (acti_codec_ref){.node = UINT64_C(0x0102030405060708),
                            .actor = (uint64_t)i,
                            .loan = ++b->loan,
                            .name = b->name != NULL ? b->name : actor->name,
                            .url = b->url != NULL ? b->url : ""};
    ref->name_size = strlen(ref->name);
    ref->url_size = strlen(ref->url);
    return ACTA_OK;
}

static void undo(void *arg, acti_actor *actor, bool is_strong, const acti_codec_ref *ref)
{
    book *b = arg;
    int i = index_of_actor(actor);
    b->undone[i]++;
    b->strong -= is_strong;
    b->weak -= !is_strong;
    assert_int_equal(ref->actor, i);
    assert_true(ref->loan > 0 && ref->loan <= b->loan);
}

static int take(void *arg, const acti_codec_ref *ref, bool is_strong, acti_actor **actor)
{
    book *b = arg;
    if (++b->calls == b->fail_at) {
        b->left[index_of(ref->actor)]++;
        return b->status;
    }
    int i = index_of(ref->actor);
    b->taken[i]++;
    b->strong += is_strong;
    b->weak += !is_strong;
    *actor = acti_actor_of_addr(w.addr[i]);
    if (is_strong)
        (void)acti_au32_add_relaxed(&(*actor)->senders, 1);
    else
        acti_actor_ref(*actor);
    return ACTA_OK;
}

static void leave(void *arg, const acti_codec_ref *ref, bool is_strong)
{
    book *b = arg;
    (void)is_strong;
    b->left[index_of(ref->actor)]++;
}

static acti_codec_refs refs_of(book *b)
{
    return (acti_codec_refs){.arg = b, .give = give, .undo = undo, .take = take, .leave = leave};
}

static int sum(const int *counts)
{
    int n = 0;
    for (int i = 0; i < ACTORS; i++)
        n += counts[i];
    return n;
}

// ---- both ways, with references ---------------------------------------------------

// Everything that is referred to, once each but for the first actor.
static crowd a_crowd(void)
{
    static const int64_t numbers[] = {1, 2, 300};
    return (crowd){.line = "first",
                   .a = w.tx[0],
                   .numbers = {numbers, 3},
                   .b = w.addr[1],
                   .c = w.tx[0],
                   .data = {"\x01\x02", 2},
                   .d = w.tx[2],
                   .end = "last"};
}

static block encoded_by(book *b, const acta_type *type, const void *body)
{
    acti_buf out = {.limit = LIMIT};
    acti_codec_refs refs = refs_of(b);
    assert_int_equal(acti_codec_encode(type, body, &refs, &out), ACTA_OK);
    block whole = {exact_copy(acti_buf_bytes(&out), out.size), out.size};
    acti_buf_fini(&out);
    return whole;
}

// decoded_by measures and decodes. On failure the block is empty.
static int decoded_by(book *b, const acta_type *type, const void *bytes, size_t size, acti_codec_count *count,
                      block *body, const char **why)
{
    *body = (block){0};
    void *input = exact_copy(bytes, size);
    acti_codec_refs refs = refs_of(b);
    size_t need;
    int status = acti_codec_measure(type, input, size, LIMIT, count, &need, why);
    assert_int_equal(sum(b->taken) + sum(b->left), 0); // measuring asks nobody
    if (status == ACTA_OK) {
        *body = (block){exact_new(need), need};
        memset(body->data, 0xa5, need);
        status = acti_codec_decode(type, input, size, &refs, body->data, need);
        if (status != ACTA_OK)
            block_free(body);
    }
    exact_free(input, size);
    return status;
}

// A reference as bytes of an ext, without its head: name and url of one letter.
#define REF(kind, actor)                                                                                   \
    kind "\x08\x07\x06\x05\x04\x03\x02\x01" actor "\0\0\0\0\0\0\0"                                          \
         "\x01\0\0\0\0\0\0\0\x01\0n\x01\0u"
#define REF_SIZE "\x1e"
#define REF_EXT(kind, actor) "\xc7" REF_SIZE REF(kind, actor)
_Static_assert(sizeof(REF("\x01", "\x02")) - 2 == 0x1e, "without the kind and the NUL");

// ---- refused when there is no way ---------------------------------------------------

TEST(type_with_senders_is_refused_without_anybody_who_deals_with_them)
{
    acti_buf out = {.limit = LIMIT};
    assert_int_equal(acti_buf_append(&out, "x", 1), ACTA_OK);
    strong body = {w.tx[0]};
    assert_int_equal(acti_codec_encode(acta_type_of(strong), &body, NULL, &out), ACTA_EREFUSED);
    assert_int_equal(acti_codec_encode(acta_type_of(spare), &(spare){0}, NULL, &out), ACTA_EREFUSED);
    assert_int_equal(out.size, 1);
    acti_buf_fini(&out);

    static const char bytes[] = "\x81\xa1x" REF_EXT("\x01", "\x00");
    const char *why = "";
    size_t need = 77;
    assert_int_equal(acti_codec_measure(acta_type_of(strong), bytes, sizeof bytes - 1, LIMIT, NULL, &need, &why),
                     ACTA_EREFUSED);
    assert_non_null(strstr(why, "message strong, byte 0: it has senders or addresses"));
    assert_int_equal(need, 77);
    strong to;
    assert_int_equal(acti_codec_decode(acta_type_of(strong), bytes, sizeof bytes - 1, NULL, &to, sizeof to),
                     ACTA_EREFUSED);
}

TEST(references_in_what_is_skipped_are_not_looked_at_without_anybody_who_deals_with_them)
{
    static const char bytes[] = "\x82\xa1y\xd4\x01\x00\xa1z\x91" REF_EXT("\x02", "\x00");
    size_t need;
    assert_int_equal(acti_codec_measure(acta_type_of(nobody), bytes, sizeof bytes - 1, LIMIT, NULL, &need, NULL),
                     ACTA_OK);
    nobody to;
    assert_int_equal(acti_codec_decode(acta_type_of(nobody), bytes, sizeof bytes - 1, NULL, &to, need), ACTA_OK);
}

// ---- writing --------------------------------------------------------------------------

TEST(null_that_is_not_optional_is_not_written)
{
    book b = {0};
    acti_codec_refs refs = refs_of(&b);
    acti_buf out = {.limit = LIMIT};
    crowd body = a_crowd();
    body.d = NULL;
    assert_int_equal(acti_codec_encode(acta_type_of(crowd), &body, &refs, &out), ACTA_EINVAL);
    assert_int_equal(out.size, 0);
    assert_int_equal(sum(b.given), 3);
    assert_int_equal(sum(b.undone), 3);
    body = a_crowd();
    body.a = NULL;
    assert_int_equal(acti_codec_encode(acta_type_of(crowd), &body, &refs, &out), ACTA_EINVAL);
    assert_int_equal(sum(b.given), 3);
    acti_buf_fini(&out);
}

TEST(name_or_url_that_is_too_long_or_no_text_is_not_written_and_the_longest_is)
{
    char longest[257];
    memset(longest, 'n', sizeof longest);
    longest[256] = 0;
    const char *const bad[] = {longest, "\xff", "a\xed\xa0\x80"};
    for (size_t i = 0; i < 2 * sizeof bad / sizeof bad[0]; i++) {
        book b = {0};
        *(i % 2 ? &b.name : &b.url) = bad[i / 2];
        acti_codec_refs refs = refs_of(&b);
        acti_buf out = {.limit = LIMIT};
        strong body = {w.tx[1]};
        assert_int_equal(acti_codec_encode(acta_type_of(strong), &body, &refs, &out), ACTA_EINVAL);
        assert_true(b.given[1] == 1 && b.undone[1] == 1 && out.size == 0);
        acti_buf_fini(&out);
    }
    longest[255] = 0;
    book b = {.name = longest, .url = longest};
    block whole = encoded_by(&b, acta_type_of(weak), &(weak){w.addr[1]});
    assert_int_equal(whole.size, 1 + 2 + 4 + 28 + 2 * 255); // an ext 16
    acti_codec_count count;
    block body;
    const char *why;
    book other = {0};
    assert_int_equal(decoded_by(&other, acta_type_of(weak), whole.data, whole.size, &count, &body, &why), ACTA_OK);
    acti_copy_let_go(acta_type_of(weak), body.data);
    block_free(&body);
    block_free(&whole);
}

TEST(bytes_are_those_of_the_specification)
{
    static const char expected[] = "\x81\xa1x"
                                   "\xc7\x21\x01"
                                   "\x08\x07\x06\x05\x04\x03\x02\x01"
                                   "\x02\0\0\0\0\0\0\0"
                                   "\x01\0\0\0\0\0\0\0"
                                   "\x01\0C"
                                   "\x04\0ipc:";
    book b = {.url = "ipc:"};
    block whole = encoded_by(&b, acta_type_of(strong), &(strong){w.tx[2]});
    assert_int_equal(whole.size, sizeof expected - 1);
    assert_memory_equal(whole.data, expected, whole.size);
    block_free(&whole);

    static const char nothing[] = "\x83\xa1x\xc0\xa1y\xc0\xa1n\x00";
    whole = encoded_by(&b, acta_type_of(spare), &(spare){0});
    assert_int_equal(whole.size, sizeof nothing - 1);
    assert_memory_equal(whole.data, nothing, whole.size);
    block_free(&whole);
    assert_int_equal(sum(b.given), 1);
}

// encode_either encodes with a plan or without.
static int encode_either(bool planned, const acta_type *type, const void *body, const acti_codec_refs *refs,
                         acti_buf *out)
{
    if (!planned)
        return acti_codec_encode(type, body, refs, out);
    acti_codec_plan *plan = acti_codec_plan_new(type);
    assert_non_null(plan);
    int status = acti_codec_encode_as(plan, body, refs, out);
    acti_codec_plan_free(plan);
    return status;
}

TEST(whatever_give_says_is_said_and_what_was_given_before_is_undone)
{
    for (int i = 0; i < 2 * 5; i++) {
        int at = 1 + i / 2;
        book b = {.fail_at = at, .status = ACTA_EUNREACH};
        acti_codec_refs refs = refs_of(&b);
        acti_buf out = {.limit = LIMIT};
        crowd body = a_crowd();
        int status = encode_either(i % 2, acta_type_of(crowd), &body, &refs, &out);
        assert_int_equal(status, at <= 4 ? ACTA_EUNREACH : ACTA_OK);
        assert_int_equal(sum(b.given), at - 1);
        assert_int_equal(sum(b.undone), at <= 4 ? at - 1 : 0);
        assert_int_equal(b.strong + b.weak, at <= 4 ? 0 : 4);
        for (int a = 0; a < ACTORS && at <= 4; a++)
            assert_int_equal(b.given[a], b.undone[a]);
        assert_true(at <= 4 ? out.size == 0 : out.size > 0);
        acti_buf_fini(&out);
    }
}

// The bytes may end anywhere, in a reference and its head, too.
TEST(what_was_given_is_undone_wherever_there_is_no_more_room)
{
    book whole_book = {0};
    crowd body = a_crowd();
    block whole = encoded_by(&whole_book, acta_type_of(crowd), &body);
    for (size_t at = 0; at < 2 * (whole.size + 1); at++) {
        book b = {0};
        acti_codec_refs refs = refs_of(&b);
        acti_buf out = {.limit = at / 2};
        bool fits = out.limit == whole.size;
        int status = encode_either(at % 2, acta_type_of(crowd), &body, &refs, &out);
        assert_int_equal(status, fits ? ACTA_OK : ACTA_ETOOBIG);
        for (int i = 0; i < ACTORS; i++)
            assert_int_equal(b.given[i] - b.undone[i], fits ? whole_book.given[i] : 0);
        assert_int_equal(out.size, fits ? whole.size : 0);
        acti_buf_fini(&out);
    }
    block_free(&whole);
}

// Many fields: the map says so before the first of them is there.
TEST(what_was_given_is_undone_however_many_fields_were_to_come)
{
    enum { MANY = ACTI_TYPE_FIELDS_MAX };
    static char names[MANY][4];
    static acta_field fields[MANY];
    acta_tx *body[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "f%u", i);
        fields[i] = (acta_field){names[i], i % 2 ? ACTA_KIND_ADDR : ACTA_KIND_TX, 0, i * (uint32_t)sizeof body[0]};
        body[i] = i % 2 ? (void *)w.addr[i % ACTORS] : (void *)w.tx[i % ACTORS];
    }
    acta_type type = {"many", sizeof body, MANY, 0, 0, 1, fields};
    assert_int_equal(acti_type_check(&type, NULL, 0), ACTA_OK);
    for (int i = 0; i < 2 * (MANY + 1); i++) {
        int at = 1 + i / 2;
        book b = {.fail_at = at, .status = ACTA_ENOMEM};
        acti_codec_refs refs = refs_of(&b);
        acti_buf out = {.limit = LIMIT};
        int status = encode_either(i % 2, &type, body, &refs, &out);
        assert_int_equal(status, at <= MANY ? ACTA_ENOMEM : ACTA_OK);
        assert_int_equal(sum(b.given), at - 1);
        assert_int_equal(sum(b.undone), at <= MANY ? at - 1 : 0);
        if (at > MANY) { // as many as can be read
            acti_codec_count count;
            size_t need;
            status = acti_codec_measure(&type, acti_buf_bytes(&out), out.size, LIMIT, &count, &need, NULL);
            assert_int_equal(status, ACTA_OK);
            assert_int_equal(count.refs, MANY);
        }
        acti_buf_fini(&out);
    }
}

TEST(message_that_does_not_go_out_is_undone)
{
    book b = {0};
    crowd body = a_crowd();
    acti_codec_refs refs = refs_of(&b);
    block whole = encoded_by(&b, acta_type_of(crowd), &body);
    assert_int_equal(sum(b.given), 4);
    acti_codec_undo(acta_type_of(crowd), &body, &refs, whole.data, whole.size);
    for (int i = 0; i < ACTORS; i++)
        assert_int_equal(b.given[i], b.undone[i]);
    assert_true(b.strong == 0 && b.weak == 0);
    block_free(&whole);

    of_i64 plain = {1};
    whole = encoded_by(&b, acta_type_of(of_i64), &plain);
    acti_codec_undo(acta_type_of(of_i64), &plain, &refs, whole.data, whole.size);
    assert_int_equal(sum(b.undone), 4);
    block_free(&whole);
}

// ---- reading: refused -------------------------------------------------------------------

typedef struct row {
    const acta_type *type;
    const char *bytes;
    size_t size;
    const char *words; // to be found in the reason
} row;

#define R(T, text, words) {acta_type_of(T), text, sizeof(text) - 1, words}
#define NUMBERS "\x08\x07\x06\x05\x04\x03\x02\x01" "\x02\0\0\0\0\0\0\0" "\x01\0\0\0\0\0\0\0"
#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define A256 A64 A64 A64 A64

static const row rows[] = {
    // Another shape, another ext.
    R(strong, "\x81\xa1x\xc0", "tx expected, nil found"),
    R(strong, "\x81\xa1x\x05", "tx expected, integer found"),
    R(strong, "\x81\xa1x\xc4\x01z", "tx expected, bytes found"),
    R(strong, "\x81\xa1x\x91\xc0", "tx expected, array found"),
    R(weak, "\x81\xa1x\xa0", "addr expected, str found"),
    R(weak, "\x80", "missing"),
    R(strong, "\x81\xa1x" REF_EXT("\x02", "\x00"), "tx expected, an ext of type 2"),
    R(weak, "\x81\xa1x" REF_EXT("\x01", "\x00"), "addr expected, an ext of type 1"),
    R(strong, "\x81\xa1x" REF_EXT("\x00", "\x00"), "an ext of type 0"),
    R(strong, "\x81\xa1x\xd6\xff\0\0\0\0", "an ext of type 255"), // a timestamp
    R(of_i64, "\x81\xa1x" REF_EXT("\x01", "\x00"), "i64 expected, ext found"),
    R(of_bytes, "\x81\xa1x" REF_EXT("\x01", "\x00"), "bytes expected, ext found"),

    // An ext that is no reference.
    R(strong, "\x81\xa1x\xc7\x00\x01", "not well formed"),
    R(strong, "\x81\xa1x\xd4\x01\x00", "not well formed"),
    R(strong, "\x81\xa1x\xd8\x01" "0123456789abcdef", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1b\x01" NUMBERS "\0\0\0", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1c\x01" NUMBERS "\x01\0\0\0", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1c\x01" NUMBERS "\0\0\x01\0", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1c\x01" NUMBERS "\xff\xff\0\0", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1d\x01" NUMBERS "\0\0\0\0z", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1d\x01" NUMBERS "\x01\0\xff\0\0", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1d\x01" NUMBERS "\x01\0\0\0\0", "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1d\x01" NUMBERS "\0\0\x01\0\x80", "not well formed"),
    R(strong, "\x81\xa1x\xc8\x01\x1c\x01" NUMBERS "\x00\x01" A256 "\0\0", "not well formed"),
    R(strong, "\x81\xa1x\xc8\x01\x1c\x01" NUMBERS "\0\0\x00\x01" A256, "not well formed"),
    R(strong, "\x81\xa1x\xc7\x1c\x01" NUMBERS "\0\0\0", "announces more"),
    R(strong, "\x81\xa1x\xc9\xff\xff\xff\xff\x01" NUMBERS "\0\0\0\0", "announces more"),
    R(strong, "\x82\xa1x" REF_EXT("\x01", "\x00") "\xa1x" REF_EXT("\x01", "\x00"), "twice"),

    // In what is skipped as well, as somebody is to be told of it.
    R(nobody, "\x81\xa1y\xd4\x01\x00", "skipped, a reference to an actor that is not well formed"),
    R(nobody, "\x81\xa1y\x92\xc0\x81\xa1z\xc7\x1b\x02" NUMBERS "\0\0\0", "not well formed"),
    R(spare, "\x82\xa1x" REF_EXT("\x01", "\x00") "\xa1z\xc7\x00\x02", "not well formed"),
};

TEST(each_row_of_the_table_is_refused_with_its_reason)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        book b = {0};
        acti_codec_count count = {77, 77};
        block body;
        const char *why = "";
        int status = decoded_by(&b, rows[i].type, rows[i].bytes, rows[i].size, &count, &body, &why);
        if (status != ACTA_EMALFORMED || strstr(why, rows[i].words) == NULL)
            fail_msg("row %zu: status %d, \"%s\" does not say \"%s\"", i, status, why, rows[i].words);
        assert_true(count.refs == 77 && count.skipped == 77);
    }
}

TEST(every_byte_that_is_missing_is_missed)
{
    book b = {.url = "u"};
    crowd body = a_crowd();
    block whole = encoded_by(&b, acta_type_of(crowd), &body);
    for (size_t size = 0; size < whole.size; size++) {
        book none = {0};
        acti_codec_count count;
        block back;
        const char *why;
        int status = decoded_by(&none, acta_type_of(crowd), whole.data, size, &count, &back, &why);
        assert_int_equal(status, ACTA_EMALFORMED);
    }
    block_free(&whole);
}

// A message with so many references in fields that are skipped, half of them inside other things, before a known one.
static acti_buf with_skipped(int skipped, bool known)
{
    static const char ref[] = REF_EXT("\x01", "\x03");
    acti_buf out = {.limit = LIMIT};
    assert_int_equal(acti_buf_append(&out, known ? "\x83" : "\x82", 1), ACTA_OK);
    char array[] = {(char)0xdc, 0, (char)(skipped / 2)};
    assert_int_equal(acti_buf_append(&out, "\xa1p\x81\xa1q", 5), ACTA_OK);
    assert_int_equal(acti_buf_append(&out, array, 3), ACTA_OK);
    for (int i = 0; i < skipped / 2; i++)
        assert_int_equal(acti_buf_append(&out, ref, sizeof ref - 1), ACTA_OK);
    array[2] = (char)(skipped - skipped / 2);
    assert_int_equal(acti_buf_append(&out, "\xa1r", 2), ACTA_OK);
    assert_int_equal(acti_buf_append(&out, array, 3), ACTA_OK);
    for (int i = 0; i < skipped - skipped / 2; i++)
        assert_int_equal(acti_buf_append(&out, ref, sizeof ref - 1), ACTA_OK);
    if (known) {
        assert_int_equal(acti_buf_append(&out, "\xa1x", 2), ACTA_OK);
        assert_int_equal(acti_buf_append(&out, REF_EXT("\x01", "\x02"), sizeof(REF_EXT("\x01", "\x02")) - 1), ACTA_OK);
    }
    return out;
}

TEST(sixty_four_references_are_read_and_one_more_is_refused)
{
    for (int known = 0; known <= 1; known++) {
        for (int more = 0; more <= 1; more++) {
            int skipped = ACTI_CODEC_REFS_MAX - known + more;
            acti_buf bytes = with_skipped(skipped, known);
            book b = {0};
            acti_codec_count count;
            block body;
            const char *why = "";
            int status = decoded_by(&b, acta_type_of(spare), acti_buf_bytes(&bytes), bytes.size, &count, &body, &why);
            assert_int_equal(status, more ? ACTA_EMALFORMED : ACTA_OK);
            assert_int_equal(b.left[3], more ? 0 : skipped);
            assert_int_equal(b.taken[2], more ? 0 : known);
            if (more) {
                assert_non_null(strstr(why, "more than 64 senders and addresses"));
            } else {
                assert_int_equal(count.refs, ACTI_CODEC_REFS_MAX);
                assert_int_equal(count.skipped, skipped);
                acti_copy_let_go(acta_type_of(spare), body.data);
            }
            block_free(&body);
            acti_buf_fini(&bytes);
        }
    }
    assert_int_equal(held(), 0);
}

// ---- reading: taken, and left ---------------------------------------------------------------

TEST(message_that_is_read_holds_what_was_taken_until_it_lets_go)
{
    book b = {.url = "u"};
    crowd body = a_crowd();
    block whole = encoded_by(&b, acta_type_of(crowd), &body);
    book reader = {0};
    acti_codec_count count;
    block back;
    const char *why;
    assert_int_equal(decoded_by(&reader, acta_type_of(crowd), whole.data, whole.size, &count, &back, &why), ACTA_OK);
    assert_true(count.refs == 4 && count.skipped == 0);
    assert_true(reader.taken[0] == 2 && reader.taken[1] == 1 && reader.taken[2] == 1 && sum(reader.left) == 0);
    assert_true(reader.strong == 3 && reader.weak == 1);
    const crowd *c = back.data;
    assert_ptr_equal(acta_tx_addr(c->a), w.addr[0]);
    assert_ptr_equal(c->b, w.addr[1]);
    assert_ptr_equal(acta_tx_addr(c->c), w.addr[0]);
    assert_ptr_equal(acta_tx_addr(c->d), w.addr[2]);
    assert_string_equal(c->end, "last");
    assert_int_equal(held(), 4);
    char text[500];
    (void)acta_why(w.addr[2], text, sizeof text);
    assert_non_null(strstr(text, "a crowd of a thread outside (from another node)"));
    acti_copy_let_go(acta_type_of(crowd), back.data);
    assert_true(c->a == NULL && c->b == NULL && c->c == NULL && c->d == NULL);
    assert_int_equal(held(), 0);
    acti_copy_let_go(acta_type_of(crowd), back.data); // of none: nothing
    block_free(&back);
    block_free(&whole);
}

TEST(optional_ones_that_are_missing_or_nil_are_null)
{
    static const char *const messages[] = {"\x80", "\x82\xa1y\xc0\xa1x\xc0"};
    for (int i = 0; i < 2; i++) {
        book b = {0};
        acti_codec_count count;
        block body;
        const char *why;
        size_t size = i == 0 ? 1 : 7;
        assert_int_equal(decoded_by(&b, acta_type_of(spare), messages[i], size, &count, &body, &why), ACTA_OK);
        assert_true(((const spare *)body.data)->x == NULL && ((const spare *)body.data)->y == NULL);
        assert_true(count.refs == 0 && sum(b.taken) == 0);
        block_free(&body);
    }
}

TEST(when_one_cannot_be_taken_those_before_are_dropped_and_those_behind_are_left)
{
    book b = {.url = "u"};
    crowd body = a_crowd();
    block whole = encoded_by(&b, acta_type_of(crowd), &body);
    for (int at = 1; at <= 4; at++) {
        book reader = {.fail_at = at, .status = ACTA_EUNREACH};
        acti_codec_count count;
        block back;
        const char *why;
        assert_int_equal(decoded_by(&reader, acta_type_of(crowd), whole.data, whole.size, &count, &back, &why),
                         ACTA_EUNREACH);
        assert_int_equal(sum(reader.taken), at - 1);
        assert_int_equal(sum(reader.left), 4 - (at - 1));
        for (int i = 0; i < ACTORS; i++)
            assert_int_equal(reader.taken[i] + reader.left[i], b.given[i]);
        assert_int_equal(held(), 0);
    }
    block_free(&whole);
}

TEST(what_is_skipped_is_left_though_another_cannot_be_taken)
{
    acti_buf bytes = with_skipped(5, true);
    book reader = {.fail_at = 1, .status = ACTA_ENOMEM};
    acti_codec_count count;
    block back;
    const char *why;
    assert_int_equal(decoded_by(&reader, acta_type_of(spare), acti_buf_bytes(&bytes), bytes.size, &count, &back, &why),
                     ACTA_ENOMEM);
    assert_true(count.refs == 6 && count.skipped == 5);
    assert_true(reader.left[3] == 5 && reader.left[2] == 1);
    acti_buf_fini(&bytes);
}

TEST(nothing_is_held_when_the_block_or_the_bytes_are_not_those_measured)
{
    book b = {.url = "u"};
    crowd body = a_crowd();
    block whole = encoded_by(&b, acta_type_of(crowd), &body);
    acti_codec_count count;
    size_t need;
    assert_int_equal(
        acti_codec_measure(acta_type_of(crowd), whole.data, whole.size, LIMIT, &count, &need, NULL), ACTA_OK);
    for (int by = -60; by <= 8; by++) {
        size_t other = need + (size_t)by;
        book reader = {0};
        acti_codec_refs refs = refs_of(&reader);
        void *to = exact_new(other);
        int status = acti_codec_decode(acta_type_of(crowd), whole.data, whole.size, &refs, to, other);
        assert_int_equal(status, other == need ? ACTA_OK : other < need ? ACTA_ETOOBIG : ACTA_EINVAL);
        if (status == ACTA_OK)
            acti_copy_let_go(acta_type_of(crowd), to);
        assert_int_equal(held(), 0);
        exact_free(to, other);
    }
    void *to = exact_new(need);
    for (size_t size = 0; size < whole.size; size++) {
        book reader = {0};
        acti_codec_refs refs = refs_of(&reader);
        assert_int_equal(acti_codec_decode(acta_type_of(crowd), whole.data, size, &refs, to, need), ACTA_EMALFORMED);
        assert_int_equal(held(), 0);
    }
    exact_free(to, need);
    block_free(&whole);
}

// ---- finding ----------------------------------------------------------------------------------

TEST(references_are_found_wherever_they_are)
{
    static const char bytes[] = "\x83"                          // a map of
                                "\xa1x" REF_EXT("\x01", "\x00") // a value
                                "" REF_EXT("\x02", "\x01") "\xc0" // a key
                                "\x05\x92\x91" REF_EXT("\x01", "\x02") "\xd4\x07\x00" // an array in an array
                                "" REF_EXT("\x02", "\x03");     // and behind it
    book b = {0};
    assert_int_equal(acti_codec_each_ref(bytes, sizeof bytes - 1, leave, &b), ACTA_OK);
    for (int i = 0; i < ACTORS; i++)
        assert_int_equal(b.left[i], 1);
    assert_int_equal(acti_codec_each_ref("", 0, leave, &b), ACTA_OK);
    assert_int_equal(acti_codec_each_ref("\x81\xa1x\x05", 4, leave, &b), ACTA_OK);
    assert_int_equal(sum(b.left), 4);
}

TEST(nobody_is_told_of_references_in_bytes_that_are_malformed)
{
    static const char *const bad[] = {"\xc1",         "\xa5",     "\xd4\x01\x00",
                                      "\xc7\x00\x02", "\x92\x00", "\xdf\xff\xff\xff\xff"};
    static const size_t sizes[] = {1, 1, 3, 3, 2, 5};
    static const char good[] = REF_EXT("\x01", "\x00");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        book b = {0};
        acti_buf bytes = {.limit = LIMIT};
        assert_int_equal(acti_buf_append(&bytes, good, sizeof good - 1), ACTA_OK);
        assert_int_equal(acti_buf_append(&bytes, bad[i], sizes[i]), ACTA_OK);
        assert_int_equal(acti_codec_each_ref(acti_buf_bytes(&bytes), bytes.size, leave, &b), ACTA_EMALFORMED);
        assert_int_equal(sum(b.left), 0);
        acti_buf_fini(&bytes);
    }
    for (int more = 0; more <= 1; more++) {
        book b = {0};
        acti_buf bytes = with_skipped(ACTI_CODEC_REFS_MAX + more, false);
        int status = acti_codec_each_ref(acti_buf_bytes(&bytes), bytes.size, leave, &b);
        assert_int_equal(status, more ? ACTA_EMALFORMED : ACTA_OK);
        assert_int_equal(sum(b.left), more ? 0 : ACTI_CODEC_REFS_MAX);
        acti_buf_fini(&bytes);
    }
}

// ---- at random -----------------------------------------------------------------------------------

#ifdef __SANITIZE_THREAD__
enum { ROUNDS = 10000 };
#else
enum { ROUNDS = 100000 };
#endif

static const acta_type *const readers[] = {acta_type_of(crowd), acta_type_of(spare), acta_type_of(nobody),
                                           acta_type_of(strong)};

// Numbers of actors that nobody has are not for the book, so it takes what has been spoilt modulo their number.
static int take_any(void *arg, const acti_codec_ref *ref, bool is_strong, acti_actor **actor)
{
    acti_codec_ref known = *ref;
    known.actor %= ACTORS;
    return take(arg, &known, is_strong, actor);
}

static void leave_any(void *arg, const acti_codec_ref *ref, bool is_strong)
{
    acti_codec_ref known = *ref;
    known.actor %= ACTORS;
    leave(arg, &known, is_strong);
}

static int decode_spoilt(uint64_t *seed, const acta_type *type, const uint8_t *bytes, size_t size)
{
    book b = {.fail_at = (int)random_below(seed, 8), .status = ACTA_ENOMEM};
    acti_codec_refs refs = {.arg = &b, .take = take_any, .leave = leave_any};
    acti_codec_count count;
    size_t need;
    void *input = exact_copy(bytes, size);
    int status = acti_codec_measure(type, input, size, LIMIT, &count, &need, NULL);
    if (status == ACTA_OK) {
        void *to = exact_new(need);
        status = acti_codec_decode(type, input, size, &refs, to, need);
        assert_int_equal(sum(b.taken) + sum(b.left), count.refs);
        assert_int_equal(held(), status == ACTA_OK ? (uint32_t)sum(b.taken) : 0);
        if (status == ACTA_OK)
            acti_copy_let_go(type, to);
        exact_free(to, need);
        book found = {0};
        assert_int_equal(acti_codec_each_ref(input, size, leave_any, &found), ACTA_OK);
        assert_int_equal(sum(found.left), count.refs);
    }
    assert_int_equal(held(), 0);
    exact_free(input, size);
    return status;
}

TEST(spoilt_messages_are_refused_or_all_of_their_references_are_accounted_for)
{
    uint64_t seed = test_seed(0x72656673);
    book b = {.url = "u"};
    crowd body = a_crowd();
    block whole = encoded_by(&b, acta_type_of(crowd), &body);
    uint8_t *bytes = malloc(whole.size);
    size_t accepted = 0, refused = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        memcpy(bytes, whole.data, whole.size);
        for (size_t n = random_below(&seed, 3); n > 0; n--) {
            size_t at = random_below(&seed, whole.size);
            uint64_t flipped = bytes[at] ^ UINT64_C(1) << random_below(&seed, 8);
            bytes[at] = (uint8_t)(random_below(&seed, 2) ? acti_random_next(&seed) : flipped);
        }
        size_t size = random_below(&seed, 8) == 0 ? random_below(&seed, whole.size) : whole.size;
        int status = decode_spoilt(&seed, readers[random_below(&seed, 4)], bytes, size);
        accepted += status == ACTA_OK || status == ACTA_ENOMEM;
        refused += status == ACTA_EMALFORMED;
    }
    assert_int_equal(accepted + refused, ROUNDS);
    assert_true(accepted > ROUNDS / 20 && refused > ROUNDS / 10);
    print_message("%zu accepted, %zu refused\n", accepted, refused);
    free(bytes);
    block_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        case_of(type_with_senders_is_refused_without_anybody_who_deals_with_them),
        case_of(references_in_what_is_skipped_are_not_looked_at_without_anybody_who_deals_with_them),
        case_of(null_that_is_not_optional_is_not_written),
        case_of(name_or_url_that_is_too_long_or_no_text_is_not_written_and_the_longest_is),
        case_of(bytes_are_those_of_the_specification),
        case_of(whatever_give_says_is_said_and_what_was_given_before_is_undone),
        case_of(what_was_given_is_undone_wherever_there_is_no_more_room),
        case_of(what_was_given_is_undone_however_many_fields_were_to_come),
        case_of(message_that_does_not_go_out_is_undone), case_of(each_row_of_the_table_is_refused_with_its_reason),
        case_of(every_byte_that_is_missing_is_missed),
        case_of(sixty_four_references_are_read_and_one_more_is_refused),
        case_of(message_that_is_read_holds_what_was_taken_until_it_lets_go),
        case_of(optional_ones_that_are_missing_or_nil_are_null),
        case_of(when_one_cannot_be_taken_those_before_are_dropped_and_those_behind_are_left),
        case_of(what_is_skipped_is_left_though_another_cannot_be_taken),
        case_of(nothing_is_held_when_the_block_or_the_bytes_are_not_those_measured),
        case_of(references_are_found_wherever_they_are),
        case_of(nobody_is_told_of_references_in_bytes_that_are_malformed),
        case_of(spoilt_messages_are_refused_or_all_of_their_references_are_accounted_for),
    };
    return cmocka_run_group_tests_name("codec/test_refs.c", tests, open_world, close_world) == 0 ? 0 : 1;
}
