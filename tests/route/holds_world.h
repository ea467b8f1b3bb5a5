// SPDX-License-Identifier: MIT
//
// holds_world.h - a world of nodes that hand senders of one actor to each other, small enough to try every order of
// everything. What is counted is decided by route/holds.c; the rest of a node is here in the few lines that matter.
//
// Node 0 owns the actor. A session is a queue of frames in each direction. At any other node a proxy stands for the
// actor: a queue too, of what its senders have put there and its session has not come to. Loans are numbered from 0 for
// each giver and taker, and a number is free again when its loan is over.
//
// A step is one choice of one node: a user sends, drops or hands on a sender, a frame is taken (and what came in it
// wanted or not), a proxy says one thing, a node dies, a session is cut, or one side of a session learns that it has
// ended, having read as much of it as it likes. After each step the claims at the end of this file must hold.

#ifndef HOLDS_WORLD_H
#define HOLDS_WORLD_H

#include "test.h"

#include <acta/error.h>

#include "route/holds.h"

enum { NODES_MAX = 4, FRAMES_MAX = 8, LOANS_MAX = 4 };

// How large the world is.
typedef struct holds_size {
    const char *name;
    uint8_t nodes;
    uint8_t senders;  // that users have, or that are in messages
    uint8_t messages; // in a session at a time, each way
    uint8_t loans;    // at a time
    uint8_t holds;    // of a node at a time, when the owner gives another one
    uint8_t sends;    // at a time
    uint8_t deaths;   // of nodes, in one run
    uint8_t cuts;     // of sessions
} holds_size;

typedef enum frame_kind { SEND_FRAME, MINE, HOME, THIRD, CLAIM, FOUND, GONE, RELEASE, TAKEN } frame_kind;

// A frame, or what is in a proxy: CLAIM of a loan (node and number), SEND_FRAME, and RELEASE for the EOF.
typedef struct frame {
    uint16_t kind : 4;
    uint16_t node : 2;    // of a CLAIM in a proxy: the giver
    uint16_t loan : 2;
    uint16_t crashed : 1; // of RELEASE and TAKEN: the reason
    uint16_t count : 7;   // of RELEASE; of a CLAIM that was put: TAKEN has been said
} frame;

typedef struct queue {
    uint8_t count;
    frame at[FRAMES_MAX];
} queue;

typedef enum actor_end { LIVES, ENDED_WELL, ENDED_CRASHED, OWNER_DIED } actor_end;

typedef struct world {
    uint8_t alive[NODES_MAX];
    uint8_t users[NODES_MAX]; // senders that the actors of a node have
    uint8_t dead[NODES_MAX];  // those of a session that has ended: nothing goes through them
    uint8_t open[NODES_MAX][NODES_MAX];  // whether the first still has its session with the second
    uint8_t whole[NODES_MAX][NODES_MAX]; // whether what it puts there arrives
    queue wire[NODES_MAX][NODES_MAX];    // from the first to the second
    uint8_t lent[NODES_MAX][NODES_MAX];  // bits of the loans of the first to the second
    queue proxy[NODES_MAX];
    queue asked[NODES_MAX];       // CLAIMs put and not answered, oldest first
    uint8_t eof_queued[NODES_MAX]; // the EOF is in the proxy
    uint8_t told_crash[NODES_MAX]; // a sender of this proxy was lost
    acti_taker taker[NODES_MAX];
    acti_owner owner[NODES_MAX]; // what node 0 counts for each
    uint8_t crashed;     // the actor has been told of a loss
    uint8_t end;         // actor_end
    uint8_t lost;        // something was lost that the actor has to be told of
    uint8_t deaths, cuts;
    const char *broken; // the claim that does not hold
} world;

static inline void claim_that(world *w, bool holds, const char *claim)
{
    if (!holds && w->broken == NULL)
        w->broken = claim;
}

static inline bool calm(const world *w)
{
    return w->deaths == 0 && w->cuts == 0;
}

// ---- queues -----------------------------------------------------------------------------

static inline void append(queue *q, frame f)
{
    assert_true(q->count < FRAMES_MAX);
    q->at[q->count++] = f;
}

static inline frame take(queue *q)
{
    frame first = q->at[0];
    q->count--;
    memmove(&q->at[0], &q->at[1], q->count * sizeof(frame));
    memset(&q->at[q->count], 0, sizeof(frame));
    return first;
}

static inline bool has_sender(const frame *f)
{
    return f->kind == MINE || f->kind == HOME || f->kind == THIRD;
}

static inline void put(world *w, unsigned from, unsigned to, frame f)
{
    if (w->open[from][to] && w->whole[from][to])
        append(&w->wire[from][to], f);
    else if (has_sender(&f) || f.kind == SEND_FRAME)
        w->lost = w->end != OWNER_DIED;
}

// ---- the actor --------------------------------------------------------------------------

// sound: whether each link of what covers this node's senders is unbroken, so that nothing excuses an end.
static inline bool sound(const world *w, unsigned node, unsigned depth)
{
    if (node == 0)
        return true;
    if (depth == 0 || !w->alive[node] || !w->open[node][0] || !w->open[0][node] || !w->whole[node][0])
        return false;
    if (w->taker[node].held > 0)
        return true;
    const queue *claims[2] = {&w->proxy[node], &w->asked[node]};
    for (int i = 0; i < 2; i++)
        for (unsigned at = 0; at < claims[i]->count; at++) {
            const frame *f = &claims[i]->at[at];
            if (f->kind == CLAIM && w->open[f->node][node] && (w->lent[f->node][node] >> f->loan & 1) != 0 &&
                sound(w, f->node, depth - 1))
                return true;
        }
    return false;
}

static inline unsigned senders_of_actor(const world *w)
{
    unsigned senders = w->users[0];
    for (unsigned n = 1; n < NODES_MAX; n++)
        senders += w->owner[n].held > 0;
    return senders;
}

// may_end ends the actor when its last sender is gone, and claims that it may.
static inline void may_end(world *w, const holds_size *size)
{
    if (w->end != LIVES || senders_of_actor(w) > 0)
        return;
    w->end = w->crashed ? ENDED_CRASHED : ENDED_WELL;
    claim_that(w, !(calm(w) && w->crashed), "no crash is told where there was none");
    for (unsigned n = 0; n < size->nodes; n++) {
        claim_that(w, w->users[n] == w->dead[n] || !(calm(w) || sound(w, n, size->nodes)), "nobody has a sender");
        for (unsigned m = 0; m < size->nodes && calm(w); m++)
            for (unsigned i = 0; i < w->wire[n][m].count; i++)
                claim_that(w, !has_sender(&w->wire[n][m].at[i]), "no sender is in a message");
    }
}

// ---- a node that is not the owner ---------------------------------------------------------

// senders_at counts the senders of users, those that are lent, and those that claims have until they are answered.
static inline unsigned senders_at(const world *w, unsigned node)
{
    unsigned senders = (unsigned)(w->users[node] - w->dead[node]) + w->asked[node].count;
    for (unsigned i = 0; i < w->proxy[node].count; i++)
        senders += w->proxy[node].at[i].kind == CLAIM;
    for (unsigned n = 0; n < NODES_MAX; n++)
        senders += (unsigned)__builtin_popcount(w->lent[node][n]);
    return senders;
}

static inline void last_sender(world *w, unsigned node)
{
    if (senders_at(w, node) > 0 || !w->open[node][0])
        return;
    if (w->eof_queued[node] == 0)
        append(&w->proxy[node], (frame){.kind = RELEASE});
    w->eof_queued[node] = 1;
}

static inline void let_go(world *w, unsigned node)
{
    uint32_t count = acti_taker_release(&w->taker[node], senders_at(w, node));
    if (count > 0)
        put(w, node, 0, (frame){.kind = RELEASE, .count = (uint8_t)count, .crashed = w->told_crash[node]});
}

static inline void say_taken(world *w, unsigned node, const frame *loan, int outcome)
{
    put(w, node, loan->node,
        (frame){.kind = TAKEN, .loan = loan->loan, .crashed = acti_loan_reason(outcome) != ACTA_OK});
}

static inline void loan_over(world *w, unsigned giver, unsigned taker, unsigned loan, bool crashed)
{
    claim_that(w, (w->lent[giver][taker] >> loan & 1) != 0, "what is taken was lent");
    w->lent[giver][taker] &= (uint8_t)~(1u << loan);
    w->told_crash[giver] |= crashed;
    last_sender(w, giver);
}

static inline void say_claim(world *w, unsigned node, frame claim)
{
    unsigned what = acti_taker_claim(&w->taker[node]);
    if (what & ACTI_SAY_TAKEN)
        say_taken(w, node, &claim, ACTA_OK);
    if (what & ACTI_SAY_CLAIM) {
        claim.count = (what & ACTI_SAY_TAKEN) != 0; // that has been said
        append(&w->asked[node], claim);
        put(w, node, 0, (frame){.kind = CLAIM});
    }
    last_sender(w, node);
}

// say lets a proxy say what it has to say next.
static inline void say(world *w, unsigned node)
{
    frame f = take(&w->proxy[node]);
    if (f.kind == RELEASE) {
        w->eof_queued[node] = 0;
        if (w->proxy[node].count == 0)
            let_go(w, node);
        else
            last_sender(w, node); // what senders that came and went since have sent is behind
    } else if (f.kind == SEND_FRAME) {
        if (acti_taker_sends(&w->taker[node]))
            put(w, node, 0, f);
        else
            w->lost = 1;
    } else {
        say_claim(w, node, f);
    }
}

// ---- frames -----------------------------------------------------------------------------

// owe_taken has a node claim what it was lent, if it still can.
static inline void owe_taken(world *w, unsigned node, const frame *claim)
{
    if (w->open[node][0]) {
        append(&w->proxy[node], *claim);
        return;
    }
    w->dead[node]++;
    w->lost |= w->end != OWNER_DIED;
    say_taken(w, node, claim, ACTA_EUNREACH);
}

static inline void on_sender(world *w, unsigned from, unsigned to, const frame *f, bool wanted)
{
    if (f->kind == HOME) {
        claim_that(w, w->end == LIVES || !calm(w), "who comes home finds its actor");
        w->users[0] += wanted && w->end == LIVES;
    } else if (wanted) {
        w->users[to]++;
        if (f->kind == MINE)
            claim_that(w, acti_taker_given(&w->taker[to]), "holds can be counted");
        else
            owe_taken(w, to, &(frame){.kind = CLAIM, .node = (uint8_t)from, .loan = f->loan});
    } else if (f->kind == MINE) {
        put(w, to, from, (frame){.kind = RELEASE, .count = 1});
    } else {
        frame loan = {.node = (uint8_t)from, .loan = f->loan};
        say_taken(w, to, &loan, ACTA_OK);
    }
}

static inline void on_claim(world *w, unsigned from)
{
    bool counted = w->end == LIVES && acti_owner_count(&w->owner[from]);
    claim_that(w, counted || !calm(w), "no claim is refused");
    put(w, 0, from, (frame){.kind = counted ? FOUND : GONE});
}

static inline void on_found(world *w, unsigned node, bool counted)
{
    frame loan = take(&w->asked[node]);
    claim_that(w, acti_taker_found(&w->taker[node], counted), "holds can be counted");
    if (loan.count == 0)
        say_taken(w, node, &loan, counted ? ACTA_OK : ACTA_EGONE);
    last_sender(w, node);
}

static inline void on_release(world *w, const holds_size *size, unsigned from, const frame *f)
{
    claim_that(w, acti_owner_back(&w->owner[from], f->count), "what is released was held");
    w->crashed |= f->crashed;
    may_end(w, size);
}

static inline void on_send(world *w, unsigned from)
{
    bool taken = w->end == LIVES && w->owner[from].held > 0;
    claim_that(w, taken || !calm(w), "what is sent arrives");
    w->lost |= !taken;
}

// deliver has `to` take the next frame of `from`.
static inline void deliver(world *w, const holds_size *size, unsigned from, unsigned to, bool wanted)
{
    frame f = take(&w->wire[from][to]);
    switch ((frame_kind)f.kind) {
    case SEND_FRAME:
        on_send(w, from);
        break;
    case MINE:
    case HOME:
    case THIRD:
        on_sender(w, from, to, &f, wanted);
        break;
    case CLAIM:
        on_claim(w, from);
        break;
    case FOUND:
    case GONE:
        on_found(w, to, f.kind == FOUND);
        break;
    case RELEASE:
        on_release(w, size, from, &f);
        break;
    case TAKEN:
        loan_over(w, to, from, f.loan, f.crashed);
        break;
    }
}

// ---- users ------------------------------------------------------------------------------

// hand_on sends a sender to another node; keep: and keeps one.
static inline void hand_on(world *w, const holds_size *size, unsigned from, unsigned to, bool keep)
{
    acti_way way = acti_way_of(0, from, to);
    frame f = {.kind = (uint8_t)(way == ACTI_WAY_MINE ? MINE : way == ACTI_WAY_HOME ? HOME : THIRD)};
    if (acti_way_counts(way))
        claim_that(w, acti_owner_count(&w->owner[from == 0 ? to : from]), "holds can be counted");
    if (acti_way_lends(way)) {
        while (w->lent[from][to] >> f.loan & 1)
            f.loan++;
        w->lent[from][to] |= (uint8_t)(1u << f.loan);
    }
    put(w, from, to, f);
    w->users[from] -= !keep;
    if (from != 0)
        last_sender(w, from);
    else
        may_end(w, size);
}

static inline void drop(world *w, const holds_size *size, unsigned node)
{
    w->users[node]--;
    if (w->dead[node] > 0)
        w->dead[node]--;
    else if (node != 0)
        last_sender(w, node);
    else
        may_end(w, size);
}

// ---- ends -------------------------------------------------------------------------------

static inline void lose_wire(world *w, unsigned from, unsigned to)
{
    queue *q = &w->wire[from][to];
    for (unsigned i = 0; i < q->count && w->end != OWNER_DIED; i++)
        w->lost |= has_sender(&q->at[i]) || q->at[i].kind == SEND_FRAME;
    memset(q, 0, sizeof(*q));
}

static inline void lose_proxy(world *w, unsigned node)
{
    queue *claims[2] = {&w->asked[node], &w->proxy[node]};
    for (int i = 0; i < 2; i++)
        while (claims[i]->count > 0) {
            frame f = take(claims[i]);
            w->lost |= f.kind == SEND_FRAME && w->end != OWNER_DIED;
            if (f.kind == CLAIM)
                say_taken(w, node, &f, ACTA_ECRASHED);
        }
    w->lost |= w->users[node] > w->dead[node] && w->end != OWNER_DIED;
    w->dead[node] = w->users[node];
    w->taker[node] = (acti_taker){0};
    w->eof_queued[node] = 0;
}

// learn has a node learn that its session with a peer has ended, after a crash or a cut.
static inline void learn(world *w, const holds_size *size, unsigned node, unsigned peer)
{
    lose_wire(w, peer, node);
    w->open[node][peer] = 0;
    if (node == 0) {
        w->crashed |= w->owner[peer].held > 0;
        w->owner[peer].held = 0;
        may_end(w, size);
        return;
    }
    if (peer == 0)
        lose_proxy(w, node);
    for (unsigned loan = 0; loan < LOANS_MAX; loan++)
        if (w->lent[node][peer] >> loan & 1)
            loan_over(w, node, peer, loan, acti_loan_reason(ACTA_ECRASHED) != ACTA_OK);
}

static inline void die(world *w, unsigned node)
{
    w->deaths++;
    w->alive[node] = 0;
    if (node == 0)
        w->end = OWNER_DIED;
    w->lost |= w->users[node] > w->dead[node] && node != 0;
    w->lost = w->lost && w->end != OWNER_DIED;
    for (unsigned n = 0; n < NODES_MAX; n++) {
        lose_wire(w, n, node);
        w->whole[n][node] = w->whole[node][n] = 0;
        w->open[node][n] = 0;
        w->lent[node][n] = 0;
        if (node == 0)
            w->owner[n] = (acti_owner){0};
    }
    w->users[node] = w->dead[node] = 0;
    w->taker[node] = (acti_taker){0};
    w->eof_queued[node] = w->told_crash[node] = 0;
    memset(&w->proxy[node], 0, sizeof(w->proxy[node]));
    memset(&w->asked[node], 0, sizeof(w->asked[node]));
}

static inline void cut(world *w, unsigned a, unsigned b)
{
    w->cuts++;
    w->whole[a][b] = w->whole[b][a] = 0;
}

// ---- claims -----------------------------------------------------------------------------

// check claims what must hold after each step.
static inline void check(world *w)
{
    claim_that(w, w->end != ENDED_WELL || !w->lost, "an end that says that all is well comes after all");
}

// is_over: whether nothing is left to happen but new sends, if anybody could do that.
static inline bool is_over(const world *w, const holds_size *size)
{
    for (unsigned n = 0; n < size->nodes; n++) {
        if (w->users[n] > 0 || w->proxy[n].count > 0)
            return false;
        for (unsigned m = 0; m < size->nodes; m++)
            if (w->wire[n][m].count > 0 || (w->open[n][m] && !w->whole[n][m]))
                return false;
    }
    return true;
}

// check_over claims what is left when all senders have been dropped and all has been said.
static inline void check_over(world *w, const holds_size *size)
{
    claim_that(w, w->end != LIVES, "the end comes");
    claim_that(w, w->end != ENDED_CRASHED || !calm(w), "no crash is told where there was none");
    for (unsigned n = 0; n < size->nodes; n++) {
        claim_that(w, w->owner[n].held == 0 && w->taker[n].held == 0 && w->taker[n].claims == 0, "no hold is left");
        for (unsigned m = 0; m < size->nodes; m++)
            claim_that(w, w->lent[n][m] == 0, "no loan is left");
    }
}

#endif
