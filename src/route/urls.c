// SPDX-License-Identifier: MIT
//
// urls.c - several URLs in one text.

#include "route/urls.h"

#include <string.h>

_Static_assert(ACTI_FRAME_TEXT_MAX < ACTI_URL_MAX + 2, "a line has room where a URL has");

void acti_urls_add(acti_urls urls, const char *url)
{
    size_t size = strlen(urls), more = strlen(url);
    size_t line = size > 0; // the newline between
    if (more == 0 || strchr(url, '\n') != NULL || size + line + more > ACTI_FRAME_TEXT_MAX)
        return;
    if (line > 0)
        urls[size] = '\n';
    memcpy(urls + size + line, url, more + 1);
}

size_t acti_urls_next(const char *urls, size_t at, char url[ACTI_URL_MAX + 2])
{
    at += strspn(urls + at, "\n");
    size_t size = strcspn(urls + at, "\n");
    if (size == 0)
        return 0;
    memcpy(url, urls + at, size);
    url[size] = '\0';
    return at + size;
}

size_t acti_urls_count(const char *urls)
{
    char url[ACTI_URL_MAX + 2];
    size_t count = 0;
    for (size_t at = 0; (at = acti_urls_next(urls, at, url)) != 0;)
        count++;
    return count;
}
