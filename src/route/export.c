// SPDX-License-Identifier: MIT
//
// export.c - actors of ours that the peer knows: what it holds of them, and the credit it has for each. An actor's
// number is its id in our system, the same for all peers.
//
// An export is kept while the peer holds a sender, or owes the outcome of an ask or a monitor of that actor, and as
// long as the actor lives, because the peer may still have its address. What has ended is swept out when the table
// has doubled. Messages on their way keep the memory longer. An actor that a peer was told of, by a sender or an
// address, is also in the router's table of all, for other peers to whom that one passes it on.

#include <stdlib.h>

#include "core/sender.h"
#include "core/system.h"
#include "route/node.h"
#include "route/router.h"

static void unref_many(acti_export *export, uint32_t refs)
{
    // Acquires what the others did with it: the memory is freed.
    if (acti_au32_sub_acq_rel(&export->refs, refs) != refs)
        return;
    acti_actor_unref(export->actor);
    acti_actor_unref(export->node->actor);
    if (export->line != NULL)
        acti_actor_give_back(export->line);
    free(export);
}

static void unref(acti_export *export)
{
    unref_many(export, 1);
}

void acti_export_handled(acti_export *export, uint32_t size)
{
    uint64_t more = ACTI_DONE_ONE + size;
    uint64_t done = acti_au64_add_relaxed(&export->done, more) + more; // counts only; the push publishes
    if (done / ACTI_DONE_ONE < ACTI_NODE_CREDIT_MESSAGES / 2 && done % ACTI_DONE_ONE < ACTI_NODE_CREDIT_BYTES / 2)
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

static acti_export *of_link(acti_table_link *link)
{
    return link != NULL ? ACTI_CONTAINER_OF(link, acti_export, by_id) : NULL;
}

acti_export *acti_export_get(acti_node *node, acti_actor *actor)
{
    acti_export *export = acti_export_find(node, actor->id);
    if (export != NULL)
        return export;
    if (node->exports.count >= node->exports_sweep_at)
        sweep(node);
    export = node->exports.count < ACTI_NODE_EXPORTS_MAX ? calloc(1, sizeof(*export)) : NULL;
    if (export == NULL)
        return NULL;
    export->actor = actor;
    if (!acti_table_put(&node->exports, actor->id, &export->by_id)) {
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

acti_export *acti_export_find(acti_node *node, uint64_t id)
{
    return of_link(acti_table_find(&node->exports, id));
}

acti_export *acti_export_seek(acti_node *node, uint64_t id)
{
    acti_export *export = acti_export_find(node, id);
    if (export != NULL)
        return export;
    acti_actor *actor = acti_exported_find(&node->router->exported, id);
    if (actor == NULL)
        return NULL;
    export = acti_export_get(node, actor);
    acti_actor_unref(actor);
    return export;
}

acti_export *acti_export_show(acti_node *node, acti_actor *actor)
{
    acti_export *export = acti_export_get(node, actor);
    if (export == NULL || export->shown)
        return export;
    export->shown = acti_exported_enter(&node->router->exported, actor);
    return export->shown ? export : NULL;
}

acti_actor *acti_export_actor(acti_node *node, uint64_t id)
{
    acti_export *export = acti_export_find(node, id);
    if (export == NULL)
        return acti_exported_find(&node->router->exported, id);
    acti_actor_ref(export->actor);
    return export->actor;
}

int acti_export_hold(acti_node *node, acti_actor *actor, const char *where)
{
    acti_export *export = acti_export_show(node, actor);
    if (export == NULL)
        return ACTA_ENOMEM;
    if (export->tx == NULL) {
        int status = acti_tx_from(actor, NULL, where, &export->tx);
        if (status != ACTA_OK)
            return status;
    }
    return acti_owner_count(&export->owner) ? ACTA_OK : ACTA_EFULL;
}

int acti_export_agreed(acti_node *node, uint64_t id, acta_tx *tx)
{
    acti_actor *actor = acti_actor_of_tx(tx);
    int status = actor->id == id ? acti_export_hold(node, actor, "agreed on before") : ACTA_EINVAL;
    acta_tx_drop(&tx);
    return status;
}

static void forget(acti_export *export)
{
    (void)acti_table_take(&export->node->exports, export->by_id.key);
    uint32_t ahead = export->refs_ahead; // of messages that will not come any more
    export->refs_ahead = 0;
    unref_many(export, 1 + ahead);
}

static void forget_ended(acti_export *export)
{
    // Relaxed: it stays so, and a later look will do.
    if (export->owner.held == 0 && export->uses == 0 && acti_inbox_is_routed(&export->actor->inbox))
        forget(export);
}

void acti_export_used(acti_export *export, uint32_t uses)
{
    export->uses -= uses;
    forget_ended(export);
}

bool acti_export_back(acti_export *export, uint32_t count, int reason)
{
    if (!acti_owner_back(&export->owner, count))
        return false;
    // At once, even if others of the peer's holds are left: those may be given back later, and then say that all is
    // well.
    if (reason != ACTA_OK)
        acti_tx_lost(export->tx);
    if (export->owner.held == 0)
        acta_tx_drop(&export->tx);
    forget_ended(export);
    return true;
}

static void sweep(acti_node *node)
{
    for (acti_table_link *at = acti_table_next(&node->exports, NULL), *next; at != NULL; at = next) {
        next = acti_table_next(&node->exports, at);
        forget_ended(of_link(at));
    }
    node->exports_sweep_at = node->exports.count * 2 + 64;
}

void acti_export_credit(acti_export *export)
{
    // Lowered first: what is handled after the counts are read raises it again.
    (void)acti_au32_swap_acq_rel(&export->credit_queued, 0);
    uint64_t done = acti_au64_swap_acq_rel(&export->done, 0);
    uint64_t bytes = done % ACTI_DONE_ONE;
    acti_frame frame = {.kind = ACTI_FRAME_CREDIT,
                        .actor = export->actor->id,
                        .count = (uint32_t)(done / ACTI_DONE_ONE),
                        .bytes = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX};
    if (acti_export_find(export->node, export->actor->id) == export && done > 0)
        acti_node_put(export->node, &frame);
    unref(export);
}

void acti_exports_deliver(acti_node *node)
{
    acti_table_link *at = NULL;
    while ((at = acti_table_next(&node->exports, at)) != NULL)
        acti_line_force(of_link(at));
}

void acti_exports_end(acti_node *node)
{
    for (acti_table_link *at = acti_table_next(&node->exports, NULL), *next; at != NULL; at = next) {
        next = acti_table_next(&node->exports, at);
        acti_export *export = of_link(at);
        acti_line_force(export);
        acti_tx_crash(&export->tx);
        forget(export);
    }
    acti_table_fini(&node->exports);
}

void acti_export_unheard(acti_export *export)
{
    unref(export);
}
