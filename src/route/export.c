// SPDX-License-Identifier: MIT
//
// export.c - actors of ours that the peer knows: what it holds of them, and the credit it has for each.
//
// An export is kept while the peer holds a sender, or owes the outcome of an ask or a monitor of that actor, and as
// long as the actor lives, because the peer may still have its address. What has ended is swept out when the table
// has doubled. Messages on their way keep the memory longer.

#include <search.h>
#include <stdlib.h>

#include "core/sender.h"
#include "core/system.h"
#include "route/node.h"
#include "route/router.h"

static int compare(const void *a, const void *b)
{
    const acti_actor *x = ((const acti_export *)a)->actor;
    const acti_actor *y = ((const acti_export *)b)->actor;
    return (x > y) - (x < y);
}

static void unref(acti_export *export)
{
    // Acquires what the others did with it: the memory is freed.
    if (acti_au32_sub_acq_rel(&export->refs, 1) != 1)
        return;
    acti_actor_unref(export->actor);
    acti_actor_unref(export->node->actor);
    if (export->line != NULL)
        acti_actor_give_back(export->line);
    free(export);
}

void acti_export_handled(acti_export *export, uint32_t size)
{
    uint64_t messages = acti_au64_add_relaxed(&export->done_messages, 1) + 1; // counts only; the push publishes
    uint64_t bytes = acti_au64_add_relaxed(&export->done_bytes, size) + size;
    if (messages < ACTI_NODE_CREDIT_MESSAGES / 2 && bytes < ACTI_NODE_CREDIT_BYTES / 2)
        return;
    // One event at a time; the node lowers the flag before it reads the counts.
    if (acti_au32_swap_acq_rel(&export->credit_queued, 1) != 0)
        return;
    (void)acti_au32_add_relaxed(&export->refs, 1); // the event's; the caller has one
    if (acti_actor_push(export->node->actor, &export->credit_event) != ACTA_OK)
        unref(export);
}

// done is called when a message from the peer has been handled, on any thread.
static void done(acti_origin *origin, uint32_t bytes)
{
    acti_export *export = ACTI_CONTAINER_OF(origin, acti_export, origin);
    acti_export_handled(export, bytes);
    unref(export);
}

static void sweep(acti_node *node);

acti_export *acti_export_get(acti_node *node, acti_actor *actor)
{
    acti_export key = {.actor = actor};
    acti_export **found = tfind(&key, &node->exports_by_actor, compare);
    if (found != NULL)
        return *found;
    if (node->exports.count >= node->exports_sweep_at)
        sweep(node);

    acti_export *export = calloc(1, sizeof(*export));
    if (export == NULL)
        return NULL;
    export->actor = actor;
    export->id = acti_slots_add(&node->exports, export);
    if (export->id == 0 || tsearch(export, &node->exports_by_actor, compare) == NULL) {
        if (export->id != 0)
            (void)acti_slots_remove(&node->exports, export->id);
        free(export);
        return NULL;
    }
    export->origin.done = done;
    export->node = node;
    acti_au32_store_relaxed(&export->refs, 1); // nobody else knows it yet
    export->credit_event = acti_node_event_msg(ACTI_NODE_CREDIT);
    acti_actor_ref(actor);
    acti_actor_ref(node->actor);
    return export;
}

int acti_export_agreed(acti_node *node, uint64_t id, acta_tx *tx)
{
    acti_export *export = acti_export_get(node, acti_actor_of_tx(tx));
    if (export == NULL || export->id != id) {
        acta_tx_drop(&tx);
        return export == NULL ? ACTA_ENOMEM : ACTA_EINVAL;
    }
    export->held = 1;
    export->tx = tx;
    return ACTA_OK;
}

acti_export *acti_export_find(acti_node *node, uint64_t id)
{
    return acti_slots_get(&node->exports, id);
}

static void forget(acti_export *export)
{
    acti_node *node = export->node;
    (void)acti_slots_remove(&node->exports, export->id);
    (void)tdelete(export, &node->exports_by_actor, compare);
    unref(export);
}

static void forget_ended(acti_export *export)
{
    // Relaxed: it stays so, and a later look will do.
    if (export->held == 0 && export->uses == 0 &&
        acti_inbox_is_routed(&export->actor->inbox))
        forget(export);
}

void acti_export_settle(acti_export *export, uint32_t uses, uint32_t held, int reason)
{
    export->uses -= uses;
    export->held -= held;
    if (export->held == 0 && export->tx != NULL) {
        if (reason == ACTA_OK)
            acta_tx_drop(&export->tx);
        else
            acti_tx_crash(&export->tx);
    }
    forget_ended(export);
}

static void sweep(acti_node *node)
{
    uint32_t at = 0;
    acti_export *export;
    while ((export = acti_slots_next(&node->exports, &at)) != NULL)
        forget_ended(export);
    node->exports_sweep_at = node->exports.count * 2 + 64;
}

void acti_export_credit(acti_export *export)
{
    // Lowered first: what is handled after the counts are read raises it again.
    (void)acti_au32_swap_acq_rel(&export->credit_queued, 0);
    uint64_t messages = acti_au64_swap_acq_rel(&export->done_messages, 0);
    uint64_t bytes = acti_au64_swap_acq_rel(&export->done_bytes, 0);
    acti_frame frame = {.kind = ACTI_FRAME_CREDIT,
                        .actor = export->id,
                        .count = messages < UINT32_MAX ? (uint32_t)messages : UINT32_MAX,
                        .bytes = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX};
    if (acti_export_find(export->node, export->id) == export && (messages > 0 || bytes > 0))
        acti_node_put(export->node, &frame);
    unref(export);
}

void acti_exports_end(acti_node *node)
{
    uint32_t at = 0;
    acti_export *export;
    while ((export = acti_slots_next(&node->exports, &at)) != NULL) {
        acti_line_force(export);
        acti_tx_crash(&export->tx);
        forget(export);
    }
    acti_slots_fini(&node->exports);
}

void acti_export_unheard(acti_export *export)
{
    unref(export);
}
