// SPDX-License-Identifier: MIT
//
// man_pages.h - what the parts of the example know of each other.

#ifndef EXAMPLE_MAN_PAGES_H
#define EXAMPLE_MAN_PAGES_H

#include <acta/acta.h>
#include <stdbool.h>
#include <stddef.h>

// What a parser is asked, and what it answers.
ACTA_MESSAGE(parse, (str, path));
ACTA_MESSAGE(parsed, (i64, sections), (i64, words), (i64, depth));

// ---- pages.c: where the pages come from -----------------------------------------------------

typedef struct library {
    char **paths;
    size_t count;
    size_t room;
    size_t written;   // of these, by us
    char folder[64];  // where they lie; removed at the end
} library;

// library_open gives so many pages: those of the folder, and if it has fewer, some that are written for this run. The
// one in the middle is poisoned. False: it could not be done, and standard error says why.
bool
library_open(library *l, const char *folder, size_t pages);
void
library_close(library *l);

// ---- parser.c: what may crash -------------------------------------------------------------------

acta_body parser;

// ---- librarian.c: who asks, and goes on when a parser has crashed --------------------------------

typedef struct librarian {
    const library *library;
    size_t parsers;    // at a time
    acta_place place;  // of the parsers
    // What came of it.
    size_t parsed_count;
    size_t skipped;
    size_t restarts;
    int64_t sections;
    int64_t words;
} librarian;

acta_body librarian_body;

#endif
