// SPDX-License-Identifier: MIT
//
// site.c - the table of sites. The linker has put all records into one section; those of one file, line and operation
// are merged here, and a weakening is written into each of them.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer.h"

extern model_site __start_model_records[], __stop_model_records[];

static model_site *sites;
static uint32_t site_count;

static int compare(const void *a, const void *b)
{
    const model_site *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    order = order != 0 ? order : (x->line > y->line) - (x->line < y->line);
    return order != 0 ? order : strcmp(x->op, y->op);
}

// strip leaves out the way to the source folder.
static const char *strip(const char *path)
{
    static const char *const tops[] = {"/src/", "/tests/"};
    for (uint32_t i = 0; i < 2; i++) {
        const char *top = strstr(path, tops[i]);
        if (top != NULL)
            return top + 1;
    }
    return path;
}

// The records may lie further apart than their size: each is aligned.
static model_site *record(size_t i)
{
    size_t step = (sizeof(model_site) + 15) & ~(size_t)15;
    return (model_site *)(void *)((char *)__start_model_records + i * step);
}

static void prepare(void)
{
    if (sites != NULL)
        return;
    size_t records = 0;
    while ((char *)record(records) < (char *)__stop_model_records)
        records++;
    sites = calloc(records + 1, sizeof(*sites));
    if (sites == NULL)
        abort();
    for (size_t i = 0; i < records; i++) {
        sites[i] = *record(i);
        sites[i].file = strip(sites[i].file);
        sites[i].hits = 0;
    }
    qsort(sites, records, sizeof(*sites), compare);
    for (size_t i = 0; i < records; i++)
        if (site_count == 0 || compare(&sites[site_count - 1], &sites[i]) != 0)
            sites[site_count++] = sites[i];
    for (uint32_t i = 0; i < site_count; i++)
        sites[i].index = i;
}

static bool same(const model_site *site, const model_site *rec)
{
    return site->line == rec->line && strcmp(site->op, rec->op) == 0 && strcmp(site->file, strip(rec->file)) == 0;
}

const model_site *model_sites(uint32_t *count)
{
    prepare();
    for (uint32_t s = 0; s < site_count; s++) {
        sites[s].hits = 0;
        for (size_t i = 0; (char *)record(i) < (char *)__stop_model_records; i++)
            if (same(&sites[s], record(i)))
                sites[s].hits += record(i)->hits;
    }
    *count = site_count;
    return sites;
}

static void set_order(uint32_t site, model_order order)
{
    sites[site].in_force = order;
    for (size_t i = 0; (char *)record(i) < (char *)__stop_model_records; i++)
        if (same(&sites[site], record(i)))
            record(i)->in_force = order;
}

uint32_t model_mutants(uint32_t site)
{
    prepare();
    if (sites[site].order == MODEL_RELAXED)
        return 0;
    return sites[site].order == MODEL_ACQ_REL ? 2 : 1;
}

void model_weaken(uint32_t site, uint32_t mutant)
{
    prepare();
    if (sites[site].order != MODEL_ACQ_REL)
        set_order(site, MODEL_RELAXED);
    else
        set_order(site, mutant == 0 ? MODEL_ACQUIRE : MODEL_RELEASE);
}

void model_weaken_none(void)
{
    prepare();
    for (uint32_t s = 0; s < site_count; s++)
        if (sites[s].in_force != sites[s].order)
            set_order(s, sites[s].order);
}

const char *model_site_name(uint32_t site)
{
    static const char *const orders[] = {"relaxed", "acquire", "release", "acq_rel"};
    static char name[512];
    prepare();
    const model_site *s = &sites[site];
    bool weaker = s->in_force != s->order;
    snprintf(name, sizeof(name), "%s:%d:%s %s%s%s", s->file, s->line, s->op, orders[s->order], weaker ? " -> " : "",
             weaker ? orders[s->in_force] : "");
    return name;
}
