// SPDX-License-Identifier: MIT
//
// find.c - names at the peer: a thread outside or an actor asks, the node carries the question and the answer.
//
// To an actor the node is one that it has asked: the request is a message in the node's inbox, with a promise, which
// waits for FOUND beside the questions of threads. Its time limit is the asker's own; an answer that comes after that
// is late like any other, and the sender in it is given back.

#include <acta/name.h>
#include <stdlib.h>
#include <string.h>

#include "core/call.h"
#include "core/promise.h"
#include "core/sender.h"
#include "core/system.h"
#include "core/type.h"
#include "route/handed.h"
#include "route/node.h"
#include "route/router.h"

// What an actor asks.
ACTA_MESSAGE(acti_find_query, (str, name));

// answer answers the request of an actor, in the node's turn.
static void answer(acti_node *node, acti_find *find)
{
    const acta_node_found found = {.tx = find->tx};
    int status = find->status;
    acta_self *self = acti_self_of(node->actor);
    if (status == ACTA_OK)
        status = acta_promise_reply_body(self, &find->promise, acta_type_of(acta_node_found), &found);
    if (find->promise != NULL)
        (void)acti_promise_fail(find->promise, status, node->actor->name, acta_strerror(status));
    acta_tx_drop(&find->tx);
    free(find);
}

// give hands a question back to who asked, or frees it when a thread has stopped waiting.
static void give(acti_node *node, acti_find *find)
{
    acti_actor *caller = find->caller;
    if (caller == NULL) {
        answer(node, find);
        return;
    }
    if (acti_actor_push(caller, &find->event) != ACTA_OK) {
        acta_tx_drop(&find->tx);
        free(find);
    }
    acti_actor_unref(caller);
}

void acti_find_fail(acti_node *node, acti_find *find, int status)
{
    find->status = status;
    give(node, find);
}

// ---- the thread that asks ------------------------------------------------------------

static bool is_name(const char *name)
{
    size_t length = name != NULL ? strnlen(name, ACTI_FRAME_TEXT_MAX + 1) : 0;
    return length > 0 && length <= ACTI_FRAME_TEXT_MAX && acti_text_valid(name, length);
}

// new_find makes a question; caller is NULL for that of an actor.
static acti_find *new_find(acti_actor *caller, const char *name, const char *where)
{
    acti_find *find = calloc(1, sizeof(*find));
    if (find == NULL)
        return NULL;
    memcpy(find->name, name, strlen(name));
    find->event = acti_node_event_msg(ACTI_NODE_FIND);
    find->where = where;
    find->caller = caller;
    if (caller != NULL)
        acti_actor_ref(caller);
    return find;
}

int acta_node_find_at(acta_node *handle, const char *name, uint64_t timeout_ns, acta_tx **tx, const char *where)
{
    acti_node *node = acti_node_of(handle);
    if (acti_here.actor != NULL)
        return ACTA_EDEADLK;
    if (!is_name(name) || !acti_system_is_here(node->actor->sys))
        return ACTA_EINVAL;
    acti_actor *caller = acti_caller_new(node->actor->sys);
    if (caller == NULL)
        return ACTA_ENOMEM;
    int status = ACTA_ENOMEM;
    acti_find *find = new_find(caller, name, where);
    if (find == NULL)
        goto end;
    if (acti_actor_push(node->actor, &find->event) != ACTA_OK) {
        acti_actor_unref(caller);
        free(find);
        status = acti_node_gone(node);
        goto end;
    }
    acta_msg *answer = acti_caller_wait(caller, acti_deadline_ns(timeout_ns));
    if (answer == NULL) // it may still come between the timeout and now
        answer = acti_actor_close(caller);
    status = ACTA_ETIMEOUT;
    if (answer != NULL) {
        find = ACTI_CONTAINER_OF(answer, acti_find, event);
        status = find->status;
        if (status == ACTA_OK)
            *tx = find->tx;
        free(find);
    }
end:
    acti_caller_end(caller);
    return status;
}

// ---- the actor that asks --------------------------------------------------------------

int acta_node_find_ask(acta_self *self, acta_node *handle, const char *name, uint64_t timeout_ns, uint64_t *id)
{
    acti_actor *node = acti_node_of(handle)->actor;
    if (!is_name(name) || acti_actor_of_self(self)->sys != node->sys)
        return ACTA_EINVAL;
    const acti_find_query query = {.name = name};
    acta_tx *to = (acta_tx *)(void *)node; // its one sender is kept, or it has ended
    int status = acta_ask_body(self, to, timeout_ns, id, acta_type_of(acti_find_query), &query);
    return status == ACTA_EGONE ? acti_node_gone(acti_node_of(handle)) : status;
}

void acti_find_request(acti_node *node, acta_msg *request)
{
    const acti_find_query *query = acta_as(acti_find_query, request);
    acti_find *find = new_find(NULL, query->name, "acta_node_find_ask");
    acti_tally(node->actor->sys, ACTI_HANDLED, 1);
    if (find == NULL) {
        (void)acta_refuse(acti_self_of(node->actor), request, ACTA_ENOMEM, "no memory for the question");
        return;
    }
    int status = acta_promise_take(acti_self_of(node->actor), request, &find->promise);
    acti_assert(status == ACTA_OK); // it has just come
    acti_find_ask(node, find);
}

void acti_find_unheard(acti_node *node, acta_msg *request)
{
    acti_tally(node->actor->sys, ACTI_RETURNED, 1);
    acti_request_fail(request, acti_node_gone(node), node->actor->name, "its session has ended");
}

// ---- the node: asking ------------------------------------------------------------------

static void put(acti_node *node, acti_find *find)
{
    acti_frame frame = {
        .kind = ACTI_FRAME_FIND, .id = find->query, .text = find->name, .text_size = strlen(find->name)};
    int status = acti_session_put(&node->session, &frame);
    if (status != ACTA_OK) {
        (void)acti_slots_remove(&node->queries, find->query);
        acti_find_fail(node, find, status);
    }
}

void acti_find_ask(acti_node *node, acti_find *find)
{
    if (node->settled) {
        acti_find_fail(node, find, acti_node_gone(node));
        return;
    }
    uint64_t query = acti_slots_add(&node->queries, &find->event);
    find->query = query;
    if (query == 0)
        acti_find_fail(node, find, ACTA_ENOMEM);
    else if (node->open)
        put(node, find);
}

void acti_finds_open(acti_node *node)
{
    uint32_t at = 0;
    acta_msg *query;
    while ((query = acti_slots_next(&node->queries, &at)) != NULL)
        if (query->size == ACTI_NODE_FIND) // a claim is asked by its proxy
            put(node, ACTI_CONTAINER_OF(query, acti_find, event));
}

// told takes the answer to a question that was asked, or to one that nobody waits for any more.
static void told(acti_node *node, acti_find *find, const acti_frame *frame)
{
    if (frame->status != ACTA_OK || frame->actor == 0) {
        if (find != NULL)
            acti_find_fail(node, find, frame->status < 0 ? frame->status : ACTA_EMALFORMED);
        return;
    }
    char name[ACTI_FRAME_TEXT_MAX + 1];
    acti_frame_text(frame, name);
    acti_proxy *proxy = acti_proxy_get(node, frame->actor, name);
    if (proxy == NULL) {
        if (find != NULL)
            acti_find_fail(node, find, ACTA_ENOMEM);
        acti_node_break(node, ACTA_ENOMEM, "no memory for an actor found: free some, then connect again");
        return;
    }
    // The peer counts the hold whether or not anybody waits here any more.
    acta_tx *tx = acti_proxy_hold(proxy, find != NULL ? find->where : "acta_node_find");
    if (tx == NULL)
        acti_node_break(node, ACTA_EMALFORMED, "the peer counts more holds than there can be: update or fix it");
    if (find == NULL) {
        acta_tx_drop(&tx);
        return;
    }
    find->tx = tx;
    acti_find_fail(node, find, tx != NULL ? ACTA_OK : ACTA_EMALFORMED);
}

void acti_find_told(acti_node *node, const acti_frame *frame)
{
    acta_msg *query = acti_slots_remove(&node->queries, frame->id);
    if (query != NULL && query->size == ACTI_NODE_CLAIM)
        acti_claim_told(ACTI_CONTAINER_OF(query, acti_claim, event), frame);
    else
        told(node, query != NULL ? ACTI_CONTAINER_OF(query, acti_find, event) : NULL, frame);
}

void acti_queries_end(acti_node *node, int status)
{
    uint32_t at = 0;
    acta_msg *query;
    while ((query = acti_slots_next(&node->queries, &at)) != NULL) {
        if (query->size == ACTI_NODE_CLAIM)
            acti_claim_over(ACTI_CONTAINER_OF(query, acti_claim, event), status);
        else
            acti_find_fail(node, ACTI_CONTAINER_OF(query, acti_find, event), status);
    }
    acti_slots_fini(&node->queries);
}

// ---- the node: answering ------------------------------------------------------------------

void acti_find_serve(acti_node *node, const acti_frame *frame)
{
    char name[ACTI_FRAME_TEXT_MAX + 1];
    acti_frame_text(frame, name);
    acta_tx *tx = NULL;
    acti_frame found = {.kind = ACTI_FRAME_FOUND, .id = frame->id};
    found.status = acta_find_at(node->actor->sys, name, &tx, "acta_node_find");
    if (found.status == ACTA_OK) {
        acti_actor *actor = acti_actor_of_tx(tx);
        found.status = acti_export_hold(node, actor, "acta_node_find");
        found.actor = actor->id;
        found.text = actor->name; // the peer's hold, or tx, keeps it
        found.text_size = acti_frame_text_fit(actor->name, strlen(actor->name));
    }
    acti_node_put(node, &found);
    acta_tx_drop(&tx);
}
