// SPDX-License-Identifier: MIT
//
// urls.h - the URLs under which a node is reached, as one text: one a line, in the order in which they are to be tried.
//
// HELLO, WELCOME and a reference in a message carry such a text. No URL has a newline in it, so one URL is a text of
// one line, and none the empty one. What comes from a peer may be anything; empty lines in it are passed over.

#ifndef ACTI_ROUTE_URLS_H
#define ACTI_ROUTE_URLS_H

#include <stddef.h>

#include "link/url.h"
#include "route/frame.h"

// The whole text, with a NUL.
typedef char acti_urls[ACTI_FRAME_TEXT_MAX + 1];

// acti_urls_add puts a URL behind the others. One that does not fit any more, or is none, is left out.
void
acti_urls_add(acti_urls urls, const char *url);

// acti_urls_count is how many there are.
size_t
acti_urls_count(const char *urls);

// acti_urls_next copies the first URL from byte `at` on, which begins a line, and gives where the next one begins. 0:
// there is no more, and url is as it was.
size_t
acti_urls_next(const char *urls, size_t at, char url[ACTI_URL_MAX + 2]);

#endif
