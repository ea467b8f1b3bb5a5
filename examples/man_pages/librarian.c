// SPDX-License-Identifier: MIT
//
// librarian.c - hands out pages to parsers, one at a time to each, and adds up what they find.
//
// A parser that dies has died of the page that it had: that one is left out, a new parser is spawned, and the work goes
// on. What a dead parser had answered before has arrived before its death is told, so nothing is counted twice or
// forgotten.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "man_pages.h"

enum { NO_PAGE = SIZE_MAX };

// One place at which there is a parser, until no page is left for it.
typedef struct desk {
    acta_tx *tx;
    uint64_t monitor;
    uint64_t ask;
    size_t page;
} desk;

typedef struct work {
    librarian *me;
    desk *desks;
    size_t next; // page to hand out
    size_t busy; // desks that have one
} work;

static int seat_parser(acta_self *self, const librarian *me, desk *d)
{
    int status = acta_spawn(acta_system_of(self), &d->tx, .body = parser, .name = "parser", .place = me->place,
                            .limits = {.memory_bytes = 64 << 20, .files = 8});
    if (status == ACTA_OK)
        status = acta_monitor(self, acta_tx_addr(d->tx), &d->monitor);
    return status;
}

// hand_out gives a desk the next page, or lets its parser go when there is none.
static int hand_out(acta_self *self, work *w, desk *d)
{
    d->page = w->next < w->me->library->count ? w->next++ : NO_PAGE;
    if (d->page == NO_PAGE) {
        acta_tx_drop(&d->tx);
        return ACTA_OK;
    }
    w->busy++;
    return acta_ask(self, d->tx, ACTA_FOREVER, &d->ask, parse, .path = w->me->library->paths[d->page]);
}

static desk *desk_of_ask(const work *w, uint64_t ask)
{
    for (size_t i = 0; i < w->me->parsers; i++)
        if (w->desks[i].page != NO_PAGE && w->desks[i].ask == ask)
            return &w->desks[i];
    return NULL;
}

static desk *desk_of_monitor(const work *w, uint64_t monitor)
{
    for (size_t i = 0; i < w->me->parsers; i++)
        if (w->desks[i].monitor == monitor)
            return &w->desks[i];
    return NULL;
}

static void skip(work *w, const desk *d, const char *why)
{
    w->me->skipped++;
    printf("left out: %s: %s\n", w->me->library->paths[d->page], why);
}

// on_death: a desk that had no page any more is left empty.
static int on_death(acta_self *self, work *w, const acta_down *down)
{
    desk *d = desk_of_monitor(w, down->monitor);
    if (d == NULL || d->page == NO_PAGE)
        return ACTA_OK;
    skip(w, d, down->cause[0] != '\0' ? down->cause : acta_strerror((int)down->reason));
    w->busy--;
    w->me->restarts++;
    acta_tx_drop(&d->tx);
    int status = seat_parser(self, w->me, d);
    return status == ACTA_OK ? hand_out(self, w, d) : status;
}

static int on_outcome(acta_self *self, work *w, const acta_msg *m)
{
    desk *d = desk_of_ask(w, acta_msg_ask(m));
    const parsed *result = acta_as(parsed, m);
    const acta_failure *failure = acta_as(acta_failure, m);
    if (d == NULL || (failure != NULL && (failure->status == ACTA_ECRASHED || failure->status == ACTA_EGONE)))
        return ACTA_OK; // its death follows
    if (result != NULL) {
        w->me->parsed_count++;
        w->me->sections += result->sections;
        w->me->words += result->words;
    } else {
        skip(w, d, failure != NULL ? failure->cause : "it is not known what came of it");
    }
    w->busy--;
    return hand_out(self, w, d);
}

int librarian_body(acta_self *self, void *arg)
{
    work w = {.me = arg};
    int status = ACTA_OK;
    w.desks = calloc(w.me->parsers, sizeof(*w.desks));
    if (w.desks == NULL)
        return ACTA_ENOMEM;
    for (size_t i = 0; i < w.me->parsers && status == ACTA_OK; i++) {
        status = seat_parser(self, w.me, &w.desks[i]);
        if (status == ACTA_OK)
            status = hand_out(self, &w, &w.desks[i]);
    }
    while (w.busy > 0 && status == ACTA_OK) {
        acta_msg *m = acta_recv(self);
        const acta_down *down = m != NULL ? acta_as(acta_down, m) : NULL;
        if (m == NULL)
            status = ACTA_ESTOPPED;
        else
            status = down != NULL ? on_death(self, &w, down) : on_outcome(self, &w, m);
        acta_msg_free(&m);
    }
    for (size_t i = 0; i < w.me->parsers; i++)
        acta_tx_drop(&w.desks[i].tx);
    free(w.desks);
    return status;
}
