// SPDX-License-Identifier: MIT
//
// table.c - chains of links, and growing.

#include "base/table.h"

#include <stdlib.h>

#define SIZE_MIN 64

// Addresses and counted ids differ in their low or middle bits only: the product carries these to the top.
static acti_table_link **chain_of(const acti_table *table, uint64_t key)
{
    uint64_t mixed = (key ^ (key >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return &table->chains[(mixed >> 32) & (table->size - 1)];
}

static void link_in(acti_table *table, acti_table_link *link)
{
    acti_table_link **chain = chain_of(table, link->key);
    link->next = *chain;
    *chain = link;
}

// grow doubles the number of chains, if there is memory for that.
static void grow(acti_table *table)
{
    if (table->size > UINT32_MAX / 4)
        return;
    acti_table bigger = {.size = table->size > 0 ? table->size * 2 : SIZE_MIN, .count = table->count};
    bigger.chains = calloc(bigger.size, sizeof(*bigger.chains));
    if (bigger.chains == NULL)
        return;
    for (uint32_t i = 0; i < table->size; i++) {
        for (acti_table_link *link = table->chains[i], *next; link != NULL; link = next) {
            next = link->next;
            link_in(&bigger, link);
        }
    }
    free(table->chains);
    *table = bigger;
}

void acti_table_fini(acti_table *table)
{
    free(table->chains);
    *table = (acti_table){0};
}

bool acti_table_put(acti_table *table, uint64_t key, acti_table_link *link)
{
    if (table->count >= table->size)
        grow(table);
    if (table->chains == NULL)
        return false;
    link->key = key;
    link_in(table, link);
    table->count++;
    return true;
}

acti_table_link *acti_table_find(const acti_table *table, uint64_t key)
{
    if (table->count == 0)
        return NULL;
    acti_table_link *link = *chain_of(table, key);
    while (link != NULL && link->key != key)
        link = link->next;
    return link;
}

acti_table_link *acti_table_take(acti_table *table, uint64_t key)
{
    if (table->count == 0)
        return NULL;
    acti_table_link **at = chain_of(table, key);
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    acti_table_link *link = *at;
    if (link == NULL)
        return NULL;
    *at = link->next;
    table->count--;
    return link;
}

acti_table_link *acti_table_next(const acti_table *table, const acti_table_link *after)
{
    if (after != NULL && after->next != NULL)
        return after->next;
    uint32_t at = after != NULL ? (uint32_t)(chain_of(table, after->key) - table->chains) + 1 : 0;
    for (; at < table->size; at++)
        if (table->chains[at] != NULL)
            return table->chains[at];
    return NULL;
}

acti_table_link *acti_table_pop(acti_table *table)
{
    for (uint32_t i = 0; i < table->size && table->count > 0; i++)
        if (table->chains[i] != NULL)
            return acti_table_take(table, table->chains[i]->key);
    return NULL;
}
