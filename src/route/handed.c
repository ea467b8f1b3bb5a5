// SPDX-License-Identifier: MIT
//
// handed.c - what becomes of each sender and address in a message to or from another node.

#include "route/handed.h"

#include <stdio.h>
#include <string.h>

#include "core/sender.h"
#include "core/spawn.h"
#include "core/system.h"
#include "route/leave.h"
#include "route/peers.h"
#include "route/router.h"

static uint64_t us_of(const acti_node *node)
{
    return node->router->hello.node; // constant
}

static uint64_t peer_of(const acti_node *node)
{
    return acti_au64_load_acquire(&node->peer); // with the router, which has written the URL before
}

// ---- loans --------------------------------------------------------------------------

static int lend(acti_node *node, acti_actor *actor, uint64_t *loan)
{
    acta_tx *tx;
    int status = acti_tx_from(actor, NULL, "lent in a message to another node", &tx);
    if (status != ACTA_OK)
        return status;
    *loan = acti_slots_add(&node->loans, tx);
    if (*loan == 0) {
        acta_tx_drop(&tx);
        return ACTA_ENOMEM;
    }
    acti_leave_lent(node->router);
    return ACTA_OK;
}

static bool end_loan(acti_node *node, uint64_t loan, int reason)
{
    acta_tx *tx = acti_slots_remove(&node->loans, loan);
    if (tx == NULL)
        return false;
    if (reason == ACTA_OK)
        acta_tx_drop(&tx);
    else
        acti_tx_crash(&tx);
    acti_leave_returned(node->router);
    return true;
}

int acti_loan_taken(acti_node *node, const acti_frame *frame)
{
    return end_loan(node, frame->id, frame->status) ? ACTA_OK : ACTA_EMALFORMED;
}

void acti_loans_end(acti_node *node, int outcome)
{
    uint32_t at = 0;
    acta_tx *tx;
    while ((tx = acti_slots_next(&node->loans, &at)) != NULL) {
        if (acti_loan_reason(outcome) == ACTA_OK)
            acta_tx_drop(&tx);
        else
            acti_tx_crash(&tx);
        acti_leave_returned(node->router);
    }
    acti_slots_fini(&node->loans);
}

// ---- giving -------------------------------------------------------------------------

// describe fills in which actor it is, and where its node is found.
static int describe(const acti_node *node, acti_actor *actor, acti_codec_ref *ref)
{
    *ref = (acti_codec_ref){.node = us_of(node), .actor = actor->id, .name = actor->name, .url = ""};
    if (actor->place == ACTI_PLACE_PROXY) {
        const acti_proxy *proxy = acti_proxy_of(actor);
        ref->node = peer_of(proxy->node);
        ref->actor = proxy->id;
        ref->url = proxy->node->peer_urls;
    }
    ref->name_size = acti_frame_text_fit(ref->name, strlen(ref->name));
    ref->url_size = strlen(ref->url);
    return ref->node != 0 ? ACTA_OK : ACTA_EUNREACH; // of a process that has not joined: nobody else can know it
}

static int give(void *arg, acti_actor *actor, bool strong, acti_codec_ref *ref)
{
    acti_node *node = arg;
    if (actor->sys != node->actor->sys)
        return ACTA_EINVAL; // of another system in this process
    int status = describe(node, actor, ref);
    if (status != ACTA_OK)
        return status;
    acti_way way = acti_way_of(ref->node, us_of(node), peer_of(node));
    if (!strong)
        return way != ACTI_WAY_MINE || acti_export_show(node, actor) != NULL ? ACTA_OK : ACTA_ENOMEM;
    if (acti_way_counts(way))
        return acti_export_hold(node, actor, "in a message to another node");
    return acti_way_lends(way) ? lend(node, actor, &ref->loan) : ACTA_OK;
}

static void undo(void *arg, acti_actor *actor, bool strong, const acti_codec_ref *ref)
{
    acti_node *node = arg;
    acti_way way = acti_way_of(ref->node, us_of(node), peer_of(node));
    if (!strong)
        return;
    bool done = true;
    if (acti_way_counts(way))
        done = acti_export_back(acti_export_find(node, actor->id), 1, ACTA_OK);
    else if (acti_way_lends(way))
        done = end_loan(node, ref->loan, ACTA_OK);
    acti_assert(done); // give has counted it
}

// ---- leaving ------------------------------------------------------------------------

// leave_as gives back what came for a sender that nobody here has made use of.
static void leave_as(acti_node *node, const acti_codec_ref *ref, bool strong, int reason)
{
    acti_way way = acti_way_of(ref->node, peer_of(node), us_of(node));
    acti_frame release = {.kind = ACTI_FRAME_RELEASE, .actor = ref->actor, .count = 1, .status = reason};
    acti_frame taken = {.kind = ACTI_FRAME_TAKEN, .id = ref->loan, .status = reason};
    if (strong && acti_way_counts(way))
        acti_node_put(node, &release);
    else if (strong && acti_way_lends(way))
        acti_node_put(node, &taken);
}

// ---- taking -------------------------------------------------------------------------

static const acti_actor_ops of_nobody = {0};

// nobody gives an actor that has ended, with a sender or a reference: for one that cannot be found any more.
static int nobody(acti_node *node, const acti_codec_ref *ref, bool strong, acti_actor **out)
{
    char name[ACTI_NAME_BYTES];
    snprintf(name, sizeof(name), "%.*s", (int)ref->name_size, ref->name);
    acti_actor *actor = acti_actor_new(node->actor->sys, name, 0);
    if (actor == NULL)
        return ACTA_ENOMEM;
    actor->internal = 1;
    actor->ops = &of_nobody;
    (void)acti_au32_or_relaxed(&actor->flags, ACTI_ACTOR_ENDED);
    (void)acti_actor_close(actor);
    acti_au32_store_relaxed(&actor->senders, strong); // nobody else knows it
    acti_au32_store_relaxed(&actor->refs, 1);
    *out = actor;
    return ACTA_OK;
}

static int take_mine(acti_node *node, const acti_codec_ref *ref, bool strong, acti_actor **out)
{
    char name[ACTI_FRAME_TEXT_MAX + 1];
    snprintf(name, sizeof(name), "%.*s", (int)ref->name_size, ref->name);
    acti_proxy *proxy = acti_proxy_get(node, ref->actor, name);
    if (proxy == NULL)
        return ACTA_ENOMEM;
    if (!strong)
        acti_actor_ref(proxy->actor);
    else if (!acti_proxy_given(proxy))
        return ACTA_EMALFORMED;
    *out = proxy->actor;
    return ACTA_OK;
}

static int take_home(acti_node *node, const acti_codec_ref *ref, bool strong, acti_actor **out)
{
    if (ref->actor > acti_au64_load_relaxed(&node->actor->sys->last_id))
        return ACTA_EMALFORMED; // no actor has ever had that number
    acti_actor *actor = acti_exported_find(&node->router->exported, ref->actor);
    if (actor == NULL)
        return nobody(node, ref, strong, out);
    int status = strong ? acti_tx_count(actor) : ACTA_OK;
    if (status == ACTA_OK)
        *out = actor;
    if (strong || status != ACTA_OK)
        acti_actor_unref(actor);
    return status == ACTA_OK ? ACTA_OK : nobody(node, ref, strong, out);
}

// claim gives the proxy of an actor of a third node, with a reference, or also with a sender that is being claimed.
static int claim(acti_node *node, acti_node *owner, const acti_codec_ref *ref, bool strong, acti_actor **out)
{
    char name[ACTI_FRAME_TEXT_MAX + 1];
    snprintf(name, sizeof(name), "%.*s", (int)ref->name_size, ref->name);
    acti_proxy *proxy = acti_proxy_reach(owner, ref->actor, name);
    int status = proxy != NULL ? ACTA_OK : ACTA_ENOMEM;
    if (proxy != NULL && strong) {
        status = acti_claim_sender(proxy, node, ref->loan);
        node->owed += status == ACTA_OK;
        acti_actor_unref(proxy->actor);
    }
    if (status == ACTA_OK)
        *out = proxy->actor;
    return status;
}

static int take_third(acti_node *node, const acti_codec_ref *ref, bool strong, acti_actor **out)
{
    acti_urls urls;
    snprintf(urls, sizeof(urls), "%.*s", (int)ref->url_size, ref->url);
    acti_node *owner = acti_router_node(node->router, ref->node, urls);
    int status = owner != NULL ? claim(node, owner, ref, strong, out) : ACTA_EUNREACH;
    if (owner != NULL)
        acti_actor_unref(owner->actor);
    if (status == ACTA_OK)
        return ACTA_OK;
    status = nobody(node, ref, strong, out); // what is sent there is refused
    if (status == ACTA_OK)
        leave_as(node, ref, strong, ACTA_ECRASHED);
    return status;
}

static int take(void *arg, const acti_codec_ref *ref, bool strong, acti_actor **out)
{
    acti_node *node = arg;
    acti_way way = acti_way_of(ref->node, peer_of(node), us_of(node));
    if (ref->node == 0 || ref->actor == 0 || (strong && acti_way_lends(way) != (ref->loan != 0)))
        return ACTA_EMALFORMED;
    int status = ACTA_EMALFORMED;
    switch (way) {
    case ACTI_WAY_MINE:
        status = take_mine(node, ref, strong, out);
        break;
    case ACTI_WAY_HOME:
        status = take_home(node, ref, strong, out);
        break;
    case ACTI_WAY_THIRD:
        status = take_third(node, ref, strong, out);
        break;
    }
    if (status != ACTA_OK)
        leave_as(node, ref, strong, ACTA_ECRASHED);
    return status;
}

static void leave(void *arg, const acti_codec_ref *ref, bool strong)
{
    leave_as(arg, ref, strong, ACTA_OK);
}

acti_codec_refs acti_handed_refs(acti_node *node)
{
    return (acti_codec_refs){.arg = node, .give = give, .undo = undo, .take = take, .leave = leave};
}

int acti_handed_leave(acti_node *node, const void *bytes, size_t size)
{
    return acti_codec_each_ref(bytes, size, leave, node);
}
