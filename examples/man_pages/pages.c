// SPDX-License-Identifier: MIT
//
// pages.c - the pages of a folder, and others that are written where there are too few.

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "man_pages.h"

enum { POISON_DEPTH = 1000000 };

// What nftw adds to; it passes nothing through.
static library *filling;
static size_t wanted;

static bool add(library *l, const char *path)
{
    if (l->count == l->room) {
        size_t room = l->room == 0 ? 1024 : l->room * 2;
        char **paths = realloc(l->paths, room * sizeof(*paths));
        if (paths == NULL)
            return false;
        l->paths = paths;
        l->room = room;
    }
    l->paths[l->count] = strdup(path);
    return l->paths[l->count] != NULL && ++l->count > 0;
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)where;
    if (filling->count >= wanted)
        return 1; // enough
    return kind == FTW_F && S_ISREG(st->st_mode) && !add(filling, path) ? -1 : 0;
}

// ---- writing pages ------------------------------------------------------------------------------

static bool make_folder(library *l)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    snprintf(l->folder, sizeof(l->folder), "%.40s/man_pages-XXXXXX", runtime != NULL ? runtime : "/tmp");
    return mkdtemp(l->folder) != NULL;
}

static bool write_page(library *l, const char *name, bool poisoned, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", l->folder, name);
    FILE *page = fopen(path, "w");
    if (page == NULL)
        return false;
    fprintf(page, ".TH %s 7\n.SH NAME\n%s \\- a page like others\n.SH DESCRIPTION\n", name, name);
    for (int i = 0; i < (poisoned ? POISON_DEPTH : 3); i++)
        fputs(".RS\n", page);
    for (int i = 0; i < 20; i++)
        fprintf(page, "What is said in line %d of %s is of no use to anybody.\n", i, name);
    l->written++;
    return fclose(page) == 0;
}

// poison puts the poisoned page into the middle, in the place of another.
static bool poison(library *l)
{
    char path[128];
    if (!write_page(l, "poisoned.7", true, path, sizeof(path)))
        return false;
    free(l->paths[l->count / 2]);
    l->paths[l->count / 2] = strdup(path);
    return l->paths[l->count / 2] != NULL;
}

static bool fill_up(library *l, size_t pages)
{
    char name[32], path[128];
    for (size_t n = 0; l->count < pages; n++) {
        snprintf(name, sizeof(name), "page%zu.7", n);
        if (!write_page(l, name, false, path, sizeof(path)) || !add(l, path))
            return false;
    }
    return true;
}

bool library_open(library *l, const char *folder, size_t pages)
{
    *l = (library){0};
    filling = l;
    wanted = pages;
    int walked = nftw(folder, visit, 32, FTW_PHYS);
    bool good = walked >= 0 || errno == ENOENT;
    good = good && make_folder(l) && fill_up(l, pages) && poison(l);
    if (!good)
        fprintf(stderr, "man_pages: no %zu pages could be had from %s and %s: %s\n", pages, folder, l->folder,
                strerror(errno));
    return good;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

void library_close(library *l)
{
    if (l->folder[0] != '\0')
        (void)nftw(l->folder, remove_one, 32, FTW_PHYS | FTW_DEPTH);
    for (size_t i = 0; i < l->count; i++)
        free(l->paths[i]);
    free(l->paths);
}
