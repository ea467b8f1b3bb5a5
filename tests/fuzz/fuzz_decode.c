// SPDX-License-Identifier: MIT
//
// fuzz_decode.c - any bytes as a message: refused with a reason, or decoded to something that packs, prints and unpacks
// again to the same.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "codec/codec.h"

ACTA_MESSAGE(anything, (i64, i, optional), (u64, u, optional), (f64, f, optional), (bool, b, optional),
             (str, s, optional), (bytes, d, optional), (i64_array, ia, optional), (u64_array, ua, optional),
             (f64_array, fa, optional), (bool_array, ba, optional), (str_array, sa, optional),
             (bytes_array, da, optional));
ACTA_MESSAGE(strict, (i64, i), (str, s), (bytes_array, da));

#define LIMIT ((size_t)1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// decoded gives the body in bytes, or NULL.
static void *decoded(const acta_type *type, const uint8_t *bytes, size_t size, size_t *need)
{
    const char *why = NULL;
    int status = acti_codec_measure(type, bytes, size, 2 * LIMIT, need, &why);
    if (status != ACTA_OK) {
        acti_assert(why != NULL && why[0] != '\0');
        return NULL;
    }
    acti_assert(*need >= type->size && *need <= 2 * LIMIT);
    void *body = malloc(*need);
    if (body == NULL)
        abort();
    status = acti_codec_decode(type, bytes, size, body, *need);
    acti_assert(status == ACTA_OK);
    return body;
}

// check_again: what was decoded from bytes is encoded, and decoded from that it is the same.
static void check_again(const acta_type *type, const void *body)
{
    acti_buf out = {.limit = 16 * LIMIT};
    int status = acti_codec_encode(type, body, &out);
    acti_assert(status == ACTA_OK);
    size_t again_need;
    void *again = decoded(type, acti_buf_bytes(&out), out.size, &again_need);
    acti_assert(again != NULL); // of another size, maybe: the fields come in the order of the type now
    char texts[2][512];
    size_t lengths[2] = {acti_codec_print(type, body, texts[0], sizeof(texts[0])),
                         acti_codec_print(type, again, texts[1], sizeof(texts[1]))};
    acti_assert(lengths[0] == lengths[1] && strcmp(texts[0], texts[1]) == 0);
    free(again);
    acti_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const acta_type *types[] = {acta_type_of(anything), acta_type_of(strict)};
    for (int i = 0; i < 2; i++) {
        size_t need;
        void *body = decoded(types[i], data, size, &need);
        if (body != NULL)
            check_again(types[i], body);
        free(body);
    }
    return 0;
}
