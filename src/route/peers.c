// SPDX-License-Identifier: MIT
//
// peers.c - nodes that are made for a peer before there is a connection: whose number is known, or with whom a session
// was agreed on.

#include "route/peers.h"

#include "core/sender.h"
#include "core/system.h"
#include "route/router.h"

acti_node *acti_router_node(acti_router *router, uint64_t peer, const char *urls)
{
    if (peer == 0 || peer == router->hello.node)
        return NULL;
    acti_node *node = acti_router_want(router, peer);
    if (node != NULL)
        return node;
    acti_node_plan plan = {.urls = urls, .limit_ns = ACTI_NODE_REACH_NS};
    node = acti_node_new(router, &plan);
    return node != NULL ? acti_node_begin(node, &plan, peer) : NULL;
}

int acti_node_expect(acti_router *router, const acti_agreed *agreed, const char *where, acti_node **out, acta_tx **tx)
{
    acti_node_plan plan = {.session = agreed->session, .limit_ns = agreed->limit_ns};
    acti_node *node = acti_node_new(router, &plan);
    if (node == NULL)
        return ACTA_ENOMEM;
    node->kept = true;
    acti_proxy *proxy = acti_proxy_get(node, agreed->actor, agreed->name);
    acta_tx *sender = proxy != NULL ? acti_proxy_hold(proxy, where) : NULL;
    if (sender != NULL && agreed->maker != NULL)
        acti_root_begin(proxy, agreed->capacity, agreed->maker);
    if (acti_node_begin(node, &plan, 0) == NULL) {
        acta_tx_drop(&sender);
        return ACTA_EGONE;
    }
    if (sender == NULL) {
        acti_node_force(node);
        acti_actor_unref(node->actor);
        return ACTA_ENOMEM;
    }
    *out = node;
    *tx = sender;
    return ACTA_OK;
}

int acti_node_join(acti_router *router, const char *url, const acti_agreed *agreed, acta_tx *tx, acti_node **out)
{
    acti_node_plan plan = {.url = url, .session = agreed->session, .limit_ns = agreed->limit_ns};
    acti_node *node = acti_node_new(router, &plan);
    if (node == NULL) {
        acta_tx_drop(&tx);
        return ACTA_ENOMEM;
    }
    int status = acti_export_agreed(node, agreed->actor, tx);
    if (acti_node_begin(node, &plan, 0) == NULL)
        return ACTA_EGONE;
    if (status != ACTA_OK) {
        acti_node_force(node);
        acti_actor_unref(node->actor);
        return status;
    }
    *out = node;
    return ACTA_OK;
}
