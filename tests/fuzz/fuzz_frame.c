// SPDX-License-Identifier: MIT
//
// fuzz_frame.c - any bytes as frames. The first two bytes of an input are the limit of a payload.

#include <stdint.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "route/frame.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// check_prefixes: a frame that is taken or waited for is not refused when less of it has come, and waits for itself.
static void check_prefixes(const uint8_t *bytes, size_t size, uint32_t payload_max)
{
    for (size_t n = 0; n < size; n++) {
        acti_frame frame;
        size_t need = 0;
        const char *why = NULL;
        int64_t got = acti_frame_read(bytes, n, payload_max, &frame, &need, &why);
        acti_assert(got == 0 && need > n && need >= ACTI_FRAME_HEADER);
    }
}

// check_same: what was read is written back to the bytes it was read from.
static void check_same(const uint8_t *bytes, size_t size, const acti_frame *frame)
{
    acti_buf again = {.limit = SIZE_MAX / 2};
    acti_assert(acti_frame_write(&again, frame) == ACTA_OK);
    acti_assert(again.size == size && acti_frame_size(bytes) == size);
    acti_assert(memcmp(acti_buf_bytes(&again), bytes, size) == 0);
    acti_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint32_t payload_max = (uint32_t)data[0] << 8 | data[1];
    data += 2;
    size -= 2;
    for (;;) {
        acti_frame frame;
        size_t need = 0;
        const char *why = NULL;
        int64_t got = acti_frame_read(data, size, payload_max, &frame, &need, &why);
        if (got < 0) {
            acti_assert(got == ACTA_EMALFORMED && why != NULL);
            return 0;
        }
        if (size < 1024)
            check_prefixes(data, got > 0 ? (size_t)got : size, payload_max);
        if (got == 0) {
            acti_assert(need > size && need <= (size_t)payload_max + ACTI_FRAME_HEADER);
            return 0;
        }
        check_same(data, (size_t)got, &frame);
        data += got;
        size -= (size_t)got;
    }
}
