// SPDX-License-Identifier: MIT
//
// fuzz_decode.c - any bytes as a message: refused with a reason, or decoded to something that packs, prints and
// unpacks again to the same, whichever way it is unpacked. Of each sender and address in it somebody is told what
// became of it, and none is held in the end.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "codec/codec.h"
#include "core/actor.h"
#include "core/copy.h"
#include "core/system.h"

ACTA_MESSAGE(anything, (i64, i, optional), (u64, u, optional), (f64, f, optional), (bool, b, optional),
             (str, s, optional), (bytes, d, optional), (i64_array, ia, optional), (u64_array, ua, optional),
             (f64_array, fa, optional), (bool_array, ba, optional), (str_array, sa, optional),
             (bytes_array, da, optional));
ACTA_MESSAGE(strict, (i64, i), (str, s), (bytes_array, da));
ACTA_MESSAGE(plain, (i64, i), (bytes, d), (str, s, optional), (u64, u), (f64, f, optional), (bool, b));
ACTA_MESSAGE(holds, (tx, who), (addr, where, optional), (str, s, optional), (tx, other, optional));

#define LIMIT ((size_t)1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// ---- whom references are of ---------------------------------------------------------

static acta_system sys; // untracked; nothing else of it is looked at
static acti_actor actor;
static uint32_t told; // of references that were taken or left, since the last reset
static uint32_t fail_at;

static void reset(uint32_t fails)
{
    actor.sys = &sys;
    actor.name = "it";
    acti_au32_store_relaxed(&actor.senders, 1);
    acti_au32_store_relaxed(&actor.refs, 1);
    told = 0;
    fail_at = fails;
}

static bool is_held(void)
{
    return acti_au32_load_relaxed(&actor.senders) != 1 || acti_au32_load_relaxed(&actor.refs) != 1;
}

static int give(void *arg, acti_actor *of, bool strong, acti_codec_ref *ref)
{
    (void)arg;
    (void)strong;
    acti_assert(of == &actor);
    *ref = (acti_codec_ref){.name = actor.name, .name_size = 2};
    return ACTA_OK;
}

static void undo(void *arg, acti_actor *of, bool strong, const acti_codec_ref *ref)
{
    (void)arg;
    (void)of;
    (void)strong;
    (void)ref;
    acti_assert(!"what has been decoded can be encoded");
}

static int take(void *arg, const acti_codec_ref *ref, bool strong, acti_actor **of)
{
    (void)arg;
    acti_assert(ref->name_size <= ACTI_CODEC_TEXT_MAX && ref->url_size <= ACTI_CODEC_TEXT_MAX);
    if (++told == fail_at)
        return ACTA_ENOMEM;
    (void)acti_au32_add_relaxed(strong ? &actor.senders : &actor.refs, 1);
    *of = &actor;
    return ACTA_OK;
}

static void leave(void *arg, const acti_codec_ref *ref, bool strong)
{
    (void)arg;
    (void)ref;
    (void)strong;
    told++;
}

static void count(void *arg, const acti_codec_ref *ref, bool strong)
{
    (void)ref;
    (void)strong;
    ++*(uint32_t *)arg;
}

static const acti_codec_refs refs = {.give = give, .undo = undo, .take = take, .leave = leave};

// ---- both ways ------------------------------------------------------------------------

// decoded gives the body in bytes, or NULL.
static void *decoded(const acta_type *type, const uint8_t *bytes, size_t size, size_t *need)
{
    const char *why = NULL;
    acti_codec_count counted;
    int status = acti_codec_measure(type, bytes, size, 2 * LIMIT, &counted, need, &why);
    if (status != ACTA_OK) {
        acti_assert(why != NULL && why[0] != '\0');
        return NULL;
    }
    acti_assert(*need >= type->size && *need <= 2 * LIMIT);
    uint32_t found = 0;
    status = acti_codec_each_ref(bytes, size, count, &found);
    acti_assert(status == ACTA_OK && found == counted.refs && found >= counted.skipped);
    void *body = malloc(*need);
    if (body == NULL)
        abort();
    told = 0;
    status = acti_codec_decode(type, bytes, size, &refs, body, *need);
    acti_assert(told == found);
    if (status == ACTA_OK)
        return body;
    acti_assert(status == ACTA_ENOMEM && fail_at > 0);
    free(body);
    return NULL;
}

// check_again: what was decoded from bytes is encoded, and decoded from that it is the same.
static void check_again(const acta_type *type, const void *body)
{
    acti_buf out = {.limit = 16 * LIMIT};
    int status = acti_codec_encode(type, body, &refs, &out);
    acti_assert(status == ACTA_OK);
    size_t again_need;
    void *again = decoded(type, acti_buf_bytes(&out), out.size, &again_need);
    acti_assert(again != NULL); // of another size, maybe: the fields come in the order of the type now
    char texts[2][512];
    size_t lengths[2] = {acti_codec_print(type, body, texts[0], sizeof(texts[0])),
                         acti_codec_print(type, again, texts[1], sizeof(texts[1]))};
    acti_assert(lengths[0] == lengths[1] && strcmp(texts[0], texts[1]) == 0);
    acti_copy_let_go(type, again);
    free(again);
    acti_buf_fini(&out);
}

// packed gives what a body is packed to, with a plan or without.
static acti_buf packed(const acti_codec_plan *plan, const void *body, bool planned)
{
    acti_buf out = {.limit = 16 * LIMIT};
    int status = planned ? acti_codec_encode_as(plan, body, NULL, &out)
                         : acti_codec_encode(plan->type, body, NULL, &out);
    acti_assert(status == ACTA_OK);
    return out;
}

// unpacked unpacks in one walk, in exactly the room that is asked for, and gives the status.
static int unpacked(const acti_codec_plan *plan, const uint8_t *bytes, size_t size, bool planned, acti_buf *again)
{
    const char *why;
    size_t used = 0, room = plan->room + size;
    acti_codec_count counted;
    void *to = malloc(room);
    if (to == NULL)
        abort();
    int status = planned ? acti_codec_unpack_as(plan, bytes, size, 2 * LIMIT, to, room, &counted, &used, &why)
                         : acti_codec_unpack(plan->type, bytes, size, 2 * LIMIT, to, room, &counted, &used, &why);
    acti_assert(status != ACTA_OK || used <= room);
    if (status == ACTA_OK)
        *again = packed(plan, to, planned);
    free(to);
    return status;
}

// check_plan: with a plan the same comes out.
static void check_plan(const uint8_t *data, size_t size)
{
    acti_codec_plan *plan = acti_codec_plan_new(acta_type_of(plain));
    if (plan == NULL)
        abort();
    acti_buf with = {0}, without = {0};
    int status = unpacked(plan, data, size, true, &with);
    acti_assert(status == unpacked(plan, data, size, false, &without));
    acti_assert(with.size == without.size);
    acti_assert(with.size == 0 || memcmp(acti_buf_bytes(&with), acti_buf_bytes(&without), with.size) == 0);
    acti_buf_fini(&with);
    acti_buf_fini(&without);
    acti_codec_plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const acta_type *types[] = {acta_type_of(anything), acta_type_of(strict), acta_type_of(holds),
                                acta_type_of(plain)};
    check_plan(data, size);
    for (uint32_t i = 0; i < 2 * 4; i++) {
        const acta_type *type = types[i / 2];
        reset(i % 2 == 0 ? 0 : 1 + (uint32_t)size % 3);
        size_t need;
        void *body = decoded(type, data, size, &need);
        fail_at = 0;
        if (body != NULL) {
            check_again(type, body);
            acti_copy_let_go(type, body);
        }
        free(body);
        acti_assert(!is_held());
    }
    return 0;
}
