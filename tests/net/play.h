// SPDX-License-Identifier: MIT
//
// play.h - the driver of a scene: a thread outside, at home, that goes from step to step.
//
//     piece p;
//     play_begin(&p, sys, scene, 20 * ACTA_SECOND);   the scribe and the partner are there
//     ... spawn the subject somewhere and give its sender to p.tx ...
//     play_steps(&p);                                 all steps, or until one does not come
//     play_end(&p);                                   drops all; the text is whole when the system has been closed
//     play_is_as_written(&p)                          whether the text is the scene's
//
// A subject in another system is made there by its host: see cast.h.

#ifndef TEST_NET_PLAY_H
#define TEST_NET_PLAY_H

#include "cast.h"

#include <acta/node.h>

typedef struct piece {
    const scene *scene;
    acta_system *sys;
    uint64_t wait_ns;
    int64_t many; // as many messages are many
    acta_tx *to_scribe;
    acta_tx *partner;
    acta_tx *tx; // to the subject
    acta_addr *who;
    acta_node *node; // where the subject is; NULL: at home
    int64_t awaited; // length of the text up to here
    bool stuck;
    scribe scribe; // its turns; then, when it has ended, the driver's
} piece;

// ---- making the subject -----------------------------------------------------------------------------

// play_make has the host behind tx make the subject.
static inline int play_make(piece *p, acta_tx *host, int64_t kind)
{
    acta_msg *reply = NULL;
    int status = acta_call(host, p->wait_ns, &reply, making, .kind = kind, .scene = p->scene - scenes,
                           .scribe = p->to_scribe, .partner = p->partner);
    if (status == ACTA_OK)
        p->tx = acta_tx_dup(acta_as(made, reply)->who);
    acta_msg_free(&reply);
    return status;
}

// play_make_here spawns the subject in the driver's own system.
static inline int play_make_here(piece *p, int64_t kind)
{
    const setting given = {.scene = p->scene - scenes, .scribe = p->to_scribe, .partner = p->partner};
    return subject_spawn(p->sys, kind, &given, &p->tx);
}

// ---- the driver -------------------------------------------------------------------------------------

static inline void play_tell(piece *p, const char *what, int status)
{
    char text[64];
    snprintf(text, sizeof(text), "%s %s; ", what, status_name(status));
    if (acta_send(p->to_scribe, words, .text = text) != ACTA_OK)
        p->stuck = true;
}

// play_await waits until the scribe has written what comes next.
static inline void play_await(piece *p, const char *text)
{
    acta_msg *reply = NULL;
    if (text == NULL)
        return;
    p->awaited += (int64_t)strlen(text);
    int status = acta_call(p->to_scribe, p->wait_ns, &reply, enough, .length = p->awaited);
    if (status != ACTA_OK || acta_as(response, reply)->n == 0)
        p->stuck = true;
    acta_msg_free(&reply);
}

static inline void play_witness(piece *p, acta_addr *who, bool is_other)
{
    acta_msg *reply = NULL;
    if (acta_call(p->to_scribe, p->wait_ns, &reply, witness, .who = who, .is_other = is_other) != ACTA_OK)
        p->stuck = true;
    acta_msg_free(&reply);
}

// play_request calls the subject, and has the scribe write what was seen of that before the outcome.
static inline void play_request(piece *p, const step *at)
{
    acta_msg *reply = NULL;
    char text[32];
    int status = acta_call(p->tx, p->wait_ns, &reply, question, .n = at->n);
    play_await(p, at->seen);
    snprintf(text, sizeof(text), "called: %d; ", status == ACTA_OK ? (int)acta_as(response, reply)->n : 0);
    if (!p->stuck && status != ACTA_OK)
        play_tell(p, "called:", status);
    else if (!p->stuck)
        p->stuck = acta_send(p->to_scribe, words, .text = text) != ACTA_OK;
    acta_msg_free(&reply);
}

static inline int play_send_many(piece *p)
{
    int status = ACTA_OK;
    for (int64_t n = 0; n < p->many && status == ACTA_OK; n++)
        status = acta_send(p->tx, numbered, .n = n);
    return status;
}

static inline int play_send_letter(piece *p)
{
    static uint8_t data[LETTER_BYTES];
    for (size_t i = 0; i < LETTER_BYTES; i++)
        data[i] = letter_byte(i);
    return acta_send(p->tx, letter, .data = {data, sizeof(data)});
}

static inline int play_let_send(piece *p)
{
    int status = ACTA_OK;
    for (int64_t source = 0; source < SOURCES && status == ACTA_OK; source++) {
        acta_tx *tx = NULL;
        status = acta_spawn(p->sys, &tx, .body = source_body, .name = "source",
                            .args = ACTA_ARGS(sourcing, .to = p->tx, .source = source));
        acta_tx_drop(&tx);
    }
    return status;
}

static inline int play_spawn_reader(piece *p, bool held, acta_tx **tx)
{
    return acta_spawn(p->sys, tx, .body = reader_body, .name = "partner", .capacity = held ? 1 : 0,
                      .args = ACTA_ARGS(reading, .scribe = p->to_scribe, .held = held));
}

static inline int play_give(piece *p)
{
    acta_tx *reader = NULL;
    int status = play_spawn_reader(p, false, &reader);
    if (status != ACTA_OK)
        return status;
    play_witness(p, acta_tx_addr(reader), true);
    status = acta_send(p->tx, gift, .who = reader);
    acta_tx_drop(&reader);
    return status;
}

// play_bind returns when the link is made.
static inline int play_bind(piece *p)
{
    acta_msg *reply = NULL;
    int status = acta_send(p->partner, hint, .who = p->who);
    if (status == ACTA_OK)
        status = acta_call(p->partner, p->wait_ns, &reply, question, .n = 1);
    acta_msg_free(&reply);
    return status;
}

static inline int play_others_end(piece *p)
{
    acta_msg *reply = NULL;
    int status = acta_call(p->to_scribe, p->wait_ns, &reply, others_end);
    int reason = status == ACTA_OK ? (int)acta_as(response, reply)->n : status;
    acta_msg_free(&reply);
    return reason;
}

static inline int play_find(piece *p)
{
    acta_tx *found = NULL;
    int status = p->node != NULL ? acta_node_find(p->node, "subject", p->wait_ns, &found)
                                 : acta_find(p->sys, "subject", &found);
    acta_tx_drop(&found);
    return status;
}

static inline void play_send_late(piece *p)
{
    acta_msg *reply = NULL;
    play_tell(p, "send", acta_send(p->tx, cue, .n = 0));
    play_tell(p, "call", acta_call(p->tx, p->wait_ns, &reply, question, .n = 0));
    acta_msg_free(&reply);
}

// play_do does what needs to succeed, and nothing is told of.
static inline int play_do(piece *p, const step *at)
{
    switch (at->act) {
    case SAY:
        return acta_send(p->tx, cue, .n = at->n);
    case LEAVE:
        acta_tx_drop(&p->tx);
        return ACTA_OK;
    case SEND_MANY:
        return play_send_many(p);
    case SEND_LETTER:
        return play_send_letter(p);
    case LET_SEND:
        return play_let_send(p);
    case GIVE:
        return play_give(p);
    case BIND:
        return play_bind(p);
    case LET_GO:
        return acta_send(p->to_scribe, cue, .n = 0);
    case POINT:
        return acta_send(p->tx, hint, .who = acta_tx_addr(p->partner));
    case TELL:
        return acta_send(p->partner, cue, .n = at->n);
    default: // WATCH_LATE
        play_witness(p, p->who, false);
        return ACTA_OK;
    }
}

// play_try does what has an outcome of its own.
static inline int play_try(piece *p, const step *at, const char **what)
{
    switch (at->act) {
    case FINISH:
        *what = "finish";
        return acta_finish(&p->tx, cue, .n = at->n);
    case SEND_WRONG:
        *what = "send";
        return refused(p->tx, at->n);
    case OTHER_END:
        *what = "the other:";
        return play_others_end(p);
    case FIND:
        *what = "name";
        return play_find(p);
    case END_IT:
        *what = "stop";
        return acta_stop(p->who);
    default: // KILL_IT
        *what = "kill";
        return acta_kill(p->who);
    }
}

static inline void play_step(piece *p, const step *at)
{
    const char *what = NULL;
    if (at->act == REQUEST) {
        play_request(p, at);
    } else if (at->act == SEND_LATE) {
        play_send_late(p);
    } else if (at->outcome == NULL) {
        p->stuck = play_do(p, at) != ACTA_OK || p->stuck;
        if (!p->stuck)
            play_await(p, at->seen);
    } else {
        int status = play_try(p, at, &what);
        play_await(p, at->seen);
        if (!p->stuck)
            play_tell(p, what, status);
    }
    if (!p->stuck)
        play_await(p, at->outcome);
}

static inline void play_steps(piece *p)
{
    p->who = acta_addr_dup(acta_tx_addr(p->tx));
    play_witness(p, p->who, false);
    for (const step *at = p->scene->steps; at->act != OVER && !p->stuck; at++)
        play_step(p, at);
}

static inline int play_begin(piece *p, acta_system *sys, const scene *row, uint64_t wait_ns, int64_t many)
{
    *p = (piece){.scene = row, .sys = sys, .wait_ns = wait_ns, .many = many};
    int status = acta_spawn(sys, &p->to_scribe, .handler = scribe_handler, .arg = &p->scribe,
                            .capacity = row->room ? 0 : SCRIBE_CAPACITY, .name = "scribe");
    if (status == ACTA_OK && row->reader)
        status = play_spawn_reader(p, true, &p->partner);
    else if (status == ACTA_OK)
        status = acta_spawn(sys, &p->partner, .handler = partner_handler, .state_bytes = sizeof(partner),
                            .name = "partner");
    if (status == ACTA_OK)
        play_witness(p, acta_tx_addr(p->partner), true);
    return status;
}

static inline void play_end(piece *p)
{
    acta_tx_drop(&p->tx);
    acta_addr_drop(&p->who);
    acta_tx_drop(&p->partner);
    acta_tx_drop(&p->to_scribe);
    acta_node_drop(&p->node);
}

// play_written is the text that a scene leaves.
static inline void play_written(const scene *row, char *text, size_t size)
{
    size_t length = 0;
    for (const step *at = row->steps; at->act != OVER; at++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", at->seen != NULL ? at->seen : "",
                                   at->outcome != NULL ? at->outcome : "");
}

static inline bool play_is_as_written(const piece *p)
{
    char text[sizeof(p->scribe.text)];
    play_written(p->scene, text, sizeof(text));
    return strcmp(p->scribe.text, text) == 0;
}

#endif
