// SPDX-License-Identifier: MIT
//
// sender.c - senders: making, releasing, sending, and who holds them.
//
// A sender is normally the actor's own address. With track_senders it is a small record that remembers who made it
// and where, marked by the lowest bit; a system's actors are asked for these when it is to be explained
// why one of them is still alive.

#include "core/sender.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/call.h"
#include "core/carrier.h"
#include "core/message.h"
#include "core/outbox.h"
#include "core/system.h"

typedef struct holder {
    acti_actor *actor;
    acti_list link; // in the list of all; its lock
    char by[ACTI_NAME_BYTES];
    const char *where;
    const acta_type *in; // of the message that holds it, which `by` has made; NULL: `by` itself does
} holder;

#define TRACKED ((uintptr_t)1)
#define HOLDERS_SAID_MAX 8 // named in a report

// One for all systems: a tracked sender may be dropped when its system has been closed. Rank 80.
static acti_lock holder_lock = ACTI_LOCK_INIT;
static acti_list holders = {&holders, &holders}; // oldest first

static holder *holder_of(acta_tx *tx)
{
    return (holder *)((uintptr_t)tx - TRACKED);
}

acti_actor *acti_actor_of_tracked(acta_tx *tx)
{
    return holder_of(tx)->actor;
}

// track gives the record, or without memory an untracked sender, which works as well.
static acta_tx *track(acti_actor *actor, const char *by, const char *where, const acta_type *in)
{
    holder *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return (acta_tx *)(void *)actor;
    if (by == NULL)
        by = acti_here.actor != NULL ? acti_here.actor->name : "a thread outside";
    snprintf(h->by, sizeof(h->by), "%s", by);
    h->actor = actor;
    h->where = where;
    h->in = in;
    acti_lock_take(&holder_lock);
    acti_list_push(&holders, &h->link);
    acti_lock_give(&holder_lock);
    return (acta_tx *)((uintptr_t)h + TRACKED);
}

static bool is_tracked(const acti_actor *actor)
{
    return actor->sys->opts.track_senders == ACTA_TRACK_ON;
}

acta_tx *acti_tx_new(acti_actor *actor, const char *by, const char *where)
{
    return is_tracked(actor) ? track(actor, by, where, NULL) : (acta_tx *)(void *)actor;
}

acta_tx *acti_tx_in(acti_actor *actor, const acta_type *in, const char *where)
{
    return is_tracked(actor) ? track(actor, NULL, where, in) : (acta_tx *)(void *)actor;
}

// untrack frees what tx is, if it is a record, and gives the actor.
static acti_actor *untrack(acta_tx *tx)
{
    acti_actor *actor = acti_actor_of_tx(tx);
    if (((uintptr_t)tx & TRACKED) == 0)
        return actor;
    holder *h = holder_of(tx);
    acti_lock_take(&holder_lock);
    acti_list_remove(&h->link);
    acti_lock_give(&holder_lock);
    free(h);
    return actor;
}

void acti_tx_holders(acti_actor *actor, acti_text *text)
{
    uint32_t said = 0;
    acti_lock_take(&holder_lock);
    for (acti_list *link = holders.next; link != &holders && said <= HOLDERS_SAID_MAX; link = link->next) {
        const holder *h = ACTI_CONTAINER_OF(link, holder, link);
        if (h->actor != actor)
            continue;
        if (said++ < HOLDERS_SAID_MAX)
            acti_text_add(text, "%s %s%s%s%s (%s)", said > 1 ? "," : ", held by", h->in != NULL ? "a " : "",
                          h->in != NULL ? h->in->name : "", h->in != NULL ? " of " : "", h->by, h->where);
        else
            acti_text_add(text, ", and others");
    }
    acti_lock_give(&holder_lock);
    if (said == 0)
        acti_text_add(text, ", held by whom is not known: open the system with track_senders to see");
}

// ---- counting ---------------------------------------------------------------------

// one_more counts another sender to the actor behind tx, and gives the actor.
static acti_actor *one_more(acta_tx *tx)
{
    acti_actor *actor = acti_actor_of_tx(tx);
    uint32_t senders = acti_au32_add_relaxed(&actor->senders, 1); // tx keeps it above 0
    acti_assert(senders > 0 && senders < UINT32_MAX / 2);
    return actor;
}

acta_tx *acta_tx_dup_at(acta_tx *tx, const char *where)
{
    return acti_tx_new(one_more(tx), NULL, where);
}

acta_tx *acti_tx_copy(acta_tx *tx, const acta_type *in)
{
    bool tracked = ((uintptr_t)tx & TRACKED) != 0;
    return acti_tx_in(one_more(tx), in, tracked ? holder_of(tx)->where : "made where is not known");
}

int acti_tx_count(acti_actor *actor)
{
    if (actor->ops->claim != NULL)
        return actor->ops->claim(actor);
    if (actor->carried)
        acti_carrier_touched(actor->sys->carrier, actor, true);
    uint32_t senders = acti_au32_load_relaxed(&actor->senders); // a guess; the swap decides
    do {
        if (senders == 0)
            return ACTA_EGONE; // its EOF is on the way: there is no way back
    } while (!acti_au32_cas_relaxed(&actor->senders, &senders, senders + 1));
    return ACTA_OK;
}

int acti_tx_from(acti_actor *actor, const char *by, const char *where, acta_tx **tx)
{
    int status = acti_tx_count(actor);
    if (status == ACTA_OK)
        *tx = acti_tx_new(actor, by, where);
    return status;
}

int acta_addr_tx_at(acta_addr *addr, acta_tx **tx, const char *where)
{
    return acti_tx_from(acti_actor_of_addr(addr), NULL, where, tx);
}

void acta_tx_drop(acta_tx **tx)
{
    if (*tx == NULL)
        return;
    acti_actor *actor = untrack(*tx);
    *tx = NULL;
    if (__builtin_expect(actor->carried, 0))
        acti_actor_let_go(actor);
    // Releases what was sent through this sender to whoever releases the last one, who acquires it: its push of the
    // EOF comes after all of it in the inbox.
    if (acti_au32_sub_acq_rel(&actor->senders, 1) != 1)
        return;
    if (actor->ops->last_sender != NULL) {
        actor->ops->last_sender(actor);
        return;
    }
    (void)acti_actor_push_end(actor, ACTI_MSG_EOF); // refused: it has ended already
    acti_actor_unref(actor);
}

void acti_tx_lost(acta_tx *tx)
{
    // Relaxed: published by the release of the sender that follows.
    (void)acti_au32_or_relaxed(&acti_actor_of_tx(tx)->flags, ACTI_ACTOR_CRASHED);
}

void acti_tx_crash(acta_tx **tx)
{
    if (*tx == NULL)
        return;
    acti_tx_lost(*tx);
    acta_tx_drop(tx);
}

// ---- sending ------------------------------------------------------------------------

int acti_refused(acta_system *sys, int status)
{
    if (status == ACTA_EGONE || status == ACTA_EUNREACH || status == ACTA_ETOOBIG)
        acti_tally(sys, ACTI_REFUSED, 1);
    return status;
}

// Out of line, so that a send that finds room saves no registers for the others.
__attribute__((noinline)) static int send_behind(acti_actor *self, acti_actor *to, const acta_type *type,
                                                 const void *body);
__attribute__((noinline)) static int send_outside(acti_actor *to, uint64_t timeout_ns, const acta_type *type,
                                                  const void *body);

// send_behind sends what cannot go at once, because the inbox is full or the outbox of the running actor is not empty.
static int send_behind(acti_actor *self, acti_actor *to, const acta_type *type, const void *body)
{
    acta_msg *m;
    int status = acti_msg_copy(ACTI_MSG_SEND, type, body, to->message_bytes_max, true, &m);
    if (status != ACTA_OK)
        return acti_refused(to->sys, status);
    status = acti_outbox_put(self, to, m);
    if (status != ACTA_OK) {
        acti_msg_release(m);
        return status;
    }
    acti_tally(to->sys, ACTI_SENT, 1);
    if (self->is_body)
        acti_turn_flush(self);
    return ACTA_OK;
}

static int send_outside(acti_actor *to, uint64_t timeout_ns, const acta_type *type, const void *body)
{
    acta_msg *m;
    if (!acti_system_is_here(to->sys))
        return ACTA_EINVAL;
    int status = acti_msg_copy(ACTI_MSG_SEND, type, body, to->message_bytes_max, true, &m);
    if (status != ACTA_OK)
        return acti_refused(to->sys, status);
    acti_actor *caller = acti_caller_new(to->sys);
    status = caller != NULL ? acti_caller_send(caller, to, m, acti_deadline_ns(timeout_ns)) : ACTA_ENOMEM;
    if (status != ACTA_OK)
        acti_msg_release(m);
    if (caller != NULL)
        acti_caller_end(caller);
    return acti_refused(to->sys, status);
}

// send_now sends if there is room. ACTA_EFULL: there is none.
__attribute__((always_inline)) static inline int send_now(acti_actor *to, const acta_type *type, const void *body)
{
    acta_system *sys = to->sys; // handling the message may be the receiver's end
    acta_msg *m;
    int status = acti_msg_copy_send(type, body, to->message_bytes_max, &m);
    if (status != ACTA_OK)
        return acti_refused(sys, status);
    status = acti_actor_try(to, m);
    if (status != ACTA_OK) {
        acti_msg_release(m);
        return acti_refused(sys, status);
    }
    acti_tally(sys, ACTI_SENT, 1);
    acti_turn_spent();
    return ACTA_OK;
}

int acta_send_body(acta_tx *tx, const acta_type *type, const void *body)
{
    acti_actor *to = acti_actor_of_tx(tx);
    acti_actor *self = acti_here.actor;
    int status = self == NULL || self->outbox == NULL ? send_now(to, type, body) : ACTA_EFULL;
    if (status != ACTA_EFULL)
        return status;
    return self != NULL ? send_behind(self, to, type, body) : send_outside(to, ACTA_FOREVER, type, body);
}

int acta_try_send_body(acta_tx *tx, const acta_type *type, const void *body)
{
    acti_actor *to = acti_actor_of_tx(tx);
    acti_actor *self = acti_here.actor;
    if (self != NULL && self->outbox != NULL)
        return ACTA_EFULL; // it would overtake what waits there
    return send_now(to, type, body);
}

int acta_send_within_body(acta_tx *tx, uint64_t timeout_ns, const acta_type *type, const void *body)
{
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    acti_actor *to = acti_actor_of_tx(tx);
    int status = send_now(to, type, body);
    return status == ACTA_EFULL ? send_outside(to, timeout_ns, type, body) : status;
}

int acta_finish_body(acta_tx **to, const acta_type *type, const void *body)
{
    int status = *to != NULL ? acta_send_body(*to, type, body) : ACTA_EINVAL;
    acta_tx_drop(to);
    return status;
}
