// SPDX-License-Identifier: MIT
//
// pair.h - two sessions with a connection between them that can be cut at any byte and made again by either side: as
// much of a node as a session needs, for tests and fuzzers. It asserts what a node may count on.
//
// Side i is called over a door, a new session that hears HELLO; the session that HELLO names, side[i], adopts it.
// What is being written is read out of the session's own memory, bit by bit, and said to be written when all of it
// was.

#ifndef TEST_ROUTE_PAIR_H
#define TEST_ROUTE_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <acta/error.h>

#include "base/platform.h"
#include "route/session.h"

#define PAIR_NUMBER 99

typedef struct pair_write {
    const uint8_t *bytes; // NULL: nothing is being written
    size_t size;
    size_t at; // of them, how many have come
} pair_write;

typedef struct pair {
    acti_session side[2];
    acti_session door;   // of the side that is called, until it has heard HELLO
    bool at_door;
    int caller;          // -1: no connection
    pair_write write[2]; // by that side
    bool starved;        // memory was missing somewhere
    // A frame that side i is given. NULL: nobody looks at them.
    void (*given)(struct pair *p, int i, const acti_frame *frame);
} pair;

static inline acti_session *pair_end(pair *p, int i)
{
    return p->at_door && i != p->caller ? &p->door : &p->side[i];
}

static inline void pair_check(const pair *p)
{
    acti_session_check(&p->side[0]);
    acti_session_check(&p->side[1]);
}

static inline void pair_init(pair *p, const acti_hello us[2], size_t out_limit)
{
    memset(p, 0, sizeof *p);
    p->caller = -1;
    for (int i = 0; i < 2; i++) {
        int status = acti_session_init(&p->side[i], &us[i], out_limit);
        acti_assert(status == ACTA_OK);
    }
}

static inline void pair_close_door(pair *p)
{
    if (p->at_door)
        acti_session_fini(&p->door);
    p->at_door = false;
}

static inline void pair_fini(pair *p)
{
    pair_close_door(p);
    acti_session_fini(&p->side[0]);
    acti_session_fini(&p->side[1]);
}

static inline void pair_cut(pair *p)
{
    pair_close_door(p);
    for (int i = 0; i < 2; i++) {
        acti_session_cut(&p->side[i]);
        p->write[i] = (pair_write){NULL, 0, 0};
    }
    p->caller = -1;
    pair_check(p);
}

// pair_call makes a connection, if there is none and both still want one.
static inline void pair_call(pair *p, int caller)
{
    if (p->caller >= 0 || p->side[0].state >= ACTI_SESSION_LEFT || p->side[1].state >= ACTI_SESSION_LEFT)
        return;
    acti_hello us = p->side[1 - caller].us;
    us.session = 0;
    int status = acti_session_init(&p->door, &us, 1 << 16);
    acti_assert(status == ACTA_OK);
    p->at_door = true;
    p->caller = caller;
    status = acti_session_answer(&p->door);
    if (status == ACTA_OK)
        status = acti_session_call(&p->side[caller]);
    if (status != ACTA_OK) {
        acti_assert(status == ACTA_ENOMEM);
        p->starved = true;
        pair_cut(p);
    }
}

// pair_greeted has side i adopt the connection on which it was called.
static inline void pair_greeted(pair *p, int i, const acti_hello *peer)
{
    int status = acti_session_adopt(&p->side[i], peer, PAIR_NUMBER);
    if (status == ACTA_ENOMEM) {
        p->starved = true;
        pair_cut(p);
        return;
    }
    pair_close_door(p);
}

// pair_listen takes what has come to side i.
static inline void pair_listen(pair *p, int i)
{
    acti_frame frame;
    int status;
    while ((status = acti_session_next(pair_end(p, i), &frame)) > 0) {
        pair_check(p);
        if (frame.kind == ACTI_FRAME_HELLO)
            pair_greeted(p, i, &frame.hello);
        else if (frame.kind == ACTI_FRAME_WELCOME)
            acti_session_confirm(&p->side[i]);
        else if (p->given != NULL)
            p->given(p, i, &frame);
        pair_check(p);
    }
    p->starved = p->starved || (status < 0 && pair_end(p, i)->state != ACTI_SESSION_BROKEN);
}

// pair_feed gives side i the bytes, and says how many it took.
static inline size_t pair_feed(pair *p, int i, const uint8_t *bytes, size_t size)
{
    acti_session *to = pair_end(p, i);
    size_t room, fed = 0;
    while (fed < size) {
        uint8_t *space = acti_session_space(to, &room);
        if (space == NULL)
            break;
        size_t n = size - fed < room ? size - fed : room;
        memcpy(space, bytes + fed, n);
        acti_session_feed(to, n);
        fed += n;
    }
    return fed;
}

// pair_carry brings up to most bytes of what side i says to the other, which takes them, and what it had no memory for
// before, and gives how many those were.
static inline size_t pair_carry(pair *p, int i, size_t most)
{
    pair_write *w = &p->write[i];
    if (p->caller < 0)
        return 0;
    if (w->bytes == NULL && !acti_session_take(pair_end(p, i), &w->bytes, &w->size))
        w->bytes = NULL;
    if (w->bytes == NULL) {
        pair_listen(p, 1 - i);
        return 0;
    }
    size_t n = w->size - w->at < most ? w->size - w->at : most;
    acti_session_state state = pair_end(p, 1 - i)->state;
    size_t fed = state == ACTI_SESSION_BROKEN ? n : pair_feed(p, 1 - i, w->bytes + w->at, n);
    p->starved = p->starved || fed < n;
    w->at += fed;
    if (w->at == w->size) {
        acti_session_wrote(pair_end(p, i));
        *w = (pair_write){NULL, 0, 0};
    }
    pair_check(p);
    pair_listen(p, 1 - i);
    return fed;
}

#endif
