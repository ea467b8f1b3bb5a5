// SPDX-License-Identifier: MIT
//
// outbox.c - filling and emptying outboxes.
//
//   no outbox  --inbox full: put-->  WAITING  --flush: no room-->  ASKED: suspended, in the receiver's line
//   WAITING    --flush: all out-->   no outbox
//   ASKED      --room given, receiver ended, circle, kill-->  WAITING

#include "core/outbox.h"

#include "base/pool.h"
#include "core/pause.h"
#include "core/promise.h"
#include "core/system.h"

#define BOX_BYTES 64 // a block of the pool
_Static_assert(sizeof(acti_outbox) <= BOX_BYTES, "an outbox fits in its block");

static acti_outbox *outbox_of(acti_actor *actor)
{
    if (actor->outbox != NULL)
        return actor->outbox;
    uint32_t room;
    acti_outbox *box = acti_pool_alloc(BOX_BYTES, &room);
    if (box == NULL)
        return NULL;
    *box = (acti_outbox){.owner = actor};
    actor->outbox = box;
    return box;
}

// hold keeps the receiver as long as m waits: with a sender those whose place is not reserved.
static void hold(acti_actor *to, const acta_msg *m)
{
    if (m->kind <= ACTI_MSG_ASK)
        (void)acti_au32_add_relaxed(&to->senders, 1); // who sends has one, so it is not 0
    else if (m->kind != ACTI_MSG_REPLY)
        acti_actor_ref(to);
}

static void let_go(acti_actor *to, acti_msg_kind kind)
{
    acta_tx *tx = (acta_tx *)(void *)to; // never tracked: made in hold
    if (kind <= ACTI_MSG_ASK)
        acta_tx_drop(&tx);
    else
        acti_actor_unref(to);
}

int acti_outbox_put(acti_actor *actor, acti_actor *to, acta_msg *m)
{
    acti_assert((m->flags & ACTI_MSG_EXT) != 0);
    if (acti_inbox_is_routed(&actor->inbox))
        return ACTA_EFULL; // nobody would flush it
    acti_outbox *box = outbox_of(actor);
    if (box == NULL)
        return ACTA_ENOMEM;
    acti_msg_ext_of(m)->to = to;
    m->next = NULL;
    if (box->first == NULL)
        box->first = m;
    else
        box->last->next = m;
    box->last = m;
    hold(to, m);
    return ACTA_OK;
}

// ---- going out -----------------------------------------------------------------------

// forget takes the first message out of the list; next is what came after it.
static void forget(acti_actor *actor, acta_msg *next)
{
    acti_outbox *box = actor->outbox;
    box->first = next;
    if (next == NULL) {
        actor->outbox = NULL;
        acti_pool_free(box, BOX_BYTES);
    }
}

// take_first takes the first message out and gives its receiver, which is still held.
static acta_msg *take_first(acti_actor *actor, acti_actor **to)
{
    acta_msg *m = actor->outbox->first;
    *to = acti_msg_ext_of(m)->to;
    forget(actor, m->next);
    return m;
}

int acti_outbox_push_first(acti_actor *actor, acti_push how)
{
    acta_msg *m = actor->outbox->first;
    acti_actor *to = acti_msg_ext_of(m)->to;
    // A copy of what the receiver may change as soon as it has the message.
    acti_msg_kind kind = (acti_msg_kind)m->kind;
    acta_msg *next = m->next;

    int status = acti_actor_push_as(to, m, kind <= ACTI_MSG_ASK ? how : ACTI_PUSH_COUNTED);
    if (status != ACTA_OK) {
        m->next = next;
        return status;
    }
    forget(actor, next);
    let_go(to, kind);
    return ACTA_OK;
}

// dispose_first deals with a message that its receiver will not get.
static void dispose_first(acti_actor *actor, int status)
{
    acti_actor *to;
    acta_msg *m = take_first(actor, &to);
    acti_msg_kind kind = (acti_msg_kind)m->kind;
    acta_system *sys = to->sys;
    if (kind == ACTI_MSG_ASK) {
        acti_tally(sys, ACTI_RETURNED, 1);
        acti_request_fail(m, status, to->name, "the request did not get into its inbox");
    } else {
        if (kind == ACTI_MSG_SEND)
            acti_tally(sys, status == ACTA_EUNREACH ? ACTI_DROPPED_UNREACH : ACTI_DROPPED_GONE, 1);
        else if (kind == ACTI_MSG_REPLY)
            acti_tally(sys, ACTI_DROPPED_LATE, 1);
        acti_msg_release(m);
    }
    let_go(to, kind);
}

// drop_rest empties the outbox of a killed actor. What has its place reserved still goes out: somebody waits for it.
static void drop_rest(acti_actor *actor)
{
    while (actor->outbox != NULL) {
        bool reserved = actor->outbox->first->kind > ACTI_MSG_ASK;
        int status = reserved ? acti_outbox_push_first(actor, ACTI_PUSH_COUNTED) : ACTA_EKILLED;
        if (status != ACTA_OK)
            dispose_first(actor, status);
    }
}

acti_flushed acti_outbox_flush(acti_actor *actor, bool mail)
{
    while (actor->outbox != NULL) {
        int status = actor->outbox->asked ? ACTA_EFULL : acti_outbox_push_first(actor, ACTI_PUSH_IF_ROOM);
        if (status == ACTA_EFULL) {
            switch (acti_pause_for_room(actor, mail, &status)) {
            case ACTI_ROOM_DECIDED:
                break;
            case ACTI_ROOM_LOOK:
                if (mail)
                    return ACTI_FLUSHED_LOOK;
                continue;
            case ACTI_ROOM_NONE:
                return ACTI_FLUSHED_PAUSED;
            }
        }
        if (status == ACTA_EKILLED) {
            drop_rest(actor);
        } else if (status != ACTA_OK) {
            dispose_first(actor, status);
        }
    }
    return ACTI_FLUSHED;
}

bool acti_outbox_force(acti_actor *actor)
{
    bool woken;
    bool granted = acti_pause_give_up(actor, &woken);
    acti_push how = granted ? ACTI_PUSH_COUNTED : ACTI_PUSH_OVER;
    while (actor->outbox != NULL) {
        acti_tally(actor->sys, ACTI_OVERCOMMITS, how == ACTI_PUSH_OVER);
        int status = acti_outbox_push_first(actor, how);
        if (status != ACTA_OK)
            dispose_first(actor, status);
        how = ACTI_PUSH_OVER;
    }
    return woken;
}

acta_msg *acti_outbox_take_back(acti_actor *actor)
{
    bool woken;
    if (acti_pause_give_up(actor, &woken)) {
        int status = acti_outbox_push_first(actor, ACTI_PUSH_COUNTED);
        if (status == ACTA_OK)
            return NULL;
    }
    acti_actor *to;
    acta_msg *m = take_first(actor, &to);
    let_go(to, (acti_msg_kind)m->kind);
    return m;
}
