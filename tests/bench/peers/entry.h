// SPDX-License-Identifier: MIT
//
// entry.h - the command line of a peer: NAME CORES RUNS, or list.

#ifndef PEER_ENTRY_H
#define PEER_ENTRY_H

#include <stdbool.h>
#include <string.h>

#include "bench/bench.h"

// peer_chosen gives the entry that is named, or NULL when the names were asked for and have been printed. Entries are
// of `size` bytes and begin with their name; that of the last is NULL.
static inline const void *peer_chosen(int argc, char **argv, const void *entries, size_t size)
{
    const char *entry = entries, *name;
    bool list = argc == 2 && strcmp(argv[1], "list") == 0;
    bench_need(list || argc == 4, "usage: list | NAME CORES RUNS");
    for (; memcpy(&name, entry, sizeof(name)), name != NULL; entry += size) {
        if (list)
            printf("%s\n", name);
        else if (strcmp(name, argv[1]) == 0)
            return entry;
    }
    bench_need(list, "no benchmark of that name");
    return NULL;
}

#endif
