// SPDX-License-Identifier: MIT
//
// fuzz_url.c - any bytes as a URL: what is refused is refused in words, and what is taken is written back as it was.

#include <stdint.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "link/url.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// check_place: a URL that is taken names one place, within the bounds that others rely on.
static void check_place(const acti_url *url)
{
    acti_assert(memchr(url->path, '\0', sizeof url->path) != NULL && memchr(url->host, '\0', sizeof url->host) != NULL);
    acti_assert((url->path[0] != '\0') == (url->kind == ACTI_URL_IPC));
    acti_assert((url->host[0] != '\0') == (url->kind != ACTI_URL_IPC));
    if (url->kind != ACTI_URL_IPC && strchr(url->host, ':') != NULL)
        acti_assert(acti_url_is_address(url)); // nothing else stands in brackets
}

// check_same: it is written as it was read, so that a URL is told on and compared as text.
static void check_same(const acti_url *url, const char *text, size_t size)
{
    char again[ACTI_URL_MAX + 1];
    acti_url_write(url, again);
    acti_assert(strlen(again) == size && memcmp(again, text, size) == 0);
}

// check_shown: however it is shown, it is one line of text.
static void check_shown(const char *text)
{
    acti_url_shown shown = acti_url_show(text);
    acti_assert(memchr(shown.text, '\0', sizeof shown.text) != NULL);
    for (const char *c = shown.text; *c != '\0'; c++)
        acti_assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[4096];
    char line[ACTI_REASON_BYTES] = "";
    acti_url url;
    int status = acti_url_parse((const char *)data, size, &url, (acti_reason){line, sizeof line});
    if (status == ACTA_OK) {
        check_place(&url);
        check_same(&url, (const char *)data, size);
    } else {
        acti_assert(status == ACTA_EINVAL && line[0] != '\0' && strchr(line, '\n') == NULL);
    }
    size_t shown = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, data, shown);
    text[shown] = '\0';
    check_shown(text);
    return 0;
}
