// SPDX-License-Identifier: MIT
//
// main.c - man_pages: parses the manual pages of this machine, one of which is poisoned.
//
//     man_pages [--pages N] [--parsers N] [--folder PATH] [--place process|thread]
//
// The parser has a mistake, and crashes on that page (parser.c). It runs in a process of its own, so the page takes the
// parser with it and nothing else: it is left out, and all the others are parsed. With `--place thread` it takes the
// whole program, as it would without acta.
//
// The pages are those of /usr/share/man, 25,000 of them unless told otherwise; where there are fewer, the others are
// written for this run. Prints what was left out and why, and a line of figures.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "man_pages.h"

typedef struct wish {
    const char *folder;
    size_t pages;
    size_t parsers;
    acta_place place;
} wish;

static void report(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "man_pages: %s\n", line);
}

static bool number(const char *text, size_t max, size_t *out)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    *out = n;
    return end != text && *end == '\0' && n > 0 && n <= max;
}

static bool understand(int argc, char **argv, wish *w)
{
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool good = false;
        if (strcmp(argv[i], "--pages") == 0)
            good = number(value, 10000000, &w->pages);
        else if (strcmp(argv[i], "--parsers") == 0)
            good = number(value, 1000, &w->parsers);
        else if (strcmp(argv[i], "--folder") == 0)
            good = (w->folder = value)[0] != '\0';
        else if (strcmp(argv[i], "--place") == 0)
            good = (w->place = strcmp(value, "thread") == 0 ? ACTA_THREAD : ACTA_PROCESS) == ACTA_THREAD ||
                   strcmp(value, "process") == 0;
        if (!good)
            return false;
    }
    return true;
}

static int run(librarian *l)
{
    acta_system *sys;
    acta_tx *tx;
    int status = acta_open(&(acta_system_opts){.report = report}, &sys);
    if (status != ACTA_OK)
        return status;
    status = acta_spawn(sys, &tx, .body = librarian_body, .arg = l, .name = "librarian");
    if (status == ACTA_OK)
        status = acta_close(&sys, ACTA_FOREVER); // it ends by itself, and then its one sender is of no use any more
    acta_tx_drop(&tx);
    return status;
}

int main(int argc, char **argv)
{
    acta_process_main(); // in the process of a parser, main ends here
    wish w = {.folder = "/usr/share/man", .pages = 25000, .parsers = 2, .place = ACTA_PROCESS};
    library books;
    if (!understand(argc, argv, &w)) {
        fprintf(stderr, "usage: man_pages [--pages N] [--parsers N] [--folder PATH] [--place process|thread]\n");
        return 64;
    }
    librarian l = {.library = &books, .parsers = w.parsers, .place = w.place};
    int status = library_open(&books, w.folder, w.pages) ? run(&l) : ACTA_EIO;
    if (status == ACTA_OK)
        printf("pages=%zu written=%zu parsed=%zu left_out=%zu crashes=%zu sections=%" PRIi64 " words=%" PRIi64 "\n",
               books.count, books.written, l.parsed_count, l.skipped, l.restarts, l.sections, l.words);
    library_close(&books);
    return status == ACTA_OK ? 0 : 1;
}
