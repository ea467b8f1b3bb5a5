// SPDX-License-Identifier: MIT
//
// claim.c - claims: senders to actors of other nodes that came from third nodes, or were made of addresses.
//
//   made --pushed--> in the proxy's inbox --taken there--> ASKED: CLAIM is put, and the node waits for FOUND
//                                         --no CLAIM needed--> over
//   ASKED --FOUND, or the session ends--> over
//   over --it has a giver--> in the inbox of the giver's node --taken there--> TAKEN is put, and it is freed
//        --it has none--> freed

#include <stdlib.h>
#include <string.h>

#include "core/sender.h"
#include "core/system.h"
#include "route/handed.h"
#include "route/router.h"

// ---- at the taker -------------------------------------------------------------------

int acti_claim_sender(acti_proxy *proxy, acti_node *giver, uint64_t loan)
{
    acti_claim *claim = malloc(sizeof(*claim));
    if (claim == NULL)
        return ACTA_ENOMEM;
    acti_proxy_count(proxy); // the claim's
    acti_proxy_count(proxy); // before the push: the claim may be over, and its sender dropped, before that has returned
    *claim = (acti_claim){.event = acti_node_event_msg(ACTI_NODE_CLAIM),
                          .proxy = proxy,
                          .tx = acti_tx_new(proxy->actor, NULL, "claimed for one from another node"),
                          .giver = giver,
                          .loan = loan};
    if (giver != NULL)
        acti_actor_ref(giver->actor);
    int status = acti_actor_push(proxy->actor, &claim->event);
    if (status == ACTA_OK)
        return ACTA_OK;
    acta_tx *counted = (acta_tx *)(void *)proxy->actor;
    acta_tx_drop(&counted);
    acta_tx_drop(&claim->tx);
    if (giver != NULL)
        acti_actor_unref(giver->actor);
    free(claim);
    return status;
}

void acti_claim_say(acti_proxy *proxy, acti_claim *claim)
{
    acti_node *node = proxy->node;
    if (acti_taker_claim(&proxy->taker) == ACTI_SAY_TAKEN) {
        acti_claim_over(claim, ACTA_OK);
        return;
    }
    acti_frame frame = {.kind = ACTI_FRAME_CLAIM, .actor = proxy->id};
    frame.id = acti_slots_add(&node->queries, &claim->event);
    if (frame.id != 0) {
        acti_node_put(node, &frame); // if it breaks the session, that is the answer
        return;
    }
    (void)acti_taker_found(&proxy->taker, false);
    acti_claim_over(claim, ACTA_ENOMEM);
}

void acti_claim_told(acti_claim *claim, const acti_frame *frame)
{
    acti_proxy *proxy = claim->proxy;
    acti_node *node = proxy->node;
    if (!acti_taker_found(&proxy->taker, frame->status == ACTA_OK))
        acti_node_break(node, ACTA_EMALFORMED, "the peer counts more holds than there can be: update or fix it");
    if (frame->status != ACTA_OK)
        acti_report(node->actor->sys, "actor %s at node %s cannot be reached through a sender from another node: %s",
                    proxy->actor->name, acti_node_shown(node), acta_strerror(frame->status));
    acti_claim_over(claim, frame->status);
}

void acti_claim_over(acti_claim *claim, int outcome)
{
    claim->reason = acti_loan_reason(outcome);
    acti_node *giver = claim->giver;
    acta_tx_drop(&claim->tx);
    if (giver == NULL) {
        free(claim);
        return;
    }
    claim->event = acti_node_event_msg(ACTI_NODE_TAKEN);
    if (acti_actor_push(giver->actor, &claim->event) != ACTA_OK)
        acti_claim_unheard(claim); // the giver has gone, and its loans with it
}

// ---- in the turns of the giver's node -----------------------------------------------

void acti_claim_taken(acti_node *giver, acti_claim *claim)
{
    acti_frame frame = {.kind = ACTI_FRAME_TAKEN, .id = claim->loan, .status = claim->reason};
    giver->owed--;
    acti_node_put(giver, &frame);
    acti_claim_unheard(claim);
}

void acti_claim_unheard(acti_claim *claim)
{
    acti_actor_unref(claim->giver->actor);
    free(claim);
}

// ---- at the owner -------------------------------------------------------------------

// count counts a hold of the peer to one of our actors.
static int count(acti_node *node, uint64_t id, const char **name)
{
    acti_export *export = acti_export_seek(node, id);
    if (export == NULL)
        return ACTA_EGONE;
    int status = acti_export_hold(node, export->actor, "claimed by another node");
    if (status == ACTA_OK)
        *name = export->actor->name;
    return status;
}

void acti_claim_serve(acti_node *node, const acti_frame *frame)
{
    const char *name = "";
    acti_frame found = {.kind = ACTI_FRAME_FOUND, .id = frame->id, .actor = frame->actor};
    found.status = count(node, frame->actor, &name);
    found.text = name;
    found.text_size = acti_frame_text_fit(name, strlen(name));
    acti_node_put(node, &found);
}
