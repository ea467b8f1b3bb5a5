// SPDX-License-Identifier: MIT
//
// table.h - an intrusive hash table of things with a 64-bit key, such as an id or an address. It grows by itself; when
// there is no memory to grow, its chains get longer instead. No thread safety of its own.

#ifndef ACTI_BASE_TABLE_H
#define ACTI_BASE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

// Part of what is in the table; the table's own.
typedef struct acti_table_link {
    struct acti_table_link *next;
    uint64_t key;
} acti_table_link;

// A zeroed table is ready.
typedef struct acti_table {
    acti_table_link **chains; // a power of two of them; NULL: none yet
    uint32_t size;
    uint32_t count; // things in the table
} acti_table;

// acti_table_fini frees the table, not what is in it.
void
acti_table_fini(acti_table *table);

// acti_table_put enters a thing under a key that is not taken. False: no memory for a table at all.
bool
acti_table_put(acti_table *table, uint64_t key, acti_table_link *link);

// acti_table_find gives the thing of that key, or NULL; acti_table_take takes it out, too.
acti_table_link *
acti_table_find(const acti_table *table, uint64_t key);
acti_table_link *
acti_table_take(acti_table *table, uint64_t key);

// acti_table_next goes through all things: the first one after NULL, then the one after each, until NULL. What has been
// given may be taken out once the next one is known; nothing else may be put in or taken out meanwhile.
acti_table_link *
acti_table_next(const acti_table *table, const acti_table_link *after);

// acti_table_pop takes any thing out, or gives NULL when there is none.
acti_table_link *
acti_table_pop(acti_table *table);

#endif
